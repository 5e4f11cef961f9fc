//! How batches of mails move through the desk: while one is written, the next is decided on, and the one after it read.
//!
//! What a batch decides stands on what the batch before decided, whether the database has it by then or not. When that
//! one could not be written, this one is decided anew. A batch that fails is done again mail by mail, so that one bad
//! mail holds up nobody but itself.

use super::aside::{set_aside, set_aside_unread};
use super::failed::{Failed, claims_of};
use super::{ATTEMPTS, BATCH, Failure, Read, WAIT_AFTER_FAILURE, lease};
use super::{compose_all, fault, on_all_cores, questions, read, settle_one};
use crate::serve::desk::{Desk, House};
use crate::serve::room::Taken;
use crate::serve::working::{Pending, Picture, Working};
use crate::serve::write::{tell_of_breakers, tell_of_shadow};
use crate::store::{Changes, Claim, InboxItem, StoreError, Turn};
use crate::ticket::TicketId;
use jiff::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tracing::{debug, error, info, warn};

/// Attempts after which a mail is set aside without another one. It did not fail so often, else it would have been set
/// aside before: the program died over it, at last over it alone.
const ATTEMPTS_SURVIVED: u32 = 20;

/// Bytes of mail in a batch up to which the next is claimed before it is written.
const LIGHT_BYTES: usize = 4 << 20;

/// Bytes of files up to which the mails of a batch are composed together, before they are written.
const COMPOSED_BYTES: u64 = 8 << 20;

/// How often a batch asks whether those before it are done.
const ASK_FOR_TURN: Duration = Duration::from_millis(5);

/// After how many of these it makes sure once more that there is no claim of our own that we know nothing of.
const LOOK_FOR_DANGLING: u32 = 100;

/// Batches on their way.
#[derive(Debug, Default)]
pub struct Line {
    ahead: Option<Batch>,
    writing: Option<Writing>,
    failed: Failed,
}

/// What one round of processing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Mails that are done.
    pub settled: usize,
    /// Whether there was nothing to do.
    pub is_idle: bool,
}

/// A batch that was claimed, and is being read.
#[derive(Debug)]
struct Batch {
    items: Arc<[InboxItem]>,
    /// Where it is a large mail.
    room: Option<Taken>,
    now: Timestamp,
    reading: JoinHandle<Result<Reads, Failure>>,
}

/// A batch that was decided on, and is being written.
#[derive(Debug)]
struct Writing {
    items: Arc<[InboxItem]>,
    room: Option<Taken>,
    now: Timestamp,
    /// How it leaves the desk, if it can be written.
    picture: Picture,
    task: JoinHandle<Result<(), Failure>>,
}

/// The mails of a batch, read, and the house by whose rules: they are decided on by the same, though others are in force
/// by then.
type Reads = (Arc<House>, Vec<Read>);

/// Mails that are still to be composed, and the house as it was when they were decided on.
type Late = (Arc<House>, Vec<Pending>);

/// What was decided about a batch.
struct Decided {
    changes: Changes,
    /// Mails that are composed one by one while they are written: all at once they would be too large.
    late: Late,
    /// The number of the first ticket that it opens.
    first: TicketId,
    picture: Picture,
}

impl Batch {
    /// Claims what is due and begins to read it.
    ///
    /// `kept` are the claims that are on the line already.
    async fn claim(desk: &Desk, kept: &[Claim]) -> Result<Option<Self>, StoreError> {
        loop {
            let now = desk.clock.now();
            desk.store.free_claims_but(kept).await?;
            let mut items = desk.store.adopt_inbox(now, lease(&desk.store), BATCH, None).await?;
            let mut room = None;
            if items.is_empty() {
                room = desk.room.for_received(desk.store.next_inbox_size(now).await?).await;
                items = desk.store.claim_inbox(now, lease(&desk.store), BATCH).await?;
            }
            match &items[..] {
                [] => return Ok(None),
                [item] if item.tries > ATTEMPTS_SURVIVED => set_aside_unread(desk, item, now).await?,
                _ => return Ok(Some(Self::of(desk, items.into(), room, now))),
            }
        }
    }

