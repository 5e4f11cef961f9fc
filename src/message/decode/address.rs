//! Addresses (RFC 5322 §3.4) out of fields that people, scripts and programs of forty years wrote.
//!
//! One pass over the bytes. What is told apart: names with commas and dots in them and no quotes around, brackets that
//! are missing, groups, comments, routes, addresses in quotes, semicolons between addresses.

use super::charset::unlabelled;
use super::words::{self, Word};
use super::{Address, clean_line};
use crate::message::limits::{MAX_ADDRESS_BYTES, MAX_ADDRESSES};
use std::borrow::Cow;

/// The addresses in a value. What has no `@` is no address.
pub(super) fn read(value: &[u8], hint: Option<&str>) -> Vec<Address> {
    let mut reader = Reader::new(value, hint);
    reader.run();
    reader.list
}

/// The sender in a value that has no domain: mail servers sign so in what they deliver themselves.
pub(super) fn server_itself(value: &[u8]) -> Option<Address> {
    let mut reader = Reader::new(value, None);
    reader.run();
    let local = reader.unqualified.trim();
    let is_server = SERVERS.iter().any(|name| local.eq_ignore_ascii_case(name));
    is_server
        .then(|| Address { name: reader.unqualified_name.filter(|name| !name.is_empty()), address: local.to_string() })
}

/// Names under which nobody but a mail server writes.
const SERVERS: [&str; 4] = ["mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"];

/// One address that is being read.
#[derive(Default)]
struct Entry {
    /// What stands outside of brackets and comments, quotes taken off.
    phrase: Vec<u8>,
    /// The same with its quotes, where it has any: a local part may be quoted.
    quoted: Option<Vec<u8>>,
    /// What stands in the first comment.
    comment: Vec<u8>,
    /// What stands in brackets.
    angle: Option<Vec<u8>>,
    /// What stands behind the brackets.
    tail: Vec<u8>,
}

