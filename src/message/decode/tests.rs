//! Addresses, texts, dates and charsets as mails really have them, broken ones among them.

use super::*;

fn field(value: &str) -> RawField<'_> {
    RawField { name: "X", value: value.as_bytes() }
}

#[test]
fn addresses_are_found_however_they_are_written() {
    let cases: [(&str, &str, &[&str]); 9] = [
        ("plain", "ann@example.com", &["ann@example.com"]),
        ("with a name", "Ann Example <ann@example.com>", &["Ann Example <ann@example.com>"]),
        ("encoded name", "=?utf-8?q?J=C3=BCrgen?= <j@example.com>", &["Jürgen <j@example.com>"]),
        ("comma in a quoted name", "\"Example, Ann\" <ann@example.com>", &["Example, Ann <ann@example.com>"]),
        ("several", "a@x.example,\r\n b@x.example", &["a@x.example", "b@x.example"]),
        ("group", "Desk: a@x.example, b@x.example;", &["a@x.example", "b@x.example"]),
        ("address in quotes", "\"ann@example.com\"", &["ann@example.com"]),
        ("no address", "MAILER-DAEMON (Mail Delivery System)", &[]),
        ("nobody", "undisclosed-recipients:;", &[]),
    ];
    for (name, value, expected) in cases {
        let got: Vec<String> = addresses(field(value)).iter().map(ToString::to_string).collect();
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn texts_are_on_one_line_and_decoded() {
    let cases = [
        ("plain", "Printer on fire", "Printer on fire"),
        ("folded", "Printer\r\n on fire", "Printer on fire"),
        ("encoded words side by side", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("raw UTF-8", "Grüße", "Grüße"),
        ("control characters", "a\tb\0c", "a b c"),
        ("a word that only looks encoded", "=?x and =?y", "=?x and =?y"),
    ];
    for (name, value, expected) in cases {
        assert_eq!(text(field(value)), expected, "{name}");
    }
    assert_eq!(one_line(b"Gr\xfc\xdfe"), "Grüße", "raw windows-1252");
}

#[test]
fn dates_give_the_instant_and_the_distance_from_utc() {
    let cases = [
        ("plain", "Mon, 2 Mar 2026 10:00:00 +0100", "2026-03-02T09:00:00Z", Some(60)),
        ("west", "Mon, 2 Mar 2026 10:00:00 -0330", "2026-03-02T13:30:00Z", Some(-210)),
        ("zone not told", "Mon, 2 Mar 2026 10:00:00 -0000", "2026-03-02T10:00:00Z", None),
        ("zone of a server", "Mon, 2 Mar 2026 10:00:00 GMT", "2026-03-02T10:00:00Z", None),
        ("comment behind", "2 Mar 2026 10:00:00 +0000 (UTC)", "2026-03-02T10:00:00Z", Some(0)),
        ("leap second", "Wed, 31 Dec 2008 23:59:60 +0000", "2008-12-31T23:59:59Z", Some(0)),
    ];
    for (name, value, at, offset) in cases {
        assert_eq!(date(field(value)), Some((at.parse().unwrap(), offset)), "{name}");
    }
    for value in ["", "yesterday", "Mon, 99 Foo 2026 10:00:00 +0000"] {
        assert_eq!(date(field(value)), None, "{value}");
    }
}

/// Name, label, bytes, the text they are, whether they fit the label.
type LabelCase = (&'static str, Option<&'static str>, &'static [u8], &'static str, bool);

#[test]
fn labels_that_lie_do_not_garble_the_text() {
    let cases: [LabelCase; 6] = [
        ("as it says", Some("utf-8"), "Grüße".as_bytes(), "Grüße", true),
        ("UTF-8 said to be ASCII", Some("us-ascii"), "Grüße".as_bytes(), "Grüße", false),
        ("windows-1252 said to be UTF-8", Some("utf-8"), b"Gr\xfc\xdfe, Ann", "Grüße, Ann", false),
        ("no label", None, b"Hello", "Hello", true),
        ("unknown label", Some("x-nothing"), "Grüße".as_bytes(), "Grüße", false),
        ("another charset", Some("iso-8859-5"), b"\xbf\xe0\xd8\xd2\xd5\xe2", "Привет", true),
    ];
    for (name, label, bytes, expected, fits) in cases {
        assert_eq!(charset(label, bytes), (expected.to_string(), fits), "{name}");
    }
}

#[test]
fn broken_quoted_printable_keeps_what_is_no_code() {
    let cases = [
        ("soft break", "a=\r\nb", "ab"),
        ("blanks behind the sign", "a= \t\r\nb", "ab"),
        ("lower case", "=c3=bc", "ü"),
        ("no code", "1 = 2, =zz", "1 = 2, =zz"),
        ("sign at the end", "a=", "a"),
        ("cut code", "a=C", "a=C"),
    ];
    for (name, encoded, expected) in cases {
        let bytes = Encoding::QuotedPrintable.decode(encoded.as_bytes()).into_owned();
        assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{name}");
    }
}
