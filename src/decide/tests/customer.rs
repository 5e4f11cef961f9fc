//! What a customer's mail does: who speaks on a ticket, when it starts over, how bad it gets, who is told.

use super::draft::{Draft, LeftOut};
use super::*;
use crate::decide::policy::Traffic;
use crate::message::Attachment;

fn from_ann(text: &str) -> Mail {
    mail("ann@example.com", on_ticket(None), text)
}

fn asking_for(severity: Severity, mut mail: Mail) -> Mail {
    mail.verdict.severity = because(severity);
    mail
}

#[test]
fn who_speaks_on_a_ticket_is_settled_by_what_they_hold_or_who_they_are() {
    let cases = [
        ("the requester", "ann@example.com", None, Authentication::None, "append public of party 1"),
        ("somebody in Cc", "carl@example.com", None, Authentication::None, "append public of party 2"),
        (
            "a stranger with Ann's reply address",
            "a@home.example",
            Some(1),
            Authentication::None,
            "append public of party 1",
        ),
        (
            "the same, failing authentication",
            "a@home.example",
            Some(1),
            Authentication::Fail,
            "append public of party 1",
        ),
        ("a stranger", "m@evil.example", None, Authentication::None, "append unverified of nobody"),
        ("a stranger, authenticated", "m@evil.example", None, Authentication::Pass, "append unverified of nobody"),
        (
            "Ann's name, failing authentication",
            "ann@example.com",
            None,
            Authentication::Fail,
            "append unverified of nobody",
        ),
        (
            "a stranger with an agent's reply address",
            "m@evil.example",
            Some(3),
            Authentication::None,
            "append unverified of nobody",
        ),
        (
            "the address of a party that is not there",
            "m@evil.example",
            Some(99),
            Authentication::None,
            "append unverified of nobody",
        ),
    ];
    for (name, from, holder, authentication, expected) in cases {
        let mut mail = mail(from, on_ticket(holder), "Still on fire.");
        mail.message.authentication = authentication;
        let decision = decide(&mail, Some(&ticket()));
        assert_eq!(told(&decision)[0], expected, "{name}");
        let told_as = if name.contains("an agent's") { "send transcript" } else { "send notification" };
        let is_told = told(&decision).contains(&format!("{told_as} to bob@desk.example"));
        assert!(is_told, "{name}: {:?}", told(&decision));
    }
}

#[test]
fn a_stranger_does_not_use_up_what_agents_are_told() {
    let most = policy().caps.per_ticket_10_minutes;
    for (from, told_before, is_told) in [
        ("m@evil.example", most / 2 - 1, true),
        ("m@evil.example", most / 2, false),
        ("ann@example.com", most / 2, true),
    ] {
        let traffic = Traffic { told_10_minutes: told_before, ..Default::default() };
        let standing = Standing { traffic, ..Default::default() };
        let mail = mail(from, on_ticket(None), "Still on fire.");
        let decision = on_mail(&mail, Some(&ticket()), &standing, &policy(), now());
        assert_eq!(!sent_to(&decision, "bob@desk.example").is_empty(), is_told, "{from} after {told_before}");
    }
}

#[test]
fn who_was_an_agent_once_is_as_good_as_anybody() {
    let mut policy = policy();
    policy.agents.retain(|agent| agent.id.0 != "bob");
    for (name, holder, authentication) in [
        ("by address", None, Authentication::Pass),
        ("by an answer address of old", Some(3), Authentication::Pass),
        ("by nothing at all", None, Authentication::None),
    ] {
        let mut bobs = mail("bob@desk.example", on_ticket(holder), "#close\nBye.");
        (bobs.who, bobs.message.authentication) = (Who::Stranger, authentication);
        let decision = on_mail(&bobs, Some(&ticket()), &Standing::default(), &policy, now());
        assert_eq!(
            told(&decision)[..2],
            ["append unverified of nobody", "remarked"],
            "{name}: kept, and told those who are agents"
        );
        assert!(sent_to(&decision, "bob@desk.example").is_empty(), "{name}");
    }
}

#[test]
fn a_mail_of_two_authors_speaks_for_neither() {
    let mut mail = from_ann("Still on fire.");
    mail.message.from.push(Address::bare("m@evil.example"));
    let told_bob = ["append unverified of nobody", "remarked", "send notification to bob@desk.example"];
    assert_eq!(told(&decide(&mail, Some(&ticket()))), told_bob);
}

