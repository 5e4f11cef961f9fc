//! What is wrong in files that a person wrote, shown with its place and source line, whatever kind of file it is.

use super::screen::Screen;
use crate::classify::RuleError;
use crate::compose::template::{TemplateError, TemplateFault};
use crate::finding::Finding;
use crate::spoken::counted;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, Title};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Everything that is wrong, and the texts it was found in.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What is wrong, in the order in which files are read.
    pub all: Vec<Finding>,
    texts: BTreeMap<String, String>,
}

impl Findings {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Adds all of others, behind these.
    pub fn append(&mut self, mut others: Self) {
        self.all.append(&mut others.all);
        self.texts.append(&mut others.texts);
    }

    /// Adds findings in one file.
    pub fn add(&mut self, path: &str, text: &str, findings: impl IntoIterator<Item = Finding>) {
        self.all.extend(findings);
        self.texts.insert(path.to_owned(), text.to_owned());
    }

    /// Each finding with its source line, and how many there are.
    pub fn render(&self, screen: &Screen) -> String {
        let mut text = String::new();
        for finding in &self.all {
            let source = self.texts.get(&finding.path).map_or("", String::as_str);
            let hint = finding.hint.as_deref();
            if finding.line == 0 {
                text.push_str(&about(Level::ERROR, &finding.path, &finding.message, hint, screen.styled));
            } else {
                let span = finding.span.clone();
                text.push_str(&snippet(&finding.path, source, span, &finding.message, hint, screen.styled));
            }
            text.push_str("\n\n");
        }
        text.push_str(&format!("{}\n", counted(self.all.len(), "finding")));
        text
    }
}

/// What is allowed and better not so. The source lines are not shown: there are passwords in them.
pub fn warnings(warnings: &[Finding], screen: &Screen) -> String {
    let shown = |warning: &Finding| {
        let place = match warning.line {
            0 => warning.path.clone(),
            line => format!("{}:{line}:{}", warning.path, warning.column),
        };
        about(Level::WARNING, &place, &warning.message, warning.hint.as_deref(), screen.styled) + "\n\n"
    };
    warnings.iter().map(shown).collect()
}

fn renderer(styled: bool) -> Renderer {
    if styled { Renderer::styled().decor_style(DecorStyle::Unicode) } else { Renderer::plain() }
}

/// Something that is allowed and better not so, with its source line marked; `name` is what it is called.
pub(super) fn lint_snippet(
    path: &str,
    text: &str,
    span: Range<usize>,
    name: &str,
    message: &str,
    hint: Option<&str>,
    styled: bool,
) -> String {
    marked(Level::WARNING.primary_title(message).id(name), path, text, span, hint, styled)
}

/// One finding with its source line marked.
pub(super) fn snippet(
    path: &str,
    text: &str,
    span: Range<usize>,
    message: &str,
    hint: Option<&str>,
    styled: bool,
) -> String {
    marked(Level::ERROR.primary_title(message), path, text, span, hint, styled)
}

fn marked(title: Title<'_>, path: &str, text: &str, span: Range<usize>, hint: Option<&str>, styled: bool) -> String {
    // A finding may be about a whole table; its first line is enough to find it.
    let start = floor(text, span.start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = floor(text, span.end.clamp(start, line_end.max(start)));
    let snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(start..end));
    let mut group = title.element(snippet);
    if let Some(hint) = hint {
        group = group.element(Level::HELP.message(hint));
    }
    renderer(styled).render(&[group])
}

/// A finding at a place whose text is not shown, such as a file as a whole.
fn about(level: Level<'static>, place: &str, message: &str, hint: Option<&str>, styled: bool) -> String {
    let title = format!("{place}: {message}");
    let mut group = level
        .primary_title(title.as_str())
        .elements(std::iter::empty::<Snippet<'_, annotate_snippets::Annotation<'_>>>());
    if let Some(hint) = hint {
        group = group.element(Level::HELP.message(hint));
    }
    renderer(styled).render(&[group])
}

fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

