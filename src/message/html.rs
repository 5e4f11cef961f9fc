//! HTML → the text that people see, with lines where a browser breaks them and `> ` before what is quoted.
//!
//! One pass over the bytes without a tree, so the work grows with the size of the text however tags are nested; a tree
//! builder takes seconds for a mail of nothing but `<div>`.

use super::decode;
use super::limits::MAX_TEXT_BYTES;
use super::regions::{Region, Regions};

/// Quote levels that are shown; deeper ones are all one.
const MAX_QUOTE_DEPTH: usize = 20;

/// Bytes in which an entity must end: the longest name has 31.
const MAX_ENTITY_BYTES: usize = 34;

/// Elements whose content is not shown.
const HIDDEN: [&str; 7] = ["head", "style", "script", "title", "template", "noscript", "svg"];

/// Elements that begin and end on a line of their own.
const BLOCKS: [&str; 30] = [
    "address", "article", "aside", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "pre", "section", "table", "tr",
    "ul",
];

/// Reduces HTML to text, and says what its markup tells about stretches of it.
pub(super) fn to_text(html: &str) -> (String, Vec<Region>) {
    let mut regions = Regions::default();
    let mut out = Output { text: String::with_capacity(html.len() / 2), ..Output::default() };
    let mut rest = html;
    // What was once searched for and is not there, is not searched for again: that keeps the work linear.
    let mut has_comment_end = true;
    let mut never_closed: Vec<String> = Vec::new();
    while !rest.is_empty() && out.text.len() < MAX_TEXT_BYTES {
        let at = rest.find('<').unwrap_or(rest.len());
        out.words(&rest[..at]);
        rest = &rest[at..];
        if rest.is_empty() {
            break;
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            // Without its end, only the opening is passed over: the mail's text may follow.
            let end = if has_comment_end { comment.find("-->") } else { None };
            has_comment_end = end.is_some();
            rest = end.map_or(comment, |end| &comment[end + 3..]);
            continue;
        }
        let Some(tag) = Tag::read(rest) else {
            out.words("<");
            rest = &rest[1..];
            continue;
        };
        let written = &rest[..tag.len];
        rest = &rest[tag.len..];
        if !tag.is_closing && HIDDEN.contains(&tag.name.as_str()) && !never_closed.contains(&tag.name) {
            match after_closing(rest, &tag.name) {
                Some(after) => rest = after,
                None => never_closed.push(tag.name),
            }
        } else {
            out.tag(&tag);
            regions.tag(written, &tag.name, tag.is_closing, out.text.len());
        }
    }
    let regions = regions.finish(out.text.len());
    (out.text, regions)
}

struct Tag {
    name: String,
    is_closing: bool,
    /// Bytes from `<` to `>`.
    len: usize,
}

impl Tag {
    /// The tag that `text` begins with; `None` when the `<` is just a character.
    fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_closing = bytes.get(1) == Some(&b'/');
        let start = if is_closing { 2 } else { 1 };
        if !bytes.get(start).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'!' | b'?')) {
            return None;
        }
        let name = bytes[start..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let name = text[start..start + name].to_ascii_lowercase();
        // A `>` in quotes is part of an attribute, unless the quote is never closed.
        let mut quote = None;
        for (at, byte) in bytes.iter().enumerate().skip(start).take(MAX_TAG_BYTES) {
            match (byte, quote) {
                (b'>', None) => return Some(Tag { name, is_closing, len: at + 1 }),
                (b'<', None) => return None,
                (b'"' | b'\'', None) if bytes[at - 1] == b'=' => quote = Some(*byte),
                (byte, Some(open)) if *byte == open => quote = None,
                _ => {}
            }
        }
        quote?;
        let end = bytes.iter().take(MAX_TAG_BYTES).position(|b| *b == b'>')?;
        Some(Tag { name, is_closing, len: end + 1 })
    }
}

/// Bytes of one tag; longer ones are no tags.
const MAX_TAG_BYTES: usize = 16 * 1024;

/// What follows the end of the hidden element; `None` when it has no end, and then its content is shown, since the
/// mail's text may be there.
fn after_closing<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find("</")?;
        let tail = &text[at + 2..];
        if tail.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name)) {
            return Some(tail.find('>').map_or("", |end| &tail[end + 1..]));
        }
        from = at + 2;
    }
}

#[derive(Default)]
struct Output {
    text: String,
    quote_depth: usize,
    pre_depth: usize,
    has_gap: bool,
    /// The line that is being written has words on it.
    is_in_line: bool,
    /// Empty lines since the last words.
    blank_lines: usize,
}

