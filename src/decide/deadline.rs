//! A deadline has come: remind the agent, keep the promise to the customer, send the page that is owed.

use super::breaker::{About, Gate, refused};
use super::draft::{Content, Draft};
use super::mail::ended;
use super::notify::told;
use super::policy::Policy;
use super::requester::watch;
use super::{DeadlineKind, Decision, Effect, Reason, Standing, TicketRef, guard, page};
use crate::message::Address;
use crate::ticket::Ticket;
use crate::ticket::event::{Actor, What};
use jiff::Timestamp;

/// Decides what to do about a deadline of a ticket that was due at `due_at`.
/// `standing` is that of the ticket's requester.
pub fn on_deadline(
    kind: DeadlineKind,
    due_at: Timestamp,
    ticket: &Ticket,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let clear = Effect::ClearDeadline { ticket: at, kind };
    if !ticket.status.is_open() {
        return ended("deadline-is-past", ticket.status).then(clear);
    }
    match kind {
        DeadlineKind::FirstResponse if ticket.first_response_at.is_some() => ended("answered", "").then(clear),
        DeadlineKind::FirstResponse => {
            let what = What::FirstResponseOverdue { due_at };
            let decision = ended("first-response-overdue", due_at).then(clear).then(Effect::Record {
                ticket: at,
                actor: Actor::Postroom,
                what,
            });
            nudge(decision, ticket, kind, due_at, policy)
        }
        DeadlineKind::Nudge => {
            let update_due_at = ticket.update_due_at.unwrap_or(due_at);
            let decision = ended("update-due-soon", update_due_at).then(clear);
            nudge(decision, ticket, DeadlineKind::Update, update_due_at, policy)
        }
        DeadlineKind::Update => hold(ticket, standing, policy, now),
        DeadlineKind::Page => page::due(ticket, policy),
    }
}

/// Tells the customer honestly that there is nothing new, and promises the next update.
fn hold(ticket: &Ticket, standing: &Standing, policy: &Policy, now: Timestamp) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let clear = Effect::ClearDeadline { ticket: at, kind: DeadlineKind::Update };
    let (decision, pace) = (ended("update-due", ""), policy.pace_of(ticket));
    let Some(requester) = ticket.requester() else { return decision.then(clear) };
    if let Err(refusal) = guard::may_send(requester.destination(), None, standing, policy) {
        // What was promised is only put off by a cap that passes.
        let is_passing = refusal.is_passing(now);
        let about = About { to: requester.destination(), mail: None, ticket: Some(ticket.id) };
        if is_passing {
            let due_at = pace.put_off(now);
            let decision = refused(decision, "put-off", refusal, about, Gate { standing, policy, now });
            return decision.then(Effect::SetDeadline { ticket: at, kind: DeadlineKind::Update, due_at });
        }
        let decision = refused(decision, "no-update", refusal, about, Gate { standing, policy, now }).then(clear);
        return nudge(decision, ticket, DeadlineKind::Update, now, policy);
    }
    // The last mail that the caps allow must not promise another one.
    let is_last = standing.traffic.address_day + 1 >= policy.caps.per_address_day;
    let expected_update_at = (!is_last).then(|| pace.next_update(now).due_at);
    let issue = policy.issue(ticket.is_vouched, &ticket.subject, &ticket.category).to_owned();
    let decision = decision
        .because(Reason::with("held", ticket.held_count + 1))
        .then(Effect::SetHeldCount { ticket: at, count: ticket.held_count + 1 })
        .then(Effect::Send(Draft {
            ticket: Some(at),
            to: Address {
                name: requester.address.name.clone().filter(|_| ticket.is_vouched),
                address: requester.address.address.clone(),
            },
            content: Content::HoldingUpdate { issue, expected_update_at },
            attachments: Vec::new(),
            in_reply_to: None,
        }));
    if is_last {
        let decision = decision.because(Reason::of("last-update-by-itself")).then(clear);
        return nudge(decision, ticket, DeadlineKind::Update, now, policy);
    }
    watch(decision, at, &pace, now)
}

/// Reminds the assignee, or the tier of a ticket that nobody has taken. An agent who is the customer as well, and
/// is written to as such, needs no second mail.
fn nudge(decision: Decision, ticket: &Ticket, what: DeadlineKind, due_at: Timestamp, policy: &Policy) -> Decision {
    let is_written_to = |agent: &Address, decision: &Decision| {
        // An alarm says nothing of the ticket.
        let says_it = |draft: &Draft| draft.to == *agent && !matches!(draft.content, Content::Alarm(_));
        decision.effects.iter().any(|effect| matches!(effect, Effect::Send(draft) if says_it(draft)))
    };
    told(ticket, policy).iter().fold(decision, |decision, agent| {
        if is_written_to(&agent.address, &decision) {
            return decision;
        }
        decision.then(Effect::Send(Draft {
            ticket: Some(TicketRef::Existing(ticket.id)),
            to: agent.address.clone(),
            content: Content::Nudge { what, due_at },
            attachments: Vec::new(),
            in_reply_to: None,
        }))
    })
}
