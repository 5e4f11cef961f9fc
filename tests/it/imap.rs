//! The IMAP client against a server that behaves, and against one that does not.

use std::time::Duration;

use jiff::Timestamp;
use postroom::endpoint::{Login, Mechanism, Secret, Security};
use postroom::imap::{
    Batch, BatchLimit, Deadlines, IdleOutcome, ImapError, MailSize, Resume, Session, batches, resume,
};
use tokio_util::sync::CancellationToken;

use crate::support::imap_server::{Fault, ImapServer};

/// Long enough for a busy machine; a test waits this long only if it fails.
const PATIENT: Deadlines =
    Deadlines { connect: Duration::from_secs(20), command: Duration::from_secs(20), mail: Duration::from_secs(20) };

/// For servers that never answer.
const HASTY: Deadlines =
    Deadlines { connect: Duration::from_secs(20), command: Duration::from_millis(40), mail: Duration::from_millis(40) };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn mail(subject: &str) -> Vec<u8> {
    format!("From: ann@customer.example\r\nSubject: {subject}\r\n\r\nhello\r\n").into_bytes()
}

/// A server with `count` mails, UIDs from 1.
async fn server_with(count: u32) -> ImapServer {
    let server = ImapServer::start().await;
    for n in 1..=count {
        server.deliver("INBOX", mail(&format!("mail {n}")), at("2026-03-02T09:30:00Z"));
    }
    server
}

async fn connected(server: &ImapServer, deadlines: Deadlines) -> Session {
    Session::connect(&server.endpoint(), &server.login(), deadlines).await.unwrap()
}

async fn opened(server: &ImapServer) -> Session {
    let mut session = connected(server, PATIENT).await;
    session.select("INBOX").await.unwrap();
    session
}

fn uids(batch: &Batch) -> Vec<u32> {
    batch.mails.iter().map(|mail| mail.uid).collect()
}

