//! A database with very many tickets: a small desk's real rows, copied over and over by SQL.
//!
//! A desk works through a small heap of mails; what its tables hold then is multiplied, each copy under numbers, ids
//! and addresses of its own. Tickets but for the last of them are closed long since. Of the mails' bytes and words
//! only the beginning is kept: nobody reads them again. It is made once and kept between runs.

use super::desk::{self, Running, Site, USER};
use super::engine::Until;
use super::mailbox::Filled;
use anyhow::{Context as _, Result};
use postroom_testbed::{MailBed, load};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// UIDVALIDITY of its mailbox.
pub const UID_VALIDITY: i64 = 20_260_307;

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_307;

/// Mails of the desk that is multiplied.
const MAILS: usize = 2_000;

/// Of so many copies one is of the last day: its tickets are open, its mails are counted.
const OPEN_OF: usize = 50;

/// How each table is copied. What is not named stays as it is; `{inbox}`, `{ticket}` and so on are how far the copy's
/// numbers are from those of the original.
const TABLES: [(&str, &[(&str, &str)]); 12] = [
    (
        "inbox",
        &[
            ("id", "id + {inbox}"),
            ("uid", "uid + {inbox}"),
            ("uid_validity", "{uid_validity}"),
            ("digest", "randomblob(32)"),
            ("same_bytes_as", "same_bytes_as + {inbox}"),
        ],
    ),
    ("inbox_raw", &[("inbox", "inbox + {inbox}"), ("raw", "substr(raw, 1, 400)")]),
    (
        "tickets",
        &[
            ("id", "id + {ticket}"),
            ("status", "CASE WHEN {is_open} THEN status ELSE 'closed' END"),
            ("closed_at", "CASE WHEN {is_open} THEN closed_at ELSE updated_at END"),
        ],
    ),
    (
        "outcomes",
        &[
            ("inbox", "inbox + {inbox}"),
            ("duplicate_of", "duplicate_of + {inbox}"),
            ("ticket", "ticket + {ticket}"),
            ("answers_to", "answers_to + {ticket}"),
            ("message_id", "lower(hex(randomblob(8))) || message_id"),
            ("content_digest", "randomblob(32)"),
        ],
    ),
    (
        "parties",
        &[
            ("ticket", "ticket + {ticket}"),
            ("address", "CASE role WHEN 'agent' THEN address ELSE lower(hex(randomblob(8))) || '@client.test' END"),
            (
                "address_key",
                "CASE role WHEN 'agent' THEN address_key ELSE lower(hex(randomblob(8))) || '@client.test' END",
            ),
        ],
    ),
    (
        "messages",
        &[
            ("id", "id + {message}"),
            ("ticket", "ticket + {ticket}"),
            ("inbox", "inbox + {inbox}"),
            ("message_id", "lower(hex(randomblob(8))) || message_id"),
            ("text", "substr(text, 1, 500)"),
        ],
    ),
    ("events", &[("id", "id + {event}"), ("ticket", "ticket + {ticket}")]),
    (
        "outbox",
        &[
            ("id", "id + {outbox}"),
            ("ticket", "ticket + {ticket}"),
            ("recipient", "lower(hex(randomblob(8))) || '@client.test'"),
            ("message_id", "lower(hex(randomblob(8))) || message_id"),
            ("state", "'sent'"),
            ("settled_at", "created_at"),
            ("reply", "'250 2.0.0 Ok: queued as 4XyZ1234'"),
        ],
    ),
    ("outbox_raw", &[("outbox", "outbox + {outbox}"), ("raw", "substr(raw, 1, 400)")]),
    ("deadlines", &[("ticket", "ticket + {ticket}"), ("due_at", "{far}"), ("claim_at", "{far}")]),
    (
        "traffic",
        &[
            ("subject", "CASE subject WHEN '' THEN '' ELSE lower(hex(randomblob(8))) || subject END"),
            ("minute", "minute - {copy}"),
        ],
    ),
    ("cursors", &[("uid", "uid + {inbox}"), ("uid_validity", "{uid_validity}")]),
];

/// Tables of which only the copies of the last day have rows.
const OF_THE_LAST_DAY: [&str; 2] = ["deadlines", "traffic"];

