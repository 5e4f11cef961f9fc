//! Tables of phrases that are searched for in one pass over a text, however many there are.

use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// A table of phrases in lower case.
pub(super) struct Phrases(LazyLock<Option<AhoCorasick>>);

impl Phrases {
    /// The phrases that `build` gives; they are put together when a text is first searched.
    pub const fn new(build: fn() -> Option<AhoCorasick>) -> Self {
        Self(LazyLock::new(build))
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

fn has_edges(text: &str, start: usize, end: usize) -> bool {
    let is_written_with_blanks = text[start..end].starts_with(|c: char| c < '\u{e00}');
    let before = text[..start].chars().next_back();
    let behind = text[end..].chars().next();
    !is_written_with_blanks || !(before.is_some_and(char::is_alphabetic) || behind.is_some_and(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

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
