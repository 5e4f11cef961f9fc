//! What the words of a server say about why: its enhanced status (RFC 3463), its reply code (RFC 5321 §4.2), or
//! else its prose.

use super::phrases;
use super::reason::Reason;
use super::reasons::REASONS;
use crate::message::search;
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// How much is behind a status that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rating {
    /// A class, and no more.
    Vague,
    /// Words.
    Words,
    /// A reply code, perhaps with words.
    Code,
    /// An enhanced status.
    Status,
}

/// The enhanced status that a text tells or implies. Where no number tells whether the failure is permanent, the
/// action does: a server that gave up means it so.
pub(super) fn derive(text: &str, is_failed: bool) -> Option<String> {
    derive_rated(text, is_failed).map(|(_, status)| status)
}

/// The same, with what is behind it.
pub(super) fn derive_rated(text: &str, is_failed: bool) -> Option<(Rating, String)> {
    let told = enhanced(text);
    if let Some(status) = told.filter(|status| !is_vague(status)) {
        return Some((Rating::Status, status.to_string()));
    }
    let code = reply_code(text);
    let class_of_code = code.map(|code| if code < 500 { '4' } else { '5' });
    let by_number = told.and_then(|status| status.chars().next()).or(class_of_code);
    let reason = reason(text);
    if by_number.is_none() && reason.is_none() {
        return None;
    }
    let class = by_number.unwrap_or(if is_failed { '5' } else { '4' });
    let detail = reason.map(Reason::detail).or_else(|| code.map(detail_of_code)).unwrap_or("0.0");
    let rating = match (by_number, detail) {
        (_, "0.0") => Rating::Vague,
        (Some(_), _) => Rating::Code,
        (None, _) => Rating::Words,
    };
    Some((rating, format!("{class}.{detail}")))
}

/// Whether a status says no more than its class.
pub(super) fn is_vague(status: &str) -> bool {
    status.ends_with(".0.0")
}

/// The status of a recipient of which nothing else is said.
pub(super) fn vague(is_failed: bool) -> String {
    if is_failed { "5.0.0" } else { "4.0.0" }.to_string()
}

/// What a reply code without words most often means.
fn detail_of_code(code: u16) -> &'static str {
    match code {
        421 | 521 => "3.2",
        450 | 550 => "2.0",
        452 | 552 => "2.2",
        551 => "1.6",
        553 => "1.3",
        523 => "3.4",
        530 | 534 | 535 | 538 | 571 => "7.0",
        _ => "0.0",
    }
}

/// The enhanced status in a text: the first one behind a reply code, else the first one.
pub(super) fn enhanced(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut first = None;
    for dot in memchr::memchr_iter(b'.', bytes) {
        let Some(status) = enhanced_at(text, dot) else { continue };
        let before = text[..dot - 1].trim_end_matches([' ', '-', '#', '(', ':']);
        if is_reply_code(before.get(before.len().saturating_sub(3)..).unwrap_or_default()) {
            return Some(status);
        }
        if first.is_none_or(is_vague) {
            first = Some(status);
        }
    }
    first
}

/// The enhanced status whose first dot this is; addresses and versions of programs have the same look.
fn enhanced_at(text: &str, dot: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let start = dot.checked_sub(1)?;
    let before = start.checked_sub(1).map(|at| bytes[at]);
    if !matches!(bytes[start], b'4' | b'5')
        || before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/')
    {
        return None;
    }
    let digits =
        |from: usize| bytes.get(from..).unwrap_or_default().iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let subject = digits(dot + 1);
    let second = dot + 1 + subject;
    if !(1..=3).contains(&subject) || bytes.get(second) != Some(&b'.') {
        return None;
    }
    let detail = digits(second + 1);
    let end = second + 1 + detail;
    let after = bytes.get(end).copied().unwrap_or(b' ');
    let is_longer =
        after.is_ascii_alphanumeric() || (after == b'.' && bytes.get(end + 1).is_some_and(u8::is_ascii_digit));
    ((1..=3).contains(&detail) && !is_longer).then(|| &text[start..end])
}

fn is_reply_code(word: &str) -> bool {
    matches!(word.as_bytes(), [b'4' | b'5', b'0'..=b'7', digit] if digit.is_ascii_digit())
}

/// Words behind a number by which it is an amount and no reply code.
const UNITS: [&str; 17] = [
    "second",
    "sec",
    "minute",
    "min",
    "hour",
    "day",
    "byte",
    "kb",
    "mb",
    "gb",
    "kbyte",
    "k",
    "message",
    "recipient",
    "attempt",
    "line",
    "character",
];

