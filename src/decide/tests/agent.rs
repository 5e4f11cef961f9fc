//! What an agent's mail does: whose it is, where its words go, and what each command changes.

use super::*;
use crate::decide::policy::Traffic;
use crate::message::Attachment;

/// Bob's answer to a notification that only he has.
fn from_bob(text: &str) -> Mail {
    mail("bob@desk.example", on_ticket(Some(3)), text)
}

const RESOLUTION: &str = "#resolve\nRoot Cause: heat\nSolution: water\nVerification: it is cold";

#[test]
fn an_agent_hears_what_was_not_sent_however_much_else_was() {
    let open = |subject: &str| Some((subject.to_owned(), in_minutes(60)));
    let full = Traffic { address_hour: 1_000, address_day: 1_000, ..Default::default() };
    let busy = Traffic { ticket_10_minutes: 1_000, ..Default::default() };
    let with = |traffic: Traffic, open_breaker| Standing { traffic, open_breaker, ..Default::default() };
    for (name, standing, text, is_told) in [
        ("refused", with(full, None), "#tkae", true),
        ("refused, and the agent's breaker is open", with(full, open("bob@desk.example")), "#tkae", true),
        ("refused, and the desk's is", with(full, open("")), "#tkae", false),
        ("refused, on a ticket that goes round", with(busy, None), "#tkae", false),
        ("carried out", with(full, None), "#take", false),
    ] {
        let decision = on_mail(&from_bob(text), Some(&ticket()), &standing, &policy(), now());
        let is_transcript = |sent: &String| sent == "send transcript to bob@desk.example";
        assert_eq!(told(&decision).iter().any(is_transcript), is_told, "{name}: {:?}", told(&decision));
    }
}

#[test]
fn an_agent_is_told_who_answered_in_its_place_by_what_went_to_the_agent_and_not_to_them() {
    let open = |subject: &str| Some((subject.to_owned(), in_minutes(60)));
    let with = |address_hour, open_breaker| Standing {
        traffic: Traffic { address_hour, ..Default::default() },
        open_breaker,
        ..Default::default()
    };
    let theirs = || Standing { is_suppressed: true, ..with(1_000, open("mallory@elsewhere.example")) };
    for (name, author, holder, is_told) in [
        ("nothing went to the agent", theirs(), with(0, None), true),
        ("nothing went to the author", with(0, None), with(1_000, None), false),
        ("the agent's breaker is open", theirs(), with(1_000, open("bob@desk.example")), false),
        ("the ticket's is", theirs(), with(0, open("PR-1042")), false),
    ] {
        let standing = Standing { holder: Some(Box::new(holder)), ..author };
        let mail = mail("mallory@elsewhere.example", on_ticket(Some(3)), "Me, too.");
        let decision = on_mail(&mail, Some(&ticket()), &standing, &policy(), now());
        let is_transcript = |sent: &String| sent == "send transcript to bob@desk.example";
        assert_eq!(told(&decision).iter().any(is_transcript), is_told, "{name}: {:?}", told(&decision));
    }
}

#[test]
fn what_an_agent_is_told_is_withheld_for_no_mail_that_came_back() {
    let suppressed = Standing { is_suppressed: true, ..Standing::default() };
    let mallory = Mail { thread: on_ticket(None), ..from_bob("#close") };
    let cases = [
        ("refused", from_bob("#tkae"), "send transcript to bob@desk.example"),
        ("carried out", from_bob("#take"), "send transcript to bob@desk.example"),
        ("not the agent's", mallory, "send spoof-notice to bob@desk.example"),
    ];
    for (name, mail, expected) in cases {
        let decision = on_mail(&mail, Some(&ticket()), &suppressed, &policy(), now());
        assert!(told(&decision).iter().any(|line| line == expected), "{name}: {:?}", told(&decision));
    }
}

