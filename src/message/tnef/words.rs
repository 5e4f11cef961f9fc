//! The words of an RTF text (RTF 1.9.1), and the page that Outlook wraps into one (MS-OXRTFEX): control words by which
//! lines end, characters in a code page or in Unicode, and groups that are not shown.

use crate::message::decode;

/// Groups inside one another that are told apart; what is deeper is read as part of the deepest.
const MAX_GROUPS: usize = 200;

/// What an RTF text says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::message) struct Words {
    pub text: String,
    /// Whether the text is a page in HTML.
    pub is_page: bool,
}

/// Groups that hold no words of the text.
const UNSHOWN: [&str; 16] = [
    "author",
    "colortbl",
    "filetbl",
    "fonttbl",
    "footer",
    "footerf",
    "footerl",
    "footerr",
    "generator",
    "header",
    "headerf",
    "headerl",
    "headerr",
    "info",
    "pict",
    "stylesheet",
];

/// Reads them; what is broken is passed over.
pub(in crate::message) fn of(rtf: &[u8]) -> Words {
    let mut reader = Reader {
        rest: rtf,
        out: String::with_capacity(rtf.len() / 2),
        bytes: Vec::new(),
        high: None,
        code_page: 1252,
        is_page: false,
        group: Group { is_unshown: false, is_for_looks: false, is_starred: false, substitutes: 1 },
        groups: Vec::new(),
        deeper: 0,
        passed_over: 0,
    };
    while let Some(byte) = reader.next() {
        reader.take(byte);
    }
    reader.flush();
    Words { text: reader.out, is_page: reader.is_page }
}

/// What holds up to the end of a group.
#[derive(Clone, Copy)]
struct Group {
    is_unshown: bool,
    /// In a page, what stands there only for readers of RTF.
    is_for_looks: bool,
    /// The next control word names what not every reader knows.
    is_starred: bool,
    /// Characters behind one in Unicode that stand there for readers without it.
    substitutes: usize,
}

