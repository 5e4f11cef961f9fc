//! A desk as a stream of lines that any database can be filled from: which tables and columns go along, and how a row
//! is written as JSON.
//!
//! The first line says what follows, each line after it is a row, the last has a digest of each table. A row is
//! written in one way only, so that the same rows give the same digest whichever database they come from.

use super::StoreError;
use super::query::{Query, Row};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io;

/// Version of the stream's form.
pub(super) const FORMAT: u32 = 1;

/// What kind of value a column has; any may be missing but a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Flag,
    Text,
    Bytes,
}

use Kind::{Bytes, Flag, Number, Text};

/// How the rows of a table are read bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By its first column, a number that is given out in order, and within it by its second.
    Numbered,
    /// As [`Numbered`](Order::Numbered), a few rows at once: there are bytes of mails in its column `raw`.
    Large,
    /// It is small, and ordered by how its lines read: databases do not order texts alike.
    Small,
}

/// A table as it goes along.
#[derive(Debug)]
pub(super) struct Table {
    pub name: &'static str,
    pub order: Order,
    /// Whether a new desk has rows in it, which are replaced.
    pub is_filled: bool,
    pub columns: &'static [(&'static str, Kind)],
}

/// All tables that go along, in an order in which rows refer to rows before them.
///
/// Those that say who is at work do not, nor do the columns that refer to them: nobody is at work on a new desk.
pub(super) const TABLES: [Table; 20] = [
    Table {
        name: "instance",
        order: Order::Small,
        is_filled: true,
        columns: &[("one", Number), ("id", Text), ("token_key", Text)],
    },
    Table { name: "counters", order: Order::Small, is_filled: true, columns: &[("name", Text), ("last", Number)] },
    Table {
        name: "cursors",
        order: Order::Small,
        is_filled: false,
        columns: &[("mailbox", Text), ("uid_validity", Number), ("uid", Number)],
    },
    Table {
        name: "tickets",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("id", Number),
            ("subject", Text),
            ("is_vouched", Flag),
            ("category", Text),
            ("severity", Text),
            ("severity_by_agent", Flag),
            ("tier", Text),
            ("team", Text),
            ("status", Text),
            ("assignee", Text),
            ("tags", Text),
            ("opened_at", Number),
            ("updated_at", Number),
            ("first_response_at", Number),
            ("resolved_at", Number),
            ("closed_at", Number),
            ("first_response_due_at", Number),
            ("update_due_at", Number),
            ("calendar", Text),
            ("paged_at", Number),
            ("paging", Text),
            ("held_count", Number),
            ("alert", Text),
            ("alert_count", Number),
            ("recovered_at", Number),
            ("last_sequence", Number),
            ("version", Number),
        ],
    },
    Table {
        name: "inbox",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("id", Number),
            ("mailbox", Text),
            ("uid_validity", Number),
            ("uid", Number),
            ("received_at", Number),
            ("kept_at", Number),
            ("digest", Bytes),
            ("size_bytes", Number),
            ("oversize_bytes", Number),
            ("same_bytes_as", Number),
            ("state", Text),
            ("attempt", Number),
            ("tries", Number),
            ("due_at", Number),
            ("released", Flag),
            ("error", Text),
        ],
    },
    Table { name: "inbox_raw", order: Order::Large, is_filled: false, columns: &[("inbox", Number), ("raw", Bytes)] },
    Table {
        name: "inbox_rest",
        order: Order::Large,
        is_filled: false,
        columns: &[("inbox", Number), ("piece", Number), ("raw", Bytes)],
    },
    Table {
        name: "rule_sets",
        order: Order::Small,
        is_filled: false,
        columns: &[("version", Text), ("files", Text), ("loaded_at", Number)],
    },
    Table {
        name: "outcomes",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("inbox", Number),
            ("outcome", Text),
            ("cause", Text),
            ("duplicate_of", Number),
            ("ticket", Number),
            ("answers_to", Number),
            ("reasons", Text),
            ("message_id", Text),
            ("content_digest", Bytes),
            ("author", Text),
            ("subject", Text),
            ("rules_version", Text),
            ("matched", Text),
            ("known", Text),
            ("settled_at", Number),
        ],
    },
    Table {
        name: "parties",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("ticket", Number),
            ("party", Number),
            ("address", Text),
            ("address_key", Text),
            ("name", Text),
            ("role", Text),
            ("utc_offset_minutes", Number),
            ("chain", Text),
            ("answer_to", Text),
        ],
    },
    Table {
        name: "passed_on",
        order: Order::Small,
        is_filled: false,
        columns: &[("message_id", Text), ("ticket", Number)],
    },
    Table {
        name: "messages",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("id", Number),
            ("ticket", Number),
            ("inbox", Number),
            ("message_id", Text),
            ("visibility", Text),
            ("author", Text),
            ("is_customers", Flag),
            ("text", Text),
            ("at", Number),
        ],
    },
    Table {
        name: "events",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("id", Number),
            ("ticket", Number),
            ("at", Number),
            ("actor", Text),
            ("what", Text),
            ("data", Text),
            ("cause", Text),
        ],
    },
    Table {
        name: "deadlines",
        order: Order::Small,
        is_filled: false,
        columns: &[("ticket", Number), ("kind", Text), ("due_at", Number), ("claim_at", Number), ("attempt", Number)],
    },
    Table {
        name: "outbox",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("id", Number),
            ("ticket", Number),
            ("party", Number),
            ("purpose", Text),
            ("is_automatic", Flag),
            ("envelope_from", Text),
            ("recipient", Text),
            ("message_id", Text),
            ("subject", Text),
            ("size_bytes", Number),
            ("created_at", Number),
            ("tried_since", Number),
            ("state", Text),
            ("attempt", Number),
            ("tries", Number),
            ("due_at", Number),
            ("settled_at", Number),
            ("reply", Text),
            ("error", Text),
        ],
    },
    Table { name: "outbox_raw", order: Order::Large, is_filled: false, columns: &[("outbox", Number), ("raw", Bytes)] },
    Table {
        name: "outbox_rest",
        order: Order::Large,
        is_filled: false,
        columns: &[("outbox", Number), ("piece", Number), ("raw", Bytes)],
    },
    Table {
        name: "traffic",
        order: Order::Small,
        is_filled: false,
        columns: &[("subject", Text), ("minute", Number), ("count", Number)],
    },
    Table {
        name: "suppressions",
        order: Order::Small,
        is_filled: false,
        columns: &[
            ("address_key", Text),
            ("how", Text),
            ("reason", Text),
            ("at", Number),
            ("count", Number),
            ("until", Number),
        ],
    },
    Table {
        name: "breakers",
        order: Order::Numbered,
        is_filled: false,
        columns: &[
            ("id", Number),
            ("subject", Text),
            ("scope", Text),
            ("why", Text),
            ("recipient", Text),
            ("marks", Text),
            ("inbox", Number),
            ("opened_at", Number),
            ("until", Number),
            ("reset_at", Number),
        ],
    },
];

