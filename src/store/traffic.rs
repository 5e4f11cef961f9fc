//! How much automatic mail went out lately.
//!
//! Counted by the minute in a table of its own. Counting rows of the outbox instead would read every mail of an
//! agent's day, or of the desk's hour, for each mail that comes in; here a day of anybody is at most 1,440 rows.
//! The price is that a window begins on a whole minute: it may be up to a minute short, never long.

use super::query::{Connection, query};
use super::rows::{Columns, look_up, write_rows};
use super::{Outgoing, Store, StoreError};
use crate::decide::breaker::{counted_as, domain_of};
use crate::ticket::TicketId;
use crate::ticket::purpose::Purpose;
use jiff::Timestamp;
use std::collections::HashMap;

/// Minutes in the windows that are counted.
const TEN_MINUTES: i64 = 10;
const HOUR: i64 = 60;
const TEN_HOURS: i64 = 10 * 60;
const DAY: i64 = 24 * 60;

/// The row of the whole desk.
const DESK: &str = "";

pub(super) const WINDOWS: (&str, &str) = (
    "SELECT subject, CAST(SUM(CASE WHEN minute > $2 THEN count ELSE 0 END) AS BIGINT), \
     CAST(SUM(CASE WHEN minute > $3 THEN count ELSE 0 END) AS BIGINT), \
     CAST(SUM(CASE WHEN minute > $4 THEN count ELSE 0 END) AS BIGINT), CAST(SUM(count) AS BIGINT) \
     FROM traffic WHERE minute > $1 AND subject IN (",
    ") GROUP BY subject",
);

pub(super) const DESK_HOUR: &str =
    "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM traffic WHERE subject = $1 AND minute > $2";

/// How many counts are forgotten by one statement.
const FORGOTTEN_AT_ONCE: i64 = 5_000;

pub(super) const FORGET: &str = "DELETE FROM traffic WHERE (subject, minute) IN \
    (SELECT subject, minute FROM traffic WHERE minute <= $1 ORDER BY minute LIMIT $2)";

/// Automatic mail to one address, or on one ticket, by window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Windows {
    /// In the last ten minutes.
    pub ten_minutes: u32,
    /// In the last hour.
    pub hour: u32,
    /// In the last ten hours.
    pub ten_hours: u32,
    /// In the last day.
    pub day: u32,
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Counts the automatic ones among mails just written, and notifications by ticket.
pub(super) async fn count(tx: &mut Connection, outgoing: &[Outgoing], now: Timestamp) -> Result<(), StoreError> {
    let mut counts: HashMap<String, i64> = HashMap::new();
    for ticket in
        outgoing.iter().filter(|out| out.purpose == Purpose::Notification.as_str()).filter_map(|out| out.ticket)
    {
        *counts.entry(told_on(ticket)).or_default() += 1;
    }
    for out in outgoing.iter().filter(|out| out.is_automatic) {
        let to = out.mail.envelope.to.to_lowercase();
        let ticket = out.ticket.map(|ticket| ticket.to_string());
        let purpose = Purpose::from_word(&out.purpose).filter(|purpose| purpose.is_notice());
        let told = purpose.map(|purpose| notice(purpose, out.ticket, &to));
        let counted = counted_as(&to);
        let domain = domain_of(&counted).map(str::to_owned);
        for subject in [Some(DESK.to_owned()), domain, Some(counted), ticket, told].into_iter().flatten() {
            *counts.entry(subject).or_default() += 1;
        }
    }
    // In order, so that neighbours are written together.
    let mut rows: Vec<(String, i64)> = counts.into_iter().collect();
    rows.sort();
    let minute = minute(now);
    write_rows(
        tx,
        (
            "INSERT INTO traffic (subject, minute, count) VALUES ",
            " ON CONFLICT (subject, minute) DO UPDATE SET count = traffic.count + excluded.count",
        ),
        3,
        &rows,
        |query, (subject, count)| query.bind(subject).bind(minute).bind(*count),
    )
    .await?;
    Ok(())
}

/// What went to these addresses, as they are counted, or on tickets with these references.
pub(super) async fn windows(
    tx: &mut Connection,
    subjects: &[String],
    now: Timestamp,
) -> Result<HashMap<String, Windows>, StoreError> {
    let minute = minute(now);
    let rows = look_up(
        tx,
        WINDOWS,
        &[DAY, TEN_MINUTES, HOUR, TEN_HOURS].map(|window| Some(minute - window)),
        subjects,
        |query, subject| query.bind(subject),
    )
    .await?;
    let pair = |row| {
        let mut columns = Columns::of(row);
        let subject = columns.next()?;
        let windows = Windows {
            ten_minutes: columns.next_u32()?,
            hour: columns.next_u32()?,
            ten_hours: columns.next_u32()?,
            day: columns.next_u32()?,
        };
        Ok((subject, windows))
    };
    rows.iter().map(pair).collect()
}

/// What the whole desk sent in the last hour.
pub(super) async fn desk_hour(tx: &mut Connection, now: Timestamp) -> Result<u32, StoreError> {
    let row = query(DESK_HOUR).bind(DESK).bind(minute(now) - HOUR).fetch_one(tx).await?;
    Columns::of(&row).next_u32()
}

/// The reference under which a ticket's mail is counted.
pub(super) fn subject_of(ticket: TicketId) -> String {
    ticket.to_string()
}

/// The reference under which a ticket's notifications are counted.
pub(super) fn told_on(ticket: TicketId) -> String {
    format!("{} {ticket}", Purpose::Notification)
}

/// The reference under which notices to an address are counted that a mail was not taken, on its ticket where it has
/// one; no address has a space.
pub fn notice(purpose: Purpose, ticket: Option<TicketId>, address: &str) -> String {
    match ticket {
        Some(ticket) => format!("{purpose} {ticket} {address}"),
        None => format!("{purpose} {address}"),
    }
}

impl Store {
    /// Forgets counts that no window reaches any more. Worth doing every minute: then there are few. Where there are many,
    /// after a long rest, they go bit by bit, so that nobody has to wait long.
    pub async fn forget_traffic(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let touched = query(FORGET).bind(minute(now) - DAY).bind(FORGOTTEN_AT_ONCE).execute(self.writer()).await?;
            forgotten += touched;
            if touched < FORGOTTEN_AT_ONCE.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }
}
