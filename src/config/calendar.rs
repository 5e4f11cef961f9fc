//! The `[[calendar]]` tables of the configuration: opening hours that rules ask for by name.

use super::section::{At, Section};
use crate::classify::NO_NAME;
use crate::spoken::length;
use crate::ticket::calendar::{Calendar, read_hours};
use crate::ticket::sla::{SlaTable, Slow};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Reads all calendars; those without a zone of their own are in the desk's.
pub(super) fn read_all(root: &Section<'_>, desk_zone: &TimeZone) -> BTreeMap<String, Calendar> {
    let mut calendars = BTreeMap::new();
    for section in root.tables("calendar") {
        let name = section.required("name", "\"office\"");
        let zone = zone(&section).unwrap_or_else(|| desk_zone.clone());
        let mut hours = Vec::new();
        for text in section.texts("hours") {
            match read_hours(&text.value) {
                Ok(read) => hours.push(read),
                Err(why) => {
                    let hint = "write hours like \"mon-fri 08:00-16:00\"".to_owned();
                    section.wrong(text.span, format!("`{}` are no hours: {why}", text.value), hint);
                }
            }
        }
        if !section.has("hours") {
            let hint = "write hours = [\"mon-fri 08:00-16:00\"]".to_owned();
            section.wrong(section.span(), "the calendar has no `hours`, so it would never be open", hint);
        }
        let holidays = section.texts("holidays");
        let holidays = holidays.iter().filter_map(|text| holiday(&section, text)).collect::<BTreeSet<Date>>();
        section.finish();
        let Some(At { value: name, span }) = name else { continue };
        if calendars.contains_key(&name) {
            section.wrong(span, format!("there are two calendars named `{name}`"), None);
        } else if name.trim().eq_ignore_ascii_case(NO_NAME) {
            let message =
                format!("a calendar cannot be named `{name}`: that is how rules' cases say that there is none");
            section.wrong(span, message, "name it after whose hours they are: office".to_owned());
        }
        calendars.insert(name, Calendar { zone, hours, holidays });
    }
    calendars
}

fn zone(section: &Section<'_>) -> Option<TimeZone> {
    let At { value: name, span } = section.text("zone")?;
    let zone = TimeZone::get(&name).ok();
    if zone.is_none() {
        let hint = "write the IANA name, like \"Europe/Oslo\"".to_owned();
        section.wrong(span, format!("there is no time zone `{name}`"), hint);
    }
    zone
}

fn holiday(section: &Section<'_>, text: &At<String>) -> Option<Date> {
    let date = text.value.parse().ok();
    if date.is_none() {
        let hint = "write a date in quotes, like \"2026-12-25\"".to_owned();
        section.wrong(text.span.clone(), format!("`{}` is no date", text.value), hint);
    }
    date
}

/// What is wrong with a calendar in whose open hours something is promised from now on, and what to do about it.
pub(super) fn doubt(name: &str, calendar: &Calendar, sla: &SlaTable, now: Timestamp) -> Option<(String, String)> {
    if calendar.opens_at(now).is_none() {
        let hint = "what is promised by it runs around the clock; look at its hours and holidays";
        return Some((format!("the calendar `{name}` is not open once within the next year"), hint.to_owned()));
    }
    let said = |time: SignedDuration| length(time.unsigned_abs());
    let slow: Vec<String> = sla
        .slow(calendar, now)
        .iter()
        .map(|Slow { severity, key, promised, takes }| {
            let takes = match takes {
                Some(takes) => format!("may take {}", said(*takes)),
                None => "takes more than a year, so it runs around the clock".to_owned(),
            };
            format!("{key} of {severity}, {}, {takes}", said(*promised))
        })
        .collect();
    let hint = "open it more often, or promise something else in [sla]; rules that name it promise in its hours";
    let seldom = format!("the calendar `{name}` is so seldom open that promises in its hours come late: ");
    (!slow.is_empty()).then(|| (seldom + &slow.join("; "), hint.to_owned()))
}
