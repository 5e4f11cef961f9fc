//! Tickets, their timelines, and what is looked up before a mail is decided on.

use super::{Desk, desk, mail, minute, opened, outgoing, party, sending, settled, suppressed, ticket};
use postroom::decide::policy::Traffic;
use postroom::decide::{Cause, Outcome, Suppression};
use postroom::message::{Address, Digest, MessageId};
use postroom::serve::working::Working;
use postroom::store::{Changes, Filed, Looked, Lookup, Quoted, Settled, StoreError};
use postroom::thread::Did;
use postroom::ticket::event::{Actor, Event, Visibility, What};
use postroom::ticket::people::{AgentId, Party, PartyId, Role, TeamId};
use postroom::ticket::{Alert, Chain, Paging, Severity, Status, Ticket, TicketId, Tier};

/// A ticket in which every field has something in it.
fn full_ticket() -> Ticket {
    let chain = Chain {
        first: Some("a@example.com".into()),
        recent: vec!["b@example.com".into(), "c@example.com".into()],
        newest_own: Some("c@example.com".into()),
    };
    Ticket {
        severity: Severity::Critical,
        severity_by_agent: true,
        tier: Tier::Everyone,
        team: Some(TeamId("billing".into())),
        status: Status::Closed,
        assignee: Some(AgentId("bob".into())),
        tags: vec!["outage".into(), "vip".into()],
        parties: vec![
            Party {
                id: PartyId::REQUESTER,
                address: Address { name: Some("Ann \"A\" Ä".into()), address: "Ann@Example.com".into() },
                answer_to: Some(Address::bare("elsewhere@example.com")),
                role: Role::Requester,
                chain,
                utc_offset_minutes: Some(-330),
            },
            party(2, "carl@example.com", Role::Correspondent),
            party(3, "bob@desk.example", Role::Agent),
        ],
        updated_at: minute(9),
        first_response_at: Some(minute(1)),
        resolved_at: Some(minute(2)),
        closed_at: Some(minute(3)),
        first_response_due_at: Some(minute(4)),
        update_due_at: Some(minute(5)),
        calendar: Some("office hours".into()),
        paged_at: Some(minute(7)),
        paging: Paging::Owed,
        held_count: 2,
        alert: Some(Alert { key: "web-1/disk".into(), count: 3, recovered_at: Some(minute(6)) }),
        last_sequence: 17,
        ..ticket(1001)
    }
}

async fn look_up(desk: &Desk, lookup: &Lookup) -> Looked {
    desk.store.begin().await.unwrap().lookup(lookup, minute(0)).await.unwrap()
}

#[tokio::test]
async fn a_ticket_is_read_as_it_was_written() {
    let desk = desk().await;
    let full = full_ticket();
    desk.write(&opened(&[full.clone(), ticket(1002)])).await;
    let read = desk.store.find_ticket(full.id).await.unwrap().unwrap();
    assert_eq!(read, full);
    // Addresses are equal whatever their names and case, so those are compared by hand.
    assert_eq!(read.parties[0].address.name, full.parties[0].address.name);
    assert_eq!(read.parties[0].address.address, "Ann@Example.com");
    assert_eq!(desk.store.find_ticket(TicketId(1002)).await.unwrap(), Some(ticket(1002)));
    assert_eq!(desk.store.find_ticket(TicketId(1003)).await.unwrap(), None);

    let changed = Ticket { parties: full.parties.clone(), ..ticket(1002) };
    desk.write(&Changes { changed: vec![changed.clone()], ..Changes::default() }).await;
    let read = desk.store.find_ticket(TicketId(1002)).await.unwrap();
    assert_eq!(read, Some(Ticket { version: 2, ..changed }));
}

