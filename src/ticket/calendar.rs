//! When a desk, or somebody it works for, is at work: hours of the week in a zone, and days off.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// Opening hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The zone in which they are meant.
    pub zone: TimeZone,
    /// The hours, by day of the week.
    pub hours: Vec<Hours>,
    /// Days on which it is closed all day.
    pub holidays: BTreeSet<Date>,
}

/// From when until when on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The days.
    pub days: Vec<Weekday>,
    /// The first minute.
    pub from: Time,
    /// The minute that is not in it any more; `None` at midnight.
    pub until: Option<Time>,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Calendar {
    /// Whether it is open at this time.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone());
        let (date, time) = (local.date(), local.time());
        let is_within = |hours: &Hours| {
            hours.days.contains(&date.weekday()) && hours.from <= time && hours.until.is_none_or(|until| time < until)
        };
        !self.holidays.contains(&date) && self.hours.iter().any(is_within)
    }
}

/// Reads `mon-fri 08:00-16:00` or `sat 10:00-24:00`.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_hours(text: &str) -> Result<Hours, String> {
    let (days, times) = text.trim().split_once(char::is_whitespace).ok_or("there are no hours behind the days")?;
    let mut open = Vec::new();
    for part in days.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        // From Friday to Monday is four days.
        open.extend((0..=(last + 7 - first) % 7).map(|step| DAYS[(first + step) % 7].1));
    }
    let (from, until) = times.trim().split_once('-').ok_or_else(|| format!("`{}` is not from-until", times.trim()))?;
    let (from, until) = (from.trim(), until.trim());
    let from = time(from)?;
    let until = if until == "24:00" { None } else { Some(time(until)?) };
    if until.is_some_and(|until| until <= from) {
        return Err("the end is not after the beginning; hours over midnight are two".to_owned());
    }
    Ok(Hours { days: open, from, until })
}

fn day(word: &str) -> Result<usize, String> {
    let word = word.trim().to_lowercase();
    let found = DAYS.iter().position(|(name, _)| *name == word);
    found.ok_or_else(|| format!("`{word}` is no day; there are {}", DAYS.map(|(name, _)| name).join(", ")))
}

fn time(word: &str) -> Result<Time, String> {
    let digits = |part: &str| if part.len() == 2 { part.parse::<i8>().ok() } else { None };
    let read = || {
        let (hour, minute) = word.split_once(':')?;
        Time::new(digits(hour)?, digits(minute)?, 0, 0).ok()
    };
    read().ok_or_else(|| format!("`{word}` is no time such as 08:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office(hours: &[&str]) -> Calendar {
        Calendar {
            zone: TimeZone::get("Europe/Oslo").unwrap(),
            hours: hours.iter().map(|hours| read_hours(hours).unwrap()).collect(),
            holidays: BTreeSet::from(["2026-12-25".parse().unwrap()]),
        }
    }

    #[test]
    fn a_calendar_is_open_in_its_own_zone_and_closed_on_holidays() {
        let calendar = office(&["mon-fri 08:00-16:00", "sat,sun 22:00-24:00"]);
        for (name, at, expected) in [
            ("Monday morning", "2026-03-02T07:00:00Z", true),
            ("a minute before", "2026-03-02T06:59:59Z", false),
            ("the last minute", "2026-03-02T14:59:59Z", true),
            ("the end is not in it", "2026-03-02T15:00:00Z", false),
            ("an hour earlier in summer", "2026-07-06T06:00:00Z", true),
            ("Saturday by day", "2026-03-07T11:00:00Z", false),
            ("Saturday before midnight", "2026-03-07T22:59:00Z", true),
            ("a holiday, a Friday", "2026-12-25T09:00:00Z", false),
        ] {
            assert_eq!(calendar.is_open(at.parse().unwrap()), expected, "{name}");
        }
    }

    #[test]
    fn hours_are_read_or_refused_with_a_word() {
        let days = |text: &str| read_hours(text).unwrap().days.len();
        assert_eq!(["mon-fri 08:00-16:00", "fri-mon 08:00-16:00", "sat 00:00-24:00"].map(days), [5, 4, 1]);
        for (text, expected) in [
            ("mon-fri", "there are no hours behind the days"),
            ("mo 08:00-16:00", "`mo` is no day; there are mon, tue, wed, thu, fri, sat, sun"),
            ("mon 8-16", "`8` is no time such as 08:00"),
            ("mon 08:00", "`08:00` is not from-until"),
            ("mon 22:00-06:00", "the end is not after the beginning; hours over midnight are two"),
        ] {
            assert_eq!(read_hours(text).unwrap_err(), expected, "{text}");
        }
    }
}
