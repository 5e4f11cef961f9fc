//! Tests of what rules say of alerts, of rules that are only tried out, and of opening hours.

use super::*;

const ALERTS: &str = r#"
[[rule]]
name      = "disk"
severity  = "high"
correlate = "{host}/disk"
[rule.when]
subject = '^disk on (?<host>\S+)'
value = '\b(?<value>[0-9.]+)\s*(?<unit>%)'
above = "90 %"
clears_below = "80 %"

[[rule]]
name      = "named"
correlate = "{from}: {check}"
when      = { any = [{ subject = '^check (?<check>.+?) on' }, { text = '(?m)^Check:(?<check>.*)$' }] }

[[rule]]
name     = "ok"
recovers = true
when     = { subject = '\bok$' }
"#;

fn judged(subject: &str, text: &str, open: &[&str]) -> Verdict {
    let context = Context { open_alerts: open.iter().map(ToString::to_string).collect(), ..Context::default() };
    let rules = rules(ALERTS);
    let message = mail(subject, text);
    let verdict = classify(&message, &context, &rules);
    let keys = keys(&scan(&message, &rules), &message, &rules);
    let key = verdict.correlation.as_ref().map(|key| key.value.clone());
    assert!(key.is_none_or(|key| keys.contains(&key)), "{subject}: {keys:?}");
    verdict
}

#[test]
fn an_alert_has_the_key_that_its_rule_makes_of_what_was_captured() {
    for (name, subject, text, expected) in [
        ("a group", "Disk on Web-1", "95 %", Some("web-1/disk")),
        ("the sender, and white space folded", "Check  slow  queries on x", "", Some("ann@example.com: slow queries")),
        ("the alternative that matches", "x", "Check: swap", Some("ann@example.com: swap")),
        ("a group that captures nothing", "x", "Check:  ", None),
        ("a rule that does not match", "Disk on web-1", "12 %", None),
        ("no rule with a key", "all ok", "", None),
    ] {
        let verdict = judged(subject, text, &[]);
        assert_eq!(verdict.correlation.map(|key| key.value).as_deref(), expected, "{name}");
    }
}

#[test]
fn a_key_is_no_longer_than_it_may_be() {
    let rules = rules("[[rule]]\nname = 'r'\ncorrelate = '{host}'\nwhen.text = 'on (?<host>x+)'\n");
    for (name, length, expected) in [
        ("at the limit", correlation::MAX_KEY_CHARS, correlation::MAX_KEY_CHARS),
        ("one past", correlation::MAX_KEY_CHARS + 1, correlation::MAX_KEY_CHARS),
    ] {
        let message = mail("s", &format!("on {}", "x".repeat(length)));
        let key = classify(&message, &Context::default(), &rules).correlation.unwrap();
        assert_eq!(key.value.len(), expected, "{name}");
    }
}

#[test]
fn an_alert_lasts_until_its_number_falls_below_the_one_that_ends_it() {
    for (name, text, open, matches, recovers) in [
        ("not yet", "85 %", [].as_slice(), false, false),
        ("beyond the threshold", "91 %", &[], true, false),
        ("open, and still beyond", "91 %", &["web-1/disk"], true, false),
        ("open, and between", "85 %", &["web-1/disk"], true, false),
        ("open, and at the end itself", "80 %", &["web-1/disk"], true, false),
        ("open, and below", "79 %", &["web-1/disk"], false, true),
        ("another one is open", "79 %", &["web-2/disk"], false, false),
        ("open, and no number", "well", &["web-1/disk"], false, false),
        ("open, and one of two is not below", "79 % of a, 82 % of b", &["web-1/disk"], true, false),
    ] {
        let verdict = judged("disk on web-1", text, open);
        assert_eq!((!verdict.matched.is_empty(), verdict.recovers.value), (matches, recovers), "{name}");
        let key = (matches || recovers).then(|| "web-1/disk".to_owned());
        assert_eq!(verdict.correlation.map(|key| key.value), key, "{name}");
        let by = recovers.then(|| RuleId("disk".to_owned()));
        assert_eq!(verdict.recovers.rule, by, "{name}");
    }
}

