//! The store against real databases: what is kept, what is claimed, who wins. The same cases on SQLite, in a temporary
//! folder, and on PostgreSQL, on a server that all of them share.
#![allow(clippy::duplicate_mod, reason = "the same cases on both databases")]

mod opening;
mod transfer;
mod workers;

/// The cases on SQLite.
#[path = "store"]
mod on_sqlite {
    use super::*;

    mod delivery;
    mod gate;
    mod intake;
    mod judged;
    mod lists;
    mod prune;
    mod tickets;

    async fn desk() -> Desk {
        Desk::on_sqlite().await
    }
}

/// The cases on PostgreSQL.
#[path = "store"]
mod on_postgres {
    use super::*;

    mod delivery;
    mod gate;
    mod intake;
    mod judged;
    mod lists;
    mod prune;
    mod tickets;

    async fn desk() -> Desk {
        Desk::on_postgres().await
    }
}

use jiff::{SignedDuration, Timestamp};
use postroom::classify::{MatchedRule, RuleId};
use postroom::compose::{Envelope, OutgoingMail};
use postroom::decide::breaker::{Breaker, Scope};
use postroom::decide::{Outcome, Suppression};
use postroom::message::{Address, Digest, MessageId};
use postroom::store::{Changes, InboxItem, Matched, NewMail, Outgoing, Place, Settled, Store, Suppressed};
use postroom::ticket::people::{Party, PartyId, Role};
use postroom::ticket::{Chain, Paging, Severity, Status, Ticket, TicketId, Tier};
use postroom_testbed::postgres::Postgres;
use tempfile::TempDir;

/// How long claims hold in these tests.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// A desk's database that goes away with the test.
struct Desk {
    store: Store,
    url: String,
    /// Where the database is, if it is a file.
    _folder: Option<TempDir>,
}

impl Desk {
    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = url_of(&folder);
        Self { store: Store::open(&url).await.unwrap(), url, _folder: Some(folder) }
    }

    async fn on_postgres() -> Self {
        let url = postgres().fresh_database().unwrap();
        Self { store: open(&url).await, url, _folder: None }
    }

    /// Stops and starts again, as after a crash: all that was not committed is gone.
    async fn reopened(self) -> Self {
        self.store.close().await;
        Self { store: open(&self.url).await, ..self }
    }

    async fn keep(&self, mails: &[NewMail]) -> Vec<i64> {
        self.store.keep_mail(mails, None, minute(0)).await.unwrap().new_ids
    }

    async fn write(&self, changes: &Changes) {
        self.try_write(changes).await.unwrap();
    }

    async fn try_write(&self, changes: &Changes) -> Result<(), postroom::store::StoreError> {
        let mut tx = self.store.begin().await?;
        tx.write(changes, minute(0)).await?;
        tx.commit().await
    }

    async fn claim(&self, now: Timestamp) -> Vec<InboxItem> {
        self.store.claim_inbox(now, LEASE, 100).await.unwrap()
    }

    async fn state_of(&self, id: i64) -> String {
        self.store.find_inbox(id).await.unwrap().unwrap().state
    }
}

/// Opens a database. Who claims mail from one that others use as well has to be somebody.
async fn open(url: &str) -> Store {
    let store = Store::open(url).await.unwrap();
    if store.is_shared() {
        store.join_workers("here", 1, "process").await.unwrap();
    }
    store
}

/// The server that the cases on PostgreSQL share.
fn postgres() -> &'static Postgres {
    Postgres::shared().unwrap()
}

fn url_of(folder: &TempDir) -> String {
    format!("sqlite://{}/desk.db", folder.path().display())
}

/// So many minutes after nine o'clock.
fn minute(minutes: i64) -> Timestamp {
    "2026-03-02T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn mail(uid: u32, text: &str) -> NewMail {
    NewMail {
        place: Place { mailbox: "support".into(), uid_validity: 7, uid },
        received_at: minute(-1),
        digest: Digest::of(text.as_bytes()),
        raw: text.as_bytes().to_vec().into(),
        oversize_bytes: None,
    }
}

