//! Several workers on one PostgreSQL database: whose turn it is, what becomes of what a dead one had, and that one that
//! only seemed dead changes nothing any more.

use super::{LEASE, mail, minute, postgres, settled, url_of};
use jiff::SignedDuration;
use postroom::clock::Clock;
use postroom::decide::Outcome;
use postroom::store::{Changes, InboxItem, Store, StoreError, Turn};
use postroom_testbed::cutter::Plan;
use postroom_testbed::postgres::Flushing;
use postroom_testbed::{Cutter, Postgres};

/// A worker of its own on a database, as another process would be.
async fn worker(url: &str, name: &str) -> Store {
    let store = Store::open(url).await.unwrap();
    store.join_workers(name, 1, "receive,process,deadlines,deliver").await.unwrap();
    store
}

/// A database with so many mails, and two workers on it.
async fn two_workers(mails: u32) -> (Store, Store, String) {
    let url = postgres().fresh_database().unwrap();
    let one = worker(&url, "one").await;
    let mails: Vec<_> = (1..=mails).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    one.keep_mail(&mails, None, minute(0)).await.unwrap();
    let two = worker(&url, "two").await;
    (one, two, url)
}

/// Has a worker be taken for dead, as if it had been silent for long enough, and be buried by the other.
fn silence(url: &str, name: &str) {
    postgres().query(url, &format!("UPDATE workers SET alive_until = 0 WHERE host = '{name}'")).unwrap();
}

fn ids(items: &[InboxItem]) -> Vec<i64> {
    items.iter().map(|item| item.id).collect()
}

async fn settle(store: &Store, items: &[InboxItem]) -> Result<(), StoreError> {
    let settled = items.iter().map(|item| settled(item, Outcome::DiscardedByRule)).collect();
    let mut tx = store.begin().await?;
    tx.write(&Changes { settled, under: items[0].claim, ends: true, ..Changes::default() }, minute(0)).await?;
    tx.commit().await
}

#[tokio::test]
async fn claims_are_decided_on_in_the_order_of_the_mails_whoever_has_them() {
    let (one, two, _) = two_workers(4).await;
    let (first, second) =
        (one.claim_inbox(minute(0), LEASE, 2).await.unwrap(), two.claim_inbox(minute(0), LEASE, 9).await.unwrap());
    assert_eq!((ids(&first), ids(&second)), (vec![1, 2], vec![3, 4]));
    assert_eq!(one.turn(first[0].claim.unwrap()).await.unwrap(), Turn::Ours);
    assert_eq!(two.turn(second[0].claim.unwrap()).await.unwrap(), Turn::Wait);
    settle(&one, &first).await.unwrap();
    assert_eq!(two.turn(second[0].claim.unwrap()).await.unwrap(), Turn::Ours);
}

#[tokio::test]
async fn two_that_claim_at_the_same_time_never_get_the_same_mail() {
    let (one, two, _) = two_workers(200).await;
    let claim = |store: Store| async move {
        let mut all = Vec::new();
        loop {
            let items = store.claim_inbox(minute(0), LEASE, 7).await.unwrap();
            if items.is_empty() {
                return all;
            }
            all.push(items);
        }
    };
    let (ones, twos) = tokio::join!(tokio::spawn(claim(one)), tokio::spawn(claim(two)));
    let mut batches: Vec<Vec<InboxItem>> = ones.unwrap().into_iter().chain(twos.unwrap()).collect();
    batches.sort_by_key(|items| items[0].claim.unwrap().batch);
    let in_order: Vec<i64> = batches.iter().flat_map(|items| ids(items)).collect();
    assert_eq!(in_order, (1..=200).collect::<Vec<_>>(), "later claims have later mails");
}

