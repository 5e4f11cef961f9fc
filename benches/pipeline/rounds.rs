//! Mails a second, from a full mailbox until the last ticket and acknowledgement are committed.

use super::desk::{self, Running, Site, USER};
use super::engine::{BareTable, Engine, Setting, Until};
use super::figures::median;
use super::mailbox::Filled;
use super::plan::Plan;
use super::{bare, check};
use anyhow::{Result, ensure};
use postroom::classify::RuleSet;
use postroom_testbed::MailBed;
use postroom_testbed::load::{self, Kind, LoadMail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_302;

/// Connections that deliver.
const CONNECTIONS: u32 = 2;

/// Mails a second of one round.
struct Round {
    bare: f64,
    /// The bare ingest when it also commits as many bytes as the desk writes for each mail.
    heavy: f64,
    desk: f64,
    /// The desk while it delivers: until all is committed, and until all is sent.
    delivering: Option<(f64, f64)>,
}

pub async fn measure(bed: &MailBed, sink: Option<SocketAddr>, plan: &Plan) -> Result<()> {
    let (rounds, count) = (plan.rounds, plan.mails);
    let to = MailBed::address(USER);
    let settings = Setting::all(plan.sqlite_only);
    // The first is the one that was always measured.
    let heaps = [
        ("plain", load::mails("m", &to, count, SIZE_BYTES, SEED), &settings[..1]),
        ("one in twenty with a file of 100 KB", load::mixed("x", &to, count, SIZE_BYTES, SEED), &settings[..]),
    ];
    let mut medians = Vec::new();
    for (name, mails, settings) in heaps {
        let mut mailbox = Filled::with(bed, &mails)?;
        println!("{}, {name}; mails a second", summary(&mails));
        for (at, setting) in settings.iter().enumerate() {
            let bench = Bench { bed, rules: desk::rules()?, sink, mails: &mails, setting: *setting };
            // The others are slower, and there are many of them.
            let rounds = if at == 0 { rounds } else { rounds.div_ceil(2) };
            medians.push((format!("{setting}, {name}"), bench.measure(&mut mailbox, rounds).await?));
        }
        mailbox.empty()?;
    }
    println!(
        "medians side by side                                       bare     heavy      desk  ratio   delivering  ratio      all sent"
    );
    for (name, median) in &medians {
        print_row(&format!("{name:<53}"), median);
    }
    Ok(())
}

/// The desk by itself on the plain mails, delivering if there is somebody to deliver to.
pub async fn only_the_desk(bed: &MailBed, sink: Option<SocketAddr>, plan: &Plan) -> Result<()> {
    let mails = load::mails("d", &MailBed::address(USER), plan.mails, SIZE_BYTES, SEED);
    let mut mailbox = Filled::with(bed, &mails)?;
    let (setting, sink) = (Setting { engine: Engine::Sqlite, workers: 1 }, sink.filter(|_| plan.sendings > 0));
    let bench = Bench { bed, rules: desk::rules()?, sink, mails: &mails, setting };
    for _ in 0..plan.rounds {
        let pace = bench.desk(&mut mailbox, sink).await?;
        println!("the desk alone: {:.0} mails a second committed, {:.0} until all is sent", pace.settled, pace.sent);
    }
    mailbox.empty()
}

fn summary(mails: &[LoadMail]) -> String {
    let firsts = mails.iter().filter(|mail| mail.kind == Kind::First).count();
    let copies = mails.iter().filter(|mail| matches!(mail.kind, Kind::Copy(_))).count();
    let follow_ups = mails.len() - firsts - copies;
    let kb = mails.iter().map(|mail| mail.raw.len()).sum::<usize>() as f64 / mails.len() as f64 / 1e3;
    format!("{} mails of {kb:.1} KB: {firsts} first mails, {follow_ups} follow-ups, {copies} copies", mails.len())
}

fn print_row(name: &str, round: &Round) {
    let Round { bare, heavy, desk, delivering } = round;
    let rest = delivering.map_or_else(String::new, |(committed, sent)| {
        format!("   {committed:10.0}  {:5.2}    {sent:10.0}", committed / bare)
    });
    println!("{name:<6} {bare:9.0} {heavy:9.0} {desk:9.0}  {:5.2}{rest}", desk / bare);
}

/// Mails a second of a desk, and what it wrote.
struct Pace {
    /// Until everything is committed.
    settled: f64,
    /// Until everything is sent, where it delivers.
    sent: f64,
    /// Bytes that it wrote for each mail beside the mail itself.
    more_bytes: usize,
}

struct Bench<'b> {
    bed: &'b MailBed,
    rules: Arc<RuleSet>,
    sink: Option<SocketAddr>,
    mails: &'b [LoadMail],
    setting: Setting,
}

