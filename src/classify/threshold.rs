//! What numbers are compared with, as a rule file says it: `above = "500 ms"`.

use super::diagnostic::{At, RuleErrorKind as Kind};
use super::file::{Walk, entries, number};
use super::quantity::{Comparison, Dimension, Quantity};
use super::when::TestDef;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The comparisons there are.
pub(super) const COMPARISON_KEYS: &[&str] = &["above", "at_least", "below", "at_most", "between"];

type Value<'t> = Spanned<DeValue<'t>>;

impl Walk<'_, '_> {
    /// `size = { above = "10 MB" }`
    pub(super) fn size(&mut self, value: &Value<'_>) -> Option<TestDef> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(value, "a comparison such as { above = \"10 MB\" }");
            return None;
        };
        for (key, span, _) in entries(table) {
            if !COMPARISON_KEYS.contains(&key) {
                self.unknown_key(key, span, "a size", COMPARISON_KEYS);
            }
        }
        let comparison = self.comparison(table, value.span())?;
        self.must_be_bytes(comparison.threshold(), value.span())?;
        Some(TestDef::Size(comparison))
    }

    /// A size of a mail or a file is given in bytes.
    pub(super) fn must_be_bytes(&mut self, quantity: &Quantity, span: Range<usize>) -> Option<()> {
        if quantity.dimension != Dimension::Bytes {
            self.add(span, Kind::BadValue, format!("a size is a number of bytes, and {quantity} is none"));
            self.hint("write \"10 MB\" or \"500 kB\"".to_owned());
            return None;
        }
        Some(())
    }

    /// The one comparison that stands in a table.
    pub(super) fn comparison(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<Comparison> {
        let mut given = entries(table).into_iter().filter(|(key, ..)| COMPARISON_KEYS.contains(key));
        let Some((key, _, value)) = given.next() else {
            self.add(span, Kind::Missing, format!("there is nothing to compare with: {}", COMPARISON_KEYS.join(", ")));
            return None;
        };
        if let Some((second, span, _)) = given.next() {
            self.add(
                span,
                Kind::BadValue,
                format!("there is `{key}` already; `{second}` needs a condition of its own"),
            );
            self.hint("use `between = [\"…\", \"…\"]` for both ends".to_owned());
            return None;
        }
        if key == "between" {
            return self.between(value);
        }
        let quantity = self.quantity(value)?;
        Some(match key {
            "above" => Comparison::Above(quantity),
            "at_least" => Comparison::AtLeast(quantity),
            "below" => Comparison::Below(quantity),
            _ => Comparison::AtMost(quantity),
        })
    }

    /// `clears_below = "400 ms"` beside `above` or `at_least`.
    pub(super) fn clears_below(&mut self, value: &Value<'_>, comparison: &Comparison) -> Option<At<Quantity>> {
        let clears = self.quantity(value)?;
        let (Comparison::Above(limit) | Comparison::AtLeast(limit)) = comparison else {
            self.add(value.span(), Kind::BadValue, "`clears_below` stands beside `above` or `at_least`");
            return None;
        };
        if clears.dimension != limit.dimension {
            let message =
                format!("{clears} is a {}, {limit} is a {}", clears.dimension.as_str(), limit.dimension.as_str());
            self.add(value.span(), Kind::BadValue, message);
            return None;
        }
        if clears.amount > limit.amount {
            let message = format!("an alert that begins above {limit} cannot last until {clears}, which is more");
            self.add(value.span(), Kind::BadValue, message);
            return None;
        }
        Some(At { value: clears, file: self.file, span: value.span() })
    }

    fn between(&mut self, value: &Value<'_>) -> Option<Comparison> {
        let ends: Vec<_> = value.get_ref().as_array().into_iter().flatten().collect();
        let [low, high] = ends.as_slice() else {
            self.wrong_type(value, "a list of two quantities");
            return None;
        };
        let (low, high) = (self.quantity(low), self.quantity(high));
        let (low, high) = (low?, high?);
        if low.dimension != high.dimension {
            let message = format!("{low} is a {}, {high} is a {}", low.dimension.as_str(), high.dimension.as_str());
            self.add(value.span(), Kind::BadValue, message);
            return None;
        }
        if low.amount > high.amount {
            self.add(value.span(), Kind::BadValue, format!("nothing is between {low} and {high}"));
            self.hint("the lower one stands first".to_owned());
            return None;
        }
        Some(Comparison::Between(low, high))
    }

    /// A quantity such as `"500 ms"`, or a plain number.
    pub(super) fn quantity(&mut self, value: &Value<'_>) -> Option<Quantity> {
        if let Some(count) = number(value.get_ref()) {
            return Some(Quantity::count(count));
        }
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(value, "a quantity such as \"500 ms\", \"1 %\", \"10 MB\" or 3");
            return None;
        };
        match Quantity::parse(text) {
            Ok(quantity) => Some(quantity),
            Err(error) => {
                self.add(value.span(), Kind::BadValue, error.to_string());
                None
            }
        }
    }
}
