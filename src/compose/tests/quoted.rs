//! Our own mails, as programs quote them, are known again line by line.

use super::*;
use crate::message::{self, Body, Reader};

/// The text that a program makes of the HTML of a mail.
fn html_as_text(mail: &OutgoingMail) -> String {
    let parsed = MessageParser::new().parse(&mail.bytes).unwrap();
    let html = parsed.body_html(0).unwrap();
    let raw = format!("Content-Type: text/html; charset=utf-8\n\n{html}");
    message::parse(raw.as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default()).body.text
}

/// What of a quote would be taken for words that do not stand in the mail.
fn unread(quote: String, mail: &OutgoingMail) -> (String, bool) {
    let text = message::parse(&mail.bytes, Timestamp::UNIX_EPOCH, &Reader::default()).body.text;
    let unread = Body { quote, ..Body::default() }.unread(Some(&text));
    (unread.text, unread.is_between)
}

/// Wraps lines that are longer.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut length = 0;
        for word in line.split(' ') {
            let ends = length > 0 && length + word.len() > width;
            out.push_str(if ends {
                "\n"
            } else if length > 0 {
                " "
            } else {
                ""
            });
            out.push_str(word);
            length = if ends { word.len() } else { length + word.len() + 1 };
        }
        out.push('\n');
    }
    out
}

#[test]
fn nothing_that_we_wrote_is_taken_for_an_answer() {
    for purpose in Purpose::ALL {
        let mail = written(&Sample::of(*purpose));
        let text = text_of(&mail);
        let html = html_as_text(&mail);
        for (how, quote) in [
            ("text", text.clone()),
            ("wrapped", wrapped(&text, 60)),
            ("HTML", html.clone()),
            ("both", wrapped(&html, 60)),
        ] {
            assert_eq!(unread(quote, &mail), (String::new(), false), "{purpose}, {how}");
        }
    }
}

#[test]
fn what_somebody_wrote_between_our_lines_is_found() {
    let mail = written(&Sample::of(Purpose::Reply));
    for quote in [text_of(&mail), html_as_text(&mail)] {
        let lines: Vec<&str> = quote.lines().filter(|line| !line.trim().is_empty()).collect();
        let answered = [&lines[..2], &["No, only the second one does it."], &lines[2..]].concat().join("\n");
        let (text, is_between) = unread(answered, &mail);
        assert!(text.ends_with("\nNo, only the second one does it.") && is_between, "{text}");
    }
}
