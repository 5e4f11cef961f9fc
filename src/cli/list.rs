//! What all lists share: which rows are shown, and how they are printed.

use super::screen::{Screen, remark};
use super::table::{Cell, Column, render};
use super::{DONE, Format, FormatArgs};
use crate::store::list::Filter;
use anyhow::Context as _;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::Serialize;

/// Which rows of a list to show.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ListArgs {
    /// At most so many, the newest ones [default: 100 as text, all as JSON]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u32>,
    /// Only those since a day, an instant, or so long ago: 2026-03-02, 2026-03-02T09:00:00Z, 24h, 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
}

impl ListArgs {
    /// What to ask the store for.
    pub(super) fn filter(&self, screen: &Screen) -> anyhow::Result<Filter> {
        let default = (self.format.format == Format::Text).then_some(100);
        let since = self.since.as_deref().map(|text| since(text, screen)).transpose()?;
        // One more than is shown tells whether there are more.
        let limit = self.limit.or(default).map(|limit| limit.saturating_add(1));
        Ok(Filter { limit, since, ..Filter::default() })
    }

    /// Cuts the one row off that says that there are more, and says so.
    fn cut<T>(&self, mut rows: Vec<T>, filter: &Filter) -> Vec<T> {
        if let Some(limit) = filter.limit.map(|limit| limit as usize)
            && rows.len() >= limit
        {
            rows.truncate(limit.saturating_sub(1));
            remark(&format!("the newest {}; there are more: --limit NUMBER shows them", rows.len()));
        }
        rows
    }

    /// Prints the rows, or says that there are none.
    pub(super) fn print<R: Listed>(
        &self,
        rows: Vec<R>,
        filter: &Filter,
        screen: &Screen,
        none: &str,
    ) -> anyhow::Result<u8> {
        let is_empty = rows.is_empty();
        let rows = self.cut(rows, filter);
        match &self.since {
            // That there are some was said.
            _ if rows.is_empty() && !is_empty && self.format.format == Format::Text => {}
            Some(since) => {
                let none = format!("none since {since}; there may be older ones, which are shown without --since");
                print(&rows, self.format.format, screen, &none)?;
            }
            None => print(&rows, self.format.format, screen, none)?,
        }
        Ok(DONE)
    }
}

/// A row that can be listed.
pub(super) trait Listed {
    /// What programs get of it.
    type Json<'r>: Serialize + From<&'r Self>
    where
        Self: 'r;

    /// The columns that people get.
    const COLUMNS: &'static [Column];

    /// What stands in them.
    fn cells(&self, screen: &Screen) -> Vec<Cell>;
}

/// Prints rows, or says that there are none.
pub(super) fn print<R: Listed>(rows: &[R], format: Format, screen: &Screen, none: &str) -> anyhow::Result<()> {
    match format {
        Format::Json => screen.json(&rows.iter().map(R::Json::from).collect::<Vec<_>>()),
        Format::Text if rows.is_empty() => {
            remark(none);
            Ok(())
        }
        Format::Text => {
            let cells: Vec<Vec<Cell>> = rows.iter().map(|row| row.cells(screen)).collect();
            Ok(screen.print(&render(R::COLUMNS, &cells, screen))?)
        }
    }
}

/// Reads when a list begins.
pub(super) fn since(text: &str, screen: &Screen) -> anyhow::Result<Timestamp> {
    let days = || {
        let days: i64 = text.strip_suffix('d')?.trim().parse().ok()?;
        Some(SignedDuration::from_hours(days.checked_mul(24)?))
    };
    let ago = || text.parse::<SignedDuration>().ok().or_else(days).map(SignedDuration::abs);
    let zoned = || text.parse::<Zoned>().ok().map(|at| at.timestamp());
    // As times are printed; a day begins at midnight.
    let local = || text.parse::<DateTime>().ok()?.to_zoned(screen.zone.clone()).ok().map(|at| at.timestamp());
    let read = text.parse().ok().or_else(zoned).or_else(local).or_else(|| screen.now.checked_sub(ago()?).ok());
    read.with_context(|| {
        format!("`{text}` is no time; write 24h, 7d, 2026-03-02, \"2026-03-02 10:00\" or 2026-03-02T09:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_read_as_people_write_it() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let zone = jiff::tz::TimeZone::get("Europe/Oslo").unwrap();
        let screen = Screen { styled: false, is_terminal: false, width: None, zone, now };
        let cases = [
            ("24h", Some("2026-03-01T09:00:00Z")),
            ("7d", Some("2026-02-23T09:00:00Z")),
            ("2026-02-28", Some("2026-02-27T23:00:00Z")),
            ("2026-02-28 10:00", Some("2026-02-28T09:00:00Z")),
            ("2026-02-28T10:00", Some("2026-02-28T09:00:00Z")),
            ("2026-02-28T10:00:00+02:00", Some("2026-02-28T08:00:00Z")),
            ("2026-02-28T10:00[America/New_York]", Some("2026-02-28T15:00:00Z")),
            ("yesterday", None),
        ];
        for (text, expected) in cases {
            assert_eq!(since(text, &screen).ok().map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
    }
}
