//! Header blocks of mails as Outlook and others show them above what they quote: `From: … Sent: … To: … Subject: …`.

use super::labels::of_word;
use super::{has_address, has_date, has_date_and_time};
use crate::message::limits::{MAX_BLOCK_LINE_BYTES, MAX_BLOCK_LINES, MAX_LABEL_CHARS, MAX_WRAPPED_LINES};
use memchr::memmem;

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
/// It has `From` and two fields more; or two fields that no person writes by hand: an address and a date with a time. A
/// `From` of nothing but a time, as a table of trains has it, or in small letters needs a third field or a date.
pub(in crate::message) fn header_block(lines: &[&str]) -> Option<usize> {
    block(lines, false)
}

/// The same below a line that announces one, where `From` and any two fields more are enough.
pub(in crate::message) fn announced_block(lines: &[&str]) -> Option<usize> {
    block(lines, true)
}

fn block(lines: &[&str], is_announced: bool) -> Option<usize> {
    let count = fields(lines, is_announced)?;
    (!is_above_block(lines)).then_some(count)
}

/// Lines between such a line and the block.
const MAX_GAP: usize = 3;

/// Whether the first line only looks like a field, `Date: Monday at ten`, and a block that has a field of that kind itself
/// begins below it: it is the sender's.
fn is_above_block(lines: &[&str]) -> bool {
    let [above, below @ ..] = lines else { return false };
    // Outlook draws a line above its block.
    let is_gap = |line: &&&str| line.trim_matches([' ', '_', '-', '\t', '\u{a0}']).is_empty();
    let gap = below.iter().take(MAX_GAP).take_while(is_gap).count();
    let below = &below[gap..];
    let is_of = |line: &&str, wanted: Label| label(line).is_some_and(|(label, _)| label == wanted);
    if !below.first().is_some_and(|line| is_of(line, Label::From)) {
        return false;
    }
    let Some((first, _)) = label(above) else { return false };
    fields(below, false).is_some_and(|count| below[..count].iter().any(|line| is_of(line, first)))
}

