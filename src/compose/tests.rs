//! Whatever strangers write, what we send is one well-formed mail that says what it should.

use super::sample::{Sample, policy};
use super::words::clean;
use super::*;
use crate::decide::draft::{Content, News};
use crate::message::{Address, Calendar, CalendarMethod};
use crate::ticket::Severity;
use crate::ticket::calendar;
use crate::ticket::people::{AgentId, Team, TeamId};
use mail_parser::{HeaderValue, MessageParser, MimeHeaders};
use proptest::prelude::*;
use std::sync::LazyLock;

mod agent;
mod quoted;

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| match Templates::compile(&[]) {
    Ok(templates) => templates,
    Err(errors) => panic!("{}", errors.iter().map(|e| format!("{e}\n")).collect::<String>()),
});

fn written(sample: &Sample) -> OutgoingMail {
    let (policy, zone) = (policy(), TimeZone::UTC);
    sample.compose(&Desk { policy: &policy, zone: &zone, templates: &TEMPLATES }).unwrap()
}

/// The header fields, unfolded, as they stand in the bytes.
fn header_fields(mail: &OutgoingMail) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&mail.bytes);
    let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    head.split("\r\n").map(|l| l.split_once(':').unwrap()).map(|(n, v)| (n.to_owned(), v.trim().to_owned())).collect()
}

fn field(mail: &OutgoingMail, name: &str) -> Option<String> {
    header_fields(mail).into_iter().find(|(n, _)| n == name).map(|(_, value)| value)
}

const CUSTOMER_FIELDS: [&str; 13] = [
    "Date",
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Postroom",
    "MIME-Version",
    "Content-Type",
];

fn assert_well_formed(mail: &OutgoingMail, expected: &[&str]) {
    let names: Vec<String> = header_fields(mail).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, expected);
    let text = std::str::from_utf8(&mail.bytes).unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "a bare line end or a NUL");
    assert!(text.split("\r\n").all(|line| line.len() <= 998), "a line of more than 998 octets");
    assert!(text.is_ascii(), "not ASCII");
}

#[test]
fn each_purpose_has_the_marks_of_automatic_mail_or_none() {
    use Purpose::*;
    for (purpose, mark, has_reverse_path) in [
        (Acknowledgement, Some("auto-replied"), false),
        (Notification, Some("auto-generated"), false),
        (Reply, None, true),
        (HoldingUpdate, Some("auto-generated"), false),
        (Page, Some("auto-generated"), false),
        (Nudge, Some("auto-generated"), false),
        (Resolution, None, true),
        (Transcript, Some("auto-replied"), false),
        (Undelivered, Some("auto-generated"), false),
        (SpoofNotice, Some("auto-replied"), false),
        (Oversize, Some("auto-replied"), false),
    ] {
        let mail = written(&Sample::of(purpose));
        assert_eq!(field(&mail, "Auto-Submitted").as_deref(), mark, "{purpose}");
        assert_eq!(field(&mail, "X-Auto-Response-Suppress").is_some(), mark.is_some(), "{purpose}");
        assert_eq!(field(&mail, "X-Postroom").as_deref(), Some("sample"), "{purpose}");
        assert_eq!(mail.envelope.from.is_some(), has_reverse_path, "{purpose}");
    }
}

#[test]
fn every_mail_ends_with_its_marker_and_agents_mails_begin_with_the_cut_line() {
    for purpose in Purpose::ALL.iter().copied() {
        let mail = written(&Sample::of(purpose));
        let read = MessageParser::new().parse(&mail.bytes).unwrap();
        let text = read.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(text.lines().last(), Some("Ref: PR-1042 · 1-2bk.sample"), "{purpose}");
        assert!(!text.contains("\n\n\n"), "{purpose} has gaps:\n{text}");
        assert!(!text.contains("{{"), "{purpose}");
        let is_notice = matches!(purpose, Purpose::SpoofNotice | Purpose::Alarm);
        let is_to_agent = !purpose.is_for_customer() && !is_notice;
        assert_eq!(text.lines().next() == Some(ANSWER_ABOVE), is_to_agent, "{purpose}");
        let html = read.body_html(0).unwrap();
        let shown = &html[html.find("<body").unwrap()..];
        assert!(shown.contains("Ref: PR-1042 · 1-2bk.sample</p>"), "{purpose}");
        if is_to_agent {
            let before = &shown[..shown.find("##-").unwrap()];
            assert_eq!(before.matches("<p").count(), 1, "{purpose}: nothing is shown above the cut line");
        }
    }
}