#[tokio::test]
async fn what_a_dead_worker_had_is_taken_over_at_its_place_in_the_order() {
    let (one, two, url) = two_workers(4).await;
    let lost = one.claim_inbox(minute(0), LEASE, 2).await.unwrap();
    let later = two.claim_inbox(minute(0), LEASE, 9).await.unwrap();
    silence(&url, "one");
    assert_eq!(two.stay_worker().await.unwrap(), (1, false));
    assert_eq!(two.turn(later[0].claim.unwrap()).await.unwrap(), Turn::Orphan);
    let adopted = two.adopt_inbox(minute(0), LEASE, 2, None).await.unwrap();
    assert_eq!(ids(&adopted), [1], "half as many: one of them may be what it died over");
    assert_eq!(adopted[0].claim.unwrap().batch, lost[0].claim.unwrap().batch);
    settle(&two, &adopted).await.unwrap();
    assert_eq!(two.turn(later[0].claim.unwrap()).await.unwrap(), Turn::Orphan, "the other half is still before");
    settle(&two, &two.adopt_inbox(minute(0), LEASE, 2, None).await.unwrap()).await.unwrap();
    assert_eq!(two.turn(later[0].claim.unwrap()).await.unwrap(), Turn::Ours);
    assert!(two.adopt_inbox(minute(0), LEASE, 2, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_worker_that_was_only_frozen_changes_nothing_when_it_wakes() {
    let (one, two, url) = two_workers(1).await;
    let frozen = one.claim_inbox(minute(0), LEASE, 9).await.unwrap();
    silence(&url, "one");
    two.stay_worker().await.unwrap();
    let adopted = two.adopt_inbox(minute(0), LEASE, 2, None).await.unwrap();
    let late = settle(&one, &frozen).await.unwrap_err();
    assert!(matches!(late, StoreError::Conflict { .. }), "{late}");
    one.end_claim(frozen[0].claim.unwrap()).await.unwrap();
    settle(&two, &adopted).await.unwrap();
    assert_eq!(one.stay_worker().await.unwrap(), (0, true), "it learns that it was buried");
    let names: Vec<_> = two.list_workers().await.unwrap().into_iter().map(|worker| worker.host).collect();
    assert_eq!(names, ["two"]);
}

#[tokio::test]
async fn a_claim_that_its_own_worker_knows_nothing_of_does_not_hold_up_others() {
    let (one, two, _) = two_workers(4).await;
    let known = one.claim_inbox(minute(0), LEASE, 1).await.unwrap();
    // Committed, and then the connection was cut before the answer came.
    drop(one.claim_inbox(minute(0), LEASE, 1).await.unwrap());
    let later = two.claim_inbox(minute(0), LEASE, 9).await.unwrap();
    settle(&one, &known).await.unwrap();
    assert_eq!(two.turn(later[0].claim.unwrap()).await.unwrap(), Turn::Wait);
    one.free_claims_but(&[]).await.unwrap();
    assert_eq!(two.turn(later[0].claim.unwrap()).await.unwrap(), Turn::Orphan);
    assert_eq!(ids(&two.adopt_inbox(minute(0), LEASE, 2, later[0].claim).await.unwrap()), [2]);
}

#[tokio::test]
async fn whoever_waits_takes_over_only_what_comes_before_its_own() {
    let (one, two, url) = two_workers(3).await;
    let three = worker(&url, "three").await;
    let first = one.claim_inbox(minute(0), LEASE, 1).await.unwrap();
    let mine = two.claim_inbox(minute(0), LEASE, 1).await.unwrap();
    one.claim_inbox(minute(0), LEASE, 1).await.unwrap();
    silence(&url, "one");
    two.stay_worker().await.unwrap();
    let adopted = three.adopt_inbox(minute(0), LEASE, 2, None).await.unwrap();
    assert_eq!(ids(&adopted), ids(&first));
    assert_eq!(two.adopt_inbox(minute(0), LEASE, 2, mine[0].claim).await.unwrap(), [], "the other one is later");
    assert_eq!(two.turn(mine[0].claim.unwrap()).await.unwrap(), Turn::Wait);
}

#[tokio::test]
async fn who_was_taken_for_dead_claims_nothing_until_it_has_joined_anew() {
    let (one, two, url) = two_workers(2).await;
    let life = one.life();
    silence(&url, "one");
    two.stay_worker().await.unwrap();
    let late = one.claim_inbox(minute(0), LEASE, 9).await.unwrap_err();
    assert!(matches!(late, StoreError::Conflict { .. }), "{late}");
    assert!(matches!(one.claim_outbox(minute(0), LEASE, 9).await, Ok(mails) if mails.is_empty()), "there is no mail");
    one.stay_worker().await.unwrap();
    assert!(!one.lives_on(life), "it learned that it is dead");
    one.join_workers("one", 1, "process").await.unwrap();
    assert!(!one.lives_on(life), "that was another life");
    assert!(one.lives_on(one.life()));
    assert_eq!(one.claim_inbox(minute(0), LEASE, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_mail_that_a_copy_is_kept_of_at_this_moment_is_claimed_in_its_order() {
    let (one, two, url) = two_workers(0).await;
    one.keep_mail(&[mail(1, "the same"), mail(2, "another")], None, minute(0)).await.unwrap();
    let mut other = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    // As the foreign key of the copy's row has it.
    sqlx::Executor::execute(&mut other, "BEGIN; SELECT 1 FROM inbox WHERE id = 1 FOR KEY SHARE").await.unwrap();
    assert_eq!(ids(&two.claim_inbox(minute(0), LEASE, 9).await.unwrap()), [1, 2]);
}

#[tokio::test]
async fn a_mailbox_is_read_by_one_and_who_lost_it_keeps_nothing_more() {
    let (one, two, url) = two_workers(0).await;
    one.take_mailbox("support").await.unwrap().unwrap();
    let hold = one.take_mailbox("support").await.unwrap().expect("what is our own we can take again");
    assert_eq!(two.take_mailbox("support").await.unwrap(), None);
    one.keep_fetched(&hold, &[mail(1, "one")], None, minute(0)).await.unwrap();
    silence(&url, "one");
    two.stay_worker().await.unwrap();
    let taken = two.take_mailbox("support").await.unwrap().unwrap();
    let late = one.keep_fetched(&hold, &[mail(2, "two")], None, minute(0)).await.unwrap_err();
    assert!(matches!(late, StoreError::Conflict { .. }), "{late}");
    assert_eq!(two.known_uids("support", 7, 0).await.unwrap(), [1..=1]);
    one.leave_mailbox(&hold).await.unwrap();
    two.keep_fetched(&taken, &[mail(2, "two")], None, minute(0)).await.unwrap();
    two.leave_mailbox(&taken).await.unwrap();
    assert!(two.take_mailbox("support").await.unwrap().is_some(), "what was left can be taken");
}

#[tokio::test]
async fn who_leaves_in_order_leaves_nothing_behind() {
    let (one, two, _) = two_workers(2).await;
    one.take_mailbox("support").await.unwrap().unwrap();
    one.claim_inbox(minute(0), LEASE, 9).await.unwrap();
    let listed = two.list_workers().await.unwrap();
    assert_eq!((listed[0].processing, listed[0].mailboxes[0].mailbox.as_str()), (2, "support"));
    one.leave_workers().await.unwrap();
    assert_eq!(two.list_workers().await.unwrap().len(), 1);
    assert!(two.take_mailbox("support").await.unwrap().is_some());
    assert_eq!(ids(&two.adopt_inbox(minute(0), LEASE, 2, None).await.unwrap()), [1]);
}

#[tokio::test]
async fn what_one_does_wakes_the_other() {
    let (one, two, _) = two_workers(0).await;
    let listening = {
        let two = two.clone();
        tokio::spawn(async move { two.hear_others().await })
    };
    let patience = std::time::Duration::from_secs(10);
    // Told once when it begins to listen, as something may have been missed.
    tokio::time::timeout(patience, two.inbox_changed().notified()).await.unwrap();
    let woken = async || tokio::time::timeout(patience, two.inbox_changed().notified()).await.unwrap();
    one.keep_mail(&[mail(1, "one")], None, minute(0)).await.unwrap();
    woken().await;
    // What an administrator does counts as well.
    one.claim_inbox(minute(0), LEASE, 1).await.unwrap();
    one.requeue_inbox(1, minute(6)).await.unwrap();
    woken().await;
    listening.abort();
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let server = postgres();
    let url = server.fresh_database().unwrap();
    let (_, database) = url.rsplit_once('/').unwrap();
    let cutter = Cutter::start(server.address(), Plan::Forward).unwrap();
    let store = Store::open(&Postgres::url_at(cutter.address(), database)).await.unwrap();
    store.join_workers("here", 1, "process").await.unwrap();
    let mut tx = store.begin().await.unwrap();
    cutter.partition();
    let began = std::time::Instant::now();
    let (within, without) = tokio::join!(tx.next_ticket_id(1), store.next_inbox_due());
    assert!(within.unwrap_err().is_away() && without.unwrap_err().is_away());
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    drop(tx);
    cutter.heal();
    store.next_inbox_due().await.unwrap();
    store.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_worker_that_spoke_by_a_clock_that_was_ahead_is_buried_all_the_same() {
    let (_one, two, url) = two_workers(0).await;
    postgres().query(&url, "UPDATE workers SET alive_until = alive_until + 3600000 WHERE host = 'one'").unwrap();
    assert_eq!(two.stay_worker().await.unwrap(), (1, false));
}

#[tokio::test]
async fn workers_go_by_the_clock_of_their_database_and_bury_nobody_for_its_being_set() {
    let server = Postgres::start_with_clock(Flushing::Off).unwrap();
    let url = server.fresh_database().unwrap();
    let (one, two) = (worker(&url, "one").await, worker(&url, "two").await);
    for hours in [1, -1, 0] {
        server.clock().unwrap().shift(hours * 3_600).unwrap();
        assert_eq!(one.stay_worker().await.unwrap(), (0, false), "{hours}");
        let off = one.clock().now().duration_since(Clock::System.now());
        assert!((off - SignedDuration::from_hours(hours)).abs() < SignedDuration::from_secs(10), "{hours}: {off}");
        assert_eq!(two.stay_worker().await.unwrap(), (0, false), "{hours}");
    }
}

#[tokio::test]
async fn a_worker_on_sqlite_is_listed_and_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&url_of(&folder)).await.unwrap();
    let lock = store.be_the_worker().unwrap();
    store.join_workers("here", 42, "receive").await.unwrap();
    let hold = store.take_mailbox("support").await.unwrap().unwrap();
    let listed = store.list_workers().await.unwrap();
    assert_eq!((listed.len(), listed[0].pid, listed[0].is_alive), (1, 42, true));
    assert_eq!(listed[0].mailboxes[0].mailbox, "support");
    store.keep_fetched(&hold, &[mail(1, "one")], None, minute(0)).await.unwrap();
    drop(lock);
    assert!(!store.list_workers().await.unwrap()[0].is_alive, "nobody holds the lock any more");
}
