//! Reads a mail's words against the patterns of all rules: the dear part, which needs nothing but the mail.

use super::RuleSet;
use super::pattern::{Field, PatternId};
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
    let mut hits: Vec<Hit> = Vec::new();
    for set in rules.patterns().fields() {
        for (nth, value) in set.field.values(message).iter().enumerate().take(MAX_SCANNED_VALUES) {
            let text = cut(value);
            let is_ascii = text.is_ascii();
            for id in set.candidates(text) {
                let used = rules.patterns().pattern(id);
                let pattern = &used.pattern;
                let Some(begin) = pattern.begin(text, is_ascii) else { continue };
                let place = |range| Place { field: set.field.clone(), nth, range };
                let found = if used.measures { captures(&pattern.regex, text, &place) } else { Vec::new() };
                let range = match found.first() {
                    Some(first) => Some(first.place.range.clone()),
                    None => pattern.regex.find_at(text, begin).map(|found| found.range()),
                };
                if let Some(range) = range {
                    let excerpt = excerpt(&text[range.clone()]);
                    hits.push(Hit { pattern: id, place: place(range), excerpt, captured: found });
                }
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

fn captures(regex: &regex::Regex, text: &str, place: &dyn Fn(Range<usize>) -> Place) -> Vec<Captured> {
    let found = regex.captures_iter(text).take(MAX_CAPTURED).filter_map(|captures| {
        let whole = captures.get(0)?;
        Some(Captured {
            place: place(whole.range()),
            excerpt: excerpt(whole.as_str()),
            number: captures.name("value")?.as_str().to_owned(),
            unit: captures.name("unit").map(|unit| unit.as_str().to_owned()),
        })
    });
    found.collect()
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
    let words = text.split_whitespace().take(MAX_EXCERPT_CHARS).collect::<Vec<_>>().join(" ");
    shorten(&words, MAX_EXCERPT_CHARS)
}

/// The text, or its beginning with an ellipsis.
pub(super) fn shorten(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max_chars.saturating_sub(1)).chain(['…']).collect(),
    }
}
