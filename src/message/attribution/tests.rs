//! Lines that introduce a quote, in the languages and forms of common clients, and lines that only look like it.

use super::*;
use crate::message::limits::{MAX_BLOCK_LINE_BYTES, MAX_BLOCK_LINES, MAX_LABEL_CHARS, MAX_SEPARATOR_BYTES};

/// Over how many lines an attribution goes and how sure it is.
type Found = Option<(usize, Strength)>;

#[test]
fn a_colon_is_looked_for_near_the_end_of_a_line() {
    for (blanks, is_found) in [(MAX_COLON_BYTES - 1, true), (MAX_COLON_BYTES, false)] {
        assert_eq!(ends_with_colon(&format!("Ann wrote:{}", " ".repeat(blanks))), is_found, "{blanks}");
    }
}

#[test]
fn attributions_are_known_in_many_languages() {
    use Strength::{Certain, NeedsQuote};
    let cases: &[(&str, &[&str], Found)] = &[
        ("turkish", &["2 Mar 2026 Pzt, 09:30 tarihinde Ann <ann@example.com> şunu yazdı:"], Some((1, Certain))),
        ("russian without a verb", &["пн, 2 мар. 2026 г. в 09:30, Ann <ann@example.com>:"], Some((1, Certain))),
        ("japanese", &["2026年3月2日(月) 9:30 Ann <ann@example.com>:"], Some((1, Certain))),
        ("korean", &["2026년 3월 2일 (월) 오전 9:30, Ann <ann@example.com>님이 작성:"], Some((1, Certain))),
        ("hebrew", &["בתאריך יום ב׳, 2 במרץ 2026 ב-9:30 מאת Ann <ann@example.com>:"], Some((1, Certain))),
        (
            "arabic",
            &["في الاثنين، 2 مارس 2026 في 9:30 تمت كتابة ما يلي بواسطة Ann <ann@example.com>:"],
            Some((1, Certain)),
        ),
        ("vietnamese", &["Vào 09:30 2 tháng 3, 2026, Ann đã viết:"], Some((1, Certain))),
        ("indonesian", &["Pada tanggal 2 Mar 2026 09.30, Ann <ann@example.com> menulis:"], Some((1, Certain))),
        ("hungarian", &["Ann <ann@example.com> ezt írta (időpont: 2026. márc. 2., 9:30):"], Some((1, Certain))),
        ("czech", &["po 2. 3. 2026 v 9:30 odesílatel Ann <ann@example.com> napsal:"], Some((1, Certain))),
        ("swedish", &["Den mån 2 mars 2026 kl 09:30 skrev Ann <ann@example.com>:"], Some((1, Certain))),
        ("finnish", &["ma 2. maalisk. 2026 klo 9.30 Ann kirjoitti:"], Some((1, Certain))),
        ("greek", &["Στις Δευ 2 Μαρ 2026 στις 9:30 π.μ., ο Ann έγραψε:"], Some((1, Certain))),
        ("lotus notes", &["Ann Example/Desk/Example wrote on 02.03.2026 09:30:00:"], Some((1, Certain))),
        (
            "behind the name",
            &["Ann <ann@example.com> schrieb am Mo., 2. März 2026", "um 09:30 Uhr:"],
            Some((2, Certain)),
        ),
        ("korean of thunderbird", &["26. 3. 2. 09:30에 Ann 이(가) 쓴 글:"], Some((1, Certain))),
        ("hindi", &["सोम, 2 मार्च 2026 को 9:30 बजे Ann <ann@example.com> ने लिखा:"], Some((1, Certain))),
        (
            "a name above its address",
            &["Ann Example", "<ann@example.com> ezt írta (időpont: 2026. márc. 2., 9:30):"],
            Some((2, Certain)),
        ),
        ("a name above an address", &["Ann Example", "<ann@example.com> is mine"], None),
        ("no colon", &["2026/3/2 Ann <ann@example.com>"], Some((1, NeedsQuote))),
        ("a year but no time", &["In 2025 we wrote the following to your colleague:"], Some((1, NeedsQuote))),
        ("english", &["On Mon, 2 Mar 2026 at 09:30, Ann <ann@example.com> wrote:"], Some((1, Certain))),
        ("german", &["Am 02.03.2026 um 09:30 schrieb Ann Example:"], Some((1, Certain))),
        ("french", &["Le 2 mars 2026 à 09:30, Ann a écrit :"], Some((1, Certain))),
        ("spanish", &["El lun, 2 mar 2026 a las 9:30, Ann escribió:"], Some((1, Certain))),
        ("dutch", &["Op 2 mrt. 2026 om 09:30 schreef Ann:"], Some((1, Certain))),
        ("italian", &["Il giorno lun 2 mar 2026 alle 09:30 Ann ha scritto:"], Some((1, Certain))),
        ("danish", &["Den 2. mar. 2026 kl. 09.30 skrev Ann:"], Some((1, Certain))),
        ("portuguese", &["Em 2 de mar. de 2026 09:30, Ann escreveu:"], Some((1, Certain))),
        ("polish", &["W dniu 2.03.2026 o 09:30, Ann pisze:"], Some((1, Certain))),
        ("russian", &["2 марта 2026 г., 09:30, Ann написал:"], Some((1, Certain))),
        ("chinese", &["在 2026年3月2日，Ann <ann@example.com> 写道："], Some((1, Certain))),
        ("no verb", &["2026-03-02 9:30 GMT+01:00 Ann <ann@example.com>:"], Some((1, Certain))),
        ("two lines", &["On Mon, 2 Mar 2026 at 09:30, Ann", "<ann@example.com> wrote:"], Some((2, Certain))),
        ("name only", &["Ann Example wrote:"], Some((1, NeedsQuote))),
        (
            "catalan without a verb",
            &["Missatge de Ann <ann@example.com> del 2 de març 2026 a les 9:30:"],
            Some((1, Certain)),
        ),
        (
            "polish, the verb in front",
            &["Wiadomość napisana przez Ann <ann@example.com> w dniu 2 mar 2026, o godz. 09:30:"],
            Some((1, Certain)),
        ),
        ("no colon behind a verb", &["Am 02.03.26 um 09:30 schrieb Ann Example"], Some((1, NeedsQuote))),
        (
            "a sentence with a verb",
            &["On 2 Mar 2026 at 09:30 she wrote to us and to all the others about that printer"],
            None,
        ),
        ("a sentence before one", &["Thanks a lot!", "On Mon, 2 Mar 2026 at 09:30, Ann wrote:"], None),
        ("own words", &["On Monday I wrote a letter and here is the list of what it said and what it did not:"], None),
        ("of a server", &["On 2 Mar 2026 at 09:30 our server wrote:"], Some((1, NeedsQuote))),
        ("in German", &["am 02.03.2026 um 09:30 habe ich Ihnen geschrieben:"], Some((1, NeedsQuote))),
        ("with an address", &["On 2 Mar 2026 at 09:30, My Shop <ann@example.com> wrote:"], Some((1, Certain))),
        ("a list", &["We need:"], None),
        ("a time", &["Please call before 10:00"], None),
        ("a paragraph that begins alike", &["On the other hand,", "we could wait."], None),
        ("nothing", &[], None),
    ];
    for (name, lines, expected) in cases {
        assert_eq!(attribution(lines), *expected, "{name}");
    }
}