/// A rule file's error as a finding.
pub fn of_rules(error: RuleError) -> Finding {
    let RuleError { path, line, column, span, kind: _, message, hint } = error;
    Finding { path, line, column, span, message, hint }
}

/// A template's error as a finding; `folder` is where the templates are, `text` the one it is in.
pub fn of_template(error: TemplateError, folder: &Path, text: &str) -> Finding {
    let path = folder.join(&error.path).display().to_string();
    let (message, hint) = words(&error.what);
    if matches!(error.what, TemplateFault::UnknownFile { .. }) {
        return Finding::about(&path, message).hint(hint);
    }
    let start = offset(text, error.line, error.column);
    let length = text[start..].find(|c: char| c.is_whitespace()).unwrap_or(text.len() - start);
    let mut finding = Finding::at(&path, text, start..start + length.max(1).min(text.len() - start), message);
    finding.hint = hint;
    finding
}

/// What is wrong, and what to write instead.
fn words(fault: &TemplateFault) -> (String, Option<String>) {
    let instead = |meant: Option<&String>, known: &[String], what: &str| {
        let list = format!("{what} {}", known.join(", "));
        Some(meant.map_or(list.clone(), |meant| format!("did you mean `{meant}`? {list}")))
    };
    match fault {
        TemplateFault::UnknownFile { meant: Some(meant), .. } => {
            ("there is no template of this name".to_owned(), Some(format!("did you mean `{meant}`?")))
        }
        TemplateFault::UnknownFile { meant: None, known } => {
            ("there is no template of this name".to_owned(), instead(None, known, "templates are"))
        }
        TemplateFault::UnknownName { name, meant, known } => {
            (format!("unknown name `{name}`"), instead(meant.as_ref(), known, "names here are"))
        }
        TemplateFault::UnknownHelper { name, known } => {
            (format!("unknown helper `{name}`"), instead(None, known, "helpers are"))
        }
        TemplateFault::UnknownPartial { name, known } => {
            (format!("unknown partial `{name}`"), instead(None, known, "partials are"))
        }
        other => (other.to_string(), None),
    }
}

/// The word at a line and column, both from 1; white space between double quotes does not end it.
pub(super) fn word_at(text: &str, line: usize, column: usize) -> Range<usize> {
    let start = offset(text, line, column);
    let mut is_quoted = false;
    let end = text[start..].find(|c: char| {
        is_quoted ^= c == '"';
        c == '\n' || (c.is_whitespace() && !is_quoted)
    });
    start..end.map_or(text.len(), |end| start + end)
}

/// The place in the text of a line and column, both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    start + within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_lead_back_to_the_text() {
        let text = "ä b\ncd\n";
        for (name, line, column, expected) in
            [("beginning", 1, 1, 0), ("behind an umlaut", 1, 3, 3), ("second line", 2, 2, 6), ("past the end", 9, 9, 8)]
        {
            assert_eq!(offset(text, line, column), expected, "{name}");
        }
    }

    #[test]
    fn a_word_ends_at_white_space_that_is_not_quoted() {
        let text = "expect rule=a\nexpect correlation=\"web 1\" tag=b\n";
        for (name, line, column, expected) in [
            ("up to the end of the line", 1, 8, "rule=a"),
            ("quoted", 2, 8, "correlation=\"web 1\""),
            ("behind it", 2, 28, "tag=b"),
            ("past the end", 9, 9, ""),
        ] {
            assert_eq!(&text[word_at(text, line, column)], expected, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_in_a_template_says_what_to_write() {
        let what = TemplateFault::UnknownName {
            name: "titel".to_owned(),
            meant: Some("title".to_owned()),
            known: vec!["name".to_owned(), "title".to_owned()],
        };
        let error = TemplateError { path: "nudge/body.txt".to_owned(), line: 2, column: 3, what };
        let finding = of_template(error, Path::new("templates"), "Hello\n  {{titel}} x\n");
        assert_eq!(
            finding.to_string(),
            "templates/nudge/body.txt:2:3: unknown name `titel` (did you mean `title`? names here are name, title)"
        );
        assert_eq!(finding.span, 8..17);
    }
}
