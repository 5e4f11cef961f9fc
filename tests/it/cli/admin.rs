//! What an administrator does with the database: its tables, what is old in it, a copy of it, another one.

use super::{CONFIG, Desk, OUTAGE, QUESTION, Ran, masked, postroom};
use postroom_testbed::postgres::Postgres;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

impl Desk {
    /// A desk with its database elsewhere.
    fn on(url: &str) -> Self {
        let desk = Self::new();
        desk.write("postroom.toml", CONFIG.replace("sqlite://postroom.db", url));
        desk
    }

    /// Does this to the database, behind the program's back.
    pub(super) fn meddle(&self, sql: &'static str) {
        let url = format!("sqlite://{}", self.path().join("postroom.db").display());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut database = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut database).await.unwrap();
        });
    }

    fn mode_of(&self, name: &str) -> u32 {
        fs::metadata(self.path().join(name)).unwrap().permissions().mode() & 0o777
    }
}

fn postgres() -> &'static Postgres {
    Postgres::shared().unwrap()
}

/// All that was a year ago, as if nobody had done anything since.
const A_YEAR_AGO: &str = "UPDATE tickets SET status = 'closed', closed_at = 0, updated_at = 0 WHERE id = 1001; \
    UPDATE outcomes SET settled_at = 0; DELETE FROM deadlines WHERE ticket = 1001; \
    UPDATE outbox SET state = 'sent', settled_at = 0, created_at = 0";

#[test]
fn the_tables_are_shown_and_brought_up_to_date() {
    for desk in [Desk::new(), Desk::on(&postgres().fresh_database().unwrap())] {
        let ran = desk.run(&["migrate", "status"]);
        assert!(ran.err.contains("there is nothing in ") && ran.err.contains("`postroom migrate up`"), "{}", ran.err);
        let rows = |state: &str| {
            let names = ["0001    desk     ", "0002    calendars", "0003    teams    ", "0004    pages    "];
            names.map(|name| format!("{name}  {state}\n")).concat()
        };
        let head = "NUMBER  NAME       STATE    APPLIED\n";
        assert_eq!(ran.ends(1), format!("{head}{}", rows("waiting")));
        assert!(!desk.path().join("postroom.db").exists());
        assert_eq!(
            desk.run(&["migrate", "up"]).ends(0),
            "applied 0001 desk\napplied 0002 calendars\napplied 0003 teams\napplied 0004 pages\n"
        );
        assert_eq!(desk.run(&["migrate", "up"]).ends(0), "the tables were up to date already\n");
        let shown = masked(&desk.run(&["migrate", "status"]).ends(0));
        assert_eq!(shown, format!("{head}{}", rows("applied  <time>")));
        let json = desk.run(&["migrate", "status", "--format", "json"]).json();
        assert_eq!((&json["is_there"], &json["is_up_to_date"]), (&true.into(), &true.into()));
        assert_eq!(
            (&json["migrations"][0]["version"], &json["migrations"][0]["state"]),
            (&1.into(), &"applied".into())
        );
    }
    let desk = Desk::new();
    desk.run(&["migrate", "up"]).ends(0);
    desk.meddle(
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         VALUES (9000, 'from the future', '2030-01-01 00:00:00', TRUE, x'00', 0)",
    );
    let ran = desk.run(&["migrate", "status"]);
    assert!(ran.err.contains("a newer version of Postroom has changed the tables"), "{}", ran.err);
    assert!(ran.ends(1).contains("9000    from the future  unknown  2030-01-01 01:00:00\n"));
    let ran = desk.run(&["migrate", "up"]);
    assert!(
        ran.err.contains("was written by a newer version of Postroom (its tables have version 9000"),
        "{}",
        ran.err
    );
    ran.ends(2);
}

