//! Delivery reports of many servers, and what each says of whom.

mod prose;

use crate::message::{DeliveryReport, Message, Origin, Reader, ReportKind, parse};
use postroom_testbed::growth;

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

/// What the report of a mail says, in a line.
fn in_short(message: &Message) -> String {
    let Some(report) = &message.report else { return "bulk or less".to_string() };
    let recipient = |r: &crate::message::ReportedRecipient| {
        format!("{} {} {}", r.address, r.action, r.status.as_deref().unwrap_or("-"))
    };
    format!("{} {}", report.kind.as_str(), report.recipients.iter().map(recipient).collect::<Vec<_>>().join(", "))
}

/// A mail in the standard form with these fields of its recipients.
fn with_fields(fields: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nIt did not work.\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <pr.1@desk.example>\nTo: ann@example.com\n\n--b--\n"
    )
}

#[test]
fn fields_are_read_with_what_servers_leave_out() {
    let final_ = "Final-Recipient: rfc822; ann@example.com\n";
    let cases: [(&str, String, &str); 19] = [
        ("no type", "Final-Recipient: ann@example.com\nAction: failed\nStatus: 5.1.1\n".into(), "failed ann@example.com failed 5.1.1"),
        ("no action", format!("{final_}Status: 4.4.1\n"), "delayed ann@example.com delayed 4.4.1"),
        ("no status", format!("{final_}Action: failed\nDiagnostic-Code: smtp; 550 5.2.1 no\n"), "failed ann@example.com failed 5.2.1"),
        ("no status, words", format!("{final_}Action: failed\nDiagnostic-Code: mailbox full\n"), "failed ann@example.com failed 5.2.2"),
        ("nothing but an action", format!("{final_}Action: failed\n"), "failed ann@example.com failed 5.0.0"),
        ("a comment", format!("{final_}Action: failed (really)\nStatus: 5.1.1 (bad mailbox)\n"), "failed ann@example.com failed 5.1.1"),
        ("a vague status", format!("{final_}Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 user unknown\n"), "failed ann@example.com failed 5.1.1"),
        ("a vague status and its comment", format!("{final_}Action: failed\nStatus: 5.0.0 (over quota)\n"), "failed ann@example.com failed 5.2.2"),
        ("refused for good at last", format!("{final_}Action: failed\nStatus: 4.5.0\nDiagnostic-Code: smtp; 550 5.5.0 no\n"), "failed ann@example.com failed 5.5.0"),
        ("delayed in spite of a 5", format!("{final_}Action: delayed\nStatus: 4.4.1\nDiagnostic-Code: smtp; 550 5.5.0 no\n"), "delayed ann@example.com delayed 4.4.1"),
        ("another word", format!("{final_}Action: expired\nStatus:\nDiagnostic-Code: Connection timed out\n"), "failed ann@example.com failed 5.4.1"),
        ("relayed", format!("{final_}Action: relayed\nStatus: 2.0.0\n"), "delivered ann@example.com relayed 2.0.0"),
        ("two groups", format!("{final_}Action: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; bob@example.com\nAction: delayed\nStatus: 4.2.2\n"), "failed ann@example.com failed 5.1.1, bob@example.com delayed 4.2.2"),
        ("no line between two", format!("{final_}Action: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.2.2\n"), "failed ann@example.com failed 5.1.1, bob@example.com failed 5.2.2"),
        ("a line too many", format!("{final_}\nAction: failed\nStatus: 5.1.1\n"), "failed ann@example.com failed 5.1.1"),
        ("the address it was sent to", format!("Original-Recipient: rfc822; ann+shop@example.com\n{final_}Action: failed\nStatus: 5.1.1\n"), "failed ann+shop@example.com failed 5.1.1"),
        ("an address of a system", "Original-Recipient: rfc822; IMCEAEX-_O=X@example.com\nFinal-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n".into(), "failed ann@example.com failed 5.1.1"),
        ("X.400", "Original-Recipient: rfc822; ann@example.com\nFinal-Recipient: x400; /RFC-822=ann(a)example.com/C=WW/\nAction: failed\nStatus: 5.1.1\n".into(), "failed ann@example.com failed 5.1.1"),
        ("nobody", "X-Queue-ID: 1\n".into(), "failed ann@example.com failed 5.0.0"),
    ];
    let got = cases.map(|(name, fields, expected)| (name, in_short(&read(&with_fields(&fields))), expected));
    let wrong: Vec<_> = got.iter().filter(|(_, got, expected)| got != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_text_tells_what_bare_fields_do_not() {
    let report = |text: &str, fields: &str| {
        let fields = format!("Final-Recipient: rfc822; ann@example.com\nAction: failed\n{fields}\n");
        in_short(&read(&with_fields(&fields).replace("It did not work.", text)))
    };
    let said = "<ann@example.com>:\nRemote host said: 550 no such user here";
    let cases = [
        ("words", report(said, "Status: 5.0.0"), "failed ann@example.com failed 5.1.1"),
        ("the class of the fields", report(said, "Status: 4.0.0"), "failed ann@example.com failed 4.1.1"),
        ("fields that say more", report(said, "Status: 5.2.2"), "failed ann@example.com failed 5.2.2"),
        (
            "words about another",
            report("<bob@example.com>:\nUser unknown", "Status: 5.0.0"),
            "failed ann@example.com failed 5.1.1",
        ),
        ("no words", report("It did not work.", "Status: 5.0.0"), "failed ann@example.com failed 5.0.0"),
    ];
    for (name, got, expected) in cases {
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn only_what_failed_for_good_speaks_against_an_address() {
    let cases = [
        ("failed", Some("5.1.1"), true),
        ("failed", Some("4.4.7"), false),
        ("failed", None, true),
        ("delayed", Some("5.1.1"), false),
        ("delivered", Some("2.0.0"), false),
    ];
    for (action, status, expected) in cases {
        let (address, status) = (String::new(), status.map(str::to_string));
        let recipient = crate::message::ReportedRecipient { address, action: action.into(), status, diagnostic: None };
        assert_eq!(recipient.is_permanent(), expected, "{recipient:?}");
    }
}

#[test]
fn recipients_are_listed_up_to_a_limit() {
    use crate::message::limits::MAX_REPORTED_RECIPIENTS;
    for (count, listed) in
        [(MAX_REPORTED_RECIPIENTS, MAX_REPORTED_RECIPIENTS), (MAX_REPORTED_RECIPIENTS + 1, MAX_REPORTED_RECIPIENTS)]
    {
        let groups = |n: usize| format!("Final-Recipient: rfc822; a{n}@example.com\nAction: failed\nStatus: 5.1.1\n\n");
        let fields: String = (0..count).map(groups).collect();
        assert_eq!(report(&with_fields(&fields)).recipients.len(), listed, "{count} groups");
        let lines: String = (0..count).map(|n| format!("<a{n}@example.com>: no such user\n")).collect();
        let raw = format!(
            "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nThe following addresses failed:\n{lines}"
        );
        assert_eq!(report(&raw).recipients.len(), listed, "{count} lines");
    }
}

#[test]
fn lines_bytes_and_words_are_read_up_to_a_limit() {
    use crate::message::limits::{MAX_DIAGNOSTIC_CHARS, MAX_REPORT_BYTES, MAX_REPORT_LINES};
    let mail = |text: String| format!("From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n{text}");
    let count = |text: String| read(&mail(text)).report.map_or(0, |report| report.recipients.len());
    for (lines, found) in [(MAX_REPORT_LINES - 1, 1), (MAX_REPORT_LINES, 0)] {
        assert_eq!(count(format!("{}<ann@example.com>: no such user\n", "x\n".repeat(lines))), found, "{lines} lines");
    }
    let address = "<ann@example.com>: no such user";
    for (bytes, found) in [(MAX_REPORT_BYTES - address.len(), 1), (MAX_REPORT_BYTES, 0)] {
        assert_eq!(count(format!("{}\n{address}", "x".repeat(bytes - 1))), found, "{bytes} bytes");
    }
    for (chars, kept) in
        [(MAX_DIAGNOSTIC_CHARS, MAX_DIAGNOSTIC_CHARS), (MAX_DIAGNOSTIC_CHARS + 1, MAX_DIAGNOSTIC_CHARS)]
    {
        let found = report(&mail(format!("The following address failed:\n<ann@example.com>: {}\n", "x".repeat(chars))));
        assert_eq!(found.recipients[0].diagnostic.as_ref().unwrap().len(), kept);
        let fields = format!(
            "Final-Recipient: rfc822; ann@example.com\nAction: failed\nDiagnostic-Code: smtp; {}\n",
            "x".repeat(chars)
        );
        assert_eq!(report(&with_fields(&fields)).recipients[0].diagnostic.as_ref().unwrap().len(), kept);
    }
}

#[test]
fn complaints_are_told_from_what_servers_doubt() {
    let raw = |kind: &str| {
        format!(
            "From: fbl@provider.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
             --b\n\nSpam.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nOriginal-Rcpt-To: ann@example.com\n\n--b--\n"
        )
    };
    for (kind, is_complaint, is_of_reader) in [
        ("abuse", true, true),
        ("fraud", true, true),
        ("opt-out", true, true),
        ("auth-failure", true, false),
        ("not-spam", false, false),
    ] {
        let report = read(&raw(kind)).report;
        assert_eq!(report.as_ref().is_some_and(|report| report.kind == ReportKind::Complaint), is_complaint, "{kind}");
        assert_eq!(report.is_some_and(|report| report.is_complaint_of_reader()), is_of_reader, "{kind}");
    }
    assert_eq!(in_short(&read(&raw("not-spam"))), "delivered ann@example.com not-spam -");
    let plain = "From: staff@provider.example\nSubject: complaint about message from 192.0.2.1\n\
                 Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\
                 X-HmXmrOriginalRecipient: ann@example.com\nMessage-ID: <pr.1@desk.example>\n\nx\n--b--\n";
    let found = report(plain);
    assert_eq!((found.kind, found.recipients[0].address.as_str()), (ReportKind::Complaint, "ann@example.com"));
    assert_eq!(found.original_message_id.unwrap().0, "pr.1@desk.example");
}

#[test]
fn a_refusal_in_the_form_of_a_receipt_is_a_report() {
    let raw = |disposition: &str| {
        format!(
            "From: Mail Delivery Subsystem <postmaster@mx.example>\nSubject: Automatically rejected mail\n\
             Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n\
             --b\n\nYour message to <ann@example.com> was automatically rejected:\nQuota exceeded\n\
             --b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; ann@example.com\n\
             Original-Message-ID: <pr.1@desk.example>\nDisposition: {disposition}\n\n--b--\n"
        )
    };
    let refused = read(&raw("automatic-action/MDN-sent-automatically; deleted"));
    assert_eq!(in_short(&refused), "failed ann@example.com failed 5.2.2");
    assert_eq!(read(&raw("manual-action/MDN-sent-manually; displayed")).origin, Origin::AutomaticReply);
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
    let (half, whole) = (lines(4_000), lines(8_000));
    let read = |text: &str| {
        assert!(prose("Undeliverable", &format!("Could not be delivered.\n{text}")).is_some());
    };
    let factor = growth::factor(3.0, || read(&half), || read(&whole));
    assert!(factor <= 3.0, "{factor:.1} times as long");
}
