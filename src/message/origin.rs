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

/// The origin and the marks that led to it.
pub(super) struct Verdict {
    pub origin: Origin,
    pub marks: Vec<String>,
    /// Whether nothing but its words speaks for an automatic reply.
    pub is_by_words_only: bool,
}

/// Judges a message whose delivery report, if it is one, was read before.
pub(super) fn judge(message: &Message, reader: &Reader) -> Verdict {
    let mut marks = Marks::default();
    own(message, reader, &mut marks);
    if message.report.is_some() {
        marks.add(Speaks::Report, "delivery report".to_string());
    }
    fields::look_at(message, &mut marks);
    sender::look_at(message, &mut marks);
    let says_more = calendar(message, &mut marks);
    let is_receipt = receipt::look_at(message, &mut marks);
    let is_by_words_only =
        subject::look_at(message, &mut marks) || challenge::look_at(message, &mut marks) || is_receipt || says_more;
    let origin = marks.origin(!message.in_reply_to.is_empty());
    Verdict { origin, is_by_words_only, marks: marks.list.into_iter().map(|(_, words)| words).collect() }
}

impl Message {
    /// Whether nothing but the address it is from speaks for a program: `no-reply@`, `postmaster@`, from which people
    /// write, too.
    pub fn is_automatic_by_address_only(&self) -> bool {
        let mut of_address = Marks::default();
        sender::look_at_addresses(self, &mut of_address);
        let is_of_address = |mark: &String| of_address.list.iter().any(|(_, known)| known == mark);
        !self.marks.is_empty() && self.marks.iter().all(is_of_address)
    }

    /// Whether nothing but `Precedence` says that it went to many, and no list (RFC 2919, RFC 2369): programs that answer
    /// while somebody is away have marked their answers so from before there was a field for them (RFC 3834 §3.1.8).
    pub fn is_bulk_by_precedence_only(&self) -> bool {
        let is_precedence = |mark: &String| fields::PRECEDENCE.iter().any(|name| begins_with_field(mark, name));
        self.origin == Origin::Bulk && self.marks.iter().all(is_precedence)
    }

    /// Whether all that speaks for a program is that it asks for no automatic answers ([MS-OXCMAIL] §2.2.3.2.14): help
    /// desks and relations' programs ask so in mails that people write.
    pub fn only_asks_for_no_answers(&self) -> bool {
        let is_asking = |mark: &String| begins_with_field(mark, "x-auto-response-suppress");
        !self.marks.is_empty() && self.marks.iter().all(is_asking)
    }

    /// Whether nothing but an empty return path speaks for a program, and it answers no mail, by all that it says: forms on
    /// web pages send what people write so.
    pub fn is_automatic_by_return_path_only(&self) -> bool {
        self.marks.iter().eq([sender::NULL_PATH])
            && self.in_reply_to.is_empty()
            && self.references.is_empty()
            && !forwarded::may_be_answer(&self.subject)
    }

    /// Whether it answers a mail under a subject that programs give their answers.
    pub fn is_answer_by_subject(&self) -> bool {
        !self.in_reply_to.is_empty() && self.marks.contains(&subject::mark(self))
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

/// Calendars answer invitations by themselves, or when somebody clicks (RFC 5546 §3.2.3). Returns whether words stand
/// beside the answer and nothing else speaks for a program: those are for a person to read.
fn calendar(message: &Message, marks: &mut Marks) -> bool {
    let Some(calendar) = &message.calendar else { return false };
    let answer = match calendar.method {
        CalendarMethod::Reply | CalendarMethod::Refresh => calendar.method.as_str(),
        // Another time is proposed by a person.
        CalendarMethod::Publish | CalendarMethod::Request | CalendarMethod::Cancel | CalendarMethod::Counter => {
            return false;
        }
    };
    let says_more = marks.list.is_empty() && !message.body.reply.trim().is_empty();
    let said = calendar.answer.as_ref().map(|said| format!(", {said}")).unwrap_or_default();
    marks.add(Speaks::Reply, format!("calendar: {answer}{said}"));
    says_more
}

/// Whether a mark is that of a field of this name, in lower case.
fn begins_with_field(mark: &str, name: &str) -> bool {
    mark.split_once(':').is_some_and(|(field, _)| field.eq_ignore_ascii_case(name))
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
