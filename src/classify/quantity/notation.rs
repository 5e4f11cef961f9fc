//! How a threshold is written, as a pattern for editors: `500 ms`, `1 %`, `10 MB`, `3`. It says what
//! [`Quantity::parse`](super::Quantity::parse) takes, but for the length of a number.

use super::{AMBIGUOUS, Dimension, plain};
use std::collections::BTreeMap;

/// Digits in groups by marks that are never a decimal mark.
const PLAIN: &str = "[0-9]+(?:['_][0-9]{3})*";

/// The pattern of any quantity, a plain number included.
pub(in crate::classify) fn any_quantity() -> String {
    let units: Vec<&str> = Dimension::WITH_UNIT.into_iter().flat_map(units_of).collect();
    format!("^\\s*{}(?:\\s*(?:{})\\.*)?\\s*$", number(), alternatives(&units))
}

/// The pattern of a number of bytes, whose unit must be there.
pub(in crate::classify) fn number_of_bytes() -> String {
    // A lone `m` is a minute.
    let units: Vec<&str> = units_of(Dimension::Bytes).filter(|unit| *unit != "m").collect();
    format!("^\\s*{}\\s*(?:{})\\.*\\s*$", number(), alternatives(&units))
}

fn units_of(dimension: Dimension) -> impl Iterator<Item = &'static str> {
    dimension.units().iter().map(|(unit, _)| *unit).filter(|unit| !AMBIGUOUS.contains(unit))
}

/// A number: without a point or a comma; with one of them, which may be a decimal mark; with several of one kind, which
/// group; with both kinds, of which the last one is the decimal mark.
fn number() -> String {
    let grouped = |mark: &str| format!("{PLAIN}(?:{mark}[0-9]{{3}}(?:['_][0-9]{{3}})*){{2,}}");
    let both = |groups: &str, decimal: &str| {
        format!(
            "[0-9]+(?:[{decimal}'_][0-9]{{3}})*{groups}[0-9]{{3}}(?:[.,'_][0-9]{{3}})*{decimal}[0-9]+",
            decimal = decimal
        )
    };
    let forms = [
        PLAIN.to_owned(),
        format!("(?:{PLAIN})?[.,][0-9]+"),
        grouped("\\."),
        grouped(","),
        both(",", "\\."),
        both("\\.", ","),
    ];
    format!("[-+−]?(?:{})[.,'_]*", forms.join("|"))
}

/// One of these units, in whichever case; a lone `m` is a minute, and a lone `M` might be anything.
fn alternatives(units: &[&str]) -> String {
    let alike = alike();
    let in_any_case = |letter: char| match alike.get(&letter) {
        Some(letters) => format!("[{letters}]"),
        None => letter.to_string(),
    };
    let written = units.iter().map(|unit| match *unit {
        "m" => "m".to_owned(),
        unit => unit.chars().map(in_any_case).collect(),
    });
    written.collect::<Vec<String>>().join("|")
}

/// For each letter all that are taken for it, itself among them.
fn alike() -> BTreeMap<char, String> {
    let mut alike: BTreeMap<char, String> = BTreeMap::new();
    for letter in ('\0'..='\u{ffff}').filter(|letter| letter.is_alphabetic()) {
        let taken_for = plain(letter.encode_utf8(&mut [0; 4]));
        let mut letters = taken_for.chars();
        if let (Some(one), None) = (letters.next(), letters.next()) {
            alike.entry(one).or_default().push(letter);
        }
    }
    alike
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::quantity::Quantity;
    use proptest::prelude::*;
    use regex::Regex;
    use std::sync::LazyLock;

    static ANY: LazyLock<Regex> = LazyLock::new(|| Regex::new(&any_quantity()).unwrap());
    static BYTES: LazyLock<Regex> = LazyLock::new(|| Regex::new(&number_of_bytes()).unwrap());

    fn is_bytes(text: &str) -> bool {
        Quantity::parse(text).is_ok_and(|quantity| quantity.dimension == Dimension::Bytes)
    }

    #[test]
    fn the_pattern_takes_what_the_reader_takes() {
        for (text, any, bytes) in [
            ("500 ms", true, false),
            ("500ms", true, false),
            ("1,5 %", true, false),
            ("per cent", false, false),
            ("5 per cent", true, false),
            ("10 MB", true, true),
            ("10 mb.", true, true),
            ("1 KiB", true, true),
            ("300 B", true, true),
            ("3", true, false),
            ("1.234.567", true, false),
            ("1.234.5", false, false),
            ("1,234.5 s", true, false),
            ("5 m", true, false),
            ("5 M", false, false),
            ("5 k", false, false),
            ("5 \u{b5}s", true, false),
            ("500 parsecs", false, false),
            ("fast", false, false),
            ("", false, false),
            ("1 234 ms", false, false),
            ("5 ms ago", false, false),
        ] {
            assert_eq!((ANY.is_match(text), BYTES.is_match(text)), (any, bytes), "{text:?}");
            assert_eq!((Quantity::parse(text).is_ok(), is_bytes(text)), (any, bytes), "{text:?}, read");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

        #[test]
        fn it_takes_nothing_else(text in "[-+−]{0,2}[0-9.,'_]{0,9}[ ]{0,2}(?:|%|[mM]|[kKgGtTsbBdw]|ms|[kmKM][iI]?[bB]|[uµμ]s|min|hours|secſ|per cent|x|parsecs)[. ]{0,2}") {
            prop_assert_eq!(ANY.is_match(&text), Quantity::parse(&text).is_ok(), "{:?}", &text);
            prop_assert_eq!(BYTES.is_match(&text), is_bytes(&text), "{:?}", &text);
        }
    }
}
