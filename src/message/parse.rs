//! Puts a [`Message`] together. Total: whatever the bytes are, there is a message, and the oddities are its defects.
//!
//! A mail that reaches a fatal limit is read as far as its header block goes, so that whoever looks at it sees who
//! wrote it and what about.

use super::decode;
use super::fields::{self, Block, Of};
use super::limits::{MAX_ADDRESSES, MAX_ATTACHMENTS, MAX_NAME_CHARS, MAX_SUBJECT_CHARS};
use super::parts::{self, Parts};
use super::{
    Address, Attachment, Authentication, Body, Defect, DefectCode, Digest, Header, Message, MessageId, Origin, Reader,
    ReturnPath, body, calendar, digest, files, forwarded, ids, origin, report, text, trust,
};
use jiff::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads a mail. It never panics and never refuses; work and memory grow with the size of the mail.
pub fn parse(raw: &[u8], received_at: Timestamp, reader: &Reader) -> Message {
    // The MIME library has panicked on odd input before. One mail must not take the others down with it; the closure
    // owns all that it changes, so there is nothing half done to be seen afterwards.
    catch_unwind(AssertUnwindSafe(|| read(raw, received_at, reader, None)))
        .unwrap_or_else(|_| unreadable(raw, received_at, "the reader failed on it"))
}

/// The same, with the decoded bytes of all attachments, in the order of their [`Attachment::index`]: those by which
/// each is known again, so that texts end their lines in `\n` whichever way the mail came, and have that size.
pub fn parse_with_files(raw: &[u8], received_at: Timestamp, reader: &Reader) -> (Message, Vec<Vec<u8>>) {
    let both = catch_unwind(AssertUnwindSafe(|| {
        let mut files = Vec::new();
        (read(raw, received_at, reader, Some(&mut files)), files)
    }));
    both.unwrap_or_else(|_| (unreadable(raw, received_at, "the reader failed on it"), Vec::new()))
}

/// Reads what there is of a mail of which only the header block was fetched; `size_bytes` is that of the whole mail.
pub fn parse_headers(header_block: &[u8], size_bytes: u64, received_at: Timestamp, reader: &Reader) -> Message {
    let mut message = parse(only_headers(header_block), received_at, reader);
    if message.defects.iter().any(|defect| defect.code == DefectCode::MissingMessageId) {
        message.id = ids::for_missing(&header_digest(header_block, size_bytes, received_at));
    }
    message.defects.retain(|defect| defect.code != DefectCode::Structure);
    message.size_bytes = size_bytes;
    message
}

/// Without what follows the block, if anything does: that is not the whole text and would be taken for it.
fn only_headers(raw: &[u8]) -> &[u8] {
    let end = catch_unwind(|| fields::split(raw, Of::Message).body_at).unwrap_or(0);
    &raw[..end]
}

/// SHA-256 over what two copies of one mail have in common: originator fields, subject, date, id and body, but no trace
/// fields; over all bytes where these were not all read. Only who compares mails wants it, and it takes long.
pub fn content_digest(raw: &[u8]) -> Digest {
    let digest = || {
        let block = fields::split(raw, Of::Message);
        if is_mail(&block) { digest::of_mail(raw, &block) } else { Digest::of(raw) }
    };
    catch_unwind(digest).unwrap_or_else(|_| Digest::of(raw))
}

/// The same of a mail of which only the header block was fetched. Where that does not say which mail it is, no other
/// one is a copy of it but the one that is as large and was received in the same moment.
pub fn header_digest(header_block: &[u8], size_bytes: u64, received_at: Timestamp) -> Digest {
    let header_block = only_headers(header_block);
    let digest = || {
        let block = fields::split(header_block, Of::Message);
        digest::of_header(header_block, &block, size_bytes, received_at)
    };
    catch_unwind(digest).unwrap_or_else(|_| Digest::of(header_block))
}

/// The decoded bytes of all attachments, in the order of their [`Attachment::index`].
pub fn all_attachment_bytes(raw: &[u8]) -> Vec<Vec<u8>> {
    attachment_bytes(raw, |_| true)
}

