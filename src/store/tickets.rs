//! Tickets and their parties: written whole, read whole.

use super::query::{Connection, Query};
use super::rows::{Columns, look_up, millis, write_rows};
use super::{StoreError, json};
use crate::message::Address;
use crate::ticket::people::{AgentId, Party, Role, TeamId};
use crate::ticket::{Alert, Paging, Severity, Status, Ticket, TicketId, Tier};
use jiff::Timestamp;
use std::collections::HashMap;

pub(super) const LOAD: (&str, &str) = (
    "SELECT id, subject, category, severity, tier, status, assignee, tags, opened_at, updated_at, \
             first_response_at, resolved_at, closed_at, first_response_due_at, update_due_at, held_count, \
             last_sequence, version, is_vouched, severity_by_agent, team, paged_at, paging, calendar, alert, alert_count, \
             recovered_at, \
             COALESCE((SELECT text FROM messages WHERE messages.ticket = tickets.id AND is_customers \
                       ORDER BY messages.id DESC LIMIT 1), '') FROM tickets WHERE id IN (",
    ")",
);

pub(super) const LOAD_PARTIES: (&str, &str) = (
    "SELECT ticket, party, address, name, role, utc_offset_minutes, chain, answer_to FROM parties WHERE ticket IN (",
    ") ORDER BY ticket, party",
);

const LOCK: (&str, &str) = ("SELECT id FROM tickets WHERE id IN (", ") ORDER BY id FOR NO KEY UPDATE");

/// Writes new tickets.
pub(super) async fn open(tx: &mut Connection, tickets: &[Ticket]) -> Result<(), StoreError> {
    write_rows(
        tx,
        (
            "INSERT INTO tickets (id, version, subject, category, opened_at, severity, tier, status, assignee, tags, \
             updated_at, first_response_at, resolved_at, closed_at, first_response_due_at, update_due_at, \
             held_count, last_sequence, severity_by_agent, alert_count, recovered_at, team, paged_at, paging, is_vouched, \
             alert, calendar) VALUES ",
            "",
        ),
        27,
        tickets,
        |query, ticket| {
            let query = query.bind(ticket.id.0).bind(ticket.version);
            let query = query.bind(&ticket.subject).bind(&ticket.category).bind(millis(ticket.opened_at));
            let alert = ticket.alert.as_ref().map(|alert| alert.key.as_str());
            bind_changeable(query, ticket).bind(ticket.is_vouched).bind(alert).bind(ticket.calendar.as_deref())
        },
    )
    .await?;
    write_parties(tx, tickets).await
}

/// Writes changed tickets; a conflict when one of them has another version than was read.
///
/// Parties are added and changed. None is ever taken away.
pub(super) async fn change(tx: &mut Connection, tickets: &[Ticket]) -> Result<(), StoreError> {
    if tx.engine().is_shared() && tickets.len() > 1 {
        // In one order, so that two who change the same tickets never wait for each other.
        let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
        look_up(tx, LOCK, &[], &ids, |query, id| query.bind(id.0)).await?;
    }
    let touched = write_rows(
        tx,
        (
            "UPDATE tickets SET version = tickets.version + 1, subject = v.column3, category = v.column4, \
             severity = v.column5, tier = v.column6, status = v.column7, assignee = v.column8, tags = v.column9, \
             updated_at = v.column10, first_response_at = v.column11, resolved_at = v.column12, \
             closed_at = v.column13, first_response_due_at = v.column14, update_due_at = v.column15, \
             held_count = v.column16, last_sequence = v.column17, severity_by_agent = v.column18, \
             alert_count = v.column19, recovered_at = v.column20, team = v.column21, paged_at = v.column22, \
             paging = v.column23 \
             FROM (VALUES ",
            ") AS v WHERE tickets.id = v.column1 AND tickets.version = v.column2",
        ),
        23,
        tickets,
        |query, ticket| {
            let query = query.bind(ticket.id.0).bind(ticket.version);
            bind_changeable(query.bind(&ticket.subject).bind(&ticket.category), ticket)
        },
    )
    .await?;
    if touched != tickets.len() as u64 {
        return Err(StoreError::Conflict { what: "a ticket".to_owned() });
    }
    write_parties(tx, tickets).await
}

/// What changes in the life of a ticket, in the order of both statements.
fn bind_changeable<'q>(query: Query<'q>, ticket: &'q Ticket) -> Query<'q> {
    let or_none = |at: Option<Timestamp>| at.map(millis);
    query
        .bind(ticket.severity.as_str())
        .bind(ticket.tier.as_str())
        .bind(ticket.status.as_str())
        .bind(ticket.assignee.as_ref().map(|agent| agent.0.as_str()))
        .bind(json(&ticket.tags))
        .bind(millis(ticket.updated_at))
        .bind(or_none(ticket.first_response_at))
        .bind(or_none(ticket.resolved_at))
        .bind(or_none(ticket.closed_at))
        .bind(or_none(ticket.first_response_due_at))
        .bind(or_none(ticket.update_due_at))
        .bind(i64::from(ticket.held_count))
        .bind(i64::from(ticket.last_sequence))
        .bind(ticket.severity_by_agent)
        .bind(i64::from(ticket.alert.as_ref().map_or(0, |alert| alert.count)))
        .bind(or_none(ticket.alert.as_ref().and_then(|alert| alert.recovered_at)))
        .bind(ticket.team.as_ref().map(|team| team.0.as_str()))
        .bind(or_none(ticket.paged_at))
        .bind(ticket.paging.as_str())
}

