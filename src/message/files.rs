//! The files that came with a mail: its parts that are no text of it, what is packed in a `winmail.dat`, and what stands
//! uuencoded in a text.

use super::decode::{self, Encoding, find_uuencoded};
use super::fields::{self, Of};
use super::limits::MAX_ID_BYTES;
use super::parts::{Part, Parts};
use super::{Attachment, Defect, DefectCode, tnef};
use std::borrow::Cow;
use std::collections::HashSet;

/// One file.
#[derive(Debug)]
pub(super) struct File<'a> {
    /// Its name, decoded; what it is called where its sender has not named it.
    pub name: Option<String>,
    pub media_type: String,
    /// Whether it is shown within the text.
    pub inline: bool,
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    Part(Encoding, &'a [u8]),
    Own(Vec<u8>),
}

impl<'a> File<'a> {
    pub fn size_bytes(&self) -> u64 {
        let length = match &self.content {
            Content::Part(encoding, body) => encoding.decoded_len(body),
            Content::Own(bytes) => bytes.len(),
        };
        length as u64
    }

    pub fn into_bytes(self) -> Cow<'a, [u8]> {
        match self.content {
            Content::Part(encoding, body) => encoding.decode(body),
            Content::Own(bytes) => Cow::Owned(bytes),
        }
    }

    /// The bytes by which the file is known again. The lines of a text end on the way as those of the mail do (RFC 2045
    /// §6.7, RFC 2046 §4.1.1): fetched from a server, and in the mailbox on its disk, one and the same file has others.
    /// They end in `\n` here. What is encoded in base64 is left as it is, and what is no UTF-8, which may be anything.
    pub fn into_settled_bytes(self) -> Vec<u8> {
        let is_text = ["text/", "message/"].iter().any(|kind| self.media_type.starts_with(kind));
        let may_change = matches!(self.content, Content::Part(Encoding::None | Encoding::QuotedPrintable, _));
        let bytes = self.into_bytes();
        let changes = is_text && may_change && std::str::from_utf8(&bytes).is_ok();
        if changes { with_line_feeds(&bytes) } else { bytes.into_owned() }
    }
}

impl Attachment {
    /// Whether it signs the mail, or is the key to check that by (RFC 8551 §3.5.3, RFC 3156 §5): about this mail, and
    /// of no use beside any other.
    pub fn is_signature(&self) -> bool {
        const TYPES: [&str; 4] = [
            "application/pkcs7-signature",
            "application/x-pkcs7-signature",
            "application/pgp-signature",
            "application/pgp-keys",
        ];
        TYPES.contains(&self.media_type.as_str())
    }

    /// Whether it may be the mail itself, [sealed](is_sealed_mail).
    pub fn is_sealed_mail(&self) -> bool {
        is_sealed_mail(&self.media_type)
    }
}

/// Whether what has this media type may be a mail itself, encrypted or packed into its signature (RFC 8551 §3.2, RFC 3156
/// §4). Beside words it is a file that somebody signed.
pub fn is_sealed_mail(media_type: &str) -> bool {
    matches!(media_type, "application/pkcs7-mime" | "application/x-pkcs7-mime" | "application/pgp-encrypted")
}

fn with_line_feeds(text: &[u8]) -> Vec<u8> {
    let mut settled = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        settled.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
    }
    settled.extend_from_slice(rest);
    settled
}

/// Opens a part that is a `winmail.dat`.
pub(super) fn opened(part: &Part<'_>) -> Option<tnef::Contents> {
    let is_named = || part.file_name().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"));
    let is_packed = matches!(part.content_type.value.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef");
    if is_packed || is_named() { tnef::open(&part.bytes()) } else { None }
}

/// All files of a mail, in order. What lacks its end is told in `defects`.
pub(super) fn of<'a>(parts: &Parts<'a>, defects: &mut Vec<Defect>) -> Vec<File<'a>> {
    let has_ids = parts.files().any(|index| parts.list[index].content_id().is_some());
    let pages = if has_ids { pages_of(parts) } else { Vec::new() };
    let shown: HashSet<Cow<'_, [u8]>> = pages.iter().flat_map(|page| references(page)).collect();
    let is_shown = |id: &str| shown.contains(id.as_bytes());
    let mut files = Vec::new();
    for index in 0..parts.list.len() {
        let part = &parts.list[index];
        if parts.is_file(index) {
            match opened(part) {
                Some(contents) => {
                    if contents.is_cut {
                        let detail = "a winmail.dat came cut off: what is packed in it may lack its end".into();
                        defects.push(Defect { code: DefectCode::Truncated, detail });
                    }
                    files.extend(unpacked(contents, parts));
                }
                None => files.push(of_part(part, parts, &is_shown)),
            }
        } else if part.may_hold_uuencoded() {
            let found = find_uuencoded(&part.bytes());
            files.extend(found.into_iter().map(|file| File {
                name: Some(decode::one_line_as(&file.name, parts.hint.as_deref())),
                media_type: "application/octet-stream".into(),
                inline: false,
                content: Content::Own(file.bytes),
            }));
        }
    }
    files
}

