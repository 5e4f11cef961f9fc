//! `postroom outbox …`: mails to send, what became of each, and trying again.

use super::inbox::pruned_bytes;
use super::list::{ListArgs, Listed};
use super::screen::{Screen, Tone, visible_text};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, Format, FormatArgs, Open, done, facts, missing, reference};
use crate::message::{self, Message, Reader};
use crate::store::list::{Filter, OutboxRow};
use crate::ticket::TicketId;
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct OutboxArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List mails to send, the newest first
    #[command(after_help = "Examples:
  postroom outbox list --state waiting --state failed
  postroom outbox list --ticket PR-1042")]
    List {
        /// Only those in this state
        #[arg(long, value_name = "STATE", value_parser = ["waiting", "sending", "sent", "failed"])]
        state: Vec<String>,
        /// Only those on this ticket
        #[arg(long, value_name = "PR-NUMBER")]
        ticket: Option<TicketId>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one mail and what the mail server said to it
    Show {
        /// Its number, as in the list
        id: i64,
        /// Print its bytes as they go out; on a terminal, control characters are escaped
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Send a mail now that failed, or that waits for its next attempt
    Retry {
        /// Its number, as in the list
        id: i64,
    },
}

/// A mail as it stands in JSON.
#[derive(Serialize)]
pub(super) struct Row<'r> {
    id: i64,
    state: &'r str,
    to: &'r str,
    purpose: &'r str,
    ticket: Option<String>,
    message_id: &'r str,
    subject: &'r str,
    attempts: u32,
    created_at: Timestamp,
    due_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    error: Option<&'r str>,
}

impl<'r> From<&'r OutboxRow> for Row<'r> {
    fn from(row: &'r OutboxRow) -> Self {
        Self {
            id: row.id,
            state: &row.state,
            to: &row.to,
            purpose: &row.purpose,
            ticket: reference(row.ticket),
            message_id: &row.message_id,
            subject: &row.subject,
            attempts: row.attempt,
            created_at: row.created_at,
            due_at: row.due_at,
            sent_at: row.settled_at.filter(|_| row.state == "sent"),
            error: row.error.as_deref(),
        }
    }
}

fn tone(row: &OutboxRow) -> Tone {
    match row.state.as_str() {
        "sent" => Tone::Good,
        "failed" => Tone::Bad,
        _ if row.error.is_some() => Tone::Notice,
        _ => Tone::Plain,
    }
}

pub(super) async fn run(args: &OutboxArgs, open: &Open) -> anyhow::Result<u8> {
    let (store, screen) = (&open.store, &open.screen);
    match &args.command {
        Command::List { state, ticket, list } => {
            let filter = Filter { states: state.clone(), ticket: *ticket, ..list.filter(screen)? };
            list.print(store.list_outbox(&filter).await?, &filter, screen, "the outbox has no such mail")
        }
        Command::Show { id, raw, format } => show(*id, *raw, format.format, open).await,
        Command::Retry { id } => {
            done(store.retry_outbox(*id, screen.now).await, &format!("mail {id} is to be sent now"), screen)
        }
    }
}

impl Listed for OutboxRow {
    type Json<'r> = Row<'r>;

    const COLUMNS: &'static [Column] = &[
        fixed("id"),
        fixed("written").gives_way(1),
        fixed("state").gives_way(5),
        fixed("ticket").gives_way(2),
        fixed("purpose").gives_way(3),
        flexible("to", 12).gives_way(4),
        flexible("subject", 20),
    ];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        vec![
            Cell::new(self.id.to_string()),
            Cell::new(screen.when(self.created_at)).tone(Tone::Faint),
            Cell::new(&self.state).tone(tone(self)),
            Cell::new(reference(self.ticket).unwrap_or_default()),
            Cell::new(&self.purpose),
            Cell::new(&self.to),
            Cell::new(&self.subject),
        ]
    }
}

