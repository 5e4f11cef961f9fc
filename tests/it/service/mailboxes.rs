//! IMAP servers that fail, refuse, forget and repeat themselves.

use super::{insist_on_one_ticket_and_one_acknowledgement_each, mail, mails, nine};
use crate::support::imap_server::{Fault, PASSWORD};
use crate::support::log::Log;
use crate::support::service::Service;
use crate::support::wait_until;
use postroom::config::secret::SecretSource;
use postroom::config::{Config, MailboxConfig};
use postroom::endpoint::Secret;

/// A second mailbox on the same server.
fn second(config: &Config, name: &str, folder: &str) -> MailboxConfig {
    MailboxConfig { name: name.into(), folder: folder.into(), ..config.mailboxes[0].clone() }
}

/// How often the server was asked for the whole of this mail alone, or of a range that begins with it.
fn fetches(service: &Service) -> Vec<String> {
    service.imap.commands().into_iter().filter(|command| command.contains("BODY.PEEK[]")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mail_is_fetched_once_however_many_came_before_it() {
    let service = Service::start(nine()).await;
    for (count, raw) in (1..).zip(mails(5)) {
        service.deliver(raw);
        service.settle(count).await;
    }
    let expected: Vec<String> = (1..=5).map(|uid| format!("UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[])")).collect();
    assert_eq!(fetches(&service), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_in_the_middle_of_a_fetch_loses_and_doubles_nothing() {
    for fault in [Fault::CutLiteral(40), Fault::CutFetch(7), Fault::Bye("FETCH"), Fault::Bye("STORE")] {
        let mut service = Service::prepare(nine(), |_| {}).await;
        for raw in mails(20) {
            service.deliver(raw);
        }
        service.imap.fault(fault.clone());
        service.open();
        wait_until("the server was lost", async || service.imap.connections() > 1).await;
        service.imap.heal();
        service.settle(20).await;
        assert_eq!(service.outcomes().await, ["ticket-opened"; 20], "{fault:?}");
        insist_on_one_ticket_and_one_acknowledgement_each(&service, 20).await;
        service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_the_server_was_lost_is_kept_and_not_fetched_again() {
    let mut service = Service::prepare(nine(), |_| {}).await;
    for raw in mails(20) {
        service.deliver(raw);
    }
    service.imap.fault(Fault::CutFetch(8));
    service.open();
    service.settle(20).await;
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 20).await;
    let commands = service.imap.commands();
    let fetched_alone = |uid: u32| commands.iter().any(|line| line.contains(&format!("FETCH {uid} (UID INTERNALDATE")));
    let alone: Vec<u32> = (1..=20).filter(|uid| fetched_alone(*uid)).collect();
    assert_eq!(alone, (9..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_at_which_the_server_always_dies_does_not_hold_up_the_others() {
    let mut service = Service::prepare(nine(), |_| {}).await;
    for raw in mails(6) {
        service.deliver(raw);
    }
    service.imap.fault(Fault::DieAtMail(3));
    service.open();
    service.received(5).await;
    let uids: Vec<u32> = service.inbox().await.iter().map(|row| row.place.uid).collect();
    assert!(!uids.contains(&3));
    service.deliver(mail("c7@customer.example", "m7", "a question that comes later"));
    service.received(6).await;
    service.stop().await;
    service.imap.heal();
    service.open();
    service.settle(7).await;
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_server_will_not_hand_over_is_asked_for_again_and_holds_up_nobody() {
    for sizes_too in [false, true] {
        let mut service = Service::prepare(nine(), |_| {}).await;
        for raw in mails(9) {
            service.deliver(raw);
        }
        service.imap.fault(if sizes_too { Fault::RefuseMail(4) } else { Fault::RefuseBody(4) });
        service.open();
        service.settle(8).await;
        let uids: Vec<u32> = service.inbox().await.iter().map(|row| row.place.uid).collect();
        assert!(!uids.contains(&4) && uids.len() == 8, "sizes too: {sizes_too}: {uids:?}");
        service.imap.heal();
        // A thorough pass begins every session, and comes now and then within one.
        service.imap.kick();
        service.settle(9).await;
        insist_on_one_ticket_and_one_acknowledgement_each(&service, 9).await;
        service.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_mail_whose_headers_the_server_will_not_hand_over_holds_up_nobody() {
    let mut service = Service::prepare(nine(), |config| config.policy.max_mail_bytes = 2_000).await;
    service.deliver([mail("c9@customer.example", "m9", "large"), vec![b'x'; 9_000]].concat());
    for raw in mails(2) {
        service.deliver(raw);
    }
    service.imap.fault(Fault::RefuseBody(1));
    service.open();
    service.settle(2).await;
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_uids_for_the_same_mails_open_no_second_tickets() {
    let service = Service::start(nine()).await;
    for raw in mails(12) {
        service.deliver(raw);
    }
    service.settle(12).await;
    service.imap.remove("INBOX", 5);
    service.imap.renumber("INBOX");
    service.deliver(mail("c13@customer.example", "m13", "a new question"));
    service.settle(12 + 12).await;
    let outcomes = service.outcomes().await;
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "duplicate").count(), 11);
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 13).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uids_that_go_back_bring_in_what_stands_behind_them_now() {
    let service = Service::start(nine()).await;
    for raw in mails(5) {
        service.deliver(raw);
    }
    service.settle(5).await;
    // As after a restore from yesterday's copy: the first three mails are there, and UID 4 is another mail.
    service.imap.restore("INBOX", 3);
    service.deliver(mail("c6@customer.example", "m6", "a question under a known UID"));
    service.imap.kick();
    service.settle(5 + 4).await;
    assert_eq!(service.outcomes().await[5..], ["duplicate", "duplicate", "duplicate", "ticket-opened"]);
    // From here on the mailbox is read as any other.
    let before = fetches(&service).len();
    service.deliver(mail("c7@customer.example", "m7", "the next one"));
    service.settle(10).await;
    service.imap.kick();
    service.deliver(mail("c8@customer.example", "m8", "one after a new login"));
    service.settle(11).await;
    assert_eq!(fetches(&service).len(), before + 2, "each of them is fetched once");
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 8).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_without_the_password_and_other_mailboxes_go_on() {
    let log = Log::keep();
    let mut service = Service::prepare(nine(), |config| {
        let mut locked = second(config, "sales", "Sales");
        locked.account.secret = SecretSource::Written(Secret::new("hunter2-is-wrong"));
        config.mailboxes.insert(0, locked);
    })
    .await;
    service.imap.deliver("Sales", mail("c2@customer.example", "m2", "behind the locked door"), nine());
    service.deliver(mail("c1@customer.example", "m1", "a question"));
    service.open();
    service.settle(1).await;
    wait_until("the login is tried again", async || log.text().matches("lost mailbox sales").count() >= 2).await;
    service.deliver(mail("c3@customer.example", "m3", "another question"));
    service.settle(2).await;
    service.stop().await;
    let text = log.text();
    assert!(text.contains("AUTHENTICATIONFAILED") || text.contains("who are you"), "{text}");
    assert!(!text.contains("hunter2"), "the wrong password is in the log");
    assert!(!text.contains("battery"), "the right password is in the log: {PASSWORD}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mailbox_that_is_not_there_stops_no_other() {
    let mut service = Service::prepare(nine(), |config| {
        let missing = second(config, "missing", "No such folder");
        let mut unreachable = second(config, "unreachable", "INBOX");
        unreachable.endpoint.port = 9;
        config.mailboxes.splice(0..0, [missing, unreachable]);
    })
    .await;
    service.open();
    for raw in mails(3) {
        service.deliver(raw);
    }
    service.settle(3).await;
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 3).await;
    // The folder is made at last.
    service.imap.deliver("No such folder", mail("c4@customer.example", "m4", "late"), nine());
    service.settle(4).await;
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_mail_in_two_mailboxes_is_one_ticket() {
    let mut service = Service::prepare(nine(), |config| config.mailboxes.push(second(config, "sales", "Sales"))).await;
    for raw in mails(10) {
        service.deliver(raw.clone());
        // The other copy came by another way, and says so in its headers.
        let copy = [b"Received: by sales.desk.example\r\n".to_vec(), raw].concat();
        service.imap.deliver("Sales", copy, nine());
    }
    service.open();
    service.settle(20).await;
    let mut outcomes = service.outcomes().await;
    outcomes.sort();
    assert_eq!(outcomes, [["duplicate"; 10], ["ticket-opened"; 10]].concat());
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_moved_when_they_have_ended_and_not_before() {
    let mut service = Service::prepare(nine(), |config| {
        config.mailboxes[0].processed = Some("Done".into());
        config.mailboxes[0].quarantine = Some("Apart".into());
    })
    .await;
    service.meddle("CREATE TRIGGER halt BEFORE INSERT ON outcomes BEGIN SELECT RAISE(ABORT, 'halted'); END").await;
    service.open();
    for raw in mails(4) {
        service.deliver(raw);
    }
    service.deliver(Vec::new());
    let tried = async || service.inbox().await.iter().filter(|row| row.attempt > 0).count() == 5;
    wait_until("all mails were tried", tried).await;
    assert_eq!(service.imap.mails("INBOX").len(), 5, "what has not ended stays");
    service.meddle("DROP TRIGGER halt").await;
    service.pass(jiff::SignedDuration::from_mins(1));
    service.settle(5).await;
    wait_until("the mails are moved", async || service.imap.mails("INBOX").is_empty()).await;
    assert_eq!((service.imap.mails("Done").len(), service.imap.mails("Apart").len()), (4, 1));
    insist_on_one_ticket_and_one_acknowledgement_each(&service, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_takes_no_mail_does_not_keep_new_mail_out() {
    let mut service = Service::prepare(nine(), |config| config.mailboxes[0].processed = Some("Done".into())).await;
    service.imap.fault(Fault::Refuse("MOVE"));
    service.open();
    for (count, raw) in (1..).zip(mails(3)) {
        service.deliver(raw);
        service.settle(count).await;
    }
    assert_eq!(service.imap.connections(), 1, "a refused move is no reason to log in again");
    service.imap.heal();
    service.deliver(mail("c4@customer.example", "m4", "one more"));
    service.settle(4).await;
    wait_until("all mails are moved", async || service.imap.mails("Done").len() == 4).await;
}
