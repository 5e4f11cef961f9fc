//! Who among the agents hears of a mail, and what they are told beside its words.

use super::draft::{Content, Draft, LeftOut, News, Notification};
use super::guard::Refusal;
use super::joining::NOT_ADDED;
use super::page::{Called, called};
use super::policy::Policy;
use super::{Decision, Effect, Mail, Reason, Standing, TicketRef, overtaken};
use crate::message::body::is_sent_from;
use crate::message::{Address, Authentication, Body};
use crate::thread::{Evidence, Thread};
use crate::ticket::event::What;
use crate::ticket::people::{Agent, Role, Who};
use crate::ticket::{Paging, Severity, Ticket};
use jiff::Timestamp;

/// Size of all attachments up to which they go along with a notification.
const NOTIFIED_ATTACHMENT_BYTES: u64 = 10 * 1024 * 1024;

/// Lines of what a mail quotes that are shown, and of what stands below its words.
const MAX_UNREAD_LINES: usize = 60;
const MAX_SIGNATURE_LINES: usize = 15;

/// Bytes of either.
const MAX_BYTES_BESIDE: usize = 8 * 1024;

/// The agents who hear that it is worse than thought: those who would hear anyway, and whom the severity brings in.
pub(super) fn told_of_more<'p>(ticket: &Ticket, severity: Severity, policy: &'p Policy) -> Vec<&'p Agent> {
    let tier = policy.sla.tier(severity);
    let brought_in = if tier > ticket.tier { policy.agents_of(tier) } else { Vec::new() };
    each_once(told(ticket, policy), brought_in)
}

/// The agents who hear of news on a ticket: the one who took it, else its team or its tier, and those who were paged
/// for it, or are to be, until somebody takes it.
pub(super) fn told<'p>(ticket: &Ticket, policy: &'p Policy) -> Vec<&'p Agent> {
    match ticket.assignee.as_ref().and_then(|id| policy.agent(id)) {
        Some(agent) => vec![agent],
        None => {
            let paged = if ticket.paging == Paging::None { Vec::new() } else { policy.agents_on_call() };
            each_once(policy.people_for(ticket.team.as_ref(), ticket.tier), paged)
        }
    }
}

fn each_once<'p>(mut agents: Vec<&'p Agent>, more: Vec<&'p Agent>) -> Vec<&'p Agent> {
    for agent in more {
        if !agents.iter().any(|known| known.id == agent.id) {
            agents.push(agent);
        }
    }
    agents
}

/// The severity that a rule asks for in vain, because an agent has set the ticket's.
fn refused_severity(mail: &Mail, ticket: &Ticket) -> Option<Severity> {
    let asked = &mail.verdict.severity;
    (ticket.severity_by_agent && asked.rule.is_some() && asked.value > ticket.severity).then_some(asked.value)
}

