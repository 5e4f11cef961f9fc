//! The same mails on an empty database and on one with very many tickets; and how soon the program starts on that.

use super::desk::{self, Running, Site, USER};
use super::engine::{self, Engine, Until, Watcher};
use super::figures::median;
use super::grown::{self, UID_VALIDITY};
use super::mailbox::Filled;
use super::program::{self, Program};
use anyhow::{Context as _, Result, ensure};
use postroom::classify::RuleSet;
use postroom::clock::Clock;
use postroom::store::Store;
use postroom_testbed::MailBed;
use postroom_testbed::load::{self, Kind, LoadMail};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SIZE_BYTES: usize = 3_000;
const CONNECTIONS: u32 = 2;
const STARTS: usize = 5;

/// PostgreSQL gets fewer tickets than SQLite: its database lasts for one run, and takes longer to fill.
const SHARE_FOR_POSTGRES: usize = 5;

pub async fn measure(
    bed: &mut MailBed,
    sink: Option<SocketAddr>,
    rounds: usize,
    count: usize,
    tickets: usize,
) -> Result<()> {
    for engine in engine::all() {
        let (url, tickets) = match engine {
            // What is measured on it makes it a little larger for the next run; a copy each time would take longer.
            Engine::Sqlite => (engine::sqlite_url(&grown::database(bed, tickets).await?), tickets),
            Engine::Postgres => {
                let tickets = tickets / SHARE_FOR_POSTGRES;
                (grown::on_postgres(bed, tickets).await?, tickets)
            }
        };
        let bench = Bench { imap: bed.imap_address(), sink, rules: desk::rules()?, engine, grown: url };
        println!(
            "{count} mixed mails a round on an empty database and on one with {tickets} tickets; {engine}, one worker"
        );
        bench.beside_an_empty_one(bed, rounds, count).await?;
        starts(bed, &bench).await?;
    }
    Ok(())
}

impl Bench {
    async fn beside_an_empty_one(&self, bed: &MailBed, rounds: usize, count: usize) -> Result<()> {
        let mut watcher = Watcher::of(&self.grown).await?;
        let last_uid = watcher.number("SELECT MAX(uid) FROM cursors").await?;
        watcher.close().await?;
        go_on_after(bed, last_uid)?;
        println!("         start, milliseconds    committed, us a mail       all sent, us a mail");
        println!("round    empty   grown            empty   grown  ratio      empty   grown  ratio");
        let mut done: Vec<[Cost; 2]> = Vec::new();
        for number in 0..=rounds {
            // No mail is to be known to the database from an earlier run.
            let seed = u64::try_from(last_uid)? * 100 + number as u64;
            let mails = load::mixed(&format!("g{seed}."), &MailBed::address(USER), count, SIZE_BYTES, seed);
            let mut mailbox = Filled::with(bed, &mails)?;
            let folder = tempfile::tempdir_in(super::target())?;
            let empty = self.engine.url(folder.path())?;
            let is_grown_first = number % 2 == 1;
            let early = if is_grown_first { Some(self.cost(&mut mailbox, &self.grown, &mails).await?) } else { None };
            let on_empty = self.cost(&mut mailbox, &empty, &mails).await?;
            let on_grown = match early {
                Some(cost) => cost,
                None => self.cost(&mut mailbox, &self.grown, &mails).await?,
            };
            mailbox.empty()?;
            if number > 0 {
                let name = number.to_string();
                let ratio = |of: fn(&Cost) -> f64| of(&on_grown) / of(&on_empty);
                print_row(&name, &[on_empty, on_grown], ratio(|cost| cost.committed), ratio(|cost| cost.sent));
                done.push([on_empty, on_grown]);
            }
        }
        let of = |at: usize, value: fn(&Cost) -> f64| median(done.iter().map(|round| value(&round[at])));
        let middle = |at| Cost {
            start: of(at, |cost| cost.start),
            committed: of(at, |cost| cost.committed),
            sent: of(at, |cost| cost.sent),
        };
        let ratio = |value: fn(&Cost) -> f64| median(done.iter().map(|[empty, grown]| value(grown) / value(empty)));
        let ratios = (ratio(|cost| cost.committed), ratio(|cost| cost.sent));
        print_row("median", &[middle(0), middle(1)], ratios.0, ratios.1);
        println!(
            "(wanted: ratios under 1.20; start is from the loops' beginning until the first mail is in the inbox)"
        );
        Ok(())
    }
}

/// What one round took: until the first mail was in the inbox, in milliseconds, and from then on, in microseconds a
/// mail.
#[derive(Debug, Clone, Copy)]
struct Cost {
    start: f64,
    committed: f64,
    sent: f64,
}

