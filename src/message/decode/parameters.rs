//! `Content-Type` and `Content-Disposition` with their parameters (RFC 2045 §5, RFC 2183), continued and encoded ones
//! put together (RFC 2231), and what programs write instead: encoded words, raw bytes, blanks without quotes.

use super::charset::{charset, unlabelled};
use super::transfer::hex;
use super::words;
use crate::message::limits::{MAX_CONTENT_TYPE_BYTES, MAX_PARAMETERS};
use std::borrow::Cow;

/// A `Content-Type` or `Content-Disposition`, names in lower case.
#[derive(Debug, Clone, Default)]
pub(in crate::message) struct ContentType {
    /// `text/plain`; for a disposition just `attachment`.
    pub value: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// A value without parameters.
    pub fn plain(value: &str) -> Self {
        Self { value: value.to_string(), parameters: Vec::new() }
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// One parameter, or one piece of it.
struct Piece {
    name: String,
    /// Which piece it is: `name*1*=` is the second.
    number: u32,
    is_continued: bool,
    is_encoded: bool,
    value: Vec<u8>,
}

/// Reads an unfolded value.
pub(super) fn read(value: &[u8], hint: Option<&str>) -> Option<ContentType> {
    let value = &value[..value.len().min(MAX_CONTENT_TYPE_BYTES)];
    let mut cursor = Cursor { value, at: 0, has_quote_end: true };
    let kind = cursor.kind();
    let mut pieces = Vec::new();
    while pieces.len() < MAX_PARAMETERS {
        match cursor.piece() {
            Some(piece) => pieces.push(piece),
            None => break,
        }
    }
    if kind.is_empty() && pieces.is_empty() {
        return None;
    }
    Some(ContentType { value: kind, parameters: put_together(pieces, hint) })
}

struct Cursor<'a> {
    value: &'a [u8],
    at: usize,
    // Once there is no second quote, none is searched for again: that keeps the work linear.
    has_quote_end: bool,
}

impl Cursor<'_> {
    fn rest(&self) -> &[u8] {
        &self.value[self.at..]
    }

    /// `text/plain` at the beginning, in lower case and without blanks, quotes and comments.
    fn kind(&mut self) -> String {
        let value = self.value;
        let end = value.iter().position(|b| matches!(b, b';' | b',')).unwrap_or(value.len());
        let mut kind = &value[..end];
        // `text/plain charset=utf-8`: the semicolon is missing. Then the last word is a parameter.
        if let Some(sign) = kind.iter().position(|b| *b == b'=') {
            let before = &kind[..sign];
            let cut = before.trim_ascii_end().iter().rposition(u8::is_ascii_whitespace).unwrap_or(0);
            kind = &kind[..cut];
        }
        self.at = if kind.len() < end { kind.len() } else { end };
        let comment = kind.iter().position(|b| *b == b'(').unwrap_or(kind.len());
        let letters =
            kind[..comment].iter().filter(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>'));
        letters.map(|b| char::from(b.to_ascii_lowercase())).take(MAX_KIND_CHARS).collect()
    }

    fn piece(&mut self) -> Option<Piece> {
        loop {
            let skipped =
                self.rest().iter().take_while(|b| b.is_ascii_whitespace() || matches!(b, b';' | b',')).count();
            self.at += skipped;
            let rest = self.rest();
            if rest.is_empty() {
                return None;
            }
            let stop = rest.iter().position(|b| matches!(b, b'=' | b';' | b'"')).unwrap_or(rest.len());
            if rest.get(stop) != Some(&b'=') {
                // A word without a value.
                self.at += (stop + 1).min(rest.len());
                continue;
            }
            // `name =`, and a word before it that is none of ours.
            let name = rest[..stop].split(u8::is_ascii_whitespace).rfind(|word| !word.is_empty()).unwrap_or_default();
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            self.at += stop + 1;
            let value = self.value();
            if !name.is_empty() {
                return Some(Piece::of(name, value));
            }
        }
    }

    fn value(&mut self) -> Vec<u8> {
        let blanks = self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.at += blanks;
        if let Some(inside) = self.rest().strip_prefix(b"\"")
            && self.has_quote_end
        {
            let mut out = Vec::with_capacity(inside.len().min(80));
            let mut bytes = inside.iter().enumerate();
            while let Some((at, byte)) = bytes.next() {
                match byte {
                    b'"' => {
                        self.at += at + 2;
                        return out;
                    }
                    // Only quotes and backslashes need one; before another letter it is part of a Windows path.
                    b'\\' => match inside.get(at + 1) {
                        Some(next @ (b'"' | b'\\')) => {
                            out.push(*next);
                            bytes.next();
                        }
                        _ => out.push(b'\\'),
                    },
                    _ => out.push(*byte),
                }
            }
            self.has_quote_end = false;
        }
        let rest = self.rest();
        let end = rest.iter().position(|b| *b == b';').unwrap_or(rest.len());
        // Several words: a name with blanks, unless the next parameter begins and its semicolon is missing.
        let end = rest[..end].iter().position(|b| *b == b'=').map_or(end, |sign| {
            let cut = rest[..sign].trim_ascii_end().iter().rposition(u8::is_ascii_whitespace);
            let is_word = words::has_words(&rest[..end]);
            cut.filter(|_| !is_word).unwrap_or(end)
        });
        let value = rest[..end].trim_ascii();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        let value = value.strip_suffix(b"\"").unwrap_or(value).to_vec();
        self.at += end;
        value
    }
}

/// Characters of a media type.
const MAX_KIND_CHARS: usize = 127;

impl Piece {
    fn of(mut name: String, value: Vec<u8>) -> Self {
        let is_encoded = name.ends_with('*');
        name.truncate(name.len() - usize::from(is_encoded));
        let numbered = name.rsplit_once('*').and_then(|(name, number)| Some((name.len(), number.parse().ok()?)));
        if let Some((end, _)) = numbered {
            name.truncate(end);
        }
        let number = numbered.map_or(0, |(_, number)| number);
        Self { name, number, is_continued: numbered.is_some(), is_encoded, value }
    }
}

fn put_together(mut pieces: Vec<Piece>, hint: Option<&str>) -> Vec<(String, String)> {
    // A name may come twice, plain for old programs and encoded for the others: the encoded one is the better.
    pieces.sort_by(|a, b| {
        let rank = |p: &Piece| (!(p.is_continued || p.is_encoded), p.number);
        a.name.cmp(&b.name).then(rank(a).cmp(&rank(b)))
    });
    let mut out: Vec<(String, String)> = Vec::with_capacity(pieces.len());
    let mut rest = pieces.as_mut_slice();
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|piece| piece.name == first.name).count();
        let (same, after) = rest.split_at_mut(count);
        rest = after;
        let value = whole(same, hint);
        out.push((std::mem::take(&mut same[0].name), value));
    }
    out
}

