//! Breakers that caps on automatic mail have opened: while one is open, nothing automatic goes where it stands.

use super::dialect;
use super::list::{BreakerRow, Filter};
use super::query::{Connection, Row, query};
use super::read::newest;
use super::rows::{Columns, look_up, millis};
use super::{Store, StoreError, draw};
use crate::decide::breaker::{ALARMS_PER_HOUR, Breaker, Scope, counted_as};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

pub(super) const OPEN: (&str, &str) = (
    "SELECT subject, MAX(until) FROM breakers WHERE until > $1 AND reset_at IS NULL AND subject IN ('', ",
    ") GROUP BY subject",
);

/// The newest of all, which mostly are old ones: then none is open.
pub(super) const NEWEST: &str = "SELECT opened_at FROM breakers ORDER BY id DESC LIMIT $1";

/// A breaker is open for no longer than this, the longest window of a cap.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long a breaker is kept after it closed by itself.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What breakers there are for a batch of mails.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breakers {
    /// Those that are open, by where they stand, until when.
    pub open: HashMap<String, Timestamp>,
    /// How many opened within the last hour, up to the number at which alarms end.
    pub opened_hour: u32,
}

/// Those that are open for these subjects or for the whole desk.
pub(super) async fn look_at(tx: &mut Connection, subjects: &[String], now: Timestamp) -> Result<Breakers, StoreError> {
    let newest = query(NEWEST).bind(i64::from(ALARMS_PER_HOUR)).fetch_all(&mut *tx).await?;
    let opened = newest.iter().map(|row| Columns::of(row).next_at()).collect::<Result<Vec<_>, _>>()?;
    let age = |at: &Timestamp| now.duration_since(*at);
    if opened.first().is_none_or(|newest| age(newest) > OPEN_FOR) {
        return Ok(Breakers::default());
    }
    let opened_hour = opened.iter().filter(|at| age(at) < SignedDuration::from_hours(1)).count();
    let rows = look_up(tx, OPEN, &[Some(millis(now))], subjects, |query, subject| query.bind(subject)).await?;
    let pair = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.next()?, columns.next_at()?))
    };
    let open = rows.iter().map(pair).collect::<Result<_, StoreError>>()?;
    Ok(Breakers { open, opened_hour: u32::try_from(opened_hour).unwrap_or(u32::MAX) })
}

/// Notes those that opened.
pub(super) async fn open_up(tx: &mut Connection, breakers: &[Breaker], now: Timestamp) -> Result<(), StoreError> {
    if breakers.is_empty() {
        return Ok(());
    }
    let first = draw(tx, "breaker", breakers.len()).await?;
    // So few at once that they need no statement for all of them.
    for (id, breaker) in (first..).zip(breakers) {
        let sql = "INSERT INTO breakers (id, subject, scope, why, recipient, marks, inbox, opened_at, until) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        query(sql)
            .bind(id)
            .bind(&breaker.subject)
            .bind(breaker.scope.as_str())
            .bind(&breaker.why)
            .bind(&breaker.to)
            .bind(&breaker.marks)
            .bind(breaker.inbox)
            .bind(millis(now))
            .bind(millis(breaker.until))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

impl Store {
    /// Breakers, the newest first; those that are closed again only where `with_closed` says so.
    pub async fn list_breakers(
        &self,
        filter: &Filter,
        with_closed: bool,
        now: Timestamp,
    ) -> Result<Vec<BreakerRow>, StoreError> {
        let mut select = query(
            "SELECT id, subject, scope, why, recipient, marks, inbox, opened_at, until, reset_at FROM breakers WHERE TRUE",
        );
        if !with_closed {
            select.push(" AND reset_at IS NULL AND until > ").push_bind(millis(now));
        }
        newest(&mut select, filter, "opened_at", "id");
        select.fetch_all(self.readers()).await?.iter().map(row).collect()
    }

    /// Forgets breakers that closed so long ago that nobody asks about them any more.
    pub async fn forget_breakers(&self, now: Timestamp) -> Result<u64, StoreError> {
        let old = query("DELETE FROM breakers WHERE until <= $1").bind(millis(now - KEPT_FOR));
        old.execute(self.writer()).await
    }

    /// Lets automatic mail go again: closes the breakers of a subject and forgets what was counted there, since the cap
    /// would be reached again at once. That of an address is that of its mailbox. Returns how many were open.
    pub async fn reset_breaker(&self, subject: &str, now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        let counted = counted_as(subject);
        let sql = "UPDATE breakers SET reset_at = $3 WHERE subject IN ($1, $2) AND reset_at IS NULL AND until > $3";
        let closed = query(sql).bind(subject).bind(&counted).bind(millis(now)).execute(&mut tx).await?;
        let forget = query("DELETE FROM traffic WHERE subject IN ($1, $2)");
        forget.bind(subject).bind(&counted).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(closed)
    }
}

fn row(row: &Row) -> Result<BreakerRow, StoreError> {
    let mut columns = Columns::of(row);
    Ok(BreakerRow {
        id: columns.next()?,
        subject: columns.next()?,
        scope: columns.next_word(Scope::from_word)?,
        why: columns.next()?,
        to: columns.next()?,
        marks: columns.next()?,
        inbox: columns.next()?,
        opened_at: columns.next_at()?,
        until: columns.next_at()?,
        reset_at: columns.next_at_or_none()?,
    })
}
