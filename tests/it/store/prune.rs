//! Forgetting what is old: what goes, what stays, and that nothing comes back because of it.

use super::{Desk, desk, large_ones, mail, mail_of, minute, opened, outgoing, sending, settled, ticket};
use postroom::decide::{Cause, Outcome};
use postroom::message::MessageId;
use postroom::store::prune::{Amount, Prunable, Retention};
use postroom::store::{Attempted, Changes, Filed, InboxItem, Lookup, SendOutcome, Settled, StoreError};
use postroom::ticket::event::{Actor, Event, Visibility, What};
use postroom::ticket::{Status, Ticket, TicketId};

const DAY: i64 = 24 * 60;

/// What ended before ninety days after nine o'clock.
fn retention(statuses: &[Status]) -> Retention {
    Retention { before: minute(90 * DAY), statuses: statuses.to_vec() }
}

/// Prunes to the end, as the command does.
async fn prune(desk: &Desk, what: Prunable, retention: &Retention) -> Amount {
    let foreseen = desk.store.prunable(what, retention).await.unwrap();
    let (mut gone, mut after) = (Amount::default(), 0);
    while let Some(step) = desk.store.prune(what, retention, after).await.unwrap() {
        gone.count += step.gone.count;
        gone.bytes += step.gone.bytes;
        after = step.last;
    }
    assert_eq!(gone, foreseen, "{what:?} is what was foreseen");
    gone
}

fn closed(id: i64) -> Ticket {
    Ticket { status: Status::Closed, closed_at: Some(minute(1)), ..ticket(id) }
}

fn on(item: &InboxItem, id: i64) -> Settled {
    Settled { ticket: Some(TicketId(id)), answers_to: Some(TicketId(id)), ..settled(item, Outcome::TicketOpened) }
}

async fn has_bytes(desk: &Desk, id: i64) -> bool {
    desk.store.find_inbox_raw(id).await.unwrap().is_some()
}

#[tokio::test]
async fn the_bytes_go_of_mails_that_are_done_and_whose_ticket_is_over() {
    let desk = desk().await;
    let mails: Vec<_> = (1..=7).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    desk.keep(&mails).await;
    let items = desk.claim(minute(0)).await;
    desk.write(&opened(&[closed(1001), ticket(1002), Ticket { status: Status::Resolved, ..ticket(1003) }])).await;
    let settled_ones = vec![
        on(&items[0], 1001),
        on(&items[1], 1002),
        on(&items[2], 1003),
        settled(&items[3], Outcome::AutoReply),
        settled(&items[4], Outcome::DiscardedByRule),
        settled(&items[5], Outcome::Quarantined(Cause::new(Cause::RULE))),
    ];
    desk.write(&Changes { settled: settled_ones, ..Changes::default() }).await;

    let early = Retention { before: minute(0), statuses: vec![Status::Closed] };
    assert_eq!(prune(&desk, Prunable::Received, &early).await, Amount::default(), "nothing is that old");
    let gone = prune(&desk, Prunable::Received, &retention(&[Status::Closed])).await;
    assert_eq!(gone, Amount { count: 3, bytes: 18 });
    let mut left = Vec::new();
    for id in 1..=7 {
        if has_bytes(&desk, id).await {
            left.push(id);
        }
    }
    assert_eq!(left, [2, 3, 6, 7], "open, resolved, in quarantine, not processed yet");
    assert_eq!(prune(&desk, Prunable::Received, &retention(&[Status::Closed])).await, Amount::default());
    let gone = prune(&desk, Prunable::Received, &retention(&[Status::Closed, Status::Resolved])).await;
    assert_eq!(gone, Amount { count: 1, bytes: 6 });
    let row = desk.store.find_inbox(1).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.ticket), ("filed", Some(TicketId(1001))), "the row stays as it was");
}

