//! A database with very many tickets: a small desk's real rows, copied over and over by SQL.
//!
//! A desk works through a small heap of mails; what its tables hold then is multiplied, each copy under numbers, ids
//! and addresses of its own. Tickets but for the last of them are closed long since. Of the mails' bytes and words
//! only the beginning is kept: nobody reads them again. It is made once and kept between runs.

use super::desk::{self, Running, Site, USER};
use super::engine::{Engine, Until};
use super::mailbox::Filled;
use anyhow::{Context as _, Result};
use postroom_testbed::{MailBed, load};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
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
/// numbers are from those of the original, `{random}` and `{digest}` come in no order.
const TABLES: [(&str, &[(&str, &str)]); 12] = [
    (
        "inbox",
        &[
            ("id", "id + {inbox}"),
            ("uid", "uid + {inbox}"),
            ("uid_validity", "{uid_validity}"),
            ("digest", "{digest}"),
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
            ("message_id", "{random} || message_id"),
            ("content_digest", "{digest}"),
        ],
    ),
    (
        "parties",
        &[
            ("ticket", "ticket + {ticket}"),
            ("address", "CASE role WHEN 'agent' THEN address ELSE {random} || '@client.test' END"),
            ("address_key", "CASE role WHEN 'agent' THEN address_key ELSE {random} || '@client.test' END"),
        ],
    ),
    (
        "messages",
        &[
            ("id", "id + {message}"),
            ("ticket", "ticket + {ticket}"),
            ("inbox", "inbox + {inbox}"),
            ("message_id", "{random} || message_id"),
            ("text", "substr(text, 1, 500)"),
        ],
    ),
    ("events", &[("id", "id + {event}"), ("ticket", "ticket + {ticket}")]),
    (
        "outbox",
        &[
            ("id", "id + {outbox}"),
            ("ticket", "ticket + {ticket}"),
            ("recipient", "{random} || '@client.test'"),
            ("message_id", "{random} || message_id"),
            ("state", "'sent'"),
            ("settled_at", "created_at"),
            ("reply", "'250 2.0.0 Ok: queued as 4XyZ1234'"),
        ],
    ),
    ("outbox_raw", &[("outbox", "outbox + {outbox}"), ("raw", "substr(raw, 1, 400)")]),
    ("deadlines", &[("ticket", "ticket + {ticket}"), ("due_at", "{far}"), ("claim_at", "{far}")]),
    (
        "traffic",
        &[("subject", "CASE subject WHEN '' THEN '' ELSE {random} || subject END"), ("minute", "minute - {copy}")],
    ),
    ("cursors", &[("uid", "uid + {inbox}"), ("uid_validity", "{uid_validity}")]),
];

/// Kinds of numbers that are given out, and the tables that have them.
const COUNTERS: [(&str, &str); 3] = [("inbox", "inbox"), ("outbox", "outbox"), ("ticket", "tickets")];

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
    work_through_small_heap(bed, &Site::on_sqlite(&making, bed.imap_address())).await?;
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

/// A PostgreSQL database with at least so many tickets, which lasts as long as its server.
pub async fn on_postgres(bed: &MailBed, tickets: usize) -> Result<String> {
    let begun = Instant::now();
    let url = Engine::Postgres.url(Path::new(""))?;
    work_through_small_heap(bed, &Site::without_smtp(url.clone(), 1, bed.imap_address())).await?;
    let mut database = PgConnection::connect(&url).await?;
    let tables = TABLES.map(|(table, _)| table);
    // Else it asks for each row whether those are there that it refers to.
    run_on_postgres(&mut database, "SET session_replication_role = replica").await?;
    run_on_postgres(&mut database, "CREATE SCHEMA small").await?;
    for table in tables {
        run_on_postgres(&mut database, &format!("CREATE TABLE small.{table} AS TABLE public.{table}")).await?;
    }
    run_on_postgres(&mut database, &format!("TRUNCATE {} CASCADE", tables.join(", "))).await?;
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM small.tickets").fetch_one(&mut database).await?;
    let copies = tickets.div_ceil(usize::try_from(there)?);
    for (table, changed) in TABLES {
        let sql = "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position";
        let columns: Vec<String> = sqlx::query_scalar(sql).bind(table).fetch_all(&mut database).await?;
        let (columns, values, which) = copied(table, changed, &columns, copies);
        let values = values
            .replace("{digest}", "decode(md5(random()::text) || md5(random()::text), 'hex')")
            .replace("{random}", "left(md5(random()::text), 16)");
        let sql = format!(
            "INSERT INTO public.{table} ({columns}) SELECT {values} FROM generate_series(0, {copies} - 1) AS copies (copy) \
             CROSS JOIN small.{table} {which}"
        );
        run_on_postgres(&mut database, &sql).await.with_context(|| format!("cannot fill {table}"))?;
    }
    for (counter, table) in COUNTERS {
        let sql = format!("UPDATE counters SET last = (SELECT MAX(id) FROM {table}) WHERE name = '{counter}'");
        run_on_postgres(&mut database, &sql).await?;
    }
    for table in ["messages", "events"] {
        let sql = format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))");
        run_on_postgres(&mut database, &sql).await?;
    }
    run_on_postgres(&mut database, "DROP SCHEMA small CASCADE").await?;
    run_on_postgres(&mut database, "VACUUM ANALYZE").await?;
    run_on_postgres(&mut database, "CHECKPOINT").await?;
    database.close().await?;
    println!("made a PostgreSQL database with {tickets} tickets in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(url)
}

async fn run_on_postgres(database: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(database).await?;
    Ok(())
}

async fn work_through_small_heap(bed: &MailBed, site: &Site) -> Result<()> {
    let mails = load::mixed("grown", &MailBed::address(USER), MAILS, SIZE_BYTES, SEED);
    let mut mailbox = Filled::with(bed, &mails)?;
    mailbox.reset()?;
    let mut running = Running::start(site, &desk::rules()?).await?;
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
    for (counter, table) in COUNTERS {
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
    let (columns, values, which) = copied(table, changed, &columns, copies);
    let values = values.replace("{digest}", "randomblob(32)").replace("{random}", "lower(hex(randomblob(8)))");
    Ok(format!(
        "WITH RECURSIVE copies (copy) AS (SELECT 0 UNION ALL SELECT copy + 1 FROM copies WHERE copy + 1 < {copies}) \
         INSERT INTO main.{table} ({columns}) SELECT {values} FROM copies CROSS JOIN small.{table} {which}"
    ))
}

/// A table's columns, what stands in them in a copy, and which copies there are.
fn copied(table: &str, changed: &[(&str, &str)], columns: &[String], copies: usize) -> (String, String, String) {
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
    (columns.join(", "), values, which)
}
