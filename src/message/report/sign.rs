//! Who sends a mail that may be a report: a server, another program, or anybody. It is asked of every mail, so it
//! looks at little.

use super::phrases;
use crate::message::{Message, ReturnPath};

/// Who sent a mail, as far as a report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sender {
    /// Nothing speaks for a program.
    Anybody,
    /// A program of some kind, such as one that answers for somebody; most of what those send is no report.
    Program,
    /// By its name the part of a server that sends reports.
    Server,
    /// A server, by more than its name: nobody is to be told when the mail cannot be delivered, or it names the
    /// recipients that failed.
    CertainServer,
}

pub(super) fn of(message: &Message) -> Sender {
    let from = message.header("From").next().unwrap_or_default();
    // The domain is anybody's, and says nothing.
    let (address, name) = match message.author() {
        Some(author) => (author.local(), author.name.as_deref().unwrap_or_default()),
        None => (from, ""),
    };
    // `MAILER-DAEMON@mx.example (Mail Delivery System)`: the comment is the name.
    let comment = from.split_once('(').map_or("", |(_, comment)| comment);
    let mut names = String::with_capacity(address.len() + name.len() + comment.len() + 2);
    for part in [address, name, comment] {
        names.extend(letters(part));
        names.push(' ');
    }
    let is_null = message.return_path == ReturnPath::Null;
    let names_failed = has(message, "X-Failed-Recipients") || has(message, "X-DSNContext");
    let is_returned_by_server = match &message.return_path {
        ReturnPath::Address(path) => is_server(path.split('@').next().unwrap_or_default()),
        ReturnPath::Null | ReturnPath::Absent => false,
    };
    if phrases::NAMES_SERVER.are_in(&names) || (message.from.is_empty() && from.contains("<>")) {
        let is_certain = is_null || names_failed || has(message, "Auto-Submitted") || is_server(address);
        if is_certain { Sender::CertainServer } else { Sender::Server }
    } else if names_failed {
        Sender::CertainServer
    } else if is_returned_by_server {
        Sender::Server
    } else if is_null || phrases::NAMES_PROGRAM.are_in(&names) {
        Sender::Program
    } else {
        Sender::Anybody
    }
}

/// Local parts that no person ever writes from.
fn is_server(local: &str) -> bool {
    matches!(bare(local).as_str(), "mailerdaemon" | "maildaemon")
}

fn has(message: &Message, name: &str) -> bool {
    message.header(name).any(|value| !value.trim().is_empty() && !value.trim().eq_ignore_ascii_case("no"))
}

fn bare(text: &str) -> String {
    letters(text).collect()
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Whether a subject is that of a report.
pub(super) fn has_subject_of_report(message: &Message) -> bool {
    phrases::IN_SUBJECT.are_in(&message.subject.to_lowercase())
}

/// Signs before the subject of a mail that answers another or passes it on, in lower case.
const PASSED_ON: [&str; 17] =
    ["re", "fwd", "fw", "aw", "wg", "tr", "sv", "vs", "antw", "rv", "enc", "res", "i", "r", "doorst", "vb", "rif"];

/// Whether a person answers a mail or passes it on, by its subject.
pub(super) fn is_passed_on(message: &Message) -> bool {
    let start = message.subject.trim_start().split_once(':').map(|(sign, _)| sign.trim().to_lowercase());
    let start = start.as_deref().map(|sign| sign.split(['[', '(']).next().unwrap_or_default().trim());
    start.is_some_and(|sign| PASSED_ON.contains(&sign))
}
