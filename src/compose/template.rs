//! The words of our mails: handlebars templates, read and checked once, then only filled.
//!
//! The shipped ones are part of the program; files of the desk's own take their place, one by one. Everything
//! that could go wrong when a mail is written is found when the templates are read: see `lint`.

mod direct;
mod inline;
mod lint;

use super::ComposeError;
use super::fields::Fields;
use super::sample;
use super::words::paragraphs;
use crate::ticket::purpose::Purpose;
use handlebars::{
    Context, Handlebars, Helper, HelperResult, JsonRender, Output, RenderContext, RenderErrorReason, Template,
    TemplateErrorReason,
};
use std::collections::BTreeMap;
use std::fmt;

/// Declares the shipped templates, each by its path below `templates/`.
macro_rules! shipped {
    ($($path:literal),+ $(,)?) => {
        /// The templates that are part of the program: path below the folder of templates, and text.
        pub const SHIPPED: &[(&str, &str)] = &[$(($path, include_str!(concat!("../../templates/", $path)))),+];
    };
}

shipped![
    "acknowledgement/body.html",
    "acknowledgement/body.txt",
    "alarm/body.html",
    "alarm/body.txt",
    "alarm/subject.txt",
    "holding-update/body.html",
    "holding-update/body.txt",
    "notification/body.html",
    "notification/body.txt",
    "nudge/body.html",
    "nudge/body.txt",
    "oversize/body.html",
    "oversize/body.txt",
    "oversize/subject.txt",
    "page/body.html",
    "page/body.txt",
    "page/subject.txt",
    "partials/agent-foot.html",
    "partials/agent-foot.txt",
    "partials/agent-head.html",
    "partials/along.html",
    "partials/along.txt",
    "partials/card.html",
    "partials/caution.html",
    "partials/caution.txt",
    "partials/facts.html",
    "partials/foot.html",
    "partials/foot.txt",
    "partials/head.html",
    "partials/signature.html",
    "partials/ticket.html",
    "partials/ticket.txt",
    "partials/words.html",
    "partials/words.txt",
    "reply/body.html",
    "reply/body.txt",
    "resolution/body.html",
    "resolution/body.txt",
    "spoof-notice/body.html",
    "spoof-notice/body.txt",
    "spoof-notice/subject.txt",
    "transcript/body.html",
    "transcript/body.txt",
    "undelivered/body.html",
    "undelivered/body.txt",
];

/// The template of a mail's words.
const BODY: &str = "body";

/// The name of an acknowledgement of the desk's own, `acknowledgement/NAME.txt` and `.html`, which rules may ask for.
fn named(path: &str) -> Option<&str> {
    let (name, kind) = path.strip_prefix("acknowledgement/")?.rsplit_once('.')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    (is_name && matches!(kind, "txt" | "html") && name != BODY && name != "subject").then_some(name)
}

/// Folder of the pieces that templates share.
const PARTIALS: &str = "partials/";

/// A template as the desk wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its path below the folder of templates, `acknowledgement/body.txt`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One thing wrong in a template. [`Templates::compile`] returns all of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {what}")]
pub struct TemplateError {
    /// The file.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// The column in it, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: TemplateFault,
}