fn matched(rule: &str, is_shadow: bool) -> Matched {
    let rule = RuleId(rule.into());
    Matched { rule: MatchedRule { rule, text: Some("is down".into()), value: None }, is_shadow }
}

/// The bytes of mails of several sizes, around that of the pieces in which they are stored.
fn large_ones() -> [Vec<u8>; 6] {
    const PIECE: usize = 1 << 20;
    [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 9 * PIECE + 7].map(|size| {
        let numbers = (size as u64..).map(|at| at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        numbers.flatten().take(size).collect()
    })
}

/// A mail with these bytes.
fn mail_of(uid: u32, bytes: &[u8]) -> NewMail {
    NewMail { digest: Digest::of(bytes), raw: bytes.to_vec().into(), ..mail(uid, "") }
}

fn settled(item: &InboxItem, outcome: Outcome) -> Settled {
    Settled {
        inbox: item.id,
        attempt: item.attempt,
        outcome,
        ticket: None,
        answers_to: None,
        reasons: "new-request".into(),
        message_id: MessageId(format!("m{}@example.com", item.place.uid)),
        content_digest: Digest::of(&item.raw),
        from: "ann@example.com".into(),
        subject: "Printer on fire".into(),
        rules_version: "r1".into(),
        matched: vec![matched("outage", false), matched("new-outage", true)],
        known: vec!["sender=stranger".into(), "thread=new".into()],
    }
}

fn party(id: u32, address: &str, role: Role) -> Party {
    Party {
        id: PartyId(id),
        address: Address::bare(address),
        answer_to: None,
        role,
        chain: Chain::default(),
        utc_offset_minutes: None,
    }
}

fn ticket(id: i64) -> Ticket {
    Ticket {
        id: TicketId(id),
        subject: "Printer on fire".into(),
        is_vouched: true,
        severity_by_agent: false,
        last_words: String::new(),
        category: "hardware/printer".into(),
        severity: Severity::Medium,
        tier: Tier::One,
        team: None,
        status: Status::Investigating,
        assignee: None,
        tags: Vec::new(),
        parties: vec![party(1, "Ann@Example.com", Role::Requester)],
        opened_at: minute(0),
        updated_at: minute(0),
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        first_response_due_at: None,
        update_due_at: None,
        calendar: None,
        paged_at: None,
        paging: Paging::None,
        held_count: 0,
        alert: None,
        last_sequence: 0,
        version: 1,
    }
}

fn opened(tickets: &[Ticket]) -> Changes {
    Changes { opened: tickets.to_vec(), ..Changes::default() }
}

fn suppressed(address: &str, how: Suppression) -> Suppressed {
    Suppressed { address: address.into(), why: "no such user".into(), how }
}

fn breaker(subject: &str, until: Timestamp) -> Breaker {
    Breaker {
        scope: if subject.is_empty() { Scope::Desk } else { Scope::Address },
        subject: subject.into(),
        why: "too many".into(),
        to: "ann@example.com".into(),
        marks: "Precedence: bulk".into(),
        inbox: Some(1),
        until,
    }
}

fn outgoing(ticket: Option<i64>, to: &str, text: &str) -> Outgoing {
    Outgoing {
        mail: OutgoingMail {
            envelope: Envelope { from: None, to: to.into() },
            message_id: MessageId(format!("{text}@desk.example")),
            subject: text.into(),
            bytes: format!("Subject: {text}\r\n\r\n").into_bytes(),
        },
        ticket: ticket.map(TicketId),
        party: ticket.map(|_| PartyId(1)),
        purpose: "acknowledgement".into(),
        is_automatic: true,
        due_at: minute(0),
    }
}

fn sending(outgoing: Vec<Outgoing>) -> Changes {
    Changes { outgoing, ..Changes::default() }
}
