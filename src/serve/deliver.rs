//! Loop 3: hands mail from the outbox to the smarthost.
//!
//! In: outbox rows that are due. Out: each of them sent, due again later, or failed with what that means for its
//! ticket. No transaction is open while we talk to the smarthost.

use super::apply;
use super::desk::Desk;
use super::room::LARGE_BYTES;
use super::working::Working;
use super::write;
use crate::backoff::Backoff;
use crate::config::SmtpConfig;
use crate::decide::{self, Failure};
use crate::endpoint::Login;
use crate::smtp::{self, Deadlines, Phase, SendError, Smarthost};
use crate::store::workers::{FOR_LIFE, Life};
use crate::store::{Attempted, Changes, Lookup, OutboxItem, SendOutcome, StoreError};
use crate::ticket::event::Actor;
use crate::ticket::purpose::Purpose;
use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tracing::{error, info, warn};

/// Mails claimed at once.
const BATCH: usize = 32;

/// A mail that takes longer than this gives the rest of its batch to other connections.
const SLOW: Duration = Duration::from_secs(5);

/// Mails that wait to be settled while others are written; the next one is not handed over before there is room. What
/// is not settled in a crash is sent again.
const UNSETTLED: usize = 8;

/// How long a mail that was put off waits: doubling from half a minute up to two hours.
const RETRY: Backoff = Backoff { first: Duration::from_secs(30), most: Duration::from_secs(2 * 3600) };

/// The longest that a mail waits for its next attempt.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2);

/// How long a mail is tried, as RFC 5321 §4.5.4.1 advises: four to five days.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// One connection to the smarthost, and what it has not been able to settle.
pub struct Courier {
    line: Line,
    /// What has been tried and is not settled yet.
    unsettled: Vec<Attempted>,
}

/// A connection to the smarthost, with what opening it anew takes.
struct Line {
    config: SmtpConfig,
    smarthost: Smarthost,
    /// Whether the smarthost takes mail with the null reverse-path, as far as we know.
    takes_null_sender: bool,
}

/// What one round of delivering came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Mails taken on.
    pub claimed: usize,
    /// Mails that the smarthost took.
    pub sent: usize,
    /// Whether the smarthost could not be reached or would not have us, so that hurrying is of no use.
    pub is_away: bool,
}

impl Courier {
    /// A courier that has not connected yet.
    pub fn new(config: &SmtpConfig, deadlines: Deadlines) -> Self {
        let smarthost = Smarthost::new(config.endpoint.clone(), None, config.hello_name.clone(), deadlines);
        let takes_null_sender = config.null_sender;
        let line = Line { config: config.clone(), smarthost, takes_null_sender };
        Self { line, unsettled: Vec::new() }
    }

    /// Takes leave of the smarthost, and settles what is left to settle.
    pub async fn quit(&mut self, desk: &Desk) {
        if let Err(failure) = settle(desk, &mut self.unsettled).await {
            error!(count = self.unsettled.len(), error = %failure, "mails that were sent will be sent again");
        }
        self.line.smarthost.quit().await;
    }

    /// Delivers what is due, once.
    ///
    /// Each mail that the smarthost has taken is settled while the next one is handed over: what is not settled in a
    /// crash is sent again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deliver_due(&mut self, desk: &Desk) -> Result<Round, StoreError> {
        settle(desk, &mut self.unsettled).await?;
        let life = desk.store.life();
        if !desk.store.lives_on(life) {
            return Ok(Round { is_away: true, ..Round::default() });
        }
        let now = desk.clock.now();
        let room = desk.room.for_outgoing();
        // No clock that is set meanwhile may have a mail taken from us that we are handing over.
        let items = match &room {
            Some(_) => desk.store.claim_outbox(now, FOR_LIFE, BATCH).await?,
            // Another connection has a large mail; this one goes on with the others.
            None => desk.store.claim_small_outbox(now, FOR_LIFE, BATCH).await?,
        };
        let _room = room.filter(|_| items.iter().any(|item| item.bytes.len() as u64 > LARGE_BYTES));
        let claims: Vec<(i64, u32)> = items.iter().map(|item| (item.id, item.attempt)).collect();
        let mut round = Round { claimed: items.len(), ..Round::default() };
        if round.claimed == BATCH {
            // There may be more than one connection can take on.
            desk.store.outbox_changed().notify_one();
        }
        let (tried, trials) = mpsc::channel(UNSETTLED);
        let is_stuck = AtomicBool::new(false);
        let working = async {
            // Should it end by a fault, what was sent until then is settled all the same.
            let working = self.line.work_through(desk, (items, life), tried, &is_stuck, &mut round);
            AssertUnwindSafe(working).catch_unwind().await
        };
        let settling = settle_as_they_come(desk, trials, &is_stuck, &mut self.unsettled);
        let (worked, settled) = tokio::join!(working, settling);
        let worked = worked.unwrap_or_else(|fault| {
            put_off(&mut self.unsettled, &claims, desk.clock.now());
            resume_unwind(fault)
        });
        worked.and(settled).map(|()| round)
    }
}