#[test]
fn an_agent_whose_words_were_taken_for_a_programs_hears_of_it() {
    let filed: &[&str] = &["append automatic of nobody"];
    let told_bob: &[&str] = &["append automatic of nobody", "send transcript to bob@desk.example"];
    let cases = [
        ("called so by a field", Some(3), MarkOn::Program, filed),
        ("by its words", Some(3), MarkOn::Text, told_bob),
        ("by its words, and not proven", Some(1), MarkOn::Text, filed),
        ("by its subject", Some(3), MarkOn::Subject, filed),
    ];
    for (name, holder, on, expected) in cases {
        let mut mail = Mail { thread: on_ticket(holder), ..from_bob("I am on vacation.") };
        mail.message.in_reply_to = vec![MessageId("ours@desk.example".to_owned())];
        mail.message.origin = Origin::AutomaticReply;
        mail.message.marks = marks([on]);
        assert_eq!(told(&decide(&mail, Some(&ticket()))), expected, "{name}");
    }
}

#[test]
fn an_agent_whose_mail_took_the_way_of_a_list_hears_that_it_went_to_nobody() {
    let filed: &[&str] = &["append automatic of nobody"];
    let told_bob: &[&str] = &["append automatic of nobody", "send transcript to bob@desk.example"];
    let answers = |purpose| {
        let Thread::Ticket { ticket, evidence, holder, also, .. } = on_ticket(Some(3)) else { unreachable!() };
        Thread::Ticket { ticket, evidence, holder, answers: Some(purpose), also }
    };
    let cases = [
        ("through a list", on_ticket(Some(3)), marks([MarkOn::List, MarkOn::Precedence]), told_bob),
        ("as mail to many", on_ticket(Some(3)), marks([MarkOn::Precedence]), told_bob),
        ("and not proven", on_ticket(Some(1)), marks([MarkOn::List]), filed),
        ("and marked by a program", on_ticket(Some(3)), marks([MarkOn::List, MarkOn::Program]), filed),
        // One that answers while the agent is away would answer the next one, too.
        ("in answer to a transcript", answers(Purpose::Transcript), marks([MarkOn::Precedence]), filed),
    ];
    for (name, thread, marks, expected) in cases {
        let mut mail = Mail { thread, ..from_bob("#take") };
        mail.message.origin = Origin::Bulk;
        mail.message.marks = marks;
        assert_eq!(told(&decide(&mail, Some(&ticket()))), expected, "{name}");
    }
}

#[test]
fn an_agents_mail_that_only_asks_for_no_answers_is_carried_out() {
    let filed: &[&str] = &["append automatic of nobody"];
    let taken = ["append internal of party 3", "assign bob", "send transcript to bob@desk.example"];
    let cases: [(&str, Vec<Mark>, &[&str]); 2] = [
        ("asks for no answers", marks([MarkOn::Suppress]), &taken),
        ("and is one", marks([MarkOn::Suppress, MarkOn::Program]), filed),
    ];
    for (name, marks, expected) in cases {
        let mut mail = from_bob("#take");
        mail.message.origin = Origin::AutomaticReply;
        mail.message.marks = marks;
        assert_eq!(told(&decide(&mail, Some(&ticket()))), expected, "{name}");
    }
}

#[test]
fn an_agents_mail_is_believed_when_something_proves_it() {
    type Change = fn(&mut Mail);
    let old = |mail: &mut Mail| {
        let Thread::Ticket { holder: Some(token), .. } = &mut mail.thread else { unreachable!() };
        token.week -= 20;
    };
    let cases: [(&str, Change, bool); 8] = [
        ("it answers a mail that only Bob has", |_| {}, true),
        (
            "authenticated, and answers nothing",
            |mail| {
                mail.thread = on_ticket(None);
                mail.message.authentication = Authentication::Pass;
            },
            true,
        ),
        ("nothing at all", |mail| mail.thread = on_ticket(None), false),
        ("it answers Ann's mail", |mail| mail.thread = on_ticket(Some(1)), false),
        ("it answers nobody's mail", |mail| mail.thread = on_ticket(Some(99)), false),
        ("it answers a mail of last year", old, false),
        ("its answers go elsewhere", |mail| mail.message.reply_to = vec![Address::bare("m@evil.example")], false),
        ("it has two authors", |mail| mail.message.from.push(Address::bare("ann@example.com")), false),
    ];
    for (name, change, is_believed) in cases {
        let mut mail = from_bob("#close");
        change(&mut mail);
        let decision = decide(&mail, Some(&ticket()));
        if is_believed {
            assert_eq!(decision.outcome, Some(Outcome::AgentCommand), "{name}");
        } else {
            assert_eq!(decision.outcome, Some(Outcome::Quarantined(Cause::new("spoofed-agent"))), "{name}");
            assert_eq!(told(&decision), ["remarked", "send spoof-notice to bob@desk.example"], "{name}");
        }
    }
}

