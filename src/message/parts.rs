//! The MIME structure of a mail (RFC 2046 §5.1): which parts there are, and which of them people read.
//!
//! One pass over the lines with a stack of open boundaries, so the work grows with the size of the mail, however its
//! parts are nested. A delimiter counts only as a whole line. Mails inside mails are not entered: they are attachments.

use super::DefectCode;
use super::decode::{self, ContentType, Encoding};
use super::fields::{self, Block, Of, line_end, without_line_end};
use super::limits::{MAX_MIME_DEPTH, MAX_PARTS};
use memchr::memmem;

/// One part of a mail. The first one is the mail itself.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub block: Block<'a>,
    pub content_type: ContentType,
    pub disposition: Option<ContentType>,
    pub encoding: Encoding,
    /// The raw bytes behind its header block.
    pub body: &'a [u8],
    pub children: Vec<usize>,
    pub parent: Option<usize>,
}

impl Part<'_> {
    pub fn is_multipart(&self) -> bool {
        !self.children.is_empty()
    }

    /// Its decoded bytes.
    pub fn bytes(&self) -> std::borrow::Cow<'_, [u8]> {
        self.encoding.decode(self.body)
    }

    /// The name a file was given, by either field.
    pub fn file_name(&self) -> Option<&str> {
        let named = self.disposition.as_ref().and_then(|d| d.parameter("filename"));
        named.or_else(|| self.content_type.parameter("name")).filter(|name| !name.trim().is_empty())
    }

    fn is_disposed(&self, as_what: &str) -> bool {
        self.disposition.as_ref().is_some_and(|d| d.value == as_what)
    }

    fn is_text(&self) -> bool {
        self.is_html() || self.content_type.value == "text/plain"
    }

    /// Whether it is text with the markup that was there before HTML (RFC 1896).
    pub fn is_enriched(&self) -> bool {
        matches!(self.content_type.value.as_str(), "text/enriched" | "text/richtext")
    }

    pub fn is_html(&self) -> bool {
        self.content_type.value == "text/html"
    }

    /// Whether a picture is shown within the text, going by its own fields.
    pub fn is_inline(&self) -> bool {
        self.is_disposed("inline") && (self.content_type.value.starts_with("image/") || self.content_id().is_some())
    }

    /// By what an HTML text refers to it.
    pub fn content_id(&self) -> Option<String> {
        let field = self.block.first("Content-ID")?;
        let id = decode::text(field);
        let id = id.trim_matches(|c: char| matches!(c, '<' | '>') || c.is_whitespace());
        (!id.is_empty()).then(|| id.to_string())
    }

    /// Whether a first look shows that a file may stand uuencoded in it. Nobody encodes twice.
    pub fn may_hold_uuencoded(&self) -> bool {
        self.content_type.value == "text/plain"
            && !self.is_multipart()
            && self.encoding != Encoding::Base64
            && memchr::memmem::find(self.body, b"begin ").is_some()
    }
}

/// All parts of a mail, and what was wrong with its structure.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub list: Vec<Part<'a>>,
    pub defects: Vec<DefectCode>,
    /// The charset that raw bytes without a label are probably in.
    pub hint: Option<String>,
}

/// Reads the structure of the mail with this header block.
pub(super) fn read<'a>(raw: &'a [u8], block: Block<'a>) -> Parts<'a> {
    let hint = if raw.is_ascii() { None } else { decode::hint(raw).map(str::to_string) };
    let mut walk = Walk { raw, parts: Parts { hint, ..Parts::default() }, open: Vec::new(), leaf: None, searches: 0 };
    let body_at = block.body_at;
    if walk.add(block, body_at, None) {
        walk.run(body_at);
    }
    walk.parts
}

