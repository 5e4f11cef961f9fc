//! What an agent wrote and cannot be sent as it is: refused with a word, for what is left out would be missed by the
//! customer, and nobody would know.

use super::agent::files;
use super::command::{Command, Orders};
use super::draft::TranscriptLine;
use super::policy::Policy;
use super::{Mail, authority};
use crate::message::body::{ANSWER_ABOVE, is_closing, is_sent_from, says_more_below};
use crate::message::{Address, Attachment, Authentication};
use crate::ticket::Ticket;
use crate::ticket::people::{Agent, Role};

/// How lines begin that stand in each of our mails to agents.
pub(crate) const NOTIFICATION_STARTS: [&str; 4] = [
    "Your answer goes to: ",
    "Internal: only agents will read an answer",
    "Internal: a monitor is never answered",
    "Commands, on the first lines of an answer: ",
];

/// How a text begins that is encrypted without the help of MIME (RFC 9580 §6.2).
const SEALED_TEXT: &str = "-----BEGIN PGP MESSAGE-----";

/// What is wrong with an agent's mail whose words go to the customer.
pub(super) fn unfit(mail: &Mail, orders: &Orders, ticket: &Ticket, policy: &Policy) -> Option<Vec<TranscriptLine>> {
    sealed(mail, orders)
        .or_else(|| nothing_to_do(mail, orders))
        .or_else(|| leak(mail, orders))
        .or_else(|| passed_on(mail, orders))
        .or_else(|| copy(mail, orders, ticket, policy))
        .or_else(|| somebody_elses(mail, orders))
        .or_else(|| inline(mail))
}

/// Whether nothing of the mail would go to the customer.
fn is_for_agents(mail: &Mail, orders: &Orders) -> bool {
    orders.has(&Command::Note) || orders.text.is_empty() && files(mail).next().is_none()
}

/// A mail that is passed on: it, or what the agent wrote above it for whoever reads it here, would go to the customer.
fn passed_on(mail: &Mail, orders: &Orders) -> Option<Vec<TranscriptLine>> {
    // Above a mail of ours it may be an answer, where its prefix is one in another language.
    let is_answer = mail.message.body.quote.contains(ANSWER_ABOVE) || mail.thread.answers().is_some();
    (!is_for_agents(mail, orders) && mail.message.says_passed_on(is_answer)).then(|| {
        vec![TranscriptLine {
            command: "(forwarded mail)".to_owned(),
            result:
                "the subject says that a mail is passed on. Answer our mail to write to the customer, or write #note \
                     above it for agents only"
                    .to_owned(),
            is_error: true,
        }]
    })
}

/// A mail to somebody who is not the customer, of which the desk has but a copy: its words are for whoever it was written
/// to, be it somebody who joined the ticket.
fn copy(mail: &Mail, orders: &Orders, ticket: &Ticket, policy: &Policy) -> Option<Vec<TranscriptLine>> {
    let is_customers = |to: &Address| ticket.party_of(to).is_some_and(|party| party.role == Role::Requester);
    let to = &mail.message.to;
    let first = to.first().filter(|_| {
        !is_for_agents(mail, orders)
            && !to.iter().any(|to| policy.is_ours(to))
            && !to.iter().chain(&mail.message.cc).any(is_customers)
    })?;
    Some(vec![TranscriptLine {
        command: "(copy)".to_owned(),
        result: format!(
            "it is written to {}, and the desk has a copy. To write to the customer, answer our mail; to keep this one \
             with the ticket, write #note above it",
            first.address
        ),
        is_error: true,
    }])
}

/// Another mail than ours below the agent's words: a colleague's, which would go to the customer with them, or one that
/// the agent shows and that would be cut as a quote.
fn somebody_elses(mail: &Mail, orders: &Orders) -> Option<Vec<TranscriptLine>> {
    let body = &mail.message.body;
    let result = match &body.mail_above_ours {
        Some(line) => format!(
            "between your words and our mail stands what looks like another mail, from “{line}” on, and it would have \
             gone to the customer. Delete it; if its words are for the customer, delete that line alone"
        ),
        None if mail.unread.is_of_another => format!(
            "below your words stands what looks like a mail, from “{}” on, and it would not have been sent. If its words \
             are for the customer, delete the lines that introduce it, else all of it",
            body.quote.lines().next().unwrap_or_default().trim()
        ),
        None => return None,
    };
    (!is_for_agents(mail, orders))
        .then(|| vec![TranscriptLine { command: "(another mail)".to_owned(), result, is_error: true }])
}

/// What an agent wrote and what was not sent with the answer, where a program could have written it just as well.
pub(super) fn not_sent(mail: &Mail, agent: &Agent) -> Option<TranscriptLine> {
    const SHOWN_BYTES: usize = 200;
    let is_above_ours = mail.message.body.quote.contains(ANSWER_ABOVE);
    let words = if is_above_ours { &mail.unread.below } else { &mail.unread.text };
    let body = &mail.message.body;
    let is_cut = words.is_empty() && is_drawn_below(&body.signature, agent);
    let words = if is_cut { &body.signature } else { words };
    if !is_cut && !says_more_below(words) {
        return None;
    }
    let shown = &words[..words.floor_char_boundary(SHOWN_BYTES)];
    let more = if shown.len() < words.len() { "…" } else { "" };
    Some(TranscriptLine {
        command: "(text below)".to_owned(),
        result: format!(
            "not sent, for it looks like a signature, or stands with the quoted mail: “{}{more}”. If it is for the \
             customer, write it once more, at the top",
            shown.split_whitespace().collect::<Vec<_>>().join(" ")
        ),
        is_error: true,
    })
}

