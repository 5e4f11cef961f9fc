//! The database: the only place with SQL. What a piece of work changes goes in as one [`Changes`], in one transaction.
//!
//! Work is claimed for a time, done without a transaction, and settled together with all that it changes. What a
//! commit has returned for is on the disk.

mod actions;
mod backup;
mod breakers;
mod claims;
mod deadlines;
mod dialect;
mod error;
mod export;
mod history;
mod import;
mod inbox;
mod judged;
pub mod list;
mod open;
mod outbox;
mod portable;
pub mod prune;
mod query;
mod raw;
mod read;
mod rows;
pub mod rule_sets;
mod schema;
pub mod suppressions;
mod threads;
mod tickets;
pub mod traffic;
mod url;
pub mod workers;
mod write;

pub use backup::Copied;
pub use breakers::Breakers;
pub use claims::CLAIM_BYTES;
pub use deadlines::Due;
pub use error::StoreError;
pub use import::Stream;
pub use inbox::{Kept, SettledPlace};
pub use judged::JudgedMail;
pub use open::{Instance, Store};
pub use outbox::{Attempted, OutboxItem, SendOutcome};
pub use portable::{Header, TransferError};
pub use schema::{Migration, MigrationState, Pulse, Schema};
pub use threads::{Looked, Lookup, Notice, Quoted};
pub use url::{DatabaseUrl, shown};
pub use workers::{Claim, Hold, Turn};
pub use write::WriteTx;

use open::draw;
use rows::json;

use crate::compose::OutgoingMail;
use crate::decide::{DeadlineKind, Outcome};
use crate::message::{Digest, MessageId};
use crate::ticket::event::{Event, Visibility};
use crate::ticket::people::PartyId;
use crate::ticket::{Ticket, TicketId};
use bytes::Bytes;
use jiff::Timestamp;

/// The name under which mail that did not come from a mailbox stands in the inbox.
pub const INGEST: &str = "ingest";

/// Where a mail stands in a mailbox (RFC 9051 §2.3.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Place {
    /// The configured mailbox's name, unique within the desk; `ingest` for other doors.
    pub mailbox: String,
    /// UIDVALIDITY of the mailbox; 0 for other doors.
    pub uid_validity: u32,
    /// UID; for other doors a number counted up.
    pub uid: u32,
}

/// A mail to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Where it stands.
    pub place: Place,
    /// When the server got it.
    pub received_at: Timestamp,
    /// Digest of the raw bytes.
    pub digest: Digest,
    /// The raw bytes, unchanged; only the header of a mail over the limit.
    pub raw: Bytes,
    /// Its full size on the server, when it is over the limit.
    pub oversize_bytes: Option<u64>,
}

/// A mail that was claimed for processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxItem {
    /// Number of its row.
    pub id: i64,
    /// Where it stands.
    pub place: Place,
    /// When the server got it.
    pub received_at: Timestamp,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The raw bytes.
    pub raw: Bytes,
    /// Its full size on the server, when it is over the limit and `raw` has only the header.
    pub oversize_bytes: Option<u64>,
    /// The first inbox row with the same raw bytes, if this is not it.
    pub same_bytes_as: Option<i64>,
    /// Attempts since the mail came in, or since a person put it back; after too many the mail is stuck.
    pub tries: u32,
    /// Whether a person took it out of quarantine, so that it is not to go back there for the same cause.
    pub released: bool,
    /// The claim that it was handed out with, where several workers share the database.
    pub claim: Option<Claim>,
}

/// A reason to send an address no automatic mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// The address, in lower case.
    pub address: String,
    /// The reason in words.
    pub why: String,
    /// What kind of reason.
    pub how: crate::decide::Suppression,
}

