//! Mails sent a second: a desk that only delivers, and one that does everything, beside a bare sender of the same
//! mails over as many connections.

use super::bare::endpoint;
use super::desk::{self, Running, Site, USER};
use super::engine::{self, Until, Watcher};
use super::figures::median;
use super::mailbox::Filled;
use anyhow::{Context as _, Result, ensure};
use postroom::classify::RuleSet;
use postroom::smtp::{Deadlines, Envelope, Smarthost};
use postroom_testbed::{MailBed, load};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_305;

/// How many connections deliver at once.
const CONNECTIONS: [u32; 3] = [1, 2, 4];

/// A real server writes each mail to the disk and delivers it: it gets fewer of them.
const SHARE_FOR_SERVER: usize = 8;

pub async fn measure(bed: &MailBed, sink: Option<SocketAddr>, rounds: usize, count: usize) -> Result<()> {
    let rules = desk::rules()?;
    let receivers = [
        ("a sink that forgets every mail", sink, count, &CONNECTIONS[..]),
        ("Postfix", Some(bed.smtp_address()), count.div_ceil(SHARE_FOR_SERVER), &CONNECTIONS[1..2]),
    ];
    for (name, receiver, count, connections) in receivers {
        let Some(receiver) = receiver else { continue };
        let mut mailbox = Filled::with(bed, &load::mails("d", &MailBed::address(USER), count, SIZE_BYTES, SEED))?;
        let written = tempfile::tempdir()?;
        let outbox = write_outbox(bed, &mut mailbox, written.path(), &rules).await?;
        println!("{} mails from {count} to {name}; SQLite, one worker; mails sent a second", outbox.len());
        println!("connections      bare   delivering  ratio   doing all  ratio   (medians of {rounds} rounds)");
        let bench = Bench { bed, rules: &rules, receiver, written: written.path(), outbox: Arc::new(outbox) };
        for connections in connections {
            bench.measure(&mut mailbox, *connections, rounds).await?;
        }
        mailbox.empty()?;
    }
    Ok(())
}

/// Has a desk do everything but deliver; returns the mails that it would deliver.
async fn write_outbox(
    bed: &MailBed,
    mailbox: &mut Filled,
    folder: &Path,
    rules: &Arc<RuleSet>,
) -> Result<Vec<(Envelope, Vec<u8>)>> {
    mailbox.reset()?;
    let site = Site::on_sqlite(folder, bed.imap_address());
    let mut running = Running::start(&site, rules).await?;
    running.until(Until::Settled(mailbox.count)).await?;
    running.stop().await?;
    let mut watcher = Watcher::of(&site.url).await?;
    let outbox = watcher.outbox().await?;
    watcher.close().await?;
    Ok(outbox)
}

struct Bench<'b> {
    bed: &'b MailBed,
    rules: &'b Arc<RuleSet>,
    receiver: SocketAddr,
    /// The folder with the database whose outbox is full.
    written: &'b Path,
    outbox: Arc<Vec<(Envelope, Vec<u8>)>>,
}

impl Bench<'_> {
    async fn measure(&self, mailbox: &mut Filled, connections: u32, rounds: usize) -> Result<()> {
        let (mut bare, mut delivering, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..=rounds {
            let early = if number % 2 == 1 { Some(self.bare(connections).await?) } else { None };
            let round = (self.desk(connections, None).await?, self.desk(connections, Some(mailbox)).await?);
            let sent = match early {
                Some(sent) => sent,
                None => self.bare(connections).await?,
            };
            // The first one warms the servers' caches and ours.
            if number > 0 {
                bare.push(sent);
                delivering.push(round.0);
                all.push(round.1);
            }
        }
        let ratio = |paces: &[f64]| median(paces.iter().zip(&bare).map(|(pace, bare)| pace / bare));
        let of = |paces: &[f64]| median(paces.iter().copied());
        println!(
            "{connections:>11} {:9.0}    {:9.0}  {:5.2}   {:9.0}  {:5.2}",
            of(&bare),
            of(&delivering),
            ratio(&delivering),
            of(&all),
            ratio(&all)
        );
        Ok(())
    }

    fn rate(&self, begun: Instant) -> f64 {
        self.outbox.len() as f64 / begun.elapsed().as_secs_f64()
    }

    /// The same mails out of memory.
    async fn bare(&self, connections: u32) -> Result<f64> {
        let next = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let senders: Vec<_> = (0..connections)
            .map(|_| {
                let (outbox, next, receiver) = (self.outbox.clone(), next.clone(), endpoint(self.receiver));
                tokio::spawn(async move {
                    let mut smarthost = Smarthost::new(receiver, None, "bench.localhost", Deadlines::default());
                    while let Some((envelope, bytes)) = outbox.get(next.fetch_add(1, Ordering::Relaxed)) {
                        smarthost.send(envelope, bytes).await?;
                    }
                    smarthost.quit().await;
                    Ok::<(), anyhow::Error>(())
                })
            })
            .collect();
        for sender in senders {
            sender.await??;
        }
        Ok(self.rate(begun))
    }

    /// A desk whose outbox is full, or one whose mailbox is, until all is sent.
    async fn desk(&self, connections: u32, mailbox: Option<&mut Filled>) -> Result<f64> {
        let folder = tempfile::tempdir()?;
        let site = Site::on_sqlite(folder.path(), self.bed.imap_address()).delivering(Some(self.receiver), connections);
        let filled = mailbox.as_ref().map(|mailbox| mailbox.count);
        match mailbox {
            Some(mailbox) => mailbox.reset()?,
            None => engine::copy_sqlite(self.written, folder.path())?,
        }
        let mut running = Running::start(&site, self.rules).await?;
        if let Some(count) = filled {
            running.until(Until::Settled(count)).await?;
        }
        running.until(Until::Sent).await?;
        let rate = self.rate(running.begun);
        let (sent, count) = (running.number("SELECT COUNT(*) FROM outbox").await?, self.outbox.len());
        ensure!(usize::try_from(sent)? == count, "{sent} mails were sent instead of {count}");
        running.stop().await?;
        Ok(rate)
    }
}

/// Postfix's own sink, where it is installed: takes every mail and forgets it. It ends with the bed.
pub fn sink(bed: &mut MailBed) -> Result<Option<SocketAddr>> {
    let program = ["/usr/sbin/smtp-sink", "/usr/bin/smtp-sink"].into_iter().find(|path| Path::new(path).exists());
    let Some(program) = program else { return Ok(None) };
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = Command::new(program);
    // It serves nobody as root, and only root may become somebody else.
    if std::fs::metadata("/proc/self").context("there is no /proc")?.uid() == 0 {
        command.args(["-u", "nobody"]);
    }
    command.arg(address.to_string()).arg("100");
    bed.spawn("smtp-sink", command)?;
    Ok(Some(address))
}
