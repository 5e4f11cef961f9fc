//! From a decided mail to an outbox row: composes it and says what the outbox needs to know.

use super::desk::House;
use super::working::{Enclosed, Pending};
use crate::classify::{Change, Part};
use crate::compose::{self, ComposeError, File};
use crate::message::{self, Address};
use crate::store::{Changes, Outgoing};
use tracing::{info, warn};

/// Attachments up to this size are looked through for mails of ours, whatever they call themselves.
const MAIL_BYTES: usize = 1 << 20;

/// What is looked through at a time begins so many bytes before the last such piece ended.
const SHARED_BYTES: usize = 4 << 10;

/// Composes one mail.
///
/// # Errors
/// When the mail cannot be written at all.
pub fn compose(house: &House, pending: Pending) -> Result<Outgoing, ComposeError> {
    let Pending { mut draft, ticket, party, to, stamps, enclosed, at } = pending;
    let purpose = draft.content.purpose();
    let files = enclosed.map(|enclosed| unpacked(&enclosed, house, purpose.is_for_customer())).unwrap_or_default();
    // The reader is known by their own address; the mail goes where they said.
    if draft.to != to {
        draft.to = Address { name: draft.to.name, address: to.address };
    }
    let mail = compose::compose(&draft, ticket.as_ref(), &house.letterhead(), &stamps, files, at)?;
    Ok(Outgoing {
        mail,
        ticket: ticket.map(|ticket| ticket.id),
        party,
        purpose: purpose.as_str().to_owned(),
        is_automatic: purpose.counts_towards_caps(),
        due_at: at,
    })
}

/// The files that go along with a mail, without those that must not.
fn unpacked(enclosed: &Enclosed, house: &House, is_for_customer: bool) -> Vec<File> {
    let is_meant = |index| enclosed.files.iter().any(|file| file.index == index);
    let unpacked = message::attachment_bytes(&enclosed.raw, is_meant);
    let files = enclosed.files.iter().zip(unpacked).filter_map(|(file, bytes)| {
        if is_for_customer && is_one_of_ours(house, &file.media_type, &bytes) {
            return None;
        }
        let name = file.name.clone().unwrap_or_else(|| format!("attachment-{}", file.index + 1));
        Some(File { name, media_type: file.media_type.clone(), bytes })
    });
    files.collect()
}

/// Whether an attachment is a mail of ours: an agent's notification has no business with a customer, and holds a
/// token that would let its reader speak as the agent.
fn is_one_of_ours(house: &House, media_type: &str, bytes: &[u8]) -> bool {
    let is_text = media_type.starts_with("message/") || media_type.starts_with("text/") || bytes.len() < MAIL_BYTES;
    // A token is far shorter than what two pieces share.
    let starts = (0..bytes.len().max(1)).step_by(MAIL_BYTES);
    let mut pieces = starts.map(|start| &bytes[start..bytes.len().min(start + MAIL_BYTES + SHARED_BYTES)]);
    is_text && pieces.any(|piece| house.signature.tokens.occurs_in(&String::from_utf8_lossy(piece)))
}

/// Tells of mails that the shadow rules would judge otherwise. The keys of alerts may hold an address, so only their names
/// are told.
pub fn tell_of_shadow(changes: &Changes) {
    if changes.shadow.is_empty() {
        return;
    }
    for (id, differences) in &changes.shadow {
        let told = |change: &Change| match change.part {
            Part::Correlation => change.part.to_string(),
            _ => change.to_string(),
        };
        let told: Vec<String> = differences.iter().map(told).collect();
        info!(inbox.id = id, "mail {id}: the shadow rules would say: {}", told.join("; "));
    }
    let (others, all) = (changes.shadow.len(), changes.settled.len());
    info!(batch.size = all, "the shadow rules would judge {others} of {all} mails otherwise");
}

/// Tells of breakers that opened, when that is committed. Where they stand is for `postroom breakers` to say: it is
/// mostly somebody's address.
pub fn tell_of_breakers(changes: &Changes) {
    for breaker in &changes.breakers {
        let (why, until) = (&breaker.why, breaker.until);
        warn!("automatic mail is stopped until {until}: {why}; `postroom breakers list` says where");
    }
}
