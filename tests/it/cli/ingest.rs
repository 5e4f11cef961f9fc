//! Mails from files and from standard input.

use super::{CONFIG, Desk, OUTAGE, QUESTION};
use std::fs;

#[test]
fn one_mail_is_read_from_standard_input_without_its_envelope_line() {
    let desk = Desk::new();
    let ran =
        desk.pipe(&["ingest", "-"], format!("From ann@example.com Mon Mar  2 09:00:00 2026\n{OUTAGE}").as_bytes());
    assert!(ran.out.contains("ticket-opened  PR-1001"), "{}", ran.out);
    ran.ends(0);
    assert_eq!(desk.run(&["inbox", "show", "1", "--raw"]).ends(0), OUTAGE);
    let ran = desk.pipe(&["ingest", "-"], b"");
    assert!(ran.out.contains("quarantined(empty)"), "{}", ran.out);
    ran.ends(0);
}

#[test]
fn mbox_and_maildir_are_taken_in() {
    let desk = Desk::new();
    let from = "From MAILER-DAEMON Mon Mar  2 09:00:00 2026\n";
    desk.write("old.mbox", format!("{from}{OUTAGE}\n{from}{QUESTION}\n"));
    desk.write("Maildir/cur/1:2,S", OUTAGE);
    desk.write("Maildir/new/2", QUESTION.replace("question@", "other@"));
    desk.write("Maildir/tmp/3", "half a mail");
    let ran = desk.run(&["ingest", "old.mbox", "Maildir"]);
    assert_eq!(ran.err, "4 mails: 1 duplicate, 3 ticket-opened\n");
    ran.ends(0);
    assert_eq!(desk.run(&["inbox", "list", "--format", "json"]).json().as_array().unwrap().len(), 4);
}

#[test]
fn a_file_that_is_not_there_keeps_no_other_from_being_taken_in() {
    let desk = Desk::new();
    desk.write("outage.eml", OUTAGE);
    let ran = desk.run(&["ingest", "nothing.eml", "outage.eml"]);
    assert_eq!(ran.err, "postroom: cannot read nothing.eml: No such file or directory (os error 2)\n");
    assert!(ran.out.contains("PR-1001"), "{}", ran.out);
    ran.ends(66);
}

#[test]
fn a_database_that_cannot_be_written_asks_the_mail_server_to_try_again() {
    let desk = Desk::new();
    desk.write("postroom.toml", CONFIG.replace("postroom.db", "nowhere/postroom.db"));
    let ran = desk.pipe(&["ingest", "-"], OUTAGE.as_bytes());
    assert!(ran.err.starts_with("postroom: cannot open the database sqlite://nowhere/postroom.db: "), "{}", ran.err);
    ran.ends(75);
}

#[test]
fn mail_is_kept_even_when_the_rules_are_broken() {
    let desk = Desk::new();
    desk.write("rules/99-mine.toml", "[[rule]]\n");
    let ran = desk.pipe(&["ingest", "-"], OUTAGE.as_bytes());
    assert!(ran.err.contains("`postroom check` shows them"), "{}", ran.err);
    assert!(ran.out.contains("not processed yet"), "{}", ran.out);
    ran.ends(0);
    fs::remove_file(desk.path().join("rules/99-mine.toml")).unwrap();
    desk.write("question.eml", QUESTION);
    desk.run(&["ingest", "question.eml", "--no-process"]).ends(0);
    let states = |desk: &Desk| {
        let rows = desk.run(&["inbox", "list", "--format", "json"]).json();
        rows.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(states(&desk), ["new", "new"]);
    desk.run(&["ingest", "question.eml"]).ends(0);
    assert_eq!(states(&desk), ["filed", "filed", "filed"]);
}

#[test]
fn a_mail_does_not_wait_for_all_that_waits_before_it() {
    let desk = Desk::new();
    let mail = |number: usize| format!("From: a{number}@example.com\nMessage-ID: <{number}@example.com>\n\nhello\n");
    let mbox: String = (0..2000).map(|number| format!("From a\n{}\n", mail(number))).collect();
    desk.write("backlog.mbox", mbox);
    desk.run(&["ingest", "backlog.mbox", "--no-process", "--format", "json"]).ends(0);
    let waiting =
        || desk.run(&["inbox", "list", "--state", "new", "--format", "json"]).json().as_array().unwrap().len();
    let ran = desk.pipe(&["ingest", "-"], mail(2000).as_bytes());
    let expected = "not processed yet: 1 mail; a running `postroom run` does so, or `postroom ingest --all`\n";
    assert_eq!(ran.err, expected);
    assert!(ran.out.contains("not processed yet"), "{}", ran.out);
    ran.ends(0);
    assert!((900..2001).contains(&waiting()), "{} wait", waiting());
    let ran = desk.run(&["ingest", "--all"]);
    assert_eq!((ran.err.as_str(), waiting()), ("", 0));
    assert_eq!(ran.ends(0), "");
}

#[test]
fn a_mail_over_the_limit_is_set_aside_with_its_header() {
    let desk = Desk::new();
    let ran = desk.pipe(&["ingest", "-"], format!("{OUTAGE}{}", "x\r\n".repeat(10_000)).as_bytes());
    assert!(ran.out.contains("quarantined(oversize)"), "{}", ran.out);
    ran.ends(0);
    let header = OUTAGE.split_inclusive("\r\n\r\n").next().unwrap();
    assert_eq!(desk.run(&["inbox", "show", "1", "--raw"]).ends(0), header);
}

#[test]
fn mails_that_are_piped_in_at_the_same_time_are_all_kept() {
    let desk = Desk::new();
    desk.run(&["ticket", "list"]).ends(0);
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..12)
            .map(|number| {
                let mail = OUTAGE.replace("outage@", &format!("{number}@"));
                let desk = &desk;
                scope.spawn(move || desk.pipe(&["ingest", "-", "--no-process"], mail.as_bytes()).code)
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(codes, [0; 12]);
    assert_eq!(desk.run(&["inbox", "list", "--format", "json"]).json().as_array().unwrap().len(), 12);
}
