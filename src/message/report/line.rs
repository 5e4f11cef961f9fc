//! The shapes of lines in which servers name a recipient, by shape and not by server.

use super::address::{self, Found};
use super::phrases;
use super::status;

/// How surely a line names a recipient of the report, the surest first. The recipients of a report are those of the
/// surest kind that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sure {
    /// An address that begins a line below words that announce recipients.
    Announced,
    /// `Failed recipient: ann@example.com`, or `<ann@example.com>: reason`.
    Named,
    /// `Your message to ann@example.com could not be delivered`.
    Told,
    /// An address with nothing else in its line.
    Alone,
    /// A line of a session: `>>> RCPT TO:<ann@example.com>`, `550 ann@example.com... User unknown`.
    Session,
    /// An address in a line with a reason: `the mailbox ann@example.com is unavailable`.
    Mentioned,
    /// `To: ann@example.com`.
    Field,
}

/// An address at the start of a line, and what follows it there.
pub(super) struct Opening<'a> {
    pub address: String,
    pub rest: &'a str,
    pub follows: Follows,
}

/// What follows an address in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    Nothing,
    /// A reason, set apart by a sign.
    Reason,
    Words,
}

/// Signs before an address that make it an item of a list.
const BULLETS: [char; 14] = [' ', '\t', '*', '•', '·', '|', '-', '+', '#', '>', '○', '●', '–', '\u{a0}'];

/// Words of labels before addresses of others.
const OTHERS: [&str; 21] = [
    "from",
    "sender",
    "reply",
    "return",
    "contact",
    "errors",
    "cc",
    "bcc",
    "help",
    "assistance",
    "postmaster",
    "administrator",
    "admin",
    "support",
    "write",
    "http",
    "message-id",
    "message id",
    "subject",
    "send mail to",
    "abuse",
];

/// The address that a line begins with.
pub(super) fn opening(line: &str) -> Option<Opening<'_>> {
    let text = line.trim_start_matches(BULLETS);
    let found = address::first(text)?;
    let before = &text[..found.start];
    let rest = text[found.end..].trim_start_matches(['>', '"', '\'', ')', ']', '}', '*', '`']);
    let follows = follows(rest);
    let is_at_start = before.trim_start_matches(['<', '"', '\'', '[', '`', '*']).is_empty()
        || is_prefix(before)
        || (follows != Follows::Words && is_name(before, text));
    is_at_start.then(|| Opening { address: found.address, rest: rest.trim(), follows })
}

fn follows(rest: &str) -> Follows {
    let text = rest.trim_start();
    if !text.contains(char::is_alphanumeric) {
        Follows::Nothing
    } else if text.starts_with([':', '(', '[', '<', '-', '.', ',', ';', '=', '"', '–', '：', '—'])
        || text.starts_with("on ")
    {
        Follows::Reason
    } else {
        Follows::Words
    }
}

/// Bytes of what a gateway puts before an address.
const MAX_PREFIX_BYTES: usize = 40;

/// Bytes and words of the name of an address, and bytes of a line that is no more than both.
const MAX_OWNER_BYTES: usize = 80;
const MAX_OWNER_WORDS: usize = 4;
const MAX_OWNED_BYTES: usize = 200;

/// `SMTP:`, `rfc822;`, `[mailto:`, or a gateway's own words, all without a blank; and X.400 addresses.
fn is_prefix(before: &str) -> bool {
    let lower = before.to_ascii_lowercase();
    if lower.ends_with("smtp=") {
        return true;
    }
    let ends = lower.trim_end_matches(['<', '"']).ends_with([':', ';', '=']);
    ends && before.len() <= MAX_PREFIX_BYTES
        && !before.contains(char::is_whitespace)
        && !is_of_others(&lower)
        && !is_field(&lower)
}

/// `Ann Example <` or `"ann@example.com" <`: the name of the owner of the address.
fn is_name(before: &str, text: &str) -> bool {
    let Some(name) = before.strip_suffix(['<', '(', '[']) else { return false };
    let is_short = name.len() <= MAX_OWNER_BYTES && name.split_whitespace().count() <= MAX_OWNER_WORDS;
    let is_apart = name.ends_with([' ', '\t', '"']) && !name.trim().is_empty();
    is_short && is_apart && text.len() <= MAX_OWNED_BYTES && !name.contains([':', '.', '(', '<', '='])
}

