//! What people are shown of the database, and what they do to single rows.

use super::{Desk, desk, mail, minute, opened, outgoing, sending, settled, ticket};
use postroom::decide::{Cause, Outcome};
use postroom::store::list::Filter;
use postroom::store::{Changes, NewMail, Settled, StoreError};
use postroom::ticket::{Severity, Ticket, TicketId};

/// Five mails: one opened PR-1001, one is its copy, two are in quarantine (one stuck), one is not processed.
async fn busy_desk() -> Desk {
    let desk = desk().await;
    let mails: Vec<NewMail> = (1..=4).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    desk.keep(&mails).await;
    let items = desk.claim(minute(0)).await;
    let mut changes = opened(&[ticket(1001), Ticket { severity: Severity::High, ..ticket(1002) }]);
    let on_ticket = Settled { ticket: Some(TicketId(1001)), ..settled(&items[0], Outcome::TicketOpened) };
    changes.settled = vec![
        on_ticket,
        settled(&items[1], Outcome::Duplicate(1)),
        settled(&items[2], Outcome::Quarantined(Cause::new(Cause::SPOOFED_AGENT))),
        settled(&items[3], Outcome::Quarantined(Cause::new(Cause::STUCK))),
    ];
    changes.outgoing = sending(vec![outgoing(Some(1001), "ann@example.com", "hello")]).outgoing;
    desk.write(&changes).await;
    desk.keep(&[mail(5, "mail 5")]).await;
    desk
}

#[tokio::test]
async fn the_inbox_is_listed_by_state_outcome_time_and_ticket() {
    let desk = busy_desk().await;
    let cases = [
        ("all", Filter::default(), vec![5, 4, 3, 2, 1]),
        ("the newest", Filter { limit: Some(2), ..Filter::default() }, vec![5, 4]),
        ("by state", Filter { states: vec!["new".into(), "stuck".into()], ..Filter::default() }, vec![5, 4]),
        ("by outcome", Filter { outcome: Some("quarantined".into()), ..Filter::default() }, vec![4, 3]),
        ("by ticket", Filter { ticket: Some(TicketId(1001)), ..Filter::default() }, vec![1]),
        ("since later", Filter { since: Some(minute(0)), ..Filter::default() }, vec![]),
        ("since before", Filter { since: Some(minute(-1)), limit: Some(1), ..Filter::default() }, vec![5]),
    ];
    for (name, filter, expected) in cases {
        let ids: Vec<i64> = desk.store.list_inbox(&filter).await.unwrap().iter().map(|row| row.id).collect();
        assert_eq!(ids, expected, "{name}");
    }
    let apart: Vec<i64> =
        desk.store.list_quarantine(&Filter::default()).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(apart, [4, 3]);
}

#[tokio::test]
async fn a_row_of_the_inbox_says_how_the_mail_ended() {
    let desk = busy_desk().await;
    let row = desk.store.find_inbox(1).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.outcome.as_deref()), ("filed", Some("ticket-opened")));
    assert_eq!((row.from.as_deref(), row.subject.as_deref()), (Some("ann@example.com"), Some("Printer on fire")));
    assert_eq!((row.ticket, row.reasons.as_deref()), (Some(TicketId(1001)), Some("new-request")));
    assert_eq!((row.due_at, row.settled_at, row.attempt), (None, Some(minute(0)), 1));
    let row = desk.store.find_inbox(5).await.unwrap().unwrap();
    assert_eq!((row.outcome, row.from, row.due_at), (None, None, Some(minute(0))));
    assert_eq!(desk.store.find_inbox(6).await.unwrap(), None);
    assert_eq!(desk.store.find_inbox_raw(2).await.unwrap().unwrap(), b"mail 2");
}

#[tokio::test]
async fn tickets_and_outbox_are_listed_with_what_matters() {
    let desk = busy_desk().await;
    let tickets = desk.store.list_tickets(&Filter::default()).await.unwrap();
    assert_eq!(tickets.iter().map(|row| row.id.0).collect::<Vec<_>>(), [1002, 1001]);
    assert_eq!((tickets[0].requester.as_deref(), tickets[0].severity), (Some("Ann@Example.com"), Severity::High));
    let none = Filter { states: vec!["closed".into()], ..Filter::default() };
    assert_eq!(desk.store.list_tickets(&none).await.unwrap(), []);
    let outbox = desk.store.list_outbox(&Filter { ticket: Some(TicketId(1001)), ..Filter::default() }).await.unwrap();
    assert_eq!((outbox.len(), outbox[0].to.as_str(), outbox[0].state.as_str()), (1, "ann@example.com", "waiting"));
    assert_eq!(desk.store.find_outbox_raw(1).await.unwrap().unwrap(), b"Subject: hello\r\n\r\n");
}

#[tokio::test]
async fn rows_are_counted_by_what_they_are() {
    let counts = busy_desk().await.store.counts().await.unwrap();
    let plain = |counts: &[(String, i64)]| {
        counts.iter().map(|(word, count)| format!("{word}={count}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(plain(&counts.inbox), "filed=2 new=1 quarantined=1 stuck=1");
    assert_eq!(
        plain(&counts.outcomes),
        "duplicate=1 quarantined(spoofed-agent)=1 quarantined(stuck)=1 ticket-opened=1"
    );
    assert_eq!(plain(&counts.outbox), "waiting=1");
    assert_eq!(plain(&counts.tickets), "investigating=2");
}

#[tokio::test]
async fn a_mail_released_from_quarantine_is_processed_as_accepted() {
    let desk = busy_desk().await;
    desk.store.release_quarantine(3, minute(1)).await.unwrap();
    let row = desk.store.find_inbox(3).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.outcome), ("new", None));
    assert_eq!(row.error.as_deref(), Some("was quarantined(spoofed-agent): new-request"));
    let items = desk.claim(minute(1)).await;
    assert_eq!((items[0].id, items[0].released, items[0].attempt, items[0].tries), (3, true, 2, 1));
    assert_eq!((items[1].id, items[1].released), (5, false));
    desk.write(&Changes { settled: vec![settled(&items[0], Outcome::AgentReply)], ..Changes::default() }).await;
    assert_eq!(desk.state_of(3).await, "filed");
}

#[tokio::test]
async fn what_cannot_be_done_to_a_row_is_refused_with_the_reason() {
    let desk = busy_desk().await;
    let store = &desk.store;
    let cases = [
        (store.release_quarantine(1, minute(1)).await, "there is no mail 1 in quarantine"),
        (store.discard_quarantine(99).await, "there is no mail 99 in quarantine"),
        (store.requeue_inbox(5, minute(1)).await, "mail 5 of the inbox is new; it is on its way already"),
        (store.requeue_inbox(99, minute(1)).await, "there is no mail 99 in the inbox"),
    ];
    for (result, expected) in cases {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
        assert_eq!(error.to_string(), expected);
    }
    store.discard_quarantine(4).await.unwrap();
    assert_eq!(desk.state_of(4).await, "discarded");
    assert_eq!(store.find_inbox_raw(4).await.unwrap().unwrap(), b"mail 4");
}
