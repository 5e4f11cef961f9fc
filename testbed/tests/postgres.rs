//! A real cluster: what is committed outlives however the server ends, and nothing of it is left in the end.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    net::TcpStream,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use postroom_testbed::{
    Postgres,
    postgres::{Flushing, missing},
    skipped,
    wait::wait_until,
};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn what_is_committed_outlives_a_kill_and_a_stop() {
    if let Some(names) = missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let mut cluster = Postgres::start(Flushing::On).unwrap();
    let url = cluster.fresh_database().unwrap();
    assert_eq!(cluster.query(&url, "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (1)").unwrap(), "");
    cluster.kill().unwrap();
    assert!(TcpStream::connect(cluster.address()).is_err(), "it is gone");
    cluster.start_again().unwrap();
    assert_eq!(cluster.query(&url, "INSERT INTO kept VALUES (2) RETURNING n").unwrap(), "2");
    cluster.stop().unwrap();
    cluster.start_again().unwrap();
    assert_eq!(cluster.query(&url, "SELECT n, n * 10 FROM kept ORDER BY n").unwrap(), "1|10\n2|20");

    cluster.freeze().unwrap();
    thread::scope(|scope| {
        // The kernel still takes the connection; the answer waits for the thaw.
        let asking = scope.spawn(|| cluster.query(&url, "SELECT 'well'").unwrap());
        let limit = Duration::from_millis(300);
        let waits = wait_until("an answer", limit, || Ok(asking.is_finished().then_some(())));
        assert!(waits.is_err(), "a frozen server has answered");
        cluster.thaw().unwrap();
        assert_eq!(asking.join().unwrap(), "well");
    });

    let folder = cluster.folder().to_owned();
    drop(cluster);
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn each_database_is_new_and_a_copy_has_what_the_original_had() {
    if let Some(names) = missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    let cluster = Postgres::shared().unwrap();
    let databases: Vec<_> =
        (0..4).map(|_| thread::spawn(|| Postgres::shared().unwrap().fresh_database().unwrap())).collect();
    let urls: Vec<_> = databases.into_iter().map(|made| made.join().unwrap()).collect();
    for url in &urls {
        cluster.query(url, "CREATE TABLE t (n INT)").unwrap();
    }
    cluster.query(&urls[0], "INSERT INTO t VALUES (7)").unwrap();
    let copy = cluster.copy_of(&urls[0]).unwrap();
    assert_eq!(cluster.query(&copy, "SELECT n FROM t").unwrap(), "7");
    assert_eq!(cluster.query(&urls[1], "SELECT n FROM t").unwrap(), "");
    assert!(cluster.query(&urls[1], "SELECT nothing").unwrap_err().to_string().contains("nothing"));
}

#[test]
fn a_cluster_ends_when_the_process_that_started_it_is_killed() {
    if let Some(names) = missing() {
        skipped(&format!("not installed: {names}"));
        return;
    }
    // This very program, asked to start a cluster and wait.
    let file = std::env::temp_dir().join(format!("cluster-{}", std::process::id()));
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "starts_a_cluster_and_waits_to_be_killed", "--nocapture"])
        .env("CLUSTER_FOLDER_FILE", &file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let folder = wait_until("the other's cluster", LIMIT, || {
        Ok(std::fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n')))
    })
    .unwrap();
    std::fs::remove_file(&file).unwrap();
    let folder = std::path::Path::new(folder.trim_end());
    assert!(folder.join("data/postmaster.pid").exists());
    other.kill().unwrap();
    other.wait().unwrap();
    wait_until("the cluster's folder to go", LIMIT, || Ok((!folder.exists()).then_some(()))).unwrap();
}

#[test]
#[ignore = "it is a part of another test, which kills it"]
fn starts_a_cluster_and_waits_to_be_killed() {
    let Some(file) = std::env::var_os("CLUSTER_FOLDER_FILE") else { return };
    let cluster = Postgres::shared().unwrap();
    std::fs::write(file, format!("{}\n", cluster.folder().display())).unwrap();
    loop {
        thread::park();
    }
}
