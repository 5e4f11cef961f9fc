//! A customer's mail that an agent passes on: it opens the customer's ticket.
//!
//! The agent is believed by the rules of agents' authority, as far as they apply to a mail that answers nothing: then
//! only the desk's own mail server can vouch for it. The customer is believed no further than anybody for whom nobody
//! vouches: a mail that is passed on says of itself who wrote it. A customer's forward stays the customer's own mail.

use super::command::{Command, Orders};
use super::draft::{Content, News};
use super::joining::add_correspondents;
use super::mail::remark;
use super::policy::Policy;
use super::requester::on_request;
use super::{Decision, Effect, Mail, Reason, Standing, TicketRef, authority, guard};
use crate::classify::Because;
use crate::message::{Message, Origin};
use crate::thread::Thread;
use crate::ticket::Ticket;
use crate::ticket::event::{Actor, What};
use crate::ticket::people::{Agent, Who};
use jiff::Timestamp;

/// The customer's mail, where a mail passes one on and is believed to be an agent's.
pub fn passed_on(message: &Message, policy: &Policy) -> Option<Message> {
    let agent = policy.agent_at(message.author()?)?;
    if message.origin != Origin::Person || authority::proven_by_server(message, agent).is_err() {
        return None;
    }
    let from = message.forwarded.as_ref()?.from.as_ref()?;
    // Whoever is of the house has no need of the desk's answers, and robots do not read them.
    let is_customers = matches!(policy.who(from, false), Who::Stranger);
    if !is_customers || !from.address.contains('@') || guard::is_unread(from) {
        return None;
    }
    message.passed_on()
}

/// Whether the agent passes a mail on to us, and does not show one to the customer in answer to our own notification.
pub(super) fn passes_on(mail: &Mail, agent: &Agent, ticket: &Ticket) -> bool {
    let holder = mail.thread.holder().and_then(|holder| ticket.party(holder));
    let is_held = holder.is_some_and(|party| party.address == agent.address);
    mail.message.forwarded.is_some() && !is_held
}

/// Opens the customer's ticket. What the agent wrote above the mail is a note on it, and the agent is told as well.
pub(super) fn on_forward(
    mail: &Mail,
    customers: &Message,
    agent: &Agent,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let at = TicketRef::Opened;
    let above = mail.message.forwarded.as_ref().map(|forwarded| forwarded.above.as_str()).unwrap_or_default();
    let orders = Orders::read(above);
    let refused: Vec<&str> = orders.lines.iter().filter(|line| !may_open_with(line)).map(|(line, _)| &**line).collect();
    let mut verdict = mail.verdict.clone();
    let severity = orders.lines.iter().find_map(|(_, read)| match read {
        Ok(Command::Severity(severity)) if refused.is_empty() => Some(*severity),
        _ => None,
    });
    if let Some(severity) = severity {
        verdict.severity = Because { value: severity, rule: None };
    }
    let asked = Mail {
        inbox: mail.inbox,
        message: customers.clone(),
        verdict,
        thread: Thread::New,
        who: Who::Stranger,
        quotes_us: false,
        unread: mail.unread.clone(),
        is_released: mail.is_released,
        written_by: None,
        passed_on: None,
    };
    let mut decision = on_request(&asked, None, standing, policy, now);
    decision.reasons.insert(0, Reason::with("passed-on", &agent.id));
    // Whom the agent put in To or Cc of this mail hears of the ticket from now on.
    decision = add_correspondents(decision, mail, at, None, policy);
    if !orders.text.is_empty() {
        let what = What::Noted { text: orders.text.clone() };
        decision = decision.then(Effect::Record { ticket: at, actor: Actor::Agent(agent.id.clone()), what });
    }
    if refused.is_empty() {
        if severity.is_some() {
            decision = decision.then(Effect::KeepSeverity { ticket: at });
        }
        if orders.has(&Command::Take) {
            decision = decision.then(Effect::SetAssignee { ticket: at, agent: Some(agent.id.clone()) });
        }
    } else {
        let lines = refused.join(", ");
        decision = decision
            .because(Reason::of("commands-refused"))
            .then(remark(at, format!("{}'s commands were not carried out: {lines}", agent.id)));
    }
    let what_is_not = match refused.len() {
        0 => String::new(),
        _ => format!(" Not carried out, as they do not fit a mail that opens a ticket: {}.", refused.join(", ")),
    };
    told_of_it(decision, agent, &asked, &orders.text, &what_is_not)
}

/// Whether a command makes sense on a ticket that is just being opened.
fn may_open_with((_, read): &(String, Result<Command, String>)) -> bool {
    matches!(read, Ok(Command::Take | Command::Note | Command::Severity(_)))
}

/// Says in each notification where the mail comes from, and has the agent who passed it on get one, too.
fn told_of_it(mut decision: Decision, agent: &Agent, asked: &Mail, words: &str, what_is_not: &str) -> Decision {
    let customer = asked.message.author().map_or("", |author| author.address.as_str());
    let name = agent.address.name.as_deref().unwrap_or(&agent.id.0);
    let where_from = format!("{name} passed this mail on; nobody vouches that it is from {customer}.");
    let mut first = None;
    let mut is_told = false;
    for effect in &mut decision.effects {
        let Effect::Send(draft) = effect else { continue };
        let (Content::Notification(notification) | Content::Page(notification)) = &mut draft.content else { continue };
        notification.news = News::PassedOn { by: agent.id.clone(), words: words.to_owned() };
        notification.caution =
            Some(notification.caution.take().map_or_else(|| where_from.clone(), |more| format!("{where_from} {more}")));
        if first.is_none() {
            first = Some((draft.attachments.clone(), notification.clone()));
        }
        if draft.to == agent.address {
            is_told = true;
            if let Some(caution) = &mut notification.caution {
                caution.push_str(what_is_not);
            }
        }
    }
    if let (false, Some((attachments, mut notification))) = (is_told, first) {
        if let Some(caution) = &mut notification.caution {
            caution.push_str(what_is_not);
        }
        decision = decision.then(Effect::Send(super::draft::Draft {
            ticket: Some(TicketRef::Opened),
            to: agent.address.clone(),
            content: Content::Notification(notification),
            attachments,
            in_reply_to: None,
        }));
    }
    decision
}
