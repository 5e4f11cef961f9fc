//! Stage 1: raw bytes → [`Message`]. Pure and total: whatever the bytes are, there is a message.
//!
//! What was wrong with the bytes stands in [`Message::defects`]. `parse.rs` puts a message together from what
//! `fields.rs` and `parts.rs` cut out of the bytes and `decode.rs`, which alone knows the MIME library, makes
//! readable. `text.rs` and `files.rs` say what people read and what came beside it, `body.rs` finds what a person wrote, `origin.rs` tells people from robots, `report.rs` reads delivery
//! reports, `trust.rs` says how far `From` may be believed.

mod attribution;
pub mod body;
mod calendar;
mod decode;
mod digest;
mod fields;
mod files;
mod forwarded;
mod html;
mod ids;
mod language;
pub mod limits;
mod origin;
pub mod parse;
mod parts;
mod regions;
mod report;
mod search;
mod text;
mod tnef;
mod trust;

pub use body::Body;
pub use calendar::{Calendar, CalendarMethod};
pub use files::is_sealed_mail;
pub use forwarded::Forwarded;
pub use origin::{Mark, MarkOn};
pub use parse::{all_attachment_bytes, attachment_bytes, content_digest, parse, parse_with_files};
pub use report::Reason;

use jiff::Timestamp;
use std::fmt;

/// One mail as RFC 5322 defines it, read and understood, before any rule has seen it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its Message-ID; where the mail has none, a stable one made from its content.
    pub id: MessageId,
    /// Message-IDs in `In-Reply-To`, in the order given.
    pub in_reply_to: Vec<MessageId>,
    /// Message-IDs in `References`, in the order given (oldest first).
    pub references: Vec<MessageId>,
    /// The decoded subject on one line; empty where there is none.
    pub subject: String,
    /// Addresses in `From`. More than one is possible (RFC 5322 §3.6.2), none is a defect.
    pub from: Vec<Address>,
    /// Addresses in `Reply-To`.
    pub reply_to: Vec<Address>,
    /// Addresses in `To`.
    pub to: Vec<Address>,
    /// Addresses in `Cc`.
    pub cc: Vec<Address>,
    /// Addresses in `Delivered-To`, `X-Original-To` and `Envelope-To`: what the mail was really sent to.
    pub delivered_to: Vec<Address>,
    /// What the delivering server noted in `Return-Path`.
    pub return_path: ReturnPath,
    /// The `Date` header, where it can be read.
    pub date: Option<Timestamp>,
    /// How far the author's clock is from UTC, by the `Date` header: `120` for `+0200`.
    pub utc_offset_minutes: Option<i16>,
    /// When our mailbox got the mail (IMAP INTERNALDATE), or when it was ingested.
    pub received_at: Timestamp,
    /// All header fields in the order they stand in, decoded and unfolded.
    pub headers: Vec<Header>,
    /// The words of the mail.
    pub body: Body,
    /// Files that came with it, inline pictures included.
    pub attachments: Vec<Attachment>,
    /// Why the mail exists.
    pub origin: Origin,
    /// The marks that led to [`Message::origin`].
    pub marks: Vec<Mark>,
    /// What a delivery report says; `None` unless the origin is [`Origin::DeliveryReport`].
    pub report: Option<DeliveryReport>,
    /// What a calendar part in it says.
    pub calendar: Option<Calendar>,
    /// The mail that it passes on, attached or within its text.
    pub forwarded: Option<Forwarded>,
    /// How far `From` may be believed.
    pub authentication: Authentication,
    /// What [`Message::authentication`] rests on, unless nobody we trust has said anything.
    pub authenticated_by: Option<AuthenticatedBy>,
    /// ISO 639-1 code of its language where that is known already; ask [`Message::language`] otherwise.
    pub language: Option<String>,
    /// Size of the raw bytes.
    pub size_bytes: u64,
    /// What was wrong with the bytes.
    pub defects: Vec<Defect>,
}

impl Message {
    /// ISO 639-1 code of the language of [`Body::reply`], where it is long enough to tell.
    ///
    /// Guessing takes longer than all the rest of reading a mail, so it is done when somebody asks.
    pub fn language(&self) -> Option<String> {
        self.language.clone().or_else(|| language::of(&self.body.reply, self.origin != Origin::DeliveryReport))
    }

    /// The first address in `From`, which is the one we take for the author.
    pub fn author(&self) -> Option<&Address> {
        self.from.first()
    }

    /// The values of all header fields of this name; the name's case does not matter.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }

    /// Where an answer to this mail would go: `Reply-To`, else `From`.
    pub fn answer_to(&self) -> Option<&Address> {
        self.reply_to.first().or_else(|| self.author())
    }
}

