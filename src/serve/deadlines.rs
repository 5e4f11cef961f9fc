//! Loop 4: a deadline that has come → decide, apply. All effects and the deadline's end commit together.

use super::apply;
use super::desk::{Desk, House};
use super::working::Working;
use super::write;
use crate::decide;
use crate::store::{Due, Lookup, StoreError};
use crate::ticket::event::Actor;
use jiff::{SignedDuration, Timestamp};
use tracing::{error, info, warn};

/// Deadlines claimed at once.
const BATCH: usize = 100;

/// How long a claim lasts; a deadline that is not dealt with by then comes again.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// Deals with the deadlines that have come, once. Returns how many there were.
///
/// # Errors
/// When the store fails in a way that concerns no single deadline.
pub async fn meet_due(desk: &Desk) -> Result<usize, StoreError> {
    let now = desk.clock.now();
    let due = desk.store.claim_deadlines(now, LEASE, BATCH).await?;
    for one in &due {
        match meet(desk, one, now).await {
            Ok(()) => {}
            // Somebody changed the ticket meanwhile, or there is something wrong with it; the deadline comes again when
            // its lease is over, and the others go on.
            Err(error) if !error.is_away() && (error.is_transient() || error.is_about_the_work()) => {
                warn!(ticket.id = %one.ticket, error = %error, "a deadline is tried again later");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(due.len())
}

/// Decides about one deadline and applies the decision to the working picture.
pub fn settle_one(working: &mut Working, due: &Due, house: &House, now: Timestamp) {
    let Some(ticket) = working.tickets.get(&due.ticket).cloned() else { return };
    let requester = ticket.requester().map(|party| party.destination().clone());
    let standing = working.standing(requester.as_ref(), Some(due.ticket), None);
    let decision = decide::on_deadline(due.kind, due.due_at, &ticket, &standing, &house.policy, now);
    apply::apply(working, decision, None, Actor::Postroom, &house.policy, &house.signature, now);
}

async fn meet(desk: &Desk, due: &Due, now: Timestamp) -> Result<(), StoreError> {
    let house = &desk.house();
    let mut tx = desk.store.begin().await?;
    // An agent may have answered between the claim and now.
    if !tx.is_still_due(due).await? {
        return tx.rollback().await;
    }
    let ticket = tx.load_tickets(&[due.ticket]).await?.remove(&due.ticket);
    let requester = ticket.as_ref().and_then(|ticket| ticket.requester()).map(|party| party.destination().clone());
    let lookup = Lookup {
        tickets: vec![due.ticket],
        addresses: requester.iter().map(crate::message::Address::key).collect(),
        ..Lookup::default()
    };
    let mut working = Working::from(tx.lookup(&lookup, now).await?);
    let Some(ticket) = ticket else {
        let cleared = crate::store::Changes { deadlines_cleared: vec![(due.ticket, due.kind)], ..Default::default() };
        tx.write(&cleared, now).await?;
        return tx.commit().await;
    };
    working.tickets.insert(ticket.id, ticket);
    settle_one(&mut working, due, house, now);
    let (mut changes, pending, _) = working.finish();
    for mail in pending {
        match write::compose(house, mail) {
            Ok(mail) => changes.outgoing.push(mail),
            Err(error) => error!(ticket.id = %due.ticket, "a mail could not be written: {}", error.without_addresses()),
        }
    }
    tx.write(&changes, now).await?;
    tx.commit().await?;
    write::tell_of_breakers(&changes);
    info!(ticket.id = %due.ticket, "{} of {} was due", due.kind, due.ticket);
    Ok(())
}
