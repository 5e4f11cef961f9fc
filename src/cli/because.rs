//! The reasons of a decision in the words of people. The database, JSON and journeys have them by words that stay.

use super::screen::Screen;
use jiff::Timestamp;

/// Says why, from reasons as they are kept: `new-request; no-answer: nobody reads that address`. Times in them are said
/// as all others are.
pub(super) fn in_words(reasons: &str, screen: &Screen) -> String {
    let words = reasons.split("; ").map(one).collect::<Vec<_>>().join("; ");
    words.split(' ').map(|word| timed(word, screen)).collect::<Vec<_>>().join(" ")
}

/// A word, which may be an instant as it is kept, `2026-03-02T02:15:00Z`, with a mark behind it.
fn timed(word: &str, screen: &Screen) -> String {
    let instant = word.trim_end_matches([',', ';', '.', ')']);
    let at = if instant.ends_with('Z') { instant.parse::<Timestamp>().ok() } else { None };
    at.map_or_else(|| word.to_owned(), |at| screen.minute(at) + &word[instant.len()..])
}

fn one(reason: &str) -> String {
    let (word, detail) = reason.split_once(": ").unwrap_or((reason, ""));
    let words = match word {
        "thread" => of_thread(detail),
        "quarantined-by-rule" if detail.is_empty() => Some("the rules set it aside"),
        "discarded-by-rule" if detail.is_empty() => Some("the rules discard it"),
        _ => WORDS.iter().find(|(known, _)| *known == word).map(|(_, words)| *words),
    };
    match words.map(|words| words.split_once("{}").map_or((words, None), |(before, after)| (before, Some(after)))) {
        None => reason.to_owned(),
        Some((words, None)) => words.to_owned(),
        Some((before, Some(_))) if detail.is_empty() => {
            let before = before.trim_end_matches([' ', ':', '(']);
            before.trim_end_matches(" by rule").trim_end_matches(',').to_owned()
        }
        Some((before, Some(after))) => format!("{before}{detail}{after}"),
    }
}

fn of_thread(evidence: &str) -> Option<&'static str> {
    Some(match evidence {
        "own-message-id" => "it answers a mail of ours",
        "address" => "it was sent to the ticket's own address",
        "marker" => "it quotes a mail of ours",
        "foreign-message-id" => "it answers a mail on the ticket",
        "overtaken" => "its sender has answered it already",
        "overtaken-by-claim" => "it was answered already, by who says that they sent it",
        "subject-tag" => "the reference is in its subject",
        "correlation" => "it is about the same alert",
        _ => return None,
    })
}

