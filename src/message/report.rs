//! Delivery reports: what became of a mail of ours (RFC 3464), complaints about one (RFC 5965), and the reports of
//! servers that follow neither.
//!
//! The standard form is read field by field. For the others it takes a sender that is a server before the text is
//! even looked at, since people forward such reports and ask what they mean.

mod prose;
mod reason;

use super::fields::{self, Of, RawField};
use super::limits::MAX_REPORTED_RECIPIENTS;
use super::parts::{Part, Parts};
use super::{DeliveryReport, Message, MessageId, ReportKind, ReportedRecipient, ReturnPath, decode, ids};
use regex::Regex;
use std::sync::LazyLock;

/// Reads the report that a message is, if it is one.
pub(super) fn read(parts: &Parts<'_>, message: &Message) -> Option<DeliveryReport> {
    let root = parts.list.first()?;
    let report_type = root.content_type.parameter("report-type").map(str::to_lowercase);
    let is_report = root.content_type.value == "multipart/report";
    let is_from_server = is_from_server(message);
    if is_report || is_from_server {
        if let Some(part) = find(parts, &["message/feedback-report"]) {
            return Some(complaint(part, parts));
        }
        if let Some(part) = find(parts, &["message/delivery-status", "message/global-delivery-status"]) {
            let recipients = recipients(&part.bytes());
            if !recipients.is_empty() {
                let kind = kind(&recipients);
                return Some(DeliveryReport { kind, recipients, original_message_id: original_id(parts) });
            }
        }
    }
    // A read receipt has the form of a report, but is the answer of a program.
    if is_report && report_type.is_some_and(|kind| kind == "disposition-notification") {
        return None;
    }
    if is_from_server && has_second_mark(parts, message) { prose::read(parts, message) } else { None }
}

/// Whether anything but its sender's name speaks for a report of no standard form: a company may well be called
/// Bounce, and a postmaster may well have a question.
fn has_second_mark(parts: &Parts<'_>, message: &Message) -> bool {
    message.return_path == ReturnPath::Null
        || message.header("X-Failed-Recipients").next().is_some()
        || message.header("Auto-Submitted").any(|value| !value.trim().eq_ignore_ascii_case("no"))
        || original_id(parts).is_some()
        || prose::has_its_subject(message)
        || message.from.iter().any(|author| author.local().eq_ignore_ascii_case("mailer-daemon"))
}

fn find<'p, 'a>(parts: &'p Parts<'a>, types: &[&str]) -> Option<&'p Part<'a>> {
    parts.list.iter().find(|part| types.contains(&part.content_type.value.as_str()))
}

/// Whether the mail comes from the part of a server that sends reports.
fn is_from_server(message: &Message) -> bool {
    const NAMES: [&str; 17] = [
        "mailer-daemon",
        "mailerdaemon",
        "mail-daemon",
        "mail daemon",
        "mail delivery",
        "maildelivery",
        "mail administrator",
        "mail system",
        "mail service",
        "mail_service",
        "mail server",
        "mailserver",
        "delivery service",
        "delivery system",
        "system administrator",
        "postmaster",
        "bounce",
    ];
    let names_one = |text: &str| NAMES.iter().any(|word| text.contains(word));
    let named = message.header("From").any(|from| {
        // The domain is anybody's, and says nothing.
        let from = from.to_lowercase();
        let local = from.rsplit_once('@').map_or(from.as_str(), |(before, _)| before);
        names_one(local)
    });
    // No person's mail has an empty sender; the field itself is there.
    let is_nobodys = message.from.is_empty() && message.header("From").next().is_some_and(|from| from.contains("<>"));
    let returns_to_server = match &message.return_path {
        ReturnPath::Null => true,
        ReturnPath::Address(path) => path.to_lowercase().starts_with("mailer-daemon"),
        ReturnPath::Absent => false,
    };
    named || is_nobodys || returns_to_server
}

/// The groups of fields of a delivery status; the first one speaks of the whole mail.
fn recipients(status: &[u8]) -> Vec<ReportedRecipient> {
    let mut list = Vec::new();
    let mut rest = status.trim_ascii_start();
    while !rest.is_empty() && list.len() < MAX_REPORTED_RECIPIENTS {
        let block = fields::split(rest, Of::Message);
        list.extend(recipient(&block.fields));
        if block.body_at == 0 {
            break;
        }
        rest = rest[block.body_at..].trim_ascii_start();
    }
    list
}

