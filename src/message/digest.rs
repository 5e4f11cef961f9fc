//! The content digest: what two copies of one mail have in common, whichever way each of them came.
//!
//! Trace fields (`Received`, `Delivered-To`, `Authentication-Results`, signatures) differ between copies and are left
//! out, and so are line ends and empty lines at the end, which servers change.
//!
//! What was not read cannot tell two mails apart. Where a mail was not read to its end, or has too little that could be
//! told apart, only what is the same byte for byte is a copy of it: a mail that is taken for another one is lost.

use super::fields::{Block, line_end, without_line_end};
use super::{Digest, decode, ids};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// The fields that the author's program writes and no server on the way changes.
const ORIGINATOR_FIELDS: [&str; 6] = ["From", "To", "Cc", "Subject", "Date", "Message-ID"];

/// Those that count as well where neither a date nor an id tells two mails apart: a form on a page writes the same
/// words for everybody, and who filled it in stands there only.
const FIELDS_OF_FORMS: [&str; 2] = ["Reply-To", "Sender"];

/// The digest of a mail with this header block, which is read to the end.
pub(super) fn of_mail(raw: &[u8], block: &Block<'_>) -> Digest {
    let body = &raw[block.body_at..];
    if is_told_apart(block, body) { of_content(block, body) } else { Digest::of(raw) }
}

/// The digest of a mail of which only this header block was fetched.
pub(super) fn of_header(raw: &[u8], block: &Block<'_>, size_bytes: u64, received_at: Timestamp) -> Digest {
    if is_told_apart(block, &[]) {
        return of_content(block, &[]);
    }
    let mut hash = Sha256::new();
    hash.update(raw);
    hash.update(size_bytes.to_be_bytes());
    hash.update(received_at.as_millisecond().to_be_bytes());
    Digest(hash.finalize().into())
}

/// Whether mails that differ have different digests of their content. Those with an id of their own need it only to
/// differ from others with the same id.
fn is_told_apart(block: &Block<'_>, body: &[u8]) -> bool {
    let is_short = block.skips_lines || body.trim_ascii().is_empty();
    !block.is_over_limit && (!is_short || has_id(block))
}

fn has_id(block: &Block<'_>) -> bool {
    let mut ids = block.fields.iter().filter(|field| field.is("Message-ID"));
    ids.any(|field| !ids::all(&decode::text(*field)).is_empty())
}

fn of_content(block: &Block<'_>, body: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    let mut value = Vec::with_capacity(256);
    let is_undated = block.first("Date").is_none() && !has_id(block);
    let of_forms = if is_undated { &FIELDS_OF_FORMS[..] } else { &[] };
    for name in ORIGINATOR_FIELDS.iter().chain(of_forms) {
        for field in block.fields.iter().filter(|field| field.is(name)) {
            value.clear();
            for word in field.value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                value.push(b' ');
                value.extend_from_slice(word);
            }
            hash.update(name);
            hash.update(&value);
            hash.update(b"\n");
        }
    }
    hash.update(b"\n");
    hash_lines(&mut hash, body);
    Digest(hash.finalize().into())
}

/// Hashes the lines with `\n` behind each; empty lines count only when a line with something on it follows.
fn hash_lines(hash: &mut Sha256, body: &[u8]) {
    let body = body.trim_ascii_end();
    if body.is_empty() {
        return;
    }
    // Many lines are hashed at once: a call for each would cost more than the hash. What is taken out of them is only
    // looked for where there is some.
    if memchr::memchr(b'\r', body).is_none() {
        hash.update(body);
        hash.update(b"\n");
        return;
    }
    let mut lines = Vec::with_capacity(body.len().min(2 * MAX_HASHED_BYTES) + 1);
    let mut at = 0;
    while at < body.len() {
        let end = line_end(body, at);
        let line = without_line_end(&body[at..end]);
        lines.extend_from_slice(line);
        lines.push(b'\n');
        if lines.len() >= MAX_HASHED_BYTES {
            hash.update(&lines);
            lines.clear();
        }
        at = end;
    }
    hash.update(&lines);
}

