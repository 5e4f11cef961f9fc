//! Each mark of automatic mail, and what kind of mail it makes.

use super::*;
use crate::message::parse;

fn verdict(fields: &str) -> (Origin, Vec<String>) {
    let reader =
        Reader { own_addresses: vec!["support@desk.example".into()], instance: "desk-1".into(), ..Reader::default() };
    let from = if fields.contains("From:") { "" } else { "From: ann@example.com\n" };
    let raw = format!("{from}{fields}\n\nIt burns.");
    let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &reader);
    (message.origin, in_words(&message))
}

fn in_words(message: &Message) -> Vec<String> {
    message.marks.iter().map(ToString::to_string).collect()
}

#[test]
fn an_answer_to_an_invitation_is_a_programs_and_what_is_said_beside_it_a_persons() {
    let with = |fields: &str, method: &str, words: &str| {
        let raw = format!(
            "From: ann@example.com\n{fields}\nContent-Type: multipart/mixed; boundary=b\n\n\
             --b\n\n{words}\n--b\nContent-Type: text/calendar; method={method}\n\n\
             BEGIN:VCALENDAR\nMETHOD:{method}\nBEGIN:VEVENT\nSUMMARY:Standup\nEND:VEVENT\nEND:VCALENDAR\n--b--\n"
        );
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        (message.origin, message.is_automatic_by_words_only())
    };
    let mail = |method: &str, words: &str| with("Subject: Accepted: Standup", method, words);
    // A field that says something only beside other marks, and there are none but words.
    let away = "Subject: Automatic reply: Standup\nPrecedence: normal";
    let cases = [
        ("an answer", mail("REPLY", ""), (Origin::AutomaticReply, false)),
        ("an answer with words", mail("REPLY", "I come late. Is the API down?"), (Origin::AutomaticReply, true)),
        ("the same under a program's subject", with(away, "REPLY", "Is it down?"), (Origin::AutomaticReply, true)),
        ("no words under such a subject", with(away, "REPLY", ""), (Origin::AutomaticReply, false)),
        ("an invitation", mail("REQUEST", ""), (Origin::Person, false)),
        ("another time", mail("COUNTER", "Later?"), (Origin::Person, false)),
    ];
    for (name, got, expected) in cases {
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn each_mark_tells_what_kind_of_mail_it_is() {
    use Origin::{AutomaticReply, Bulk, Own, Person};
    let cases = [
        ("Subject: Printer", Person),
        ("Auto-Submitted: no", Person),
        ("Auto-Submitted: auto-replied (vacation)", AutomaticReply),
        ("Auto-Submitted: auto-generated", Bulk),
        ("Auto-Submitted: auto-generated\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Precedence: bulk", Bulk),
        ("Precedence: list", Bulk),
        ("Precedence: auto_reply", AutomaticReply),
        ("Precedence: normal", Person),
        ("X-Auto-Response-Suppress: DR, OOF", Bulk),
        ("X-Auto-Response-Suppress: RN", Person),
        ("List-Id: <x.example.com>", Bulk),
        ("List-Unsubscribe: <mailto:x@example.com>", Bulk),
        ("Mailing-List: list x@example.com", Bulk),
        ("X-Autoreply: yes", AutomaticReply),
        ("X-Autoreply: no", Person),
        ("X-Autorespond: Away", AutomaticReply),
        ("X-FC-MachineGenerated: true", Bulk),
        ("X-Loop: x", Bulk),
        ("X-OTRS-Loop: x@example.com\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Feedback-ID: 1:x:y", Person),
        ("Return-Path: <>", AutomaticReply),
        ("Return-Path: <ann@example.com>", Person),
        ("From: no-reply@example.com", Bulk),
        ("From: Do_Not_Reply@example.com", Bulk),
        ("From: MAILER-DAEMON@example.com", Bulk),
        ("From: bounces+123@example.com", Bulk),
        ("From: noreplyhelp.desk.ann@example.com", Bulk),
        ("From: ann.oreply@example.com", Person),
        ("From: ikke-svar@example.com", Bulk),
        ("From: svar.ej@example.com", Bulk),
        ("From: niet-beantwoorden@example.com", Bulk),
        ("Subject: Ausser Haus: Printer", Person),
        ("Subject: Ausser Haus: Printer\nX-Auto-Response-Suppress: All", AutomaticReply),
        ("Subject: I am on leave\nPrecedence: bulk", AutomaticReply),
        ("Subject: Absent(e) du bureau : Printer", AutomaticReply),
        ("From: ", Bulk),
        ("From: support@desk.example", Own),
        ("From: Support+PR-1042@desk.example", Own),
        ("X-Postroom: desk-1", Own),
        ("X-Postroom: desk-2", Person),
        ("Subject: Out of office replies are broken", Person),
        ("Subject: Vacation", Person),
        ("Subject: Vacation\nPrecedence: bulk", AutomaticReply),
        ("Subject: Ann Lee is out of the office", Person),
        ("Subject: Ann Lee is out of the office\nReturn-Path: <>", AutomaticReply),
        ("Subject: Out of Office", AutomaticReply),
        ("Subject: [desk] Réponse automatique : Printer", AutomaticReply),
        ("Subject: 自動応答: Printer", AutomaticReply),
        ("Subject: Automatic reply to what I wrote?", Person),
        ("Subject: Re: Automatic reply: Printer\nIn-Reply-To: <a@b>", Person),
        ("Subject: Your email requires verification verify#x1\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Please confirm your message", Person),
        ("X-Mailer: vacation 1.2.7", AutomaticReply),
        ("X-Mailer: Thunderbird", Person),
        ("X-Mailer: vacation/2.0", AutomaticReply),
        ("X-Mailer: 9; Autoresponder", AutomaticReply),
        ("X-Mailer: Autoreply v3.1 (2)", AutomaticReply),
        ("X-Mailer: VacationHomes Desk 2", Person),
        ("X-Mailer: Vacation Homes 2", Person),
        ("User-Agent: Autoresponder-Studio/4 (a mail client)", Person),
        ("Preference: vacation-flat", Person),
        ("Auto-Submitted: (a note) (b) auto-replied", AutomaticReply),
        ("Auto-Submitted: (a) (b) (c) (d) no", Person),
        ("Auto-Submitted: (a) (b) (c) (d) (e) auto-replied", Person),
        ("Subject: Absence: Printer\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example", AutomaticReply),
        ("Subject: Absence: Printer", Person),
        ("Subject: Je suis absent\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example", AutomaticReply),
        ("Subject: Nieobecność: Printer\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example", AutomaticReply),
        ("Subject: 不在\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example", AutomaticReply),
        ("Subject: Нет на месте\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example", AutomaticReply),
        ("Subject: Absence: Printer\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Fravær: Printer\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Nieobecność: Printer\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Нет на месте: Printer\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: 不在\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Absence of an answer\nIn-Reply-To: <a@b>", Person),
        ("Subject: Re: Absence: Printer\nIn-Reply-To: <a@b>", Person),
        ("Subject: Re: Re: Printer [Auto-Reply]\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Re: Printer (automatic reply)\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Printer [Auto-Reply]", Person),
        ("Subject: Re: Printer [Auto-Reply-Dev]\nIn-Reply-To: <a@b>", Person),
        ("Delivered-To: Autoresponder", AutomaticReply),
        ("X-Mailer: Plesk Autoresponder 12", AutomaticReply),
        ("X-Mailer: PHP-Autoresponder", AutomaticReply),
        ("X-Mailer: vacation.pl 1.2", AutomaticReply),
        ("X-Mailer: Vacation Homes 3", Person),
        ("From: majordomo@example.com", Bulk),
        ("From: owner-friends@example.com", Bulk),
        ("Return-Path: <friends-request@example.com>", Bulk),
        ("Return-Path: <friends-bounces+ann=example.com@example.com>", Bulk),
        ("Return-Path: <bounces+ann=example.com@mailer.example>", Person),
        ("Subject: Automatic reply: Printer\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: [Auto-Reply] Printer\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example", AutomaticReply),
        ("Subject: [desk] [ Out of office ] Printer\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: 【自動返信】 Printer\nPrecedence: bulk", AutomaticReply),
        ("Subject: [Auto-Reply] Printer", Person),
        ("Subject: [Auto-Reply-Dev] Printer\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example", Person),
        ("Subject: Re: [Auto-Reply] Printer\nIn-Reply-To: <a@b>", Person),
        ("Subject: Abwesenheitsnotiz\nX-Auto-Response-Suppress: All", AutomaticReply),
        ("Subject: Auto: the lights are broken", Person),
        ("Subject: Auto: Printer\nPrecedence: bulk", AutomaticReply),
        ("Subject: AUTO: Ann Lee is out of the office (until 9 March)", AutomaticReply),
        ("Subject: Risposta automatica Fuori sede: Printer", AutomaticReply),
        ("Subject: Frånvaromeddelande: Printer", AutomaticReply),
        ("Subject: Ikke på kontoret", AutomaticReply),
        ("Subject: Ikke på kontoret i morgen, hva nå?", Person),
        ("Subject: Ausência temporária: Conta", AutomaticReply),
        ("Subject: Ausência temporária de som no telefone", Person),
        ("Subject: Thư trả lời tự động: Tài khoản", AutomaticReply),
        ("Subject: מענה אוטומטי: חשבון", AutomaticReply),
        ("Subject: ตอบกลับอัตโนมัติ: บัญชี", AutomaticReply),
        ("Subject: Отсутствую: Счёт\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Отсутствую завтра\nIn-Reply-To: <a@b>", Person),
        ("Subject: Отсутствую: кто заменит?", Person),
        ("Subject: On holiday Re: Account\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: On holiday we cannot log in\nIn-Reply-To: <a@b>", Person),
        ("Subject: Ich bin nicht im Haus\nIn-Reply-To: <a@b>", AutomaticReply),
        ("Subject: Der Techniker ist nicht im Haus\nIn-Reply-To: <a@b>", Person),
        ("Subject: Re: Out of office broken\nIn-Reply-To: <a@b>", Person),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", AutomaticReply),
    ];
    for (fields, expected) in cases {
        let (origin, marks) = verdict(fields);
        assert_eq!(origin, expected, "{fields}: {marks:?}");
        assert_eq!(marks.is_empty(), origin == Person, "{fields}: {marks:?}");
    }
}

#[test]
fn only_words_that_stand_alone_leave_a_doubt() {
    let read = |fields: &str| {
        let raw = format!("From: ann@example.com\n{fields}\n\nBack on Monday.");
        parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default()).is_automatic_by_words_only()
    };
    let cases = [
        ("Subject: Out of office", true),
        ("Subject: Automatic reply: Printer", true),
        ("Subject: Automatic reply: Printer\nIn-Reply-To: <a@b>", true),
        ("Subject: Automatic reply: Printer\nIn-Reply-To: <a@b>\nPrecedence: bulk", false),
        // People say so, too, and of other things than themselves.
        ("Subject: Re: Printer\nIn-Reply-To: <a@b>\n\nI am out of the office.", false),
        ("Subject: Re: Drucker\nIn-Reply-To: <a@b>\n\nEr ist nicht erreichbar.", false),
        ("Subject: Re: Printer\n\nI am out of the office.", false),
        ("Subject: Re: Printer\nIn-Reply-To: <a@b>\nAuto-Submitted: auto-replied\n\nI am out of the office.", false),
        ("Subject: Out of office\nAuto-Submitted: auto-replied", false),
        ("Subject: Printer", false),
        ("Subject: Printer\n\nYour mail is being held. Prove that you are human.", true),
        ("X-Loop: x\n\nYour mail is being held. Prove that you are human.", false),
        ("Subject: x\n\nYour mail will be delivered once you solve the captcha: https://x.example", true),
        ("Subject: x\n\nIt says my mail will be delivered after a captcha, which stays empty.", false),
        ("Subject: x\n\nI solved the captcha, and the order has not been delivered.", false),
    ];
    for (fields, expected) in cases {
        assert_eq!(read(fields), expected, "{fields}");
    }
}

#[test]
fn precedence_alone_is_no_list() {
    let cases = [
        ("Precedence: bulk", true),
        ("precedence: Junk", true),
        ("X-Precedence: list\nPrecedence: list", true),
        ("Precedence: list\nList-Id: <x.example.com>", false),
        ("Precedence: bulk\nList-Unsubscribe: <mailto:x@example.com>", false),
        ("Precedence: list\nReturn-Path: <friends-bounces@example.com>", false),
        ("Precedence: bulk\nFeedback-ID: 1:x:y", false),
        ("Precedence: bulk\nAuto-Submitted: auto-replied", false),
        ("Precedence: auto_reply", false),
        ("Precedence: normal", false),
        ("Subject: Printer", false),
    ];
    for (fields, expected) in cases {
        let raw = format!("From: ann@example.com\n{fields}\n\nI am out of the office until Monday.");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        assert_eq!(message.is_bulk_by_precedence_only(), expected, "{fields}");
    }
}

#[test]
fn an_empty_return_path_alone_leaves_a_doubt_on_a_first_mail() {
    let cases = [
        ("Return-Path: <>\nSubject: My order", true),
        ("Return-Path: <>\nSubject: My order\nIn-Reply-To: <a@b>", false),
        ("Return-Path: <>\nSubject: My order\nReferences: <a@b>", false),
        ("Return-Path: <>\nSubject: Re: My order", false),
        ("Return-Path: <>\nSubject: My order\nAuto-Submitted: auto-generated", false),
        ("Return-Path: <>\nSubject: Out of office", false),
        ("Subject: My order", false),
    ];
    for (fields, expected) in cases {
        let raw = format!("From: ann@example.com\n{fields}\n\nNumber 6 is wrong.");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        assert_eq!(message.is_automatic_by_return_path_only(), expected, "{fields}");
    }
}

#[test]
fn programs_that_want_a_proof_are_known_by_what_they_say() {
    let challenge = vec!["text: asks for a proof that a person wrote".to_string()];
    let cases = [
        ("Your message is being held. Click here to show that you are a human:", challenge.clone()),
        (
            "Your mail has not been delivered yet. Solve the captcha once, and I get all of your mails.",
            challenge.clone(),
        ),
        ("Ihre Nachricht wird zurückgehalten. Bitte zeigen Sie, dass Sie ein Mensch sind.", challenge.clone()),
        ("Your message about \"Printer\" was waitlisted.\n\nPlease add yourself to my Guest List.", challenge.clone()),
        (
            "You have sent a message to me, and my spam filter does not know you. You only have to do this once.",
            challenge.clone(),
        ),
        (
            "Just this once, please click the link below so I can receive your mails. You won't have to do this again.",
            challenge.clone(),
        ),
        (
            "Please verify that you sent this message. Reply to have your message delivered. It is being held.",
            challenge.clone(),
        ),
        (
            "Messages from you are being held because your address was not recognized. To release your pending \
             message(s), reply.",
            challenge.clone(),
        ),
        ("The message you sent requires that you verify that you are a real live human being.", challenge.clone()),
        ("To control spam, I now allow incoming messages only from senders I have approved.", challenge.clone()),
        ("My seat was waitlisted. How do I add a guest to my list?", vec![]),
        ("My message is being held, it says, and to release your pending message one has to reply. To whom?", vec![]),
        ("The message you sent requires a login, and its captcha stays empty.", vec![]),
        ("Please verify that you sent the order. The parcel is being held at customs.", vec![]),
        ("The portal does not know you, says the page, and your address was not recognized. I am Ann.", vec![]),
        ("Please open the port so I can receive your mails. I do not want to do this again.", vec![]),
        ("I cannot complete this verification. The verification process hangs at the last step.", vec![]),
        ("Please complete this verification for us and release your message.", vec![]),
        ("I want a real person, not a robot on the phone. I am waiting for delivery.", vec![]),
        ("Mein Auftrag wartet auf Freigabe, aber ich bin kein Roboter.", vec![]),
        ("Je ne suis pas un robot. Il faut que le colis soit remis demain.", vec![]),
        ("Não é um robô que me responde? Quero que o pacote seja entregue.", vec![]),
        ("I am waiting for your answer. Please confirm that you got it.", vec![]),
        ("The order will be delivered tomorrow, please confirm.", vec![]),
        ("The login has a captcha that I cannot read.", vec![]),
        ("Look:\n\n> Your message is being held. Show that you are a human:\n\nWhat is that?", vec![]),
    ];
    for (text, marks) in cases {
        let raw = format!("From: ann@example.com\nContent-Type: text/plain; charset=utf-8\n\n{text}\n");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        assert_eq!(in_words(&message), marks, "{text}");
    }
    for (bytes, expected) in [(challenge::MAX_CHALLENGE_BYTES, 1), (challenge::MAX_CHALLENGE_BYTES + 1, 0)] {
        let (waits, prove) = ("It is being held.", "Are you not a robot");
        let filling = "x".repeat(bytes - waits.len() - prove.len());
        let raw = format!("From: ann@example.com\n\n{waits}{filling}{prove}");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        assert_eq!(message.marks.len(), expected, "{bytes}");
    }
}

#[test]
fn receipts_in_plain_words_are_known_by_subject_and_text() {
    let read = "was read on Monday, 2 March 2026 at 09:30.";
    let of = |subject: &str, text: &str| {
        let raw =
            format!("From: ann@example.com\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        (message.origin == Origin::AutomaticReply, message.is_automatic_by_words_only())
    };
    let filled =
        |start: &str, bytes: usize, end: &str| format!("{start}{}{end}", "x".repeat(bytes - start.len() - end.len()));
    let of_bytes = |bytes| filled("Your message\n", bytes, &format!("\n\n{read}"));
    let of_lines = |lines: usize| format!("Your message\n{}\n{read}", "To: Ann\n".repeat(lines - 2));
    let ending = |bytes| format!("Your message\n\n{}", filled("It ", bytes, &format!(" {read}")));
    let cases = [
        ("a receipt", of("Read: Printer", &format!("Your message\n\nTo: Ann\n\n{read}")), (true, true)),
        (
            "in German",
            of("Gelesen: Drucker", "Ihre Nachricht\n\nwurde am 2. März 2026 um 09:30 gelesen."),
            (true, true),
        ),
        ("of Lotus Notes", of("Return Receipt (displayed)", "This is a Return Receipt for the mail."), (true, true)),
        (
            "in Spanish, with the day alone",
            of("Leído: Re: Cuenta", "Su mensaje\n\n  Para: Desk\n\nfue leído el domingo, 29 de noviembre."),
            (true, true),
        ),
        (
            "in Russian",
            of("Прочитано: Счёт", "Ваше сообщение\n\nКому: Desk\n\nбыло прочитано 29.11.2026 11:05."),
            (true, true),
        ),
        ("in Swedish", of("Läst: Konto", "Ditt meddelande\n\nlästes den 29 november 2026 11:05."), (true, true)),
        (
            "of a mail that nobody read",
            of("Not read: Re: x", "Your message\n\nwas deleted without being read on Sunday, 29 November 2026."),
            (true, true),
        ),
        (
            "of Lotus Notes, with a title",
            of(
                "Return Receipt: Re: x",
                "Return Receipt\n\nYour document: Re: x\nwas received by: Ann/Acme\nat: 29.11.2026 11:05",
            ),
            (true, true),
        ),
        ("of GroupWise", of("Message status - opened", "Mail to Ann was opened on 29.11.2026"), (true, true)),
        (
            "of the post",
            of("Return receipt: parcel 4711", "The parcel was received by Ann at 29.11.2026 11:05."),
            (false, false),
        ),
        (
            "of the post, with a title",
            of("Return receipt", "Return receipt\n\nThe parcel was received by Ann at 29.11.2026 11:05."),
            (false, false),
        ),
        (
            "about GroupWise",
            of("Message status - opened", "All of ours say that since 29.11.2026. They were opened by nobody."),
            (false, false),
        ),
        ("a day within a sentence", of("Read: x", "Your message of 29 November was read on arrival."), (false, false)),
        ("a person's subject", of("Read: the manual is wrong", "Page 12 says that it burns."), (false, false)),
        ("a person's text", of("Printer", read), (false, false)),
        ("a question", of("Read: Printer", &format!("Why do I get \"{read}\"?")), (false, false)),
        (
            "a meter",
            of("Return receipt for order 4711", "The meter has been read by your technician. I still wait."),
            (false, false),
        ),
        ("words behind the receipt's", of("Return receipt for order 4711", &of_bytes(200)), (false, false)),
        ("another thing that was read", of("Return receipt", &format!("The meter {read}")), (false, false)),
        ("no time", of("Gelesen: Drucker", "Ihre Nachricht habe ich gelesen."), (false, false)),
        ("words below it", of("Read: Printer", &format!("Your message\n\n{read}\n\nIt burns.")), (false, false)),
        (
            "words behind it",
            of("Read: Printer", &format!("Your message {read} Please call. It burns.")),
            (false, false),
        ),
        ("all that it may say", of("Read: x", &of_bytes(receipt::MAX_RECEIPT_BYTES)), (true, true)),
        ("more", of("Read: x", &of_bytes(receipt::MAX_RECEIPT_BYTES + 1)), (false, false)),
        ("all its lines", of("Read receipt", &of_lines(receipt::MAX_RECEIPT_LINES)), (true, true)),
        ("more lines", of("Read receipt", &of_lines(receipt::MAX_RECEIPT_LINES + 1)), (false, false)),
        ("its longest end", of("Read: x", &ending(receipt::MAX_SAID_BYTES)), (true, true)),
        ("a longer end", of("Read: x", &ending(receipt::MAX_SAID_BYTES + 1)), (false, false)),
    ];
    for (name, got, expected) in cases {
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn an_answer_to_an_invitation_that_lost_its_calendar_says_nothing_but_its_subject() {
    let file = "Content-Type: application/pdf\nContent-Disposition: attachment; filename=offer.pdf\n\n%PDF";
    let cases = [
        ("Accepted: Re: Account 5\n\n\n", true),
        ("Declined: Call\n\n \n", true),
        ("Tentative: Call\n\n", true),
        ("Mit Vorbehalt: Termin\n\n", true),
        ("=?utf-8?q?Accept=C3=A9_=3A_R=C3=A9union?=\n\n", true),
        ("Accepted: Call\n\nI come late. Is the API down?\n", false),
        (&format!("Accepted: offer 5\n{file}"), false),
        ("Re: Accepted: Call\n\n", false),
        ("Accepted\n\n", false),
        ("Printer\n\n", false),
    ];
    for (mail, expected) in cases {
        let raw = format!("From: ann@example.com\nSubject: {mail}");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        let got = (message.origin == Origin::AutomaticReply, message.is_automatic_by_words_only());
        assert_eq!(got, (expected, expected), "{mail}: {:?}", message.marks);
    }
}

#[test]
fn calendars_that_answer_are_programs_and_those_that_invite_are_people() {
    use Origin::{AutomaticReply, Person};
    let cases = [
        ("REQUEST", Person, &[][..]),
        ("CANCEL", Person, &[]),
        ("PUBLISH", Person, &[]),
        ("REPLY", AutomaticReply, &["calendar: reply, accepted"]),
        ("COUNTER", Person, &[]),
        ("REFRESH", AutomaticReply, &["calendar: refresh, accepted"]),
    ];
    for (method, origin, marks) in cases {
        let event = "BEGIN:VEVENT\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b\nEND:VEVENT";
        let calendar = format!("BEGIN:VCALENDAR\nMETHOD:{method}\n{event}\nEND:VCALENDAR\n");
        let raw = format!("From: ann@example.com\nContent-Type: text/calendar; method={method}\n\n{calendar}");
        let message = parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
        assert_eq!(
            (message.origin, in_words(&message)),
            (origin, marks.iter().map(ToString::to_string).collect()),
            "{method}"
        );
    }
}

#[test]
fn every_mark_is_named_in_words() {
    let (_, marks) = verdict("Auto-Submitted: auto-replied\nPrecedence: bulk\nReturn-Path: <>");
    assert_eq!(marks, ["Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>"]);
}
