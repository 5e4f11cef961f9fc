//! Counts and lengths of time as people say them, in logs and on screens. Pure, for everyone.

use std::time::Duration;

/// `1 mail`, `2 mails`; `thing` takes an s for more than one.
pub fn counted(count: impl TryInto<u64>, thing: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// `350 ms`, `1.5 s`, `12 s`, `1 min 30 s`, `2 h 5 min`, `3 days`.
pub fn length(duration: Duration) -> String {
    let millis = duration.as_millis();
    let seconds = (millis + 500) / 1000;
    let with = |whole: u128, unit: &str, rest: u128, of: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {of}"),
    };
    match seconds {
        _ if millis < 995 => format!("{millis} ms"),
        _ if millis < 9_950 => {
            let tenths = (millis + 50) / 100;
            let rest = if tenths.is_multiple_of(10) { String::new() } else { format!(".{}", tenths % 10) };
            format!("{}{rest} s", tenths / 10)
        }
        0..60 => format!("{seconds} s"),
        60..3600 => with(seconds / 60, "min", seconds % 60, "s"),
        3600..172_800 => with(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_more_are_more() {
        for (count, expected) in [(0, "0 mails"), (1, "1 mail"), (2, "2 mails")] {
            assert_eq!(counted(count, "mail"), expected);
        }
    }

    #[test]
    fn lengths_are_said_as_people_say_them() {
        for (millis, expected) in [
            (0, "0 ms"),
            (350, "350 ms"),
            (996, "1 s"),
            (1_000, "1 s"),
            (1_499, "1.5 s"),
            (9_940, "9.9 s"),
            (9_960, "10 s"),
            (12_345, "12 s"),
            (59_700, "1 min"),
            (90_123, "1 min 30 s"),
            (3_600_000, "1 h"),
            (7_500_000, "2 h 5 min"),
            (259_200_000, "3 days"),
        ] {
            assert_eq!(length(Duration::from_millis(millis)), expected, "{millis}");
        }
    }
}
