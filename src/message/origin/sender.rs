//! Senders that no person writes from: servers, list programs, addresses that take no answer.

use super::{MarkOn, Marks, Speaks};
use crate::message::{Message, ReturnPath};

/// How local parts begin that no person writes from, in lower case, without punctuation.
const NO_REPLY: [&str; 26] = [
    "noreply",
    "noreplay",
    "noreplies",
    "noresponse",
    "donotreply",
    "donotrespond",
    "dontreply",
    "neveranswer",
    "keineantwort",
    "nichtantworten",
    "bittenichtantworten",
    "nepasrepondre",
    "noresponder",
    "noresponda",
    "naoresponda",
    "naoresponder",
    "nonrispondere",
    "nietbeantwoorden",
    "nietreageren",
    "geenantwoord",
    "svarej",
    "svarainte",
    "ikkesvar",
    "ikkebesvar",
    "alavastaa",
    "nieodpowiadaj",
];

/// Local parts of servers, in lower case, without punctuation.
const SERVERS: [&str; 8] = [
    "mailerdaemon",
    "postmaster",
    "maildaemon",
    "maildeliverysystem",
    "bounce",
    "autoresponder",
    "autoresponse",
    "autoreply",
];

/// Local parts of list programs (RFC 5230 §4.6), in lower case.
const LISTS: [&str; 5] = ["majordomo", "listserv", "listproc", "mailman", "sympa"];

pub(super) fn look_at(message: &Message, marks: &mut Marks) {
    if message.return_path == ReturnPath::Null {
        marks.add(Speaks::Reply, MarkOn::NullPath, "Return-Path: <>".to_string());
    }
    // `From: MAILER-DAEMON (Mail Delivery System)` is no address, but says who it is.
    if message.from.is_empty() {
        let raw = message.header("From").next();
        let raw = raw.map(|value| punctuation_off(value.split(['<', '(']).next().unwrap_or("")));
        let words = if raw.is_some_and(|raw| SERVERS.contains(&raw.as_str())) { "a server" } else { "no address" };
        marks.add(Speaks::Program, MarkOn::Program, format!("From: {words}"));
    }
    if let ReturnPath::Address(path) = &message.return_path {
        let local = path.rsplit_once('@').map_or(path.as_str(), |(local, _)| local);
        if SERVERS[..2].contains(&punctuation_off(local).as_str()) {
            marks.add(Speaks::Program, MarkOn::Address, format!("Return-Path: {path}, a server"));
        } else if is_a_lists(local) {
            marks.add(Speaks::Many, MarkOn::Address, format!("Return-Path: {path}, a mailing list"));
        }
    }
    for author in &message.from {
        let local = punctuation_off(author.local());
        if SERVERS.contains(&local.as_str()) || author.local().to_lowercase().starts_with("bounce") {
            marks.add(Speaks::Program, MarkOn::Address, format!("From: {}, a server", author.address));
        } else if is_a_lists(author.local()) {
            marks.add(Speaks::Many, MarkOn::Address, format!("From: {}, a mailing list", author.address));
        } else if takes_no_answer(author.local()) {
            marks.add(Speaks::Program, MarkOn::Address, format!("From: {}, which takes no answer", author.address));
        }
    }
}

/// Whether a list program writes from here: `owner-friends`, `friends-request`, `friends-bounces+ann=example.com`.
fn is_a_lists(local: &str) -> bool {
    let local = local.to_ascii_lowercase();
    let plain = local.split('+').next().unwrap_or_default();
    LISTS.contains(&plain)
        || plain.starts_with("owner-")
        || ["-owner", "-request", "-bounces"].iter().any(|end| plain.ends_with(end))
}

/// Whether a local part says so from its start or from one of its words on: `github-no-reply`.
fn takes_no_answer(local: &str) -> bool {
    let starts = local.match_indices(|c: char| !c.is_alphanumeric()).map(|(at, sign)| at + sign.len());
    std::iter::once(0).chain(starts).any(|at| {
        let words = punctuation_off(&local[at..]);
        NO_REPLY.iter().any(|word| words.starts_with(word))
    })
}

fn punctuation_off(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
