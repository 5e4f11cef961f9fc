//! Loop 2: inbox row → parse, classify, thread, decide, apply. A batch of mails is one transaction.
//!
//! What this file holds needs no database; `line.rs` moves batches through it.

mod aside;
mod failed;
mod line;
mod quoted;

pub use line::{Line, Round, process_due, process_rest};

use super::apply::{self, Received};
use super::desk::House;
use super::working::{Pending, Working};
use super::write;
use crate::classify::{self, Context, Scan, ThreadState};
use crate::decide::policy::Policy;
use crate::decide::{self, Decision, Mail, Reason};
use crate::message::{self, Digest, Message};
use crate::store::workers::FOR_LIFE;
use crate::store::{InboxItem, Lookup, Notice, Quoted, Store, StoreError};
use crate::thread::{self, Evidence, ThreadKeys};
use crate::ticket::event::Actor;
use crate::ticket::people::Who;
use crate::ticket::purpose::Purpose;
use crate::ticket::{Status, Ticket, TicketId};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::task::JoinError;
use tracing::error;

/// Mails taken on at once: enough that a commit's disk flush is shared by many.
pub const BATCH: usize = 256;

/// How long a claim of a worker alone lasts; a mail that is not settled by then comes again.
pub const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// Attempts after which a mail is set aside for a person.
pub const ATTEMPTS: u32 = 5;

/// How long a mail that failed waits for its next attempt, for each attempt so far.
const WAIT_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(10);

/// The longest that a mail waits for its next attempt.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(10 * ATTEMPTS as i64);

/// How long a claim lasts. Among several workers it is free when it is given back or its worker is dead, and not a moment
/// before: taken by somebody else meanwhile, its mails would lose their place in the order.
fn lease(store: &Store) -> SignedDuration {
    if store.is_shared() { FOR_LIFE } else { LEASE }
}

/// A mail that was read; what is left to do needs the database.
#[derive(Debug)]
pub struct Read {
    inbox: i64,
    attempt: u32,
    released: bool,
    oversize_bytes: Option<u64>,
    message: Message,
    content_digest: Digest,
    /// The customer's mail that an agent passes on with it.
    passed_on: Option<Box<Message>>,
    /// What rules see of the customer's mail, else of the mail itself.
    scan: Scan,
    /// What the patterns of the shadow rules found.
    shadow_scan: Option<Scan>,
    keys: ThreadKeys,
    /// The mails that it may quote.
    quoted: Vec<Quoted>,
    /// Keys of alerts that the mail may be about.
    alerts: Vec<String>,
    /// The mail as it came, where there are files within it.
    raw: Option<Bytes>,
}

/// Why a batch was not processed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Mail(String),
}

impl Failure {
    fn into_store_error(self) -> StoreError {
        match self {
            Failure::Store(error) => error,
            Failure::Mail(what) => StoreError::Strange { what },
        }
    }
}

/// Runs the pure part of many pieces of work, spread over the cores; the order stays.
async fn on_all_cores<T, U, F>(house: Arc<House>, work: Vec<T>, each: F) -> Result<Vec<U>, Failure>
where
    F: Fn(&House, T) -> U + Clone + Send + 'static,
    T: Send + 'static,
    U: Send + 'static,
{
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = work.len().div_ceil(cores).max(1);
    let mut shares: Vec<Vec<T>> = Vec::with_capacity(cores);
    let mut work = work.into_iter().peekable();
    while work.peek().is_some() {
        shares.push(work.by_ref().take(share).collect());
    }
    let tasks: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let (house, each) = (house.clone(), each.clone());
            tokio::task::spawn_blocking(move || share.into_iter().map(|one| each(&house, one)).collect::<Vec<U>>())
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        done.extend(task.await.map_err(fault)?);
    }
    Ok(done)
}

/// A panic in a pure stage is a fault of ours, and must not cost more than the mail that showed it.
fn fault(fault: JoinError) -> Failure {
    Failure::Mail(format!("a fault while reading: {fault}"))
}

/// Reads a mail: everything that needs nothing but its bytes.
pub fn read(house: &House, item: &InboxItem) -> Read {
    let (message, content_digest) = match item.oversize_bytes {
        Some(size) => {
            let mut message = message::parse::parse_headers(&item.raw, size, item.received_at, &house.reader);
            message.body.reply = format!("(This mail has {size} bytes and was not fetched; only its header is here.)");
            (message, message::parse::header_digest(&item.raw, size, item.received_at))
        }
        None => (message::parse(&item.raw, item.received_at, &house.reader), message::content_digest(&item.raw)),
    };
    let passed_on = decide::passed_on(&message, &house.policy).map(Box::new);
    let judged = passed_on.as_deref().unwrap_or(&message);
    let scan = classify::scan(judged, &house.rules);
    let shadow_scan = house.shadow.as_ref().map(|shadow| classify::scan(judged, shadow));
    let mut keys = thread::keys(&message, &house.signature.tokens, &house.reader.own_addresses);
    // A mail that was passed on before has its ticket.
    keys.foreign_ids.extend(passed_on.iter().map(|customers| customers.id.clone()));
    let is_monitors = message.author().is_some_and(|author| house.policy.who(author, false) == Who::Monitor);
    let alerts = if is_monitors { classify::keys(&scan, &message, &house.rules) } else { Vec::new() };
    let quoted = quoted::mails(&message, &keys, &house.signature.tokens);
    let raw = (!message.attachments.is_empty()).then(|| item.raw.clone());
    let InboxItem { id, attempt, released, oversize_bytes, .. } = *item;
    Read {
        inbox: id,
        attempt,
        released,
        oversize_bytes,
        message,
        content_digest,
        passed_on,
        scan,
        shadow_scan,
        keys,
        quoted,
        alerts,
        raw,
    }
}

