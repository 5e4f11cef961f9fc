//! What can go wrong with an IMAP server, one variant for every case a caller treats differently.

use std::io;
use std::time::Duration;

use crate::spoken;
use crate::tls::TlsError;

/// Why an IMAP command was not done.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// The host has no address, or nothing answers there.
    #[error("cannot reach {endpoint}")]
    Unreachable {
        /// Host and port.
        endpoint: String,
        /// What the system says.
        source: io::Error,
    },
    /// The connection cannot be secured.
    #[error("cannot secure the connection to {endpoint}")]
    Tls {
        /// Host and port.
        endpoint: String,
        /// What failed.
        source: TlsError,
    },
    /// The server does not accept our name and secret.
    #[error("the server refused the login: {text}")]
    LoginRefused {
        /// The server's words.
        text: String,
    },
    /// The server answered `NO` or `BAD`. The session can be used further.
    #[error("the server refused {command}: {text}")]
    Refused {
        /// The command.
        command: &'static str,
        /// The server's words.
        text: String,
    },
    /// The server did not answer in time.
    #[error("no answer to {command} within {}", spoken::length(*.after))]
    Timeout {
        /// The command.
        command: &'static str,
        /// The deadline.
        after: Duration,
    },
    /// The connection is gone, whether the server said goodbye or not.
    #[error("the connection was lost: {why}")]
    Disconnected {
        /// The server's words, or the system's.
        why: String,
    },
    /// The server said something that cannot be understood or must not be.
    #[error("cannot go on with this server: {what}")]
    Protocol {
        /// What it was.
        what: String,
    },
}

impl ImapError {
    pub(super) fn lost(why: impl Into<String>) -> Self {
        Self::Disconnected { why: why.into() }
    }

    pub(super) fn protocol(what: impl Into<String>) -> Self {
        Self::Protocol { what: what.into() }
    }
}

impl From<io::Error> for ImapError {
    fn from(error: io::Error) -> Self {
        // The library reports what it cannot parse as `Other`, with all that it holds in memory as the text: mail
        // content, which belongs into no error and no log.
        match error.kind() {
            io::ErrorKind::Other => Self::protocol("an answer that cannot be parsed"),
            io::ErrorKind::UnexpectedEof => Self::lost("closed in the middle of an answer"),
            _ => Self::lost(error.to_string()),
        }
    }
}

impl From<async_imap::error::Error> for ImapError {
    fn from(error: async_imap::error::Error) -> Self {
        use async_imap::error::Error;
        match error {
            Error::Io(error) => error.into(),
            Error::ConnectionLost => Self::lost("closed by the server"),
            Error::No(text) | Error::Bad(text) => Self::LoginRefused { text: words(&text) },
            Error::Validate(_) => Self::protocol("a line break in the name or the password"),
            _ => Self::protocol("an answer that cannot be parsed"),
        }
    }
}

/// The server's words in the library's text for a refusal, `code: None, info: Some("words")`.
fn words(text: &str) -> String {
    let words = text.split_once("info: Some(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    words.unwrap_or("no reason given").replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_shows_the_servers_own_words() {
        let cases = [
            (r#"code: None, info: Some("[AUTHENTICATIONFAILED] no")"#, "[AUTHENTICATIONFAILED] no"),
            (r#"code: Some(Alert), info: Some("the \"desk\" is closed")"#, r#"the "desk" is closed"#),
            ("code: None, info: None", "no reason given"),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected);
        }
    }

    #[test]
    fn the_content_of_a_mail_never_gets_into_an_error() {
        let error = ImapError::from(io::Error::other("Error during parsing of \"* 1 FETCH (secret salary)\""));
        assert!(!format!("{error} {error:?}").contains("salary"));
    }
}