/// Has those of our claims put off that nothing became of, by a fault of ours: else they would be ours for as long as we
/// live. Of those that are settled already, a settle changes nothing.
fn put_off(unsettled: &mut Vec<Attempted>, claims: &[(i64, u32)], now: Timestamp) {
    let at = now + SignedDuration::try_from(RETRY.first).unwrap_or_default();
    for (id, attempt) in claims {
        if unsettled.iter().all(|known| known.id != *id) {
            let outcome = SendOutcome::RetryAt { at, error: "a fault of Postroom".to_owned() };
            unsettled.push(Attempted { id: *id, attempt: *attempt, outcome });
        }
    }
}

/// Settles attempts as they come in, those together that came in while the ones before were written.
///
/// What the database does not take now is left in `unsettled`: forgotten, a mail that the smarthost has would be sent
/// again. Then `is_stuck`, so that no more are sent.
async fn settle_as_they_come(
    desk: &Desk,
    mut trials: Receiver<Attempted>,
    is_stuck: &AtomicBool,
    unsettled: &mut Vec<Attempted>,
) -> Result<(), StoreError> {
    let mut settled = Ok(());
    while trials.recv_many(unsettled, UNSETTLED).await > 0 {
        if settled.is_ok() {
            settled = settle(desk, unsettled).await;
            is_stuck.store(settled.is_err(), Ordering::Relaxed);
        }
    }
    settled
}

async fn tell(tried: &Sender<Attempted>, id: i64, attempt: u32, outcome: SendOutcome) {
    // The other end listens for as long as this one speaks.
    let _ = tried.send(Attempted { id, attempt, outcome }).await;
}

async fn settle(desk: &Desk, attempts: &mut Vec<Attempted>) -> Result<(), StoreError> {
    if !attempts.is_empty() {
        desk.store.settle_outbox(attempts, &Changes::default(), desk.clock.now()).await?;
        attempts.clear();
    }
    Ok(())
}

impl Line {
    /// Hands over mail after mail, and tells of each what became of it.
    async fn work_through(
        &mut self,
        desk: &Desk,
        (items, life): (Vec<OutboxItem>, Life),
        tried: Sender<Attempted>,
        is_stuck: &AtomicBool,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let mut items = items.into_iter();
        let mut worked = Ok(());
        // Whoever is taken for dead has lost his claims: another worker sends these by now.
        while desk.store.lives_on(life) {
            let Some(item) = items.next() else { break };
            let began = tokio::time::Instant::now();
            worked = self.attempt(desk, item, &tried, round).await;
            // Behind a slow recipient others need not wait for this connection, nor at a door that is closed.
            let is_over = worked.is_err() || round.is_away || is_stuck.load(Ordering::Relaxed);
            if is_over || began.elapsed() > SLOW {
                break;
            }
        }
        let now = desk.clock.now();
        let at = if round.is_away { now + SignedDuration::from_secs(30) } else { now };
        for item in items {
            tell(&tried, item.id, item.attempt, SendOutcome::NotTried { at }).await;
        }
        worked
    }

