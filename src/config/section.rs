//! One table of the configuration file: takes typed values out of it and notes everything that is wrong.
//!
//! The keys that were asked for are the keys there are: what else stands in the table is unknown.

use crate::finding::{Finding, did_you_mean};
use crate::size;
use jiff::SignedDuration;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file being read and what is wrong with it so far.
#[derive(Debug)]
pub(super) struct Source<'t> {
    pub path: &'t str,
    pub text: &'t str,
    pub findings: RefCell<Vec<Finding>>,
    /// What is allowed and better not so.
    pub warnings: RefCell<Vec<Finding>>,
}

impl Source<'_> {
    pub fn add(&self, span: Range<usize>, message: impl Into<String>, hint: impl Into<Option<String>>) {
        self.findings.borrow_mut().push(Finding::at(self.path, self.text, span, message).hint(hint));
    }
}

/// One table.
#[derive(Debug)]
pub(super) struct Section<'t> {
    source: &'t Source<'t>,
    name: String,
    table: Option<&'t DeTable<'t>>,
    span: Range<usize>,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

impl<'t> Section<'t> {
    pub fn new(source: &'t Source<'t>, name: &str, table: Option<&'t DeTable<'t>>, span: Range<usize>) -> Self {
        Self { source, name: name.to_owned(), table, span, asked: RefCell::default() }
    }

    /// Where the table stands.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Notes something wrong about a value in this table.
    pub fn wrong(&self, span: Range<usize>, message: impl Into<String>, hint: impl Into<Option<String>>) {
        self.source.add(span, message, hint);
    }

    /// Notes something wrong on a line that is not to be shown: there is a password in it.
    pub fn wrong_unseen(&self, message: impl Into<String>, hint: impl Into<Option<String>>) {
        let finding = Finding::about(self.source.path, message).hint(hint);
        self.source.findings.borrow_mut().push(finding);
    }

    /// Notes something in this table that is allowed and better not so.
    pub fn warn(&self, span: Range<usize>, message: impl Into<String>, hint: impl Into<Option<String>>) {
        let warning = Finding::at(self.source.path, self.source.text, span, message).hint(hint);
        self.source.warnings.borrow_mut().push(warning);
    }

    /// Whether the file has this table at all.
    pub fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Whether the key is there.
    pub fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Whether the key is there and has a text.
    pub fn is_text(&self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// Whether the key is there and has a list.
    pub fn is_list(&self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.get_ref().is_array())
    }

    /// Where the value of a key stands; where the table does when it is not there.
    pub fn span_of(&self, key: &'static str) -> Range<usize> {
        self.value(key).map_or_else(|| self.span(), Spanned::span)
    }

    fn value(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().insert(key);
        self.table?.get(key)
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.wrong(value.span(), format!("`{key}` must be {wanted}, not {found}"), None);
    }

    fn path_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Notes that a key must be there; `example` is what to write.
    fn missing(&self, key: &str, example: &str) {
        let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
        self.wrong(self.span(), format!("`{key}` is missing{place}"), format!("write {key} = {example}"));
    }

