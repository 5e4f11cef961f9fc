//! Copies of one mail: whether another one that comes still counts.

use crate::message::Digest;
use crate::ticket::TicketId;

/// What is known of a mail that we have already when another one with its id comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstCopy {
    /// Its inbox row.
    pub inbox: i64,
    /// The digest of its content.
    pub digest: Digest,
    /// Whether a server vouched for its sender.
    pub is_vouched_for: bool,
    /// What it did.
    pub did: Did,
}

/// What a mail did when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Nothing: it was kept, as words of nobody who may speak.
    Nothing,
    /// It opened this ticket.
    Opened(TicketId),
    /// What is not to be done twice.
    More,
}

impl FirstCopy {
    /// Whether another mail with its id and content is no more than a copy.
    ///
    /// Where nobody vouched for the first, it stands in the way of none for which somebody does: a forwarder that breaks
    /// signatures may be faster than the sender's own server, and so may be whoever wants the mail to have no effect. But
    /// nothing is done twice, so on its own ticket, or on none, the first keeps what it opened.
    pub fn stands_for(&self, is_vouched_for: bool, ticket: Option<TicketId>) -> bool {
        self.is_vouched_for
            || !is_vouched_for
            || match self.did {
                Did::Nothing => false,
                Did::Opened(opened) => ticket.is_none_or(|ticket| ticket == opened),
                Did::More => true,
            }
    }
}
