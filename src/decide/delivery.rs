//! A mail of ours did not arrive: by the SMTP server's refusal, or by a delivery report that came later.

use super::belief::{self, Belief};
use super::draft::{Content, Draft, News, Notification};
use super::mail::{ended, remark};
use super::notify::told;
use super::policy::Policy;
use super::requester::{append, on_unverified};
use super::{Decision, Effect, Mail, Outcome, Reason, Standing, Suppression, TicketRef};
use crate::message::{Address, DeliveryReport, ReportKind, ReportedRecipient};
use crate::ticket::Ticket;
use crate::ticket::event::{Actor, Visibility, What};
use crate::ticket::people::{Agent, AgentId};
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
    /// The agent whose words it were, where an agent wrote it.
    pub written_by: Option<AgentId>,
}

/// Decides what a refused mail means for its ticket. An address that there is not gets no automatic mail any more;
/// whatever else a server has against a mail, it may have against this one alone.
pub fn on_delivery(failure: &Failure, ticket: &Ticket, policy: &Policy, _now: Timestamp) -> Decision {
    let detail = match &failure.status {
        Some(status) => format!("{status} {}", failure.diagnostic),
        None => failure.diagnostic.clone(),
    };
    let mut decision = ended("undelivered", &detail);
    let is_suppressed = says_there_is_no_such_address(&detail);
    if is_suppressed {
        let (address, why) = (failure.recipient.clone(), detail.clone());
        decision = decision.because(Reason::with("suppressed", &detail));
        decision = decision.then(Effect::Suppress { address, why, how: Suppression::Bounced });
    }
    undelivered(decision, failure, &detail, is_suppressed, ticket, policy)
}

/// Whether a server's words bear a status by which the address is of no use (RFC 3463 §3.2, §3.3): it, its host or its
/// spelling is bad, it has moved, it takes no mail, or it was switched off.
fn says_there_is_no_such_address(said: &str) -> bool {
    const STATUSES: [&str; 7] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.9", "5.1.10", "5.2.1"];
    let words = said.split(|c: char| !(c.is_ascii_digit() || c == '.')).map(|word| word.trim_matches('.'));
    // The first is the server's own; those further on may stand in what it quotes.
    words.into_iter().find(|word| word.split('.').count() == 3).is_some_and(|status| STATUSES.contains(&status))
}

/// Whether by this status it was this mail that could not be delivered, and not its address that is of no use (RFC 3463 §3):
/// who sent it is not taken for its sender, the mailbox was full or the mail too large for it or for the server, its form
/// or what it has in it was not wanted, or a rule stood against it.
fn is_about_the_mail(status: &str) -> bool {
    matches!(status, "5.1.7" | "5.1.8" | "5.2.2" | "5.2.3" | "5.3.4")
        || status.starts_with("5.6.")
        || status.starts_with("5.7.")
}

