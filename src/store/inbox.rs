//! Received mail: kept with its bytes and the mailbox's cursor.

use super::dialect;
use super::query::{Connection, Row, query};
use super::rows::{Columns, look_up, millis, write_rows};
use super::workers::{self, Hold};
use super::{NewMail, Place, Store, StoreError, draw, raw};
use crate::message::Digest;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

/// Mails with these bytes that have them still.
pub(super) const SAME_BYTES: (&str, &str) = (
    "SELECT digest, id FROM inbox WHERE same_bytes_as IS NULL \
     AND EXISTS (SELECT 1 FROM inbox_raw WHERE inbox_raw.inbox = inbox.id) AND digest IN (",
    ")",
);

/// How many UIDs of a mailbox are looked at by one statement: a mailbox may have millions, and the database sorts them.
const UIDS_AT_ONCE: i64 = 50_000;

/// Runs of UIDs without gaps, and how many are in each. A UID less its rank is the same all along such a run.
pub(super) const KNOWN_UIDS: &str = "SELECT MIN(uid), MAX(uid), COUNT(*) FROM \
    (SELECT uid, uid - ROW_NUMBER() OVER (ORDER BY uid) AS run FROM \
     (SELECT uid FROM inbox WHERE mailbox = $1 AND uid_validity = $2 AND uid > $3 ORDER BY uid LIMIT $4) AS part) AS uids \
    GROUP BY run ORDER BY 1";

/// What [`Store::keep_mail`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// The rows that were not there before, in order.
    pub new_ids: Vec<i64>,
}

/// A mail on the server that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledPlace {
    /// Its UID.
    pub uid: u32,
    /// Whether it waits for a person.
    pub is_quarantined: bool,
}

/// The smallest range that holds all of these UIDs.
fn span(uids: &[u32]) -> Option<RangeInclusive<u32>> {
    Some(*uids.iter().min()?..=*uids.iter().max()?)
}

impl Store {
    /// How far a mailbox was read.
    pub async fn cursor(&self, mailbox: &str) -> Result<Option<Place>, StoreError> {
        let row = query("SELECT uid_validity, uid FROM cursors WHERE mailbox = $1")
            .bind(mailbox)
            .fetch_optional(self.readers())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut columns = Columns::of(&row);
        let (uid_validity, uid) = (columns.next_u32()?, columns.next_u32()?);
        Ok(Some(Place { mailbox: mailbox.to_owned(), uid_validity, uid }))
    }

    /// The UIDs of a mailbox behind this one that we have, in order, as ranges.
    pub async fn known_uids(
        &self,
        mailbox: &str,
        uid_validity: u32,
        after: u32,
    ) -> Result<Vec<RangeInclusive<u32>>, StoreError> {
        let mut known: Vec<RangeInclusive<u32>> = Vec::new();
        let mut after = i64::from(after);
        loop {
            let rows = query(KNOWN_UIDS)
                .bind(mailbox)
                .bind(i64::from(uid_validity))
                .bind(after)
                .bind(UIDS_AT_ONCE)
                .fetch_all(self.readers())
                .await?;
            let mut seen = 0;
            for row in &rows {
                let mut columns = Columns::of(row);
                let (first, last) = (columns.next_u32()?, columns.next_u32()?);
                seen += columns.next::<i64>()?;
                match known.last_mut() {
                    Some(run) if run.end().checked_add(1) == Some(first) => *run = *run.start()..=last,
                    _ => known.push(first..=last),
                }
                after = i64::from(last);
            }
            if seen < UIDS_AT_ONCE {
                return Ok(known);
            }
        }
    }

    /// Keeps mails and moves the cursor, in one transaction. A place that is there already is passed over.
    ///
    /// When this returns the mails are on the disk, and the server may be told so. The cursor never goes back
    /// while UIDVALIDITY is the same.
    pub async fn keep_mail(
        &self,
        mails: &[NewMail],
        cursor: Option<&Place>,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        self.keep(None, mails, cursor, now).await
    }

    /// As [`keep_mail`](Self::keep_mail), from a mailbox; a conflict when another worker reads it by now.
    pub async fn keep_fetched(
        &self,
        hold: &Hold,
        mails: &[NewMail],
        cursor: Option<&Place>,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        self.keep(Some(hold), mails, cursor, now).await
    }

