//! The configuration file: what the smallest one means, and what is said of a wrong one.

use super::*;
use crate::ticket::people::{AgentId, Team, TeamId};

const SMALLEST: &str = r#"
[desk]
name = "Example Support"
address = "support@example.com"
[[mailbox]]
host = "mail.example.com"
user = "support"
password = { env = "IMAP_PASSWORD" }
[smtp]
host = "mail.example.com"
[[agent]]
name = "Bob"
address = "Bob Builder <bob@example.com>"
"#;

fn read_text(text: &str) -> Result<Config, Vec<Finding>> {
    read(Path::new("/etc/postroom/postroom.toml"), text)
}

#[test]
fn lines_that_are_still_the_example_s_are_named() {
    let warnings = |text: &str| {
        let config = read(Path::new("postroom.toml"), text).unwrap();
        config.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let lines =
        EXAMPLE.lines().enumerate().filter(|(_, line)| line.contains("# EDIT") && !line.starts_with("password"));
    let numbers: Vec<String> = lines.map(|(at, _)| (at + 1).to_string()).collect();
    assert_eq!(numbers.len(), 9);
    assert_eq!(
        warnings(EXAMPLE),
        [format!(
            "postroom.toml:{}:1: lines {} are still as `postroom init` has written them \
             (write what is right for your desk, and take the mark EDIT away)",
            numbers[0],
            numbers.join(", ")
        )]
    );
    let edited: String = EXAMPLE.lines().map(|line| line.replace("# EDIT", "# done") + "\n").collect();
    assert_eq!(warnings(&edited), Vec::<String>::new());
    let zone = EXAMPLE.lines().position(|line| line.starts_with("zone")).unwrap();
    let one_left = edited.replace(edited.lines().nth(zone).unwrap(), EXAMPLE.lines().nth(zone).unwrap());
    let warning = &warnings(&one_left)[0];
    assert!(warning.contains(&format!(": line {} is still as ", zone + 1)), "{warning}");
}

#[test]
fn the_smallest_configuration_has_the_handbooks_figures() {
    let config = read_text(SMALLEST).unwrap();
    assert_eq!(config.database, "sqlite:///etc/postroom/postroom.db");
    assert_eq!(config.policy.sla, SlaTable::default());
    assert_eq!(config.policy.caps, Caps::default());
    let mailbox = &config.mailboxes[0];
    assert_eq!((mailbox.endpoint.port, mailbox.endpoint.security), (993, Security::Tls));
    assert_eq!(mailbox.account.secret, SecretSource::Env("IMAP_PASSWORD".to_owned()));
    assert_eq!((config.smtp.endpoint.port, &config.smtp.account), (465, &None));
    assert_eq!(config.policy.agents[0].id, AgentId("bob".to_owned()));
    assert_eq!(config.policy.agents[0].address.name.as_deref(), Some("Bob Builder"));
}

#[test]
fn everything_wrong_is_found_at_once_and_with_its_place() {
    let text = r#"
databse = "sqlite://x.db"
[desk]
name = "Example"
address = "support"
zone = "Europe/Olso"
max_mail = "much"
[[mailbox]]
host = "mail.example.com"
security = "plain"
user = "support"
[smtp]
hst = "mail.example.com"
[[agent]]
name = "bob"
address = "bob@example.com"
tier = "teir-1"
[sla.critical]
first_response = "soon"
"#;
    let found: Vec<String> = read_text(text).unwrap_err().iter().map(ToString::to_string).collect();
    let expected = [
        "2:1: unknown key `databse` (did you mean `database`?)",
        "5:11: `support` is no address (write \"bob@example.com\" or \"Bob Builder <bob@example.com>\")",
        "6:8: there is no time zone `Europe/Olso` (write the IANA name, like \"Europe/Oslo\")",
        "7:12: `max_mail` is no size: `much` (write it like \"50 MB\" or \"800 kB\")",
        "9:8: a plain connection to `mail.example.com` would send the password in clear (write security = \"tls\" or \"starttls\"; insecure = true if you must)",
        "11:8: there is a `user` and no `password` (write password = { file = \"…\" }, { env = \"…\" } or { command = [\"…\"] })",
        "12:1: `host` is missing in [smtp] (write host = \"mail.example.com\")",
        "13:1: unknown key `smtp.hst` (did you mean `host`?)",
        "17:8: `tier` is `teir-1`; it can be `tier-1`, `tier-2`, `tier-3` (did you mean `tier-1`?)",
        "19:18: `first_response` is no length of time: `soon` (write it like \"15m\", \"2h\" or \"14d\")",
    ];
    let expected: Vec<String> = expected.iter().map(|line| format!("/etc/postroom/postroom.toml:{line}")).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_broken_file_is_not_blamed_for_what_could_not_be_read() {
    let found = read_text("[desk\nname = 'x'\n").unwrap_err();
    assert!(found.iter().all(|finding| !finding.message.contains("missing")), "{found:?}");
    assert!(!found.is_empty());
}

#[test]
fn health_is_told_where_the_file_says_so_and_elsewhere_with_a_warning() {
    let cases = [
        ("nowhere", "", None, 0),
        ("the usual place", "[http]", Some("127.0.0.1:8025"), 0),
        ("another port", "[http]\nlisten = \"[::1]:80\"", Some("[::1]:80"), 0),
        ("to everybody", "[http]\nlisten = \"0.0.0.0:8025\"", Some("0.0.0.0:8025"), 1),
    ];
    for (name, text, listen, warnings) in cases {
        let config = read_text(&format!("{SMALLEST}{text}\n")).unwrap();
        assert_eq!(config.http.map(|http| http.listen.to_string()).as_deref(), listen, "{name}");
        assert_eq!(config.warnings.len(), warnings, "{name}: {:?}", config.warnings);
    }
    let wrong = read_text(&format!("{SMALLEST}[http]\nlisten = \"localhost\"\n")).unwrap_err();
    assert_eq!(wrong[0].message, "`listen` cannot be `localhost`");
}

#[test]
fn a_database_that_cannot_be_read_is_found_without_showing_its_password() {
    for (url, shown) in [
        ("postgres://desk@db.example:port/desk", "postgres://desk@db.example:port/desk"),
        ("postgres://desk:secret@db.example:99999/desk", "postgres://desk@db.example:99999/desk"),
    ] {
        let wrong = read_text(&format!("database = \"{url}\"\n{SMALLEST}")).unwrap_err();
        let expected = format!("`database` is `{shown}`, which cannot be read: invalid port number");
        assert_eq!(wrong[0].message, expected);
        assert!(!format!("{wrong:?}").contains("secret"));
    }
}

#[test]
fn plain_is_for_loopback() {
    for (host, is_fine) in [("127.0.0.1", true), ("localhost", true), ("::1", true), ("192.0.2.1", false)] {
        let text =
            SMALLEST.replacen("host = \"mail.example.com\"", &format!("host = \"{host}\"\nsecurity = \"plain\""), 1);
        assert_eq!(read_text(&text).is_ok(), is_fine, "{host}");
    }
}

#[test]
fn calendars_are_read_and_what_is_wrong_in_them_is_told_with_its_place() {
    let calendar = "[[calendar]]\nname = \"office\"\nhours = [\"mon-fri 08:00-16:00\"]\nholidays = [\"2026-03-03\"]\n";
    let zone = "[desk]\nzone = \"Europe/Oslo\"";
    let policy = read_text(&format!("{SMALLEST}{calendar}").replace("[desk]", zone)).unwrap().policy;
    for (at, expected) in [
        ("2026-03-02T07:00:00Z", vec!["office".to_owned()]),
        ("2026-03-02T06:59:00Z", Vec::new()),
        ("2026-03-03T09:00:00Z", Vec::new()),
    ] {
        assert_eq!(policy.open_calendars(at.parse().unwrap()), expected, "{at}");
    }
    let line = SMALLEST.lines().count() + 1;
    for (text, row, expected) in [
        ("name = \"a\"\nhours = [\"mon-fri 8-16\"]", 2, "`mon-fri 8-16` are no hours: `8` is no time such as 08:00"),
        ("name = \"a\"", 0, "the calendar has no `hours`, so it would never be open"),
        ("hours = [\"mon 08:00-16:00\"]", 0, "`name` is missing in [calendar]"),
        ("name = \"a\"\nhours = []\nholidays = [\"Easter\"]", 3, "`Easter` is no date"),
        ("name = \"a\"\nhours = []\nzone = \"Mars\"", 3, "there is no time zone `Mars`"),
        ("name = \"a\"\nhours = []\n[[calendar]]\nname = \"a\"\nhours = []", 4, "there are two calendars named `a`"),
        ("name = \"a\"\nhours = []\nopen = true", 3, "unknown key `calendar.open`"),
    ] {
        let found = read_text(&format!("{SMALLEST}[[calendar]]\n{text}\n")).unwrap_err();
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].line, found[0].message.as_str()), (line + row, expected), "{text}");
    }
}

