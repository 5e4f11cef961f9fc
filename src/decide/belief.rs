//! How far a delivery report is believed: anybody can write one.

use super::Mail;
use super::guard::is_unread;
use crate::message::{Address, Message, ReportKind, ReturnPath};
use crate::thread::{Evidence, Thread};
use crate::ticket::Ticket;

/// How far a report is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belief {
    /// A server's, and it has the Message-ID of a mail of ours.
    Whole,
    /// A server's, but only the address that it came to speaks of us: everybody who got that mail has it. Agents
    /// hear of it, and nobody loses anything.
    AddressOnly,
    /// It may be anybody's. It is kept and told like a stranger's mail.
    None(&'static str),
}

/// How far a mail is believed that says it is this report about a mail on this ticket.
pub(super) fn of_report(mail: &Mail, kind: ReportKind, ticket: &Ticket) -> Belief {
    let has_our_id = matches!(&mail.thread, Thread::Ticket { evidence: Evidence::OwnMessageId, .. });
    let is_servers = may_be_a_servers(&mail.message);
    match kind {
        ReportKind::Complaint if !has_our_id => Belief::None("it complains of no mail of ours"),
        // Providers who pass complaints on have addresses that take mail.
        ReportKind::Complaint if is_servers || passes_complaints_on(&mail.message, ticket) => Belief::Whole,
        ReportKind::Complaint => Belief::None("it complains, and its sender is none who passes complaints on"),
        // A reader takes a complaint back.
        ReportKind::Delivered if has_our_id && passes_complaints_on(&mail.message, ticket) => Belief::Whole,
        _ if !is_servers => Belief::None("it says that it is a server's report, and its sender is none"),
        _ if has_our_id => Belief::Whole,
        _ => Belief::AddressOnly,
    }
}

/// Whether a server may have sent it: nobody is to be told when it cannot be delivered (RFC 3464 §2), or it comes from
/// where servers write. A person's mail program leaves no empty return path; where our server vouches for an author
/// who is none of a server's, it is a person's all the same.
fn may_be_a_servers(message: &Message) -> bool {
    let is_server = |address: &Address| is_server(address.local());
    match &message.return_path {
        ReturnPath::Null => {
            let is_of_program = |author: &Address| is_server(author) || is_unread(author);
            !message.is_vouched_for() || message.author().is_none_or(is_of_program)
        }
        // Gateways put a path of theirs that nobody reads.
        ReturnPath::Address(path) => is_server(&Address::bare(path)) || is_unread(&Address::bare(path)),
        ReturnPath::Absent => message.author().is_none_or(is_server) && message.from.len() <= 1,
    }
}

/// Local parts from which nothing but servers write.
fn is_server(local: &str) -> bool {
    let bare: String = local.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    matches!(bare.as_str(), "mailerdaemon" | "maildaemon" | "mdaemon" | "postmaster" | "maildeliverysystem")
        || bare.starts_with("microsoftexchange")
}

/// Whether the author of a complaint has the name of a part of a provider and is nobody on the ticket.
fn passes_complaints_on(message: &Message, ticket: &Ticket) -> bool {
    const NAMES: [&str; 12] = [
        "abuse",
        "arf",
        "complaint",
        "complaints",
        "fbl",
        "feedback",
        "feedbackloop",
        "jmrp",
        "postmaster",
        "scomp",
        "spam",
        "staff",
    ];
    let Some(author) = message.author().filter(|_| message.from.len() == 1) else { return false };
    let local = author.local().to_ascii_lowercase();
    let is_named = local.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NAMES.contains(&word));
    (is_named || is_unread(author)) && ticket.party_of(author).is_none()
}
