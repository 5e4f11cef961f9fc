//! Rules that are allowed and probably not what was meant: never reached, hidden by another, without a case.

mod outcomes;

use super::RuleId;
use super::alternatives::Known;
use super::diagnostic::{Findings, RuleFile};
use super::implied::{FOLLOWED, implies, never, required};
use super::pattern::{Field, PatternId};
use super::rule::{Condition, Rule, RuleSet, Test};
use super::when::Fact;
use crate::finding::Finding;
use outcomes::{Vain, idle, outdone};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

crate::ticket::words! {
    /// What is wrong with a rule that is allowed.
    LintKind {
        /// Its condition holds for no mail.
        Unreachable = "unreachable",
        /// A rule before it stops, whenever it matches.
        Shadowed = "shadowed",
        /// Another rule has the same condition and says the same.
        Duplicate = "duplicate",
        /// Another rule matches whenever it does and has its way.
        Overlap = "overlap",
        /// A pattern or the whole condition holds for every mail.
        MatchesEverything = "matches-everything",
        /// A pattern has nothing that could be looked for first, and is run on every mail.
        NoLiteral = "no-literal",
        /// No case reaches it.
        NoCase = "no-case",
        /// It has matched no stored mail lately.
        NoRecentMatch = "no-recent-match",
        /// It speaks of alerts and matches mail of others than monitors, for whom that means nothing.
        NotOfMonitors = "not-of-monitors",
        /// It names a calendar, and nothing that it speaks of is promised by one.
        IdleCalendar = "idle-calendar",
        /// It says something else from which nothing follows for the mails that it asks for.
        IdleOutcome = "idle-outcome",
        /// It is allowed what it does not do.
        NothingAllowed = "nothing-allowed",
    }
}

/// Of fewer stored mails nothing follows for a rule that matches none of them.
pub const FEWEST_MAILS: u64 = 100;

/// Something found in a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lint {
    /// What.
    pub lint: LintKind,
    /// The rule.
    pub rule: RuleId,
    /// Where, what is wrong, and what to do about it.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What is known of the rules besides their text.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The rules that count in some case; `None` where there was no look at cases.
    pub reached: Option<BTreeSet<RuleId>>,
    /// How often each rule matched stored mail, and how long ago that begins; `None` where there is no such mail.
    pub stored: Option<Stored>,
}

/// What stored mail says of the rules.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// For how many days back it was looked at.
    pub days: u32,
    /// How many mails those were.
    pub mails: u64,
    /// How many of them each rule matched.
    pub matched: BTreeMap<RuleId, u64>,
}

/// Looks at rules; `files` are those that they were compiled from.
pub fn lint(rules: &RuleSet, files: &[RuleFile], evidence: &Evidence) -> Vec<Lint> {
    let sets = rules.patterns().fields();
    let fields = sets.iter().flat_map(|set| set.ids().iter().map(|id| (*id, &set.field))).collect();
    // A pattern that may match where there is nothing waits for no word.
    let without_literal = sets.iter().flat_map(|set| set.candidates("").map(|(id, _)| id)).collect();
    let findings = Findings::new(files);
    let known = Known::of(rules);
    let mut linter = Linter { rules, known, findings, files, fields, without_literal, found: Vec::new() };
    let neighbours = linter.neighbours();
    for (place, rule) in rules.rules.iter().enumerate() {
        linter.alone(rule);
        linter.beside(place, &neighbours);
        linter.evidence(rule, evidence);
        linter.allowed(rule);
    }
    let order = |path: &str| files.iter().position(|file| file.path == path);
    linter.found.sort_by_key(|lint| (order(&lint.finding.path), lint.finding.span.start));
    linter.found
}

struct Linter<'a> {
    rules: &'a RuleSet,
    known: Known<'a>,
    findings: Findings<'a>,
    files: &'a [RuleFile],
    /// Where each pattern looks.
    fields: HashMap<PatternId, &'a Field>,
    /// The patterns that are run on every mail.
    without_literal: BTreeSet<PatternId>,
    found: Vec<Lint>,
}

impl<'a> Linter<'a> {
    fn add(&mut self, kind: LintKind, rule: &Rule, span: Range<usize>, message: String, hint: Option<String>) {
        let Some(file) = self.files.iter().position(|file| file.path == rule.path) else { return };
        let (line, column) = self.findings.place(file, span.start);
        let finding = Finding { path: rule.path.clone(), line, column, span, message, hint };
        self.found.push(Lint { lint: kind, rule: rule.name.clone(), finding });
    }

