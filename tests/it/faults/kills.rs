//! Workers that are killed, again and again, at any moment.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::load::{self, Dice};
use std::time::Duration;

#[test]
fn killed_every_second_while_mail_flows_a_desk_loses_and_doubles_nothing() {
    play(Database::Sqlite, killed_again_and_again);
}

#[test]
fn of_many_workers_any_may_be_killed_every_second() {
    play(Database::Postgres { workers: 3 }, killed_again_and_again);
}

fn killed_again_and_again(database: Database) {
    let (mails, kills) = (scale(400, 2_000), scale(10, 60));
    let mut dice = Dice(0x5eed);
    let mut desk = Desk::new(database);
    desk.start_workers(database);
    for mails in load::mails("kills", SUPPORT, mails, 2_000, 7).chunks(mails.div_ceil(kills)) {
        desk.deliver(mails);
        std::thread::sleep(Duration::from_millis(500 + dice.below(scale(500, 1_000) as u64)));
        let which = dice.below(database.workers() as u64) as usize;
        desk.kill_worker(which);
        desk.start_worker();
    }
    desk.close(&format!("{kills} kills, {database}"));
}
