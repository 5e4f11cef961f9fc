//! Mails of which one thing grows: twice as much of it takes hardly more than twice as long to read.

use data_encoding::BASE64;
use jiff::Timestamp;
use postroom::decide::command::Orders;
use postroom::endpoint::Secret;
use postroom::message::{self, Reader};
use postroom::thread::{self, token::TokenKey};
use postroom_testbed::growth;

/// How much longer a mail of twice the size may take; a square would be four.
const MOST: f64 = 3.0;

/// Bytes of what grows, before it is doubled.
const SIZE: usize = 100_000;

/// A mail with these fields and this text.
fn mail(fields: &str, text: &str) -> String {
    format!("From: Ann <ann@customer.example>\r\nMessage-ID: <m1@customer.example>\r\n{fields}\r\n{text}")
}

fn read(raw: &str) -> message::Message {
    message::parse(raw.as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default())
}

#[test]
fn twice_the_size_takes_hardly_more_than_twice_the_time() {
    let html = "Content-Type: text/html\r\n";
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\n";
    let base64 = "Content-Transfer-Encoding: base64\r\n";
    let quoted = "Content-Transfer-Encoding: quoted-printable\r\n";
    let japanese = "Content-Type: text/plain; charset=iso-2022-jp\r\n";
    let calendar = "Content-Type: text/calendar\r\n";
    let forward = "Subject: Fwd: x\r\n";
    let flowed = "Content-Type: text/plain; format=flowed\r\n";
    let report = "Return-Path: <>\r\nX-Failed-Recipients: a@b.example\r\nSubject: Undelivered mail\r\n";
    let status = "Content-Type: message/delivery-status\r\nSubject: Undelivered mail\r\nReturn-Path: <>\r\n";
    let receipt = "Subject: Read: x\r\n";
    let bare = "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; boundary=b\r\n";
    let complaint = "Content-Type: message/feedback-report\r\n";
    // What grows, the fields before it, and a piece of it.
    let cases = [
        ("words", "", "word "),
        ("lines", "", "word\r\n"),
        ("quoted lines", "", "> word\r\n"),
        ("raw bytes", "", "\u{fffd}\u{e9}"),
        ("tags", html, "<b>x</b>"),
        ("tags without end", html, "<a href=x"),
        ("links", html, "<a href=\"https://x.example/a\">x"),
        ("hidden elements without end", html, "<p style=display:none>"),
        ("hidden elements", html, "<div style=\"display:none\"><div></div>"),
        ("quotes in HTML", html, "<blockquote>x"),
        ("cells", html, "<td>x"),
        ("items", html, "<ol><li>x"),
        ("entities", html, "&amp;&nbsp;&x"),
        ("comments without end", html, "<!-- x"),
        ("delimiters", mixed, "--b x\r\n"),
        ("multiparts", mixed, "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--b--\r\n"),
        ("base64", base64, "SGVsbG8h\r\n"),
        ("base64 with padding in it", base64, "SGVsbG8=\r\n"),
        ("words for base64", base64, "SGVs bG8h SGVs bG8h SGVs\r\n"),
        ("codes", quoted, "=C3=BC= \r\n"),
        ("signs of codes", quoted, "= = ="),
        ("shifts", japanese, "\u{1b}$B%F\u{1b}(B"),
        ("uuencoded files", "", "begin 644 a\r\n%2&5L;&\\\r\nend\r\n"),
        ("beginnings of such files", "", "begin 644 a\r\n"),
        ("events", calendar, "BEGIN:VEVENT\r\nSUMMARY:x\r\n"),
        ("folded lines of a calendar", calendar, "SUMMARY:x\r\n y\r\n"),
        ("headers within the text", forward, "From: a\r\nTo: b\r\n"),
        ("announcements", "", "---- Forwarded message ----\r\nFrom: a\r\n"),
        ("lines of a header that are no fields", "x\r\n", "word\r\n"),
        ("paragraphs", html, "<p>x"),
        ("paragraphs without a margin", html, "<p class=MsoNormal>x</p>"),
        ("styles", html, "<div style=\"a:none;b:0;overflow:hidden\">"),
        ("pictures", html, "<img alt=x src=y>"),
        ("regions", html, "<div class=\"gmail_quote\">x</div>"),
        ("signatures never closed", html, "<div class=\"gmail_signature\">x"),
        ("attributions", "", "On 2 Mar 2026 at 09:30, Ann wrote:\r\n"),
        ("attributions that go on", "", "On 2 Mar 2026 at 09:30, Ann\r\n"),
        ("attributions behind words", "", "> a\r\nYes. On Mon, 2 Mar 2026 at 09:30, Ann wrote:\r\n"),
        ("attributions before words", "", "  On Mon, 2 Mar 2026 at 9:30, Ann wrote:   x\r\n"),
        ("header blocks", "", "From: a\r\nSent: b\r\nx\r\n"),
        ("header blocks without line ends", "", "From: a Sent: 2 Mar 2026 09:30\r\n"),
        ("labels on one line", "", "From: a Sent: b To: "),
        ("rules", "", "________\r\n\r\n"),
        ("dashes", "", "--\r\n"),
        ("lines of telephones", "", "Sent from my iPhone\r\n"),
        ("notices", "", "This is confidential and intended only for those who read such long sentences.\r\n\r\n"),
        ("warnings", "", "Caution: this came from outside\r\n"),
        ("answers between", "", "> a\r\nb\r\n"),
        ("names above addresses", "", "Ann\r\n<a@b.example> x\r\n"),
        ("blocks with labels above values", "", "Ann\r\n02.03.2026 09:30\r\nTo\r\n"),
        ("words between rules", "", "---- x ----\r\n\r\n"),
        ("lines of help desks", "", "## Please reply above this line ##\r\n"),
        ("painted lines", "", "-=-=-=-=-=-=-=-=-=-=-\r\n"),
        ("footers that ask", "", "To unsubscribe from the list?\r\n\r\n"),
        ("advertisements", "", "Outlook abc<https://aka.ms/x>\r\n"),
        ("warnings by their page", "", "x aka.ms/\r\n"),
        ("receipts", receipt, "It was read on "),
        ("encoded words in the text", "", "\u{e9} =?x?="),
        (
            "bare fields and their words",
            bare,
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: a@b.example\r\nStatus: 5.0.0\r\n",
        ),
        ("signatures by their element", html, "<signature id=\"initial\">x"),
        ("our own line", "", "> ##- Please type your answer above this line -##\r\n"),
        ("beginnings of our own line", "", "##- Please type\r\n"),
        ("last lines of ours", "", "> Ref: PR-1001 · 1-2ah.bnvnsb4yequt4y6kz3cxrmp73m\r\n"),
        ("last lines of ours below separators", "", "____\r\nRef: PR-1001 · 1-2ah.bnvnsb4yequt4y6kz3cxrmp73m\r\n"),
        ("soft line breaks", flowed, "word \r\n"),
        ("soft line breaks in quotes", flowed, "> word \r\n>> word \r\n"),
        ("challenges", "", "It is being held. Are you not a robot? "),
        ("recipients of a report", report, "<a@b.example>: user unknown\r\n"),
        ("replies in a report", report, "550 5.1.1 user unknown\r\n"),
        ("transcripts", report, ">>> RCPT To:<a@b.example>\r\n<<< 550 unknown\r\n"),
        ("mails in a report", report, "Original message follows.\r\nReceived: x\r\nMessage-ID: <a@b>\r\n"),
        ("fields of a report", status, "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n"),
        ("fields of a complaint", complaint, "Original-Rcpt-To: a@b.example\r\n"),
    ];
    let of = |fields: &str, piece: &str, size: usize| mail(fields, &piece.repeat(size / piece.len()));
    check(cases.map(|(name, fields, piece)| (name, of(fields, piece, SIZE), of(fields, piece, 2 * SIZE))));
}

