//! Opening a database: a new one, our own, and those that are not for us.

use super::{Desk, mail, minute, postgres, ticket, url_of};
use data_encoding::HEXLOWER;
use postroom::decide::DeadlineKind;
use postroom::store::{Changes, MigrationState, Store, StoreError};
use postroom::ticket::{Paging, Ticket, TicketId};
use sha2::{Digest as _, Sha384};
use sqlx::{Connection, Executor, SqliteConnection};

/// Does something to a database behind the store's back.
async fn meddle(url: &str, sql: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_desk_keeps_its_identity() {
    let desk = Desk::on_sqlite().await;
    let first = desk.store.instance().clone();
    assert_eq!((first.id.len(), first.token_key.expose().len()), (16, 52));
    let desk = desk.reopened().await;
    assert_eq!(*desk.store.instance(), first);
    assert_ne!(Desk::on_sqlite().await.store.instance().id, first.id);
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let url = url_of(&folder);
    meddle(&url, "CREATE TABLE songs (title TEXT)").await;
    let error = Store::open(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert_eq!(error.to_string(), format!("{url} is not a database of Postroom"));
    meddle(&url, "DROP TABLE songs; PRAGMA application_id = 77").await;
    assert!(matches!(Store::open(&url).await, Err(StoreError::Foreign { .. })), "by its application id");
    std::fs::write(folder.path().join("desk.db"), "Dear diary, ".repeat(1000)).unwrap();
    assert!(matches!(Store::open(&url).await, Err(StoreError::Foreign { .. })), "no database at all");
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let desk = Desk::on_sqlite().await;
    desk.store.close().await;
    let url = desk.url.clone();
    meddle(
        &url,
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         VALUES (9000, 'from the future', '2030-01-01', TRUE, x'00', 0)",
    )
    .await;
    match Store::open(&url).await {
        Err(StoreError::Newer { found: 9000, known, .. }) => assert!((1..9000).contains(&known)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_told() {
    let desk = Desk::on_sqlite().await;
    desk.keep(&[mail(1, "one")]).await;
    desk.store.close().await;
    let error = Store::open(&format!("{}?mode=ro", desk.url)).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_opened_is_named() {
    let cases = [
        ("a forgotten scheme", "/var/lib/desk.db", "/var/lib/desk.db cannot be used as a database"),
        (
            "a missing folder",
            "sqlite:///no/such/folder/desk.db",
            "sqlite:///no/such/folder/desk.db cannot be opened: there is no folder /no/such/folder",
        ),
    ];
    for (name, url, expected) in cases {
        assert_eq!(Store::open(url).await.unwrap_err().to_string(), expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_open_a_new_database_at_once_share_it() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let url = url_of(&folder);
        let opened = futures_util::future::join_all((0..6).map(|_| Store::open(&url))).await;
        let instances: Vec<_> = opened.into_iter().map(|one| one.unwrap().instance().clone()).collect();
        assert!(instances.iter().all(|instance| *instance == instances[0]));
    }
}

#[tokio::test]
async fn the_schema_is_looked_at_without_changing_anything() {
    let folder = tempfile::tempdir().unwrap();
    let url = url_of(&folder);
    let schema = Store::schema(&url).await.unwrap();
    assert!(!schema.is_there && schema.migrations.iter().all(|step| step.state == MigrationState::Waiting));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");

    let on_postgres = Desk::on_postgres().await;
    let empty = postgres().fresh_database().unwrap();
    let schema = Store::schema(&empty).await.unwrap();
    assert!(!schema.is_there);
    assert_eq!(postgres().query(&empty, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").unwrap(), "0");
    let on_sqlite = Desk::on_sqlite().await;
    for desk in [on_sqlite, on_postgres] {
        let schema = Store::schema(&desk.url).await.unwrap();
        assert!(schema.is_there);
        let told: Vec<_> =
            schema.migrations.iter().map(|step| (step.version, step.name.as_str(), step.state)).collect();
        let applied = |version, name| (version, name, MigrationState::Applied);
        assert_eq!(told, [applied(1, "desk"), applied(2, "calendars"), applied(3, "teams"), applied(4, "pages")]);
        let applied_at = schema.migrations[0].applied_at.unwrap();
        assert!(applied_at.to_string().starts_with("20"), "{applied_at}");
    }
}

/// The tables of an older version as they were released, with a ticket in them; `bytes` is how a database writes bytes.
fn older_tables(migrations: &[(&str, &str)], bytes: impl Fn(&str) -> String, kind: &str) -> String {
    let steps = migrations.iter().enumerate().map(|(at, (name, migration))| {
        let checksum = bytes(&HEXLOWER.encode(&Sha384::digest(migration)));
        format!(
            "{migration}; INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ({}, '{name}', TRUE, {checksum}, 0);",
            at + 1
        )
    });
    format!(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
            installed_on {kind} NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
            checksum {binary} NOT NULL, execution_time BIGINT NOT NULL);
         {steps}
         INSERT INTO tickets (id, subject, is_vouched, category, severity, severity_by_agent, tier, status, tags, \
            opened_at, updated_at, held_count, alert_count, last_sequence, version) VALUES \
            (1001, 'old', TRUE, 'general', 'low', FALSE, 'tier-1', 'closed', '[]', 0, 0, 0, 0, 0, 1);
         INSERT INTO deadlines (ticket, kind, due_at, claim_at, attempt) VALUES (1001, 'nudge', 0, 0, 0);",
        steps = steps.collect::<String>(),
        binary = if kind == "TIMESTAMPTZ" { "BYTEA" } else { "BLOB" },
    )
}

/// A database of each kind with the tables of this version, in which more was done by then.
async fn both_of_version(folder: &tempfile::TempDir, version: usize, more: &str) -> [String; 2] {
    let (on_sqlite, on_postgres) = (url_of(folder), postgres().fresh_database().unwrap());
    let steps = [
        ("desk", include_str!("../../../migrations/sqlite/0001_desk.sql")),
        ("calendars", include_str!("../../../migrations/sqlite/0002_calendars.sql")),
        ("teams", include_str!("../../../migrations/sqlite/0003_teams.sql")),
    ];
    let sql = older_tables(&steps[..version], |hex| format!("x'{hex}'"), "TIMESTAMP");
    let sql = format!("PRAGMA application_id = 1347579759; {sql} {more}");
    let mut connection = SqliteConnection::connect(&format!("{on_sqlite}?mode=rwc")).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let steps = [
        ("desk", include_str!("../../../migrations/postgres/0001_desk.sql")),
        ("calendars", include_str!("../../../migrations/postgres/0002_calendars.sql")),
        ("teams", include_str!("../../../migrations/postgres/0003_teams.sql")),
    ];
    let sql = older_tables(&steps[..version], |hex| format!("'\\x{hex}'"), "TIMESTAMPTZ");
    postgres().query(&on_postgres, &format!("{sql} {more}")).unwrap();
    [on_sqlite, on_postgres]
}

#[tokio::test]
async fn what_was_paged_before_pages_could_be_owed_is_known_and_what_was_due_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let more = "UPDATE tickets SET paged_at = 7000; \
        INSERT INTO tickets (id, subject, is_vouched, category, severity, severity_by_agent, tier, status, tags, \
            opened_at, updated_at, held_count, alert_count, last_sequence, version) VALUES \
            (1002, 'quiet', TRUE, 'general', 'low', FALSE, 'tier-1', 'closed', '[]', 0, 0, 0, 0, 0, 1)";
    for url in both_of_version(&folder, 3, more).await {
        let desk = Desk { store: Store::open(&url).await.unwrap(), url, _folder: None };
        let pages = async |id| {
            let ticket = desk.store.find_ticket(TicketId(id)).await.unwrap().unwrap();
            (ticket.paged_at.map(|at| at.as_second()), ticket.paging)
        };
        assert_eq!((pages(1001).await, pages(1002).await), ((Some(7), Paging::Sent), (None, Paging::None)));
        let page = (TicketId(1002), DeadlineKind::Page, minute(0));
        desk.write(&Changes { deadlines_set: vec![page], ..Changes::default() }).await;
        let due = desk.store.claim_deadlines(minute(1), super::LEASE, 10).await.unwrap();
        let due: Vec<_> = due.iter().map(|due| (due.ticket, due.kind)).collect();
        assert_eq!(due, [(TicketId(1001), DeadlineKind::Nudge), (TicketId(1002), DeadlineKind::Page)]);
    }
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date_with_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    for url in both_of_version(&folder, 1, "").await {
        let before = Store::schema(&url).await.unwrap();
        assert_eq!(before.migrations[0].state, MigrationState::Applied, "{url}");
        assert!(before.migrations[1..].iter().all(|step| step.state == MigrationState::Waiting), "{url}");
        let desk = Desk { store: Store::open(&url).await.unwrap(), url, _folder: None };
        let old = desk.store.find_ticket(TicketId(1001)).await.unwrap().unwrap();
        assert_eq!((old.subject.as_str(), old.calendar.as_deref()), ("old", None));
        let new = Ticket { calendar: Some("office".into()), ..ticket(1002) };
        desk.write(&Changes { opened: vec![new.clone()], ..Changes::default() }).await;
        assert_eq!(desk.store.find_ticket(TicketId(1002)).await.unwrap(), Some(new));
        let after = Store::schema(&desk.url).await.unwrap();
        assert!(after.migrations.iter().all(|step| step.state == MigrationState::Applied));
    }
}

/// A migration as a Postroom of another time would have left it.
const FROM_THE_FUTURE: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
    VALUES (9000, 'from the future', TRUE, '', 0)";

#[tokio::test]
async fn databases_on_a_server_that_are_not_for_us_are_left_alone() {
    let server = postgres();
    let songs = server.fresh_database().unwrap();
    server.query(&songs, "CREATE TABLE songs (title TEXT); CREATE TABLE instance (id INT)").unwrap();
    let sqlx_program = server.fresh_database().unwrap();
    server
        .query(&sqlx_program, "CREATE TABLE _sqlx_migrations (version BIGINT); CREATE TABLE songs (title TEXT)")
        .unwrap();
    for url in [&songs, &sqlx_program] {
        let tables = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'";
        let before = server.query(url, tables).unwrap();
        for error in [Store::open(url).await.unwrap_err(), Store::schema(url).await.unwrap_err()] {
            assert_eq!(error.to_string(), format!("{url} is not a database of Postroom"));
        }
        assert_eq!(server.query(url, tables).unwrap(), before);
    }
    let desk = Desk::on_postgres().await;
    desk.store.close().await;
    server.query(&desk.url, FROM_THE_FUTURE).unwrap();
    match Store::open(&desk.url).await {
        Err(StoreError::Newer { found: 9000, known, .. }) => assert!((1..9000).contains(&known)),
        other => panic!("{other:?}"),
    }
    let states: Vec<_> = Store::schema(&desk.url).await.unwrap().migrations.iter().map(|step| step.state).collect();
    assert_eq!(states.last(), Some(&MigrationState::Unknown), "but one may look");
    assert!(states[..states.len() - 1].iter().all(|state| *state == MigrationState::Applied));
}

#[tokio::test]
async fn a_migration_that_was_cut_short_leaves_nothing_and_is_done_at_the_next_start() {
    let server = postgres();
    let url = server.fresh_database().unwrap();
    server
        .query(
            &url,
            "CREATE FUNCTION cut() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'outbox') THEN \
             PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$; \
             CREATE EVENT TRIGGER cut ON ddl_command_end EXECUTE FUNCTION cut()",
        )
        .unwrap();
    let error = Store::open(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::Other { .. } | StoreError::Unreachable(_)), "{error:?}");
    let tables = "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(server.query(&url, tables).unwrap(), "_sqlx_migrations");
    let schema = Store::schema(&url).await.unwrap();
    assert_eq!(schema.migrations[0].state, MigrationState::Waiting);
    server.query(&url, "DROP EVENT TRIGGER cut; DROP FUNCTION cut()").unwrap();
    Store::open(&url).await.unwrap().close().await;
    assert_eq!(Store::schema(&url).await.unwrap().migrations[0].state, MigrationState::Applied);

    // Somebody's hand, or a tool that does not do it in one piece.
    server.query(&url, "UPDATE _sqlx_migrations SET success = FALSE").unwrap();
    let error = Store::open(&url).await.unwrap_err();
    assert_eq!(error.to_string(), format!("the tables of {url} cannot be brought up to date"));
    assert_eq!(Store::schema(&url).await.unwrap().migrations[0].state, MigrationState::Broken);
}

#[tokio::test]
async fn what_a_server_refuses_is_told_apart() {
    let server = postgres();
    let url = server.fresh_database().unwrap();
    // Only this role needs a password, and only the file says so; all others go on as before.
    server
        .query(
            &url,
            "CREATE ROLE guarded LOGIN PASSWORD 'right'; \
             DO $$ BEGIN EXECUTE format('COPY (VALUES (''host all guarded 127.0.0.1/32 scram-sha-256''), \
             (''host all all 127.0.0.1/32 trust'')) TO %L', current_setting('hba_file')); END $$; \
             SELECT pg_reload_conf()",
        )
        .unwrap();
    let as_guarded = |password: &str| url.replacen("desk@", &format!("guarded:{password}@"), 1);
    // The server reads its file when it gets round to it.
    let mut wrong = Store::schema(&as_guarded("wrong")).await;
    for _ in 0..500 {
        if wrong.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        wrong = Store::schema(&as_guarded("wrong")).await;
    }
    let wrong = wrong.unwrap_err();
    assert!(matches!(wrong, StoreError::LoginRefused(_)), "{wrong:?}");
    assert!(Store::schema(&as_guarded("right")).await.is_ok());
    let not_allowed = Store::open(&as_guarded("right")).await.unwrap_err();
    let said = format!("{not_allowed:?} {not_allowed}");
    assert!(said.contains("cannot be brought up to date") && said.contains("permission denied"), "{said}");
    let (place, _) = url.rsplit_once('/').unwrap();
    let missing = Store::open(&format!("{place}/nowhere")).await.unwrap_err();
    assert!(matches!(missing, StoreError::NoSuchDatabase(_)), "{missing:?}");
    let down = Store::open("postgres://desk:secret@127.0.0.1:9/desk").await.unwrap_err();
    assert!(matches!(down, StoreError::Unreachable(_)), "{down:?}");
    server.query(&url, "CREATE ROLE late LOGIN CONNECTION LIMIT 0").unwrap();
    let crowded = Store::open(&url.replacen("desk@", "late@", 1)).await.unwrap_err();
    assert!(matches!(crowded, StoreError::Crowded(_)) && crowded.is_away(), "{crowded:?}");
    let missing_said = std::error::Error::source(&missing).unwrap();
    assert_eq!(missing_said.to_string(), "database \"nowhere\" does not exist");
    assert!(missing_said.source().is_none(), "nothing is said twice");
    for error in [wrong, not_allowed, missing, down, crowded] {
        let said = format!("{error:?} {error}");
        assert!(!said.contains("wrong@") && !said.contains("right@") && !said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn what_a_killed_first_start_had_begun_is_taken_back_by_whoever_looks_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let url = format!("sqlite://{}?mode=rwc", path("a.db").display());
    let mut killed = SqliteConnection::connect(&url).await.unwrap();
    // More than it keeps in memory, so that some of it is in the file before the commit.
    let begun = "PRAGMA user_version = 1; PRAGMA cache_size = 2; BEGIN; CREATE TABLE big (x); \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
        INSERT INTO big SELECT randomblob(2000) FROM n";
    killed.execute(begun).await.unwrap();
    // As a kill at this moment would leave them.
    for name in ["a.db", "a.db-journal"] {
        std::fs::copy(path(name), path(&name.replacen('a', "b", 1))).unwrap();
    }
    let url = format!("sqlite://{}", path("b.db").display());
    assert!(!Store::schema(&url).await.unwrap().is_there);
    Store::open(&url).await.unwrap().close().await;
}

#[tokio::test]
async fn whoever_gets_no_turn_at_the_database_is_told_so_and_gets_one_later() {
    let crowded = async {
        let shared = Desk::on_postgres().await;
        let mut held = Vec::new();
        // All connections there are to write with, and one more.
        let refused = loop {
            match shared.store.begin().await {
                Ok(tx) => held.push(tx),
                Err(refused) => break refused,
            }
        };
        assert!(!held.is_empty());
        drop(held);
        shared.store.begin().await.unwrap().rollback().await.unwrap();
        refused
    };
    let locked = async {
        let alone = Desk::on_sqlite().await;
        let mut other = SqliteConnection::connect(&alone.url).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        let refused = alone.store.keep_mail(&[mail(1, "one")], None, minute(0)).await.unwrap_err();
        other.execute("ROLLBACK").await.unwrap();
        assert_eq!(alone.keep(&[mail(1, "one")]).await, [1]);
        refused
    };
    let (crowded, locked) = tokio::join!(crowded, locked);
    for (name, refused) in [("PostgreSQL", crowded), ("SQLite", locked)] {
        assert!(matches!(refused, StoreError::Busy(_)) && refused.is_transient(), "{name}: {refused:?}");
        assert_eq!(refused.to_string(), "the database is busy", "{name}");
    }
}

#[tokio::test]
async fn a_copy_of_a_database_in_use_is_whole() {
    let desk = Desk::on_sqlite().await;
    desk.keep(&[mail(1, "one"), mail(2, "two")]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy's.db");
    std::fs::write(&file, "").unwrap();
    let copied = Store::copy(&desk.url, &file).await.unwrap().unwrap();
    assert_eq!((copied.mails, copied.tickets), (2, 0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing stands beside it");
    let copy = Store::open(&format!("sqlite://{}", file.display())).await.unwrap();
    assert_eq!(copy.instance(), desk.store.instance());
    assert_eq!(copy.find_inbox_raw(2).await.unwrap().unwrap(), b"two");
    copy.close().await;
    let mut bytes = std::fs::read(&file).unwrap();
    let third = bytes.len() / 3;
    bytes[third..2 * third].fill(0xff);
    let broken = folder.path().join("broken.db");
    std::fs::write(&broken, bytes).unwrap();
    let broken_url = format!("sqlite://{}", broken.display());
    std::fs::write(folder.path().join("again.db"), "").unwrap();
    assert!(Store::copy(&broken_url, &folder.path().join("again.db")).await.is_err(), "that is no sound copy");
    assert_eq!(Store::copy(&url_of(&folder), &folder.path().join("again.db")).await.unwrap(), None);
}
