//! The lines with which mail programs introduce what they quote: `On Monday, Ann wrote:` in the languages that
//! customers write in, header blocks, `-----Original Message-----`.
//!
//! Every question here is about a line or a handful of lines, and is answered in time linear in their length.

mod header_block;
mod labels;
mod phrases;
mod separator;

pub(super) use header_block::{Label, announced_block, fields_on_line, header_block, label, stacked_block};
pub(super) use separator::{Separator, is_bare_separator, is_between_rules, separator};

use super::limits::{MAX_ATTRIBUTION_BYTES, MAX_WRAPPED_LINES};
use super::search::{Beginnings, Phrases};
use phrases::{OPENINGS, QUOTING, WROTE};
use std::borrow::Cow;

/// Words that say "wrote".
static IS_WROTE: Phrases = Phrases::new(|| WROTE.to_vec());

static MAY_OPEN: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(OPENINGS));
static IS_QUOTING: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(QUOTING));

/// How much is needed below an attribution to believe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// It has a date with a time, or an address: no person writes such a line.
    Certain,
    /// `Ann wrote:` is an attribution only when something quoted follows.
    NeedsQuote,
}

/// Whether `lines` begin with an attribution: over how many lines it goes, and how sure that is.
pub(super) fn attribution(lines: &[&str]) -> Option<(usize, Strength)> {
    let first = lines.first()?.trim();
    let mut wrapped = [""; MAX_WRAPPED_LINES];
    let mut bytes = 0;
    for (count, line) in lines.iter().take(MAX_WRAPPED_LINES).enumerate() {
        let line = line.trim();
        if line.is_empty() || bytes + line.len() > MAX_ATTRIBUTION_BYTES {
            break;
        }
        // Some programs mark what an address was wrapped to: `> wrote:`.
        let line = if count > 0 { line.strip_prefix('>').map_or(line, str::trim_start) } else { line };
        if line.starts_with('>') {
            break;
        }
        // Most lines of most mails end the search here: they neither end as an attribution nor begin as one.
        let ends = ends_with_colon(line);
        if !ends && count == 0 && !may_open(first) && !lines.get(1).is_some_and(|next| is_address_first(next)) {
            return None;
        }
        wrapped[count] = line;
        bytes += line.len() + 1;
        if ends {
            let whole = if count > 0 { Cow::Owned(wrapped[..=count].join(" ")) } else { Cow::Borrowed(line) };
            return strength(&whole, count > 0).map(|strength| (count + 1, strength));
        }
    }
    without_colon(lines, first)
}

/// Whether the first of the lines stands right above an attribution and is no part of it, though it might be one.
pub(super) fn is_above_one(lines: &[&str]) -> bool {
    let [above, first, below @ ..] = lines else { return false };
    // Some programs mark it as they do what it introduces.
    let first = first.trim_start_matches(['>', ' ']).trim_end();
    if !may_open(first) || !has_date(first) || has_date_and_time(above) {
        return false;
    }
    let introduction: Vec<&str> = std::iter::once(first).chain(below.iter().copied().take(MAX_WRAPPED_LINES)).collect();
    matches!(attribution(&introduction), Some((_, Strength::Certain)))
}

