//! What a received mail means: sorts it by who wrote it and why, and hands it on.

use super::breaker::{About, Gate, refused};
use super::draft::{Content, Draft};
use super::policy::Policy;
use super::{
    Cause, Decision, Effect, Mail, Outcome, Reason, Standing, TicketRef, agent, alert, delivery, forward, guard,
    overtaken, requester,
};
use crate::classify::Disposition;
use crate::message::Origin;
use crate::size;
use crate::thread::Thread;
use crate::ticket::Ticket;
use crate::ticket::event::{Actor, Visibility, What};
use crate::ticket::people::Who;
use jiff::Timestamp;

/// Decides about one mail. `ticket` is the one that its thread names, whole.
pub fn on_mail(mail: &Mail, ticket: Option<&Ticket>, standing: &Standing, policy: &Policy, now: Timestamp) -> Decision {
    let decision = match ticket.filter(|ticket| overtaken::is_opened_by_somebody_else(mail, ticket, policy)) {
        Some(claimed) => overtaken::apart(decide(mail, None, standing, policy, now), claimed),
        None => decide(mail, ticket, standing, policy, now),
    };
    // The strongest evidence has the say; who works on the ticket should know of the other one.
    let filed = decision.effects.iter().rev().find_map(|effect| match effect {
        Effect::AppendMessage { ticket, .. } => Some(*ticket),
        _ => None,
    });
    match (&mail.thread, filed) {
        (Thread::Ticket { also: Some(other), .. }, Some(at)) => {
            decision.then(remark(at, format!("the mail also refers to {other}")))
        }
        _ => decision,
    }
}

fn decide(mail: &Mail, ticket: Option<&Ticket>, standing: &Standing, policy: &Policy, now: Timestamp) -> Decision {
    if let Thread::Duplicate(first) = mail.thread {
        return ended("duplicate", format!("inbox {first} has the same Message-ID and content"))
            .ends_as(Outcome::Duplicate(first));
    }
    if mail.who == Who::Ourselves || mail.message.origin == Origin::Own {
        return ended("own-mail", mail.message.marks_in_words()).ends_as(Outcome::OwnMail);
    }
    if let Some(defect) = mail.message.defects.iter().find(|defect| defect.code.is_fatal()) {
        return quarantine(defect.code.as_str(), "unreadable-mail", &defect.detail);
    }
    if mail.message.origin == Origin::DeliveryReport {
        return delivery::on_report(mail, ticket, standing, policy, now);
    }
    let Some(author) = mail.message.author() else {
        return quarantine(Cause::NO_SENDER, "no-sender", "there is no address in From");
    };
    if let (Who::Agent(id), Some(ticket)) = (&mail.who, ticket)
        && ticket.requester().is_none_or(|requester| requester.address != *author)
    {
        return agent::on_mail(mail, id, ticket, standing, policy, now);
    }
    if let (Who::Agent(id), Some(customers), None) = (&mail.who, &mail.passed_on, ticket)
        && let Some(agent) = policy.agent(id)
    {
        return forward::on_forward(mail, customers, agent, standing, policy, now);
    }
    if !mail.is_released {
        match mail.verdict.disposition.value {
            Disposition::Accept => {}
            Disposition::Quarantine => return quarantine(Cause::RULE, "quarantined-by-rule", &rule_of(mail)),
            Disposition::Discard => {
                return ended("discarded-by-rule", rule_of(mail)).ends_as(Outcome::DiscardedByRule);
            }
        }
    }
    match (mail.message.origin, ticket) {
        (Origin::Person, _) | (_, None) if mail.who == Who::Monitor => {
            alert::on_alert(mail, ticket, standing, policy, now)
        }
        (Origin::Person, Some(ticket)) => requester::on_follow_up(mail, ticket, standing, policy, now),
        (Origin::Person | Origin::Bulk, None) => requester::on_request(mail, None, standing, policy, now),
        // It changes nothing, but somebody reads it.
        (Origin::Bulk | Origin::AutomaticReply, Some(ticket))
            if requester::is_perhaps_automatic(mail, ticket, policy, now) =>
        {
            requester::on_perhaps_automatic(mail, ticket, standing, policy, now)
        }
        // Customers write through lists and groups as well; the gate keeps them from being answered.
        (Origin::Bulk, Some(ticket)) if requester::is_a_partys(mail, ticket, policy) => {
            requester::on_follow_up(mail, ticket, standing, policy, now)
        }
        (origin, Some(ticket)) => on_automatic(mail, origin, ticket),
        // No person calls an answer so, and what it answers is not ours any more.
        (Origin::AutomaticReply, None)
            if mail.message.is_automatic_by_words_only() && !mail.message.is_answer_by_subject()
                || mail.message.is_automatic_by_return_path_only() =>
        {
            requester::on_request(mail, None, standing, policy, now)
        }
        (_, None) => ended("automatic-reply", mail.message.marks_in_words()).ends_as(Outcome::AutoReply),
    }
}

