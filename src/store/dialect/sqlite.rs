//! SQLite: a file of our own, with one worker.

use super::{Pools, STATEMENTS_KEPT, Trouble, cannot_open, insist_on_known, migration_error};
use crate::store::error::{Cause, StoreError};
use crate::store::query::{Engine, Pool};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Row as _, SqliteConnection, SqlitePool};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// The tables, as the files beside the sources give them.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Stands in the header of our databases (`PRAGMA application_id`): `PRoo`.
const APPLICATION_ID: i64 = 0x5052_6f6f;

/// How often to try for the lock of the only worker, and what to wait in between.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_AGAIN: Duration = Duration::from_millis(5);

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait before asking again where SQLite does not wait by itself.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// How long to wait for a connection of our own; longer than any piece of work holds one.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections for reading. Each is a thread.
const READERS: u32 = 3;

/// Rows that wait between the database's thread and ours.
const ROWS_BUFFERED: usize = 256;

/// Pages of the log after which a commit copies it into the database: some 64 MB, so that a busy page is copied once
/// for many commits. Where [`checkpoint`] is run beside the work it hardly comes to that.
const CHECKPOINT_PAGES: &str = "16000";

/// Memory for pages, in KiB (negative by SQLite's convention). The one that writes finds its place in every index over
/// and over again; the others have the system's own cache, which holds the file once for all of them.
const WRITER_CACHE_KIB: &str = "-24576";
const READER_CACHE_KIB: &str = "-2048";

/// A write must say so at once: a transaction that reads first and writes later fails without waiting when somebody
/// else has committed in between.
pub(super) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Connects to a database, which is made when it is not there, and brings its tables up to date.
pub(super) async fn connect(url: &str) -> Result<Pools, StoreError> {
    let since = Instant::now();
    loop {
        match connect_once(url).await {
            // The switch of a new database to its log waits for nobody: of two that open it at once, one is refused.
            Err(StoreError::Busy(_)) if since.elapsed() < BUSY_TIMEOUT => tokio::time::sleep(ASK_AGAIN).await,
            Err(error) => return Err(explained(error, url)),
            connected => return connected,
        }
    }
}

