//! `postroom migrate …`: which tables the database has, and bringing them up to date before anything else does.

use super::screen::{Screen, Tone, remark};
use super::table::{Cell, Column, fixed, flexible, render};
use super::{CANNOT, DONE, Format, FormatArgs, Globals, NO, open_store};
use crate::config::Config;
use crate::store::{Migration, MigrationState, Schema, Store};
use anyhow::Context as _;
use clap::Subcommand;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show which changes to the tables were applied, and when; changes nothing
    #[command(after_help = "Examples:
  postroom migrate status
  postroom migrate status --format json

Exit codes: 0 the tables are up to date, 1 they are not, or there are none
yet, 2 it could not be found out.")]
    Status {
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Bring the tables up to date, and make the database where it is a file that is not there
    #[command(after_help = "Example:
  postroom migrate up

`run` and all other commands do so by themselves when they open the database.")]
    Up,
}

#[derive(Serialize)]
struct Report<'s> {
    database: String,
    is_there: bool,
    is_up_to_date: bool,
    migrations: &'s [Migration],
}

pub(super) async fn run(args: &MigrateArgs, globals: &Globals) -> anyhow::Result<u8> {
    let Some((config, screen)) = globals.config() else { return Ok(CANNOT) };
    match &args.command {
        Command::Status { format } => status(format.format, &config, &screen).await,
        Command::Up => up(&config, &screen).await,
    }
}

async fn schema(config: &Config) -> anyhow::Result<Schema> {
    Store::schema(&config.database).await.with_context(|| format!("cannot open the database {}", config.database))
}

async fn status(format: Format, config: &Config, screen: &Screen) -> anyhow::Result<u8> {
    let schema = schema(config).await?;
    let is_up_to_date = schema.migrations.iter().all(|migration| migration.state == MigrationState::Applied);
    let code = if is_up_to_date { DONE } else { NO };
    if format == Format::Json {
        let database = config.database.to_string();
        screen.json(&Report { database, is_there: schema.is_there, is_up_to_date, migrations: &schema.migrations })?;
        return Ok(code);
    }
    let rows: Vec<Vec<Cell>> = schema.migrations.iter().map(|migration| cells(migration, screen)).collect();
    screen.print(&render(COLUMNS, &rows, screen))?;
    let has = |state| schema.migrations.iter().any(|migration| migration.state == state);
    if !schema.is_there {
        remark(&format!("there is nothing in {} yet; `postroom migrate up` makes the tables", config.database));
    } else if has(MigrationState::Waiting) {
        remark("`postroom migrate up` brings the tables up to date, as any other command does that opens the database");
    }
    for (state, words) in [
        (
            MigrationState::Unknown,
            "a newer version of Postroom has changed the tables; this one refuses to work on them",
        ),
        (MigrationState::Different, "the tables were not made by a released version of Postroom"),
        (
            MigrationState::Broken,
            "a change was begun and not ended: go back to a backup, or ask whoever has made the change",
        ),
    ] {
        if has(state) {
            remark(words);
        }
    }
    Ok(code)
}

const COLUMNS: &[Column] = &[fixed("number"), fixed("name"), fixed("state"), flexible("applied", 10)];

fn cells(migration: &Migration, screen: &Screen) -> Vec<Cell> {
    let tone = match migration.state {
        MigrationState::Applied => Tone::Good,
        MigrationState::Waiting => Tone::Notice,
        _ => Tone::Bad,
    };
    vec![
        Cell::new(format!("{:04}", migration.version)),
        Cell::new(&migration.name),
        Cell::new(migration.state.as_str()).tone(tone),
        Cell::new(migration.applied_at.map(|at| screen.second(at)).unwrap_or_default()).tone(Tone::Faint),
    ]
}

async fn up(config: &Config, screen: &Screen) -> anyhow::Result<u8> {
    let before = schema(config).await?;
    open_store(config).await?.close().await;
    let mut text = String::new();
    for migration in before.migrations.iter().filter(|migration| migration.state == MigrationState::Waiting) {
        text.push_str(&format!("applied {:04} {}\n", migration.version, migration.name));
    }
    if text.is_empty() {
        text.push_str("the tables were up to date already\n");
    }
    screen.print(&text)?;
    Ok(DONE)
}
