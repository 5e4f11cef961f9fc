//! What stands in a text for sure wherever a pattern matches: with which words a match begins, and which others
//! are in it. Words are folded (see `fold`), so that each stands for all its cases.

use super::fold::Fold;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// How many literals one set may have.
const MAX_LITERALS: usize = 256;
/// How long a literal may become. Longer ones are hardly rarer, and need memory.
const MAX_CHARS: usize = 20;
/// How many characters a class may have to be written out.
const MAX_CLASS: usize = 12;
/// A set whose literals are expected more often than that, per byte of text, tells nothing.
const MAX_RATE: f64 = 0.03;

/// A folded text of which every match has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Literal {
    /// The text; never empty.
    pub text: String,
    /// Whether no part of a word stands before it.
    pub begins_word: bool,
    /// Whether no part of a word stands after it.
    pub ends_word: bool,
}

/// What is known of every match of a pattern.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Known {
    /// It begins with one of these; `None` where that cannot be said or tells little.
    pub opening: Option<Vec<Literal>>,
    /// It has one of each of these in it; the rarest set first. The opening is among them.
    pub needed: Vec<Vec<Literal>>,
}

/// Reads off a pattern what each of its matches must have.
pub(super) fn known(pattern: &Hir, fold: &mut Fold) -> Known {
    let mut walk = Walk { fold, current: vec![Piece::default()], sets: Vec::new() };
    walk.on(pattern);
    let mut sets = walk.finish().into_iter().map(usable);
    let opening = sets.next().flatten();
    let mut needed: Vec<_> = opening.iter().cloned().chain(sets.flatten()).collect();
    needed.sort_by(|(_, rate), (_, other)| rate.total_cmp(other));
    Known { opening: opening.map(|(set, _)| set), needed: needed.into_iter().map(|(set, _)| set).collect() }
}

/// A text that a part of a pattern can match.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    text: String,
    /// Whether it is only how the match of the part begins.
    is_open: bool,
    /// Whether a word boundary stands before or after it.
    begins: bool,
    ends: bool,
}

impl Piece {
    fn any() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    fn then(&self, next: &Self) -> Self {
        if self.is_open || self.text.chars().count() >= MAX_CHARS {
            return Self { is_open: true, ..self.clone() };
        }
        Self {
            text: format!("{}{}", self.text, next.text),
            is_open: next.is_open,
            begins: self.begins || (self.text.is_empty() && next.begins),
            ends: next.ends || (next.text.is_empty() && self.ends),
        }
    }

    /// Whether every text that has the other one has this one, too.
    fn covers(&self, other: &Self) -> bool {
        let ends_alike = !self.ends || (other.ends && self.text == other.text);
        self.is_open && other.text.starts_with(&self.text) && (!self.begins || other.begins) && ends_alike
    }
}

/// Walks over a pattern from left to right and writes out its parts as long as they can be.
struct Walk<'f> {
    fold: &'f mut Fold,
    /// What was written out since the last part that could not be.
    current: Vec<Piece>,
    /// What every match has in it; the first set is what it begins with.
    sets: Vec<Vec<Piece>>,
}

impl Walk<'_> {
    fn on(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.on(part)),
            HirKind::Capture(group) => self.on(&group.sub),
            HirKind::Alternation(ways) => {
                let pieces = pieces(hir, self.fold);
                let is_open = pieces.iter().any(|piece| piece.is_open);
                self.step(pieces);
                if is_open {
                    let rarest = ways.iter().map(|way| rarest(way, self.fold)).collect::<Option<Vec<_>>>();
                    self.sets.extend(rarest.map(|sets| sets.concat()).filter(|set| set.len() <= MAX_LITERALS));
                }
            }
            // More than once leaves `pieces` open, so that what it begins with is a set of its own before this one.
            HirKind::Repetition(repetition) if repetition.min > 0 && repetition.max != Some(1) => {
                self.over(hir);
                self.sets.extend(rarest(&repetition.sub, self.fold));
            }
            _ => self.over(hir),
        }
    }

    fn over(&mut self, hir: &Hir) {
        let pieces = pieces(hir, self.fold);
        self.step(pieces);
    }

    fn step(&mut self, pieces: Vec<Piece>) {
        match cross(&self.current, &pieces) {
            Some(longer) => self.current = longer,
            None => self.sets.push(std::mem::replace(&mut self.current, pieces)),
        }
        if self.current.iter().any(|piece| piece.is_open) {
            self.sets.push(std::mem::replace(&mut self.current, vec![Piece::default()]));
        }
    }

    fn finish(mut self) -> Vec<Vec<Piece>> {
        self.sets.push(self.current);
        self.sets
    }
}

/// Of the sets of which every match of this part has one, the rarest.
fn rarest(hir: &Hir, fold: &mut Fold) -> Option<Vec<Piece>> {
    let mut walk = Walk { fold, current: vec![Piece::default()], sets: Vec::new() };
    walk.on(hir);
    let sets = walk.finish().into_iter().filter_map(|set| usable(set.clone()).map(|(_, rate)| (set, rate)));
    sets.min_by(|(_, rate), (_, other)| rate.total_cmp(other)).map(|(set, _)| set)
}