/// What has to be looked up for a batch.
fn questions(reads: &[Read], house: &House) -> Lookup {
    let mut lookup = Lookup::default();
    for Read { oversize_bytes, message, passed_on, keys, quoted, alerts, .. } in reads {
        lookup.quoted.extend(quoted.iter().cloned());
        lookup.same_ids.push(message.id.clone());
        let overtaken = keys.overtaken.iter().flat_map(thread::Overtaken::keys);
        lookup.message_ids.extend(keys.foreign_ids.iter().chain(overtaken).cloned());
        let tickets: Vec<TicketId> = keys.named_tickets().collect();
        lookup.alerts.extend(alerts.iter().cloned());
        if let Some(id) = message.report.as_ref().and_then(|report| report.original_message_id.as_ref()) {
            // The report's own id comes first among those that it answers.
            lookup.written.extend(keys.own_ids.first().map(|own| (own.token.ticket, id.clone())));
        }
        let customer = passed_on.as_ref().and_then(|customers| customers.author());
        let people = message.from.first().into_iter().chain(message.reply_to.first()).chain(customer);
        lookup.addresses.extend(people.map(message::Address::key));
        if oversize_bytes.is_some() {
            let notice = |to: &message::Address| Notice {
                purpose: Purpose::Oversize,
                to: to.key(),
                tickets: Vec::new(),
                message_ids: Vec::new(),
            };
            lookup.notices.extend(house.policy.addressee(message).map(notice));
        } else if let Some(agent) = message.author().and_then(|author| house.policy.agent_at(author)) {
            lookup.notices.push(Notice {
                purpose: Purpose::SpoofNotice,
                to: agent.address.key(),
                tickets: tickets.clone(),
                message_ids: keys.foreign_ids.clone(),
            });
        }
        lookup.tickets.extend(tickets);
    }
    // Agents may be told of a forged mail, and are counted like everybody then.
    lookup.addresses.extend(house.policy.agents.iter().map(|agent| agent.address.key()));
    lookup
}