    async fn keep(
        &self,
        hold: Option<&Hold>,
        mails: &[NewMail],
        cursor: Option<&Place>,
        now: Timestamp,
    ) -> Result<Kept, StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        if let Some(hold) = hold {
            workers::insist_on_hold(&mut tx, hold).await?;
        }
        let kept = keep(&mut tx, mails, now).await?;
        if let Some(cursor) = cursor {
            query(
                "INSERT INTO cursors (mailbox, uid_validity, uid) VALUES ($1, $2, $3) \
                 ON CONFLICT (mailbox) DO UPDATE SET uid_validity = excluded.uid_validity, uid = excluded.uid \
                 WHERE cursors.uid_validity <> excluded.uid_validity OR cursors.uid < excluded.uid",
            )
            .bind(&cursor.mailbox)
            .bind(i64::from(cursor.uid_validity))
            .bind(i64::from(cursor.uid))
            .execute(&mut tx)
            .await?;
        }
        if !kept.new_ids.is_empty() {
            self.engine().tell(&mut tx, "inbox").await?;
        }
        tx.commit().await?;
        if !kept.new_ids.is_empty() {
            self.inbox_changed().notify_one();
        }
        Ok(kept)
    }

    /// Forgets which mails stand at which UIDs of a mailbox, and how far it was read: its UIDs name other mails now.
    ///
    /// The mails are kept, under a name for the mailbox as it was.
    pub async fn forget_places(&self, hold: &Hold, now: Timestamp) -> Result<(), StoreError> {
        let mailbox = &hold.mailbox;
        let mut tx = dialect::begin_write(self.writer()).await?;
        workers::insist_on_hold(&mut tx, hold).await?;
        query("UPDATE inbox SET mailbox = $2 WHERE mailbox = $1")
            .at_leisure()
            .bind(mailbox)
            .bind(format!("{mailbox} until {now}"))
            .execute(&mut tx)
            .await?;
        query("DELETE FROM cursors WHERE mailbox = $1").bind(mailbox).execute(&mut tx).await?;
        tx.commit().await
    }

    /// Keeps mails that came in by a door without UIDs of its own, each at the next place of `door`.
    ///
    /// Whatever their places say: two that come in at the same time by two processes must not get the same one,
    /// so it is given here, in the transaction.
    pub async fn keep_ingested(&self, door: &str, mut mails: Vec<NewMail>, now: Timestamp) -> Result<Kept, StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        // Draws nothing, but has others wait who would read the same last place.
        draw(&mut tx, "inbox", 0).await?;
        let last: i64 = query("SELECT COALESCE(MAX(uid), 0) FROM inbox WHERE mailbox = $1 AND uid_validity = 0")
            .bind(door)
            .fetch_value(&mut tx)
            .await?;
        for (mail, uid) in mails.iter_mut().zip(last + 1..) {
            let uid = u32::try_from(uid).map_err(|_| StoreError::Strange { what: format!("the place {uid}") })?;
            mail.place = Place { mailbox: door.to_owned(), uid_validity: 0, uid };
        }
        let kept = keep(&mut tx, &mails, now).await?;
        self.engine().tell(&mut tx, "inbox").await?;
        tx.commit().await?;
        self.inbox_changed().notify_one();
        Ok(kept)
    }

    /// Which of these mails on the server are done, and whether they are in quarantine.
    pub async fn settled_places(
        &self,
        mailbox: &str,
        uid_validity: u32,
        uids: &[u32],
    ) -> Result<Vec<SettledPlace>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        let mut settled = Vec::new();
        if let Some(range) = span(uids) {
            let rows = query(
                "SELECT uid, state FROM inbox WHERE mailbox = $1 AND uid_validity = $2 AND uid BETWEEN $3 AND $4 \
                 AND state NOT IN ('new', 'processing')",
            )
            .bind(mailbox)
            .bind(i64::from(uid_validity))
            .bind(i64::from(*range.start()))
            .bind(i64::from(*range.end()))
            .fetch_all(&mut reader)
            .await?;
            for row in &rows {
                let mut columns = Columns::of(row);
                let uid = columns.next_u32()?;
                let state: String = columns.next()?;
                settled.push(SettledPlace { uid, is_quarantined: matches!(state.as_str(), "quarantined" | "stuck") });
            }
        }
        Ok(settled)
    }
}

/// Mailbox, UIDVALIDITY and UID, in this order.
pub(super) fn place(columns: &mut Columns<'_>) -> Result<Place, StoreError> {
    Ok(Place { mailbox: columns.next()?, uid_validity: columns.next_u32()?, uid: columns.next_u32()? })
}

/// One mail with the number of its row and of the row that has its bytes.
struct Numbered<'m> {
    id: i64,
    mail: &'m NewMail,
    same_bytes_as: Option<i64>,
}

