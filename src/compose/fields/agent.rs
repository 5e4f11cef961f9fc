//! The fields of mails to agents: what is to be known of a ticket to work on it from the mail alone.

use super::{Fields, View, customer_name, line};
use crate::compose::words::{clean, unturned};
use crate::compose::{ANSWER_ABOVE, File, when};
use crate::decide::DeadlineKind;
use crate::decide::draft::{News, Notification, TranscriptLine};
use crate::message::{self, Address, Calendar, CalendarMethod};
use crate::size;
use crate::ticket::people::{AgentId, Party};
use crate::ticket::{Ticket, Tier};
use serde_json::{Value, json};

/// The commands in one line.
const COMMANDS: &str = "#take · #note · #severity LEVEL · #escalate [REASON] · #resolve · #close · #help";

/// Each command and what it does, for `#help`.
const HELP: [(&str, &str); 7] = [
    ("#take", "You take the ticket."),
    ("#note", "The text below is a note for agents; the customer does not see it."),
    ("#severity critical|high|medium|low", "Corrects how bad it is; the promised times follow."),
    ("#escalate [tier-2|tier-3] [reason]", "Hands it to the next tier, or to the one named."),
    ("#resolve", "Sends the solution to the customer; the text below must be the form, filled in."),
    ("#close", "Closes the ticket."),
    ("#help", "Sends this list."),
];

const OF_SEALED: &str =
    "The mail is encrypted, or sealed by OpenPGP or S/MIME, and the desk has no keys: it is attached as it came.";

/// The form that `#resolve` wants below it.
const RESOLVE_FORM: &str =
    "#resolve\nRoot Cause: what caused it\nSolution: what was done\nVerification: how it was checked";

