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
