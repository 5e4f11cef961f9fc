//! Starts the loops, keeps each going, and stops them in order.

use super::deliver::{Courier, chain};
use super::desk::Desk;
use super::{deadlines, process, receive};
use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::config::Config;
use crate::smtp::Deadlines;
use crate::store::StoreError;
use jiff::Timestamp;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// How long a loop waits after the store failed: doubling from a tenth of a second up to a minute.
const AFTER_FAILURE: Backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_secs(60) };

/// The longest a loop sleeps without looking, so that nothing depends on a wake-up that was lost.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);

/// How often a clock that a test sets is looked at.
const SET_CLOCK_POLL: Duration = Duration::from_millis(5);

/// Runs the desk until it is told to stop. Loops stop in the order receive, process, deadlines, deliver; what was
/// begun is finished, what was claimed and not begun comes back.
///
/// # Errors
/// When the store cannot be used at all.
pub async fn run(desk: Desk, config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    desk.store.forget_claims(desk.clock.now()).await?;
    let settled: Vec<Arc<Notify>> = config.mailboxes.iter().map(|_| Arc::new(Notify::new())).collect();
    let stops: [CancellationToken; 3] = std::array::from_fn(|_| CancellationToken::new());
    let [stop_process, stop_deadlines, stop_deliver] = stops.clone();

    let receiving = config.mailboxes.iter().zip(&settled).map(|(mailbox, settled)| {
        let (desk, mailbox, settled, stop) = (desk.clone(), mailbox.clone(), settled.clone(), stop.clone());
        tokio::spawn(async move { receive::watch(desk, mailbox, &settled, stop).await })
    });
    let receiving: Vec<JoinHandle<()>> = receiving.collect();
    let processing = tokio::spawn(process_loop(desk.clone(), settled, stop_process));
    let meeting = tokio::spawn(deadline_loop(desk.clone(), stop_deadlines));
    let delivering: Vec<JoinHandle<()>> = (0..config.smtp.connections)
        .map(|_| tokio::spawn(deliver_loop(desk.clone(), config.clone(), stop_deliver.clone())))
        .collect();
    info!(mailboxes = config.mailboxes.len(), "the desk is open");

    stop.cancelled().await;
    info!("stopping");
    let groups = [receiving, vec![processing], vec![meeting], delivering];
    for (group, next) in groups.into_iter().zip(stops.iter().map(Some).chain([None])) {
        for task in group {
            // A loop that panicked has nothing left to stop; what it had claimed comes back.
            if let Err(fault) = task.await {
                error!(error = %fault, "a loop ended by a fault");
            }
        }
        if let Some(next) = next {
            next.cancel();
        }
    }
    info!("stopped");
    Ok(())
}

/// Repeats a piece of work until it is told to stop: again at once while there is something to do, otherwise when
/// it is woken, when something is due, or after a while anyway.
async fn repeat<W, D>(name: &str, clock: &Clock, wake: &Notify, stop: &CancellationToken, mut work: W, next_due: D)
where
    W: AsyncFnMut() -> Result<bool, StoreError>,
    D: AsyncFn() -> Result<Option<Timestamp>, StoreError>,
{
    let mut failures = 0;
    while !stop.is_cancelled() {
        match work().await {
            Ok(true) => failures = 0,
            Ok(false) => {
                failures = 0;
                // A lost due time only costs the wait until somebody looks anyway.
                let due = next_due().await.ok().flatten();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = wake.notified() => {}
                    () = reached(clock, due) => {}
                }
            }
            Err(failure) => {
                failures += 1;
                let wait = AFTER_FAILURE.wait(failures - 1, clock.fraction());
                error!(attempt = failures, error = %chain(&failure), "{name} failed, trying again in {wait:?}");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
}

/// Waits until the clock shows `due`, or for a while when nothing is due.
async fn reached(clock: &Clock, due: Option<Timestamp>) {
    match (clock, due) {
        (Clock::System, Some(due)) => {
            let wait = Duration::try_from(due.duration_since(clock.now())).unwrap_or(Duration::ZERO);
            tokio::time::sleep(wait.clamp(Duration::from_millis(5), LOOK_ANYWAY)).await;
        }
        (Clock::Set(_), Some(due)) => {
            while clock.now() < due {
                tokio::time::sleep(SET_CLOCK_POLL).await;
            }
            tokio::time::sleep(SET_CLOCK_POLL).await;
        }
        (_, None) => tokio::time::sleep(LOOK_ANYWAY).await,
    }
}

async fn process_loop(desk: Desk, settled: Vec<Arc<Notify>>, stop: CancellationToken) {
    let work = async || {
        let count = process::process_due(&desk).await?;
        if count > 0 {
            settled.iter().for_each(|mailbox| mailbox.notify_one());
        }
        Ok(count > 0)
    };
    let next_due = async || desk.store.next_inbox_due().await;
    repeat("processing", &desk.clock, desk.store.inbox_changed(), &stop, work, next_due).await;
}

async fn deadline_loop(desk: Desk, stop: CancellationToken) {
    let work = async || Ok(deadlines::meet_due(&desk).await? > 0);
    let next_due = async || desk.store.next_deadline().await;
    repeat("the clock", &desk.clock, desk.store.deadlines_changed(), &stop, work, next_due).await;
}

async fn deliver_loop(desk: Desk, config: Config, stop: CancellationToken) {
    let mut courier = Courier::new(&config.smtp, Deadlines::default());
    let work = async || {
        let round = courier.deliver_due(&desk).await?;
        Ok(round.claimed > 0 && !round.is_away)
    };
    let next_due = async || desk.store.next_outbox_due().await;
    repeat("delivering", &desk.clock, desk.store.outbox_changed(), &stop, work, next_due).await;
}
