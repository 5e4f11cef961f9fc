//! What a template may name, for each kind of mail: plain text, already in words.
//!
//! Every name of a kind is always there, empty where there is nothing to say, so that a template that was
//! filled once can always be filled.

mod agent;

use super::headers::{one_line, shortened};
use super::words::{clean, unturned};
use super::{File, when};
use crate::decide::draft::{Content, Draft};
use crate::decide::policy::Policy;
use crate::size;
use crate::ticket::{Severity, Ticket};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Characters of a name in a greeting; longer ones are no names.
const GREETED_CHARS: usize = 60;

/// Characters of a line that repeats somebody's words.
const LINE_CHARS: usize = 300;

/// The fields of one mail.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

/// Everything the fields of a mail are made from.
pub(super) struct View<'a> {
    pub(super) draft: &'a Draft,
    pub(super) ticket: Option<&'a Ticket>,
    pub(super) policy: &'a Policy,
    pub(super) zone: &'a TimeZone,
    pub(super) now: Timestamp,
}

impl View<'_> {
    /// The fields of the mail.
    pub(super) fn fields(&self, marker: &str, files: &[File]) -> Fields {
        let mut fields = Fields::default();
        let ticket = self.ticket;
        fields.set("desk", self.policy.desk_name.as_str());
        fields.set("support_address", self.policy.support_address.address.as_str());
        fields.set("greeting", greeting(self.draft.to.name.as_deref()));
        fields.set("reference", ticket.map_or(String::new(), |ticket| ticket.id.to_string()));
        fields.set("subject", ticket.map_or("".into(), |ticket| one_line(&ticket.subject)));
        fields.set("severity", self.severity().title());
        fields.set("color", color(self.severity()));
        fields.set("status", ticket.map_or("", |ticket| ticket.status.title()));
        fields.set("marker", marker);
        match &self.draft.content {
            Content::Acknowledgement { issue, expected_update_at, .. } => {
                self.set_promise(&mut fields, issue, Some(*expected_update_at));
            }
            Content::HoldingUpdate { issue, expected_update_at } => {
                self.set_promise(&mut fields, issue, *expected_update_at);
            }
            Content::Reply { text, expected_update_at } => {
                fields.set("text", clean(text));
                fields.set("expected_update", self.in_customers_zone(*expected_update_at));
            }
            Content::Resolution { issue, root_cause, solution, verification } => {
                fields.set("issue", line(issue));
                fields.set("root_cause", clean(root_cause));
                fields.set("solution", clean(solution));
                fields.set("verification", clean(verification));
            }
            Content::Oversize { size_bytes, limit_bytes } => {
                fields.set("size", size::shown(*size_bytes));
                fields.set("limit", size::shown(*limit_bytes));
            }
            Content::Alarm(breaker) => {
                let is_desk = breaker.subject.is_empty();
                fields.set("stopped", if is_desk { "the whole desk" } else { &breaker.subject });
                fields.set("reset", if is_desk { "--desk" } else { &breaker.subject });
                fields.set("why", line(&breaker.why));
                fields.set("to", line(&breaker.to));
                fields.set("marks", line(&breaker.marks));
                fields.set("inbox", breaker.inbox.map_or(String::new(), |inbox| inbox.to_string()));
                fields.set("until", when::full(breaker.until, self.zone));
            }
            Content::SpoofNotice { why, inbox } => {
                fields.set("why", line(why));
                fields.set("inbox", inbox.to_string());
            }
            Content::Notification(notification) | Content::Page(notification) => {
                self.set_agent(&mut fields);
                self.set_notification(&mut fields, notification, files);
            }
            Content::Nudge { what, due_at } => {
                self.set_agent(&mut fields);
                self.set_nudge(&mut fields, *what, *due_at);
            }
            Content::Transcript { lines, carried_out, help } => {
                self.set_agent(&mut fields);
                agent::set_transcript(&mut fields, lines, *carried_out, *help);
            }
            Content::Undelivered { recipient, status, diagnostic, is_suppressed } => {
                fields.set("suppressed", *is_suppressed);
                self.set_agent(&mut fields);
                fields.set("recipient", line(recipient));
                fields.set("code", status.as_deref().map_or(String::new(), line));
                fields.set("diagnostic", clean(&unturned(diagnostic)));
            }
        }
        fields
    }

    fn severity(&self) -> Severity {
        self.ticket.map_or(self.policy.default_severity, |ticket| ticket.severity)
    }

    fn set_promise(&self, fields: &mut Fields, issue: &str, due_at: Option<Timestamp>) {
        fields.set("issue", line(issue));
        fields.set("expected_update", self.in_customers_zone(due_at));
        let pace = self.policy.pace(self.severity(), self.ticket.and_then(|ticket| ticket.calendar.as_deref()));
        let every = when::interval(pace.update_every());
        let hours = if pace.is_around_the_clock(self.now) { "" } else { " within our opening hours" };
        fields.set("update_interval", format!("{every}{hours}"));
    }

    /// An instant in the zone that the reader's own mails came from, else in the desk's.
    fn in_customers_zone(&self, at: Option<Timestamp>) -> String {
        let Some(at) = at else { return String::new() };
        let minutes = self.ticket.and_then(|ticket| ticket.party_reached_at(&self.draft.to)?.utc_offset_minutes);
        let own = minutes.and_then(|minutes| Offset::from_seconds(i32::from(minutes) * 60).ok());
        match own {
            Some(offset) => when::full(at, &TimeZone::fixed(offset)),
            None => when::full(at, self.zone),
        }
    }
}

/// The customer's name, or the address where there is none; on one line.
pub(super) fn customer_name(ticket: &Ticket) -> String {
    let Some(requester) = ticket.requester() else { return "Customer".to_owned() };
    let name = requester.address.name.as_deref().map(one_line).filter(|name| !name.is_empty());
    name.map_or_else(|| requester.address.address.clone(), Cow::into_owned)
}

/// `Hi Ann Example,`, or `Hello,` where there is no name, or one that is more than a name.
fn greeting(name: Option<&str>) -> String {
    let name = name.map(one_line).unwrap_or_default();
    let is_name = !name.is_empty()
        && name.chars().count() <= GREETED_CHARS
        && !name.contains(['@', '/', '<', '>', '\\'])
        && !name.contains("www.");
    if is_name { format!("Hi {name},") } else { "Hello,".to_owned() }
}

/// Somebody's words on one line.
fn line(text: &str) -> String {
    shortened(&one_line(text), LINE_CHARS)
}

/// The colour that stands for a severity; readable on white and on black.
fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#d92d20",
        Severity::High => "#dc6803",
        Severity::Medium => "#1570ef",
        Severity::Low => "#667085",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_is_greeted() {
        for (name, given, expected) in [
            ("name", Some("Ann Example"), "Hi Ann Example,"),
            ("none", None, "Hello,"),
            ("blank", Some("  "), "Hello,"),
            ("advertisement", Some("Win at https://evil.example"), "Hello,"),
            ("address", Some("ann@example.com"), "Hello,"),
            ("too long", Some(&*"x ".repeat(40)), "Hello,"),
        ] {
            assert_eq!(greeting(given), expected, "{name}");
        }
    }
}
