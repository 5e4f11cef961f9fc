//! What can go wrong with the database, told apart as far as callers act differently.

use std::fmt;

/// Why the store could not do something. Whatever was begun has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds the database; the same again, later, may work.
    #[error("the database is busy")]
    Busy(#[source] Cause),
    /// There is no room left on the disk.
    #[error("the disk of the database is full")]
    Full(#[source] Cause),
    /// It is not ours.
    #[error("{url} is not a database of Postroom")]
    Foreign {
        /// The database.
        url: String,
    },
    /// It was written by a newer Postroom.
    #[error(
        "{url} was written by a newer version of Postroom (its tables have version {found}, this one knows {known})"
    )]
    Newer {
        /// The database.
        url: String,
        /// The version of its tables.
        found: i64,
        /// The newest version that we know.
        known: i64,
    },
    /// Its server does not answer; it may later.
    #[error("the database does not answer")]
    Unreachable(#[source] Cause),
    /// Its server has as many connections as it takes; it may have room later.
    #[error("PostgreSQL takes no more connections: raise max_connections or run fewer workers")]
    Crowded(#[source] Cause),
    /// Its server does not let us in.
    #[error("the database server does not accept the login")]
    LoginRefused(#[source] Cause),
    /// Its server has no database of this name.
    #[error("the database server has no such database")]
    NoSuchDatabase(#[source] Cause),
    /// It may only be read.
    #[error("the database may only be read, not written")]
    ReadOnly(#[source] Cause),
    /// Somebody else was faster with the same row: look again and decide again.
    #[error("somebody else was faster with {what}")]
    Conflict {
        /// The row, for the log.
        what: String,
    },
    /// The database does not take these values, and would not take them later either.
    #[error("the database does not take it: {0}")]
    Rejected(#[source] Cause),
    /// There is no such row, or it is not in a state in which this can be done to it.
    #[error("{what}")]
    Refused {
        /// What was asked for, and why it cannot be.
        what: String,
    },
    /// A value in the database means nothing to us.
    #[error("the database holds {what}, which means nothing here")]
    Strange {
        /// The value and where it stands.
        what: String,
    },
    /// The database cannot be opened or used.
    #[error("{what}")]
    Other {
        /// What was being done.
        what: String,
        /// What the database said.
        #[source]
        cause: Cause,
    },
}

impl StoreError {
    /// Whether the same again may work without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        self.is_away() || matches!(self, StoreError::Busy(_) | StoreError::Conflict { .. })
    }

    /// Whether there is no getting through to the database at all, whatever is asked of it.
    pub fn is_away(&self) -> bool {
        matches!(self, StoreError::Unreachable(_) | StoreError::Crowded(_))
    }

    /// Whether it lies in the piece of work at hand, so that other work may well go on.
    pub fn is_about_the_work(&self) -> bool {
        matches!(self, StoreError::Rejected(_) | StoreError::Strange { .. } | StoreError::Conflict { .. })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use super::dialect::Trouble;
        let trouble = super::dialect::trouble(&error);
        let cause = Cause(error);
        match trouble {
            Trouble::Busy => StoreError::Busy(cause),
            Trouble::Full => StoreError::Full(cause),
            Trouble::ReadOnly => StoreError::ReadOnly(cause),
            Trouble::Rejected => StoreError::Rejected(cause),
            Trouble::Unreachable => StoreError::Unreachable(cause),
            Trouble::Crowded => StoreError::Crowded(cause),
            Trouble::LoginRefused => StoreError::LoginRefused(cause),
            Trouble::NoSuchDatabase => StoreError::NoSuchDatabase(cause),
            Trouble::NoDatabase | Trouble::CannotOpen | Trouble::Other => {
                StoreError::Other { what: "the database failed".to_owned(), cause }
            }
        }
    }
}

/// What the database said, or what became of the way to it.
///
/// It has no source: what stands behind it says the same once more.
#[derive(Debug)]
pub struct Cause(sqlx::Error);

impl Cause {
    /// The library's own error.
    pub(super) fn inner(&self) -> &sqlx::Error {
        &self.0
    }
}

impl From<sqlx::Error> for Cause {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // Where in PostgreSQL's sources it was noticed helps nobody.
            sqlx::Error::Database(error) if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() => {
                f.write_str(error.message())
            }
            sqlx::Error::Database(error) => error.fmt(f),
            sqlx::Error::Io(error) => error.fmt(f),
            sqlx::Error::Configuration(error) => error.fmt(f),
            error => error.fmt(f),
        }
    }
}

impl std::error::Error for Cause {}
