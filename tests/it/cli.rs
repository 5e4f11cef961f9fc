//! The built program at work: what it prints and the codes it ends with.

mod admin;
mod afternoon;
mod cases;
mod connect;
mod gate;
mod hours;
mod ingest;
mod lists;
mod outage;
mod passwords;
mod readings;
mod rules;
mod screens;

use postroom::config::Config;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What a command printed and how it ended.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// Insists on the exit code, and returns what was printed.
    #[track_caller]
    fn ends(self, code: i32) -> String {
        assert_eq!(self.code, code, "out:\n{}\nerr:\n{}", self.out, self.err);
        self.out
    }

    #[track_caller]
    fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ends(0)).unwrap()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A folder with a desk in it, as `init` makes one.
struct Desk {
    folder: TempDir,
}

const CONFIG: &str = r#"
database = "sqlite://postroom.db"
rules = "rules"
templates = "templates"
[desk]
name = "Example Support"
address = "support@desk.example"
zone = "Europe/Oslo"
authserv_ids = ["mx.desk.example"]
max_mail = "20 KB"
[smtp]
host = "127.0.0.1"
security = "plain"
port = 9
[[agent]]
name = "bob"
address = "Bob Builder <bob@desk.example>"
"#;

const OUTAGE: &str = "From: Ann Example <ann@example.com>\r\nTo: support@desk.example\r\nSubject: Production is down\r\n\
    Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <outage@example.com>\r\n\r\nEverything is completely down.\r\n";

const QUESTION: &str = "From: Carol <carol@example.com>\r\nTo: support@desk.example\r\nSubject: A \x1b[31mred\x1b[0m question\r\n\
    Date: Mon, 2 Mar 2026 10:05:00 +0100\r\nMessage-ID: <question@example.com>\r\n\r\nHow do I export my data?\r\n";

const FORGED: &str = "Authentication-Results: mx.desk.example; dmarc=fail header.from=desk.example\r\n\
    From: Bob Builder <bob@desk.example>\r\nTo: support@desk.example\r\nSubject: Re: Production is down [PR-1001]\r\n\
    Date: Mon, 2 Mar 2026 10:10:00 +0100\r\nMessage-ID: <forged@evil.example>\r\n\
    In-Reply-To: <outage@example.com>\r\n\r\n#close\r\n";

fn postroom(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postroom"));
    for name in ["POSTROOM_CONFIG", "POSTROOM_LOG", "POSTROOM_LOG_FORMAT", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = postroom(folder.path()).args(["init", "desk"]).output().unwrap();
        assert!(output.status.success());
        let desk = Self { folder };
        desk.write("postroom.toml", CONFIG);
        desk
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("desk")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let whole = fs::read_to_string(self.path().join(name)).unwrap() + text;
        self.write(name, whole);
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        postroom(&self.path()).args(arguments).output().unwrap().into()
    }

    fn pipe(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = postroom(&self.path());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its input to the end has its reasons.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap().into()
    }

    /// A desk that has had these mails, each in a file of its own.
    fn with(mails: &[&str]) -> Self {
        let desk = Self::new();
        for (number, mail) in mails.iter().enumerate() {
            desk.write(&format!("{number}.eml"), mail);
            desk.run(&["ingest", &format!("{number}.eml")]).ends(0);
        }
        desk
    }
}

/// The text with its times and tokens replaced: they come from the clock and from the desk's own key.
fn masked(text: &str) -> String {
    let text =
        regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?").unwrap().replace_all(text, "<time>").into_owned();
    let text = regex::Regex::new(r"1-[0-9a-z]+\.[0-9a-z]{26}").unwrap().replace_all(&text, "<token>").into_owned();
    regex::Regex::new(r"(?m) +$").unwrap().replace_all(&text, "").into_owned()
}

