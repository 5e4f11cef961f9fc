//! `postroom rules versions`: which rules judged mail, and when; and their files.

use super::stored::wait;
use super::{CommonArgs, Desk, Format, WELL, folder, print_json, refuse};
use crate::classify::compile;
use crate::cli::table::{Cell, Column, fixed, render};
use crate::store::Store;
use crate::store::rule_sets::RuleSetRow;
use jiff::Timestamp;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules versions
  postroom rules versions 3f2a --write old    the files of that version
  postroom rules replay --against 3f2a        what the rules of today do
                                              otherwise")]
pub(super) struct VersionsArgs {
    /// A version, or how it begins: show its files
    version: Option<String>,
    /// Write the files of the version into a new folder
    #[arg(long, value_name = "DIR", requires = "version")]
    write: Option<PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

impl VersionsArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }
}

#[derive(serde::Serialize)]
struct Row<'r> {
    version: &'r str,
    /// Whether it is that of the files in the folder of rules.
    in_folder: bool,
    loaded_at: Option<Timestamp>,
    mails: i64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    /// Whether its files were kept.
    kept: bool,
}

impl<'r> Row<'r> {
    fn of(set: &'r RuleSetRow, in_folder: bool) -> Self {
        Self {
            version: &set.version,
            in_folder,
            loaded_at: set.loaded_at,
            mails: set.mails,
            first_at: set.judged.map(|(first, _)| first),
            last_at: set.judged.map(|(_, last)| last),
            kept: set.loaded_at.is_some(),
        }
    }
}

#[derive(serde::Serialize)]
struct File<'f> {
    name: &'f str,
    text: &'f str,
}

#[derive(serde::Serialize)]
struct Written<'w> {
    version: &'w str,
    folder: &'w Path,
    files: usize,
}

const COLUMNS: [Column; 5] =
    [fixed("version"), fixed("mails"), fixed("loaded"), fixed("last mail").gives_way(1), fixed("")];

pub(super) fn run(args: &VersionsArgs, desk: &Desk, store: &Store, out: &mut dyn Write) -> anyhow::Result<u8> {
    if let Some(version) = &args.version {
        return show(args, version, store, out);
    }
    let sets = wait(store.rule_sets())?;
    // Rules that have errors have no version.
    let in_folder = folder(args.common.folder()).ok().and_then(|files| compile(&files).ok());
    let is_in_folder = |set: &RuleSetRow| in_folder.as_ref().is_some_and(|rules| rules.version() == set.version);
    if args.common.format == Format::Json {
        let rows: Vec<Row<'_>> = sets.iter().map(|set| Row::of(set, is_in_folder(set))).collect();
        print_json(out, &rows)?;
        return Ok(WELL);
    }
    if sets.is_empty() {
        writeln!(out, "no rules have judged any mail yet")?;
        return Ok(WELL);
    }
    let when = |at: Option<Timestamp>| at.map(|at| desk.screen.when(at)).unwrap_or_default();
    let rows: Vec<Vec<Cell>> = sets
        .iter()
        .map(|set| {
            let remark = match (is_in_folder(set), set.loaded_at) {
                (true, _) => "in the folder of rules",
                (false, None) => "its files were not kept",
                (false, Some(_)) => "",
            };
            let mails = set.mails.to_string();
            let last = when(set.judged.map(|(_, last)| last));
            vec![
                Cell::new(&set.version),
                Cell::new(mails),
                Cell::new(when(set.loaded_at)),
                Cell::new(last),
                Cell::new(remark),
            ]
        })
        .collect();
    write!(out, "{}", render(&COLUMNS, &rows, &desk.screen))?;
    Ok(WELL)
}

fn show(args: &VersionsArgs, version: &str, store: &Store, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Some((version, files)) = wait(store.find_rules(version))? else {
        let why = format!("no rules of a version {version} were kept; `postroom rules versions` lists those that were");
        return refuse(args.common.format, out, &why);
    };
    if let Some(folder) = &args.write {
        std::fs::create_dir(folder)
            .map_err(|error| anyhow::anyhow!("cannot make the folder {}: {error}", folder.display()))?;
        for (name, text) in &files {
            // Names are those of files in one folder; whatever the database says, nothing is written elsewhere.
            let Some(name) = Path::new(name).file_name() else { continue };
            std::fs::write(folder.join(name), text)?;
        }
        match args.common.format {
            Format::Json => print_json(out, &Written { version: &version, folder, files: files.len() })?,
            Format::Text => {
                let count = crate::spoken::counted(files.len(), "file");
                writeln!(out, "wrote {count} of version {version} to {}", folder.display())?;
            }
        }
        return Ok(WELL);
    }
    if args.common.format == Format::Json {
        let files: Vec<File<'_>> = files.iter().map(|(name, text)| File { name, text }).collect();
        print_json(out, &files)?;
        return Ok(WELL);
    }
    writeln!(out, "# rules of version {version}")?;
    for (name, text) in &files {
        writeln!(out, "\n# ---- {name}\n\n{}", text.trim_end())?;
    }
    Ok(WELL)
}
