//! What agents are told: by whom a mail is, where their answer goes, and when it is enough.

use super::{mail, nine};
use crate::support::service::Service;
use jiff::SignedDuration;
use postroom::message::{Message, Reader, parse};
use postroom::store::list::Filter;

const BOB: &str = "bob@desk.example";

/// The mails to an agent, as the server got them.
fn told(service: &Service, address: &str) -> Vec<Message> {
    let mails = service.smtp.mails().into_iter().filter(|mail| mail.to == [address]);
    mails.map(|mail| parse::parse(&mail.bytes, nine(), &Reader::default())).collect()
}

fn with_head(head: &str, mail: Vec<u8>) -> Vec<u8> {
    [head.as_bytes(), &mail].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_told_where_an_answer_goes_when_the_mail_asked_for_another_address() {
    let service = Service::start(nine()).await;
    let raw = mail("ann@customer.example", "m1", "a question");
    service.deliver(with_head("Reply-To: mallory@elsewhere.example\r\n", raw));
    service.settle(1).await;
    let [notification] = &told(&service, BOB)[..] else { panic!("one notification") };
    let text = &notification.body.text;
    let goes_to = "Your answer goes to: ann@customer.example at mallory@elsewhere.example, as their Reply-To asks";
    assert!(text.contains(goes_to), "{text}");
    assert!(text.contains("Answers go to mallory@elsewhere.example, not to the address that it came from."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_told_when_somebody_else_uses_a_customers_answer_address() {
    let service = Service::start(nine()).await;
    service.deliver(mail("ann@customer.example", "m1", "a question"));
    service.settle(1).await;
    let acknowledgement = told(&service, "ann@customer.example").remove(0);
    let address = &acknowledgement.reply_to[0].address;
    let raw = mail("dave@customer.example", "m2", "Re: a question");
    let raw = String::from_utf8(raw).unwrap().replace("To: support@desk.example", &format!("To: {address}"));
    service.deliver(raw);
    service.settle(2).await;
    assert_eq!(service.outcomes().await, ["ticket-opened", "follow-up"]);
    let notification = told(&service, BOB).pop().unwrap();
    let caution = "dave@customer.example wrote it, to an answer address that only ann@customer.example was given.";
    let text = notification.body.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(caution), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_addresses_below_the_desks_tickets_and_agents_are_known_by_the_ids_of_our_mails() {
    let mut service = Service::prepare(nine(), |config| config.policy.sub_addressing = false).await;
    service.open();
    service.deliver(mail("ann@customer.example", "m1", "a question"));
    service.settle(1).await;
    let answer_to = |mail: &Message, from: &str, id: &str| {
        assert_eq!(mail.reply_to[0].address, "support@desk.example");
        let head = format!("In-Reply-To: <{}>\r\n", mail.id);
        with_head(&head, self::mail(from, id, "Re: a question"))
    };
    let (acknowledged, notified) = (told(&service, "ann@customer.example"), told(&service, BOB));
    service.deliver(answer_to(&acknowledged[0], "ann@customer.example", "m2"));
    service.deliver(answer_to(&notified[0], BOB, "m3"));
    service.settle(3).await;
    assert_eq!(service.outcomes().await, ["ticket-opened", "follow-up", "agent-reply"]);
    let reply = service.smtp.mails().into_iter().rfind(|mail| mail.to == ["ann@customer.example"]).unwrap();
    assert_eq!(reply.from.as_deref(), Some("support@desk.example"), "where reports go");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_somebody_answered_in_an_agents_place_the_agent_hears_whatever_went_to_them() {
    let service = Service::start(nine()).await;
    for n in 0..5 {
        service.deliver(mail("mallory@elsewhere.example", &format!("e{n}"), &format!("question {n}")));
    }
    service.deliver(mail("ann@customer.example", "m1", "the printer"));
    service.settle(6).await;
    let open = service.store.list_breakers(&Filter::default(), false, service.clock.now()).await.unwrap();
    assert_eq!(open[0].subject, "mallory@elsewhere.example");
    let notification = told(&service, BOB).into_iter().rfind(|mail| mail.subject.contains("the printer")).unwrap();
    let head = format!("In-Reply-To: <{}>\r\n", notification.id);
    service.deliver(with_head(&head, mail("mallory@elsewhere.example", "e9", "Re: the printer")));
    service.settle(7).await;
    let transcripts = service.purposes_to(BOB).await.into_iter().filter(|purpose| purpose == "transcript").count();
    assert_eq!(transcripts, 1, "{:?}", service.inbox().await[0].reasons);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_on_which_mail_pours_in_falls_silent_for_a_while_and_keeps_all_of_it() {
    const COUNT: usize = 25;
    let service = Service::start(nine()).await;
    service.deliver(mail("ann@customer.example", "m0", "a question"));
    service.settle(1).await;
    let answer = |n: usize| {
        let raw = mail("ann@customer.example", &format!("m{n}"), "Re: a question");
        with_head(
            "Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\r\n\
             In-Reply-To: <m0@customer.example>\r\n",
            raw,
        )
    };
    for n in 1..=COUNT {
        service.deliver(answer(n));
    }
    service.settle(COUNT + 1).await;
    let mails = told(&service, BOB);
    assert_eq!(mails.len(), 10, "as many as may go on one ticket within ten minutes");
    let is_last = |mail: &Message| mail.body.text.contains("told of no more of it");
    assert_eq!(mails.iter().position(is_last), Some(9), "the last one says so");
    let ticket = service.tickets().await.remove(0).id;
    assert_eq!(service.store.filed_on(ticket).await.unwrap().len(), COUNT + 1, "nothing is lost");
    service.pass(SignedDuration::from_mins(11));
    service.deliver(answer(COUNT + 1));
    service.settle(COUNT + 2).await;
    assert_eq!(told(&service, BOB).len(), 11, "later on the next one is told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_between_the_lines_of_our_mail_are_refused_and_not_half_sent() {
    let service = Service::start(nine()).await;
    service.deliver(mail("ann@customer.example", "m1", "a question"));
    service.settle(1).await;
    let notification = told(&service, BOB).remove(0);
    let mut quoted = String::new();
    for line in notification.body.text.lines() {
        quoted.push_str(&format!("> {line}\r\n"));
        if line.starts_with("This is about") {
            quoted.push_str("Yes, it is.\r\n");
        }
    }
    assert!(quoted.contains("Yes, it is."), "{quoted}");
    service.deliver(format!(
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n\
         From: Bob Builder <{BOB}>\r\nTo: {}\r\nSubject: Re: {}\r\nMessage-ID: <a1@desk.example>\r\n\
         In-Reply-To: <{}>\r\n\r\nHello, see below.\r\n\r\nOn Monday the desk wrote:\r\n{quoted}",
        notification.reply_to[0].address, notification.subject, notification.id.0
    ));
    service.settle(2).await;
    assert_eq!(told(&service, "ann@customer.example").len(), 1, "nothing but the acknowledgement");
    let transcript = told(&service, BOB).pop().unwrap().body.text;
    assert!(transcript.contains("words of yours stand between the lines of our mail"), "{transcript}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_released_is_carried_out_though_another_copy_of_it_waits_in_quarantine() {
    let service = Service::start(nine()).await;
    service.deliver(mail("ann@customer.example", "m1", "a question"));
    service.settle(1).await;
    let command = || {
        let raw = String::from_utf8(mail(BOB, "m2", "Re: [PR-1001] a question")).unwrap();
        raw.replace("This is about Re: [PR-1001] a question.", "#take").into_bytes()
    };
    service.deliver(command());
    service.settle(2).await;
    // A list has its answers come to itself.
    let vouched = "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n";
    service.deliver(with_head(&format!("{vouched}Reply-To: list@elsewhere.example\r\n"), command()));
    service.settle(3).await;
    assert_eq!(service.outcomes().await[1..], ["quarantined(spoofed-agent)"; 2]);
    let waiting = service.inbox().await[1].id;
    service.store.release_quarantine(waiting, service.clock.now()).await.unwrap();
    service.settle(3).await;
    assert_eq!(service.outcomes().await[1..], ["agent-command", "quarantined(spoofed-agent)"]);
}