#[test]
fn header_blocks_are_known_in_many_languages() {
    let cases: [(&str, &[&str], Option<usize>); 12] = [
        ("english", &["From: Ann", "Sent: Monday", "To: Bob", "Subject: x", "", "text"], Some(4)),
        ("german, bold", &["*Von:* Ann", "*Gesendet:* Montag", "*An:* Bob", "*Betreff:* x"], Some(4)),
        ("french", &["De : Ann", "Envoyé : lundi", "À : Bob", "Objet : x"], Some(4)),
        ("wrapped recipients", &["From: Ann", "Sent: Monday", "To: Bob;", " Carl", "Subject: x"], Some(5)),
        ("no date, no address", &["From: Example Support", "To: Ann", "Subject: Re: x", "", "text"], Some(3)),
        ("a day of the week", &["Von: Ann", "Gesendet: Montag", "An: Bob", "", "text"], Some(3)),
        ("empty lines between", &["From: Ann", "", "Sent: Monday", "", "To: Bob"], Some(5)),
        ("somebody's list", &["From: Berlin", "We leave at nine."], None),
        ("address and date", &["Date: Mon, 2 Mar 2026 09:30:00 +0000", "To: ann@example.com"], Some(2)),
        ("a table of trains", &["From: 09:00", "To: 12:00", "Date: 2 March", "", "text"], None),
        ("fields of a file", &["from: a", "to: b", "subject: c"], None),
        ("a journey", &["From: Berlin", "To: Paris", "", "We leave at nine."], None),
    ];
    for (name, lines, expected) in cases {
        assert_eq!(header_block(lines), expected, "{name}");
    }
}

