//! Who works on what: teams in the place of tiers, and whoever is on call.

use super::*;
use crate::ticket::Paging;

fn billing() -> Option<TeamId> {
    Some(TeamId("billing".to_owned()))
}

/// Whom an automatic mail of this purpose goes to.
fn get(decision: &Decision, purpose: Purpose) -> Vec<&str> {
    let drafts = decision.effects.iter().filter_map(|effect| match effect {
        Effect::Send(draft) if draft.content.purpose() == purpose => Some(draft.to.address.as_str()),
        _ => None,
    });
    drafts.collect()
}

fn paging(from: &str, thread: Thread) -> Mail {
    let mail = mail(from, thread, "All is down.");
    Mail { verdict: Verdict { page: because(true), ..verdict() }, ..mail }
}

#[test]
fn a_ticket_is_its_team_s_in_the_place_of_its_tier_s_people() {
    let by_rule = |team: &str| Verdict { team: Some(because(TeamId(team.to_owned()))), ..verdict() };
    let request = mail("ann@example.com", Thread::New, "The bill is wrong.");
    for (name, verdict, expected, reason) in [
        ("no team", verdict(), "bob@desk.example", false),
        ("a team", by_rule("billing"), "sue@desk.example", true),
        ("a team that is gone", by_rule("gone"), "bob@desk.example", true),
    ] {
        let decision = decide(&Mail { verdict, ..request.clone() }, None);
        assert_eq!(get(&decision, Purpose::Notification), [expected], "{name}");
        assert_eq!(words(&decision).contains(&"team"), reason, "{name}");
    }
    let follow_up = mail("ann@example.com", on_ticket(Some(1)), "And another one.");
    for (name, team, assignee, expected) in [
        ("a team", billing(), None, "sue@desk.example"),
        ("a team that is gone", Some(TeamId("gone".to_owned())), None, "bob@desk.example"),
        ("somebody has taken it", billing(), Some(AgentId("eve".to_owned())), "eve@desk.example"),
        ("who took it is gone", billing(), Some(AgentId("zoe".to_owned())), "sue@desk.example"),
    ] {
        let decision = decide(&follow_up, Some(&Ticket { team, assignee, ..ticket() }));
        assert_eq!(get(&decision, Purpose::Notification), [expected], "{name}");
    }
    let due = on_deadline(
        DeadlineKind::FirstResponse,
        now(),
        &Ticket { team: billing(), ..ticket() },
        &Standing::default(),
        &policy(),
        now(),
    );
    assert_eq!(get(&due, Purpose::Nudge), ["sue@desk.example"]);
}

#[test]
fn a_team_stands_in_no_escalation_s_way() {
    let cases = [
        (
            "the next tier",
            Tier::One,
            "#escalate",
            &["tier-2", "team none"][..],
            "billing → tier-2; its people have been told",
        ),
        (
            "a tier by name",
            Tier::One,
            "#escalate tier-3",
            &["tier-3", "team none"],
            "billing → tier-3; its people have been told",
        ),
        (
            "above the last one",
            Tier::Three,
            "#escalate",
            &["tier-3", "team none"],
            "billing → tier-3; its people have been told",
        ),
    ];
    for (name, tier, command, effects, result) in cases {
        let bob = mail("bob@desk.example", on_ticket(Some(3)), command);
        let decision = decide(&bob, Some(&Ticket { team: billing(), tier, ..ticket() }));
        for effect in effects {
            assert!(told(&decision).contains(&(*effect).to_owned()), "{name}: {:?}", told(&decision));
        }
        let [Content::Transcript { lines, .. }] = sent_to(&decision, "bob@desk.example")[..] else { panic!("{name}") };
        assert_eq!(lines[0].result, result, "{name}");
    }
    let bob = mail("bob@desk.example", on_ticket(Some(3)), "#escalate");
    let decision = decide(&bob, Some(&Ticket { tier: Tier::Three, ..ticket() }));
    assert!(!told(&decision).contains(&"team none".to_owned()), "without a team there is nobody above");
}

