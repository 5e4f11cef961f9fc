//! A customer's mail: opens a ticket, follows one up, reopens it, or confirms that it is done.

use super::agent::transcript;
use super::breaker::{About, Gate, refused};
use super::draft::{Content, Draft, News, TranscriptLine};
use super::guard::Refusal;
use super::joining::{add_correspondents, may_add, not_added};
use super::mail::{ended, is_authenticated, on_automatic, remark};
use super::notify::{notify, told, told_of_more, unacknowledged};
use super::policy::Policy;
use super::{DeadlineKind, Decision, Effect, Mail, Opening, Outcome, Reason, Standing, TicketRef, guard};
use crate::classify::{Because, Intent};
use crate::message::{Address, Attachment, Authentication, Origin};
use crate::thread::subject::base_subject;
use crate::thread::{Evidence, Thread};
use crate::ticket::event::Visibility;
use crate::ticket::people::{Agent, Party, PartyId, Role, Who};
use crate::ticket::sla::{NextUpdate, Pace};
use crate::ticket::{Severity, Status, Ticket};
use jiff::Timestamp;

/// A mail that belongs to no ticket, or no longer to its old one: opens a ticket and acknowledges it.
pub(super) fn on_request(
    mail: &Mail,
    continues: Option<&Ticket>,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let opening = opening(mail, policy);
    let mut decision = opened(mail, &opening, policy).ends_as(Outcome::TicketOpened);
    decision = match continues {
        Some(old) => decision
            .because(Reason::with("continues", old.id))
            .then(remark(TicketRef::Opened, format!("continues {}", old.id)))
            .then(Effect::PointToOpened { ticket: old.id, text: "its sender wrote again, which opened".to_owned() }),
        None => decision.because(Reason::of("new-request")),
    };
    decision = decision.then(Effect::SetDeadline {
        ticket: TicketRef::Opened,
        kind: DeadlineKind::FirstResponse,
        due_at: opening.pace(policy).first_response_due_at(now),
    });
    let (decision, refusal) = acknowledge(decision, mail, &opening, standing, policy, now);
    let team = policy.people_for(opening.team.as_ref(), opening.tier);
    let decision = notify(decision, mail, None, &team, News::Opened, policy, now);
    match refusal {
        Some(refusal) => unacknowledged(decision, &refusal, opening.answers_go_to()),
        None => decision,
    }
}

/// A mail on an existing ticket by somebody who is, or is not, a party to it.
pub(super) fn on_follow_up(
    mail: &Mail,
    ticket: &Ticket,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let (at, on) = (TicketRef::Existing(ticket.id), Some((ticket, standing)));
    let party = match speaker(mail, ticket, policy) {
        Ok(party) => party,
        Err(why) => return on_unverified(mail, why, ticket, standing, policy, now),
    };
    if let Some(why) = starts_over(mail, ticket, policy, now) {
        return on_request(mail, Some(ticket), standing, policy, now).because(Reason::with("starts-over", why));
    }
    let mut decision = Decision::default();
    if let Thread::Ticket { evidence, .. } = &mail.thread {
        decision = decision.because(Reason::with("thread", evidence));
    }
    decision = append(decision, mail, at, Visibility::Public, Some(party.id));
    decision = match may_add(mail, party) {
        Ok(()) => add_correspondents(decision, mail, at, Some(ticket), policy),
        Err(why) => not_added(decision, mail, at, Some(ticket), why, policy),
    };
    let team = told(ticket, policy);
    let intent =
        mail.verdict.intent.as_ref().map(|because| because.value).filter(|intent| is_all(mail, ticket, *intent));
    match (ticket.status, intent) {
        (Status::Resolved, Some(Intent::Confirm)) => {
            let decision = by_rule(decision, "confirmed", mail.verdict.intent.as_ref());
            let decision = clear_all(decision, at)
                .then(Effect::SetStatus { ticket: at, status: Status::Closed })
                .ends_as(Outcome::Confirmation);
            notify(decision, mail, on, &team, News::Confirmed, policy, now)
        }
        (Status::Resolved, Some(Intent::Thanks)) | (Status::Closed, Some(Intent::Thanks | Intent::Confirm)) => {
            by_rule(decision, "thanks", mail.verdict.intent.as_ref()).ends_as(Outcome::FollowUp)
        }
        (Status::Resolved | Status::Closed, _) => {
            let decision = decision
                .because(Reason::with("reopened", ticket.status))
                .then(Effect::SetStatus { ticket: at, status: Status::Investigating });
            let (decision, severity) = raise_severity(decision, mail, ticket, policy, now);
            let pace = policy.pace(severity, ticket.calendar.as_deref());
            let decision = watch(decision, at, &pace, now).ends_as(Outcome::FollowUp);
            notify(decision, mail, on, &team, News::Reopened, policy, now)
        }
        (status, _) => {
            let mut decision = decision.because(Reason::of("follow-up"));
            if status == Status::Waiting {
                decision = decision.then(Effect::SetStatus { ticket: at, status: Status::Investigating });
                decision = watch(decision, at, &policy.pace_of(ticket), now);
            }
            let (decision, severity) = raise_severity(decision, mail, ticket, policy, now);
            let news = if severity > ticket.severity { News::SeverityRaised(severity) } else { News::FollowUp };
            let team = if severity > ticket.severity { told_of_more(ticket, severity, policy) } else { team };
            notify(decision.ends_as(Outcome::FollowUp), mail, on, &team, news, policy, now)
        }
    }
}

