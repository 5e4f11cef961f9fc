//! Whether a mail that bears an agent's address is that agent's: by what the desk's own server says of its sender, or by
//! a token of ours that nobody but this agent was given; and what becomes of one that is not.

use super::agent::transcript;
use super::breaker::{About, Gate, refused};
use super::draft::{Content, Draft};
use super::mail::{ended, quarantine, remark};
use super::policy::Policy;
use super::requester::append;
use super::unfit::not_proven;
use super::{Cause, Decision, Effect, Mail, Outcome, Standing, TicketRef, guard};
use crate::message::{Address, Authentication, Message};
use crate::thread::Thread;
use crate::ticket::Ticket;
use crate::ticket::event::Visibility;
use crate::ticket::people::{Agent, Role};
use jiff::Timestamp;

/// Why a mail is not believed to be an agent's.
pub(super) enum Doubt {
    /// Nothing proves it, or something speaks against it.
    Forged(&'static str),
    /// It answers what the agent's own mail has shown to others: it may well be the agent's, or theirs.
    Shown,
}

/// What proves that the agent wrote the mail, or what speaks against it.
pub(super) fn proof(
    mail: &Mail,
    agent: &Agent,
    ticket: &Ticket,
    policy: &Policy,
    now: Timestamp,
) -> Result<&'static str, Doubt> {
    let unproven = match proven_by_server(&mail.message, agent) {
        Ok(proof) => return Ok(proof),
        Err(Unproven::Refuted(why)) => return Err(Doubt::Forged(why)),
        Err(Unproven::Unknown(why)) => why,
    };
    let Thread::Ticket { holder: Some(token), .. } = &mail.thread else { return Err(Doubt::Forged(unproven)) };
    match ticket.party(token.party) {
        Some(party) if party.role == Role::Agent && party.address == agent.address => {
            if ticket.party_of(&agent.address).map(|newest| newest.id) != Some(token.party) {
                Err(Doubt::Shown)
            } else if token.is_older_than(policy.agent_token_age, now) {
                Err(Doubt::Forged("the mail it answers is too old to prove who wrote it"))
            } else {
                Ok("it answers a mail that only this agent has")
            }
        }
        _ => Err(Doubt::Forged("it answers a mail that was sent to somebody else")),
    }
}

/// Somebody besides us and other agents to whom the agent's mail went. It answers one of ours, and by that, and by what
/// it quotes, they could answer in the agent's place.
pub(super) fn shown_to<'m>(mail: &'m Mail, policy: &Policy) -> Option<&'m Address> {
    let message = &mail.message;
    message.to.iter().chain(&message.cc).find(|to| !policy.is_ours(to) && policy.agent_at(to).is_none())
}

/// Gives the agent new tokens where the old ones were shown to others.
pub(super) fn renewed(decision: Decision, mail: &Mail, agent: &Agent, at: &Ticket, policy: &Policy) -> Decision {
    // What was sent to an earlier number of the agent's proves nothing as it is.
    let party = at.party_of(&agent.address);
    let party = party.filter(|party| party.role == Role::Agent && mail.thread.holder() == Some(party.id));
    let (Some(to), Some(party)) = (shown_to(mail, policy), party) else { return decision };
    let at = TicketRef::Existing(at.id);
    decision.then(Effect::RenewParty { ticket: at, party: party.id }).then(remark(
        at,
        format!("{} has a copy of {}'s mail: what it answers proves nothing any more", to.address, agent.id),
    ))
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

/// A mail that may be the agent's, or that of somebody to whom the agent has shown what it answers: kept, and the agent
/// is told how to have it carried out.
pub(super) fn perhaps_the_agents(mail: &Mail, agent: &Agent, at: TicketRef, gate: Gate<'_>) -> Decision {
    let why = "it answers what the agent's own mail has shown to others";
    let decision = ended("not-proven", why).ends_as(Outcome::AgentReply);
    let decision = append(decision, mail, at, Visibility::Unverified, None);
    let decision =
        decision.then(remark(at, format!("a mail in the name of {} was kept as unverified: {why}", agent.id)));
    transcript(decision, agent, at, mail, vec![not_proven()], false, gate)
}

/// A mail in an agent's name that nothing proves: kept apart, noted, and the real agent is told.
pub(super) fn spoofed(mail: &Mail, agent: &Agent, at: TicketRef, why: &str, gate: Gate<'_>) -> Decision {
    let decision = quarantine(Cause::SPOOFED_AGENT, "spoofed-agent", why)
        .then(remark(at, format!("a mail in the name of {} was quarantined: {why}", agent.id)));
    // However busy the ticket is, and whatever came back from there: an agent must hear of this.
    let mut standing = Standing { is_suppressed: false, ..gate.standing.clone() };
    (standing.traffic.ticket_10_minutes, standing.traffic.ticket_10_hours) = (0, 0);
    let gate = Gate { standing: &standing, ..gate };
    match guard::may_tell_of_rejection(&agent.address, Some(mail.message.origin), &standing, gate.policy) {
        Ok(()) => decision.then(Effect::Send(Draft {
            ticket: Some(at),
            to: agent.address.clone(),
            content: Content::SpoofNotice { why: why.to_owned(), inbox: mail.inbox },
            attachments: Vec::new(),
            in_reply_to: None,
        })),
        Err(refusal) => {
            let about = About { to: &agent.address, mail: Some(mail), ticket: mail.thread.ticket() };
            refused(decision, "no-notice", refusal, about, gate)
        }
    }
}
