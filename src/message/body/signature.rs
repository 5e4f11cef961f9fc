//! What stands below the words: signatures, the lines of telephones, footers of lists, confidentiality notices.
//!
//! A closing (`Best regards, Ann`) stays with the words: it is theirs, and nothing tells it from them for sure.

use super::super::limits::{
    MAX_FOOTER_LINES, MAX_LOOSE_SIGNATURE_LINES, MAX_NOTICE_LINES, MAX_NOTICE_START_CHARS, MAX_SENT_FROM_BYTES,
};
use super::super::regions::What;
use super::super::search::{Beginnings, Phrases};
use super::Kind;
use super::notices::{FOOTERS, NOTICES};
use super::phrases::{DEVICES, SENT_FROM, SENT_FROM_ENDS, SENTENCE_WORDS};
use super::shown;

static IS_NOTICE: Phrases = Phrases::new(|| NOTICES.to_vec());
static IS_FOOTER: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(FOOTERS));
static IS_SENT_FROM: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(SENT_FROM));

/// Bytes of a line of a signature that only dashes introduce; longer ones are sentences.
pub(super) const MAX_SIGNATURE_LINE_BYTES: usize = 100;

/// Bytes that every notice has; shorter paragraphs are somebody's words.
pub(super) const MIN_NOTICE_BYTES: usize = 80;

/// Words of `-Ann Example`.
pub(super) const MAX_SIGNED_WORDS: usize = 3;

/// Bytes of the name in it.
pub(super) const MAX_SIGNED_BYTES: usize = 40;

/// Characters by which a drawn line is longer or shorter than the heading that it underlines.
pub(super) const MAX_UNDERLINE_DIFFERENCE: usize = 3;

/// Words of `Ann Example from mobile`.
pub(super) const MAX_DEVICE_WORDS: usize = 5;

/// Marks signatures in each stretch of reply.
pub(super) fn mark(lines: &[&str], hinted: &[Option<What>], is_html: bool, kinds: &mut [Kind]) {
    for (kind, hint) in kinds.iter_mut().zip(hinted) {
        if *hint == Some(What::Signature) && *kind == Kind::Reply {
            *kind = Kind::Signature;
        }
    }
    if let Some(banner) = super::banner::find(lines, is_html, kinds) {
        kinds[banner].fill(Kind::Signature);
    }
    let mut start = 0;
    let mut is_quote_above = false;
    while start < lines.len() {
        let len = kinds[start..].iter().position(|kind| *kind != Kind::Reply).unwrap_or(lines.len() - start);
        let end = start + len;
        if len > 0 {
            let at = start + find(&lines[start..end], is_quote_above);
            kinds[at..end].fill(Kind::Signature);
        }
        is_quote_above |= end < lines.len() && matches!(kinds[end], Kind::Quoted | Kind::Quote);
        start = end + 1;
    }
}

/// Where the signature of a stretch of text begins; its length where there is none.
fn find(lines: &[&str], is_quote_above: bool) -> usize {
    if let Some(exact) = lines.iter().position(|line| *line == "-- ") {
        return exact;
    }
    let mut found = lines.len();
    let mut end = found;
    let mut has_rule = false;
    loop {
        while end > 0 && lines[end - 1].trim().is_empty() {
            end -= 1;
        }
        let rest = &lines[..end];
        let Some(last) = rest.last() else { return found };
        let cut = if is_sent_from(last) {
            Some(end - 1)
        } else {
            let rule = if has_rule { None } else { below_rule(rest, is_quote_above) };
            has_rule |= rule.is_some();
            rule.or_else(|| last_notice(rest, is_quote_above)).or_else(|| signed(rest))
        };
        match cut {
            Some(at) => (end, found) = (at, at),
            None => return found,
        }
    }
}

