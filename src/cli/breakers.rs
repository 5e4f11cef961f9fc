//! `postroom breakers …`: where automatic mail is stopped because there was too much of it, and letting it go again.

use super::list::{ListArgs, Listed};
use super::screen::{Screen, Tone, shortened, visible};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, NO, Open, address, complain, missing};
use crate::config::address::is_domain;
use crate::store::Store;
use crate::store::list::{BreakerRow, Filter};
use crate::ticket::TicketId;
use anyhow::bail;
use clap::Subcommand;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom breakers list
  postroom breakers reset ann@example.com
  postroom breakers reset --all")]
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
    ///
    /// Ends with 1 when none of those that are named is open.
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
            let listed = store.list_breakers(&Filter::default(), false, screen.now).await?;
            let mut wanted = Vec::new();
            for row in listed.iter().filter(|_| *all) {
                if !wanted.contains(&row.subject) {
                    wanted.push(row.subject.clone());
                }
            }
            for subject in subjects {
                wanted.push(as_stored(subject, &listed)?);
            }
            wanted.extend(desk.then(String::new));
            if wanted.is_empty() {
                return Ok(missing("no breaker is open"));
            }
            let closed = reset(store, &wanted, screen).await?;
            Ok(if closed { DONE } else { NO })
        }
    }
}

/// Resets one after the other and says what came of each; whether one was open.
async fn reset(store: &Store, wanted: &[String], screen: &Screen) -> anyhow::Result<bool> {
    let mut closed = false;
    for subject in wanted {
        let name = visible(subject);
        if store.reset_breaker(subject, screen.now).await? == 0 {
            let of = if subject.is_empty() { "the whole desk" } else { &name };
            complain(&anyhow::anyhow!("no breaker is open for {of}; `postroom breakers list` shows those that are"));
            continue;
        }
        closed = true;
        screen.print(&match subject.as_str() {
            "" => "automatic mail goes out again\n".to_owned(),
            ticket if !ticket.contains('@') => format!("automatic mail goes out on {name} again\n"),
            _ => format!("automatic mail goes to {name} again\n"),
        })?;
    }
    Ok(closed)
}

/// Where a breaker stands, as it is kept: addresses and domains in lower case, tickets by their reference.
fn as_stored(text: &str, listed: &[BreakerRow]) -> anyhow::Result<String> {
    let plain = text.trim();
    // A mail may have come from what nobody would take for an address.
    let lower = plain.to_lowercase();
    if !lower.is_empty() && listed.iter().any(|row| row.subject == lower) {
        return Ok(lower);
    }
    match plain.strip_prefix('@') {
        Some(domain) if is_domain(domain) => Ok(lower),
        None if plain.contains('@') => address::read(text),
        _ => match plain.parse::<TicketId>() {
            Ok(ticket) => Ok(ticket.to_string()),
            Err(_) => bail!(
                "`{text}` is no address, domain or ticket; write ann@example.com, @example.com or PR-1042, as in \
                 `postroom breakers list`"
            ),
        },
    }
}

/// Characters of a reason on one line; JSON has all of it.
const MAX_BECAUSE_CHARS: usize = 100;

impl Listed for BreakerRow {
    type Json<'r> = &'r BreakerRow;

    const COLUMNS: &'static [Column] = &[
        flexible("where", 16),
        fixed("opened").gives_way(2),
        fixed("until"),
        flexible("because", 20),
        fixed("mail").gives_way(3),
        flexible("marks", 12).gives_way(1),
    ];

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
            Cell::new(shortened(&self.why, MAX_BECAUSE_CHARS)),
            Cell::new(self.inbox.map(|inbox| inbox.to_string()).unwrap_or_default()),
            Cell::new(shortened(&self.marks, MAX_BECAUSE_CHARS)),
        ]
    }
}
