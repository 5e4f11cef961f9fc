//! Opening a database: a new one, our own, and four that are not for us.

use super::{Desk, mail, url_of};
use postroom::store::{Store, StoreError};
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
        ("a missing folder", "sqlite:///no/such/folder/desk.db", "sqlite:///no/such/folder/desk.db cannot be opened"),
    ];
    for (name, url, expected) in cases {
        assert_eq!(Store::open(url).await.unwrap_err().to_string(), expected, "{name}");
    }
}

#[tokio::test]
async fn two_that_open_a_new_database_at_once_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = url_of(&folder);
    let (one, two) = tokio::join!(Store::open(&url), Store::open(&url));
    assert_eq!(one.unwrap().instance(), two.unwrap().instance());
}