/// The decoded bytes of those attachments that are wanted by their [`Attachment::index`], in its order.
pub fn attachment_bytes(raw: &[u8], is_wanted: impl Fn(usize) -> bool) -> Vec<Vec<u8>> {
    catch_unwind(AssertUnwindSafe(|| {
        let opened = parts::opened(raw, &fields::split(raw, Of::Message));
        let raw = opened.as_deref().unwrap_or(raw);
        let parts = parts::read(raw, fields::split(raw, Of::Message));
        let files = files::of(&parts, &mut Vec::new());
        let wanted = files.into_iter().take(MAX_ATTACHMENTS).enumerate().filter(|(at, _)| is_wanted(*at));
        wanted.map(|(_, file)| file.into_bytes().into_owned()).collect()
    }))
    // A mail whose reading fails has no attachments listed either.
    .unwrap_or_default()
}

/// Puts the bytes of its files into `contents` where somebody wants them.
fn read(raw: &[u8], received_at: Timestamp, reader: &Reader, contents: Option<&mut Vec<Vec<u8>>>) -> Message {
    if raw.trim_ascii().is_empty() {
        let mut message = unreadable(raw, received_at, "");
        message.defects = vec![defect(DefectCode::Empty, "there is nothing in it")];
        return message;
    }
    let block = fields::split(raw, Of::Message);
    if !is_mail(&block) {
        return unreadable(raw, received_at, "there is no header field that mails have");
    }

    let mut defects = Vec::new();
    let hint = if raw.is_ascii() { None } else { decode::hint(raw) };
    let digest = || digest::of_mail(raw, &block);
    let envelope = Envelope::read(&block, hint, digest, &mut defects);
    let headers = block
        .fields
        .iter()
        .map(|field| Header { name: field.name.to_string(), value: value_of(*field, hint) })
        .collect::<Vec<_>>();

    let opened = parts::opened(raw, &block);
    let mut parts = match &opened {
        Some(mail) => parts::read(mail, fields::split(mail, Of::Message)),
        None => parts::read(raw, block),
    };
    if opened.is_some() {
        parts.defects.push(DefectCode::Structure);
    }
    parts.defects.dedup();
    defects.extend(parts.defects.drain(..).map(|code| defect(code, structure_detail(code))));
    // A mail over a limit is looked at by a person; its text would only be part of the truth.
    let is_whole = !defects.iter().any(|defect| defect.code.is_fatal());
    let (body, attachments) = if is_whole {
        let (text, mut hints) = text::of(&parts, &mut defects);
        hints.is_forward = forwarded::is_forward(&envelope.subject);
        hints.answers_none = envelope.answers_none();
        hints.sender = envelope.from.first().map(names_of).unwrap_or_default();
        (body::split(text, &hints), list_attachments(&parts, contents, &mut defects))
    } else {
        (Body::default(), Vec::new())
    };
    let (calendar, forwarded) = if is_whole {
        (calendar::of(&parts), forwarded::of(&parts, &envelope.subject, &body.text))
    } else {
        (None, None)
    };

    let mut message = Message {
        id: envelope.id,
        in_reply_to: envelope.in_reply_to,
        references: envelope.references,
        subject: envelope.subject,
        from: envelope.from,
        reply_to: envelope.reply_to,
        to: envelope.to,
        cc: envelope.cc,
        delivered_to: envelope.delivered_to,
        return_path: envelope.return_path,
        date: envelope.date,
        utc_offset_minutes: envelope.utc_offset_minutes,
        received_at,
        headers,
        language: None,
        body,
        attachments,
        origin: Origin::Person,
        marks: Vec::new(),
        report: None,
        calendar,
        forwarded,
        authentication: Authentication::None,
        authenticated_by: None,
        size_bytes: raw.len() as u64,
        defects,
    };
    message.report = report::read(&parts, &message);
    let verdict = origin::judge(&message, reader);
    message.origin = verdict.origin;
    message.marks = verdict.marks;
    if message.origin != Origin::DeliveryReport {
        message.report = None;
    }
    (message.authentication, message.authenticated_by) = trust::judge(&mut message, reader);
    message
}

/// A field's value on one line. What servers say of a sender has no encoded words (RFC 8601 §2.2): one that reads as
/// ours only when it is decoded has come with the mail, past a server that would have taken it off.
fn value_of(field: fields::RawField<'_>, hint: Option<&str>) -> String {
    if field.is(trust::FIELD) {
        return String::from_utf8_lossy(&field.unfolded()).into_owned();
    }
    decode::text_as(field, hint)
}

