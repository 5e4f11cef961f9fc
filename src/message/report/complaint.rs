//! Complaints: a provider passes on that a mail of ours was called spam (RFC 5965), in the standard form or as a mail
//! with the mail that it is about.

use super::address;
use super::original;
use crate::message::fields::{self, Of};
use crate::message::limits::{MAX_REPORT_BYTES, MAX_REPORTED_RECIPIENTS};
use crate::message::parts::{Part, Parts};
use crate::message::{DeliveryReport, Message, ReportKind, ReportedRecipient, decode};

/// The action where no reader complained, but a server found that the mail does not come from whom it says
/// (RFC 6591).
pub(super) const OF_SERVER: &str = "auth-failure";

/// The action where a reader says that a mail is not spam: it arrived, and is wanted.
const NOT_SPAM: &str = "not-spam";

/// Reads a `message/feedback-report`. One that takes a complaint back is none, but still a report: nobody wrote it to
/// us.
pub(super) fn read(part: &Part<'_>, parts: &Parts<'_>) -> DeliveryReport {
    let bytes = part.bytes();
    let block = fields::split(bytes[..bytes.len().min(MAX_REPORT_BYTES)].trim_ascii_start(), Of::Message);
    let kind = block.first("Feedback-Type").map(|field| decode::text(field).trim().to_lowercase()).unwrap_or_default();
    let named = ["Original-Rcpt-To", "Removal-Recipient", "Final-Recipient"];
    let fields = block.fields.iter().filter(|field| named.iter().any(|name| field.is(name)));
    let addresses: Vec<String> = fields.map(|field| address::of_field(&decode::text(*field))).collect();
    let mut report = report(&addresses, parts);
    if kind == NOT_SPAM {
        report.kind = ReportKind::Delivered;
        report.recipients.iter_mut().for_each(|recipient| recipient.action = NOT_SPAM.to_string());
    }
    if kind == "auth-failure" {
        if report.recipients.is_empty() {
            report.recipients.push(recipient(String::new()));
        }
        report.recipients.iter_mut().for_each(|recipient| recipient.action = OF_SERVER.to_string());
    }
    report
}

/// Reads a complaint without a part for programs: only its subject and the mail with it tell.
pub(super) fn in_plain_form(parts: &Parts<'_>, message: &Message) -> Option<DeliveryReport> {
    const SUBJECTS: [&str; 3] =
        ["complaint about message from", "abuse report for message from", "spam complaint about"];
    let start: String = message.subject.trim_start().chars().take(40).collect::<String>().to_lowercase();
    if !SUBJECTS.iter().any(|subject| start.starts_with(subject)) {
        return None;
    }
    let returned = original::returned(parts)?.bytes();
    let block = fields::split(&returned, Of::Message);
    let of_provider = ["X-HmXmrOriginalRecipient", "X-Original-Recipient", "X-Rcpt-To"];
    let field = of_provider.iter().find_map(|name| block.first(name));
    Some(report(&field.map(|field| vec![address::of_field(&decode::text(field))]).unwrap_or_default(), parts))
}

fn recipient(address: String) -> ReportedRecipient {
    ReportedRecipient { address, action: "complaint".to_string(), status: None, diagnostic: None }
}

fn report(addresses: &[String], parts: &Parts<'_>) -> DeliveryReport {
    let mut recipients: Vec<ReportedRecipient> = Vec::new();
    for address in addresses.iter().filter(|address| !address.is_empty()) {
        if recipients.len() < MAX_REPORTED_RECIPIENTS && !recipients.iter().any(|known| known.address == *address) {
            recipients.push(recipient(address.clone()));
        }
    }
    DeliveryReport { kind: ReportKind::Complaint, recipients, original_message_id: original::in_part(parts) }
}
