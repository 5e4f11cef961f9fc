//! How soon one mail is acknowledged on an idle desk: from the server's word that it is there to the SMTP server's
//! 250 for the acknowledgement.

use super::desk::{self, Running, Site, USER};
use super::figures::percentile;
use super::relay::{self, Passed, Protocol};
use anyhow::{Context as _, Result};
use postroom_testbed::MailBed;
use postroom_testbed::load::{self, Kind};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const SIZE_BYTES: usize = 3_000;
const SEED: u64 = 20_260_303;

/// The longest that one mail may take.
const LIMIT: Duration = Duration::from_secs(30);

pub async fn measure(bed: &MailBed, count: usize) -> Result<()> {
    let mails = load::mails("s", &MailBed::address(USER), count * 2, SIZE_BYTES, SEED);
    let (told, tells) = channel();
    let imap = relay::start(bed.imap_address(), Protocol::Imap, told.clone()).await?;
    let smtp = relay::start(bed.smtp_address(), Protocol::Smtp, told).await?;
    let folder = tempfile::tempdir()?;
    let site = Site::on_sqlite(folder.path(), imap).delivering(Some(smtp), 2);
    let running = Running::start(&site, &desk::rules()?).await?;

    let mut times = Vec::with_capacity(count);
    // The first few open the connections.
    let warm_up = 3;
    for mail in mails.iter().filter(|mail| mail.kind == Kind::First).take(count + warm_up) {
        let mut sender = bed.smtp()?;
        sender.send("ann@desk.test", &[&MailBed::address(USER)], &mail.raw)?;
        times.push(tokio::task::block_in_place(|| one(&tells, &mail.from))?);
    }
    running.stop().await?;
    let measured = times.into_iter().skip(warm_up).collect::<Option<Vec<Duration>>>();
    let measured = measured.context("a mail was acknowledged that the server had not announced")?;
    let mut times: Vec<f64> = measured.into_iter().map(|time| time.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{} single mails on an idle desk, EXISTS to the 250 for the acknowledgement ({:?}): \
         p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, most {:.1} ms (wanted: p50 under 30 ms, p99 under 100 ms)",
        times.len(),
        bed.smtp_server,
        percentile(&times, 0.5),
        percentile(&times, 0.95),
        percentile(&times, 0.99),
        percentile(&times, 1.0),
    );
    Ok(())
}

/// Waits until the acknowledgement to this address is taken; returns the time since the mail was announced. The first of
/// all may be there before the desk listens.
fn one(tells: &Receiver<(Instant, Passed)>, customer: &str) -> Result<Option<Duration>> {
    let mut announced: Option<Instant> = None;
    loop {
        let (at, passed) = tells.recv_timeout(LIMIT).with_context(|| format!("no answer to {customer}"))?;
        match passed {
            Passed::Exists => announced = announced.or(Some(at)),
            Passed::Taken(to) if to == customer => return Ok(announced.map(|announced| at - announced)),
            Passed::Taken(_) => {}
        }
    }
}
