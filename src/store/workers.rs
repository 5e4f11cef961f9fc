//! The processes that share a database: who they are, who reads which mailbox, whose turn it is, and what becomes of
//! what a dead one had claimed.
//!
//! A worker says every second that it lives; one that has not for [`ALIVE_FOR`] is buried by whoever sees it, and what
//! it had is free again. Should it only have been frozen, it finds when it writes that its claims are not its own any
//! more: rows by their attempt, a mailbox by the token of its hold. Who lives goes by the database's clock, as everything
//! does that workers share; each sign of life hears it anew. With SQLite there is one worker, kept alone by a file that is
//! locked.

use super::dialect;
use super::query::{Connection, Engine, query};
use super::rows::Columns;
use super::{Store, StoreError, draw};
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a worker is taken to live after it last said so.
pub const ALIVE_FOR: SignedDuration = SignedDuration::from_secs(6);

/// How long a claim lasts that ends only with its worker: for longer than any clock is ever set ahead.
pub const FOR_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365 * 30);

/// How far the database's clock may be from where it was expected without having been set.
const CLOCK_MAY_STEP: SignedDuration = SignedDuration::from_secs(1);

/// Whether a claim of mails has no living worker.
pub(super) const ORPHANED: &str =
    "(worker IS NULL OR NOT EXISTS (SELECT 1 FROM workers WHERE workers.id = batches.worker))";

/// Whether a worker has not said lately that it lives. One that did by a clock that was ahead, and was set back since, would
/// otherwise be taken to live for as long as that was ahead.
const SILENT: &str = "(alive_until < $1 OR alive_until > $2)";

/// How often a worker should say that it lives.
pub const SAY_SO_EVERY: Duration = Duration::from_secs(1);

/// The right to read a mailbox, until somebody else has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The configured mailbox's name.
    pub mailbox: String,
    /// Grows with every change of hands; none where there is only one worker anyway.
    token: Option<i64>,
}

/// A claim of received mails by one worker, of several that share the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Its number: claims are decided on in this order.
    pub batch: i64,
    worker: i64,
}

/// One life of a worker: from joining the others until it is taken for dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life(Option<i64>);

/// Whether a claim of mails may be decided on now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Every claim before it is done.
    Ours,
    /// Another worker still has an earlier one.
    Wait,
    /// A worker died over an earlier one, and somebody has to take it over first.
    Orphan,
}

/// A worker, for lists.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WorkerRow {
    /// Its number, never given twice.
    pub id: i64,
    /// The machine it runs on.
    pub host: String,
    /// Its process there.
    pub pid: i64,
    /// What it does, by the words of `run --only`.
    pub roles: String,
    /// Since when.
    pub started_at: Timestamp,
    /// Whether it has said lately that it lives.
    pub is_alive: bool,
    /// For how long it has not said so; nothing where there is one worker, which holds a lock instead.
    pub silent_for: Option<SignedDuration>,
    /// The mailboxes it reads, and since when.
    pub mailboxes: Vec<HeldMailbox>,
    /// Mails that it has claimed for processing.
    pub processing: i64,
    /// Mails that it has claimed for delivery.
    pub sending: i64,
}

/// A mailbox that somebody reads.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HeldMailbox {
    /// The configured mailbox's name.
    pub mailbox: String,
    /// Since when.
    pub since: Timestamp,
}

/// Who this process is among the workers.
#[derive(Debug, Default)]
pub(super) struct Membership {
    inner: Mutex<Option<Member>>,
    /// Whether we may have claimed something without knowing it.
    is_in_doubt: AtomicBool,
    /// When we last found that the database's clock was set.
    clock_set_at: Mutex<Option<Instant>>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    id: i64,
    /// When it last began to say that it lives.
    said_at: Instant,
}

