//! Who has no authority changes nothing: whole mails, made up at random, against a desk with two tickets.
//!
//! Each mail is built from pieces that a forger could put together, and goes the whole way: read, threaded, judged,
//! decided on, applied. What it may do is said a second time here, from the pieces and not from what was read.

mod pieces;

use crate::journeys::pure::Core;
use crate::journeys::story::{self, Teller};
use pieces::{Auth, Pieces, Token, a_mail};
use postroom::decide::DeadlineKind;
use postroom::ticket::people::{Party, Role};
use postroom::ticket::{Status, Ticket, TicketId};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Ann's ticket, with Cora in Cc and Bob at work on it.
const ANNS: TicketId = TicketId(1001);

/// Zoe's ticket.
const ZOES: TicketId = TicketId(1002);

const AGENTS: [&str; 3] = ["bob@desk.example", "sue@desk.example", "eve@desk.example"];

/// Mails that are made up.
const CASES: u32 = 3_000;

fn mail(from: &str, to: &str, more: &str, body: &str) -> String {
    let domain = from.rsplit_once('@').unwrap().1;
    format!(
        "Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\nFrom: {from}\nTo: {to}\n{more}\n\n{body}\n"
    )
}

async fn receive(core: &mut Core, text: &str) {
    let filled = story::fill(text, &core.sent(), "the desk's story");
    core.mail(filled.replace('\n', "\r\n").into_bytes()).await;
}

/// A desk on which Ann's ticket has come this far.
async fn desk_at(status: Status) -> Core {
    let mut core = Core::new("2026-03-02T09:00:00Z".parse().unwrap());
    let request = "Cc: cora@example.com\nSubject: Timeouts\nMessage-ID: <request@example.com>";
    receive(&mut core, &mail("ann@example.com", "support@desk.example", request, "Requests time out.")).await;
    let other = "Subject: Invoices\nMessage-ID: <invoices@other.example>";
    receive(&mut core, &mail("zoe@other.example", "support@desk.example", other, "Where are they?")).await;
    let answers = match status {
        Status::Closed => vec!["Have a look now.", "#close"],
        Status::Resolved => vec!["Have a look now.", "#resolve\nRoot Cause: a\nSolution: b\nVerification: c"],
        Status::Investigating | Status::Waiting => vec!["Have a look now."],
    };
    for (at, body) in answers.into_iter().enumerate() {
        // Bob's newest notification is of Zoe's ticket, so he answers what Ann wrote.
        let more = format!("In-Reply-To: <request@example.com>\nSubject: Re: x\nMessage-ID: <bob{at}@desk.example>");
        receive(&mut core, &mail("bob@desk.example", "support@desk.example", &more, body)).await;
    }
    assert_eq!(core.working.tickets[&ANNS].status, status);
    let _ = core.news().await;
    core
}

/// What of a ticket nobody without authority may change.
#[derive(Debug, Clone, PartialEq)]
struct Picture {
    ticket: Ticket,
    customers: Vec<Party>,
    clocks: BTreeMap<DeadlineKind, jiff::Timestamp>,
}

fn picture(core: &Core, id: TicketId) -> Picture {
    let mut ticket = core.working.tickets[&id].clone();
    let mut customers: Vec<Party> = ticket.parties.iter().filter(|party| party.role != Role::Agent).cloned().collect();
    customers.iter_mut().for_each(|party| party.chain = Default::default());
    // An agent who is told of something joins, and each mail to them has a number.
    ticket.parties.clear();
    (ticket.last_sequence, ticket.version) = (0, 0);
    let clocks = core.deadlines.iter().filter(|((of, _), _)| *of == id).map(|((_, kind), at)| (*kind, *at)).collect();
    Picture { ticket, customers, clocks }
}

/// Whether the pieces give their sender a say on a ticket, and on what grounds.
fn authority(pieces: &Pieces, before: &Picture, parties: &[Party]) -> Option<&'static str> {
    let id = before.ticket.id;
    let author = pieces.only_author();
    let is_authentic = author.is_some() && pieces.auth == Auth::Ours;
    let holds = |address: &str| {
        let held = Token { ticket: id, to: address.to_owned() };
        pieces.tokens().contains(&held)
    };
    if before.customers.iter().any(|party| holds(&party.address.address)) {
        return Some("holds a customer's token");
    }
    if before.customers.iter().any(|party| is_authentic && author == Some(party.address.address.as_str())) {
        return Some("is a customer");
    }
    let agent = author.filter(|author| AGENTS.contains(author))?;
    if pieces.reply_to.is_some_and(|to| to != agent) || pieces.auth == Auth::OursFails {
        return None;
    }
    let is_told = parties.iter().any(|party| party.address.is_same(agent));
    (is_authentic || (is_told && holds(agent))).then_some("is an agent")
}

