//! Rule test cases: what a mail pasted beside the rules is expected to become.
//!
//! A `.cases` file is a row of cases between lines `---`. A case begins with `expect` and `given` lines, then
//! a blank line, then the mail as pasted; or it names a file with `mail=FILE.eml`.

mod sense;

pub(super) use sense::{contradicted, missing_of_desk};

use super::given::{GIVEN_KEYS, Given, Known};
use super::quantity::Quantity;
use super::{Disposition, Intent, RuleId, Verdict};
use crate::finding::did_you_mean;
use crate::ticket::Tier;
use std::fmt;

/// How a case says that there is no team, no calendar, or nothing else of the kind.
pub const NO_NAME: &str = "none";

const EXPECT_KEYS: &[&str] = &[
    "rule",
    "not-rule",
    "category",
    "severity",
    "tier",
    "team",
    "page",
    "intent",
    "article",
    "tag",
    "not-tag",
    "disposition",
    "answer",
    "template",
    "calendar",
    "value",
    "correlation",
    "recovers",
    "shadow",
    "not-shadow",
    "mail",
];

/// Those that say `true` by their word alone.
const EXPECT_FLAGS: &[&str] = &["page", "recovers"];

/// A file of cases, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseFile {
    /// Its path.
    pub path: String,
    /// The cases that could be read.
    pub cases: Vec<Case>,
    /// The others, as far as they could be read: what they name is looked at all the same.
    pub broken: Vec<Case>,
    /// What is wrong with them.
    pub errors: Vec<CaseError>,
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// What is expected.
    pub expectations: Vec<Expectation>,
    /// What is known besides the mail.
    pub given: Given,
    /// The same as it is written.
    pub given_words: Vec<Expectation>,
    /// The mail.
    pub mail: CaseMail,
}

/// The mail of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseMail {
    /// It stands in the case file; lines end in CRLF.
    Inline(String),
    /// It is a file, named relative to the case file.
    File(String),
}

/// One `key=value` of an `expect` line, or of a `given` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is looked at, or known.
    pub key: String,
    /// What it must be, or is.
    pub value: String,
}

/// Something wrong in a case file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CaseError {
    /// The file's path.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What was expected and what came instead.
    pub message: String,
}

/// Reads a file of cases, and goes on behind what is wrong.
pub fn read_cases(path: &str, text: &str) -> CaseFile {
    let mut reader = Reader { file: CaseFile { path: path.to_owned(), ..CaseFile::default() } };
    // A byte order mark is no part of the first word.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let mut at = 0;
    while at < lines.len() {
        let end = lines[at..].iter().position(|line| *line == "---").map_or(lines.len(), |offset| at + offset);
        reader.case(&lines[at..end], at + 1);
        at = end + 1;
    }
    reader.file
}

struct Reader {
    file: CaseFile,
}

/// What stands before the mail of a case.
#[derive(Default)]
struct Head {
    expectations: Vec<Expectation>,
    given: Given,
    given_words: Vec<Expectation>,
    file: Option<String>,
}

impl Reader {
    fn error(&mut self, line: usize, column: usize, message: impl Into<String>, hint: Option<String>) {
        let path = self.file.path.clone();
        self.file.errors.push(CaseError { path, line, column, message: message.into(), hint });
    }

    fn case(&mut self, lines: &[&str], first_line: usize) {
        let is_idle = |line: &&str| line.trim().is_empty() || line.starts_with('#');
        let skipped = lines.iter().take_while(|line| is_idle(line)).count();
        if skipped == lines.len() {
            return;
        }
        let begin = first_line + skipped;
        let mut head = Head::default();
        let errors_before = self.file.errors.len();
        let mut rest = &lines[skipped..];
        let mut line_number = begin;
        while let Some((line, others)) = rest.split_first() {
            if line.trim().is_empty() {
                break;
            }
            if !line.starts_with('#') {
                self.head_line(line, line_number, &mut head);
            }
            rest = others;
            line_number += 1;
        }
        let Head { expectations, given, given_words, file } = head;
        for (word, message) in
            sense::contradictions(&expectations).into_iter().chain(sense::contradictions(&given_words))
        {
            self.error(word.line, word.column, message, None);
        }
        let mail = rest.get(1..).unwrap_or_default();
        let is_inline = mail.iter().any(|line| !line.trim().is_empty());
        let mail = match (file, is_inline) {
            (Some(file), true) => {
                self.error(line_number, 1, "the case has a mail here and names another one with mail=", None);
                CaseMail::File(file)
            }
            (Some(file), false) => CaseMail::File(file),
            (None, _) => CaseMail::Inline(mail.iter().map(|line| format!("{line}\r\n")).collect()),
        };
        if !is_inline && matches!(mail, CaseMail::Inline(_)) {
            let hint = "a blank line and then the mail, or mail=FILE.eml".to_owned();
            self.error(begin, 1, "the case has no mail", Some(hint));
        } else if expectations.is_empty() && self.file.errors.len() == errors_before {
            self.error(begin, 1, "the case expects nothing", Some("write `expect rule=…`".to_owned()));
        }
        let is_sound = self.file.errors.len() == errors_before;
        let cases = if is_sound { &mut self.file.cases } else { &mut self.file.broken };
        cases.push(Case { line: begin, expectations, given, given_words, mail });
    }

