//! Tests of reading cases.

use super::*;
use crate::classify::{Context, Names, RuleFile, ThreadState, compile};
use crate::message::{Origin, Reader, parse};
use crate::ticket::people::Who;
use jiff::Timestamp;

const FILE: &str = r#"
# What the key rule takes for its own
expect rule=key,other severity=medium
given sender=monitor thread=resolved customer=vip,gold
expect value="812 ms"

From: ann@example.com
Subject: Key

a

b
---

expect not-rule=key mail=two.eml
---
expect rule=key
mail=one.eml
---
---
"#;

#[test]
fn a_file_is_a_row_of_cases() {
    let file = read_cases("a.cases", FILE);
    assert_eq!(file.errors, []);
    let mails: Vec<_> = file.cases.iter().map(|case| (case.line, &case.mail)).collect();
    let inline = CaseMail::Inline("From: ann@example.com\r\nSubject: Key\r\n\r\na\r\n\r\nb\r\n".to_owned());
    let beside = |name: &str| CaseMail::File(name.to_owned());
    assert_eq!(mails, [(3, &inline), (15, &beside("two.eml")), (17, &beside("one.eml"))]);
    let expected: Vec<_> =
        file.cases[0].expectations.iter().map(|e| (e.line, e.column, e.key.as_str(), e.value.as_str())).collect();
    assert_eq!(
        expected,
        [(3, 8, "rule", "key"), (3, 8, "rule", "other"), (3, 23, "severity", "medium"), (5, 8, "value", "812 ms")]
    );
    let context = file.cases[0].given.context(&Context::default());
    assert_eq!((context.sender, context.thread), (Who::Monitor, ThreadState::Resolved));
    assert_eq!(context.customer_lists, ["vip", "gold"]);
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_the_other_cases_are_read() {
    let mail = "\n\nFrom: a@b.example\n\nx\n";
    for (name, head, expected) in [
        (
            "unknown key",
            "expect serverity=high",
            "a:1:8: `serverity=high` is not understood (did you mean `severity`?)",
        ),
        ("unknown word", "expect severity=hgh", "a:1:8: severity cannot be `hgh` (did you mean `high`?)"),
        ("unknown line", "expct rule=a", "a:1:1: `expct` is neither expect nor given (did you mean `expect`?)"),
        (
            "no blank line",
            "expect rule=a\nFrom: a@b.example",
            "a:2:1: `From:` is neither expect nor given (the mail begins after a blank line)",
        ),
        (
            "given a severity",
            "expect rule=a\ngiven severity=low",
            "a:2:7: `severity=low` is not understood (there are sender, thread, auth, customer, automatic, language, at, hours, open-alert, mail)",
        ),
        (
            "a value without number",
            "expect value=fast",
            "a:1:8: value cannot be `fast` (it may be a quantity such as 812ms)",
        ),
        ("nothing expected", "given sender=agent", "a:1:1: the case expects nothing (write `expect rule=…`)"),
        ("two mails", "expect rule=a mail=x.eml", "a:2:1: the case has a mail here and names another one with mail="),
    ] {
        let file = read_cases("a", &format!("{head}{mail}---\nexpect rule=b{mail}"));
        let errors: Vec<String> = file.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, [expected], "{name}");
        assert_eq!(file.cases.len(), 1, "{name}");
    }
    let two = read_cases("a", "expect rule=a mail=x.eml mail=y.eml\n");
    assert_eq!(two.errors[0].to_string(), "a:1:26: the case names another mail, x.eml");
    assert_eq!((two.errors.len(), two.cases.len()), (1, 0));
    let without = read_cases("a", "expect rule=a\n\n");
    assert_eq!(
        without.errors[0].to_string(),
        "a:1:1: the case has no mail (a blank line and then the mail, or mail=FILE.eml)"
    );
}

