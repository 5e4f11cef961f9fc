//! A journey through the pure core, with the tickets in memory.

use super::story::{self, Own, Teller};
use crate::support::desk::{self, INSTANCE};
use jiff::{SignedDuration, Timestamp};
use postroom::decide::DeadlineKind;
use postroom::decide::breaker::{counted_as, domain_of};
use postroom::message::{self, Digest};
use postroom::serve::desk::House;
use postroom::serve::working::Working;
use postroom::serve::{deadlines, process, write};
use postroom::store::{Due, InboxItem, Outgoing, Place, Quoted, traffic};
use postroom::ticket::TicketId;
use postroom::ticket::purpose::Purpose;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A desk without a database: what would be looked up is simply still there.
#[derive(Clone)]
pub struct Core {
    house: Arc<House>,
    pub working: Working,
    pub deadlines: BTreeMap<(TicketId, DeadlineKind), Timestamp>,
    now: Timestamp,
    inbox: Vec<Digest>,
    sent: Vec<(Timestamp, Outgoing)>,
    news: Vec<String>,
}

impl Core {
    pub fn new(start: Timestamp) -> Self {
        Self::of(start, &Own::default())
    }

    /// A desk that has something of its own.
    pub fn of(start: Timestamp, own: &Own) -> Self {
        Self {
            house: Arc::new(desk::house_with(INSTANCE, own)),
            working: Working { next_ticket: TicketId::FIRST.0, ..Working::default() },
            deadlines: BTreeMap::new(),
            now: start,
            inbox: Vec::new(),
            sent: Vec::new(),
            news: Vec::new(),
        }
    }

    /// Counts what went out lately, as the store would.
    fn look_back(&mut self) {
        let working = &mut self.working;
        (working.traffic, working.ticket_traffic, working.desk_hour, working.notices_day) = Default::default();
        working.told.clear();
        for (at, mail) in self.sent.iter().filter(|(_, mail)| mail.is_automatic) {
            let age = self.now.duration_since(*at);
            let is_recent = u32::from(age < SignedDuration::from_mins(10));
            if let (Some(ticket), Purpose::Notification) = (mail.ticket, Purpose::from_word(&mail.purpose).unwrap()) {
                *working.told.entry(ticket).or_default() += is_recent;
            }
            let to = mail.mail.envelope.to.to_lowercase();
            let is_within = |hours| u32::from(age < SignedDuration::from_hours(hours));
            let to = counted_as(&to);
            for subject in [domain_of(&to).unwrap_or_default().to_owned(), to] {
                let counts = working.traffic.entry(subject).or_default();
                *counts = (counts.0 + is_within(1), counts.1 + is_within(24));
            }
            working.desk_hour += is_within(1);
            let purpose = Purpose::from_word(&mail.purpose).unwrap();
            if purpose.is_notice() && age < SignedDuration::from_hours(24) {
                let to = mail.mail.envelope.to.to_lowercase();
                *working.notices_day.entry(traffic::notice(purpose, mail.ticket, &to)).or_default() += 1;
            }
            if let Some(ticket) = mail.ticket {
                let counts = working.ticket_traffic.entry(ticket).or_default();
                *counts = (counts.0 + is_recent, counts.1 + is_within(10));
            }
        }
        let now = self.now;
        working.breakers.retain(|_, until| *until > now);
    }

    /// Writes down what a decision has changed.
    fn commit(&mut self) {
        let changes = std::mem::take(&mut self.working.changes);
        let touched: Vec<TicketId> = self.working.opened.union(&self.working.changed).copied().collect();
        (self.working.opened, self.working.changed) = Default::default();
        for (deadline, due_at) in std::mem::take(&mut self.working.deadlines) {
            match due_at {
                Some(due_at) => self.deadlines.insert(deadline, due_at),
                None => self.deadlines.remove(&deadline),
            };
        }
        for settled in &changes.settled {
            self.news.push(story::outcome_line(&settled.outcome.to_string(), settled.ticket, &settled.reasons));
        }
        let mut events = changes.events;
        events.sort_by_key(|event| event.ticket);
        self.news.extend(events.iter().filter_map(story::event_line));
        for pending in std::mem::take(&mut self.working.pending) {
            let mail = write::compose(&self.house, pending).unwrap();
            self.news.push(story::send_line(&mail.purpose, &mail.mail.envelope.to));
            let id = message::parse(&mail.mail.bytes, self.now, &self.house.reader).id;
            if let (Some(ticket), Some(party)) = (mail.ticket, mail.party) {
                self.working.quoted.insert(Quoted::Ours(ticket, id), vec![mail.mail.bytes.clone()]);
                let last = self.working.quoted.entry(Quoted::Last(ticket, party)).or_default();
                last.insert(0, mail.mail.bytes.clone());
                last.truncate(3);
            }
            self.sent.push((self.now, mail));
        }
        for id in touched {
            self.news.push(story::ticket_line(&self.working.tickets[&id]));
        }
    }
}

impl Teller for Core {
    async fn mail(&mut self, raw: Vec<u8>) {
        self.look_back();
        let digest = Digest::of(&raw);
        let same_bytes_as = self.inbox.iter().position(|known| *known == digest).map(|at| at as i64 + 1);
        self.inbox.push(digest);
        let item = InboxItem {
            id: self.inbox.len() as i64,
            place: Place { mailbox: "support".into(), uid_validity: 1, uid: self.inbox.len() as u32 },
            received_at: self.now,
            attempt: 1,
            raw: raw.into(),
            oversize_bytes: None,
            same_bytes_as,
            tries: 1,
            released: false,
            claim: None,
        };
        // Whatever was sent or received can be quoted.
        let id = message::parse(&item.raw, self.now, &self.house.reader).id;
        self.working.quoted.insert(Quoted::Theirs(id), vec![item.raw.to_vec()]);
        let read = process::read(&self.house, &item);
        process::settle_one(&mut self.working, read, &self.house, self.now);
        self.commit();
    }

    async fn wait(&mut self, time: SignedDuration) {
        let until = self.now + time;
        loop {
            let next = self.deadlines.iter().min_by_key(|((ticket, _), due_at)| (**due_at, *ticket));
            let Some((&(ticket, kind), &due_at)) = next else { break };
            if due_at > until {
                break;
            }
            self.now = self.now.max(due_at);
            self.look_back();
            self.deadlines.remove(&(ticket, kind));
            let due = Due { ticket, kind, due_at, attempt: 1 };
            deadlines::settle_one(&mut self.working, &due, &self.house, self.now);
            self.commit();
        }
        self.now = until;
    }

    fn sent(&self) -> Vec<(String, Vec<u8>)> {
        self.sent.iter().map(|(_, mail)| (mail.mail.envelope.to.clone(), mail.mail.bytes.clone())).collect()
    }

    async fn news(&mut self) -> Vec<String> {
        desk::settled_news(std::mem::take(&mut self.news))
    }
}
