//! What holds for every mail and every rule set.

use super::tests::{mail, rules};
use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

const RULES: &str = r#"
[[category]]
name = "c"
title = "C"
[[rule]]
name = "one"
category = "c"
severity = "high"
when = { text = '(?:straße|ſtrasse|kelvin|naïve)\s+[0-9]+' }
[[rule]]
name = "two"
when = { phrase = ["api key", "can't log in"] }
[[rule]]
name = "three"
severity_cap = "low"
when = { value = '(?<value>[0-9.,]+)\s*(?<unit>\S*)', above = "1 s" }
[[rule]]
name = "four"
when = { any = [{ rule = "one" }, { none = [{ rule = "two" }] }] }
[[rule]]
name = "five"
when = { all = [{ subject = 'x|y' }, { rule = ["three", "four"] }] }
"#;

const PATTERNS: &[&str] = &[
    "api[ -]key",
    "straße",
    "k",
    "kelvin",
    r"\bfoo\b.{0,10}\bbar\b",
    "foo|ba[rz]+",
    "(?:abc){2}",
    r"[0-9]{3,}",
    "",
    "ſ",
    "s+t",
    "İstanbul",
    "ΛΜΝ|σ",
    "(?-i:Foo)",
    r"^foo",
    "bar$",
    r"(?:foo|)(?:bar|baz)x?",
    "[kK]ey",
    "a.c",
    r"\pL\d",
    r"\bstraße\b",
    r"\Bkey|\b(?:k|ſ)\b",
    r"(?:\b(?:foo|can.t)\b\s*)+log",
    r"\b\w+\b$",
];

static JUDGING: LazyLock<RuleSet> = LazyLock::new(|| rules(RULES));
static FILTERING: LazyLock<RuleSet> = LazyLock::new(|| {
    let rule = |(number, pattern)| format!("[[rule]]\nname = \"r{number}\"\nwhen = {{ text = '{pattern}' }}\n");
    rules(&PATTERNS.iter().enumerate().map(rule).collect::<String>())
});
static ALONE: LazyLock<Vec<regex::Regex>> = LazyLock::new(|| {
    let regex = |pattern: &&str| regex::RegexBuilder::new(pattern).case_insensitive(true).build().unwrap();
    PATTERNS.iter().map(regex).collect()
});

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "api",
        "key",
        "API-KEY",
        "foo",
        "Foo",
        "bar",
        "baz",
        "straße",
        "STRASSE",
        "ſtrasse",
        "kelvin",
        "\u{212a}elvin",
        "k",
        "\u{212a}ey",
        "abcabc",
        "12345",
        "900 ms",
        "2 s",
        "λμν",
        "Σ",
        "istanbul",
        "İSTANBUL",
        "\n",
        "can’t log in",
        "x",
        "a\u{300}c",
        "naïve 7",
        "ß",
    ]);
    prop::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_judged_and_always_alike(subject in ".{0,60}", text in "(?s).{0,300}") {
        let rules = &*JUDGING;
        let mut message = mail("x", "y");
        message.subject = subject;
        message.body.reply = text;
        let context = Context::default();
        let verdict = classify(&message, &context, rules);
        prop_assert_eq!(&verdict, &classify(&message, &context, rules));
        prop_assert_eq!(&verdict, &explain(&message, &context, rules).verdict);
    }

    #[test]
    fn the_prefilter_loses_no_match(text in words()) {
        let mut message = mail("x", "y");
        message.body.reply = text.clone();
        let verdict = classify(&message, &Context::default(), &FILTERING);
        for (number, pattern) in PATTERNS.iter().enumerate() {
            let alone = ALONE[number].is_match(&text);
            let name = RuleId(format!("r{number}"));
            let together = verdict.matched.iter().any(|matched| matched.rule == name);
            prop_assert_eq!(alone, together, "{} on {:?}", pattern, text);
        }
    }

    #[test]
    fn composites_do_not_depend_on_the_order_of_the_rules(text in words(), order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle()) {
        let (head, tail) = RULES.split_once("[[rule]]").unwrap();
        let parts: Vec<&str> = tail.split("[[rule]]").collect();
        let shuffled = order.iter().map(|place| format!("[[rule]]{}", parts[*place])).collect::<String>();
        let message = mail("x", &text);
        let names = |file: &str| {
            let mut names: Vec<RuleId> =
                classify(&message, &Context::default(), &rules(file)).matched.into_iter().map(|matched| matched.rule).collect();
            names.sort();
            names
        };
        prop_assert_eq!(names(RULES), names(&format!("{head}{shuffled}")));
    }

    #[test]
    fn no_file_makes_the_reader_panic(text in "(?s)(\\[\\[rule\\]\\]\n)?(name = \"[a-z]{0,3}\"\n)?(when = \\{ )?.{0,120}") {
        let _verdict_or_findings = compile(&[RuleFile { path: "a".into(), text: text.clone() }]);
        let cases = read_cases("a", &text);
        prop_assert!(cases.cases.len() <= text.len());
    }
}
