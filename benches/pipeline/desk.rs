//! The desk that is measured: the shipped rules and templates, one agent, a database of its own.

use super::engine::{self, Until, Watcher};
use anyhow::{Context as _, Result, anyhow};
use postroom::classify::{RuleFile, RuleSet, compile};
use postroom::clock::Clock;
use postroom::compose::template::Templates;
use postroom::config::Config;
use postroom::serve;
use postroom::serve::desk::Desk;
use postroom::store::{DatabaseUrl, Store};
use postroom_testbed::MailBed;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The local part of the mailbox that is watched.
pub const USER: &str = "support";

/// The longest that one round may take.
pub const LIMIT: Duration = Duration::from_secs(300);

/// Where a desk works.
#[derive(Debug, Clone)]
pub struct Site {
    /// Of its database.
    pub url: String,
    /// How many work on it.
    pub workers: usize,
    pub imap: SocketAddr,
    pub smtp: SocketAddr,
    /// Connections that deliver, of each worker.
    pub connections: u32,
}

impl Site {
    /// Delivers nothing.
    pub fn without_smtp(url: String, workers: usize, imap: SocketAddr) -> Self {
        Self { url, workers, imap, smtp: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)), connections: 0 }
    }

    /// One worker on a new SQLite database, which delivers nothing.
    pub fn on_sqlite(folder: &Path, imap: SocketAddr) -> Self {
        Self::without_smtp(engine::sqlite_url(folder), 1, imap)
    }

    /// The same with a server that takes mail, if there is one.
    pub fn delivering(self, smtp: Option<SocketAddr>, connections: u32) -> Self {
        match smtp {
            Some(smtp) => Self { smtp, connections, ..self },
            None => self,
        }
    }

    /// The configuration file, with the servers where they are.
    pub fn text(&self) -> String {
        let domain = postroom_testbed::bed::DOMAIN;
        format!(
            r#"
database = "{url}"
rules = "{rules}"
[desk]
name = "Example Support"
address = "{USER}@{domain}"
[[mailbox]]
name = "support"
host = "127.0.0.1"
port = {imap}
security = "plain"
user = "{USER}@{domain}"
password = "{password}"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "plain"
connections = {connections}
[[agent]]
name = "tessa"
address = "Tessa Tier <tessa@{domain}>"
tier = "tier-1"
[caps]
per_address_hour = 1000000
per_address_day = 1000000
per_desk_hour = 1000000
per_domain_hour = 1000000
"#,
            url = self.url,
            rules = rules_folder().display(),
            connections = self.connections.max(1),
            imap = self.imap.port(),
            smtp = self.smtp.port(),
            password = MailBed::password(USER),
        )
    }

    pub fn config(&self) -> Result<Config> {
        // The name of a database that is made for one round need not be one that people may write.
        let text = Self { url: "sqlite://desk.db".to_owned(), ..self.clone() }.text();
        let mut config =
            Config::read(Path::new("postroom.toml"), &text).map_err(|findings| anyhow!("{}", findings[0]))?;
        config.database = DatabaseUrl::new(self.url.clone());
        config.smtp.connections = self.connections;
        Ok(config)
    }
}

/// Opens the database, which is not measured, and hands over what starts a desk, which is.
pub async fn prepare(config: &Config, rules: &Arc<RuleSet>) -> Result<Desk> {
    let store = Store::open(&config.database).await?;
    let templates = Templates::compile(&[]).map_err(|errors| anyhow!("{}", errors[0]))?;
    Ok(Desk::new(store, Clock::System, config, rules.clone(), templates))
}

/// The last numbers that were given out.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    pub inbox: usize,
    pub ticket: i64,
}

/// A desk at work, by one worker or several.
pub struct Running {
    pub store: Store,
    pub begun: Instant,
    /// What was there at the start.
    pub before: Before,
    watcher: Watcher,
    stop: CancellationToken,
    workers: Vec<(Store, JoinHandle<Result<()>>)>,
}

impl Running {
    pub async fn start(site: &Site, rules: &Arc<RuleSet>) -> Result<Self> {
        let config = site.config()?;
        let mut desks = Vec::new();
        for _ in 0..site.workers {
            desks.push(prepare(&config, rules).await?);
        }
        let mut watcher = Watcher::of(&site.url).await?;
        let inbox = watcher.number("SELECT last FROM counters WHERE name = 'inbox'").await?;
        let ticket = watcher.number("SELECT last FROM counters WHERE name = 'ticket'").await?;
        let before = Before { inbox: usize::try_from(inbox)?, ticket };
        let (store, stop, begun) = (desks[0].store.clone(), CancellationToken::new(), Instant::now());
        let start = |desk: Desk| {
            let store = desk.store.clone();
            (store, tokio::spawn(serve::run(desk, config.clone(), &serve::Role::ALL, stop.clone())))
        };
        let workers = desks.into_iter().map(start).collect();
        Ok(Self { store, begun, before, watcher, stop, workers })
    }

    /// Waits; returns how long it took since the start.
    pub async fn until(&mut self, until: Until) -> Result<Duration> {
        self.watcher.wait(until, self.begun, LIMIT).await
    }

    /// One number that a statement gives.
    pub async fn number(&mut self, sql: &'static str) -> Result<i64> {
        self.watcher.number(sql).await
    }

    /// See [`Watcher::written_bytes`].
    pub async fn written_bytes(&mut self) -> Result<usize> {
        self.watcher.written_bytes().await
    }

    pub async fn stop(self) -> Result<()> {
        self.watcher.close().await?;
        self.stop.cancel();
        for (store, task) in self.workers {
            task.await??;
            store.close().await;
        }
        Ok(())
    }
}

/// The rules that ship, ready to run.
pub fn rules() -> Result<Arc<RuleSet>> {
    compile(&rule_files()?).map(Arc::new).map_err(|errors| anyhow!("{}", errors[0]))
}

/// The rules that ship, as written.
pub fn rule_files() -> Result<Vec<RuleFile>> {
    let folder = rules_folder();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(RuleFile { path: name, text: std::fs::read_to_string(&path)? });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn rules_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}
