//! Lists, single rows and counts. Reads only, beside whatever is being written.

use super::dialect;
use super::inbox::place;
use super::list::{Counts, Filter, InboxRow, OutboxRow, TicketRow};
use super::query::{Query, Row, query};
use super::rows::{Columns, millis};
use super::{Store, StoreError, raw, tickets};
use crate::ticket::people::{AgentId, TeamId};
use crate::ticket::{Paging, Severity, Status, Ticket, TicketId, Tier};

const INBOX: &str = "SELECT inbox.id, mailbox, uid_validity, uid, received_at, size_bytes, state, attempt, due_at, \
    error, author, subject, message_id, outcome, cause, duplicate_of, ticket, reasons, rules_version, COALESCE(matched, '[]'), \
    settled_at \
    FROM inbox LEFT JOIN outcomes ON outcomes.inbox = inbox.id WHERE TRUE";

const OUTBOX: &str = "SELECT id, ticket, party, purpose, is_automatic, recipient, subject, message_id, size_bytes, \
    created_at, state, attempt, due_at, settled_at, reply, error FROM outbox WHERE TRUE";

const TICKETS: &str = "SELECT id, status, severity, category, tier, team, assignee, \
    (SELECT address FROM parties WHERE parties.ticket = tickets.id AND role = 'requester' ORDER BY party LIMIT 1), \
    subject, opened_at, updated_at, first_response_due_at, update_due_at, calendar, paged_at, paging \
    FROM tickets WHERE TRUE";

/// What is in quarantine, or stuck.
const APART: &str = " AND state IN ('quarantined', 'stuck')";

impl Store {
    /// Mails of the inbox, the newest first.
    pub async fn list_inbox(&self, filter: &Filter) -> Result<Vec<InboxRow>, StoreError> {
        self.inbox_rows(query(INBOX), filter).await
    }

    /// Mails in quarantine, stuck ones included, the newest first.
    pub async fn list_quarantine(&self, filter: &Filter) -> Result<Vec<InboxRow>, StoreError> {
        let mut query = query(INBOX);
        query.push(APART);
        self.inbox_rows(query, filter).await
    }

    /// Mails of the outbox, the newest first.
    pub async fn list_outbox(&self, filter: &Filter) -> Result<Vec<OutboxRow>, StoreError> {
        let mut query = query(OUTBOX);
        narrow(&mut query, filter, &Names { state: "state", at: "created_at", id: "id", ticket: "ticket" });
        let rows = query.fetch_all(self.readers()).await?;
        rows.iter().map(outbox_row).collect()
    }

    /// Tickets, the newest first.
    pub async fn list_tickets(&self, filter: &Filter) -> Result<Vec<TicketRow>, StoreError> {
        let mut query = query(TICKETS);
        if let Some(team) = &filter.team {
            query.push(" AND team = ").push_bind(&team.0);
        }
        narrow(&mut query, filter, &Names { state: "status", at: "updated_at", id: "id", ticket: "id" });
        let rows = query.fetch_all(self.readers()).await?;
        rows.iter().map(ticket_row).collect()
    }

    /// One mail of the inbox.
    pub async fn find_inbox(&self, id: i64) -> Result<Option<InboxRow>, StoreError> {
        let mut query = query(INBOX);
        query.push(" AND inbox.id = ").push_bind(id);
        let row = query.fetch_optional(self.readers()).await?;
        row.map(|row| inbox_row(&row)).transpose()
    }

    /// The bytes of a mail of the inbox, those of the first one where it is a copy.
    pub async fn find_inbox_raw(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let mut tx = dialect::begin_read(self.readers()).await?;
        let holder = query("SELECT COALESCE(same_bytes_as, id) FROM inbox WHERE id = $1").bind(id);
        let Some(holder) = holder.fetch_optional_value(&mut tx).await? else { return Ok(None) };
        let raw = raw::RECEIVED.read(&mut tx, &[holder]).await?.remove(&holder);
        tx.rollback().await?;
        Ok(raw)
    }

    /// One mail of the outbox.
    pub async fn find_outbox(&self, id: i64) -> Result<Option<OutboxRow>, StoreError> {
        let mut query = query(OUTBOX);
        query.push(" AND id = ").push_bind(id);
        let row = query.fetch_optional(self.readers()).await?;
        row.map(|row| outbox_row(&row)).transpose()
    }

    /// The bytes of a mail of the outbox.
    pub async fn find_outbox_raw(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let mut tx = dialect::begin_read(self.readers()).await?;
        let raw = raw::OUTGOING.read(&mut tx, &[id]).await?.remove(&id);
        tx.rollback().await?;
        Ok(raw)
    }

    /// One ticket, whole.
    pub async fn find_ticket(&self, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        let mut reader = self.readers().acquire().await?;
        Ok(tickets::load(&mut reader, &[id]).await?.remove(&id))
    }

    /// The teams that tickets which are being worked on belong to, and how many of them.
    pub async fn teams_at_work(&self) -> Result<Vec<(TeamId, usize)>, StoreError> {
        let sql = "SELECT team, COUNT(*) FROM tickets WHERE team IS NOT NULL AND status IN ('investigating', 'waiting') \
                   GROUP BY team ORDER BY team";
        let rows = query(sql).fetch_all(self.readers()).await?;
        let of = |row: &Row| Ok((TeamId(row.get(0)?), usize::try_from(row.get::<i64>(1)?).unwrap_or(usize::MAX)));
        rows.iter().map(of).collect()
    }

