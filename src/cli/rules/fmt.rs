//! `postroom rules fmt`: writes rule files evenly.

use super::{CommonArgs, FINDINGS, Format, WELL, folder, print_json};
use crate::classify::format as evenly;
use crate::spoken::counted;
use anyhow::Context as _;
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Only the space around things changes: no word, no comment, no order.

Exit codes: 0 done, 1 a file is no TOML or, with --check, not written evenly,
2 it could not be done.")]
pub(super) struct FmtArgs {
    /// Change nothing, and name the files that would change
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    common: CommonArgs,
}

impl FmtArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }
}

#[derive(Default, serde::Serialize)]
struct Report {
    files: usize,
    /// Files that were, or would be, written anew.
    changed: Vec<String>,
    /// Files that cannot be read as TOML.
    broken: Vec<String>,
}

pub(super) fn run(args: &FmtArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    let files = folder(args.common.folder())?;
    let mut report = Report { files: files.len(), ..Report::default() };
    for file in files {
        match evenly(&file.text) {
            None => report.broken.push(file.path),
            Some(formatted) if formatted == file.text => {}
            Some(formatted) => {
                if !args.check {
                    std::fs::write(&file.path, formatted).with_context(|| format!("cannot write {}", file.path))?;
                }
                report.changed.push(file.path);
            }
        }
    }
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => {
            let did = if args.check { "is not written evenly; `postroom rules fmt` does it" } else { "written anew" };
            for path in &report.changed {
                writeln!(out, "{path}: {did}")?;
            }
            for path in &report.broken {
                writeln!(out, "{path}: is no TOML in UTF-8; `postroom rules check` says why")?;
            }
            let (files, changed) = (counted(report.files, "file"), report.changed.len());
            writeln!(out, "{files}: {changed} {}", if args.check { "to be written anew" } else { "written anew" })?;
        }
    }
    let is_well = report.broken.is_empty() && (report.changed.is_empty() || !args.check);
    Ok(if is_well { WELL } else { FINDINGS })
}
