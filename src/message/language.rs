//! The language of a text: by its smallest words, where they leave no doubt, else by its letters.
//!
//! Counting small words takes a hundredth of the time of comparing all letters with those of seventy languages, which is
//! left for texts in other languages. Addresses, names of hosts and numbers are passed over: they are in none.

mod letters;

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The words that occur most in a language and are short, by language. One that several have counts for each of them.
const SMALL_WORDS: [(&str, &[&str]); 9] = [
    (
        "de",
        &[
            "der", "die", "das", "und", "ist", "nicht", "ich", "sie", "wir", "ein", "eine", "mit", "für", "auf", "den",
            "dem", "zu", "von", "im", "des", "sich", "auch", "es", "wie", "haben", "bitte", "kann", "wird", "werden",
            "uns", "mir", "bei", "noch", "nach", "einen", "in", "an", "aus", "hat", "ihr", "ihre", "oder", "wenn",
        ],
    ),
    (
        "en",
        &[
            "the", "and", "of", "to", "is", "in", "that", "it", "for", "you", "not", "with", "are", "this", "on", "be",
            "have", "i", "my", "we", "your", "please", "from", "was", "but", "can", "will", "has", "would", "our",
            "there", "what", "or", "an", "if", "at", "as", "a", "me", "do", "no", "by", "been", "they", "so", "when",
            "which", "how", "who", "here",
        ],
    ),
    (
        "es",
        &[
            "el", "la", "los", "las", "que", "de", "y", "en", "un", "una", "es", "no", "por", "para", "con", "se",
            "del", "mi", "lo", "su", "al", "le", "como", "está", "a", "me", "o", "pero", "más", "muy", "este", "son",
        ],
    ),
    (
        "fr",
        &[
            "le", "la", "les", "des", "et", "est", "une", "un", "pas", "je", "vous", "nous", "dans", "pour", "que",
            "qui", "sur", "avec", "au", "ce", "il", "ne", "en", "du", "mon", "votre", "merci", "de", "à", "a", "se",
            "mais", "par", "plus", "ou", "on", "cette", "sont", "me", "y",
        ],
    ),
    (
        "it",
        &[
            "il", "di", "che", "la", "e", "un", "una", "non", "per", "sono", "in", "con", "del", "della", "mi", "ho",
            "le", "si", "è", "i", "gli", "al", "da", "ma", "lo", "nel", "anche", "come", "questo", "a", "o", "ci",
        ],
    ),
    (
        "nl",
        &[
            "de", "het", "een", "en", "van", "ik", "is", "niet", "dat", "op", "te", "zijn", "met", "voor", "er",
            "maar", "mijn", "u", "we", "aan", "bij", "in", "om", "ook", "als", "naar", "heb", "wij", "dit", "die",
            "of", "kan", "wordt", "graag", "uw",
        ],
    ),
    (
        "pl",
        &[
            "i", "w", "nie", "na", "się", "z", "do", "to", "jest", "że", "o", "jak", "ale", "po", "co", "za", "od",
            "przez", "dla", "mi", "są", "czy", "tak", "już", "oraz", "proszę", "mam",
        ],
    ),
    (
        "pt",
        &[
            "o", "a", "os", "as", "que", "de", "e", "um", "uma", "não", "para", "com", "em", "do", "da", "é", "no",
            "na", "se", "por", "meu", "foi", "está", "mais", "mas", "ao", "eu", "dos", "das", "minha", "como",
        ],
    ),
    (
        "sv",
        &[
            "och", "att", "det", "jag", "är", "som", "inte", "en", "på", "för", "med", "har", "till", "av", "den",
            "om", "kan", "i", "ett", "vi", "ni", "så", "men", "de", "från", "när", "mig", "var", "eller", "detta",
        ],
    ),
];

/// Danish and Norwegian words that Swedish has not: texts with them are not Swedish, nor easily told apart.
const NEIGHBOURS: [&str; 10] = ["af", "og", "ikke", "jeg", "til", "fra", "på", "vi", "eller", "der"];

/// Words that are looked at, and after how many it may be told already.
const MAX_WORDS: usize = 120;
const ENOUGH_WORDS: usize = 30;

/// How many of them must be small words of one language, and how many where hardly one is of another.
const MIN_HITS: usize = 6;
const MIN_LONELY_HITS: usize = 3;

/// Bytes of the longest small word.
const MAX_WORD_BYTES: usize = 8;

/// The last letter of the scripts that these languages are written in.
const LAST_LATIN: char = '\u{24f}';

