//! Mails a second, from a full mailbox until the last ticket and acknowledgement are committed.

use super::desk::{self, Running, USER};
use super::{bare, check, median};
use anyhow::{Context as _, Result, ensure};
use postroom::classify::RuleSet;
use postroom::config::Config;
use postroom_testbed::load::{self, Kind, LoadMail};
use postroom_testbed::{Imap, MailBed};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_302;

/// Mails in one APPEND.
const APPENDED: usize = 500;

/// How often the desk's database is asked whether all is done.
const LOOK: Duration = Duration::from_millis(2);

/// The longest that one round may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Whether the last mail that came in is settled, and whether the last one that goes out is sent; two looks at
/// small indexes.
const SETTLED: &str = "SELECT (SELECT last FROM counters WHERE name = 'inbox') = $1 \
    AND NOT EXISTS (SELECT 1 FROM inbox WHERE state IN ('new', 'processing'))";
const SENT: &str = "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE state IN ('waiting', 'sending'))";

/// Mails a second of one round.
struct Round {
    bare: f64,
    desk: f64,
    /// The desk while it delivers: until all is committed, and until all is sent.
    delivering: Option<(f64, f64)>,
}

pub async fn measure(bed: &MailBed, sink: Option<SocketAddr>, rounds: usize, count: usize) -> Result<()> {
    let mails = load::mails("m", &MailBed::address(USER), count, SIZE_BYTES, SEED);
    let mut mailbox = bed.mailbox(USER)?;
    for chunk in mails.chunks(APPENDED) {
        mailbox.append("INBOX", &chunk.iter().map(|mail| mail.raw.as_slice()).collect::<Vec<_>>())?;
    }
    let bench = Bench { bed, rules: desk::rules()?, sink, mails };
    let tickets = bench.mails.iter().filter(|mail| mail.kind == Kind::First).count();
    let copies = bench.mails.iter().filter(|mail| matches!(mail.kind, Kind::Copy(_))).count();
    println!(
        "{count} mails of {SIZE_BYTES} bytes: {tickets} first mails, {} follow-ups, {copies} copies; mails a second",
        count - tickets - copies
    );
    println!("round      bare      desk  ratio   delivering  ratio      all sent");
    let mut done = Vec::with_capacity(rounds);
    for number in 0..=rounds {
        let round = bench.round(&mut mailbox, number % 2 == 1).await?;
        // The first one warms the servers' caches and ours.
        if number > 0 {
            print_row(&number.to_string(), &round);
            done.push(round);
        }
    }
    let of = |value: fn(&Round) -> f64| median(done.iter().map(value));
    let ratio = of(|round| round.desk / round.bare);
    let delivering = done[0].delivering.map(|_| {
        let committed = of(|round| round.delivering.map_or(0.0, |pace| pace.0));
        (committed, of(|round| round.delivering.map_or(0.0, |pace| pace.1)))
    });
    print_row("median", &Round { bare: of(|round| round.bare), desk: of(|round| round.desk), delivering });
    println!("the desk at {ratio:.2} of the bare ingest's rate (median of the rounds' ratios; wanted: 0.25)");
    mailbox.uid_store("1:*", "+FLAGS.SILENT (\\Deleted)")?;
    mailbox.expunge()
}

fn print_row(name: &str, round: &Round) {
    let Round { bare, desk, delivering } = round;
    let rest = delivering.map_or_else(String::new, |(committed, sent)| {
        format!("   {committed:10.0}  {:5.2}    {sent:10.0}", committed / bare)
    });
    println!("{name:>6} {bare:9.0} {desk:9.0}  {:5.2}{rest}", desk / bare);
}

struct Bench<'b> {
    bed: &'b MailBed,
    rules: Arc<RuleSet>,
    sink: Option<SocketAddr>,
    mails: Vec<LoadMail>,
}

impl Bench<'_> {
    /// One after the other on the same mails; who goes first changes with each round.
    async fn round(&self, mailbox: &mut Imap, is_bare_first: bool) -> Result<Round> {
        let early = if is_bare_first { Some(self.bare().await?) } else { None };
        let desk = self.desk(mailbox, None).await?.0;
        let bare = match early {
            Some(bare) => bare,
            None => self.bare().await?,
        };
        let delivering = match self.sink {
            Some(sink) => Some(self.desk(mailbox, Some(sink)).await?),
            None => None,
        };
        Ok(Round { bare, desk, delivering })
    }

    fn rate(&self, took: Duration) -> f64 {
        self.mails.len() as f64 / took.as_secs_f64()
    }

    async fn bare(&self) -> Result<f64> {
        let folder = tempfile::tempdir()?;
        let mut database = bare::database(folder.path()).await?;
        let (count, took) = bare::ingest(self.bed.imap_address(), &mut database).await?;
        ensure!(count == self.mails.len(), "the bare ingest found {count} mails");
        Ok(self.rate(took))
    }

    /// The desk's pace until everything is committed, and until everything is sent where it delivers.
    async fn desk(&self, mailbox: &mut Imap, sink: Option<SocketAddr>) -> Result<(f64, f64)> {
        mailbox.uid_store("1:*", "-FLAGS.SILENT (\\Seen)")?;
        let folder = tempfile::tempdir()?;
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let connections = if sink.is_some() { 2 } else { 0 };
        let config = desk::config(folder.path(), self.bed.imap_address(), sink.unwrap_or(nowhere), connections)?;
        let desk = Running::prepare(&config, &self.rules).await?;
        let mut watcher = watcher(&config, folder.path()).await?;
        let begun = Instant::now();
        let running = Running::start(desk, config);
        let settled =
            wait(&mut watcher, SETTLED, self.mails.len(), begun).await.context("waiting for the last mail")?;
        let sent = match sink {
            Some(_) => wait(&mut watcher, SENT, 0, begun).await.context("waiting for the last mail sent")?,
            None => settled,
        };
        check::check(&running.store, &self.mails).await?;
        running.stop().await?;
        Ok((self.rate(settled), self.rate(sent)))
    }
}

async fn watcher(config: &Config, folder: &Path) -> Result<SqliteConnection> {
    let path = folder.join("desk.db");
    ensure!(path.exists(), "{} is not at {}", config.database, path.display());
    Ok(SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging().connect().await?)
}

async fn wait(
    watcher: &mut SqliteConnection,
    question: &'static str,
    count: usize,
    begun: Instant,
) -> Result<Duration> {
    loop {
        let is_done: bool = sqlx::query_scalar(question).bind(i64::try_from(count)?).fetch_one(&mut *watcher).await?;
        if is_done {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < LIMIT, "{} s were not enough", LIMIT.as_secs());
        tokio::time::sleep(LOOK).await;
    }
}

/// Postfix's own sink, where it is installed: takes every mail and forgets it. It ends with the bed.
pub fn sink(bed: &mut MailBed) -> Result<Option<SocketAddr>> {
    let program = ["/usr/sbin/smtp-sink", "/usr/bin/smtp-sink"].into_iter().find(|path| Path::new(path).exists());
    let Some(program) = program else { return Ok(None) };
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = Command::new(program);
    // It serves nobody as root, and only root may become somebody else.
    if std::fs::metadata("/proc/self")?.uid() == 0 {
        command.args(["-u", "nobody"]);
    }
    command.arg(address.to_string()).arg("100");
    bed.spawn("smtp-sink", command)?;
    Ok(Some(address))
}
