//! Delivery reports: what became of a mail of ours (RFC 3464), complaints about one (RFC 5965), and the reports of
//! servers that follow neither.
//!
//! `sign.rs` tells who may send a report, since people forward them and ask what they mean. `standard.rs` reads the
//! fields of a report in the standard form, `prose.rs` the text of any other by the shapes of its lines (`line.rs`)
//! and the words of `phrases.rs`, with what is said of each address (`said.rs`). `status.rs` makes a status of what a
//! server said, by its numbers or by the words of `reasons.rs`. `original.rs` finds the mail that it is about,
//! `complaint.rs` reads complaints.

mod address;
mod complaint;
mod line;
mod original;
mod phrases;
mod prose;
mod reason;
mod reasons;
mod said;
mod sign;
mod standard;
mod status;

pub use reason::Reason;

use super::limits::{MAX_REPORT_BYTES, MAX_REPORT_LINES};
use super::parts::{Part, Parts};
use super::{DeliveryReport, Message, ReportKind, ReportedRecipient, decode, html};
use line::Sure;
use phrases::Said;
use sign::Sender;
use standard::Status;

/// Reads the report that a message is, if it is one.
pub(super) fn read(parts: &Parts<'_>, message: &Message) -> Option<DeliveryReport> {
    let root = parts.list.first()?;
    let is_report = root.content_type.value == "multipart/report";
    let sender = sign::of(message);
    if let Some(part) = find(parts, &["message/feedback-report"]) {
        return (is_report || sender > Sender::Anybody).then(|| complaint::read(part, parts));
    }
    if is_report && is_receipt(root, parts) {
        return receipt(parts, message);
    }
    if !is_report && sender == Sender::Anybody {
        // What is left of them are complaints of providers that write as somebody.
        return complaint::in_plain_form(parts, message);
    }
    let part = find(parts, &["message/delivery-status", "message/global-delivery-status"]);
    let status = part.map(|part| standard::read(&part.bytes())).unwrap_or_default();
    let is_from_server = sender >= Sender::Server;
    if !status.recipients.is_empty() && (is_report || is_from_server || sign::has_subject_of_report(message)) {
        let recipients = with_words(status.recipients, parts, message);
        return Some(report(recipients, parts, message, &message.body.text));
    }
    // A program's mail is looked at no further without the subject of a report.
    let has_subject = sign::has_subject_of_report(message);
    if sender == Sender::Program && !is_report && (!has_subject || sign::is_passed_on(message)) {
        return None;
    }
    if sender == Sender::Server && !is_report && sign::is_passed_on(message) {
        return None;
    }
    in_prose(parts, message, sender, has_subject, is_report, status)
}

fn find<'p, 'a>(parts: &'p Parts<'a>, types: &[&str]) -> Option<&'p Part<'a>> {
    parts.list.iter().find(|part| types.contains(&part.content_type.value.as_str()))
}

/// The recipients of a report in the standard form, with what its text says of those of which its fields say no more
/// than that they failed.
fn with_words(mut recipients: Vec<ReportedRecipient>, parts: &Parts<'_>, message: &Message) -> Vec<ReportedRecipient> {
    let is_bare = |recipient: &ReportedRecipient| {
        recipient.diagnostic.is_none() && recipient.status.as_deref().is_some_and(status::is_vague)
    };
    let bare: Vec<String> = recipients.iter().filter(|r| is_bare(r)).map(|r| r.address.clone()).collect();
    if bare.is_empty() {
        return recipients;
    }
    let text = text_of(parts, message);
    let own = original::split(&text).0;
    let lower = own.to_lowercase();
    let Some(named) = prose::read(own, &lower, Said::in_text(&lower), &bare, false) else { return recipients };
    for recipient in recipients.iter_mut().filter(|recipient| is_bare(recipient)) {
        let Some(told) = named.recipients.iter().find(|told| told.address == recipient.address) else { continue };
        // The class is that of the fields, which say what became of the mail.
        if let (Some(given), Some(more)) = (&recipient.status, &told.status)
            && !status::is_vague(more)
        {
            recipient.status = Some(format!("{}{}", &given[..1], &more[1..]));
            recipient.diagnostic.clone_from(&told.diagnostic);
        }
    }
    recipients
}