struct Reader<'a> {
    value: &'a [u8],
    at: usize,
    hint: Option<&'a str>,
    list: Vec<Address>,
    entry: Entry,
    /// What stood before a comma that parted no addresses: `Doe, John <john@…>`.
    before_comma: Vec<u8>,
    // What was once searched for and is not there, is not searched for again: that keeps the work linear.
    has_quote_end: bool,
    has_comment_end: bool,
    /// It reads what another one found in quotes, and looks no deeper.
    is_inner: bool,
    unqualified: String,
    unqualified_name: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(value: &'a [u8], hint: Option<&'a str>) -> Self {
        Self {
            value,
            at: 0,
            hint,
            list: Vec::new(),
            entry: Entry::default(),
            before_comma: Vec::new(),
            has_quote_end: true,
            has_comment_end: true,
            is_inner: false,
            unqualified: String::new(),
            unqualified_name: None,
        }
    }

    fn run(&mut self) {
        while self.at < self.value.len() && self.list.len() <= MAX_ADDRESSES {
            let rest = &self.value[self.at..];
            match rest[0] {
                b'"' => self.quoted(),
                b'(' => self.comment(),
                b'<' => self.angle(),
                b',' | b';' => {
                    self.at += 1;
                    self.finish(rest[0] == b',');
                }
                b':' if self.is_group_name() => {
                    self.at += 1;
                    self.entry = Entry::default();
                    self.before_comma.clear();
                }
                b'=' if let Some(word) = Word::read(rest) => self.push(word.len),
                b'\\' if rest.len() > 1 => {
                    self.at += 1;
                    self.push(1);
                }
                _ => self.push(1 + rest[1..].iter().position(is_sign).unwrap_or(rest.len() - 1)),
            }
        }
        self.finish(false);
    }

    /// Takes so many bytes as they stand.
    fn push(&mut self, length: usize) {
        let bytes = &self.value[self.at..self.at + length];
        self.at += length;
        if self.entry.angle.is_some() {
            self.entry.tail.extend_from_slice(bytes);
            return;
        }
        self.entry.phrase.extend_from_slice(bytes);
        if let Some(quoted) = &mut self.entry.quoted {
            quoted.extend_from_slice(bytes);
        }
    }

    fn quoted(&mut self) {
        let inside = &self.value[self.at + 1..];
        let end = if self.has_quote_end { end_of_quote(inside) } else { None };
        self.has_quote_end = end.is_some();
        let Some(end) = end else {
            // A quote too many.
            self.at += 1;
            return;
        };
        if self.entry.angle.is_none() {
            let phrase = &self.entry.phrase;
            let quoted = self.entry.quoted.get_or_insert_with(|| phrase.clone());
            quoted.push(b'"');
            quoted.extend_from_slice(&inside[..end]);
            quoted.push(b'"');
        }
        let target = if self.entry.angle.is_some() { &mut self.entry.tail } else { &mut self.entry.phrase };
        let mut bytes = inside[..end].iter();
        while let Some(byte) = bytes.next() {
            target.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
        }
        self.at += end + 2;
    }

    fn comment(&mut self) {
        let end = if self.has_comment_end { end_of_comment(&self.value[self.at..]) } else { None };
        self.has_comment_end = end.is_some();
        let Some(end) = end else {
            self.push(1);
            return;
        };
        if self.entry.comment.is_empty() {
            self.entry.comment = self.value[self.at + 1..self.at + end].to_vec();
        }
        // It parts words.
        self.entry.phrase.push(b' ');
        self.at += end + 1;
    }

    fn angle(&mut self) {
        if self.entry.angle.is_some() {
            // The comma before this one is missing; what stands between is its name.
            let between = if self.entry.phrase.trim_ascii().is_empty() {
                Vec::new()
            } else {
                std::mem::take(&mut self.entry.tail)
            };
            self.finish(false);
            self.entry.phrase = between;
        }
        let inside = &self.value[self.at + 1..];
        let start = inside.iter().take_while(|b| matches!(b, b'<' | b' ')).count();
        let inside = &inside[start..];
        let quote = inside.strip_prefix(b"\"").and_then(end_of_quote).map_or(0, |end| end + 2);
        let end = quote + memchr::memchr2(b'<', b'>', &inside[quote..]).unwrap_or(inside.len() - quote);
        let is_closed = inside.get(end) == Some(&b'>');
        let end = if is_closed {
            end
        } else {
            // The closing bracket is missing; the address ends at a blank or comma.
            inside[..end].iter().position(|b| matches!(b, b',' | b';' | b' ' | b'(')).unwrap_or(end)
        };
        self.entry.angle = Some(inside[..end].to_vec());
        let closing = inside[end..].iter().take_while(|b| **b == b'>').count();
        self.at += 1 + start + end + closing;
    }

    /// Whether what stands before this colon names a group, and is no address or link.
    fn is_group_name(&self) -> bool {
        self.entry.angle.is_none() && !self.entry.phrase.contains(&b'@') && !is_scheme(&self.entry.phrase)
    }

    /// Ends the address that is being read; `is_comma` when the next one may belong to it.
    fn finish(&mut self, is_comma: bool) {
        let entry = std::mem::take(&mut self.entry);
        let Some(angle) = &entry.angle else {
            if self.without_brackets(&entry) {
                self.before_comma.clear();
            } else if is_comma && !entry.phrase.trim_ascii().is_empty() {
                // Part of a name with a comma in it, if brackets follow.
                if self.before_comma.len() < MAX_NAME_BYTES {
                    self.before_comma.extend_from_slice(entry.phrase.trim_ascii());
                    self.before_comma.extend_from_slice(b", ");
                }
            } else if !is_comma {
                self.note_unqualified(&entry, &entry.phrase);
                self.before_comma.clear();
            }
            return;
        };
        let mut phrase = std::mem::take(&mut self.before_comma);
        if entry.phrase.trim_ascii().is_empty() {
            // Blanks and a comma, and then an address with nothing before it: that was no name.
            phrase.clear();
        }
        phrase.extend_from_slice(&entry.phrase);
        let name = [&phrase, &entry.comment, &entry.tail].into_iter().find_map(|bytes| self.name(bytes));
        let addresses = in_brackets(angle, self.hint);
        if addresses.is_empty() {
            // `Ann <>`, or the name in brackets and the address before or behind them.
            let outside = Entry {
                phrase: entry.phrase.clone(),
                quoted: entry.quoted.clone(),
                comment: angle.clone(),
                ..Entry::default()
            };
            let behind = Entry { phrase: entry.tail.clone(), comment: angle.clone(), ..Entry::default() };
            if !self.without_brackets(&outside) && !self.without_brackets(&behind) {
                self.note_unqualified(&entry, angle);
            }
            return;
        }
        for address in addresses {
            self.list.push(Address { name: name.clone(), address });
        }
    }

    /// Reads an entry without brackets; `false` when there is no address in it.
    fn without_brackets(&mut self, entry: &Entry) -> bool {
        let phrase = &entry.phrase;
        if let Some(quoted) = &entry.quoted
            && let Some(address) = with_quoted_local(quoted)
        {
            let name = self.name(&entry.comment);
            self.list.push(Address { name, address });
            return true;
        }
        let decoded = if words::has_words(phrase) {
            words::decode(phrase, self.hint)
        } else if phrase.contains(&b'@') {
            unlabelled(phrase, self.hint).into_owned()
        } else {
            return false;
        };
        if !decoded.contains('@') {
            return false;
        }
        // A whole address with its name in quotes or in one encoded word.
        if decoded.contains('<') && !self.is_inner {
            let mut inner = Reader::new(decoded.as_bytes(), self.hint);
            inner.is_inner = true;
            inner.run();
            let found = !inner.list.is_empty();
            self.list.extend(inner.list.into_iter().take(1));
            return found;
        }
        let decoded = joined(&decoded);
        let (mut found, mut rest) = (Vec::new(), Vec::new());
        for word in decoded.split_whitespace() {
            match usable(word) {
                Some(address) => found.push(address),
                None => rest.push(word),
            }
        }
        let name = if found.len() == 1 && !rest.is_empty() {
            Some(clean_line(&rest.join(" "))).filter(|name| !name.is_empty())
        } else {
            None
        };
        let name = name.or_else(|| self.name(&entry.comment));
        let any = !found.is_empty();
        self.list.extend(found.into_iter().map(|address| Address { name: name.clone(), address }));
        any
    }

    fn note_unqualified(&mut self, entry: &Entry, local: &[u8]) {
        if self.unqualified.is_empty() {
            let local = String::from_utf8_lossy(local);
            self.unqualified = local.split_whitespace().next().unwrap_or_default().to_string();
            self.unqualified_name = self.name(&entry.comment).or_else(|| self.name(&entry.phrase));
        }
    }

    fn name(&self, bytes: &[u8]) -> Option<String> {
        let name = super::one_line_as(bytes, self.hint);
        let name = name.trim_matches(|c: char| c == '"' || c.is_whitespace());
        (!name.is_empty()).then(|| name.to_string())
    }
}

