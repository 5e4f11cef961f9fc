//! What a case says that cannot be: names that nobody has, and words that contradict each other.

use super::{Case, CaseError, Expectation, NO_NAME};
use crate::classify::names::{Missing, Names, missing_calendar, missing_customers};
use crate::classify::{Rule, RuleSet};
use crate::finding::did_you_mean;
use std::collections::BTreeSet;

/// Of these a mail has one: another word is another mail's.
const ONE_EACH: &[&str] = &[
    "category",
    "severity",
    "tier",
    "team",
    "page",
    "intent",
    "disposition",
    "answer",
    "template",
    "calendar",
    "correlation",
    "recovers",
    "sender",
    "thread",
    "auth",
    "automatic",
    "language",
    "at",
];

/// What cannot be said of the same thing. A rule that counts is not on trial.
const OPPOSITES: &[(&str, &str)] =
    &[("rule", "not-rule"), ("shadow", "not-shadow"), ("tag", "not-tag"), ("rule", "shadow")];

/// The first of the words before it that a word contradicts.
pub(in crate::classify) fn contradicted<'w, T>(
    key: &str,
    value: &str,
    before: impl IntoIterator<Item = (&'w str, &'w str, T)>,
) -> Option<(&'w str, &'w str, T)> {
    before.into_iter().find(|(other, said, _)| {
        let is_other_value = *other == key && *said != value && ONE_EACH.contains(&key);
        let is_opposite =
            OPPOSITES.iter().any(|(one, two)| (*one, *two) == (key, *other) || (*two, *one) == (key, *other));
        is_other_value || (is_opposite && *said == value)
    })
}

/// Where words on one line, or on several, contradict each other: the later one, and what is wrong with it.
pub(super) fn contradictions(said: &[Expectation]) -> Vec<(&Expectation, String)> {
    let mut found = Vec::new();
    for (at, later) in said.iter().enumerate() {
        let before = said[..at].iter().map(|earlier| (earlier.key.as_str(), earlier.value.as_str(), earlier.line));
        if let Some((key, value, line)) = contradicted(&later.key, &later.value, before) {
            let place = if line == later.line { String::new() } else { format!(" on line {line}") };
            found.push((later, format!("`{}={}` contradicts `{key}={value}`{place}", later.key, later.value)));
        }
    }
    found
}

impl Case {
    /// What the case names and the rules do not have, so that it could only fail, or never.
    pub fn unknown_names(&self, path: &str, rules: &RuleSet) -> Vec<CaseError> {
        let unknown = self.expectations.iter().filter_map(|expected| {
            let (message, hint) = unknown_to(rules, expected)?;
            Some(error(path, expected, message, hint))
        });
        unknown.collect()
    }

    /// What the case says is given and the desk's configuration does not have.
    pub fn unknown_to_desk(&self, path: &str, names: &Names) -> Vec<CaseError> {
        let unknown = self.given_words.iter().filter_map(|word| {
            let Missing { message, hint } = missing_of_desk(&word.key, &word.value, names)?;
            Some(error(path, word, message, Some(hint)))
        });
        unknown.collect()
    }
}

/// What is wrong with a `key=value` that says what is given: a calendar or a list that the desk does not have.
pub(in crate::classify) fn missing_of_desk(key: &str, value: &str, names: &Names) -> Option<Missing> {
    match key {
        // That is an error already.
        _ if value.is_empty() => None,
        "hours" => missing_calendar(value, names),
        "customer" => missing_customers(value, names),
        _ => None,
    }
}

fn error(path: &str, word: &Expectation, message: String, hint: Option<String>) -> CaseError {
    CaseError { path: path.to_owned(), line: word.line, column: word.column, message, hint }
}

fn unknown_to(rules: &RuleSet, expected: &Expectation) -> Option<(String, Option<String>)> {
    let Expectation { key, value, .. } = expected;
    if value.is_empty() {
        // That is an error already.
        return None;
    }
    let of_rules = |said: fn(&Rule) -> Vec<&str>| rules.rules().iter().flat_map(said).collect::<BTreeSet<&str>>();
    let (known, what): (BTreeSet<&str>, &str) = match key.as_str() {
        "rule" | "not-rule" | "shadow" | "not-shadow" => match rules.rule(value) {
            Some(rule) => return on_trial(rule, key),
            None => (of_rules(|rule| vec![&rule.name.0]), "there is no rule"),
        },
        "category" => {
            (rules.categories().iter().map(|category| category.name.as_str()).collect(), "there is no category")
        }
        "team" | "template" | "calendar" if value == NO_NAME => return None,
        "team" => (of_rules(|rule| rule.team.iter().map(|team| team.0.as_str()).collect()), "no rule names a team"),
        "template" => (of_rules(|rule| rule.template.as_deref().into_iter().collect()), "no rule names a template"),
        "calendar" => (of_rules(|rule| rule.calendar.as_deref().into_iter().collect()), "no rule names a calendar"),
        "tag" | "not-tag" => (of_rules(|rule| rule.tags.iter().map(String::as_str).collect()), "no rule gives a tag"),
        "article" => (of_rules(|rule| rule.articles.iter().map(String::as_str).collect()), "no rule names an article"),
        _ => return None,
    };
    let is_known = known.contains(value.as_str());
    (!is_known).then(|| (format!("{what} `{value}`"), did_you_mean(value, known)))
}