#[tokio::test]
async fn the_last_ticket_of_an_alert_is_found_by_its_key() {
    let desk = desk().await;
    let of = |id, key: &str| {
        let alert = Some(Alert { key: key.into(), count: 1, recovered_at: None });
        Ticket { alert, ..ticket(id) }
    };
    desk.write(&opened(&[of(1001, "web-1/disk"), of(1002, "web-2/disk"), of(1003, "web-1/disk"), ticket(1004)])).await;
    let alerts = ["web-1/disk", "web-1/disk", "web-3/disk"].map(str::to_owned).to_vec();
    let looked = look_up(&desk, &Lookup { alerts, ..Lookup::default() }).await;
    assert_eq!(looked.alerts, [("web-1/disk".to_owned(), TicketId(1003))].into());
    assert_eq!(looked.tickets[&TicketId(1003)], of(1003, "web-1/disk"));

    let alert = Some(Alert { key: "web-1/disk".into(), count: 7, recovered_at: Some(minute(8)) });
    let over = Ticket { alert, ..ticket(1003) };
    desk.write(&Changes { changed: vec![over.clone()], ..Changes::default() }).await;
    assert_eq!(desk.store.find_ticket(TicketId(1003)).await.unwrap(), Some(Ticket { version: 2, ..over }));
}

#[tokio::test]
async fn who_read_an_older_version_of_a_ticket_changes_nothing() {
    let desk = desk().await;
    desk.write(&opened(&[ticket(1001), ticket(1002)])).await;
    let change = |tickets: Vec<Ticket>| Changes { changed: tickets, ..Changes::default() };
    desk.write(&change(vec![Ticket { held_count: 1, ..ticket(1001) }])).await;
    let late = change(vec![Ticket { held_count: 9, ..ticket(1002) }, Ticket { held_count: 9, ..ticket(1001) }]);
    let error = desk.try_write(&late).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    let held = |id| async move { desk.store.find_ticket(TicketId(id)).await.unwrap().unwrap().held_count };
    assert_eq!((held.clone()(1001).await, held(1002).await), (1, 0));
}

#[tokio::test]
async fn a_timeline_is_read_as_it_was_written() {
    let desk = desk().await;
    desk.write(&opened(&[ticket(1001), ticket(1002)])).await;
    let (bob, billing) = (AgentId("bob".into()), TeamId("billing".into()));
    let whats = [
        What::Opened { severity: Severity::Low, category: "x/y".into(), tier: Tier::One, team: None, calendar: None },
        What::Opened {
            severity: Severity::High,
            category: "x/y".into(),
            tier: Tier::Two,
            team: Some(billing.clone()),
            calendar: Some("office hours".into()),
        },
        What::Received { inbox: 1, by: "ann@example.com".into(), visibility: Visibility::Unverified },
        What::Written { to: "ann@example.com".into(), template: "reply".into(), message_id: "x@y".into() },
        What::Undelivered { to: "ann@example.com".into(), detail: "550 \"no\"\n".into() },
        What::StatusChanged { from: Status::Waiting, to: Status::Resolved },
        What::SeverityChanged { from: Severity::Low, to: Severity::High },
        What::TierChanged { from: Tier::One, to: Tier::Everyone },
        What::TeamChanged { from: Some(billing), to: None },
        What::Assigned { to: Some(bob.clone()) },
        What::Assigned { to: None },
        What::PartyAdded { party: 2, address: "carl@example.com".into() },
        What::Noted { text: "Ä note".into() },
        What::Promised { due_at: minute(7) },
        What::FirstResponseOverdue { due_at: minute(8) },
        What::ResolutionSent { root_cause: "a".into(), solution: "b".into(), verification: "c".into() },
        What::Remarked { text: "odd".into() },
    ];
    let actors = [Actor::Postroom, Actor::Correspondent("ann@example.com".into()), Actor::Agent(bob), Actor::Admin];
    let events: Vec<Event> = whats
        .into_iter()
        .zip(actors.iter().cycle())
        .zip(0..)
        .map(|((what, actor), n)| Event {
            ticket: TicketId(1001),
            at: minute(n),
            actor: actor.clone(),
            what,
            cause: format!("rule {n}"),
        })
        .collect();
    desk.write(&Changes { events: events.clone(), ..Changes::default() }).await;
    assert_eq!(desk.store.timeline(TicketId(1001)).await.unwrap(), events);
    assert_eq!(desk.store.timeline(TicketId(1002)).await.unwrap(), []);
}

