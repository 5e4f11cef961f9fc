//! MIME structures, whole and broken: which part is the text, which are files.

use super::*;

fn shape(raw: &str) -> (Vec<String>, Vec<usize>, Vec<usize>) {
    let parts = read(raw.as_bytes(), fields::split(raw.as_bytes(), Of::Message));
    let list = parts.list.iter().map(|part| {
        let body = if part.is_multipart() { "" } else { std::str::from_utf8(part.body).unwrap() };
        format!("{} {body:?}", part.content_type.value)
    });
    let list = list.collect();
    (list, parts.texts(), parts.files().collect())
}

const ALTERNATIVE: &str = "Content-Type: multipart/alternative; boundary=b\n\n";

#[test]
fn alternatives_are_read_as_plain_text_unless_that_is_blank() {
    let html = "--b\nContent-Type: text/html\n\n<p>x\n--b--\n";
    let cases = [
        ("both", format!("{ALTERNATIVE}--b\n\nx\n{html}"), vec![1]),
        ("blank plain part", format!("{ALTERNATIVE}--b\n\n \n\n{html}"), vec![2]),
        ("html only", format!("{ALTERNATIVE}{html}"), vec![1]),
        ("enriched", format!("{ALTERNATIVE}--b\nContent-Type: text/enriched\n\n<bold>x\n{html}"), vec![1]),
        ("a form for one program", format!("{ALTERNATIVE}--b\nContent-Type: text/x-amp-html\n\n<x>\n{html}"), vec![2]),
        ("nothing but that form", format!("{ALTERNATIVE}--b\nContent-Type: text/x-amp-html\n\n<x>\n--b--\n"), vec![1]),
    ];
    for (name, raw, expected) in cases {
        let (_, texts, files) = shape(&raw);
        assert_eq!((texts, files), (expected, vec![]), "{name}");
    }
}

#[test]
fn pictures_of_a_text_are_files_and_its_html_is_text() {
    let raw = "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\nx\n\
               --b\nContent-Type: image/png\nContent-ID: <1>\n\ny\n--b--\n";
    let (_, texts, files) = shape(raw);
    assert_eq!((texts, files), (vec![1], vec![2]));
}

#[test]
fn mails_inside_mails_are_files() {
    let inner = "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--";
    let raw =
        format!("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n");
    let (list, texts, files) = shape(&raw);
    assert_eq!(list[1], format!("message/rfc822 {inner:?}"));
    assert_eq!((texts, files), (vec![], vec![1]));
}

#[test]
fn a_delimiter_is_a_whole_line() {
    let cases = [
        ("inside a line", "x --b y", "x --b y"),
        ("a longer boundary", "--bb", "--bb"),
        ("blanks behind it", "x\n--b \t\nz", "x"),
        ("no line end before it", "", ""),
    ];
    for (name, text, expected) in cases {
        let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{text}\n--b--\n");
        let (list, ..) = shape(&raw);
        assert_eq!(list[1], format!("text/plain {expected:?}"), "{name}");
    }
}

#[test]
fn broken_structures_keep_their_words() {
    let cases = [
        ("no closing delimiter", "--b\n\nx", "text/plain \"x\""),
        ("no delimiter at all", "x\n", "text/plain \"x\\n\""),
    ];
    for (name, body, expected) in cases {
        let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{body}");
        let parts = read(raw.as_bytes(), fields::split(raw.as_bytes(), Of::Message));
        assert_eq!(parts.defects.first(), Some(&DefectCode::Structure), "{name}");
        assert_eq!(shape(&raw).0.last().unwrap(), expected, "{name}");
    }
}

#[test]
fn a_boundary_that_is_told_wrongly_or_not_at_all_is_found() {
    let body = "Preface.\n--real\nContent-Type: text/plain\n\nx\n--real\nContent-Type: image/png\n\ny\n--real--\n";
    for (name, field) in [
        ("none", "multipart/mixed"),
        ("empty", "multipart/mixed; boundary=\"\""),
        ("another", "multipart/mixed; boundary=other"),
    ] {
        let (list, texts, files) = shape(&format!("Content-Type: {field}\n\n{body}"));
        assert_eq!(list[1..], ["text/plain \"x\"", "image/png \"y\""], "{name}");
        assert_eq!((texts, files), (vec![1], vec![2]), "{name}");
    }
}