/// Everybody whom a mail may write to, beside the agents.
fn may_be_written_to(pieces: &Pieces, core: &Core, opened: Option<&Ticket>, allowed: &[Picture]) -> BTreeSet<String> {
    let mut may: BTreeSet<String> = BTreeSet::new();
    for picture in allowed {
        may.extend(core.working.tickets[&picture.ticket.id].parties.iter().map(|party| party.destination().key()));
    }
    if let Some(ticket) = opened {
        let asker = ticket.requester().unwrap();
        may.insert(asker.destination().key());
        let said = pieces.reply_to.into_iter().chain(pieces.authors());
        let is_theirs = said.map(str::to_owned).collect::<BTreeSet<_>>().contains(&asker.destination().key());
        let is_passed_on = pieces.passes_on().is_some_and(|of| asker.address.is_same(of));
        assert!(is_theirs || is_passed_on, "{} was made a requester by {pieces:?}", asker.destination());
    }
    may
}

#[test]
fn who_has_no_authority_changes_no_ticket_stops_no_clock_and_has_nobody_else_written_to() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let desks: Vec<Core> = [Status::Investigating, Status::Resolved, Status::Closed]
        .into_iter()
        .map(|status| runtime.block_on(desk_at(status)))
        .collect();
    let (with, without, changed) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let config = Config { cases: CASES, max_shrink_iters: 2_000, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&a_mail(), |pieces| {
        let mut core = desks[pieces.desk].clone();
        let raw = story::fill(&pieces.text(), &core.sent(), "a piece");
        let raw = pieces.forge(raw);
        let before = [picture(&core, ANNS), picture(&core, ZOES)];
        let (suppressed, sent) = (core.working.suppressed.clone(), core.sent().len());
        let allowed: Vec<Picture> = before
            .iter()
            .filter(|picture| {
                let parties = core.working.tickets[&picture.ticket.id].parties.clone();
                authority(&pieces, picture, &parties).is_some()
            })
            .cloned()
            .collect();
        runtime.block_on(core.mail(raw.replace('\n', "\r\n").into_bytes()));
        let news = runtime.block_on(core.news());
        let mut is_changed = false;
        for picture_before in &before {
            let after = picture(&core, picture_before.ticket.id);
            let is_same = after == *picture_before;
            is_changed |= !is_same;
            if !allowed.contains(picture_before) && !is_same {
                return Err(TestCaseError::fail(format!("{raw}\n{news:#?}\n{picture_before:#?}\n{after:#?}")));
            }
            let requester = |picture: &Picture| picture.customers[0].address.clone();
            if requester(&after) != requester(picture_before) {
                return Err(TestCaseError::fail(format!("the requester changed: {raw}")));
            }
        }
        let opened = core.working.tickets.values().find(|ticket| ![ANNS, ZOES].contains(&ticket.id)).cloned();
        let may = may_be_written_to(&pieces, &core, opened.as_ref(), &allowed);
        for (to, bytes) in &core.sent()[sent..] {
            let to = to.to_lowercase();
            let is_agent = AGENTS.contains(&to.as_str());
            if !is_agent && !may.contains(&to) {
                return Err(TestCaseError::fail(format!("{to} was written to: {raw}\n{news:#?}")));
            }
            let text = postroom::message::parse(bytes, jiff::Timestamp::UNIX_EPOCH, &Default::default());
            let says = |word: &str| {
                text.subject.contains(word)
                    || text.body.text.contains(word)
                    || text.to.iter().any(|to| to.to_string().contains(word))
            };
            let is_sender = pieces.auth == Auth::Ours && pieces.only_author() == Some(to.as_str());
            let is_party = allowed.iter().any(|on| on.customers.iter().any(|party| party.destination().is_same(&to)));
            if !is_agent && !is_sender && !is_party && says(pieces::CANARY) {
                return Err(TestCaseError::fail(format!("{to} got the words of {raw}\n{news:#?}")));
            }
        }
        if core.working.suppressed != suppressed && !pieces.may_suppress() {
            return Err(TestCaseError::fail(format!("somebody was suppressed: {raw}\n{news:#?}")));
        }
        let count = if allowed.is_empty() { &without } else { &with };
        count.set(count.get() + 1);
        changed.set(changed.get() + u32::from(is_changed));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    // Else the law holds because nothing ever happens.
    let figures = (with.get(), without.get(), changed.get());
    assert!(figures.0 > CASES / 10 && figures.1 > CASES / 10 && figures.2 > CASES / 20, "{figures:?}");
}
