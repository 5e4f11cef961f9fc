//! SMTP servers that put off, refuse, hang, and forget to say that they have taken a mail.

use super::{insist_on_one_ticket_and_one_acknowledgement_each, mail, mails, nine, process_all};
use crate::support::service::Service;
use crate::support::smtp_server::{Fault, Received, Step};
use crate::support::wait_until;
use jiff::SignedDuration;
use postroom::serve::deliver::Courier;
use postroom::smtp::Deadlines;
use postroom::ticket::event::What;
use std::time::Duration;

const ANN: &str = "ann@customer.example";

fn message_id(mail: &Received) -> String {
    let text = String::from_utf8_lossy(&mail.bytes).into_owned();
    text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().to_owned()
}

/// Waits until mail was put off so many times.
async fn put_off(service: &Service, times: usize) {
    wait_until("mail is put off", async || {
        service.outbox().await.iter().filter(|row| row.state == "waiting" && row.error.is_some()).count() >= times
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_put_off_goes_later_and_keeps_its_order() {
    let service = Service::start(nine()).await;
    service.smtp.script(Fault::at(Step::Rcpt).replies("451 4.7.1 come back later").to("bob@desk.example").times(2));
    service.deliver(mail(ANN, "m1", "a question"));
    service.received(1).await;
    put_off(&service, 1).await;
    let ticket = &service.tickets().await[0].id.to_string();
    service.deliver(mail(ANN, "m2", &format!("Re: [{ticket}] a question")));
    service.received(2).await;
    assert_eq!(service.purposes_to("bob@desk.example").await, ["notification"; 2]);
    for _ in 0..2 {
        service.pass(SignedDuration::from_mins(2));
    }
    // Claimed is not yet put off: the clock must not move before the attempt has looked at it.
    wait_until("the second attempt was put off", async || {
        service.outbox().await.iter().any(|row| row.attempt >= 2 && row.state == "waiting")
    })
    .await;
    service.pass(SignedDuration::from_mins(2));
    service.sent().await;
    let to_bob = service.smtp.mails().into_iter().filter(|mail| mail.to == ["bob@desk.example"]);
    let went: Vec<String> = to_bob.map(|mail| message_id(&mail)).collect();
    let written = service.outbox().await.into_iter().filter(|row| row.to == "bob@desk.example");
    let written: Vec<String> = written.map(|row| format!("<{}>", row.message_id)).collect();
    assert_eq!(went, written, "in the order in which they were written, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_mail_stands_on_the_timeline_and_the_agent_is_told_once() {
    let service = Service::start(nine()).await;
    service.smtp.script(Fault::at(Step::Rcpt).replies("550 5.1.1 no such user here").to(ANN).always());
    service.deliver(mail(ANN, "m1", "a question"));
    service.settle(1).await;
    let row = service.outbox().await.into_iter().find(|row| row.to == ANN).unwrap();
    assert_eq!((row.state.as_str(), row.attempt), ("failed", 1));
    assert!(row.error.unwrap().contains("no such user here"));
    let timeline = service.timeline(1001).await;
    let told = |what: &What| matches!(what, What::Undelivered { to, detail } if to == ANN && detail.contains("5.1.1"));
    assert_eq!(timeline.iter().filter(|event| told(&event.what)).count(), 1);
    assert_eq!(service.purposes_to("bob@desk.example").await, ["notification", "undelivered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_nothing_reaches_an_agent_is_told_to_nobody_for_ever() {
    let service = Service::start(nine()).await;
    service.smtp.script(Fault::at(Step::Rcpt).replies("550 5.1.1 no such user here").always());
    service.deliver(mail(ANN, "m1", "a question"));
    service.settle(1).await;
    assert!(service.outbox().await.iter().all(|row| row.state == "failed"));
    let told: Vec<String> = service.outbox().await.into_iter().map(|row| row.purpose).collect();
    let once_each = ["undelivered"; 3];
    assert_eq!(told, [&["acknowledgement", "notification"][..], &once_each].concat(), "each agent is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_after_the_data_gets_the_same_mail_again() {
    let service = Service::start(nine()).await;
    service.smtp.script(Fault::at(Step::Dot).keeps_then_hangs_up().to(ANN));
    service.deliver(mail(ANN, "m1", "a question"));
    service.received(1).await;
    put_off(&service, 1).await;
    service.pass(SignedDuration::from_mins(2));
    service.settle(1).await;
    let got: Vec<Received> = service.smtp.mails().into_iter().filter(|mail| mail.to == [ANN]).collect();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].bytes, got[1].bytes, "the same bytes, and so the same Message-ID");
    assert_eq!(service.purposes_to(ANN).await, ["acknowledgement"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_costs_its_deadline_and_no_mail() {
    let service = Service::prepare(nine(), |_| {}).await;
    for step in [Step::Greeting, Step::Mail, Step::Rcpt, Step::Data, Step::Dot] {
        service.smtp.script(Fault::at(step).hangs());
    }
    let desk = service.desk();
    for raw in mails(3) {
        let place = postroom::store::Place { mailbox: String::new(), uid_validity: 0, uid: 0 };
        let digest = postroom::message::Digest::of(&raw);
        let new =
            postroom::store::NewMail { place, received_at: nine(), digest, raw: raw.into(), oversize_bytes: None };
        service.store.keep_ingested("ingest", vec![new], nine()).await.unwrap();
    }
    process_all(&desk).await;
    let quick = Duration::from_millis(60);
    let deadlines = Deadlines { connect: quick, command: quick, content: quick, accept: quick, quit: quick };
    let mut courier = Courier::new(&service.config.smtp, deadlines);
    for _ in 0..20 {
        courier.deliver_due(&desk).await.unwrap();
        service.pass(SignedDuration::from_hours(2));
    }
    assert!(service.outbox().await.iter().all(|row| row.state == "sent"), "{:?}", service.outbox().await);
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_gets_everything_when_it_is_back() {
    let service = Service::start(nine()).await;
    service.smtp.stop_listening().await;
    for raw in mails(30) {
        service.deliver(raw);
    }
    service.received(30).await;
    put_off(&service, 1).await;
    service.smtp.listen_again().await;
    // What was on its way to the dead server is put off a moment later than what was waited for.
    let time = async {
        loop {
            service.pass(SignedDuration::from_mins(2));
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::select! {
        () = time => {}
        _ = service.settle(30) => {}
    }
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_the_null_reverse_path_gets_one_that_leads_back_to_us() {
    let service = Service::start(nine()).await;
    service.smtp.script(Fault::at(Step::Mail).replies("553 5.1.7 give a sender").to("").always());
    for raw in mails(4) {
        service.deliver(raw);
    }
    service.settle(4).await;
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 4).await;
    for mail in service.smtp.mails() {
        let from = mail.from.unwrap();
        assert!(from.starts_with("support+") && from.ends_with("@desk.example"), "{from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_whose_mail_bounced_gets_no_automatic_mail_any_more() {
    let service = Service::start(nine()).await;
    service.deliver(mail(ANN, "m1", "a question"));
    service.settle(1).await;
    let acknowledged = service.smtp.mails().into_iter().find(|mail| mail.to == [ANN]).unwrap();
    let id = message_id(&acknowledged);
    let report = format!(
        "From: Mail Delivery System <MAILER-DAEMON@mx.customer.example>\r\nTo: support@desk.example\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce@mx.customer.example>\r\n\
         Return-Path: <>\r\nAuto-Submitted: auto-replied\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n\
         Final-Recipient: rfc822; {ANN}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\nSubject: x\r\n\r\n--b--\r\n"
    );
    service.deliver(report);
    service.settle(2).await;
    service.deliver(mail(ANN, "m2", "another question"));
    service.deliver(mail("Carl <carl@customer.example>", "m3", "a question"));
    service.settle(4).await;
    assert_eq!(service.outcomes().await, ["ticket-opened", "bounce", "ticket-opened", "ticket-opened"]);
    let reasons = service.inbox().await.remove(1).reasons.unwrap();
    assert!(reasons.contains("suppressed"), "{reasons}");
    assert_eq!(service.purposes_to(ANN).await, ["acknowledgement"], "none for the second ticket");
    assert_eq!(service.purposes_to("carl@customer.example").await, ["acknowledgement"]);
    assert_eq!(service.purposes_to("bob@desk.example").await.iter().filter(|word| *word == "undelivered").count(), 1);
}
