//! Which tables a database has: the migrations that were applied to it, and those that wait.

use super::dialect;
use super::query::query;
use super::rows::Columns;
use super::{Store, StoreError};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The tables of a database, by the migrations that made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Whether there is a database with anything in it.
    pub is_there: bool,
    /// What was applied and what waits, in order.
    pub migrations: Vec<Migration>,
}

/// One step by which the tables came to be as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: MigrationState,
    /// When it was applied.
    pub applied_at: Option<Timestamp>,
}

/// Where a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationState {
    /// Done.
    Applied,
    /// To be done.
    Waiting,
    /// Done by a Postroom that knows more than this one.
    Unknown,
    /// Done, and not as this Postroom would do it.
    Different,
    /// Begun, and not ended.
    Broken,
}

impl MigrationState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            MigrationState::Applied => "applied",
            MigrationState::Waiting => "waiting",
            MigrationState::Unknown => "unknown",
            MigrationState::Different => "different",
            MigrationState::Broken => "broken",
        }
    }
}

/// What a database that answers says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// The version of its tables.
    pub tables: i64,
    /// The newest version that we know.
    pub known: i64,
    /// The mailboxes that other living workers read.
    pub read_by_others: Vec<String>,
}

/// A migration as the database remembers it.
struct Applied {
    name: String,
    is_done: bool,
    checksum: Vec<u8>,
    at: Timestamp,
}

impl Store {
    /// Looks at the tables of a database, without changing anything and without making one.
    ///
    /// # Errors
    /// When it is not ours, or cannot be read.
    pub async fn schema(url: &str) -> Result<Schema, StoreError> {
        let engine = dialect::engine_of(url)?;
        let (is_there, mut applied) = match dialect::look(url).await? {
            None => (false, BTreeMap::new()),
            Some(pool) => {
                let applied = applied(&pool).await;
                pool.close().await;
                (true, applied?)
            }
        };
        let mut migrations: Vec<Migration> = engine
            .migrations()
            .iter()
            .map(|known| {
                let found = applied.remove(&known.version);
                let state = match &found {
                    None => MigrationState::Waiting,
                    Some(found) if !found.is_done => MigrationState::Broken,
                    Some(found) if found.checksum != *known.checksum => MigrationState::Different,
                    Some(_) => MigrationState::Applied,
                };
                let name = known.description.to_string();
                Migration { version: known.version, name, state, applied_at: found.map(|found| found.at) }
            })
            .collect();
        migrations.extend(applied.into_iter().map(|(version, found)| Migration {
            version,
            name: found.name,
            state: MigrationState::Unknown,
            applied_at: Some(found.at),
        }));
        migrations.sort_by_key(|migration| migration.version);
        Ok(Schema { is_there, migrations })
    }
}

impl Store {
    /// Asks the database how it is.
    pub async fn pulse(&self) -> Result<Pulse, StoreError> {
        let tables = query("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations");
        let tables = tables.fetch_value(self.readers()).await?;
        let known = self.engine().migrations().iter().map(|migration| migration.version).max().unwrap_or(0);
        let held = query(format!(
            "SELECT mailbox FROM holds JOIN workers ON workers.id = holds.worker \
             WHERE workers.id <> $1 AND alive_until >= {} ORDER BY mailbox",
            self.engine().now()
        ));
        let held = held.bind(self.membership().id().unwrap_or_default()).fetch_all(self.readers()).await?;
        let read_by_others = held.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        Ok(Pulse { tables, known, read_by_others })
    }
}

async fn applied(pool: &super::query::Pool) -> Result<BTreeMap<i64, Applied>, StoreError> {
    let sql = format!(
        "SELECT version, description, success, checksum, {} FROM _sqlx_migrations ORDER BY version",
        pool.engine().installed_at()
    );
    let rows = query(sql).fetch_all(pool).await?;
    let one = |row| {
        let mut columns = Columns::of(row);
        let version = columns.next()?;
        let (name, is_done, checksum) = (columns.next()?, columns.next()?, columns.next()?);
        Ok((version, Applied { name, is_done, checksum, at: columns.next_at()? }))
    };
    rows.iter().map(one).collect()
}
