//! The language of a text by its letters: by their script, where one language alone has it, else by a guess.

use std::ops::RangeInclusive;

/// Scripts that one language alone is written in, and how many letters of it tell that: a word or two.
const SCRIPTS: [(&[RangeInclusive<char>], &str, usize); 6] = [
    (&['\u{370}'..='\u{3ff}', '\u{1f00}'..='\u{1fff}'], "el", 12),
    (&['\u{530}'..='\u{58f}'], "hy", 12),
    (&['\u{e00}'..='\u{e7f}'], "th", 12),
    (&['\u{10a0}'..='\u{10ff}'], "ka", 12),
    (&['\u{3040}'..='\u{30ff}'], "ja", 4),
    (&['\u{1100}'..='\u{11ff}', '\u{ac00}'..='\u{d7a3}'], "ko", 6),
];

/// Ideographs, which tell Chinese where there are so many of them and no letters of Japan or Korea.
const IDEOGRAPHS: RangeInclusive<char> = '\u{4e00}'..='\u{9fff}';
const MIN_IDEOGRAPHS: usize = 8;

/// Letters without which a guess at the language is worth nothing; and of Latin ones, which many languages share.
const MIN_LANGUAGE_CHARS: usize = 24;
const MIN_LATIN_CHARS: usize = 60;

/// Characters that are looked at for the language; more do not make the guess better.
const MAX_LANGUAGE_CHARS: usize = 400;

/// The ISO 639-1 code of the language of a text, where it is long enough and the guess is good.
pub(super) fn language(text: &str) -> Option<String> {
    if let Some(code) = by_script(text) {
        return Some(code.to_string());
    }
    let letters = || text.chars().filter(|c| c.is_alphabetic()).take(MIN_LATIN_CHARS);
    let is_latin = letters().all(|letter| letter <= super::LAST_LATIN);
    if letters().count() < if is_latin { MIN_LATIN_CHARS } else { MIN_LANGUAGE_CHARS } {
        return None;
    }
    let end = text.char_indices().nth(MAX_LANGUAGE_CHARS).map_or(text.len(), |(at, _)| at);
    let guess = whatlang::detect(&text[..end]).filter(whatlang::Info::is_reliable)?;
    iso_639_1(guess.lang()).map(str::to_string)
}

/// The language whose script most letters are in; of Japanese, half may be ideographs or more.
fn by_script(text: &str) -> Option<&'static str> {
    let mut found = [0; SCRIPTS.len()];
    let (mut ideographs, mut others) = (0, 0);
    for c in text.chars().filter(|c| *c > super::LAST_LATIN || c.is_alphabetic()).take(MAX_LANGUAGE_CHARS) {
        let script = SCRIPTS.iter().position(|(ranges, ..)| ranges.iter().any(|range| range.contains(&c)));
        match script {
            Some(script) => found[script] += 1,
            None if IDEOGRAPHS.contains(&c) => ideographs += 1,
            None => others += 1,
        }
    }
    let of_scripts = found.iter().sum::<usize>();
    if others > of_scripts + ideographs {
        return None;
    }
    // Some write a Japanese letter between Chinese words.
    let is_told = |at: &usize| found[*at] >= SCRIPTS[*at].2 && found[*at] * 8 >= of_scripts + ideographs;
    let most = (0..SCRIPTS.len()).max_by_key(|at| found[*at]).filter(is_told);
    let is_chinese = || of_scripts * 8 < ideographs && ideographs >= MIN_IDEOGRAPHS;
    most.map(|at| SCRIPTS[at].1).or_else(|| is_chinese().then_some("zh"))
}

