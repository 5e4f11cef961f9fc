//! The timeline of a ticket: what happened, who did it, and why. Events are only ever added.

use super::people::{AgentId, PartyId, TeamId};
use super::{Severity, Status, TicketId, Tier};
use jiff::Timestamp;
use std::fmt;

/// One thing that happened to a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The ticket.
    pub ticket: TicketId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub what: What,
    /// Why, in one word or a few: the rule, the command, the evidence, the deadline.
    pub cause: String,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Postroom, by rule or by clock.
    Postroom,
    /// A party that is no agent, by address.
    Correspondent(String),
    /// An agent.
    Agent(AgentId),
    /// Somebody at the command line.
    Admin,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Postroom => f.write_str("postroom"),
            Actor::Correspondent(address) => f.write_str(address),
            Actor::Agent(agent) => write!(f, "agent:{agent}"),
            Actor::Admin => f.write_str("admin"),
        }
    }
}

impl Actor {
    /// Reads what `Display` writes.
    pub fn from_text(text: &str) -> Self {
        match text {
            "postroom" => Actor::Postroom,
            "admin" => Actor::Admin,
            _ => match text.strip_prefix("agent:") {
                Some(agent) => Actor::Agent(AgentId(agent.to_owned())),
                None => Actor::Correspondent(text.to_owned()),
            },
        }
    }
}

/// What happened. Stored as its word and a JSON object, so that old events can always be read.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields say what they are, the cases what they mean")]
pub enum What {
    /// The ticket was opened.
    Opened {
        severity: Severity,
        category: String,
        tier: Tier,
        /// The team it belongs to, in the place of the tier's people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team: Option<TeamId>,
        /// In whose open hours its promises run; around the clock without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar: Option<String>,
    },
    /// A mail came in and was filed; `by` is its author's address.
    Received { inbox: i64, by: String, visibility: Visibility },
    /// A mail was written to a party; it leaves by the outbox.
    Written { to: String, template: String, message_id: String },
    /// A mail could not be delivered.
    Undelivered { to: String, detail: String },
    /// The status changed.
    StatusChanged { from: Status, to: Status },
    /// The severity changed.
    SeverityChanged { from: Severity, to: Severity },
    /// The ticket went to other people.
    TierChanged { from: Tier, to: Tier },
    /// It became a team's, or is a team's no more.
    TeamChanged { from: Option<TeamId>, to: Option<TeamId> },
    /// Somebody took it, or gave it back.
    Assigned { to: Option<AgentId> },
    /// Somebody joined.
    PartyAdded { party: u32, address: String },
    /// A note that only agents see.
    Noted { text: String },
    /// A promise to the customer was made.
    Promised { due_at: Timestamp },
    /// A first answer was due and none was there.
    FirstResponseOverdue { due_at: Timestamp },
    /// The solution that was sent.
    ResolutionSent { root_cause: String, solution: String, verification: String },
    /// Something worth knowing that changed nothing: a refused command, a second reference, a flagged mail.
    Remarked { text: String },
}

impl What {
    /// The word for it, as it stands in the database and in output.
    pub fn word(&self) -> &'static str {
        match self {
            What::Opened { .. } => "opened",
            What::Received { .. } => "received",
            What::Written { .. } => "written",
            What::Undelivered { .. } => "undelivered",
            What::StatusChanged { .. } => "status-changed",
            What::SeverityChanged { .. } => "severity-changed",
            What::TierChanged { .. } => "tier-changed",
            What::TeamChanged { .. } => "team-changed",
            What::Assigned { .. } => "assigned",
            What::PartyAdded { .. } => "party-added",
            What::Noted { .. } => "noted",
            What::Promised { .. } => "promised",
            What::FirstResponseOverdue { .. } => "first-response-overdue",
            What::ResolutionSent { .. } => "resolution-sent",
            What::Remarked { .. } => "remarked",
        }
    }
}

/// Who may see a mail that was filed on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// The customer and the agents.
    Public,
    /// Agents only.
    Internal,
    /// Kept with a banner: nothing shows that its sender may speak on the ticket.
    Unverified,
    /// A robot's mail, filed for the record.
    Automatic,
}

/// A party's number on a ticket, for [`What::PartyAdded`].
impl From<PartyId> for u32 {
    fn from(id: PartyId) -> Self {
        id.0
    }
}
