//! What a monitor's mails become.

use super::*;
use crate::ticket::Alert;

const MONITOR: &str = "alerts@monitor.example";

/// A thread that the key of an alert leads to.
fn by_key() -> Thread {
    Thread::Ticket { ticket: TicketId(1042), evidence: Evidence::Correlation, holder: None, answers: None, also: None }
}

/// A monitor's mail about this alert.
fn alert(thread: Thread, recovers: bool) -> Mail {
    let mut mail = mail(MONITOR, thread, "disk 95 %");
    mail.verdict.correlation = Some(because("web-1/disk".to_owned()));
    mail.verdict.recovers = if recovers { because(true) } else { Because { value: false, rule: None } };
    mail
}

/// The ticket of that alert, which ended this many minutes ago if it did.
fn of_alert(status: Status, ended: Option<i64>) -> Ticket {
    let recovered_at = ended.map(|minutes| in_minutes(-minutes));
    let alert = Some(Alert { key: "web-1/disk".to_owned(), count: 3, recovered_at });
    Ticket { alert, first_response_due_at: None, update_due_at: None, ..ticket_that_is(status) }
}

#[test]
fn an_alert_folds_into_its_ticket_or_opens_one() {
    let taken = Ticket { assignee: Some(AgentId("sue".to_owned())), ..of_alert(Status::Investigating, None) };
    let opens = ["open for alerts@monitor.example as medium", "append automatic of party 1"];
    let fold = ["append automatic of party 1", "count the alert"];
    let over = ["append automatic of nobody", "the alert is over"];
    let close =
        ["no first-response", "no update", "no nudge", "status closed", "send notification to bob@desk.example"];
    for (name, recovers, ticket, outcome, effects) in [
        (
            "the first one",
            false,
            None,
            "alert-opened",
            [&opens[..], &["send notification to bob@desk.example"]].concat(),
        ),
        ("another one", false, Some(of_alert(Status::Investigating, None)), "alert-folded", fold.to_vec()),
        (
            "soon after its end",
            false,
            Some(of_alert(Status::Closed, Some(59))),
            "alert-folded",
            [&fold[..], &["status investigating", "send notification to bob@desk.example"]].concat(),
        ),
        (
            "long after its end",
            false,
            Some(of_alert(Status::Closed, Some(61))),
            "alert-opened",
            [&opens[..], &["send notification to bob@desk.example"]].concat(),
        ),
        (
            "the end",
            true,
            Some(of_alert(Status::Investigating, None)),
            "alert-recovered",
            [&over[..], &close[..]].concat(),
        ),
        (
            "the end of one that is worked on",
            true,
            Some(taken),
            "alert-recovered",
            [&over[..], &["remarked", "send notification to sue@desk.example"]].concat(),
        ),
        (
            "the end of one that was closed",
            true,
            Some(of_alert(Status::Closed, None)),
            "alert-recovered",
            over.to_vec(),
        ),
        ("the end of none", true, None, "alert-recovered", Vec::new()),
    ] {
        let thread = if ticket.is_some() { by_key() } else { Thread::New };
        let decision = decide(&alert(thread, recovers), ticket.as_ref());
        assert_eq!(told(&decision), effects, "{name}");
        assert_eq!(decision.outcome.unwrap().word(), outcome, "{name}");
    }
}

#[test]
fn nobody_ends_an_alert_in_a_monitors_name() {
    let ticket = of_alert(Status::Investigating, None);
    let strict = Policy { authenticates: true, ..policy() };
    for (name, authentication, policy, expected) in [
        ("nobody vouches, and nobody could", Authentication::None, policy(), "alert-recovered"),
        ("it failed", Authentication::Fail, super::policy(), "alert-opened"),
        ("nobody vouches, and somebody could", Authentication::None, strict.clone(), "alert-opened"),
        ("somebody vouches", Authentication::Pass, strict, "alert-recovered"),
    ] {
        let mut mail = alert(by_key(), true);
        mail.message.authentication = authentication;
        let decision = on_mail(&mail, Some(&ticket), &Standing::default(), &policy, now());
        let is_told = decision.reasons.contains(&Reason::of("alert-not-believed"));
        assert_eq!(is_told, expected == "alert-opened", "{name}: {:?}", decision.reasons);
        assert_eq!(decision.outcome.unwrap().word(), expected, "{name}");
    }
}

#[test]
fn a_recovery_of_which_nobody_knows_what_it_ends_opens_a_ticket() {
    let mut mail = alert(Thread::New, true);
    mail.verdict.correlation = None;
    assert_eq!(decide(&mail, None).outcome, Some(Outcome::AlertOpened));
}