#[test]
fn a_multipart_that_was_encoded_as_a_whole_is_opened() {
    let parts = "--b\nContent-Type: text/plain\n\nIt burns.\n--b\nContent-Type: image/png; name=a.png\n\nx\n--b--\n";
    let read = |encoding: &str, body: &str| {
        let raw = format!(
            "From: ann@example.com\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: {encoding}\n\n\
             {body}"
        );
        let reader = crate::message::Reader::default();
        let (message, files) = crate::message::parse_with_files(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &reader);
        assert_eq!(crate::message::all_attachment_bytes(raw.as_bytes()), files);
        let is_odd = message.defects.iter().any(|defect| defect.code == DefectCode::Structure);
        (message.body.text.trim().to_string(), files.len(), is_odd)
    };
    let base64 = data_encoding::BASE64.encode(parts.as_bytes());
    assert_eq!(read("base64", &base64), ("It burns.".to_string(), 1, true));
    assert_eq!(read("quoted-printable", &parts.replace("--", "=2D-")), ("It burns.".to_string(), 1, true));
    assert_eq!(read("base64", parts), ("It burns.".to_string(), 1, false), "it is only said");
    let other = data_encoding::BASE64.encode(b"It burns.");
    assert_eq!(read("base64", &other), ("It burns.".to_string(), 0, true), "there are no parts within it");
}

#[test]
fn a_text_that_telephones_name_is_read_where_there_is_no_other() {
    let named = "--b\nContent-Type: text/plain; name=text_0.txt\n\nx\n";
    let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{named}--b--\n");
    assert_eq!(shape(&raw).1, [1]);
    let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{named}--b\n\ny\n--b--\n");
    assert_eq!(shape(&raw).1, [2]);
}

#[test]
fn an_outer_delimiter_ends_the_inner_multipart() {
    let raw = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n\
               --b\n\nx\n--a\n\ny\n--a--\n";
    assert_eq!(shape(raw).0[2..], ["text/plain \"x\"", "text/plain \"y\""]);
}

#[test]
fn boundaries_that_are_not_told_are_searched_for_so_often_and_so_far() {
    let part =
        |n: usize| format!("--o\nContent-Type: multipart/mixed\n\n--r{n}\nContent-Type: text/html\n\nx\n--r{n}--\n");
    for (count, found) in
        [(MAX_BOUNDARY_SEARCHES, MAX_BOUNDARY_SEARCHES), (MAX_BOUNDARY_SEARCHES + 1, MAX_BOUNDARY_SEARCHES)]
    {
        let raw =
            format!("Content-Type: multipart/mixed; boundary=o\n\n{}--o--\n", (0..count).map(part).collect::<String>());
        let pages = shape(&raw).0.iter().filter(|part| part.starts_with("text/html")).count();
        assert_eq!(pages, found, "{count} multiparts");
    }
    let (delimiter, field) = ("\n--r\n", "Content-Type: text/html\n\nx\n--r--\n");
    for (end, is_found) in [(MAX_BOUNDARY_BYTES, true), (MAX_BOUNDARY_BYTES + 1, false)] {
        let preface = "x".repeat(end - delimiter.len() - "Content-".len());
        let (list, ..) = shape(&format!("Content-Type: multipart/mixed\n\n{preface}{delimiter}{field}"));
        assert_eq!(list.len() > 1, is_found, "{end} bytes");
    }
}

#[test]
fn one_file_is_known_again_whichever_way_its_mail_came() {
    let text = "a;b\n1;2\n";
    let cases = [
        ("as it is", "text/csv", "7bit", text.to_string(), text.to_string()),
        ("a mail in a mail", "message/rfc822", "8bit", text.replace('1', "é"), text.replace('1', "é")),
        ("with codes", "text/csv", "quoted-printable", text.replace(';', "=3B"), text.to_string()),
        ("no text", "application/x-sh", "7bit", text.to_string(), text.replace('\n', "\r\n")),
        ("in base64", "text/csv", "base64", "YTtiDQoxOzINCg==".to_string(), text.replace('\n', "\r\n")),
    ];
    let bytes = |raw: Vec<u8>| {
        let reader = crate::message::Reader::default();
        let (message, mut files) = crate::message::parse_with_files(&raw, jiff::Timestamp::UNIX_EPOCH, &reader);
        assert_eq!(message.attachments[0].size_bytes, files[0].len() as u64);
        files.remove(0)
    };
    for (name, media_type, encoding, body, expected) in cases {
        let raw = format!(
            "From: ann@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\
             Content-Type: {media_type}\nContent-Disposition: attachment\n\
             Content-Transfer-Encoding: {encoding}\n\n{body}\n--b--\n"
        );
        let fetched = bytes(raw.replace('\n', "\r\n").into_bytes());
        assert_eq!(String::from_utf8(fetched).unwrap(), expected, "{name}");
        if expected == text {
            assert_eq!(bytes(raw.into_bytes()), expected.as_bytes(), "{name}, from a disk");
        }
    }
    // What is no UTF-8 may be anything, whatever it is said to be.
    let raw = b"From: a@b.example\r\nContent-Type: text/csv\r\nContent-Disposition: attachment\r\n\r\n\xff\r\n";
    assert_eq!(bytes(raw.to_vec()), b"\xff\r\n");
}
