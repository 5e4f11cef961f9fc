//! A monitor's mail: opens a ticket for an alert, folds into the one that the alert has, or tells its end.
//!
//! Nobody answers a robot, and no promise is made to one.

use super::draft::News;
use super::mail::{ended, is_authenticated, remark};
use super::notify::{notify, told, told_of_more};
use super::policy::Policy;
use super::requester::{append, clear_all, is_a_partys, opened, opening, raise_severity};
use super::{Decision, Effect, Mail, Outcome, Reason, Standing, TicketRef, page};
use crate::classify::RuleId;
use crate::message::Authentication;
use crate::thread::{Evidence, Thread};
use crate::ticket::event::Visibility;
use crate::ticket::people::PartyId;
use crate::ticket::{Status, Ticket};
use jiff::Timestamp;

/// Decides about a monitor's mail; `ticket` is the one that its thread, or the key of its alert, leads to.
pub(super) fn on_alert(
    mail: &Mail,
    ticket: Option<&Ticket>,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let recovery = mail.verdict.recovers.rule.as_ref().filter(|_| mail.verdict.recovers.value);
    // An alert on a ticket that is not the monitor's own is a new one.
    match (ticket.filter(|ticket| is_its_own(mail, ticket, policy)), recovery) {
        (Some(ticket), Some(rule)) => over(mail, ticket, rule, standing, policy, now),
        (Some(ticket), None) if ticket.status.is_open() => again(mail, ticket, standing, policy, now),
        (Some(ticket), None) if is_soon_after(ticket, policy, now) => begins_again(mail, ticket, standing, policy, now),
        // Which alert it was is known, and that there is none: nothing is to be done, so nobody needs a ticket.
        (None, Some(rule)) if ticket.is_none() && is_known(mail) && is_believed(mail, policy) => {
            ended("recovered-nothing", rule).ends_as(Outcome::AlertRecovered)
        }
        _ => {
            let mut opening = opening(mail, policy);
            // Else whoever writes in the monitor's name would have what it says next.
            opening.alert = opening.alert.filter(|_| is_believed(mail, policy));
            let mut decision = opened(mail, &opening, policy).because(Reason::of("alert"));
            if is_known(mail) && !is_believed(mail, policy) {
                decision = decision.because(Reason::of("alert-not-believed"));
            }
            let decision = decision.ends_as(Outcome::AlertOpened);
            let team = policy.people_for(opening.team.as_ref(), opening.tier);
            notify(decision, mail, None, &team, News::Opened, policy, now)
        }
    }
}

/// Whether a rule says which alert it is.
fn is_known(mail: &Mail) -> bool {
    mail.verdict.correlation.is_some()
}

/// Whether the mail may change the ticket of an alert: else anybody could end one in a monitor's name.
fn is_believed(mail: &Mail, policy: &Policy) -> bool {
    let is_doubted = mail.message.authentication == Authentication::Fail || mail.message.from.len() != 1;
    !is_doubted && (!policy.authenticates || is_authenticated(mail))
}

fn is_its_own(mail: &Mail, ticket: &Ticket, policy: &Policy) -> bool {
    match mail.thread {
        // One alert may come from several addresses of a monitor.
        Thread::Ticket { evidence: Evidence::Correlation, .. } => is_believed(mail, policy),
        _ => is_a_partys(mail, ticket, policy),
    }
}

/// Whether the alert of a closed ticket ended so lately that it is the same one that begins again.
fn is_soon_after(ticket: &Ticket, policy: &Policy, now: Timestamp) -> bool {
    let ended_at = ticket.alert.as_ref().and_then(|alert| alert.recovered_at);
    ended_at.is_some_and(|at| now.duration_since(at) <= policy.alert_reopen_window)
}

/// The alert goes on.
fn again(mail: &Mail, ticket: &Ticket, standing: &Standing, policy: &Policy, now: Timestamp) -> Decision {
    let (decision, severity) = raise_severity(folded(mail, ticket, "alert-again"), mail, ticket, policy, now);
    let on = Some((ticket, standing));
    if severity == ticket.severity {
        // Nobody need hear of it again, unless they were not told at once the first time and now must be.
        return notify(decision, mail, on, &[], News::FollowUp, policy, now);
    }
    let team = told_of_more(ticket, severity, policy);
    notify(decision, mail, on, &team, News::SeverityRaised(severity), policy, now)
}

/// The alert is back before anybody has forgotten it.
fn begins_again(mail: &Mail, ticket: &Ticket, standing: &Standing, policy: &Policy, now: Timestamp) -> Decision {
    let status = Status::Investigating;
    let decision = folded(mail, ticket, "alert-begins-again")
        .then(Effect::SetStatus { ticket: TicketRef::Existing(ticket.id), status });
    let (decision, severity) = raise_severity(decision, mail, ticket, policy, now);
    let team = told_of_more(ticket, severity, policy);
    notify(decision, mail, Some((ticket, standing)), &team, News::AlertAgain, policy, now)
}

fn folded(mail: &Mail, ticket: &Ticket, word: &'static str) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    // The monitors of an alert speak with one voice, and what they said last is what those who are called later read.
    let decision = append(ended(word, ticket.id), mail, at, Visibility::Automatic, Some(PartyId::REQUESTER));
    match ticket.alert.is_some() {
        true => decision.then(Effect::CountAlert { ticket: at }).ends_as(Outcome::AlertFolded),
        false => decision.ends_as(Outcome::FollowUp),
    }
}

/// The alert is over. A ticket that nobody has taken is closed with it; one that somebody works on is theirs to close.
fn over(mail: &Mail, ticket: &Ticket, rule: &RuleId, standing: &Standing, policy: &Policy, now: Timestamp) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let decision = append(ended("recovered", rule), mail, at, Visibility::Automatic, None);
    let decision = page::dropped(decision, ticket);
    let decision = decision.then(Effect::NoteRecovery { ticket: at }).ends_as(Outcome::AlertRecovered);
    if !ticket.status.is_open() {
        return decision;
    }
    let is_closed = ticket.assignee.is_none();
    let decision = match is_closed {
        true => clear_all(decision, at).then(Effect::SetStatus { ticket: at, status: Status::Closed }),
        false => decision.then(remark(at, "the monitor says that the alert is over")),
    };
    let news = News::Recovered { is_closed };
    notify(decision, mail, Some((ticket, standing)), &told(ticket, policy), news, policy, now)
}
