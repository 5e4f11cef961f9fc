//! Reads templates without filling them, and finds what would go wrong only with some mails.
//!
//! Strict mode is blind to names in `{{#if …}}` and to branches that were not taken, and two partials that
//! include each other overflow the stack. So every name in every branch is looked up in sample data, helpers
//! are those of a short list, and partials are followed by name.

use super::{PARTIALS, TemplateError, TemplateFault};
use crate::compose::sample;
use crate::ticket::purpose::Purpose;
use handlebars::Template;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Helpers that take a block.
const BLOCKS: [&str; 3] = ["each", "if", "unless"];

/// Helpers that give a value.
const VALUES: [&str; 10] = ["and", "eq", "gt", "gte", "len", "lt", "lte", "ne", "not", "or"];

/// The helper for somebody's words in HTML.
const PARAGRAPHS: &str = "paragraphs";

/// Where a template begins.
const START: (usize, usize) = (1, 1);

/// How alike two names are from which on one may be a slip of the other.
const ALIKE: f64 = 0.8;

/// The name that is most like this one, if one is.
pub(super) fn nearest(name: &str, known: &[String]) -> Option<String> {
    let score = |other: &String| (strsim::jaro_winkler(name, other), other.clone());
    known.iter().map(score).filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, n)| n)
}

/// The acknowledgements of the desk's own that are there as text or HTML alone, and what is missing beside each.
pub(super) fn halves(paths: &[&str]) -> Vec<(String, String)> {
    let own = paths.iter().filter(|path| super::named(path).is_some());
    let other = |path: &&str| match path.strip_suffix(".txt") {
        Some(name) => format!("{name}.html"),
        None => path.replace(".html", ".txt"),
    };
    let pairs = own.map(|path| ((*path).to_owned(), other(path)));
    pairs.filter(|(_, other)| !paths.contains(&other.as_str())).collect()
}

/// Checks every template against the fields of its mail, and every partial at every place that includes it.
/// `paths` are all templates that there are, also those that could not be read.
pub(super) fn check(parsed: &BTreeMap<String, Template>, paths: &[&str], errors: &mut Vec<TemplateError>) {
    for purpose in Purpose::ALL.iter().copied() {
        // The first sample of each kind is the full one.
        let Some(fields) = sample::fields(purpose).into_iter().next() else { continue };
        let fields = Value::Object(fields.0);
        for (path, template) in parsed {
            let folder = path.split('/').next().unwrap_or_default();
            if folder == purpose.as_str() {
                let mut walk = Walk { parsed, paths, errors, path: path.clone(), within: Vec::new() };
                walk.template(template, &[&fields], START);
            }
        }
    }
    // A partial that nothing includes has no fields to be checked against; what it includes is still followed.
    for (path, template) in parsed.iter().filter(|(path, _)| path.starts_with(PARTIALS)) {
        let mut walk = Walk { parsed, paths, errors, path: path.clone(), within: vec![path.clone()] };
        walk.partials_only(template, START);
    }
}

struct Walk<'a> {
    parsed: &'a BTreeMap<String, Template>,
    paths: &'a [&'a str],
    errors: &'a mut Vec<TemplateError>,
    /// The file being read.
    path: String,
    /// The partials being read, outermost first.
    within: Vec<String>,
}

