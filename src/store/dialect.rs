//! Every place where databases differ: today SQLite.
//!
//! Types, connection options, how a write begins, how a new database is told from a foreign one, what its errors
//! mean. All other SQL in this module is one text for every database: `$1` placeholders, `ON CONFLICT`, `RETURNING`.

use super::error::StoreError;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Row as _};
use std::fs::{File, TryLockError};
use std::str::FromStr;
use std::time::Duration;

pub(super) type Database = sqlx::Sqlite;
pub(super) type Connection = sqlx::SqliteConnection;
pub(super) type Pool = sqlx::SqlitePool;
pub(super) type Row = sqlx::sqlite::SqliteRow;
pub(super) type Transaction = sqlx::Transaction<'static, Database>;
pub(super) type Query = sqlx::query::Query<'static, Database, <Database as sqlx::Database>::Arguments>;

/// The tables, as the files beside the sources give them.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Stands in the header of our databases (`PRAGMA application_id`): `PRoo`.
const APPLICATION_ID: i64 = 0x5052_6f6f;

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for a connection of our own; longer than any piece of work holds one.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections for reading. Each is a thread.
const READERS: u32 = 4;

/// Prepared statements kept: a few dozen texts, each in a few sizes.
const STATEMENTS_KEPT: usize = 400;

/// Rows that wait between the database's thread and ours.
const ROWS_BUFFERED: usize = 256;

/// Pages of the log after which a commit copies it into the database: some 64 MB, so that a busy page is copied once
/// for many commits. Where [`checkpoint`] is run beside the work it hardly comes to that.
const CHECKPOINT_PAGES: &str = "16000";

/// Memory for pages, in KiB (negative by SQLite's convention).
const CACHE_KIB: &str = "-65536";

/// A write must say so at once: a transaction that reads first and writes later fails without waiting when somebody
/// else has committed in between.
const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// The connections to a database.
#[derive(Debug)]
pub(super) struct Pools {
    /// The one to write with.
    pub writer: Pool,
    /// A few to read with.
    pub readers: Pool,
    /// The one that copies the log into the database; not connected until it is used.
    pub keeper: Pool,
}

/// Connects to a database, which is made when it is not there, and brings its tables up to date.
pub(super) async fn connect(url: &str) -> Result<Pools, StoreError> {
    let options = options(url)?;
    if !url.contains("mode=ro") && !url.contains(":memory:") {
        make_private(&options);
    }
    // Looked at before our settings touch it: they would change a foreign database.
    let mut plain = first_connection(&options, url).await?;
    check(&mut plain, url).await?;
    plain.close().await?;
    let options = with_settings(options);
    let writer = pool(1).connect_with(options.clone()).await?;
    migrate(&writer, url).await?;
    // Created only now: a reader can neither make the database nor switch it to its log.
    let options = options.create_if_missing(false);
    let keeper = pool(1).connect_lazy_with(options.clone());
    let readers = pool(READERS).connect_with(options.read_only(true)).await?;
    Ok(Pools { writer, readers, keeper })
}

/// Copies what the log holds into the database, while others read and write.
///
/// Else the commit that fills the log does, and whoever waits for it waits for all that was committed before.
pub(super) async fn checkpoint(pools: &Pools) -> Result<(), StoreError> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pools.keeper).await?;
    Ok(())
}

/// Makes the file of a new database readable for nobody else: it holds the key of our tokens. SQLite gives the files
/// beside it the same mode. What cannot be made here is told when SQLite opens it.
#[cfg(unix)]
fn make_private(options: &SqliteConnectOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    let path = options.get_filename();
    if !path.as_os_str().is_empty() {
        drop(File::options().write(true).create_new(true).mode(0o600).open(path));
    }
}

#[cfg(not(unix))]
fn make_private(_options: &SqliteConnectOptions) {}

