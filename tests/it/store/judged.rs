//! Mails that were judged, to be judged again, and the rules that judged them.

use super::{Desk, desk, large_ones, mail, mail_of, minute, opened, settled, ticket};
use postroom::decide::{Cause, Outcome};
use postroom::store::rule_sets::RuleSetRow;
use postroom::store::{Changes, Settled};
use postroom::ticket::event::{Actor, Event, What};
use postroom::ticket::people::AgentId;
use postroom::ticket::{Severity, TicketId};

/// Six mails: two opened tickets, and four that rules have no say in or never saw.
async fn judged_desk() -> Desk {
    let desk = desk().await;
    let mails: Vec<_> = (1..=6).map(|uid| mail(uid, &format!("mail {uid}"))).collect();
    desk.keep(&mails).await;
    let items = desk.claim(minute(0)).await;
    let on = |at: usize, id| Settled { ticket: Some(TicketId(id)), ..settled(&items[at], Outcome::TicketOpened) };
    let unseen = Settled { known: Vec::new(), ..settled(&items[5], Outcome::Quarantined(Cause::new(Cause::STUCK))) };
    let mut changes = opened(&[ticket(1001), ticket(1002)]);
    changes.settled = vec![
        on(0, 1001),
        Settled { rules_version: "r2".into(), ..on(1, 1002) },
        settled(&items[2], Outcome::Duplicate(1)),
        settled(&items[3], Outcome::OwnMail),
        settled(&items[4], Outcome::Bounce),
        unseen,
    ];
    desk.write(&changes).await;
    desk
}

#[tokio::test]
async fn mails_are_judged_again_with_what_was_known_then() {
    let desk = judged_desk().await;
    assert_eq!(desk.store.judged_mails(None).await.unwrap(), [1, 2]);
    assert_eq!(desk.store.judged_mails(Some(minute(0))).await.unwrap(), [0_i64; 0]);
    let mails = desk.store.load_judged(&[2, 1, 3, 99]).await.unwrap();
    let told: Vec<_> = mails.iter().map(|mail| (mail.id, mail.ticket, mail.is_first, mail.raw.as_slice())).collect();
    let expected =
        [(1, Some(TicketId(1001)), true, b"mail 1".as_slice()), (2, Some(TicketId(1002)), true, b"mail 2".as_slice())];
    assert_eq!(told, expected);
    assert_eq!(mails[0].known, ["sender=stranger", "thread=new"]);
    assert_eq!(mails[0].received_at, minute(-1));
}

#[tokio::test]
async fn a_large_mail_is_judged_again_as_a_whole() {
    let desk = desk().await;
    let large = &large_ones()[4];
    desk.keep(&[mail_of(1, large)]).await;
    let items = desk.claim(minute(0)).await;
    desk.write(&Changes { settled: vec![settled(&items[0], Outcome::AutoReply)], ..Changes::default() }).await;
    let mails = desk.store.load_judged(&[1]).await.unwrap();
    assert!(mails.len() == 1 && mails[0].raw == *large);
}

#[tokio::test]
async fn what_an_agent_said_last_of_the_severity_counts() {
    let desk = judged_desk().await;
    let event = |ticket, actor, to| Event {
        ticket: TicketId(ticket),
        at: minute(1),
        actor,
        what: What::SeverityChanged { from: Severity::Medium, to },
        cause: "severity-corrected".into(),
    };
    let bob = || Actor::Agent(AgentId("bob".into()));
    let events = vec![
        event(1001, bob(), Severity::High),
        event(1001, bob(), Severity::Low),
        event(1002, Actor::Correspondent("ann@example.com".into()), Severity::Critical),
    ];
    desk.write(&Changes { events, ..Changes::default() }).await;
    assert_eq!(desk.store.corrected_severities().await.unwrap(), [(TicketId(1001), Severity::Low)].into());
}

#[tokio::test]
async fn rules_are_listed_by_when_they_were_last_in_force_and_found_by_how_their_version_begins() {
    let desk = judged_desk().await;
    let files = |text: &str| vec![("a.toml".to_owned(), text.to_owned())];
    desk.store.keep_rules("aa01", &files("# one"), minute(3)).await.unwrap();
    desk.store.keep_rules("aa02", &files("# two"), minute(4)).await.unwrap();
    desk.store.keep_rules("aa01", &files("# one"), minute(5)).await.unwrap();
    let told: Vec<_> = desk
        .store
        .rule_sets()
        .await
        .unwrap()
        .into_iter()
        .map(|row: RuleSetRow| (row.version, row.loaded_at, row.mails))
        .collect();
    let expected = [
        ("aa01".to_owned(), Some(minute(5)), 0),
        ("aa02".to_owned(), Some(minute(4)), 0),
        ("r1".to_owned(), None, 5),
        ("r2".to_owned(), None, 1),
    ];
    assert_eq!(told, expected);
    assert_eq!(desk.store.find_rules("aa").await.unwrap(), Some(("aa01".to_owned(), files("# one"))));
    assert_eq!(desk.store.find_rules("aa02").await.unwrap(), Some(("aa02".to_owned(), files("# two"))));
    for nothing in ["bb", "", "a%", "r1"] {
        assert_eq!(desk.store.find_rules(nothing).await.unwrap(), None, "{nothing}");
    }
}
