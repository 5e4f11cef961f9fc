//! The lists: what is in them, what can be asked for, and what is refused.

use super::{CONFIG, Desk, FORGED, OUTAGE, Ran, masked, postroom};
use postroom::decide::{Cause, Outcome};

#[test]
fn programs_get_stable_json() {
    let desk = Desk::with(&[OUTAGE, FORGED]);
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let inbox = desk.run(&["inbox", "list", "--format", "json"]).json();
    assert_eq!(
        keys(&inbox[0]),
        "attempts cause duplicate_of error from id mailbox outcome reasons received_at state subject ticket uid"
    );
    let row = |row: &serde_json::Value| format!("{} {} {} {}", row["id"], row["outcome"], row["ticket"], row["from"]);
    assert_eq!(row(&inbox[1]), "1 \"ticket-opened\" \"PR-1001\" \"ann@example.com\"");
    assert_eq!(row(&inbox[0]), "2 \"quarantined(spoofed-agent)\" \"PR-1001\" \"bob@desk.example\"");
    let tickets = desk.run(&["ticket", "list", "--format", "json"]).json();
    let ticket_keys = "assignee calendar category first_response_due_at opened_at paged_at paging reference requester \
        severity status subject team tier update_due_at updated_at";
    assert_eq!(keys(&tickets[0]), ticket_keys);
    assert_eq!(tickets[0]["reference"], "PR-1001");
    let ticket = desk.run(&["ticket", "show", "1001", "--format", "json"]).json();
    assert_eq!((&ticket["severity"], &ticket["parties"][0]["role"]), (&"critical".into(), &"requester".into()));
    assert_eq!(ticket["messages"][0]["text"], "Everything is completely down.");
    let timeline = desk.run(&["ticket", "timeline", "1001", "--format", "json"]).json();
    assert_eq!(keys(&timeline[0]), "actor at category cause severity text tier what");
    assert_eq!((&timeline[0]["what"], &timeline[0]["actor"]), (&"opened".into(), &"ann@example.com".into()));
    let outbox = desk.run(&["outbox", "list", "--ticket", "PR-1001", "--format", "json"]).json();
    let last = outbox.as_array().unwrap().last().unwrap();
    assert_eq!(keys(last), "attempts created_at due_at error id message_id purpose sent_at state subject ticket to");
    assert_eq!((&last["purpose"], &last["state"]), (&"acknowledgement".into(), &"waiting".into()));
    let empty = Desk::new();
    assert_eq!(empty.run(&["ticket", "list", "--format", "json"]).ends(0), "[]\n");
}

/// A desk with a team, a rule that gives questions to it, and somebody on call whom another rule pages.
fn desk_with_a_team() -> Desk {
    let desk = Desk::new();
    desk.append("postroom.toml", "[[team]]\nname = \"billing\"\nagents = [\"bob\"]\n[on_call]\nagents = [\"bob\"]\n");
    desk.write(
        "rules/90-own.toml",
        "[[rule]]\nname = \"about-money\"\nteam = \"billing\"\nwhen.phrase = \"refund\"\n\
         [[rule]]\nname = \"pages\"\npage = true\nwhen.phrase = \"at once\"\n",
    );
    desk
}

