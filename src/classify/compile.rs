//! Rule files → a [`RuleSet`], or everything that is wrong with them.

use super::correlation::{self, Correlate, Part};
use super::diagnostic::{At, Findings, RuleError, RuleErrorKind as Kind, RuleFile};
use super::file::{self, FileDef, RuleDef};
use super::names::{Names, find_missing};
use super::order::{self, Reference};
use super::pattern::{Checked, Pattern, PatternError, PatternId, phrase_patterns};
use super::pattern_set::SetBuilder;
use super::quantity::{Comparison, Quantity};
use super::rule::{Category, Clears, Condition, GENERAL, GENERAL_TITLE, Rule, RuleSet, Test};
use super::when::{ConditionDef, TestDef};
use super::{Field, RuleId};
use crate::finding::did_you_mean;
use crate::message::Digest;
use crate::ticket::people::TeamId;
use std::collections::HashMap;

/// How many rules there may be.
pub const MAX_RULES: usize = 20_000;

/// Compiles rule files, which stand in the order in which their rules are asked.
///
/// Nothing of a set with an error is used, so that a slip in one file never leaves half of the rules in force.
pub fn compile(files: &[RuleFile]) -> Result<RuleSet, Vec<RuleError>> {
    compile_for(files, None)
}

/// Compiles rule files; where it is known what the desk has, what they name must be there.
///
/// # Errors
/// As [`compile`].
pub fn compile_for(files: &[RuleFile], desk: Option<&Names>) -> Result<RuleSet, Vec<RuleError>> {
    let mut findings = Findings::new(files);
    let defs: Vec<FileDef> = (0..files.len()).map(|file| file::read(&mut findings, file)).collect();
    // With a file broken, the rule or category that is missed may stand in what could not be read.
    let complete = !defs.iter().any(|def| def.is_broken);
    let categories = categories(&defs, &mut findings);
    let rules: Vec<RuleDef> = defs.into_iter().flat_map(|def| def.rules).collect();
    if let Some(first) = rules.get(MAX_RULES) {
        let message = format!("there are more than {MAX_RULES} rules");
        findings.add(first.name.file, first.name.span.clone(), Kind::TooLarge, message);
        return Err(findings.into_errors());
    }
    if let Some(desk) = desk {
        find_missing(&rules, desk, &mut findings);
    }
    let names = names(&rules, &mut findings);
    let all_names: Vec<String> = rules.iter().map(|rule| rule.name.value.clone()).collect();
    let shadows: Vec<bool> = rules.iter().map(|rule| rule.is_shadow).collect();
    let mut compiler = Compiler {
        findings,
        names,
        complete,
        shadows,
        patterns: SetBuilder::default(),
        references: Vec::new(),
        captures: Vec::new(),
        is_negative: false,
    };
    compiler.recoveries(&rules);
    let compiled: Vec<Rule> = rules
        .into_iter()
        .enumerate()
        .filter_map(|(place, rule)| compiler.rule(place, rule, &categories, files))
        .collect();
    let Compiler { mut findings, patterns, references, .. } = compiler;
    let rank = order::rank(&all_names, &references, &mut findings);
    if !findings.is_empty() {
        return Err(findings.into_errors());
    }
    match patterns.build() {
        Ok(patterns) => {
            let (awaiting, always) = order::index(&compiled, &rank, patterns.len());
            let places = |wanted: fn(&Rule) -> bool| {
                compiled.iter().enumerate().filter(|(_, rule)| wanted(rule)).map(|(place, _)| place).collect()
            };
            let correlating = places(|rule| rule.correlate.is_some());
            let clearing = places(|rule| rule.correlate.is_some() && rule.when.clears());
            let version = version(files);
            let rules = compiled;
            Ok(RuleSet { rules, categories, patterns, version, rank, awaiting, always, correlating, clearing })
        }
        Err(error) => {
            findings.add(0, 0..0, Kind::TooLarge, format!("the patterns of all rules together: {error}"));
            Err(findings.into_errors())
        }
    }
}