    /// Tries one mail, and settles it at once when that means more than a word in its row.
    async fn attempt(
        &mut self,
        desk: &Desk,
        item: OutboxItem,
        tried: &Sender<Attempted>,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        let (id, attempt) = (item.id, item.attempt);
        let (outcome, settled) = match self.deliver_one(&item, desk.clock.now(), round).await {
            outcome @ SendOutcome::Failed { .. } => match settle_failed(desk, item, outcome).await {
                Ok(()) => return Ok(()),
                // It will be refused again, and then perhaps its ticket can be told.
                Err(failure) => {
                    (SendOutcome::RetryAt { at: desk.clock.now(), error: failure.to_string() }, Err(failure))
                }
            },
            outcome => (outcome, Ok(())),
        };
        tell(tried, id, attempt, outcome).await;
        settled
    }

    async fn deliver_one(&mut self, item: &OutboxItem, now: Timestamp, round: &mut Round) -> SendOutcome {
        let mut result = self.hand_over(item).await;
        if let Ok(Err(SendError::NullSenderRefused { .. })) = &result {
            self.takes_null_sender = false;
            warn!("the smarthost takes no mail with the null reverse-path; the desk's address is used from now on");
            result = self.hand_over(item).await;
        }
        let (id, attempt) = (item.id, item.tries);
        let result = match result {
            Ok(result) => result,
            Err(error) => {
                round.is_away = true;
                error!(outbox.id = id, error = %error, "no mail can be sent: {error}");
                return SendOutcome::RetryAt { at: retry_at(item, now), error };
            }
        };
        match result {
            Ok(accepted) => {
                round.sent += 1;
                info!(outbox.id = id, attempt, "mail {id} sent");
                SendOutcome::Sent { reply: accepted.reply.to_string() }
            }
            Err(SendError::Permanent { reply, phase }) => {
                warn!(outbox.id = id, attempt, code = reply.code, "mail {id} was refused at {phase}");
                SendOutcome::Failed { error: reply.to_string() }
            }
            Err(SendError::Unsendable(why)) => SendOutcome::Failed { error: why.to_owned() },
            Err(failure) => {
                let error = chain(&failure);
                round.is_away = is_away(&failure);
                if now.duration_since(item.tried_since) > GIVE_UP_AFTER {
                    return SendOutcome::Failed { error: format!("given up after five days: {error}") };
                }
                warn!(outbox.id = id, attempt, error = %error, "mail {id} was put off");
                SendOutcome::RetryAt { at: retry_at(item, now), error }
            }
        }
    }

    /// Hands a mail over. The outer error is about the secret, which is read anew for each login.
    async fn hand_over(&mut self, item: &OutboxItem) -> Result<Result<smtp::Accepted, SendError>, String> {
        let from = match (&item.envelope.from, self.takes_null_sender) {
            (None, false) => Some(self.fallback_sender(item)),
            (from, _) => from.clone(),
        };
        let envelope = smtp::Envelope { from, to: item.envelope.to.clone() };
        if let Some(outcome) = self.smarthost.send_on_kept(&envelope, &item.bytes).await {
            return Ok(outcome);
        }
        self.read_secret().await?;
        Ok(self.smarthost.send(&envelope, &item.bytes).await)
    }

    /// The reverse-path for a smarthost that takes no null one: the address in our own `Reply-To` or `From`, which
    /// is ours and leads back to the ticket.
    fn fallback_sender(&self, item: &OutboxItem) -> String {
        let message = crate::message::parse(&item.bytes, Timestamp::UNIX_EPOCH, &crate::message::Reader::default());
        message.answer_to().map(|address| address.address.clone()).unwrap_or_default()
    }

    /// Reads the secret for the next login, because passwords and tokens change.
    async fn read_secret(&mut self) -> Result<(), String> {
        let Some(account) = &self.config.account else { return Ok(()) };
        let secret = account.secret.read().await.map_err(|error| chain(&error))?;
        self.smarthost.use_login(Some(Login { user: account.user.clone(), secret, mechanism: account.mechanism }));
        Ok(())
    }
}

