//! Stage 4, the heart: what to do about what came in. Pure: plain values in, a [`Decision`] out.
//!
//! A decision is a list of effects and the reasons for them. `serve::apply` turns it into rows; nothing here
//! writes, sends, or asks what time it is.

mod agent;
mod alert;
mod authority;
mod belief;
pub mod breaker;
pub mod command;
mod deadline;
mod delivery;
pub mod draft;
mod forward;
pub mod guard;
mod joining;
mod mail;
mod notify;
mod overtaken;
mod page;
pub mod policy;
mod requester;
mod unfit;

pub use deadline::on_deadline;
pub use delivery::{Failure, on_delivery};
pub use forward::passed_on;
pub use mail::{on_mail, on_oversize};
#[cfg(test)]
pub(crate) use unfit::NOTIFICATION_STARTS;

use crate::classify::Verdict;
use crate::message::body::Unread;
use crate::message::{Address, Message};
use crate::thread::{Did, Thread};
use crate::ticket::event::{Actor, Visibility, What};
use crate::ticket::people::{AgentId, PartyId, Role, TeamId, Who};
use crate::ticket::sla::Pace;
use crate::ticket::{Paging, Severity, Status, TicketId, Tier};
use draft::Draft;
use jiff::Timestamp;
use std::fmt;

/// One received mail with everything the earlier stages found out about it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Number of its inbox row.
    pub inbox: i64,
    /// What it says.
    pub message: Message,
    /// What the rules say of it.
    pub verdict: Verdict,
    /// Which ticket it belongs to.
    pub thread: Thread,
    /// Who its author's address is.
    pub who: Who,
    /// Whether what its sender newly wrote holds a token of ours.
    pub quotes_us: bool,
    /// What nobody here has read of what it quotes.
    pub unread: Unread,
    /// Whether a person has looked at it in quarantine and let it in.
    pub is_released: bool,
    /// For a delivery report: the agent whose words came back.
    pub written_by: Option<AgentId>,
    /// The customer's mail that an agent passes on with it, where it is that agent's beyond doubt; see [`passed_on`].
    pub passed_on: Option<Box<Message>>,
}

/// What is known about the people a decision may write to: what they got lately, and who must get nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Automatic mail that went out lately to the person the decision would answer.
    pub traffic: policy::Traffic,
    /// Whether that person's address is on the suppression list.
    pub is_suppressed: bool,
    /// The breaker that is open for that person, their domain, the ticket or the desk: where it stands, until when.
    pub open_breaker: Option<(String, Timestamp)>,
    /// Breakers that opened within the last hour, as far as they matter.
    pub breakers_hour: u32,
    /// The same of the agent to whom alone the mail was sent that this one answers, where that is not its author.
    pub holder: Option<Box<Standing>>,
}

/// What to do, in order, and why.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The effects, in order.
    pub effects: Vec<Effect>,
    /// The reasons; at least one.
    pub reasons: Vec<Reason>,
    /// How the mail ends; `None` for decisions that are not about a mail of the inbox.
    pub outcome: Option<Outcome>,
}

