//! An admin's afternoon: a wrong severity, the rule behind it, and whether the better rule is one.

use super::{Desk, OUTAGE, QUESTION, postroom};
use std::fs;

/// An agent's correction of a ticket's severity.
fn correction(ticket: &str, severity: &str) -> String {
    format!(
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n\
         From: Bob Builder <bob@desk.example>\r\nTo: support@desk.example\r\nSubject: Re: [{ticket}]\r\n\
         Date: Mon, 2 Mar 2026 11:00:00 +0100\r\nMessage-ID: <{ticket}@desk.example>\r\n\r\n#severity {severity}\r\n"
    )
}

/// A desk with two tickets, of which an agent has lowered the first one.
fn corrected() -> Desk {
    Desk::with(&[OUTAGE, QUESTION, &correction("PR-1001", "high")])
}

/// Copies the rules into another folder, with one text in the place of another.
fn candidate(desk: &Desk, file: &str, from: &str, to: &str) {
    let rules = desk.path().join("rules");
    for entry in fs::read_dir(&rules).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut text = fs::read_to_string(&path).unwrap();
        if name == file {
            assert!(text.contains(from), "{from:?} is not in {file}");
            text = text.replacen(from, to, 1);
        }
        desk.write(&format!("candidate/{name}"), text);
    }
}

#[test]
fn a_stored_mail_is_explained_with_what_was_known_of_it() {
    let desk = corrected();
    let out = desk.run(&["rules", "explain", "3"]).ends(0);
    assert!(
        out.starts_with("From:    Bob Builder <bob@desk.example> (agent, authentication pass, thread follow-up)\n"),
        "{out}"
    );
    let out = desk.run(&["rules", "explain", "1"]).ends(0);
    assert!(out.contains("severity     critical, by outage"), "{out}");
    assert!(out.contains("\nTicket:  PR-1001, whose severity an agent set to high\n"), "{out}");
    let out = desk.run(&["rules", "explain", "99"]).ends(1);
    assert!(out.starts_with("there is no stored mail 99"), "{out}");
    let elsewhere =
        postroom(desk.folder.path()).args(["rules", "explain", "1", "--rules", "desk/rules"]).output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(2));
}

