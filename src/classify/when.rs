//! The conditions of a rule as written: `[rule.when]` and the condition tables nested in it.

use super::diagnostic::{At, RuleErrorKind as Kind};
use super::file::{Walk, entries};
use super::pattern::Field;
use super::quantity::{Comparison, Quantity};
use super::threshold::COMPARISON_KEYS;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How deep `all`, `any` and `none` may be nested.
pub const MAX_DEPTH: usize = 16;
/// How many conditions one rule may have.
pub const MAX_CONDITIONS: usize = 256;
/// How many phrases or patterns one condition may list.
pub const MAX_LISTED: usize = 1000;
/// The longest excerpt of a rule file that an explanation shows.
const MAX_WRITTEN_CHARS: usize = 120;

/// What a condition may have.
pub(super) const CONDITION_KEYS: &[&str] = &[
    "all",
    "any",
    "none",
    "from",
    "from_domain",
    "to",
    "cc",
    "subject",
    "text",
    "body",
    "header",
    "phrase",
    "attachment",
    "list_id",
    "language",
    "sender",
    "customer",
    "auth",
    "thread",
    "size",
    "automatic",
    "origin",
    "rule",
    "hours",
    "value",
    "in",
    "above",
    "at_least",
    "below",
    "at_most",
    "between",
    "clears_below",
];

/// What an attachment may be asked.
pub(super) const ATTACHMENT_KEYS: &[&str] = &["name", "type", "larger", "smaller"];
/// What a calendar may be asked.
pub(super) const HOURS_KEYS: &[&str] = &["inside", "outside"];
/// Where `phrase` and `value` may look.
pub(super) const SEARCHED: &[&str] = &["subject", "text", "body"];

/// A condition as written.
#[derive(Debug)]
pub(super) struct ConditionDef {
    pub test: TestDef,
    /// Its source on one line, shortened.
    pub written: String,
    /// Where its value stands.
    pub span: Range<usize>,
}

impl ConditionDef {
    /// Stands in for a condition that is missing or cannot be read; its rule is never compiled.
    pub(super) fn always() -> Self {
        Self { test: TestDef::All(Vec::new()), written: String::new(), span: 0..0 }
    }

    /// How many conditions there are in it, itself included.
    pub(super) fn count(&self) -> usize {
        match &self.test {
            TestDef::All(inner) | TestDef::Any(inner) | TestDef::None(inner) => {
                1 + inner.iter().map(Self::count).sum::<usize>()
            }
            _ => 1,
        }
    }
}

/// What a condition asks.
#[derive(Debug)]
pub(super) enum TestDef {
    All(Vec<ConditionDef>),
    Any(Vec<ConditionDef>),
    None(Vec<ConditionDef>),
    Pattern {
        field: Field,
        patterns: Vec<At<String>>,
    },
    Phrase {
        fields: Vec<Field>,
        phrases: Vec<At<String>>,
    },
    Value {
        fields: Vec<Field>,
        pattern: At<String>,
        comparison: Comparison,
        /// While its alert is open, this and more is enough; less ends it.
        clears_below: Option<At<Quantity>>,
    },
    Attachment {
        name: Vec<At<String>>,
        media_type: Vec<At<String>>,
        larger: Option<Quantity>,
        smaller: Option<Quantity>,
    },
    HasAttachment(bool),
    Size(Comparison),
    Words {
        fact: Fact,
        words: Vec<At<String>>,
    },
    Automatic(bool),
    Rule(Vec<At<String>>),
    /// The mail came in while one of these calendars was open, or while none was.
    Hours {
        calendars: Vec<At<String>>,
        inside: bool,
    },
}

/// Something known of a mail that is one word, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Sender,
    Customer,
    Auth,
    Thread,
    Language,
    Origin,
}

