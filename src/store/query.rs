//! Statements, connections and rows, of whichever database it is.
//!
//! The rest of the store writes a statement once, binds values to it and reads rows by column; only here, and in the
//! files below `dialect`, is it known that there is more than one database.

use super::dialect::postgres;
use super::error::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Decode, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Type};
use std::borrow::Cow;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio::time::timeout;

/// How long a server may take to answer a statement: who hears nothing for so long has lost it, with no word from the
/// network. None of ours takes a tenth of it, but for those that say so.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// For so many bytes that go to the server it may take a second longer.
const BYTES_A_SECOND: usize = 64 << 10;

/// How much longer it may take where mails come back.
const FOR_MAILS: Duration = Duration::from_secs(120);

/// As good as for ever.
const AT_LEISURE: Duration = Duration::from_secs(24 * 3600);

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    /// A file of our own.
    Sqlite,
    /// A server that several workers share.
    Postgres,
}

/// Connections that are kept open.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// One of them, on loan; within a transaction or not.
pub(super) enum Connection {
    Sqlite(Held<Sqlite>),
    Postgres(Held<Postgres>),
}

pub(super) enum Held<D: sqlx::Database> {
    Alone(PoolConnection<D>),
    InTransaction(sqlx::Transaction<'static, D>),
}

/// A transaction. Dropped without [`commit`](Self::commit), it has changed nothing.
pub(super) struct Transaction(Connection);

/// Where a statement is run.
pub(super) enum Target<'t> {
    /// On any connection of a pool.
    Any(&'t Pool),
    /// On this one.
    On(&'t mut Connection),
}

/// A row that came back.
#[derive(Debug)]
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What can be read from a column of either database.
pub(super) trait Column<'r>: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> {}

impl<'r, T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>> Column<'r> for T {}

/// A statement with its values.
pub(super) struct Query<'q> {
    sql: Cow<'static, str>,
    values: Vec<Value<'q>>,
    /// How much longer than others it may take.
    longer: Duration,
}

/// A value of a statement. Nothing has a type, too: PostgreSQL asks for it.
pub(super) enum Value<'q> {
    Number(Option<i64>),
    Flag(bool),
    Text(Option<Cow<'q, str>>),
    Bytes(&'q [u8]),
}

/// Begins a statement. Its placeholders are `$1` and on.
pub(super) fn query<'q>(sql: impl Into<Cow<'static, str>>) -> Query<'q> {
    Query { sql: sql.into(), values: Vec::new(), longer: Duration::ZERO }
}

/// Runs one body for the statement and the connection of either database.
macro_rules! run {
    ($query:expr, $on:expr, $row:ident, |$statement:ident, $connection:ident| $body:expr) => {
        match $on.into() {
            Target::Any(Pool::Sqlite($connection)) => {
                let ($statement, $row) = ($query.for_sqlite(), Row::Sqlite);
                $body
            }
            Target::Any(Pool::Postgres(pool)) => {
                let patience = $query.patience();
                let ($statement, $row, $connection) = ($query.for_postgres(), Row::Postgres, pool);
                answered(patience, Some(pool), async { Ok($body) }).await?
            }
            Target::On(Connection::Sqlite(held)) => {
                let ($statement, $row, $connection) = ($query.for_sqlite(), Row::Sqlite, held.get());
                $body
            }
            Target::On(Connection::Postgres(held)) => {
                let patience = $query.patience();
                let ($statement, $row, $connection) = ($query.for_postgres(), Row::Postgres, held.get());
                answered(patience, None, async { Ok($body) }).await?
            }
        }
    };
}

impl<'q> Query<'q> {
    /// Binds the next value.
    pub(super) fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Lets it take as long as it takes.
    pub(super) fn at_leisure(mut self) -> Self {
        self.longer = AT_LEISURE;
        self
    }

    /// Lets it take longer: mails come back.
    pub(super) fn for_mails(mut self) -> Self {
        self.longer = FOR_MAILS;
        self
    }

    fn patience(&self) -> Duration {
        let bytes: usize = self.values.iter().map(Value::size).sum();
        ANSWER_WITHIN + self.longer + Duration::from_secs((bytes / BYTES_A_SECOND) as u64)
    }

