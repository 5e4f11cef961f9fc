//! Which lines of a text are quoted, and which quoted lines stay because answers stand between them.

use super::super::attribution::{self, Label, Separator, Strength, attribution, header_block};
use super::super::limits::MAX_ATTRIBUTION_BYTES;
use super::super::regions::{Region, What};
use super::marker::{introduction_of, is_last_line_of_ours, is_ours};
use super::signature::is_name;
use super::unread::is_of_a_program;
use super::{Hints, Kind, is_closing};
use std::ops::Range;

/// Lines below what is quoted that are no answer when they begin with a closing: `Regards,`, a name, a company.
pub(super) const MAX_CLOSING_LINES: usize = 3;

/// Lines above a quote that its HTML says introduce it.
pub(super) const MAX_INTRODUCTION_LINES: usize = 6;

/// A quoted line from this length on may have been wrapped by a program that did not mark what it wrapped.
pub(super) const MIN_WRAPPED_BYTES: usize = 60;

/// Bytes of a line that may introduce lines which are all that a text has.
pub(super) const MAX_INTRODUCED_BYTES: usize = 500;

/// Letters of the initials that some programs put before the `>`.
pub(super) const MAX_INITIALS: usize = 4;

/// What [`mark`] found besides the lines.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    /// Where the words begin of a mail that is shown below an introduction, when the sender wrote nothing above it.
    pub words_at: Option<usize>,
    /// They stand below a header block, which is below answers as well as in mails that are passed on.
    pub is_below_headers: bool,
    /// The line that may introduce another mail, between words and the mail of ours that they answer.
    pub above_ours: Option<usize>,
}

/// What the HTML of a text says about each of its lines; nothing for most mails.
pub(super) fn hints_by_line(text: &str, lines: &[&str], regions: &[Region]) -> Vec<Option<What>> {
    if regions.is_empty() {
        return Vec::new();
    }
    let start = text.as_ptr() as usize;
    let mut hints = vec![None; lines.len()];
    let starts = lines.iter().map(|line| line.as_ptr() as usize - start).collect::<Vec<_>>();
    for region in regions {
        let first = starts.partition_point(|at| *at < region.start);
        let end = starts.partition_point(|at| *at < region.end);
        let end = if region.what == What::Signature { end } else { (first + 1).min(end) };
        for hint in &mut hints[first..end.max(first)] {
            hint.get_or_insert(region.what);
        }
    }
    hints
}

/// Marks what is quoted, from the line with our marker on it at the latest.
pub(super) fn mark(lines: &[&str], marker: Option<usize>, hinted: &[Option<What>], kinds: &mut [Kind]) -> Quotes {
    if let Some(at) = marker {
        let end = introduction_of(lines, at);
        kinds[end..].fill(Kind::Quote);
        return mark_part(&lines[..end], Below::Notification, hinted, &mut kinds[..end]);
    }
    let Some(ours) = mail_of_ours(lines) else { return mark_part(lines, Below::Nothing, hinted, kinds) };
    let start = introduction_of(lines, ours.start);
    let found = mark_part(&lines[..start], Below::Ours, hinted, &mut kinds[..start]);
    kinds[start..ours.start].fill(Kind::Introduction);
    kinds[ours.clone()].fill(Kind::Quoted);
    mark_part(&lines[ours.end..], Below::Nothing, hinted.get(ours.end..).unwrap_or_default(), &mut kinds[ours.end..]);
    Quotes { above_ours: None, ..found }
}

/// The lines that quote one whole mail of ours, each of them marked with `>`: that it is one its last line says.
fn mail_of_ours(lines: &[&str]) -> Option<Range<usize>> {
    let last = lines.iter().rposition(|line| is_quoted(line) && is_last_line_of_ours(line))?;
    let start = lines[..last].iter().rposition(|line| !is_quoted(line)).map_or(0, |above| above + 1);
    let end = lines[last..].iter().position(|line| !is_quoted(line)).map_or(lines.len(), |below| last + below);
    (!lines[..start].iter().any(|line| is_quoted(line))).then_some(start..end)
}

