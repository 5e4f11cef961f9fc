//! `postroom ticket …`: the tickets, one of them whole, and what happened on it.

mod timeline;

use super::list::{ListArgs, Listed};
use super::screen::{Screen, Tone, visible, visible_text};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, Format, FormatArgs, Open, facts, missing};
use crate::decide::policy::Policy;
use crate::finding::did_you_mean;
use crate::spoken::counted;
use crate::store::Filed;
use crate::store::list::{Filter, TicketRow};
use crate::ticket::event::Visibility;
use crate::ticket::people::TeamId;
use crate::ticket::{Alert, Paging, Severity, Status, Ticket, TicketId};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct TicketArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List tickets, the newest first
    #[command(after_help = "Examples:
  postroom ticket list --open
  postroom ticket list --status resolved --since 7d
  postroom ticket list --open --team billing
  postroom ticket list --format json | jq '.[] | select(.assignee == null)'")]
    List {
        /// Only those that are being worked on
        #[arg(long, conflicts_with = "status")]
        open: bool,
        /// Only those that stand here
        #[arg(long, value_name = "STATUS", value_parser = PossibleValuesParser::new(Status::ALL.iter().map(|status| status.as_str())))]
        status: Vec<String>,
        /// Only those of this team
        #[arg(long, value_name = "NAME")]
        team: Option<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Show one ticket: where it stands, who is on it, and its mails
    #[command(after_help = "Example:\n  postroom ticket show PR-1042")]
    Show {
        /// Its reference: PR-1042, or 1042
        reference: TicketId,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show what happened on a ticket, who did it, and why
    #[command(after_help = "Example:\n  postroom ticket timeline PR-1042 --format md > incident.md")]
    Timeline {
        /// Its reference: PR-1042, or 1042
        reference: TicketId,
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: timeline::Format,
    },
}

/// A ticket as it stands in JSON.
#[derive(Serialize)]
pub(super) struct Row<'r> {
    reference: TicketId,
    status: &'r str,
    severity: &'r str,
    category: &'r str,
    tier: &'r str,
    team: Option<&'r str>,
    assignee: Option<&'r str>,
    requester: Option<&'r str>,
    subject: &'r str,
    opened_at: Timestamp,
    updated_at: Timestamp,
    first_response_due_at: Option<Timestamp>,
    update_due_at: Option<Timestamp>,
    calendar: Option<&'r str>,
    paged_at: Option<Timestamp>,
    paging: &'r str,
}

impl<'r> From<&'r TicketRow> for Row<'r> {
    fn from(row: &'r TicketRow) -> Self {
        Self {
            reference: row.id,
            status: row.status.as_str(),
            severity: row.severity.as_str(),
            category: &row.category,
            tier: row.tier.as_str(),
            team: row.team.as_ref().map(|team| team.0.as_str()),
            assignee: row.assignee.as_ref().map(|agent| agent.0.as_str()),
            requester: row.requester.as_deref(),
            subject: &row.subject,
            opened_at: row.opened_at,
            updated_at: row.updated_at,
            first_response_due_at: row.first_response_due_at,
            update_due_at: row.update_due_at,
            calendar: row.calendar.as_deref(),
            paged_at: row.paged_at,
            paging: row.paging.as_str(),
        }
    }
}

impl<'r> From<&'r Ticket> for Row<'r> {
    fn from(ticket: &'r Ticket) -> Self {
        Self {
            reference: ticket.id,
            status: ticket.status.as_str(),
            severity: ticket.severity.as_str(),
            category: &ticket.category,
            tier: ticket.tier.as_str(),
            team: ticket.team.as_ref().map(|team| team.0.as_str()),
            assignee: ticket.assignee.as_ref().map(|agent| agent.0.as_str()),
            requester: ticket.requester().map(|party| party.address.address.as_str()),
            subject: &ticket.subject,
            opened_at: ticket.opened_at,
            updated_at: ticket.updated_at,
            first_response_due_at: ticket.first_response_due_at,
            update_due_at: ticket.update_due_at,
            calendar: ticket.calendar.as_deref(),
            paged_at: ticket.paged_at,
            paging: ticket.paging.as_str(),
        }
    }
}

pub(super) async fn run(args: &TicketArgs, open: &Open) -> anyhow::Result<u8> {
    match &args.command {
        Command::List { open: is_open, status, team, list } => {
            let states = match is_open {
                true => Status::ALL.iter().filter(|status| status.is_open()).map(ToString::to_string).collect(),
                false => status.clone(),
            };
            let team = team.as_ref().map(|team| TeamId(team.trim().to_lowercase()));
            if let Some(team) = &team
                && let Some(wrong) = unknown_team(team, open).await?
            {
                return Ok(missing(wrong));
            }
            let filter = Filter { states, team, ..list.filter(&open.screen)? };
            let rows = open.store.list_tickets(&filter).await?;
            list.print(rows, &filter, &open.screen, "there is no such ticket")
        }
        Command::Show { reference, format } => {
            let Some(ticket) = open.store.find_ticket(*reference).await? else { return Ok(no_ticket(*reference)) };
            let filed = open.store.filed_on(*reference).await?;
            match format.format {
                Format::Json => open.screen.json(&Shown::of(&ticket, &filed))?,
                Format::Text => open.screen.print(&page(
                    &ticket,
                    &filed,
                    &open.config.policy,
                    open.store.clock().now(),
                    &open.screen,
                ))?,
            }
            Ok(DONE)
        }
        Command::Timeline { reference, format } => {
            let Some(ticket) = open.store.find_ticket(*reference).await? else { return Ok(no_ticket(*reference)) };
            let events = open.store.timeline(*reference).await?;
            timeline::print(&ticket, &events, *format, &open.screen)?;
            Ok(DONE)
        }
    }
}

