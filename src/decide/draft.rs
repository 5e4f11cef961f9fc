//! Mails that a decision wants written: what about, to whom, saying what. `compose` makes bytes of them.

use super::TicketRef;
use crate::message::{Address, Calendar};
use crate::ticket::Severity;
use crate::ticket::people::AgentId;
use crate::ticket::purpose::Purpose;
use jiff::Timestamp;

/// A mail to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The ticket it is about; `None` for a notice about a mail that has none.
    pub ticket: Option<TicketRef>,
    /// Who gets it. Becomes a party of the ticket (an agent, mostly) if it is none yet.
    pub to: Address,
    /// What it says.
    pub content: Content,
    /// Attachments of the mail being decided on that go along, by [`Attachment::index`](crate::message::Attachment).
    pub attachments: Vec<usize>,
    /// The mail it answers, when that is not what the party's chain says.
    pub in_reply_to: Option<String>,
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// We have it, and this is when you hear from us.
    Acknowledgement {
        /// The brief description: the sender's subject, or the category's title when nobody vouches for the sender.
        issue: String,
        /// The next update promised.
        expected_update_at: Timestamp,
        /// The words that a rule asks for in the place of the usual ones.
        template: Option<String>,
    },
    /// Something happened on a ticket.
    Notification(Box<Notification>),
    /// The same for somebody on call, who has to hear of it at once.
    Page(Box<Notification>),
    /// An agent's words to the customer.
    Reply {
        /// The words.
        text: String,
        /// The next update promised, when one is.
        expected_update_at: Option<Timestamp>,
    },
    /// Nothing new, but we said that we would write.
    HoldingUpdate {
        /// The brief description, as in the acknowledgement.
        issue: String,
        /// The next update promised; `None` when this is the last one by itself.
        expected_update_at: Option<Timestamp>,
    },
    /// An update is due soon, or a first answer is overdue.
    Nudge {
        /// What is due.
        what: super::DeadlineKind,
        /// When.
        due_at: Timestamp,
    },
    /// The handbook's resolution.
    Resolution {
        /// The brief description.
        issue: String,
        /// What caused it.
        root_cause: String,
        /// What we did.
        solution: String,
        /// How we verified that it is fixed.
        verification: String,
    },
    /// What became of each command.
    Transcript {
        /// One entry for each command, in order; also for those not carried out.
        lines: Vec<TranscriptLine>,
        /// Whether anything was carried out at all.
        carried_out: bool,
        /// Whether the list of commands is to be printed.
        help: bool,
    },
    /// A mail that an agent wrote did not arrive.
    Undelivered {
        /// Where it should have gone.
        recipient: String,
        /// The enhanced status code or reply code, where known.
        status: Option<String>,
        /// What the server said.
        diagnostic: String,
        /// Whether no automatic mail goes there any more.
        is_suppressed: bool,
    },
    /// Somebody wrote in this agent's name and was not believed.
    SpoofNotice {
        /// Why it was not believed.
        why: String,
        /// The number of the inbox row, for the admin.
        inbox: i64,
    },
    /// So much automatic mail went out that no more goes, for a while.
    Alarm(Box<super::breaker::Breaker>),
    /// A mail was larger than we take.
    Oversize {
        /// Its size.
        size_bytes: u64,
        /// The most we take.
        limit_bytes: u64,
    },
}

impl Content {
    /// The words that are wanted in the place of the usual ones.
    pub fn template(&self) -> Option<&str> {
        match self {
            Content::Acknowledgement { template, .. } => template.as_deref(),
            _ => None,
        }
    }

    /// Which mail it is.
    pub fn purpose(&self) -> Purpose {
        match self {
            Content::Acknowledgement { .. } => Purpose::Acknowledgement,
            Content::Notification(_) => Purpose::Notification,
            Content::Page(_) => Purpose::Page,
            Content::Reply { .. } => Purpose::Reply,
            Content::HoldingUpdate { .. } => Purpose::HoldingUpdate,
            Content::Nudge { .. } => Purpose::Nudge,
            Content::Resolution { .. } => Purpose::Resolution,
            Content::Transcript { .. } => Purpose::Transcript,
            Content::Undelivered { .. } => Purpose::Undelivered,
            Content::SpoofNotice { .. } => Purpose::SpoofNotice,
            Content::Alarm(_) => Purpose::Alarm,
            Content::Oversize { .. } => Purpose::Oversize,
        }
    }
}

