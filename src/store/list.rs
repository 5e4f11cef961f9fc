//! Rows as people and tools are shown them; `read.rs` reads them.

use super::{Matched, Place};
use crate::decide::Suppression;
use crate::decide::breaker::Scope;
use crate::ticket::people::{AgentId, TeamId};
use crate::ticket::{Paging, Severity, Status, TicketId, Tier};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// Which rows to list: the newest first, at most `limit`.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// At most so many; all when `None`.
    pub limit: Option<u32>,
    /// Only those in one of these states (mails), or statuses (tickets); all when empty.
    pub states: Vec<String>,
    /// Only mails that ended like this, by the outcome's word without the cause.
    pub outcome: Option<String>,
    /// Only what came in, was written or changed since.
    pub since: Option<Timestamp>,
    /// Only what is on this ticket.
    pub ticket: Option<TicketId>,
    /// Only tickets of this team.
    pub team: Option<TeamId>,
}

/// A mail of the inbox, for lists.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InboxRow {
    /// Number of its row.
    pub id: i64,
    /// Where it stands.
    pub place: Place,
    /// When the server got it.
    pub received_at: Timestamp,
    /// Size of what we have of it.
    pub size_bytes: i64,
    /// `new`, `processing`, `filed`, `quarantined`, `discarded` or `stuck`.
    pub state: String,
    /// How often it was tried.
    pub attempt: u32,
    /// When it may be claimed, where it is still to be processed.
    pub due_at: Option<Timestamp>,
    /// What went wrong last, or what it was before a person put it back.
    pub error: Option<String>,
    /// Author; `None` while it was not read yet, as all that follows.
    pub from: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// How it ended, by its word.
    pub outcome: Option<String>,
    /// Why it is in quarantine.
    pub cause: Option<String>,
    /// The first mail that is the same.
    pub duplicate_of: Option<i64>,
    /// The ticket it is on.
    pub ticket: Option<TicketId>,
    /// Why it ended like this, in words.
    pub reasons: Option<String>,
    /// Version of the rules that judged it.
    pub rules_version: Option<String>,
    /// The rules that matched, those that are only tried out too.
    pub matched: Vec<Matched>,
    /// When that was.
    pub settled_at: Option<Timestamp>,
}

/// A mail of the outbox, for lists.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OutboxRow {
    /// Number of its row.
    pub id: i64,
    /// The ticket it is on.
    pub ticket: Option<TicketId>,
    /// The party it goes to.
    pub party: Option<u32>,
    /// Which mail it is.
    pub purpose: String,
    /// Whether nobody wrote the words.
    pub is_automatic: bool,
    /// The recipient.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its Message-ID.
    pub message_id: String,
    /// Its size.
    pub size_bytes: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// `waiting`, `sending`, `sent` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempt: u32,
    /// When it may go, where it is still to go.
    pub due_at: Option<Timestamp>,
    /// When it was sent, or given up.
    pub settled_at: Option<Timestamp>,
    /// What the server said when it took it.
    pub reply: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
}

/// A ticket, for lists.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TicketRow {
    /// Its reference.
    pub id: TicketId,
    /// Where it stands.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// The category's name.
    pub category: String,
    /// Who works on it.
    pub tier: Tier,
    /// The team it belongs to, in the place of the tier's people.
    pub team: Option<TeamId>,
    /// The agent who took it.
    pub assignee: Option<AgentId>,
    /// The requester's address.
    pub requester: Option<String>,
    /// Its subject.
    pub subject: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the first answer of an agent is due.
    pub first_response_due_at: Option<Timestamp>,
    /// The next update promised.
    pub update_due_at: Option<Timestamp>,
    /// The calendar in whose open hours promises run.
    pub calendar: Option<String>,
    /// When those on call were last paged for it.
    pub paged_at: Option<Timestamp>,
    /// Whether they were, or are to be, for what is wrong now.
    pub paging: Paging,
}

/// How many rows there are of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Mails of the inbox by state.
    pub inbox: Vec<(String, i64)>,
    /// Mails that ended, by outcome; those in quarantine as `quarantined(cause)`.
    pub outcomes: Vec<(String, i64)>,
    /// Mails of the outbox by state.
    pub outbox: Vec<(String, i64)>,
    /// Tickets by status.
    pub tickets: Vec<(String, i64)>,
}

/// A breaker that opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakerRow {
    /// Its number.
    pub id: i64,
    /// Where it stands: an address, a domain, a ticket's reference, or nothing for the whole desk.
    pub subject: String,
    /// What was counted.
    #[serde(serialize_with = "as_word")]
    pub scope: Scope,
    /// How much of it there was, in words.
    pub why: String,
    /// Who would have got the next mail.
    pub to: String,
    /// The marks of the mail that would have been answered.
    pub marks: String,
    /// That mail's inbox row.
    pub inbox: Option<i64>,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it closes by itself.
    pub until: Timestamp,
    /// When somebody closed it.
    pub reset_at: Option<Timestamp>,
}

/// An address that gets no automatic mail, or comes closer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuppressionRow {
    /// The address, in lower case.
    pub address: String,
    /// What kind of reason there is.
    #[serde(serialize_with = "as_word")]
    pub how: Suppression,
    /// The reason in words.
    pub why: String,
    /// When it came up, or came up last.
    pub at: Timestamp,
    /// How often.
    pub count: i64,
    /// Until when, where it passes.
    pub until: Option<Timestamp>,
}

fn as_word<W: std::fmt::Display, S: Serializer>(word: &W, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(word)
}
