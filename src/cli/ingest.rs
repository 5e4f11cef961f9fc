//! `postroom ingest`: mails from files and from standard input into the same inbox, down the same road.
//!
//! A mail is kept first and processed second, as one from a mailbox. A mail server that pipes to us is told by the
//! codes of sysexits.h: 0 means that the mail is on the disk, whatever becomes of it; 75 that it is to try again.

use super::inbox::became;
use super::list::print;
use super::report::Findings;
use super::screen::{Screen, remark};
use super::source::{Found, Sources};
use super::{Format, FormatArgs, Globals, complain, open_store, progress, setup};
use crate::config::Config;
use crate::message::Digest;
use crate::serve::desk::Desk;
use crate::serve::members::Member;
use crate::serve::process::{Line, Round, process_due, process_rest};
use crate::serve::{Role, reload};
use crate::spoken::counted;
use crate::store::list::InboxRow;
use crate::store::{INGEST, NewMail, Place, Store, StoreError};
use anyhow::Context as _;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// `EX_NOINPUT`: a file is not there or cannot be read.
const NO_INPUT: u8 = 66;
/// `EX_TEMPFAIL`: not now; the same again may work.
const TRY_AGAIN: u8 = 75;
/// `EX_CONFIG`: the configuration is wrong. Not for a mail from a pipe: a mail server would return it to its sender.
const BAD_CONFIG: u8 = 78;

/// Mails that are kept in one transaction, at most.
const BATCH: usize = 256;
/// So many mails that were waiting are processed before ours, as no mail is looked at before one that it may answer.
/// Where there are more, all of them are work for whoever runs, and ours with them: a mail server waits for us.
const BEFORE_OURS: usize = 256;
/// Bytes that are kept in one transaction, but for the last mail.
const BATCH_BYTES: usize = 16 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom ingest mail.eml old.mbox ~/Maildir
  postroom ingest - < mail.eml

From Postfix (master.cf, where a line that begins with blanks goes on):
  postroom unix - n n - 4 pipe user=postroom
    argv=/usr/bin/postroom --config /etc/postroom/postroom.toml ingest -

Mails are processed in order. Where many wait before these, they wait as well,
for a running `postroom run` or for `postroom ingest --all`.

