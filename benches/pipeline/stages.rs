//! What each pure stage costs, on one core and without servers or a database.

use super::desk::{self, Site};
use super::storing;
use anyhow::Result;
use jiff::Timestamp;
use postroom::message::Digest;
use postroom::serve::desk::Desk;
use postroom::serve::process;
use postroom::serve::working::Working;
use postroom::serve::write;
use postroom::store::{InboxItem, Place};
use postroom::{classify, message, thread};
use postroom_testbed::load::{self, LoadMail};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_304;
const BATCH: usize = 250;

pub async fn measure(count: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let config = Site::on_sqlite(folder.path(), nowhere).config()?;
    let desk = desk::prepare(&config, &desk::rules()?).await?;
    let mails = load::mails("p", &config.policy.support_address.address, count, SIZE_BYTES, SEED);
    // The first pass fills the caches of the patterns.
    let mut times = Vec::new();
    for _ in 0..3 {
        times = tokio::task::block_in_place(|| pass(&desk, &mails));
    }
    let shown: Vec<String> = times
        .iter()
        .map(|(stage, took)| format!("{stage} {:.1}", took.as_secs_f64() * 1e6 / mails.len() as f64))
        .collect();
    println!("microseconds a mail on one core: {}", shown.join(", "));
    storing::measure(&desk, &mails).await?;
    desk.store.close().await;
    Ok(())
}

fn pass(desk: &Desk, mails: &[LoadMail]) -> Vec<(&'static str, Duration)> {
    let (house, now) = (&desk.house(), Timestamp::UNIX_EPOCH);
    let mut times: Vec<(&'static str, Duration)> = Vec::new();
    let mut timed = |stage: &'static str, since: Instant| match times.iter_mut().find(|(known, _)| *known == stage) {
        Some((_, took)) => *took += since.elapsed(),
        None => times.push((stage, since.elapsed())),
    };
    let mut at = Instant::now();
    let messages: Vec<_> = mails.iter().map(|mail| message::parse(&mail.raw, now, &house.reader)).collect();
    timed("parse", at);
    at = Instant::now();
    messages.iter().for_each(|message| drop(classify::scan(message, &house.rules)));
    timed("scan", at);
    at = Instant::now();
    messages
        .iter()
        .for_each(|message| drop(thread::keys(message, &house.signature.tokens, &house.reader.own_addresses)));
    timed("keys", at);
    at = Instant::now();
    mails.iter().for_each(|mail| {
        std::hint::black_box(Digest::of(&mail.raw));
    });
    timed("digest", at);
    let mut working = Working { next_ticket: 1001, ..Working::default() };
    let mut written = 0;
    for (batch, mails) in mails.chunks(BATCH).enumerate() {
        let items = mails.iter().enumerate().map(|(at, mail)| item(batch * BATCH + at, mail));
        let reads: Vec<_> = items.map(|item| process::read(house, &item)).collect();
        at = Instant::now();
        for read in reads {
            process::settle_one(&mut working, read, house, now);
        }
        timed("decide and apply", at);
        let pending = std::mem::take(&mut working.pending);
        working.changes = Default::default();
        at = Instant::now();
        for pending in pending {
            written += write::compose(house, pending).map_or(0, |mail| mail.mail.bytes.len());
        }
        timed("compose", at);
    }
    std::hint::black_box(written);
    times
}

fn item(at: usize, mail: &LoadMail) -> InboxItem {
    let id = i64::try_from(at).unwrap_or(i64::MAX) + 1;
    InboxItem {
        id,
        place: Place { mailbox: desk::USER.to_owned(), uid_validity: 1, uid: 1 },
        received_at: Timestamp::UNIX_EPOCH,
        attempt: 1,
        raw: mail.raw.clone().into(),
        oversize_bytes: None,
        same_bytes_as: None,
        tries: 1,
        released: false,
        claim: None,
    }
}
