//! The lists: what is in them, what can be asked for, and what is refused.

use super::{Desk, FORGED, OUTAGE, Ran, masked, postroom};
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
    let ticket_keys = "assignee calendar category first_response_due_at opened_at reference requester severity status \
        subject tier update_due_at updated_at";
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
