//! Mails that are larger than the limit.

use super::{mail, nine};
use crate::support::service::Service;
use jiff::SignedDuration;

const LIMIT: u64 = 5_000;

async fn desk() -> Service {
    let mut service = Service::prepare(nine(), |config| config.policy.max_mail_bytes = LIMIT).await;
    service.open();
    service
}

fn large(from: &str, id: &str) -> Vec<u8> {
    [mail(from, id, "a large file"), vec![b'x'; 20_000]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_over_the_limit_is_not_fetched_and_waits_for_a_person_with_its_headers() {
    let service = desk().await;
    let raw = large("Ann <ann@customer.example>", "l1");
    service.deliver(mail("before@customer.example", "b", "something before"));
    let uid = service.deliver(raw);
    service.deliver(mail("after@customer.example", "a", "something after"));
    service.settle(3).await;
    let mut outcomes = service.outcomes().await;
    outcomes.sort();
    assert_eq!(outcomes, ["quarantined(oversize)", "ticket-opened", "ticket-opened"]);
    let rows = service.inbox().await;
    let row = rows.iter().find(|row| row.place.uid == uid).unwrap();
    assert_eq!((row.from.as_deref(), row.subject.as_deref()), (Some("ann@customer.example"), Some("a large file")));
    assert_eq!(row.reasons.as_deref(), Some("oversize: 21 kB, the limit is 5 kB"));
    let kept = service.store.find_inbox_raw(row.id).await.unwrap().unwrap();
    assert!(kept.ends_with(b"\r\n\r\n") && kept.len() < 400, "the headers are kept, and only they");
    let whole = format!("UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[])");
    assert!(!service.imap.commands().contains(&whole));

    let notices = service.smtp.mails().into_iter().filter(|mail| mail.to == ["ann@customer.example"]);
    let notices: Vec<String> = notices.map(|mail| String::from_utf8(mail.bytes).unwrap()).collect();
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("In-Reply-To: <l1@customer.example>") && notices[0].len() < 6_000, "{}", notices[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sender_of_large_mails_gets_one_notice_a_day() {
    let service = desk().await;
    let notices = async |address| service.purposes_to(address).await;
    for n in 0..4 {
        service.deliver(large("ann@customer.example", &format!("l{n}")));
    }
    service.settle(4).await;
    assert_eq!(notices("ann@customer.example").await, ["oversize"], "four in one batch");
    service.deliver(large("Ann <ANN@customer.example>", "l4"));
    service.deliver(large("carl@customer.example", "l5"));
    service.deliver(mail("ann@customer.example", "small", "it does not fit"));
    service.settle(7).await;
    assert_eq!(
        notices("ann@customer.example").await,
        ["oversize", "acknowledgement"],
        "an answer of another kind may go"
    );
    assert_eq!(notices("carl@customer.example").await, ["oversize"], "everybody gets their own");
    service.pass(SignedDuration::from_hours(25));
    service.settle(0).await;
    service.deliver(large("ann@customer.example", "l6"));
    service.settle(8).await;
    assert_eq!(notices("ann@customer.example").await.iter().filter(|purpose| *purpose == "oversize").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_large_mail_gets_no_notice() {
    let service = desk().await;
    let robots = ["Auto-Submitted: auto-generated", "Precedence: bulk", "Return-Path: <>"];
    for (n, mark) in robots.iter().enumerate() {
        let mut raw = format!("{mark}\r\n").into_bytes();
        raw.extend(large("robot@customer.example", &format!("r{n}")));
        service.deliver(raw);
    }
    service.deliver(large("no-reply@customer.example", "r9"));
    service.settle(4).await;
    assert_eq!(service.outcomes().await, ["quarantined(oversize)"; 4]);
    assert!(service.smtp.mails().is_empty());
}