#[test]
fn customers_see_the_desk_and_agents_see_the_customer() {
    let to_customer = written(&Sample::of(Purpose::Reply));
    assert_eq!(field(&to_customer, "From").unwrap(), "\"Example Support\" <support@desk.example>");
    assert_eq!(field(&to_customer, "Reply-To").unwrap(), "support+1042.1-2bk.sample@desk.example");
    assert_eq!(field(&to_customer, "Subject").unwrap(), "Re: API calls are refused [PR-1042]");
    assert!(!String::from_utf8_lossy(&to_customer.bytes).contains("bob@"));
    let to_agent = written(&Sample::of(Purpose::Notification));
    assert_eq!(field(&to_agent, "From").unwrap(), "\"Ann Example (PR-1042)\" <support+1042.1-2bk.sample@desk.example>");
    assert_eq!(field(&to_agent, "Subject").unwrap(), "[PR-1042] API calls are refused");
}

/// The plain text of a mail.
fn text_of(mail: &OutgoingMail) -> String {
    MessageParser::new().parse(&mail.bytes).unwrap().body_text(0).unwrap().replace("\r\n", "\n")
}

#[test]
fn times_are_in_the_customers_zone_or_in_the_desks() {
    let (policy, zone) = (policy(), TimeZone::fixed(jiff::tz::offset(-5)));
    let desk = Desk { policy: &policy, zone: &zone, templates: &TEMPLATES };
    let mut sample = Sample::of(Purpose::Acknowledgement);
    for (name, minutes, expected) in [
        ("west of Greenwich", Some(-210), "Monday, 2 March 2026, 06:00 (UTC-03:30)"),
        ("far in the east", Some(780), "Monday, 2 March 2026, 22:30 (UTC+13:00)"),
        ("unknown", None, "Monday, 2 March 2026, 04:30 (UTC-05:00)"),
        ("out of range", Some(i16::MAX), "Monday, 2 March 2026, 04:30 (UTC-05:00)"),
    ] {
        sample.ticket.parties[0].utc_offset_minutes = minutes;
        let text = text_of(&sample.compose(&desk).unwrap());
        assert!(text.contains(&format!("\nExpected Update: {expected}\n")), "{name}:\n{text}");
    }
}

#[test]
fn the_promise_in_the_acknowledgement_is_that_of_the_severity() {
    let mut sample = Sample::of(Purpose::Acknowledgement);
    sample.draft.to.name = None;
    for (severity, title, interval) in [
        (Severity::Critical, "Critical", "30 minutes"),
        (Severity::High, "High", "30 minutes"),
        (Severity::Medium, "Medium", "4 hours"),
        (Severity::Low, "Low", "24 hours"),
    ] {
        sample.ticket.severity = severity;
        let text = text_of(&written(&sample));
        assert!(text.starts_with("Hello,\n\nThank you for reporting this issue. We've received your report and\n"));
        assert!(text.contains(&format!("\nSeverity: {title}\n")), "{text}");
        assert!(text.contains(&format!("\nWe'll keep you updated every {interval}.\n")), "{text}");
    }
}

