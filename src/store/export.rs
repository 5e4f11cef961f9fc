//! A desk written to a stream of lines.

use super::claims::within_bytes;
use super::dialect;
use super::portable::{Digests, FORMAT, First, Header, Last, Order, TABLES, Table, TransferError};
use super::query::{Connection, query};
use super::rows::json;
use super::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::Write;

/// How many numbers of rows are read at once.
const SPAN: i64 = 256;

/// How many bytes of mails are read at once, but for a single mail.
const SPAN_BYTES: i64 = 16 * 1024 * 1024;

impl Store {
    /// Writes the whole desk, as it is at one moment, while others work on it. `on_row` is told after each row how many
    /// rows there are.
    ///
    /// # Errors
    /// When the database cannot be read, or the stream not be written.
    pub async fn export(
        &self,
        now: Timestamp,
        out: &mut dyn Write,
        on_row: &mut dyn FnMut(u64),
    ) -> Result<Header, TransferError> {
        let mut tx = dialect::begin_read(self.readers()).await?;
        if let Some(patience) = tx.engine().be_patient() {
            query(patience).execute(&mut tx).await?;
        }
        let header = Header {
            format: FORMAT,
            schema: schema_version(&mut tx).await?,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            exported_at: now,
            rows: counts(&mut tx).await?,
        };
        let all = header.rows.values().sum();
        let mut write = |line: &[u8]| out.write_all(line).map_err(TransferError::Write);
        write(line_of(&First { postroom: header.clone() }).as_bytes())?;
        let mut digests = Digests::default();
        for table in &TABLES {
            let mut each = |line: &[u8]| {
                digests.add(table.name, line);
                on_row(all);
                write(line)
            };
            read(&mut tx, table, &mut each).await?;
        }
        write(line_of(&Last { end: digests.finish() }).as_bytes())?;
        tx.rollback().await?;
        out.flush().map_err(TransferError::Write)?;
        Ok(header)
    }
}

fn line_of(value: &impl serde::Serialize) -> String {
    json(value) + "\n"
}

/// The version of the tables.
pub(super) async fn schema_version(connection: &mut Connection) -> Result<i64, StoreError> {
    query("SELECT MAX(version) FROM _sqlx_migrations").fetch_value(connection).await
}

async fn counts(connection: &mut Connection) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut counts = BTreeMap::new();
    for table in &TABLES {
        let count: i64 =
            query(format!("SELECT COUNT(*) FROM {}", table.name)).at_leisure().fetch_value(&mut *connection).await?;
        counts.insert(table.name.to_owned(), count.cast_unsigned());
    }
    Ok(counts)
}

/// The digests of all tables as they are.
pub(super) async fn digests(connection: &mut Connection) -> Result<BTreeMap<String, String>, TransferError> {
    let mut digests = Digests::default();
    for table in &TABLES {
        let mut each = |line: &[u8]| {
            digests.add(table.name, line);
            Ok(())
        };
        read(connection, table, &mut each).await?;
    }
    Ok(digests.finish())
}

/// Reads a table row by row, in the order of its lines.
async fn read(
    connection: &mut Connection,
    table: &Table,
    each: &mut dyn FnMut(&[u8]) -> Result<(), TransferError>,
) -> Result<(), TransferError> {
    let (name, columns) = (table.name, table.selected());
    if table.order == Order::Small {
        let rows = query(format!("SELECT {columns} FROM {name}")).at_leisure().fetch_all(connection).await?;
        let mut lines = rows.iter().map(|row| table.line(row)).collect::<Result<Vec<_>, _>>()?;
        lines.sort();
        return lines.iter().try_for_each(|line| each(line));
    }
    let key = table.columns[0].0;
    let next = format!("SELECT MIN({key}) FROM {name} WHERE {key} > $1");
    let mut after = i64::MIN;
    // Behind a gap, which may be a wide one.
    while let Some(first) =
        query(next.clone()).at_leisure().bind(after).fetch_value::<Option<i64>>(&mut *connection).await?
    {
        let last = match table.order {
            Order::Large => large_span(connection, table, first).await?,
            _ => first + SPAN,
        };
        let sql = format!("SELECT {columns} FROM {name} WHERE {key} >= $1 AND {key} <= $2 ORDER BY 1, 2");
        for row in query(sql).at_leisure().bind(first).bind(last).fetch_all(&mut *connection).await? {
            each(&table.line(&row)?)?;
        }
        after = last;
    }
    Ok(())
}

/// The last row from `first` on with which there are not too many bytes yet.
async fn large_span(connection: &mut Connection, table: &Table, first: i64) -> Result<i64, StoreError> {
    let key = table.columns[0].0;
    let sql = format!(
        "SELECT {key}, CAST(LENGTH(raw) AS BIGINT) FROM {} WHERE {key} >= $1 ORDER BY 1 LIMIT {SPAN}",
        table.name
    );
    let rows = query(sql).at_leisure().bind(first).fetch_all(connection).await?;
    Ok(within_bytes(&rows, SPAN_BYTES)?.last().copied().unwrap_or(first))
}
