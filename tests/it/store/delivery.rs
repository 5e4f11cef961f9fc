//! The outbox and the deadlines: who is claimed when, in which order, and what a settle changes.

use super::{Desk, LEASE, desk, large_ones, minute, opened, outgoing, sending, ticket};
use jiff::Timestamp;
use postroom::decide::DeadlineKind;
use postroom::store::{Attempted, Changes, OutboxItem, SendOutcome, StoreError};
use postroom::ticket::TicketId;

async fn claim(desk: &Desk, now: Timestamp) -> Vec<OutboxItem> {
    desk.store.claim_outbox(now, LEASE, 100).await.unwrap()
}

fn ids(items: &[OutboxItem]) -> Vec<i64> {
    items.iter().map(|item| item.id).collect()
}

fn ended(item: &OutboxItem, outcome: SendOutcome) -> Attempted {
    Attempted { id: item.id, attempt: item.attempt, outcome }
}

fn sent(item: &OutboxItem) -> Attempted {
    ended(item, SendOutcome::Sent { reply: "250 ok".into() })
}

fn retry(item: &OutboxItem, at: Timestamp) -> Attempted {
    ended(item, SendOutcome::RetryAt { at, error: "451 later".into() })
}

#[tokio::test]
async fn a_mail_of_any_size_is_handed_out_byte_for_byte() {
    let desk = desk().await;
    let expected = large_ones();
    let mails = expected.iter().enumerate().map(|(at, bytes)| {
        let mut mail = outgoing(None, &format!("ann{at}@example.com"), "large");
        mail.mail.bytes.clone_from(bytes);
        mail
    });
    desk.write(&sending(mails.collect())).await;
    let mut items = claim(&desk, minute(0)).await;
    assert_eq!(ids(&items), [1, 2, 3, 4, 5], "what is claimed at once stays within a limit");
    items.extend(claim(&desk, minute(0)).await);
    assert_eq!(items.len(), 6);
    for (item, bytes) in items.iter().zip(&expected) {
        assert!(item.bytes == *bytes, "mail {} of {} bytes", item.id, bytes.len());
        assert!(
            desk.store.find_outbox_raw(item.id).await.unwrap().as_ref() == Some(bytes),
            "mail {}, looked at",
            item.id
        );
    }
}

async fn settle(desk: &Desk, attempts: &[Attempted]) -> Vec<i64> {
    desk.store.settle_outbox(attempts, &Changes::default(), minute(1)).await.unwrap()
}

/// Two tickets; on the first two mails to Ann and one to Bob, on the second one to Ann, and one on no ticket.
async fn desk_with_mail() -> Desk {
    let desk = desk().await;
    desk.write(&opened(&[ticket(1001), ticket(1002)])).await;
    desk.write(&sending(vec![
        outgoing(Some(1001), "ann@example.com", "first"),
        outgoing(Some(1001), "ann@example.com", "second"),
        outgoing(Some(1001), "bob@desk.example", "news"),
        outgoing(Some(1002), "ann@example.com", "other"),
        outgoing(None, "ann@example.com", "alone"),
    ]))
    .await;
    desk
}

#[tokio::test]
async fn mail_comes_out_as_it_went_in() {
    let desk = desk_with_mail().await;
    let item = claim(&desk, minute(0)).await.remove(0);
    let written = outgoing(Some(1001), "ann@example.com", "first");
    assert_eq!(item.envelope, written.mail.envelope);
    assert_eq!(item.bytes, written.mail.bytes);
    assert_eq!((item.message_id, item.subject), (written.mail.message_id, written.mail.subject));
    assert_eq!((item.ticket, item.party, item.purpose), (written.ticket, written.party, written.purpose));
    assert_eq!((item.attempt, item.tried_since), (1, minute(0)));
}

#[tokio::test]
async fn a_recipient_gets_the_mails_of_a_ticket_in_order() {
    let desk = desk_with_mail().await;
    let items = claim(&desk, minute(0)).await;
    assert_eq!(ids(&items), [1, 3, 4, 5], "the second mail to Ann waits for the first");
    settle(&desk, &[retry(&items[0], minute(30)), sent(&items[1]), sent(&items[2]), sent(&items[3])]).await;
    assert_eq!(claim(&desk, minute(10)).await, [], "the first is not due, so the second has to wait as well");
    assert_eq!(desk.store.next_outbox_due().await.unwrap(), Some(minute(30)));
    let first = claim(&desk, minute(30)).await;
    assert_eq!((ids(&first), first[0].attempt), (vec![1], 2));
    settle(&desk, &[ended(&first[0], SendOutcome::Failed { error: "550 no".into() })]).await;
    assert_eq!(ids(&claim(&desk, minute(30)).await), [2], "a mail that failed for good stands in nobody's way");
}

#[tokio::test]
async fn a_mail_that_is_not_due_waits() {
    let desk = desk().await;
    desk.write(&sending(vec![super::Outgoing { due_at: minute(5), ..outgoing(None, "ann@example.com", "later") }]))
        .await;
    assert_eq!(claim(&desk, minute(4)).await, []);
    assert_eq!(ids(&claim(&desk, minute(5)).await), [1]);
}

