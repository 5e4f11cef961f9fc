//! The program itself, as it is released: started beside the bed, watched from outside.

use super::desk::Site;
use anyhow::{Context as _, Result, bail, ensure};
use postroom_testbed::MailBed;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The name of its configuration.
const CONFIG: &str = "postroom.toml";

/// What it says when it is at work.
const OPEN: &str = "the desk is open";

/// The longest that it may take to start, and to stop.
const LIMIT: Duration = Duration::from_secs(60);

/// `postroom run`; it ends with the bed, if not before.
pub struct Program {
    pid: u32,
    log: PathBuf,
    /// From its execution until it was at work.
    pub started_in: Duration,
}

/// How long a command of the program takes, with the configuration that it was last started with in this folder.
pub fn took(folder: &Path, words: &[&str]) -> Result<Duration> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postroom"));
    command.arg("--config").arg(folder.join(CONFIG)).args(words);
    let begun = Instant::now();
    let output = command.output()?;
    let took = begun.elapsed();
    ensure!(output.status.success(), "postroom {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
    Ok(took)
}

impl Program {
    /// Starts it in a folder, and waits until it is at work.
    pub fn start(bed: &mut MailBed, site: &Site, folder: &Path) -> Result<Self> {
        Self::start_in(&[], bed, site, folder)
    }

    /// The same, with something in its environment.
    pub fn start_in(environment: &[(&str, &str)], bed: &mut MailBed, site: &Site, folder: &Path) -> Result<Self> {
        let config = folder.join(CONFIG);
        fs::write(&config, site.text())?;
        let log = folder.join("postroom.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_postroom"));
        command.arg("--config").arg(&config).arg("run").envs(environment.iter().copied());
        let out = File::create(&log)?;
        command.stdout(out.try_clone()?).stderr(out);
        let begun = Instant::now();
        let pid = bed.spawn("postroom", command)?;
        while !fs::read_to_string(&log)?.contains(OPEN) {
            bed.check_running(pid, "postroom", &log)?;
            ensure!(begun.elapsed() < LIMIT, "postroom does not open: see {}", log.display());
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Self { pid, log, started_in: begun.elapsed() })
    }

    /// The most memory that it has had so far, in bytes.
    pub fn peak_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).context("postroom has ended")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(peak.context("the kernel does not tell how much memory a process has had")?.trim().parse::<u64>()? * 1024)
    }

    pub fn stop(self, bed: &mut MailBed) -> Result<()> {
        match bed.end(self.pid, LIMIT)? {
            Some(0) => Ok(()),
            code => bail!("postroom ended with {code:?}: {}", fs::read_to_string(&self.log).unwrap_or_default()),
        }
    }
}