#[test]
fn whoever_is_on_call_gets_a_page_and_no_notification_beside_it() {
    let everyone = Verdict { page: because(true), tier: Some(because(Tier::Everyone)), ..verdict() };
    let request = mail("ann@example.com", Thread::New, "All is down.");
    let decision = decide(&Mail { verdict: everyone, ..request }, None);
    assert_eq!(get(&decision, Purpose::Page), ["eve@desk.example"]);
    assert_eq!(get(&decision, Purpose::Notification), ["bob@desk.example", "sue@desk.example"]);
    assert_eq!(sent_to(&decision, "eve@desk.example").len(), 1);
    assert!(words(&decision).contains(&"page") && told(&decision).contains(&"paging sent".to_owned()));
}

#[test]
fn a_ticket_pages_once_and_not_for_what_is_over() {
    let follow_up = || paging("ann@example.com", on_ticket(Some(1)));
    let paged = || Ticket { paging: Paging::Sent, paged_at: Some(in_minutes(-30)), ..ticket() };
    let mut late = follow_up();
    late.message.received_at = in_minutes(-60 * 24 * 3);
    let thanks =
        Mail { verdict: Verdict { intent: Some(because(Intent::Confirm)), ..follow_up().verdict }, ..follow_up() };
    let mut stranger = follow_up();
    (stranger.message.authentication, stranger.thread) = (Authentication::Fail, on_ticket(None));
    let resolved = || ticket_that_is(Status::Resolved);
    for (name, mail, ticket, expected) in [
        ("the first that asks for it", follow_up(), ticket(), true),
        ("one after it", follow_up(), paged(), false),
        ("once it was resolved", follow_up(), resolved(), true),
        ("the customer is content", thanks, resolved(), false),
        ("it is old", late, ticket(), false),
        ("its sender is not believed", stranger, ticket(), false),
    ] {
        let decision = decide(&mail, Some(&ticket));
        assert_eq!(!get(&decision, Purpose::Page).is_empty(), expected, "{name}: {:?}", decision.reasons);
        assert_eq!(told(&decision).contains(&"paging sent".to_owned()), expected, "{name}");
    }
}

#[test]
fn until_somebody_takes_it_the_one_who_was_paged_hears_of_the_ticket() {
    let follow_up = mail("ann@example.com", on_ticket(Some(1)), "More of it.");
    let paged = || Ticket { paging: Paging::Sent, paged_at: Some(in_minutes(-30)), ..ticket() };
    let bob = Some(AgentId("bob".to_owned()));
    for (name, ticket, expected) in [
        ("nobody was paged", ticket(), &["bob@desk.example"][..]),
        ("that was for what is over", Ticket { paging: Paging::None, ..paged() }, &["bob@desk.example"]),
        ("nobody has taken it", paged(), &["bob@desk.example", "eve@desk.example"]),
        ("a team's", Ticket { team: billing(), ..paged() }, &["sue@desk.example", "eve@desk.example"]),
        ("somebody has", Ticket { assignee: bob, ..paged() }, &["bob@desk.example"]),
    ] {
        assert_eq!(get(&decide(&follow_up, Some(&ticket)), Purpose::Notification), expected, "{name}");
    }
}

#[test]
fn a_page_goes_however_much_was_told_on_the_ticket() {
    let traffic = policy::Traffic { told_10_minutes: 1_000, ..Default::default() };
    let standing = Standing { traffic, ..Standing::default() };
    let decision =
        on_mail(&paging("ann@example.com", on_ticket(Some(1))), Some(&ticket()), &standing, &policy(), now());
    assert_eq!(get(&decision, Purpose::Page), ["eve@desk.example"]);
    assert_eq!(get(&decision, Purpose::Notification), Vec::<&str>::new());
}

#[test]
fn whoever_wrote_the_mail_is_not_paged_for_it_and_somebody_else_is_told() {
    let decision = decide(&paging("eve@desk.example", Thread::New), None);
    assert_eq!(get(&decision, Purpose::Page), Vec::<&str>::new());
    assert_eq!(get(&decision, Purpose::Notification), ["bob@desk.example"]);
    assert!(decision.reasons.contains(&Reason::with("not-paged", "nobody else is on call")), "{:?}", decision.reasons);
}

