//! Something wrong in a file that a person wrote, with its place and what to write instead. Pure, for everyone.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong in a file. Whoever reads the file finds all of them before giving up.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The file's path, as people would type it.
    pub path: String,
    /// The line, counted from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// The column in characters, counted from 1; 0 when the file as a whole is meant.
    pub column: usize,
    /// The place in the file's text, in bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding at a place in a text.
    pub fn at(path: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, span.start);
        Self { path: path.to_owned(), line, column, span, message: message.into(), hint: None }
    }

    /// A finding about a file as a whole.
    pub fn about(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 0, column: 0, span: 0..0, message: message.into(), hint: None }
    }

    /// Says what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Finding {}

/// Line and column, counted from 1, of a place in a text.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// `did you mean …?` when one of the words is close to what was written.
pub fn did_you_mean<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let written = written.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&written, &word.to_lowercase());
    let close = words.into_iter().map(|word| (distance(word), word)).min()?;
    let (distance, word) = close;
    // One or two characters are as close to anything else.
    let limit = (written.chars().count() / 3).min(3);
    (distance <= limit).then(|| format!("did you mean `{word}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_its_place_and_what_to_write() {
        let finding = Finding::at("a.toml", "x = 1\nformm = 2\n", 6..11, "unknown key `formm`")
            .hint(did_you_mean("formm", ["from", "form"]));
        assert_eq!(finding.to_string(), "a.toml:2:1: unknown key `formm` (did you mean `form`?)");
        assert_eq!(Finding::about("a.toml", "cannot be read").to_string(), "a.toml: cannot be read");
    }

    #[test]
    fn only_what_is_close_is_suggested() {
        let words = ["mailbox", "database"];
        assert_eq!(did_you_mean("mialbox", words).as_deref(), Some("did you mean `mailbox`?"));
        assert_eq!(did_you_mean("colour", words), None);
        assert_eq!(did_you_mean("it", ["HR", "IT"]).as_deref(), Some("did you mean `IT`?"), "the case is no distance");
    }
}