/// Everything that one batch of work changes.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Inbox rows that are done.
    pub settled: Vec<Settled>,
    /// Tickets that are new, whole.
    pub opened: Vec<Ticket>,
    /// Tickets that changed, whole; `version` is the one that was read.
    pub changed: Vec<Ticket>,
    /// Mails filed on tickets.
    pub filed: Vec<Filed>,
    /// Events, in order.
    pub events: Vec<Event>,
    /// Deadlines set; one of a kind for each ticket.
    pub deadlines_set: Vec<(TicketId, DeadlineKind, Timestamp)>,
    /// Deadlines cleared.
    pub deadlines_cleared: Vec<(TicketId, DeadlineKind)>,
    /// Mails to send.
    pub outgoing: Vec<Outgoing>,
    /// The claim that the mails were handed out with, where several workers share the database: nothing is written when
    /// it is somebody else's by now.
    pub under: Option<Claim>,
    /// Whether that claim is done with this.
    pub ends: bool,
    /// Addresses that get no automatic mail any more, or that come closer to it.
    pub suppressed: Vec<Suppressed>,
    /// Breakers that opened.
    pub breakers: Vec<crate::decide::breaker::Breaker>,
    /// Mails that the shadow rules would judge otherwise: told in the log, and not written.
    pub shadow: Vec<(i64, Vec<crate::classify::Change>)>,
    /// Ids of customers' mails that agents passed on, and keys of mails that were answered before they came (see
    /// [`Overtaken`](crate::thread::Overtaken)), with the tickets that were opened by them or by the answers.
    pub passed_on: Vec<(MessageId, TicketId)>,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.settled.is_empty()
            && self.opened.is_empty()
            && self.changed.is_empty()
            && self.filed.is_empty()
            && self.events.is_empty()
            && self.deadlines_set.is_empty()
            && self.deadlines_cleared.is_empty()
            && self.outgoing.is_empty()
            && self.under.is_none()
            && self.suppressed.is_empty()
            && self.breakers.is_empty()
            && self.passed_on.is_empty()
    }
}

/// An inbox row that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Number of the row.
    pub inbox: i64,
    /// The attempt that did it; if somebody else has claimed the row since, nothing changes.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// The ticket it is on.
    pub ticket: Option<TicketId>,
    /// The ticket that answers to it belong to: none for a mail that is kept beside its ticket, not believed.
    pub answers_to: Option<TicketId>,
    /// The reasons, in words, for people.
    pub reasons: String,
    /// Its Message-ID, so that a second copy is recognised.
    pub message_id: MessageId,
    /// Digest of its content, for the same.
    pub content_digest: Digest,
    /// Author, for lists.
    pub from: String,
    /// Subject, for lists.
    pub subject: String,
    /// Version of the rules that judged it.
    pub rules_version: String,
    /// The rules that matched, those that are only tried out too.
    pub matched: Vec<Matched>,
    /// What was known besides the mail when it was judged, as [`Context::as_given`](crate::classify::Context::as_given)
    /// says it.
    pub known: Vec<String>,
}

/// A rule that matched a mail, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Matched {
    /// The rule, and what it matched on.
    #[serde(flatten)]
    pub rule: crate::classify::MatchedRule,
    /// Whether it was only tried out.
    #[serde(rename = "shadow")]
    pub is_shadow: bool,
}

/// A mail filed on a ticket, with its words as agents and customers see them.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// The ticket.
    pub ticket: TicketId,
    /// The inbox row of a mail that came in; `None` for one of ours.
    pub inbox: Option<i64>,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// Who may see it.
    pub visibility: Visibility,
    /// Its author's address.
    pub by: String,
    /// Whether the author is of the customer's side, and believed to be.
    pub is_customers: bool,
    /// What was newly written.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A mail to send, with what the outbox needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The mail.
    pub mail: OutgoingMail,
    /// The ticket it is on.
    pub ticket: Option<TicketId>,
    /// The party it goes to.
    pub party: Option<PartyId>,
    /// Which mail it is, by the word of [`Purpose`](crate::ticket::purpose::Purpose).
    pub purpose: String,
    /// Whether nobody wrote the words, so that it counts towards the caps.
    pub is_automatic: bool,
    /// Not to be sent before.
    pub due_at: Timestamp,
}

#[cfg(test)]
mod tests;
