//! A desk of real programs: workers of Postroom, Dovecot, an SMTP server, a database, and cutters in between.

use super::Database;
use super::audit::{Audit, Evidence, audit};
use postroom_testbed::cutter::Plan;
use postroom_testbed::load::LoadMail;
use postroom_testbed::wait::wait_until;
use postroom_testbed::{Cutter, Imap, MailBed, Options, Postgres, ShiftedClock, SmtpServer, StoredMail};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// The address of every desk.
pub const SUPPORT: &str = "support@desk.test";

/// The longest that a desk may take to be done when nothing disturbs it any more: on a busy machine a mail may meet two
/// servers that say nothing for a minute. Short of the five minutes that a claim lasts, for which nothing may have to wait.
fn patience() -> Duration {
    Duration::from_secs(super::scale(280, 3_600) as u64)
}

/// From when on a look at the desk is so dear that another one has to wait.
const DEAR: Duration = Duration::from_millis(200);

/// Mails put into the mailbox with one command.
const APPENDED: usize = 100;

/// A desk and all that is around it.
pub struct Desk {
    pub bed: MailBed,
    /// Between the workers and the IMAP server.
    pub imap: Cutter,
    /// Between the workers and the SMTP server.
    pub smtp: Cutter,
    /// The workers that run.
    pub workers: Vec<u32>,
    /// What each worker's command begins with: nothing, or what puts it into a network of its own.
    pub within: Vec<String>,
    folder: tempfile::TempDir,
    sent: Vec<LoadMail>,
    /// The mailbox of the desk, past the cutter, while the server is up.
    post: RefCell<Option<Imap>>,
}

impl Desk {
    /// A desk without workers.
    pub fn new(database: Database) -> Self {
        Self::with(database, None)
    }

    /// The same with that SMTP server.
    pub fn with(database: Database, smtp_server: Option<SmtpServer>) -> Self {
        let url = match database {
            Database::Sqlite => "sqlite://desk.db".to_owned(),
            Database::Postgres { .. } => Postgres::shared().unwrap().fresh_database().unwrap(),
        };
        Self::on(&url, smtp_server)
    }

    /// The same on the database with that URL.
    pub fn on(url: &str, smtp_server: Option<SmtpServer>) -> Self {
        Self::within(Vec::new(), url, smtp_server)
    }

    /// The same, where the commands of its workers begin with this.
    pub fn within(within: Vec<String>, url: &str, smtp_server: Option<SmtpServer>) -> Self {
        let users = ["support", "ann", "tessa"].map(str::to_owned).to_vec();
        let bed = MailBed::start(&Options { users, smtp: smtp_server }).unwrap();
        let imap = Cutter::start(bed.imap_address(), Plan::Forward).unwrap();
        let smtp = Cutter::start(bed.smtp_address(), Plan::Forward).unwrap();
        let folder = tempfile::tempdir().unwrap();
        // One rule file: the others take a while to compile, and the program is started often.
        let rules = folder.path().join("rules");
        std::fs::create_dir(&rules).unwrap();
        let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules/00-categories.toml");
        std::fs::copy(shipped, rules.join("00-categories.toml")).unwrap();
        let (workers, post) = (Vec::new(), RefCell::default());
        let desk = Self { bed, imap, smtp, workers, within, folder, sent: Vec::new(), post };
        desk.configure(url, desk.imap.address(), desk.smtp.address());
        // Whoever looks must not come while the first worker makes the tables.
        let made = desk.postroom().args(["migrate", "up"]).output().unwrap();
        assert!(made.status.success(), "migrate up: {}", String::from_utf8_lossy(&made.stderr));
        desk
    }

    /// Writes the configuration.
    fn configure(&self, database: &str, imap: SocketAddr, smtp: SocketAddr) {
        let config = format!(
            r#"
database = {database:?}
rules = "rules"
[desk]
name = "Example Support"
address = "{SUPPORT}"
[caps]
per_address_hour = 1000000
per_address_day = 1000000
per_desk_hour = 1000000000
per_domain_hour = 1000000000
[[mailbox]]
host = "{imap_host}"
port = {imap_port}
security = "plain"
insecure = true
user = "{SUPPORT}"
password = "{password}"
poll_every = "5s"
[smtp]
host = "{smtp_host}"
port = {smtp_port}
security = "plain"
insecure = true
[[agent]]
name = "tessa"
address = "tessa@desk.test"
tier = "tier-1"
"#,
            imap_host = imap.ip(),
            imap_port = imap.port(),
            smtp_host = smtp.ip(),
            smtp_port = smtp.port(),
            password = MailBed::password("support"),
        );
        std::fs::write(self.folder.path().join("postroom.toml"), config).unwrap();
    }