/// The version of the rules in these files: a hash over the files' names, without their folder, and their texts.
pub fn version(files: &[RuleFile]) -> String {
    let mut bytes = Vec::new();
    for file in files {
        let name = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
        for part in [name, file.text.as_str()] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    Digest::of(&bytes).to_string().chars().take(16).collect()
}

fn categories(defs: &[FileDef], findings: &mut Findings<'_>) -> Vec<Category> {
    let mut categories = vec![Category { name: GENERAL.to_owned(), title: GENERAL_TITLE.to_owned() }];
    for def in defs.iter().flat_map(|def| &def.categories) {
        if categories.iter().any(|known| known.name == def.name.value) {
            let message = match def.name.value.as_str() {
                GENERAL => format!("the category `{GENERAL}` exists already, titled \"{GENERAL_TITLE}\""),
                name => format!("there is a category `{name}` already"),
            };
            findings.add(def.name.file, def.name.span.clone(), Kind::Duplicate, message);
            continue;
        }
        categories.push(Category { name: def.name.value.clone(), title: def.title.clone() });
    }
    categories
}

/// The places of the rules by their names.
fn names(rules: &[RuleDef], findings: &mut Findings<'_>) -> HashMap<String, usize> {
    let mut names: HashMap<String, usize> = HashMap::new();
    for (place, rule) in rules.iter().enumerate() {
        let name = &rule.name;
        if let Some(first) = names.get(&name.value) {
            let first = &rules[*first].name;
            let (line, _) = findings.place(first.file, first.span.start);
            findings.add(
                name.file,
                name.span.clone(),
                Kind::Duplicate,
                format!("there is a rule `{}` already", name.value),
            );
            let path = findings.path(first.file);
            findings.hint(format!("at {path}:{line}"));
            continue;
        }
        names.insert(name.value.clone(), place);
    }
    names
}

struct Compiler<'a> {
    findings: Findings<'a>,
    names: HashMap<String, usize>,
    complete: bool,
    /// For each rule whether it is only tried out.
    shadows: Vec<bool>,
    patterns: SetBuilder,
    references: Vec<Reference>,
    /// What the patterns of the rule at hand capture, each name with its pattern.
    captures: Vec<(String, PatternId)>,
    /// Whether what is being read stands under `none`, so that it is not there when the rule matches.
    is_negative: bool,
}

