//! What becomes of a mail when the smarthost behaves, and when it does not.

use crate::support::smtp_server::{Fault, SmtpServer, Step};
use postroom::endpoint::{Login, Mechanism, Secret, Security};
use postroom::smtp::{Deadlines, Envelope, Lost, Phase, SendError, Smarthost, TlsProblem};
use std::time::Duration;

const MAIL: &[u8] = b"Subject: hello\r\n\r\nIt works.\r\n";

fn smarthost(server: &SmtpServer) -> Smarthost {
    Smarthost::new(server.endpoint(), None, "desk.example", Deadlines::default())
}

/// One that does not wait long, for servers that hang.
fn impatient(server: &SmtpServer) -> Smarthost {
    let short = Duration::from_millis(200);
    let deadlines = Deadlines { connect: short, command: short, content: short, accept: short, quit: short };
    Smarthost::new(server.endpoint(), None, "desk.example", deadlines)
}

fn with_login(server: &SmtpServer, secret: &str, mechanism: Mechanism) -> Smarthost {
    let login = Login { user: "support".into(), secret: Secret::new(secret), mechanism };
    Smarthost::new(server.endpoint(), Some(login), "desk.example", Deadlines::default())
}

fn to(address: &str) -> Envelope {
    Envelope { from: Some("support@desk.example".into()), to: address.into() }
}

/// The outcome in one word and the phase, which is what the tables below compare.
fn shown(outcome: &Result<postroom::smtp::Accepted, SendError>) -> String {
    match outcome {
        Ok(accepted) => format!("accepted {}", accepted.reply),
        Err(SendError::Transient { phase, reply }) => format!("transient {} {}", phase.as_str(), reply.code),
        Err(SendError::Permanent { phase, reply }) => format!("permanent {} {}", phase.as_str(), reply.code),
        Err(SendError::NullSenderRefused { reply }) => format!("null sender {}", reply.code),
        Err(SendError::Unsendable(_)) => "unsendable".into(),
        Err(SendError::Unknown { cause }) => format!("unknown: {cause}"),
        Err(SendError::Unreachable { phase, .. }) => format!("unreachable {}", phase.as_str()),
        Err(SendError::LoginRefused { text }) => format!("login: {text}"),
        Err(SendError::Unwelcome { phase, reply }) => format!("unwelcome {} {}", phase.as_str(), reply.code),
        Err(SendError::Tls(problem)) => format!("tls: {problem}"),
    }
}

