//! Delivery reports: what became of a mail of ours (RFC 3464), complaints about one (RFC 5965), and the reports of
//! servers that follow neither.
//!
//! The standard form is read field by field. For the others it takes a sender that is a server before the text is
//! even looked at, since people forward such reports and ask what they mean.

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
    if is_from_server && has_second_mark(parts, message) { unstructured(parts, message) } else { None }
}

/// Whether anything but its sender's name speaks for a report of no standard form: a company may well be called
/// Bounce, and a postmaster may well have a question.
fn has_second_mark(parts: &Parts<'_>, message: &Message) -> bool {
    message.return_path == ReturnPath::Null
        || message.header("X-Failed-Recipients").next().is_some()
        || message.header("Auto-Submitted").any(|value| !value.trim().eq_ignore_ascii_case("no"))
        || original_id(parts).is_some()
}

fn find<'p, 'a>(parts: &'p Parts<'a>, types: &[&str]) -> Option<&'p Part<'a>> {
    parts.list.iter().find(|part| types.contains(&part.content_type.value.as_str()))
}

/// Whether the mail comes from the part of a server that sends reports.
fn is_from_server(message: &Message) -> bool {
    const NAMES: [&str; 7] =
        ["mailer-daemon", "mailerdaemon", "mail delivery", "postmaster", "mail-daemon", "bounce", "maildelivery"];
    let named = message.header("From").any(|from| {
        // The domain is anybody's, and says nothing.
        let from = from.to_lowercase();
        let local = from.rsplit_once('@').map_or(from.as_str(), |(before, _)| before);
        NAMES.iter().any(|word| local.contains(word))
    });
    named || message.return_path == ReturnPath::Null
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

/// The Message-ID in the returned mail, of which there may be only the header block.
fn original_id(parts: &Parts<'_>) -> Option<MessageId> {
    const RETURNED: [&str; 5] =
        ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "text/rfc822"];
    let part = find(parts, &RETURNED)?;
    let bytes = part.bytes();
    let block = fields::split(&bytes, Of::Message);
    block.first("Message-ID").and_then(|field| ids::all(&decode::text(field)).into_iter().next())
}

/// Lines of a text that are searched for what servers write.
const MAX_SEARCHED_LINES: usize = 200;

// The patterns are constants, so a failure to compile shows in the first test; `None` just finds nothing.
static STATUS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.?$|\.\s)").ok());
static REPLY_CODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:^|[^\d.])([45])\d\d[ \-]").ok());
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+").ok());

/// The first enhanced status code in a text (RFC 3463).
fn find_status(text: &str) -> Option<String> {
    STATUS.as_ref()?.captures(text).map(|found| found[1].to_string())
}

/// Phrases by which servers say that they gave up, in lower case.
const FAILED: [&str; 22] = [
    "could not be delivered",
    "couldn't be delivered",
    "wasn't delivered",
    "was not delivered",
    "not delivered",
    "undeliverable",
    "undelivered",
    "unable to deliver",
    "delivery failed",
    "delivery has failed",
    "failed delivery",
    "delivery failure",
    "delivery to the following",
    "permanent error",
    "permanent fatal error",
    "returned mail",
    "failure notice",
    "returned to sender",
    "not able to deliver",
    "mail delivery failed",
    "delivery status notification",
    "nicht zugestellt",
];

/// Phrases by which they say that they are still trying.
const DELAYED: [&str; 9] = [
    "delayed",
    "will be retried",
    "still being retried",
    "will keep trying",
    "will continue to try",
    "not yet been delivered",
    "warning message only",
    "do not need to resend",
    "temporary problem",
];

