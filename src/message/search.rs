//! Tables of phrases that are searched for in one pass over a text, or at its beginning, however many there are.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::LazyLock;

/// A table of phrases in lower case.
pub(super) struct Phrases(LazyLock<Option<AhoCorasick>>);

impl Phrases {
    /// The phrases that `build` gives; they are put together when a text is first searched.
    pub const fn new(build: fn() -> Option<AhoCorasick>) -> Self {
        Self(LazyLock::new(build))
    }

    /// An automaton for these phrases. For many it is of the kind that is soon put together: a program that reads one
    /// mail would spend most of its time on a faster one.
    pub fn automaton<P: AsRef<[u8]>>(phrases: impl IntoIterator<Item = P>) -> Option<AhoCorasick> {
        let phrases: Vec<P> = phrases.into_iter().collect();
        let kind = (phrases.len() > FEW_PHRASES).then_some(AhoCorasickKind::ContiguousNFA);
        AhoCorasick::builder().kind(kind).dense_depth(DENSE_DEPTH).build(phrases).ok()
    }

    /// Whether the text, which is in lower case, has one of them.
    pub fn are_in(&self, lower: &str) -> bool {
        self.0.as_ref().is_some_and(|phrases| phrases.is_match(lower))
    }

    /// Where the first of them ends in the text.
    pub fn end_in(&self, lower: &str) -> Option<usize> {
        self.0.as_ref()?.find(lower).map(|found| found.end())
    }

    /// Whether one of them stands in the text with no letter before or behind it. Scripts without blanks have no such
    /// edges.
    pub fn are_words_in(&self, lower: &str) -> bool {
        self.any(lower, |start, end| has_edges(lower, start, end))
    }

    /// Whether the text ends with one of them, and no letter stands before it.
    pub fn end(&self, lower: &str) -> bool {
        self.any(lower, |start, end| end == lower.len() && has_edges(lower, start, end))
    }

    fn any(&self, lower: &str, is_wanted: impl Fn(usize, usize) -> bool) -> bool {
        let Some(phrases) = self.0.as_ref() else { return false };
        phrases.find_overlapping_iter(lower).any(|found| is_wanted(found.start(), found.end()))
    }
}

/// So many phrases are as soon put together in the fastest way.
const FEW_PHRASES: usize = 32;

/// How many letters of a phrase are looked up in full tables.
const DENSE_DEPTH: usize = 3;

fn has_edges(text: &str, start: usize, end: usize) -> bool {
    let is_written_with_blanks = text[start..end].starts_with(|c: char| c < '\u{e00}');
    let before = text[..start].chars().next_back();
    let behind = text[end..].chars().next();
    !is_written_with_blanks || !(before.is_some_and(char::is_alphabetic) || behind.is_some_and(char::is_alphabetic))
}

/// A table of phrases in lower case with which a text may begin.
pub(super) struct Beginnings(LazyLock<Vec<Vec<&'static str>>>);

impl Beginnings {
    /// The phrases that `sorted` gives, sorted by [`Beginnings::by_first_byte`] when a text is first looked at.
    pub const fn new(sorted: fn() -> Vec<Vec<&'static str>>) -> Self {
        Self(LazyLock::new(sorted))
    }

    /// The phrases that begin with each byte: of hundreds only those few are compared with a text.
    pub fn by_first_byte(phrases: &[&'static str]) -> Vec<Vec<&'static str>> {
        let mut sorted = vec![Vec::new(); 256];
        for phrase in phrases {
            phrase.bytes().next().into_iter().for_each(|byte| sorted[usize::from(byte)].push(*phrase));
        }
        sorted
    }

    /// Whether the text, were it in lower case, would begin with one of them.
    pub fn begin(&self, text: &str) -> bool {
        let lower = || text.chars().flat_map(char::to_lowercase);
        let Some(first) = text.chars().next() else { return false };
        let byte = match first.is_ascii() {
            true => (first as u8).to_ascii_lowercase(),
            false => lower().next().map_or(0, |first| first.encode_utf8(&mut [0; 4]).as_bytes()[0]),
        };
        self.0[usize::from(byte)].iter().any(|phrase| {
            if phrase.is_ascii() {
                let start = text.as_bytes().get(..phrase.len());
                return start.is_some_and(|start| start.eq_ignore_ascii_case(phrase.as_bytes()));
            }
            let mut letters = lower();
            phrase.chars().all(|letter| letters.next() == Some(letter))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_found_in_either_case() {
        static TABLE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&["sent from ", "s", "école", "在"]));
        let cases = [
            ("Sent from my telephone", true),
            ("SENT", true),
            ("École de Paris", true),
            ("在 2026", true),
            ("eat", false),
            ("é", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(TABLE.begin(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_found_whole_and_phrases_anywhere() {
        static TABLE: Phrases = Phrases::new(|| AhoCorasick::new(["wrote", "escrito", "ha escrito", "写道"]).ok());
        // The text, whether it has one, as a word, at its end.
        let cases = [
            ("ann wrote: ", (true, true, false)),
            ("ann wrote", (true, true, true)),
            ("typewrote", (true, false, false)),
            ("ann ha escrito", (true, true, true)),
            ("ann于今天写道", (true, true, true)),
            ("ann read", (false, false, false)),
        ];
        for (text, expected) in cases {
            assert_eq!((TABLE.are_in(text), TABLE.are_words_in(text), TABLE.end(text)), expected, "{text}");
        }
        assert_eq!(TABLE.end_in("ann wrote"), Some(9));
    }
}