/// Bytes that are hashed in one call, or a line more.
const MAX_HASHED_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::super::fields::{Of, split};
    use super::super::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS};
    use super::*;

    fn digest(raw: &str) -> Digest {
        of_mail(raw.as_bytes(), &split(raw.as_bytes(), Of::Message))
    }

    const MAIL: &str = "From: ann@example.com\r\nSubject: Fire\r\nMessage-ID: <1@example.com>\r\n\r\nIt burns.\r\n";

    #[test]
    fn copies_of_one_mail_have_the_same_digest() {
        let cases = [
            ("delivered by another way", format!("Received: from a by b\r\nDelivered-To: x@y\r\n{MAIL}")),
            ("with bare line feeds", MAIL.replace("\r\n", "\n")),
            ("with empty lines behind", format!("{MAIL}\r\n\r\n")),
            ("without the last line end", MAIL.trim_end().to_string()),
            ("with a field folded anew", MAIL.replace("Subject: Fire", "Subject:\r\n Fire")),
        ];
        for (name, copy) in cases {
            assert_eq!(digest(&copy), digest(MAIL), "{name}");
        }
    }

    #[test]
    fn different_mails_have_different_digests() {
        let cases = [
            ("another text", MAIL.replace("burns", "smokes")),
            ("another subject", MAIL.replace("Fire", "Smoke")),
            ("another sender", MAIL.replace("ann@", "bob@")),
            ("another id", MAIL.replace("<1@", "<2@")),
            ("an empty line inside", MAIL.replace("It burns", "It\r\n\r\nburns")),
        ];
        for (name, other) in cases {
            assert_ne!(digest(&other), digest(MAIL), "{name}");
        }
    }

    #[test]
    fn a_mail_that_was_not_read_to_its_end_is_only_known_by_its_bytes() {
        let far_below = |name: &str| format!("{name}: {}\r\n", "x".repeat(MAX_HEADER_BYTES));
        let many = "X: 1\r\n".repeat(MAX_HEADER_FIELDS + 1);
        let id = "Message-ID: <1@example.com>\r\n";
        let cases = [
            ("all of it below the limit", far_below("X-Recipients"), MAIL.to_owned(), MAIL.replace("ann@", "bob@")),
            ("too many fields", many, MAIL.to_owned(), MAIL.replace("It burns", "It smokes")),
            (
                "only the id above",
                format!("{id}{}", far_below("References")),
                MAIL.to_owned(),
                MAIL.replace("Fire", "Smoke"),
            ),
        ];
        for (name, top, one, other) in cases {
            let [one, other] = [one, other].map(|mail| format!("{top}{mail}"));
            assert_ne!(digest(&one), digest(&other), "{name}");
            assert_ne!(digest(&one), digest(&format!("Received: x\r\n{one}")), "{name}");
            assert_eq!(digest(&one), digest(&one), "{name}");
        }
    }

    #[test]
    fn without_an_id_a_mail_has_to_have_something_to_be_known_by() {
        let cases = [
            ("no text", "Received: one\n\n", "Received: two\n\n", false),
            ("no text, though a sender", "Received: one\nFrom: a@b\n\n", "Received: two\nFrom: a@b\n\n", false),
            ("no text, but an id", "Received: one\nMessage-ID: <1@b>\n\n", "Message-ID: <1@b>\n\n", true),
            ("a text", "Received: one\nFrom: a@b\n\nx", "Received: two\nFrom: a@b\n\nx", true),
            ("lines that are no fields", "From: a@b\nit burns\nX: 1\n\nx", "From: a@b\nit smokes\nX: 1\n\nx", false),
            ("a form", "From: a@b\nReply-To: c@d\n\nx", "From: a@b\nReply-To: e@f\n\nx", false),
            (
                "a form with a date",
                "From: a@b\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nReply-To: c@d\n\nx",
                "From: a@b\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nx",
                true,
            ),
        ];
        for (name, one, other, is_copy) in cases {
            assert_eq!(digest(one) == digest(other), is_copy, "{name}");
        }
    }

    #[test]
    fn what_ordinary_mails_are_known_by_stays_from_release_to_release() {
        let cases = [
            ("with an id", MAIL, "5538f70e6d9225114eee75c0df3f37ea0601002d8bd667675d82bc6e502ef647"),
            (
                "without one",
                "From: ann@example.com\r\nReply-To: x@example.com\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n\r\nHello.\r\n",
                "4b9c350edfa430f5544046588cfe944941ffe55dd3e3a07eb0712c7c3aa76211",
            ),
        ];
        for (name, raw, expected) in cases {
            assert_eq!(digest(raw).to_string(), expected, "{name}");
        }
    }

    #[test]
    fn both_digests_of_a_file_are_those_that_others_reckon() {
        use md5::Digest as _;
        for bytes in [0, 1, 63, 64, 65, 1000] {
            let file: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
            let (sha256, md5) = Digest::both_of(&file);
            assert_eq!(sha256, Digest::of(&file), "{bytes}");
            assert_eq!(md5[..], md5::Md5::digest(&file)[..], "{bytes}");
        }
    }
}
