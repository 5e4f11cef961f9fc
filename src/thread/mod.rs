//! Stage 3: which ticket a message belongs to. Pure; the look-up in between is the shell's.
//!
//! [`keys`] says what to look up, [`resolve`] what the answers mean. Whether the sender may speak on the ticket
//! is another question, and `decide` asks it.

mod copies;
pub mod references;
pub mod subject;
pub mod token;

pub use copies::{Did, FirstCopy};

use crate::message::{Address, Digest, Message, MessageId};
use crate::ticket::TicketId;
use crate::ticket::people::PartyId;
use crate::ticket::purpose::Purpose;
use std::collections::HashMap;
use token::{OwnId, Token, TokenKey};

/// What a message says about its thread, to be looked up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThreadKeys {
    /// Our own Message-IDs that it answers, MAC checked, newest first.
    pub own_ids: Vec<OwnId>,
    /// Tokens in the addresses it was sent to, MAC checked.
    pub address_tokens: Vec<Token>,
    /// The token in the marker line of one of our mails that it quotes, MAC checked.
    pub marker: Option<Token>,
    /// Message-IDs of others that it answers, nearest first.
    pub foreign_ids: Vec<MessageId>,
    /// What it is known by if it was answered before it came, by its own sender or in their name.
    pub overtaken: Option<Overtaken>,
    /// The ticket reference in its subject.
    pub tag: Option<TicketId>,
    /// How many ids, addresses and markers bore a MAC that is not ours.
    pub forged_count: u32,
    /// Whether what its sender newly wrote holds a token of ours: words of ours that are not to be sent on.
    pub quotes_us: bool,
    /// Whether the message's own id is one of ours: our own mail came back.
    pub is_own_mail: bool,
    /// Whether a server vouches for its sender.
    pub is_vouched_for: bool,
}

/// What the database knows of the [`ThreadKeys`].
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Tickets that tokens name and that are not there any more.
    pub gone: Vec<TicketId>,
    /// Tickets that mails with these ids are on.
    pub tickets_by_message: HashMap<MessageId, TicketId>,
    /// The ticket that an answer to this very mail has opened, by the same sender, who was proven: it came first.
    pub opened_by_answer: Option<TicketId>,
    /// The same, where nothing proves that the answer is the sender's.
    pub opened_by_claim: Option<TicketId>,
    /// The mails with this message's id that we have already and that are no copies of others.
    pub same_id: Vec<FirstCopy>,
    /// Whether the sender is a party to the ticket in [`ThreadKeys::tag`]; `false` too when there is no such ticket.
    pub is_party_to_tag: bool,
}

/// Which ticket a message belongs to.
#[derive(Debug, Clone, PartialEq)]
pub enum Thread {
    /// To none yet.
    New,
    /// To this one.
    Ticket {
        /// The ticket.
        ticket: TicketId,
        /// Why we think so.
        evidence: Evidence,
        /// The party that the MAC was made out to, where a MAC is the evidence.
        holder: Option<Token>,
        /// Which mail of ours it answers, where that mail's Message-ID is the evidence.
        answers: Option<Purpose>,
        /// Another ticket that weaker evidence names; noted on the timeline.
        also: Option<TicketId>,
    },
    /// We already have this message; the number is that of its first inbox row.
    Duplicate(i64),
}

crate::ticket::words! {
    /// Why we think that a message belongs to a ticket; the strongest first.
    Evidence {
        /// It answers one of our mails by our Message-ID.
        OwnMessageId = "own-message-id",
        /// It was sent to the ticket's address.
        Address = "address",
        /// It quotes the last line of one of our mails.
        Marker = "marker",
        /// It answers a mail that is on the ticket.
        ForeignMessageId = "foreign-message-id",
        /// A mail on the ticket answers it, and has the same sender: servers do not always keep the order.
        Overtaken = "overtaken",
        /// Its subject has the reference, and its sender is a party.
        SubjectTag = "subject-tag",
        /// A mail on the ticket answers it, in the name of its sender, which nothing proves.
        OvertakenByClaim = "overtaken-by-claim",
        /// A rule says that it is about the same alert.
        Correlation = "correlation",
    }
}

/// What to look up for a message.
///
/// Tokens whose MAC is not ours are no evidence, only counted, where they claim to be this desk's: `own_addresses`
/// says where it lives. Whoever else runs this program signs with a key of their own, and their ids are ids like others.
pub fn keys(message: &Message, tokens: &TokenKey, own_addresses: &[String]) -> ThreadKeys {
    let is_at_home = |address: &str| {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        own_addresses.iter().any(|own| own.rsplit_once('@').is_some_and(|(_, at)| at.eq_ignore_ascii_case(domain)))
    };
    let mut keys = ThreadKeys {
        is_own_mail: tokens.read_message_id(&message.id.0).is_ours(),
        is_vouched_for: message.is_vouched_for(),
        ..Default::default()
    };
    // A delivery report answers the mail that it returns.
    let returned = message.report.iter().filter_map(|report| report.original_message_id.as_ref());
    let answered = returned.chain(&message.in_reply_to).chain(message.references.iter().rev());
    for id in answered {
        match tokens.read_message_id(&id.0) {
            token::Reading::Ours(own) if !keys.own_ids.contains(&own) => keys.own_ids.push(own),
            token::Reading::Ours(_) => {}
            token::Reading::Forged if is_at_home(&id.0) => keys.forged_count += 1,
            token::Reading::Forged | token::Reading::Foreign if !keys.foreign_ids.contains(id) => {
                keys.foreign_ids.push(id.clone())
            }
            token::Reading::Forged | token::Reading::Foreign => {}
        }
    }
    for address in message.to.iter().chain(&message.cc).chain(&message.delivered_to) {
        match tokens.read_address(&address.address) {
            token::Reading::Ours(token) if !keys.address_tokens.contains(&token) => keys.address_tokens.push(token),
            token::Reading::Forged if is_at_home(&address.address) => keys.forged_count += 1,
            _ => {}
        }
    }
    let marker = match (tokens.find_marker(&message.body.text), &message.forwarded) {
        // A mail that is passed on as a file is not part of the text.
        (token::Reading::Foreign, Some(forwarded)) => tokens.find_marker(&forwarded.text),
        (found, _) => found,
    };
    match marker {
        token::Reading::Ours(token) => keys.marker = Some(token),
        token::Reading::Forged => keys.forged_count += 1,
        token::Reading::Foreign => {}
    }
    keys.overtaken = message.author().map(|author| Overtaken::of(&message.id, author));
    keys.quotes_us = tokens.occurs_in(&message.body.own_words());
    keys.tag = subject::tag(&message.subject);
    keys
}

