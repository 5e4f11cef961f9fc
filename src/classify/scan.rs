//! Reads a mail's words against the patterns of all rules: the dear part, which needs nothing but the mail.

use super::RuleSet;
use super::cost::Step;
use super::matches::Matches;
use super::pattern::{Field, Pattern, PatternId};
use super::pattern_set::SetPattern;
use crate::message::Message;
use std::ops::Range;

/// How much of one text is searched. What follows after that was hardly written by a person.
pub const MAX_SCANNED_BYTES: usize = 128 << 10;
/// How many numbers one pattern may capture in one text. Looking for ever more of them would not be linear.
pub const MAX_CAPTURED: usize = 16;
/// How many texts of one field are searched: `Received` may stand in a mail thousands of times.
pub const MAX_SCANNED_VALUES: usize = 200;
/// The longest excerpt that is kept of a match.
pub const MAX_EXCERPT_CHARS: usize = 80;

/// Where in a mail something stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The field.
    pub field: Field,
    /// Which of the field's texts, counted from 0; more than 0 only for addresses and header fields.
    pub nth: usize,
    /// Where in the text, in bytes.
    pub range: Range<usize>,
}

/// What the patterns of a rule set found in a mail.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// Version of the rule set whose patterns they are.
    version: String,
    /// In the order of the patterns.
    hits: Vec<Hit>,
}

/// A pattern that matched.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hit {
    pub pattern: PatternId,
    pub place: Place,
    pub excerpt: String,
    /// The numbers captured, where the pattern measures.
    pub captured: Vec<Captured>,
}

/// A number that a pattern captured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Captured {
    pub place: Place,
    pub excerpt: String,
    pub number: String,
    pub unit: Option<String>,
}

impl Scan {
    /// The hit of this pattern.
    pub(super) fn find(&self, pattern: PatternId) -> Option<&Hit> {
        self.hits.binary_search_by_key(&pattern, |hit| hit.pattern).ok().map(|at| &self.hits[at])
    }

    /// Whether it was made with the patterns of this rule set.
    pub(super) fn is_of(&self, rules: &RuleSet) -> bool {
        self.version == rules.version()
    }

    /// All hits.
    pub(super) fn hits(&self) -> &[Hit] {
        &self.hits
    }
}

/// Finds every pattern of the rule set that matches this mail. Pure, total, and linear in the mail's size.
pub fn scan(message: &Message, rules: &RuleSet) -> Scan {
    scan_watched(message, rules, &mut |_| {})
}

/// The same, while somebody is told of each step when it is done.
pub(super) fn scan_watched(message: &Message, rules: &RuleSet, watch: &mut impl FnMut(Step)) -> Scan {
    let mut hits: Vec<Hit> = Vec::new();
    for set in rules.patterns().fields() {
        for (nth, value) in set.field.values(message).iter().enumerate().take(MAX_SCANNED_VALUES) {
            let text = cut(value);
            let is_ascii = text.is_ascii();
            let candidates = set.candidates(text);
            watch(Step::Together);
            for (id, starts) in candidates {
                let SetPattern { pattern, measures } = rules.patterns().pattern(id);
                let mut matches = Matches::new(pattern, text, is_ascii, starts.as_deref());
                let Some(first) = matches.next() else {
                    watch(Step::Pattern(id));
                    continue;
                };
                let place = |range| Place { field: set.field.clone(), nth, range };
                let all = std::iter::once(first.clone()).chain(matches).take(MAX_CAPTURED);
                let captured = if *measures { captured(pattern, text, all, &place) } else { Vec::new() };
                // Where numbers were captured, the first of them is what the pattern found.
                let range = captured.first().map_or(first, |captured| captured.place.range.clone());
                hits.push(Hit { pattern: id, excerpt: excerpt(&text[range.clone()]), place: place(range), captured });
                watch(Step::Pattern(id));
            }
        }
    }
    // Stable: of several values of a field the first that matches is kept.
    hits.sort_by_key(|hit| hit.pattern);
    hits.dedup_by(|later, first| {
        let same = later.pattern == first.pattern;
        if same {
            let room = MAX_CAPTURED.saturating_sub(first.captured.len());
            first.captured.extend(later.captured.drain(..).take(room));
        }
        same
    });
    Scan { version: rules.version().to_owned(), hits }
}

fn captured(
    pattern: &Pattern,
    text: &str,
    matches: impl Iterator<Item = Range<usize>>,
    place: &dyn Fn(Range<usize>) -> Place,
) -> Vec<Captured> {
    let captured = matches.filter_map(|range| {
        let (number, unit) = pattern.measured(text, range.clone())?;
        Some(Captured {
            excerpt: excerpt(&text[range.clone()]),
            place: place(range),
            number: number.to_owned(),
            unit: unit.map(str::to_owned),
        })
    });
    captured.collect()
}

/// The part of a text that is searched.
pub(super) fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_SCANNED_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn excerpt(text: &str) -> String {
    // Words are folded only as far as they are kept: a match may be as long as the text.
    let mut words = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        count += 1 + word.chars().count();
        if count > MAX_EXCERPT_CHARS + 1 {
            return shorten(&words, MAX_EXCERPT_CHARS);
        }
    }
    words
}

/// The text, or its beginning with an ellipsis.
pub(super) fn shorten(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max_chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests;