#[tokio::test]
async fn a_mail_whose_sender_died_is_sent_again_with_the_same_id() {
    let desk = desk_with_mail().await;
    let before = claim(&desk, minute(0)).await;
    let desk = desk.reopened().await;
    assert_eq!(claim(&desk, minute(4)).await, []);
    let after = claim(&desk, minute(5)).await;
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(after[0].message_id, before[0].message_id);
    assert_eq!(settle(&desk, &[sent(&before[0]), sent(&after[1])]).await, [1], "the late settle is passed over");
    let states = desk.store.list_outbox(&Default::default()).await.unwrap();
    let states: Vec<_> = states.iter().rev().map(|row| row.state.as_str()).collect();
    assert_eq!(states, ["sending", "waiting", "sent", "sending", "sending"]);
}

#[tokio::test]
async fn what_a_failure_brings_about_commits_with_it_or_not_at_all() {
    let desk = desk_with_mail().await;
    let late = claim(&desk, minute(0)).await;
    let now = claim(&desk, minute(6)).await;
    let notice = sending(vec![outgoing(Some(1001), "bob@desk.example", "it did not arrive")]);
    let failed = |item| ended(item, SendOutcome::Failed { error: "550 no".into() });
    let stale = desk.store.settle_outbox(&[failed(&now[1]), failed(&late[0])], &notice, minute(6)).await;
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    assert_eq!(desk.store.list_outbox(&Default::default()).await.unwrap().len(), 5);
    assert_eq!(desk.store.find_outbox(3).await.unwrap().unwrap().state, "sending");
    desk.store.settle_outbox(&[failed(&now[0])], &notice, minute(6)).await.unwrap();
    assert_eq!(desk.store.list_outbox(&Default::default()).await.unwrap().len(), 6);
    let row = desk.store.find_outbox(1).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.error.as_deref(), row.settled_at), ("failed", Some("550 no"), Some(minute(6))));
}

#[tokio::test]
async fn a_mail_that_failed_is_sent_again_when_a_person_says_so() {
    let desk = desk_with_mail().await;
    let items = claim(&desk, minute(0)).await;
    settle(&desk, &[ended(&items[3], SendOutcome::Failed { error: "550 no".into() }), sent(&items[2])]).await;
    desk.store.retry_outbox(5, minute(2)).await.unwrap();
    let again = claim(&desk, minute(2)).await;
    assert_eq!((again[0].id, again[0].attempt, again[0].tries), (5, 2, 1));
    for (id, expected) in [
        (4, "mail 4 of the outbox is sent; only one that waits or failed is retried"),
        (99, "there is no mail 99 in the outbox"),
    ] {
        assert_eq!(desk.store.retry_outbox(id, minute(2)).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn deadlines_are_set_moved_cleared_and_claimed_when_they_come() {
    let desk = desk().await;
    let (one, two) = (TicketId(1001), TicketId(1002));
    let (first, update) = (DeadlineKind::FirstResponse, DeadlineKind::Update);
    let set = |deadlines_set| Changes { deadlines_set, ..Changes::default() };
    desk.write(&opened(&[ticket(1001), ticket(1002)])).await;
    desk.write(&set(vec![(one, first, minute(15)), (one, update, minute(30)), (two, first, minute(20))])).await;
    desk.write(&set(vec![(one, first, minute(25))])).await;
    assert_eq!(desk.store.next_deadline().await.unwrap(), Some(minute(20)));
    assert_eq!(desk.store.claim_deadlines(minute(19), LEASE, 10).await.unwrap(), []);

    let due = desk.store.claim_deadlines(minute(25), LEASE, 10).await.unwrap();
    let told: Vec<_> = due.iter().map(|due| (due.ticket, due.kind, due.due_at, due.attempt)).collect();
    assert_eq!(told, [(two, first, minute(20), 1), (one, first, minute(25), 1)]);
    assert_eq!(desk.store.claim_deadlines(minute(26), LEASE, 10).await.unwrap(), [], "they are claimed");
    assert_eq!(desk.store.next_deadline().await.unwrap(), Some(minute(30)));

    desk.write(&Changes { deadlines_cleared: vec![(two, first)], ..set(vec![(one, first, minute(60))]) }).await;
    let due = desk.store.claim_deadlines(minute(60), LEASE, 10).await.unwrap();
    let told: Vec<_> = due.iter().map(|due| (due.ticket, due.kind, due.due_at, due.attempt)).collect();
    assert_eq!(told, [(one, update, minute(30), 1), (one, first, minute(60), 1)]);
}

#[tokio::test]
async fn a_loop_is_told_once_even_when_it_was_not_waiting_yet() {
    let desk = desk_with_mail().await;
    desk.store.outbox_changed().notified().await;
    desk.keep(&[super::mail(1, "one")]).await;
    desk.store.inbox_changed().notified().await;
    let deadlines_set = vec![(TicketId(1001), DeadlineKind::Nudge, minute(1))];
    desk.write(&Changes { deadlines_set, ..Changes::default() }).await;
    desk.store.deadlines_changed().notified().await;
}
