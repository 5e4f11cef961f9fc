//! Phrases that speak for another severity than the rules gave, found in mails whose severity agents corrected.
//!
//! Of each candidate is asked how likely it is that so many of the mails with the phrase were corrected like that, were
//! the phrase to mean nothing: Fisher's exact test, one-sided, with Bonferroni's correction for having asked so often.
//! What passes is a candidate and no more; whether it does good is for mails to say that it was not found in.

use crate::message::Message;
use crate::ticket::Severity;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The longest phrase, in words.
pub const MAX_WORDS: usize = 3;
/// How many words of a mail are looked at.
pub const MAX_MAIL_WORDS: usize = 400;
/// How many corrected mails must have a phrase.
pub const MIN_SUPPORT: u64 = 3;
/// The greatest chance of being taken in by a phrase that means nothing, for all candidates together.
pub const MAX_CHANCE: f64 = 0.05;

/// What agents made of a mail: the severity they gave, and whether that was more than the rules said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Correction {
    /// The severity that the agent gave.
    pub to: Severity,
    /// Whether it is more than the rules said; else it is less.
    pub is_raised: bool,
}

/// A phrase that speaks for a correction.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Candidate {
    /// The phrase, in lower case.
    pub phrase: String,
    /// What it speaks for.
    pub correction: Correction,
    /// Mails with the phrase that were corrected like that.
    pub support: u64,
    /// All mails with the phrase.
    pub mails: u64,
    /// How many times as often as in all mails that correction is among those with the phrase.
    pub lift: f64,
    /// How likely as much support is by chance, corrected for the number of candidates.
    pub chance: f64,
}

/// Counts phrases in mails.
#[derive(Debug, Default)]
pub struct Miner {
    /// How often each correction was made.
    corrections: BTreeMap<Correction, u64>,
    /// For each candidate phrase the mails that have it, and how many of them had which correction.
    counts: BTreeMap<String, (u64, BTreeMap<Correction, u64>)>,
    mails: u64,
}

impl Miner {
    /// Takes the phrases of a corrected mail as candidates.
    pub fn propose(&mut self, phrases: &BTreeSet<String>) {
        for phrase in phrases {
            self.counts.entry(phrase.clone()).or_default();
        }
    }

    /// Counts a mail, after all candidates are known.
    pub fn count(&mut self, phrases: &BTreeSet<String>, correction: Option<Correction>) {
        self.mails += 1;
        if let Some(correction) = correction {
            *self.corrections.entry(correction).or_default() += 1;
        }
        for phrase in phrases {
            let Some((mails, corrected)) = self.counts.get_mut(phrase) else { continue };
            *mails += 1;
            if let Some(correction) = correction {
                *corrected.entry(correction).or_default() += 1;
            }
        }
    }

    /// The candidates that chance does not explain, the least likely first. Of phrases that are in the same mails the
    /// longest stands for all.
    pub fn candidates(&self) -> Vec<Candidate> {
        let asked: Vec<(&String, u64, Correction, u64)> = self
            .counts
            .iter()
            .flat_map(|(phrase, (mails, corrected))| {
                corrected.iter().map(move |(correction, support)| (phrase, *mails, *correction, *support))
            })
            .filter(|(.., support)| *support >= MIN_SUPPORT)
            .collect();
        let factorials = LogFactorials::up_to(self.mails);
        let mut candidates = Vec::new();
        for (phrase, mails, correction, support) in &asked {
            let all = self.corrections.get(correction).copied().unwrap_or_default();
            let chance = factorials.chance(*support, *mails, all, self.mails) * asked.len() as f64;
            if chance <= MAX_CHANCE {
                let lift = (*support as f64 / *mails as f64) / (all as f64 / self.mails as f64);
                candidates.push(Candidate {
                    phrase: (*phrase).clone(),
                    correction: *correction,
                    support: *support,
                    mails: *mails,
                    lift,
                    chance,
                });
            }
        }
        // Of phrases that say the same, the one with the most words that mean something, and none besides.
        let words = |candidate: &Candidate| {
            let words = || candidate.phrase.split(' ');
            (Reverse(words().filter(|word| is_meaningful(word)).count()), words().count())
        };
        candidates
            .sort_by(|a, b| a.chance.total_cmp(&b.chance).then(words(a).cmp(&words(b))).then(a.phrase.cmp(&b.phrase)));
        let mut kept: Vec<Candidate> = Vec::new();
        for candidate in candidates {
            let is_same = |other: &Candidate| {
                let is_part = other.phrase.contains(&candidate.phrase) || candidate.phrase.contains(&other.phrase);
                is_part && (other.support, other.mails) == (candidate.support, candidate.mails)
            };
            if !kept.iter().any(is_same) {
                kept.push(candidate);
            }
        }
        kept
    }
}

