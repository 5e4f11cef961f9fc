//! Mail that is tried again: with the secret of today, and for as long as a person gives it.

use super::{mail, nine, process_all};
use crate::support::service::Service;
use crate::support::smtp_server::{Fault, Step};
use jiff::SignedDuration;
use postroom::config::{Account, secret::SecretSource};
use postroom::endpoint::Mechanism;
use postroom::message::Digest;
use postroom::serve::deliver::Courier;
use postroom::smtp::Deadlines;
use postroom::store::{NewMail, Place};

const ANN: &str = "ann@customer.example";

/// A customer's mail comes in, and what it causes waits to be sent.
async fn take_in(service: &Service, number: usize) {
    let raw = mail(ANN, &format!("m{number}"), &format!("question {number}"));
    let place = Place { mailbox: String::new(), uid_validity: 0, uid: 0 };
    let new = NewMail { place, received_at: nine(), digest: Digest::of(&raw), raw: raw.into(), oversize_bytes: None };
    service.store.keep_ingested("ingest", vec![new], nine()).await.unwrap();
    process_all(&service.desk()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_login_has_the_secret_of_its_time_also_after_a_connection_that_died() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let service = Service::prepare(nine(), |config| {
        let words = ["cat", token.to_str().unwrap()].map(str::to_owned).to_vec();
        let secret = SecretSource::Command(words);
        config.smtp.account = Some(Account { user: "desk".to_owned(), secret, mechanism: Mechanism::XOauth2 });
    })
    .await;
    let desk = service.desk();
    let mut courier = Courier::new(&service.config.smtp, Deadlines::default());
    for number in 1..=2 {
        let secret = format!("token-{number}");
        std::fs::write(&token, &secret).unwrap();
        service.smtp.require_login("desk", &secret);
        service.smtp.script(Fault::at(Step::Mail).hangs_up().times(number - 1));
        take_in(&service, number).await;
        courier.deliver_due(&desk).await.unwrap();
    }
    let outbox = service.outbox().await;
    let states: Vec<(&str, u32)> = outbox.iter().map(|row| (row.state.as_str(), row.attempt)).collect();
    assert_eq!(states, [("sent", 1); 4], "{outbox:?}");
    assert_eq!(service.smtp.connection_count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_a_person_puts_back_is_tried_for_as_long_as_a_new_one() {
    let service = Service::prepare(nine(), |_| {}).await;
    let desk = service.desk();
    let mut courier = Courier::new(&service.config.smtp, Deadlines::default());
    service.smtp.script(Fault::at(Step::Rcpt).replies("451 4.7.1 come back later").to(ANN).always());
    take_in(&service, 1).await;
    let state = async || service.outbox().await.into_iter().find(|row| row.to == ANN).unwrap();
    courier.deliver_due(&desk).await.unwrap();
    service.pass(SignedDuration::from_hours(5 * 24 + 1));
    courier.deliver_due(&desk).await.unwrap();
    let given_up = state().await;
    assert_eq!(given_up.state, "failed");
    assert!(given_up.error.unwrap().starts_with("given up after five days: "));
    service.store.retry_outbox(given_up.id, service.clock.now()).await.unwrap();
    courier.deliver_due(&desk).await.unwrap();
    assert_eq!(state().await.state, "waiting");
    service.pass(SignedDuration::from_hours(5 * 24 - 1));
    courier.deliver_due(&desk).await.unwrap();
    assert_eq!(state().await.state, "waiting");
    service.pass(SignedDuration::from_hours(3));
    courier.deliver_due(&desk).await.unwrap();
    assert_eq!(state().await.state, "failed");
}
