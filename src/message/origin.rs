//! Why a mail exists: a person wrote it, a program answered, a server reports, it went to many, or it is our own
//! (RFC 3834, RFC 2919, RFC 2369).
//!
//! Each mark that a mail bears is written down in words, so that whoever wonders why nobody answered it can read why.
//! Marks tell that a mail is automatic; which kind it is follows from the marks together.

use super::attribution::begins_with_any;
use super::{Message, Origin, Reader, ReturnPath, is_same_text};
use std::cell::LazyCell;

/// The origin and the marks that led to it.
pub(super) struct Verdict {
    pub origin: Origin,
    pub marks: Vec<String>,
}

/// Judges a message whose delivery report, if it is one, was read before.
pub(super) fn judge(message: &Message, reader: &Reader) -> Verdict {
    let mut marks = Marks::default();
    own(message, reader, &mut marks);
    if message.report.is_some() {
        marks.add(Speaks::Report, "delivery report".to_string());
    }
    for header in &message.headers {
        field(&header.name, &header.value, &mut marks);
    }
    sender(message, &mut marks);
    subject(message, &mut marks);
    let origin = marks.origin(!message.in_reply_to.is_empty());
    Verdict { origin, marks: marks.list.into_iter().map(|(_, words)| words).collect() }
}

/// What a mark says about the mail that bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Own,
    Report,
    /// A program answered a mail.
    Reply,
    /// It went to many.
    Many,
    /// A program wrote it; an answer if it answers something, else a notification.
    Program,
}

#[derive(Default)]
struct Marks {
    list: Vec<(Speaks, String)>,
}

impl Marks {
    fn add(&mut self, speaks: Speaks, words: String) {
        if !self.list.iter().any(|(_, known)| *known == words) {
            self.list.push((speaks, words));
        }
    }

    fn has(&self, speaks: Speaks) -> bool {
        self.list.iter().any(|(s, _)| *s == speaks)
    }

    fn origin(&self, answers: bool) -> Origin {
        if self.has(Speaks::Own) {
            Origin::Own
        } else if self.has(Speaks::Report) {
            Origin::DeliveryReport
        } else if self.has(Speaks::Reply) {
            Origin::AutomaticReply
        } else if self.has(Speaks::Many) {
            Origin::Bulk
        } else if self.has(Speaks::Program) {
            if answers { Origin::AutomaticReply } else { Origin::Bulk }
        } else {
            Origin::Person
        }
    }
}

fn own(message: &Message, reader: &Reader, marks: &mut Marks) {
    for author in &message.from {
        if reader.own_addresses.iter().any(|own| is_same_but_for_sub_address(own, &author.address)) {
            marks.add(Speaks::Own, format!("From: {author}, our own address"));
        }
    }
    if !reader.instance.is_empty() && message.header("X-Postroom").any(|id| id.trim() == reader.instance) {
        marks.add(Speaks::Own, format!("X-Postroom: {}", reader.instance));
    }
}

/// `support+anything@desk.example` is `support@desk.example`.
fn is_same_but_for_sub_address(one: &str, other: &str) -> bool {
    let plain = |local: &str| local.split('+').next().map_or(0, str::len);
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((one, at)), Some((other, domain))) => {
            is_same_text(at, domain) && is_same_text(&one[..plain(one)], &other[..plain(other)])
        }
        (None, None) => is_same_text(one, other),
        _ => false,
    }
}

/// The mark that a header field makes by itself.
fn field(name: &str, value: &str, marks: &mut Marks) {
    // Looked at only where the name says something, which it seldom does.
    let lower = LazyCell::new(|| value.to_lowercase());
    let keyword = || lower.split([';', ' ', '\t', '(', ',']).next().unwrap_or_default();
    let is_on = || !matches!(keyword(), "" | "no" | "false" | "0" | "none" | "off");
    let name_lower = name.to_ascii_lowercase();
    let speaks = match name_lower.as_str() {
        // RFC 3834 §5; `no` says that a person wrote it.
        "auto-submitted" | "x-autosubmitted" if is_on() => match keyword() {
            "auto-replied" => Some(Speaks::Reply),
            _ => Some(Speaks::Program),
        },
        "precedence" | "x-precedence" => match keyword() {
            "bulk" | "list" | "junk" => Some(Speaks::Many),
            "auto_reply" | "auto-reply" => Some(Speaks::Reply),
            _ => None,
        },
        "x-auto-response-suppress" => {
            let asks = ["all", "oof", "autoreply", "dr"];
            let is_asking = lower.split([',', ';', ' ']).any(|word| asks.contains(&word.trim()));
            is_asking.then_some(Speaks::Program)
        }
        "list-id" | "list-unsubscribe" | "list-post" | "list-owner" | "mailing-list" | "x-mailing-list"
            if !lower.is_empty() =>
        {
            Some(Speaks::Many)
        }
        "x-autoreply" | "x-autorespond" | "x-autoreply-from" | "x-mail-autoreply" | "x-autoresponder" if is_on() => {
            Some(Speaks::Reply)
        }
        "x-autogenerated" | "x-auto-generated" | "x-fc-machinegenerated" | "x-loop" | "x-no-loop" if is_on() => {
            Some(Speaks::Program)
        }
        "content-type" if lower.starts_with("multipart/report") => {
            if lower.contains("disposition-notification") {
                Some(Speaks::Reply)
            } else {
                Some(Speaks::Program)
            }
        }
        _ => None,
    };
    if let Some(speaks) = speaks {
        let value = if name_lower == "content-type" { "multipart/report" } else { value };
        marks.add(speaks, format!("{name}: {value}"));
    }
}

