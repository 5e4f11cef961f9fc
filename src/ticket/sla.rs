//! What a severity promises: when a first answer and each update are due, and who works on it.
//!
//! The default figures are those of the handbook's e-mail column; ASAP is 15 minutes. Lengths become times in [`Pace`]
//! alone, which knows in which hours they run.

use super::calendar::Calendar;
use super::{Severity, Tier};
use jiff::{SignedDuration, Timestamp};

/// The longest that a promise in open hours may take without a word about it: longer than a summer closing, so that only
/// a calendar which is hardly ever open passes it.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// How far apart the times are at which it is tried how long a promise takes, and how many of them there are: a year of
/// holidays.
const TRIED_EVERY: SignedDuration = SignedDuration::from_hours(30 * 24);
const TRIED: i32 = 13;

/// A promise that takes far longer in open hours than it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    /// The severity that has it.
    pub severity: Severity,
    /// The key under which it stands in the configuration.
    pub key: &'static str,
    /// How long it says.
    pub promised: SignedDuration,
    /// How long it may take; `None` where a year has not so much open time, so that it runs around the clock.
    pub takes: Option<SignedDuration>,
}

/// What one severity promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Time until an agent's first answer.
    first_response: SignedDuration,
    /// Time between two updates to the customer.
    update_every: SignedDuration,
    /// Who works on it.
    pub tier: Tier,
}

impl Promise {
    /// The same with the lengths that `length` has for `first_response` and `update_every`; it is given those that are.
    pub fn with_lengths(self, length: impl Fn(&'static str, SignedDuration) -> SignedDuration) -> Self {
        Self {
            first_response: length("first_response", self.first_response),
            update_every: length("update_every", self.update_every),
            ..self
        }
    }
}

/// The promises for all severities, and how long before one an agent is nudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaTable {
    /// Promises in the order of [`Severity::ALL`].
    pub promises: [Promise; 4],
    /// The longest time before a promised update at which the assignee is reminded.
    pub nudge_before: SignedDuration,
}

impl SlaTable {
    /// Who works on tickets of this severity.
    pub fn tier(&self, severity: Severity) -> Tier {
        self.promises[severity as usize].tier
    }

    /// What is promised in the open hours of this calendar and may take longer than [`LONGEST_WAIT`], when it is promised
    /// within a year from now.
    pub fn slow(&self, calendar: &Calendar, now: Timestamp) -> Vec<Slow> {
        let takes = |promised: SignedDuration| {
            let tried = (0..TRIED).map(|step| now + TRIED_EVERY * step);
            let waits = tried.map(|at| Some(calendar.after(at, promised)?.duration_since(at)));
            waits.reduce(|longest, wait| Some(longest?.max(wait?))).flatten()
        };
        let promises = Severity::ALL.iter().filter(|severity| **severity != Severity::Critical).flat_map(|severity| {
            let Promise { first_response, update_every, .. } = self.promises[*severity as usize];
            [("first_response", first_response), ("update_every", update_every)]
                .map(|(key, time)| (*severity, key, time))
        });
        let slow = promises.map(|(severity, key, promised)| Slow { severity, key, promised, takes: takes(promised) });
        slow.filter(|slow| slow.takes.is_none_or(|takes| takes > LONGEST_WAIT)).collect()
    }

    /// How time runs for a ticket of this severity: in the open hours of its calendar, if it has one and is not critical.
    pub fn pace<'c>(&self, severity: Severity, calendar: Option<&'c Calendar>) -> Pace<'c> {
        Pace {
            promise: self.promises[severity as usize],
            nudge_before: self.nudge_before,
            calendar: calendar.filter(|_| severity != Severity::Critical),
        }
    }
}

/// How time runs for a ticket: what it is promised, and in which hours. Whatever falls due does so by this.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'c> {
    promise: Promise,
    nudge_before: SignedDuration,
    /// Around the clock without one.
    calendar: Option<&'c Calendar>,
}

/// The next update that a customer is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextUpdate {
    /// When it is due.
    pub due_at: Timestamp,
    /// When the assignee is reminded of it.
    pub nudge_at: Timestamp,
}