#[test]
fn other_rules_are_tried_on_stored_mail_before_they_are_in_force() {
    let desk = corrected();
    candidate(&desk, "10-severity.toml", "severity = \"critical\"\nweight   = 2", "severity = \"high\"\nweight   = 2");
    let out = desk.run(&["rules", "replay", "--rules", "candidate"]).ends(0);
    for part in [
        "3 mails judged, 1 otherwise",
        "Severity corrected by agents: 1 ticket; right before 0, after 1\n  1 closer to what the agent said, 0 further from it\n",
        "  1 PR-1001 “Production is down”\n      severity critical → high by outage, towards what an agent said (high)\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let guarded = ["rules", "replay", "--rules", "candidate", "--fail-if", "critical lost > 0"];
    assert!(desk.run(&guarded).ends(1).contains("guard “critical lost > 0” BROKEN: 1"));
    let config = fs::read_to_string(desk.path().join("postroom.toml")).unwrap();
    desk.write("postroom.toml", format!("rules_shadow = \"candidate\"\n{config}"));
    let out = desk.run(&["rules", "replay", "--shadow"]).ends(0);
    assert!(out.contains("severity critical → high by outage"), "{out}");
    let out = desk.run(&["check"]).ends(0);
    assert!(out.contains("53 rules on trial, version "), "{out}");
    desk.write("candidate/99-slip.toml", "[[rule]]\nname = \"slip\"\nteam = \"nosuch\"\nwhen.text = 'slip'\n");
    assert!(desk.run(&["check"]).ends(1).contains("there is no team `nosuch`"), "a slip in the set is found");
    let ran = desk.run(&["rules", "replay", "--shadow"]);
    assert!(ran.err.contains("there is no team `nosuch`"), "{}", ran.err);
    ran.ends(2);
    fs::remove_file(desk.path().join("candidate/99-slip.toml")).unwrap();
    let out = desk.run(&["rules", "replay", "--rules", "candidate", "--sample", "1", "--format", "json"]).json();
    assert_eq!(out["mails"], 1);
    let out = desk.run(&["rules", "replay", "--rules", "candidate", "--since", "2100-01-01"]).ends(0);
    assert!(out.starts_with("0 mails judged, 0 otherwise") && !out.contains("Severity"), "{out}");
    let nothing = ["rules", "replay", "--rules", "candidate", "--since", "2100-01-01", "--fail-if", "changed > 0"];
    let ran = desk.run(&nothing);
    assert!(ran.err.contains("there is no mail to judge"), "{}", ran.err);
    ran.ends(2);
    desk.run(&["rules", "replay", "--sample", "0"]).ends(2);
}

#[test]
fn a_later_mail_is_not_changed_by_what_only_a_first_one_says() {
    let later = "From: Ann Example <ann@example.com>\r\nTo: support@desk.example\r\nSubject: Re: Production is down\r\n\
                 Date: Mon, 2 Mar 2026 12:00:00 +0100\r\nMessage-ID: <later@example.com>\r\n\
                 In-Reply-To: <outage@example.com>\r\n\r\nThe invoices are printed again.\r\n";
    let desk = Desk::with(&[OUTAGE, later, &correction("PR-1001", "high")]);
    desk.append(
        "rules/10-severity.toml",
        "\n[[rule]]\nname = \"invoices\"\ntier = \"tier-3\"\nanswer = false\nwhen.phrase = [\"invoices\", \"severity\"]\n",
    );
    let out = desk.run(&["rules", "replay", "--fail-if", "answer lost > 0", "--fail-if", "changed > 0"]).ends(0);
    for part in [
        "3 mails judged, 0 otherwise",
        "\n2 other mails judged otherwise as well, and nothing would be done differently\n",
        "guard “answer lost > 0” holds: 0",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let json = desk.run(&["rules", "replay", "--format", "json"]).json();
    assert_eq!((&json["changed"], &json["idle"], &json["changes"]), (&0.into(), &2.into(), &serde_json::json!([])));
    // In a mail that opens a ticket it counts.
    desk.append(
        "rules/10-severity.toml",
        "\n[[rule]]\nname = \"down\"\npage = true\nanswer = false\nwhen.phrase = \"completely down\"\n",
    );
    desk.append("postroom.toml", "[on_call]\nagents = [\"bob\"]\n");
    let guarded = ["rules", "replay", "--fail-if", "page gained > 0", "--fail-if", "answer lost > 1"];
    let out = desk.run(&guarded).ends(1);
    for part in ["guard “page gained > 0” BROKEN: 1", "guard “answer lost > 1” holds: 1", "page false → true by down"]
    {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
}

#[test]
fn the_rules_that_were_in_force_can_be_compared_with() {
    let desk = corrected();
    let before = desk.run(&["rules", "versions", "--format", "json"]).json();
    let version = before[0]["version"].as_str().unwrap().to_owned();
    assert_eq!((&before[0]["mails"], &before[0]["in_folder"]), (&3.into(), &true.into()));
    desk.append(
        "rules/10-severity.toml",
        "\n[[rule]]\nname = \"export\"\nanswer = false\nwhen.text = 'export my data'\n",
    );
    let out = desk.run(&["rules", "replay"]).ends(0);
    assert!(out.contains("      answer true → false by export\n"), "{out}");
    let out = desk.run(&["rules", "replay", "--against", &version[..8]]).ends(0);
    assert!(out.contains(&format!("(rules {version} → ")), "{out}");
    desk.run(&["rules", "versions", &version, "--write", "old"]).ends(0);
    assert!(!fs::read_to_string(desk.path().join("old/10-severity.toml")).unwrap().contains("export my data"));
    assert!(desk.path().join("old/00-categories.toml").is_file());
    desk.run(&["rules", "versions", "ffff"]).ends(1);
    desk.run(&["rules", "versions", &version, "--write", "old"]).ends(2);
}

#[test]
fn statistics_say_how_rules_fare_against_corrections() {
    let desk = corrected();
    let out = desk.run(&["rules", "stats", "--format", "json"]).json();
    let outage = out["rules"].as_array().unwrap().iter().find(|row| row["rule"] == "outage").unwrap();
    assert_eq!((&out["mails"], &out["corrected"]), (&3.into(), &1.into()));
    assert_eq!((&outage["matches"], &outage["corrected"], &outage["right"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(outage["precision"], 0.0);
    let (cost, all) = (outage["cost_micros"].as_f64().unwrap(), out["cost_micros"].as_f64().unwrap());
    assert!(0.0 < cost && cost < all, "{cost} of {all}");
    let costs = out["rules"].as_array().unwrap().iter().map(|row| row["cost_micros"].as_f64().unwrap());
    let sum = costs.sum::<f64>() + out["cost_micros_together"].as_f64().unwrap();
    assert!((sum - all).abs() < 1e-6, "{sum} is not {all}");
    let out = desk.run(&["rules", "stats"]).ends(0);
    assert!(out.contains("agents have set the severity of 1 ticket\n"), "{out}");
    let fresh = Desk::with(&[OUTAGE]);
    let out = fresh.run(&["rules", "stats"]).ends(0);
    assert!(out.contains("agents have corrected no severity"), "{out}");
    assert!(out.contains("for all rules together; cost is what a rule adds to that\n"), "{out}");
    let empty = Desk::new();
    empty.run(&["rules", "stats"]).ends(2);
    assert!(empty.run(&["rules", "stats"]).err.contains("this desk has no database yet"));
}

#[test]
fn phrases_are_suggested_where_corrections_speak_for_them_clearly() {
    let desk = Desk::new();
    let mail = |number: usize| {
        let words = if number.is_multiple_of(4) {
            "The black screen of the kiosk is back."
        } else {
            "We moved to another street."
        };
        let id = format!("m{number}@example.com");
        format!(
            "From: c{number}@example.com\nTo: support@desk.example\nSubject: Number {number}\nMessage-ID: <{id}>\n\n{words}\n"
        )
    };
    let mbox = |mails: &mut dyn Iterator<Item = String>| {
        mails.map(|mail| format!("From x Mon Mar  2 10:00:00 2026\n{mail}\n")).collect::<String>()
    };
    desk.write("all.mbox", mbox(&mut (0..80).map(mail)));
    desk.run(&["ingest", "all.mbox"]).ends(0);
    let out = desk.run(&["rules", "suggest"]).ends(0);
    assert!(out.contains("there is nothing to learn from"), "{out}");
    let corrections = (0..80).filter(|number| number % 4 == 0).map(|number| {
        let mail = correction(&format!("PR-{}", 1001 + number), "critical");
        mail.replace("\r\n", "\n")
    });
    desk.write("corrections.mbox", mbox(&mut corrections.collect::<Vec<_>>().into_iter()));
    desk.run(&["ingest", "corrections.mbox"]).ends(0);
    let out = desk.run(&["rules", "suggest"]).ends(0);
    assert!(out.contains("# 80 mails opened tickets, 20 corrected, "), "{out}");
    assert!(out.contains("means at least critical") && out.contains("+severity = \"critical\""), "{out}");
    desk.write("rules/95-suggested.toml", patched(&out, "toml"));
    desk.write("rules/95-suggested.cases", patched(&out, "cases"));
    desk.run(&["rules", "check"]).ends(0);
    desk.run(&["rules", "test"]).ends(0);
    let out = desk.run(&["rules", "suggest"]).ends(0);
    assert!(out.starts_with("the rules agree with agents on each of the 20 whose severity they set"), "{out}");
}

/// The file that a patch makes.
fn patched(patch: &str, ending: &str) -> String {
    let head = format!("+++ b/rules/95-suggested.{ending}\n");
    let body = patch.split_once(&head).unwrap().1.lines().skip(1);
    body.take_while(|line| line.starts_with('+')).map(|line| format!("{}\n", &line[1..])).collect()
}

#[test]
fn lint_looks_at_stored_mail_where_there_is_enough() {
    let desk = corrected();
    let out = desk.run(&["rules", "lint"]).ends(0);
    assert!(out.contains("3 mails of 30 days looked at, too few to say more: no findings"), "{out}");
    let more = (0..97).map(|number| {
        format!("From x Mon Mar  2 10:00:00 2026\nFrom: c{number}@example.com\nMessage-ID: <c{number}@example.com>\nSubject: Hi\n\nHello.\n\n")
    });
    desk.write("more.mbox", more.collect::<String>());
    desk.run(&["ingest", "more.mbox"]).ends(0);
    let out = desk.run(&["rules", "lint", "--format", "json"]);
    assert_eq!(out.code, 1);
    let report: serde_json::Value = serde_json::from_str(&out.out).unwrap();
    assert_eq!(report["mails"], 100);
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["lint"] == "no-recent-match"));
    assert!(!findings.iter().any(|finding| finding["rule"] == "outage"));
    let out = desk.run(&["rules", "lint"]).ends(1);
    let told =
        format!("warning[no-recent-match]: {} rules match none of the 100 mails of the last 30 days\n", findings.len());
    assert!(out.contains(&told), "{out}");
    desk.run(&["rules", "lint", "--days", "0"]).ends(0);
    // It does not make a database to look for mail in.
    let fresh = Desk::new();
    assert!(fresh.run(&["rules", "lint"]).ends(0).contains("no stored mail was looked at"));
    assert!(!fresh.path().join("postroom.db").exists());
}

#[test]
fn what_rules_name_must_be_in_the_configuration() {
    let desk = Desk::new();
    desk.append("rules/10-severity.toml", "\n[[rule]]\nname = \"night\"\ntemplate = \"night\"\n[rule.when]\ntext = 'x y'\nhours = { inside = \"office\" }\n");
    let out = desk.run(&["rules", "check"]).ends(1);
    for part in [
        "there is no acknowledgement `night` among the templates",
        "there is no calendar `office` in the configuration",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    assert!(desk.run(&["check"]).ends(1).contains("there is no calendar `office`"));
    desk.append("postroom.toml", "[[calendar]]\nname = \"office\"\nhours = [\"mon-sun 00:00-24:00\"]\n");
    desk.write("templates/acknowledgement/night.txt", "Good night: {{issue}}\n");
    desk.write("templates/acknowledgement/night.html", "<p>Good night: {{issue}}</p>\n");
    desk.run(&["rules", "check"]).ends(0);
    desk.run(&["check"]).ends(0);
    desk.write("mail.eml", OUTAGE.replace("completely down", "x y"));
    desk.run(&["ingest", "mail.eml"]).ends(0);
    let shown = desk.run(&["outbox", "show", "1"]).ends(0);
    assert!(shown.contains("Good night: "), "{shown}");
}