/// The value of one parameter; `same` is not empty.
fn whole(same: &[Piece], hint: Option<&str>) -> String {
    let first = &same[0];
    if !first.is_continued && !first.is_encoded {
        return plain(&first.value, hint);
    }
    let pieces = || {
        same.iter().filter(|piece| piece.is_continued == first.is_continued && (piece.is_continued || piece.is_encoded))
    };
    if !pieces().any(|piece| piece.is_encoded) {
        return plain(&pieces().flat_map(|piece| &piece.value).copied().collect::<Vec<_>>(), hint);
    }
    let mut label = None;
    let mut bytes = Vec::new();
    let mut last = None;
    for piece in pieces().filter(|piece| first.is_continued || piece.number == 0) {
        // The same piece twice.
        if last.replace(piece.number) == Some(piece.number) {
            continue;
        }
        let mut value = piece.value.as_slice();
        if label.is_none() && piece.is_encoded {
            // `utf-8'de'…`; some leave the language out, some the charset, some both.
            let mut marks = memchr::memchr_iter(b'\'', value);
            if let (Some(one), Some(two)) = (marks.next(), marks.next()) {
                label = Some(String::from_utf8_lossy(&value[..one]).into_owned());
                value = &value[two + 1..];
            }
        }
        if piece.is_encoded { push_unescaped(value, &mut bytes) } else { bytes.extend_from_slice(value) }
    }
    match label.filter(|label| !label.is_empty()) {
        Some(label) => charset(Some(&label), &bytes).0.into_owned(),
        None => plain(&bytes, hint),
    }
}

fn plain(value: &[u8], hint: Option<&str>) -> String {
    if words::has_words(value) { words::decode(value, hint) } else { unlabelled(value, hint).into_owned() }
}

/// A link's bytes without its codes.
pub(in crate::message) fn without_codes(link: &[u8]) -> Cow<'_, [u8]> {
    if !link.contains(&b'%') {
        return Cow::Borrowed(link);
    }
    let mut out = Vec::with_capacity(link.len());
    push_unescaped(link, &mut out);
    Cow::Owned(out)
}

