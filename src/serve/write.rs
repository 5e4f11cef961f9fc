//! From a decided mail to an outbox row: composes it and says what the outbox needs to know.

use super::desk::House;
use super::working::Pending;
use crate::compose::{self, ComposeError};
use crate::message::Address;
use crate::store::{Changes, Outgoing};
use tracing::warn;

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

/// Tells of breakers that opened, when that is committed. Where they stand is for `postroom breakers` to say: it is
/// mostly somebody's address.
pub fn tell_of_breakers(changes: &Changes) {
    for breaker in &changes.breakers {
        let (why, until) = (&breaker.why, breaker.until);
        warn!("automatic mail is stopped until {until}: {why}; `postroom breakers list` says where");
    }
}