/// Whether what an answer to a solution means is all that it says. Whoever goes on among what the mail quotes, or passes
/// another mail on, has more to say; and nobody is told of thanks, so that a file or a new subject would not be seen.
fn is_all(mail: &Mail, ticket: &Ticket, intent: Intent) -> bool {
    let is_card = |file: &Attachment| matches!(file.media_type.as_str(), "text/vcard" | "text/x-vcard");
    let says_more = |file: &Attachment| !file.inline && !file.is_signature() && !is_card(file);
    let has_more = || mail.message.attachments.iter().any(says_more) || has_new_subject(mail, ticket);
    let is_among_words = mail.unread.is_between || !mail.unread.below.is_empty() || mail.message.forwarded.is_some();
    !(is_among_words || intent == Intent::Thanks && has_more())
}

/// Whether a subject has words that the ticket's has not: `Still broken! Re: Login`. Servers put tags before it, and
/// programs signs that we do not know.
fn has_new_subject(mail: &Mail, ticket: &Ticket) -> bool {
    let (subject, known) = (base_subject(&mail.message.subject), base_subject(&ticket.subject));
    let is_word = |word: &str| !word.starts_with('[') && !word.ends_with([':', '：', ']']);
    match subject.strip_suffix(known.as_str()) {
        Some(before) => before.split_whitespace().any(is_word),
        None => !subject.is_empty(),
    }
}

/// A mail on an existing ticket that nothing but its words, its address or a field that says little calls automatic. From
/// somebody on the ticket it is filed as what it says it is, and told; from anybody else it is what any mail of theirs
/// would be.
pub(super) fn on_perhaps_automatic(
    mail: &Mail,
    ticket: &Ticket,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    if !is_a_partys(mail, ticket, policy) {
        return on_follow_up(mail, ticket, standing, policy, now);
    }
    let decision = on_automatic(mail, Origin::AutomaticReply, ticket);
    notify(decision, mail, Some((ticket, standing)), &told(ticket, policy), News::PerhapsAutomatic, policy, now)
}

/// A mail on an existing ticket that is not believed to be a party's: kept apart on it, and told. It may be the customer's,
/// or somebody's who knows more: none goes unread. But no stranger uses up what agents are told.
pub(super) fn on_unverified(
    mail: &Mail,
    why: &str,
    ticket: &Ticket,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let decision = ended("not-a-party", why).ends_as(Outcome::FollowUp);
    let decision = append(decision, mail, at, Visibility::Unverified, None);
    let decision = decision.then(remark(at, format!("kept as unverified: {why}")));
    let party = mail.message.author().and_then(|author| ticket.party_of(author));
    let told_already = standing.traffic.told_10_minutes;
    // An agent who is sent what may be a report is told like the others.
    let is_report = mail.message.origin == Origin::DeliveryReport;
    let holder = held_by_agent(mail, ticket, policy).filter(|_| !is_report);
    if party.is_none() && holder.is_none() && told_already >= policy.caps.per_ticket_10_minutes / 2 {
        return decision.because(Reason::with("agents-not-told", told_already));
    }
    let mut readers = told(ticket, policy);
    readers.retain(|agent| holder.is_none_or(|holder| holder.id != agent.id));
    let on = Some((ticket, standing));
    let decision = notify(decision, mail, on, &readers, News::Unverified, policy, now);
    match holder {
        Some(agent) => answered_by_another(decision, mail, agent, ticket, Gate { standing, policy, now }),
        None => decision,
    }
}

