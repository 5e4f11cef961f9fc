//! What stands below the words: signatures, the lines of telephones, footers of lists, confidentiality notices.
//!
//! A closing (`Best regards, Ann`) stays with the words: it is theirs, and nothing tells it from them for sure.

use super::super::limits::{MAX_FOOTER_LINES, MAX_LOOSE_SIGNATURE_LINES};
use super::super::regions::What;
use super::{Hints, Kind, is_closing, notices, sent_from, shown};

/// Bytes of a line of a signature that only dashes introduce; longer ones are sentences.
pub(super) const MAX_SIGNATURE_LINE_BYTES: usize = 100;

/// Words of `-Ann Example`.
pub(super) const MAX_SIGNED_WORDS: usize = 3;

/// Bytes of the name in it.
pub(super) const MAX_SIGNED_BYTES: usize = 40;

/// Characters by which a drawn line is longer or shorter than the heading that it underlines.
pub(super) const MAX_UNDERLINE_DIFFERENCE: usize = 3;

/// Words below a rule that are names although they are not written like names.
pub(super) const MAX_LOWER_WORDS: usize = 2;

/// Marks signatures in each stretch of reply, perhaps above a mail of ours that an agent answers.
pub(super) fn mark(lines: &[&str], hinted: &[Option<What>], is_above_ours: bool, hints: &Hints, kinds: &mut [Kind]) {
    for (kind, hint) in kinds.iter_mut().zip(hinted) {
        if *hint == Some(What::Signature) && *kind == Kind::Reply {
            *kind = Kind::Signature;
        }
    }
    if let Some(banner) = super::banner::find(lines, hints.is_html, kinds) {
        kinds[banner].fill(Kind::Signature);
    }
    let mut start = 0;
    let mut around = Around { is_quote_above: false, is_above_ours };
    while start < lines.len() {
        let len = kinds[start..].iter().position(|kind| *kind != Kind::Reply).unwrap_or(lines.len() - start);
        let end = start + len;
        if len > 0 {
            let at = start + find(&lines[start..end], around, hints);
            kinds[at..end].fill(Kind::Signature);
            if let Some(words) = postscript(&lines[at..end]) {
                let words = at + words;
                let footer = words + find(&lines[words..end], around, hints);
                kinds[words..footer].fill(Kind::Reply);
            }
        }
        around.is_quote_above |= end < lines.len() && matches!(kinds[end], Kind::Quoted | Kind::Quote);
        start = end + 1;
    }
}

/// How many of the lines below a quote are neither a signature nor the footer of a program or a server, beyond doubt.
pub(super) fn words_below(lines: &[&str]) -> usize {
    let end = lines.iter().position(|line| *line == "-- ").unwrap_or(lines.len());
    let is_telephones = |rest: &[&str]| sent_from::is_last(rest, true).then(|| rest.len() - 1);
    let end = uppermost(&lines[..end], |rest| is_telephones(rest).or_else(|| notices::last(rest, true)));
    let end = without_blank_end(&lines[..end]).len();
    // Somebody goes on below the signature.
    match lines.iter().rposition(|line| is_postscript(line)) {
        Some(at) if at >= end => lines.len(),
        _ => end,
    }
}

/// What stands around a stretch of text.
#[derive(Clone, Copy)]
struct Around {
    is_quote_above: bool,
    /// A mail of ours that an agent answers stands below it.
    is_above_ours: bool,
}

/// Where the signature of a stretch of text begins; its length where there is none.
fn find(lines: &[&str], around: Around, hints: &Hints) -> usize {
    let is_quote_above = around.is_quote_above;
    if let Some(exact) = lines.iter().position(|line| *line == "-- ") {
        return exact;
    }
    let mut has_rule = false;
    uppermost(lines, |rest| {
        if sent_from::is_last(rest, is_quote_above) {
            return Some(rest.len() - 1);
        }
        let rule = if has_rule { None } else { below_rule(rest, around, hints) };
        has_rule |= rule.is_some();
        rule.or_else(|| notices::last(rest, is_quote_above)).or_else(|| signed(rest, &hints.sender))
    })
}

/// Where the uppermost of what stands one above the other below the words begins; `last` finds where the last of it
/// does in lines that end in no blank one.
fn uppermost(lines: &[&str], mut last: impl FnMut(&[&str]) -> Option<usize>) -> usize {
    let mut found = lines.len();
    loop {
        let rest = without_blank_end(&lines[..found]);
        match if rest.is_empty() { None } else { last(rest) } {
            Some(at) => found = at,
            None => return found,
        }
    }
}

fn without_blank_end<'a, 'l>(lines: &'a [&'l str]) -> &'a [&'l str] {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    &lines[..end]
}

/// How what comes after the signature begins, in lower case and without blanks and dashes.
const POSTSCRIPTS: [&str; 12] =
    ["p.s.", "ps:", "ps.", "p.s:", "p.p.s.", "pps:", "p.d.", "pd:", "п.с.", "пс:", "n.b.", "nb:"];

/// Where somebody goes on below a signature, with an empty line between.
fn postscript(lines: &[&str]) -> Option<usize> {
    let is_apart = |at: usize| at > 1 && lines[at - 1].trim().is_empty();
    (0..lines.len()).find(|at| is_apart(*at) && is_postscript(lines[*at]))
}

