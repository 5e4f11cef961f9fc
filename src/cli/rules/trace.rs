//! How one rule came to match, or not to: its conditions, and what they saw.

use crate::classify::{ConditionTrace, Rule, RuleSet, RuleTrace, Seen};
use crate::cli::screen::{Screen, Tone, visible};
use std::io::Write;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many of several conditions are shown of which one would do.
const ALTERNATIVES: usize = 3;
/// As many columns a condition has at least, however narrow the screen.
const LEAST: usize = 24;

/// How much of a rule is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What decided: of a rule that matches the conditions that hold, of another one what it lacks.
    Decisive,
    /// Every condition.
    Whole,
}

/// Shows rules on a screen.
pub(super) struct Tracer<'a> {
    pub screen: &'a Screen,
    pub rules: &'a RuleSet,
    pub depth: Depth,
}

impl Tracer<'_> {
    /// One rule with its conditions; `+` holds, `-` does not. `name` is how it is called.
    pub(super) fn rule(&self, rule: &RuleTrace, name: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        let state = match (rule.counts, rule.matched) {
            (false, true) if rule.shadow => ", a shadow: it is recorded and does not count",
            (true, _) => "",
            (false, true) => ", matches but is not asked: a rule before it stops",
            (false, false) => ", does not match",
        };
        writeln!(out, "  {name} at {}:{}{state}", rule.path, rule.line)?;
        let says = self.rules.rule(&rule.rule.0).map(Rule::says).unwrap_or_default();
        if rule.matched && !says.is_empty() {
            let says = self.screen.wrapped(&says.join(", "), 4);
            writeln!(out, "    {}", self.screen.paint(Tone::Faint, &says))?;
        }
        match (self.depth, rule.matched) {
            (Depth::Whole, _) => self.condition(&rule.condition, 2, out),
            (Depth::Decisive, true) => self.holding(&rule.condition, 2, out),
            (Depth::Decisive, false) => self.lacking(&rule.condition.lacking(), out),
        }
    }

    /// What a rule lacks, or what is there and must not be.
    pub(super) fn lacking(&self, lacking: &[&ConditionTrace], out: &mut dyn Write) -> anyhow::Result<()> {
        for condition in lacking {
            let sign = if condition.holds { "but for" } else { "lacks" };
            if condition.inner.is_empty() {
                self.line(&format!("    {sign} "), condition, out)?;
                continue;
            }
            // Those that saw some words are what was meant, rather than the others.
            let mut alternatives: Vec<&ConditionTrace> = condition.inner.iter().collect();
            alternatives.sort_by_key(|alternative| (!alternative.has_words(), alternative.lacking().len()));
            writeln!(out, "    {sign} any of")?;
            for alternative in alternatives.iter().take(ALTERNATIVES) {
                let wanting = alternative.lacking();
                let first = wanting.first().map_or(*alternative, |first| *first);
                let more = if wanting.len() > 1 { " and more" } else { "" };
                self.line_with("      - ", first, more, out)?;
            }
            if let more @ 1.. = alternatives.len().saturating_sub(ALTERNATIVES) {
                writeln!(out, "      … {more} more")?;
            }
        }
        Ok(())
    }

    /// The conditions by which a condition holds.
    fn holding(&self, condition: &ConditionTrace, depth: usize, out: &mut dyn Write) -> anyhow::Result<()> {
        match condition.condition.as_str() {
            _ if condition.inner.is_empty() => self.line(&format!("{:1$}+ ", "", depth * 2), condition, out),
            "none" => {
                let count = condition.inner.len();
                let what = if count == 1 { "not what".to_owned() } else { format!("none of the {count} that") };
                Ok(writeln!(out, "{:1$}+ {what} must not be there", "", depth * 2)?)
            }
            _ => {
                condition.inner.iter().filter(|inner| inner.holds).try_for_each(|inner| self.holding(inner, depth, out))
            }
        }
    }

    /// A condition and all within it.
    fn condition(&self, condition: &ConditionTrace, depth: usize, out: &mut dyn Write) -> anyhow::Result<()> {
        let sign = if condition.holds { '+' } else { '-' };
        self.line(&format!("{:1$}{sign} ", "", depth * 2), condition, out)?;
        condition.inner.iter().try_for_each(|inner| self.condition(inner, depth + 1, out))
    }

    fn line(&self, lead: &str, condition: &ConditionTrace, out: &mut dyn Write) -> anyhow::Result<()> {
        self.line_with(lead, condition, "", out)
    }

    /// A condition, what it saw, and a remark; what does not fit on the line is cut, the condition before what it saw.
    fn line_with(
        &self,
        lead: &str,
        condition: &ConditionTrace,
        remark: &str,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let width = self.screen.width.map_or(usize::MAX, usize::from);
        let room = width.saturating_sub(lead.width() + remark.width());
        let saw = condition.seen.first().map(|seen| describe(seen, room.saturating_sub(LEAST))).unwrap_or_default();
        let written = cut(&visible(&condition.condition), room.saturating_sub(saw.width()).max(LEAST));
        let tone = if saw.is_empty() { Tone::Plain } else { Tone::Strong };
        Ok(writeln!(out, "{lead}{written}{}{remark}", self.screen.paint(tone, &saw))?)
    }
}

/// What a condition saw, and in which part of the mail, in at most so many columns.
fn describe(seen: &Seen, room: usize) -> String {
    let value = seen.value.as_ref().map_or(String::new(), |value| format!(" = {}", visible(value)));
    let (mark, place) = match &seen.place {
        Some(place) => ("\"", format!(" in {}", place.field)),
        None => ("", String::new()),
    };
    let around = "  saw ".len() + 2 * mark.len() + value.width() + place.width();
    let text = cut(&visible(&seen.text), room.saturating_sub(around).max(LEAST));
    format!("  saw {mark}{text}{mark}{value}{place}")
}

/// The text, or its beginning with an ellipsis.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut used = 1;
    let fit = text.chars().take_while(|c| {
        used += c.width().unwrap_or_default();
        used <= room
    });
    fit.chain(['…']).collect()
}
