//! The bytes of mails, received or to be sent.
//!
//! Those of a large mail are cut into pieces, a row for each. Whatever goes into a database or comes out of it stands in
//! memory several times on its way: so that is a piece, and the mail stands there once.

use super::StoreError;
use super::query::{Connection, query};
use super::rows::{Columns, look_up, write_rows};
use std::collections::HashMap;

/// The longest piece, in bytes.
pub(super) const PIECE_BYTES: usize = 1 << 20;

/// Where the bytes of one kind of mail are: the first piece in one table, and what follows it in another.
pub(super) struct Raws {
    read: (&'static str, &'static str),
    write: (&'static str, &'static str),
    count_rest: &'static str,
    read_rest: &'static str,
    write_rest: &'static str,
}

/// Mail that came in.
pub(super) const RECEIVED: Raws = Raws {
    read: ("SELECT inbox, raw FROM inbox_raw WHERE inbox IN (", ")"),
    write: ("INSERT INTO inbox_raw (inbox, raw) VALUES ", ""),
    count_rest: "SELECT COUNT(*) FROM inbox_rest WHERE inbox = $1",
    read_rest: "SELECT raw FROM inbox_rest WHERE inbox = $1 AND piece = $2",
    write_rest: "INSERT INTO inbox_rest (inbox, piece, raw) VALUES ($1, $2, $3)",
};

/// Mail to send.
pub(super) const OUTGOING: Raws = Raws {
    read: ("SELECT outbox, raw FROM outbox_raw WHERE outbox IN (", ")"),
    write: ("INSERT INTO outbox_raw (outbox, raw) VALUES ", ""),
    count_rest: "SELECT COUNT(*) FROM outbox_rest WHERE outbox = $1",
    read_rest: "SELECT raw FROM outbox_rest WHERE outbox = $1 AND piece = $2",
    write_rest: "INSERT INTO outbox_rest (outbox, piece, raw) VALUES ($1, $2, $3)",
};

impl Raws {
    /// Writes the bytes of mails with these numbers.
    pub(super) async fn write(&self, tx: &mut Connection, mails: &[(i64, &[u8])]) -> Result<(), StoreError> {
        write_rows(tx, self.write, 2, mails, |query, (id, raw)| {
            query.bind(*id).bind(&raw[..raw.len().min(PIECE_BYTES)])
        })
        .await?;
        for (id, raw) in mails {
            for (piece, bytes) in (1_i64..).zip(raw.chunks(PIECE_BYTES).skip(1)) {
                query(self.write_rest).bind(*id).bind(piece).bind(bytes).execute(&mut *tx).await?;
            }
        }
        Ok(())
    }

    /// Reads the bytes of mails with these numbers, as far as they are there.
    pub(super) async fn read(
        &self,
        connection: &mut Connection,
        ids: &[i64],
    ) -> Result<HashMap<i64, Vec<u8>>, StoreError> {
        let rows = look_up(connection, self.read, &[], ids, |query, id| query.for_mails().bind(*id)).await?;
        let mut raws: HashMap<i64, Vec<u8>> = HashMap::with_capacity(rows.len());
        for row in rows {
            let mut columns = Columns::of(&row);
            raws.insert(columns.next()?, columns.next()?);
        }
        for (id, raw) in &mut raws {
            self.complete(connection, *id, raw).await?;
        }
        Ok(raws)
    }

    /// Adds to the first piece of a mail what follows it.
    pub(super) async fn complete(
        &self,
        connection: &mut Connection,
        id: i64,
        raw: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        if raw.len() < PIECE_BYTES {
            return Ok(());
        }
        let count: i64 = query(self.count_rest).bind(id).fetch_value(&mut *connection).await?;
        raw.reserve_exact(PIECE_BYTES.saturating_mul(usize::try_from(count).unwrap_or_default()));
        for piece in 1..=count {
            let row = query(self.read_rest).for_mails().bind(id).bind(piece).fetch_one(&mut *connection).await?;
            raw.extend_from_slice(row.get(0)?);
        }
        Ok(())
    }
}
