//! Header blocks of mails as Outlook and others show them above what they quote: `From: … Sent: … To: … Subject: …`.

use super::labels::LABELS;
use super::{has_address, has_date_and_time};
use crate::message::limits::{MAX_BLOCK_LINES, MAX_LABEL_CHARS};

/// The fields of a header block as mail programs show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::message) enum Label {
    From,
    Sent,
    To,
    Cc,
    Subject,
}

fn label(line: &str) -> Option<(Label, &str)> {
    let line = line.trim_start_matches([' ', '\t', '*', '_', '>', '|', '\u{a0}', '\u{200e}', '\u{200f}']);
    // Most lines have nothing that is, or begins, a colon where a label would end.
    let start = &line.as_bytes()[..line.len().min(MAX_LABEL_CHARS * 4)];
    memchr::memchr2(b':', "：".as_bytes()[0], start)?;
    let (at, colon) = line.char_indices().take(MAX_LABEL_CHARS).find(|(_, c)| matches!(c, ':' | '：'))?;
    let word = line[..at].trim_end_matches([' ', '*', '_', '\u{a0}']);
    let word = if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() };
    let (label, _) = LABELS.iter().find(|(_, words)| words.contains(&word.as_str()))?;
    Some((*label, &line[at + colon.len_utf8()..]))
}

/// Whether `lines` begin with a header block; over how many lines it goes.
///
/// It has `From` and two fields more, or two fields that no person writes by hand: an address and a date with a time.
pub(in crate::message) fn header_block(lines: &[&str]) -> Option<usize> {
    let (first, value) = label(lines.first()?)?;
    if !matches!(first, Label::From | Label::Sent | Label::Subject) {
        return None;
    }
    let mut seen = vec![first];
    let mut is_dated = first == Label::Sent && has_date_and_time(value);
    let mut is_addressed = first == Label::From && has_address(value);
    let mut end = 1;
    for (at, line) in lines.iter().enumerate().take(MAX_BLOCK_LINES).skip(1) {
        match label(line) {
            Some((label, value)) => {
                if !seen.contains(&label) {
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
