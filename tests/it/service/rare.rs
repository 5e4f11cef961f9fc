//! What seldom happens, and must go right all the same.

use super::{mail, nine};
use crate::support::service::Service;
use crate::support::smtp_server::Received;
use crate::support::wait_until;
use jiff::{SignedDuration, Timestamp};
use postroom::message::{self, Message, Reader};
use postroom::serve::deadlines::meet_due;
use postroom::ticket::event::What;
use postroom::ticket::people::TeamId;

const ANN: &str = "ann@customer.example";
const BOB: &str = "bob@desk.example";

/// The newest mail that the server got for an address.
fn newest_to(service: &Service, address: &str) -> Received {
    service.smtp.mails().into_iter().rev().find(|mail| mail.to == [address]).unwrap()
}

fn read(bytes: &[u8]) -> Message {
    message::parse(bytes, Timestamp::UNIX_EPOCH, &Reader::default())
}

/// The head of Bob's answer to a notification: it goes where the notification says.
fn head_of_answer(notification: &Received, id: &str) -> String {
    let message = read(&notification.bytes);
    format!(
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n\
         From: Bob Builder <{BOB}>\r\nTo: {}\r\nSubject: Re: {}\r\nMessage-ID: <{id}@desk.example>\r\n\
         In-Reply-To: <{}>\r\nDate: Mon, 2 Mar 2026 10:10:00 +0100\r\nMIME-Version: 1.0\r\n",
        message.answer_to().unwrap().address,
        message.subject,
        message.id.0
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_mail_among_an_agents_attachments_does_not_go_to_the_customer() {
    let service = Service::start(nine()).await;
    service.deliver(mail(ANN, "m1", "a question"));
    service.settle(1).await;
    let notification = newest_to(&service, BOB);
    let attached = String::from_utf8(notification.bytes.clone()).unwrap();
    service.deliver(format!(
        "{}Content-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nHere is how to do it.\r\n\
         --b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"ticket.eml\"\r\n\r\n{attached}\r\n\
         --b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"again.bin\"\r\n\r\n\
         {attached}\r\n\
         --b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"steps.txt\"\r\n\r\nStep one.\r\n\
         --b--\r\n",
        head_of_answer(&notification, "a1")
    ));
    service.settle(2).await;
    assert_eq!(service.outcomes().await, ["ticket-opened", "agent-reply"]);
    let answer = newest_to(&service, ANN);
    let message = read(&answer.bytes);
    assert!(message.body.text.contains("Here is how to do it."), "{}", message.body.text);
    let names: Vec<_> = message.attachments.iter().filter_map(|file| file.name.as_deref()).collect();
    assert_eq!(names, ["steps.txt"]);
    let to_agent = read(&notification.bytes).answer_to().unwrap().address.clone();
    assert!(!String::from_utf8_lossy(&answer.bytes).contains(&to_agent), "the agent's own address went out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_reaches_the_agents_whole() {
    let service = Service::start(nine()).await;
    let file: Vec<u8> =
        (0..9_000_000_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()).take(9_000_000).collect();
    let encoded = data_encoding::BASE64_MIME.encode(&file);
    let question = String::from_utf8(mail(ANN, "m1", "a question")).unwrap();
    let (head, words) = question.split_once("\r\n\r\n").unwrap();
    service.deliver(format!(
        "{head}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\n{words}\r\n\
         --b\r\nContent-Type: application/x-dump\r\nContent-Disposition: attachment; filename=\"core.bin\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b--\r\n"
    ));
    service.settle(1).await;
    let notification = newest_to(&service, BOB);
    let message = read(&notification.bytes);
    let name = message.attachments[0].name.as_deref();
    assert_eq!((message.attachments.len(), name), (1, Some("core.bin")));
    assert!(postroom::message::all_attachment_bytes(&notification.bytes)[0] == file);
    assert!(newest_to(&service, ANN).bytes.len() < 100_000, "the acknowledgement repeats no file");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_introduction_in_a_language_that_nobody_knows_does_not_go_to_the_customer() {
    let service = Service::start(nine()).await;
    service.deliver(mail(ANN, "m1", "a question"));
    service.settle(1).await;
    let notification = newest_to(&service, BOB);
    let address = read(&notification.bytes).answer_to().unwrap().address.clone();
    let quoted = read(&notification.bytes).body.text;
    let quoted: String = quoted.lines().map(|line| format!("> {line}\r\n")).collect();
    service.deliver(format!(
        "{}\r\nWe look into it.\r\n\r\n\"Ann (PR-1001)\" <{address}>\r\nsihasapa 2 Maw 10:00 owapi kta:\r\n\r\n{quoted}",
        head_of_answer(&notification, "a1")
    ));
    service.settle(2).await;
    assert_eq!(service.outcomes().await, ["ticket-opened", "agent-reply"]);
    let text = read(&newest_to(&service, ANN).bytes).body.text;
    assert!(text.contains("We look into it.") && !text.contains("owapi") && !text.contains(&address), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_somebody_cannot_be_written_to_stands_on_the_timeline_and_the_agent_is_told() {
    let service = Service::start(nine()).await;
    service.deliver(mail(&format!("{}@customer.example", "a".repeat(300)), "m1", "a question"));
    service.settle(1).await;
    assert_eq!(service.outcomes().await, ["ticket-opened"]);
    let told = |what: &What| matches!(what, What::Undelivered { detail, .. } if detail.contains("can be addressed"));
    let timeline = service.timeline(1001).await;
    assert_eq!(timeline.iter().filter(|event| told(&event.what)).count(), 1, "{timeline:?}");
    assert_eq!(service.purposes_to(BOB).await, ["undelivered", "notification"]);
    assert_eq!(service.outbox().await.len(), 2, "nothing is tried that cannot be sent");
}

/// Whatever is claimed is changed behind the desk's back, before it looks again.
async fn claimed_and_then(service: &Service, change: &'static str) {
    service.deliver(mail(ANN, "m1", "a question"));
    service.settle(1).await;
    service.meddle(change).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_was_met_or_moved_since_it_was_claimed_is_left_alone() {
    let cases = [
        ("left as it is", "SELECT 1", true),
        (
            "met",
            "CREATE TRIGGER meddle AFTER UPDATE OF attempt ON deadlines WHEN NEW.attempt > OLD.attempt BEGIN \
             DELETE FROM deadlines WHERE ticket = NEW.ticket AND kind = NEW.kind; END",
            false,
        ),
        (
            "moved",
            "CREATE TRIGGER meddle AFTER UPDATE OF attempt ON deadlines WHEN NEW.attempt > OLD.attempt BEGIN \
             UPDATE deadlines SET due_at = due_at + 60000 WHERE ticket = NEW.ticket AND kind = NEW.kind; END",
            false,
        ),
    ];
    for (name, change, is_met) in cases {
        let mut service = Service::start(nine()).await;
        claimed_and_then(&service, change).await;
        service.stop().await;
        let before = (service.timeline(1001).await.len(), service.outbox().await.len());
        service.pass(SignedDuration::from_hours(48));
        assert!(meet_due(&service.desk()).await.unwrap() > 0, "{name}: something is claimed");
        let after = (service.timeline(1001).await.len(), service.outbox().await.len());
        assert_eq!(after != before, is_met, "{name}: {before:?} {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_mail_that_an_address_gets_today_still_promises_an_update() {
    let mut service = Service::prepare(nine(), |config| config.policy.caps.per_address_day = 1).await;
    service.open();
    service.deliver(mail(ANN, "m1", "a question"));
    service.settle(1).await;
    let text = read(&newest_to(&service, ANN).bytes).body.text;
    assert!(text.contains("Expected Update: Monday, 2 March 2026, "), "{text}");
    let due_at = service.tickets().await[0].update_due_at.unwrap();
    // The agent is told, since no more mail may go to the customer today; of the first answer, too, due at the same time.
    service.clock.move_to(due_at);
    let told = ["alarm", "notification", "nudge", "nudge", "nudge"];
    wait_until("all deadlines are met", async || {
        let mut purposes = service.purposes_to(BOB).await;
        purposes.sort();
        purposes == told
    })
    .await;
    assert_eq!(service.purposes_to(ANN).await, ["acknowledgement"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_is_gone_leaves_its_tickets_to_their_tiers() {
    let mut service = Service::start(nine()).await;
    service.deliver(mail(ANN, "one", "a question"));
    service.settle(1).await;
    service.meddle("UPDATE tickets SET team = 'gone'").await;
    let gone = service.desk().teams_that_are_gone().await.unwrap();
    assert_eq!(gone, [(TeamId("gone".into()), 1)]);
    service.meddle("UPDATE tickets SET status = 'closed'").await;
    assert_eq!(service.desk().teams_that_are_gone().await.unwrap(), []);
    service.stop().await;
}