/// The text without the blanks that old programs put around the signs of an address (RFC 5322 §4.4): `ann @ x . example`.
fn joined(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains(char::is_whitespace) {
        return Cow::Borrowed(text);
    }
    // `Ann @ Work ann@x.example` has its address.
    let has_address = text.split_whitespace().any(|word| usable(word).is_some());
    let mut out = String::with_capacity(text.len());
    let (mut is_in_domain, mut is_open) = (false, false);
    for word in text.split_whitespace() {
        let is_behind_at = !has_address && (word.starts_with('@') || out.ends_with('@'));
        let is_part = is_behind_at || is_in_domain && (is_open || word.starts_with('.'));
        if !is_part {
            out.push(' ');
        }
        out.push_str(word);
        is_in_domain = word.contains('@') || is_part && is_in_domain || is_behind_at;
        is_open = word == ".";
    }
    Cow::Owned(out)
}

/// Whether a byte may mean something else than itself.
fn is_sign(byte: &u8) -> bool {
    matches!(byte, b'"' | b'(' | b'<' | b',' | b';' | b':' | b'=' | b'\\')
}

/// Bytes of a name that are put together over commas.
const MAX_NAME_BYTES: usize = 1_000;

fn is_scheme(phrase: &[u8]) -> bool {
    // `Ann [mailto:ann@x.example]`, as Outlook shows it.
    let word = phrase.trim_ascii().rsplit(|b| matches!(b, b'[' | b' ')).next().unwrap_or_default();
    word.eq_ignore_ascii_case(b"mailto") || word.eq_ignore_ascii_case(b"smtp")
}