/// One header field, decoded and unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The field's name as written.
    pub name: String,
    /// Its value on one line, encoded words decoded.
    pub value: String,
}

/// A Message-ID without its angle brackets (RFC 5322 §3.6.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct MessageId(pub String);

/// How the id ends that a mail without one is given.
const MADE_UP: &str = "@missing.postroom";

impl MessageId {
    /// Whether we made it up for a mail that had none: nobody else knows it, so nothing we write may refer to it.
    pub fn is_made_up(&self) -> bool {
        self.0.ends_with(MADE_UP)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An RFC 5322 addr-spec with the display name that stood beside it.
#[derive(Debug, Clone, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// The decoded display name.
    pub name: Option<String>,
    /// `local@domain` as written, without comments and white space.
    pub address: String,
}

impl Address {
    /// An address without a display name.
    pub fn bare(address: impl Into<String>) -> Self {
        Self { name: None, address: address.into() }
    }

    /// The part before the last `@`.
    pub fn local(&self) -> &str {
        self.address.rsplit_once('@').map_or(self.address.as_str(), |(local, _)| local)
    }

    /// The part after the last `@`, in lower case; empty where there is none.
    pub fn domain(&self) -> String {
        self.address.rsplit_once('@').map_or(String::new(), |(_, domain)| domain.to_lowercase())
    }

    /// The address in the form in which addresses are compared and stored: all in lower case.
    ///
    /// RFC 5321 §2.4 lets local parts differ by case, but no provider of note does, and people
    /// type their own address in either case.
    pub fn key(&self) -> String {
        self.address.to_lowercase()
    }

    /// Whether both are the same address, whatever the display names and case.
    pub fn is_same(&self, other: &str) -> bool {
        is_same_text(&self.address, other)
    }
}

/// Two addresses are equal when they name the same mailbox; the display name does not count.
impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        is_same_text(&self.address, &other.address)
    }
}

/// Whether two texts are the same in lower case.
fn is_same_text(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        one.eq_ignore_ascii_case(other)
    } else {
        one.to_lowercase() == other.to_lowercase()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

/// What `Return-Path` says (RFC 5321 §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnPath {
    /// There is no such field.
    Absent,
    /// The null reverse-path `<>`: a report that must not be answered.
    Null,
    /// An address.
    Address(String),
}

/// A file that came with a mail. Its bytes stay in the raw mail; [`all_attachment_bytes`] fetches them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Attachment {
    /// Its name, decoded; data, never a path.
    pub name: Option<String>,
    /// Its media type in lower case, `application/pdf`.
    pub media_type: String,
    /// Size of its decoded bytes.
    pub size_bytes: u64,
    /// Whether it is shown within the text (a picture in an HTML part) and not beside it.
    pub inline: bool,
    /// Which attachment of its mail it is, counted from 0.
    pub index: usize,
}

/// Why a mail exists (RFC 3834, RFC 3464, RFC 2919).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A person wrote it to us.
    Person,
    /// A program answered: out of office, an acknowledgement, a read receipt.
    AutomaticReply,
    /// A server says what became of a mail, or a provider passes a complaint on.
    DeliveryReport,
    /// It went to many: a list, a newsletter, a notification.
    Bulk,
    /// We sent it ourselves.
    Own,
}

impl Origin {
    /// The word that stands in output and in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Person => "person",
            Origin::AutomaticReply => "automatic-reply",
            Origin::DeliveryReport => "delivery-report",
            Origin::Bulk => "bulk",
            Origin::Own => "own",
        }
    }
}

/// What a delivery report says (RFC 3464), as far as its format lets us see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// What became of the mail.
    pub kind: ReportKind,
    /// One entry for each recipient it speaks of.
    pub recipients: Vec<ReportedRecipient>,
    /// Message-ID of the mail it is about, from the returned part.
    pub original_message_id: Option<MessageId>,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// It was not delivered and will not be.
    Failed,
    /// It was not delivered yet.
    Delayed,
    /// It was delivered.
    Delivered,
    /// Its recipient complained (RFC 5965).
    Complaint,
}

impl ReportKind {
    /// The word that stands in output.
    pub fn as_str(self) -> &'static str {
        match self {
            ReportKind::Failed => "failed",
            ReportKind::Delayed => "delayed",
            ReportKind::Delivered => "delivered",
            ReportKind::Complaint => "complaint",
        }
    }
}

