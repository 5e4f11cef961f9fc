//! One spelling for texts and literals that differ only in case or in the kind of white space.
//!
//! A pattern's literal stands in a text only if the folded literal stands in the folded text, never the other way
//! round: what was found in folded texts is always checked against the pattern itself.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// White space beyond ASCII, as `\s` has it.
const SPACES: &str = "\u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

/// What each ASCII byte folds to; the bytes of longer characters stay as they are.
pub(super) const ASCII: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'\t'..=b'\r' => b' ',
            other => other.to_ascii_lowercase(),
        };
        byte += 1;
    }
    table
};

/// What characters beyond ASCII fold to: those that some literal has, and their other cases.
pub(super) struct Fold {
    table: BTreeMap<char, char>,
}

/// A text in which every character that is not ASCII is folded.
pub(super) struct Folded<'t> {
    /// The text.
    pub text: Cow<'t, str>,
    /// From which place in it on, and how much further on that is in the text as it was; sorted.
    shifts: Vec<(usize, isize)>,
}

impl Fold {
    pub(super) fn new() -> Self {
        let others = [('ſ', 's'), ('\u{212a}', 'k')];
        Self { table: SPACES.chars().map(|space| (space, ' ')).chain(others).collect() }
    }

    /// What a character of a literal folds to, from now on.
    pub(super) fn learn(&mut self, c: char) -> char {
        if c.is_ascii() {
            return char::from(ASCII[c as usize]);
        }
        if let Some(known) = self.table.get(&c) {
            return *known;
        }
        let mut cases = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
        cases.case_fold_simple();
        let cases = || cases.iter().flat_map(|range| range.start()..=range.end());
        // Most texts are in lower case, and what folds to itself costs nothing.
        let chosen = cases().find(|case| case.is_lowercase()).unwrap_or(c);
        self.table.extend(cases().map(|case| (case, chosen)));
        chosen
    }

    /// The text, folded but for its ASCII, which [`ASCII`] folds on the way.
    pub(super) fn fold<'t>(&self, text: &'t str) -> Folded<'t> {
        let changes = |c: char| !c.is_ascii() && self.table.get(&c).is_some_and(|folded| *folded != c);
        let as_it_is = Folded { text: Cow::Borrowed(text), shifts: Vec::new() };
        if text.is_ascii() {
            return as_it_is;
        }
        let Some(first) = text.find(changes) else { return as_it_is };
        let mut folded = String::with_capacity(text.len());
        folded.push_str(&text[..first]);
        let mut shifts = Vec::new();
        let mut shift = 0;
        for c in text[first..].chars() {
            let other = if c.is_ascii() { c } else { self.table.get(&c).copied().unwrap_or(c) };
            folded.push(other);
            if c.len_utf8() != other.len_utf8() {
                shift += c.len_utf8() as isize - other.len_utf8() as isize;
                shifts.push((folded.len(), shift));
            }
        }
        Folded { text: Cow::Owned(folded), shifts }
    }
}

impl Folded<'_> {
    /// Where in the text as it was the character stands that stands here in the folded one.
    pub(super) fn origin(&self, at: usize) -> usize {
        let before = self.shifts.partition_point(|(from, _)| *from <= at);
        match before.checked_sub(1) {
            Some(last) => at.saturating_add_signed(self.shifts[last].1),
            None => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_white_space_folds_to_one_kind() {
        let fold = Fold::new();
        let mut spaces = ('\0'..=char::MAX).filter(|c| c.is_whitespace());
        assert!(spaces.all(|c| match c.is_ascii() {
            true => ASCII[c as usize] == b' ',
            false => fold.table.get(&c) == Some(&' '),
        }));
    }

    #[test]
    fn places_in_a_folded_text_are_places_in_the_text() {
        let mut fold = Fold::new();
        for c in "ÜΣ".chars() {
            fold.learn(c);
        }
        for (text, expected) in [
            ("plain", "plain"),
            ("\u{212a}ey", "key"),
            ("a ſ \u{212a} b", "a s k b"),
            ("Übermut\u{a0}Σ", "übermut ς"),
            ("Éa", "Éa"),
        ] {
            let folded = fold.fold(text);
            assert_eq!(folded.text, expected);
            let origins: Vec<usize> = folded.text.char_indices().map(|(at, _)| folded.origin(at)).collect();
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            assert_eq!(origins, places, "{text:?}");
        }
    }
}
