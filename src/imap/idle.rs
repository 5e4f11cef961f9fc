//! Waiting for the server's word that there is new mail (RFC 2177).

use std::time::Duration;

use async_imap::imap_proto::Response;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::wire::Answer;
use super::{ImapError, Session};

/// Servers may hang up on who has been silent for 30 minutes (RFC 3501 §5.4), and home routers forget sooner.
const RENEW_AFTER: Duration = Duration::from_secs(25 * 60);

/// Why waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleOutcome {
    /// The server announced new mail.
    Changed,
    /// Nothing was announced in the time given. IDLE can die in silence, so look all the same.
    TimedOut,
    /// Somebody asked us to stop.
    Stopped,
}

impl Session {
    /// Waits for new mail in the selected mailbox, at most for `limit` or until IDLE wants to be renewed.
    ///
    /// Ends at once if mail was announced since the last search. A lost connection is an error, never a time-out.
    pub async fn idle(&mut self, limit: Duration, stop: &CancellationToken) -> Result<IdleOutcome, ImapError> {
        if self.wire.has_news {
            return Ok(IdleOutcome::Changed);
        }
        let after = self.deadlines.command;
        let late = |_| ImapError::Timeout { command: "IDLE", after };
        self.wire.in_step()?;

        let until = Instant::now() + after;
        timeout_at(until, self.wire.send("IDLE")).await.map_err(late)??;
        let is_ready = |response: &Response<'_>| matches!(response, Response::Continue(_));
        loop {
            match timeout_at(until, self.wire.answer(is_ready)).await.map_err(late)?? {
                Answer::Untagged(true) => break,
                Answer::Untagged(false) => {}
                Answer::Ended(_, ending) => {
                    ending.insist("IDLE")?;
                    return Err(ImapError::protocol("IDLE that ended before it began"));
                }
            }
        }

        let until = Instant::now() + limit.min(RENEW_AFTER);
        let outcome = loop {
            if self.wire.has_news {
                break IdleOutcome::Changed;
            }
            tokio::select! {
                () = stop.cancelled() => break IdleOutcome::Stopped,
                answer = timeout_at(until, self.wire.answer(|_| {})) => match answer {
                    Err(_) => break IdleOutcome::TimedOut,
                    Ok(answer) => if let Answer::Ended(_, ending) = answer? {
                        // The server ended IDLE by itself, so there is nothing left for us to end.
                        ending.insist("IDLE")?;
                        return Ok(if self.wire.has_news { IdleOutcome::Changed } else { IdleOutcome::TimedOut });
                    },
                },
            }
        };

        let until = Instant::now() + after;
        timeout_at(until, self.wire.library.run_command_untagged("DONE")).await.map_err(late)??;
        loop {
            if let Answer::Ended(_, ending) = timeout_at(until, self.wire.answer(|_| {})).await.map_err(late)?? {
                ending.insist("IDLE")?;
                return Ok(outcome);
            }
        }
    }
}