/// A report in prose: a server's sender, a phrase, and an address with what was said about it.
fn unstructured(parts: &Parts<'_>, message: &Message) -> Option<DeliveryReport> {
    let text = &message.body.text;
    let report = text_before_original(text);
    let lower = format!("{}\n{}", message.subject, report).to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let is_delayed = says(&DELAYED);
    if !is_delayed && !says(&FAILED) {
        return None;
    }
    let lines: Vec<&str> = report.lines().collect();
    let addresses = failed_addresses(message, &lines);
    let status = find_status(report);
    let class = status.as_deref().and_then(|s| s.chars().next()).or_else(|| reply_class(report));
    let is_failed = class.map_or(!is_delayed, |class| class == '5') || !is_delayed;
    let kind = if is_failed { ReportKind::Failed } else { ReportKind::Delayed };
    let action = if is_failed { "failed" } else { "delayed" };
    let recipients = addresses
        .into_iter()
        .map(|address| ReportedRecipient {
            diagnostic: diagnostic(&lines, &address),
            address,
            action: action.to_string(),
            status: status.clone().or_else(|| class.map(|class| format!("{class}.0.0"))),
        })
        .collect();
    let original_message_id = original_id(parts).or_else(|| id_in_text(&text[report.len()..]));
    Some(DeliveryReport { kind, recipients, original_message_id })
}

/// The text up to where a server appends the mail that it returns.
fn text_before_original(text: &str) -> &str {
    let starts = [
        "\n------ This is a copy",
        "\n--- Below this line",
        "\n----- Original message",
        "\nReceived: ",
        "\nReturn-Path: ",
    ];
    let ends = starts.iter().filter_map(|start| text.find(start));
    let lines = text.match_indices('\n').nth(MAX_SEARCHED_LINES).map(|(at, _)| at);
    let end = ends.chain(lines).min().unwrap_or(text.len());
    &text[..end]
}

fn reply_class(text: &str) -> Option<char> {
    REPLY_CODE.as_ref()?.captures(text).and_then(|found| found[1].chars().next())
}

/// The addresses a report in prose speaks of: those in a field made for it, else those on lines of their own.
fn failed_addresses(message: &Message, lines: &[&str]) -> Vec<String> {
    let Some(pattern) = ADDRESS.as_ref() else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    let mut add = |address: &str| {
        let address = address.trim_end_matches('.');
        let is_new = !found.iter().any(|known| known.eq_ignore_ascii_case(address));
        if is_new && found.len() < MAX_REPORTED_RECIPIENTS {
            found.push(address.to_string());
        }
    };
    for value in message.header("X-Failed-Recipients") {
        pattern.find_iter(value).for_each(|address| add(address.as_str()));
    }
    if message.header("X-Failed-Recipients").next().is_none() {
        for line in lines {
            // qmail and Postfix write `<ann@example.com>:` and go on behind it, Exim and sendmail the address alone.
            let line = line.trim().trim_start_matches("To: ");
            let Some(address) = pattern.find(line).filter(|address| address.start() <= 1) else { continue };
            let rest = &line[address.end()..];
            if rest.starts_with(">:") || !rest.contains(char::is_alphanumeric) {
                add(address.as_str());
            }
        }
    }
    found
}

/// Lines below an address that tell what happened to it.
const DIAGNOSTIC_LINES: usize = 4;

fn diagnostic(lines: &[&str], address: &str) -> Option<String> {
    let at = lines.iter().position(|line| line.contains(address))?;
    let same_line = lines[at].split_once(address).map(|(_, rest)| rest.trim_matches(['>', ':', ' ', ',']));
    let below = lines[at + 1..].iter().take(DIAGNOSTIC_LINES).map(|line| line.trim());
    let words: Vec<&str> = same_line
        .into_iter()
        .chain(below.take_while(|line| !line.is_empty()))
        .filter(|line| !line.is_empty())
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The Message-ID of a mail that was returned as text.
fn id_in_text(text: &str) -> Option<MessageId> {
    let line =
        text.lines().find(|line| line.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("message-id:")))?;
    ids::all(&line[11..]).into_iter().next()
}

#[cfg(test)]
mod tests;
