//! Delivery status notifications (RFC 3464), in all the forms in which servers write them: fields without their type,
//! groups without the empty line between them or with one too many, and as text in the mail itself.

use super::address;
use super::status;
use crate::message::fields::{self, Of, RawField};
use crate::message::limits::{MAX_DIAGNOSTIC_CHARS, MAX_REPORT_BYTES, MAX_REPORTED_RECIPIENTS};
use crate::message::{ReportedRecipient, decode};

/// What stands in a delivery status: recipients, or at least what is said of a recipient that is not named.
#[derive(Default)]
pub(super) struct Status {
    pub recipients: Vec<ReportedRecipient>,
    /// What was said without an address.
    pub unnamed: Option<Group>,
}

/// What a delivery status says of one recipient.
#[derive(Default)]
pub(super) struct Group {
    original: Option<String>,
    last: Option<String>,
    action: Option<String>,
    status: Option<String>,
    diagnostic: Option<String>,
}

/// Reads a `message/delivery-status`.
pub(super) fn read(bytes: &[u8]) -> Status {
    let mut found = Status::default();
    let mut group = Group::default();
    let mut rest = bytes[..bytes.len().min(MAX_REPORT_BYTES)].trim_ascii_start();
    while !rest.is_empty() && found.recipients.len() < MAX_REPORTED_RECIPIENTS {
        let block = fields::split(rest, Of::Message);
        for field in &block.fields {
            if group.is_complete_before(field) {
                found.add(std::mem::take(&mut group));
            }
            group.take(field);
        }
        // An empty line too many may stand within what is said of one recipient.
        if group.has_address() && group.says_something() {
            found.add(std::mem::take(&mut group));
        }
        let next = if block.fields.is_empty() { fields::paragraph_end(rest) } else { block.body_at };
        rest = rest[next..].trim_ascii_start();
    }
    found.add(group);
    found
}

/// The fields of a delivery status that stand in a text, from where they begin.
pub(super) fn in_text(text: &str) -> Option<Status> {
    const FIRST: [&str; 4] = ["Reporting-MTA:", "Final-Recipient:", "Original-Recipient:", "Action: failed"];
    let mut at = 0;
    let is_first = |line: &str| {
        FIRST.iter().any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    };
    for line in text.split_inclusive('\n') {
        if is_first(line) {
            let found = read(&text.as_bytes()[at..]);
            return (!found.recipients.is_empty()).then_some(found);
        }
        at += line.len();
    }
    None
}

impl Status {
    fn add(&mut self, group: Group) {
        if self.recipients.len() >= MAX_REPORTED_RECIPIENTS {
            return;
        }
        match group.address() {
            Some(address) => self.recipients.push(group.recipient(address)),
            None if group.says_something() && self.unnamed.is_none() => self.unnamed = Some(group),
            None => {}
        }
    }
}

impl Group {
    /// Whether this field begins what is said of the next recipient, where no empty line does.
    fn is_complete_before(&self, field: &RawField<'_>) -> bool {
        let is_again = |name: &str, known: &Option<String>| known.is_some() && field.is(name);
        self.has_address()
            && (is_again("Final-Recipient", &self.last)
                || is_again("Original-Recipient", &self.original)
                || is_again("Action", &self.action)
                || is_again("Status", &self.status))
    }

    fn has_address(&self) -> bool {
        self.last.is_some() || self.original.is_some()
    }

    fn says_something(&self) -> bool {
        self.action.is_some() || self.status.is_some() || self.diagnostic.is_some()
    }

    fn take(&mut self, field: &RawField<'_>) {
        let names = ["Original-Recipient", "Final-Recipient", "Action", "Status", "Diagnostic-Code"];
        let Some(which) = names.iter().position(|name| field.is(name)) else { return };
        let value = decode::text(*field);
        let place = match which {
            0 => &mut self.original,
            1 => &mut self.last,
            2 => &mut self.action,
            3 => &mut self.status,
            _ => &mut self.diagnostic,
        };
        match place {
            // Some servers give the words of each server on the way a field of its own.
            Some(known) if which == 4 && known.len() + value.len() < MAX_DIAGNOSTIC_CHARS => {
                known.push(' ');
                known.push_str(address::without_type(&value));
            }
            Some(_) => {}
            None if value.trim().is_empty() => {}
            None => *place = Some(if which == 4 { address::without_type(&value).to_string() } else { value }),
        }
    }

