//! The databases that are measured, and all that this program asks of one past the store.
//!
//! Another database, or more workers on one, is another line in [`Setting::ALL`] and another arm in each function here.

use anyhow::{Context as _, Result, ensure};
use postroom::smtp::Envelope;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

/// How often a database is asked whether all is done.
const LOOK: Duration = Duration::from_millis(2);

/// Rows of the bare ingest in one statement; one by one it would be slower.
const ROWS: usize = 50;

/// Whether a mail has come in, whether the last one that came in is settled, and whether the last one that goes out is sent; two looks at small
/// indexes.
const KEPT: &str = "SELECT last >= $1 FROM counters WHERE name = 'inbox'";
const SETTLED: &str = "SELECT (SELECT last FROM counters WHERE name = 'inbox') = $1 \
    AND NOT EXISTS (SELECT 1 FROM inbox WHERE state IN ('new', 'processing'))";
const SENT: &str = "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE state IN ('waiting', 'sending'))";

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
}

/// What the desk runs on in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub engine: Engine,
    /// Workers on one database.
    pub workers: usize,
}

impl Setting {
    /// One SQLite database has one worker.
    pub const ALL: [Self; 1] = [Self { engine: Engine::Sqlite, workers: 1 }];
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.engine, self.workers) {
            (Engine::Sqlite, 1) => f.write_str("SQLite, one worker"),
            (Engine::Sqlite, workers) => write!(f, "SQLite, {workers} workers"),
        }
    }
}

impl Engine {
    /// Copies the desk's database of one folder, at which nobody works, into another.
    pub fn copy(self, from: &Path, to: &Path) -> Result<()> {
        match self {
            Self::Sqlite => {
                let copy = to.join("desk.db");
                std::fs::copy(from.join("desk.db"), &copy)?;
                // Else what is measured next waits for the disk.
                Ok(File::open(&copy)?.sync_all()?)
            }
        }
    }

    /// A new database of the desk's in this folder.
    pub fn url(self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("desk.db").display()),
        }
    }
}

/// A look at the desk's database from outside.
pub enum Watcher {
    Sqlite(SqliteConnection),
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// There is an inbox row with this number.
    Kept(usize),
    /// The inbox row with this number, and all before it, are done.
    Settled(usize),
    /// The outbox is empty.
    Sent,
}

impl Watcher {
    /// The database is there already.
    pub async fn of(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)?.create_if_missing(false).disable_statement_logging();
        Ok(Self::Sqlite(options.connect().await?))
    }

    async fn is(&mut self, until: Until) -> Result<bool> {
        let Self::Sqlite(connection) = self;
        let query = match until {
            Until::Kept(number) => sqlx::query_scalar(KEPT).bind(i64::try_from(number)?),
            Until::Settled(last) => sqlx::query_scalar(SETTLED).bind(i64::try_from(last)?),
            Until::Sent => sqlx::query_scalar(SENT),
        };
        Ok(query.fetch_one(connection).await?)
    }

    /// Waits; returns how long it took since `begun`.
    pub async fn wait(&mut self, until: Until, begun: Instant, limit: Duration) -> Result<Duration> {
        while !self.is(until).await.with_context(|| format!("waiting for {until:?}"))? {
            ensure!(begun.elapsed() < limit, "{} s were not enough for {until:?}", limit.as_secs());
            tokio::time::sleep(LOOK).await;
        }
        Ok(begun.elapsed())
    }

    /// One number that a statement gives.
    pub async fn number(&mut self, sql: &'static str) -> Result<i64> {
        let Self::Sqlite(connection) = self;
        Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
    }

    /// All mails of the outbox.
    pub async fn outbox(&mut self) -> Result<Vec<(Envelope, Vec<u8>)>> {
        let Self::Sqlite(connection) = self;
        let sql = "SELECT envelope_from, recipient, raw FROM outbox JOIN outbox_raw ON outbox = id ORDER BY id";
        let rows: Vec<(Option<String>, String, Vec<u8>)> = sqlx::query_as(sql).fetch_all(connection).await?;
        Ok(rows.into_iter().map(|(from, to, raw)| (Envelope { from, to }, raw)).collect())
    }

    pub async fn close(self) -> Result<()> {
        let Self::Sqlite(connection) = self;
        Ok(connection.close().await?)
    }
}

/// One table for raw bytes, as durable as the desk's database.
pub enum BareTable {
    Sqlite(SqliteConnection),
}

impl BareTable {
    pub async fn new(engine: Engine, folder: &Path) -> Result<Self> {
        match engine {
            Engine::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(folder.join("bare.db"))
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("wal_autocheckpoint", "8000")
                    .pragma("cache_size", "-65536")
                    .disable_statement_logging();
                let mut connection = options.connect().await?;
                let sql = "CREATE TABLE mails (uid INTEGER PRIMARY KEY, raw BLOB NOT NULL)";
                sqlx::query(sql).execute(&mut connection).await?;
                Ok(Self::Sqlite(connection))
            }
        }
    }

    /// Commits mails.
    pub async fn keep(&mut self, mails: &[(u32, &[u8])]) -> Result<()> {
        let Self::Sqlite(connection) = self;
        let mut tx = connection.begin().await?;
        for rows in mails.chunks(ROWS) {
            let values = vec!["(?, ?)"; rows.len()].join(", ");
            let mut query = sqlx::query(AssertSqlSafe(format!("INSERT INTO mails (uid, raw) VALUES {values}")));
            for (uid, raw) in rows {
                query = query.bind(i64::from(*uid)).bind(*raw);
            }
            query.execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
}