impl Pace<'_> {
    /// When the first answer of an agent is due on a ticket that was opened then.
    pub fn first_response_due_at(&self, opened_at: Timestamp) -> Timestamp {
        let time = self.promise.first_response;
        self.calendar.and_then(|calendar| calendar.after(opened_at, time)).unwrap_or(opened_at + time)
    }

    /// The next update that is promised now. The reminder comes [`nudge_before`](SlaTable::nudge_before) ahead of it, but
    /// not before four fifths of the time are over, and while it is open.
    ///
    /// A calendar that has not so much open time within a year makes no promise: then time runs around the clock.
    pub fn next_update(&self, now: Timestamp) -> NextUpdate {
        let every = self.promise.update_every;
        let reminded_after = every - self.nudge_before.min(every / 5);
        let in_open_hours = self.calendar.and_then(|calendar| {
            let due_at = calendar.after(now, every)?;
            // At the very end of a day nobody is there any more to be reminded.
            let nudge_at = calendar.opens_at(calendar.after(now, reminded_after)?).unwrap_or(due_at);
            Some(NextUpdate { due_at, nudge_at: nudge_at.min(due_at) })
        });
        in_open_hours.unwrap_or(NextUpdate { due_at: now + every, nudge_at: now + reminded_after })
    }

    /// When an update is tried again that was due and that a cap has held back. It is late, so it waits for no open hours.
    pub fn put_off(&self, now: Timestamp) -> Timestamp {
        now + PUT_OFF
    }

    /// Time until an agent's first answer, for words; when it is due says [`first_response_due_at`](Self::first_response_due_at).
    pub fn first_response(&self) -> SignedDuration {
        self.promise.first_response
    }

    /// Time between two updates, for words; when one is due says [`next_update`](Self::next_update).
    pub fn update_every(&self) -> SignedDuration {
        self.promise.update_every
    }

    /// Whether what is promised now runs at night, too.
    pub fn is_around_the_clock(&self, now: Timestamp) -> bool {
        self.calendar.is_none_or(|calendar| calendar.after(now, self.promise.update_every).is_none())
    }
}

/// How long an update waits that a cap has held back.
const PUT_OFF: SignedDuration = SignedDuration::from_mins(10);

