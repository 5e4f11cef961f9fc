//! Handing one mail to the smarthost (network).
//!
//! In: an envelope and the finished bytes. Out: [`Accepted`], or a [`SendError`] that says whether to try again.
//! A mail counts as sent only when the server answers its final dot with 2yz. Whatever ends early (a deadline, a
//! lost connection, a caller that stops waiting) takes the connection with it, so that an answer never meets the
//! wrong question.

mod content;
mod error;
mod reply;
mod session;
mod wire;

use crate::endpoint::{Endpoint, Login};
use session::Session;
use std::{fmt, time::Duration};

pub use error::{Lost, Phase, SendError, TlsProblem};
pub use reply::{EnhancedCode, Reply};

/// Who a mail is from and to, as the smarthost is told (RFC 5321 §3.3). One recipient, so that one refused
/// address does not hold up another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse-path; `None` is the null reverse-path, to which nothing is ever returned.
    pub from: Option<String>,
    /// The recipient.
    pub to: String,
}

/// The smarthost has taken responsibility for the mail (RFC 5321 §4.2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it answered, usually with its own id of the mail.
    pub reply: Reply,
}

/// How long we wait for the smarthost in each phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until the TCP connection stands, and again until TLS does.
    pub connect: Duration,
    /// Until the greeting, a login or a command is answered.
    pub command: Duration,
    /// Until the whole content is sent.
    pub content: Duration,
    /// Until the final dot is answered. Ten minutes by RFC 5321 §4.5.3.2.6: who gives up sooner sends twice.
    pub accept: Duration,
    /// Until `QUIT` is answered, which is a courtesy only.
    pub quit: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_secs(60),
            content: Duration::from_secs(300),
            accept: Duration::from_secs(600),
            quit: Duration::from_secs(5),
        }
    }
}

/// The server that takes our mail, and the connection to it that is kept open between mails.
///
/// Opens a connection when one is needed, and a new one when the server has closed the old one in the meantime.
/// It never tries a mail twice, and never waits before trying: that is for the caller to decide.
pub struct Smarthost {
    endpoint: Endpoint,
    login: Option<Login>,
    hello_name: String,
    deadlines: Deadlines,
    /// Taken out while it is in use. A `send` that is dropped half-way drops it, and a connection that is out of
    /// step is not put back.
    kept: Option<Session>,
}

impl Smarthost {
    /// Says where the smarthost is; connects nothing yet. `hello_name` is our name in `EHLO`.
    pub fn new(endpoint: Endpoint, login: Option<Login>, hello_name: impl Into<String>, deadlines: Deadlines) -> Self {
        Self { endpoint, login, hello_name: hello_name.into(), deadlines, kept: None }
    }

    /// Connects, secures the connection and logs in, unless a connection is open already.
    pub async fn connect(&mut self) -> Result<(), SendError> {
        if self.kept.is_none() {
            self.kept = Some(self.open().await?);
        }
        Ok(())
    }

    /// Hands one mail over. `Ok` means that the server has it.
    ///
    /// `content` is a message as of RFC 5322; line ends are made CRLF on the way.
    pub async fn send(&mut self, envelope: &Envelope, content: &[u8]) -> Result<Accepted, SendError> {
        if let Some(outcome) = self.send_on_kept(envelope, content).await {
            return outcome;
        }
        let content = content::normalise(content);
        let mut session = self.open().await?;
        let begun = session.begin(envelope, &content).await;
        self.go_on(session, begun, envelope, &content).await
    }

    /// Hands one mail over on the connection that is kept; `None` when there is none, or none any more: the server has
    /// nothing of the mail then, and whoever sends it may fetch a new secret before it logs in anew.
    pub async fn send_on_kept(&mut self, envelope: &Envelope, content: &[u8]) -> Option<Result<Accepted, SendError>> {
        let mut session = self.kept.take()?;
        let content = content::normalise(content);
        match session.begin(envelope, &content).await {
            // The server has closed the connection since the last mail.
            Err(error) if error.is_end_of_connection() => None,
            begun => Some(self.go_on(session, begun, envelope, &content).await),
        }
    }

    async fn go_on(
        &mut self,
        mut session: Session,
        begun: Result<(), SendError>,
        envelope: &Envelope,
        content: &[u8],
    ) -> Result<Accepted, SendError> {
        let outcome = match begun {
            Ok(()) => session.hand_over(envelope, content).await,
            Err(error) => Err(error),
        };
        self.kept = Some(session).filter(Session::is_usable);
        outcome
    }

    /// Whether a connection is open, as far as we know.
    pub fn is_usable(&self) -> bool {
        self.kept.is_some()
    }

    /// Logs in with `login` from the next connection on: access tokens grow old.
    pub fn use_login(&mut self, login: Option<Login>) {
        self.login = login;
    }

    /// Takes leave of the server, if a connection is open. Every mail is settled before; nothing can fail here.
    pub async fn quit(&mut self) {
        if let Some(session) = self.kept.take() {
            session.quit().await;
        }
    }

    async fn open(&self) -> Result<Session, SendError> {
        Session::open(&self.endpoint, self.login.as_ref(), &self.hello_name, self.deadlines).await
    }
}

impl fmt::Debug for Smarthost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smarthost")
            .field("endpoint", &self.endpoint)
            .field("login", &self.login)
            .field("deadlines", &self.deadlines)
            .field("is_usable", &self.is_usable())
            .finish_non_exhaustive()
    }
}
