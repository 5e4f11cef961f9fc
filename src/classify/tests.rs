//! Tests of the whole stage: rule files in, verdicts out.

mod alerts;
mod calendars;

use super::*;
use crate::message::{Attachment, Message, Origin, Reader, parse};
use crate::ticket::people::AgentId;
use jiff::Timestamp;

pub(super) fn mail(subject: &str, text: &str) -> Message {
    let raw =
        format!("From: Ann <ann@example.com>\r\nTo: support@desk.example\r\nSubject: {subject}\r\n\r\n{text}\r\n");
    parse(raw.as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default())
}

pub(super) fn rules(text: &str) -> RuleSet {
    let files = [RuleFile { path: "rules/a.toml".to_owned(), text: text.to_owned() }];
    compile(&files)
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn errors(texts: &[&str]) -> Vec<String> {
    let file = |(number, text): (usize, &&str)| RuleFile { path: format!("{number}.toml"), text: text.to_string() };
    let files: Vec<_> = texts.iter().enumerate().map(file).collect();
    compile(&files).expect_err("there is something wrong").iter().map(ToString::to_string).collect()
}

fn matched(verdict: &Verdict) -> Vec<&str> {
    verdict.matched.iter().map(|matched| matched.rule.0.as_str()).collect()
}

/// Whether a rule with this `when` matches.
fn holds(when: &str, message: &Message, context: &Context) -> bool {
    let rules = rules(&format!("[[rule]]\nname = \"r\"\nwhen = {{ {when} }}\n"));
    let verdict = classify(message, context, &rules);
    let explained = explain(message, context, &rules);
    assert_eq!(explained.verdict, verdict, "{when}: the explanation is of another verdict");
    assert_eq!(explained.rules[0].matched, !verdict.matched.is_empty(), "{when}");
    !verdict.matched.is_empty()
}

#[test]
fn each_condition_looks_where_its_name_says() {
    let mut message = mail(
        "Re: Invalid API key",
        "All calls answer 401:\nthe API-key can’t be used.\n\nOn Monday Bob wrote:\n> old words",
    );
    message.to = vec![crate::message::Address::bare("support@desk.example")];
    message.cc = vec![crate::message::Address::bare("Boss@example.com")];
    message.headers.push(crate::message::Header { name: "X-Priority".into(), value: "1 (urgent)".into() });
    message.headers.push(crate::message::Header { name: "List-Id".into(), value: "<ops.example.com>".into() });
    message.attachments = vec![
        Attachment {
            name: Some("crash.log".into()),
            media_type: "text/plain".into(),
            size_bytes: 2_000_000,
            inline: false,
            index: 0,
        },
        Attachment { name: None, media_type: "image/png".into(), size_bytes: 10, inline: true, index: 1 },
    ];
    message.language = Some("en".into());
    message.size_bytes = 3_000_000;
    let context = Context {
        sender: Who::Agent(AgentId("bob".into())),
        customer_lists: vec!["vip".into()],
        thread: ThreadState::Resolved,
        ..Context::default()
    };
    for (when, expected) in [
        ("subject = 'invalid api key'", true),
        ("subject = '401'", false),
        ("subject = ['401', 'ÍNVALID|invalid']", true),
        ("text = '\\b401\\b'", true),
        ("text = 'old words'", false),
        ("body = 'old words'", true),
        ("from = '^ann@'", true),
        ("from = 'Ann <'", false),
        ("from_domain = '^example\\.com$'", true),
        ("to = '^support@'", true),
        ("cc = 'boss@'", true),
        ("header.\"x-priority\" = '^1'", true),
        ("header.\"X-Priority\" = '^2'", false),
        ("header = { X-Priority = '^1', List-Id = 'ops' }", true),
        ("header = { X-Priority = '^1', X-None = 'ops' }", false),
        ("list_id = 'ops\\.example'", true),
        ("phrase = 'answer 401: the api-key'", true),
        ("phrase = [\"nothing like it\", \"can't be used\"]", true),
        ("phrase = 'all call'", false),
        ("phrase = 'invalid', in = 'text'", false),
        ("phrase = 'invalid', in = ['text', 'subject']", true),
        ("attachment = 'CRASH'", true),
        ("attachment = { name = 'log$', larger = '1 MB' }", true),
        ("attachment = { name = 'log$', smaller = '1 MB' }", false),
        ("attachment = { type = '^image/', larger = '1 MB' }", false),
        ("attachment = true", true),
        ("attachment = false", false),
        ("language = 'en'", true),
        ("language = ['de', 'fr']", false),
        ("sender = 'agent'", true),
        ("sender = ['customer', 'stranger']", false),
        ("customer = 'vip'", true),
        ("customer = 'others'", false),
        ("auth = 'none'", true),
        ("auth = 'pass'", false),
        ("thread = ['resolved', 'closed']", true),
        ("thread = 'new'", false),
        ("size = { above = '2 MB' }", true),
        ("size = { between = ['1 kB', '2 MB'] }", false),
        ("automatic = false", true),
        ("automatic = true", false),
        ("origin = 'person'", true),
        ("subject = 'key', text = '401'", true),
        ("subject = 'key', text = '402'", false),
        ("any = [{ text = '402' }, { all = [{ text = '401' }, { none = [{ text = '402' }] }] }]", true),
        ("none = [{ text = '401' }, { text = '402' }]", false),
    ] {
        assert_eq!(holds(when, &message, &context), expected, "{when}");
    }
    message.origin = Origin::Bulk;
    assert!(holds("automatic = true", &message, &context));
    assert!(holds("origin = ['bulk']", &message, &context));
}

#[test]
fn numbers_in_a_mail_are_compared_as_quantities() {
    let p99 = r"value = 'p99[^0-9]{0,20}(?<value>[0-9.,]+)\s*(?<unit>ms|s)?'";
    for (name, text, comparison, expected) in [
        ("above in another unit", "p99 is 0.812 s", "above = '500 ms'", true),
        ("the same is not above", "p99 is 0,5 s", "above = '500 ms'", false),
        ("at least", "p99 is 500 ms.", "at_least = '500 ms'", true),
        ("no unit: the threshold's", "p99: 812", "above = '500 ms'", true),
        ("below", "p99: 12 ms", "below = '0.5 s'", true),
        ("between", "p99: 1.5 s", "between = ['1 s', '2 s']", true),
        ("any of several numbers will do", "p99: 120 ms, p99: 900 ms", "above = '500 ms'", true),
        ("no number", "p99 is fine", "above = '500 ms'", false),
    ] {
        let when = format!("{p99}, {comparison}");
        assert_eq!(holds(&when, &mail("Alert", text), &Context::default()), expected, "{name}");
    }
    let rules = rules(&format!("[[rule]]\nname = \"r\"\nwhen = {{ {p99}, above = '500 ms' }}\n"));
    let verdict = classify(&mail("Alert", "p99: 120 ms, p99: 900 ms"), &Context::default(), &rules);
    assert_eq!(verdict.matched[0].value.as_deref(), Some("900 ms"));
    assert_eq!(verdict.matched[0].text.as_deref(), Some("p99: 900 ms"));
}

const WEIGHED: &str = r#"
[[category]]
name = "a"
title = "A"
[[category]]
name = "b"
title = "B"
[[rule]]
name = "a1"
category = "a"
severity = "medium"
tags = ["z", "y"]
articles = ["one"]
tier = "tier-2"
when = { text = 'alpha' }
[[rule]]
name = "b1"
category = "b"
severity = "critical"
tags = ["y"]
articles = ["two", "one"]
tier = "tier-3"
disposition = "quarantine"
intent = "thanks"
when = { text = 'beta' }
[[rule]]
name = "b2"
category = "b"
weight = 2.5
severity_cap = "high"
answer = false
intent = "reject"
when = { text = 'gamma' }
"#;

#[test]
fn every_rule_that_matches_counts() {
    let rules = rules(WEIGHED);
    let context = Context { default_severity: Severity::Low, ..Context::default() };
    let judged = |text: &str| classify(&mail("x", text), &context, &rules);
    for (text, category, category_rule, severity, severity_rule) in [
        ("nothing", GENERAL, None, Severity::Low, None),
        ("alpha", "a", Some("a1"), Severity::Medium, Some("a1")),
        ("alpha beta", "a", Some("a1"), Severity::Critical, Some("b1")),
        ("alpha beta gamma", "b", Some("b2"), Severity::High, Some("b2")),
        ("gamma", "b", Some("b2"), Severity::Low, None),
    ] {
        let verdict = judged(text);
        let rule = |rule: &Option<RuleId>| rule.as_ref().map(|rule| rule.0.clone());
        assert_eq!(
            (verdict.category.value.as_str(), rule(&verdict.category.rule).as_deref()),
            (category, category_rule),
            "{text}"
        );
        assert_eq!(
            (verdict.severity.value, rule(&verdict.severity.rule).as_deref()),
            (severity, severity_rule),
            "{text}"
        );
    }
    let verdict = judged("alpha beta gamma");
    assert_eq!(verdict.tags, ["y", "z"]);
    assert_eq!(verdict.articles, ["one", "two"]);
    assert_eq!(verdict.tier.unwrap().value, Tier::Three);
    assert_eq!(verdict.disposition, Because { value: Disposition::Quarantine, rule: Some(RuleId("b1".into())) });
    assert_eq!(verdict.answer, Because { value: false, rule: Some(RuleId("b2".into())) });
    assert_eq!(verdict.intent.unwrap().value, Intent::Thanks);
    assert_eq!(rules.category_title("a"), "A");
    assert_eq!(rules.category_title("gone"), GENERAL_TITLE);
}

#[test]
fn a_cap_holds_the_default_down_too() {
    let rules = rules("[[rule]]\nname = \"wish\"\nseverity_cap = \"low\"\nwhen = { text = 'please add' }\n");
    let verdict = classify(&mail("x", "Please add a button"), &Context::default(), &rules);
    assert_eq!(verdict.severity, Because { value: Severity::Low, rule: Some(RuleId("wish".into())) });
}

#[test]
fn a_rule_that_stops_silences_those_after_it_but_not_composites_before_it() {
    let rules = rules(
        r#"
[[rule]]
name = "early"
when = { rule = "late" }
[[rule]]
name = "stopper"
stop = true
when = { text = 'halt' }
[[rule]]
name = "late"
when = { text = 'word' }
[[rule]]
name = "composite"
when = { all = [{ rule = ["late", "stopper"] }, { none = [{ rule = "stopper" }] }] }
"#,
    );
    for (text, expected) in [
        ("word", ["early", "late", "composite"].as_slice()),
        ("word halt", &["early", "stopper"]),
        ("halt", &["stopper"]),
        ("silence", &[]),
    ] {
        assert_eq!(matched(&classify(&mail("x", text), &Context::default(), &rules)), expected, "{text}");
    }
}

#[test]
fn a_file_with_five_errors_gives_five_errors() {
    let text = r#"[[rule]]
name = "one"
severty = "high"
category = "autentication"
when = { subjct = 'x', text = 'in(valid' }

[[rule]]
name = "two"
severity = "hgh"
when = { text = 'fine' }

[[category]]
name = "authentication"
title = "Keys"
"#;
    assert_eq!(
        errors(&[text]),
        [
            "0.toml:3:1: unknown key `severty` in a rule (did you mean `severity`?)",
            "0.toml:4:12: there is no category `autentication` (did you mean `authentication`?)",
            "0.toml:5:10: unknown key `subjct` in a condition (did you mean `subject`?)",
            "0.toml:5:34: the pattern cannot be read: unclosed group",
            "0.toml:9:12: `hgh` is not possible here (did you mean `high`?)",
        ]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let rule = |line: &str| format!("[[rule]]\nname = \"r\"\n{line}\n");
    for (line, expected) in [
        ("when = {}", "0.toml:3:8: there is no condition: it would match every mail"),
        ("", "0.toml:1:1: the rule has no [rule.when]: it would match every mail"),
        ("when = { any = [] }", "0.toml:3:16: the list of conditions is empty"),
        ("when = { text = [] }", "0.toml:3:17: the list is empty"),
        (
            "when = { text = 3 }",
            "0.toml:3:17: a string or a list of strings is wanted here, not an integer (write it in quotes: \"3\")",
        ),
        (
            "category = 'general'\nweight = '4'\nwhen.text = 'x'",
            "0.toml:4:10: a number is wanted here, not a string (write it without quotes: 4)",
        ),
        (
            "answer = 'false'\nwhen.text = 'x'",
            "0.toml:3:10: true or false is wanted here, not a string (write it without quotes: false)",
        ),
        ("when = { header = {} }", "0.toml:3:19: no header field is named: it would match every mail"),
        (
            "when.phrase = 'f\u{fffd}r'",
            "0.toml:3:17: this is no UTF-8 (save the file as UTF-8; a pattern that means the sign itself says \\x{FFFD})",
        ),
        (
            "team = 'Ops'\nwhen = { text = 'x' }",
            "0.toml:3:8: `Ops` is no name (did you mean `ops`? a name has lower-case letters, digits and - _ . / and at most 100 of them)",
        ),
        ("team = ['ops']\nwhen = { text = 'x' }", "0.toml:3:8: a string is wanted here, not a list"),
        (
            "team = 'ops'\ndisposition = 'discard'\nwhen = { text = 'x' }",
            "0.toml:3:8: a mail that is discarded opens no ticket that could be a team's",
        ),
        ("page = false\nwhen = { text = 'x' }", "0.toml:3:8: false is the default: leave it out"),
        ("page = 'ops'\nwhen = { text = 'x' }", "0.toml:3:8: true or false is wanted here, not a string"),
        (
            "page = true\ndisposition = 'quarantine'\nwhen = { text = 'x' }",
            "0.toml:3:1: nobody is paged at once for a mail that is put aside, by disposition = \"quarantine\"",
        ),
        (
            "page = true\ndisposition = 'discard'\nwhen = { text = 'x' }",
            "0.toml:3:1: nobody is paged at once for a mail that is put aside, by disposition = \"discard\"",
        ),
        ("answer = true\nwhen = { text = 'x' }", "0.toml:3:10: true is the default: leave it out"),
        ("weight = 2\nwhen = { text = 'x' }", "0.toml:3:10: a weight counts towards a category, and the rule has none"),
        (
            "severity = 'high'\nseverity_cap = 'low'\nwhen = { text = 'x' }",
            "0.toml:1:1: the rule asks for high and allows no more than low",
        ),
        (
            "when = { value = '(?<value>\\d+)' }",
            "0.toml:3:18: there is nothing to compare with: above, at_least, below, at_most, between",
        ),
        (
            "when = { value = '\\d+', above = 3 }",
            "0.toml:3:18: the pattern has no group `value`, so there is no number to compare (put the number into (?<value>[0-9.,]+))",
        ),
        (
            "when = { value = '(?<value>\\d+)', above = '3 apples' }",
            "0.toml:3:43: `apples` is no unit; there are ns, us, ms, s, min, h, d, w, %, B, kB, MB, GB, TB, KiB, MiB, GiB, TiB",
        ),
        (
            "when = { value = '(?<value>\\d+)(?<unit>ms|MB)', above = '3 s' }",
            "0.toml:3:18: the unit `MB` cannot be compared with 3 s, which is a duration",
        ),
        (
            "when = { value = '(?<value>\\d+)', between = ['1 s', '3 MB'] }",
            "0.toml:3:45: 1 s is a duration, 3 MB is a number of bytes",
        ),
        ("when = { above = 3, text = 'x' }", "0.toml:3:10: `above` stands beside a `value`, and there is none"),
        (
            "when = { size = { above = '3 s' } }",
            "0.toml:3:17: a size is a number of bytes, and 3 s is none (write \"10 MB\" or \"500 kB\")",
        ),
        ("when = { sender = 'custmer' }", "0.toml:3:19: `custmer` is not possible here (did you mean `customer`?)"),
        ("when = { rule = 's' }", "0.toml:3:17: there is no rule `s`"),
        ("when = { rule = 'r' }", "0.toml:3:17: rules wait for each other: r → r"),
        (
            "when = { text = 'a(?!b)' }",
            "0.toml:3:19: the pattern cannot be read: look-around, including look-ahead and look-behind, is not supported (say what must not be there with `none = [ … ]`)",
        ),
        ("when = { phrase = '!!' }", "0.toml:3:19: there is no word in this phrase"),
    ] {
        assert_eq!(errors(&[&rule(line)]), [expected], "{line}");
    }
}

#[test]
fn findings_reach_over_files() {
    let a = "[[rule]]\nname = \"a\"\nwhen = { rule = \"b\" }\n";
    let b = "[[rule]]\nname = \"b\"\nwhen = { any = [{ rule = \"c\" }, { text = 'x' }] }\n";
    let c =
        "[[rule]]\nname = \"c\"\nwhen = { none = [{ rule = \"a\" }] }\n[[rule]]\nname = \"a\"\nwhen = { text = 'y' }\n";
    assert_eq!(
        errors(&[a, b, c]),
        [
            "0.toml:3:17: rules wait for each other: a → b → c → a",
            "2.toml:5:8: there is a rule `a` already (at 0.toml:2)"
        ]
    );
}

#[test]
fn a_file_that_is_no_toml_does_not_make_others_wrong() {
    let found = errors(&["[[rule]\nname = \"a\"\n", "[[rule]]\nname = \"b\"\nwhen = { rule = \"a\" }\n"]);
    assert!(!found.is_empty() && found.iter().all(|error| error.starts_with("0.toml:1:")), "{found:?}");
}

#[test]
fn the_version_changes_with_the_text_and_not_with_the_folder() {
    let version = |path: &str, text: &str| {
        compile(&[RuleFile { path: path.into(), text: text.into() }]).unwrap().version().to_owned()
    };
    assert_eq!(version("rules/a.toml", ""), version("/etc/postroom/rules/a.toml", ""));
    assert_ne!(version("rules/a.toml", ""), version("rules/a.toml", "# new"));
    assert_ne!(version("rules/a.toml", ""), version("rules/b.toml", ""));
}

#[test]
fn limits_hold_at_the_edge() {
    let nested = |depth: usize| format!("{}text = 'x'{}", "all = [{ ".repeat(depth), " }]".repeat(depth));
    let rule = |when: &str| {
        compile(&[RuleFile { path: "a".into(), text: format!("[[rule]]\nname = \"r\"\nwhen = {{ {when} }}\n") }])
            .is_ok()
    };
    let phrases = |count: usize| format!("phrase = [{}]", "'word', ".repeat(count));
    let many = |count: usize| format!("any = [{}]", "{ text = 'x' }, ".repeat(count));
    let weighed = |weight: f64| format!("text = 'x' }}\nweight = {weight}\ncategory = 'general'\ntags = ['x']\n# {{");
    let pattern = |length: usize| format!("text = '{}'", "x".repeat(length));
    for (name, at_limit, past_limit) in [
        ("depth", nested(when::MAX_DEPTH), nested(when::MAX_DEPTH + 1)),
        ("phrases", phrases(when::MAX_LISTED), phrases(when::MAX_LISTED + 1)),
        ("conditions", many(when::MAX_CONDITIONS - 1), many(when::MAX_CONDITIONS)),
        ("pattern", pattern(pattern::MAX_PATTERN_BYTES), pattern(pattern::MAX_PATTERN_BYTES + 1)),
        ("weight", weighed(outcome::MAX_WEIGHT), weighed(outcome::MAX_WEIGHT + 1.0)),
        ("automaton", "text = '[a-z]{1,80}x'".into(), r"text = '(\w{1,200}){1,200}'".into()),
    ] {
        assert!(rule(&at_limit), "{name} at the limit");
        assert!(!rule(&past_limit), "{name} past the limit");
    }
}

#[test]
fn text_past_the_scanned_part_is_not_searched() {
    let rules = rules("[[rule]]\nname = \"r\"\nwhen = { text = 'needle' }\n");
    let mut message = mail("x", "");
    for (name, before, expected) in [
        ("just inside", scan::MAX_SCANNED_BYTES - "needle".len(), true),
        ("one past", scan::MAX_SCANNED_BYTES - "needle".len() + 1, false),
    ] {
        message.body.reply = format!("{}needle", " ".repeat(before));
        assert_eq!(!classify(&message, &Context::default(), &rules).matched.is_empty(), expected, "{name}");
    }
}

#[test]
fn a_mail_is_judged_by_the_rules_in_force_even_when_others_scanned_it() {
    let (old, new) = (rules("[[rule]]\nname = \"old\"\nwhen = { text = 'x' }\n"), rules(WEIGHED));
    let message = mail("x", "alpha x");
    let verdict = judge(&scan(&message, &old), &message, &Context::default(), &new);
    assert_eq!(matched(&verdict), ["a1"]);
    assert_eq!(verdict.version, new.version());
}

#[test]
fn only_so_many_numbers_and_values_are_looked_at() {
    let rules = rules(
        "[[rule]]\nname = \"number\"\nwhen = { value = 'n(?<value>[0-9]+)', above = 5 }\n[[rule]]\nname = \"header\"\nwhen = { header.X-Hop = 'last' }\n",
    );
    for (name, before, hops, expected) in [
        ("at the limits", scan::MAX_CAPTURED - 1, scan::MAX_SCANNED_VALUES - 1, ["number", "header"].as_slice()),
        ("one past", scan::MAX_CAPTURED, scan::MAX_SCANNED_VALUES, &[]),
    ] {
        let mut message = mail("x", &format!("{}n9", "n1 ".repeat(before)));
        let hop = |value: &str| crate::message::Header { name: "X-Hop".into(), value: value.into() };
        message.headers.extend((0..hops).map(|_| hop("first")).chain([hop("last")]));
        assert_eq!(matched(&classify(&message, &Context::default(), &rules)), expected, "{name}");
    }
}

#[test]
fn files_and_their_rules_have_limits() {
    let compiles =
        |text: String| compile(&[RuleFile { path: "a".into(), text }]).map_err(|errors| errors[0].message.clone());
    let comment = |length: usize| format!("#{}", "x".repeat(length - 1));
    assert!(compiles(comment(file::MAX_FILE_BYTES)).is_ok());
    assert_eq!(compiles(comment(file::MAX_FILE_BYTES + 1)).unwrap_err(), "the file is larger than 4194304 bytes");
    let many =
        |count: usize| (0..count).map(|n| format!("[[rule]]\nname = 'r{n}'\nwhen.text = 'x'\n")).collect::<String>();
    assert_eq!(compiles(many(compile::MAX_RULES)).map(|rules| rules.rules().len()), Ok(compile::MAX_RULES));
    assert_eq!(compiles(many(compile::MAX_RULES + 1)).unwrap_err(), "there are more than 20000 rules");
}

#[test]
fn the_first_rule_that_names_a_team_has_its_way_and_any_rule_pages() {
    let rule = |name: &str, says: &str| format!("[[rule]]\nname = '{name}'\n{says}\nwhen.text = 'x'\n");
    for (name, says, team, page) in [
        ("none", ["tags = 'a'", "tags = 'b'"], None, None),
        ("two teams", ["team = 'ops'", "team = 'billing'"], Some(("ops", "a")), None),
        ("a team and a page", ["page = true", "team = 'ops'"], Some(("ops", "b")), Some("a")),
        ("two pages", ["page = true", "page = true"], None, Some("a")),
        ("on trial", ["team = 'ops'\nmode = 'shadow'", "page = true\nmode = 'shadow'"], None, None),
        ("behind one that stops", ["stop = true", "team = 'ops'\npage = true"], None, None),
    ] {
        let rules = rules(&(rule("a", says[0]) + &rule("b", says[1])));
        let verdict = classify(&mail("s", "x"), &Context::default(), &rules);
        let found = verdict.team.as_ref().map(|team| (team.value.0.as_str(), team.rule.as_ref().unwrap().0.as_str()));
        assert_eq!(found, team, "{name}");
        assert_eq!(
            (verdict.page.value, verdict.page.rule.as_ref().map(|rule| rule.0.as_str())),
            (page.is_some(), page),
            "{name}"
        );
    }
}
