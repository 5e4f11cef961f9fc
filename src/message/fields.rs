//! Header blocks: bytes → field names and raw values (RFC 5322 §2.2), for the mail itself, for the parts of a
//! multipart and for mails inside delivery reports.
//!
//! It takes what servers really deliver: mbox lines on top, blanks before the colon, lines that are no field, a
//! missing blank line before the text. It decodes nothing.

use super::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS};
use std::borrow::Cow;

/// A field as it stands in the mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawField<'a> {
    pub name: &'a str,
    /// The value with its folds, without the line end behind it.
    pub value: &'a [u8],
}

impl<'a> RawField<'a> {
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value on one line: the line ends of folds go, the blanks behind them stay (RFC 5322 §2.2.3).
    pub fn unfolded(&self) -> Cow<'a, [u8]> {
        let value = self.value.trim_ascii();
        match memchr::memchr2(b'\r', b'\n', value) {
            Some(_) => {
                let mut line = Vec::with_capacity(value.len());
                value.split(|b| matches!(b, b'\r' | b'\n')).for_each(|piece| line.extend_from_slice(piece));
                Cow::Owned(line)
            }
            None => Cow::Borrowed(value),
        }
    }
}

/// A header block and where the text behind it begins.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    pub fields: Vec<RawField<'a>>,
    pub body_at: usize,
    /// It has more fields or bytes than allowed; reading stopped there.
    pub is_over_limit: bool,
    /// A line in it was no field.
    pub has_odd_lines: bool,
    /// Such a line stands above other fields: it is in none of them, nor in the text.
    pub skips_lines: bool,
}

impl<'a> Block<'a> {
    pub fn first(&self, name: &str) -> Option<RawField<'a>> {
        self.fields.iter().copied().find(|field| field.is(name))
    }
}

/// Whose header block it is, which decides what may stand in front of it and what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Message,
    /// A delimiter line ends the block of a part, even where the blank line before it is missing.
    Part,
}

/// Fields of most mails, for which there is room from the beginning.
const USUAL_FIELDS: usize = 32;

/// Three bytes that say that a file is UTF-8.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the header block that `bytes` begin with.
pub(super) fn split(bytes: &[u8], of: Of) -> Block<'_> {
    let mut block = Block::default();
    let mut at = 0;
    if of == Of::Message {
        block.fields.reserve(USUAL_FIELDS);
        at = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len());
    }
    let start = at;
    while at < bytes.len() {
        if at - start > MAX_HEADER_BYTES || block.fields.len() > MAX_HEADER_FIELDS {
            block.is_over_limit = true;
            break;
        }
        let end = line_end(bytes, at);
        let line = without_line_end(&bytes[at..end]);
        // Editors and scripts write it on top of files that others then send, and servers their fields above it.
        let line = line.strip_prefix(UTF_8_MARK).unwrap_or(line);
        if line.is_empty() {
            block.body_at = end;
            return block;
        }
        if of == Of::Part && line.starts_with(b"--") {
            block.body_at = at;
            return block;
        }
        if is_blank(line[0]) && !block.fields.is_empty() {
            extend_last(&mut block, bytes, end);
        } else if let Some((name, value_at)) = field_name(line) {
            block.fields.push(RawField { name, value: &line[value_at..] });
        } else if !(at == start && is_mbox_line(line)) {
            block.has_odd_lines = true;
            match next_field(bytes, end) {
                Some(next) => {
                    block.skips_lines = true;
                    at = next;
                    continue;
                }
                // Nothing but text follows: the blank line before it is missing.
                None => {
                    block.body_at = at;
                    return block;
                }
            }
        }
        at = end;
    }
    block.is_over_limit |= at - start > MAX_HEADER_BYTES;
    block.body_at = bytes.len();
    block
}

/// Lets the last field's value reach to the line that ends at `end`. Both are slices of the same bytes, and the
/// lines between them belong to the value.
fn extend_last<'a>(block: &mut Block<'a>, bytes: &'a [u8], end: usize) {
    if let Some(field) = block.fields.last_mut() {
        let start = field.value.as_ptr().addr() - bytes.as_ptr().addr();
        field.value = without_line_end(&bytes[start..end]);
    }
}

/// Where the next line that is a field begins, if one comes before the next empty line.
fn next_field(bytes: &[u8], mut at: usize) -> Option<usize> {
    while at < bytes.len() {
        let end = line_end(bytes, at);
        let line = without_line_end(&bytes[at..end]);
        if line.is_empty() {
            return None;
        }
        if !is_blank(line[0]) && field_name(line).is_some() {
            return Some(at);
        }
        at = end;
    }
    None
}

/// The field name that a line begins with, and where its value begins. Names are printable ASCII without colon
/// (RFC 5322 §3.6.8); blanks before the colon are obsolete but seen (§4.5).
fn field_name(line: &[u8]) -> Option<(&str, usize)> {
    let start = &line[..line.len().min(MAX_NAME_BYTES)];
    let end = start.iter().position(|b| *b == b':' || !b.is_ascii_graphic())?;
    let blanks = start[end..].iter().position(|b| !b.is_ascii_whitespace())?;
    let is_name = end > 0 && start[end + blanks] == b':';
    let name = if is_name { std::str::from_utf8(&start[..end]).ok()? } else { return None };
    Some((name, end + blanks + 1))
}