impl Walk<'_> {
    /// Checks a template, or a part of one that begins at `outer`.
    fn template(&mut self, template: &Template, scopes: &[&Value], outer: (usize, usize)) {
        for (element, at) in elements(template, outer) {
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(helper) => self.expression(helper, scopes, at),
                TemplateElement::HelperBlock(block) => self.block(block, scopes, at),
                TemplateElement::PartialExpression(partial) => self.partial(partial, Some(scopes), at),
                other => self.refuse(other, at),
            }
        }
    }

    fn refuse(&mut self, element: &TemplateElement, at: (usize, usize)) {
        let why = match element {
            TemplateElement::HtmlExpression(_) => {
                "`{{{name}}}` would put a stranger's words into the mail as markup; write `{{name}}`, or \
                 `{{paragraphs name}}` for a longer text"
            }
            TemplateElement::PartialBlock(_) => "a partial has no block; write `{{> name}}`",
            _ => "decorators are not for mails",
        };
        self.report(at, TemplateFault::NotAllowed(why));
    }

    /// A place where a value is written: a name, or a helper with its parameters.
    fn expression(&mut self, helper: &HelperTemplate, scopes: &[&Value], at: (usize, usize)) {
        if helper.params.is_empty() && helper.hash.is_empty() {
            self.parameter(&helper.name, scopes, at);
            return;
        }
        let name = helper.name.as_name().unwrap_or_default();
        let is_paragraphs = name == PARAGRAPHS && self.path.ends_with(".html");
        if !is_paragraphs && !VALUES.contains(&name) {
            let known = VALUES.iter().copied().chain(self.path.ends_with(".html").then_some(PARAGRAPHS));
            let known = known.map(str::to_owned).collect();
            self.report(at, TemplateFault::UnknownHelper { name: name.to_owned(), known });
        }
        for parameter in helper.params.iter().chain(helper.hash.values()) {
            self.parameter(parameter, scopes, at);
        }
    }

    fn block(&mut self, block: &HelperTemplate, scopes: &[&Value], at: (usize, usize)) {
        let name = block.name.as_name().unwrap_or_default();
        if !BLOCKS.contains(&name) {
            let known = BLOCKS.map(str::to_owned).to_vec();
            self.report(at, TemplateFault::UnknownHelper { name: name.to_owned(), known });
            return;
        }
        if block.block_param.is_some() {
            self.report(at, TemplateFault::NotAllowed("`as |name|` is not for mails; an item is `{{this}}`"));
            return;
        }
        for parameter in block.params.iter().chain(block.hash.values()) {
            self.parameter(parameter, scopes, at);
        }
        let item = (name == "each").then(|| self.item(block, scopes, at));
        match (item, &block.template) {
            (Some(Some(item)), Some(template)) => {
                let inner: Vec<&Value> = scopes.iter().copied().chain([&item]).collect();
                self.template(template, &inner, at);
            }
            (None, Some(template)) => self.template(template, scopes, at),
            _ => {}
        }
        if let Some(template) = &block.inverse {
            self.template(template, scopes, at);
        }
    }

    /// The first item of the list that an `each` goes through.
    fn item(&mut self, block: &HelperTemplate, scopes: &[&Value], at: (usize, usize)) -> Option<Value> {
        let name = block.params.first().and_then(Parameter::as_name)?;
        match look_up(name, scopes)? {
            Value::Array(items) => items.first().cloned(),
            _ => {
                self.report(at, TemplateFault::NotAllowed("`{{#each name}}` needs a list"));
                None
            }
        }
    }

    fn parameter(&mut self, parameter: &Parameter, scopes: &[&Value], at: (usize, usize)) {
        match parameter {
            Parameter::Literal(_) => {}
            Parameter::Subexpression(inner) => {
                if let TemplateElement::Expression(helper) = inner.as_element() {
                    self.expression(helper, scopes, at);
                }
            }
            _ => self.name(parameter.as_name().unwrap_or_default(), scopes, at),
        }
    }

    fn name(&mut self, name: &str, scopes: &[&Value], at: (usize, usize)) {
        if name.contains("..") {
            self.report(at, TemplateFault::NotAllowed("`../` is not for mails; write `@root.name`"));
        } else if look_up(name, scopes).is_none() {
            let known = names(scopes);
            let what = TemplateFault::UnknownName { name: name.to_owned(), meant: nearest(name, &known), known };
            self.report(at, what);
        }
    }

    /// Follows a partial; with `scopes`, its names are checked as well.
    fn partial(&mut self, partial: &DecoratorTemplate, scopes: Option<&[&Value]>, at: (usize, usize)) {
        let Some(name) = partial.name.as_name().filter(|name| !name.starts_with('@')) else {
            self.report(at, TemplateFault::NotAllowed("the name of a partial stands in the template: `{{> name}}`"));
            return;
        };
        if !partial.params.is_empty() || !partial.hash.is_empty() {
            self.report(at, TemplateFault::NotAllowed("a partial takes no parameters; it sees all names"));
            return;
        }
        let kind = if self.path.ends_with(".html") { ".html" } else { ".txt" };
        let path = format!("{PARTIALS}{name}{kind}");
        if self.within.contains(&path) {
            let mut cycle = self.within.clone();
            cycle.push(path);
            self.report(at, TemplateFault::Cycle(cycle));
            return;
        }
        if !self.paths.contains(&path.as_str()) {
            let partials = self.paths.iter().filter_map(|path| path.strip_prefix(PARTIALS)?.strip_suffix(kind));
            let known = partials.map(str::to_owned).collect();
            self.report(at, TemplateFault::UnknownPartial { name: name.to_owned(), known });
            return;
        }
        let parsed = self.parsed;
        // A partial that could not be read has been reported already.
        let Some(template) = parsed.get(&path) else { return };
        let outer = std::mem::replace(&mut self.path, path.clone());
        self.within.push(path);
        match scopes {
            Some(scopes) => self.template(template, scopes, START),
            None => self.partials_only(template, START),
        }
        self.within.pop();
        self.path = outer;
    }

    fn partials_only(&mut self, template: &Template, outer: (usize, usize)) {
        for (element, at) in elements(template, outer) {
            match element {
                TemplateElement::PartialExpression(partial) => self.partial(partial, None, at),
                TemplateElement::HelperBlock(block) => {
                    for inner in block.template.iter().chain(&block.inverse) {
                        self.partials_only(inner, at);
                    }
                }
                _ => {}
            }
        }
    }

    fn report(&mut self, (line, column): (usize, usize), what: TemplateFault) {
        self.errors.push(TemplateError { path: self.path.clone(), line, column, what });
    }
}