fn end_of_quote(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(n) = memchr::memchr2(b'"', b'\\', &inside[at..]) {
        if inside[at + n] == b'"' {
            return Some(at + n);
        }
        at = (at + n + 2).min(inside.len());
    }
    None
}

/// Where the comment ends that `text` begins with; comments may hold comments.
fn end_of_comment(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut is_escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => depth += 1,
            b')' if depth <= 1 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `"john doe"@example.com`, and nothing else but blanks.
fn with_quoted_local(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let inside = text.strip_prefix('"')?;
    let end = end_of_quote(inside.as_bytes())?;
    let domain = inside[end + 1..].strip_prefix('@')?.trim_end_matches(['.', '\'']);
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '@' | '<' | '>');
    let is_whole = !domain.is_empty() && !domain.contains(is_odd) && !inside[..end].contains(char::is_control);
    (end > 0 && is_whole && text.len() <= MAX_ADDRESS_BYTES).then(|| simplest(&inside[..end], domain))
}

/// A quoted local part, without its quotes where it needs none.
fn simplest(local: &str, domain: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.chars().all(is_plain) && !local.starts_with('\'') {
        format!("{local}@{domain}")
    } else {
        format!("\"{local}\"@{domain}")
    }
}

/// The addresses between brackets: one, as a rule; routes go (RFC 5322 §4.4).
fn in_brackets(inside: &[u8], hint: Option<&str>) -> Vec<String> {
    let inside = inside.trim_ascii();
    if let Some(address) = with_quoted_local(inside) {
        return vec![address];
    }
    let decoded =
        if words::has_words(inside) { words::decode(inside, hint) } else { unlabelled(inside, hint).into_owned() };
    let without_comments = without_comments(&decoded);
    let mut text = without_comments.as_str();
    if text.starts_with('@')
        && let Some((_, mailbox)) = text.rsplit_once(':')
    {
        text = mailbox;
    }
    let parts = || text.split([',', ';']).filter(|part| part.contains('@'));
    if parts().count() > 1 {
        return parts().filter_map(usable).collect();
    }
    usable(text).into_iter().collect()
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('(') {
        let Some(end) = end_of_comment(&rest.as_bytes()[at..]) else { break };
        out.push_str(&rest[..at]);
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    out
}

/// The address in a word or between brackets, without what programs put around it.
fn usable(text: &str) -> Option<String> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>');
    let around = |c: char| is_odd(c) || matches!(c, '\'' | '"' | '[' | ']' | '(' | ')' | ',' | ';' | ':');
    let text = text.trim_matches(|c: char| is_odd(c) || matches!(c, '\'' | '"' | '(' | ')' | ',' | ';' | ':'));
    let text = text.strip_prefix("[").map_or(text, |inner| inner.trim_matches(around));
    let text = if text.contains('[') { text } else { text.trim_end_matches(']') };
    let text = ["mailto:", "MAILTO:", "smtp:", "SMTP:"].into_iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    let text: String = text.split(is_odd).collect();
    let (local, domain) = text.rsplit_once('@')?;
    // What stood within the marks may be in marks itself.
    let (local, domain) = (local.trim_start_matches('\''), domain.trim_end_matches(['.', '\'']));
    let whole = !local.is_empty() && !domain.is_empty() && text.len() <= MAX_ADDRESS_BYTES;
    whole.then(|| format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests;