fn filed(ticket: i64, message_id: &str, visibility: Visibility) -> Filed {
    Filed {
        ticket: TicketId(ticket),
        inbox: None,
        message_id: MessageId(message_id.into()),
        visibility,
        by: "ann@example.com".into(),
        is_customers: true,
        text: "It burns.".into(),
        at: minute(0),
    }
}

#[tokio::test]
async fn mails_on_a_ticket_are_read_as_they_were_filed_and_the_customers_last_words_are_its_brief() {
    let desk = desk().await;
    let agents = Filed { is_customers: false, text: "Which one?".into(), ..filed(1002, "m3@x", Visibility::Public) };
    let filed = vec![
        filed(1001, "m1@example.com", Visibility::Public),
        filed(1002, "m2@example.com", Visibility::Internal),
        Filed { text: "ä".repeat(Ticket::WORDS_KEPT + 1), ..filed(1002, "m1@example.com", Visibility::Automatic) },
        agents,
    ];
    desk.write(&Changes { filed: filed.clone(), ..opened(&[ticket(1001), ticket(1002), ticket(1003)]) }).await;
    assert_eq!(desk.store.filed_on(TicketId(1002)).await.unwrap(), filed[1..]);
    let words = async |id| desk.store.find_ticket(TicketId(id)).await.unwrap().unwrap().last_words;
    assert_eq!(words(1001).await, "It burns.");
    assert_eq!(words(1002).await, "ä".repeat(Ticket::WORDS_KEPT), "cut");
    assert_eq!(words(1003).await, "");
}

#[tokio::test]
async fn an_answer_to_a_mail_that_an_agent_passed_on_finds_the_ticket_that_this_opened() {
    let desk = desk().await;
    let id = |text: &str| MessageId(text.into());
    let passed_on = vec![(id("on@example.com"), TicketId(1001)), (id("m1@example.com"), TicketId(1001))];
    desk.write(&Changes { passed_on, ..opened(&[ticket(1001), ticket(1002)]) }).await;
    desk.write(&Changes { passed_on: vec![(id("on@example.com"), TicketId(1002))], ..Changes::default() }).await;
    desk.keep(&[mail(1, "one")]).await;
    let items = desk.claim(minute(0)).await;
    let here = Settled { answers_to: Some(TicketId(1002)), ..settled(&items[0], Outcome::TicketOpened) };
    desk.write(&Changes { settled: vec![here], ..Changes::default() }).await;
    let question = Lookup { message_ids: vec![id("on@example.com"), id("m1@example.com")], ..Lookup::default() };
    let found = look_up(&desk, &question).await.tickets_by_message;
    assert_eq!(found[&id("on@example.com")], TicketId(1001), "the first that it opened");
    assert_eq!(found[&id("m1@example.com")], TicketId(1002), "it came by itself as well");
}