    /// What can be said of a rule by itself.
    fn alone(&mut self, rule: &Rule) {
        if let Some(why) = never(&rule.when, &self.known) {
            self.add(LintKind::Unreachable, rule, rule.span.clone(), format!("the rule never matches: {why}"), None);
        }
        if required(&rule.when).iter().all(|condition| self.is_always(condition)) {
            let message = "the rule matches every mail, or nearly so: it only says what must not be there".to_owned();
            let hint = "say what must be there, too".to_owned();
            self.add(LintKind::MatchesEverything, rule, rule.span.clone(), message, Some(hint));
        }
        let mut patterns = Vec::new();
        leaves(&rule.when, &mut |condition| match &condition.test {
            Test::Pattern(ids) | Test::Value { patterns: ids, .. } => {
                patterns.extend(ids.iter().map(|id| (*id, condition.span.clone())));
            }
            _ => {}
        });
        for (id, span) in patterns.into_iter().filter(|(id, _)| self.is_of_text(*id)).collect::<Vec<_>>() {
            let source = &self.rules.patterns().pattern(id).pattern.source;
            if matches_everything(id, self.rules) {
                let message = format!("the pattern `{}` matches every text", short(source));
                let hint = "leave it out, or say what must be there".to_owned();
                self.add(LintKind::MatchesEverything, rule, span, message, Some(hint));
            } else if self.without_literal.contains(&id) {
                let message = format!("the pattern `{}` has no word to look for first", short(source));
                let hint = "it is run on every mail; put in a word, or say allow = [\"no-literal\"]".to_owned();
                self.add(LintKind::NoLiteral, rule, span, message, Some(hint));
            }
        }
        let is_of_monitors = |condition: &Condition| match &condition.test {
            Test::Words { fact: Fact::Sender, words } => words.iter().all(|word| word == "monitor"),
            _ => false,
        };
        if (rule.correlate.is_some() || rule.recovers) && !required(&rule.when).into_iter().any(is_of_monitors) {
            let message = "the rule speaks of an alert, and only a monitor's mail is one".to_owned();
            let hint = "write sender = \"monitor\" into its condition".to_owned();
            self.add(LintKind::NotOfMonitors, rule, rule.span.clone(), message, Some(hint));
        }
        for Vain { key, why } in idle(rule) {
            let (kind, what) = match (key, &rule.calendar) {
                ("calendar", Some(calendar)) => (LintKind::IdleCalendar, format!("the calendar `{calendar}`")),
                _ => (LintKind::IdleOutcome, format!("what the rule says by `{key}`")),
            };
            let hint = "leave it out, or put it into a rule for the mails that it is meant for".to_owned();
            self.add(kind, rule, rule.span.clone(), format!("{what} hardly ever counts: {why}"), Some(hint));
        }
    }

    /// Whether the pattern looks at what every mail has. That a header field is there at all may be what is asked.
    fn is_of_text(&self, id: PatternId) -> bool {
        matches!(self.fields.get(&id), Some(Field::Subject | Field::Text | Field::Body))
    }

    /// Whether a required condition is hardly one.
    fn is_always(&self, condition: &Condition) -> bool {
        match &condition.test {
            Test::None(_) => true,
            Test::Any(inner) => inner.iter().any(|inner| self.is_always(inner)),
            Test::All(inner) => inner.iter().all(|inner| self.is_always(inner)),
            Test::Pattern(ids) => ids.iter().any(|id| self.is_of_text(*id) && matches_everything(*id, self.rules)),
            _ => false,
        }
    }

    /// For each rule those that may hold whenever it does: they have words in common, or one has none.
    fn neighbours(&self) -> Vec<Vec<usize>> {
        let of = |rule: &Rule| patterns_of(&rule.when, self.rules, FOLLOWED);
        let patterns: Vec<BTreeSet<PatternId>> = self.rules.rules.iter().map(of).collect();
        let mut by_key: HashMap<(&Field, String), Vec<usize>> = HashMap::new();
        for (place, patterns) in patterns.iter().enumerate() {
            for key in patterns.iter().flat_map(|pattern| self.known.keys(*pattern)) {
                by_key.entry(key).or_default().push(place);
            }
        }
        let without: Vec<usize> = (0..patterns.len()).filter(|place| patterns[*place].is_empty()).collect();
        let of = |place: usize| {
            let wider = patterns[place].iter().flat_map(|pattern| self.known.keys_of_wider(*pattern));
            let shared: Vec<usize> = wider.filter_map(|key| by_key.get(&key)).flatten().copied().collect();
            let mut near: Vec<usize> =
                shared.into_iter().chain(without.iter().copied()).filter(|other| *other != place).collect();
            near.sort_unstable();
            near.dedup();
            near
        };
        (0..patterns.len()).map(of).collect()
    }