/// Makes this process the only one that runs the loops on a database, until the file is closed.
///
/// One SQLite database has one worker, so whatever was claimed before belongs to one that has died.
pub(super) fn lock_out(url: &str) -> Result<Option<File>, StoreError> {
    // By whichever name it is called.
    let options = options(url)?;
    let path = options.get_filename();
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned()).with_extension("lock");
    let refused = |what: String| StoreError::Refused { what };
    let file = File::create(&path).map_err(|error| refused(format!("cannot write {}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(refused(format!(
            "another `postroom run` works on this database already ({} is locked)",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(refused(format!("cannot lock {}: {error}", path.display()))),
    }
}

/// Brings the tables up to date. One transaction around all of it, so that of two processes that open a new
/// database at once one waits for the other.
async fn migrate(writer: &Pool, url: &str) -> Result<(), StoreError> {
    let mut tx = begin_write(writer).await?;
    sqlx::query(AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"))).execute(&mut *tx).await?;
    MIGRATIONS.run(&mut *tx).await.map_err(|error| migration_error(error, url))?;
    Ok(tx.commit().await?)
}

/// Begins a transaction that writes.
pub(super) async fn begin_write(pool: &Pool) -> Result<Transaction, StoreError> {
    Ok(pool.begin_with(BEGIN_WRITE).await?)
}

/// Writes the placeholder of one value among many.
///
/// Nameless, though `$1` would do: for each value SQLite looks up the placeholder's name in a list, from its
/// beginning, and a thousand of them then cost more than the rows.
pub(super) fn push_placeholder(sql: &mut String, _number: usize) {
    sql.push('?');
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let unusable = |cause| StoreError::Other { what: format!("{url} cannot be used as a database"), cause };
    // sqlx takes any text for a file's name; a forgotten scheme is better told than obeyed.
    if !url.starts_with("sqlite:") {
        let cause = sqlx::Error::Configuration("a database is named like sqlite:///var/lib/postroom/desk.db".into());
        return Err(unusable(cause));
    }
    let options = SqliteConnectOptions::from_str(url).map_err(unusable)?;
    Ok(options.create_if_missing(!url.contains("mode=ro")).busy_timeout(BUSY_TIMEOUT).disable_statement_logging())
}

fn with_settings(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        // FULL, not NORMAL: after a power cut NORMAL may forget the last commits, and we have told the mail server
        // by then that we have the mail.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("cache_size", CACHE_KIB)
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(STATEMENTS_KEPT)
        .row_buffer_size(ROWS_BUFFERED)
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection to a file does not go stale, and its prepared statements are worth keeping.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Whether the database is new, or ours and not newer than we are.
async fn check(connection: &mut Connection, url: &str) -> Result<(), StoreError> {
    let foreign = || StoreError::Foreign { url: url.to_owned() };
    // The file is read only now, so this is where it shows that it is no database at all.
    let application_id: i64 = match sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await {
        Ok(application_id) => application_id,
        Err(error) => match trouble(&error) {
            Trouble::NoDatabase => return Err(foreign()),
            _ => return Err(error.into()),
        },
    };
    let table_count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut *connection).await?;
    match (application_id, table_count) {
        (0 | APPLICATION_ID, 0) => return Ok(()),
        (APPLICATION_ID, _) => {}
        _ => return Err(foreign()),
    }
    let found: Option<i64> = sqlx::query("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await
        .map_err(|_no_such_table| foreign())?
        .try_get(0)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match found {
        Some(found) if found > known => Err(StoreError::Newer { url: url.to_owned(), found, known }),
        _ => Ok(()),
    }
}

fn migration_error(error: sqlx::migrate::MigrateError, url: &str) -> StoreError {
    let cause = sqlx::Error::Migrate(Box::new(error));
    StoreError::Other { what: format!("the tables of {url} cannot be brought up to date"), cause }
}

/// What an error of the database means to us.
pub(super) enum Trouble {
    Busy,
    Full,
    ReadOnly,
    NoDatabase,
    Rejected,
    Other,
}

/// What this error means (<https://sqlite.org/rescode.html>; the low byte is the primary code).
pub(super) fn trouble(error: &sqlx::Error) -> Trouble {
    let code = match error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<u32>().ok()),
        sqlx::Error::PoolTimedOut => return Trouble::Busy,
        _ => None,
    };
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => Trouble::Busy,
        Some(8) => Trouble::ReadOnly,
        Some(13) => Trouble::Full,
        // Too big, a constraint, a wrong type, out of range: it lies in what was to be written.
        Some(18 | 19 | 20 | 25) => Trouble::Rejected,
        Some(26) => Trouble::NoDatabase,
        _ => Trouble::Other,
    }
}

/// The first connection, with the errors that only happen then.
async fn first_connection(options: &SqliteConnectOptions, url: &str) -> Result<Connection, StoreError> {
    options.connect().await.map_err(|error| match trouble(&error) {
        Trouble::Other => StoreError::Other { what: format!("{url} cannot be opened"), cause: error },
        _ => error.into(),
    })
}
