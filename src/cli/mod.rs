//! The command line: one file for each subcommand, and what all of them share.
//!
//! Results go to standard output, remarks to standard error. The exit code is 0 when it was done, 1 when it was done
//! and the answer is no, 2 when it could not be done; `ingest` speaks to mail servers and uses those of sysexits.

mod address;
mod backup;
mod because;
mod breakers;
mod check;
mod export;
mod inbox;
mod ingest;
mod init;
mod inspect;
mod list;
mod migrate;
mod outbox;
mod prune;
mod quarantine;
mod report;
pub mod rules;
mod run;
mod screen;
mod setup;
mod shipped;
mod source;
mod suppressions;
mod table;
mod template;
mod ticket;
mod workers;

use crate::clock::Clock;
use crate::config::{Config, DEFAULT_FILE};
use crate::log::{self, LogFormat};
use crate::store::{Store, StoreError};
use crate::ticket::TicketId;
use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use report::Findings;
use screen::{Screen, Tone, remark};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Exit code: done.
pub const DONE: u8 = 0;
/// Exit code: done, and the answer is no.
pub const NO: u8 = 1;
/// Exit code: it could not be done.
pub const CANNOT: u8 = 2;

/// How long threads that nobody waits for may hold up the end.
const END_WITHIN: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "Examples:
  postroom init /etc/postroom     write a configuration, rules and templates
  postroom check --connect        is all in order, the mail servers included?
  postroom run                    watch the mailboxes, answer, keep promises
  postroom ticket list --open     what is to do
  postroom inbox show 17          what became of a mail, and why

Exit codes: 0 done, 1 the answer is no, 2 it could not be done.";

/// An email-driven support desk: mail in, tickets kept, promises kept, mail out
#[derive(Debug, Parser)]
#[command(name = "postroom", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For every command")]
struct Globals {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", env = "POSTROOM_CONFIG", default_value = DEFAULT_FILE)]
    config: PathBuf,
    /// What to log: a level, or levels by module [default: info for `run`, warn for the others]
    #[arg(long, global = true, value_name = "LEVEL", env = "POSTROOM_LOG")]
    log_level: Option<String>,
    /// How to write log lines
    #[arg(long, global = true, value_name = "FORMAT", env = "POSTROOM_LOG_FORMAT", default_value = "plain")]
    log_format: LogFormat,
    /// How wide tables may be, when not on a terminal
    #[arg(long, global = true, value_name = "NUMBER", env = "COLUMNS", hide = true)]
    columns: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the mailboxes, answer, keep promises; until SIGTERM or Ctrl-C
    Run(run::RunArgs),
    /// Say everything that is wrong with the configuration, the rules and the templates
    Check(check::CheckArgs),
    /// Write a commented configuration, the shipped rules and the templates into a folder
    Init(init::InitArgs),
    /// Take in mails from files or from standard input, and process them
    Ingest(ingest::IngestArgs),
    /// Show what is understood of mails, before any rule looks at them
    Inspect(inspect::InspectArgs),
    /// Work on the rules that classify mail
    Rules(rules::RulesArgs),
    /// Look at tickets
    Ticket(ticket::TicketArgs),
    /// Look at received mails and what became of them
    Inbox(inbox::InboxArgs),
    /// Look at mails to send and what became of them
    Outbox(outbox::OutboxArgs),
    /// Look at mails that were set aside, let them in or discard them
    Quarantine(quarantine::QuarantineArgs),
    /// Look at where automatic mail is stopped because there was too much, and let it go again
    Breakers(breakers::BreakersArgs),
    /// Look at addresses that get no automatic mail, add and remove them
    Suppressions(suppressions::SuppressionsArgs),
    /// Look at the processes that share the work
    Workers(workers::WorkersArgs),
    /// Look at the mails that Postroom writes
    Template(template::TemplateArgs),
    /// Show which tables the database has, and bring them up to date
    Migrate(migrate::MigrateArgs),
    /// Write the whole desk as a stream of lines, to be imported into another database
    Export(export::ExportArgs),
    /// Fill a new database from a stream that `export` has written
    Import(export::ImportArgs),
    /// Forget what is old: the bytes of mails first, then whole tickets
    Prune(prune::PruneArgs),
    /// Copy an SQLite database into a file, while it is in use
    Backup(backup::BackupArgs),
    /// Write a script that completes commands for a shell
    #[command(after_help = "Example:\n  postroom completions bash > /etc/bash_completion.d/postroom")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// How to print a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// The flag for it.
#[derive(Debug, Clone, Copy, clap::Args)]
struct FormatArgs {
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What a command about the database works with.
struct Open {
    config: Config,
    store: Store,
    screen: Screen,
}

impl Globals {
    fn screen(&self) -> Screen {
        Screen::detect(self.columns.as_deref().and_then(|columns| columns.parse().ok()), Clock::System.now())
    }

