//! `postroom export` and `postroom import`: a whole desk as a stream of lines, from one database into another.

use super::screen::{Screen, Tone, remark};
use super::{DONE, Open, private_file, progress};
use crate::store::{Header, Stream, TransferError};
use anyhow::{Context as _, bail};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read or written at once.
const BUFFER: usize = 1 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom export desk.jsonl
  postroom export - | gzip > desk.jsonl.gz
  postroom --config old.toml export - | postroom --config new.toml import -

Each line is a row, as JSON. It is the desk as it is at one moment; stop
`postroom run` first when another desk is to go on from there. Everything is
in it, the key that reply addresses are signed with included: the file is made
for its owner alone to read. `postroom import` fills a new database from it,
SQLite or PostgreSQL.")]
pub(super) struct ExportArgs {
    /// The file to write, which must not be there yet; `-` for standard output
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom import desk.jsonl
  gunzip < desk.jsonl.gz | postroom import -

Only a new database is filled. All of it goes in, or nothing; it is read back
and compared before it counts.")]
pub(super) struct ImportArgs {
    /// The file that `postroom export` has written; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn export(args: &ExportArgs, open: &Open) -> anyhow::Result<u8> {
    let file = &args.file;
    if file == Path::new("-") {
        if open.screen.is_terminal {
            bail!(
                "the key of the desk is in it, so it is not written to a terminal; name a file, or write it to a pipe"
            );
        }
        // Whoever closes the pipe early has no whole stream, so that is told, too.
        let header = write(open, io::stdout().lock()).await.map_err(|error| anyhow::anyhow!("{error:#}"))?;
        remark(&summary("exported", &header, &open.screen));
        return Ok(DONE);
    }
    let cannot = || format!("cannot write {}", file.display());
    if file.symlink_metadata().is_ok() {
        bail!("{} is there already, and is not written over", file.display());
    }
    let out = private_file(file).with_context(cannot)?;
    let written = match write(open, &out).await {
        Ok(header) => out.sync_all().map(|()| header).with_context(cannot),
        Err(error) => Err(error),
    };
    let header = written.inspect_err(|_| {
        // Half a stream is of no use to anybody.
        let _ = fs::remove_file(file);
    })?;
    open.screen.print(&(summary("exported", &header, &open.screen) + "\n"))?;
    remark("the key of the desk is in this file: who has it can write in everybody's name");
    Ok(DONE)
}

async fn write(open: &Open, out: impl Write) -> anyhow::Result<Header> {
    let bar = progress(0, "exporting");
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let mut on_row = |all| {
        bar.set_length(all);
        bar.inc(1);
    };
    let header = open.store.export(open.screen.now, &mut out, &mut on_row).await;
    bar.finish_and_clear();
    Ok(header?)
}

/// A stream whose first line is in order; looked at before the database is opened, which might make it.
pub(super) fn stream(args: &ImportArgs) -> anyhow::Result<Stream<'static>> {
    let file = &args.file;
    let stream = if file == Path::new("-") {
        if io::stdin().is_terminal() {
            bail!("standard input is a terminal; name a file, or pipe a stream in");
        }
        Stream::open(BufReader::with_capacity(BUFFER, io::stdin()))
    } else {
        let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        Stream::open(BufReader::with_capacity(BUFFER, opened))
    };
    stream.map_err(|error| of(error, file))
}

pub(super) async fn import(args: &ImportArgs, stream: Stream<'_>, open: &Open) -> anyhow::Result<u8> {
    let bar = progress(stream.header().rows.values().sum(), "importing");
    let imported = open.store.import(stream, &mut || bar.inc(1)).await;
    bar.finish_and_clear();
    let header = imported.map_err(|error| of(error, &args.file).context("nothing was imported"))?;
    open.screen.print(&(summary("imported", &header, &open.screen) + "; read back, and the same\n"))?;
    Ok(DONE)
}

/// An error about a stream, with the name of its file.
fn of(error: TransferError, file: &Path) -> anyhow::Error {
    match error {
        TransferError::Store(error) => error.into(),
        error if file == Path::new("-") => anyhow::Error::new(error).context("standard input"),
        error => anyhow::Error::new(error).context(file.display().to_string()),
    }
}

fn summary(verb: &str, header: &Header, screen: &Screen) -> String {
    let count = |table: &str| header.rows.get(table).copied().unwrap_or_default();
    format!(
        "{} rows: {}; mails received: {}, tickets: {}, mails sent or to send: {}",
        screen.paint(Tone::Good, verb),
        header.rows.values().sum::<u64>(),
        count("inbox"),
        count("tickets"),
        count("outbox")
    )
}
