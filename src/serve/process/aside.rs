//! Mails that cannot be processed: into quarantine as they came, for a person to look at.

use super::Failure;
use crate::decide::{Cause, Outcome, Reason};
use crate::message;
use crate::serve::desk::Desk;
use crate::store::{Changes, InboxItem, Settled, Store, StoreError};
use jiff::Timestamp;
use tracing::error;

/// Sets a mail aside that the program has died over again and again, before anything looks at it once more.
pub(super) async fn set_aside_unread(desk: &Desk, item: &InboxItem, now: Timestamp) -> Result<(), StoreError> {
    let failure = Failure::Mail(format!("the program ended over it {} times", item.tries - 1));
    error!(inbox.id = item.id, attempt = item.tries, "mail {} is set aside: {failure}", item.id);
    set_aside(&desk.store, item, &failure, now).await?;
    match item.claim {
        Some(claim) => desk.store.end_claim(claim).await,
        None => Ok(()),
    }
}

/// Puts a mail that cannot be processed into quarantine, as it came.
pub(super) async fn set_aside(
    store: &Store,
    item: &InboxItem,
    failure: &Failure,
    now: Timestamp,
) -> Result<(), StoreError> {
    let digest = message::Digest::of(&item.raw);
    let settled = Settled {
        inbox: item.id,
        attempt: item.attempt,
        outcome: Outcome::Quarantined(Cause::new(Cause::STUCK)),
        ticket: None,
        answers_to: None,
        reasons: Reason::with("stuck", failure).to_string(),
        message_id: message::MessageId(format!("{digest}@stuck.invalid")),
        content_digest: digest,
        from: String::new(),
        subject: String::new(),
        rules_version: String::new(),
        matched: Vec::new(),
        known: Vec::new(),
    };
    let mut tx = store.begin().await?;
    tx.write(&Changes { settled: vec![settled], under: item.claim, ..Default::default() }, now).await?;
    tx.commit().await
}