/// Tells the agent to whom alone a mail was sent that it was answered from elsewhere: by the agent's other mailbox, whose
/// words the customer does not get, or by somebody who has what is not theirs. Who can have the agent told does so only
/// as often as the agent is told anything.
fn answered_by_another(decision: Decision, mail: &Mail, agent: &Agent, ticket: &Ticket, gate: Gate<'_>) -> Decision {
    let standing = gate.standing.holder.as_deref().unwrap_or(gate.standing);
    let gate = Gate { standing, ..gate };
    let counted = Standing { is_suppressed: false, ..standing.clone() };
    if let Err(refusal) = guard::may_send(&agent.address, None, &counted, gate.policy) {
        let about = About { to: &agent.address, mail: Some(mail), ticket: Some(ticket.id) };
        return refused(decision, "no-transcript", refusal, about, gate);
    }
    let from = mail.message.author().map_or("", |author| author.address.as_str());
    let result = format!(
        "it answers a mail that only you have, and is not from {}, so it went to nobody; write it from there, or tell \
         your administrator if it was not you",
        agent.address.address
    );
    let line = TranscriptLine { command: format!("(mail from {from})"), result, is_error: true };
    transcript(decision, agent, TicketRef::Existing(ticket.id), mail, vec![line], false, gate)
}

/// The agent to whom alone the mail was sent that this one answers.
fn held_by_agent<'p>(mail: &Mail, ticket: &Ticket, policy: &'p Policy) -> Option<&'p Agent> {
    let holder = mail.thread.holder().and_then(|id| ticket.party(id)).filter(|party| party.role == Role::Agent)?;
    policy.agent_at(&holder.address)
}

/// The party for which the mail's author speaks, or why there is none.
fn speaker<'t>(mail: &Mail, ticket: &'t Ticket, policy: &Policy) -> Result<&'t Party, &'static str> {
    let author = mail.message.author().ok_or("it has no sender")?;
    let held = mail.thread.holder().and_then(|id| ticket.party(id)).filter(|party| party.role != Role::Agent);
    // Whoever holds an address that we gave to one party answers for that party, from whichever of their addresses.
    if let Some(party) = held {
        return Ok(party);
    }
    let party = ticket.party_of(author).filter(|party| party.role != Role::Agent);
    if mail.message.authentication == Authentication::Fail {
        // What a forwarder has changed fails, too.
        return Err("its sender failed authentication");
    }
    if mail.message.from.len() > 1 {
        return Err("it has several authors");
    }
    let Some(party) = party else {
        // Whoever answers what only an agent was sent is that agent at another address, or has what is not theirs.
        return Err(match held_by_agent(mail, ticket, policy) {
            Some(_) => "its sender is no party to the ticket, and answers a mail that only an agent was sent",
            None => "its sender is no party to the ticket",
        });
    };
    // Where senders are authenticated, a mere claim to be a party is worth what the claim of anybody is. And the
    // number in a tag can be guessed: nobody gives it away together with the address.
    let is_by_tag = matches!(&mail.thread, Thread::Ticket { evidence: Evidence::SubjectTag, .. });
    if (policy.authenticates || is_by_tag) && !is_authenticated(mail) {
        return Err("nobody vouches for its sender, and it answers no mail of ours");
    }
    Ok(party)
}

/// Whether a party to the ticket wrote the mail.
pub(super) fn is_a_partys(mail: &Mail, ticket: &Ticket, policy: &Policy) -> bool {
    speaker(mail, ticket, policy).is_ok()
}

/// Whether nothing calls a mail on a ticket automatic but what people's mails have as well.
pub(super) fn is_perhaps_automatic(mail: &Mail, ticket: &Ticket, policy: &Policy, now: Timestamp) -> bool {
    let message = &mail.message;
    let is_open = ticket.status.is_open();
    let is_partys = || is_a_partys(mail, ticket, policy);
    match message.origin {
        _ if mail.who == Who::Monitor => false,
        // Old programs mark so what they answer while somebody is away, which is no reason to begin again.
        Origin::Bulk => {
            message.is_bulk_by_precedence_only()
                && !is_open
                && is_partys()
                && starts_over(mail, ticket, policy, now).is_none()
        }
        // Perhaps a person called it so.
        Origin::AutomaticReply if message.is_automatic_by_words_only() => true,
        // Help desks ask for no answers to what their people write, and people write from addresses that take none:
        // whoever is on an open ticket is waited for.
        Origin::AutomaticReply => {
            (message.only_asks_for_no_answers() || is_open && message.is_automatic_by_address_only()) && is_partys()
        }
        _ => false,
    }
}