impl Output {
    fn tag(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "br" => self.end_line(),
            "p" => {
                self.close_line();
                if tag.is_closing {
                    self.blank_line();
                }
            }
            "blockquote" => {
                self.close_line();
                self.quote_depth = if tag.is_closing {
                    self.quote_depth.saturating_sub(1)
                } else {
                    (self.quote_depth + 1).min(MAX_QUOTE_DEPTH)
                };
            }
            "td" | "th" => self.has_gap = true,
            name if BLOCKS.contains(&name) => {
                self.close_line();
                match (name, tag.is_closing) {
                    ("li", false) => self.words("- "),
                    ("pre", false) => self.pre_depth += 1,
                    ("pre", true) => self.pre_depth = self.pre_depth.saturating_sub(1),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn words(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c == '&' || c == '\0' || c.is_whitespace() && c != '\u{a0}') {
            self.push(&rest[..at]);
            let c = rest.as_bytes()[at];
            if c == b'&' {
                rest = self.entity(&rest[at..]);
                continue;
            }
            if self.pre_depth > 0 && c == b'\n' {
                self.end_line();
            } else if self.pre_depth > 0 && c == b' ' {
                self.push(" ");
            } else {
                self.has_gap = true;
            }
            let width = rest[at..].chars().next().map_or(1, char::len_utf8);
            rest = &rest[at + width..];
        }
        self.push(rest);
    }

    /// Writes the entity that `text` begins with, and gives what follows it.
    fn entity<'a>(&mut self, text: &'a str) -> &'a str {
        let end = text.bytes().take(MAX_ENTITY_BYTES).position(|b| b == b';');
        let Some(end) = end.filter(|end| text[1..*end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')) else {
            self.push("&");
            return &text[1..];
        };
        let mut decoded = String::new();
        decode::entity(&text[..=end], &mut decoded);
        match decoded.chars().next() {
            // No-break spaces, soft hyphens and joiners are there for looks.
            Some('\u{a0}') => self.has_gap = true,
            Some(c) if c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{34f}') => {}
            _ => self.push(&decoded),
        }
        &text[end + 1..]
    }

    fn push(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        if !self.is_in_line {
            for _ in 0..self.quote_depth {
                self.text.push('>');
            }
            if self.quote_depth > 0 {
                self.text.push(' ');
            }
        } else if self.has_gap {
            self.text.push(' ');
        }
        self.has_gap = false;
        self.is_in_line = true;
        self.blank_lines = 0;
        for (nth, words) in words.split('\u{a0}').enumerate() {
            if nth > 0 {
                self.text.push(' ');
            }
            self.text.push_str(words);
        }
    }

    /// Ends the line, also an empty one.
    fn end_line(&mut self) {
        if self.is_in_line {
            self.close_line();
        } else {
            self.blank_line();
        }
    }

    /// Ends the line if there is something on it.
    fn close_line(&mut self) {
        if self.is_in_line {
            self.text.push('\n');
        }
        self.is_in_line = false;
        self.has_gap = false;
    }

    /// Writes an empty line, but no more than two after one another.
    fn blank_line(&mut self) {
        if self.text.is_empty() || self.blank_lines >= 2 {
            return;
        }
        self.blank_lines += 1;
        for _ in 0..self.quote_depth {
            self.text.push('>');
        }
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_the_lines_that_people_see() {
        let cases = [
            ("blocks are lines", "<div>One</div><div>Two</div>", "One\nTwo\n"),
            ("breaks", "One<br>Two<br/><br>Three", "One\nTwo\n\nThree"),
            ("paragraphs", "<p>One</p><p>Two</p>", "One\n\nTwo\n\n"),
            ("blanks collapse", "One \n\t two  <b>three</b>", "One two three"),
            ("no blank where there is none", "wo<b>rd</b>s", "words"),
            ("hidden elements", "<style>p{a:b}</style><script>if(a<b)x()</script>One", "One"),
            ("a head never closed", "<head><title>x</title><div>One</div>", "One\n"),
            ("comments", "One<!-- <p>no</p> --> two", "One two"),
            ("a comment never closed", "<!-- One", "One"),
            ("entities", "a &lt; b &amp;&nbsp;c &eacute;&#233;&#xe9;", "a < b & c ééé"),
            ("what only looks like one", "AT&T &c; & co", "AT&T &c; & co"),
            ("what only looks like a tag", "1 < 2 and 3 <4", "1 < 2 and 3 <4"),
            ("lists", "<ul><li>One</li><li>Two</li></ul>", "- One\n- Two\n"),
            ("cells", "<table><tr><td>A</td><td>B</td></tr></table>", "A B\n"),
            (
                "quotes",
                "Yes<blockquote>One<br>Two<blockquote>Three</blockquote></blockquote>No",
                "Yes\n> One\n> Two\n>> Three\nNo",
            ),
            ("preformatted", "<pre>a\n  b</pre>", "a\n  b\n"),
            ("a bracket in an attribute", "<a title=\"x > y\" href='z'>One</a>", "One"),
        ];
        for (name, html, expected) in cases {
            assert_eq!(to_text(html).0, expected, "{name}");
        }
    }

    #[test]
    fn tags_without_end_cost_no_more_than_their_length() {
        for piece in ["<a ", "<div>", "<blockquote>", "&amp", "<!--", "<", "</"] {
            let html = piece.repeat(400_000 / piece.len());
            assert!(to_text(&html).0.len() <= 2 * html.len() + MAX_QUOTE_DEPTH, "{piece}");
        }
    }
}
