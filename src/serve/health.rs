//! How the parts of a desk fare: they note it here, and whoever is asked whether all is well reads it.
//!
//! What there is to say of a database that is gone is said here, once, and once more when it is back: all loops feel it
//! at the same time.

use super::ready::{Found, Part, Readiness, Stage, readiness};
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

/// After how many heartbeats in vain the database is taken to be gone; the first may only have lost its connection.
const BEATS_IN_VAIN: u32 = 2;

/// How long the database may take to say how it is.
const PULSE_WITHIN: Duration = Duration::from_secs(2);

/// How a desk fares. Cheap to clone; all clones are about the same desk.
#[derive(Debug, Clone, Default)]
pub struct Health {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    is_away: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    stage: Stage,
    store: Option<Store>,
    /// Heartbeats in a row that the database did not answer.
    in_vain: u32,
    failing: BTreeMap<Part, Instant>,
}

impl Health {
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The desk is at work, on this database.
    pub fn opened(&self, store: &Store) {
        let mut state = self.state();
        (state.stage, state.store) = (Stage::Open, Some(store.clone()));
    }

    /// The desk was told to stop.
    pub fn is_closing(&self) {
        self.state().stage = Stage::Stopping;
    }

    /// A part does not do what it should.
    pub fn fails(&self, part: Part) {
        self.state().failing.entry(part).or_insert_with(Instant::now);
    }

    /// A part does what it should.
    pub fn works(&self, part: &Part) {
        self.state().failing.remove(part);
    }

    /// The database has answered a heartbeat.
    pub fn answers(&self) {
        self.state().in_vain = 0;
        if self.inner.is_away.send_replace(false) {
            info!("the database answers again");
        }
    }

    /// The database has not answered a heartbeat.
    pub fn no_answer(&self, why: &str) {
        let mut state = self.state();
        state.in_vain = state.in_vain.saturating_add(1);
        let is_away = state.in_vain >= BEATS_IN_VAIN;
        drop(state);
        if is_away && !self.inner.is_away.send_replace(true) {
            warn!(error = %why, "the database does not answer; the desk waits for it");
        }
    }

    /// Whether the database is gone.
    pub fn is_away(&self) -> bool {
        *self.inner.is_away.borrow()
    }

    /// Waits until the database has been gone for so long without a break.
    pub async fn away_for(&self, time: Duration) {
        let mut away = self.inner.is_away.subscribe();
        loop {
            // The sender lives for as long as we do.
            let _ = away.wait_for(|is_away| *is_away).await;
            tokio::select! {
                _ = away.wait_for(|is_away| !*is_away) => {}
                () = sleep(time) => return,
            }
        }
    }

    /// Waits until the database, which is gone, is back. For ever where it is not gone.
    pub async fn is_back(&self) {
        if !self.is_away() {
            std::future::pending::<()>().await;
        }
        let _ = self.inner.is_away.subscribe().wait_for(|is_away| !*is_away).await;
    }

    /// Asks the database how it is, and says whether the desk is ready.
    pub async fn ask(&self) -> Readiness {
        let store = self.state().store.clone();
        let database = match store {
            Some(store) if !self.is_away() => timeout(PULSE_WITHIN, store.pulse()).await.ok().and_then(Result::ok),
            _ => None,
        };
        let state = self.state();
        let failing = state.failing.iter().map(|(part, since)| (part.clone(), since.elapsed())).collect();
        readiness(&Found { stage: state.stage, database, failing })
    }
}

/// Whether a loop failed because there is no getting through to the database.
pub fn is_database_away(failure: &anyhow::Error) -> bool {
    failure.chain().any(|cause| cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_away))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_heartbeat_in_vain_is_not_the_end() {
        let health = Health::default();
        health.no_answer("reset");
        assert!(!health.is_away());
        health.answers();
        health.no_answer("reset");
        assert!(!health.is_away(), "not in a row");
        health.no_answer("refused");
        assert!(health.is_away());
        health.answers();
        assert!(!health.is_away());
    }
}