#[tokio::test]
async fn mails_go_over_one_connection_that_is_kept_open() {
    let server = SmtpServer::start().await;
    let mut smarthost = smarthost(&server);
    for address in ["ann@example.com", "bob@example.com", "cid@example.com"] {
        let accepted = smarthost.send(&to(address), MAIL).await.unwrap();
        assert_eq!(accepted.reply.code, 250);
    }
    smarthost.quit().await;
    assert!(!smarthost.is_usable());
    let mails = server.mails();
    assert_eq!(
        mails.iter().map(|m| m.to[0].as_str()).collect::<Vec<_>>(),
        ["ann@example.com", "bob@example.com", "cid@example.com"]
    );
    assert!(mails.iter().all(|m| m.bytes == MAIL && m.connection == 1));
    assert_eq!(server.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn content_arrives_as_it_was_but_for_its_line_ends() {
    let long = [b"Subject: long\r\n\r\n".as_slice(), &b"line\r\n..\r\n".repeat(20_000)].concat();
    let table: [(&str, &[u8], &[u8]); 6] = [
        ("dots", b"a: b\r\n\r\n.\r\n..\r\n.x\r\n", b"a: b\r\n\r\n.\r\n..\r\n.x\r\n"),
        ("no line end at the end", b"a: b\r\n\r\nend", b"a: b\r\n\r\nend\r\n"),
        ("a hidden end of the mail", b"a: b\n\n.\nMAIL FROM:<x>\n", b"a: b\r\n\r\n.\r\nMAIL FROM:<x>\r\n"),
        ("a hidden end with CR", b"a: b\r\n\r\nx\r.\r\n", b"a: b\r\n\r\nx\r\n.\r\n"),
        ("dots where chunks meet", &long, &long),
        ("8 bits", "a: b\r\n\r\nGrün\r\n".as_bytes(), "a: b\r\n\r\nGrün\r\n".as_bytes()),
    ];
    let server = SmtpServer::start().await;
    let mut smarthost = smarthost(&server);
    for (at, (name, sent, expected)) in table.into_iter().enumerate() {
        smarthost.send(&to("ann@example.com"), sent).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(server.mails()[at].bytes == expected, "{name}");
    }
    assert_eq!(server.mails()[5].parameters, "BODY=8BITMIME");
    assert_eq!(server.connection_count(), 1);
}

#[tokio::test]
async fn what_the_server_answers_decides_whether_to_try_again() {
    use Step::*;
    let table = [
        (Rcpt, "550 5.1.1 no such user", "permanent rcpt 550"),
        (Rcpt, "450 4.2.0 greylisted", "transient rcpt 450"),
        (Rcpt, "552 too many recipients", "transient rcpt 552"),
        (Rcpt, "571 delivery not authorized", "permanent rcpt 571"),
        (Mail, "451 4.3.0 try later", "transient mail 451"),
        (Mail, "553 5.1.8 sender unknown", "permanent mail 553"),
        (Mail, "530 5.7.0 authentication required", "login: 530 5.7.0 authentication required"),
        (Data, "451 4.3.0 no", "transient data 451"),
        (Data, "554 5.5.1 no valid recipients", "permanent data 554"),
        (Data, "250 what", "unreachable data"),
        (Dot, "554 5.7.1 spam", "permanent content 554"),
        (Dot, "452 4.3.1 disk full", "transient content 452"),
        (Dot, "354 go on", "unknown: the answer makes no sense"),
        (Dot, "250", "accepted 250"),
        (Dot, "250-2.0.0 kept\r\n250 2.0.0 for you", "accepted 250 2.0.0 kept for you"),
        (Content, "552 5.3.4 too big", "permanent content 552"),
        (Rcpt, "421 4.3.2 shutting down", "transient rcpt 421"),
        (Greeting, "421 busy", "transient greeting 421"),
        (Greeting, "554 5.7.1 you are blocked", "unwelcome greeting 554"),
        (Greeting, "SSH-2.0-OpenSSH_9.2", "unreachable greeting"),
        (Ehlo, "502 5.5.1 not here", "unwelcome greeting 502"),
    ];
    for (step, reply, expected) in table {
        let server = SmtpServer::start().await;
        let mut smarthost = smarthost(&server);
        server.script(Fault::at(step).replies(reply));
        let outcome = smarthost.send(&to("ann@example.com"), MAIL).await;
        assert_eq!(shown(&outcome), expected, "{step:?} {reply}");
        assert_eq!(server.mails().len(), 0, "{step:?} {reply}");

        // Whatever happened, the next mail is sent, and its answer is its own.
        smarthost.send(&to("bob@example.com"), MAIL).await.unwrap_or_else(|e| panic!("{step:?} {reply}: then {e}"));
        assert_eq!(server.mails()[0].to, ["bob@example.com"], "{step:?} {reply}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_or_hangs_up_never_has_the_mail_but_after_the_dot() {
    use Step::*;
    let table = [
        (Greeting, "unreachable greeting"),
        (Ehlo, "unreachable greeting"),
        (Mail, "unreachable mail"),
        (Rcpt, "unreachable rcpt"),
        (Data, "unreachable data"),
    ];
    for (step, expected) in table {
        for fault in [Fault::at(step).hangs(), Fault::at(step).hangs_up()] {
            let server = SmtpServer::start().await;
            let mut smarthost = impatient(&server);
            let name = format!("{fault:?}");
            server.script(fault);
            assert_eq!(shown(&smarthost.send(&to("ann@example.com"), MAIL).await), expected, "{name}");
            assert!(!smarthost.is_usable(), "{name}");
            smarthost.send(&to("bob@example.com"), MAIL).await.unwrap();
            assert_eq!(server.mails()[0].connection, 2, "{name}");
        }
    }
}

#[tokio::test]
async fn no_answer_to_the_final_dot_is_neither_success_nor_failure() {
    let table = [
        ("dies before it keeps the mail", Fault::at(Step::Dot).hangs_up(), Lost::Closed, 0),
        ("dies after it kept the mail", Fault::at(Step::Dot).keeps_then_hangs_up(), Lost::Closed, 1),
        ("hangs before it keeps the mail", Fault::at(Step::Dot).hangs(), Lost::Timeout, 0),
        ("hangs after it kept the mail", Fault::at(Step::Dot).keeps_then_hangs(), Lost::Timeout, 1),
    ];
    for (name, fault, expected, kept) in table {
        let server = SmtpServer::start().await;
        let mut smarthost = impatient(&server);
        server.script(fault);
        let outcome = smarthost.send(&to("ann@example.com"), MAIL).await;
        assert_eq!(shown(&outcome), format!("unknown: {expected}"), "{name}");
        assert_eq!(server.mails().len(), kept, "{name}");
        assert!(!smarthost.is_usable(), "{name}");
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_the_content_hands_nothing_over() {
    let large = [b"Subject: large\r\n\r\n".as_slice(), &b"0123456789\r\n".repeat(2_000_000)].concat();
    for (fault, name) in
        [(Fault::at(Step::Content).hangs(), "hangs"), (Fault::at(Step::Content).hangs_up(), "hangs up")]
    {
        let server = SmtpServer::start().await;
        server.script(fault);
        let outcome = impatient(&server).send(&to("ann@example.com"), &large).await;
        assert_eq!(shown(&outcome), "unreachable content", "{name}");
    }
}

#[tokio::test]
async fn a_caller_that_stops_waiting_takes_the_connection_with_it() {
    let server = SmtpServer::start().await;
    let mut smarthost = smarthost(&server);
    smarthost.connect().await.unwrap();
    server.script(Fault::at(Step::Dot).keeps_then_hangs());
    server.script(Fault::at(Step::Rcpt).replies("554 5.7.1 no").to("bob@example.com"));

    let ann = to("ann@example.com");
    let waited = tokio::select! {
        _ = smarthost.send(&ann, MAIL) => "answered",
        _ = server.wait_for(1) => "gave up",
    };
    assert_eq!(waited, "gave up");
    assert!(!smarthost.is_usable());
    // On the old connection the refusal of bob could be mistaken for an answer about ann, and the other way round.
    assert_eq!(shown(&smarthost.send(&to("bob@example.com"), MAIL).await), "permanent rcpt 554");
    assert_eq!(server.connection_count(), 2);
}

#[tokio::test]
async fn a_server_that_repeats_itself_spoils_one_mail_at_most() {
    let table = [
        (Step::Greeting, "unreachable greeting", 0),
        (Step::Ehlo, "unreachable greeting", 0),
        (Step::Mail, "unreachable rcpt", 0),
        (Step::Rcpt, "unreachable data", 0),
        (Step::Data, "unknown: the answer makes no sense", 1),
        (Step::Dot, "accepted 250 2.0.0 kept as 1", 1),
    ];
    for (step, expected, kept) in table {
        let server = SmtpServer::start().await;
        let mut smarthost = smarthost(&server);
        server.script(Fault::at(step).repeats_itself());
        server.script(Fault::at(Step::Rcpt).replies("554 5.7.1 no").to("bob@example.com").always());
        assert_eq!(shown(&smarthost.send(&to("ann@example.com"), MAIL).await), expected, "{step:?}");
        // Were the left-over answer taken for the next one, bob's refusal would be another's.
        assert_eq!(shown(&smarthost.send(&to("bob@example.com"), MAIL).await), "permanent rcpt 554", "{step:?}");
        smarthost.send(&to("cid@example.com"), MAIL).await.unwrap();
        assert!(server.mails().iter().filter(|mail| mail.to == ["ann@example.com"]).count() <= kept, "{step:?}");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_between_mails_is_replaced_unseen() {
    let table = [Fault::at(Step::Mail).replies("421 4.4.2 timeout"), Fault::at(Step::Mail).hangs_up()];
    for fault in table {
        let server = SmtpServer::start().await;
        let mut smarthost = smarthost(&server);
        smarthost.send(&to("ann@example.com"), MAIL).await.unwrap();
        server.script(fault);
        smarthost.send(&to("bob@example.com"), MAIL).await.unwrap();
        assert_eq!(server.mails().iter().map(|m| m.connection).collect::<Vec<_>>(), [1, 2]);
    }
}

#[tokio::test]
async fn a_refused_mail_does_not_cost_the_connection() {
    let server = SmtpServer::start().await;
    let mut smarthost = smarthost(&server);
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::Dot] {
        server.script(Fault::at(step).replies("550 5.7.1 no"));
        smarthost.send(&to("ann@example.com"), MAIL).await.unwrap_err();
        smarthost.send(&to("ann@example.com"), MAIL).await.unwrap();
    }
    assert_eq!(server.connection_count(), 1);
    assert_eq!(server.mails().len(), 4);
}

#[tokio::test]
async fn a_refused_connection_is_told_apart_and_is_tried_again_by_the_next_mail() {
    let server = SmtpServer::start().await;
    let mut smarthost = smarthost(&server);
    server.stop_listening().await;
    let outcome = smarthost.send(&to("ann@example.com"), MAIL).await;
    assert!(matches!(outcome, Err(SendError::Unreachable { phase: Phase::Connect, cause: Lost::Io(_) })));
    server.listen_again().await;
    smarthost.send(&to("ann@example.com"), MAIL).await.unwrap();
}

#[tokio::test]
async fn the_null_reverse_path_is_sent_and_its_refusal_is_told_apart() {
    let server = SmtpServer::start().await;
    let mut smarthost = smarthost(&server);
    let automatic = Envelope { from: None, to: "ann@example.com".into() };
    smarthost.send(&automatic, MAIL).await.unwrap();
    assert_eq!(server.mails()[0].from, None);
    assert!(server.commands().contains(&"MAIL FROM:<>".to_owned()));

    server.script(Fault::at(Step::Mail).replies("501 5.1.7 sender must not be empty").to("").always());
    assert_eq!(shown(&smarthost.send(&automatic, MAIL).await), "null sender 501");
    smarthost.send(&to("ann@example.com"), MAIL).await.unwrap();
    server.behave();
    server.script(Fault::at(Step::Mail).replies("451 4.3.0 later").to(""));
    assert_eq!(shown(&smarthost.send(&automatic, MAIL).await), "transient mail 451");
    smarthost.send(&to("ann@example.com"), MAIL).await.unwrap();
}

#[tokio::test]
async fn replies_may_come_byte_by_byte_and_in_any_character_set() {
    let server = SmtpServer::start().await;
    server.chop_replies();
    server.script(Fault::at(Step::Dot).replies("250 angenommen für später"));
    let accepted = smarthost(&server).send(&to("ann@example.com"), MAIL).await.unwrap();
    assert_eq!(accepted.reply.to_string(), "250 angenommen für später");
}

#[tokio::test]
async fn what_the_server_cannot_take_is_not_put_to_it() {
    let server = SmtpServer::start().await;
    let mut smarthost = smarthost(&server);
    smarthost.send(&to("grün@exämple.com"), MAIL).await.unwrap();
    assert_eq!(server.mails()[0].parameters, "SMTPUTF8");

    server.offer(&[]);
    smarthost.quit().await;
    for (name, address, content) in [
        ("address", "grün@exämple.com", MAIL),
        ("content", "ann@example.com", "a: b\r\n\r\nGrün\r\n".as_bytes()),
        ("line break", "ann@example.com>\r\nRCPT TO:<bob@example.com", MAIL),
    ] {
        assert_eq!(shown(&smarthost.send(&to(address), content).await), "unsendable", "{name}");
    }
    smarthost.send(&to("ann@example.com"), MAIL).await.unwrap();
    assert_eq!(server.connection_count(), 2);
}

#[tokio::test]
async fn every_way_to_log_in_works_and_a_wrong_secret_is_for_the_administrator() {
    let table = [
        ("plain", "AUTH PLAIN", Mechanism::Password),
        ("login", "AUTH LOGIN", Mechanism::Password),
        ("plain first", "AUTH LOGIN PLAIN", Mechanism::Password),
        ("token", "AUTH PLAIN XOAUTH2", Mechanism::XOauth2),
    ];
    for (name, offered, mechanism) in table {
        let server = SmtpServer::start().await;
        server.require_login("support", "hunter2");
        server.offer(&["8BITMIME", offered]);
        with_login(&server, "hunter2", mechanism).send(&to("ann@example.com"), MAIL).await.unwrap();
        assert_eq!(server.mails()[0].user.as_deref(), Some("support"), "{name}");

        let mut wrong = with_login(&server, "hunter3", mechanism);
        let outcome = wrong.send(&to("ann@example.com"), MAIL).await;
        assert_eq!(shown(&outcome), "login: 535 5.7.8 authentication failed", "{name}");
        assert!(!format!("{wrong:?} {outcome:?}").contains("hunter"), "{name}");
        wrong.use_login(Some(Login { user: "support".into(), secret: Secret::new("hunter2"), mechanism }));
        wrong.send(&to("ann@example.com"), MAIL).await.unwrap();
    }
    let server = SmtpServer::start().await;
    server.offer(&["AUTH CRAM-MD5"]);
    let outcome = with_login(&server, "hunter2", Mechanism::Password).send(&to("ann@example.com"), MAIL).await;
    assert_eq!(shown(&outcome), "login: the server does not offer PLAIN or LOGIN");
}

#[tokio::test]
async fn a_login_server_that_is_down_is_no_reason_to_call_the_administrator() {
    let server = SmtpServer::start().await;
    server.require_login("support", "hunter2");
    server.script(Fault::at(Step::Auth).replies("454 4.7.0 temporary authentication failure"));
    let mut smarthost = with_login(&server, "hunter2", Mechanism::Password);
    assert_eq!(shown(&smarthost.send(&to("ann@example.com"), MAIL).await), "transient auth 454");
    smarthost.send(&to("ann@example.com"), MAIL).await.unwrap();
}

#[tokio::test]
async fn tls_and_starttls_secure_everything_that_matters() {
    for security in [Security::Tls, Security::StartTls] {
        let server = SmtpServer::start_with(security).await;
        server.require_login("support", "hunter2");
        let mut smarthost = with_login(&server, "hunter2", Mechanism::Password);
        smarthost.send(&to("ann@example.com"), MAIL).await.unwrap_or_else(|e| panic!("{security:?}: {e:?}"));
        smarthost.send(&to("bob@example.com"), MAIL).await.unwrap();
        assert!(server.mails().iter().all(|mail| mail.is_secured && mail.connection == 1), "{security:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_bears_another_name_is_refused() {
    for security in [Security::Tls, Security::StartTls] {
        let server = SmtpServer::start_with(security).await;
        let mut untrusted = server.endpoint();
        untrusted.ca_file = None;
        let mut other_name = server.endpoint();
        other_name.host = "127.0.0.1".into();
        for (name, endpoint) in [("untrusted", untrusted), ("other name", other_name)] {
            let mut smarthost = Smarthost::new(endpoint, None, "desk.example", Deadlines::default());
            let outcome = smarthost.send(&to("ann@example.com"), MAIL).await;
            assert!(
                matches!(outcome, Err(SendError::Tls(TlsProblem::Handshake(_)))),
                "{security:?} {name}: {outcome:?}"
            );
        }
        assert!(!server.commands().iter().any(|line| line.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_in_the_clear() {
    let table = [
        (
            "stripped from the offers",
            Fault::at(Step::Ehlo).replies("250-x\r\n250 AUTH PLAIN"),
            "tls: the SMTP server does not offer STARTTLS",
        ),
        ("refused", Fault::at(Step::StartTls).replies("502 5.5.1 no"), "unwelcome starttls 502"),
        ("not now", Fault::at(Step::StartTls).replies("454 4.7.0 TLS not available"), "transient starttls 454"),
        (
            "plain text slipped in",
            Fault::at(Step::StartTls).replies("220 go\r\n250-x\r\n250 AUTH PLAIN"),
            "tls: there was plain text after the answer to STARTTLS",
        ),
        ("hangs up", Fault::at(Step::StartTls).hangs_up(), "unreachable starttls"),
    ];
    for (name, fault, expected) in table {
        let server = SmtpServer::start_with(Security::StartTls).await;
        server.script(fault);
        let outcome = with_login(&server, "hunter2", Mechanism::Password).send(&to("ann@example.com"), MAIL).await;
        assert_eq!(shown(&outcome), expected, "{name}");
        let commands = server.commands();
        assert!(commands.iter().all(|line| line.starts_with("EHLO") || line == "STARTTLS"), "{name}: {commands:?}");
    }
}