#[test]
fn agents_are_told_what_happened_and_who_reads_their_answer() {
    let bob = AgentId("bob".to_owned());
    let mallory = Address { name: Some("Mallory".to_owned()), address: "m@evil.example".to_owned() };
    let cases = [
        (News::Opened, None, "New ticket from Ann Example\n"),
        (News::FollowUp, None, "Ann Example wrote again\n"),
        (News::Reopened, None, "Open again: Ann Example answered the resolution\n"),
        (News::Confirmed, None, "Closed: Ann Example confirmed the resolution\n"),
        (News::SeverityRaised(Severity::Critical), None, "Severity raised to Critical\n"),
        (
            News::Escalated { by: bob.clone(), reason: "needs\na deploy".to_owned() },
            None,
            "Escalated to tier 2 by Bob Builder\nneeds a deploy\n",
        ),
        (
            News::PassedOn { by: bob.clone(), words: "They pay\nus well.".to_owned() },
            None,
            "New ticket from Ann Example, passed on by Bob Builder\nThey pay us well.\n",
        ),
        (
            News::Complained { address: "ann@example.com".to_owned() },
            None,
            "ann@example.com complained of a mail as unwanted\n\
             They get no automatic mail any more. What an agent writes still goes to them.\n",
        ),
        (
            News::Unverified,
            Some(mallory),
            "Not verified: Mallory <m@evil.example> wrote\n\
             Nobody vouches that the sender is on the ticket. An answer goes to the people on the ticket.\n",
        ),
    ];
    for (news, from, expected) in cases {
        let mut sample = Sample::of(Purpose::Notification);
        let Content::Notification(notification) = &mut sample.draft.content else { unreachable!() };
        let name = format!("{news:?}");
        (notification.news, notification.from, notification.caution) = (news, from, None);
        let text = text_of(&written(&sample));
        let start = format!(
            "{ANSWER_ABOVE}\n\nYour answer goes to: Ann Example <ann@example.com> and 1 in Cc\n\n{expected}\nTicket "
        );
        assert!(text.starts_with(&start), "{name}:\n{text}");
    }
}

#[test]
fn an_agent_is_told_that_a_monitor_reads_no_answer() {
    let cases = [
        (vec!["ann@example.com"], "Your answer goes to: ops@example.com"),
        (vec!["@example.com"], "Internal: a monitor is never answered, so only agents will read an answer"),
    ];
    for (monitors, expected) in cases {
        let policy = Policy { monitors: monitors.into_iter().map(str::to_owned).collect(), ..policy() };
        let desk = Desk { policy: &policy, zone: &TimeZone::UTC, templates: &TEMPLATES };
        let text = text_of(&Sample::of(Purpose::Notification).compose(&desk).unwrap());
        assert_eq!(text.lines().nth(2), Some(expected));
        assert!(crate::decide::NOTIFICATION_STARTS.iter().any(|start| expected.starts_with(start)));
    }
}

#[test]
fn an_agent_reads_what_an_invitation_says() {
    let event = Calendar {
        summary: Some("Migration\nweekend".to_owned()),
        starts: Some("2026-03-07T08:00:00Z".to_owned()),
        ends: Some("2026-03-07T10:00:00Z".to_owned()),
        place: Some("Room 5".to_owned()),
        organizer: Some("ann@example.com".to_owned()),
        ..Calendar::default()
    };
    let bare = Calendar { method: CalendarMethod::Cancel, ..Calendar::default() };
    let answer = Calendar {
        method: CalendarMethod::Reply,
        summary: Some("Standup".to_owned()),
        answer: Some("declined".to_owned()),
        ..Calendar::default()
    };
    let days = |first: &str, last: Option<&str>| Calendar {
        starts: Some(first.to_owned()),
        ends: last.map(str::to_owned),
        ..Calendar::default()
    };
    let whole = "“Migration weekend” from 2026-03-07T08:00:00Z to 2026-03-07T10:00:00Z in Room 5 by ann@example.com.";
    let cases = [
        (
            Calendar { method: CalendarMethod::Request, ..event.clone() },
            format!("It invites to {whole} The desk has not answered it.\n"),
        ),
        (event, format!("It tells of {whole}\n")),
        (days("2026-03-07", Some("2026-03-09")), "It tells of an event from 2026-03-07 to 2026-03-09.\n".to_owned()),
        (days("2026-03-07", Some("2026-03-07")), "It tells of an event on 2026-03-07.\n".to_owned()),
        (days("2026-03-07", Some("2026-03-06")), "It tells of an event on 2026-03-07.\n".to_owned()),
        (days("2026-03-07", None), "It tells of an event on 2026-03-07.\n".to_owned()),
        (bare, "It calls off an event.\n".to_owned()),
        (answer, "It answers the invitation to “Standup”: declined.\n".to_owned()),
    ];
    for (calendar, expected) in cases {
        let mut sample = Sample::of(Purpose::Notification);
        let Content::Notification(notification) = &mut sample.draft.content else { unreachable!() };
        notification.calendar = Some(calendar);
        let text = text_of(&written(&sample));
        // A mail is wrapped as mails are.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&text).contains(&words(&expected)), "{expected}\n{text}");
    }
}