/// What stands below a part of a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    Nothing,
    /// A mail of ours, quoted whole.
    Ours,
    /// One for agents, from the line on above which they write.
    Notification,
}

/// Marks what is quoted in a part of a mail, perhaps the one above a mail of ours.
fn mark_part(lines: &[&str], below: Below, hinted: &[Option<What>], kinds: &mut [Kind]) -> Quotes {
    let is_above_ours = below != Below::Nothing;
    let mut above_ours = None;
    let mut at = 0;
    let mut has_words = false;
    let mut has_introduction = false;
    while at < lines.len() {
        let rest = &lines[at..];
        let line = lines[at];
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        if is_arrowed(line) {
            kinds[at..].fill(Kind::Quote);
            return Quotes { above_ours, ..Quotes::default() };
        }
        if is_quoted(line) || has_introduction && is_quoted_oddly(rest) {
            let count = 1 + unmarked_rest(rest);
            kinds[at..at + count].fill(Kind::Quoted);
            at += count;
            continue;
        }
        let separator = attribution::separator(line);
        if separator == Some(Separator::AnswerAbove) && !has_words {
            // What a help desk writes to somebody is that mail's words.
            kinds[at] = Kind::Introduction;
            at += 1;
            continue;
        }
        // Between words and the mail of ours that they answer, which is certain, nothing else is quoted whole: what looks
        // like it is the sender's.
        let has_words_above_ours = |count: usize| is_above_ours && !rest[count..].iter().all(|line| is_blank(line));
        let is_of_our_mail =
            |count: usize| !has_words_above_ours(count) || rest[..count].iter().any(|line| is_ours(line));
        if let Some(kind) = separator {
            if is_of_our_mail(attribution::announced_block(&rest[1..]).map_or(1, |count| 1 + count)) {
                kinds[at..].fill(Kind::Quote);
                let words_at = (kind == Separator::Forward && !has_words).then(|| behind_header_block(lines, at + 1));
                return Quotes { words_at, above_ours, ..Quotes::default() };
            }
            let is_known = attribution::is_bare_separator(line.trim_matches(['-', '_', ' ']));
            if is_known || attribution::announced_block(&rest[1..]).is_some() {
                above_ours.get_or_insert(at);
            }
        }
        if let Some(count) = header_block_below(rest) {
            // A trip has a start and a date as well, but nobody to whom it is.
            let is_to = |line: &&str| attribution::label(line).is_some_and(|(label, _)| label == Label::To);
            let is_a_mails = rest[..count].iter().any(is_to);
            // Who answers somebody that has answered us quotes both, and the second as that one's program did. What is
            // passed on has a line above it.
            let has_address = || rest[..count].iter().any(|line| line.contains('@'));
            let is_answered = below == Below::Ours && is_a_mails && above_ours.is_none() && has_address();
            if is_of_our_mail(count) || is_answered {
                kinds[at..].fill(Kind::Quote);
                let words_at = (!has_words).then_some(at + count);
                return Quotes { words_at, is_below_headers: true, above_ours };
            }
            if is_a_mails {
                above_ours.get_or_insert(at);
            }
        }
        let hint = hinted.get(at).copied().flatten();
        if hint == Some(What::Quote) {
            kinds[at..].fill(Kind::Quote);
            return Quotes { words_at: (!has_words).then_some(at), is_below_headers: true, above_ours };
        }
        let most = MAX_INTRODUCTION_LINES.min(rest.len());
        let ends_here = (is_above_ours && most == rest.len()).then_some(most);
        if hint == Some(What::Introduction)
            && let Some(count) = rest[..most].iter().position(|line| is_quoted(line)).or(ends_here)
        {
            kinds[at..at + count].fill(Kind::Introduction);
            has_introduction = true;
            at += count;
            continue;
        }
        let attribution = attribution(rest).filter(|(count, _)| *count == 1 || !attribution::is_above_one(rest));
        let Some((count, strength)) = attribution else {
            has_words = true;
            at += 1;
            continue;
        };
        let below = rest[count..].iter().position(|line| !line.trim().is_empty()).map(|below| &rest[count + below..]);
        match below {
            // Answers may stand between the quoted lines, so the rest is looked at line by line.
            Some(below) if is_quoted(below[0]) || is_quoted_oddly(below) => {
                kinds[at..at + count].fill(Kind::Introduction);
                has_introduction = true;
                at += count;
            }
            // Whoever quotes without `>` writes above the quote. With nothing above it, the words below are all there
            // is, and one attribution is all that tells them from a reply.
            Some(_) if strength == Strength::Certain && !has_words && !is_above_ours && !has_introduction => {
                kinds[at..at + count].fill(Kind::Introduction);
                has_introduction = true;
                at += count;
            }
            Some(_) if strength == Strength::Certain && !is_above_ours => {
                kinds[at..].fill(Kind::Quote);
                return Quotes { above_ours, ..Quotes::default() };
            }
            None if strength == Strength::Certain || is_above_ours => {
                kinds[at..].fill(Kind::Quote);
                return Quotes { above_ours, ..Quotes::default() };
            }
            _ => {
                // A line of a log has an address and a date, too.
                if strength == Strength::Certain && is_above_ours && rest[..count].iter().any(|line| line.contains('<'))
                {
                    above_ours.get_or_insert(at);
                }
                has_words = true;
                at += 1;
            }
        }
    }
    // A text in which all is quoted by hand, and nothing says by whom.
    let is_all_quoted = !has_words && !has_introduction && !is_above_ours;
    let is_introduced =
        |line: &&str| line.len() <= MAX_INTRODUCED_BYTES && line.trim_start_matches(['>', ' ']).ends_with(':');
    // A mail of ours that comes back without a word says nothing: its words are ours, not the sender's.
    let may_show = is_all_quoted && !lines.iter().any(|line| is_introduced(line) || is_last_line_of_ours(line));
    Quotes { words_at: may_show.then_some(0), is_below_headers: false, above_ours }
}