/// Decides about a delivery report: it opens no ticket and is never answered.
pub(super) fn on_report(
    mail: &Mail,
    ticket: Option<&Ticket>,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let decision = ended("delivery-report", mail.message.marks_in_words()).ends_as(Outcome::Bounce);
    let (Some(ticket), Some(report)) = (ticket, &mail.message.report) else {
        return decision.because(Reason::of("about-no-mail-of-ours"));
    };
    let belief = belief::of_report(mail, report.kind, ticket);
    if let Belief::None(why) = belief {
        return on_unverified(mail, why, ticket, standing, policy, now);
    }
    let at = TicketRef::Existing(ticket.id);
    let decision = append(decision, mail, at, Visibility::Automatic, None);
    // Whose mail came back is known from our own id in it, not from what the report claims.
    let Some(party) = mail.thread.holder().and_then(|id| ticket.party(id)) else {
        return decision.then(remark(at, "a delivery report came whose recipient is not known"));
    };
    let to = party.destination();
    let named = Named::in_report(report, to);
    let detail = named.detail();
    // Where our recipient is spoken of, it is nothing to us that another one's copy failed.
    let kind = match (report.kind, named) {
        (ReportKind::Failed, Named::Ours(ours)) if ours.action == "delayed" => ReportKind::Delayed,
        (ReportKind::Failed, Named::Ours(ours)) if ours.action != "failed" => ReportKind::Delivered,
        (kind, _) => kind,
    };
    let mut decision = match kind {
        ReportKind::Failed => {
            let mut is_suppressed = false;
            let decision = match named {
                Named::Another(other) => decision.because(Reason::with("names-another-address", &other.address)),
                Named::Ours(_) | Named::Nobody if belief == Belief::AddressOnly => {
                    decision.because(Reason::of("returns-no-mail-of-ours"))
                }
                Named::Ours(_) | Named::Nobody => {
                    is_suppressed = named.is_without_use();
                    let (word, how) = match is_suppressed {
                        true => ("suppressed", Suppression::Bounced),
                        false => ("counts-against-it", Suppression::Soft),
                    };
                    let (address, why) = (to.address.clone(), detail.clone());
                    decision.because(Reason::with(word, &detail)).then(Effect::Suppress { address, why, how })
                }
            };
            let failure = Failure {
                // A person's words alone leave with an address to which reports go.
                purpose: mail.thread.answers().unwrap_or(Purpose::Reply),
                recipient: to.address.clone(),
                status: named.status(),
                diagnostic: detail.clone(),
                written_by: mail.written_by.clone(),
            };
            undelivered(decision, &failure, &detail, is_suppressed, ticket, policy)
        }
        ReportKind::Complaint if !report.is_complaint_of_reader() => {
            decision.then(remark(at, "a server says that a mail does not come from whom it says"))
        }
        ReportKind::Complaint => complaint(decision, &named, to, ticket, mail.written_by.as_ref(), policy),
        ReportKind::Delayed | ReportKind::Delivered => {
            let said =
                if detail.is_empty() { report.recipients.first().map_or("", |said| &said.action) } else { &detail };
            decision.then(remark(at, format!("mail to {}: {said}", to.address)))
        }
    };
    // A report is never answered, not even where an agent's server sends it in the agent's name.
    decision
        .effects
        .retain(|effect| !matches!(effect, Effect::Send(draft) if mail.message.author() == Some(&draft.to)));
    decision
}

/// Of whom a report speaks, beside the address that the mail it is about went to.
#[derive(Clone, Copy)]
enum Named<'r> {
    /// Of that address.
    Ours(&'r ReportedRecipient),
    /// Of others only: whoever passes mail on may report so, and whoever wishes somebody ill. Nobody is suppressed.
    Another(&'r ReportedRecipient),
    /// Of nobody.
    Nobody,
}

impl<'r> Named<'r> {
    fn in_report(report: &'r DeliveryReport, to: &Address) -> Self {
        let named = report.recipients.iter().filter(|recipient| !recipient.address.is_empty());
        let mut ours = named.clone().filter(|recipient| to.is_same(&recipient.address));
        // What failed has the say among several things said of it.
        let failed = ours.clone().find(|recipient| recipient.action == "failed");
        match failed.or_else(|| ours.next()) {
            Some(ours) => Named::Ours(ours),
            None => named.map(Named::Another).next().unwrap_or(Named::Nobody),
        }
    }

    fn recipient(self) -> Option<&'r ReportedRecipient> {
        match self {
            Named::Ours(recipient) | Named::Another(recipient) => Some(recipient),
            Named::Nobody => None,
        }
    }

    /// Whether the address is of no use any more. A report that says nothing of anybody says nothing of that, and a mail
    /// that was too large, or called spam, or that found a full mailbox, says nothing of the next one.
    fn is_without_use(self) -> bool {
        let Named::Ours(recipient) = self else { return false };
        recipient.is_permanent() && !recipient.status.as_deref().is_some_and(is_about_the_mail)
    }

    fn status(self) -> Option<String> {
        self.recipient().and_then(|recipient| recipient.status.clone())
    }

    /// What the server said, in one line.
    fn detail(self) -> String {
        let said = self.recipient().and_then(|recipient| recipient.diagnostic.clone()).unwrap_or_default();
        // Many servers begin their words with the status.
        let shown = self.status().filter(|status| !said.contains(status.as_str())).unwrap_or_default();
        let detail = [shown, said].join(" ").trim().to_owned();
        match self {
            Named::Another(other) => format!("for {}: {detail}", other.address),
            Named::Ours(_) | Named::Nobody => detail,
        }
    }
}

