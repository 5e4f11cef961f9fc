//! The content digest: what two copies of one mail have in common, whichever way each of them came.
//!
//! Trace fields (`Received`, `Delivered-To`, `Authentication-Results`, signatures) differ between copies and are left
//! out, and so are line ends and empty lines at the end, which servers change.

use super::Digest;
use super::fields::{Block, line_end, without_line_end};
use sha2::{Digest as _, Sha256};

/// The fields that the author's program writes and no server on the way changes.
const ORIGINATOR_FIELDS: [&str; 6] = ["From", "To", "Cc", "Subject", "Date", "Message-ID"];

/// The digest of a mail with this header block and this text behind it.
pub(super) fn of_content(block: &Block<'_>, body: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    let mut value = Vec::with_capacity(256);
    for name in ORIGINATOR_FIELDS {
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
    use super::*;

    fn digest(raw: &str) -> Digest {
        let block = split(raw.as_bytes(), Of::Message);
        let body_at = block.body_at;
        of_content(&block, &raw.as_bytes()[body_at..])
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
