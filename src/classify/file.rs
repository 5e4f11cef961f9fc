//! A rule file as written: categories and rules with the place of everything in them.
//!
//! The walk over the TOML is by hand, because it goes on after a finding: whoever mends a file wants to see all
//! that is wrong with it at once. Names of other rules and categories are only resolved in `compile.rs`.

use super::diagnostic::{At, Findings, RuleErrorKind as Kind};
use super::lint::LintKind;
use super::when::ConditionDef;
use super::{Disposition, Intent};
use crate::finding::did_you_mean;
use crate::ticket::{Severity, Tier};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The largest rule file that is read.
pub const MAX_FILE_BYTES: usize = 4 << 20;
/// The longest name of a rule or a category.
pub const MAX_NAME_BYTES: usize = 100;
/// What a category has.
pub(super) const CATEGORY_KEYS: &[&str] = &["name", "title"];

/// One rule file, read.
#[derive(Debug, Default)]
pub(super) struct FileDef {
    pub categories: Vec<CategoryDef>,
    pub rules: Vec<RuleDef>,
    /// It is no proper TOML, so that what stands in it may be known only in part.
    pub is_broken: bool,
}

/// `[[category]]`
#[derive(Debug)]
pub(super) struct CategoryDef {
    pub name: At<String>,
    pub title: String,
}

/// `[[rule]]`
#[derive(Debug)]
pub(super) struct RuleDef {
    pub name: At<String>,
    pub category: Option<At<String>>,
    pub severity: Option<Severity>,
    pub severity_cap: Option<Severity>,
    pub weight: f64,
    pub tier: Option<Tier>,
    pub team: Option<At<String>>,
    pub page: Option<Range<usize>>,
    pub tags: Vec<String>,
    pub articles: Vec<String>,
    pub answer: bool,
    pub disposition: Option<Disposition>,
    pub intent: Option<Intent>,
    pub template: Option<At<String>>,
    pub calendar: Option<At<String>>,
    pub correlate: Option<At<String>>,
    pub recovers: Option<Range<usize>>,
    pub stop: bool,
    pub is_shadow: bool,
    pub allow: Vec<LintKind>,
    pub when: ConditionDef,
}

/// Reads one file; what is wrong goes to the findings.
pub(super) fn read(findings: &mut Findings<'_>, file: usize) -> FileDef {
    let text = findings.text(file);
    if text.len() > MAX_FILE_BYTES {
        findings.add(file, 0..0, Kind::TooLarge, format!("the file is larger than {MAX_FILE_BYTES} bytes"));
        return FileDef { is_broken: true, ..FileDef::default() };
    }
    // What reads files puts U+FFFD in the place of a byte that is no UTF-8.
    for (start, line) in lines(text) {
        if let Some(at) = line.find('\u{fffd}') {
            findings.add(file, start + at..start + at + '\u{fffd}'.len_utf8(), Kind::Syntax, "this is no UTF-8");
            findings.hint("save the file as UTF-8; a pattern that means the sign itself says \\x{FFFD}".to_owned());
        }
    }
    let (table, syntax) = DeTable::parse_recoverable(text);
    let mut def = FileDef { is_broken: !syntax.is_empty(), ..FileDef::default() };
    for error in syntax {
        let span = error.span().unwrap_or(0..0);
        findings.add(file, span, Kind::Syntax, error.message().to_lowercase_first());
    }
    let mut walk = Walk { findings, file, is_broken: def.is_broken };
    for (key, span, value) in entries(table.get_ref()) {
        match key {
            "category" => {
                let categories = walk.tables(value, "[[category]]");
                def.categories.extend(categories.into_iter().filter_map(|(table, span)| walk.category(table, span)));
            }
            "rule" => {
                let rules = walk.tables(value, "[[rule]]");
                def.rules.extend(rules.into_iter().filter_map(|(table, span)| walk.rule(table, span)));
            }
            // A key without its table, because the table's head could not be read.
            _ if walk.is_broken => {}
            _ => walk.unknown_key(key, span, "a rule file", &["category", "rule"]),
        }
    }
    def
}

/// The lines of a text, and where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        start += line.len();
        (start - line.len(), line)
    })
}

/// Error texts of the TOML library begin with either case; ours in lower case.
trait LowercaseFirst {
    fn to_lowercase_first(&self) -> String;
}

impl LowercaseFirst for str {
    fn to_lowercase_first(&self) -> String {
        let mut chars = self.chars();
        chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
    }
}

/// The entries of a table in the order in which they are written.
pub(super) fn entries<'t>(table: &'t DeTable<'_>) -> Vec<(&'t str, Range<usize>, &'t Spanned<DeValue<'t>>)> {
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
    entries.sort_by_key(|(_, span, _)| span.start);
    entries
}

/// The walk over one file.
pub(super) struct Walk<'f, 'a> {
    pub(super) findings: &'f mut Findings<'a>,
    pub(super) file: usize,
    is_broken: bool,
}

impl Walk<'_, '_> {
    pub(super) fn add(&mut self, span: Range<usize>, kind: Kind, message: impl Into<String>) {
        // What a broken file seems to lack may stand in the part that could not be read.
        if !(self.is_broken && kind == Kind::Missing) {
            self.findings.add(self.file, span, kind, message);
        }
    }