#[test]
fn separators_tell_answers_from_forwards() {
    use Separator::{AnswerAbove, Forward, Original};
    let cases = [
        ("##- Please type your reply above this line -##", Some(AnswerAbove)),
        ("--- Bitte oberhalb dieser Linie antworten ---", Some(AnswerAbove)),
        ("Please write above this line:", None),
        ("---- see the error above this line ----", None),
        ("---- the type of paper is above this line ----", None),
        ("---- 回复的原邮件 ----", Some(Original)),
        ("-----Original Message-----", Some(Original)),
        ("*-------- Ursprüngliche Nachricht --------*", Some(Original)),
        ("---- Ann wrote ----", Some(Original)),
        ("---------- Forwarded message ---------", Some(Forward)),
        ("Begin forwarded message:", Some(Forward)),
        ("以下是轉寄的訊息：", Some(Forward)),
        ("---------- İletilmiş mesaj ---------", Some(Forward)),
        ("‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐", Some(Original)),
        ("----- Mail original -----", Some(Original)),
        ("Here is the forwarded message:", None),
        ("the original message", None),
        ("--", None),
        ("----------", None),
    ];
    for (line, expected) in cases {
        assert_eq!(separator(line), expected, "{line}");
    }
}

#[test]
fn a_line_that_looks_like_a_field_above_a_block_is_no_part_of_it() {
    let block = "From: Ann Example <ann@x.example>\nSent: Monday, 2 March 2026 09:30\nTo: Bob\nSubject: Fire\n\nx";
    let cases = [
        ("nothing", "", Some(4)),
        ("a date", "Date: Monday, 10:30\n", None),
        ("a date, and an empty line", "Datum: Montag, 10:30\n\n", None),
        ("a subject", "Objet: le serveur\n", None),
        ("a date, and a line that is drawn", "Date: Monday, 10:30\n\n________________________________\n", None),
        ("a place", "De: la oficina\n", None),
        (
            "the time of a block in another order",
            "Date: Monday, 2 March 2026 09:30\nTo: Bob\nSubject: x\nFrom: a@b.c\n",
            Some(4),
        ),
    ];
    for (name, above, expected) in cases {
        let text = if expected == Some(4) && !above.is_empty() { above.to_owned() } else { format!("{above}{block}") };
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(header_block(&lines), expected, "{name}");
    }
}

#[test]
fn a_block_whose_labels_stand_above_their_values_is_known() {
    let block = |when: &str, gap: usize, between: usize| {
        let lines = [
            vec!["Ann Example <ann@example.com>", when],
            vec![""; gap],
            vec!["To", "Bob"],
            vec!["x"; between],
            vec!["Subject", "Printer", "", "It burns."],
        ];
        stacked_block(&lines.concat())
    };
    let cases = [
        ("of Lotus Notes", block("02.03.2026 09:30", 1, 1), Some(8)),
        ("no date", block("It burns.", 1, 1), None),
        ("a date in a sentence", block("On 02.03.2026 09:30 it began to burn and smoke", 1, 1), None),
        ("a wide gap, at", block("02.03.2026 09:30", header_block::MAX_STACKED_GAP, 0), Some(8)),
        ("a wide gap, past", block("02.03.2026 09:30", header_block::MAX_STACKED_GAP + 1, 0), None),
        ("many recipients, at", block("02.03.2026 09:30", 0, MAX_BLOCK_LINES - 3), Some(MAX_BLOCK_LINES + 3)),
        ("many recipients, past", block("02.03.2026 09:30", 0, MAX_BLOCK_LINES - 2), None),
    ];
    for (name, got, expected) in cases {
        assert_eq!(got, expected, "{name}");
    }
    let dated = |bytes: usize| {
        let date = "02.03.2026 09:30";
        block(&format!("{}{date}", " ".repeat(bytes - date.len())), 1, 1).is_some()
    };
    assert_eq!(
        (dated(header_block::MAX_STACKED_DATE_BYTES), dated(header_block::MAX_STACKED_DATE_BYTES + 1)),
        (true, false)
    );
}