/// One thing to do. Plain data: it can be printed, compared and stored.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields say what they are, the cases what they do")]
pub enum Effect {
    /// Opens a ticket. At most one in a decision, and before everything that names [`TicketRef::Opened`].
    OpenTicket(Opening),
    /// Files the mail on a ticket.
    AppendMessage { ticket: TicketRef, by: Address, visibility: Visibility, party: Option<PartyId> },
    /// Adds somebody to a ticket.
    AddParty { ticket: TicketRef, address: Address, role: Role, utc_offset_minutes: Option<i16> },
    /// Gives a party another number, and so new tokens: those made out to it so far are those of the old one.
    RenewParty { ticket: TicketRef, party: PartyId },
    /// Changes where a ticket stands.
    SetStatus { ticket: TicketRef, status: Status },
    /// Changes how bad it is.
    SetSeverity { ticket: TicketRef, severity: Severity },
    /// Keeps it as bad as an agent says it is: from now on a customer's mail does not raise it.
    KeepSeverity { ticket: TicketRef },
    /// Gives it to other people.
    SetTier { ticket: TicketRef, tier: Tier },
    /// Makes it a team's, or no team's.
    SetTeam { ticket: TicketRef, team: Option<TeamId> },
    /// Notes that those on call are paged for it now, or are to be, or are not to be any more.
    SetPaging { ticket: TicketRef, paging: Paging },
    /// Gives it to an agent, or to nobody.
    SetAssignee { ticket: TicketRef, agent: Option<AgentId> },
    /// Notes that an agent has answered the customer for the first time, which ends that deadline.
    NoteFirstResponse { ticket: TicketRef },
    /// Sets a deadline, in the place of one of its kind that may be there.
    SetDeadline { ticket: TicketRef, kind: DeadlineKind, due_at: Timestamp },
    /// Clears a deadline.
    ClearDeadline { ticket: TicketRef, kind: DeadlineKind },
    /// Sets how often in a row the promise was kept without an agent.
    SetHeldCount { ticket: TicketRef, count: u32 },
    /// Counts another mail about the alert of a ticket, which so goes on.
    CountAlert { ticket: TicketRef },
    /// Notes that the alert of a ticket is over.
    NoteRecovery { ticket: TicketRef },
    /// Sends no automatic mail to this address any more; a soft reason takes several.
    Suppress { address: String, why: String, how: Suppression },
    /// Stops automatic mail for a while. `ticket` gets a line on its timeline.
    OpenBreaker { ticket: Option<TicketRef>, breaker: breaker::Breaker },
    /// Puts something on the timeline and changes nothing else.
    Record { ticket: TicketRef, actor: Actor, what: What },
    /// Puts a remark on the timeline of an older ticket, and behind its words the one that this decision opens.
    PointToOpened { ticket: TicketId, text: String },
    /// Writes a mail into the outbox.
    Send(Draft),
}

crate::ticket::words! {
    /// Why an address gets no automatic mail.
    Suppression {
        /// A server says that it takes no mail, and never will.
        Bounced = "bounced",
        /// A server gave up on a mail for a reason that may pass. Counts, and decays.
        Soft = "soft",
        /// Its owner complained of a mail.
        Complaint = "complaint",
        /// An administrator says so.
        Manual = "manual",
    }
}

/// A ticket about to be opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Subject without reply prefixes.
    pub subject: String,
    /// Whether automatic mail may repeat the requester's words.
    pub is_vouched: bool,
    /// Who asks.
    pub requester: Address,
    /// Where mail to the requester goes, when that is another address.
    pub answer_to: Option<Address>,
    /// The requester's zone.
    pub utc_offset_minutes: Option<i16>,
    /// Category's name.
    pub category: String,
    /// How bad it is.
    pub severity: Severity,
    /// Who works on it.
    pub tier: Tier,
    /// The team it belongs to.
    pub team: Option<TeamId>,
    /// Words that rules put on it.
    pub tags: Vec<String>,
    /// The calendar in whose open hours its promises run.
    pub calendar: Option<String>,
    /// The key of the alert that it is opened for.
    pub alert: Option<String>,
}

impl Opening {
    /// Where mail to the requester goes.
    fn answers_go_to(&self) -> &Address {
        self.answer_to.as_ref().unwrap_or(&self.requester)
    }

    /// How time will run for it.
    fn pace<'p>(&self, policy: &'p policy::Policy) -> Pace<'p> {
        policy.pace(self.severity, self.calendar.as_deref())
    }
}

/// The ticket an effect is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketRef {
    /// One that exists.
    Existing(TicketId),
    /// The one ticket that this decision opens.
    Opened,
}

crate::ticket::words! {
    /// What is due.
    DeadlineKind {
        /// An agent's first answer to the customer.
        FirstResponse = "first-response",
        /// The update promised to the customer.
        Update = "update",
        /// A reminder to the assignee, ahead of the update.
        Nudge = "nudge",
        /// The page that is owed to those on call.
        Page = "page",
    }
}

