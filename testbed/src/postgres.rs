//! A throw-away PostgreSQL on a loopback port: one cluster in a temporary folder, as many databases as wanted.
//!
//! [`Postgres::shared`] is the cluster that all tests of a process share, each with a database of its own. A test that
//! kills, freezes or restarts the server starts one for itself with [`Postgres::start`]. Whoever can reach the port may
//! log in, as with the other servers of a bed.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::{
    bed::short_folder,
    clock::ShiftedClock,
    disk::SmallDisk,
    ports,
    process::{Account, RootAccess, children_of, find_program, is_root, run, signal, started_at, tail},
    stop::{self, Started, Watcher},
    wait::wait_until,
};

/// Whom everybody logs in as.
const USER: &str = "desk";
/// The database that is always there; databases are made from within it.
const MAINTENANCE: &str = "postgres";
/// The longest that the server may take to start, also after it was killed, or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether commits wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushing {
    /// As in earnest. For measurements.
    On,
    /// Not at all. What was committed outlives the server all the same, however it ends; only not the machine.
    Off,
}

/// What is not installed and a cluster cannot do without; `None` when one can start.
pub fn missing() -> Option<String> {
    let names: Vec<_> = ["initdb", "postgres", "psql"].into_iter().filter(|name| binary(name).is_none()).collect();
    (!names.is_empty()).then(|| format!("PostgreSQL ({})", names.join(", ")))
}

/// A running cluster. It ends when this value is dropped, and when the process does.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    flushing: Flushing,
    account: Account,
    server: Option<Child>,
    watcher: Option<Watcher>,
    databases: AtomicU32,
    clock: Option<ShiftedClock>,
    disk: Option<SmallDisk>,
}

