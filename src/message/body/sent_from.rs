//! The line that telephones and programs put below a mail: `Sent from my iPhone`.
//!
//! People begin lines with the same words (`Sent by mistake, please cancel`). Such a line therefore has to have nothing
//! but the words that these lines have, the name of a device or of a program among them.

mod words;

use super::super::limits::MAX_SENT_FROM_BYTES;
use super::super::search::Beginnings;
use std::collections::HashSet;
use std::sync::LazyLock;
use words::{BEGINNINGS, DEVICE_PIECES, DEVICES, ENDS, EXCUSED, EXCUSES, FRAGMENTS, OTHERS, PIECES, WHOLE};

static BEGINS: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(BEGINNINGS));
static IS_FRAGMENT: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(FRAGMENTS));
static BEGINS_AS_DEVICE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(DEVICES));
static EXCUSES_SOMETHING: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(EXCUSES));

/// The words that such lines have besides devices.
static OTHER_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let phrases = [BEGINNINGS, FRAGMENTS, ENDS].concat();
    let words = phrases.into_iter().flat_map(|phrase| phrase.split(|c: char| !c.is_alphanumeric()));
    words.chain(OTHERS.split_whitespace()).collect()
});

/// Names of makers and of networks that we do not know, before the device: `Sent from my Example Mobile Tea phone`.
pub(super) const MAX_NAMES: usize = 3;

/// Letters by which a device's name is longer than in our table where a language bends it.
pub(super) const MAX_BENT_CHARS: usize = 7;

/// Bytes of the number of a model: `15`, `S24`.
pub(super) const MAX_MODEL_BYTES: usize = 4;

/// Bytes of the excuse behind such a line.
pub(super) const MAX_EXCUSE_BYTES: usize = 60;

/// A line from this length on may have been wrapped, so that the one below it is the rest of its sentence.
pub(super) const MIN_WRAPPED_BYTES: usize = 60;

/// Whether the last of these lines is such a one.
pub(super) fn is_last(lines: &[&str], is_quote_above: bool) -> bool {
    let Some((last, above)) = lines.split_last() else { return false };
    match read(last) {
        None => false,
        Some(Line::Whole) => {
            let is_first = above.iter().all(|line| line.trim().is_empty());
            // Nobody's whole mail.
            if is_first { is_quote_above } else { above.last().is_none_or(|above| !goes_on(above, last)) }
        }
        // An answer to what is asked above, unless it stands apart from other words.
        Some(Line::Fragment) => {
            let has_words = above.iter().any(|line| !line.trim().is_empty());
            has_words && above.last().is_some_and(|line| line.trim().is_empty())
        }
    }
}

/// Whether nobody wrote this line by hand.
pub(super) fn is_whole(line: &str) -> bool {
    read(line) == Some(Line::Whole)
}

/// Whether the sentence of one line goes on in the next one.
fn goes_on(line: &str, next: &str) -> bool {
    let line = line.trim();
    let is_open = !line.is_empty() && !line.ends_with(['.', '!', '?', '。', ')']);
    is_open && (line.len() >= MIN_WRAPPED_BYTES || next.trim_start().starts_with(char::is_lowercase))
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// It says that something was sent.
    Whole,
    /// It says from where, and not what.
    Fragment,
}

fn read(line: &str) -> Option<Line> {
    let line = line.trim_matches([' ', '\t', '*', '_', '-', '–', '—', '(', ')', '[', ']', '<', '>', '\u{a0}']);
    if line.is_empty() || line.len() > MAX_SENT_FROM_BYTES * 2 {
        return None;
    }
    if is_advertisement(line) {
        return Some(Line::Whole);
    }
    let is_fragment = IS_FRAGMENT.begin(line);
    // Most lines end here, before anything is copied.
    if !is_fragment && !BEGINS.begin(line) && !WHOLE.iter().any(|whole| starts_alike(line, whole)) && !may_end(line) {
        return None;
    }
    let unlinked = without_links(line);
    let words = without_excuse(unlinked.trim_end_matches([' ', '<', '>', '(', ')', '[', ']']));
    let words = words.trim_end_matches(['.', '!', '。', ' ']);
    if words.len() > MAX_SENT_FROM_BYTES {
        return None;
    }
    let lower = words.to_lowercase();
    if WHOLE.contains(&lower.as_str()) {
        return Some(Line::Whole);
    }
    // The only one with a colon is French, and the only one with a comma tells what a `Galaxy S24` is.
    let inner = lower.strip_prefix("provenance : ").unwrap_or(&lower).replacen(", an ", " an ", 1);
    let is_sentence = inner.contains([',', ':', ';', '?', '"', '、', '，', '：']) || inner.contains(". ");
    let is_one = !is_sentence
        && (is_fragment || BEGINS.begin(words) || ENDS.iter().any(|end| lower.ends_with(end.trim_end_matches('.'))));
    if !is_one || !has_such_words_only(words) {
        return None;
    }
    let says_sent = ENDS.iter().any(|end| lower.ends_with(end));
    Some(if is_fragment && !says_sent { Line::Fragment } else { Line::Whole })
}

/// An advertisement of Outlook for a device, in whatever language: a link and its text, and nothing else.
fn is_advertisement(line: &str) -> bool {
    let Some((text, link)) = line.split_once("<http") else { return false };
    text.len() <= MAX_SENT_FROM_BYTES
        && link.starts_with("s://aka.ms/")
        && !link.contains(char::is_whitespace)
        && text.contains("Outlook")
        && !text.ends_with(' ')
        && !text.contains([':', ','])
        && text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| is_device(&word.to_lowercase()))
}

