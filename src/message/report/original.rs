//! The mail that a report is about: where a server appends it to its text, and its Message-ID.

use crate::message::fields::{self, Of};
use crate::message::limits::MAX_REPORT_BYTES;
use crate::message::parts::{Part, Parts};
use crate::message::search::Beginnings;
use crate::message::{Message, MessageId, decode, ids};

/// Types under which a mail, or its header block, is returned.
const RETURNED: [&str; 6] = [
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/rfc822-headers",
    "text/rfc822",
];

/// Whether this part is the mail that is returned.
pub(super) fn is_returned(part: &Part<'_>) -> bool {
    part.parent.is_some() && RETURNED.contains(&part.content_type.value.as_str())
}

/// The part with the mail that is returned, if there is one.
pub(super) fn returned<'p, 'a>(parts: &'p Parts<'a>) -> Option<&'p Part<'a>> {
    parts.list.iter().find(|part| is_returned(part))
}

/// How lines begin below which a server appends the mail, in lower case and without the dashes around them.
const BEGINS: [&str; 53] = [
    "below this line is",
    "below the next line is",
    "below is a copy of",
    "this is a copy of",
    "attachment is a copy",
    "included is a copy of",
    "here is your returned mail",
    "copy of your message follows",
    "original message follows",
    "original message attached",
    "original mail follows",
    "original mail as follows",
    "original mail info",
    "original message header",
    "the original message follows",
    "the original message is attached",
    "the original mail follows",
    "the header of the original",
    "the headers of the original",
    "the header and top",
    "header of the original message",
    "headers of the rejected message",
    "returned message follows",
    "the returned message",
    "returned mail follows",
    "start of returned message",
    "unsent message",
    "the unsent message",
    "message from unsent",
    "undelivered message follows",
    "undeliverable message follows",
    "message text follows",
    "message headers follow",
    "message header follows",
    "message contents follow",
    "message header of",
    "your message reads",
    "your original message",
    "a summary of the undelivered message",
    "rejected message follows",
    "content-type: message/rfc822",
    "kopie ihrer nachricht",
    "es folgt die",
    "mensaje original",
    "mensagem original",
    "message original",
    "messaggio originale",
    "исходное сообщение",
    "текст исходного письма",
    "копия сообщения",
    "元のメール",
    "元のメッセージ",
    "原始邮件",
];

/// Lines that say it with nothing else in them.
const ALONE: [&str; 13] = [
    "original mail",
    "original headers",
    "original message",
    "original message headers",
    "returned message",
    "returned mail",
    "message header",
    "message headers",
    "old message",
    "unsent message",
    "undelivered message",
    "ursprüngliche nachricht",
    "message d'origine",
];

/// Fields that mails begin with and no report writes into its own words.
const FIELDS: [&str; 6] =
    ["received:", "return-path:", "x-received:", "dkim-signature:", "arc-seal:", "x-google-dkim-signature:"];

static IS_FIELD: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&FIELDS));
static SAYS_FOLLOWS: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&BEGINS));
static MAY_BE_ALONE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&ALONE));

/// Takes a report's text apart: its own words, and the mail that it appends.
pub(super) fn split(text: &str) -> (&str, &str) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if begins_original(line) {
            return text.split_at(at);
        }
        at += line.len();
    }
    (text, "")
}

fn begins_original(line: &str) -> bool {
    const MAX_BYTES: usize = 120;
    let line = line.trim_end();
    let words = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    if IS_FIELD.begin(words) {
        return !line.starts_with([' ', '\t']);
    }
    if line.len() > MAX_BYTES {
        return false;
    }
    let bare = words.trim_end_matches(|c: char| !c.is_alphanumeric());
    SAYS_FOLLOWS.begin(words) || MAY_BE_ALONE.begin(bare) && ALONE.contains(&bare.to_lowercase().as_str())
}

/// Paragraphs that announce a returned mail.
const MAX_PARAGRAPHS: usize = 4;