fn is_mail(block: &Block<'_>) -> bool {
    block.is_over_limit || block.fields.iter().any(|field| IDENTIFYING_FIELDS.iter().any(|name| field.is(name)))
}

/// Bytes without one of these are no mail, but garbage that happens to have a colon in its first lines.
const IDENTIFYING_FIELDS: [&str; 9] =
    ["From", "To", "Subject", "Date", "Message-ID", "Received", "Return-Path", "Content-Type", "Delivered-To"];

/// What a header block says about who wrote to whom, when and about what.
struct Envelope {
    id: MessageId,
    in_reply_to: Vec<MessageId>,
    references: Vec<MessageId>,
    subject: String,
    from: Vec<Address>,
    reply_to: Vec<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    delivered_to: Vec<Address>,
    return_path: ReturnPath,
    date: Option<Timestamp>,
    utc_offset_minutes: Option<i16>,
}

impl Envelope {
    /// Whether the mail answers no other one, by all that its header says. Programs tell what is passed on of the mail
    /// that they pass on as if it were answered.
    fn answers_none(&self) -> bool {
        let has_ids = !self.in_reply_to.is_empty() || !self.references.is_empty();
        let begins_something = !self.subject.trim().is_empty() && !forwarded::may_be_answer(&self.subject);
        forwarded::is_forward(&self.subject) && !(has_ids && forwarded::is_answer_elsewhere(&self.subject))
            || !has_ids && begins_something
    }

    /// `digest` is asked for where the mail has no id.
    fn read(block: &Block<'_>, hint: Option<&str>, digest: impl Fn() -> Digest, defects: &mut Vec<Defect>) -> Self {
        let ids = |name: &str, read: fn(&str) -> Vec<MessageId>| -> Vec<MessageId> {
            let fields = block.fields.iter().filter(|field| field.is(name));
            ids::bounded(fields.flat_map(|field| read(&decode::text(*field))).collect())
        };
        let mut from = addresses(block, &["From"], hint, defects);
        if from.is_empty() {
            from.extend(block.first("From").and_then(decode::server_itself));
        }
        let from_fields = block.fields.iter().filter(|field| field.is("From")).count();
        if from.is_empty() {
            defects.push(defect(DefectCode::MissingFrom, "there is no address in From"));
        }
        if from_fields > 1 {
            defects.push(defect(DefectCode::SeveralFromFields, format!("there are {from_fields} From fields")));
        } else if from.len() > 1 {
            defects.push(defect(DefectCode::SeveralAuthors, format!("there are {} addresses in From", from.len())));
        }
        let id = ids("Message-ID", ids::all).into_iter().next().unwrap_or_else(|| {
            defects.push(defect(DefectCode::MissingMessageId, "there is no Message-ID that can be used"));
            ids::for_missing(&digest())
        });
        let date = block.first("Date").and_then(decode::date);
        if date.is_none() {
            defects.push(defect(DefectCode::MissingDate, "there is no Date that can be read"));
        }
        let mut subject = block.first("Subject").map(|field| decode::text_as(field, hint)).unwrap_or_default();
        if cut_chars(&mut subject, MAX_SUBJECT_CHARS) {
            defects.push(defect(DefectCode::Truncated, "the subject was cut"));
        }
        Self {
            id,
            in_reply_to: ids("In-Reply-To", ids::in_reply_to),
            references: ids("References", ids::all),
            subject,
            from,
            reply_to: addresses(block, &["Reply-To"], hint, defects),
            to: addresses(block, &["To"], hint, defects),
            cc: addresses(block, &["Cc"], hint, defects),
            delivered_to: addresses(block, &["Delivered-To", "X-Original-To", "Envelope-To"], hint, defects),
            return_path: return_path(block),
            date: date.map(|(at, _)| at),
            utc_offset_minutes: date.and_then(|(_, offset)| offset),
        }
    }
}

