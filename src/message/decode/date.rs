//! Instants out of `Date` fields: RFC 5322 §3.3, its obsolete forms, and what else programs write there.

use jiff::Timestamp;
use jiff::civil;
use std::borrow::Cow;

/// Bytes of a date that are read.
const MAX_DATE_BYTES: usize = 200;

/// Months by how their names begin, in the languages whose programs do not write them in English. The longest that
/// fits counts.
const MONTHS: [(&str, i8); 40] = [
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("apr", 4),
    ("may", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    // Danish, Dutch, German, Norwegian, Swedish
    ("mär", 3),
    ("mrz", 3),
    ("maj", 5),
    ("mai", 5),
    ("mei", 5),
    ("mrt", 3),
    ("maa", 3),
    ("okt", 10),
    ("dez", 12),
    ("des", 12),
    // French
    ("fév", 2),
    ("avr", 4),
    ("juin", 6),
    ("juil", 7),
    ("aoû", 8),
    ("aou", 8),
    ("déc", 12),
    // Italian, Portuguese, Spanish
    ("gen", 1),
    ("ene", 1),
    ("fev", 2),
    ("abr", 4),
    ("mag", 5),
    ("giu", 6),
    ("lug", 7),
    ("ago", 8),
    ("set", 9),
    ("ott", 10),
    ("dic", 12),
];

/// Zones by name, in minutes east of UTC (RFC 5322 §4.3, and those that servers of Europe and Asia write).
const ZONES: [(&str, i16); 26] = [
    ("aest", 600),
    ("akdt", -480),
    ("akst", -540),
    ("bst", 60),
    ("cdt", -300),
    ("cest", 120),
    ("cet", 60),
    ("cst", -360),
    ("edt", -240),
    ("eest", 180),
    ("eet", 120),
    ("est", -300),
    ("gmt", 0),
    ("hst", -600),
    ("jst", 540),
    ("kst", 540),
    ("mdt", -360),
    ("mest", 120),
    ("met", 60),
    ("msk", 180),
    ("mst", -420),
    ("pdt", -420),
    ("pst", -480),
    ("ut", 0),
    ("utc", 0),
    ("z", 0),
];

/// What has been read of a date.
#[derive(Default)]
struct Found {
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    time: Option<civil::Time>,
    /// Distance from UTC in minutes, and whether the field tells it (a name is that of a server's zone).
    zone: Option<(i16, bool)>,
    is_afternoon: Option<bool>,
    /// What was taken for a month stood before the day.
    is_month_first: bool,
}

/// The instant, and the author's distance from UTC in minutes where the field tells it: `-0000` says that it does not
/// (RFC 5322 §3.3), and names of zones are those of servers.
pub(super) fn read(value: &str) -> Option<(Timestamp, Option<i16>)> {
    let mut end = value.len().min(MAX_DATE_BYTES);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    let (text, comments) = without_comments(&value[..end]);
    let mut found = Found::default();
    for word in text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()) {
        found.take(word);
    }
    // `10:00:00 (CET)`: better than no zone at all.
    if found.zone.is_none() {
        found.zone = comments.split_whitespace().find_map(zone);
    }
    found.instant()
}

fn without_comments(value: &str) -> (Cow<'_, str>, String) {
    if !value.contains(['(', ')']) {
        return (Cow::Borrowed(value), String::new());
    }
    let (mut text, mut comments, mut depth) = (String::new(), String::new(), 0_usize);
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(c),
            _ => comments.push(c),
        }
    }
    (Cow::Owned(text), comments)
}

