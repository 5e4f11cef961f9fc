//! The line in our mails to agents above which they write, and what they wrote below it all the same.

use super::quotes::is_quoted;
use crate::message::attribution::{announced_block, attribution, has_date_and_time, label};

/// The line in the mails we send to agents above which they write. What stands below it is ours, not theirs.
pub const ANSWER_ABOVE: &str = "##- Please type your answer above this line -##";

/// A quoted line from this length on may have been wrapped by a program that marks only its beginning.
pub(super) const MIN_WRAPPED_BYTES: usize = 56;

/// Bytes of the last line of a mail of ours.
pub(super) const MAX_LAST_LINE_BYTES: usize = 100;

/// Lines that introduce what is quoted of a mail of ours, and how far above its marker the last of them stands.
pub(super) const MAX_INTRODUCTION_LINES: usize = 4;
pub(super) const MAX_LINES_BELOW: usize = 3;

/// How [`ANSWER_ABOVE`] begins, for a first look at a line.
const MARKER_START: &str = "##-";

/// The first line with [`ANSWER_ABOVE`] on it, quoted or wrapped into the next line or not.
pub(super) fn find(text: &str, lines: &[&str]) -> Option<usize> {
    memchr::memmem::find(text.as_bytes(), MARKER_START.as_bytes())?;
    let bare = |line: &str| line.trim_start_matches(['>', ' ', '|', '*', '\t']).trim_end().to_string();
    (0..lines.len()).find(|at| {
        let Some(start) = lines[*at].find(MARKER_START) else { return false };
        let mut text = bare(&lines[*at][start..]);
        if let Some(next) = lines.get(at + 1) {
            text.push(' ');
            text.push_str(&bare(next));
        }
        let mut words = text.split_whitespace();
        ANSWER_ABOVE.split(' ').all(|word| words.next().is_some_and(|w| w.starts_with(word)))
    })
}

/// Whether a quoted line looks like the last one of our mails, `Ref: PR-1042 · 1-2bk.MAC`. Whether it is one is for
/// others to check.
pub(super) fn is_last_line_of_ours(line: &str) -> bool {
    line.len() <= MAX_LAST_LINE_BYTES
        && line.trim_start_matches(['>', ' ']).starts_with("Ref: PR-")
        && line.contains(" · ")
}

/// Where the quoted lines begin among which the marker stands.
pub(super) fn quote_around(lines: &[&str], at: usize) -> usize {
    lines[..at].iter().rposition(|line| !is_quoted(line)).map_or(0, |above| above + 1)
}

/// Whether somebody wrote between quoted lines, the first of which is quoted by `>`.
///
/// Not what follows a long line without a gap: some programs wrap what they quote and mark only its beginning.
pub(super) fn has_words_between(lines: &[&str]) -> bool {
    let Some(last) = lines.iter().rposition(|line| is_quoted(line)).filter(|_| is_quoted(lines[0])) else {
        return false;
    };
    let is_own = |pair: &[&str]| {
        let (above, line) = (pair[0], pair[1]);
        let is_wrapped = is_quoted(above) && above.len() >= MIN_WRAPPED_BYTES;
        !is_quoted(line) && !line.trim().is_empty() && !is_wrapped
    };
    lines[..last].windows(2).any(is_own)
}

/// Where the lines begin that introduce what is quoted from `at` on, in whatever language: directly above it, with an
/// address that we gave to one person, which has a `+` before its `@`.
pub(super) fn introduction_of(lines: &[&str], at: usize) -> usize {
    let above = lines[..at].iter().rposition(|line| !line.trim().is_empty() && !is_quoted(line));
    let Some(last) = above.filter(|last| at - last <= MAX_LINES_BELOW) else { return at };
    let first = (last + 1).saturating_sub(MAX_INTRODUCTION_LINES);
    let first = lines[first..last].iter().rposition(|line| line.trim().is_empty()).map_or(first, |at| first + at + 1);
    let Some(names_us) = (first..=last).find(|at| is_ours(lines[*at])) else { return at };
    // A header block is looked for by itself.
    if (first..=last).any(|at| label(lines[at]).is_some() && announced_block(&lines[at..=last]).is_some()) {
        return at;
    }
    // Above it, in the same paragraph, may stand the last words of the answer.
    let is_whole = |at: &usize| attribution(&lines[*at..=last]).is_some_and(|(count, _)| *at + count == last + 1);
    // In a language that is not known, when it was sent stands on the line above.
    let is_wrapped = |at: &usize| has_date_and_time(lines[*at]) && attribution(&lines[*at..=*at]).is_none();
    let start = (first..=names_us).rev().find(is_whole).unwrap_or(names_us);
    start.checked_sub(1).filter(|above| *above >= first).filter(is_wrapped).unwrap_or(start)
}

/// Whether a line has an address that we gave to one person.
pub(super) fn is_ours(line: &str) -> bool {
    line.split(|c: char| c.is_whitespace() || "<>()[]:".contains(c)).any(is_sub_address)
}

/// `support+1042.1-2bk.MAC@desk.example`.
fn is_sub_address(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else { return false };
    let Some((_, token)) = local.split_once('+') else { return false };
    let is_token = token.starts_with(|c: char| c.is_ascii_digit()) && token.matches('.').count() >= 2;
    is_token && domain.contains('.')
}
