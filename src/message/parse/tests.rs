//! Whole mails: everyday ones, those at and past each limit, and any bytes at all.

use super::*;
use crate::message::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS, MAX_MIME_DEPTH, MAX_PARTS, MAX_TEXT_BYTES};
use proptest::prelude::*;

fn at() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn read_mail(raw: &[u8]) -> Message {
    parse(raw, at(), &Reader::default())
}

fn codes(message: &Message) -> Vec<&'static str> {
    message.defects.iter().map(|defect| defect.code.as_str()).collect()
}

/// A mail with the fields that every mail should have, and these.
fn mail(fields: &str, body: &str) -> String {
    let date = "Mon, 2 Mar 2026 10:00:00 +0100";
    format!("From: Ann <ann@example.com>\r\nDate: {date}\r\nMessage-ID: <m1@example.com>\r\n{fields}\r\n{body}")
}

fn nested(depth: usize) -> String {
    let mut raw = String::from("From: ann@example.com\r\n");
    for n in 0..depth {
        raw += &format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
    }
    raw + "\r\ntext\r\n"
}

#[test]
fn an_everyday_mail_is_read_whole() {
    let raw = mail(
        "To: Desk <support@desk.example>, bob@example.com\r\nCc: carl@example.com\r\nReply-To: <x@example.com>\r\n\
         Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n from Ann\r\nIn-Reply-To: <m0@example.com>\r\n\
         Delivered-To: support@desk.example\r\nReturn-Path: <ann@example.com>\r\n",
        "Hello.\r\n",
    );
    let message = read_mail(raw.as_bytes());
    assert_eq!(message.id.0, "m1@example.com");
    assert_eq!(message.in_reply_to, [MessageId("m0@example.com".into())]);
    assert_eq!(message.subject, "Grüße from Ann");
    assert_eq!(message.from[0].to_string(), "Ann <ann@example.com>");
    assert_eq!(message.to, [Address::bare("support@desk.example"), Address::bare("bob@example.com")]);
    assert_eq!(message.cc, [Address::bare("carl@example.com")]);
    assert_eq!(message.answer_to().unwrap().address, "x@example.com");
    assert_eq!(message.delivered_to, [Address::bare("support@desk.example")]);
    assert_eq!(message.return_path, ReturnPath::Address("ann@example.com".into()));
    assert_eq!(message.date, Some(at()));
    assert_eq!(message.utc_offset_minutes, Some(60));
    assert_eq!(message.body.reply, "Hello.");
    assert_eq!(message.header("subject").collect::<Vec<_>>(), ["Grüße from Ann"]);
    assert_eq!(codes(&message), Vec::<&str>::new());
}

#[test]
fn what_is_missing_or_double_is_a_defect_and_never_an_end() {
    let cases: [(&str, &str, &[&str]); 8] = [
        ("no id", "From: a@b\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nx", &["missing-message-id"]),
        ("no author", "Message-ID: <1@b>\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nx", &["missing-from"]),
        ("no date", "From: a@b\nMessage-ID: <1@b>\n\nx", &["missing-date"]),
        ("a date that is none", "From: a@b\nMessage-ID: <1@b>\nDate: yesterday\n\nx", &["missing-date"]),
        (
            "three authors",
            "From: a@b, c@d, e@f\nMessage-ID: <1@b>\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nx",
            &["several-authors"],
        ),
        (
            "two From fields",
            "From: a@b\nFrom: c@d\nMessage-ID: <1@b>\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nx",
            &["several-from-fields"],
        ),
        ("empty", "", &["empty"]),
        ("only line ends", "\r\n\r\n", &["empty"]),
    ];
    for (name, raw, expected) in cases {
        assert_eq!(codes(&read_mail(raw.as_bytes())), expected, "{name}");
    }
}

#[test]
fn of_two_from_fields_the_first_is_the_author() {
    let message = read_mail(b"From: a@b\nFrom: c@d\n\nx");
    assert_eq!(message.author().unwrap().address, "a@b");
}

