//! What one does in a mailbox apart from fetching: open it, search it, flag mails and move them.

use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode};

use super::uids::sets;
use super::wire::Ending;
use super::{ImapError, MailSize, Selected, Session, name};

/// A larger mailbox is searched in windows: the library parses an unfinished line again with every 4 KB it reads,
/// so the time for a single line of answers grows with the square of its length.
const SEARCH_WINDOW: u32 = 20_000;

impl Session {
    /// Opens a mailbox.
    pub async fn select(&mut self, mailbox: &str) -> Result<Selected, ImapError> {
        self.wire.uid_validity = None;
        let (mut uid_validity, mut uid_next) = (None, None);
        let line = format!("SELECT {}", name::quoted(mailbox));
        let take = |response: &Response<'_>| {
            let Response::Data { outcome, .. } = response else { return };
            match outcome.code {
                Some(ResponseCode::UidValidity(value)) => uid_validity = Some(value),
                Some(ResponseCode::UidNext(value)) => uid_next = Some(value),
                _ => {}
            }
        };
        let ending = self.wire.run("SELECT", &line, self.deadlines.command, take).await?;
        let is_read_only = matches!(ending, Ending::Done { is_read_only: true });
        ending.insist("SELECT")?;
        self.wire.has_news = false;
        self.wire.uid_validity = uid_validity;
        let uid_validity = uid_validity.ok_or_else(|| ImapError::protocol("a mailbox without UIDVALIDITY"))?;
        Ok(Selected { uid_validity, uid_next, exists: self.wire.exists, is_read_only })
    }

    /// The UIDs above `uid`, ascending.
    pub async fn uids_after(&mut self, uid: u32) -> Result<Vec<u32>, ImapError> {
        // What is announced from here on may come too late for this search, and makes another one worth while.
        self.wire.has_news = false;
        let Some(first) = uid.checked_add(1) else { return Ok(Vec::new()) };
        let mut found = self.search(&format!("{first}:*")).await?;
        // `n:*` names the last mail even where its UID is below n (RFC 3501 §6.4.8).
        found.retain(|&found| found >= first);
        Ok(found)
    }

    /// All UIDs of the mailbox, ascending. `uid_next` is what [`Selected`] said.
    pub async fn all_uids(&mut self, uid_next: Option<u32>) -> Result<Vec<u32>, ImapError> {
        let last = uid_next.map_or(0, |next| next.saturating_sub(1));
        if self.wire.exists <= SEARCH_WINDOW || last == 0 {
            return self.uids_after(0).await;
        }
        let width = SEARCH_WINDOW.max(last / 500);
        let mut uids = Vec::with_capacity(self.wire.exists as usize);
        let mut first = 1;
        while first <= last {
            let end = first.saturating_add(width - 1).min(last);
            uids.extend(self.search(&format!("{first}:{end}")).await?);
            let Some(next) = end.checked_add(1) else { break };
            first = next;
        }
        uids.extend(self.uids_after(last).await?);
        Ok(uids)
    }

    async fn search(&mut self, set: &str) -> Result<Vec<u32>, ImapError> {
        let mut found = Vec::new();
        self.command_with("UID SEARCH", &format!("UID SEARCH UID {set}"), |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend_from_slice(uids);
            }
        })
        .await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The sizes of the mails, ascending by UID. A UID without an answer is a mail that has been removed.
    pub async fn sizes(&mut self, uids: &[u32]) -> Result<Vec<MailSize>, ImapError> {
        let mut sizes = Vec::with_capacity(uids.len());
        for set in sets(uids) {
            self.command_with("UID FETCH", &format!("UID FETCH {set} (UID RFC822.SIZE)"), |response| {
                let Response::Fetch(_, attributes) = response else { return };
                let (mut uid, mut size) = (None, None);
                for attribute in attributes {
                    match attribute {
                        AttributeValue::Uid(value) => uid = Some(*value),
                        AttributeValue::Rfc822Size(value) => size = Some(*value),
                        _ => {}
                    }
                }
                if let (Some(uid), Some(size_bytes)) = (uid, size) {
                    sizes.push(MailSize { uid, size_bytes });
                }
            })
            .await?;
        }
        sizes.sort_unstable_by_key(|size| size.uid);
        sizes.dedup_by_key(|size| size.uid);
        Ok(sizes)
    }

    /// Sets `\Seen`, so that people who look into the mailbox see what has been taken.
    pub async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        for set in sets(uids) {
            self.command("UID STORE", &format!("UID STORE {set} +FLAGS.SILENT (\\Seen)")).await?;
        }
        Ok(())
    }

    /// Moves mails to another mailbox, which is created if the server says that it is missing.
    ///
    /// Without `MOVE` (RFC 6851) they are copied, marked `\Deleted` and expunged by UID. Without `UIDPLUS` (RFC 4315)
    /// they stay behind with that mark: a plain `EXPUNGE` would remove what other people have marked.
    pub async fn move_to(&mut self, uids: &[u32], mailbox: &str) -> Result<(), ImapError> {
        let target = name::quoted(mailbox);
        for set in sets(uids) {
            if self.can("MOVE") {
                self.bring_to("UID MOVE", &set, &target).await?;
                continue;
            }
            self.bring_to("UID COPY", &set, &target).await?;
            self.command("UID STORE", &format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)")).await?;
            if self.can("UIDPLUS") {
                self.command("UID EXPUNGE", &format!("UID EXPUNGE {set}")).await?;
            }
        }
        Ok(())
    }

    async fn bring_to(&mut self, command: &'static str, set: &str, target: &str) -> Result<(), ImapError> {
        let line = format!("{command} {set} {target}");
        let ending = self.wire.run(command, &line, self.deadlines.command, |_| {}).await?;
        if !matches!(ending, Ending::Refused { may_create: true, .. }) {
            return ending.insist(command);
        }
        self.command("CREATE", &format!("CREATE {target}")).await?;
        self.command(command, &line).await
    }
}