#[test]
fn what_init_writes_passes_check_which_names_the_lines_to_edit() {
    let folder = tempfile::tempdir().unwrap();
    let written = Ran::from(postroom(folder.path()).args(["init", "desk"]).output().unwrap()).ends(0);
    assert!(written.contains("2. postroom --config desk/postroom.toml check --connect\n"), "{written}");
    let checked =
        Ran::from(postroom(folder.path()).args(["check", "--config", "desk/postroom.toml"]).output().unwrap());
    let lines = checked.ends(0);
    let warning = "warning: desk/postroom.toml:29:1: lines 29, 30, 36, 77, 86, 105, 113, 140, 141 are still as \
                   `postroom init` has written them\n";
    assert!(lines.starts_with(warning), "{lines}");
    let (_, checks) = lines.split_once("\n\n").unwrap();
    let words: Vec<Vec<&str>> = checks.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    assert_eq!(
        words,
        [
            ["ok", "configuration", "desk/postroom.toml"],
            ["ok", "rules", "desk/rules"],
            ["ok", "templates", "desk/templates"]
        ]
    );
}

#[test]
fn init_writes_over_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("desk")).unwrap();
    fs::write(folder.path().join("desk/postroom.toml"), "mine").unwrap();
    let ran = Ran::from(postroom(folder.path()).args(["init", "desk"]).output().unwrap());
    assert_eq!(
        ran.err,
        "desk has these files already, and none of them is written over:\n  postroom.toml\n\
         nothing was written; name an empty or a new folder\n"
    );
    ran.ends(2);
    assert_eq!(fs::read_to_string(folder.path().join("desk/postroom.toml")).unwrap(), "mine");
    assert!(!folder.path().join("desk/rules").exists());
}

#[test]
fn every_setting_of_the_example_is_one_and_shows_its_default() {
    let example = include_str!("../../postroom.example.toml");
    let setting = regex::Regex::new(r"^# (\[|[a-z_0-9]+ = )").unwrap();
    let line = |line: &str| if setting.is_match(line) { line[2..].to_owned() } else { line.to_owned() };
    let all: String = example.lines().map(|text| line(text) + "\n").collect();
    let path = Path::new("postroom.toml");
    let (as_shipped, all) = (Config::read(path, example).unwrap(), Config::read(path, &all).unwrap());
    assert_eq!((as_shipped.policy.agents.len(), all.policy.agents.len()), (1, 3));
    assert_eq!(all.policy.sla, as_shipped.policy.sla);
    assert_eq!(all.policy.caps, as_shipped.policy.caps);
    assert_eq!(all.policy.default_severity, as_shipped.policy.default_severity);
    assert_eq!(all.policy.reopen_window, as_shipped.policy.reopen_window);
    assert_eq!(all.policy.idle_window, as_shipped.policy.idle_window);
    assert_eq!(all.policy.agent_token_age, as_shipped.policy.agent_token_age);
    assert_eq!(all.policy.max_mail_bytes, as_shipped.policy.max_mail_bytes);
    assert_eq!(all.policy.echo_to_unauthenticated, as_shipped.policy.echo_to_unauthenticated);
    assert_eq!(all.policy.sub_addressing, as_shipped.policy.sub_addressing);
    let (one, other) = (&all.mailboxes[0], &as_shipped.mailboxes[0]);
    assert_eq!(
        (one.endpoint.port, &one.folder, one.poll_every),
        (other.endpoint.port, &other.folder, other.poll_every)
    );
    assert_eq!(all.smtp.endpoint.port, as_shipped.smtp.endpoint.port);
    assert_eq!(
        (all.smtp.connections, all.smtp.null_sender),
        (as_shipped.smtp.connections, as_shipped.smtp.null_sender)
    );
    assert_eq!(all.smtp.hello_name, as_shipped.smtp.hello_name);
}

