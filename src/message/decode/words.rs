//! Encoded words (RFC 2047) and the texts around them, however they were broken.
//!
//! Neighbours in one charset are put together before they are decoded, since programs cut words inside a character;
//! so are pieces of base64 that were cut inside a group of four.

use super::charset::{charset, unlabelled};
use super::transfer::{base64, hex};

/// Whether there may be an encoded word in a value.
pub(super) fn has_words(value: &[u8]) -> bool {
    memchr::memchr_iter(b'?', value).any(|mark| mark > 0 && value[mark - 1] == b'=')
}

/// The text of a value: its encoded words decoded, the rest by `hint` where it is not ASCII.
pub(super) fn decode(value: &[u8], hint: Option<&str>) -> String {
    let mut out = String::with_capacity(value.len());
    let mut open: Option<Open<'_>> = None;
    let (mut at, mut plain) = (0, 0);
    while let Some(n) = memchr::memmem::find(&value[at..], b"=?") {
        let start = at + n;
        let Some(word) = Word::read(&value[start..]) else {
            at = start + 2;
            continue;
        };
        let between = &value[plain..start];
        // Blanks between two words are there only to part them.
        if open.is_none() || !between.trim_ascii().is_empty() {
            finish(&mut open, &mut out);
            out.push_str(&unlabelled(between, hint));
        }
        at = start + word.len;
        plain = at;
        match &mut open {
            Some(open) if open.takes(&word) => open.push(&word),
            _ => {
                finish(&mut open, &mut out);
                open = Some(Open::new(&word));
            }
        }
    }
    finish(&mut open, &mut out);
    out.push_str(&unlabelled(&value[plain..], hint));
    out
}

fn finish(open: &mut Option<Open<'_>>, out: &mut String) {
    if let Some(open) = open.take() {
        out.push_str(&open.text());
    }
}

/// One encoded word.
pub(super) struct Word<'a> {
    charset: &'a [u8],
    is_base64: bool,
    text: &'a [u8],
    /// Bytes from `=?` to `?=`.
    pub len: usize,
}

/// Bytes within which the closing of a word is looked for; the standard allows 75 (RFC 2047 §2).
const MAX_WORD_BYTES: usize = 256;

/// Bytes of a charset's name, with its language (RFC 2231 §5).
const MAX_CHARSET_BYTES: usize = 64;

impl<'a> Word<'a> {
    /// The word that `bytes` begin with; its end may be missing.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"=?")?;
        let mark = rest.iter().take(MAX_CHARSET_BYTES).position(|b| *b == b'?' || b.is_ascii_whitespace())?;
        let [b'?', encoding, b'?', ..] = rest[mark..] else { return None };
        let is_base64 = match encoding {
            b'B' | b'b' => true,
            b'Q' | b'q' => false,
            _ => return None,
        };
        let text = &rest[mark + 3..];
        let (length, closing) = end_of(text, is_base64);
        let text = &text[..length];
        Some(Self { charset: &rest[..mark], is_base64, text, len: 2 + mark + 3 + length + closing })
    }
}

/// Where the text of a word ends, and how many bytes its closing has.
fn end_of(text: &[u8], is_base64: bool) -> (usize, usize) {
    let mut at = 0;
    while let Some(n) = memchr::memchr2(b'?', b'=', &text[at..]) {
        let here = at + n;
        match &text[here..] {
            // A question mark as it is, and behind it an encoded character: `What?=3F`. The word is closed further on.
            [b'?', b'=', high, low, rest @ ..]
                if !is_base64 && hex(*high).is_some() && hex(*low).is_some() && is_closed_in(rest) =>
            {
                at = here + 2;
            }
            [b'?', b'=', ..] => return (here, 2),
            // The closing is missing: the next word begins.
            [b'=', b'?', ..] if Word::begins(&text[here..]) => return (here, 0),
            // It is cut off in the middle of the closing.
            [b'?'] => return (here, 1),
            _ => at = here + 1,
        }
    }
    // It is missing altogether. Base64 ends at the first blank behind which there is something else.
    let end = if is_base64 { base64_end(text) } else { text.len() };
    (end, 0)
}

/// Whether a word that goes on is closed before there is a blank or another word begins.
fn is_closed_in(text: &[u8]) -> bool {
    let end = text.iter().take(MAX_WORD_BYTES).position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
    let text = &text[..end.unwrap_or(text.len().min(MAX_WORD_BYTES))];
    let next = memchr::memmem::find(text, b"=?").unwrap_or(text.len());
    memchr::memmem::find(&text[..next], b"?=").is_some()
}

fn base64_end(text: &[u8]) -> usize {
    text.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))).unwrap_or(text.len())
}

impl Word<'_> {
    /// Whether a word begins here, as far as its first bytes tell.
    fn begins(bytes: &[u8]) -> bool {
        let Some(rest) = bytes.strip_prefix(b"=?") else { return false };
        let mark = rest.iter().take(MAX_CHARSET_BYTES).position(|b| *b == b'?' || b.is_ascii_whitespace());
        mark.is_some_and(|mark| mark > 1 && matches!(rest[mark..], [b'?', b'B' | b'b' | b'Q' | b'q', b'?', ..]))
    }
}

/// Words in one charset that follow one another.
struct Open<'a> {
    charset: &'a [u8],
    bytes: Vec<u8>,
    /// Digits of base64 that are not decoded yet, since the next word may go on with them.
    digits: Vec<u8>,
}

impl<'a> Open<'a> {
    fn new(word: &Word<'a>) -> Self {
        let mut open = Self { charset: word.charset, bytes: Vec::with_capacity(word.text.len()), digits: Vec::new() };
        open.push(word);
        open
    }