#[test]
fn a_mail_without_words_says_so_and_why_where_it_is_encrypted() {
    let (policy, zone) = (policy(), TimeZone::UTC);
    let desk = Desk { policy: &policy, zone: &zone, templates: &TEMPLATES };
    let cases = [
        ("image/png", "The mail has no words of its own."),
        ("application/pgp-encrypted", "The mail is encrypted, or sealed"),
        ("application/pkcs7-mime", "The mail is encrypted, or sealed"),
    ];
    for (media_type, expected) in cases {
        let mut sample = Sample::of(Purpose::Notification);
        let Content::Notification(notification) = &mut sample.draft.content else { unreachable!() };
        (notification.text, notification.unread, notification.joined) = Default::default();
        let file = File { name: "a".to_owned(), media_type: media_type.to_owned(), bytes: b"x".to_vec() };
        let ticket = Some(&sample.ticket);
        let mail = compose(&sample.draft, ticket, &desk, &sample.stamps, vec![file], sample.now).unwrap();
        assert!(text_of(&mail).contains(expected), "{media_type}: {}", text_of(&mail));
    }
}

#[test]
fn a_ticket_without_a_customer_is_internal() {
    let mut sample = Sample::of(Purpose::Notification);
    sample.ticket.parties.clear();
    assert!(text_of(&written(&sample)).contains("\nInternal: only agents will read an answer\n"));
}

#[test]
fn a_notice_without_a_ticket_comes_from_the_desk_alone() {
    let (policy, zone) = (policy(), TimeZone::UTC);
    let desk = Desk { policy: &policy, zone: &zone, templates: &TEMPLATES };
    let mut sample = Sample::of(Purpose::Oversize);
    (sample.stamps.reply_address, sample.stamps.marker) = (String::new(), String::new());
    let mail = compose(&sample.draft, None, &desk, &sample.stamps, Vec::new(), sample.now).unwrap();
    assert_eq!(mail.subject, "Your mail was too large");
    assert_eq!(field(&mail, "From").unwrap(), "\"Example Support\" <support@desk.example>");
    assert_eq!(field(&mail, "Reply-To"), None);
    assert!(text_of(&mail).ends_with("\nBest regards,\nExample Support"), "{}", text_of(&mail));
}

#[test]
fn nothing_leads_from_a_notice_of_a_forgery_to_the_customer() {
    let mail = written(&Sample::of(Purpose::SpoofNotice));
    assert_eq!(field(&mail, "From").unwrap(), "\"Example Support\" <support@desk.example>");
    assert_eq!(field(&mail, "Reply-To"), None);
}