fn is_blank(line: &str) -> bool {
    line.trim_matches(['>', ' ', '\t']).is_empty()
}

pub(super) fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Whether the line is that of a program that draws arrows on both sides of who wrote and when, and marks nothing below
/// it: `>>> Ann Example <ann@example.com> 3/2/2026 9:00 AM >>>`.
fn is_arrowed(line: &str) -> bool {
    let inside = line.strip_prefix(">>> ").and_then(|line| line.trim_end().strip_suffix(" >>>"));
    inside.is_some_and(|inside| inside.len() <= MAX_ATTRIBUTION_BYTES && attribution::has_date_and_time(inside))
}

/// Whether the line is quoted in a way that is believed only below an attribution: `| `, or a name before the `>`.
fn is_quoted_oddly(lines: &[&str]) -> bool {
    let is_barred = |line: &str| line.trim_start().strip_prefix('|').is_some_and(|rest| !rest.ends_with('|'));
    let is_named = |line: &str| {
        let line = line.trim_start();
        let initials = line.bytes().take(MAX_INITIALS).take_while(u8::is_ascii_uppercase).count();
        initials > 0 && line[initials..].starts_with('>')
    };
    let line = lines[0];
    is_barred(line) || is_named(line)
}

/// Lines below a long quoted one that a program wrapped without marking them.
fn unmarked_rest(lines: &[&str]) -> usize {
    let [above, rest, below, ..] = lines else { return 0 };
    let is_rest = !is_quoted(rest)
        && is_quoted(below)
        && is_quoted(above)
        && above.len() >= MIN_WRAPPED_BYTES
        && rest.starts_with(|c: char| c.is_lowercase() || c == '<')
        && above.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | '-' | '<' | '('));
    usize::from(is_rest)
}

/// Whether a header block begins here, with or without a line drawn above it, and how many lines that is.
fn header_block_below(lines: &[&str]) -> Option<usize> {
    if let Some(count) = header_block(lines).or_else(|| attribution::stacked_block(lines)) {
        return Some(count);
    }
    if !attribution::is_between_rules(lines[0]) && !attribution::is_bare_separator(lines[0]) {
        return None;
    }
    let below = lines[1..].iter().take(2).take_while(|line| line.trim().is_empty()).count() + 1;
    attribution::announced_block(lines.get(below..)?).map(|count| below + count)
}

