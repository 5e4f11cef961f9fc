//! Everything that a batch of mails has to have looked up before it can be decided on, in a handful of statements, and one
//! for each mail that an answer may quote.

use super::breakers::{self, Breakers};
use super::dialect;
use super::inbox::digest;
use super::query::{Connection, query};
use super::rows::{Columns, look_up, write_rows};
use super::traffic::{self, Windows};
use super::{Store, StoreError, history, suppressions, tickets};
use crate::decide::Outcome;
use crate::decide::breaker::{counted_as, domain_of};
use crate::message::MessageId;
use crate::thread::FirstCopy;
use crate::ticket::people::{AgentId, PartyId};
use crate::ticket::purpose::Purpose;
use crate::ticket::{Ticket, TicketId};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};

pub(super) const BY_MESSAGE: (&str, &str) = (
    "SELECT message_id, MIN(answers_to) FROM outcomes \
     WHERE duplicate_of IS NULL AND answers_to IS NOT NULL AND message_id IN (",
    ") GROUP BY message_id",
);

pub(super) const BY_ALERT: (&str, &str) = ("SELECT alert, MAX(id) FROM tickets WHERE alert IN (", ") GROUP BY alert");

/// Customers' mails that agents passed on were never in the inbox, and the first ticket of each is kept here.
pub(super) const BY_PASSED_ON: (&str, &str) = ("SELECT message_id, ticket FROM passed_on WHERE message_id IN (", ")");

/// The last columns are whether somebody vouched for its sender, and whether it was filed as words of who may speak.
pub(super) const SAME_ID: (&str, &str) = (
    "SELECT message_id, inbox, content_digest, outcome, ticket, \
     CAST(CASE WHEN known LIKE '%\"auth=pass\"%' THEN 1 ELSE 0 END AS BIGINT), \
     CAST(CASE WHEN EXISTS (SELECT 1 FROM messages WHERE messages.ticket = outcomes.ticket \
     AND messages.inbox = outcomes.inbox AND visibility IN ('public', 'internal')) THEN 1 ELSE 0 END AS BIGINT) \
     FROM outcomes WHERE duplicate_of IS NULL AND message_id IN (",
    ")",
);

/// Bytes that are read of a mail that another one quotes: files come behind the words.
const MAX_QUOTED_BYTES: i64 = 64 * 1024;

const QUOTED_OURS: &str = "SELECT substr(raw, 1, CAST($1 AS INTEGER)) FROM outbox \
    JOIN outbox_raw ON outbox_raw.outbox = outbox.id WHERE ticket = $2 AND message_id = $3 LIMIT 1";

const QUOTED_LAST: &str = "SELECT substr(raw, 1, CAST($1 AS INTEGER)) FROM outbox \
    JOIN outbox_raw ON outbox_raw.outbox = outbox.id WHERE ticket = $2 AND party = $3 ORDER BY outbox.id DESC LIMIT 3";

const QUOTED_THEIRS: &str = "SELECT substr(raw, 1, CAST($1 AS INTEGER)) FROM outcomes \
    JOIN inbox ON inbox.id = outcomes.inbox JOIN inbox_raw ON inbox_raw.inbox = COALESCE(same_bytes_as, inbox.id) \
    WHERE duplicate_of IS NULL AND message_id = $2 ORDER BY inbox.id LIMIT 1";

pub(super) const KNOWN_ADDRESSES: (&str, &str) = (
    "SELECT v.column1 FROM (VALUES ",
    ") AS v WHERE EXISTS (SELECT 1 FROM parties WHERE address_key = v.column1 AND role <> 'agent')",
);

/// What to look up. Doubles do no harm.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// Ids that the mails answer.
    pub message_ids: Vec<MessageId>,
    /// Ids of the mails themselves.
    pub same_ids: Vec<MessageId>,
    /// Keys of alerts that the mails may be about.
    pub alerts: Vec<String>,
    /// Tickets that tokens and tags name.
    pub tickets: Vec<TicketId>,
    /// Addresses of authors and of whomever may be written to; case does not matter.
    pub addresses: Vec<String>,
    /// Those among them who may be told that a mail was not taken.
    pub notices: Vec<Notice>,
    /// Mails of ours that came back, with their tickets: who wrote them?
    pub written: Vec<(TicketId, MessageId)>,
    /// Mails whose words are to be told from those of an answer.
    pub quoted: Vec<Quoted>,
}

/// A mail that an answer quotes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Quoted {
    /// One of ours, on this ticket.
    Ours(TicketId, MessageId),
    /// One that came in.
    Theirs(MessageId),
    /// The last ones that this party was sent.
    Last(TicketId, PartyId),
}

/// Who may be told that a mail was not taken, and on which ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which notice it would be.
    pub purpose: Purpose,
    /// The address; case does not matter.
    pub to: String,
    /// The tickets that the mail may be on; a mail that none would be about has none.
    pub tickets: Vec<TicketId>,
    /// Ids that the mail answers, by which it may be on others.
    pub message_ids: Vec<MessageId>,
}

