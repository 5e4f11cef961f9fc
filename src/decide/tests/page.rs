//! The page that has to wait, because the last one was only just sent.

use super::*;
use crate::ticket::{Alert, Paging};
use proptest::prelude::*;
use proptest::sample::select;

fn paging(from: &str, text: &str) -> Mail {
    Mail { verdict: Verdict { page: because(true), ..verdict() }, ..mail(from, on_ticket(Some(1)), text) }
}

fn owed() -> Ticket {
    Ticket { paging: Paging::Owed, paged_at: Some(in_minutes(-15)), ..ticket() }
}

/// What a decision says of pages, in a few words.
fn pages(decision: &Decision) -> String {
    let is_about_pages = |line: &String| line.contains("page") || line.starts_with("paging");
    told(decision).into_iter().filter(is_about_pages).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_begins_again_pages_at_once_unless_the_last_page_was_only_just_sent() {
    use Paging::*;
    let again = paging("ann@example.com", "All is down.");
    let (at_once, second) = ("paging sent, send page to eve@desk.example", SignedDuration::from_secs(1));
    for (name, paging, paged_at, expected) in [
        ("never paged", None, Option::None, at_once),
        ("long ago", None, Some(in_minutes(-16)), at_once),
        ("when the time is just over", None, Some(in_minutes(-15)), at_once),
        ("a second before", None, Some(in_minutes(-15) + second), "paging owed, page in 0 min"),
        ("soon after", None, Some(in_minutes(-5)), "paging owed, page in 10 min"),
        ("at the same time", None, Some(now()), "paging owed, page in 15 min"),
        ("the clock was ahead then", None, Some(in_minutes(600)), "paging owed, page in 15 min"),
        ("paged for this already", Sent, Some(in_minutes(-5)), ""),
        ("paged for this long ago", Sent, Some(in_minutes(-600)), ""),
        ("owed already", Owed, Some(in_minutes(-5)), ""),
        ("owed, and the clock is late", Owed, Some(in_minutes(-600)), ""),
    ] {
        let decision = decide(&again, Some(&Ticket { paging, paged_at, ..ticket() }));
        assert_eq!(pages(&decision), expected, "{name}");
        let why = ["page", "page-owed", "not-paged"].iter().filter(|word| words(&decision).contains(word)).count();
        assert_eq!(why, 1, "{name}: {:?}", decision.reasons);
    }
}

#[test]
fn until_a_page_that_is_owed_is_sent_the_one_on_call_is_told_as_others_are() {
    let soon_after = Ticket { paged_at: Some(in_minutes(-5)), ..ticket() };
    let again = paging("ann@example.com", "All is down.");
    for (name, mail, ticket) in [
        ("the mail that owes it", again, soon_after),
        ("another one", mail("ann@example.com", on_ticket(Some(1)), "And more."), owed()),
    ] {
        let decision = decide(&mail, Some(&ticket));
        let [Content::Notification(_)] = sent_to(&decision, "eve@desk.example")[..] else { panic!("{name}") };
    }
}

#[test]
fn nothing_is_owed_for_what_would_not_page() {
    let soon_after = || Ticket { paged_at: Some(in_minutes(-5)), ..ticket() };
    let mut late = paging("ann@example.com", "All is down.");
    late.message.received_at = in_minutes(-60 * 24 * 3);
    let mut forged = paging("ann@example.com", "All is down.");
    (forged.message.authentication, forged.thread) = (Authentication::Fail, on_ticket(None));
    for (name, mail) in [
        ("no rule asks for it", mail("ann@example.com", on_ticket(Some(1)), "More of it.")),
        ("it is old", late),
        ("its sender is not believed", forged),
    ] {
        assert_eq!(pages(&decide(&mail, Some(&soon_after()))), "", "{name}");
    }
}

#[test]
fn a_page_that_is_owed_goes_to_whoever_is_on_call_by_then_if_it_is_not_over() {
    let two = Policy { on_call: vec![AgentId("sue".to_owned()), AgentId("bob".to_owned())], ..policy() };
    let nobody = Policy { on_call: Vec::new(), ..policy() };
    let mut eves = owed();
    eves.parties[0].address = Address::bare("eve@desk.example");
    let (sent, dropped) = ("no page, paging sent", "no page, paging none");
    for (name, ticket, policy, expected, why) in [
        ("owed", owed(), policy(), format!("{sent}, send page to eve@desk.example"), "page-is-due"),
        (
            "others are on call by now",
            owed(),
            two,
            format!("{sent}, send page to sue@desk.example, send page to bob@desk.example"),
            "page-is-due",
        ),
        ("nobody is on call any more", owed(), nobody, dropped.to_owned(), "not-paged"),
        ("whoever is on call has asked", eves, policy(), dropped.to_owned(), "not-paged"),
        ("paged", Ticket { paging: Paging::Sent, ..owed() }, policy(), "no page".to_owned(), "page-dropped"),
        ("over", Ticket { paging: Paging::None, ..owed() }, policy(), "no page".to_owned(), "page-dropped"),
        ("resolved", Ticket { status: Status::Resolved, ..owed() }, policy(), "no page".to_owned(), "deadline-is-past"),
    ] {
        let decision = on_deadline(DeadlineKind::Page, now(), &ticket, &Standing::default(), &policy, now());
        assert_eq!((pages(&decision), words(&decision)), (expected, vec![why]), "{name}");
        let remarked = decision.effects.iter().any(|effect| matches!(effect, Effect::Record { .. }));
        assert_eq!(remarked, why == "not-paged", "{name}: the timeline says why");
    }
}

#[test]
fn a_page_that_is_owed_says_why_it_comes_now_and_what_was_said_last() {
    let decision = on_deadline(DeadlineKind::Page, now(), &owed(), &Standing::default(), &policy(), now());
    let [Content::Page(page)] = sent_to(&decision, "eve@desk.example")[..] else { panic!("{:?}", told(&decision)) };
    assert_eq!(page.news, draft::News::StillSo { paged_at: Some(in_minutes(-15)) });
    assert_eq!((page.text.as_str(), page.from.as_ref().unwrap().address.as_str()), ("It burns.", "ann@example.com"));
}

#[test]
fn a_page_that_is_owed_is_dropped_with_what_it_was_for() {
    let alert = Some(Alert { key: "web-1/disk".to_owned(), count: 2, recovered_at: None });
    let bob = Some(AgentId("bob".to_owned()));
    let mut over = mail("alerts@monitor.example", on_ticket(None), "All is well.");
    over.verdict.recovers = because(true);
    over.thread = Thread::Ticket {
        ticket: TicketId(1042),
        evidence: Evidence::Correlation,
        holder: None,
        answers: None,
        also: None,
    };
    let by_bob = |text| mail("bob@desk.example", on_ticket(Some(3)), text);
    for (name, mail, ticket) in [
        ("over", over.clone(), Ticket { alert: alert.clone(), ..owed() }),
        ("over, and somebody has it", over, Ticket { alert, assignee: bob, ..owed() }),
        ("resolved", by_bob("#resolve\nRoot Cause: a\nSolution: b\nVerification: c"), owed()),
        ("closed", by_bob("#close\nIt was the network."), owed()),
    ] {
        let decision = decide(&mail, Some(&ticket));
        assert!(pages(&decision).contains("no page, paging none"), "{name}: {:?}", told(&decision));
        assert_eq!(words(&decision).iter().filter(|word| **word == "page-dropped").count(), 1, "{name}");
        let paged = decide(&mail, Some(&Ticket { paging: Paging::Sent, ..ticket }));
        assert!(!words(&paged).contains(&"page-dropped"), "{name}: nothing was owed");
    }
    let taken = decide(&by_bob("#take"), Some(&owed()));
    assert_eq!(pages(&taken), "", "to have it is not to be done with it");
}

/// A ticket of an alert through time, as far as pages go.
struct Spells {
    ticket: Ticket,
    now: Timestamp,
    due_at: Option<Timestamp>,
    paged_at: Vec<Timestamp>,
}

impl Spells {
    fn follow(&mut self, decision: &Decision) {
        for effect in &decision.effects {
            match effect {
                Effect::SetPaging { paging, .. } => {
                    self.ticket.paging = *paging;
                    if *paging == Paging::Sent {
                        self.ticket.paged_at = Some(self.now);
                    }
                }
                Effect::SetStatus { status, .. } => {
                    self.ticket.status = *status;
                    if !status.is_open() {
                        self.ticket.paging = Paging::None;
                    }
                }
                Effect::NoteRecovery { .. } => {
                    self.ticket.alert.as_mut().unwrap().recovered_at = Some(self.now);
                    self.ticket.paging = Paging::None;
                }
                Effect::CountAlert { .. } => self.ticket.alert.as_mut().unwrap().recovered_at = None,
                Effect::SetDeadline { kind: DeadlineKind::Page, due_at, .. } => self.due_at = Some(*due_at),
                Effect::ClearDeadline { kind: DeadlineKind::Page, .. } => self.due_at = None,
                Effect::Send(draft) if draft.content.purpose() == Purpose::Page => self.paged_at.push(self.now),
                _ => {}
            }
        }
    }

    /// Time passes, and what falls due is decided about.
    fn wait(&mut self, seconds: i64) {
        let until = self.now + SignedDuration::from_secs(seconds);
        if let Some(due_at) = self.due_at.filter(|due_at| *due_at <= until) {
            self.now = due_at;
            let standing = Standing::default();
            let decision = on_deadline(DeadlineKind::Page, due_at, &self.ticket, &standing, &policy(), due_at);
            self.follow(&decision);
            assert!(self.due_at.is_none_or(|next| next > due_at), "it does not come again at once");
        }
        self.now = until;
    }

    fn hear(&mut self, is_over: bool) {
        let mut mail = paging("alerts@monitor.example", "Disk.");
        mail.message.received_at = self.now;
        if is_over {
            mail.verdict = Verdict { recovers: because(true), ..verdict() };
        }
        let decision = on_mail(&mail, Some(&self.ticket), &Standing::default(), &policy(), self.now);
        self.follow(&decision);
    }
}

proptest! {
    #[test]
    fn however_an_alert_comes_and_goes_it_pages_once_in_a_while_and_whenever_it_stays(
        turns in proptest::collection::vec((select(vec![1_i64, 59, 600, 899, 900, 901, 3_000]), any::<bool>()), 1..60),
        is_taken in any::<bool>(),
    ) {
        let quiet = policy().page_again_after;
        let assignee = is_taken.then(|| AgentId("bob".to_owned()));
        let alert = Some(Alert { key: "web-1/disk".to_owned(), count: 1, recovered_at: None });
        let mut ticket = Ticket { assignee, alert, ..ticket() };
        ticket.parties[0].address = Address::bare("alerts@monitor.example");
        let mut spells = Spells { ticket, now: now(), due_at: None, paged_at: Vec::new() };
        for (seconds, is_over) in turns {
            spells.hear(is_over);
            spells.wait(seconds);
        }
        for pair in spells.paged_at.windows(2) {
            prop_assert!(pair[1].duration_since(pair[0]) >= quiet, "{:?}", spells.paged_at);
        }
        spells.hear(false);
        let since = spells.now;
        spells.wait(quiet.as_secs());
        prop_assert_eq!(spells.ticket.paging, Paging::Sent, "{:?} since {}", spells.paged_at, since);
        prop_assert_eq!(spells.due_at, None);
        let count = spells.paged_at.len();
        spells.hear(false);
        spells.wait(10_000);
        prop_assert_eq!(spells.paged_at.len(), count, "once for each time that it begins");
    }
}
