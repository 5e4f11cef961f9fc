//! Workers that are killed, again and again, at any moment.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::load::{self, Dice};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A configuration for commands that only look at the database.
const MINIMAL: &str = r#"
database = "DATABASE"
[desk]
name = "Example Support"
address = "support@desk.test"
[smtp]
host = "localhost"
[[agent]]
name = "tessa"
address = "tessa@desk.test"
tier = "tier-1"
"#;

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

#[test]
fn a_first_start_that_is_killed_at_any_moment_is_finished_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..scale(12, 100) {
        let config = folder.path().join(format!("{round}.toml"));
        let database = format!("sqlite://{}/{round}.db", folder.path().display());
        let postroom = |arguments: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_postroom"));
            command.arg("--config").arg(&config).args(arguments).stdout(Stdio::null());
            command
        };
        std::fs::write(&config, MINIMAL.replace("DATABASE", &database)).unwrap();
        let mut first = postroom(&["migrate", "up"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round as u64 * 8));
        // It may have ended by itself by now.
        let _ = first.kill();
        first.wait().unwrap();
        let again = postroom(&["migrate", "up"]).output().unwrap();
        assert!(again.status.success(), "{round}: {}", String::from_utf8_lossy(&again.stderr));
        let shown = postroom(&["migrate", "status", "--format", "json"]).stdout(Stdio::piped()).output().unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.contains("\"applied\"") && !shown.contains("\"broken\""), "{round}: {shown}");
    }
}
