//! How far a customer's mail is believed: who joins by it, which ticket waited for it, what is kept apart.

use super::*;

#[test]
fn people_in_cc_join_by_the_hand_of_who_is_believed() {
    let with_cc = |mut mail: Mail| {
        mail.message.cc = ["dora@example.com", "bob@desk.example", "support@desk.example", "no-reply@shop.example"]
            .map(Address::bare)
            .to_vec();
        mail
    };
    let mut authenticated = mail("ann@example.com", on_ticket(None), "x");
    authenticated.message.authentication = Authentication::Pass;
    let holding = mail("ann@example.com", on_ticket(Some(1)), "x");
    let mut by_carl = mail("carl@example.com", on_ticket(Some(2)), "x");
    by_carl.message.authentication = Authentication::Pass;
    let with_anns = |from, authentication| {
        let mut mail = mail(from, on_ticket(Some(1)), "x");
        mail.message.authentication = authentication;
        mail
    };
    let mut two_authors = with_anns("ann@example.com", Authentication::None);
    two_authors.message.from.push(Address::bare("m@evil.example"));
    let cases = [
        ("authenticated", authenticated, true),
        ("holds our mail", holding, true),
        ("neither", mail("ann@example.com", on_ticket(None), "x"), false),
        ("on the ticket, but not who asked", by_carl, false),
        ("holds our mail, and failed", with_anns("ann@example.com", Authentication::Fail), false),
        ("somebody else with our mail", with_anns("m@evil.example", Authentication::None), false),
        ("the same, authenticated", with_anns("m@evil.example", Authentication::Pass), false),
        ("the same, failed", with_anns("m@evil.example", Authentication::Fail), false),
        ("two authors with our mail", two_authors, false),
    ];
    for (name, mail, is_added) in cases {
        let decision = decide(&with_cc(mail), Some(&ticket()));
        let told: Vec<String> = told(&decision);
        let added: Vec<&String> = told.iter().filter(|line| line.starts_with("add")).collect();
        assert_eq!(added, if is_added { vec!["add dora@example.com"] } else { vec![] }, "{name}");
        assert_eq!(told.iter().any(|line| line == "remarked"), !is_added, "{name}: {told:?}");
        let [Content::Notification(read)] = sent_to(&decision, "bob@desk.example")[..] else { panic!("{name}") };
        let joined = if is_added { vec![Address::bare("dora@example.com")] } else { Vec::new() };
        assert_eq!(read.joined, joined, "{name}: who joined is told");
        let says_who_did_not = read.caution.as_ref().is_some_and(|words| words.contains("were not added"));
        assert_eq!(says_who_did_not, !is_added, "{name}: {:?}", read.caution);
    }
}

#[test]
fn who_answers_from_where_answers_go_may_bring_in_people() {
    let mut ticket = ticket();
    ticket.parties[0].answer_to = Some(Address::bare("team@example.com"));
    let mut mail = mail("team@example.com", on_ticket(Some(1)), "x");
    mail.message.cc = vec![Address::bare("dora@example.com")];
    assert_eq!(told(&decide(&mail, Some(&ticket)))[1], "add dora@example.com");
}

#[test]
fn a_mail_that_was_answered_before_it_came_is_filed_where_its_own_sender_waits_for_it() {
    let overtaken = |evidence, authentication, reply_to: &[&str]| {
        let mut mail = mail("ann@example.com", on_ticket(None), "Please send me the password.");
        mail.thread = Thread::Ticket { ticket: TicketId(1042), evidence, holder: None, answers: None, also: None };
        mail.message.authentication = authentication;
        mail.message.reply_to = reply_to.iter().map(|to| Address::bare(*to)).collect();
        mail
    };
    let diverted = || {
        let mut ticket = ticket();
        ticket.parties[0].answer_to = Some(Address::bare("team@example.com"));
        ticket
    };
    let with_carl = |mut mail: Mail| {
        mail.message.cc = vec![Address::bare("carl@example.com")];
        mail
    };
    let (pass, none) = (Authentication::Pass, Authentication::None);
    let (proven, claimed) = (Evidence::Overtaken, Evidence::OvertakenByClaim);
    let cases = [
        ("both proven", overtaken(proven, pass, &[]), ticket(), true),
        ("only the opener proven", overtaken(proven, none, &[]), ticket(), true),
        ("neither proven", with_carl(overtaken(claimed, none, &[])), ticket(), true),
        ("neither proven, and another reads along", overtaken(claimed, none, &[]), ticket(), false),
        ("only the mail proven", overtaken(claimed, pass, &[]), ticket(), false),
        ("proven, and answers go elsewhere", overtaken(proven, pass, &[]), diverted(), false),
        ("claimed, and answers go elsewhere", overtaken(claimed, none, &[]), diverted(), false),
        (
            "answers go where the mail itself wants them",
            overtaken(proven, pass, &["team@example.com"]),
            diverted(),
            true,
        ),
    ];
    for (name, mail, ticket, is_filed) in cases {
        let decision = decide(&mail, Some(&ticket));
        assert_eq!(decision.outcome == Some(Outcome::FollowUp), is_filed, "{name}: {:?}", told(&decision));
        if is_filed {
            continue;
        }
        let told = told(&decision);
        assert_eq!(told[0], "open for ann@example.com as medium", "{name}");
        assert!(told.contains(&"send acknowledgement to ann@example.com".to_owned()), "{name}: {told:?}");
        assert!(told.iter().any(|line| line.starts_with("on PR-1042: ")), "{name}: {told:?}");
        let [Content::Notification(read)] = sent_to(&decision, "bob@desk.example")[..] else { panic!("{name}") };
        let caution = read.caution.clone().unwrap_or_default();
        assert!(caution.contains("PR-1042 was opened in its sender's name"), "{name}: {caution}");
    }
}

#[test]
fn a_tag_and_an_address_that_anybody_can_write_are_no_proof() {
    let tagged = |authentication| {
        let mut mail = mail("ann@example.com", on_ticket(None), "x");
        mail.thread = Thread::Ticket {
            ticket: TicketId(1042),
            evidence: Evidence::SubjectTag,
            holder: None,
            answers: None,
            also: None,
        };
        mail.message.authentication = authentication;
        told(&decide(&mail, Some(&ticket())))
    };
    assert_eq!(tagged(Authentication::Pass)[0], "append public of party 1");
    let unproven = ["append unverified of nobody", "remarked", "send notification to bob@desk.example"];
    assert_eq!(tagged(Authentication::None), unproven);
    assert_eq!(tagged(Authentication::Fail), unproven);
}

#[test]
fn where_senders_are_authenticated_a_mere_claim_is_kept_apart_and_told() {
    let policy = Policy { authenticates: true, ..policy() };
    let decide = |mail: &Mail| on_mail(mail, Some(&ticket()), &Standing::default(), &policy, now());
    let claim = mail("ann@example.com", on_ticket(None), "The platform is down!");
    let decision = decide(&claim);
    assert_eq!(told(&decision), ["append unverified of nobody", "remarked", "send notification to bob@desk.example"]);
    let mut vouched = claim;
    vouched.message.authentication = Authentication::Pass;
    assert_eq!(told(&decide(&vouched))[0], "append public of party 1");
}
