//! The desk as one batch of work sees it: what was looked up, and what the decisions so far have made of it.
//!
//! Mails of one batch may belong together: a follow-up can stand right behind the mail that opens its ticket. So
//! decisions are made one after the other against this picture, and the database gets all of it at the end.

use crate::compose::Stamps;
use crate::decide::breaker::{counted_as, domain_of};
use crate::decide::draft::Draft;
use crate::decide::policy::Traffic;
use crate::decide::{DeadlineKind, Outcome, Standing};
use crate::message::{Address, Attachment, MessageId};
use crate::store::{Changes, Looked, Lookup, Quoted, Settled, traffic};
use crate::thread::{FirstCopy, Known, ThreadKeys};
use crate::ticket::people::{AgentId, PartyId};
use crate::ticket::purpose::Purpose;
use crate::ticket::{Ticket, TicketId};
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

/// What is known and changed within one batch of work.
#[derive(Debug, Clone, Default)]
pub struct Working {
    /// Tickets that the batch may touch, as they are by now.
    pub tickets: HashMap<TicketId, Ticket>,
    /// Tickets that mails with these ids are on.
    pub tickets_by_message: HashMap<MessageId, TicketId>,
    /// The last ticket with each of these keys of alerts.
    pub alerts: HashMap<String, TicketId>,
    /// The first inbox row with each of these ids, and the digest of its content.
    pub same_ids: HashMap<MessageId, Vec<FirstCopy>>,
    /// Addresses, in lower case, of people who have, or had, a ticket.
    pub known_addresses: HashSet<String>,
    /// Addresses, in lower case, that get no automatic mail any more.
    pub suppressed: HashSet<String>,
    /// Breakers that are open, by where they stand, until when.
    pub breakers: HashMap<String, Timestamp>,
    /// Breakers that opened within the last hour, as far as they matter.
    pub breakers_hour: u32,
    /// Automatic mail that went to each address, as it is counted, or domain, within the last hour and day.
    pub traffic: HashMap<String, (u32, u32)>,
    /// Automatic mail on each ticket within the last ten minutes and ten hours.
    pub ticket_traffic: HashMap<TicketId, (u32, u32)>,
    /// Notifications of agents on each ticket within the last ten minutes.
    pub told: HashMap<TicketId, u32>,
    /// Automatic mail of the whole desk within the last hour.
    pub desk_hour: u32,
    /// Notices within the last day that a mail was not taken, by [`notice`](traffic::notice).
    pub notices_day: HashMap<String, u32>,
    /// The number that the next ticket gets.
    pub next_ticket: i64,
    /// What the batch changes, but for what is kept below until its end.
    pub changes: Changes,
    /// Tickets that the batch opened.
    pub opened: BTreeSet<TicketId>,
    /// Tickets that were there and are changed.
    pub changed: BTreeSet<TicketId>,
    /// Where each deadline that the batch touched ends up.
    pub deadlines: BTreeMap<(TicketId, DeadlineKind), Option<Timestamp>>,
    /// The agents behind mails that agents wrote, as far as that was asked.
    pub written_by: HashMap<MessageId, AgentId>,
    /// Mails that others quote, as far as that was asked.
    pub quoted: HashMap<Quoted, Vec<Vec<u8>>>,
    /// Mails that are still to be composed.
    pub pending: Vec<Pending>,
}

/// A mail that is decided but not composed yet, with all that composing it takes.
#[derive(Debug, Clone)]
pub struct Pending {
    /// What to write.
    pub draft: Draft,
    /// The ticket as it was when the decision was applied.
    pub ticket: Option<Ticket>,
    /// The party it goes to.
    pub party: Option<PartyId>,
    /// The address it goes to.
    pub to: Address,
    /// Its ids and its thread.
    pub stamps: Stamps,
    /// Files that go along.
    pub enclosed: Option<Enclosed>,
    /// When it was decided.
    pub at: Timestamp,
}

/// Files of a mail that came in, still within it: what is large is not unpacked before it is needed.
#[derive(Debug, Clone)]
pub struct Enclosed {
    /// The mail as it came.
    pub raw: Bytes,
    /// Those that are meant.
    pub files: Vec<Attachment>,
}

