//! Message-IDs (RFC 5322 §3.6.4) out of fields that programs of forty years wrote.
//!
//! Ids come without blanks between them, with comments, folded in the middle, with one bracket or none. What can be
//! told apart is told apart; the order is kept, the same id is listed once.

use super::MADE_UP;
use super::limits::{MAX_ID_BYTES, MAX_IDS};
use super::{Digest, MessageId};
use std::collections::HashSet;

/// All ids of a `References` or `Message-ID` field, brackets or not.
pub(super) fn all(value: &str) -> Vec<MessageId> {
    read(value, true)
}

/// The ids of an `In-Reply-To` field. Where it has brackets, what is outside of them is prose
/// (`Your message of "Mon" <id@host>`), which may hold addresses that look like ids.
pub(super) fn in_reply_to(value: &str) -> Vec<MessageId> {
    let has_brackets = value.contains('<') && value.contains('>');
    read(value, !has_brackets)
}

/// Keeps the first id, which is the thread's root, and the last ones, which are the newest.
pub(super) fn bounded(mut ids: Vec<MessageId>) -> Vec<MessageId> {
    if ids.len() > MAX_IDS {
        ids.drain(1..=ids.len() - MAX_IDS);
    }
    ids
}

/// The id of a mail that has none: made of its content, so that a second copy gets the same one.
pub(super) fn for_missing(digest: &Digest) -> MessageId {
    let hex = digest.to_string();
    MessageId(format!("{}{MADE_UP}", &hex[..32]))
}

fn read(value: &str, with_bare: bool) -> Vec<MessageId> {
    let mut ids = Ids { list: Vec::new() };
    let mut rest = value;
    while let Some(at) = rest.find(['<', '>', '(']) {
        let (before, tail) = rest.split_at(at);
        match tail.as_bytes()[0] {
            b'<' => {
                if with_bare {
                    ids.add_bare(before);
                }
                let inside = &tail[1..];
                let end = inside.find(['<', '>']).unwrap_or(inside.len());
                ids.add_bracketed(&inside[..end]);
                rest = inside[end..].strip_prefix('>').unwrap_or(&inside[end..]);
            }
            b'>' => {
                // The opening bracket is missing.
                if with_bare {
                    ids.add_bare(before);
                }
                rest = &tail[1..];
            }
            _ => {
                if with_bare {
                    ids.add_bare(before);
                }
                rest = after_comment(tail);
            }
        }
    }
    if with_bare {
        ids.add_bare(rest);
    }
    without_repeats(ids.list)
}

fn without_repeats(mut ids: Vec<MessageId>) -> Vec<MessageId> {
    if ids.len() > 1 {
        let mut seen = HashSet::with_capacity(ids.len());
        let is_first: Vec<bool> = ids.iter().map(|id| seen.insert(id.0.as_str())).collect();
        let mut is_first = is_first.into_iter();
        ids.retain(|_| is_first.next().unwrap_or(true));
    }
    ids
}

/// What follows the comment that `text` begins with. One without its end reaches to the next id, so that no
/// text is looked at twice.
fn after_comment(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return &text[at + 1..],
            b')' => depth -= 1,
            b'<' => return &text[at..],
            _ => {}
        }
    }
    ""
}

struct Ids {
    list: Vec<MessageId>,
}

impl Ids {
    /// Between brackets: one id, perhaps folded; several when there is an `@` in more than one word.
    fn add_bracketed(&mut self, text: &str) {
        let words = || text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
        if words().filter(|word| word.contains('@')).count() > 1 {
            for word in words().filter(|word| word.contains('@')) {
                self.add(word.to_string());
            }
        } else {
            self.add(words().collect());
        }
    }

    fn add_bare(&mut self, text: &str) {
        for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"')) {
            if word.contains('@') {
                self.add(word.to_string());
            }
        }
    }

    fn add(&mut self, id: String) {
        let usable = !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control);
        if usable {
            self.list.push(MessageId(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(ids: Vec<MessageId>) -> Vec<String> {
        ids.into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn references_are_read_however_broken() {
        let cases: [(&str, &str, &[&str]); 12] = [
            ("as it should be", "<a@x> <b@x>", &["a@x", "b@x"]),
            ("no blanks", "<a@x><b@x>", &["a@x", "b@x"]),
            ("commas", "<a@x>,<b@x>", &["a@x", "b@x"]),
            ("no brackets", "a@x b@x", &["a@x", "b@x"]),
            ("closing bracket missing", "<a@x <b@x>", &["a@x", "b@x"]),
            ("opening bracket missing", "a@x> <b@x>", &["a@x", "b@x"]),
            ("last bracket missing", "<a@x> <b@x", &["a@x", "b@x"]),
            ("comment", "<a@x> (said c@x) <b@x>", &["a@x", "b@x"]),
            ("comment without end", "<a@x> (said <b@x>", &["a@x", "b@x"]),
            ("folded inside an id", "<a-long- id@x>", &["a-long-id@x"]),
            ("the same twice", "<a@x> <b@x> <a@x>", &["a@x", "b@x"]),
            ("nothing", " <> ", &[]),
        ];
        for (name, value, expected) in cases {
            assert_eq!(words(all(value)), expected, "{name}");
        }
    }

    #[test]
    fn prose_around_the_id_in_in_reply_to_is_no_id() {
        let cases: [(&str, &str, &[&str]); 3] = [
            ("prose", "Message from joe@x of \"Mon\" <a@x>", &["a@x"]),
            ("bare", "a@x", &["a@x"]),
            ("prose only", "your mail of Monday", &[]),
        ];
        for (name, value, expected) in cases {
            assert_eq!(words(in_reply_to(value)), expected, "{name}");
        }
    }

    #[test]
    fn a_long_list_keeps_its_root_and_its_newest() {
        let list = |count: usize| (0..count).map(|n| MessageId(format!("{n}@x"))).collect::<Vec<_>>();
        assert_eq!(bounded(list(MAX_IDS)).len(), MAX_IDS);
        let ids = words(bounded(list(MAX_IDS + 1)));
        assert_eq!((ids.len(), ids[0].as_str(), ids[1].as_str()), (MAX_IDS, "0@x", "2@x"));
        assert_eq!(ids[MAX_IDS - 1], format!("{MAX_IDS}@x"));
    }

    #[test]
    fn an_id_is_only_so_long() {
        let count = |bytes: usize| all(&format!("<{}@x>", "a".repeat(bytes - 2))).len();
        assert_eq!((count(MAX_ID_BYTES), count(MAX_ID_BYTES + 1)), (1, 0));
    }
}
