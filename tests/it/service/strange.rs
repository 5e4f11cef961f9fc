//! Mails that no mail program should have written.

use super::{mail, nine};
use crate::support::service::Service;
use postroom::store::list::Filter;

/// Delivers a strange mail between two ordinary ones, and returns how it ended; the ordinary ones must be tickets.
async fn outcome_of(service: &Service, name: &str, raw: Vec<u8>) -> String {
    let before = service.inbox().await.len();
    service.deliver(mail("before@customer.example", &format!("before-{before}"), "something before"));
    service.deliver(raw);
    service.deliver(mail("after@customer.example", &format!("after-{before}"), "something after"));
    service.received(before + 3).await;
    let outcomes = service.outcomes().await;
    assert_eq!([&outcomes[before], &outcomes[before + 2]], ["ticket-opened"; 2], "{name}: its neighbours");
    outcomes[before + 1].clone()
}

fn with_headers(headers: &[&str], text: &str) -> Vec<u8> {
    format!("{}\r\n\r\n{text}\r\n", headers.join("\r\n")).into_bytes()
}

/// Multiparts in multiparts.
fn nested(depth: usize) -> Vec<u8> {
    let mut raw = b"From: ann@customer.example\r\nSubject: boxes\r\nMessage-ID: <nested@customer.example>\r\n".to_vec();
    for level in 0..depth {
        raw.extend(format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n").into_bytes());
    }
    raw.extend(b"Content-Type: text/plain\r\n\r\nin the middle\r\n");
    for level in (0..depth).rev() {
        raw.extend(format!("--b{level}--\r\n").into_bytes());
    }
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_read_is_kept_for_a_person_and_its_neighbours_go_on() {
    let service = Service::start(nine()).await;
    let garbage: Vec<u8> = (0..5_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut many_headers = b"From: ann@customer.example\r\nSubject: headers\r\n".to_vec();
    for n in 0..20_000 {
        many_headers.extend(format!("X-Header-{n}: {n}\r\n").into_bytes());
    }
    many_headers.extend(b"\r\nThe text.\r\n");
    let cases = [
        ("garbage", garbage, "quarantined(unreadable)"),
        ("nothing at all", Vec::new(), "quarantined(empty)"),
        ("only a line end", b"\r\n".to_vec(), "quarantined(empty)"),
        ("two hundred multiparts deep", nested(200), "quarantined(too-deep)"),
        ("twenty thousand headers", many_headers, "quarantined(too-many-headers)"),
        (
            "nobody in From",
            with_headers(&["Subject: who am I", "Message-ID: <n1@x.example>"], "?"),
            "quarantined(no-sender)",
        ),
        (
            "an empty From",
            with_headers(&["From: <>", "Subject: nobody", "Message-ID: <n2@x.example>"], "?"),
            "quarantined(no-sender)",
        ),
        (
            "NUL bytes in the subject",
            with_headers(&["From: nul@customer.example", "Subject: a\0b\0c"], "te\0xt"),
            "ticket-opened",
        ),
        (
            "a megabyte without a line end",
            [mail("ann@customer.example", "long", "long"), vec![b'x'; 1 << 20]].concat(),
            "ticket-opened",
        ),
    ];
    for (name, raw, expected) in cases {
        let outcome = outcome_of(&service, name, raw.clone()).await;
        assert_eq!(outcome, expected, "{name}");
        let row = service.inbox().await.into_iter().rev().nth(1).unwrap();
        let kept = service.store.find_inbox_raw(row.id).await.unwrap();
        assert_eq!(kept.as_deref(), Some(&raw[..]), "{name}: the bytes are kept as they came");
    }
    let to_nobody = service.smtp.mails().into_iter().filter(|mail| mail.to[0].ends_with("x.example")).count();
    assert_eq!(to_nobody, 0, "nobody is written to who cannot be");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_charset_costs_letters_and_not_the_ticket() {
    let service = Service::start(nine()).await;
    let charsets = ["utf-8", "klingon-8", "us-ascii", "iso-8859-15", "utf-16", "=?utf-8?"];
    for charset in charsets {
        let mut raw = with_headers(
            &[
                &format!("From: {charset} <ann@customer.example>"),
                "Subject: =?klingon-8?B?8PHy8/T1?= and more",
                &format!("Content-Type: text/plain; charset=\"{charset}\""),
            ],
            "",
        );
        raw.extend(b"Gr\xfc\xdfe \xff\xfe \xf0\x9f");
        assert_eq!(outcome_of(&service, charset, raw).await, "ticket-opened", "{charset}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_without_a_message_id_is_known_again_when_it_comes_twice() {
    let service = Service::start(nine()).await;
    let raw = with_headers(&["From: ann@customer.example", "Subject: no id"], "Hello.");
    service.deliver(raw.clone());
    service.received(1).await;
    service.deliver(raw);
    service.deliver(with_headers(&["From: ann@customer.example", "Subject: no id"], "Another mail without an id."));
    service.settle(3).await;
    assert_eq!(service.outcomes().await, ["ticket-opened", "duplicate", "ticket-opened"]);
    let ids: Vec<String> = service.inbox().await.into_iter().map(|row| row.message_id.unwrap()).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert_eq!(service.purposes_to("ann@customer.example").await, ["acknowledgement"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mail_of_which_little_was_read_is_taken_for_another_one() {
    let service = Service::start(nine()).await;
    let below = |top: &str, who: &str, text: &str| {
        let fields = [
            top,
            &format!("From: {who}@customer.example"),
            "Subject: Invoice",
            &format!("Message-ID: <{who}@x.example>"),
        ];
        with_headers(&fields, text)
    };
    let recipients = format!("X-Recipients: {}", vec!["somebody@customer.example"; 12_000].join(",\r\n "));
    let references =
        ["From: ann@customer.example", &format!("References: {}", "<a@x.example>\r\n ".repeat(20_000))].join("\r\n");
    let mails = [
        below(&recipients, "ann", "Ann's words."),
        below(&recipients, "bob", "Bob's words."),
        below(&references, "ann", "The first."),
        below(&references, "ann", "The second, which is another one."),
        with_headers(&["Return-Path: <ann@customer.example>", "Received: by a.example"], ""),
        with_headers(&["Return-Path: <bob@customer.example>", "Received: by a.example"], ""),
        below(&recipients, "bob", "Bob's words."),
    ];
    for (at, raw) in mails.into_iter().enumerate() {
        service.deliver(raw);
        service.received(at + 1).await;
    }
    service.settle(7).await;
    let many = "quarantined(too-many-headers)";
    let nobody = "quarantined(no-sender)";
    assert_eq!(service.outcomes().await, [many, many, many, many, nobody, nobody, "duplicate"]);
    let waiting = service.store.list_quarantine(&Filter::default()).await.unwrap();
    assert_eq!(waiting.len(), 6, "each waits for a person");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_three_authors_is_the_first_ones_and_speaks_for_no_agent() {
    let service = Service::start(nine()).await;
    let authors = "From: Ann <ann@customer.example>, Bob <bob@desk.example>, carl@customer.example";
    service.deliver(with_headers(&[authors, "Subject: we three", "Message-ID: <three@x.example>"], "#close"));
    service.settle(1).await;
    assert_eq!(service.outcomes().await, ["ticket-opened"]);
    let ticket = &service.tickets().await[0];
    assert_eq!(ticket.requester.as_deref(), Some("ann@customer.example"));
    assert_eq!(ticket.status.as_str(), "investigating");
    assert!(service.purposes_to("carl@customer.example").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_in_our_own_name_and_our_own_mail_coming_back_are_recorded_and_never_answered() {
    let service = Service::start(nine()).await;
    service.deliver(mail("Ann <ann@customer.example>", "m1", "a question"));
    service.settle(1).await;
    let sent = service.smtp.mails();
    let ours = [mail("support@desk.example", "o1", "us?"), mail("Support+x <SUPPORT+pr@desk.example>", "o2", "us?")];
    for raw in ours {
        service.deliver(raw);
    }
    for mail in &sent {
        service.deliver(mail.bytes.clone());
    }
    service.settle(3 + sent.len()).await;
    assert!(service.outcomes().await[1..].iter().all(|outcome| outcome == "own-mail"));
    assert_eq!(service.tickets().await.len(), 1);
    assert_eq!(service.smtp.mails().len(), sent.len(), "nothing more went out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_that_writes_from_a_new_detail_each_time_is_one_robot() {
    let service = Service::start(nine()).await;
    let forms = ["robot+t{}@customer.example", "Robot+T{}@Customer.example", "\"robot+q{}\"@customer.example"];
    for n in 0..30 {
        let from = forms[n % forms.len()].replace("{}", &n.to_string());
        service.deliver(mail(&from, &format!("r{n}"), &format!("Your request #{n} was received")));
        if n % 10 == 9 {
            service.settle(n + 1).await;
        }
    }
    assert_eq!(service.tickets().await.len(), 30, "no mail is lost for being one of many");
    let answers = service.smtp.mails().into_iter().filter(|mail| mail.to[0].to_lowercase().contains("robot")).count();
    assert_eq!(answers, 3, "three answers an hour");
    let breakers = service.store.list_breakers(&Filter::default(), false, service.clock.now()).await.unwrap();
    let open: Vec<&str> = breakers.iter().map(|row| row.subject.as_str()).collect();
    assert_eq!(open, ["robot@customer.example"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_one_address_gets_a_ticket_for_each_mail_and_few_answers() {
    let service = Service::start(nine()).await;
    for n in 0..40 {
        service.deliver(mail("flood@customer.example", &format!("f{n}"), &format!("flood {n}")));
    }
    service.settle(40).await;
    assert_eq!(service.tickets().await.len(), 40, "no mail is lost for being one of many");
    assert_eq!(service.purposes_to("flood@customer.example").await.len(), 3, "three answers an hour");
    for hour in 1..=12 {
        service.pass(jiff::SignedDuration::from_mins(61));
        service.settle(0).await;
        for n in 0..5 {
            service.deliver(mail("flood@customer.example", &format!("g{hour}-{n}"), &format!("flood {hour} {n}")));
        }
        service.settle(40 + hour * 5).await;
    }
    let answers = service.purposes_to("flood@customer.example").await;
    assert_eq!(answers.len(), 10, "ten answers a day, holding updates among them: {answers:?}");
}
