//! The audit: what was sent, what lies in the mailboxes and what the desk says, held against each other.
//!
//! In: plain rows. Out: counts, and everything that is wrong.

use postroom_testbed::StoredMail;
use postroom_testbed::load::{Kind, LoadMail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything there is to compare.
#[derive(Debug, Default)]
pub struct Evidence {
    /// What was sent to the desk, in order.
    pub sent: Vec<LoadMail>,
    /// The Message-IDs in the desk's own mailbox.
    pub support: Vec<String>,
    /// Customers' and agents' mailboxes.
    pub mailboxes: Vec<StoredMail>,
    /// `inbox list`, `ticket list` and `outbox list`, as JSON.
    pub inbox: Vec<Value>,
    pub tickets: Vec<Value>,
    pub outbox: Vec<Value>,
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub counts: BTreeMap<String, usize>,
    /// Empty when all is well.
    pub wrong: Vec<String>,
}

impl Audit {
    /// Fails unless nothing is wrong.
    pub fn insist(&self, after: &str) {
        let shown: Vec<_> = self.wrong.iter().take(20).collect();
        assert!(self.wrong.is_empty(), "after {after}: {self}; {shown:#?}");
        println!("after {after}: {self}");
    }

    pub fn count(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or_default()
    }

    fn add(&mut self, what: impl Into<String>, count: usize) {
        *self.counts.entry(what.into()).or_default() += count;
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.counts {
            write!(f, "{what} {count}, ")?;
        }
        write!(f, "wrong {}", self.wrong.len())
    }
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The subject as it stands in a mail of the load, which is the mail's own.
fn subject(mail: &LoadMail) -> String {
    let head = String::from_utf8_lossy(&mail.raw);
    let line = head.lines().find_map(|line| line.strip_prefix("Subject: "));
    line.unwrap_or_default().to_owned()
}

/// Holds everything against everything.
pub fn audit(evidence: &Evidence) -> Audit {
    let mut audit = Audit::default();
    audit.add("mails", evidence.sent.len());
    evidence.mails(&mut audit);
    evidence.tickets(&mut audit);
    evidence.outgoing(&mut audit);
    audit
}

impl Evidence {
    /// Every mail is still in the desk's mailbox, and has exactly one outcome: the right one, on the right ticket.
    fn mails(&self, audit: &mut Audit) {
        let in_mailbox: BTreeSet<&str> = self.support.iter().map(String::as_str).collect();
        let requesters: BTreeMap<&str, &str> =
            self.tickets.iter().map(|ticket| (text(ticket, "reference"), text(ticket, "requester"))).collect();
        let mut rows: BTreeMap<(&str, String), Vec<&Value>> = BTreeMap::new();
        for row in &self.inbox {
            let outcome = if text(row, "outcome").is_empty() { text(row, "state") } else { text(row, "outcome") };
            audit.add(outcome, 1);
            rows.entry((text(row, "from"), text(row, "subject").to_owned())).or_default().push(row);
        }
        let mut deliveries: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for mail in &self.sent {
            *deliveries.entry((&mail.from, subject(mail))).or_default() += 1;
            if !in_mailbox.contains(mail.message_id.as_str()) {
                audit.wrong.push(format!("{} is no longer in the desk's mailbox", mail.message_id));
            }
        }
        for mail in &self.sent {
            let key = (mail.from.as_str(), subject(mail));
            let rows = rows.remove(&key);
            let (expected, first) = match mail.kind {
                Kind::First => ("ticket-opened", mail),
                Kind::FollowUp(first) => ("follow-up", &self.sent[first]),
                // It was looked at with the mail that it is a copy of.
                Kind::Copy(_) => continue,
            };
            let id = &mail.message_id;
            let Some(rows) = rows else {
                audit.wrong.push(format!("{id} is lost: no mail of the inbox is it"));
                continue;
            };
            if rows.len() < deliveries[&key] {
                let count = deliveries[&key];
                audit.wrong.push(format!("{id} came {count} times and is {} times in the inbox", rows.len()));
            }
            let (copies, ends): (Vec<&Value>, Vec<&Value>) =
                rows.into_iter().partition(|row| text(row, "outcome") == "duplicate");
            let outcomes: Vec<_> = ends.iter().map(|row| text(row, "outcome")).collect();
            if outcomes != [expected] {
                let count = copies.len();
                audit.wrong.push(format!("{id} should be one {expected} and is {outcomes:?} and {count} duplicates"));
            }
            for row in ends {
                if requesters.get(text(row, "ticket")) != Some(&first.from.as_str()) {
                    audit.wrong.push(format!("{id} is on {:?}, which is not its author's", row.get("ticket")));
                }
            }
        }
        for ((from, subject), _) in rows {
            audit.wrong.push(format!("nobody has sent `{subject}` from {from}"));
        }
    }

    /// Every thread has one ticket, and nobody else has one.
    fn tickets(&self, audit: &mut Audit) {
        audit.add("tickets", self.tickets.len());
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for ticket in &self.tickets {
            *count.entry(text(ticket, "requester")).or_default() += 1;
        }
        for first in self.firsts() {
            match count.remove(first.from.as_str()).unwrap_or_default() {
                1 => {}
                tickets => audit.wrong.push(format!("{} has {tickets} tickets", first.from)),
            }
        }
        for (requester, tickets) in count {
            audit.wrong.push(format!("{requester} has written nothing and has {tickets} tickets"));
        }
    }

    fn firsts(&self) -> impl Iterator<Item = &LoadMail> {
        self.sent.iter().filter(|mail| mail.kind == Kind::First)
    }

    /// What was written was sent, what was sent was written, and every customer has one acknowledgement that answers
    /// the first mail.
    fn outgoing(&self, audit: &mut Audit) {
        let mut arrived: BTreeMap<String, Vec<&StoredMail>> = BTreeMap::new();
        for mail in &self.mailboxes {
            arrived.entry(mail.message_id()).or_default().push(mail);
        }
        audit.add("sent", self.mailboxes.len());
        audit.add("re-sent", arrived.values().map(|copies| copies.len() - 1).sum());
        let first_ids: BTreeMap<&str, &str> =
            self.firsts().map(|first| (first.from.as_str(), first.message_id.as_str())).collect();
        let mut acknowledgements: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in &self.outbox {
            let (id, to) = (text(row, "message_id"), text(row, "to"));
            if text(row, "state") != "sent" {
                audit.wrong.push(format!("{} to {to} is {}", text(row, "purpose"), text(row, "state")));
            }
            if text(row, "purpose") == "acknowledgement" {
                acknowledgements.entry(to).or_default().push(id);
            }
            match arrived.remove(id) {
                None => audit.wrong.push(format!("{} {id} never came to {to}", text(row, "purpose"))),
                Some(copies) if copies.iter().any(|copy| body(copy) != body(copies[0])) => {
                    audit.wrong.push(format!("{id} was sent with two contents"));
                }
                Some(copies) if text(row, "purpose") == "acknowledgement" => {
                    let wanted = first_ids.get(to).map(|id| format!("<{id}>")).unwrap_or_default();
                    let answers = copies[0].header("In-Reply-To").unwrap_or_default();
                    let references = copies[0].header("References").unwrap_or_default();
                    if answers != wanted || !references.split_whitespace().any(|id| id == wanted) {
                        audit.wrong.push(format!("{id} to {to} answers {answers:?} ({references:?}), not {wanted}"));
                    }
                }
                Some(_) => {}
            }
        }
        for id in arrived.keys() {
            audit.wrong.push(format!("{id} was sent, and the outbox knows nothing of it"));
        }
        audit.add("acknowledgements", acknowledgements.values().map(Vec::len).sum());
        for first in self.firsts() {
            match acknowledgements.remove(first.from.as_str()).unwrap_or_default()[..] {
                [_] => {}
                ref ids => audit.wrong.push(format!("{} has {} acknowledgements: {ids:?}", first.from, ids.len())),
            }
        }
    }
}

/// What the desk wrote, without what servers put on top.
fn body(mail: &StoredMail) -> String {
    let text = String::from_utf8_lossy(&mail.raw);
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
