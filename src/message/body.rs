//! The words a person wrote: the text of a mail, taken apart into reply, quote and signature.
//!
//! Each line goes into exactly one of the three, so nothing is thrown away. Every step looks at a line and a bounded
//! number of its neighbours, so the work grows with the length of the text.

use super::Body;
use super::attribution::{self, Separator, Strength};
use super::decode::ContentType;

/// The line in the mails we send to agents above which they write. What stands below it is ours, not theirs.
pub const ANSWER_ABOVE: &str = "##- Please type your answer above this line -##";

/// How [`ANSWER_ABOVE`] begins, for a first look at a line.
const MARKER_START: &str = "##-";

/// Lines below `--` that can still be a signature; with the blank behind it (RFC 3676 §4.3) there is no limit.
const MAX_LOOSE_SIGNATURE_LINES: usize = 15;

/// Lines that may follow `Sent from my telephone` or the rule above a list's footer.
const MAX_FOOTER_LINES: usize = 8;

/// Whether soft line breaks are to be taken out (RFC 3676).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Fixed,
    Flowed { deletes_space: bool },
}

impl Flow {
    pub fn of(content_type: &ContentType) -> Self {
        let is = |name, value: &str| content_type.parameter(name).is_some_and(|v| v.eq_ignore_ascii_case(value));
        if is("format", "flowed") { Flow::Flowed { deletes_space: is("delsp", "yes") } } else { Flow::Fixed }
    }
}

/// Appends a plain text with `\n` at the end of each line and without control characters.
pub(super) fn push_plain(out: &mut String, text: &str, flow: Flow) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = out.len();
    out.reserve(text.len());
    for line in text.split_inclusive('\n') {
        let words = line.strip_suffix('\n').unwrap_or(line);
        let is_ended = words.len() < line.len();
        let words = if is_ended { words.strip_suffix('\r').unwrap_or(words) } else { words };
        if may_have_controls(words) {
            let kept = words.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\r'));
            out.extend(kept.map(|c| if c == '\r' { '\n' } else { c }));
        } else {
            out.push_str(words);
        }
        if is_ended {
            out.push('\n');
        }
    }
    if let Flow::Flowed { deletes_space } = flow {
        let joined = unflow(&out[start..], deletes_space);
        out.truncate(start);
        out.push_str(&joined);
    }
}

/// Whether to look for control characters in a text one by one: it has some in ASCII, or bytes that begin others.
fn may_have_controls(text: &str) -> bool {
    let is_suspect = |b: u8| (b < b' ' && b != b'\t') || matches!(b, 0x7f | 0xc2);
    // Without a way out of the loop, many bytes are looked at at once.
    text.bytes().fold(false, |so_far, b| so_far | is_suspect(b))
}

/// Joins lines that end in a blank with the next one of the same quote depth (RFC 3676 §4.2 to §4.5).
fn unflow(text: &str, deletes_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let words = line.trim_start_matches('>');
        let depth = line.len() - words.len();
        let words = words.strip_prefix(' ').unwrap_or(words);
        let is_signature = words == "-- ";
        let joins = open == Some(depth) && !is_signature;
        if !joins {
            if open.is_some() {
                out.push('\n');
            }
            out.push_str(&line[..depth]);
            if depth > 0 {
                out.push(' ');
            }
        }
        let is_soft = words.ends_with(' ') && !is_signature;
        let kept = if is_soft && deletes_space { &words[..words.len() - 1] } else { words };
        out.push_str(kept);
        open = is_soft.then_some(depth);
        if !is_soft {
            out.push('\n');
        }
    }
    out
}

/// What a line of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reply,
    Quote,
    Signature,
}

/// Takes the text apart.
pub(super) fn split(text: String) -> Body {
    let lines: Vec<&str> = text.lines().collect();
    let mut kinds = vec![Kind::Reply; lines.len()];
    let marker = if text.contains(MARKER_START) { find_marker(&lines) } else { None };
    let forwarded = mark_quotes(&lines, marker, &mut kinds);
    mark_signatures(&lines, &mut kinds);
    let mut reply = gather(&lines, &kinds, Kind::Reply);
    // A mail that only passes another one on: that one is what its sender has to say.
    if let Some(start) = forwarded.filter(|_| reply.is_empty()) {
        for kind in &mut kinds[start..] {
            *kind = Kind::Reply;
        }
        reply = gather(&lines, &kinds, Kind::Reply);
    }
    let quote = gather(&lines, &kinds, Kind::Quote);
    let signature = gather(&lines, &kinds, Kind::Signature);
    let has_words_in_quoted_mail = marker.is_some_and(|at| has_words_between(&lines[at..]));
    Body { text, reply, quote, signature, has_words_in_quoted_mail }
}