impl Membership {
    fn get(&self) -> Option<Member> {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, member: Option<Member>) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = member;
    }

    /// Its number, where it has one.
    pub(super) fn id(&self) -> Option<i64> {
        self.get().map(|member| member.id)
    }

    /// Whether the database's clock was set so lately that somebody who lives may not have said so since.
    fn is_clock_odd(&self) -> bool {
        let set_at = *self.clock_set_at.lock().unwrap_or_else(PoisonError::into_inner);
        set_at.is_some_and(|at| SignedDuration::try_from(at.elapsed()).is_ok_and(|since| since < ALIVE_FOR))
    }
}

impl Store {
    /// Joins the workers. `roles` is for people.
    pub async fn join_workers(&self, host: &str, pid: u32, roles: &str) -> Result<(), StoreError> {
        let said_at = Instant::now();
        let mut tx = dialect::begin_write(self.writer()).await?;
        if !self.engine().is_shared() {
            // We hold the lock, so whoever is still on the list has died.
            query("DELETE FROM workers").execute(&mut tx).await?;
            query("UPDATE holds SET worker = NULL").execute(&mut tx).await?;
        }
        let id = draw(&mut tx, "worker", 1).await?;
        let asked = Instant::now();
        let now: i64 = query(format!(
            "INSERT INTO workers (id, host, pid, roles, started_at, alive_until) VALUES ($1, $2, $3, $4, {now}, {now} + $5) \
             RETURNING started_at",
            now = self.engine().now()
        ))
        .bind(id)
        .bind(host)
        .bind(i64::from(pid))
        .bind(roles)
        .bind(alive_for())
        .fetch_value(&mut tx)
        .await?;
        self.hear_clock(now, asked);
        tx.commit().await?;
        self.membership().set(Some(Member { id, said_at }));
        Ok(())
    }

    /// Says that this worker lives, and buries those that have not for too long. Returns how many it buried, and
    /// whether it found itself buried: then it has to join anew, and all that it had is somebody else's.
    pub async fn stay_worker(&self) -> Result<(u64, bool), StoreError> {
        let Some(member) = self.membership().get() else { return Ok((0, true)) };
        if !self.engine().is_shared() {
            return Ok((0, false));
        }
        if self.membership().is_in_doubt.load(Ordering::Relaxed) {
            self.bury(member.id, None).await?;
            self.membership().is_in_doubt.store(false, Ordering::Relaxed);
            self.membership().set(None);
            return Ok((0, true));
        }
        let said_at = Instant::now();
        let sql = format!(
            "UPDATE workers SET alive_until = {} + $2 WHERE id = $1 RETURNING alive_until - $2",
            self.engine().now()
        );
        let now = query(sql).bind(member.id).bind(alive_for()).fetch_optional_value(self.heart()).await?;
        let Some(now) = now else {
            self.membership().set(None);
            return Ok((0, true));
        };
        self.membership().set(Some(Member { said_at, ..member }));
        self.hear_clock(now, said_at);
        if self.membership().is_clock_odd() {
            return Ok((0, false));
        }
        let silent = query(format!("SELECT id FROM workers WHERE {SILENT}"));
        let mut buried = 0;
        for row in silent.bind(now).bind(now + 2 * alive_for()).fetch_all(self.readers()).await? {
            buried += u64::from(self.bury(row.get(0)?, Some(now)).await?);
        }
        Ok((buried, false))
    }