/// A mail whose words are in a winmail.dat, as RTF: MS-OXTNEF §2.1.3, MS-OXRTFCP §2.1.3.
fn winmail(rtf: &str) -> String {
    let size = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let text = [&size(rtf.len() + 12)[..], &size(rtf.len()), b"MELA", &[0; 4], rtf.as_bytes()].concat();
    // One property, PidTagRtfCompressed, with one value.
    let padding = vec![0; text.len().next_multiple_of(4) - text.len()];
    let properties = [&size(1)[..], &[0x02, 0x01, 0x09, 0x10], &size(1), &size(text.len()), &text, &padding].concat();
    let sum = properties.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    let stream = [
        &[0x78, 0x9f, 0x3e, 0x22, 1, 0, 1, 0x03, 0x90, 0x06, 0x00][..],
        &size(properties.len()),
        &properties,
        &sum.to_le_bytes(),
    ];
    let lines: String = BASE64
        .encode(&stream.concat())
        .as_bytes()
        .chunks(76)
        .map(|line| format!("{}\r\n", String::from_utf8_lossy(line)))
        .collect();
    mail("Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n", &lines)
}

#[test]
fn twice_as_much_in_a_winmail_dat_takes_hardly_more_than_twice_the_time() {
    let read = message::parse(winmail("{\\rtf1 some words}").as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default());
    assert_eq!(read.body.reply, "some words");
    let cases = [
        ("words", "word "),
        ("control words", "\\par "),
        ("groups", "{x"),
        ("ends of groups", "}x"),
        ("characters in Unicode", "\\u252?"),
        ("characters in the code page", "\\'fc"),
        ("pages", "\\fromhtml1{\\*\\htmltag <b>}x"),
        ("bytes", "\\bin9 x"),
        ("numbers without end", "\\u9999999999"),
    ];
    let of = |piece: &str, size: usize| winmail(&format!("{{\\rtf1 {}", piece.repeat(size / piece.len())));
    check(cases.map(|(name, piece)| (name, of(piece, SIZE), of(piece, 2 * SIZE))));
}

