//! Mail that is tried again, with the secret of today.

use super::{mail, nine};
use crate::support::service::Service;
use crate::support::smtp_server::{Fault, Step};
use postroom::config::{Account, secret::SecretSource};
use postroom::endpoint::Mechanism;
use postroom::message::Digest;
use postroom::serve::deliver::Courier;
use postroom::serve::process::process_due;
use postroom::smtp::Deadlines;
use postroom::store::{NewMail, Place};

const ANN: &str = "ann@customer.example";

/// A customer's mail comes in, and what it causes waits to be sent.
async fn take_in(service: &Service, number: usize) {
    let raw = mail(ANN, &format!("m{number}"), &format!("question {number}"));
    let place = Place { mailbox: String::new(), uid_validity: 0, uid: 0 };
    let new = NewMail { place, received_at: nine(), digest: Digest::of(&raw), raw, oversize_bytes: None };
    service.store.keep_ingested("ingest", vec![new], nine()).await.unwrap();
    process_due(&service.desk(), &mut None).await.unwrap();
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