/// How a mail of the inbox ended. Each mail ends in exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A customer's mail opened a ticket.
    TicketOpened,
    /// It was filed on its ticket.
    FollowUp,
    /// An agent's commands.
    AgentCommand,
    /// An agent's words, to the customer or for the other agents.
    AgentReply,
    /// The customer confirmed the resolution.
    Confirmation,
    /// A delivery report.
    Bounce,
    /// An automatic reply.
    AutoReply,
    /// A monitor's mail opened a ticket.
    AlertOpened,
    /// It is about an alert that has a ticket, and was counted there.
    AlertFolded,
    /// A monitor's mail told the end of an alert.
    AlertRecovered,
    /// One of our own mails came back.
    OwnMail,
    /// We have it already; the number is that of the first inbox row.
    Duplicate(i64),
    /// A named rule discards it.
    DiscardedByRule,
    /// Kept for a person to look at, for this cause.
    Quarantined(Cause),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Quarantined(cause) => write!(f, "quarantined({cause})"),
            other => f.write_str(other.word()),
        }
    }
}

impl Outcome {
    /// The words that there are.
    pub const WORDS: [&'static str; 14] = [
        "ticket-opened",
        "follow-up",
        "agent-command",
        "agent-reply",
        "confirmation",
        "bounce",
        "auto-reply",
        "alert-opened",
        "alert-folded",
        "alert-recovered",
        "own-mail",
        "duplicate",
        "discarded-by-rule",
        "quarantined",
    ];

    /// What a mail did that ended with this [word](Self::word), for when a copy of it comes. `speaks` is whether it was filed
    /// as words of somebody who may speak on its ticket.
    pub fn did(word: &str, ticket: Option<TicketId>, speaks: bool) -> Did {
        let is_one_of = |outcomes: &[Outcome]| outcomes.iter().any(|outcome| outcome.word() == word);
        match ticket {
            _ if word == Self::QUARANTINED || is_one_of(&[Self::AutoReply, Self::DiscardedByRule]) => Did::Nothing,
            // Where the ticket was pruned, so was what it did.
            Some(_) if !speaks && is_one_of(&[Self::FollowUp, Self::AgentReply]) => Did::Nothing,
            Some(ticket) if word == Self::TicketOpened.word() => Did::Opened(ticket),
            _ => Did::More,
        }
    }

    /// The word for all that is [quarantined](Outcome::Quarantined).
    pub const QUARANTINED: &'static str = "quarantined";

    /// The word for it without the cause, as it stands in the database.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::TicketOpened => "ticket-opened",
            Outcome::FollowUp => "follow-up",
            Outcome::AgentCommand => "agent-command",
            Outcome::AgentReply => "agent-reply",
            Outcome::Confirmation => "confirmation",
            Outcome::Bounce => "bounce",
            Outcome::AutoReply => "auto-reply",
            Outcome::AlertOpened => "alert-opened",
            Outcome::AlertFolded => "alert-folded",
            Outcome::AlertRecovered => "alert-recovered",
            Outcome::OwnMail => "own-mail",
            Outcome::Duplicate(_) => "duplicate",
            Outcome::DiscardedByRule => "discarded-by-rule",
            Outcome::Quarantined(_) => Self::QUARANTINED,
        }
    }
}

/// Why a mail is in quarantine: one word that tools can rely on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cause(pub String);

impl Cause {
    /// Larger than the configured limit; only its headers were fetched.
    pub const OVERSIZE: &'static str = "oversize";
    /// It claims to be an agent's and nothing proves it.
    pub const SPOOFED_AGENT: &'static str = "spoofed-agent";
    /// A rule says so.
    pub const RULE: &'static str = "rule";
    /// There is no address it could have come from.
    pub const NO_SENDER: &'static str = "no-sender";
    /// It failed as often as a mail may.
    pub const STUCK: &'static str = "stuck";

    /// The cause with this word.
    pub fn new(word: &str) -> Self {
        Self(word.to_owned())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something was decided: a word that journeys and the history share, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The word, `new-request`.
    pub word: &'static str,
    /// More about it, for people; may be empty.
    pub detail: String,
}

impl Reason {
    /// A reason that its word says whole.
    pub fn of(word: &'static str) -> Self {
        Self { word, detail: String::new() }
    }

    /// A reason with more to say.
    pub fn with(word: &'static str, detail: impl fmt::Display) -> Self {
        Self { word, detail: detail.to_string() }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { f.write_str(self.word) } else { write!(f, "{}: {}", self.word, self.detail) }
    }
}

impl Decision {
    /// Adds a reason.
    pub fn because(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self
    }

    /// Adds an effect.
    pub fn then(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Says how the mail ends.
    pub fn ends_as(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }
}

#[cfg(test)]
mod tests;
