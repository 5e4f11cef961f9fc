//! What each rule costs. The engine tells of each step when it is done; the clock is somebody else's.

use super::pattern::PatternId;
use super::rule::{Condition, RuleSet, Test};
use super::scan::scan_watched;
use super::verdict::{asked, judge_watched};
use super::{Context, Verdict};
use crate::message::Message;

/// A step of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Something that is done once for all rules, however many there are.
    Together,
    /// A pattern was run on a text that has its words.
    Pattern(PatternId),
    /// The condition of a rule was worked out.
    Rule(usize),
}

/// What a step was done for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'c> {
    /// All rules together.
    Together,
    /// Each of these rules, by their places.
    Rules(&'c [usize]),
}

/// A mail that was judged while somebody watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// The verdict, the very one that [`classify`](super::classify) gives.
    pub verdict: Verdict,
    /// The places of the rules whose conditions had to be worked out.
    pub asked: Vec<usize>,
}

/// Which rules each pattern belongs to.
#[derive(Debug)]
pub struct Costs<'r> {
    rules: &'r RuleSet,
    owners: Vec<Vec<usize>>,
}

impl<'r> Costs<'r> {
    /// Those of these rules.
    pub fn of(rules: &'r RuleSet) -> Self {
        let mut owners = vec![Vec::new(); rules.patterns().len()];
        for (place, rule) in rules.rules.iter().enumerate() {
            own(&rule.when, place, &mut owners);
        }
        Self { rules, owners }
    }

    /// Judges a mail with the very engine that classifies mail. `watch` is called after each step.
    pub fn judge(&self, message: &Message, context: &Context, mut watch: impl FnMut(Part<'_>)) -> Watched {
        let mut watch = |step| match step {
            Step::Together => watch(Part::Together),
            Step::Pattern(pattern) => watch(Part::Rules(&self.owners[pattern.0 as usize])),
            Step::Rule(rule) => watch(Part::Rules(&[rule])),
        };
        let scan = scan_watched(message, self.rules, &mut watch);
        let verdict = judge_watched(&scan, message, context, self.rules, &mut watch);
        Watched { verdict, asked: asked(&scan, self.rules) }
    }
}

fn own(condition: &Condition, rule: usize, owners: &mut [Vec<usize>]) {
    match &condition.test {
        Test::All(inner) | Test::Any(inner) | Test::None(inner) => {
            inner.iter().for_each(|inner| own(inner, rule, owners));
        }
        Test::Pattern(patterns) | Test::Value { patterns, .. } => {
            for pattern in patterns {
                let owners = &mut owners[pattern.0 as usize];
                if owners.last() != Some(&rule) {
                    owners.push(rule);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::tests::mail;
    use crate::classify::{RuleFile, classify, compile};

    #[test]
    fn each_step_is_told_of_with_the_rules_that_it_was_done_for() {
        let text = "[[rule]]\nname = 'a'\nwhen = { text = 'alpha', none = [{ subject = 'shared' }] }\n\
                    [[rule]]\nname = 'b'\nwhen = { subject = 'shared' }\n\
                    [[rule]]\nname = 'c'\nwhen = { text = 'gamma' }\n\
                    [[rule]]\nname = 'd'\nwhen = { sender = 'agent' }\n";
        let rules = compile(&[RuleFile { path: "a".to_owned(), text: text.to_owned() }]).unwrap();
        let (mail, context) = (mail("shared", "alpha"), Context::default());
        let mut told = Vec::new();
        let watched = Costs::of(&rules).judge(&mail, &context, |part| match part {
            Part::Together => told.push(Vec::new()),
            Part::Rules(rules) => told.push(rules.to_vec()),
        });
        assert_eq!(watched.verdict, classify(&mail, &context, &rules));
        // A rule without patterns waits for nothing, and is asked of each mail.
        assert_eq!(watched.asked, [0, 1, 3]);
        told.retain(|rules| !rules.is_empty());
        told.sort();
        let (shared, alpha) = (vec![0, 1], vec![0]);
        assert_eq!(told, [alpha, vec![0], shared, vec![1], vec![3]]);
    }
}