impl Working {
    /// What is known of a message's thread.
    pub fn known(&self, id: &MessageId, inbox: i64, author: Option<&Address>, keys: &ThreadKeys) -> Known {
        let foreign = keys.foreign_ids.iter();
        let by_message = |id| self.tickets_by_message.get(id).copied().filter(|on| self.tickets.contains_key(on));
        let tickets_by_message = foreign.filter_map(|id| Some((id.clone(), by_message(id)?))).collect();
        let is_party_to_tag = keys
            .tag
            .and_then(|tag| self.tickets.get(&tag))
            .is_some_and(|ticket| author.is_some_and(|author| ticket.party_of(author).is_some()));
        let overtaken = keys.overtaken.as_ref();
        let copies = self.same_ids.get(id).into_iter().flatten();
        Known {
            gone: keys.named_tickets().filter(|ticket| !self.tickets.contains_key(ticket)).collect(),
            tickets_by_message,
            opened_by_answer: overtaken.and_then(|keys| by_message(&keys.by_sender)),
            opened_by_claim: overtaken.and_then(|keys| by_message(&keys.by_claim)),
            same_id: copies.filter(|copy| copy.inbox != inbox).copied().collect(),
            is_party_to_tag,
        }
    }

    /// What automatic mail an address has had, and whether it may have more. `notice` is the kind of notice that a mail
    /// that is not taken would lead to.
    pub fn standing(&self, to: Option<&Address>, ticket: Option<TicketId>, notice: Option<Purpose>) -> Standing {
        let key = to.map(Address::key).unwrap_or_default();
        let counted = counted_as(&key);
        let (address_hour, address_day) = self.traffic.get(&counted).copied().unwrap_or_default();
        let domain = domain_of(&counted);
        let (domain_hour, _) = domain.and_then(|domain| self.traffic.get(domain)).copied().unwrap_or_default();
        let on_ticket = ticket.and_then(|id| self.ticket_traffic.get(&id)).copied().unwrap_or_default();
        let (ticket_10_minutes, ticket_10_hours) = on_ticket;
        let told_10_minutes = ticket.and_then(|id| self.told.get(&id)).copied().unwrap_or_default();
        let notice = notice.map(|purpose| traffic::notice(purpose, ticket, &key));
        let notices_day = notice.and_then(|notice| self.notices_day.get(&notice)).copied().unwrap_or_default();
        let desk_hour = self.desk_hour;
        Standing {
            traffic: Traffic {
                address_hour,
                address_day,
                domain_hour,
                ticket_10_minutes,
                ticket_10_hours,
                told_10_minutes,
                desk_hour,
                notices_day,
            },
            is_suppressed: self.suppressed.contains(&key),
            open_breaker: self.open_breaker(&key, &counted, ticket),
            breakers_hour: self.breakers_hour,
            holder: None,
        }
    }

    /// The breaker that keeps automatic mail from an address, if one does: the one that keeps it from most. Older
    /// releases opened them for addresses with their detail.
    fn open_breaker(&self, key: &str, counted: &str, ticket: Option<TicketId>) -> Option<(String, Timestamp)> {
        // Mostly there is none at all.
        if self.breakers.is_empty() {
            return None;
        }
        let ticket = ticket.map(|ticket| ticket.to_string());
        let places = [Some(""), ticket.as_deref(), domain_of(counted), Some(counted), Some(key)].into_iter().flatten();
        places.filter_map(|place| Some((place.to_owned(), *self.breakers.get(place)?))).next()
    }

    /// Counts an automatic mail, so that the next decision of the batch knows of it.
    pub fn count_automatic(&mut self, to: &Address, ticket: Option<TicketId>, purpose: Purpose) {
        if purpose.is_notice() {
            *self.notices_day.entry(traffic::notice(purpose, ticket, &to.key())).or_default() += 1;
        }
        let counted = counted_as(&to.key());
        if let Some(domain) = domain_of(&counted) {
            let counts = self.traffic.entry(domain.to_owned()).or_default();
            *counts = (counts.0 + 1, counts.1 + 1);
        }
        let counts = self.traffic.entry(counted).or_default();
        *counts = (counts.0 + 1, counts.1 + 1);
        if let Some(ticket) = ticket {
            let counts = self.ticket_traffic.entry(ticket).or_default();
            *counts = (counts.0 + 1, counts.1 + 1);
        }
        self.desk_hour += 1;
    }

    /// Notes that a mail is done, so that a second copy within the batch is recognised. `speaks` is whether it was filed as
    /// words of somebody who may speak on its ticket.
    pub fn settle(&mut self, settled: Settled, is_vouched_for: bool, speaks: bool) {
        if !matches!(settled.outcome, Outcome::Duplicate(_)) {
            let (inbox, digest) = (settled.inbox, settled.content_digest);
            let did = Outcome::did(settled.outcome.word(), settled.ticket, speaks);
            let copy = FirstCopy { inbox, digest, is_vouched_for, did };
            self.same_ids.entry(settled.message_id.clone()).or_default().push(copy);
        }
        self.changes.settled.push(settled);
    }

