//! How the bytes of a part are encoded for the way (RFC 2045 §6), and what programs have made of that.

use std::borrow::Cow;
use std::sync::LazyLock;

/// How the bytes of a part are encoded for the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::message) enum Encoding {
    #[default]
    None,
    Base64,
    QuotedPrintable,
    /// From before MIME; a whole file stands between `begin` and `end`.
    Uuencode,
}

impl Encoding {
    /// The encoding that a `Content-Transfer-Encoding` names; unknown ones are taken as none.
    pub fn named(value: &[u8]) -> Self {
        // `"base64"`, `base64;`, `Base-64`, `quoted printable (by a gateway)`: only the letters count.
        let value = value.split(|b| matches!(b, b'(' | b';')).next().unwrap_or_default();
        let letters = || value.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
        let is = |name: &[u8]| letters().eq(name.iter().copied());
        if is(b"base64") {
            Encoding::Base64
        } else if is(b"quotedprintable") {
            Encoding::QuotedPrintable
        } else if [&b"xuuencode"[..], b"uuencode", b"xuue", b"uue"].into_iter().any(is) {
            Encoding::Uuencode
        } else {
            Encoding::None
        }
    }

    /// The decoded bytes. What does not fit the encoding is passed over or kept as it stands; nothing else is lost.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Encoding::None => Cow::Borrowed(bytes),
            Encoding::Base64 if is_only_said(bytes) => Cow::Borrowed(bytes),
            Encoding::Base64 => Cow::Owned(base64(bytes)),
            Encoding::QuotedPrintable => quoted_printable(bytes),
            Encoding::Uuencode => Cow::Owned(uuencoded(bytes)),
        }
    }

    /// How many bytes [`Encoding::decode`] would give, without making them where that can be counted.
    pub fn decoded_len(self, bytes: &[u8]) -> usize {
        match self {
            Encoding::None => bytes.len(),
            Encoding::Base64 if is_only_said(bytes) => bytes.len(),
            Encoding::Base64 => base64_len(bytes),
            Encoding::QuotedPrintable | Encoding::Uuencode => self.decode(bytes).len(),
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

/// Bytes whose class is looked up: a digit, a line end or blank, padding, or none of them.
static CLASS: [u8; 256] = {
    let mut class = [ODD; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || b == b'+' || b == b'/' {
            class[byte] = DIGIT;
        } else if b == b'\r' || b == b'\n' {
            class[byte] = LINE_END;
        } else if b == b'=' {
            class[byte] = PADDING;
        }
        byte += 1;
    }
    class
};
const DIGIT: u8 = 0;
const LINE_END: u8 = 1;
const PADDING: u8 = 2;
const ODD: u8 = 3;

/// The lines that hold digits, each without what is none. Lines of words, such as a list server adds below, are none.
fn base64_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == b'\n').filter(|line| !is_prose(line))
}

/// Whether a line holds more than one word, or signs that are no digits.
fn is_prose(line: &[u8]) -> bool {
    let odd = line.iter().filter(|b| CLASS[usize::from(**b)] == ODD).count();
    odd > 0 && {
        let line = line.trim_ascii();
        let odd = line.iter().filter(|b| CLASS[usize::from(**b)] == ODD).count();
        odd * 4 > line.len() || line.iter().filter(|b| **b == b' ').count() >= 3
    }
}

/// Whether it is plain words, whatever the field says.
fn is_only_said(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    lines.find(|line| !line.is_empty()).is_some_and(is_prose)
}

/// What nearly all base64 is: digits in lines, and padding at the end if anywhere. Its digits; `None` where it is more.
///
/// The bytes are counted without looking at them one by one, which makes it many times faster than reading them.
fn digits_of_plain(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.trim_ascii_end();
    let padding = bytes.iter().rev().take(2).take_while(|b| **b == b'=').count();
    let (mut digits, mut line_ends) = (0_usize, 0_usize);
    for chunk in bytes[..bytes.len() - padding].chunks(128) {
        let (mut some_digits, mut some_ends) = (0_u8, 0_u8);
        for b in chunk {
            let is_letter = (*b | 0x20).wrapping_sub(b'a') < 26;
            let is_figure = b.wrapping_sub(b'0') < 10;
            some_digits += u8::from(is_letter | is_figure | (*b == b'+') | (*b == b'/'));
            some_ends += u8::from((*b == b'\n') | (*b == b'\r'));
        }
        digits += usize::from(some_digits);
        line_ends += usize::from(some_ends);
    }
    (digits + line_ends + padding == bytes.len()).then_some(digits)
}

