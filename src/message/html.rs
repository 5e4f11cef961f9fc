//! HTML → the text that people see, with lines where a browser breaks them and `> ` before what is quoted.
//!
//! One pass over the bytes without a tree, so the work grows with the size of the text however tags are nested; a tree
//! builder takes seconds for a mail of nothing but `<div>`.

mod links;
mod tag;

use super::attribution::attribution;
use super::decode;
use super::limits::{MAX_ATTRIBUTION_BYTES, MAX_TEXT_BYTES, MAX_WRAPPED_LINES};
use super::regions::{Region, Regions};
use links::Link;
use std::borrow::Cow;
use tag::{Tag, after_all_closed, after_closing};

/// Quote levels that are shown; deeper ones are all one.
const MAX_QUOTE_DEPTH: usize = 20;

/// Bytes in which an entity must end: the longest name has 31.
const MAX_ENTITY_BYTES: usize = 34;

/// Whether the content of an element is not shown.
fn is_hidden(name: &str) -> bool {
    matches!(name, "head" | "style" | "script" | "title" | "template" | "noscript" | "svg")
}

/// Whether it is one that mails hide by its style.
fn may_hide(name: &str) -> bool {
    matches!(name, "div" | "p" | "span" | "table" | "td")
}

/// Lists inside one another that are numbered and indented.
const MAX_LIST_DEPTH: usize = 10;

/// Whether an element begins and ends on a line of its own.
#[rustfmt::skip]
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address" | "article" | "aside" | "body" | "center" | "dd" | "div" | "dl" | "dt" | "fieldset" | "figure"
            | "footer" | "form" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header" | "hr" | "html" | "li" | "main"
            | "ol" | "pre" | "section" | "table" | "tr" | "ul"
    )
}

/// Reduces HTML to text, and says what its markup tells about stretches of it.
pub(super) fn to_text(html: &str) -> (String, Vec<Region>) {
    let mut regions = Regions::default();
    let mut out = Output { text: String::with_capacity(html.len() / 2), ..Output::default() };
    let mut rest = html;
    // What was once searched for and is not there, is not searched for again: that keeps the work linear.
    let mut has_comment_end = true;
    let mut never_closed: Vec<Cow<'_, str>> = Vec::new();
    while !rest.is_empty() && out.text.len() < MAX_TEXT_BYTES {
        let at = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
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
        let name = tag.name.as_ref();
        if may_hide(name) && tag.is_hidden() && !never_closed.contains(&tag.name) {
            match after_all_closed(rest, &tag.name) {
                Some(after) => rest = after,
                None => never_closed.push(tag.name),
            }
        } else if !tag.is_closing && is_hidden(name) && !never_closed.contains(&tag.name) {
            match after_closing(rest, &tag.name) {
                Some(after) => rest = after,
                None => never_closed.push(tag.name),
            }
        } else {
            let is_said_to_quote = name == "blockquote" && (says_quote(written) || regions.has_quote());
            out.tag(&tag, is_said_to_quote);
            regions.tag(written, &tag.name, tag.is_closing, out.text.len());
        }
    }
    out.end_link();
    let regions = regions.finish(&out.text);
    (out.text, regions)
}

/// Marks in the tag of a `blockquote` by which programs say that it quotes, in lower case. Without one, it indents.
const QUOTING: [&str; 9] =
    ["\"cite\"", "'cite'", "=cite", "\"mid:", "gmail_quote", "_quote", "-quote", "quoted", "attribution_blockquote"];

fn says_quote(tag: &str) -> bool {
    tag.len() > "<blockquote>".len() && {
        let lower = tag[..tag.floor_char_boundary(MAX_BLOCKQUOTE_BYTES)].to_lowercase();
        QUOTING.iter().any(|mark| lower.contains(mark))
    }
}

/// Bytes of the tag of a `blockquote` that are looked at.
const MAX_BLOCKQUOTE_BYTES: usize = 1_000;

