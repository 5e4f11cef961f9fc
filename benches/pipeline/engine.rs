//! The databases that are measured, and all that this program asks of one past the store.
//!
//! Which of them, and how many workers on one, is in [`Setting::all`].

use anyhow::{Context as _, Result, anyhow, ensure};
use postroom::smtp::Envelope;
use postroom_testbed::postgres::{self, Flushing, Postgres};
use postroom_testbed::skipped;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::OnceLock;
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
    Postgres,
}

/// What the desk runs on in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub engine: Engine,
    /// Workers on one database.
    pub workers: usize,
}

/// The kinds of database that can be measured here.
pub fn all() -> Vec<Engine> {
    match postgres::missing() {
        None => vec![Engine::Sqlite, Engine::Postgres],
        Some(names) => {
            skipped(&format!("nothing is measured on PostgreSQL, because there is no {names}"));
            vec![Engine::Sqlite]
        }
    }
}

impl Setting {
    /// Those that can be measured here. One SQLite database has one worker.
    pub fn all(sqlite_only: bool) -> Vec<Self> {
        let workers = |engine| match engine {
            Engine::Sqlite => &[1][..],
            Engine::Postgres => &[1, 2, 4],
        };
        let of = |engine| workers(engine).iter().map(move |workers| Self { engine, workers: *workers });
        let engines = if sqlite_only { vec![Engine::Sqlite] } else { all() };
        engines.into_iter().flat_map(of).collect()
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = self.engine;
        let plural = if self.workers == 1 { "" } else { "s" };
        write!(f, "{engine}, {} worker{plural}", self.workers)
    }
}

impl Engine {
    /// A new database of the desk's, in this folder if it is a file.
    pub fn url(self, folder: &Path) -> Result<String> {
        match self {
            Self::Sqlite => Ok(sqlite_url(folder)),
            Self::Postgres => cluster()?.fresh_database(),
        }
    }
}

/// The desk's SQLite database in this folder.
pub fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("desk.db").display())
}

/// Copies the desk's SQLite database of one folder, at which nobody works, into another.
pub fn copy_sqlite(from: &Path, to: &Path) -> Result<()> {
    let copy = to.join("desk.db");
    std::fs::copy(from.join("desk.db"), &copy)?;
    // Else what is measured next waits for the disk.
    Ok(File::open(&copy)?.sync_all()?)
}

/// The server for all rounds; each has a database of its own. Its commits are on the disk, as SQLite's are.
fn cluster() -> Result<&'static Postgres> {
    static CLUSTER: OnceLock<Result<Postgres, String>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| Postgres::start(Flushing::On).map_err(|error| format!("{error:#}")));
    cluster.as_ref().map_err(|error| anyhow!("{error}"))
}

/// A connection past the store: a look at the desk's database, or a bare ingest's own.
pub enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
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

/// Has both arms run the same words on their kind of connection.
macro_rules! on {
    ($connection:expr, $name:ident => $does:expr) => {
        match $connection {
            Connection::Sqlite($name) => $does,
            Connection::Postgres($name) => $does,
        }
    };
}

/// A look at the desk's database from outside.
pub struct Watcher(Connection);

impl Watcher {
    /// The database is there already.
    pub async fn of(url: &str) -> Result<Self> {
        if url.starts_with("postgres:") {
            return Ok(Self(Connection::Postgres(PgConnection::connect(url).await?)));
        }
        let options = SqliteConnectOptions::from_str(url)?.create_if_missing(false).disable_statement_logging();
        Ok(Self(Connection::Sqlite(options.connect().await?)))
    }

    async fn is(&mut self, until: Until) -> Result<bool> {
        let (sql, number) = match until {
            Until::Kept(number) => (KEPT, Some(number)),
            Until::Settled(last) => (SETTLED, Some(last)),
            Until::Sent => (SENT, None),
        };
        let number = number.map(i64::try_from).transpose()?;
        Ok(on!(&mut self.0, connection => match number {
            Some(number) => sqlx::query_scalar(sql).bind(number).fetch_one(connection).await?,
            None => sqlx::query_scalar(sql).fetch_one(connection).await?,
        }))
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
        Ok(on!(&mut self.0, connection => sqlx::query_scalar(sql).fetch_one(connection).await?))
    }

    /// Bytes of what the desk has written for its mails beside them: the mails that go out, and the words that are kept.
    pub async fn written_bytes(&mut self) -> Result<usize> {
        let sql = "SELECT CAST(COALESCE((SELECT SUM(OCTET_LENGTH(raw)) FROM outbox_raw), 0) \
            + COALESCE((SELECT SUM(OCTET_LENGTH(text)) FROM messages), 0) AS BIGINT)";
        Ok(usize::try_from(self.number(sql).await?)?)
    }

    /// All mails of the outbox.
    pub async fn outbox(&mut self) -> Result<Vec<(Envelope, Vec<u8>)>> {
        let sql = "SELECT envelope_from, recipient, raw FROM outbox JOIN outbox_raw ON outbox = id ORDER BY id";
        let rows: Vec<(Option<String>, String, Vec<u8>)> =
            on!(&mut self.0, connection => sqlx::query_as(sql).fetch_all(connection).await?);
        Ok(rows.into_iter().map(|(from, to, raw)| (Envelope { from, to }, raw)).collect())
    }

    pub async fn close(self) -> Result<()> {
        on!(self.0, connection => connection.close().await?);
        Ok(())
    }
}

/// One table for raw bytes, as durable as the desk's database.
pub struct BareTable(Connection);

impl BareTable {
    pub async fn new(engine: Engine, folder: &Path) -> Result<Self> {
        let (connection, bytes) = match engine {
            Engine::Sqlite => {
                let options = SqliteConnectOptions::new()
                    .filename(folder.join("bare.db"))
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("wal_autocheckpoint", "8000")
                    .pragma("cache_size", "-65536")
                    .disable_statement_logging();
                (Connection::Sqlite(options.connect().await?), "BLOB")
            }
            Engine::Postgres => {
                let url = cluster()?.fresh_database()?;
                (Connection::Postgres(PgConnection::connect(&url).await?), "BYTEA")
            }
        };
        let mut table = Self(connection);
        let sql = format!("CREATE TABLE mails (uid INTEGER PRIMARY KEY, raw {bytes} NOT NULL)");
        on!(&mut table.0, connection => {
            sqlx::query(AssertSqlSafe(sql)).execute(connection).await?;
        });
        Ok(table)
    }

    /// Commits mails.
    pub async fn keep(&mut self, mails: &[(u32, &[u8])]) -> Result<()> {
        on!(&mut self.0, connection => {
            let mut tx = connection.begin().await?;
            for rows in mails.chunks(ROWS) {
                let values: Vec<String> = (1..=rows.len()).map(|row| format!("(${}, ${})", row * 2 - 1, row * 2)).collect();
                let sql = format!("INSERT INTO mails (uid, raw) VALUES {}", values.join(", "));
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for (uid, raw) in rows {
                    query = query.bind(i32::try_from(*uid)?).bind(*raw);
                }
                query.execute(&mut *tx).await?;
            }
            Ok(tx.commit().await?)
        })
    }
}