/// The mail with its multipart as it was before somebody encoded that as a whole, which is not allowed (RFC 2045 §6.4) but
/// done. `None` where it need not be opened: its parts stand there, or do not come out either.
pub(super) fn opened(raw: &[u8], block: &Block<'_>) -> Option<Vec<u8>> {
    let encoding = block.first("Content-Transfer-Encoding").map(|field| Encoding::named(field.value));
    let encoding = encoding.filter(|encoding| *encoding != Encoding::None)?;
    let content_type = block.first("Content-Type").and_then(|field| decode::content_type(field, None))?;
    let boundary = content_type.parameter("boundary").filter(|boundary| !boundary.is_empty())?;
    let has_parts = |body: &[u8]| memmem::find(body, format!("--{boundary}").as_bytes()).is_some();
    let (header, body) = raw.split_at(block.body_at);
    if !content_type.value.starts_with("multipart/") || has_parts(body) {
        return None;
    }
    let decoded = encoding.decode(body);
    has_parts(&decoded).then(|| [header, &*decoded].concat())
}

/// A multipart whose closing delimiter is still to come.
struct Open {
    part: usize,
    boundary: Vec<u8>,
}

struct Walk<'a> {
    raw: &'a [u8],
    parts: Parts<'a>,
    open: Vec<Open>,
    /// The part whose body we are in, and where that begins.
    leaf: Option<(usize, usize)>,
    /// How often a boundary was searched for that is not there.
    searches: usize,
}

/// How often another boundary is searched for than the one that is told, and in how many bytes of a multipart.
const MAX_BOUNDARY_SEARCHES: usize = 4;
const MAX_BOUNDARY_BYTES: usize = 64 * 1024;

/// The boundary of the first line that begins with two dashes and has a field of a part below it.
fn first_delimiter(body: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while at < body.len() {
        let end = line_end(body, at);
        let line = without_line_end(&body[at..end]).trim_ascii_end();
        let is_field = || body[end..].get(..8).is_some_and(|next| next.eq_ignore_ascii_case(b"content-"));
        if line.len() > 2 && line.starts_with(b"--") && is_field() {
            return Some(&line[2..]);
        }
        at = end;
    }
    None
}

impl<'a> Walk<'a> {
    /// Adds a part whose body begins at `body_at`; `false` when a limit is reached.
    fn add(&mut self, block: Block<'a>, body_at: usize, parent: Option<usize>) -> bool {
        let index = self.parts.list.len();
        let over_limit = [
            (index >= MAX_PARTS, DefectCode::TooManyParts),
            (block.is_over_limit, DefectCode::TooManyHeaders),
            (self.open.len() > MAX_MIME_DEPTH, DefectCode::TooDeep),
        ];
        if let Some((_, code)) = over_limit.into_iter().find(|(is_over, _)| *is_over) {
            self.parts.defects.push(code);
            return false;
        }
        if block.has_odd_lines {
            self.parts.defects.push(DefectCode::Structure);
        }
        let is_in_digest = parent.is_some_and(|p| self.parts.list[p].content_type.value == "multipart/digest");
        let hint = self.parts.hint.as_deref();
        let read = |name| block.first(name).and_then(|field| decode::content_type(field, hint));
        let mut content_type = read("Content-Type")
            .unwrap_or_else(|| ContentType::plain(if is_in_digest { "message/rfc822" } else { "text/plain" }));
        content_type.value = mended(content_type.value);
        let disposition = read("Content-Disposition");
        let encoding = block.first("Content-Transfer-Encoding").map_or(Encoding::None, |f| Encoding::named(f.value));
        let boundary = content_type.value.starts_with("multipart/").then(|| {
            let told = content_type.parameter("boundary").unwrap_or_default().trim_end().as_bytes();
            self.boundary(told, body_at)
        });
        match boundary.filter(|boundary| !boundary.is_empty()) {
            Some(boundary) => {
                self.open.push(Open { part: index, boundary });
                self.leaf = None;
            }
            None => self.leaf = Some((index, body_at)),
        }
        let body = &self.raw[body_at..];
        self.parts.list.push(Part { block, content_type, disposition, encoding, body, children: Vec::new(), parent });
        if let Some(parent) = parent {
            self.parts.list[parent].children.push(index);
        }
        true
    }