impl Bench<'_> {
    async fn measure(&self, mailbox: &mut Filled, rounds: usize) -> Result<Round> {
        println!("{}", self.setting);
        println!("round      bare     heavy      desk  ratio   delivering  ratio      all sent");
        let mut done = Vec::with_capacity(rounds);
        for number in 0..=rounds {
            let round = self.round(mailbox, number % 2 == 1).await?;
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
        let (bare, heavy) = (of(|round| round.bare), of(|round| round.heavy));
        let middle = Round { bare, heavy, desk: of(|round| round.desk), delivering };
        print_row("median", &middle);
        let of_heavy = of(|round| round.desk / round.heavy);
        println!("the desk at {of_heavy:.2} of the rate of an ingest that commits as many bytes as the desk");
        println!("the desk at {ratio:.2} of the bare ingest's rate (median of the rounds' ratios; wanted: 0.50)");
        Ok(middle)
    }

    /// One after the other on the same mails; who goes first changes with each round.
    async fn round(&self, mailbox: &mut Filled, is_bare_first: bool) -> Result<Round> {
        let early = if is_bare_first { Some(self.bare(0).await?) } else { None };
        let Pace { settled: desk, more_bytes, .. } = self.desk(mailbox, None).await?;
        let bare = match early {
            Some(bare) => bare,
            None => self.bare(0).await?,
        };
        let heavy = self.bare(more_bytes).await?;
        let delivering = match self.sink {
            Some(sink) => {
                let pace = self.desk(mailbox, Some(sink)).await?;
                Some((pace.settled, pace.sent))
            }
            None => None,
        };
        Ok(Round { bare, heavy, desk, delivering })
    }

    fn rate(&self, took: Duration) -> f64 {
        self.mails.len() as f64 / took.as_secs_f64()
    }

    async fn bare(&self, more_bytes: usize) -> Result<f64> {
        let folder = tempfile::tempdir()?;
        let mut table = BareTable::new(self.setting.engine, folder.path()).await?;
        let (count, took) = bare::ingest(self.bed.imap_address(), &mut table, more_bytes).await?;
        ensure!(count == self.mails.len(), "the bare ingest found {count} mails");
        Ok(self.rate(took))
    }

    async fn desk(&self, mailbox: &mut Filled, sink: Option<SocketAddr>) -> Result<Pace> {
        mailbox.reset()?;
        let folder = tempfile::tempdir()?;
        let Setting { engine, workers } = self.setting;
        let site = Site::without_smtp(engine.url(folder.path())?, workers, self.bed.imap_address());
        let site = site.delivering(sink, CONNECTIONS);
        let mut running = Running::start(&site, &self.rules).await?;
        let settled = running.until(Until::Settled(self.mails.len())).await?;
        let sent = match sink {
            Some(_) => running.until(Until::Sent).await?,
            None => settled,
        };
        check::check(&running.store, self.mails).await?;
        let more_bytes = running.written_bytes().await? / self.mails.len();
        running.stop().await?;
        Ok(Pace { settled: self.rate(settled), sent: self.rate(sent), more_bytes })
    }
}
