//! Which patterns can match a text, and where their matches can begin: one pass over the text for all patterns.
//!
//! What the pass costs depends on the text, and on how many of the literals stand in it, but hardly on how many
//! patterns there are.

use super::fold::Fold;
use super::literal::{Literal, known};
use super::vocabulary::{LiteralId, Vocabulary};
use aho_corasick::BuildError;
use regex_syntax::hir::{Hir, Look};
use std::collections::HashMap;

/// How many sets of literals are asked for before a pattern is run.
const MAX_NEEDED: usize = 3;

/// A pattern that can match.
pub(super) struct Candidate {
    /// Its place among the patterns of the prefilter.
    pub pattern: usize,
    /// Where its matches can begin, in order; `None` where that is not known.
    pub starts: Option<Vec<usize>>,
}

/// What a text must have for a pattern to match.
#[derive(Default)]
struct Needs {
    /// With one of these every match begins.
    opening: Option<Vec<LiteralId>>,
    /// One of each of these, besides the one that woke the pattern.
    also: Vec<Vec<LiteralId>>,
}

/// The patterns of a field, and the literals that tell which of them to run.
pub(super) struct Prefilter {
    fold: Fold,
    vocabulary: Vocabulary,
    /// For each literal, whether matches begin with it: only then it matters where it stands.
    opens: Vec<bool>,
    /// For each literal, the patterns to look at when it is found.
    wakes: Vec<Vec<u32>>,
    /// The patterns of which no literal is known.
    always: Vec<u32>,
    /// For each pattern.
    needs: Vec<Needs>,
}

impl Prefilter {
    pub(super) fn build<'h>(patterns: impl Iterator<Item = &'h Hir>) -> Result<Self, BuildError> {
        let mut fold = Fold::new();
        let mut ids: HashMap<Literal, LiteralId> = HashMap::new();
        let mut wakes: Vec<Vec<u32>> = Vec::new();
        let (mut always, mut needs) = (Vec::new(), Vec::new());
        for (at, hir) in patterns.enumerate() {
            let known = known(hir, &mut fold);
            let mut number = |literals: Vec<Literal>| -> Vec<LiteralId> {
                let number = |literal| {
                    let next = ids.len() as LiteralId;
                    *ids.entry(literal).or_insert(next)
                };
                literals.into_iter().map(number).collect()
            };
            // A match that can only begin where the text does is found fastest by trying it there.
            let begins_text = hir.properties().look_set_prefix().contains(Look::Start);
            let opening = known.opening.filter(|_| !begins_text).map(&mut number);
            let mut needed = known.needed.into_iter().take(MAX_NEEDED).map(&mut number);
            let waking = needed.next();
            let also = needed.filter(|set| Some(set) != opening.as_ref()).collect();
            wakes.resize_with(ids.len(), Vec::new);
            match waking {
                Some(literals) => literals.iter().for_each(|literal| wakes[*literal as usize].push(at as u32)),
                None => always.push(at as u32),
            }
            needs.push(Needs { opening, also });
        }
        let mut opens = vec![false; ids.len()];
        for literal in needs.iter().filter_map(|needs| needs.opening.as_ref()).flatten() {
            opens[*literal as usize] = true;
        }
        Ok(Self { fold, vocabulary: Vocabulary::build(ids)?, opens, wakes, always, needs })
    }

    /// The patterns that can match this text, each once.
    pub(super) fn candidates(&self, text: &str) -> Vec<Candidate> {
        let found = self.found(text);
        let seen = |set: &Vec<LiteralId>| set.iter().any(|literal| found.has(*literal));
        let mut woken = self.always.clone();
        woken.extend(found.literals.iter().flat_map(|literal| &self.wakes[*literal as usize]));
        woken.sort_unstable();
        woken.dedup();
        let possible = woken.into_iter().filter_map(|pattern| {
            let needs = &self.needs[pattern as usize];
            if !needs.also.iter().all(seen) {
                return None;
            }
            let starts = needs.opening.as_ref().map(|opening| found.places(opening));
            let is_possible = starts.as_ref().is_none_or(|starts| !starts.is_empty());
            is_possible.then_some(Candidate { pattern: pattern as usize, starts })
        });
        possible.collect()
    }

    fn found(&self, text: &str) -> Found {
        let seen = vec![0; self.opens.len().div_ceil(64)];
        let mut found = Found { seen, literals: Vec::new(), places: Vec::new() };
        let folded = self.fold.fold(text);
        self.vocabulary.find(folded.text.as_bytes(), |literal, at| {
            if !found.has(literal) {
                found.seen[literal as usize / 64] |= 1 << (literal % 64);
                found.literals.push(literal);
            }
            if self.opens[literal as usize] {
                found.places.push((literal, folded.origin(at) as u32));
            }
        });
        found.places.sort_unstable();
        found
    }
}

/// The literals found in one text.
struct Found {
    /// A bit for each literal there is.
    seen: Vec<u64>,
    /// Each of those that are seen, once.
    literals: Vec<LiteralId>,
    /// Those of them with which matches begin, with each of their places; sorted.
    places: Vec<(LiteralId, u32)>,
}

impl Found {
    fn has(&self, literal: LiteralId) -> bool {
        self.seen[literal as usize / 64] & (1 << (literal % 64)) != 0
    }

    /// Where any of these stand, in order.
    fn places(&self, literals: &[LiteralId]) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::new();
        for literal in literals.iter().filter(|literal| self.has(**literal)) {
            let from = self.places.partition_point(|(other, _)| other < literal);
            let same = self.places[from..].iter().take_while(|(other, _)| other == literal);
            places.extend(same.map(|(_, at)| *at as usize));
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}
