//! Programs of the machine: where they are, as whom they run, and whether what we started is alive.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::wait::wait_until;

/// Finds a program on the search path or where Debian keeps the daemons.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Finds a program, or says that it is not installed.
pub fn program(name: &str) -> Result<PathBuf> {
    find_program(name).with_context(|| format!("{name} is not installed"))
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    // The owner of our own entry is the effective user.
    fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

/// How root's work is done here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootAccess {
    /// We are root.
    Direct,
    /// By `sudo`, which asks for no password.
    Sudo,
    /// Not at all.
    None,
}

impl RootAccess {
    /// Finds out which of the three it is; never asks for a password.
    pub fn find() -> Self {
        if is_root() {
            return Self::Direct;
        }
        let Some(sudo) = find_program("sudo") else { return Self::None };
        // With `-k` a password that was typed a moment ago does not count: it would not last until the bed's end.
        match run(Command::new(sudo).args(["-n", "-k", "true"])) {
            Ok(_) => Self::Sudo,
            Err(_) => Self::None,
        }
    }

    /// A shell script that runs as root.
    pub fn shell(self, script: &str) -> Command {
        match self {
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", "sh", "-c", script]);
                command
            }
            Self::Direct | Self::None => {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                command
            }
        }
    }
}

/// The unprivileged user as whom a bed runs: ourselves, or `nobody` when we are root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user: String,
    pub group: String,
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// Asks the system who that is.
    pub fn find() -> Result<Self> {
        let id = |what: &str| -> Result<String> {
            let mut command = Command::new("id");
            command.arg(what);
            if is_root() {
                command.arg("nobody");
            }
            Ok(String::from_utf8_lossy(&run(&mut command)?.stdout).trim().to_owned())
        };
        Ok(Self { user: id("-un")?, group: id("-gn")?, uid: id("-u")?.parse()?, gid: id("-g")?.parse()? })
    }

    /// A command that runs `program` as this account.
    pub fn command(&self, program: &Path) -> Result<Command> {
        if !is_root() {
            return Ok(Command::new(program));
        }
        let mut command = Command::new(self::program("setpriv")?);
        command.arg(format!("--reuid={}", self.uid)).arg(format!("--regid={}", self.gid)).arg("--clear-groups");
        command.arg(program);
        Ok(command)
    }
}

/// Runs a command to its end without input; an error carries what it printed.
pub fn run(command: &mut Command) -> Result<Output> {
    let shown = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {shown}"))?;
    ensure!(
        output.status.success(),
        "{shown} failed ({}): {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

/// When the process started, in ticks since the machine did, so that a number that was given to another process in
/// the meantime is not taken for ours. `None` when there is no such process or it has ended.
pub fn started_at(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the fields after it are plain.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// The processes that a process has started and that have not ended.
pub fn children_of(parent: u32) -> Vec<u32> {
    running(|(of, _)| of == parent).collect()
}

/// Whether any process of a group has not ended.
pub fn is_group_alive(group: u32) -> bool {
    running(|(_, of)| of == group).next().is_some()
}

/// The processes that have not ended, chosen by their parent and their group.
fn running(is_wanted: impl Fn((u32, u32)) -> bool) -> impl Iterator<Item = u32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent_and_group = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let is_running = !matches!(fields.next()?, "Z" | "X");
        is_running.then_some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    pids.filter(move |pid| parent_and_group(*pid).is_some_and(&is_wanted))
}

/// Sends a signal to processes, of which some may have ended.
pub fn signal(name: &str, pids: &[u32]) -> Result<()> {
    let pids: Vec<_> = pids.iter().filter(|pid| started_at(**pid).is_some()).map(u32::to_string).collect();
    if pids.is_empty() {
        return Ok(());
    }
    // One that ends in this moment makes `kill` fail, after it has signalled the others.
    let _ = run(&mut RootAccess::None.shell(&format!("kill -s {name} {}", pids.join(" "))));
    Ok(())
}

/// The longest that a server may take to begin or to end, on a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a server on loopback greets with `greeting`.
pub fn wait_for_greeting(
    what: &str,
    port: u16,
    greeting: &str,
    mut still_alive: impl FnMut() -> Result<()>,
) -> Result<()> {
    wait_until(&format!("{what} to answer on 127.0.0.1:{port}"), PATIENCE, || {
        still_alive()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return Ok(None) };
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        let mut bytes = [0; 256];
        match stream.read(&mut bytes) {
            Ok(size) if bytes[..size].starts_with(greeting.as_bytes()) => Ok(Some(())),
            _ => Ok(None),
        }
    })
}

/// Replaces each `@name@` in a template; a name that is not known is an error.
pub fn fill(template: &str, values: &[(&str, String)]) -> Result<String> {
    let mut filled = template.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("@{name}@"), value);
    }
    for word in filled.split(|c: char| c.is_whitespace() || "/:<".contains(c)) {
        if word.len() > 2 && word.starts_with('@') && word.ends_with('@') {
            bail!("no value for {word} in a configuration template");
        }
    }
    Ok(filled)
}

/// Writes a file of a bed; `private` keeps other users from reading it.
pub fn write(path: &Path, text: &str, private: bool) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mode = if private { 0o600 } else { 0o644 };
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The last lines of a log, for an error message.
pub fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_an_unknown_name_is_an_error() {
        let values = [("dir", "/tmp/x".to_owned()), ("domain", "desk.test".to_owned())];
        assert_eq!(fill("at @dir@/run postmaster@@domain@", &values).unwrap(), "at /tmp/x/run postmaster@desk.test");
        assert!(fill("port = @imap@", &values).unwrap_err().to_string().contains("@imap@"));
    }

    #[test]
    fn a_running_process_has_a_start_and_a_missing_one_has_none() {
        assert!(started_at(std::process::id()).is_some());
        assert_eq!(started_at(u32::MAX), None);
    }
}
