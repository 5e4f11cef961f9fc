//! Header fields as they stand in a mail: folded, encoded (RFC 2047), and proof against whatever a value holds.
//!
//! Values come from strangers. Each goes through [`one_line`], [`is_usable_address`] or [`is_usable_id`] before it
//! is written, so that no value can end its field and begin another.

use super::words::has_any;
use crate::message::{Address, MessageId};
use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// Octets after which a line is folded where it can be (RFC 5322 §2.1.1).
const LINE_OCTETS: usize = 76;

/// The longest word that is written as it is; a longer one is encoded, which cuts it into lines.
const PLAIN_WORD_OCTETS: usize = 60;

/// Octets of text in one encoded word: with its wrapping and `Subject: ` before it, a line has at most 76.
const ENCODED_WORD_OCTETS: usize = 39;

/// The longest Message-ID of others that is repeated; longer ones do not fit a line (RFC 5322 §2.1.1).
const ID_OCTETS: usize = 900;

/// The most octets of a `References` field.
pub(super) const REFERENCES_OCTETS: usize = 4_096;

/// The longest subject that is written, in characters.
pub(super) const SUBJECT_CHARS: usize = 300;

/// The longest display name that is written, in characters.
const NAME_CHARS: usize = 100;

/// The longest address (RFC 5321 §4.5.3.1.3, without the angle brackets).
const ADDRESS_OCTETS: usize = 254;

/// Header fields, written one after the other.
pub(super) struct Fields(String);

impl Fields {
    /// No fields yet.
    pub(super) fn new() -> Self {
        Self(String::with_capacity(1_024))
    }

    /// A field whose value is ours: printable ASCII, and short.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        self.0.push_str(name);
        self.0.push_str(": ");
        self.0.extend(value.split(|c| !matches!(c, ' '..='~')));
        self.0.push_str("\r\n");
    }

    /// A field of free text (RFC 5322 §2.2.1).
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.0.push_str(name);
        self.0.push(':');
        write_text(&mut self.0, name.len() + 1, value);
        self.0.push_str("\r\n");
    }

    /// A field with one address. The address must be usable.
    pub(super) fn address(&mut self, field: &str, name: Option<&str>, address: &str) {
        self.0.push_str(field);
        self.0.push(':');
        let name = name.map(|name| shortened(&one_line(name), NAME_CHARS)).filter(|name| !name.is_empty());
        let Some(name) = name else {
            self.0.push(' ');
            self.0.push_str(address);
            self.0.push_str("\r\n");
            return;
        };
        if is_plain(&name) && name.len() <= PLAIN_WORD_OCTETS {
            self.0.push_str(" \"");
            for c in name.chars() {
                if matches!(c, '"' | '\\') {
                    self.0.push('\\');
                }
                self.0.push(c);
            }
            self.0.push('"');
            let line = self.0.len() - self.0.rfind('\n').map_or(0, |at| at + 1);
            self.0.push_str(if line + address.len() + 3 > LINE_OCTETS { "\r\n <" } else { " <" });
        } else {
            write_encoded(&mut self.0, &name);
            self.0.push_str("\r\n <");
        }
        self.0.push_str(address);
        self.0.push_str(">\r\n");
    }

    /// The time of writing (RFC 5322 §3.3).
    pub(super) fn date(&mut self, at: Timestamp, zone: &TimeZone) {
        let text = at.to_zoned(zone.clone()).strftime("%a, %-d %b %Y %H:%M:%S %z").to_string();
        self.plain("Date", &text);
    }

    /// `Message-ID`, `In-Reply-To` and `References`.
    ///
    /// Of a long thread the first id and as many of the last ones as fit are named, which is what clients need
    /// to put the mail into its place (RFC 5322 §3.6.4).
    pub(super) fn thread(&mut self, id: &MessageId, in_reply_to: Option<&str>, references: &[MessageId]) {
        self.ids("Message-ID", &[&id.0]);
        let parent = in_reply_to.filter(|id| is_usable_id(id));
        if let Some(parent) = parent {
            self.ids("In-Reply-To", &[parent]);
        }
        let mut ids: Vec<&str> =
            references.iter().map(|id| id.0.as_str()).filter(|id| is_usable_id(id) && Some(*id) != parent).collect();
        ids.extend(parent);
        let mut left = REFERENCES_OCTETS - "References:".len();
        let cost = |id: &str| id.len() + " <>\r\n".len();
        left -= ids.first().map_or(0, |id| cost(id));
        let tail = ids.iter().skip(1).rev().take_while(|id| {
            let fits = left >= cost(id);
            left = left.saturating_sub(cost(id));
            fits
        });
        let kept = tail.count();
        let chosen: Vec<&str> = ids.iter().take(1).chain(&ids[ids.len() - kept..]).copied().collect();
        if !chosen.is_empty() {
            self.ids("References", &chosen);
        }
    }

    /// The fields as they stand in the mail.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn ids(&mut self, name: &str, ids: &[&str]) {
        self.0.push_str(name);
        self.0.push(':');
        for (nth, id) in ids.iter().enumerate() {
            self.0.push_str(if nth == 0 { " <" } else { "\r\n <" });
            self.0.push_str(id);
            self.0.push('>');
        }
        self.0.push_str("\r\n");
    }
}