#[tokio::test]
async fn an_answer_to_a_mail_finds_its_ticket() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one"), mail(2, "two"), mail(3, "three"), mail(4, "four")]).await;
    let items = desk.claim(minute(0)).await;
    let on = |at: usize, ticket: Option<i64>, outcome| {
        let ticket = ticket.map(TicketId);
        Settled { ticket: Some(TicketId(1002)), answers_to: ticket, ..settled(&items[at], outcome) }
    };
    let copy = Settled { message_id: MessageId("m1@example.com".into()), ..on(3, Some(1002), Outcome::Duplicate(1)) };
    let kept_apart = on(2, None, Outcome::FollowUp);
    let settled =
        vec![on(0, Some(1001), Outcome::TicketOpened), on(1, Some(1002), Outcome::FollowUp), kept_apart, copy];
    desk.write(&Changes { settled, ..opened(&[ticket(1001), ticket(1002), ticket(1003)]) }).await;
    let ids = ["m1@example.com", "m2@example.com", "m3@example.com", "m1@example.com"];
    let looked = look_up(
        &desk,
        &Lookup {
            message_ids: ids.map(|id| MessageId(id.into())).to_vec(),
            tickets: vec![TicketId(1003), TicketId(4)],
            ..Lookup::default()
        },
    )
    .await;
    assert_eq!(looked.tickets_by_message.len(), 2);
    assert_eq!(looked.tickets_by_message[&MessageId("m1@example.com".into())], TicketId(1001));
    assert_eq!(looked.tickets_by_message[&MessageId("m2@example.com".into())], TicketId(1002));
    let mut tickets: Vec<i64> = looked.tickets.keys().map(|id| id.0).collect();
    tickets.sort_unstable();
    assert_eq!(tickets, [1001, 1002, 1003]);
    assert_eq!(looked.tickets[&TicketId(1001)], ticket(1001));
}

#[tokio::test]
async fn a_second_copy_finds_the_first_and_never_another_copy() {
    let desk = desk().await;
    desk.keep(&[mail(1, "one"), mail(2, "one"), mail(3, "three")]).await;
    let items = desk.claim(minute(0)).await;
    let id = MessageId("same@example.com".into());
    let with_id = |item, outcome| Settled { message_id: id.clone(), ..settled(item, outcome) };
    let mut changes = Changes::default();
    changes.settled.push(with_id(&items[0], Outcome::Bounce));
    changes.settled.push(with_id(&items[1], Outcome::Duplicate(1)));
    changes.settled.push(with_id(&items[2], Outcome::Bounce));
    desk.write(&changes).await;
    let lookup = Lookup { same_ids: vec![id.clone()], ..Lookup::default() };
    let first = async || {
        let looked = look_up(&desk, &lookup).await;
        looked.same_ids[&id].iter().map(|copy| (copy.inbox, copy.digest)).min_by_key(|copy| copy.0).unwrap()
    };
    assert_eq!(first().await, (1, Digest::of(b"one")));
    desk.store.requeue_inbox(1, minute(1)).await.unwrap();
    assert_eq!(first().await, (3, Digest::of(b"three")), "it is no copy of itself");
}

#[tokio::test]
async fn what_a_mail_did_and_whether_somebody_vouched_for_it_is_known_when_a_copy_comes() {
    let desk = desk().await;
    let on = TicketId(1001);
    let mut changes = Changes { opened: vec![ticket(1001)], ..Changes::default() };
    let ends = [
        (Outcome::Quarantined(Cause::new(Cause::SPOOFED_AGENT)), None, "none", Did::Nothing),
        (Outcome::FollowUp, Some(Visibility::Unverified), "fail", Did::Nothing),
        (Outcome::FollowUp, Some(Visibility::Automatic), "pass", Did::Nothing),
        (Outcome::FollowUp, Some(Visibility::Public), "pass", Did::More),
        (Outcome::AgentReply, Some(Visibility::Unverified), "none", Did::Nothing),
        (Outcome::AgentReply, Some(Visibility::Internal), "none", Did::More),
        (Outcome::AutoReply, Some(Visibility::Automatic), "none", Did::Nothing),
        (Outcome::TicketOpened, Some(Visibility::Public), "none", Did::Opened(on)),
        (Outcome::Bounce, Some(Visibility::Automatic), "none", Did::More),
    ];
    desk.keep(&(1..=9).map(|uid| mail(uid, &format!("mail {uid}"))).collect::<Vec<_>>()).await;
    for (item, (outcome, filed_as, auth, _)) in desk.claim(minute(0)).await.iter().zip(&ends) {
        let known = vec![format!("auth={auth}"), "thread=new".to_owned()];
        changes.settled.push(Settled { ticket: Some(on), known, ..settled(item, outcome.clone()) });
        changes.filed.extend(
            filed_as.map(|visibility| Filed { inbox: Some(item.id), ..filed(1001, "x@example.com", visibility) }),
        );
    }
    desk.write(&changes).await;
    let same_ids = changes.settled.iter().map(|settled| settled.message_id.clone()).collect();
    let looked = look_up(&desk, &Lookup { same_ids, ..Lookup::default() }).await.same_ids;
    for (row, (outcome, _, auth, did)) in changes.settled.iter().zip(ends) {
        let [copy] = looked[&row.message_id][..] else { panic!("{outcome}: one copy") };
        assert_eq!((copy.did, copy.is_vouched_for), (did, auth == "pass"), "{outcome}, {auth}");
    }
    assert_eq!(Outcome::did(Outcome::FollowUp.word(), None, false), Did::More, "whatever it did, it was pruned");
}

