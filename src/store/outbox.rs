//! Mail to send: written with the decision, claimed for delivery in order, settled.

use super::claims::{CLAIM_BYTES, claimable, within_bytes};
use super::dialect;
use super::inbox::size;
use super::query::{Connection, Row, query};
use super::rows::{Columns, look_up, millis, write_rows, write_rows_returning};
use super::{Changes, Outgoing, Store, StoreError, draw, raw, workers, write};
use crate::compose::Envelope;
use crate::message::MessageId;
use crate::ticket::TicketId;
use crate::ticket::people::PartyId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// A mail that was claimed for delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Number of its row.
    pub id: i64,
    /// Which attempt this is, from 1; a settle names it.
    pub attempt: u32,
    /// Attempts since it was written, or since a person put it back.
    pub tries: u32,
    /// The envelope.
    pub envelope: Envelope,
    /// Its Message-ID.
    pub message_id: MessageId,
    /// The mail itself.
    pub bytes: Vec<u8>,
    /// The ticket it is on.
    pub ticket: Option<TicketId>,
    /// The party it goes to.
    pub party: Option<PartyId>,
    /// Which mail it is, by the word of [`Purpose`](crate::ticket::purpose::Purpose).
    pub purpose: String,
    /// Its subject.
    pub subject: String,
    /// When it was written, or when a person put it back.
    pub tried_since: Timestamp,
}

/// What became of one attempt to send a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// Number of the row.
    pub id: i64,
    /// The attempt; if somebody else has claimed the row since, nothing changes.
    pub attempt: u32,
    /// What became of it.
    pub outcome: SendOutcome,
}

/// How an attempt to send a mail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The server took it.
    Sent {
        /// What the server said.
        reply: String,
    },
    /// Not yet.
    RetryAt {
        /// When to try again.
        at: Timestamp,
        /// Why not now.
        error: String,
    },
    /// It was claimed and nobody got round to it: that was no attempt.
    NotTried {
        /// When it may be claimed again.
        at: Timestamp,
    },
    /// Never.
    Failed {
        /// Why.
        error: String,
    },
}

/// A mail may go when it is due and no earlier one to the same recipient of the same ticket is still to go.
///
/// The earlier one is asked for as the least of them: of `NOT EXISTS` PostgreSQL might make a join with all that wait. That
/// it finds the earlier one by its index takes the absence of statistics about the state as well, which the migration sees
/// to.
macro_rules! claimable {
    ($select:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM outbox WHERE state IN ('waiting', 'sending') AND \
             (SELECT MIN(earlier.id) FROM outbox AS earlier WHERE earlier.state IN ('waiting', 'sending') \
              AND earlier.ticket = outbox.ticket AND earlier.recipient = outbox.recipient \
              AND earlier.id < outbox.id) IS NULL ",
            $rest
        )
    };
}

pub(super) const CLAIMABLE: &str = claimable!("id, size_bytes", "AND due_at <= $1 ORDER BY due_at, id LIMIT $2");
pub(super) const NEXT_DUE: &str = claimable!("due_at", "ORDER BY due_at, id LIMIT 1");

pub(super) const SETTLE: (&str, &str) = (
    "UPDATE outbox SET state = v.column3, due_at = COALESCE(v.column4, outbox.due_at), \
     settled_at = v.column5, reply = v.column6, error = v.column7 FROM (VALUES ",
    ") AS v WHERE outbox.id = v.column1 AND outbox.attempt = v.column2 AND outbox.state = 'sending' \
     RETURNING outbox.id",
);