#[test]
fn twice_as_many_pictures_take_hardly_more_than_twice_the_time() {
    let of = |count: usize| {
        let page: String =
            (0..count).map(|n| format!("<img src=\"cid:{n}@x\"><p>{}</p>", "word ".repeat(20))).collect();
        let part = |n| format!("--b\r\nContent-Type: image/png\r\nContent-ID: <{n}@x>\r\n\r\nx\r\n");
        let parts: String = (0..count).map(part).collect();
        let text = format!("--b\r\nContent-Type: text/html\r\n\r\n{page}\r\n{parts}--b--\r\n");
        mail("Content-Type: multipart/related; boundary=b\r\n", &text)
    };
    check([("pictures", of(400), of(800))]);
}

#[test]
fn twice_as_long_a_field_takes_hardly_more_than_twice_the_time() {
    let cases = [
        ("addresses", "To", "a@b, "),
        ("names with commas", "To", "a, "),
        ("brackets", "To", "<a"),
        ("quotes", "To", "\"a"),
        ("comments", "To", "(a"),
        ("encoded words", "Subject", "=?utf-8?q?a?= "),
        ("encoded words without end", "Subject", "=?utf-8?q?a "),
        ("pieces of base64", "Subject", "=?utf-8?b?YWJj?= "),
        ("ids", "References", "<a@b> "),
        ("comments among ids", "References", "<a@b> (x "),
        ("parameters", "Content-Type", "a/b; c=d "),
        ("results", "Authentication-Results", "mx; dkim=pass (x) header.d=a "),
        ("tags", "Subject", "[a] "),
        ("answers", "In-Reply-To", "mail of <a@b> "),
        ("paths", "Return-Path", "<a@b>"),
        ("dates", "Date", "Mon 1x:1 "),
    ];
    let of =
        |name: &str, piece: &str, size: usize| mail(&format!("{name}: {}\r\n", piece.repeat(size / piece.len())), "x");
    check(cases.map(|(case, name, piece)| (case, of(name, piece, SIZE), of(name, piece, 2 * SIZE))));
}

