//! Clocks that are set while mail flows, an hour ahead and an hour back: a worker's among several, the database's, and that
//! of a worker alone.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::postgres::Flushing;
use postroom_testbed::{Postgres, Server, ShiftedClock, load};
use std::time::Duration;

const HOUR: i64 = 3_600;

/// Longer than any claim was ever made for, and than a worker is believed to live without a word from it.
const JUMPS: [i64; 4] = [HOUR, -HOUR, 2 * HOUR, 0];

/// What is said when a worker is taken for dead.
const BURIED: &str = "not heard of any more";

/// Jumps while mails are being handed over: nothing of what is under way may be taken for left behind.
fn jump_while_mail_is_under_way(desk: &mut Desk, clock: &ShiftedClock, mails: &[load::LoadMail]) {
    let mut given = desk.settled_count();
    for (mails, to) in mails.chunks(mails.len().div_ceil(JUMPS.len())).zip(JUMPS) {
        desk.deliver(mails);
        given += mails.len();
        desk.settle(given / 2);
        // Whoever is handing a mail over waits.
        desk.smtp.partition();
        desk.settle(given);
        clock.shift(to).unwrap();
        std::thread::sleep(Duration::from_secs(3));
        desk.smtp.heal();
    }
}

#[test]
fn of_many_workers_one_whose_clock_jumps_takes_nothing_that_others_put_off_and_buries_nobody() {
    play(Database::Postgres { workers: 3 }, |database| {
        let mut desk = Desk::new(database);
        let clocks: Vec<ShiftedClock> = (0..3).map(|_| desk.start_worker_with_clock()).collect();
        let mails = load::mails("clocks", SUPPORT, scale(120, 1_200), 2_000, 31);
        let quarter = mails.len() / 4;
        let set = |first: i64, second: i64| {
            clocks[1].shift(first).unwrap();
            clocks[2].shift(second).unwrap();
        };
        desk.deliver(&mails[..quarter]);
        desk.settle(quarter);
        desk.wait("mail to be sent", |desk| desk.list("outbox").iter().all(|row| row["state"] == "sent"));

        desk.arrive();
        // Until Postfix has forgotten what it delivered: it would deliver that once more when it comes back.
        std::thread::sleep(Duration::from_secs(1));
        desk.leave_mailbox();
        desk.bed.kill_server(Server::Smtp).unwrap();
        desk.deliver(&mails[quarter..2 * quarter]);
        desk.settle(2 * quarter);
        // Of two mails to one person on one ticket the second waits for the first, and is not tried.
        let most_attempts = |desk: &Desk| {
            let open = desk.list("outbox").into_iter().filter(|row| row["state"] == "waiting");
            open.filter_map(|row| row["attempts"].as_u64()).max()
        };
        desk.wait("mail to be put off", |desk| most_attempts(desk) == Some(1));
        set(HOUR, -HOUR);
        std::thread::sleep(Duration::from_secs(5));
        assert_eq!(most_attempts(&desk), Some(1), "what is put off for a quarter of a minute was taken before");
        desk.bed.start_server(Server::Smtp).unwrap();
        desk.deliver(&mails[2 * quarter..3 * quarter]);
        desk.settle(3 * quarter);

        set(-HOUR, HOUR);
        desk.deliver(&mails[3 * quarter..]);
        desk.finish();
        assert_eq!(desk.said(BURIED), 0);
        let audit = desk.close("clocks of workers an hour ahead and back");
        assert_eq!(audit.count("re-sent"), 0, "{audit}");
    });
}

#[test]
fn a_database_whose_clock_jumps_loses_and_doubles_nothing() {
    play(Database::Postgres { workers: 2 }, |_| {
        let postgres = Postgres::start_with_clock(Flushing::Off).unwrap();
        let mut desk = Desk::on(&postgres.fresh_database().unwrap(), None);
        (0..2).for_each(|_| desk.start_worker());
        let mails = load::mails("hours", SUPPORT, scale(120, 1_200), 2_000, 32);
        jump_while_mail_is_under_way(&mut desk, postgres.clock().unwrap(), &mails);
        desk.finish();
        assert_eq!(desk.said(BURIED), 0);
        let audit = desk.close("jumps of PostgreSQL's clock");
        assert_eq!(audit.count("re-sent"), 0, "{audit}");
    });
}

#[test]
fn a_worker_alone_whose_clock_jumps_loses_and_doubles_nothing() {
    play(Database::Sqlite, |database| {
        let mut desk = Desk::new(database);
        let clock = desk.start_worker_with_clock();
        let mails = load::mails("alone", SUPPORT, scale(120, 1_200), 2_000, 33);
        jump_while_mail_is_under_way(&mut desk, &clock, &mails);
        let audit = desk.close("jumps of the clock of a worker alone");
        assert_eq!(audit.count("re-sent"), 0, "{audit}");
    });
}