fn pages_of<'p>(parts: &'p Parts<'_>) -> Vec<Cow<'p, [u8]>> {
    parts.list.iter().filter(|part| part.is_html() && !part.is_multipart()).map(Part::bytes).collect()
}

/// The ids of files that a page refers to: `src="cid:picture@x"`, with codes as in any link (RFC 2392).
fn references(page: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let is_reference = |colon: &usize| {
        let word = page[..*colon].last_chunk::<3>();
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"cid"))
    };
    let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'>' | b')' | b'&' | b';');
    memchr::memchr_iter(b':', page).filter(is_reference).map(move |colon| {
        let id = &page[colon + 1..];
        let id = &id[..id.iter().take(MAX_ID_BYTES).position(is_end).unwrap_or(id.len().min(MAX_ID_BYTES))];
        decode::without_codes(id)
    })
}

fn of_part<'a>(part: &Part<'a>, parts: &Parts<'a>, is_shown: &dyn Fn(&str) -> bool) -> File<'a> {
    let is_referred = part.content_id().is_some_and(|id| is_shown(&id));
    File {
        name: name_of(part, parts.hint.as_deref()),
        media_type: part.content_type.value.clone(),
        inline: is_referred || part.is_inline(),
        content: Content::Part(part.encoding, part.body),
    }
}

fn unpacked<'a>(contents: tnef::Contents, parts: &Parts<'_>) -> Vec<File<'a>> {
    let file = |packed: tnef::Packed| File {
        name: packed.name,
        media_type: packed.media_type.unwrap_or_else(|| "application/octet-stream".into()),
        inline: packed.content_id.is_some_and(|id| contents.html.as_ref().is_some_and(|html| html.contains(&id))),
        content: Content::Own(packed.bytes),
    };
    let rtf = contents.rtf.filter(|_| contents.text.is_none() && contents.html.is_none() && !parts.has_words());
    let rtf = rtf.map(|bytes| File {
        name: Some("message.rtf".into()),
        media_type: "application/rtf".into(),
        inline: false,
        content: Content::Own(bytes),
    });
    contents.files.into_iter().map(file).chain(rtf).collect()
}

/// What a part is called: as its sender named it, by what it is about, or by what it is.
fn name_of(part: &Part<'_>, hint: Option<&str>) -> Option<String> {
    if let Some(name) = part.file_name() {
        return Some(decode::one_line_as(name.as_bytes(), hint));
    }
    let kind = part.content_type.value.as_str();
    let about = || match kind {
        "message/rfc822" | "message/global" => subject_of(part).or_else(|| description_of(part, hint)),
        _ => description_of(part, hint),
    };
    let found = DEFAULT_NAMES.iter().find(|(known, ..)| *known == kind);
    match (found, about()) {
        (Some((_, _, ending)), Some(about)) if !about.to_lowercase().ends_with(ending) => {
            Some(format!("{about}{ending}"))
        }
        (_, Some(about)) => Some(about),
        (Some((_, name, ending)), None) => Some(format!("{name}{ending}")),
        (None, None) => None,
    }
}

/// What parts without a name are called, by what they are.
const DEFAULT_NAMES: [(&str, &str, &str); 17] = [
    ("application/ics", "invitation", ".ics"),
    ("application/pgp-encrypted", "version", ".txt"),
    ("application/pgp-keys", "key", ".asc"),
    ("application/pgp-signature", "signature", ".asc"),
    ("application/pkcs7-mime", "smime", ".p7m"),
    ("application/pkcs7-signature", "smime", ".p7s"),
    ("application/x-pkcs7-mime", "smime", ".p7m"),
    ("application/x-pkcs7-signature", "smime", ".p7s"),
    ("message/delivery-status", "delivery-status", ".txt"),
    ("message/disposition-notification", "disposition-notification", ".txt"),
    ("message/feedback-report", "feedback-report", ".txt"),
    ("message/global", "message", ".eml"),
    ("message/rfc822", "message", ".eml"),
    ("text/calendar", "invitation", ".ics"),
    ("text/rfc822-headers", "headers", ".txt"),
    ("text/vcard", "contact", ".vcf"),
    ("text/x-vcard", "contact", ".vcf"),
];

fn description_of(part: &Part<'_>, hint: Option<&str>) -> Option<String> {
    let text = part.block.first("Content-Description").map(|field| decode::text_as(field, hint));
    text.filter(|text| !text.is_empty())
}

/// The subject of a mail inside a mail.
fn subject_of(part: &Part<'_>) -> Option<String> {
    let bytes = part.bytes();
    let block = fields::split(&bytes, Of::Message);
    let field = block.first("Subject")?;
    let hint = if field.value.is_ascii() { None } else { decode::hint(&bytes) };
    Some(decode::text_as(field, hint)).filter(|subject| !subject.is_empty())
}
