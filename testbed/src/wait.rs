//! Waiting for a condition, with a limit, and saying in the error what was waited for.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// How long a probe that found nothing waits before it looks again.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks `probe` again and again until it has an answer.
///
/// An error of the probe ends the waiting at once. When `limit` has passed the error names `what` was waited for.
pub fn wait_until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = probe()? {
            return Ok(found);
        }
        if Instant::now() >= end {
            bail!("waited {:.1} s in vain for {what}", limit.as_secs_f64());
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_in_vain_names_what_was_waited_for() {
        let error = wait_until("the moon", Duration::ZERO, || Ok(None::<()>)).unwrap_err();
        assert_eq!(error.to_string(), "waited 0.0 s in vain for the moon");
    }

    #[test]
    fn an_answer_and_an_error_end_the_waiting() {
        let mut asked = 0;
        let third = wait_until("the third time", Duration::from_secs(5), || {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(third.unwrap(), 3);
        let error = wait_until("it", Duration::from_secs(5), || -> Result<Option<()>> { bail!("broken") });
        assert_eq!(error.unwrap_err().to_string(), "broken");
    }
}
