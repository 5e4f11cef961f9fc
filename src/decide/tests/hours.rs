//! What is promised in the open hours of a calendar: each place that makes a promise, one line each.

use super::*;

/// When everything is due that a decision sets a time for, and what the customer reads of it.
fn times(decision: &Decision) -> Vec<String> {
    let time = |effect: &Effect| match effect {
        Effect::SetDeadline { kind, due_at, .. } => Some(format!("{kind} {}", due_at.strftime("%a %H:%M"))),
        Effect::Send(Draft {
            content:
                Content::Acknowledgement { expected_update_at: at, .. }
                | Content::Reply { expected_update_at: Some(at), .. }
                | Content::HoldingUpdate { expected_update_at: Some(at), .. },
            ..
        }) => Some(format!("written {}", at.strftime("%a %H:%M"))),
        _ => None,
    };
    let mut times: Vec<String> = decision.effects.iter().filter_map(time).collect();
    // Several readers are told the same.
    times.dedup();
    times
}

/// A stranger's mail that a rule puts on this calendar.
fn request(calendar: Option<&str>, severity: Severity) -> Mail {
    let mut mail = mail("ann@example.com", Thread::New, "It burns.");
    mail.verdict.severity = because(severity);
    mail.verdict.calendar = calendar.map(|name| because(name.to_owned()));
    mail
}

#[test]
fn every_promise_runs_in_the_hours_of_the_ticket() {
    let on_office = |ticket: Ticket| Ticket { calendar: Some("office".to_owned()), ..ticket };
    let asked =
        |calendar, severity| on_mail(&request(calendar, severity), None, &Standing::default(), &policy(), now());
    let by = |from: &str, holder, text: &str, ticket: Ticket| {
        let mail = mail(from, on_ticket(Some(holder)), text);
        on_mail(&mail, Some(&ticket), &Standing::default(), &policy(), now())
    };
    let bob = |text: &str, ticket: Ticket| by("bob@desk.example", 3, text, on_office(ticket));
    let ann = |text: &str, ticket: Ticket| by("ann@example.com", 1, text, on_office(ticket));
    let due =
        |kind, ticket: Ticket| on_deadline(kind, now(), &on_office(ticket), &Standing::default(), &policy(), now());
    let taken = |severity| Ticket { severity, ..ticket() };
    let capped = Standing { traffic: policy::Traffic { address_hour: 3, ..Default::default() }, ..Standing::default() };
    let put_off = on_deadline(DeadlineKind::Update, now(), &on_office(ticket()), &capped, &policy(), now());
    let (medium, high, critical) = (Severity::Medium, Severity::High, Severity::Critical);
    // It is Monday, 9 o'clock, and two hours are left. Four hours are over on Wednesday at 10.
    let next = ["update Wed 10:00", "nudge Wed 09:50"];
    let first = ["first-response Wed 10:00", "written Wed 10:00"];
    let cases: [(&str, Decision, Vec<&str>); 17] = [
        ("a request", asked(Some("office"), medium), [&first[..], &next].concat()),
        (
            "a request without a calendar",
            asked(None, medium),
            vec!["first-response Mon 13:00", "written Mon 13:00", "update Mon 13:00", "nudge Mon 12:50"],
        ),
        (
            "a critical request",
            asked(Some("office"), critical),
            vec!["first-response Mon 09:15", "written Mon 09:30", "update Mon 09:30", "nudge Mon 09:24"],
        ),
        (
            "a request on a calendar that nobody has any more",
            asked(Some("gone"), medium),
            vec!["first-response Mon 13:00", "written Mon 13:00", "update Mon 13:00", "nudge Mon 12:50"],
        ),
        ("an agent's answer", bob("On it.", ticket()), vec!["written Wed 10:00", next[0], next[1]]),
        ("a holding update", due(DeadlineKind::Update, ticket()), vec!["written Wed 10:00", next[0], next[1]]),
        ("a holding update that is put off: it is late already", put_off, vec!["update Mon 09:10"]),
        ("a reminder", due(DeadlineKind::Nudge, ticket()), vec![]),
        ("an answer to a question", ann("Yes.", ticket_that_is(Status::Waiting)), next.to_vec()),
        ("a ticket that is open again", ann("No.", ticket_that_is(Status::Resolved)), next.to_vec()),
        ("a follow-up", ann("And it smells.", ticket()), vec![]),
        (
            "raised to critical",
            bob("#severity critical", ticket()),
            vec!["first-response Mon 09:00", "update Mon 09:30", "nudge Mon 09:24"],
        ),
        // What was promised for 12 o'clock stays promised; the first answer was due four hours after 8 o'clock.
        ("back from critical", bob("#severity medium", taken(critical)), vec!["first-response Wed 09:00"]),
        (
            "raised, an answer with it",
            bob("#severity high\nHello", ticket()),
            vec![
                "first-response Mon 10:00",
                "update Mon 09:30",
                "nudge Mon 09:24",
                "written Mon 09:30",
                "update Mon 09:30",
                "nudge Mon 09:24",
            ],
        ),
        // Three hours a day: the eighth of them ends on Thursday of next week.
        ("lowered to low", bob("#severity low", taken(high)), vec!["first-response Thu 11:00"]),
        (
            "a mail that a rule puts on a calendar, on a ticket that has none",
            {
                let mut mail = mail("ann@example.com", on_ticket(Some(1)), "And it smells.");
                mail.verdict.calendar = Some(because("office".to_owned()));
                on_mail(&mail, Some(&ticket_that_is(Status::Waiting)), &Standing::default(), &policy(), now())
            },
            vec!["update Mon 13:00", "nudge Mon 12:50"],
        ),
        ("solved", bob("#resolve\nRoot Cause: a\nSolution: b\nVerification: c", ticket()), vec![]),
    ];
    for (name, decision, expected) in cases {
        assert_eq!(times(&decision), expected, "{name}");
    }
}

#[test]
fn the_rule_that_names_the_calendar_is_told_and_the_ticket_has_it() {
    let decision = on_mail(&request(Some("office"), Severity::Low), None, &Standing::default(), &policy(), now());
    let reason = decision.reasons.iter().find(|reason| reason.word == "calendar").unwrap();
    assert_eq!(reason.to_string(), "calendar: a-rule");
    let Effect::OpenTicket(opening) = &decision.effects[0] else { panic!("{:?}", told(&decision)) };
    assert_eq!(opening.calendar.as_deref(), Some("office"));
}
