//! Opening hours, and time that runs only in them.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

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

#[test]
fn time_passes_only_while_it_is_open() {
    const OFFICE: &[&str] = &["mon-thu 08:00-16:00", "fri 08:00-14:00"];
    const SHIFTS: &[&str] = &["mon-fri 13:00-17:00", "mon-fri 08:00-12:00", "mon 11:00-14:00"];
    const NIGHTS: &[&str] = &["mon-sun 22:00-24:00", "mon-sun 00:00-06:00"];
    const WEEKDAYS: &[&str] = &["mon-fri 00:00-24:00"];
    // Oslo is an hour ahead of UTC in winter, and two in summer.
    for (name, hours, at, minutes, expected) in [
        ("within a day", OFFICE, "2026-03-02T08:00:00Z", 240, "2026-03-02T12:00:00Z"),
        ("over night", OFFICE, "2026-03-02T14:00:00Z", 120, "2026-03-03T08:00:00Z"),
        ("over a weekend", OFFICE, "2026-03-06T12:00:00Z", 240, "2026-03-09T10:00:00Z"),
        ("three days of eight hours", OFFICE, "2026-03-02T07:00:00Z", 1440, "2026-03-04T15:00:00Z"),
        ("over a holiday, a Friday", OFFICE, "2026-12-24T14:30:00Z", 60, "2026-12-28T07:30:00Z"),
        ("begun at night", OFFICE, "2026-03-02T20:00:00Z", 30, "2026-03-03T07:30:00Z"),
        ("begun on a holiday", OFFICE, "2026-12-25T09:00:00Z", 30, "2026-12-28T07:30:00Z"),
        ("begun as it opens", OFFICE, "2026-03-02T07:00:00Z", 30, "2026-03-02T07:30:00Z"),
        ("begun as it closes", OFFICE, "2026-03-02T15:00:00Z", 30, "2026-03-03T07:30:00Z"),
        ("ended as it closes", OFFICE, "2026-03-02T14:30:00Z", 30, "2026-03-02T15:00:00Z"),
        ("a second more", OFFICE, "2026-03-02T14:30:01Z", 30, "2026-03-03T07:00:01Z"),
        ("no time while it is open", OFFICE, "2026-03-02T08:00:00Z", 0, "2026-03-02T08:00:00Z"),
        ("no time while it is closed", OFFICE, "2026-03-07T08:00:00Z", 0, "2026-03-07T08:00:00Z"),
        ("less than no time", OFFICE, "2026-03-07T08:00:00Z", -5, "2026-03-07T08:00:00Z"),
        ("over a break", SHIFTS, "2026-03-03T10:30:00Z", 60, "2026-03-03T12:30:00Z"),
        ("hours that overlap count once", SHIFTS, "2026-03-02T09:00:00Z", 420, "2026-03-02T16:00:00Z"),
        ("over midnight", NIGHTS, "2026-03-02T22:30:00Z", 60, "2026-03-02T23:30:00Z"),
        ("over midnight and a day", NIGHTS, "2026-03-03T04:30:00Z", 60, "2026-03-03T21:30:00Z"),
        ("ended at midnight before a weekend", WEEKDAYS, "2026-03-06T22:00:00Z", 60, "2026-03-06T23:00:00Z"),
        ("begun at midnight before a weekend", WEEKDAYS, "2026-03-06T23:00:00Z", 60, "2026-03-09T00:00:00Z"),
        ("summer time begins on the weekend", OFFICE, "2026-03-27T12:30:00Z", 60, "2026-03-30T06:30:00Z"),
        ("summer time ends on the weekend", OFFICE, "2026-10-23T11:30:00Z", 60, "2026-10-26T07:30:00Z"),
        // At 2:00 it is 3:00, so that night has seven hours.
        ("summer time begins at night", NIGHTS, "2026-03-28T21:00:00Z", 420, "2026-03-29T04:00:00Z"),
        // At 3:00 it is 2:00, so that night has nine.
        ("summer time ends at night", NIGHTS, "2026-10-24T20:00:00Z", 540, "2026-10-25T05:00:00Z"),
        ("an hour that is left out", &["sun 02:00-03:00"], "2026-03-28T12:00:00Z", 30, "2026-04-05T00:30:00Z"),
        ("hours that begin in it", &["sun 02:30-04:00"], "2026-03-28T12:00:00Z", 30, "2026-03-29T01:30:00Z"),
        ("an hour that comes twice", &["sun 02:00-03:00"], "2026-10-24T12:00:00Z", 90, "2026-10-25T01:30:00Z"),
        ("half of it, twice", &["sun 02:00-02:30"], "2026-10-24T12:00:00Z", 45, "2026-10-25T01:15:00Z"),
    ] {
        let due_at = office(hours).after(at.parse().unwrap(), SignedDuration::from_mins(minutes));
        assert_eq!(due_at.unwrap().to_string(), expected, "{name}");
    }
}

