//! Starts the loops, keeps each going, and stops them in order.

use super::deliver::{Courier, chain};
use super::desk::Desk;
use super::health::{Health, is_database_away};
use super::members::Member;
use super::ready::Part;
use super::{deadlines, deliver, process, receive, reload};
use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::config::Config;
use crate::smtp::Deadlines;
use crate::spoken::{counted, length};
use crate::store::{Store, StoreError};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// How long a loop waits after the store failed: doubling from a tenth of a second up to a minute.
const AFTER_FAILURE: Backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_secs(60) };

/// The longest a loop sleeps without looking: other processes, such as the command line, cannot wake it.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);

/// How often a clock that a test sets is looked at.
const SET_CLOCK_POLL: Duration = Duration::from_millis(5);

/// How far the clock may be set back without anybody noticing.
const CLOCK_MAY_STEP: SignedDuration = SignedDuration::from_secs(30);

/// How often the database keeps its house.
const KEEP_HOUSE_EVERY: Duration = Duration::from_millis(500);

/// How often counts that nobody needs any more are forgotten.
const TIDY_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Failures in a row for want of the database that are not told: mostly it is back by then, or told of as gone.
const FAILURES_UNTOLD: u32 = 5;

/// How long everything together may take to stop: a mail that is being handed over is not to be sent twice.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// How long to wait with stopping for a database that is gone.
const STOP_WITHOUT_DATABASE: Duration = Duration::from_secs(1);

/// How long the mailboxes may take to stop. What they are at is kept or not, and if not fetched again.
const MAILBOXES_STOP_WITHIN: Duration = Duration::from_secs(5);

/// How long leaving the other workers may take; they find out by themselves.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// A part of the work, which a worker does or leaves to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Watches the mailboxes.
    Receive,
    /// Decides on received mail.
    Process,
    /// Keeps promises.
    Deadlines,
    /// Sends mail.
    Deliver,
}

impl Role {
    /// All of the work.
    pub const ALL: [Role; 4] = [Role::Receive, Role::Process, Role::Deadlines, Role::Deliver];

    /// Its name, as people write it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Receive => "receive",
            Role::Process => "process",
            Role::Deadlines => "deadlines",
            Role::Deliver => "deliver",
        }
    }
}

/// Runs the desk, or those parts of it, until it is told to stop. Loops stop in the order receive, process, deadlines, deliver; what was
/// begun is finished, what was claimed and not begun comes back. When something hangs, or the database is gone, it is
/// left as in a crash.
///
/// # Errors
/// When the store cannot be used at all.
pub async fn run(desk: Desk, config: Config, roles: &[Role], stop: CancellationToken) -> anyhow::Result<()> {
    let only_worker = desk.store.be_the_worker()?;
    if only_worker.is_some() {
        desk.store.forget_claims(desk.clock.now()).await?;
    }
    let Some(member) = open_up(&desk, roles, &stop).await? else { return Ok(()) };
    let has = |role| roles.contains(&role);
    let settled: Vec<Arc<Notify>> = config.mailboxes.iter().map(|_| Arc::new(Notify::new())).collect();
    let stops: [CancellationToken; 3] = std::array::from_fn(|_| CancellationToken::new());
    let [stop_process, stop_deadlines, stop_deliver] = stops.clone();
    let stop_living = CancellationToken::new();

    let watched = config.mailboxes.iter().zip(&settled).filter(|_| has(Role::Receive));
    let receiving = watched.map(|(mailbox, settled)| {
        let (desk, mailbox, settled, stop) = (desk.clone(), mailbox.clone(), settled.clone(), stop.clone());
        tokio::spawn(async move { receive::watch(desk, mailbox, &settled, stop).await })
    });
    let receiving: Vec<JoinHandle<()>> = receiving.collect();
    let start = |work, stop: &CancellationToken| {
        let worker = Worker {
            desk: desk.clone(),
            work,
            stop: stop.clone(),
            latest: desk.clock.now(),
            tidied_at: Timestamp::UNIX_EPOCH,
        };
        tokio::spawn(worker.run())
    };
    let process = || start(Work::Process { mailboxes: settled.clone(), line: Box::default() }, &stop_process);
    let processing = has(Role::Process).then(process);
    let meeting = has(Role::Deadlines).then(|| start(Work::Deadlines, &stop_deadlines));
    let courier = || Work::Deliver(Box::new(Courier::new(&config.smtp, Deadlines::default())));
    let connections = if has(Role::Deliver) { config.smtp.connections } else { 0 };
    let delivering = (0..connections).map(|_| start(courier(), &stop_deliver)).collect();
    tell_of_what_is_gone(&desk).await;
    desk.health.opened(&desk.store);
    info!(mailboxes = config.mailboxes.len(), "the desk is open");

    let keeping_house = vec![
        tokio::spawn(keep_house(desk.store.clone(), stop_living.clone())),
        tokio::spawn(reload::watch(desk.clone(), config.rules, config.rules_shadow, stop_living.clone())),
        tokio::spawn(member.clone().listen(stop_living.clone())),
        // To the very end: whoever is taken for dead loses what it is still at.
        tokio::spawn(member.clone().live(desk.health.clone(), stop_living.clone())),
    ];

    stop.cancelled().await;
    info!("stopping");
    desk.health.is_closing();
    let as_group = |task: Option<JoinHandle<()>>| task.into_iter().collect::<Vec<_>>();
    let groups = [receiving, as_group(processing), as_group(meeting), delivering, keeping_house];
    let tasks: Vec<AbortHandle> = groups.iter().flatten().map(JoinHandle::abort_handle).collect();
    let stopping = async {
        for (at, (group, next)) in
            groups.into_iter().zip(stops.iter().chain([&stop_living]).map(Some).chain([None])).enumerate()
        {
            let patience = if at == 0 { MAILBOXES_STOP_WITHIN } else { STOP_WITHIN };
            ended(group, patience).await;
            if let Some(next) = next {
                next.cancel();
            }
        }
        // When this fails, the others find out by themselves.
        let _ = timeout(LEAVE_WITHIN, member.leave()).await;
    };
    let why = tokio::select! {
        () = stopping => None,
        why = no_use_waiting(&desk.health) => Some(why),
    };
    match why {
        None => info!("stopped"),
        Some(why) => warn!("stopped at once, for {why}: what was under way is done again at the next start"),
    }
    tasks.iter().for_each(AbortHandle::abort);
    Ok(())
}

