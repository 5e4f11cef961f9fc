//! How large a pattern's automaton can become at most, told without building it.

use regex_syntax::hir::{Class, Hir, HirKind};
use regex_syntax::utf8::Utf8Sequences;

/// More than any state takes, with one transition and the place of the next state in it.
const STATE: usize = 64;
/// How many states hold together what is repeated, captured or alternated.
const AROUND: usize = 3 * STATE;

/// The bytes that the automaton of this pattern needs at most, read forwards or backwards.
pub(super) fn most_bytes(hir: &Hir) -> usize {
    let around = |inner: usize| inner.saturating_add(AROUND);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        HirKind::Literal(literal) => around(literal.0.len().saturating_mul(STATE)),
        HirKind::Class(class) => around(class_states(class).saturating_mul(STATE)),
        HirKind::Repetition(repetition) => {
            // Without an upper limit the last copy is run again and again.
            let copies = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            around(around(most_bytes(&repetition.sub)).saturating_mul(copies as usize))
        }
        HirKind::Capture(group) => {
            let name = group.name.as_ref().map_or(0, |name| name.len());
            around(most_bytes(&group.sub)).saturating_add(2 * name)
        }
        HirKind::Concat(inner) | HirKind::Alternation(inner) => {
            let each = inner.iter().map(|hir| around(most_bytes(hir)));
            around(each.fold(0, usize::saturating_add))
        }
    }
}

/// One for each byte of each sequence of bytes, as if none of them shared anything.
fn class_states(class: &Class) -> usize {
    match class {
        Class::Bytes(class) => class.ranges().len(),
        Class::Unicode(class) => {
            let sequences = class.iter().flat_map(|range| Utf8Sequences::new(range.start(), range.end()));
            sequences.map(|sequence| sequence.len()).sum()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
    use regex_syntax::ParserBuilder;

    #[test]
    fn no_automaton_is_larger_than_was_told() {
        let patterns = [
            r"",
            r"a",
            r"\bdown\b",
            r"\w",
            r"\w{0,20}",
            r"(?s)\A.{500}",
            r"[^.?!]{0,40}",
            r"[a-z]{0,80}",
            r".{3,}",
            r"\p{L}+",
            r"\p{Greek}{2,9}",
            r"(?<value>[0-9.,]+)\s*(?<unit>k|m|g)b",
            r"(?:a|b|cd|ef?g*)+?",
            r"[ßſK]",
            r"(?:(?:a{2}){3}){4}",
            r"^$",
            r"(?m)^x$",
            r"\x{10000}-\x{10FFFF}",
            r"[\x{800}-\x{10FFFE}]",
            r"(?:)*",
            r"(?:|a|)",
            r"((((((((a))))))))",
            r"\b(?:läuft|geht|tut)\b[^.?!]{0,20}\bnicht\b",
            r"[^a]{30}|\d{30}|\s{30}",
        ];
        for pattern in patterns {
            let hir = ParserBuilder::new().case_insensitive(true).build().parse(pattern).unwrap();
            for backwards in [false, true] {
                let captures = if backwards { WhichCaptures::None } else { WhichCaptures::All };
                // A limit is kept while building, when an automaton takes more than afterwards.
                let limit = Config::new().nfa_size_limit(Some(most_bytes(&hir) + 8 * STATE));
                let config = limit.reverse(backwards).which_captures(captures);
                let built = Compiler::new().configure(config).build_from_hir(&hir);
                assert!(built.is_ok(), "{pattern:?}, backwards: {backwards}: {:?}", built.err());
            }
        }
    }
}
