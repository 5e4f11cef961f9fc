//! A disk of a few megabytes, which can be full for a while.
//!
//! It is mounted over a folder, and seen by those programs alone that are started within: the mount ends with the process
//! that holds it, and that with the thread that made it.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::{
    process::{program, run},
    wait::wait_until,
};

/// What takes the room that others need.
const FILLER: &str = "filler";

/// How long it may take to lay a disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// A small disk that is mounted over a folder.
#[derive(Debug)]
pub struct SmallDisk {
    holder: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one. `None` where that cannot be: it takes root and the kernel's leave.
    pub fn mount(folder: &Path, megabytes: u32) -> Result<Option<Self>> {
        let (Ok(unshare), Ok(setpriv)) = (program("unshare"), program("setpriv")) else { return Ok(None) };
        let mut holder = Command::new(unshare);
        holder.arg("--mount").arg(setpriv).args(["--pdeathsig", "KILL", "sh", "-c"]);
        // It is there when the shell has become something that sleeps.
        holder.arg("mount -t tmpfs -o mode=755,size=$1m tmpfs \"$0\" && exec sleep 86400");
        holder.arg(folder).arg(megabytes.to_string()).stderr(std::process::Stdio::null());
        let holder = holder.spawn().context("cannot start what holds a disk")?;
        let mut disk = Self { holder, folder: folder.to_owned() };
        let name = format!("/proc/{}/comm", disk.holder.id());
        let is_there = wait_until("a small disk", PATIENCE, || {
            if disk.holder.try_wait()?.is_some() {
                return Ok(Some(false));
            }
            Ok((fs::read_to_string(&name)?.trim() == "sleep").then_some(true))
        })?;
        Ok(is_there.then_some(disk))
    }

    /// What the command of a program begins with that is to see this disk.
    pub fn within(&self) -> Vec<String> {
        ["nsenter", "--mount", "--target", &self.holder.id().to_string()].map(str::to_owned).to_vec()
    }

    /// The same command, within.
    pub fn command(&self, inner: &Command) -> Command {
        let within = self.within();
        let mut command = Command::new(&within[0]);
        command.args(&within[1..]).arg("--").arg(inner.get_program()).args(inner.get_args());
        command
    }

    /// A file of this disk as it is seen from outside.
    pub fn seen(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.holder.id(), path.display()))
    }

    /// Gives the folder to somebody, by user and group as `chown` has them.
    pub fn give_to(&self, owner: &str) -> Result<()> {
        run(Command::new("chown").arg(owner).arg(self.seen(&self.folder))).map(drop)
    }

    /// Leaves room for nothing more.
    pub fn fill(&self) -> Result<()> {
        let path = self.seen(&self.folder).join(FILLER);
        let mut file = fs::File::options().create(true).append(true).open(path)?;
        for size in [1 << 20, 4096, 1] {
            let bytes = vec![0; size];
            loop {
                match file.write_all(&bytes) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Has it take writes, or only be read.
    pub fn take_writes(&self, takes: bool) -> Result<()> {
        let mut mount = Command::new("mount");
        mount.arg("-o").arg(if takes { "remount,rw" } else { "remount,ro" }).arg(&self.folder);
        run(&mut self.command(&mount)).map(drop)
    }

    /// Makes room again.
    pub fn clear(&self) -> Result<()> {
        Ok(fs::remove_file(self.seen(&self.folder).join(FILLER))?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // One that has ended already needs no ending.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_is_full_until_there_is_room_and_only_seen_from_within() {
        let folder = tempfile::tempdir().unwrap();
        let Some(disk) = SmallDisk::mount(folder.path(), 2).unwrap() else {
            crate::skipped("no disk can be mounted here");
            return;
        };
        let file = folder.path().join("file");
        let write = || {
            let mut command = Command::new("sh");
            command.args(["-c", "head -c 100000 /dev/zero >\"$0\""]).arg(&file);
            disk.command(&command).status().unwrap().success()
        };
        disk.fill().unwrap();
        assert!(!write());
        disk.clear().unwrap();
        assert!(write());
        assert!(!file.exists() && disk.seen(&file).exists());
    }
}
