//! Ending a bed: the list of what was started, the orderly end, and the watcher for the disorderly one.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    process::{RootAccess, run, started_at},
    wait::wait_until,
};

/// The list of processes in a bed's folder: one line each, `pid start root|user name`.
const LIST: &str = "processes";
/// How long servers may take to end by themselves.
const GRACE: Duration = Duration::from_millis(1500);

/// One process group that belongs to a bed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    name: String,
    pid: u32,
    started_at: u64,
    as_root: bool,
}

impl Started {
    /// Describes a process that runs now.
    pub fn now(name: &str, pid: u32, as_root: bool) -> Result<Self> {
        let started_at = started_at(pid).with_context(|| format!("{name} (process {pid}) has ended already"))?;
        Ok(Self { name: name.to_owned(), pid, started_at, as_root })
    }

    fn line(&self) -> String {
        let owner = if self.as_root { "root" } else { "user" };
        format!("{} {} {owner} {}\n", self.pid, self.started_at, self.name)
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (pid, started_at) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let as_root = words.next()? == "root";
        Some(Self { name: words.next()?.to_owned(), pid, started_at, as_root })
    }

    fn is_running(&self) -> bool {
        started_at(self.pid) == Some(self.started_at)
    }

    fn signal(&self, name: &str, root: RootAccess) {
        let access = if self.as_root { root } else { RootAccess::None };
        // A group that ended a moment ago cannot be signalled; whoever waits for its end finds out.
        let _ = run(&mut access.shell(&format!("kill -s {name} -- -{}", self.pid)));
    }
}

/// Adds a process to the list of a bed.
pub fn record(folder: &Path, started: &Started) -> Result<()> {
    let file = File::options().create(true).append(true).open(folder.join(LIST));
    file.and_then(|mut file| file.write_all(started.line().as_bytes())).context("cannot write the list of processes")
}

/// A shell that ends everything on the list when our end of its input closes without a word.
#[derive(Debug)]
pub struct Watcher(Child);

impl Watcher {
    /// Sends it home: everything has ended, or is to stay.
    pub fn dismiss(mut self) -> Result<()> {
        if let Some(mut stdin) = self.0.stdin.take() {
            stdin.write_all(b"dismissed\n")?;
        }
        self.0.wait()?;
        Ok(())
    }
}

/// Starts the watcher.
pub fn watch(folder: &Path) -> Result<Watcher> {
    use std::os::unix::process::CommandExt as _;
    let script = format!(
        "trap '' INT HUP; read -r word && exit 0
         signal() {{
           while read -r pid start owner name; do
             [ -d /proc/$pid ] || continue
             sudo=; [ $owner = root ] && [ \"$(id -u)\" != 0 ] && sudo='sudo -n'
             $sudo kill -s $1 -- -$pid
           done <{list}
         }}
         # PostgreSQL takes TERM for leave to wait for its clients, and ends at INT.
         signal TERM; signal INT; sleep 1; signal KILL
         rm -rf {folder} || sudo -n rm -rf {folder}",
        list = folder.join(LIST).display(),
        folder = folder.display(),
    );
    Command::new("sh")
        .args(["-c", &script])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map(Watcher)
        .context("cannot start the shell that watches over the bed")
}

/// Ends a bed that was left running, and removes its folder.
pub fn stop_folder(folder: &Path) -> Result<()> {
    ensure!(folder.join(LIST).exists(), "{} is not the folder of a running test bed", folder.display());
    stop_folder_with(folder, RootAccess::find(), &mut Vec::new())
}

/// Ends what is on the list; `children` are those of the processes that are ours to wait for.
pub(crate) fn stop_folder_with(folder: &Path, root: RootAccess, children: &mut Vec<Child>) -> Result<()> {
    let text = fs::read_to_string(folder.join(LIST)).unwrap_or_default();
    let listed: Vec<_> = text.lines().filter_map(Started::read).collect();
    for (signal, limit) in [("TERM", GRACE), ("KILL", 4 * GRACE)] {
        let running: Vec<_> = listed.iter().filter(|started| started.is_running()).collect();
        running.iter().for_each(|started| started.signal(signal, root));
        let waited = wait_until("the servers to end", limit, || {
            // Only a child that was waited for is gone; the process table keeps it until then.
            for child in children.iter_mut() {
                child.try_wait()?;
            }
            Ok((!running.iter().any(|started| started.is_running())).then_some(()))
        });
        if waited.is_ok() {
            break;
        }
    }
    children.clear();
    let left: Vec<_> = listed.iter().filter(|s| s.is_running()).map(|s| format!("{} ({})", s.name, s.pid)).collect();
    ensure!(left.is_empty(), "still running: {}", left.join(", "));
    // The last children of a group may write a moment longer than their leader lives.
    wait_until("the bed's folder to go away", 4 * GRACE, || match fs::remove_dir_all(folder) {
        Ok(()) => Ok(Some(())),
        Err(_) if !folder.exists() => Ok(Some(())),
        Err(_) => {
            run(&mut root.shell(&format!("rm -rf {}", folder.display()))).ok();
            Ok(None)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_is_read_as_it_was_written() {
        let started = Started { name: "postfix".into(), pid: 42, started_at: 1234, as_root: true };
        assert_eq!(started.line(), "42 1234 root postfix\n");
        assert_eq!(Started::read("42 1234 root postfix"), Some(started));
        assert_eq!(Started::read("not a line"), None);
    }

    #[test]
    fn a_folder_without_a_list_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(stop_folder(folder.path()).unwrap_err().to_string().contains("not the folder"));
        assert!(folder.path().exists());
    }
}