/// Decides about a mail that was too large to be fetched: it waits for a person, and its sender is told
/// once a day.
pub fn on_oversize(mail: &Mail, size_bytes: u64, standing: &Standing, policy: &Policy, now: Timestamp) -> Decision {
    let limit_bytes = policy.max_mail_bytes;
    let too_large = format!("{}, the limit is {}", size::shown(size_bytes), size::shown(limit_bytes));
    let decision = quarantine(Cause::OVERSIZE, "oversize", &too_large);
    if let Thread::Duplicate(first) = mail.thread {
        return decision.ends_as(Outcome::Duplicate(first));
    }
    if mail.who == Who::Monitor {
        return decision;
    }
    let Some(to) = policy.addressee(&mail.message) else { return decision };
    match guard::may_tell_of_rejection(to, Some(mail.message.origin), standing, policy) {
        Ok(()) => decision.then(Effect::Send(Draft {
            ticket: None,
            to: crate::message::Address::bare(&to.address),
            content: Content::Oversize { size_bytes, limit_bytes },
            attachments: Vec::new(),
            in_reply_to: Some(mail.message.id.0.clone()),
        })),
        Err(refusal) => {
            let about = About { to, mail: Some(mail), ticket: None };
            refused(decision, "no-answer", refusal, about, Gate { standing, policy, now })
        }
    }
}

/// Files a robot's mail on its ticket, which changes nothing else.
pub(super) fn on_automatic(mail: &Mail, origin: Origin, ticket: &Ticket) -> Decision {
    let outcome = if origin == Origin::Bulk { Outcome::FollowUp } else { Outcome::AutoReply };
    let decision = ended("automatic-reply", mail.message.marks_in_words()).ends_as(outcome);
    match mail.message.author() {
        Some(author) => decision.then(Effect::AppendMessage {
            ticket: TicketRef::Existing(ticket.id),
            by: author.clone(),
            visibility: Visibility::Automatic,
            party: None,
        }),
        None => decision,
    }
}

/// Whether nothing contradicts the sender's `From`, and something speaks for it.
pub(super) fn is_authenticated(mail: &Mail) -> bool {
    mail.message.is_vouched_for()
}

/// Puts a remark on a ticket's timeline.
pub(super) fn remark(ticket: TicketRef, text: impl Into<String>) -> Effect {
    Effect::Record { ticket, actor: Actor::Postroom, what: What::Remarked { text: text.into() } }
}

/// A decision with one reason and nothing done yet.
pub(super) fn ended(word: &'static str, detail: impl std::fmt::Display) -> Decision {
    Decision::default().because(Reason::with(word, detail))
}

/// A decision that keeps the mail apart for a person.
pub(super) fn quarantine(cause: &str, word: &'static str, detail: &str) -> Decision {
    ended(word, detail).ends_as(Outcome::Quarantined(Cause::new(cause)))
}

fn rule_of(mail: &Mail) -> String {
    mail.verdict.disposition.rule.as_ref().map(ToString::to_string).unwrap_or_default()
}