#[test]
fn a_mail_without_id_gets_the_same_one_whenever_it_comes() {
    let first = read_mail(b"Received: one\nFrom: a@b\nSubject: x\n\ntext");
    let again = read_mail(b"Received: two\nFrom: a@b\nSubject: x\n\ntext\n");
    let other = read_mail(b"From: a@b\nSubject: x\n\nanother text");
    assert_eq!(first.id, again.id);
    assert_ne!(first.id, other.id);
    assert!(first.id.0.ends_with("@missing.postroom"), "{}", first.id);
}

#[test]
fn a_large_mail_without_an_id_is_the_one_of_that_size_and_moment() {
    let header = b"From: a@b\nSubject: x\n\n";
    let id = |size, at| parse_headers(header, size, at, &Reader::default()).id;
    let later = at() + jiff::SignedDuration::from_secs(1);
    assert_eq!(id(70_000_000, at()), id(70_000_000, at()));
    assert_ne!(id(70_000_000, at()), id(70_000_001, at()));
    assert_ne!(id(70_000_000, at()), id(70_000_000, later));
    let with_id = b"From: a@b\nMessage-ID: <1@b>\n\n";
    assert_eq!(header_digest(with_id, 70_000_000, at()), header_digest(with_id, 70_000_000, later));
}

#[test]
fn mails_at_a_limit_are_read_and_mails_past_it_are_kept_apart() {
    let headers = |count: usize| format!("From: a@b\r\n{}\r\nx", "X: 1\r\n".repeat(count - 1));
    let parts = |count: usize| {
        format!("From: a@b\nContent-Type: multipart/mixed; boundary=b\n\n{}--b--\n", "--b\n\nx\n".repeat(count - 1))
    };
    let cases = [
        ("header fields", headers(MAX_HEADER_FIELDS), headers(MAX_HEADER_FIELDS + 1), "too-many-headers"),
        ("depth", nested(MAX_MIME_DEPTH), nested(MAX_MIME_DEPTH + 1), "too-deep"),
        ("parts", parts(MAX_PARTS), parts(MAX_PARTS + 1), "too-many-parts"),
    ];
    for (name, at_limit, past_limit, code) in cases {
        let is_fatal = |raw: &str| read_mail(raw.as_bytes()).defects.iter().any(|defect| defect.code.is_fatal());
        assert!(!is_fatal(&at_limit), "{name} at the limit");
        assert!(is_fatal(&past_limit), "{name} past the limit");
        assert!(codes(&read_mail(past_limit.as_bytes())).contains(&code), "{name}");
    }
}

#[test]
fn hostile_mails_are_refused_with_their_sender_known() {
    let headers = format!("From: eve@example.com\r\n{}\r\nx", "X-A: 1\r\n".repeat(20_000));
    let deep = nested(200);
    for (raw, code) in [(headers.replace("eve@", "ann@"), "too-many-headers"), (deep, "too-deep")] {
        let message = read_mail(raw.as_bytes());
        assert_eq!(message.author().unwrap().address, "ann@example.com");
        assert!(codes(&message).contains(&code), "{code}");
        assert_eq!(message.body, Body::default());
    }
    let nothing_but_headers = read_mail("X-A: 1\r\n".repeat(20_000).as_bytes());
    assert!(codes(&nothing_but_headers).contains(&"too-many-headers"));
}

#[test]
fn subjects_addresses_and_attachments_are_cut_at_their_limits() {
    let subject = |n: usize| mail(&format!("Subject: {}\r\n", "ü".repeat(n)), "x");
    let addresses = |n: usize| mail(&format!("To: {}\r\n", vec!["a@b.example"; n].join(", ")), "x");
    let file = "--b\r\nContent-Type: application/pdf\r\n\r\nx\r\n";
    let files =
        |n: usize| mail("Content-Type: multipart/mixed; boundary=b\r\n", &format!("{}--b--\r\n", file.repeat(n)));
    let text = |n: usize| mail("", &"x".repeat(n));
    let texts = |n: usize| {
        let part = |n: usize| format!("--b\r\nContent-Type: text/plain\r\n\r\n{}\n\r\n", "x".repeat(n));
        let both = format!("{}{}--b--\r\n", part(MAX_TEXT_BYTES / 2), part(n - MAX_TEXT_BYTES / 2 - 2));
        mail("Content-Type: multipart/mixed; boundary=b\r\n", &both)
    };
    let named = |n: usize| {
        let part = format!("--b\r\nContent-Type: a/b; name={}\r\n\r\nx\r\n--b--\r\n", "n".repeat(n));
        mail("Content-Type: multipart/mixed; boundary=b\r\n", &part)
    };
    let cases = [
        ("subject", subject(MAX_SUBJECT_CHARS), subject(MAX_SUBJECT_CHARS + 1)),
        ("addresses", addresses(MAX_ADDRESSES), addresses(MAX_ADDRESSES + 1)),
        ("attachments", files(MAX_ATTACHMENTS), files(MAX_ATTACHMENTS + 1)),
        ("text", text(MAX_TEXT_BYTES), text(MAX_TEXT_BYTES + 1)),
        ("texts together", texts(MAX_TEXT_BYTES), texts(MAX_TEXT_BYTES + 1)),
        ("name", named(MAX_NAME_CHARS), named(MAX_NAME_CHARS + 1)),
    ];
    for (name, at_limit, past_limit) in cases {
        assert_eq!(codes(&read_mail(at_limit.as_bytes())), Vec::<&str>::new(), "{name} at the limit");
        assert_eq!(codes(&read_mail(past_limit.as_bytes())), ["truncated"], "{name} past the limit");
    }
}

