//! Workers that are killed, again and again, at any moment.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::load::{self, Dice};
use std::time::Duration;

#[test]
fn killed_every_second_while_mail_flows_a_desk_loses_and_doubles_nothing() {
    play(Database::Sqlite, killed_again_and_again);
}

fn killed_again_and_again(database: Database) {
    let workers = match database {
        Database::Sqlite => 1,
        Database::Postgres { workers } => workers,
    };
    let (mails, kills) = (scale(400, 2_000), scale(10, 60));
    let mut dice = Dice(0x5eed);
    let mut desk = Desk::new(database);
    (0..workers).for_each(|_| desk.start_worker());
    for mails in load::mails("kills", SUPPORT, mails, 2_000, 7).chunks(mails.div_ceil(kills)) {
        desk.deliver(mails);
        std::thread::sleep(Duration::from_millis(500 + dice.below(scale(500, 1_000) as u64)));
        let which = dice.below(workers as u64) as usize;
        desk.kill_worker(which);
        desk.start_worker();
    }
    desk.close("kills");
}
