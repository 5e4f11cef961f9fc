//! Where a mail server is and how we log in to it: plain values that `config` fills and `imap` and `smtp` use.
//!
//! A password is only ever held in a [`Secret`], which prints as `***`.

use std::{fmt, path::PathBuf};

/// A server we connect to, and how the connection is secured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or address; also the name the server's certificate must bear.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// A PEM file with certificates that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
}

/// How a connection is secured. The server's certificate is always verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3).
    Tls,
    /// Plain text first, then `STARTTLS`, which must succeed (RFC 3501 §6.2.1, RFC 3207).
    StartTls,
    /// No TLS. The configuration allows it only towards loopback, unless `insecure` is set.
    Plain,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A name and the proof that it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The account's name.
    pub user: String,
    /// The password, or the OAuth 2 access token.
    pub secret: Secret,
    /// What the secret is.
    pub mechanism: Mechanism,
}

/// What the secret of a [`Login`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mechanism {
    /// A password (`LOGIN`, `AUTH PLAIN`).
    #[default]
    Password,
    /// An OAuth 2 access token (`XOAUTH2`).
    XOauth2,
}

/// A text that must not be printed: `Debug` and `Display` show `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text so that it cannot be printed by accident.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let login = Login { user: "support".into(), secret: Secret::new("hunter2"), mechanism: Mechanism::Password };
        assert!(!format!("{login:?} {}", login.secret).contains("hunter2"));
    }
}
