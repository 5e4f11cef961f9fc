//! The mail that a mail passes on: attached as a whole, or copied into the text below its header block.
//!
//! Found purely from the mail; whether its passing on means anything is decided elsewhere.

use super::attribution::{Label, Separator, Strength, attribution, fields_on_line, label, separator};
use super::fields::{self, Of};
use super::limits::{MAX_FORWARD_HEADER_LINES, MAX_FORWARD_LINES};
use super::parts::{self, Parts};
use super::{Address, Digest, Message, MessageId, body, decode, ids, parse, text};
use jiff::Timestamp;
use memchr::memmem;

/// A mail that another one passes on. It says of itself who wrote it; nobody has vouched for that.
#[derive(Debug, Clone, PartialEq)]
pub struct Forwarded {
    /// Who wrote it, where an address is told.
    pub from: Option<Address>,
    /// To whom.
    pub to: Vec<Address>,
    /// About what.
    pub subject: String,
    /// When, where it can be read.
    pub date: Option<Timestamp>,
    /// Its text.
    pub text: String,
    /// Its Message-ID; a mail that was copied into the text has lost it.
    pub id: Option<MessageId>,
    /// What the one who passes it on wrote above it.
    pub above: String,
}

impl Message {
    /// The mail that this one passes on, as if it had come by itself: nobody vouches for it, and of its files nobody
    /// knows which of them are its own. `None` where it does not say who wrote it.
    pub fn passed_on(&self) -> Option<Message> {
        let Forwarded { from, to, subject, date, text, id, .. } = self.forwarded.as_ref()?;
        // Whatever copies of it have in common when it is passed on again.
        let told = format!("{}\n{subject}\n{date:?}\n{text}", from.as_ref()?.key());
        let blank = parse::blank(&Digest::of(told.as_bytes()), self.received_at, self.size_bytes);
        Some(Message {
            id: id.clone().unwrap_or_else(|| blank.id.clone()),
            subject: subject.clone(),
            from: vec![from.clone()?],
            to: to.clone(),
            date: *date,
            body: body::split(text.clone(), &body::Hints::default()),
            attachments: self.attachments.clone(),
            ..blank
        })
    }
}

/// The mail that is passed on, if one is: the first that is attached, else the one within the text.
pub(super) fn of(parts: &Parts<'_>, subject: &str, words: &str) -> Option<Forwarded> {
    let (mut mail, above) = match attached(parts) {
        Some(mail) => (mail, words.to_owned()),
        None => within(words, subject)?,
    };
    mail.above = body::split(above, &body::Hints::default()).own_words();
    Some(mail)
}

/// A mail attached as a whole. One inside a report is there because it was *not* delivered.
fn attached(parts: &Parts<'_>) -> Option<Forwarded> {
    if parts.list.first()?.content_type.value == "multipart/report" {
        return None;
    }
    let is_mail = |kind: &str| matches!(kind, "message/rfc822" | "message/global");
    let part = parts.list.iter().find(|part| is_mail(&part.content_type.value) && !part.is_multipart())?;
    let bytes = part.bytes();
    let parts = parts::read(&bytes, fields::split(&bytes, Of::Message));
    let block = &parts.list.first()?.block;
    let hint = parts.hint.as_deref();
    let addresses = |name: &str| {
        let fields = block.fields.iter().filter(|field| field.is(name));
        fields.flat_map(|field| decode::addresses_as(*field, hint)).collect::<Vec<_>>()
    };
    let subject = block.first("Subject").map(|field| decode::text_as(field, hint));
    if subject.is_none() && block.first("From").is_none() {
        return None;
    }
    Some(Forwarded {
        from: addresses("From").into_iter().next(),
        to: addresses("To"),
        subject: subject.unwrap_or_default(),
        date: block.first("Date").and_then(decode::date).map(|(at, _)| at),
        text: text::of(&parts, &mut Vec::new()).0,
        id: block.first("Message-ID").and_then(|field| ids::all(&decode::text(field)).into_iter().next()),
        above: String::new(),
    })
}

/// A mail copied into the text, below an announcement, or below nothing but its header block where the subject says that
/// it is passed on.
fn within(words: &str, subject: &str) -> Option<(Forwarded, String)> {
    let says_so = is_forward(subject);
    if !says_so && !may_announce(words) {
        return None;
    }
    let lines: Vec<&str> = fields::lines(words).take(MAX_FORWARD_LINES).collect();
    let starts = (0..lines.len()).filter(|at| says_so || is_announcement(lines[*at]));
    starts.into_iter().find_map(|at| {
        let start = if is_announcement(lines[at]) { after_blanks(&lines, at + 1) } else { at };
        let by_attribution = || if start > at { HeaderBlock::of_attribution(&lines[start..]) } else { None };
        let mut block = HeaderBlock::read(&lines[start..]).or_else(by_attribution)?;
        if block.subject.is_none() {
            block.subject = behind_prefix(subject).map(str::to_string);
        }
        // What follows is the rest of the whole text, not only of the lines that were looked at.
        let rest = fields::lines(words).skip(start + block.length);
        let strip = |line: &str| {
            let inner =
                if block.is_quoted { line.strip_prefix('>').map(|l| l.strip_prefix(' ').unwrap_or(l)) } else { None };
            inner.unwrap_or(line).to_string()
        };
        let text = rest.map(strip).collect::<Vec<_>>().join("\n").trim().to_string();
        Some((block.into_forwarded(text), lines[..at].join("\n")))
    })
}