    fn of(desk: &Desk, items: Arc<[InboxItem]>, room: Option<Taken>, now: Timestamp) -> Self {
        let reading = tokio::spawn(read_all(desk.clone(), items.clone()));
        Self { items, room, now, reading }
    }

    /// Whether none of its mails was tried before.
    fn is_fresh(&self) -> bool {
        self.items.iter().all(|item| item.tries == 1)
    }

    /// Whether there is memory for another one beside it.
    fn is_light(&self) -> bool {
        self.items.iter().map(|item| item.raw.len()).sum::<usize>() < LIGHT_BYTES
    }
}

/// Processes what is due, once: moves the line on by one batch.
///
/// # Errors
/// When the store fails in a way that concerns no single mail.
pub async fn process_due(desk: &Desk, line: &mut Line) -> Result<Round, StoreError> {
    line.give_back(desk).await?;
    if line.ahead.is_none() && line.writing.as_ref().is_some_and(|writing| writing.room.is_some()) {
        // The next one may be as large.
        let (settled, _) = line.finish(desk).await?;
        return Ok(Round { settled, is_idle: false });
    }
    let claimed = match line.ahead.take() {
        Some(batch) => Some(batch),
        None => Batch::claim(desk, line.claim_in_writing().as_slice()).await?,
    };
    let Some(batch) = claimed else {
        let (settled, _) = line.finish(desk).await?;
        return Ok(Round { settled, is_idle: settled == 0 });
    };
    // Should the program die over a mail that was tried before, the others are not to count that as an attempt.
    let is_fresh = batch.is_fresh();
    let is_light = batch.is_light();
    if !is_fresh && line.writing.is_some() {
        line.ahead = Some(batch);
        let (settled, _) = line.finish(desk).await?;
        return Ok(Round { settled, is_idle: false });
    }
    let Batch { items, room, now, reading } = batch;
    let reads = reading.await.map_err(fault).and_then(|reads| reads);
    let mut before = 0;
    if let Err(failure) = line.wait_for_turn(desk, &items, &[], &mut before).await {
        line.ahead = Some(Batch::of(desk, items, room, now));
        return Err(failure);
    }
    let decided = match reads {
        Ok(reads) => decide(desk, reads, line.writing.as_ref().map(|writing| &writing.picture), now).await,
        Err(failure) => Err(failure),
    };
    let (settled, is_as_decided) = match line.finish(desk).await {
        Ok((settled, is_as_decided)) => (settled + before, is_as_decided),
        Err(failure) => {
            line.ahead = Some(Batch::of(desk, items, room, now));
            return Err(failure);
        }
    };
    match decided {
        Ok(mut decided) if is_as_decided => {
            (decided.changes.under, decided.changes.ends) = (claim_of(&items), true);
            // Claimed before our own transaction begins, for which the claim would have to wait.
            let next =
                if is_fresh && is_light { Batch::claim(desk, claim_of(&items).as_slice()).await } else { Ok(None) };
            let Decided { changes, late, first, picture } = decided;
            let task = tokio::spawn(write(desk.clone(), changes, late, first, now));
            line.writing = Some(Writing { items, room, now, picture, task });
            line.ahead = next?;
            Ok(Round { settled, is_idle: false })
        }
        Ok(_) => {
            settle_batch(desk, &items, now, &mut line.failed).await?;
            Ok(Round { settled: settled + items.len(), is_idle: false })
        }
        Err(failure) => {
            fall_back(desk, &items, now, failure, &mut line.failed).await?;
            Ok(Round { settled: settled + items.len(), is_idle: false })
        }
    }
}

/// Processes what is on the line, when there is to be no next call. Returns how many mails are done.
///
/// # Errors
/// As [`process_due`].
pub async fn process_rest(desk: &Desk, line: &mut Line) -> Result<usize, StoreError> {
    line.give_back(desk).await?;
    let settled = line.settle_rest(desk).await;
    let given_back = line.give_back(desk).await;
    settled.and_then(|settled| given_back.map(|()| settled))
}

