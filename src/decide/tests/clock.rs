//! What comes due, what does not arrive, and what is too large.

use super::*;
use crate::message::{DeliveryReport, ReportKind, ReportedRecipient};

fn due(kind: DeadlineKind, ticket: &Ticket, standing: &Standing) -> Decision {
    on_deadline(kind, now(), ticket, standing, &policy(), now())
}

#[test]
fn a_deadline_reminds_or_keeps_the_promise() {
    use DeadlineKind::*;
    let taken = Ticket { assignee: Some(AgentId("sue".to_owned())), ..ticket() };
    let answered = Ticket { first_response_at: Some(in_minutes(-5)), ..ticket() };
    let held = ["held 1", "send holding-update to ann@example.com", "update in 240 min", "nudge in 230 min"];
    let cases: [(&str, DeadlineKind, Ticket, &[&str]); 8] = [
        (
            "first answer, nobody took it",
            FirstResponse,
            ticket(),
            &["no first-response", "first-response-overdue", "send nudge to bob@desk.example"],
        ),
        ("first answer, given", FirstResponse, answered, &["no first-response"]),
        ("reminder", Nudge, taken.clone(), &["no nudge", "send nudge to sue@desk.example"]),
        ("update", Update, taken, &held),
        ("update of a waiting ticket", Update, ticket_that_is(Status::Waiting), &held),
        ("update of a resolved ticket", Update, ticket_that_is(Status::Resolved), &["no update"]),
        ("reminder of a closed ticket", Nudge, ticket_that_is(Status::Closed), &["no nudge"]),
        ("update without a customer", Update, Ticket { parties: Vec::new(), ..ticket() }, &["no update"]),
    ];
    for (name, kind, ticket, expected) in cases {
        assert_eq!(told(&due(kind, &ticket, &Standing::default())), expected, "{name}");
    }
}

#[test]
fn the_last_update_by_itself_promises_no_other() {
    let promise_of = |standing: &Standing| {
        let decision = due(DeadlineKind::Update, &ticket(), standing);
        let contents = sent_to(&decision, "ann@example.com");
        let promises = contents.iter().map(|content| match content {
            Content::HoldingUpdate { expected_update_at, .. } => *expected_update_at,
            other => panic!("{other:?}"),
        });
        (promises.collect::<Vec<_>>(), told(&decision).last().cloned().unwrap())
    };
    let nudge = "send nudge to bob@desk.example".to_owned();
    assert_eq!(
        promise_of(&capped_but_for(2)),
        (vec![Some(in_minutes(240))], "nudge in 230 min".to_owned()),
        "two left"
    );
    assert_eq!(promise_of(&capped_but_for(1)), (vec![None], nudge.clone()), "one left");
    assert_eq!(promise_of(&capped_but_for(0)), (vec![], nudge), "none left");
}

#[test]
fn a_refused_mail_is_told_to_who_works_on_the_ticket() {
    let failure = |purpose, recipient: &str| Failure {
        purpose,
        recipient: recipient.to_owned(),
        status: Some("5.1.1".to_owned()),
        diagnostic: "no such user".to_owned(),
    };
    let cases: [(&str, Failure, &[&str]); 3] = [
        (
            "an answer",
            failure(Purpose::Reply, "ann@example.com"),
            &["undelivered", "send undelivered to bob@desk.example"],
        ),
        (
            "a notification, which somebody else must hear of then",
            failure(Purpose::Notification, "Bob@Desk.example"),
            &["undelivered", "send undelivered to sue@desk.example", "send undelivered to eve@desk.example"],
        ),
        ("the telling itself", failure(Purpose::Undelivered, "sue@desk.example"), &["undelivered"]),
    ];
    for (name, failure, expected) in cases {
        assert_eq!(told(&on_delivery(&failure, &ticket(), &policy(), now())), expected, "{name}");
    }
}

#[test]
fn a_delivery_report_is_believed_by_the_mail_that_came_back() {
    let report = |holder, kind, status: &str| {
        let mut mail = mail("mailer-daemon@mx.example", on_ticket(holder), "");
        mail.message.origin = Origin::DeliveryReport;
        let recipient = ReportedRecipient {
            address: "victim@example.com".to_owned(),
            action: "failed".to_owned(),
            status: Some(status.to_owned()),
            diagnostic: None,
        };
        mail.message.report = Some(DeliveryReport { kind, recipients: vec![recipient], original_message_id: None });
        mail
    };
    let counted = "count against ann@example.com";
    let (filed, noted) = ("append automatic of nobody", ["append automatic of nobody", "remarked"]);
    let bounced = ["undelivered", "send undelivered to bob@desk.example"];
    let mut in_bobs_name = report(Some(1), ReportKind::Failed, "4.2.2");
    in_bobs_name.message.from = vec![Address::bare("bob@desk.example")];
    let cases: [(&str, Mail, Vec<&str>); 7] = [
        (
            "for good",
            report(Some(1), ReportKind::Failed, "5.1.1"),
            [&[filed, "suppress ann@example.com"][..], &bounced].concat(),
        ),
        ("for now", report(Some(1), ReportKind::Failed, "4.2.2"), [&[filed, counted][..], &bounced].concat()),
        ("complaint", report(Some(2), ReportKind::Complaint, "5.7.1"), vec![filed, "suppress carl@example.com"]),
        ("delayed", report(Some(1), ReportKind::Delayed, "4.4.1"), noted.to_vec()),
        (
            "an agent's",
            report(Some(3), ReportKind::Failed, "4.2.2"),
            vec![
                filed,
                "count against bob@desk.example",
                "undelivered",
                "send undelivered to sue@desk.example",
                "send undelivered to eve@desk.example",
            ],
        ),
        ("in the name of who would be told", in_bobs_name, vec![filed, counted, "undelivered"]),
        ("nobody knows whose", report(None, ReportKind::Failed, "5.1.1"), noted.to_vec()),
    ];
    for (name, mail, expected) in cases {
        let decision = decide(&mail, Some(&ticket()));
        assert_eq!(told(&decision), expected, "{name}");
        assert_eq!(decision.outcome, Some(Outcome::Bounce), "{name}");
    }
}

#[test]
fn a_mail_that_is_too_large_waits_and_its_sender_is_told() {
    let told_of = |mail: &Mail, standing: &Standing| told(&on_oversize(mail, 60_000_000, standing, &policy(), now()));
    let large = mail("new@example.com", Thread::New, "");
    let mut elsewhere = large.clone();
    elsewhere.message.reply_to = vec![Address::bare("office@example.com")];
    let mut robot = large.clone();
    robot.message.origin = Origin::AutomaticReply;
    let again = mail("new@example.com", Thread::Duplicate(7), "");
    let alert = mail("alerts@monitor.example", Thread::New, "");
    let free = Standing::default();
    let cases: [(&str, &Mail, Standing, &[&str]); 6] = [
        ("a person", &large, free.clone(), &["send oversize to new@example.com"]),
        ("a person who wants answers elsewhere", &elsewhere, free.clone(), &["send oversize to office@example.com"]),
        (
            "one mail too many",
            &large,
            capped_but_for(0),
            &["open breaker of address new@example.com", "send alarm to bob@desk.example"],
        ),
        ("a robot", &robot, free.clone(), &[]),
        ("a monitor", &alert, free.clone(), &[]),
        ("the same mail again", &again, free, &[]),
    ];
    for (name, mail, standing, expected) in cases {
        assert_eq!(told_of(mail, &standing), expected, "{name}");
    }
}
