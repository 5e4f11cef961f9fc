//! What a person does to a single row at the command line: put it back, release it, discard it.

use super::query::query;
use super::rows::millis;
use super::{Store, StoreError, draw};
use crate::ticket::TicketId;
use jiff::{SignedDuration, Timestamp};

/// Forgets how a mail ended, but leaves a word of it on the row. Its attempts go on counting, so that a late settle
/// of an earlier one finds nothing to settle.
const PUT_BACK: &str = "UPDATE inbox SET state = 'new', tries = 0, due_at = $2, released = released OR $3, \
    error = (SELECT 'was ' || outcome || COALESCE('(' || cause || ')', '') || ': ' || reasons \
             FROM outcomes WHERE outcomes.inbox = inbox.id) \
    WHERE id = $1 AND state <> 'new' AND (state <> 'processing' OR due_at <= $2)";

/// Has what was claimed be due at once.
///
/// SQLite takes an index on part of a table only where the statement repeats which part. Without it each of these, and
/// those below, would read all mail that ever came, or all deadlines there are.
pub(super) const FORGET_CLAIMS: [&str; 3] = [
    "UPDATE inbox SET due_at = $1 WHERE state IN ('new', 'processing') AND state = 'processing' AND due_at > $1",
    "UPDATE outbox SET due_at = $1 WHERE state IN ('waiting', 'sending') AND state = 'sending' AND due_at > $1",
    "UPDATE deadlines SET claim_at = $1 WHERE attempt > 0 AND claim_at > $1",
];

impl Store {
    /// Lets everything that a worker who died had claimed be claimed again at once, without waiting for its lease.
    ///
    /// Only for whoever knows that nobody else works on this database. A late settle of an old claim finds nothing.
    pub async fn forget_claims(&self, now: Timestamp) -> Result<(), StoreError> {
        for statement in FORGET_CLAIMS {
            query(statement).bind(millis(now)).execute(self.writer()).await?;
        }
        Ok(())
    }

    /// Shortens waits that a clock must have set that was ahead: those that reach beyond any that is ever set, and those
    /// of mails that were never tried. `inbox` and `outbox` are the longest that mails there may wait.
    pub async fn shorten_waits(
        &self,
        now: Timestamp,
        inbox: SignedDuration,
        outbox: SignedDuration,
    ) -> Result<(), StoreError> {
        let statements = [
            (
                "UPDATE inbox SET due_at = $1 WHERE state IN ('new', 'processing') AND state = 'new' \
                 AND (due_at > $2 OR (tries = 0 AND due_at > $1))",
                inbox,
            ),
            (
                "UPDATE outbox SET due_at = $1 WHERE state IN ('waiting', 'sending') AND state = 'waiting' \
                 AND (due_at > $2 OR (tries = 0 AND due_at > $1))",
                outbox,
            ),
        ];
        for (statement, longest) in statements {
            query(statement).bind(millis(now)).bind(millis(now + longest)).execute(self.writer()).await?;
        }
        self.inbox_changed().notify_one();
        self.outbox_changed().notify_one();
        Ok(())
    }

    /// Puts a mail of the inbox back to be processed again.
    ///
    /// Not one that is on a ticket: what it has caused stays, and it would open or answer the same ticket again.
    pub async fn requeue_inbox(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        self.put_back(id, false, now).await
    }

    /// Takes a mail out of quarantine, to be processed as one that a person has accepted.
    pub async fn release_quarantine(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        self.insist_on_quarantine(id).await?;
        self.put_back(id, true, now).await
    }

    /// Discards a mail in quarantine. Its bytes are kept.
    pub async fn discard_quarantine(&self, id: i64) -> Result<(), StoreError> {
        let touched = query("UPDATE inbox SET state = 'discarded' WHERE id = $1 AND state IN ('quarantined', 'stuck')")
            .bind(id)
            .execute(self.writer())
            .await?;
        if touched == 1 { Ok(()) } else { Err(not_in_quarantine(id)) }
    }

    /// Sends a mail of the outbox again now: one that failed, or one that waits for its next attempt.
    pub async fn retry_outbox(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = super::dialect::begin_write(self.writer()).await?;
        let touched = query(
            "UPDATE outbox SET state = 'waiting', tries = 0, tried_since = $2, due_at = $2, settled_at = NULL \
             WHERE id = $1 AND state IN ('waiting', 'failed')",
        )
        .bind(id)
        .bind(millis(now))
        .execute(&mut tx)
        .await?;
        if touched == 0 {
            let state: Option<String> =
                query("SELECT state FROM outbox WHERE id = $1").bind(id).fetch_optional_value(&mut tx).await?;
            tx.rollback().await?;
            let what = match state {
                Some(state) => format!("mail {id} of the outbox is {state}; only one that waits or failed is retried"),
                None => format!("there is no mail {id} in the outbox"),
            };
            return Err(StoreError::Refused { what });
        }
        self.engine().tell(&mut tx, "outbox").await?;
        tx.commit().await?;
        self.outbox_changed().notify_one();
        Ok(())
    }

    async fn put_back(&self, id: i64, released: bool, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = super::dialect::begin_write(self.writer()).await?;
        // Draws nothing, but has others wait who would prune its bytes meanwhile.
        draw(&mut tx, "inbox", 0).await?;
        let filed: Option<i64> = query("SELECT ticket FROM outcomes WHERE inbox = $1 AND outcome <> 'quarantined'")
            .bind(id)
            .fetch_optional_value::<Option<i64>>(&mut tx)
            .await?
            .flatten();
        if let Some(ticket) = filed {
            tx.rollback().await?;
            let ticket = TicketId(ticket);
            return Err(StoreError::Refused { what: format!("mail {id} is on {ticket} already, and done") });
        }
        let touched = query(PUT_BACK).bind(id).bind(millis(now)).bind(released).execute(&mut tx).await?;
        if touched == 0 {
            let state: Option<String> =
                query("SELECT state FROM inbox WHERE id = $1").bind(id).fetch_optional_value(&mut tx).await?;
            tx.rollback().await?;
            let what = match state {
                Some(state) => format!("mail {id} of the inbox is {state}; it is on its way already"),
                None => format!("there is no mail {id} in the inbox"),
            };
            return Err(StoreError::Refused { what });
        }
        let has_bytes =
            "SELECT COUNT(*) FROM inbox JOIN inbox_raw ON inbox_raw.inbox = COALESCE(same_bytes_as, id) WHERE id = $1";
        if query(has_bytes).bind(id).fetch_value::<i64>(&mut tx).await? == 0 {
            tx.rollback().await?;
            let what = format!("the bytes of mail {id} were pruned, so it cannot be processed again");
            return Err(StoreError::Refused { what });
        }
        query("DELETE FROM outcomes WHERE inbox = $1").bind(id).execute(&mut tx).await?;
        self.engine().tell(&mut tx, "inbox").await?;
        tx.commit().await?;
        self.inbox_changed().notify_one();
        Ok(())
    }

    async fn insist_on_quarantine(&self, id: i64) -> Result<(), StoreError> {
        let state: Option<String> =
            query("SELECT state FROM inbox WHERE id = $1").bind(id).fetch_optional_value(self.readers()).await?;
        match state.as_deref() {
            Some("quarantined" | "stuck") => Ok(()),
            _ => Err(not_in_quarantine(id)),
        }
    }
}

fn not_in_quarantine(id: i64) -> StoreError {
    StoreError::Refused { what: format!("there is no mail {id} in quarantine") }
}
