//! What can only be seen from inside: a full disk, and which index a statement uses.

use super::dialect;
use super::query::query;
use super::*;
use crate::ticket::{Paging, Severity, Status, Tier};
use jiff::SignedDuration;
use postroom_testbed::{Postgres, postgres, skipped};
use tempfile::TempDir;

async fn desk() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}/desk.db", folder.path().display())).await.unwrap();
    (store, folder)
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn mail(uid: u32, size: usize) -> NewMail {
    let raw: Vec<u8> = uid.to_string().into_bytes().into_iter().cycle().take(size).collect();
    let place = Place { mailbox: "support".into(), uid_validity: 1, uid };
    NewMail { place, received_at: now(), digest: Digest::of(&raw), raw: raw.into(), oversize_bytes: None }
}

fn ticket(id: i64, text: &str) -> Ticket {
    Ticket {
        id: TicketId(id),
        subject: text.to_owned(),
        is_vouched: true,
        severity_by_agent: false,
        last_words: String::new(),
        category: "general".into(),
        severity: Severity::Low,
        tier: Tier::One,
        team: None,
        status: Status::Investigating,
        assignee: None,
        tags: Vec::new(),
        parties: Vec::new(),
        opened_at: now(),
        updated_at: now(),
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        first_response_due_at: None,
        update_due_at: None,
        calendar: None,
        paged_at: None,
        paging: Paging::None,
        held_count: 0,
        alert: None,
        last_sequence: 0,
        version: 1,
    }
}

/// Lets the database grow by so many pages and no more, as a full disk would. It is the writer's own limit.
async fn leave_room_for(store: &Store, pages: i64) {
    let count: i64 = query("PRAGMA page_count").fetch_value(store.writer()).await.unwrap();
    let sql = format!("PRAGMA max_page_count = {}", count + pages);
    query(sql).execute(store.writer()).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let (store, _folder) = desk().await;
    store.keep_mail(&[mail(1, 3000)], None, now()).await.unwrap();
    leave_room_for(&store, 20).await;
    let many: Vec<NewMail> = (2..=100).map(|uid| mail(uid, 3000)).collect();
    let cursor = Place { uid: 100, ..many[0].place.clone() };
    let error = store.keep_mail(&many, Some(&cursor), now()).await.unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert_eq!(store.cursor("support").await.unwrap(), None, "the server is not told that we have them");
    assert_eq!(store.known_uids("support", 1, 0).await.unwrap(), [1..=1]);

    let lease = SignedDuration::from_mins(5);
    let claimed = store.claim_inbox(now(), lease, 10).await.unwrap();
    assert_eq!(claimed.len(), 1, "what is there can still be worked on");
    let mut tx = store.begin().await.unwrap();
    let opened = (1001..1101).map(|id| ticket(id, &"x".repeat(3000))).collect();
    let error = tx.write(&Changes { opened, ..Changes::default() }, now()).await.unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    drop(tx);
    assert_eq!(store.counts().await.unwrap().tickets, []);

    leave_room_for(&store, 10_000).await;
    assert_eq!(store.keep_mail(&many, Some(&cursor), now()).await.unwrap().new_ids.len(), 99, "once there is room");
}

