//! The main job, measured: how fast a full mailbox becomes tickets, and how soon one mail is acknowledged.
//!
//! Real servers on loopback. A bare ingest of the same mails runs in turn with the desk, and what counts is the
//! ratio of the two: the machine's mood falls out of it. The desk runs inside this process, over plain text, with
//! the shipped rules, templates and one agent; the mails' flags are reset before each of its rounds.
//!
//! `make bench`, or `cargo bench --bench pipeline -- [--rounds N] [--mails N] [--singles N] [--stages N]`.
#![allow(missing_docs)]

mod bare;
mod check;
mod desk;
mod relay;
mod rounds;
mod single;
mod stages;

use anyhow::{Context as _, Result, bail};
use postroom_testbed::{MailBed, Options, SmtpServer, bed, missing, skipped};

/// What is measured, and how often.
#[derive(Debug, Clone, Copy)]
struct Plan {
    rounds: usize,
    mails: usize,
    singles: usize,
    stages: usize,
}

fn main() -> Result<()> {
    let plan = plan(std::env::args().skip(1))?;
    if let Some(names) = missing() {
        skipped(&format!("the pipeline is not measured, because there is no {names}"));
        return Ok(());
    }
    let smtp = bed::missing_for(SmtpServer::Postfix).is_none().then_some(SmtpServer::Postfix);
    let mut bed = MailBed::start(&Options { smtp, ..Options::default() })?;
    let sink = rounds::sink(&mut bed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if plan.stages > 0 {
            stages::measure(plan.stages).await?;
        }
        if plan.rounds > 0 {
            rounds::measure(&bed, sink, plan.rounds, plan.mails).await?;
        }
        if plan.singles > 0 {
            single::measure(&bed, plan.singles).await?;
        }
        Ok::<(), anyhow::Error>(())
    })?;
    runtime.shutdown_background();
    bed.stop()
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Result<Plan> {
    let mut plan = Plan { rounds: 7, mails: 2_000, singles: 100, stages: 2_000 };
    while let Some(argument) = arguments.next() {
        let count = match argument.as_str() {
            "--rounds" => &mut plan.rounds,
            "--mails" => &mut plan.mails,
            "--singles" => &mut plan.singles,
            "--stages" => &mut plan.stages,
            // Cargo's own.
            "--bench" => continue,
            other => bail!("unknown argument {other}"),
        };
        let value = arguments.next().with_context(|| format!("{argument} wants a number"))?;
        *count = value.parse().with_context(|| format!("{argument} wants a number, not {value}"))?;
    }
    Ok(plan)
}

/// The value below which this share of the sorted values lies.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The middle one of several values.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 0.5)
}