/// What a cluster has of its own, that others have of the machine.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    clock: bool,
    /// Megabytes.
    disk: Option<u32>,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start(flushing: Flushing) -> Result<Self> {
        Self::start_with(flushing, Own::default())
    }

    /// The same with a [clock](Self::clock) of its own.
    pub fn start_with_clock(flushing: Flushing) -> Result<Self> {
        Self::start_with(flushing, Own { clock: true, ..Own::default() })
    }

    /// The same with a [disk](Self::disk) of its own, of so many megabytes, where one can be had.
    pub fn start_on_small_disk(flushing: Flushing, megabytes: u32) -> Result<Self> {
        Self::start_with(flushing, Own { disk: Some(megabytes), ..Own::default() })
    }

    fn start_with(flushing: Flushing, own: Own) -> Result<Self> {
        // A free port can be taken by somebody else before our server has it.
        for _ in 0..2 {
            match Self::start_once(flushing, own) {
                Err(error) if format!("{error:#}").contains("ddress already in use") => {}
                outcome => return outcome,
            }
        }
        Self::start_once(flushing, own)
    }

    /// The cluster that all tests of this process share, started for the first who asks. It does not flush.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        // Nothing drops a static: the watcher ends this one with the process.
        let shared = SHARED.get_or_init(|| Self::start(Flushing::Off).map_err(|error| format!("{error:#}")));
        shared.as_ref().map_err(|error| anyhow!("{error}"))
    }

    fn start_once(flushing: Flushing, own: Own) -> Result<Self> {
        if let Some(names) = missing() {
            bail!("not installed: {names}");
        }
        let folder = short_folder()?;
        let watcher = Some(stop::watch(&folder)?);
        let port = ports::free(1)?[0];
        let account = Account::find()?;
        let databases = AtomicU32::new(0);
        let (server, clock, disk) = (None, None, None);
        let mut cluster = Self { folder, port, flushing, account, server, watcher, databases, clock, disk };
        if own.clock {
            cluster.clock = Some(ShiftedClock::make(&cluster.folder, "clock")?);
        }
        if let Some(megabytes) = own.disk {
            fs::create_dir(cluster.disk_folder())?;
            cluster.disk = SmallDisk::mount(&cluster.disk_folder(), megabytes)?;
        }
        cluster.make()?;
        cluster.start_again()?;
        Ok(cluster)
    }

    fn make(&self) -> Result<()> {
        if is_root() {
            let owner = format!("{}:{}", self.account.uid, self.account.gid);
            run(Command::new("chown").arg(&owner).arg(&self.folder))?;
            self.disk.as_ref().map_or(Ok(()), |disk| disk.give_to(&owner))?;
        }
        let mut initdb = self.command("initdb")?;
        initdb.arg("--pgdata").arg(self.data()).arg(format!("--username={USER}"));
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
        if self.disk.is_some() {
            // A whole piece of the log at a time is taken from the disk.
            initdb.arg("--wal-segsize=1");
        }
        run(initdb.current_dir(&self.folder)).context("cannot make a cluster of PostgreSQL")?;
        Ok(())
    }

    /// Starts the server after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port with the same data, and
    /// waits until it takes connections.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.server.is_none(), "PostgreSQL is running");
        let log = self.folder.join("postgres.log");
        let out = File::options().create(true).append(true).open(&log)?;
        let mut command = self.command("postgres")?;
        command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        for setting in self.settings() {
            command.arg("-c").arg(setting);
        }
        if let Some(clock) = &self.clock {
            clock.wind(&mut command);
        }
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).process_group(0);
        let mut server = command.spawn().context("cannot start PostgreSQL")?;
        stop::record(&self.folder, &Started::now("postgres", server.id(), false)?)?;
        let lock = self.data().join("postmaster.pid");
        let lock = self.disk.as_ref().map_or(lock.clone(), |disk| disk.seen(&lock));
        let pid = server.id().to_string();
        let ready = wait_until("PostgreSQL to start", PATIENCE, || {
            if let Some(status) = server.try_wait()? {
                bail!("PostgreSQL has ended ({status})");
            }
            // A file that an earlier server left behind names that one.
            let text = fs::read_to_string(&lock).unwrap_or_default();
            let is_ready = text.lines().next() == Some(&pid) && text.lines().any(|line| line.trim_end() == "ready");
            Ok(is_ready.then_some(()))
        });
        self.server = Some(server);
        ready.with_context(|| tail(&log))
    }

    fn settings(&self) -> Vec<String> {
        let flushes = if self.flushing == Flushing::On { "on" } else { "off" };
        let mut settings = vec![format!("fsync={flushes}"), format!("full_page_writes={flushes}")];
        settings.extend(
            [
                "listen_addresses=127.0.0.1",
                "unix_socket_directories=",
                "max_connections=300",
                "shared_buffers=128MB",
                "max_wal_size=2GB",
                "timezone=UTC",
            ]
            .map(str::to_owned),
        );
        settings
    }

    /// Starts the server again where it has ended by itself, as it does when it cannot write its log.
    pub fn revive(&mut self) -> Result<()> {
        let Some(server) = &mut self.server else { return self.start_again() };
        // It may be about to end: recovering is what it ends over.
        let ends = wait_until("PostgreSQL to end", Duration::from_secs(2), || Ok(server.try_wait()?));
        if ends.is_ok() {
            self.server = None;
            self.start_again()?;
        }
        Ok(())
    }

    /// A command that runs one of PostgreSQL's programs as the account, within the disk.
    fn command(&self, name: &str) -> Result<Command> {
        let command = self.account.command(&required(name)?)?;
        Ok(match &self.disk {
            Some(disk) => disk.command(&command),
            None => command,
        })
    }

    /// The disk of its own, where it has one.
    pub fn disk(&self) -> Option<&SmallDisk> {
        self.disk.as_ref()
    }

    fn disk_folder(&self) -> PathBuf {
        self.folder.join("disk")
    }

    /// The server's own clock, where it has one.
    pub fn clock(&self) -> Option<&ShiftedClock> {
        self.clock.as_ref()
    }

    fn data(&self) -> PathBuf {
        let folder = if self.disk.is_some() { self.disk_folder() } else { self.folder.clone() };
        folder.join("data")
    }

    /// The folder that holds the cluster and its log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The URL of a database of this cluster.
    pub fn url(&self, database: &str) -> String {
        Self::url_at(self.address(), database)
    }

    /// The URL of a database as it is reached at another address: that of a proxy.
    pub fn url_at(address: SocketAddr, database: &str) -> String {
        format!("postgres://{USER}@{address}/{database}")
    }

    /// Makes a new empty database and returns its URL.
    pub fn fresh_database(&self) -> Result<String> {
        let name = format!("desk_{}", self.databases.fetch_add(1, Ordering::SeqCst) + 1);
        // Nobody is ever connected to template0, so it can be copied at any time.
        self.query(&self.url(MAINTENANCE), &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(self.url(&name))
    }

    /// Makes a copy of a database to which nobody is connected, and returns its URL.
    pub fn copy_of(&self, url: &str) -> Result<String> {
        let (_, original) = url.rsplit_once('/').context("the URL names no database")?;
        let name = format!("desk_{}", self.databases.fetch_add(1, Ordering::SeqCst) + 1);
        self.query(&self.url(MAINTENANCE), &format!("CREATE DATABASE {name} TEMPLATE {original}"))?;
        Ok(self.url(&name))
    }

    /// Runs SQL in a database and returns what it answers: a line a row, columns separated by `|`.
    pub fn query(&self, url: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(required("psql")?);
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        let output = run(psql.arg("--dbname").arg(url).arg("--command").arg(sql))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Kills the server with all its processes, at once and without a word (SIGKILL).
    pub fn kill(&mut self) -> Result<()> {
        let mut server = self.server.take().context("PostgreSQL is not running")?;
        // It must not have the time to see its children die and start new ones.
        signal("STOP", &[server.id()])?;
        let mut processes = children_of(server.id());
        processes.push(server.id());
        signal("KILL", &processes)?;
        server.wait()?;
        // The next server does not start while a process of this one holds its memory.
        wait_until("PostgreSQL's processes to end", PATIENCE, || {
            Ok(processes.iter().all(|pid| started_at(*pid).is_none()).then_some(()))
        })
    }

    /// Stops the server in order: sessions are ended, what is not committed is lost, the rest is on disk.
    pub fn stop(&mut self) -> Result<()> {
        let mut server = self.server.take().context("PostgreSQL is not running")?;
        signal("INT", &[server.id()])?;
        wait_until("PostgreSQL to stop", PATIENCE, || Ok(server.try_wait()?)).map(drop)
    }

    /// Freezes the server with all its processes: connections stay open, and nobody answers (SIGSTOP).
    pub fn freeze(&self) -> Result<()> {
        let server = self.server.as_ref().context("PostgreSQL is not running")?.id();
        signal("STOP", &[server])?;
        signal("STOP", &children_of(server))
    }

    /// Lets a frozen server go on (SIGCONT).
    pub fn thaw(&self) -> Result<()> {
        let server = self.server.as_ref().context("PostgreSQL is not running")?.id();
        signal("CONT", &children_of(server))?;
        signal("CONT", &[server])
    }

    fn finish(&mut self) -> Result<()> {
        if self.server.is_some() {
            // It may be frozen; if it does not stop for another reason either, what follows ends it.
            let _ = self.thaw().and_then(|()| self.stop());
        }
        let outcome = stop::stop_folder_with(&self.folder, RootAccess::None, &mut Vec::new());
        if let Some(watcher) = self.watcher.take() {
            watcher.dismiss()?;
        }
        outcome
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            eprintln!("PostgreSQL in {} did not end: {error:#}", self.folder.display());
        }
    }
}

/// Finds one of PostgreSQL's programs: where Debian keeps them, of the newest version, or on the search path.
fn binary(name: &str) -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let version_of = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut installed: Vec<_> = versions.filter(|path| path.join("bin").join(name).is_file()).collect();
    installed.sort_by_key(version_of);
    installed.pop().map(|path| path.join("bin").join(name)).or_else(|| find_program(name))
}

fn required(name: &str) -> Result<PathBuf> {
    binary(name).with_context(|| format!("PostgreSQL's {name} is not installed"))
}