#[test]
fn twice_as_much_to_look_a_ticket_up_by_takes_hardly_more_than_twice_the_time() {
    let tokens = TokenKey::new(Secret::new("a key of the tests"));
    let own = ["support@desk.example".to_owned()];
    let cases = [
        (
            "ids of ours that are forged",
            "References",
            "<pr.1001.1.ack.1-2ah.bnvnsb4yequt4y6kz3cxrmp73m@desk.example> ",
            "x",
        ),
        ("ids of others", "References", "<{n}@customer.example> ", "x"),
        ("addresses", "To", "support+1001.{n}-2ah.bnvnsb4yequt4y6kz3cxrmp73m@desk.example, ", "x"),
        ("markers", "X", "x", "Ref: PR-1001 \u{b7} {n}-2ah.bnvnsb4yequt4y6kz3cxrmp73m\r\n"),
        ("beginnings of markers", "X", "x", "Ref: PR-"),
        ("beginnings of ids", "X", "x", "pr.1001.{n}."),
        ("beginnings of addresses", "X", "x", "support+1001."),
        ("marks in the subject", "Subject", "[PR-{n} ", "x"),
        ("words", "X", "x", "1-2ah.bnvnsb4yequt4y6kz3cxrmp73m "),
    ];
    for (name, field, in_field, in_text) in cases {
        let message = |size: usize| {
            let of = |piece: &str| -> String {
                (0..size / piece.len()).map(|n| piece.replace("{n}", &n.to_string())).collect()
            };
            let fields = format!("{field}: {}\r\n", if in_field == "x" { "x".to_owned() } else { of(in_field) });
            let text = if in_text == "x" { "x".to_owned() } else { of(in_text) };
            message::parse(mail(&fields, &text).as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default())
        };
        let (one, two) = (message(SIZE), message(2 * SIZE));
        grows_no_more(name, || thread::keys(&one, &tokens, &own), || thread::keys(&two, &tokens, &own));
    }
}

#[test]
fn twice_as_long_an_answer_of_an_agent_takes_hardly_more_than_twice_the_time() {
    let cases = [
        ("commands", "", "#take\n"),
        ("what is no command", "", "#frobnicate\n"),
        ("marks", "", "#"),
        ("adorned marks", "", "*_#"),
        ("words", "#take\n", "word "),
        ("commands below words", "word\n", "#take\n"),
        ("empty lines", "#take\n", "\n"),
        ("labels of a resolution", "#resolve\n", "Root Cause: "),
        ("parts of a resolution", "#resolve\n", "Root Cause: x\nSolution: x\nVerification: x\n"),
    ];
    for (name, start, piece) in cases {
        let text = |size: usize| format!("{start}{}", piece.repeat(size / piece.len()));
        let (one, two) = (text(SIZE), text(2 * SIZE));
        grows_no_more(name, || Orders::read(&one), || Orders::read(&two));
    }
}

#[test]
fn twice_as_long_a_quote_takes_hardly_more_than_twice_the_time_to_compare() {
    let cases = [
        ("the same lines", "word {n}\n", "> word {n}\r\n"),
        ("one word", "word\n", "> word\r\n"),
        ("other words", "word {n}\n", "> other {n}\r\n"),
        ("words in another order", "one {n} two\n", "> two one {n}\r\n"),
        ("long lines", "word {n} ", "> word {n} "),
        ("answers between", "word {n}\n", "> word {n}\r\nyes\r\n"),
        ("answers in the quote", "word {n}\n", "> word {n} yes\r\n"),
        ("what is not marked", "word {n}\n", "word {n}\r\n"),
        ("introductions", "From: a\nSent: b\n", "> From: a\r\n> Sent: b\r\n"),
        ("closings", "Regards\n\n", "> Regards\r\n>\r\n"),
        ("nothing", "", "> word {n}\r\n"),
    ];
    for (name, in_mail, in_quote) in cases {
        let of = |piece: &str, size: usize| -> String {
            let count = size / in_quote.len();
            (0..count).map(|n| piece.replace("{n}", &n.to_string())).collect()
        };
        let answer = |size: usize| {
            let start = "No.\r\n\r\n-----Original Message-----\r\nFrom: a\r\nSent: b\r\n\r\n";
            let raw = mail("", &format!("{start}{}", of(in_quote, size)));
            message::parse(raw.as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default()).body
        };
        let (one, two) = ((answer(SIZE), of(in_mail, SIZE)), (answer(2 * SIZE), of(in_mail, 2 * SIZE)));
        assert!(one.0.quote.len() > SIZE / 2, "{name}: it is quoted");
        grows_no_more(name, || one.0.unread(Some(&one.1)), || two.0.unread(Some(&two.1)));
    }
}

fn check<const N: usize>(cases: [(&str, String, String); N]) {
    for (name, one, two) in cases {
        grows_no_more(name, || read(&one), || read(&two));
    }
}

/// Insists that the second takes hardly more than twice as long as the first.
fn grows_no_more<T, U>(name: &str, one: impl Fn() -> T, two: impl Fn() -> U) {
    let factor = growth::factor(MOST, one, two);
    assert!(factor <= MOST, "{name}: {factor:.1} times as long");
}