async fn keep(tx: &mut Connection, mails: &[NewMail], now: Timestamp) -> Result<Kept, StoreError> {
    let new = without_known_places(tx, mails).await?;
    if new.is_empty() {
        return Ok(Kept::default());
    }
    // First the numbers: whoever draws them has others wait who prune the bytes that a new row would rely on.
    let first = draw(tx, "inbox", new.len()).await?;
    let mut holders = holders(tx, &new).await?;
    let numbered: Vec<Numbered<'_>> = (first..)
        .zip(&new)
        .map(|(id, mail)| {
            let same_bytes_as = holders.get(&mail.digest).copied();
            holders.entry(mail.digest).or_insert(id);
            Numbered { id, mail, same_bytes_as }
        })
        .collect();
    write_rows(
        tx,
        (
            "INSERT INTO inbox (id, mailbox, uid_validity, uid, received_at, kept_at, due_at, digest, size_bytes, \
             oversize_bytes, same_bytes_as, state) VALUES ",
            "",
        ),
        12,
        &numbered,
        |query, row| {
            query
                .bind(row.id)
                .bind(&row.mail.place.mailbox)
                .bind(i64::from(row.mail.place.uid_validity))
                .bind(i64::from(row.mail.place.uid))
                .bind(millis(row.mail.received_at))
                .bind(millis(now))
                .bind(millis(now))
                .bind(&row.mail.digest.0[..])
                .bind(size(row.mail.raw.len()))
                .bind(row.mail.oversize_bytes.map(u64::cast_signed))
                .bind(row.same_bytes_as)
                .bind("new")
        },
    )
    .await?;
    let holders = numbered.iter().filter(|row| row.same_bytes_as.is_none());
    let holders: Vec<(i64, &[u8])> = holders.map(|row| (row.id, &row.mail.raw[..])).collect();
    raw::RECEIVED.write(tx, &holders).await?;
    Ok(Kept { new_ids: numbered.iter().map(|row| row.id).collect() })
}

/// The mails whose place is not in the inbox yet, each place once.
async fn without_known_places<'m>(tx: &mut Connection, mails: &'m [NewMail]) -> Result<Vec<&'m NewMail>, StoreError> {
    let mut seen: HashSet<&Place> = HashSet::new();
    let mut new: Vec<&NewMail> = mails.iter().filter(|mail| seen.insert(&mail.place)).collect();
    let mailboxes: HashSet<(&str, u32)> =
        new.iter().map(|mail| (mail.place.mailbox.as_str(), mail.place.uid_validity)).collect();
    for (mailbox, uid_validity) in mailboxes {
        let is_here = |mail: &NewMail| mail.place.mailbox == mailbox && mail.place.uid_validity == uid_validity;
        let mut uids: Vec<u32> = new.iter().filter(|mail| is_here(mail)).map(|mail| mail.place.uid).collect();
        uids.sort_unstable();
        let mut known: HashSet<u32> = HashSet::new();
        // Mail arrives in the order of UIDs, so that a short range holds all of a batch.
        for run in uids.chunk_by(|one, next| next - one < 64) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            for row in known_between(tx, mailbox, uid_validity, *first, *last).await? {
                known.insert(Columns::of(&row).next_u32()?);
            }
        }
        new.retain(|mail| !(is_here(mail) && known.contains(&mail.place.uid)));
    }
    Ok(new)
}

async fn known_between(
    tx: &mut Connection,
    mailbox: &str,
    uid_validity: u32,
    first: u32,
    last: u32,
) -> Result<Vec<Row>, StoreError> {
    query("SELECT uid FROM inbox WHERE mailbox = $1 AND uid_validity = $2 AND uid BETWEEN $3 AND $4")
        .bind(mailbox)
        .bind(i64::from(uid_validity))
        .bind(i64::from(first))
        .bind(i64::from(last))
        .fetch_all(tx)
        .await
}

/// Which rows hold the bytes of mails that look the same.
async fn holders(tx: &mut Connection, mails: &[&NewMail]) -> Result<HashMap<Digest, i64>, StoreError> {
    let rows = look_up(tx, SAME_BYTES, &[], mails, |query, mail| query.bind(&mail.digest.0[..])).await?;
    let mut holders = HashMap::with_capacity(mails.len());
    for row in &rows {
        let mut columns = Columns::of(row);
        holders.insert(digest(columns.next()?)?, columns.next()?);
    }
    Ok(holders)
}

/// A digest as the database keeps it.
pub(super) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    let strange = |_| StoreError::Strange { what: format!("a digest of {} bytes", bytes.len()) };
    Ok(Digest(bytes.try_into().map_err(strange)?))
}

/// A number of bytes as the database keeps it.
pub(super) fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