    /// The boundary of a multipart whose body begins at `body_at`: as it is told, or as it stands there where it is told
    /// wrongly or not at all.
    fn boundary(&mut self, told: &[u8], body_at: usize) -> Vec<u8> {
        let body = &self.raw[body_at..];
        let body = &body[..body.len().min(MAX_BOUNDARY_BYTES)];
        let is_there = || memmem::find(body, told).is_some();
        if self.searches >= MAX_BOUNDARY_SEARCHES || (!told.is_empty() && is_there()) {
            return told.to_vec();
        }
        self.searches += 1;
        let found = first_delimiter(body);
        // One that is open already is that of the multipart around it.
        let is_new = |found: &&[u8]| !self.open.iter().any(|open| found.starts_with(&open.boundary));
        match found.filter(is_new) {
            Some(found) => {
                self.parts.defects.push(DefectCode::Structure);
                found.to_vec()
            }
            None => told.to_vec(),
        }
    }

    fn run(&mut self, mut at: usize) {
        let dashes = memmem::Finder::new(b"\n--");
        while at < self.raw.len() && !self.open.is_empty() {
            // From one line that begins with two dashes to the next; most lines of a mail are those of its files.
            if !self.raw[at..].starts_with(b"--") {
                match dashes.find(&self.raw[at..]) {
                    Some(n) => at += n + 1,
                    None => break,
                }
            }
            let end = line_end(self.raw, at);
            let line = without_line_end(&self.raw[at..end]);
            let Some((level, is_closing)) = self.delimiter(line) else {
                at = end;
                continue;
            };
            self.end_leaf(at);
            // Delimiters of the multiparts inside are missing.
            if level + 1 < self.open.len() {
                self.parts.defects.push(DefectCode::Structure);
                self.open.truncate(level + 1);
            }
            if is_closing {
                self.open.pop();
                at = end;
                continue;
            }
            let block = fields::split(&self.raw[end..], Of::Part);
            let body_at = end + block.body_at;
            if !self.add(block, body_at, Some(self.open[level].part)) {
                return;
            }
            at = body_at;
        }
        if !self.open.is_empty() {
            self.parts.defects.push(DefectCode::Structure);
        }
        self.end_leaf(self.raw.len());
        self.mend_empty_multiparts();
    }

    /// Which open multipart this line delimits, the innermost first, and whether it closes it.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = line.strip_prefix(b"--")?.trim_ascii_end();
        self.open.iter().enumerate().rev().find_map(|(level, open)| {
            match text.strip_prefix(open.boundary.as_slice())? {
                b"" => Some((level, false)),
                b"--" => Some((level, true)),
                _ => None,
            }
        })
    }

    /// Ends the body of the part we are in before the delimiter at `at`, whose line end belongs to the delimiter.
    fn end_leaf(&mut self, at: usize) {
        if let Some((part, start)) = self.leaf.take() {
            let end =
                if at < self.raw.len() { start + without_line_end(&self.raw[start..at.max(start)]).len() } else { at };
            self.parts.list[part].body = &self.raw[start..end.max(start)];
        }
    }

    /// A multipart without parts (its boundary never comes) is read as text, so that its words are not lost.
    fn mend_empty_multiparts(&mut self) {
        let mut is_odd = false;
        for part in &mut self.parts.list {
            if part.children.is_empty() && part.content_type.value.starts_with("multipart/") {
                part.content_type = ContentType::plain("text/plain");
                is_odd = true;
            }
        }
        if is_odd {
            self.parts.defects.push(DefectCode::Structure);
        }
    }
}

/// A media type without what programs break in it.
fn mended(kind: String) -> String {
    match kind.split_once('/') {
        Some((_, subtype)) if !subtype.is_empty() => kind,
        // RFC 2045 §5.2: what cannot be read is plain text; `text` and `text/` are hardly anything else.
        _ if kind.is_empty() || kind.starts_with("text") || kind == "plain" => "text/plain".into(),
        _ if kind == "html" => "text/html".into(),
        _ => kind,
    }
}

