//! Plain text parts → lines that end in `\n`, soft line breaks taken out (RFC 3676).

use crate::message::decode::ContentType;

/// Whether soft line breaks are to be taken out (RFC 3676).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::message) enum Flow {
    Fixed,
    Flowed { deletes_space: bool },
}

impl Flow {
    pub fn of(content_type: &ContentType) -> Self {
        let is = |name, value: &str| content_type.parameter(name).is_some_and(|v| v.eq_ignore_ascii_case(value));
        if is("format", "flowed") { Flow::Flowed { deletes_space: is("delsp", "yes") } } else { Flow::Fixed }
    }
}

/// Appends a plain text with `\n` at the end of each line and without control characters.
pub(in crate::message) fn push_plain(out: &mut String, text: &str, flow: Flow) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = out.len();
    out.reserve(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let is_ended = end.is_some();
        let words = &rest[..end.unwrap_or(rest.len())];
        rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
        let words = if is_ended { words.trim_end_matches('\r') } else { words };
        if may_have_controls(words) {
            let kept = words.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\r'));
            out.extend(kept.map(|c| if c == '\r' { '\n' } else { c }));
        } else {
            out.push_str(words);
        }
        if is_ended {
            out.push('\n');
        }
    }
    if let Flow::Flowed { deletes_space } = flow {
        let joined = unflow(&out[start..], deletes_space);
        out.truncate(start);
        out.push_str(&joined);
    }
}

/// Whether to look for control characters in a text one by one: it has some in ASCII, or bytes that begin others.
fn may_have_controls(text: &str) -> bool {
    let is_suspect = |b: u8| (b < b' ' && b != b'\t') || matches!(b, 0x7f | 0xc2);
    // Without a way out of the loop, many bytes are looked at at once.
    text.bytes().fold(false, |so_far, b| so_far | is_suspect(b))
}

/// Joins lines that end in a blank with the next one of the same quote depth (RFC 3676 §4.2 to §4.5).
fn unflow(text: &str, deletes_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let words = line.trim_start_matches('>');
        let depth = line.len() - words.len();
        let words = words.strip_prefix(' ').unwrap_or(words);
        let is_signature = words == "-- ";
        let joins = open == Some(depth) && !is_signature;
        if !joins {
            if open.is_some() {
                out.push('\n');
            }
            out.push_str(&line[..depth]);
            if depth > 0 {
                out.push(' ');
            }
        }
        let is_soft = words.ends_with(' ') && !is_signature;
        let kept = if is_soft && deletes_space { &words[..words.len() - 1] } else { words };
        out.push_str(kept);
        open = is_soft.then_some(depth);
        if !is_soft {
            out.push('\n');
        }
    }
    out
}
