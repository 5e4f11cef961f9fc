//! `postroom quarantine …`: mails that were set aside for a person, and what that person says.

use super::inbox;
use super::list::ListArgs;
use super::{FormatArgs, Open, done};
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct QuarantineArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the mails that were set aside, the newest first
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one of them: what it says, and why it is here
    Show {
        /// Its number, as in the list
        id: i64,
        /// Print its bytes as they came; on a terminal, control characters are escaped
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Let a mail in: it is processed as one that somebody has looked at
    #[command(after_help = "A running `postroom run` processes it at once, the next one when it starts.")]
    Release {
        /// Its number, as in the list
        id: i64,
    },
    /// Put a mail away for good; its bytes are kept
    Discard {
        /// Its number, as in the list
        id: i64,
    },
}

pub(super) async fn run(args: &QuarantineArgs, open: &Open) -> anyhow::Result<u8> {
    let (store, screen) = (&open.store, &open.screen);
    match &args.command {
        Command::List { list } => {
            let filter = list.filter(screen)?;
            list.print(store.list_quarantine(&filter).await?, &filter, screen, "nothing is in quarantine")
        }
        Command::Show { id, raw, format } => inbox::show(*id, *raw, format.format, open).await,
        Command::Release { id } => {
            let result = store.release_quarantine(*id, screen.now).await;
            done(result, &format!("mail {id} is let in and will be processed"), screen)
        }
        Command::Discard { id } => {
            let result = store.discard_quarantine(*id).await;
            done(result, &format!("mail {id} is discarded; its bytes are kept"), screen)
        }
    }
}
