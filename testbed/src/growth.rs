//! How the work of a function grows with what it works on.

use std::time::Duration;

/// How often a work is done, and how often two are compared: what disturbs one of them may not have disturbed another.
const TIMES: usize = 4;

/// The least that a work is taken to cost.
const LEAST: Duration = Duration::from_micros(10);

/// How much more one work costs than another that should cost about half as much: a square costs four times as much.
///
/// It is the processor's time that counts, and of this thread alone, so that a busy machine is no reason to fail. As many
/// tries are made as it takes to find no more than `most`, and the least of them is returned.
pub fn factor<T, U>(most: f64, half: impl Fn() -> T, whole: impl Fn() -> U) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..TIMES {
        let factor = cost(&whole).as_secs_f64() / cost(&half).max(LEAST).as_secs_f64();
        least = least.min(factor);
        if least <= most {
            break;
        }
    }
    least
}

/// The least that a work costs, of several times.
fn cost<T>(work: impl Fn() -> T) -> Duration {
    let once = || {
        let begun = processor_time();
        drop(std::hint::black_box(work()));
        processor_time().saturating_sub(begun)
    };
    (0..TIMES).map(|_| once()).min().unwrap_or_default()
}

/// How long this thread has been at work.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts as many pairs of numbers.
    fn square(size: u64) -> u64 {
        (0..size).map(|n| (0..size).map(|m| std::hint::black_box(n ^ m) & 1).sum::<u64>()).sum()
    }

    #[test]
    fn a_square_is_told_from_what_grows_with_its_size() {
        assert!(factor(3.0, || square(600), || square(1_200)) > 3.0);
        assert!(
            factor(3.0, || (0..300).map(|_| square(20)).sum::<u64>(), || (0..600).map(|_| square(20)).sum::<u64>())
                <= 3.0
        );
    }

    #[test]
    fn what_waits_costs_nothing() {
        assert!(cost(|| std::thread::sleep(Duration::from_millis(20))) < Duration::from_millis(10));
    }
}
