//! A PostgreSQL that dies, falls silent or loses connections under workers that share it, and workers that freeze.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::cutter::{End, Plan};
use postroom_testbed::postgres::Flushing;
use postroom_testbed::{Cutter, Postgres, load};
use std::time::Duration;

/// Two workers that have begun to work.
fn at_work(desk: &mut Desk, mails: &[load::LoadMail]) {
    (0..2).for_each(|_| desk.start_worker());
    desk.deliver(mails);
    desk.settle(mails.len());
    desk.wait("both workers to be on the list", |desk| desk.worker_count() == 2);
}

/// Longer than a worker is believed to be alive without a word from it.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(9);

#[test]
fn a_database_that_is_killed_and_started_again_loses_and_doubles_nothing() {
    play(Database::Postgres { workers: 2 }, |_| {
        let mut postgres = Postgres::start(Flushing::Off).unwrap();
        let mut desk = Desk::on(&postgres.fresh_database().unwrap(), None);
        let mails = load::mails("database", SUPPORT, scale(160, 1_600), 2_000, 21);
        let (first, mails) = mails.split_at(mails.len() / 5);
        at_work(&mut desk, first);
        for (round, mails) in mails.chunks(mails.len() / 4).enumerate() {
            desk.deliver(mails);
            std::thread::sleep(Duration::from_millis(400));
            if round % 2 == 0 {
                postgres.kill().unwrap()
            } else {
                postgres.stop().unwrap()
            }
            std::thread::sleep(Duration::from_millis(scale(300, 10_000) as u64));
            postgres.start_again().unwrap();
        }
        desk.close("kills and restarts of PostgreSQL");
    });
}

#[test]
fn connections_to_the_database_that_are_cut_at_any_moment_lose_and_double_nothing() {
    play(Database::Postgres { workers: 2 }, |_| {
        let url = Postgres::shared().unwrap().fresh_database().unwrap();
        let (_, database) = url.rsplit_once('/').unwrap();
        let cutter = Cutter::start(Postgres::shared().unwrap().address(), Plan::Forward).unwrap();
        let mut desk = Desk::on(&Postgres::url_at(cutter.address(), database), None);
        let mails = load::mails("queries", SUPPORT, scale(160, 1_600), 2_000, 22);
        let (first, mails) = mails.split_at(mails.len() / 5);
        at_work(&mut desk, first);
        for (round, mails) in mails.chunks(mails.len() / 8).enumerate() {
            desk.deliver(mails);
            std::thread::sleep(Duration::from_millis(350));
            cutter.cut_all(if round % 2 == 0 { End::Reset } else { End::Fin });
        }
        let cuts = cutter.cuts();
        assert!(cuts > 8, "only {cuts} connections were cut");
        desk.close(&format!("{cuts} cuts of connections to PostgreSQL"));
    });
}

#[test]
fn a_worker_that_freezes_for_longer_than_its_lease_holds_up_nobody_and_doubles_nothing() {
    play(Database::Postgres { workers: 2 }, |database| {
        let mut desk = Desk::new(database);
        (0..2).for_each(|_| desk.start_worker());
        // One that is frozen while it connects gives up.
        desk.wait("both workers to be there", |desk| desk.worker_count() == 2);
        let mails = load::mails("frozen", SUPPORT, scale(120, 1_200), 2_000, 23);
        let third = mails.len() / 3;
        for (which, mails) in mails.chunks(third).enumerate().take(2) {
            desk.deliver(mails);
            std::thread::sleep(Duration::from_millis(250));
            desk.signal_worker(which, "STOP");
            std::thread::sleep(LONGER_THAN_A_LEASE);
            // The other one has taken over the mailbox and what was claimed.
            desk.settle(third * (which + 1));
            desk.signal_worker(which, "CONT");
        }
        desk.deliver(&mails[2 * third..]);
        desk.close("two workers that were frozen in turn");
    });
}