#[tokio::test]
async fn mails_are_found_measured_and_fetched_unchanged() {
    let server = ImapServer::start().await;
    let mut awkward: Vec<u8> = (0..=255).collect();
    awkward.extend_from_slice(b"* 1 FETCH (UID 9 BODY[] {3}\r\nabc)\r\nA0004 OK done\r\n");
    let raws = [mail("plain"), awkward, b"".to_vec(), vec![0; 5_000], vec![b'\n'; 70_000]];
    for raw in &raws {
        server.deliver("INBOX", raw.clone(), at("2026-03-02T09:30:15Z"));
    }
    let mut session = connected(&server, PATIENT).await;
    let selected = session.select("INBOX").await.unwrap();
    assert_eq!((selected.exists, selected.uid_next, selected.is_read_only), (5, Some(6), false));
    assert_eq!(session.uids_after(0).await.unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(session.uids_after(3).await.unwrap(), [4, 5]);
    assert_eq!(session.uids_after(5).await.unwrap(), Vec::<u32>::new(), "`6:*` names mail 5");

    let sizes = session.sizes(&[1, 2, 3, 4, 5, 77]).await.unwrap();
    let expected: Vec<MailSize> =
        (1..).zip(&raws).map(|(uid, raw)| MailSize { uid, size_bytes: u32::try_from(raw.len()).unwrap() }).collect();
    assert_eq!(sizes, expected);

    let batch = session.fetch(&[5, 4, 3, 2, 1]).await.unwrap();
    assert_eq!(batch.missing, Vec::<u32>::new());
    for (fetched, raw) in batch.mails.iter().zip(&raws) {
        assert!(fetched.raw == *raw, "mail {} is not what was delivered", fetched.uid);
        assert_eq!(fetched.received_at, Some(at("2026-03-02T09:30:15Z")));
    }
    assert!(server.flags("INBOX", 1).is_empty(), "fetching leaves no trace");
    session.logout().await.unwrap();
}

#[tokio::test]
async fn the_uids_of_a_large_mailbox_are_asked_for_in_windows() {
    let server = server_with(20_003).await;
    server.remove("INBOX", 20_000);
    let mut session = connected(&server, PATIENT).await;
    let selected = session.select("INBOX").await.unwrap();
    server.deliver("INBOX", mail("after the window"), at("2026-03-02T10:00:00Z"));
    let expected: Vec<u32> = (1..=20_004).filter(|uid| *uid != 20_000).collect();
    assert_eq!(session.all_uids(selected.uid_next).await.unwrap(), expected);
    let searches = server.commands().into_iter().filter(|command| command.starts_with("UID SEARCH"));
    assert_eq!(
        searches.collect::<Vec<_>>(),
        ["UID SEARCH UID 1:20000", "UID SEARCH UID 20001:20003", "UID SEARCH UID 20004:*"]
    );
    assert_eq!(session.all_uids(None).await.unwrap(), expected, "without UIDNEXT it is one search");
}

#[tokio::test]
async fn batches_come_in_order_and_name_what_is_missing() {
    let server = server_with(10).await;
    let mut session = opened(&server).await;
    let sizes = session.sizes(&(1..=10).collect::<Vec<_>>()).await.unwrap();
    server.remove("INBOX", 5);
    let asked = batches(&sizes, BatchLimit { mail_count: 4, size_bytes: 1 << 20 });
    let mut fetching = session.fetch_batches(&asked);
    let mut seen = Vec::new();
    while let Some(batch) = fetching.next().await.unwrap() {
        seen.push((uids(&batch), batch.missing));
    }
    assert_eq!(seen, [(vec![1, 2, 3, 4], vec![]), (vec![6, 7, 8], vec![5]), (vec![9, 10], vec![])]);
}

#[tokio::test]
async fn what_came_before_the_connection_was_lost_is_handed_over() {
    for (whole, expected) in [(0, vec![]), (2, vec![1, 2]), (3, vec![1, 2, 3])] {
        let server = server_with(6).await;
        server.fault(if whole == 0 { Fault::CutLiteral(1) } else { Fault::CutFetch(whole) });
        let mut session = opened(&server).await;
        let asked = [vec![1, 2, 3, 4], vec![5, 6]];
        let mut fetching = session.fetch_batches(&asked);
        fetching.next().await.unwrap_err();
        let came: Vec<u32> = fetching.give_up().iter().map(|mail| mail.uid).collect();
        assert_eq!(came, expected, "cut after {whole}");
    }
}

#[tokio::test]
async fn batches_that_the_server_answers_mixed_and_out_of_order_are_sorted_out() {
    let server = server_with(5).await;
    server.fault(Fault::MixFetches);
    let mut session = opened(&server).await;
    let asked = [vec![1, 2, 3], vec![4, 5, 6]];
    let mut fetching = session.fetch_batches(&asked);
    let first = fetching.next().await.unwrap().unwrap();
    let second = fetching.next().await.unwrap().unwrap();
    assert_eq!((uids(&first), first.missing), (vec![1, 2, 3], vec![]));
    assert_eq!((uids(&second), second.missing), (vec![4, 5], vec![6]));
    assert_eq!(fetching.next().await.unwrap(), None);
    session.noop().await.unwrap();
}

#[tokio::test]
async fn a_mail_removed_while_it_is_fetched_is_reported() {
    let server = server_with(3).await;
    server.fault(Fault::RemoveBeforeFetch(2));
    let batch = opened(&server).await.fetch(&[1, 2, 3]).await.unwrap();
    assert_eq!((uids(&batch), batch.missing), (vec![1, 3], vec![2]));
}

#[tokio::test]
async fn a_refusal_is_an_error_and_the_session_goes_on() {
    let server = server_with(2).await;
    for command in ["SEARCH", "FETCH", "STORE", "MOVE", "NOOP", "SELECT", "IDLE"] {
        let mut session = opened(&server).await;
        server.fault(Fault::Refuse(command));
        let stop = CancellationToken::new();
        let refused = match command {
            "SEARCH" => session.uids_after(0).await.map(drop),
            "FETCH" => session.fetch(&[1, 2]).await.map(drop),
            "STORE" => session.mark_seen(&[1]).await,
            "MOVE" => session.move_to(&[1], "Done").await,
            "NOOP" => session.noop().await,
            "SELECT" => session.select("INBOX").await.map(drop),
            _ => session.idle(Duration::from_secs(20), &stop).await.map(drop),
        };
        let text = refused.unwrap_err().to_string();
        assert!(text.starts_with("the server refused ") && text.ends_with("not today"), "{command}: {text}");
        server.heal();
        session.noop().await.unwrap();
    }
}

#[tokio::test]
async fn after_a_refused_batch_the_next_one_still_comes() {
    let server = server_with(3).await;
    server.fault(Fault::RefuseMail(2));
    let mut session = opened(&server).await;
    let asked = [vec![1], vec![2], vec![3]];
    let mut fetching = session.fetch_batches(&asked);
    assert_eq!(uids(&fetching.next().await.unwrap().unwrap()), [1]);
    assert!(matches!(fetching.next().await, Err(ImapError::Refused { command: "UID FETCH", .. })));
    assert_eq!(uids(&fetching.next().await.unwrap().unwrap()), [3]);
    assert_eq!(fetching.next().await.unwrap(), None);
    session.noop().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_ends_too_early_is_an_error_and_never_a_short_answer() {
    let faults = [
        ("in the middle of a literal", Fault::CutLiteral(10)),
        ("before a literal's first byte", Fault::CutLiteral(0)),
        ("between two mails", Fault::CutFetch(1)),
        ("instead of an answer", Fault::Bye("FETCH")),
    ];
    for (name, fault) in faults {
        let server = server_with(3).await;
        let mut session = opened(&server).await;
        server.fault(fault);
        let error = session.fetch(&[1, 2, 3]).await.unwrap_err();
        assert!(matches!(error, ImapError::Disconnected { .. }), "{name}: {error:?}");
        assert!(session.noop().await.is_err(), "{name}: the session must not be used further");
    }
}

#[tokio::test]
async fn a_goodbye_is_told_in_the_servers_words() {
    let server = server_with(1).await;
    let mut session = opened(&server).await;
    server.fault(Fault::Bye("NOOP"));
    let error = session.noop().await.unwrap_err();
    assert_eq!(error.to_string(), "the connection was lost: the server said: going down for maintenance");
}

#[tokio::test]
async fn every_command_has_its_deadline() {
    for command in ["LOGIN", "CAPABILITY", "SELECT", "SEARCH", "FETCH", "STORE", "MOVE", "IDLE", "NOOP"] {
        let server = server_with(1).await;
        server.fault(Fault::Hang(command));
        let work = async {
            let mut session = Session::connect(&server.endpoint(), &server.login(), HASTY).await?;
            session.select("INBOX").await?;
            match command {
                "SEARCH" => session.uids_after(0).await.map(drop),
                "FETCH" => session.fetch(&[1]).await.map(drop),
                "STORE" => session.mark_seen(&[1]).await,
                "MOVE" => session.move_to(&[1], "Done").await,
                "IDLE" => session.idle(Duration::from_secs(20), &CancellationToken::new()).await.map(drop),
                _ => session.noop().await,
            }
        };
        let error = work.await.unwrap_err();
        assert!(matches!(error, ImapError::Timeout { .. }), "{command}: {error:?}");
    }
}

#[tokio::test]
async fn a_command_cut_short_by_its_caller_leaves_a_session_that_says_so() {
    let server = server_with(1).await;
    let mut session = opened(&server).await;
    server.fault(Fault::Hang("SEARCH"));
    let search = session.uids_after(0);
    assert!(tokio::time::timeout(Duration::from_millis(20), search).await.is_err());
    server.heal();
    let error = session.fetch(&[1]).await.unwrap_err();
    assert_eq!(error.to_string(), "the connection was lost: an earlier command was cut short");
}

#[tokio::test]
async fn a_wrong_password_is_told_from_everything_else() {
    let server = ImapServer::start().await;
    for mechanism in [Mechanism::Password, Mechanism::XOauth2] {
        let wrong = Login { secret: Secret::new("wrong"), mechanism, ..server.login() };
        let error = Session::connect(&server.endpoint(), &wrong, PATIENT).await.unwrap_err();
        assert!(matches!(error, ImapError::LoginRefused { .. }), "{mechanism:?}: {error:?}");
        assert!(!format!("{error:?} {error}").contains("wrong"), "{mechanism:?}: {error:?}");
    }
    let token = Login { mechanism: Mechanism::XOauth2, ..server.login() };
    Session::connect(&server.endpoint(), &token, PATIENT).await.unwrap();
}

#[tokio::test]
async fn nobody_listening_is_told_from_everything_else() {
    let server = ImapServer::start().await;
    let (endpoint, login) = (server.endpoint(), server.login());
    drop(server);
    let error = Session::connect(&endpoint, &login, PATIENT).await.unwrap_err();
    assert!(matches!(error, ImapError::Unreachable { .. } | ImapError::Disconnected { .. }), "{error:?}");
}

#[tokio::test]
async fn nothing_is_sent_in_clear_when_starttls_is_refused() {
    let server = ImapServer::start().await;
    let mut endpoint = server.endpoint();
    endpoint.security = Security::StartTls;
    let error = Session::connect(&endpoint, &server.login(), PATIENT).await.unwrap_err();
    assert_eq!(error.to_string(), "the server refused STARTTLS: there is no certificate");
    assert_eq!(server.commands(), ["STARTTLS"]);
    assert_eq!(server.connections(), 1, "a session never tries again by itself");
}

#[tokio::test]
async fn tls_towards_a_server_without_it_is_an_error_of_its_own() {
    let server = ImapServer::start().await;
    let mut endpoint = server.endpoint();
    endpoint.security = Security::Tls;
    let error = Session::connect(&endpoint, &server.login(), PATIENT).await.unwrap_err();
    assert!(matches!(error, ImapError::Tls { .. }), "{error:?}");
    assert!(!server.commands().iter().any(|command| command.contains("LOGIN")));
}

#[tokio::test]
async fn another_uid_validity_means_starting_over() {
    let server = server_with(3).await;
    let mut session = connected(&server, PATIENT).await;
    let before = session.select("INBOX").await.unwrap();
    let cursor = resume(None, &before).cursor().after(3);
    assert_eq!(resume(Some(cursor), &before), Resume::After(cursor));
    server.remove("INBOX", 1);
    server.renumber("INBOX");
    let after = connected(&server, PATIENT).await.select("INBOX").await.unwrap();
    let Resume::StartOver { was, cursor } = resume(Some(cursor), &after) else { panic!("{after:?}") };
    assert_eq!((was, cursor.uid_validity, cursor.last_uid), (before.uid_validity, after.uid_validity, 0));
}

#[tokio::test]
async fn another_uid_validity_under_an_open_mailbox_ends_the_session() {
    let server = server_with(3).await;
    let mut session = opened(&server).await;
    server.fault(Fault::RenumberAt("FETCH"));
    let error = session.fetch(&[1]).await.unwrap_err();
    assert_eq!(error.to_string(), "the connection was lost: UIDVALIDITY changed while the mailbox was open");
}

#[tokio::test]
async fn what_the_server_says_unasked_changes_no_answer() {
    let server = server_with(3).await;
    server.fault(Fault::Noise);
    let mut session = opened(&server).await;
    assert_eq!(session.uids_after(0).await.unwrap(), [1, 2, 3]);
    assert_eq!(session.sizes(&[1, 2, 3]).await.unwrap().len(), 3);
    let batch = session.fetch(&[1, 2, 3]).await.unwrap();
    assert_eq!((uids(&batch), batch.missing), (vec![1, 2, 3], vec![]));
    session.mark_seen(&[2]).await.unwrap();
    assert_eq!(server.flags("INBOX", 2), ["\\Seen"]);
}

#[tokio::test]
async fn a_huge_mail_is_known_by_its_size_and_only_its_headers_are_taken() {
    let server = server_with(2).await;
    server.fault(Fault::ClaimSize(2, u32::MAX));
    let mut session = opened(&server).await;
    let sizes = session.sizes(&[1, 2]).await.unwrap();
    assert_eq!(sizes[1], MailSize { uid: 2, size_bytes: u32::MAX });
    let headers = session.fetch_headers(2, 64_000).await.unwrap().unwrap();
    assert_eq!(headers.raw[..], *b"From: ann@customer.example\r\nSubject: mail 2\r\n\r\n");
    let start = session.fetch_headers(2, 26).await.unwrap().unwrap();
    assert_eq!(start.raw[..], *b"From: ann@customer.example");
    assert_eq!(session.fetch_headers(99, 26).await.unwrap(), None);
    assert!(!server.commands().iter().any(|command| command.contains("BODY.PEEK[]")));
}

#[tokio::test]
async fn mails_are_moved_whatever_the_server_can_do() {
    let cases: [(&str, &[&str], &[u32]); 3] = [
        ("with MOVE", &[], &[2]),
        ("by copying and expunging", &["MOVE"], &[2]),
        ("without UIDPLUS they stay, marked", &["MOVE", "UIDPLUS"], &[1, 2, 3]),
    ];
    for (name, lacking, left) in cases {
        let server = server_with(3).await;
        lacking.iter().for_each(|capability| server.without(capability));
        opened(&server).await.move_to(&[1, 3], "Done").await.unwrap();
        let stayed: Vec<u32> = server.mails("INBOX").iter().map(|mail| mail.uid).collect();
        let moved: Vec<Vec<u8>> = server.mails("Done").into_iter().map(|mail| mail.raw).collect();
        assert_eq!(moved, [mail("mail 1"), mail("mail 3")], "{name}");
        assert_eq!(stayed, left, "{name}");
    }
}

#[tokio::test]
async fn idle_wakes_when_mail_comes() {
    let server = server_with(1).await;
    let mut session = opened(&server).await;
    assert!(session.has_idle());
    let stop = CancellationToken::new();
    let idle = tokio::spawn(async move {
        let outcome = session.idle(Duration::from_secs(20), &stop).await;
        (session, outcome)
    });
    server.deliver("INBOX", mail("new"), at("2026-03-02T10:00:00Z"));
    let (mut session, outcome) = idle.await.unwrap();
    assert_eq!(outcome.unwrap(), IdleOutcome::Changed);
    assert_eq!(session.uids_after(1).await.unwrap(), [2]);
    assert!(!session.has_news());
}

#[tokio::test]
async fn mail_announced_between_two_commands_is_not_slept_through() {
    let server = server_with(1).await;
    let mut session = opened(&server).await;
    session.uids_after(0).await.unwrap();
    server.deliver("INBOX", mail("new"), at("2026-03-02T10:00:00Z"));
    session.mark_seen(&[1]).await.unwrap();
    let outcome = session.idle(Duration::from_secs(20), &CancellationToken::new()).await;
    assert_eq!(outcome.unwrap(), IdleOutcome::Changed);
}

#[tokio::test]
async fn idle_ends_by_its_limit_or_when_asked_and_the_session_goes_on() {
    let server = server_with(1).await;
    let mut session = opened(&server).await;
    let stop = CancellationToken::new();
    assert_eq!(session.idle(Duration::from_millis(5), &stop).await.unwrap(), IdleOutcome::TimedOut);
    stop.cancel();
    assert_eq!(session.idle(Duration::from_secs(20), &stop).await.unwrap(), IdleOutcome::Stopped);
    session.noop().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_dies_while_idling_is_an_error() {
    let server = server_with(1).await;
    let mut session = opened(&server).await;
    server.fault(Fault::CutIdle);
    let error = session.idle(Duration::from_secs(20), &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, ImapError::Disconnected { .. }), "{error:?}");
}

#[tokio::test]
async fn a_mailbox_with_a_name_beyond_ascii_is_opened() {
    let server = ImapServer::start().await;
    server.deliver("Gepr&APw-ft", mail("checked"), at("2026-03-02T10:00:00Z"));
    assert_eq!(connected(&server, PATIENT).await.select("Geprüft").await.unwrap().exists, 1);
}