#[test]
fn what_an_agent_writes_does_what_it_says() {
    let answered = ["first response", "no first-response", "assign bob"];
    let replies = ["send reply to ann@example.com", "send reply to carl@example.com"];
    let watched = ["update in 240 min", "nudge in 230 min"];
    let transcript = ["send transcript to bob@desk.example"];
    let cleared = ["no first-response", "no update", "no nudge"];
    let cases: [(&str, &str, Vec<&[&str]>); 9] = [
        ("an answer", "We are on it.", vec![&["append public of party 3"], &replies, &answered, &watched]),
        ("a note", "#note\nA VIP.", vec![&["append internal of party 3", "noted"], &transcript]),
        ("taking it", "#take", vec![&["append internal of party 3", "assign bob"], &transcript]),
        (
            "a severity, by which the answer below promises",
            "#severity low\nIt can wait.",
            vec![
                &["append public of party 3", "keep the severity", "severity low", "first-response in 1380 min"],
                &replies,
                &answered,
                &["update in 1440 min", "nudge in 1430 min"],
                &transcript,
            ],
        ),
        (
            "its own severity",
            "#severity medium",
            vec![&["append internal of party 3", "keep the severity"], &transcript],
        ),
        (
            "handing it on with a word to the customer, which does not keep it",
            "#escalate\nMy colleague will see.",
            vec![
                &["append public of party 3"],
                &replies,
                &answered,
                &watched,
                &["tier-2", "assign nobody", "send notification to sue@desk.example"],
                &transcript,
            ],
        ),
        (
            "a resolution",
            RESOLUTION,
            vec![
                &["append public of party 3", "resolution-sent"],
                &["send resolution to ann@example.com", "send resolution to carl@example.com"],
                &cleared,
                &["status resolved"],
                &answered,
                &transcript,
            ],
        ),
        (
            "last words",
            "#close\nGoodbye.",
            vec![&["append public of party 3"], &replies, &answered, &cleared, &["status closed"], &transcript],
        ),
        ("an order nobody knows", "#nonsense\n#close", vec![&["append internal of nobody", "remarked"], &transcript]),
    ];
    for (name, text, expected) in cases {
        let decision = decide(&from_bob(text), Some(&ticket()));
        assert_eq!(told(&decision), expected.concat(), "{name}");
    }
}

#[test]
fn last_words_promise_no_update() {
    let decision = decide(&from_bob("#close\nGoodbye."), Some(&ticket()));
    let expected = Content::Reply { text: "Goodbye.".to_owned(), expected_update_at: None };
    assert_eq!(sent_to(&decision, "ann@example.com"), [&expected]);
}

#[test]
fn at_the_last_tier_there_is_nobody_to_escalate_to() {
    let last = Ticket { tier: Tier::Three, ..ticket() };
    let decision = decide(&from_bob("#escalate"), Some(&last));
    assert_eq!(told(&decision), ["append internal of party 3", "send transcript to bob@desk.example"]);
}

#[test]
fn what_cannot_be_carried_out_changes_nothing_and_is_explained() {
    let cases = [
        ("a resolution with a part missing", "#resolve\nSolution: water", "`Root Cause:`, `Verification:` missing"),
        ("one wrong command among good ones", "#take\n#tkae", "there is no command #tkae"),
        ("nothing above the quote", "", "there is nothing above the quoted mail"),
    ];
    for (name, text, why) in cases {
        let decision = decide(&from_bob(text), Some(&ticket()));
        let expected = ["append internal of nobody", "remarked", "send transcript to bob@desk.example"];
        assert_eq!(told(&decision), expected, "{name}");
        let [Content::Transcript { lines, carried_out: false, .. }] = sent_to(&decision, "bob@desk.example")[..] else {
            panic!("{name}: {decision:?}")
        };
        assert!(lines.iter().any(|line| line.is_error && line.result.starts_with(why)), "{name}: {lines:?}");
    }
}

