//! Lines that separate a quoted or forwarded mail from the text above it: `-----Original Message-----`.

use super::phrases::{ABOVE, ANSWER, BEGIN, FORWARD, ORIGINAL};
use super::{IS_WROTE, ends_with_colon};
use crate::message::limits::MAX_SEPARATOR_BYTES;
use crate::message::search::{Beginnings, Phrases};

static IS_FORWARD: Phrases = Phrases::new(|| FORWARD.to_vec());
static IS_ORIGINAL: Phrases = Phrases::new(|| ORIGINAL.to_vec());
static IS_ABOVE: Phrases = Phrases::new(|| ABOVE.to_vec());
static ASKS_FOR_ANSWER: Phrases = Phrases::new(|| ANSWER.to_vec());
static MAY_BE_BARE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&[ORIGINAL, FORWARD].concat()));

/// What a line between rules says about the text below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::message) enum Separator {
    /// The mail that is answered.
    Original,
    /// A mail that is passed on, which is what the sender wants to show.
    Forward,
    /// The mail of a help desk, which asks to write above this line.
    AnswerAbove,
}

/// Bytes of a line that says where a forwarded mail begins; a longer one is a sentence.
pub(super) const MAX_BEGIN_BYTES: usize = 80;

/// Bytes of the longest words that announce a mail without rules.
pub(super) const MAX_BARE_BYTES: usize = 40;

/// Whether this line separates a quoted mail from the text above it.
pub(in crate::message) fn separator(line: &str) -> Option<Separator> {
    // Nearly all lines begin in a letter and do not end in a colon.
    if line.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) && !ends_with_colon(line) {
        return None;
    }
    let line = line.trim_matches(['*', ' ', '\t', '\u{a0}']);
    let is_ruled = line.len() > 6 && line.len() <= MAX_SEPARATOR_BYTES && starts_ruled(line);
    let is_begin = line.len() < MAX_BEGIN_BYTES && ends_with_colon(line);
    if !is_ruled && !is_begin {
        return None;
    }
    let words = line.trim_matches(|c: char| is_rule_char(c) || matches!(c, ' ' | ':' | '：' | '<' | '>'));
    if words.is_empty() {
        return None;
    }
    let words = words.to_lowercase();
    let begins = || FORWARD.contains(&words.as_str()) || BEGIN.iter().any(|word| words.starts_with(word));
    // Nearly all lines that end in a colon end the search here.
    if !is_ruled && !begins() {
        return None;
    }
    if IS_FORWARD.are_in(&words) {
        return Some(Separator::Forward);
    }
    if !is_ruled {
        return None;
    }
    // `---- Ann wrote ----`, which some telephones draw.
    let ends_ruled = line.ends_with("--");
    let is_attribution = ends_ruled && IS_WROTE.are_words_in(&words);
    // QQ has the one word `Original` in the language of the reader.
    let is_one_word = ends_ruled && matches!(words.as_str(), "original" | "原始邮件" | "原邮件" | "回复" | "引用");
    let is_original = is_attribution || is_one_word || IS_ORIGINAL.are_in(&words);
    if is_original {
        Some(Separator::Original)
    } else {
        (IS_ABOVE.are_in(&words) && ASKS_FOR_ANSWER.are_in(&words)).then_some(Separator::AnswerAbove)
    }
}

/// Whether words stand between rules, in whatever language. That is a separator only above a header block.
pub(in crate::message) fn is_between_rules(line: &str) -> bool {
    let line = line.trim();
    if line.len() > MAX_SEPARATOR_BYTES || !starts_ruled(line) {
        return false;
    }
    let mut end = line.chars().rev();
    end.next().is_some_and(is_rule_char) && end.next().is_some_and(is_rule_char)
}

/// `Original Message` without rules. That is a separator only above a header block.
pub(in crate::message) fn is_bare_separator(line: &str) -> bool {
    if line.len() > 2 * MAX_BARE_BYTES {
        return false;
    }
    let words = line.trim_matches([' ', '*', '\t', ':', '\u{a0}']);
    let may_be = words.len() <= MAX_BARE_BYTES && MAY_BE_BARE.begin(words);
    may_be && {
        let words = words.to_lowercase();
        ORIGINAL.contains(&words.as_str()) || FORWARD.contains(&words.as_str())
    }
}

fn is_rule_char(c: char) -> bool {
    matches!(c, '-' | '_' | '=' | '~' | '\u{2010}'..='\u{2015}' | '─' | '━' | '*' | '#')
}

fn starts_ruled(line: &str) -> bool {
    let mut chars = line.chars();
    chars.next().is_some_and(is_rule_char) && chars.next().is_some_and(is_rule_char)
}