/// The elements of a template with their places. `{{else if …}}` makes one that has no place of its own and
/// stands at that of its block.
fn elements(template: &Template, outer: (usize, usize)) -> impl Iterator<Item = (&TemplateElement, (usize, usize))> {
    let place = move |nth: usize| template.mapping.get(nth).map_or(outer, |place| (place.0, place.1));
    template.elements.iter().enumerate().map(move |(nth, element)| (element, place(nth)))
}

/// What a name stands for at a place; the last scope is the nearest.
fn look_up<'v>(name: &str, scopes: &[&'v Value]) -> Option<&'v Value> {
    static COUNTER: Value = Value::Null;
    let is_in_list = scopes.len() > 1;
    if matches!(name, "@index" | "@first" | "@last") {
        return is_in_list.then_some(&COUNTER);
    }
    let (mut value, rest) = match name.strip_prefix("@root.") {
        Some(rest) => (*scopes.first()?, rest),
        None => {
            let rest = name.strip_prefix("this.").or_else(|| name.strip_prefix("./")).unwrap_or(name);
            (*scopes.last()?, rest)
        }
    };
    if rest == "this" {
        return is_in_list.then_some(value);
    }
    for step in rest.split('.') {
        value = value.as_object()?.get(step)?;
    }
    Some(value)
}

fn names(scopes: &[&Value]) -> Vec<String> {
    let keys = |value: &Value| value.as_object().map(Map::keys).into_iter().flatten().cloned().collect::<Vec<_>>();
    match scopes {
        [root] => keys(root),
        [root, .., item] => {
            let of_item = if item.is_object() { keys(item) } else { vec!["this".to_owned()] };
            of_item.into_iter().chain(keys(root).into_iter().map(|name| format!("@root.{name}"))).collect()
        }
        [] => Vec::new(),
    }
}
