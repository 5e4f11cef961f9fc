//! Mails a second, from a full mailbox until the last ticket and acknowledgement are committed.

use super::desk::{self, Running, Site, USER};
use super::engine::{BareTable, Setting, Until};
use super::figures::median;
use super::mailbox::Filled;
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
    desk: f64,
    /// The desk while it delivers: until all is committed, and until all is sent.
    delivering: Option<(f64, f64)>,
}

pub async fn measure(bed: &MailBed, sink: Option<SocketAddr>, rounds: usize, count: usize) -> Result<()> {
    let to = MailBed::address(USER);
    let heaps = [
        ("plain", load::mails("m", &to, count, SIZE_BYTES, SEED)),
        ("mixed, one in twenty with a file of 100 KB", load::mixed("x", &to, count, SIZE_BYTES, SEED)),
    ];
    let settings = Setting::all();
    for (name, mails) in heaps {
        let mut mailbox = Filled::with(bed, &mails)?;
        for setting in &settings {
            println!("{}: {name}; {setting}; mails a second", summary(&mails));
            let bench = Bench { bed, rules: desk::rules()?, sink, mails: &mails, setting: *setting };
            bench.measure(&mut mailbox, rounds).await?;
        }
        mailbox.empty()?;
    }
    Ok(())
}

fn summary(mails: &[LoadMail]) -> String {
    let firsts = mails.iter().filter(|mail| mail.kind == Kind::First).count();
    let copies = mails.iter().filter(|mail| matches!(mail.kind, Kind::Copy(_))).count();
    let follow_ups = mails.len() - firsts - copies;
    let kb = mails.iter().map(|mail| mail.raw.len()).sum::<usize>() as f64 / mails.len() as f64 / 1e3;
    format!("{} mails of {kb:.1} KB: {firsts} first mails, {follow_ups} follow-ups, {copies} copies", mails.len())
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
    mails: &'b [LoadMail],
    setting: Setting,
}

impl Bench<'_> {
    async fn measure(&self, mailbox: &mut Filled, rounds: usize) -> Result<()> {
        println!("round      bare      desk  ratio   delivering  ratio      all sent");
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
        print_row("median", &Round { bare: of(|round| round.bare), desk: of(|round| round.desk), delivering });
        println!("the desk at {ratio:.2} of the bare ingest's rate (median of the rounds' ratios; wanted: 0.50)");
        Ok(())
    }

    /// One after the other on the same mails; who goes first changes with each round.
    async fn round(&self, mailbox: &mut Filled, is_bare_first: bool) -> Result<Round> {
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
        let mut table = BareTable::new(self.setting.engine, folder.path()).await?;
        let (count, took) = bare::ingest(self.bed.imap_address(), &mut table).await?;
        ensure!(count == self.mails.len(), "the bare ingest found {count} mails");
        Ok(self.rate(took))
    }

    /// The desk's pace until everything is committed, and until everything is sent where it delivers.
    async fn desk(&self, mailbox: &mut Filled, sink: Option<SocketAddr>) -> Result<(f64, f64)> {
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
        running.stop().await?;
        Ok((self.rate(settled), self.rate(sent)))
    }
}
