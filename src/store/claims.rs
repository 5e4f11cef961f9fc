//! Received mail on its way through the desk: claimed for processing, taken over from a dead worker, put back, settled.

use super::dialect;
use super::inbox::place;
use super::query::{Connection, Query, Row, query};
use super::rows::{Columns, look_up, millis, write_rows};
use super::workers;
use super::{Claim, InboxItem, Settled, Store, StoreError, json, raw};
use crate::decide::{Cause, Outcome};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use std::borrow::Cow;
use std::collections::HashMap;

/// How many bytes of mail one claim hands out at most; one mail is always handed out.
pub const CLAIM_BYTES: i64 = 8 * 1024 * 1024;

/// Mails that may be claimed, with their sizes and how often they were tried.
pub(super) const CLAIMABLE: &str = "SELECT id, size_bytes, tries FROM inbox \
    WHERE state IN ('new', 'processing') AND due_at <= $1 ORDER BY id LIMIT $2";

pub(super) const TAKE: (&str, &str) = (
    "UPDATE inbox SET state = 'processing', attempt = attempt + 1, tries = tries + 1, due_at = $2, batch = $3 \
     WHERE state IN ('new', 'processing') AND due_at <= $1 AND id IN (",
    ") RETURNING id, mailbox, uid_validity, uid, received_at, attempt, tries, oversize_bytes, same_bytes_as, released",
);

pub(super) const NEXT_DUE: &str = "SELECT MIN(due_at) FROM inbox WHERE state IN ('new', 'processing')";

pub(super) const SETTLE: (&str, &str) = (
    "UPDATE inbox SET state = v.column3, error = NULL FROM (VALUES ",
    ") AS v WHERE inbox.id = v.column1 AND inbox.attempt = v.column2 AND inbox.state = 'processing'",
);

impl Store {
    /// Claims mails that are due, oldest first, until `now + lease`. The claim is committed when this returns.
    ///
    /// Half as many each time that the first of them was tried before: a mail at which the program dies takes ever
    /// fewer others with it, until it is alone.
    pub async fn claim_inbox(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError> {
        // Looked at before anything is locked: mostly there is nothing.
        let mut candidates = claimable(CLAIMABLE, now, limit).fetch_all(self.readers()).await?;
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = dialect::begin_write(self.writer()).await?;
        let claim = if self.engine().is_shared() {
            let claim = workers::next_claim(&mut tx, self.worker()?).await?;
            let sql = format!("{CLAIMABLE}{}", self.engine().skip_locked());
            candidates = claimable(sql, now, limit).fetch_all(&mut tx).await?;
            Some(claim)
        } else {
            None
        };
        let ids = fewer_when_tried(&candidates, limit)?;
        if let Some(claim) = claim.filter(|_| !ids.is_empty()) {
            workers::begin_claim(&mut tx, claim).await?;
        }
        let fixed = [Some(millis(now)), Some(millis(now + lease)), claim.map(|claim| claim.batch)];
        let rows = look_up(&mut tx, TAKE, &fixed, &ids, |query, id| query.bind(*id)).await?;
        tx.commit().await?;
        self.handed_out(&rows, claim).await
    }

    /// How large the mail is that would be claimed first; 0 when there is none.
    pub async fn next_inbox_size(&self, now: Timestamp) -> Result<u64, StoreError> {
        let first = claimable(CLAIMABLE, now, 1).fetch_optional(self.readers()).await?;
        first.map_or(Ok(0), |row| row.get::<i64>(1).map(i64::cast_unsigned))
    }

    /// Takes over mails of the oldest claim that a dead worker left, as a claim at the same place in the order; only of
    /// one that comes before `before`, where that is given.
    pub async fn adopt_inbox(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: usize,
        before: Option<Claim>,
    ) -> Result<Vec<InboxItem>, StoreError> {
        if !self.engine().is_shared() {
            return Ok(Vec::new());
        }
        let orphans = query(format!("SELECT 1 FROM batches WHERE {} LIMIT 1", workers::ORPHANED));
        if orphans.fetch_optional(self.readers()).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = dialect::begin_write(self.writer()).await?;
        let Some(claim) = workers::adopt_claim(&mut tx, self.worker()?, before).await? else { return Ok(Vec::new()) };
        let left = query(
            "SELECT id, size_bytes, tries FROM inbox WHERE batch = $1 AND state = 'processing' ORDER BY id LIMIT $2",
        );
        let limit_rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let ids = fewer_when_tried(&left.bind(claim.batch).bind(limit_rows).fetch_all(&mut tx).await?, limit)?;
        let fixed = [Some(i64::MAX), Some(millis(now + lease)), Some(claim.batch)];
        let rows = look_up(&mut tx, TAKE, &fixed, &ids, |query, id| query.bind(*id)).await?;
        if rows.is_empty() {
            // All done, or whoever had it was only frozen and has just settled it.
            workers::end_claim(&mut tx, claim).await?;
        }
        tx.commit().await?;
        self.handed_out(&rows, Some(claim)).await
    }

    /// The mails of rows that were claimed, oldest first, with their bytes.
    async fn handed_out(&self, rows: &[Row], claim: Option<Claim>) -> Result<Vec<InboxItem>, StoreError> {
        let mut items = rows.iter().map(|row| item(&mut Columns::of(row))).collect::<Result<Vec<_>, _>>()?;
        items.iter_mut().for_each(|item| item.claim = claim);
        items.sort_by_key(|item| item.id);
        self.add_raw(&mut items).await?;
        Ok(items)
    }

    /// Puts a claimed mail back until `due_at`. `false` when somebody else has claimed it since.
    ///
    /// # Errors
    /// A [`StoreError::Conflict`] also when the claim that it was handed out with is somebody else's by now.
    pub async fn release_inbox(&self, item: &InboxItem, due_at: Timestamp, error: &str) -> Result<bool, StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        if let Some(claim) = item.claim {
            workers::insist_on_claim(&mut tx, claim).await?;
        }
        let touched = query(
            "UPDATE inbox SET state = 'new', due_at = $3, error = $4 \
             WHERE id = $1 AND attempt = $2 AND state = 'processing'",
        )
        .bind(item.id)
        .bind(i64::from(item.attempt))
        .bind(millis(due_at))
        .bind(error)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(touched == 1)
    }

