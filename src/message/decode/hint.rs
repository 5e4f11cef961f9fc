//! What a mail says elsewhere of the charset of those of its bytes that nobody has labelled: a label of another part, an
//! encoded word of the header, or the country that its author writes from.

use super::charset::{MAX_KEY_CHARS, is_telling};
use memchr::memmem;

/// Bytes in which declarations are looked for, and declarations that are looked at.
const MAX_DECLARED_BYTES: usize = 256 * 1024;
const MAX_DECLARED: usize = 16;

/// Bytes in which the author's address is looked for.
const MAX_AUTHOR_BYTES: usize = 64 * 1024;

/// The charset that raw bytes of a mail are most probably written in, where it is not to be known from the bytes alone.
pub(in crate::message) fn hint(raw: &[u8]) -> Option<&str> {
    let start = &raw[..raw.len().min(MAX_DECLARED_BYTES)];
    declared(start).or_else(|| in_words(start)).or_else(|| of_country(raw))
}

/// The charset that a field or a page declares.
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
    Some(if is_iso { "iso-8859-2" } else { charset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_of_a_mail_is_the_first_that_says_something() {
        let cases: [(&str, &[u8], Option<&str>); 9] = [
            ("one", b"Content-Type: text/plain; charset=\"koi8-r\"\n", Some("koi8-r")),
            ("behind others", b"charset=utf-8 Charset=iso-8859-1 CHARSET=gb2312;", Some("gb2312")),
            ("none that helps", b"charset=us-ascii charset= charset=\"", None),
            ("none", b"a=b", None),
            ("an encoded word", b"Subject: =?utf-8?Q?x?= =?windows-1253?Q?=C5?=", Some("windows-1253")),
            ("a label before a word", b"=?koi8-r?B?8A==?= charset=gb2312", Some("gb2312")),
            ("a country", b"To: x\nFROM: Ann <ann@example.com.tr>\n", Some("windows-1254")),
            ("a country, on Unix", b"From: ann@example.pl\n\nza\xbf\xf3\xb3\xe6 si\xea \xb6wiat\n", Some("iso-8859-2")),
            ("a country of the west", b"From: ann@example.fr\n", None),
        ];
        for (name, raw, expected) in cases {
            assert_eq!(hint(raw), expected, "{name}");
        }
    }

    #[test]
    fn limits_of_labels_hold() {
        let at = |bytes: usize| {
            let field = "charset=koi8-r";
            format!("{}{field}\r\n", "x".repeat(bytes - field.len()))
        };
        assert_eq!(hint(at(MAX_DECLARED_BYTES).as_bytes()), Some("koi8-r"));
        assert_ne!(hint(at(MAX_DECLARED_BYTES + 1).as_bytes()), Some("koi8-r"));

        let behind = |others: usize| format!("{}charset=koi8-r\r\n", "charset=utf-8\r\n".repeat(others));
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