/// `2013/7/20 Ann <ann@example.com>` and `Ann wrote`, which end without a colon; over one line or two.
fn without_colon(lines: &[&str], first: &str) -> Option<(usize, Strength)> {
    let starts = first.starts_with(|c: char| c.is_ascii_digit());
    // Nearly all lines have no digits of a date, and those behind a name must tell the time as well.
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let (of_first, enough) = (digits(first), if starts { MIN_BARE_DIGITS } else { MIN_DATE_DIGITS });
    let is_one = |text: &str| {
        let has_moment = has_date_and_time(text);
        let is_bare = || has_date(text) && (has_moment || has_address(text)) && ends_with_name(text);
        let is_short = || word_count(text) <= MAX_NAME_WORDS;
        let has_verb = || {
            let text = text.to_lowercase();
            IS_WROTE.end(&text) || is_short() && MAY_OPEN.begin(&text) && IS_WROTE.are_words_in(&text)
        };
        starts && is_bare() && is_short() || has_moment && has_verb()
    };
    if first.len() > MAX_ATTRIBUTION_BYTES {
        return None;
    }
    if of_first >= enough && is_one(first) {
        return Some((1, Strength::NeedsQuote));
    }
    let second =
        lines.get(1).map(|line| line.trim()).filter(|line| !line.is_empty() && line.len() <= MAX_SECOND_BYTES)?;
    let is_dated = of_first + digits(second) >= enough;
    (is_dated && is_one(&format!("{first} {second}"))).then_some((2, Strength::NeedsQuote))
}

/// Words of sentences, in the languages of customers, that stand in no attribution, in lower case. Days and months are
/// called `mon`, `ma`, `mi`.
const OF_SENTENCES: [&str; 7] = [
    "i we our my server log",
    "ich wir unser unsere unserer mein meine mir mich uns ihnen habe haben",
    "j'ai nous notre serveur vous avons",
    "yo nosotros nuestro nuestra servidor hemos",
    "jeg jag vi vår vores serveren servern",
    "ik wij ons onze io noi nostro nostra nós nosso",
    "я мы наш сервер nasz serwer",
];

/// Bytes at the end of a line that the colon and the marks behind it take.
const MAX_COLON_BYTES: usize = 32;

/// Digits of the shortest date: `1/2/3`.
const MIN_BARE_DIGITS: usize = 3;

/// Bytes of its second line.
const MAX_SECOND_BYTES: usize = 120;

/// Words of an attribution without a verb; longer ones are sentences.
const MAX_NAME_WORDS: usize = 12;

fn word_count(text: &str) -> usize {
    text.split_whitespace().take(MAX_NAME_WORDS * 2).count()
}

fn ends_with_name(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphabetic() || matches!(c, '>' | ')' | '"'))
}

/// The attribution that a line ends with behind words of the reply, which some programs glue together, when what is
/// below is quoted: where in the line it begins.
pub(super) fn glued(line: &str) -> Option<usize> {
    if line.len() > MAX_ATTRIBUTION_BYTES * 2 || !ends_with_colon(line) {
        return None;
    }
    let openings = [" On ", " Am ", " Le ", " El ", " Il ", " Em ", " Op ", " Den ", " W dniu ", " Dne "];
    let start = openings.iter().filter_map(|opening| line.rfind(opening)).max()?;
    let tail = &line[start + 1..];
    let is_whole = tail.len() <= MAX_ATTRIBUTION_BYTES && strength(tail, false) == Some(Strength::Certain);
    (is_whole && !line[..start].trim().is_empty()).then_some(start + 1)
}

/// The attribution that a line begins with before the words it introduces, as Yahoo's telephones write it: where in the
/// line those begin. Blanks stand before it and behind its colon.
pub(super) fn run_on(line: &str) -> Option<usize> {
    if !line.starts_with("  ") {
        return None;
    }
    let end = line.find(":  ")? + 1;
    let is_whole = end <= MAX_ATTRIBUTION_BYTES && strength(line[..end].trim(), false) == Some(Strength::Certain);
    (is_whole && !line[end..].trim().is_empty()).then_some(end)
}

fn ends_with_colon(line: &str) -> bool {
    // Most lines end in a letter, or have nothing near their end that is, or begins, a colon.
    if line.as_bytes().last().is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let end = &line.as_bytes()[line.len().saturating_sub(MAX_COLON_BYTES)..];
    if !end.iter().any(|b| matches!(b, b':' | 0xef)) {
        return false;
    }
    line.trim_end_matches(['*', '_', ' ', '\u{a0}', '\u{202c}', '\u{200e}', '\u{200f}']).ends_with([':', '：'])
}