/// Reads a report from its text.
fn in_prose(
    parts: &Parts<'_>,
    message: &Message,
    sender: Sender,
    has_subject: bool,
    is_report: bool,
    status: Status,
) -> Option<DeliveryReport> {
    let text = text_of(parts, message);
    let (own, appended) = original::split(&text);
    if let Some(found) = standard::in_text(own) {
        return Some(report(found.recipients, parts, message, &text));
    }
    let lower = own.to_lowercase();
    let has_returned = !appended.is_empty() || original::returned(parts).is_some();
    let says = Said::in_text(&lower);
    let says_delayed = says.delayed || phrases::SAYS_DELAYED.are_in(&message.subject.to_lowercase());
    let is_delayed = says_delayed && !phrases::SAYS_GIVEN_UP.are_in(&lower);
    let says_failed = says.failed;
    if !is_report && !has_subject && !says_failed && !is_delayed {
        return None;
    }
    // What asks for a proof or an approval speaks of mails that were not delivered, too.
    if !is_report && !has_returned && sender < Sender::CertainServer && says.proof {
        return None;
    }
    let known = named_by_header(message);
    let named = prose::read(own, &lower, says, &known, is_delayed);
    let is_sure = named.as_ref().is_some_and(|named| {
        let enough =
            if has_subject || has_returned || sender == Sender::CertainServer { Sure::Field } else { Sure::Alone };
        let enough = if sender == Sender::Program { Sure::Alone } else { enough };
        let says_so = says_failed || is_delayed;
        named.sure <= enough && (says_so || (has_subject && sender != Sender::Program))
    });
    if let Some(named) = named.filter(|_| is_sure) {
        return Some(report(named.recipients, parts, message, &text));
    }
    // It names nobody. What is returned tells to whom it was, where that was one.
    let is_certain = is_report
        || (sender >= Sender::Server && (has_subject || has_returned) && (says_failed || is_delayed || has_subject));
    if !is_certain {
        return None;
    }
    let group = status.unnamed.unwrap_or_default();
    let by_status = group.recipient(String::new());
    let recipients = only_recipient(parts, message, appended).map(|address| {
        let is_failed = by_status.action != "delayed" && !is_delayed;
        let said = status::derive(own, is_failed);
        let status = by_status
            .status
            .clone()
            .filter(|status| !status::is_vague(status))
            .or(said)
            .unwrap_or_else(|| status::vague(is_failed));
        let action = if is_failed { "failed" } else { "delayed" }.to_string();
        ReportedRecipient { address, action, status: Some(status), diagnostic: by_status.diagnostic.clone() }
    });
    let mut found = report(recipients.into_iter().collect(), parts, message, &text);
    if found.recipients.is_empty() && is_delayed {
        found.kind = ReportKind::Delayed;
    }
    let speaks = has_subject || says_failed || is_delayed || !found.recipients.is_empty();
    speaks.then_some(found)
}

/// Addresses in the fields of a report's header that name those that failed.
fn named_by_header(message: &Message) -> Vec<String> {
    let values = message.header("X-Failed-Recipients");
    values.flat_map(|value| address::all(value).map(|found| found.address).collect::<Vec<_>>()).collect()
}

/// The recipient of the returned mail, or the address in the report's subject, where it is just one.
fn only_recipient(parts: &Parts<'_>, message: &Message, appended: &str) -> Option<String> {
    let in_subject: Vec<_> = address::all(&message.subject).take(2).collect();
    if let [found] = in_subject.as_slice() {
        return Some(found.address.clone());
    }
    let part = original::returned(parts).map(|part| part.bytes());
    let bytes = part.as_deref().unwrap_or(appended.as_bytes());
    let block = original::header_in(bytes);
    let to: Vec<_> = block.first("To").map(decode::addresses).unwrap_or_default();
    match to.as_slice() {
        [only] => Some(only.address.clone()),
        _ => None,
    }
}