#[test]
fn each_expectation_is_compared_with_the_verdict() {
    let rules = compile(&[RuleFile {
        path: "a.toml".into(),
        text: "[[rule]]\nname = 'r'\nseverity = 'high'\ntier = 'tier-2'\nteam = 'ops'\ntags = ['t']\narticles = ['a']\ncalendar = 'office'\nwhen = { value = 'p99 (?<value>\\S+) (?<unit>ms|s)', above = '0.5 s' }\n[[rule]]\nname = 's'\nwhen = { text = 'never' }\n".into(),
    }])
    .unwrap();
    let raw = b"From: a@b.example\r\nSubject: x\r\n\r\np99 812 ms\r\n";
    let verdict =
        crate::classify::classify(&parse(raw, Timestamp::UNIX_EPOCH, &Reader::default()), &Context::default(), &rules);
    for (expectation, expected) in [
        ("rule=r", None),
        ("rule=s", Some("expected rule s to match, and it does not")),
        ("not-rule=r", Some("expected rule r not to match, and it does")),
        ("category=general", None),
        ("severity=low", Some("expected severity low, came high by r")),
        ("tier=tier-2", None),
        ("tier=none", Some("expected tier none, came tier-2 by r")),
        ("team=ops", None),
        ("team=none", Some("expected team none, came ops by r")),
        ("page=false", None),
        ("page", Some("expected page true, came false")),
        ("recovers", Some("expected recovers true, came false")),
        ("intent=none", None),
        ("intent=thanks", Some("expected intent thanks, came none")),
        ("calendar=office", None),
        ("calendar=night", Some("expected calendar night, came office by r")),
        ("article=a", None),
        ("article=b", Some("expected article b, came a")),
        ("tag=t", None),
        ("not-tag=t", Some("expected no tag t, and it is there")),
        ("answer=true", None),
        ("disposition=discard", Some("expected disposition discard, came accept")),
        ("value=0.812s", None),
        ("value=813ms", Some("expected value 813ms, came 812 ms")),
    ] {
        let file = read_cases("a", &format!("expect {expectation}\n\nFrom: a@b.example\n"));
        assert_eq!(file.errors, [], "{expectation}");
        let failures = file.cases[0].failures(&verdict);
        assert_eq!(failures.first().map(|failure| failure.message.as_str()), expected, "{expectation}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_word() {
    let file = read_cases("a", "\u{feff}expect rule=r\n\nFrom: a@b.example\n");
    assert_eq!((file.errors.len(), file.cases.len()), (0, 1));
}

#[test]
fn what_is_given_stands_in_the_place_of_what_was_read() {
    let mut message =
        parse(b"From: a@b.example\r\nSubject: x\r\n\r\nhello\r\n", Timestamp::UNIX_EPOCH, &Reader::default());
    Given::parse(["automatic=true", "language=no"], None).unwrap().apply(&mut message);
    assert_eq!((message.origin, message.language.as_deref()), (Origin::AutomaticReply, Some("no")));
    let names = Names { calendars: vec!["office".to_owned()], ..Names::default() };
    for (name, words, expected) in [
        ("a word", "sender=robot", "sender cannot be `robot` (it may be customer, agent, monitor, stranger)"),
        ("a slip in a word", "sender=custmer", "sender cannot be `custmer` (did you mean `customer`?)"),
        ("a slip in a key", "sendr=agent", "`sendr` is not understood (did you mean `sender`?)"),
        (
            "a mail",
            "mail=x",
            "`mail` is not understood (there are sender, thread, auth, customer, automatic, language, at, hours, open-alert)",
        ),
        ("no value", "agent", "`agent` is not key=value"),
        ("no language", "language=german", "language cannot be `german` (it may be a two-letter code such as en)"),
        ("two senders", "sender=agent sender=monitor", "`sender=monitor` contradicts `sender=agent`"),
        ("a calendar", "hours=ofice", "there is no calendar `ofice` in the configuration (did you mean `office`?)"),
        (
            "all at once",
            "sender=robo hours=office customer=vip",
            "sender cannot be `robo` (it may be customer, agent, monitor, stranger); \
             there is no list of customers `vip` in the configuration ([customers] declares them)",
        ),
    ] {
        let errors = Given::parse(words.split(' '), Some(&names)).unwrap_err();
        assert_eq!(errors.join("; "), expected, "{name}");
    }
    assert!(Given::parse(["hours=ofice"], None).is_ok(), "without a configuration nobody knows");
}
