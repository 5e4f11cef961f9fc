//! Why the smarthost does not have a mail, and what that means for trying again.

use super::reply::{Meaning, Reply};
use crate::tls::TlsError;
use std::{fmt, io};

/// Why a mail was not, or perhaps not, handed over. The variant says whether to try again.
///
/// | Variant | The mail | Besides |
/// |---|---|---|
/// | `Transient`, `Unreachable` | try again later | |
/// | `Unknown` | try again later; the server may get it twice | |
/// | `LoginRefused`, `Unwelcome`, `Tls` | try again later | somebody must look at the configuration |
/// | `NullSenderRefused` | try again with the desk's address as reverse-path | |
/// | `Permanent`, `Unsendable` | give up | |
///
/// The text of an error names no address and no secret. What the server said is in its [`Reply`].
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server put it off with 4yz; nothing was handed over.
    #[error("the SMTP server put off {phase} with {}", reply.code)]
    Transient {
        /// What it answered.
        phase: Phase,
        /// Its answer.
        reply: Reply,
    },
    /// The server refused this mail with 5yz; the same mail will fare no better.
    #[error("the SMTP server refused {phase} with {}", reply.code)]
    Permanent {
        /// What it answered.
        phase: Phase,
        /// Its answer.
        reply: Reply,
    },
    /// The server takes no mail with the null reverse-path: it answered `MAIL FROM:<>` with 5yz.
    #[error("the SMTP server refused the null reverse-path with {}", reply.code)]
    NullSenderRefused {
        /// Its answer.
        reply: Reply,
    },
    /// The mail cannot be put to this server at all; it was not asked.
    #[error("the mail cannot be sent: {0}")]
    Unsendable(&'static str),
    /// The final dot was on its way and no answer came: the server may or may not have the mail.
    #[error("the SMTP server did not answer after the whole mail was sent")]
    Unknown {
        /// What happened instead.
        #[source]
        cause: Lost,
    },
    /// No connection, or it was lost before the final dot; nothing was handed over.
    #[error("{}", lost_at(*phase))]
    Unreachable {
        /// How far we came.
        phase: Phase,
        /// What happened.
        #[source]
        cause: Lost,
    },
    /// The server refused our login, wants one that we have not, or offers no way to log in that we know.
    #[error("the SMTP server refused the login: {text}")]
    LoginRefused {
        /// Its words, or ours; the login itself is struck out of them.
        text: String,
    },
    /// The server will not have us, whatever the mail: 5yz to the greeting, `EHLO` or `STARTTLS`.
    #[error("the SMTP server refused {phase} with {}", reply.code)]
    Unwelcome {
        /// What it answered.
        phase: Phase,
        /// Its answer.
        reply: Reply,
    },
    /// The connection could not be secured. Neither a login nor a mail was sent over it.
    #[error("the connection to the SMTP server cannot be secured")]
    Tls(#[source] TlsProblem),
}

/// Why the connection could not be secured.
#[derive(Debug, thiserror::Error)]
pub enum TlsProblem {
    /// `STARTTLS` is configured and the server does not offer it.
    #[error("the SMTP server does not offer STARTTLS")]
    NotOffered,
    /// Something was sent in plain text after the answer to `STARTTLS`, to be taken for a part of what is secured.
    #[error("there was plain text after the answer to STARTTLS")]
    Injected,
    /// The handshake failed, or cannot be made.
    #[error(transparent)]
    Handshake(#[from] TlsError),
}

/// How a connection was lost.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The deadline of the phase passed.
    #[error("no answer in time")]
    Timeout,
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server said something that is no SMTP reply, or answered what was not asked.
    #[error("the answer makes no sense")]
    Garbled,
    /// The network failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The TCP connection.
    Connect,
    /// `STARTTLS`, with the greeting and `EHLO` before it.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// The greeting and `EHLO`.
    Greeting,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`, before the content.
    Data,
    /// The content and its final dot.
    Content,
}

impl Phase {
    /// The phase as a word for logs and for the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::Greeting => "greeting",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::StartTls => "STARTTLS",
            Self::Tls => "the TLS handshake",
            Self::Greeting => "the greeting",
            Self::Auth => "the login",
            Self::Mail => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "the content",
        })
    }
}

impl SendError {
    /// What the server answered, if that is what the error is about.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Transient { reply, .. }
            | Self::Permanent { reply, .. }
            | Self::NullSenderRefused { reply }
            | Self::Unwelcome { reply, .. } => Some(reply),
            Self::Unsendable(_)
            | Self::Unknown { .. }
            | Self::Unreachable { .. }
            | Self::LoginRefused { .. }
            | Self::Tls(_) => None,
        }
    }

    /// Whether it only says that the server has closed the connection.
    pub(super) fn is_end_of_connection(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Transient { reply, .. } => reply.ends_connection(),
            _ => false,
        }
    }
}

fn lost_at(phase: Phase) -> String {
    match phase {
        Phase::Connect => "cannot reach the SMTP server".to_owned(),
        phase => format!("the SMTP server was lost at {phase}"),
    }
}

/// Turns the answer to `phase` into `Ok` if it is the one that lets us go on.
pub(super) fn judge(phase: Phase, reply: Reply) -> Result<Reply, SendError> {
    let wanted = if phase == Phase::Data { Meaning::GoOn } else { Meaning::Done };
    match reply.meaning(phase) {
        meaning if meaning == wanted => Ok(reply),
        Meaning::Done | Meaning::GoOn if phase == Phase::Content => Err(SendError::Unknown { cause: Lost::Garbled }),
        Meaning::Done | Meaning::GoOn => Err(SendError::Unreachable { phase, cause: Lost::Garbled }),
        Meaning::Transient => Err(SendError::Transient { phase, reply }),
        Meaning::Permanent => Err(SendError::Permanent { phase, reply }),
        Meaning::Login => Err(SendError::LoginRefused { text: reply.to_string() }),
        Meaning::Unwelcome => Err(SendError::Unwelcome { phase, reply }),
    }
}
