//! Encoded bytes → text, addresses, dates. The only file that names the MIME library.
//!
//! The library reads single values: field bodies, charsets, HTML entities. The structure of a mail is read in
//! `parts.rs`, because the library's own reader loses content where a `boundary=` is folded, where a boundary's text
//! stands inside a line, and where base64 lacks its padding; there is a test for each of the three.

use super::Address;
use super::fields::RawField;
use super::limits::{MAX_ADDRESS_BYTES, MAX_CONTENT_TYPE_BYTES};
use jiff::Timestamp;
use mail_parser::HeaderValue;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::add_html_token;
use mail_parser::parsers::MessageStream;
use std::borrow::Cow;
use std::sync::LazyLock;

/// A `Content-Type` or `Content-Disposition` (RFC 2045 §5, RFC 2183), names in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct ContentType {
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

/// The value of an unstructured field on one line, encoded words decoded (RFC 2047).
pub(super) fn text(field: RawField<'_>) -> String {
    one_line(&field.unfolded())
}

/// Bytes of a header on one line, encoded words decoded, without control characters.
pub(super) fn one_line(bytes: &[u8]) -> String {
    let text = if bytes.windows(2).any(|pair| pair == b"=?") {
        let line = whole_line(utf8(bytes).as_bytes());
        match MessageStream::new(&line).parse_unstructured() {
            HeaderValue::Text(text) => text.into_owned(),
            _ => String::new(),
        }
    } else {
        utf8(bytes).into_owned()
    };
    clean_line(&text)
}

/// The addresses in a field (RFC 5322 §3.4), groups taken apart. What has no `@` is no address.
pub(super) fn addresses(field: RawField<'_>) -> Vec<Address> {
    let line = whole_line(utf8(&field.unfolded()).as_bytes());
    let HeaderValue::Address(list) = MessageStream::new(&line).parse_address() else { return Vec::new() };
    list.iter().filter_map(|entry| address(entry.name(), entry.address())).collect()
}

fn address(name: Option<&str>, address: Option<&str>) -> Option<Address> {
    let name = name.map(clean_line).filter(|name| !name.is_empty());
    let usable = |text: &str| {
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>');
        let text: String = text.split(is_odd).collect();
        let whole = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        (whole && text.len() <= MAX_ADDRESS_BYTES).then_some(text)
    };
    match address.and_then(usable) {
        Some(address) => Some(Address { name, address }),
        // `"ann@example.com"` in quotes and nothing else.
        None => name.as_deref().filter(|name| !name.contains(' ')).and_then(usable).map(Address::bare),
    }
}

/// The instant in a `Date` field, and the author's distance from UTC in minutes where the field tells it:
/// `-0000` says that it does not (RFC 5322 §3.3), and names of zones are those of servers.
pub(super) fn date(field: RawField<'_>) -> Option<(Timestamp, Option<i16>)> {
    let line = whole_line(&field.unfolded());
    let HeaderValue::DateTime(date) = MessageStream::new(&line).parse_date() else { return None };
    let mut date = date;
    // A leap second; the library counts up to 59.
    date.second = date.second.min(59);
    if !date.is_valid() {
        return None;
    }
    let at = Timestamp::from_second(date.to_timestamp()).ok()?;
    let minutes = i16::from(date.tz_hour) * 60 + i16::from(date.tz_minute);
    let is_told = line.windows(5).any(|w| matches!(w[0], b'+' | b'-') && w[1..].iter().all(u8::is_ascii_digit));
    let is_unknown = date.tz_before_gmt && minutes == 0;
    let offset = (is_told && !is_unknown).then_some(if date.tz_before_gmt { -minutes } else { minutes });
    Some((at, offset))
}

/// A `Content-Type` or `Content-Disposition`, its parameters put together (RFC 2231).
pub(super) fn content_type(field: RawField<'_>) -> Option<ContentType> {
    let value = field.unfolded();
    let line = whole_line(&value[..value.len().min(MAX_CONTENT_TYPE_BYTES)]);
    let HeaderValue::ContentType(read) = MessageStream::new(&line).parse_content_type() else { return None };
    let value = match read.subtype() {
        Some(subtype) => format!("{}/{subtype}", read.ctype()),
        None => read.ctype().to_string(),
    };
    let parameters = read.attributes().unwrap_or_default();
    let parameters = parameters.iter().map(|p| (p.name.to_ascii_lowercase(), p.value.to_string())).collect();
    Some(ContentType { value: value.to_ascii_lowercase(), parameters })
}