/// The languages that have a two-letter code, which is nearly all that the library knows.
fn iso_639_1(lang: whatlang::Lang) -> Option<&'static str> {
    const CODES: [(&str, &str); 69] = [
        ("afr", "af"),
        ("aka", "ak"),
        ("amh", "am"),
        ("ara", "ar"),
        ("aze", "az"),
        ("bel", "be"),
        ("ben", "bn"),
        ("bul", "bg"),
        ("cat", "ca"),
        ("ces", "cs"),
        ("cmn", "zh"),
        ("cym", "cy"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("epo", "eo"),
        ("est", "et"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("guj", "gu"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hrv", "hr"),
        ("hun", "hu"),
        ("hye", "hy"),
        ("ind", "id"),
        ("ita", "it"),
        ("jav", "jv"),
        ("jpn", "ja"),
        ("kan", "kn"),
        ("kat", "ka"),
        ("khm", "km"),
        ("kor", "ko"),
        ("lat", "la"),
        ("lav", "lv"),
        ("lit", "lt"),
        ("mal", "ml"),
        ("mar", "mr"),
        ("mkd", "mk"),
        ("mya", "my"),
        ("nep", "ne"),
        ("nld", "nl"),
        ("nob", "no"),
        ("ori", "or"),
        ("pan", "pa"),
        ("pes", "fa"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("sin", "si"),
        ("slk", "sk"),
        ("slv", "sl"),
        ("sna", "sn"),
        ("spa", "es"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tam", "ta"),
        ("tel", "te"),
        ("tgl", "tl"),
        ("tha", "th"),
        ("tuk", "tk"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("urd", "ur"),
        ("uzb", "uz"),
        ("vie", "vi"),
        ("yid", "yi"),
    ];
    CODES.iter().find(|(long, _)| *long == lang.code()).map(|(_, short)| *short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_letters_are_needed_for_a_guess() {
        // The first letters of each, in as many words.
        let first = |text: &str, letters: usize| -> String {
            let mut left = letters;
            let is_taken = |c: &char| {
                let is_in = left > 0;
                left -= usize::from(is_in && c.is_alphabetic());
                is_in
            };
            text.chars().take_while(is_taken).collect()
        };
        let turkish = "Yazıcı dünden beri çalışmıyor, lütfen bize yardım edin, çünkü kağıt bitti ve kimse bulamıyor.";
        let tamil = "அச்சுப்பொறி நேற்றிலிருந்து வேலை செய்யவில்லை";
        let guess = |text: &str, letters: usize| language(&first(text, letters));
        assert_eq!(guess(turkish, MIN_LATIN_CHARS).as_deref(), Some("tr"));
        assert_eq!(guess(turkish, MIN_LATIN_CHARS - 1), None);
        assert_eq!(guess(tamil, MIN_LANGUAGE_CHARS).as_deref(), Some("ta"));
        assert_eq!(guess(tamil, MIN_LANGUAGE_CHARS - 1), None);
    }

    #[test]
    fn scripts_of_one_language_tell_it_from_a_number_of_letters_on() {
        let letters = ["ω", "ա", "ก", "ა", "の", "가"];
        for ((_, code, number), letter) in SCRIPTS.iter().zip(letters) {
            assert_eq!(by_script(&letter.repeat(*number)), Some(*code), "{letter}");
            assert_eq!(by_script(&letter.repeat(*number - 1)), None, "{letter}");
        }
        assert_eq!(by_script(&"票".repeat(MIN_IDEOGRAPHS)), Some("zh"));
        assert_eq!(by_script(&"票".repeat(MIN_IDEOGRAPHS - 1)), None);
        let cases = [
            ("Japanese", "先月の請求書はどこで見られますか。", Some("ja")),
            ("hardly Japanese", "我們的發票在哪裡の請盡快寄給我們謝謝您", Some("zh")),
            ("Korean with a name", "로그인 페이지에서 Azure 오류가 표시됩니다.", Some("ko")),
            ("a name within others", "Please ask 田中さくらこ about the invoice of last month", None),
            ("Russian", "Принтер не печатает", None),
        ];
        for (name, text, expected) in cases {
            assert_eq!(by_script(text), expected, "{name}");
        }
    }

    #[test]
    fn no_more_letters_are_looked_at_than_help() {
        // Of what is looked at, more or less than half is Greek; of the whole, by far the lesser or the greater part.
        let of = |text: &str, chars: usize| -> String { text.chars().cycle().take(chars).collect() };
        let greek = |chars: usize| of("Ο εκτυπωτής δεν λειτουργεί από χθες, παρακαλώ βοηθήστε μας. ", chars);
        let russian = |chars: usize| of("Принтер не печатает, помогите пожалуйста решить эту проблему. ", chars);
        let (more, less) = (MAX_LANGUAGE_CHARS * 5 / 8, MAX_LANGUAGE_CHARS * 3 / 8);
        let guess = |text: String| language(&text);
        assert_eq!(guess(greek(more) + &russian(MAX_LANGUAGE_CHARS * 2)).as_deref(), Some("el"));
        assert_ne!(guess(greek(less) + &russian(MAX_LANGUAGE_CHARS * 2)).as_deref(), Some("el"));
        assert_eq!(guess(russian(less) + &greek(MAX_LANGUAGE_CHARS * 2)).as_deref(), Some("el"));
        assert_ne!(guess(russian(more) + &greek(MAX_LANGUAGE_CHARS * 2)).as_deref(), Some("el"));
    }
}
