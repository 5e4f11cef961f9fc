//! A desk filled from a stream of lines: all of it, in one transaction, read back and compared before it counts.

use super::dialect;
use super::export::{digests, schema_version};
use super::portable::{Cell, Digests, FORMAT, First, Header, Last, TABLES, Table, TransferError};
use super::query::{Connection, query};
use super::rows::write_rows;
use super::{Store, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};

/// Rows that are written at once, at most.
const BATCH: usize = 256;

/// Bytes of lines that are written at once, but for a single line.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The longest line that is read: far more than the largest mail takes.
const LONGEST_LINE: u64 = 1 << 30;

/// A stream whose first line was read and is one that we understand.
pub struct Stream<'s> {
    input: Box<dyn BufRead + 's>,
    line: u64,
    header: Header,
}

impl<'s> Stream<'s> {
    /// Reads the first line.
    ///
    /// # Errors
    /// When the stream is none of ours, or one of another version.
    pub fn open(input: impl BufRead + 's) -> Result<Self, TransferError> {
        let header = Header {
            format: FORMAT,
            schema: 0,
            version: String::new(),
            exported_at: Timestamp::MIN,
            rows: BTreeMap::new(),
        };
        let mut stream = Self { input: Box::new(input), line: 0, header };
        let Some(line) = stream.next()? else { return Err(TransferError::Empty) };
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap_or_default();
        let format = value.get("postroom").and_then(|header| header.get("format")).and_then(serde_json::Value::as_u64);
        match format {
            None => return Err(stream.wrong("this is no stream that `postroom export` has written")),
            Some(format) if format != u64::from(FORMAT) => {
                return Err(stream.wrong(format!("the stream has format {format}, and this Postroom reads {FORMAT}")));
            }
            Some(_) => {}
        }
        let first: Result<First, _> = serde_json::from_slice(&line);
        stream.header = first.map_err(|error| stream.wrong(format!("the first line is broken: {error}")))?.postroom;
        Ok(stream)
    }

    /// What the first line says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next line, line feed included; `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, TransferError> {
        let mut line = Vec::new();
        self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(TransferError::Read)?;
        if line.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        if line.last() == Some(&b'\n') {
            return Ok(Some(line));
        }
        Err(self.wrong("the line is cut off, and so is the stream"))
    }

    fn wrong(&self, what: impl Into<String>) -> TransferError {
        TransferError::Line { line: self.line, what: what.into() }
    }
}

/// Rows of one table that are to be written.
#[derive(Default)]
struct Batch {
    at: usize,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl Store {
    /// Fills a new desk from a stream. `on_row` is told of each row.
    ///
    /// # Errors
    /// When there is something on the desk, when somebody works on it, or when anything is wrong with the stream.
    /// Nothing has changed then.
    pub async fn import(&self, mut stream: Stream<'_>, on_row: &mut dyn FnMut()) -> Result<Header, TransferError> {
        let _only_worker = self.be_the_worker()?;
        let mut tx = dialect::begin_write(self.writer()).await?;
        if let Some(patience) = tx.engine().be_patient() {
            query(patience).execute(&mut tx).await?;
        }
        insist_on_new(&mut tx).await?;
        let known = schema_version(&mut tx).await?;
        if stream.header.schema != known {
            return Err(stream.wrong(format!(
                "the stream has tables of version {} (Postroom {}), and the database has version {known}: export and \
                 import with the same version of Postroom",
                stream.header.schema, stream.header.version
            )));
        }
        for table in TABLES.iter().filter(|table| table.is_filled) {
            query(format!("DELETE FROM {}", table.name)).execute(&mut tx).await?;
        }
        let said = fill(&mut tx, &mut stream, on_row).await?;
        for statement in tx.engine().after_numbered_rows() {
            query(*statement).execute(&mut tx).await?;
        }
        let found = digests(&mut tx).await?;
        if let Some(table) = TABLES.iter().find(|table| found.get(table.name) != said.get(table.name)) {
            return Err(TransferError::Differs { table: table.name });
        }
        tx.commit().await?;
        let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        if let Some(statement) = self.engine().look_around(&tables) {
            query(statement).at_leisure().execute(self.writer()).await?;
        }
        Ok(stream.header)
    }
}

/// Refuses a desk that has anything on it, or is at work.
async fn insist_on_new(tx: &mut Connection) -> Result<(), StoreError> {
    for table in TABLES.iter().filter(|table| !table.is_filled) {
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {} LIMIT 1) AS found", table.name);
        if query(sql).fetch_value::<i64>(&mut *tx).await? > 0 {
            let what = format!("there are rows in `{}`; only a new database is filled from a stream", table.name);
            return Err(StoreError::Refused { what });
        }
    }
    let workers = format!("SELECT COUNT(*) FROM workers WHERE alive_until > {}", tx.engine().now());
    if query(workers).fetch_value::<i64>(tx).await? > 0 {
        return Err(StoreError::Refused { what: "a `postroom run` works on this database; stop it first".to_owned() });
    }
    Ok(())
}