/// What an agent should know whom nothing but tokens proves, and who has shown theirs to others.
pub(super) fn shown_to_others(mail: &Mail, policy: &Policy) -> Option<TranscriptLine> {
    let to = authority::shown_to(mail, policy).filter(|_| mail.message.authentication != Authentication::Pass)?;
    Some(TranscriptLine {
        command: "(copies)".to_owned(),
        result: format!(
            "{} has a copy of your mail, and could answer in your place what it answers: so that proves nothing any more. \
             To write on, answer this mail or a later one",
            to.address
        ),
        is_error: false,
    })
}

/// What an agent is told of a mail in their name that answers what they have shown to others.
pub(super) fn not_proven() -> TranscriptLine {
    TranscriptLine {
        command: "(your mail)".to_owned(),
        result: "it answers a mail of ours of which others have a copy by your own mail, and any of them could have written \
                 it. If you did, send it once more as an answer to this mail"
            .to_owned(),
        is_error: true,
    }
}

/// Whether what was taken for a signature stands below a drawn line and does not begin with the agent's name.
fn is_drawn_below(signature: &str, agent: &Agent) -> bool {
    let mut lines = signature.lines().filter(|line| !line.trim().is_empty());
    let is_drawn = lines.next().is_some_and(|line| line.starts_with(['_', '-', '=', '—']) && line != "-- ");
    let names = || agent.address.name.iter().flat_map(|name| name.split_whitespace()).chain([agent.id.0.as_str()]);
    let is_named = |line: &str| names().any(|name| line.trim().to_lowercase().starts_with(&name.to_lowercase()));
    is_drawn && lines.next().is_some_and(|line| !is_named(line) && !is_sent_from(line) && !is_closing(line))
}

/// A mail that nobody here can open. Sent on, it would be a file that the customer cannot open either.
fn sealed(mail: &Mail, orders: &Orders) -> Option<Vec<TranscriptLine>> {
    let is_sealed = match orders.text.is_empty() {
        true => orders.lines.is_empty() && mail.message.attachments.iter().any(Attachment::is_sealed_mail),
        false => orders.text.starts_with(SEALED_TEXT),
    };
    is_sealed.then(|| {
        vec![TranscriptLine {
            command: "(encrypted mail)".to_owned(),
            result: "it is encrypted, or packed into its signature, so neither words nor commands could be read; send \
                     it once more without"
                .to_owned(),
            is_error: true,
        }]
    })
}

/// A mail without commands and without words, from which nothing could be sent.
fn nothing_to_do(mail: &Mail, orders: &Orders) -> Option<Vec<TranscriptLine>> {
    let is_empty = orders.lines.is_empty() && orders.text.is_empty() && files(mail).next().is_none();
    is_empty.then(|| {
        vec![TranscriptLine {
            command: "(no text)".to_owned(),
            result: "there is nothing above the quoted mail; write your answer at the top".to_owned(),
            is_error: true,
        }]
    })
}

/// Answers between quoted lines. Those below our marker were cut with our mail; to those above it, or in what is left
/// of a mail without it, the quoted lines are missing that they answer.
fn inline(mail: &Mail) -> Option<Vec<TranscriptLine>> {
    let body = &mail.message.body;
    let what = if body.has_words_in_quoted_mail || mail.unread.is_between {
        "words of yours stand between the lines of our mail, below the line above which to write; they would not have \
         been sent"
    } else if body.has_quotes_between_words() {
        "lines that begin with `>` stand among your words; they would be left out, and nobody could tell what your \
         words answer"
    } else {
        return None;
    };
    Some(vec![TranscriptLine {
        command: "(text between quoted lines)".to_owned(),
        result: format!("{what}. Write all of it at the top, without `>` before lines that are to be read with it"),
        is_error: true,
    }])
}

/// Whether a line is one of those in which our mails tell of a ticket, a label and what it is: `Severity    High`.
fn is_fact(line: &str) -> bool {
    const LABELS: [&str; 6] = ["Ticket", "Severity", "Category", "Status", "Requester", "Matched"];
    let line = line.trim_start_matches(['>', '|', ' ', '\t']);
    LABELS
        .iter()
        .filter_map(|label| line.strip_prefix(label))
        .any(|rest| rest.starts_with("  ") || rest.starts_with('\t'))
}

/// What is left of our own mail to the agent in words that would go to the customer. Such a mail speaks of rules,
/// clocks and colleagues, and carries the agent's own token.
fn leak(mail: &Mail, orders: &Orders) -> Option<Vec<TranscriptLine>> {
    let is_for_agents = orders.has(&Command::Note);
    let is_ours = |line: &str| {
        let line = line.trim_start_matches(['>', '|', ' ', '\t']);
        let starts = ANSWER_ABOVE.get(..12).into_iter().chain(NOTIFICATION_STARTS);
        starts.into_iter().any(|start| line.starts_with(start))
    };
    let has_facts = || orders.text.lines().filter(|line| is_fact(line)).nth(1).is_some();
    (!is_for_agents && (mail.quotes_us || orders.text.lines().any(is_ours) || has_facts())).then(|| {
        vec![TranscriptLine {
            command: "(quoted text)".to_owned(),
            result: "among your words stands a part of our mail to you: its first or last line, or an address that \
                     only you may write to. It is not for the customer; delete it, or mark it as a quote"
                .to_owned(),
            is_error: true,
        }]
    })
}