/// Marks what is quoted, from the line with our marker on it at the latest, and gives the line behind the header block
/// of a forwarded mail if there is one.
fn mark_quotes(lines: &[&str], marker: Option<usize>, kinds: &mut [Kind]) -> Option<usize> {
    let marker = marker.map(|at| introduction_of(lines, at));
    let end = marker.unwrap_or(lines.len());
    kinds[end..].fill(Kind::Quote);
    let mut at = 0;
    while at < end {
        let rest = &lines[at..end];
        if is_quoted(lines[at]) {
            kinds[at] = Kind::Quote;
            at += 1;
        } else if let Some(kind) = attribution::separator(lines[at]) {
            kinds[at..].fill(Kind::Quote);
            return (kind == Separator::Forward).then(|| behind_header_block(lines, at + 1));
        } else if header_block_below(rest) {
            kinds[at..].fill(Kind::Quote);
            return None;
        } else if let Some((count, strength)) = attribution::attribution(rest) {
            let below = rest[count..].iter().find(|line| !line.trim().is_empty());
            match below {
                // Answers may stand between the quoted lines, so the rest is looked at line by line.
                Some(line) if is_quoted(line) => {
                    kinds[at..at + count].fill(Kind::Quote);
                    at += count;
                }
                // Whoever quotes without `>` writes above the quote.
                Some(_) if strength == Strength::Certain => {
                    kinds[at..].fill(Kind::Quote);
                    return None;
                }
                None if strength == Strength::Certain || marker.is_some() => {
                    kinds[at..].fill(Kind::Quote);
                    return None;
                }
                _ => at += 1,
            }
        } else {
            at += 1;
        }
    }
    None
}

/// Whether somebody wrote between quoted lines, the first of which is quoted by `>`.
///
/// Not what follows a long line without a gap: some programs wrap what they quote and mark only its beginning.
fn has_words_between(lines: &[&str]) -> bool {
    const WRAPPED_BYTES: usize = 55;
    let Some(last) = lines.iter().rposition(|line| is_quoted(line)).filter(|_| is_quoted(lines[0])) else {
        return false;
    };
    let is_own = |pair: &[&str]| {
        let (above, line) = (pair[0], pair[1]);
        let is_wrapped = is_quoted(above) && above.len() > WRAPPED_BYTES;
        !is_quoted(line) && !line.trim().is_empty() && !is_wrapped
    };
    lines[..last].windows(2).any(is_own)
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Whether a header block begins here, with or without a line drawn above it.
fn header_block_below(lines: &[&str]) -> bool {
    if attribution::header_block(lines).is_some() {
        return true;
    }
    if !attribution::is_rule(lines[0]) {
        return false;
    }
    let below = lines[1..].iter().take(2).take_while(|line| line.trim().is_empty()).count() + 1;
    below < lines.len() && attribution::header_block(&lines[below..]).is_some()
}

fn behind_header_block(lines: &[&str], mut at: usize) -> usize {
    while at < lines.len() && lines[at].trim().is_empty() {
        at += 1;
    }
    at + attribution::header_block(&lines[at..]).unwrap_or(0)
}

/// Where the lines begin that introduce what is quoted from `at` on, in whatever language: directly above it, with an
/// address that we gave to one person, which has a `+` before its `@`.
fn introduction_of(lines: &[&str], at: usize) -> usize {
    let above = lines[..at].iter().rposition(|line| !line.trim().is_empty() && !is_quoted(line));
    let Some(last) = above.filter(|last| at - last <= 3) else { return at };
    let first = lines[..last].iter().rposition(|line| line.trim().is_empty()).map_or(0, |blank| blank + 1);
    let names_us = |line: &&str| line.split(|c: char| c.is_whitespace() || "<>()[]:".contains(c)).any(is_sub_address);
    let is_introduction = last - first < 4 && lines[first..=last].iter().any(names_us);
    if is_introduction { first } else { at }
}

fn is_sub_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, domain)| local.contains('+') && domain.contains('.'))
}