    /// Hears from the database what time it is. Where its clock was set, everybody who lives gets the time to say so anew.
    fn hear_clock(&self, shown: i64, asked: Instant) {
        let moved = self.clock().hear(shown, asked, Instant::now());
        if moved.abs() > CLOCK_MAY_STEP {
            *self.membership().clock_set_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    /// Takes what became of a claim. When the answer was lost with the connection, something may be claimed for this
    /// worker that it knows nothing of: then the next [`stay_worker`](Self::stay_worker) ends this life, which frees it.
    pub(super) fn doubting<T>(&self, claimed: Result<T, StoreError>) -> Result<T, StoreError> {
        if claimed.as_ref().is_err_and(StoreError::is_away) && self.engine().is_shared() {
            self.membership().is_in_doubt.store(true, Ordering::Relaxed);
        }
        claimed
    }

    /// Leaves the workers; what it had is free at once.
    pub async fn leave_workers(&self) -> Result<(), StoreError> {
        let Some(member) = self.membership().get() else { return Ok(()) };
        self.membership().set(None);
        self.bury(member.id, None).await?;
        Ok(())
    }

    /// This worker's life, for [`lives_on`](Self::lives_on).
    pub fn life(&self) -> Life {
        Life(self.membership().id())
    }

    /// Whether others take this worker to be alive still, as far as it can know without asking, and have all along since
    /// [`life`](Self::life) was asked for.
    ///
    /// To be asked before anything that cannot be taken back: after a freeze the answer is no, also when the worker has
    /// joined anew.
    pub fn lives_on(&self, life: Life) -> bool {
        let lived_for = |member: Member| SignedDuration::try_from(member.said_at.elapsed()).unwrap_or(ALIVE_FOR);
        let is_alive = |member: Member| Some(member.id) == life.0 && lived_for(member) < ALIVE_FOR;
        !self.engine().is_shared() || self.membership().get().is_some_and(is_alive)
    }

    /// Frees what a worker had; where it must have been silent for too long, then what time it is. `false` when it is not
    /// on the list, or lives after all.
    async fn bury(&self, worker: i64, if_silent_at: Option<i64>) -> Result<bool, StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        let touched = match if_silent_at {
            Some(now) => {
                let sql = format!("DELETE FROM workers WHERE {SILENT} AND id = $3");
                query(sql).bind(now).bind(now + 2 * alive_for()).bind(worker).execute(&mut tx).await?
            }
            None => query("DELETE FROM workers WHERE id = $1").bind(worker).execute(&mut tx).await?,
        };
        if touched == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let now = self.engine().now();
        let statements = [
            "UPDATE batches SET worker = NULL WHERE worker = $1".to_owned(),
            "UPDATE holds SET worker = NULL WHERE worker = $1".to_owned(),
            format!("UPDATE outbox SET due_at = {now} WHERE state = 'sending' AND worker = $1 AND due_at > {now}"),
            format!("UPDATE deadlines SET claim_at = {now} WHERE worker = $1 AND attempt > 0 AND claim_at > {now}"),
        ];
        for statement in statements {
            query(statement).bind(worker).execute(&mut tx).await?;
        }
        self.engine().tell(&mut tx, "inbox").await?;
        self.engine().tell(&mut tx, "outbox").await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes the right to read a mailbox, if nobody else has it. Our own we take anew: the database may have granted or
    /// kept it while the connection, and so its answer or our leave, was lost.
    pub async fn take_mailbox(&self, mailbox: &str) -> Result<Option<Hold>, StoreError> {
        let hold = |token| Some(Hold { mailbox: mailbox.to_owned(), token });
        let Some(worker) = self.membership().id() else {
            return Ok(if self.engine().is_shared() { None } else { hold(None) });
        };
        let sql = format!(
            "INSERT INTO holds (mailbox, worker, token, since) VALUES ($1, $2, 1, {now}) \
             ON CONFLICT (mailbox) DO UPDATE SET worker = excluded.worker, token = holds.token + 1, \
             since = excluded.since \
             WHERE holds.worker IS NULL OR holds.worker = excluded.worker \
             OR NOT EXISTS (SELECT 1 FROM workers WHERE workers.id = holds.worker) \
             RETURNING token",
            now = self.engine().now()
        );
        let token = query(sql).bind(mailbox).bind(worker).fetch_optional_value(self.writer()).await?;
        Ok(token.and_then(|token| hold(Some(token))))
    }

    /// Gives the right to read a mailbox back, if it is still ours.
    pub async fn leave_mailbox(&self, hold: &Hold) -> Result<(), StoreError> {
        let Some(token) = hold.token else { return Ok(()) };
        query("UPDATE holds SET worker = NULL WHERE mailbox = $1 AND token = $2")
            .bind(&hold.mailbox)
            .bind(token)
            .execute(self.writer())
            .await?;
        Ok(())
    }

    /// Whether a claim of mails may be decided on now.
    pub async fn turn(&self, claim: Claim) -> Result<Turn, StoreError> {
        // Batches of our own that come earlier are on the same line, which is worked off in order.
        let is_orphaned = query(format!(
            "SELECT {ORPHANED} FROM batches WHERE id < $1 AND worker IS DISTINCT FROM $2 ORDER BY id LIMIT 1"
        ))
        .bind(claim.batch)
        .bind(claim.worker)
        .fetch_optional_value(self.readers())
        .await?;
        Ok(match is_orphaned {
            None => Turn::Ours,
            Some(false) => Turn::Wait,
            Some(true) => Turn::Orphan,
        })
    }

    /// Frees those of our own claims that are not among `kept`: something went wrong between making and noting them.
    ///
    /// They would hold up everybody else for as long as we live.
    pub async fn free_claims_but(&self, kept: &[Claim]) -> Result<(), StoreError> {
        if !self.engine().is_shared() {
            return Ok(());
        }
        let worker = self.worker()?;
        let mut ours = query("SELECT id FROM batches WHERE worker = $1").bind(worker).fetch_all(self.readers()).await?;
        ours.retain(|row| row.get(0).is_ok_and(|id: i64| kept.iter().all(|claim| claim.batch != id)));
        for row in &ours {
            let id: i64 = row.get(0)?;
            let sql = "UPDATE batches SET worker = NULL WHERE id = $1 AND worker = $2";
            query(sql).bind(id).bind(worker).execute(self.writer()).await?;
        }
        Ok(())
    }

    /// Ends a claim of mails that was not ended by settling them. What is left of it, somebody else takes over.
    pub async fn end_claim(&self, claim: Claim) -> Result<(), StoreError> {
        let mut tx = dialect::begin_write(self.writer()).await?;
        end_claim(&mut tx, claim).await?;
        tx.commit().await
    }

    /// Who this process is among workers that share the database.
    ///
    /// # Errors
    /// When it is none of them: whoever claims mail has to be known, so that it can be buried.
    pub(super) fn worker(&self) -> Result<i64, StoreError> {
        self.membership().id().ok_or_else(taken_for_dead)
    }

    /// The workers, oldest first.
    pub async fn list_workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        let mut tx = dialect::begin_read(self.readers()).await?;
        let sql = format!(
            "SELECT id, host, pid, roles, started_at, {} - alive_until, \
             (SELECT COUNT(*) FROM inbox JOIN batches ON batches.id = inbox.batch \
              WHERE state = 'processing' AND batches.worker = workers.id), \
             (SELECT COUNT(*) FROM outbox WHERE state = 'sending' AND outbox.worker = workers.id) \
             FROM workers ORDER BY id",
            self.engine().now()
        );
        let rows = query(sql).fetch_all(&mut tx).await?;
        let mut workers = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut columns = Columns::of(row);
            workers.push(WorkerRow {
                id: columns.next()?,
                host: columns.next()?,
                pid: columns.next()?,
                roles: columns.next()?,
                started_at: columns.next_at()?,
                silent_for: Some(ALIVE_FOR + SignedDuration::from_millis(columns.next()?)),
                is_alive: true,
                processing: columns.next()?,
                sending: columns.next()?,
                mailboxes: Vec::new(),
            });
        }
        let held = query("SELECT worker, mailbox, since FROM holds WHERE worker IS NOT NULL ORDER BY mailbox");
        for row in &held.fetch_all(&mut tx).await? {
            let mut columns = Columns::of(row);
            let id: i64 = columns.next()?;
            let held = HeldMailbox { mailbox: columns.next()?, since: columns.next_at()? };
            if let Some(worker) = workers.iter_mut().find(|worker| worker.id == id) {
                worker.mailboxes.push(held);
            }
        }
        tx.rollback().await?;
        let lives = self.has_the_worker();
        for worker in &mut workers {
            if !self.engine().is_shared() {
                (worker.silent_for, worker.is_alive) = (None, lives);
            } else {
                worker.is_alive = worker.silent_for.is_some_and(|silent_for| silent_for <= ALIVE_FOR);
            }
        }
        Ok(workers)
    }
}