fn fields(lines: &[&str], is_announced: bool) -> Option<usize> {
    let (first, value) = label(lines.first()?)?;
    if !matches!(first, Label::From | Label::Sent | Label::Subject) {
        return None;
    }
    if first == Label::From && is_whole_block(value) {
        return Some(1);
    }
    let mut seen = vec![first];
    let mut is_dated = first == Label::Sent && has_date_and_time(value);
    let mut has_day = first == Label::Sent && has_date(value);
    let mut is_addressed = first == Label::From && has_address(value);
    let mut is_named = first == Label::From && is_shown(lines[0], value);
    let mut end = 1;
    for (at, line) in lines.iter().enumerate().take(MAX_BLOCK_LINES).skip(1) {
        match label(line) {
            Some((label, value)) => {
                if label != Label::Other && !seen.contains(&label) {
                    seen.push(label);
                }
                is_dated |= label == Label::Sent && has_date_and_time(value);
                has_day |= label == Label::Sent && has_date(value);
                is_addressed |= matches!(label, Label::From | Label::To) && has_address(value);
                is_named |= label == Label::From && is_shown(line, value);
                end = at + 1;
            }
            // Some programs write the block with an empty line between its fields.
            None if line.trim().is_empty() && at == end && lines.get(at + 1).is_some_and(|l| label(l).is_some()) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let is_full = seen.contains(&Label::From)
        && (seen.len() >= 4 || seen.len() >= 3 && (is_announced || has_day || is_addressed || is_named));
    (is_full || is_dated && is_addressed && end <= seen.len() + 1).then_some(end)
}

/// Whether this line names somebody as a mail program shows it: its label begins with a capital, and it has a name.
fn is_shown(line: &str, value: &str) -> bool {
    let first = line.chars().find(|c| c.is_alphabetic());
    first.is_some_and(|c| !c.is_lowercase()) && value.contains(char::is_alphabetic)
}

/// Whether `lines` begin with the block of Lotus Notes, in which each label stands on a line of its own and the value
/// below it: who and when, then `To`, and further below `Subject`; or with what it puts above a block like others.
pub(in crate::message) fn stacked_block(lines: &[&str]) -> Option<usize> {
    stacked(lines).or_else(|| dashed(lines))
}

fn stacked(lines: &[&str]) -> Option<usize> {
    let [who, when, below @ ..] = lines else { return None };
    if !are_who_and_when(who, when) {
        return None;
    }
    let is_label = |line: &str, wanted: Label| {
        let line = line.trim();
        line.chars().count() <= MAX_LABEL_CHARS && of_word(&line.to_lowercase()) == Some(wanted)
    };
    let first = below.iter().take(MAX_STACKED_GAP + 1).position(|line| !line.trim().is_empty())?;
    if !is_label(below[first], Label::To) {
        return None;
    }
    let subject = below.iter().take(MAX_BLOCK_LINES).skip(first).position(|line| is_label(line, Label::Subject))?;
    Some((2 + first + subject + 2).min(lines.len()))
}

fn are_who_and_when(who: &str, when: &str) -> bool {
    // Nearly all lines have no date below them.
    let is_when = when.len() <= MAX_STACKED_DATE_BYTES && has_date_and_time(when) && !when.contains('@');
    is_when && !who.trim().is_empty() && who.len() <= MAX_LABEL_CHARS * 4
}

/// Who, when, and how the mail begins, which may be wrapped, above a block:
/// `Ann Example ---02.03.2026 09:30:11---Hello Bob, do you have`.
fn dashed(lines: &[&str]) -> Option<usize> {
    let line = lines.first()?;
    let (who, rest) = line.split_at(memmem::find(line.as_bytes(), b"---")?);
    let (when, _) = rest[3..].split_once("---")?;
    if !are_who_and_when(who, when) {
        return None;
    }
    let is_blank = |line: &&str| line.trim().is_empty();
    let words = lines.iter().take(MAX_WRAPPED_LINES + 1).position(is_blank)?;
    let gap = lines[words..].iter().take(MAX_STACKED_GAP).take_while(|line| is_blank(line)).count();
    announced_block(&lines[words + gap..]).map(|count| words + gap + count)
}

/// Bytes of the line with the date in such a block.
pub(super) const MAX_STACKED_DATE_BYTES: usize = 40;

/// Empty lines below it.
pub(super) const MAX_STACKED_GAP: usize = 2;

/// Whether what stands behind `From:` is the rest of a block that lost its line ends on the way:
/// `Ann <ann@…> Sent: Monday, 2 March 2026 09:30 To: Bob Subject: x`.
fn is_whole_block(value: &str) -> bool {
    if value.len() > MAX_BLOCK_LINE_BYTES || !has_date_and_time(value) {
        return false;
    }
    let mut seen: Vec<Label> = Vec::new();
    for (_, label, _) in labels_within(value) {
        if label != Label::Other && !seen.contains(&label) {
            seen.push(label);
        }
    }
    seen.contains(&Label::Sent) && seen.len() >= 2
}

/// The fields of a header block that lost its line ends on the way, also the blanks that were once there:
/// `From: Ann <ann@…>To: BobSent: Monday, 2 March 2026 09:30Subject: x`. None where it has its line ends.
pub(in crate::message) fn fields_on_line(line: &str) -> Vec<(Label, &str)> {
    let Some((Label::From, value)) = label(line).filter(|(_, value)| is_whole_block(value)) else { return Vec::new() };
    let starts: Vec<(usize, Label, usize)> = labels_within(value).collect();
    let mut fields = Vec::with_capacity(starts.len() + 1);
    let first = starts.first().map_or(value.len(), |(start, ..)| *start);
    fields.push((Label::From, &value[..first]));
    for (at, (_, label, value_at)) in starts.iter().enumerate() {
        // What a subject has behind it is its own.
        let end = if *label == Label::Subject { None } else { starts.get(at + 1).map(|(start, ..)| *start) };
        fields.push((*label, &value[*value_at..end.unwrap_or(value.len())]));
        if *label == Label::Subject {
            break;
        }
    }
    fields
}

/// The labels within a line: where each begins, and where its value does. Each begins behind what is no letter.
fn labels_within(value: &str) -> impl Iterator<Item = (usize, Label, usize)> {
    value.match_indices([':', '：']).filter_map(|(at, colon)| {
        let before = value[..at].trim_end_matches(['*', ' ', '\u{a0}']);
        let word = before.char_indices().rev().take(MAX_LABEL_CHARS).take_while(|(_, c)| c.is_alphabetic());
        let start = word.last().map(|(start, _)| start)?;
        Some((start, of_word(&before[start..].to_lowercase())?, at + colon.len()))
    })
}
