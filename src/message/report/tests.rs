//! Delivery reports of many servers, and what each says of whom.

use crate::message::{DeliveryReport, Message, Origin, Reader, ReportKind, parse};

fn read(raw: &str) -> Message {
    parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default())
}

fn standard(action: &str, status: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nIt did not work.\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; ann@example.com\nAction: {action}\nStatus: {status}\n\
         Diagnostic-Code: smtp; 550 no such user\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <pr.1@desk.example>\nSubject: x\n\n--b--\n"
    )
}

fn report(raw: &str) -> DeliveryReport {
    let message = read(raw);
    assert_eq!(message.origin, Origin::DeliveryReport, "{:?}", message.marks);
    message.report.unwrap()
}

#[test]
fn standard_reports_are_read_field_by_field() {
    let cases = [
        ("failed", "5.1.1", ReportKind::Failed, true),
        ("delayed", "4.2.2 (mailbox full)", ReportKind::Delayed, false),
        ("delivered", "2.0.0", ReportKind::Delivered, false),
    ];
    for (action, status, kind, permanent) in cases {
        let report = report(&standard(action, status));
        assert_eq!(report.kind, kind, "{action}");
        assert_eq!(report.original_message_id.as_ref().unwrap().0, "pr.1@desk.example", "{action}");
        let [recipient] = report.recipients.as_slice() else { panic!("{action}: one recipient") };
        assert_eq!(recipient.address, "ann@example.com");
        assert_eq!(recipient.action, action);
        assert_eq!(recipient.status.as_deref(), status.split(' ').next(), "{action}");
        assert_eq!(recipient.diagnostic.as_deref(), Some("550 no such user"));
        assert_eq!(recipient.is_permanent(), permanent, "{action}");
    }
}

#[test]
fn complaints_name_their_recipient() {
    let raw = "From: fbl@provider.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
               --b\n\nSpam.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\
               Original-Rcpt-To: <ann@example.com>\n\n\
               --b\nContent-Type: message/rfc822\n\nMessage-ID: <pr.1@desk.example>\n\nx\n--b--\n";
    let report = report(raw);
    assert_eq!((report.kind, report.recipients[0].address.as_str()), (ReportKind::Complaint, "ann@example.com"));
    assert_eq!(report.original_message_id.unwrap().0, "pr.1@desk.example");
}

#[test]
fn reports_in_prose_are_read_when_a_server_sends_them() {
    let text = "Hi. I was not able to deliver your message.\n\n<ann@example.com>:\n550 5.1.1 no such user\n\n\
                --- Below this line is a copy of the message.\n\nMessage-ID: <pr.1@desk.example>\n";
    let raw = format!("From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: failure notice\n\n{text}");
    let found = report(&raw);
    assert_eq!(found.kind, ReportKind::Failed);
    assert_eq!(found.recipients[0].address, "ann@example.com");
    assert_eq!(found.recipients[0].status.as_deref(), Some("5.1.1"));
    assert_eq!(found.recipients[0].diagnostic.as_deref(), Some("550 5.1.1 no such user"));
    assert_eq!(found.original_message_id.unwrap().0, "pr.1@desk.example");

    let asked = format!("From: ann@example.com\nSubject: What does this mean?\n\nfailure notice\n{text}");
    assert_eq!(read(&asked).origin, Origin::Person);
}

#[test]
fn a_read_receipt_is_no_delivery_report() {
    let raw = "From: ann@example.com\nReturn-Path: <>\nSubject: Read: not delivered\n\
               Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nRead.\n--b--\n";
    assert_eq!(read(raw).origin, Origin::AutomaticReply);
}

fn prose(subject: &str, text: &str) -> Option<DeliveryReport> {
    let raw = format!(
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: us@desk.example\nSubject: {subject}\n\n{text}"
    );
    crate::message::parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &crate::message::Reader::default()).report
}