/// Tells agents what came in, on a ticket or opening one. Nobody is told of a mail they wrote themselves.
///
/// A ticket on which mail comes faster than anybody reads falls silent for a while: two robots, of which one is an
/// agent's, would else write to each other without end. What comes in is kept on it all the same.
pub(super) fn notify(
    decision: Decision,
    mail: &Mail,
    on: Option<(&Ticket, &Standing)>,
    agents: &[&Agent],
    news: News,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let ticket = on.map(|(ticket, _)| ticket);
    let (decision, called) = called(decision, mail, ticket, &news, policy, now);
    let (paged, paged_later) = match called {
        Called::Nobody => (Vec::new(), Vec::new()),
        Called::Now(on_call) => (on_call, Vec::new()),
        Called::Later(on_call) => (Vec::new(), on_call),
    };
    let agents = each_once(agents.to_vec(), paged_later);
    let message = &mail.message;
    let (attachments, left_out) = files(mail);
    let because = mail.verdict.matched.iter().map(|matched| match (&matched.value, &matched.text) {
        (Some(seen), _) | (None, Some(seen)) => format!("{}: “{seen}”", matched.rule),
        (None, None) => matched.rule.to_string(),
    });
    let refused_severity = match news {
        News::FollowUp | News::Reopened => ticket.and_then(|ticket| refused_severity(mail, ticket)),
        _ => None,
    };
    let mut notification = Notification {
        news,
        from: message.author().cloned(),
        text: message.body.reply.clone(),
        unread: beginning(&mail.unread.text, MAX_UNREAD_LINES, mail.inbox),
        signature: beginning(signature(&message.body), MAX_SIGNATURE_LINES, mail.inbox),
        because: because.collect(),
        articles: mail.verdict.articles.clone(),
        left_out,
        caution: caution(&decision, mail, ticket, policy),
        calendar: message.calendar.clone(),
        refused_severity,
        joined: if ticket.is_some() { joined(&decision) } else { Vec::new() },
    };
    let at = ticket.map_or(TicketRef::Opened, |ticket| TicketRef::Existing(ticket.id));
    let write = |decision: Decision, agent: &Agent, content: Content| {
        decision.then(Effect::Send(Draft {
            ticket: Some(at),
            to: agent.address.clone(),
            content,
            attachments: attachments.clone(),
            in_reply_to: None,
        }))
    };
    // Whatever else goes out on the ticket, and however much: a page goes once.
    let decision = paged
        .iter()
        .fold(decision, |decision, agent| write(decision, agent, Content::Page(Box::new(notification.clone()))));
    let is_other =
        |agent: &&Agent| message.author() != Some(&agent.address) && !paged.iter().any(|paged| paged.id == agent.id);
    let mut readers: Vec<&Agent> = agents.into_iter().filter(is_other).collect();
    if readers.is_empty() && on.is_none() && paged.is_empty() {
        // Nobody would read a first mail that was perhaps written in the name of the only one who reads them.
        readers = policy.agents.iter().filter(is_other).collect();
    }
    if readers.is_empty() {
        return decision;
    }
    let told = on.map_or(0, |(_, standing)| standing.traffic.told_10_minutes);
    let round = u32::try_from(readers.len()).unwrap_or(u32::MAX);
    let most = policy.caps.per_ticket_10_minutes.max(1).saturating_mul(round);
    if told >= most {
        return decision.because(Reason::with("agents-not-told", told));
    }
    if told.saturating_add(round) >= most {
        let last =
            "So much mail comes in on this ticket that you are told of no more of it for ten minutes. It is kept.";
        notification.caution = Some(notification.caution.map_or(last.to_owned(), |other| format!("{other} {last}")));
    }
    let copies = std::iter::repeat_n(notification, readers.len());
    readers.into_iter().zip(copies).fold(decision, |decision, (agent, notification)| {
        write(decision, agent, Content::Notification(Box::new(notification)))
    })
}

/// What stands below the words, where it is more than the line of a telephone.
fn signature(body: &Body) -> &str {
    let is_of_a_program = |line: &str| line.trim().is_empty() || is_sent_from(line);
    if body.signature.lines().all(is_of_a_program) { "" } else { &body.signature }
}

/// The first lines of a text, and where the others are.
fn beginning(text: &str, most: usize, inbox: i64) -> String {
    let end = text.match_indices('\n').nth(most - 1).map_or(text.len(), |(at, _)| at);
    let end = text.floor_char_boundary(end.min(MAX_BYTES_BESIDE));
    match end < text.len() {
        true => format!("{}\n… (`postroom inbox show {inbox}` has all of it)", &text[..end]),
        false => text.to_owned(),
    }
}

/// The files of a mail that go along with a notification of it, as far as there is room, and the others.
fn files(mail: &Mail) -> (Vec<usize>, Option<LeftOut>) {
    let (mut along, mut others, mut size) = (Vec::new(), Vec::new(), 0);
    for file in &mail.message.attachments {
        if size + file.size_bytes <= NOTIFIED_ATTACHMENT_BYTES {
            size += file.size_bytes;
            along.push(file.index);
        } else {
            others.push((file.name.clone().unwrap_or_else(|| file.media_type.clone()), file.size_bytes));
        }
    }
    let left_out = (!others.is_empty()).then_some(LeftOut { inbox: mail.inbox, files: others });
    (along, left_out)
}

/// The people whom the decision puts on the customer's side of the ticket.
fn joined(decision: &Decision) -> Vec<Address> {
    let added = decision.effects.iter().filter_map(|effect| match effect {
        Effect::AddParty { address, role: Role::Correspondent, .. } => Some(address.clone()),
        _ => None,
    });
    added.collect()
}