/// The text of a report with what may be appended to it: the text parts before the mail that is returned, whatever
/// they are called.
fn text_of(parts: &Parts<'_>, message: &Message) -> String {
    let own = parts.list.iter().take_while(|part| !original::is_returned(part));
    let texts: Vec<&Part<'_>> =
        own.filter(|part| !part.is_multipart() && part.content_type.value.starts_with("text/")).collect();
    let has_plain = texts.iter().any(|part| !part.is_html() && !part.body.trim_ascii().is_empty());
    let mut text = String::new();
    for part in texts.into_iter().filter(|part| !(has_plain && part.is_html())) {
        let bytes = part.bytes();
        let bytes = &bytes[..bytes.len().min(MAX_REPORT_BYTES)];
        let (decoded, _) = decode::charset(part.content_type.parameter("charset"), bytes);
        let is_html = part.is_html() && has_tags(&decoded);
        text.push_str(&if is_html { html::to_text(&decoded).0 } else { decoded.replace("\r\n", "\n") });
        text.push('\n');
        if text.len() > MAX_REPORT_BYTES {
            break;
        }
    }
    if text.trim().is_empty() {
        text.clone_from(&message.body.text);
    }
    let end = text.match_indices('\n').nth(MAX_REPORT_LINES * 4).map(|(at, _)| at);
    let end = end.unwrap_or(text.len()).min(MAX_REPORT_BYTES);
    text.truncate((0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
    text
}

/// Whether lines are made by tags: some servers call their plain text HTML.
fn has_tags(html: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    ["<html", "<body", "<br", "<p>", "<p ", "<div", "<td"].iter().any(|tag| lower.contains(tag))
}

fn report(recipients: Vec<ReportedRecipient>, parts: &Parts<'_>, message: &Message, text: &str) -> DeliveryReport {
    let kind = kind(&recipients);
    DeliveryReport { kind, recipients, original_message_id: original::id(parts, message, text) }
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

/// Whether it is a disposition notification (RFC 8098), which has the form of a report.
fn is_receipt(root: &Part<'_>, parts: &Parts<'_>) -> bool {
    let kind = root.content_type.parameter("report-type").map(str::to_lowercase);
    kind.is_some_and(|kind| kind == "disposition-notification")
        || find(parts, &["message/disposition-notification", "message/global-disposition-notification"]).is_some()
}

/// A disposition notification is the answer of a program and no report, unless a server refused the mail by it
/// (RFC 5429 §2.1.2 had `reject` do so, and servers do it for full mailboxes, too).
fn receipt(parts: &Parts<'_>, message: &Message) -> Option<DeliveryReport> {
    let part = find(parts, &["message/disposition-notification", "message/global-disposition-notification"])?;
    let bytes = part.bytes();
    let block = super::fields::split(bytes.trim_ascii_start(), super::fields::Of::Message);
    let value = |name: &str| block.first(name).map(decode::text).unwrap_or_default();
    let disposition = value("Disposition").to_lowercase();
    let is_refused = disposition.contains("automatic-action") && disposition.contains("deleted");
    let text = text_of(parts, message);
    let own = original::split(&text).0;
    if !is_refused || !own.to_lowercase().contains("rejected") {
        return None;
    }
    let recipient = ReportedRecipient {
        address: address::of_field(&value("Final-Recipient")),
        action: "failed".to_string(),
        status: Some(status::derive(own, true).unwrap_or_else(|| status::vague(true))),
        diagnostic: own.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_string),
    };
    let id = super::ids::all(&value("Original-Message-ID")).into_iter().next();
    let original_message_id = id.or_else(|| original::id(parts, message, &text));
    Some(DeliveryReport { kind: ReportKind::Failed, recipients: vec![recipient], original_message_id })
}

impl DeliveryReport {
    /// Whether somebody who got the mail complained, and not a server that doubts who sent it (RFC 6591).
    pub fn is_complaint_of_reader(&self) -> bool {
        let is_of_server = self.recipients.iter().any(|recipient| recipient.action == complaint::OF_SERVER);
        self.kind == ReportKind::Complaint && !is_of_server
    }
}

impl ReportedRecipient {
    /// Whether the address itself is of no use by what this report says of it.
    ///
    /// A server that reports `failed` has given up on this mail (RFC 3464 §2.3.3), but a status of class 4 says that
    /// a later mail may succeed (RFC 3463 §3.1). One that reports `delayed` goes on trying, whatever the status.
    pub fn is_permanent(&self) -> bool {
        self.action == "failed" && self.status.as_ref().is_none_or(|status| status.starts_with('5'))
    }

    /// Why it was not delivered, by the words of the server or else by its status.
    pub fn reason(&self) -> Option<Reason> {
        if !matches!(self.action.as_str(), "failed" | "delayed") {
            return None;
        }
        let by_status = || self.status.as_deref().and_then(Reason::of_status);
        self.diagnostic.as_deref().and_then(status::reason).or_else(by_status)
    }
}

#[cfg(test)]
mod tests;
