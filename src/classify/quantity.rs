//! Numbers with units, as they stand in mails and in thresholds, and how they compare.
//!
//! Mails write numbers in every fashion: `1,234.5`, `1.234,5`, `1 234`, `0,5`, `1.5e3`. A number becomes a
//! [`Quantity`] only together with a [`Dimension`], because `m` is a minute among durations and a megabyte
//! among bytes. Whatever cannot be read is no quantity; nothing here guesses.

mod notation;

pub(super) use notation::{any_quantity, number_of_bytes};

use std::fmt;

/// What a quantity measures. Quantities compare only within one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// Nanoseconds.
    Duration,
    /// Hundredths.
    Percentage,
    /// Bytes.
    Bytes,
    /// Things, counted.
    Count,
}

impl Dimension {
    /// Those that a unit tells.
    const WITH_UNIT: [Dimension; 3] = [Self::Duration, Self::Percentage, Self::Bytes];

    /// The word that stands in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Dimension::Duration => "duration",
            Dimension::Percentage => "percentage",
            Dimension::Bytes => "number of bytes",
            Dimension::Count => "count",
        }
    }

    /// The units of this dimension, each with how many base units it is. Anything may be counted, so of counts these are
    /// only the words that multiply.
    const fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Dimension::Duration => DURATIONS,
            Dimension::Percentage => &[("%", 1.0), ("percent", 1.0), ("per cent", 1.0), ("pct", 1.0)],
            Dimension::Bytes => BYTES,
            Dimension::Count => &[("k", 1e3), ("thousand", 1e3), ("million", 1e6), ("millions", 1e6)],
        }
    }

    /// How many base units one of this unit is; `None` where the word is no unit of this dimension.
    pub fn factor(self, unit: &str) -> Option<f64> {
        let unit = plain(unit);
        let found = self.units().iter().find(|(word, _)| *word == unit).map(|(_, factor)| *factor);
        // What is counted: requests, errors, users.
        let is_noun = || self == Dimension::Count && Self::of_unit(&unit).is_none();
        found.or_else(|| is_noun().then_some(1.0))
    }

    /// The dimension that this unit belongs to, were it written in a threshold.
    pub fn of_unit(unit: &str) -> Option<Self> {
        // A single letter is a unit of time there; `5 M` would be taken for minutes by one reader and
        // megabytes by the next.
        if undotted(unit) == "M" || AMBIGUOUS.contains(&plain(unit).as_str()) {
            return None;
        }
        Self::WITH_UNIT.into_iter().find(|dimension| dimension.factor(unit).is_some())
    }
}

/// The units of time, in nanoseconds.
const DURATIONS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("nanosecond", 1.0),
    ("nanoseconds", 1.0),
    ("us", 1e3),
    ("μs", 1e3),
    ("microsecond", 1e3),
    ("microseconds", 1e3),
    ("ms", 1e6),
    ("msec", 1e6),
    ("msecs", 1e6),
    ("millis", 1e6),
    ("millisecond", 1e6),
    ("milliseconds", 1e6),
    ("s", 1e9),
    ("sec", 1e9),
    ("secs", 1e9),
    ("second", 1e9),
    ("seconds", 1e9),
    ("m", 60e9),
    ("min", 60e9),
    ("mins", 60e9),
    ("minute", 60e9),
    ("minutes", 60e9),
    ("h", 3_600e9),
    ("hr", 3_600e9),
    ("hrs", 3_600e9),
    ("hour", 3_600e9),
    ("hours", 3_600e9),
    ("d", 86_400e9),
    ("day", 86_400e9),
    ("days", 86_400e9),
    ("w", 604_800e9),
    ("week", 604_800e9),
    ("weeks", 604_800e9),
];

/// The units of sizes.
const BYTES: &[(&str, f64)] = &[
    ("b", 1.0),
    ("byte", 1.0),
    ("bytes", 1.0),
    ("k", 1e3),
    ("kb", 1e3),
    ("m", 1e6),
    ("mb", 1e6),
    ("g", 1e9),
    ("gb", 1e9),
    ("t", 1e12),
    ("tb", 1e12),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
];

