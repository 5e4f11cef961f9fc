//! A real bed: what goes in by SMTP is seen by IMAP, and nothing goes anywhere else.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use postroom_testbed::{MailBed, MailText, Options, SmtpServer, missing, skipped};

const LIMIT: Duration = Duration::from_secs(20);

fn a_mail_makes_the_round_trip(smtp: Option<SmtpServer>) {
    let bed = MailBed::start(&Options { smtp, ..Options::default() }).unwrap();
    let mut support = bed.mailbox("support").unwrap();

    let mail = MailText::new("Ann <ann@elsewhere.test>", "support@desk.test", "Größe: it burns", ".dots\n..\nstay\n");
    bed.send(&mail.envelope_from, &["support+tag@desk.test"], &mail.bytes()).unwrap();
    let arrived = support.wait_for_mail("the first mail", LIMIT, |mail| mail.subject() == "Größe: it burns").unwrap();
    assert_eq!(arrived.message_id(), mail.message_id);
    assert!(arrived.raw.ends_with(&mail.bytes()), "the mail was changed: {}", String::from_utf8_lossy(&arrived.raw));
    assert_eq!(arrived.address("Return-Path").as_deref(), Some("ann@elsewhere.test"));

    let bare = b"Subject: no sender, no id\r\n\r\nx\r\n";
    bed.send("", &["support@desk.test"], bare).unwrap();
    let arrived = support.wait_for_mail("the bare mail", LIMIT, |mail| mail.subject() == "no sender, no id").unwrap();
    assert!(arrived.raw.ends_with(bare), "a header was added");
    assert_eq!(arrived.header("Return-Path").as_deref(), Some("<>"));

    let long_line = [b"Subject: long\r\n\r\n".as_slice(), &[b'x'; 5000], b"\r\n"].concat();
    bed.send("ann@desk.test", &["support@desk.test", "bob@desk.test"], &long_line).unwrap();
    for user in ["support", "bob"] {
        let mut mailbox = bed.mailbox(user).unwrap();
        let arrived = mailbox.wait_for_mail("the long line", LIMIT, |mail| mail.subject() == "long").unwrap();
        assert!(arrived.raw.ends_with(&long_line), "the long line was folded for {user}");
    }

    for stranger in ["ann@example.com", "nobody-here@desk.test"] {
        let refused = bed.send("ann@desk.test", &[stranger], &mail.bytes()).unwrap_err().to_string();
        assert!(refused.contains("with 55"), "{stranger}: {refused}");
    }

    let folder = bed.folder.clone();
    bed.stop().unwrap();
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn a_mail_sent_by_smtp_is_seen_by_imap_as_it_was_written() {
    match missing() {
        Some(names) => skipped(&format!("not installed: {names}")),
        None => a_mail_makes_the_round_trip(None),
    }
}

#[test]
fn the_fallback_without_root_does_the_same() {
    match postroom_testbed::bed::missing_for(SmtpServer::Aiosmtpd) {
        Some(names) => skipped(&format!("not installed: {names}")),
        None => a_mail_makes_the_round_trip(Some(SmtpServer::Aiosmtpd)),
    }
}

#[test]
fn the_mail_client_does_what_a_test_needs_of_it() {
    if let Some(names) = missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let bed = MailBed::start(&Options { users: vec!["ann".into(), "bob".into()], smtp: None }).unwrap();
    let mut ann = bed.mailbox("ann").unwrap();
    ann.create("Two words").unwrap();
    assert!(ann.list().unwrap().contains(&"Two words".to_owned()));

    ann.append("Two words", &[b"Subject: one\r\n\r\n1\r\n", b"Subject: two\r\n\r\n2\r\n"]).unwrap();
    let selected = ann.select("Two words").unwrap();
    assert_eq!((selected.exists, selected.uid_next), (2, 3));
    assert_eq!(ann.uid_search("SUBJECT two").unwrap(), [2]);
    ann.uid_store("1", r"+FLAGS (\Deleted)").unwrap();
    assert!(ann.uid_fetch("1").unwrap()[0].flags.contains(&"\\Deleted".to_owned()));
    ann.expunge().unwrap();
    let subjects: Vec<_> = ann.all().unwrap().iter().map(|mail| mail.subject()).collect();
    assert_eq!(subjects, ["two"]);
    ann.select("INBOX").unwrap();
    ann.delete("Two words").unwrap();

    bed.send("bob@desk.test", &["ann@desk.test"], b"Subject: wake up\r\n\r\n").unwrap();
    ann.idle_until_mail(LIMIT).unwrap();
    let error = ann.wait_for_mail("the second mail", Duration::from_millis(50), |_| false).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "ann@desk.test has: wake up: waited 0.1 s in vain for the second mail in the mailbox of ann@desk.test"
    );
    assert!(bed.mailbox("nobody").is_err());
}
