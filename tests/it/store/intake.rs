//! Received mail: kept once, claimed by one, settled by the one who claimed it last.

use super::{LEASE, desk, large_ones, mail, mail_of, minute, settled};
use postroom::decide::{Cause, Outcome};
use postroom::store::{Changes, NewMail, Place, StoreError};

fn place(uid_validity: u32, uid: u32) -> Place {
    Place { mailbox: "support".into(), uid_validity, uid }
}

fn settling(settled: Vec<postroom::store::Settled>) -> Changes {
    Changes { settled, ..Changes::default() }
}

#[tokio::test]
async fn a_mail_that_is_fetched_twice_is_kept_once() {
    let desk = desk().await;
    assert_eq!(desk.keep(&[mail(1, "one"), mail(2, "two"), mail(2, "two")]).await, [1, 2]);
    assert_eq!(desk.keep(&[mail(2, "two"), mail(3, "three")]).await, [3]);
    let uids: Vec<u32> = desk.claim(minute(0)).await.iter().map(|item| item.place.uid).collect();
    assert_eq!(uids, [1, 2, 3]);
}

#[tokio::test]
async fn mails_and_cursor_are_kept_together_and_the_cursor_never_goes_back() {
    let desk = desk().await;
    assert_eq!(desk.store.cursor("support").await.unwrap(), None);
    let cases = [
        ("the first", place(7, 5), place(7, 5)),
        ("further", place(7, 9), place(7, 9)),
        ("back, which is ignored", place(7, 6), place(7, 9)),
        ("a new UIDVALIDITY starts over", place(8, 2), place(8, 2)),
    ];
    for (name, given, expected) in cases {
        desk.store.keep_mail(&[], Some(&given), minute(0)).await.unwrap();
        assert_eq!(desk.store.cursor("support").await.unwrap(), Some(expected), "{name}");
    }
    let desk = desk.reopened().await;
    assert_eq!(desk.store.cursor("support").await.unwrap(), Some(place(8, 2)));
}

#[tokio::test]
async fn known_uids_are_told_as_ranges() {
    let desk = desk().await;
    let mails: Vec<NewMail> = [1, 2, 3, 7, 9, 10].map(|uid| mail(uid, &format!("mail {uid}"))).to_vec();
    desk.keep(&mails).await;
    assert_eq!(desk.store.known_uids("support", 7, 0).await.unwrap(), [1..=3, 7..=7, 9..=10]);
    assert_eq!(desk.store.known_uids("support", 7, 2).await.unwrap(), [3..=3, 7..=7, 9..=10]);
    assert_eq!(desk.store.known_uids("support", 8, 0).await.unwrap(), []);
}

#[tokio::test]
async fn the_same_bytes_are_stored_once_and_read_by_every_copy() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one"), mail(2, "one")]).await;
    let mut moved = mail(1, "one");
    moved.place.uid_validity = 8;
    desk.keep(&[moved]).await;
    let items = desk.claim(minute(0)).await;
    let read: Vec<_> = items.iter().map(|item| (item.id, item.same_bytes_as, &item.raw[..])).collect();
    assert_eq!(read, [(1, None, &b"one"[..]), (2, Some(1), b"one"), (3, Some(1), b"one")]);
    assert_eq!(desk.store.find_inbox_raw(3).await.unwrap().unwrap(), b"one");
}

#[tokio::test]
async fn a_mail_of_any_size_comes_back_byte_for_byte() {
    let desk = desk().await;
    let mut expected = large_ones().to_vec();
    expected.push(expected[2].clone());
    let mails: Vec<NewMail> = (1..).zip(&expected).map(|(uid, bytes)| mail_of(uid, bytes)).collect();
    desk.keep(&mails).await;
    let mut items = desk.claim(minute(0)).await;
    assert_eq!(items.len(), 5, "what is claimed at once stays within a limit");
    items.extend(desk.claim(minute(0)).await);
    assert_eq!(items.len(), 6, "one mail is claimed, however large it is");
    items.extend(desk.claim(minute(0)).await);
    for (item, bytes) in items.iter().zip(&expected) {
        assert!(item.raw == bytes, "mail {} of {} bytes", item.id, bytes.len());
        assert!(
            desk.store.find_inbox_raw(item.id).await.unwrap().as_ref() == Some(bytes),
            "mail {}, looked at",
            item.id
        );
    }
    assert_eq!((items.len(), items[6].same_bytes_as), (7, Some(3)));
}

