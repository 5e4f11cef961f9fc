//! What is found in rules that are allowed, and what is not.

use super::*;
use crate::classify::compile;

/// What is found in these rules, `rule: lint, line`, and the words of the first.
fn found(text: &str) -> Vec<String> {
    found_with(text, &Evidence::default()).iter().map(|lint| format!("{}: {}", lint.rule, lint.lint)).collect()
}

pub(super) fn found_with(text: &str, evidence: &Evidence) -> Vec<Lint> {
    let files = [RuleFile { path: "a.toml".to_owned(), text: text.to_owned() }];
    let rules = compile(&files).unwrap_or_else(|errors| panic!("{}: {text}", errors[0]));
    lint(&rules, &files, evidence)
}

/// Rules `a`, `b`, … with these bodies.
pub(super) fn rules(bodies: &[&str]) -> String {
    let rule = |(name, body): (char, &&str)| format!("[[rule]]\nname = '{name}'\n{body}\n");
    ('a'..).zip(bodies).map(rule).collect()
}

#[test]
fn each_lint_is_found_and_what_is_like_it_is_not() {
    let cases: [(&str, &[&str], &[&str]); 42] = [
        ("sound rules", &["when.text = 'x y'", "when.text = 'x z'"], &[]),
        ("a stop before", &["stop = true\nwhen.text = ['xx', 'yy']", "when.text = 'xx'"], &["b: shadowed"]),
        ("a stop behind", &["when.text = 'xx'", "stop = true\nwhen.text = ['xx', 'yy']"], &[]),
        ("a narrower stop before", &["stop = true\nwhen.text = 'xx'", "when.text = ['xx', 'yy']"], &[]),
        (
            "a stop before, by way of a composite",
            &["stop = true\nwhen.text = 'xx'", "when = { rule = 'a', subject = 'yy' }"],
            &["b: shadowed"],
        ),
        (
            "a list of phrases that has more before",
            &["stop = true\nwhen.phrase = ['is up', 'down']", "when.phrase = ['down', 'it is down']"],
            &["b: shadowed"],
        ),
        (
            "a list of phrases that has one less before",
            &["stop = true\nwhen.phrase = ['is up', 'down']", "when.phrase = ['down', 'dead']"],
            &[],
        ),
        (
            "phrases in the subject beside those in the text",
            &["stop = true\nwhen = { phrase = 'down', in = 'text' }", "when = { phrase = 'down', in = 'subject' }"],
            &[],
        ),
        (
            "a pattern that has more before",
            &["stop = true\nwhen.text = 'is dead|is gone'", "when.text = 'is gone'"],
            &["b: shadowed"],
        ),
        (
            "what none takes away by a shorter phrase",
            &["when = { phrase = 'is down', in = 'text', none = [{ phrase = 'down' }] }"],
            &["a: unreachable"],
        ),
        (
            "the same twice",
            &[
                "severity = 'low'\nwhen = { text = 'xx', subject = 'yy' }",
                "severity = 'low'\nwhen = { subject = 'yy', text = 'xx' }",
            ],
            &["b: duplicate"],
        ),
        ("the same with another tag", &["tags = ['t']\nwhen.text = 'xx'", "tags = ['u']\nwhen.text = 'xx'"], &[]),
        (
            "less asked for beside more",
            &["severity = 'high'\nwhen.text = ['xx', 'yy']", "severity = 'low'\nwhen.text = 'xx'"],
            &["b: overlap"],
        ),
        (
            "more asked for where more is there",
            &["severity = 'low'\nwhen.text = 'xx'", "severity = 'high'\nwhen = { text = 'xx', subject = 'yy' }"],
            &[],
        ),
        (
            "a shadow beside the rule it is to replace",
            &["severity = 'high'\nwhen.text = 'xx'", "mode = 'shadow'\nseverity = 'low'\nwhen.text = 'xx'"],
            &[],
        ),
        (
            "a tighter threshold",
            &[
                "severity = 'high'\nwhen = { value = 'p(?<value>[0-9]+)', above = 5 }",
                "severity = 'low'\nwhen = { value = 'p(?<value>[0-9]+)', at_least = 6 }",
            ],
            &["b: overlap"],
        ),
        (
            "a looser threshold",
            &[
                "severity = 'high'\nwhen = { value = 'p(?<value>[0-9]+)', above = 5 }",
                "severity = 'low'\nwhen = { value = 'p(?<value>[0-9]+)', at_least = 5 }",
            ],
            &[],
        ),
        (
            "two senders",
            &["when = { text = 'xx', all = [{ sender = 'agent' }, { sender = 'monitor' }] }"],
            &["a: unreachable"],
        ),
        ("two customer lists", &["when = { text = 'xx', all = [{ customer = 'vip' }, { customer = 'new' }] }"], &[]),
        ("what none takes away", &["when = { text = 'xx', none = [{ text = ['xx', 'yy'] }] }"], &["a: unreachable"]),
        ("what none narrows", &["when = { text = ['xx', 'yy'], none = [{ text = 'xx' }] }"], &[]),
        (
            "a robot that is a person",
            &["when = { text = 'xx', automatic = true, origin = 'person' }"],
            &["a: unreachable"],
        ),
        ("a person that is one", &["when = { text = 'xx', automatic = false, origin = ['person', 'bulk'] }"], &[]),
        ("files and none", &["when = { attachment = false, all = [{ attachment = '\\.log$' }] }"], &["a: unreachable"]),
        (
            "inside and outside",
            &["when = { text = 'xx', all = [{ hours = { inside = 'o' } }, { hours = { outside = ['o', 'p'] } }] }"],
            &["a: unreachable"],
        ),
        (
            "large and small",
            &["when = { size = { above = '2 MB' }, all = [{ size = { below = '1 MB' } }] }"],
            &["a: unreachable"],
        ),
        (
            "no way that holds",
            &[
                "when = { any = [{ sender = 'agent', all = [{ sender = 'monitor' }] }, { automatic = true, all = [{ automatic = false }] }] }",
            ],
            &["a: unreachable"],
        ),
        ("all but something", &["when = { none = [{ text = 'xx' }] }"], &["a: matches-everything"]),
        ("a pattern of nothing", &["when.text = '.*'"], &["a: matches-everything", "a: matches-everything"]),
        (
            "a pattern of nothing beside another",
            &["when = { text = 'x*', subject = 'yy' }"],
            &["a: matches-everything"],
        ),
        ("a header that is there", &["when.header.X-Spam = '.*'"], &[]),
        ("a text that is empty", &["when = { text = '\\A\\s*\\z', subject = 'yy' }"], &["a: no-literal"]),
        ("no word", &["when.text = '\\d{3}'"], &["a: no-literal"]),
        (
            "an alert of nobody",
            &["correlate = 'x'\nwhen = { text = 'xx', sender = ['monitor', 'agent'] }"],
            &["a: not-of-monitors"],
        ),
        ("a calendar", &["calendar = 'office'\nwhen = { text = 'xx', thread = ['new', 'closed'] }"], &[]),
        (
            "a calendar of the critical",
            &["calendar = 'a'\nseverity = 'critical'\nwhen.text = 'xx'"],
            &["a: idle-calendar"],
        ),
        (
            "a calendar of monitors",
            &["calendar = 'a'\nwhen = { text = 'xx', sender = 'monitor' }"],
            &["a: idle-calendar"],
        ),
        (
            "a calendar of later mails",
            &["calendar = 'a'\nwhen = { text = 'xx', thread = ['follow-up', 'resolved'] }"],
            &["a: idle-calendar"],
        ),
        (
            "another calendar before",
            &["calendar = 'a'\nwhen.text = ['xx', 'yy']", "calendar = 'b'\nwhen.text = 'xx'"],
            &["b: overlap"],
        ),
        (
            "another calendar behind",
            &["calendar = 'b'\nwhen.text = 'xx'", "calendar = 'a'\nwhen.text = ['xx', 'yy']"],
            &[],
        ),
        (
            "the same condition and calendar twice",
            &["calendar = 'a'\nwhen.text = 'xx'", "calendar = 'a'\nwhen.text = 'xx'"],
            &["b: duplicate"],
        ),
        (
            "the same condition with another calendar",
            &["calendar = 'a'\nwhen.text = 'xx'", "calendar = 'b'\nwhen.text = 'xx'"],
            &["b: overlap"],
        ),
    ];
    for (name, bodies, expected) in cases {
        assert_eq!(found(&rules(bodies)), expected, "{name}");
    }
}