    /// The changes, but for the mails that are still to be composed, which are handed out beside them, and how they
    /// leave the desk.
    pub fn finish(mut self) -> (Changes, Vec<Pending>, Picture) {
        let mut changes = std::mem::take(&mut self.changes);
        for id in &self.opened {
            changes.opened.extend(self.tickets.remove(id));
        }
        for id in self.changed.difference(&self.opened) {
            changes.changed.extend(self.tickets.remove(id));
        }
        for ((ticket, kind), due_at) in std::mem::take(&mut self.deadlines) {
            match due_at {
                Some(due_at) => changes.deadlines_set.push((ticket, kind, due_at)),
                None => changes.deadlines_cleared.push((ticket, kind)),
            }
        }
        let opened = changes.opened.iter().cloned();
        // Writing a change counts it.
        let changed = changes.changed.iter().map(|ticket| Ticket { version: ticket.version + 1, ..ticket.clone() });
        self.tickets = opened.chain(changed).map(|ticket| (ticket.id, ticket)).collect();
        self.quoted.clear();
        let pending = std::mem::take(&mut self.pending);
        (changes, pending, Picture { working: self })
    }

    /// Puts what the batch before leaves over what was looked up, whether that was written by then or not.
    ///
    /// Only as far as was `asked`: else each batch would hand on all that it was handed, for as long as there is mail.
    pub fn stand_on(&mut self, before: &Picture, asked: &Lookup) {
        let before = &before.working;
        add_missing(&mut self.tickets_by_message, &before.tickets_by_message, &asked.message_ids);
        for (id, copies) in asked.same_ids.iter().filter_map(|id| before.same_ids.get_key_value(id)) {
            let known = self.same_ids.entry(id.clone()).or_default();
            let is_missing = |copy: &&FirstCopy| known.iter().all(|known| known.inbox != copy.inbox);
            let missing: Vec<FirstCopy> = copies.iter().filter(is_missing).copied().collect();
            known.extend(missing);
        }
        for (key, on) in asked.alerts.iter().filter_map(|key| before.alerts.get_key_value(key)) {
            let last = self.alerts.entry(key.clone()).or_insert(*on);
            *last = (*last).max(*on);
        }
        let known = self.tickets_by_message.values().chain(self.alerts.values());
        let named: HashSet<TicketId> = asked.tickets.iter().chain(known).copied().collect();
        for (id, ticket) in named.iter().filter_map(|id| before.tickets.get_key_value(id)) {
            // Somebody may have changed it since.
            if self.tickets.get(id).is_none_or(|found| found.version < ticket.version) {
                self.tickets.insert(*id, ticket.clone());
            }
        }
        // What was counted in the database may hold the batch before or not; ours holds it for sure.
        let of_both = |one: (u32, u32), other: (u32, u32)| (one.0.max(other.0), one.1.max(other.1));
        keep_larger(&mut self.ticket_traffic, &before.ticket_traffic, &named, of_both);
        keep_larger(&mut self.told, &before.told, &named, u32::max);
        let addresses: HashSet<String> = asked.addresses.iter().map(|address| address.to_lowercase()).collect();
        self.known_addresses.extend(before.known_addresses.intersection(&addresses).cloned());
        self.suppressed.extend(before.suppressed.intersection(&addresses).cloned());
        let counted: HashSet<String> = addresses.iter().map(|address| counted_as(address)).collect();
        let domains = counted.iter().filter_map(|address| domain_of(address)).map(str::to_owned);
        let domains: HashSet<String> = domains.collect();
        keep_larger(&mut self.traffic, &before.traffic, counted.union(&domains), of_both);
        let notices = asked.notice_references(&self.tickets_by_message);
        keep_larger(&mut self.notices_day, &before.notices_day, &notices, u32::max);
        let written = asked.written.iter().filter_map(|(_, id)| before.written_by.get_key_value(id));
        self.written_by.extend(written.map(|(id, agent)| (id.clone(), agent.clone())));
        self.breakers.extend(before.breakers.iter().map(|(place, until)| (place.clone(), *until)));
        self.breakers_hour = self.breakers_hour.max(before.breakers_hour);
        self.desk_hour = self.desk_hour.max(before.desk_hour);
        self.next_ticket = self.next_ticket.max(before.next_ticket);
    }
}

/// Adds what is known of these keys and was not found.
fn add_missing<K: Eq + Hash + Clone, V: Copy>(found: &mut HashMap<K, V>, known: &HashMap<K, V>, keys: &[K]) {
    for (key, value) in keys.iter().filter_map(|key| known.get_key_value(key)) {
        found.entry(key.clone()).or_insert(*value);
    }
}