/// Writes all rows; returns the digests that the last line gives, which are those of the lines.
async fn fill(
    tx: &mut Connection,
    stream: &mut Stream<'_>,
    on_row: &mut dyn FnMut(),
) -> Result<BTreeMap<String, String>, TransferError> {
    let mut seen = Digests::default();
    let mut counts: BTreeMap<String, u64> = TABLES.iter().map(|table| (table.name.to_owned(), 0)).collect();
    let mut batch = Batch::default();
    let last: Last = loop {
        let Some(line) = stream.next()? else {
            return Err(stream.wrong("the stream ends here without its last line: it is cut off"));
        };
        let (name, row) = row_of(&line, stream)?;
        if name == "end" {
            batch.write(tx, stream).await?;
            break serde_json::from_slice(&line)
                .map_err(|error| stream.wrong(format!("the last line is broken: {error}")))?;
        }
        let Some(at) = TABLES.iter().position(|table| table.name == name) else {
            return Err(stream.wrong(format!("there is no table `{name}`")));
        };
        if at != batch.at {
            batch.write(tx, stream).await?;
            if at < batch.at {
                return Err(stream.wrong(format!("rows of `{name}` stand behind those of `{}`", TABLES[batch.at].name)));
            }
            batch.at = at;
        }
        seen.add(TABLES[at].name, &line);
        *counts.entry(name).or_default() += 1;
        batch.rows.push(TABLES[at].cells(row).map_err(|what| stream.wrong(what))?);
        batch.bytes += line.len();
        if batch.rows.len() >= BATCH || batch.bytes >= BATCH_BYTES {
            batch.write(tx, stream).await?;
        }
        on_row();
    };
    if counts != stream.header.rows {
        return Err(stream.wrong("there are more or fewer rows than the first line says"));
    }
    if seen.finish() != last.end {
        return Err(stream.wrong("the digests are not those of the lines: somebody has changed the stream"));
    }
    match stream.next()? {
        Some(_) => Err(stream.wrong("something stands behind the last line")),
        None => Ok(last.end),
    }
}

fn row_of(line: &[u8], stream: &Stream<'_>) -> Result<(String, serde_json::Value), TransferError> {
    let row: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(line).map_err(|error| stream.wrong(format!("this is no row: {error}")))?;
    let mut row = row.into_iter();
    match (row.next(), row.next()) {
        (Some(row), None) => Ok(row),
        _ => Err(stream.wrong("this is no row: it must name one table")),
    }
}

impl Batch {
    async fn write(&mut self, tx: &mut Connection, stream: &Stream<'_>) -> Result<(), TransferError> {
        let table: &Table = &TABLES[self.at];
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let head = format!("INSERT INTO {} ({}) VALUES ", table.name, columns.join(", "));
        let written = write_rows(tx, (&head, ""), columns.len(), &self.rows, |query, row| {
            row.iter().fold(query, |query, cell| cell.bind(query))
        })
        .await;
        self.rows.clear();
        self.bytes = 0;
        match written {
            // It lies in the rows.
            Err(error) if error.is_about_the_work() => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                let what = format!("the database does not take these rows of `{}`: {cause}", table.name);
                Err(stream.wrong(what))
            }
            written => Ok(written.map(drop)?),
        }
    }
}