impl Line {
    /// The claim that is being written.
    fn claim_in_writing(&self) -> Option<Claim> {
        self.writing.as_ref().and_then(|writing| claim_of(&writing.items))
    }

    /// Waits until every earlier claim is done, so that no mail is decided on before one that it may answer, whoever has
    /// that. What a worker died over is done here first, and what is being written before that; `settled` counts it.
    /// `waiting` are claims of ours that wait for this one.
    async fn wait_for_turn(
        &mut self,
        desk: &Desk,
        items: &[InboxItem],
        waiting: &[Claim],
        settled: &mut usize,
    ) -> Result<(), StoreError> {
        let Some(claim) = claim_of(items) else { return Ok(()) };
        let mut asked = 0_u32;
        loop {
            // An earlier claim that could neither be written nor given back, since the database was away, is still ours
            // there and on no line: we would pass it by.
            if asked.is_multiple_of(LOOK_FOR_DANGLING) {
                let ours = waiting.iter().copied().chain([claim]).chain(self.claim_in_writing());
                desk.store.free_claims_but(&ours.collect::<Vec<_>>()).await?;
            }
            match desk.store.turn(claim).await? {
                Turn::Ours => return Ok(()),
                // Whoever has the earlier claim may be waiting for the one that we are writing; where that could not be
                // written, it is done once more only when we look at it.
                Turn::Wait if self.writing.as_ref().is_some_and(|writing| writing.task.is_finished()) => {
                    *settled += self.finish(desk).await?.0;
                }
                Turn::Wait => tokio::time::sleep(ASK_FOR_TURN).await,
                Turn::Orphan => {
                    *settled += self.finish(desk).await?.0;
                    let now = desk.clock.now();
                    let orphans = desk.store.adopt_inbox(now, lease(&desk.store), BATCH, Some(claim)).await?;
                    match &orphans[..] {
                        [] => tokio::time::sleep(ASK_FOR_TURN).await,
                        [item] if item.tries > ATTEMPTS_SURVIVED => {
                            set_aside_unread(desk, item, now).await?;
                            *settled += 1;
                        }
                        _ => {
                            let waiting: Vec<Claim> = waiting.iter().copied().chain([claim]).collect();
                            *settled += self.settle_orphans(desk, orphans.into(), &waiting, now).await?;
                        }
                    }
                }
            }
            asked += 1;
        }
    }

    /// Settles mails that a worker died over, when their own turn has come: others may have still earlier ones.
    async fn settle_orphans(
        &mut self,
        desk: &Desk,
        orphans: Arc<[InboxItem]>,
        waiting: &[Claim],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        info!(batch.size = orphans.len(), "mails that a worker died over are taken over");
        let mut settled = orphans.len();
        Box::pin(self.wait_for_turn(desk, &orphans, waiting, &mut settled)).await?;
        settle_batch(desk, &orphans, now, &mut self.failed).await?;
        Ok(settled)
    }

    /// Waits for the batch that is being written. Returns how many mails that settled, and whether as it was decided.
    async fn finish(&mut self, desk: &Desk) -> Result<(usize, bool), StoreError> {
        let Some(Writing { items, room: _room, now, task, .. }) = self.writing.take() else { return Ok((0, true)) };
        match task.await.map_err(fault).and_then(|written| written) {
            Ok(()) => Ok((items.len(), true)),
            Err(failure) => {
                fall_back(desk, &items, now, failure, &mut self.failed).await.map(|()| (items.len(), false))
            }
        }
    }

    async fn settle_rest(&mut self, desk: &Desk) -> Result<usize, StoreError> {
        let (mut settled, _) = self.finish(desk).await?;
        if let Some(Batch { items, room: _room, now, reading }) = self.ahead.take() {
            reading.abort();
            self.wait_for_turn(desk, &items, &[], &mut settled).await?;
            settle_batch(desk, &items, now, &mut self.failed).await?;
            settled += items.len();
        }
        Ok(settled)
    }

