//! What each visit to the database costs: batches of mails kept, claimed, looked up and written, then sent, one
//! visit after the other and each commit on the disk.

use super::desk::USER;
use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use postroom::message::{self, Digest};
use postroom::serve::desk::Desk;
use postroom::serve::process;
use postroom::serve::working::Working;
use postroom::serve::write;
use postroom::store::{Attempted, Lookup, NewMail, Place, SendOutcome};
use postroom::thread;
use postroom_testbed::load::LoadMail;
use std::time::{Duration, Instant};

/// Mails taken on together, as the desk does.
const BATCH: usize = 250;

/// Mails to send claimed together, and settled together, as the desk does.
const CLAIMED: usize = 32;
const SETTLED: usize = 8;

const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// Time spent on each kind of visit, and how many mails it served.
#[derive(Default)]
struct Visits(Vec<(&'static str, Duration, usize)>);

impl Visits {
    fn add(&mut self, name: &'static str, since: Instant, mails: usize) {
        match self.0.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, took, count)) => (*took, *count) = (*took + since.elapsed(), *count + mails),
            None => self.0.push((name, since.elapsed(), mails)),
        }
    }
}

pub async fn measure(desk: &Desk, mails: &[LoadMail]) -> Result<()> {
    let mut visits = Visits::default();
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24);
    keep(desk, mails, now, &mut visits).await?;
    while process_batch(desk, now, &mut visits).await? {}
    while send_batch(desk, now, &mut visits).await? {}
    let shown =
        visits.0.iter().map(|(name, took, mails)| format!("{name} {:.1}", took.as_secs_f64() * 1e6 / *mails as f64));
    println!("microseconds a mail in the database, one visit at a time: {}", shown.collect::<Vec<_>>().join(", "));
    Ok(())
}

async fn keep(desk: &Desk, mails: &[LoadMail], now: Timestamp, visits: &mut Visits) -> Result<()> {
    for (batch, mails) in mails.chunks(BATCH).enumerate() {
        let mail = |(at, mail): (usize, &LoadMail)| NewMail {
            place: Place {
                mailbox: USER.to_owned(),
                uid_validity: 1,
                uid: u32::try_from(batch * BATCH + at + 1).unwrap_or(0),
            },
            received_at: now,
            digest: Digest::of(&mail.raw),
            raw: mail.raw.clone().into(),
            oversize_bytes: None,
        };
        let new: Vec<NewMail> = mails.iter().enumerate().map(mail).collect();
        let cursor = new.last().map(|mail| mail.place.clone());
        let at = Instant::now();
        desk.store.keep_mail(&new, cursor.as_ref(), now).await?;
        visits.add("keep", at, new.len());
    }
    Ok(())
}

async fn process_batch(desk: &Desk, now: Timestamp, visits: &mut Visits) -> Result<bool> {
    let (store, house) = (&desk.store, &desk.house());
    let mut at = Instant::now();
    let items = store.claim_inbox(now, LEASE, BATCH).await?;
    if items.is_empty() {
        return Ok(false);
    }
    let count = items.len();
    visits.add("claim", at, count);
    let mut question = Lookup::default();
    for item in &items {
        let message = message::parse(&item.raw, now, &house.reader);
        question
            .message_ids
            .extend(thread::keys(&message, &house.signature.tokens, &house.reader.own_addresses).foreign_ids);
        question.addresses.extend(message.from.first().map(message::Address::key));
        question.same_ids.push(message.id);
    }
    at = Instant::now();
    let looked = store.look_up(&question, now).await?;
    visits.add("look up", at, count);
    let mut working = Working::from(looked);
    for item in &items {
        process::settle_one(&mut working, process::read(house, item), house, now);
    }
    let (mut changes, pending, _) = working.finish();
    changes.outgoing = pending.into_iter().map(|mail| write::compose(house, mail)).collect::<Result<_, _>>()?;
    at = Instant::now();
    let mut tx = store.begin().await?;
    if !changes.opened.is_empty() {
        let first = tx.next_ticket_id(changes.opened.len()).await?;
        ensure!(changes.opened[0].id == first, "somebody else opens tickets");
    }
    tx.write(&changes, now).await?;
    tx.commit().await?;
    visits.add("write", at, count);
    Ok(true)
}

async fn send_batch(desk: &Desk, now: Timestamp, visits: &mut Visits) -> Result<bool> {
    let mut at = Instant::now();
    let items = desk.store.claim_outbox(now, LEASE, CLAIMED).await?;
    if items.is_empty() {
        return Ok(false);
    }
    visits.add("claim to send", at, items.len());
    for items in items.chunks(SETTLED) {
        let sent = |id, attempt| Attempted { id, attempt, outcome: SendOutcome::Sent { reply: "250 OK".to_owned() } };
        let attempts: Vec<Attempted> = items.iter().map(|item| sent(item.id, item.attempt)).collect();
        at = Instant::now();
        desk.store.settle_outbox(&attempts, &Default::default(), now).await?;
        visits.add("settle sent", at, attempts.len());
    }
    Ok(true)
}
