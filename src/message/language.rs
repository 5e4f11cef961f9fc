//! The language of a text: by its smallest words, where they leave no doubt, else by its letters.
//!
//! Looking up small words takes a hundredth of the time of comparing all letters with those of seventy languages, which is
//! left for texts in other languages. Addresses, names of hosts and numbers are passed over: they are in none.
//!
//! A word says no more than that the text is in one of the languages that have it. So a language is told when it has
//! words enough, and explains those of the text that each other language does not, by far more than the other way round.

mod letters;
mod words;

use std::sync::LazyLock;
use words::{LETTERS, WORDS};

/// Words that are looked at, and after how many it may be told already.
const MAX_WORDS: usize = 120;
const ENOUGH_WORDS: usize = 30;

/// How many of them must be words of the language; one less, where another has letters of it.
const MIN_HITS: usize = 3;

/// Of so many words, one must be of the language.
const MAX_WORDS_A_HIT: usize = 4;

/// Words without an entry that count for their letters: names are in no language, and some occur often.
const MAX_LETTERED: usize = 2;

/// The last letter of Latin scripts, and those between which Cyrillic ones are.
const LAST_LATIN: char = '\u{24f}';
const CYRILLIC: std::ops::RangeInclusive<char> = '\u{400}'..='\u{52f}';

/// Languages, by the places of [`WORDS`]: a bit for each.
type Languages = u32;

static TABLE: LazyLock<Table> = LazyLock::new(Table::of_data);

struct Table {
    /// The hash of each word and its languages, at the place that the hash's last bits name, or behind that where
    /// another word has it. A free place has no languages.
    words: Vec<(u64, Languages)>,
    /// The languages of each telling letter, sorted.
    letters: Vec<(char, Languages)>,
    /// The languages that are written in Cyrillic letters.
    cyrillic: Languages,
}

impl Table {
    fn of_data() -> Self {
        let bit = |code: &str| WORDS.iter().position(|(known, _)| *known == code).map_or(0, |at| 1 << at);
        let entries =
            WORDS.iter().flat_map(|(code, words)| words.split(' ').map(move |word| (hash(word.bytes()), bit(code))));
        let telling = |(letters, codes): &(&'static str, &'static str)| {
            let languages = codes.split(' ').fold(0, |so_far, code| so_far | bit(code));
            letters.chars().map(move |letter| (letter, languages))
        };
        let is_cyrillic = |words: &str| words.starts_with(|c| CYRILLIC.contains(&c));
        let cyrillic = WORDS.iter().filter(|(_, words)| is_cyrillic(words)).fold(0, |bits, (code, _)| bits | bit(code));
        let mut table = Self { words: vec![(0, 0); PLACES], letters: Vec::new(), cyrillic };
        for (hash, languages) in entries {
            let at = table.place(hash);
            table.words[at] = (hash, table.words[at].1 | languages);
        }
        table.letters = LETTERS.iter().flat_map(telling).collect();
        table.letters.sort_unstable_by_key(|(letter, _)| *letter);
        table
    }

    /// Where a word stands, or would stand.
    fn place(&self, hash: u64) -> usize {
        let mut at = hash as usize % PLACES;
        while self.words[at].1 != 0 && self.words[at].0 != hash {
            at = (at + 1) % PLACES;
        }
        at
    }

    /// The languages that have a word, in either case.
    fn of_word(&self, word: &str) -> Languages {
        let hash = match word.is_ascii() {
            true => hash(word.bytes().map(|byte| byte.to_ascii_lowercase())),
            false => hash(word.to_lowercase().bytes()),
        };
        self.words[self.place(hash)].1
    }

    /// The languages that have all the telling letters of a word; none where it has none.
    fn of_letters(&self, word: &str) -> Languages {
        let find = |letter: char| {
            let at = self.letters.binary_search_by_key(&letter, |(known, _)| *known);
            at.map_or(0, |at| self.letters[at].1)
        };
        let found = word.chars().filter(|c| !c.is_ascii()).map(find).filter(|languages| *languages != 0);
        found.reduce(|all, languages| all & languages).unwrap_or(0)
    }
}

/// Places for words: more than twice as many as there are words, so that most stand at their own.
const PLACES: usize = 4096;

