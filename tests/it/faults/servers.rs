//! Mail servers that die, come back, put mail off, and number their mails anew.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::cutter::End;
use postroom_testbed::{Server, SmtpServer, bed, load, skipped};
use std::time::Duration;

#[test]
fn mail_servers_that_die_and_come_back_lose_and_double_nothing() {
    mail_servers_die_and_come_back(Database::Sqlite);
}

#[test]
fn mail_servers_that_die_under_many_workers_lose_and_double_nothing() {
    mail_servers_die_and_come_back(Database::Postgres { workers: 3 });
}

fn mail_servers_die_and_come_back(database: Database) {
    play(database, |database| {
        let (count, rounds) = (scale(160, 1_600), scale(4, 20));
        let mut desk = Desk::new(database);
        desk.start_workers(database);
        for (round, mails) in load::mails("servers", SUPPORT, count, 2_000, 12).chunks(count / rounds).enumerate() {
            desk.deliver(mails);
            desk.leave_mailbox();
            std::thread::sleep(Duration::from_millis(200));
            let server = if round % 2 == 0 { Server::Imap } else { Server::Smtp };
            match round / 2 % 2 {
                0 => desk.bed.kill_server(server).unwrap(),
                _ => desk.bed.stop_server(server).unwrap(),
            }
            std::thread::sleep(Duration::from_millis(scale(300, 5_000) as u64));
            desk.bed.start_server(server).unwrap();
        }
        desk.close(&format!("restarts of Dovecot and the SMTP server, {database}"));
    });
}

#[test]
fn a_server_that_puts_mail_off_for_a_while_gets_each_mail_once() {
    a_server_puts_mail_off_for_a_while(Database::Sqlite);
}

#[test]
fn a_server_that_puts_mail_of_many_workers_off_gets_each_mail_once() {
    a_server_puts_mail_off_for_a_while(Database::Postgres { workers: 2 });
}

fn a_server_puts_mail_off_for_a_while(database: Database) {
    if let Some(names) = bed::missing_for(SmtpServer::Postfix) {
        skipped(&format!("not installed: {names}"));
        return;
    }
    play(database, |database| {
        let mut desk = Desk::with(database, Some(SmtpServer::Postfix));
        desk.bed.put_off_mail(true).unwrap();
        desk.start_workers(database);
        let mails = load::mails("later", SUPPORT, scale(40, 400), 2_000, 13);
        desk.deliver(&mails);
        desk.settle(mails.len());
        desk.wait("mail to be put off", |desk| {
            desk.list("outbox").iter().any(|row| row["error"].as_str().is_some_and(|error| error.contains("450")))
        });
        assert_eq!(desk.sent_count(), 0, "every mail is put off");
        desk.bed.put_off_mail(false).unwrap();
        // Sessions that are open keep the rule they began with.
        desk.smtp.cut_all(End::Fin);
        desk.close(&format!("450 for a while, {database}"));
    });
}

#[test]
fn a_mailbox_behind_a_server_that_is_away_is_put_off_by_the_smtp_server_itself() {
    if let Some(names) = bed::missing_for(SmtpServer::Aiosmtpd) {
        skipped(&format!("not installed: {names}"));
        return;
    }
    play(Database::Sqlite, |database| {
        let mut desk = Desk::with(database, Some(SmtpServer::Aiosmtpd));
        let mails = load::mails("away", SUPPORT, scale(30, 300), 2_000, 14);
        desk.deliver(&mails);
        desk.smtp.partition();
        desk.start_worker();
        desk.settle(mails.len());
        desk.leave_mailbox();
        desk.bed.kill_server(Server::Imap).unwrap();
        desk.smtp.heal();
        desk.wait("mail to be put off", |desk| {
            desk.list("outbox").iter().any(|row| row["error"].as_str().is_some_and(|error| error.contains("451")))
        });
        desk.bed.start_server(Server::Imap).unwrap();
        desk.close("451 for a while");
    });
}

#[test]
fn another_uidvalidity_brings_no_mail_in_twice() {
    another_uidvalidity(Database::Sqlite);
}

#[test]
fn another_uidvalidity_brings_no_mail_in_twice_whoever_reads_the_mailbox() {
    another_uidvalidity(Database::Postgres { workers: 2 });
}

fn another_uidvalidity(database: Database) {
    play(database, |database| {
        let mut desk = Desk::new(database);
        desk.start_workers(database);
        let mails = load::mails("renumbered", SUPPORT, scale(120, 1_200), 2_000, 15);
        let (before, after) = mails.split_at(mails.len() / 2);
        desk.deliver(before);
        desk.finish();
        // What Dovecot is killed over on the way to a customer is another story.
        desk.arrive();
        desk.leave_mailbox();
        desk.bed.kill_server(Server::Imap).unwrap();
        desk.bed.forget_uids("support").unwrap();
        // Dovecot takes the second in which it numbers a mailbox for its UIDVALIDITY.
        std::thread::sleep(Duration::from_millis(1_100));
        desk.bed.start_server(Server::Imap).unwrap();
        desk.deliver(after);
        // Those from before are read again, so that as many mails as were sent may have ended too soon.
        desk.settle(mails.len() + before.len());
        let audit = desk.close(&format!("another UIDVALIDITY, {database}"));
        assert!(audit.count("duplicate") >= before.len(), "the mailbox was read again: {audit}");
    });
}

#[test]
fn a_mail_that_is_delivered_many_times_is_one_ticket() {
    a_mail_is_delivered_many_times(Database::Sqlite);
}

#[test]
fn a_mail_that_many_workers_get_many_times_is_one_ticket() {
    a_mail_is_delivered_many_times(Database::Postgres { workers: 3 });
}

fn a_mail_is_delivered_many_times(database: Database) {
    play(database, |database| {
        let mut desk = Desk::new(database);
        let mails = load::mails("again", SUPPORT, scale(60, 600), 2_000, 16);
        desk.deliver(&mails);
        desk.start_workers(database);
        for _ in 0..3 {
            desk.deliver(&load::copies(&mails));
            desk.kill_worker(0);
            desk.start_worker();
        }
        let audit = desk.close(&format!("three more deliveries of everything, {database}"));
        assert!(audit.count("duplicate") >= 3 * mails.len(), "{audit}");
    });
}
