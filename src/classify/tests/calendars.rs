//! The calendar that a verdict names, and who has named it.

use super::*;

#[test]
fn the_first_rule_that_counts_and_names_a_calendar_has_its_way() {
    let rules = rules(
        r#"
[[rule]]
name = "nothing"
severity = "low"
when.text = "question"
[[rule]]
name = "trial"
mode = "shadow"
calendar = "shadows"
when.text = "question"
[[rule]]
name = "halt"
stop = true
when.text = "halt"
[[rule]]
name = "first"
calendar = "office"
when.text = "question"
[[rule]]
name = "second"
calendar = "shop"
when.text = "question|order"
"#,
    );
    for (text, expected) in [
        ("a question", Some(("office", "first"))),
        ("an order", Some(("shop", "second"))),
        ("a question, halt", None),
        ("something else", None),
    ] {
        let explained = explain(&mail("s", text), &Context::default(), &rules);
        let named = explained.verdict.calendar.as_ref();
        let named = named.map(|named| (named.value.as_str(), named.rule.as_ref().unwrap().0.as_str()));
        assert_eq!(named, expected, "{text}");
    }
    let says = |name: &str| rules.rules().iter().find(|rule| rule.name.0 == name).unwrap().says();
    assert_eq!(says("first"), ["calendar office"]);
}
