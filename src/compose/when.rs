//! Times and durations in the words of a mail.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// An instant as a customer reads it: `Monday, 2 March 2026, 15:30 (UTC+01:00)`.
pub(super) fn full(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let format = if at.offset().is_zero() { "%A, %-d %B %Y, %H:%M (UTC)" } else { "%A, %-d %B %Y, %H:%M (UTC%:z)" };
    at.strftime(format).to_string()
}

/// An instant as an agent reads it, in the desk's zone: `Mon 2 Mar, 15:30`.
pub(super) fn short(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %-d %b, %H:%M").to_string()
}

/// How far away an instant is: `in 14 min`, `now`, `overdue by 3 h 46 min`.
pub(super) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.as_second() - now.as_second();
    let distance = distance(seconds.unsigned_abs() / 60);
    match (seconds, distance) {
        (_, None) => "now".to_owned(),
        (0.., Some(text)) => format!("in {text}"),
        (_, Some(text)) => format!("overdue by {text}"),
    }
}

fn distance(minutes: u64) -> Option<String> {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (hours, rest) {
        (0, 0) => None,
        (0, _) => Some(format!("{rest} min")),
        (1..48, 0) => Some(format!("{hours} h")),
        (1..48, _) => Some(format!("{hours} h {rest} min")),
        _ => Some(format!("{} days", hours / 24)),
    }
}

/// An interval as it stands behind "every": `30 minutes`, `hour`, `4 hours`, `24 hours`.
pub(super) fn interval(every: SignedDuration) -> String {
    let minutes = every.as_mins();
    match minutes {
        0 => format!("{} seconds", every.as_secs()),
        1 => "minute".to_owned(),
        60 => "hour".to_owned(),
        _ if minutes % 60 != 0 => format!("{minutes} minutes"),
        _ if minutes > 48 * 60 && minutes % (24 * 60) == 0 => format!("{} days", minutes / (24 * 60)),
        _ => format!("{} hours", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_by_people() {
        let at: Timestamp = "2026-03-02T14:30:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(full(at, &zone), "Monday, 2 March 2026, 15:30 (UTC+01:00)");
        assert_eq!(full(at, &TimeZone::UTC), "Monday, 2 March 2026, 14:30 (UTC)");
        assert_eq!(short(at, &zone), "Mon 2 Mar, 15:30");
    }

    #[test]
    fn distances_are_short() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        for (name, minutes, expected) in [
            ("soon", 14, "in 14 min"),
            ("this minute", 0, "now"),
            ("a while", 226, "in 3 h 46 min"),
            ("hours sharp", 240, "in 4 h"),
            ("days", 3 * 24 * 60 + 5, "in 3 days"),
            ("past", -5, "overdue by 5 min"),
        ] {
            assert_eq!(relative(now + SignedDuration::from_mins(minutes), now), expected, "{name}");
        }
    }

    #[test]
    fn intervals_follow_every() {
        for (minutes, expected) in
            [(30, "30 minutes"), (60, "hour"), (240, "4 hours"), (1_440, "24 hours"), (4_320, "3 days")]
        {
            assert_eq!(interval(SignedDuration::from_mins(minutes)), expected);
        }
        assert_eq!(interval(SignedDuration::from_secs(20)), "20 seconds");
    }
}
