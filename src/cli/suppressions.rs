//! `postroom suppressions …`: addresses that get no automatic mail.

use super::list::{ListArgs, Listed};
use super::screen::{Screen, Tone, remark, shortened, visible};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, Open, address, missing};
use crate::message::Address;
use crate::store::list::SuppressionRow;
use crate::store::suppressions::Addition;
use clap::Subcommand;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom suppressions list
  postroom suppressions add ann@example.com --because 'asked for it by phone'
  postroom suppressions remove ann@example.com")]
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
    ///
    /// What agents write still goes there. An address that is on the list stays there as it is; `--because` gives it
    /// another reason.
    #[command(after_help = "Examples:
  postroom suppressions add ann@example.com
  postroom suppressions add ann@example.com --because 'asked for it by phone'")]
    Add {
        /// The address
        address: String,
        /// Why, for whoever looks at the list later [default: by hand]
        #[arg(long, value_name = "WORDS")]
        because: Option<String>,
    },
    /// Send automatic mail to an address again
    #[command(after_help = "Example:\n  postroom suppressions remove ann@example.com")]
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
        Command::Add { address, because } => add(&address::read(address)?, because.as_deref(), open).await,
        Command::Remove { address } => remove(address, open).await,
    }
}

async fn add(address: &str, because: Option<&str>, open: &Open) -> anyhow::Result<u8> {
    let because = because.map(str::trim).filter(|because| !because.is_empty());
    let said = match open.store.add_suppression(address, because, open.screen.now).await? {
        Addition::New => format!("{address} gets no automatic mail any more\n"),
        Addition::Reworded { old } => {
            let old = shortened(&old, MAX_BECAUSE_CHARS);
            format!(
                "{address} was on the list already, and is for the new reason now; the old one was: {}\n",
                visible(&old)
            )
        }
        Addition::Known { why } => {
            let why = shortened(&why, MAX_BECAUSE_CHARS);
            format!("{address} was on the list already, and stays: {}\n", visible(&why))
        }
    };
    open.screen.print(&said)?;
    if let Some(agent) = open.config.policy.agent_at(&Address::bare(address)) {
        remark(&format!(
            "{address} is the address of the agent `{}`: the list holds for what goes to customers, and agents are told \
             of their tickets all the same",
            agent.id
        ));
    }
    Ok(DONE)
}

async fn remove(text: &str, open: &Open) -> anyhow::Result<u8> {
    let mut removed = text.to_lowercase();
    // What an administrator once put there may be no address.
    if !open.store.remove_suppression(&removed).await? {
        removed = address::read(text)?;
        if !open.store.remove_suppression(&removed).await? {
            let hint = "`postroom suppressions list --soft` shows those that are";
            return Ok(missing(format!("{removed} is not on the list; {hint}")));
        }
    }
    open.screen.print(&format!("{} gets automatic mail again\n", visible(&removed)))?;
    Ok(DONE)
}

/// Characters of a reason, which may be a foreign server's words, on one line; JSON has all of it.
const MAX_BECAUSE_CHARS: usize = 100;

impl Listed for SuppressionRow {
    type Json<'r> = &'r SuppressionRow;

    const COLUMNS: &'static [Column] = &[
        flexible("address", 16),
        fixed("how").gives_way(3),
        fixed("since").gives_way(2),
        fixed("times").gives_way(1),
        fixed("until"),
        flexible("because", 20),
    ];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        vec![
            Cell::new(&self.address),
            Cell::new(self.how.as_str()),
            Cell::new(screen.when(self.at)).tone(Tone::Faint),
            Cell::new(self.count.to_string()),
            Cell::new(self.until.map_or("until removed".to_owned(), |until| screen.when(until))),
            Cell::new(shortened(&self.why, MAX_BECAUSE_CHARS)),
        ]
    }
}
