//! Why a mail exists: a person wrote it, a program answered, a server reports, it went to many, or it is our own
//! (RFC 3834, RFC 2919, RFC 2369).
//!
//! Each mark that a mail bears is written down in words, so that whoever wonders why nobody answered it can read why.
//! Marks tell that a mail is automatic; which kind it is follows from the marks together.

mod challenge;
mod fields;
mod receipt;
mod sender;
mod subject;

use super::{CalendarMethod, Message, Origin, Reader, forwarded, is_same_text};
use std::fmt;

/// The origin and the marks that led to it.
pub(super) struct Verdict {
    pub origin: Origin,
    pub marks: Vec<Mark>,
}

/// One thing by which a mail shows that no person wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// In words: `Auto-Submitted: auto-replied`.
    pub words: String,
    /// What bears it.
    pub on: MarkOn,
}

/// What bears a mark: some say little where nothing else is beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkOn {
    /// What only programs write, or words beside such.
    Program,
    /// `Precedence`: programs that answer while somebody is away have marked their answers so from before there was a
    /// field for them (RFC 3834 §3.1.8).
    Precedence,
    /// `List-Id` and the other fields of mailing lists (RFC 2919, RFC 2369): people write through those.
    List,
    /// `X-Auto-Response-Suppress` ([MS-OXCMAIL] §2.2.3.2.14): help desks and relations' programs ask for no automatic
    /// answers in mails that people write.
    Suppress,
    /// An empty return path, to which no answer can come back (RFC 5321 §4.5.5): forms on web pages send what people write
    /// so.
    NullPath,
    /// The address it is from: `no-reply@`, `postmaster@`. People write from those, too.
    Address,
    /// A subject that programs give their answers. People may, too.
    Subject,
    /// The text, or an answer to an invitation with words beside it: a person may have written them.
    Text,
}

impl MarkOn {
    /// Those that a person may have written.
    const WORDS: [MarkOn; 2] = [MarkOn::Subject, MarkOn::Text];
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// Judges a message whose delivery report, if it is one, was read before.
pub(super) fn judge(message: &Message, reader: &Reader) -> Verdict {
    let mut marks = Marks::default();
    own(message, reader, &mut marks);
    if message.report.is_some() {
        marks.add(Speaks::Report, MarkOn::Program, "delivery report".to_string());
    }
    fields::look_at(message, &mut marks);
    sender::look_at(message, &mut marks);
    calendar(message, &mut marks);
    receipt::look_at(message, &mut marks);
    subject::look_at(message, &mut marks);
    challenge::look_at(message, &mut marks);
    let origin = marks.origin(!message.in_reply_to.is_empty());
    Verdict { origin, marks: marks.list.into_iter().map(|(_, mark)| mark).collect() }
}

impl Message {
    /// Whether it has marks, and all of them are on these.
    fn is_marked_only(&self, on: &[MarkOn]) -> bool {
        !self.marks.is_empty() && self.marks.iter().all(|mark| on.contains(&mark.on))
    }

    /// Whether nothing but its words speaks for a program.
    pub fn is_automatic_by_words_only(&self) -> bool {
        self.is_marked_only(&MarkOn::WORDS)
    }

    /// Whether nothing but the address it is from speaks for a program.
    pub fn is_automatic_by_address_only(&self) -> bool {
        self.is_marked_only(&[MarkOn::Address])
    }

    /// Whether nothing but `Precedence` says that it went to many, and no list (RFC 2919, RFC 2369).
    pub fn is_bulk_by_precedence_only(&self) -> bool {
        self.origin == Origin::Bulk && self.is_marked_only(&[MarkOn::Precedence])
    }

    /// Whether nothing speaks for a program but that it went to many, or through a list: a person may have written it.
    pub fn is_bulk_by_its_way_only(&self) -> bool {
        let of_the_way = [MarkOn::List, MarkOn::Precedence, MarkOn::Address];
        self.origin == Origin::Bulk && self.is_marked_only(&of_the_way)
    }

    /// Whether all that speaks for a program is that it asks for no automatic answers.
    pub fn only_asks_for_no_answers(&self) -> bool {
        self.is_marked_only(&[MarkOn::Suppress])
    }

    /// Whether nothing but an empty return path speaks for a program, and it answers no mail, by all that it says.
    pub fn is_automatic_by_return_path_only(&self) -> bool {
        self.is_marked_only(&[MarkOn::NullPath])
            && self.in_reply_to.is_empty()
            && self.references.is_empty()
            && !forwarded::may_be_answer(&self.subject)
    }

    /// Whether it answers a mail under a subject that programs give their answers, and that nothing else speaks for.
    pub fn is_answer_by_subject(&self) -> bool {
        !self.in_reply_to.is_empty() && self.marks.iter().any(|mark| mark.on == MarkOn::Subject)
    }

    /// Its marks in words, with commas between.
    pub fn marks_in_words(&self) -> String {
        self.marks.iter().map(|mark| mark.words.as_str()).collect::<Vec<_>>().join(", ")
    }
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
    list: Vec<(Speaks, Mark)>,
}

impl Marks {
    fn add(&mut self, speaks: Speaks, on: MarkOn, words: String) {
        if !self.list.iter().any(|(_, known)| known.words == words) {
            self.list.push((speaks, Mark { words, on }));
        }
    }

    /// What words are a mark on, which say less where nothing but words is beside them.
    fn words_on(&self, alone: MarkOn) -> MarkOn {
        let is_beside = self.list.iter().any(|(_, mark)| !MarkOn::WORDS.contains(&mark.on));
        if is_beside { MarkOn::Program } else { alone }
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
            marks.add(Speaks::Own, MarkOn::Program, format!("From: {author}, our own address"));
        }
    }
    if !reader.instance.is_empty() && message.header("X-Postroom").any(|id| id.trim() == reader.instance) {
        marks.add(Speaks::Own, MarkOn::Program, format!("X-Postroom: {}", reader.instance));
    }
}

/// Calendars answer invitations by themselves, or when somebody clicks (RFC 5546 §3.2.3). Words that stand beside the answer
/// are for a person to read.
fn calendar(message: &Message, marks: &mut Marks) {
    let Some(calendar) = &message.calendar else { return };
    let answer = match calendar.method {
        CalendarMethod::Reply | CalendarMethod::Refresh => calendar.method.as_str(),
        // Another time is proposed by a person.
        CalendarMethod::Publish | CalendarMethod::Request | CalendarMethod::Cancel | CalendarMethod::Counter => {
            return;
        }
    };
    let on = if message.body.reply.trim().is_empty() { MarkOn::Program } else { marks.words_on(MarkOn::Text) };
    let said = calendar.answer.as_ref().map(|said| format!(", {said}")).unwrap_or_default();
    marks.add(Speaks::Reply, on, format!("calendar: {answer}{said}"));
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

#[cfg(test)]
mod tests;