fn is_of_others(lower: &str) -> bool {
    OTHERS.iter().any(|word| {
        lower.match_indices(word).any(|(at, _)| at == 0 || !lower[..at].ends_with(|c: char| c.is_alphanumeric()))
    })
}

/// Names of the field with the recipients of a mail, in lower case.
fn is_field(label: &str) -> bool {
    matches!(
        label.trim_matches([' ', ':', '<', '*', '\t']),
        "to" | "an" | "à" | "a" | "para" | "aan" | "do" | "till" | "til" | "кому" | "宛先" | "收件人"
    )
}

/// Words of labels before the address of a recipient, in lower case.
const OF_RECIPIENT: [&str; 26] = [
    "unknown",
    "recipient",
    "undeliverable",
    "failed",
    "unknown user",
    "user unknown",
    "mailbox",
    "invalid",
    "attempts",
    "delivered to",
    "intended",
    "user",
    "address",
    "addressee",
    "receiver",
    "empfänger",
    "destinat",
    "indirizzo",
    "endereço",
    "dirección",
    "ontvanger",
    "geadresseerde",
    "адрес",
    "получател",
    "受信者",
    "用户",
];

/// `Failed recipient: <ann@example.com>`: the address behind a label, how sure it is, and what follows.
pub(super) fn labelled(line: &str) -> Option<(Sure, Opening<'_>)> {
    const MAX_BYTES: usize = 100;
    let found = address::first(line)?;
    let before = line[..found.start]
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '[' | '"' | '\'' | '*' | '-'));
    let lower = before.to_lowercase();
    let lower = ["smtp:", "mailto:", "rfc822;"]
        .iter()
        .fold(lower.as_str(), |text, kind| text.strip_suffix(kind).unwrap_or(text));
    let label = lower.trim_end_matches([' ', '[', '<', '(']);
    if label.len() > MAX_BYTES || !label.ends_with([':', '：']) || is_of_others(label) {
        return None;
    }
    let sure = if is_field(label) {
        Sure::Field
    } else if OF_RECIPIENT.iter().any(|word| label.contains(word)) {
        Sure::Named
    } else {
        return None;
    };
    let rest = line[found.end..].trim_start_matches(['>', '"', '\'', ']']);
    Some((sure, Opening { address: found.address, rest: rest.trim(), follows: follows(rest) }))
}

/// The addresses in a line behind the words that announce them.
pub(super) fn told<'a>(line: &'a str, lower: &str) -> impl Iterator<Item = Found> + 'a {
    // Where other scripts change their length in lower case, all of the line is taken.
    let from = phrases::ANNOUNCES.end_in(lower).filter(|_| lower.len() == line.len()).unwrap_or(0);
    address::all(line).filter(move |found| found.start >= from && !is_of_server(&found.address))
}

/// The address in a line of a session between servers.
pub(super) fn of_session(line: &str, lower: &str, is_about_sender: bool) -> Option<Found> {
    if let Some(at) = lower.find("rcpt to:") {
        return address::all(line).find(|found| found.start >= at.min(line.len()));
    }
    let said = lower.trim_start_matches([' ', '\t', '<', '-']);
    let is_answer = lower.trim_start().starts_with("<<<");
    let is_code = said.as_bytes().first().is_some_and(|b| matches!(b, b'4' | b'5'))
        && status::reply_code(said.get(..4).unwrap_or(said)).is_some();
    if !is_code || (is_answer && is_about_sender) {
        return None;
    }
    address::first(line)
}

/// The address that stands for a program or a file that took mail for it: `generated by ann@example.com` (Exim).
pub(super) fn generated_by(line: &str, lower: &str) -> Option<Found> {
    let start = lower.trim_start().trim_start_matches(['(', ' ']).trim_start_matches("ultimately ");
    let is_told = start.starts_with("generated by") || start.starts_with("generated from");
    if is_told { address::first(line) } else { None }
}

