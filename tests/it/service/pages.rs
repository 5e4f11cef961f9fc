//! Pages that are owed: over starts with another configuration, and with several workers.

use super::{nine, process_all};
use crate::journeys::story::Own;
use crate::support::service::Service;
use jiff::SignedDuration;
use postroom::message::Digest;
use postroom::serve::deadlines::meet_due;
use postroom::serve::desk::Desk;
use postroom::store::{DatabaseUrl, NewMail, Place, Store};
use postroom::ticket::event::What;
use postroom::ticket::people::AgentId;
use postroom::ticket::{Paging, TicketId};
use postroom_testbed::Postgres;

/// A monitor's mail about a disk.
fn disk(id: u32, host: u32, says: &str) -> Vec<u8> {
    let lines = [
        "From: alerts@monitor.example".to_owned(),
        "To: support@desk.example".to_owned(),
        format!("Subject: Disk on db-{host} is {says}"),
        format!("Message-ID: <{id}@monitor.example>"),
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=monitor.example".to_owned(),
        String::new(),
        format!("The disk is {says} ({id})."),
        String::new(),
    ];
    lines.join("\r\n").into_bytes()
}

fn own() -> Own {
    Own {
        configuration: "[on_call]\nagents = [\"eve\"]\n".to_owned(),
        rules: "[[rule]]\nname = \"full\"\npage = true\ncorrelate = \"{host}/disk\"\n\
            when.subject = '^disk on (?<host>\\S+) is full'\n\
            [[rule]]\nname = \"well\"\nrecovers = true\ncorrelate = \"{host}/disk\"\n\
            when.subject = '^disk on (?<host>\\S+) is well'\n"
            .to_owned(),
    }
}

/// A desk at which a page is owed since five minutes after nine, and which is closed.
async fn that_owes_a_page() -> Service {
    let mut service = Service::prepare_with(nine(), &own(), |_| {}).await;
    service.open();
    for (mails, says) in [(1, "full"), (2, "well"), (3, "full")] {
        service.deliver(disk(mails, 1, says));
        service.settle(mails as usize).await;
        if mails == 2 {
            service.pass(SignedDuration::from_mins(5));
        }
    }
    service.stop().await;
    let ticket = service.store.find_ticket(TicketId(1001)).await.unwrap().unwrap();
    assert_eq!((ticket.paging, ticket.paged_at), (Paging::Owed, Some(nine())));
    service
}

/// Opens the desk when the page is due, and lets it do what has come due.
async fn open_when_it_is_due(service: &mut Service) {
    service.clock.move_to(nine() + SignedDuration::from_mins(15));
    service.open();
    service.settle(3).await;
    service.met().await;
    service.sent().await;
}

async fn pages_to(service: &Service, agent: &str) -> usize {
    let purposes = service.purposes_to(&format!("{agent}@desk.example")).await;
    purposes.iter().filter(|purpose| *purpose == "page").count()
}

#[tokio::test]
async fn a_page_that_is_owed_goes_to_who_is_on_call_by_then_whatever_the_rules_say() {
    let mut service = that_owes_a_page().await;
    service.config.policy.on_call = vec![AgentId("sue".to_owned())];
    service.forget_rules();
    open_when_it_is_due(&mut service).await;
    assert_eq!((pages_to(&service, "eve").await, pages_to(&service, "sue").await), (1, 1));
    let page = service.smtp.mails().into_iter().rev().find(|mail| mail.to[0] == "sue@desk.example").unwrap();
    let page = String::from_utf8_lossy(&page.bytes).into_owned();
    assert!(page.contains("It began again and is not over"), "{page}");
    assert!(page.contains("The disk is full (3)."), "what the monitor said last: {page}");
    service.stop().await;
}

#[tokio::test]
async fn a_page_that_is_owed_when_nobody_is_on_call_any_more_is_told_on_the_timeline_once() {
    let mut service = that_owes_a_page().await;
    service.config.policy.on_call.clear();
    service.forget_rules();
    open_when_it_is_due(&mut service).await;
    let told = async |service: &Service| {
        let events = service.timeline(1001).await;
        let remarks = events.into_iter().filter_map(|event| match event.what {
            What::Remarked { text } => Some(text),
            _ => None,
        });
        remarks.collect::<Vec<_>>()
    };
    assert_eq!(told(&service).await, ["the page that was owed is not sent: nobody is on call any more"]);
    service.pass(SignedDuration::from_hours(24));
    service.settle(3).await;
    assert_eq!(told(&service).await.len(), 1);
    assert_eq!(service.store.next_deadline().await.unwrap(), None);
    service.stop().await;
}

#[tokio::test]
async fn several_workers_send_each_page_that_is_owed_once() {
    const ALERTS: u32 = 20;
    let url = Postgres::shared().unwrap().fresh_database().unwrap();
    let service = Service::prepare_with(nine(), &own(), |config| config.database = DatabaseUrl::new(url.clone())).await;
    let mut desks: Vec<Desk> = Vec::new();
    for name in ["one", "two", "three"] {
        let store = Store::open(&url).await.unwrap();
        store.join_workers(name, 1, "receive,process,deadlines,deliver").await.unwrap();
        desks.push(service.desk_on(store));
    }
    for (round, says) in ["full", "well", "full"].into_iter().enumerate() {
        let mails: Vec<_> = (1..=ALERTS)
            .map(|host| {
                let uid = u32::try_from(round).unwrap() * 100 + host;
                let raw = disk(uid, host, says);
                let place = Place { mailbox: "support".into(), uid_validity: 1, uid };
                let (received_at, digest) = (service.clock.now(), Digest::of(&raw));
                NewMail { place, received_at, digest, raw: raw.into(), oversize_bytes: None }
            })
            .collect();
        service.store.keep_mail(&mails, None, service.clock.now()).await.unwrap();
        process_all(&desks[0]).await;
    }
    assert_eq!(pages_to(&service, "eve").await, ALERTS as usize);
    service.clock.move_to(nine() + SignedDuration::from_mins(15));
    let (one, two, three) = tokio::join!(meet_due(&desks[0]), meet_due(&desks[1]), meet_due(&desks[2]));
    assert_eq!(one.unwrap() + two.unwrap() + three.unwrap(), ALERTS as usize);
    assert_eq!(pages_to(&service, "eve").await, 2 * ALERTS as usize);
}