/// Sees to it that nobody else has taken a mailbox over, and that nobody does until the transaction ends.
pub(super) async fn insist_on_hold(tx: &mut Connection, hold: &Hold) -> Result<(), StoreError> {
    let Some(token) = hold.token else { return Ok(()) };
    let lock = if tx.engine() == Engine::Postgres { " FOR SHARE" } else { "" };
    let found = query(format!("SELECT token FROM holds WHERE mailbox = $1 AND token = $2{lock}"))
        .bind(&hold.mailbox)
        .bind(token)
        .fetch_optional(tx)
        .await?;
    match found {
        Some(_) => Ok(()),
        None => Err(StoreError::Conflict { what: format!("mailbox {}", hold.mailbox) }),
    }
}

/// Sees to it that we are not taken for dead, and that nobody buries us until the transaction ends: what is claimed in
/// the name of a worker that is not on the list any more, nobody would ever free.
pub(super) async fn insist_on_life(tx: &mut Connection, worker: i64) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM workers WHERE id = $1 FOR SHARE";
    match query(sql).bind(worker).fetch_optional(tx).await? {
        Some(_) => Ok(()),
        None => Err(taken_for_dead()),
    }
}

fn taken_for_dead() -> StoreError {
    StoreError::Conflict { what: "this worker's place among the others".to_owned() }
}