/// What was found. Addresses are keys in lower case, as [`Address::key`](crate::message::Address::key) gives them.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// Tickets that mails with these ids are on.
    pub tickets_by_message: HashMap<MessageId, TicketId>,
    /// The last ticket with each of the keys of alerts.
    pub alerts: HashMap<String, TicketId>,
    /// What we have with this id, but for copies.
    pub same_ids: HashMap<MessageId, Vec<FirstCopy>>,
    /// Every ticket named in the question, in [`tickets_by_message`](Self::tickets_by_message) or in
    /// [`alerts`](Self::alerts), whole.
    pub tickets: HashMap<TicketId, Ticket>,
    /// Those of the addresses that are the requester's or a correspondent's of any ticket.
    pub known_addresses: HashSet<String>,
    /// Those of the addresses that get no automatic mail.
    pub suppressed: HashSet<String>,
    /// Breakers for the addresses, their domains, the tickets or the desk.
    pub breakers: Breakers,
    /// Automatic mail that went to the addresses, and to their domains.
    pub traffic: HashMap<String, Windows>,
    /// Automatic mail that went out on the tickets.
    pub ticket_traffic: HashMap<TicketId, Windows>,
    /// Notifications of agents on the tickets within the last ten minutes.
    pub told: HashMap<TicketId, u32>,
    /// Automatic mail of the whole desk in the last hour.
    pub desk_hour: u32,
    /// Notices of the last day that a mail was not taken, by [`notice`](traffic::notice).
    pub notices_day: HashMap<String, u32>,
    /// The agents who wrote those mails that came back.
    pub written_by: HashMap<MessageId, AgentId>,
    /// The mails whose words were asked for, as far as they are kept; of large ones only the beginning.
    pub quoted: HashMap<Quoted, Vec<Vec<u8>>>,
    /// The number that the next ticket gets, unless somebody is faster.
    pub next_ticket: i64,
}

impl Store {
    /// Looks up everything that a batch of mails needs to have known, as it is now.
    ///
    /// Nobody waits for whoever decides on it: a change to a ticket that changed meanwhile is a
    /// [`StoreError::Conflict`] when it is written.
    pub async fn look_up(&self, question: &Lookup, now: Timestamp) -> Result<Looked, StoreError> {
        let mut tx = dialect::begin_read(self.readers()).await?;
        let looked = lookup(&mut tx, question, now).await?;
        tx.rollback().await?;
        Ok(looked)
    }
}

pub(super) async fn lookup(tx: &mut Connection, lookup: &Lookup, now: Timestamp) -> Result<Looked, StoreError> {
    let tickets_by_message = tickets_by_message(tx, &unique(&lookup.message_ids)).await?;
    let alerts = tickets_by_alert(tx, &unique(&lookup.alerts)).await?;
    let known = tickets_by_message.values().chain(alerts.values());
    let named: Vec<TicketId> = lookup.tickets.iter().chain(known).copied().collect();
    let named = unique(&named);
    let tickets = tickets::load(tx, &named).await?;
    let addresses: Vec<String> = lookup.addresses.iter().map(|address| address.to_lowercase()).collect();
    let addresses = unique(&addresses);
    let counted: Vec<String> = addresses.iter().map(|address| counted_as(address)).collect();
    let domains: Vec<String> = counted.iter().filter_map(|address| domain_of(address)).map(str::to_owned).collect();
    // With their detail, too: there may be a breaker that an older release opened.
    let mut subjects = unique(&[&addresses[..], &counted].concat());
    subjects.extend(unique(&domains));
    subjects.extend(tickets.keys().map(|ticket| traffic::subject_of(*ticket)));
    let breakers = breakers::look_at(tx, &subjects, now).await?;
    subjects.extend(tickets.keys().map(|ticket| traffic::told_on(*ticket)));
    let notices = lookup.notice_references(&tickets_by_message);
    subjects.extend(notices.iter().cloned());
    let mut traffic = traffic::windows(tx, &subjects, now).await?;
    let on_ticket = |ticket: &TicketId| Some((*ticket, traffic.remove(&traffic::subject_of(*ticket))?));
    let ticket_traffic = tickets.keys().filter_map(on_ticket).collect();
    let told_on = |ticket: &TicketId| Some((*ticket, traffic.remove(&traffic::told_on(*ticket))?.ten_minutes));
    let told = tickets.keys().filter_map(told_on).collect();
    let noticed = |notice: String| Some((traffic.remove(&notice)?.day, notice));
    let notices_day = notices.into_iter().filter_map(noticed).map(|(count, notice)| (notice, count)).collect();
    Ok(Looked {
        same_ids: same_ids(tx, &unique(&lookup.same_ids)).await?,
        known_addresses: known_addresses(tx, &addresses).await?,
        suppressed: suppressions::suppressed(tx, &addresses, now).await?,
        breakers,
        desk_hour: traffic::desk_hour(tx, now).await?,
        next_ticket: next_ticket(tx).await?,
        written_by: history::written_by(tx, &lookup.written).await?,
        quoted: quoted(tx, &lookup.quoted).await?,
        tickets_by_message,
        alerts,
        tickets,
        traffic,
        ticket_traffic,
        told,
        notices_day,
    })
}

