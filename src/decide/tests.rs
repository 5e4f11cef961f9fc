//! What every decision must keep, and the values the tests of this stage share.

mod agent;
mod alert;
mod clock;
mod customer;
mod delivery;
mod forward;
mod hours;
mod laws;
mod page;
mod people;
mod solution;
mod trust;

use super::draft::Content;
use super::policy::{Caps, Policy};
use super::*;
use crate::classify::{Because, Disposition, Intent, RuleId};
use crate::message::{Authentication, Body, Mark, MarkOn, MessageId, Origin, ReturnPath};
use crate::thread::Evidence;
use crate::thread::token::Token;
use crate::ticket::calendar::{Calendar, read_hours};
use crate::ticket::people::{Agent, Party, Team};
use crate::ticket::purpose::Purpose;
use crate::ticket::sla::SlaTable;
use crate::ticket::{Chain, Ticket};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The desk that the tests decide for.
pub(super) fn policy() -> Policy {
    let agent = |id: &str, tier| Agent {
        id: AgentId(id.to_owned()),
        address: Address { name: None, address: format!("{id}@desk.example") },
        tier,
    };
    Policy {
        desk_name: "Example Support".to_owned(),
        support_address: Address::bare("support@desk.example"),
        own_addresses: vec!["support@desk.example".to_owned()],
        agents: vec![agent("bob", Tier::One), agent("sue", Tier::Two), agent("eve", Tier::Three)],
        teams: vec![Team { id: TeamId("billing".to_owned()), members: vec![AgentId("sue".to_owned())] }],
        on_call: vec![AgentId("eve".to_owned())],
        page_again_after: SignedDuration::from_mins(15),
        authenticates: false,
        monitors: vec!["alerts@monitor.example".to_owned()],
        calendars: [("office".to_owned(), office())].into(),
        customer_lists: BTreeMap::new(),
        sla: SlaTable::default(),
        default_severity: Severity::Medium,
        caps: Caps::default(),
        echo_to_unauthenticated: false,
        sub_addressing: true,
        acknowledge_within: SignedDuration::from_hours(2 * 24),
        alert_reopen_window: SignedDuration::from_hours(1),
        reopen_window: SignedDuration::from_hours(14 * 24),
        idle_window: SignedDuration::from_hours(30 * 24),
        agent_token_age: SignedDuration::from_hours(90 * 24),
        max_mail_bytes: 50 * 1024 * 1024,
        category_titles: BTreeMap::new(),
    }
}

/// An office that is open on weekdays from 8 to 11, but for the Tuesday after [`now`].
fn office() -> Calendar {
    let hours = vec![read_hours("mon-fri 08:00-11:00").unwrap()];
    Calendar { zone: jiff::tz::TimeZone::UTC, hours, holidays: ["2026-03-03".parse().unwrap()].into() }
}

