//! How long, how many and how far: each number by which lines are told apart, at it and past it.

use super::super::{MAX_CLOSING_BYTES, is_closing, marker, notices, quotes, signature};
use super::*;
use crate::message::{html, regions};

/// A name, a number, whether something is so with it, and what is expected at it and past it.
pub(super) type Row<'a> = (&'static str, usize, &'a dyn Fn(usize) -> bool, (bool, bool));

/// Whether the text is, at a number and past it, what the row says.
pub(super) fn check(cases: &[Row<'_>]) {
    for (name, number, is_so, expected) in cases {
        assert_eq!((is_so(*number), is_so(number + 1)), *expected, "{name}: {number}");
    }
}

/// A text of so many bytes that begins and ends like this.
fn filled(start: &str, end: &str, bytes: usize) -> String {
    format!("{start}{}{end}", "x".repeat(bytes - start.len() - end.len()))
}

#[test]
fn numbers_of_closings_and_names_hold() {
    let closing = |bytes| is_closing(&filled("Regards, ", "", bytes));
    // The first line and those below it.
    let below = |lines: usize| {
        let tail = vec!["Ann"; lines - 1].join("\n");
        parts(&format!("Yes.\n> Two?\n\nRegards,\n{tail}")).1 == "> Two?"
    };
    let signed = |bytes| parts(&format!("It burns.\n\n-{}", filled("Bob X", "", bytes))).2.len() > 1;
    check(&[
        ("bytes of a closing", MAX_CLOSING_BYTES - 1, &closing, (true, false)),
        ("lines below an answer that are a closing", quotes::MAX_CLOSING_LINES, &below, (true, false)),
        ("bytes of a name behind a dash", signature::MAX_SIGNED_BYTES, &signed, (true, false)),
    ]);
}

#[test]
fn numbers_of_signatures_hold() {
    let line = |bytes| !parts(&format!("It burns.\n\n---\n{}", filled("Ann", "", bytes))).2.is_empty();
    // A heading whose underline is longer by so much.
    // The sender is called otherwise.
    let lower = |words: usize| !parts(&format!("It burns.\n--\n{}", vec!["carl"; words].join(" "))).2.is_empty();
    let underline = |more: usize| parts(&format!("Printers\n{}\nAnn", "-".repeat(20 + more))).2.is_empty();
    let heading = |more: usize| {
        let words = "x".repeat(20);
        parts(&format!("Hi.\n\n{words}\n{}\nAnn", "-".repeat(20 + more))).2.is_empty()
    };
    assert!(!underline(0), "twelve characters longer");
    check(&[
        ("bytes of a line of a signature", signature::MAX_SIGNATURE_LINE_BYTES, &line, (true, false)),
        ("words of a name in small letters", signature::MAX_LOWER_WORDS, &lower, (true, false)),
        ("characters between heading and underline", signature::MAX_UNDERLINE_DIFFERENCE, &heading, (true, false)),
    ]);
}

#[test]
fn numbers_of_notices_hold() {
    let says = |things: usize| {
        let said = ["is confidential", "is privileged", "is intended solely for the addressee"];
        let said = said[..things].join(" and ");
        let notice = format!("This e-mail {said}, and was sent to you by Example and Company Limited of London");
        parts(&format!("It burns.\n\n{notice}")).0 == "It burns."
    };
    check(&[("things that a notice says", notices::MIN_SAID - 1, &says, (false, true))]);
}

#[test]
fn numbers_of_quoted_lines_hold() {
    let initials = |letters: usize| {
        let line = format!("{}> Really?", "A".repeat(letters));
        parts(&format!("On 2 Mar 2026 at 09:30, Ann wrote:\n\n{line}\n\nYes.")).0 == "Yes."
    };
    let wrapped = |bytes: usize| parts(&format!("Yes.\n{}\nthey do\n> it.", filled("> a", "", bytes))).0 == "Yes.";
    let introduced = |bytes| parts(&format!("{}\n> It burns.", filled("> a", ":", bytes))).0.is_empty();
    let introduction = |lines: usize| {
        let intro = "<div>Xyz</div>".repeat(lines);
        let (text, regions) = html::to_text(&format!(
            "<p>Yes.</p><div class=gmail_attr name=\"gmail_attr\">{intro}</div><blockquote>Q</blockquote>"
        ));
        let mut hints = Hints::default();
        hints.add(regions, 0);
        split(text, &hints).reply == "Yes."
    };
    // The block that Outlook draws a line above, in no language that we know.
    let unknown = |fields: usize| {
        let block = "Xyz: b@desk.example<br>".repeat(fields);
        let (text, regions) = html::to_text(&format!(
            "<p>Yes.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'>{block}</div><p>Really?</p>"
        ));
        let mut hints = Hints::default();
        hints.add(regions, 0);
        split(text, &hints).reply == "Yes."
    };
    check(&[
        ("lines of a header block by its markup", regions::MIN_HEADER_LINES - 1, &unknown, (false, true)),
        ("letters of initials before the sign", quotes::MAX_INITIALS, &initials, (true, false)),
        ("bytes of a line that was not wrapped", quotes::MIN_WRAPPED_BYTES - 1, &wrapped, (false, true)),
        ("bytes of a line that introduces", quotes::MAX_INTRODUCED_BYTES, &introduced, (true, false)),
        // The line with the quote is one of them.
        ("lines of an introduction by its markup", quotes::MAX_INTRODUCTION_LINES - 1, &introduction, (true, false)),
    ]);
}

#[test]
fn numbers_about_mails_of_ours_hold() {
    let wrapped = |bytes: usize| {
        let line = filled("> a", "", bytes);
        split(format!("Hi\n> {ANSWER_ABOVE}\n{line}\nof its words.\n> More?\n"), &Hints::default())
            .has_words_in_quoted_mail
    };
    let last = |bytes| parts(&format!("> Thanks.\n{}", filled("> Ref: PR-1042 · ", "", bytes))).0.is_empty();
    let lines = |count: usize| {
        let names = "Xyz\n".repeat(count - 1);
        parts(&format!("Yes.\n\nsupport+1.1-2bk.mac@desk.example\n{names}> {ANSWER_ABOVE}")).0 == "Yes."
    };
    let gap = |count: usize| {
        let blank = "\n".repeat(count - 1);
        parts(&format!("Yes.\n\nXyz support+1.1-2bk.mac@desk.example\n{blank}> {ANSWER_ABOVE}")).0 == "Yes."
    };
    check(&[
        ("bytes of a quoted line that was not wrapped", marker::MIN_WRAPPED_BYTES - 1, &wrapped, (true, false)),
        ("bytes of our last line", marker::MAX_LAST_LINE_BYTES, &last, (true, false)),
        ("lines that introduce a mail of ours", marker::MAX_INTRODUCTION_LINES, &lines, (true, false)),
        ("lines between them and the marker", marker::MAX_LINES_BELOW, &gap, (true, false)),
    ]);
}
