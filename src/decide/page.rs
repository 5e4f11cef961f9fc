//! Whether a mail is one of those that cannot wait, so that whoever is on call is told at once; and the page that had to
//! wait, because the last one was only just sent.

use super::draft::{Content, Draft, News, Notification};
use super::mail::{ended, remark};
use super::policy::Policy;
use super::requester::by_rule;
use super::{DeadlineKind, Decision, Effect, Mail, Reason, TicketRef};
use crate::ticket::people::Agent;
use crate::ticket::{Paging, Ticket};
use jiff::Timestamp;

/// Whom a mail calls.
#[derive(Debug)]
pub(super) enum Called<'p> {
    /// Nobody.
    Nobody,
    /// Those on call, at once.
    Now(Vec<&'p Agent>),
    /// Those on call, when the last page is long enough ago. Until then they are told as others are.
    Later(Vec<&'p Agent>),
}

/// Whom the mail calls, and a note of that on its ticket. `ticket` is `None` where the mail opens it.
///
/// What follows on a ticket has the same subject and so matches the same rule: it pages nobody again, until the ticket
/// was resolved or closed, or the alert it is about was over. What then begins again pages again, but soon after the
/// last page only once it is clear that it stays: an alert that comes and goes would else ring all night.
pub(super) fn called<'p>(
    decision: Decision,
    mail: &Mail,
    ticket: Option<&Ticket>,
    news: &News,
    policy: &'p Policy,
    now: Timestamp,
) -> (Decision, Called<'p>) {
    if !mail.verdict.page.value || !is_trouble(news) || mail.verdict.recovers.value {
        return (decision, Called::Nobody);
    }
    let not_paged = |decision: Decision, why: &str| (decision.because(Reason::with("not-paged", why)), Called::Nobody);
    match ticket.map(|ticket| (ticket.paging, ticket.paged_at)) {
        Some((Paging::Sent, Some(at))) => return not_paged(decision, &format!("that was done at {at}")),
        Some((Paging::Sent, None)) => return not_paged(decision, "that was done"),
        Some((Paging::Owed, _)) => return not_paged(decision, "a page is owed already"),
        Some((Paging::None, _)) | None => {}
    }
    // A mailbox that is watched for the first time may hold the outages of years.
    if now.duration_since(mail.message.received_at) > policy.acknowledge_within {
        return not_paged(decision, &format!("it came in at {}", mail.message.received_at));
    }
    let author = mail.message.author();
    let mut on_call = policy.agents_on_call();
    on_call.retain(|agent| author != Some(&agent.address));
    let at = ticket.map_or(TicketRef::Opened, |ticket| TicketRef::Existing(ticket.id));
    if let Some(due_at) = ticket.and_then(|ticket| policy.next_page_at(ticket.paged_at?, now)) {
        let rule = mail.verdict.page.rule.as_ref().map(|rule| format!("{rule}, ")).unwrap_or_default();
        let decision = decision
            .because(Reason::with("page-owed", format!("{rule}due {due_at}")))
            .then(Effect::SetPaging { ticket: at, paging: Paging::Owed })
            .then(Effect::SetDeadline { ticket: at, kind: DeadlineKind::Page, due_at });
        return (decision, Called::Later(on_call));
    }
    if on_call.is_empty() {
        return not_paged(decision, "nobody else is on call");
    }
    let decision = by_rule(decision, "page", Some(&mail.verdict.page));
    (decision.then(Effect::SetPaging { ticket: at, paging: Paging::Sent }), Called::Now(on_call))
}

/// The page that was owed is not sent, since what it was for is over.
pub(super) fn dropped(decision: Decision, ticket: &Ticket) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    match ticket.paging {
        Paging::Owed => decision
            .because(Reason::of("page-dropped"))
            .then(Effect::ClearDeadline { ticket: at, kind: DeadlineKind::Page })
            .then(Effect::SetPaging { ticket: at, paging: Paging::None }),
        Paging::None | Paging::Sent => decision,
    }
}

/// The page that was owed goes to whoever is on call now, whatever the rules say by now: what it is for is not over.
pub(super) fn due(ticket: &Ticket, policy: &Policy) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let clear = Effect::ClearDeadline { ticket: at, kind: DeadlineKind::Page };
    if ticket.paging != Paging::Owed {
        return ended("page-dropped", "").then(clear);
    }
    let requester = ticket.requester().map(|party| &party.address);
    let mut on_call = policy.agents_on_call();
    on_call.retain(|agent| requester != Some(&agent.address));
    if on_call.is_empty() {
        let why = if policy.on_call.is_empty() { "nobody is on call any more" } else { "nobody else is on call" };
        return ended("not-paged", why)
            .then(clear)
            .then(Effect::SetPaging { ticket: at, paging: Paging::None })
            .then(remark(at, format!("the page that was owed is not sent: {why}")));
    }
    let page =
        Notification::of(News::StillSo { paged_at: ticket.paged_at }, requester.cloned(), ticket.last_words.clone());
    let decision = ended("page-is-due", "").then(clear).then(Effect::SetPaging { ticket: at, paging: Paging::Sent });
    on_call.into_iter().fold(decision, |decision, agent| {
        decision.then(Effect::Send(Draft {
            ticket: Some(at),
            to: agent.address.clone(),
            content: Content::Page(Box::new(page.clone())),
            attachments: Vec::new(),
            in_reply_to: None,
        }))
    })
}

/// Whether the news is that something is wrong, by somebody who is believed.
fn is_trouble(news: &News) -> bool {
    match news {
        News::Opened | News::FollowUp | News::Reopened | News::AlertAgain | News::SeverityRaised(_) => true,
        News::Confirmed
        | News::Recovered { .. }
        | News::StillSo { .. }
        | News::Escalated { .. }
        | News::Taken { .. }
        | News::Unverified
        | News::PerhapsAutomatic
        | News::PassedOn { .. }
        | News::Complained { .. } => false,
    }
}