#[test]
fn a_request_opens_a_ticket_is_acknowledged_and_told() {
    let decision = decide(&mail("new@example.com", Thread::New, "It burns."), None);
    let expected = [
        "open for new@example.com as medium",
        "append public of party 1",
        "first-response in 240 min",
        "send acknowledgement to new@example.com",
        "update in 240 min",
        "nudge in 230 min",
        "send notification to bob@desk.example",
    ];
    assert_eq!(told(&decision), expected);
}

#[test]
fn who_is_not_acknowledged_was_promised_nothing() {
    let request = mail("new@example.com", Thread::New, "It burns.");
    let mut quiet = request.clone();
    quiet.verdict.answer = because(false);
    let suppressed = Standing { is_suppressed: true, ..Standing::default() };
    let cases = [
        ("as many mails as may be", &request, capped_but_for(0)),
        ("an address that does not work", &request, suppressed),
        ("a rule says so", &quiet, Standing::default()),
    ];
    for (name, mail, standing) in cases {
        let decision = on_mail(mail, None, &standing, &policy(), now());
        let trips = name == "as many mails as may be";
        let alarm = ["open breaker of address new@example.com", "send alarm to bob@desk.example"];
        let expected = [
            &["open for new@example.com as medium", "append public of party 1", "first-response in 240 min"][..],
            if trips { &alarm } else { &[] },
            &["send notification to bob@desk.example"],
        ];
        assert_eq!(told(&decision), expected.concat(), "{name}");
        assert!(words(&decision).contains(&"no-answer"), "{name}");
    }
}

#[test]
fn a_mail_that_only_its_subject_calls_automatic_is_read_by_a_person_and_not_answered() {
    let mut mail = mail("ann@example.com", Thread::New, "Who answers while I am away?");
    mail.message.origin = Origin::AutomaticReply;
    let decide = |mail: &Mail| on_mail(mail, None, &Standing::default(), &policy(), now());
    assert_eq!(decide(&mail).outcome, Some(Outcome::AutoReply));
    mail.message.marks = marks([MarkOn::Text]);
    let decision = decide(&mail);
    assert_eq!(decision.outcome, Some(Outcome::TicketOpened));
    assert!(decision.reasons.iter().any(|reason| reason.word == "no-answer"), "{:?}", decision.reasons);
    // What answers a mail that is not ours under a program's subject is a program's.
    mail.message.marks = marks([MarkOn::Subject]);
    assert_eq!(decide(&mail).outcome, Some(Outcome::TicketOpened), "it answers none");
    mail.message.in_reply_to = vec![MessageId("theirs@example.com".to_owned())];
    assert_eq!(decide(&mail).outcome, Some(Outcome::AutoReply), "it answers one");
}

#[test]
fn a_first_mail_with_an_empty_return_path_and_no_other_mark_is_read_by_a_person_and_not_answered() {
    for (subject, marks, expected) in [
        ("My order", marks([MarkOn::NullPath]), Outcome::TicketOpened),
        ("Re: My order", marks([MarkOn::NullPath]), Outcome::AutoReply),
        ("My order", marks([MarkOn::NullPath, MarkOn::Program]), Outcome::AutoReply),
    ] {
        let mut mail = mail("ann@example.com", Thread::New, "Number 6 is wrong.");
        mail.message.subject = subject.to_owned();
        mail.message.origin = Origin::AutomaticReply;
        mail.message.marks = marks;
        let decision = decide(&mail, None);
        assert_eq!(decision.outcome, Some(expected), "{subject}, {:?}", mail.message.marks);
        assert!(sent_to(&decision, "ann@example.com").is_empty(), "{subject}");
    }
}