/// Says what open tickets have that is not in the configuration any more. Nothing follows from it but this remark.
async fn tell_of_what_is_gone(desk: &Desk) {
    let calendars = desk.calendars_that_are_gone().await;
    tell_of_each("calendars", calendars, |name, count| {
        let tickets = counted(count, "ticket");
        format!("{tickets} with the calendar `{name}`, which the configuration has no more: time runs around the clock")
    });
    let teams = desk.teams_that_are_gone().await;
    tell_of_each("teams", teams, |name, count| {
        let tickets = counted(count, "open ticket");
        format!("the team `{name}` of {tickets} is not in the configuration: the people of their tiers hear of them")
    });
}

fn tell_of_each<N>(what: &str, gone: Result<Vec<(N, usize)>, StoreError>, told: impl Fn(&N, usize) -> String) {
    match gone {
        Ok(gone) => gone.iter().for_each(|(name, count)| warn!("{}", told(name, *count))),
        Err(failure) => warn!(error = %failure, "the {what} of tickets could not be looked at"),
    }
}

/// Waits until all of these have ended, or for as long as it may take; then they are ended.
async fn ended(group: Vec<JoinHandle<()>>, patience: Duration) {
    let tasks: Vec<AbortHandle> = group.iter().map(JoinHandle::abort_handle).collect();
    let all = async {
        for task in group {
            // A loop that panicked has nothing left to stop; what it had claimed comes back.
            if let Err(fault) = task.await {
                error!(error = %fault, "a loop ended by a fault");
            }
        }
    };
    if timeout(patience, all).await.is_err() {
        tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Waits until there is no use in waiting for the loops to stop, and says why.
async fn no_use_waiting(health: &Health) -> &'static str {
    tokio::select! {
        () = health.away_for(STOP_WITHOUT_DATABASE) => "the database does not answer",
        () = tokio::time::sleep(STOP_WITHIN) => "it takes too long",
    }
}

/// Joins the workers, as soon as the database answers. `None` when told to stop meanwhile.
async fn open_up(desk: &Desk, roles: &[Role], stop: &CancellationToken) -> Result<Option<Member>, StoreError> {
    let words: Vec<&str> = Role::ALL.iter().filter(|role| roles.contains(role)).map(|role| role.word()).collect();
    let mut failures = 0;
    loop {
        let join = async {
            shorten_waits(desk).await?;
            Member::join(&desk.store, words.join(",")).await
        };
        let joined = tokio::select! {
            () = stop.cancelled() => return Ok(None),
            joined = join => joined,
        };
        match joined {
            Err(failure) if failure.is_transient() => {
                failures += 1;
                debug!(error = %chain(&failure), "the desk cannot be opened yet");
            }
            joined => return joined.map(Some),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(AFTER_FAILURE.wait(failures, desk.clock.fraction())) => {}
        }
    }
}

/// Has the database keep its house beside the work.
async fn keep_house(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(KEEP_HOUSE_EVERY) => {
                // What is not done now is done by a commit, some time.
                if let Err(failure) = store.keep_house().await {
                    debug!(error = %chain(&failure), "the database's housekeeping failed");
                }
            }
        }
    }
}

/// Lets no mail wait longer than the loops would have it wait: the clock was ahead when such a wait was set.
async fn shorten_waits(desk: &Desk) -> Result<(), StoreError> {
    desk.store.shorten_waits(desk.clock.now(), process::LONGEST_WAIT, deliver::LONGEST_WAIT).await
}

