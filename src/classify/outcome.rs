//! A `[[rule]]` as written: what follows from it, and which of that cannot stand together.

use super::correlation;
use super::diagnostic::{At, RuleErrorKind as Kind};
use super::file::{RuleDef, Walk, entries, number};
use super::lint::LintKind;
use super::when::ConditionDef;
use super::{Disposition, Intent};
use crate::ticket::{Severity, Tier};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The greatest weight of a rule.
pub const MAX_WEIGHT: f64 = 1000.0;

/// What a rule may have.
pub(super) const RULE_KEYS: &[&str] = &[
    "name",
    "category",
    "severity",
    "severity_cap",
    "weight",
    "tier",
    "team",
    "page",
    "tags",
    "articles",
    "answer",
    "template",
    "calendar",
    "disposition",
    "intent",
    "correlate",
    "recovers",
    "stop",
    "mode",
    "allow",
    "when",
];

/// The mode of a rule that is tried out.
pub(super) const SHADOW: &str = "shadow";

type Value<'t> = Spanned<DeValue<'t>>;

impl Walk<'_, '_> {
    pub(super) fn rule(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<RuleDef> {
        let mut def = RuleDef {
            name: At { value: String::new(), file: self.file, span: span.clone() },
            category: None,
            severity: None,
            severity_cap: None,
            weight: 1.0,
            tier: None,
            team: None,
            page: None,
            tags: Vec::new(),
            articles: Vec::new(),
            answer: true,
            disposition: None,
            intent: None,
            template: None,
            calendar: None,
            correlate: None,
            recovers: None,
            stop: false,
            is_shadow: false,
            allow: Vec::new(),
            when: ConditionDef::always(),
        };
        let (mut name, mut when) = (None, None);
        for (key, key_span, value) in entries(table) {
            match key {
                "name" => name = self.name(value),
                "category" => def.category = self.string(value),
                "severity" => def.severity = self.word(value, Severity::ALL, Severity::as_str),
                "severity_cap" => def.severity_cap = self.word(value, Severity::ALL, Severity::as_str),
                "weight" => def.weight = self.weight(value).unwrap_or(1.0),
                "tier" => def.tier = self.word(value, Tier::ALL, Tier::as_str),
                "team" => def.team = self.name(value),
                "page" => def.page = self.only(value, true).then(|| key_span.clone()),
                "tags" => def.tags = self.texts(value),
                "articles" => def.articles = self.texts(value),
                "answer" => def.answer = self.only(value, false),
                "template" => def.template = self.name(value),
                "calendar" => def.calendar = self.string(value),
                "disposition" => def.disposition = self.word(value, Disposition::ALL, Disposition::as_str),
                "intent" => def.intent = self.word(value, Intent::ALL, Intent::as_str),
                "correlate" => def.correlate = self.correlate(value),
                "recovers" => def.recovers = self.only(value, true).then(|| key_span.clone()),
                "stop" => def.stop = self.only(value, true),
                "mode" => def.is_shadow = self.mode(value),
                "allow" => def.allow = self.lints(value),
                "when" => when = self.condition_table(value),
                _ => self.unknown_key(key, key_span, "a rule", RULE_KEYS),
            }
        }
        if !table.contains_key("name") {
            self.add(span.clone(), Kind::Missing, "the rule has no `name`");
        }
        if !table.contains_key("when") {
            self.add(span.clone(), Kind::Missing, "the rule has no [rule.when]: it would match every mail");
        }
        self.impossible(table, &def, span);
        self.aside(&def);
        // A rule whose condition cannot be read still exists for the composites that name it.
        Some(RuleDef { name: name?, when: when.unwrap_or(def.when), ..def })
    }

    /// What cannot stand together.
    fn impossible(&mut self, table: &DeTable<'_>, def: &RuleDef, span: Range<usize>) {
        let span_of = |key: &str| table.get(key).map_or(span.clone(), Spanned::span);
        if let (Some(severity), Some(cap)) = (def.severity, def.severity_cap)
            && severity > cap
        {
            let message = format!("the rule asks for {severity} and allows no more than {cap}");
            self.add(span.clone(), Kind::BadValue, message);
        }
        if table.contains_key("weight") && !table.contains_key("category") {
            let message = "a weight counts towards a category, and the rule has none";
            self.add(span_of("weight"), Kind::BadValue, message);
        }
        if def.template.is_some() {
            let silent = match (def.answer, def.disposition) {
                (false, _) => Some("answer = false"),
                (_, Some(Disposition::Discard)) => Some("disposition = \"discard\""),
                (_, Some(Disposition::Quarantine)) => Some("disposition = \"quarantine\""),
                _ => None,
            };
            if let Some(silent) = silent {
                let message = format!("the acknowledgement of this template is never sent, for {silent}");
                self.add(span_of("template"), Kind::BadValue, message);
            }
        }
        if let (Some(Disposition::Discard), Some(calendar)) = (def.disposition, &def.calendar) {
            let message = "a mail that is discarded opens no ticket, so nothing is promised by this calendar";
            self.add(calendar.span.clone(), Kind::BadValue, message);
        }
        if let (Some(Disposition::Discard | Disposition::Quarantine), Some(correlate)) =
            (def.disposition, &def.correlate)
        {
            let message = "a mail that is put aside is on no ticket, so it cannot fold into one";
            self.add(correlate.span.clone(), Kind::BadValue, message);
        }
    }

    /// What a mail that is put aside, or tells the end of an alert, can have no part in.
    fn aside(&mut self, def: &RuleDef) {
        let aside = def.disposition.filter(|disposition| *disposition != Disposition::Accept);
        if let (Some(Disposition::Discard), Some(team)) = (aside, &def.team) {
            let message = "a mail that is discarded opens no ticket that could be a team's";
            self.add(team.span.clone(), Kind::BadValue, message);
        }
        let Some(page) = &def.page else { return };
        if let Some(aside) = aside {
            let message = format!("nobody is paged at once for a mail that is put aside, by disposition = \"{aside}\"");
            self.add(page.clone(), Kind::BadValue, message);
        }
        if def.recovers.is_some() {
            self.add(page.clone(), Kind::BadValue, "nobody is paged for the end of an alert, by recovers = true");
        }
    }

    pub(super) fn texts(&mut self, value: &Value<'_>) -> Vec<String> {
        self.strings(value).into_iter().map(|text| text.value).collect()
    }

    /// A switch whose other position is the default: writing that would have no effect.
    fn only(&mut self, value: &Value<'_>, wanted: bool) -> bool {
        if self.boolean(value) == Some(!wanted) {
            self.add(value.span(), Kind::BadValue, format!("{} is the default: leave it out", !wanted));
        }
        wanted
    }

    fn mode(&mut self, value: &Value<'_>) -> bool {
        let Some(text) = self.string(value) else { return false };
        if text.value != SHADOW {
            self.unknown_word(&text, &[SHADOW]);
        }
        text.value == SHADOW
    }

    /// The lints that the rule is allowed.
    fn lints(&mut self, value: &Value<'_>) -> Vec<LintKind> {
        let known: Vec<&str> = LintKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let mut allowed = Vec::new();
        for word in self.strings(value) {
            match LintKind::from_word(&word.value) {
                Some(kind) => allowed.push(kind),
                None => self.unknown_word(&word, &known),
            }
        }
        allowed
    }

    fn correlate(&mut self, value: &Value<'_>) -> Option<At<String>> {
        let text = self.string(value)?;
        match correlation::parts(&text.value) {
            Ok(_) => Some(text),
            Err(why) => {
                self.add(text.span, Kind::BadValue, why);
                self.hint("write the names that patterns capture in braces, \"{host}/{check}\"".to_owned());
                None
            }
        }
    }

    fn weight(&mut self, value: &Value<'_>) -> Option<f64> {
        let Some(weight) = number(value.get_ref()) else {
            self.wrong_type(value, "a number");
            return None;
        };
        if !(weight > 0.0 && weight <= MAX_WEIGHT) {
            self.add(value.span(), Kind::BadValue, format!("a weight is above 0 and at most {MAX_WEIGHT}"));
            return None;
        }
        Some(weight)
    }
}