/// The address in a line that says why something failed.
pub(super) fn mentioned(line: &str, lower: &str) -> Option<Found> {
    let found = address::first(line)?;
    let is_reason = status::reason(lower).is_some() || phrases::SAYS_FAILED.are_in(lower);
    (is_reason && !is_of_others(lower) && !is_of_server(&found.address)).then_some(found)
}

/// Addresses that reports give to ask for help at.
pub(super) fn is_of_server(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    ["postmaster", "mailer-daemon", "abuse", "support", "helpdesk", "admin", "noreply", "no-reply"]
        .contains(&local.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_before_an_address_is_no_label() {
        for (bytes, is_label) in [(100, true), (101, false)] {
            let line = format!("{:a>bytes$} <ann@example.com>", " recipient:");
            assert_eq!(labelled(&line).is_some(), is_label, "{bytes}");
        }
    }

    #[test]
    fn numbers_of_what_stands_before_an_address_hold() {
        let is_opening = |line: String| opening(&line).is_some();
        let gateway = |bytes: usize| is_opening(format!("{}:ann@example.com", "x".repeat(bytes - 1)));
        let owner = |bytes: usize| is_opening(format!("{} <ann@example.com>", "x".repeat(bytes - 1)));
        let words = |count: usize| is_opening(format!("{}<ann@example.com>", "Ann ".repeat(count)));
        let owned = |bytes: usize| {
            let line = "Ann <ann@example.com>";
            is_opening(format!("{line}{}", ".".repeat(bytes - line.len())))
        };
        type Row<'a> = (&'static str, &'a dyn Fn(usize) -> bool, usize);
        let cases: [Row<'_>; 4] = [
            ("bytes of a gateway's words", &gateway, MAX_PREFIX_BYTES),
            ("bytes of a name", &owner, MAX_OWNER_BYTES),
            ("words of a name", &words, MAX_OWNER_WORDS),
            ("bytes of a line with a name", &owned, MAX_OWNED_BYTES),
        ];
        for (name, is_so, number) in cases {
            assert_eq!((is_so(number), is_so(number + 1)), (true, false), "{name}: {number}");
        }
    }

    #[test]
    fn lines_that_begin_with_an_address_are_told_from_others() {
        use Follows::*;
        let cases = [
            ("alone", "   ann@example.com", Some(Nothing)),
            ("an item", "  * ann@example.com", Some(Nothing)),
            ("in brackets with a colon", "<ann@example.com>:", Some(Nothing)),
            ("with a reason", "ann@example.com: 550 no", Some(Reason)),
            ("with a reason in brackets", "<ann@example.com>  (Unknown user)", Some(Reason)),
            ("with a date", "ann@example.com on Mon, 2 Mar 2026", Some(Reason)),
            ("with words", "ann@example.com Invalid Address", Some(Words)),
            ("with a name", "Ann Example <ann@example.com>", Some(Nothing)),
            ("with a prefix", "ann:00000:<ann@example.com> : timed out", Some(Reason)),
            ("X.400", "c=US;a= ;p=ACME;dda:SMTP=ann@example.com; on Fri", Some(Reason)),
            ("a sender", "From:<ann@example.com>", None),
            ("a sentence", "Please write to ann@example.com", None),
            ("an alias", "    (expanded from: <ann@example.com>)", None),
            ("a session", ">>> RCPT TO:<ann@example.com>", None),
        ];
        for (name, line, expected) in cases {
            assert_eq!(opening(line).map(|opening| opening.follows), expected, "{name}");
        }
    }

    #[test]
    fn labels_tell_whose_address_it_is() {
        let cases = [
            ("Failed Recipient: ann@example.com", Some(Sure::Named)),
            ("Unknown user: ann@example.com", Some(Sure::Named)),
            ("  Recipient: [SMTP:ann@example.com]", Some(Sure::Named)),
            ("To: ann@example.com", Some(Sure::Field)),
            ("Original Sender:    <ann@example.com>", None),
            ("System contact: postmaster@example.com", None),
        ];
        for (line, expected) in cases {
            assert_eq!(labelled(line).map(|(sure, _)| sure), expected, "{line}");
        }
    }
}