async fn connect_once(url: &str) -> Result<Pools, StoreError> {
    let options = options(url)?;
    if !url.contains("mode=ro") && !url.contains(":memory:") {
        make_private(&options);
    }
    // Looked at before our settings touch it: they would change a foreign database.
    let mut plain = first_connection(&options, url).await?;
    if is_ours(&mut plain, url).await? {
        let row = sqlx::query("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut plain).await?;
        insist_on_known(row.try_get(0)?, Engine::Sqlite, url)?;
    }
    plain.close().await?;
    let options = with_settings(options);
    let writer = pool(1).connect_with(options.clone()).await?;
    migrate(&writer, url).await?;
    // Created only now: a reader can neither make the database nor switch it to its log.
    let options = options.create_if_missing(false).pragma("cache_size", READER_CACHE_KIB);
    let keeper = pool(1).connect_lazy_with(options.clone());
    let readers = pool(READERS).connect_with(options.read_only(true)).await?;
    Ok(Pools { writer: Pool::Sqlite(writer), readers: Pool::Sqlite(readers), heart: None, keeper: Some(keeper) })
}

/// Copies what the log holds into the database, while others read and write.
///
/// Else the commit that fills the log does, and whoever waits for it waits for all that was committed before.
pub(in crate::store) async fn checkpoint(keeper: &SqlitePool) -> Result<(), StoreError> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(keeper).await?;
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
pub(in crate::store) fn lock_out(url: &str) -> Result<Option<File>, StoreError> {
    let path = lock_file(url)?;
    let refused = |what: String| StoreError::Refused { what };
    let file = File::create(&path).map_err(|error| refused(format!("cannot write {}: {error}", path.display())))?;
    for attempt in 1.. {
        match file.try_lock() {
            Ok(()) => break,
            // Whoever only looks whether it is locked has it for a moment.
            Err(TryLockError::WouldBlock) if attempt < LOCK_ATTEMPTS => std::thread::sleep(LOCK_AGAIN),
            Err(TryLockError::WouldBlock) => {
                let shown = path.display();
                let what = format!("another `postroom run` works on this database already ({shown} is locked)");
                return Err(refused(what));
            }
            Err(TryLockError::Error(error)) => return Err(refused(format!("cannot lock {}: {error}", path.display()))),
        }
    }
    Ok(Some(file))
}

/// Whether some process runs the loops on a database.
pub(in crate::store) fn is_locked_out(url: &str) -> bool {
    // Shared, so that two who look do not take each other for a worker.
    let look = |path: PathBuf| Some(matches!(File::open(path).ok()?.try_lock_shared(), Err(TryLockError::WouldBlock)));
    lock_file(url).ok().and_then(look).unwrap_or(false)
}

/// The file that is locked, the same by whichever name the database is called.
fn lock_file(url: &str) -> Result<PathBuf, StoreError> {
    let options = options(url)?;
    let path = options.get_filename();
    Ok(path.canonicalize().unwrap_or_else(|_| path.to_owned()).with_extension("lock"))
}

/// Brings the tables up to date. One transaction around all of it, so that of two processes that open a new
/// database at once one waits for the other.
async fn migrate(writer: &SqlitePool, url: &str) -> Result<(), StoreError> {
    let mut tx = writer.begin_with(BEGIN_WRITE).await?;
    // Only once: whoever merely looks at a desk whose disk is full has nothing to write.
    if sqlx::query_scalar::<_, i64>("PRAGMA application_id").fetch_one(&mut *tx).await? != APPLICATION_ID {
        sqlx::query(AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}"))).execute(&mut *tx).await?;
    }
    MIGRATIONS.run(&mut *tx).await.map_err(|error| migration_error(error, url))?;
    Ok(tx.commit().await?)
}

pub(super) fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let unusable = |cause: sqlx::Error| StoreError::Other {
        what: format!("{url} cannot be used as a database"),
        cause: cause.into(),
    };
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
        .pragma("cache_size", WRITER_CACHE_KIB)
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
        .after_release(|connection, _| Box::pin(async move { Ok(is_clean(connection).await) }))
}

/// Whether no transaction is open on a connection, as far as the library knows.
///
/// On a full disk SQLite takes a whole transaction back by itself. The library's own `ROLLBACK` fails then, so that it
/// thinks of the connection as within that transaction for ever, and begins no other.
async fn is_clean(connection: &mut SqliteConnection) -> bool {
    if !connection.is_in_transaction() {
        return true;
    }
    // What was begun is most likely being rolled back at this moment, and this waits behind it.
    connection.ping().await.is_ok() && !connection.is_in_transaction()
}

/// Connects to a database as it is, for reading; `None` when it is not there, or nothing is in it.
pub(in crate::store) async fn look(url: &str) -> Result<Option<Pool>, StoreError> {
    let options = options(url)?.create_if_missing(false).read_only(true);
    // An empty file is a database with nothing in it, and SQLite would make the files beside it.
    if std::fs::metadata(options.get_filename()).map_or(true, |file| file.len() == 0) {
        return Ok(None);
    }
    let mut plain = first_connection(&options, url).await?;
    let mut found = is_ours(&mut plain, url).await;
    plain.close().await?;
    if found.as_ref().is_err_and(is_cut_short) && !url.contains("mode=ro") {
        let mut writing = first_connection(&options.clone().read_only(false), url).await?;
        found = is_ours(&mut writing, url).await;
        writing.close().await?;
    }
    Ok(found?.then(|| Pool::Sqlite(pool(1).connect_lazy_with(options))))
}

/// Whether somebody was killed while making the database: what had been begun has to be taken back before anybody can
/// look, and only who may write does so (`SQLITE_READONLY_ROLLBACK`).
fn is_cut_short(error: &StoreError) -> bool {
    let code = |cause: &Cause| Some(cause.inner().as_database_error()?.code()? == "776");
    matches!(error, StoreError::ReadOnly(cause) if code(cause) == Some(true))
}

