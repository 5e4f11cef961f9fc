//! `postroom prune`: forgetting what is old, in steps so small that nobody who works on the desk waits for them.

use super::list::since;
use super::screen::Screen;
use super::{DONE, Format, FormatArgs, Open, progress};
use crate::size;
use crate::spoken::{counted, length};
use crate::store::Store;
use crate::store::prune::{Amount, Prunable, Retention};
use crate::ticket::Status;
use jiff::Timestamp;
use serde::Serialize;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom prune --older-than 90d --dry-run    what would go
  postroom prune --older-than 90d              the bytes of old mails;
                                               tickets and timelines stay
  postroom prune --older-than 2y --tickets     whole tickets as well
  postroom prune --older-than 1y --status closed,resolved

Nothing goes of tickets that are open, of mails in quarantine, and of what is
still to be processed or sent. What stays of each received mail lets Postroom
know it when it comes again. It runs beside `postroom run`.")]
pub(super) struct PruneArgs {
    /// What ended longer ago, and has not changed since: 90d, 2y, 2026-03-02
    #[arg(long, value_name = "AGE")]
    older_than: String,
    /// The statuses in which a ticket has ended
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = ["closed", "resolved"], default_value = "closed")]
    status: Vec<String>,
    /// Also delete whole tickets, with their timelines and the words of their mails
    #[arg(long)]
    tickets: bool,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// What went, or would go.
#[derive(Serialize)]
struct Pruned {
    is_dry_run: bool,
    before: Timestamp,
    received: Amount,
    sent: Amount,
    tickets: u64,
}

pub(super) async fn run(args: &PruneArgs, open: &Open) -> anyhow::Result<u8> {
    let (store, screen) = (&open.store, &open.screen);
    let before = before(&args.older_than, screen)?;
    if before > screen.now {
        anyhow::bail!("`--older-than {}` is in the future: all that has ended is older", args.older_than);
    }
    let reopened = open.config.policy.reopen_window;
    if args.tickets && screen.now.duration_since(before) < reopened {
        let reopened = length(reopened.unsigned_abs());
        anyhow::bail!(
            "a ticket that was closed less than {reopened} ago may still be opened again (reopen_within), so it cannot \
             be pruned; take a larger --older-than"
        );
    }
    let statuses = args.status.iter().filter_map(|word| Status::from_word(word)).collect();
    let retention = Retention { before, statuses };
    let mut amounts = [Amount::default(); 3];
    let wanted = if args.tickets { 3 } else { 2 };
    for (what, amount) in
        [Prunable::Received, Prunable::Sent, Prunable::Tickets].into_iter().zip(&mut amounts).take(wanted)
    {
        *amount = match args.dry_run {
            true => store.prunable(what, &retention).await?,
            false => prune(what, &retention, store).await?,
        };
    }
    let [received, sent, tickets] = amounts;
    let pruned = Pruned { is_dry_run: args.dry_run, before, received, sent, tickets: tickets.count };
    match args.format.format {
        Format::Json => screen.json(&pruned)?,
        Format::Text => screen.print(&said(&pruned, args.tickets, screen))?,
    }
    Ok(DONE)
}

async fn prune(what: Prunable, retention: &Retention, store: &Store) -> anyhow::Result<Amount> {
    let words = match what {
        Prunable::Received => "pruning received mails",
        Prunable::Sent => "pruning sent mails",
        Prunable::Tickets => "pruning tickets",
    };
    // Counted only for a person who looks on.
    let is_watched = std::io::stderr().is_terminal();
    let all = if is_watched { store.prunable(what, retention).await?.count } else { 0 };
    let bar = progress(all, words);
    let (mut gone, mut after) = (Amount::default(), 0);
    loop {
        let begun = Instant::now();
        let Some(step) = store.prune(what, retention, after).await? else { break };
        gone.count += step.gone.count;
        gone.bytes += step.gone.bytes;
        after = step.last;
        bar.inc(step.gone.count);
        // Others come to write for at least half of the time.
        tokio::time::sleep(begun.elapsed().max(Duration::from_millis(1))).await;
    }
    bar.finish_and_clear();
    Ok(gone)
}

fn said(pruned: &Pruned, with_tickets: bool, screen: &Screen) -> String {
    let of = |amount: &Amount, kind: &str| {
        format!("the bytes of {}, {}", counted(amount.count, &format!("{kind} mail")), size::shown(amount.bytes))
    };
    let verb = if pruned.is_dry_run { "would go" } else { "gone" };
    let mut lines = vec![of(&pruned.received, "received"), of(&pruned.sent, "sent")];
    if with_tickets {
        lines.push(format!("{}, whole", counted(pruned.tickets, "ticket")));
    }
    let since = screen.minute(pruned.before);
    lines.iter().map(|line| format!("{verb}: {line}\n")).collect::<String>() + &format!("ended before {since}\n")
}

/// Reads an age; a year has 365 days.
fn before(text: &str, screen: &Screen) -> anyhow::Result<Timestamp> {
    let years = text.strip_suffix('y').and_then(|years| years.trim().parse::<i64>().ok());
    match years.and_then(|years| years.checked_mul(365)) {
        Some(days) => since(&format!("{days}d"), screen),
        None => since(text, screen),
    }
}
