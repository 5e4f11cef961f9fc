//! `postroom workers`: which processes share the work, who reads which mailbox, and since when.

use super::list::{Listed, print};
use super::screen::{Screen, Tone};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, FormatArgs, Open};
use crate::store::workers::{HeldMailbox, WorkerRow};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom workers
  postroom workers --format json | jq '.[] | select(.is_alive | not)'")]
pub(super) struct WorkersArgs {
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) async fn run(args: &WorkersArgs, open: &Open) -> anyhow::Result<u8> {
    print(&open.store.list_workers().await?, args.format.format, &open.screen, "no worker runs")?;
    Ok(DONE)
}

/// A worker as it stands in JSON.
#[derive(Serialize)]
pub(super) struct Row<'r> {
    id: i64,
    host: &'r str,
    pid: i64,
    roles: Vec<&'r str>,
    started_at: Timestamp,
    is_alive: bool,
    mailboxes: &'r [HeldMailbox],
    processing: i64,
    sending: i64,
}

impl<'r> From<&'r WorkerRow> for Row<'r> {
    fn from(row: &'r WorkerRow) -> Self {
        Self {
            id: row.id,
            host: &row.host,
            pid: row.pid,
            roles: row.roles.split(',').collect(),
            started_at: row.started_at,
            is_alive: row.is_alive,
            mailboxes: &row.mailboxes,
            processing: row.processing,
            sending: row.sending,
        }
    }
}

impl Listed for WorkerRow {
    type Json<'r> = Row<'r>;

    const COLUMNS: &'static [Column] = &[
        fixed("id"),
        flexible("host"),
        fixed("pid"),
        fixed("since"),
        fixed("state"),
        flexible("does"),
        flexible("reads"),
        fixed("processing"),
        fixed("sending"),
    ];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        let (state, tone) = if self.is_alive { ("alive", Tone::Good) } else { ("not heard of", Tone::Bad) };
        let reads = |held: &HeldMailbox| format!("{} since {}", held.mailbox, screen.when(held.since));
        vec![
            Cell::new(self.id.to_string()),
            Cell::new(&self.host),
            Cell::new(self.pid.to_string()),
            Cell::new(screen.when(self.started_at)).tone(Tone::Faint),
            Cell::new(state).tone(tone),
            Cell::new(self.roles.replace(',', ", ")),
            Cell::new(self.mailboxes.iter().map(reads).collect::<Vec<_>>().join(", ")),
            Cell::new(self.processing.to_string()),
            Cell::new(self.sending.to_string()),
        ]
    }
}
