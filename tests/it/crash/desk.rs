//! The program with its database, its configuration and the servers that outlive it.

use crate::support::imap_server::{ImapServer, PASSWORD, USER};
use crate::support::smtp_server::SmtpServer;
use crate::support::wait_until;
use postroom::clock::Clock;
use postroom::store::Store;
use postroom::store::list::Filter;
use sqlx::Connection as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::{Child, Command};

/// A desk whose program can be killed.
pub struct Killable {
    pub imap: ImapServer,
    pub smtp: SmtpServer,
    /// Our own look into its database.
    pub store: Store,
    folder: tempfile::TempDir,
    running: Option<Child>,
    logins: usize,
}

/// What became of everything.
pub struct Audit {
    /// How many mails ended in each way.
    pub outcomes: BTreeMap<String, usize>,
    /// How many tickets each customer has.
    pub tickets: BTreeMap<String, usize>,
    /// Authors of mails that are on somebody else's ticket.
    pub strayed: BTreeSet<String>,
    /// How many different acknowledgements each customer got, by Message-ID.
    pub acknowledgements: BTreeMap<String, usize>,
    /// Message-IDs in the outbox that the server never got.
    pub never_sent: BTreeSet<String>,
    /// Message-IDs that the server got and the outbox does not know.
    pub never_written: BTreeSet<String>,
    /// Copies beyond the first, over all Message-IDs.
    pub re_sent: usize,
}

impl Killable {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (imap, smtp) = (ImapServer::start().await, SmtpServer::start().await);
        // One rule file: the others take a while to compile, and the program is started often.
        let rules = folder.path().join("rules");
        std::fs::create_dir(&rules).unwrap();
        let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules/00-categories.toml");
        std::fs::copy(shipped, rules.join("00-categories.toml")).unwrap();
        let config = format!(
            r#"
database = "sqlite://desk.db"
rules = {rules:?}
[desk]
name = "Example Support"
address = "support@desk.example"
[[mailbox]]
host = "{}"
port = {}
security = "plain"
user = {USER:?}
password = {PASSWORD:?}
[smtp]
host = "localhost"
port = {}
security = "plain"
[[agent]]
name = "bob"
address = "bob@desk.example"
tier = "tier-1"
"#,
            imap.endpoint().host,
            imap.endpoint().port,
            smtp.endpoint().port
        );
        std::fs::write(folder.path().join("postroom.toml"), config).unwrap();
        let store = Store::open(&format!("sqlite://{}/desk.db", folder.path().display())).await.unwrap();
        Self { imap, smtp, store, folder, running: None, logins: 0 }
    }

    pub fn deliver(&self, raw: Vec<u8>) {
        // The program goes by the machine's clock, and does not acknowledge what is old.
        self.imap.deliver("INBOX", raw, Clock::System.now());
    }

    /// Starts the program.
    pub fn start(&mut self) {
        self.logins = self.imap.connections();
        let log = std::fs::File::options().create(true).append(true).open(self.log()).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_postroom"))
            .arg("--config")
            .arg(self.folder.path().join("postroom.toml"))
            .arg("run")
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.running = Some(child);
    }

    /// Waits until the program that was started last has come to the IMAP server.
    pub async fn logged_in(&self) {
        wait_until("the program logs in", async || self.imap.connections() > self.logins).await;
    }

    /// Whether there is a mail that somebody has begun to work on.
    pub async fn has_begun_work(&self) -> bool {
        let inbox = self.store.list_inbox(&Filter::default()).await.unwrap();
        let outbox = self.store.list_outbox(&Filter::default()).await.unwrap();
        inbox.iter().any(|row| row.state == "processing") || outbox.iter().any(|row| row.state == "sending")
    }

    /// How many mails have come in and have ended.
    pub async fn settled_count(&self) -> usize {
        let inbox = self.store.list_inbox(&Filter::default()).await.unwrap();
        inbox.iter().filter(|row| row.outcome.is_some()).count()
    }

    /// Something that changes whenever a mail comes in, is claimed, or ends.
    pub async fn progress(&self) -> (usize, u32, usize) {
        let inbox = self.store.list_inbox(&Filter::default()).await.unwrap();
        (inbox.len(), inbox.iter().map(|row| row.attempt).sum(), self.settled_count().await)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Kills it with SIGKILL.
    pub async fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        if let Some(status) = child.try_wait().unwrap() {
            panic!("it ended by itself, {status}: {}", std::fs::read_to_string(self.log()).unwrap());
        }
        child.kill().await.unwrap();
    }

    /// Does this to the database, behind the program's back.
    pub async fn meddle(&self, sql: &'static str) {
        let url = format!("sqlite://{}/desk.db", self.folder.path().display());
        let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut database).await.unwrap();
    }

    /// Waits until so many mails have ended and everything is sent.
    pub async fn finish(&self, mails: usize) {
        wait_until("every mail has ended", async || {
            let inbox = self.store.list_inbox(&Filter::default()).await.unwrap();
            inbox.len() >= mails && inbox.iter().all(|row| row.outcome.is_some())
        })
        .await;
        wait_until("everything is sent", async || {
            self.store.list_outbox(&Filter::default()).await.unwrap().iter().all(|row| row.state == "sent")
        })
        .await;
    }

    pub async fn audit(&self) -> Audit {
        let all = Filter::default();
        let tickets = self.store.list_tickets(&all).await.unwrap();
        let requesters: BTreeMap<_, _> = tickets.into_iter().map(|row| (row.id, row.requester.unwrap())).collect();
        let mut audit = Audit {
            outcomes: BTreeMap::new(),
            tickets: BTreeMap::new(),
            strayed: BTreeSet::new(),
            acknowledgements: BTreeMap::new(),
            never_sent: BTreeSet::new(),
            never_written: BTreeSet::new(),
            re_sent: 0,
        };
        for requester in requesters.values() {
            *audit.tickets.entry(requester.clone()).or_default() += 1;
        }
        for row in self.store.list_inbox(&all).await.unwrap() {
            let outcome = row.outcome.unwrap();
            let has_ticket = !matches!(outcome.as_str(), "duplicate" | "quarantined");
            if has_ticket && requesters.get(&row.ticket.unwrap()) != row.from.as_ref() {
                audit.strayed.insert(row.from.clone().unwrap());
            }
            *audit.outcomes.entry(outcome).or_default() += 1;
        }
        let mut copies: BTreeMap<String, usize> = BTreeMap::new();
        for mail in self.smtp.mails() {
            *copies.entry(message_id(&mail.bytes)).or_default() += 1;
        }
        audit.re_sent = copies.values().map(|count| count - 1).sum();
        let mut written = BTreeSet::new();
        for row in self.store.list_outbox(&all).await.unwrap() {
            if row.purpose == "acknowledgement" {
                *audit.acknowledgements.entry(row.to).or_default() += 1;
            }
            written.insert(row.message_id);
        }
        let sent: BTreeSet<String> = copies.into_keys().collect();
        audit.never_sent = written.difference(&sent).cloned().collect();
        audit.never_written = sent.difference(&written).cloned().collect();
        audit
    }
}

/// The Message-ID of a mail that we sent, without brackets.
pub fn message_id(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap();
    line.trim_end_matches('>').to_owned()
}
