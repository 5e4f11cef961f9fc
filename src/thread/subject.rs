//! Subjects: what is left without reply and forward prefixes (RFC 5256 §2.1), and the ticket reference in them.

use crate::ticket::TicketId;
use regex::Regex;
use std::sync::LazyLock;

/// Characters of a subject that are kept; longer ones are cut with an ellipsis.
pub const SUBJECT_CHARS: usize = 250;

/// Reply and forward prefixes in the languages of common mail clients, with the counters some of them add.
static PREFIX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^\s*(?:(?:re|fwd?|aw|wg|sv|vs|vl|antw|odp|tr|rv|enc|res|rif|ynt|ref|doorst|vb)",
        r"(?:\s?[\[(]\d{1,3}[\])]|\^\d{1,3})?\s?[:：])\s*"
    ))
    .ok()
});

/// The reference of one of our tickets.
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)\[PR-([1-9]\d{0,17})\]").ok());

/// The subject without reply and forward prefixes and without our references, on one line.
pub fn base_subject(subject: &str) -> String {
    let tag = TAG.as_ref().filter(|_| subject.contains('['));
    let untagged = tag.map_or(subject.into(), |tag| tag.replace_all(subject, ""));
    let mut rest: &str = untagged.trim();
    while let Some(found) = PREFIX.as_ref().and_then(|prefix| prefix.find(rest)) {
        rest = &rest[found.end()..];
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    shorten(words.join(" "))
}

/// The ticket that a subject refers to; the last reference counts, which is the one that we put there.
pub fn tag(subject: &str) -> Option<TicketId> {
    let digits = TAG.as_ref().filter(|_| subject.contains('['))?.captures_iter(subject).last()?;
    digits.get(1)?.as_str().parse().ok().map(TicketId)
}

fn shorten(subject: String) -> String {
    match subject.char_indices().nth(SUBJECT_CHARS) {
        Some((end, _)) => format!("{}…", subject[..end].trim_end()),
        None => subject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_loses_reply_prefixes_and_keeps_the_rest() {
        let cases = [
            ("plain", "Printer on fire", "Printer on fire"),
            ("german reply to a forward", "AW: Fwd: Printer on fire", "Printer on fire"),
            ("word that only looks like a prefix", "Re-order paper", "Re-order paper"),
            ("prefix and nothing else", "Re:", ""),
            ("counted reply", "Re[2]: Printer", "Printer"),
            ("our reference", "Re: Printer on fire [PR-1042]", "Printer on fire"),
            ("somebody else's tag", "[P1] Printer", "[P1] Printer"),
            ("norwegian", "SV: Skriver", "Skriver"),
            ("folded", "Re: Printer\t on   fire", "Printer on fire"),
        ];
        for (name, subject, expected) in cases {
            assert_eq!(base_subject(subject), expected, "{name}: {subject:?}");
        }
    }

    #[test]
    fn a_long_subject_is_cut_at_its_limit() {
        assert_eq!(base_subject(&"x".repeat(SUBJECT_CHARS)), "x".repeat(SUBJECT_CHARS));
        assert_eq!(base_subject(&"x".repeat(SUBJECT_CHARS + 1)), format!("{}…", "x".repeat(SUBJECT_CHARS)));
    }

    #[test]
    fn the_last_reference_is_the_tag() {
        let cases = [
            ("ours", "Re: Printer [PR-1042]", Some(1042)),
            ("two", "[PR-7] was [PR-8]", Some(8)),
            ("no brackets", "PR-1042", None),
            ("not a number", "[PR-x]", None),
        ];
        for (name, subject, expected) in cases {
            assert_eq!(tag(subject), expected.map(TicketId), "{name}");
        }
    }
}