#[test]
fn a_teams_tickets_are_listed_and_shown() {
    let desk = desk_with_a_team();
    let mails = ["Subject: A refund\n\nWe want it at once.\n", "Subject: Another thing\n\nIt is slow.\n"];
    for (number, mail) in mails.iter().enumerate() {
        let mail =
            format!("From: ann@example.com\nTo: support@desk.example\nMessage-ID: <{number}@example.com>\n{mail}");
        desk.write("mail.eml", mail);
        desk.run(&["ingest", "mail.eml"]).ends(0);
    }
    let listed = desk.run(&["ticket", "list", "--team", "Billing"]).ends(0);
    assert_eq!((listed.lines().count(), listed.contains("PR-1001")), (2, true), "{listed}");
    let head = "TICKET   SEVERITY  STATUS         TEAM     ASSIGNEE";
    assert!(listed.starts_with(head) && listed.contains("medium    investigating  billing  "), "{listed}");
    for (asked, hint) in [
        ("biling", "`biling` in the configuration, and no ticket of one (did you mean `billing`?)"),
        ("sales", "`sales` in the configuration, and no ticket of one (write --team billing)"),
    ] {
        let ran = desk.run(&["ticket", "list", "--team", asked]);
        assert_eq!(ran.err, format!("postroom: there is no team {hint}\n"));
        ran.ends(1);
    }
    let rows = desk.run(&["ticket", "list", "--format", "json"]).json();
    assert_eq!((&rows[1]["team"], &rows[0]["team"]), (&"billing".into(), &serde_json::Value::Null));
    assert_eq!((rows[1]["paged_at"].is_string(), &rows[0]["paged_at"]), (true, &serde_json::Value::Null));
    let shown = masked(&desk.run(&["ticket", "show", "PR-1001"]).ends(0));
    assert!(shown.contains("medium · investigating · for billing · taken by nobody\n"), "{shown}");
    assert!(shown.contains("tier              tier-1\n") && shown.contains("paged             <time>"), "{shown}");
    let whole = desk.run(&["ticket", "show", "PR-1001", "--format", "json"]).json();
    assert!(whole["paged_at"].is_string() && whole["paging"] == "sent" && whole["team"] == "billing", "{whole}");
    let timeline = desk.run(&["ticket", "timeline", "PR-1001"]).ends(0);
    assert!(timeline.contains("opened the ticket: medium, general, for billing\n"), "{timeline}");
    assert!(timeline.contains("wrote the page to bob@desk.example\n"), "{timeline}");
    let why = "team by rule about-money; a new request; those on call were paged, by rule pages";
    assert!(timeline.split_whitespace().collect::<Vec<_>>().join(" ").contains(why), "{timeline}");
    let explained = desk.run(&["rules", "explain", "1"]).ends(0);
    assert!(explained.contains("\n  team         billing, by about-money\n"), "{explained}");
    assert!(explained.contains("\n  page         those on call are told at once, by pages\n"), "{explained}");
    let config = std::fs::read_to_string(desk.path().join("postroom.toml")).unwrap();
    desk.write("postroom.toml", config.replace("\"billing\"", "\"sales\""));
    let shown = desk.run(&["ticket", "show", "PR-1001"]).ends(0);
    assert!(shown.contains(" · for tier-1 · taken by nobody\n"), "{shown}");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("team the configuration has no team billing any more, so it is the tier's"), "{shown}");
    assert!(desk.run(&["ticket", "list", "--team", "billing"]).ends(0).contains("PR-1001"), "a team that is gone");
    desk.run(&["ticket", "list", "--team", "sales"]).ends(0);
}

#[test]
fn check_tells_of_teams_and_of_rules_that_name_what_is_not_there() {
    let desk = desk_with_a_team();
    let checked = desk.run(&["check"]).ends(0);
    let people = "1 agent, team billing (bob), on call bob\n";
    assert!(checked.contains(people), "{checked}");
    desk.write("postroom.toml", CONFIG);
    for command in [&["check"][..], &["rules", "check"]] {
        let ran = desk.run(command);
        let out = ran.out.clone() + &ran.err;
        ran.ends(1);
        assert!(out.contains("there is no team `billing` in the configuration"), "{out}");
        assert!(out.contains("the rule pages, and nobody is on call in the configuration"), "{out}");
    }
}

#[test]
fn a_person_lets_mails_out_of_quarantine_or_discards_them() {
    let desk = Desk::with(&[OUTAGE, FORGED]);
    let listed = masked(&desk.run(&["quarantine", "list"]).ends(0));
    assert!(listed.contains("quarantined(spoofed-agent)"), "{listed}");
    assert_eq!(listed.lines().count(), 2);
    let ran = desk.run(&["quarantine", "release", "1"]);
    assert_eq!(ran.err, "postroom: there is no mail 1 in quarantine\n");
    ran.ends(1);
    assert_eq!(desk.run(&["quarantine", "release", "2"]).ends(0), "mail 2 is let in and will be processed\n");
    let row = desk.run(&["inbox", "show", "2", "--format", "json"]).json();
    assert_eq!((&row["state"], &row["outcome"]), (&"new".into(), &serde_json::Value::Null));

    let desk = Desk::with(&[OUTAGE, FORGED]);
    assert_eq!(desk.run(&["quarantine", "discard", "2"]).ends(0), "mail 2 is discarded; its bytes are kept\n");
    let ran = desk.run(&["quarantine", "list"]);
    assert_eq!(ran.err, "nothing is in quarantine\n");
    assert_eq!(ran.ends(0), "");
    assert_eq!(desk.run(&["inbox", "show", "2", "--raw"]).ends(0), FORGED);
}

