//! Reports of no standard form, read by their shape: a server's sender, a phrase that says what happened, and the
//! recipients, each on a line of its own, behind a label, within a sentence, or in the talk of two servers.

use super::{Regex, find_status, original_id, reason};
use crate::message::attribution::begins_with_any;
use crate::message::fields::{self, Of};
use crate::message::limits::MAX_REPORTED_RECIPIENTS;
use crate::message::parts::Parts;
use crate::message::{DeliveryReport, Message, MessageId, ReportKind, ReportedRecipient, decode, ids};
use std::sync::LazyLock;

/// Lines of a text that are searched for what servers write.
const MAX_SEARCHED_LINES: usize = 200;

/// Bytes of a line that are looked at.
const MAX_LINE_BYTES: usize = 500;

/// Lines below an address that tell what happened to it.
const DIAGNOSTIC_LINES: usize = 6;

// The patterns are constants, so a failure to compile shows in the first test; `None` just finds nothing.
static REPLY_CODE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\d.])([45])[0-5]\d(?:[ \-:;,.)\]]|$)").ok());
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:"[^"\s@]{1,64}"|[\w.!#$%&'*+/=?^`{|}~-]+)@[\w-]+(?:\.[\w-]+)+"#).ok());

/// Phrases by which servers say that they gave up, in lower case.
const FAILED: [&str; 62] = [
    "wasn't able to deliver",
    "delivery problems",
    "malformed address",
    "failed mail",
    "could not be delivered",
    "couldn't be delivered",
    "could not deliver",
    "couldn't deliver",
    "cannot be delivered",
    "can't be delivered",
    "cannot deliver",
    "can not deliver",
    "was undeliverable",
    "wasn't delivered",
    "was not delivered",
    "were not delivered",
    "not be delivered",
    "not delivered",
    "undeliverable",
    "undelivered",
    "unable to deliver",
    "unable to send",
    "unable to transmit",
    "not able to deliver",
    "error delivering",
    "delivery error",
    "error during delivery",
    "delivery failed",
    "delivery has failed",
    "delivery is failed",
    "failed delivery",
    "delivery failure",
    "delivery to the following",
    "failed recipient",
    "failed for the following",
    "did not reach the following",
    "following recipients",
    "following addresses failed",
    "following address failed",
    "following address(es)",
    "following destination addresses",
    "has been rejected",
    "was rejected",
    "attempting to deliver",
    "attempted delivery",
    "permanent error",
    "permanent fatal error",
    "fatal errors",
    "delivery errors",
    "transcript of session",
    "returned mail",
    "returned message",
    "mail returned",
    "message returned",
    "failure notice",
    "returned to sender",
    "returning your",
    "delivery status notification",
    "nicht zugestellt",
    "unzustellbar",
    "n'a pas pu être",
    "no se ha podido entregar",
];

/// Phrases by which they say that they are still trying.
const DELAYED: [&str; 13] = [
    "delayed",
    "delivery delay",
    "will be retried",
    "still being retried",
    "will keep trying",
    "keep trying",
    "will continue to try",
    "delivery attempts will continue",
    "not yet been delivered",
    "warning message only",
    "do not need to resend",
    "temporary problem",
    "transient non-fatal",
];

/// How the subjects of reports begin, in lower case.
const SUBJECTS: [&str; 25] = [
    "undeliverable",
    "undelivered",
    "undeliverd",
    "unzustellbar",
    "non délivr",
    "non remis",
    "mail delivery",
    "message delivery",
    "mail could not be delivered",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery notification",
    "delivery status",
    "delivery problem",
    "delivery error",
    "failure notice",
    "failed mail",
    "returned mail",
    "returned to sender",
    "mail system error",
    "mail failure",
    "mail error",
    "email delivery",
    "warning: could not send",
];

/// What stands before an address that is the report's subject, in lower case.
const LABELS: [&str; 16] = [
    "to",
    "recipient",
    "recipients",
    "recipient address",
    "failed recipient",
    "failed recipients",
    "final-recipient",
    "original-recipient",
    "intended recipient",
    "invalid address",
    "address",
    "user",
    "rcpt to",
    "for",
    "envelope recipient",
    "destination",
];

