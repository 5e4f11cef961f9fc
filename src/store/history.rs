//! What happened to tickets, and the mails on them. Rows are only ever added.

use super::query::{Connection, query};
use super::rows::{Columns, millis, write_rows};
use super::{Filed, Store, StoreError, json};
use crate::message::MessageId;
use crate::ticket::TicketId;
use crate::ticket::event::{Actor, Event, Visibility, What};
use crate::ticket::people::AgentId;
use std::collections::HashMap;

/// Adds events, in order.
pub(super) async fn record(tx: &mut Connection, events: &[Event]) -> Result<(), StoreError> {
    write_rows(
        tx,
        ("INSERT INTO events (ticket, at, actor, what, data, cause) VALUES ", ""),
        6,
        events,
        |query, event| {
            query
                .bind(event.ticket.0)
                .bind(millis(event.at))
                .bind(event.actor.to_string())
                .bind(event.what.word())
                .bind(json(&event.what))
                .bind(&event.cause)
        },
    )
    .await?;
    Ok(())
}

/// Files mails on tickets.
pub(super) async fn file(tx: &mut Connection, filed: &[Filed]) -> Result<(), StoreError> {
    write_rows(
        tx,
        ("INSERT INTO messages (ticket, inbox, message_id, visibility, author, is_customers, text, at) VALUES ", ""),
        8,
        filed,
        |query, filed| {
            query
                .bind(filed.ticket.0)
                .bind(filed.inbox)
                .bind(&filed.message_id.0)
                .bind(word_of(filed.visibility))
                .bind(&filed.by)
                .bind(filed.is_customers)
                .bind(&filed.text)
                .bind(millis(filed.at))
        },
    )
    .await?;
    Ok(())
}

/// The agents who wrote these mails of ours. Asked for mails that come back, which are few.
pub(super) async fn written_by(
    tx: &mut Connection,
    mails: &[(TicketId, MessageId)],
) -> Result<HashMap<MessageId, AgentId>, StoreError> {
    let mut found = HashMap::new();
    for (ticket, id) in mails {
        let rows = query("SELECT actor, data FROM events WHERE ticket = $1 AND what = 'written'")
            .bind(ticket.0)
            .fetch_all(&mut *tx)
            .await?;
        for row in &rows {
            let mut columns = Columns::of(row);
            let actor = Actor::from_text(columns.next()?);
            let what: What = columns.next_json()?;
            if let (Actor::Agent(agent), What::Written { message_id, .. }) = (actor, what)
                && message_id == id.0
            {
                found.insert(id.clone(), agent);
            }
        }
    }
    Ok(found)
}

impl Store {
    /// The timeline of a ticket, oldest first.
    pub async fn timeline(&self, ticket: TicketId) -> Result<Vec<Event>, StoreError> {
        let rows = query("SELECT at, actor, data, cause FROM events WHERE ticket = $1 ORDER BY id")
            .bind(ticket.0)
            .fetch_all(self.readers())
            .await?;
        let event = |row| {
            let mut columns = Columns::of(row);
            Ok(Event {
                ticket,
                at: columns.next_at()?,
                actor: Actor::from_text(columns.next()?),
                what: columns.next_json()?,
                cause: columns.next()?,
            })
        };
        rows.iter().map(event).collect()
    }

    /// The mails on a ticket, oldest first.
    pub async fn filed_on(&self, ticket: TicketId) -> Result<Vec<Filed>, StoreError> {
        let rows = query(
            "SELECT inbox, message_id, visibility, author, is_customers, text, at FROM messages WHERE ticket = $1 ORDER BY id",
        )
        .bind(ticket.0)
        .fetch_all(self.readers())
        .await?;
        let filed = |row| {
            let mut columns = Columns::of(row);
            Ok(Filed {
                ticket,
                inbox: columns.next()?,
                message_id: MessageId(columns.next()?),
                visibility: columns.next_word(visibility_of)?,
                by: columns.next()?,
                is_customers: columns.next()?,
                text: columns.next()?,
                at: columns.next_at()?,
            })
        };
        rows.iter().map(filed).collect()
    }
}

fn word_of(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Internal => "internal",
        Visibility::Unverified => "unverified",
        Visibility::Automatic => "automatic",
    }
}

fn visibility_of(word: &str) -> Option<Visibility> {
    [Visibility::Public, Visibility::Internal, Visibility::Unverified, Visibility::Automatic]
        .into_iter()
        .find(|visibility| word_of(*visibility) == word)
}