/// Whether other mails would fare no better now.
fn is_away(error: &SendError) -> bool {
    match error {
        // A connection that is lost over one mail may serve the next.
        SendError::Unreachable { phase, .. } => {
            matches!(phase, Phase::Connect | Phase::StartTls | Phase::Tls | Phase::Greeting | Phase::Auth)
        }
        SendError::LoginRefused { .. } | SendError::Unwelcome { .. } | SendError::Tls(_) => true,
        SendError::Transient { reply, .. } => reply.code == 421,
        SendError::Unknown { .. }
        | SendError::NullSenderRefused { .. }
        | SendError::Permanent { .. }
        | SendError::Unsendable(_) => false,
    }
}

fn retry_at(item: &OutboxItem, now: Timestamp) -> Timestamp {
    // The number of the row spreads mails that were put off together; no two need the same fraction.
    let fraction = f64::from(u32::try_from(item.id % 997).unwrap_or_default()) / 997.0;
    let wait = RETRY.wait(item.tries, fraction);
    now + SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_hours(2))
}

/// Settles a mail that will not be tried again, with what that means for its ticket, in one transaction.
async fn settle_failed(desk: &Desk, item: OutboxItem, outcome: SendOutcome) -> Result<(), StoreError> {
    let now = desk.clock.now();
    let SendOutcome::Failed { error } = &outcome else { return Ok(()) };
    let diagnostic = error.clone();
    let attempt = Attempted { id: item.id, attempt: item.attempt, outcome };
    // Somebody may change the ticket between the look-up and the write; then it is looked up again.
    for _ in 0..5 {
        let changes = failure_changes(desk, &item, &diagnostic, now).await?;
        match desk.store.settle_outbox(std::slice::from_ref(&attempt), &changes, now).await {
            Err(StoreError::Conflict { .. }) => {}
            settled => return settled.map(drop),
        }
    }
    desk.store.settle_outbox(&[attempt], &Changes::default(), now).await.map(drop)
}

async fn failure_changes(
    desk: &Desk,
    item: &OutboxItem,
    diagnostic: &str,
    now: Timestamp,
) -> Result<Changes, StoreError> {
    let (Some(ticket), Some(purpose)) = (item.ticket, Purpose::from_word(&item.purpose)) else {
        return Ok(Changes::default());
    };
    let house = &desk.house();
    let written = if purpose.is_automatic() { Vec::new() } else { vec![(ticket, item.message_id.clone())] };
    let looked = desk.store.look_up(&Lookup { tickets: vec![ticket], written, ..Lookup::default() }, now).await?;
    let Some(ticket) = looked.tickets.get(&ticket).cloned() else { return Ok(Changes::default()) };
    let failure = Failure {
        purpose,
        recipient: item.envelope.to.clone(),
        status: None,
        diagnostic: diagnostic.to_owned(),
        written_by: looked.written_by.get(&item.message_id).cloned(),
    };
    let decision = decide::on_delivery(&failure, &ticket, &house.policy, now);
    let mut working = Working::from(looked);
    apply::apply(&mut working, decision, None, Actor::Postroom, &house.policy, &house.signature, now);
    let (mut changes, pending, _) = working.finish();
    for mail in pending {
        match write::compose(house, mail) {
            Ok(mail) => changes.outgoing.push(mail),
            Err(error) => error!("a mail could not be written: {}", error.without_addresses()),
        }
    }
    Ok(changes)
}

/// An error with everything behind it, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_ours_leaves_no_claim_behind_and_forgets_nothing_that_was_sent() {
        let outcome = SendOutcome::Sent { reply: "250 ok".to_owned() };
        let sent = Attempted { id: 2, attempt: 5, outcome };
        let mut unsettled = vec![sent.clone()];
        put_off(&mut unsettled, &[(1, 1), (2, 5), (3, 2)], Timestamp::UNIX_EPOCH);
        assert_eq!(unsettled[0], sent);
        let put_off: Vec<_> = unsettled[1..].iter().map(|one| (one.id, one.attempt, &one.outcome)).collect();
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(30);
        let outcome = SendOutcome::RetryAt { at, error: "a fault of Postroom".to_owned() };
        assert_eq!(put_off, [(1, 1, &outcome), (3, 2, &outcome)]);
    }
}
