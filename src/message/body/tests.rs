//! What a person wrote, told from quotes, signatures and our own marker.

mod notices;
mod people;
mod sent_from;
mod thresholds;

use super::*;
use crate::message::limits::{
    MAX_ANNOUNCING_BYTES, MAX_BANNER_LINES, MAX_FOOTER_LINES, MAX_HTML_REGIONS, MAX_LOOSE_SIGNATURE_LINES,
    MAX_NOTICE_LINES, MAX_NOTICE_START_CHARS, MAX_SENT_FROM_BYTES,
};
use postroom_testbed::growth;

fn parts(text: &str) -> (String, String, String) {
    let hints = Hints { sender: "Ann Example ann".to_owned(), ..Hints::default() };
    let body = super::split(String::from(text), &hints);
    (body.reply, body.quote, body.signature)
}

#[test]
fn what_stands_below_is_cut_up_to_its_limits() {
    let reply = |text: &str| parts(&format!("It burns.\n\n{text}")).0;
    let is_cut = |text: String| reply(&text) == "It burns.";

    let signed = |words: usize| is_cut(format!("-{}", " Ann".repeat(words)));
    assert_eq!((signed(signature::MAX_SIGNED_WORDS), signed(signature::MAX_SIGNED_WORDS + 1)), (true, false));

    let notice = |bytes: usize| {
        let words = "This e-mail is confidential and privileged";
        is_cut(format!("{words}{}", ".".repeat(bytes - words.len())))
    };
    assert_eq!(
        (notice(crate::message::body::notices::MIN_NOTICE_BYTES), notice(super::notices::MIN_NOTICE_BYTES + 1)),
        (false, true)
    );

    let drawn = |chars: usize| is_cut(format!("{}\nprinters@lists.example", "-".repeat(chars)));
    assert_eq!((drawn(signature::MIN_DRAWN_CHARS - 1), drawn(signature::MIN_DRAWN_CHARS)), (false, true));
}