/// A database with at least so many tickets, from an earlier run or made now.
pub async fn database(bed: &MailBed, tickets: usize) -> Result<PathBuf> {
    let folder = super::target().join(format!("grown-{tickets}-{}", fingerprint()));
    let done = folder.join("desk.db");
    if done.exists() {
        return Ok(folder);
    }
    let begun = Instant::now();
    let making = super::target().join("grown-being-made");
    // What an earlier run did not finish.
    let _ = std::fs::remove_dir_all(&making);
    std::fs::create_dir_all(&making)?;
    work_through_small_heap(bed, &making).await?;
    std::fs::rename(making.join("desk.db"), making.join("small.db"))?;
    grow(&making, tickets).await?;
    std::fs::remove_file(making.join("small.db"))?;
    std::fs::rename(&making, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let megabytes = std::fs::metadata(&done)?.len() / 1_000_000;
    println!("made a database with {tickets} tickets, {megabytes} MB, in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(folder)
}

/// Changes with the tables, and with how they are filled here.
fn fingerprint() -> String {
    let sources = concat!(include_str!("../../migrations/sqlite/0001_desk.sql"), include_str!("grown.rs"));
    postroom::message::Digest::of(sources.as_bytes()).to_string()[..12].to_owned()
}

async fn work_through_small_heap(bed: &MailBed, folder: &Path) -> Result<()> {
    let mails = load::mixed("grown", &MailBed::address(USER), MAILS, SIZE_BYTES, SEED);
    let mut mailbox = Filled::with(bed, &mails)?;
    mailbox.reset()?;
    let site = Site::on_sqlite(folder, bed.imap_address());
    let mut running = Running::start(&site, &desk::rules()?).await?;
    running.until(Until::Settled(mails.len())).await?;
    running.stop().await?;
    mailbox.empty()
}

/// Fills a new database, made by the program itself, with copies of the small one.
async fn grow(folder: &Path, tickets: usize) -> Result<()> {
    let path = folder.join("desk.db");
    postroom::store::Store::open(&format!("sqlite://{}", path.display())).await?.close().await;
    let options = SqliteConnectOptions::new()
        .filename(&path)
        // Nobody misses what a crash leaves of it.
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .foreign_keys(false)
        .pragma("cache_size", "-2000000")
        .disable_statement_logging();
    let mut database = options.connect().await?;
    let small = folder.join("small.db");
    run(&mut database, &format!("ATTACH '{}' AS small", small.display())).await?;
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM small.tickets").fetch_one(&mut database).await?;
    let copies = tickets.div_ceil(usize::try_from(there)?);
    for (table, changed) in TABLES {
        let sql = copy(&mut database, table, changed, copies).await?;
        run(&mut database, &sql).await.with_context(|| format!("cannot fill {table}"))?;
    }
    for (counter, table) in [("inbox", "inbox"), ("outbox", "outbox"), ("ticket", "tickets")] {
        let sql = format!("UPDATE counters SET last = (SELECT MAX(id) FROM {table}) WHERE name = '{counter}'");
        run(&mut database, &sql).await?;
    }
    run(&mut database, "DETACH small").await?;
    database.close().await?;
    // The program opens it as it left it.
    postroom::store::Store::open(&format!("sqlite://{}", path.display())).await?.close().await;
    Ok(())
}

async fn run(database: &mut SqliteConnection, sql: &str) -> Result<()> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(database).await?;
    Ok(())
}

/// The statement that fills a table with copies, one after the other.
async fn copy(database: &mut SqliteConnection, table: &str, changed: &[(&str, &str)], copies: usize) -> Result<String> {
    let sql = format!("SELECT name FROM pragma_table_info('{table}')");
    let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(database).await?;
    let value = |column: &String| {
        changed.iter().find(|(name, _)| name == column).map_or(column.clone(), |(_, sql)| sql.to_string())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let distance = |table: &str, less: i64| format!("copy * (SELECT MAX(id) - {less} FROM small.{table})");
    let is_open = format!("(copy % {OPEN_OF} = 0)");
    let filled = [
        ("{inbox}", distance("inbox", 0)),
        ("{outbox}", distance("outbox", 0)),
        ("{ticket}", distance("tickets", 1000)),
        ("{message}", distance("messages", 0)),
        ("{event}", distance("events", 0)),
        ("{uid_validity}", UID_VALIDITY.to_string()),
        // In the year 2100.
        ("{far}", "4102444800000".to_owned()),
        ("{copy}", "copy".to_owned()),
        ("{is_open}", is_open.clone()),
    ];
    let values = filled.iter().fold(values.join(", "), |text, (name, sql)| text.replace(name, sql));
    let which = match table {
        "cursors" => format!("WHERE copy = {}", copies - 1),
        _ if OF_THE_LAST_DAY.contains(&table) => format!("WHERE {is_open}"),
        _ => String::new(),
    };
    Ok(format!(
        "WITH RECURSIVE copies (copy) AS (SELECT 0 UNION ALL SELECT copy + 1 FROM copies WHERE copy + 1 < {copies}) \
         INSERT INTO main.{table} ({columns}) SELECT {values} FROM copies CROSS JOIN small.{table} {which}",
        columns = columns.join(", ")
    ))
}