/// A loop beside the mailboxes: repeats its piece of work until it is told to stop.
struct Worker {
    desk: Desk,
    work: Work,
    stop: CancellationToken,
    /// The latest time that the clock has shown.
    latest: Timestamp,
    /// When counts that nobody needs any more were last forgotten.
    tidied_at: Timestamp,
}

/// The pieces of work.
enum Work {
    /// Inbox rows, in batches on a line; the mailboxes are told when some are done.
    Process { mailboxes: Vec<Arc<Notify>>, line: Box<process::Line> },
    /// Deadlines that have come.
    Deadlines,
    /// Outbox rows, over one connection.
    Deliver(Box<Courier>),
}

impl Worker {
    /// Works again at once while there is something to do, otherwise when it is woken, when something is due, or
    /// after a while anyway.
    async fn run(mut self) {
        let mut failures = 0;
        while !self.stop.is_cancelled() {
            let worked = AssertUnwindSafe(self.work_once()).catch_unwind().await;
            // A panic is a fault of ours, and must not cost more than the round in which it happened.
            let worked = worked.unwrap_or_else(|_fault| Err(anyhow::anyhow!("a fault of Postroom")));
            let name = self.work.name();
            if worked.is_ok() && failures > 0 {
                failures = 0;
                self.desk.health.works(&Part::Loop(name));
            }
            match worked {
                Ok(true) => {}
                Ok(false) => self.wait().await,
                Err(failure) => {
                    failures += 1;
                    let wait = AFTER_FAILURE.wait(failures, self.desk.clock.fraction());
                    self.desk.health.fails(Part::Loop(name));
                    let is_told = self.desk.health.is_away() || failures <= FAILURES_UNTOLD;
                    let error = chain(failure.as_ref());
                    if is_told && is_database_away(&failure) {
                        debug!(attempt = failures, error = %error, "{name} waits for the database");
                    } else {
                        error!(attempt = failures, error = %error, "{name} failed, trying again in {}", length(wait));
                    }
                    tokio::select! {
                        () = self.stop.cancelled() => {}
                        () = self.desk.health.is_back() => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
            }
        }
        match &mut self.work {
            Work::Process { line, .. } => {
                if let Err(failure) = process::process_rest(&self.desk, line).await {
                    // It comes back by its lease.
                    error!(error = %chain(&failure), "the last mails were claimed and not processed");
                }
            }
            Work::Deliver(courier) => courier.quit(&self.desk).await,
            Work::Deadlines => {}
        }
    }

    /// Does what is due; says whether there may be more.
    async fn work_once(&mut self) -> anyhow::Result<bool> {
        match &mut self.work {
            Work::Process { mailboxes, line } => {
                let round = process::process_due(&self.desk, line).await?;
                if round.settled > 0 {
                    mailboxes.iter().for_each(|mailbox| mailbox.notify_one());
                }
                Ok(!round.is_idle)
            }
            Work::Deadlines => {
                let now = self.desk.clock.now();
                let latest = std::mem::replace(&mut self.latest, now);
                if now + CLOCK_MAY_STEP < latest {
                    warn!("the clock went back from {latest}: mail that waits is looked at again");
                    // By how much each of them is too long, nobody knows any more.
                    self.desk.store.shorten_waits(now, SignedDuration::ZERO, SignedDuration::ZERO).await?;
                }
                if now.duration_since(self.tidied_at) > TIDY_EVERY {
                    self.tidied_at = now;
                    self.desk.store.forget_traffic(now).await?;
                    self.desk.store.forget_breakers(now).await?;
                }
                Ok(deadlines::meet_due(&self.desk).await? > 0)
            }
            Work::Deliver(courier) => {
                let round = courier.deliver_due(&self.desk).await?;
                if round.sent > 0 {
                    self.desk.health.works(&Part::Smarthost);
                } else if round.claimed > 0 && round.is_away {
                    self.desk.health.fails(Part::Smarthost);
                }
                Ok(round.claimed > 0 && !round.is_away)
            }
        }
    }

    async fn wait(&self) {
        let store = &self.desk.store;
        let next = async {
            match &self.work {
                Work::Process { .. } => (store.inbox_changed(), store.next_inbox_due().await),
                Work::Deadlines => (store.deadlines_changed(), store.next_deadline().await),
                Work::Deliver(_) => (store.outbox_changed(), store.next_outbox_due().await),
            }
        };
        let (wake, due) = tokio::select! {
            () = self.stop.cancelled() => return,
            next = next => next,
        };
        // A due time that cannot be read costs the wait until somebody looks anyway.
        let due = due.ok().flatten();
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = wake.notified() => {}
            () = reached(&self.desk.clock, due) => {}
        }
    }
}

impl Work {
    fn name(&self) -> &'static str {
        match self {
            Work::Process { .. } => "processing",
            Work::Deadlines => "the clock",
            Work::Deliver(_) => "delivering",
        }
    }
}

/// Waits until the clock shows `due`, or for a while when nothing is due.
async fn reached(clock: &Clock, due: Option<Timestamp>) {
    match (clock, due) {
        (Clock::System | Clock::Elsewhere(_), Some(due)) => {
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
