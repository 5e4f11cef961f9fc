//! `postroom workers`: which processes share the work, who reads which mailbox and since when, and what nobody does.

use super::list::{Listed, print};
use super::screen::{Screen, Tone, remark};
use super::table::{Cell, Column, fixed, flexible};
use super::{DONE, Format, FormatArgs, Open};
use crate::serve::Role;
use crate::store::workers::{HeldMailbox, WorkerRow};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A worker says every second that it lives; one that has not for so long has some trouble.
const SILENT: SignedDuration = SignedDuration::from_secs(3);

#[derive(Debug, clap::Args)]
#[command(after_help = "IN and OUT are mails that a worker has claimed: received ones that it is
processing, and ones that it is sending. On PostgreSQL a worker that was not
heard of for six seconds is dead: what it had is free, and the first living
worker that sees it takes it off this list and logs that.

Examples:
  postroom workers
  postroom workers --format json | jq '.[] | select(.is_alive | not)'")]
pub(super) struct WorkersArgs {
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) async fn run(args: &WorkersArgs, open: &Open) -> anyhow::Result<u8> {
    let workers = open.store.list_workers().await?;
    print(&workers, args.format.format, &open.screen, "no worker runs")?;
    if args.format.format == Format::Text && !workers.is_empty() {
        undone(&workers).iter().for_each(|words| remark(words));
    }
    Ok(DONE)
}

/// What an administrator has to do something about.
fn undone(workers: &[WorkerRow]) -> Option<String> {
    let living: Vec<&WorkerRow> = workers.iter().filter(|worker| worker.is_alive).collect();
    let is_done = |role: &&Role| living.iter().any(|worker| worker.roles.split(',').any(|word| word == role.word()));
    let missing: Vec<&str> = Role::ALL.iter().filter(|role| !is_done(role)).map(|role| role.word()).collect();
    if living.is_empty() {
        return Some("no worker lives: nothing is done until `postroom run` starts".to_owned());
    }
    let parts = missing.join(",");
    (!missing.is_empty()).then(|| format!("nobody does {}: start `postroom run --only {parts}`", missing.join(", ")))
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
    silent_seconds: Option<i64>,
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
            silent_seconds: row.silent_for.map(|silent_for| silent_for.as_secs().max(0)),
            mailboxes: &row.mailboxes,
            processing: row.processing,
            sending: row.sending,
        }
    }
}

/// What a worker does, in a word where it does all of it.
fn does(row: &WorkerRow) -> String {
    let all = Role::ALL.map(Role::word).join(",");
    if row.roles == all { "all".to_owned() } else { row.roles.replace(',', ", ") }
}

fn state(row: &WorkerRow) -> (String, Tone) {
    match row.silent_for {
        _ if !row.is_alive => ("dead".to_owned(), Tone::Bad),
        Some(silent_for) if silent_for >= SILENT => (format!("silent for {} s", silent_for.as_secs()), Tone::Notice),
        _ => ("alive".to_owned(), Tone::Good),
    }
}

impl Listed for WorkerRow {
    type Json<'r> = Row<'r>;

    const COLUMNS: &'static [Column] = &[
        fixed("id"),
        flexible("host", 8).gives_way(3),
        fixed("pid").gives_way(2),
        fixed("since").gives_way(1),
        fixed("state"),
        fixed("does").gives_way(6),
        flexible("reads", 20),
        fixed("in").gives_way(5),
        fixed("out").gives_way(4),
    ];

    fn cells(&self, screen: &Screen) -> Vec<Cell> {
        let (state, tone) = state(self);
        let reads = |held: &HeldMailbox| format!("{} since {}", held.mailbox, screen.since(held.since));
        vec![
            Cell::new(self.id.to_string()),
            Cell::new(&self.host),
            Cell::new(self.pid.to_string()),
            Cell::new(screen.since(self.started_at)).tone(Tone::Faint),
            Cell::new(state).tone(tone),
            Cell::new(does(self)),
            Cell::new(self.mailboxes.iter().map(reads).collect::<Vec<_>>().join(", ")),
            Cell::new(self.processing.to_string()),
            Cell::new(self.sending.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::render;
    use super::*;
    use jiff::tz::TimeZone;

    fn worker(id: i64, roles: &str, silent_for: Option<i64>) -> WorkerRow {
        let at = |text: &str| text.parse().unwrap();
        WorkerRow {
            id,
            host: "desk-1.example.com".to_owned(),
            pid: 4_194_304,
            roles: roles.to_owned(),
            started_at: at("2026-03-01T08:00:00Z"),
            is_alive: silent_for.is_none_or(|seconds| seconds <= 6),
            silent_for: silent_for.map(SignedDuration::from_secs),
            mailboxes: vec![HeldMailbox { mailbox: "support".to_owned(), since: at("2026-03-02T08:30:00Z") }],
            processing: 256,
            sending: 8,
        }
    }

    #[test]
    fn a_worker_fits_on_a_line_of_eighty_characters() {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let screen = Screen { styled: false, is_terminal: true, width: Some(80), zone: TimeZone::UTC, now };
        let shown = |workers: &[WorkerRow]| {
            let cells: Vec<_> = workers.iter().map(|worker| worker.cells(&screen)).collect();
            render(WorkerRow::COLUMNS, &cells, &screen)
        };
        let all = worker(1, "receive,process,deadlines,deliver", Some(0));
        assert_eq!(
            shown(&[all]),
            "ID  HOST                PID      STATE  DOES  READS                IN   OUT\n\
             1   desk-1.example.com  4194304  alive  all   support since 08:30  256  8\n"
        );
        assert_eq!(
            shown(&[worker(2, "receive,process", Some(4)), worker(3, "deliver", Some(9))]),
            "ID  HOST         STATE           DOES              READS                IN   OUT\n\
             2   desk-1.exa…  silent for 4 s  receive, process  support since 08:30  256  8\n\
             3   desk-1.exa…  dead            deliver           support since 08:30  256  8\n"
        );
    }

    #[test]
    fn what_nobody_does_is_said() {
        let cases = [
            ("all is done", vec![worker(1, "receive,process,deadlines,deliver", None)], None),
            (
                "a part is not",
                vec![worker(1, "receive,process", Some(0)), worker(2, "deliver", Some(7))],
                Some("nobody does deadlines, deliver: start `postroom run --only deadlines,deliver`"),
            ),
            (
                "nothing is",
                vec![worker(1, "receive,process,deadlines,deliver", Some(7))],
                Some("no worker lives: nothing is done until `postroom run` starts"),
            ),
        ];
        for (name, workers, expected) in cases {
            assert_eq!(undone(&workers).as_deref(), expected, "{name}");
        }
    }
}