#[test]
fn the_next_open_instant_is_looked_for() {
    let calendar = office(&["mon-fri 08:00-16:00"]);
    for (name, at, expected) in [
        ("open", "2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("the end", "2026-03-02T15:00:00Z", "2026-03-03T07:00:00Z"),
        ("weekend", "2026-03-07T08:00:00Z", "2026-03-09T07:00:00Z"),
        ("a holiday before a weekend", "2026-12-25T08:00:00Z", "2026-12-28T07:00:00Z"),
    ] {
        assert_eq!(calendar.opens_at(at.parse().unwrap()).unwrap().to_string(), expected, "{name}");
    }
}

#[test]
fn what_is_closed_for_good_is_given_up_on() {
    let at: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let minutes = SignedDuration::from_mins;
    let every_day = at.to_zoned(TimeZone::UTC).date().series(1.day()).take(800).collect();
    let closed = Calendar { holidays: every_day, ..office(&["mon-sun 00:00-24:00"]) };
    for (name, calendar, time, expected) in [
        ("only holidays", closed, minutes(1), None),
        ("no hours", office(&[]), minutes(1), None),
        ("more than there is in a year", office(&["mon 08:00-08:01"]), minutes(54), None),
        ("all of that year", office(&["mon 08:00-08:01"]), minutes(52), Some("2027-03-01T07:01:00Z")),
        ("more than anybody has", office(&["mon-sun 00:00-24:00"]), SignedDuration::MAX, None),
    ] {
        assert_eq!(calendar.after(at, time).map(|at| at.to_string()).as_deref(), expected, "{name}");
    }
    let end = Timestamp::MAX - minutes(90);
    assert_eq!(office(&["mon-sun 00:00-24:00"]).after(end, minutes(60)), Some(end + minutes(60)), "the end of time");
    assert_eq!(office(&["mon-sun 00:00-24:00"]).after(end, minutes(120)), None, "after the end of time");
}

/// Counts minutes by asking whether each of them is open. Needs hours and times that are whole minutes.
fn naive(calendar: &Calendar, at: Timestamp, minutes: i64) -> Timestamp {
    let (mut at, mut left) = (at, minutes);
    while left > 0 {
        left -= i64::from(calendar.is_open(at));
        at += SignedDuration::from_mins(1);
    }
    at
}

fn a_calendar() -> impl Strategy<Value = Calendar> {
    let day = 0..7_usize;
    // Times around midnight and around the change of the clocks are the odd ones.
    let minute = prop_oneof![Just(0), 0..240_i32, 0..1440_i32];
    let hours = (day, minute, 60..600_i32).prop_map(|(day, from, length)| {
        let time = |minute: i32| Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).unwrap();
        let until = from + length;
        Hours { days: vec![DAYS[day].1], from: time(from), until: (until < 1440).then(|| time(until)) }
    });
    let zones = ["Europe/Oslo", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "UTC"];
    let holidays = proptest::collection::btree_set(0..300_i64, 0..20);
    (select(zones.to_vec()), proptest::collection::vec(hours, 1..6), holidays).prop_map(|(zone, hours, holidays)| {
        let day_of = |day: i64| "2026-03-01".parse::<Date>().unwrap() + day.days();
        Calendar { zone: TimeZone::get(zone).unwrap(), hours, holidays: holidays.into_iter().map(day_of).collect() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn open_time_is_the_sum_of_open_minutes(
        calendar in a_calendar(),
        start in 0..60 * 24 * 270_i64,
        minutes in 0..600_i64,
    ) {
        let at = "2026-03-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(start);
        let after = |minutes| calendar.after(at, SignedDuration::from_mins(minutes)).unwrap();
        prop_assert_eq!(after(minutes), naive(&calendar, at, minutes));
        prop_assert!(after(minutes) <= after(minutes + 1), "more time is not over earlier");
        let later = calendar.after(at + SignedDuration::from_mins(7), SignedDuration::from_mins(minutes)).unwrap();
        prop_assert!(after(minutes) <= later, "who begins later is not done earlier");
        let opens_at = calendar.opens_at(at).unwrap();
        prop_assert!(calendar.is_open(opens_at));
        prop_assert_eq!(opens_at + SignedDuration::from_mins(1), naive(&calendar, at, 1));
    }
}
