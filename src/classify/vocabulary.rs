//! Finds many literals in a text in one pass.
//!
//! Nearly all literals begin where a word does. Those are looked up word by word, as in a dictionary, and only the
//! others, if there are any, at every place.

use super::fold::ASCII;
use super::literal::Literal;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous;
use aho_corasick::{Anchored, BuildError};
use std::collections::{BTreeMap, HashMap};

/// How many letters into a word the automaton is laid out for speed; what follows is laid out for size.
const DENSE_DEPTH: usize = 4;

/// The number of a literal within its vocabulary.
pub(super) type LiteralId = u32;

/// The literals of one field.
pub(super) struct Vocabulary {
    /// Those that begin a word.
    words: Dictionary,
    /// The others.
    parts: Dictionary,
}

impl Vocabulary {
    pub(super) fn build(literals: HashMap<Literal, LiteralId>) -> Result<Self, BuildError> {
        let (words, parts): (Vec<_>, Vec<_>) = literals.into_iter().partition(|(literal, _)| literal.begins_word);
        Ok(Self { words: Dictionary::build(words)?, parts: Dictionary::build(parts)? })
    }

    /// Calls for every literal that stands in the folded text, and where it begins. Literals may overlap.
    pub(super) fn find(&self, text: &[u8], mut call: impl FnMut(LiteralId, usize)) {
        self.words.find_words(text, &mut call);
        self.parts.find_anywhere(text, &mut call);
    }
}

/// A literal, and whether a word ends with it.
struct Reading {
    literal: LiteralId,
    ends_word: bool,
}

struct Dictionary {
    automaton: contiguous::NFA,
    /// For each text of the automaton, the literals that have it.
    readings: Vec<Vec<Reading>>,
}

impl Dictionary {
    fn build(literals: Vec<(Literal, LiteralId)>) -> Result<Self, BuildError> {
        let mut texts: BTreeMap<String, Vec<Reading>> = BTreeMap::new();
        for (Literal { text, ends_word, .. }, literal) in literals {
            texts.entry(text).or_default().push(Reading { literal, ends_word });
        }
        let automaton = contiguous::Builder::new().prefilter(false).dense_depth(DENSE_DEPTH).build(texts.keys())?;
        Ok(Self { automaton, readings: texts.into_values().collect() })
    }

    fn find_words(&self, text: &[u8], call: &mut impl FnMut(LiteralId, usize)) {
        let Ok(start) = self.automaton.start_state(Anchored::Yes) else { return };
        let mut is_inside = false;
        for (begin, first) in text.iter().enumerate() {
            // A byte of a longer character may or may not be part of a word.
            let was_inside = std::mem::replace(&mut is_inside, is_word(*first));
            if was_inside || (first.is_ascii() && !is_inside) {
                continue;
            }
            let mut state = start;
            for (length, byte) in (1..).zip(&text[begin..]) {
                state = self.automaton.next_state(Anchored::Yes, state, ASCII[usize::from(*byte)]);
                if self.automaton.is_special(state) {
                    if self.automaton.is_dead(state) {
                        break;
                    }
                    // Shorter texts that end here, too, began inside the word.
                    self.read(state, text, begin + length, |found| found == length, call);
                }
            }
        }
    }

    fn find_anywhere(&self, text: &[u8], call: &mut impl FnMut(LiteralId, usize)) {
        let Ok(mut state) = self.automaton.start_state(Anchored::No) else { return };
        if self.readings.is_empty() {
            return;
        }
        for (end, byte) in (1..).zip(text) {
            state = self.automaton.next_state(Anchored::No, state, ASCII[usize::from(*byte)]);
            if self.automaton.is_special(state) {
                self.read(state, text, end, |_| true, call);
            }
        }
    }

    fn read(
        &self,
        state: StateID,
        text: &[u8],
        end: usize,
        has_length: impl Fn(usize) -> bool,
        call: &mut impl FnMut(LiteralId, usize),
    ) {
        if !self.automaton.is_match(state) {
            return;
        }
        let goes_on = text.get(end).is_some_and(|byte| is_word(*byte));
        for index in 0..self.automaton.match_len(state) {
            let found = self.automaton.match_pattern(state, index);
            let length = self.automaton.pattern_len(found);
            if has_length(length) {
                let readings = self.readings[found.as_usize()].iter().filter(|reading| !(reading.ends_word && goes_on));
                readings.for_each(|reading| call(reading.literal, end - length));
            }
        }
    }
}

#[inline]
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