/// The text on one line: control characters and white space become single spaces, and marks that change the
/// direction of writing, with which a name can pose as another, are left out.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if is_one_line(text) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if c.is_whitespace() || c.is_control() => {
                if !line.is_empty() && !line.ends_with(' ') {
                    line.push(' ');
                }
            }
            _ => line.push(c),
        }
    }
    line.truncate(line.trim_end().len());
    Cow::Owned(line)
}

/// Whether the text is ASCII words with single spaces between them, as most names and subjects are.
fn is_one_line(text: &str) -> bool {
    let is_second_space = |pair: &[u8]| pair == b"  ";
    !has_any(text, |byte| !matches!(byte, b' '..=b'~'))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.as_bytes().windows(2).any(is_second_space)
}

/// The text with at most so many characters, the last one an ellipsis where something was cut.
pub(super) fn shortened(text: &str, chars: usize) -> String {
    // A character has one octet or more.
    if text.len() <= chars || text.chars().count() <= chars {
        return text.to_owned();
    }
    let cut: String = text.chars().take(chars.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Whether an address can stand in a header field and in an SMTP command as it is, and is read there as it is written:
/// what begins an encoded word (RFC 2047 §2) may be decoded by whoever reads the field.
pub fn is_usable_address(address: &Address) -> bool {
    let text = &address.address;
    let is_whole = matches!(text.rsplit_once('@'), Some((local, domain)) if !local.is_empty() && !domain.is_empty());
    let is_safe = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[]\\\",;:".contains(c);
    is_whole && text.len() <= ADDRESS_OCTETS && text.chars().all(is_safe) && !text.contains("=?")
}

/// Whether a Message-ID of somebody else can be repeated as it is.
fn is_usable_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_OCTETS && id.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'<' && b != b'>')
}

/// Whether a text reads the same after RFC 2047 decoding when it is written as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~')) && !text.contains("=?")
}

