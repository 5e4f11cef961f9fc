//! Fetching mail: one IMAP session at a time, no retrying, nothing decided.
//!
//! A refusal is an error here, always: the library beneath reports a refused `SEARCH` or `FETCH` as an empty
//! success, so every command is read up to its own tagged answer in `wire`. Every command has a deadline. A session
//! whose command was cut short, by an error or by dropping the future, is out of step and refuses all further
//! work: drop it and connect anew.
//!
//! `async_imap=warn` belongs into every log filter: at `trace` the library prints the login.

mod cursor;
mod error;
mod fetch;
mod idle;
mod mailbox;
mod name;
mod session;
mod uids;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

pub use cursor::{Cursor, Resume, resume};
pub use error::ImapError;
pub use fetch::Fetching;
pub use idle::IdleOutcome;
pub use session::Session;
pub use uids::{BatchLimit, batches, gaps, ranges};

/// How long the server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// To accept the connection, secure it and greet.
    pub connect: Duration,
    /// To answer a command completely.
    pub command: Duration,
    /// To hand over the next mail of a fetch.
    pub mail: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(20), command: seconds(60), mail: seconds(120) }
    }
}

/// A mailbox as the server shows it on `SELECT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selected {
    /// While this stays the same, a UID means the same mail.
    pub uid_validity: u32,
    /// The UID that the next mail will get, if the server says so.
    pub uid_next: Option<u32>,
    /// How many mails there are.
    pub exists: u32,
    /// The mailbox lets us change nothing: no flags, no moving.
    pub is_read_only: bool,
}

/// A mail in the selected mailbox and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailSize {
    /// The mail.
    pub uid: u32,
    /// What the server says its size is (`RFC822.SIZE`); some servers only estimate it.
    pub size_bytes: u32,
}

/// A mail as the server handed it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The mail.
    pub uid: u32,
    /// When the server received it (`INTERNALDATE`), if it said so in a form that can be read.
    pub received_at: Option<Timestamp>,
    /// The mail's bytes, unchanged.
    pub raw: Bytes,
}

/// The mails of one batch, and those that were asked for and did not come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// The mails, in the order in which the server sent them.
    pub mails: Vec<Fetched>,
    /// UIDs that the server answered without a mail: somebody has removed them.
    pub missing: Vec<u32>,
}
