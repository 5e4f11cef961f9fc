//! What the rules ask of who sent a mail, said a second time and in other words.

use super::*;

/// What the rules ask of a mail in an agent's name, said a second time and in other words.
pub(super) fn proves_its_agent(mail: &Mail, ticket: &Ticket) -> bool {
    let [author] = &mail.message.from[..] else { return false };
    let goes_elsewhere = mail.message.reply_to.iter().any(|to| to != author);
    let is_holder = match &mail.thread {
        Thread::Ticket { holder: Some(token), .. } => {
            let party = ticket.parties.iter().find(|party| party.id == token.party);
            party.is_some_and(|party| party.address == *author && party.role == Role::Agent)
                && !token.is_older_than(policy().agent_token_age, now())
        }
        _ => false,
    };
    is_agent(&author.key()) && !goes_elsewhere && (mail.message.authentication == Authentication::Pass || is_holder)
}

/// Whether the mail's author, or the MAC it holds, speaks for somebody on the customer's side.
pub(super) fn may_be_a_partys(mail: &Mail, ticket: &Ticket) -> bool {
    let is_customer = |party: &&Party| party.role != Role::Agent;
    let holds = mail.thread.holder().and_then(|id| ticket.party(id)).filter(is_customer).is_some();
    let wrote = mail.message.author().and_then(|author| ticket.party_of(author)).filter(is_customer).is_some();
    holds || (wrote && mail.message.authentication != Authentication::Fail && mail.message.from.len() == 1)
}

/// Whether a mail on a ticket may bring in people, said a second time and in other words.
pub(super) fn may_bring_in(mail: &Mail, ticket: &Ticket) -> bool {
    let Some(requester) = ticket.requester() else { return false };
    let [author] = &mail.message.from[..] else { return false };
    let is_theirs = requester.address == *author || requester.answer_to.as_ref() == Some(author);
    let proof = match mail.message.authentication {
        Authentication::Pass => true,
        Authentication::None => mail.thread.holder() == Some(requester.id),
        Authentication::Fail => false,
    };
    is_theirs && proof
}

/// Whether an answer to the mail opened the ticket, and may be somebody else's, said a second time.
pub(super) fn may_be_anothers(mail: &Mail, ticket: &Ticket) -> bool {
    let Thread::Ticket { evidence, .. } = mail.thread else { return false };
    let is_proven = mail.message.authentication == Authentication::Pass && mail.message.from.len() == 1;
    let wanted = ticket.requester().and_then(|requester| requester.answer_to.as_ref());
    let is_diverted = wanted.is_some() && wanted != policy().addressee(&mail.message);
    let reads_along = |address: &Address| mail.message.to.contains(address) || mail.message.cc.contains(address);
    let mut others = ticket.parties.iter().filter(|party| party.role == Role::Correspondent);
    let has_others = others.any(|party| !reads_along(&party.address));
    match evidence {
        Evidence::Overtaken => is_diverted,
        Evidence::OvertakenByClaim => is_diverted || is_proven || has_others,
        _ => false,
    }
}

/// Whether a monitor's mail is on the ticket because a rule says that it is about the same alert.
pub(super) fn speaks_of_its_alert(mail: &Mail) -> bool {
    mail.who == Who::Monitor
        && matches!(mail.thread, Thread::Ticket { evidence: Evidence::Correlation, .. })
        && mail.message.authentication != Authentication::Fail
        && mail.message.from.len() == 1
}