    /// The address that we know the recipient by: the one the mail was sent to, unless it is not told or is no
    /// address of the Internet.
    fn address(&self) -> Option<String> {
        let original = self.original.as_deref().map(address::of_field).filter(|address| !address.is_empty());
        let last = self.last.as_deref().map(address::of_field).filter(|address| !address.is_empty());
        match (original, last) {
            (Some(original), Some(last)) => {
                Some(if address::is_of_mail(&original) || !address::is_of_mail(&last) { original } else { last })
            }
            (original, last) => original.or(last),
        }
    }

    /// What is said of the recipient with this address.
    pub fn recipient(&self, address: String) -> ReportedRecipient {
        let mut diagnostic = self.diagnostic.clone().filter(|text| !text.is_empty());
        if let Some((cut, _)) = diagnostic.as_ref().and_then(|text| text.char_indices().nth(MAX_DIAGNOSTIC_CHARS)) {
            diagnostic.iter_mut().for_each(|text| text.truncate(cut));
        }
        let told = self.status.as_deref().map(str::trim).unwrap_or_default();
        let given = told.split([' ', '(', '\t']).next().filter(|word| is_status(word)).map(str::to_string);
        let action = self.action.as_deref().and_then(action).map(str::to_string);
        let action = action.unwrap_or_else(|| action_by(given.as_deref()).to_string());
        let status = match action.as_str() {
            "failed" | "delayed" => {
                let is_failed = action == "failed";
                let status = status_of(given, told, diagnostic.as_deref(), is_failed);
                Some(status.unwrap_or_else(|| status::vague(is_failed)))
            }
            _ => given,
        };
        ReportedRecipient { address, action, status, diagnostic }
    }
}

/// The status that was given, unless what the other server said tells more: many servers write `5.0.0`, and some a
/// transient one above the permanent refusal after which they gave up.
fn status_of(given: Option<String>, told: &str, diagnostic: Option<&str>, is_failed: bool) -> Option<String> {
    let said = diagnostic.unwrap_or_default();
    match given {
        Some(given) if is_failed && given.starts_with('4') => {
            let refused = status::enhanced(said).filter(|status| status.starts_with('5'));
            Some(refused.map_or(given, str::to_string))
        }
        Some(given) if status::is_vague(&given) => {
            let more = status::derive(said, is_failed).or_else(|| status::derive(told, is_failed));
            let more = more.filter(|status| !status::is_vague(status));
            // A reply code may stand beside the words; the class that was given stands above both.
            Some(more.map_or_else(|| given.clone(), |more| format!("{}{}", &given[..1], &more[1..])))
        }
        Some(given) => Some(given),
        None => status::derive(said, is_failed).or_else(|| status::derive(told, is_failed)),
    }
}

fn is_status(word: &str) -> bool {
    let mut numbers = word.split('.');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|n| !n.is_empty() && n.len() <= 3 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_class = matches!(numbers.next(), Some("2" | "4" | "5"));
    is_class && is_number(numbers.next()) && is_number(numbers.next()) && numbers.next().is_none()
}

/// The action in the words of RFC 3464 §2.3.3, whatever word a server uses.
fn action(value: &str) -> Option<&'static str> {
    let word = value.trim().to_lowercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| word.starts_with(start));
    if begins(&["fail", "undeliver", "expired", "bounce", "reject", "denied", "error", "permanent"]) {
        Some("failed")
    } else if begins(&["delay", "defer", "warn", "transient", "temporary"]) {
        Some("delayed")
    } else if begins(&["deliver", "success"]) {
        Some("delivered")
    } else if begins(&["relay"]) {
        Some("relayed")
    } else if begins(&["expand"]) {
        Some("expanded")
    } else {
        None
    }
}

fn action_by(status: Option<&str>) -> &'static str {
    match status.and_then(|status| status.chars().next()) {
        Some('2') => "delivered",
        Some('4') => "delayed",
        _ => "failed",
    }
}