/// Why a desk could not be written to a stream, or filled from one. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stream cannot be written.
    #[error("cannot write the stream")]
    Write(#[source] io::Error),
    /// The stream cannot be read.
    #[error("cannot read the stream")]
    Read(#[source] io::Error),
    /// There is no stream at all.
    #[error("there is nothing in it; was `postroom export` cut off?")]
    Empty,
    /// The stream is not as it should be.
    #[error("line {line}: {what}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// What was read back is not what was written.
    #[error("`{table}` was read back and is not what the stream says")]
    Differs {
        /// The table.
        table: &'static str,
    },
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the stream's form.
    pub format: u32,
    /// Version of the tables.
    pub schema: i64,
    /// Version of the Postroom that wrote it.
    pub version: String,
    /// When.
    pub exported_at: jiff::Timestamp,
    /// How many rows follow of each table.
    pub rows: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct First {
    pub postroom: Header,
}

/// The last line: the digest of each table's lines.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    pub end: BTreeMap<String, String>,
}

/// The digests of tables while their lines go by.
#[derive(Debug, Default)]
pub(super) struct Digests {
    of: BTreeMap<&'static str, Sha256>,
}

impl Digests {
    pub(super) fn add(&mut self, table: &'static str, line: &[u8]) {
        self.of.entry(table).or_default().update(line);
    }

    pub(super) fn finish(self) -> BTreeMap<String, String> {
        let mut of = self.of;
        let digest = |table: &Table| {
            let digest = of.remove(table.name).unwrap_or_default().finalize();
            (table.name.to_owned(), HEXLOWER.encode(&digest))
        };
        TABLES.iter().map(digest).collect()
    }
}

/// A value on its way into a database.
#[derive(Debug)]
pub(super) enum Cell {
    Number(Option<i64>),
    Flag(bool),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl Cell {
    pub(super) fn bind<'q>(&'q self, query: Query<'q>) -> Query<'q> {
        match self {
            Cell::Number(number) => query.bind(*number),
            Cell::Flag(flag) => query.bind(*flag),
            Cell::Text(text) => query.bind(text),
            Cell::Bytes(bytes) => query.bind(bytes),
        }
    }
}

impl Table {
    /// What is selected of a table. A mail that somebody works on is one that nobody works on yet, elsewhere.
    pub(super) fn selected(&self) -> String {
        let column = |(name, _): &(&'static str, Kind)| match (self.name, *name) {
            ("inbox", "state") => "CASE state WHEN 'processing' THEN 'new' ELSE state END".to_owned(),
            ("outbox", "state") => "CASE state WHEN 'sending' THEN 'waiting' ELSE state END".to_owned(),
            ("inbox", "due_at") => "CASE state WHEN 'processing' THEN kept_at ELSE due_at END".to_owned(),
            ("outbox", "due_at") => "CASE state WHEN 'sending' THEN tried_since ELSE due_at END".to_owned(),
            (_, name) => name.to_owned(),
        };
        self.columns.iter().map(column).collect::<Vec<_>>().join(", ")
    }

    /// A row as its line, line feed included.
    pub(super) fn line(&self, row: &Row) -> Result<Vec<u8>, StoreError> {
        let mut line = format!("{{\"{}\":{{", self.name).into_bytes();
        for (at, (name, kind)) in self.columns.iter().enumerate() {
            if at > 0 {
                line.push(b',');
            }
            line.extend_from_slice(format!("\"{name}\":").as_bytes());
            match kind {
                Kind::Number => match row.get::<Option<i64>>(at)? {
                    Some(number) => line.extend_from_slice(number.to_string().as_bytes()),
                    None => line.extend_from_slice(b"null"),
                },
                Kind::Flag => line.extend_from_slice(if row.get::<bool>(at)? { b"true" } else { b"false" }),
                Kind::Text => match row.get::<Option<&str>>(at)? {
                    // PostgreSQL has no place for this character, and every desk must be able to go there.
                    Some(text) if text.contains('\0') => push_json(&mut line, &text.replace('\0', "\u{fffd}")),
                    Some(text) => push_json(&mut line, text),
                    None => line.extend_from_slice(b"null"),
                },
                Kind::Bytes => {
                    line.push(b'"');
                    line.extend_from_slice(BASE64.encode(row.get::<&[u8]>(at)?).as_bytes());
                    line.push(b'"');
                }
            }
        }
        line.extend_from_slice(b"}}\n");
        Ok(line)
    }

    /// A line's values in the order of the columns.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn cells(&self, row: serde_json::Value) -> Result<Vec<Cell>, String> {
        let serde_json::Value::Object(mut row) = row else {
            return Err(format!("a row of `{}` must be an object", self.name));
        };
        let mut cells = Vec::with_capacity(self.columns.len());
        for (name, kind) in self.columns {
            let Some(value) = row.remove(*name) else { return Err(format!("`{}` without `{name}`", self.name)) };
            let cell =
                cell(*kind, value).ok_or_else(|| format!("`{name}` of `{}` is no {}", self.name, kind.word()))?;
            cells.push(cell);
        }
        match row.keys().next() {
            Some(name) => Err(format!("`{}` has no `{name}` here", self.name)),
            None => Ok(cells),
        }
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Flag => "true or false",
            Kind::Text => "text",
            Kind::Bytes => "text in base64",
        }
    }
}

fn cell(kind: Kind, value: serde_json::Value) -> Option<Cell> {
    use serde_json::Value;
    Some(match (kind, value) {
        (Kind::Number, Value::Null) => Cell::Number(None),
        (Kind::Number, Value::Number(number)) => Cell::Number(Some(number.as_i64()?)),
        (Kind::Flag, Value::Bool(flag)) => Cell::Flag(flag),
        (Kind::Text, Value::Null) => Cell::Text(None),
        (Kind::Text, Value::String(text)) => Cell::Text(Some(text)),
        (Kind::Bytes, Value::String(text)) => Cell::Bytes(BASE64.decode(text.as_bytes()).ok()?),
        _ => return None,
    })
}

fn push_json(line: &mut Vec<u8>, text: &str) {
    line.extend_from_slice(super::rows::json(&text).as_bytes());
}
