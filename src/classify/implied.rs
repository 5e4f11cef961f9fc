//! What one condition says of another: whether it holds whenever the other does, and whether it can hold at all.
//!
//! Both are answered from what is written, not from mails. Where it says yes it is so; where it says no it may be so.

use super::alternatives::Known;
use super::quantity::Comparison;
use super::rule::{Condition, Test};
use super::when::Fact;

/// How far composites are followed: rules that name rules that name rules.
pub(super) const FOLLOWED: usize = 8;

/// Whether `then` holds for every mail for which `when` holds.
pub(super) fn implies(when: &Condition, then: &Condition, known: &Known<'_>) -> bool {
    implied(when, then, known, FOLLOWED)
}

fn implied(when: &Condition, then: &Condition, known: &Known<'_>, depth: usize) -> bool {
    match (&when.test, &then.test) {
        (_, Test::All(inner)) => inner.iter().all(|inner| implied(when, inner, known, depth)),
        (Test::Any(inner), _) if !inner.is_empty() => inner.iter().all(|inner| implied(inner, then, known, depth)),
        (Test::All(inner), _) if inner.iter().any(|inner| implied(inner, then, known, depth)) => true,
        (_, Test::Any(inner)) => inner.iter().any(|inner| implied(when, inner, known, depth)),
        // Of what is not there, nothing narrower is there either.
        (Test::None(outer), Test::None(inner)) => {
            inner.iter().all(|inner| outer.iter().any(|outer| implied(inner, outer, known, depth)))
        }
        (Test::Rule(outer), Test::Rule(inner)) if outer.iter().all(|rule| inner.contains(rule)) => true,
        (Test::Rule(named), _) if depth > 0 => {
            named.iter().all(|rule| implied(&known.rules.rules[*rule].when, then, known, depth - 1))
        }
        (_, Test::Rule(named)) if depth > 0 => {
            named.iter().any(|rule| implied(when, &known.rules.rules[*rule].when, known, depth - 1))
        }
        (Test::Pattern(narrow), Test::Pattern(wide)) => narrow.iter().all(|pattern| known.is_covered(*pattern, wide)),
        (
            Test::Value { patterns: narrow, comparison: tight, clears: None },
            Test::Value { patterns: wide, comparison: loose, clears: None },
        ) => narrow.iter().all(|pattern| wide.contains(pattern)) && is_tighter(tight, loose),
        (Test::Size(tight), Test::Size(loose)) => is_tighter(tight, loose),
        (Test::Words { fact: one, words: narrow }, Test::Words { fact: other, words: wide }) => {
            one == other && narrow.iter().all(|word| wide.contains(word))
        }
        (Test::Automatic(one), Test::Automatic(other)) | (Test::HasAttachment(one), Test::HasAttachment(other)) => {
            one == other
        }
        (Test::Attachment { .. }, Test::HasAttachment(wanted)) => *wanted,
        (Test::Hours { calendars: one, inside: true }, Test::Hours { calendars: other, inside: true }) => {
            one.iter().all(|calendar| other.contains(calendar))
        }
        (Test::Hours { calendars: one, inside: false }, Test::Hours { calendars: other, inside: false }) => {
            other.iter().all(|calendar| one.contains(calendar))
        }
        _ => false,
    }
}

/// Whether every quantity that passes the first comparison passes the second.
fn is_tighter(tight: &Comparison, loose: &Comparison) -> bool {
    use Comparison::{Above, AtLeast, AtMost, Below, Between};
    // Both ends of what passes the first one; an end is part of it only for some.
    let (low, high) = match tight {
        Above(limit) | AtLeast(limit) => (Some(limit), None),
        Below(limit) | AtMost(limit) => (None, Some(limit)),
        Between(low, high) => (Some(low), Some(high)),
    };
    let is_open = matches!(tight, Above(_) | Below(_));
    let passes = |end: Option<&super::quantity::Quantity>| {
        end.is_some_and(|end| {
            loose.holds(end) || (is_open && matches!(loose, Above(limit) | Below(limit) if limit.is_same(end)))
        })
    };
    match loose {
        Above(_) | AtLeast(_) => passes(low),
        Below(_) | AtMost(_) => passes(high),
        Between(..) => passes(low) && passes(high),
    }
}

/// Why the condition holds for no mail at all, in words; `None` where it may.
pub(super) fn never(condition: &Condition, known: &Known<'_>) -> Option<String> {
    let required = required(condition);
    for (at, one) in required.iter().enumerate() {
        if let Test::Any(inner) = &one.test
            && !inner.is_empty()
            && let Some(whys) = inner.iter().map(|inner| never(inner, known)).collect::<Option<Vec<_>>>()
        {
            return whys.into_iter().next();
        }
        for other in &required[at + 1..] {
            if excludes(one, other, known) || excludes(other, one, known) {
                return Some(format!("`{}` and `{}` never hold together", one.written, other.written));
            }
        }
    }
    None
}

/// All that must hold for the condition to hold.
pub(super) fn required(condition: &Condition) -> Vec<&Condition> {
    match &condition.test {
        Test::All(inner) => inner.iter().flat_map(required).collect(),
        _ => vec![condition],
    }
}

fn excludes(one: &Condition, other: &Condition, known: &Known<'_>) -> bool {
    match (&one.test, &other.test) {
        (Test::None(inner), _) => inner.iter().any(|inner| implies(other, inner, known)),
        (Test::Words { fact: one, words }, Test::Words { fact: other, words: others }) => {
            // A customer may be on several lists, and has one of everything else.
            one == other && *one != Fact::Customer && !words.iter().any(|word| others.contains(word))
        }
        (Test::Automatic(automatic), Test::Words { fact: Fact::Origin, words }) => {
            let is_person = |word: &String| word == "person";
            if *automatic { words.iter().all(is_person) } else { !words.iter().any(is_person) }
        }
        (Test::Automatic(one), Test::Automatic(other)) | (Test::HasAttachment(one), Test::HasAttachment(other)) => {
            one != other
        }
        (Test::HasAttachment(false), Test::Attachment { .. }) => true,
        (Test::Hours { calendars, inside: true }, Test::Hours { calendars: closed, inside: false }) => {
            calendars.iter().all(|calendar| closed.contains(calendar))
        }
        (Test::Size(low), Test::Size(high)) => match (low, high) {
            (Comparison::Above(low) | Comparison::AtLeast(low), Comparison::Below(high) | Comparison::AtMost(high)) => {
                low.amount > high.amount
            }
            _ => false,
        },
        _ => false,
    }
}
