//! In which order rules are worked out, and which of them a mail can concern at all.

use super::diagnostic::{Findings, RuleErrorKind as Kind};
use super::pattern::PatternId;
use super::rule::{Condition, Rule, Test};
use std::ops::Range;

/// One rule names another one.
pub(super) struct Reference {
    pub from: usize,
    pub to: usize,
    pub file: usize,
    pub span: Range<usize>,
}

/// For each rule its place in an order in which every rule comes after those that it names.
///
/// Rules that wait for each other have no such order; each circle is a finding that names its path.
pub(super) fn rank(names: &[String], references: &[Reference], findings: &mut Findings<'_>) -> Vec<usize> {
    let count = names.len();
    let mut waiting_for = vec![0_usize; count];
    let mut named_by: Vec<Vec<usize>> = vec![Vec::new(); count];
    for reference in references {
        waiting_for[reference.from] += 1;
        named_by[reference.to].push(reference.from);
    }
    let mut ready: Vec<usize> = (0..count).filter(|rule| waiting_for[*rule] == 0).collect();
    let mut rank = vec![usize::MAX; count];
    let mut next = 0;
    while let Some(rule) = ready.get(next).copied() {
        rank[rule] = next;
        next += 1;
        for other in &named_by[rule] {
            waiting_for[*other] -= 1;
            if waiting_for[*other] == 0 {
                ready.push(*other);
            }
        }
    }
    if next < count {
        report_cycles(&rank, references, names, findings);
    }
    rank
}

fn report_cycles(rank: &[usize], references: &[Reference], rule_names: &[String], findings: &mut Findings<'_>) {
    let is_stuck = |rule: usize| rank[rule] == usize::MAX;
    let onward = |rule: usize| references.iter().find(|reference| reference.from == rule && is_stuck(reference.to));
    let mut walked = vec![false; rank.len()];
    for start in (0..rank.len()).filter(|rule| is_stuck(*rule)) {
        let mut path: Vec<&Reference> = Vec::new();
        let mut at = start;
        while !walked[at] {
            walked[at] = true;
            let Some(reference) = onward(at) else { break };
            path.push(reference);
            at = reference.to;
        }
        // Only a walk that comes back upon itself found a circle; else it ran into one that is reported already.
        let Some(entry) = path.iter().position(|reference| reference.from == at) else { continue };
        let name = |rule: usize| rule_names[rule].as_str();
        let mut names: Vec<&str> = path[entry..].iter().map(|reference| name(reference.from)).collect();
        names.push(name(at));
        let first = path[entry];
        let message = format!("rules wait for each other: {}", names.join(" → "));
        findings.add(first.file, first.span.clone(), Kind::Cycle, message);
    }
}

/// Which rules to look at when a pattern matches, and which to look at always.
pub(super) fn index(rules: &[Rule], rank: &[usize], pattern_count: usize) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut by_rank: Vec<usize> = (0..rules.len()).collect();
    by_rank.sort_by_key(|rule| rank[*rule]);
    let mut needs: Vec<Option<Vec<PatternId>>> = vec![None; rules.len()];
    for rule in by_rank {
        needs[rule] = needed(&rules[rule].when, &needs);
    }
    let mut awaiting = vec![Vec::new(); pattern_count];
    let mut always = Vec::new();
    for (rule, needs) in needs.into_iter().enumerate() {
        match needs {
            Some(patterns) => patterns.iter().for_each(|pattern| awaiting[pattern.0 as usize].push(rule)),
            None => always.push(rule),
        }
    }
    (awaiting, always)
}

/// Patterns of which one must match for the condition to hold; `None` where it may hold without any.
fn needed(condition: &Condition, rules: &[Option<Vec<PatternId>>]) -> Option<Vec<PatternId>> {
    let union = |sets: Vec<Option<Vec<PatternId>>>| {
        let mut union: Vec<PatternId> = sets.into_iter().collect::<Option<Vec<_>>>()?.concat();
        union.sort_unstable();
        union.dedup();
        Some(union)
    };
    match &condition.test {
        Test::All(inner) => inner.iter().filter_map(|inner| needed(inner, rules)).min_by_key(Vec::len),
        Test::Any(inner) => union(inner.iter().map(|inner| needed(inner, rules)).collect()),
        Test::Pattern(patterns) | Test::Value { patterns, .. } => union(vec![Some(patterns.clone())]),
        Test::Rule(named) => union(named.iter().map(|rule| rules[*rule].clone()).collect()),
        Test::None(_)
        | Test::Attachment { .. }
        | Test::HasAttachment(_)
        | Test::Size(_)
        | Test::Words { .. }
        | Test::Hours { .. }
        | Test::Automatic(_) => None,
    }
}
