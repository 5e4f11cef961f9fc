//! `postroom inbox …`: received mails, what each became, and why.

use super::because;
use super::list::{ListArgs, Listed};
use super::screen::{Screen, Tone, one_line, visible_text};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, Format, FormatArgs, Open, done, facts, missing, reference};
use crate::decide::Outcome;
use crate::message::{self, Authentication, Message, Origin, Reader};
use crate::size;
use crate::store::Matched;
use crate::store::list::{Filter, InboxRow};
use crate::ticket::TicketId;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct InboxArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List received mails, the newest first
    #[command(after_help = "Examples:
  postroom inbox list --since 24h
  postroom inbox list --outcome quarantined
  postroom inbox list --ticket PR-1042
  postroom inbox list --format json | jq '.[] | select(.ticket == null)'")]
    List {
        /// Only those in this state
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Vec<String>,
        /// Only those that became this
        #[arg(long, value_name = "OUTCOME", value_parser = PossibleValuesParser::new(Outcome::WORDS))]
        outcome: Option<String>,
        /// Only those on this ticket
        #[arg(long, value_name = "PR-NUMBER")]
        ticket: Option<TicketId>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one mail: what it says, what it became and why
    Show {
        /// Its number, as in the list
        id: i64,
        /// Print its bytes as they came; on a terminal, control characters are escaped
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Process a mail once more, with the rules and agents of today
    #[command(after_help = "A mail that is done and on a ticket stays as it is.")]
    Requeue {
        /// Its number, as in the list
        id: i64,
    },
}

const STATES: [&str; 6] = ["new", "processing", "filed", "quarantined", "discarded", "stuck"];

/// A mail as it stands in JSON.
#[derive(Serialize)]
pub(super) struct Row<'r> {
    id: i64,
    mailbox: &'r str,
    uid: u32,
    received_at: Timestamp,
    from: Option<&'r str>,
    subject: Option<&'r str>,
    state: &'r str,
    outcome: Option<String>,
    cause: Option<&'r str>,
    duplicate_of: Option<i64>,
    ticket: Option<String>,
    reasons: Option<&'r str>,
    attempts: u32,
    error: Option<&'r str>,
}

impl<'r> From<&'r InboxRow> for Row<'r> {
    fn from(row: &'r InboxRow) -> Self {
        Self {
            id: row.id,
            mailbox: &row.place.mailbox,
            uid: row.place.uid,
            received_at: row.received_at,
            from: row.from.as_deref(),
            subject: row.subject.as_deref(),
            state: &row.state,
            outcome: outcome(row),
            cause: row.cause.as_deref(),
            duplicate_of: row.duplicate_of,
            ticket: reference(row.ticket),
            reasons: row.reasons.as_deref(),
            attempts: row.attempt,
            error: row.error.as_deref(),
        }
    }
}

/// What a mail became, its cause included: `quarantined(spoofed-agent)`.
fn outcome(row: &InboxRow) -> Option<String> {
    let word = row.outcome.as_deref()?;
    Some(row.cause.as_deref().map_or_else(|| word.to_owned(), |cause| format!("{word}({cause})")))
}

/// What a mail became, or why it has become nothing yet, and how that is meant.
pub(super) fn became(row: &InboxRow) -> (String, Tone) {
    match (outcome(row), row.state.as_str()) {
        (Some(outcome), "discarded") if row.outcome.as_deref() == Some("quarantined") => {
            (format!("discarded, was {outcome}"), Tone::Faint)
        }
        (Some(outcome), _) => {
            let tone = match row.outcome.as_deref().unwrap_or_default() {
                "quarantined" => Tone::Notice,
                "ticket-opened" | "alert-opened" => Tone::Good,
                "alert-folded" | "alert-recovered" => Tone::Faint,
                "duplicate" | "own-mail" | "auto-reply" | "discarded-by-rule" => Tone::Faint,
                _ => Tone::Plain,
            };
            (outcome, tone)
        }
        (None, "new") if row.error.is_some() => ("waits for another try".to_owned(), Tone::Notice),
        (None, "new") => ("not processed yet".to_owned(), Tone::Faint),
        (None, state) => (state.to_owned(), Tone::Faint),
    }
}

impl Listed for InboxRow {
    type Json<'r> = Row<'r>;