#[test]
fn what_is_quoted_stays_where_answers_are_said_to_stand_in_it() {
    let block =
        "From: Ann <ann@example.com>\nSent: Monday, 2 March 2026 09:30\nTo: Bob\nSubject: x\n\nWhere?\nThird floor.";
    for words in ["See my answers in red.", "Hallo,\nmeine Antworten unten.", "Mine réponses ci-dessous"] {
        assert_eq!(parts(&format!("{words}\n\n{block}")).0, format!("{words}\n\n{block}"));
    }
    for words in ["See below.", "The lamp blinks in red.", "Your answers are fine."] {
        assert_eq!(parts(&format!("{words}\n\n{block}")).0, words);
    }
    let long = |bytes: usize| {
        let words = "My answers below.";
        let words = format!("{}{words}", "x".repeat(bytes - words.len()));
        parts(&format!("{words}\n\n{block}")).1.is_empty()
    };
    assert_eq!((long(MAX_ANNOUNCING_BYTES), long(MAX_ANNOUNCING_BYTES + 1)), (true, false));
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
        ("answers between", "> One?\nYes.\n> Two?\nNo.", ("> One?\nYes.\n> Two?\nNo.", "", "")),
        ("an answer below", "> One?\n\nYes.", ("Yes.", "> One?", "")),
        (
            "a closing below",
            "Yes.\n\nOn 2 Mar 2026 at 09:30, Ann wrote:\n> Really?\n\nRegards, Bob",
            ("Yes.\n\nRegards, Bob", "On 2 Mar 2026 at 09:30, Ann wrote:\n> Really?", ""),
        ),
        (
            "an attribution above answers",
            "Hi,\nOn 2 Mar 2026 at 09:30, Ann wrote:\n> One?\nYes.\n> Two?\n",
            ("Hi,\n> One?\nYes.", "On 2 Mar 2026 at 09:30, Ann wrote:\n\n> Two?", ""),
        ),
        (
            "on the line of the words",
            "Yes. On Mon, 2 Mar 2026 at 09:30, Ann wrote:\n> Really?",
            ("Yes. ", "On Mon, 2 Mar 2026 at 09:30, Ann wrote:\n> Really?", ""),
        ),
        (
            "on the line of the quote",
            "Yes.\n\n  On Mon, 2 Mar 2026 at 9:30, Ann<ann@example.com> wrote:   Really?\nAnn",
            ("Yes.", "  On Mon, 2 Mar 2026 at 9:30, Ann<ann@example.com> wrote:\n   Really?\nAnn", ""),
        ),
        (
            "between arrows",
            "Yes.\n\n>>> Ann Example <ann@example.com> 3/2/2026 9:30 AM >>>\nReally?",
            ("Yes.", ">>> Ann Example <ann@example.com> 3/2/2026 9:30 AM >>>\nReally?", ""),
        ),
        (
            "a prompt",
            "I typed this:\n\n>>> print(1) >>>\nand more.",
            ("I typed this:\n\n>>> print(1) >>>\nand more.", "", ""),
        ),
        (
            "by a webmailer",
            "Yes.\n\nQuoting Ann <ann@example.com>:\n\n> Really?",
            ("Yes.", "Quoting Ann <ann@example.com>:\n\n> Really?", ""),
        ),
        (
            "a sentence with an address above a quote",
            "This is from bob@example.com:\n> It burns.\nWhat now?",
            ("This is from bob@example.com:\n> It burns.\nWhat now?", "", ""),
        ),
        (
            "a header block without line ends",
            "Yes.\n\nFrom: Ann <ann@example.com> Sent: Monday, 2 March 2026 09:30 To: Bob Subject: x\n\nReally?",
            ("Yes.", "From: Ann <ann@example.com> Sent: Monday, 2 March 2026 09:30 To: Bob Subject: x\n\nReally?", ""),
        ),
        (
            "only passed on, and quoted",
            "Begin forwarded message:\n\n> From: Ann\n> Subject: x\n> To: Bob\n>\n> It burns.",
            ("> It burns.", "Begin forwarded message:\n\n> From: Ann\n> Subject: x\n> To: Bob\n>", ""),
        ),
        (
            "marked with bars",
            "Yes.\n\n2026/3/2 Ann <ann@example.com>\n\n| Really?\n| Ann",
            ("Yes.", "2026/3/2 Ann <ann@example.com>\n\n| Really?\n| Ann", ""),
        ),
        ("a table", "See:\n| a | b |\n| c | d |", ("See:\n| a | b |\n| c | d |", "", "")),
        (
            "nothing above an attribution but words below",
            "On 2 Mar 2026 at 09:30, Ann wrote:\n\nIt burns.",
            ("It burns.", "On 2 Mar 2026 at 09:30, Ann wrote:", ""),
        ),
        (
            "a wrapped line that lost its mark",
            "Yes.\n> a line that is long enough for a mail program to wrap it, as\nthey do\n> it.",
            ("Yes.", "> a line that is long enough for a mail program to wrap it, as\nthey do\n> it.", ""),
        ),
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
        (
            "a header block below words between rules",
            "Yes.\n\n---- Xyz abc ----\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: x\n\nReally?",
            ("Yes.", "---- Xyz abc ----\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: x\n\nReally?", ""),
        ),
        (
            "the line of a help desk",
            "Yes.\n\n## Please reply above this line ##\n\nTicket 12",
            ("Yes.", "## Please reply above this line ##\n\nTicket 12", ""),
        ),
        (
            "the mail of a help desk",
            "## Please reply above this line ##\n\nYour ticket 12 is solved.",
            ("Your ticket 12 is solved.", "## Please reply above this line ##", ""),
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
        assert_eq!(split(text, &Hints::default()).has_words_in_quoted_mail, expected, "{name}");
    }
}