#[test]
fn what_is_old_is_pruned_and_said_to_be() {
    let desk = Desk::with(&[OUTAGE, QUESTION]);
    desk.meddle(A_YEAR_AGO);
    let keys = |table: &str| {
        let json = desk.run(&[table, "show", "1", "--format", "json"]).json();
        (json["is_pruned"].clone(), json.as_object().unwrap().keys().cloned().collect::<Vec<_>>())
    };
    let whole = ["inbox", "outbox"].map(keys);
    let count = |desk: &Desk, arguments: &[&str]| {
        let json = desk.run(&[&["prune", "--format", "json"], arguments].concat()).json();
        (json["received"]["count"].clone(), json["sent"]["count"].clone(), json["tickets"].clone())
    };
    let old = ["--older-than", "90d"];
    assert_eq!(count(&desk, &[&old[..], &["--dry-run", "--tickets"]].concat()), (1.into(), 2.into(), 1.into()));
    assert_eq!(count(&desk, &[&old[..], &["--dry-run"]].concat()), (1.into(), 2.into(), 0.into()));
    let out = masked(&desk.run(&["prune", "--older-than", "1y"]).ends(0));
    assert!(out.starts_with("gone: the bytes of 1 received mail, ") && out.ends_with("ended before <time>\n"), "{out}");

    let shown = desk.run(&["inbox", "show", "1"]).ends(0);
    for part in [
        "mail 1 · ticket-opened\n",
        "Subject     Production is down\n",
        "ticket        PR-1001\n",
        "\nthe bytes of mail 1 were pruned; what it was and what became of it is all that is left\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in:\n{shown}");
    }
    let pruned = ["inbox", "outbox"].map(keys);
    for (whole, pruned) in whole.into_iter().zip(pruned) {
        assert_eq!((whole.0, pruned.0), (false.into(), true.into()));
        assert_eq!(whole.1, pruned.1, "programs find the same keys");
    }
    let raw = desk.run(&["inbox", "show", "1", "--raw"]);
    assert_eq!(
        raw.err,
        "postroom: the bytes of mail 1 were pruned; what it was and what became of it is all that is left\n"
    );
    raw.ends(1);
    let sent = desk.run(&["outbox", "show", "1"]).ends(0);
    assert!(sent.contains("the bytes of mail 1 were pruned") && sent.contains("Message-ID"), "{sent}");
    assert!(desk.run(&["ticket", "show", "1001"]).ends(0).contains("Everything is completely down."), "its words stay");

    let ran = desk.run(&["prune", "--older-than", "7d", "--tickets"]);
    let refused = "postroom: a ticket that was closed less than 14 days ago may still be opened again (reopen_within)";
    assert!(ran.err.starts_with(refused), "{}", ran.err);
    ran.ends(2);
    let ran = desk.run(&["prune", "--older-than", "2999-01-01"]);
    assert_eq!(ran.err, "postroom: `--older-than 2999-01-01` is in the future: all that has ended is older\n");
    ran.ends(2);
    let out = desk.run(&["prune", "--older-than", "30d", "--tickets"]).ends(0);
    assert!(out.contains("gone: 1 ticket, whole\n"), "{out}");
    let ran = desk.run(&["ticket", "show", "1001"]);
    assert!(ran.err.contains("there is no ticket PR-1001"), "{}", ran.err);
    ran.ends(1);
    assert!(
        desk.run(&["inbox", "show", "1"]).ends(0).contains("because       it was pruned with its ticket PR-1001\n")
    );
    let ran = desk.run(&["inbox", "requeue", "1"]);
    assert_eq!(ran.err, "postroom: the bytes of mail 1 were pruned, so it cannot be processed again\n");
    ran.ends(1);
    desk.write("again.eml", OUTAGE);
    assert!(desk.run(&["ingest", "again.eml"]).ends(0).contains("duplicate"), "it comes again");
    let reply =
        OUTAGE.replace("outage@", "reply@").replace("\r\n\r\n", "\r\nIn-Reply-To: <outage@example.com>\r\n\r\n");
    desk.write("reply.eml", reply);
    assert!(desk.run(&["ingest", "reply.eml"]).ends(0).contains("ticket-opened  PR-1003"), "an answer to it");
}

#[test]
fn a_desk_moves_to_another_database_and_back() {
    let desk = Desk::with(&[OUTAGE, QUESTION]);
    let out = desk.run(&["export", "desk.jsonl"]).ends(0);
    assert!(
        out.starts_with("exported rows: ")
            && out.ends_with("mails received: 2, tickets: 2, mails sent or to send: 4\n"),
        "{out}"
    );
    assert_eq!(desk.mode_of("desk.jsonl"), 0o600);
    let ran = desk.run(&["export", "desk.jsonl"]);
    assert_eq!(ran.err, "postroom: desk.jsonl is there already, and is not written over\n");
    ran.ends(2);
    let stream = desk.run(&["export"]).ends(0);
    let rows = |stream: &str| stream.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();

    let other = Desk::on(&postgres().fresh_database().unwrap());
    let out = other.pipe(&["import", "-"], stream.as_bytes()).ends(0);
    assert!(out.contains("imported rows: ") && out.ends_with("; read back, and the same\n"), "{out}");
    assert_eq!(rows(&other.run(&["export"]).ends(0)), rows(&stream));
    assert_eq!(other.run(&["ticket", "list"]).ends(0), desk.run(&["ticket", "list"]).ends(0));
    let ran = other.pipe(&["import", "-"], stream.as_bytes());
    assert!(ran.err.contains("nothing was imported: there are rows in `tickets`"), "{}", ran.err);
    ran.ends(2);

    let new = Desk::new();
    new.write("cut.jsonl", &stream[..stream.len() / 2]);
    let ran = new.run(&["import", "cut.jsonl"]);
    assert!(ran.err.starts_with("postroom: nothing was imported: cut.jsonl: line "), "{}", ran.err);
    assert!(ran.err.ends_with(": the line is cut off, and so is the stream\n"), "{}", ran.err);
    ran.ends(2);
    assert_eq!(new.run(&["ticket", "list", "--format", "json"]).ends(0), "[]\n");
    let fresh = Desk::new();
    fresh.write("diary.txt", "Dear diary\n");
    let ran = fresh.run(&["import", "diary.txt"]);
    assert_eq!(ran.err, "postroom: diary.txt: line 1: this is no stream that `postroom export` has written\n");
    ran.ends(2);
    assert!(!fresh.path().join("postroom.db").exists(), "no database is made for nothing");
}

