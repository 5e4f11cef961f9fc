//! What patterns are made of: the words or texts between their bars, so that a list of phrases can be seen to be part of
//! another one. Read from what is written, for `lint` alone.

use super::pattern::{Field, PatternId};
use super::rule::RuleSet;
use std::collections::HashMap;

/// In a phrase of more words no shorter one is looked for.
const MAX_WORDS: usize = 12;

/// Rules and what their patterns are made of.
pub(super) struct Known<'a> {
    pub rules: &'a RuleSet,
    patterns: HashMap<PatternId, (&'a Field, Vec<Alternative>)>,
}

/// One of the texts of which a pattern matches any.
#[derive(Debug, PartialEq, Eq)]
struct Alternative {
    source: String,
    /// The words of it, where it is whole words and nothing else.
    words: Vec<String>,
}

impl<'a> Known<'a> {
    pub(super) fn of(rules: &'a RuleSet) -> Self {
        let sets = rules.patterns().fields().iter();
        let ids = sets.flat_map(|set| set.ids().iter().map(move |id| (*id, &set.field)));
        let read = |id: PatternId| alternatives(&rules.patterns().pattern(id).pattern.source);
        let patterns = ids.map(|(id, field)| (id, (field, read(id)))).collect();
        Self { rules, patterns }
    }

    /// Whether one of the others matches wherever this pattern does.
    pub(super) fn is_covered(&self, id: PatternId, others: &[PatternId]) -> bool {
        let Some((field, narrow)) = self.patterns.get(&id) else { return false };
        let wide: Vec<&Alternative> = others
            .iter()
            .filter_map(|other| self.patterns.get(other))
            .filter(|(of, _)| of == field)
            .flat_map(|(_, all)| all)
            .collect();
        others.contains(&id) || narrow.iter().all(|narrow| wide.iter().any(|wide| wide.covers(narrow)))
    }

    /// By what a pattern is found as one that may match wherever another one does.
    pub(super) fn keys(&self, id: PatternId) -> Vec<(&'a Field, String)> {
        let of = self.patterns.get(&id);
        of.map(|(field, all)| all.iter().map(|one| (*field, one.key())).collect()).unwrap_or_default()
    }

    /// The keys of the patterns that may match wherever this one does.
    pub(super) fn keys_of_wider(&self, id: PatternId) -> Vec<(&'a Field, String)> {
        let Some((field, all)) = self.patterns.get(&id) else { return Vec::new() };
        all.iter().flat_map(Alternative::wider).map(|source| (*field, source)).collect()
    }
}

impl Alternative {
    /// Whether it matches wherever the other one does.
    fn covers(&self, other: &Self) -> bool {
        let count = self.words.len();
        self.source == other.source
            || (count > 0
                && other.words.len() <= MAX_WORDS
                && other.words.windows(count).any(|words| words == self.words))
    }

    /// By what it is found: its words, else as it is written.
    fn key(&self) -> String {
        if self.words.is_empty() { self.source.clone() } else { self.words.join(" ") }
    }

    /// The keys of those that match wherever it does: itself, and the shorter phrases in it.
    fn wider(&self) -> Vec<String> {
        let mut sources = vec![self.key()];
        if self.words.len() <= MAX_WORDS {
            for from in 0..self.words.len() {
                let ends = from + 1..=self.words.len();
                sources.extend(ends.map(|end| self.words[from..end].join(" ")));
            }
        }
        sources
    }
}

/// The texts between the bars of a pattern. One with flags for the rest of it is left whole.
fn alternatives(source: &str) -> Vec<Alternative> {
    let mut texts = vec![String::new()];
    let (mut depth, mut in_class) = (0_usize, false);
    let mut chars = source.chars().peekable();
    let mut is_whole = false;
    while let Some(c) = chars.next() {
        match c {
            '|' if depth == 0 && !in_class => {
                texts.push(String::new());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                depth += 1;
                is_whole |= chars.peek() == Some(&'?');
            }
            ')' if !in_class => depth = depth.saturating_sub(1),
            _ => {}
        }
        let Some(text) = texts.last_mut() else { break };
        text.push(c);
        if c == '\\' {
            text.extend(chars.next());
        }
    }
    if is_whole || depth > 0 || in_class {
        texts = vec![source.to_owned()];
    }
    texts.into_iter().map(|source| Alternative { words: words(&source).unwrap_or_default(), source }).collect()
}

/// The words of a text that is whole words with white space between them.
fn words(source: &str) -> Option<Vec<String>> {
    let inner = source.strip_prefix(r"\b")?.strip_suffix(r"\b")?;
    let is_word = |word: &str| {
        let plain = word.replace("['’]", "'");
        let mut edges = [plain.chars().next(), plain.chars().next_back()].into_iter();
        // What stands at its edges decides whether a border of words is there.
        edges.all(|edge| edge.is_some_and(char::is_alphanumeric))
            && plain.chars().all(|c| c.is_alphanumeric() || c == '\'')
    };
    let words: Vec<&str> = inner.split(r"\s+").collect();
    words.iter().all(|word| is_word(word)).then(|| words.into_iter().map(str::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(source: &str) -> Alternative {
        let mut all = alternatives(source);
        assert_eq!(all.len(), 1, "{source}");
        all.remove(0)
    }

    #[test]
    fn a_pattern_is_read_between_its_bars() {
        for (name, source, expected) in [
            ("one", r"\bdown\b", vec![r"\bdown\b"]),
            ("two", r"\bdown\b|dead", vec![r"\bdown\b", "dead"]),
            ("in a group", "a(b|c)|d", vec!["a(b|c)", "d"]),
            ("in a class", "[a|b]|c", vec!["[a|b]", "c"]),
            ("escaped", r"a\|b|\[c|d", vec![r"a\|b", r"\[c", "d"]),
            ("flags for all of it", "(?-i)a|b", vec!["(?-i)a|b"]),
        ] {
            let read: Vec<String> = alternatives(source).into_iter().map(|one| one.source).collect();
            assert_eq!(read, expected, "{name}");
        }
    }

    #[test]
    fn a_phrase_covers_those_that_have_it_in_them() {
        for (name, wide, narrow, expected) in [
            ("the same", r"\bdown\b", r"\bdown\b", true),
            ("at the end", r"\bdown\b", r"\bis\s+down\b", true),
            ("in the middle", r"\bis\s+down\b", r"\bit\s+is\s+down\s+again\b", true),
            ("whatever its case", r"\bdown\b", r"\bIs\s+Down\b", true),
            ("with an apostrophe", r"\bcan['’]t\b", r"\bcan['’]t\s+log\b", true),
            ("more than is there", r"\bis\s+down\b", r"\bdown\b", false),
            ("a part of a word", r"\bdown\b", r"\bdowntime\b", false),
            ("with another in between", r"\bis\s+down\b", r"\bis\s+not\s+down\b", false),
            ("a pattern of no words", r"down", r"is\s+down", false),
            ("a word with a sign", r"\bc\b", r"\bc\+\+", false),
            ("any sign", r"\ba\b", r"\ba.b\b", false),
        ] {
            assert_eq!(one(wide).covers(&one(narrow)), expected, "{name}");
            let is_found = one(narrow).wider().contains(&one(wide).key());
            assert!(!expected || is_found, "{name}: it would not be looked at");
        }
    }
}