#[test]
fn what_stands_below_the_words_is_their_signature() {
    let notice = "This e-mail and its attachments are confidential and intended solely for the use of its addressee.";
    let cases = [
        ("dashes", "It burns.\n---\nAnn", "---\nAnn"),
        ("a name", "It burns.\n\n-Ann", "-Ann"),
        (
            "a footer",
            "It burns.\n\n____\nlist@example.com\nhttps://lists.example.com",
            "____\nlist@example.com\nhttps://lists.example.com",
        ),
        ("a closed block", "It burns.\n____\nAnn\n____", "____\nAnn\n____"),
        ("several", "It burns.\n\n-Ann\n\nSent from my iPhone!", "-Ann\n\nSent from my iPhone!"),
        ("german", "Er brennt.\n\nVon meinem iPhone gesendet", "Von meinem iPhone gesendet"),
        ("japanese", "It burns.\n\niPhoneから送信", "iPhoneから送信"),
        ("a link", "It burns.\n\nGet Outlook for iOS<https://aka.ms/x>", "Get Outlook for iOS<https://aka.ms/x>"),
        ("a notice", &format!("It burns.\n\n{notice}"), notice),
        ("a notice that asks", &format!("It burns.\n\n{notice} What does that mean?"), ""),
        ("a footer that asks", "It burns.\n\nTo unsubscribe from the list, where do I click?", ""),
        ("signs right below words", "Steps\n====================\n1. print\n2. it burns", ""),
        (
            "a notice of a person",
            &format!("It burns.\n\nDisclaimer: I am no expert, but {}", "it burns, ".repeat(9)),
            "",
        ),
        ("a parcel", "It burns.\n\nEnvoyé de Paris, il n'est jamais arrivé", ""),
        (
            "an advertisement in a language",
            "It burns.\n\nXyz Outlook abc iOS<https://aka.ms/x>",
            "Xyz Outlook abc iOS<https://aka.ms/x>",
        ),
        (
            "a warning in a language",
            "Du får ikke ofte Xyz<https://aka.ms/LearnAboutSenderIdentification>\n\nIt burns.",
            "Du får ikke ofte Xyz<https://aka.ms/LearnAboutSenderIdentification>",
        ),
        (
            "a footer of a list",
            "It burns.\n\nTo unsubscribe from this list, write to x@y.example.",
            "To unsubscribe from this list, write to x@y.example.",
        ),
        ("a footer of a program", "It burns.\n\nVirus-free. www.example.com", "Virus-free. www.example.com"),
        (
            "a footer with a leaf",
            "It burns.\n\n\u{1f331} Please consider the environment before printing.",
            "\u{1f331} Please consider the environment before printing.",
        ),
        (
            "a warning above",
            "CAUTION: This email originated from outside\nof the organization.\n\nIt burns.",
            "CAUTION: This email originated from outside\nof the organization.",
        ),
        ("nothing but a warning", "CAUTION: This email originated from outside.", ""),
        ("a warning of a person", "Caution: it burns outside.\n\nIt does.", ""),
        ("a sentence", "It burns.\n\nSent from my desk, which is easier.", ""),
        ("a list", "We need:\n\n- toner\n- paper", ""),
        ("one thing", "Please send\n- toner", ""),
        ("a heading", "The printer\n-----------\nIt burns.", ""),
        ("drawings", "One\n----\nIt burns.\n----\nIt does.", ""),
        ("a question below dashes", "It burns.\n---\nWhat shall I do?", ""),
        ("a closing", "It burns.\n\nBest regards,\nAnn", ""),
        ("a notice alone", notice, ""),
    ];
    for (name, text, expected) in cases {
        assert_eq!(parts(text).2, expected, "{name}");
    }
}