/// How the bytes of a part are encoded for the way (RFC 2045 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    #[default]
    None,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    /// The encoding that a `Content-Transfer-Encoding` names; unknown ones are taken as none.
    pub fn named(value: &[u8]) -> Self {
        let value = value.trim_ascii();
        if value.eq_ignore_ascii_case(b"base64") {
            Encoding::Base64
        } else if value.eq_ignore_ascii_case(b"quoted-printable") {
            Encoding::QuotedPrintable
        } else {
            Encoding::None
        }
    }

    /// The decoded bytes. What does not fit the encoding is passed over or kept as it stands; nothing else is lost.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Encoding::None => Cow::Borrowed(bytes),
            Encoding::Base64 => Cow::Owned(base64(bytes)),
            Encoding::QuotedPrintable => Cow::Owned(quoted_printable(bytes)),
        }
    }

    /// How many bytes [`Encoding::decode`] would give, without making them where that can be counted.
    pub fn decoded_len(self, bytes: &[u8]) -> usize {
        match self {
            Encoding::None => bytes.len(),
            Encoding::Base64 => base64_len(bytes),
            Encoding::QuotedPrintable => quoted_printable(bytes).len(),
        }
    }
}

/// Base64 that does not mind missing padding and stray bits at the end, which mail programs produce.
static LENIENT_BASE64: LazyLock<data_encoding::Encoding> = LazyLock::new(|| {
    let mut lenient = data_encoding::BASE64_NOPAD.specification();
    lenient.check_trailing_bits = false;
    // The alphabet is the library's own, so it is never refused; were it, the strict form would serve.
    lenient.encoding().unwrap_or(data_encoding::BASE64_NOPAD)
});

/// The runs of digits between paddings: some programs pad each line, and what follows a padding is in step anew.
fn base64_runs(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == b'=').filter(|run| !run.trim_ascii().is_empty())
}

fn is_base64_digit(byte: &&u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn base64_len(bytes: &[u8]) -> usize {
    base64_runs(bytes).map(|run| run.iter().filter(is_base64_digit).count() * 6 / 8).sum()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut digits = Vec::with_capacity(bytes.len());
    for run in base64_runs(bytes) {
        digits.clear();
        digits.extend(run.iter().filter(is_base64_digit));
        if digits.len() % 4 == 1 {
            digits.pop();
        }
        out.extend(LENIENT_BASE64.decode(&digits).unwrap_or_default());
    }
    out
}

fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(n) = bytes[at..].iter().position(|b| *b == b'=') {
        out.extend_from_slice(&bytes[at..at + n]);
        at += n;
        let rest = &bytes[at + 1..];
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        if let [high, low, ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            at += 3;
        } else if rest.get(blanks) == Some(&b'\n') {
            // A soft line break, perhaps with blanks that a gateway added (RFC 2045 §6.7 (3)).
            at += blanks + 2;
        } else if rest.is_empty() {
            at += 1;
        } else {
            out.push(b'=');
            at += 1;
        }
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Bytes in a charset → text, and whether label and bytes fit.
///
/// Labels lie: UTF-8 is sent as `us-ascii`, windows-1252 as UTF-8. Bytes that are valid UTF-8 and not plain ASCII are
/// hardly ever anything else, and bytes that are not UTF-8 are most often windows-1252.
pub(super) fn charset(label: Option<&str>, bytes: &[u8]) -> (String, bool) {
    let label = label.unwrap_or("us-ascii").trim();
    let is_utf8 = label.eq_ignore_ascii_case("utf-8") || label.eq_ignore_ascii_case("utf8");
    let is_ascii = label.is_empty() || label.eq_ignore_ascii_case("us-ascii") || label.eq_ignore_ascii_case("ascii");
    if is_utf8 || is_ascii {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_string(), is_utf8 || bytes.is_ascii()),
            Err(_) => (utf8(bytes).into_owned(), false),
        };
    }
    match charset_decoder(label.as_bytes()) {
        Some(decode) => {
            let text = decode(bytes);
            let fits = !text.contains(char::REPLACEMENT_CHARACTER);
            (text, fits)
        }
        None => (utf8(bytes).into_owned(), bytes.is_ascii()),
    }
}

/// UTF-8, or else windows-1252.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // UTF-8 that was cut inside its last character.
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(bytes),
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decode) => Cow::Owned(decode(bytes)),
            None => String::from_utf8_lossy(bytes),
        },
    }
}

/// The text of an HTML entity, `&eacute;` or `&#233;`; as it stands where it is none.
pub(super) fn entity(token: &str, out: &mut String) {
    add_html_token(out, token.as_bytes(), false);
}

/// The value with the line end that the library wants to see behind it.
fn whole_line(value: &[u8]) -> Vec<u8> {
    [value, b"\n"].concat()
}

/// One line without control characters, blanks at its ends and runs of blanks.
fn clean_line(text: &str) -> String {
    if is_clean(text.as_bytes()) {
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

/// Whether a text is as [`clean_line`] would leave it, which nearly all are: nothing but ASCII, and no blank too many.
fn is_clean(text: &[u8]) -> bool {
    let is_printable = text.iter().fold(true, |so_far, b| so_far & matches!(b, b' '..=b'~'));
    is_printable && text.trim_ascii().len() == text.len() && !text.windows(2).any(|pair| pair == b"  ")
}

#[cfg(test)]
mod tests;