fn print_row(name: &str, [empty, grown]: &[Cost; 2], committed: f64, sent: f64) {
    println!(
        "{name:>6} {:7.0} {:7.0}          {:7.0} {:7.0}  {committed:5.2}    {:7.0} {:7.0}  {sent:5.2}",
        empty.start, grown.start, empty.committed, grown.committed, empty.sent, grown.sent
    );
}

/// Has the watched mailbox go on where the grown database's has ended.
fn go_on_after(bed: &MailBed, last_uid: i64) -> Result<()> {
    let mut command = Command::new("doveadm");
    command.arg("-c").arg(bed.folder.join("dovecot.conf")).args(["mailbox", "update", "-u"]);
    command.arg(MailBed::address(USER)).args(["--uid-validity", &UID_VALIDITY.to_string()]);
    command.args(["--min-next-uid", &(last_uid + 1).to_string(), "INBOX"]);
    let output = command.output().context("cannot run doveadm")?;
    ensure!(output.status.success(), "doveadm: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

struct Bench {
    imap: SocketAddr,
    sink: Option<SocketAddr>,
    rules: Arc<RuleSet>,
    engine: Engine,
    /// The database with very many tickets.
    grown: String,
}

impl Bench {
    fn site(&self, url: &str) -> Site {
        Site::without_smtp(url.to_owned(), 1, self.imap).delivering(self.sink, CONNECTIONS)
    }

    async fn cost(&self, mailbox: &mut Filled, url: &str, mails: &[LoadMail]) -> Result<Cost> {
        mailbox.reset()?;
        let site = self.site(url);
        let mut running = Running::start(&site, &self.rules).await?;
        let before = running.before;
        let first = running.until(Until::Kept(before.inbox + 1)).await?;
        let settled = running.until(Until::Settled(before.inbox + mails.len())).await?;
        let sent = if site.connections > 0 { running.until(Until::Sent).await? } else { settled };
        let opened = running.number("SELECT last FROM counters WHERE name = 'ticket'").await? - before.ticket;
        let firsts = mails.iter().filter(|mail| mail.kind == Kind::First).count();
        ensure!(usize::try_from(opened)? == firsts, "{opened} tickets for {firsts} first mails");
        running.stop().await?;
        let each = |took: Duration| (took - first).as_secs_f64() * 1e6 / mails.len() as f64;
        Ok(Cost { start: first.as_secs_f64() * 1e3, committed: each(settled), sent: each(sent) })
    }
}

/// How soon the program is at work on the grown database, and how soon a command has looked at it.
async fn starts(bed: &mut MailBed, bench: &Bench) -> Result<()> {
    let site = bench.site(&bench.grown);
    let folder = tempfile::tempdir_in(super::target())?;
    let file = bench.grown.strip_prefix("sqlite://").map(Path::new);
    let mut times: [Vec<f64>; 6] = Default::default();
    let milliseconds = |took: Duration| took.as_secs_f64() * 1e3;
    for _ in 0..STARTS {
        let begun = Instant::now();
        let store = Store::open(&site.url).await?;
        times[0].push(milliseconds(begun.elapsed()));
        store.next_inbox_size(Clock::System.now()).await?;
        times[1].push(milliseconds(begun.elapsed()));
        store.close().await;
        for (at, is_cold) in [(2, false), (3, true)] {
            match file {
                Some(file) if is_cold => forget(file)?,
                None if is_cold => continue,
                _ => {}
            }
            let program = Program::start(bed, &site, folder.path())?;
            times[at].push(milliseconds(program.started_in));
            program.stop(bed)?;
        }
        for (at, words) in [(4, &["ticket", "list"][..]), (5, &["check"])] {
            times[at].push(milliseconds(program::took(folder.path(), words)?));
        }
    }
    let is_file = file.is_some();
    let [opened, looked, program, cold, list, check] =
        times.map(|times| if times.is_empty() { 0.0 } else { median(times) });
    println!("milliseconds on the grown database, median of {STARTS} (wanted: under 300)");
    println!("  the store: open {opened:.1}, first look at the inbox answered {looked:.1}");
    let cold = if is_file { format!("; with nothing of the database in memory {cold:.1}") } else { String::new() };
    println!("  the program: from exec to open {program:.1}{cold}");
    println!("  postroom ticket list {list:.1}, postroom check {check:.1}");
    Ok(())
}

/// Has the system forget what it has of a file in memory.
fn forget(file: &Path) -> Result<()> {
    let mut command = Command::new("dd");
    command.arg(format!("if={}", file.display())).args(["iflag=nocache", "count=0", "status=none"]);
    ensure!(command.status().context("cannot run dd")?.success(), "dd failed");
    Ok(())
}
