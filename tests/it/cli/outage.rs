//! `run` beside a PostgreSQL that is not there yet, falls silent and comes back: what it says, what it answers over
//! HTTP, and that it ends when it is told to.

use super::{CONFIG, Desk, postroom};
use postroom_testbed::cutter::{End, Plan};
use postroom_testbed::wait::wait_until;
use postroom_testbed::{Cutter, Postgres};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(40);

/// The service at work; killed when the test is over.
struct Running {
    child: Child,
    http: SocketAddr,
    log: std::path::PathBuf,
}

impl Running {
    fn start(desk: &Desk, database: &str) -> Self {
        let http = SocketAddr::from(([127, 0, 0, 1], postroom_testbed::free_ports(1).unwrap()[0]));
        let config = CONFIG.replace("sqlite://postroom.db", database);
        desk.write("postroom.toml", format!("{config}[http]\nlisten = \"{http}\"\n"));
        let log = desk.path().join("log");
        let child = postroom(&desk.path()).arg("run").stderr(File::create(&log).unwrap()).spawn().unwrap();
        Self { child, http, log }
    }

    /// The code and the text that are answered; nothing when nobody answers.
    fn ask(&self, path: &str) -> Option<(u16, String)> {
        let mut tcp = TcpStream::connect(self.http).ok()?;
        tcp.write_all(format!("GET {path} HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).ok()?;
        let (head, text) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, text.to_owned()))
    }

    fn wait_for(&self, code: u16, text: &str) {
        let answered = wait_until(&format!("{code} {text}"), PATIENCE, || {
            Ok(self.ask("/readyz").filter(|answer| *answer == (code, format!("{text}\n"))))
        });
        if let Err(error) = answered {
            panic!("{error:#}, but {:?}\n{}", self.ask("/readyz"), self.said());
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn wait_until_said(&self, words: &str) {
        let is_said = || Ok(self.said().contains(words).then_some(()));
        wait_until(&format!("{words:?} in the log"), PATIENCE, is_said).unwrap();
    }

    /// Ends it by SIGTERM; returns its exit code and how long that took.
    fn end(&mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let status = wait_until("the end", PATIENCE, || Ok(self.child.try_wait()?)).unwrap();
        (status.code(), began.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Mostly it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A database that is reached through a cutter.
fn database(plan: Plan) -> (Cutter, String) {
    let server = Postgres::shared().unwrap();
    let url = server.fresh_database().unwrap();
    let cutter = Cutter::start(server.address(), plan).unwrap();
    let (_, name) = url.rsplit_once('/').unwrap();
    let url = Postgres::url_at(cutter.address(), name);
    (cutter, url)
}

#[test]
fn a_database_that_is_away_is_said_once_and_answered_to_whoever_asks() {
    let (cutter, url) = database(Plan::Refuse);
    let desk = Desk::new();
    let mut running = Running::start(&desk, &url);
    running.wait_for(503, "not at work yet: the database has not answered, or is being opened");
    assert_eq!(running.ask("/healthz"), Some((200, "ok\n".to_owned())));
    // It answers before it has tried.
    running.wait_until_said("cannot be opened yet");
    cutter.set(Plan::Forward);
    running.wait_for(200, "ok");
    cutter.partition();
    running.wait_for(503, "the database does not answer");
    running.wait_until_said("does not answer; the desk waits for it");
    cutter.heal();
    running.wait_for(200, "ok");
    let said = running.said();
    for (words, times) in [
        ("cannot be opened yet, trying again until it can: the database does not answer", 1),
        ("the database does not answer; the desk waits for it", 1),
        ("the database answers again", 1),
        ("busy", 0),
        ("ERROR", 0),
    ] {
        assert_eq!(said.matches(words).count(), times, "{words:?} in:\n{said}");
    }
    let (code, took) = running.end();
    assert_eq!(code, Some(0), "{}", running.said());
    assert!(took < Duration::from_secs(5), "{took:?}\n{}", running.said());
}

#[test]
fn a_service_whose_database_is_gone_ends_within_seconds() {
    for is_silent in [true, false] {
        let (cutter, url) = database(Plan::Forward);
        let desk = Desk::new();
        let mut running = Running::start(&desk, &url);
        running.wait_for(200, "ok");
        if is_silent {
            cutter.partition();
        } else {
            cutter.set(Plan::Refuse);
            cutter.cut_all(End::Reset);
        }
        // At once, when nobody has noticed yet.
        let (code, took) = running.end();
        assert_eq!(code, Some(0), "{}", running.said());
        assert!(took < Duration::from_secs(15), "silent: {is_silent}, {took:?}\n{}", running.said());
    }
}

#[test]
fn an_address_that_cannot_be_listened_on_is_told() {
    let desk = Desk::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    desk.append("postroom.toml", &format!("[http]\nlisten = \"{listen}\"\n"));
    let ran = desk.run(&["run"]);
    assert!(ran.err.contains(&format!("cannot listen on {listen} for HTTP: ")), "{}", ran.err);
    ran.ends(2);
}
