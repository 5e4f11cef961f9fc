//! The three parts of a delivery report, each of any bytes: what is read of it is within the limits and on one line.

use postroom::message::limits::{MAX_ADDRESS_BYTES, MAX_DIAGNOSTIC_CHARS, MAX_ID_BYTES, MAX_REPORTED_RECIPIENTS};

/// What stands between the parts in an input.
const SEPARATOR: &[u8] = b"\n%%\n";

pub(crate) fn check(input: &[u8]) {
    let (kind, rest) = crate::choice(input, 4);
    let mut pieces = Vec::new();
    let mut left = rest;
    while let Some(at) =
        left.windows(SEPARATOR.len()).position(|window| window == SEPARATOR).filter(|_| pieces.len() < 2)
    {
        pieces.push(&left[..at]);
        left = &left[at + SEPARATOR.len()..];
    }
    pieces.push(left);
    let raw = match kind {
        // A report in words alone.
        0 => [b"From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nReturn-Path: <>\r\n\r\n".as_slice(), rest]
            .concat(),
        _ => multipart(["delivery-status", "disposition-notification", "feedback-report"][kind - 1], &pieces),
    };
    let message = crate::read(&raw);
    crate::parse::is_within_limits(&message);
    let Some(report) = &message.report else { return };
    assert!(report.recipients.len() <= MAX_REPORTED_RECIPIENTS);
    for recipient in &report.recipients {
        assert!(recipient.address.len() <= MAX_ADDRESS_BYTES, "an address of {} bytes", recipient.address.len());
        assert!(!recipient.address.contains(['\r', '\n', '\0']), "{recipient:?}");
        if let Some(diagnostic) = &recipient.diagnostic {
            assert!(diagnostic.chars().count() <= MAX_DIAGNOSTIC_CHARS, "{} characters", diagnostic.chars().count());
        }
        if let Some(status) = &recipient.status {
            let is_number = |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            assert!(status.split('.').count() == 3 && status.split('.').all(is_number), "a status of {status:?}");
        }
        let _ = (recipient.is_permanent(), recipient.reason());
    }
    if let Some(id) = &report.original_message_id {
        assert!(!id.0.is_empty() && id.0.len() <= MAX_ID_BYTES && !id.0.contains(['\r', '\n', '\0']), "{id:?}");
    }
}

/// A report of this kind, as RFC 6522 has it, of up to three parts.
fn multipart(kind: &str, pieces: &[&[u8]]) -> Vec<u8> {
    let head = format!(
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\nReturn-Path: <>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type={kind}; boundary=limit\r\n\r\n"
    );
    let types = ["text/plain; charset=utf-8".to_owned(), format!("message/{kind}"), "message/rfc822".to_owned()];
    let mut raw = head.into_bytes();
    for (media_type, piece) in types.iter().zip(pieces) {
        raw.extend_from_slice(format!("--limit\r\nContent-Type: {media_type}\r\n\r\n").as_bytes());
        raw.extend_from_slice(piece);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(b"--limit--\r\n");
    raw
}