/// Letters that are a unit behind a number in a mail, and none in a threshold.
const AMBIGUOUS: [&str; 3] = ["k", "g", "t"];

/// A unit without the full stop of a sentence or an abbreviation.
fn undotted(unit: &str) -> &str {
    unit.trim().trim_end_matches('.')
}

/// A unit as it stands in the lists.
fn plain(unit: &str) -> String {
    // By way of upper case, for a case-insensitive pattern takes U+017F for an `s`, too.
    undotted(unit).to_uppercase().to_lowercase()
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// What it measures.
    pub dimension: Dimension,
    /// In the dimension's base unit.
    pub amount: f64,
    /// As written, white space folded: `812 ms`.
    written: String,
    /// What one of its unit is in base units; the unit of a captured number that has none.
    factor: f64,
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoQuantity {
    /// There is no number at the beginning.
    #[error("`{0}` does not begin with a number")]
    NoNumber(String),
    /// The word behind the number is no unit.
    #[error("`{0}` is no unit; there are ns, us, ms, s, min, h, d, w, %, B, kB, MB, GB, TB, KiB, MiB, GiB, TiB")]
    NoUnit(String),
}

impl Quantity {
    /// Reads a threshold as it stands in a rule: `500 ms`, `1 %`, `10 MB`, `3`.
    pub fn parse(text: &str) -> Result<Self, NoQuantity> {
        let text = text.trim();
        let end = text.find(|c: char| !(c.is_ascii_digit() || "+-−.,_'".contains(c))).unwrap_or(text.len());
        let number = parse_number(&text[..end]).ok_or_else(|| NoQuantity::NoNumber(text.to_owned()))?;
        let unit = text[end..].trim();
        if unit.is_empty() {
            return Ok(Self::count(number));
        }
        let dimension = Dimension::of_unit(unit).ok_or_else(|| NoQuantity::NoUnit(unit.to_owned()))?;
        let factor = dimension.factor(unit).ok_or_else(|| NoQuantity::NoUnit(unit.to_owned()))?;
        Ok(Self { dimension, amount: number * factor, written: written(&text[..end], unit), factor })
    }

    /// A plain number.
    pub fn count(number: f64) -> Self {
        Self { dimension: Dimension::Count, amount: number, written: number.to_string(), factor: 1.0 }
    }

    /// A number of bytes.
    pub fn bytes(count: u64) -> Self {
        Self { dimension: Dimension::Bytes, amount: count as f64, written: format!("{count} bytes"), factor: 1.0 }
    }

    /// A number found in a mail, read in the dimension of the threshold that it is compared with.
    ///
    /// Where no unit was found it is taken to be in the threshold's own unit. `None` where the number cannot
    /// be read, or its unit measures something else.
    pub fn captured(number: &str, unit: Option<&str>, threshold: &Quantity) -> Option<Self> {
        let amount = parse_number(number)?;
        let unit = unit.map(str::trim).filter(|unit| !unit.is_empty());
        let factor = match unit {
            Some(unit) => threshold.dimension.factor(unit)?,
            None => threshold.factor,
        };
        let unit = match (unit, threshold.unit()) {
            (Some(unit), _) => unit,
            (None, unit) => unit,
        };
        Some(Self {
            dimension: threshold.dimension,
            amount: amount * factor,
            written: written(number.trim().trim_end_matches(['.', ',']), unit),
            factor,
        })
    }

    /// The unit as written; empty for a plain number.
    fn unit(&self) -> &str {
        self.written.split_once(' ').map_or("", |(_, unit)| unit)
    }

    /// How this one stands to another of the same dimension.
    ///
    /// `0.3 s` and `300 ms` are equal although their products differ in the last bit.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let scale = self.amount.abs().max(other.amount.abs());
        if (self.amount - other.amount).abs() <= scale * 1e-12 {
            return std::cmp::Ordering::Equal;
        }
        self.amount.total_cmp(&other.amount)
    }

    /// Whether both are the same amount of the same thing.
    pub fn is_same(&self, other: &Self) -> bool {
        self.dimension == other.dimension && self.cmp(other).is_eq()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

/// Puts number and unit together, `812 ms`.
fn written(number: &str, unit: &str) -> String {
    let number: String = number.split_whitespace().collect();
    if unit.is_empty() { number } else { format!("{number} {}", unit.split_whitespace().collect::<Vec<_>>().join(" ")) }
}

/// A threshold or two.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// More than this.
    Above(Quantity),
    /// This or more.
    AtLeast(Quantity),
    /// Less than this.
    Below(Quantity),
    /// This or less.
    AtMost(Quantity),
    /// From the first to the second, both included.
    Between(Quantity, Quantity),
}

impl Comparison {
    /// The threshold whose dimension and unit rule the comparison.
    pub fn threshold(&self) -> &Quantity {
        match self {
            Self::Above(q) | Self::AtLeast(q) | Self::Below(q) | Self::AtMost(q) | Self::Between(q, _) => q,
        }
    }

    /// Whether this quantity, of the threshold's dimension, passes.
    pub fn holds(&self, quantity: &Quantity) -> bool {
        if quantity.dimension != self.threshold().dimension {
            return false;
        }
        match self {
            Self::Above(limit) => quantity.cmp(limit).is_gt(),
            Self::AtLeast(limit) => quantity.cmp(limit).is_ge(),
            Self::Below(limit) => quantity.cmp(limit).is_lt(),
            Self::AtMost(limit) => quantity.cmp(limit).is_le(),
            Self::Between(low, high) => quantity.cmp(low).is_ge() && quantity.cmp(high).is_le(),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Above(limit) => write!(f, "above {limit}"),
            Self::AtLeast(limit) => write!(f, "at least {limit}"),
            Self::Below(limit) => write!(f, "below {limit}"),
            Self::AtMost(limit) => write!(f, "at most {limit}"),
            Self::Between(low, high) => write!(f, "between {low} and {high}"),
        }
    }
}

/// Reads a number as people and programs write it.
///
/// With both `.` and `,` the last one is the decimal mark. One `.` alone is a decimal mark; one `,` alone
/// groups thousands where exactly three digits follow and no lone zero stands before it. White space, `'` and
/// `_` only ever group.
pub fn parse_number(text: &str) -> Option<f64> {
    const LONGEST: usize = 40;
    // `[0-9.,]+` also takes the full stop at the end of the sentence.
    let text = text.trim().trim_end_matches(['.', ',', '\'', '_']);
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let (negative, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(text[at + 1..].parse::<i16>().ok()?)),
        None => (text, None),
    };
    let (whole, fraction) = split_decimal(digits);
    let whole = ungroup(whole)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let number: f64 = format!("{whole}.{fraction}0e{}", exponent.unwrap_or(0)).parse().ok()?;
    number.is_finite().then_some(if negative { -number } else { number })
}

