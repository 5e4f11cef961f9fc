//! A mailbox that is full when the desk opens for the first time.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::load;

#[test]
fn a_full_mailbox_at_the_first_start_is_worked_off_even_if_the_worker_is_killed_over_it() {
    play(Database::Sqlite, |database| {
        // An SMTP server takes far fewer mails a second than a desk reads: what would be an hour of sending is not what this
        // is about, so in the long case most of the mailbox is there already.
        let (different, copies) = (scale(1_500, 10_000), scale(0, 9));
        let count = different * (1 + copies);
        let mut desk = Desk::new(database);
        let mails = load::mails("full", SUPPORT, different, 1_000, 17);
        desk.deliver(&mails);
        for _ in 0..copies {
            desk.deliver(&load::copies(&mails));
        }
        desk.start_worker();
        desk.wait("the first mails to come in", |desk| !desk.list("inbox").is_empty());
        desk.kill_worker(0);
        desk.start_worker();
        desk.close(&format!("a first start with {count} mails"));
    });
}
