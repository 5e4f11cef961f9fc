//! How long to wait before trying again: twice as long after each failure, up to a limit, and never quite the
//! same for two that failed together. Pure: the random part is handed in.

use std::time::Duration;

/// A rule for waiting between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The longest wait after any failure.
    pub most: Duration,
}

impl Backoff {
    /// How long to wait after `failures` failures in a row (at least one), for a random `fraction` from 0 to 1.
    ///
    /// Half of the wait is certain, so that nobody hammers a server; the other half is random, so that many who
    /// failed at the same moment do not all come back at the same moment.
    pub fn wait(&self, failures: u32, fraction: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.most);
        let fraction = if fraction.is_nan() { 0.5 } else { fraction.clamp(0.0, 1.0) };
        whole / 2 + (whole / 2).mul_f64(fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Backoff = Backoff { first: Duration::from_secs(2), most: Duration::from_secs(300) };

    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        let cases = [
            ("no failure counts as the first", 0, 2_000),
            ("first", 1, 2_000),
            ("second", 2, 4_000),
            ("fifth", 5, 32_000),
            ("eighth is still below the limit", 8, 256_000),
            ("ninth is at the limit", 9, 300_000),
            ("so many that doubling overflows", u32::MAX, 300_000),
        ];
        for (name, failures, millis) in cases {
            assert_eq!(RULE.wait(failures, 1.0), Duration::from_millis(millis), "{name}");
        }
    }

    #[test]
    fn between_half_and_all_of_the_wait_is_kept() {
        let cases = [
            ("no luck", 0.0, 16_000),
            ("middle", 0.5, 24_000),
            ("all", 1.0, 32_000),
            ("below the range", -7.0, 16_000),
            ("above the range", 7.0, 32_000),
            ("not a number", f64::NAN, 24_000),
        ];
        for (name, fraction, millis) in cases {
            assert_eq!(RULE.wait(5, fraction), Duration::from_millis(millis), "{name}");
        }
    }

    #[test]
    fn the_longest_durations_do_not_overflow() {
        let rule = Backoff { first: Duration::MAX, most: Duration::MAX };
        assert!(rule.wait(40, 1.0) > Duration::from_secs(u64::MAX / 2));
    }
}