impl Message {
    /// Whether the subject says that a mail is passed on; one that says in another language that it answers says so
    /// only where it answers nothing.
    pub fn says_passed_on(&self, is_answer: bool) -> bool {
        is_forward(&self.subject) && !(is_answer && is_answer_elsewhere(&self.subject))
    }
}

/// How subjects of forwarded mails begin, by program and language, without the colon.
const PREFIXES: [&str; 33] = [
    "chuyển tiếp",
    "doorst",
    "enc",
    "fs",
    "fw",
    "fwd",
    "i",
    "i̇lt",
    "ilt",
    "inoltra",
    "pd",
    "reenv",
    "전달",
    "rv",
    "továbbítás",
    "tr",
    "trs",
    "vb",
    "vd",
    "vl",
    "vs",
    "weitergeleitet",
    "wg",
    "wl",
    "wtr",
    "προωθ",
    "προώθ",
    "πρθ",
    "пересл",
    "הועבר",
    "转发",
    "轉寄",
    "転送",
];

/// Whether a subject says that a mail is passed on.
pub(super) fn is_forward(subject: &str) -> bool {
    behind_prefix(subject).is_some()
}

/// The subject of the mail that is passed on, where a subject says that one is.
fn behind_prefix(subject: &str) -> Option<&str> {
    let (prefix, behind) = prefix(subject)?;
    PREFIXES.contains(&prefix.as_str()).then_some(behind)
}

/// What stands before the first colon of a subject, in lower case, and what stands behind it.
fn prefix(subject: &str) -> Option<(String, &str)> {
    let mut rest = subject.trim_start();
    // `Re: Fwd:` answers a forwarded mail, `Fwd: Re:` passes an answer on; tags may stand before either.
    while let Some(inner) = rest.strip_prefix('[') {
        rest = inner.split_once(']').map_or("", |(_, rest)| rest).trim_start();
    }
    let (colon, sign) = rest.char_indices().take(MAX_PREFIX_CHARS).find(|(_, c)| matches!(c, ':' | '：'))?;
    Some((rest[..colon].trim().to_lowercase(), rest[colon + sign.len_utf8()..].trim()))
}

/// Whether a subject begins with what passes a mail on in one language and answers it in another: `VS:` is
/// `videresendt` in Danish and Norwegian, and `vastaus` in Finnish. No other of these prefixes is both.
pub(super) fn is_answer_elsewhere(subject: &str) -> bool {
    prefix(subject).is_some_and(|(prefix, _)| prefix == "vs")
}

/// Longer words by which programs call an answer, in lower case.
const LONG_ANSWERS: [&str; 9] =
    ["antwort", "réponse", "reponse", "risposta", "respuesta", "resposta", "vastaus", "odpowiedź", "atsakymas"];

/// Whether a subject begins as that of an answer, in whatever language: with a short word and a colon, which stands for
/// no mail that is passed on.
pub(super) fn may_be_answer(subject: &str) -> bool {
    let is_short = |start: &str| {
        start.chars().filter(|c| c.is_alphabetic()).count() <= MAX_ANSWER_LETTERS
            || LONG_ANSWERS.contains(&start.trim().to_lowercase().as_str())
    };
    let start = subject.split_once([':', '：']).map(|(start, _)| start);
    start.is_some_and(is_short) && !is_forward(subject)
}

/// Letters of a prefix of answers.
const MAX_ANSWER_LETTERS: usize = 5;

/// Characters in which a prefix must end.
const MAX_PREFIX_CHARS: usize = 16;

/// A cheap first look: announcements stand between dashes, end in a colon, or are not in English.
fn may_announce(words: &str) -> bool {
    let has = |sign: &[u8]| memmem::find(words.as_bytes(), sign).is_some();
    !words.is_ascii() || has(b"--") || has(b"orwarded") || has(b":\n")
}

fn is_announcement(line: &str) -> bool {
    // Nearly all lines begin in a letter and end in one, or as sentences do.
    let bytes = line.as_bytes();
    let is_end = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b',' | b';' | b')');
    if bytes.first().is_some_and(u8::is_ascii_alphanumeric) && bytes.last().is_some_and(is_end) {
        return false;
    }
    separator(unquoted(line)) == Some(Separator::Forward)
}

