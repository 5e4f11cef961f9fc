//! What rules see of a mail is what `inspect` shows of it, on trial by `rules explain` as in the worker's own verdict.

use super::Desk;
use std::collections::BTreeSet;

/// A rule for each thing that a rule may ask of a mail's reading.
const RULES: &str = r#"
[[rule]]
name = "in-words"
tags = ["seen"]
[rule.when]
text = "volcano"

[[rule]]
name = "in-all"
tags = ["seen"]
[rule.when]
body = "volcano"

[[rule]]
name = "automatic"
tags = ["seen"]
[rule.when]
automatic = true

[[rule]]
name = "origin-reply"
tags = ["seen"]
[rule.when]
origin = "automatic-reply"

[[rule]]
name = "origin-report"
tags = ["seen"]
[rule.when]
origin = "delivery-report"

[[rule]]
name = "origin-bulk"
tags = ["seen"]
[rule.when]
origin = "bulk"

[[rule]]
name = "auth-pass"
tags = ["seen"]
[rule.when]
auth = "pass"

[[rule]]
name = "auth-fail"
tags = ["seen"]
[rule.when]
auth = "fail"

[[rule]]
name = "follow-up"
tags = ["seen"]
[rule.when]
thread = "follow-up"

[[rule]]
name = "german"
tags = ["seen"]
[rule.when]
language = "de"

[[rule]]
name = "of-agent"
tags = ["seen"]
[rule.when]
sender = "agent"

[[rule]]
name = "of-customer"
tags = ["seen"]
[rule.when]
sender = "customer"

[[rule]]
name = "from-dora"
tags = ["seen"]
[rule.when]
from = "dora@customer.example"
"#;

/// A mail from `from` with these fields and this body; `n` tells its Message-ID.
fn mail(n: usize, from: &str, fields: &str, text: &str) -> String {
    format!(
        "{fields}From: {from}\r\nTo: support@desk.example\r\nDate: Mon, 2 Mar 2026 10:0{}:00 +0100\r\n\
         Message-ID: <m{n}@customer.example>\r\n\r\n{text}\r\n",
        n % 10
    )
}

const PASS: &str = "Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\r\n";
const FAIL: &str = "Authentication-Results: mx.desk.example; dmarc=fail header.from=customer.example\r\n";
const OF_OTHERS: &str = "Authentication-Results: mx.evil.example; dmarc=pass header.from=customer.example\r\n";

