//! Rules that put promises on the hours of a calendar, as the commands tell of them.

use super::{Desk, OUTAGE, QUESTION};

const OFFICE: &str = "[[calendar]]\nname = \"office\"\nhours = [\"mon-fri 08:00-16:00\"]\n";

/// A desk whose questions wait for the office.
fn with_an_office() -> Desk {
    let desk = Desk::new();
    desk.append("postroom.toml", OFFICE);
    desk.write(
        "rules/90-own.toml",
        "[[rule]]\nname = \"in-hours\"\ncalendar = \"office\"\nwhen.sender = \"stranger\"\n",
    );
    for (name, mail) in [("0.eml", OUTAGE), ("1.eml", QUESTION)] {
        desk.write(name, mail);
        desk.run(&["ingest", name]).ends(0);
    }
    desk
}

#[test]
fn a_ticket_says_in_which_hours_its_promises_run() {
    let desk = with_an_office();
    let shown = |ticket: &str| desk.run(&["ticket", "show", ticket]).ends(0);
    for (ticket, expected) in [
        ("PR-1001", "promises run      around the clock, for it is critical; else while office is open\n"),
        ("PR-1002", "promises run      while office is open\n"),
    ] {
        let out = shown(ticket);
        assert!(out.contains(expected), "{ticket}:\n{out}");
        assert_eq!(desk.run(&["ticket", "show", ticket, "--format", "json"]).json()["calendar"], "office");
    }
    assert_eq!(desk.run(&["ticket", "list", "--format", "json"]).json()[0]["calendar"], "office");
    let timeline = desk.run(&["ticket", "timeline", "PR-1002"]).ends(0);
    assert!(timeline.contains("calendar by rule in-hours; a new request"), "{timeline}");
    assert!(timeline.contains("opened the ticket: low, general, for tier-1, calendar office\n"), "{timeline}");
    let json = desk.run(&["ticket", "timeline", "PR-1002", "--format", "json"]).json();
    assert_eq!(json[0]["calendar"], "office");
    let explained = desk.run(&["rules", "explain", "2"]).ends(0);
    assert!(explained.contains("\n  calendar     office, by in-hours\n"), "{explained}");
    let preview = desk.run(&["template", "preview", "acknowledgement", "--ticket", "1002"]).ends(0);
    assert!(preview.contains("every 24 hours within our opening hours."), "{preview}");

    // The office is closed down, and with it goes the rule.
    let config = std::fs::read_to_string(desk.path().join("postroom.toml")).unwrap();
    desk.write("postroom.toml", config.replace(OFFICE, ""));
    let check = desk.run(&["check"]).ends(1);
    assert!(check.contains("there is no calendar `office` in the configuration"), "{check}");
    desk.write("rules/90-own.toml", "");
    desk.run(&["check"]).ends(0);
    let out = shown("PR-1002");
    let gone = "promises run      around the clock, for the configuration has no calendar office any more\n";
    assert!(out.contains(gone), "{out}");
}

#[test]
fn a_calendar_that_is_closed_for_good_is_told_by_check() {
    let desk = Desk::new();
    desk.append("postroom.toml", &OFFICE.replace("hours = [\"mon-fri 08:00-16:00\"]", "hours = []"));
    let json = desk.run(&["check", "--format", "json"]).json();
    let told = &json["warnings"][0];
    assert_eq!(told["message"], "the calendar `office` is not open once within the next year");
    assert_eq!(told["hint"], "what is promised by it runs around the clock; look at its hours and holidays");
}

#[test]
fn a_name_that_is_nearly_a_calendar_is_told_with_the_one_that_was_meant() {
    let desk = with_an_office();
    desk.write(
        "rules/90-own.toml",
        "[[rule]]\nname = \"in-hours\"\ncalendar = \"ofice\"\nwhen.sender = \"stranger\"\n",
    );
    let out = desk.run(&["rules", "check"]).ends(1);
    let expected = "\
error: there is no calendar `ofice` in the configuration
 --> rules/90-own.toml:3:12
  |
3 | calendar = \"ofice\"
  |            ^^^^^^^
  |
  = help: did you mean `office`?
";
    assert!(out.starts_with(expected), "{out}");
}

#[test]
fn a_calendar_that_is_hardly_ever_open_is_told_with_what_would_take_how_long() {
    let desk = Desk::new();
    desk.append("postroom.toml", "[[calendar]]\nname = \"sundays\"\nhours = [\"sun 10:00-10:30\"]\n");
    let json = desk.run(&["check", "--format", "json"]).json();
    let told = json["warnings"][0]["message"].as_str().unwrap();
    assert!(
        told.starts_with("the calendar `sundays` is so seldom open that promises in its hours come late: "),
        "{told}"
    );
    for part in [
        "first_response of low, 24 h, may take 33",
        "update_every of low, 24 h, ",
        "update_every of medium, 4 h, may take 5",
    ] {
        assert_eq!(told.contains(part), !part.contains("medium"), "{part:?} in {told}");
    }
    let run = desk.run(&["check"]).ends(0);
    assert!(run.contains("so seldom open that promises in its hours come late"), "{run}");
    desk.write("postroom.toml", super::CONFIG.to_owned() + OFFICE);
    assert_eq!(desk.run(&["check", "--format", "json"]).json()["warnings"], serde_json::json!([]));
}
