//! Moves mails on the server that are done: into the folder for processed mail, or for quarantine.
//!
//! Nothing is moved before its outcome is committed, and nothing depends on it being moved.

use super::desk::Desk;
use crate::config::MailboxConfig;
use crate::imap::{Selected, Session};

/// Mails moved at once.
const BATCH: usize = 500;

/// Moves what is done, as far as the configuration names folders.
///
/// # Errors
/// When the server or the store fails.
pub async fn tidy(
    desk: &Desk,
    mailbox: &MailboxConfig,
    session: &mut Session,
    selected: &Selected,
) -> anyhow::Result<()> {
    if selected.is_read_only || (mailbox.processed.is_none() && mailbox.quarantine.is_none()) {
        return Ok(());
    }
    loop {
        let done = desk.store.settled_on_server(&mailbox.name, selected.uid_validity, BATCH).await?;
        if done.is_empty() {
            return Ok(());
        }
        for (folder, is_quarantine) in [(&mailbox.processed, false), (&mailbox.quarantine, true)] {
            let uids: Vec<u32> =
                done.iter().filter(|mail| mail.is_quarantined == is_quarantine).map(|mail| mail.uid).collect();
            if let (Some(folder), false) = (folder, uids.is_empty()) {
                session.move_to(&uids, folder).await?;
            }
        }
        let ids: Vec<i64> = done.iter().map(|mail| mail.id).collect();
        desk.store.note_moved(&ids, desk.clock.now()).await?;
    }
}
