//! What a customer's answer to a solution does.

use super::draft::News;
use super::*;
use crate::message::{Attachment, Forwarded};

fn from_ann(text: &str) -> Mail {
    mail("ann@example.com", on_ticket(None), text)
}

#[test]
fn an_answer_to_a_resolution_reopens_confirms_or_thanks() {
    let reopened = ["append public of party 1", "status investigating", "update in 240 min", "nudge in 230 min"];
    let confirmed = ["append public of party 1", "no first-response", "no update", "no nudge", "status closed"];
    let filed = ["append public of party 1"];
    type Case<'c> = (&'c str, Status, Option<Intent>, &'c [&'c str], Option<News>);
    let cases: [Case<'_>; 8] = [
        ("no intent", Status::Resolved, None, &reopened, Some(News::Reopened)),
        ("rejected", Status::Resolved, Some(Intent::Reject), &reopened, Some(News::Reopened)),
        ("confirmed", Status::Resolved, Some(Intent::Confirm), &confirmed, Some(News::Confirmed)),
        ("thanks", Status::Resolved, Some(Intent::Thanks), &filed, None),
        ("closed, something new", Status::Closed, None, &reopened, Some(News::Reopened)),
        ("closed, confirmed again", Status::Closed, Some(Intent::Confirm), &filed, None),
        ("still open, confirmed", Status::Investigating, Some(Intent::Confirm), &filed, Some(News::FollowUp)),
        ("waited for", Status::Waiting, None, &reopened, Some(News::FollowUp)),
    ];
    for (name, status, intent, expected, news) in cases {
        let mut mail = from_ann("An answer.");
        mail.verdict.intent = intent.map(because);
        let decision = decide(&mail, Some(&ticket_that_is(status)));
        let mut changes = told(&decision);
        changes.retain(|line| !line.starts_with("send"));
        assert_eq!(changes, expected, "{name}");
        let notified = sent_to(&decision, "bob@desk.example").into_iter().map(|content| match content {
            Content::Notification(notification) => notification.news.clone(),
            other => panic!("{name}: {other:?}"),
        });
        assert_eq!(notified.collect::<Vec<_>>(), news.into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn thanks_with_something_more_are_no_mere_thanks() {
    type Case = (&'static str, Box<dyn Fn(&mut Mail)>, [bool; 2]);
    let file = |media_type: &str, inline| Attachment {
        name: None,
        media_type: media_type.to_owned(),
        size_bytes: 1,
        inline,
        index: 0,
    };
    let forwarded = || Forwarded {
        from: None,
        to: Vec::new(),
        subject: String::new(),
        date: None,
        text: "It still fails.".to_owned(),
        id: None,
        above: String::new(),
    };
    // Whether agents are told of it with thanks, and whether a confirmation with it closes nothing.
    let cases: [Case; 8] = [
        ("nothing more", Box::new(|_| {}), [false, false]),
        ("a screenshot", Box::new(move |mail| mail.message.attachments.push(file("image/png", false))), [true, false]),
        (
            "a picture in the text",
            Box::new(move |mail| mail.message.attachments.push(file("image/png", true))),
            [false, false],
        ),
        (
            "a signature",
            Box::new(move |mail| mail.message.attachments.push(file("application/pgp-signature", false))),
            [false, false],
        ),
        ("a mail that is passed on", Box::new(move |mail| mail.message.forwarded = Some(forwarded())), [true, true]),
        (
            "a new subject",
            Box::new(move |mail| mail.message.subject = "Still broken! Re: Login fails [PR-1001]".into()),
            [true, false],
        ),
        ("another subject", Box::new(move |mail| mail.message.subject = "Invoice".into()), [true, false]),
        (
            "a tag",
            Box::new(move |mail| mail.message.subject = "[EXTERNAL] XY: Re: Login fails [PR-1001]".into()),
            [false, false],
        ),
    ];
    let resolved = Ticket { subject: "Login fails".to_owned(), ..ticket_that_is(Status::Resolved) };
    for (name, change, expected) in cases {
        let is_opened = [Intent::Thanks, Intent::Confirm].map(|intent| {
            let mut mail = from_ann("Thanks!");
            mail.message.subject = "Re: Login fails [PR-1001]".to_owned();
            mail.verdict.intent = Some(because(intent));
            change(&mut mail);
            let decision = decide(&mail, Some(&resolved));
            told(&decision).contains(&"status investigating".to_owned())
        });
        assert_eq!(is_opened, expected, "{name}");
    }
}
