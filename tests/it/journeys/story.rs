//! A journey as written, and how it is told.

use jiff::{SignedDuration, Timestamp};
use postroom::message::{self, Reader};
use postroom::ticket::event::{Event, What};
use postroom::ticket::people::TeamId;
use postroom::ticket::purpose::Purpose;
use postroom::ticket::{Paging, Ticket, TicketId};
use std::path::Path;

/// A journey.
pub struct Story {
    pub start: Timestamp,
    /// What the desk has besides its people, its rules and its configuration.
    pub own: Own,
    pub steps: Vec<Step>,
    lines: Vec<String>,
}

/// What the desk of one journey has of its own, as it would stand in its files.
#[derive(Default)]
pub struct Own {
    /// Tables of its configuration.
    pub configuration: String,
    /// A file of rules, read after those that ship.
    pub rules: String,
}

/// What happens, and what it must lead to.
pub struct Step {
    /// The line of `expect`, from 1.
    pub line: usize,
    pub events: Vec<Happening>,
    pub expected: Vec<String>,
    /// Who reads what then.
    pub reads: Vec<Reading>,
}

/// What stands in the last mail to somebody.
pub struct Reading {
    /// The line of `read`, from 1.
    pub line: usize,
    pub by: String,
    pub words: String,
}

pub enum Happening {
    Mail { line: usize, text: String },
    Wait(SignedDuration),
}

/// Somebody to whom a story happens.
pub trait Teller {
    /// A mail arrives.
    async fn mail(&mut self, raw: Vec<u8>);
    /// Time passes.
    async fn wait(&mut self, time: SignedDuration);
    /// All mails sent so far: recipient and bytes, oldest first.
    fn sent(&self) -> Vec<(String, Vec<u8>)>;
    /// What was made of it all since the last call.
    async fn news(&mut self) -> Vec<String>;
}

impl Story {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (mut start, mut own) = (None, Own::default());
        let mut steps = Vec::new();
        let mut events = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            let line = lines[at].as_str();
            let number = at + 1;
            at += 1;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "start" => start = Some(rest.parse().unwrap()),
                "configuration" => own.configuration = indented(&lines, &mut at).join("\n"),
                "rules" => own.rules = indented(&lines, &mut at).join("\n"),
                "wait" => events.push(Happening::Wait(duration(rest))),
                "mail" => {
                    let text = indented(&lines, &mut at).join("\n");
                    events.push(Happening::Mail { line: number, text });
                }
                "expect" => {
                    let expected = indented(&lines, &mut at).into_iter().filter(|line| !line.is_empty()).collect();
                    let (events, reads) = (std::mem::take(&mut events), Vec::new());
                    steps.push(Step { line: number, events, expected, reads });
                }
                "read" => {
                    let words = indented(&lines, &mut at).join("\n");
                    let reading = Reading { line: number, by: rest.to_owned(), words };
                    steps.last_mut().expect("something happens before it is read of").reads.push(reading);
                }
                _ => panic!(
                    "{}:{number}: a line begins with start, configuration, rules, mail, wait, expect or read",
                    path.display()
                ),
            }
        }
        assert!(events.is_empty(), "{}: something happens after the last expect", path.display());
        Self { start: start.expect("a journey has a start"), own, steps, lines }
    }

    /// The journey with these expectations in the place of its own.
    pub fn with_expectations(&self, told: &[Vec<String>]) -> String {
        let mut text = String::new();
        let mut at = 0;
        let mut told = told.iter();
        while at < self.lines.len() {
            let line = &self.lines[at];
            at += 1;
            text.push_str(line);
            text.push('\n');
            if line == "expect" {
                indented(&self.lines, &mut at);
                for line in told.next().unwrap() {
                    text.push_str(&format!("  {line}\n"));
                }
                if at < self.lines.len() {
                    text.push('\n');
                }
            }
        }
        text
    }
}

/// Lets one thing happen.
pub async fn happen(path: &Path, event: &Happening, teller: &mut impl Teller) {
    match event {
        Happening::Wait(time) => teller.wait(*time).await,
        Happening::Mail { line, text } => {
            let filled = fill(text, &teller.sent(), &format!("{}:{line}", path.display()));
            teller.mail(filled.replace('\n', "\r\n").into_bytes()).await;
        }
    }
}

/// The lines below one that is indented by two spaces, up to the next that is not.
fn indented(lines: &[String], at: &mut usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    while let Some(line) = lines.get(*at).filter(|line| line.starts_with("  ") || line.is_empty()) {
        found.push(line.get(2..).unwrap_or_default().to_owned());
        *at += 1;
    }
    while found.last().is_some_and(String::is_empty) {
        found.pop();
    }
    found
}

fn duration(text: &str) -> SignedDuration {
    match text.strip_suffix('d') {
        Some(days) => SignedDuration::from_hours(24 * days.parse::<i64>().unwrap()),
        None => text.parse().unwrap(),
    }
}