/// `%C3%BC` as bytes.
fn push_unescaped(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'%', [high, low, ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = &after[2..];
                }
                _ => out.push(b'%'),
            },
            _ => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_however_they_are_written() {
        // Value, what kind it is, a parameter and its value.
        let cases: [(&str, &str, &str, Option<&str>); 33] = [
            ("text/plain; charset=utf-8", "text/plain", "charset", Some("utf-8")),
            ("Text/Plain; CHARSET=\"utf-8\"", "text/plain", "charset", Some("utf-8")),
            ("text/plain;charset=utf-8;format=flowed", "text/plain", "format", Some("flowed")),
            ("text/plain; charset = utf-8 ; x", "text/plain", "charset", Some("utf-8")),
            ("text/plain; charset=\"utf-8;", "text/plain", "charset", Some("utf-8")),
            ("text/plain; charset=utf-8\"", "text/plain", "charset", Some("utf-8")),
            ("text/plain charset=utf-8", "text/plain", "charset", Some("utf-8")),
            ("text/plain; charset=utf-8 format=flowed", "text/plain", "format", Some("flowed")),
            ("text/plain; charset=utf-8 format=flowed", "text/plain", "charset", Some("utf-8")),
            ("text/plain, charset=utf-8", "text/plain", "charset", Some("utf-8")),
            ("text/plain (a note); charset=utf-8", "text/plain", "charset", Some("utf-8")),
            ("\"text/plain\"", "text/plain", "charset", None),
            ("text / html", "text/html", "charset", None),
            ("multipart/mixed; boundary=\"a;b=c\"", "multipart/mixed", "boundary", Some("a;b=c")),
            ("multipart/mixed; boundary==_1=2", "multipart/mixed", "boundary", Some("=_1=2")),
            ("multipart/mixed; boundary=\"=_?Q?=\"", "multipart/mixed", "boundary", Some("=_?Q?=")),
            ("attachment; filename=\"a.pdf\"", "attachment", "filename", Some("a.pdf")),
            ("attachment; filename=my file.pdf", "attachment", "filename", Some("my file.pdf")),
            ("attachment; filename=my file.pdf; size=3", "attachment", "filename", Some("my file.pdf")),
            ("attachment; filename=\"C:\\dir\\a.pdf\"", "attachment", "filename", Some("C:\\dir\\a.pdf")),
            ("attachment; filename=\"a \\\"b\\\".pdf\"", "attachment", "filename", Some("a \"b\".pdf")),
            ("attachment; filename*=utf-8''gr%C3%BCn.pdf", "attachment", "filename", Some("grün.pdf")),
            ("attachment; filename*=iso-8859-1'de'gr%FCn.pdf", "attachment", "filename", Some("grün.pdf")),
            ("attachment; filename*=gr%C3%BCn.pdf", "attachment", "filename", Some("grün.pdf")),
            ("attachment; filename=x; filename*=utf-8''gr%C3%BCn", "attachment", "filename", Some("grün")),
            ("attachment; filename*0=\"one \"; filename*1=two", "attachment", "filename", Some("one two")),
            ("attachment; filename*1=two; filename*0=\"one \"", "attachment", "filename", Some("one two")),
            (
                "attachment; filename*0*=utf-8''gr%C3; filename*1*=%BCn; filename*2=\".p%df\"",
                "attachment",
                "filename",
                Some("grün.p%df"),
            ),
            ("attachment; filename=\"=?utf-8?q?gr=C3=BCn?=.pdf\"", "attachment", "filename", Some("grün.pdf")),
            ("attachment; filename==?utf-8?q?gr=C3=BCn.pdf?=", "attachment", "filename", Some("grün.pdf")),
            (
                "attachment; filename=\"=?utf-8?q?gr=C3=BC?= =?utf-8?q?n.pdf?=\"",
                "attachment",
                "filename",
                Some("grün.pdf"),
            ),
            (
                "attachment; filename*0=\"=?utf-8?q?gr=C3\"; filename*1=\"=BCn?=.pdf\"",
                "attachment",
                "filename",
                Some("grün.pdf"),
            ),
            ("; charset=utf-8", "", "charset", Some("utf-8")),
        ];
        for (value, kind, name, expected) in cases {
            let read = read(value.as_bytes(), None).unwrap();
            assert_eq!((read.value.as_str(), read.parameter(name)), (kind, expected), "{value}");
        }
        assert!(read(b" ", None).is_none());
        let raw = read(b"attachment; filename=\"gr\xfcn.pdf\"", None).unwrap();
        assert_eq!(raw.parameter("filename"), Some("grün.pdf"));
    }

    #[test]
    fn the_number_of_parameters_and_their_bytes_are_limited() {
        let many = |count: usize| {
            let value = format!("a/b{}", (0..count).map(|n| format!(";p{n}=x")).collect::<String>());
            read(value.as_bytes(), None).unwrap().parameters.len()
        };
        assert_eq!((many(MAX_PARAMETERS), many(MAX_PARAMETERS + 1)), (MAX_PARAMETERS, MAX_PARAMETERS));
        for (length, is_read) in [(MAX_CONTENT_TYPE_BYTES - 10, true), (MAX_CONTENT_TYPE_BYTES, false)] {
            let value = format!("a/b;{}p=x", " ".repeat(length));
            assert_eq!(read(value.as_bytes(), None).unwrap().parameter("p").is_some(), is_read, "{length}");
        }
    }

    #[test]
    fn a_media_type_is_only_so_long() {
        let kind = |chars: usize| read(format!("a/{}", "b".repeat(chars - 2)).as_bytes(), None).unwrap().value.len();
        assert_eq!((kind(MAX_KIND_CHARS), kind(MAX_KIND_CHARS + 1)), (MAX_KIND_CHARS, MAX_KIND_CHARS));
    }
}
