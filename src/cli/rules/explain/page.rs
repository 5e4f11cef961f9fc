//! The page that explains one mail: what matched in its place, the verdict and its reasons, the rules, near ones too.

use super::marks::{Mark, Marker};
use crate::classify::{ConditionTrace, Context, Explanation, Field, Place, RuleId, RuleSet, RuleTrace};
use crate::cli::rules::trace::{Depth, Tracer};
use crate::cli::screen::{Screen, Tone, visible};
use crate::message::Message;
use crate::spoken::counted;
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

/// How many of the rules that came nearest are shown.
const NEAREST: usize = 5;
/// Before what stands beside a name such as `category`.
const BESIDE: usize = 15;

pub(super) struct Page<'a> {
    explanation: &'a Explanation,
    message: &'a Message,
    context: &'a Context,
    rules: &'a RuleSet,
    screen: &'a Screen,
    all: bool,
    marker: Marker<'a>,
    /// Where in the mail rules matched, by field and number of its text.
    marks: BTreeMap<(Field, usize), Vec<Mark>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        explanation: &'a Explanation,
        message: &'a Message,
        context: &'a Context,
        rules: &'a RuleSet,
        screen: &'a Screen,
        all: bool,
    ) -> Self {
        let mut names = Vec::new();
        let mut marks: BTreeMap<(Field, usize), Vec<Mark>> = BTreeMap::new();
        // What rules on trial saw is seen as well: nobody else tells it.
        for rule in explanation.rules.iter().filter(|rule| rule.counts || (rule.shadow && rule.matched)) {
            let places: Vec<&Place> =
                rule.condition.evidence().into_iter().filter_map(|seen| seen.place.as_ref()).collect();
            if places.is_empty() {
                continue;
            }
            let number = names.len();
            names.push(rule.rule.0.as_str());
            let mut ranges: BTreeMap<(Field, usize), Vec<Range<usize>>> = BTreeMap::new();
            for place in places {
                ranges.entry((place.field.clone(), place.nth)).or_default().push(place.range.clone());
            }
            for (at, ranges) in ranges {
                let of_rule = merged(ranges).into_iter().map(|range| Mark { range, rule: number });
                marks.entry(at).or_default().extend(of_rule);
            }
        }
        let width = screen.width.filter(|_| screen.is_terminal).map(usize::from);
        let marker = Marker { rules: names, width, styled: screen.styled, whole: all };
        Self { explanation, message, context, rules, screen, all, marker, marks }
    }

    /// Prints the page; `ticket` says on which one the mail is.
    pub(super) fn print(&self, ticket: Option<&str>, out: &mut dyn Write) -> anyhow::Result<()> {
        self.print_mail(ticket, out)?;
        self.print_verdict(out)?;
        self.print_title("Rules that matched", out)?;
        let (matched, others): (Vec<&RuleTrace>, Vec<&RuleTrace>) =
            self.explanation.rules.iter().partition(|rule| rule.matched);
        let tracer = Tracer {
            screen: self.screen,
            rules: self.rules,
            depth: if self.all { Depth::Whole } else { Depth::Decisive },
        };
        for rule in &matched {
            tracer.rule(rule, &self.name(&rule.rule), out)?;
        }
        if matched.is_empty() {
            writeln!(out, "  none")?;
        }
        if self.all {
            self.print_title("Rules that did not", out)?;
            return others.iter().try_for_each(|rule| tracer.rule(rule, &self.name(&rule.rule), out));
        }
        self.print_near(&others, &tracer, out)?;
        if !others.is_empty() {
            let did = if others.len() == 1 { "does" } else { "do" };
            writeln!(out, "\n{} {did} not match; --all shows every condition", counted(others.len(), "other rule"))?;
        }
        Ok(())
    }

    /// The rules that came nearest, each with what it lacked.
    fn print_near(&self, others: &[&RuleTrace], tracer: &Tracer<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
        let near = nearest(others);
        if near.is_empty() {
            return Ok(());
        }
        self.print_title("Rules that nearly did", out)?;
        for (rule, lacking) in near {
            writeln!(out, "  {} at {}:{}", self.name(&rule.rule), rule.path, rule.line)?;
            tracer.lacking(&lacking, out)?;
        }
        Ok(())
    }

    fn print_title(&self, title: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        Ok(writeln!(out, "\n{}", self.screen.paint(Tone::Strong, title))?)
    }

    /// A rule's name, in the colour in which its marks are.
    fn name(&self, rule: &RuleId) -> String {
        match self.marker.rules.iter().position(|name| *name == rule.0) {
            Some(place) if self.screen.styled => format!("{style}{rule}{style:#}", style = self.marker.style(place)),
            _ => self.screen.paint(Tone::Strong, &rule.0),
        }
    }

    fn print_mail(&self, ticket: Option<&str>, out: &mut dyn Write) -> anyhow::Result<()> {
        let author =
            self.message.author().map_or("nobody".to_owned(), |author| visible(&author.to_string()).into_owned());
        let (sender, auth) = (self.context.sender.as_str(), self.context.authentication.as_str());
        let known = format!("({sender}, authentication {auth}, thread {})", self.context.thread);
        writeln!(out, "From:    {}", self.screen.wrapped(&format!("{author} {known}"), 9))?;
        writeln!(out, "Subject: {}", self.marked(&Field::Subject, 0, &self.message.subject, 9))?;
        if let Some(ticket) = ticket {
            writeln!(out, "Ticket:  {ticket}")?;
        }
        // Other parts of the mail are shown where a rule matched on them.
        let elsewhere =
            self.marks.keys().filter(|(field, _)| !matches!(field, Field::Subject | Field::Text | Field::Body));
        for (field, nth) in elsewhere {
            let values = field.values(self.message);
            let name = format!("{field}: ");
            let value = values.get(*nth).map_or("", |value| value.as_ref());
            writeln!(out, "{name}{}", self.marked(field, *nth, value, name.chars().count()))?;
        }
        writeln!(out, "\n  {}", self.marked(&Field::Text, 0, &self.message.body.judged(), 2))?;
        if self.marks.contains_key(&(Field::Body, 0)) {
            self.print_title("The whole text, quotes and signature too", out)?;
            writeln!(out, "  {}", self.marked(&Field::Body, 0, &self.message.body.text, 2))?;
        }
        Ok(())
    }

    fn marked(&self, field: &Field, nth: usize, text: &str, indent: usize) -> String {
        let marks = self.marks.get(&(field.clone(), nth)).map_or([].as_slice(), Vec::as_slice);
        self.marker.show(text.trim_end(), marks, indent)
    }

    /// What the verdict says in one respect, and the rule behind it.
    fn print_said(&self, name: &str, value: &str, rule: Option<&RuleId>, out: &mut dyn Write) -> anyhow::Result<()> {
        let by = rule.map_or("by default".to_owned(), |rule| format!("by {rule}"));
        Ok(writeln!(out, "  {name:<12} {}", self.screen.wrapped(&format!("{value}, {by}"), BESIDE))?)
    }

    fn print_verdict(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let verdict = &self.explanation.verdict;
        self.print_title("Verdict", out)?;
        let title = self.rules.category_title(&verdict.category.value);
        let category = format!("{} ({title:?})", verdict.category.value);
        self.print_said("category", &category, verdict.category.rule.as_ref(), out)?;
        for (place, sum) in self.explanation.sums.iter().enumerate() {
            let sign = if place == 0 { "=" } else { " " };
            let rules: Vec<&str> = sum.rules.iter().map(|rule| rule.0.as_str()).collect();
            let from = format!("{} from {}", sum.category, rules.join(", "));
            writeln!(out, "             {sign} {:>4} {}", sum.sum, self.screen.wrapped(&from, BESIDE + 5))?;
        }
        let severity = &self.explanation.severity;
        self.print_said("severity", severity.result.as_str(), verdict.severity.rule.as_ref(), out)?;
        for (word, asked) in [("least", &severity.asked), ("most", &severity.caps)] {
            for (rule, severity) in asked {
                writeln!(out, "               at {word} {severity} by {rule}")?;
            }
        }
        if let Some(tier) = &verdict.tier {
            self.print_said("tier", tier.value.as_str(), tier.rule.as_ref(), out)?;
        }
        if let Some(team) = &verdict.team {
            self.print_said("team", &team.value.0, team.rule.as_ref(), out)?;
        }
        if verdict.page.value {
            self.print_said("page", "those on call are told at once", verdict.page.rule.as_ref(), out)?;
        }
        if let Some(intent) = &verdict.intent {
            self.print_said("intent", intent.value.as_str(), intent.rule.as_ref(), out)?;
        }
        if let Some(template) = &verdict.template {
            self.print_said("template", &template.value, template.rule.as_ref(), out)?;
        }
        if let Some(calendar) = &verdict.calendar {
            self.print_said("calendar", &visible(&calendar.value), calendar.rule.as_ref(), out)?;
        }
        if let Some(key) = &verdict.correlation {
            self.print_said("alert", &visible(&key.value), key.rule.as_ref(), out)?;
        }
        if verdict.recovers.value {
            self.print_said("recovers", "yes", verdict.recovers.rule.as_ref(), out)?;
        }
        for (name, words) in [("tags", &verdict.tags), ("articles", &verdict.articles)] {
            if !words.is_empty() {
                writeln!(out, "  {name:<12} {}", self.screen.wrapped(&words.join(", "), BESIDE))?;
            }
        }
        let answer = if verdict.answer.value { "acknowledged" } else { "never acknowledged" };
        self.print_said("answer", answer, verdict.answer.rule.as_ref(), out)?;
        self.print_said("disposition", verdict.disposition.value.as_str(), verdict.disposition.rule.as_ref(), out)?;
        Ok(writeln!(out, "  rule set     {}", verdict.version)?)
    }
}

/// The ranges in order, those that touch made one.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The rules that saw words of the mail and do not match for want of a condition or two, the nearest first.
fn nearest<'t>(rules: &[&'t RuleTrace]) -> Vec<(&'t RuleTrace, Vec<&'t ConditionTrace>)> {
    let mut near: Vec<_> = rules
        .iter()
        .filter(|rule| !rule.shadow)
        .filter_map(|rule| {
            let lacking = rule.condition.lacking();
            // Of a fact such as the sender that holds nobody would think the rule near.
            let has_words = rule.condition.has_words();
            (has_words && lacking.len() <= 2).then_some((*rule, lacking))
        })
        .collect();
    near.sort_by_key(|(_, lacking)| lacking.len());
    near.truncate(NEAREST);
    near
}
