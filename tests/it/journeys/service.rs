//! A journey through the whole service: real loops, a scripted IMAP server, an SMTP server, a database.

use super::story::{self, Teller};
use crate::support::desk;
use crate::support::imap_server::ImapServer;
use crate::support::smtp_server::SmtpServer;
use crate::support::wait_until;
use jiff::{SignedDuration, Timestamp};
use postroom::clock::Clock;
use postroom::compose::template::Templates;
use postroom::serve::{self, desk::Desk};
use postroom::store::Store;
use postroom::store::list::Filter;
use postroom::ticket::{Ticket, TicketId};
use std::collections::BTreeMap;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A desk at work.
pub struct Service {
    store: Store,
    clock: Clock,
    imap: ImapServer,
    smtp: SmtpServer,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
    _folder: tempfile::TempDir,
    inbox_told: i64,
    outbox_told: i64,
    events_told: BTreeMap<TicketId, usize>,
    tickets_told: BTreeMap<TicketId, Ticket>,
}

impl Service {
    pub async fn start(start: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (imap, smtp) = (ImapServer::start().await, SmtpServer::start().await);
        let config = desk::config(folder.path(), &imap.endpoint(), &smtp.endpoint());
        let store = Store::open(&config.database).await.unwrap();
        let clock = Clock::set_to(start);
        let templates = Templates::compile(&[]).unwrap();
        let desk = Desk::new(store.clone(), clock.clone(), &config, desk::rules(), templates);
        let stop = CancellationToken::new();
        let running = tokio::spawn(serve::run(desk, config, stop.clone()));
        Self {
            store,
            clock,
            imap,
            smtp,
            stop,
            running,
            _folder: folder,
            inbox_told: 0,
            outbox_told: 0,
            events_told: BTreeMap::new(),
            tickets_told: BTreeMap::new(),
        }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }

    /// Waits until nothing is left to do at this time.
    async fn settle(&self, mails: usize) {
        let all = Filter::default();
        wait_until("every mail is received and settled", async || {
            let inbox = self.store.list_inbox(&all).await.unwrap();
            inbox.len() >= mails && inbox.iter().all(|row| row.state != "new" && row.state != "processing")
        })
        .await;
        wait_until("every deadline that has come is met", async || {
            self.store.next_deadline().await.unwrap().is_none_or(|next| next > self.clock.now())
        })
        .await;
        wait_until("every mail is sent", async || {
            self.store.list_outbox(&all).await.unwrap().iter().all(|row| row.state == "sent")
        })
        .await;
    }
}

impl Teller for Service {
    async fn mail(&mut self, raw: Vec<u8>) {
        self.imap.deliver("INBOX", raw, self.clock.now());
        self.settle(self.imap.mails("INBOX").len()).await;
    }

    async fn wait(&mut self, time: SignedDuration) {
        let until = self.clock.now() + time;
        while let Some(next) = self.store.next_deadline().await.unwrap().filter(|next| *next <= until) {
            self.clock.move_to(next.max(self.clock.now()));
            self.settle(0).await;
        }
        self.clock.move_to(until);
    }

    fn sent(&self) -> Vec<(String, Vec<u8>)> {
        self.smtp.mails().into_iter().map(|mail| (mail.to[0].clone(), mail.bytes)).collect()
    }

    async fn news(&mut self) -> Vec<String> {
        let all = Filter::default();
        let mut news = Vec::new();
        let mut inbox = self.store.list_inbox(&all).await.unwrap();
        inbox.retain(|row| row.id > self.inbox_told);
        inbox.sort_by_key(|row| row.id);
        for row in inbox {
            self.inbox_told = row.id;
            let mut outcome = row.outcome.unwrap();
            if let Some(cause) = row.cause {
                outcome = format!("{outcome}({cause})");
            }
            news.push(story::outcome_line(&outcome, row.ticket, &row.reasons.unwrap()));
        }
        let mut outbox = self.store.list_outbox(&all).await.unwrap();
        outbox.retain(|row| row.id > self.outbox_told);
        outbox.sort_by_key(|row| row.id);
        for row in outbox {
            self.outbox_told = row.id;
            news.push(story::send_line(&row.purpose, &row.to));
        }
        let mut tickets: Vec<TicketId> =
            self.store.list_tickets(&all).await.unwrap().iter().map(|row| row.id).collect();
        tickets.sort();
        for id in tickets {
            let events = self.store.timeline(id).await.unwrap();
            let told = self.events_told.insert(id, events.len()).unwrap_or(0);
            news.extend(events[told..].iter().filter_map(story::event_line));
            let ticket = self.store.find_ticket(id).await.unwrap().unwrap();
            let before = self.tickets_told.insert(id, ticket.clone());
            if before.is_none_or(|before| before.version != ticket.version) {
                news.push(story::ticket_line(&ticket));
            }
        }
        desk::settled_news(news)
    }
}
