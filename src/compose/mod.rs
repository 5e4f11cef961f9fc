//! Stage 5: a draft → the bytes to send. Pure: ids and times are given, so the same input gives the same bytes.
//!
//! `fields.rs` says what a template may name, `template.rs` fills the templates, `headers.rs` and `mime.rs` make
//! a mail of the result, `sample.rs` has one mail of each kind to show and to check templates with.

mod fields;
mod headers;
mod mime;
pub mod sample;
pub mod template;
mod when;
mod words;

use crate::decide::draft::{Content, Draft};
use crate::decide::policy::Policy;
use crate::message::MessageId;
use crate::ticket::Ticket;
use crate::ticket::purpose::Purpose;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use template::Templates;

pub use crate::message::body::ANSWER_ABOVE;

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
    /// The address it is answered to, and sent from; empty for a mail without a ticket.
    pub reply_address: String,
    /// The last line of the mail; empty for a mail without a ticket.
    pub marker: String,
    /// The mail it answers; [`Draft::in_reply_to`] goes before it.
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

/// What all mails of a desk are written with.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The rules of the house: name, address, agents, promises.
    pub policy: &'a Policy,
    /// The desk's time zone: for agents, and for customers whose own is unknown.
    pub zone: &'a TimeZone,
    /// The words of its mails.
    pub templates: &'a Templates,
}

pub use headers::is_usable_address;

/// Why a mail could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The address cannot stand in a header field or an SMTP command.
    #[error("`{0}` is no address that mail can be sent to")]
    UnusableAddress(String),
    /// A template could not be filled, although it was checked when it was read.
    #[error("cannot fill template {path}: {why}")]
    Template {
        /// The template.
        path: String,
        /// What the template library says.
        why: String,
    },
}

impl ComposeError {
    /// What happened, in words that may stand in a log.
    pub fn without_addresses(&self) -> String {
        match self {
            ComposeError::UnusableAddress(_) => "its recipient cannot be written to".to_owned(),
            ComposeError::Template { .. } => self.to_string(),
        }
    }
}

/// Writes a mail.
pub fn compose(
    draft: &Draft,
    ticket: Option<&Ticket>,
    desk: &Desk<'_>,
    stamps: &Stamps,
    files: Vec<File>,
    now: Timestamp,
) -> Result<OutgoingMail, ComposeError> {
    if !headers::is_usable_address(&draft.to) {
        return Err(ComposeError::UnusableAddress(draft.to.address.clone()));
    }
    let purpose = draft.content.purpose();
    let view = fields::View { draft, ticket, policy: desk.policy, zone: desk.zone, now };
    let body = desk.templates.render(purpose, draft.content.template(), view.fields(&stamps.marker, &files))?;
    let subject = subject(&draft.content, ticket, body.subject);

    let mut fields = headers::Fields::new();
    fields.date(now, desk.zone);
    write_originator(&mut fields, draft, ticket, desk.policy, stamps);
    fields.address("To", draft.to.name.as_deref(), &draft.to.address);
    fields.text("Subject", &subject);
    let parent = stamps.in_reply_to.as_ref().map(|id| id.0.as_str());
    fields.thread(&stamps.message_id, parent, &stamps.references);
    if let Some(word) = auto_submitted(purpose) {
        fields.plain("Auto-Submitted", word);
        // Exchange answers automatic mail unless it is told not to (MS-OXCMAIL §2.2.3.2.14).
        fields.plain("X-Auto-Response-Suppress", "All");
    }
    if purpose == Purpose::Page {
        // Of RFC 2156 §5.3.4, and of the programs that go by their own field.
        fields.plain("Importance", "high");
        fields.plain("X-Priority", "1");
    }
    fields.plain("X-Postroom", &stamps.instance);
    fields.plain("MIME-Version", "1.0");

    let mut bytes = fields.into_text().into_bytes();
    mime::write_body(&mut bytes, &stamps.message_id, &body.text, &body.html, files);
    let envelope = Envelope { from: reverse_path(purpose, stamps), to: draft.to.address.clone() };
    Ok(OutgoingMail { envelope, message_id: stamps.message_id.clone(), subject, bytes })
}

/// The subject on one line. A ticket's subject never changes while it lives, so that mail clients keep its
/// mails together; only a mail without a ticket has one of its own, and a page, by which it is told from all others.
fn subject(content: &Content, ticket: Option<&Ticket>, own: Option<String>) -> String {
    let purpose = content.purpose();
    let text = match (own, ticket) {
        (Some(own), _) => own,
        // Nobody vouches for whoever wrote the ticket's subject, perhaps: what is sent by itself has its own words.
        (None, Some(ticket)) => match content {
            Content::Acknowledgement { issue, .. } | Content::HoldingUpdate { issue, .. } => {
                format!("Re: {issue} [{}]", ticket.id)
            }
            _ if purpose.is_for_customer() => ticket.mail_subject(),
            _ if ticket.subject.is_empty() => format!("[{}]", ticket.id),
            _ => format!("[{}] {}", ticket.id, ticket.subject),
        },
        (None, None) => "Your mail".to_owned(),
    };
    headers::shortened(&headers::one_line(&text), headers::SUBJECT_CHARS)
}

/// `From` and `Reply-To`.
///
/// A customer sees the desk; the answer comes back by the token in `Reply-To`. An agent sees the customer's name,
/// so that a list of tickets reads like a list of people, over the address that leads back to the ticket.
fn write_originator(
    fields: &mut headers::Fields,
    draft: &Draft,
    ticket: Option<&Ticket>,
    policy: &Policy,
    stamps: &Stamps,
) {
    let purpose = draft.content.purpose();
    // Nothing leads from a notice of a forgery to the customer: who answers it would tell them of it.
    let leads_back = !stamps.reply_address.is_empty() && !matches!(purpose, Purpose::SpoofNotice | Purpose::Alarm);
    match ticket {
        Some(ticket) if leads_back && !purpose.is_for_customer() => {
            let name = format!("{} ({})", fields::customer_name(ticket), ticket.id);
            fields.address("From", Some(&name), &stamps.reply_address);
        }
        _ => fields.address("From", Some(&policy.desk_name), &policy.support_address.address),
    }
    if leads_back {
        fields.address("Reply-To", None, &stamps.reply_address);
    }
}

/// How RFC 3834 §5 names the mail; `None` for what a person wrote.
fn auto_submitted(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Acknowledgement | Purpose::Transcript | Purpose::Oversize | Purpose::SpoofNotice => {
            Some("auto-replied")
        }
        Purpose::Notification
        | Purpose::Page
        | Purpose::HoldingUpdate
        | Purpose::Nudge
        | Purpose::Undelivered
        | Purpose::Alarm => Some("auto-generated"),
        Purpose::Reply | Purpose::Resolution => None,
    }
}

/// Where a delivery report goes: nowhere for automatic mail (RFC 3834 §3.3), to the ticket for a person's words.
fn reverse_path(purpose: Purpose, stamps: &Stamps) -> Option<String> {
    (!purpose.is_automatic() && !stamps.reply_address.is_empty()).then(|| stamps.reply_address.clone())
}

#[cfg(test)]
mod tests;