Exit codes (sysexits.h): 0 every mail is kept, 66 a file cannot be read, 75 try
again later, 78 the configuration is wrong (75 for a mail on standard input, so
that none is returned).")]
pub(super) struct IngestArgs {
    /// Mails (.eml), mbox files, Maildirs, folders of those; `-` is one mail on standard input
    #[arg(required_unless_present = "all", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only keep the mails; a running `postroom run` processes them
    #[arg(long)]
    no_process: bool,
    /// Also process all other mails that wait, however many
    #[arg(long, conflicts_with = "no_process")]
    all: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// Why nothing more was taken in, and the code that says so.
struct Stopped(u8, anyhow::Error);

impl Stopped {
    fn try_again(error: impl Into<anyhow::Error>) -> Self {
        Self(TRY_AGAIN, error.into())
    }
}

pub(super) async fn run(args: &IngestArgs, globals: &Globals) -> u8 {
    match ingest(args, globals).await {
        Ok(code) => code,
        Err(Stopped(code, error)) => {
            complain(&error);
            code
        }
    }
}

async fn ingest(args: &IngestArgs, globals: &Globals) -> Result<u8, Stopped> {
    let mut screen = globals.screen();
    let mut findings = Findings::default();
    let Some(config) = setup::config(&globals.config, &mut findings) else {
        remark(findings.render(&screen).trim_end());
        let is_pipe = args.files.iter().any(|file| file.as_os_str() == "-");
        return Ok(if is_pipe { TRY_AGAIN } else { BAD_CONFIG });
    };
    screen.zone = config.zone.clone();
    let store = open_store(&config).await.map_err(Stopped::try_again)?;
    let result = take_in(args, globals, &config, &store, &screen).await;
    store.close().await;
    result
}

async fn take_in(
    args: &IngestArgs,
    globals: &Globals,
    config: &Config,
    store: &Store,
    screen: &Screen,
) -> Result<u8, Stopped> {
    let mut code = 0;
    let mut sources = Sources::new(config.policy.max_mail_bytes);
    for file in &args.files {
        if let Err(error) = sources.add(file) {
            complain(&error);
            code = NO_INPUT;
        }
    }
    let ids = keep_all(sources, store, &mut code).await.map_err(Stopped::try_again)?;
    let limit = if args.all { usize::MAX } else { ids.len() + BEFORE_OURS };
    let mut is_processed = false;
    if args.all || (!args.no_process && !ids.is_empty()) {
        // From here on every mail is on the disk: nothing that goes wrong now is the sender's to repair.
        let processed = process(globals, store, ids.len(), limit).await;
        is_processed = processed.is_ok();
        if let Err(error) = processed {
            complain(&error);
            remark("the mails are kept; a running `postroom run` processes them, or the next ingest does");
        }
    }
    if !args.files.is_empty() {
        let rows = tell(&ids, args.format.format, store, screen).await.map_err(|error| Stopped(code, error))?;
        let waiting = rows.iter().filter(|row| matches!(row.state.as_str(), "new" | "processing")).count();
        if is_processed && waiting > 0 {
            let mails = counted(waiting, "mail");
            remark(&format!(
                "not processed yet: {mails}; a running `postroom run` does so, or `postroom ingest --all`"
            ));
        }
    }
    Ok(code)
}

/// Keeps every mail, batch by batch; returns the numbers of their rows.
async fn keep_all(mut sources: Sources, store: &Store, code: &mut u8) -> anyhow::Result<Vec<i64>> {
    let bar = progress(sources.size_kib(), "keeping");
    let mut ids = Vec::new();
    let mut batch: Vec<Found> = Vec::new();
    let mut bytes = 0;
    loop {
        let next = sources.next();
        let is_end = next.is_none();
        match next {
            Some(Ok(found)) => {
                bytes += found.raw.len();
                bar.inc(found.raw.len() as u64 / 1024);
                batch.push(found);
            }
            Some(Err(error)) => {
                complain(&error);
                *code = NO_INPUT;
            }
            None => {}
        }
        if batch.len() >= BATCH || bytes >= BATCH_BYTES || (is_end && !batch.is_empty()) {
            let kept = keep(std::mem::take(&mut batch), store, store.clock().now()).await;
            ids.extend(kept.context("cannot keep the mail")?);
            bytes = 0;
        }
        if is_end {
            bar.finish_and_clear();
            return Ok(ids);
        }
    }
}

/// Keeps one batch; each mail gets the next place of this door.
async fn keep(batch: Vec<Found>, store: &Store, now: Timestamp) -> Result<Vec<i64>, StoreError> {
    let mails = batch
        .into_iter()
        .map(|found| NewMail {
            place: Place { mailbox: INGEST.to_owned(), uid_validity: 0, uid: 0 },
            received_at: now,
            digest: Digest::of(&found.raw),
            raw: found.raw.into(),
            oversize_bytes: found.oversize_bytes,
        })
        .collect();
    Ok(store.keep_ingested(INGEST, mails, now).await?.new_ids)
}

/// Processes what is due, the oldest first: `count` mails of ours after those that were waiting, about `limit` in all.
async fn process(globals: &Globals, store: &Store, count: usize, limit: usize) -> anyhow::Result<()> {
    let setup = setup::load(&globals.config).map_err(|findings| {
        let count = counted(findings.all.len(), "finding");
        anyhow::anyhow!("there are {count} in the rules or templates; `postroom check` shows them")
    })?;
    let desk = Desk::new(store.clone(), store.clock().clone(), &setup.config, setup.rules, setup.templates);
    reload::keep(&desk, &setup.config.rules).await;
    // Where several workers share the database, whoever claims mail is one of them.
    if !store.is_shared() {
        return process_in_order(&desk, count, limit).await;
    }
    let member = Member::join(store, Role::Process.word().to_owned()).await?;
    let stop = CancellationToken::new();
    let living = tokio::spawn(member.clone().live(desk.health.clone(), stop.clone()));
    let done = process_in_order(&desk, count, limit).await;
    stop.cancel();
    // It has nothing to say any more.
    let _ = living.await;
    member.leave().await;
    done
}

async fn process_in_order(desk: &Desk, count: usize, limit: usize) -> anyhow::Result<()> {
    let bar = progress(count as u64, "processing");
    let mut line = Line::default();
    let mut done = 0;
    while done < limit {
        match process_due(desk, &mut line).await {
            Ok(Round { is_idle: true, .. }) => break,
            Ok(Round { settled, .. }) => {
                done += settled;
                bar.inc(settled as u64);
            }
            Err(error) if error.is_transient() => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => {
                // Whoever comes next finds them at once, and in order; where not even that can be written, after a while.
                let _ = process_rest(desk, &mut line).await;
                return Err(error).context("cannot process the mails");
            }
        }
    }
    process_rest(desk, &mut line).await.context("cannot process the mails")?;
    bar.finish_and_clear();
    Ok(())
}

/// Says what each mail became.
async fn tell(ids: &[i64], format: Format, store: &Store, screen: &Screen) -> anyhow::Result<Vec<InboxRow>> {
    let mut rows: Vec<InboxRow> = Vec::with_capacity(ids.len());
    for id in ids {
        rows.extend(store.find_inbox(*id).await?);
    }
    print(&rows, format, screen, "there was no mail to take in")?;
    if format == Format::Text && rows.len() > 1 {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in &rows {
            *counts.entry(became(row).0).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        remark(&format!("{} mails: {}", rows.len(), counts.join(", ")));
    }
    Ok(rows)
}