#[test]
fn what_is_found_has_its_place_and_its_words() {
    let text = "[[rule]]\nname = 'a'\nstop = true\nwhen.text = 'xx'\n[[rule]]\nname = 'b'\nwhen = { text = 'xx', any = [{ subject = '\\d+' }] }\n";
    let told: Vec<String> = found_with(text, &Evidence::default())
        .iter()
        .map(|lint| {
            format!(
                "{}:{}:{}: {} ({})",
                lint.finding.path,
                lint.finding.line,
                lint.finding.column,
                lint.finding.message,
                lint.finding.hint.as_deref().unwrap_or("")
            )
        })
        .collect();
    let expected = [
        "a.toml:6:8: whenever the rule matches, `a` has stopped before it (at a.toml:2)",
        "a.toml:7:42: the pattern `\\d+` has no word to look for first (it is run on every mail; put in a word, or say allow = [\"no-literal\"])",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_rule_may_be_allowed_what_it_does_and_nothing_else() {
    assert_eq!(found(&rules(&["allow = ['no-literal']\nwhen.text = '\\d{3}'"])), [""; 0]);
    assert_eq!(found(&rules(&["allow = ['no-literal', 'overlap']\nwhen.text = '\\d{3}'"])), ["a: nothing-allowed"]);
    assert_eq!(found(&rules(&["allow = ['no-case']\nwhen.text = 'xx'"])), [""; 0]);
}

#[test]
fn rules_without_a_case_or_a_mail_are_told() {
    let matched = [(RuleId("a".to_owned()), 3), (RuleId("b".to_owned()), 0)].into();
    let evidence = Evidence {
        reached: Some([RuleId("b".to_owned())].into()),
        stored: Some(Stored { days: 30, mails: 120, matched }),
    };
    let found: Vec<String> = found_with(&rules(&["when.text = 'xx'", "when.text = 'yy'"]), &evidence)
        .iter()
        .map(|lint| format!("{}: {}", lint.rule, lint.finding.message))
        .collect();
    let expected = ["a: no case reaches the rule", "b: the rule matches none of the 120 mails of the last 30 days"];
    assert_eq!(found, expected);
    // Where there is hardly any mail, many could not match.
    let stored = Stored { days: 30, mails: FEWEST_MAILS - 1, ..Stored::default() };
    let none = Evidence { stored: Some(stored), ..Evidence::default() };
    assert_eq!(found_with(&rules(&["when.text = 'xx'"]), &none), []);
}
