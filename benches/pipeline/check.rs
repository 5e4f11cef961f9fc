//! Whether the mails became what they are: a fast desk that files wrongly is of no use.

use anyhow::{Result, ensure};
use postroom::store::Store;
use postroom::store::list::Filter;
use postroom_testbed::load::{Kind, LoadMail};
use std::collections::BTreeMap;

/// Compares the desk's tables with the heap of mails, mail by mail.
pub async fn check(store: &Store, mails: &[LoadMail]) -> Result<()> {
    let all = Filter::default();
    let mut inbox = store.list_inbox(&all).await?;
    inbox.sort_by_key(|row| row.place.uid);
    ensure!(inbox.len() == mails.len(), "{} inbox rows for {} mails", inbox.len(), mails.len());
    for (at, (mail, row)) in mails.iter().zip(&inbox).enumerate() {
        let outcome = row.outcome.as_deref().unwrap_or("none");
        let (expected, first) = match mail.kind {
            Kind::First => ("ticket-opened", at),
            Kind::FollowUp(first) => ("follow-up", first),
            Kind::Copy(first) => ("duplicate", first),
        };
        ensure!(outcome == expected, "mail {at} is {outcome} and not {expected}: {:?}", row.reasons);
        match mail.kind {
            Kind::Copy(_) => ensure!(row.duplicate_of == Some(inbox[first].id), "mail {at} copies another mail"),
            _ => ensure!(row.ticket.is_some() && row.ticket == inbox[first].ticket, "mail {at} is on another ticket"),
        }
    }
    let firsts: Vec<&LoadMail> = mails.iter().filter(|mail| mail.kind == Kind::First).collect();
    let tickets = store.list_tickets(&all).await?;
    ensure!(tickets.len() == firsts.len(), "{} tickets for {} first mails", tickets.len(), firsts.len());
    let mut answered: BTreeMap<String, u32> = BTreeMap::new();
    for row in store.list_outbox(&all).await? {
        if row.purpose == "acknowledgement" {
            *answered.entry(row.to).or_default() += 1;
        }
    }
    let expected: BTreeMap<String, u32> = firsts.iter().map(|mail| (mail.from.clone(), 1)).collect();
    ensure!(answered == expected, "not one acknowledgement for each first mail");
    Ok(())
}
