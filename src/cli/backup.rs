//! `postroom backup FILE`: a copy of an SQLite database while it is in use.

use super::screen::{Tone, remark};
use super::{CANNOT, DONE, Globals};
use crate::size;
use crate::store::Store;
use anyhow::{Context as _, bail};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  postroom backup /backup/postroom-$(date +%F).db

Everything is in it, the key that reply addresses are signed with included:
keep it where nobody else reads it.

To go back to it, stop Postroom, remove the database and the files beside it
whose names end in -wal and -shm, and put the copy in its place. Where one of
these two stays, SQLite takes it for a part of the copy.")]
pub(super) struct BackupArgs {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn run(args: &BackupArgs, globals: &Globals) -> anyhow::Result<u8> {
    let Some((config, screen)) = globals.config() else { return Ok(CANNOT) };
    if !config.database.starts_with("sqlite:") {
        remark("PostgreSQL has its own tools for backups. One database, while it is in use:");
        remark(&format!("  {}", pg_dump(&config.database.to_string(), &args.file)));
        remark("pg_dump looks for the password in ~/.pgpass, or in the file that PGPASSFILE names");
        return Ok(CANNOT);
    }
    let file = &args.file;
    if file.symlink_metadata().is_ok() {
        bail!("{} is there already, and is not written over", file.display());
    }
    // Under another name until it is whole: a copy that was cut short must not look like one.
    let unfinished = Unfinished::new(file)?;
    let copied = Store::copy(&config.database, &unfinished.path)
        .await
        .with_context(|| format!("cannot copy the database {}", config.database))?;
    let Some(copied) = copied else { bail!("there is no database at {}", config.database) };
    let size_bytes = unfinished.finish(file).with_context(|| format!("cannot write {}", file.display()))?;
    screen.print(&format!(
        "{} {}, checked: {}, mails received: {}, tickets: {}\n",
        screen.paint(Tone::Good, "written"),
        file.display(),
        size::shown(size_bytes),
        copied.mails,
        copied.tickets
    ))?;
    Ok(DONE)
}

/// How a person would have PostgreSQL copy a database.
fn pg_dump(url: &str, file: &Path) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    format!("pg_dump --format=custom --file={} {}", quoted(&file.display().to_string()), quoted(url))
}

/// A file that is not whole yet; it goes away unless it is finished.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    /// Makes an empty one beside the file that it will be, for nobody else to read.
    fn new(file: &Path) -> anyhow::Result<Self> {
        let mut name =
            file.file_name().map(OsString::from).with_context(|| format!("{} is no file", file.display()))?;
        name.push(".unfinished");
        let path = file.with_file_name(name);
        // What an earlier one left behind that was cut short.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
        super::private_file(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path })
    }

    /// Gives it its name, when it is on the disk; returns its size.
    fn finish(self, file: &Path) -> io::Result<u64> {
        let written = File::open(&self.path)?;
        written.sync_all()?;
        // A link fails where somebody has made a file of this name meanwhile; not all disks have links.
        match fs::hard_link(&self.path, file) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
            Err(_) => fs::rename(&self.path, file)?,
            Ok(()) => {}
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(written.metadata()?.len())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Not there any more where it was given its name by renaming it.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_for_pg_dump_can_be_pasted_into_a_shell() {
        assert_eq!(
            pg_dump("postgres://desk@db/desk?sslmode=require&x=1", Path::new("/backup/it's.dump")),
            "pg_dump --format=custom --file='/backup/it'\\''s.dump' 'postgres://desk@db/desk?sslmode=require&x=1'"
        );
    }
}