#[test]
fn a_mail_that_passes_another_on_goes_to_nobody() {
    let refused = ["append internal of nobody", "remarked", "send transcript to bob@desk.example"];
    for (name, subject, text, is_refused) in [
        ("passed on", "Fwd: Our plans", "See below.\nThey must not know.", true),
        ("passed on above our mail", "FW: [PR-1042] Printer on fire", "See below.", true),
        ("an answer to what was passed on", "Re: Fwd: Printer on fire [PR-1042]", "It is out.", false),
        ("for agents", "Fwd: Our plans", "#note\nThey must not know.", false),
        ("an order alone", "Fwd: Our plans", "#take", false),
        ("an answer in Finnish, above our mail", "VS: [PR-1042] Printer on fire", "It is out.", false),
    ] {
        let mut mail = from_bob(text);
        mail.message.subject = subject.to_owned();
        if subject.contains("[PR-1042] Printer") {
            mail.message.body.quote = format!("> {}", crate::message::body::ANSWER_ABOVE);
        }
        let decision = decide(&mail, Some(&ticket()));
        assert_eq!(told(&decision) == refused, is_refused, "{name}: {:?}", told(&decision));
    }
}

#[test]
fn what_is_for_colleagues_goes_to_nobody() {
    let (colleague, customer) = (Address::bare("lead@elsewhere.example"), Address::bare("ann@example.com"));
    let partner = Address::bare("carl@example.com");
    let desk = policy().support_address;
    for (name, to, text, is_refused) in [
        ("to a colleague, the desk has a copy", vec![colleague.clone()], "What do we say?", true),
        ("to another agent", vec![Address::bare("sue@desk.example")], "What do we say?", true),
        ("the same as a note", vec![colleague.clone()], "#note\nWhat do we say?", false),
        ("to the desk and a colleague", vec![desk.clone(), colleague], "It is out.", false),
        ("to the customer, the desk has a copy", vec![customer], "It is out.", false),
        ("to somebody on the ticket, the desk has a copy", vec![partner], "Can you do it?", true),
        ("lines of a notification", vec![desk.clone()], "It is out.\nYour answer goes to: Ann", true),
        ("its last ones", vec![desk], "It is out.\n\nCommands, on the first lines of an answer: #take", true),
    ] {
        let mut mail = from_bob(text);
        mail.message.to = to;
        let told = told(&decide(&mail, Some(&ticket())));
        assert_eq!(told[0] == "append internal of nobody", is_refused, "{name}: {told:?}");
        assert_eq!(told.iter().any(|effect| effect.starts_with("send reply")), !is_refused && !text.starts_with('#'));
    }
}

#[test]
fn an_answer_to_a_spoof_notice_never_goes_to_the_customer() {
    let answers_notice = |text: &str| {
        let mut mail = from_bob(text);
        let Thread::Ticket { answers, .. } = &mut mail.thread else { unreachable!() };
        *answers = Some(Purpose::SpoofNotice);
        mail
    };
    let cases = [
        ("words", "Not me!", vec!["append internal of party 3", "noted"]),
        ("an order and words", "#take\nNot me!", vec!["append internal of party 3", "assign bob", "noted"]),
        ("an order", "#take", vec!["append internal of party 3", "assign bob"]),
    ];
    for (name, text, mut expected) in cases {
        expected.push("send transcript to bob@desk.example");
        assert_eq!(told(&decide(&answers_notice(text), Some(&ticket()))), expected, "{name}");
    }
}

#[test]
fn an_agent_is_a_customer_on_a_ticket_of_their_own() {
    let mut own = ticket();
    own.parties[0].address = Address::bare("bob@desk.example");
    own.parties.truncate(1);
    let decision = decide(&mail("bob@desk.example", on_ticket(Some(1)), "#close"), Some(&own));
    assert_eq!(decision.outcome, Some(Outcome::FollowUp));
    assert_eq!(told(&decision), ["append public of party 1"], "nobody is told of a mail of their own");
}

