//! Addresses that get no automatic mail any more.
//!
//! One that a server refuses for good, or whose owner complained, stays until an administrator takes it off. Failures
//! that may pass count: several within a week suppress the address for a week after the last, and are forgotten then.

use super::dialect;
use super::list::{Filter, SuppressionRow};
use super::query::{Connection, Row, query};
use super::read::newest;
use super::rows::{Columns, look_up, millis};
use super::{Store, StoreError, Suppressed};
use crate::decide::Suppression;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// Soft failures that suppress an address.
pub const SOFT_FAILURES: i64 = 3;

/// For how long they count, and for how long they suppress.
pub const SOFT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why an administrator put an address on the list who does not say why.
const BY_HAND: &str = "by hand";

/// What came of putting an address on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// It is on it now, for good.
    New,
    /// It was on it for good, and is now for another reason.
    Reworded {
        /// The reason until now.
        old: String,
    },
    /// It was on it for good, for this reason, which is none other now.
    Known {
        /// The reason.
        why: String,
    },
}

pub(super) const SUPPRESSED: (&str, &str) =
    ("SELECT address_key FROM suppressions WHERE (until IS NULL OR until > $1) AND address_key IN (", ")");

/// Which of these addresses (in lower case) get no automatic mail.
pub(super) async fn suppressed(
    tx: &mut Connection,
    addresses: &[String],
    now: Timestamp,
) -> Result<HashSet<String>, StoreError> {
    let rows = look_up(tx, SUPPRESSED, &[Some(millis(now))], addresses, |query, address| query.bind(address)).await?;
    rows.iter().map(|row| Columns::of(row).next()).collect()
}

/// Notes reasons to send an address nothing; the first one that holds stays.
pub(super) async fn suppress(tx: &mut Connection, all: &[Suppressed], now: Timestamp) -> Result<(), StoreError> {
    // One by one, since they are few and may name one address twice.
    for Suppressed { address, why, how } in all {
        let (address, now, forgotten) = (address.to_lowercase(), millis(now), millis(now - SOFT_FOR));
        let sql = if *how == Suppression::Soft {
            "INSERT INTO suppressions (address_key, how, reason, at, count, until) VALUES ($1, $2, $3, $4, 1, $4) \
             ON CONFLICT (address_key) DO UPDATE SET reason = excluded.reason, at = excluded.at, \
             count = CASE WHEN suppressions.at <= $5 THEN 1 ELSE suppressions.count + 1 END, \
             until = CASE WHEN suppressions.at > $5 AND suppressions.count + 1 >= $6 \
                     THEN excluded.at + $7 ELSE excluded.at END \
             WHERE suppressions.how = 'soft'"
        } else {
            "INSERT INTO suppressions (address_key, how, reason, at, count) VALUES ($1, $2, $3, $4, 1) \
             ON CONFLICT (address_key) DO UPDATE SET how = excluded.how, reason = excluded.reason, \
             at = excluded.at, count = suppressions.count + 1, until = NULL WHERE suppressions.how = 'soft'"
        };
        let query = query(sql).bind(&address).bind(how.as_str()).bind(why).bind(now);
        let week = i64::try_from(SOFT_FOR.as_millis()).unwrap_or(i64::MAX);
        let query = match how {
            Suppression::Soft => query.bind(forgotten).bind(SOFT_FAILURES).bind(week),
            _ => query,
        };
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

impl Store {
    /// Suppressed addresses, the newest first; those that only have failures that count too, where `with_soft` says so.
    pub async fn list_suppressions(
        &self,
        filter: &Filter,
        with_soft: bool,
        now: Timestamp,
    ) -> Result<Vec<SuppressionRow>, StoreError> {
        let mut select = query("SELECT address_key, how, reason, at, count, until FROM suppressions WHERE TRUE");
        if !with_soft {
            select.push(" AND (until IS NULL OR until > ").push_bind(millis(now)).push(")");
        }
        newest(&mut select, filter, "at", "at");
        select.fetch_all(self.readers()).await?.iter().map(row).collect()
    }

    /// Puts an address on the list by an administrator's word. What is on it for good stays as it is, but for the reason
    /// where a new one is given.
    pub async fn add_suppression(
        &self,
        address: &str,
        why: Option<&str>,
        now: Timestamp,
    ) -> Result<Addition, StoreError> {
        let address = address.to_lowercase();
        let mut tx = dialect::begin_write(self.writer()).await?;
        let known = query("SELECT reason FROM suppressions WHERE address_key = $1 AND how <> 'soft'");
        let known = known.bind(&address).fetch_all(&mut tx).await?;
        let known: Option<String> = known.first().map(|row| Columns::of(row).next()).transpose()?;
        let addition = match (known, why) {
            (None, why) => {
                let why = why.unwrap_or(BY_HAND).to_owned();
                suppress(&mut tx, &[Suppressed { address, why, how: Suppression::Manual }], now).await?;
                Addition::New
            }
            (Some(old), Some(why)) if old != why => {
                let update = query("UPDATE suppressions SET reason = $2 WHERE address_key = $1");
                update.bind(&address).bind(why).execute(&mut tx).await?;
                Addition::Reworded { old }
            }
            (Some(why), _) => Addition::Known { why },
        };
        tx.commit().await?;
        Ok(addition)
    }

    /// Takes an address off the list; `false` when it is not on it.
    pub async fn remove_suppression(&self, address: &str) -> Result<bool, StoreError> {
        let delete = query("DELETE FROM suppressions WHERE address_key = $1").bind(address.to_lowercase());
        Ok(delete.execute(self.writer()).await? > 0)
    }
}

fn row(row: &Row) -> Result<SuppressionRow, StoreError> {
    let mut columns = Columns::of(row);
    Ok(SuppressionRow {
        address: columns.next()?,
        how: columns.next_word(Suppression::from_word)?,
        why: columns.next()?,
        at: columns.next_at()?,
        count: columns.next()?,
        until: columns.next_at_or_none()?,
    })
}