/// Whether the database is ours; `false` when nothing is in it.
async fn is_ours(connection: &mut SqliteConnection, url: &str) -> Result<bool, StoreError> {
    let foreign = || StoreError::Foreign { url: url.to_owned() };
    // In one statement, which sees one moment: another process may be making the tables just now.
    let marks = "SELECT (SELECT application_id FROM pragma_application_id), COUNT(*), \
                 COUNT(*) FILTER (WHERE name = '_sqlx_migrations') FROM sqlite_master";
    // The file is read only now, so this is where it shows that it is no database at all.
    let row = match sqlx::query(marks).fetch_one(connection).await {
        Ok(row) => row,
        Err(error) => match super::trouble(&error) {
            Trouble::NoDatabase => return Err(foreign()),
            _ => return Err(error.into()),
        },
    };
    let (application_id, all, ours): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    match (application_id, all, ours) {
        (0 | APPLICATION_ID, 0, _) => Ok(false),
        (APPLICATION_ID, _, 1) => Ok(true),
        _ => Err(foreign()),
    }
}

/// Writes a copy of the database, as it is at one moment, into an empty file.
pub(in crate::store) async fn copy(url: &str, to: &Path) -> Result<(), StoreError> {
    let options = options(url)?.create_if_missing(false).read_only(true);
    let mut connection = first_connection(&options, url).await?;
    let copied = sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned()).execute(&mut connection).await;
    connection.close().await?;
    Ok(copied.map(drop)?)
}

/// Reads a copy from end to end; returns how many mails and tickets are in it.
pub(in crate::store) async fn check_copy(file: &Path) -> Result<(i64, i64), StoreError> {
    // Nobody writes to it, and no files are made beside it.
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let mut connection = options.disable_statement_logging().connect().await?;
    let findings: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(3)").fetch_all(&mut connection).await?;
    if findings != ["ok"] {
        let what = format!("the copy is not sound, so the database may not be either: {}", findings.join("; "));
        return Err(StoreError::Refused { what });
    }
    let row = sqlx::query("SELECT (SELECT COUNT(*) FROM inbox), (SELECT COUNT(*) FROM tickets)")
        .fetch_one(&mut connection)
        .await?;
    let counts = (row.try_get(0)?, row.try_get(1)?);
    connection.close().await?;
    Ok(counts)
}

/// What a code means (<https://sqlite.org/rescode.html>; the low byte is the primary code).
pub(super) fn trouble(code: &str) -> Trouble {
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => Trouble::Busy,
        Ok(8) => Trouble::ReadOnly,
        Ok(13) => Trouble::Full,
        Ok(14) => Trouble::CannotOpen,
        // Too big, a constraint, a wrong type, out of range: it lies in what was to be written.
        Ok(18 | 19 | 20 | 25) => Trouble::Rejected,
        Ok(26) => Trouble::NoDatabase,
        _ => Trouble::Other,
    }
}

/// Says what it is about a file that SQLite cannot open: it also means those that it makes beside it.
fn explained(error: StoreError, url: &str) -> StoreError {
    let (StoreError::Other { cause, .. }, Ok(options)) = (&error, options(url)) else { return error };
    if !matches!(super::trouble(cause.inner()), Trouble::CannotOpen) {
        return error;
    }
    let path = options.get_filename();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refused = |why: String| StoreError::Refused { what: format!("{url} cannot be opened: {why}") };
    let Ok(folder) = folder.canonicalize() else {
        return refused(format!("there is no folder {}", folder.display()));
    };
    if path.is_dir() {
        return refused("it is a folder".to_owned());
    }
    match File::options().append(true).open(path) {
        // The file may be written; then it is those beside it that cannot be made.
        Ok(_) => refused(format!("SQLite needs to make files beside it, in {}", folder.display())),
        Err(why) => refused(match why.kind() {
            ErrorKind::ReadOnlyFilesystem => format!("{} is mounted read-only", folder.display()),
            _ => why.to_string(),
        }),
    }
}

/// The first connection, with the errors that only happen then.
async fn first_connection(options: &SqliteConnectOptions, url: &str) -> Result<SqliteConnection, StoreError> {
    options.connect().await.map_err(|error| cannot_open(error, url))
}
