//! What does not arrive: what a server refuses, and what a report says later.

use super::*;
use crate::message::{DeliveryReport, ReportKind, ReportedRecipient};

/// A server's report about the mail that went to this party, in which this recipient failed so.
fn report_of(named: &str, holder: Option<u32>, kind: ReportKind, status: &str) -> Mail {
    let mut mail = mail("mailer-daemon@mx.example", on_ticket(holder), "");
    mail.message.origin = Origin::DeliveryReport;
    mail.message.return_path = ReturnPath::Null;
    let recipient = ReportedRecipient {
        address: named.to_owned(),
        action: "failed".to_owned(),
        status: Some(status.to_owned()),
        diagnostic: None,
    };
    mail.message.report = Some(DeliveryReport { kind, recipients: vec![recipient], original_message_id: None });
    mail
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
fn only_what_is_said_of_the_address_itself_suppresses_it_at_once() {
    let gone = [
        "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.9", "5.1.10", "5.2.1", "5.0.0", "5.1.0", "5.4.4", "5.4.6", "5.5.0",
        "5.2.0",
    ];
    let may_pass = ["5.2.2", "5.2.3", "5.3.4", "5.6.0", "5.7.1", "5.7.26", "5.1.7", "5.1.8", "4.1.1"];
    let cases = gone.map(|status| (status, "suppress ann@example.com")).into_iter();
    for (status, expected) in cases.chain(may_pass.map(|status| (status, "count against ann@example.com"))) {
        let report = report_of("ann@example.com", Some(1), ReportKind::Failed, status);
        assert_eq!(told(&decide(&report, Some(&ticket())))[1], expected, "{status}");
    }
}

#[test]
fn a_report_is_believed_where_it_may_be_a_servers_and_has_a_mail_of_ours() {
    let null = || ReturnPath::Null;
    let path = |path: &str| ReturnPath::Address(path.to_owned());
    let gone: &[&str] = &["append automatic of nobody", "suppress ann@example.com", "undelivered"];
    let told_only: &[&str] = &["append automatic of nobody", "undelivered"];
    let apart: &[&str] = &["append unverified of nobody", "remarked"];
    let pass = Authentication::Pass;
    let (server, person) = ("MAILER-DAEMON@mx.example", "mallory@evil.example");
    let (id, address) = (Evidence::OwnMessageId, Evidence::Address);
    let cases = [
        ("a server's", server, null(), Authentication::None, id, gone),
        ("a server's, for which ours vouches", server, null(), pass, id, gone),
        ("a server's of another name", "e500@mx.example", null(), Authentication::None, id, gone),
        ("a server's that wants answers", server, path("postmaster@mx.example"), Authentication::None, id, gone),
        ("no return path is told", "postmaster@mx.example", ReturnPath::Absent, Authentication::None, id, gone),
        ("only to the address of a mail of ours", server, null(), Authentication::None, address, told_only),
        ("a person's", person, path(person), pass, id, apart),
        ("a person's, with the name of a server", server, path(person), Authentication::None, id, apart),
        ("a person's, without a return path", person, ReturnPath::Absent, Authentication::None, id, apart),
        ("a person's, with an empty one", person, null(), pass, id, apart),
        ("a person's, to the address", person, path(person), pass, address, apart),
    ];
    for (name, from, return_path, authentication, found_by, expected) in cases {
        let mut report = report_of("ann@example.com", Some(1), ReportKind::Failed, "5.1.1");
        report.message.from = vec![Address::bare(from)];
        (report.message.return_path, report.message.authentication) = (return_path, authentication);
        let Thread::Ticket { evidence, .. } = &mut report.thread else { unreachable!() };
        *evidence = found_by;
        let purpose = if expected == apart { "notification" } else { "undelivered" };
        let sent = format!("send {purpose} to bob@desk.example");
        let expected = [expected, &[sent.as_str()]].concat();
        assert_eq!(told(&decide(&report, Some(&ticket()))), expected, "{name}");
    }
}

#[test]
fn a_complaint_is_believed_of_who_passes_complaints_on() {
    let gone = ["append automatic of nobody", "suppress ann@example.com", "remarked"];
    let apart = ["append unverified of nobody", "remarked"];
    let id = Evidence::OwnMessageId;
    let cases = [
        ("a provider's", "feedback@provider.example", id, true),
        ("another one's", "fbl-no-reply@provider.example", id, true),
        ("without a mail of ours", "feedback@provider.example", Evidence::Address, false),
        ("a stranger's", "mallory@evil.example", id, false),
        ("the customer's own", "ann@example.com", id, false),
    ];
    for (name, from, found_by, is_believed) in cases {
        let mut report = report_of("ann@example.com", Some(1), ReportKind::Complaint, "5.7.1");
        report.message.from = vec![Address::bare(from)];
        report.message.return_path = ReturnPath::Address(from.to_owned());
        let Thread::Ticket { evidence, .. } = &mut report.thread else { unreachable!() };
        *evidence = found_by;
        let told = told(&decide(&report, Some(&ticket())));
        let (last, before) = told.split_last().unwrap();
        assert_eq!(before, if is_believed { &gone[..] } else { &apart[..] }, "{name}");
        assert_eq!(last, "send notification to bob@desk.example", "{name}");
    }
}

#[test]
fn an_agent_to_whose_notification_a_person_reports_hears_of_it() {
    let mut report = report_of("bob@desk.example", Some(3), ReportKind::Failed, "5.1.1");
    report.message.from = vec![Address::bare("mallory@evil.example")];
    report.message.return_path = ReturnPath::Address("mallory@evil.example".to_owned());
    let expected = ["append unverified of nobody", "remarked", "send notification to bob@desk.example"];
    assert_eq!(told(&decide(&report, Some(&ticket()))), expected);
}

#[test]
fn what_is_said_of_our_recipient_has_the_say_over_what_failed_for_others() {
    let filed = "append automatic of nobody";
    let (noted, failed) = (vec![filed, "remarked"], vec![filed, "suppress ann@example.com", "undelivered"]);
    let cases: [(&str, &[&str], Vec<&str>); 5] = [
        ("delivered", &["delivered"], noted.clone()),
        ("passed on", &["relayed"], noted.clone()),
        ("not yet", &["delayed"], noted),
        ("failed", &["failed"], failed.clone()),
        ("delivered, and failed where it was passed on to", &["delivered", "failed"], failed),
    ];
    for (name, actions, expected) in cases {
        let mut report = report_of("alias@other.example", Some(1), ReportKind::Failed, "5.1.1");
        for action in actions {
            let of_ann = ReportedRecipient {
                address: "ann@example.com".to_owned(),
                action: (*action).to_owned(),
                status: Some(if *action == "failed" { "5.1.1" } else { "2.0.0" }.to_owned()),
                diagnostic: None,
            };
            report.message.report.as_mut().unwrap().recipients.push(of_ann);
        }
        let mut told = told(&decide(&report, Some(&ticket())));
        told.retain(|line| line != "send undelivered to bob@desk.example");
        assert_eq!(told, expected, "{name}");
    }
}
