//! `postroom breakers …`: where automatic mail is stopped because there was too much of it, and letting it go again.

use super::list::{ListArgs, Listed};
use super::screen::{Screen, Tone};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, Open, missing};
use crate::store::list::BreakerRow;
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct BreakersArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List where automatic mail is stopped, the newest first
    #[command(after_help = "Examples:
  postroom breakers list
  postroom breakers list --all --since 7d --format json")]
    List {
        /// Also those that are closed again
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Let automatic mail go again, and forget how much there was
    #[command(after_help = "Examples:
  postroom breakers reset ann@example.com
  postroom breakers reset @example.com PR-1042
  postroom breakers reset --desk")]
    Reset {
        /// Addresses, domains (@example.com) and tickets (PR-1042), as in the list
        #[arg(value_name = "WHERE", required_unless_present_any = ["desk", "all"])]
        subjects: Vec<String>,
        /// The breaker of the whole desk
        #[arg(long)]
        desk: bool,
        /// All that are open
        #[arg(long, conflicts_with_all = ["subjects", "desk"])]
        all: bool,
    },
}

pub(super) async fn run(args: &BreakersArgs, open: &Open) -> anyhow::Result<u8> {
    let (store, screen) = (&open.store, &open.screen);
    match &args.command {
        Command::List { all, list } => {
            let filter = list.filter(screen)?;
            let rows = store.list_breakers(&filter, *all, screen.now).await?;
            list.print(rows, &filter, screen, "automatic mail is stopped nowhere")
        }
        Command::Reset { subjects, desk, all } => {
            let mut wanted: Vec<String> = subjects.iter().map(|subject| as_stored(subject)).collect();
            wanted.extend(desk.then(String::new));
            let closed = store.reset_breakers((!all).then_some(&wanted[..]), screen.now).await?;
            if closed == 0 {
                return Ok(missing("no such breaker is open; `postroom breakers list` shows those that are"));
            }
            screen.print(match closed {
                1 => "automatic mail goes there again\n",
                _ => "automatic mail goes there again, for all of them\n",
            })?;
            Ok(DONE)
        }
    }
}

/// Tickets are written as people write them, addresses in lower case.
fn as_stored(subject: &str) -> String {
    if subject.contains('@') { subject.to_lowercase() } else { subject.to_uppercase() }
}

impl Listed for BreakerRow {
    type Json<'r> = &'r BreakerRow;

    const COLUMNS: &'static [Column] =
        &[flexible("where"), fixed("opened"), fixed("until"), flexible("because"), fixed("mail"), flexible("marks")];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        let until = match self.reset_at {
            Some(_) => "reset".to_owned(),
            None => screen.when(self.until),
        };
        let is_open = self.reset_at.is_none() && self.until > screen.now;
        vec![
            Cell::new(if self.subject.is_empty() { "the whole desk" } else { &self.subject }),
            Cell::new(screen.when(self.opened_at)).tone(Tone::Faint),
            Cell::new(until).tone(if is_open { Tone::Bad } else { Tone::Faint }),
            Cell::new(&self.why),
            Cell::new(self.inbox.map(|inbox| inbox.to_string()).unwrap_or_default()),
            Cell::new(&self.marks),
        ]
    }
}
