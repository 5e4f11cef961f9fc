//! What is wrong with a template is found when it is read, all of it at once, with its place.

use super::*;

fn file(path: &str, text: &str) -> TemplateFile {
    TemplateFile { path: path.to_owned(), text: text.to_owned() }
}

/// The errors as people read them, without the lists of what there is.
fn errors(files: &[TemplateFile]) -> Vec<String> {
    let errors = Templates::compile(files).err().unwrap_or_default();
    errors.iter().map(|error| error.to_string().split("; ").next().unwrap().to_owned()).collect()
}

#[test]
fn each_fault_is_found_at_its_place() {
    let body = "acknowledgement/body.txt";
    let cases = [
        ("unknown name", "Hi\n  {{isue}}", "2:3: unknown name `isue`, did you mean `issue`?"),
        ("in a condition", "{{#if\n missing}}x{{/if}}", "1:1: unknown name `missing`"),
        ("in a branch that is not taken", "{{#if issue}}a{{else}}{{zzz}}{{/if}}", "1:23: unknown name `zzz`"),
        ("in the second condition", "{{#if issue}}a{{else if zzz}}b{{/if}}", "1:1: unknown name `zzz`"),
        ("as a parameter", "{{#if (eq severity zzz)}}a{{/if}}", "1:1: unknown name `zzz`"),
        ("of another mail", "{{root_cause}}", "1:1: unknown name `root_cause`"),
        ("below a text", "{{issue.words}}", "1:1: unknown name `issue.words`, did you mean `issue`?"),
        ("this outside a list", "{{this}}", "1:1: unknown name `this`"),
        ("a counter outside a list", "{{@index}}", "1:1: unknown name `@index`"),
        ("unknown helper", "{{upper issue}}", "1:1: unknown helper `upper`"),
        ("helper for HTML in text", "{{paragraphs issue}}", "1:1: unknown helper `paragraphs`"),
        ("unknown block", "{{#with issue}}a{{/with}}", "1:1: unknown helper `with`"),
        ("list of what is no list", "{{#each issue}}a{{/each}}", "1:1: `{{#each name}}` needs a list"),
        ("markup", "{{{issue}}}", "1:1: `{{{name}}}` would put a stranger's words into the mail as markup"),
        ("way up", "{{../issue}}", "1:1: `../` is not for mails"),
        ("unknown partial", "{{> signatur}}", "1:1: unknown partial `signatur`"),
        ("partial by value", "{{> (lookup issue)}}", "1:1: the name of a partial stands in the template: `{{> name}}`"),
        ("decorator", "{{* set x=1}}", "1:1: decorators are not for mails"),
    ];
    let found = cases.map(|(name, text, _)| (name, errors(&[file(body, text)])));
    assert_eq!(found, cases.map(|(name, _, expected)| (name, vec![format!("{body}:{expected}")])));
}

#[test]
fn a_desk_may_have_acknowledgements_of_its_own() {
    let text = |text: &str| file("acknowledgement/night.txt", text);
    let html = || file("acknowledgement/night.html", "<p>{{issue}}</p>");
    assert_eq!(
        errors(&[text("{{isue}}"), html()]),
        ["acknowledgement/night.txt:1:1: unknown name `isue`, did you mean `issue`?"]
    );
    assert_eq!(
        errors(&[text("{{issue}}")]),
        [
            "acknowledgement/night.txt:1:1: there is no acknowledgement/night.html beside it: each acknowledgement has both"
        ]
    );
    assert_eq!(errors(&[file("acknowledgement/subject.txt", "x")]).len(), 1);
    let templates = Templates::compile(&[text("At night: {{issue}}"), html()]).unwrap();
    assert_eq!(templates.acknowledgements(), ["night"]);
    let fields = || sample::fields(Purpose::Acknowledgement)[0].clone();
    let filled = |variant| templates.render(Purpose::Acknowledgement, variant, fields()).unwrap().text;
    assert!(filled(Some("night")).starts_with("At night: "));
    assert_eq!(filled(Some("taken-away")), filled(None));
}

