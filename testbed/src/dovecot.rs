//! Dovecot for a bed: its configuration, its users, and starting it.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    bed::Ports,
    process::{Account, fill, program, run, write},
};

/// Writes the configuration and returns the command that runs Dovecot in the foreground.
pub fn prepare(folder: &Path, domain: &str, users: &[String], ports: &Ports, account: &Account) -> Result<Command> {
    let dovecot = program("dovecot")?;
    for name in ["run", "state", "mail"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let dir = folder.display().to_string();
    let lines: String = users
        .iter()
        .map(|user| {
            let (name, password) = (format!("{user}@{domain}"), password_of(user));
            format!("{name}:{{PLAIN}}{password}:{}:{}::{dir}/mail/{name}::\n", account.uid, account.gid)
        })
        .collect();
    write(&folder.join("users"), &lines, true)?;

    let values = [
        ("dir", dir.clone()),
        ("domain", domain.to_owned()),
        ("user", account.user.clone()),
        ("group", account.group.clone()),
        ("uid", account.uid.to_string()),
        ("gid", account.gid.to_string()),
        ("imap", ports.imap.to_string()),
        ("imaps", ports.imaps.to_string()),
        ("lmtp", ports.lmtp.to_string()),
        ("sasl", ports.sasl.to_string()),
    ];
    let config = folder.join("dovecot.conf");
    write(&config, &fill(template_for(&dovecot)?, &values)?, false)?;

    let mut command = account.command(&dovecot)?;
    command.arg("-F").arg("-c").arg(&config);
    let out = File::create(folder.join("dovecot.out"))?;
    command.stdout(out.try_clone()?).stderr(out);
    Ok(command)
}

/// The password of a user of the bed.
pub fn password_of(user: &str) -> String {
    format!("pw-{user}")
}

/// The configuration's language changed with Dovecot 2.4.
fn template_for(dovecot: &Path) -> Result<&'static str> {
    let output = run(Command::new(dovecot).arg("--version")).context("cannot ask Dovecot for its version")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match version.split('.').take(2).collect::<Vec<_>>()[..] {
        ["2", "3"] => Ok(include_str!("../conf/dovecot-2.3.conf")),
        ["2", "4"] => Ok(include_str!("../conf/dovecot-2.4.conf")),
        _ => bail!("Dovecot {version} is not one this test bed has a configuration for"),
    }
}
