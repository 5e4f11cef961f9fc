//! What a mail says elsewhere of the charset of those of its bytes that nobody has labelled: a label of another part, an
//! encoded word of the header, the country that its author writes from, or how its other bytes look: a subject is short.

use super::charset::{MAX_KEY_CHARS, is_mostly_utf8, is_telling};
use super::guess;
use memchr::memmem;

/// Bytes in which declarations are looked for, and declarations that are looked at.
const MAX_DECLARED_BYTES: usize = 256 * 1024;
const MAX_DECLARED: usize = 16;

/// Bytes in which the author's address is looked for.
const MAX_AUTHOR_BYTES: usize = 64 * 1024;

/// The charset that raw bytes of a mail are most probably written in, where it is not to be known from the bytes alone.
pub(in crate::message) fn hint(raw: &[u8]) -> Option<&str> {
    let start = &raw[..raw.len().min(MAX_DECLARED_BYTES)];
    // What people write in their texts declares nothing.
    let end = memmem::find(start, b"\n\n").into_iter().chain(memmem::find(start, b"\n\r\n")).min();
    let (head, body) = start.split_at(end.unwrap_or(start.len()));
    let declared = declared_in_fields(head).or_else(|| declared_in_parts(body));
    declared.or_else(|| in_words(head)).or_else(|| of_country(raw)).or_else(|| of_bytes(raw))
}

/// The charset that the type of a mail declares.
fn declared_in_fields(head: &[u8]) -> Option<&str> {
    let mut is_type = false;
    let lines = head.split_inclusive(|b| *b == b'\n').filter(|line| {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            is_type = is_type_field(line);
        }
        is_type
    });
    lines.take(MAX_DECLARED).find_map(declared)
}

/// The charset that the type of a part declares, right below the line that begins the part.
fn declared_in_parts(body: &[u8]) -> Option<&str> {
    let starts = memmem::find_iter(body, b"\n--").filter_map(|at| {
        let rest = &body[at + 3..];
        let field = &rest[memchr::memchr(b'\n', rest)? + 1..];
        if !is_type_field(field) {
            return None;
        }
        let end = memmem::find(field, b"\n\n").into_iter().chain(memmem::find(field, b"\n\r\n")).min();
        Some(&field[..end.unwrap_or(field.len())])
    });
    starts.take(MAX_DECLARED).find_map(declared_in_fields)
}

fn is_type_field(line: &[u8]) -> bool {
    const NAME: &[u8] = b"content-type:";
    line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
}

/// The charset that a field declares.
fn declared(raw: &[u8]) -> Option<&str> {
    const WORD: &[u8] = b"charset=";
    let signs = memchr::memchr_iter(b'=', raw).filter(|sign| {
        let start = (sign + 1).saturating_sub(WORD.len());
        raw[start..=*sign].eq_ignore_ascii_case(WORD)
    });
    let labels = signs.filter_map(|sign| {
        let rest = &raw[sign + 1..];
        label(rest.strip_prefix(b"\"").unwrap_or(rest))
    });
    labels.take(MAX_DECLARED).find(|label| is_telling(label))
}

/// The charset of an encoded word: `=?koi8-r?B?…?=`.
fn in_words(raw: &[u8]) -> Option<&str> {
    let words = memmem::find_iter(raw, b"=?").filter_map(|at| label(&raw[at + 2..]));
    words.take(MAX_DECLARED).find(|label| is_telling(label))
}

fn label(rest: &[u8]) -> Option<&str> {
    let rest = &rest[..rest.len().min(MAX_KEY_CHARS)];
    let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.')));
    std::str::from_utf8(&rest[..end.unwrap_or(rest.len())]).ok()
}

/// What is written in countries whose languages have letters that no byte tells from those of the west. Bytes of other
/// scripts are told apart by themselves.
const COUNTRIES: [(&[u8], &str); 14] = [
    (b"ba", "windows-1250"),
    (b"cz", "windows-1250"),
    (b"ee", "windows-1257"),
    (b"hr", "windows-1250"),
    (b"hu", "windows-1250"),
    (b"lt", "windows-1257"),
    (b"lv", "windows-1257"),
    (b"me", "windows-1250"),
    (b"pl", "windows-1250"),
    (b"ro", "windows-1250"),
    (b"rs", "windows-1250"),
    (b"si", "windows-1250"),
    (b"sk", "windows-1250"),
    (b"tr", "windows-1254"),
];

/// The charset of the country in whose domain the author has an address.
fn of_country(raw: &[u8]) -> Option<&'static str> {
    let start = &raw[..raw.len().min(MAX_AUTHOR_BYTES)];
    let field = start
        .split(|b| *b == b'\n')
        .find(|line| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"From:")))?;
    let at = memchr::memchr(b'@', field)?;
    let domain = field[at + 1..].split(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))).next()?;
    let country = domain.rsplit(|b| *b == b'.').next()?;
    let (_, charset) = COUNTRIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(country))?;
    // Poland and its neighbours wrote by ISO 8859-2 on Unix: it has letters where windows-1250 has signs.
    let has =
        |byte: &u8| matches!(byte, 0xa1 | 0xa6 | 0xb1 | 0xb6 | 0xbc | 0xa9 | 0xab | 0xae | 0xb9 | 0xbb | 0xbe | 0xb5);
    let is_iso = *charset == "windows-1250" && !raw.iter().any(|b| (0x80..0xa0).contains(b)) && raw.iter().any(has);
    let charset = if is_iso { "iso-8859-2" } else { charset };
    fits(raw, charset).then_some(charset)
}

