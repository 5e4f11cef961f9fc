//! The same mails on an empty database and on one with very many tickets; and how soon the program starts on that.

use super::desk::{self, Running, Site, USER};
use super::engine::{Setting, Until, Watcher};
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
const SEED: u64 = 20_260_308;
const CONNECTIONS: u32 = 2;
const STARTS: usize = 5;

pub async fn measure(
    bed: &mut MailBed,
    sink: Option<SocketAddr>,
    rounds: usize,
    count: usize,
    tickets: usize,
) -> Result<()> {
    let setting = Setting::ALL[0];
    let kept = grown::database(bed, tickets).await?;
    // It grows while it is measured; the next run is to find it as this one did.
    let folder = tempfile::tempdir_in(super::target())?;
    setting.engine.copy(&kept, folder.path())?;
    let mut watcher = Watcher::of(&setting.engine.url(folder.path())).await?;
    let last_uid = watcher.number("SELECT MAX(uid) FROM cursors").await?;
    watcher.close().await?;
    go_on_after(bed, last_uid)?;
    let bench = Bench { imap: bed.imap_address(), sink, setting, rules: desk::rules()? };

    println!(
        "{count} mixed mails a round on an empty database and on one with {tickets} tickets; {setting}; microseconds a mail"
    );
    println!("              committed                  all sent");
    println!("round     empty     grown  ratio     empty     grown  ratio");
    let mut done: Vec<[(f64, f64); 2]> = Vec::new();
    for number in 0..=rounds {
        let mails =
            load::mixed(&format!("g{number}."), &MailBed::address(USER), count, SIZE_BYTES, SEED + number as u64);
        let mut mailbox = Filled::with(bed, &mails)?;
        let empty = tempfile::tempdir_in(super::target())?;
        let is_grown_first = number % 2 == 1;
        let early = if is_grown_first { Some(bench.cost(&mut mailbox, folder.path(), &mails).await?) } else { None };
        let on_empty = bench.cost(&mut mailbox, empty.path(), &mails).await?;
        let on_grown = match early {
            Some(cost) => cost,
            None => bench.cost(&mut mailbox, folder.path(), &mails).await?,
        };
        mailbox.empty()?;
        if number > 0 {
            let round = [(on_empty.0, on_grown.0), (on_empty.1, on_grown.1)];
            print_row(&number.to_string(), round);
            done.push(round);
        }
    }
    let middle = |at: usize| {
        let empty = median(done.iter().map(|round| round[at].0));
        (empty, empty * median(done.iter().map(|round| round[at].1 / round[at].0)))
    };
    print_row("median", [middle(0), middle(1)]);
    println!("(wanted: ratios under 1.20)");
    starts(bed, &bench.site(folder.path()), folder.path()).await
}

fn print_row(name: &str, round: [(f64, f64); 2]) {
    let columns = round.map(|(empty, grown)| format!("{empty:9.0} {grown:9.0}  {:5.2}", grown / empty));
    println!("{name:>6} {} {}", columns[0], columns[1]);
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
    setting: Setting,
    rules: Arc<RuleSet>,
}

impl Bench {
    fn site(&self, folder: &Path) -> Site {
        let site = Site::without_smtp(self.setting, folder, self.imap);
        self.sink.map_or(site.clone(), |smtp| Site { smtp, connections: CONNECTIONS, ..site })
    }

    /// Microseconds a mail until all is committed, and until all is sent.
    async fn cost(&self, mailbox: &mut Filled, folder: &Path, mails: &[LoadMail]) -> Result<(f64, f64)> {
        mailbox.reset()?;
        let site = self.site(folder);
        let mut running = Running::start(&site, &self.rules).await?;
        let before = running.before;
        let settled = running.until(Until::Settled(before.inbox + mails.len())).await?;
        let sent = if site.connections > 0 { running.until(Until::Sent).await? } else { settled };
        let opened = running.number("SELECT last FROM counters WHERE name = 'ticket'").await? - before.ticket;
        let firsts = mails.iter().filter(|mail| mail.kind == Kind::First).count();
        ensure!(usize::try_from(opened)? == firsts, "{opened} tickets for {firsts} first mails");
        running.stop().await?;
        let each = |took: Duration| took.as_secs_f64() * 1e6 / mails.len() as f64;
        Ok((each(settled), each(sent)))
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
