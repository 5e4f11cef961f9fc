//! Tags and their attributes, read off the text as they come.

use super::super::decode;
use super::MAX_ENTITY_BYTES;
use std::borrow::Cow;

/// One tag.
pub(super) struct Tag<'a> {
    /// In lower case.
    pub name: Cow<'a, str>,
    pub is_closing: bool,
    /// Bytes from `<` to `>`.
    pub len: usize,
    /// What stands behind the name.
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag that `text` begins with; `None` when the `<` is just a character.
    pub fn read(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_closing = bytes.get(1) == Some(&b'/');
        let start = if is_closing { 2 } else { 1 };
        if !bytes.get(start).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'!' | b'?')) {
            return None;
        }
        let name = bytes[start..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let name_end = start + name;
        let name = &text[start..name_end];
        let is_lower = !name.bytes().any(|b| b.is_ascii_uppercase());
        let name = if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) };
        let tag = |name, end: usize| Tag { name, is_closing, len: end + 1, attributes: &text[name_end.min(end)..end] };
        // A `>` in quotes is part of an attribute, unless the quote is never closed.
        let mut quote = None;
        let within = &bytes[..bytes.len().min(MAX_TAG_BYTES)];
        let mut at = name_end;
        while let Some(byte) = within.get(at) {
            match (byte, quote) {
                (b'>', None) => return Some(tag(name, at)),
                (b'<', None) => return None,
                (b'"' | b'\'', None) if bytes[at - 1] == b'=' => quote = Some(*byte),
                (_, Some(open)) => match memchr::memchr(open, &within[at..]) {
                    Some(n) => {
                        at += n;
                        quote = None;
                    }
                    None => break,
                },
                _ => {}
            }
            at += 1;
        }
        quote?;
        let end = bytes.iter().take(MAX_TAG_BYTES).position(|b| *b == b'>')?;
        Some(tag(name, end))
    }

    /// The value of an attribute, its entities decoded.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        // Values are passed over whole, so that what stands in one is not taken for the name of another.
        while let Some(sign) = rest.find('=') {
            let found =
                rest[..sign].trim_end().rsplit([' ', '\t', '\n', '\r', '"', '\'', '/']).next().unwrap_or_default();
            let is_wanted = found.eq_ignore_ascii_case(name);
            let value = rest[sign + 1..].trim_start();
            let (value, after) = match value.strip_prefix(['"', '\'']) {
                Some(inside) => inside.split_once(&value[..1]).unwrap_or((inside, "")),
                None => {
                    let end = value.find(char::is_whitespace).unwrap_or(value.len());
                    value.split_at(end)
                }
            };
            if is_wanted {
                return Some(with_entities(value));
            }
            rest = after;
        }
        None
    }

    /// Whether its style hides what it holds: the lines that a list of mails shows, and nothing else does.
    pub fn is_hidden(&self) -> bool {
        let attributes = self.attributes.as_bytes();
        let may_hide = |colon: usize| {
            let value = attributes[colon + 1..].trim_ascii_start();
            value.starts_with(b"0") || value.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"none"))
        };
        if self.is_closing || !memchr::memchr_iter(b':', attributes).any(may_hide) {
            return false;
        }
        let style: String = self.attribute("style").unwrap_or_default().split_whitespace().collect();
        let style = style.to_ascii_lowercase();
        let has = |property: &str| style.split(';').any(|found| found.starts_with(property));
        has("display:none") || has("overflow:hidden") && (has("max-height:0") || has("height:0"))
    }
}

impl Tag<'_> {
    /// Whether a paragraph has no space below it: a line of a word processor, or one whose style says so.
    pub fn is_tight(&self) -> bool {
        if self.attributes.len() < MIN_TIGHT_BYTES {
            return false;
        }
        let class = self.attribute("class").unwrap_or_default();
        if class.starts_with("Mso") && !class.starts_with("MsoListParagraph") || class == "western" {
            return true;
        }
        let style = self.attribute("style").unwrap_or_default().to_ascii_lowercase();
        let value = |name: &str| {
            let mut properties = style.split(';').filter_map(|property| property.split_once(':'));
            properties.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim().to_string())
        };
        let is_zero = |value: &str| value.starts_with('0') && !value.starts_with("0.");
        // `margin: 0 0 10px`: the third is the one below, or the first where there are less.
        let of_all = |margin: String| {
            let sides: Vec<&str> = margin.split_whitespace().collect();
            sides.get(2).or(sides.first()).is_some_and(|below| is_zero(below))
        };
        value("margin-bottom").map(|below| is_zero(&below)).or_else(|| value("margin").map(of_all)).unwrap_or(false)
    }
}

