//! PostgreSQL: a server that several workers share.

use super::{Pools, STATEMENTS_KEPT, Trouble, cannot_open, insist_on_known, migration_error};
use crate::store::error::StoreError;
use crate::store::query::{Engine, Pool};
use crate::store::shown;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, PgPool, Row as _};
use std::str::FromStr;
use std::time::Duration;
use tokio::time::timeout;

/// The tables, as the files beside the sources give them.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Where workers tell each other what is new (`NOTIFY`).
pub(in crate::store) const CHANNEL: &str = "postroom";

/// Connections to write with: one for each mailbox and loop that may be at it at the same time.
const WRITERS: u32 = 6;

/// Connections to read with.
const READERS: u32 = 4;

/// How long to wait for a connection: also for a server that is gone, and whoever is told to stop waits for that.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(8);

/// A connection that nobody used for so long is closed; a server has few.
const IDLE: Duration = Duration::from_secs(300);

/// How long the server may take to let us in.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may take to show that it still lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// A connection that was used this lately is taken to live.
const LATELY: Duration = Duration::from_secs(1);

/// How long to hear nothing from others before making sure that we would.
const QUIET: Duration = Duration::from_secs(30);

/// How long the server keeps a transaction open in which nothing happens: ours never wait, so its worker is dead, frozen or
/// cut off, and must not hold up others until they are taken for dead themselves.
const GIVE_UP_IDLE_TRANSACTION: (&str, &str) = ("idle_in_transaction_session_timeout", "3s");

/// Sets the numbers that the next rows get.
pub(super) const GO_ON_NUMBERING: [&str; 2] = [
    "SELECT setval(pg_get_serial_sequence('messages', 'id'), (SELECT COALESCE(MAX(id), 0) + 1 FROM messages), FALSE)",
    "SELECT setval(pg_get_serial_sequence('events', 'id'), (SELECT COALESCE(MAX(id), 0) + 1 FROM events), FALSE)",
];

/// Notices are for people at a prompt; in our log they would look like trouble.
const NO_NOTICES: (&str, &str) = ("client_min_messages", "error");

/// Stands as a comment on the table of who we are, so that our database is told from others.
const OURS: &str = "postroom";

/// Connects, and brings the tables up to date.
pub(super) async fn connect(url: &str) -> Result<Pools, StoreError> {
    let options = options(url)?;
    let mut first = first_connection(&options, url).await?;
    if is_ours(&mut first, url).await? {
        let row = sqlx::query("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut first).await?;
        insist_on_known(row.try_get(0)?, Engine::Postgres, url)?;
    }
    // Of two that come to a new database at once, one waits for the other: sqlx takes a lock in the database.
    MIGRATIONS.run(&mut first).await.map_err(|error| migration_error(error, url))?;
    sqlx::Connection::close(first).await?;
    let writer = Pool::Postgres(pool(WRITERS).connect_lazy_with(options.clone()));
    let heart = Some(Pool::Postgres(pool(1).connect_lazy_with(options.clone())));
    let readers = Pool::Postgres(pool(READERS).connect_lazy_with(options));
    Ok(Pools { writer, readers, heart, keeper: None })
}

/// How to connect. Over a network the server's certificate is checked, unless the URL says otherwise.
pub(in crate::store) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let unusable = |cause: sqlx::Error| StoreError::Other {
        what: format!("{} cannot be used as a database", shown(url)),
        cause: cause.into(),
    };
    let mut options = PgConnectOptions::from_str(url).map_err(unusable)?;
    let host = options.get_host();
    let is_near = matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]") || host.starts_with('/');
    if !is_near && !url.contains("sslmode=") && !url.contains("ssl-mode=") && options.get_socket().is_none() {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    Ok(options
        .application_name("postroom")
        .statement_cache_capacity(STATEMENTS_KEPT)
        .options([GIVE_UP_IDLE_TRANSACTION, NO_NOTICES])
        .disable_statement_logging())
}

fn pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .acquire_slow_threshold(ACQUIRE_TIMEOUT)
        .idle_timeout(IDLE)
        .test_before_acquire(false)
        // A `begin` that was given up half-way can leave its transaction open on the connection; what is written there
        // next would look committed and not be (sqlx issue 4385). So it is made clean, by whoever has no more need of it
        // and not by whoever waits for it.
        .after_release(|connection, _| Box::pin(async move { Ok(is_clean(connection).await) }))
        .before_acquire(|connection, before| {
            Box::pin(async move { Ok(before.idle_for < LATELY || is_clean(connection).await) })
        })
}

