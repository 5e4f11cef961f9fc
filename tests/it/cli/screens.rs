//! What a person at the terminal reads: words, and one line where there is one.

use super::{Desk, OUTAGE};

const RESULTS: &str = "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n";

/// An agent's mail on the ticket of the outage.
fn of_bob(id: &str, text: &str) -> String {
    format!(
        "{RESULTS}From: Bob Builder <bob@desk.example>\r\nTo: support@desk.example\r\n\
         Subject: Re: Production is down [PR-1001]\r\nDate: Mon, 2 Mar 2026 10:20:00 +0100\r\n\
         Message-ID: <{id}@desk.example>\r\nIn-Reply-To: <outage@example.com>\r\n\r\n{text}\r\n"
    )
}

#[test]
fn the_timeline_says_on_one_line_and_in_words_what_happened_and_why() {
    let solution =
        "#resolve\r\nRoot Cause: the disk was full\r\non db1\r\nSolution: it was emptied\r\nVerification: it works";
    let desk = Desk::with(&[OUTAGE, &of_bob("b1", "#note\r\nfirst line\r\nsecond line"), &of_bob("b2", solution)]);
    for format in ["text", "md"] {
        let out = desk.run(&["ticket", "timeline", "1001", "--format", format]).ends(0);
        for part in [
            "category by rule outage; severity by rule outage; a new request",
            "the sender is authenticated; a note for agents",
            "note: first line second line",
            "resolution: root cause: the disk was full on db1; solution: it was emptied; verification: it works",
        ] {
            assert!(out.contains(part), "{part:?} is not in:\n{out}");
        }
        assert!(!out.contains("\\n") && !out.contains("authority"), "{out}");
    }
    let json = desk.run(&["ticket", "timeline", "1001", "--format", "json"]).json();
    assert_eq!(json[0]["cause"], "category: outage; severity: outage; new-request", "programs get the words that stay");
    let shown = desk.run(&["inbox", "show", "2"]).ends(0);
    for part in [
        "because       the sender is authenticated; a note for agents\n",
        "sender        authenticated\n",
        "written by    a person\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in:\n{shown}");
    }
}

#[test]
fn sizes_are_in_the_units_of_the_configuration() {
    let desk = Desk::new();
    desk.write("large.eml", OUTAGE.to_owned() + &"x".repeat(70).repeat(400));
    desk.run(&["ingest", "large.eml"]).ends(0);
    let shown = desk.run(&["inbox", "show", "1"]).ends(0);
    assert!(shown.contains("too large: 29 kB, the limit is 20 kB\n"), "{shown}");
    let notice = desk.run(&["outbox", "show", "1"]).ends(0);
    assert!(notice.contains("it has 29 kB, and the most we take is 20 kB."), "{notice}");
}

#[test]
fn a_mail_is_explained_as_it_would_be_received() {
    let desk = Desk::new();
    desk.write("bob.eml", of_bob("b1", "hello"));
    let out = desk.run(&["rules", "explain", "bob.eml"]).ends(0);
    assert!(out.contains("authentication pass"), "{out}");
    let out = desk.run(&["rules", "explain", "bob.eml", "--given", "auth=fail"]).ends(0);
    assert!(out.contains("authentication fail"), "{out}");
}

#[test]
fn a_made_up_mail_is_from_this_desk_to_its_people() {
    let desk = Desk::new();
    let config = std::fs::read_to_string(desk.path().join("postroom.toml")).unwrap();
    desk.write("postroom.toml", config.replace("support@desk.example", "help@acme.test").replace("bob", "rita"));
    for name in ["acknowledgement", "notification", "nudge", "transcript", "spoof-notice"] {
        let out = desk.run(&["template", "preview", name]).ends(0);
        assert!(out.contains("help@acme.test") || out.contains("help+1042."), "{name}: {out}");
        assert!(!out.contains("support+") && !out.contains("bob@"), "{name}: {out}");
    }
    let out = desk.run(&["template", "preview", "oversize"]).ends(0);
    assert!(out.contains("it has 24 kB, and the most we take is 20 kB."), "{out}");
}