/// The first reply code of a failure in a text.
pub(super) fn reply_code(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'4', b'5', bytes.get(at..)?) {
        let start = at + found;
        at = start + 1;
        let Some(word) = text.get(start..start + 3).filter(|word| is_reply_code(word)) else { continue };
        let before = start.checked_sub(1).map_or(b' ', |at| bytes[at]);
        let is_behind_host = before == b':' && start >= 2 && bytes[start - 2] == b']';
        if before.is_ascii_alphanumeric() || matches!(before, b'.' | b'-' | b'/' | b'+' | b'$') || is_behind_host {
            continue;
        }
        let rest = &text[start + 3..];
        let follows = match rest.as_bytes() {
            [] => true,
            [b'-', next, ..] => !next.is_ascii_digit() || enhanced_at(text, start + 5).is_some(),
            [b'.', next, ..] => next.is_ascii_whitespace(),
            [next, ..] => !next.is_ascii_alphanumeric() && !matches!(next, b'/' | b'@' | b'%'),
        };
        let unit =
            rest.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
        let is_amount = UNITS.contains(&unit.trim_end_matches('s')) || unit == "ms";
        if follows && !is_amount {
            return word.parse().ok();
        }
    }
    None
}

/// All phrases of [`REASONS`] in one automaton, and the reason of each.
static PHRASES: LazyLock<Option<(AhoCorasick, Vec<usize>)>> = LazyLock::new(|| {
    let all = REASONS
        .iter()
        .enumerate()
        .flat_map(|(rank, (_, phrases))| phrases::all(phrases).map(move |phrase| (phrase, rank)));
    let (phrases, ranks): (Vec<&str>, Vec<usize>) = all.unzip();
    Some((search::automaton(phrases, None, false)?, ranks))
});

/// Why a server did not deliver, by its words.
pub(super) fn reason(text: &str) -> Option<Reason> {
    let (phrases, ranks) = PHRASES.as_ref()?;
    let lower = text.to_lowercase();
    let best = phrases.find_overlapping_iter(&lower).map(|found| ranks[found.pattern().as_usize()]).min()?;
    Some(REASONS[best].0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enhanced_status_is_told_from_other_numbers() {
        let cases = [
            ("behind a reply code", "550 5.1.1 <ann@x.example>... User unknown", Some("5.1.1")),
            ("with a hyphen", "550-5.7.26 Unauthenticated email", Some("5.7.26")),
            ("in brackets", "no mailbox here by that name (#5.1.1)", Some("5.1.1")),
            ("the one behind the code is meant", "4.2.0 later; 552 5.2.2 full", Some("5.2.2")),
            ("one that says more is taken", "5.0.0 and 5.1.2", Some("5.1.2")),
            ("an address of a host", "host 5.1.1.3 said no", None),
            ("a version", "v5.1.2 and 15.1.2 and 5.1.2b", None),
            ("half of one", "5.1", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(enhanced(text), expected, "{name}");
        }
    }

    #[test]
    fn a_reply_code_is_told_from_other_numbers() {
        let cases = [
            ("at the start", "550 no such user", Some(550)),
            ("behind words", "remote host said: 552-too much", Some(552)),
            ("behind a colon", "ERROR_CODE :550, gone", Some(550)),
            ("at the end", "SMTP error 450", Some(450)),
            ("a duration", "for the last 450 seconds", None),
            ("a telephone number", "call 480-555-1234", None),
            ("a port", "mx.example.com[192.0.2.1]:465 refused", None),
            ("no reply code", "590 or 5501 or 15500", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(reply_code(text), expected, "{name}");
        }
    }

    #[test]
    fn a_status_follows_from_numbers_or_words() {
        let cases = [
            ("numbers win over words", "452 4.2.2 mailbox full", true, Some("4.2.2")),
            ("the class of the code, the detail of the words", "450 mailbox is full", true, Some("4.2.2")),
            ("words alone, given up", "User unknown", true, Some("5.1.1")),
            ("words alone, still trying", "Connection refused", false, Some("4.4.1")),
            ("a vague status and words", "5.0.0 host unknown", true, Some("5.1.2")),
            ("a code alone", "554 no", true, Some("5.0.0")),
            ("German", "Das Postfach des Empfängers ist voll", true, Some("5.2.2")),
            ("Japanese", "メールアドレスが見つかりませんでした", true, Some("5.1.1")),
            ("nothing", "It did not work out", true, None),
        ];
        for (name, text, is_failed, expected) in cases {
            assert_eq!(derive(text, is_failed).as_deref(), expected, "{name}");
        }
    }
}