/// Whether a connection lives; no transaction is open on it then.
async fn is_clean(connection: &mut PgConnection) -> bool {
    // `BEGIN` before it, because a `ROLLBACK` alone is a warning in the server's own log.
    let cleaned = timeout(SIGN_OF_LIFE, connection.execute("BEGIN; ROLLBACK")).await;
    cleaned.is_ok_and(|cleaned| cleaned.is_ok())
}

/// What is said of a server from which nothing is heard.
pub(in crate::store) fn silence() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// Why a pool had no connection for too long: it only says that it waited.
pub(in crate::store) async fn why_no_connection(pool: &PgPool) -> StoreError {
    let options = pool.connect_options();
    match timeout(SIGN_OF_LIFE, options.connect()).await {
        // The server has some for us, but all of ours are in use.
        Ok(Ok(connection)) => {
            // It served its purpose.
            let _ = sqlx::Connection::close(connection).await;
            sqlx::Error::PoolTimedOut.into()
        }
        Ok(Err(error)) => error.into(),
        Err(_) => silence().into(),
    }
}

/// Listens to what other workers say, until the connection is lost; nothing stands for anything, which may have been
/// missed.
pub(in crate::store) async fn listen(pool: &PgPool, mut hear: impl FnMut(Option<&str>)) -> Result<(), StoreError> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    hear(None);
    loop {
        match timeout(QUIET, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => hear(Some(notification.payload())),
            Ok(lost) => {
                lost?;
                hear(None);
            }
            // A connection can end without a word.
            Err(_) => timeout(SIGN_OF_LIFE, listener.listen(CHANNEL)).await.unwrap_or_else(|_| Err(silence()))?,
        }
    }
}

/// The first connection, with the errors that only happen then. Not from a pool: that would try for as long as it may
/// wait for a connection, and then say that it waited.
async fn first_connection(options: &PgConnectOptions, url: &str) -> Result<PgConnection, StoreError> {
    let connected = timeout(PATIENCE, options.connect()).await.unwrap_or_else(|_| Err(silence()));
    connected.map_err(|error| cannot_open(error, url))
}

/// Connects to a database as it is; `None` when nothing is in it.
pub(in crate::store) async fn look(url: &str) -> Result<Option<Pool>, StoreError> {
    let options = options(url)?;
    let mut first = first_connection(&options, url).await?;
    let is_ours = is_ours(&mut first, url).await?;
    sqlx::Connection::close(first).await?;
    Ok(is_ours.then(|| Pool::Postgres(pool(1).connect_lazy_with(options))))
}

/// Whether the database is ours; `false` when nothing is in it.
async fn is_ours(connection: &mut PgConnection, url: &str) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()), \
         obj_description(to_regclass('instance'), 'pg_class'), to_regclass('_sqlx_migrations') IS NOT NULL",
    )
    .fetch_one(connection)
    .await?;
    let (tables, mark, is_begun): (i64, Option<String>, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    match (tables, mark.as_deref(), is_begun) {
        (0, ..) => Ok(false),
        // Somebody was stopped before the first of our tables was there.
        (1, None, true) => Ok(true),
        (_, Some(OURS), true) => Ok(true),
        _ => Err(StoreError::Foreign { url: shown(url) }),
    }
}

/// What a code means (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
pub(super) fn trouble(code: &str) -> Trouble {
    match code {
        // Serialization failure, deadlock, lock not available, query cancelled.
        "40001" | "40P01" | "55P03" | "57014" => Trouble::Busy,
        // Disk full, out of memory.
        "53100" | "53200" => Trouble::Full,
        "25006" => Trouble::ReadOnly,
        "3D000" => Trouble::NoSuchDatabase,
        "53300" => Trouble::Crowded,
        // Shutting down, starting up, idle for too long.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Trouble::Unreachable,
        _ if code.starts_with("28") => Trouble::LoginRefused,
        _ if code.starts_with("08") => Trouble::Unreachable,
        // A value that does not fit, or that a constraint forbids; a mail larger than a row may be.
        _ if code.starts_with("22") || code.starts_with("23") || code.starts_with("54") => Trouble::Rejected,
        _ => Trouble::Other,
    }
}
