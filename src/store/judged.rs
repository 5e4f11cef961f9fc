//! Mails that rules have judged, to be judged again: their bytes, what was known besides, and what agents made of them.

use super::dialect;
use super::query::{Row, query};
use super::rows::{Columns, look_up, millis};
use super::{Store, StoreError, raw};
use crate::ticket::event::What;
use crate::ticket::{Severity, TicketId};
use jiff::Timestamp;
use std::collections::HashMap;

/// What is no mail that rules have a say in: our own, delivery reports, copies, headers alone.
macro_rules! judged {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM inbox JOIN outcomes ON outcomes.inbox = inbox.id JOIN inbox_raw ON inbox_raw.inbox = inbox.id \
             WHERE duplicate_of IS NULL AND oversize_bytes IS NULL AND known <> '[]' \
             AND outcome NOT IN ('own-mail', 'bounce')"
        )
    };
}

const LOAD: (&str, &str) =
    (concat!(judged!("inbox.id, received_at, raw, known, ticket, outcome"), " AND inbox.id IN ("), ")");

/// A mail that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedMail {
    /// Number of its inbox row.
    pub id: i64,
    /// When the server got it.
    pub received_at: Timestamp,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// What was known besides, as [`Context::as_given`](crate::classify::Context::as_given) says it.
    pub known: Vec<String>,
    /// The ticket it is on.
    pub ticket: Option<TicketId>,
    /// Whether it opened that ticket.
    pub is_first: bool,
}

impl Store {
    /// The numbers of the mails that were judged and whose bytes are kept, oldest first.
    pub async fn judged_mails(&self, since: Option<Timestamp>) -> Result<Vec<i64>, StoreError> {
        let mut query = query(judged!("inbox.id"));
        if let Some(since) = since {
            query.push(" AND received_at >= ").push_bind(millis(since));
        }
        query.push(" ORDER BY inbox.id");
        let rows = query.fetch_all(self.readers()).await?;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Those of these mails that were judged and whose bytes are kept, oldest first.
    pub async fn load_judged(&self, ids: &[i64]) -> Result<Vec<JudgedMail>, StoreError> {
        let mut tx = dialect::begin_read(self.readers()).await?;
        let rows = look_up(&mut tx, LOAD, &[], ids, |query, id| query.for_mails().bind(*id)).await?;
        let mut mails = rows.iter().map(judged).collect::<Result<Vec<_>, _>>()?;
        mails.sort_by_key(|mail| mail.id);
        mails.dedup_by_key(|mail| mail.id);
        for mail in &mut mails {
            raw::RECEIVED.complete(&mut tx, mail.id, &mut mail.raw).await?;
        }
        tx.rollback().await?;
        Ok(mails)
    }

    /// The severity that an agent gave a ticket, where one did; the last one.
    pub async fn corrected_severities(&self) -> Result<HashMap<TicketId, Severity>, StoreError> {
        let sql =
            "SELECT ticket, data FROM events WHERE what = 'severity-changed' AND actor LIKE 'agent:%' ORDER BY id";
        let rows = query(sql).fetch_all(self.readers()).await?;
        let mut corrected = HashMap::new();
        for row in &rows {
            let mut columns = Columns::of(row);
            let ticket = TicketId(columns.next()?);
            if let What::SeverityChanged { to, .. } = columns.next_json()? {
                corrected.insert(ticket, to);
            }
        }
        Ok(corrected)
    }
}

fn judged(row: &Row) -> Result<JudgedMail, StoreError> {
    let mut columns = Columns::of(row);
    Ok(JudgedMail {
        id: columns.next()?,
        received_at: columns.next_at()?,
        raw: columns.next()?,
        known: columns.next_json()?,
        ticket: columns.next::<Option<i64>>()?.map(TicketId),
        is_first: matches!(columns.next::<String>()?.as_str(), "ticket-opened" | "alert-opened"),
    })
}