#[test]
fn what_is_no_template_is_explained() {
    for (name, text, place) in [
        ("not closed", "a\n{{#if issue}}\nb", "acknowledgement/body.txt:"),
        ("half a brace", "{{issue}", "acknowledgement/body.txt:1:"),
        ("nothing in it", "{{}}", "acknowledgement/body.txt:1:"),
    ] {
        let found = errors(&[file("acknowledgement/body.txt", text)]);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found[0].starts_with(place) && found[0].contains("this is no template"), "{name}: {found:?}");
    }
    assert_eq!(
        errors(&[file("acknowledgement/body.txt", "{{#if issue}}a{{/each}}")]),
        ["acknowledgement/body.txt:1:15: `{{#if}}` is open here, and `{{/each}}` closes something else"]
    );
}

#[test]
fn all_errors_come_at_once() {
    let found = errors(&[
        file("acknowledgment/body.txt", "x"),
        file("resolution/body.html", "{{{solution}}}\n{{solutoin}}"),
        file("reply/body.txt", "{{#if text}}"),
        file("partials/foot.txt", "{{markr}}"),
    ]);
    let places: Vec<&str> = found.iter().map(|error| error.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "acknowledgment/body.txt:1:1",
            "partials/foot.txt:1:1",
            "reply/body.txt:1:13",
            "resolution/body.html:1:1",
            "resolution/body.html:2:1",
        ],
        "{found:#?}"
    );
    assert!(found[0].ends_with("did you mean `acknowledgement/body.txt`?"), "{}", found[0]);
}

#[test]
fn names_that_may_be_used_are_listed() {
    let errors = Templates::compile(&[file("oversize/subject.txt", "{{sizee}}")]).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "oversize/subject.txt:1:1: unknown name `sizee`, did you mean `size`?; names here are color, desk, greeting, \
         limit, marker, reference, severity, size, status, subject, support_address"
    );
}

#[test]
fn partials_that_include_each_other_are_refused() {
    let found = errors(&[file("partials/a.txt", "{{> b}}"), file("partials/b.txt", "{{#if desk}}{{> a}}{{/if}}")]);
    assert!(found.iter().all(|error| error.contains("partials include each other without an end")), "{found:?}");
    assert_eq!(found.len(), 2);
    let itself = errors(&[file("partials/foot.txt", "{{> foot}}")]);
    assert!(itself[0].starts_with("partials/foot.txt:1:1: partials include each other"), "{itself:?}");
}

#[test]
fn a_template_of_the_desk_takes_the_place_of_the_shipped_one() {
    let files = [
        file("acknowledgement/body.txt", "{{#if (eq severity \"High\")}}Quickly: {{/if}}{{issue}}{{> closing}}"),
        file("partials/closing.txt", " -- {{desk}}"),
    ];
    let templates = Templates::compile(&files).unwrap();
    let [fields, _] = sample::fields(Purpose::Acknowledgement);
    let filled = templates.render(Purpose::Acknowledgement, None, fields).unwrap();
    assert_eq!(filled.text, "Quickly: API calls are refused -- Example Support");
    assert!(filled.html.contains("Thank you for reporting this issue."));
}

#[test]
fn values_are_escaped_in_html_and_nowhere_else() {
    let templates = Templates::compile(&[]).unwrap();
    let [mut fields, _] = sample::fields(Purpose::Acknowledgement);
    fields.0.insert("issue".to_owned(), "<script>alert(\"1 & 2\")</script>".into());
    let filled = templates.render(Purpose::Acknowledgement, None, fields).unwrap();
    assert!(filled.text.contains("Issue: <script>alert(\"1 & 2\")</script>\n"));
    assert!(filled.html.contains("&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;"));
}

#[test]
fn every_shipped_template_file_is_part_of_the_program() {
    let names: Vec<&str> = SHIPPED.iter().map(|(path, _)| *path).collect();
    assert!(names.is_sorted());
    for purpose in Purpose::ALL {
        for name in ["body.txt", "body.html"] {
            assert!(names.contains(&format!("{purpose}/{name}").as_str()), "{purpose}/{name}");
        }
    }
}
