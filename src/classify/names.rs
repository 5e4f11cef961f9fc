//! What rules name and only the desk knows: calendars of its configuration, acknowledgements of its templates.

use super::compile::compile;
use super::diagnostic::{Findings, RuleError, RuleErrorKind as Kind, RuleFile};
use super::rule::{Condition, RuleSet, Test};
use crate::finding::did_you_mean;
use std::ops::Range;

/// What a desk has that rules may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The calendars of its configuration.
    pub calendars: Vec<String>,
    /// The teams of its configuration.
    pub teams: Vec<String>,
    /// Whether its configuration says who is on call.
    pub has_on_call: bool,
    /// The acknowledgements among its templates.
    pub acknowledgements: Vec<String>,
}

/// What the rules name and the desk does not have, each with its place. `files` are those that the rules were compiled
/// from.
pub fn missing_names(rules: &RuleSet, files: &[RuleFile], names: &Names) -> Vec<RuleError> {
    let mut findings = Findings::new(files);
    for rule in &rules.rules {
        let Some(file) = files.iter().position(|file| file.path == rule.path) else { continue };
        if let Some((template, span)) = rule.template.as_ref().zip(rule.template_span.clone())
            && !names.acknowledgements.contains(template)
        {
            let message = format!("there is no acknowledgement `{template}` among the templates");
            findings.add(file, span, Kind::UnknownName, message);
            let hint = did_you_mean(template, names.acknowledgements.iter().map(String::as_str));
            let write = format!("write acknowledgement/{template}.txt and .html in the folder of templates");
            findings.hint(hint.or(Some(write)));
        }
        if let Some((calendar, span)) = rule.calendar.as_ref().zip(rule.calendar_span.clone()) {
            known_calendar(calendar, file, span, names, &mut findings);
        }
        if let Some((team, span)) = rule.team.as_ref().zip(rule.team_span.clone())
            && !names.teams.contains(&team.0)
        {
            findings.add(file, span, Kind::UnknownName, format!("there is no team `{team}` in the configuration"));
            let hint = did_you_mean(&team.0, names.teams.iter().map(String::as_str));
            findings.hint(hint.or_else(|| Some("[[team]] declares one".to_owned())));
        }
        if let Some(span) = rule.page.clone().filter(|_| !names.has_on_call) {
            findings.add(file, span, Kind::UnknownName, "the rule pages, and nobody is on call in the configuration");
            findings.hint("write [on_call] with agents = [\"eva\"], the names of those who are".to_owned());
        }
        calendars(&rule.when, file, names, &mut findings);
    }
    findings.into_errors()
}

/// Compiles rule files; where it is known what the desk has, what they name must be there.
///
/// # Errors
/// Everything that is wrong with them.
pub fn compile_for(files: &[RuleFile], names: Option<&Names>) -> Result<RuleSet, Vec<RuleError>> {
    let rules = compile(files)?;
    match names.map(|names| missing_names(&rules, files, names)) {
        Some(missing) if !missing.is_empty() => Err(missing),
        _ => Ok(rules),
    }
}

fn known_calendar(calendar: &String, file: usize, span: Range<usize>, names: &Names, findings: &mut Findings<'_>) {
    if names.calendars.contains(calendar) {
        return;
    }
    let message = format!("there is no calendar `{calendar}` in the configuration");
    findings.add(file, span, Kind::UnknownName, message);
    let hint = did_you_mean(calendar, names.calendars.iter().map(String::as_str));
    findings.hint(hint.or_else(|| Some("[[calendar]] declares one".to_owned())));
}

fn calendars(condition: &Condition, file: usize, names: &Names, findings: &mut Findings<'_>) {
    match &condition.test {
        Test::All(inner) | Test::Any(inner) | Test::None(inner) => {
            inner.iter().for_each(|inner| calendars(inner, file, names, findings));
        }
        Test::Hours { calendars, .. } => {
            for calendar in calendars {
                known_calendar(calendar, file, condition.span.clone(), names, findings);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::compile;

    #[test]
    fn what_the_desk_does_not_have_is_told_with_its_place() {
        let text = "[[rule]]\nname = 'a'\ntemplate = 'nigth'\nwhen = { none = [{ hours = { inside = ['office', 'off'] } }] }\n\
                    [[rule]]\nname = 'b'\ncalendar = 'ofice'\nwhen.text = 'x'\n\
                    [[rule]]\nname = 'c'\ncalendar = 'office'\nwhen.text = 'y'\n\
                    [[rule]]\nname = 'd'\nteam = 'bililng'\npage = true\nwhen.text = 'x'\n\
                    [[rule]]\nname = 'e'\nteam = 'ops'\nwhen.text = 'y'\n\
                    [[rule]]\nname = 'f'\nteam = 'billing'\nwhen.text = 'z'\n";
        let files = [RuleFile { path: "a.toml".to_owned(), text: text.to_owned() }];
        let rules = compile(&files).unwrap();
        let one = |name: &str| vec![name.to_owned()];
        let names = Names {
            calendars: one("office"),
            teams: one("billing"),
            has_on_call: false,
            acknowledgements: one("night"),
        };
        let found: Vec<String> = missing_names(&rules, &files, &names).iter().map(ToString::to_string).collect();
        let expected = [
            "a.toml:3:12: there is no acknowledgement `nigth` among the templates (did you mean `night`?)",
            "a.toml:4:28: there is no calendar `off` in the configuration ([[calendar]] declares one)",
            "a.toml:7:12: there is no calendar `ofice` in the configuration (did you mean `office`?)",
            "a.toml:15:8: there is no team `bililng` in the configuration (did you mean `billing`?)",
            "a.toml:16:1: the rule pages, and nobody is on call in the configuration (write [on_call] with agents = [\"eva\"], the names of those who are)",
            "a.toml:20:8: there is no team `ops` in the configuration ([[team]] declares one)",
        ];
        assert_eq!(found, expected);
        let on_call = missing_names(&rules, &files, &Names { has_on_call: true, ..names });
        assert!(!on_call.iter().any(|error| error.to_string().contains("on call")), "{on_call:?}");
    }
}
