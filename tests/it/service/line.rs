//! Batches on their way: the next one is decided on while the one before is written.

use super::database::FULL_TABLE;
use super::{mail, mails, nine, process_all};
use crate::support::service::Service;
use crate::support::{desk, wait_until};
use jiff::SignedDuration;
use postroom::clock::Clock;
use postroom::compose::template::Templates;
use postroom::message::Digest;
use postroom::serve::desk::Desk;
use postroom::serve::process::{LEASE, Line, process_due, process_rest};
use postroom::store::list::{Filter, InboxRow};
use postroom::store::{NewMail, Place, Store};
use postroom_testbed::{Postgres, postgres, skipped};

/// Customers; not a whole number of batches, so that conversations are cut in different places.
const COUNT: usize = 410;

/// Mails of new customers, then three more of each: an answer to the first, an answer to that answer, and a copy of
/// the first.
fn conversations() -> Vec<NewMail> {
    let answer = |n: usize, id: &str, to: &str| {
        let mail = mail(&format!("c{n}@customer.example"), id, &format!("Re: question {n}"));
        // Vouched for, so that it is believed and can be answered in its turn.
        let vouched = "Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\r\n";
        [format!("{vouched}In-Reply-To: <{to}@customer.example>\r\n").into_bytes(), mail].concat()
    };
    let first = |n: usize| mail(&format!("c{n}@customer.example"), &format!("m{n}"), &format!("question {n}"));
    let firsts = (1..=COUNT).map(first);
    let second = (1..=COUNT).map(|n| answer(n, &format!("a{n}"), &format!("m{n}")));
    let third = (1..=COUNT).map(|n| answer(n, &format!("b{n}"), &format!("a{n}")));
    firsts.chain(second).chain(third).chain((1..=COUNT).map(first)).map(new).collect()
}