impl Compiler<'_> {
    fn rule(&mut self, place: usize, def: RuleDef, categories: &[Category], files: &[RuleFile]) -> Option<Rule> {
        if let Some(category) = &def.category
            && self.complete
            && !categories.iter().any(|known| known.name == category.value)
        {
            let message = format!("there is no category `{}`", category.value);
            self.findings.add(category.file, category.span.clone(), Kind::UnknownName, message);
            let hint = did_you_mean(&category.value, categories.iter().map(|known| known.name.as_str()));
            self.findings.hint(hint.or_else(|| Some("[[category]] declares one".to_owned())));
        }
        let file = def.name.file;
        let path = files.get(file).map_or(String::new(), |file| file.path.clone());
        let (line, _) = self.findings.place(file, def.name.span.start);
        self.captures.clear();
        let when = self.condition(place, file, def.when);
        let correlate = def.correlate.as_ref().and_then(|key| self.correlate(key));
        if def.correlate.is_none() && when.as_ref().is_some_and(Condition::clears) {
            let message = "`clears_below` ends an alert, and the rule has no `correlate` that says which";
            self.findings.add(file, def.name.span.clone(), Kind::Missing, message);
            self.findings.hint("write correlate = \"{host}\", with the names that the patterns capture".to_owned());
        }
        Some(Rule {
            name: RuleId(def.name.value.clone()),
            path,
            line,
            category: def.category.map(|category| category.value),
            severity: def.severity,
            severity_cap: def.severity_cap,
            weight: def.weight,
            tier: def.tier,
            team: def.team.map(|team| TeamId(team.value)),
            page: def.page,
            tags: def.tags,
            articles: def.articles,
            answer: def.answer,
            disposition: def.disposition,
            intent: def.intent,
            template: def.template.map(|template| template.value),
            calendar: def.calendar.map(|calendar| calendar.value),
            recovers: def.recovers.is_some(),
            stop: def.stop,
            is_shadow: def.is_shadow,
            allow: def.allow,
            span: def.name.span,
            correlate,
            when: when?,
        })
    }

    fn condition(&mut self, rule: usize, file: usize, def: ConditionDef) -> Option<Condition> {
        let mut written = def.written;
        let test = match def.test {
            TestDef::All(inner) => Test::All(self.conditions(rule, file, inner)?),
            TestDef::Any(inner) => Test::Any(self.conditions(rule, file, inner)?),
            TestDef::None(inner) => {
                let outside = std::mem::replace(&mut self.is_negative, true);
                let inner = self.conditions(rule, file, inner);
                self.is_negative = outside;
                Test::None(inner?)
            }
            TestDef::Pattern { field, patterns } => {
                let ids: Vec<_> = patterns.iter().map(|pattern| self.pattern(&field, pattern)).collect();
                Test::Pattern(ids.into_iter().collect::<Option<_>>()?)
            }
            TestDef::Phrase { fields, phrases } => self.phrases(&fields, &phrases)?,
            TestDef::Value { fields, pattern, comparison, clears_below } => {
                written = format!("{written}, {comparison}");
                if let Some(clears) = &clears_below {
                    if self.is_negative {
                        let message = "`clears_below` under `none` would end an alert that does not begin";
                        self.findings.add(clears.file, clears.span.clone(), Kind::BadValue, message);
                    }
                    written = format!("{written}, clears below {}", clears.value);
                }
                let clears = clears_below.map(|clears| Clears { below: clears.value, rule });
                self.value(&fields, &pattern, comparison, clears)?
            }
            TestDef::Attachment { name, media_type, larger, smaller } => {
                let (name, media_type) = (self.regexes(&name), self.regexes(&media_type));
                Test::Attachment { name: name?, media_type: media_type?, larger, smaller }
            }
            TestDef::HasAttachment(wanted) => Test::HasAttachment(wanted),
            TestDef::Size(comparison) => Test::Size(comparison),
            TestDef::Words { fact, words } => {
                Test::Words { fact, words: words.into_iter().map(|word| word.value).collect() }
            }
            TestDef::Automatic(wanted) => Test::Automatic(wanted),
            TestDef::Hours { calendars, inside } => {
                Test::Hours { calendars: calendars.into_iter().map(|name| name.value).collect(), inside }
            }
            TestDef::Rule(named) => {
                let places: Vec<_> = named.iter().map(|name| self.reference(rule, name)).collect();
                Test::Rule(places.into_iter().collect::<Option<_>>()?)
            }
        };
        let place = self.findings.place(file, def.span.start);
        Some(Condition { test, written, span: def.span, place })
    }

    /// All of them are read, so that all findings come at once, before one that fails makes the whole fail.
    fn conditions(&mut self, rule: usize, file: usize, defs: Vec<ConditionDef>) -> Option<Vec<Condition>> {
        let conditions: Vec<_> = defs.into_iter().map(|def| self.condition(rule, file, def)).collect();
        conditions.into_iter().collect()
    }

    fn pattern(&mut self, field: &Field, pattern: &At<String>) -> Option<PatternId> {
        let added = self.patterns.add(field, &pattern.value, false);
        let id = added.map_err(|error| self.bad_pattern(pattern, error)).ok()?;
        self.capture(pattern, id);
        Some(id)
    }

    /// Remembers which names a pattern captures.
    fn capture(&mut self, pattern: &At<String>, id: PatternId) {
        if self.is_negative || !pattern.value.contains("(?") {
            return;
        }
        if let Ok(checked) = self.patterns.check(&pattern.value) {
            self.captures.extend(correlation::groups(checked.hir()).into_iter().map(|name| (name.to_owned(), id)));
        }
    }

    /// The key of a rule's alerts; a finding where no pattern of the rule captures what it names.
    fn correlate(&mut self, key: &At<String>) -> Option<Correlate> {
        let mut parts = Vec::new();
        for (is_name, text) in correlation::parts(&key.value).ok()? {
            let patterns = self.captures.iter().filter(|(name, _)| name == text).map(|(_, pattern)| *pattern).collect();
            parts.push(match (is_name, text) {
                (false, text) => Part::Text(text.to_owned()),
                (true, text) if self.captures.iter().any(|(name, _)| name == text) => {
                    Part::Name { name: text.to_owned(), patterns }
                }
                (true, correlation::FROM) => Part::From,
                (true, text) => {
                    let message = format!("no pattern of the rule captures `{text}`");
                    self.findings.add(key.file, key.span.clone(), Kind::UnknownName, message);
                    let known = self.captures.iter().map(|(name, _)| name.as_str()).chain([correlation::FROM]);
                    let hint = did_you_mean(text, known);
                    self.findings.hint(hint.or_else(|| Some(format!("write (?<{text}>…) into one"))));
                    return None;
                }
            });
        }
        Some(Correlate { parts })
    }

    /// A recovery has to end something.
    fn recoveries(&mut self, rules: &[RuleDef]) {
        if !self.complete || rules.iter().any(|rule| rule.correlate.is_some()) {
            return;
        }
        for rule in rules {
            let Some(span) = &rule.recovers else { continue };
            let message = "`recovers` ends an alert, and no rule has a `correlate` that says which";
            self.findings.add(rule.name.file, span.clone(), Kind::Missing, message);
        }
    }

    fn bad_pattern(&mut self, pattern: &At<String>, error: PatternError) {
        let source = self.findings.text(pattern.file).get(pattern.span.clone()).unwrap_or_default();
        // The string's text stands in the source as it is unless it has escapes; then the whole string is meant.
        let span = match (error.span, source.find(&pattern.value)) {
            (Some(span), Some(at)) => {
                let start = pattern.span.start + at;
                start + span.start..start + span.end.max(span.start + 1).min(pattern.value.len().max(span.start + 1))
            }
            _ => pattern.span.clone(),
        };
        let message = match error.message.starts_with("the pattern") {
            true => error.message,
            false => format!("the pattern cannot be read: {}", error.message),
        };
        self.findings.add(pattern.file, span, Kind::BadPattern, message);
        self.findings.hint(error.hint.map(str::to_owned));
    }

    fn regexes(&mut self, patterns: &[At<String>]) -> Option<Vec<Pattern>> {
        let checked: Vec<_> = patterns
            .iter()
            .map(|pattern| match self.patterns.check(&pattern.value) {
                Ok(checked) => Some(checked.pattern().clone()),
                Err(error) => {
                    self.bad_pattern(pattern, error);
                    None
                }
            })
            .collect();
        checked.into_iter().collect()
    }

    fn phrases(&mut self, fields: &[Field], phrases: &[At<String>]) -> Option<Test> {
        let texts: Vec<&str> = phrases.iter().map(|phrase| phrase.value.as_str()).collect();
        let mut ids = Vec::new();
        for pattern in phrase_patterns(&texts) {
            for field in fields {
                match self.patterns.add_phrases(field, &pattern) {
                    Ok(id) => ids.push(id),
                    Err(error) => {
                        let first = phrases.first()?;
                        self.findings.add(first.file, first.span.clone(), Kind::TooLarge, error.message);
                        return None;
                    }
                }
            }
        }
        Some(Test::Pattern(ids))
    }

    fn value(
        &mut self,
        fields: &[Field],
        pattern: &At<String>,
        comparison: Comparison,
        clears: Option<Clears>,
    ) -> Option<Test> {
        let checked = match self.patterns.check(&pattern.value) {
            Ok(checked) => checked,
            Err(error) => {
                self.bad_pattern(pattern, error);
                return None;
            }
        };
        if !checked.has_group("value") {
            let message = "the pattern has no group `value`, so there is no number to compare";
            self.findings.add(pattern.file, pattern.span.clone(), Kind::BadPattern, message);
            self.findings.hint("put the number into (?<value>[0-9.,]+)".to_owned());
            return None;
        }
        self.check_units(&checked, comparison.threshold(), pattern);
        let ids = fields.iter().map(|field| self.patterns.add(field, &pattern.value, true).ok());
        let ids: Vec<PatternId> = ids.collect::<Option<_>>()?;
        ids.iter().for_each(|id| self.capture(pattern, *id));
        Some(Test::Value { patterns: ids, comparison, clears })
    }

    /// Where the pattern says which units there can be, none of them may be of another dimension.
    fn check_units(&mut self, checked: &Checked, threshold: &Quantity, pattern: &At<String>) {
        for unit in checked.units().unwrap_or_default() {
            if !unit.trim().is_empty() && threshold.dimension.factor(&unit).is_none() {
                let kind = threshold.dimension.as_str();
                let message = format!("the unit `{unit}` cannot be compared with {threshold}, which is a {kind}");
                self.findings.add(pattern.file, pattern.span.clone(), Kind::BadValue, message);
            }
        }
    }

    fn reference(&mut self, rule: usize, name: &At<String>) -> Option<usize> {
        if let Some(place) = self.names.get(&name.value).copied() {
            if self.shadows.get(place) == Some(&true) && self.shadows.get(rule) == Some(&false) {
                let message = format!("`{}` is a shadow, and would act through this rule", name.value);
                self.findings.add(name.file, name.span.clone(), Kind::BadValue, message);
                self.findings.hint("make this rule a shadow, too: mode = \"shadow\"".to_owned());
            }
            self.references.push(Reference { from: rule, to: place, file: name.file, span: name.span.clone() });
            return Some(place);
        }
        if self.complete {
            let message = format!("there is no rule `{}`", name.value);
            self.findings.add(name.file, name.span.clone(), Kind::UnknownName, message);
            let mut known: Vec<&str> = self.names.keys().map(String::as_str).collect();
            known.sort_unstable();
            self.findings.hint(did_you_mean(&name.value, known));
        }
        None
    }
}
