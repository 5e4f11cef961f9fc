//! Tables of phrases that are searched for in one pass over a text, or at its beginning, however many there are.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{LazyLock, OnceLock};

/// A table of phrases in lower case.
///
/// They are put together when a text is first searched, in a way that is soon done: a program that reads one mail would
/// spend most of its time on a faster one. Where many texts are searched, that pays after all.
pub(super) struct Phrases {
    list: fn() -> Vec<&'static str>,
    in_either_case: bool,
    soon: OnceLock<Option<AhoCorasick>>,
    fast: OnceLock<Option<AhoCorasick>>,
    searches: AtomicUsize,
}

impl Phrases {
    /// The phrases that `list` gives.
    pub const fn new(list: fn() -> Vec<&'static str>) -> Self {
        Self::of(list, false)
    }

    /// The same for texts that are not in lower case; only letters of ASCII have two cases then.
    pub const fn in_either_case(list: fn() -> Vec<&'static str>) -> Self {
        Self::of(list, true)
    }

    const fn of(list: fn() -> Vec<&'static str>, in_either_case: bool) -> Self {
        let searches = AtomicUsize::new(0);
        Self { list, in_either_case, soon: OnceLock::new(), fast: OnceLock::new(), searches }
    }

    fn automaton(&self) -> Option<&AhoCorasick> {
        if let Some(fast) = self.fast.get() {
            return fast.as_ref();
        }
        let build = |kind| automaton((self.list)(), kind, self.in_either_case);
        if self.searches.fetch_add(1, Relaxed) < SEARCHES_THAT_PAY {
            self.soon.get_or_init(|| build(None)).as_ref()
        } else {
            self.fast.get_or_init(|| build(Some(AhoCorasickKind::DFA))).as_ref()
        }
    }

    /// Whether the text, which is in lower case, has one of them.
    pub fn are_in(&self, lower: &str) -> bool {
        self.automaton().is_some_and(|phrases| phrases.is_match(lower))
    }

    /// Those that the text has, by their places in the list.
    pub fn all_in(&self, lower: &str) -> impl Iterator<Item = usize> {
        let found = self.automaton().into_iter().flat_map(move |phrases| phrases.find_overlapping_iter(lower));
        found.map(|found| found.pattern().as_usize())
    }

    /// Where the first of them ends in the text.
    pub fn end_in(&self, lower: &str) -> Option<usize> {
        self.automaton()?.find(lower).map(|found| found.end())
    }

    /// Whether one of them stands in the text with no letter before or behind it. Scripts without blanks have no such
    /// edges.
    pub fn are_words_in(&self, lower: &str) -> bool {
        self.automaton().is_some_and(|phrases| {
            phrases.find_overlapping_iter(lower).any(|found| has_edges(lower, found.start(), found.end()))
        })
    }

    /// Whether the text ends with one of them, and no letter stands before it.
    pub fn end(&self, lower: &str) -> bool {
        let Some(phrases) = self.automaton() else { return false };
        // The longest of them, and the letter before it.
        let longest = phrases.max_pattern_len() + char::MAX.len_utf8();
        let tail = &lower[lower.floor_char_boundary(lower.len().saturating_sub(longest))..];
        let mut found = phrases.find_overlapping_iter(tail);
        found.any(|found| found.end() == tail.len() && has_edges(tail, found.start(), found.end()))
    }
}

/// An automaton for phrases. Where nobody says of which kind, it is of one that is soon put together.
pub(super) fn automaton(
    phrases: Vec<&str>,
    kind: Option<AhoCorasickKind>,
    in_either_case: bool,
) -> Option<AhoCorasick> {
    let kind = kind.or((phrases.len() > FEW_PHRASES).then_some(AhoCorasickKind::ContiguousNFA));
    let mut builder = AhoCorasick::builder();
    builder.kind(kind).dense_depth(DENSE_DEPTH).ascii_case_insensitive(in_either_case).build(phrases).ok()
}

/// So many phrases are as soon put together in the fastest way.
const FEW_PHRASES: usize = 32;

/// Searches after which a table is taken for one that goes on being searched.
const SEARCHES_THAT_PAY: usize = 4096;

/// How many letters of a phrase are looked up in full tables.
const DENSE_DEPTH: usize = 3;

fn has_edges(text: &str, start: usize, end: usize) -> bool {
    let is_written_with_blanks = text[start..end].starts_with(|c: char| c < '\u{e00}');
    let before = text[..start].chars().next_back();
    let behind = text[end..].chars().next();
    !is_written_with_blanks || !(before.is_some_and(char::is_alphabetic) || behind.is_some_and(char::is_alphabetic))
}

/// A table of phrases in lower case with which a text may begin.
pub(super) struct Beginnings(LazyLock<Sorted>);

/// The phrases that begin with each byte, each with the byte behind it where both are of ASCII: of hundreds only those
/// few are compared with a text.
pub(super) type Sorted = Vec<Vec<(Option<u8>, &'static str)>>;

impl Beginnings {
    /// The phrases that `sorted` gives, sorted by [`Beginnings::by_first_byte`] when a text is first looked at.
    pub const fn new(sorted: fn() -> Sorted) -> Self {
        Self(LazyLock::new(sorted))
    }

    pub fn by_first_byte(phrases: &[&'static str]) -> Sorted {
        let mut sorted = vec![Vec::new(); 256];
        for phrase in phrases {
            let mut bytes = phrase.bytes();
            let Some(first) = bytes.next() else { continue };
            let second = bytes.next().filter(|second| first.is_ascii() && second.is_ascii());
            sorted[usize::from(first)].push((second, *phrase));
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
        let behind = text.as_bytes().get(1).map(u8::to_ascii_lowercase);
        self.0[usize::from(byte)].iter().any(|(second, phrase)| {
            if second.is_some() && *second != behind {
                return false;
            }
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
        static TABLE: Phrases = Phrases::new(|| vec!["wrote", "escrito", "ha escrito", "写道"]);
        static EITHER: Phrases = Phrases::in_either_case(|| vec!["wrote"]);
        // The text, whether it has one, as a word, at its end.
        let cases = [
            ("ann wrote: ", (true, true, false)),
            ("ann wrote", (true, true, true)),
            ("typewrote", (true, false, false)),
            ("ann ha escrito", (true, true, true)),
            ("ann于今天写道", (true, true, true)),
            ("ann read", (false, false, false)),
            ("well, on a monday it was that ann ha escrito", (true, true, true)),
            ("well, on a monday it was that ann haescrito", (true, false, false)),
            ("é, and then wrote", (true, true, true)),
        ];
        // At first, and when it is clear that they go on being searched.
        for round in 0..SEARCHES_THAT_PAY {
            for (text, expected) in cases {
                let found = (TABLE.are_in(text), TABLE.are_words_in(text), TABLE.end(text));
                assert_eq!(found, expected, "{text}, round {round}");
            }
            assert_eq!(TABLE.end_in("ann wrote"), Some(9));
            assert!(EITHER.are_in("ann WROTE") && !TABLE.are_in("ann WROTE"));
        }
        assert!(TABLE.fast.get().is_some() && EITHER.fast.get().is_none());
    }
}