/// The line above the last ones that separates a signature (`--`) or a footer (`_____`).
fn below_rule(lines: &[&str], is_quote_above: bool) -> Option<usize> {
    let mut below = 0;
    let mut found = None;
    let mut rule = None;
    for (at, line) in lines.iter().enumerate().rev() {
        let words = line.trim();
        if words.is_empty() {
            continue;
        }
        if below > MAX_LOOSE_SIGNATURE_LINES {
            break;
        }
        if words == "--" {
            found = Some(at);
        } else if is_drawn(words) {
            // A rule may also close the signature.
            if below > 0 && below <= MAX_FOOTER_LINES {
                rule = Some(at);
                break;
            }
        } else if words.len() > MAX_SIGNATURE_LINE_BYTES || words.ends_with('?') {
            // Below dashes with the blank that the others forget, nobody asks or explains.
            return found;
        }
        below += 1;
    }
    found.or_else(|| rule.filter(|at| is_footer_rule(lines, *at, is_quote_above))).filter(|at| {
        // A notice has sentences, and more is not said below it.
        let end = last_notice(lines, is_quote_above).unwrap_or(lines.len());
        !lines.get(at + 1..end).is_some_and(|below| shown::goes_on(lines[*at], below))
    })
}

/// Whether this rule is no drawing of the sender: there are words above it and no other one, and it underlines nothing.
fn is_footer_rule(lines: &[&str], at: usize, is_quote_above: bool) -> bool {
    let above = lines[..at].iter().rposition(|line| !line.trim().is_empty());
    let underlines = above == at.checked_sub(1)
        && above.is_some_and(|above| {
            lines[above].trim().chars().count().abs_diff(lines[at].trim().chars().count()) <= MAX_UNDERLINE_DIFFERENCE
        })
        && !lines[at].trim().starts_with('_');
    // Programs draw with dashes; what people paint right below words belongs to those.
    let is_painted =
        above.is_some() && above == at.checked_sub(1) && !lines[at].trim().starts_with(['-', '_', '—', '–']);
    (above.is_some() || is_quote_above)
        && !underlines
        && !is_painted
        && !lines[..at].iter().any(|line| is_drawn(line.trim()))
}

/// Shortest line of dashes that a list program draws.
pub(super) const MIN_DRAWN_CHARS: usize = 20;

/// What programs and people draw above a footer or a signature: two or three dashes, or a long line.
fn is_drawn(words: &str) -> bool {
    let Some(first) = words.chars().next() else { return false };
    // Other signs people paint above what they show: `####`, `****`, `-=-=`.
    if !matches!(first, '-' | '_' | '—' | '–' | '=' | '+') || !words.chars().all(|c| c == first) {
        return false;
    }
    match (first, words.chars().count()) {
        ('_', count) => count >= 2,
        ('—' | '–', count) => count <= 3 || count >= MIN_DRAWN_CHARS,
        (_, count) => matches!(count, 3 | 4) || count >= MIN_DRAWN_CHARS,
    }
}

/// Where the last paragraph begins, when it is a notice or a footer.
fn last_notice(lines: &[&str], is_quote_above: bool) -> Option<usize> {
    let paragraph = lines.iter().rev().take(MAX_NOTICE_LINES + 1).position(|line| line.trim().is_empty());
    let start = match paragraph {
        Some(len) => lines.len() - len,
        None if lines.len() <= MAX_NOTICE_LINES => 0,
        None => return None,
    };
    // Trees and leaves stand before some of them.
    let first = lines[start].trim_start_matches(|c: char| !c.is_alphanumeric());
    // Neither asks anything.
    let asks = lines[start..].iter().any(|line| line.contains("? ") || line.ends_with('?'));
    // Nobody's whole mail is a footer or a notice.
    let is_whole = !is_quote_above && lines[..start].iter().all(|line| line.trim().is_empty());
    if is_whole || asks {
        return None;
    }
    if IS_FOOTER.begin(first) && (!tells_how_to_unsubscribe(first) || lines[start..].iter().any(|line| is_linked(line)))
    {
        return Some(start);
    }
    // A notice is no short line.
    if lines[start..].iter().map(|line| line.len()).sum::<usize>() <= MIN_NOTICE_BYTES {
        return None;
    }
    let mut opening = String::with_capacity(2 * MAX_NOTICE_START_CHARS);
    for line in &lines[start..] {
        opening.push_str(line.trim());
        opening.push(' ');
        if opening.len() >= 4 * MAX_NOTICE_START_CHARS {
            break;
        }
    }
    let end = opening.char_indices().nth(MAX_NOTICE_START_CHARS).map_or(opening.len(), |(at, _)| at);
    IS_NOTICE.are_in(&opening[..end].to_lowercase()).then_some(start)
}