fn after_blanks(lines: &[&str], at: usize) -> usize {
    let blank = lines[at..].iter().take(MAX_BLANK_LINES).take_while(|line| unquoted(line).is_empty()).count();
    at + blank
}

/// Empty lines between an announcement and what it announces.
const MAX_BLANK_LINES: usize = 4;

fn unquoted(line: &str) -> &str {
    line.trim_start_matches(['>', ' ', '\t', '\u{a0}']).trim()
}

/// The header block of a mail within a text.
#[derive(Default)]
struct HeaderBlock {
    from: String,
    to: String,
    subject: Option<String>,
    date: String,
    is_quoted: bool,
    /// Lines that it takes.
    length: usize,
}

impl HeaderBlock {
    /// The block that the lines begin with: somebody it is from, and two more things at least.
    fn read(lines: &[&str]) -> Option<Self> {
        let first = *lines.first()?;
        // A cheap look at each line where blocks are looked for.
        let (label, _) = labelled(first)?;
        if label == Label::Other {
            return None;
        }
        let mut block = Self { is_quoted: first.starts_with('>'), ..Self::default() };
        let on_line = fields_on_line(first);
        if !on_line.is_empty() {
            on_line.into_iter().for_each(|(label, value)| block.take(label, value.trim()));
            return Some(Self { length: 1, ..block });
        }
        let mut count = 0;
        let mut last = None;
        let mut at = 0;
        while at < lines.len().min(MAX_FORWARD_HEADER_LINES) {
            if let Some((label, value)) = labelled(lines[at]) {
                block.take(label, value);
                count += 1;
                last = Some(label);
            } else if unquoted(lines[at]).is_empty() {
                // Tables and paragraphs leave empty lines between the fields.
                if lines.get(at + 1).is_none_or(|next| labelled(next).is_none()) {
                    break;
                }
                last = None;
            } else {
                // The value goes on; but not for ever.
                match last {
                    Some(Label::To | Label::Cc | Label::Subject | Label::From) if goes_on(lines, at) => {
                        if let Some(Label::To) = last {
                            block.to.push(' ');
                            block.to.push_str(unquoted(lines[at]));
                        }
                    }
                    _ => break,
                }
            }
            at += 1;
        }
        block.length = at;
        (count >= 3 && !block.from.is_empty()).then_some(block)
    }

    /// What is announced and then only introduced: `2.3.2026, 9:30, "Ann Example" <ann@example.com>:`.
    fn of_attribution(lines: &[&str]) -> Option<Self> {
        let (length, Strength::Certain) = attribution(lines)? else { return None };
        let from = lines[..length].join(" ").trim().trim_end_matches(':').to_string();
        // What stands before the name is the date.
        let name = from.rfind('"').and_then(|end| from[..end].rfind('"')).or_else(|| from.rfind([',', ' ', '<']));
        let from = from[name.unwrap_or(0)..].trim_start_matches([',', ' ']).to_string();
        Some(Self { from, is_quoted: lines[0].starts_with('>'), length, ..Self::default() })
    }

    fn take(&mut self, label: Label, value: &str) {
        let value = value.to_string();
        match label {
            Label::From if self.from.is_empty() => self.from = value,
            Label::To if self.to.is_empty() => self.to = value,
            Label::Subject if self.subject.is_none() => self.subject = Some(value),
            Label::Sent if self.date.is_empty() => self.date = value,
            _ => {}
        }
    }

    fn into_forwarded(self, text: String) -> Forwarded {
        Forwarded {
            from: decode::addresses_in(&self.from).into_iter().next(),
            to: decode::addresses_in(&self.to),
            subject: self.subject.unwrap_or_default(),
            date: decode::date_in(&self.date).map(|(at, _)| at),
            text,
            id: None,
            above: String::new(),
        }
    }
}

/// Whether this line goes on with the field above it, and is not the first of the text: a program has wrapped what stood
/// there, or another field follows.
fn goes_on(lines: &[&str], at: usize) -> bool {
    let above = unquoted(lines[at - 1]);
    let below = lines[at + 1..].iter().take(MAX_WRAPPED_LINES).take_while(|line| !unquoted(line).is_empty());
    above.len() >= MIN_WRAPPED_BYTES
        || above.ends_with([',', ';', '<'])
        || lines[at].starts_with([' ', '\t'])
        || below.into_iter().any(|line| labelled(line).is_some())
}

/// Lines over which a field is wrapped.
const MAX_WRAPPED_LINES: usize = 8;

/// A line from this length on may have been wrapped.
const MIN_WRAPPED_BYTES: usize = 60;

/// The label that a line begins with, and what stands behind it.
fn labelled(line: &str) -> Option<(Label, &str)> {
    let (label, value) = label(line)?;
    Some((label, value.trim_start_matches('*').trim()))
}

#[cfg(test)]
mod tests;
