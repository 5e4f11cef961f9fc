//! Runs one pattern over one text: tried where a match can begin, or searched where that is not known.
//!
//! A pattern is tried only so often. In a text made to be dear, where matches seem to begin everywhere and each try
//! reads far, the rest is searched in one go, so that the time stays linear in the text.

use super::pattern::Pattern;
use regex_automata::util::iter::Searcher;
use regex_automata::{Anchored, Input};
use std::ops::Range;

/// How often a pattern may be tried anyway.
const FREE_TRIES: usize = 8;
/// A pattern whose matches are short may be tried once more for every so many bytes of text.
const BYTES_A_TRY: usize = 64;
/// The longest match that is called short.
pub(super) const SHORT_MATCH_BYTES: usize = 1024;

/// The matches of a pattern in a text, from left to right, none overlapping another.
pub(super) struct Matches<'a> {
    pattern: &'a Pattern,
    text: &'a str,
    is_ascii: bool,
    /// Where the next match may begin at the earliest.
    from: usize,
    way: Way<'a>,
    /// How many places were tried.
    pub(super) tries: usize,
}

enum Way<'a> {
    /// Trying the places where a match can begin.
    Try(&'a [usize]),
    /// Searching the rest of the text.
    Search(Option<Searcher<'a>>),
}

impl<'a> Matches<'a> {
    /// `starts` are all places where a match can begin, in order; none of the matches is empty then.
    pub(super) fn new(pattern: &'a Pattern, text: &'a str, is_ascii: bool, starts: Option<&'a [usize]>) -> Self {
        let way = starts.map_or(Way::Search(None), Way::Try);
        Self { pattern, text, is_ascii, from: 0, way, tries: 0 }
    }

    fn may_try(&self, start: usize) -> bool {
        let is_short = self.pattern.max_bytes.is_some_and(|most| most <= SHORT_MATCH_BYTES);
        self.tries < FREE_TRIES + if is_short { start / BYTES_A_TRY } else { 0 }
    }
}

impl Iterator for Matches<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let regex = self.pattern.regex()?;
        while let Way::Try(starts) = &mut self.way {
            let (start, rest) = starts.split_first()?;
            let start = *start;
            *starts = rest;
            if start < self.from {
                continue;
            }
            if !self.may_try(start) {
                self.from = start;
                self.way = Way::Search(None);
                break;
            }
            self.tries += 1;
            let end = self.pattern.max_bytes.map_or(self.text.len(), |most| self.text.len().min(start + most));
            let input = Input::new(self.text).span(start..end).anchored(Anchored::Yes);
            if let Some(found) = regex.search(&input) {
                self.from = found.end();
                return Some(found.range());
            }
        }
        let Way::Search(searcher) = &mut self.way else { return None };
        let searcher = match searcher {
            Some(searcher) => searcher,
            None => {
                let begin = self.pattern.begin(self.text, self.from, self.is_ascii)?;
                searcher.insert(Searcher::new(Input::new(self.text).range(begin..)))
            }
        };
        searcher.advance(|input| Ok(regex.search(input))).map(|found| found.range())
    }
}