    /// Takes back that mails of a claim were tried: what hindered the work was not their fault. With a time they are
    /// given back as well, as if nobody had claimed them; else they keep their place in the claim.
    pub async fn excuse_inbox(&self, claims: &[(i64, u32)], free_at: Option<Timestamp>) -> Result<(), StoreError> {
        let freed = if free_at.is_some() { ", state = 'new', due_at = $3" } else { "" };
        let sql = format!(
            "UPDATE inbox SET tries = tries - 1{freed} WHERE id = $1 AND attempt = $2 AND state = 'processing'"
        );
        let mut tx = dialect::begin_write(self.writer()).await?;
        for (id, attempt) in claims {
            let excused = query(sql.clone()).bind(*id).bind(i64::from(*attempt));
            let excused = free_at.into_iter().fold(excused, |excused, at| excused.bind(millis(at)));
            excused.execute(&mut tx).await?;
        }
        tx.commit().await
    }

    /// When the next mail is due to be claimed; in the past when one is waiting.
    pub async fn next_inbox_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = query(NEXT_DUE).fetch_one(self.readers()).await?;
        Columns::of(&row).next_at_or_none()
    }

    /// Fills in the bytes, a copy's from the mail it is a copy of.
    async fn add_raw(&self, items: &mut [InboxItem]) -> Result<(), StoreError> {
        let holders: Vec<i64> = items.iter().map(|item| item.same_bytes_as.unwrap_or(item.id)).collect();
        let mut reader = self.readers().acquire().await?;
        let raws = raw::RECEIVED.read(&mut reader, &holders).await?;
        let raws: HashMap<i64, Bytes> = raws.into_iter().map(|(holder, raw)| (holder, raw.into())).collect();
        for (item, holder) in items.iter_mut().zip(holders) {
            let missing = || StoreError::Strange { what: format!("mail {holder} without its bytes") };
            item.raw = raws.get(&holder).cloned().ok_or_else(missing)?;
        }
        Ok(())
    }
}

