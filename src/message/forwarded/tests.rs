//! Mails passed on, in the text and beside it.

use super::*;

fn read(raw: &str) -> Option<Forwarded> {
    let parts = parts::read(raw.as_bytes(), fields::split(raw.as_bytes(), Of::Message));
    let subject = parts.list[0].block.first("Subject").map(decode::text).unwrap_or_default();
    of(&parts, &subject, &text::of(&parts, &mut Vec::new()).0)
}

fn from(forwarded: &Option<Forwarded>) -> Option<String> {
    forwarded.as_ref().map(|mail| mail.from.as_ref().map(ToString::to_string).unwrap_or_default())
}

#[test]
fn an_attached_mail_is_read_with_its_own_sender() {
    let raw = "Subject: Please take this\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\n\
        Content-Type: message/rfc822\n\nFrom: Carl <carl@x.example>\nTo: ann@y.example\nSubject: Printer\n\
        Date: Mon, 2 Mar 2026 10:00:00 +0000\n\nIt burns.\n--b--\n";
    let mail = read(raw).unwrap();
    assert_eq!(mail.from.unwrap().to_string(), "Carl <carl@x.example>");
    assert_eq!((mail.to[0].address.as_str(), mail.subject.as_str()), ("ann@y.example", "Printer"));
    assert_eq!(mail.date.unwrap().to_string(), "2026-03-02T10:00:00Z");
    assert_eq!(mail.text.trim(), "It burns.");
    assert_eq!((mail.above.as_str(), &mail.id), ("See below.", &None));
    assert_eq!(read(&raw.replace("multipart/mixed", "multipart/report")), None, "what was not delivered");
}

#[test]
fn what_stands_above_it_is_told_apart_and_its_id_is_known() {
    let block = "From: Carl <carl@x.example>\nDate: Mon, 2 Mar 2026 10:00\nSubject: Printer\n\nIt burns.\n";
    let cases = [
        (
            "two lines",
            format!("#take\nOurs, I think.\n\n---------- Forwarded message ---------\n{block}"),
            "#take\nOurs, I think.",
        ),
        ("nothing", format!("---------- Forwarded message ---------\n{block}"), ""),
        ("a signature", format!("FYI\n\n-- \nBob, second floor\n\n{block}"), "FYI"),
        ("an attribution", format!("FYI\n\nOn Mon, Carl <carl@x.example> wrote:\n\n{block}"), "FYI"),
    ];
    for (name, text, expected) in cases {
        let mail = read(&format!("Subject: Fwd: Printer\n\n{text}")).unwrap();
        assert_eq!((mail.above.as_str(), mail.text.as_str()), (expected, "It burns."), "{name}");
    }
    let attached =
        "Subject: x\nContent-Type: message/rfc822\n\nFrom: carl@x.example\nMessage-ID: <id@x.example>\n\nx\n";
    assert_eq!(read(attached).unwrap().id.unwrap().0, "id@x.example");
}

#[test]
fn a_mail_within_the_text_is_found_however_it_is_announced() {
    let carl = Some("Carl <carl@x.example>".to_string());
    let block = "From: Carl <carl@x.example>\nDate: Mon, 2 Mar 2026 10:00\nSubject: Printer\nTo: <ann@y.example>\n\nIt burns.\n";
    let german = "Von: Carl <carl@x.example>\nGesendet: Montag, 2. März 2026 10:00\nAn: Ann <ann@y.example>\n\
        Betreff: Printer\n\nIt burns.\n";
    let quoted: String = block.lines().map(|line| format!("> {line}\n")).collect();
    let cases = [
        ("dashes", format!("FYI\n\n---------- Forwarded message ---------\n{block}"), "x", carl.clone()),
        ("German dashes", format!("-------- Weitergeleitete Nachricht --------\n{german}"), "x", carl.clone()),
        ("a phrase and quotes", format!("Begin forwarded message:\n\n{quoted}"), "x", carl.clone()),
        ("the subject and a block", format!("Please look.\n\n{german}"), "WG: Printer", carl.clone()),
        ("the subject and a rule", format!("-----Original Message-----\n{block}"), "Fwd: Printer", carl.clone()),
        ("bold labels", block.replace("From:", "*From:*").replace("Date:", "*Date:*"), "Fw: Printer", carl.clone()),
        ("a link as address", block.replace("<carl@x.example>", "[mailto:carl@x.example]"), "FW: x", carl),
        (
            "Chinese",
            "发件人：c@x.example\n主题：a\n收件人：b@x.example\n\nx".into(),
            "转发: a",
            Some("c@x.example".into()),
        ),
        (
            "nothing but an introduction",
            "---- Пересылаемое сообщение ----\n02.03.2026, 09:30, \"Carl\" <carl@x.example>:\n\nIt burns.\n".into(),
            "Fwd: x",
            Some("Carl <carl@x.example>".into()),
        ),
        (
            "one line",
            "----- Forwarded Message -----\nFrom: Carl <carl@x.example>To: Bob <b@x.example>Sent: 2 Mar 2026 09:30:00Subject: x\n\nIt \
             burns.\n"
                .into(),
            "x",
            Some("Carl <carl@x.example>".into()),
        ),
        ("no address", block.replace("<carl@x.example>", ""), "Fwd: x", Some(String::new())),
        ("an answer with the block of its quote", format!("Thanks.\n\n{block}"), "Re: Printer", None),
        ("an announcement of nothing", "---------- Forwarded message ---------\nhello\n".into(), "x", None),
        ("a sentence with a colon", "To: do\nFrom: here on\n".into(), "Fwd: x", None),
    ];
    for (name, text, subject, expected) in cases {
        let mail = read(&format!("Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}"));
        assert_eq!(from(&mail), expected, "{name}");
    }
}