impl View<'_> {
    /// What all mails to agents say of their ticket.
    pub(super) fn set_agent(&self, fields: &mut Fields) {
        let ticket = self.ticket;
        fields.set("answer_above", ANSWER_ABOVE);
        fields.set("goes_to", self.goes_to());
        let has_readers = ticket.is_some_and(|ticket| self.policy.readers(ticket).next().is_some());
        fields.set("has_readers", has_readers);
        fields.set("commands", COMMANDS);
        let category = ticket.map_or("", |ticket| ticket.category.as_str());
        fields.set("category", category);
        let title = self.policy.category_titles.get(category);
        fields.set("category_title", title.map_or("", String::as_str));
        fields.set("tier", ticket.map_or(String::new(), |ticket| self.whose(ticket)));
        let assignee = ticket.and_then(|ticket| ticket.assignee.as_ref());
        fields.set("assignee", assignee.map_or(String::new(), |agent| self.agent_name(agent)));
        fields.set("requester", ticket.and_then(|t| t.requester()).map_or(String::new(), reached));
        fields.set("clocks", self.clocks());
    }

    /// What happened on the ticket, and the words it happened with.
    pub(super) fn set_notification(&self, fields: &mut Fields, notification: &Notification, files: &[File]) {
        let sender = notification.from.as_ref();
        let name = match (&notification.news, sender) {
            (_, Some(sender)) => sender.name.as_deref().map_or_else(|| line(&sender.address), line),
            (_, None) => self.ticket.map_or_else(|| "Somebody".to_owned(), customer_name),
        };
        let (headline, mut detail) = self.news(&notification.news, &name, sender);
        if let Some(severity) = notification.refused_severity {
            detail = format!(
                "A rule asks for {}. It stays as an agent set it; #severity {severity} raises it.",
                severity.title()
            );
        }
        if let Some(calendar) = &notification.calendar {
            detail = format!("{detail} {}", invitation(calendar)).trim_start().to_owned();
        }
        if !notification.joined.is_empty() {
            let people = notification.joined.iter().map(shown).collect::<Vec<_>>().join(", ");
            detail = format!("{detail} On the ticket from now on, and in Cc of your answers: {people}.");
            detail = detail.trim_start().to_owned();
        }
        let is_a_mail = matches!(notification.news, News::Opened | News::FollowUp | News::Reopened | News::Unverified);
        if is_a_mail && detail.is_empty() && notification.text.trim().is_empty() && notification.unread.is_empty() {
            let is_sealed = files.iter().any(|file| message::is_sealed_mail(&file.media_type));
            detail = if is_sealed { OF_SEALED } else { "The mail has no words of its own." }.to_owned();
        }
        fields.set("headline", headline);
        fields.set("detail", detail);
        fields.set("caution", notification.caution.as_deref().map_or(String::new(), line));
        fields.set("author", name);
        fields.set("text", clean(&unturned(&notification.text)));
        fields.set("unread", clean(&unturned(&notification.unread)));
        fields.set("signature", clean(&unturned(&notification.signature)));
        fields.set("because", lines(&notification.because));
        fields.set("articles", lines(&notification.articles));
        let file = |file: &File| line(&format!("{} ({})", file.name, size::shown(file.bytes.len() as u64)));
        let left_out = notification.left_out.as_ref();
        let other = |(name, bytes): &(String, u64)| format!("{name} ({})", size::shown(*bytes));
        fields.set(
            "left_out",
            left_out.map_or_else(Vec::new, |left| lines(&left.files.iter().map(other).collect::<Vec<_>>())),
        );
        fields.set("inbox", left_out.map_or(String::new(), |left| left.inbox.to_string()));
        fields.set("attachments", files.iter().map(|f| Value::String(file(f))).collect::<Vec<_>>());
    }

    /// What is due, and what to do about it.
    pub(super) fn set_nudge(&self, fields: &mut Fields, what: DeadlineKind, due_at: jiff::Timestamp) {
        let is_late = due_at <= self.now;
        let headline = match (what, is_late) {
            (DeadlineKind::FirstResponse, false) => "The customer waits for a first answer",
            (DeadlineKind::FirstResponse, true) => "The first answer is overdue",
            (DeadlineKind::Update | DeadlineKind::Nudge | DeadlineKind::Page, false) => {
                "The customer was promised an update"
            }
            (DeadlineKind::Update | DeadlineKind::Nudge | DeadlineKind::Page, true) => "A promised update is overdue",
        };
        let advice = match what {
            DeadlineKind::FirstResponse => "An answer to this mail goes to the customer and stops the clock.",
            _ => {
                "An answer to this mail goes to the customer and keeps the promise. Without one, the customer is \
                  told in time that there is nothing new yet."
            }
        };
        fields.set("headline", headline);
        fields.set("advice", advice);
        fields.set("due", when::short(due_at, self.zone));
        fields.set("due_in", when::relative(due_at, self.now));
    }

    /// Who reads an answer to the mail: the one thing an agent must never have to guess.
    fn goes_to(&self) -> String {
        let Some(ticket) = self.ticket.filter(|ticket| ticket.requester().is_some()) else {
            return "Internal: only agents will read an answer".to_owned();
        };
        let mut readers = self.policy.readers(ticket);
        let Some(first) = readers.next() else {
            return "Internal: a monitor is never answered, so only agents will read an answer".to_owned();
        };
        let cc = match readers.count() {
            0 => String::new(),
            count => format!(" and {count} in Cc"),
        };
        format!("Your answer goes to: {}{cc}", reached(first))
    }

    fn news(&self, news: &News, name: &str, sender: Option<&Address>) -> (String, String) {
        let none = String::new();
        match news {
            News::Opened => (format!("New ticket from {name}"), none),
            News::FollowUp => (format!("{name} wrote again"), none),
            News::Reopened => (format!("Open again: {name} answered the resolution"), none),
            News::Confirmed => (format!("Closed: {name} confirmed the resolution"), none),
            News::Recovered { is_closed: true } => {
                (format!("Over: {name} says that all is well"), "Nobody had taken the ticket; it is closed.".to_owned())
            }
            News::Recovered { is_closed: false } => {
                (format!("Over: {name} says that all is well"), "The ticket is yours and stays open.".to_owned())
            }
            News::AlertAgain => (format!("Open again: {name} tells the alert again"), none),
            News::StillSo { paged_at } => {
                let page =
                    paged_at.map_or("last page".to_owned(), |at| format!("page of {}", when::short(at, self.zone)));
                let detail = format!("That was so soon after the {page} that this one has waited until now.");
                ("It began again and is not over".to_owned(), detail)
            }
            News::SeverityRaised(severity) => (format!("Severity raised to {}", severity.title()), none),
            News::Escalated { by, reason } => {
                let tier = self.ticket.map_or("you", |ticket| tier_title(ticket.tier));
                (format!("Escalated to {tier} by {}", self.agent_name(by)), line(reason))
            }
            News::Taken { by, was_yours } => {
                let why = if *was_yours { "It was yours until now." } else { "Those on call were called for it." };
                (format!("{} has taken it", self.agent_name(by)), why.to_owned())
            }
            News::PassedOn { by, words } => {
                (format!("New ticket from {name}, passed on by {}", self.agent_name(by)), line(words))
            }
            News::Complained { address } => (
                format!("{} complained of a mail as unwanted", line(address)),
                "They get no automatic mail any more. What an agent writes still goes to them.".to_owned(),
            ),
            News::PerhapsAutomatic => (
                format!("{name} wrote, or a program for them"),
                "Nothing but its words, its sender's address or its Precedence says that it is automatic. It is filed, \
                 and changed nothing on the ticket."
                    .to_owned(),
            ),
            News::Unverified => {
                let who = sender.map_or_else(|| name.to_owned(), shown);
                (
                    format!("Not verified: {who} wrote"),
                    "Nobody vouches that the sender is on the ticket. An answer goes to the people on the ticket."
                        .to_owned(),
                )
            }
        }
    }

    /// The promises that are running, the next first.
    fn clocks(&self) -> Vec<Value> {
        let Some(ticket) = self.ticket.filter(|ticket| ticket.status.is_open()) else { return Vec::new() };
        let is_answered = ticket.first_response_at.is_some();
        let first =
            ticket.first_response_due_at.filter(|_| !is_answered).map(|at| (at, "first answer to the customer"));
        let update = ticket.update_due_at.map(|at| (at, "next update promised to the customer"));
        let mut due: Vec<_> = first.into_iter().chain(update).collect();
        due.sort_by_key(|(at, _)| *at);
        let clock = |(at, what): (jiff::Timestamp, &str)| {
            json!({
                "what": what,
                "due": when::short(at, self.zone),
                "due_in": when::relative(at, self.now),
                "is_late": at < self.now,
            })
        };
        due.into_iter().map(clock).collect()
    }

    /// Who works on a ticket that nobody has taken.
    fn whose(&self, ticket: &Ticket) -> String {
        match ticket.team.as_ref().filter(|team| self.policy.team(team).is_some()) {
            Some(team) => format!("team {team}"),
            None => tier_title(ticket.tier).to_owned(),
        }
    }

    fn agent_name(&self, id: &AgentId) -> String {
        let name = self.policy.agent(id).and_then(|agent| agent.address.name.as_deref());
        name.map_or_else(|| id.to_string(), line)
    }
}

