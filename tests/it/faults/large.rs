//! A mailbox that is full when the desk opens for the first time.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::load;

#[test]
fn a_full_mailbox_at_the_first_start_is_worked_off_even_if_the_worker_is_killed_over_it() {
    play(Database::Sqlite, |database| {
        let count = scale(1_500, 100_000);
        let mut desk = Desk::new(database);
        desk.deliver(&load::mails("full", SUPPORT, count, 1_000, 17));
        desk.start_worker();
        desk.wait("the first mails to come in", |desk| !desk.list("inbox").is_empty());
        desk.kill_worker(0);
        desk.start_worker();
        desk.close(&format!("a first start with {count} mails"));
    });
}