fn behind_header_block(lines: &[&str], mut at: usize) -> usize {
    while at < lines.len() && lines[at].trim().is_empty() {
        at += 1;
    }
    at + attribution::announced_block(&lines[at..]).unwrap_or(0)
}

/// Makes quoted lines part of the reply that stand below words and apart from what is quoted as a whole: somebody has
/// put them there. Says whether there are any.
pub(super) fn keep_below_words(lines: &[&str], kinds: &mut [Kind]) -> bool {
    let (mut has_words, mut is_kept) = (false, false);
    for (line, kind) in lines.iter().zip(kinds) {
        has_words |= *kind == Kind::Reply && !is_blank(line);
        if has_words && *kind == Kind::Quoted && !is_blank(line) {
            *kind = Kind::Reply;
            is_kept = true;
        }
    }
    is_kept
}

/// Makes all that is quoted part of the reply of a mail that answers none: its sender shows it, be it a mail that went
/// astray, a page of a log, or the fields of a form. What is passed on without a word is shown by itself.
pub(super) fn keep_what_answers_nothing(lines: &[&str], found: &Quotes, is_forward: bool, kinds: &mut [Kind]) {
    let has_words = lines.iter().zip(&*kinds).any(|(line, kind)| *kind == Kind::Reply && !is_blank(line));
    if has_words || !is_forward || found.words_at.is_none() {
        let quoted = kinds.iter_mut().filter(|kind| kind.is_cut_as(Kind::Quote));
        quoted.for_each(|kind| *kind = Kind::Reply);
    }
}

/// Makes quoted lines part of the reply where the sender's words stand below them and above them, or below them and
/// above others: without them nobody can understand the answers.
///
/// In HTML they must stand between quoted lines: servers put their disclaimers below a quote of which only its markup
/// tells where it ends.
///
/// A whole mail of ours answers nothing by itself: words above it and below it are cut off it like others.
pub(super) fn keep_between_answers(lines: &[&str], hints: &Hints, kinds: &mut [Kind]) -> bool {
    let is_word = |at: usize, kinds: &[Kind]| kinds[at] == Kind::Reply && !lines[at].trim().is_empty();
    let Some(last_word) = (0..lines.len()).rev().find(|at| is_word(*at, kinds)) else { return false };
    let Some(last_quoted) = kinds[..last_word].iter().rposition(|kind| *kind == Kind::Quoted) else { return false };
    let first_quoted = kinds.iter().position(|kind| *kind == Kind::Quoted).unwrap_or(last_quoted);
    let first_word = (0..lines.len()).find(|at| is_word(*at, kinds)).unwrap_or(last_word);
    // Below the last quoted line there may be no more than a closing.
    let tail: Vec<&str> = (last_quoted..=last_word)
        .filter(|at| is_word(*at, kinds))
        .take(MAX_CLOSING_LINES + 1)
        .map(|at| lines[at])
        .collect();
    let takes_leave = |line: &str| is_closing(line) || is_name(line, &hints.sender) || is_of_a_program(line);
    let is_closing = tail.len() <= MAX_CLOSING_LINES && tail.first().is_some_and(|line| takes_leave(line));
    let end = if is_closing {
        let Some(word) = (0..last_quoted).rev().find(|at| is_word(*at, kinds)) else { return false };
        word
    } else {
        last_quoted + 1
    };
    let has_answer = (first_quoted..last_quoted).any(|at| is_word(at, kinds));
    let is_between = first_word < last_quoted.min(end);
    let is_ours = || lines[first_quoted..=last_quoted].iter().any(|line| is_last_line_of_ours(line));
    // What nothing introduces, the sender has marked as a quote.
    let is_shown =
        || !kinds[..first_quoted].contains(&Kind::Introduction) && kinds[last_quoted..].contains(&Kind::Introduction);
    if !is_between || !has_answer && (hints.is_html && !is_shown() || is_ours()) {
        return false;
    }
    for kind in kinds[first_quoted.min(end)..end].iter_mut().filter(|kind| **kind == Kind::Quoted) {
        *kind = Kind::Reply;
    }
    true
}