fn recipient(fields: &[RawField<'_>]) -> Option<ReportedRecipient> {
    let value = |name: &str| fields.iter().find(|field| field.is(name)).map(|field| decode::text(*field));
    let address = value("Final-Recipient").or_else(|| value("Original-Recipient"))?;
    let address = bare_address(&without_type(&address));
    let diagnostic = value("Diagnostic-Code").map(|text| without_type(&text)).filter(|text| !text.is_empty());
    let status = value("Status").and_then(|text| find_status(&text)).filter(|status| !status.ends_with(".0.0"));
    let status = status
        .or_else(|| diagnostic.as_deref().and_then(find_status))
        .or_else(|| value("Status").and_then(|text| find_status(&text)));
    let action = value("Action").map(|action| action.trim().to_lowercase()).unwrap_or_default();
    let action = action.split([' ', ';', '(']).next().unwrap_or_default().to_string();
    let action = if action.is_empty() { action_by(status.as_deref()).to_string() } else { action };
    Some(ReportedRecipient { address, action, status, diagnostic })
}

/// `rfc822; ann@example.com` without the type.
fn without_type(value: &str) -> String {
    let text = value.split_once(';').filter(|(kind, _)| kind.len() < 20 && !kind.contains('@'));
    text.map_or(value, |(_, text)| text).trim().to_string()
}

fn bare_address(text: &str) -> String {
    text.trim_matches(['<', '>', '"', '\'', ' ', '(', ')', '[', ']', ':', ',']).to_string()
}

fn action_by(status: Option<&str>) -> &'static str {
    match status.and_then(|status| status.chars().next()) {
        Some('2') => "delivered",
        Some('4') => "delayed",
        _ => "failed",
    }
}

fn kind(recipients: &[ReportedRecipient]) -> ReportKind {
    let any = |action: &str| recipients.iter().any(|recipient| recipient.action == action);
    if any("failed") {
        ReportKind::Failed
    } else if any("delayed") {
        ReportKind::Delayed
    } else if any("delivered") || any("relayed") || any("expanded") {
        ReportKind::Delivered
    } else {
        ReportKind::Failed
    }
}

fn complaint(part: &Part<'_>, parts: &Parts<'_>) -> DeliveryReport {
    let bytes = part.bytes();
    let block = fields::split(bytes.trim_ascii_start(), Of::Message);
    let named = ["Original-Rcpt-To", "Removal-Recipient", "Final-Recipient"];
    let fields = block.fields.iter().filter(|field| named.iter().any(|name| field.is(name)));
    let mut recipients: Vec<ReportedRecipient> = Vec::new();
    for address in fields.map(|field| bare_address(&without_type(&decode::text(*field)))) {
        if recipients.len() < MAX_REPORTED_RECIPIENTS && !recipients.iter().any(|known| known.address == address) {
            let action = "complaint".to_string();
            recipients.push(ReportedRecipient { address, action, status: None, diagnostic: None });
        }
    }
    DeliveryReport { kind: ReportKind::Complaint, recipients, original_message_id: original_id(parts) }
}

/// The returned mail, of which there may be only the header block.
fn returned<'p>(parts: &'p Parts<'_>) -> Option<std::borrow::Cow<'p, [u8]>> {
    const RETURNED: [&str; 5] =
        ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "text/rfc822"];
    find(parts, &RETURNED).map(Part::bytes)
}

/// The Message-ID in the returned mail.
fn original_id(parts: &Parts<'_>) -> Option<MessageId> {
    let bytes = returned(parts)?;
    let block = fields::split(&bytes, Of::Message);
    block.first("Message-ID").and_then(|field| ids::all(&decode::text(field)).into_iter().next())
}

// The pattern is a constant, so a failure to compile shows in the first test; `None` just finds nothing.
static STATUS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.?$|\.\s)").ok());

/// The first enhanced status code in a text (RFC 3463).
fn find_status(text: &str) -> Option<String> {
    STATUS.as_ref()?.captures(text).map(|found| found[1].to_string())
}

#[cfg(test)]
mod tests;
