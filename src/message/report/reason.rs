//! Why a mail did not arrive, in a word.

/// Why a server did not deliver a mail, as far as its words or its status tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There is no such mailbox.
    UserUnknown,
    /// There is no such domain, or none that takes mail.
    HostUnknown,
    /// The address is none by its form.
    BadAddress,
    /// Its owner has moved.
    Moved,
    /// The mailbox exists and takes no mail.
    Disabled,
    /// There is no room in it.
    MailboxFull,
    /// The mail is larger than the server takes.
    TooBig,
    /// The mail has too many recipients.
    TooManyRecipients,
    /// Too many mails come from where it came from.
    TooFast,
    /// The other server could not be reached.
    Network,
    /// It took too long.
    Expired,
    /// The mail goes in circles.
    Loop,
    /// The server does not pass mails on to there.
    Relaying,
    /// SPF, DKIM or DMARC speak against it.
    Authentication,
    /// It was taken for spam.
    Spam,
    /// A virus was found in it.
    Virus,
    /// The sending host is on a list.
    Blocked,
    /// A rule of the recipient's server forbids it.
    Policy,
    /// The server is out of order.
    SystemError,
}

impl Reason {
    /// The word that stands in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::UserUnknown => "user-unknown",
            Reason::HostUnknown => "host-unknown",
            Reason::BadAddress => "bad-address",
            Reason::Moved => "moved",
            Reason::Disabled => "disabled",
            Reason::MailboxFull => "mailbox-full",
            Reason::TooBig => "too-big",
            Reason::TooManyRecipients => "too-many-recipients",
            Reason::TooFast => "too-fast",
            Reason::Network => "network",
            Reason::Expired => "expired",
            Reason::Loop => "loop",
            Reason::Relaying => "relaying",
            Reason::Authentication => "authentication",
            Reason::Spam => "spam",
            Reason::Virus => "virus",
            Reason::Blocked => "blocked",
            Reason::Policy => "policy",
            Reason::SystemError => "system-error",
        }
    }

    /// The subject and the detail of the status that says this (RFC 3463 §3, RFC 7372, RFC 7505).
    pub(super) fn detail(self) -> &'static str {
        match self {
            Reason::UserUnknown => "1.1",
            Reason::HostUnknown => "1.2",
            Reason::BadAddress => "1.3",
            Reason::Moved => "1.6",
            Reason::Disabled => "2.1",
            Reason::MailboxFull => "2.2",
            Reason::TooBig => "3.4",
            Reason::TooManyRecipients => "5.3",
            Reason::Network => "4.1",
            Reason::Expired => "4.7",
            Reason::Loop => "4.6",
            Reason::TooFast
            | Reason::Relaying
            | Reason::Authentication
            | Reason::Spam
            | Reason::Virus
            | Reason::Blocked
            | Reason::Policy => "7.1",
            Reason::SystemError => "3.0",
        }
    }

    /// What a status says by itself; the many that mean a dozen things say nothing.
    pub(super) fn of_status(status: &str) -> Option<Self> {
        Some(match status.get(2..)? {
            "1.1" | "1.10" => Reason::UserUnknown,
            "1.2" => Reason::HostUnknown,
            "1.3" => Reason::BadAddress,
            "1.6" => Reason::Moved,
            "2.1" => Reason::Disabled,
            "2.2" => Reason::MailboxFull,
            "2.3" | "3.4" => Reason::TooBig,
            "4.1" | "4.2" => Reason::Network,
            "4.4" => Reason::HostUnknown,
            "4.6" => Reason::Loop,
            "4.7" => Reason::Expired,
            "5.3" => Reason::TooManyRecipients,
            "7.20" | "7.21" | "7.22" | "7.23" | "7.24" | "7.25" | "7.26" => Reason::Authentication,
            _ => return None,
        })
    }
}
