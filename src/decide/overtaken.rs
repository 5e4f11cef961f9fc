//! A mail that an answer to it has overtaken, where the answer may be somebody else's: whoever knows the id of a mail
//! that is on its way could have a ticket wait for it, and read what is answered to it.

use super::mail::remark;
use super::policy::Policy;
use super::{Decision, Effect, Mail, Reason, TicketRef};
use crate::message::Address;
use crate::thread::{Evidence, Thread};
use crate::ticket::people::Role;
use crate::ticket::{Ticket, TicketId};

/// The ticket that an answer to the mail has opened, where that is why the mail would be on it.
pub(super) fn opened_by_answer(mail: &Mail) -> Option<TicketId> {
    match mail.thread {
        Thread::Ticket { ticket, evidence: Evidence::Overtaken | Evidence::OvertakenByClaim, .. } => Some(ticket),
        _ => None,
    }
}

/// Whether the ticket that waits for the mail may be another's: its opener is less well proven than the mail, or wants
/// the answers where the mail does not.
pub(super) fn is_opened_by_somebody_else(mail: &Mail, ticket: &Ticket, policy: &Policy) -> bool {
    if opened_by_answer(mail).is_none() {
        return false;
    }
    let is_claim = matches!(mail.thread, Thread::Ticket { evidence: Evidence::OvertakenByClaim, .. });
    let diverted = ticket.requester().and_then(|requester| requester.answer_to.as_ref());
    let is_diverted = diverted.is_some_and(|to| policy.addressee(&mail.message) != Some(to));
    // Whom the opener brought in would read the answers, too.
    let is_of_the_mail = |address: &Address| mail.message.to.contains(address) || mail.message.cc.contains(address);
    let mut others = ticket.parties.iter().filter(|party| party.role == Role::Correspondent);
    let has_others = others.any(|party| !is_of_the_mail(&party.address));
    is_diverted || is_claim && (has_others || mail.message.is_vouched_for())
}

/// Has the ticket that the mail opens, and the one that it was not filed on, name each other.
pub(super) fn apart(decision: Decision, claimed: &Ticket) -> Decision {
    if !decision.effects.iter().any(|effect| matches!(effect, Effect::OpenTicket(_))) {
        return decision;
    }
    let claimed = claimed.id;
    let text = "the mail that it answers came later, is better proven or wants its answers elsewhere, and has opened";
    decision
        .because(Reason::with("not-filed-on-claim", claimed))
        .then(remark(TicketRef::Opened, format!("{claimed} was opened in its sender's name, by an answer to it")))
        .then(Effect::PointToOpened { ticket: claimed, text: text.to_owned() })
}
