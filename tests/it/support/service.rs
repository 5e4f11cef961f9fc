//! The whole service, at work: real loops, a scripted IMAP server, an SMTP server, a database, a clock that is set.

use super::desk;
use super::imap_server::ImapServer;
use super::smtp_server::SmtpServer;
use super::wait_until;
use crate::journeys::story::Own;
use jiff::{SignedDuration, Timestamp};
use postroom::classify::RuleSet;
use postroom::clock::Clock;
use postroom::compose::template::Templates;
use postroom::config::Config;
use postroom::serve::{self, desk::Desk};
use postroom::store::Store;
use postroom::store::list::{Filter, InboxRow, OutboxRow, TicketRow};
use postroom::ticket::TicketId;
use postroom::ticket::event::Event;
use sqlx::Connection as _;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A desk with all that is around it.
pub struct Service {
    pub store: Store,
    pub clock: Clock,
    pub imap: ImapServer,
    pub smtp: SmtpServer,
    pub config: Config,
    rules: Arc<RuleSet>,
    running: Option<(CancellationToken, JoinHandle<anyhow::Result<()>>)>,
    _folder: tempfile::TempDir,
}

impl Service {
    /// A desk at work.
    pub async fn start(at: Timestamp) -> Self {
        let mut service = Self::prepare(at, |_| {}).await;
        service.open();
        service
    }

    /// A desk that has not opened yet, with its configuration changed.
    pub async fn prepare(at: Timestamp, change: impl FnOnce(&mut Config)) -> Self {
        Self::prepare_with(at, &Own::default(), change).await
    }

    /// The same for a desk that has something of its own.
    pub async fn prepare_with(at: Timestamp, own: &Own, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (imap, smtp) = (ImapServer::start().await, SmtpServer::start().await);
        let mut config = desk::config_with(folder.path(), &imap.endpoint(), &smtp.endpoint(), own);
        change(&mut config);
        let store = Store::open(&config.database).await.unwrap();
        let (clock, rules) = (Clock::set_to(at), desk::rules_with(own));
        Self { store, clock, imap, smtp, config, rules, running: None, _folder: folder }
    }

    /// The desk without its loops.
    pub fn desk(&self) -> Desk {
        self.desk_on(self.store.clone())
    }

    /// The same as another worker has it.
    pub fn desk_on(&self, store: Store) -> Desk {
        let templates = Templates::compile(&[]).unwrap();
        Desk::new(store, self.clock.clone(), &self.config, self.rules.clone(), templates)
    }

    /// From now on the desk has no rules but those that ship.
    pub fn forget_rules(&mut self) {
        self.rules = desk::rules();
    }

    /// Opens the desk.
    pub fn open(&mut self) {
        let stop = CancellationToken::new();
        let running = tokio::spawn(serve::run(self.desk(), self.config.clone(), &serve::Role::ALL, stop.clone()));
        self.running = Some((stop, running));
    }

    /// Closes the desk in order, and waits until it has.
    pub async fn stop(&mut self) {
        if let Some((stop, running)) = self.running.take() {
            stop.cancel();
            running.await.unwrap().unwrap();
        }
    }

    /// Time passes.
    pub fn pass(&self, time: SignedDuration) {
        self.clock.move_to(self.clock.now() + time);
    }

    /// A mail arrives.
    pub fn deliver(&self, raw: impl Into<Vec<u8>>) -> u32 {
        self.imap.deliver("INBOX", raw, self.clock.now())
    }

    /// Does this to the database, behind the desk's back.
    pub async fn meddle(&self, sql: impl Into<String>) {
        let mut database = sqlx::SqliteConnection::connect(&self.config.database).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.into())).execute(&mut database).await.unwrap();
    }

    pub async fn inbox(&self) -> Vec<InboxRow> {
        let mut rows = self.store.list_inbox(&Filter::default()).await.unwrap();
        rows.sort_by_key(|row| row.id);
        rows
    }

    pub async fn outbox(&self) -> Vec<OutboxRow> {
        let mut rows = self.store.list_outbox(&Filter::default()).await.unwrap();
        rows.sort_by_key(|row| row.id);
        rows
    }

    pub async fn tickets(&self) -> Vec<TicketRow> {
        let mut rows = self.store.list_tickets(&Filter::default()).await.unwrap();
        rows.sort_by_key(|row| row.id);
        rows
    }

    pub async fn timeline(&self, ticket: i64) -> Vec<Event> {
        self.store.timeline(TicketId(ticket)).await.unwrap()
    }

    /// How each mail of the inbox ended, in order; those that did not, by their state.
    pub async fn outcomes(&self) -> Vec<String> {
        let told = |row: InboxRow| match (row.outcome, row.cause) {
            (Some(outcome), Some(cause)) => format!("{outcome}({cause})"),
            (Some(outcome), None) => outcome,
            (None, _) => row.state,
        };
        self.inbox().await.into_iter().map(told).collect()
    }

    /// The mails that went to an address, by purpose, in the order of the outbox.
    pub async fn purposes_to(&self, address: &str) -> Vec<String> {
        let rows = self.outbox().await.into_iter().filter(|row| row.to == address);
        rows.map(|row| row.purpose).collect()
    }

    /// Waits until so many mails have come in and all of them have ended.
    pub async fn received(&self, mails: usize) {
        wait_until(&format!("{mails} mails are received and settled"), async || {
            let inbox = self.inbox().await;
            inbox.len() >= mails && inbox.iter().all(|row| row.state != "new" && row.state != "processing")
        })
        .await;
    }

    /// Waits until nothing waits to be sent.
    pub async fn sent(&self) {
        wait_until("every mail is sent or given up", async || {
            self.outbox().await.iter().all(|row| matches!(row.state.as_str(), "sent" | "failed"))
        })
        .await;
    }

    /// Waits until no deadline is being dealt with: one that is claimed is due again only when its claim is over.
    pub async fn met(&self) {
        wait_until("every deadline that was claimed is met", async || {
            let mut database = sqlx::SqliteConnection::connect(&self.config.database).await.unwrap();
            let claimed = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM deadlines WHERE attempt > 0");
            claimed.fetch_one(&mut database).await.unwrap() == 0
        })
        .await;
    }

    /// Waits until nothing is left to do at this time.
    pub async fn settle(&self, mails: usize) {
        self.received(mails).await;
        wait_until("every deadline that has come is met", async || {
            self.store.next_deadline().await.unwrap().is_none_or(|next| next > self.clock.now())
        })
        .await;
        self.sent().await;
    }
}