#[test]
fn a_transcript_says_whether_anything_was_carried_out() {
    let mut sample = Sample::of(Purpose::Transcript);
    let refused = text_of(&written(&sample));
    assert!(refused.contains("\nNothing of your mail was carried out, because of what is wrong below.\n"));
    assert!(refused.contains("\n  -    #take\n       not carried out\nwrong  #severity hihg\n"), "{refused}");
    let Content::Transcript { lines, carried_out, help } = &mut sample.draft.content else { unreachable!() };
    lines.truncate(1);
    lines[0].result = "the ticket is yours".to_owned();
    (*carried_out, *help) = (true, false);
    let done = text_of(&written(&sample));
    assert!(done.contains("\n\ndone   #take\n       the ticket is yours\n\nTicket "), "{done}");
    assert!(!done.contains("#resolve\nRoot Cause:"), "the list comes only when it is asked for");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for purpose in Purpose::ALL.iter().copied() {
        assert_eq!(written(&Sample::of(purpose)), written(&Sample::of(purpose)), "{purpose}");
    }
}

#[test]
fn the_interval_says_that_it_runs_in_opening_hours_where_it_does() {
    let hours = vec![calendar::read_hours("mon-fri 08:00-16:00").unwrap()];
    let office = calendar::Calendar { zone: TimeZone::UTC, hours, holidays: Default::default() };
    let policy = Policy { calendars: [("office".to_owned(), office)].into(), ..policy() };
    let desk = Desk { policy: &policy, zone: &TimeZone::UTC, templates: &TEMPLATES };
    for (name, calendar, severity, expected) in [
        ("open hours", Some("office"), Severity::Medium, "every 4 hours within our opening hours."),
        ("critical", Some("office"), Severity::Critical, "every 30 minutes."),
        ("gone", Some("closed down"), Severity::Medium, "every 4 hours."),
        ("none", None, Severity::Medium, "every 4 hours."),
    ] {
        let mut sample = Sample::of(Purpose::Acknowledgement);
        (sample.ticket.calendar, sample.ticket.severity) = (calendar.map(str::to_owned), severity);
        let text = text_of(&sample.compose(&desk).unwrap());
        assert!(text.contains(&format!("We'll keep you updated {expected}\n")), "{name}:\n{text}");
    }
}

#[test]
fn an_address_that_cannot_be_written_to_is_refused() {
    let mut sample = Sample::of(Purpose::Acknowledgement);
    sample.draft.to = Address::bare("ann@example.com>\r\nBcc: <x@evil.example");
    let (policy, zone) = (policy(), TimeZone::UTC);
    let result = sample.compose(&Desk { policy: &policy, zone: &zone, templates: &TEMPLATES });
    assert_eq!(result, Err(ComposeError::UnusableAddress("ann@example.com>\r\nBcc: <x@evil.example".to_owned())));
}

#[test]
fn files_go_along_byte_for_byte() {
    let mut sample = Sample::of(Purpose::Reply);
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let file = |name: &str, media_type: &str| File {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        bytes: bytes.clone(),
    };
    sample.files = vec![
        file("Übersicht März 2026 – Antwortzeiten aller Regionen, Teil 1.pdf", "application/pdf"),
        file("forwarded.eml", "message/rfc822"),
        file("../x\r\nContent-Type: text/html", "not a type"),
    ];
    let mail = written(&sample);
    let read = MessageParser::new().parse(&mail.bytes).unwrap();
    let found: Vec<_> = read.attachments().map(|a| (a.attachment_name().unwrap().to_owned(), a.contents())).collect();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Übersicht März 2026 – Antwortzeiten aller Regionen, Teil 1.pdf",
            "forwarded.eml",
            "_x Content-Type: text_html",
        ]
    );
    assert!(found.iter().all(|(_, contents)| *contents == bytes));
}

#[test]
fn words_of_a_mail_are_never_filled_as_a_template() {
    let mut sample = Sample::of(Purpose::Reply);
    let text = "Put {{marker}} and {{#if x}} into {{{your}}} template.".to_owned();
    sample.draft.content = Content::Reply { text: text.clone(), expected_update_at: None };
    let mail = written(&sample);
    let read = MessageParser::new().parse(&mail.bytes).unwrap();
    assert!(read.body_text(0).unwrap().starts_with(&text));
    assert!(read.body_html(0).unwrap().contains(&text));
}