#[test]
fn a_mail_that_only_its_words_call_automatic_changes_nothing_on_a_ticket_and_is_told() {
    let told_bob: &[&str] = &["append automatic of nobody", "send notification to bob@desk.example"];
    let filed: &[&str] = &["append automatic of nobody"];
    let kept: &[&str] = &["append unverified of nobody", "remarked", "send notification to bob@desk.example"];
    let cases = [
        ("on an open ticket", ticket(), "ann@example.com", Who::Stranger, told_bob),
        ("on a resolved one", ticket_that_is(Status::Resolved), "ann@example.com", Who::Stranger, told_bob),
        ("of somebody else", ticket(), "m@evil.example", Who::Stranger, kept),
        ("of a monitor", ticket(), "ann@example.com", Who::Monitor, filed),
    ];
    for (name, ticket, from, who, expected) in cases {
        let mut mail = Mail { who, ..mail(from, on_ticket(None), "I am away. Nothing works, and who answers now?") };
        mail.message.origin = Origin::AutomaticReply;
        let robots = told(&decide(&mail, Some(&ticket)));
        assert_eq!(robots, filed, "{name}, called so by a field");
        mail.message.marks = marks([MarkOn::Text]);
        assert_eq!(told(&decide(&mail, Some(&ticket))), expected, "{name}");
    }
}

#[test]
fn a_partys_mail_that_only_asks_for_no_answers_is_filed_and_told() {
    let told_bob: &[&str] = &["append automatic of nobody", "send notification to bob@desk.example"];
    let filed: &[&str] = &["append automatic of nobody"];
    let asks = || marks([MarkOn::Suppress]);
    let cases = [
        ("on an open ticket", ticket(), asks(), told_bob),
        ("on a resolved one", ticket_that_is(Status::Resolved), asks(), told_bob),
        ("with another mark", ticket(), marks([MarkOn::Suppress, MarkOn::Program]), filed),
    ];
    for (name, ticket, marks, expected) in cases {
        let mut mail = from_ann("No, it is still down. Please call us.");
        mail.message.origin = Origin::AutomaticReply;
        mail.message.marks = marks;
        assert_eq!(told(&decide(&mail, Some(&ticket))), expected, "{name}");
    }
}

#[test]
fn a_partys_mail_that_only_precedence_calls_automatic_begins_no_done_ticket_again() {
    let told_bob: &[&str] = &["append automatic of nobody", "send notification to bob@desk.example"];
    let by_precedence = || marks([MarkOn::Precedence]);
    let of_a_list = || marks([MarkOn::Program, MarkOn::Precedence]);
    let long_closed = Ticket { closed_at: Some(in_minutes(-60 * 24 * 15)), ..ticket_that_is(Status::Closed) };
    let cases = [
        ("resolved", ticket_that_is(Status::Resolved), by_precedence(), Outcome::AutoReply, Some(told_bob)),
        ("closed", ticket_that_is(Status::Closed), by_precedence(), Outcome::AutoReply, Some(told_bob)),
        ("open", ticket(), by_precedence(), Outcome::FollowUp, None),
        ("closed for too long", long_closed, by_precedence(), Outcome::TicketOpened, None),
        ("through a list", ticket_that_is(Status::Resolved), of_a_list(), Outcome::FollowUp, None),
    ];
    for (name, ticket, marks, outcome, expected) in cases {
        let mut mail = from_ann("I am out of the office until Monday.");
        mail.message.origin = Origin::Bulk;
        mail.message.marks = marks;
        let decision = decide(&mail, Some(&ticket));
        assert_eq!(decision.outcome, Some(outcome), "{name}");
        let told = told(&decision);
        assert!(told.contains(&"send notification to bob@desk.example".to_owned()), "{name}: {told:?}");
        assert!(expected.is_none_or(|expected| told == expected), "{name}: {told:?}");
    }
}

#[test]
fn a_partys_mail_that_only_its_address_calls_automatic_is_filed_and_told() {
    let told_bob: &[&str] = &["append automatic of nobody", "send notification to bob@desk.example"];
    let filed: &[&str] = &["append automatic of nobody"];
    let of_address = || marks([MarkOn::Address]);
    let cases = [
        ("with the address in its path, too", ticket(), Some(1), marks([MarkOn::Address; 2]), told_bob),
        ("with our answer address", ticket(), Some(1), of_address(), told_bob),
        ("by nobody on the ticket", ticket(), None, of_address(), filed),
        ("on a closed ticket", ticket_that_is(Status::Closed), Some(1), of_address(), filed),
        ("with another mark", ticket(), Some(1), marks([MarkOn::Address, MarkOn::Program]), filed),
    ];
    for (name, ticket, holder, marks, expected) in cases {
        let mut mail = mail("no-reply@example.com", on_ticket(holder), "Production is down.");
        mail.message.origin = Origin::AutomaticReply;
        mail.message.marks = marks;
        assert_eq!(told(&decide(&mail, Some(&ticket))), expected, "{name}");
    }
}