#[test]
fn a_rule_that_recovers_says_so_whatever_rule_has_the_key() {
    let verdict = judged("check swap on web-1 ok", "", &[]);
    assert_eq!(verdict.recovers, Because { value: true, rule: Some(RuleId("ok".to_owned())) });
    assert_eq!(verdict.correlation.unwrap().rule, Some(RuleId("named".to_owned())));
}

#[test]
fn two_thresholds_of_one_alert_do_not_end_it_while_one_is_passed() {
    let rule = |name: &str, above: u32, clears: u32| {
        format!(
            "[[rule]]\nname = '{name}'\ncorrelate = 'disk'\nwhen = {{ value = '(?<value>[0-9]+) %', above = '{above} %', clears_below = '{clears} %' }}\n"
        )
        .replace("above = '", "above = \"")
        .replace(" %', clears_below", " %\", clears_below")
        .replace("clears_below = '", "clears_below = \"")
        .replace(" %' }", " %\" }")
    };
    let rules = rules(&(rule("bad", 90, 85) + &rule("warn", 70, 60)));
    let context = Context { open_alerts: vec!["disk".to_owned()], ..Context::default() };
    for (value, expected) in [(80, false), (59, true)] {
        let verdict = classify(&mail("x", &format!("{value} %")), &context, &rules);
        assert_eq!(verdict.recovers.value, expected, "{value}");
    }
}

#[test]
fn a_shadow_is_recorded_and_acts_on_nothing() {
    let rules = rules(
        "[[rule]]\nname = 'new'\nmode = 'shadow'\nseverity = 'critical'\nstop = true\nanswer = false\nwhen.text = 'x'\n\
         [[rule]]\nname = 'more'\nmode = 'shadow'\nwhen.rule = 'new'\n\
         [[rule]]\nname = 'old'\nseverity = 'low'\nwhen.text = 'x'\n",
    );
    let verdict = classify(&mail("s", "x"), &Context::default(), &rules);
    assert_eq!(matched(&verdict), ["old"]);
    let shadow: Vec<&str> = verdict.shadow.iter().map(|matched| matched.rule.0.as_str()).collect();
    assert_eq!(shadow, ["new", "more"]);
    assert_eq!((verdict.severity.value, verdict.answer.value), (Severity::Low, true));
}

#[test]
fn hours_ask_for_calendars_that_are_open() {
    let message = mail("s", "x");
    for (name, when, open, expected) in [
        ("inside", "hours = { inside = 'office' }", ["office"].as_slice(), true),
        ("not inside", "hours = { inside = 'office' }", &["night"], false),
        ("inside one of them", "hours = { inside = ['office', 'night'] }", &["night"], true),
        ("outside", "hours = { outside = 'office' }", &[], true),
        ("not outside", "hours = { outside = ['office', 'night'] }", &["night"], false),
    ] {
        let open_calendars = open.iter().map(ToString::to_string).collect();
        let context = Context { open_calendars, ..Context::default() };
        assert_eq!(holds(when, &message, &context), expected, "{name}");
    }
}