    pub(super) fn hint(&mut self, hint: impl Into<Option<String>>) {
        self.findings.hint(hint);
    }

    pub(super) fn unknown_key(&mut self, key: &str, span: Range<usize>, place: &str, known: &[&str]) {
        self.add(span, Kind::UnknownKey, format!("unknown key `{key}` in {place}"));
        self.hint(
            did_you_mean(key, known.iter().copied()).or_else(|| Some(format!("it may have {}", known.join(", ")))),
        );
    }

    pub(super) fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, wanted: &str) {
        self.add(value.span(), Kind::WrongType, format!("{wanted} is wanted here, not {}", type_name(value.get_ref())));
        let written = self.findings.text(self.file).get(value.span()).unwrap_or_default();
        let inside = written.trim_matches(['"', '\'']);
        let is_unquoted = match value.get_ref() {
            DeValue::String(text) if wanted == "a number" => text.parse::<f64>().is_ok(),
            DeValue::String(text) if wanted == "true or false" => text.parse::<bool>().is_ok(),
            _ => false,
        };
        let is_bare = matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_));
        if is_unquoted {
            self.hint(format!("write it without quotes: {inside}"));
        } else if is_bare && wanted.starts_with("a string") {
            self.hint(format!("write it in quotes: \"{written}\""));
        }
    }

    fn tables<'t>(&mut self, value: &'t Spanned<DeValue<'t>>, wanted: &str) -> Vec<(&'t DeTable<'t>, Range<usize>)> {
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(value, wanted);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for element in array.iter() {
            match element.get_ref() {
                DeValue::Table(table) => tables.push((table, element.span())),
                _ => self.wrong_type(element, wanted),
            }
        }
        tables
    }

    pub(super) fn string(&mut self, value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
        match value.get_ref() {
            DeValue::String(text) => Some(At { value: text.clone().into_owned(), file: self.file, span: value.span() }),
            _ => {
                self.wrong_type(value, "a string");
                None
            }
        }
    }

    /// A string, or a list with at least one.
    pub(super) fn strings(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<At<String>> {
        match value.get_ref() {
            DeValue::Array(array) if array.is_empty() => {
                self.add(value.span(), Kind::BadValue, "the list is empty");
                Vec::new()
            }
            DeValue::Array(array) => array.iter().filter_map(|element| self.string(element)).collect(),
            DeValue::String(_) => self.string(value).into_iter().collect(),
            _ => {
                self.wrong_type(value, "a string or a list of strings");
                Vec::new()
            }
        }
    }

    pub(super) fn boolean(&mut self, value: &Spanned<DeValue<'_>>) -> Option<bool> {
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.wrong_type(value, "true or false");
        }
        boolean
    }

    /// One of the words that an enum has.
    pub(super) fn word<T: Copy>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.string(value)?;
        let found = all.iter().copied().find(|word| as_str(*word) == text.value);
        if found.is_none() {
            let known: Vec<&str> = all.iter().map(|word| as_str(*word)).collect();
            self.unknown_word(&text, &known);
        }
        found
    }

    pub(super) fn unknown_word(&mut self, text: &At<String>, known: &[&str]) {
        self.add(text.span.clone(), Kind::BadValue, format!("`{}` is not possible here", text.value));
        self.hint(
            did_you_mean(&text.value, known.iter().copied())
                .or_else(|| Some(format!("it may be {}", known.join(", ")))),
        );
    }

    pub(super) fn name(&mut self, value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
        let name = self.string(value)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_./".contains(c);
        if name.value.is_empty() || name.value.len() > MAX_NAME_BYTES || !name.value.chars().all(plain) {
            self.add(value.span(), Kind::BadValue, format!("`{}` is no name", name.value));
            let small = name.value.trim().to_lowercase();
            let is_name = !small.is_empty() && small.len() <= MAX_NAME_BYTES && small.chars().all(plain);
            let meant = if is_name { format!("did you mean `{small}`? ") } else { String::new() };
            self.hint(format!(
                "{meant}a name has lower-case letters, digits and - _ . / and at most {MAX_NAME_BYTES} of them"
            ));
            return None;
        }
        Some(name)
    }

    fn category(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Option<CategoryDef> {
        let (mut name, mut title) = (None, None);
        for (key, key_span, value) in entries(table) {
            match key {
                "name" => name = self.name(value).or(name),
                "title" => title = self.string(value),
                _ => self.unknown_key(key, key_span, "a category", CATEGORY_KEYS),
            }
        }
        for key in CATEGORY_KEYS {
            if !table.contains_key(*key) {
                self.add(span.clone(), Kind::Missing, format!("the category has no `{key}`"));
            }
        }
        if let Some(title) = title.as_ref().filter(|title| title.value.trim().is_empty()) {
            self.add(title.span.clone(), Kind::BadValue, "the title is empty, and customers see it");
        }
        Some(CategoryDef { name: name?, title: title?.value })
    }
}

/// An integer or a float.
pub(super) fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|number| number as f64)
        }
        DeValue::Float(float) => float.as_str().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