/// What is wrong with the name of a team that neither the configuration nor any ticket has: tickets keep the team that
/// they were given, also where the configuration has it no more.
async fn unknown_team(team: &TeamId, open: &Open) -> anyhow::Result<Option<String>> {
    let teams = &open.config.policy.teams;
    let of_team = Filter { team: Some(team.clone()), limit: Some(1), ..Filter::default() };
    if open.config.policy.team(team).is_some() || !open.store.list_tickets(&of_team).await?.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = teams.iter().map(|team| team.id.0.as_str()).collect();
    let hint = match (did_you_mean(&team.0, names.iter().copied()), &names[..]) {
        (Some(meant), _) => meant,
        (None, []) => "the configuration has none; [[team]] declares one".to_owned(),
        (None, [only]) => format!("write --team {only}"),
        (None, names) => format!("write --team with one of {}", names.join(", ")),
    };
    Ok(Some(format!("there is no team `{team}` in the configuration, and no ticket of one ({hint})")))
}

fn no_ticket(id: TicketId) -> u8 {
    missing(format!("there is no ticket {id}; `postroom ticket list` shows which there are"))
}

fn severity_tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Bad,
        Severity::High => Tone::Notice,
        Severity::Medium => Tone::Plain,
        Severity::Low => Tone::Faint,
    }
}

fn status_tone(status: Status) -> Tone {
    match status {
        Status::Investigating => Tone::Plain,
        Status::Waiting => Tone::Notice,
        Status::Resolved => Tone::Good,
        Status::Closed => Tone::Faint,
    }
}

impl Listed for TicketRow {
    type Json<'r> = Row<'r>;

    const COLUMNS: &'static [Column] = &[
        fixed("ticket"),
        fixed("severity").gives_way(7),
        fixed("status").gives_way(6),
        fixed("team").gives_way(3),
        fixed("assignee").gives_way(4),
        fixed("opened").gives_way(1),
        fixed("update due").gives_way(5),
        flexible("requester", 12).gives_way(2),
        flexible("subject", 20),
    ];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        let due = self.update_due_at.map(|at| screen.when(at)).unwrap_or_default();
        let is_over = self.update_due_at.is_some_and(|at| at < screen.now);
        vec![
            Cell::new(self.id.to_string()).tone(Tone::Strong),
            Cell::new(self.severity.as_str()).tone(severity_tone(self.severity)),
            Cell::new(self.status.as_str()).tone(status_tone(self.status)),
            Cell::new(self.team.as_ref().map(|team| team.0.as_str()).unwrap_or_default()),
            Cell::new(self.assignee.as_ref().map(|agent| agent.0.as_str()).unwrap_or_default()),
            Cell::new(screen.when(self.opened_at)).tone(Tone::Faint),
            Cell::new(due).tone(if is_over { Tone::Bad } else { Tone::Plain }),
            Cell::new(self.requester.as_deref().unwrap_or_default()),
            Cell::new(&self.subject),
        ]
    }
}

/// One ticket whole, as JSON.
#[derive(Serialize)]
struct Shown<'r> {
    #[serde(flatten)]
    row: Row<'r>,
    first_response_at: Option<Timestamp>,
    resolved_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    tags: &'r [String],
    alert: Option<ShownAlert<'r>>,
    parties: Vec<ShownParty<'r>>,
    messages: Vec<ShownMessage<'r>>,
}

#[derive(Serialize)]
struct ShownAlert<'r> {
    key: &'r str,
    count: u32,
    recovered_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ShownParty<'r> {
    number: u32,
    role: &'r str,
    name: Option<&'r str>,
    address: &'r str,
}

#[derive(Serialize)]
struct ShownMessage<'r> {
    inbox: Option<i64>,
    message_id: &'r str,
    visibility: Visibility,
    by: &'r str,
    at: Timestamp,
    text: &'r str,
}

