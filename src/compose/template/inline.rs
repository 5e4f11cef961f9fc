//! Puts partials into the templates that include them, once, when they are read.
//!
//! The library copies every value of a mail for each partial that it fills. Ours take no arguments, so that what
//! stands in a partial's place is the partial.

use super::PARTIALS;
use handlebars::Template;
use handlebars::template::{DecoratorTemplate, Parameter, TemplateElement};
use std::collections::BTreeMap;

/// Expands every template. Partials must not include each other in a circle.
pub(super) fn expand(templates: &mut BTreeMap<String, Template>) {
    let originals = templates.clone();
    for (path, template) in templates {
        let Some((_, kind)) = path.rsplit_once('.') else { continue };
        inside(template, &|name| originals.get(&format!("{PARTIALS}{name}.{kind}")));
    }
}

fn inside<'t>(template: &mut Template, partial: &dyn Fn(&str) -> Option<&'t Template>) {
    let elements = std::mem::take(&mut template.elements);
    let places = std::mem::take(&mut template.mapping);
    for (mut element, place) in elements.into_iter().zip(places) {
        if let TemplateElement::PartialExpression(included) = &element
            && let Some(original) = plain_name(included).and_then(partial)
        {
            let mut expanded = original.clone();
            inside(&mut expanded, partial);
            template.elements.extend(expanded.elements);
            template.mapping.extend(expanded.mapping);
            continue;
        }
        if let TemplateElement::HelperBlock(block) = &mut element {
            let branches = block.template.as_mut().into_iter().chain(&mut block.inverse);
            branches.for_each(|branch| inside(branch, partial));
        }
        template.elements.push(element);
        template.mapping.push(place);
    }
}

/// The name of a partial that is included as it is: no arguments, nothing between, no indentation.
fn plain_name(included: &DecoratorTemplate) -> Option<&str> {
    let is_plain = included.params.is_empty()
        && included.hash.is_empty()
        && included.template.is_none()
        && included.indent.as_ref().is_none_or(String::is_empty);
    match &included.name {
        Parameter::Name(name) if is_plain => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handlebars::Handlebars;
    use serde_json::json;

    #[test]
    fn an_expanded_template_is_filled_as_before() {
        let cases = [
            ("alone on its line", "a\n{{> p}}\nb\n", "1 {{x}}\n"),
            ("within a line", "a {{> p}} b", "1 {{x}}"),
            ("in a block", "{{#if x}}\n{{> p}}\n{{else}}\n{{> p}}\n{{/if}}\nend", "1 {{x}}\n"),
            ("in a loop", "{{#each list}}\n- {{> p}}\n{{/each}}\n", "{{this}}{{#if @first}}!{{/if}}"),
            ("indented", "  {{> p}}\nb", "1\n2 {{x}}\n"),
            ("of its own partial", "{{> p}}|", "{{> q}} {{x}}"),
        ];
        for (name, template, partial) in cases {
            let texts = [("m/body.txt", template), ("partials/p.txt", partial), ("partials/q.txt", "q{{x}}\n")];
            let parsed: BTreeMap<String, Template> =
                texts.iter().map(|(path, text)| ((*path).to_owned(), Template::compile(text).unwrap())).collect();
            let mut expanded = parsed.clone();
            expand(&mut expanded);
            let [before, after] = [parsed, expanded].map(|templates| {
                let mut registry = Handlebars::new();
                for (path, template) in templates {
                    let name = path.strip_prefix(PARTIALS).unwrap_or(&path).trim_end_matches(".txt");
                    registry.register_template(name, template);
                }
                registry.render("m/body", &json!({"x": "X", "list": ["a", "b"]})).unwrap()
            });
            assert_eq!(after, before, "{name}");
        }
    }
}
