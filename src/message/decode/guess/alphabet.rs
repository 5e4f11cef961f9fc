//! Whether bytes of eight bits, read in a charset, are words of an alphabet.
//!
//! The letters of Cyrillic and Greek charsets stand where others have capitals, signs or nothing, and words show it: they
//! have their capitals in front or are all capitals, they have vowels, and most of their letters are frequent ones.

use super::super::charset;

/// The charsets that are tried; of two that read a text equally well, the first is taken.
const CHARSETS: [&str; 3] = ["windows-1251", "koi8-u", GREEK];
const GREEK: &str = "windows-1253";

/// Letters that occur most in Russian, Ukrainian and Bulgarian, and in Greek.
const FREQUENT: &str = "оеаинтсрвліαειοντσςρκ";

/// The vowels of these languages.
const VOWELS: &str = "аеёиоуыэюяєіїαεηιουωάέήίόύώ";

/// Letters beyond the alphabet that all languages of a script have in common: few of any text.
const RARE: &str = "ёєіїґўјѕђћџљњѓќΐΰϊϋ";

/// Signs that stand beside words: before them, behind them, and anywhere.
const OPENING: &str = "«„№";
const CLOSING: &str = "»”№";
const LOOSE: &str = "“’–—…\u{a0}";

/// The accented vowels of Greek: one in each word of two syllables or more, unless it is all capitals.
const ACCENTED: &str = "άέήίόύώΐΰ";

/// The likeness of the least likely words.
const MIN_LIKENESS: usize = 100;

/// The charset in which bytes are words, where there is one.
pub(super) fn charset_of(bytes: &[u8]) -> Option<&'static str> {
    let mut best: Option<(usize, &str)> = None;
    for name in CHARSETS {
        let text = charset::by_name(name, bytes);
        if let Some(likeness) = Words::of(&text).likeness()
            && (name != GREEK || text.contains(|c| ACCENTED.contains(c)))
            && best.is_none_or(|(so_far, _)| likeness > so_far)
        {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Whether it is a letter of Greek or Cyrillic, as these charsets have them.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{45f}' | 'Ґ' | 'ґ')
}

/// Whether hardly a word has its capitals where Cyrillic words have them, in either charset.
pub(super) fn are_misshapen(bytes: &[u8]) -> bool {
    ["windows-1251", "koi8-u"].iter().all(|name| {
        let words = Words::of(&charset::by_name(name, bytes));
        words.misshapen * 2 > words.count
    })
}

/// What the words of a text look like.
#[derive(Default)]
struct Words {
    count: usize,
    /// Words with capitals and small letters in an order that no word has, or without the accent that they must have.
    misshapen: usize,
    letters: usize,
    capitals: usize,
    frequent: usize,
    vowels: usize,
    rare: usize,
    /// Pairs of neighbours, and how many are of a vowel and a consonant.
    pairs: usize,
    changes: usize,
    /// What is neither a letter of the script nor a sign beside words.
    odd: usize,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut words = Self::default();
        let mut word: Vec<char> = Vec::new();
        let mut above = ' ';
        for c in text.chars().chain([' ']) {
            if is_letter(c) {
                // One letter of Greek is written so at the end of words only.
                words.odd += usize::from(CLOSING.contains(above) || above == 'ς' || above.is_ascii_alphabetic());
                word.push(c);
            } else {
                let is_sign = c.is_ascii() || OPENING.contains(c) || CLOSING.contains(c) || LOOSE.contains(c);
                // No word is of two scripts, and none ends in a sign that belongs before the next.
                let is_misplaced = !word.is_empty() && (c.is_ascii_alphabetic() || OPENING.contains(c));
                words.odd += usize::from(!is_sign) + usize::from(is_misplaced);
                words.add(&word);
                word.clear();
            }
            above = c;
        }
        words
    }

    fn add(&mut self, word: &[char]) {
        if word.is_empty() {
            return;
        }
        let capitals = word.iter().filter(|c| c.is_uppercase()).count();
        let is_shaped = capitals == 0 || capitals == word.len() || (capitals == 1 && word[0].is_uppercase());
        self.letters += word.len();
        self.capitals += capitals;
        let (mut above, mut syllables) = (None, 0);
        for c in word.iter().flat_map(|c| c.to_lowercase()) {
            let is_vowel = VOWELS.contains(c);
            syllables += usize::from(is_vowel && above != Some(true));
            self.frequent += usize::from(FREQUENT.contains(c));
            self.vowels += usize::from(is_vowel);
            self.rare += usize::from(RARE.contains(c));
            if let Some(was_vowel) = above.replace(is_vowel) {
                self.pairs += 1;
                self.changes += usize::from(was_vowel != is_vowel);
            }
        }
        let is_greek = word[0] < 'Ѐ';
        let is_stressed = !is_greek || syllables < 2 || capitals > 1 || word.iter().any(|c| ACCENTED.contains(*c));
        self.count += 1;
        self.misshapen += usize::from(!is_shaped || !is_stressed);
    }

    /// How much like words they are, from 0 on, where they may be words at all.
    fn likeness(&self) -> Option<usize> {
        let may_be = self.letters > 1
            && self.vowels > 0
            && self.odd * 50 <= self.letters
            && self.misshapen * 10 <= self.count
            && self.rare * 3 <= self.letters + 1;
        if !may_be {
            return None;
        }
        let share = |count: usize, all: usize| count * 100 / all.max(1);
        // A text in capitals alone is as one in small letters of the other charset; there are more of the latter.
        let small = share(self.letters - self.capitals, self.letters) / 5;
        let likeness = share(self.frequent, self.letters) + share(self.changes, self.pairs) + small;
        (likeness >= MIN_LIKENESS).then_some(likeness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_frequent_letters_vowels_and_capitals_in_front() {
        let cases = [
            ("a sentence", "Где счёт за октябрь?", true),
            ("capitals", "СРОЧНО", true),
            ("a sign in front", "№ 17 «Альфа»", true),
            ("Greek", "Πού είναι το κλειδί", true),
            ("capitals behind small letters", "счёТ", false),
            ("no vowel", "тст ствр", false),
            ("one letter", "а", false),
            ("letters that few words have", "іїєї їєі", false),
            ("rare letters alone", "хэх фыф щущ", true),
            ("rare letters, no vowel between them", "эыю хфщ цжш", false),
            ("two scripts in a word", "Gде счёт", false),
            ("a sign before a letter", "где»счёт", false),
            ("a sign of no mail", "где счёт ╕", false),
            ("Greek without an accent", "Που ειναι το κλειδι", false),
            ("a final letter inside", "λόςγο", false),
        ];
        for (name, text, is_so) in cases {
            assert_eq!(Words::of(text).likeness().is_some(), is_so, "{name}");
        }
    }

    #[test]
    fn words_are_as_likely_as_they_must_be() {
        // No letter is frequent, each stands beside one of the other kind; then two are alike, in capitals.
        let cases = [("фыфы", Some(120)), ("ФЫФЫ", Some(MIN_LIKENESS)), ("ФЫФЫЫ", None)];
        for (text, expected) in cases {
            assert_eq!(Words::of(text).likeness(), expected, "{text}");
        }
    }
}
