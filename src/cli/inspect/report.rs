//! What `inspect` says of one mail, in the words that programs get.

use crate::decide::guard;
use crate::message::{Address, Calendar, DefectCode, Digest, Message, MessageId};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::Serialize;

/// One mail as it was understood.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub path: String,
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    pub subject: String,
    pub date: Option<Timestamp>,
    pub from: Vec<Address>,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub reply_to: Vec<Address>,
    pub text: String,
    pub reply: String,
    pub quote: String,
    pub signature: String,
    pub attachments: Vec<File>,
    pub origin: &'static str,
    pub marks: Vec<String>,
    pub may_answer: bool,
    /// Why an answer would not go out; for people.
    #[serde(skip)]
    pub why_not: Option<String>,
    pub report: Option<Delivery>,
    pub calendar: Option<Calendar>,
    pub forwarded: Option<Forwarded>,
    pub authentication: Authentication,
    pub language: Option<String>,
    /// With `--thread`: which mail it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Option<String>>,
    pub defects: Vec<Defect>,
}

/// A file that came with it.
#[derive(Debug, Serialize)]
pub(super) struct File {
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub media_type: String,
    pub size_bytes: u64,
    pub sha256: Option<String>,
    pub md5: Option<String>,
    pub inline: bool,
}

/// What a delivery report says.
#[derive(Debug, Serialize)]
pub(super) struct Delivery {
    pub kind: &'static str,
    pub recipients: Vec<Recipient>,
    pub original_message_id: Option<String>,
}

/// What it says of one recipient.
#[derive(Debug, Serialize)]
pub(super) struct Recipient {
    pub address: String,
    pub action: String,
    pub status: Option<String>,
    pub permanent: bool,
    /// Why, in a word, where that can be told.
    pub reason: Option<&'static str>,
    pub diagnostic: Option<String>,
}

/// The mail that it passes on.
#[derive(Debug, Serialize)]
pub(super) struct Forwarded {
    pub from: Option<Address>,
    pub to: Vec<Address>,
    pub subject: String,
    pub date: Option<Timestamp>,
    pub text: String,
}

/// How far `From` may be believed.
#[derive(Debug, Serialize)]
pub(super) struct Authentication {
    pub verdict: &'static str,
    pub by: Option<&'static str>,
}

/// Something odd.
#[derive(Debug, Serialize)]
pub(super) struct Defect {
    pub code: DefectCode,
    pub detail: String,
}

impl Report {
    /// `files` are the bytes of the attachments.
    pub(super) fn of(path: String, message: &Message, files: &[Vec<u8>], own_addresses: &[String]) -> Self {
        let to = message.answer_to().cloned().unwrap_or_else(|| Address::bare(""));
        let answer = guard::may_reach(&to, Some(message.origin), own_addresses);
        // What cannot be read whole waits for a person, whoever sent it.
        let unfit = message.defects.iter().find(|defect| defect.code.is_fatal());
        let why_not = match unfit {
            Some(defect) => Some(format!("it would be quarantined ({})", defect.code.as_str())),
            None => answer.err().map(|refusal| refusal.to_string()),
        };
        Self {
            path,
            message_id: (!message.id.is_made_up()).then(|| message.id.0.clone()),
            in_reply_to: ids(&message.in_reply_to),
            references: ids(&message.references),
            subject: message.subject.clone(),
            date: message.date,
            from: message.from.clone(),
            to: message.to.clone(),
            cc: message.cc.clone(),
            reply_to: message.reply_to.clone(),
            text: message.body.text.clone(),
            reply: message.body.reply.clone(),
            quote: message.body.quote.clone(),
            signature: message.body.signature.clone(),
            attachments: files_of(message, files),
            origin: message.origin.as_str(),
            marks: message.marks.iter().map(ToString::to_string).collect(),
            may_answer: why_not.is_none(),
            why_not,
            report: message.report.as_ref().map(Delivery::of),
            calendar: message.calendar.clone(),
            forwarded: message.forwarded.as_ref().map(Forwarded::of),
            authentication: Authentication {
                verdict: message.authentication.as_str(),
                by: message.authenticated_by.map(|by| by.as_str()),
            },
            language: message.language(),
            parent: None,
            defects: message.defects.iter().map(|d| Defect { code: d.code, detail: d.detail.clone() }).collect(),
        }
    }
}

fn ids(ids: &[MessageId]) -> Vec<String> {
    ids.iter().map(|id| id.0.clone()).collect()
}

fn files_of(message: &Message, files: &[Vec<u8>]) -> Vec<File> {
    let file = |attachment: &crate::message::Attachment| {
        let digests = files.get(attachment.index).map(|bytes| Digest::both_of(bytes));
        File {
            name: attachment.name.clone(),
            media_type: attachment.media_type.clone(),
            size_bytes: attachment.size_bytes,
            sha256: digests.as_ref().map(|(sha256, _)| sha256.to_string()),
            md5: digests.as_ref().map(|(_, md5)| HEXLOWER.encode(md5)),
            inline: attachment.inline,
        }
    };
    message.attachments.iter().map(file).collect()
}

impl Forwarded {
    fn of(forwarded: &crate::message::Forwarded) -> Self {
        Self {
            from: forwarded.from.clone(),
            to: forwarded.to.clone(),
            subject: forwarded.subject.clone(),
            date: forwarded.date,
            text: forwarded.text.clone(),
        }
    }
}

impl Delivery {
    fn of(report: &crate::message::DeliveryReport) -> Self {
        let recipient = |recipient: &crate::message::ReportedRecipient| Recipient {
            address: recipient.address.clone(),
            action: recipient.action.clone(),
            status: recipient.status.clone(),
            permanent: recipient.is_permanent(),
            reason: recipient.reason().map(|reason| reason.as_str()),
            diagnostic: recipient.diagnostic.clone(),
        };
        Self {
            kind: report.kind.as_str(),
            recipients: report.recipients.iter().map(recipient).collect(),
            original_message_id: report.original_message_id.as_ref().map(|id| id.0.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Reader, parse};

    #[test]
    fn no_answer_goes_out_for_what_the_desk_quarantines() {
        let nested = |depth: usize| {
            let open = |level: usize| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
            let parts: String = (0..depth).map(open).collect();
            format!("From: ann@example.com\nMessage-ID: <a@example.com>\n{parts}Content-Type: text/plain\n\nx\n")
        };
        let cases = [
            ("a mail", nested(2), None),
            ("nested too deep", nested(200), Some("it would be quarantined (too-deep)")),
            ("no mail at all", "x".to_owned(), Some("it would be quarantined (unreadable)")),
        ];
        for (name, raw, expected) in cases {
            let message = parse(raw.as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default());
            let report = Report::of(name.to_owned(), &message, &[], &[]);
            assert_eq!((report.may_answer, report.why_not.as_deref()), (expected.is_none(), expected), "{name}");
        }
    }
}