    /// A text.
    pub fn text(&self, key: &'static str) -> Option<At<String>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), span: value.span() }),
            _ => {
                self.wrong_type(key, value, "a text in quotes");
                None
            }
        }
    }

    /// A text that must be there and not be empty.
    pub fn required(&self, key: &'static str, example: &str) -> Option<At<String>> {
        if !self.has(key) {
            self.missing(key, example);
            return None;
        }
        let text = self.text(key)?;
        if text.value.trim().is_empty() {
            self.wrong(text.span.clone(), format!("`{key}` is empty"), format!("write {key} = {example}"));
            return None;
        }
        Some(text)
    }

    /// A list of texts; one text stands for a list of one.
    pub fn texts(&self, key: &'static str) -> Vec<At<String>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let item = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Some(At { value: text.to_string(), span: item.span() }),
            _ => {
                self.wrong_type(key, item, "a list of texts");
                None
            }
        };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(item).collect(),
            _ => item(value).into_iter().collect(),
        }
    }

    /// True or false.
    pub fn flag(&self, key: &'static str, default: bool) -> bool {
        match self.value(key) {
            None => default,
            Some(value) => match value.get_ref() {
                DeValue::Boolean(flag) => *flag,
                _ => {
                    self.wrong_type(key, value, "true or false");
                    default
                }
            },
        }
    }

    /// A whole number within a range.
    pub fn number(&self, key: &'static str, default: u32, range: Range<u32>) -> u32 {
        let Some(value) = self.value(key) else { return default };
        let number = match value.get_ref() {
            DeValue::Integer(digits) => u32::from_str_radix(&digits.as_str().replace('_', ""), digits.radix()).ok(),
            _ => {
                self.wrong_type(key, value, "a whole number");
                return default;
            }
        };
        number.filter(|number| range.contains(number)).unwrap_or_else(|| {
            let message = format!("`{key}` must be from {} to {}", range.start, range.end.saturating_sub(1));
            self.wrong(value.span(), message, None);
            default
        })
    }

    /// One of the words that `from_word` knows.
    pub fn word<T>(&self, key: &'static str, from_word: impl Fn(&str) -> Option<T>, words: &[&str]) -> Option<T> {
        let text = self.text(key)?;
        let found = from_word(&text.value);
        if found.is_none() {
            let hint = did_you_mean(&text.value, words.iter().copied());
            let list = words.join("`, `");
            self.wrong(text.span, format!("`{key}` is `{}`; it can be `{list}`", text.value), hint);
        }
        found
    }

    /// A length of time such as `15m`, `2h` or `14d`.
    pub fn duration(&self, key: &'static str, default: SignedDuration) -> SignedDuration {
        let Some(text) = self.text(key) else { return default };
        match read_duration(&text.value) {
            Some(duration) if duration > SignedDuration::ZERO => duration,
            _ => {
                let message = format!("`{key}` is no length of time: `{}`", text.value);
                self.wrong(text.span, message, "write it like \"15m\", \"2h\" or \"14d\"".to_owned());
                default
            }
        }
    }

    /// A size such as `50 MB`.
    pub fn size(&self, key: &'static str, default: u64) -> u64 {
        let Some(text) = self.text(key) else { return default };
        size::read(&text.value).filter(|size| *size > 0).unwrap_or_else(|| {
            let message = format!("`{key}` is no size: `{}`", text.value);
            self.wrong(text.span, message, "write it like \"50 MB\" or \"800 kB\"".to_owned());
            default
        })
    }

    /// A table within this one; an empty one where there is none.
    pub fn table(&self, key: &'static str) -> Section<'t> {
        let Some(value) = self.value(key) else {
            return Section::new(self.source, &self.path_of(key), None, self.span());
        };
        let table = match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong_type(key, value, "a table");
                None
            }
        };
        Section::new(self.source, &self.path_of(key), table, value.span())
    }

    /// The tables of a list, `[[key]]`.
    pub fn tables(&self, key: &'static str) -> Vec<Section<'t>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, value, &format!("a list of tables, each under [[{key}]]"));
            return Vec::new();
        };
        let table = |item: &'t Spanned<DeValue<'t>>| match item.get_ref() {
            DeValue::Table(table) => Some(Section::new(self.source, key, Some(table), item.span())),
            _ => {
                self.wrong_type(key, item, &format!("a table under [[{key}]]"));
                None
            }
        };
        items.iter().filter_map(table).collect()
    }

    /// Lists of texts by names that people choose.
    pub fn named_lists(&self) -> Vec<(String, Vec<At<String>>)> {
        let Some(table) = self.table else { return Vec::new() };
        let list = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| item.get_ref().as_str().map(|t| At { value: t.to_owned(), span: item.span() }))
                .collect(),
            _ => {
                self.wrong(value.span(), "this must be a list of addresses", None);
                Vec::new()
            }
        };
        table.iter().map(|(key, value)| (key.get_ref().to_string(), list(value))).collect()
    }

    /// Notes every key that nobody asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.into_iter().flat_map(DeTable::iter) {
            let name = key.get_ref().as_ref();
            if !asked.contains(name) {
                let hint = did_you_mean(name, asked.iter().copied())
                    .unwrap_or_else(|| format!("there are {}", asked.iter().copied().collect::<Vec<_>>().join(", ")));
                self.wrong(key.span(), format!("unknown key `{}`", self.path_of(name)), hint);
            }
        }
    }
}

/// Reads `15m`, `2h 30m`, `14d`, `45 seconds`.
pub(super) fn read_duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && matches!(text[digits..].trim(), "d" | "day" | "days") {
        let days: i64 = text[..digits].parse().ok()?;
        return Some(SignedDuration::from_hours(days.checked_mul(24).filter(|hours| *hours < 1_000_000)?));
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        let cases = [
            ("15m", Some(900)),
            ("2h", Some(7200)),
            ("2h 30m", Some(9000)),
            ("14d", Some(14 * 86400)),
            ("14 days", Some(14 * 86400)),
            ("30 minutes", Some(1800)),
            ("soon", None),
            ("15", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_duration(text).map(|d| d.as_secs()), expected, "{text}");
        }
    }
}
