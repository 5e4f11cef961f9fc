//! Looks up what a template names without copying it, where that is all a place in a template does.
//!
//! For each `{{name}}` the library copies the name, its path, the value and the escaped value; for `{{#if name}}`
//! all but the last. So each name gets a helper of ours that writes the value, or chooses the branch, straight from
//! the data of the mail. Whatever else a template does, the library does.

use crate::compose::words::escape_into;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonRender, JsonTruthy, Output, RenderContext,
    RenderErrorReason, Renderable, Template,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is done with the value of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// It is written as it is: `{{name}}` in text.
    Write,
    /// It is written so that it is no markup: `{{name}}` in HTML.
    WriteEscaped,
    /// It decides: `{{#if name}}`.
    If,
    /// It decides the other way round: `{{#unless name}}`.
    Unless,
}

/// The helper for one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Direct {
    name: String,
    usage: Use,
}

/// Makes the simple places of a template direct, and notes the helpers that it takes from then on.
///
/// A template that still includes a partial is left alone: the partial may be indented, and only the library can
/// indent values.
pub(super) fn shorten(template: &mut Template, is_html: bool, helpers: &mut BTreeSet<Direct>) {
    if !has_partials(template) {
        inside(template, if is_html { Use::WriteEscaped } else { Use::Write }, helpers);
    }
}

fn has_partials(template: &Template) -> bool {
    template.elements.iter().any(|element| match element {
        TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => true,
        TemplateElement::HelperBlock(block) => block.template.iter().chain(&block.inverse).any(has_partials),
        _ => false,
    })
}

fn inside(template: &mut Template, write: Use, helpers: &mut BTreeSet<Direct>) {
    for element in &mut template.elements {
        if let TemplateElement::Expression(place) = element
            && let Some(direct) = written(place, write)
        {
            place.name = Parameter::Name(direct.key());
            // An expression would be looked up twice: is there such a helper, and which one.
            *element = TemplateElement::HelperBlock(place.clone());
            helpers.insert(direct);
        } else if let TemplateElement::HelperBlock(block) = element {
            if let Some(direct) = decided(block) {
                block.name = Parameter::Name(direct.key());
                block.params.clear();
                helpers.insert(direct);
            }
            let branches = block.template.as_mut().into_iter().chain(&mut block.inverse);
            branches.for_each(|branch| inside(branch, write, helpers));
        }
    }
}

/// The helper for `{{name}}`.
fn written(place: &HelperTemplate, usage: Use) -> Option<Direct> {
    let is_bare = place.params.is_empty() && place.hash.is_empty();
    is_bare.then(|| simple_name(&place.name)).flatten().map(|name| Direct { name, usage })
}

/// The helper for `{{#if name}}` or `{{#unless name}}`.
fn decided(block: &HelperTemplate) -> Option<Direct> {
    let usage = match block.name.as_name()? {
        "if" => Use::If,
        "unless" => Use::Unless,
        _ => return None,
    };
    match block.params.as_slice() {
        [name] if block.hash.is_empty() => simple_name(name).map(|name| Direct { name, usage }),
        _ => None,
    }
}

/// A name that is one field of what is around it, or a counter of the list.
fn simple_name(parameter: &Parameter) -> Option<String> {
    let name = parameter.as_name()?;
    let word = name.strip_prefix('@').unwrap_or(name);
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (is_word && word != "this" && name != "@root").then(|| name.to_owned())
}

impl Direct {
    /// The name of the helper, which nobody can write in a template.
    pub(super) fn key(&self) -> String {
        format!("{:?} {}", self.usage, self.name)
    }
}

impl HelperDef for Direct {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let value = look_up(&self.name, context.data(), render);
        let branch = match self.usage {
            Use::Write | Use::WriteEscaped => {
                let value = value.ok_or_else(|| RenderErrorReason::MissingVariable(Some(self.name.clone())))?;
                return write(value, self.usage == Use::WriteEscaped, out);
            }
            Use::If | Use::Unless => value.is_some_and(|value| value.is_truthy(false)) == (self.usage == Use::If),
        };
        let template = if branch { helper.template() } else { helper.inverse() };
        template.map_or(Ok(()), |template| template.render(registry, context, render, out))
    }
}

/// The value of a name where the template is being filled: of a field of the mail, or of a list's item.
fn look_up<'v>(name: &str, data: &'v Value, render: &'v RenderContext<'_, '_>) -> Option<&'v Value> {
    let block = render.block()?;
    if let Some(counter) = name.strip_prefix('@') {
        return block.get_local_var(counter);
    }
    let scope = block.base_path().iter().try_fold(data, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    });
    block.base_value().or(scope)?.get(name)
}

fn write(value: &Value, is_escaped: bool, out: &mut dyn Output) -> HelperResult {
    let rendered;
    let text = match value {
        Value::String(text) => text,
        other => {
            rendered = other.render();
            &rendered
        }
    };
    if !is_escaped {
        return Ok(out.write(text)?);
    }
    Ok(())
}