    /// Adds to the text of the statement.
    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// Adds a placeholder to the text, and the value for it.
    pub(super) fn push_bind(&mut self, value: impl Into<Value<'q>>) -> &mut Self {
        self.values.push(value.into());
        let placeholder = format!("${}", self.values.len());
        self.push(&placeholder)
    }

    /// Runs it; returns how many rows it touched.
    pub(super) async fn execute(self, on: impl Into<Target<'_>>) -> Result<u64, StoreError> {
        Ok(run!(self, on, _row, |statement, connection| statement.execute(connection).await?.rows_affected()))
    }

    /// Runs it; returns all rows.
    pub(super) async fn fetch_all(self, on: impl Into<Target<'_>>) -> Result<Vec<Row>, StoreError> {
        Ok(run!(self, on, row, |statement, connection| {
            statement.fetch_all(connection).await?.into_iter().map(row).collect()
        }))
    }

    /// Runs it; returns the first row, if there is one.
    pub(super) async fn fetch_optional(self, on: impl Into<Target<'_>>) -> Result<Option<Row>, StoreError> {
        Ok(run!(self, on, row, |statement, connection| statement.fetch_optional(connection).await?.map(row)))
    }

    /// Runs it; returns the first row, which is always there.
    pub(super) async fn fetch_one(self, on: impl Into<Target<'_>>) -> Result<Row, StoreError> {
        Ok(run!(self, on, row, |statement, connection| row(statement.fetch_one(connection).await?)))
    }

    /// Runs it; returns the first column of the first row, which is always there.
    pub(super) async fn fetch_value<T>(self, on: impl Into<Target<'_>>) -> Result<T, StoreError>
    where
        T: for<'r> Column<'r>,
    {
        self.fetch_one(on).await?.get(0)
    }

    /// Runs it; returns the first column of the first row, if there is one.
    pub(super) async fn fetch_optional_value<T>(self, on: impl Into<Target<'_>>) -> Result<Option<T>, StoreError>
    where
        T: for<'r> Column<'r>,
    {
        self.fetch_optional(on).await?.map(|row| row.get(0)).transpose()
    }

    fn for_sqlite(self) -> sqlx::query::Query<'static, Sqlite, <Sqlite as sqlx::Database>::Arguments> {
        let statement = sqlx::query(AssertSqlSafe(self.sql.into_owned()));
        self.values.into_iter().fold(statement, |statement, value| match value {
            Value::Number(number) => statement.bind(number),
            Value::Flag(flag) => statement.bind(flag),
            Value::Text(text) => statement.bind(text.as_deref()),
            Value::Bytes(bytes) => statement.bind(bytes),
        })
    }

    fn for_postgres(self) -> sqlx::query::Query<'static, Postgres, <Postgres as sqlx::Database>::Arguments> {
        let statement = sqlx::query(AssertSqlSafe(self.sql.into_owned()));
        self.values.into_iter().fold(statement, |statement, value| match value {
            Value::Number(number) => statement.bind(number),
            Value::Flag(flag) => statement.bind(flag),
            // The one character that PostgreSQL has no place for in a text.
            Value::Text(Some(text)) if text.contains('\0') => statement.bind(text.replace('\0', "\u{fffd}")),
            Value::Text(text) => statement.bind(text.as_deref()),
            Value::Bytes(bytes) => statement.bind(bytes),
        })
    }
}

impl Value<'_> {
    fn size(&self) -> usize {
        match self {
            Value::Text(Some(text)) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Number(_) | Value::Flag(_) | Value::Text(None) => 0,
        }
    }
}

/// Waits for a server, but not for ever. A connection on which it was silent does not go back to its pool.
async fn answered<T>(
    patience: Duration,
    pool: Option<&PgPool>,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match (timeout(patience, work).await, pool) {
        (Ok(Err(sqlx::Error::PoolTimedOut)), Some(pool)) => Err(postgres::why_no_connection(pool).await),
        (Ok(answer), _) => Ok(answer?),
        (Err(_), _) => Err(postgres::silence().into()),
    }
}