impl Parts<'_> {
    /// The parts whose text people read, in order: of alternatives the plain one, unless it is blank.
    pub fn texts(&self) -> Vec<usize> {
        if self.list.is_empty() {
            return Vec::new();
        }
        let texts = self.texts_of(0);
        if !texts.is_empty() {
            return texts;
        }
        // Telephones name the text that they send. Better a file that is read than no words at all.
        let is_named_text = |part: &Part<'_>| part.is_text() && !part.is_multipart() && !part.is_disposed("attachment");
        self.list.iter().position(is_named_text).into_iter().collect()
    }

    /// The page that stands beside a plain text in the same `multipart/alternative`.
    pub fn page_beside(&self, index: usize) -> Option<usize> {
        let parent = self.list[index].parent?;
        if self.list[parent].content_type.value != "multipart/alternative" {
            return None;
        }
        let texts = self.list[parent].children.iter().flat_map(|child| self.texts_of(*child));
        texts.into_iter().find(|other| self.list[*other].is_html() && !self.list[*other].body.trim_ascii().is_empty())
    }

    /// Whether there is a part that is text.
    pub fn has_words(&self) -> bool {
        let has_words = |index: &usize| !self.list[*index].body.trim_ascii().is_empty();
        self.texts().iter().any(has_words)
    }

    // The recursion is as deep as multiparts are nested, which is limited.
    fn texts_of(&self, index: usize) -> Vec<usize> {
        let part = &self.list[index];
        if !part.is_multipart() {
            return if self.is_read(index) { vec![index] } else { Vec::new() };
        }
        match part.content_type.value.as_str() {
            "multipart/alternative" => {
                let choices: Vec<_> = part.children.iter().map(|child| self.texts_of(*child)).collect();
                let has = |choice: &&Vec<usize>, is_wanted: fn(&Part<'_>) -> bool| {
                    let is_good = |part: &Part<'_>| is_wanted(part) && !part.body.trim_ascii().is_empty();
                    choice.iter().any(|index| is_good(&self.list[*index]))
                };
                // Others are for readers of some kind only: pages for telephones, text of one word processor.
                let plain = choices
                    .iter()
                    .find(|choice| has(choice, |part| part.content_type.value == "text/plain" || part.is_enriched()));
                let html = || choices.iter().rev().find(|choice| has(choice, |part| part.is_html()));
                let other = || choices.iter().rev().find(|choice| !choice.is_empty());
                plain.or_else(html).or_else(other).cloned().unwrap_or_default()
            }
            // What follows the first part of these is for programs (RFC 6522 §3) or belongs to it (RFC 2387).
            "multipart/report" | "multipart/related" => {
                let mut choices = part.children.iter().map(|child| self.texts_of(*child));
                choices.find(|choice| !choice.is_empty()).unwrap_or_default()
            }
            _ => part.children.iter().flat_map(|child| self.texts_of(*child)).collect(),
        }
    }

    /// Whether this part is text of the mail and not a file.
    fn is_read(&self, index: usize) -> bool {
        let part = &self.list[index];
        let Some(parent) = part.parent else {
            // The whole mail is this one part, so whatever text it is, it is what was written.
            return part.content_type.value.starts_with("text/")
                && part.content_type.value != "text/calendar"
                && !part.is_disposed("attachment");
        };
        // Another form of the same words, for readers of one kind or another.
        let is_form = || {
            self.list[parent].content_type.value == "multipart/alternative"
                && part.content_type.value.starts_with("text/")
                && part.content_type.value != "text/calendar"
        };
        (part.is_text() || is_form()) && part.file_name().is_none() && !part.is_disposed("attachment")
    }

    /// Whether this part is a file.
    pub fn is_file(&self, index: usize) -> bool {
        !self.list[index].is_multipart() && !self.is_read(index)
    }

    /// The parts that are files, in order.
    pub fn files(&self) -> impl Iterator<Item = usize> {
        (0..self.list.len()).filter(|index| self.is_file(*index))
    }
}

#[cfg(test)]
mod tests;