fn write_text(out: &mut String, column: usize, text: &str) {
    if !is_plain(text) || text.split(' ').any(|word| word.len() > PLAIN_WORD_OCTETS) {
        return write_encoded(out, text);
    }
    let mut column = column;
    for word in text.split(' ') {
        if column + 1 + word.len() > LINE_OCTETS {
            out.push_str("\r\n");
            column = 0;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + word.len();
    }
}

fn write_encoded(out: &mut String, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(ENCODED_WORD_OCTETS));
        out.push_str(if rest.len() == text.len() { " =?utf-8?b?" } else { "\r\n =?utf-8?b?" });
        BASE64.encode_append(word.as_bytes(), out);
        out.push_str("?=");
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fill: impl FnOnce(&mut Fields)) -> String {
        let mut fields = Fields::new();
        fill(&mut fields);
        fields.into_text()
    }

    #[test]
    fn a_value_cannot_begin_another_field() {
        let cases = [
            ("line break", "a\r\nBcc: x@evil.example", "a Bcc: x@evil.example"),
            ("bare line feed", "a\nb", "a b"),
            ("line separator", "a\u{2028}b", "a b"),
            ("vertical tab and nul", "a\u{b}\0b", "a b"),
            ("right-to-left override", "invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("nothing odd", "a b c", "a b c"),
            ("spaces", "  a  b ", "a b"),
            ("space at the end", "a ", "a"),
            ("nothing", "", ""),
        ];
        for (name, value, expected) in cases {
            assert_eq!(one_line(value), expected, "{name}");
        }
    }

    #[test]
    fn names_are_quoted_or_encoded() {
        let cases = [
            ("plain", "Ann Example", "To: \"Ann Example\" <ann@example.com>\r\n"),
            ("comma", "Example, Ann", "To: \"Example, Ann\" <ann@example.com>\r\n"),
            ("quotes", "Ann \"A\\B\"", "To: \"Ann \\\"A\\\\B\\\"\" <ann@example.com>\r\n"),
            ("umlaut", "Änn", "To: =?utf-8?b?w4Rubg==?=\r\n <ann@example.com>\r\n"),
            ("encoded word", "=?utf-8?q?x?=", "To: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n <ann@example.com>\r\n"),
            ("nothing but blanks", " \r\n ", "To: ann@example.com\r\n"),
        ];
        for (name, display, expected) in cases {
            assert_eq!(written(|f| f.address("To", Some(display), "ann@example.com")), expected, "{name}");
        }
    }

    #[test]
    fn long_texts_are_folded() {
        let words = "Calls are refused since this morning and nobody on our side has changed anything at all";
        let expected =
            "Subject: Calls are refused since this morning and nobody on our side has\r\n changed anything at all\r\n";
        assert_eq!(written(|f| f.text("Subject", words)), expected);
        let endless = written(|f| f.text("Subject", &"x".repeat(2_000)));
        assert!(endless.split("\r\n").all(|line| line.len() <= LINE_OCTETS), "{endless}");
    }

    #[test]
    fn a_long_thread_keeps_its_first_id_and_the_last_ones() {
        let ids: Vec<MessageId> = (0..100).map(|n| MessageId(format!("{n}.{}@example.com", "x".repeat(80)))).collect();
        let fields = written(|f| f.thread(&MessageId("new@desk.example".into()), Some("99.parent@x.example"), &ids));
        let references = &fields[fields.find("References:").unwrap()..];
        assert!(references.len() <= REFERENCES_OCTETS, "{}", references.len());
        assert!(references.starts_with("References: <0.xx"), "{references}");
        assert!(references.ends_with("<99.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@example.com>\r\n <99.parent@x.example>\r\n"), "{references}");
        assert_eq!(references.matches('<').count(), 41);
    }

    #[test]
    fn ids_that_could_break_a_field_are_left_out() {
        let ids = ["a b@x", "a>\r\nBcc: x", "ä@x", "", "good@x"].map(|id| MessageId(id.into()));
        let fields = written(|f| f.thread(&MessageId("new@d".into()), Some("bad id"), &ids));
        assert_eq!(fields, "Message-ID: <new@d>\r\nReferences: <good@x>\r\n");
    }

    #[test]
    fn addresses_that_cannot_be_written_to_are_known() {
        let cases = [
            ("plain", "ann@example.com", true),
            ("sub-address", "support+1042.1-2bk.abc@desk.example", true),
            ("in a script of its own", "用户@例え.jp", true),
            ("line break", "ann@example.com\r\nRCPT TO:<x@y>", false),
            ("angle bracket", "ann@example.com>", false),
            ("two of them", "ann@example.com,bob@example.com", false),
            ("an encoded word", "ann@example.=?utf-8?q?com?=", false),
            ("no domain", "ann@", false),
            ("no local part", "@example.com", false),
            ("nothing", "", false),
        ];
        for (name, address, expected) in cases {
            assert_eq!(is_usable_address(&Address::bare(address)), expected, "{name}");
        }
    }
}
