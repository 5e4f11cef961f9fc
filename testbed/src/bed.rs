//! One mail system: its folder, its ports, its processes.
//!
//! What is started here is ended here, and nothing else is: each server leads a process group of its own, and a
//! watching shell ends them should this process die without having done so.

use std::{
    fs,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    Imap, Smtp, dovecot, front, ports,
    process::{Account, RootAccess, find_program, is_root, program, run, started_at, tail, wait_for_greeting},
    stop::{self, Started, Watcher},
    tls,
    wait::wait_until,
};

/// The domain of every bed.
pub const DOMAIN: &str = "desk.test";

/// What a bed is to be like.
#[derive(Debug, Clone)]
pub struct Options {
    /// Local parts of the mailboxes; each has the password `pw-<name>`.
    pub users: Vec<String>,
    /// The SMTP server; `None` takes Postfix where it can run and the fallback elsewhere.
    pub smtp: Option<SmtpServer>,
}

impl Default for Options {
    fn default() -> Self {
        let users = ["support", "ann", "bob", "carol", "tessa", "sven", "lead", "monitor", "mallory"];
        Self { users: users.map(str::to_owned).to_vec(), smtp: None }
    }
}

/// The SMTP servers a bed can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpServer {
    /// Postfix, whose master needs root.
    Postfix,
    /// A small server in Python on Debian's `python3-aiosmtpd`, which needs no root.
    Aiosmtpd,
}

/// The ports of a bed, all on 127.0.0.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports {
    /// IMAP, plain and with STARTTLS.
    pub imap: u16,
    /// IMAP with TLS from the first byte.
    pub imaps: u16,
    /// LMTP into the mailboxes.
    pub lmtp: u16,
    /// Dovecot's authentication, for Postfix.
    pub sasl: u16,
    /// SMTP as between servers: no login needed, any sender, recipients of the bed's domain only.
    pub smtp: u16,
    /// Submission: STARTTLS and a login needed.
    pub submission: u16,
    /// Submission with TLS from the first byte.
    pub smtps: u16,
}

impl Ports {
    /// Seven ports that are free at the moment.
    fn free() -> Result<Self> {
        let [imap, imaps, lmtp, sasl, smtp, submission, smtps] = ports::free(7)?[..] else {
            unreachable!("seven were asked for")
        };
        Ok(Self { imap, imaps, lmtp, sasl, smtp, submission, smtps })
    }
}

/// What is not installed and a bed cannot do without; `None` when a bed can start.
pub fn missing() -> Option<String> {
    missing_for(choose_smtp())
}

