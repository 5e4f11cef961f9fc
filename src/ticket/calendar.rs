//! When a desk, or somebody it works for, is at work: hours of the week in a zone, and days off.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::collections::BTreeSet;

/// How far ahead open time is looked for, so that a calendar that is closed for good makes nobody wait.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

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

    /// The first instant at which it has been open for this long since `at`; `None` when that is more than
    /// [`LONGEST`] away. No time has passed at `at` itself, be it open then or not.
    pub fn after(&self, at: Timestamp, time: SignedDuration) -> Option<Timestamp> {
        if !time.is_positive() {
            return Some(at);
        }
        let mut left = time;
        for (from, until) in self.open_from(at) {
            let length = until.duration_since(from);
            if left <= length {
                return Some(from + left);
            }
            left -= length;
        }
        None
    }

    /// The first instant from `at` on at which it is open; `None` when there is none within [`LONGEST`].
    pub fn opens_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.open_from(at).map(|(from, _)| from).next()
    }

    /// The stretches of time from `at` on, until [`LONGEST`] after it, in which it is open, in order.
    fn open_from(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let end = at.checked_add(LONGEST).unwrap_or(Timestamp::MAX);
        let changes = self.zone.following(at).map(|change| (change.timestamp(), change.offset()));
        let mut begins = vec![(at, self.zone.to_offset(at))];
        begins.extend(changes.take_while(|(change, _)| *change < end));
        let ends: Vec<Timestamp> = begins.iter().skip(1).map(|(begin, _)| *begin).chain([end]).collect();
        // From one change of the clocks to the next local time runs evenly: an hour that is left out in spring is never
        // open, and one that comes twice in autumn is open twice.
        begins.into_iter().zip(ends).flat_map(move |((begin, offset), end)| {
            let (first, last) = (offset.to_datetime(begin), offset.to_datetime(end));
            let days = first.date().series(1.day()).take_while(move |date| *date <= last.date());
            days.flat_map(|date| self.open_on(date)).filter_map(move |(from, until)| {
                let (from, until) = (from.max(first), until.min(last));
                let instant = |local: DateTime| begin + local.duration_since(first);
                (from < until).then(|| (instant(from), instant(until)))
            })
        })
    }

    /// The hours of a day by the clock on the wall, in order; those that overlap are made one.
    fn open_on(&self, date: Date) -> Vec<(DateTime, DateTime)> {
        if self.holidays.contains(&date) {
            return Vec::new();
        }
        let midnight = date.tomorrow().map_or(DateTime::MAX, |next| next.to_datetime(Time::midnight()));
        let of_day = self.hours.iter().filter(|hours| hours.days.contains(&date.weekday()));
        let mut spans: Vec<(DateTime, DateTime)> = of_day
            .map(|hours| {
                let until = hours.until.map_or(midnight, |until| date.to_datetime(until));
                (date.to_datetime(hours.from), until)
            })
            .collect();
        spans.sort_unstable();
        let mut merged: Vec<(DateTime, DateTime)> = Vec::new();
        for (from, until) in spans {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => merged.push((from, until)),
            }
        }
        merged
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
mod tests;
