//! Where automatic mail is stopped and who gets none: what an administrator reads of it, and changes.

use super::{Desk, masked};

/// A desk whose database has these breakers open, and one address on the list whose server says much.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.run(&["migrate", "up"]).ends(0);
    desk.meddle(
        "INSERT INTO breakers (id, subject, scope, why, recipient, marks, inbox, opened_at, until) VALUES \
         (1, 'ann@example.com', 'address', 'ten within an hour', 'ann@example.com', '', NULL, 1000, 9000000000000), \
         (2, '@example.org', 'domain', 'many within an hour', 'eve@example.org', '', NULL, 1000, 9000000000000), \
         (3, 'PR-1042', 'ticket', 'ten in ten minutes', 'ann@example.com', '', NULL, 1000, 9000000000000), \
         (4, '', 'desk', 'hundreds within an hour', 'ann@example.com', '', NULL, 1000, 9000000000000), \
         (5, '<odd>@example.net', 'address', 'ten within an hour', '', '', NULL, 1000, 9000000000000);\
         INSERT INTO suppressions (address_key, how, reason, at, count) VALUES \
         ('endless@example.com', 'bounced', '550 ' || hex(zeroblob(1500)), 1000, 1), \
         ('a@b@c', 'manual', 'by hand', 1000, 1)",
    );
    desk
}

#[test]
fn only_an_address_is_put_on_the_list_and_as_it_is_compared() {
    let desk = desk();
    for (wrong, hint) in [
        ("<ann@example.com>", "`<ann@example.com>` is more than an address; write ann@example.com"),
        ("a@b@c", "`a@b@c` is no address; write one address and nothing else, as in ann@example.com"),
        ("ann@example.com.", "`ann@example.com.` ends in a dot, as no address in a mail does; write ann@example.com"),
        ("", "`` is no address; write one address and nothing else, as in ann@example.com"),
    ] {
        let ran = desk.run(&["suppressions", "add", wrong]);
        assert_eq!(ran.err, format!("postroom: {hint}\n"));
        assert_eq!(ran.ends(2), "");
    }
    let said = desk.run(&["suppressions", "add", " Dora@Example.com"]).ends(0);
    assert_eq!(said, "dora@example.com gets no automatic mail any more\n");
    let rows = desk.run(&["suppressions", "list", "--format", "json"]).json();
    assert_eq!((&rows[0]["address"], &rows[0]["why"]), (&"dora@example.com".into(), &"by hand".into()));
    let ran = desk.run(&["suppressions", "add", "BOB@desk.example"]);
    assert!(
        ran.err.starts_with("bob@desk.example is the address of the agent `bob`: the list holds for"),
        "{}",
        ran.err
    );
    ran.ends(0);
    let ran = desk.run(&["suppressions", "remove", "<dora@example.com>"]);
    assert_eq!(ran.err, "postroom: `<dora@example.com>` is more than an address; write dora@example.com\n");
    ran.ends(2);
    let said = desk.run(&["suppressions", "remove", "A@b@c"]).ends(0);
    assert_eq!(said, "a@b@c gets automatic mail again\n", "what is there can be taken off, whatever it is");
    let ran = desk.run(&["suppressions", "remove", "carol@example.com"]);
    assert!(ran.err.starts_with("postroom: carol@example.com is not on the list; "), "{}", ran.err);
    ran.ends(1);
}