#[test]
fn a_folded_boundary_loses_neither_text_nor_attachment() {
    let raw = mail(
        "Content-Type: multipart/mixed;\r\n boundary=\r\n \"b\"\r\n",
        "--b\r\n\r\nHello.\r\n--b\r\nContent-Type: application/pdf;\r\n name=\r\n \"a.pdf\"\r\n\r\nx\r\n--b--\r\n",
    );
    let message = read_mail(raw.as_bytes());
    assert_eq!(message.body.text, "Hello.");
    assert_eq!(message.attachments[0].name.as_deref(), Some("a.pdf"));
}

#[test]
fn a_boundary_inside_a_line_ends_nothing() {
    let raw = mail(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "--b\r\n\r\nThe delimiter is --b here.\r\nAnd on.\r\n--b--\r\n",
    );
    assert_eq!(read_mail(raw.as_bytes()).body.text, "The delimiter is --b here.\nAnd on.");
}

#[test]
fn base64_without_padding_keeps_its_last_byte() {
    for (name, encoded) in [("one missing", "SGVsbG8"), ("padded", "SGVsbG8="), ("each line padded", "SGU=\r\nbGxv")] {
        let raw = mail("Content-Transfer-Encoding: base64\r\n", encoded);
        assert_eq!(read_mail(raw.as_bytes()).body.text, "Hello", "{name}");
    }
}

#[test]
fn the_bytes_of_an_attachment_are_those_that_were_listed() {
    let raw = mail(
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "--b\r\n\r\nHello.\r\n\
         --b\r\nContent-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db\r\n\
         --b\r\nContent-Type: image/png\r\nContent-Disposition: inline; filename=\"b.png\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n",
    );
    let message = read_mail(raw.as_bytes());
    let expected: [(&str, &[u8], bool); 2] = [("a.csv", b"a=b", false), ("b.png", &[0, 1, 2], true)];
    assert_eq!(message.attachments.len(), expected.len());
    for (attachment, (name, bytes, inline)) in message.attachments.iter().zip(expected) {
        assert_eq!(attachment.name.as_deref(), Some(name));
        assert_eq!(attachment.inline, inline, "{name}");
        assert_eq!(attachment.size_bytes, bytes.len() as u64, "{name}");
        assert_eq!(
            all_attachment_bytes(raw.as_bytes()).get(attachment.index).map(Vec::as_slice),
            Some(bytes),
            "{name}"
        );
    }
    assert_eq!(all_attachment_bytes(raw.as_bytes()).len(), 2);
}

#[test]
fn a_header_block_alone_is_read_without_a_text() {
    let block = mail("Subject: Big\r\nContent-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\ncut of");
    let message = parse_headers(block.as_bytes(), 60_000_000, at(), &Reader::default());
    assert_eq!((message.subject.as_str(), message.size_bytes), ("Big", 60_000_000));
    assert_eq!(message.body, Body::default());
    assert_eq!(codes(&message), Vec::<&str>::new());
}

