//! The language of a text, guessed from its words.

/// Letters without which a guess at the language is worth nothing.
const MIN_LANGUAGE_CHARS: usize = 24;

/// Characters that are looked at for the language; more do not make the guess better.
const MAX_LANGUAGE_CHARS: usize = 400;

/// The ISO 639-1 code of the language of a text, where it is long enough and the guess is good.
pub(super) fn language(text: &str) -> Option<String> {
    if text.chars().filter(|c| c.is_alphabetic()).take(MIN_LANGUAGE_CHARS).count() < MIN_LANGUAGE_CHARS {
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
