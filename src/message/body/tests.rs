//! What a person wrote, told from quotes, signatures and our own marker.

use super::*;

fn parts(text: &str) -> (String, String, String) {
    let body = super::split(String::from(text));
    (body.reply, body.quote, body.signature)
}

#[test]
fn a_text_is_taken_apart() {
    let cases = [
        ("nothing to cut", "Hello.\n\nBye.", ("Hello.\n\nBye.", "", "")),
        (
            "quote below",
            "Yes.\n\nOn 2 Mar 2026 at 09:30, Ann wrote:\n> Really?",
            ("Yes.", "On 2 Mar 2026 at 09:30, Ann wrote:\n> Really?", ""),
        ),
        (
            "quote below without marks",
            "Yes.\n\nOn 2 Mar 2026 at 09:30, Ann wrote:\n\nReally?",
            ("Yes.", "On 2 Mar 2026 at 09:30, Ann wrote:\n\nReally?", ""),
        ),
        ("answers between", "> One?\nYes.\n> Two?\nNo.", ("Yes.\n\nNo.", "> One?\n\n> Two?", "")),
        (
            "a name with nothing quoted below",
            "Ann wrote:\nThe printer burns.",
            ("Ann wrote:\nThe printer burns.", "", ""),
        ),
        (
            "a header block",
            "Yes.\n________________________________\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: x\n\nReally?",
            ("Yes.", "________________________________\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: x\n\nReally?", ""),
        ),
        ("signature", "Yes.\n\n-- \nAnn\nExample Ltd", ("Yes.", "", "-- \nAnn\nExample Ltd")),
        ("signature without its blank", "Yes.\n--\nAnn", ("Yes.", "", "--\nAnn")),
        ("signature above the quote", "Yes.\n-- \nAnn\n> No?", ("Yes.", "> No?", "-- \nAnn")),
        ("telephone", "Yes.\n\nSent from my telephone", ("Yes.", "", "Sent from my telephone")),
        (
            "a sentence about sending",
            "Sent from my desk it took a day, and now it is here and I do not know what to do with it, nor where to put it, please advise.",
            (
                "Sent from my desk it took a day, and now it is here and I do not know what to do with it, nor where to put it, please advise.",
                "",
                "",
            ),
        ),
        (
            "only passed on",
            "---------- Forwarded message ---------\nFrom: Ann\nDate: Monday\nSubject: x\nTo: Bob\n\nIt burns.",
            ("It burns.", "---------- Forwarded message ---------\nFrom: Ann\nDate: Monday\nSubject: x\nTo: Bob", ""),
        ),
    ];
    for (name, text, (reply, quote, signature)) in cases {
        assert_eq!(parts(text), (reply.to_string(), quote.to_string(), signature.to_string()), "{name}");
    }
}

#[test]
fn everything_from_our_marker_on_is_quote() {
    let below = "Ticket PR-1042\nThe printer burns.";
    let cases = [
        ("plain", format!("#take\n{ANSWER_ABOVE}\n{below}")),
        ("quoted", format!("#take\n> {ANSWER_ABOVE}\n> {below}")),
        ("with an attribution", format!("#take\n\nOn 2 Mar 2026, Desk wrote:\n\n> {ANSWER_ABOVE}\n{below}")),
        ("with a name only", format!("#take\nDesk wrote:\n{ANSWER_ABOVE}\n{below}")),
        ("wrapped", format!("#take\n> ##- Please type your answer above\n> this line -##\n{below}")),
        (
            "with a header block",
            format!("#take\n\nFrom: Desk\nSent: Monday\nTo: Bob\nSubject: x\n\n{ANSWER_ABOVE}\n{below}"),
        ),
    ];
    for (name, text) in cases {
        let (reply, quote, _) = parts(&text);
        assert_eq!(reply, "#take", "{name}");
        assert!(quote.ends_with("The printer burns."), "{name}");
    }
}

#[test]
fn soft_line_breaks_are_taken_out_of_flowed_text_only() {
    let text = "One \r\ntwo\r\n> three \r\n> four\r\n-- \r\nAnn";
    let cases = [
        ("fixed", Flow::Fixed, "One \ntwo\n> three \n> four\n-- \nAnn"),
        ("flowed", Flow::Flowed { deletes_space: false }, "One two\n> three four\n-- \nAnn\n"),
        ("flowed, blank deleted", Flow::Flowed { deletes_space: true }, "Onetwo\n> threefour\n-- \nAnn\n"),
    ];
    for (name, flow, expected) in cases {
        let mut out = String::new();
        push_plain(&mut out, text, flow);
        assert_eq!(out, expected, "{name}");
    }
}

#[test]
fn the_language_is_told_where_there_is_enough_text() {
    let german =
        "Guten Tag, seit gestern brennt der Drucker im dritten Stock. Bitte schicken Sie jemanden, der ihn löscht.";
    assert_eq!(language(german).as_deref(), Some("de"));
    assert_eq!(language("ok"), None);
}

#[test]
fn words_between_the_quoted_lines_of_our_mail_are_noticed() {
    let long = "a line that is long enough for a mail program to wrap it in the middle";
    let cases = [
        ("between", format!("Hi\n> {ANSWER_ABOVE}\n>\n> Question?\nAnswer.\n> More?\n"), true),
        ("behind a gap", format!("Hi\n> {ANSWER_ABOVE}\n> {long}\n\nAnswer.\n\n> More?\n"), true),
        ("below all of it", format!("Hi\n> {ANSWER_ABOVE}\n> Question?\n\nSent from somewhere\n"), false),
        ("a line that was wrapped", format!("Hi\n> {ANSWER_ABOVE}\n> {long}\nof its words.\n> More?\n"), false),
        ("not marked as quoted", format!("Hi\n{ANSWER_ABOVE}\nQuestion?\n> More?\nAnswer.\n> Ref\n"), false),
        ("above it", format!("> Question?\nAnswer.\n> {ANSWER_ABOVE}\n> More?\n"), false),
        ("no mail of ours", "Hi\n> Question?\nAnswer.\n> More?\n".to_owned(), false),
    ];
    for (name, text, expected) in cases {
        assert_eq!(split(text).has_words_in_quoted_mail, expected, "{name}");
    }
}