/// Whether the last lines of a text say who wrote what follows.
fn is_introduced(text: &str) -> bool {
    let tail = &text[text.ceil_char_boundary(text.len().saturating_sub(2 * MAX_ATTRIBUTION_BYTES))..];
    let mut lines: Vec<&str> =
        tail.lines().rev().filter(|line| !line.trim().is_empty()).take(MAX_WRAPPED_LINES).collect();
    lines.reverse();
    (0..lines.len()).any(|at| attribution(&lines[at..]).is_some_and(|(count, _)| at + count == lines.len()))
}

#[derive(Default)]
struct Output {
    text: String,
    /// The `blockquote`s we are in, and whether each quotes: people indent with them, too.
    blockquotes: Vec<bool>,
    quote_depth: usize,
    pre_depth: usize,
    has_gap: bool,
    /// The line that is being written has words on it.
    is_in_line: bool,
    /// Empty lines since the last words.
    blank_lines: usize,
    /// The lists we are in: the number of the next item, where items are numbered.
    lists: Vec<Option<u32>>,
    /// The link we are in.
    link: Option<Link>,
    /// The next words are those of another cell of the same row.
    is_next_cell: bool,
    /// The line has nothing on it but the mark of an item.
    is_at_item: bool,
    /// The paragraph we are in, if we are in one.
    paragraph: Option<Paragraph>,
}

/// A paragraph that is open.
struct Paragraph {
    /// There is no space below it: word processors write each line as one of these.
    is_tight: bool,
    /// Where its words begin.
    start: usize,
}

/// Entities that browsers know without the semicolon behind them.
const BARE_ENTITIES: [&str; 6] = ["amp", "nbsp", "lt", "gt", "quot", "copy"];

/// Whether a byte is, or begins, a character that is not simply written down.
fn may_be_special(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'&' | 0xc2 | 0xcd | 0xe1..=0xe3 | 0xef)
}

/// Where the first such byte stands. A single blank between two words is written down with them.
fn special(text: &[u8]) -> Option<usize> {
    let is_single =
        |at: usize| text[at] == b' ' && at > 0 && text.get(at + 1).is_some_and(|next| !may_be_special(*next));
    (0..text.len()).find(|at| may_be_special(text[*at]) && !is_single(*at))
}

