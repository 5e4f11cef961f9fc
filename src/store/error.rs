//! What can go wrong with the database, told apart as far as callers act differently.

/// Why the store could not do something. Whatever was begun has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds the database; the same again, later, may work.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// There is no room left on the disk.
    #[error("the disk of the database is full")]
    Full(#[source] sqlx::Error),
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
    Unreachable(#[source] sqlx::Error),
    /// Its server does not let us in.
    #[error("the database server does not accept the login")]
    LoginRefused(#[source] sqlx::Error),
    /// Its server has no database of this name.
    #[error("the database server has no such database")]
    NoSuchDatabase(#[source] sqlx::Error),
    /// It may only be read.
    #[error("the database may only be read, not written")]
    ReadOnly(#[source] sqlx::Error),
    /// Somebody else was faster with the same row: look again and decide again.
    #[error("somebody else was faster with {what}")]
    Conflict {
        /// The row, for the log.
        what: String,
    },
    /// The database does not take these values, and would not take them later either.
    #[error("the database does not take it: {0}")]
    Rejected(#[source] sqlx::Error),
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
        cause: sqlx::Error,
    },
}

impl StoreError {
    /// Whether the same again may work without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self, StoreError::Busy(_) | StoreError::Unreachable(_) | StoreError::Conflict { .. })
    }

    /// Whether it lies in the piece of work at hand, so that other work may well go on.
    pub fn is_about_the_work(&self) -> bool {
        matches!(self, StoreError::Rejected(_) | StoreError::Strange { .. } | StoreError::Conflict { .. })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use super::dialect::Trouble;
        match super::dialect::trouble(&error) {
            Trouble::Busy => StoreError::Busy(error),
            Trouble::Full => StoreError::Full(error),
            Trouble::ReadOnly => StoreError::ReadOnly(error),
            Trouble::Rejected => StoreError::Rejected(error),
            Trouble::Unreachable => StoreError::Unreachable(error),
            Trouble::LoginRefused => StoreError::LoginRefused(error),
            Trouble::NoSuchDatabase => StoreError::NoSuchDatabase(error),
            Trouble::NoDatabase | Trouble::Other => {
                StoreError::Other { what: "the database failed".to_owned(), cause: error }
            }
        }
    }
}
