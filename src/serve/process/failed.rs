//! Mails that failed for no fault of theirs, on their way back to where they were claimed.

use crate::serve::desk::Desk;
use crate::store::{InboxItem, StoreError};

/// Mails of a worker alone that are to be given back before anything else is done.
///
/// A database that takes nothing takes not even that, and then they are its worker's for as long as the claim lasts: a
/// disk that was full for a moment would hold them up for minutes.
#[derive(Debug, Default)]
pub(super) struct Failed {
    /// Rows of the inbox and the attempts that they were claimed with.
    claims: Vec<(i64, u32)>,
}

impl Failed {
    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Adds mails. Those that are done, or were claimed anew by then, are not touched.
    pub(super) fn add(&mut self, items: &[InboxItem]) {
        self.claims.extend(claims_of(items));
    }

    /// Gives all back, as soon as the database takes that.
    pub(super) async fn give_back(&mut self, desk: &Desk) -> Result<(), StoreError> {
        desk.store.excuse_inbox(&self.claims, Some(desk.clock.now())).await?;
        self.claims.clear();
        Ok(())
    }
}

/// What mails are given back by.
pub(super) fn claims_of(items: &[InboxItem]) -> impl Iterator<Item = (i64, u32)> {
    items.iter().map(|item| (item.id, item.attempt))
}