#[tokio::test]
async fn customers_are_known_and_suppressed_by_address_whatever_its_case() {
    let desk = desk().await;
    let mut changes = opened(&[full_ticket(), Ticket { parties: full_ticket().parties, ..ticket(1002) }]);
    changes.suppressed.push(suppressed("Gone@Example.com", Suppression::Bounced));
    desk.write(&changes).await;
    desk.write(&Changes { suppressed: changes.suppressed, ..Changes::default() }).await;
    let addresses = ["ANN@example.com", "carl@example.com", "bob@desk.example", "eve@example.com", "gone@example.com"];
    let looked = look_up(&desk, &Lookup { addresses: addresses.map(String::from).to_vec(), ..Lookup::default() }).await;
    let mut known: Vec<_> = looked.known_addresses.iter().map(String::as_str).collect();
    known.sort_unstable();
    assert_eq!(known, ["ann@example.com", "carl@example.com"], "an agent is no customer by being on a ticket");
    assert_eq!(looked.suppressed.iter().collect::<Vec<_>>(), ["gone@example.com"]);
}

#[tokio::test]
async fn automatic_mail_is_counted_by_address_ticket_and_desk() {
    let desk = desk().await;
    desk.write(&opened(&[ticket(1001)])).await;
    let by_hand = postroom::store::Outgoing { is_automatic: false, ..outgoing(Some(1001), "ann@example.com", "e") };
    let rounds = [
        (minute(-24 * 60), vec![outgoing(Some(1001), "ann@example.com", "a")]),
        (minute(-600), vec![outgoing(Some(1001), "ann@example.com", "b"), outgoing(None, "Ann@Example.com", "c")]),
        (minute(-30), vec![outgoing(Some(1001), "ann@example.com", "d"), by_hand]),
        (minute(-9), vec![outgoing(Some(1001), "bob@desk.example", "f"), outgoing(None, "eve@example.com", "g")]),
        (minute(-9), vec![outgoing(Some(1001), "bob@desk.example", "h")]),
    ];
    for (now, outgoing) in rounds {
        let mut tx = desk.store.begin().await.unwrap();
        tx.write(&sending(outgoing), now).await.unwrap();
        tx.commit().await.unwrap();
    }
    let lookup =
        Lookup { addresses: vec!["ann@example.com".into()], tickets: vec![TicketId(1001)], ..Lookup::default() };
    let expected = Traffic {
        address_hour: 1,
        address_day: 3,
        domain_hour: 2,
        ticket_10_minutes: 2,
        ticket_10_hours: 3,
        desk_hour: 4,
        ..Traffic::default()
    };
    let ann = Address::bare("Ann@example.com");
    let traffic =
        async || Working::from(look_up(&desk, &lookup).await).standing(Some(&ann), Some(TicketId(1001)), None).traffic;
    assert_eq!(traffic().await, expected);
    assert_eq!(desk.store.forget_traffic(minute(0)).await.unwrap(), 4);
    assert_eq!(traffic().await, expected);
}