fn keep_larger<'k, K: Eq + Hash + Clone + 'k, V: Copy + Default>(
    counts: &mut HashMap<K, V>,
    others: &HashMap<K, V>,
    keys: impl IntoIterator<Item = &'k K>,
    larger: impl Fn(V, V) -> V,
) {
    for (key, other) in keys.into_iter().filter_map(|key| others.get_key_value(key)) {
        let count = counts.entry(key.clone()).or_default();
        *count = larger(*count, *other);
    }
}

/// The desk as a batch leaves it: what it looked up and what it decided, while it is still being written.
#[derive(Debug)]
pub struct Picture {
    /// Its tickets are those that the batch opened or changed, as they are when that is written.
    working: Working,
}

impl Picture {
    /// Has the tickets looked up that only this batch knows to belong to mails that are answered.
    pub fn add_to(&self, lookup: &mut Lookup) {
        let on = lookup.message_ids.iter().filter_map(|id| self.working.tickets_by_message.get(id));
        lookup.tickets.extend(on.copied());
        lookup.tickets.extend(lookup.alerts.iter().filter_map(|key| self.working.alerts.get(key)).copied());
    }
}

impl From<Looked> for Working {
    fn from(looked: Looked) -> Self {
        let traffic = looked.traffic.into_iter().map(|(address, sent)| (address, (sent.hour, sent.day))).collect();
        let ticket_traffic = looked
            .ticket_traffic
            .into_iter()
            .map(|(ticket, sent)| (ticket, (sent.ten_minutes, sent.ten_hours)))
            .collect();
        Self {
            tickets: looked.tickets,
            tickets_by_message: looked.tickets_by_message,
            alerts: looked.alerts,
            same_ids: looked.same_ids,
            known_addresses: looked.known_addresses,
            suppressed: looked.suppressed,
            breakers: looked.breakers.open,
            breakers_hour: looked.breakers.opened_hour,
            traffic,
            ticket_traffic,
            told: looked.told,
            desk_hour: looked.desk_hour,
            notices_day: looked.notices_day,
            next_ticket: looked.next_ticket,
            written_by: looked.written_by,
            quoted: looked.quoted,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Digest;
    use crate::thread::Did;

    /// A batch that knew nothing, and wrote one mail to each of these.
    fn wrote_to(addresses: &[&str]) -> Working {
        let mut working = Working::default();
        for address in addresses {
            working.count_automatic(&Address::bare(*address), None, Purpose::Acknowledgement);
            let id = MessageId((*address).to_owned());
            working.tickets_by_message.insert(id.clone(), TicketId(1001));
            let digest = Digest::of(b"");
            working.same_ids.insert(id, vec![FirstCopy { inbox: 1, digest, is_vouched_for: false, did: Did::More }]);
            working.known_addresses.insert((*address).to_owned());
        }
        working
    }

    fn asked(address: &str) -> Lookup {
        let id = MessageId(address.to_owned());
        Lookup {
            message_ids: vec![id.clone()],
            same_ids: vec![id],
            addresses: vec![address.to_uppercase()],
            ..Lookup::default()
        }
    }

    #[test]
    fn a_batch_is_handed_what_it_asks_for_and_nothing_else() {
        let (.., before) = wrote_to(&["ann@one.example", "bob@two.example"]).finish();
        let mut working = Working::default();
        working.stand_on(&before, &asked("ann@one.example"));
        assert_eq!(working.traffic.get("ann@one.example"), Some(&(1, 1)));
        assert_eq!(working.traffic.get("@one.example"), Some(&(1, 1)));
        assert_eq!(working.desk_hour, 2);
        let ann = MessageId("ann@one.example".to_owned());
        assert_eq!(working.tickets_by_message.get(&ann), Some(&TicketId(1001)));
        assert!(working.same_ids.contains_key(&ann) && working.known_addresses.contains("ann@one.example"));
        let sizes = [working.traffic.len(), working.tickets_by_message.len(), working.same_ids.len()];
        assert_eq!((sizes, working.known_addresses.len()), ([2, 1, 1], 1), "nothing of bob's");
    }

    #[test]
    fn what_was_counted_twice_is_taken_once() {
        let (.., before) = wrote_to(&["ann@one.example"; 3]).finish();
        for (name, found, expected) in [("without the batch before", 1, 3), ("with it", 4, 4)] {
            let mut working = Working::default();
            working.traffic.insert("ann@one.example".to_owned(), (found, found));
            working.stand_on(&before, &asked("ann@one.example"));
            assert_eq!(working.traffic["ann@one.example"], (expected, expected), "{name}");
        }
    }
}
