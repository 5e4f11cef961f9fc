//! The desk that is measured: the shipped rules and templates, one agent, a database of its own.

use anyhow::{Context as _, Result, anyhow};
use postroom::classify::{RuleFile, RuleSet, compile};
use postroom::clock::Clock;
use postroom::compose::template::Templates;
use postroom::config::Config;
use postroom::serve::{self, desk::Desk};
use postroom::store::Store;
use postroom_testbed::MailBed;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The local part of the mailbox that is watched.
pub const USER: &str = "support";

/// A desk at work.
pub struct Running {
    pub store: Store,
    stop: CancellationToken,
    task: JoinHandle<Result<()>>,
}

impl Running {
    /// Opens the database, which is not measured, and hands over what starts the desk, which is.
    pub async fn prepare(config: &Config, rules: &Arc<RuleSet>) -> Result<Desk> {
        let store = Store::open(&config.database).await?;
        let templates = Templates::compile(&[]).map_err(|errors| anyhow!("{}", errors[0]))?;
        Ok(Desk::new(store, Clock::System, config, rules.clone(), templates))
    }

    pub fn start(desk: Desk, config: Config) -> Self {
        let (store, stop) = (desk.store.clone(), CancellationToken::new());
        let task = tokio::spawn(serve::run(desk, config, &serve::Role::ALL, stop.clone()));
        Self { store, stop, task }
    }

    pub async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.task.await??;
        self.store.close().await;
        Ok(())
    }
}

/// The configuration with the servers where they are, and so many connections that deliver.
pub fn config(folder: &Path, imap: SocketAddr, smtp: SocketAddr, connections: u32) -> Result<Config> {
    let domain = postroom_testbed::bed::DOMAIN;
    let text = format!(
        r#"
database = "sqlite://desk.db"
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
[[agent]]
name = "tessa"
address = "Tessa Tier <tessa@{domain}>"
tier = "tier-1"
"#,
        imap = imap.port(),
        smtp = smtp.port(),
        password = MailBed::password(USER),
    );
    let mut config =
        Config::read(&folder.join("postroom.toml"), &text).map_err(|findings| anyhow!("{}", findings[0]))?;
    config.smtp.connections = connections;
    Ok(config)
}

/// The rules that ship.
pub fn rules() -> Result<Arc<RuleSet>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(RuleFile { path: name, text: std::fs::read_to_string(&path)? });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    compile(&files).map(Arc::new).map_err(|errors| anyhow!("{}", errors[0]))
}
