//! How a verdict came about: every rule with every condition, what it saw and where.

use super::condition::{Facts, Seen};
use super::rule::{Condition, Rule, RuleSet, Test};
use super::scan::scan;
use super::verdict::{counted, matches, sums, verdict};
use super::{Context, RuleId, Verdict};
use crate::message::Message;
use crate::ticket::Severity;
use std::cell::OnceCell;

/// A verdict and its whole history.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Explanation {
    /// The verdict, the very one that [`classify`](super::classify) gives.
    pub verdict: Verdict,
    /// Every rule, in the order of the files.
    pub rules: Vec<RuleTrace>,
    /// What each category gathered, the winner first.
    pub sums: Vec<CategorySum>,
    /// What raised and what capped the severity.
    pub severity: SeverityTrace,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct RuleTrace {
    /// The rule.
    pub rule: RuleId,
    /// The path of its file.
    pub path: String,
    /// Its line there.
    pub line: usize,
    /// Whether its condition holds.
    pub matched: bool,
    /// Whether it counts: it matched, is no shadow, and no rule before it stopped the others.
    pub counts: bool,
    /// Whether it is only tried out.
    pub shadow: bool,
    /// Its condition.
    pub condition: ConditionTrace,
}

/// What became of one condition.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ConditionTrace {
    /// The condition as written, shortened.
    pub condition: String,
    /// Its line in the file of its rule, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// Whether it holds.
    pub holds: bool,
    /// What it saw.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Seen>,
    /// The conditions that it joins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<ConditionTrace>,
}

impl ConditionTrace {
    /// The conditions in it that join no others, in the order in which they are written.
    pub fn leaves(&self) -> Vec<&ConditionTrace> {
        match self.inner.as_slice() {
            [] => vec![self],
            inner => inner.iter().flat_map(ConditionTrace::leaves).collect(),
        }
    }

    /// The conditions for want of which this one does not hold; those under `none` that hold are among them.
    pub fn lacking(&self) -> Vec<&ConditionTrace> {
        match (self.holds, self.condition.as_str()) {
            (true, _) => Vec::new(),
            (false, "none") => {
                let holding = self.inner.iter().filter(|inner| inner.holds);
                holding.flat_map(ConditionTrace::leaves).filter(|leaf| leaf.holds).collect()
            }
            // One of them would be enough; which one was meant nobody knows.
            (false, "any") => vec![self],
            (false, _) if self.inner.is_empty() => vec![self],
            (false, _) => self.inner.iter().flat_map(ConditionTrace::lacking).collect(),
        }
    }

    /// Whether some words of the mail are what the condition asks for, whatever else it lacks.
    pub fn has_words(&self) -> bool {
        match self.inner.as_slice() {
            _ if self.condition == "none" => false,
            [] => self.holds && self.seen.iter().any(|seen| seen.place.is_some()),
            inner => inner.iter().any(ConditionTrace::has_words),
        }
    }

    /// Everything seen by the conditions that hold, those under `none` left out.
    pub fn evidence(&self) -> Vec<&Seen> {
        if !self.holds || self.condition == "none" {
            return Vec::new();
        }
        // Of several numbers the one that decides stands first; of patterns each has its own.
        let measured = self.seen.iter().any(|seen| seen.value.is_some());
        let own = self.seen.iter().take(if measured { 1 } else { usize::MAX });
        own.chain(self.inner.iter().flat_map(ConditionTrace::evidence)).collect()
    }
}

/// What one category gathered.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct CategorySum {
    /// The category.
    pub category: String,
    /// The sum of the weights.
    pub sum: f64,
    /// The rules that gave them.
    pub rules: Vec<RuleId>,
}

/// How the severity was found.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SeverityTrace {
    /// What it is when no rule asks for one.
    pub default: Severity,
    /// Each rule that asks for at least one, and for which.
    pub asked: Vec<(RuleId, Severity)>,
    /// Each rule that allows no more than one, and which.
    pub caps: Vec<(RuleId, Severity)>,
    /// What it became.
    pub result: Severity,
}

/// Classifies the message and keeps the reasons. Runs the very engine that classifies mail.
pub fn explain(message: &Message, context: &Context, rules: &RuleSet) -> Explanation {
    let scan = scan(message, rules);
    let language = OnceCell::new();
    let matched = matches(&scan, message, context, &language, rules, &mut |_| {});
    let facts = Facts { scan: &scan, message, context, matched: &matched, language: &language, rules };
    let counted = counted(&matched, rules);
    let verdict = verdict(&facts, &counted, rules);
    let counting: Vec<&Rule> = counted.iter().map(|place| &rules.rules[*place]).collect();
    let mut sums: Vec<CategorySum> = sums(&counting)
        .into_iter()
        .map(|(category, sum, by)| CategorySum {
            category: category.to_owned(),
            sum,
            rules: by.iter().map(|rule| rule.name.clone()).collect(),
        })
        .collect();
    // Stable: of equal sums the one whose rule stands first stays first.
    sums.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    let asking = |ask: fn(&Rule) -> Option<Severity>| {
        counting.iter().filter_map(|rule| Some((rule.name.clone(), ask(rule)?))).collect()
    };
    let severity = SeverityTrace {
        default: context.default_severity,
        asked: asking(|rule| rule.severity),
        caps: asking(|rule| rule.severity_cap),
        result: verdict.severity.value,
    };
    let traces = rules.rules.iter().enumerate().map(|(place, rule)| RuleTrace {
        rule: rule.name.clone(),
        path: rule.path.clone(),
        line: rule.line,
        matched: matched[place],
        counts: counted.contains(&place),
        shadow: rule.is_shadow,
        condition: trace(&facts, &rule.when, rules),
    });
    Explanation { rules: traces.collect(), verdict, sums, severity }
}

fn trace(facts: &Facts<'_>, condition: &Condition, rules: &RuleSet) -> ConditionTrace {
    let inner = match &condition.test {
        Test::All(inner) | Test::Any(inner) | Test::None(inner) => inner.as_slice(),
        _ => &[],
    };
    ConditionTrace {
        condition: condition.written.clone(),
        line: condition.place.0,
        column: condition.place.1,
        holds: facts.holds(condition),
        seen: facts.seen(condition, &|rule| rules.rules[rule].name.0.clone()),
        inner: inner.iter().map(|inner| trace(facts, inner, rules)).collect(),
    }
}