/// Numbers a claim of mails. Whoever claims next waits for this transaction, so that later numbers have later mails.
pub(super) async fn next_claim(tx: &mut Connection, worker: i64) -> Result<Claim, StoreError> {
    insist_on_life(tx, worker).await?;
    Ok(Claim { batch: draw(tx, "batch", 1).await?, worker })
}

/// Notes who has a claim of mails.
pub(super) async fn begin_claim(tx: &mut Connection, claim: Claim) -> Result<(), StoreError> {
    let sql = "INSERT INTO batches (id, worker) VALUES ($1, $2)";
    query(sql).bind(claim.batch).bind(claim.worker).execute(tx).await?;
    Ok(())
}

/// Takes over the oldest claim that a dead worker left, if it comes before another one.
pub(super) async fn adopt_claim(
    tx: &mut Connection,
    worker: i64,
    before: Option<Claim>,
) -> Result<Option<Claim>, StoreError> {
    insist_on_life(tx, worker).await?;
    let batch = query(format!(
        "UPDATE batches SET worker = $1 WHERE id = \
         (SELECT id FROM batches WHERE {ORPHANED} AND id < $2 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"
    ))
    .bind(worker)
    .bind(before.map_or(i64::MAX, |claim| claim.batch))
    .fetch_optional_value(tx)
    .await?;
    Ok(batch.map(|batch| Claim { batch, worker }))
}

/// Sees to it that a claim of mails is still that worker's, and stays so until the transaction ends. Who was taken for dead
/// has lost it, the mails of it that nobody has touched since included: whoever takes it over does them in their order.
pub(super) async fn insist_on_claim(tx: &mut Connection, claim: Claim) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM batches WHERE id = $1 AND worker = $2 FOR UPDATE";
    match query(sql).bind(claim.batch).bind(claim.worker).fetch_optional(tx).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::Conflict { what: "who has a claim of mails".to_owned() }),
    }
}

/// Ends a claim of mails, if it is still that worker's. Where mails of it are open, it is left for somebody to take over.
pub(super) async fn end_claim(tx: &mut Connection, claim: Claim) -> Result<(), StoreError> {
    let statements = [
        "DELETE FROM batches WHERE id = $1 AND worker = $2 \
         AND NOT EXISTS (SELECT 1 FROM inbox WHERE batch = $1 AND state = 'processing')",
        "UPDATE batches SET worker = NULL WHERE id = $1 AND worker = $2",
    ];
    for statement in statements {
        query(statement).bind(claim.batch).bind(claim.worker).execute(&mut *tx).await?;
    }
    Ok(())
}

fn alive_for() -> i64 {
    i64::try_from(ALIVE_FOR.as_millis()).unwrap_or(i64::MAX)
}
