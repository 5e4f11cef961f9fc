//! The words of people on their way into a mail: made safe as text, and turned into HTML.

use std::borrow::Cow;

/// How a paragraph begins; the style of all of them is in the head of the mail.
const PARAGRAPH: &str = "<p>";

/// The text with `\n` at the ends of its lines and without control characters, which some servers refuse
/// and no client shows.
pub(super) fn clean(text: &str) -> String {
    // The control characters beyond ASCII begin with 0xC2, in UTF-8.
    let may_be_control = |byte: u8| matches!(byte, 0..=8 | 11..=31 | 127 | 0xc2);
    if !has_any(text, may_be_control) {
        return text.trim_end().trim_start_matches('\n').to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{c}' => clean.push('\n'),
            '\n' | '\t' => clean.push(c),
            _ if c.is_control() => {}
            _ => clean.push(c),
        }
    }
    let end = clean.trim_end().len();
    clean.truncate(end);
    let start = clean.len() - clean.trim_start_matches('\n').len();
    clean.split_off(start)
}

/// The text without the characters that turn the direction of writing around for a stretch: who reads what somebody
/// else wrote must not read `txt.exe` where `exe.txt` stands. Marks of a direction, which right-to-left scripts need,
/// turn nothing around and stay.
pub(super) fn unturned(text: &str) -> Cow<'_, str> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // All of them begin with this byte, in UTF-8.
    if !has_any(text, |byte| byte == 0xe2) || !text.contains(turns) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(turns, ""))
}

/// The text as HTML paragraphs: escaped, lines and indentation kept, web addresses made links.
pub(super) fn paragraphs(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 4 + 64);
    let mut is_open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            if is_open {
                html.push_str("</p>");
            }
            is_open = false;
            continue;
        }
        html.push_str(if is_open { "<br>\n" } else { PARAGRAPH });
        is_open = true;
        write_line(&mut html, line);
    }
    if is_open {
        html.push_str("</p>");
    }
    html
}

fn write_line(html: &mut String, line: &str) {
    let text = line.trim_start();
    for c in line[..line.len() - text.len()].chars() {
        html.push_str(if c == '\t' { "&nbsp;&nbsp;&nbsp;&nbsp;" } else { "&nbsp;" });
    }
    let mut rest = text;
    while let Some(at) = find_link(rest) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || "<>\"'".contains(c)).unwrap_or(from.len());
        // What ends a sentence does not end a web address.
        let link = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        escape(html, before);
        html.push_str("<a href=\"");
        escape(html, link);
        html.push_str("\">");
        escape(html, link);
        html.push_str("</a>");
        rest = &from[link.len()..];
    }
    escape(html, rest);
}

fn find_link(text: &str) -> Option<usize> {
    let at = text.match_indices("http").find(|(at, _)| {
        let rest = &text[*at..];
        let after = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"));
        after.is_some_and(|host| host.starts_with(|c: char| c.is_alphanumeric() || c == '['))
    });
    at.map(|(at, _)| at)
}

fn escape(html: &mut String, text: &str) {
    if !has_any(text, |byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')) {
        return html.push_str(text);
    }
    write_with_entities(html, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#39;"),
        _ => None,
    });
}

/// Whether any byte is such. A whole chunk takes the processor a few instructions, if it is looked at to its end.
pub(super) fn has_any(text: &str, is_such: impl Fn(u8) -> bool) -> bool {
    let (chunks, rest) = text.as_bytes().as_chunks::<32>();
    let is_in = |chunk: &[u8; 32]| chunk.iter().fold(false, |found, &byte| found | is_such(byte));
    chunks.iter().any(is_in) || rest.iter().any(|&byte| is_such(byte))
}

/// Writes the text with an entity in the place of each ASCII character that has one.
pub(super) fn write_with_entities(html: &mut String, text: &str, entity: impl Fn(u8) -> Option<&'static str>) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(entity) = entity(byte) {
            html.push_str(&text[from..at]);
            html.push_str(entity);
            from = at + 1;
        }
    }
    html.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_loses_what_no_client_shows() {
        for (name, text, expected) in [
            ("line ends", "a\r\nb\rc\nd", "a\nb\nc\nd"),
            ("control characters", "a\0b\u{1b}[31mc\u{7}", "ab[31mc"),
            ("tab", "a\tb", "a\tb"),
            ("blank lines around", "\n\n  a\n\n", "  a"),
        ] {
            assert_eq!(clean(text), expected, "{name}");
        }
    }

    #[test]
    fn nothing_turns_the_direction_of_reading_around() {
        for (name, text, expected) in [
            ("override", "run \u{202e}txt.exe\u{202c} now", "run txt.exe now"),
            ("isolates", "a\u{2066}b\u{2067}c\u{2068}d\u{2069}e", "abcde"),
            ("embeddings", "\u{202a}a\u{202b}b\u{202d}c", "abc"),
            ("marks that scripts need", "שלום\u{200f}!", "שלום\u{200f}!"),
            ("other characters of their block", "“quoted” – and…", "“quoted” – and…"),
        ] {
            assert_eq!(unturned(text), expected, "{name}");
        }
    }

    #[test]
    fn html_shows_the_text_and_nothing_else() {
        let p = PARAGRAPH;
        for (name, text, expected) in [
            ("markup", "<b>&\"'", format!("{p}&lt;b&gt;&amp;&quot;&#39;</p>")),
            ("paragraphs", "a\nb\n\nc", format!("{p}a<br>\nb</p>{p}c</p>")),
            ("indented", "  if x", format!("{p}&nbsp;&nbsp;if x</p>")),
            (
                "link at the end of a sentence",
                "See https://x.example/a?b=1&c=2.",
                format!(
                    "{p}See <a href=\"https://x.example/a?b=1&amp;c=2\">\
                     https://x.example/a?b=1&amp;c=2</a>.</p>"
                ),
            ),
            ("script link", "javascript:alert(1)", format!("{p}javascript:alert(1)</p>")),
            ("no host", "http:// x https://", format!("{p}http:// x https://</p>")),
            ("nothing", "", String::new()),
        ] {
            assert_eq!(paragraphs(text), expected, "{name}");
        }
    }
}