/// The part before the decimal mark, and the part after it.
fn split_decimal(digits: &str) -> (&str, &str) {
    let split = |at: usize| (&digits[..at], &digits[at + 1..]);
    let (point, comma) = (digits.rfind('.'), digits.rfind(','));
    match (point, comma) {
        (Some(point), Some(comma)) => split(point.max(comma)),
        (Some(point), None) if digits.find('.') == Some(point) => split(point),
        (None, Some(comma)) if digits.find(',') == Some(comma) => {
            let (whole, rest) = split(comma);
            let groups = rest.len() == 3 && !whole.is_empty() && whole.trim_start_matches('0') == whole;
            if groups { (digits, "") } else { (whole, rest) }
        }
        _ => (digits, ""),
    }
}

/// The digits of a whole number without the marks that group them; `None` where the groups are not of three.
fn ungroup(whole: &str) -> Option<String> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | '\'' | '’' | '_');
    let groups: Vec<&str> = whole.split(is_mark).collect();
    let well_formed = groups.len() == 1 || (!groups[0].is_empty() && groups[1..].iter().all(|group| group.len() == 3));
    let plain = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_digit()));
    (well_formed && plain).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_and_programs_write_them() {
        for (text, expected) in [
            ("812", Some(812.0)),
            ("1,234.5", Some(1234.5)),
            ("1.234,5", Some(1234.5)),
            ("1 234,5", Some(1234.5)),
            ("1\u{202f}234", Some(1234.0)),
            ("1'234'567", Some(1_234_567.0)),
            ("1.234.567", Some(1_234_567.0)),
            ("1,234", Some(1234.0)),
            ("0,125", Some(0.125)),
            ("0,5", Some(0.5)),
            ("12,5", Some(12.5)),
            ("1.234", Some(1.234)),
            ("500.", Some(500.0)),
            (".5", Some(0.5)),
            ("-3", Some(-3.0)),
            ("−3", Some(-3.0)),
            ("1.5e3", Some(1500.0)),
            ("1.234e+06", Some(1_234_000.0)),
            ("", None),
            (".", None),
            ("1,23,4", None),
            ("1..2", None),
            ("12a", None),
            ("1e999", None),
            ("٣", None),
        ] {
            assert_eq!(parse_number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn thresholds_know_their_dimension() {
        for (text, dimension, amount) in [
            ("500 ms", Dimension::Duration, 5e8),
            ("5min", Dimension::Duration, 300e9),
            ("5 m", Dimension::Duration, 300e9),
            ("1 %", Dimension::Percentage, 1.0),
            ("0,5%", Dimension::Percentage, 0.5),
            ("10 MB", Dimension::Bytes, 1e7),
            ("1 MiB", Dimension::Bytes, 1_048_576.0),
            ("3", Dimension::Count, 3.0),
        ] {
            let quantity = Quantity::parse(text).unwrap();
            assert_eq!((quantity.dimension, quantity.amount), (dimension, amount), "{text}");
        }
        for ambiguous in ["5 M", "5 M.", "5 k", "5 K", "5 \u{212a}", "5 g", "5 T"] {
            assert!(matches!(Quantity::parse(ambiguous), Err(NoQuantity::NoUnit(_))), "{ambiguous}");
        }
        assert!(matches!(Quantity::parse("5 parsec"), Err(NoQuantity::NoUnit(_))));
        assert!(matches!(Quantity::parse("fast"), Err(NoQuantity::NoNumber(_))));
    }

    #[test]
    fn captured_numbers_compare_with_thresholds() {
        let above = |text: &str| Comparison::Above(Quantity::parse(text).unwrap());
        for (name, comparison, number, unit, expected) in [
            ("more, other unit", above("500 ms"), "0.812", Some("s"), Some(true)),
            ("the same is not above", above("500 ms"), "0.5", Some("s"), Some(false)),
            ("no unit: the threshold's own", above("500 ms"), "812", None, Some(true)),
            ("empty unit: the threshold's own", above("500 ms"), "400", Some(" "), Some(false)),
            ("percent as a word", above("1 %"), "1,5", Some("percent"), Some(true)),
            ("another dimension", above("500 ms"), "812", Some("MB"), None),
            ("an unknown unit", above("500 ms"), "812", Some("apples"), None),
            ("m is a megabyte among bytes", above("1 MB"), "2", Some("M"), Some(true)),
            ("a count of something", above("3"), "4", Some("errors"), Some(true)),
            ("a count of milliseconds is none", above("3"), "4", Some("ms"), None),
        ] {
            let seen = Quantity::captured(number, unit, comparison.threshold());
            assert_eq!(seen.map(|quantity| comparison.holds(&quantity)), expected, "{name}");
        }
    }

    #[test]
    fn both_ends_of_between_are_included() {
        let between = Comparison::Between(Quantity::parse("1 %").unwrap(), Quantity::parse("5 %").unwrap());
        let holds = |n: &str| between.holds(&Quantity::captured(n, None, between.threshold()).unwrap());
        assert!(holds("1") && holds("5") && holds("2.5") && !holds("0.99") && !holds("5.01"));
    }

    #[test]
    fn three_tenths_of_a_second_are_300_ms() {
        let limit = Quantity::parse("300 ms").unwrap();
        let seen = Quantity::captured("0.3", Some("s"), &limit).unwrap();
        assert!(seen.is_same(&limit));
        assert_eq!(seen.to_string(), "0.3 s");
    }
}