#[test]
fn limits_of_signatures_hold() {
    let lines = |count: usize| vec!["line"; count].join("\n");
    let cases = [
        ("loose, at", format!("It burns.\n--\nAnn\n{}", lines(MAX_LOOSE_SIGNATURE_LINES - 1)), true),
        ("loose, past", format!("It burns.\n--\nAnn\n{}", lines(MAX_LOOSE_SIGNATURE_LINES)), false),
        ("footer, at", format!("It burns.\n____\nAnn\n{}", lines(MAX_FOOTER_LINES - 1)), true),
        ("footer, past", format!("It burns.\n____\nAnn\n{}", lines(MAX_FOOTER_LINES)), false),
        (
            "warning, at",
            format!("Caution:\n{}this came from outside.\n\nIt burns.", "x\n".repeat(MAX_BANNER_LINES - 2)),
            true,
        ),
        (
            "warning, past",
            format!("Caution:\n{}this came from outside.\n\nIt burns.", "x\n".repeat(MAX_BANNER_LINES - 1)),
            false,
        ),
        ("notice, at", notice(MAX_NOTICE_LINES), true),
        ("notice, past", notice(MAX_NOTICE_LINES + 1), false),
        (
            "notice start, within",
            format!("It burns.\n\nThis mail is confidential. {} privileged", "x".repeat(MAX_NOTICE_START_CHARS - 38)),
            true,
        ),
        (
            "notice start, past",
            format!("It burns.\n\nThis mail is confidential. {} privileged", "x".repeat(MAX_NOTICE_START_CHARS - 37)),
            false,
        ),
    ];
    for (name, text, is_cut) in cases {
        assert_eq!(!parts(&text).2.is_empty(), is_cut, "{name}");
    }
}

fn notice(line_count: usize) -> String {
    format!("It burns.\n\nCONFIDENTIALITY NOTICE:\n{}", vec!["a line of it"; line_count - 1].join("\n"))
}

#[test]
fn what_stands_below_a_header_block_is_shown_where_there_is_nothing_else_unless_it_is_ours() {
    let block = "From: Ann <ann@example.com>\nSent: Monday\nTo: Bob\nSubject: x";
    let ours = "It burns.\n\nRef: PR-1042 · 1-2bk.MAC";
    let cases = [
        ("FW: x", "It burns.", "It burns."),
        ("WG: x", ours, ours),
        ("Re: x", "It burns.", "It burns."),
        ("Re: x", ours, ""),
    ];
    for (subject, words, reply) in cases {
        let hints = Hints { is_forward: crate::message::forwarded::is_forward(subject), ..Hints::default() };
        assert_eq!(split(format!("{block}\n\n{words}"), &hints).reply, reply, "{subject}");
    }
    let form = "Datum: 30.11.2026\nVon: Meier\nAn: IT\nBetreff: Drucker brennt";
    assert_eq!(parts(form).0, form);
}

#[test]
fn markup_tells_quotes_and_signatures_in_any_language() {
    let cases = [
        (
            "gmail",
            "<div>Yes.</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">Xyz abc</div><blockquote>Q</blockquote></div>",
            "Yes.",
            "",
        ),
        ("outlook", "<div>Yes.</div><div id=\"divRplyFwdMsg\">Xyz: Ann</div><div>Q</div>", "Yes.", ""),
        (
            "thunderbird",
            "<p>Yes.</p><div class='moz-cite-prefix'>Xyz abc</div><blockquote type=cite>Q</blockquote>",
            "Yes.",
            "",
        ),
        (
            "yahoo",
            "<div>Yes.</div><div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div>Xyz</div><div>Q</div></div>",
            "Yes.",
            "",
        ),
        (
            "a signature",
            "<div>Yes.</div><div class=\"gmail_signature\"><div>Ann</div></div><div>PS: No.</div>",
            "Yes.\n\nPS: No.",
            "Ann",
        ),
        ("a signature by its class", "<p>Yes.</p><div class=\"io-ox-signature\"><p>Ann</p></div>", "Yes.", "Ann"),
        ("a signature by its element", "<div>Yes.</div><signature id=\"initial\">Ann</signature>", "Yes.", "Ann"),
        ("a signature never closed", "<p>Yes.</p><div class=\"gmail_signature\">Ann", "Yes.\n\nAnn", ""),
        (
            "a warning in a box",
            "<table><tr><td>CAUTION: This email originated from outside.</td></tr></table><div>Yes.</div>",
            "Yes.",
            "CAUTION: This email originated from outside.",
        ),
        (
            "a disclaimer below",
            "<div>Yes.</div><blockquote type=cite>Q</blockquote><div>Lunch at noon</div>",
            "Yes.\n\nLunch at noon",
            "",
        ),
    ];
    for (name, html, reply, signature) in cases {
        let (text, regions) = crate::message::html::to_text(html);
        let mut hints = Hints::default();
        hints.add(regions, 0);
        let body = split(text, &hints);
        assert_eq!((body.reply.as_str(), body.signature.as_str()), (reply, signature), "{name}");
    }
}