/// A rule on trial never counts, and another one is never on trial.
fn on_trial(rule: &Rule, key: &str) -> Option<(String, Option<String>)> {
    let name = &rule.name;
    let (message, instead) = match (key, rule.is_shadow) {
        ("rule" | "not-rule", true) => (format!("the rule `{name}` is on trial, so it never counts"), "shadow"),
        ("shadow" | "not-shadow", false) => (format!("the rule `{name}` is not on trial"), "rule"),
        _ => return None,
    };
    let not = if key.starts_with("not-") { "not-" } else { "" };
    Some((message, Some(format!("write {not}{instead}={name}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{RuleFile, compile, read_cases};

    const MAIL: &str = "\n\nFrom: a@b.example\n\nx\n";

    #[test]
    fn words_that_contradict_each_other_are_errors_and_others_are_not() {
        for (name, head, expected) in [
            ("both answers", "expect page=true tag=t page=false", Some("a:1:24: `page=false` contradicts `page=true`")),
            ("a flag and its opposite", "expect page page=false", Some("a:1:13: `page=false` contradicts `page=true`")),
            ("two severities", "expect severity=low,high", Some("a:1:8: `severity=high` contradicts `severity=low`")),
            (
                "on two lines",
                "expect team=ops\n# and\nexpect team=none",
                Some("a:3:8: `team=none` contradicts `team=ops` on line 1"),
            ),
            ("a rule and not", "expect rule=x not-rule=x", Some("a:1:15: `not-rule=x` contradicts `rule=x`")),
            ("not a rule, and it", "expect not-rule=x rule=x", Some("a:1:19: `rule=x` contradicts `not-rule=x`")),
            ("a shadow and not", "expect shadow=x not-shadow=x", Some("a:1:17: `not-shadow=x` contradicts `shadow=x`")),
            ("a tag and not", "expect tag=x not-tag=x", Some("a:1:14: `not-tag=x` contradicts `tag=x`")),
            ("counting on trial", "expect rule=x shadow=x", Some("a:1:15: `shadow=x` contradicts `rule=x`")),
            (
                "two senders",
                "expect rule=x\ngiven sender=agent sender=monitor",
                Some("a:2:20: `sender=monitor` contradicts `sender=agent`"),
            ),
            ("the same twice", "expect severity=low severity=low", None),
            ("two rules", "expect rule=x,y not-rule=z", None),
            ("two values", "expect value=1ms value=2ms", None),
            ("two tags and articles", "expect tag=a,b article=c,d not-tag=e", None),
            ("two lists and calendars", "expect rule=x\ngiven customer=a,b hours=c hours=d open-alert=e,f", None),
        ] {
            let errors: Vec<String> =
                read_cases("a", &format!("{head}{MAIL}")).errors.iter().map(ToString::to_string).collect();
            assert_eq!(errors.first().map(String::as_str), expected, "{name}");
            assert!(errors.len() < 2, "{name}: {errors:?}");
        }
    }

    #[test]
    fn what_no_rule_says_is_told_with_its_place() {
        let text = "[[rule]]\nname = 'fire'\nteam = 'ops'\ntemplate = 'night'\ncalendar = 'office'\ntags = ['burning']\n\
                    articles = ['water']\nwhen.text = 'x'\n[[rule]]\nname = 'smoke'\nmode = 'shadow'\nwhen.text = 'x'\n";
        let rules = compile(&[RuleFile { path: "a.toml".to_owned(), text: text.to_owned() }]).unwrap();
        for (expected, told) in [
            ("rule=fire", None),
            ("rule=fier", Some("there is no rule `fier` (did you mean `fire`?)")),
            ("category=genral", Some("there is no category `genral` (did you mean `general`?)")),
            ("team=none", None),
            ("team=dev", Some("no rule names a team `dev`")),
            ("template=nigth", Some("no rule names a template `nigth` (did you mean `night`?)")),
            ("calendar=ofice", Some("no rule names a calendar `ofice` (did you mean `office`?)")),
            ("not-tag=burnig", Some("no rule gives a tag `burnig` (did you mean `burning`?)")),
            ("article=watr", Some("no rule names an article `watr` (did you mean `water`?)")),
            ("not-rule=smoke", Some("the rule `smoke` is on trial, so it never counts (write not-shadow=smoke)")),
            ("shadow=fire", Some("the rule `fire` is not on trial (write rule=fire)")),
            ("shadow=smoke", None),
        ] {
            let file = read_cases("a", &format!("expect {expected}{MAIL}"));
            assert_eq!(file.errors, [], "{expected}");
            let errors = file.cases[0].unknown_names("a", &rules);
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let told = told.map(|told| format!("a:1:8: {told}"));
            assert_eq!(errors, told.into_iter().collect::<Vec<_>>(), "{expected}");
        }
    }

    #[test]
    fn what_is_given_of_a_desk_must_be_there() {
        let one = |name: &str| vec![name.to_owned()];
        let names = Names { calendars: one("office"), customer_lists: one("vip"), ..Names::default() };
        for (given, told) in [
            ("hours=office customer=vip", vec![]),
            (
                "customer=vpi,vip hours=ofice",
                vec![
                    "a:2:7: there is no list of customers `vpi` in the configuration (did you mean `vip`?)",
                    "a:2:24: there is no calendar `ofice` in the configuration (did you mean `office`?)",
                ],
            ),
            (
                "customer=gold",
                vec!["a:2:7: there is no list of customers `gold` in the configuration ([customers] declares them)"],
            ),
        ] {
            let file = read_cases("a", &format!("expect rule=x\ngiven {given}{MAIL}"));
            let errors: Vec<String> =
                file.cases[0].unknown_to_desk("a", &names).iter().map(ToString::to_string).collect();
            assert_eq!(errors, told, "{given}");
        }
    }
}