/// How SQLite would run a statement, a step a line.
async fn plan(store: &Store, sql: &str) -> String {
    let rows = query(format!("EXPLAIN QUERY PLAN {sql}"))
        .fetch_all(store.writer())
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.get::<String>(3).unwrap()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_runs_for_every_mail_never_reads_a_whole_table() {
    let (store, _folder) = desk().await;
    let values = "(1, 1, 'a', 'b', 'c', 'd', 'e'), (2, 1, 'a', 'b', 'c', 'd', 'e')";
    let statements = [
        ("claim mail", claims::CLAIMABLE.to_owned(), "inbox_open"),
        ("next mail", claims::NEXT_DUE.to_owned(), "inbox_open"),
        ("claim outbox", outbox::CLAIMABLE.to_owned(), "outbox_due"),
        ("order of the outbox", outbox::CLAIMABLE.to_owned(), "outbox_order"),
        ("next of the outbox", outbox::NEXT_DUE.to_owned(), "outbox_due"),
        ("next deadline", deadlines::NEXT_DUE.to_owned(), "deadlines_claim"),
        ("claim deadlines", joined(deadlines::CLAIM, ""), "deadlines_claim"),
        ("claimed mail", actions::FORGET_CLAIMS[0].to_owned(), "inbox_open"),
        ("claimed outbox", actions::FORGET_CLAIMS[1].to_owned(), "outbox_due"),
        ("claimed deadlines", actions::FORGET_CLAIMS[2].to_owned(), "deadlines_claimed"),
        ("take mail", joined(claims::TAKE, "(1), (2)"), "INTEGER PRIMARY KEY"),
        ("settle mail", joined(claims::SETTLE, values), "INTEGER PRIMARY KEY"),
        ("settle outbox", joined(outbox::SETTLE, values), "INTEGER PRIMARY KEY"),
        ("bytes seen before", joined(inbox::SAME_BYTES, "('x'), ('y')"), "inbox_digest"),
        ("answered mails", joined(threads::BY_MESSAGE, "('x'), ('y')"), "outcomes_message_id"),
        ("tickets of alerts", joined(threads::BY_ALERT, "('x'), ('y')"), "tickets_alert"),
        ("mails seen before", joined(threads::SAME_ID, "('x'), ('y')"), "outcomes_message_id"),
        ("known addresses", joined(threads::KNOWN_ADDRESSES, "('x'), ('y')"), "parties_address"),
        ("traffic", joined(traffic::WINDOWS, "('x'), ('y')"), "PRIMARY KEY"),
        ("counts to forget", traffic::FORGET.to_owned(), "traffic_by_minute"),
        ("traffic of the desk", traffic::DESK_HOUR.to_owned(), "PRIMARY KEY"),
        ("tickets", joined(tickets::LOAD, "(1), (2)"), "INTEGER PRIMARY KEY"),
        ("parties", joined(tickets::LOAD_PARTIES, "(1), (2)"), "PRIMARY KEY"),
    ];
    for (name, sql, index) in statements {
        let plan = plan(&store, &sql).await;
        assert!(plan.contains(index), "{name} does not use {index}:\n{plan}");
        let whole = |step: &&str| {
            step.starts_with("SCAN") && !step.contains("USING") && !step.contains("VALUES") && !step.contains(" v")
        };
        assert_eq!(plan.lines().find(whole), None, "{name} reads a whole table:\n{plan}");
    }
}

fn joined((head, tail): (&str, &str), list: &str) -> String {
    format!("{head}{list}{tail}")
}

#[tokio::test]
async fn on_postgresql_a_full_outbox_is_not_read_whole_for_each_of_its_mails() {
    if let Some(names) = postgres::missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let url = Postgres::shared().unwrap().fresh_database().unwrap();
    let store = Store::open(url.as_str()).await.unwrap();
    let fill = |from: i64, to: i64, state: &str| {
        format!(
            "INSERT INTO outbox (id, purpose, is_automatic, recipient, message_id, subject, size_bytes, created_at, \
             tried_since, state, due_at) SELECT at, 'reply', FALSE, 'a' || at || '@example.com', at, '', 1, 0, 0, \
             '{state}', at FROM generate_series({from}, {to}) AS at"
        )
    };
    // All was sent when the statistics were made, and now many wait.
    for sql in [fill(1, 20_000, "sent"), "VACUUM ANALYZE outbox".to_owned(), fill(20_001, 20_500, "waiting")] {
        query(sql).execute(store.writer()).await.unwrap();
    }
    let sql = outbox::CLAIMABLE.replace("$1", "99999").replace("$2", "32");
    let rows = query(format!("EXPLAIN {sql}")).fetch_all(store.writer()).await.unwrap();
    let plan: String = rows.iter().map(|row| row.get::<String>(0).unwrap() + "\n").collect();
    assert!(plan.contains("Index Cond: ((ticket = outbox.ticket) AND (recipient = outbox.recipient)"), "{plan}");
    store.close().await;
}

#[tokio::test]
async fn a_write_that_is_given_up_half_way_does_not_hold_the_database() {
    let (store, _folder) = desk().await;
    for _ in 0..20 {
        let begun = tokio::time::timeout(std::time::Duration::from_nanos(1), store.begin()).await;
        drop(begun);
    }
    store.keep_mail(&[mail(1, 10)], None, now()).await.unwrap();
    let tx = dialect::begin_write(store.writer()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.known_uids("support", 1, 0).await.unwrap(), [1..=1]);
}

#[tokio::test]
async fn uids_are_known_beyond_what_one_statement_looks_at() {
    let (store, _folder) = desk().await;
    query(
        "WITH RECURSIVE uids (uid) AS (SELECT 1 UNION ALL SELECT uid + 1 FROM uids WHERE uid < 120000) \
         INSERT INTO inbox (id, mailbox, uid_validity, uid, received_at, kept_at, due_at, digest, size_bytes, state) \
         SELECT uid, 'support', 1, uid, 0, 0, 0, x'00', 1, 'filed' FROM uids WHERE uid % 50000 <> 7",
    )
    .execute(store.writer())
    .await
    .unwrap();
    let known = store.known_uids("support", 1, 0).await.unwrap();
    assert_eq!(known, [1..=6, 8..=50_006, 50_008..=100_006, 100_008..=120_000]);
    assert_eq!(store.known_uids("support", 1, 100_007).await.unwrap(), [100_008..=120_000]);
    let plan = plan(&store, inbox::KNOWN_UIDS).await;
    assert!(plan.contains("SEARCH inbox USING COVERING INDEX"), "{plan}");
}

#[tokio::test]
async fn counts_of_a_long_rest_are_all_forgotten() {
    let (store, _folder) = desk().await;
    let minute = now().as_second() / 60;
    query(
        "WITH RECURSIVE counts (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM counts WHERE at < 12000) \
         INSERT INTO traffic (subject, minute, count) SELECT 'ann', $1 - at, 1 FROM counts",
    )
    .bind(minute)
    .execute(store.writer())
    .await
    .unwrap();
    assert_eq!(store.forget_traffic(now()).await.unwrap(), 12_000 - (24 * 60 - 1), "all but those of the last day");
    assert_eq!(store.forget_traffic(now()).await.unwrap(), 0);
}
