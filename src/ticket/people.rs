//! The people around a ticket: its parties, and the agents of the desk.

use super::{Chain, Tier};
use crate::message::Address;
use std::fmt;

/// The number of a party within its ticket, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartyId(pub u32);

impl PartyId {
    /// The requester's number on every ticket.
    pub const REQUESTER: PartyId = PartyId(1);
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Somebody who has a say in a ticket or is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Party {
    /// Its number within the ticket.
    pub id: PartyId,
    /// Its address and display name.
    pub address: Address,
    /// Where mail to it goes, when its `Reply-To` said so; never a sign of who it is.
    pub answer_to: Option<Address>,
    /// What it is to the ticket.
    pub role: Role,
    /// The mails it has seen.
    pub chain: Chain,
    /// Its offset from UTC, from the `Date` of its mails; times are shown to it in this zone.
    pub utc_offset_minutes: Option<i16>,
}

crate::ticket::words! {
    /// What a party is to a ticket.
    Role {
        /// The customer who asked. Never changes by mail.
        Requester = "requester",
        /// Somebody whom the requester or an agent put on the ticket's mails.
        Correspondent = "correspondent",
        /// An agent who was told of the ticket or worked on it.
        Agent = "agent",
    }
}

impl Party {
    /// Where mail to it goes.
    pub fn destination(&self) -> &Address {
        self.answer_to.as_ref().unwrap_or(&self.address)
    }
}

/// An agent's short name, as it stands in lists; in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct AgentId(pub String);

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody who works on tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Short name.
    pub id: AgentId,
    /// Address with the display name.
    pub address: Address,
    /// The tier the agent belongs to; never [`Tier::Everyone`].
    pub tier: Tier,
}

/// A team's name, as rules and lists have it; in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TeamId(pub String);

impl fmt::Display for TeamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Agents who work on one kind of question, whatever their tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its name.
    pub id: TeamId,
    /// Who is in it; at least one.
    pub members: Vec<AgentId>,
}

/// Who wrote a mail, as far as its address tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// One of our own addresses.
    Ourselves,
    /// An agent's address.
    Agent(AgentId),
    /// A monitoring system named in the configuration.
    Monitor,
    /// Somebody who has, or had, a ticket with us, or is a party to this one.
    Customer,
    /// Nobody we know.
    Stranger,
}

impl Who {
    /// The word for it in rules.
    pub fn as_str(&self) -> &'static str {
        match self {
            Who::Ourselves => "ourselves",
            Who::Agent(_) => "agent",
            Who::Monitor => "monitor",
            Who::Customer => "customer",
            Who::Stranger => "stranger",
        }
    }
}