/// Whoever complains of a mail gets no automatic mail any more, and who wrote to them must know.
fn complaint(
    decision: Decision,
    named: &Named<'_>,
    to: &Address,
    ticket: &Ticket,
    written_by: Option<&AgentId>,
    policy: &Policy,
) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    if let Named::Another(other) = named {
        let text = format!("a complaint came of {}, to whom nothing was sent", other.address);
        return decision.because(Reason::with("names-another-address", &other.address)).then(remark(at, text));
    }
    let (address, why) = (to.address.clone(), "its owner complained".to_owned());
    let decision = decision
        .because(Reason::of("complaint"))
        .then(Effect::Suppress { address, why, how: Suppression::Complaint })
        .then(remark(at, format!("{} complained of a mail as unwanted", to.address)));
    let news = News::Complained { address: to.address.clone() };
    let notification = Notification::of(news, None, String::new());
    let content = Content::Notification(Box::new(notification));
    tell(decision, &concerned(ticket, written_by, &to.address, policy), &content, ticket)
}

/// Puts it on the timeline and tells the agents, unless it is to an agent that nothing can be delivered.
fn undelivered(
    decision: Decision,
    failure: &Failure,
    detail: &str,
    is_suppressed: bool,
    ticket: &Ticket,
    policy: &Policy,
) -> Decision {
    let Failure { recipient, status, .. } = failure;
    let what = What::Undelivered { to: recipient.clone(), detail: detail.to_owned() };
    let record = Effect::Record { ticket: TicketRef::Existing(ticket.id), actor: Actor::Postroom, what };
    let decision = decision.then(record);
    // Two addresses of agents of which neither takes mail would tell of each other for ever.
    if failure.purpose == Purpose::Undelivered {
        return decision;
    }
    let (recipient, status) = (recipient.clone(), status.clone());
    let content = Content::Undelivered { recipient, status, diagnostic: detail.to_owned(), is_suppressed };
    tell(decision, &concerned(ticket, failure.written_by.as_ref(), &failure.recipient, policy), &content, ticket)
}

/// The agents who have to hear that a mail did not reach somebody: who wrote it and whose the ticket is, but never the
/// one at the address itself.
fn concerned<'p>(ticket: &Ticket, written_by: Option<&AgentId>, address: &str, policy: &'p Policy) -> Vec<&'p Agent> {
    let mut team: Vec<&Agent> = written_by.and_then(|id| policy.agent(id)).into_iter().collect();
    if team.is_empty() || ticket.assignee.is_some() {
        for agent in told(ticket, policy) {
            if !team.iter().any(|known| known.id == agent.id) {
                team.push(agent);
            }
        }
    }
    team.retain(|agent| !agent.address.is_same(address));
    if team.is_empty() {
        // Somebody must know that the one who has the ticket does not hear of it.
        team = policy.agents.iter().filter(|agent| !agent.address.is_same(address)).collect();
    }
    team
}

fn tell(decision: Decision, team: &[&Agent], content: &Content, ticket: &Ticket) -> Decision {
    team.iter().fold(decision, |decision, agent| {
        decision.then(Effect::Send(Draft {
            ticket: Some(TicketRef::Existing(ticket.id)),
            to: agent.address.clone(),
            content: content.clone(),
            attachments: Vec::new(),
            in_reply_to: None,
        }))
    })
}
