//! The whole text of a mail: the parts that people read, decoded, HTML reduced to lines.

use super::body::{self, Flow, Hints};
use super::decode::{self, find_uuencoded};
use super::limits::MAX_TEXT_BYTES;
use super::parts::{Part, Parts};
use super::{Defect, DefectCode, files, html};
use memchr::memmem;

/// The text of a mail, and what its markup tells of it. Where its parts have none, what is packed in a `winmail.dat` is looked at.
pub(super) fn of(parts: &Parts<'_>, defects: &mut Vec<Defect>) -> (String, Hints) {
    let (mut text, mut hints) = (String::new(), Hints::default());
    for index in parts.texts() {
        push(&mut text, &mut hints, &parts.list[index], defects);
    }
    if text.trim_ascii().is_empty()
        && let Some(packed) = packed(parts)
    {
        body::push_plain(&mut text, &packed, Flow::Fixed);
    }
    (text, hints)
}

fn push(text: &mut String, hints: &mut Hints, part: &Part<'_>, defects: &mut Vec<Defect>) {
    let decoded = part.bytes();
    let mut bytes = decoded.as_ref();
    if bytes.len() > MAX_TEXT_BYTES {
        let detail = format!("a text of {} bytes was cut", bytes.len());
        defects.push(Defect { code: DefectCode::Truncated, detail });
        bytes = &bytes[..MAX_TEXT_BYTES];
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
    let (words, fits) = decode::charset(label, bytes);
    if !fits {
        let label = declared.unwrap_or("none");
        defects
            .push(Defect { code: DefectCode::Charset, detail: format!("the text does not fit its charset, {label}") });
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if is_html || matches!(part.content_type.value.as_str(), "text/enriched" | "text/richtext") {
        let (words, regions) = html::to_text(&words);
        // Some programs put both forms side by side and do not say that they are the same.
        if !is_same(text, &words) {
            hints.add(regions, text.len());
            text.push_str(&words);
        }
    } else {
        body::push_plain(text, &words, Flow::of(&part.content_type));
    }
}

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
            .filter(|text| !text.trim().is_empty())
    })
}