#[tokio::test]
async fn ticket_numbers_are_given_out_once_and_start_at_1001() {
    let desk = desk().await;
    let mut tx = desk.store.begin().await.unwrap();
    assert_eq!(tx.next_ticket_id(3).await.unwrap(), TicketId::FIRST);
    assert_eq!(tx.next_ticket_id(1).await.unwrap(), TicketId(1004));
    tx.commit().await.unwrap();
    let desk = desk.reopened().await;
    assert_eq!(desk.store.begin().await.unwrap().next_ticket_id(1).await.unwrap(), TicketId(1005));
}

#[tokio::test]
async fn a_batch_larger_than_any_statement_is_written_and_looked_up_whole() {
    let desk = desk().await;
    let tickets: Vec<Ticket> = (1001..1001 + 333)
        .map(|id| Ticket { parties: vec![party(1, &format!("c{id}@example.com"), Role::Requester)], ..ticket(id) })
        .collect();
    desk.write(&opened(&tickets)).await;
    let lookup = Lookup {
        addresses: tickets.iter().map(|ticket| ticket.parties[0].address.address.clone()).collect(),
        tickets: tickets.iter().map(|ticket| ticket.id).collect(),
        ..Lookup::default()
    };
    let looked = look_up(&desk, &lookup).await;
    assert_eq!((looked.tickets.len(), looked.known_addresses.len()), (333, 333));
    assert!(tickets.iter().all(|ticket| looked.tickets[&ticket.id] == *ticket));
}

#[tokio::test]
async fn mails_that_are_quoted_are_found_wherever_they_are() {
    let desk = desk().await;
    desk.store.keep_mail(&[mail(1, "Subject: in\r\n\r\nIt burns.")], None, minute(0)).await.unwrap();
    let item = desk.claim(minute(0)).await.remove(0);
    let changes = Changes {
        settled: vec![settled(&item, Outcome::TicketOpened)],
        outgoing: ["one", "two", "three", "four"].map(|text| outgoing(Some(1001), "ann@example.com", text)).to_vec(),
        ..opened(&[ticket(1001)])
    };
    desk.write(&changes).await;
    let id = |id: &str| MessageId(id.to_owned());
    let asked = [
        Quoted::Ours(TicketId(1001), id("two@desk.example")),
        Quoted::Ours(TicketId(1002), id("two@desk.example")),
        Quoted::Theirs(id("m1@example.com")),
        Quoted::Theirs(id("m2@example.com")),
        Quoted::Last(TicketId(1001), PartyId(1)),
        Quoted::Last(TicketId(1001), PartyId(2)),
    ];
    let looked = look_up(&desk, &Lookup { quoted: asked.to_vec(), ..Lookup::default() }).await;
    let texts = |quoted: &Quoted| {
        let raws = looked.quoted.get(quoted).cloned().unwrap_or_default();
        raws.into_iter().map(|raw| String::from_utf8(raw).unwrap().trim_end().to_owned()).collect::<Vec<_>>()
    };
    let found: Vec<Vec<String>> = asked.iter().map(texts).collect();
    let expected: [&[&str]; 6] = [
        &["Subject: two"],
        &[],
        &["Subject: in\r\n\r\nIt burns."],
        &[],
        &["Subject: four", "Subject: three", "Subject: two"],
        &[],
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn of_a_mail_that_is_quoted_no_more_than_its_beginning_is_read() {
    let desk = desk().await;
    let long = "x".repeat(70_000);
    desk.store.keep_mail(&[mail(1, &long)], None, minute(0)).await.unwrap();
    let item = desk.claim(minute(0)).await.remove(0);
    let changes = Changes { settled: vec![settled(&item, Outcome::TicketOpened)], ..opened(&[ticket(1001)]) };
    desk.write(&changes).await;
    let asked = Quoted::Theirs(MessageId("m1@example.com".to_owned()));
    let looked = look_up(&desk, &Lookup { quoted: vec![asked.clone()], ..Lookup::default() }).await;
    assert_eq!(looked.quoted[&asked], [long.as_bytes()[..65_536].to_vec()]);
}