fn base64_len(bytes: &[u8]) -> usize {
    if let Some(digits) = digits_of_plain(bytes) {
        return digits / 4 * 3 + [0, 0, 1, 2][digits % 4];
    }
    let (mut total, mut digits) = (0, 0);
    for line in base64_lines(bytes) {
        for byte in line {
            match CLASS[usize::from(*byte)] {
                DIGIT => digits += 1,
                // What follows a padding is in step anew: some programs pad each line.
                PADDING => {
                    total += digits * 6 / 8;
                    digits = 0;
                }
                _ => {}
            }
        }
    }
    total + digits * 6 / 8
}

/// Digits of base64 decoded at once, so that a large file does not stand in memory a second time. A multiple of four.
const DIGITS_AT_ONCE: usize = 64 << 10;

/// Digits that wait to be decoded, and what the ones before have become.
struct Digits {
    waiting: Vec<u8>,
    out: Vec<u8>,
}

impl Digits {
    fn add(&mut self, run: &[u8]) {
        for piece in run.chunks(DIGITS_AT_ONCE) {
            self.waiting.extend_from_slice(piece);
            // Four digits are three bytes, whatever comes after them. The last few may be padding.
            if self.waiting.len() > DIGITS_AT_ONCE + 4 {
                self.decode(DIGITS_AT_ONCE);
            }
        }
    }

    /// Decodes what waits. What follows is in step anew.
    fn finish(&mut self) {
        let count = self.waiting.len();
        self.decode(if count % 4 == 1 { count - 1 } else { count });
        self.waiting.clear();
    }

    fn decode(&mut self, count: usize) {
        let start = self.out.len();
        self.out.resize(start + count * 6 / 8, 0);
        let decoded = LENIENT_BASE64.decode_mut(&self.waiting[..count], &mut self.out[start..]);
        self.out.truncate(start + decoded.unwrap_or(0));
        self.waiting.drain(..count);
    }
}

/// Decodes base64, whatever stands between its digits.
pub(super) fn base64(bytes: &[u8]) -> Vec<u8> {
    let waiting = Vec::with_capacity(bytes.len().min(2 * DIGITS_AT_ONCE));
    let mut digits = Digits { waiting, out: Vec::with_capacity(bytes.len() / 4 * 3 + 3) };
    if digits_of_plain(bytes).is_some() {
        let mut at = 0;
        for end in memchr::memchr2_iter(b'\r', b'\n', bytes).chain([bytes.len()]) {
            digits.add(&bytes[at..end]);
            at = end + 1;
        }
        let is_padding = |b: &&u8| !b.is_ascii_alphanumeric() && !matches!(b, b'+' | b'/');
        let padding = digits.waiting.iter().rev().take_while(is_padding).count();
        digits.waiting.truncate(digits.waiting.len() - padding);
        digits.finish();
        return digits.out;
    }
    for line in base64_lines(bytes) {
        let mut rest = line;
        while !rest.is_empty() {
            let run = rest.iter().position(|b| CLASS[usize::from(*b)] != DIGIT).unwrap_or(rest.len());
            digits.add(&rest[..run]);
            rest = &rest[run..];
            let Some((byte, after)) = rest.split_first() else { break };
            if CLASS[usize::from(*byte)] == PADDING {
                digits.finish();
            }
            rest = after;
        }
    }
    digits.finish();
    digits.out
}

fn quoted_printable(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'=', bytes) else { return Cow::Borrowed(bytes) };
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(&bytes[..first]);
    let mut at = first;
    while let Some(n) = memchr::memchr(b'=', &bytes[at..]) {
        out.extend_from_slice(&bytes[at..at + n]);
        at += n;
        let rest = &bytes[at + 1..];
        if let [high, low, ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            at += 3;
            continue;
        }
        let blanks = rest.iter().take(MAX_BLANKS).take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        if rest.get(blanks) == Some(&b'\n') {
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
    Cow::Owned(out)
}

/// Blanks behind the sign of a soft line break.
const MAX_BLANKS: usize = 256;

pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The file between `begin` and `end`, or all lines where these are missing.
fn uuencoded(bytes: &[u8]) -> Vec<u8> {
    let mut lines = bytes.split(|b| *b == b'\n').skip_while(|line| line.trim_ascii().is_empty()).peekable();
    lines.next_if(|line| line.starts_with(b"begin "));
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"end" {
            break;
        }
        uuencoded_line(line, &mut out);
    }
    out
}

