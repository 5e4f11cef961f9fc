//! Loop 2: inbox row → parse, classify, thread, decide, apply. A batch of mails is one transaction.
//!
//! Reading and judging words needs no database, so it happens before the transaction opens, on all cores, and while
//! the batch before is written. A batch that fails is done again mail by mail, so that one bad mail holds up nobody but itself.

use super::apply::{self, Received};
use super::desk::{Desk, House};
use super::working::{Pending, Working};
use super::write;
use crate::classify::{self, Context, Scan, ThreadState};
use crate::decide::policy::Policy;
use crate::decide::{self, Cause, Decision, Mail, Outcome, Reason};
use crate::message::{self, Message};
use crate::store::{InboxItem, Lookup, Settled, Store, StoreError};
use crate::thread::{self, ThreadKeys};
use crate::ticket::event::Actor;
use crate::ticket::people::Who;
use crate::ticket::{Status, Ticket, TicketId};
use jiff::{SignedDuration, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::task::{JoinError, JoinHandle};
use tracing::{error, info, warn};

/// Mails taken on at once: enough that a commit's disk flush is shared by many.
pub const BATCH: usize = 256;

/// How long a claim lasts; a mail that is not settled by then comes again.
pub const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// Attempts after which a mail is set aside for a person.
pub const ATTEMPTS: u32 = 5;

/// Attempts after which a mail is set aside without another one. It did not fail so often, else it would have been set
/// aside before: the program died over it, at last over it alone.
const ATTEMPTS_SURVIVED: u32 = 20;

/// How long a mail that failed waits for its next attempt, for each attempt so far.
const WAIT_AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(10);

/// The longest that a mail waits for its next attempt.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(10 * ATTEMPTS as i64);

/// A mail that was read; what is left to do needs the database.
#[derive(Debug)]
pub struct Read {
    item: InboxItem,
    message: Message,
    scan: Scan,
    keys: ThreadKeys,
    files: Vec<Vec<u8>>,
}

/// A batch that was claimed, and is being read.
#[derive(Debug)]
pub struct Batch {
    items: Vec<InboxItem>,
    now: Timestamp,
    reading: JoinHandle<Result<Vec<Read>, Failure>>,
}

impl Batch {
    /// Claims what is due and begins to read it.
    async fn claim(desk: &Desk) -> Result<Option<Self>, StoreError> {
        loop {
            let now = desk.clock.now();
            let items = desk.store.claim_inbox(now, LEASE, BATCH).await?;
            match &items[..] {
                [] => return Ok(None),
                // Set aside before anything looks at it again.
                [item] if item.tries > ATTEMPTS_SURVIVED => {
                    let failure = Failure::Mail(format!("the program ended over it {} times", item.tries - 1));
                    error!(inbox.id = item.id, attempt = item.tries, "mail {} is set aside: {failure}", item.id);
                    set_aside(&desk.store, item, &failure, now).await?;
                }
                _ => {
                    let reading = tokio::spawn(on_all_cores(desk.house.clone(), items.clone(), read));
                    return Ok(Some(Self { items, now, reading }));
                }
            }
        }
    }

    /// Settles the batch, or else its mails one by one; returns how many they are.
    async fn process(self, desk: &Desk) -> Result<usize, StoreError> {
        let Batch { items, now, reading } = self;
        let count = items.len();
        let mut settled = match reading.await.map_err(fault).and_then(|reads| reads) {
            Ok(reads) => settle_batch(desk, reads, now).await,
            Err(failure) => Err(failure),
        };
        if let Err(Failure::Store(StoreError::Conflict { what })) = &settled {
            info!(batch.size = count, "{what} changed meanwhile, deciding the batch once more");
            settled = settle(desk, items.clone(), now).await;
        }
        if let Err(failure) = settled {
            warn!(batch.size = count, error = %failure, "processing a batch failed, doing its mails one by one");
            let claims: Vec<(i64, u32)> = items.iter().map(|item| (item.id, item.attempt)).collect();
            for item in items {
                if let Err(failure) = process_alone(desk, item, now).await {
                    // Those that are done are not given back. Where the database takes not even this, the leases end.
                    let _ = desk.store.give_back_inbox(&claims, now).await;
                    return Err(failure);
                }
            }
        }
        Ok(count)
    }
}

/// Processes what is due, once. Returns how many mails were taken on; none means that there is nothing to do.
///
/// While a batch is written the next one is already claimed and read: it waits in `ahead` for the next call, or for
/// [`process_rest`].
///
/// # Errors
/// When the store fails in a way that concerns no single mail.
pub async fn process_due(desk: &Desk, ahead: &mut Option<Batch>) -> Result<usize, StoreError> {
    let batch = match ahead.take() {
        Some(batch) => batch,
        None => match Batch::claim(desk).await? {
            Some(batch) => batch,
            None => return Ok(0),
        },
    };
    // Claimed before our own transaction begins, for which the claim would have to wait. Not beside mails that were
    // tried before: should the program die over one of them, the others are not to count that as an attempt.
    let is_fresh = batch.items.iter().all(|item| item.tries == 1);
    let next = if is_fresh { Batch::claim(desk).await } else { Ok(None) };
    let count = batch.process(desk).await;
    *ahead = next?;
    count
}

/// Processes what was read ahead, when there is to be no next call.
///
/// # Errors
/// As [`process_due`].
pub async fn process_rest(desk: &Desk, ahead: &mut Option<Batch>) -> Result<(), StoreError> {
    match ahead.take() {
        Some(batch) => batch.process(desk).await.map(drop),
        None => Ok(()),
    }
}

/// Processes one mail by itself, and puts it back or sets it aside when that fails.
async fn process_alone(desk: &Desk, item: InboxItem, now: Timestamp) -> Result<(), StoreError> {
    let (id, attempt, tries) = (item.id, item.attempt, item.tries);
    let settled = settle(desk, vec![item.clone()], now).await;
    let Err(failure) = settled else { return Ok(()) };
    match &failure {
        // Somebody else has the mail, or had its ticket.
        Failure::Store(StoreError::Conflict { .. }) => return desk.store.give_back_inbox(&[(id, attempt)], now).await,
        // A full disk or a lost database is not the mail's fault.
        Failure::Store(error) if !error.is_about_the_work() => return Err(failure.into_store_error()),
        Failure::Store(_) | Failure::Mail(_) => {}
    }
    if tries >= ATTEMPTS {
        error!(inbox.id = id, attempt = tries, error = %failure, "mail {id} failed {tries} times and is set aside");
        return set_aside(&desk.store, &item, &failure, now).await;
    }
    warn!(inbox.id = id, attempt = tries, error = %failure, "mail {id} failed and is tried again");
    let due_at = now + WAIT_AFTER_FAILURE * i32::try_from(tries).unwrap_or(1);
    desk.store.release_inbox(id, attempt, due_at, &failure.to_string()).await.map(drop)
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

/// Puts a mail that cannot be processed into quarantine, as it came.
async fn set_aside(store: &Store, item: &InboxItem, failure: &Failure, now: Timestamp) -> Result<(), StoreError> {
    let digest = message::Digest::of(&item.raw);
    let settled = Settled {
        inbox: item.id,
        attempt: item.attempt,
        outcome: Outcome::Quarantined(Cause::new(Cause::STUCK)),
        ticket: None,
        answers_to: None,
        reasons: Reason::with("stuck", failure).to_string(),
        message_id: message::MessageId(format!("{digest}@stuck.invalid")),
        content_digest: digest,
        from: String::new(),
        subject: String::new(),
        rules_version: String::new(),
    };
    let mut tx = store.begin().await?;
    tx.write(&crate::store::Changes { settled: vec![settled], ..Default::default() }, now).await?;
    tx.commit().await
}

/// Reads mails and decides about them.
async fn settle(desk: &Desk, items: Vec<InboxItem>, now: Timestamp) -> Result<(), Failure> {
    let reads = on_all_cores(desk.house.clone(), items, read).await?;
    settle_batch(desk, reads, now).await
}

/// Decides about a batch of mails. Everything they change commits together, or nothing does.
///
/// The database is open for writing only while it is written to. Whoever changes one of the tickets meanwhile is
/// faster: then nothing is changed, and it is a conflict.
async fn settle_batch(desk: &Desk, reads: Vec<Read>, now: Timestamp) -> Result<(), Failure> {
    let mut working = Working::from(desk.store.look_up(&questions(&reads, &desk.house), now).await?);
    let first = TicketId(working.next_ticket);
    let decide = || {
        for read in reads {
            settle_one(&mut working, read, &desk.house, now);
        }
    };
    // What is half decided after a panic is thrown away with the transaction.
    catch_unwind(AssertUnwindSafe(decide)).map_err(|_fault| Failure::Mail("a fault while deciding".to_owned()))?;
    let (mut changes, pending) = working.finish();
    changes.outgoing = compose_all(&desk.house, pending).await?;
    let mut tx = desk.store.begin().await?;
    if !changes.opened.is_empty() && tx.next_ticket_id(changes.opened.len()).await? != first {
        return Err(StoreError::Conflict { what: "the number of a ticket".to_owned() }.into());
    }
    tx.write(&changes, now).await?;
    tx.commit().await?;
    for settled in &changes.settled {
        let (id, outcome) = (settled.inbox, &settled.outcome);
        match settled.ticket {
            Some(ticket) => info!(inbox.id = id, %outcome, ticket.id = %ticket, "mail {id}: {outcome}, {ticket}"),
            None => info!(inbox.id = id, %outcome, "mail {id}: {outcome}"),
        }
    }
    Ok(())
}

/// Runs the pure part of many pieces of work, spread over the cores; the order stays.
async fn on_all_cores<T, U>(house: Arc<House>, work: Vec<T>, each: fn(&House, T) -> U) -> Result<Vec<U>, Failure>
where
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
            let house = house.clone();
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
pub fn read(house: &House, item: InboxItem) -> Read {
    let message = match item.oversize_bytes {
        Some(size) => {
            let mut message = message::parse::parse_headers(&item.raw, size, item.received_at, &house.reader);
            message.body.reply = format!("(This mail has {size} bytes and was not fetched; only its header is here.)");
            message
        }
        None => message::parse(&item.raw, item.received_at, &house.reader),
    };
    let scan = classify::scan(&message, &house.rules);
    let keys = thread::keys(&message, &house.signature.tokens);
    let files = if message.attachments.is_empty() { Vec::new() } else { message::all_attachment_bytes(&item.raw) };
    Read { item, message, scan, keys, files }
}

/// What has to be looked up for a batch.
fn questions(reads: &[Read], house: &House) -> Lookup {
    let mut lookup = Lookup::default();
    for Read { item, message, keys, .. } in reads {
        lookup.same_ids.push(message.id.clone());
        lookup.message_ids.extend(keys.foreign_ids.iter().cloned());
        lookup.tickets.extend(keys.own_ids.iter().map(|own| own.token.ticket));
        lookup.tickets.extend(keys.address_tokens.iter().chain(&keys.marker).map(|token| token.ticket));
        lookup.tickets.extend(keys.tag);
        let people = message.from.first().into_iter().chain(message.reply_to.first());
        lookup.addresses.extend(people.map(message::Address::key));
        if item.oversize_bytes.is_some() {
            lookup.oversize_addresses.extend(message.answer_to().map(message::Address::key));
        }
    }
    // Agents may be told of a forged mail, and are counted like everybody then.
    lookup.addresses.extend(house.policy.agents.iter().map(|agent| agent.address.key()));
    lookup
}

/// Decides about one mail and applies the decision to the working picture.
pub fn settle_one(working: &mut Working, read: Read, house: &House, now: Timestamp) {
    let Read { item, message, scan, keys, files } = read;
    let policy = &house.policy;
    let author = message.author();
    let known = working.known(&message.id, item.id, author, &keys);
    let is_same_id_other_words =
        known.same_id.is_some_and(|(_, digest)| digest != message.content_digest) && !item.released;
    let mut thread = thread::resolve(&keys, &message.content_digest, &known);
    if item.released && matches!(thread, thread::Thread::Duplicate(_)) {
        thread = thread::Thread::New;
    }
    let is_known = author.is_some_and(|author| working.known_addresses.contains(&author.key()));
    let who = match author {
        _ if keys.is_own_mail => Who::Ourselves,
        Some(author) => policy.who(author, is_known),
        None => Who::Stranger,
    };
    // A token for a ticket that is not there any more is no evidence.
    if thread.ticket().is_some_and(|id| !working.tickets.contains_key(&id)) {
        thread = thread::Thread::New;
    }
    let ticket = thread.ticket().and_then(|id| working.tickets.get(&id));
    let context = Context {
        sender: who.clone(),
        authentication: message.authentication,
        thread: state_of(ticket),
        customer_lists: author.map(|author| policy.lists_of(author)).unwrap_or_default(),
        default_severity: policy.default_severity,
        default_category: classify::GENERAL.to_owned(),
    };
    let verdict = classify::judge(&scan, &message, &context, &house.rules);
    let quotes_us = keys.quotes_us;
    let mail = Mail { inbox: item.id, message, verdict, thread, who, quotes_us, is_released: item.released };
    let answered = answered(&mail, policy);
    let standing = working.standing(answered.as_ref(), ticket.map(|ticket| ticket.id));
    let mut decision = match item.oversize_bytes {
        Some(size) if !mail.is_released => decide::on_oversize(&mail, size, &standing, policy),
        _ => decide::on_mail(&mail, ticket, &standing, policy, now),
    };
    flag(&mut decision, keys.forged_count, is_same_id_other_words);
    let received = Received { mail: &mail, attempt: item.attempt, files: &files };
    apply::apply(working, decision, Some(received), Actor::Postroom, policy, &house.signature, now);
}

/// The person that a decision about this mail may answer: whose standing counts.
fn answered(mail: &Mail, policy: &Policy) -> Option<message::Address> {
    match mail.who {
        Who::Agent(_) => mail.message.author().cloned(),
        _ => policy.addressee(&mail.message).cloned(),
    }
}

/// Adds what was odd about the mail's thread to the reasons.
fn flag(decision: &mut Decision, forged_count: u32, is_same_id_other_words: bool) {
    if forged_count > 0 {
        decision.reasons.push(Reason::with("forged-token", forged_count));
    }
    if is_same_id_other_words {
        decision.reasons.push(Reason::of("same-message-id-other-content"));
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