/// Whether somebody goes on below the signature: `PS: the key ends in 7f`.
pub(super) fn is_postscript(line: &str) -> bool {
    let start = line.trim_start().chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).take(6).collect::<String>();
    let start = start.to_lowercase();
    let Some(postscript) = POSTSCRIPTS.iter().find(|postscript| start.starts_with(**postscript)) else { return false };
    let count = line.split_whitespace().count();
    // `P.S. Rao` is somebody's name.
    let is_name = !postscript.ends_with(':') && !line.trim_end().ends_with(['.', '!', '?', ':']);
    count > 1 && !(is_name && line.split_whitespace().all(|word| word.starts_with(|c: char| !c.is_lowercase())))
}

/// The line above the last ones that separates a signature (`--`) or a footer (`_____`).
///
/// People draw lines above other things, too: so what stands below names its sender, or says how to reach somebody.
fn below_rule(lines: &[&str], around: Around, hints: &Hints) -> Option<usize> {
    let Around { is_quote_above, is_above_ours } = around;
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
            // Between two of them stands what somebody shows.
            if found.is_some_and(|other| lines[at + 1..other].iter().any(|line| !line.trim().is_empty())) {
                return None;
            }
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
        let end = notices::last(lines, is_quote_above).unwrap_or(lines.len());
        let Some(below) = lines.get(at + 1..end) else { return true };
        // Nobody but programs draws long lines of underscores.
        let is_programs = lines[*at].trim().starts_with('_') && lines[*at].trim().len() >= MIN_DRAWN_CHARS;
        let is_footer = end < lines.len() || is_programs && !hints.answers_none && !is_above_ours;
        !shown::goes_on(lines[*at], below, hints.answers_none)
            && (is_footer || names_somebody(below, &hints.sender, is_above_ours))
    })
}

/// Whether lines have the sender's name, take leave, are nothing but names, or have an address of some kind.
///
/// An agent's words may tell a customer of all of these: so an agent's signature begins with the name, or by taking leave.
fn names_somebody(lines: &[&str], sender: &str, is_agents: bool) -> bool {
    let has_address = |line: &str| line.contains(['@', '+']) || line.contains("www.") || line.contains("://");
    let is_senders =
        |line: &str| line.split(|c: char| !c.is_alphabetic()).any(|word| word.len() > 1 && is_name_of(word, sender));
    let is_name = |word: &str| word.chars().all(|c| c.is_alphabetic() || "-.,'&|".contains(c));
    let is_of_words = |line: &&str| !line.is_empty() && !is_drawn(line) && !sent_from::is_whole(line);
    let mut lines = lines.iter().map(|line| line.trim()).filter(is_of_words);
    if is_agents {
        let begins = |line: &str| line.split_whitespace().next().is_some_and(|word| is_name_of(word, sender));
        return lines.next().is_none_or(|line| is_closing(line) || begins(line));
    }
    let words = || lines.clone().flat_map(str::split_whitespace);
    lines.clone().any(|line| has_address(line) || is_closing(line) || is_senders(line))
        || words().all(is_name)
            && (words().count() <= MAX_LOWER_WORDS || !words().any(|word| word.starts_with(char::is_lowercase)))
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

/// `-Ann` or `- Ann` as the last line, below a finished sentence. One who is not the sender has more names than one:
/// `- Tea` is an item of a list.
fn signed(lines: &[&str], sender: &str) -> Option<usize> {
    let at = lines.len() - 1;
    let line = lines[at].trim();
    let name = line.strip_prefix("--").or_else(|| line.strip_prefix('-'))?;
    let is_apart = name.starts_with(' ');
    let name = name.trim_start();
    let words = name.split_whitespace().count();
    let is_name = name.len() <= MAX_SIGNED_BYTES
        && (1..=MAX_SIGNED_WORDS).contains(&words)
        && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '-'));
    if !is_name {
        return None;
    }
    let above = lines[..at].iter().rposition(|line| !line.trim().is_empty())?;
    let sentence = lines[above].trim();
    let is_finished = sentence.ends_with(['.', '!', '?', ')']) && !sentence.starts_with('-');
    let is_senders = name.split_whitespace().all(|word| is_name_of(word, sender));
    let are_names = !is_apart && words > 1 && name.split_whitespace().all(|word| word.starts_with(char::is_uppercase));
    (is_finished && (is_senders || are_names)).then_some(at)
}

/// Whether a line is the sender's name.
pub(super) fn is_name(line: &str, sender: &str) -> bool {
    let words = line.split_whitespace().count();
    let is_whole = |word: &str| word.chars().nth(1).is_some() && is_name_of(word, sender);
    (1..=MAX_SIGNED_WORDS).contains(&words) && line.split_whitespace().all(is_whole)
}

/// Whether a word is one of the names of the sender, or an initial.
fn is_name_of(word: &str, sender: &str) -> bool {
    let word = word.trim_end_matches('.').to_lowercase();
    let mut names = sender.split(|c: char| !c.is_alphabetic()).filter(|name| !name.is_empty());
    names.any(|name| {
        let name = name.to_lowercase();
        name == word || word.chars().count() == 1 && name.starts_with(&word)
    })
}