#[test]
fn a_mail_starts_over_when_its_ticket_is_long_closed_or_long_idle_and_about_something_else() {
    let days = |days: i64| in_minutes(-60 * 24 * days);
    let closed = |days_ago| Ticket { closed_at: Some(days(days_ago)), ..ticket_that_is(Status::Closed) };
    let idle = |days_ago| Ticket { updated_at: days(days_ago), ..ticket() };
    let cases = [
        ("closed on the last day of the window", closed(14), "Re: Printer on fire", false),
        ("closed a day longer", closed(15), "Re: Printer on fire", true),
        ("idle for long, the same subject", idle(31), "AW: printer on FIRE [PR-1042]", false),
        ("idle for long, no subject", idle(31), "Re:", false),
        ("idle for long, another subject", idle(31), "Coffee is cold", true),
        ("another subject, but not idle", idle(29), "Coffee is cold", false),
    ];
    for (name, ticket, subject, starts_over) in cases {
        let mut mail = from_ann("Hello again.");
        mail.message.subject = subject.to_owned();
        let decision = decide(&mail, Some(&ticket));
        assert_eq!(decision.outcome == Some(Outcome::TicketOpened), starts_over, "{name}: {:?}", decision.reasons);
        assert_eq!(words(&decision).contains(&"continues"), starts_over, "{name}");
    }
}

#[test]
fn a_follow_up_raises_the_severity_by_a_rule_and_never_lowers_it() {
    let by_agent = Ticket { severity_by_agent: true, ..ticket() };
    let by_default = Mail {
        verdict: Verdict { severity: Because { value: Severity::Critical, rule: None }, ..verdict() },
        ..from_ann("x")
    };
    let cases = [
        ("a higher one", asking_for(Severity::Critical, from_ann("x")), ticket(), Some("severity critical")),
        ("the same", asking_for(Severity::Medium, from_ann("x")), ticket(), None),
        ("a lower one", asking_for(Severity::Low, from_ann("x")), ticket(), None),
        ("a higher one that no rule asks for", by_default, ticket(), None),
        ("a higher one than an agent's", asking_for(Severity::Critical, from_ann("x")), by_agent, None),
    ];
    for (name, mail, ticket, expected) in cases {
        let changes = told(&decide(&mail, Some(&ticket)));
        let change = changes.iter().find(|line| line.starts_with("severity")).map(String::as_str);
        assert_eq!(change, expected, "{name}");
    }
}

#[test]
fn a_severity_raised_brings_the_clocks_and_the_tier_with_it() {
    let decision = decide(&asking_for(Severity::Critical, from_ann("It spreads!")), Some(&ticket()));
    let expected = [
        "append public of party 1",
        "severity critical",
        "everyone",
        "first-response in 0 min",
        "update in 30 min",
        "nudge in 24 min",
        "send notification to bob@desk.example",
        "send notification to sue@desk.example",
        "send notification to eve@desk.example",
    ];
    assert_eq!(told(&decision), expected);
}

#[test]
fn what_an_agent_set_stays_and_the_agent_is_told_what_a_rule_asks_for() {
    for status in [Status::Investigating, Status::Resolved] {
        let ticket = Ticket { severity_by_agent: true, ..ticket_that_is(status) };
        let decision = decide(&asking_for(Severity::High, from_ann("It is down!")), Some(&ticket));
        assert!(words(&decision).contains(&"severity-kept"), "{status}");
        let [Content::Notification(told)] = sent_to(&decision, "bob@desk.example")[..] else { panic!("{status}") };
        assert_eq!(told.refused_severity, Some(Severity::High), "{status}");
    }
}

#[test]
fn news_go_to_who_took_the_ticket_else_to_its_tier() {
    let assigned = |id: &str| Ticket { assignee: Some(AgentId(id.to_owned())), ..ticket() };
    let cases: [(&str, Ticket, &[&str]); 5] = [
        ("nobody took it", ticket(), &["bob"]),
        ("another tier", Ticket { tier: Tier::Three, ..ticket() }, &["eve"]),
        ("everyone", Ticket { tier: Tier::Everyone, ..ticket() }, &["bob", "sue", "eve"]),
        ("somebody took it", assigned("sue"), &["sue"]),
        ("who took it has left the desk", assigned("gone"), &["bob"]),
    ];
    for (name, ticket, expected) in cases {
        let mut changes = told(&decide(&from_ann("x"), Some(&ticket)));
        changes.retain(|line| line.starts_with("send"));
        let expected: Vec<String> =
            expected.iter().map(|agent| format!("send notification to {agent}@desk.example")).collect();
        assert_eq!(changes, expected, "{name}");
    }
}