#[test]
fn the_own_words_are_those_between_the_quoted_lines() {
    let body = split("Hi\n> One?\nYes.\n> Two?\n\nNo.".to_owned(), &Hints::default());
    assert_eq!(body.reply, "Hi\n> One?\nYes.\n> Two?\n\nNo.");
    assert_eq!(body.own_words(), "Hi\nYes.\n\nNo.");
}

#[test]
fn twice_the_text_takes_about_twice_the_time() {
    let pieces = [
        "On 2 Mar 2026 at 09:30, Ann\n",
        "Ann <ann@example.com> wrote:\n\n",
        "Yes. On Mon, 2 Mar 2026 at 09:30, Ann wrote:\n> Q\n",
        "From: Ann\nSent: x\n",
        "Sent from my iPhone.\n-Ann\n",
        "a.\n---\nb\n",
        "are confidential and intended only for those who read long sentences such as this one is, and no others\n\n",
        "> One?\nYes.\n",
        "\n",
        "| x\nC> y\n",
        "--\n",
    ];
    for piece in pieces {
        let of = |bytes: usize| split(piece.repeat(bytes / piece.len()), &Hints::default());
        let factor = growth::factor(3.0, || of(50_000), || of(100_000));
        assert!(factor <= 3.0, "{piece:?}: {factor:.1} times as long");
    }
}

#[test]
fn no_more_regions_are_noted_than_allowed() {
    let regions = |count: usize| crate::message::html::to_text(&"<hr id=stopSpelling>x".repeat(count)).1.len();
    assert_eq!(regions(MAX_HTML_REGIONS), MAX_HTML_REGIONS);
    assert_eq!(regions(MAX_HTML_REGIONS + 1), MAX_HTML_REGIONS);
}

#[test]
fn lines_quoted_by_hand_above_our_marker_stay_between_the_words_that_answer_them() {
    let below = format!("On 2 Mar 2026 at 09:30, Ann wrote:\n> {ANSWER_ABOVE}\n> New ticket");
    let cases = [
        ("a question, then words", format!("Hi,\n> One?\nYes.\n\n{below}"), "Hi,\n> One?\nYes.", true),
        ("words alone", format!("Hi,\nYes.\n\n{below}"), "Hi,\nYes.", false),
        ("a line below the words", format!("Please run\n> npm start\n\n{below}"), "Please run\n> npm start", true),
        ("the first question above all", format!("> One?\nYes.\n> Two?\nNo.\n\n{below}"), "Yes.\n> Two?\nNo.", true),
        ("words below one question", format!("> One?\n\nYes.\n\n{below}"), "Yes.", false),
        ("a quoted introduction", format!("Yes.\n\n> On 2 Mar, Ann wrote:\n>\n> {ANSWER_ABOVE}\n> New"), "Yes.", false),
    ];
    for (name, text, reply, is_between) in cases {
        let body = super::split(text, &Hints::default());
        assert_eq!((body.reply.as_str(), body.has_quotes_between_words()), (reply, is_between), "{name}");
    }
}

#[test]
fn a_mail_of_ours_that_comes_back_without_a_word_is_nobodys_words() {
    let cases = [
        ("a mail of ours", "> Thank you.\n>\n> Ref: PR-1042 · 1-2bk.MAC", ""),
        ("somebody else's", "> Thank you.\n>\n> Ref: an order", "> Thank you.\n>\n> Ref: an order"),
        ("words of one's own above", "It is down.\n> Thank you.\n> Ref: PR-1042 · 1-2bk.MAC", "It is down."),
    ];
    for (name, text, reply) in cases {
        assert_eq!(parts(text).0, reply, "{name}");
    }
}
