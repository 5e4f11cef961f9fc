//! The whole text of a mail: the parts that people read, decoded, HTML reduced to lines.

mod clearsign;
mod enriched;

use super::body::{self, Flow, Hints};
use super::decode::{self, find_uuencoded};
use super::limits::MAX_TEXT_BYTES;
use super::parts::{Part, Parts};
use super::{Defect, DefectCode, files, html, tnef};
use memchr::memmem;

/// The text of a mail, and what its markup tells of it. Where its parts have none, what is packed in a `winmail.dat` is looked at.
pub(super) fn of(parts: &Parts<'_>, defects: &mut Vec<Defect>) -> (String, Hints) {
    let (mut text, mut hints) = (String::new(), Hints::default());
    for index in parts.texts() {
        let part = &parts.list[index];
        let page = if is_about_pages(part) { parts.page_beside(index).map(|page| &parts.list[page]) } else { None };
        push(&mut text, &mut hints, page.unwrap_or(part), parts.hint.as_deref(), defects);
    }
    if text.trim_ascii().is_empty()
        && let Some(packed) = packed(parts)
    {
        body::push_plain(&mut text, &packed, Flow::Fixed);
    }
    (text, hints)
}

fn push(text: &mut String, hints: &mut Hints, part: &Part<'_>, charset: Option<&str>, defects: &mut Vec<Defect>) {
    let decoded = part.bytes();
    let mut bytes = decoded.as_ref();
    // The limit is that of all texts together.
    let most = MAX_TEXT_BYTES.saturating_sub(text.len());
    if bytes.len() > most {
        let detail = format!("a text of {} bytes was cut", bytes.len());
        defects.push(Defect { code: DefectCode::Truncated, detail });
        bytes = &bytes[..most];
    }
    let without_files;
    if part.may_hold_uuencoded() {
        without_files = cut_uuencoded(bytes);
        bytes = &without_files;
    }
    let is_html = part.is_html() || is_page(bytes);
    let declared = part.content_type.parameter("charset");
    // A page may say itself what its part does not say.
    let label = declared.or_else(|| if is_html { charset_of_page(bytes) } else { None });
    let (words, fits) = decode::charset_as(label, bytes, charset);
    if !fits {
        let label = declared.unwrap_or("none");
        defects
            .push(Defect { code: DefectCode::Charset, detail: format!("the text does not fit its charset, {label}") });
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if is_html || part.is_enriched() {
        let (words, regions) = html::to_text(&if is_html { words } else { enriched::to_html(&words).into() });
        // Some programs put both forms side by side and do not say that they are the same.
        if !is_same(text, &words) {
            hints.add(regions, text.len());
            text.push_str(&words);
        }
    } else {
        body::push_plain(text, &clearsign::armour_off(&words), Flow::of(&part.content_type));
    }
}

/// Whether a text does nothing but say that its reader shows no pages: `Your client does not support HTML`.
fn is_about_pages(part: &Part<'_>) -> bool {
    if part.is_html() || part.body.len() > MAX_ABOUT_PAGES_BYTES {
        return false;
    }
    let words = String::from_utf8_lossy(&part.bytes()).to_lowercase();
    words.contains("html") && ABOUT_PAGES.iter().any(|phrase| words.contains(phrase))
}

/// Bytes of a text that may be no more than that.
const MAX_ABOUT_PAGES_BYTES: usize = 400;

/// What such texts speak of beside HTML, in lower case.
const ABOUT_PAGES: [&str; 20] = [
    "html viewer",
    "html reader",
    "requires html",
    "requires an html",
    "html enabled",
    "html-enabled",
    "html version",
    "does not support",
    "doesn't support",
    "not able to display",
    "cannot display",
    "can't display",
    "unable to view",
    "to view this",
    "html-capable",
    "html compatible",
    "html-fähig",
    "nicht darstellen",
    "ne prend pas en charge",
    "no soporta",
];

/// Whether a text is a page, though its part says nothing of it: scripts forget the field.
fn is_page(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let is = |word: &[u8]| start.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    is(b"<html") || is(b"<!doctype html")
}

/// Whether two texts have the same words.
fn is_same(one: &str, other: &str) -> bool {
    !one.is_empty() && one.split_whitespace().eq(other.split_whitespace())
}

fn cut_uuencoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for file in find_uuencoded(bytes) {
        out.extend_from_slice(&bytes[at..file.range.start]);
        at = file.range.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// The charset in the `meta` element of a page.
fn charset_of_page(bytes: &[u8]) -> Option<&str> {
    let start = &bytes[..bytes.len().min(MAX_META_BYTES)];
    let at = [&b"charset="[..], b"CHARSET=", b"Charset="].iter().find_map(|word| memmem::find(start, word))?;
    let rest = &start[at + 8..];
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.')))?;
    std::str::from_utf8(&rest[..end]).ok().filter(|label| !label.is_empty())
}

/// Bytes of a page in which its charset is looked for.
const MAX_META_BYTES: usize = 2_048;

/// The text in a `winmail.dat`.
fn packed(parts: &Parts<'_>) -> Option<String> {
    parts.files().find_map(|index| {
        let contents = files::opened(&parts.list[index])?;
        contents
            .text
            .or_else(|| contents.html.map(|html| html::to_text(&html).0))
            .or_else(|| contents.rtf.map(|rtf| words_of(&rtf)))
            .filter(|text| !text.trim().is_empty())
    })
}

/// The words of an RTF text, which may hold a page.
fn words_of(rtf: &[u8]) -> String {
    let words = tnef::words_of(rtf);
    if words.is_page { html::to_text(&words.text).0 } else { words.text }
}

#[cfg(test)]
mod tests {
    use super::super::fields::{Of, split};
    use super::super::parts;
    use super::*;

    fn text(raw: &str) -> String {
        super::of(&parts::read(raw.as_bytes(), split(raw.as_bytes(), Of::Message)), &mut Vec::new()).0
    }

    #[test]
    fn a_text_that_is_only_about_pages_gives_way_to_the_page() {
        let mail = |plain: &str| {
            text(&format!(
                "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n{plain}\n--b\nContent-Type: text/html\n\n\
                 It burns.\n--b--\n"
            ))
        };
        let about = "Your mail program does not support HTML.";
        let cases = [
            (about.to_string(), true),
            ("Diese Nachricht kann Ihr Programm nicht darstellen (HTML).".to_string(), true),
            ("You need an HTML viewer for this.".to_string(), true),
            ("Please read the HTML version of this message.".to_string(), true),
            ("The page has a fault in its HTML.".to_string(), false),
            ("It burns and smokes.".to_string(), false),
            (format!("{about}{}", "x".repeat(MAX_ABOUT_PAGES_BYTES - about.len())), true),
            (format!("{about}{}", "x".repeat(MAX_ABOUT_PAGES_BYTES + 1 - about.len())), false),
        ];
        for (plain, is_page) in cases {
            assert_eq!(mail(&plain).trim() == "It burns.", is_page, "{plain}");
        }
        assert_eq!(text(&format!("Subject: x\n\n{about}\n")).trim(), about, "there is no page");
    }

    #[test]
    fn words_that_are_packed_with_their_looks_only_are_read_out_of_them() {
        let plain =
            "eJ8+IgEAAQOQBgA8AAAAAQAAAAIBCRABAAAALAAAACgAAAAcAAAATUVMQQAAAAB7XHJ0ZjEgSXQgXGIgYnVybnNcYjAgLlxwYXJ9Xgs=";
        let page = "eJ8+IgEAAQOQBgBgAAAAAQAAAAIBCRABAAAAUAAAAEwAAABAAAAATUVMQQAAAAB7XHJ0ZjFcZnJvbWh0bWwxIHtcKlxodG1sdGFnNjQgPHA+fUl0IGJ1cm5zLntcKlxodG1sdGFnNzIgPC9wPn194Rg=";
        for packed in [plain, page] {
            let raw = format!("Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n{packed}\n");
            assert_eq!(text(&raw).trim(), "It burns.");
        }
    }

    #[test]
    fn a_page_may_tell_its_charset_on_top() {
        for (end, is_found) in [(MAX_META_BYTES, true), (MAX_META_BYTES + 1, false)] {
            let meta = "charset=koi8-r\"";
            let page = format!("{}{meta}>", "x".repeat(end - meta.len()));
            assert_eq!(charset_of_page(page.as_bytes()).is_some(), is_found, "{end}");
        }
    }
}
