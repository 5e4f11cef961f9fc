//! The most memory that the program has had: on few mails, on very many, on very large ones.

use super::desk::{LIMIT, Site, USER};
use super::engine::{Until, Watcher};
use super::mailbox::Filled;
use super::program::Program;
use anyhow::Result;
use postroom_testbed::MailBed;
use postroom_testbed::load::{self, LoadMail};
use std::net::SocketAddr;
use std::time::Instant;

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_309;

const FEW: usize = 1_000;

/// The size of a large file, and how many mails with one there are.
const FILE_BYTES: usize = 25_000_000;
const FILES: usize = 8;

pub async fn measure(bed: &mut MailBed, sink: Option<SocketAddr>, many: usize) -> Result<()> {
    println!("the program's memory from its first start on, until all mails are committed");
    println!("                                     mails    seconds    peak MB   (wanted: under 150)");
    let to = MailBed::address(USER);
    one(bed, sink, "mails of 3 KB", &load::mails("few", &to, FEW, SIZE_BYTES, SEED)).await?;
    if many > FEW {
        one(bed, sink, "mails of 3 KB", &load::mails("many", &to, many, SIZE_BYTES, SEED)).await?;
    }
    let large: Vec<LoadMail> =
        (0..FILES).map(|at| load::with_file(&format!("file{at}"), &to, FILE_BYTES, SEED + at as u64)).collect();
    one(bed, sink, "a mail with a file of 25 MB", &large[..1]).await?;
    one(bed, sink, "mails with a file of 25 MB each", &large).await
}

async fn one(bed: &mut MailBed, sink: Option<SocketAddr>, name: &str, mails: &[LoadMail]) -> Result<()> {
    let mailbox = Filled::with(bed, mails)?;
    let folder = tempfile::tempdir_in(super::target())?;
    let site = Site::on_sqlite(folder.path(), bed.imap_address()).delivering(sink, 2);
    let begun = Instant::now();
    let program = Program::start(bed, &site, folder.path())?;
    let mut watcher = Watcher::of(&site.url).await?;
    let took = watcher.wait(Until::Settled(mails.len()), begun, LIMIT).await?;
    watcher.close().await?;
    let peak = program.peak_bytes()? as f64 / 1e6;
    println!("{name:<32} {:9} {:10.1} {peak:10.1}", mails.len(), took.as_secs_f64());
    program.stop(bed)?;
    mailbox.empty()
}