/// What a mail is known by that is not here yet, and that somebody has answered already.
///
/// The sender is part of it: many people may answer a mail that none of them wrote. And so is whether it is proven that
/// the sender of the answer is the one it says: whoever knows the id of a mail that is on its way could else have a
/// ticket wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overtaken {
    /// Its key where a server vouches for the sender of the answer.
    pub by_sender: MessageId,
    /// Its key where nobody does.
    pub by_claim: MessageId,
}

impl Overtaken {
    /// The keys of the mail with this id, if this is its author.
    pub fn of(id: &MessageId, author: &Address) -> Self {
        // No Message-ID has a space.
        let by_claim = format!("{id} of {}", author.key());
        Self { by_sender: MessageId(format!("{by_claim}, proven")), by_claim: MessageId(by_claim) }
    }

    /// Both keys.
    pub fn keys(&self) -> [&MessageId; 2] {
        [&self.by_sender, &self.by_claim]
    }
}

/// What the answers mean.
pub fn resolve(keys: &ThreadKeys, content: &Digest, known: &Known) -> Thread {
    let thread = by_evidence(keys, known);
    let stands = |copy: &&FirstCopy| copy.digest == *content && copy.stands_for(keys.is_vouched_for, thread.ticket());
    match known.same_id.iter().filter(stands).map(|copy| copy.inbox).min() {
        Some(first) => Thread::Duplicate(first),
        None => thread,
    }
}

/// The first hit wins, a second ticket is remembered beside it. A token for a ticket that is gone is no evidence.
fn by_evidence(keys: &ThreadKeys, known: &Known) -> Thread {
    let own = keys.own_ids.iter().map(|own| (own.token.ticket, Evidence::OwnMessageId, Some(own.token)));
    let address = keys.address_tokens.iter().map(|token| (token.ticket, Evidence::Address, Some(*token)));
    let marker = keys.marker.iter().map(|token| (token.ticket, Evidence::Marker, Some(*token)));
    let foreign = keys
        .foreign_ids
        .iter()
        .filter_map(|id| known.tickets_by_message.get(id).map(|ticket| (*ticket, Evidence::ForeignMessageId, None)));
    let overtaken = known.opened_by_answer.map(|ticket| (ticket, Evidence::Overtaken, None));
    let tag = keys.tag.filter(|_| known.is_party_to_tag).map(|ticket| (ticket, Evidence::SubjectTag, None));
    let claimed = known.opened_by_claim.map(|ticket| (ticket, Evidence::OvertakenByClaim, None));
    let by_token = own.chain(address).chain(marker).filter(|(ticket, ..)| !known.gone.contains(ticket));
    let mut hits = by_token.chain(foreign).chain(overtaken).chain(tag).chain(claimed);
    let Some((ticket, evidence, holder)) = hits.next() else { return Thread::New };
    let also = hits.map(|(other, ..)| other).find(|other| *other != ticket);
    let answered = keys.own_ids.iter().find(|own| evidence == Evidence::OwnMessageId && Some(own.token) == holder);
    let answers = answered.map(|own| own.purpose);
    Thread::Ticket { ticket, evidence, holder, answers, also }
}

impl ThreadKeys {
    /// The tickets that tokens and the subject name.
    pub fn named_tickets(&self) -> impl Iterator<Item = TicketId> {
        let tokens = self.own_ids.iter().map(|own| &own.token).chain(&self.address_tokens).chain(&self.marker);
        tokens.map(|token| token.ticket).chain(self.tag)
    }
}

impl Thread {
    /// The ticket, if it is one.
    pub fn ticket(&self) -> Option<TicketId> {
        match self {
            Thread::Ticket { ticket, .. } => Some(*ticket),
            Thread::New | Thread::Duplicate(_) => None,
        }
    }

    /// The party that a MAC was made out to.
    pub fn holder(&self) -> Option<PartyId> {
        match self {
            Thread::Ticket { holder, .. } => holder.map(|token| token.party),
            Thread::New | Thread::Duplicate(_) => None,
        }
    }

    /// Which mail of ours it answers, where its Message-ID says so.
    pub fn answers(&self) -> Option<Purpose> {
        match self {
            Thread::Ticket { answers, .. } => *answers,
            Thread::New | Thread::Duplicate(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
