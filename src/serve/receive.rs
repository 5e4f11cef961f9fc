//! Loop 1: new mail in an IMAP mailbox → one inbox row each → acknowledge.
//!
//! In: what the server shows. Out: inbox rows with the raw bytes and the cursor, in one transaction; only then are
//! the mails flagged on the server. Nothing is looked at here, so no mail can be too strange to be received.

use super::deliver::chain;
use super::desk::Desk;
use super::tidy;
use crate::backoff::Backoff;
use crate::config::MailboxConfig;
use crate::endpoint::Login;
use crate::imap::{
    BatchLimit, Cursor, Deadlines, Fetched, IdleOutcome, ImapError, MailSize, Resume, Selected, Session, batches, gaps,
    resume,
};
use crate::message::Digest;
use crate::store::{NewMail, Place};
use anyhow::Context as _;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// Mails looked at in one go; between two of them the server is told what we have.
const WINDOW: usize = 2_000;

/// Mails and bytes fetched and committed together.
const BATCH: BatchLimit = BatchLimit { mail_count: 250, size_bytes: 8 << 20 };

/// The most that is kept of the header of a mail that is too large.
const HEADER_BYTES: u32 = 64 << 10;

/// How long we wait after losing a server: doubling from a second up to five minutes.
const RECONNECT: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(300) };

/// How long to wait when a server has no IDLE is for the configuration to say; IDLE itself is renewed before this.
const RENEW_IDLE: Duration = Duration::from_secs(25 * 60);

/// Watches one mailbox until it is told to stop. `settled` is told when mails of it may be moved on the server.
pub async fn watch(desk: Desk, mailbox: MailboxConfig, settled: &Notify, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let mut watcher = Watcher { desk: &desk, mailbox: &mailbox, settled, stop: &stop, passes: 0 };
        match watcher.session().await {
            Ok(()) => return,
            Err(failure) => {
                // A pass that worked makes the next failure the first again.
                failures = if watcher.passes > 0 { 1 } else { failures + 1 };
                let wait = RECONNECT.wait(failures - 1, desk.clock.fraction());
                let name = &mailbox.name;
                warn!(
                    mailbox = %name,
                    attempt = failures,
                    error = %chain(failure.as_ref()),
                    "lost mailbox {name}, trying again in {} s",
                    wait.as_secs()
                );
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                }
            }
        }
    }
}

struct Watcher<'w> {
    desk: &'w Desk,
    mailbox: &'w MailboxConfig,
    settled: &'w Notify,
    stop: &'w CancellationToken,
    passes: u64,
}