impl<'r> Shown<'r> {
    fn of(ticket: &'r Ticket, filed: &'r [Filed]) -> Self {
        let party = |party: &'r crate::ticket::people::Party| ShownParty {
            number: party.id.0,
            role: party.role.as_str(),
            name: party.address.name.as_deref(),
            address: &party.address.address,
        };
        let message = |filed: &'r Filed| ShownMessage {
            inbox: filed.inbox,
            message_id: &filed.message_id.0,
            visibility: filed.visibility,
            by: &filed.by,
            at: filed.at,
            text: &filed.text,
        };
        Self {
            row: Row::from(ticket),
            first_response_at: ticket.first_response_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
            tags: &ticket.tags,
            alert: ticket.alert.as_ref().map(|alert| ShownAlert {
                key: &alert.key,
                count: alert.count,
                recovered_at: alert.recovered_at,
            }),
            parties: ticket.people().map(party).collect(),
            messages: filed.iter().map(message).collect(),
        }
    }
}

/// Which alert it is, how often it was told, and when it ended.
fn told_alert(alert: &Alert, screen: &Screen) -> String {
    let times = counted(alert.count as usize, "mail");
    let over = alert.recovered_at.map(|at| format!(", over since {}", screen.when_exactly(at))).unwrap_or_default();
    format!("{}, {times}{over}", alert.key)
}

/// When those on call were paged last, and whether they are to be again.
fn told_pages(ticket: &Ticket, screen: &Screen) -> String {
    let last = ticket.paged_at.map(|at| screen.when_exactly(at)).unwrap_or_default();
    match ticket.paging {
        Paging::Owed => format!("{last}; another page is owed").trim_start_matches("; ").to_owned(),
        Paging::None | Paging::Sent => last,
    }
}

/// In which hours its promises run; nothing where no rule has named any.
fn told_hours(ticket: &Ticket, policy: &Policy, now: Timestamp) -> String {
    let Some(calendar) = &ticket.calendar else { return String::new() };
    if !policy.calendars.contains_key(calendar) {
        return format!("around the clock, for the configuration has no calendar {calendar} any more");
    }
    if ticket.severity == Severity::Critical {
        return format!("around the clock, for it is {}; else while {calendar} is open", ticket.severity);
    }
    match policy.pace_of(ticket).is_around_the_clock(now) {
        true => format!("around the clock, for {calendar} is not open for so long within a year"),
        false => format!("while {calendar} is open"),
    }
}

fn page(ticket: &Ticket, filed: &[Filed], policy: &Policy, now: Timestamp, screen: &Screen) -> String {
    let at = |at: Option<Timestamp>| at.map(|at| screen.when_exactly(at)).unwrap_or_default();
    let heading = format!("{} · {}", ticket.id, visible(&ticket.subject));
    let severity = screen.paint(severity_tone(ticket.severity), ticket.severity.as_str());
    let status = screen.paint(status_tone(ticket.status), ticket.status.as_str());
    let assignee = ticket.assignee.as_ref().map_or("nobody".to_owned(), ToString::to_string);
    let mut text = format!("{}\n", screen.paint(Tone::Strong, &screen.wrapped(&heading, 0)));
    let gone = ticket.team.as_ref().filter(|team| policy.team(team).is_none());
    let whose = if gone.is_some() { ticket.tier.as_str() } else { ticket.whose() };
    text.push_str(&format!("{severity} · {status} · for {whose} · taken by {}\n\n", visible(&assignee)));
    let no_team = |team| format!("the configuration has no team {team} any more, so it is the tier's");
    // A first answer that was given is due no more.
    let first_response_due_at = ticket.first_response_due_at.filter(|_| ticket.first_response_at.is_none());
    text.push_str(&facts(
        screen,
        &[
            ("category", ticket.category.clone()),
            // The tier that comes after the team.
            ("tier", ticket.team.as_ref().map(|_| ticket.tier.to_string()).unwrap_or_default()),
            ("team", gone.map(no_team).unwrap_or_default()),
            ("tags", ticket.tags.join(", ")),
            ("alert", ticket.alert.as_ref().map(|alert| told_alert(alert, screen)).unwrap_or_default()),
            ("opened", at(Some(ticket.opened_at))),
            ("paged", told_pages(ticket, screen)),
            ("first answer", at(ticket.first_response_at)),
            ("first answer due", at(first_response_due_at)),
            ("next update due", at(ticket.update_due_at)),
            ("promises run", told_hours(ticket, policy, now)),
            ("resolved", at(ticket.resolved_at)),
            ("closed", at(ticket.closed_at)),
        ],
    ));
    text.push('\n');
    for party in ticket.people() {
        let role = screen.paint(Tone::Faint, &format!("{:<13}", party.role.as_str()));
        text.push_str(&format!("{role} {}\n", visible(&party.address.to_string())));
    }
    for mail in filed {
        let who = match mail.visibility {
            Visibility::Public => "",
            Visibility::Internal => ", for agents only",
            Visibility::Unverified => ", UNVERIFIED: see the timeline",
            Visibility::Automatic => ", automatic",
        };
        let from = mail.inbox.map_or("by postroom".to_owned(), |id| format!("mail {id}"));
        let title = format!("── {}, {} ({from}{who})", visible(&mail.by), screen.second(mail.at));
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Strong, &screen.wrapped(&title, 3))));
        for line in visible_text(mail.text.trim_end()).lines() {
            text.push_str(format!("   {line}").trim_end());
            text.push('\n');
        }
    }
    text
}