    fn head_line(&mut self, line: &str, number: usize, head: &mut Head) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (is_expect, rest, offset) = match word {
            "expect" => (true, rest, word.chars().count() + 1),
            "given" => (false, rest, word.chars().count() + 1),
            _ if word.starts_with("mail=") => (false, line, 0),
            _ => {
                let hint = did_you_mean(word, ["expect", "given"])
                    .or_else(|| Some("the mail begins after a blank line".to_owned()));
                self.error(number, 1, format!("`{word}` is neither expect nor given"), hint);
                return;
            }
        };
        for (column, token) in tokens(rest) {
            let column = column + offset;
            let is_flag = is_expect && EXPECT_FLAGS.contains(&token.as_str());
            let token = if is_flag { format!("{token}=true") } else { token };
            let known = if is_expect { EXPECT_KEYS } else { GIVEN_KEYS };
            let Some((key, value)) = token.split_once('=').filter(|(key, _)| known.contains(key)) else {
                let key = token.split('=').next().unwrap_or_default();
                let hint = did_you_mean(key, known.iter().copied());
                let hint = hint.or_else(|| Some(format!("there are {}", known.join(", "))));
                self.error(number, column, format!("`{token}` is not understood"), hint);
                continue;
            };
            for value in value.split(',').filter(|value| key != "value" || !value.is_empty()) {
                let result = match (key, is_expect) {
                    ("mail", _) => {
                        let other = head.file.replace(value.to_owned()).filter(|other| other != value);
                        if let Some(other) = other {
                            self.error(number, column, format!("the case names another mail, {other}"), None);
                        }
                        Ok(())
                    }
                    (_, true) => check_value(key, value),
                    (_, false) => head.given.set(key, value),
                };
                if let Err(known) = result {
                    let message = format!("{key} cannot be `{value}`");
                    let hint = did_you_mean(value, known.iter().copied());
                    self.error(
                        number,
                        column,
                        message,
                        hint.or_else(|| Some(format!("it may be {}", known.join(", ")))),
                    );
                }
            }
            if key != "mail" {
                // A comma is a list everywhere but in a number.
                let values: Vec<&str> = if key == "value" { vec![value] } else { value.split(',').collect() };
                let said = if is_expect { &mut head.expectations } else { &mut head.given_words };
                said.extend(values.into_iter().map(|value| Expectation {
                    line: number,
                    column,
                    key: key.to_owned(),
                    value: value.to_owned(),
                }));
            }
        }
    }
}

/// The words of a line with their columns, counted from 1; white space between double quotes does not separate.
fn tokens(line: &str) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    let (mut quoted, mut inside) = (false, false);
    for (column, c) in line.chars().enumerate() {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            inside = false;
            continue;
        }
        if !inside {
            tokens.push((column + 1, String::new()));
            inside = true;
        }
        if let Some((_, token)) = tokens.last_mut().filter(|_| c != '"') {
            token.push(c);
        }
    }
    tokens
}

fn check_value(key: &str, value: &str) -> Result<(), Known> {
    let one_of = |known: Known| if known.contains(&value) { Ok(()) } else { Err(known) };
    match key {
        "severity" => one_of(&["low", "medium", "high", "critical"]),
        "tier" => one_of(&["tier-1", "tier-2", "tier-3", "everyone", "none"]),
        "intent" => one_of(&["confirm", "reject", "thanks", "none"]),
        "disposition" => one_of(&["accept", "quarantine", "discard"]),
        "answer" | "page" | "recovers" => one_of(&["true", "false"]),
        "value" => Quantity::parse(value).map(|_| ()).map_err(|_| ["a quantity such as 812ms"].as_slice()),
        _ if value.is_empty() => Err(&["a name"]),
        _ => Ok(()),
    }
}