impl Default for SlaTable {
    fn default() -> Self {
        let promise = |first_minutes, update_minutes, tier| Promise {
            first_response: SignedDuration::from_mins(first_minutes),
            update_every: SignedDuration::from_mins(update_minutes),
            tier,
        };
        Self {
            promises: [
                promise(24 * 60, 24 * 60, Tier::One),
                promise(4 * 60, 4 * 60, Tier::One),
                promise(2 * 60, 30, Tier::Two),
                promise(15, 30, Tier::Everyone),
            ],
            nudge_before: SignedDuration::from_mins(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::calendar::read_hours;
    use jiff::tz::TimeZone;
    use std::collections::BTreeSet;

    #[test]
    fn a_nudge_comes_ten_minutes_before_or_a_fifth_of_the_interval() {
        let table = SlaTable::default();
        let at: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        for (name, minutes, expected) in
            [("four hours", 240, "2026-03-02T12:50:00Z"), ("half an hour", 30, "2026-03-02T09:24:00Z")]
        {
            let update_every = SignedDuration::from_mins(minutes);
            let promise = Promise { update_every, ..table.promises[0] };
            let pace = SlaTable { promises: [promise; 4], ..table.clone() };
            assert_eq!(pace.pace(Severity::Low, None).next_update(at).nudge_at.to_string(), expected, "{name}");
        }
    }

    #[test]
    fn the_next_update_and_its_reminder_are_in_open_hours() {
        let hours = vec![read_hours("mon-fri 08:00-16:00").unwrap()];
        let office = Calendar { zone: TimeZone::UTC, hours, holidays: BTreeSet::new() };
        let closed = Calendar { hours: Vec::new(), ..office.clone() };
        let table = SlaTable::default();
        // The 6th is a Friday.
        for (name, severity, calendar, at, due_at, nudge_at) in [
            ("in one day", Severity::Medium, &office, "06T09:00", "06T13:00", "06T12:50"),
            ("over a weekend", Severity::Medium, &office, "06T14:00", "09T10:00", "09T09:50"),
            ("a reminder before the weekend", Severity::Medium, &office, "06T12:05", "09T08:05", "06T15:55"),
            ("no reminder as it closes", Severity::Medium, &office, "06T12:10", "09T08:10", "09T08:00"),
            ("due as it closes", Severity::Medium, &office, "06T12:00", "06T16:00", "06T15:50"),
            ("a fifth of the time", Severity::High, &office, "06T15:50", "09T08:20", "09T08:14"),
            ("begun at night", Severity::High, &office, "06T20:00", "09T08:30", "09T08:24"),
            ("days of eight hours", Severity::Low, &office, "06T09:00", "11T09:00", "11T08:50"),
            ("critical", Severity::Critical, &office, "06T20:00", "06T20:30", "06T20:24"),
            ("closed for good", Severity::Medium, &closed, "06T20:00", "07T00:00", "06T23:50"),
        ] {
            let time = |text: &str| format!("2026-03-{text}:00Z").parse::<Timestamp>().unwrap();
            let next = table.pace(severity, Some(calendar)).next_update(time(at));
            assert_eq!(next, NextUpdate { due_at: time(due_at), nudge_at: time(nudge_at) }, "{name}");
        }
        let none_before = SlaTable { nudge_before: SignedDuration::ZERO, ..table };
        let at: Timestamp = "2026-03-06T12:00:00Z".parse().unwrap();
        let next = none_before.pace(Severity::Medium, Some(&office)).next_update(at);
        assert_eq!(next.nudge_at, next.due_at, "a reminder never comes after what it is about");
    }

    #[test]
    fn a_promise_that_takes_far_longer_than_it_says_is_told() {
        let now: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let calendar = |hours: &str| Calendar {
            zone: TimeZone::UTC,
            hours: hours.split("; ").map(|hours| read_hours(hours).unwrap()).collect(),
            holidays: BTreeSet::new(),
        };
        // Only a first answer on tickets of low severity.
        let table = |hours: i64| {
            let mut table = SlaTable::default();
            table.promises = table.promises.map(|promise| promise.with_lengths(|_, _| SignedDuration::from_mins(1)));
            table.promises[Severity::Low as usize].first_response = SignedDuration::from_hours(hours);
            table
        };
        let told = |table: SlaTable, calendar: &Calendar, now| {
            let slow = table.slow(calendar, now);
            slow.iter()
                .map(|slow| (slow.severity, slow.key, slow.takes.map(|takes| takes.as_hours())))
                .collect::<Vec<_>>()
        };
        let low = |hours| vec![(Severity::Low, "first_response", hours)];
        let at_night = calendar("mon-sun 00:00-01:00");
        assert_eq!(told(table(24), &calendar("mon-fri 08:00-16:00"), now), [], "an office");
        // Begun at midnight, 60 hours of one a day are over in the 60th night, which is 59 days and one hour.
        assert_eq!(told(table(60), &at_night, now), [], "59 days and an hour");
        assert_eq!(told(table(61), &at_night, now), low(Some(60 * 24 + 1)), "60 days and an hour");
        let later = now + SignedDuration::from_hours(1);
        assert_eq!(told(table(60), &at_night, later), [], "60 days sharp");
        assert_eq!(
            told(table(24), &calendar("sat 10:00-12:00"), now)[0].2,
            Some(83 * 24 + 12),
            "two hours a week, begun on a Sunday"
        );
        assert_eq!(told(table(200), &calendar("sat 10:00-12:00"), now), low(None), "more than a year has");
        // It is open enough today, and not in the summer.
        let mut summer = calendar("mon-fri 08:00-16:00");
        let days = "2026-06-01".parse::<jiff::civil::Date>().unwrap().series(jiff::ToSpan::days(1));
        summer.holidays = days.take(75).collect();
        assert_eq!(told(table(1), &summer, now).len(), 3 * 2, "closed from June to the middle of August");
    }

    #[test]
    fn the_defaults_are_the_handbooks() {
        let table = SlaTable::default();
        let row = |s| {
            let pace = table.pace(s, None);
            (pace.first_response().as_mins(), pace.update_every().as_mins(), table.tier(s))
        };
        assert_eq!(row(Severity::Critical), (15, 30, Tier::Everyone));
        assert_eq!(row(Severity::High), (120, 30, Tier::Two));
        assert_eq!(row(Severity::Medium), (240, 240, Tier::One));
        assert_eq!(row(Severity::Low), (1440, 1440, Tier::One));
    }
}