#[test]
fn what_is_not_there_is_a_no_and_what_is_not_understood_cannot_be_done() {
    let desk = Desk::with(&[OUTAGE]);
    let cases = [
        (&["ticket", "show", "PR-7"][..], 1, "there is no ticket PR-7; `postroom ticket list` shows which there are"),
        (&["ticket", "timeline", "7"], 1, "there is no ticket PR-7"),
        (&["ticket", "show", "seven"], 2, "`seven` is no ticket reference; one looks like PR-1042"),
        (&["inbox", "show", "7"], 1, "there is no mail 7 in the inbox"),
        (&["inbox", "requeue", "7"], 1, "there is no mail 7 in the inbox"),
        (&["inbox", "requeue", "1"], 1, "mail 1 is on PR-1001 already, and done"),
        (&["outbox", "show", "7"], 1, "there is no mail 7 in the outbox"),
        (&["outbox", "retry", "7"], 1, "there is no mail 7 in the outbox"),
        (&["template", "preview", "acknowledgment"], 2, "a similar value exists: 'acknowledgement'"),
        (&["template", "preview", "reply", "--ticket", "7"], 1, "there is no ticket PR-7"),
        (&["inbox", "list", "--since", "whenever"], 2, "`whenever` is no time; write 24h, 7d, 2026-03-02"),
        (&["tickets"], 2, "a similar subcommand exists: 'ticket'"),
        (&["--log-level", "a=b", "ticket", "list"], 2, "cannot read the log level `a=b`; write info"),
    ];
    for (arguments, code, said) in cases {
        let ran = desk.run(arguments);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.code, code, "{arguments:?}");
    }
    assert_eq!(desk.run(&["outbox", "retry", "1"]).ends(0), "mail 1 is to be sent now\n");
}

#[test]
fn tables_keep_to_the_columns_that_there_are() {
    let desk = Desk::with(&[&OUTAGE.replace("is down", &"is down ".repeat(20))]);
    let output = postroom(&desk.path()).args(["ticket", "list"]).env("COLUMNS", "110").output().unwrap();
    let out = Ran::from(output).ends(0);
    assert!(out.lines().all(|line| line.chars().count() <= 110), "{out}");
    assert!(out.contains('…'), "{out}");
}

#[test]
fn a_word_that_no_list_knows_is_refused_with_those_that_there_are() {
    let desk = Desk::new();
    let cases = [
        (&["inbox", "list", "--outcome", "nonsense"][..], "ticket-opened, follow-up, agent-command, ", ""),
        (&["inbox", "list", "--outcome", "quarantine"], "discarded-by-rule, quarantined]", "'quarantined'"),
        (&["inbox", "list", "--state", "files"], "[possible values: new, processing, filed, ", "'filed'"),
        (&["outbox", "list", "--state", "wating"], "[possible values: waiting, sending, sent, failed]", "'waiting'"),
        (&["ticket", "list", "--status", "resolve"], "[possible values: investigating, waiting, ", "'resolved'"),
    ];
    for (arguments, known, meant) in cases {
        let ran = desk.run(arguments);
        assert!(ran.err.contains(known) && ran.err.contains(meant), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.ends(2), "", "{arguments:?}");
    }
    for word in Outcome::WORDS {
        desk.run(&["inbox", "list", "--outcome", word]).ends(0);
    }
}

#[test]
fn the_outcomes_that_can_be_asked_for_are_those_that_there_are() {
    let all = [
        Outcome::TicketOpened,
        Outcome::FollowUp,
        Outcome::AgentCommand,
        Outcome::AgentReply,
        Outcome::Confirmation,
        Outcome::Bounce,
        Outcome::AutoReply,
        Outcome::AlertOpened,
        Outcome::AlertFolded,
        Outcome::AlertRecovered,
        Outcome::OwnMail,
        Outcome::Duplicate(1),
        Outcome::DiscardedByRule,
        Outcome::Quarantined(Cause::new(Cause::OVERSIZE)),
    ];
    assert_eq!(all.map(|outcome| outcome.word()), Outcome::WORDS);
}
