//! The one place that asks what time it is. Everything else is told.

use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A source of the present time: the machine's, one elsewhere that is listened to, or one that a test sets.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock elsewhere, asked now and then, and carried on in between by what this machine measures to have passed. So
    /// this machine's own clock does not matter, however it is set.
    Elsewhere(Arc<Mutex<Heard>>),
    /// A clock that stands still until somebody moves it; milliseconds since the epoch.
    Set(Arc<AtomicI64>),
}

/// What a clock elsewhere showed, and when.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    at: Instant,
    /// Milliseconds since the epoch.
    shown: i64,
}

impl Heard {
    fn shows_at(&self, at: Instant) -> i64 {
        self.shown.saturating_add(millis(at.saturating_duration_since(self.at)))
    }
}

impl Clock {
    /// A clock that shows `at` until it is moved.
    pub fn set_to(at: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    /// A clock elsewhere, which showed so many milliseconds since the epoch when it was heard at this moment.
    pub fn elsewhere(shown: i64, at: Instant) -> Self {
        Self::Elsewhere(Arc::new(Mutex::new(Heard { at, shown })))
    }

    /// Hears again what a clock elsewhere shows. Returns how far it is from what we took it to show.
    ///
    /// It has shown that at some moment between `asked` and `heard`, so we are only moved when we are outside of what it
    /// may show by now: a slow answer must not have us go back and forth. Other clocks are not moved.
    pub fn hear(&self, shown: i64, asked: Instant, heard: Instant) -> SignedDuration {
        let Clock::Elsewhere(last) = self else { return SignedDuration::ZERO };
        let mut last = lock(last);
        let ours = last.shows_at(heard);
        let most = shown.saturating_add(millis(heard.saturating_duration_since(asked)));
        let theirs = ours.clamp(shown, most);
        if theirs != ours {
            *last = Heard { at: heard, shown: theirs };
        }
        SignedDuration::from_millis(theirs - ours)
    }

    /// The present time in whole milliseconds, which is what the database keeps.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Timestamp {
        let millis = match self {
            Clock::System => Timestamp::now().as_millisecond(),
            Clock::Elsewhere(heard) => lock(heard).shows_at(Instant::now()),
            Clock::Set(millis) => millis.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    /// A fraction between 0 and 1 that differs from moment to moment, to spread attempts that failed together.
    pub fn fraction(&self) -> f64 {
        let millis = u32::try_from(self.now().as_millisecond().rem_euclid(1009)).unwrap_or_default();
        f64::from(millis) / 1009.0
    }

    /// Moves a set clock to `at`; the others are not ours to move.
    pub fn move_to(&self, at: Timestamp) {
        if let Clock::Set(millis) = self {
            millis.store(at.as_millisecond(), Ordering::SeqCst);
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_clock_elsewhere_is_moved_only_as_far_as_what_was_heard_has_it() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        // Begun with 5,000 at 0; what it showed when it was asked at 900, and answered at 1,000; how far that moves us.
        let cases = [
            ("as expected", 5_950, 0),
            ("as if the answer took all the time", 5_900, 0),
            ("as if the question took all the time", 6_000, 0),
            ("behind even so", 5_800, -100),
            ("ahead", 6_250, 250),
            ("an hour ahead", 3_605_950, 3_599_950),
            ("an hour back", -3_594_050, -3_599_950),
        ];
        for (name, shown, moved) in cases {
            let clock = Clock::elsewhere(5_000, start);
            let heard = clock.hear(shown, after(900), after(1_000));
            assert_eq!(heard, SignedDuration::from_millis(moved), "{name}");
            let again = clock.hear(shown + 500, after(1_400), after(1_500));
            assert_eq!(again, SignedDuration::ZERO, "{name}: what was heard is known");
        }
    }

    #[test]
    fn a_clock_elsewhere_goes_on_by_itself() {
        let hour = Duration::from_secs(3_600);
        let Some(an_hour_ago) = Instant::now().checked_sub(hour) else { return };
        let shows = Clock::elsewhere(0, an_hour_ago).now().as_millisecond();
        assert!((3_600_000..3_660_000).contains(&shows), "{shows}");
    }

    #[test]
    fn only_a_clock_elsewhere_is_moved_by_what_is_heard() {
        let clock = Clock::set_to(Timestamp::UNIX_EPOCH);
        let now = Instant::now();
        assert_eq!(clock.hear(5_000, now, now), SignedDuration::ZERO);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }
}
