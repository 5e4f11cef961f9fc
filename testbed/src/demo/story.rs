//! The story: who writes what, and what must come of it. Data only.

use super::letters::{Letter, Occasion};
use crate::StoredMail;

/// One mail of the day and what must come of it.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    /// The name under which later mails refer to this one.
    pub name: &'static str,
    /// Who does it, for the reader.
    pub who: &'static str,
    /// What happens, for the reader.
    pub title: &'static str,
    /// The mail.
    pub letter: Letter,
    /// The outcome in the inbox.
    pub outcome: &'static str,
    /// The ticket it ends on.
    pub ticket: Option<&'static str>,
    /// What else must come of it.
    pub then: &'static [Then],
}

/// One thing that must come of a mail.
#[derive(Debug, Clone, Copy)]
pub enum Then {
    /// Somebody gets a mail.
    Gets {
        who: &'static str,
        /// The name under which later mails refer to it.
        name: &'static str,
        /// Words its subject or its text must have.
        says: &'static [&'static str],
        /// Words that must be nowhere in it.
        hides: &'static [&'static str],
        /// The mail it must answer (`In-Reply-To`).
        answers: Option<&'static str>,
    },
    /// Somebody gets nothing for it.
    GetsNothing { who: &'static str },
    /// A field of a ticket.
    Ticket { ticket: &'static str, field: &'static str, is: &'static str },
}

const ANN: &str = "Ann Example <ann@desk.test>";
const BOB: &str = "Bob Builder <bob@desk.test>";
const CAROL: &str = "Carol Client <carol@desk.test>";
const TESSA: &str = "Tessa Tier <tessa@desk.test>";

/// A mail whose sender the receiving server has authenticated.
const fn letter(from: &'static str, occasion: Occasion, text: &'static str) -> Letter {
    Letter { from, occasion, is_authenticated: true, text }
}

/// A mail that proves nothing by itself. Tessa's answers are such: the address they go to is hers alone.
const fn unproven(from: &'static str, occasion: Occasion, text: &'static str) -> Letter {
    Letter { from, occasion, is_authenticated: false, text }
}

/// The support day, in order.
pub const ACTS: &[Act] = &[
    Act {
        name: "outage",
        who: "Ann, a customer,",
        title: "reports an outage",
        letter: letter(
            ANN,
            Occasion::New { subject: "Production is down: every API call fails" },
            "Hello,\n\nour whole company is affected: the service is completely down since 09:40, every API call\n\
             answers 503 Service Unavailable.\n\nThis is urgent.\n\n-- \nAnn Example\nExample AS\n",
        ),
        outcome: "ticket-opened",
        ticket: Some("PR-1001"),
        then: &[
            Then::Gets {
                who: "ann",
                name: "acknowledgement",
                says: &["PR-1001", "Ann", "Critical", "Investigating"],
                hides: &["tessa"],
                answers: Some("outage"),
            },
            Then::Gets { who: "tessa", name: "notification", says: &["PR-1001", "503"], hides: &[], answers: None },
            Then::Ticket { ticket: "PR-1001", field: "severity", is: "critical" },
        ],
    },
    Act {
        name: "follow-up",
        who: "Ann",
        title: "adds something on the same thread",
        letter: letter(
            ANN,
            Occasion::Answer { to: "acknowledgement" },
            "One more thing: the dashboard is gone as well.\n",
        ),
        outcome: "follow-up",
        ticket: Some("PR-1001"),
        then: &[
            Then::Gets {
                who: "tessa",
                name: "second notification",
                says: &["PR-1001", "the dashboard is gone as well"],
                hides: &[],
                answers: None,
            },
            Then::GetsNothing { who: "ann" },
        ],
    },
    Act {
        name: "agent's answer",
        who: "Tessa, an agent,",
        title: "answers the notification from her mail client",
        letter: unproven(
            TESSA,
            Occasion::Answer { to: "second notification" },
            "Hi Ann,\n\nwe found the fault in our load balancer and are moving traffic away from it.\n\nTessa\n",
        ),
        outcome: "agent-reply",
        ticket: Some("PR-1001"),
        then: &[Then::Gets {
            who: "ann",
            name: "answer",
            says: &["PR-1001", "moving traffic away"],
            hides: &["tessa@desk.test", "#resolve", "Your answer goes to"],
            answers: Some("follow-up"),
        }],
    },
    Act {
        name: "resolution command",
        who: "Tessa",
        title: "resolves the ticket by mail",
        letter: unproven(
            TESSA,
            Occasion::Answer { to: "second notification" },
            "#resolve\n\nRoot Cause: a load balancer ran out of connections\nSolution: traffic moved to its twin, the \
             limit raised\nVerification: 10,000 calls in a row answered 200\n",
        ),
        outcome: "agent-command",
        ticket: Some("PR-1001"),
        then: &[
            Then::Gets {
                who: "ann",
                name: "resolution",
                says: &["ran out of connections", "moved to its twin", "10,000 calls in a row"],
                hides: &["tessa@desk.test", "#resolve"],
                answers: Some("follow-up"),
            },
            Then::Gets { who: "tessa", name: "transcript", says: &["#resolve"], hides: &[], answers: None },
            Then::Ticket { ticket: "PR-1001", field: "status", is: "resolved" },
        ],
    },
    Act {
        name: "thanks",
        who: "Ann",
        title: "confirms that it works again",
        letter: letter(ANN, Occasion::Answer { to: "resolution" }, "It works again, thanks!\n"),
        outcome: "confirmation",
        ticket: Some("PR-1001"),
        then: &[Then::Ticket { ticket: "PR-1001", field: "status", is: "closed" }],
    },
    Act {
        name: "key refused",
        who: "Bob, whose server proves nothing,",
        title: "reports a refused key",
        letter: unproven(
            BOB,
            Occasion::New { subject: "Our zebra integration gets 401" },
            "Hi,\n\nsince this morning all our calls answer 401: invalid API key. The key has not expired.\n\nBob\n",
        ),
        outcome: "ticket-opened",
        ticket: Some("PR-1002"),
        then: &[
            Then::Gets {
                who: "bob",
                name: "careful acknowledgement",
                says: &["PR-1002"],
                hides: &["zebra", "tessa"],
                answers: Some("key refused"),
            },
            Then::Gets {
                who: "tessa",
                name: "third notification",
                says: &["PR-1002", "zebra"],
                hides: &[],
                answers: None,
            },
        ],
    },
    Act {
        name: "out of office",
        who: "Bob's mail program",
        title: "says that he is away",
        letter: unproven(
            BOB,
            Occasion::OutOfOffice { to: "careful acknowledgement" },
            "I am out of the office until Monday and read no mail.\n",
        ),
        outcome: "auto-reply",
        ticket: Some("PR-1002"),
        then: &[Then::GetsNothing { who: "bob" }],
    },
    Act {
        name: "export",
        who: "Carol, a customer,",
        title: "misses some data",
        letter: letter(
            CAROL,
            Occasion::New { subject: "Historical data missing in the export" },
            "Hello,\n\nthe export of last month has no historical data before the 12th.\n\nCarol\n",
        ),
        outcome: "ticket-opened",
        ticket: Some("PR-1003"),
        then: &[
            Then::Gets {
                who: "carol",
                name: "second acknowledgement",
                says: &["PR-1003"],
                hides: &[],
                answers: Some("export"),
            },
            Then::Gets { who: "tessa", name: "fourth notification", says: &["PR-1003"], hides: &[], answers: None },
        ],
    },
    Act {
        name: "agent's second answer",
        who: "Tessa",
        title: "answers her",
        letter: unproven(
            TESSA,
            Occasion::Answer { to: "fourth notification" },
            "Hi Carol,\n\nthe import of the first days is running again and done by tonight.\n\nTessa\n",
        ),
        outcome: "agent-reply",
        ticket: Some("PR-1003"),
        then: &[Then::Gets {
            who: "carol",
            name: "second answer",
            says: &["PR-1003", "done by tonight"],
            hides: &["tessa@desk.test"],
            answers: Some("export"),
        }],
    },
    Act {
        name: "bounce",
        who: "Carol's mail server",
        title: "returns that answer as undeliverable",
        letter: unproven(
            "Mail Delivery System <MAILER-DAEMON@mx.carols.test>",
            Occasion::DeliveryReport { of: "second answer", reason: "550 5.1.1 mailbox is gone" },
            "I'm sorry to have to inform you that your message could not be delivered.",
        ),
        outcome: "bounce",
        ticket: Some("PR-1003"),
        then: &[
            Then::Gets {
                who: "tessa",
                name: "news of the bounce",
                says: &["PR-1003", "carol@desk.test", "mailbox is gone"],
                hides: &[],
                answers: None,
            },
            Then::GetsNothing { who: "carol" },
        ],
    },
    Act {
        name: "alert",
        who: "The monitoring",
        title: "raises an alert",
        letter: letter(
            "Monitoring <monitor@desk.test>",
            Occasion::New { subject: "[ALERT] api-1: response time" },
            "host: api-1\ncheck: response-time\nResponse time p99 = 612 ms over the last 5 minutes\n",
        ),
        outcome: "alert-opened",
        ticket: Some("PR-1004"),
        then: &[
            Then::Ticket { ticket: "PR-1004", field: "severity", is: "medium" },
            Then::GetsNothing { who: "monitor" },
        ],
    },
    Act {
        name: "forgery",
        who: "Mallory, who is nobody here,",
        title: "writes in Tessa's name",
        letter: unproven(
            TESSA,
            Occasion::Forged {
                envelope_from: "mallory@desk.test",
                subject: "Re: Our zebra integration gets 401 [PR-1002]",
            },
            "#close\n\nNothing to do here.\n",
        ),
        outcome: "quarantined(spoofed-agent)",
        ticket: None,
        then: &[
            Then::Gets { who: "tessa", name: "warning", says: &["PR-1002"], hides: &[], answers: None },
            Then::Ticket { ticket: "PR-1002", field: "status", is: "investigating" },
            Then::GetsNothing { who: "bob" },
        ],
    },
];

/// A mail as a mail client shows it.
pub fn as_the_customer_sees_it(mail: &StoredMail) -> String {
    let head: String = ["From", "To", "Date"]
        .iter()
        .filter_map(|name| Some(format!("{:<9}{}\n", format!("{name}:"), mail.header(name)?)))
        .collect();
    format!("{head}Subject: {}\n\n{}", mail.subject(), mail.text().trim_end())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_mail_is_referred_to_only_after_it_exists() {
        let mut known = HashSet::new();
        for act in ACTS {
            match act.letter.occasion {
                Occasion::Answer { to } | Occasion::OutOfOffice { to } => assert!(known.contains(to), "{}", act.name),
                Occasion::DeliveryReport { of, .. } => assert!(known.contains(of), "{}", act.name),
                Occasion::New { .. } | Occasion::Forged { .. } => {}
            }
            assert!(known.insert(act.name), "two mails are called {}", act.name);
            for then in act.then {
                if let Then::Gets { name, answers, .. } = then {
                    assert!(answers.is_none_or(|answered| known.contains(answered)), "{name}");
                    assert!(known.insert(name), "two mails are called {name}");
                }
            }
        }
    }

    #[test]
    fn a_page_of_mail_has_its_heading_and_its_text() {
        let raw = b"From: Desk <d@desk.test>\r\nSubject: Hi\r\nX-Trace: 1\r\n\r\nHello\r\n\r\n";
        let mail = StoredMail { uid: 1, flags: Vec::new(), raw: raw.to_vec() };
        assert_eq!(as_the_customer_sees_it(&mail), "From:    Desk <d@desk.test>\nSubject: Hi\n\nHello");
    }
}
