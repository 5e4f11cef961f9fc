//! A disk that is full for a while, under the database of a worker alone and under that of several.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::postgres::Flushing;
use postroom_testbed::{Postgres, SmallDisk, load, skipped};
use std::path::Path;
use std::time::Duration;

/// What is said when there is no room.
const FULL: &str = "the disk of the database is full";

/// What is said of a server that ended over it.
const AWAY: &str = "the database does not answer";

const NO_DISK: &str = "no disk of a few megabytes can be mounted here; a full disk is played in the service's tests";

/// A desk whose database is on a small disk; nothing where there can be none.
fn desk_on_small_disk(folder: &Path) -> Option<(Desk, SmallDisk)> {
    let Some(disk) = SmallDisk::mount(folder, scale(64, 512) as u32).unwrap() else {
        skipped(NO_DISK);
        return None;
    };
    let mut desk = Desk::within(disk.within(), &format!("sqlite://{}/desk.db", folder.display()), None);
    desk.start_worker();
    Some((desk, disk))
}

#[test]
fn a_disk_that_is_full_for_a_while_loses_and_doubles_nothing() {
    play(Database::Sqlite, |_| {
        let folder = tempfile::tempdir().unwrap();
        let Some((mut desk, disk)) = desk_on_small_disk(folder.path()) else { return };
        let mails = load::mails("full", SUPPORT, scale(150, 900), 20_000, 41);
        let third = mails.len() / 3;
        desk.deliver(&mails[..third]);
        desk.settle(third / 2);
        disk.fill().unwrap();
        desk.deliver(&mails[third..2 * third]);
        desk.wait("the full disk to be felt", |desk| desk.said(FULL) > 0);
        std::thread::sleep(Duration::from_secs(2));
        assert!(desk.settled_count() >= third / 2, "one may look at it all the while");
        disk.clear().unwrap();
        desk.settle(2 * third);

        // What is handed over cannot be noted.
        desk.smtp.partition();
        desk.deliver(&mails[2 * third..]);
        desk.settle(mails.len());
        let said = desk.said(FULL);
        disk.fill().unwrap();
        desk.smtp.heal();
        // Where the log has room from before, all may be noted in it.
        desk.wait("the full disk to be felt again", |desk| {
            desk.said(FULL) > said || desk.list("outbox").iter().all(|row| row["state"] == "sent")
        });
        disk.clear().unwrap();
        let audit = desk.close("a full disk, one worker on SQLite");
        assert_eq!(audit.count("re-sent"), 0, "{audit}");
    });
}

#[test]
fn a_server_whose_disk_is_full_for_a_while_loses_and_doubles_nothing() {
    play(Database::Postgres { workers: 2 }, |_| {
        let mut postgres = Postgres::start_on_small_disk(Flushing::Off, scale(128, 768) as u32).unwrap();
        if postgres.disk().is_none() {
            return skipped(NO_DISK);
        }
        let mut desk = Desk::on(&postgres.fresh_database().unwrap(), None);
        (0..2).for_each(|_| desk.start_worker());
        let mails = load::mails("server", SUPPORT, scale(150, 900), 20_000, 42);
        let third = mails.len() / 3;
        desk.deliver(&mails[..third]);
        desk.settle(third / 2);
        for (round, mails) in mails[third..].chunks(third).enumerate() {
            let felt = |desk: &Desk| desk.said(FULL) + desk.said(AWAY);
            let before = felt(&desk);
            postgres.disk().unwrap().fill().unwrap();
            desk.deliver(mails);
            desk.wait("the full disk to be felt", |desk| felt(desk) > before);
            std::thread::sleep(Duration::from_secs(2));
            postgres.disk().unwrap().clear().unwrap();
            postgres.revive().unwrap();
            desk.settle(third * (round + 2));
        }
        desk.close("a full disk, two workers on PostgreSQL");
    });
}

#[test]
fn a_disk_that_becomes_read_only_is_told_and_costs_only_time() {
    play(Database::Sqlite, |_| {
        let folder = tempfile::tempdir().unwrap();
        let Some((mut desk, disk)) = desk_on_small_disk(folder.path()) else { return };
        let mails = load::mails("locked", SUPPORT, 20, 2_000, 43);
        desk.deliver(&mails[..10]);
        desk.finish();
        desk.stop_workers();
        disk.take_writes(false).unwrap();
        let told = desk.complaint(&["run"]);
        assert!(told.contains("is mounted read-only"), "{told}");
        disk.take_writes(true).unwrap();
        desk.start_worker();
        desk.deliver(&mails[10..]);
        desk.close("a disk that could only be read");
    });
}