/// The languages of each small word, a bit for each, and one for the neighbours. The words are sorted.
static LANGUAGES: LazyLock<Vec<(Word, u16)>> = LazyLock::new(|| {
    let mut words: BTreeMap<Word, u16> = BTreeMap::new();
    for (at, (_, small)) in SMALL_WORDS.iter().enumerate() {
        small.iter().for_each(|word| *words.entry(packed(word)).or_default() |= 1 << at);
    }
    NEIGHBOURS.iter().for_each(|word| *words.entry(packed(word)).or_default() |= OF_NEIGHBOURS);
    words.into_iter().collect()
});

/// The bit of the words that Swedish has not.
const OF_NEIGHBOURS: u16 = 1 << SMALL_WORDS.len();

/// The bytes of a small word in one number, which is compared at once.
type Word = u64;

fn packed(word: &str) -> Word {
    word.bytes().fold(0, |so_far, byte| so_far << 8 | Word::from(byte))
}

/// The ISO 639-1 code of a text's language, where it has one that can be told; by its letters only where somebody is to
/// be answered in it.
pub(super) fn of(text: &str, with_letters: bool) -> Option<String> {
    let mut tally = Tally::default();
    let mut seen = Vec::with_capacity(MAX_WORDS);
    for word in words(text).take(MAX_WORDS) {
        seen.push(word);
        tally.add(word);
        // Nearly all texts have told it long before they end.
        if seen.len() == ENOUGH_WORDS
            && let Some(code) = tally.language().filter(|_| tally.is_beyond_doubt())
        {
            return Some(code.to_string());
        }
    }
    let by_letters = || if with_letters { letters::language(&seen.join(" ")) } else { None };
    tally.language().map(str::to_string).or_else(by_letters)
}

/// The words of a text, without what no language has words for.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace().filter(|word| !is_for_programs(word));
    words.flat_map(|word| word.split(|c: char| !c.is_alphabetic())).filter(|word| !word.is_empty())
}

/// Whether it is an address, a path, a number, or has a dot or colon inside: `mx.example.com`, `10:30`.
fn is_for_programs(word: &str) -> bool {
    let is_sign = |b: u8| b.is_ascii_digit() || matches!(b, b'@' | b'/' | b'=' | b'_' | b'<');
    let is_joint = |above: u8, b: u8| matches!(above, b'.' | b':') && b.is_ascii_alphanumeric();
    let mut above = b' ';
    word.bytes().any(|b| is_sign(b) || is_joint(std::mem::replace(&mut above, b), b))
}

/// How many small words of each language a text has.
#[derive(Default)]
struct Tally {
    hits: [usize; SMALL_WORDS.len()],
    count: usize,
    neighbours: usize,
    foreign: usize,
}

impl Tally {
    fn add(&mut self, written: &str) {
        self.count += 1;
        self.foreign += usize::from(written.starts_with(|c| c > LAST_LATIN));
        if written.len() > MAX_WORD_BYTES {
            return;
        }
        let word = if written.is_ascii() {
            written.bytes().fold(0, |so_far, byte| so_far << 8 | Word::from(byte.to_ascii_lowercase()))
        } else {
            let lower = written.to_lowercase();
            // In some scripts a letter is longer in lower case.
            if lower.len() > MAX_WORD_BYTES {
                return;
            }
            packed(&lower)
        };
        let Ok(found) = LANGUAGES.binary_search_by_key(&word, |(word, _)| *word) else { return };
        let languages = LANGUAGES[found].1;
        self.neighbours += usize::from(languages & OF_NEIGHBOURS != 0);
        for (at, hits) in self.hits.iter_mut().enumerate() {
            *hits += usize::from(languages >> at & 1);
        }
    }

    /// The place of the language with the most hits, and the hits of the best two.
    fn best(&self) -> (usize, usize, usize) {
        let (best, most) = self.hits.iter().copied().enumerate().max_by_key(|(_, hits)| *hits).unwrap_or_default();
        let second = self.hits.iter().enumerate().filter(|(at, _)| *at != best).map(|(_, hits)| *hits).max();
        (best, most, second.unwrap_or(0))
    }