#[test]
fn a_new_reason_takes_the_place_of_the_old_one_and_that_is_said() {
    let desk = Desk::new();
    let add = |more: &[&str]| desk.run(&[&["suppressions", "add", "ann@example.com"], more].concat()).ends(0);
    add(&["--because", "asked for it"]);
    assert_eq!(add(&[]), "ann@example.com was on the list already, and stays: asked for it\n");
    assert_eq!(
        add(&["--because", "a robot"]),
        "ann@example.com was on the list already, and is for the new reason now; the old one was: asked for it\n"
    );
    let rows = desk.run(&["suppressions", "list", "--format", "json"]).json();
    let row = &rows[0];
    assert_eq!((&row["why"], &row["count"], &row["how"]), (&"a robot".into(), &1.into(), &"manual".into()));
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[test]
fn a_list_says_until_when_and_why_on_a_line_and_an_empty_one_no_more_than_it_knows() {
    let desk = desk();
    let listed = masked(&desk.run(&["suppressions", "list"]).ends(0));
    let reason = format!("550 {}…", "0".repeat(95));
    let lines: Vec<&str> = listed.lines().collect();
    let line = format!("endless@example.com  bounced  <time>  1      until removed  {reason}");
    assert!(lines.contains(&line.as_str()), "{listed}");
    let whole = desk.run(&["suppressions", "list", "--format", "json"]).json();
    assert!(whole.as_array().unwrap().iter().any(|row| row["why"].as_str().unwrap().len() == 3004), "{whole}");
    let later = "none since 2030-01-01; there may be older ones, which are shown without --since\n";
    for (list, more, said) in [
        ("breakers", ["--limit", "0"], "the newest 0; there are more: --limit NUMBER shows them\n"),
        ("breakers", ["--since", "2030-01-01"], later),
        ("suppressions", ["--limit", "0"], "the newest 0; there are more: --limit NUMBER shows them\n"),
        ("suppressions", ["--since", "2030-01-01"], later),
    ] {
        let ran = desk.run(&[&[list, "list"][..], &more].concat());
        assert_eq!(ran.err, said, "{list} {more:?}");
        assert_eq!(ran.ends(0), "", "{list} {more:?}");
    }
    let empty = Desk::new();
    for (list, said) in
        [("breakers", "automatic mail is stopped nowhere\n"), ("suppressions", "every address gets automatic mail\n")]
    {
        for more in [&[][..], &["--limit", "0"]] {
            assert_eq!(empty.run(&[&[list, "list"], more].concat()).err, said, "{more:?}");
        }
        assert_eq!(empty.run(&[list, "list", "--format", "json", "--limit", "0"]).ends(0), "[]\n");
    }
}

#[test]
fn each_breaker_that_is_reset_is_named_and_each_that_was_not_open() {
    let desk = desk();
    let not_open =
        |name| format!("postroom: no breaker is open for {name}; `postroom breakers list` shows those that are\n");
    for wrong in ["notanaddress", "", "a@b@c", "@", "@.example", "example.com"] {
        let ran = desk.run(&["breakers", "reset", "ann@example.com", wrong]);
        assert!(ran.err.starts_with(&format!("postroom: `{wrong}` is no address")), "{}", ran.err);
        assert_eq!(ran.ends(2), "", "{wrong}: nothing is reset");
    }
    let ran = desk.run(&["breakers", "reset", "Ann@example.com", "nobody@x.example"]);
    assert_eq!(ran.err, not_open("nobody@x.example"));
    assert_eq!(ran.ends(0), "automatic mail goes to ann@example.com again\n");
    let ran = desk.run(&["breakers", "reset", "ann@example.com", "pr-7"]);
    assert_eq!(ran.err, not_open("ann@example.com") + &not_open("PR-7"));
    assert_eq!(ran.ends(1), "", "none of them was open");
    let said = desk.run(&["breakers", "reset", "<odd>@example.net", "pr-1042"]).ends(0);
    assert_eq!(said, "automatic mail goes to <odd>@example.net again\nautomatic mail goes out on PR-1042 again\n");
    let said = desk.run(&["breakers", "reset", "--all"]).ends(0);
    assert_eq!(said, "automatic mail goes out again\nautomatic mail goes to @example.org again\n");
    let ran = desk.run(&["breakers", "reset", "--all"]);
    assert_eq!(ran.err, "postroom: no breaker is open\n");
    ran.ends(1);
    let ran = desk.run(&["breakers", "reset", "--desk"]);
    assert_eq!(ran.err, not_open("the whole desk"));
    ran.ends(1);
}

#[test]
fn every_command_about_them_shows_examples() {
    let desk = Desk::new();
    for command in [
        &["breakers"][..],
        &["breakers", "list"],
        &["breakers", "reset"],
        &["suppressions"],
        &["suppressions", "list"],
        &["suppressions", "add"],
        &["suppressions", "remove"],
    ] {
        let help = desk.run(&[command, &["--help"]].concat()).ends(0);
        let example = format!("\n  postroom {}", command.join(" "));
        assert!(help.contains("Example") && help.contains(&example), "{help}");
    }
}