#[test]
fn who_and_when_between_dashes_stand_above_a_block() {
    let block = |first: &str, wrapped: usize, gap: usize| {
        let fields = ["From:\tAnn <ann@example.com>", "To:\tBob", "Subject:\tx"];
        let lines = [vec![first], vec!["and more"; wrapped], vec![""; gap], fields.to_vec(), vec!["", "Words."]];
        stacked_block(&lines.concat())
    };
    let dated = |bytes: usize| {
        let date = "02.03.2026 09:30";
        format!("Ann ---{}{date}---Hello", " ".repeat(bytes - date.len()))
    };
    let line = "Ann Example ---02.03.2026 09:30:11---Hello Bob,";
    let cases = [
        ("as it is", block(line, 0, 1), Some(5)),
        ("hardly words", block("Ann ---3/2/2026 09:30:11 AM---", 0, 1), Some(5)),
        ("wrapped, at", block(line, MAX_WRAPPED_LINES - 1, 1), Some(4 + MAX_WRAPPED_LINES)),
        ("wrapped, past", block(line, MAX_WRAPPED_LINES, 1), None),
        ("a wide gap, at", block(line, 0, header_block::MAX_STACKED_GAP), Some(6)),
        ("a wide gap, past", block(line, 0, header_block::MAX_STACKED_GAP + 1), None),
        ("a long date, at", block(&dated(header_block::MAX_STACKED_DATE_BYTES), 0, 1), Some(5)),
        ("a long date, past", block(&dated(header_block::MAX_STACKED_DATE_BYTES + 1), 0, 1), None),
        ("nobody", block("---02.03.2026 09:30:11---Hello Bob,", 0, 1), None),
        ("no date", block("Ann --- Bob --- Hello", 0, 1), None),
        ("a line of a log", stacked_block(&["worker ---02.03.2026 09:30:11---started", "", "What is it?"]), None),
    ];
    for (name, found, expected) in cases {
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn words_between_rules_are_a_separator_only_above_a_header_block() {
    for (line, expected) in
        [("------ Xyz ------", true), ("________________", true), ("- Xyz -", false), ("--- a/x", false)]
    {
        assert_eq!(is_between_rules(line), expected, "{line}");
    }
    let long = |bytes: usize| is_between_rules(&format!("--Xyz{}", "-".repeat(bytes - 5)));
    assert_eq!((long(MAX_SEPARATOR_BYTES), long(MAX_SEPARATOR_BYTES + 1)), (true, false));
}

#[test]
fn a_block_that_lost_its_line_ends_and_blanks_is_read() {
    let line = "From: Ann <ann@example.com>To: Bob <bob@example.com>Sent: Monday, 2 March 2026 at 09:30:00 GMT+1Subject: To: x";
    let fields: Vec<_> = fields_on_line(line).into_iter().map(|(label, value)| (label, value.trim())).collect();
    let expected = [
        (Label::From, "Ann <ann@example.com>"),
        (Label::To, "Bob <bob@example.com>"),
        (Label::Sent, "Monday, 2 March 2026 at 09:30:00 GMT+1"),
        (Label::Subject, "To: x"),
    ];
    assert_eq!(fields, expected);
    assert_eq!(header_block(&[line]), Some(1));
    assert_eq!(fields_on_line("From: Ann <ann@example.com>"), []);
}

#[test]
fn limits_of_introductions_hold() {
    let wrapped = |count: usize| [vec!["On 2 Mar 2026 at 09:30"; count - 1], vec!["Ann wrote:"]].concat();
    assert!(attribution(&wrapped(MAX_WRAPPED_LINES)).is_some_and(|(count, _)| count == MAX_WRAPPED_LINES));
    assert_eq!(attribution(&wrapped(MAX_WRAPPED_LINES + 1)), None);

    let long = |bytes: usize| {
        let line = "On 2 Mar 2026 at 09:30, Ann  wrote:";
        line.replace("  ", &format!(" {} ", "x".repeat(bytes - line.len())))
    };
    assert!(attribution(&[&long(MAX_ATTRIBUTION_BYTES)]).is_some());
    assert_eq!(attribution(&[&long(MAX_ATTRIBUTION_BYTES + 1)]), None);

    let labelled = |chars: usize| format!("From{}: Ann", " ".repeat(chars - 5));
    let block = |first: &str| header_block(&[first, "Sent: 2 March 2026", "To: Bob"]);
    assert_eq!(block(&labelled(MAX_LABEL_CHARS)), Some(3));
    assert_eq!(block(&labelled(MAX_LABEL_CHARS + 1)), None);

    let far = |lines: usize| {
        [vec!["From: ann@example.com", "To: Bob"], vec!["  Carl;"; lines - 3], vec!["Subject: x"]].concat()
    };
    assert_eq!(header_block(&far(MAX_BLOCK_LINES)), Some(MAX_BLOCK_LINES));
    assert_eq!(header_block(&far(MAX_BLOCK_LINES + 1)), None);

    let whole = |bytes: usize| {
        let line = "From: Ann Sent: 2 Mar 2026 09:30 To: Bob Subject: ";
        header_block(&[&format!("{line}{}", "x".repeat(bytes + 5 - line.len()))])
    };
    assert_eq!((whole(MAX_BLOCK_LINE_BYTES), whole(MAX_BLOCK_LINE_BYTES + 1)), (Some(1), None));

    let second = |bytes: usize| {
        let end = "<ann@example.com>";
        let line = format!("{}{end}", "x".repeat(bytes - end.len()));
        attribution(&["2026/3/2 Ann", &line])
    };
    assert_eq!((second(MAX_SECOND_BYTES), second(MAX_SECOND_BYTES + 1)), (Some((2, Strength::NeedsQuote)), None));

    let dated = |line: &str| attribution(&[line, "<ann@example.com>"]).is_some();
    assert_eq!((dated("1/2/3 Ann"), dated("1/2 Ann")), (true, false), "{MIN_BARE_DIGITS} digits");

    let bare =
        |bytes: usize| is_bare_separator(&format!("{}Original message{}", "*".repeat(8), "*".repeat(bytes - 24)));
    assert_eq!((bare(2 * separator::MAX_BARE_BYTES), bare(2 * separator::MAX_BARE_BYTES + 1)), (true, false));

    let named = |words: usize| attribution(&[&format!("{}wrote:", "Ann ".repeat(words - 1))]);
    assert_eq!((named(MAX_NAME_WORDS), named(MAX_NAME_WORDS + 1)), (Some((1, Strength::NeedsQuote)), None));

    assert_eq!(
        (has_date_and_time("1/2/6 9:30"), has_date_and_time("1/2 9:30")),
        (true, false),
        "{MIN_DATE_DIGITS} digits"
    );

    let begun = |bytes: usize| {
        let line = "Begin forwarded message :";
        separator(&line.replace(" :", &format!(" {}:", "x".repeat(bytes - line.len()))))
    };
    assert_eq!(
        (begun(separator::MAX_BEGIN_BYTES - 1), begun(separator::MAX_BEGIN_BYTES)),
        (Some(Separator::Forward), None)
    );

    let ruled = |bytes: usize| format!("--Original Message{}", "-".repeat(bytes - 18));
    assert_eq!(separator(&ruled(MAX_SEPARATOR_BYTES)), Some(Separator::Original));
    assert_eq!(separator(&ruled(MAX_SEPARATOR_BYTES + 1)), None);
}
