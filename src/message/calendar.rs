//! Calendar parts (RFC 5545, RFC 5546): what they are about and whether they ask, answer or call off.

use super::decode;
use super::limits::{MAX_CALENDAR_BYTES, MAX_CALENDAR_CHARS};
use super::parts::Parts;
use jiff::civil;

/// What a calendar part says (RFC 5545), as far as its first event tells. Times are as its writer put them.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Calendar {
    /// What it wants.
    pub method: CalendarMethod,
    /// What it is about.
    pub summary: Option<String>,
    /// When it begins: `2026-03-02`, `2026-03-02T10:00:00Z` or `2026-03-02T10:00:00 Europe/Berlin`.
    pub starts: Option<String>,
    /// When it ends, or is due; the last day of whole ones.
    pub ends: Option<String>,
    /// Where it takes place.
    pub place: Option<String>,
    /// The address of who invites.
    pub organizer: Option<String>,
    /// What the first of those invited says, in the standard's words: `accepted`, `declined`, `tentative`.
    pub answer: Option<String>,
    /// The id that all mails about one event share.
    pub uid: Option<String>,
}

/// What a calendar part wants (RFC 5546 §1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CalendarMethod {
    /// It only tells.
    #[default]
    Publish,
    /// It invites, or changes what it invited to.
    Request,
    /// It answers an invitation; programs send these too.
    Reply,
    /// It calls off.
    Cancel,
    /// It proposes another time, or refuses one.
    Counter,
    /// It asks for the invitation again.
    Refresh,
}

impl CalendarMethod {
    /// The word that stands in output.
    pub fn as_str(self) -> &'static str {
        match self {
            CalendarMethod::Publish => "publish",
            CalendarMethod::Request => "request",
            CalendarMethod::Reply => "reply",
            CalendarMethod::Cancel => "cancel",
            CalendarMethod::Counter => "counter",
            CalendarMethod::Refresh => "refresh",
        }
    }
}

/// The first calendar part of a mail.
pub(super) fn of(parts: &Parts<'_>) -> Option<Calendar> {
    let is_calendar = |kind: &str| matches!(kind, "text/calendar" | "application/ics");
    let part = parts.list.iter().find(|part| is_calendar(&part.content_type.value) && !part.is_multipart())?;
    let bytes = part.bytes();
    let bytes = &bytes[..bytes.len().min(MAX_CALENDAR_BYTES)];
    let label = part.content_type.parameter("charset").unwrap_or("utf-8");
    let text = decode::charset(Some(label), bytes).0;
    read(&text, part.content_type.parameter("method"))
}

/// Reads a calendar; `method` is what the field around it says.
fn read(text: &str, method: Option<&str>) -> Option<Calendar> {
    let mut calendar = Calendar { method: method.map_or(CalendarMethod::Publish, method_of), ..Calendar::default() };
    let mut has_begun = false;
    // Alarms and zones have descriptions and starts of their own.
    let mut inside: Vec<String> = Vec::new();
    for line in unfolded(text) {
        let Some((name, parameters, value)) = property(&line) else { continue };
        match name.as_str() {
            "BEGIN" => {
                has_begun |= value.eq_ignore_ascii_case("VCALENDAR");
                if inside.len() < MAX_NESTING {
                    inside.push(value.to_ascii_uppercase());
                }
            }
            // The first event tells enough.
            "END" if is_event(inside.pop().as_deref()) => break,
            "END" => {}
            "METHOD" if inside.len() <= 1 => calendar.method = method_of(value),
            _ if is_event(inside.last().map(String::as_str)) => calendar.take(&name, parameters, value),
            _ => {}
        }
    }
    has_begun.then_some(calendar)
}

/// Components inside one another.
const MAX_NESTING: usize = 10;

fn is_event(name: Option<&str>) -> bool {
    matches!(name, Some("VEVENT" | "VTODO" | "VJOURNAL" | "VFREEBUSY"))
}

