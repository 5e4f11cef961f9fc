//! Breakers that caps on automatic mail have opened: while one is open, nothing automatic goes where it stands.

use super::dialect;
use super::list::{BreakerRow, Filter};
use super::query::{Connection, Row, query};
use super::rows::{Columns, look_up, millis};
use super::{Store, StoreError, draw};
use crate::decide::breaker::{Breaker, Scope};
use jiff::Timestamp;
use std::collections::HashMap;

pub(super) const OPEN: (&str, &str) = (
    "SELECT subject, MAX(until) FROM breakers WHERE until > $1 AND reset_at IS NULL AND subject IN ('', ",
    ") GROUP BY subject",
);

/// Those that are open for these subjects or for the whole desk, until when.
pub(super) async fn open(
    tx: &mut Connection,
    subjects: &[String],
    now: Timestamp,
) -> Result<HashMap<String, Timestamp>, StoreError> {
    let rows = look_up(tx, OPEN, &[Some(millis(now))], subjects, |query, subject| query.bind(subject)).await?;
    let pair = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.next()?, columns.next_at()?))
    };
    rows.iter().map(pair).collect()
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
        if let Some(since) = filter.since {
            select.push(" AND opened_at >= ").push_bind(millis(since));
        }
        select.push(" ORDER BY id DESC");
        if let Some(limit) = filter.limit {
            select.push(" LIMIT ").push_bind(i64::from(limit));
        }
        select.fetch_all(self.readers()).await?.iter().map(row).collect()
    }

    /// Lets automatic mail go again: closes the breakers of these subjects, or all of them, and forgets what was
    /// counted there, since the cap would be reached again at once. Returns how many were open.
    pub async fn reset_breakers(&self, subjects: Option<&[String]>, now: Timestamp) -> Result<u64, StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        let all: Vec<String> = match subjects {
            Some(subjects) => subjects.to_vec(),
            None => {
                let open = query("SELECT DISTINCT subject FROM breakers WHERE reset_at IS NULL AND until > $1");
                let rows = open.bind(millis(now)).fetch_all(&mut tx).await?;
                rows.iter().map(|row| Columns::of(row).next()).collect::<Result<_, _>>()?
            }
        };
        let mut closed = 0;
        for subject in all {
            let sql = "UPDATE breakers SET reset_at = $2 WHERE subject = $1 AND reset_at IS NULL AND until > $2";
            closed += query(sql).bind(&subject).bind(millis(now)).execute(&mut tx).await?;
            query("DELETE FROM traffic WHERE subject = $1").bind(&subject).execute(&mut tx).await?;
        }
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
