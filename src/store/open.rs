//! Opening the database, and what every part of the store shares.

use super::StoreError;
use super::dialect::{self, Pools, postgres, sqlite};
use super::query::{Connection, Engine, Pool, query};
use super::workers::Membership;
use crate::clock::Clock;
use crate::endpoint::Secret;
use data_encoding::BASE32_NOPAD;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;

/// The database of a desk. Cheap to clone; all clones are the same database.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    url: String,
    pools: Pools,
    instance: Instance,
    membership: Membership,
    clock: Clock,
    inbox_changed: Notify,
    outbox_changed: Notify,
    deadlines_changed: Notify,
}

/// Who this desk is, for life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Tells our own mails from those of other desks; no secret.
    pub id: String,
    /// What our tokens are signed with, unless the configuration gives a key.
    pub token_key: Secret,
}

impl Store {
    /// Opens a database, makes it when it is not there, and brings its tables up to date.
    ///
    /// `sqlite:///var/lib/postroom/desk.db`, or `sqlite:desk.db` for a path relative to the working folder.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let pools = dialect::connect(url).await?;
        let instance = instance(&pools.writer).await?;
        let clock = clock(&pools.writer).await?;
        let (inbox_changed, outbox_changed, deadlines_changed) = (Notify::new(), Notify::new(), Notify::new());
        let membership = Membership::default();
        let url = url.to_owned();
        let inner = Inner { url, pools, instance, membership, clock, inbox_changed, outbox_changed, deadlines_changed };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes this process the only worker on the database for as long as the returned value lives.
    ///
    /// # Errors
    /// When another one works on it.
    pub fn be_the_worker(&self) -> Result<Option<std::fs::File>, StoreError> {
        match self.engine() {
            Engine::Sqlite => sqlite::lock_out(&self.inner.url),
            Engine::Postgres => Ok(None),
        }
    }

    /// Whether some process is [the worker](Self::be_the_worker); asking keeps nobody from becoming it.
    pub(super) fn has_the_worker(&self) -> bool {
        self.engine() == Engine::Sqlite && sqlite::is_locked_out(&self.inner.url)
    }

    /// Whether several workers may share this database.
    pub fn is_shared(&self) -> bool {
        self.engine().is_shared()
    }

    /// Closes all connections; what was begun is taken back.
    pub async fn close(&self) {
        if let Some(keeper) = &self.inner.pools.keeper {
            keeper.close().await;
        }
        if let Some(heart) = &self.inner.pools.heart {
            heart.close().await;
        }
        self.inner.pools.readers.close().await;
        self.inner.pools.writer.close().await;
    }

    /// Does the database's own housekeeping that would else hold up some commit. Worth doing every second or so while
    /// mail is processed.
    pub async fn keep_house(&self) -> Result<(), StoreError> {
        match &self.inner.pools.keeper {
            Some(keeper) => sqlite::checkpoint(keeper).await,
            None => Ok(()),
        }
    }

    /// Hears what other workers have done, and wakes the loops for it. Ends only where there are no others.
    ///
    /// # Errors
    /// When the connection is lost; whatever was said meanwhile is missed, so all loops are woken first.
    pub async fn hear_others(&self) -> Result<(), StoreError> {
        let Pool::Postgres(pool) = self.readers() else { return Ok(()) };
        postgres::listen(pool, |what| {
            let wakes = [
                ("inbox", self.inbox_changed()),
                ("outbox", self.outbox_changed()),
                ("deadlines", self.deadlines_changed()),
            ];
            for (name, wake) in wakes {
                if what.is_none_or(|what| what == name) {
                    wake.notify_one();
                }
            }
        })
        .await
    }

    /// Who this desk is.
    pub fn instance(&self) -> &Instance {
        &self.inner.instance
    }

    /// The clock that all work on this database goes by: where workers share it the database's own, else the machine's.
    ///
    /// The database's is heard once now, and again with each sign of life of a worker.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Told when mail came into the inbox. One loop waits for each of the three; it is told once for many changes,
    /// and also when it was not waiting yet.
    pub fn inbox_changed(&self) -> &Notify {
        &self.inner.inbox_changed
    }

    /// Told when mail came into the outbox, or an earlier one no longer stands in another's way.
    pub fn outbox_changed(&self) -> &Notify {
        &self.inner.outbox_changed
    }

    /// Told when a deadline was set.
    pub fn deadlines_changed(&self) -> &Notify {
        &self.inner.deadlines_changed
    }

    pub(super) fn membership(&self) -> &Membership {
        &self.inner.membership
    }

    pub(super) fn engine(&self) -> Engine {
        self.inner.pools.writer.engine()
    }

    pub(super) fn writer(&self) -> &Pool {
        &self.inner.pools.writer
    }

    /// The connection to say with that we live.
    pub(super) fn heart(&self) -> &Pool {
        self.inner.pools.heart.as_ref().unwrap_or(&self.inner.pools.writer)
    }

    pub(super) fn readers(&self) -> &Pool {
        &self.inner.pools.readers
    }
}

/// Asks the database for the time, where it has a clock of its own.
async fn clock(pool: &Pool) -> Result<Clock, StoreError> {
    if !pool.engine().is_shared() {
        return Ok(Clock::System);
    }
    let shown = query(format!("SELECT {}", pool.engine().now())).fetch_value(pool).await?;
    Ok(Clock::elsewhere(shown, Instant::now()))
}

/// Reads who we are, or decides it once and for all. Two that open a new database at once agree.
async fn instance(writer: &Pool) -> Result<Instance, StoreError> {
    let mut tx = dialect::begin_write(writer).await?;
    let (id, token_key) = (random_text::<10>()?, random_text::<32>()?);
    query("INSERT INTO instance (one, id, token_key) VALUES (1, $1, $2) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(token_key)
        .execute(&mut tx)
        .await?;
    let row = query("SELECT id, token_key FROM instance").fetch_one(&mut tx).await?;
    let (id, token_key): (String, String) = (row.get(0)?, row.get(1)?);
    tx.commit().await?;
    Ok(Instance { id, token_key: Secret::new(token_key) })
}

/// Random bytes in base 32, lower case.
fn random_text<const BYTES: usize>() -> Result<String, StoreError> {
    let mut bytes = [0; BYTES];
    let failed = |error| StoreError::Refused { what: format!("the system gives no random numbers: {error}") };
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(BASE32_NOPAD.encode(&bytes).to_lowercase())
}

/// Draws `count` numbers in a row; returns the first. A rollback gives them back.
pub(super) async fn draw(tx: &mut Connection, counter: &str, count: usize) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let last: i64 = query("UPDATE counters SET last = last + $2 WHERE name = $1 RETURNING last")
        .bind(counter)
        .bind(count)
        .fetch_value(tx)
        .await?;
    Ok(last - count + 1)
}