/// Bytes of a line in which we look for the colon behind a field's name.
const MAX_NAME_BYTES: usize = 128;

/// `From ann@example.com Mon Mar  2 09:00:00 2026`: mbox files and some delivery agents leave it on top.
fn is_mbox_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") || line.starts_with(b">From ")
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The index behind the line end of the line that begins at `at`.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1)
}

/// The line without `\n` or `\r\n` at its end; scripts that end lines twice over write `\r\r\n`.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

/// The lines of a text without what ends them, as [`str::lines`] gives them, found many bytes at a time.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes());
        at += end.map_or(rest.len(), |end| end + 1);
        let line = &rest[..end.unwrap_or(rest.len())];
        Some(if end.is_some() { line.strip_suffix('\r').unwrap_or(line) } else { line })
    })
}

/// The index behind the next empty line.
pub(super) fn paragraph_end(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        let end = line_end(bytes, at);
        if without_line_end(&bytes[at..end]).is_empty() {
            return end;
        }
        at = end;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: &str) -> (Vec<String>, String) {
        let block = split(raw.as_bytes(), Of::Message);
        let fields = block
            .fields
            .iter()
            .map(|field| format!("{}={}", field.name, String::from_utf8_lossy(&field.unfolded())))
            .collect();
        (fields, raw[block.body_at..].to_string())
    }

    #[test]
    fn a_header_block_is_read_however_it_is_written() {
        let cases: [(&str, &str, &[&str], &str); 12] = [
            ("plain", "A: 1\r\nB: 2\r\n\r\ntext", &["A=1", "B=2"], "text"),
            ("bare line feeds", "A: 1\nB: 2\n\ntext", &["A=1", "B=2"], "text"),
            ("folded", "A: 1\r\n 2\r\n\t3\r\n\r\n", &["A=1 2\t3"], ""),
            ("blank before the colon", "A : 1\n\n", &["A=1"], ""),
            ("an mbox line on top", "From a@b Mon\nA: 1\n\nx", &["A=1"], "x"),
            ("empty lines on top", "\r\n\nA: 1\n\nx", &["A=1"], "x"),
            ("a mark of UTF-8 on top", "\u{feff}A: 1\n\nx", &["A=1"], "x"),
            ("a mark of UTF-8 below a server's field", "A: 1\n\u{feff}B: 2\n\nx", &["A=1", "B=2"], "x"),
            ("lines ended twice over", "A: 1\r\r\n 2\r\r\n\r\r\nx", &["A=1 2"], "x"),
            ("a line that is no field", "A: 1\nodd line\nB: 2\n\nx", &["A=1", "B=2"], "x"),
            ("no blank line before the text", "A: 1\nHello there\nBye\n", &["A=1"], "Hello there\nBye\n"),
            ("nothing but text", "Hello there\n", &[], "Hello there\n"),
        ];
        for (name, raw, fields, body) in cases {
            let (got, rest) = shown(raw);
            assert_eq!(got, fields, "{name}");
            assert_eq!(rest, body, "{name}");
        }
    }

    #[test]
    fn the_number_of_fields_is_limited() {
        for (count, over) in [(MAX_HEADER_FIELDS, false), (MAX_HEADER_FIELDS + 1, true), (20_000, true)] {
            let raw = "X: 1\r\n".repeat(count) + "\r\n";
            assert_eq!(split(raw.as_bytes(), Of::Message).is_over_limit, over, "{count} fields");
        }
    }

    #[test]
    fn the_size_of_a_header_block_is_limited() {
        for (size, over) in [(MAX_HEADER_BYTES - 20, false), (MAX_HEADER_BYTES + 10, true)] {
            let raw = format!("X: {}\r\nY: 1\r\n\r\n", "x".repeat(size));
            assert_eq!(split(raw.as_bytes(), Of::Message).is_over_limit, over, "{size} bytes");
        }
    }

    #[test]
    fn a_delimiter_ends_the_header_block_of_a_part() {
        let block = split(b"A: 1\n--b\nB: 2\n", Of::Part);
        assert_eq!((block.fields.len(), block.body_at), (1, 5));
    }

    #[test]
    fn lines_are_those_of_the_language() {
        for text in ["", "a", "a\n", "a\r\nb\n\nc\r", "\n\n", "ü\nß\r\n"] {
            assert!(lines(text).eq(text.lines()), "{text:?}");
        }
    }

    #[test]
    fn the_name_of_a_field_is_only_so_long() {
        let count = |bytes: usize| split(format!("{}: x\n\n", "X".repeat(bytes)).as_bytes(), Of::Message).fields.len();
        assert_eq!((count(MAX_NAME_BYTES - 1), count(MAX_NAME_BYTES)), (1, 0));
    }
}
