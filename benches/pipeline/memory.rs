//! The most memory that the program has had: on few mails, on very many, on very large ones.

use super::desk::{Site, USER};
use super::engine::{self, Engine, Until, Watcher};
use super::mailbox::Filled;
use super::program::Program;
use anyhow::Result;
use postroom_testbed::MailBed;
use postroom_testbed::load::{self, LoadMail};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_309;

const FEW: usize = 1_000;

/// The size of a large file, and how many mails with one there are.
const FILE_BYTES: usize = 25_000_000;
const FILES: usize = 8;

/// The size of a file that is still passed on.
const TOLD_BYTES: usize = 9_000_000;

/// The longest that one of them may take.
const LIMIT: Duration = Duration::from_secs(900);

/// What the service file sets for the C library's allocator.
const AS_A_SERVICE: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "1048576")];

/// PostgreSQL gets fewer mails than SQLite, because it takes longer for each.
const SHARE_FOR_POSTGRES: usize = 5;

pub async fn measure(bed: &mut MailBed, sink: Option<SocketAddr>, many: usize) -> Result<()> {
    println!("the program's memory from its first start on, until all mails are committed and sent");
    println!("database                                       mails    seconds    peak MB   (wanted: under 150)");
    for engine in engine::all() {
        let many = if engine == Engine::Postgres { many / SHARE_FOR_POSTGRES } else { many };
        let mut bench = Bench { bed, sink, engine, environment: &[] };
        let to = MailBed::address(USER);
        bench.one("mails of 3 KB", &load::mails("few", &to, FEW, SIZE_BYTES, SEED)).await?;
        if many > FEW {
            bench.one("mails of 3 KB", &load::mails("many", &to, many, SIZE_BYTES, SEED)).await?;
        }
        let large: Vec<LoadMail> =
            (0..FILES).map(|at| load::with_file(&format!("file{at}"), &to, FILE_BYTES, SEED + at as u64)).collect();
        bench.one("a file of 25 MB", &large[..1]).await?;
        bench.one("a file of 25 MB each", &large).await?;
        // So large that they still go along to the agents.
        let told: Vec<LoadMail> =
            (0..FILES).map(|at| load::with_file(&format!("told{at}"), &to, TOLD_BYTES, SEED + at as u64)).collect();
        bench.one("a file of 9 MB each, passed on", &told).await?;
        bench.environment = &AS_A_SERVICE;
        bench.one("the same, as the service file has it", &told).await?;
    }
    Ok(())
}

struct Bench<'b> {
    bed: &'b mut MailBed,
    sink: Option<SocketAddr>,
    engine: Engine,
    environment: &'static [(&'static str, &'static str)],
}

impl Bench<'_> {
    async fn one(&mut self, name: &str, mails: &[LoadMail]) -> Result<()> {
        let mailbox = Filled::with(self.bed, mails)?;
        let folder = tempfile::tempdir_in(super::target())?;
        let url = self.engine.url(folder.path())?;
        let site = Site::without_smtp(url, 1, self.bed.imap_address()).delivering(self.sink, 2);
        let begun = Instant::now();
        let program = Program::start_in(self.environment, self.bed, &site, folder.path())?;
        let mut watcher = Watcher::of(&site.url).await?;
        watcher.wait(Until::Settled(mails.len()), begun, LIMIT).await?;
        let took = match self.sink {
            Some(_) => watcher.wait(Until::Sent, begun, LIMIT).await?,
            None => begun.elapsed(),
        };
        watcher.close().await?;
        let peak = program.peak_bytes()? as f64 / 1e6;
        let engine = self.engine.to_string();
        println!("{engine:<11}{name:<36} {:5} {:10.1} {peak:10.1}", mails.len(), took.as_secs_f64());
        program.stop(self.bed)?;
        mailbox.empty()
    }
}
