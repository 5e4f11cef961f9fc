//! A journey through the whole service: real loops, a scripted IMAP server, an SMTP server, a database.

use super::story::{self, Own, Teller};
use crate::support::desk;
use crate::support::service::Service;
use jiff::{SignedDuration, Timestamp};
use postroom::ticket::{Ticket, TicketId};
use std::collections::BTreeMap;

/// A desk at work, and what of it has been told.
pub struct Told {
    service: Service,
    inbox_told: i64,
    outbox_told: i64,
    events_told: BTreeMap<TicketId, usize>,
    tickets_told: BTreeMap<TicketId, Ticket>,
}

impl Told {
    pub async fn start(start: Timestamp, own: &Own) -> Self {
        let mut service = Service::prepare_with(start, own, |_| {}).await;
        service.open();
        Self { service, inbox_told: 0, outbox_told: 0, events_told: BTreeMap::new(), tickets_told: BTreeMap::new() }
    }

    pub async fn stop(mut self) {
        self.service.stop().await;
    }
}

impl Teller for Told {
    async fn mail(&mut self, raw: Vec<u8>) {
        self.service.deliver(raw);
        self.service.settle(self.service.imap.mails("INBOX").len()).await;
    }

    async fn wait(&mut self, time: SignedDuration) {
        let clock = &self.service.clock;
        let until = clock.now() + time;
        // What came due with the last mail.
        self.service.met().await;
        self.service.sent().await;
        while let Some(next) = self.service.store.next_deadline().await.unwrap().filter(|next| *next <= until) {
            clock.move_to(next.max(clock.now()));
            self.service.settle(0).await;
            self.service.met().await;
            self.service.sent().await;
        }
        clock.move_to(until);
    }

    fn sent(&self) -> Vec<(String, Vec<u8>)> {
        self.service.smtp.mails().into_iter().map(|mail| (mail.to[0].clone(), mail.bytes)).collect()
    }

    async fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        let mut inbox = self.service.inbox().await;
        inbox.retain(|row| row.id > self.inbox_told);
        for row in inbox {
            self.inbox_told = row.id;
            let mut outcome = row.outcome.unwrap();
            if let Some(cause) = row.cause {
                outcome = format!("{outcome}({cause})");
            }
            news.push(story::outcome_line(&outcome, row.ticket, &row.reasons.unwrap()));
        }
        let mut outbox = self.service.outbox().await;
        outbox.retain(|row| row.id > self.outbox_told);
        for row in outbox {
            self.outbox_told = row.id;
            news.push(story::send_line(&row.purpose, &row.to));
        }
        for id in self.service.tickets().await.iter().map(|row| row.id) {
            let events = self.service.store.timeline(id).await.unwrap();
            let told = self.events_told.insert(id, events.len()).unwrap_or(0);
            news.extend(events[told..].iter().filter_map(story::event_line));
            let ticket = self.service.store.find_ticket(id).await.unwrap().unwrap();
            let before = self.tickets_told.insert(id, ticket.clone());
            if before.is_none_or(|before| before.version != ticket.version) {
                news.push(story::ticket_line(&ticket));
            }
        }
        desk::settled_news(news)
    }
}