/// Says in each notification of a new ticket why its customer was not acknowledged, where a person should know.
pub(super) fn unacknowledged(mut decision: Decision, refusal: &Refusal, to: &Address) -> Decision {
    let why = match refusal {
        Refusal::Unread => format!("nobody reads {}", to.address),
        Refusal::Suppressed => {
            format!("{} gets no automatic mail; `postroom suppressions list` says why", to.address)
        }
        Refusal::Cap(trip) => trip.to_string(),
        Refusal::Open { .. } => {
            "too much automatic mail went out; `postroom breakers list` says where, and until when".to_owned()
        }
        // Nobody expects a robot to be answered.
        Refusal::Automatic(_) | Refusal::Ourselves | Refusal::Told => return decision,
    };
    let words = format!("It was not acknowledged, and no update is promised: {why}.");
    for effect in &mut decision.effects {
        if let Effect::Send(Draft { content: Content::Notification(told) | Content::Page(told), .. }) = effect {
            told.caution = Some(told.caution.take().map_or(words.clone(), |other| format!("{other} {words}")));
        }
    }
    decision
}

/// That there are people whom only the customer who asked, or an agent, may add.
fn not_added(decision: &Decision) -> Option<String> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::Record { what: What::Remarked { text }, .. } if text.contains(NOT_ADDED) => {
            Some(format!("{text}. Put them in Cc of your answer to add them."))
        }
        _ => None,
    })
}

/// What an agent should know before believing the sender; nothing for a mail that somebody vouches for.
fn caution(decision: &Decision, mail: &Mail, ticket: Option<&Ticket>, policy: &Policy) -> Option<String> {
    let thread = match &mail.thread {
        Thread::Ticket { evidence: Evidence::SubjectTag, .. } => Some("It is here only for the tag in its subject."),
        _ => None,
    };
    let sender = match mail.message.authentication {
        Authentication::Fail => Some("The sender's address failed authentication: it may be forged."),
        Authentication::Pass | Authentication::None => None,
    };
    let author = mail.message.author();
    let forwarded = mail.message.forwarded.as_ref().filter(|_| matches!(mail.who, Who::Agent(_)) && ticket.is_none());
    let forwarded = forwarded.and_then(|forwarded| forwarded.from.as_ref()).map(|from| {
        format!("It passes on a mail of {from}, but the agent who did is not proven: the ticket is the agent's own.")
    });
    let elsewhere = policy.addressee(&mail.message).filter(|to| ticket.is_none() && Some(*to) != author);
    let elsewhere = elsewhere.map(|to| format!("Answers go to {}, not to the address that it came from.", to.address));
    let claimed = overtaken::opened_by_answer(mail).filter(|_| ticket.is_none()).map(|other| {
        format!("{other} was opened in its sender's name by an answer to it, and may be somebody else's.")
    });
    let held = ticket.and_then(|ticket| ticket.party(mail.thread.holder()?));
    let borrowed = held.filter(|party| author.is_some_and(|author| *author != party.address));
    let borrowed = borrowed.filter(|party| author != Some(party.destination())).map(|party| {
        let address = author.map_or("", |author| author.address.as_str());
        format!("{address} wrote it, to an answer address that only {} was given.", party.address.address)
    });
    let words = sender
        .into_iter()
        .chain(thread)
        .map(str::to_owned)
        .chain(forwarded)
        .chain(elsewhere)
        .chain(claimed)
        .chain(borrowed)
        .chain(not_added(decision));
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_beside_the_words_has_its_limits() {
        let rest = "\n… (`postroom inbox show 17` has all of it)";
        for (most, count, is_cut) in [
            (MAX_UNREAD_LINES, MAX_UNREAD_LINES, false),
            (MAX_UNREAD_LINES, MAX_UNREAD_LINES + 1, true),
            (MAX_SIGNATURE_LINES, MAX_SIGNATURE_LINES, false),
            (MAX_SIGNATURE_LINES, MAX_SIGNATURE_LINES + 1, true),
        ] {
            let text = vec!["Ä"; count].join("\n");
            let whole = vec!["Ä"; count.min(most)].join("\n");
            let expected = format!("{whole}{}", if is_cut { rest } else { "" });
            assert_eq!(beginning(&text, most, 17), expected, "{count} of {most}");
        }
        for (bytes, is_cut) in [(MAX_BYTES_BESIDE, false), (MAX_BYTES_BESIDE + 1, true)] {
            assert_eq!(beginning(&"x".repeat(bytes), MAX_UNREAD_LINES, 17).ends_with(rest), is_cut, "{bytes}");
        }
    }

    #[test]
    fn the_line_of_a_telephone_alone_is_not_shown() {
        for (text, shown) in
            [("Sent from my iPhone", ""), ("-- \nAnn\nSent from my iPhone", "-- \nAnn\nSent from my iPhone")]
        {
            let body = Body { signature: text.to_owned(), ..Body::default() };
            assert_eq!(signature(&body), shown);
        }
    }
}