/// Reads such a report; `None` where the message is none.
pub(super) fn read(parts: &Parts<'_>, message: &Message) -> Option<DeliveryReport> {
    let text = &message.body.text;
    let (report, returned) = split(text);
    let lower = format!("{}\n{}", message.subject, report).to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let is_delayed = says(&DELAYED);
    if !is_delayed && !says(&FAILED) {
        return None;
    }
    let lines: Vec<&str> = report.lines().take(MAX_SEARCHED_LINES).map(cut).collect();
    let mut named = failed_addresses(message, &lines);
    let attached = super::returned(parts).unwrap_or_default();
    let returned = fields::split(returned.as_bytes(), Of::Message);
    if named.is_empty() {
        // The mail that came back says whom it was for, and a mail to one person came back from that one.
        let attached = fields::split(&attached, Of::Message);
        let to = returned.fields.iter().chain(&attached.fields).filter(|field| field.is("To"));
        let mut to: Vec<_> = to.flat_map(|field| decode::addresses(*field)).map(|to| to.address).collect();
        to.dedup();
        if to.len() == 1 {
            named.extend(to.into_iter().map(|address| (address, None)));
        }
    }
    let class = find_status(report).and_then(|s| s.chars().next()).or_else(|| reply_class(report));
    let is_failed = class.map_or(!is_delayed, |class| class == '5') || !is_delayed;
    let kind = if is_failed { ReportKind::Failed } else { ReportKind::Delayed };
    let action = if is_failed { "failed" } else { "delayed" };
    let said_of_all = find_status(report);
    let are_several = named.len() > 1;
    let recipients = named
        .into_iter()
        .map(|(address, at)| {
            let diagnostic = at.and_then(|at| diagnostic(&lines, at, &address));
            let own = diagnostic.as_deref().unwrap_or_default();
            let usual = class.unwrap_or(if is_failed { '5' } else { '4' });
            // What is said of one of several need not hold for the others.
            let own_words = are_several.then(|| reason::status(own, usual)).flatten();
            let status =
                exact(own).or(own_words).or_else(|| said_of_all.clone()).or_else(|| derived(own, report, is_failed));
            ReportedRecipient { address, action: action.to_string(), status, diagnostic }
        })
        .collect();
    let in_text = returned.first("Message-ID").and_then(|field| ids::all(&decode::text(field)).into_iter().next());
    let original_message_id = original_id(parts).or(in_text).or_else(|| id_in_text(text));
    Some(DeliveryReport { kind, recipients, original_message_id })
}

/// Whether the subject is that of a report, and of no answer to one.
pub(super) fn has_its_subject(message: &Message) -> bool {
    begins_with_any(message.subject.trim_start_matches(['*', '[', '<', ' ']), &SUBJECTS)
        && message.in_reply_to.is_empty()
}

/// A status that stands there, and says more than a class.
fn exact(words: &str) -> Option<String> {
    find_status(words).filter(|status| !status.ends_with(".0.0"))
}

/// The status that words and reply codes stand for.
fn derived(own: &str, report: &str, is_failed: bool) -> Option<String> {
    let usual = if is_failed { '5' } else { '4' };
    let class = reply_class(own).or_else(|| reply_class(report));
    let known = reason::status(own, class.unwrap_or(usual)).or_else(|| reason::status(report, class.unwrap_or(usual)));
    match (known, class) {
        // What the other server said counts more than what its words usually stand for.
        (Some(status), Some(class)) => Some(format!("{class}{}", &status[1..])),
        (Some(status), None) => Some(status),
        (None, class) => Some(format!("{}.0.0", class.unwrap_or(usual))),
    }
}

fn cut(line: &str) -> &str {
    let end = line.char_indices().map(|(at, _)| at).find(|at| *at >= MAX_LINE_BYTES).unwrap_or(line.len());
    &line[..end]
}

/// The words of the server, and the mail that it returns below them: from the first three header fields on that stand
/// below each other, or from the first field of a mail on its way.
fn split(text: &str) -> (&str, &str) {
    let mut at = 0;
    let mut first = None;
    let mut count = 0;
    for line in text.split_inclusive('\n').take(10 * MAX_SEARCHED_LINES) {
        let start = at;
        at += line.len();
        if line.starts_with([' ', '\t']) && count > 0 {
            continue;
        }
        let Some(name) = line.split_once(':').map(|(name, _)| name) else {
            (first, count) = (None, 0);
            continue;
        };
        let is_field = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_field || name.eq_ignore_ascii_case("http") || name.eq_ignore_ascii_case("https") {
            (first, count) = (None, 0);
            continue;
        }
        let begin = *first.get_or_insert(start);
        count += 1;
        let is_trace = ["Received", "Return-Path", "Delivered-To", "DKIM-Signature"];
        if count >= 3 && has_mail_fields(&text[begin..at])
            || is_trace.iter().any(|field| name.eq_ignore_ascii_case(field))
        {
            return text.split_at(begin);
        }
    }
    (text, "")
}

fn has_mail_fields(block: &str) -> bool {
    let named = |wanted: &str| {
        block.lines().any(|line| line.split_once(':').is_some_and(|(name, _)| name.eq_ignore_ascii_case(wanted)))
    };
    // A report may list recipient, status and the like in the same form; a mail has two of these.
    ["From", "Subject", "Date", "Message-ID", "MIME-Version", "To"].into_iter().filter(|name| named(name)).count() >= 2
}

fn reply_class(text: &str) -> Option<char> {
    REPLY_CODE.as_ref()?.captures(text).and_then(|found| found[1].chars().next())
}

/// A recipient, and the line that names it.
type Named = (String, Option<usize>);

struct Found {
    list: Vec<Named>,
    /// Whoever gets and sends the report, in lower case.
    own: Vec<String>,
}