    /// The language whose small words these are, where that is clear.
    fn language(&self) -> Option<&'static str> {
        let (best, most, second) = self.best();
        let code = SMALL_WORDS[best].0;
        // A good part of all words, and half as many again as in the next language; or few, and hardly one of another.
        let is_clear = most >= MIN_HITS && most * 6 >= self.count && most * 2 >= second * 3;
        let is_lonely = most >= MIN_LONELY_HITS && most * 4 >= self.count && most > second * 2;
        let is_neighbour = code == "sv" && self.neighbours * 4 > most;
        let is_latin = self.foreign * 5 < self.count;
        ((is_clear || is_lonely) && is_latin && !is_neighbour).then_some(code)
    }

    /// Whether what comes will hardly change it.
    fn is_beyond_doubt(&self) -> bool {
        let (_, most, second) = self.best();
        most * 4 >= self.count && most >= second * 2 && self.foreign == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_tell_a_language_or_nothing() {
        let cases = [
            ("Please tell me why the printer is on fire and what we can do about it.", Some("en")),
            ("Können Sie mir bitte sagen, wie ich das Problem mit dem Drucker löse? Es ist nicht neu.", Some("de")),
            ("Je ne peux pas imprimer avec la nouvelle machine, pouvez-vous nous aider pour ce problème ?", Some("fr")),
            ("No puedo imprimir con la nueva impresora y el error es el mismo para los otros usuarios.", Some("es")),
            ("Non posso stampare con la nuova stampante e il problema è lo stesso per gli altri.", Some("it")),
            ("Ik kan niet afdrukken met de nieuwe printer, het probleem is er ook voor mijn collega.", Some("nl")),
            ("Não consigo imprimir com a nova impressora e o problema é o mesmo para os outros.", Some("pt")),
            ("Jag kan inte skriva ut på den nya skrivaren och det är ett problem för oss.", Some("sv")),
            ("Nie mogę drukować na nowej drukarce, co jest z tym nie tak? Proszę o pomoc, to jest pilne.", Some("pl")),
            ("Jeg kan ikke skrive ut på den nye skriveren og det er et problem for oss.", None),
            ("Принтер не печатает, помогите пожалуйста решить эту проблему.", None),
            ("This is a test.", Some("en")),
            ("Das ist ein Test.", Some("de")),
            ("Return-Path: <the@and.example> x=to/of the.and.you 10:30 is", None),
            ("Thanks!", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let mut tally = Tally::default();
            words(text).for_each(|word| tally.add(word));
            assert_eq!(tally.language(), expected, "{text}");
        }
    }

    #[test]
    fn other_languages_are_told_by_their_letters_where_there_is_enough_text() {
        let cases = [
            ("Ο εκτυπωτής δεν λειτουργεί από χθες, παρακαλώ βοηθήστε μας.", Some("el")),
            (
                "Guten Tag, seit gestern brennt der Drucker im dritten Stock. Bitte schicken Sie jemanden, der ihn löscht.",
                Some("de"),
            ),
            ("ok", None),
            ("mx.example.com ann@example.com 192.0.2.1 abc=def/ghi", None),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text, true).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn numbers_of_small_words_hold() {
        let language = |text: String| {
            let mut tally = Tally::default();
            words(&text).for_each(|word| tally.add(word));
            tally.language()
        };
        // Many words, of which a fifth are small ones of one language; and few of nothing else.
        let many = |hits: usize| language(format!("{}{}", "the ".repeat(hits), "xyzzy ".repeat(hits * 4)));
        let lonely = |hits: usize| language("the ".repeat(hits));
        // The neighbours of many words are too many for them to be lonely.
        assert_eq!((many(MIN_HITS), many(MIN_HITS - 1)), (Some("en"), None));
        assert_eq!((lonely(MIN_LONELY_HITS), lonely(MIN_LONELY_HITS - 1)), (Some("en"), None));

        let longest = SMALL_WORDS.iter().flat_map(|(_, words)| words.iter()).map(|word| word.len()).max();
        assert!(longest.is_some_and(|bytes| bytes <= MAX_WORD_BYTES), "{longest:?}");

        // What follows enough words changes nothing.
        let enough = |words: usize| of(&format!("{}{}", "the ".repeat(words), "der ".repeat(MAX_WORDS)), false);
        assert_eq!((enough(ENOUGH_WORDS).as_deref(), enough(ENOUGH_WORDS - 16).as_deref()), (Some("en"), Some("de")));
    }

    #[test]
    fn no_more_words_are_looked_at_than_allowed() {
        let (foreign, english) = ("xyzzy ".repeat(MAX_WORDS - 24), "this is the and ".repeat(6));
        assert_eq!(of(&format!("{foreign}{english}"), true).as_deref(), Some("en"));
        assert_eq!(of(&format!("{foreign}{}{english}", "xyzzy ".repeat(24)), false).as_deref(), None);
    }
}
