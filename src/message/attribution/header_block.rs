//! Header blocks of mails as Outlook and others show them above what they quote: `From: … Sent: … To: … Subject: …`.

use super::labels::of_word;
use super::{has_address, has_date_and_time};
use crate::message::limits::{MAX_BLOCK_LINE_BYTES, MAX_BLOCK_LINES, MAX_LABEL_CHARS};

/// The fields of a header block as mail programs show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::message) enum Label {
    From,
    Sent,
    To,
    Cc,
    Subject,
    /// Something else that stands in such blocks.
    Other,
}

/// The label that a line begins with, quoted or bold or not, and what stands behind it.
pub(in crate::message) fn label(line: &str) -> Option<(Label, &str)> {
    let line = line.trim_start_matches([' ', '\t', '*', '_', '>', '|', '\u{a0}', '\u{200e}', '\u{200f}']);
    // Most lines have nothing that is, or begins, a colon where a label would end.
    let start = &line.as_bytes()[..line.len().min(MAX_LABEL_CHARS * 4)];
    memchr::memchr2(b':', "：".as_bytes()[0], start)?;
    let (at, colon) = line.char_indices().take(MAX_LABEL_CHARS).find(|(_, c)| matches!(c, ':' | '：'))?;
    let word = line[..at].trim_end_matches([' ', '*', '_', '\u{a0}']);
    let word = if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() };
    Some((of_word(&word)?, &line[at + colon.len_utf8()..]))
}

/// Whether `lines` begin with a header block; over how many lines it goes.
///
/// It has `From` and two fields more, or two fields that no person writes by hand: an address and a date with a time.
pub(in crate::message) fn header_block(lines: &[&str]) -> Option<usize> {
    let (first, value) = label(lines.first()?)?;
    if !matches!(first, Label::From | Label::Sent | Label::Subject) {
        return None;
    }
    if first == Label::From && is_whole_block(value) {
        return Some(1);
    }
    let mut seen = vec![first];
    let mut is_dated = first == Label::Sent && has_date_and_time(value);
    let mut is_addressed = first == Label::From && has_address(value);
    let mut end = 1;
    for (at, line) in lines.iter().enumerate().take(MAX_BLOCK_LINES).skip(1) {
        match label(line) {
            Some((label, value)) => {
                if label != Label::Other && !seen.contains(&label) {
                    seen.push(label);
                }
                is_dated |= label == Label::Sent && has_date_and_time(value);
                is_addressed |= matches!(label, Label::From | Label::To) && has_address(value);
                end = at + 1;
            }
            // Some programs write the block with an empty line between its fields.
            None if line.trim().is_empty() && at == end && lines.get(at + 1).is_some_and(|l| label(l).is_some()) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let is_full = seen.contains(&Label::From) && seen.len() >= 3;
    (is_full || is_dated && is_addressed && end <= seen.len() + 1).then_some(end)
}

/// Whether what stands behind `From:` is the rest of a block that lost its line ends on the way:
/// `Ann <ann@…> Sent: Monday, 2 March 2026 09:30 To: Bob Subject: x`.
fn is_whole_block(value: &str) -> bool {
    if value.len() > MAX_BLOCK_LINE_BYTES || !has_date_and_time(value) {
        return false;
    }
    let mut seen: Vec<Label> = Vec::new();
    for word in value.split_whitespace().filter_map(|word| word.trim_start_matches('*').strip_suffix([':', '：'])) {
        if let Some(label) = of_word(&word.trim_end_matches('*').to_lowercase())
            && label != Label::Other
            && !seen.contains(&label)
        {
            seen.push(label);
        }
    }
    seen.contains(&Label::Sent) && seen.len() >= 2
}
