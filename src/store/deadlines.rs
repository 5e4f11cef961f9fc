//! What is due on tickets: set, cleared, claimed.

use super::dialect;
use super::query::{Connection, query};
use super::rows::{Columns, millis, write_rows};
use super::{Store, StoreError};
use crate::decide::DeadlineKind;
use crate::ticket::TicketId;
use jiff::{SignedDuration, Timestamp};

/// A deadline that has come, and was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The ticket.
    pub ticket: TicketId,
    /// What is due.
    pub kind: DeadlineKind,
    /// When it was, or is, due.
    pub due_at: Timestamp,
    /// How often it was claimed since it was set, from 1.
    pub attempt: u32,
}

pub(super) const CLAIM: (&str, &str) = (
    "UPDATE deadlines SET attempt = attempt + 1, claim_at = $2, worker = $4 WHERE (ticket, kind) IN \
     (SELECT ticket, kind FROM deadlines WHERE claim_at <= $1 ORDER BY claim_at LIMIT $3",
    ") RETURNING ticket, kind, due_at, attempt",
);

pub(super) const NEXT_DUE: &str = "SELECT MIN(claim_at) FROM deadlines";

const PROMISED_CALENDARS: &str = "SELECT calendar, COUNT(DISTINCT tickets.id) FROM deadlines \
     JOIN tickets ON tickets.id = deadlines.ticket WHERE calendar IS NOT NULL AND kind <> 'page' GROUP BY calendar ORDER BY calendar";

impl Store {
    /// Claims deadlines that have come, the oldest first. They come again at `now + lease` unless changed by then.
    pub async fn claim_deadlines(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<Due>, StoreError> {
        if self.next_deadline().await?.is_none_or(|next| next > now) {
            return Ok(Vec::new());
        }
        let mut tx = dialect::begin_write(self.writer()).await?;
        let rows = query(format!("{}{}{}", CLAIM.0, self.engine().skip_locked(), CLAIM.1))
            .bind(millis(now))
            .bind(millis(now + lease))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(self.membership().id())
            .fetch_all(&mut tx)
            .await?;
        self.doubting(tx.commit().await)?;
        let mut due = rows.iter().map(|row| claimed(&mut Columns::of(row))).collect::<Result<Vec<_>, _>>()?;
        due.sort_by_key(|due| (due.due_at, due.ticket));
        Ok(due)
    }

    /// The calendars by which something is due, and on how many tickets.
    pub async fn promised_calendars(&self) -> Result<Vec<(String, usize)>, StoreError> {
        let rows = query(PROMISED_CALENDARS).fetch_all(self.readers()).await?;
        let of = |row| {
            let mut columns = Columns::of(row);
            Ok((columns.next()?, usize::try_from(columns.next::<i64>()?).unwrap_or(usize::MAX)))
        };
        rows.iter().map(of).collect()
    }

    /// When the next deadline may be claimed; in the past when one is waiting.
    pub async fn next_deadline(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = query(NEXT_DUE).fetch_one(self.readers()).await?;
        Columns::of(&row).next_at_or_none()
    }
}

fn claimed(columns: &mut Columns<'_>) -> Result<Due, StoreError> {
    Ok(Due {
        ticket: TicketId(columns.next()?),
        kind: columns.next_word(DeadlineKind::from_word)?,
        due_at: columns.next_at()?,
        attempt: columns.next_u32()?,
    })
}

/// Sets deadlines, each in the place of one of its kind that may be there.
pub(super) async fn set(
    tx: &mut Connection,
    deadlines: &[(TicketId, DeadlineKind, Timestamp)],
) -> Result<(), StoreError> {
    write_rows(
        tx,
        (
            "INSERT INTO deadlines (ticket, kind, due_at, claim_at) VALUES ",
            " ON CONFLICT (ticket, kind) DO UPDATE SET due_at = excluded.due_at, claim_at = excluded.claim_at, \
             attempt = 0",
        ),
        4,
        deadlines,
        |query, (ticket, kind, due_at)| {
            query.bind(ticket.0).bind(kind.as_str()).bind(millis(*due_at)).bind(millis(*due_at))
        },
    )
    .await?;
    Ok(())
}

/// Clears deadlines, as far as they are there.
pub(super) async fn clear(tx: &mut Connection, deadlines: &[(TicketId, DeadlineKind)]) -> Result<(), StoreError> {
    write_rows(
        tx,
        ("DELETE FROM deadlines WHERE (ticket, kind) IN (VALUES ", ")"),
        2,
        deadlines,
        |query, (ticket, kind)| query.bind(ticket.0).bind(kind.as_str()),
    )
    .await?;
    Ok(())
}

pub(super) async fn is_still_due(tx: &mut Connection, due: &Due) -> Result<bool, StoreError> {
    let row = query("SELECT 1 FROM deadlines WHERE ticket = $1 AND kind = $2 AND due_at = $3 AND attempt = $4")
        .bind(due.ticket.0)
        .bind(due.kind.as_str())
        .bind(millis(due.due_at))
        .bind(i64::from(due.attempt))
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}