#[tokio::test]
async fn every_mail_at_another_door_gets_a_place_of_its_own() {
    let desk = desk().await;
    let other = postroom::store::Store::open(&desk.url).await.unwrap();
    let one = desk.store.keep_ingested("ingest", vec![mail(0, "one"), mail(0, "two")], minute(0));
    let two = other.keep_ingested("ingest", vec![mail(0, "three")], minute(0));
    let (one, two) = tokio::join!(one, two);
    assert_eq!(one.unwrap().new_ids.len() + two.unwrap().new_ids.len(), 3);
    let places: Vec<Place> = desk.claim(minute(0)).await.into_iter().map(|item| item.place).collect();
    assert_eq!(places, [1, 2, 3].map(|uid| Place { mailbox: "ingest".into(), uid_validity: 0, uid }));
}

#[tokio::test]
async fn a_claim_holds_until_its_lease_is_over() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one")]).await;
    assert_eq!(desk.claim(minute(0)).await[0].attempt, 1);
    assert_eq!(desk.claim(minute(4)).await, []);
    let desk = desk.reopened().await;
    let again = desk.claim(minute(5)).await;
    assert_eq!((again[0].attempt, again[0].tries), (2, 2));
}

#[tokio::test]
async fn claims_take_the_oldest_first_and_no_more_than_asked() {
    let desk = desk().await;
    let mails: Vec<NewMail> = (1..=5).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    desk.keep(&mails).await;
    let mut order = Vec::new();
    for _ in 0..3 {
        let items = desk.store.claim_inbox(minute(0), LEASE, 2).await.unwrap();
        order.push(items.iter().map(|item| item.id).collect::<Vec<_>>());
    }
    assert_eq!(order, [vec![1, 2], vec![3, 4], vec![5]]);
}

#[tokio::test]
async fn a_late_settle_changes_nothing() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one"), mail(2, "two")]).await;
    let late = desk.claim(minute(0)).await;
    let now = desk.claim(minute(6)).await;
    let both = settling(vec![settled(&now[0], Outcome::Bounce), settled(&late[1], Outcome::Bounce)]);
    let error = desk.try_write(&both).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    assert!(error.is_transient());
    assert_eq!(desk.state_of(1).await, "processing", "nothing of the batch is settled");
    assert!(!desk.store.release_inbox(&late[1], minute(9), "late").await.unwrap());
    desk.write(&settling(now.iter().map(|item| settled(item, Outcome::Bounce)).collect())).await;
    assert_eq!((desk.state_of(1).await, desk.state_of(2).await), ("filed".into(), "filed".into()));
    let twice = desk.try_write(&settling(vec![settled(&now[0], Outcome::Bounce)])).await.unwrap_err();
    assert!(matches!(twice, StoreError::Conflict { .. }), "{twice}");
}

#[tokio::test]
async fn a_mail_that_failed_comes_back_when_it_is_due() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one")]).await;
    let item = &desk.claim(minute(0)).await[0];
    assert!(desk.store.release_inbox(item, minute(2), "it hurts").await.unwrap());
    assert_eq!(desk.store.find_inbox(1).await.unwrap().unwrap().error.as_deref(), Some("it hurts"));
    assert_eq!(desk.store.next_inbox_due().await.unwrap(), Some(minute(2)));
    assert_eq!(desk.claim(minute(1)).await, []);
    assert_eq!(desk.claim(minute(2)).await[0].attempt, 2);
}

