//! From a decided mail to an outbox row: composes it and says what the outbox needs to know.

use super::desk::House;
use super::working::Pending;
use crate::classify::{Change, Part};
use crate::compose::{self, ComposeError};
use crate::message::Address;
use crate::store::{Changes, Outgoing};
use tracing::{info, warn};

/// Composes one mail.
///
/// # Errors
/// When the mail cannot be written at all.
pub fn compose(house: &House, pending: Pending) -> Result<Outgoing, ComposeError> {
    let Pending { mut draft, ticket, party, to, stamps, files, at } = pending;
    let purpose = draft.content.purpose();
    // The reader is known by their own address; the mail goes where they said.
    if draft.to != to {
        draft.to = Address { name: draft.to.name, address: to.address };
    }
    let mail = compose::compose(&draft, ticket.as_ref(), &house.letterhead(), &stamps, files, at)?;
    Ok(Outgoing {
        mail,
        ticket: ticket.map(|ticket| ticket.id),
        party,
        purpose: purpose.as_str().to_owned(),
        is_automatic: purpose.counts_towards_caps(),
        due_at: at,
    })
}

/// Tells of mails that the shadow rules would judge otherwise. The keys of alerts may hold an address, so only their names
/// are told.
pub fn tell_of_shadow(changes: &Changes) {
    if changes.shadow.is_empty() {
        return;
    }
    for (id, differences) in &changes.shadow {
        let told = |change: &Change| match change.part {
            Part::Correlation => change.part.to_string(),
            _ => change.to_string(),
        };
        let told: Vec<String> = differences.iter().map(told).collect();
        info!(inbox.id = id, "mail {id}: the shadow rules would say: {}", told.join("; "));
    }
    let (others, all) = (changes.shadow.len(), changes.settled.len());
    info!(batch.size = all, "the shadow rules would judge {others} of {all} mails otherwise");
}

/// Tells of breakers that opened, when that is committed. Where they stand is for `postroom breakers` to say: it is
/// mostly somebody's address.
pub fn tell_of_breakers(changes: &Changes) {
    for breaker in &changes.breakers {
        let (why, until) = (&breaker.why, breaker.until);
        warn!("automatic mail is stopped until {until}: {why}; `postroom breakers list` says where");
    }
}
