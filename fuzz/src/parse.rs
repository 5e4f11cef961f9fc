//! A whole mail: it is read, within the limits, the same each time, and the same beneath another trace field.

use postroom::message::limits::{
    MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_ATTACHMENTS, MAX_ID_BYTES, MAX_IDS, MAX_NAME_CHARS, MAX_SUBJECT_CHARS,
    MAX_TEXT_BYTES,
};
use postroom::message::{self, Address, DefectCode, Message, content_digest};

/// Bytes that a text may be longer than its limit: the last line is finished, and characters are made whole.
const SLACK: usize = 64 * 1024;

pub(crate) fn check(input: &[u8]) {
    let message = crate::read(input);
    is_within_limits(&message);
    assert_eq!(message, crate::read(input), "read twice, it is not the same");
    assert_eq!(message.size_bytes, input.len() as u64);

    let bytes = message::all_attachment_bytes(input);
    let is_fatal = message.defects.iter().any(|defect| defect.code.is_fatal());
    assert!(is_fatal || bytes.len() == message.attachments.len(), "attachments listed and fetched differ");
    for (index, (attachment, bytes)) in message.attachments.iter().zip(&bytes).enumerate() {
        assert_eq!(attachment.index, index);
        assert_eq!(attachment.size_bytes, bytes.len() as u64, "the size of attachment {index}");
    }

    // Servers put trace fields above a mail; copies of one mail differ by them and by nothing else. Of mails without an
    // id, some have nothing but their bytes by which they are known again.
    let is_mail =
        !message.defects.iter().any(|defect| defect.code.is_fatal() || defect.code == DefectCode::MissingMessageId);
    if is_mail && input.first().is_some_and(u8::is_ascii_alphabetic) && !input.starts_with(b"From ") {
        let copy = [b"Received: from a.example by b.example\r\n", input].concat();
        let relayed = crate::read(&copy);
        let is_mail = !relayed.defects.iter().any(|defect| defect.code.is_fatal());
        assert!(!is_mail || content_digest(&copy) == content_digest(input), "relayed, it is another mail");
    }
}

/// Checks what a reader of a message relies on.
pub(crate) fn is_within_limits(message: &Message) {
    let addresses = [&message.from, &message.reply_to, &message.to, &message.cc, &message.delivered_to];
    for list in addresses {
        assert!(list.len() <= MAX_ADDRESSES);
        list.iter().for_each(is_plain_address);
    }
    for ids in [&message.in_reply_to, &message.references] {
        assert!(ids.len() <= MAX_IDS);
    }
    for id in message.in_reply_to.iter().chain(&message.references).chain([&message.id]) {
        assert!(!id.0.is_empty() && id.0.len() <= MAX_ID_BYTES, "a Message-ID of {} bytes", id.0.len());
        assert!(!id.0.contains(['\r', '\n', '\0']), "a Message-ID on several lines: {:?}", id.0);
    }
    assert!(message.subject.chars().count() <= MAX_SUBJECT_CHARS);
    assert!(!message.subject.contains(['\r', '\n', '\0']), "a subject on several lines: {:?}", message.subject);
    assert!(message.attachments.len() <= MAX_ATTACHMENTS);
    for name in message.attachments.iter().filter_map(|attachment| attachment.name.as_ref()) {
        assert!(name.chars().count() <= MAX_NAME_CHARS);
        assert!(!name.contains(['\r', '\n', '\0']), "a name on several lines: {name:?}");
    }
    let body = &message.body;
    for text in [&body.text, &body.reply, &body.quote, &body.signature] {
        assert!(text.len() <= MAX_TEXT_BYTES + SLACK, "a text of {} bytes", text.len());
        assert!(!text.contains('\r'), "a line that ends in CR");
    }
}

/// Checks that an address names one mailbox and can be shown on a line.
pub(crate) fn is_plain_address(address: &Address) {
    assert!(address.address.len() <= MAX_ADDRESS_BYTES, "an address of {} bytes", address.address.len());
    let is_shown_on_a_line = |text: &str| !text.contains(['\r', '\n', '\0']);
    assert!(is_shown_on_a_line(&address.address), "an address on several lines: {address:?}");
    assert!(address.name.as_deref().is_none_or(is_shown_on_a_line), "a name on several lines: {address:?}");
}