fn addresses(block: &Block<'_>, names: &[&str], hint: Option<&str>, defects: &mut Vec<Defect>) -> Vec<Address> {
    let fields = block.fields.iter().filter(|field| names.iter().any(|name| field.is(name)));
    let mut list: Vec<Address> =
        fields.flat_map(|field| decode::addresses_as(*field, hint)).take(MAX_ADDRESSES + 1).collect();
    if list.len() > MAX_ADDRESSES {
        list.truncate(MAX_ADDRESSES);
        defects.push(defect(DefectCode::Truncated, format!("{} has more than {MAX_ADDRESSES} addresses", names[0])));
    }
    list
}

fn return_path(block: &Block<'_>) -> ReturnPath {
    let Some(field) = block.first("Return-Path") else { return ReturnPath::Absent };
    let value = decode::text(field);
    let path = value.trim().trim_start_matches('<').trim_end_matches('>').trim();
    if path.is_empty() { ReturnPath::Null } else { ReturnPath::Address(path.to_string()) }
}

fn list_attachments(
    parts: &Parts<'_>,
    mut contents: Option<&mut Vec<Vec<u8>>>,
    defects: &mut Vec<Defect>,
) -> Vec<Attachment> {
    let files = files::of(parts, defects);
    if files.len() > MAX_ATTACHMENTS {
        defects.push(defect(DefectCode::Truncated, format!("there are more than {MAX_ATTACHMENTS} attachments")));
    }
    let list = files.into_iter().take(MAX_ATTACHMENTS).enumerate().map(|(index, file)| {
        let (mut name, media_type, inline) = (file.name.clone(), file.media_type.clone(), file.inline);
        let size_bytes = match &mut contents {
            Some(contents) => {
                let bytes = file.into_settled_bytes();
                let size_bytes = bytes.len() as u64;
                contents.push(bytes);
                size_bytes
            }
            None => file.size_bytes(),
        };
        if name.as_mut().is_some_and(|name| cut_chars(name, MAX_NAME_CHARS)) {
            defects.push(defect(DefectCode::Truncated, format!("the name of attachment {index} was cut")));
        }
        Attachment { name, media_type, size_bytes, inline, index }
    });
    list.collect()
}

/// The names by which somebody may sign.
fn names_of(from: &Address) -> String {
    let local = from.address.split('@').next().unwrap_or_default();
    format!("{} {local}", from.name.as_deref().unwrap_or_default())
}

/// Cuts a text to so many characters, and says whether that changed it.
fn cut_chars(text: &mut String, limit: usize) -> bool {
    if text.len() <= limit {
        return false;
    }
    match text.char_indices().nth(limit) {
        Some((at, _)) => {
            text.truncate(at);
            true
        }
        None => false,
    }
}

fn structure_detail(code: DefectCode) -> &'static str {
    match code {
        DefectCode::TooDeep => "its parts are nested too deep",
        DefectCode::TooManyParts => "it has too many parts",
        DefectCode::TooManyHeaders => "it has too many header fields or too large ones",
        _ => "its header block or its MIME structure is broken",
    }
}

fn defect(code: DefectCode, detail: impl Into<String>) -> Defect {
    Defect { code, detail: detail.into() }
}

/// The message for bytes that are no mail.
fn unreadable(raw: &[u8], received_at: Timestamp, why: &str) -> Message {
    let size_bytes = raw.len() as u64;
    Message { defects: vec![defect(DefectCode::Unreadable, why)], ..blank(&Digest::of(raw), received_at, size_bytes) }
}

/// A message of which nothing is known but these; `digest` is that of its words.
pub(super) fn blank(digest: &Digest, received_at: Timestamp, size_bytes: u64) -> Message {
    Message {
        id: ids::for_missing(digest),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        subject: String::new(),
        from: Vec::new(),
        reply_to: Vec::new(),
        to: Vec::new(),
        cc: Vec::new(),
        delivered_to: Vec::new(),
        return_path: ReturnPath::Absent,
        date: None,
        utc_offset_minutes: None,
        received_at,
        headers: Vec::new(),
        body: Body::default(),
        attachments: Vec::new(),
        origin: Origin::Person,
        marks: Vec::new(),
        report: None,
        calendar: None,
        forwarded: None,
        authentication: Authentication::None,
        authenticated_by: None,
        language: None,
        size_bytes,
        defects: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