    /// What can be said of a rule beside others.
    fn beside(&mut self, place: usize, neighbours: &[Vec<usize>]) {
        let all: &'a [Rule] = &self.rules.rules;
        let rule = &all[place];
        for other in &neighbours[place] {
            let wide = &all[*other];
            if wide.is_shadow != rule.is_shadow || !implies(&rule.when, &wide.when, &self.known) {
                continue;
            }
            let is_before = *other < place;
            let is_same = implies(&wide.when, &rule.when, &self.known);
            let at = format!("at {}:{}", wide.path, wide.line);
            if wide.stop && is_before {
                let message = format!("whenever the rule matches, `{}` has stopped before it", wide.name);
                self.add(LintKind::Shadowed, rule, rule.span.clone(), message, Some(at));
            } else if is_same && is_before && says_the_same(rule, wide) {
                let message = format!("the rule has the condition of `{}` and says the same", wide.name);
                self.add(LintKind::Duplicate, rule, rule.span.clone(), message, Some(at));
            } else if is_before || !all[place..*other].iter().any(|between| between.stop && !between.is_shadow) {
                for (does, vain) in outdone(rule, wide, is_before) {
                    let message = format!("whenever the rule matches, `{}` {does}: its {vain} never counts", wide.name);
                    self.add(LintKind::Overlap, rule, rule.span.clone(), message, Some(at.clone()));
                }
            }
        }
    }

    fn evidence(&mut self, rule: &Rule, evidence: &Evidence) {
        if evidence.reached.as_ref().is_some_and(|reached| !reached.contains(&rule.name)) {
            let message = "no case reaches the rule".to_owned();
            let hint = format!("write a mail with `expect rule={}` into the .cases beside it", rule.name);
            self.add(LintKind::NoCase, rule, rule.span.clone(), message, Some(hint));
        }
        if let Some(stored) = evidence.stored.as_ref().filter(|stored| stored.mails >= FEWEST_MAILS)
            && stored.matched.get(&rule.name).is_none_or(|count| *count == 0)
        {
            let message =
                format!("the rule matches none of the {} mails of the last {} days", stored.mails, stored.days);
            self.add(LintKind::NoRecentMatch, rule, rule.span.clone(), message, None);
        }
    }

    /// Takes back what the rule is allowed, and says where it is allowed something in vain.
    fn allowed(&mut self, rule: &Rule) {
        for kind in &rule.allow {
            let before = self.found.len();
            self.found.retain(|lint| lint.rule != rule.name || lint.lint != *kind);
            // What there was no look at may well be there.
            let is_looked_at = !matches!(kind, LintKind::NoCase | LintKind::NoRecentMatch);
            if self.found.len() == before && is_looked_at {
                let message = format!("the rule is allowed `{kind}`, and there is nothing of the kind");
                self.add(LintKind::NothingAllowed, rule, rule.span.clone(), message, None);
            }
        }
    }
}

fn says_the_same(one: &Rule, other: &Rule) -> bool {
    one.category == other.category
        && one.severity == other.severity
        && one.severity_cap == other.severity_cap
        && one.tier == other.tier
        && one.team == other.team
        && one.page.is_some() == other.page.is_some()
        && one.tags == other.tags
        && one.articles == other.articles
        && one.answer == other.answer
        && one.disposition == other.disposition
        && one.intent == other.intent
        && one.template == other.template
        && one.calendar == other.calendar
        && one.recovers == other.recovers
        && one.correlate == other.correlate
}

/// Texts of which a pattern matches some only if it asks for something.
const PROBES: [&str; 6] = ["", "a", "7", "\n", "!", "Der schnelle braune Fuchs, 12 mal."];

fn matches_everything(id: PatternId, rules: &RuleSet) -> bool {
    let regex = rules.patterns().pattern(id).pattern.regex();
    regex.is_some_and(|regex| PROBES.iter().all(|probe| regex.is_match(probe)))
}

fn leaves<'c>(condition: &'c Condition, call: &mut impl FnMut(&'c Condition)) {
    match &condition.test {
        Test::All(inner) | Test::Any(inner) | Test::None(inner) => {
            inner.iter().for_each(|inner| leaves(inner, call));
        }
        _ => call(condition),
    }
}

/// The patterns of a condition, and of the rules that it names.
fn patterns_of(condition: &Condition, rules: &RuleSet, depth: usize) -> BTreeSet<PatternId> {
    let mut patterns = BTreeSet::new();
    leaves(condition, &mut |condition| match &condition.test {
        Test::Pattern(ids) | Test::Value { patterns: ids, .. } => patterns.extend(ids.iter().copied()),
        Test::Rule(named) if depth > 0 => {
            named.iter().for_each(|rule| patterns.extend(patterns_of(&rules.rules[*rule].when, rules, depth - 1)));
        }
        _ => {}
    });
    patterns
}

fn short(source: &str) -> String {
    super::scan::shorten(source, 60)
}

#[cfg(test)]
mod tests;
