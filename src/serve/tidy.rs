//! Moves mails on the server that are done: into the folder for processed mail, or for quarantine.
//!
//! Nothing is moved before its outcome is committed, and nothing depends on it being moved.

use super::desk::Desk;
use crate::config::MailboxConfig;
use crate::imap::{ImapError, Selected, Session};
use tracing::warn;

/// Mails moved at once.
const BATCH: usize = 500;

/// Whether the configuration names a folder to move mails to.
pub fn is_wanted(mailbox: &MailboxConfig) -> bool {
    mailbox.processed.is_some() || mailbox.quarantine.is_some()
}

/// Moves what is done, as far as the configuration names folders. What the server refuses to move stays where it is
/// until the next time.
///
/// # Errors
/// When the server or the store fails.
pub async fn tidy(
    desk: &Desk,
    mailbox: &MailboxConfig,
    session: &mut Session,
    selected: &Selected,
) -> anyhow::Result<()> {
    if selected.is_read_only || !is_wanted(mailbox) {
        return Ok(());
    }
    // What is still there and done is to be moved: the server's own list needs no book-keeping beside it.
    let there = session.all_uids(selected.uid_next).await?;
    for uids in there.chunks(BATCH) {
        let done = desk.store.settled_places(&mailbox.name, selected.uid_validity, uids).await?;
        for (folder, is_quarantine) in [(&mailbox.processed, false), (&mailbox.quarantine, true)] {
            let Some(folder) = folder else { continue };
            let uids: Vec<u32> =
                done.iter().filter(|place| place.is_quarantined == is_quarantine).map(|place| place.uid).collect();
            if !uids.is_empty() {
                match session.move_to(&uids, folder).await {
                    Err(ImapError::Refused { text, .. }) => {
                        warn!(mailbox = %mailbox.name, "the server will not move mails to {folder}: {text}");
                    }
                    moved => moved?,
                }
            }
        }
    }
    Ok(())
}
