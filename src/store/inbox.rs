//! Received mail: kept with its bytes and the mailbox's cursor, claimed for processing, put back or settled.

use super::dialect;
use super::query::{Connection, Row, query};
use super::rows::{Columns, look_up, millis, write_rows};
use super::{InboxItem, NewMail, Place, Settled, Store, StoreError, draw};
use crate::decide::{Cause, Outcome};
use crate::message::Digest;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

/// How many bytes of mail one claim hands out at most; one mail is always handed out.
const CLAIM_BYTES: i64 = 64 * 1024 * 1024;

/// Mails that may be claimed, with their sizes and how often they were tried.
pub(super) const CLAIMABLE: &str = "SELECT id, size_bytes, tries FROM inbox \
    WHERE state IN ('new', 'processing') AND due_at <= $1 ORDER BY id LIMIT $2";

pub(super) const TAKE: (&str, &str) = (
    "UPDATE inbox SET state = 'processing', attempt = attempt + 1, tries = tries + 1, due_at = $2 \
     WHERE state IN ('new', 'processing') AND due_at <= $1 AND id IN (",
    ") RETURNING id, mailbox, uid_validity, uid, received_at, attempt, tries, oversize_bytes, same_bytes_as, released",
);

pub(super) const NEXT_DUE: &str = "SELECT MIN(due_at) FROM inbox WHERE state IN ('new', 'processing')";

/// Mails with these bytes that have them still.
pub(super) const SAME_BYTES: (&str, &str) = (
    "SELECT digest, id FROM inbox WHERE same_bytes_as IS NULL \
     AND EXISTS (SELECT 1 FROM inbox_raw WHERE inbox_raw.inbox = inbox.id) AND digest IN (",
    ")",
);