#[test]
fn a_mail_that_does_not_say_what_it_is_about_has_the_subject_of_the_one_that_passes_it_on() {
    let text = "---- Пересылаемое сообщение ----\n02.03.2026, 09:30, \"Carl\" <carl@x.example>:\n\nIt burns.\n";
    let mail = read(&format!("Subject: Fwd: Printer\nContent-Type: text/plain; charset=utf-8\n\n{text}")).unwrap();
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Printer", "It burns."));
}

#[test]
fn the_same_mail_passed_on_again_has_the_same_id() {
    let id = |mail: &str| {
        let raw = format!("From: bob@y.example\nSubject: Fwd: x\n\nFYI\n\n---- Forwarded message ----\n{mail}\n");
        let message = super::parse::parse(raw.as_bytes(), Timestamp::UNIX_EPOCH, &super::super::Reader::default());
        message.passed_on().unwrap().id
    };
    let mail = "From: Carl <carl@x.example>\nDate: 2 Mar 2026 10:00:00 +0000\nSubject: Printer\n\nIt burns.\n";
    let same = id(mail);
    assert!(same.is_made_up());
    assert_eq!(id(mail), same);
    assert_eq!(id(&mail.replace("From: Carl", "From: Carl Example")), same, "his name is not his address");
    for (what, other) in [("carl@", "zoe@"), ("10:00", "11:00"), ("Printer", "Fire"), ("burns", "smokes")] {
        assert_ne!(id(&mail.replace(what, other)), same, "{other}");
    }
}

#[test]
fn of_a_mail_within_the_text_all_is_told() {
    let text = "> From: Carl <carl@x.example>\n> Date: 2 Mar 2026 10:00:00 +0000\n> To: a@y.example,\n>  b@y.example\n\
        > Subject: Printer\n>\n> It burns.\n> > Since when?\n";
    let mail = read(&format!("Subject: Fwd: Printer\n\nSee.\n\n{text}")).unwrap();
    let expected = Forwarded {
        from: Some(super::super::Address { name: Some("Carl".into()), address: "carl@x.example".into() }),
        to: vec![super::super::Address::bare("a@y.example"), super::super::Address::bare("b@y.example")],
        subject: "Printer".into(),
        date: Some("2026-03-02T10:00:00Z".parse().unwrap()),
        text: "It burns.\n> Since when?".into(),
        id: None,
        above: "See.".into(),
    };
    assert_eq!(mail, expected);
}

#[test]
fn lines_that_are_looked_at_are_limited() {
    let mail = |lines: usize| {
        let block = "From: c@x.example\nTo: a@x.example\nSubject: x\n\nIt burns.\n";
        read(&format!("Subject: Fwd: x\n\n{}{block}", "word\n".repeat(lines))).is_some()
    };
    assert!(mail(MAX_FORWARD_LINES - 3));
    assert!(!mail(MAX_FORWARD_LINES));
    let header = |lines: usize| {
        let to = " a@x.example,\n".repeat(lines - 3);
        let text = format!("From: c@x.example\nSubject: x\nTo:\n{to}\nIt burns.\n");
        read(&format!("Subject: Fwd: x\n\n{text}")).unwrap().to.len()
    };
    assert_eq!((header(MAX_FORWARD_HEADER_LINES), header(MAX_FORWARD_HEADER_LINES + 1)), (21, 21));
}

#[test]
fn prefixes_and_gaps_are_only_so_long() {
    let says = |chars: usize| is_forward(&format!("{}fwd: x", " ".repeat(chars)));
    assert!(says(200), "blanks in front do not count");
    let says = |chars: usize| is_forward(&format!("fwd{}: x", " ".repeat(chars - 4)));
    assert_eq!((says(MAX_PREFIX_CHARS), says(MAX_PREFIX_CHARS + 1)), (true, false));

    let gap = |lines: usize| {
        let block = "From: c@x.example\nTo: a@x.example\nSubject: x\n\nIt burns.\n";
        read(&format!("Subject: x\n\n---- Forwarded message ----\n{}{block}", "\n".repeat(lines))).is_some()
    };
    assert_eq!((gap(MAX_BLANK_LINES), gap(MAX_BLANK_LINES + 1)), (true, false));
}

#[test]
fn the_words_may_begin_right_below_the_fields() {
    let fields = "From: Carl <carl@x.example>\nDate: Mon, 2 Mar 2026 10:00\nTo: Ann <ann@y.example>";
    let wrapped = "Subject: What to do with the printer on the second floor, which burns";
    let cases = [
        ("HTML without an empty line", "Subject: Printer\nIt burns.", "It burns."),
        ("a long subject that is wrapped", &format!("{wrapped}\nagain\n\nIt burns."), "It burns."),
        ("a list that is wrapped", "Cc: Bob <bob@y.example>,\nSue <sue@y.example>\n\nIt burns.", "It burns."),
        ("a field below what is wrapped", "Cc: Bob\nand others\nSubject: Printer\n\nIt burns.", "It burns."),
    ];
    for (name, below, words) in cases {
        let mail = read(&format!("Subject: Fwd: Printer\n\n{fields}\n{below}\n")).unwrap();
        assert_eq!(
            (mail.text.trim(), from(&Some(mail.clone())).as_deref()),
            (words, Some("Carl <carl@x.example>")),
            "{name}"
        );
    }
}

#[test]
fn one_prefix_passes_on_in_one_language_and_answers_in_another() {
    let cases = [
        ("VS: Printer", true),
        ("[desk] Vs : Printer", true),
        ("VS：Printer", true),
        ("FW: VS: Printer", false),
        ("Version: 2", false),
        ("Printer vs. copier: which?", false),
    ];
    for (subject, expected) in cases {
        assert_eq!(is_answer_elsewhere(subject), expected, "{subject}");
    }
}
