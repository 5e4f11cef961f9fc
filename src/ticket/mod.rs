//! Tickets, the people around them, and what was promised to them. Pure values.
//!
//! A [`Ticket`] is all that a decision needs to know of one; the words of its mails stay in the database.

pub mod calendar;
pub mod event;
pub mod people;
pub mod purpose;
pub mod sla;

use crate::message::{Address, MessageId};
use jiff::Timestamp;
use people::{AgentId, Party, PartyId, Role, TeamId};
use std::{fmt, str::FromStr};

/// The number of a ticket; people see it as its reference, `PR-1042`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketId(pub i64);

impl TicketId {
    /// The first ticket of a new desk: four digits from the start, so that a reference looks like one.
    pub const FIRST: TicketId = TicketId(1001);
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PR-{}", self.0)
    }
}

/// A text that is no ticket reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ticket reference; one looks like PR-1042")]
pub struct NoReference(pub String);

impl FromStr for TicketId {
    type Err = NoReference;

    /// Reads `PR-1042`, `pr-1042` or `1042`.
    fn from_str(text: &str) -> Result<Self, NoReference> {
        let digits = text.get(..3).filter(|p| p.eq_ignore_ascii_case("pr-")).map_or(text, |_| &text[3..]);
        let plain = !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(number) if plain => Ok(TicketId(number)),
            _ => Err(NoReference(text.to_owned())),
        }
    }
}

impl serde::Serialize for TicketId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Declares an enum whose cases each have one word, used in rule files, commands, tables and output alike.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$case_doc])* #[serde(rename = $word)] $case),+ }

        impl $name {
            /// Every case, in order.
            pub const ALL: &'static [$name] = &[$($name::$case),+];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$case => $word),+ }
            }

            /// The case that this word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$case),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How bad it is for the customer, by the handbook. Ordered: critical is the greatest.
    Severity {
        /// A question or a wish.
        Low = "low",
        /// Something does not work, work goes on.
        Medium = "medium",
        /// Something important does not work.
        High = "high",
        /// The service is down, or data are in danger.
        Critical = "critical",
    }
}

impl Severity {
    /// The word as it stands in a mail to a customer, `Critical`.
    pub fn title(self) -> &'static str {
        match self {
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
            Severity::Critical => "Critical",
        }
    }
}

words! {
    /// Who works on a ticket.
    Tier {
        /// First line.
        One = "tier-1",
        /// Senior engineers.
        Two = "tier-2",
        /// Engineering.
        Three = "tier-3",
        /// The whole team, as for critical tickets.
        Everyone = "everyone",
    }
}

impl Tier {
    /// The tier a ticket goes to when this one cannot help; none above tier 3.
    ///
    /// A ticket that everyone has goes to tier 3, the one that can change the product.
    pub fn above(self) -> Option<Tier> {
        match self {
            Tier::One => Some(Tier::Two),
            Tier::Two | Tier::Everyone => Some(Tier::Three),
            Tier::Three => None,
        }
    }
}

words! {
    /// Where a ticket stands.
    Status {
        /// Somebody is, or should be, looking at it.
        Investigating = "investigating",
        /// The customer has to answer first.
        Waiting = "waiting",
        /// A solution was sent; the customer may confirm it or say no.
        Resolved = "resolved",
        /// Done.
        Closed = "closed",
    }
}

impl Status {
    /// The word as it stands in a mail to a customer.
    pub fn title(self) -> &'static str {
        match self {
            Status::Investigating => "Investigating",
            Status::Waiting => "Waiting for your answer",
            Status::Resolved => "Resolved",
            Status::Closed => "Closed",
        }
    }

    /// Whether promises to the customer are running.
    pub fn is_open(self) -> bool {
        matches!(self, Status::Investigating | Status::Waiting)
    }
}

words! {
    /// Whether those on call were paged for what is wrong with a ticket now. It begins anew, with
    /// [`None`](Paging::None), once the ticket is resolved or closed, or its alert over.
    Paging {
        /// Nothing asked for it.
        None = "none",
        /// They were.
        Sent = "sent",
        /// They are to be, when the last page is long enough ago.
        Owed = "owed",
    }
}

/// Everything a decision needs to know of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// The subject of the mail that opened it, without reply prefixes; never changed.
    pub subject: String,
    /// Whether somebody vouched for the sender of the mail that opened it, so that automatic mail may repeat its words.
    pub is_vouched: bool,
    /// The category's name, `authentication/invalid-api-key`.
    pub category: String,
    /// How bad it is.
    pub severity: Severity,
    /// Whether an agent said how bad it is, which a customer's mail then does not change.
    pub severity_by_agent: bool,
    /// What the customer's side wrote last, at most [`Ticket::WORDS_KEPT`] of it: the brief for whoever comes to it.
    pub last_words: String,
    /// Who works on it.
    pub tier: Tier,
    /// The team it belongs to, in the place of the tier's people.
    pub team: Option<TeamId>,
    /// Where it stands.
    pub status: Status,
    /// The agent who took it.
    pub assignee: Option<AgentId>,
    /// Words that rules put on it, sorted.
    pub tags: Vec<String>,
    /// Everybody who has a say in it or is told of it; the requester is always the first.
    pub parties: Vec<Party>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When an agent first answered the customer.
    pub first_response_at: Option<Timestamp>,
    /// When a resolution was last sent.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When the first answer of an agent is due; `None` once given.
    pub first_response_due_at: Option<Timestamp>,
    /// The next update promised to the customer.
    pub update_due_at: Option<Timestamp>,
    /// The calendar of the configuration in whose open hours promises run; around the clock without one.
    pub calendar: Option<String>,
    /// When those on call were last paged for it.
    pub paged_at: Option<Timestamp>,
    /// Whether they were for what is wrong now.
    pub paging: Paging,
    /// How often in a row the promise was kept by a holding update and no agent.
    pub held_count: u32,
    /// The alert it was opened for, where monitors' mails are told apart by a key.
    pub alert: Option<Alert>,
    /// The sequence number of the mail sent last; the next one has one more.
    pub last_sequence: u32,
    /// Changes counted, for "somebody else was faster".
    pub version: i64,
}