/// Bytes of the shortest attribute that takes the space below a paragraph.
const MIN_TIGHT_BYTES: usize = 10;

fn with_entities(value: &str) -> String {
    if !value.contains('&') {
        return value.trim().to_string();
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(MAX_ENTITY_BYTES).position(|b| b == b';');
        match end.filter(|end| rest[1..*end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')) {
            Some(end) => {
                decode::entity(&rest[..=end], &mut out);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out.trim().to_string()
}

/// Bytes of one tag; longer ones are no tags.
const MAX_TAG_BYTES: usize = 16 * 1024;

/// What follows the end of the hidden element; `None` when it has no end, and then its content is shown, since the
/// mail's text may be there.
pub(super) fn after_closing<'a>(text: &'a str, name: &str) -> Option<&'a str> {
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

/// The same for an element that may hold others of its name.
pub(super) fn after_all_closed<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut depth = 1_usize;
    let mut from = 0;
    loop {
        let at = from + text[from..].find('<')?;
        let is_closing = text[at + 1..].starts_with('/');
        let tail = &text[at + 1 + usize::from(is_closing)..];
        let is_end = |c: char| !c.is_ascii_alphanumeric();
        if tail.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name))
            && tail[name.len()..].starts_with(is_end)
        {
            depth = if is_closing { depth - 1 } else { depth + 1 };
            if depth == 0 {
                return Some(tail.find('>').map_or("", |end| &tail[end + 1..]));
            }
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_however_they_are_quoted() {
        let cases = [
            ("<a href=\"x\">", "href", Some("x")),
            ("<a class='b' HREF = 'x y'>", "href", Some("x y")),
            ("<a href=x class=y>", "class", Some("y")),
            ("<a title=\"href=no\" href=\"a?b=c&amp;d=e\">", "href", Some("a?b=c&d=e")),
            ("<img alt=\"\" src=x/>", "alt", Some("")),
            ("<a href=\"x>", "href", Some("x")),
            ("<a data-href=x>", "href", None),
            ("<a>", "href", None),
        ];
        for (html, name, expected) in cases {
            assert_eq!(Tag::read(html).unwrap().attribute(name).as_deref(), expected, "{html}");
        }
    }

    #[test]
    fn a_style_that_hides_is_seen() {
        let flat = "<div style='max-height:0px;overflow:hidden;'>";
        assert!(Tag::read(flat).unwrap().is_hidden());
        assert!(!Tag::read("<td style='font-size:0;max-height:0'>").unwrap().is_hidden());
        assert!(Tag::read("<div style=\"color: red; display : none !important\">").unwrap().is_hidden());
        assert!(!Tag::read("<div style=\"display: block\">").unwrap().is_hidden());
        assert_eq!(after_all_closed("a<div>b</div>c</div>d", "div"), Some("d"));
        assert_eq!(after_all_closed("a<div>b</div>c", "div"), None);
    }

    #[test]
    fn the_shortest_attribute_that_takes_the_space_below_a_paragraph_is_seen() {
        let shortest = Tag::read("<p class=Mso>").unwrap();
        assert_eq!((shortest.attributes.len(), shortest.is_tight()), (MIN_TIGHT_BYTES, true));
        assert!(!Tag::read("<p id=a1234>").unwrap().is_tight());
    }

    #[test]
    fn a_tag_is_only_so_long() {
        let tag = |bytes: usize| format!("<a title=\"{}\">", "x".repeat(bytes - 12));
        for (bytes, expected) in [(MAX_TAG_BYTES, Some(MAX_TAG_BYTES)), (MAX_TAG_BYTES + 1, None)] {
            assert_eq!(Tag::read(&tag(bytes)).map(|tag| tag.len), expected);
        }
    }
}