#[test]
fn why_a_customer_was_not_acknowledged_is_told_where_a_person_should_know() {
    let request = mail("new@example.com", Thread::New, "It burns.");
    let mut quiet = request.clone();
    quiet.verdict.answer = because(false);
    let mut of_a_list = request.clone();
    of_a_list.message.origin = Origin::Bulk;
    let mut to_nobody = request.clone();
    to_nobody.message.reply_to = vec![Address::bare("no-reply@example.com")];
    let suppressed = || Standing { is_suppressed: true, ..Standing::default() };
    let open = Standing { open_breaker: Some((String::new(), in_minutes(20))), ..Standing::default() };
    let cases = [
        ("acknowledged", &request, Standing::default(), None),
        ("a rule says so", &quiet, suppressed(), None),
        ("a list", &of_a_list, suppressed(), None),
        ("suppressed", &request, suppressed(), Some("new@example.com gets no automatic mail")),
        ("a cap", &request, capped_but_for(0), Some("10 automatic mails went out to this address within a day")),
        ("a breaker", &request, open, Some("too much automatic mail went out")),
        ("no address", &to_nobody, Standing::default(), Some("nobody reads no-reply@example.com")),
    ];
    for (name, mail, standing, expected) in cases {
        let decision = on_mail(mail, None, &standing, &policy(), now());
        let read = sent_to(&decision, "bob@desk.example").into_iter().find_map(|content| match content {
            Content::Notification(read) => Some(read.caution.clone().unwrap_or_default()),
            _ => None,
        });
        let read = read.unwrap_or_else(|| panic!("{name}: nobody was told"));
        assert_eq!(read.contains("It was not acknowledged"), expected.is_some(), "{name}: {read:?}");
        assert!(read.contains(expected.unwrap_or_default()), "{name}: {read:?}");
    }
}

#[test]
fn a_second_ticket_that_a_mail_names_is_noted_whoever_wrote_it() {
    let also = |mut mail: Mail| {
        if let Thread::Ticket { also, .. } = &mut mail.thread {
            *also = Some(TicketId(7));
        }
        decide(&mail, Some(&ticket()))
    };
    let cases = [
        ("a customer", mail("ann@example.com", on_ticket(Some(1)), "x")),
        ("an agent", mail("bob@desk.example", on_ticket(Some(3)), "#take")),
        ("nobody on the ticket", mail("mallory@evil.example", on_ticket(None), "x")),
    ];
    for (name, mail) in cases {
        let decision = also(mail);
        let noted = decision.effects.iter().any(|effect| {
            matches!(effect, Effect::Record { what: What::Remarked { text }, .. } if text == "the mail also refers to PR-7")
        });
        assert!(noted, "{name}: {:?}", told(&decision));
    }
}

#[test]
fn agents_get_the_files_there_is_room_for_and_the_names_of_the_others() {
    let mut mail = from_ann("See the recording.");
    let file = |(index, (name, size_bytes)): (usize, (Option<&str>, u64))| Attachment {
        name: name.map(str::to_owned),
        media_type: "video/mp4".to_owned(),
        size_bytes,
        inline: false,
        index,
    };
    let files = [(Some("steps.txt"), 800), (Some("all.mp4"), 31_000_000), (None, 10_485_000), (Some("end.png"), 700)];
    mail.message.attachments = files.into_iter().enumerate().map(file).collect();
    let decision = decide(&mail, Some(&ticket()));
    let told = decision.effects.iter().find_map(|effect| match effect {
        Effect::Send(Draft { content: Content::Notification(notification), attachments, .. }) => {
            Some((attachments.clone(), notification.left_out.clone()))
        }
        _ => None,
    });
    let left_out = LeftOut {
        inbox: mail.inbox,
        files: vec![("all.mp4".to_owned(), 31_000_000), ("video/mp4".to_owned(), 10_485_000)],
    };
    assert_eq!(told, Some((vec![0, 3], Some(left_out))));
}