struct Reader<'a> {
    rest: &'a [u8],
    out: String,
    /// Characters in the code page that were not yet decoded.
    bytes: Vec<u8>,
    /// The first half of a character that has two.
    high: Option<u16>,
    code_page: u32,
    is_page: bool,
    group: Group,
    groups: Vec<Group>,
    deeper: usize,
    /// Characters that are still to be passed over.
    passed_over: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn take(&mut self, byte: u8) {
        match byte {
            b'{' if self.groups.len() < MAX_GROUPS => self.groups.push(self.group),
            b'{' => self.deeper += 1,
            b'}' if self.deeper > 0 => self.deeper -= 1,
            b'}' => self.group = self.groups.pop().unwrap_or(self.group),
            b'\\' => self.control(),
            b'\r' | b'\n' => {}
            _ => self.character(byte),
        }
    }

    /// What stands behind a backslash.
    fn control(&mut self) {
        match self.rest.first().copied() {
            Some(letter) if letter.is_ascii_alphabetic() => self.word(),
            Some(b'\'') => {
                let code = self.rest.get(1..3).and_then(|digits| std::str::from_utf8(digits).ok());
                if let Some(byte) = code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    self.rest = &self.rest[3..];
                    self.character(byte);
                } else {
                    self.rest = &self.rest[1..];
                }
            }
            Some(sign) => {
                self.rest = &self.rest[1..];
                match sign {
                    b'*' => self.group.is_starred = true,
                    b'~' => self.character(b' '),
                    b'_' => self.character(b'-'),
                    b'\r' | b'\n' => self.put('\n'),
                    b'\\' | b'{' | b'}' => self.character(sign),
                    _ => {}
                }
            }
            None => {}
        }
    }

    /// A control word, its number, and the blank that ends it.
    fn word(&mut self) {
        let letters = self.rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at(letters);
        let sign = usize::from(rest.first() == Some(&b'-'));
        let digits = rest[sign..].iter().take_while(|b| b.is_ascii_digit()).count();
        let (number, rest) = rest.split_at(if digits > 0 { sign + digits } else { 0 });
        let number = std::str::from_utf8(number).ok().and_then(|digits| digits.parse::<i64>().ok());
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let word = std::str::from_utf8(word).unwrap_or_default();
        if std::mem::take(&mut self.group.is_starred) {
            self.group.is_unshown |= !(self.is_page && word == "htmltag");
            return;
        }
        match word {
            "par" | "line" | "row" | "sect" | "page" => self.put('\n'),
            "tab" | "cell" => self.put('\t'),
            "emdash" => self.put('—'),
            "endash" => self.put('–'),
            "bullet" => self.put('•'),
            "lquote" => self.put('‘'),
            "rquote" => self.put('’'),
            "ldblquote" => self.put('“'),
            "rdblquote" => self.put('”'),
            "u" => self.unicode(number.unwrap_or_default()),
            "uc" => self.group.substitutes = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(1),
            "ansicpg" => {
                self.flush();
                self.code_page = number.and_then(|n| u32::try_from(n).ok()).unwrap_or(self.code_page);
            }
            "fromhtml" => self.is_page = true,
            "htmlrtf" => self.group.is_for_looks = number != Some(0),
            "bin" => {
                let count = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(0).min(self.rest.len());
                self.rest = &self.rest[count..];
            }
            _ => self.group.is_unshown |= UNSHOWN.contains(&word),
        }
    }

    fn is_shown(&self) -> bool {
        !self.group.is_unshown && !self.group.is_for_looks
    }

    /// A character in the code page.
    fn character(&mut self, byte: u8) {
        if self.passed_over > 0 {
            self.passed_over -= 1;
        } else if self.is_shown() {
            self.bytes.push(byte);
        }
    }

    fn put(&mut self, character: char) {
        self.passed_over = 0;
        if self.is_shown() {
            self.flush();
            self.out.push(character);
        }
    }

    /// One half of a character in Unicode, or a whole one, as a signed number of 16 bits.
    fn unicode(&mut self, number: i64) {
        let unit = u16::try_from(number.rem_euclid(1 << 16)).unwrap_or_default();
        let pair = [self.high.take().unwrap_or(unit), unit];
        let units = if pair[0] == unit { &pair[1..] } else { &pair[..] };
        match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(character)) => self.put(character),
            _ => self.high = Some(unit),
        }
        self.passed_over = self.group.substitutes;
    }

    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            let label = format!("cp{}", self.code_page);
            self.out.push_str(&decode::charset(Some(&label), &self.bytes).0);
            self.bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_text_are_read_and_its_looks_passed_over() {
        let cases: [(&str, &[u8], &str, bool); 12] = [
            ("words", br"{\rtf1 It \b burns\b0 .}", "It burns.", false),
            ("lines", b"{\\rtf1 One\\par\r\nTwo\\line Three\\tab 4}", "One\nTwo\nThree\t4", false),
            ("tables of looks", br"{\rtf1{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator X;}It}", "It", false),
            ("a code page", br"{\rtf1\ansicpg1251 \'cf\'f0\'e8}", "При", false),
            ("Unicode and its substitute", br"{\rtf1 5 \u8364?.}", "5 €.", false),
            ("two substitutes", br"{\rtf1\uc2 \u8364 EU.}", "€.", false),
            ("a character of two halves", br"{\rtf1\uc0 \u-10179\u-9189!}", "🐛!", false),
            ("signs", br"{\rtf1 a\\b \{c\} d\~e\endash f}", r"a\b {c} d e–f", false),
            ("binary data", b"{\\rtf1 a{\\pict\\bin3 }}}}b}", "ab", false),
            (
                "a page",
                br"{\rtf1\fromhtml1 {\*\htmltag64 <p>}\htmlrtf \par \htmlrtf0 It burns{\*\htmltag72 </p>}}",
                "<p>It burns</p>",
                true,
            ),
            ("cut off", br"{\rtf1 It \'f", "It f", false),
            ("nothing", b"", "", false),
        ];
        for (name, rtf, text, is_page) in cases {
            assert_eq!(of(rtf), Words { text: text.into(), is_page }, "{name}");
        }
    }

    #[test]
    fn groups_are_told_apart_to_a_depth() {
        let text = |depth: usize| {
            let (open, close) = ("{".repeat(depth - 1), "}".repeat(depth - 1));
            of(format!("{open}{{\\fonttbl x}}y{close}z").as_bytes()).text
        };
        assert_eq!((text(MAX_GROUPS).as_str(), text(MAX_GROUPS + 1).as_str()), ("yz", "z"));
    }
}