    /// Gives back what failed, as soon as the database takes that, and what was claimed since: it may answer those, and
    /// comes again behind them.
    async fn give_back(&mut self, desk: &Desk) -> Result<(), StoreError> {
        if self.failed.is_empty() {
            return Ok(());
        }
        if let Some(batch) = self.ahead.take() {
            batch.reading.abort();
            self.failed.add(&batch.items);
        }
        self.failed.give_back(desk).await
    }
}

/// The claim that the mails of a batch were handed out with.
fn claim_of(items: &[InboxItem]) -> Option<Claim> {
    items.first().and_then(|item| item.claim)
}

async fn end_claim(desk: &Desk, items: &[InboxItem]) -> Result<(), StoreError> {
    match claim_of(items) {
        Some(claim) => desk.store.end_claim(claim).await,
        None => Ok(()),
    }
}

/// Settles a batch that nothing was decided on yet, come what may.
async fn settle_batch(
    desk: &Desk,
    items: &Arc<[InboxItem]>,
    now: Timestamp,
    failed: &mut Failed,
) -> Result<(), StoreError> {
    match settle(desk, items, true, now).await {
        Ok(()) => Ok(()),
        Err(failure) => fall_back(desk, items, now, failure, failed).await,
    }
}

async fn read_all(desk: Desk, items: Arc<[InboxItem]>) -> Result<Reads, Failure> {
    let house = desk.house();
    let places: Vec<usize> = (0..items.len()).collect();
    let reads = on_all_cores(house.clone(), places, move |house, at| read(house, &items[at])).await?;
    Ok((house, reads))
}

/// Decides on a batch of mails. Nothing is written; `before` is the batch that may still be.
async fn decide(
    desk: &Desk,
    (house, reads): Reads,
    before: Option<&Picture>,
    now: Timestamp,
) -> Result<Decided, Failure> {
    let mut questions = questions(&reads, &house);
    if let Some(before) = before {
        before.add_to(&mut questions);
    }
    let mut working = Working::from(desk.store.look_up(&questions, now).await?);
    if let Some(before) = before {
        working.stand_on(before, &questions);
    }
    let first = TicketId(working.next_ticket);
    let decide = || {
        for read in reads {
            settle_one(&mut working, read, &house, now);
        }
    };
    // What is half decided after a panic is thrown away.
    catch_unwind(AssertUnwindSafe(decide)).map_err(|_fault| Failure::Mail("a fault while deciding".to_owned()))?;
    let (mut changes, mut pending, picture) = working.finish();
    let late = too_large_together(&mut pending);
    changes.outgoing = compose_all(&house, pending).await?;
    Ok(Decided { changes, late: (house, late), first, picture })
}

/// Takes out those that would be too large if all were composed together.
fn too_large_together(pending: &mut Vec<Pending>) -> Vec<Pending> {
    let mut bytes = 0;
    let is_too_large = |mail: &Pending| {
        bytes += mail.enclosed.iter().flat_map(|enclosed| &enclosed.files).map(|file| file.size_bytes).sum::<u64>();
        bytes > COMPOSED_BYTES
    };
    let at = pending.iter().position(is_too_large).unwrap_or(pending.len());
    pending.split_off(at)
}

/// Writes what was decided on a batch: all of it, or nothing.
///
/// Whoever changes one of the tickets meanwhile is faster: then nothing is written, and it is a conflict. So the
/// database is open for writing only while it is written to.
async fn write(
    desk: Desk,
    changes: Changes,
    (house, late): Late,
    first: TicketId,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut tx = desk.store.begin().await?;
    if !changes.opened.is_empty() && tx.next_ticket_id(changes.opened.len()).await? != first {
        return Err(StoreError::Conflict { what: "the number of a ticket".to_owned() }.into());
    }
    tx.write(&changes, now).await?;
    for mail in late {
        let outgoing = compose_all(&house, vec![mail]).await?;
        tx.write(&Changes { outgoing, ..Changes::default() }, now).await?;
    }
    tx.commit().await?;
    tell_of_breakers(&changes);
    tell_of_shadow(&changes);
    for settled in &changes.settled {
        let (id, outcome) = (settled.inbox, &settled.outcome);
        match settled.ticket {
            Some(ticket) => info!(inbox.id = id, %outcome, ticket.id = %ticket, "mail {id}: {outcome}, {ticket}"),
            None => info!(inbox.id = id, %outcome, "mail {id}: {outcome}"),
        }
    }
    Ok(())
}

