//! What keeps automatic mail back: breakers that open, close and are reset, addresses that are suppressed for good or
//! for a while.

use super::{Desk, breaker, desk, minute, opened, outgoing, sending, suppressed, ticket};
use jiff::{SignedDuration, Timestamp};
use postroom::decide::Suppression;
use postroom::message::Address;
use postroom::serve::working::Working;
use postroom::store::list::Filter;
use postroom::store::suppressions::{SOFT_FAILURES, SOFT_FOR};
use postroom::store::{Changes, Lookup, Notice, Outgoing, Suppressed};
use postroom::ticket::TicketId;
use postroom::ticket::purpose::Purpose;

async fn write(desk: &Desk, changes: &Changes, now: Timestamp) {
    let mut tx = desk.store.begin().await.unwrap();
    tx.write(changes, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn standing(desk: &Desk, address: &str, now: Timestamp) -> postroom::decide::Standing {
    let lookup = Lookup { addresses: vec![address.to_owned()], ..Lookup::default() };
    let looked = desk.store.look_up(&lookup, now).await.unwrap();
    Working::from(looked).standing(Some(&Address::bare(address)), None, None)
}

#[tokio::test]
async fn a_breaker_keeps_mail_back_until_its_time_or_until_somebody_resets_it() {
    let desk = desk().await;
    let breakers = vec![breaker("ann@example.com", minute(60)), breaker("@example.org", minute(30))];
    write(&desk, &Changes { breakers, ..sending(vec![outgoing(None, "ann@example.com", "a")]) }, minute(0)).await;
    let open = async |address, now| standing(&desk, address, now).await.open_breaker.map(|(subject, _)| subject);
    assert_eq!(open("Ann@Example.com", minute(59)).await.as_deref(), Some("ann@example.com"));
    assert_eq!(open("ann@example.com", minute(60)).await, None, "it closes by itself");
    assert_eq!(open("eve@example.org", minute(1)).await.as_deref(), Some("@example.org"), "a domain's");
    assert_eq!(open("eve@example.com", minute(1)).await, None);
    let list = async |with_closed, now| {
        let rows = desk.store.list_breakers(&Filter::default(), with_closed, now).await.unwrap();
        rows.into_iter().map(|row| row.subject).collect::<Vec<_>>()
    };
    assert_eq!(list(false, minute(40)).await, ["ann@example.com"]);
    assert_eq!(list(true, minute(40)).await, ["@example.org", "ann@example.com"]);
    assert_eq!(desk.store.reset_breaker("ann@example.com", minute(1)).await.unwrap(), 1);
    assert_eq!(desk.store.reset_breaker("ann@example.com", minute(1)).await.unwrap(), 0);
    let ann = standing(&desk, "ann@example.com", minute(1)).await;
    assert_eq!((ann.open_breaker, ann.traffic.address_hour), (None, 0), "what was counted is forgotten with it");
    assert_eq!(desk.store.reset_breaker("@example.org", minute(1)).await.unwrap(), 1);
    assert_eq!(list(false, minute(1)).await, Vec::<String>::new());
}

#[tokio::test]
async fn all_addresses_of_a_mailbox_are_counted_as_one_and_suppressed_each_for_itself() {
    let desk = desk().await;
    let to = ["Ann+a@example.com", "ann+b@example.com", "\"ann+c\"@example.com.", "ann@example.com", "bob@example.com"];
    let mails = to.iter().map(|to| outgoing(None, to, to)).collect();
    let breakers = vec![breaker("bob@example.com", minute(60)), breaker("bob+old@example.com", minute(90))];
    let suppressed = vec![suppressed("ann+a@example.com", Suppression::Bounced)];
    write(&desk, &Changes { breakers, suppressed, ..sending(mails) }, minute(0)).await;
    let cases = [
        ("ann@example.com", 4, false, None),
        ("ANN+new@example.com", 4, false, None),
        ("ann+a@example.com", 4, true, None),
        ("bob+new@example.com", 1, false, Some("bob@example.com")),
    ];
    for (address, sent, is_suppressed, open) in cases {
        let standing = standing(&desk, address, minute(1)).await;
        assert_eq!((standing.traffic.address_hour, standing.traffic.domain_hour), (sent, 5), "{address}");
        assert_eq!(standing.is_suppressed, is_suppressed, "{address}");
        assert_eq!(standing.open_breaker.map(|(subject, _)| subject).as_deref(), open, "{address}");
    }
    let open = async |address, at| standing(&desk, address, minute(at)).await.open_breaker.map(|(subject, _)| subject);
    let before = "one that an older release opened for an address with its detail holds as long as it was to";
    assert_eq!(open("bob+old@example.com", 70).await.as_deref(), Some("bob+old@example.com"), "{before}");
    assert_eq!(open("bob+new@example.com", 70).await, None, "{before}");
    let reset = async |address: &str| desk.store.reset_breaker(address, minute(1)).await.unwrap();
    assert_eq!(reset("bob+t5@example.com").await, 1);
    assert_eq!(standing(&desk, "bob+t6@example.com", minute(1)).await.traffic.address_hour, 0);
    assert_eq!(reset("bob+old@example.com").await, 1);
    assert_eq!(reset("bob+old@example.com").await, 0);
}

#[tokio::test]
async fn a_breaker_is_forgotten_a_month_after_it_closed() {
    let desk = desk().await;
    let breakers = vec![breaker("ann@example.com", minute(60)), breaker("", minute(90))];
    write(&desk, &Changes { breakers, ..Changes::default() }, minute(0)).await;
    let month = 30 * 24 * 60;
    for (at, gone) in [(month + 59, 0), (month + 60, 1), (month + 89, 0), (month + 90, 1)] {
        assert_eq!(desk.store.forget_breakers(minute(at)).await.unwrap(), gone, "after {at} minutes");
    }
}

#[tokio::test]
async fn that_a_mail_was_not_taken_is_counted_for_a_day_by_kind_and_ticket() {
    let desk = desk().await;
    desk.write(&opened(&[ticket(1001), ticket(1002)])).await;
    let told = |ticket, to: &str, purpose: Purpose| Outgoing {
        purpose: purpose.as_str().into(),
        is_automatic: true,
        ..outgoing(ticket, to, &format!("{to}{purpose}"))
    };
    let mails = vec![
        told(Some(1001), "Bob@Desk.example", Purpose::SpoofNotice),
        told(None, "bob@desk.example", Purpose::Oversize),
        told(None, "ann@example.com", Purpose::Acknowledgement),
    ];
    write(&desk, &sending(mails), minute(0)).await;
    let count = async |purpose, to: &str, ticket: Option<i64>, at| {
        let ticket = ticket.map(TicketId);
        let tickets = ticket.into_iter().collect();
        let notice = Notice { purpose, to: to.to_owned(), tickets, message_ids: Vec::new() };
        let question = Lookup { notices: vec![notice], ..Lookup::default() };
        let looked = desk.store.look_up(&question, minute(at)).await.unwrap();
        Working::from(looked).standing(Some(&Address::bare(to)), ticket, Some(purpose)).traffic.notices_day
    };
    let cases = [
        ("the same", Purpose::SpoofNotice, "bob@desk.example", Some(1001), 1, 1),
        ("in another case", Purpose::SpoofNotice, "BOB@desk.example", Some(1001), 1, 1),
        ("a day later", Purpose::SpoofNotice, "bob@desk.example", Some(1001), 24 * 60, 0),
        ("another ticket", Purpose::SpoofNotice, "bob@desk.example", Some(1002), 1, 0),
        ("another agent", Purpose::SpoofNotice, "sue@desk.example", Some(1001), 1, 0),
        ("another kind", Purpose::Oversize, "bob@desk.example", None, 1, 1),
        ("no notice at all", Purpose::Oversize, "ann@example.com", None, 1, 0),
    ];
    for (name, purpose, to, ticket, at, expected) in cases {
        assert_eq!(count(purpose, to, ticket, at).await, expected, "{name}");
    }
}

#[tokio::test]
async fn the_desks_breaker_keeps_all_mail_back() {
    let desk = desk().await;
    write(&desk, &Changes { breakers: vec![breaker("", minute(60))], ..Changes::default() }, minute(0)).await;
    assert!(standing(&desk, "anybody@example.com", minute(1)).await.open_breaker.is_some());
}

#[tokio::test]
async fn failures_that_may_pass_suppress_an_address_for_a_while_and_are_forgotten() {
    let desk = desk().await;
    let fail = async |how, at| {
        let failure = vec![suppressed("Ann@example.com", how)];
        write(&desk, &Changes { suppressed: failure, ..Changes::default() }, at).await;
    };
    let is_suppressed = async |at| standing(&desk, "ann@example.com", at).await.is_suppressed;
    for n in 1..SOFT_FAILURES {
        fail(Suppression::Soft, minute(n)).await;
        assert!(!is_suppressed(minute(n)).await, "after {n}");
    }
    fail(Suppression::Soft, minute(9)).await;
    assert!(is_suppressed(minute(10)).await);
    assert!(!is_suppressed(minute(9) + SOFT_FOR).await, "a week later");
    fail(Suppression::Soft, minute(10) + SOFT_FOR + SignedDuration::from_hours(1)).await;
    assert!(!is_suppressed(minute(10) + SOFT_FOR + SignedDuration::from_hours(2)).await, "it counts from one again");
    fail(Suppression::Bounced, minute(20) + SOFT_FOR).await;
    assert!(is_suppressed(minute(0) + SOFT_FOR * 50).await, "for good");
    fail(Suppression::Soft, minute(21) + SOFT_FOR).await;
    let row = &desk.store.list_suppressions(&Filter::default(), false, minute(0)).await.unwrap()[0];
    assert_eq!((row.how, row.until), (Suppression::Bounced, None), "a passing failure takes nothing back");
}

#[tokio::test]
async fn an_administrator_puts_addresses_on_the_list_and_takes_them_off() {
    let desk = desk().await;
    desk.store.add_suppression("Ann@Example.com", Some("asked for it"), minute(0)).await.unwrap();
    assert!(standing(&desk, "ann@example.com", minute(1)).await.is_suppressed);
    assert!(desk.store.remove_suppression("ANN@example.com").await.unwrap());
    assert!(!desk.store.remove_suppression("ann@example.com").await.unwrap());
    assert!(!standing(&desk, "ann@example.com", minute(1)).await.is_suppressed);
    // One batch may say the same of an address twice.
    let twice: Vec<Suppressed> = vec![suppressed("b@example.com", Suppression::Soft); 2];
    write(&desk, &Changes { suppressed: twice, ..Changes::default() }, minute(2)).await;
    let rows = desk.store.list_suppressions(&Filter::default(), true, minute(3)).await.unwrap();
    assert_eq!(rows.iter().map(|row| (row.address.as_str(), row.count)).collect::<Vec<_>>(), [("b@example.com", 2)]);
}