    /// How many rows there are of each kind. Reads all of them: for a screen, not for every second.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        Ok(Counts {
            inbox: self.count("state FROM inbox").await?,
            outcomes: self.count("outcome || COALESCE('(' || cause || ')', '') FROM outcomes").await?,
            outbox: self.count("state FROM outbox").await?,
            tickets: self.count("status FROM tickets").await?,
        })
    }

    async fn count(&self, what: &'static str) -> Result<Vec<(String, i64)>, StoreError> {
        let (word, table) = what.rsplit_once(" FROM ").unwrap_or((what, what));
        let sql = format!("SELECT {word} AS word, COUNT(*) FROM {table} GROUP BY 1 ORDER BY 1");
        let rows = query(sql).fetch_all(self.readers()).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }

    async fn inbox_rows<'f>(&self, mut query: Query<'f>, filter: &'f Filter) -> Result<Vec<InboxRow>, StoreError> {
        if let Some(outcome) = &filter.outcome {
            query.push(" AND outcome = ").push_bind(outcome);
        }
        narrow(&mut query, filter, &Names { state: "state", at: "received_at", id: "inbox.id", ticket: "ticket" });
        let rows = query.fetch_all(self.readers()).await?;
        rows.iter().map(inbox_row).collect()
    }
}

/// The columns that a filter is about.
struct Names {
    state: &'static str,
    at: &'static str,
    id: &'static str,
    ticket: &'static str,
}

fn narrow<'f>(query: &mut Query<'f>, filter: &'f Filter, names: &Names) {
    if !filter.states.is_empty() {
        query.push(" AND ").push(names.state).push(" IN (");
        for (at, state) in filter.states.iter().enumerate() {
            query.push(if at == 0 { "" } else { ", " }).push_bind(state);
        }
        query.push(")");
    }
    if let Some(ticket) = filter.ticket {
        query.push(" AND ").push(names.ticket).push(" = ").push_bind(ticket.0);
    }
    newest(query, filter, names.at, names.id);
}

/// Only what is there since then, the newest first, at most so many.
pub(super) fn newest<'f>(query: &mut Query<'f>, filter: &'f Filter, at: &'static str, order: &'static str) {
    if let Some(since) = filter.since {
        query.push(" AND ").push(at).push(" >= ").push_bind(millis(since));
    }
    query.push(" ORDER BY ").push(order).push(" DESC");
    if let Some(limit) = filter.limit {
        query.push(" LIMIT ").push_bind(i64::from(limit));
    }
}

fn inbox_row(row: &Row) -> Result<InboxRow, StoreError> {
    let mut columns = Columns::of(row);
    let mut row = InboxRow {
        id: columns.next()?,
        place: place(&mut columns)?,
        received_at: columns.next_at()?,
        size_bytes: columns.next()?,
        state: columns.next()?,
        attempt: columns.next_u32()?,
        due_at: columns.next_at_or_none()?,
        error: columns.next()?,
        from: columns.next()?,
        subject: columns.next()?,
        message_id: columns.next()?,
        outcome: columns.next()?,
        cause: columns.next()?,
        duplicate_of: columns.next()?,
        ticket: columns.next::<Option<i64>>()?.map(TicketId),
        reasons: columns.next()?,
        rules_version: columns.next()?,
        matched: columns.next_json()?,
        settled_at: columns.next_at_or_none()?,
    };
    row.due_at = row.due_at.filter(|_| matches!(row.state.as_str(), "new" | "processing"));
    Ok(row)
}

fn outbox_row(row: &Row) -> Result<OutboxRow, StoreError> {
    let mut columns = Columns::of(row);
    let mut row = OutboxRow {
        id: columns.next()?,
        ticket: columns.next::<Option<i64>>()?.map(TicketId),
        party: columns.next_party()?.map(|party| party.0),
        purpose: columns.next()?,
        is_automatic: columns.next()?,
        to: columns.next()?,
        subject: columns.next()?,
        message_id: columns.next()?,
        size_bytes: columns.next()?,
        created_at: columns.next_at()?,
        state: columns.next()?,
        attempt: columns.next_u32()?,
        due_at: columns.next_at_or_none()?,
        settled_at: columns.next_at_or_none()?,
        reply: columns.next()?,
        error: columns.next()?,
    };
    row.due_at = row.due_at.filter(|_| matches!(row.state.as_str(), "waiting" | "sending"));
    Ok(row)
}

fn ticket_row(row: &Row) -> Result<TicketRow, StoreError> {
    let mut columns = Columns::of(row);
    Ok(TicketRow {
        id: TicketId(columns.next()?),
        status: columns.next_word(Status::from_word)?,
        severity: columns.next_word(Severity::from_word)?,
        category: columns.next()?,
        tier: columns.next_word(Tier::from_word)?,
        team: columns.next::<Option<String>>()?.map(TeamId),
        assignee: columns.next::<Option<String>>()?.map(AgentId),
        requester: columns.next()?,
        subject: columns.next()?,
        opened_at: columns.next_at()?,
        updated_at: columns.next_at()?,
        first_response_due_at: columns.next_at_or_none()?,
        update_due_at: columns.next_at_or_none()?,
        calendar: columns.next()?,
        paged_at: columns.next_at_or_none()?,
        paging: columns.next_word(Paging::from_word)?,
    })
}