/// Decodes one line: its first character says how many bytes it holds.
pub(super) fn uuencoded_line(line: &[u8], out: &mut Vec<u8>) {
    let Some((first, digits)) = line.split_first() else { return };
    let value = |b: &u8| b.wrapping_sub(b' ') & 0x3f;
    let count = usize::from(value(first));
    let start = out.len();
    for group in digits.chunks(4) {
        // Blanks at the end of a line, which stand for zeros, get lost on the way.
        let digit = |at: usize| group.get(at).map_or(0, value);
        let [a, b, c, d] = [digit(0), digit(1), digit(2), digit(3)];
        out.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    out.truncate(start + count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_their_letters() {
        let cases: [(&str, Encoding); 10] = [
            ("base64", Encoding::Base64),
            (" BASE64 ", Encoding::Base64),
            ("\"base64\"", Encoding::Base64),
            ("Base-64;", Encoding::Base64),
            ("Quoted-Printable", Encoding::QuotedPrintable),
            ("quoted printable (by a gateway)", Encoding::QuotedPrintable),
            ("x-uuencode", Encoding::Uuencode),
            ("8bit", Encoding::None),
            ("base641", Encoding::None),
            ("", Encoding::None),
        ];
        for (value, expected) in cases {
            assert_eq!(Encoding::named(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn base64_is_read_around_what_does_not_belong() {
        let cases = [
            ("whole", "SGVsbG8=", "Hello"),
            ("no padding", "SGVsbG8", "Hello"),
            ("each line padded", "SGU=\r\nbGxv", "Hello"),
            ("blanks and signs", "SGV s!bG8=\r\n", "Hello"),
            ("a footer of words", "SGVsbG8=\r\n\r\nYou get this mail from a list\r\n", "Hello"),
            ("a footer of signs", "SGVsbG8=\r\n______________\r\n", "Hello"),
            ("a digit too many", "SGVsbG8hX", "Hello!"),
            ("words that are none", "It is not encoded at all.\n", "It is not encoded at all.\n"),
            ("two padded lines", "SGVsbG8=\r\nSGVsbG8=\r\n", "HelloHello"),
            ("many lines", "SGVs\r\nbG8h\n\rSGVsbG8=  \n", "Hello!Hello"),
            ("nothing", "", ""),
        ];
        for (name, encoded, expected) in cases {
            let bytes = Encoding::Base64.decode(encoded.as_bytes()).into_owned();
            assert_eq!(Encoding::Base64.decoded_len(encoded.as_bytes()), bytes.len(), "{name}");
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn base64_longer_than_what_is_decoded_at_once_is_whole() {
        let bytes: Vec<u8> = (0..DIGITS_AT_ONCE + 7).map(|at| (at % 251) as u8).collect();
        for length in
            [0, 1, 2, 3, 4, 5, 6, 7].map(|more| DIGITS_AT_ONCE / 4 * 3 + more).into_iter().chain([bytes.len()])
        {
            let bytes = &bytes[..length];
            let line = data_encoding::BASE64.encode(bytes);
            let lines = data_encoding::BASE64_MIME.encode(bytes);
            for (name, encoded) in
                [("one line", &line), ("lines", &lines), ("with a sign", &format!("{}!{}", &line[..10], &line[10..]))]
            {
                assert!(base64(encoded.as_bytes()) == bytes, "{name}, {length} bytes");
                assert_eq!(base64_len(encoded.as_bytes()), length, "{name}");
            }
        }
    }

    #[test]
    fn broken_quoted_printable_keeps_what_is_no_code() {
        let cases = [
            ("soft break", "a=\r\nb", "ab"),
            ("blanks behind the sign", "a= \t\r\nb", "ab"),
            ("lower case", "=c3=bc", "ü"),
            ("no code", "1 = 2, =zz", "1 = 2, =zz"),
            ("sign at the end", "a=", "a"),
            ("cut code", "a=C", "a=C"),
        ];
        for (name, encoded, expected) in cases {
            let bytes = Encoding::QuotedPrintable.decode(encoded.as_bytes()).into_owned();
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn uuencoded_files_are_read_with_and_without_their_frame() {
        for (name, encoded) in [
            ("framed", "begin 644 a.txt\r\n%2&5L;&\\\r\n`\r\nend\r\n"),
            ("bare", "%2&5L;&\\\n"),
            ("blanks lost", "begin 644 a\n%2&5L;&\\\n"),
        ] {
            assert_eq!(Encoding::Uuencode.decode(encoded.as_bytes()).as_ref(), b"Hello", "{name}");
        }
    }

    #[test]
    fn blanks_behind_a_soft_line_break_are_only_so_many() {
        let decoded = |blanks: usize| {
            let bytes = format!("a={}\nb", " ".repeat(blanks));
            Encoding::QuotedPrintable.decode(bytes.as_bytes()).into_owned()
        };
        assert_eq!(decoded(MAX_BLANKS), b"ab");
        assert_eq!(decoded(MAX_BLANKS + 1).len(), MAX_BLANKS + 5);
    }
}