#[test]
fn an_empty_file_is_told_to_be_empty() {
    let desk = Desk::new();
    desk.write("empty.jsonl", "");
    let ran = desk.run(&["import", "empty.jsonl"]);
    assert_eq!(ran.err, "postroom: empty.jsonl: there is nothing in it; was `postroom export` cut off?\n");
    ran.ends(2);
    assert!(!desk.path().join("postroom.db").exists());
}

#[test]
fn a_backup_is_whole_private_and_writes_over_nothing() {
    let desk = Desk::with(&[OUTAGE]);
    let out = desk.run(&["backup", "copy.db"]).ends(0);
    assert!(out.starts_with("written copy.db, checked: ") && out.ends_with("mails received: 1, tickets: 1\n"), "{out}");
    assert_eq!(desk.mode_of("copy.db"), 0o600);
    let ran = desk.run(&["backup", "copy.db"]);
    assert_eq!(ran.err, "postroom: copy.db is there already, and is not written over\n");
    ran.ends(2);
    let mut names: Vec<_> = fs::read_dir(desk.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name.to_string_lossy().contains("copy"));
    assert_eq!(names, ["copy.db"]);
    let listed = desk.run(&["ticket", "list"]).ends(0);
    desk.write("postroom.toml", CONFIG.replace("postroom.db", "copy.db"));
    assert_eq!(desk.run(&["ticket", "list"]).ends(0), listed);
    desk.write("postroom.toml", CONFIG.replace("postroom.db", "lost.db"));
    let ran = desk.run(&["backup", "other.db"]);
    assert_eq!(ran.err, "postroom: there is no database at sqlite://lost.db\n");
    ran.ends(2);
    assert!(!desk.path().join("lost.db").exists() && !desk.path().join("other.db").exists());

    let desk = Desk::on("postgres://desk:secret@db.example/desk");
    let ran = desk.run(&["backup", "desk.dump"]);
    assert!(
        ran.err.contains("pg_dump --format=custom --file='desk.dump' 'postgres://desk@db.example/desk'"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("secret"));
    ran.ends(2);
}

#[test]
fn a_database_that_cannot_be_used_is_told_in_one_line_and_without_its_password() {
    let lost = postgres().url("nowhere").replacen("desk@", "desk:hunter2@", 1);
    let down = "postgres://desk:hunter2@127.0.0.1:9/desk".to_owned();
    let cases = [
        (&lost, "the database server has no such database", "createdb --owner=USER NAME"),
        (&down, "the database does not answer", "is the server running, and are host and port right?"),
    ];
    for (url, told, hint) in cases {
        let desk = Desk::on(url);
        for arguments in [
            &["ticket", "list"][..],
            &["migrate", "status"],
            &["migrate", "up"],
            &["prune", "--older-than", "90d"],
            &["export", "-"],
        ] {
            let ran = desk.run(arguments);
            assert!(ran.err.starts_with("postroom: cannot open the database postgres://desk@127"), "{}", ran.err);
            assert!(ran.err.contains(told) && ran.err.lines().count() == 1, "{arguments:?}: {}", ran.err);
            assert!(!ran.err.contains("hunter2"), "{}", ran.err);
            ran.ends(2);
        }
        let out = desk.run(&["check", "--connect"]).ends(1);
        assert!(out.contains(told) && out.contains(hint), "{out}");
        assert!(
            out.contains("warning: ") && out.contains("the database's password stands in the configuration"),
            "{out}"
        );
        assert!(!out.contains("hunter2"), "{out}");
    }
    let desk = Desk::on("mysql://desk:hunter2@db.example/desk");
    let out = desk.run(&["check"]).ends(1);
    assert!(out.contains("`database` is `mysql://desk@db.example/desk`, which names no database"), "{out}");
    assert!(!out.contains("hunter2"), "{out}");

    let desk = Desk::with(&[OUTAGE]);
    desk.write("postroom.toml", CONFIG.replace("postroom.db", "postroom.db?mode=ro"));
    let ran = desk.run(&["ticket", "list"]);
    assert!(ran.err.contains("the database may only be read, not written"), "{}", ran.err);
    ran.ends(2);
    desk.run(&["migrate", "status"]).ends(0);
    desk.run(&["backup", "copy.db"]).ends(0);
}

#[test]
fn the_database_s_password_is_found_in_a_file_of_its_own() {
    let server = postgres();
    let url = server.fresh_database().unwrap();
    let desk = Desk::on(&url);
    desk.write("pgpass", "*:*:*:desk:hunter2\n");
    fs::set_permissions(desk.path().join("pgpass"), fs::Permissions::from_mode(0o600)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = postroom(&desk.path());
        Ran::from(command.env("PGPASSFILE", desk.path().join("pgpass")).args(arguments).output().unwrap())
    };
    let out = run(&["check", "--connect"]);
    assert!(out.out.contains(&format!("{url}  can be written")) && !out.out.contains("warning"), "{}", out.out);
    run(&["migrate", "status"]).ends(0);
}
