//! `postroom rules …`: looks at rule files and says what is wrong with them, whether their cases hold, and how
//! one mail is judged. Every command runs the very engine that classifies mail.

mod check;
mod explain;
mod test;

use crate::classify::{Context, RuleFile, RuleSet, compile};
use crate::message::Reader;
use anyhow::Context as _;
use jiff::Timestamp;
use std::io::{self, Write};
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
    /// Run the test cases that stand beside the rules
    Test(test::TestArgs),
    /// Show how one mail is judged, rule by rule
    Explain(explain::ExplainArgs),
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
            RulesCommand::Test(args) => args.common(),
            RulesCommand::Explain(args) => args.common(),
        };
        common.rules.get_or_insert_with(|| folder.to_owned());
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What the commands need to know of the desk they run for.
#[derive(Debug, Clone)]
pub struct Desk {
    /// How mail is read.
    pub reader: Reader,
    /// What is known of a mail of which nothing else is said; with the desk's default severity and category.
    pub usual: Context,
    /// When a mail to be explained was received.
    pub now: Timestamp,
}

/// Runs one of the commands and says with which code to exit. An error means that it could not be run at all.
///
/// `styled` says whether the output goes to a terminal that shows colours.
pub fn run(args: &RulesArgs, desk: &Desk, out: &mut dyn Write, styled: bool) -> anyhow::Result<u8> {
    match &args.command {
        RulesCommand::Check(args) => check::run(args, out, styled),
        RulesCommand::Test(args) => test::run(args, desk, out, styled),
        RulesCommand::Explain(args) => explain::run(args, desk, out, styled),
    }
}

/// The rule files of a folder in the order of their names.
pub fn read_folder(folder: &Path) -> io::Result<Vec<RuleFile>> {
    read_files(folder, "toml")
}

fn read_files(folder: &Path, extension: &str) -> io::Result<Vec<RuleFile>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read(&path)?;
        // A byte that is no UTF-8 becomes U+FFFD, which the reader of the file then finds in its place.
        Ok(RuleFile { path: path.display().to_string(), text: String::from_utf8_lossy(&text).into_owned() })
    };
    paths.into_iter().map(read).collect()
}

/// The compiled rules, or `None` after the findings were printed.
fn load(args: &CommonArgs, out: &mut dyn Write, styled: bool) -> anyhow::Result<Option<RuleSet>> {
    let files = folder(args.folder())?;
    match compile(&files) {
        Ok(rules) => Ok(Some(rules)),
        Err(errors) => {
            check::print_findings(&files, &errors, args.format, out, styled)?;
            Ok(None)
        }
    }
}

fn folder(folder: &Path) -> anyhow::Result<Vec<RuleFile>> {
    let files = read_folder(folder).with_context(|| format!("cannot read the rule files in {}", folder.display()))?;
    anyhow::ensure!(!files.is_empty(), "there are no rule files (*.toml) in {}", folder.display());
    Ok(files)
}

fn print_json(out: &mut dyn Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
mod tests;
