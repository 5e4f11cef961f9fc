//! `postroom suppressions …`: addresses that get no automatic mail.

use super::list::{ListArgs, Listed};
use super::screen::{Screen, Tone};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, Open, missing};
use crate::store::list::SuppressionRow;
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct SuppressionsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the addresses that get no automatic mail, the newest first
    #[command(after_help = "Examples:
  postroom suppressions list
  postroom suppressions list --soft --format json")]
    List {
        /// Also addresses where mail failed for now, but not often enough
        #[arg(long)]
        soft: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Send no automatic mail to an address
    #[command(after_help = "Example:\n  postroom suppressions add ann@example.com --because 'asked for it by phone'")]
    Add {
        /// The address
        address: String,
        /// Why, for whoever looks at the list later
        #[arg(long, value_name = "WORDS", default_value = "by hand")]
        because: String,
    },
    /// Send automatic mail to an address again
    Remove {
        /// The address
        address: String,
    },
}

pub(super) async fn run(args: &SuppressionsArgs, open: &Open) -> anyhow::Result<u8> {
    let (store, screen) = (&open.store, &open.screen);
    match &args.command {
        Command::List { soft, list } => {
            let filter = list.filter(screen)?;
            let rows = store.list_suppressions(&filter, *soft, screen.now).await?;
            list.print(rows, &filter, screen, "every address gets automatic mail")
        }
        Command::Add { address, because } => {
            let is_address = address.rsplit_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !address.contains(char::is_whitespace)
            });
            if !is_address {
                anyhow::bail!("`{address}` is no address; write it as in ann@example.com");
            }
            store.add_suppression(address, because, screen.now).await?;
            screen.print(&format!("{address} gets no automatic mail any more\n"))?;
            Ok(DONE)
        }
        Command::Remove { address } => {
            if !store.remove_suppression(address).await? {
                let hint = "`postroom suppressions list --soft` shows those that are";
                return Ok(missing(format!("{address} is not on the list; {hint}")));
            }
            screen.print(&format!("{address} gets automatic mail again\n"))?;
            Ok(DONE)
        }
    }
}

impl Listed for SuppressionRow {
    type Json<'r> = &'r SuppressionRow;

    const COLUMNS: &'static [Column] =
        &[flexible("address"), fixed("how"), fixed("since"), fixed("times"), fixed("until"), flexible("because")];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        vec![
            Cell::new(&self.address),
            Cell::new(self.how.as_str()),
            Cell::new(screen.when(self.at)).tone(Tone::Faint),
            Cell::new(self.count.to_string()),
            Cell::new(self.until.map_or("removed".to_owned(), |until| screen.when(until))),
            Cell::new(&self.why),
        ]
    }
}
