//! The footers of lists and the notices of servers, told from what people say of secrets, viruses and the environment.
//!
//! A notice says several things about the mail in which it stands: that it is secret, for whom it is, and what is to be
//! done when somebody else has it. People say each of them, too, but not all, and about their own matter. When in
//! doubt, it is their word.

mod words;

use super::super::limits::{MAX_NOTICE_LINES, MAX_NOTICE_START_CHARS};
use super::super::search::{Beginnings, Phrases, Sorted};

/// Bytes that every notice has; shorter paragraphs are somebody's words.
pub(super) const MIN_NOTICE_BYTES: usize = 80;

/// Words of the link behind `Virus-free.`
pub(super) const MAX_LINK_WORDS: usize = 3;

/// Bytes of the plea not to print a mail, and of what says that it was searched for viruses.
pub(super) const MAX_FOOTER_BYTES: usize = 300;

/// Words with which people speak of themselves, as neither notices nor footers do.
const OWN_WORDS: &[&str] = &[
    "I", "I'm", "I've", "my", "My", "me", "ich", "Ich", "mein", "meine", "meinem", "meinen", "mir", "mich", "Je",
    "j'ai", "J'ai", "yo", "Yo", "io", "Io", "ik", "Ik", "mijn", "jag", "Jag", "jeg", "Jeg", "minä", "я", "Я", "мне",
    "ben", "Ben",
];

/// The same of several, in whose name some notices speak.
const OUR_WORDS: &[&str] = &[
    "we", "We", "we're", "We're", "we've", "We've", "wir", "Wir", "nous", "Nous", "nosotros", "noi", "Noi", "wij",
    "Wij", "vi", "Vi", "мы", "Мы", "ми", "Ми", "biz", "Biz",
];