/// Decides about one mail and applies the decision to the working picture.
pub fn settle_one(working: &mut Working, read: Read, house: &House, now: Timestamp) {
    let content_digest = read.content_digest;
    let Read {
        inbox,
        attempt,
        released,
        oversize_bytes,
        message,
        passed_on,
        scan,
        shadow_scan,
        keys,
        quoted,
        alerts,
        raw,
        ..
    } = read;
    let policy = &house.policy;
    let author = message.author();
    let mut known = working.known(&message.id, inbox, author, &keys);
    // A person has let it in: what was only kept stands for nothing.
    known.same_id.retain(|copy| !released || copy.did != thread::Did::Nothing);
    let mut thread = thread::resolve(&keys, &content_digest, &known);
    let is_known = author.is_some_and(|author| working.known_addresses.contains(&author.key()));
    let who = match author {
        _ if keys.is_own_mail => Who::Ourselves,
        Some(author) => policy.who(author, is_known),
        None => Who::Stranger,
    };
    let ticket = thread.ticket().and_then(|id| working.tickets.get(&id));
    let ticket_of_alert = |key: &String| working.tickets.get(working.alerts.get(key)?);
    let is_open = |key: &&String| ticket_of_alert(key).is_some_and(Ticket::has_open_alert);
    // What rules say of a mail that is passed on they say of the customer who wrote it.
    let judged = passed_on.as_deref().unwrap_or(&message);
    let asker = judged.author();
    let context = Context {
        sender: match asker {
            Some(asker) if passed_on.is_some() => policy.who(asker, working.known_addresses.contains(&asker.key())),
            _ => who.clone(),
        },
        authentication: judged.authentication,
        thread: state_of(ticket),
        customer_lists: asker.map(|asker| policy.lists_of(asker)).unwrap_or_default(),
        open_calendars: policy.open_calendars(message.received_at),
        open_alerts: alerts.iter().filter(is_open).cloned().collect(),
        default_severity: policy.default_severity,
        default_category: classify::GENERAL.to_owned(),
    };
    let verdict = classify::judge(&scan, judged, &context, &house.rules);
    // Which alert a monitor's mail is about, a rule knows better than any reference in it.
    if let (Who::Monitor, Some(key), false) =
        (&who, &verdict.correlation, matches!(thread, thread::Thread::Duplicate(_)))
    {
        thread = match ticket_of_alert(&key.value) {
            Some(ticket) => thread::Thread::Ticket {
                ticket: ticket.id,
                evidence: Evidence::Correlation,
                holder: None,
                answers: None,
                also: None,
            },
            None => thread::Thread::New,
        };
    }
    if let (Some(shadow), Some(scan)) = (&house.shadow, &shadow_scan) {
        let other = classify::judge(scan, judged, &context, shadow);
        let differences = classify::changes(&verdict, &other);
        if !differences.is_empty() {
            working.changes.shadow.push((inbox, differences));
        }
    }
    let ticket = thread.ticket().and_then(|id| working.tickets.get(&id));
    let quotes_us = keys.quotes_us;
    let returned = message.report.as_ref().and_then(|report| report.original_message_id.as_ref());
    let written_by = returned.and_then(|id| working.written_by.get(id)).cloned();
    let unread = quoted::unread(judged, &quoted, ticket.is_some(), working, &house.reader);
    let is_released = released;
    let mail = Mail { inbox, message, verdict, thread, who, quotes_us, unread, is_released, written_by, passed_on };
    let answered = answered(&mail, policy);
    let (on, notice) = match oversize_bytes {
        // Nobody has looked at what it says, so it is about no ticket.
        Some(_) if !mail.is_released => (None, Purpose::Oversize),
        _ => (ticket.map(|ticket| ticket.id), Purpose::SpoofNotice),
    };
    let mut standing = working.standing(answered.as_ref(), on, Some(notice));
    let holder = mail.thread.holder().and_then(|id| ticket?.party(id)).map(|party| party.address.clone());
    let holder = holder.filter(|holder| policy.agent_at(holder).is_some() && mail.message.author() != Some(holder));
    standing.holder = holder.map(|agent| Box::new(working.standing(Some(&agent), on, None)));
    let mut decision = match oversize_bytes {
        Some(size) if !mail.is_released => decide::on_oversize(&mail, size, &standing, policy, now),
        _ => decide::on_mail(&mail, ticket, &standing, policy, now),
    };
    if !matches!(mail.thread, thread::Thread::Duplicate(_)) && !released {
        flag_same_id(&mut decision, &known.same_id, &content_digest);
    }
    if keys.forged_count > 0 {
        decision.reasons.push(Reason::with("forged-token", keys.forged_count));
    }
    let received = Received { mail: &mail, attempt, context: &context, content_digest, raw: raw.as_ref() };
    apply::apply(working, decision, Some(received), Actor::Postroom, policy, &house.signature, now);
}

/// The person that a decision about this mail may answer: whose standing counts.
fn answered(mail: &Mail, policy: &Policy) -> Option<message::Address> {
    match (&mail.who, &mail.passed_on) {
        (Who::Agent(_), Some(customers)) if mail.thread.ticket().is_none() => customers.author().cloned(),
        (Who::Agent(_), _) => mail.message.author().cloned(),
        _ => policy.addressee(&mail.message).cloned(),
    }
}

/// Adds to the reasons that we have other mails with its id, though it is no copy of them.
fn flag_same_id(decision: &mut Decision, same_id: &[thread::FirstCopy], content_digest: &Digest) {
    let copy = same_id.iter().find(|copy| copy.digest == *content_digest);
    match copy.or(same_id.first()) {
        Some(copy) if copy.digest == *content_digest => {
            let detail = format_args!("nobody vouched for inbox {}", copy.inbox);
            decision.reasons.push(Reason::with("proven-copy", detail));
        }
        Some(_) => decision.reasons.push(Reason::of("same-message-id-other-content")),
        None => {}
    }
}

fn state_of(ticket: Option<&Ticket>) -> ThreadState {
    match ticket.map(|ticket| ticket.status) {
        None => ThreadState::New,
        Some(Status::Investigating | Status::Waiting) => ThreadState::FollowUp,
        Some(Status::Resolved) => ThreadState::Resolved,
        Some(Status::Closed) => ThreadState::Closed,
    }
}

/// Writes the mails of a batch, spread over the cores.
async fn compose_all(house: &Arc<House>, pending: Vec<Pending>) -> Result<Vec<crate::store::Outgoing>, Failure> {
    let composed = on_all_cores(house.clone(), pending, write::compose).await?;
    let mut outgoing = Vec::with_capacity(composed.len());
    for mail in composed {
        match mail {
            Ok(mail) => outgoing.push(mail),
            // The ticket stands and its timeline names the mail; what cannot be addressed cannot be sent.
            Err(error) => error!("a mail could not be written: {}", error.without_addresses()),
        }
    }
    Ok(outgoing)
}
