//! What keeps automatic mail back: breakers that open, close and are reset, addresses that are suppressed for good or
//! for a while.

use super::{Desk, breaker, desk, minute, outgoing, sending, suppressed};
use jiff::{SignedDuration, Timestamp};
use postroom::decide::Suppression;
use postroom::message::Address;
use postroom::serve::working::Working;
use postroom::store::list::Filter;
use postroom::store::suppressions::{SOFT_FAILURES, SOFT_FOR};
use postroom::store::{Changes, Lookup, Suppressed};

async fn write(desk: &Desk, changes: &Changes, now: Timestamp) {
    let mut tx = desk.store.begin().await.unwrap();
    tx.write(changes, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn standing(desk: &Desk, address: &str, now: Timestamp) -> postroom::decide::Standing {
    let lookup = Lookup { addresses: vec![address.to_owned()], ..Lookup::default() };
    let looked = desk.store.look_up(&lookup, now).await.unwrap();
    Working::from(looked).standing(Some(&Address::bare(address)), None)
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
    let ann = ["ann@example.com".to_owned()];
    assert_eq!(desk.store.reset_breakers(Some(&ann), minute(1)).await.unwrap(), 1);
    assert_eq!(desk.store.reset_breakers(Some(&ann), minute(1)).await.unwrap(), 0);
    let ann = standing(&desk, "ann@example.com", minute(1)).await;
    assert_eq!((ann.open_breaker, ann.traffic.address_hour), (None, 0), "what was counted is forgotten with it");
    assert_eq!(desk.store.reset_breakers(None, minute(1)).await.unwrap(), 1);
    assert_eq!(list(false, minute(1)).await, Vec::<String>::new());
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
    desk.store.add_suppression("Ann@Example.com", "asked for it", minute(0)).await.unwrap();
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
