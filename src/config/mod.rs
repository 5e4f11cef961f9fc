//! The configuration: read whole, checked whole, complete. Nothing later has to ask whether a needed thing is there.

pub mod address;
mod calendar;
mod file;
mod people;
pub mod secret;
mod section;

use crate::decide::policy::Policy;
use crate::endpoint::{Endpoint, Mechanism};
use crate::finding::Finding;
use crate::message::Reader;
use crate::store::DatabaseUrl;
use crate::ticket::calendar::Calendar;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secret::SecretSource;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The whole configuration, commented: what `init` writes.
pub const EXAMPLE: &str = include_str!("../../postroom.example.toml");

/// The configuration's name when nobody says another.
pub const DEFAULT_FILE: &str = "postroom.toml";

/// Everything that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// Where the database is: `sqlite:///var/lib/postroom/postroom.db`, `postgres://postroom@db.example.com/postroom`.
    pub database: DatabaseUrl,
    /// The folder with the rule files.
    pub rules: PathBuf,
    /// The folder with rules that are tried out as a whole, beside those in force.
    pub rules_shadow: Option<PathBuf>,
    /// The folder with templates that take the place of those built in.
    pub templates: Option<PathBuf>,
    /// The mailboxes that are watched.
    pub mailboxes: Vec<MailboxConfig>,
    /// The server that takes our mail.
    pub smtp: SmtpConfig,
    /// Where health is told over HTTP, if anywhere.
    pub http: Option<HttpConfig>,
    /// The zone in which times are shown to agents, and to customers whose own is not known.
    pub zone: TimeZone,
    /// The authserv-ids whose `Authentication-Results` are believed, in lower case.
    pub authserv_ids: Vec<String>,
    /// The rules of the house.
    pub policy: Policy,
    /// What is allowed and better not so.
    pub warnings: Vec<Finding>,
}

/// A mailbox that is watched.
#[derive(Debug, Clone)]
pub struct MailboxConfig {
    /// Its name in the inbox table; mails are known by it, so it stays when the server moves.
    pub name: String,
    /// The server.
    pub endpoint: Endpoint,
    /// The account.
    pub account: Account,
    /// The folder on the server.
    pub folder: String,
    /// The folder that processed mails are moved to, if any.
    pub processed: Option<String>,
    /// The folder that quarantined mails are moved to, if any.
    pub quarantine: Option<String>,
    /// How often the mailbox is looked at beside, or without, IDLE.
    pub poll_every: SignedDuration,
}

/// The server that takes our mail.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// The server.
    pub endpoint: Endpoint,
    /// The account, if the server wants one.
    pub account: Option<Account>,
    /// Our name in `EHLO`.
    pub hello_name: String,
    /// Whether automatic mail goes out with the null reverse-path.
    pub null_sender: bool,
    /// How many connections are used at once.
    pub connections: u32,
}

/// What is answered over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address that is listened on.
    pub listen: SocketAddr,
}

/// An account on a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// Where its password or token comes from.
    pub secret: SecretSource,
    /// What the secret is.
    pub mechanism: Mechanism,
}

impl Config {
    /// How mail is read for this desk, as far as no database is needed for it.
    pub fn reader(&self) -> Reader {
        let own_addresses = self.policy.own_addresses.clone();
        Reader { authserv_ids: self.authserv_ids.clone(), own_addresses, ..Reader::default() }
    }

    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, Vec<Finding>> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let hint = (error.kind() == std::io::ErrorKind::NotFound)
                .then(|| "`postroom init DIR` writes a commented one; `--config FILE` names another".to_owned());
            vec![Finding::about(&shown, format!("cannot read the configuration: {error}")).hint(hint)]
        })?;
        let mut config = Self::read(path, &text)?;
        if config.has_written_secret() && is_open_to_others(path) {
            let message = "there is a password in this file, and others than its owner may read it";
            let hint = format!("chmod 600 {shown}");
            config.warnings.insert(0, Finding::about(&shown, message).hint(hint));
        }
        Ok(config)
    }

    /// The calendars that are not open once within a year from now, and those that are so seldom open that a promise takes
    /// far longer than it says.
    pub fn calendars_in_doubt(&self, now: Timestamp) -> Vec<Finding> {
        let path = self.path.display().to_string();
        let of = |(name, open): (&String, &Calendar)| calendar::doubt(name, open, &self.policy.sla, now);
        let told = self.policy.calendars.iter().filter_map(of);
        told.map(|(message, hint)| Finding::about(&path, message).hint(hint)).collect()
    }

    fn has_written_secret(&self) -> bool {
        let accounts = self.mailboxes.iter().map(|mailbox| &mailbox.account).chain(&self.smtp.account);
        self.database.has_password()
            || accounts.into_iter().any(|account| matches!(account.secret, SecretSource::Written(_)))
    }

    /// The folders of the rules and of the templates that a file names, as far as it can be read at all: so that what
    /// is wrong in them can be told together with what is wrong in the configuration itself.
    pub fn folders(path: &Path) -> (PathBuf, Option<PathBuf>) {
        let base = path.parent().unwrap_or(Path::new("."));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let (table, _) = toml::de::DeTable::parse_recoverable(&text);
        let text = |key: &str| table.get_ref().get(key).and_then(|value| value.get_ref().as_str());
        (base.join(text("rules").unwrap_or("rules")), text("templates").map(|folder| base.join(folder)))
    }

    /// Checks the text of a configuration file. Paths in it are relative to the file's folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(path: &Path, text: &str) -> Result<Self, Vec<Finding>> {
        file::read(path, text)
    }
}

/// Whether the group or all may read, write or run a file.
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}