/// Whether a character has no width: soft hyphens, joiners, marks of direction.
fn is_for_looks(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

impl Output {
    fn tag(&mut self, tag: &Tag<'_>, is_said_to_quote: bool) {
        match tag.name.as_ref() {
            "br" => self.end_line(),
            "a" => {
                self.end_link();
                if !tag.is_closing {
                    self.link = tag.attribute("href").and_then(|url| Link::to(&url, self.text.len()));
                }
            }
            "img" => {
                let words = tag.attribute("alt").and_then(|alt| links::picture(&alt));
                if let Some(words) = words {
                    self.words(&words);
                }
            }
            "ol" | "ul" => {
                self.end_item();
                self.close_line();
                if tag.is_closing {
                    self.lists.pop();
                } else if self.lists.len() < MAX_LIST_DEPTH {
                    let start = || tag.attribute("start").and_then(|start| start.parse().ok()).unwrap_or(1);
                    self.lists.push((tag.name == "ol").then(start));
                }
            }
            "p" => {
                self.close_line();
                // Where its end is missing, the next one ends it.
                if let Some(open) = self.paragraph.take()
                    && (!open.is_tight || open.start == self.text.len())
                {
                    self.blank_line();
                }
                if !tag.is_closing {
                    let is_tight = !self.lists.is_empty() || tag.is_tight();
                    self.paragraph = Some(Paragraph { is_tight, start: self.text.len() });
                }
            }
            "blockquote" => {
                self.close_line();
                if !tag.is_closing {
                    let is_quote = self.quote_depth > 0 || is_said_to_quote || is_introduced(&self.text);
                    self.blockquotes.push(is_quote);
                    self.quote_depth += usize::from(is_quote);
                } else if self.blockquotes.pop() == Some(true) {
                    self.quote_depth -= 1;
                }
            }
            "td" | "th" => {
                self.has_gap = true;
                self.is_next_cell |= self.is_in_line;
            }
            "button" | "option" | "select" | "textarea" => self.has_gap = true,
            name if is_block(name) => {
                if name == "li" {
                    self.end_item();
                }
                self.close_line();
                match (name, tag.is_closing) {
                    ("li", false) => self.item(),
                    ("pre", false) => self.pre_depth += 1,
                    ("pre", true) => self.pre_depth = self.pre_depth.saturating_sub(1),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Begins an item of a list.
    fn item(&mut self) {
        for _ in 1..self.lists.len() {
            self.push("  ");
        }
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => "- ".to_string(),
        };
        self.push(mark.trim_end());
        self.has_gap = true;
        self.is_at_item = true;
    }

    /// From here on, an item without words is a line like others.
    fn end_item(&mut self) {
        self.is_at_item = false;
    }

    /// Ends the link we are in, and says where it leads where its words do not.
    fn end_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        if let Some(target) = link.worth_telling(&self.text) {
            self.has_gap = true;
            self.push(&target);
        }
    }

    fn words(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = special(rest.as_bytes()) {
            let Some(c) = rest[at..].chars().next() else { break };
            let (words, behind) = (&rest[..at], &rest[at + c.len_utf8()..]);
            match c {
                '&' => {
                    self.push(words);
                    rest = self.entity(&rest[at..]);
                    continue;
                }
                '\n' if self.pre_depth > 0 => {
                    self.push(words);
                    self.end_line();
                }
                ' ' | '\t' if self.pre_depth > 0 => self.push(&rest[..at + 1]),
                // No-break spaces are not all alike.
                '\u{a0}' => self.push(&rest[..at + c.len_utf8()]),
                c if c == '\0' || c.is_whitespace() => {
                    self.push(words);
                    self.has_gap = true;
                }
                c if is_for_looks(c) => self.push(words),
                _ => self.push(&rest[..at + c.len_utf8()]),
            }
            rest = behind;
        }
        self.push(rest);
    }

    /// Writes the entity that `text` begins with, and gives what follows it.
    fn entity<'a>(&mut self, text: &'a str) -> &'a str {
        let end = text.bytes().take(MAX_ENTITY_BYTES).position(|b| b == b';');
        let end = end.filter(|end| text[1..*end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#'));
        let mut decoded = String::new();
        let behind = match end {
            Some(end) => {
                decode::entity(&text[..=end], &mut decoded);
                &text[end + 1..]
            }
            // Browsers know some without their semicolon.
            None => {
                let Some(name) = BARE_ENTITIES.iter().find(|name| text[1..].starts_with(**name)) else {
                    self.push("&");
                    return &text[1..];
                };
                decode::entity(&format!("&{name};"), &mut decoded);
                &text[1 + name.len()..]
            }
        };
        match decoded.chars().next() {
            // No-break spaces are there for looks, too.
            Some('\u{a0}') => self.has_gap = true,
            Some(c) if c.is_control() || is_for_looks(c) => {}
            _ => self.push(&decoded),
        }
        behind
    }

    fn push(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        if !self.is_in_line {
            for _ in 0..self.quote_depth.min(MAX_QUOTE_DEPTH) {
                self.text.push('>');
            }
            if self.quote_depth > 0 {
                self.text.push(' ');
            }
        } else if self.has_gap {
            self.text.push(if self.is_next_cell { '\t' } else { ' ' });
        }
        self.is_next_cell = false;
        self.has_gap = false;
        self.is_in_line = true;
        self.is_at_item = false;
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

    /// Ends the line if there is something on it. A paragraph in an item begins on the line of its mark.
    fn close_line(&mut self) {
        if self.is_at_item {
            return;
        }
        if self.is_in_line {
            self.text.push('\n');
        }
        self.is_in_line = false;
        self.has_gap = false;
        self.is_next_cell = false;
    }

    /// Writes an empty line, but no more than two after one another.
    fn blank_line(&mut self) {
        if self.text.is_empty() || self.blank_lines >= 2 {
            return;
        }
        self.blank_lines += 1;
        for _ in 0..self.quote_depth.min(MAX_QUOTE_DEPTH) {
            self.text.push('>');
        }
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests;
