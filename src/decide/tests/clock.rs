//! What comes due, and what is too large.

use super::*;

fn due(kind: DeadlineKind, ticket: &Ticket, standing: &Standing) -> Decision {
    on_deadline(kind, now(), ticket, standing, &policy(), now())
}

#[test]
fn a_deadline_reminds_or_keeps_the_promise() {
    use DeadlineKind::*;
    let taken = Ticket { assignee: Some(AgentId("sue".to_owned())), ..ticket() };
    let answered = Ticket { first_response_at: Some(in_minutes(-5)), ..ticket() };
    let held = ["held 1", "send holding-update to ann@example.com", "update in 240 min", "nudge in 230 min"];
    let cases: [(&str, DeadlineKind, Ticket, &[&str]); 8] = [
        (
            "first answer, nobody took it",
            FirstResponse,
            ticket(),
            &["no first-response", "first-response-overdue", "send nudge to bob@desk.example"],
        ),
        ("first answer, given", FirstResponse, answered, &["no first-response"]),
        ("reminder", Nudge, taken.clone(), &["no nudge", "send nudge to sue@desk.example"]),
        ("update", Update, taken, &held),
        ("update of a waiting ticket", Update, ticket_that_is(Status::Waiting), &held),
        ("update of a resolved ticket", Update, ticket_that_is(Status::Resolved), &["no update"]),
        ("reminder of a closed ticket", Nudge, ticket_that_is(Status::Closed), &["no nudge"]),
        ("update without a customer", Update, Ticket { parties: Vec::new(), ..ticket() }, &["no update"]),
    ];
    for (name, kind, ticket, expected) in cases {
        assert_eq!(told(&due(kind, &ticket, &Standing::default())), expected, "{name}");
    }
}

#[test]
fn the_last_update_by_itself_promises_no_other() {
    let promise_of = |standing: &Standing| {
        let decision = due(DeadlineKind::Update, &ticket(), standing);
        let contents = sent_to(&decision, "ann@example.com");
        let promises = contents.iter().map(|content| match content {
            Content::HoldingUpdate { expected_update_at, .. } => *expected_update_at,
            other => panic!("{other:?}"),
        });
        (promises.collect::<Vec<_>>(), told(&decision).last().cloned().unwrap())
    };
    let nudge = "send nudge to bob@desk.example".to_owned();
    assert_eq!(
        promise_of(&capped_but_for(2)),
        (vec![Some(in_minutes(240))], "nudge in 230 min".to_owned()),
        "two left"
    );
    assert_eq!(promise_of(&capped_but_for(1)), (vec![None], nudge.clone()), "one left");
    assert_eq!(promise_of(&capped_but_for(0)), (vec![], nudge), "none left");
}

#[test]
fn a_mail_that_is_too_large_waits_and_its_sender_is_told() {
    let told_of = |mail: &Mail, standing: &Standing| told(&on_oversize(mail, 60_000_000, standing, &policy(), now()));
    let large = mail("new@example.com", Thread::New, "");
    let mut elsewhere = large.clone();
    elsewhere.message.reply_to = vec![Address::bare("office@example.com")];
    let mut robot = large.clone();
    robot.message.origin = Origin::AutomaticReply;
    let again = mail("new@example.com", Thread::Duplicate(7), "");
    let alert = mail("alerts@monitor.example", Thread::New, "");
    let free = Standing::default();
    let cases: [(&str, &Mail, Standing, &[&str]); 6] = [
        ("a person", &large, free.clone(), &["send oversize to new@example.com"]),
        ("a person who wants answers elsewhere", &elsewhere, free.clone(), &["send oversize to office@example.com"]),
        (
            "one mail too many",
            &large,
            capped_but_for(0),
            &["open breaker of address new@example.com", "send alarm to bob@desk.example"],
        ),
        ("a robot", &robot, free.clone(), &[]),
        ("a monitor", &alert, free.clone(), &[]),
        ("the same mail again", &again, free, &[]),
    ];
    for (name, mail, standing, expected) in cases {
        assert_eq!(told_of(mail, &standing), expected, "{name}");
    }
}
