//! Forgetting what is old: first the bytes of mails that are done, then, where that is wanted, whole tickets.
//!
//! The row of a received mail and how it ended stay for good. By them a mail that comes again is known to be a
//! duplicate, and a UID is not fetched twice. Nothing goes that is open, in quarantine, or still to be processed or
//! sent.

use super::claims::within_bytes;
use super::dialect;
use super::query::{Connection, Row, Target, query};
use super::rows::{millis, write_rows};
use super::{Store, StoreError, draw};
use crate::ticket::Status;
use jiff::Timestamp;

/// Rows that go in one transaction, at most.
const BATCH: i64 = 500;

/// Bytes that go in one transaction, but for the last mail: whoever works on the desk waits for them.
const BATCH_BYTES: i64 = 16 * 1024 * 1024;

/// What is old enough to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// What ended before this, and has not changed since.
    pub before: Timestamp,
    /// The statuses in which a ticket has ended.
    pub statuses: Vec<Status>,
}

/// What can be forgotten, in the order in which it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prunable {
    /// The bytes of received mails.
    Received,
    /// The bytes of mails that were sent.
    Sent,
    /// Tickets with all that belongs to them. The bytes of their mails go before.
    Tickets,
}

/// So many rows, and the bytes of the mails in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// Bytes of mail.
    pub bytes: u64,
}

/// What one step of pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What went.
    pub gone: Amount,
    /// The row that the next step goes on behind.
    pub last: i64,
}

impl Amount {
    fn of(rows: &[Row]) -> Result<Self, StoreError> {
        let mut amount = Self { count: rows.len() as u64, bytes: 0 };
        for row in rows {
            amount.bytes += row.get::<i64>(1)?.cast_unsigned();
        }
        Ok(amount)
    }
}

impl Store {
    /// How much a retention would prune now.
    pub async fn prunable(&self, what: Prunable, retention: &Retention) -> Result<Amount, StoreError> {
        let sql = format!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM ({}) AS found",
            found(what, retention)
        );
        let row = bound(sql, retention, 0, i64::MAX).fetch_one(self.readers()).await?;
        let (count, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(Amount { count: count.cast_unsigned(), bytes: bytes.cast_unsigned() })
    }

    /// Prunes a batch of what comes behind the row `after`, in one short transaction; `None` when nothing does.
    pub async fn prune(&self, what: Prunable, retention: &Retention, after: i64) -> Result<Option<Step>, StoreError> {
        // Looked for before anybody has to wait, looked at once more when nobody can change it any more.
        let rows = select(what, retention, (after, i64::MAX), "", self.readers()).await?;
        let Some(last) = within_bytes(&rows, BATCH_BYTES)?.last().copied() else { return Ok(None) };
        let mut tx = dialect::begin_write(self.writer()).await?;
        // Draws nothing, but has others wait who would just now keep or put back a mail with bytes that go.
        draw(&mut tx, "inbox", 0).await?;
        let lock = if what == Prunable::Tickets { tx.engine().skip_locked() } else { "" };
        let rows = select(what, retention, (after, last), lock, &mut tx).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        match what {
            Prunable::Received => delete(&mut tx, "DELETE FROM inbox_raw WHERE inbox IN (VALUES ", &ids).await?,
            Prunable::Sent => delete(&mut tx, "DELETE FROM outbox_raw WHERE outbox IN (VALUES ", &ids).await?,
            Prunable::Tickets => delete_tickets(&mut tx, &ids).await?,
        }
        tx.commit().await?;
        Ok(Some(Step { gone: Amount::of(&rows)?, last }))
    }
}

async fn select(
    what: Prunable,
    retention: &Retention,
    (after, last): (i64, i64),
    lock: &str,
    on: impl Into<Target<'_>>,
) -> Result<Vec<Row>, StoreError> {
    let sql = format!("{} ORDER BY 1 LIMIT {BATCH}{lock}", found(what, retention));
    bound(sql, retention, after, last).fetch_all(on).await
}

fn bound(sql: String, retention: &Retention, after: i64, last: i64) -> super::query::Query<'static> {
    query(sql).at_leisure().bind(millis(retention.before)).bind(after).bind(last)
}