/// Pieces of which mails are made, so that generated ones get past the first line.
fn odd_mail() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "From: ",
        "To: a@b",
        "Subject: =?utf-8?b?",
        "References: <a@b> (",
        "Content-Type: multipart/mixed; boundary=b",
        "Content-Type: text/html",
        "Content-Transfer-Encoding: base64",
        "Date: Mon, 2 Mar 2026",
        "\r\n",
        "\n",
        "\n\n",
        "--b\n",
        "--b--\n",
        "> quoted\n",
        "On 2 Mar 2026, Ann wrote:\n",
        "<blockquote>",
        "&amp;",
        "=",
        "=\n",
        "=C3",
        "\"",
        "(",
        ";",
        "<",
        ">",
        "@",
        "?=",
        " ",
        "-- \n",
        "ü",
        "\0",
        "\u{85}",
    ]);
    let bytes =
        prop_oneof![8 => piece.prop_map(|p| p.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..8)];
    prop::collection::vec(bytes, 0..60).prop_map(|pieces| pieces.concat())
}

fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<_> = text.split_whitespace().collect();
    words.sort_unstable();
    words
}

/// How a mail may be written that says who wrote it, what about and what.
fn written(layout: (usize, usize, bool), [from, subject, text]: [u8; 3]) -> String {
    let (kind, junk, is_dated) = layout;
    let from = format!("From: {from}@example.com\r\n");
    let subject = format!("Subject: number {subject}\r\n");
    let date = if is_dated { "Date: Mon, 2 Mar 2026 10:00:00 +0100\r\n" } else { "" };
    let junk = format!("X-Recipients: {}\r\n", "a@b.example,\r\n ".repeat(junk));
    match kind {
        0 => format!("{from}{subject}{date}{junk}\r\nIt says {text}.\r\n"),
        1 => format!("{junk}{from}{subject}{date}\r\nIt says {text}.\r\n"),
        2 => format!("{from}{junk}{subject}{date}Message-ID: <same@example.com>\r\n\r\nIt says {text}.\r\n"),
        3 => format!("Message-ID: <same@example.com>\r\n{junk}{from}{subject}{date}\r\nIt says {text}.\r\n"),
        4 => format!("{from}{subject}{date}It says {text}.\r\n{junk}"),
        5 => format!("{date}{junk}{from}{subject}It says {text}.\r\nX: 1\r\n\r\nAnd so on.\r\n"),
        6 => format!("{date}{junk}{from}{subject}State: {text}\r\n"),
        _ => format!("{junk}{from}{subject}{date}Content-Type: text/html\r\n\r\n<p>It says {text}.</p>\r\n"),
    }
}

proptest! {
    // Large mails, each of which is read four times.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_mail_is_never_taken_for_one_of_another_author_subject_or_text(
        layout in (0..8_usize, prop_oneof![Just(0), Just(3), Just(MAX_HEADER_BYTES / 15 - 10), Just(30_000)], any::<bool>()),
        (one, other) in (any::<[u8; 3]>(), 0..3_usize, 1..=u8::MAX)
            .prop_map(|(one, at, by)| (one, { let mut other = one; other[at] ^= by; other })),
    ) {
        let [one, other] = [one, other].map(|what| written(layout, what));
        let known_by = |raw: &str| (read_mail(raw.as_bytes()).id, content_digest(raw.as_bytes()));
        prop_assert_ne!(known_by(&one), known_by(&other));
        prop_assert_eq!(known_by(&one), known_by(&one));
    }
}

proptest! {
    #[test]
    fn whatever_the_bytes_there_is_a_message(raw in odd_mail()) {
        // Not through `parse`, which would hide a panic.
        let message = read(&raw, at(), &Reader::default(), None);
        prop_assert_eq!(message.size_bytes, raw.len() as u64);
        prop_assert!(!message.id.0.is_empty());
        for attachment in &message.attachments {
            let bytes = &all_attachment_bytes(&raw)[attachment.index];
            prop_assert_eq!(bytes.len() as u64, attachment.size_bytes);
        }
    }

    #[test]
    fn nothing_of_a_text_is_thrown_away(raw in odd_mail()) {
        let body = read(&raw, at(), &Reader::default(), None).body;
        let parts = format!("{}\n{}\n{}", body.reply, body.quote, body.signature);
        prop_assert_eq!(words(&body.text), words(&parts));
    }
}