fn method_of(value: &str) -> CalendarMethod {
    match value.trim().to_ascii_uppercase().as_str() {
        "PUBLISH" => CalendarMethod::Publish,
        "REQUEST" | "ADD" => CalendarMethod::Request,
        "REPLY" => CalendarMethod::Reply,
        "CANCEL" => CalendarMethod::Cancel,
        "COUNTER" | "DECLINECOUNTER" => CalendarMethod::Counter,
        "REFRESH" => CalendarMethod::Refresh,
        _ => CalendarMethod::Publish,
    }
}

impl Calendar {
    fn take(&mut self, name: &str, parameters: &str, value: &str) {
        let text = || Some(unescaped(value)).filter(|text| !text.is_empty());
        match name {
            "SUMMARY" => self.summary = self.summary.take().or_else(text),
            "LOCATION" => self.place = self.place.take().or_else(text),
            "UID" => self.uid = self.uid.take().or_else(text),
            "DTSTART" => self.starts = self.starts.take().or_else(|| when(parameters, value)),
            "DTEND" => self.ends = self.ends.take().or_else(|| when(parameters, value).map(last_day)),
            "DUE" => self.ends = self.ends.take().or_else(|| when(parameters, value)),
            "ORGANIZER" => self.organizer = self.organizer.take().or_else(|| mail_address(value)),
            "ATTENDEE" => self.answer = self.answer.take().or_else(|| parameter(parameters, "PARTSTAT")),
            _ => {}
        }
    }
}

/// The lines, folds taken out (RFC 5545 §3.1).
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_string()),
        }
    }
    lines
}

/// `NAME;PARAMETERS:VALUE`; a colon in quotes parts nothing.
fn property(line: &str) -> Option<(String, &str, &str)> {
    let mut is_quoted = false;
    let colon = line.bytes().position(|b| {
        is_quoted ^= b == b'"';
        b == b':' && !is_quoted
    })?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some((name.trim().to_ascii_uppercase(), parameters, value.trim()))
}

fn parameter(parameters: &str, name: &str) -> Option<String> {
    let found = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let value = found.into_iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name))?.1.trim_matches('"');
    Some(cut(&value.to_ascii_lowercase())).filter(|value| !value.is_empty())
}