#[tokio::test]
async fn a_large_mail_goes_in_all_its_pieces() {
    let desk = desk().await;
    desk.keep(&[mail_of(1, &large_ones()[4])]).await;
    let items = desk.claim(minute(0)).await;
    let mut large = outgoing(None, "ann@example.com", "large");
    large.mail.bytes = large_ones()[4].clone();
    let settled = vec![settled(&items[0], Outcome::AutoReply)];
    desk.write(&Changes { settled, outgoing: vec![large], ..Changes::default() }).await;
    let item = desk.store.claim_outbox(minute(0), super::LEASE, 100).await.unwrap().remove(0);
    let sent = Attempted { id: item.id, attempt: item.attempt, outcome: SendOutcome::Sent { reply: "250".into() } };
    desk.store.settle_outbox(&[sent], &Changes::default(), minute(0)).await.unwrap();
    assert_eq!(pieces(&desk).await, [2, 2]);
    for what in [Prunable::Received, Prunable::Sent] {
        assert_eq!(prune(&desk, what, &retention(&[Status::Closed])).await.count, 1);
    }
    assert_eq!(pieces(&desk).await, [0, 0]);
}

/// How many pieces there are of mails that came in, and of mails to send, besides the first of each.
async fn pieces(desk: &Desk) -> [u64; 2] {
    let header = desk.store.export(minute(0), &mut Vec::new(), &mut |_| {}).await.unwrap();
    ["inbox_rest", "outbox_rest"].map(|table| header.rows[table])
}

