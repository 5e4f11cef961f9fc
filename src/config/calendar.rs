//! The `[[calendar]]` tables of the configuration: opening hours that rules ask for by name.

use super::section::{At, Section};
use crate::ticket::calendar::{Calendar, read_hours};
use jiff::civil::Date;
use jiff::tz::TimeZone;
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