/// What a delivery report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRecipient {
    /// The recipient's address.
    pub address: String,
    /// The action in RFC 3464's words: `failed`, `delayed`, `delivered`, `relayed`, `expanded`; `complaint` or
    /// `auth-failure` in a complaint.
    pub action: String,
    /// The enhanced status code (RFC 3463), `5.1.1`, where there is one.
    pub status: Option<String>,
    /// What the server said.
    pub diagnostic: Option<String>,
}

/// How far `From` may be believed, by the `Authentication-Results` of servers we trust (RFC 8601).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Authentication {
    /// `dmarc=pass`, or `spf=pass` and `dkim=pass` both aligned with `From`.
    Pass,
    /// A trusted server says that it failed.
    Fail,
    /// Nobody we trust has said anything.
    #[default]
    None,
}

impl Authentication {
    /// The word that stands in output and in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Authentication::Pass => "pass",
            Authentication::Fail => "fail",
            Authentication::None => "none",
        }
    }
}

/// What a verdict on `From` rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticatedBy {
    /// DMARC (RFC 7489).
    Dmarc,
    /// SPF (RFC 7208) and DKIM (RFC 6376), both looked at for the author's domain.
    SpfAndDkim,
}

impl AuthenticatedBy {
    /// The word that stands in output.
    pub fn as_str(self) -> &'static str {
        match self {
            AuthenticatedBy::Dmarc => "dmarc",
            AuthenticatedBy::SpfAndDkim => "spf+dkim",
        }
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The SHA-256 digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The SHA-256 and the MD5 digest of these bytes, by which other programs know a file. Each block waits for the one
    /// before it, so a processor has room to reckon with both at once.
    pub fn both_of(bytes: &[u8]) -> (Self, [u8; 16]) {
        use sha2::Digest as _;
        const BLOCK_BYTES: usize = 64;
        let (mut sha256, mut md5) = (sha2::Sha256::new(), md5::Md5::new());
        for block in bytes.chunks(BLOCK_BYTES) {
            md5.update(block);
            sha256.update(block);
        }
        (Self(sha256.finalize().into()), md5.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Something odd about a mail, which was read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What it is.
    pub code: DefectCode,
    /// Where or what, for people.
    pub detail: String,
}

/// The kinds of [`Defect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefectCode {
    /// There is no byte of content.
    Empty,
    /// It cannot be read as a mail at all. Such a mail is quarantined.
    Unreadable,
    /// There is no `Message-ID`, or none that can be used.
    MissingMessageId,
    /// There is no address in `From`.
    MissingFrom,
    /// There is more than one `From` field.
    SeveralFromFields,
    /// There is more than one address in `From`.
    SeveralAuthors,
    /// `Date` is missing or cannot be read.
    MissingDate,
    /// A charset is unknown or does not fit the bytes.
    Charset,
    /// The MIME structure is broken.
    Structure,
    /// Parts are nested deeper than allowed. Such a mail is quarantined.
    TooDeep,
    /// There are more parts than allowed. Such a mail is quarantined.
    TooManyParts,
    /// There are more header fields, or larger ones, than allowed. Such a mail is quarantined.
    TooManyHeaders,
    /// A text was cut at its limit, or a file came cut off.
    Truncated,
}

impl DefectCode {
    /// Whether a mail with this defect is kept apart for a person to look at, instead of being processed.
    pub fn is_fatal(self) -> bool {
        matches!(
            self,
            DefectCode::Empty
                | DefectCode::Unreadable
                | DefectCode::TooDeep
                | DefectCode::TooManyParts
                | DefectCode::TooManyHeaders
        )
    }

    /// The word that stands in output, and behind `quarantined(…)`.
    pub fn as_str(self) -> &'static str {
        match self {
            DefectCode::Empty => "empty",
            DefectCode::Unreadable => "unreadable",
            DefectCode::MissingMessageId => "missing-message-id",
            DefectCode::MissingFrom => "missing-from",
            DefectCode::SeveralFromFields => "several-from-fields",
            DefectCode::SeveralAuthors => "several-authors",
            DefectCode::MissingDate => "missing-date",
            DefectCode::Charset => "charset",
            DefectCode::Structure => "structure",
            DefectCode::TooDeep => "too-deep",
            DefectCode::TooManyParts => "too-many-parts",
            DefectCode::TooManyHeaders => "too-many-headers",
            DefectCode::Truncated => "truncated",
        }
    }
}

/// What the reader of mail needs to know about the desk it reads for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reader {
    /// The authserv-ids whose `Authentication-Results` are ours (RFC 8601 §2.5), in lower case.
    pub authserv_ids: Vec<String>,
    /// The addresses we send from, in lower case, without sub-address.
    pub own_addresses: Vec<String>,
    /// The instance id that we write into `X-Postroom`.
    pub instance: String,
}