/// Why the mail opens a ticket of its own although it names one.
fn starts_over(mail: &Mail, ticket: &Ticket, policy: &Policy, now: Timestamp) -> Option<String> {
    if let (Status::Closed, Some(closed_at)) = (ticket.status, ticket.closed_at)
        && now.duration_since(closed_at) > policy.reopen_window
    {
        return Some(format!("{} is closed for longer than it can be reopened", ticket.id));
    }
    let subject = base_subject(&mail.message.subject);
    let is_idle = now.duration_since(ticket.updated_at) > policy.idle_window;
    (is_idle && !subject.is_empty() && !subject.eq_ignore_ascii_case(&ticket.subject))
        .then(|| format!("{} is idle for long, and the subject is another", ticket.id))
}

pub(super) fn opening(mail: &Mail, policy: &Policy) -> Opening {
    let message = &mail.message;
    let requester = message.author().cloned().unwrap_or_else(|| Address::bare(""));
    let severity = mail.verdict.severity.value;
    Opening {
        subject: base_subject(&message.subject),
        is_vouched: may_echo(mail, policy),
        answer_to: policy.addressee(message).filter(|to| **to != requester).cloned(),
        requester,
        utc_offset_minutes: message.utc_offset_minutes,
        category: mail.verdict.category.value.clone(),
        severity,
        tier: mail.verdict.tier.as_ref().map_or(policy.sla.tier(severity), |because| because.value),
        team: mail.verdict.team.as_ref().map(|because| because.value.clone()),
        tags: mail.verdict.tags.clone(),
        calendar: mail.verdict.calendar.as_ref().map(|calendar| calendar.value.clone()),
        alert: mail.verdict.correlation.as_ref().filter(|_| mail.who == Who::Monitor).map(|key| key.value.clone()),
    }
}

pub(super) fn opened(mail: &Mail, opening: &Opening, policy: &Policy) -> Decision {
    let decision = Decision::default().then(Effect::OpenTicket(opening.clone()));
    let visibility = if mail.who == Who::Monitor { Visibility::Automatic } else { Visibility::Public };
    let decision = append(decision, mail, TicketRef::Opened, visibility, Some(PartyId::REQUESTER));
    let decision = by_rule(decision, "category", Some(&mail.verdict.category));
    let decision = by_rule(decision, "severity", Some(&mail.verdict.severity));
    let decision = by_rule(decision, "team", mail.verdict.team.as_ref());
    let decision = by_rule(decision, "calendar", mail.verdict.calendar.as_ref());
    if mail.who == Who::Monitor {
        return decision;
    }
    // Else anybody could have us write to anybody, over an agent's honest answer.
    if policy.authenticates && !is_authenticated(mail) {
        return not_added(decision, mail, TicketRef::Opened, None, "nobody vouches for the sender", policy);
    }
    add_correspondents(decision, mail, TicketRef::Opened, None, policy)
}

