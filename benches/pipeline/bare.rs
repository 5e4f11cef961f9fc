//! What the pipeline is measured by: the same mails over IMAP, their bytes into one table, nothing else.

use super::desk::USER;
use anyhow::Result;
use postroom::endpoint::{Endpoint, Login, Mechanism, Secret, Security};
use postroom::imap::{Deadlines, Fetched, Session};
use postroom_testbed::MailBed;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Mails fetched and committed together, as the desk does.
const BATCH: usize = 250;

/// Rows in one statement; one by one it would be slower.
const ROWS: usize = 50;

/// A database as durable as the desk's, with one table.
pub async fn database(folder: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "8000")
        .pragma("cache_size", "-65536")
        .disable_statement_logging();
    let mut database = options.connect().await?;
    sqlx::query("CREATE TABLE mails (uid INTEGER PRIMARY KEY, raw BLOB NOT NULL)").execute(&mut database).await?;
    Ok(database)
}

/// Brings in all mails; returns how many there were and how long it took, from the connect to the last commit.
pub async fn ingest(imap: SocketAddr, database: &mut SqliteConnection) -> Result<(usize, Duration)> {
    let endpoint =
        Endpoint { host: "127.0.0.1".to_owned(), port: imap.port(), security: Security::Plain, ca_file: None };
    let secret = Secret::new(MailBed::password(USER));
    let login = Login { user: MailBed::address(USER), secret, mechanism: Mechanism::Password };
    let begun = Instant::now();
    let mut session = Session::connect(&endpoint, &login, Deadlines::default()).await?;
    let selected = session.select("INBOX").await?;
    let uids = session.all_uids(selected.uid_next).await?;
    let batches: Vec<Vec<u32>> = uids.chunks(BATCH).map(<[u32]>::to_vec).collect();
    let mut fetching = session.fetch_batches(&batches);
    let mut count = 0;
    while let Some(batch) = fetching.next().await? {
        let mut tx = database.begin().await?;
        for rows in batch.mails.chunks(ROWS) {
            insert(&mut tx, rows).await?;
        }
        tx.commit().await?;
        count += batch.mails.len();
    }
    Ok((count, begun.elapsed()))
}

async fn insert(database: &mut SqliteConnection, mails: &[Fetched]) -> Result<()> {
    let values = vec!["(?, ?)"; mails.len()].join(", ");
    let sql = format!("INSERT INTO mails (uid, raw) VALUES {values}");
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for mail in mails {
        query = query.bind(i64::from(mail.uid)).bind(&mail.raw);
    }
    query.execute(database).await?;
    Ok(())
}
