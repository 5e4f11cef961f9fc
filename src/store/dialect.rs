//! Every place where databases differ: what each of them needs is in a file of its own below, by the same names.
//!
//! How to connect, how a write begins, how a new database is told from a foreign one, what its errors mean, and the few
//! words that SQL has for one and not for the other. All other SQL in this module is one text for both: `$1`
//! placeholders, `ON CONFLICT`, `RETURNING`.

pub(super) mod postgres;
pub(super) mod sqlite;

use super::error::StoreError;
use super::query::{Connection, Engine, Pool, Transaction, query};
use sqlx::migrate::Migrator;

/// Prepared statements kept by a connection: a few dozen texts, each in a few sizes.
const STATEMENTS_KEPT: usize = 400;

/// The connections to a database.
#[derive(Debug)]
pub(super) struct Pools {
    /// Those to write with.
    pub writer: Pool,
    /// Those to read with.
    pub readers: Pool,
    /// The one to say with that we live, which has to wait for no other, where there are several workers.
    pub heart: Option<Pool>,
    /// The one that copies SQLite's log into the database; not connected until it is used.
    pub keeper: Option<sqlx::SqlitePool>,
}

/// Which database a URL names.
///
/// # Errors
/// When it names none: any text would do for a file's name, and a forgotten scheme is better told than obeyed.
pub(super) fn engine_of(url: &str) -> Result<Engine, StoreError> {
    if url.starts_with("sqlite:") {
        return Ok(Engine::Sqlite);
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Engine::Postgres);
    }
    let hint = "a database is named like sqlite:///var/lib/postroom/desk.db or postgres://postroom@host/postroom";
    let cause = sqlx::Error::Configuration(hint.into()).into();
    Err(StoreError::Other { what: format!("{} cannot be used as a database", super::shown(url)), cause })
}

/// Connects to a database, which is made when it is a file that is not there, and brings its tables up to date.
pub(super) async fn connect(url: &str) -> Result<Pools, StoreError> {
    match engine_of(url)? {
        Engine::Sqlite => sqlite::connect(url).await,
        Engine::Postgres => postgres::connect(url).await,
    }
}

/// Reads a URL, and connects to nothing.
pub(super) fn check(url: &str) -> Result<(), StoreError> {
    match engine_of(url)? {
        Engine::Sqlite => sqlite::options(url).map(drop),
        Engine::Postgres => postgres::options(url).map(drop),
    }
}

/// Connects to a database as it is, changes nothing, and makes none. `None` where there is none yet, or an empty one.
///
/// # Errors
/// When it is not ours. It may be newer than we are.
pub(super) async fn look(url: &str) -> Result<Option<Pool>, StoreError> {
    match engine_of(url)? {
        Engine::Sqlite => sqlite::look(url).await,
        Engine::Postgres => postgres::look(url).await,
    }
}

/// Begins a transaction that writes.
pub(super) async fn begin_write(pool: &Pool) -> Result<Transaction, StoreError> {
    pool.begin(pool.engine().begin_write()).await
}

/// Begins a transaction that only reads, and sees the database as it is now all along.
pub(super) async fn begin_read(pool: &Pool) -> Result<Transaction, StoreError> {
    pool.begin(pool.engine().begin_read()).await
}