impl Watcher<'_> {
    /// One session from login to its end, which is an error unless we were told to stop.
    async fn session(&mut self) -> anyhow::Result<()> {
        let mailbox = self.mailbox;
        let account = &mailbox.account;
        let secret = account.secret.read().await?;
        let login = Login { user: account.user.clone(), secret, mechanism: account.mechanism };
        let mut session = Session::connect(&mailbox.endpoint, &login, Deadlines::default()).await?;
        let mut selected = session.select(&mailbox.folder).await?;
        info!(mailbox = %mailbox.name, mails = selected.exists, "watching mailbox {}", mailbox.name);
        let mut is_thorough = true;
        loop {
            self.pass(&mut session, &selected, is_thorough).await?;
            self.passes += 1;
            // What SELECT said of the next UID holds for the first look only.
            selected.uid_next = None;
            tidy::tidy(self.desk, mailbox, &mut session, &selected).await?;
            match self.wait(&mut session).await? {
                IdleOutcome::Stopped if self.stop.is_cancelled() => {
                    // A courtesy: all that we know is committed.
                    let _ = session.logout().await;
                    return Ok(());
                }
                // IDLE can die in silence, and a mail can be overlooked: so everything is compared now and then.
                outcome => is_thorough = outcome == IdleOutcome::TimedOut,
            }
        }
    }

    /// Waits for new mail, for settled mail to tidy up, or for the time to look anyway.
    async fn wait(&self, session: &mut Session) -> anyhow::Result<IdleOutcome> {
        let poll_every = Duration::try_from(self.mailbox.poll_every).unwrap_or(RENEW_IDLE);
        let wake = self.stop.child_token();
        let moves = tidy::is_wanted(self.mailbox);
        if session.has_idle() {
            let idle = session.idle(poll_every.min(RENEW_IDLE), &wake);
            tokio::pin!(idle);
            loop {
                // Dropping IDLE half-way would cost the session, so it is asked to end instead.
                tokio::select! {
                    outcome = &mut idle => return Ok(outcome?),
                    () = self.settled.notified(), if moves && !wake.is_cancelled() => wake.cancel(),
                }
            }
        }
        tokio::select! {
            () = wake.cancelled() => return Ok(IdleOutcome::Stopped),
            () = self.settled.notified(), if moves => return Ok(IdleOutcome::Stopped),
            () = tokio::time::sleep(poll_every) => {}
        }
        session.noop().await?;
        Ok(IdleOutcome::TimedOut)
    }

    /// Brings in everything that is new; a thorough pass also what an earlier one may have overlooked.
    async fn pass(&self, session: &mut Session, selected: &Selected, is_thorough: bool) -> anyhow::Result<()> {
        let stored = self.desk.store.cursor(&self.mailbox.name).await?;
        let stored = stored.map(|place| Cursor { uid_validity: place.uid_validity, last_uid: place.uid });
        let resumed = resume(stored, selected);
        match resumed {
            Resume::StartOver { was, .. } => warn!(
                mailbox = %self.mailbox.name,
                "UIDVALIDITY changed from {was} to {}: reading the mailbox again, known mails are recognised",
                selected.uid_validity
            ),
            Resume::WentBack(_) => {
                warn!(mailbox = %self.mailbox.name, "UIDs went back: reading the mailbox again");
            }
            Resume::First(_) | Resume::After(_) => {}
        }
        let uids = match resumed {
            Resume::After(cursor) if !is_thorough => session.uids_after(cursor.last_uid).await?,
            Resume::After(cursor) => self.overlooked(session, selected, cursor).await?,
            _ => session.all_uids(selected.uid_next).await?,
        };
        for window in uids.chunks(WINDOW) {
            self.bring_in(session, selected, window).await?;
            if self.stop.is_cancelled() {
                break;
            }
        }
        Ok(())
    }

    /// The mails on the server that have no inbox row, wherever they stand.
    async fn overlooked(&self, session: &mut Session, selected: &Selected, cursor: Cursor) -> anyhow::Result<Vec<u32>> {
        let on_server = session.all_uids(selected.uid_next).await?;
        let known = self.desk.store.known_uids(&self.mailbox.name, selected.uid_validity).await?;
        let missing = gaps(&on_server, &known);
        let behind = missing.iter().filter(|uid| **uid <= cursor.last_uid).count();
        if behind > 0 {
            warn!(mailbox = %self.mailbox.name, count = behind, "{behind} mails had been overlooked and are fetched now");
        }
        Ok(missing)
    }

    /// Fetches mails, commits them with the cursor, then flags them on the server.
    async fn bring_in(&self, session: &mut Session, selected: &Selected, uids: &[u32]) -> anyhow::Result<()> {
        let limit = self.desk.house.policy.max_mail_bytes;
        let sizes = session.sizes(uids).await?;
        let (large, fitting): (Vec<MailSize>, Vec<MailSize>) =
            sizes.into_iter().partition(|mail| u64::from(mail.size_bytes) > limit);
        let mut kept = Vec::with_capacity(uids.len());
        // The large ones first: the cursor then never passes one that is not kept.
        for mail in &large {
            let header = session.fetch_headers(mail.uid, HEADER_BYTES).await?;
            let Some(header) = header else { continue };
            let oversize = self.new_mail(selected, header, Some(u64::from(mail.size_bytes)));
            self.desk.store.keep_mail(&[oversize], None, self.desk.clock.now()).await.context("keeping a mail")?;
            kept.push(mail.uid);
        }
        let batches = batches(&fitting, BATCH);
        let mut refused = Vec::new();
        let mut fetching = session.fetch_batches(&batches);
        for asked in &batches {
            let batch = match fetching.next().await {
                Ok(Some(batch)) => batch,
                Ok(None) => break,
                Err(ImapError::Refused { text, .. }) => {
                    warn!(mailbox = %self.mailbox.name, "the server refused a batch: {text}");
                    refused.extend(asked.iter().copied());
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            debug!(mailbox = %self.mailbox.name, missing = batch.missing.len(), "fetched {} mails", batch.mails.len());
            kept.extend(self.keep(selected, batch.mails).await?);
        }
        for uid in refused {
            match session.fetch(&[uid]).await {
                Ok(batch) => kept.extend(self.keep(selected, batch.mails).await?),
                // Not kept, so the next thorough pass finds it missing and asks again.
                Err(ImapError::Refused { text, .. }) => {
                    error!(mailbox = %self.mailbox.name, uid, "the server will not hand over mail {uid}: {text}");
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !kept.is_empty() && !selected.is_read_only {
            session.mark_seen(&kept).await?;
        }
        if !kept.is_empty() {
            let name = &self.mailbox.name;
            info!(mailbox = %name, count = kept.len(), "received {} mails from {name}", kept.len());
        }
        Ok(())
    }

    /// Commits mails and the cursor. Only when this returns may the server be told.
    async fn keep(&self, selected: &Selected, mails: Vec<Fetched>) -> anyhow::Result<Vec<u32>> {
        let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
        let Some(last) = uids.iter().max() else { return Ok(uids) };
        let cursor = self.place(selected, *last);
        let mails: Vec<NewMail> = mails.into_iter().map(|mail| self.new_mail(selected, mail, None)).collect();
        self.desk.store.keep_mail(&mails, Some(&cursor), self.desk.clock.now()).await.context("keeping mails")?;
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
