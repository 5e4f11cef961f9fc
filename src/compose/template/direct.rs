//! Looks up what a template names without copying it, where that is all a place in a template does.
//!
//! For each `{{name}}` the library copies the name, its path, the value and the escaped value; for `{{#if name}}`
//! all but the last. So each name gets a helper of ours that writes the value, or chooses the branch, straight from
//! the data of the mail. Whatever else a template does, the library does.

use crate::compose::words::write_with_entities;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonRender, JsonTruthy, Output, RenderContext,
    RenderErrorReason, Renderable, Template,
};
use serde_json::Value;
use std::borrow::Cow;

/// What is done with the value of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
struct Direct {
    name: String,
    usage: Use,
}

/// Makes the simple places of a template direct, and registers the helpers that they take from then on.
///
/// A template that still includes a partial is left alone: the partial may be indented, and only the library can
/// indent what is written in it.
pub(super) fn shorten(template: &mut Template, is_html: bool, registry: &mut Handlebars<'static>) {
    if !has_partials(template) {
        inside(template, if is_html { Use::WriteEscaped } else { Use::Write }, registry);
    }
}

fn has_partials(template: &Template) -> bool {
    template.elements.iter().any(|element| match element {
        TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => true,
        TemplateElement::HelperBlock(block) => block.template.iter().chain(&block.inverse).any(has_partials),
        _ => false,
    })
}

fn inside(template: &mut Template, write: Use, registry: &mut Handlebars<'static>) {
    for element in &mut template.elements {
        if let TemplateElement::Expression(place) = element
            && let Some(direct) = written(place, write)
        {
            place.name = direct.register(registry);
            // Of an expression, the library asks first whether there is such a helper, and then which one.
            *element = TemplateElement::HelperBlock(place.clone());
        } else if let TemplateElement::HelperBlock(block) = element {
            if let Some(direct) = decided(block) {
                block.name = direct.register(registry);
                block.params.clear();
            }
            let branches = block.template.as_mut().into_iter().chain(&mut block.inverse);
            branches.for_each(|branch| inside(branch, write, registry));
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

/// A name that is one field of what is around it, that itself, or a counter of the list.
fn simple_name(parameter: &Parameter) -> Option<String> {
    let name = parameter.as_name()?;
    let word = name.strip_prefix('@').unwrap_or(name);
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (is_word && name != "@root").then(|| name.to_owned())
}

impl Direct {
    /// Makes the helper known by a name that nobody can write in a template.
    fn register(self, registry: &mut Handlebars<'static>) -> Parameter {
        // Short, because the library hashes it for each place.
        let mark = match self.usage {
            Use::Write | Use::WriteEscaped => '=',
            Use::If => '?',
            Use::Unless => '!',
        };
        let name = format!("{mark} {}", self.name);
        registry.register_helper(&name, Box::new(self));
        Parameter::Name(name)
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
    let at_path = || {
        block.base_path().iter().try_fold(data, |value, step| match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            value => value.get(step),
        })
    };
    let around = block.base_value().or_else(at_path)?;
    if name == "this" { Some(around) } else { around.get(name) }
}

fn write(value: &Value, is_escaped: bool, out: &mut dyn Output) -> HelperResult {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.render()),
    };
    if is_escaped && text.bytes().any(|byte| entity(byte).is_some()) {
        let mut html = String::with_capacity(2 * text.len());
        write_with_entities(&mut html, &text, entity);
        return Ok(out.write(&html)?);
    }
    Ok(out.write(&text)?)
}

/// What the library writes for a byte that could be markup.
fn entity(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#x27;"),
        b'`' => Some("&#x60;"),
        b'=' => Some("&#x3D;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_shortened_template_is_filled_as_before() {
        let data = json!({
            "text": "a <b> \"c\" & 'd' `e` = é", "empty": "", "no": false, "yes": true, "number": 0,
            "names": ["x<", "y"], "rows": [{ "text": "one", "is_late": true }, { "text": "two&", "is_late": false }],
        });
        let cases = [
            ("values", "{{text}}|{{empty}}|{{yes}}|{{number}}|{{names}}"),
            ("conditions", "{{#if text}}a{{/if}}{{#if empty}}b{{else}}c{{/if}}{{#if number}}d{{else}}e{{/if}}"),
            ("chained conditions", "{{#if no}}a{{else if empty}}b{{else if yes}}c{{text}}{{else}}d{{/if}}"),
            ("the other way round", "{{#unless no}}a{{text}}{{/unless}}{{#unless text}}b{{else}}c{{/unless}}"),
            ("zero", "{{#if number includeZero=true}}a{{else}}b{{/if}}"),
            ("items", "{{#each names}}{{@index}} {{this}}{{#if this}}!{{/if}}{{#unless @last}}, {{/unless}}{{/each}}"),
            (
                "fields of items",
                "{{#each rows}}\n{{#if @first}}- {{/if}}{{text}}{{#if is_late}} late{{/if}}\n{{/each}}",
            ),
            ("around items", "{{#each rows}}{{@root.text}} {{text}} {{this.text}} {{./text}}{{/each}}{{text}}"),
            (
                "lists in lists",
                "{{#each names}}{{#each @root.rows}}{{text}}{{#each @root.names}}{{this}}{{/each}}{{/each}}{{/each}}",
            ),
            ("calls", "{{#if (eq text \"a\")}}a{{else}}{{len names}}{{/if}}"),
            ("partial", "{{text}}\n  {{> p}}\n{{text}}"),
            ("unknown", "{{#if text}}\n {{unknown}}{{/if}}"),
            ("unknown condition", "{{#if unknown}}a{{else}}b{{/if}}"),
            ("unknown in items", "{{#each names}}{{text}}{{/each}}"),
        ];
        for (name, text) in cases {
            for is_html in [false, true] {
                let [before, after] = [false, true].map(|is_short| {
                    let mut registry = Handlebars::new();
                    registry.set_strict_mode(true);
                    if !is_html {
                        registry.register_escape_fn(handlebars::no_escape);
                    }
                    let mut template = Template::compile(text).unwrap();
                    if is_short {
                        shorten(&mut template, is_html, &mut registry);
                    }
                    registry.register_template("t", template);
                    registry.register_template("p", Template::compile("1 {{text}}\n2 {{text}}\n").unwrap());
                    registry.render("t", &data).map_err(|error| error.to_string())
                });
                assert_eq!(after, before, "{name}, HTML: {is_html}");
            }
        }
    }
}
