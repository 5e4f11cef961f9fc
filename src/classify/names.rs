//! What rules name and only the desk knows: calendars and people of its configuration, acknowledgements of its templates.

use super::diagnostic::{At, Findings, RuleErrorKind as Kind};
use super::file::RuleDef;
use super::when::{ConditionDef, Fact, TestDef};
use crate::finding::did_you_mean;

/// What a desk has that rules may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The calendars of its configuration.
    pub calendars: Vec<String>,
    /// The lists of customers in its configuration.
    pub customer_lists: Vec<String>,
    /// The teams of its configuration.
    pub teams: Vec<String>,
    /// Whether its configuration says who is on call.
    pub has_on_call: bool,
    /// The acknowledgements among its templates.
    pub acknowledgements: Vec<String>,
}

/// Something that is named and that the desk does not have.
pub(super) struct Missing {
    /// What.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

fn missing(name: &str, known: &[String], what: &str, write: &str) -> Option<Missing> {
    (!known.iter().any(|known| known == name)).then(|| Missing {
        message: format!("there is no {what} `{name}` in the configuration"),
        hint: did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_else(|| write.to_owned()),
    })
}

/// A calendar that the desk does not have.
pub(super) fn missing_calendar(name: &str, names: &Names) -> Option<Missing> {
    missing(name, &names.calendars, "calendar", "[[calendar]] declares one")
}

/// A list of customers that the desk does not have.
pub(super) fn missing_customers(name: &str, names: &Names) -> Option<Missing> {
    missing(name, &names.customer_lists, "list of customers", "[customers] declares them")
}

/// Finds what rules name and the desk does not have.
pub(super) fn find_missing(rules: &[RuleDef], names: &Names, findings: &mut Findings<'_>) {
    for rule in rules {
        if let Some(template) =
            rule.template.as_ref().filter(|template| !names.acknowledgements.contains(&template.value))
        {
            let name = &template.value;
            let write = format!("write acknowledgement/{name}.txt and .html in the folder of templates");
            let message = format!("there is no acknowledgement `{name}` among the templates");
            let hint = did_you_mean(name, names.acknowledgements.iter().map(String::as_str)).unwrap_or(write);
            add(template, Some(Missing { message, hint }), findings);
        }
        if let Some(calendar) = &rule.calendar {
            add(calendar, missing_calendar(&calendar.value, names), findings);
        }
        if let Some(team) = &rule.team {
            add(team, missing(&team.value, &names.teams, "team", "[[team]] declares one"), findings);
        }
        if let Some(span) = rule.page.clone().filter(|_| !names.has_on_call) {
            let message = "the rule pages, and nobody is on call in the configuration";
            findings.add(rule.name.file, span, Kind::UnknownName, message);
            findings.hint("write [on_call] with agents = [\"eva\"], the names of those who are".to_owned());
        }
        named(&rule.when, names, findings);
    }
}

fn add(name: &At<String>, missing: Option<Missing>, findings: &mut Findings<'_>) {
    if let Some(Missing { message, hint }) = missing {
        findings.add(name.file, name.span.clone(), Kind::UnknownName, message);
        findings.hint(hint);
    }
}

/// What conditions name: calendars and lists of customers.
fn named(condition: &ConditionDef, names: &Names, findings: &mut Findings<'_>) {
    match &condition.test {
        TestDef::All(inner) | TestDef::Any(inner) | TestDef::None(inner) => {
            inner.iter().for_each(|inner| named(inner, names, findings));
        }
        TestDef::Hours { calendars, .. } => {
            calendars.iter().for_each(|calendar| add(calendar, missing_calendar(&calendar.value, names), findings));
        }
        TestDef::Words { fact: Fact::Customer, words } => {
            words.iter().for_each(|list| add(list, missing_customers(&list.value, names), findings));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{RuleFile, compile_for};

    #[test]
    fn what_the_desk_does_not_have_is_told_with_its_place() {
        let text = "[[rule]]\nname = 'a'\ntemplate = 'nigth'\nwhen = { none = [{ hours = { inside = ['office', 'off'] } }] }\n\
                    [[rule]]\nname = 'b'\ncalendar = 'ofice'\nwhen.text = 'x'\n\
                    [[rule]]\nname = 'c'\ncalendar = 'office'\nwhen.text = 'y'\n\
                    [[rule]]\nname = 'd'\nteam = 'bililng'\npage = true\nwhen.text = 'x'\n\
                    [[rule]]\nname = 'e'\nteam = 'ops'\nwhen.text = 'y'\n\
                    [[rule]]\nname = 'f'\nteam = 'billing'\nwhen.text = 'z'\n\
                    [[rule]]\nname = 'g'\nwhen.customer = ['vip', 'vpi']\n";
        let files = [RuleFile { path: "a.toml".to_owned(), text: text.to_owned() }];
        let one = |name: &str| vec![name.to_owned()];
        let names = Names {
            calendars: one("office"),
            customer_lists: one("vip"),
            teams: one("billing"),
            has_on_call: false,
            acknowledgements: one("night"),
        };
        let missing = |names: &Names| compile_for(&files, Some(names)).unwrap_err();
        let found: Vec<String> = missing(&names).iter().map(ToString::to_string).collect();
        let expected = [
            "a.toml:3:12: there is no acknowledgement `nigth` among the templates (did you mean `night`?)",
            "a.toml:4:50: there is no calendar `off` in the configuration ([[calendar]] declares one)",
            "a.toml:7:12: there is no calendar `ofice` in the configuration (did you mean `office`?)",
            "a.toml:15:8: there is no team `bililng` in the configuration (did you mean `billing`?)",
            "a.toml:16:1: the rule pages, and nobody is on call in the configuration (write [on_call] with agents = [\"eva\"], the names of those who are)",
            "a.toml:20:8: there is no team `ops` in the configuration ([[team]] declares one)",
            "a.toml:28:25: there is no list of customers `vpi` in the configuration (did you mean `vip`?)",
        ];
        assert_eq!(found, expected);
        let on_call = missing(&Names { has_on_call: true, ..names });
        assert!(!on_call.iter().any(|error| error.to_string().contains("on call")), "{on_call:?}");
    }

    #[test]
    fn it_is_told_beside_everything_else_that_is_wrong() {
        let text = "[[rule]]\nname = 'a'\nseverty = 'high'\nteam = 'bililng'\nwhen.text = 'x'\n\
                    [[rule]]\nname = 'b'\ncategory = 'nosuch'\ncalendar = 'ofice'\nwhen.rule = 'nosuch'\n";
        let files = [RuleFile { path: "a.toml".to_owned(), text: text.to_owned() }];
        let errors = compile_for(&files, Some(&Names::default())).unwrap_err();
        let lines: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        for part in ["severty", "team `bililng`", "category `nosuch`", "calendar `ofice`", "rule `nosuch`"] {
            assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:#?}");
        }
    }
}