#[test]
fn what_cannot_stand_together_is_an_error_with_its_place() {
    let captured = "when = { text = 'on (?<host>[a-z]+)' }";
    let value = "value = '(?<value>[0-9]+) (?<host>[a-z]+)'";
    for (name, rule, expected) in [
        (
            "a name that nothing captures",
            format!("correlate = '{{hots}}'\n{captured}"),
            "0.toml:3:13: no pattern of the rule captures `hots` (did you mean `host`?)",
        ),
        (
            "a name under none",
            "correlate = '{host}'\nwhen = { text = 'x', none = [{ text = '(?<host>y)' }] }".to_owned(),
            "0.toml:3:13: no pattern of the rule captures `host` (write (?<host>…) into one)",
        ),
        (
            "braces",
            format!("correlate = '{{host'\n{captured}"),
            "0.toml:3:13: there is a `{` that nothing closes (write the names that patterns capture in braces, \"{host}/{check}\")",
        ),
        (
            "a recovery of nothing",
            format!("recovers = true\n{captured}"),
            "0.toml:3:1: `recovers` ends an alert, and no rule has a `correlate` that says which",
        ),
        (
            "an end of nothing",
            format!("when = {{ {value}, above = 5, clears_below = 3 }}"),
            "0.toml:2:8: `clears_below` ends an alert, and the rule has no `correlate` that says which (write correlate = \"{host}\", with the names that the patterns capture)",
        ),
        (
            "an end above the beginning",
            format!("correlate = '{{host}}'\nwhen = {{ {value}, above = 5, clears_below = 7 }}"),
            "an alert that begins above 5 cannot last until 7, which is more",
        ),
        (
            "an end of another kind",
            format!("correlate = '{{host}}'\nwhen = {{ {value}, above = 5, clears_below = '7 ms' }}"),
            "7 ms is a duration, 5 is a count",
        ),
        (
            "an end of what falls",
            format!("correlate = '{{host}}'\nwhen = {{ {value}, below = 5, clears_below = 3 }}"),
            "`clears_below` stands beside `above` or `at_least`",
        ),
        (
            "an end alone",
            "when = { text = 'x', clears_below = 3 }".to_owned(),
            "0.toml:3:22: `clears_below` stands beside a `value`, and there is none",
        ),
        (
            "an end under none",
            format!(
                "correlate = '{{from}}'\nwhen = {{ text = 'x', none = [{{ {value}, above = 5, clears_below = 3 }}] }}"
            ),
            "`clears_below` under `none` would end an alert that does not begin",
        ),
        (
            "a calendar of what opens no ticket",
            format!("calendar = 'office'\ndisposition = 'discard'\n{captured}"),
            "0.toml:3:12: a mail that is discarded opens no ticket, so nothing is promised by this calendar",
        ),
        (
            "a calendar that is no name",
            format!("calendar = ['office']\n{captured}"),
            "0.toml:3:12: a string is wanted here, not a list",
        ),
        (
            "a template that is never sent",
            format!("template = 'night'\nanswer = false\n{captured}"),
            "0.toml:3:12: the acknowledgement of this template is never sent, for answer = false",
        ),
        (
            "a key of what is put aside",
            format!("correlate = 'x'\ndisposition = 'discard'\n{captured}"),
            "0.toml:3:13: a mail that is put aside is on no ticket, so it cannot fold into one",
        ),
        (
            "a page at the end",
            format!("correlate = '{{host}}'\npage = true\nrecovers = true\n{captured}"),
            "0.toml:4:1: nobody is paged for the end of an alert, by recovers = true",
        ),
        (
            "a mode",
            format!("mode = 'shade'\n{captured}"),
            "0.toml:3:8: `shade` is not possible here (it may be shadow)",
        ),
        ("hours", "when = { hours = 'office' }".to_owned(), "is wanted here, not a string"),
        (
            "hours of both",
            "when = { hours = { inside = 'a', outside = 'b' } }".to_owned(),
            "`inside` and `outside` need a condition each",
        ),
        (
            "hours of nothing",
            "when = { hours = { insde = 'a' } }".to_owned(),
            "0.toml:3:20: unknown key `insde` in `hours` (did you mean `inside`?)",
        ),
    ] {
        let found = errors(&[&format!("[[rule]]\nname = 'r'\n{rule}\n")]);
        assert!(found.iter().any(|error| error.contains(expected)), "{name}: {found:#?}");
    }
}

#[test]
fn a_rule_that_acts_does_not_depend_on_a_shadow() {
    let found =
        errors(&["[[rule]]\nname = 'a'\nmode = 'shadow'\nwhen.text = 'x'\n[[rule]]\nname = 'b'\nwhen.rule = 'a'\n"]);
    let expected = "0.toml:7:13: `a` is a shadow, and would act through this rule (make this rule a shadow, too: mode = \"shadow\")";
    assert_eq!(found, [expected]);
}