#[test]
fn rules_see_what_is_read_of_a_mail_on_trial_and_at_work() {
    let html = "Subject: Re: Hot\r\nContent-Type: text/html; charset=utf-8\r\n";
    let agent = "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\n";
    let utf8 = "Content-Type: text/plain; charset=utf-8\r\n";
    let cases: [(&str, String, &[&str]); 18] = [
        (
            "words of one's own",
            mail(0, "ann@customer.example", "Subject: Hot\r\n", "The volcano."),
            &["in-words", "in-all"],
        ),
        (
            "words that are quoted",
            mail(
                1,
                "eve@customer.example",
                "Subject: Re: Hot\r\n",
                "Yes.\r\n\r\nOn 2 Mar 2026 at 09:30, Ann wrote:\r\n> The volcano.",
            ),
            &["in-all"],
        ),
        (
            "words of a signature",
            mail(2, "fay@customer.example", "Subject: Lamp\r\n", "It is dark.\r\n\r\n-- \r\nFay, Volcano Ltd"),
            &["in-all"],
        ),
        (
            "words of a header block's mail",
            mail(
                3,
                "gil@customer.example",
                "Subject: Re: Lamp\r\n",
                "Yes.\r\n\r\nFrom: Ann <ann@customer.example>\r\nSent: Monday, 2 March 2026 09:30\r\nTo: Gil\r\n\
                 Subject: Lamp\r\n\r\nThe volcano.",
            ),
            &["in-all"],
        ),
        (
            "words of a page",
            mail(4, "hal@customer.example", html, "<p>The <b>vol</b>cano.</p><style>p{color:red}</style>"),
            &["in-words", "in-all"],
        ),
        (
            "an attribute and a comment of a page",
            mail(5, "ida@customer.example", html, "<p title=\"volcano\">The lamp.</p><!-- volcano -->"),
            &[],
        ),
        (
            "a quote within a page",
            mail(
                6,
                "jon@customer.example",
                html,
                "<p>Yes.</p><div class=\"gmail_quote\"><div class=\"gmail_attr\">Xyz</div><blockquote>The volcano.</blockquote></div>",
            ),
            &["in-all"],
        ),
        (
            "a quote in a mail that answers none",
            mail(
                15,
                "ray@customer.example",
                "Subject: Lamp\r\n",
                "On 2 Mar 2026 at 09:30, Ann wrote:\r\n> The volcano.",
            ),
            &["in-all", "in-words"],
        ),
        (
            "somebody vouches",
            mail(7, "kim@customer.example", &format!("{PASS}Subject: Lamp\r\n"), "It is dark."),
            &["auth-pass"],
        ),
        (
            "the check failed",
            mail(8, "lee@customer.example", &format!("{FAIL}Subject: Lamp\r\n"), "It is dark."),
            &["auth-fail"],
        ),
        (
            "somebody else's word",
            mail(9, "mia@customer.example", &format!("{OF_OTHERS}Subject: Lamp\r\n"), "It is dark."),
            &[],
        ),
        (
            "away",
            mail(
                10,
                "ned@customer.example",
                "Auto-Submitted: auto-replied\r\nSubject: Out of office\r\n",
                "I am away.",
            ),
            &["automatic", "origin-reply"],
        ),
        (
            "a newsletter",
            mail(11, "news@customer.example", "List-Id: <news.customer.example>\r\nSubject: March\r\n", "New lamps."),
            &["automatic", "origin-bulk"],
        ),
        (
            "a report",
            mail(
                12,
                "MAILER-DAEMON@mx.example",
                "Return-Path: <>\r\nSubject: Undelivered Mail Returned to Sender\r\n",
                "I'm sorry, your message could not be delivered.\r\n\r\n<ola@customer.example>: 550 5.1.1 User unknown",
            ),
            &["automatic", "origin-report"],
        ),
        (
            "German above an English quote",
            mail(
                13,
                "pia@customer.example",
                &format!("{utf8}Subject: Re: Lampe\r\n"),
                "Die Lampe ist nicht an und wir haben kein Licht, bitte helfen Sie uns.\r\n\r\n\
                 On 2 Mar 2026 at 09:30, Ann wrote:\r\n> This is the lamp that you have bought and it is not on.",
            ),
            &["german"],
        ),
        (
            "a customer's next mail on the ticket",
            mail(
                14,
                "ann@customer.example",
                &format!("{PASS}Subject: Re: Hot\r\nIn-Reply-To: <m0@customer.example>\r\n"),
                "It goes on.",
            ),
            &["auth-pass", "follow-up", "of-customer"],
        ),
        (
            "an agent's",
            mail(15, "bob@desk.example", &format!("{agent}Subject: [PR-1001] Hot\r\n"), "#note\r\nThe volcano."),
            &["auth-pass", "follow-up", "in-all", "in-words", "of-agent"],
        ),
        (
            "a mail that an agent passes on",
            mail(
                16,
                "bob@desk.example",
                &format!("{agent}Subject: Fwd: Lamp\r\n"),
                "---------- Forwarded message ---------\r\nFrom: Dora <dora@customer.example>\r\n\
                 Date: Mon, 2 Mar 2026 at 09:30\r\nSubject: Lamp\r\nTo: <bob@desk.example>\r\n\r\nThe volcano.",
            ),
            &["from-dora", "in-all", "in-words"],
        ),
    ];
    let desk = Desk::new();
    desk.write("rules/99-readings.toml", RULES);
    let names: BTreeSet<&str> =
        RULES.lines().filter_map(|line| line.strip_prefix("name = ")).map(|n| n.trim_matches('"')).collect();
    let matched = |list: &serde_json::Value| -> Vec<String> {
        let of_ours = list.as_array().unwrap().iter().filter_map(|rule| rule["rule"].as_str());
        of_ours.filter(|name| names.contains(name)).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let mut wrong = Vec::new();
    for (at, (name, raw, expected)) in cases.iter().enumerate() {
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        desk.write("mail.eml", raw);
        let number = (at + 1).to_string();
        desk.run(&["ingest", "mail.eml"]).ends(0);
        let at_work = matched(&desk.run(&["inbox", "show", &number, "--format", "json"]).json()["rules"]);
        // Reports are no mails that rules have a say in, so they are not kept for them; the file is explained instead.
        let mail = if *name == "a report" { "mail.eml" } else { &number };
        let explained = desk.run(&["rules", "explain", mail, "--format", "json"]).json();
        let on_trial = matched(&explained["verdict"]["matched"]);
        if at_work != expected || on_trial != expected {
            wrong.push(format!("{name}: expected {expected:?}, at work {at_work:?}, on trial {on_trial:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_mail_that_was_not_received_is_explained_by_the_same_reading() {
    let desk = Desk::new();
    desk.write("rules/99-readings.toml", RULES);
    let text = "Yes.\r\n\r\nOn 2 Mar 2026 at 09:30, Ann wrote:\r\n> The volcano.\r\n\r\n-- \r\nFay, Volcano Ltd";
    desk.write("mail.eml", mail(1, "fay@customer.example", &format!("{FAIL}Auto-Submitted: auto-replied\r\n"), text));
    let explained = desk.run(&["rules", "explain", "mail.eml", "--format", "json"]).json();
    let matched: Vec<&str> =
        explained["verdict"]["matched"].as_array().unwrap().iter().filter_map(|rule| rule["rule"].as_str()).collect();
    for (rule, expected) in
        [("in-all", true), ("in-words", false), ("auth-fail", true), ("automatic", true), ("origin-reply", true)]
    {
        assert_eq!(matched.contains(&rule), expected, "{rule}: {matched:?}");
    }
}