#[test]
fn teams_and_who_is_on_call_are_read_and_what_is_wrong_in_them_is_told_at_once() {
    let people = "[[agent]]\nname = \"sue\"\naddress = \"sue@example.com\"\n";
    let good = format!(
        "{SMALLEST}{people}[[team]]\nname = \"Billing\"\nagents = [\"bob\", \"Sue\"]\n[on_call]\nagents = \"sue\"\n"
    );
    let policy = read_text(&good).unwrap().policy;
    let agent = |id: &str| AgentId(id.to_owned());
    let billing = Team { id: TeamId("billing".to_owned()), members: vec![agent("bob"), agent("sue")] };
    assert_eq!((policy.teams, policy.on_call), (vec![billing], vec![agent("sue")]));
    let text = format!(
        r#"{SMALLEST}{people}[[team]]
name = "billing"
agents = ["bob", "seu", "bob"]
[[team]]
name = "billing"
agents = []
[[team]]
name = "tier-2"
agents = ["sue"]
[[team]]
name = "the night"
agent = ["zoe"]
[[team]]
agents = ["zoe"]
[on_call]
agents = ["eva"]
since = "today"
"#
    );
    let line = SMALLEST.lines().count() + people.lines().count();
    let found = read_text(&text).unwrap_err();
    let found: Vec<(usize, String)> = found.iter().map(|finding| (finding.line - line, said(finding))).collect();
    let write = "write agents = [\"bob\", \"sue\"], the names of [[agent]] tables";
    let expected = [
        (3, "there is no agent `seu` (did you mean `sue`?)".to_owned()),
        (3, "`bob` stands there twice".to_owned()),
        (5, "there are two teams named `billing`".to_owned()),
        (6, format!("the list of agents is empty: nobody would hear of the team's tickets ({write})")),
        (8, "a team cannot be named `tier-2`: that is a tier (name it after what it works on: billing)".to_owned()),
        (10, format!("there are no `agents`: nobody would hear of the team's tickets ({write})")),
        (11, "`the night` is no team's name (one word, as it is to stand in rules: billing)".to_owned()),
        (12, "unknown key `team.agent` (did you mean `agents`?)".to_owned()),
        (13, "`name` is missing in [team] (write name = \"billing\")".to_owned()),
        (14, "there is no agent `zoe` ([[agent]] declares one)".to_owned()),
        (16, "there is no agent `eva` ([[agent]] declares one)".to_owned()),
        (17, "unknown key `on_call.since` (there are agents, page_again_after)".to_owned()),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_name_that_no_rule_or_case_could_say_is_refused() {
    let (longest, longer) = ("x".repeat(100), "x".repeat(101));
    let of_calendar = "a calendar cannot be named";
    let none = "that is how rules' cases say that there is none";
    let office = "name it after whose hours they are: office";
    for (name, kind, written, expected) in [
        ("the longest team", "team", &*longest, None),
        (
            "a longer one",
            "team",
            &*longer,
            Some("a team's name has at most 100 characters, and this one 101 (no rule could name it: write one word, billing)".to_owned()),
        ),
        ("a team that begins so", "team", "none-of-these", None),
        (
            "no team",
            "team",
            "None",
            Some(format!("a team cannot be named `none`: {none} (name it after what it works on: billing)")),
        ),
        ("a long calendar", "calendar", &*longer, None),
        ("no calendar", "calendar", "none", Some(format!("{of_calendar} `none`: {none} ({office})"))),
        ("no calendar, written large", "calendar", "NONE", Some(format!("{of_calendar} `NONE`: {none} ({office})"))),
    ] {
        let rest = if kind == "team" { "agents = [\"bob\"]" } else { "hours = [\"mon-fri 08:00-16:00\"]" };
        let read = read_text(&format!("{SMALLEST}[[{kind}]]\nname = \"{written}\"\n{rest}\n"));
        let found: Vec<(usize, String)> =
            read.err().unwrap_or_default().iter().map(|finding| (finding.line, said(finding))).collect();
        let place = SMALLEST.lines().count() + 2;
        assert_eq!(found, expected.map(|expected| (place, expected)).into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_ticket_pages_again_after_as_long_as_is_written_if_its_alert_has_the_same_ticket_by_then() {
    let on_call = |desk: &str, lines: &str| {
        let text = SMALLEST.replacen("[desk]\n", &format!("[desk]\n{desk}\n"), 1);
        read_text(&format!("{text}{lines}"))
    };
    let called = "[on_call]\nagents = [\"bob\"]\n";
    for (name, desk, lines, minutes, warnings) in [
        ("nothing is written", "", "", 15, 0),
        ("whoever is on call", "", called, 15, 0),
        ("a time", "", &*format!("{called}page_again_after = \"5m\"\n"), 5, 0),
        ("as long as an alert has its ticket", "", &format!("{called}page_again_after = \"1h\"\n"), 60, 0),
        ("longer than that", "", &format!("{called}page_again_after = \"61m\"\n"), 61, 1),
        ("an alert soon has another ticket", "alert_reopens_within = \"10m\"", called, 15, 1),
        ("the same, with nobody on call", "alert_reopens_within = \"10m\"", "", 15, 0),
    ] {
        let config = on_call(desk, lines).unwrap();
        assert_eq!(config.policy.page_again_after, SignedDuration::from_mins(minutes), "{name}");
        let told: Vec<&str> = config.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(told.len(), warnings, "{name}: {told:?}");
        assert!(told.iter().all(|said| said.contains("opens a new ticket, which pages at once")), "{name}: {told:?}");
    }
    let line = SMALLEST.lines().count() + 3;
    for (written, message) in [
        ("\"soon\"", "`page_again_after` is no length of time: `soon`"),
        ("\"0m\"", "`page_again_after` is no length of time: `0m`"),
        ("15", "`page_again_after` must be a text in quotes, not integer"),
    ] {
        let found = on_call("", &format!("{called}page_again_after = {written}\n")).unwrap_err();
        // One line more for what might stand under [desk].
        assert_eq!((found[0].line, found[0].message.as_str()), (line + 1, message), "{written}");
    }
}

#[test]
fn an_agent_who_is_wrong_elsewhere_is_still_known_by_name() {
    let text = format!("{SMALLEST}[[agent]]\nname = \"sue\"\n[on_call]\nagents = [\"sue\"]\n");
    let found: Vec<String> = read_text(&text).unwrap_err().into_iter().map(|finding| finding.message).collect();
    assert_eq!(found, ["`address` is missing in [agent]"]);
}

fn said(finding: &Finding) -> String {
    finding.hint.as_ref().map_or(finding.message.clone(), |hint| format!("{} ({hint})", finding.message))
}