fn new(raw: Vec<u8>) -> NewMail {
    let place = Place { mailbox: String::new(), uid_validity: 0, uid: 0 };
    NewMail { place, received_at: nine(), digest: Digest::of(&raw), raw: raw.into(), oversize_bytes: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_batch_decides_stands_on_the_batch_before_though_that_is_still_being_written() {
    let service = Service::prepare(nine(), |_| {}).await;
    service.store.keep_ingested("ingest", conversations(), nine()).await.unwrap();
    process_all(&service.desk()).await;
    let expected = ["ticket-opened", "follow-up", "follow-up", "duplicate"].into_iter();
    let expected: Vec<&str> = expected.flat_map(|outcome| std::iter::repeat_n(outcome, COUNT)).collect();
    assert_eq!(service.outcomes().await, expected);
    for ticket in service.tickets().await {
        let filed = service.store.filed_on(ticket.id).await.unwrap();
        let ids: Vec<&str> = filed.iter().map(|filed| filed.message_id.0.split('@').next().unwrap()).collect();
        let number = &ids[0][1..];
        assert_eq!(ids, [format!("m{number}"), format!("a{number}"), format!("b{number}")]);
    }
    let acknowledged = service.outbox().await.iter().filter(|row| row.purpose == "acknowledgement").count();
    assert_eq!(acknowledged, COUNT);
    assert!(service.inbox().await.iter().all(|row| row.attempt == 1), "nothing had to be done twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_on_a_batch_that_cannot_be_written_is_decided_anew() {
    let service = Service::prepare(nine(), |_| {}).await;
    service
        .meddle(
            "CREATE TRIGGER poison BEFORE INSERT ON tickets WHEN NEW.subject = 'question 7' \
             BEGIN SELECT RAISE(ABORT, 'poison'); END",
        )
        .await;
    service.store.keep_ingested("ingest", conversations(), nine()).await.unwrap();
    process_all(&service.desk()).await;
    service.meddle("DROP TRIGGER poison").await;
    service.pass(SignedDuration::from_mins(1));
    process_all(&service.desk()).await;
    let inbox = service.inbox().await;
    assert!(inbox.iter().all(|row| row.outcome.is_some()), "every mail has an outcome");
    let tickets = service.tickets().await;
    assert_eq!(tickets.len(), COUNT, "one for each customer, whichever of the seventh's mails opened it");
    let is_told = |row: &&InboxRow| {
        row.outcome.as_deref() != Some("duplicate") && row.from.as_deref() != Some("c7@customer.example")
    };
    for row in inbox.iter().filter(is_told) {
        let ticket = tickets.iter().find(|ticket| ticket.requester == row.from).unwrap();
        assert_eq!(row.ticket, Some(ticket.id), "{:?}", row.subject);
    }
}

/// A worker of its own on a database that several share.
async fn worker(url: &str, name: &str) -> Store {
    let store = Store::open(url).await.unwrap();
    store.join_workers(name, 1, "process").await.unwrap();
    store
}

fn desk_of(store: &Store) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let config = desk::config(folder.path(), &desk::nowhere(), &desk::nowhere());
    let templates = Templates::compile(&[]).unwrap();
    Desk::new(store.clone(), Clock::set_to(nine()), &config, desk::rules(), templates)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_written_is_done_once_more_while_its_worker_waits_for_another() {
    if let Some(names) = postgres::missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let server = Postgres::shared().unwrap();
    let url = server.fresh_database().unwrap();
    let (one, two) = (worker(&url, "one").await, worker(&url, "two").await);
    fail_once(server, &url);
    let mut mails = mails(3).into_iter().map(new);
    let mut keep_one = async || one.keep_ingested("ingest", mails.by_ref().take(1).collect(), nine()).await.unwrap();
    let (desk, mut line) = (desk_of(&one), Line::default());
    keep_one().await;
    process_due(&desk, &mut line).await.unwrap();
    // The other worker's mail has to wait for this one, and the next of ours for that.
    keep_one().await;
    let other = desk_of(&two);
    let processing = tokio::spawn(async move { process_all(&other).await });
    let claims = async || server.query(&url, "SELECT COUNT(*) FROM batches").unwrap() == "2";
    wait_until("the other worker to have the second mail", claims).await;
    keep_one().await;
    let ours = async { while !process_due(&desk, &mut line).await.unwrap().is_idle {} };
    let both = async {
        ours.await;
        processing.await.unwrap();
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), both).await.expect("nobody waits for ever");
    let inbox = two.list_inbox(&Filter::default()).await.unwrap();
    let outcomes: Vec<_> = inbox.iter().map(|row| row.outcome.as_deref()).collect();
    assert_eq!(outcomes, [Some("ticket-opened"); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_for_dead_leaves_the_rest_of_a_batch_to_whoever_has_taken_it_over() {
    if let Some(names) = postgres::missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let server = Postgres::shared().unwrap();
    let url = server.fresh_database().unwrap();
    let (one, two) = (worker(&url, "one").await, worker(&url, "two").await);
    fail_once(server, &url);
    let conversations = conversations();
    let batch = [0, 1, COUNT, COUNT + 1].map(|at| conversations[at].clone()).to_vec();
    one.keep_ingested("ingest", batch, nine()).await.unwrap();
    let (desk, mut line) = (desk_of(&one), Line::default());
    process_due(&desk, &mut line).await.unwrap();
    let failed = async || server.query(&url, "SELECT last_value FROM writes WHERE is_called").unwrap() == "1";
    wait_until("the batch not to be written", failed).await;
    server.query(&url, "UPDATE workers SET alive_until = 0 WHERE host = 'one'").unwrap();
    assert_eq!(two.stay_worker().await.unwrap(), (1, false));
    // A batch that was tried is taken over in halves, and there are answers in the second half.
    let taken_over = two.adopt_inbox(nine(), LEASE, 4, None).await.unwrap();
    assert_eq!(taken_over.iter().map(|item| item.id).collect::<Vec<_>>(), [1, 2]);
    let _ = process_due(&desk, &mut line).await;
    assert_eq!(server.query(&url, "SELECT COUNT(*) FROM outcomes").unwrap(), "0", "no mail of it is this worker's");
    process_all(&desk_of(&two)).await;
    let mut inbox = two.list_inbox(&Filter::default()).await.unwrap();
    inbox.sort_by_key(|row| row.id);
    let outcomes: Vec<_> = inbox.iter().map(|row| row.outcome.as_deref()).collect();
    assert_eq!(outcomes, ["ticket-opened", "ticket-opened", "follow-up", "follow-up"].map(Some));
}

/// Has the first write of all fail.
fn fail_once(server: &Postgres, url: &str) {
    server
        .query(
            url,
            "CREATE SEQUENCE writes; CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF nextval('writes') = 1 THEN RAISE 'poison'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER poison BEFORE INSERT ON outcomes FOR EACH STATEMENT EXECUTE FUNCTION poison()",
        )
        .unwrap();
}

/// A customer's first mail, and the answer to it.
fn a_first_mail_and_its_answer() -> [Vec<NewMail>; 2] {
    let conversations = conversations();
    [vec![conversations[0].clone()], vec![conversations[COUNT].clone()]]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_could_neither_be_written_nor_given_back_still_comes_before_the_next_of_its_worker() {
    if let Some(names) = postgres::missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let server = Postgres::shared().unwrap();
    let url = server.fresh_database().unwrap();
    let one = worker(&url, "one").await;
    let (desk, mut line) = (desk_of(&one), Line::default());
    // Nothing is settled, and no claim given back, as long as this stands.
    server
        .query(
            &url,
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poison'; END $$; \
             CREATE TRIGGER poison BEFORE INSERT ON outcomes FOR EACH STATEMENT EXECUTE FUNCTION poison(); \
             CREATE TRIGGER poison BEFORE UPDATE OR DELETE ON batches FOR EACH STATEMENT EXECUTE FUNCTION poison(); \
             CREATE TRIGGER poison BEFORE UPDATE ON inbox FOR EACH ROW WHEN (OLD.state = 'processing') \
             EXECUTE FUNCTION poison()",
        )
        .unwrap();
    for mails in a_first_mail_and_its_answer() {
        one.keep_ingested("ingest", mails, nine()).await.unwrap();
        // The first of them begins to be written here, and the second finds that it could not be.
        let _ = process_due(&desk, &mut line).await;
    }
    assert!(process_due(&desk, &mut line).await.is_err(), "the database takes nothing");
    let claims = || server.query(&url, "SELECT COUNT(*) FROM batches WHERE worker = 1").unwrap();
    assert_eq!(claims(), "2", "both are still this worker's");
    server
        .query(&url, "DROP TRIGGER poison ON outcomes; DROP TRIGGER poison ON batches; DROP TRIGGER poison ON inbox")
        .unwrap();
    let working = async { while !process_due(&desk, &mut line).await.unwrap().is_idle {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), working).await.expect("it comes to an end");
    let mut inbox = one.list_inbox(&Filter::default()).await.unwrap();
    inbox.sort_by_key(|row| row.id);
    let outcomes: Vec<_> = inbox.iter().map(|row| row.outcome.as_deref()).collect();
    assert_eq!(outcomes, [Some("ticket-opened"), Some("follow-up")]);
}

/// A desk, and its line after the disk was found full when the first of two mails was to be settled; the second one answers
/// it, and was claimed by then. It is full whenever this is so of a row of the inbox.
async fn found_full(when: &str) -> (Service, Line) {
    let service = Service::prepare(nine(), |_| {}).await;
    let (desk, mut line) = (service.desk(), Line::default());
    service.meddle(FULL_TABLE).await;
    let full = "BEGIN INSERT INTO full VALUES (NULL); END";
    service.meddle(format!("CREATE TRIGGER disk BEFORE UPDATE ON inbox WHEN {when} {full}")).await;
    for mails in a_first_mail_and_its_answer() {
        service.store.keep_ingested("ingest", mails, nine()).await.unwrap();
        // The first of them begins to be written here, and the second finds that it could not be.
        let _ = process_due(&desk, &mut line).await;
    }
    (service, line)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_disk_lets_nobody_give_back_comes_again_at_once_and_in_order_when_there_is_room() {
    let (service, mut line) = found_full("OLD.state = 'processing'").await;
    let desk = service.desk();
    assert!(process_due(&desk, &mut line).await.is_err(), "there is still no room");
    assert!(service.inbox().await.iter().all(|row| row.attempt == 1), "nobody has them a second time");
    service.meddle("DROP TRIGGER disk").await;
    // No time passes.
    while !process_due(&desk, &mut line).await.unwrap().is_idle {}
    assert_eq!(service.outcomes().await, ["ticket-opened", "follow-up"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_settles_nothing_before_what_it_could_not_give_back() {
    let (service, mut line) = found_full("OLD.state = 'processing' AND OLD.id = 1").await;
    let desk = service.desk();
    assert!(process_rest(&desk, &mut line).await.is_err(), "the first one cannot be given back");
    assert!(service.inbox().await.iter().all(|row| row.outcome.is_none()), "and its answer has to wait for it");
    service.meddle("DROP TRIGGER disk").await;
    process_rest(&desk, &mut line).await.unwrap();
    process_all(&desk).await;
    assert_eq!(service.outcomes().await, ["ticket-opened", "follow-up"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_kills_the_program_is_set_aside_by_whoever_waits_for_it_too() {
    if let Some(names) = postgres::missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let server = Postgres::shared().unwrap();
    let url = server.fresh_database().unwrap();
    let (one, two) = (worker(&url, "one").await, worker(&url, "two").await);
    one.keep_ingested("ingest", mails(3).into_iter().map(new).collect(), nine()).await.unwrap();
    // The program has ended over the first of them as often as it may, and now a worker dies over it once more.
    server.query(&url, "UPDATE inbox SET tries = 20 WHERE id = 1").unwrap();
    let deadly = one.claim_inbox(nine(), LEASE, 9).await.unwrap();
    assert_eq!(deadly.iter().map(|item| (item.id, item.tries)).collect::<Vec<_>>(), [(1, 21)]);
    let waiting = desk_of(&two);
    let processing = tokio::spawn(async move { process_all(&waiting).await });
    let claims = async || server.query(&url, "SELECT COUNT(*) FROM batches").unwrap() == "2";
    wait_until("the other worker to have later mails", claims).await;
    server.query(&url, "UPDATE workers SET alive_until = 0 WHERE host = 'one'").unwrap();
    assert_eq!(two.stay_worker().await.unwrap(), (1, false));
    processing.await.unwrap();
    let mut inbox = two.list_inbox(&Filter::default()).await.unwrap();
    inbox.sort_by_key(|row| row.id);
    let outcomes: Vec<_> = inbox.iter().map(|row| (row.outcome.as_deref(), row.cause.as_deref())).collect();
    assert_eq!(
        outcomes,
        [(Some("quarantined"), Some("stuck")), (Some("ticket-opened"), None), (Some("ticket-opened"), None)]
    );
}