async fn write_parties(tx: &mut Connection, tickets: &[Ticket]) -> Result<(), StoreError> {
    let parties: Vec<(TicketId, &Party)> =
        tickets.iter().flat_map(|ticket| ticket.parties.iter().map(|party| (ticket.id, party))).collect();
    write_rows(
        tx,
        (
            "INSERT INTO parties \
             (ticket, party, address, address_key, name, role, utc_offset_minutes, chain, answer_to) VALUES ",
            " ON CONFLICT (ticket, party) DO UPDATE SET address = excluded.address, \
             address_key = excluded.address_key, name = excluded.name, role = excluded.role, \
             utc_offset_minutes = excluded.utc_offset_minutes, chain = excluded.chain, \
             answer_to = excluded.answer_to",
        ),
        9,
        &parties,
        |query, (ticket, party)| {
            query
                .bind(ticket.0)
                .bind(i64::from(party.id.0))
                .bind(&party.address.address)
                .bind(party.address.key())
                .bind(&party.address.name)
                .bind(party.role.as_str())
                .bind(party.utc_offset_minutes.map(i64::from))
                .bind(json(&party.chain))
                .bind(party.answer_to.as_ref().map(|to| to.address.as_str()))
        },
    )
    .await?;
    Ok(())
}

/// The tickets with these numbers, whole, as far as there are such.
pub(super) async fn load(
    connection: &mut Connection,
    ids: &[TicketId],
) -> Result<HashMap<TicketId, Ticket>, StoreError> {
    let rows = look_up(connection, LOAD, &[], ids, |query, id| query.bind(id.0)).await?;
    let mut tickets = HashMap::with_capacity(rows.len());
    for row in &rows {
        let ticket = ticket(&mut Columns::of(row))?;
        tickets.insert(ticket.id, ticket);
    }
    let found: Vec<TicketId> = tickets.keys().copied().collect();
    let rows = look_up(connection, LOAD_PARTIES, &[], &found, |query, id| query.bind(id.0)).await?;
    for row in &rows {
        let mut columns = Columns::of(row);
        let ticket = TicketId(columns.next()?);
        let party = party(&mut columns)?;
        if let Some(ticket) = tickets.get_mut(&ticket) {
            ticket.parties.push(party);
        }
    }
    Ok(tickets)
}

fn ticket(columns: &mut Columns<'_>) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: TicketId(columns.next()?),
        subject: columns.next()?,
        category: columns.next()?,
        severity: columns.next_word(Severity::from_word)?,
        tier: columns.next_word(Tier::from_word)?,
        status: columns.next_word(Status::from_word)?,
        assignee: columns.next::<Option<String>>()?.map(AgentId),
        tags: columns.next_json()?,
        opened_at: columns.next_at()?,
        updated_at: columns.next_at()?,
        first_response_at: columns.next_at_or_none()?,
        resolved_at: columns.next_at_or_none()?,
        closed_at: columns.next_at_or_none()?,
        first_response_due_at: columns.next_at_or_none()?,
        update_due_at: columns.next_at_or_none()?,
        held_count: columns.next_u32()?,
        last_sequence: columns.next_u32()?,
        version: columns.next()?,
        is_vouched: columns.next()?,
        severity_by_agent: columns.next()?,
        team: columns.next::<Option<String>>()?.map(TeamId),
        paged_at: columns.next_at_or_none()?,
        paging: columns.next_word(Paging::from_word)?,
        calendar: columns.next()?,
        alert: {
            let (key, count, recovered_at): (Option<String>, _, _) =
                (columns.next()?, columns.next_u32()?, columns.next_at_or_none()?);
            key.map(|key| Alert { key, count, recovered_at })
        },
        last_words: Ticket::kept_words(columns.next()?),
        parties: Vec::new(),
    })
}

fn party(columns: &mut Columns<'_>) -> Result<Party, StoreError> {
    let id = columns.next_party()?.ok_or_else(|| StoreError::Strange { what: "a party without number".to_owned() })?;
    let (address, name) = (columns.next()?, columns.next()?);
    Ok(Party {
        id,
        address: Address { name, address },
        role: columns.next_word(Role::from_word)?,
        utc_offset_minutes: columns.next::<Option<i64>>()?.and_then(|minutes| i16::try_from(minutes).ok()),
        chain: columns.next_json()?,
        answer_to: columns.next::<Option<String>>()?.map(Address::bare),
    })
}