/// A number for a word, which is compared at once (FNV-1a). No two words of the table have the same.
fn hash(word: impl Iterator<Item = u8>) -> u64 {
    word.fold(0xcbf2_9ce4_8422_2325, |so_far, byte| (so_far ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// The ISO 639-1 code of a text's language, where it has one that can be told; by its letters only where somebody is to
/// be answered in it.
pub(super) fn of(text: &str, with_letters: bool) -> Option<String> {
    let mut tally = Tally::default();
    let words = || words(text).take(MAX_WORDS);
    for word in words() {
        tally.add(word);
        // Nearly all texts have told it long before they end.
        if tally.count == ENOUGH_WORDS
            && let Some(code) = tally.language()
        {
            return Some(code.to_string());
        }
    }
    let by_letters = || if with_letters { letters::language(&words().collect::<Vec<_>>().join(" ")) } else { None };
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

/// What the words of a text say of its language.
#[derive(Default)]
struct Tally {
    /// The languages of each word that is in the table, and of those that are told by their letters.
    found: Vec<Languages>,
    lettered: Vec<Languages>,
    count: usize,
    /// Words in Cyrillic letters, and in those of no language of the table.
    cyrillic: usize,
    foreign: usize,
}

/// How often each language was found, and how often together with one of them.
type Hits = [usize; WORDS.len()];

impl Tally {
    fn add(&mut self, written: &str) {
        self.count += 1;
        let first = written.chars().next().unwrap_or(' ');
        self.cyrillic += usize::from(CYRILLIC.contains(&first));
        self.foreign += usize::from(first > LAST_LATIN && !CYRILLIC.contains(&first));
        match TABLE.of_word(written) {
            0 if written.is_ascii() || self.lettered.len() >= MAX_LETTERED => {}
            0 => {
                let languages = TABLE.of_letters(&written.to_lowercase());
                self.lettered.extend(Some(languages).filter(|languages| *languages != 0));
            }
            languages => self.found.push(languages),
        }
    }

    /// The language whose words these are, where that is clear.
    fn language(&self) -> Option<&'static str> {
        let best = self.best()?;
        let is_cyrillic = TABLE.cyrillic >> best & 1 == 1;
        let is_in_script =
            if is_cyrillic { self.cyrillic * 2 >= self.count } else { (self.cyrillic + self.foreign) * 5 < self.count };
        let hits = self.found.iter().filter(|languages| *languages >> best & 1 == 1).count();
        let lettered = self.lettered.iter().filter(|languages| *languages >> best & 1 == 1).count();
        let is_enough = hits + lettered.min(1) >= MIN_HITS && hits * MAX_WORDS_A_HIT >= self.count;
        (is_in_script && is_enough && self.is_ahead(best)).then_some(WORDS[best].0)
    }

    /// The place of the language that the words speak for most, each for less the more languages have it.
    fn best(&self) -> Option<usize> {
        let mut weights = [0; WORDS.len()];
        for languages in self.found.iter().chain(&self.lettered) {
            let weight = 12 / languages.count_ones().min(12);
            places(*languages).for_each(|at| weights[at] += weight);
        }
        (0..WORDS.len()).max_by_key(|at| weights[*at]).filter(|at| weights[*at] > 0)
    }

    /// Whether more than twice as many words are of this language and not of another as the other way round, for each
    /// other one.
    fn is_ahead(&self, best: usize) -> bool {
        let add = |mut one: Hits, other: Hits| {
            one.iter_mut().zip(other).for_each(|(one, other)| *one += other);
            one
        };
        let all = add(of_all(&self.found, 0), of_all(&self.lettered, 0));
        let shared = add(of_all(&self.found, 1 << best), of_all(&self.lettered, 1 << best));
        let mut others = (0..WORDS.len()).filter(|at| *at != best);
        others.all(|other| all[best] - shared[other] > 2 * (all[other] - shared[other]))
    }
}

/// How often each language is among these, where all of `with` are too.
fn of_all(found: &[Languages], with: Languages) -> Hits {
    let mut hits = [0; WORDS.len()];
    let wanted = found.iter().filter(|languages| *languages & with == with);
    wanted.flat_map(|languages| places(*languages)).for_each(|at| hits[at] += 1);
    hits
}

/// The places of languages.
fn places(mut languages: Languages) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = languages.trailing_zeros() as usize;
        languages &= languages.wrapping_sub(1);
        (at < WORDS.len()).then_some(at)
    })
}

#[cfg(test)]
mod tests;