/// Files that do not go along with a notification, and where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The number of the inbox row of the mail that they came with.
    pub inbox: i64,
    /// The name of each, or its media type, and its size.
    pub files: Vec<(String, u64)>,
}

/// What an agent is told of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// What happened.
    pub news: News,
    /// Who wrote the mail it is about; `None` when no mail is.
    pub from: Option<Address>,
    /// What they newly wrote.
    pub text: String,
    /// What nobody has read of what their mail quotes: whether a line is a quote is sometimes a guess.
    pub unread: String,
    /// What stands below their words.
    pub signature: String,
    /// The rules that matched, with what they matched on, in words: `invalid-api-key: "401 … API key"`.
    pub because: Vec<String>,
    /// Articles that rules suggest.
    pub articles: Vec<String>,
    /// Files of the mail that are too large to go along.
    pub left_out: Option<LeftOut>,
    /// How the sender was, or was not, authenticated, in words; shown where it matters.
    pub caution: Option<String>,
    /// What an invitation, or another calendar part, that came with the mail says.
    pub calendar: Option<Calendar>,
    /// The severity that a rule asks for and that the ticket does not get, because an agent has set its own.
    pub refused_severity: Option<Severity>,
    /// People who joined the ticket by the mail: answers go to them, too.
    pub joined: Vec<Address>,
}

impl Notification {
    /// News of which there is no more to say than who wrote these words.
    pub fn of(news: News, from: Option<Address>, text: String) -> Self {
        Self {
            news,
            from,
            text,
            unread: String::new(),
            signature: String::new(),
            because: Vec::new(),
            articles: Vec::new(),
            left_out: None,
            caution: None,
            calendar: None,
            refused_severity: None,
            joined: Vec::new(),
        }
    }
}

/// What happened on a ticket.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// It was opened.
    Opened,
    /// The customer wrote again.
    FollowUp,
    /// The customer wrote again after the resolution, and it is open again.
    Reopened,
    /// The customer confirmed the resolution, and it is closed.
    Confirmed,
    /// The monitor says that the alert is over.
    Recovered {
        /// Whether the ticket is closed by that: nobody had taken it.
        is_closed: bool,
    },
    /// The alert began again soon after its end, and the ticket is open again.
    AlertAgain,
    /// What began again soon after the last page is not over by now.
    StillSo {
        /// When the last page was sent.
        paged_at: Option<Timestamp>,
    },
    /// The severity was raised.
    SeverityRaised(Severity),
    /// It came to this tier, by an agent, with a reason.
    Escalated {
        /// Who escalated it.
        by: AgentId,
        /// In the agent's words; may be empty.
        reason: String,
    },
    /// An agent took it.
    Taken {
        /// Who took it.
        by: AgentId,
        /// Whether it was the reader's until then; else the reader was paged for it, and nobody had it.
        was_yours: bool,
    },
    /// Somebody wrote who bears a party's address, for which nobody vouches; kept apart.
    Unverified,
    /// Somebody on the ticket wrote what only its words call automatic: it is filed, and a person should look at it.
    PerhapsAutomatic,
    /// It was opened by a mail that an agent passed on.
    PassedOn {
        /// Who passed it on.
        by: AgentId,
        /// What the agent wrote above it; may be empty.
        words: String,
    },
    /// Who got a mail of ours says that it is unwanted.
    Complained {
        /// Their address.
        address: String,
    },
}

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptLine {
    /// The command as written.
    pub command: String,
    /// What it did, or what is wrong with it and what to write instead.
    pub result: String,
    /// Whether it is wrong.
    pub is_error: bool,
}