impl Found {
    fn take(&mut self, word: &str) {
        let word = word.trim_matches(|c: char| matches!(c, '.' | ';' | '"' | '\''));
        if word.is_empty() {
            return;
        }
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        if is_number {
            self.take_number(word);
        } else if word.contains(':') && !word.starts_with(['+', '-']) || self.is_clock_with_points(word) {
            self.take_clock(word);
        } else if self.time.is_some()
            && let Some(zone) = zone(word)
        {
            // `GMT+0200`: the number counts.
            if self.zone.is_none_or(|(_, is_told)| !is_told) {
                self.zone = Some(zone);
            }
        } else if let Some(month) = month(word) {
            // `mar. 3 févr.`: the first was a day of the week.
            if self.month.is_none() || (self.is_month_first && self.day.is_some()) {
                self.month = Some(month);
                self.is_month_first = self.day.is_none();
            }
        } else if let Some(is_afternoon) = half_of_day(word) {
            self.is_afternoon = Some(is_afternoon);
        } else if word.contains(['-', '/', '.']) && (self.day.is_none() || self.month.is_none()) {
            self.take_joined(word);
        }
    }

    /// Whether it is `10.00.00` or `10.00`, as clocks are written in Denmark, Finland, Indonesia and Italy: RFC 5322 §4.3
    /// knows no points, but behind a day and a month this can be nothing else.
    fn is_clock_with_points(&self, word: &str) -> bool {
        let end = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
        let is_piece = |piece: &str| matches!(piece.len(), 1 | 2);
        let pieces = word[..end].split('.');
        self.day.is_some()
            && self.month.is_some()
            && self.time.is_none()
            && matches!(pieces.clone().count(), 2 | 3)
            && pieces.clone().all(is_piece)
    }

    fn take_number(&mut self, word: &str) {
        let Ok(number) = word.parse::<i16>() else { return };
        if self.day.is_none() && word.len() <= 2 && (1..=31).contains(&number) {
            self.day = i8::try_from(number).ok();
        } else if self.year.is_none() && (word.len() > 2 || self.day.is_some()) {
            self.year = Some(full_year(number, word.len()));
        } else if self.time.is_some() && self.zone.is_none() && word.len() == 4 {
            // The sign of the zone is missing.
            self.zone = zone(&format!("+{word}"));
        }
    }

    /// `10:00:00`, `10:00`, `2026-03-02T10:00:00.000+01:00`, `10:00:00+0100`, `10:00:00PM`.
    fn take_clock(&mut self, word: &str) {
        let mut clock = word;
        if let Some((date, time)) = word.split_once(['T', 't'])
            && date.contains('-')
        {
            self.take_joined(date);
            clock = time;
        }
        let end = clock.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(clock.len());
        let (clock, behind) = clock.split_at(end);
        self.time = self.time.or_else(|| time(clock));
        // Each time, something is taken off, so this comes to an end.
        if !behind.is_empty() && end > 0 {
            self.take(behind);
        }
    }

    /// `02-Mar-2026`, `2026-03-02`, `02.03.2026`, `3/2/2026`.
    fn take_joined(&mut self, word: &str) {
        let pieces: Vec<&str> = word.split(['-', '/', '.']).collect();
        let [first, second, third] = pieces[..] else { return };
        let number = |text: &str| text.parse::<i16>().ok();
        if let (Some(year), Some(month), Some(day)) = (number(first), number(second), number(third))
            && first.len() == 4
        {
            (self.year, self.month, self.day) = (Some(year), i8::try_from(month).ok(), i8::try_from(day).ok());
            return;
        }
        let Some(year) = number(third).map(|year| full_year(year, third.len())) else { return };
        if let Some(month) = month(second) {
            (self.day, self.month, self.year) = (first.parse().ok(), Some(month), Some(year));
            return;
        }
        let (Some(one), Some(two)) = (number(first), number(second)) else { return };
        // The month stands first in America, with slashes; elsewhere the day does.
        let (day, month) = if (word.contains('/') && one <= 12) || two > 12 { (two, one) } else { (one, two) };
        (self.day, self.month, self.year) = (i8::try_from(day).ok(), i8::try_from(month).ok(), Some(year));
    }

