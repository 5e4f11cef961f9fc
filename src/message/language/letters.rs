//! The language of a text, guessed from its words.

/// Letters without which a guess at the language is worth nothing; and of Latin ones, which many languages share.
const MIN_LANGUAGE_CHARS: usize = 24;
const MIN_LATIN_CHARS: usize = 60;

/// Characters that are looked at for the language; more do not make the guess better.
const MAX_LANGUAGE_CHARS: usize = 400;

/// The ISO 639-1 code of the language of a text, where it is long enough and the guess is good.
pub(super) fn language(text: &str) -> Option<String> {
    let letters = || text.chars().filter(|c| c.is_alphabetic()).take(MIN_LATIN_CHARS);
    let is_latin = letters().all(|letter| letter <= super::LAST_LATIN);
    if letters().count() < if is_latin { MIN_LATIN_CHARS } else { MIN_LANGUAGE_CHARS } {
        return None;
    }
    let end = text.char_indices().nth(MAX_LANGUAGE_CHARS).map_or(text.len(), |(at, _)| at);
    let guess = whatlang::detect(&text[..end]).filter(whatlang::Info::is_reliable)?;
    iso_639_1(guess.lang()).map(str::to_string)
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
        ("nob", "nb"),
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
        let greek = "Ο εκτυπωτής δεν λειτουργεί από χθες, παρακαλώ βοηθήστε μας.";
        let guess = |text: &str, letters: usize| language(&first(text, letters));
        assert_eq!(guess(turkish, MIN_LATIN_CHARS).as_deref(), Some("tr"));
        assert_eq!(guess(turkish, MIN_LATIN_CHARS - 1), None);
        assert_eq!(guess(greek, MIN_LANGUAGE_CHARS).as_deref(), Some("el"));
        assert_eq!(guess(greek, MIN_LANGUAGE_CHARS - 1), None);
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