/// A Monday morning.
pub(super) fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn in_minutes(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

/// Ticket PR-1042, opened an hour ago by Ann, with Carl in Cc and agent Bob told of it.
fn ticket() -> Ticket {
    let party = |id, address, role| Party {
        id: PartyId(id),
        address: Address::bare(address),
        answer_to: None,
        role,
        chain: Chain::default(),
        utc_offset_minutes: None,
    };
    Ticket {
        id: TicketId(1042),
        subject: "Printer on fire".to_owned(),
        is_vouched: true,
        category: "general".to_owned(),
        severity: Severity::Medium,
        severity_by_agent: false,
        last_words: "It burns.".to_owned(),
        tier: Tier::One,
        team: None,
        status: Status::Investigating,
        assignee: None,
        tags: Vec::new(),
        parties: vec![
            party(1, "ann@example.com", Role::Requester),
            party(2, "carl@example.com", Role::Correspondent),
            party(3, "bob@desk.example", Role::Agent),
        ],
        opened_at: in_minutes(-60),
        updated_at: in_minutes(-60),
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        first_response_due_at: Some(in_minutes(180)),
        update_due_at: Some(in_minutes(180)),
        calendar: None,
        paged_at: None,
        paging: Paging::None,
        held_count: 0,
        alert: None,
        last_sequence: 2,
        version: 1,
    }
}

/// A ticket in this state, left there an hour ago.
fn ticket_that_is(status: Status) -> Ticket {
    let at = Some(in_minutes(-60));
    match status {
        Status::Investigating | Status::Waiting => Ticket { status, ..ticket() },
        Status::Resolved => Ticket { status, resolved_at: at, update_due_at: None, ..ticket() },
        Status::Closed => Ticket { status, resolved_at: at, closed_at: at, update_due_at: None, ..ticket() },
    }
}

/// A thread that leads to the ticket, by a mail of ours to this party where one is named.
fn on_ticket(holder: Option<u32>) -> Thread {
    let token = |party| Token::new(TicketId(1042), PartyId(party), in_minutes(-60));
    Thread::Ticket {
        ticket: TicketId(1042),
        evidence: if holder.is_some() { Evidence::OwnMessageId } else { Evidence::ForeignMessageId },
        holder: holder.map(token),
        answers: holder.map(|_| Purpose::Notification),
        also: None,
    }
}

fn because<T>(value: T) -> Because<T> {
    Because { value, rule: Some(RuleId("a-rule".to_owned())) }
}

/// What the rules say when none matches.
fn verdict() -> Verdict {
    Verdict {
        category: Because { value: "general".to_owned(), rule: None },
        severity: Because { value: Severity::Medium, rule: None },
        tier: None,
        team: None,
        page: Because { value: false, rule: None },
        tags: Vec::new(),
        articles: Vec::new(),
        answer: Because { value: true, rule: None },
        disposition: Because { value: Disposition::Accept, rule: None },
        intent: None,
        template: None,
        calendar: None,
        correlation: None,
        recovers: Because { value: false, rule: None },
        matched: Vec::new(),
        shadow: Vec::new(),
        version: "1".to_owned(),
    }
}

/// A person's mail to the desk from this address.
fn mail(from: &str, thread: Thread, text: &str) -> Mail {
    let from = Address::bare(from);
    let who = policy().who(&from, thread != Thread::New);
    let message = Message {
        id: MessageId("this@example.com".to_owned()),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        subject: "Re: Printer on fire".to_owned(),
        from: vec![from],
        reply_to: Vec::new(),
        to: vec![Address::bare("support@desk.example")],
        cc: Vec::new(),
        delivered_to: Vec::new(),
        return_path: ReturnPath::Absent,
        date: None,
        utc_offset_minutes: None,
        received_at: now(),
        headers: Vec::new(),
        body: Body { text: text.to_owned(), reply: text.to_owned(), ..Body::default() },
        attachments: Vec::new(),
        origin: Origin::Person,
        marks: Vec::new(),
        report: None,
        calendar: None,
        forwarded: None,
        authentication: Authentication::None,
        authenticated_by: None,
        language: None,
        size_bytes: 1_000,
        defects: Vec::new(),
    };
    Mail {
        inbox: 1,
        message,
        verdict: verdict(),
        thread,
        who,
        quotes_us: false,
        unread: Unread::default(),
        is_released: false,
        written_by: None,
        passed_on: None,
    }
}

/// Marks of automatic mail, one on each of these.
fn marks<const N: usize>(on: [MarkOn; N]) -> Vec<Mark> {
    on.map(|on| Mark { words: format!("{on:?}"), on }).to_vec()
}

fn decide(mail: &Mail, ticket: Option<&Ticket>) -> Decision {
    on_mail(mail, ticket, &Standing::default(), &policy(), now())
}

/// A standing in which all that may go to an address within a day has gone there, but for so many mails.
fn capped_but_for(mails: u32) -> Standing {
    let address_day = Caps::default().per_address_day - mails;
    Standing { traffic: policy::Traffic { address_day, ..Default::default() }, ..Standing::default() }
}

/// The effects in words, one line each, so that a test can write down what it expects.
fn told(decision: &Decision) -> Vec<String> {
    decision.effects.iter().map(line).collect()
}

fn line(effect: &Effect) -> String {
    match effect {
        Effect::OpenTicket(opening) => format!("open for {} as {}", opening.requester, opening.severity),
        Effect::AppendMessage { visibility, party, .. } => {
            let party = party.map_or("nobody".to_owned(), |party| format!("party {party}"));
            format!("append {} of {party}", format!("{visibility:?}").to_lowercase())
        }
        Effect::AddParty { address, .. } => format!("add {address}"),
        Effect::RenewParty { party, .. } => format!("renew party {party}"),
        Effect::SetStatus { status, .. } => format!("status {status}"),
        Effect::SetSeverity { severity, .. } => format!("severity {severity}"),
        Effect::KeepSeverity { .. } => "keep the severity".to_owned(),
        Effect::SetTier { tier, .. } => tier.to_string(),
        Effect::SetTeam { team, .. } => format!("team {}", team.as_ref().map_or("none", |team| &team.0)),
        Effect::SetPaging { paging, .. } => format!("paging {paging}"),
        Effect::SetAssignee { agent, .. } => format!("assign {}", agent.as_ref().map_or("nobody", |agent| &agent.0)),
        Effect::NoteFirstResponse { .. } => "first response".to_owned(),
        Effect::SetDeadline { kind, due_at, .. } => {
            format!("{kind} in {} min", due_at.duration_since(now()).as_mins())
        }
        Effect::ClearDeadline { kind, .. } => format!("no {kind}"),
        Effect::SetHeldCount { count, .. } => format!("held {count}"),
        Effect::CountAlert { .. } => "count the alert".to_owned(),
        Effect::NoteRecovery { .. } => "the alert is over".to_owned(),
        Effect::OpenBreaker { breaker, .. } => format!("open breaker of {} {}", breaker.scope, breaker.subject),
        Effect::Suppress { address, how: Suppression::Soft, .. } => format!("count against {address}"),
        Effect::Suppress { address, .. } => format!("suppress {address}"),
        Effect::Record { what, .. } => what.word().to_owned(),
        Effect::PointToOpened { ticket, text } => format!("on {ticket}: {text}"),
        Effect::Send(draft) => format!("send {} to {}", draft.content.purpose(), draft.to.address),
    }
}

fn words(decision: &Decision) -> Vec<&'static str> {
    decision.reasons.iter().map(|reason| reason.word).collect()
}

/// The contents of the mails to this address.
fn sent_to<'d>(decision: &'d Decision, to: &str) -> Vec<&'d Content> {
    let drafts = decision.effects.iter().filter_map(|effect| match effect {
        Effect::Send(draft) if draft.to.is_same(to) => Some(&draft.content),
        _ => None,
    });
    drafts.collect()
}