#[test]
fn a_customer_is_never_paged() {
    for (name, mail, ticket) in [
        ("a first mail", paging("ann@example.com", Thread::New), None),
        ("a follow-up", paging("ann@example.com", on_ticket(Some(1))), Some(ticket())),
        ("a monitor's", paging("alerts@monitor.example", Thread::New), None),
    ] {
        let decision = decide(&mail, ticket.as_ref());
        assert_eq!(get(&decision, Purpose::Page), ["eve@desk.example"], "{name}");
    }
    assert!(!Purpose::Page.is_for_customer() && Purpose::Page.is_automatic());
}

#[test]
fn a_customers_mail_that_an_agent_passes_on_pages_as_if_it_had_come_itself() {
    let mut forward = paging("bob@desk.example", Thread::New);
    forward.message.authentication = Authentication::Pass;
    let mut customers = mail("ann@example.com", Thread::New, "All is down.").message;
    customers.authentication = Authentication::None;
    forward.passed_on = Some(Box::new(customers));
    let decision = decide(&forward, None);
    let [Content::Page(page)] = sent_to(&decision, "eve@desk.example")[..] else { panic!("{:?}", told(&decision)) };
    assert!(matches!(page.news, draft::News::PassedOn { .. }), "{:?}", page.news);
    assert!(page.caution.as_ref().unwrap().starts_with("bob passed this mail on"), "{:?}", page.caution);
    assert_eq!(sent_to(&decision, "bob@desk.example").len(), 1);
}

#[test]
fn whoever_had_a_ticket_or_was_paged_for_it_hears_that_somebody_has_taken_it() {
    let two = Policy { on_call: vec![AgentId("eve".to_owned()), AgentId("bob".to_owned())], ..policy() };
    let of = |assignee: &str, paging| {
        let assignee = (!assignee.is_empty()).then(|| AgentId(assignee.to_owned()));
        Ticket { assignee, paging, ..ticket() }
    };
    let (eve, sue) = (&["eve@desk.example"][..], &["sue@desk.example"][..]);
    for (name, ticket, text, readers, was_yours) in [
        ("nobody had it", of("", Paging::None), "#take", &[][..], false),
        ("somebody else had it", of("sue", Paging::None), "#take", sue, true),
        ("somebody else had it, and others were paged", of("sue", Paging::Sent), "#take", sue, true),
        ("it was theirs", of("bob", Paging::Sent), "#take", &[], false),
        ("others were paged", of("", Paging::Sent), "#take", eve, false),
        ("others are to be paged", of("", Paging::Owed), "#take", eve, false),
        ("by answering", of("", Paging::Sent), "I am at it.", eve, false),
        ("somebody who is gone had it", of("zoe", Paging::Sent), "#take", eve, false),
        ("and it is over", of("", Paging::Sent), "#take\n#close", eve, false),
        ("not for long: it is handed on", of("eve", Paging::Sent), "#take\n#escalate tier-2", &[], false),
        ("a note takes nothing", of("sue", Paging::Sent), "#note\nHm.", &[], false),
        ("an answer takes it from nobody", of("sue", Paging::Sent), "I am at it.", &[], false),
    ] {
        let bob = mail("bob@desk.example", on_ticket(Some(3)), text);
        let decision = on_mail(&bob, Some(&ticket), &Standing::default(), &two, now());
        let told = decision.effects.iter().filter_map(|effect| match effect {
            Effect::Send(Draft { to, content: Content::Notification(of), .. }) => match &of.news {
                draft::News::Taken { by, was_yours } => Some((to.address.as_str(), by.0.as_str(), *was_yours)),
                _ => None,
            },
            _ => None,
        });
        let expected: Vec<_> = readers.iter().map(|reader| (*reader, "bob", was_yours)).collect();
        assert_eq!(told.collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn what_was_set_aside_is_the_team_s_once_it_is_let_in() {
    let team = Some(because(TeamId("billing".to_owned())));
    let verdict = Verdict { team, disposition: because(Disposition::Quarantine), ..verdict() };
    let waiting = Mail { verdict, ..mail("ann@example.com", Thread::New, "The bill is wrong.") };
    assert!(get(&decide(&waiting, None), Purpose::Notification).is_empty());
    let let_in = Mail { is_released: true, ..waiting };
    assert_eq!(get(&decide(&let_in, None), Purpose::Notification), ["sue@desk.example"]);
}