/// The charset that all bytes of a mail look like, from the first one of eight bits on.
fn of_bytes(raw: &[u8]) -> Option<&'static str> {
    let start = raw.iter().position(|b| !b.is_ascii())?;
    let sample = &raw[start..raw.len().min(start + guess::MAX_SAMPLE_BYTES)];
    if is_mostly_utf8(sample) {
        return None;
    }
    Some(guess::by_bytes(sample)).filter(|name| is_telling(name))
}

/// Letters of the west that the languages of those countries do not have: `café à la façon` is French in Poland too.
const FOREIGN: &str = "ŕàèêùßñãøåœæ";

/// Whether bytes of eight bits, read so, have none of the letters that stand where those of the west do.
fn fits(raw: &[u8], charset: &str) -> bool {
    let high: Vec<u8> = raw.iter().copied().filter(|b| !b.is_ascii()).collect();
    let text = super::charset(Some(charset), &high).0.to_lowercase();
    !text.contains(|c| FOREIGN.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_of_a_mail_is_the_first_that_says_something() {
        let cases: [(&str, &[u8], Option<&str>); 15] = [
            ("one", b"Content-Type: text/plain; charset=\"koi8-r\"\n", Some("koi8-r")),
            ("behind others", b"Content-Type: x; charset=utf-8 Charset=iso-8859-1\n CHARSET=gb2312;", Some("gb2312")),
            ("none that helps", b"charset=us-ascii charset= charset=\"", None),
            ("none", b"a=b", None),
            ("an encoded word", b"Subject: =?utf-8?Q?x?= =?windows-1253?Q?=C5?=", Some("windows-1253")),
            ("a label before a word", b"Subject: =?koi8-r?B?8A==?=\nContent-Type: x; charset=gb2312", Some("gb2312")),
            ("a part", b"Subject: x\n\n--b\nContent-Type: x;\n charset=koi8-r\n\nx", Some("koi8-r")),
            ("words of a person", b"Subject: charset=gb2312\n\nThe page with charset=gb2312 and =?koi8-r?q?x?=", None),
            ("French from Poland", b"From: ann@example.pl\n\ncaf\xe9 \xe0 la fa\xe7on", None),
            ("a country", b"To: x\nFROM: Ann <ann@example.com.tr>\n", Some("windows-1254")),
            ("a country, on Unix", b"From: ann@example.pl\n\nza\xbf\xf3\xb3\xe6 si\xea \xb6wiat\n", Some("iso-8859-2")),
            ("a country of the west", b"From: ann@example.fr\n", None),
            ("other bytes", b"Subject: x\n\n\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0", Some("windows-1251")),
            ("other bytes of the west", b"Subject: x\n\nSch\xf6ne Gr\xfc\xdfe", None),
            ("UTF-8", "Subject: x\n\nПривет".as_bytes(), None),
        ];
        for (name, raw, expected) in cases {
            assert_eq!(hint(raw), expected, "{name}");
        }
    }

    #[test]
    fn limits_of_labels_hold() {
        let at = |bytes: usize| {
            let field = "\nContent-Type: x; charset=koi8-r";
            format!("{}{field}\r\n", "x".repeat(bytes - field.len()))
        };
        assert_eq!(hint(at(MAX_DECLARED_BYTES).as_bytes()), Some("koi8-r"));
        assert_ne!(hint(at(MAX_DECLARED_BYTES + 1).as_bytes()), Some("koi8-r"));

        let behind = |others: usize| format!("Content-Type: x;{} charset=koi8-r\r\n", " charset=utf-8".repeat(others));
        assert_eq!(hint(behind(MAX_DECLARED - 1).as_bytes()), Some("koi8-r"));
        assert_eq!(hint(behind(MAX_DECLARED).as_bytes()), None);

        let words = |others: usize| format!("{}=?koi8-r?q?x?=\r\n", "=?utf-8?q?x?= ".repeat(others));
        assert_eq!(hint(words(MAX_DECLARED - 1).as_bytes()), Some("koi8-r"));
        assert_eq!(hint(words(MAX_DECLARED).as_bytes()), None);

        let from = |bytes: usize| {
            let field = "\nFrom: ann@example.tr";
            format!("{}{field}", "x".repeat(bytes - field.len()))
        };
        assert_eq!(hint(from(MAX_AUTHOR_BYTES).as_bytes()), Some("windows-1254"));
        assert_eq!(hint(from(MAX_AUTHOR_BYTES + 1).as_bytes()), None);
    }
}