/// What became of each command, and the list of all of them.
pub(super) fn set_transcript(fields: &mut Fields, lines: &[TranscriptLine], carried_out: bool, help: bool) {
    let entry = |entry: &TranscriptLine| json!({ "command": line(&entry.command), "result": clean(&entry.result), "is_error": entry.is_error });
    fields.set("lines", lines.iter().map(entry).collect::<Vec<_>>());
    fields.set("carried_out", carried_out);
    fields.set("refused", !carried_out && lines.iter().any(|line| line.is_error));
    let list = HELP.iter().map(|(command, does)| json!({ "command": command, "does": does }));
    fields.set("help", if help { list.collect::<Vec<_>>() } else { Vec::new() });
    fields.set("form", RESOLVE_FORM);
}

/// What a calendar part says, in one sentence or two.
fn invitation(calendar: &Calendar) -> String {
    let verb = match calendar.method {
        CalendarMethod::Publish => "It tells of",
        CalendarMethod::Request => "It invites to",
        CalendarMethod::Reply => "It answers the invitation to",
        CalendarMethod::Cancel => "It calls off",
        CalendarMethod::Counter => "It proposes another time for",
        CalendarMethod::Refresh => "It asks once more for the invitation to",
    };
    let mut text =
        format!("{verb} {}", calendar.summary.as_deref().map_or("an event".to_owned(), |what| format!("“{what}”")));
    // Some programs say of one whole day where it ends, and some that it ends where it begins.
    let is_one_day = calendar.starts.as_ref().is_some_and(|day| !day.contains('T'))
        && calendar.ends.as_ref().is_none_or(|last| calendar.starts.as_ref() >= Some(last));
    let (begin, end) = if is_one_day { ("on", &None) } else { ("from", &calendar.ends) };
    let parts = [(begin, &calendar.starts), ("to", end), ("in", &calendar.place), ("by", &calendar.organizer)];
    for (word, part) in parts {
        if let Some(part) = part {
            text.push_str(&format!(" {word} {part}"));
        }
    }
    if let Some(answer) = &calendar.answer {
        text.push_str(&format!(": {answer}"));
    }
    text.push('.');
    if calendar.method == CalendarMethod::Request {
        text.push_str(" The desk has not answered it.");
    }
    line(&text)
}

/// The name and the address on one line.
fn shown(address: &Address) -> String {
    line(&address.to_string())
}

/// The party, and where mail to it goes when that is another address.
fn reached(party: &Party) -> String {
    match &party.answer_to {
        Some(to) => format!("{} at {}, as their Reply-To asks", shown(&party.address), line(&to.address)),
        None => shown(&party.address),
    }
}

fn lines(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| Value::String(line(text))).collect()
}

fn tier_title(tier: Tier) -> &'static str {
    match tier {
        Tier::One => "tier 1",
        Tier::Two => "tier 2",
        Tier::Three => "tier 3",
        Tier::Everyone => "everyone",
    }
}