/// The first line with [`ANSWER_ABOVE`] on it, quoted or wrapped into the next line or not.
fn find_marker(lines: &[&str]) -> Option<usize> {
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

/// Marks signatures in each stretch of reply: after `--`, after a telephone's line, after the rule of a list's footer.
fn mark_signatures(lines: &[&str], kinds: &mut [Kind]) {
    let mut start = 0;
    while start < lines.len() {
        let len = kinds[start..].iter().position(|kind| *kind != Kind::Reply).unwrap_or(lines.len() - start);
        let end = start + len;
        if let Some(at) = find_signature(&lines[start..end]) {
            kinds[start + at..end].fill(Kind::Signature);
        }
        start = end + 1;
    }
}

fn find_signature(lines: &[&str]) -> Option<usize> {
    let exact = lines.iter().position(|line| *line == "-- ");
    if exact.is_some() {
        return exact;
    }
    // From the end upwards, and no farther than a footer can be long.
    let mut found = None;
    let mut below = 0;
    for (at, line) in lines.iter().enumerate().rev() {
        if line.trim().is_empty() {
            continue;
        }
        if below > MAX_LOOSE_SIGNATURE_LINES {
            break;
        }
        let is_footer = below <= MAX_FOOTER_LINES
            && (attribution::is_sent_from(line) || below > 0 && line.starts_with('_') && attribution::is_rule(line));
        if is_footer || line.trim() == "--" {
            found = Some(at);
        }
        below += 1;
    }
    found
}

/// The lines of one kind, without empty lines at either end, and with one where something else was cut out.
fn gather(lines: &[&str], kinds: &[Kind], kind: Kind) -> String {
    let of_kind = lines.iter().zip(kinds).filter(|(_, of)| **of == kind);
    let mut out = String::with_capacity(of_kind.map(|(line, _)| line.len() + 1).sum());
    let mut blank_count = 0;
    let mut is_cut = false;
    for (line, of) in lines.iter().zip(kinds) {
        if *of != kind {
            is_cut = true;
        } else if line.trim().is_empty() {
            blank_count += 1;
        } else {
            if !out.is_empty() {
                let blank_count = if is_cut { 1 } else { blank_count };
                out.extend(std::iter::repeat_n('\n', blank_count + 1));
            }
            (blank_count, is_cut) = (0, false);
            out.push_str(line);
        }
    }
    out
}

/// Letters without which a guess at the language is worth nothing.
const MIN_LANGUAGE_CHARS: usize = 24;

/// Characters that are looked at for the language; more do not make the guess better.
const MAX_LANGUAGE_CHARS: usize = 400;

/// The ISO 639-1 code of the language of a text, where it is long enough and the guess is good.
pub(super) fn language(text: &str) -> Option<String> {
    if text.chars().filter(|c| c.is_alphabetic()).take(MIN_LANGUAGE_CHARS).count() < MIN_LANGUAGE_CHARS {
        return None;
    }
    let end = text.char_indices().nth(MAX_LANGUAGE_CHARS).map_or(text.len(), |(at, _)| at);
    let guess = whatlang::detect(&text[..end]).filter(whatlang::Info::is_reliable)?;
    iso_639_1(guess.lang()).map(str::to_string)
}

/// The languages that have a two-letter code, which is nearly all that the library knows.
fn iso_639_1(lang: whatlang::Lang) -> Option<&'static str> {
    const CODES: [(&str, &str); 69] = [
        ("afr", "af"),
        ("aka", "ak"),
        ("amh", "am"),
        ("ara", "ar"),
        ("aze", "az"),
        ("bel", "be"),
        ("ben", "bn"),
        ("bul", "bg"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("cym", "cy"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("epo", "eo"),
        ("est", "et"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("guj", "gu"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("hye", "hy"),
        ("ind", "id"),
        ("ita", "it"),
        ("jav", "jv"),
        ("jpn", "ja"),
        ("kan", "kn"),
        ("kat", "ka"),
        ("khm", "km"),
        ("kor", "ko"),
        ("lat", "la"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("mal", "ml"),
        ("mar", "mr"),
        ("mkd", "mk"),
        ("mya", "my"),
        ("nep", "ne"),
        ("nld", "nl"),
        ("nob", "nb"),
        ("ori", "or"),
        ("pan", "pa"),
        ("pes", "fa"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("sin", "si"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("sna", "sn"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tel", "te"),
        ("tgl", "tl"),
        ("tha", "th"),
        ("tuk", "tk"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
        ("uzb", "uz"),
        ("vie", "vi"),
        ("yid", "yi"),
    ];
    CODES.iter().find(|(long, _)| *long == lang.code()).map(|(_, short)| *short)
}

#[cfg(test)]
mod tests;