/// The phrases of a mail, of one to [`MAX_WORDS`] words, each once: whatever `phrase` in a rule would find.
pub fn phrases(message: &Message) -> BTreeSet<String> {
    let mut phrases = BTreeSet::new();
    let mut left = MAX_MAIL_WORDS;
    for text in [message.subject.as_str(), &message.body.judged()] {
        // Between two words of a phrase there is white space and nothing else.
        for run in text.split(|c: char| !(c.is_alphanumeric() || c.is_whitespace() || "-'’".contains(c))) {
            let words: Vec<String> = run
                .split_whitespace()
                .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
                .filter(|word| !word.is_empty())
                .take(left)
                .collect();
            left -= words.len();
            for length in 1..=MAX_WORDS {
                let worthy = |words: &&[String]| words.iter().any(|word| is_meaningful(word));
                phrases.extend(words.windows(length).filter(worthy).map(|words| words.join(" ")));
            }
        }
    }
    phrases
}

/// Whether a word says something by itself, as `of` and `the` do not.
fn is_meaningful(word: &str) -> bool {
    word.chars().filter(|c| c.is_alphabetic()).count() > 3
}

/// Logarithms of factorials.
struct LogFactorials(Vec<f64>);

impl LogFactorials {
    fn up_to(number: u64) -> Self {
        let mut logs = vec![0.0];
        let mut sum = 0.0;
        for factor in 1..=number {
            sum += (factor as f64).ln();
            logs.push(sum);
        }
        Self(logs)
    }

    /// The logarithm of how many ways there are to choose some out of so many.
    fn choose(&self, of: u64, some: u64) -> f64 {
        let log = |number: u64| self.0[usize::try_from(number).unwrap_or(usize::MAX)];
        log(of) - log(some) - log(of - some)
    }

    /// How likely it is that at least `support` of `drawn` mails are among the `marked` of `all`.
    fn chance(&self, support: u64, drawn: u64, marked: u64, all: u64) -> f64 {
        let whole = self.choose(all, drawn);
        let at_most = drawn.min(marked);
        let exactly = |found: u64| {
            if drawn - found > all - marked {
                return 0.0;
            }
            (self.choose(marked, found) + self.choose(all - marked, drawn - found) - whole).exp()
        };
        (support..=at_most).map(exactly).sum::<f64>().min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::tests::mail;

    #[test]
    fn phrases_are_words_with_nothing_but_white_space_between() {
        let found = phrases(&mail("Export", "The nightly  export, it fails."));
        let expected =
            ["export", "fails", "it fails", "nightly", "nightly export", "the nightly", "the nightly export"];
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn only_so_many_words_of_a_mail_are_looked_at() {
        for (name, before, expected) in
            [("at the limit", MAX_MAIL_WORDS - 2, true), ("one past", MAX_MAIL_WORDS - 1, false)]
        {
            // One word is the subject.
            let text = format!("{}needle", "of. ".repeat(before));
            assert_eq!(phrases(&mail("x", &text)).contains("needle"), expected, "{name}");
        }
    }

    #[test]
    fn chance_is_that_of_fishers_exact_test() {
        let factorials = LogFactorials::up_to(20);
        for (support, drawn, marked, all, expected) in [
            // A lady tastes eight cups of tea, four of them with the milk first, and names all four.
            (4, 4, 4, 8, 1.0 / 70.0),
            (3, 4, 4, 8, 17.0 / 70.0),
            (0, 4, 4, 8, 1.0),
            (1, 1, 5, 20, 0.25),
            (5, 20, 5, 20, 1.0),
        ] {
            let chance = factorials.chance(support, drawn, marked, all);
            assert!((chance - expected).abs() < 1e-9, "{support} of {drawn}, {marked} of {all}: {chance}");
        }
    }

    #[test]
    fn what_chance_explains_is_no_candidate() {
        let raised = Correction { to: Severity::Critical, is_raised: true };
        let words = |text: &str| phrases(&mail("x", text));
        let mut miner = Miner::default();
        let mails: Vec<(BTreeSet<String>, Option<Correction>)> = (0..100)
            .map(|number| match number {
                0..6 => (words("black screen everywhere, please help"), Some(raised)),
                6..50 => (words("please help with the export"), None),
                _ => (words("thanks for the invoice"), None),
            })
            .collect();
        mails.iter().filter(|(_, correction)| correction.is_some()).for_each(|(phrases, _)| miner.propose(phrases));
        mails.iter().for_each(|(phrases, correction)| miner.count(phrases, *correction));
        let found = miner.candidates();
        let told: Vec<_> = found.iter().map(|found| (found.phrase.as_str(), found.support, found.mails)).collect();
        assert_eq!(told, [("black screen everywhere", 6, 6)]);
        assert!((found[0].lift - 100.0 / 6.0).abs() < 1e-9);
        assert!(found[0].chance < 1e-6, "{}", found[0].chance);
    }
}