/// What a monitor has told again and again, on one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What the mails about it have in common, `web-1/disk`.
    pub key: String,
    /// How many there were.
    pub count: u32,
    /// When the monitor said that it is over; `None` while it goes on.
    pub recovered_at: Option<Timestamp>,
}

impl Ticket {
    /// Characters of [`last_words`](Self::last_words) that are kept.
    pub const WORDS_KEPT: usize = 4_000;

    /// What of a mail's words is kept as [`last_words`](Self::last_words).
    pub fn kept_words(text: &str) -> String {
        // No text has more characters than bytes.
        let end = if text.len() > Self::WORDS_KEPT { text.char_indices().nth(Self::WORDS_KEPT) } else { None };
        end.map_or(text, |(at, _)| &text[..at]).to_owned()
    }

    /// Whether the alert that it is about goes on.
    pub fn has_open_alert(&self) -> bool {
        self.status.is_open() && self.alert.as_ref().is_some_and(|alert| alert.recovered_at.is_none())
    }

    /// Who works on it, in one word: its team, or its tier.
    pub fn whose(&self) -> &str {
        self.team.as_ref().map_or(self.tier.as_str(), |team| &team.0)
    }

    /// The customer who asked.
    pub fn requester(&self) -> Option<&Party> {
        self.parties.iter().find(|party| party.role == Role::Requester)
    }

    /// The party with this number.
    pub fn party(&self, id: PartyId) -> Option<&Party> {
        self.parties.iter().find(|party| party.id == id)
    }

    /// The party with this address; the newest where it was renewed.
    pub fn party_of(&self, address: &Address) -> Option<&Party> {
        self.parties.iter().rev().find(|party| party.address == *address)
    }

    /// Everybody on the ticket, once.
    pub fn people(&self) -> impl Iterator<Item = &Party> {
        let is_newest = |party: &&Party| self.party_of(&party.address).is_some_and(|newest| newest.id == party.id);
        self.parties.iter().filter(is_newest)
    }

    /// The party that mail to this address goes to: by its own address, or by where it wants to be written to.
    pub fn party_reached_at(&self, address: &Address) -> Option<&Party> {
        self.party_of(address).or_else(|| self.parties.iter().find(|party| party.destination() == address))
    }

    /// The number the next party gets.
    pub fn next_party_id(&self) -> PartyId {
        PartyId(self.parties.iter().map(|party| party.id.0).max().unwrap_or(0) + 1)
    }

    /// The subject of every mail on this ticket to its customer: `Re: <subject> [PR-1042]`.
    pub fn mail_subject(&self) -> String {
        let subject = if self.subject.is_empty() { "your mail" } else { &self.subject };
        format!("Re: {subject} [{}]", self.id)
    }
}

/// The Message-IDs that one party of a ticket has seen, so that each party's mails thread for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Chain {
    /// The first mail.
    pub first: Option<String>,
    /// The last mails, oldest first, at most [`Chain::KEPT`].
    pub recent: Vec<String>,
    /// The newest mail that the party itself wrote.
    pub newest_own: Option<String>,
}

impl Chain {
    /// How many of the last mails are kept: `References` stays far below 4,096 octets.
    pub const KEPT: usize = 12;

    /// Adds a mail that the party has now seen; `wrote` says that the party is its author.
    pub fn push(&mut self, id: &MessageId, wrote: bool) {
        if wrote {
            self.newest_own = Some(id.0.clone());
        }
        if self.first.is_none() {
            self.first = Some(id.0.clone());
        } else if !self.recent.contains(&id.0) {
            self.recent.push(id.0.clone());
            if self.recent.len() > Self::KEPT {
                self.recent.remove(0);
            }
        }
    }

    /// The mail an answer to this party replies to: its own newest one, else the newest it has seen.
    pub fn newest(&self) -> Option<&str> {
        self.newest_own.as_deref().or(self.recent.last().map(String::as_str)).or(self.first.as_deref())
    }

    /// The ids for `References`, oldest first, ending with `parent`, the mail replied to (RFC 5322 §3.6.4).
    pub fn references<'c>(&'c self, parent: &'c str) -> Vec<&'c str> {
        let mut ids: Vec<&str> = self.first.iter().chain(&self.recent).map(String::as_str).collect();
        match ids.iter().position(|id| *id == parent) {
            Some(at) => ids.truncate(at + 1),
            None => ids.push(parent),
        }
        ids
    }
}
