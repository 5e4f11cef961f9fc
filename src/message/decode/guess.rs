//! Which charset bytes are in that nobody has labelled, by which bytes there are and how they stand.
//!
//! Letters of the west stand alone between ASCII; Cyrillic ones stand in words, all of them in the upper third;
//! ideographs stand in pairs, whose first bytes tell the languages apart.

/// Bytes that are looked at; more do not change the answer.
const MAX_SAMPLE_BYTES: usize = 4 * 1024;

/// The charset of bytes that are not UTF-8, by the name that the decoder knows.
pub(super) fn by_bytes(bytes: &[u8]) -> &'static str {
    let sample = &bytes[..bytes.len().min(MAX_SAMPLE_BYTES)];
    let look = Look::at(sample);
    if look.high < 4 || look.high < 2 * look.runs {
        // A Japanese text in Shift_JIS has ASCII bytes in second places, which cuts its runs.
        return if look.is_shift_jis() { "shift_jis" } else { "windows-1252" };
    }
    if look.is_shift_jis() {
        return "shift_jis";
    }
    // Of Cyrillic words, hardly a byte is below the letters; of second bytes of ideographs, a third.
    if look.low * 100 < look.high * 12 && look.c1 * 50 < look.high {
        return if look.is_koi8() { "koi8-r" } else { "windows-1251" };
    }
    let pairs = Pairs::of(sample);
    if pairs.count == 0 {
        return "windows-1252";
    }
    let share = |part: usize| part * 100 / pairs.count;
    if pairs.odd * 20 > pairs.count {
        return if pairs.big5 * 20 <= pairs.count { "windows-1252" } else { "big5" };
    }
    if share(pairs.kana) >= 25 {
        "euc-jp"
    } else if pairs.ascii_second > 0 && share(pairs.big5_common) >= 80 {
        "big5"
    } else if share(pairs.hangul) >= 90 && pairs.count >= 3 {
        "euc-kr"
    } else {
        "gb18030"
    }
}

/// The 8-bit charset of a Japanese text whose label names the 7-bit one.
pub(super) fn among_japanese(bytes: &[u8]) -> &'static str {
    let sample = &bytes[..bytes.len().min(MAX_SAMPLE_BYTES)];
    if Look::at(sample).c1 > 0 || Pairs::of(sample).odd > 0 { "shift_jis" } else { "euc-jp" }
}

/// The charset whose escapes stand in a text of seven bits.
pub(super) fn by_escapes(bytes: &[u8]) -> Option<&'static str> {
    bytes.windows(4).find_map(|window| match window {
        [0x1b, b'$', b')', b'C'] => Some("iso-2022-kr"),
        [0x1b, b'$', b')', b'A' | b'G'] => Some("iso-2022-cn"),
        [0x1b, b'$', b'@' | b'B', _] | [0x1b, b'$', b'(', b'D' | b'O' | b'Q'] | [0x1b, b'(', b'I', _] => {
            Some("iso-2022-jp")
        }
        _ => None,
    })
}

/// How the bytes of eight bits stand.
#[derive(Default)]
struct Look {
    /// Bytes of eight bits, and runs of them.
    high: usize,
    runs: usize,
    /// Of those: 0x80 to 0x9f, 0xa0 to 0xbf, and the two halves above.
    c1: usize,
    low: usize,
    capitals: usize,
    smalls: usize,
    /// First and second bytes as Shift_JIS has them, and bytes that are neither.
    sjis: usize,
    sjis_odd: usize,
}

impl Look {
    fn at(bytes: &[u8]) -> Self {
        let mut look = Self::default();
        let mut was_high = false;
        for byte in bytes {
            let is_high = *byte >= 0x80;
            look.high += usize::from(is_high);
            look.runs += usize::from(is_high && !was_high);
            match byte {
                0x80..=0x9f => look.c1 += 1,
                0xa0..=0xbf => look.low += 1,
                0xc0..=0xdf => look.capitals += 1,
                0xe0..=0xff => look.smalls += 1,
                _ => {}
            }
            was_high = is_high;
        }
        let mut at = 0;
        while at < bytes.len() {
            match (bytes[at], bytes.get(at + 1)) {
                (0x81..=0x9f | 0xe0..=0xef, Some(0x40..=0x7e | 0x80..=0xfc)) => {
                    look.sjis += 1;
                    at += 1;
                }
                (0x80..=0x9f | 0xe0..=0xff, _) => look.sjis_odd += 1,
                _ => {}
            }
            at += 1;
        }
        look
    }