#[test]
fn one_check_tells_everything_that_is_wrong() {
    let desk = Desk::new();
    desk.append("postroom.toml", "[caps]\nper_adress_hour = 3\n");
    desk.write(
        "rules/99-mine.toml",
        "[[rule]]\nname = \"a\"\nseverty = \"high\"\nwhen = { subject = 'in(valid' }\n[[rule]]\nname = \"b\"\n\
         [[rule]]\nname = \"c\"\ncategory = \"nothing/like-it\"\nwhen = { text = 'x' }\n\
         [[rule]]\nname = \"c\"\nwhen = { text = 'x' }\nseverity = \"high\"\n",
    );
    desk.append("templates/nudge/body.txt", "{{assigneee}}\n");
    let ran = desk.run(&["check"]);
    for part in [
        "error: unknown key `caps.per_adress_hour`\n  --> postroom.toml:",
        "= help: did you mean `per_address_hour`?",
        "unknown key `severty` in a rule\n --> rules/99-mine.toml:3:1\n  |\n3 | severty = \"high\"\n  | ^^^^^^^\n",
        "--> rules/99-mine.toml:4:23\n",
        "--> rules/99-mine.toml:5:1\n",
        "--> rules/99-mine.toml:9:12\n",
        "--> rules/99-mine.toml:12:8\n",
        "error: unknown name `assigneee`\n  --> templates/nudge/body.txt:",
        "did you mean `assignee`?",
        "\n7 findings\n",
    ] {
        assert!(ran.out.contains(part), "{part:?} is not in:\n{}", ran.out);
    }
    let out = ran.ends(1);
    let ran = desk.run(&["run"]);
    assert_eq!(ran.err, format!("{out}nothing was started; `postroom check` says when all is well\n"));
    ran.ends(2);
    let ran = desk.run(&["check", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.ends(1)).unwrap();
    assert_eq!((&report["ok"], report["findings"].as_array().unwrap().len()), (&false.into(), 7));
    assert_eq!(report["findings"][0]["hint"], "did you mean `per_address_hour`?");
}

#[test]
fn a_configuration_that_is_not_there_cannot_be_checked() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (&["check"][..], 2),
        (&["run"], 2),
        (&["ticket", "list"], 2),
        (&["template", "preview", "reply"], 2),
        (&["ingest", "-"], 75),
        (&["ingest", "mail.eml"], 78),
    ] {
        let ran = Ran::from(postroom(folder.path()).args(arguments).stdin(Stdio::null()).output().unwrap());
        let said = ran.out.clone() + &ran.err;
        assert!(said.contains("postroom.toml: cannot read the configuration: No such file"), "{arguments:?}: {said}");
        assert!(said.contains("`postroom init DIR` writes a commented one"), "{arguments:?}: {said}");
        ran.ends(code);
    }
}

#[test]
fn a_mail_from_a_file_becomes_a_ticket() {
    let desk = Desk::new();
    desk.write("outage.eml", OUTAGE);
    let ran = desk.run(&["ingest", "outage.eml"]);
    assert_eq!(ran.err, "");
    assert_eq!(
        masked(&ran.ends(0)),
        "ID  RECEIVED          BECAME         TICKET   FROM             SUBJECT\n\
         1   <time>  ticket-opened  PR-1001  ann@example.com  Production is down\n"
    );
    assert_eq!(
        masked(&desk.run(&["ticket", "list"]).ends(0)),
        "TICKET   SEVERITY  STATUS         TEAM  ASSIGNEE  OPENED            UPDATE DUE        REQUESTER        SUBJECT\n\
         PR-1001  critical  investigating                  <time>  <time>  ann@example.com  Production is down\n"
    );
    let shown = masked(&desk.run(&["ticket", "show", "PR-1001"]).ends(0));
    for part in [
        "PR-1001 · Production is down\ncritical · investigating · for everyone · taken by nobody\n",
        "opened            <time>\n",
        "requester     Ann Example <ann@example.com>\nagent         Bob Builder <bob@desk.example>\n",
        "── ann@example.com, <time> (mail 1)\n   Everything is completely down.\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in:\n{shown}");
    }
    let timeline = masked(&desk.run(&["ticket", "timeline", "pr-1001"]).ends(0));
    for part in [
        "PR-1001 · Production is down\n\n<time>  because ",
        "a new request\n  ann@example.com  opened the ticket: critical, ",
        "  ann@example.com  mail 1 by ann@example.com was filed\n",
        "  an update is promised by <time>\n",
        "  postroom         wrote the acknowledgement to ann@example.com\n",
        "  postroom         wrote the notification to bob@desk.example\n",
    ] {
        assert!(timeline.contains(part), "{part:?} is not in:\n{timeline}");
    }
}

