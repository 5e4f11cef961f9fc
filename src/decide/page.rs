//! Whether a mail is one of those that cannot wait, so that whoever is on call is told at once.

use super::draft::News;
use super::policy::Policy;
use super::requester::by_rule;
use super::{Decision, Effect, Mail, Reason, TicketRef};
use crate::ticket::Ticket;
use crate::ticket::people::Agent;
use jiff::Timestamp;

/// The agents whom the mail pages, and a note of that on its ticket. `ticket` is `None` where the mail opens it.
///
/// A ticket pages once. What follows on it, with the same subject and so by the same rule, pages nobody, until it was
/// resolved or closed, or the alert it is about was over.
pub(super) fn paged<'p>(
    decision: Decision,
    mail: &Mail,
    ticket: Option<&Ticket>,
    news: &News,
    policy: &'p Policy,
    now: Timestamp,
) -> (Decision, Vec<&'p Agent>) {
    if !mail.verdict.page.value || !is_trouble(news) || mail.verdict.recovers.value {
        return (decision, Vec::new());
    }
    // What was noted on a ticket before it was resolved, closed or over is there no more.
    if let Some(at) = ticket.and_then(|ticket| ticket.paged_at) {
        return (decision.because(Reason::with("not-paged", format!("that was done at {at}"))), Vec::new());
    }
    // A mailbox that is watched for the first time may hold the outages of years.
    if now.duration_since(mail.message.received_at) > policy.acknowledge_within {
        let why = format!("it came in at {}", mail.message.received_at);
        return (decision.because(Reason::with("not-paged", why)), Vec::new());
    }
    let author = mail.message.author();
    let on_call: Vec<&Agent> =
        policy.agents_on_call().into_iter().filter(|agent| author != Some(&agent.address)).collect();
    if on_call.is_empty() {
        return (decision.because(Reason::with("not-paged", "nobody else is on call")), on_call);
    }
    let at = ticket.map_or(TicketRef::Opened, |ticket| TicketRef::Existing(ticket.id));
    let decision = by_rule(decision, "page", Some(&mail.verdict.page));
    (decision.then(Effect::NotePaged { ticket: at }), on_call)
}

/// Whether the news is that something is wrong, by somebody who is believed.
fn is_trouble(news: &News) -> bool {
    match news {
        News::Opened | News::FollowUp | News::Reopened | News::AlertAgain | News::SeverityRaised(_) => true,
        News::Confirmed
        | News::Recovered { .. }
        | News::Escalated { .. }
        | News::Unverified
        | News::PerhapsAutomatic
        | News::PassedOn { .. }
        | News::Complained { .. } => false,
    }
}
