//! `postroom rules …`: looks at rule files and says what is wrong with them, whether their cases hold, and how
//! one mail is judged. Every command runs the very engine that classifies mail.

mod cases;
mod check;
mod explain;
mod fmt;
mod lint;
mod new;
mod replay;
mod schema;
mod stats;
mod stored;
mod suggest;
mod test;
mod trace;
mod versions;

use super::screen::Screen;
use crate::classify::{Context, Names, RuleFile, RuleSet, compile_for};
use crate::decide;
use crate::decide::policy::Policy;
use crate::message::{self, Message, Reader};
use crate::serve::reload::read_files;
pub use crate::serve::reload::read_folder;
use crate::store::Store;
use crate::ticket::calendar::Calendar;
use anyhow::Context as _;
use cases::Cases;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Exit code: done, and all is well.
pub const WELL: u8 = 0;
/// Exit code: done, and there are findings.
pub const FINDINGS: u8 = 1;

/// Work on the rules that classify mail
#[derive(Debug, clap::Args)]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, clap::Subcommand)]
enum RulesCommand {
    /// Read the rule files and show everything that is wrong with them
    Check(check::CheckArgs),
    /// Find rules that are allowed and probably not what was meant
    Lint(lint::LintArgs),
    /// Run the test cases that stand beside the rules
    Test(test::TestArgs),
    /// Show how one mail is judged, rule by rule
    Explain(explain::ExplainArgs),
    /// Judge stored mails once more, and show what other rules would make of them
    Replay(replay::ReplayArgs),
    /// Write rule files evenly
    Fmt(fmt::FmtArgs),
    /// Make a rule to begin with, and its first case, of a mail
    New(new::NewArgs),
    /// Print a JSON Schema of rule files, for editors
    Schema(schema::SchemaArgs),
    /// Count how the rules fare on stored mail, and against agents' corrections
    Stats(stats::StatsArgs),
    /// Find phrases that agents' corrections speak for, as rules to be looked at
    Suggest(suggest::SuggestArgs),
    /// Show which rules judged mail, and when
    Versions(versions::VersionsArgs),
}

/// What all of these commands take.
#[derive(Debug, Clone, clap::Args)]
struct CommonArgs {
    /// The folder with the rule files [default: that of the configuration, else `rules`]
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl CommonArgs {
    fn folder(&self) -> &Path {
        self.rules.as_deref().unwrap_or(Path::new("rules"))
    }
}

impl RulesArgs {
    /// Looks for rules in this folder, unless another one was named.
    pub fn look_in(&mut self, folder: &Path) {
        let common = match &mut self.command {
            RulesCommand::Check(args) => args.common(),
            RulesCommand::Lint(args) => args.common(),
            RulesCommand::Test(args) => args.common(),
            RulesCommand::Explain(args) => args.common(),
            RulesCommand::Replay(args) => args.common(),
            RulesCommand::Fmt(args) => args.common(),
            RulesCommand::New(args) => args.common(),
            RulesCommand::Schema(_) => return,
            RulesCommand::Stats(args) => args.common(),
            RulesCommand::Suggest(args) => args.common(),
            RulesCommand::Versions(args) => args.common(),
        };
        common.rules.get_or_insert_with(|| folder.to_owned());
    }