fn listed(words: &'static str) -> Vec<&'static str> {
    words.split('|').collect()
}

fn sorted(words: &'static str) -> Sorted {
    Beginnings::by_first_byte(&listed(words))
}

static IS_FOOTER: Beginnings = Beginnings::new(|| sorted(words::FOOTERS));
static IS_VIRUS_FREE: Beginnings = Beginnings::new(|| sorted(words::VIRUS_FREE));
static IS_SCANNED: Beginnings = Beginnings::new(|| sorted(words::SCANNED));
static IS_ENVIRONMENT: Beginnings = Beginnings::new(|| sorted(words::ENVIRONMENT));
static IS_HEADING: Beginnings = Beginnings::new(|| sorted(words::HEADINGS));
static NAMES_SCANNER: Phrases = Phrases::new(|| listed(words::SCANNERS));
static SAYS_PRINTING: Phrases = Phrases::new(|| listed(words::PRINTING));
static SAYS_THIS_MAIL: Phrases = Phrases::new(|| listed(words::THIS_MAIL));
static SAYS_CONFIDENTIAL: Phrases = Phrases::new(|| listed(words::CONFIDENTIAL));
static SAYS_PRIVILEGED: Phrases = Phrases::new(|| listed(words::PRIVILEGED));
static SAYS_RECIPIENT: Phrases = Phrases::new(|| listed(words::RECIPIENT));
static SAYS_MISTAKEN: Phrases = Phrases::new(|| listed(words::MISTAKEN));
static SAYS_IF_YOU: Phrases = Phrases::new(|| listed(words::IF_YOU));
static SAYS_FORBIDDEN: Phrases = Phrases::new(|| listed(words::FORBIDDEN));

/// Where the last paragraph begins, when it is a notice or a footer.
pub(super) fn last(lines: &[&str], is_quote_above: bool) -> Option<usize> {
    let paragraph = lines.iter().rev().take(MAX_NOTICE_LINES + 1).position(|line| line.trim().is_empty());
    let start = match paragraph {
        Some(len) => lines.len() - len,
        None if lines.len() <= MAX_NOTICE_LINES => 0,
        None => return None,
    };
    let paragraph = &lines[start..];
    // Neither asks anything.
    let asks = paragraph.iter().any(|line| line.contains("? ") || line.ends_with('?'));
    // Nobody's whole mail is a footer or a notice.
    let is_whole = !is_quote_above && lines[..start].iter().all(|line| line.trim().is_empty());
    (!is_whole && !asks && (is_footer(paragraph) || is_notice(paragraph))).then_some(start)
}

fn is_footer(lines: &[&str]) -> bool {
    // Trees and leaves stand before some of them.
    let first = lines[0].trim_start_matches(|c: char| !c.is_alphanumeric());
    let bytes = || lines.iter().map(|line| line.len()).sum::<usize>();
    let has = |phrases: &Phrases| bytes() <= MAX_FOOTER_BYTES && phrases.are_in(&lines.join(" ").to_lowercase());
    if IS_FOOTER.begin(first) {
        let is_one = !tells_how_to_unsubscribe(first) || lines.iter().any(|line| is_linked(line));
        return is_one && !speaks(lines, OWN_WORDS) && !speaks(lines, OUR_WORDS);
    }
    if IS_VIRUS_FREE.begin(first) {
        // `Virus-free.www.avast.example`, with or without brackets around the link.
        let behind = lines.iter().flat_map(|line| line.split_whitespace()).skip(1);
        return behind.take(MAX_LINK_WORDS + 1).count() <= MAX_LINK_WORDS;
    }
    (IS_SCANNED.begin(first) && has(&NAMES_SCANNER) || IS_ENVIRONMENT.begin(first) && has(&SAYS_PRINTING))
        && !speaks(lines, OWN_WORDS)
        && !speaks(lines, OUR_WORDS)
}

fn is_notice(lines: &[&str]) -> bool {
    // A notice is no short line.
    if lines.iter().map(|line| line.len()).sum::<usize>() <= MIN_NOTICE_BYTES {
        return false;
    }
    let mut opening = String::with_capacity(2 * MAX_NOTICE_START_CHARS);
    for line in lines {
        opening.push_str(line.trim());
        opening.push(' ');
        if opening.len() >= 4 * MAX_NOTICE_START_CHARS {
            break;
        }
    }
    let end = opening.char_indices().nth(MAX_NOTICE_START_CHARS).map_or(opening.len(), |(at, _)| at);
    let lower = opening[..end].to_lowercase();
    let first = lines[0].trim_start_matches(|c: char| !c.is_alphanumeric());
    let says_this_mail = SAYS_THIS_MAIL.are_in(&lower);
    let may_be_headed = IS_HEADING.begin(first);
    // Nearly all paragraphs end the search here.
    if !says_this_mail && !may_be_headed || speaks(lines, OWN_WORDS) {
        return false;
    }
    let is_for_somebody = SAYS_RECIPIENT.are_in(&lower);
    if may_be_headed
        && let Some(heading) = heading(first)
        && (says_this_mail || is_for_somebody || SAYS_CONFIDENTIAL.are_in(&heading))
    {
        return true;
    }
    if !says_this_mail {
        return false;
    }
    let is_mistaken = SAYS_MISTAKEN.are_in(&lower) && SAYS_IF_YOU.are_in(&lower);
    let said = [SAYS_CONFIDENTIAL.are_in(&lower), SAYS_PRIVILEGED.are_in(&lower), is_for_somebody, is_mistaken];
    let is_said =
        said.into_iter().filter(|is_said| *is_said).count() >= MIN_SAID || is_mistaken && SAYS_FORBIDDEN.are_in(&lower);
    is_said && (is_for_somebody || !speaks(lines, OUR_WORDS))
}

/// Things that a notice says about a mail, besides that it speaks of one.
pub(super) const MIN_SAID: usize = 2;

/// The heading in lower case, if it is one: it stands alone, or before a colon, a full stop or a dash.
fn heading(first: &str) -> Option<String> {
    let heading = first.split([':', '.', '–', '—']).next()?.split(" - ").next()?.trim().to_lowercase();
    words::HEADINGS.split('|').any(|known| known == heading).then_some(heading)
}

/// Whether people speak of themselves in these lines.
fn speaks(lines: &[&str], words: &[&str]) -> bool {
    lines.iter().any(|line| {
        // Apostrophes belong to `I'm`, in either form.
        let mut parts = line.split(|c: char| !c.is_alphabetic() && !matches!(c, '\'' | '’'));
        parts
            .any(|part| words.iter().any(|word| part == *word || part.contains('’') && part.replace('’', "'") == *word))
    })
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