    /// Whether a word goes on with what is open. Charsets with escapes begin each word anew.
    fn takes(&self, word: &Word<'_>) -> bool {
        self.charset.eq_ignore_ascii_case(word.charset) && !self.charset.to_ascii_lowercase().starts_with(b"utf-7")
    }

    fn push(&mut self, word: &Word<'_>) {
        if word.is_base64 {
            self.digits.extend(word.text.iter().filter(|b| !b.is_ascii_whitespace()));
            let digits = self.digits.iter().filter(|b| **b != b'=').count();
            // Padding, or a whole number of groups: it ends here.
            if self.digits.ends_with(b"=") || digits.is_multiple_of(4) {
                self.flush();
            }
            return;
        }
        self.flush();
        let mut rest = word.text;
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            match (byte, after) {
                (b'_', _) => self.bytes.push(b' '),
                (b'=', [high, low, ..]) => match (hex(*high), hex(*low)) {
                    (Some(high), Some(low)) => {
                        self.bytes.push(high << 4 | low);
                        rest = &after[2..];
                    }
                    _ => self.bytes.push(b'='),
                },
                _ => self.bytes.push(*byte),
            }
        }
    }

    fn flush(&mut self) {
        if !self.digits.is_empty() {
            self.bytes.extend(base64(&self.digits));
            self.digits.clear();
        }
    }

    fn text(mut self) -> String {
        self.flush();
        let label = std::str::from_utf8(self.charset).unwrap_or_default();
        charset(Some(label), &self.bytes).0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_read_however_broken() {
        let cases: [(&str, &[u8], &str); 32] = [
            ("one", b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("text around it", b"Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from Ann", "Re: Grüße from Ann"),
            ("side by side", b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
            ("no blank between", b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
            ("no blank around", b"Re:=?utf-8?q?a?=b", "Re:ab"),
            ("cut inside a character", b"=?utf-8?q?Gr=C3?= =?utf-8?q?=BCn?=", "Grün"),
            ("cut inside a character, base64", b"=?utf-8?B?R3LD?= =?UTF-8?B?vG4=?=", "Grün"),
            ("cut inside a group of base64", b"=?utf-8?B?R3LDv?= =?utf-8?B?G4=?=", "Grün"),
            ("another encoding", b"=?utf-8?B?R3LDvG4=?= =?utf-8?q?_x?=", "Grün x"),
            ("another charset", b"=?utf-8?q?=C3=BC?= =?iso-8859-1?q?=FC?=", "üü"),
            ("a language", b"=?utf-8*de?q?Gr=C3=BCn?=", "Grün"),
            ("the wrong charset", b"=?us-ascii?Q?Gr=FCn?=", "Grün"),
            ("no charset", b"=??Q?Gr=C3=BCn?=", "Grün"),
            ("a charset of nobody", b"=?x-none?Q?Gr=C3=BCn?=", "Grün"),
            ("blanks inside", b"=?utf-8?Q?so it is?=", "so it is"),
            ("blanks inside base64", b"=?utf-8?B?R3LD vG4=?=", "Grün"),
            ("raw bytes inside", b"=?iso-8859-1?Q?Gr\xfcn?=", "Grün"),
            ("raw bytes around", b"Gr\xfcn =?utf-8?Q?a?=", "Grün a"),
            ("a question mark inside", b"=?utf-8?Q?What?=3F_No?=", "What?? No"),
            ("digits right behind it", b"=?utf-8?Q?Stra=C3=9Fe?=12", "Straße12"),
            ("letters right behind it", b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=abc", "Grüßeabc"),
            ("digits behind it, then another", b"=?utf-8?Q?a?=12 =?utf-8?Q?b?=", "a12 b"),
            ("digits between two", b"=?utf-8?Q?a?=12=?utf-8?Q?b?=", "a12b"),
            ("two question marks inside", b"=?utf-8?Q?What?=3F=3F_No?=", "What??? No"),
            ("no end", b"=?utf-8?Q?Gr=C3=BCn", "Grün"),
            ("half an end", b"=?utf-8?Q?Gr=C3=BCn?", "Grün"),
            ("no end, then the next", b"=?utf-8?Q?Gr=C3=BC =?utf-8?Q?n?=", "Grü n"),
            ("no end of base64", b"=?utf-8?B?R3LDvG4", "Grün"),
            ("no padding", b"=?utf-8?B?R3LDvG4?=", "Grün"),
            ("Japanese in pieces", b"=?iso-2022-jp?B?GyRCJUYbKEI=?= =?iso-2022-jp?B?GyRCJTkbKEI=?=", "テス"),
            ("what only looks like one", b"=?x and =?y", "=?x and =?y"),
            ("an equals sign and a mark", b"1+1=?", "1+1=?"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(decode(value, None), expected, "{name}");
        }
    }

    #[test]
    fn many_beginnings_without_end_cost_no_more_than_their_length() {
        for piece in ["=?", "=?utf-8?q?", "=?utf-8?b?a", "?=", "=?a?q?b ", "=?utf-8?q?=?"] {
            let value = piece.repeat(400_000 / piece.len());
            assert!(decode(value.as_bytes(), None).len() <= 3 * value.len(), "{piece}");
        }
    }

    #[test]
    fn the_name_of_a_charset_is_only_so_long() {
        let word = |bytes: usize| decode(format!("=?{}?q?a?=", "x".repeat(bytes)).as_bytes(), None);
        assert_eq!(word(MAX_CHARSET_BYTES - 1), "a");
        assert!(word(MAX_CHARSET_BYTES).starts_with("=?"));
    }
}