/// What can be wrong in a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// There is no template of this path.
    #[error("there is no template of this name{}; templates are {}", did_you_mean(.meant.as_deref()), .known.join(", "))]
    UnknownFile {
        /// The one that may have been meant.
        meant: Option<String>,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The text is no template.
    #[error("{0}")]
    Syntax(String),
    /// It names something that the mail does not have.
    #[error("unknown name `{name}`{}; names here are {}", did_you_mean(.meant.as_deref()), .known.join(", "))]
    UnknownName {
        /// The name.
        name: String,
        /// The one that may have been meant.
        meant: Option<String>,
        /// Those that may be used at this place.
        known: Vec<String>,
    },
    /// An acknowledgement of the desk's own is text or HTML alone.
    #[error("there is no {other} beside it: each acknowledgement has both")]
    Half {
        /// The file that is missing.
        other: String,
    },
    /// It calls a helper that there is not.
    #[error("unknown helper `{name}`; helpers are {}", .known.join(", "))]
    UnknownHelper {
        /// The helper.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// It includes a partial that there is not.
    #[error("unknown partial `{name}`; partials are {}", .known.join(", "))]
    UnknownPartial {
        /// The partial.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A partial includes itself, maybe by way of others, and would never end.
    #[error("partials include each other without an end: {}", .0.join(" → "))]
    Cycle(Vec<String>),
    /// It uses a part of the template language that is not for mails.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// It cannot be filled with sample data.
    #[error("cannot be filled: {0}")]
    Unfillable(String),
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
}

/// A filled template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// The subject, for mails that have one of their own.
    pub(super) subject: Option<String>,
    /// The plain text.
    pub(super) text: String,
    /// The HTML.
    pub(super) html: String,
}

/// All templates, ready to be filled.
pub struct Templates {
    /// Templates of plain text, in which nothing is escaped.
    text: Handlebars<'static>,
    /// Templates of HTML, in which every value is escaped.
    html: Handlebars<'static>,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}

impl Templates {
    /// Reads the shipped templates and, in the place of those of the same path, the desk's own.
    pub fn compile(files: &[TemplateFile]) -> Result<Templates, Vec<TemplateError>> {
        let mut sources: BTreeMap<&str, &str> = SHIPPED.iter().copied().collect();
        let mut errors = Vec::new();
        for file in files {
            let path = file.path.as_str();
            let is_partial = path.strip_prefix(PARTIALS).is_some_and(|name| {
                name.rsplit_once('.').is_some_and(|(name, kind)| !name.is_empty() && matches!(kind, "txt" | "html"))
            });
            if is_partial || named(path).is_some() || sources.contains_key(path) {
                sources.insert(path, &file.text);
            } else {
                let known: Vec<String> = SHIPPED.iter().map(|(path, _)| (*path).to_owned()).collect();
                let what = TemplateFault::UnknownFile { meant: lint::nearest(path, &known), known };
                errors.push(TemplateError { path: path.to_owned(), line: 1, column: 1, what });
            }
        }
        let mut parsed = BTreeMap::new();
        for (path, text) in &sources {
            match Template::compile(text) {
                Ok(template) => drop(parsed.insert((*path).to_owned(), template)),
                Err(error) => errors.push(syntax_error(path, text, &error)),
            }
        }
        for (path, other) in lint::halves(&sources.keys().copied().collect::<Vec<_>>()) {
            errors.push(TemplateError { path, line: 1, column: 1, what: TemplateFault::Half { other } });
        }
        lint::check(&parsed, &sources.keys().copied().collect::<Vec<_>>(), &mut errors);
        if errors.is_empty() {
            let templates = Self::register(parsed);
            templates.try_all(&mut errors);
            if errors.is_empty() {
                return Ok(templates);
            }
        }
        errors.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
        // A partial is read once for each mail that includes it; one report of a place is enough.
        errors.dedup_by(|a, b| {
            let place = |error: &TemplateError| (error.path.clone(), error.line, error.column);
            place(a) == place(b) && std::mem::discriminant(&a.what) == std::mem::discriminant(&b.what)
        });
        Err(errors)
    }

    fn register(mut parsed: BTreeMap<String, Template>) -> Self {
        inline::expand(&mut parsed);
        let mut text = Handlebars::new();
        text.register_escape_fn(handlebars::no_escape);
        let mut html = Handlebars::new();
        html.register_helper("paragraphs", Box::new(write_paragraphs));
        for registry in [&mut text, &mut html] {
            registry.set_strict_mode(true);
        }
        for (path, mut template) in parsed {
            let partial = path.strip_prefix(PARTIALS);
            let Some((name, kind)) = partial.unwrap_or(&path).rsplit_once('.') else { continue };
            let is_html = kind == "html";
            let registry = if is_html { &mut html } else { &mut text };
            if partial.is_none() {
                direct::shorten(&mut template, is_html, registry);
            }
            registry.register_template(name, template);
        }
        Self { text, html }
    }

    /// Fills every template with sample data, which finds what reading alone cannot.
    fn try_all(&self, errors: &mut Vec<TemplateError>) {
        for purpose in Purpose::ALL.iter().copied() {
            let own = if purpose == Purpose::Acknowledgement { self.acknowledgements() } else { Vec::new() };
            let variants = || std::iter::once(None).chain(own.iter().map(|name| Some(name.as_str())));
            let filled =
                sample::fields(purpose).into_iter().flat_map(|fields| variants().map(move |v| (fields.clone(), v)));
            for (fields, variant) in filled {
                if let Err((path, error)) = self.fill(purpose, variant, fields) {
                    let (line, column) = (error.line_no.unwrap_or(1), error.column_no.unwrap_or(1));
                    let what = TemplateFault::Unfillable(error.reason().to_string());
                    errors.push(TemplateError { path, line, column, what });
                }
            }
        }
    }

    /// Fills the templates of one mail.
    pub(super) fn render(
        &self,
        purpose: Purpose,
        variant: Option<&str>,
        fields: Fields,
    ) -> Result<Filled, ComposeError> {
        self.fill(purpose, variant, fields)
            .map_err(|(path, error)| ComposeError::Template { path, why: error.reason().to_string() })
    }

    /// The names of the acknowledgements that the desk has beside the usual one.
    pub fn acknowledgements(&self) -> Vec<String> {
        let folder = format!("{}/", Purpose::Acknowledgement.as_str());
        let mut names: Vec<String> =
            self.text.get_templates().keys().filter_map(|name| Some(name.strip_prefix(&folder)?.to_owned())).collect();
        names.retain(|name| name != BODY);
        names.sort();
        names
    }

    fn fill(
        &self,
        purpose: Purpose,
        variant: Option<&str>,
        fields: Fields,
    ) -> Result<Filled, (String, handlebars::RenderError)> {
        let folder = purpose.as_str();
        let context = Context::from(serde_json::Value::Object(fields.0));
        let fill = |registry: &Handlebars<'static>, name: &str, kind: &str| {
            let name = format!("{folder}/{name}");
            registry.render_with_context(&name, &context).map_err(|error| (format!("{name}.{kind}"), error))
        };
        let has_subject = self.text.has_template(&format!("{folder}/subject"));
        let subject = if has_subject { Some(fill(&self.text, "subject", "txt")?) } else { None };
        // One that was taken away since is no reason to send nothing.
        let is_there = |name: &&str| self.text.has_template(&format!("{folder}/{name}"));
        let body = variant.filter(is_there).unwrap_or(BODY);
        Ok(Filled { subject, text: fill(&self.text, body, "txt")?, html: fill(&self.html, body, "html")? })
    }
}

/// The helper `paragraphs`: somebody's words as HTML.
fn write_paragraphs(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let text = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("paragraphs", 0))?;
    out.write(&paragraphs(&text.value().render()))?;
    Ok(())
}

fn syntax_error(path: &str, text: &str, error: &handlebars::TemplateError) -> TemplateError {
    let end = || (text.lines().count().max(1), text.lines().last().map_or(1, |line| line.chars().count() + 1));
    let (line, column) = error.pos().unwrap_or_else(end);
    let what = match error.reason() {
        TemplateErrorReason::MismatchingClosedHelper(opened, closed)
        | TemplateErrorReason::MismatchingClosedDecorator(opened, closed) => {
            format!("`{{{{#{opened}}}}}` is open here, and `{{{{/{closed}}}}}` closes something else")
        }
        _ => "this is no template: a value is `{{name}}`, a condition `{{#if name}} … {{else}} … {{/if}}`, a list \
              `{{#each names}} … {{/each}}`; is something not closed?"
            .to_owned(),
    };
    TemplateError { path: path.to_owned(), line, column: column.max(1), what: TemplateFault::Syntax(what) }
}

#[cfg(test)]
mod tests;
