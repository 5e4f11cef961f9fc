//! From a decided mail to an outbox row: composes it and says what the outbox needs to know.

use super::desk::House;
use super::working::Pending;
use crate::compose::{self, ComposeError};
use crate::message::Address;
use crate::store::Outgoing;

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
