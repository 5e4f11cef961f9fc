//! A copy of an SQLite database, made while it is in use.

use super::dialect::{self, sqlite};
use super::query::Engine;
use super::{Store, StoreError};
use std::path::Path;

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Mails received.
    pub mails: i64,
    /// Tickets.
    pub tickets: i64,
}

impl Store {
    /// Writes a copy of an SQLite database into an empty file and checks it from end to end. `None` when there is no
    /// database.
    ///
    /// It is the database as it is at one moment, whoever works on it meanwhile; nobody waits for it. The tables stay
    /// as they are, also when they are older than this Postroom.
    ///
    /// # Errors
    /// When the database is not in a file, is not ours, or the copy cannot be written or is not sound.
    pub async fn copy(url: &str, to: &Path) -> Result<Option<Copied>, StoreError> {
        if dialect::engine_of(url)? != Engine::Sqlite {
            return Err(StoreError::Refused { what: "only a database in a file is copied".to_owned() });
        }
        let Some(pool) = dialect::look(url).await? else { return Ok(None) };
        pool.close().await;
        sqlite::copy(url, to).await?;
        sqlite::check_copy(to).await.map(|(mails, tickets)| Some(Copied { mails, tickets }))
    }
}
