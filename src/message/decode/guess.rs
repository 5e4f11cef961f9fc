//! Which charset bytes are in that nobody has labelled, by which bytes there are and how they stand.
//!
//! Letters of the west stand alone between ASCII; Cyrillic ones stand in words, all of them in the upper third;
//! ideographs stand in pairs, whose first bytes tell the languages apart.

mod alphabet;

/// Bytes from which on the letters that a script does not have tell it from others.
const MIN_SCRIPT_BYTES: usize = 12;
const MIN_THAI_BYTES: usize = 24;

/// Bytes that are looked at; more do not change the answer.
pub(super) const MAX_SAMPLE_BYTES: usize = 4 * 1024;

/// The charsets of ideographs, each of which lacks some pairs of bytes that others have.
pub(super) const OTHERS: [&str; 5] = ["gb18030", "big5", "euc-jp", "euc-kr", "shift_jis"];

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
        let likely = look.script().or_else(|| alphabet::charset_of(sample));
        if likely.is_some() || !alphabet::are_misshapen(sample) {
            return likely.unwrap_or(if look.is_koi8() { "koi8-r" } else { "windows-1251" });
        }
    } else if let Some(charset) = alphabet::charset_of(sample) {
        // Some letters and the signs beside words are lower: of a few words, they may be many.
        return charset;
    }
    if look.is_thai() {
        return "windows-874";
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

/// Whether all letters of eight bits stand alone between others, as only those of Latin scripts do.
pub(super) fn is_western(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(MAX_SAMPLE_BYTES)];
    let look = Look::at(sample);
    look.high < 2 * look.runs && !look.is_shift_jis()
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
struct Look {
    /// Bytes of eight bits, and runs of them.
    high: usize,
    runs: usize,
    /// Of those: 0x80 to 0x9f, 0xa0 to 0xbf, and the two halves above.
    c1: usize,
    low: usize,
    capitals: usize,
    smalls: usize,
    /// Accented vowels of Greek behind another small letter, where Cyrillic charsets have capitals.
    accents: usize,
    /// How often each byte of eight bits occurs.
    counts: [usize; 128],
    /// First and second bytes as Shift_JIS has them, and bytes that are neither.
    sjis: usize,
    sjis_odd: usize,
}

impl Look {
    fn at(bytes: &[u8]) -> Self {
        let mut look = Self {
            high: 0,
            runs: 0,
            c1: 0,
            low: 0,
            capitals: 0,
            smalls: 0,
            accents: 0,
            counts: [0; 128],
            sjis: 0,
            sjis_odd: 0,
        };
        let mut was_high = false;
        let mut was_small = false;
        for byte in bytes {
            let is_high = *byte >= 0x80;
            if is_high {
                look.counts[usize::from(*byte) - 128] += 1;
            }
            look.accents += usize::from(was_small && matches!(byte, 0xdc..=0xdf));
            was_small = *byte >= 0xe0;
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

    /// How many of its bytes lie between these two.
    fn between(&self, first: u8, last: u8) -> usize {
        self.counts[usize::from(first) - 128..=usize::from(last) - 128].iter().sum()
    }

    /// The charset of words in one of the scripts whose letters are all in the upper third.
    fn script(&self) -> Option<&'static str> {
        let share = |count: usize| count * 100 / self.high;
        // Hebrew has no capitals, and ends before the vowels without which there is no Russian.
        let of_hebrew = self.between(0xe9, 0xe9) + self.between(0xf9, 0xfa);
        let is_enough = self.high >= MIN_SCRIPT_BYTES || share(of_hebrew) >= 8;
        if self.capitals == 0 && self.between(0xfb, 0xff) == 0 && is_enough {
            return Some("windows-1255");
        }
        if share(self.accents) >= 2 && self.smalls > 2 * self.capitals {
            return Some("windows-1253");
        }
        // Arabic has nothing where Cyrillic has a third of its letters, whichever charset those are in.
        let is_arabic = share(self.between(0xf0, 0xff)) <= 2
            && share(self.between(0xe0, 0xef)) >= 15
            && share(self.between(0xc7, 0xc7)) >= 5
            && self.high >= MIN_SCRIPT_BYTES;
        if is_arabic {
            let is_iso = self.between(0xe7, 0xea) > self.between(0xeb, 0xef);
            return Some(if is_iso { "iso-8859-6" } else { "windows-1256" });
        }
        None
    }

    /// Thai has nothing in four places where ideographs have a fifth of their second bytes, and many vowels and tones.
    fn is_thai(&self) -> bool {
        let is_free = self.between(0xdb, 0xde) + self.between(0xf0, 0xff) == 0 && self.c1 * 50 < self.high;
        let vowels = self.between(0xd0, 0xda) + self.between(0xe0, 0xec);
        is_free && self.high >= MIN_THAI_BYTES && vowels * 100 >= self.high * 33
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
    fn scripts_are_told_apart_from_a_number_of_bytes_on() {
        // Hebrew without the letters that nothing else has; Arabic; a Thai vowel behind a consonant.
        let cases: [(&str, &[u8], &str, usize); 3] = [
            ("Hebrew", b"\xe0", "windows-1255", MIN_SCRIPT_BYTES),
            ("Arabic", b"\xc7\xe1\xe3\xc7", "windows-1256", MIN_SCRIPT_BYTES),
            ("Thai", b"\xa1\xd2", "windows-874", MIN_THAI_BYTES),
        ];
        for (name, piece, charset, number) in cases {
            let of = |bytes: usize| by_bytes(&piece.repeat(bytes)[..bytes]) == charset;
            assert_eq!((of(number), of(number - 1)), (true, false), "{name}: {number}");
        }
    }

    #[test]
    fn short_subjects_are_read_in_the_charset_that_they_were_written_in() {
        let cases: [(&str, &[u8], &str); 20] = [
            ("Russian", b"\xc3\xe4\xe5 \xf1\xf7\xb8\xf2?", "Где счёт?"),
            ("Russian of Unix", b"\xe7\xc4\xc5 \xd3\xde\xa3\xd4?", "Где счёт?"),
            ("one word", b"\xd1\xf7\xb8\xf2", "Счёт"),
            ("capitals", b"\xd1\xd0\xce\xd7\xcd\xce", "СРОЧНО"),
            ("capitals of Unix", b"\xf3\xf2\xef\xfe\xee\xef", "СРОЧНО"),
            ("signs", b"\xc7\xe0\xff\xe2\xea\xe0 \xb9 17 \xab\xc0\xbb", "Заявка № 17 «А»"),
            ("Ukrainian", b"\xbb \xef\xe8\xf2\xe0\xed\xed\xff", "» питання"),
            ("Ukrainian letters", b"\xaf\xbf \xf1\xea\xe0\xf0\xe3\xe0 \xb9 7", "Її скарга № 7"),
            ("Ukrainian of Unix", b"\xb7\xa7 \xd3\xcb\xc1\xd2\xc7\xc1", "Її скарга"),
            ("Greek", b"\xd4\xe9\xec\xef\xeb\xfc\xe3\xe9\xef", "Τιμολόγιο"),
            ("Chinese", b"\xb7\xa2\xc6\xb1\xd4\xda\xc4\xc4\xc0\xef\xa3\xbf", "发票在哪里？"),
            ("Chinese, two signs", b"\xce\xca\xcc\xe2", "问题"),
            ("Chinese like Greek", b"\xb9\xca\xd5\xcf", "故障"),
            ("Chinese like a number", b"\xb9\xe3\xb8\xe6", "广告"),
            ("Japanese of Windows", b"\x90\xbf\x8b\x81\x8f\x91\x82\xcc\x8c\x8f", "請求書の件"),
            ("Japanese of Unix", b"\xa5\xa8\xa5\xe9\xa1\xbc", "エラー"),
            ("Korean", b"\xb7\xce\xb1\xd7\xc0\xce\xc0\xcc \xbe\xc8 \xb5\xcb\xb4\xcf\xb4\xd9", "로그인이 안 됩니다"),
            ("German", b"\xdcberf\xe4llig", "Überfällig"),
            ("French", b"O\xf9 est ma cl\xe9 \x96 d\xe9\xe7u", "Où est ma clé – déçu"),
            ("Spanish", b"\xbfD\xf3nde est\xe1?", "¿Dónde está?"),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(unlabelled(bytes, None), expected, "{name}");
        }
    }

    #[test]
    fn bytes_without_label_are_told_apart() {
        let cases: [(&str, &[u8], &str); 16] = [
            ("Greek", b"\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1, \xf4\xef \xea\xeb\xe5\xe9\xe4\xdf", "Καλημέρα, το κλειδί"),
            ("Hebrew", b"\xf9\xec\xe5\xed, \xe4\xee\xf4\xfa\xe7 \xec\xe0 \xf2\xe5\xe1\xe3", "שלום, המפתח לא עובד"),
            (
                "Arabic",
                b"\xe3\xd1\xcd\xc8\xc7\xa1 \xc7\xe1\xe3\xdd\xca\xc7\xcd \xe1\xc7 \xed\xda\xe3\xe1",
                "مرحبا، المفتاح لا يعمل",
            ),
            (
                "Arabic by ISO",
                b"\xe5\xd1\xcd\xc8\xc7 \xc7\xe4\xe5\xe1\xca\xc7\xcd \xe4\xc7 \xea\xd9\xe5\xe4",
                "مرحبا المفتاح لا يعمل",
            ),
            (
                "Thai",
                b"\xca\xc7\xd1\xca\xb4\xd5\xa4\xc3\xd1\xba \xe0\xa2\xe9\xd2\xca\xd9\xe8\xc3\xd0\xba\xba\xe4\xc1\xe8\xe4\xb4\xe9",
                "สวัสดีครับ เข้าสู่ระบบไม่ได้",
            ),
            (
                "Chinese of Taiwan in a polite form",
                b"\xbd\xd0\xa7\xe2\xa4T\xa4\xeb\xa5\xf7\xaa\xba\xb5o\xb2\xbc\xb1H\xb5\xb9\xa7\xda\xad\xcc",
                "請把三月份的發票寄給我們",
            ),
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