/// Texts of which every match of this part is one, or begins with one that is open.
fn pieces(hir: &Hir, fold: &mut Fold) -> Vec<Piece> {
    let nothing = || vec![Piece::default()];
    match hir.kind() {
        HirKind::Empty => nothing(),
        HirKind::Look(Look::WordUnicode) => vec![Piece { begins: true, ends: true, ..Piece::default() }],
        HirKind::Look(_) => nothing(),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => {
                let is_open = text.chars().count() > MAX_CHARS;
                let text = text.chars().take(MAX_CHARS).map(|c| fold.learn(c)).collect();
                vec![Piece { text, is_open, ..Piece::default() }]
            }
            Err(_) => vec![Piece::any()],
        },
        HirKind::Class(class) => one_of(class, fold),
        HirKind::Capture(group) => pieces(&group.sub, fold),
        HirKind::Repetition(repetition) => repeated(repetition, fold),
        HirKind::Concat(parts) => parts.iter().fold(nothing(), |before, part| {
            if before.iter().all(|piece| piece.is_open) {
                return before;
            }
            cross(&before, &pieces(part, fold)).unwrap_or_else(|| opened(before))
        }),
        HirKind::Alternation(ways) => {
            let mut all = Vec::new();
            for way in ways {
                all.append(&mut pieces(way, fold));
                if all.len() > MAX_LITERALS {
                    return vec![Piece::any()];
                }
            }
            tidied(all)
        }
    }
}

fn one_of(class: &Class, fold: &mut Fold) -> Vec<Piece> {
    let chars: Option<Vec<char>> = match class {
        Class::Unicode(class) => {
            let size: usize = class.iter().map(|range| range.len()).sum();
            let chars = || class.iter().flat_map(|range| range.start()..=range.end());
            // `\s` has many characters and is one when folded.
            (size <= 4 * MAX_CLASS).then(|| chars().map(|c| fold.learn(c)).collect())
        }
        Class::Bytes(class) if class.is_ascii() => {
            let bytes = || class.iter().flat_map(|range| range.start()..=range.end());
            Some(bytes().map(|byte| fold.learn(char::from(byte))).collect())
        }
        Class::Bytes(_) => None,
    };
    let pieces = chars.unwrap_or_default().into_iter().map(|c| Piece { text: c.to_string(), ..Piece::default() });
    let pieces = tidied(pieces.collect());
    if pieces.is_empty() || pieces.len() > MAX_CLASS { vec![Piece::any()] } else { pieces }
}

/// Once, or more than once and then only the beginning: so that `\s+` is one space or begins with two.
fn repeated(repetition: &Repetition, fold: &mut Fold) -> Vec<Piece> {
    let once = pieces(&repetition.sub, fold);
    let mut all = Vec::new();
    if repetition.min == 0 {
        all.push(Piece::default());
    }
    if repetition.max != Some(0) {
        if repetition.max != Some(1) {
            all.extend(opened(cross(&once, &once).unwrap_or_else(|| once.clone())));
        }
        if repetition.min <= 1 {
            all.extend(once);
        }
    }
    tidied(all)
}

/// Each of the first followed by each of the second; `None` where these are too many.
fn cross(first: &[Piece], second: &[Piece]) -> Option<Vec<Piece>> {
    let open = first.iter().filter(|piece| piece.is_open).count();
    if open + (first.len() - open) * second.len() > MAX_LITERALS {
        return None;
    }
    Some(tidied(first.iter().flat_map(|piece| second.iter().map(|next| piece.then(next))).collect()))
}

fn opened(pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.into_iter().map(|piece| Piece { is_open: true, ..piece }).collect()
}

/// Without those that another one covers.
fn tidied(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_unstable();
    pieces.dedup();
    let covered: Vec<bool> = (0..pieces.len())
        .map(|at| (0..pieces.len()).any(|other| other != at && pieces[other].covers(&pieces[at])))
        .collect();
    let mut covered = covered.into_iter();
    pieces.retain(|_| covered.next() != Some(true));
    pieces
}

/// The literals of a set, and how often they are expected per byte; `None` for a set that tells too little.
fn usable(pieces: Vec<Piece>) -> Option<(Vec<Literal>, f64)> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphabetic() || c.is_ascii_digit() || c == '_');
    let literals = tidied(opened(pieces)).into_iter().map(|piece| {
        let (first, last) = (piece.text.chars().next(), piece.text.chars().next_back());
        Literal {
            begins_word: piece.begins && is_word(first),
            ends_word: piece.ends && is_word(last),
            text: piece.text,
        }
    });
    let mut literals: Vec<Literal> = literals.collect();
    literals.dedup();
    let rate: f64 = literals.iter().map(rate).sum();
    let is_usable = literals.iter().all(|literal| !literal.text.is_empty()) && rate <= MAX_RATE;
    is_usable.then_some((literals, rate))
}

/// How often a literal is expected, per byte of text; a guess that only chooses between sets.
fn rate(literal: &Literal) -> f64 {
    let chars = literal.text.chars().map(|c| match c {
        'a' | 'e' | 'i' | 'n' | 'o' | 's' | 't' => 0.2,
        'a'..='z' | ' ' => 0.1,
        '0'..='9' => 0.01,
        _ => 0.003,
    });
    let edges = [literal.begins_word, literal.ends_word].into_iter().filter(|edge| *edge).count();
    chars.product::<f64>() * 0.3_f64.powi(edges as i32)
}