/// `2026-03-02`, `2026-03-02T10:00:00Z` or `2026-03-02T10:00:00 Europe/Berlin`.
fn when(parameters: &str, value: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (date, time) = value.split_once('T').map_or((value, None), |(date, time)| (date, Some(time)));
    if date.len() != 8 || !digits(date) {
        return None;
    }
    let date = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
    let Some(time) = time else { return Some(date) };
    let (time, is_utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
    if time.len() != 6 || !digits(time) {
        return Some(date);
    }
    let clock = format!("{date}T{}:{}:{}", &time[..2], &time[2..4], &time[4..]);
    // Names of zones keep their case.
    let zone =
        parameters.split(';').find_map(|p| p.trim().strip_prefix("TZID=")).map(|zone| cut(zone.trim_matches('"')));
    Some(match zone {
        _ if is_utc => format!("{clock}Z"),
        Some(zone) => format!("{clock} {zone}"),
        None => clock,
    })
}

/// The day before an end that is a day: an event of whole days ends before it (RFC 5545 §3.6.1).
fn last_day(end: String) -> String {
    let is_day = !end.contains('T');
    let day = if is_day { end.parse::<civil::Date>().and_then(civil::Date::yesterday).ok() } else { None };
    day.map_or(end, |day| day.to_string())
}

fn mail_address(value: &str) -> Option<String> {
    let address = value.get(..7).filter(|start| start.eq_ignore_ascii_case("mailto:")).map_or(value, |_| &value[7..]);
    address.contains('@').then(|| cut(address))
}

/// A text without its escapes (RFC 5545 §3.3.11), on one line.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push(' '),
                Some(other) => out.push(other),
                None => {}
            },
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    cut(out.trim())
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_CALENDAR_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n\
        BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1@x\r\n\
        SUMMARY;LANGUAGE=en:Printer\\, second flo\r\n or\\nbring paper\r\nLOCATION:Room 4\r\n\
        DTSTART;TZID=Europe/Berlin:20260302T100000\r\nDTEND:20260302T100000Z\r\n\
        ORGANIZER;CN=\"Ann: E\":MAILTO:ann@x.example\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@x.example\r\n\
        BEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2@x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn an_invitation_tells_what_when_and_where() {
        let expected = Calendar {
            method: CalendarMethod::Request,
            summary: Some("Printer, second floor bring paper".into()),
            place: Some("Room 4".into()),
            starts: Some("2026-03-02T10:00:00 Europe/Berlin".into()),
            ends: Some("2026-03-02T10:00:00Z".into()),
            organizer: Some("ann@x.example".into()),
            answer: Some("needs-action".into()),
            uid: Some("1@x".into()),
        };
        assert_eq!(read(EVENT, None), Some(expected.clone()));
        assert_eq!(read(&EVENT.replace("\r\n", "\n"), None), Some(expected));
    }

    #[test]
    fn whole_days_end_with_the_last_of_them() {
        let cases = [
            ("a day", "DTEND;VALUE=DATE:20260303", "2026-03-02"),
            ("over the end of a month", "DTEND;VALUE=DATE:20260301", "2026-02-28"),
            ("an hour", "DTEND:20260303T000000", "2026-03-03T00:00:00"),
            ("a task", "DUE;VALUE=DATE:20260303", "2026-03-03"),
            ("no day of any month", "DTEND;VALUE=DATE:20260399", "2026-03-99"),
        ];
        for (name, end, expected) in cases {
            let calendar = read(&EVENT.replace("DTEND:20260302T100000Z", end), None).unwrap();
            assert_eq!(calendar.ends.as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn asking_answering_and_calling_off_are_told_apart() {
        let cases = [
            ("in the calendar", EVENT.replace("REQUEST", "REPLY"), None, CalendarMethod::Reply),
            ("around it", EVENT.replace("METHOD:REQUEST\r\n", ""), Some("CANCEL"), CalendarMethod::Cancel),
            ("nowhere", EVENT.replace("METHOD:REQUEST\r\n", ""), None, CalendarMethod::Publish),
            ("another time", EVENT.replace("REQUEST", "counter"), None, CalendarMethod::Counter),
        ];
        for (name, text, around, expected) in cases {
            assert_eq!(read(&text, around).unwrap().method, expected, "{name}");
        }
        assert_eq!(read("Dear all,\nSUMMARY: none\n", Some("REQUEST")), None);
    }

    #[test]
    fn a_summary_is_cut_at_its_limit() {
        for (count, kept) in [(MAX_CALENDAR_CHARS, MAX_CALENDAR_CHARS), (MAX_CALENDAR_CHARS + 1, MAX_CALENDAR_CHARS)] {
            let text = EVENT.replace("Room 4", &"ü".repeat(count));
            assert_eq!(read(&text, None).unwrap().place.unwrap().chars().count(), kept);
        }
    }

    #[test]
    fn a_calendar_is_read_up_to_its_limit() {
        use crate::message::fields::{Of, split};
        for (end, is_read) in [(MAX_CALENDAR_BYTES, true), (MAX_CALENDAR_BYTES + 1, false)] {
            let (head, summary) = ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "\nSUMMARY:x");
            let filling = "X".repeat(end - head.len() - summary.len());
            let raw = format!("Content-Type: text/calendar\n\n{head}{filling}{summary}");
            let parts = crate::message::parts::read(raw.as_bytes(), split(raw.as_bytes(), Of::Message));
            assert_eq!(of(&parts).unwrap().summary.is_some(), is_read, "{end}");
        }
    }

    #[test]
    fn components_are_followed_to_a_depth() {
        for (depth, is_read) in [(MAX_NESTING, true), (MAX_NESTING + 1, false)] {
            let outer = "BEGIN:VCALENDAR\n".repeat(depth - 1);
            let text = format!("{outer}BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n");
            assert_eq!(read(&text, None).unwrap().summary.is_some(), is_read, "{depth}");
        }
    }
}
