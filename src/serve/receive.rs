//! Loop 1: new mail in an IMAP mailbox → one inbox row each → acknowledge.
//!
//! In: what the server shows. Out: inbox rows with the raw bytes and the cursor, in one transaction; only then are
//! the mails flagged on the server. Nothing is looked at here, so no mail can be too strange to be received.

mod bring_in;
mod compared;
mod doubt;

use super::deliver::chain;
use super::desk::Desk;
use super::health::is_database_away;
use super::ready::Part;
use super::tidy;
use crate::backoff::Backoff;
use crate::config::MailboxConfig;
use crate::endpoint::Login;
use crate::imap::{Cursor, Deadlines, IdleOutcome, Resume, Selected, Session, gaps, resume};
use crate::spoken::{counted, length};
use crate::store::Hold;
use compared::Compared;
use doubt::Doubts;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// Mails looked at in one go; between two of them the server is told what we have.
const WINDOW: usize = 2_000;

/// How often to ask for a mailbox that another worker reads.
const ASK_FOR_MAILBOX: Duration = Duration::from_secs(1);

/// How long we wait after losing a server: doubling from a second up to five minutes.
const RECONNECT: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(300) };

/// How long to wait when a server has no IDLE is for the configuration to say; IDLE itself is renewed before this.
const RENEW_IDLE: Duration = Duration::from_secs(25 * 60);

