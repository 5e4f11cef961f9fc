//! Stage 5: a draft → the bytes to send. Pure: ids and times are given, so the same input gives the same bytes.

use crate::message::MessageId;

/// A mail that is ready to go: what the SMTP server is told, and the bytes it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The envelope.
    pub envelope: Envelope,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// Its subject, for people who list the outbox.
    pub subject: String,
    /// The mail itself, lines ending in CRLF.
    pub bytes: Vec<u8>,
}

/// The SMTP envelope (RFC 5321 §2.3.1). One recipient, so that one refused address does not hold up another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse-path; `None` is the null one, `<>`.
    pub from: Option<String>,
    /// The recipient.
    pub to: String,
}

/// What the shell gives to a mail that is about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamps {
    /// Its Message-ID.
    pub message_id: MessageId,
    /// The address it is answered to, and sent from.
    pub reply_address: String,
    /// The last line of the mail; empty for a mail without a ticket.
    pub marker: String,
    /// The mail it answers.
    pub in_reply_to: Option<MessageId>,
    /// The thread so far as its reader has seen it, oldest first.
    pub references: Vec<MessageId>,
    /// The instance id for `X-Postroom`.
    pub instance: String,
}

/// A file that goes along with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name; data, never a path.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}