#[test]
fn a_pipe_gets_no_colours_and_nobody_gets_a_mails_control_characters() {
    let desk = Desk::with(&[QUESTION, OUTAGE]);
    for arguments in [
        &["inbox", "list"][..],
        &["inbox", "show", "1"],
        &["outbox", "list"],
        &["outbox", "show", "2"],
        &["ticket", "list"],
        &["ticket", "show", "1001"],
        &["ticket", "timeline", "1001"],
        &["ticket", "timeline", "1001", "--format", "md"],
        &["ticket", "list", "--format", "json"],
        &["template", "preview", "notification", "--ticket", "1001"],
        &["check"],
    ] {
        let ran = desk.run(arguments);
        assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{arguments:?}: {}", ran.out);
        ran.ends(0);
    }
}

#[test]
fn a_mail_can_be_seen_before_it_is_written() {
    let desk = Desk::with(&[OUTAGE]);
    let out = desk.run(&["template", "preview", "acknowledgement"]).ends(0);
    for part in ["Subject         Re: API calls are refused [PR-1042]\n", "Hi Ann Example,\n", "Severity: High\n"] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let out = desk.run(&["template", "preview", "resolution", "--ticket", "PR-1001"]).ends(0);
    assert!(out.contains("Subject         Re: Production is down [PR-1001]\n"), "{out}");
    let out = desk.run(&["template", "preview", "reply", "--html"]).ends(0);
    assert!(out.starts_with("<!") || out.starts_with("<html"), "{out}");
}

#[test]
fn the_rules_are_those_of_the_configuration() {
    let desk = Desk::new();
    let config = desk.path().join("postroom.toml").display().to_string();
    let run = |arguments: &[&str]| {
        let elsewhere = desk.folder.path();
        Ran::from(postroom(elsewhere).args(["--config", &config, "rules"]).args(arguments).output().unwrap())
    };
    assert!(run(&["check"]).ends(0).contains("no findings"));
    let out = run(&["test"]).ends(0);
    assert!(out.contains("all passed"), "{out}");
    run(&["check", "--rules", "nowhere"]).ends(2);
}

#[test]
fn a_running_desk_stops_when_it_is_asked_to() {
    let desk = Desk::new();
    let mut command = postroom(&desk.path());
    let mut child = command.arg("run").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let started = log.by_ref().map(Result::unwrap).find(|line| line.contains("starts: mailboxes 0, "));
    assert!(started.is_some_and(|line| !line.contains('\x1b')));
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let rest: Vec<String> = log.map(Result::unwrap).collect();
    assert!(rest.last().is_some_and(|line| line.contains("postroom has stopped")), "{rest:?}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn completions_are_written_for_shells() {
    let desk = Desk::new();
    for (shell, part) in
        [("bash", "complete -F _postroom"), ("zsh", "#compdef postroom"), ("fish", "complete -c postroom")]
    {
        let out = desk.run(&["completions", shell]).ends(0);
        assert!(out.contains(part) && out.contains("quarantine"), "{shell}");
    }
}

#[test]
fn help_has_examples() {
    let desk = Desk::new();
    for command in [
        &[][..],
        &["init"],
        &["check"],
        &["ingest"],
        &["ticket", "list"],
        &["ticket", "timeline"],
        &["inbox", "list"],
        &["outbox", "list"],
        &["template", "preview"],
        &["completions"],
        &["migrate", "status"],
        &["migrate", "up"],
        &["prune"],
        &["export"],
        &["import"],
        &["backup"],
    ] {
        let out = desk.run(&[command, &["--help"]].concat()).ends(0);
        assert!(out.contains("Example") || out.contains("From Postfix"), "{command:?}");
    }
}