    /// Reads the configuration; `None` after the findings were printed.
    fn config(&self) -> Option<(Config, Screen)> {
        let mut screen = self.screen();
        let mut findings = Findings::default();
        let Some(config) = setup::config(&self.config, &mut findings) else {
            remark(findings.render(&screen).trim_end());
            return None;
        };
        screen.zone = config.zone.clone();
        Some((config, screen))
    }

    /// Reads the configuration and opens the database; `None` after the findings were printed.
    async fn open(&self) -> anyhow::Result<Option<Open>> {
        let Some((config, mut screen)) = self.config() else { return Ok(None) };
        let store = open_store(&config).await?;
        screen.now = store.clock().now();
        Ok(Some(Open { config, store, screen }))
    }
}

async fn open_store(config: &Config) -> anyhow::Result<Store> {
    Store::open(&config.database).await.with_context(|| format!("cannot open the database {}", config.database))
}

/// Runs a command and says with which code to exit.
///
/// # Errors
/// When the command could not be carried out; nobody has been told of it yet.
pub fn run(cli: Cli) -> anyhow::Result<u8> {
    let Cli { globals, command } = cli;
    let usual = if matches!(command, Command::Run(_)) { "info" } else { "warn" };
    log::start(globals.log_level.as_deref().unwrap_or(usual), globals.log_format)?;
    match command {
        Command::Init(args) => init::run(&args, &globals.screen()),
        Command::Inspect(args) => inspect::run(&args, &globals),
        Command::Rules(args) => run_rules(args, &globals),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "postroom", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(DONE)
        }
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            let code = runtime.block_on(run_with_runtime(command, &globals));
            // A look-up of a name can hang, and nobody waits for it any more.
            runtime.shutdown_timeout(END_WITHIN);
            code
        }
    }
}

async fn run_with_runtime(command: Command, globals: &Globals) -> anyhow::Result<u8> {
    match command {
        Command::Run(args) => run::run(&args, globals).await,
        Command::Check(args) => check::run(&args, globals).await,
        Command::Ingest(args) => Ok(ingest::run(&args, globals).await),
        Command::Template(args) => template::run(&args, globals).await,
        Command::Migrate(args) => migrate::run(&args, globals).await,
        Command::Backup(args) => backup::run(&args, globals).await,
        Command::Import(args) => {
            let stream = export::stream(&args)?;
            let Some(open) = globals.open().await? else { return Ok(CANNOT) };
            let code = export::import(&args, stream, &open).await;
            open.store.close().await;
            code
        }
        command => {
            let Some(open) = globals.open().await? else { return Ok(CANNOT) };
            let code = match command {
                Command::Ticket(args) => ticket::run(&args, &open).await,
                Command::Inbox(args) => inbox::run(&args, &open).await,
                Command::Outbox(args) => outbox::run(&args, &open).await,
                Command::Workers(args) => workers::run(&args, &open).await,
                Command::Breakers(args) => breakers::run(&args, &open).await,
                Command::Suppressions(args) => suppressions::run(&args, &open).await,
                Command::Quarantine(args) => quarantine::run(&args, &open).await,
                Command::Prune(args) => prune::run(&args, &open).await,
                Command::Export(args) => export::export(&args, &open).await,
                other => unreachable!("{other:?} needs no database and was run before"),
            };
            open.store.close().await;
            code
        }
    }
}

/// The rule commands need no configuration; where there is one, mails are read as the desk reads them.
fn run_rules(mut args: rules::RulesArgs, globals: &Globals) -> anyhow::Result<u8> {
    let mut screen = globals.screen();
    let config = config_of_rules(&globals.config)?;
    if let Some(config) = &config {
        screen.zone = config.zone.clone();
    }
    let styled = screen.styled;
    let mut desk = rules::Desk::of_nobody(screen);
    if let Some(config) = &config {
        args.look_in(&config.rules);
        desk.reader = config.reader();
        desk.policy = Some(config.policy.clone());
        desk.usual.default_severity = config.policy.default_severity;
        desk.calendars = config.policy.calendars.clone();
        desk.names = setup::names_of(config);
        desk.rules = Some(config.rules.clone());
        desk.rules_shadow = config.rules_shadow.clone();
    }
    let mut out = Vec::new();
    let wants = args.wants_store();
    let code = if wants == rules::Wants::No {
        rules::run(&args, &desk, None, &mut out, styled)
    } else {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let store = store_for(config.as_ref(), wants).await?;
            let code = rules::run(&args, &desk, store.as_ref(), &mut out, styled);
            if let Some(store) = store {
                store.close().await;
            }
            code
        })
    };
    std::io::stdout().write_all(&out)?;
    code
}