/// Reads mails, decides on them and writes that; whether their claim is done with it.
async fn settle(desk: &Desk, items: &Arc<[InboxItem]>, ends: bool, now: Timestamp) -> Result<(), Failure> {
    let reads = read_all(desk.clone(), items.clone()).await?;
    let mut decided = decide(desk, reads, None, now).await?;
    (decided.changes.under, decided.changes.ends) = (claim_of(items), ends);
    write(desk.clone(), decided.changes, decided.late, decided.first, now).await
}

/// Does a batch once more, as a whole where somebody was faster, and otherwise mail by mail. Where that fails as well it is
/// given back, or left in `failed` for that.
async fn fall_back(
    desk: &Desk,
    items: &Arc<[InboxItem]>,
    now: Timestamp,
    mut failure: Failure,
    failed: &mut Failed,
) -> Result<(), StoreError> {
    let count = items.len();
    if let Failure::Store(StoreError::Conflict { what }) = &failure {
        info!(batch.size = count, "{what} changed meanwhile, deciding on the batch once more");
        match settle(desk, items, true, now).await {
            Ok(()) => return Ok(()),
            Err(again) => failure = again,
        }
    }
    match &failure {
        Failure::Store(error) if error.is_away() => debug!(batch.size = count, "a batch waits for the database"),
        failure => warn!(batch.size = count, error = %failure, "processing a batch failed, doing its mails one by one"),
    }
    for item in items.iter() {
        if let Err(failure) = process_alone(desk, item, now).await {
            match claim_of(items) {
                // At the same place in the order, whoever takes it over; where the database takes not even this, by
                // `free_claims_but`.
                Some(_) => {
                    let _ = desk.store.excuse_inbox(&claims_of(items).collect::<Vec<_>>(), None).await;
                    let _ = end_claim(desk, items).await;
                }
                None => failed.add(items),
            }
            if let StoreError::Conflict { what } = &failure {
                info!(batch.size = count, "{what} changed meanwhile, the mails are left to whoever has them");
                return Ok(());
            }
            return Err(failure);
        }
    }
    end_claim(desk, items).await
}

/// Processes one mail by itself, and puts it back or sets it aside when that fails.
async fn process_alone(desk: &Desk, item: &InboxItem, now: Timestamp) -> Result<(), StoreError> {
    let (id, attempt, tries) = (item.id, item.attempt, item.tries);
    let mut settled = settle(desk, &[item.clone()].into(), false, now).await;
    if let Err(Failure::Store(StoreError::Conflict { .. })) = &settled {
        // Somebody had its ticket; put back, it would lose its place.
        settled = settle(desk, &[item.clone()].into(), false, now).await;
    }
    let Err(failure) = settled else { return Ok(()) };
    match &failure {
        // Somebody else has the mail, or had its ticket.
        Failure::Store(StoreError::Conflict { .. }) if item.claim.is_none() => {
            return desk.store.excuse_inbox(&[(id, attempt)], Some(now)).await;
        }
        // The mails behind it in its claim may answer it, so they wait with it.
        Failure::Store(StoreError::Conflict { .. }) => return Err(failure.into_store_error()),
        // A full disk or a lost database is not the mail's fault.
        Failure::Store(error) if !error.is_about_the_work() => return Err(failure.into_store_error()),
        Failure::Store(_) | Failure::Mail(_) => {}
    }
    if tries >= ATTEMPTS {
        error!(inbox.id = id, attempt = tries, error = %failure, "mail {id} failed {tries} times and is set aside");
        return set_aside(&desk.store, item, &failure, now).await;
    }
    warn!(inbox.id = id, attempt = tries, error = %failure, "mail {id} failed and is tried again");
    let due_at = now + WAIT_AFTER_FAILURE * i32::try_from(tries).unwrap_or(1);
    desk.store.release_inbox(item, due_at, &failure.to_string()).await.map(drop)
}