fn may_open(line: &str) -> bool {
    let start = line.trim_start_matches(['*', '_', '"', '\'', '\u{200e}', '\u{200f}']);
    start.starts_with(|c: char| c.is_ascii_digit())
        || MAY_OPEN.begin(start)
        || line.contains('<')
        || line.bytes().filter(u8::is_ascii_digit).count() >= MIN_DATE_DIGITS
}

/// Digits of a date with a year and a time: `1/2/26 9:30`.
const MIN_DATE_DIGITS: usize = 6;

/// Whether a line begins with the address of a name that stands at the end of the line above.
fn is_address_first(line: &str) -> bool {
    line.strip_prefix('<').is_some_and(|line| line.split('>').next().is_some_and(has_address))
}

fn strength(text: &str, is_wrapped: bool) -> Option<Strength> {
    let text = text.to_lowercase();
    let has_verb = IS_WROTE.are_words_in(&text);
    let has_address = has_address(&text);
    let has_moment = has_date_and_time(&text);
    // A sentence about a mail, or about what a server wrote at some time, has words that no program puts there.
    let is_of_sentence = |word: &str| OF_SENTENCES.iter().any(|row| row.split(' ').any(|known| known == word));
    let is_sentence = || text.split(|c: char| !c.is_alphabetic() && c != '\'').any(is_of_sentence);
    if has_verb && (has_address || has_moment) || has_address && has_moment && IS_QUOTING.begin(&text) {
        return Some(if has_address || !is_sentence() { Strength::Certain } else { Strength::NeedsQuote });
    }
    // `2026-03-02 9:10 GMT+01:00 Ann <ann@example.com>:`, which needs no verb in any language.
    let words = text.trim_end_matches([':', '：', ' ', '*', '\u{202c}', '\u{a0}']);
    let ends_in_address =
        words.ends_with(['>', ')', ']']) || words.rsplit(' ').next().is_some_and(|last| last.contains('@'));
    let starts_in_digit = text.starts_with(|c: char| c.is_ascii_digit());
    if has_address && has_date(&text) && (starts_in_digit || has_moment && ends_in_address) {
        return Some(Strength::Certain);
    }
    if has_verb && has_date(&text) || has_address && IS_QUOTING.begin(&text) {
        return Some(Strength::NeedsQuote);
    }
    let is_short = word_count(&text) <= MAX_NAME_WORDS;
    (has_verb && is_short && !is_wrapped).then_some(Strength::NeedsQuote)
}

/// Whether there is something like an address, also one that was taken for a link: `[mailto:ann@example.com]`.
fn has_address(text: &str) -> bool {
    memchr::memchr_iter(b'@', text.as_bytes()).any(|at| {
        let is_part = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80 || *b == b'_');
        let bytes = text.as_bytes();
        is_part(at.checked_sub(1).and_then(|at| bytes.get(at))) && is_part(bytes.get(at + 1))
    })
}

/// Whether there is a date in it: a year, or three numbers.
fn has_date(text: &str) -> bool {
    let mut numbers = 0;
    text.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty()).any(|word| {
        numbers += usize::from(word.len() <= 2);
        let is_year = word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
        is_year || numbers >= 3
    })
}

/// Whether there is a time of day (`9:30`, `09.30`, `9h30`) and digits enough for a date beside it.
pub(super) fn has_date_and_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_time = |at: usize| {
        at > 0
            && is_digit(at - 1)
            && is_digit(at + 1)
            && is_digit(at + 2)
            && !is_digit(at + 3)
            && !(at >= 3 && is_digit(at - 2) && is_digit(at - 3))
    };
    bytes.iter().filter(|b| b.is_ascii_digit()).count() >= MIN_DATE_DIGITS
        && memchr::memchr3_iter(b':', b'.', b'h', bytes).any(is_time)
}

#[cfg(test)]
mod tests;