/// Fills `{id PURPOSE ADDRESS}`, `{address PURPOSE ADDRESS}` and `{marker PURPOSE ADDRESS}` from our own mails.
pub fn fill(text: &str, sent: &[(String, Vec<u8>)], place: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (field, after) = after.split_once('}').unwrap_or_else(|| panic!("{place}: a `{{` without `}}`"));
        let words: Vec<&str> = field.split(' ').collect();
        let [what, purpose, address] = words[..] else { panic!("{place}: `{{{field}}}` has not three words") };
        let purpose = Purpose::from_word(purpose).unwrap_or_else(|| panic!("{place}: no purpose `{purpose}`"));
        let mail = sent.iter().rev().filter(|(to, _)| to == address).map(|(_, bytes)| our_mail(bytes));
        let mail = mail.into_iter().find(|mail| mail.id.0.split('.').nth(3) == Some(purpose.code()));
        let mail = mail.unwrap_or_else(|| panic!("{place}: no {purpose} was sent to {address}"));
        filled.push_str(before);
        filled.push_str(&match what {
            "id" => mail.id.0.clone(),
            "address" => mail.answer_to().unwrap().address.clone(),
            "marker" => mail.body.text.lines().rev().find(|line| line.starts_with("Ref: ")).unwrap().to_owned(),
            _ => panic!("{place}: `{what}` is none of id, address, marker"),
        });
        rest = after;
    }
    filled + rest
}

/// Whether somebody's last mail says what it should.
pub fn check(path: &Path, reading: &Reading, teller: &impl Teller) {
    let Reading { line, by, words } = reading;
    let sent = teller.sent();
    let last = sent.iter().rev().find(|(to, _)| to == by);
    let text = last.map(|(_, bytes)| our_mail(bytes).body.text).unwrap_or_default();
    assert!(text.contains(words), "{}:{line}: {by} does not read\n{words}\n\nbut\n{text}", path.display());
}

fn our_mail(bytes: &[u8]) -> message::Message {
    message::parse(bytes, Timestamp::UNIX_EPOCH, &Reader::default())
}

/// An event as a line of a journey; what is written is told by the mails themselves.
pub fn event_line(event: &Event) -> Option<String> {
    let text = match &event.what {
        What::Written { .. } => return None,
        What::Opened { severity, category, tier, team, calendar } => {
            let team = team.as_ref().map(|team| format!(" {team}")).unwrap_or_default();
            let calendar = calendar.as_ref().map(|calendar| format!(" calendar={calendar}")).unwrap_or_default();
            format!("opened {severity} {category} {tier}{team}{calendar}")
        }
        What::Received { by, visibility, .. } => {
            format!("received from {by}, {}", serde_json::to_value(visibility).unwrap().as_str().unwrap())
        }
        What::Undelivered { to, detail } => format!("undelivered to {to}: {detail}"),
        What::StatusChanged { from, to } => format!("status {from} → {to}"),
        What::SeverityChanged { from, to } => format!("severity {from} → {to}"),
        What::TierChanged { from, to } => format!("tier {from} → {to}"),
        What::TeamChanged { from, to } => {
            let name = |team: &Option<TeamId>| team.as_ref().map_or("-".to_owned(), ToString::to_string);
            format!("team {} → {}", name(from), name(to))
        }
        What::Assigned { to: Some(agent) } => format!("assigned to {agent}"),
        What::Assigned { to: None } => "assigned to nobody".to_owned(),
        What::PartyAdded { party, address } => format!("party {party} {address}"),
        What::Noted { text } => format!("noted {text:?}"),
        What::Promised { due_at } => format!("promised an update by {due_at}"),
        What::FirstResponseOverdue { due_at } => format!("first response overdue since {due_at}"),
        What::ResolutionSent { .. } => "solution sent".to_owned(),
        What::Remarked { text } => format!("remark: {text}"),
    };
    Some(format!("{} {text} [{}]", event.ticket, event.actor))
}

/// A ticket as a line of a journey.
pub fn ticket_line(ticket: &Ticket) -> String {
    let time = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_string());
    let team = ticket.team.as_ref().map(|team| format!(" {team}")).unwrap_or_default();
    format!(
        "{} is {} {} {}{team} assignee={} first-response={} update={}{}{}",
        ticket.id,
        ticket.status,
        ticket.severity,
        ticket.tier,
        ticket.assignee.as_ref().map_or("-", |agent| agent.0.as_str()),
        time(ticket.first_response_due_at),
        time(ticket.update_due_at),
        ticket.calendar.as_ref().map(|calendar| format!(" calendar={calendar}")).unwrap_or_default(),
        if ticket.paging == Paging::None { String::new() } else { format!(" paging={}", ticket.paging) },
    )
}

pub fn outcome_line(outcome: &str, ticket: Option<TicketId>, reasons: &str) -> String {
    let ticket = ticket.map(|ticket| format!(" {ticket}")).unwrap_or_default();
    format!("outcome {outcome}{ticket}: {reasons}")
}

pub fn send_line(purpose: &str, to: &str) -> String {
    format!("send {purpose} to {to}")
}