/// Text with everything in it that has ever broken a header or a body.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "\\PC{0,12}",
        2 => "[ -~]{0,100}",
        1 => any::<char>().prop_map(String::from),
        1 => Just("\r\nBcc: x@evil.example\r\n".to_owned()),
        1 => Just("\r\n\r\n--=_b\r\nContent-Type: text/html\r\n\r\n".to_owned()),
        1 => Just("=?utf-8?q?=0D=0ABcc:_x?=".to_owned()),
        1 => Just("\"<>,;:\\()[]@. 👩‍🚀 日本語".to_owned()),
        1 => Just("x".repeat(1_200)),
        1 => Just("line \nline\t \r.\n.\n\nFrom x\n-- \n".to_owned()),
        1 => Just("\u{0}\u{7f}\u{85}\u{2028}\u{202e}\u{feff}".to_owned()),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_subject_and_name_stay_one_field(subject in hostile(), name in hostile(), issue in hostile()) {
        let mut sample = Sample::of(Purpose::Acknowledgement);
        sample.ticket.subject = subject;
        sample.draft.to.name = Some(name.clone());
        let Content::Acknowledgement { issue: field, .. } = &mut sample.draft.content else { unreachable!() };
        *field = issue;
        let mail = written(&sample);
        assert_well_formed(&mail, &CUSTOMER_FIELDS);
        let read = MessageParser::new().parse(&mail.bytes).unwrap();
        prop_assert_eq!(read.subject().unwrap(), mail.subject.as_str());
        let Some(HeaderValue::Address(to)) = read.header("To") else { panic!("no To") };
        let to: Vec<_> = to.iter().collect();
        prop_assert_eq!(to.len(), 1);
        prop_assert_eq!(to[0].address(), Some("ann@example.com"));
        let line = headers::shortened(&headers::one_line(&name), 100);
        prop_assert_eq!(to[0].name().unwrap_or_default(), line.as_str());
        prop_assert_eq!(read.parts.len(), 3);
    }

    #[test]
    fn any_text_is_read_back(text in hostile()) {
        let mut sample = Sample::of(Purpose::Reply);
        sample.draft.content = Content::Reply { text: text.clone(), expected_update_at: None };
        let mail = written(&sample);
        let expected: Vec<&str> =
            CUSTOMER_FIELDS.into_iter().filter(|n| !matches!(*n, "Auto-Submitted" | "X-Auto-Response-Suppress")).collect();
        assert_well_formed(&mail, &expected);
        let read = MessageParser::new().parse(&mail.bytes).unwrap();
        let body = read.body_text(0).unwrap().replace("\r\n", "\n");
        let expected =
            format!("{}\n\nBest regards,\nExample Support\n\nRef: PR-1042 · 1-2bk.sample", clean(&text));
        prop_assert_eq!(body.trim_start_matches('\u{feff}'), expected.trim_start_matches('\u{feff}'));
        prop_assert_eq!(read.parts.len(), 5);
    }

    #[test]
    fn any_customer_can_be_shown_to_an_agent(name in hostile(), text in hostile(), caution in hostile()) {
        let mut sample = Sample::of(Purpose::Notification);
        sample.ticket.parties[0].address.name = Some(name.clone());
        let Content::Notification(notification) = &mut sample.draft.content else { unreachable!() };
        notification.text = text;
        notification.caution = Some(caution);
        notification.from = Some(Address { name: Some(name), address: "ann@example.com".to_owned() });
        let mail = written(&sample);
        assert_well_formed(&mail, &CUSTOMER_FIELDS);
        let read = MessageParser::new().parse(&mail.bytes).unwrap();
        let Some(HeaderValue::Address(from)) = read.header("From") else { panic!("no From") };
        prop_assert_eq!(from.first().unwrap().address(), Some("support+1042.1-2bk.sample@desk.example"));
        let body = read.body_text(0).unwrap();
        prop_assert_eq!(body.lines().next(), Some(ANSWER_ABOVE));
        prop_assert!(!body.contains('\0'), "a NUL");
    }
}