#[tokio::test]
async fn what_was_not_committed_never_happened() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one")]).await;
    let item = desk.claim(minute(0)).await.remove(0);
    let mut tx = desk.store.begin().await.unwrap();
    let changes =
        Changes { opened: vec![super::ticket(1001)], ..settling(vec![settled(&item, Outcome::TicketOpened)]) };
    tx.write(&changes, minute(0)).await.unwrap();
    assert_eq!(tx.next_ticket_id(3).await.unwrap().0, 1001);
    drop(tx);
    let desk = desk.reopened().await;
    assert_eq!(desk.state_of(1).await, "processing");
    assert_eq!(desk.store.counts().await.unwrap().tickets, []);
    assert_eq!(desk.store.begin().await.unwrap().next_ticket_id(1).await.unwrap().0, 1001);
}

#[tokio::test]
async fn each_outcome_leaves_its_row_in_its_state() {
    let cases = [
        (Outcome::TicketOpened, "filed", "ticket-opened", None),
        (Outcome::Duplicate(1), "filed", "duplicate", None),
        (Outcome::DiscardedByRule, "discarded", "discarded-by-rule", None),
        (Outcome::Quarantined(Cause::new("rule")), "quarantined", "quarantined", Some("rule")),
        (Outcome::Quarantined(Cause::new("stuck")), "stuck", "quarantined", Some("stuck")),
    ];
    let desk = desk().await;
    let mails: Vec<NewMail> = (1..=5).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    desk.keep(&mails).await;
    let items = desk.claim(minute(0)).await;
    for (item, (outcome, state, word, cause)) in items.iter().zip(cases) {
        desk.write(&settling(vec![settled(item, outcome)])).await;
        let row = desk.store.find_inbox(item.id).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.outcome.as_deref(), row.cause.as_deref()), (state, Some(word), cause));
    }
}

#[tokio::test]
async fn mails_that_were_claimed_in_vain_are_handed_out_in_ever_smaller_numbers() {
    let desk = desk().await;
    let mails: Vec<NewMail> = (1..=8).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    desk.keep(&mails).await;
    for expected in [8, 4, 2, 1, 1, 1] {
        let claimed = desk.store.claim_inbox(minute(0), LEASE, 8).await.unwrap();
        assert_eq!(claimed.len(), expected);
        // As after the death of the program.
        desk.store.forget_claims(minute(0)).await.unwrap();
    }
}

#[tokio::test]
async fn a_claim_that_is_given_back_was_no_attempt() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one")]).await;
    for attempt in 1..=3 {
        let item = desk.store.claim_inbox(minute(0), LEASE, 8).await.unwrap().remove(0);
        assert_eq!((item.attempt, item.tries), (attempt, 1));
        desk.store.excuse_inbox(&[(item.id, item.attempt - 1)], Some(minute(0))).await.unwrap();
        assert!(
            desk.store.claim_inbox(minute(0), LEASE, 8).await.unwrap().is_empty(),
            "an older claim gives nothing back"
        );
        desk.store.excuse_inbox(&[(item.id, item.attempt)], Some(minute(0))).await.unwrap();
    }
}

#[tokio::test]
async fn forgotten_places_leave_the_mails_and_make_room_for_others() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one"), mail(2, "two")]).await;
    desk.store.keep_mail(&[], Some(&place(7, 2)), minute(0)).await.unwrap();
    let hold = desk.store.take_mailbox("support").await.unwrap().unwrap();
    desk.store.forget_places(&hold, minute(1)).await.unwrap();
    assert_eq!(desk.store.cursor("support").await.unwrap(), None);
    assert_eq!(desk.store.known_uids("support", 7, 0).await.unwrap(), []);
    assert_eq!(desk.keep(&[mail(2, "another")]).await, [3]);
    assert_eq!(desk.claim(minute(1)).await.len(), 3);
}
