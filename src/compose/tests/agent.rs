//! What agents read of a ticket.

use super::*;

#[test]
fn an_agent_reads_a_mail_in_the_order_in_which_it_was_written() {
    let mut sample = Sample::of(Purpose::Notification);
    let Content::Notification(notification) = &mut sample.draft.content else { unreachable!() };
    notification.text = "Please run \u{202e}txt.exe\u{202c} for me.".to_owned();
    sample.ticket.subject = "An \u{202e}txt.exe\u{202c} for you".to_owned();
    let mail = written(&sample);
    let read = MessageParser::new().parse(&mail.bytes).unwrap();
    for body in [read.body_text(0).unwrap(), read.body_html(0).unwrap()] {
        assert!(body.contains("Please run txt.exe for me.") && !body.contains('\u{202e}'), "{body}");
    }
    assert!(read.subject().unwrap().ends_with("An txt.exe for you"), "{:?}", read.subject());
}

#[test]
fn a_page_is_told_from_all_other_mail_by_its_subject_and_its_importance() {
    for (purpose, important) in [(Purpose::Page, Some("high")), (Purpose::Notification, None), (Purpose::Nudge, None)] {
        let mail = written(&Sample::of(purpose));
        assert_eq!(field(&mail, "Importance").as_deref(), important, "{purpose}");
        assert_eq!(field(&mail, "X-Priority").as_deref(), important.map(|_| "1"), "{purpose}");
        assert_eq!(field(&mail, "Subject").unwrap().starts_with("PAGE "), important.is_some(), "{purpose}");
    }
    let mut sample = Sample::of(Purpose::Page);
    assert_eq!(field(&written(&sample), "Subject").unwrap(), "PAGE [PR-1042] High: API calls are refused");
    sample.ticket.subject.clear();
    assert_eq!(field(&written(&sample), "Subject").unwrap(), "PAGE [PR-1042] High");
    sample.ticket.assignee = None;
    let text = text_of(&written(&sample));
    let top = "High: New ticket from Ann Example\nFrom        Ann Example <ann@example.com>\nDue         ";
    assert!(text.contains(top) && text.contains("\nNobody has taken it: #take "), "{text}");
}

#[test]
fn a_page_speaks_of_a_customer_only_where_there_is_one() {
    let take = "on the first line of an answer does";
    for (name, monitors, takes, goes_to) in [
        ("a customer", Vec::new(), format!("{take}, and so does an answer to the customer."), "Your answer goes to:"),
        ("a monitor", vec!["@example.com".to_owned()], format!("{take}."), "Internal: a monitor is never answered"),
    ] {
        let mut sample = Sample::of(Purpose::Page);
        sample.ticket.assignee = None;
        // Nothing is promised to anybody here.
        (sample.ticket.first_response_due_at, sample.ticket.update_due_at) = (None, None);
        let policy = Policy { monitors, ..policy() };
        let desk = Desk { policy: &policy, zone: &TimeZone::UTC, templates: &TEMPLATES };
        let mail = compose(&sample.draft, Some(&sample.ticket), &desk, &sample.stamps, Vec::new(), sample.now).unwrap();
        let read = MessageParser::new().parse(&mail.bytes).unwrap();
        for body in [read.body_text(0).unwrap(), read.body_html(0).unwrap()] {
            assert!(body.contains(&takes) && body.contains(goes_to), "{name}: {body}");
            assert_eq!(body.contains("the customer"), name == "a customer", "{name}: {body}");
        }
    }
}

#[test]
fn an_agent_reads_whose_ticket_it_is() {
    let mut sample = Sample::of(Purpose::Notification);
    sample.ticket.assignee = None;
    sample.ticket.team = Some(TeamId("billing".to_owned()));
    let team = Team { id: TeamId("billing".to_owned()), members: vec![AgentId("bob".to_owned())] };
    for (name, teams, expected) in [
        ("a team", vec![team], "\nStatus      Investigating, team billing, nobody has taken it\n"),
        ("a team that is gone", Vec::new(), "\nStatus      Investigating, tier 2, nobody has taken it\n"),
    ] {
        let policy = Policy { teams, ..policy() };
        let desk = Desk { policy: &policy, zone: &TimeZone::UTC, templates: &TEMPLATES };
        let text = text_of(&sample.compose(&desk).unwrap());
        assert!(text.contains(expected), "{name}:\n{text}");
    }
}

#[test]
fn lines_by_which_our_mails_to_agents_are_known_stand_in_them() {
    let mail = text_of(&written(&Sample::of(Purpose::Notification)));
    let known = crate::decide::NOTIFICATION_STARTS;
    let stands = |start: &&str| mail.lines().any(|line| line.starts_with(start));
    assert_eq!(known.iter().copied().filter(stands).collect::<Vec<_>>(), [known[0], known[3]]);
    let mut nobodys = Sample::of(Purpose::Notification);
    nobodys.ticket.parties.clear();
    assert!(text_of(&written(&nobodys)).lines().any(|line| line.starts_with(known[1])));
}

#[test]
fn an_agent_reads_who_joined_the_ticket() {
    let mut sample = Sample::of(Purpose::Notification);
    let Content::Notification(notification) = &mut sample.draft.content else { unreachable!() };
    let dora = Address { name: Some("Dora".to_owned()), address: "dora@example.com".to_owned() };
    (notification.news, notification.joined) = (News::FollowUp, vec![dora, Address::bare("emil@example.com")]);
    let policy = policy();
    let desk = Desk { policy: &policy, zone: &TimeZone::UTC, templates: &TEMPLATES };
    let text = text_of(&sample.compose(&desk).unwrap()).replace('\n', " ");
    let expected = "On the ticket from now on, and in Cc of your answers: Dora <dora@example.com>, emil@example.com.";
    assert!(text.contains(expected), "{text}");
}