    fn instant(self) -> Option<(Timestamp, Option<i16>)> {
        let date = civil::Date::new(self.year?, self.month?, self.day?).ok()?;
        let mut time = self.time?;
        let hour = match (self.is_afternoon, time.hour()) {
            (Some(true), hour @ 0..=11) => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        time = civil::Time::new(hour, time.minute(), time.second(), 0).ok()?;
        let (minutes, is_told) = self.zone.unwrap_or_default();
        let offset = jiff::tz::Offset::from_seconds(i32::from(minutes) * 60).ok()?;
        let at = offset.to_timestamp(date.to_datetime(time)).ok()?;
        (date.year() >= 1900).then_some((at, is_told.then_some(minutes)))
    }
}

/// A year of two digits is one of this century up to 49 (RFC 5322 §4.3); of three, counted from 1900.
fn full_year(year: i16, digits: usize) -> i16 {
    match digits {
        1 | 2 if year < 50 => year + 2000,
        1..=3 => year + 1900,
        _ => year,
    }
}

fn time(clock: &str) -> Option<civil::Time> {
    let mut parts = clock.split([':', '.']).map(|part| part.parse::<i8>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    // A leap second; clocks here count up to 59.
    let second = parts.next().flatten().unwrap_or(0).min(59);
    civil::Time::new(hour, minute, second, 0).ok()
}

/// Whether a word says that the clock counts from noon.
fn half_of_day(word: &str) -> Option<bool> {
    let letters: String = word.chars().filter(|c| *c != '.').collect();
    match letters.to_ascii_lowercase().as_str() {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    }
}

fn month(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let first = word.as_bytes().first();
    let fits = MONTHS.iter().filter(|(name, _)| name.as_bytes().first() == first && word.starts_with(name));
    fits.max_by_key(|(name, _)| name.len()).map(|(_, month)| *month)
}

/// The distance from UTC that a word names, and whether it tells the author's.
fn zone(word: &str) -> Option<(i16, bool)> {
    if let Some(sign) = word.find(['+', '-']) {
        let name = &word[..sign];
        let is_named = name.is_empty() || ZONES.iter().any(|(zone, _)| name.eq_ignore_ascii_case(zone));
        let digits: String = word[sign + 1..].chars().filter(char::is_ascii_digit).collect();
        let is_number = word[sign + 1..].chars().all(|c| c.is_ascii_digit() || c == ':');
        if !is_named || !is_number || digits.is_empty() || digits.len() > 4 {
            return None;
        }
        let number: i16 = digits.parse().ok()?;
        // `+2` and `+02` are hours.
        let minutes = if digits.len() <= 2 { number * 60 } else { number / 100 * 60 + number % 100 };
        let is_possible = minutes <= 24 * 60 && (digits.len() <= 2 || number % 100 < 60);
        let is_unknown = minutes == 0 && word.as_bytes()[sign] == b'-';
        let signed = if word.as_bytes()[sign] == b'-' { -minutes } else { minutes };
        return Some(if is_possible { (signed, !is_unknown) } else { (0, false) });
    }
    let found = ZONES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    found.map(|(_, minutes)| (*minutes, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_give_the_instant_and_the_distance_from_utc() {
        let ten = "2026-03-02T10:00:00Z";
        let nine = "2026-03-02T09:00:00Z";
        let cases = [
            ("plain", "Mon, 2 Mar 2026 10:00:00 +0100", nine, Some(60)),
            ("west", "Mon, 2 Mar 2026 10:00:00 -0330", "2026-03-02T13:30:00Z", Some(-210)),
            ("zone not told", "Mon, 2 Mar 2026 10:00:00 -0000", ten, None),
            ("zone of a server", "Mon, 2 Mar 2026 10:00:00 GMT", ten, None),
            ("zone by name", "Mon, 2 Mar 2026 10:00:00 CET", nine, None),
            ("zone by both", "Mon, 2 Mar 2026 10:00:00 GMT+0100", nine, Some(60)),
            ("zone with a colon", "Mon, 2 Mar 2026 10:00:00 +01:00", nine, Some(60)),
            ("zone with one digit", "Mon, 2 Mar 2026 10:00:00 GMT+1", nine, Some(60)),
            ("zone without a blank", "Mon, 2 Mar 2026 10:00:00+0100", nine, Some(60)),
            ("zone without a sign", "Mon, 2 Mar 2026 10:00:00 0100", nine, Some(60)),
            ("zone in a comment", "Mon, 2 Mar 2026 10:00:00 (CET)", nine, None),
            ("zone that cannot be", "Mon, 2 Mar 2026 10:00:00 +9999", ten, None),
            ("no zone", "Mon, 2 Mar 2026 10:00:00", ten, None),
            ("comment behind", "2 Mar 2026 10:00:00 +0000 (UTC)", ten, Some(0)),
            ("comment inside", "Mon (a day), 2 Mar 2026 10:00:00 +0000", ten, Some(0)),
            ("no seconds", "2 Mar 2026 10:00 +0000", ten, Some(0)),
            ("leap second", "Wed, 31 Dec 2008 23:59:60 +0000", "2008-12-31T23:59:59Z", Some(0)),
            ("two digits of the year", "2 Mar 26 10:00:00 +0000", ten, Some(0)),
            ("last century", "2 Mar 99 10:00:00 +0000", "1999-03-02T10:00:00Z", Some(0)),
            ("counted from 1900", "2 Mar 126 10:00:00 +0000", ten, Some(0)),
            ("as C prints it", "Mon Mar  2 10:00:00 2026", ten, None),
            ("as C prints it, with a zone", "Mon Mar  2 10:00:00 CET 2026", nine, None),
            ("dashes", "Mon, 02-Mar-2026 10:00:00 +0000", ten, Some(0)),
            ("ISO 8601", "2026-03-02T10:00:00+01:00", nine, Some(60)),
            ("ISO 8601, UTC", "2026-03-02T10:00:00.123Z", ten, None),
            ("ISO 8601 with a blank", "2026-03-02 10:00:00 +0000", ten, Some(0)),
            ("German", "Mo, 2 Mär 2026 10:00:00 +0000", ten, Some(0)),
            ("French", "lun., 2 mars 2026 10:00:00 +0000", ten, Some(0)),
            ("afternoon", "Mon, 2 Mar 2026 10:00:00 PM +0000", "2026-03-02T22:00:00Z", Some(0)),
            ("a day of the week like a month", "mar. 3 févr. 2026 10:00", "2026-02-03T10:00:00Z", None),
            ("words between", "lunes, 2 de marzo de 2026 10:00 a.m.", ten, None),
            ("America", "3/2/2026 10:00:00 AM", ten, None),
            ("points", "02.03.2026 10:00", ten, None),
            ("points in the clock", "Mon, 2 Mar 2026 10.00.00 CET", nine, None),
            ("points in the clock, and a distance", "Mon, 2 Mar 2026 10.00.00+0100", nine, Some(60)),
            ("points in both", "02.03.2026 kl. 10.00", ten, None),
            ("points in the clock before the year", "Mon Mar  2 10.00.00 2026", ten, None),
            ("points in a date behind another", "2 Mar 2026 10:00:00 10.05.12", ten, None),
        ];
        for (name, value, at, offset) in cases {
            assert_eq!(read(value), Some((at.parse().unwrap(), offset)), "{name}");
        }
        for value in [
            "",
            "yesterday",
            "2 Mar 2026 25.00.00",
            "2 Mar 2026 10.00.00.00",
            "10.00.00 2 Mar 2026",
            "Mon, 99 Foo 2026 10:00:00 +0000",
            "2 Mar 2026",
            "30 Feb 2026 10:00:00 +0000",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn a_date_is_read_up_to_its_limit() {
        for (bytes, is_read) in [(MAX_DATE_BYTES, true), (MAX_DATE_BYTES + 1, false)] {
            let date = "10:00:00 2 Mar 2026";
            let year = read(&format!("{}{date}", " ".repeat(bytes - date.len()))).map(|(at, _)| at.to_string());
            assert_eq!(year.as_deref() == Some("2026-03-02T10:00:00Z"), is_read, "{bytes}");
        }
    }
}
