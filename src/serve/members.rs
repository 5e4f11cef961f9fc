//! Being one of the workers that share a database: joining, saying that we live, hearing what others have done, leaving.

use super::deliver::chain;
use super::health::Health;
use crate::backoff::Backoff;
use crate::spoken::counted;
use crate::store::workers::SAY_SO_EVERY;
use crate::store::{Store, StoreError};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// How long to wait after the connection on which others are heard was lost.
const LISTEN_AGAIN: Backoff = Backoff { first: Duration::from_millis(200), most: Duration::from_secs(10) };

/// How long the database may take to hear that we live.
const HEARD_WITHIN: Duration = Duration::from_secs(3);

/// This process as one of the workers, by the words of what it does.
#[derive(Debug, Clone)]
pub struct Member {
    store: Store,
    roles: String,
}

impl Member {
    /// Joins the workers.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn join(store: &Store, roles: String) -> Result<Self, StoreError> {
        let member = Self { store: store.clone(), roles };
        member.sign_in().await?;
        Ok(member)
    }

    async fn sign_in(&self) -> Result<(), StoreError> {
        self.store.join_workers(&host(), std::process::id(), &self.roles).await
    }

    /// Says again and again that we live, and buries those that do not.
    pub async fn live(self, health: Health, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SAY_SO_EVERY) => {}
            }
            let said = tokio::select! {
                () = stop.cancelled() => return,
                said = timeout(HEARD_WITHIN, self.store.stay_worker()) => said,
            };
            let Ok(said) = said else {
                health.no_answer("nothing was heard from it");
                continue;
            };
            match &said {
                Err(failure) if failure.is_away() => health.no_answer(&chain(failure)),
                Err(_) => {}
                Ok(_) => health.answers(),
            }
            match said {
                Ok((buried, false)) => {
                    if buried > 0 {
                        let workers = counted(buried, "worker");
                        warn!("not heard of any more: {workers}; what had been claimed there is free");
                    }
                }
                Ok((_, true)) => {
                    warn!("this worker begins anew: what it had claimed may belong to others by now");
                    if let Err(failure) = self.sign_in().await {
                        debug!(error = %chain(&failure), "joining the workers failed");
                    }
                }
                Err(failure) => debug!(error = %chain(&failure), "saying that we live failed"),
            }
        }
    }

    /// Hears what other workers have done, so that nobody waits until they look anyway.
    pub async fn listen(self, stop: CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                heard = self.store.hear_others() => match heard {
                    Ok(()) => return,
                    Err(failure) => debug!(error = %chain(&failure), "other workers cannot be heard"),
                }
            }
            failures += 1;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LISTEN_AGAIN.wait(failures, 0.5)) => {}
            }
        }
    }

    /// Leaves the workers; what we had is free at once.
    pub async fn leave(self) {
        if let Err(failure) = self.store.leave_workers().await {
            info!(error = %chain(&failure), "leaving the workers failed; they find out by themselves");
        }
    }
}

/// The machine's name, for people.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}