/// What each reason says; `{}` stands for its detail.
const WORDS: [(&str, &str); 72] = [
    ("about-no-mail-of-ours", "it is about no mail of ours"),
    ("agents-not-told", "the agents were not told: {} notifications went out on the ticket within ten minutes"),
    ("alert", "an alert of a monitor"),
    ("alert-begins-again", "the alert began again soon after its end"),
    ("alert-again", "another alert of the monitor of {}"),
    ("alert-not-believed", "which alert it is does not count, for nobody vouches for the monitor"),
    ("answer", "an answer to the customer"),
    ("answered", "the first answer was given"),
    ("authority", "{}"),
    ("automatic-reply", "an automatic mail ({})"),
    ("calendar", "calendar by rule {}"),
    ("category", "category by rule {}"),
    ("closed", "closed by the agent"),
    ("commands-refused", "something is wrong with its commands"),
    ("complaint", "its reader complained"),
    ("confirmed", "the customer confirmed the solution, by rule {}"),
    ("continues", "it goes on from {}"),
    ("deadline-is-past", "the ticket was {} already"),
    ("counts-against-it", "a mail there failed for now, which counts: {}"),
    ("delivery-report", "a delivery report ({})"),
    ("discarded-by-rule", "rule {} discards it"),
    ("duplicate", "we have it already: {}"),
    ("escalated", "handed on to {}"),
    ("first-response-overdue", "the first answer was due"),
    ("follow-up", "more about an open ticket"),
    ("forged-token", "it has tokens that we did not sign ({})"),
    ("held", "so many updates without news in a row: {}"),
    ("last-update-by-itself", "the last update of today that is sent by itself"),
    ("names-another-address", "it names {}, to whom the mail was not sent"),
    ("no-answer", "not acknowledged: {}"),
    ("no-notice", "the agent was not told: {}"),
    ("no-sender", "{}"),
    ("not-filed-on-claim", "{} was opened in its sender's name by an answer to it, and may be somebody else's"),
    ("no-such-agent", "there is no agent {} any more"),
    ("no-transcript", "no transcript was sent: {}"),
    ("no-update", "no update was sent: {}"),
    ("not-a-party", "kept as unverified: {}"),
    ("note", "a note for agents"),
    ("own-mail", "a mail of ours came back ({})"),
    ("oversize", "too large: {}"),
    ("new-request", "a new request"),
    ("not-paged", "nobody was paged: {}"),
    ("page", "those on call were paged, by rule {}"),
    ("page-dropped", "the page that was owed is not sent"),
    ("page-is-due", "the page that was owed is due"),
    ("page-owed", "a page is owed, by rule {}"),
    ("passed-on", "a customer's mail that {} passed on"),
    ("proven-copy", "the same mail came before, but {}"),
    ("pruned", "it was pruned with its ticket {}"),
    ("put-off", "put off: {}"),
    ("quarantined-by-rule", "rule {} sets it aside"),
    ("recovered", "the alert is over, by rule {}"),
    ("recovered-nothing", "the end of an alert that has no ticket, by rule {}"),
    ("reopened", "the ticket was {}"),
    ("resolved", "a solution for the customer"),
    ("returns-no-mail-of-ours", "it returns no mail of ours, so nobody loses anything by it"),
    ("same-message-id-other-content", "another mail has the same Message-ID"),
    ("severity", "severity by rule {}"),
    ("severity-corrected", "the agent says that it is {}"),
    ("severity-kept", "more severe by rule {}, but an agent has said how severe it is"),
    ("severity-raised", "more severe by rule {}"),
    ("spoofed-agent", "{}"),
    ("starts-over", "a new ticket, because {}"),
    ("stuck", "it failed as often as a mail may: {}"),
    ("suppressed", "no automatic mail goes there any more: {}"),
    ("taken", "taken by {}"),
    ("taken-by-answering", "{} takes it by answering"),
    ("team", "team by rule {}"),
    ("thanks", "no more than thanks, by rule {}"),
    ("undelivered", "a mail was refused: {}"),
    ("update-due", "the promised update was due"),
    ("update-due-soon", "the promised update is due soon"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn screen() -> Screen {
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        Screen { styled: false, is_terminal: false, width: None, zone, now: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn reasons_are_said_in_words() {
        let cases = [
            (
                "a new ticket",
                "category: outage; severity: outage; new-request",
                "category by rule outage; severity by rule outage; a new request",
            ),
            (
                "an agent",
                "authority: the sender is authenticated; resolved",
                "the sender is authenticated; a solution for the customer",
            ),
            (
                "a thread",
                "thread: foreign-message-id; reopened: resolved",
                "it answers a mail on the ticket; the ticket was resolved",
            ),
            ("a detail in brackets", "automatic-reply: Precedence: bulk", "an automatic mail (Precedence: bulk)"),
            ("no detail in brackets", "own-mail", "a mail of ours came back"),
            ("no rule", "confirmed", "the customer confirmed the solution"),
            ("no detail", "no-answer", "not acknowledged"),
            ("evidence that nobody knows", "thread: smell", "thread: smell"),
            ("a word that nobody knows", "who-knows: what", "who-knows: what"),
            (
                "times, as a person reads them",
                "not-paged: that was done at 2026-03-02T23:30:05Z; no-answer: it came in at 2026-03-01T08:00:00.25Z",
                "nobody was paged: that was done at 2026-03-03 00:30; not acknowledged: it came in at 2026-03-01 09:00",
            ),
            (
                "a time and a rule",
                "page-owed: disk-full, due 2026-03-02T02:15:00Z; thanks",
                "a page is owed, by rule disk-full, due 2026-03-02 03:15; no more than thanks",
            ),
            (
                "what is almost a time",
                "no-update: 12:00Z, Z and 2026-03-02",
                "no update was sent: 12:00Z, Z and 2026-03-02",
            ),
            ("nothing", "", ""),
        ];
        for (name, reasons, expected) in cases {
            assert_eq!(in_words(reasons, &screen()), expected, "{name}");
        }
    }

    #[test]
    fn every_reason_that_is_given_has_its_words() {
        let given =
            regex::Regex::new(r#"(?:Reason::(?:of|with)|ended|by_rule)\(\s*(?:decision,\s*)?"([a-z-]+)""#).unwrap();
        let apart = regex::Regex::new(r#"quarantine\([^,]+,\s*"([a-z-]+)""#).unwrap();
        let mut missing = Vec::new();
        for source in [
            include_str!("../decide/agent.rs"),
            include_str!("../decide/deadline.rs"),
            include_str!("../decide/delivery.rs"),
            include_str!("../decide/forward.rs"),
            include_str!("../decide/mail.rs"),
            include_str!("../decide/page.rs"),
            include_str!("../decide/requester.rs"),
            include_str!("../serve/process.rs"),
        ] {
            let words = given.captures_iter(source).chain(apart.captures_iter(source));
            missing.extend(words.map(|found| found[1].to_owned()).filter(|word| {
                word != "thread" && word != "unreadable-mail" && !WORDS.iter().any(|(known, _)| known == word)
            }));
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}
