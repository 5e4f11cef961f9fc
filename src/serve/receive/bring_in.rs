//! From UIDs to inbox rows: sizes, headers of what is too large, whole mails in batches, flags.
//!
//! A mail that the server refuses, or at which it dies, is left out and told in the log. It has no inbox row, so every
//! thorough pass finds it missing and asks again.

use super::Watcher;
use crate::imap::{BatchLimit, Fetched, ImapError, MailSize, Selected, Session, batches};
use crate::message::Digest;
use crate::serve::room::LARGE_BYTES;
use crate::spoken::counted;
use crate::store::{NewMail, Place};
use anyhow::Context as _;
use std::collections::HashMap;
use tracing::{debug, error, info, warn};

/// Mails and bytes fetched and committed together.
const BATCH: BatchLimit = BatchLimit { mail_count: 250, size_bytes: LARGE_BYTES };

/// The most that is kept of the header of a mail that is too large.
const HEADER_BYTES: u32 = 64 << 10;

impl Watcher<'_> {
    /// Fetches mails, commits them with the cursor, then flags them on the server.
    pub(super) async fn bring_in(
        &mut self,
        session: &mut Session,
        selected: &Selected,
        uids: &[u32],
    ) -> anyhow::Result<()> {
        let limit = self.desk.house().policy.max_mail_bytes;
        let sizes = self.sizes(session, uids).await?;
        let size_of: HashMap<u32, u32> = sizes.iter().map(|mail| (mail.uid, mail.size_bytes)).collect();
        let size_of =
            |batch: &[u32]| batch.iter().filter_map(|uid| size_of.get(uid)).map(|size| u64::from(*size)).sum::<u64>();
        let (large, fitting): (Vec<MailSize>, Vec<MailSize>) =
            sizes.into_iter().partition(|mail| u64::from(mail.size_bytes) > limit);
        let mut kept = self.keep_headers(session, selected, &large).await?;
        self.doubts.are_about(selected.uid_validity);
        let sorted = self.doubts.sort_out(fitting);
        let together = batches(&sorted.together, BATCH);
        let mut batches: Vec<Vec<u32>> = sorted.first.into_iter().map(|uid| vec![uid]).collect();
        batches.extend(together);
        batches.extend(sorted.alone.into_iter().map(|uid| vec![uid]));
        for uid in sorted.given_up {
            error!(mailbox = %self.mailbox.name, uid, "the server dies at mail {uid}, which is left there");
        }
        let mut refused = Vec::new();
        // A large mail is asked for when there is room for it, and nothing beside it.
        for run in batches.chunk_by(|one, next| size_of(one).max(size_of(next)) <= LARGE_BYTES) {
            let _room = self.desk.room.for_received(size_of(&run[0])).await;
            let mut fetching = session.fetch_batches(run);
            for asked in run {
                let batch = match fetching.next().await {
                    Ok(Some(batch)) => batch,
                    Ok(None) => break,
                    Err(ImapError::Refused { text, .. }) => {
                        warn!(mailbox = %self.mailbox.name, "the server refused a batch: {text}");
                        refused.extend(asked.iter().copied());
                        continue;
                    }
                    Err(error) => {
                        // On a line that never holds for as long as a batch takes, nothing would ever come in otherwise.
                        let came = fetching.give_up();
                        self.doubts.blame(asked);
                        self.doubts.clear(&came.iter().map(|mail| mail.uid).collect::<Vec<_>>());
                        self.keep(selected, came).await?;
                        return Err(error.into());
                    }
                };
                self.doubts.clear(asked);
                debug!(mailbox = %self.mailbox.name, missing = batch.missing.len(), "fetched {}", counted(batch.mails.len(), "mail"));
                kept.extend(self.keep(selected, batch.mails).await?);
            }
        }
        for uid in refused {
            match session.fetch(&[uid]).await {
                Ok(batch) => kept.extend(self.keep(selected, batch.mails).await?),
                Err(ImapError::Refused { text, .. }) => self.tell_refused(uid, &text),
                Err(error) => {
                    self.doubts.blame(&[uid]);
                    return Err(error.into());
                }
            }
        }
        if !kept.is_empty() && !selected.is_read_only {
            session.mark_seen(&kept).await?;
        }
        if !kept.is_empty() {
            let name = &self.mailbox.name;
            info!(mailbox = %name, count = kept.len(), "received {} from {name}", counted(kept.len(), "mail"));
        }
        Ok(())
    }

    /// Asks for sizes. Where the server refuses them for one mail, the others are asked for without it.
    async fn sizes(&self, session: &mut Session, uids: &[u32]) -> anyhow::Result<Vec<MailSize>> {
        let mut sizes = Vec::with_capacity(uids.len());
        let mut parts = vec![uids];
        while let Some(part) = parts.pop() {
            match session.sizes(part).await {
                Ok(found) => sizes.extend(found),
                Err(ImapError::Refused { text, .. }) => match part {
                    [] => {}
                    [uid] => self.tell_refused(*uid, &text),
                    _ => {
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([second, first]);
                    }
                },
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sizes)
    }

    /// Keeps the headers of mails that are too large. They come before the others and leave the cursor where it is,
    /// so that it never passes one that is not kept.
    async fn keep_headers(
        &self,
        session: &mut Session,
        selected: &Selected,
        large: &[MailSize],
    ) -> anyhow::Result<Vec<u32>> {
        let mut kept = Vec::with_capacity(large.len());
        for mail in large {
            let header = match session.fetch_headers(mail.uid, HEADER_BYTES).await {
                Ok(Some(header)) => header,
                Ok(None) => continue,
                Err(ImapError::Refused { text, .. }) => {
                    self.tell_refused(mail.uid, &text);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let oversize = self.new_mail(selected, header, Some(u64::from(mail.size_bytes)));
            self.desk
                .store
                .keep_fetched(self.hold, &[oversize], None, self.desk.clock.now())
                .await
                .context("keeping a mail")?;
            kept.push(mail.uid);
        }
        Ok(kept)
    }

    fn tell_refused(&self, uid: u32, text: &str) {
        error!(mailbox = %self.mailbox.name, uid, "the server will not hand over mail {uid}: {text}");
    }

    /// Commits mails and the cursor. Only when this returns may the server be told.
    async fn keep(&mut self, selected: &Selected, mails: Vec<Fetched>) -> anyhow::Result<Vec<u32>> {
        let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
        let Some(last) = uids.iter().max() else { return Ok(uids) };
        let cursor = self.place(selected, *last);
        let mails: Vec<NewMail> = mails.into_iter().map(|mail| self.new_mail(selected, mail, None)).collect();
        self.desk
            .store
            .keep_fetched(self.hold, &mails, Some(&cursor), self.desk.clock.now())
            .await
            .context("keeping mails")?;
        self.has_kept = true;
        Ok(uids)
    }

    fn place(&self, selected: &Selected, uid: u32) -> Place {
        Place { mailbox: self.mailbox.name.clone(), uid_validity: selected.uid_validity, uid }
    }

    fn new_mail(&self, selected: &Selected, mail: Fetched, oversize_bytes: Option<u64>) -> NewMail {
        NewMail {
            place: self.place(selected, mail.uid),
            received_at: mail.received_at.unwrap_or_else(|| self.desk.clock.now()),
            digest: Digest::of(&mail.raw),
            raw: mail.raw,
            oversize_bytes,
        }
    }
}
