//! Encoded bytes → text, addresses, dates. With its files, the only place that names the MIME library.
//!
//! The library decodes charsets and HTML entities. All else is read here, because what programs send differs from what
//! the standards say in more ways than a library for the standards takes: it loses content where a `boundary=` is
//! folded, where a boundary's text stands inside a line, and where base64 lacks its padding; there is a test for each.

mod address;
mod charset;
mod date;
mod guess;
mod hint;
mod parameters;
mod shifted;
mod transfer;
mod uu;
mod words;

use super::Address;
use super::fields::RawField;
use jiff::Timestamp;
use mail_parser::decoders::html::add_html_token;

pub(super) use charset::{charset, charset_as, unlabelled};
pub(super) use hint::hint;
pub(super) use parameters::{ContentType, without_codes};
pub(super) use transfer::Encoding;
pub(super) use uu::find as find_uuencoded;

/// The value of an unstructured field on one line, encoded words decoded (RFC 2047).
pub(super) fn text(field: RawField<'_>) -> String {
    text_as(field, None)
}

/// The same; what is neither ASCII nor UTF-8 nor encoded is read in the charset `hint`.
pub(super) fn text_as(field: RawField<'_>, hint: Option<&str>) -> String {
    let value = field.value.trim_ascii();
    match std::str::from_utf8(value) {
        // Nearly all fields are like this.
        Ok(text) if value.is_ascii() && !words::has_words(value) && !value.contains(&charset::ESCAPE) => {
            clean(value).map_or_else(|| joined(text), str::to_owned)
        }
        _ => one_line_as(&field.unfolded(), hint),
    }
}

/// The same for a text of ASCII alone that may be folded: the line ends are taken out, whatever else is blank or a control
/// character becomes one blank.
fn joined(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    let mut has_gap = false;
    let mut start = 0;
    let bytes = folded.as_bytes();
    while start < bytes.len() {
        let is_end = |b: &u8| *b <= b' ' || *b == 0x7f;
        let end = start + bytes[start..].iter().position(is_end).unwrap_or(bytes.len() - start);
        if end > start {
            if has_gap && !out.is_empty() {
                out.push(' ');
            }
            has_gap = false;
            out.push_str(&folded[start..end]);
        }
        has_gap |= bytes.get(end).is_some_and(|b| !matches!(b, b'\r' | b'\n'));
        start = end + 1;
    }
    out
}

/// Bytes of a header on one line, encoded words decoded, without control characters.
pub(super) fn one_line_as(bytes: &[u8], hint: Option<&str>) -> String {
    if words::has_words(bytes) {
        return clean_line(&words::decode(bytes, hint));
    }
    clean(bytes).map_or_else(|| clean_line(&unlabelled(bytes, hint)), str::to_owned)
}

/// The addresses in a field (RFC 5322 §3.4), groups taken apart. What has no `@` is no address.
pub(super) fn addresses(field: RawField<'_>) -> Vec<Address> {
    addresses_as(field, None)
}

/// The same; names in raw bytes are read in the charset `hint`.
pub(super) fn addresses_as(field: RawField<'_>, hint: Option<&str>) -> Vec<Address> {
    address::read(&field.unfolded(), hint)
}

/// The same for addresses in a text. Clients write `Ann [mailto:ann@example.com]` there.
pub(super) fn addresses_in(text: &str) -> Vec<Address> {
    address::read(text.replace("[mailto:", "<").replace(']', ">").as_bytes(), None)
}

/// The mail server that wrote a mail under its name alone, without a domain.
pub(super) fn server_itself(field: RawField<'_>) -> Option<Address> {
    address::server_itself(&field.unfolded())
}

/// The instant in a `Date` field, and the author's distance from UTC in minutes where the field tells it.
pub(super) fn date(field: RawField<'_>) -> Option<(Timestamp, Option<i16>)> {
    date::read(&String::from_utf8_lossy(&field.unfolded()))
}

/// The same for a date in a text.
pub(super) fn date_in(text: &str) -> Option<(Timestamp, Option<i16>)> {
    date::read(text)
}

/// A `Content-Type` or `Content-Disposition`, its parameters put together (RFC 2231).
pub(super) fn content_type(field: RawField<'_>, hint: Option<&str>) -> Option<ContentType> {
    parameters::read(&field.unfolded(), hint)
}

/// The text of an HTML entity, `&eacute;` or `&#233;`; as it stands where it is none.
pub(super) fn entity(token: &str, out: &mut String) {
    add_html_token(out, token.as_bytes(), false);
}

/// One line without control characters, blanks at its ends and runs of blanks.
pub(super) fn clean_line(text: &str) -> String {
    if let Some(text) = clean(text.as_bytes()) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c == ' ' || c.is_control()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A text that is as [`clean_line`] would leave it, which nearly all are: nothing but ASCII, and no blank too many.
fn clean(text: &[u8]) -> Option<&str> {
    let is_printable = text.iter().fold(true, |so_far, b| so_far & matches!(b, b' '..=b'~'));
    // Without a way out of either loop, many bytes are looked at at once.
    let is_double = |so_far, (one, next): (&u8, &u8)| so_far | ((*one == b' ') & (*next == b' '));
    let behind = text.get(1..).unwrap_or_default();
    let is_clean =
        is_printable && text.trim_ascii().len() == text.len() && !text.iter().zip(behind).fold(false, is_double);
    if is_clean { std::str::from_utf8(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_on_one_line_and_decoded() {
        let cases: [(&str, &[u8], &str); 7] = [
            ("raw ISO-2022-JP", b"\x1b$B%F%9%H\x1b(B", "テスト"),
            ("plain", b"Printer on fire", "Printer on fire"),
            ("folded", b"Printer\r\n on fire", "Printer on fire"),
            ("encoded words on two lines", b"=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"),
            ("raw UTF-8", "Grüße".as_bytes(), "Grüße"),
            ("raw windows-1252", b"Gr\xfc\xdfe", "Grüße"),
            ("control characters", b"a\tb\0c", "a b c"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(text(RawField { name: "X", value }), expected, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn plain_fields_are_read_as_all_others_are(value in "[ -~\\x00-\\x1f\\x7f\\r\\n\\t ]{0,60}") {
            let field = RawField { name: "X", value: value.as_bytes() };
            proptest::prop_assert_eq!(text(field), one_line_as(&field.unfolded(), None));
        }
    }

    #[test]
    fn raw_bytes_are_read_as_the_rest_of_the_mail_is() {
        let field = RawField { name: "Subject", value: b"za\xbf\xf3\xb3\xe6" };
        assert_eq!(text_as(field, Some("iso-8859-2")), "zażółć");
    }
}