impl Engine {
    /// The tables, as the files beside the sources give them.
    pub(super) fn migrations(self) -> &'static Migrator {
        match self {
            Engine::Sqlite => &sqlite::MIGRATIONS,
            Engine::Postgres => &postgres::MIGRATIONS,
        }
    }

    fn begin_write(self) -> &'static str {
        match self {
            Engine::Sqlite => sqlite::BEGIN_WRITE,
            Engine::Postgres => "BEGIN",
        }
    }

    fn begin_read(self) -> &'static str {
        match self {
            Engine::Sqlite => "BEGIN",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// When a migration was applied, in milliseconds since 1970-01-01 UTC.
    pub(super) fn installed_at(self) -> &'static str {
        match self {
            Engine::Sqlite => "CAST(strftime('%s', installed_on) AS INTEGER) * 1000",
            Engine::Postgres => "CAST(EXTRACT(EPOCH FROM installed_on) * 1000 AS BIGINT)",
        }
    }

    /// Lets a transaction wait for whoever is slow at the other end of a stream.
    pub(super) fn be_patient(self) -> Option<&'static str> {
        match self {
            Engine::Sqlite => None,
            Engine::Postgres => Some("SET LOCAL idle_in_transaction_session_timeout = 0"),
        }
    }

    /// Where the database numbers rows by itself: goes on behind those that came with a number of their own.
    pub(super) fn after_numbered_rows(self) -> &'static [&'static str] {
        match self {
            Engine::Sqlite => &[],
            Engine::Postgres => &postgres::GO_ON_NUMBERING,
        }
    }

    /// Has the database look at what is in these tables, which it would do by itself, later.
    pub(super) fn look_around(self, tables: &[&str]) -> Option<String> {
        match self {
            Engine::Sqlite => None,
            // Not without their names: it would look at the catalogues as well, which are not ours, and say so.
            Engine::Postgres => Some(format!("ANALYZE {}", tables.join(", "))),
        }
    }

    /// Whether several workers may share the database.
    pub(super) fn is_shared(self) -> bool {
        self == Engine::Postgres
    }

    /// At the end of a `SELECT`: the rows are ours until the transaction ends, and those that somebody else changes are
    /// passed over; not those that somebody only refers to. In SQLite nobody else writes while we do.
    pub(super) fn skip_locked(self) -> &'static str {
        match self {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR NO KEY UPDATE SKIP LOCKED",
        }
    }

    /// Now, by the database's clock, in milliseconds; also within a long transaction.
    pub(super) fn now(self) -> &'static str {
        match self {
            Engine::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Engine::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// Tells the other workers, when the transaction is committed, that there is something new. Within one process
    /// nobody needs this.
    pub(super) async fn tell(self, tx: &mut Connection, what: &'static str) -> Result<(), StoreError> {
        if self == Engine::Postgres {
            query("SELECT pg_notify($1, $2)").bind(postgres::CHANNEL).bind(what).execute(tx).await?;
        }
        Ok(())
    }

    /// Writes the placeholder of one value among many.
    ///
    /// Nameless in SQLite, though `$1` would do: for each value it looks up the placeholder's name in a list, from its
    /// beginning, and a thousand of them then cost more than the rows.
    pub(super) fn push_placeholder(self, sql: &mut String, number: usize) {
        match self {
            Engine::Sqlite => sql.push('?'),
            Engine::Postgres => sql.push_str(&format!("${number}")),
        }
    }
}

/// What an error of the database means to us.
pub(super) enum Trouble {
    Busy,
    Full,
    ReadOnly,
    /// The file is none.
    NoDatabase,
    /// The file, or one beside it, cannot be opened.
    CannotOpen,
    NoSuchDatabase,
    LoginRefused,
    Unreachable,
    /// There are as many connections as the server takes.
    Crowded,
    Rejected,
    Other,
}

/// What this error means.
pub(super) fn trouble(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::PoolTimedOut => Trouble::Busy,
        sqlx::Error::Io(_) => Trouble::Unreachable,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            match error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
                Some(_) => postgres::trouble(&code),
                None => sqlite::trouble(&code),
            }
        }
        _ => Trouble::Other,
    }
}

/// Why the first connection to a database failed.
fn cannot_open(error: sqlx::Error, url: &str) -> StoreError {
    match StoreError::from(error) {
        StoreError::Other { cause, .. } => {
            StoreError::Other { what: format!("{} cannot be opened", super::shown(url)), cause }
        }
        error => error,
    }
}

fn migration_error(error: sqlx::migrate::MigrateError, url: &str) -> StoreError {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    let error = match error {
        Execute(cause) | ExecuteMigration(cause, _)
            if matches!(trouble(&cause), Trouble::Unreachable | Trouble::Crowded) =>
        {
            return StoreError::from(cause);
        }
        error => error,
    };
    let cause = sqlx::Error::Migrate(Box::new(error)).into();
    StoreError::Other { what: format!("the tables of {} cannot be brought up to date", super::shown(url)), cause }
}

/// Refuses tables that a newer Postroom made.
fn insist_on_known(found: Option<i64>, engine: Engine, url: &str) -> Result<(), StoreError> {
    let known = engine.migrations().iter().map(|migration| migration.version).max().unwrap_or(0);
    match found {
        Some(found) if found > known => Err(StoreError::Newer { url: super::shown(url), found, known }),
        _ => Ok(()),
    }
}
