//! The kinds of mail that we send on a ticket.

crate::ticket::words! {
    /// Which mail it is: names the template's folder and stands in our Message-ID.
    Purpose {
        /// The customer's mail has arrived.
        Acknowledgement = "acknowledgement",
        /// Something happened on a ticket, for an agent.
        Notification = "notification",
        /// Something happened that cannot wait, for an agent on call.
        Page = "page",
        /// An agent's answer, for the customer.
        Reply = "reply",
        /// The promised update, though there is nothing new.
        HoldingUpdate = "holding-update",
        /// A promise is about to fall due, for an agent.
        Nudge = "nudge",
        /// The solution, for the customer.
        Resolution = "resolution",
        /// What became of each command, for the agent who gave it.
        Transcript = "transcript",
        /// A mail did not arrive, for the agent who wrote it.
        Undelivered = "undelivered",
        /// Somebody wrote in an agent's name, for that agent.
        SpoofNotice = "spoof-notice",
        /// Automatic mail was stopped, for agents.
        Alarm = "alarm",
        /// A mail was too large, for its sender.
        Oversize = "oversize",
    }
}

impl Purpose {
    /// The short form that stands in our Message-ID.
    pub fn code(self) -> &'static str {
        match self {
            Purpose::Acknowledgement => "ack",
            Purpose::Notification => "not",
            Purpose::Page => "pag",
            Purpose::Reply => "rep",
            Purpose::HoldingUpdate => "upd",
            Purpose::Nudge => "nud",
            Purpose::Resolution => "res",
            Purpose::Transcript => "tra",
            Purpose::Undelivered => "und",
            Purpose::SpoofNotice => "spo",
            Purpose::Alarm => "alm",
            Purpose::Oversize => "ovr",
        }
    }

    /// The purpose that this short form stands for.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|purpose| purpose.code() == code)
    }

    /// Whether no person wrote the words, so that RFC 3834 §5 applies to the mail.
    pub fn is_automatic(self) -> bool {
        !matches!(self, Purpose::Reply | Purpose::Resolution)
    }

    /// Whether the mail counts towards the caps: nobody wrote it, and it goes to people who did not ask for each one.
    pub fn counts_towards_caps(self) -> bool {
        match self {
            Purpose::Acknowledgement
            | Purpose::HoldingUpdate
            | Purpose::Transcript
            | Purpose::SpoofNotice
            | Purpose::Oversize => true,
            Purpose::Notification
            | Purpose::Page
            | Purpose::Nudge
            | Purpose::Undelivered
            | Purpose::Alarm
            | Purpose::Reply
            | Purpose::Resolution => false,
        }
    }

    /// Whether it says that a mail was not taken. Nobody is told that more than once a day.
    pub fn is_notice(self) -> bool {
        matches!(self, Purpose::Oversize | Purpose::SpoofNotice)
    }

    /// Whether the mail goes to the customer's side of a ticket and not to an agent.
    pub fn is_for_customer(self) -> bool {
        matches!(
            self,
            Purpose::Acknowledgement
                | Purpose::Reply
                | Purpose::HoldingUpdate
                | Purpose::Resolution
                | Purpose::Oversize
        )
    }
}