/// Asks by this statement for rows that may be claimed, at most so many.
pub(super) fn claimable<'q>(sql: impl Into<Cow<'static, str>>, now: Timestamp, limit: usize) -> Query<'q> {
    query(sql).bind(millis(now)).bind(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// The ids to claim of rows that may be claimed: within the limit of bytes, and half as many each time that the first
/// of them was tried before. Rows are (id, size, tries).
fn fewer_when_tried(rows: &[Row], limit: usize) -> Result<Vec<i64>, StoreError> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let mut columns = Columns::of(first);
    let _id_and_size: (i64, i64) = (columns.next()?, columns.next()?);
    let tries = columns.next_u32()?;
    let mut ids = within_bytes(rows, CLAIM_BYTES)?;
    ids.truncate(limit.checked_shr(tries).unwrap_or(0).max(1));
    Ok(ids)
}

/// The ids of the first rows whose sizes together stay under a limit; at least one. Rows are (id, size).
pub(super) fn within_bytes(rows: &[Row], limit: i64) -> Result<Vec<i64>, StoreError> {
    let (mut ids, mut total) = (Vec::with_capacity(rows.len()), 0);
    for row in rows {
        let mut columns = Columns::of(row);
        let (id, size): (i64, i64) = (columns.next()?, columns.next()?);
        total += size;
        if total > limit && !ids.is_empty() {
            break;
        }
        ids.push(id);
    }
    Ok(ids)
}

fn item(columns: &mut Columns<'_>) -> Result<InboxItem, StoreError> {
    Ok(InboxItem {
        id: columns.next()?,
        place: place(columns)?,
        received_at: columns.next_at()?,
        attempt: columns.next_u32()?,
        tries: columns.next_u32()?,
        oversize_bytes: columns.next::<Option<i64>>()?.map(i64::cast_unsigned),
        same_bytes_as: columns.next()?,
        released: columns.next()?,
        claim: None,
        raw: Bytes::new(),
    })
}

/// Settles inbox rows; a conflict when one of them was claimed by somebody else since.
pub(super) async fn settle(tx: &mut Connection, settled: &[Settled], now: Timestamp) -> Result<(), StoreError> {
    let touched = write_rows(tx, SETTLE, 3, settled, |query, row| {
        query.bind(row.inbox).bind(i64::from(row.attempt)).bind(state_after(&row.outcome))
    })
    .await?;
    if touched != settled.len() as u64 {
        return Err(StoreError::Conflict { what: "a mail of the inbox".to_owned() });
    }
    write_rows(
        tx,
        (
            "INSERT INTO outcomes (inbox, outcome, cause, duplicate_of, ticket, answers_to, reasons, message_id, content_digest, \
             author, subject, rules_version, matched, known, settled_at) VALUES ",
            "",
        ),
        15,
        settled,
        |query, row| {
            let (cause, duplicate_of) = match &row.outcome {
                Outcome::Quarantined(cause) => (Some(cause.0.as_str()), None),
                Outcome::Duplicate(first) => (None, Some(*first)),
                _ => (None, None),
            };
            query
                .bind(row.inbox)
                .bind(row.outcome.word())
                .bind(cause)
                .bind(duplicate_of)
                .bind(row.ticket.map(|ticket| ticket.0))
                .bind(row.answers_to.map(|ticket| ticket.0))
                .bind(&row.reasons)
                .bind(&row.message_id.0)
                .bind(&row.content_digest.0[..])
                .bind(&row.from)
                .bind(&row.subject)
                .bind(&row.rules_version)
                .bind(json(&row.matched))
                .bind(json(&row.known))
                .bind(millis(now))
        },
    )
    .await?;
    Ok(())
}

/// The state of a row whose mail ended like this.
fn state_after(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Quarantined(cause) if cause.0 == Cause::STUCK => "stuck",
        Outcome::Quarantined(_) => "quarantined",
        Outcome::DiscardedByRule => "discarded",
        _ => "filed",
    }
}