/// Acknowledges the request where the gate lets it, and keeps the promise that the acknowledgement makes.
///
/// A customer who is told nothing was promised nothing: then no update falls due. What comes back beside the decision
/// is why the gate refused.
fn acknowledge(
    decision: Decision,
    mail: &Mail,
    opening: &Opening,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> (Decision, Option<Refusal>) {
    let to = opening.answers_go_to();
    if !mail.verdict.answer.value {
        return (by_rule(decision, "no-answer", Some(&mail.verdict.answer)), None);
    }
    if let Err(refusal) = guard::may_send(to, Some(mail.message.origin), standing, policy) {
        let about = About { to, mail: Some(mail), ticket: None };
        let gate = Gate { standing, policy, now };
        return (refused(decision, "no-answer", refusal.clone(), about, gate), Some(refusal));
    }
    // A mailbox that is watched for the first time may hold the mail of years.
    if now.duration_since(mail.message.received_at) > policy.acknowledge_within {
        let came_in = format!("it came in at {}", mail.message.received_at);
        return (decision.because(Reason::with("no-answer", came_in)), None);
    }
    let pace = opening.pace(policy);
    let issue = policy.issue(opening.is_vouched, &opening.subject, &opening.category);
    let template = mail.verdict.template.as_ref().map(|template| template.value.clone());
    let name = opening.requester.name.clone().filter(|_| opening.is_vouched);
    let decision = decision.then(Effect::Send(Draft {
        ticket: Some(TicketRef::Opened),
        to: Address { name, address: opening.requester.address.clone() },
        content: Content::Acknowledgement {
            issue: issue.to_owned(),
            expected_update_at: pace.next_update(now).due_at,
            template,
        },
        attachments: Vec::new(),
        in_reply_to: Some(mail.message.id.0.clone()),
    }));
    (watch(decision, TicketRef::Opened, &pace, now), None)
}

/// Whether an automatic mail may repeat its sender's words: else anybody could have us write to anybody. Who is vouched
/// for may still want the answer to go to somebody else.
fn may_echo(mail: &Mail, policy: &Policy) -> bool {
    let goes_back = policy.addressee(&mail.message) == mail.message.author();
    policy.echo_to_unauthenticated || (is_authenticated(mail) && goes_back)
}

/// Starts the clock of the next update.
pub(super) fn watch(decision: Decision, ticket: TicketRef, pace: &Pace<'_>, now: Timestamp) -> Decision {
    let NextUpdate { due_at, nudge_at } = pace.next_update(now);
    decision.then(Effect::SetDeadline { ticket, kind: DeadlineKind::Update, due_at }).then(Effect::SetDeadline {
        ticket,
        kind: DeadlineKind::Nudge,
        due_at: nudge_at,
    })
}

/// Stops all clocks of a ticket but that of a page, which is dropped only where one is owed.
pub(super) fn clear_all(decision: Decision, ticket: TicketRef) -> Decision {
    DeadlineKind::ALL
        .iter()
        .filter(|kind| **kind != DeadlineKind::Page)
        .fold(decision, |decision, kind| decision.then(Effect::ClearDeadline { ticket, kind: *kind }))
}

/// Raises the severity when a rule asks for a higher one; it is never lowered by a customer's words.
///
/// What an agent has set stays: a follow-up carries the old subject, and with it the words that the agent has
/// already read and judged otherwise.
pub(super) fn raise_severity(
    decision: Decision,
    mail: &Mail,
    ticket: &Ticket,
    policy: &Policy,
    now: Timestamp,
) -> (Decision, Severity) {
    let asked = &mail.verdict.severity;
    if asked.rule.is_none() || asked.value <= ticket.severity {
        return (decision, ticket.severity);
    }
    if ticket.severity_by_agent {
        return (by_rule(decision, "severity-kept", Some(asked)), ticket.severity);
    }
    let decision = by_rule(decision, "severity-raised", Some(asked));
    (set_severity(decision, ticket, asked.value, policy, now), asked.value)
}

/// Changes the severity with what follows from it: the tier, when it is a higher one, and earlier deadlines.
pub(super) fn set_severity(
    decision: Decision,
    ticket: &Ticket,
    severity: Severity,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let (tier, pace) = (policy.sla.tier(severity), policy.pace(severity, ticket.calendar.as_deref()));
    let mut decision = decision.then(Effect::SetSeverity { ticket: at, severity });
    if tier > ticket.tier {
        decision = decision.then(Effect::SetTier { ticket: at, tier });
    }
    if ticket.first_response_due_at.is_some() && ticket.first_response_at.is_none() {
        let due_at = pace.first_response_due_at(ticket.opened_at).max(now);
        decision = decision.then(Effect::SetDeadline { ticket: at, kind: DeadlineKind::FirstResponse, due_at });
    }
    // What was promised to the customer stays promised; only an earlier update may take its place.
    match ticket.update_due_at {
        Some(due_at) if pace.next_update(now).due_at < due_at => watch(decision, at, &pace, now),
        _ => decision,
    }
}

pub(super) fn append(
    decision: Decision,
    mail: &Mail,
    ticket: TicketRef,
    visibility: Visibility,
    party: Option<PartyId>,
) -> Decision {
    let by = mail.message.author().cloned().unwrap_or_else(|| Address::bare(""));
    decision.then(Effect::AppendMessage { ticket, by, visibility, party })
}

/// Adds a reason that names the rule behind a value, where a rule is behind it.
pub(super) fn by_rule<T: std::fmt::Debug>(
    decision: Decision,
    word: &'static str,
    because: Option<&Because<T>>,
) -> Decision {
    match because.and_then(|because| because.rule.as_ref()) {
        Some(rule) => decision.because(Reason::with(word, rule)),
        None if matches!(word, "category" | "severity" | "team" | "calendar") => decision,
        None => decision.because(Reason::of(word)),
    }
}
