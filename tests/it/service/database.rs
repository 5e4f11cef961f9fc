//! A database that refuses, a disk that is full, a desk that closes and opens, a clock that jumps.

use super::{insist_on_one_ticket_and_one_acknowledgement_each, mail, mails, nine, process_all};
use crate::support::service::Service;
use crate::support::smtp_server::{Fault, Step};
use crate::support::wait_until;
use jiff::SignedDuration;

/// A table that has no room for another row, which SQLite tells as it tells a full disk.
pub const FULL_TABLE: &str = "CREATE TABLE full (n INTEGER PRIMARY KEY AUTOINCREMENT); \
    INSERT INTO full VALUES (9223372036854775807);";

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_processed_is_set_aside_after_five_attempts_and_its_neighbours_go_on() {
    let mut service = Service::prepare(nine(), |_| {}).await;
    service
        .meddle(
            "CREATE TRIGGER poison BEFORE INSERT ON tickets WHEN NEW.subject = 'poison' \
             BEGIN SELECT RAISE(ABORT, 'poison'); END",
        )
        .await;
    let poison = mail("mallory@customer.example", "poison", "poison");
    service.deliver(poison.clone());
    for raw in mails(6) {
        service.deliver(raw);
    }
    service.open();
    let ended = async || service.outcomes().await.iter().filter(|outcome| *outcome == "ticket-opened").count() == 6;
    wait_until("its neighbours are tickets", ended).await;
    for attempt in 1..5 {
        let row = async || service.inbox().await.remove(0);
        wait_until("the mail was tried again", async || {
            let row = row().await;
            row.attempt == attempt && row.state == "new"
        })
        .await;
        assert!(row().await.error.unwrap().contains("poison"), "why it failed is told");
        service.pass(SignedDuration::from_mins(1));
    }
    service.settle(7).await;
    let outcomes = service.outcomes().await;
    assert_eq!(outcomes[0], "quarantined(stuck)");
    assert_eq!(outcomes[1..], ["ticket-opened"; 6]);
    let row = service.inbox().await.remove(0);
    assert_eq!((row.state.as_str(), row.attempt), ("stuck", 5));
    assert_eq!(service.store.find_inbox_raw(row.id).await.unwrap(), Some(poison));
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 6).await;

    // A person mends what was wrong and lets it in.
    service.meddle("DROP TRIGGER poison").await;
    service.store.release_quarantine(row.id, service.clock.now()).await.unwrap();
    service.settle(7).await;
    assert_eq!(service.outcomes().await[0], "ticket-opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_cannot_be_met_holds_up_no_other() {
    let service = Service::start(nine()).await;
    for raw in mails(3) {
        service.deliver(raw);
    }
    service.settle(3).await;
    service
        .meddle(
            "CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.ticket = 1001 \
             BEGIN SELECT RAISE(ABORT, 'poison'); END",
        )
        .await;
    service.pass(SignedDuration::from_hours(24));
    wait_until("the others are kept posted", async || {
        let updated = ["c2@customer.example", "c3@customer.example"];
        for address in updated {
            if !service.purposes_to(address).await.contains(&"holding-update".to_owned()) {
                return false;
            }
        }
        true
    })
    .await;
    service.meddle("DROP TRIGGER poison").await;
    service.pass(SignedDuration::from_mins(5));
    wait_until("the first is as well", async || {
        service.purposes_to("c1@customer.example").await.contains(&"holding-update".to_owned())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room_again() {
    let when_full = [
        ("keeping", "CREATE TRIGGER disk BEFORE INSERT ON inbox BEGIN INSERT INTO full VALUES (NULL); END"),
        ("claiming", "CREATE TRIGGER disk BEFORE UPDATE ON inbox BEGIN INSERT INTO full VALUES (NULL); END"),
        ("processing", "CREATE TRIGGER disk BEFORE INSERT ON outcomes BEGIN INSERT INTO full VALUES (NULL); END"),
        (
            "settling what was sent",
            "CREATE TRIGGER disk BEFORE UPDATE ON outbox WHEN NEW.state <> 'sending' \
             BEGIN INSERT INTO full VALUES (NULL); END",
        ),
    ];
    for (name, trigger) in when_full {
        let mut service = Service::prepare(nine(), |_| {}).await;
        service.meddle(FULL_TABLE).await;
        service.meddle(trigger).await;
        service.open();
        for raw in mails(5) {
            service.deliver(raw);
        }
        let is_felt = async || match name {
            "keeping" => service.imap.commands().iter().any(|command| command.contains("BODY.PEEK[]")),
            "claiming" => service.inbox().await.len() == 5,
            "processing" => service.inbox().await.iter().any(|row| row.attempt > 0),
            _ => !service.smtp.mails().is_empty(),
        };
        wait_until(&format!("{name} finds the disk full"), is_felt).await;
        assert!(service.imap.flags("INBOX", 1).is_empty() || name != "keeping", "what is not kept is not flagged");
        service.meddle("DROP TRIGGER disk").await;
        service.settle(5).await;
        assert_eq!(service.outcomes().await, ["ticket-opened"; 5], "{name}");
        insist_on_one_ticket_and_one_acknowledgement_each(&service, 5).await;
        service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_closes_and_opens_under_load_loses_and_doubles_nothing() {
    const COUNT: usize = 300;
    let mut service = Service::start(nine()).await;
    for (n, raw) in mails(COUNT).into_iter().enumerate() {
        service.deliver(raw);
        if n % 50 == 25 {
            let (received, sent) = (service.inbox().await.len(), service.smtp.mails().len());
            wait_until("some work is done", async || {
                service.inbox().await.len() > received || service.smtp.mails().len() > sent
            })
            .await;
            service.stop().await;
            let unsure = service.outbox().await.into_iter().filter(|row| row.state == "sending").count();
            assert_eq!(unsure, 0, "a desk that is closed in order has finished what it began");
            service.open();
        }
    }
    service.settle(COUNT).await;
    assert_eq!(service.outcomes().await, vec!["ticket-opened"; COUNT]);
    insist_on_one_ticket_and_one_acknowledgement_each(&service, COUNT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_back_holds_up_no_mail() {
    let mut service = Service::prepare(nine(), |_| {}).await;
    let desk = service.desk();
    let mut settled = 0;
    for (hours, mails) in [24, 1].into_iter().zip(mails(4).chunks(2)) {
        // Kept, and the acknowledgement written, by a desk whose clock was ahead.
        service.pass(SignedDuration::from_hours(hours));
        for raw in mails {
            let place = postroom::store::Place { mailbox: String::new(), uid_validity: 0, uid: 0 };
            let (digest, raw) = (postroom::message::Digest::of(raw), raw.clone());
            let new =
                postroom::store::NewMail { place, received_at: nine(), digest, raw: raw.into(), oversize_bytes: None };
            service.store.keep_ingested("ingest", vec![new], service.clock.now()).await.unwrap();
            if service.tickets().await.len() == settled {
                process_all(&desk).await;
            }
        }
        service.pass(SignedDuration::from_hours(-hours));
        service.open();
        settled += mails.len();
        service.settle(settled).await;
        insist_on_one_ticket_and_one_acknowledgement_each(&service, settled).await;
        service.stop().await;
    }
    // And while it is open, with a mail that was put off.
    service.open();
    service.smtp.script(Fault::at(Step::Rcpt).replies("451 4.7.1 later").to("c5@customer.example").times(1));
    service.deliver(mail("c5@customer.example", "m5", "put off"));
    service.received(5).await;
    wait_until("it is put off", async || service.outbox().await.iter().any(|row| row.error.is_some())).await;
    service.pass(SignedDuration::from_hours(-1));
    service.deliver(mail("c6@customer.example", "m6", "from the past"));
    service.settle(6).await;
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_ups_to_a_ticket_that_others_change_meanwhile_are_decided_anew() {
    const COUNT: usize = 60;
    let service = Service::start(nine()).await;
    service.deliver(mail("c0@customer.example", "m0", "question"));
    service.settle(1).await;
    // As fast as the database lets them in, between a look at the ticket and what is made of it.
    let meddling = async {
        while service.inbox().await.iter().filter(|row| row.outcome.is_some()).count() < COUNT + 1 {
            service.meddle("UPDATE tickets SET version = version + 1").await;
        }
    };
    for n in 1..=COUNT {
        let answer = mail("c0@customer.example", &format!("m{n}"), "Re: question");
        let answer = [b"In-Reply-To: <m0@customer.example>\r\n".to_vec(), answer].concat();
        service.deliver(answer);
    }
    tokio::time::timeout(std::time::Duration::from_secs(60), meddling).await.unwrap();
    assert_eq!(service.outcomes().await[1..], ["follow-up"; COUNT]);
    assert_eq!(service.tickets().await.len(), 1);
    assert!(service.inbox().await.iter().all(|row| row.error.is_none()), "that was nobody's fault");
}