pub(super) const SETTLE: (&str, &str) = (
    "UPDATE inbox SET state = v.column3, error = NULL FROM (VALUES ",
    ") AS v WHERE inbox.id = v.column1 AND inbox.attempt = v.column2 AND inbox.state = 'processing'",
);

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

    /// The UIDs of a mailbox that we have, in order, as ranges.
    pub async fn known_uids(&self, mailbox: &str, uid_validity: u32) -> Result<Vec<RangeInclusive<u32>>, StoreError> {
        // A UID less its rank is the same all along a run without gaps.
        let rows = query(
            "SELECT MIN(uid), MAX(uid) FROM \
             (SELECT uid, uid - ROW_NUMBER() OVER (ORDER BY uid) AS run FROM inbox \
              WHERE mailbox = $1 AND uid_validity = $2) AS uids \
             GROUP BY run ORDER BY 1",
        )
        .bind(mailbox)
        .bind(i64::from(uid_validity))
        .fetch_all(self.readers())
        .await?;
        let range = |row| {
            let mut columns = Columns::of(row);
            Ok(columns.next_u32()?..=columns.next_u32()?)
        };
        rows.iter().map(range).collect()
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
        let mut tx = dialect::begin_write(self.writer()).await?;
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
        tx.commit().await?;
        if !kept.new_ids.is_empty() {
            self.inbox_changed().notify_one();
        }
        Ok(kept)
    }

    /// Forgets which mails stand at which UIDs of a mailbox, and how far it was read: its UIDs name other mails now.
    ///
    /// The mails are kept, under a name for the mailbox as it was.
    pub async fn forget_places(&self, mailbox: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        query("UPDATE inbox SET mailbox = $2 WHERE mailbox = $1")
            .bind(mailbox)
            .bind(format!("{mailbox} until {now}"))
            .execute(&mut tx)
            .await?;
        query("DELETE FROM cursors WHERE mailbox = $1").bind(mailbox).execute(&mut tx).await?;
        Ok(tx.commit().await?)
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
        tx.commit().await?;
        self.inbox_changed().notify_one();
        Ok(kept)
    }

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
        let candidates = query(CLAIMABLE)
            .bind(millis(now))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.readers())
            .await?;
        let Some(first) = candidates.first() else { return Ok(Vec::new()) };
        let mut columns = Columns::of(first);
        let _id_and_size: (i64, i64) = (columns.next()?, columns.next()?);
        let tries = columns.next_u32()?;
        let mut ids = within_bytes(&candidates, CLAIM_BYTES)?;
        ids.truncate(limit.checked_shr(tries).unwrap_or(0).max(1));
        let mut tx = dialect::begin_write(self.writer()).await?;
        let rows =
            look_up(&mut tx, TAKE, &[millis(now), millis(now + lease)], &ids, |query, id| query.bind(*id)).await?;
        tx.commit().await?;
        let mut items = rows.iter().map(|row| item(&mut Columns::of(row))).collect::<Result<Vec<_>, _>>()?;
        items.sort_by_key(|item| item.id);
        self.add_raw(&mut items).await?;
        Ok(items)
    }

    /// Puts a claimed mail back until `due_at`. `false` when somebody else has claimed it since.
    pub async fn release_inbox(
        &self,
        id: i64,
        attempt: u32,
        due_at: Timestamp,
        error: &str,
    ) -> Result<bool, StoreError> {
        let touched = query(
            "UPDATE inbox SET state = 'new', due_at = $3, error = $4 \
             WHERE id = $1 AND attempt = $2 AND state = 'processing'",
        )
        .bind(id)
        .bind(i64::from(attempt))
        .bind(millis(due_at))
        .bind(error)
        .execute(self.writer())
        .await?;
        Ok(touched == 1)
    }

    /// Gives claims back as if nobody had made them: what hindered the work was not the mails' fault.
    pub async fn give_back_inbox(&self, claims: &[(i64, u32)], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        for (id, attempt) in claims {
            query(
                "UPDATE inbox SET state = 'new', due_at = $3, tries = tries - 1 \
                 WHERE id = $1 AND attempt = $2 AND state = 'processing'",
            )
            .bind(*id)
            .bind(i64::from(*attempt))
            .bind(millis(now))
            .execute(&mut tx)
            .await?;
        }
        Ok(tx.commit().await?)
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

    /// When the next mail is due to be claimed; in the past when one is waiting.
    pub async fn next_inbox_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = query(NEXT_DUE).fetch_one(self.readers()).await?;
        Columns::of(&row).next_at_or_none()
    }

    /// Fills in the bytes, a copy's from the mail it is a copy of.
    async fn add_raw(&self, items: &mut [InboxItem]) -> Result<(), StoreError> {
        let holders: Vec<i64> = items.iter().map(|item| item.same_bytes_as.unwrap_or(item.id)).collect();
        let mut reader = self.readers().acquire().await?;
        let rows = look_up(
            &mut reader,
            ("SELECT inbox, raw FROM inbox_raw WHERE inbox IN (", ")"),
            &[],
            &holders,
            |query, id| query.bind(*id),
        )
        .await?;
        let mut raws: HashMap<i64, Vec<u8>> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let mut columns = Columns::of(row);
            raws.insert(columns.next()?, columns.next()?);
        }
        let mut uses: HashMap<i64, usize> = HashMap::new();
        for holder in &holders {
            *uses.entry(*holder).or_default() += 1;
        }
        for (item, holder) in items.iter_mut().zip(holders) {
            let raw = if uses[&holder] == 1 { raws.remove(&holder) } else { raws.get(&holder).cloned() };
            item.raw = raw.ok_or_else(|| StoreError::Strange { what: format!("mail {holder} without its bytes") })?;
        }
        Ok(())
    }
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
        raw: Vec::new(),
    })
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
    let holders: Vec<&Numbered<'_>> = numbered.iter().filter(|row| row.same_bytes_as.is_none()).collect();
    write_rows(tx, ("INSERT INTO inbox_raw (inbox, raw) VALUES ", ""), 2, &holders, |query, row| {
        query.bind(row.id).bind(&row.mail.raw)
    })
    .await?;
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
    Ok(query("SELECT uid FROM inbox WHERE mailbox = $1 AND uid_validity = $2 AND uid BETWEEN $3 AND $4")
        .bind(mailbox)
        .bind(i64::from(uid_validity))
        .bind(i64::from(first))
        .bind(i64::from(last))
        .fetch_all(tx)
        .await?)
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
             author, subject, rules_version, settled_at) VALUES ",
            "",
        ),
        13,
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