/// Whether a line begins as people too tell each other how to get rid of mails.
fn tells_how_to_unsubscribe(line: &str) -> bool {
    const TO: &str = "to unsubscribe";
    line.get(..TO.len()).is_some_and(|start| start.eq_ignore_ascii_case(TO))
}

/// Whether a line has an address of a page or of a mailbox.
fn is_linked(line: &str) -> bool {
    line.contains("://") || line.contains("www.") || line.contains('@')
}

/// `-Ann` or `- Ann` as the last line, below a finished sentence.
fn signed(lines: &[&str]) -> Option<usize> {
    let at = lines.len() - 1;
    let line = lines[at].trim();
    let name = line.strip_prefix("--").or_else(|| line.strip_prefix('-'))?.trim_start();
    let words = name.split_whitespace().count();
    let is_name = name.len() <= MAX_SIGNED_BYTES
        && (1..=MAX_SIGNED_WORDS).contains(&words)
        && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '-'));
    let above = lines[..at].iter().rposition(|line| !line.trim().is_empty())?;
    let sentence = lines[above].trim();
    let is_finished = sentence.ends_with(['.', '!', '?', ')']) && !sentence.starts_with('-');
    (is_name && is_finished).then_some(at)
}

/// The line that telephones and programs put below a mail: `Sent from my iPhone`.
fn is_sent_from(line: &str) -> bool {
    let line = line.trim_matches([' ', '\t', '*', '_', '-', '(', ')', '[', ']', '<', '>', '\u{a0}']);
    if line.is_empty() || line.len() > MAX_SENT_FROM_BYTES * 2 {
        return false;
    }
    // The address of a link does not count.
    let words = line.split_once("http").map_or(line, |(words, _)| words);
    if words.len() > MAX_SENT_FROM_BYTES {
        return false;
    }
    let has_device = |text: &str| {
        // Some scripts have no blanks behind a name in this one: `iPhoneから送信`.
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| DEVICES.contains(&part))
    };
    // An advertisement of Outlook for a device, in whatever language: a link and its text, and nothing else.
    if let Some(text) = words.strip_suffix('<')
        && line[words.len()..].starts_with("https://aka.ms/")
        && !line[words.len()..].contains(char::is_whitespace)
        && text.contains("Outlook")
    {
        return !text.ends_with(' ') && !text.contains([':', ',']) && has_device(&text.to_lowercase());
    }
    if IS_SENT_FROM.begin(words) {
        let lower = words.to_lowercase();
        let is_word = |part: &str| SENTENCE_WORDS.contains(&part);
        return !lower.split(|c: char| !c.is_alphanumeric() && c != '\'').any(is_word) || lower.starts_with("diese ");
    }
    let lower = words.to_lowercase();
    if SENT_FROM_ENDS.iter().any(|end| lower.ends_with(end)) {
        return has_device(&lower) || lower.starts_with("von ") || !lower.is_ascii() && lower.contains("outlook");
    }
    // `Ann Example from mobile`.
    let is_short = lower.split_whitespace().count() <= MAX_DEVICE_WORDS && !lower.ends_with(['?', ':', '.']);
    let from = [" from ", " via "].iter().find_map(|word| lower.find(word).map(|at| &lower[at..]));
    is_short && from.is_some_and(has_device)
}
