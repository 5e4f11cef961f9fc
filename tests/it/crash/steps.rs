//! Kills at one step, which a server holds open until the kill has come.

use super::desk::{Killable, message_id};
use super::first;
use crate::support::imap_server::Fault as ImapFault;
use crate::support::smtp_server::{Fault, Step};
use crate::support::wait_until;
use postroom::store::list::Filter;
use std::time::Duration;

const ANN: &str = "c1@customer.example";

/// Starts the desk once more, lets it finish, and insists on one ticket and one acknowledgement; returns how many
/// copies of it the server got.
async fn copies_in_the_end(mut desk: Killable) -> usize {
    desk.smtp.behave();
    desk.imap.heal();
    desk.start();
    desk.finish(1).await;
    let audit = desk.audit().await;
    assert_eq!(audit.outcomes, [("ticket-opened".to_owned(), 1)].into());
    assert_eq!(audit.tickets, [(ANN.to_owned(), 1)].into());
    assert_eq!(audit.acknowledgements, [(ANN.to_owned(), 1)].into());
    assert!(audit.never_sent.is_empty() && audit.never_written.is_empty());
    desk.smtp.mails().iter().filter(|mail| mail.to == [ANN]).count()
}

async fn is_in_state(desk: &Killable, state: &str) -> bool {
    desk.store.list_inbox(&Filter::default()).await.unwrap().iter().any(|row| row.state == state)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_mail_is_fetched_fetches_it_again() {
    let mut desk = Killable::new().await;
    desk.deliver(first(1));
    desk.imap.fault(ImapFault::Hang("FETCH"));
    desk.start();
    wait_until("the mail is asked for", async || {
        desk.imap.commands().iter().any(|command| command.starts_with("UID FETCH"))
    })
    .await;
    desk.kill().await;
    assert_eq!(copies_in_the_end(desk).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_keep_before_flag_knows_the_mail_again() {
    let mut desk = Killable::new().await;
    desk.deliver(first(1));
    desk.imap.fault(ImapFault::Hang("STORE"));
    desk.start();
    wait_until("the mail is about to be flagged", async || {
        desk.imap.commands().iter().any(|command| command.starts_with("UID STORE"))
    })
    .await;
    desk.kill().await;
    assert!(desk.imap.flags("INBOX", 1).is_empty());
    assert_eq!(desk.store.list_inbox(&Filter::default()).await.unwrap().len(), 1, "it was kept before");
    assert_eq!(copies_in_the_end(desk).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_claim_before_the_commit_takes_the_mail_up_at_once() {
    let mut desk = Killable::new().await;
    desk.deliver(first(1));
    // The transaction that would make it a ticket comes to no end.
    desk.meddle(
        "CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n; \
         CREATE TRIGGER endless BEFORE INSERT ON outcomes BEGIN SELECT MAX(i) FROM endless; END",
    )
    .await;
    desk.start();
    wait_until("the mail is claimed", async || is_in_state(&desk, "processing").await).await;
    desk.kill().await;
    desk.meddle("DROP TRIGGER endless; DROP VIEW endless").await;
    assert_eq!(copies_in_the_end(desk).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_processing_before_delivery_sends_what_was_written() {
    let mut desk = Killable::new().await;
    desk.deliver(first(1));
    desk.smtp.script(Fault::at(Step::Greeting).hangs().always());
    desk.start();
    wait_until("the mail is a ticket", async || is_in_state(&desk, "filed").await).await;
    desk.kill().await;
    assert!(desk.smtp.mails().is_empty());
    assert_eq!(copies_in_the_end(desk).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_the_content_sends_it_whole() {
    let mut desk = Killable::new().await;
    desk.deliver(first(1));
    desk.smtp.script(Fault::at(Step::Content).hangs().to(ANN).always());
    desk.start();
    wait_until("the content comes", async || {
        desk.smtp.commands().iter().filter(|command| *command == "DATA").count() >= 1
            && is_in_state(&desk, "filed").await
    })
    .await;
    desk.kill().await;
    assert_eq!(copies_in_the_end(desk).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_250_before_settle_sends_again_with_the_same_message_id() {
    let mut desk = Killable::new().await;
    desk.deliver(first(1));
    desk.smtp.script(Fault::at(Step::Dot).keeps_then_hangs().to(ANN));
    desk.start();
    desk.smtp.wait_until("the acknowledgement", |mails| mails.iter().any(|mail| mail.to == [ANN])).await;
    desk.kill().await;
    let before = desk.smtp.mails().into_iter().find(|mail| mail.to == [ANN]).unwrap();
    desk.smtp.behave();
    desk.start();
    desk.finish(1).await;
    let copies: Vec<_> = desk.smtp.mails().into_iter().filter(|mail| mail.to == [ANN]).collect();
    assert_eq!(copies.len(), 2, "at least once, and no oftener than the kill asks for");
    assert!(copies.iter().all(|mail| mail.bytes == before.bytes), "the same bytes");
    assert_eq!(message_id(&copies[0].bytes), message_id(&copies[1].bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_over_which_the_program_always_dies_is_set_aside_and_its_neighbours_go_on() {
    let mut desk = Killable::new().await;
    for n in 0..12 {
        desk.deliver(first(n));
    }
    // Whoever comes to this mail comes no further, and is killed.
    desk.meddle(
        "CREATE VIEW endless AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n; \
         CREATE TRIGGER endless BEFORE INSERT ON outcomes WHEN NEW.message_id = 'first-5@customer.example' \
         BEGIN SELECT MAX(i) FROM endless; END",
    )
    .await;
    let mut kills = 0;
    loop {
        desk.start();
        desk.logged_in().await;
        // Killed when nothing has happened for a while.
        let (mut last, mut quiet) = (desk.progress().await, 0);
        while desk.settled_count().await < 12 && quiet < 30 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let now = desk.progress().await;
            quiet = if now == last { quiet + 1 } else { 0 };
            last = now;
        }
        if desk.settled_count().await == 12 {
            break;
        }
        desk.kill().await;
        kills += 1;
        assert!(kills < 60, "the mail is never set aside");
    }
    desk.finish(12).await;
    let audit = desk.audit().await;
    assert_eq!(audit.outcomes, [("quarantined".to_owned(), 1), ("ticket-opened".to_owned(), 11)].into());
    assert_eq!(audit.acknowledgements.len(), 11);
}
