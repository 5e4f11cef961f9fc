//! Many rows in one statement, and rows back into values.
//!
//! A statement costs more than a row in it. So rows go in and keys are looked up in chunks, and the chunks have a
//! few fixed sizes, so that few statements are ever prepared.

use super::error::StoreError;
use super::query::{Column, Connection, Engine, Query, Row, query};
use crate::ticket::people::PartyId;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many rows go into one statement.
const CHUNKS: [usize; 5] = [256, 64, 16, 4, 1];

/// How many keys are looked up by one statement; missing ones are filled up with the last.
const LOOKUPS: [usize; 3] = [1, 16, 128];

/// Cuts a slice into pieces of the [`CHUNKS`]' lengths.
fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = CHUNKS.into_iter().find(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// `(?, ?), (?, ?)` for two rows of two columns.
fn placeholders(engine: Engine, rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * 3 + 4));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            text.push_str(if column == 0 { "" } else { ", " });
            engine.push_placeholder(&mut text, row * columns + column + 1);
        }
        text.push(')');
    }
    text
}

/// `($3), ($4)` for two keys after two fixed values.
fn numbered(fixed: usize, keys: usize) -> String {
    let keys: Vec<String> = (fixed + 1..=fixed + keys).map(|number| format!("(${number})")).collect();
    keys.join(", ")
}

/// `head … tail` with the placeholders of a chunk between, its values bound.
fn statement<'r, T>(
    engine: Engine,
    (head, tail): (&str, &str),
    columns: usize,
    chunk: &'r [T],
    bind: &impl for<'a> Fn(Query<'a>, &'a T) -> Query<'a>,
) -> Query<'r> {
    let sql = format!("{head}{}{tail}", placeholders(engine, chunk.len(), columns));
    chunk.iter().fold(query(sql), bind)
}

/// Runs `head … tail` with the rows' values between, as often as it takes; returns how many rows it touched.
pub(super) async fn write_rows<T>(
    connection: &mut Connection,
    sql: (&str, &str),
    columns: usize,
    rows: &[T],
    bind: impl for<'a> Fn(Query<'a>, &'a T) -> Query<'a>,
) -> Result<u64, StoreError> {
    let mut touched = 0;
    for chunk in chunks(rows) {
        touched += statement(connection.engine(), sql, columns, chunk, &bind).execute(&mut *connection).await?;
    }
    Ok(touched)
}

/// As [`write_rows`]; returns what `RETURNING` in the tail gives.
pub(super) async fn write_rows_returning<T>(
    connection: &mut Connection,
    sql: (&'static str, &'static str),
    columns: usize,
    rows: &[T],
    bind: impl for<'a> Fn(Query<'a>, &'a T) -> Query<'a>,
) -> Result<Vec<Row>, StoreError> {
    let mut returned = Vec::with_capacity(rows.len());
    for chunk in chunks(rows) {
        returned.extend(statement(connection.engine(), sql, columns, chunk, &bind).fetch_all(&mut *connection).await?);
    }
    Ok(returned)
}

/// Runs `head … tail` with a list of keys between, as often as it takes, and returns all rows.
///
/// `fixed` values are bound before the keys, as `$1` and on.
pub(super) async fn look_up<T>(
    connection: &mut Connection,
    (head, tail): (&'static str, &'static str),
    fixed: &[Option<i64>],
    keys: &[T],
    bind: impl for<'a> Fn(Query<'a>, &'a T) -> Query<'a>,
) -> Result<Vec<Row>, StoreError> {
    let mut found = Vec::new();
    for chunk in keys.chunks(LOOKUPS[LOOKUPS.len() - 1]) {
        let Some(last) = chunk.last() else { continue };
        let size = LOOKUPS.into_iter().find(|size| *size >= chunk.len()).unwrap_or(chunk.len());
        let sql = format!("{head}{}{tail}", numbered(fixed.len(), size));
        let mut query = query(sql);
        for value in fixed {
            query = query.bind(*value);
        }
        for key in chunk {
            query = bind(query, key);
        }
        for _ in chunk.len()..size {
            query = bind(query, last);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

/// Reads a row's columns one after the other.
pub(super) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r Row) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(super) fn next<T: Column<'r>>(&mut self) -> Result<T, StoreError> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// The next column, an instant.
    pub(super) fn next_at(&mut self) -> Result<Timestamp, StoreError> {
        at(self.next()?)
    }

    /// The next column, an instant or nothing.
    pub(super) fn next_at_or_none(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.next::<Option<i64>>()?.map(at).transpose()
    }

    /// The next column, a number that is small here.
    pub(super) fn next_u32(&mut self) -> Result<u32, StoreError> {
        let number = self.next::<i64>()?;
        u32::try_from(number).map_err(|_| StoreError::Strange { what: format!("the number {number}") })
    }

    /// The next column, the number of a party or nothing.
    pub(super) fn next_party(&mut self) -> Result<Option<PartyId>, StoreError> {
        let strange = |number| StoreError::Strange { what: format!("the party {number}") };
        let number = self.next::<Option<i64>>()?;
        number.map(|number| u32::try_from(number).map(PartyId).map_err(|_| strange(number))).transpose()
    }

    /// The next column, a value as [`json`] writes it.
    pub(super) fn next_json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text = self.next::<&str>()?;
        serde_json::from_str(text).map_err(|error| StoreError::Strange { what: format!("`{text}` ({error})") })
    }

    /// The next column, a word of ours.
    pub(super) fn next_word<T>(&mut self, from_word: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let word = self.next::<&str>()?;
        from_word(word).ok_or_else(|| StoreError::Strange { what: format!("the word `{word}`") })
    }
}

fn at(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| StoreError::Strange { what: format!("the instant {millis}") })
}

/// An instant as the database keeps it.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A plain value as text.
pub(super) fn json(value: &impl Serialize) -> String {
    // Only keys that are no strings, or a failing `Serialize`, could make this fail; ours have neither.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_chunks_of_few_sizes() {
        let cases: [(&str, usize, &[usize]); 4] = [
            ("none", 0, &[]),
            ("a few", 3, &[1, 1, 1]),
            ("a batch", 200, &[64, 64, 64, 4, 4]),
            ("one of each", 341, &[256, 64, 16, 4, 1]),
        ];
        for (name, count, expected) in cases {
            let rows = vec![(); count];
            assert_eq!(chunks(&rows).map(<[()]>::len).collect::<Vec<_>>(), expected, "{name}");
        }
    }

    #[test]
    fn placeholders_stand_in_rows_and_keys_count_on_from_the_fixed_values() {
        assert_eq!(placeholders(Engine::Sqlite, 2, 2), "(?, ?), (?, ?)");
        assert_eq!(placeholders(Engine::Postgres, 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(numbered(2, 3), "($3), ($4), ($5)");
    }
}