impl Lookup {
    /// The references of all notices that mails may lead to, each once.
    pub fn notice_references(&self, tickets_by_message: &HashMap<MessageId, TicketId>) -> Vec<String> {
        let mut references = Vec::new();
        for Notice { purpose, to, tickets, message_ids } in &self.notices {
            let to = to.to_lowercase();
            let answered = message_ids.iter().filter_map(|id| tickets_by_message.get(id));
            let tickets_named = tickets.iter().chain(answered);
            references.extend(tickets_named.map(|ticket| traffic::notice(*purpose, Some(*ticket), &to)));
            if tickets.is_empty() && message_ids.is_empty() {
                references.push(traffic::notice(*purpose, None, &to));
            }
        }
        unique(&references)
    }
}

async fn next_ticket(tx: &mut Connection) -> Result<i64, StoreError> {
    let last: i64 = query("SELECT last FROM counters WHERE name = 'ticket'").fetch_value(tx).await?;
    Ok(last + 1)
}

/// Each key once, in order, so that the look-up walks through its index in one direction.
fn unique<T: Ord + Clone>(keys: &[T]) -> Vec<T> {
    let mut keys = keys.to_vec();
    keys.sort();
    keys.dedup();
    keys
}

/// The ticket that a mail is on; the first when it is on several.
async fn tickets_by_message(
    tx: &mut Connection,
    ids: &[MessageId],
) -> Result<HashMap<MessageId, TicketId>, StoreError> {
    let mut found = HashMap::new();
    // What is in the inbox comes last, and has the say.
    for select in [BY_PASSED_ON, BY_MESSAGE] {
        for row in &look_up(tx, select, &[], ids, |query, id| query.bind(&id.0)).await? {
            let mut columns = Columns::of(row);
            found.insert(MessageId(columns.next()?), TicketId(columns.next()?));
        }
    }
    Ok(found)
}

/// Mails that answers quote, sent or received.
async fn quoted(tx: &mut Connection, mails: &[Quoted]) -> Result<HashMap<Quoted, Vec<Vec<u8>>>, StoreError> {
    let mut found = HashMap::new();
    for quoted in mails {
        if found.contains_key(quoted) {
            continue;
        }
        let select = |text| query(text).bind(MAX_QUOTED_BYTES);
        let query = match quoted {
            Quoted::Ours(ticket, id) => select(QUOTED_OURS).bind(ticket.0).bind(&id.0),
            Quoted::Theirs(id) => select(QUOTED_THEIRS).bind(&id.0),
            Quoted::Last(ticket, party) => select(QUOTED_LAST).bind(ticket.0).bind(i64::from(party.0)),
        };
        let rows = query.for_mails().fetch_all(&mut *tx).await?;
        let raws: Vec<Vec<u8>> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        if !raws.is_empty() {
            found.insert(quoted.clone(), raws);
        }
    }
    Ok(found)
}

/// Keeps the ids of mails that were passed on.
pub(super) async fn pass_on(tx: &mut Connection, passed_on: &[(MessageId, TicketId)]) -> Result<(), StoreError> {
    write_rows(
        tx,
        ("INSERT INTO passed_on (message_id, ticket) VALUES ", " ON CONFLICT (message_id) DO NOTHING"),
        2,
        passed_on,
        |query, (id, ticket)| query.bind(&id.0).bind(ticket.0),
    )
    .await?;
    Ok(())
}

/// The last ticket that was opened for each alert.
async fn tickets_by_alert(tx: &mut Connection, keys: &[String]) -> Result<HashMap<String, TicketId>, StoreError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = look_up(tx, BY_ALERT, &[], keys, |query, key| query.bind(key)).await?;
    let pair = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.next()?, TicketId(columns.next()?)))
    };
    rows.iter().map(pair).collect()
}

async fn same_ids(tx: &mut Connection, ids: &[MessageId]) -> Result<HashMap<MessageId, Vec<FirstCopy>>, StoreError> {
    let rows = look_up(tx, SAME_ID, &[], ids, |query, id| query.bind(&id.0)).await?;
    let mut found: HashMap<MessageId, Vec<FirstCopy>> = HashMap::new();
    for row in &rows {
        let mut columns = Columns::of(row);
        let (id, inbox, digest) = (MessageId(columns.next()?), columns.next()?, digest(columns.next()?)?);
        let (outcome, ticket): (String, Option<i64>) = (columns.next()?, columns.next()?);
        let (is_vouched_for, speaks) = (columns.next::<i64>()? != 0, columns.next::<i64>()? != 0);
        let did = Outcome::did(&outcome, ticket.map(TicketId), speaks);
        found.entry(id).or_default().push(FirstCopy { inbox, digest, is_vouched_for, did });
    }
    Ok(found)
}

/// Asks for each address whether there is any ticket, and stops at the first: some have thousands.
async fn known_addresses(tx: &mut Connection, addresses: &[String]) -> Result<HashSet<String>, StoreError> {
    let rows = look_up(tx, KNOWN_ADDRESSES, &[], addresses, |query, address| query.bind(address)).await?;
    rows.iter().map(|row| Columns::of(row).next()).collect()
}
