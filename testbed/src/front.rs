//! The SMTP server in front of Dovecot: Postfix where root's work can be done, a small Python server elsewhere.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};

use crate::{
    bed::Ports,
    process::{Account, RootAccess, fill, find_program, program, run, tail, write},
};

/// Debian's own Python, which is the one that sees Debian's packages.
const PYTHON: &str = "/usr/bin/python3";

/// Whether Postfix is installed.
pub fn has_postfix() -> bool {
    find_program("postfix").is_some()
}

/// Whether the fallback can run.
pub fn has_aiosmtpd() -> bool {
    Path::new(PYTHON).exists() && run(Command::new(PYTHON).args(["-c", "import aiosmtpd"])).is_ok()
}

/// Writes Postfix's configuration, starts it, and returns its master's process.
pub fn start_postfix(folder: &Path, domain: &str, users: &[String], ports: &Ports, root: RootAccess) -> Result<u32> {
    let conf = folder.join("postfix/conf");
    fs::create_dir_all(&conf)?;
    let dir = folder.display().to_string();
    let meta = ["/etc/postfix", "/usr/lib/postfix"].into_iter().find(|m| Path::new(m).join("postfix-files").exists());
    let values = [
        ("dir", dir.clone()),
        ("domain", domain.to_owned()),
        ("meta", meta.unwrap_or("/etc/postfix").to_owned()),
        ("lmtp", ports.lmtp.to_string()),
        ("sasl", ports.sasl.to_string()),
        ("smtp", ports.smtp.to_string()),
        ("submission", ports.submission.to_string()),
        ("smtps", ports.smtps.to_string()),
    ];
    let mailboxes: String = users.iter().map(|user| format!("{user}@{domain} here\n")).collect();
    let files = [
        ("main.cf", fill(include_str!("../conf/postfix-main.cf"), &values)?),
        ("master.cf", fill(include_str!("../conf/postfix-master.cf"), &values)?),
        ("mailboxes", mailboxes),
    ];
    for (name, text) in &files {
        let path = conf.join(name);
        write(&path, text, false)?;
        backdate(&path)?;
    }

    // `postfix check` makes the spool's folders; `postfix start` would do the rest, with naps of a second in between.
    let daemons = daemon_folder()?;
    let script = format!(
        "set -e; cd /; umask 022
         # The spool of an earlier start belongs to whom it should already.
         [ -d {dir}/postfix/spool ] || chown -R 0:0 {dir}/postfix
         chown 0:0 {dir}/postfix/conf {dir}/postfix/conf/*
         mkdir -p {dir}/postfix/spool {dir}/postfix/data; chown postfix {dir}/postfix/data
         {postfix} -c {conf} check </dev/null >{dir}/postfix.out 2>&1
         {master} -c {conf} -w </dev/null >>{dir}/postfix.out 2>&1
         cat {dir}/postfix/spool/pid/master.pid",
        conf = conf.display(),
        postfix = program("postfix")?.display(),
        master = daemons.join("master").display(),
    );
    let started = run(&mut root.shell(&script));
    let output = started.with_context(|| {
        let logs = ["postfix.out", "postfix.log"].map(|name| tail(&folder.join(name)));
        format!("Postfix did not start: {}", logs.join("\n"))
    })?;
    let pid = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    pid.parse().with_context(|| format!("Postfix names its master {pid:?}"))
}

/// Postfix waits for two seconds when a configuration file is as young as that.
fn backdate(path: &Path) -> Result<()> {
    let written_at = fs::metadata(path)?.modified()?;
    let earlier = written_at.checked_sub(Duration::from_secs(60)).unwrap_or(SystemTime::UNIX_EPOCH);
    File::options().write(true).open(path)?.set_modified(earlier)?;
    Ok(())
}

/// Where the distribution keeps Postfix's daemons.
fn daemon_folder() -> Result<PathBuf> {
    let output = run(Command::new(program("postconf")?).args(["-d", "-h", "daemon_directory"]))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// The command that runs the fallback in the foreground.
pub fn prepare_aiosmtpd(folder: &Path, domain: &str, ports: &Ports, account: &Account) -> Result<Command> {
    let script = folder.join("aiosmtpd_front.py");
    write(&script, include_str!("../conf/aiosmtpd_front.py"), false)?;
    let mut command = account.command(Path::new(PYTHON))?;
    command.arg(&script).arg(folder).arg(domain);
    command.args([ports.lmtp, ports.smtp, ports.submission, ports.smtps].map(|port| port.to_string()));
    let out = File::create(folder.join("aiosmtpd.out"))?;
    command.stdout(out.try_clone()?).stderr(out);
    Ok(command)
}
