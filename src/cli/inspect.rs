//! `postroom inspect`: what is understood of mails before any rule looks at them, by the very reader that the worker
//! has. No database is needed, and no mail makes it fail: what is odd about one is said with it.

mod page;
mod report;

use super::source::{Found, Sources};
use super::{CANNOT, DONE, Format, FormatArgs, Globals, complain};
use crate::config::Config;
use crate::message::{self, Message, Reader};
use crate::thread::references;
use jiff::Timestamp;
use report::Report;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

/// The largest mail that is read whole; of a larger one, the header.
const MAX_MAIL_BYTES: u64 = 64 << 20;

/// Mails, and bytes of mail, that are read and printed in one go.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 32 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom inspect mail.eml
  postroom inspect --format json ~/Maildir | jq -r 'select(.may_answer) | .path'
  postroom inspect --thread old.mbox

Sizes and digests of attached texts are those of the file with \\n at the end of
each line, so that a mail in a Maildir and the same mail fetched from a server
tell of the same file.

Exit codes: 0 done, 2 a file cannot be read.")]
pub(super) struct InspectArgs {
    /// Mails (.eml), mbox files, Maildirs, folders of those; `-` is one mail on standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also show which of these mails each one answers
    #[arg(long)]
    thread: bool,
    /// How to print the result: for people, or a line of JSON for each mail
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &InspectArgs, globals: &Globals) -> anyhow::Result<u8> {
    // It needs no configuration; where there is one, mails are read as the desk reads them.
    let reader = Config::load(&globals.config).map_or(Reader::default(), |config| config.reader());
    let screen = globals.screen();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut code = DONE;
    let mut sources = Sources::new(MAX_MAIL_BYTES);
    for path in &args.paths {
        if let Err(error) = sources.add(path) {
            complain(&error);
            code = CANNOT;
        }
    }
    let mut print = |report: &Report| match args.format.format {
        Format::Json => writeln!(out, "{}", screen.json_line(report)?).map_err(anyhow::Error::from),
        Format::Text => Ok(write!(out, "{}", page::text(report, &screen))?),
    };
    let mut all = Vec::new();
    loop {
        let (batch, is_end) = next_batch(&mut sources, &mut code);
        let read = read_all(batch, &reader, screen.now);
        if args.thread {
            all.extend(read);
        } else {
            read.iter().try_for_each(|(report, _)| print(report))?;
        }
        if is_end {
            break;
        }
    }
    let parents = references::parents(all.iter().map(|(_, message)| message));
    for (at, parent) in parents.into_iter().enumerate() {
        let parent = parent.map(|parent| all[parent].1.id.0.clone());
        let (report, _) = &mut all[at];
        report.parent = Some(parent);
        print(report)?;
    }
    out.flush()?;
    Ok(code)
}

/// The next mails, and whether they are the last.
fn next_batch(sources: &mut Sources, code: &mut u8) -> (Vec<Found>, bool) {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < BATCH && bytes < BATCH_BYTES {
        match sources.next() {
            Some(Ok(found)) => {
                bytes += found.raw.len();
                batch.push(found);
            }
            Some(Err(error)) => {
                complain(&error);
                *code = CANNOT;
            }
            None => return (batch, true),
        }
    }
    (batch, false)
}

/// Reads mails on all cores; the results are in the order of the mails.
fn read_all(batch: Vec<Found>, reader: &Reader, now: Timestamp) -> Vec<(Report, Message)> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(batch.len());
    let mut read: Vec<Option<(Report, Message)>> = batch.iter().map(|_| None).collect();
    let work = Mutex::new(batch.into_iter().zip(&mut read));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    // Taken in its own statement, so that the lock is free again while the mail is read.
                    let next = work.lock().map(|mut work| work.next());
                    let Ok(Some((found, place))) = next else { return };
                    *place = Some(read_one(found, reader, now));
                }
            });
        }
    });
    drop(work);
    read.into_iter().flatten().collect()
}

fn read_one(found: Found, reader: &Reader, now: Timestamp) -> (Report, Message) {
    let (message, files) = match found.oversize_bytes {
        Some(size_bytes) => (message::parse::parse_headers(&found.raw, size_bytes, now, reader), Vec::new()),
        None => message::parse_with_files(&found.raw, now, reader),
    };
    (Report::of(found.path, &message, &files, &reader.own_addresses), message)
}