    const COLUMNS: &'static [Column] = &[
        fixed("id"),
        fixed("received").gives_way(1),
        fixed("became").gives_way(4),
        fixed("ticket").gives_way(3),
        flexible("from", 12).gives_way(2),
        flexible("subject", 20),
    ];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        let (became, tone) = became(self);
        vec![
            Cell::new(self.id.to_string()),
            Cell::new(screen.when(self.received_at)).tone(Tone::Faint),
            Cell::new(became).tone(tone),
            Cell::new(reference(self.ticket).unwrap_or_default()),
            Cell::new(self.from.as_deref().unwrap_or_default()),
            Cell::new(self.subject.as_deref().unwrap_or_default()),
        ]
    }
}

pub(super) async fn run(args: &InboxArgs, open: &Open) -> anyhow::Result<u8> {
    match &args.command {
        Command::List { state, outcome, ticket, list } => {
            let filter = list.filter(&open.screen)?;
            let filter = Filter { states: state.clone(), outcome: outcome.clone(), ticket: *ticket, ..filter };
            let rows = open.store.list_inbox(&filter).await?;
            list.print(rows, &filter, &open.screen, "the inbox has no such mail")
        }
        Command::Show { id, raw, format } => show(*id, *raw, format.format, open).await,
        Command::Requeue { id } => {
            let result = open.store.requeue_inbox(*id, open.screen.now).await;
            done(result, &format!("mail {id} is to be processed again"), &open.screen)
        }
    }
}

/// One mail whole, as JSON. What only its bytes tell is null when they were pruned.
#[derive(Serialize)]
struct Shown<'r> {
    #[serde(flatten)]
    row: Row<'r>,
    to: Option<Vec<&'r message::Address>>,
    date: Option<Timestamp>,
    message_id: Option<&'r str>,
    size_bytes: i64,
    origin: Option<&'r str>,
    authentication: Option<&'r str>,
    rules_version: Option<&'r str>,
    rules: &'r [Matched],
    settled_at: Option<Timestamp>,
    attachments: Option<&'r [message::Attachment]>,
    text: Option<&'r str>,
    is_pruned: bool,
}

impl<'r> Shown<'r> {
    fn of(row: &'r InboxRow, message: Option<&'r Message>) -> Self {
        Self {
            row: Row::from(row),
            to: message.map(|message| message.to.iter().collect()),
            date: message.and_then(|message| message.date),
            message_id: message.map(|message| message.id.0.as_str()).or(row.message_id.as_deref()),
            size_bytes: row.size_bytes,
            origin: message.map(|message| message.origin.as_str()),
            authentication: message.map(|message| message.authentication.as_str()),
            rules_version: row.rules_version.as_deref(),
            rules: &row.matched,
            settled_at: row.settled_at,
            attachments: message.map(|message| message.attachments.as_slice()),
            text: message.map(|message| message.body.text.as_str()),
            is_pruned: message.is_none(),
        }
    }
}

/// Shows one mail; `show` of the quarantine is the same.
pub(super) async fn show(id: i64, raw: bool, format: Format, open: &Open) -> anyhow::Result<u8> {
    let Some(row) = open.store.find_inbox(id).await? else {
        return Ok(missing(format!("there is no mail {id} in the inbox; `postroom inbox list` shows which there are")));
    };
    let screen = &open.screen;
    let Some(bytes) = open.store.find_inbox_raw(id).await? else {
        return if raw { Ok(missing(pruned_bytes(id))) } else { show_pruned(&row, format, screen) };
    };
    if raw {
        screen.raw(&bytes)?;
        return Ok(DONE);
    }
    let reader = Reader {
        authserv_ids: open.config.authserv_ids.clone(),
        own_addresses: open.config.policy.own_addresses.clone(),
        instance: open.store.instance().id.clone(),
    };
    let message = message::parse(&bytes, row.received_at, &reader);
    match format {
        Format::Json => screen.json(&Shown::of(&row, Some(&message)))?,
        Format::Text => screen.print(&page(&row, &message, screen))?,
    }
    Ok(DONE)
}

/// What there is to say of a mail of which only the row is left.
pub(super) fn pruned_bytes(id: i64) -> String {
    format!("the bytes of mail {id} were pruned; what it was and what became of it is all that is left")
}