    /// Whether the command looks at what a desk has stored.
    pub fn wants_store(&self) -> Wants {
        match &self.command {
            RulesCommand::Check(_) | RulesCommand::Test(_) | RulesCommand::Fmt(_) | RulesCommand::Schema(_) => {
                Wants::No
            }
            RulesCommand::New(args) => {
                if args.stored().is_some() {
                    Wants::Must
                } else {
                    Wants::No
                }
            }
            RulesCommand::Lint(args) if args.days().is_some() => Wants::IfThere,
            RulesCommand::Lint(_) => Wants::No,
            RulesCommand::Explain(args) => {
                if args.stored().is_some() {
                    Wants::Must
                } else {
                    Wants::No
                }
            }
            RulesCommand::Replay(args) => {
                if args.needs_store() {
                    Wants::Must
                } else {
                    Wants::No
                }
            }
            RulesCommand::Stats(_) | RulesCommand::Suggest(_) | RulesCommand::Versions(_) => Wants::Must,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Whether a command looks at a desk's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// It does not.
    No,
    /// It does where there is one.
    IfThere,
    /// It cannot do without.
    Must,
}

/// What the commands need to know of the desk they run for.
#[derive(Debug, Clone)]
pub struct Desk {
    /// How mail is read.
    pub reader: Reader,
    /// Whose mails pass on a customer's; `None` where that is not known.
    pub policy: Option<Policy>,
    /// What is known of a mail of which nothing else is said; with the desk's default severity and category.
    pub usual: Context,
    /// When a mail to be explained was received.
    pub now: Timestamp,
    /// The desk's calendars.
    pub calendars: BTreeMap<String, Calendar>,
    /// What the desk has that rules may name; `None` where that is not known.
    pub names: Option<Names>,
    /// The folder of the rules in force.
    pub rules: Option<PathBuf>,
    /// The folder of the shadow rules.
    pub rules_shadow: Option<PathBuf>,
    /// Where it is printed to.
    pub screen: Screen,
}

impl Desk {
    /// A desk of which nothing is known.
    pub fn of_nobody(screen: Screen) -> Self {
        Self {
            reader: Reader::default(),
            policy: None,
            usual: Context::default(),
            now: screen.now,
            calendars: BTreeMap::new(),
            names: None,
            rules: None,
            rules_shadow: None,
            screen,
        }
    }

    /// The message that rules judge of a mail: that of the customer, where an agent passes one on.
    fn read(&self, raw: &[u8], received_at: Timestamp) -> Message {
        let message = message::parse(raw, received_at, &self.reader);
        self.policy.as_ref().and_then(|policy| decide::passed_on(&message, policy)).unwrap_or(message)
    }

    /// What is known of this mail before anything else is said.
    fn usual(&self, message: &Message) -> Context {
        // What our server says of the sender counts, as in a mail that comes in.
        Context { authentication: message.authentication, ..self.at_time_of(message) }
    }

    /// What is known of any mail that came in when this one did.
    fn at_time_of(&self, message: &Message) -> Context {
        let open = self.calendars.iter().filter(|(_, calendar)| calendar.is_open(message.received_at));
        Context { open_calendars: open.map(|(name, _)| name.clone()).collect(), ..self.usual.clone() }
    }
}

/// Runs one of the commands and says with which code to exit. An error means that it could not be run at all.
///
/// `styled` says whether the output goes to a terminal that shows colours.
///
/// `store` is the desk's database, where the command wants it and it is there. It is waited for, which only a runtime of
/// several threads allows.
pub fn run(
    args: &RulesArgs,
    desk: &Desk,
    store: Option<&Store>,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let there = || {
        store.context(match desk.rules {
            Some(_) => "this desk has no database yet: no mail has come in",
            None => "there is no desk here; --config names its configuration",
        })
    };
    match &args.command {
        RulesCommand::Check(args) => check::run(args, desk, out, styled),
        RulesCommand::Lint(args) => {
            let since = args.days().map(|days| desk.now - SignedDuration::from_hours(24 * i64::from(days)));
            let mails = store.map(|store| stored::OfDesk::find(store, since, None)).transpose()?;
            let mut mails = mails;
            let mails = mails.as_mut().map(|mails| mails as &mut dyn stored::Judged);
            lint::run(args, desk, mails, out, styled)
        }
        RulesCommand::Test(args) => test::run(args, desk, out, styled),
        RulesCommand::Explain(args) => explain::run(args, desk, store, out, styled),
        RulesCommand::Replay(args) => replay::run(args, desk, store, out, styled),
        RulesCommand::Fmt(args) => fmt::run(args, out),
        RulesCommand::New(args) => new::run(args, desk, store, out, styled),
        RulesCommand::Schema(args) => schema::run(args, out),
        RulesCommand::Stats(args) => stats::run(args, desk, there()?, out, styled),
        RulesCommand::Suggest(args) => suggest::run(args, desk, there()?, out, styled),
        RulesCommand::Versions(args) => versions::run(args, desk, there()?, out),
    }
}

/// The compiled rules, or `None` after the findings were printed.
fn load(args: &CommonArgs, desk: &Desk, out: &mut dyn Write, styled: bool) -> anyhow::Result<Option<RuleSet>> {
    Ok(load_with_files(args, desk, out, styled)?.map(|(rules, _)| rules))
}

/// The same with the files that the rules were compiled from.
fn load_with_files(
    args: &CommonArgs,
    desk: &Desk,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<Option<(RuleSet, Vec<RuleFile>)>> {
    let files = folder(args.folder())?;
    match compile_for(&files, desk.names.as_ref()) {
        Ok(rules) => Ok(Some((rules, files))),
        Err(errors) => {
            check::print_findings(&files, Err(errors), &Cases::default(), args.format, out, styled)?;
            Ok(None)
        }
    }
}

fn folder(folder: &Path) -> anyhow::Result<Vec<RuleFile>> {
    let files = read_folder(folder).with_context(|| format!("cannot read the rule files in {}", folder.display()))?;
    anyhow::ensure!(!files.is_empty(), "there are no rule files (*.toml) in {}", folder.display());
    Ok(files)
}

/// Says why something was not done, to programs as to people, and with which code to exit.
fn refuse(format: Format, out: &mut dyn Write, why: &str) -> anyhow::Result<u8> {
    match format {
        Format::Text => writeln!(out, "{why}")?,
        Format::Json => print_json(out, &serde_json::json!({ "error": why }))?,
    }
    Ok(FINDINGS)
}

/// What is said of a number that no stored mail has.
fn no_mail(id: i64) -> String {
    format!("there is no stored mail {id} that rules have judged and whose bytes are kept")
}

fn print_json(out: &mut dyn Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
mod tests;