    /// Puts other cutters between the workers and the servers.
    pub fn reach_by(&mut self, imap: Cutter, smtp: Cutter) {
        let path = self.folder.path().join("postroom.toml");
        let config = std::fs::read_to_string(&path).unwrap();
        let database = config.lines().find_map(|line| line.strip_prefix("database = \"")).unwrap();
        self.configure(database.trim_end_matches('"'), imap.address(), smtp.address());
        (self.imap, self.smtp) = (imap, smtp);
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn postroom(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_postroom");
        let mut command = match &self.within[..] {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.arg("--config").arg(self.folder.path().join("postroom.toml")).env("NO_COLOR", "1");
        command
    }

    /// Starts as many workers as the case wants.
    pub fn start_workers(&mut self, database: Database) {
        (0..database.workers()).for_each(|_| self.start_worker());
    }

    /// Starts one more worker.
    pub fn start_worker(&mut self) {
        let command = self.postroom();
        self.spawn_worker(command);
    }

    /// Starts one more worker, with a clock of its own.
    pub fn start_worker_with_clock(&mut self) -> ShiftedClock {
        let clock = ShiftedClock::make(self.folder.path(), &format!("clock{}", self.workers.len())).unwrap();
        let mut command = self.postroom();
        clock.wind(&mut command);
        self.spawn_worker(command);
        clock
    }

    fn spawn_worker(&mut self, mut command: Command) {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        command.arg("run").stdout(log.try_clone().unwrap()).stderr(log);
        self.workers.push(self.bed.spawn("postroom", command).unwrap());
    }

    /// Kills a worker with SIGKILL; one that has ended by itself fails the test.
    pub fn kill_worker(&mut self, which: usize) {
        self.check_workers();
        let pid = self.workers.remove(which);
        self.bed.kill(pid).unwrap();
    }

    /// Freezes a worker (SIGSTOP), or lets it go on (SIGCONT).
    pub fn signal_worker(&self, which: usize, signal: &str) {
        let group = format!("-{}", self.workers[which]);
        assert!(Command::new("kill").args(["-s", signal, "--", &group]).status().unwrap().success());
    }

    /// Stops the workers in order.
    pub fn stop_workers(&mut self) {
        for pid in std::mem::take(&mut self.workers) {
            assert_eq!(self.bed.end(pid, Duration::from_secs(30)).unwrap(), Some(0), "a worker ends well");
        }
    }

    /// What a command complains of that cannot do its work.
    pub fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.postroom().args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        told
    }

    fn check_workers(&mut self) {
        let log = self.log();
        for pid in &self.workers {
            self.bed.check_running(*pid, "a worker", &log).unwrap();
        }
    }

    /// Puts mails into the desk's mailbox.
    pub fn deliver(&mut self, mails: &[LoadMail]) {
        let mut post = self.post.borrow_mut();
        let post = post.get_or_insert_with(|| self.bed.mailbox("support").unwrap());
        for mails in mails.chunks(APPENDED) {
            let raw: Vec<&[u8]> = mails.iter().map(|mail| mail.raw.as_slice()).collect();
            post.append("INBOX", &raw).unwrap();
        }
        self.sent.extend_from_slice(mails);
    }

    /// Leaves the mailbox, before its server goes.
    pub fn leave_mailbox(&self) {
        self.post.take();
    }

    /// How many workers the database knows of.
    pub fn worker_count(&self) -> usize {
        let output = self.postroom().args(["workers", "--format", "json"]).output().unwrap();
        assert!(output.status.success(), "workers: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap().len()
    }

    /// How often the workers have said this.
    pub fn said(&self, what: &str) -> usize {
        let log = std::fs::read_to_string(self.log()).unwrap();
        log.lines().filter(|line| line.contains(what)).count()
    }

    /// What a subcommand lists.
    pub fn list(&self, what: &str) -> Vec<Value> {
        let output = self.postroom().args([what, "list", "--format", "json"]).output().unwrap();
        assert!(output.status.success(), "{what} list: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// How many mails have ended.
    pub fn settled_count(&self) -> usize {
        self.list("inbox").iter().filter(|row| !row["outcome"].is_null()).count()
    }

    /// How many mails were sent.
    pub fn sent_count(&self) -> usize {
        self.list("outbox").iter().filter(|row| row["state"] == "sent").count()
    }

    /// Waits until so many mails have ended.
    pub fn settle(&mut self, count: usize) {
        self.wait(&format!("{count} mails to end"), |desk| desk.settled_count() >= count);
    }

    /// Waits for something, as long as the workers live.
    pub fn wait(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waited = wait_until(what, patience(), || {
            self.check_workers();
            let began = Instant::now();
            let is_so = is_so(self);
            if !is_so && began.elapsed() > DEAR {
                std::thread::sleep(began.elapsed());
            }
            Ok(is_so.then_some(()))
        });
        if let Err(error) = waited {
            panic!("{error:#}: {}", self.state());
        }
    }

    /// Waits until every mail has ended and everything is sent. Mails that were put off are sent when nothing else
    /// moves, as an operator would have it (`outbox retry`); the soak has the patience to wait.
    pub fn finish(&mut self) {
        let count = self.sent.len();
        self.settle(count);
        self.wait("every mail in the inbox to end", |desk| {
            desk.list("inbox").iter().all(|row| !row["outcome"].is_null())
        });
        let (mut last, mut changed) = (0, Instant::now());
        let begun = Instant::now();
        loop {
            self.check_workers();
            let looked = Instant::now();
            let outbox = self.list("outbox");
            let look = looked.elapsed();
            let left: Vec<_> =
                outbox.iter().filter(|row| !matches!(row["state"].as_str(), Some("sent" | "failed"))).collect();
            if left.is_empty() {
                return;
            }
            assert!(begun.elapsed() < patience(), "not everything is sent: {}", self.state());
            if left.len() != last {
                (last, changed) = (left.len(), Instant::now());
            } else if changed.elapsed() > Duration::from_secs(2) && !super::is_soak() {
                for row in left.iter().filter(|row| row["state"] == "waiting") {
                    // One that a worker takes at this very moment cannot be retried, and need not be.
                    let _ = self.postroom().args(["outbox", "retry", &row["id"].to_string()]).output().unwrap();
                }
                changed = Instant::now();
            }
            std::thread::sleep(look.max(Duration::from_millis(50)));
        }
    }

    /// Holds everything against everything.
    pub fn audit(&self) -> Audit {
        let mailbox = |user| self.bed.mailbox(user).unwrap().all().unwrap();
        audit(&Evidence {
            sent: self.sent.clone(),
            support: mailbox("support").iter().map(|mail| mail.message_id()).collect(),
            mailboxes: [mailbox("ann"), mailbox("tessa")].concat(),
            inbox: self.list("inbox"),
            tickets: self.list("ticket"),
            outbox: self.list("outbox"),
        })
    }

    /// Waits until what was sent lies in its mailboxes: Postfix says 250 before Dovecot has the mail. Mails are known
    /// by their ids: a count would take one that came twice for one that is still under way.
    pub fn arrive(&self) {
        let outbox = self.list("outbox");
        let sent: BTreeSet<&str> = outbox.iter().filter_map(|row| row["message_id"].as_str()).collect();
        let all_there = || {
            let (mut ann, mut tessa) = (self.bed.mailbox("ann").unwrap(), self.bed.mailbox("tessa").unwrap());
            // Counting is cheap, and almost always enough to see that something is missing.
            if ann.uid_search("ALL").unwrap().len() + tessa.uid_search("ALL").unwrap().len() < sent.len() {
                return Ok(None);
            }
            let mails = [ann.all().unwrap(), tessa.all().unwrap()].concat();
            let arrived: BTreeSet<String> = mails.iter().map(StoredMail::message_id).collect();
            Ok(sent.iter().all(|id| arrived.contains(*id)).then_some(()))
        };
        // What never comes is for the audit to tell.
        let _ = wait_until("mail to come to its mailboxes", patience(), all_there);
    }

    /// Finishes, stops the workers in order, and insists that nothing is wrong.
    pub fn close(mut self, after: &str) -> Audit {
        self.finish();
        self.stop_workers();
        self.arrive();
        let audit = self.audit();
        audit.insist(after);
        audit
    }

    fn state(&self) -> String {
        let mut told = String::new();
        for what in ["inbox", "outbox"] {
            let rows = self.list(what);
            let open: Vec<_> = rows.iter().filter(|row| row["outcome"].is_null() && row["state"] != "sent").collect();
            let _ = writeln!(told, "{what}: {} rows, {} open, the first {:?}", rows.len(), open.len(), open.first());
        }
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let _ = writeln!(told, "{}", self.bed.last_words());
        told + &lines[lines.len().saturating_sub(20)..].join("\n")
    }
}
