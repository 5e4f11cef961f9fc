//! `postroom quarantine …`: mails that were set aside for a person, and what that person says.

use super::inbox;
use super::{DONE, FormatArgs, ListArgs, Open, missing};
use crate::store::StoreError;
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
    let (store, now) = (&open.store, open.screen.now);
    let (done, said) = match &args.command {
        Command::List { list } => {
            let filter = list.filter(&open.screen)?;
            let rows = list.cut(store.list_quarantine(&filter).await?, &filter);
            inbox::print(&rows, list.format.format, &open.screen, "nothing is in quarantine")?;
            return Ok(DONE);
        }
        Command::Show { id, raw, format } => return inbox::show(*id, *raw, format.format, open).await,
        Command::Release { id } => {
            (store.release_quarantine(*id, now).await, format!("mail {id} is let in and will be processed\n"))
        }
        Command::Discard { id } => {
            (store.discard_quarantine(*id).await, format!("mail {id} is discarded; its bytes are kept\n"))
        }
    };
    match done {
        Err(StoreError::Refused { what }) => Ok(missing(what)),
        done => {
            done?;
            open.screen.print(&said)?;
            Ok(DONE)
        }
    }
}