impl Found {
    fn add(&mut self, address: &str, at: Option<usize>) {
        let address = address.trim_matches(['"', '.', '\'', '-', '=']);
        let lower = address.to_lowercase();
        let is_new = !self.list.iter().any(|(known, _)| known.eq_ignore_ascii_case(address));
        let is_others = !self.own.contains(&lower) && !lower.starts_with("mailer-daemon@");
        if is_new && is_others && self.list.len() < MAX_REPORTED_RECIPIENTS {
            self.list.push((address.to_string(), at));
        }
    }
}

/// The addresses a report in prose speaks of, by the surest shape that there is.
fn failed_addresses(message: &Message, lines: &[&str]) -> Vec<Named> {
    let Some(pattern) = ADDRESS.as_ref() else { return Vec::new() };
    let own = message.from.iter().chain(&message.to).map(|address| address.address.to_lowercase()).collect();
    let mut found = Found { list: Vec::new(), own };
    for value in message.header("X-Failed-Recipients") {
        pattern.find_iter(value).for_each(|address| {
            let at = lines.iter().position(|line| line.contains(address.as_str()));
            found.add(address.as_str(), at);
        });
    }
    let shapes: [fn(&Regex, &str) -> Option<String>; 4] = [alone, labelled, in_a_sentence, in_the_talk];
    for shape in shapes {
        if !found.list.is_empty() {
            break;
        }
        for (at, line) in lines.iter().enumerate() {
            if let Some(address) = line.contains('@').then(|| shape(pattern, line)).flatten() {
                found.add(&address, Some(at));
            }
        }
    }
    found.list
}

/// `<ann@example.com>: no such user`, or the address with nothing but a remark behind it.
fn alone(pattern: &Regex, line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches(['*', '-', '>', '•', '|', '\u{b7}', ' ', '\t']);
    let line = line.strip_prefix("To:").or(line.strip_prefix("TO:")).map_or(line, str::trim_start);
    let address =
        pattern.find(line).filter(|address| line[..address.start()].chars().all(|c| "<\"'([:".contains(c)))?;
    let rest = line[address.end()..].trim_start_matches(['>', '"', '\'', ')', ']']);
    let is_open = rest.starts_with([':', ',', ';', '(', '<', '-', '\t', '[', '|']) || rest.starts_with("...");
    let is_dated =
        rest.starts_with(" on ") || rest.starts_with(" (") || rest.starts_with(" - ") || rest.starts_with("  ");
    let says = || reason::status(rest, '5').is_some();
    (is_open || is_dated || !rest.contains(char::is_alphanumeric) || says()).then(|| address.as_str().to_string())
}

/// `Recipient: <ann@example.com>`
fn labelled(pattern: &Regex, line: &str) -> Option<String> {
    let (label, value) = line.trim().trim_start_matches(['*', '-', '|', '[', '>', ' ']).split_once([':', '='])?;
    let label = label.trim().trim_end_matches(['*', ' ']).to_lowercase();
    let is_label = LABELS.contains(&label.as_str());
    is_label.then(|| pattern.find(value).map(|address| address.as_str().to_string())).flatten()
}

/// `There was an error delivering your mail to <ann@example.com>.`
fn in_a_sentence(pattern: &Regex, line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let speaks =
        ["deliver", "sent to", "send to", "recipient", "mail to", "message to", "address", "mailbox", "failed", "user"];
    let is_said = speaks.iter().any(|word| lower.contains(word)) || reason::status(&lower, '5').is_some();
    is_said.then(|| pattern.find(line).map(|address| address.as_str().to_string())).flatten()
}

/// `>>> RCPT TO:<ann@example.com>`, `<<< 550 <ann@example.com>... User unknown`
fn in_the_talk(pattern: &Regex, line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let is_talk = lower.contains("rcpt to") || REPLY_CODE.as_ref().is_some_and(|code| code.is_match(line));
    is_talk.then(|| pattern.find(line).map(|address| address.as_str().to_string())).flatten()
}

/// What is said of the recipient on its line and below, up to the next one.
fn diagnostic(lines: &[&str], at: usize, address: &str) -> Option<String> {
    let same_line = lines[at].split_once(address).map(|(_, rest)| rest.trim_matches(['>', ':', ' ', ',', '"', ')']));
    let below =
        lines[at + 1..].iter().map(|line| line.trim()).skip_while(|line| line.is_empty()).take(DIAGNOSTIC_LINES);
    let is_end =
        |line: &&str| line.is_empty() || ADDRESS.as_ref().is_some_and(|pattern| alone(pattern, line).is_some());
    let words: Vec<&str> =
        same_line.into_iter().chain(below.take_while(|line| !is_end(line))).filter(|line| !line.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The Message-ID of a mail that was returned as text.
fn id_in_text(text: &str) -> Option<MessageId> {
    let lines = text.lines().take(10 * MAX_SEARCHED_LINES).map(str::trim_start);
    let mut ids = lines.filter(|line| line.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("message-id:")));
    ids.find_map(|line| ids::all(&line[11..]).into_iter().next())
}
