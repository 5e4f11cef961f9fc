//! Whether a mail that bears an agent's address is that agent's: by what the desk's own server says of its sender, or by
//! a token of ours that nobody but this agent was given.

use super::Mail;
use super::policy::Policy;
use crate::message::{Authentication, Message};
use crate::thread::Thread;
use crate::ticket::Ticket;
use crate::ticket::people::{Agent, Role};
use jiff::Timestamp;

/// What proves that the agent wrote the mail, or what speaks against it.
pub(super) fn proof(
    mail: &Mail,
    agent: &Agent,
    ticket: &Ticket,
    policy: &Policy,
    now: Timestamp,
) -> Result<&'static str, &'static str> {
    let unproven = match proven_by_server(&mail.message, agent) {
        Ok(proof) => return Ok(proof),
        Err(Unproven::Refuted(why)) => return Err(why),
        Err(Unproven::Unknown(why)) => why,
    };
    let Thread::Ticket { holder: Some(token), .. } = &mail.thread else { return Err(unproven) };
    match ticket.party(token.party) {
        Some(party) if party.role == Role::Agent && party.address == agent.address => {
            if token.is_older_than(policy.agent_token_age, now) {
                Err("the mail it answers is too old to prove who wrote it")
            } else {
                Ok("it answers a mail that only this agent has")
            }
        }
        _ => Err("it answers a mail that was sent to somebody else"),
    }
}

/// Why our own server's word does not prove a mail to be an agent's.
pub(super) enum Unproven {
    /// Something speaks against it, whatever else speaks for it.
    Refuted(&'static str),
    /// Nothing speaks for it or against it.
    Unknown(&'static str),
}

/// Whether our own server vouches for the agent who wrote a mail.
pub(super) fn proven_by_server(message: &Message, agent: &Agent) -> Result<&'static str, Unproven> {
    if message.from.len() != 1 {
        return Err(Unproven::Refuted("it has several authors"));
    }
    if message.reply_to.iter().any(|to| *to != agent.address) {
        return Err(Unproven::Refuted("its Reply-To is not the agent's address"));
    }
    match message.authentication {
        Authentication::Pass => Ok("the sender is authenticated"),
        // Whoever got hold of a token of an agent's is not the agent, when our own server says so.
        Authentication::Fail => Err(Unproven::Refuted("the sender failed authentication")),
        Authentication::None => Err(Unproven::Unknown(
            "the sender is not authenticated, and the mail does not answer one that was sent to the agent",
        )),
    }
}