fn starts_alike(line: &str, start: &str) -> bool {
    line.get(..start.len()).is_some_and(|line| line.eq_ignore_ascii_case(start))
}

/// Whether the line may end as in languages with the verb last, links and signs left aside.
fn may_end(line: &str) -> bool {
    let line = line.split_once("http").map_or(line, |(line, _)| line).trim_end_matches([' ', '<', '(', '.', '!', '。']);
    ENDS.iter().any(|end| line.ends_with(end.trim_end_matches('.')))
}

/// The line without the addresses of its links: `[Example Mail](https://mail.example) for iOS`.
fn without_links(line: &str) -> String {
    let mut words = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("http") {
        words.push_str(rest[..at].trim_end_matches(['<', '(']));
        let link = &rest[at..];
        let end = link.find(|c: char| c.is_whitespace() || matches!(c, '>' | ')')).unwrap_or(link.len());
        rest = link[end..].trim_start_matches(['>', ')']);
    }
    words.push_str(rest);
    words
}

/// The first sentence, when the second one excuses what telephones do to words.
fn without_excuse(words: &str) -> &str {
    let Some((first, excuse)) = words.split_once(['.', '!', ',']) else { return words };
    let excuse = excuse.trim();
    let is_excuse = excuse.len() <= MAX_EXCUSE_BYTES && EXCUSES_SOMETHING.begin(excuse) && {
        let lower = excuse.to_lowercase();
        EXCUSED.iter().any(|excused| lower.contains(excused))
    };
    if is_excuse { first } else { words }
}

/// Whether the words are those of such a line, with a device or a program among them and only names before it.
fn has_such_words_only(words: &str) -> bool {
    let (mut has_device, mut is_mine) = (false, false);
    let (mut names, mut pending) = (0, 0);
    for word in words.split(|c: char| !c.is_alphanumeric() && !is_unspaced(c) && !matches!(c, '-' | '.')).flat_map(runs)
    {
        let word = word.trim_matches(['-', '.']);
        if word.is_empty() {
            continue;
        }
        if word.starts_with(is_unspaced) {
            let Some(names_device) = pieces(word) else { return false };
            has_device |= names_device;
            continue;
        }
        let lower = word.to_lowercase();
        // A device that we do not know, when it has a model's number or is named like those that we know.
        let is_unknown = is_mine && (word.contains(|c: char| c.is_ascii_digit()) || is_named_like_an_iphone(word));
        let parts = || lower.split(['-', '.']).filter(|part| !part.is_empty());
        let is_other = |word: &str| OTHER_WORDS.contains(word) || is_model(word);
        if is_device(&lower)
            || is_unknown && word.contains(char::is_uppercase)
            || parts().any(is_device) && parts().all(|part| is_device(part) || is_other(part))
        {
            (has_device, names, pending) = (true, names + pending, 0);
        } else if !is_other(&lower) && !parts().all(is_other) {
            if !word.starts_with(char::is_uppercase) {
                return false;
            }
            pending += 1;
        }
        is_mine |= lower == "my";
    }
    // Names are believed only before the last device: behind it begins what is wrong with it.
    has_device && pending == 0 && names <= MAX_NAMES
}

/// `15`, `S24`.
fn is_model(word: &str) -> bool {
    word.len() <= MAX_MODEL_BYTES && word.contains(|c: char| c.is_ascii_digit())
}

/// `iThing`.
fn is_named_like_an_iphone(word: &str) -> bool {
    word.strip_prefix('i').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Whether this word, in lower case, is a device or a program, or begins with its name as some languages bend it.
fn is_device(lower: &str) -> bool {
    BEGINS_AS_DEVICE.begin(lower)
        && DEVICES.iter().any(|device| {
            let bent = lower.strip_prefix(device);
            bent.is_some_and(|end| {
                end.is_empty() || device.len() > MAX_MODEL_BYTES && end.chars().count() <= MAX_BENT_CHARS
            })
        })
}

/// Scripts that have no blanks between words, and Korean, which ties its particles to them.
fn is_unspaced(c: char) -> bool {
    // With the vowels and tones that Thai writes above and below its letters; Vietnamese and Greek are in between.
    let is_letter = c.is_alphanumeric() || matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}');
    is_letter && matches!(c, '\u{e00}'..'\u{1e00}' | '\u{2e80}'..)
}

/// The stretches of a word that are of one kind of script: `iPhoneから送信` is two.
fn runs(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let kind = is_unspaced(rest.chars().next()?);
        let end = rest.find(|c| is_unspaced(c) != kind).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        rest = behind;
        Some(run)
    })
}

/// Whether a stretch without blanks is put together of the words of such lines, and then whether one is a device.
fn pieces(run: &str) -> Option<bool> {
    let mut rest = run;
    let mut has_device = false;
    while !rest.is_empty() {
        let fitting = PIECES.split_whitespace().filter(|piece| rest.starts_with(*piece));
        let piece = fitting.max_by_key(|piece| piece.len())?;
        has_device |= DEVICE_PIECES.contains(&piece);
        rest = &rest[piece.len()..];
    }
    Some(has_device)
}
