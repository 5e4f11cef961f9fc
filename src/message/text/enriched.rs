//! The markup that was there before HTML (RFC 1896, and `text/richtext` of RFC 1341 §7.1.3), as HTML.
//!
//! Its commands look like tags, so most of them stay where they are. What it writes otherwise is written as HTML writes
//! it: a bracket, an ampersand, the ends of lines, quotes, and what is not for people.

use memchr::memmem;

/// A text in this markup → a page.
pub(super) fn to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Inside of `nofill`, lines end where they end in the source.
    let mut is_filled = true;
    while let Some(at) = rest.find(['<', '&', '\n']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(behind) = rest.strip_prefix("<<") {
            out.push_str("&lt;");
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('&') {
            out.push_str("&amp;");
            rest = behind;
        } else if rest.starts_with('\n') {
            let behind = rest.trim_start_matches(['\r', '\n']);
            let ends = rest[..rest.len() - behind.len()].matches('\n').count();
            // One is a blank; of several, there is one less than they are.
            out.push_str(&if is_filled { format!("\n{}", "<br>".repeat(ends - 1)) } else { "\n".repeat(ends) });
            rest = behind;
        } else if let Some((name, written, behind)) = COMMANDS
            .iter()
            .find_map(|(name, written)| after(rest.as_bytes(), name).map(|end| (*name, *written, &rest[end..])))
        {
            out.push_str(written);
            rest = behind;
            match name {
                "nofill" => is_filled = false,
                "/nofill" => is_filled = true,
                "param" => rest = parameter_end(behind),
                _ => {}
            }
        } else {
            out.push('<');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Commands that mean something here, and what HTML has for them.
const COMMANDS: [(&str, &str); 8] = [
    ("/excerpt", "</blockquote>"),
    ("/nofill", "</pre>"),
    ("excerpt", "<blockquote type=\"cite\">"),
    ("lt", "&lt;"),
    ("nl", "<br>"),
    ("nofill", "<pre>"),
    ("np", "<br>"),
    ("param", ""),
];

/// Where the command that `text` begins with ends, if it is this one.
fn after(text: &[u8], name: &str) -> Option<usize> {
    let end = 1 + name.len();
    let is_it = text.get(1..end)?.eq_ignore_ascii_case(name.as_bytes()) && text.get(end) == Some(&b'>');
    is_it.then_some(end + 1)
}

/// What follows a parameter, which is a word or a number for a program; everything, where it has no end.
fn parameter_end(text: &str) -> &str {
    let within = &text.as_bytes()[..text.len().min(MAX_PARAMETER_BYTES)];
    let ends = memmem::find_iter(within, b"</");
    let end = ends.filter_map(|at| after(&within[at..], "/param").map(|end| at + end)).next();
    end.map_or(text, |end| &text[end..])
}

/// Bytes in which a parameter must end.
const MAX_PARAMETER_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::html;

    #[test]
    fn the_markup_before_html_becomes_the_lines_that_people_see() {
        let cases = [
            ("a bracket", "<bold>Is</bold> a <<b> c", "Is a <b> c"),
            ("two brackets", "1 <<<< 2", "1 << 2"),
            ("an ampersand", "Q&amp;A & B", "Q&amp;A & B"),
            ("one end of a line", "One\ntwo", "One two"),
            ("several", "One\r\n\r\nTwo\n\n\nThree", "One\nTwo\n\nThree"),
            ("not filled", "One <nofill>a\n  b</nofill>", "One\na\n  b\n"),
            ("a parameter", "<color><Param>red</Param>One</color>", "One"),
            ("a parameter without end", "<param>One", "One"),
            ("a quote", "Yes<excerpt>It burns.</excerpt>No", "Yes\n> It burns.\nNo"),
            ("its predecessor", "1 <lt> 2<nl>Three", "1 < 2\nThree"),
            ("no command", "1 < 2 <", "1 < 2 <"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(html::to_text(&to_html(text)).0, expected, "{name}");
        }
    }

    #[test]
    fn a_parameter_ends_within_its_limit() {
        let of = |bytes: usize| to_html(&format!("<param>{}</param>", "x".repeat(bytes - "</param>".len())));
        assert_eq!(of(MAX_PARAMETER_BYTES), "");
        assert!(of(MAX_PARAMETER_BYTES + 1).ends_with("</param>"));
    }
}