#[derive(Serialize)]
struct Shown<'r> {
    #[serde(flatten)]
    row: Row<'r>,
    is_automatic: bool,
    size_bytes: i64,
    reply: Option<&'r str>,
    /// None of a mail whose bytes were pruned.
    text: Option<&'r str>,
    is_pruned: bool,
}

impl<'r> Shown<'r> {
    fn of(row: &'r OutboxRow, text: Option<&'r str>) -> Self {
        let (is_automatic, size_bytes, reply) = (row.is_automatic, row.size_bytes, row.reply.as_deref());
        Self { row: Row::from(row), is_automatic, size_bytes, reply, text, is_pruned: text.is_none() }
    }
}

async fn show(id: i64, raw: bool, format: Format, open: &Open) -> anyhow::Result<u8> {
    let Some(row) = open.store.find_outbox(id).await? else {
        return Ok(missing(format!(
            "there is no mail {id} in the outbox; `postroom outbox list` shows which there are"
        )));
    };
    let screen = &open.screen;
    let Some(bytes) = open.store.find_outbox_raw(id).await? else {
        return if raw { Ok(missing(pruned_bytes(id))) } else { show_pruned(&row, format, screen) };
    };
    if raw {
        screen.raw(&bytes)?;
        return Ok(DONE);
    }
    let message = message::parse(&bytes, row.created_at, &Reader::default());
    match format {
        Format::Json => screen.json(&Shown::of(&row, Some(&message.body.text)))?,
        Format::Text => screen.print(&page(&row, &message, screen))?,
    }
    Ok(DONE)
}

fn show_pruned(row: &OutboxRow, format: Format, screen: &Screen) -> anyhow::Result<u8> {
    match format {
        Format::Json => screen.json(&Shown::of(row, None))?,
        Format::Text => {
            let id = format!("<{}>", row.message_id);
            let headers = [("To", row.to.clone()), ("Subject", row.subject.clone()), ("Message-ID", id)];
            let about = what_became_of(row, screen);
            let text = format!("{}{}\n{about}\n{}\n", head(row, screen), facts(screen, &headers), pruned_bytes(row.id));
            screen.print(&text)?;
        }
    }
    Ok(DONE)
}

/// Which mail it is and where it stands.
fn head(row: &OutboxRow, screen: &Screen) -> String {
    let tone = if tone(row) == Tone::Plain { Tone::Strong } else { tone(row) };
    format!("{}\n", screen.paint(tone, &format!("mail {} · {} · {}", row.id, row.purpose, row.state)))
}

fn page(row: &OutboxRow, message: &Message, screen: &Screen) -> String {
    let mut text = head(row, screen);
    let header = |name: &str| message.header(name).next().unwrap_or_default().to_owned();
    text.push_str(&facts(
        screen,
        &["From", "Reply-To", "To", "Subject", "Message-ID", "In-Reply-To", "Auto-Submitted"]
            .map(|name| (name, header(name))),
    ));
    text.push('\n');
    text.push_str(&what_became_of(row, screen));
    text.push('\n');
    text.push_str(visible_text(&message.body.text).trim_end());
    text.push('\n');
    text
}

fn what_became_of(row: &OutboxRow, screen: &Screen) -> String {
    let settled = |state: &str| {
        row.settled_at.filter(|_| row.state == state).map(|at| screen.when_exactly(at)).unwrap_or_default()
    };
    facts(
        screen,
        &[
            ("ticket", reference(row.ticket).unwrap_or_default()),
            ("written", screen.when_exactly(row.created_at)),
            ("due", row.due_at.map(|at| screen.when_exactly(at)).unwrap_or_default()),
            ("sent", settled("sent")),
            ("given up", settled("failed")),
            ("attempts", row.attempt.to_string()),
            ("server said", row.reply.clone().unwrap_or_default()),
            ("error", row.error.clone().unwrap_or_default()),
        ],
    )
}
