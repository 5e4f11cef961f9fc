//! The auditor is audited: each thing that may go wrong is found, and named.

use super::*;
use postroom_testbed::load;
use serde_json::json;

const ANN: &str = "ann+x0@desk.test";

/// Two mails of one customer, and all that should come of them.
fn good() -> Evidence {
    let mut sent: Vec<LoadMail> = load::mails("x", "support@desk.test", 1, 500, 1);
    let first = sent[0].clone();
    let second = LoadMail {
        kind: Kind::FollowUp(0),
        message_id: "second@client.test".into(),
        raw: b"Subject: more\r\n\r\n".to_vec(),
        ..first.clone()
    };
    sent.push(second);
    let row =
        |subject: &str, outcome: &str| json!({"from": ANN, "subject": subject, "outcome": outcome, "ticket": "PR-1"});
    let raw =
        "Message-ID: <a@desk>\r\nIn-Reply-To: <x.0@client.test>\r\nReferences: <x.0@client.test>\r\n\r\nHello\r\n";
    Evidence {
        support: sent.iter().map(|mail| mail.message_id.clone()).collect(),
        inbox: vec![row(&subject(&first), "ticket-opened"), row("more", "follow-up")],
        tickets: vec![json!({"reference": "PR-1", "requester": ANN})],
        outbox: vec![json!({"message_id": "a@desk", "to": ANN, "state": "sent", "purpose": "acknowledgement"})],
        mailboxes: vec![StoredMail { uid: 1, flags: vec![], raw: raw.into() }],
        sent,
    }
}

#[test]
fn a_desk_that_did_everything_right_is_told_so_with_its_counts() {
    let mut evidence = good();
    evidence.mailboxes.push(evidence.mailboxes[0].clone());
    let audit = audit(&evidence);
    assert_eq!(audit.wrong, [""; 0]);
    let told = "acknowledgements 1, follow-up 1, mails 2, re-sent 1, sent 2, ticket-opened 1, tickets 1, wrong 0";
    assert_eq!(audit.to_string(), told);
}

#[test]
fn each_thing_that_may_go_wrong_is_found() {
    type Spoil = fn(&mut Evidence);
    let cases: [(&str, Spoil, &str); 14] = [
        ("lost", |all| drop(all.inbox.pop()), "is lost"),
        ("removed from the server", |all| drop(all.support.pop()), "no longer in the desk's mailbox"),
        ("no outcome", |all| all.inbox[1]["outcome"] = Value::Null, "should be one follow-up"),
        ("opened twice", |all| all.inbox.push(all.inbox[0].clone()), "should be one ticket-opened"),
        ("wrong outcome", |all| all.inbox[1]["outcome"] = "ticket-opened".into(), "should be one follow-up"),
        (
            "a copy that is not there",
            |all| all.sent.push(LoadMail { kind: Kind::Copy(0), ..all.sent[0].clone() }),
            "came 2",
        ),
        ("from nowhere", |all| all.inbox[1]["from"] = "eve@x".into(), "nobody has sent"),
        ("on another's ticket", |all| all.inbox[1]["ticket"] = "PR-2".into(), "not its author's"),
        ("two tickets", |all| all.tickets.push(json!({"reference": "PR-2", "requester": ANN})), "has 2 tickets"),
        ("not sent", |all| all.outbox[0]["state"] = "waiting".into(), "is waiting"),
        ("never came", |all| all.mailboxes.clear(), "never came"),
        ("not written", |all| all.outbox.clear(), "the outbox knows nothing"),
        ("two acknowledgements", |all| all.outbox.push(all.outbox[0].clone()), "has 2 acknowledgements"),
        (
            "answers another mail",
            |all| all.mailboxes[0].raw = b"Message-ID: <a@desk>\r\nIn-Reply-To: <z>\r\n\r\n".to_vec(),
            "answers \"<z>\"",
        ),
    ];
    for (name, spoil, expected) in cases {
        let mut evidence = good();
        spoil(&mut evidence);
        let wrong = audit(&evidence).wrong;
        assert!(wrong.iter().any(|line| line.contains(expected)), "{name}: {wrong:?}");
    }
}
