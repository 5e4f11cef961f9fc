//! Who joins a ticket by being in To or Cc of a mail, and whose mail may bring them in.
//!
//! Whoever joins gets the agents' answers. So whom they are for is for the customer who asked to say, and for agents.

use super::mail::{is_authenticated, remark};
use super::policy::Policy;
use super::{Decision, Effect, Mail, TicketRef, guard};
use crate::message::{Address, Authentication};
use crate::ticket::Ticket;
use crate::ticket::people::{Party, Role, Who};

/// Addresses in To and Cc that join a ticket; a mail to more people than this is no request of a person.
pub const CORRESPONDENTS_ADDED: usize = 20;

/// What a remark says of people who might have joined a ticket.
pub(super) const NOT_ADDED: &str = "were not added";

/// Whether a follow-up that is believed to be this party's may bring in people.
///
/// Who holds an answer address of ours reads the mailbox that it was sent to. That is proof enough for an answer from
/// there, but not for one of somebody else to whom the address was passed on, and not against a server that says that
/// the sender is forged.
///
/// # Errors
/// Why it may not.
pub(super) fn may_add(mail: &Mail, party: &Party) -> Result<(), &'static str> {
    if party.role != Role::Requester {
        return Err("the customer who asked did not write it");
    }
    if mail.message.authentication == Authentication::Fail {
        return Err("its sender failed authentication");
    }
    match mail.message.from.as_slice() {
        [author] if *author == party.address || author == party.destination() => {}
        _ => return Err("it is not from the customer's own address"),
    }
    let is_held = mail.thread.holder() == Some(party.id);
    if is_held || is_authenticated(mail) { Ok(()) } else { Err("nobody vouches for the sender") }
}

/// The people in To and Cc who are neither we nor agents, and not on the ticket yet.
fn correspondents<'m>(mail: &'m Mail, ticket: Option<&Ticket>, policy: &Policy) -> Vec<&'m Address> {
    let author = mail.message.author();
    let mut found: Vec<&Address> = Vec::new();
    for address in mail.message.to.iter().chain(&mail.message.cc) {
        let is_known = author == Some(address)
            || found.contains(&address)
            || ticket.is_some_and(|ticket| ticket.party_of(address).is_some());
        let is_addressable = address.address.contains('@') && !guard::is_unread(address);
        if !is_known && is_addressable && policy.who(address, false) == Who::Stranger {
            found.push(address);
        }
    }
    found.truncate(CORRESPONDENTS_ADDED);
    found
}

/// Says who in To and Cc would have joined, if that were for the sender to say: an agent may add them.
pub(super) fn not_added(
    decision: Decision,
    mail: &Mail,
    at: TicketRef,
    ticket: Option<&Ticket>,
    why: &str,
    policy: &Policy,
) -> Decision {
    match correspondents(mail, ticket, policy).len() {
        0 => decision,
        others => decision.then(remark(at, format!("{others} in To or Cc {NOT_ADDED}, since {why}"))),
    }
}

/// Adds the people in To and Cc to the ticket.
pub(super) fn add_correspondents(
    decision: Decision,
    mail: &Mail,
    at: TicketRef,
    ticket: Option<&Ticket>,
    policy: &Policy,
) -> Decision {
    correspondents(mail, ticket, policy).into_iter().fold(decision, |decision, address| {
        decision.then(Effect::AddParty {
            ticket: at,
            address: address.clone(),
            role: Role::Correspondent,
            utc_offset_minutes: None,
        })
    })
}