/// Watches one mailbox until it is told to stop. `settled` is told when mails of it may be moved on the server.
pub async fn watch(desk: Desk, mailbox: MailboxConfig, settled: &Notify, stop: CancellationToken) {
    let mut failures = 0;
    let (mut doubts, mut compared) = (Doubts::default(), Compared::default());
    let part = Part::Mailbox(mailbox.name.clone());
    desk.health.fails(part.clone());
    while !stop.is_cancelled() {
        let hold = match desk.store.take_mailbox(&mailbox.name).await {
            Ok(Some(hold)) => Some(hold),
            Ok(None) | Err(_) => None,
        };
        let Some(hold) = hold else {
            // Somebody else reads it, or the database is away.
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(ASK_FOR_MAILBOX) => {}
            }
            continue;
        };
        let mut watcher = Watcher {
            desk: &desk,
            mailbox: &mailbox,
            hold: &hold,
            settled,
            stop: &stop,
            doubts: &mut doubts,
            compared: &mut compared,
            passes: 0,
            has_kept: false,
        };
        let session = AssertUnwindSafe(watcher.session()).catch_unwind().await;
        let has_worked = watcher.passes > 0 || watcher.has_kept;
        desk.health.fails(part.clone());
        // Others may have better luck with the server. When this fails, they find out by themselves.
        let _ = desk.store.leave_mailbox(&hold).await;
        // A panic is a fault of ours, and must not cost the mailbox.
        match session.unwrap_or_else(|_fault| Err(anyhow::anyhow!("a fault of Postroom"))) {
            Ok(()) => return,
            // It is told of elsewhere, and no fault of the server.
            Err(failure) if is_database_away(&failure) => {
                debug!(mailbox = %mailbox.name, error = %chain(failure.as_ref()), "the mailbox waits for the database");
            }
            Err(failure) => {
                // A session that was of some use makes its failure the first again.
                failures = if has_worked { 1 } else { failures + 1 };
                let wait = RECONNECT.wait(failures, desk.clock.fraction());
                let name = &mailbox.name;
                warn!(
                    mailbox = %name,
                    attempt = failures,
                    error = %chain(failure.as_ref()),
                    "lost mailbox {name}, trying again in {}",
                    length(wait)
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
    hold: &'w Hold,
    settled: &'w Notify,
    stop: &'w CancellationToken,
    doubts: &'w mut Doubts,
    compared: &'w mut Compared,
    passes: u64,
    /// Whether this session has brought in a mail.
    has_kept: bool,
}

impl Watcher<'_> {
    /// One session from login to its end, which is an error unless we were told to stop.
    async fn session(&mut self) -> anyhow::Result<()> {
        let mailbox = self.mailbox;
        let account = &mailbox.account;
        let secret = account.secret.read().await?;
        let login = Login { user: account.user.clone(), secret, mechanism: account.mechanism };
        let mut session = Session::connect(&mailbox.endpoint, &login, Deadlines::default()).await?;
        let selected = session.select(&mailbox.folder).await?;
        info!(mailbox = %mailbox.name, mails = selected.exists, "watching mailbox {}", mailbox.name);
        self.desk.health.works(&Part::Mailbox(mailbox.name.clone()));
        let mut is_thorough = true;
        let mut compared = tokio::time::Instant::now();
        loop {
            self.pass(&mut session, &selected, is_thorough).await?;
            self.passes += 1;
            tidy::tidy(self.desk, mailbox, &mut session, &selected).await?;
            match self.wait(&mut session).await? {
                IdleOutcome::Stopped if self.stop.is_cancelled() => {
                    // A courtesy: all that we know is committed.
                    let _ = session.logout().await;
                    return Ok(());
                }
                // IDLE can die in silence, and a mail can be overlooked: so everything is compared now and then,
                // however much mail comes in between.
                outcome => {
                    is_thorough = outcome == IdleOutcome::TimedOut || compared.elapsed() > self.poll_every();
                    if is_thorough {
                        compared = tokio::time::Instant::now();
                    }
                }
            }
        }
    }

    fn poll_every(&self) -> Duration {
        Duration::try_from(self.mailbox.poll_every).unwrap_or(RENEW_IDLE)
    }

    /// Waits for new mail, for settled mail to tidy up, or for the time to look anyway.
    async fn wait(&self, session: &mut Session) -> anyhow::Result<IdleOutcome> {
        let poll_every = self.poll_every();
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
    async fn pass(&mut self, session: &mut Session, selected: &Selected, is_thorough: bool) -> anyhow::Result<()> {
        let stored = self.desk.store.cursor(&self.mailbox.name).await?;
        let stored = stored.map(|place| Cursor { uid_validity: place.uid_validity, last_uid: place.uid });
        // What SELECT said of the next UID holds for the first look only.
        let uid_next = selected.uid_next.filter(|_| self.passes == 0);
        let resumed = resume(stored, &Selected { uid_next, ..*selected });
        match resumed {
            Resume::StartOver { was, .. } => warn!(
                mailbox = %self.mailbox.name,
                "UIDVALIDITY changed from {was} to {}: reading the mailbox again, known mails are recognised",
                selected.uid_validity
            ),
            Resume::WentBack(_) => {
                warn!(mailbox = %self.mailbox.name, "UIDs went back: reading the mailbox again, known mails are recognised");
                // A UID may name another mail by now, and a place that we know is passed over.
                self.desk.store.forget_places(self.hold, self.desk.clock.now()).await?;
                *self.compared = Compared::default();
            }
            Resume::First(_) | Resume::After(_) => {}
        }
        let uids = match resumed {
            Resume::After(cursor) if !is_thorough => session.uids_after(cursor.last_uid).await?,
            Resume::After(cursor) => {
                // What is new does not wait for the comparison, which takes long where we have very many mails.
                let new = session.uids_after(cursor.last_uid).await?;
                self.bring_all_in(session, selected, &new).await?;
                self.overlooked(session, selected, cursor).await?
            }
            _ => session.all_uids(selected.uid_next).await?,
        };
        self.bring_all_in(session, selected, &uids).await
    }

    async fn bring_all_in(&mut self, session: &mut Session, selected: &Selected, uids: &[u32]) -> anyhow::Result<()> {
        for window in uids.chunks(WINDOW) {
            self.bring_in(session, selected, window).await?;
            if self.stop.is_cancelled() {
                break;
            }
        }
        Ok(())
    }

    /// The mails on the server that have no inbox row, wherever they stand; mostly only those near the end are compared.
    async fn overlooked(
        &mut self,
        session: &mut Session,
        selected: &Selected,
        cursor: Cursor,
    ) -> anyhow::Result<Vec<u32>> {
        let after = self.compared.next(selected.uid_validity);
        let on_server =
            if after > 0 { session.uids_after(after).await? } else { session.all_uids(selected.uid_next).await? };
        let known = self.desk.store.known_uids(&self.mailbox.name, selected.uid_validity, after).await?;
        let missing = gaps(&on_server, &known);
        self.compared.note(&on_server, &missing);
        let behind = missing.iter().filter(|uid| **uid <= cursor.last_uid).count();
        if behind > 0 {
            let mails = counted(behind, "mail");
            warn!(mailbox = %self.mailbox.name, count = behind, "overlooked before, and fetched now: {mails}");
        }
        Ok(missing)
    }
}
