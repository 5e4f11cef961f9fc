//! The main job, measured: how fast a full mailbox becomes tickets, how fast they are acknowledged, and what that
//! costs as rules, tickets and mails grow.
//!
//! Real servers on loopback. Whatever is measured runs in turn with what it is compared with, and what counts is the
//! ratio of the two: the machine's mood falls out of it. But for its memory and its start, the desk runs inside this
//! process, over plain text, with the shipped rules, templates and one agent.
//!
//! `make bench`, or `cargo bench --bench pipeline -- --only PART,PART --rounds 3`; [`plan`] has the parts.
#![allow(missing_docs)]

mod bare;
mod check;
mod desk;
mod engine;
mod figures;
mod grown;
mod growth;
mod mailbox;
mod memory;
mod plan;
mod program;
mod reading;
mod relay;
mod rounds;
mod rules;
mod sending;
mod single;
mod stages;
mod storing;

use anyhow::Result;
use plan::{Part, Plan};
use postroom_testbed::{MailBed, Options, SmtpServer, bed, missing, skipped};
use std::path::Path;

fn main() -> Result<()> {
    let plan = Plan::read(std::env::args().skip(1))?;
    if plan.has(Part::Inspect) {
        reading::measure(plan.inspected, plan.folder.as_deref())?;
        println!();
    }
    if !plan.needs_servers() {
        return Ok(());
    }
    if let Some(names) = missing() {
        skipped(&format!("the pipeline is not measured, because there is no {names}"));
        return Ok(());
    }
    let smtp = bed::missing_for(SmtpServer::Postfix).is_none().then_some(SmtpServer::Postfix);
    let mut bed = MailBed::start(&Options { smtp, ..Options::default() })?;
    let sink = sending::sink(&mut bed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for part in Part::ALL.into_iter().filter(|part| plan.has(*part)) {
        runtime.block_on(async {
            match part {
                // It was first.
                Part::Inspect => Ok(()),
                Part::Stages => stages::measure(plan.stages).await,
                Part::Rules => rules::measure(plan.rules),
                Part::Rounds => rounds::measure(&bed, sink, &plan).await,
                Part::Sending => sending::measure(&bed, sink, plan.sendings, plan.mails).await,
                Part::Single => single::measure(&bed, plan.singles).await,
                Part::Growth => growth::measure(&mut bed, sink, plan.rounds, plan.mails, plan.tickets).await,
                Part::Desk => rounds::only_the_desk(&bed, sink, &plan).await,
                Part::Memory => memory::measure(&mut bed, sink, plan.memory).await,
            }
        })?;
        println!();
    }
    runtime.shutdown_background();
    bed.stop()
}

/// The folder that what is built goes to, and what is kept between runs. On the same disk as the databases that are
/// measured.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}