/// Local parts that no person writes from, without punctuation.
const NO_REPLY: [&str; 14] = [
    "noreply",
    "noreplay",
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
    "nonrispondere",
];

/// Local parts of servers.
const SERVERS: [&str; 5] = ["mailerdaemon", "postmaster", "maildaemon", "maildeliverysystem", "bounce"];

fn sender(message: &Message, marks: &mut Marks) {
    if message.return_path == ReturnPath::Null {
        marks.add(Speaks::Reply, "Return-Path: <>".to_string());
    }
    // `From: MAILER-DAEMON (Mail Delivery System)` is no address, but says who it is.
    if message.from.is_empty() {
        let raw = message.header("From").next();
        let raw = raw.map(|value| punctuation_off(value.split(['<', '(']).next().unwrap_or("")));
        let words = if raw.is_some_and(|raw| SERVERS.contains(&raw.as_str())) { "a server" } else { "no address" };
        marks.add(Speaks::Program, format!("From: {words}"));
    }
    for author in &message.from {
        let local = punctuation_off(author.local());
        if SERVERS.contains(&local.as_str()) || author.local().to_lowercase().starts_with("bounce") {
            marks.add(Speaks::Program, format!("From: {}, a server", author.address));
        } else if takes_no_answer(author.local()) {
            marks.add(Speaks::Program, format!("From: {}, which takes no answer", author.address));
        }
    }
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

/// How the subjects of absence notes begin, in lower case.
const ABSENCE: [&str; 34] = [
    "automatic reply",
    "auto reply",
    "autoreply",
    "auto-reply",
    "auto response",
    "auto:",
    "automated reply",
    "out of office",
    "out of the office",
    "out-of-office",
    "ooo:",
    "vacation",
    "on vacation",
    "away from",
    "automatische antwort",
    "automatische antwoord",
    "automatisch antwoord",
    "abwesend",
    "abwesenheit",
    "abwesenheitsnotiz",
    "réponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "resposta automática",
    "afwezig",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "odpowiedź automatyczna",
    "автоответ",
    "自動応答",
];

/// Those of [`ABSENCE`] that only programs begin a subject with.
const CERTAIN: [&str; 17] = [
    "automatic reply",
    "auto reply",
    "autoreply",
    "auto-reply",
    "auto response",
    "automated reply",
    "out of office",
    "out of the office",
    "out-of-office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "réponse automatique",
    "respuesta automática",
    "risposta automatica",
    "automatisk svar",
    "autosvar",
    "odpowiedź automatyczna",
];

/// A subject by itself is no mark, since people write about absence notes. With a weak mark beside it, it is one.
fn subject(message: &Message, marks: &mut Marks) {
    if !begins_with_any(&message.subject, &ABSENCE) {
        return;
    }
    let weak = ["X-MS-Exchange-Inbox-Rules-Loop", "X-Auto-Response-Suppress", "Precedence"];
    let has_weak = weak.iter().any(|name| message.header(name).next().is_some());
    // An absence note answers a mail without being called `Re:`, which no mail program does for a person. But people
    // write of vacations: only what no person begins a subject with counts then.
    let is_certain = begins_with_any(&message.subject, &CERTAIN) && !message.in_reply_to.is_empty();
    if has_weak || !marks.list.is_empty() || is_certain {
        marks.add(Speaks::Reply, format!("Subject: {}", message.subject));
    }
}

#[cfg(test)]
mod tests;