impl Store {
    /// Claims mails that are due, oldest first, until `now + lease`. The claim is committed when this returns.
    ///
    /// Of several mails to one recipient on one ticket only the first is handed out, so that they arrive in order.
    pub async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.claim_outgoing(now, lease, limit, i64::MAX).await
    }

    /// The same, but for mails that are larger than what a claim hands out.
    pub async fn claim_small_outbox(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.claim_outgoing(now, lease, limit, CLAIM_BYTES).await
    }

    async fn claim_outgoing(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
        largest: i64,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        // Looked at before anything is locked: mostly there is nothing.
        let is_meant = |row: &Row| row.get::<i64>(1).is_ok_and(|size| size <= largest);
        let mut candidates = claimable(CLAIMABLE, now, limit).fetch_all(self.readers()).await?;
        candidates.retain(is_meant);
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = dialect::begin_write(self.writer()).await?;
        if self.engine().is_shared() {
            workers::insist_on_life(&mut tx, self.worker()?).await?;
            let sql = format!("{CLAIMABLE}{}", self.engine().skip_locked());
            candidates = claimable(sql, now, limit).fetch_all(&mut tx).await?;
        }
        candidates.retain(is_meant);
        let ids = within_bytes(&candidates, CLAIM_BYTES)?;
        let rows = look_up(
            &mut tx,
            (
                "UPDATE outbox SET state = 'sending', attempt = attempt + 1, tries = tries + 1, due_at = $2, \
                 worker = $3 WHERE state IN ('waiting', 'sending') AND due_at <= $1 AND id IN (",
                ") RETURNING id, attempt, tries, envelope_from, recipient, message_id, ticket, party, purpose, \
                 subject, tried_since",
            ),
            &[Some(millis(now)), Some(millis(now + lease)), self.membership().id()],
            &ids,
            |query, id| query.bind(*id),
        )
        .await?;
        let mut items = rows.iter().map(|row| item(&mut Columns::of(row))).collect::<Result<Vec<_>, _>>()?;
        items.sort_by_key(|item| item.id);
        let claimed: Vec<i64> = items.iter().map(|item| item.id).collect();
        // Before the commit: without their bytes they would be claimed, and nobody would have them.
        let mut raws = raw::OUTGOING.read(&mut tx, &claimed).await?;
        for item in &mut items {
            let missing = || StoreError::Strange { what: format!("mail {} to send without its bytes", item.id) };
            item.bytes = raws.remove(&item.id).ok_or_else(missing)?;
        }
        self.doubting(tx.commit().await)?;
        Ok(items)
    }

    /// When the next mail may be claimed; in the past when one is waiting.
    pub async fn next_outbox_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = query(NEXT_DUE).fetch_optional(self.readers()).await?;
        row.map(|row| Columns::of(&row).next_at()).transpose()
    }

    /// Settles attempts to send, with everything that a failure brings about, in one transaction.
    ///
    /// Returns the rows that somebody else has claimed since; they are left alone. When there are such rows and
    /// there are changes as well, nothing is changed and it is a [`StoreError::Conflict`]: the changes may be
    /// about those.
    pub async fn settle_outbox(
        &self,
        attempts: &[Attempted],
        changes: &Changes,
        now: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        let settled = settle(&mut tx, attempts, now).await?;
        let stale: Vec<i64> = attempts.iter().map(|attempt| attempt.id).filter(|id| !settled.contains(id)).collect();
        let has_changes = !changes.is_empty();
        if has_changes {
            if !stale.is_empty() {
                tx.rollback().await?;
                return Err(StoreError::Conflict { what: "a mail of the outbox".to_owned() });
            }
            write::apply(&mut tx, changes, now).await?;
        }
        write::tell_changes(&mut tx, changes).await?;
        tx.commit().await?;
        // The next mail to the same recipient may go now.
        self.outbox_changed().notify_one();
        self.notify(changes);
        Ok(stale)
    }
}

fn item(columns: &mut Columns<'_>) -> Result<OutboxItem, StoreError> {
    Ok(OutboxItem {
        id: columns.next()?,
        attempt: columns.next_u32()?,
        tries: columns.next_u32()?,
        envelope: Envelope { from: columns.next()?, to: columns.next()? },
        message_id: MessageId(columns.next()?),
        ticket: columns.next::<Option<i64>>()?.map(TicketId),
        party: columns.next_party()?,
        purpose: columns.next()?,
        subject: columns.next()?,
        tried_since: columns.next_at()?,
        bytes: Vec::new(),
    })
}

async fn settle(tx: &mut Connection, attempts: &[Attempted], now: Timestamp) -> Result<HashSet<i64>, StoreError> {
    let rows = write_rows_returning(tx, SETTLE, 7, attempts, |query, attempt| {
        let (state, due_at, reply, error) = match &attempt.outcome {
            SendOutcome::Sent { reply } => ("sent", None, Some(reply), None),
            SendOutcome::RetryAt { at, error } => ("waiting", Some(millis(*at)), None, Some(error)),
            SendOutcome::NotTried { at } => ("waiting", Some(millis(*at)), None, None),
            SendOutcome::Failed { error } => ("failed", None, None, Some(error)),
        };
        let settled_at = due_at.is_none().then(|| millis(now));
        let query = query.bind(attempt.id).bind(i64::from(attempt.attempt)).bind(state);
        query.bind(due_at).bind(settled_at).bind(reply).bind(error)
    })
    .await?;
    rows.iter().map(|row| Columns::of(row).next()).collect()
}

/// Writes mails into the outbox.
pub(super) async fn enqueue(tx: &mut Connection, outgoing: &[Outgoing], now: Timestamp) -> Result<(), StoreError> {
    if outgoing.is_empty() {
        return Ok(());
    }
    let first = draw(tx, "outbox", outgoing.len()).await?;
    let rows: Vec<(i64, &Outgoing)> = (first..).zip(outgoing).collect();
    write_rows(
        tx,
        (
            "INSERT INTO outbox (id, ticket, party, purpose, is_automatic, envelope_from, recipient, message_id, \
             subject, size_bytes, created_at, tried_since, due_at, state) VALUES ",
            "",
        ),
        14,
        &rows,
        |query, (id, out)| {
            query
                .bind(*id)
                .bind(out.ticket.map(|ticket| ticket.0))
                .bind(out.party.map(|party| i64::from(party.0)))
                .bind(&out.purpose)
                .bind(out.is_automatic)
                .bind(&out.mail.envelope.from)
                .bind(&out.mail.envelope.to)
                .bind(&out.mail.message_id.0)
                .bind(&out.mail.subject)
                .bind(size(out.mail.bytes.len()))
                .bind(millis(now))
                .bind(millis(now))
                .bind(millis(out.due_at))
                .bind("waiting")
        },
    )
    .await?;
    let raws: Vec<(i64, &[u8])> = rows.iter().map(|(id, out)| (*id, &out.mail.bytes[..])).collect();
    raw::OUTGOING.write(tx, &raws).await
}