    /// Japanese has its kana and most of its signs below 0xa0, where no other charset has letters.
    fn is_shift_jis(&self) -> bool {
        self.sjis >= 2 && self.sjis_odd == 0 && self.c1 * 3 >= self.sjis * 2
    }

    /// Small letters come first in KOI8, capitals in windows-1251; texts have more small ones.
    fn is_koi8(&self) -> bool {
        self.capitals > self.smalls
    }
}

/// Bytes of eight bits, taken in pairs.
#[derive(Default)]
struct Pairs {
    count: usize,
    /// Pairs that GB 2312, KS X 1001 and JIS X 0208 do not have.
    odd: usize,
    /// Pairs whose second byte is ASCII, as in Big5 and the larger Chinese sets.
    ascii_second: usize,
    kana: usize,
    hangul: usize,
    big5: usize,
    big5_common: usize,
}

impl Pairs {
    fn of(bytes: &[u8]) -> Self {
        let mut pairs = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            let first = bytes[at];
            if first < 0x80 {
                at += 1;
                continue;
            }
            pairs.count += 1;
            let second = bytes.get(at + 1).copied().unwrap_or_default();
            let is_ascii_second = matches!(second, 0x40..=0x7e);
            let is_whole = matches!(first, 0xa1..=0xfe) && (matches!(second, 0xa1..=0xfe) || is_ascii_second);
            pairs.odd += usize::from(!is_whole && at + 1 < bytes.len());
            pairs.ascii_second += usize::from(is_ascii_second);
            pairs.kana += usize::from(matches!(first, 0xa4 | 0xa5));
            pairs.hangul += usize::from(matches!(first, 0xb0..=0xc8));
            pairs.big5 += usize::from(is_whole);
            pairs.big5_common += usize::from(is_whole && matches!(first, 0xa1..=0xc6));
            at += 2;
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::super::charset::unlabelled;
    use super::*;

    #[test]
    fn of_a_long_text_the_beginning_tells_the_charset() {
        let word = [0xef, 0xf0, 0xe8, 0xe2];
        for (before, charset) in
            [(MAX_SAMPLE_BYTES - word.len(), "windows-1251"), (MAX_SAMPLE_BYTES - word.len() + 1, "windows-1252")]
        {
            let text = [vec![b'a'; before], word.repeat(9)].concat();
            assert_eq!(by_bytes(&text), charset, "{before}");
        }
    }

    #[test]
    fn bytes_without_label_are_told_apart() {
        let cases: [(&str, &[u8], &str); 10] = [
            ("German", b"F\xfcr Gr\xf6\xdfe und M\xfche", "Für Größe und Mühe"),
            ("French", b"d\xe9j\xe0 re\xe7u \x96 merci", "déjà reçu – merci"),
            ("Russian", b"\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0", "Привет, мир"),
            ("Russian of Unix", b"\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2", "Привет, мир"),
            ("Chinese", b"\xb9\xd8\xd3\xda\xb6\xa9\xb5\xa5\xb5\xc4\xce\xca\xcc\xe2", "关于订单的问题"),
            ("Chinese of Taiwan", b"\xb3o\xacO\xa4@\xab\xca\xab\xd8\xc4\xb3\xabH", "這是一封建議信"),
            ("Japanese of Windows", b"\x82\xa8\x96\xe2\x82\xa2\x8d\x87\x82\xed\x82\xb9", "お問い合わせ"),
            ("Japanese of Unix", b"\xa4\xaa\xcc\xe4\xa4\xa4\xb9\xe7\xa4\xef\xa4\xbb", "お問い合わせ"),
            ("Korean", b"\xbe\xc8\xb3\xe7\xc7\xcf\xbc\xbc\xbf\xe4", "안녕하세요"),
            ("a shouted word", b"\xdcBERF\xc4LLIG", "ÜBERFÄLLIG"),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(unlabelled(bytes, None), expected, "{name}");
        }
    }
}
