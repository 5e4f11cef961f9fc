//! The one place that asks what time it is. Everything else is told.

use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A source of the present time: the machine's, or one that a test sets.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until somebody moves it; milliseconds since the epoch.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that shows `at` until it is moved.
    pub fn set_to(at: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    /// The present time in whole milliseconds, which is what the database keeps.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Timestamp {
        let millis = match self {
            Clock::System => Timestamp::now().as_millisecond(),
            Clock::Set(millis) => millis.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    /// A fraction between 0 and 1 that differs from moment to moment, to spread attempts that failed together.
    pub fn fraction(&self) -> f64 {
        let millis = u32::try_from(self.now().as_millisecond().rem_euclid(1009)).unwrap_or_default();
        f64::from(millis) / 1009.0
    }

    /// Moves a set clock to `at`; the machine's clock is not ours to move.
    pub fn move_to(&self, at: Timestamp) {
        if let Clock::Set(millis) = self {
            millis.store(at.as_millisecond(), Ordering::SeqCst);
        }
    }
}