/// The same for a bed with that SMTP server.
pub fn missing_for(smtp: impl Into<Option<SmtpServer>>) -> Option<String> {
    let mut names: Vec<_> = ["dovecot", "openssl"].into_iter().filter(|name| find_program(name).is_none()).collect();
    match smtp.into() {
        Some(SmtpServer::Postfix) if front::has_postfix() => {}
        Some(SmtpServer::Aiosmtpd) if front::has_aiosmtpd() => {}
        Some(SmtpServer::Aiosmtpd) => names.push("python3-aiosmtpd"),
        _ => names.push("postfix, or python3-aiosmtpd for users without root"),
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Says that a test was skipped, past the test program's capture, so that it is never taken for passed.
pub fn skipped(why: &str) {
    // Nothing is left to be done when not even standard error can be written.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

fn choose_smtp() -> Option<SmtpServer> {
    if front::has_postfix() && RootAccess::find() != RootAccess::None {
        Some(SmtpServer::Postfix)
    } else {
        front::has_aiosmtpd().then_some(SmtpServer::Aiosmtpd)
    }
}

/// A running mail system. It ends when this value is dropped, unless it is told to stay.
#[derive(Debug)]
pub struct MailBed {
    /// The folder that holds everything.
    pub folder: PathBuf,
    /// Where the servers listen.
    pub ports: Ports,
    /// Which SMTP server it is.
    pub smtp_server: SmtpServer,
    users: Vec<String>,
    pub(crate) root: RootAccess,
    pub(crate) children: Vec<Child>,
    /// The leading processes of the IMAP server and of the SMTP server.
    pub(crate) leaders: [Option<u32>; 2],
    watcher: Option<Watcher>,
    is_over: bool,
}

impl MailBed {
    /// Starts the servers and waits until all of them answer.
    pub fn start(options: &Options) -> Result<Self> {
        // A free port can be taken by somebody else before our server has it.
        for _ in 0..2 {
            match Self::start_once(options) {
                Err(error) if format!("{error:#}").contains("ddress already in use") => {}
                outcome => return outcome,
            }
        }
        Self::start_once(options)
    }

    fn start_once(options: &Options) -> Result<Self> {
        let smtp = options.smtp.or_else(choose_smtp);
        if let Some(names) = missing_for(smtp) {
            bail!("not installed: {names}");
        }
        let smtp_server = smtp.context("there is no SMTP server")?;
        let folder = short_folder()?;
        let mut bed = Self {
            folder,
            ports: Ports::free()?,
            smtp_server,
            root: if smtp_server == SmtpServer::Postfix { RootAccess::find() } else { RootAccess::None },
            users: options.users.clone(),
            children: Vec::new(),
            leaders: [None; 2],
            watcher: None,
            is_over: false,
        };
        bed.watcher = Some(stop::watch(&bed.folder)?);
        tls::make_certificate(&bed.folder, DOMAIN)?;
        bed.start_imap()?;
        bed.start_smtp()?;
        Ok(bed)
    }

    pub(crate) fn start_imap(&mut self) -> Result<()> {
        let account = Account::find()?;
        let command = dovecot::prepare(&self.folder, DOMAIN, &self.users, &self.ports, &account)?;
        if is_root() {
            let owner = format!("{}:{}", account.uid, account.gid);
            // Postfix, which may be there, has its own folders.
            let mut chown = Command::new("find");
            chown
                .arg(&self.folder)
                .args(["-name", "postfix", "-prune", "-o", "-exec", "chown", "-h", &owner, "{}", "+"]);
            run(&mut chown)?;
        }
        self.leaders[0] = Some(self.spawn("dovecot", command)?);
        let ports = self.ports.clone();
        self.wait_for("Dovecot's IMAP", ports.imap, "* OK", &["dovecot.out", "dovecot.log"])?;
        self.wait_for("Dovecot's LMTP", ports.lmtp, "220", &["dovecot.out", "dovecot.log"])
    }

    pub(crate) fn start_smtp(&mut self) -> Result<()> {
        let ports = self.ports.clone();
        match self.smtp_server {
            SmtpServer::Postfix => {
                let pid = front::start_postfix(&self.folder, DOMAIN, &self.users, &self.ports, self.root)?;
                self.leaders[1] = Some(pid);
                stop::record(&self.folder, &Started::now("postfix", pid, true)?)?;
                self.wait_for("Postfix", ports.smtp, "220", &["postfix.out", "postfix.log"])
            }
            SmtpServer::Aiosmtpd => {
                let command = front::prepare_aiosmtpd(&self.folder, DOMAIN, &self.ports, &Account::find()?)?;
                self.leaders[1] = Some(self.spawn("aiosmtpd", command)?);
                for port in [ports.smtp, ports.submission] {
                    self.wait_for("the SMTP server", port, "220", &["aiosmtpd.out"])?;
                }
                Ok(())
            }
        }
    }

    /// Runs a program beside the servers: it is ended with them. Returns its process.
    pub fn spawn(&mut self, name: &str, mut command: Command) -> Result<u32> {
        use std::os::unix::process::CommandExt as _;
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}: {command:?}"))?;
        let pid = child.id();
        self.children.push(child);
        // A program that ends at once leaves nothing to be ended; whoever waits for it says so.
        if started_at(pid).is_some() {
            stop::record(&self.folder, &Started::now(name, pid, false)?)?;
        }
        Ok(pid)
    }

    /// Fails when a program that [`spawn`](Self::spawn) started has ended, with the end of its log.
    pub fn check_running(&mut self, pid: u32, what: &str, log: &Path) -> Result<()> {
        let Some(child) = self.children.iter_mut().find(|child| child.id() == pid) else { return Ok(()) };
        if let Some(status) = child.try_wait()? {
            bail!("{what} has ended ({status}): {}", tail(log));
        }
        Ok(())
    }

    /// Asks one program that [`spawn`](Self::spawn) started to end, and waits for its exit code.
    pub fn end(&mut self, pid: u32, limit: Duration) -> Result<Option<i32>> {
        let at = self.children.iter().position(|child| child.id() == pid).context("no such process of this bed")?;
        run(RootAccess::None.shell(&format!("kill -s TERM -- -{pid}")).stdin(Stdio::null()))?;
        let child = &mut self.children[at];
        Ok(wait_until("the process to end", limit, || Ok(child.try_wait()?))?.code())
    }

    fn wait_for(&mut self, what: &str, port: u16, greeting: &str, logs: &[&str]) -> Result<()> {
        let children = &mut self.children;
        let answered = wait_for_greeting(what, port, greeting, || {
            for child in children.iter_mut() {
                if let Some(status) = child.try_wait()? {
                    bail!("a server of the bed has ended ({status})");
                }
            }
            Ok(())
        });
        answered.with_context(|| {
            let ends: Vec<_> = logs.iter().map(|log| tail(&self.folder.join(log))).collect();
            format!("{what} does not work: {}", ends.join("\n"))
        })
    }

    /// What the servers said last, for an error message.
    pub fn last_words(&self) -> String {
        let logs = ["dovecot.log", "postfix.log", "aiosmtpd.out"].map(|log| self.folder.join(log));
        let of = |log: &PathBuf| format!("{}: {}", log.display(), tail(log));
        logs.iter().filter(|log| log.exists()).map(of).collect::<Vec<_>>().join("\n")
    }

    /// The full address of a user.
    pub fn address(user: &str) -> String {
        format!("{user}@{DOMAIN}")
    }

    /// The password of a user.
    pub fn password(user: &str) -> String {
        dovecot::password_of(user)
    }

    /// The certificate that clients must trust.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("tls/ca.pem")
    }

    /// Where IMAP is spoken in plain text.
    pub fn imap_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.imap).into()
    }

    /// Where SMTP is spoken without a login.
    pub fn smtp_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.smtp).into()
    }

    /// A user's mail client: logged in, with INBOX selected.
    pub fn mailbox(&self, user: &str) -> Result<Imap> {
        let mut imap = Imap::log_in(self.imap_address(), &Self::address(user), &Self::password(user))?;
        imap.select("INBOX")?;
        Ok(imap)
    }

    /// An SMTP session that may send as anybody, to the bed's users only.
    pub fn smtp(&self) -> Result<Smtp> {
        Smtp::connect(self.smtp_address())
    }

    /// Sends one mail: from an envelope sender (empty for the null reverse-path) to recipients.
    pub fn send(&self, from: &str, to: &[&str], raw: &[u8]) -> Result<()> {
        self.smtp()?.send(from, to, raw)
    }

    /// What a person needs to connect a mail client.
    pub fn how_to_connect(&self, users: &[String]) -> String {
        let Ports { imap, imaps, smtp, submission, smtps, .. } = self.ports;
        format!(
            "folder:  {folder}\n\
             IMAP:    127.0.0.1:{imap} (plain or STARTTLS), 127.0.0.1:{imaps} (TLS)\n\
             SMTP:    127.0.0.1:{smtp} (no login), 127.0.0.1:{submission} (STARTTLS, login), 127.0.0.1:{smtps} (TLS, login)\n\
             users:   {users}, each as NAME@{DOMAIN} with the password pw-NAME\n\
             trust:   {ca}\n",
            folder = self.folder.display(),
            users = users.join(", "),
            ca = self.ca_file().display(),
        )
    }

    /// Ends the servers and removes the folder.
    pub fn stop(mut self) -> Result<()> {
        self.finish()
    }

    /// Leaves everything running and returns the folder, for [`stop_folder`](crate::stop_folder) some day.
    pub fn leave_running(mut self) -> Result<PathBuf> {
        self.is_over = true;
        self.dismiss_watcher()?;
        Ok(self.folder.clone())
    }

    fn finish(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.is_over, true) {
            return Ok(());
        }
        let outcome = stop::stop_folder_with(&self.folder, self.root, &mut self.children);
        self.dismiss_watcher()?;
        outcome
    }

    fn dismiss_watcher(&mut self) -> Result<()> {
        self.watcher.take().map_or(Ok(()), Watcher::dismiss)
    }
}

impl Drop for MailBed {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            eprintln!("the test bed in {} did not end: {error:#}", self.folder.display());
        }
    }
}

/// A new folder with a path short enough for Unix sockets, which take some hundred characters.
pub(crate) fn short_folder() -> Result<PathBuf> {
    program("sh")?;
    let usual = std::env::temp_dir();
    let parent = if usual.as_os_str().len() <= 40 { usual } else { PathBuf::from("/tmp") };
    let made = tempfile::Builder::new().prefix("pr-").rand_bytes(6).tempdir_in(&parent);
    let folder = made.with_context(|| format!("cannot make a folder in {}", parent.display()))?.keep();
    // Two users of the system read in it when root starts a bed.
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(folder)
}