fn show_pruned(row: &InboxRow, format: Format, screen: &Screen) -> anyhow::Result<u8> {
    match format {
        Format::Json => screen.json(&Shown::of(row, None))?,
        Format::Text => {
            let mut text = head(row, screen);
            text.push_str(&facts(
                screen,
                &[
                    ("From", row.from.clone().unwrap_or_default()),
                    ("Subject", row.subject.clone().unwrap_or_default()),
                    ("Message-ID", row.message_id.as_deref().map(|id| format!("<{id}>")).unwrap_or_default()),
                ],
            ));
            text.push('\n');
            let because = row.reasons.as_deref().map(|reasons| because::in_words(reasons, screen)).unwrap_or_default();
            let lines = [
                ("received", screen.when_exactly(row.received_at)),
                ("mailbox", format!("{}, UID {}", row.place.mailbox, row.place.uid)),
                ("ticket", reference(row.ticket).unwrap_or_default()),
                ("because", because),
                ("duplicate of", row.duplicate_of.map(|id| format!("mail {id}")).unwrap_or_default()),
                ("size", size::shown(row.size_bytes.unsigned_abs())),
            ];
            text.push_str(&facts(screen, &lines));
            text.push_str(&format!("\n{}\n", pruned_bytes(row.id)));
            screen.print(&text)?;
        }
    }
    Ok(DONE)
}

/// Which mail it is and what it became.
fn head(row: &InboxRow, screen: &Screen) -> String {
    let (became, tone) = became(row);
    let head = [format!("mail {}", row.id), became].join(" · ");
    format!("{}\n", screen.paint(if tone == Tone::Plain { Tone::Strong } else { tone }, &head))
}

/// The rules that matched, each with what it saw.
fn rules(row: &InboxRow, shadows: bool) -> String {
    let matched = row.matched.iter().filter(|matched| matched.is_shadow == shadows).map(|matched| {
        let seen = matched.rule.value.as_ref().or(matched.rule.text.as_ref());
        let seen = seen.map_or(String::new(), |seen| format!(" (“{}”)", one_line(seen)));
        format!("{}{seen}", matched.rule.rule)
    });
    matched.collect::<Vec<_>>().join(", ")
}

fn author_of(origin: Origin) -> &'static str {
    match origin {
        Origin::Person => "a person",
        Origin::AutomaticReply => "a program, as an automatic reply",
        Origin::DeliveryReport => "a mail server, as a delivery report",
        Origin::Bulk => "somebody, to many people at once",
        Origin::Own => "postroom itself",
    }
}

fn sender_of(authentication: Authentication) -> &'static str {
    match authentication {
        Authentication::Pass => "authenticated",
        Authentication::Fail => "authentication failed: the address may be forged",
        Authentication::None => "nobody vouches for the address",
    }
}

fn page(row: &InboxRow, message: &Message, screen: &Screen) -> String {
    let list =
        |addresses: &[message::Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut text = facts(
        screen,
        &[
            ("From", list(&message.from)),
            ("Reply-To", list(&message.reply_to)),
            ("To", list(&message.to)),
            ("Cc", list(&message.cc)),
            ("Date", message.date.map(|date| screen.second(date)).unwrap_or_default()),
            ("Subject", message.subject.clone()),
            ("Message-ID", format!("<{}>", message.id.0)),
        ],
    );
    text.insert_str(0, &head(row, screen));
    let attachments: Vec<String> = message
        .attachments
        .iter()
        .map(|file| {
            format!(
                "{} ({}, {})",
                file.name.as_deref().unwrap_or("no name"),
                file.media_type,
                size::shown(file.size_bytes)
            )
        })
        .collect();
    let defects: Vec<&str> = message.defects.iter().map(|defect| defect.code.as_str()).collect();
    text.push('\n');
    text.push_str(&facts(
        screen,
        &[
            ("received", screen.when_exactly(row.received_at)),
            ("mailbox", format!("{}, UID {}", row.place.mailbox, row.place.uid)),
            ("ticket", reference(row.ticket).unwrap_or_default()),
            ("because", row.reasons.as_deref().map(|reasons| because::in_words(reasons, screen)).unwrap_or_default()),
            ("written by", author_of(message.origin).to_owned()),
            ("sender", sender_of(message.authentication).to_owned()),
            ("marks", message.marks_in_words()),
            ("duplicate of", row.duplicate_of.map(|id| format!("mail {id}")).unwrap_or_default()),
            ("attachments", attachments.join(", ")),
            ("defects", defects.join(", ")),
            ("rules", rules(row, false)),
            ("shadow rules", rules(row, true)),
            ("rule set", row.rules_version.clone().unwrap_or_default()),
            ("attempts", if row.attempt > 1 { row.attempt.to_string() } else { String::new() }),
            ("error", row.error.clone().unwrap_or_default()),
        ],
    ));
    text.push('\n');
    text.push_str(visible_text(&message.body.text).trim_end());
    text.push('\n');
    text
}
