//! `postroom init DIR`: a desk to begin with. Never writes over anything.

use super::screen::{Screen, Tone, remark};
use super::{CANNOT, DONE, shipped};
use anyhow::Context as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  postroom init /etc/postroom")]
pub(super) struct InitArgs {
    /// The folder; it is made when it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// How many files that are in the way are named.
const SHOWN: usize = 5;

pub(super) fn run(args: &InitArgs, screen: &Screen) -> anyhow::Result<u8> {
    let folder = &args.folder;
    let there: Vec<String> =
        shipped::files().map(|(path, _)| path).filter(|path| folder.join(path).symlink_metadata().is_ok()).collect();
    if !there.is_empty() {
        remark(&format!("{} has these files already, and none of them is written over:", folder.display()));
        for path in there.iter().take(SHOWN) {
            remark(&format!("  {path}"));
        }
        if there.len() > SHOWN {
            remark(&format!("  and {} more", there.len() - SHOWN));
        }
        remark("nothing was written; name an empty or a new folder");
        return Ok(CANNOT);
    }
    for (path, text) in shipped::files() {
        let path = folder.join(path);
        write_new(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let config = folder.join("postroom.toml");
    let config = config.display();
    let count = |part: &str| shipped::files().filter(|(path, _)| path.starts_with(part)).count();
    let title = |text: &str| screen.paint(Tone::Strong, text);
    screen.print(&format!(
        "{}\n  {config:<40}  the configuration; every setting is explained in it\n  \
         {:<40}  {} files: the rules that classify mail, and their cases\n  \
         {:<40}  {} files: the mails that Postroom writes\n\n\
         {}\n  1. Edit {config}: the lines marked EDIT name your desk, mailbox, servers and agents.\n  \
         2. postroom --config {config} check --connect\n  \
         3. postroom --config {config} run\n",
        title("Written"),
        folder.join("rules").display().to_string(),
        count("rules/"),
        folder.join("templates").display().to_string(),
        count("templates/"),
        title("Next"),
    ))?;
    Ok(DONE)
}

/// Writes a file that must not be there yet.
fn write_new(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