impl Case {
    /// The expectations that this verdict does not meet.
    pub fn failures(&self, verdict: &Verdict) -> Vec<Failure> {
        let unmet = self.expectations.iter().filter_map(|expectation| {
            let message = unmet(expectation, verdict)?;
            Some(Failure { line: expectation.line, column: expectation.column, message })
        });
        unmet.collect()
    }
}

/// What was expected and what came instead; `None` where it is as expected.
fn unmet(expectation: &Expectation, verdict: &Verdict) -> Option<String> {
    let Expectation { key, value, .. } = expectation;
    let differs = |came: &str, by: Option<&RuleId>| {
        let by = by.map_or(String::new(), |rule| format!(" by {rule}"));
        (came != value).then(|| format!("expected {key} {value}, came {came}{by}"))
    };
    let perhaps = |came: Option<(&str, Option<&RuleId>)>| {
        let (came, by) = came.unwrap_or((NO_NAME, None));
        differs(came, by)
    };
    let matched = |name: &str| verdict.matched.iter().any(|matched| matched.rule.0 == name);
    let in_shadow = |name: &str| verdict.shadow.iter().any(|matched| matched.rule.0 == name);
    let word = |flag| if flag { "true" } else { "false" };
    let listed = |list: &[String]| {
        let came = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        (!list.contains(value)).then(|| format!("expected {key} {value}, came {came}"))
    };
    match key.as_str() {
        "rule" => (!matched(value)).then(|| format!("expected rule {value} to match, and it does not")),
        "not-rule" => matched(value).then(|| format!("expected rule {value} not to match, and it does")),
        "category" => differs(&verdict.category.value, verdict.category.rule.as_ref()),
        "severity" => differs(verdict.severity.value.as_str(), verdict.severity.rule.as_ref()),
        "tier" => perhaps(verdict.tier.as_ref().map(|tier| (Tier::as_str(tier.value), tier.rule.as_ref()))),
        "team" => perhaps(verdict.team.as_ref().map(|team| (team.value.0.as_str(), team.rule.as_ref()))),
        "page" => differs(word(verdict.page.value), verdict.page.rule.as_ref()),
        "intent" => perhaps(verdict.intent.as_ref().map(|intent| (Intent::as_str(intent.value), intent.rule.as_ref()))),
        "disposition" => differs(Disposition::as_str(verdict.disposition.value), verdict.disposition.rule.as_ref()),
        "shadow" => (!in_shadow(value)).then(|| format!("expected shadow {value} to match, and it does not")),
        "not-shadow" => in_shadow(value).then(|| format!("expected shadow {value} not to match, and it does")),
        "answer" => differs(word(verdict.answer.value), verdict.answer.rule.as_ref()),
        "recovers" => differs(word(verdict.recovers.value), verdict.recovers.rule.as_ref()),
        "template" => perhaps(verdict.template.as_ref().map(|name| (name.value.as_str(), name.rule.as_ref()))),
        "calendar" => perhaps(verdict.calendar.as_ref().map(|name| (name.value.as_str(), name.rule.as_ref()))),
        "correlation" => perhaps(verdict.correlation.as_ref().map(|key| (key.value.as_str(), key.rule.as_ref()))),
        "article" => listed(&verdict.articles),
        "tag" => listed(&verdict.tags),
        "not-tag" => verdict.tags.contains(value).then(|| format!("expected no tag {value}, and it is there")),
        "value" => {
            let came: Vec<&str> = verdict.matched.iter().filter_map(|matched| matched.value.as_deref()).collect();
            let same = |came: &&str| match (Quantity::parse(came), Quantity::parse(value)) {
                (Ok(came), Ok(wanted)) => came.is_same(&wanted),
                _ => false,
            };
            let list = if came.is_empty() { "none".to_owned() } else { came.join(", ") };
            (!came.iter().any(same)).then(|| format!("expected value {value}, came {list}"))
        }
        _ => unreachable!("the reader takes only the keys above"),
    }
}

#[cfg(test)]
mod tests;
