//! A customer's mail that an agent passes on: by whom, of whom, and what becomes of it.

use super::*;
use crate::message::Forwarded;

/// Bob, for whom our server vouches, passes on a mail of this sender.
fn passing_on(from: &str, above: &str) -> Mail {
    let mut mail = mail("bob@desk.example", Thread::New, above);
    mail.message.authentication = Authentication::Pass;
    mail.message.forwarded = Some(Forwarded {
        from: Some(Address::bare(from)),
        to: vec![Address::bare("bob@desk.example"), Address::bare("carl@example.com")],
        subject: "Fwd: Backup failed".to_owned(),
        date: None,
        text: "It failed.".to_owned(),
        id: Some(MessageId("theirs@example.com".to_owned())),
        above: above.to_owned(),
    });
    with_what_is_passed_on(mail)
}

/// As the shell does it.
fn with_what_is_passed_on(mut mail: Mail) -> Mail {
    mail.passed_on = passed_on(&mail.message, &Policy { authenticates: true, ..policy() }).map(Box::new);
    mail
}

fn decide(mail: &Mail) -> Decision {
    on_mail(mail, None, &Standing::default(), &Policy { authenticates: true, ..policy() }, now())
}

#[test]
fn only_a_proven_agent_passes_on_and_only_a_customers_mail() {
    let but = |change: fn(&mut Message)| {
        let mut mail = passing_on("ann@example.com", "FYI");
        change(&mut mail.message);
        with_what_is_passed_on(mail)
    };
    let cases = [
        ("an agent, of a customer", passing_on("ann@example.com", "FYI"), true),
        ("nobody vouches", but(|mail| mail.authentication = Authentication::None), false),
        ("it failed", but(|mail| mail.authentication = Authentication::Fail), false),
        ("a customer", but(|mail| mail.from = vec![Address::bare("carl@example.com")]), false),
        ("two authors", but(|mail| mail.from.push(Address::bare("sue@desk.example"))), false),
        ("an answer that goes elsewhere", but(|mail| mail.reply_to = vec![Address::bare("m@evil.example")]), false),
        ("an answer that goes to the agent", but(|mail| mail.reply_to = vec![Address::bare("Bob@desk.example")]), true),
        ("a program", but(|mail| mail.origin = Origin::AutomaticReply), false),
        ("of nobody", but(|mail| mail.forwarded.as_mut().unwrap().from = None), false),
        ("of nothing", but(|mail| mail.forwarded = None), false),
        ("of an agent", passing_on("sue@desk.example", "FYI"), false),
        ("of the desk", passing_on("support+x@desk.example", "FYI"), false),
        ("of a monitor", passing_on("alerts@monitor.example", "FYI"), false),
        ("of who takes no answer", passing_on("no-reply@shop.example", "FYI"), false),
        ("of no address", passing_on("Ann", "FYI"), false),
    ];
    for (name, mail, expected) in cases {
        let opening = decide(&mail).effects.into_iter().find_map(|effect| match effect {
            Effect::OpenTicket(opening) => Some(opening.requester.address),
            _ => None,
        });
        let of = mail.message.forwarded.as_ref().and_then(|forwarded| forwarded.from.as_ref());
        let is_theirs = opening.is_some() && opening.as_ref() == of.map(|from| &from.address);
        assert_eq!((mail.passed_on.is_some(), is_theirs), (expected, expected), "{name}");
    }
}

#[test]
fn the_ticket_is_the_customers_and_the_agents_words_are_a_note() {
    let decision = decide(&passing_on("ann@example.com", "#take\nThey pay us well."));
    let expected = [
        "open for ann@example.com as medium",
        "append public of party 1",
        "remarked",
        "first-response in 240 min",
        "send acknowledgement to ann@example.com",
        "update in 240 min",
        "nudge in 230 min",
        "send notification to bob@desk.example",
        "noted",
        "assign bob",
    ];
    assert_eq!(told(&decision), expected);
    let Effect::OpenTicket(opening) = &decision.effects[0] else { panic!("{decision:?}") };
    assert_eq!((opening.subject.as_str(), opening.is_vouched), ("Backup failed", false));
    let acknowledged = sent_to(&decision, "ann@example.com");
    let [Content::Acknowledgement { issue, .. }] = acknowledged[..] else { panic!("{acknowledged:?}") };
    assert_eq!(issue, "Your request", "none of the words that the mail says are hers");
    let [Content::Notification(notification)] = sent_to(&decision, "bob@desk.example")[..] else { panic!() };
    assert_eq!(notification.text, "It failed.");
    assert_eq!(
        notification.caution.as_deref(),
        Some(
            "bob passed this mail on; nobody vouches that it is from ann@example.com. 1 in To or Cc were not added, \
             since nobody vouches for the sender. Put them in Cc of your answer to add them."
        )
    );
}

#[test]
fn commands_above_it_are_those_that_a_new_ticket_takes() {
    let cases: [(&str, &str, &[&str]); 5] = [
        ("none", "FYI", &["noted"]),
        ("nothing at all", "", &[]),
        ("a severity", "#severity critical", &["keep the severity"]),
        ("one that does not fit", "#take\n#close\nBye", &["noted", "remarked"]),
        ("one that there is not", "#tkae", &["remarked"]),
    ];
    for (name, above, expected) in cases {
        let decision = decide(&passing_on("ann@example.com", above));
        let lines = told(&decision);
        let last = lines.iter().rposition(|line| line.starts_with("send notification")).unwrap();
        assert_eq!(lines[last + 1..], *expected, "{name}");
        let severity = if name == "a severity" { "critical" } else { "medium" };
        assert_eq!(lines[0], format!("open for ann@example.com as {severity}"), "{name}");
        let [Content::Notification(notification)] = sent_to(&decision, "bob@desk.example")[..] else {
            panic!("{name}")
        };
        let says_so = notification.caution.as_ref().unwrap().contains("Not carried out");
        assert_eq!(says_so, expected.contains(&"remarked"), "{name}");
    }
}

#[test]
fn an_agent_of_another_tier_hears_of_the_ticket_too() {
    let mut mail = passing_on("ann@example.com", "FYI");
    mail.message.from = vec![Address::bare("eve@desk.example")];
    mail.who = policy().who(&mail.message.from[0], false);
    let decision = decide(&with_what_is_passed_on(mail));
    assert_eq!(sent_to(&decision, "bob@desk.example").len(), 1, "of the ticket's tier");
    assert_eq!(sent_to(&decision, "eve@desk.example").len(), 1, "who passed it on");
}

#[test]
fn on_a_ticket_what_is_passed_on_is_for_agents() {
    let on = |holder| {
        let mut mail = passing_on("ann@example.com", "She is angry.");
        mail.thread = on_ticket(holder);
        told(&on_mail(&mail, Some(&ticket()), &Standing::default(), &policy(), now()))
    };
    let noted = ["append internal of party 3", "noted", "noted", "send transcript to bob@desk.example"];
    assert_eq!(on(None), noted, "by a mail of the customer's");
    assert_eq!(on(Some(1)), noted, "by a mail of ours to the customer");
    assert!(on(Some(3)).contains(&"send reply to ann@example.com".to_owned()), "by the agent's own notification");
}