#[test]
fn an_agents_out_of_office_is_no_answer() {
    let mut mail = from_bob("#close");
    mail.message.origin = Origin::AutomaticReply;
    let decision = decide(&mail, Some(&ticket()));
    assert_eq!(
        (told(&decision), decision.outcome),
        (vec!["append automatic of nobody".to_owned()], Some(Outcome::AutoReply))
    );
}

#[test]
fn an_escalation_brings_what_the_customer_wrote_last() {
    let decision = decide(&from_bob("#escalate tier-3 needs a look at the code"), Some(&ticket()));
    let brief = decision.effects.iter().find_map(|effect| match effect {
        Effect::Send(draft) => match &draft.content {
            Content::Notification(notification) => Some(notification.text.as_str()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(brief, Some("It burns."));
}

#[test]
fn what_signs_an_agents_mail_does_not_go_along_with_the_answer() {
    let files = |mail: &Mail| {
        let decision = decide(mail, Some(&ticket()));
        decision.effects.iter().find_map(|effect| match effect {
            Effect::Send(draft) if draft.to.is_same("ann@example.com") => Some(draft.attachments.clone()),
            _ => None,
        })
    };
    let with = |text: &str, media_types: &[&str]| {
        let mut mail = from_bob(text);
        let file = |(index, media_type): (usize, &&str)| Attachment {
            name: None,
            media_type: (*media_type).to_owned(),
            size_bytes: 9,
            inline: false,
            index,
        };
        mail.message.attachments = media_types.iter().enumerate().map(file).collect();
        mail
    };
    for (name, text, media_types, expected) in [
        ("signed by S/MIME", "Done.", &["application/pkcs7-signature"][..], Some(vec![])),
        (
            "signed by OpenPGP, the key beside it",
            "Done.",
            &["application/pgp-keys", "application/pgp-signature"],
            Some(vec![]),
        ),
        ("a file and a signature", "See it.", &["application/pdf", "application/x-pkcs7-signature"], Some(vec![0])),
        ("a file alone", "", &["application/pdf"], Some(vec![0])),
        ("a signature and no word", "", &["application/pkcs7-signature"], None),
        ("a file that somebody signed, and words", "See it.", &["application/pkcs7-mime"], Some(vec![0])),
        ("nothing but an encrypted mail", "", &["application/pkcs7-mime"], None),
    ] {
        assert_eq!(files(&with(text, media_types)), expected, "{name}");
    }
}

#[test]
fn a_signature_below_the_form_is_no_part_of_the_solution() {
    let verification = |below: &str| {
        let decision = decide(&from_bob(&format!("{RESOLUTION}{below}")), Some(&ticket()));
        decision.effects.iter().find_map(|effect| match effect {
            Effect::Record { what: What::ResolutionSent { verification, .. }, .. } => Some(verification.clone()),
            _ => None,
        })
    };
    let cases = [
        ("none", "", "it is cold"),
        ("a closing and the agent's name", "\n\nMit freundlichen Grüßen\n\nBob\nExample Ltd", "it is cold"),
        ("the name alone", "\n\nBob\n+47 1234", "it is cold"),
        ("more of the solution", "\n\nThanks to your log we saw it.", "it is cold\n\nThanks to your log we saw it."),
        ("a closing of somebody else", "\n\nRegards,\nAnn wrote this.", "it is cold\n\nRegards,\nAnn wrote this."),
    ];
    for (name, below, expected) in cases {
        assert_eq!(verification(below).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn words_below_a_line_that_an_agent_draws_below_commands_are_sent() {
    for (text, is_sent) in [
        ("#take\n\n----------\nHello Ann, it works now. Please try once more.", true),
        ("#take\n\n----------\nBob", false),
        ("#take\n\n----------", false),
    ] {
        let told = told(&decide(&from_bob(text), Some(&ticket())));
        assert_eq!(told.iter().any(|effect| effect.starts_with("send reply")), is_sent, "{text}: {told:?}");
    }
}