#[test]
fn reports_in_prose_are_read_by_their_shape() {
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str, &'a str)]);
    let cases: [Case; 9] = [
        (
            "an address and what was said about it",
            "I could not deliver your mail to the following addresses.\n\n<ann@a.example>:\n550 5.1.1 no such user\n\n\
             <bob@b.example>:\nMailbox is full\n",
            &[("ann@a.example", "failed", "5.1.1"), ("bob@b.example", "failed", "5.2.2")],
        ),
        (
            "addresses alone",
            "This mail could not be delivered.\n\n  ann@a.example\n    Unknown user\n",
            &[("ann@a.example", "failed", "5.1.1")],
        ),
        (
            "behind a label",
            "Delivery failed.\n\nRecipient: ann@a.example\nReason: mailbox full\n",
            &[("ann@a.example", "failed", "5.2.2")],
        ),
        (
            "within a sentence",
            "There was an error delivering your mail to <ann@a.example>.\n\nhost unknown\n",
            &[("ann@a.example", "failed", "5.1.2")],
        ),
        (
            "in the talk of two servers",
            "Mail could not be delivered. Transcript:\n>>> RCPT TO:<ann@a.example>\n<<< 452 4.2.2 over quota\n",
            &[("ann@a.example", "failed", "4.2.2")],
        ),
        (
            "nothing but the mail that came back",
            "Your message was not delivered.\n\nReceived: from x\nFrom: us@desk.example\nTo: ann@a.example\n\
             Message-ID: <m1@desk.example>\n\nHello\n",
            &[("ann@a.example", "failed", "5.0.0")],
        ),
        (
            "still trying",
            "Warning message only, you do not need to resend.\n\n<ann@a.example>: connection timed out\n",
            &[("ann@a.example", "delayed", "4.4.1")],
        ),
        (
            "our own address is no recipient",
            "Your mail was undeliverable.\nTo: us@desk.example\n\n<ann@a.example>: user unknown\n",
            &[("ann@a.example", "failed", "5.1.1")],
        ),
        ("no word of a failure", "Your password was changed.\n\nann@a.example\n", &[]),
    ];
    for (name, text, expected) in cases {
        let report = prose("Mail", text);
        let found: Vec<(String, String, String)> = report.map_or(Vec::new(), |report| {
            let recipients = report.recipients.into_iter();
            recipients.map(|r| (r.address, r.action, r.status.unwrap_or_default())).collect()
        });
        let found: Vec<(&str, &str, &str)> = found.iter().map(|(a, b, c)| (&**a, &**b, &**c)).collect();
        assert_eq!(found, expected, "{name}");
    }
    let returned = prose("Failure", "Not delivered.\n\nReceived: x\nTo: a@b.example\nMessage-ID: <m1@desk.example>\n");
    assert_eq!(returned.unwrap().original_message_id.unwrap().0, "m1@desk.example");
}

#[test]
fn a_person_who_passes_a_report_on_writes_no_report() {
    let raw = "From: Ann <ann@example.com>\nTo: us@desk.example\nSubject: Fwd: Undelivered Mail Returned to Sender\n\n\
               What does this mean?\n\n<bob@b.example>: 550 5.1.1 user unknown\n";
    let read = crate::message::parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &crate::message::Reader::default());
    assert_eq!(read.report, None);
    let postmaster = raw.replace("Ann <ann@", "Postmaster <postmaster@").replace("Fwd: Undelivered", "Re: Undelivered");
    let now = jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(crate::message::parse(postmaster.as_bytes(), now, &crate::message::Reader::default()).report, None);
}

#[test]
fn a_long_report_costs_no_more_than_its_length() {
    let lines = |count: usize| "Failed: <a@b.example>: x\n".repeat(count);
    let time = |count: usize| {
        let text = lines(count);
        let start = std::time::Instant::now();
        assert!(prose("Undeliverable", &format!("Could not be delivered.\n{text}")).is_some());
        start.elapsed()
    };
    time(1_000);
    let (once, twice) = (time(4_000), time(8_000));
    assert!(twice < once * 4 + std::time::Duration::from_millis(50), "{once:?}, {twice:?}");
}
