//! What is wrong in a rule file, and where: one [`RuleError`] for each finding, never only the first.

use std::fmt;
use std::ops::Range;

/// A rule file as read from the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// Its path, as it is named in findings.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The kinds of [`RuleError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleErrorKind {
    /// It is no TOML.
    Syntax,
    /// A key that means nothing here.
    UnknownKey,
    /// A number where text belongs, and the like.
    WrongType,
    /// The type is right, the value is not.
    BadValue,
    /// A key that must be there is not.
    Missing,
    /// A name that was given before.
    Duplicate,
    /// A category, rule or other thing that is named nowhere.
    UnknownName,
    /// Rules that wait for each other.
    Cycle,
    /// A regular expression that cannot be read.
    BadPattern,
    /// Something over one of the limits.
    TooLarge,
    /// Something in a case beside the rules.
    Case,
}

/// One finding in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RuleError {
    /// The file's path.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The place in the file's text, in bytes.
    pub span: Range<usize>,
    /// What kind of finding it is.
    pub kind: RuleErrorKind,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RuleError {}

/// Where the lines of a text begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let behind = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(behind).collect() }
    }

    /// Line and column, counted from 1, of a place in the text.
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        (line, self.text[start..offset].chars().count() + 1)
    }
}

/// Something and where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    /// The thing.
    pub value: T,
    /// Which file it stands in.
    pub file: usize,
    /// Where in it.
    pub span: Range<usize>,
}

/// Collects findings over many files.
pub(super) struct Findings<'a> {
    files: &'a [RuleFile],
    lines: Vec<Lines<'a>>,
    errors: Vec<RuleError>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(files: &'a [RuleFile]) -> Self {
        let lines = files.iter().map(|file| Lines::new(&file.text)).collect();
        Self { files, lines, errors: Vec::new() }
    }

    /// Notes a finding at a place.
    pub(super) fn add(&mut self, file: usize, span: Range<usize>, kind: RuleErrorKind, message: impl Into<String>) {
        let (line, column) = self.place(file, span.start);
        self.errors.push(RuleError {
            path: self.path(file).to_owned(),
            line,
            column,
            span,
            kind,
            message: message.into(),
            hint: None,
        });
    }

    /// Says what to write instead, of the finding noted last.
    pub(super) fn hint(&mut self, hint: impl Into<Option<String>>) {
        if let Some(last) = self.errors.last_mut() {
            last.hint = hint.into();
        }
    }

    /// The text of a file.
    pub(super) fn text(&self, file: usize) -> &'a str {
        self.files.get(file).map_or("", |file| file.text.as_str())
    }

    /// Line and column, counted from 1, of a place in a file.
    pub(super) fn place(&self, file: usize, offset: usize) -> (usize, usize) {
        self.lines.get(file).map_or((1, 1), |lines| lines.place(offset))
    }

    /// The path of a file.
    pub(super) fn path(&self, file: usize) -> &'a str {
        self.files.get(file).map_or("", |file| file.path.as_str())
    }

    /// Whether all is well so far.
    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All findings, in the order in which they stand in the files.
    pub(super) fn into_errors(mut self) -> Vec<RuleError> {
        let order = |path: &str| self.files.iter().position(|file| file.path == path);
        self.errors.sort_by_key(|error| (order(&error.path), error.span.start));
        self.errors.dedup();
        self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        for (name, text, offset, expected) in [
            ("beginning", "ab", 0, (1, 1)),
            ("second line", "ab\ncd", 4, (2, 2)),
            ("behind an umlaut", "ä = b", "ä = ".len(), (1, 5)),
            ("inside a character", "ä", 1, (1, 1)),
            ("past the end", "ab\n", 99, (2, 1)),
        ] {
            assert_eq!(Lines::new(text).place(offset), expected, "{name}");
        }
    }
}
