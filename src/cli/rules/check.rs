//! `postroom rules check`: every finding with its place and source line, many at once.

use super::cases::Cases;
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, folder, print_json};
use crate::classify::{RuleError, RuleFile, RuleSet, compile_for};
use crate::cli::report::snippet;
use crate::cli::screen::Tone;
use crate::spoken::counted;
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules check
  postroom rules check --rules candidate
  postroom rules check --format json  for an editor or a pipeline

Exit codes: 0 nothing is wrong, 1 something is, 2 it could not be done.")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    common: CommonArgs,
}

impl CheckArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }
}

#[derive(serde::Serialize)]
struct Report<'a> {
    files: usize,
    rules: usize,
    version: Option<&'a str>,
    findings: &'a [RuleError],
}

pub(super) fn run(args: &CheckArgs, desk: &Desk, out: &mut dyn Write, styled: bool) -> anyhow::Result<u8> {
    let files = folder(args.common.folder())?;
    let compiled = compile_for(&files, desk.names.as_ref());
    let cases = Cases::read(args.common.folder(), desk, compiled.as_ref().ok())?;
    let rules = match compiled {
        Ok(rules) if cases.errors.is_empty() => rules,
        compiled => {
            print_findings(&files, compiled, &cases, args.common.format, out, styled)?;
            return Ok(FINDINGS);
        }
    };
    let (file_count, rule_count) = (files.len(), rules.rules().len());
    match args.common.format {
        Format::Text => {
            let (files, rules) = (counted(file_count, "file"), counted(rule_count, "rule"));
            writeln!(out, "checked {files}, {rules}: {}", desk.screen.paint(Tone::Good, "no findings"))?;
        }
        Format::Json => {
            let version = Some(rules.version());
            print_json(out, &Report { files: file_count, rules: rule_count, version, findings: &[] })?;
        }
    }
    Ok(WELL)
}

/// Shows each finding of the rules, then of their cases, with its source line, and how many there are.
pub(super) fn print_findings(
    files: &[RuleFile],
    compiled: Result<RuleSet, Vec<RuleError>>,
    cases: &Cases,
    format: Format,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<()> {
    let (rules, mut errors) = match compiled {
        Ok(rules) => (Some(rules), Vec::new()),
        Err(errors) => (None, errors),
    };
    errors.extend(cases.findings());
    if format == Format::Json {
        let (count, version) =
            (rules.as_ref().map_or(0, |rules| rules.rules().len()), rules.as_ref().map(RuleSet::version));
        return print_json(out, &Report { files: files.len(), rules: count, version, findings: &errors });
    }
    for error in &errors {
        let file = files.iter().chain(&cases.files).find(|file| file.path == error.path);
        let (text, hint) = (file.map_or("", |file| file.text.as_str()), error.hint.as_deref());
        let shown = snippet(&error.path, text, error.span.clone(), &error.message, hint, styled);
        writeln!(out, "{shown}\n")?;
    }
    let count = counted(errors.len(), "finding");
    let bad = Tone::Bad.style();
    let count = if styled { format!("{bad}{count}{bad:#}") } else { count };
    writeln!(out, "checked {}: {count}", counted(files.len(), "file"))?;
    Ok(())
}
