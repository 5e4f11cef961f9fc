//! Mails to be judged again: those of a desk, or the files of a folder. They are read on all cores, a batch at a time.

use super::Desk;
use crate::classify::{Context, Given};
use crate::cli::source::{Found, Sources};
use crate::message::Message;
use crate::store::{JudgedMail, Store};
use crate::ticket::{Severity, TicketId};
use anyhow::Context as _;
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

/// Mails that are read at once.
pub(super) const BATCH: usize = 256;

/// The largest mail of a folder that is read whole.
const MAX_MAIL_BYTES: u64 = 64 << 20;

/// A mail as it was kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What people call it: the number of a stored mail, the path of a file.
    pub name: String,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// When the server got it; `None` where nobody knows.
    pub received_at: Option<Timestamp>,
    /// What was known besides when it was judged, as `given` words.
    pub known: Vec<String>,
    /// Whether it opened a ticket.
    pub is_first: bool,
    /// The ticket it is on.
    pub ticket: Option<TicketId>,
    /// The severity that an agent gave the ticket that it opened.
    pub corrected: Option<Severity>,
}

/// Where mails come from, one batch after the other.
pub trait Judged {
    /// The next mails; none when there are no more.
    fn next_batch(&mut self) -> anyhow::Result<Vec<Kept>>;
    /// How many there are, where that is known.
    fn count(&self) -> Option<u64>;
}

/// A mail ready to be judged again.
pub(super) struct Again {
    pub message: Message,
    pub context: Context,
}

/// Does a piece of work with each mail on all cores, and hands the results out in the order of the mails.
pub(super) fn each<T: Send>(
    mails: &mut dyn Judged,
    desk: &Desk,
    work: impl Fn(&Again) -> T + Sync,
    mut done: impl FnMut(&Kept, T) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let bar = match mails.count() {
        Some(count) => crate::cli::progress(count, "judging"),
        None => crate::cli::progress_of_many("judging"),
    };
    let mut count = 0;
    loop {
        let batch = mails.next_batch()?;
        if batch.is_empty() {
            break;
        }
        let results = on_all_cores(&batch, |kept| Ok(work(&read(kept, desk)?)))?;
        for (kept, result) in batch.iter().zip(results) {
            done(kept, result)?;
        }
        count += batch.len() as u64;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(count)
}

fn read(kept: &Kept, desk: &Desk) -> anyhow::Result<Again> {
    let given = Given::parse(kept.known.iter().map(String::as_str), None).map_err(|errors| {
        anyhow::anyhow!("what is kept of mail {} cannot be read: {}", kept.name, errors.join("; "))
    })?;
    let mut message = desk.read(&kept.raw, kept.received_at.unwrap_or(desk.now));
    given.apply(&mut message);
    // What was known is whole; of a mere file nothing is known.
    let usual = if kept.known.is_empty() { desk.usual(&message) } else { desk.usual.clone() };
    let context = given.context(&usual);
    Ok(Again { message, context })
}

fn on_all_cores<T: Send>(batch: &[Kept], work: impl Fn(&Kept) -> anyhow::Result<T> + Sync) -> anyhow::Result<Vec<T>> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(batch.len());
    let mut results: Vec<Option<anyhow::Result<T>>> = batch.iter().map(|_| None).collect();
    let queue = Mutex::new(batch.iter().zip(&mut results));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    // Taken in its own statement, so that the lock is free again while the mail is read.
                    let next = queue.lock().map(|mut queue| queue.next());
                    let Ok(Some((kept, place))) = next else { return };
                    *place = Some(work(kept));
                }
            });
        }
    });
    let missing = || anyhow::anyhow!("a fault of Postroom while a mail was read");
    results.into_iter().map(|result| result.unwrap_or_else(|| Err(missing()))).collect()
}

/// The mails of a desk.
pub(super) struct OfDesk {
    store: Store,
    ids: VecDeque<i64>,
    corrected: HashMap<TicketId, Severity>,
}

impl OfDesk {
    /// Those since a time, or of a sample as many as were asked for: which ones that are is the same every time.
    pub(super) fn find(
        store: &Store,
        since: Option<Timestamp>,
        sample: Option<NonZero<usize>>,
    ) -> anyhow::Result<Self> {
        let (mut ids, corrected) =
            wait(async { anyhow::Ok((store.judged_mails(since).await?, store.corrected_severities().await?)) })?;
        if let Some(sample) = sample.map(NonZero::get).filter(|sample| *sample < ids.len()) {
            ids.sort_by_key(|id| scattered(*id));
            ids.truncate(sample);
            ids.sort_unstable();
        }
        Ok(Self { store: store.clone(), ids: ids.into(), corrected })
    }
}

impl Judged for OfDesk {
    fn next_batch(&mut self) -> anyhow::Result<Vec<Kept>> {
        let batch: Vec<i64> = self.ids.drain(..self.ids.len().min(BATCH)).collect();
        let mails = wait(self.store.load_judged(&batch))?;
        let kept = |mail: JudgedMail| Kept {
            name: mail.id.to_string(),
            raw: mail.raw,
            received_at: Some(mail.received_at),
            known: mail.known,
            is_first: mail.is_first,
            ticket: mail.ticket,
            corrected: mail.ticket.filter(|_| mail.is_first).and_then(|id| self.corrected.get(&id)).copied(),
        };
        let kept: Vec<Kept> = mails.into_iter().map(kept).collect();
        // What was pruned meanwhile is no end.
        if kept.is_empty() && !self.ids.is_empty() { self.next_batch() } else { Ok(kept) }
    }

    fn count(&self) -> Option<u64> {
        Some(self.ids.len() as u64)
    }
}

/// Waits for the database. The commands about rules are plain functions, and most of them need none.
pub(super) fn wait<T>(what: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(what))
}

/// The bits of a number in another order, so that neighbours are far from each other (splitmix64).
pub(super) fn scattered(id: i64) -> u64 {
    let mut bits = id.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The mails in files and folders.
pub(super) struct Files {
    sources: Sources,
}

impl Files {
    pub(super) fn of(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut sources = Sources::new(MAX_MAIL_BYTES);
        for path in paths {
            sources.add(path).with_context(|| format!("cannot read mails from {}", path.display()))?;
        }
        Ok(Self { sources })
    }
}

impl Judged for Files {
    fn next_batch(&mut self) -> anyhow::Result<Vec<Kept>> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let Some(found) = self.sources.next() else { break };
            let Found { path, raw, .. } = found?;
            let name = path;
            batch.push(Kept {
                name,
                raw,
                received_at: None,
                known: Vec::new(),
                is_first: false,
                ticket: None,
                corrected: None,
            });
        }
        Ok(batch)
    }

    fn count(&self) -> Option<u64> {
        None
    }
}