#[tokio::test]
async fn bytes_that_a_copy_needs_stay_and_a_pruned_mail_that_comes_again_brings_its_own() {
    let desk = desk().await;
    desk.keep(&[mail(1, "hello"), mail(2, "hello")]).await;
    let items = desk.claim(minute(0)).await;
    let first = Settled { message_id: MessageId("m@example.com".into()), ..settled(&items[0], Outcome::AutoReply) };
    desk.write(&Changes { settled: vec![first.clone()], ..Changes::default() }).await;
    let rule = retention(&[Status::Closed]);
    assert_eq!(prune(&desk, Prunable::Received, &rule).await, Amount::default(), "its copy is still being processed");
    desk.write(&Changes { settled: vec![settled(&items[1], Outcome::Duplicate(1))], ..Changes::default() }).await;
    assert_eq!(prune(&desk, Prunable::Received, &rule).await, Amount { count: 1, bytes: 5 });
    assert!(!has_bytes(&desk, 1).await && !has_bytes(&desk, 2).await);

    assert_eq!(desk.keep(&[mail(1, "hello"), mail(2, "hello")]).await, Vec::<i64>::new(), "their UIDs are known");
    assert_eq!(desk.keep(&[mail(3, "hello"), mail(4, "hello")]).await, [3, 4]);
    let items = desk.claim(minute(0)).await;
    let read: Vec<_> = items.iter().map(|item| (item.id, item.same_bytes_as, &item.raw[..])).collect();
    assert_eq!(read, [(3, None, &b"hello"[..]), (4, Some(3), &b"hello"[..])]);
    let question = Lookup { same_ids: vec![first.message_id.clone()], ..Lookup::default() };
    let looked = desk.store.look_up(&question, minute(0)).await.unwrap();
    let copies = looked.same_ids[&first.message_id].iter().map(|copy| (copy.inbox, copy.digest));
    assert_eq!(copies.collect::<Vec<_>>(), [(1, first.content_digest)], "so it is known to be a duplicate");

    match desk.store.requeue_inbox(1, minute(0)).await {
        Err(StoreError::Refused { what }) => {
            assert_eq!(what, "the bytes of mail 1 were pruned, so it cannot be processed again");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.state_of(1).await, "filed");
}

#[tokio::test]
async fn the_bytes_go_of_mails_that_were_sent_and_of_no_others() {
    let desk = desk().await;
    desk.write(&opened(&[closed(1001), ticket(1002)])).await;
    let to = |ticket, name: &str| outgoing(ticket, &format!("{name}@example.com"), name);
    let mails =
        vec![to(Some(1001), "ann"), to(Some(1002), "bob"), to(None, "cid"), to(Some(1001), "dan"), to(None, "eve")];
    desk.write(&sending(mails)).await;
    let items = desk.store.claim_outbox(minute(0), super::LEASE, 100).await.unwrap();
    let attempts: Vec<Attempted> = items[..4]
        .iter()
        .map(|item| Attempted {
            id: item.id,
            attempt: item.attempt,
            outcome: if item.id == 4 {
                SendOutcome::Failed { error: "no".into() }
            } else {
                SendOutcome::Sent { reply: "250".into() }
            },
        })
        .collect();
    desk.store.settle_outbox(&attempts, &Changes::default(), minute(0)).await.unwrap();
    assert_eq!(prune(&desk, Prunable::Sent, &retention(&[Status::Closed])).await.count, 2);
    let mut left = Vec::new();
    for id in 1..=5 {
        if desk.store.find_outbox_raw(id).await.unwrap().is_some() {
            left.push(id);
        }
    }
    assert_eq!(left, [2, 4, 5], "on an open ticket, failed, still to be sent");
}

#[tokio::test]
async fn whole_tickets_go_and_their_mails_are_still_known() {
    let desk = desk().await;
    let mails: Vec<_> = (1..=4).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    desk.keep(&mails).await;
    let items = desk.claim(minute(0)).await;
    let message = |item: &InboxItem, id| Filed {
        ticket: TicketId(id),
        inbox: Some(item.id),
        message_id: MessageId(format!("m{}@example.com", item.place.uid)),
        visibility: Visibility::Public,
        by: "ann@example.com".into(),
        is_customers: true,
        text: "It burns.".into(),
        at: minute(0),
    };
    let event = |id| Event {
        ticket: TicketId(id),
        at: minute(0),
        actor: Actor::Postroom,
        what: What::Remarked { text: "hm".into() },
        cause: "new-request".into(),
    };
    let forged = Settled {
        ticket: Some(TicketId(1003)),
        ..settled(&items[2], Outcome::Quarantined(Cause::new("spoofed-agent")))
    };
    desk.write(&Changes {
        opened: vec![closed(1001), ticket(1002), closed(1003), closed(1004)],
        settled: vec![on(&items[0], 1001), on(&items[1], 1002), forged],
        filed: vec![message(&items[0], 1001), message(&items[1], 1002)],
        events: vec![event(1001), event(1002)],
        outgoing: vec![outgoing(Some(1001), "ann@example.com", "ack"), outgoing(Some(1004), "dan@example.com", "late")],
        ..Changes::default()
    })
    .await;
    let sent = desk.store.claim_outbox(minute(0), super::LEASE, 1).await.unwrap().remove(0);
    let outcome = SendOutcome::Sent { reply: "250".into() };
    let attempt = Attempted { id: sent.id, attempt: sent.attempt, outcome };
    desk.store.settle_outbox(&[attempt], &Changes::default(), minute(0)).await.unwrap();

    let rule = retention(&[Status::Closed]);
    prune(&desk, Prunable::Received, &rule).await;
    prune(&desk, Prunable::Sent, &rule).await;
    assert_eq!(prune(&desk, Prunable::Tickets, &rule).await.count, 1);
    let mut left = Vec::new();
    for id in 1001..=1004 {
        if desk.store.find_ticket(TicketId(id)).await.unwrap().is_some() {
            left.push(id);
        }
    }
    assert_eq!(left, [1002, 1003, 1004], "open, with a mail in quarantine, with a mail to send");
    assert!(desk.store.find_outbox(sent.id).await.unwrap().is_none());
    let row = desk.store.find_inbox(1).await.unwrap().unwrap();
    assert_eq!((row.ticket, row.from.as_deref(), row.subject.as_deref()), (None, Some(""), Some("")));
    assert_eq!(row.reasons.as_deref(), Some("pruned: PR-1001"));
    let id = MessageId("m1@example.com".into());
    let question = Lookup { same_ids: vec![id.clone()], message_ids: vec![id.clone()], ..Lookup::default() };
    let looked = desk.store.look_up(&question, minute(0)).await.unwrap();
    assert_eq!(looked.same_ids[&id][0].inbox, 1, "it would be a duplicate");
    assert!(looked.tickets_by_message.is_empty(), "an answer to it opens a ticket");
}
