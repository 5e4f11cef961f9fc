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
    // Nearly all fields are like this.
    let plain = if words::has_words(value) { None } else { clean(value).map(str::to_owned).or_else(|| joined(value)) };
    plain.unwrap_or_else(|| one_line_as(&field.unfolded(), hint))
}

/// The same for a value that is folded, where each of its lines is [`clean`] but for the blanks before and behind it.
fn joined(folded: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(folded.len());
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t');
    let mut has_gap = false;
    for line in folded.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let words = line.iter().position(|b| !is_blank(b)).map_or(&line[..0], |start| &line[start..]);
        has_gap |= words.len() < line.len();
        if words.is_empty() {
            continue;
        }
        if has_gap && !out.is_empty() {
            out.push(' ');
        }
        has_gap = words.last().is_some_and(is_blank);
        let end = words.iter().rposition(|b| !is_blank(b)).map_or(0, |last| last + 1);
        out.push_str(clean(&words[..end])?);
    }
    Some(out)
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
    let (Some((last, above)), Some(behind)) = (text.split_last(), text.get(1..)) else { return Some("") };
    // Without a way out of the loop, many bytes are looked at at once.
    let is_clean = |one: &u8, next: &u8| matches!(one, b' '..=b'~') & ((*one != b' ') | (*next != b' '));
    let are_clean = above.iter().zip(behind).fold(true, |so_far, (one, next)| so_far & is_clean(one, next));
    let is_whole = are_clean && text[0] != b' ' && matches!(last, b'!'..=b'~');
    if is_whole { std::str::from_utf8(text).ok() } else { None }
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