/// The rows that may go and the bytes of each: those between `$2` and `$3` that ended before `$1`.
fn found(what: Prunable, retention: &Retention) -> String {
    let is_over = |ticket: &str| is_over(ticket, retention);
    match what {
        Prunable::Received => format!(
            "SELECT inbox.id, inbox.size_bytes AS bytes FROM outcomes JOIN inbox ON inbox.id = outcomes.inbox \
             LEFT JOIN tickets ON tickets.id = outcomes.ticket \
             WHERE outcomes.inbox > $2 AND outcomes.inbox <= $3 AND {} \
             AND EXISTS (SELECT 1 FROM inbox_raw WHERE inbox_raw.inbox = inbox.id) \
             AND NOT EXISTS (SELECT 1 FROM inbox AS copies LEFT JOIN outcomes AS ends ON ends.inbox = copies.id \
             LEFT JOIN tickets AS theirs ON theirs.id = ends.ticket \
             WHERE copies.same_bytes_as = inbox.id AND NOT COALESCE({}, FALSE))",
            is_done("inbox", "outcomes", &is_over("tickets")),
            is_done("copies", "ends", &is_over("theirs")),
        ),
        Prunable::Sent => format!(
            "SELECT outbox.id, outbox.size_bytes AS bytes FROM outbox LEFT JOIN tickets ON tickets.id = outbox.ticket \
             WHERE outbox.id > $2 AND outbox.id <= $3 AND outbox.state = 'sent' AND outbox.settled_at < $1 \
             AND (outbox.ticket IS NULL OR {}) \
             AND EXISTS (SELECT 1 FROM outbox_raw WHERE outbox_raw.outbox = outbox.id)",
            is_over("tickets"),
        ),
        Prunable::Tickets => format!(
            "SELECT tickets.id, CAST(0 AS BIGINT) AS bytes FROM tickets \
             WHERE tickets.id > $2 AND tickets.id <= $3 AND {} \
             AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.ticket = tickets.id \
             AND (outbox.state IN ('waiting', 'sending') OR outbox.created_at >= $1)) \
             AND NOT EXISTS (SELECT 1 FROM outcomes JOIN inbox ON inbox.id = outcomes.inbox \
             WHERE outcomes.ticket = tickets.id \
             AND (inbox.state NOT IN ('filed', 'discarded') OR outcomes.settled_at >= $1))",
            is_over("tickets"),
        ),
    }
}

/// Whether a mail was settled long ago, and its ticket, if it is on one, is over as well.
fn is_done(inbox: &str, outcome: &str, ticket_is_over: &str) -> String {
    format!(
        "({inbox}.state IN ('filed', 'discarded') AND {outcome}.settled_at < $1 \
         AND ({outcome}.ticket IS NULL OR {ticket_is_over}))"
    )
}

/// Whether a ticket ended long ago, and nothing has changed on it since.
fn is_over(ticket: &str, retention: &Retention) -> String {
    let statuses: Vec<String> = retention.statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
    let statuses = if statuses.is_empty() { "NULL".to_owned() } else { statuses.join(", ") };
    format!(
        "({ticket}.status IN ({statuses}) AND {ticket}.updated_at < $1 \
         AND COALESCE({ticket}.closed_at, {ticket}.resolved_at, {ticket}.updated_at) < $1)"
    )
}

async fn delete(tx: &mut Connection, head: &'static str, ids: &[i64]) -> Result<(), StoreError> {
    write_rows(tx, (head, ")"), 1, ids, |query, id| query.bind(*id)).await.map(drop)
}

/// Deletes tickets. What is left of their mails says nothing of anybody, and that they are known.
async fn delete_tickets(tx: &mut Connection, ids: &[i64]) -> Result<(), StoreError> {
    for head in [
        "UPDATE outcomes SET reasons = 'pruned: PR-' || ticket, ticket = NULL, answers_to = NULL, author = '', \
         subject = '', matched = '[]', known = '[]' \
         WHERE ticket IN (VALUES ",
        "DELETE FROM messages WHERE ticket IN (VALUES ",
        "DELETE FROM events WHERE ticket IN (VALUES ",
        "DELETE FROM deadlines WHERE ticket IN (VALUES ",
        "DELETE FROM passed_on WHERE ticket IN (VALUES ",
        "DELETE FROM parties WHERE ticket IN (VALUES ",
    ] {
        delete(tx, head, ids).await?;
    }
    let head = "DELETE FROM outbox_raw WHERE outbox IN (SELECT id FROM outbox WHERE ticket IN (VALUES ";
    write_rows(tx, (head, "))"), 1, ids, |query, id| query.bind(*id)).await?;
    delete(tx, "DELETE FROM outbox WHERE ticket IN (VALUES ", ids).await?;
    delete(tx, "DELETE FROM tickets WHERE id IN (VALUES ", ids).await
}
