//! The real program against real servers, while everything around it fails: workers are killed, servers die and come
//! back, connections are cut in the middle of any command, the network falls apart.
//!
//! Each test ends in an audit, which compares what was sent, what lies in the mailboxes, and what the desk says of
//! itself. The cases are small here; `make soak` plays them long.

mod audit;
mod clocks;
mod desk;
mod disks;
mod kills;
mod large;
mod network;
mod postgres_server;
mod servers;

use postroom_testbed::{bed, postgres, skipped};
use std::fmt;

/// Where the desk keeps its tickets, and how many workers share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Database {
    /// A file, for one worker.
    Sqlite,
    /// A server, for many.
    Postgres { workers: usize },
}

impl Database {
    fn workers(self) -> usize {
        match self {
            Database::Sqlite => 1,
            Database::Postgres { workers } => workers,
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::Sqlite => write!(f, "one worker on SQLite"),
            Database::Postgres { workers } => write!(f, "{workers} workers on PostgreSQL"),
        }
    }
}

/// Runs a case unless something that it needs is not there.
fn play(database: Database, case: impl FnOnce(Database)) {
    let no_postgres = if database == Database::Sqlite { None } else { postgres::missing() };
    match bed::missing().or(no_postgres) {
        Some(names) => skipped(&format!("not installed: {names}")),
        None => case(database),
    }
}

/// Whether the long cases are wanted.
#[expect(clippy::disallowed_methods, reason = "the soak is asked for from outside")]
fn is_soak() -> bool {
    std::env::var("POSTROOM_SOAK").is_ok_and(|value| !value.is_empty())
}

/// One figure for continuous integration, another for the soak.
fn scale(short: usize, long: usize) -> usize {
    if is_soak() { long } else { short }
}
