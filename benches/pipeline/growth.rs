//! The same mails on an empty database and on one with very many tickets; and how soon the program starts on that.

use super::desk::{self, Running, Site, USER};
use super::engine::{self, Until, Watcher};
use super::figures::median;
use super::grown::{self, UID_VALIDITY};
use super::mailbox::Filled;
use super::program::Program;
use anyhow::{Context as _, Result, ensure};
use jiff::SignedDuration;
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

pub async fn measure(
    bed: &mut MailBed,
    sink: Option<SocketAddr>,
    rounds: usize,
    count: usize,
    tickets: usize,
) -> Result<()> {
    // What is measured on it makes it a little larger for the next run; a copy each time would take longer.
    let grown = grown::database(bed, tickets).await?;
    let mut watcher = Watcher::of(&engine::sqlite_url(&grown)).await?;
    let last_uid = watcher.number("SELECT MAX(uid) FROM cursors").await?;
    watcher.close().await?;
    go_on_after(bed, last_uid)?;
    let bench = Bench { imap: bed.imap_address(), sink, rules: desk::rules()? };

    println!("{count} mixed mails a round on an empty database and on one with {tickets} tickets; SQLite, one worker");
    println!("         start, milliseconds    committed, us a mail       all sent, us a mail");
    println!("round    empty   grown            empty   grown  ratio      empty   grown  ratio");
    let mut done: Vec<[Cost; 2]> = Vec::new();
    for number in 0..=rounds {
        // No mail is to be known to the database from an earlier run.
        let seed = u64::try_from(last_uid)? * 100 + number as u64;
        let mails = load::mixed(&format!("g{seed}."), &MailBed::address(USER), count, SIZE_BYTES, seed);
        let mut mailbox = Filled::with(bed, &mails)?;
        let empty = tempfile::tempdir_in(super::target())?;
        let is_grown_first = number % 2 == 1;
        let early = if is_grown_first { Some(bench.cost(&mut mailbox, &grown, &mails).await?) } else { None };
        let on_empty = bench.cost(&mut mailbox, empty.path(), &mails).await?;
        let on_grown = match early {
            Some(cost) => cost,
            None => bench.cost(&mut mailbox, &grown, &mails).await?,
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
    println!("(wanted: ratios under 1.20; start is from the loops' beginning until the first mail is in the inbox)");
    starts(bed, &bench.site(&grown), &grown).await
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
}

impl Bench {
    fn site(&self, folder: &Path) -> Site {
        Site::on_sqlite(folder, self.imap).delivering(self.sink, CONNECTIONS)
    }

    async fn cost(&self, mailbox: &mut Filled, folder: &Path, mails: &[LoadMail]) -> Result<Cost> {
        mailbox.reset()?;
        let site = self.site(folder);
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

/// How soon the program is at work on the grown database.
async fn starts(bed: &mut MailBed, site: &Site, folder: &Path) -> Result<()> {
    let mut times: [Vec<f64>; 4] = Default::default();
    let milliseconds = |took: Duration| took.as_secs_f64() * 1e3;
    for _ in 0..STARTS {
        let begun = Instant::now();
        let store = Store::open(&site.url).await?;
        times[0].push(milliseconds(begun.elapsed()));
        store.claim_inbox(Clock::System.now(), SignedDuration::from_secs(1), 1).await?;
        times[1].push(milliseconds(begun.elapsed()));
        store.close().await;
        for (at, is_cold) in [(2, false), (3, true)] {
            if is_cold {
                forget(&folder.join("desk.db"))?;
            }
            let program = Program::start(bed, site, folder)?;
            times[at].push(milliseconds(program.started_in));
            program.stop(bed)?;
        }
    }
    let [opened, claimed, program, cold] = times.map(median);
    println!("milliseconds on the grown database, median of {STARTS} (wanted: under 300)");
    println!("  the store: open {opened:.1}, first claim answered {claimed:.1}");
    println!("  the program: from exec to open {program:.1}; with nothing of the database in memory {cold:.1}");
    Ok(())
}

/// Has the system forget what it has of a file in memory.
fn forget(file: &Path) -> Result<()> {
    let mut command = Command::new("dd");
    command.arg(format!("if={}", file.display())).args(["iflag=nocache", "count=0", "status=none"]);
    ensure!(command.status().context("cannot run dd")?.success(), "dd failed");
    Ok(())
}
