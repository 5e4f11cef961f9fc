//! A transaction that writes: what a batch needs to know is looked up in it, what it changes goes in as [`Changes`].

use super::dialect;
use super::query::{Connection, Transaction};
use super::threads::{self, Looked, Lookup};
use super::{
    Changes, Due, Store, StoreError, breakers, claims, deadlines, draw, history, outbox, suppressions, tickets,
    traffic, workers,
};
use crate::ticket::{Ticket, TicketId};
use jiff::Timestamp;
use std::collections::HashMap;

/// A transaction that writes. Dropped without [`commit`](WriteTx::commit), it has changed nothing.
///
/// While it is open nobody else writes to SQLite, and in PostgreSQL nobody to the rows that it has changed. So no network,
/// no waiting and no hard work while it is open.
pub struct WriteTx<'s> {
    store: &'s Store,
    tx: Transaction,
    wake: Wake,
}

/// Which loops have something new to do.
#[derive(Debug, Clone, Copy, Default)]
struct Wake {
    outbox: bool,
    deadlines: bool,
}

impl Store {
    /// Begins a transaction that writes.
    pub async fn begin(&self) -> Result<WriteTx<'_>, StoreError> {
        Ok(WriteTx { store: self, tx: dialect::begin_write(self.writer()).await?, wake: Wake::default() })
    }

    /// Wakes the loops that these changes give something to do.
    pub(super) fn notify(&self, changes: &Changes) {
        self.wake(Wake::of(changes));
    }

    fn wake(&self, wake: Wake) {
        if wake.outbox {
            self.outbox_changed().notify_one();
        }
        if wake.deadlines {
            self.deadlines_changed().notify_one();
        }
    }
}

impl Wake {
    /// Tells other workers, when the transaction is committed.
    pub(super) async fn tell(self, tx: &mut Connection) -> Result<(), StoreError> {
        let engine = tx.engine();
        if self.outbox {
            engine.tell(tx, "outbox").await?;
        }
        if self.deadlines {
            engine.tell(tx, "deadlines").await?;
        }
        Ok(())
    }

    fn of(changes: &Changes) -> Self {
        Self { outbox: !changes.outgoing.is_empty(), deadlines: !changes.deadlines_set.is_empty() }
    }
}

impl WriteTx<'_> {
    /// Looks up everything that a batch of mails needs to have known.
    pub async fn lookup(&mut self, lookup: &Lookup, now: Timestamp) -> Result<Looked, StoreError> {
        threads::lookup(&mut self.tx, lookup, now).await
    }

    /// The tickets with these numbers, whole, as far as there are such.
    pub async fn load_tickets(&mut self, ids: &[TicketId]) -> Result<HashMap<TicketId, Ticket>, StoreError> {
        tickets::load(&mut self.tx, ids).await
    }

    /// Draws numbers for new tickets; returns the first of `count` in a row. A rollback gives them back.
    pub async fn next_ticket_id(&mut self, count: usize) -> Result<TicketId, StoreError> {
        Ok(TicketId(draw(&mut self.tx, "ticket", count).await?))
    }

    /// Whether a claimed deadline still is what was claimed: nobody has met, moved or cleared it since.
    pub async fn is_still_due(&mut self, due: &Due) -> Result<bool, StoreError> {
        deadlines::is_still_due(&mut self.tx, due).await
    }

    /// Writes changes. After an error the transaction is of no use any more.
    pub async fn write(&mut self, changes: &Changes, now: Timestamp) -> Result<(), StoreError> {
        apply(&mut self.tx, changes, now).await?;
        let wake = Wake::of(changes);
        self.wake.outbox |= wake.outbox;
        self.wake.deadlines |= wake.deadlines;
        Ok(())
    }

    /// Makes it so. When this returns, all of it is on the disk.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.wake.tell(&mut self.tx).await?;
        self.tx.commit().await?;
        self.store.wake(self.wake);
        Ok(())
    }

    /// Takes it all back, and waits until that is done.
    pub async fn rollback(self) -> Result<(), StoreError> {
        self.tx.rollback().await
    }
}

/// Tells other workers of what these changes give them to do, when the transaction is committed. The next mail to the
/// same recipient may go, too.
pub(super) async fn tell_changes(tx: &mut Connection, changes: &Changes) -> Result<(), StoreError> {
    Wake { outbox: true, ..Wake::of(changes) }.tell(tx).await
}

/// Writes changes in the order in which rows refer to each other.
pub(super) async fn apply(tx: &mut Connection, changes: &Changes, now: Timestamp) -> Result<(), StoreError> {
    if let Some(claim) = changes.under {
        workers::insist_on_claim(tx, claim).await?;
    }
    tickets::open(tx, &changes.opened).await?;
    tickets::change(tx, &changes.changed).await?;
    claims::settle(tx, &changes.settled, now).await?;
    history::file(tx, &changes.filed).await?;
    history::record(tx, &changes.events).await?;
    // Cleared before set: a deadline that moves may be in both.
    deadlines::clear(tx, &changes.deadlines_cleared).await?;
    deadlines::set(tx, &changes.deadlines_set).await?;
    outbox::enqueue(tx, &changes.outgoing, now).await?;
    traffic::count(tx, &changes.outgoing, now).await?;
    suppressions::suppress(tx, &changes.suppressed, now).await?;
    breakers::open_up(tx, &changes.breakers, now).await?;
    threads::pass_on(tx, &changes.passed_on).await?;
    match changes.under.filter(|_| changes.ends) {
        Some(claim) => workers::end_claim(tx, claim).await,
        None => Ok(()),
    }
}