impl Fact {
    /// The words it can be; `None` where any is possible.
    pub(super) fn words(self) -> Option<&'static [&'static str]> {
        match self {
            Fact::Sender => Some(&["customer", "agent", "monitor", "stranger"]),
            Fact::Auth => Some(&["pass", "fail", "none"]),
            Fact::Thread => Some(&["new", "follow-up", "resolved", "closed"]),
            Fact::Origin => Some(&["person", "automatic-reply", "delivery-report", "bulk", "own"]),
            Fact::Customer | Fact::Language => None,
        }
    }
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Walk<'_, '_> {
    /// `[rule.when]`
    pub(super) fn condition_table(&mut self, value: &Value<'_>) -> Option<ConditionDef> {
        let condition = self.condition(value, 0)?;
        if condition.count() > MAX_CONDITIONS {
            self.add(value.span(), Kind::TooLarge, format!("the rule has more than {MAX_CONDITIONS} conditions"));
        }
        Some(condition)
    }

    /// A condition table: all that stands in it is required.
    fn condition(&mut self, value: &Value<'_>, depth: usize) -> Option<ConditionDef> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(value, "a condition such as { subject = '…' }");
            return None;
        };
        if depth > MAX_DEPTH {
            self.add(value.span(), Kind::TooLarge, format!("conditions are nested deeper than {MAX_DEPTH}"));
            return None;
        }
        if table.is_empty() {
            self.add(value.span(), Kind::Missing, "there is no condition: it would match every mail");
            return None;
        }
        let mut inner = Vec::new();
        for (key, key_span, entry) in entries(table) {
            if key == "header" {
                inner.extend(self.headers(entry));
                continue;
            }
            let test = self.test(table, key, key_span.clone(), entry, depth);
            inner.extend(test.map(|test| ConditionDef { test, written: self.written(key, entry), span: entry.span() }));
        }
        match inner.len() {
            1 => inner.pop(),
            _ => Some(ConditionDef { test: TestDef::All(inner), written: "all".to_owned(), span: value.span() }),
        }
    }

    fn written(&self, key: &str, value: &Value<'_>) -> String {
        if ["all", "any", "none"].contains(&key) {
            return key.to_owned();
        }
        let source = self.findings.text(self.file).get(value.span()).unwrap_or_default();
        let folded = source.split_whitespace().collect::<Vec<_>>().join(" ");
        super::scan::shorten(&format!("{key} = {folded}"), MAX_WRITTEN_CHARS)
    }

    fn test(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        key_span: Range<usize>,
        value: &Value<'_>,
        depth: usize,
    ) -> Option<TestDef> {
        Some(match key {
            "all" => TestDef::All(self.conditions(value, depth)?),
            "any" => TestDef::Any(self.conditions(value, depth)?),
            "none" => TestDef::None(self.conditions(value, depth)?),
            "from" => self.patterns(Field::From, value)?,
            "from_domain" => self.patterns(Field::FromDomain, value)?,
            "to" => self.patterns(Field::To, value)?,
            "cc" => self.patterns(Field::Cc, value)?,
            "subject" => self.patterns(Field::Subject, value)?,
            "text" => self.patterns(Field::Text, value)?,
            "body" => self.patterns(Field::Body, value)?,
            "list_id" => self.patterns(Field::Header("list-id".to_owned()), value)?,
            "phrase" => self.phrase(table, value)?,
            "attachment" => self.attachment(value)?,
            "language" => self.words(Fact::Language, value)?,
            "sender" => self.words(Fact::Sender, value)?,
            "customer" => self.words(Fact::Customer, value)?,
            "auth" => self.words(Fact::Auth, value)?,
            "thread" => self.words(Fact::Thread, value)?,
            "origin" => self.words(Fact::Origin, value)?,
            "automatic" => TestDef::Automatic(self.boolean(value)?),
            "size" => self.size(value)?,
            "rule" => TestDef::Rule(self.listed(value)?),
            "hours" => self.hours(value)?,
            "value" => self.value(table, value)?,
            key if COMPARISON_KEYS.contains(&key) || key == "clears_below" => {
                if !table.contains_key("value") {
                    self.add(key_span, Kind::BadValue, format!("`{key}` stands beside a `value`, and there is none"));
                }
                return None;
            }
            "in" => {
                if !table.contains_key("value") && !table.contains_key("phrase") {
                    self.add(key_span, Kind::BadValue, "`in` stands beside a `value` or `phrase`, and there is none");
                }
                return None;
            }
            _ => {
                self.unknown_key(key, key_span, "a condition", CONDITION_KEYS);
                return None;
            }
        })
    }

    fn conditions(&mut self, value: &Value<'_>, depth: usize) -> Option<Vec<ConditionDef>> {
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(value, "a list of conditions");
            return None;
        };
        if array.is_empty() {
            self.add(value.span(), Kind::BadValue, "the list of conditions is empty");
            return None;
        }
        Some(array.iter().filter_map(|element| self.condition(element, depth + 1)).collect())
    }

    fn listed(&mut self, value: &Value<'_>) -> Option<Vec<At<String>>> {
        let strings = self.strings(value);
        if strings.len() > MAX_LISTED {
            self.add(value.span(), Kind::TooLarge, format!("the list has more than {MAX_LISTED} entries"));
            return None;
        }
        (!strings.is_empty()).then_some(strings)
    }

    fn patterns(&mut self, field: Field, value: &Value<'_>) -> Option<TestDef> {
        Some(TestDef::Pattern { field, patterns: self.listed(value)? })
    }

    /// `header."X-Name" = '…'`, one or several of them.
    fn headers(&mut self, value: &Value<'_>) -> Vec<ConditionDef> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(value, "header.\"X-Name\" = '…'");
            return Vec::new();
        };
        if table.is_empty() {
            self.add(value.span(), Kind::Missing, "no header field is named: it would match every mail");
        }
        let mut inner = Vec::new();
        for (name, _, pattern) in entries(table) {
            let field = Field::Header(name.to_ascii_lowercase());
            if let Some(test) = self.patterns(field, pattern) {
                let written = self.written(&format!("header.\"{name}\""), pattern);
                inner.push(ConditionDef { test, written, span: pattern.span() });
            }
        }
        inner
    }

    /// `in = "subject"`, or the subject and what the sender wrote.
    fn searched(&mut self, table: &DeTable<'_>) -> Vec<Field> {
        let Some(value) = table.get("in") else { return vec![Field::Subject, Field::Text] };
        let mut fields = Vec::new();
        for word in self.strings(value) {
            match word.value.as_str() {
                "subject" => fields.push(Field::Subject),
                "text" => fields.push(Field::Text),
                "body" => fields.push(Field::Body),
                _ => self.unknown_word(&word, SEARCHED),
            }
        }
        fields
    }

    fn phrase(&mut self, table: &DeTable<'_>, value: &Value<'_>) -> Option<TestDef> {
        let phrases = self.listed(value)?;
        for phrase in &phrases {
            if !phrase.value.chars().any(char::is_alphanumeric) {
                self.add(phrase.span.clone(), Kind::BadValue, "there is no word in this phrase");
            }
        }
        Some(TestDef::Phrase { fields: self.searched(table), phrases })
    }

    fn value(&mut self, table: &DeTable<'_>, value: &Value<'_>) -> Option<TestDef> {
        let pattern = self.string(value);
        let comparison = self.comparison(table, value.span());
        let fields = self.searched(table);
        let clears = table.get("clears_below").zip(comparison.as_ref());
        let clears_below = clears.and_then(|(value, comparison)| self.clears_below(value, comparison));
        Some(TestDef::Value { fields, pattern: pattern?, comparison: comparison?, clears_below })
    }

    /// `hours = { inside = "office" }`, or `outside`.
    fn hours(&mut self, value: &Value<'_>) -> Option<TestDef> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(value, "{ inside = \"…\" } or { outside = \"…\" } with a calendar of the configuration");
            return None;
        };
        for (key, span, _) in entries(table).into_iter().filter(|(key, ..)| !HOURS_KEYS.contains(key)) {
            self.unknown_key(key, span, "`hours`", HOURS_KEYS);
        }
        let mut given = entries(table).into_iter().filter(|(key, ..)| HOURS_KEYS.contains(key));
        let Some((key, _, calendars)) = given.next() else {
            self.add(value.span(), Kind::Missing, "there is no calendar: inside, outside");
            return None;
        };
        if let Some((_, span, _)) = given.next() {
            self.add(span, Kind::BadValue, "`inside` and `outside` need a condition each");
            return None;
        }
        Some(TestDef::Hours { inside: key == "inside", calendars: self.listed(calendars)? })
    }

    fn attachment(&mut self, value: &Value<'_>) -> Option<TestDef> {
        let DeValue::Table(table) = value.get_ref() else {
            if let Some(wanted) = value.get_ref().as_bool() {
                return Some(TestDef::HasAttachment(wanted));
            }
            let name = self.listed(value)?;
            return Some(TestDef::Attachment { name, media_type: Vec::new(), larger: None, smaller: None });
        };
        let (mut name, mut media_type, mut larger, mut smaller) = (Vec::new(), Vec::new(), None, None);
        if table.is_empty() {
            self.add(value.span(), Kind::Missing, "the attachment may be any: write `attachment = true`");
        }
        for (key, span, entry) in entries(table) {
            match key {
                "name" => name = self.listed(entry)?,
                "type" => media_type = self.listed(entry)?,
                "larger" | "smaller" => {
                    let quantity = self.quantity(entry)?;
                    self.must_be_bytes(&quantity, entry.span())?;
                    *(if key == "larger" { &mut larger } else { &mut smaller }) = Some(quantity);
                }
                _ => self.unknown_key(key, span, "an attachment", ATTACHMENT_KEYS),
            }
        }
        Some(TestDef::Attachment { name, media_type, larger, smaller })
    }

    fn words(&mut self, fact: Fact, value: &Value<'_>) -> Option<TestDef> {
        let given = self.listed(value)?;
        let mut words = Vec::new();
        for word in given {
            if let Some(known) = fact.words().filter(|known| !known.contains(&word.value.as_str())) {
                self.unknown_word(&word, known);
            } else if fact == Fact::Language
                && (word.value.len() != 2 || !word.value.bytes().all(|b| b.is_ascii_lowercase()))
            {
                self.add(word.span, Kind::BadValue, format!("`{}` is no language", word.value));
                self.hint("a language is a two-letter code of ISO 639-1, such as \"en\"".to_owned());
            } else {
                words.push(word);
            }
        }
        Some(TestDef::Words { fact, words })
    }
}