/// The configuration, if there is one. What was named must be there; in one that has errors rules are worked on without.
fn config_of_rules(path: &Path) -> anyhow::Result<Option<Config>> {
    if !path.exists() {
        anyhow::ensure!(path == Path::new(DEFAULT_FILE), "there is no configuration {}", path.display());
        return Ok(None);
    }
    let config = Config::load(path).map_err(|findings| {
        let count = crate::spoken::counted(findings.len(), "error");
        remark(&format!("{} has {count} and is left out of account; `postroom check` shows them", path.display()));
    });
    Ok(config.ok())
}

/// The database of the desk, if there is one. Where it is not needed none is made, and one that cannot be used is told of.
async fn store_for(config: Option<&Config>, wants: rules::Wants) -> anyhow::Result<Option<Store>> {
    let Some(config) = config else { return Ok(None) };
    let is_there = match Store::schema(&config.database).await {
        Ok(schema) => schema.is_there,
        Err(_) if wants == rules::Wants::IfThere => false,
        Err(error) => {
            return Err(error).with_context(|| format!("cannot open the database {}", config.database));
        }
    };
    if !is_there {
        return Ok(None);
    }
    let store = open_store(config).await;
    match store {
        Err(error) if wants == rules::Wants::IfThere => {
            remark(&format!("{error:#}; no stored mail was looked at"));
            Ok(None)
        }
        store => store.map(Some),
    }
}

/// Tells what went wrong, once, with everything behind it.
pub fn complain(error: &anyhow::Error) {
    let style = Tone::Bad.style();
    // `anstream` takes the colours out where nobody wants them. Without a standard error there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{style}postroom:{style:#} {}", screen::visible(&format!("{error:#}")));
}

/// Something that was asked for by its number or name is not there.
fn missing(what: impl std::fmt::Display) -> u8 {
    complain(&anyhow::anyhow!("{what}"));
    NO
}

/// Says that what was asked for is done, or why it was refused.
fn done(result: Result<(), StoreError>, said: &str, screen: &Screen) -> anyhow::Result<u8> {
    match result {
        Err(StoreError::Refused { what }) => Ok(missing(what)),
        result => {
            result?;
            screen.print(&format!("{said}\n"))?;
            Ok(DONE)
        }
    }
}

/// How far something has come, drawn on standard error, and only on a terminal.
fn progress(length: u64, words: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(&format!("{words} {{bar:40}} {{pos}}/{{len}} {{eta}}")) {
        bar.set_style(style);
    }
    bar
}

/// The same for something of which nobody knows how much there is.
fn progress_of_many(words: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template(&format!("{words} {{spinner}} {{pos}} {{elapsed}}")) {
        bar.set_style(style);
    }
    bar
}

/// Makes a file that is not there yet, and that only its owner may read.
fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// A ticket's reference as it stands in JSON.
fn reference(ticket: Option<TicketId>) -> Option<String> {
    ticket.map(|ticket| ticket.to_string())
}

/// Lines of `name  value`, names aligned; values are somebody else's words.
fn facts(screen: &Screen, facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, value): &(&str, String)| {
        let name = screen.paint(Tone::Faint, &format!("{name:<width$}"));
        format!("{name}  {}\n", screen.wrapped(&screen::visible(value), width + 2))
    };
    facts.iter().filter(|(_, value)| !value.is_empty()).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_stands_below_the_options_fits_on_eighty_columns() {
        let mut commands = vec![Cli::command()];
        let mut long = Vec::new();
        while let Some(command) = commands.pop() {
            let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = below.lines().filter(|line| line.chars().count() > 80);
            long.extend(lines.map(|line| format!("{}: {line}", command.get_name())));
            commands.extend(command.get_subcommands().cloned());
        }
        assert_eq!(long, Vec::<String>::new(), "clap would break these lines again");
    }
}
