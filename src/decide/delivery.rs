//! A mail of ours did not arrive: by the SMTP server's refusal, or by a delivery report that came later.

use super::draft::{Content, Draft};
use super::mail::{ended, remark};
use super::notify::told;
use super::policy::Policy;
use super::requester::append;
use super::{Decision, Effect, Mail, Outcome, Reason, Suppression, TicketRef};
use crate::message::{ReportKind, ReportedRecipient};
use crate::ticket::Ticket;
use crate::ticket::event::{Actor, Visibility, What};
use crate::ticket::purpose::Purpose;
use jiff::Timestamp;

/// A mail of the outbox that will not be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which mail it was.
    pub purpose: Purpose,
    /// Its envelope recipient.
    pub recipient: String,
    /// The reply code or enhanced status.
    pub status: Option<String>,
    /// What the server said.
    pub diagnostic: String,
}

/// Decides what a refused mail means for its ticket. The address itself may be refused for this mail alone, so
/// it is not suppressed.
pub fn on_delivery(failure: &Failure, ticket: &Ticket, policy: &Policy, _now: Timestamp) -> Decision {
    let detail = match &failure.status {
        Some(status) => format!("{status} {}", failure.diagnostic),
        None => failure.diagnostic.clone(),
    };
    let decision = ended("undelivered", &detail);
    undelivered(decision, ticket, failure.purpose, &failure.recipient, failure.status.clone(), &detail, policy)
}

/// Decides about a delivery report: it opens no ticket and is never answered.
pub(super) fn on_report(mail: &Mail, ticket: Option<&Ticket>, policy: &Policy, _now: Timestamp) -> Decision {
    let decision = ended("delivery-report", mail.message.marks.join(", ")).ends_as(Outcome::Bounce);
    let (Some(ticket), Some(report)) = (ticket, &mail.message.report) else {
        return decision.because(Reason::of("about-no-mail-of-ours"));
    };
    let at = TicketRef::Existing(ticket.id);
    let decision = append(decision, mail, at, Visibility::Automatic, None);
    // Whose mail came back is known from our own id in it, not from what the report claims.
    let Some(party) = mail.thread.holder().and_then(|id| ticket.party(id)) else {
        return decision.then(remark(at, "a delivery report came whose recipient is not known"));
    };
    let named = report.recipients.first();
    let status = named.and_then(|recipient| recipient.status.clone());
    let said = named.and_then(|recipient| recipient.diagnostic.clone()).unwrap_or_default();
    // Many servers begin their words with the status.
    let shown = status.clone().filter(|status| !said.contains(status.as_str())).unwrap_or_default();
    let detail = [shown, said].join(" ").trim().to_owned();
    match report.kind {
        ReportKind::Failed => {
            let is_permanent = report.recipients.iter().any(ReportedRecipient::is_permanent);
            let recipient = party.destination().address.clone();
            let (word, how) = match is_permanent {
                true => ("suppressed", Suppression::Bounced),
                false => ("counts-against-it", Suppression::Soft),
            };
            let why = detail.clone();
            let decision = decision.because(Reason::with(word, &detail));
            let decision = decision.then(Effect::Suppress { address: recipient.clone(), why, how });
            let mut decision = undelivered(decision, ticket, Purpose::Reply, &recipient, status, &detail, policy);
            // A report is never answered, not even where an agent's server sends it in the agent's name.
            decision
                .effects
                .retain(|effect| !matches!(effect, Effect::Send(draft) if mail.message.author() == Some(&draft.to)));
            decision
        }
        ReportKind::Complaint => {
            let address = party.destination().address.clone();
            let decision = decision.because(Reason::of("complaint"));
            let why = "its owner complained".to_owned();
            decision.then(Effect::Suppress { address, why, how: Suppression::Complaint })
        }
        ReportKind::Delayed | ReportKind::Delivered => {
            decision.then(remark(at, format!("mail to {}: {detail}", party.destination().address)))
        }
    }
}

/// Puts it on the timeline and tells the agents, unless it is to an agent that nothing can be delivered.
fn undelivered(
    decision: Decision,
    ticket: &Ticket,
    purpose: Purpose,
    recipient: &str,
    status: Option<String>,
    detail: &str,
    policy: &Policy,
) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let what = What::Undelivered { to: recipient.to_owned(), detail: detail.to_owned() };
    let decision = decision.then(Effect::Record { ticket: at, actor: Actor::Postroom, what });
    if purpose == Purpose::Undelivered {
        return decision;
    }
    let content = Content::Undelivered { recipient: recipient.to_owned(), status, diagnostic: detail.to_owned() };
    let mut team: Vec<_> = told(ticket, policy);
    team.retain(|agent| !agent.address.is_same(recipient));
    if team.is_empty() {
        // Somebody must know that the one who has the ticket does not hear of it.
        team = policy.agents.iter().filter(|agent| !agent.address.is_same(recipient)).collect();
    }
    team.iter().fold(decision, |decision, agent| {
        decision.then(Effect::Send(Draft {
            ticket: Some(at),
            to: agent.address.clone(),
            content: content.clone(),
            attachments: Vec::new(),
            in_reply_to: None,
        }))
    })
}
