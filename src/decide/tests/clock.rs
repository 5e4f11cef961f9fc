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
        written_by: None,
    };
    let said = |diagnostic: &str| Failure {
        status: None,
        diagnostic: diagnostic.to_owned(),
        ..failure(Purpose::Reply, "ann@example.com")
    };
    let (bounced, gone) = (["undelivered", "send undelivered to bob@desk.example"], "suppress ann@example.com");
    let cases: [(&str, Failure, Vec<&str>); 8] = [
        ("an answer", failure(Purpose::Reply, "ann@example.com"), [&[gone][..], &bounced].concat()),
        (
            "a notification, which somebody else must hear of then",
            failure(Purpose::Notification, "Bob@Desk.example"),
            vec![
                "suppress Bob@Desk.example",
                "undelivered",
                "send undelivered to sue@desk.example",
                "send undelivered to eve@desk.example",
            ],
        ),
        (
            "the telling itself",
            failure(Purpose::Undelivered, "sue@desk.example"),
            vec!["suppress sue@desk.example", "undelivered"],
        ),
        ("there is no such user", said("550 5.1.1 <ann@example.com>: no such user"), [&[gone][..], &bounced].concat()),
        ("it was switched off", said("550 5.2.1 disabled"), [&[gone][..], &bounced].concat()),
        ("something against this mail", said("554 5.7.1 spam, as 5.1.1 said before"), bounced.to_vec()),
        ("something against us", said("550 5.1.8 bad sender"), bounced.to_vec()),
        ("no status", said("550 go away, 192.0.2.1"), bounced.to_vec()),
    ];
    for (name, failure, expected) in cases {
        assert_eq!(told(&on_delivery(&failure, &ticket(), &policy(), now())), expected, "{name}");
    }
}

#[test]
fn a_delivery_report_is_believed_by_the_mail_that_came_back() {
    let report_of = |named: &str, holder, kind, status: &str| {
        let mut mail = mail("mailer-daemon@mx.example", on_ticket(holder), "");
        mail.message.origin = Origin::DeliveryReport;
        let recipient = ReportedRecipient {
            address: named.to_owned(),
            action: "failed".to_owned(),
            status: Some(status.to_owned()),
            diagnostic: None,
        };
        mail.message.report = Some(DeliveryReport { kind, recipients: vec![recipient], original_message_id: None });
        mail
    };
    let parties = [None, Some("ann@example.com"), Some("carl@example.com"), Some("bob@desk.example")];
    let report = |holder: Option<u32>, kind, status: &str| {
        let named = holder.and_then(|party| parties[party as usize]).unwrap_or("victim@example.com");
        report_of(named, holder, kind, status)
    };
    let counted = "count against ann@example.com";
    let (filed, noted) = ("append automatic of nobody", ["append automatic of nobody", "remarked"]);
    let bounced = ["undelivered", "send undelivered to bob@desk.example"];
    let mut in_bobs_name = report(Some(1), ReportKind::Failed, "4.2.2");
    in_bobs_name.message.from = vec![Address::bare("bob@desk.example")];
    let mut of_a_report = report(Some(3), ReportKind::Failed, "5.1.1");
    if let Thread::Ticket { answers, .. } = &mut of_a_report.thread {
        *answers = Some(Purpose::Undelivered);
    }
    let mut of_sues_words = report(Some(1), ReportKind::Failed, "4.2.2");
    of_sues_words.written_by = Some(AgentId("sue".to_owned()));
    let cases: [(&str, Mail, Vec<&str>); 12] = [
        (
            "for good",
            report(Some(1), ReportKind::Failed, "5.1.1"),
            [&[filed, "suppress ann@example.com"][..], &bounced].concat(),
        ),
        ("for now", report(Some(1), ReportKind::Failed, "4.2.2"), [&[filed, counted][..], &bounced].concat()),
        (
            "complaint",
            report(Some(2), ReportKind::Complaint, "5.7.1"),
            vec![filed, "suppress carl@example.com", "remarked", "send notification to bob@desk.example"],
        ),
        (
            "of an address that we never wrote to",
            report_of("victim@example.com", Some(1), ReportKind::Failed, "5.1.1"),
            [&[filed][..], &bounced].concat(),
        ),
        (
            "a complaint of such an address",
            report_of("victim@example.com", Some(1), ReportKind::Complaint, "5.7.1"),
            noted.to_vec(),
        ),
        ("of an address in another case", report_of("Ann@Example.com", Some(1), ReportKind::Failed, "5.1.1"), {
            [&[filed, "suppress ann@example.com"][..], &bounced].concat()
        }),
        ("of a mail that told of another one", of_a_report, vec![filed, "suppress bob@desk.example", "undelivered"]),
        (
            "of words that Sue wrote on Bob's ticket",
            of_sues_words,
            [&[filed, counted, "undelivered", "send undelivered to sue@desk.example"][..], &bounced[1..]].concat(),
        ),
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
        let on = Ticket { assignee: mail.written_by.as_ref().map(|_| AgentId("bob".to_owned())), ..ticket() };
        let decision = decide(&mail, Some(&on));
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