/// The header block of a returned mail, below the lines that announce it.
pub(super) fn header_in(mut bytes: &[u8]) -> fields::Block<'_> {
    let mut block = fields::split(bytes, Of::Message);
    for _ in 0..MAX_PARAGRAPHS {
        if !block.fields.is_empty() {
            break;
        }
        bytes = bytes[fields::paragraph_end(bytes)..].trim_ascii_start();
        block = fields::split(bytes, Of::Message);
    }
    block
}

/// The Message-ID of the mail that was returned, wherever it stands: in the returned part, in a part without a type
/// of its own, below the report's words or among them, or in the report's `In-Reply-To`.
pub(super) fn id(parts: &Parts<'_>, message: &Message, text: &str) -> Option<MessageId> {
    in_part(parts)
        .or_else(|| parts.list.iter().skip(1).find_map(|part| first_id(part.block.first("Message-ID")?)))
        .or_else(|| in_text(split(text).1))
        .or_else(|| in_text(text))
        .or_else(|| in_files(parts))
        .or_else(|| message.in_reply_to.first().cloned())
}

/// The Message-ID in the part that is returned.
pub(super) fn in_part(parts: &Parts<'_>) -> Option<MessageId> {
    let part = returned(parts)?;
    let bytes = part.bytes();
    in_block(&bytes).or_else(|| {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_REPORT_BYTES)]).into_owned();
        in_text(&text)
    })
}

/// Text files that hold the header of the returned mail.
fn in_files(parts: &Parts<'_>) -> Option<MessageId> {
    let texts = parts.list.iter().skip(1).filter(|part| part.content_type.value == "text/plain");
    texts.filter(|part| part.file_name().is_some()).find_map(|part| in_block(&part.bytes()))
}

fn in_block(bytes: &[u8]) -> Option<MessageId> {
    first_id(fields::split(bytes, Of::Message).first("Message-ID")?)
}

fn first_id(field: fields::RawField<'_>) -> Option<MessageId> {
    ids::all(&decode::text(field)).into_iter().next()
}

/// The id in the first line that is such a field, even where it is indented or quoted.
fn in_text(text: &str) -> Option<MessageId> {
    const NAME: &str = "message-id:";
    text.lines().map(|line| line.trim_start_matches([' ', '\t', '>', '|'])).find_map(|line| {
        let is_field = line.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME));
        let value = if is_field { line.get(NAME.len()..)? } else { return None };
        ids::all(value).into_iter().next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_announces_no_returned_mail() {
        for (bytes, is_cut) in [(120, true), (121, false)] {
            let text = format!("no\n{:->bytes$}\nx", "Original message");
            assert_eq!(split(&text).0 == "no\n", is_cut, "{bytes}");
        }
    }

    #[test]
    fn a_returned_mail_is_announced_by_few_paragraphs() {
        for (count, is_found) in [(MAX_PARAGRAPHS, true), (MAX_PARAGRAPHS + 1, false)] {
            let text = format!("{}To: ann@example.com\n", "no field\n\n".repeat(count));
            assert_eq!(!header_in(text.as_bytes()).fields.is_empty(), is_found, "{count}");
        }
    }

    #[test]
    fn a_text_is_cut_where_the_returned_mail_begins() {
        let cases = [
            ("qmail", "no\n--- Below this line is a copy of the message.\n\nx", "no\n"),
            ("Exim", "no\n------ This is a copy of the message, including all the headers. ------\nx", "no\n"),
            ("alone", "no\n----- Original message -----\nx", "no\n"),
            ("fields at once", "no\n\nReceived: from a by b\nx", "no\n\n"),
            (
                "an indented field is the report's own",
                "no\n  Received: from a by b\nx",
                "no\n  Received: from a by b\nx",
            ),
            (
                "when it came",
                "The original message was received at noon\nno",
                "The original message was received at noon\nno",
            ),
            ("nothing appended", "no", "no"),
        ];
        for (name, text, own) in cases {
            assert_eq!(split(text).0, own, "{name}");
        }
    }
}