impl Pool {
    pub(super) fn engine(&self) -> Engine {
        match self {
            Pool::Sqlite(_) => Engine::Sqlite,
            Pool::Postgres(_) => Engine::Postgres,
        }
    }

    pub(super) async fn acquire(&self) -> Result<Connection, StoreError> {
        Ok(match self {
            Pool::Sqlite(pool) => Connection::Sqlite(Held::Alone(pool.acquire().await?)),
            Pool::Postgres(pool) => {
                Connection::Postgres(Held::Alone(answered(ANSWER_WITHIN, Some(pool), pool.acquire()).await?))
            }
        })
    }

    /// Begins a transaction by this statement.
    pub(super) async fn begin(&self, statement: &'static str) -> Result<Transaction, StoreError> {
        Ok(Transaction(match self {
            Pool::Sqlite(pool) => Connection::Sqlite(Held::InTransaction(pool.begin_with(statement).await?)),
            Pool::Postgres(pool) => {
                let begun = answered(ANSWER_WITHIN, Some(pool), pool.begin_with(statement)).await?;
                Connection::Postgres(Held::InTransaction(begun))
            }
        }))
    }

    pub(super) async fn close(&self) {
        match self {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

impl Connection {
    pub(super) fn engine(&self) -> Engine {
        match self {
            Connection::Sqlite(_) => Engine::Sqlite,
            Connection::Postgres(_) => Engine::Postgres,
        }
    }
}

impl<D: sqlx::Database> Held<D> {
    fn get(&mut self) -> &mut D::Connection {
        match self {
            Held::Alone(connection) => connection,
            Held::InTransaction(tx) => tx,
        }
    }

    async fn end(self, is_kept: bool) -> Result<(), sqlx::Error> {
        match self {
            Held::InTransaction(tx) if is_kept => tx.commit().await,
            Held::InTransaction(tx) => tx.rollback().await,
            Held::Alone(_) => Ok(()),
        }
    }
}

impl Transaction {
    /// Makes it so.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.end(true).await
    }

    /// Takes it all back, and waits until that is done.
    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        self.end(false).await
    }

    async fn end(self, is_kept: bool) -> Result<(), StoreError> {
        match self.0 {
            Connection::Sqlite(held) => held.end(is_kept).await?,
            Connection::Postgres(held) => answered(ANSWER_WITHIN, None, held.end(is_kept)).await?,
        }
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

impl Row {
    /// A column, by its place from 0.
    pub(super) fn get<'r, T: Column<'r>>(&'r self, at: usize) -> Result<T, StoreError> {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(at)?,
            Row::Postgres(row) => row.try_get(at)?,
        })
    }
}

impl<'t> From<&'t Pool> for Target<'t> {
    fn from(pool: &'t Pool) -> Self {
        Target::Any(pool)
    }
}

impl<'t> From<&'t mut Connection> for Target<'t> {
    fn from(connection: &'t mut Connection) -> Self {
        Target::On(connection)
    }
}

impl<'t> From<&'t mut Transaction> for Target<'t> {
    fn from(tx: &'t mut Transaction) -> Self {
        Target::On(&mut tx.0)
    }
}

/// `From` for the types that values come in.
macro_rules! values {
    ($($type:ty, $name:ident => $value:expr;)*) => {
        $(impl<'q> From<$type> for Value<'q> {
            fn from($name: $type) -> Self {
                $value
            }
        })*
    };
}

values! {
    i64, number => Value::Number(Some(number));
    Option<i64>, number => Value::Number(number);
    bool, flag => Value::Flag(flag);
    String, text => Value::Text(Some(Cow::Owned(text)));
    &'q str, text => Value::Text(Some(Cow::Borrowed(text)));
    &'q String, text => Value::Text(Some(Cow::Borrowed(text)));
    Option<&'q str>, text => Value::Text(text.map(Cow::Borrowed));
    Option<&'q String>, text => Value::Text(text.map(|text| Cow::Borrowed(text.as_str())));
    &'q Option<String>, text => Value::Text(text.as_deref().map(Cow::Borrowed));
    &'q [u8], bytes => Value::Bytes(bytes);
    &'q Vec<u8>, bytes => Value::Bytes(bytes);
}
