//! One connection to the smarthost, phase by phase; no retrying.
//!
//! Every phase has its deadline. A session whose question went unanswered is out of step and is not used again.

use super::error::{Lost, Phase, SendError, judge};
use super::reply::Reply;
use super::wire::{Heard, Wire};
use super::{Accepted, Deadlines, Envelope};
use crate::endpoint::{Endpoint, Login, Mechanism};
use data_encoding::BASE64;
use lettre::transport::smtp::authentication::{Credentials, Mechanism as Sasl};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::transport::smtp::{Error, response::Response};
use std::error::Error as _;
use std::fmt::{self, Display};
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::{error::Elapsed, timeout};

/// How much of the content is written at a time, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// How much of a secret may be left of it at the end of a text that was cut, in bytes.
const PIECE_BYTES: usize = 3;

/// A connection that is secured and logged in as the configuration says.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    heard: Heard,
    deadlines: Deadlines,
    /// Whether the next answer will belong to the next question.
    is_in_step: bool,
}

impl Session {
    /// Connects, secures the connection, says `EHLO`, logs in.
    pub(super) async fn open(
        endpoint: &Endpoint,
        login: Option<&Login>,
        hello_name: &str,
        deadlines: Deadlines,
    ) -> Result<Self, SendError> {
        let (wire, heard) = Wire::open(endpoint, hello_name, deadlines.connect, deadlines.command).await?;
        let hello = ClientId::Domain(hello_name.to_owned());
        let greeted =
            timeout(deadlines.command, AsyncSmtpConnection::connect_with_transport(Box::new(wire), &hello)).await;
        let connection = match greeted {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                // Either the greeting was no welcome, or the answer to EHLO was not.
                let refusal = heard.replies().0.into_iter().find(Reply::is_refusal);
                let unreachable = SendError::Unreachable { phase: Phase::Greeting, cause: lost(&error) };
                return Err(refusal.and_then(|reply| judge(Phase::Greeting, reply).err()).unwrap_or(unreachable));
            }
            Err(_) => return Err(SendError::Unreachable { phase: Phase::Greeting, cause: Lost::Timeout }),
        };
        // A second greeting would be taken for the answer to EHLO, and every answer for that to another question.
        let (replies, has_rest) = heard.replies();
        if has_rest || !replies.iter().map(|reply| reply.code).eq([220, 250]) {
            return Err(SendError::Unreachable { phase: Phase::Greeting, cause: Lost::Garbled });
        }
        let mut session = Self { connection, heard, deadlines, is_in_step: true };
        if let Some(login) = login {
            session.log_in(login).await.map_err(|error| strike_out(error, login))?;
        }
        Ok(session)
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), SendError> {
        let known: &[Sasl] = match login.mechanism {
            Mechanism::Password => &[Sasl::Plain, Sasl::Login],
            Mechanism::XOauth2 => &[Sasl::Xoauth2],
        };
        if self.connection.server_info().get_auth_mechanism(known).is_none() {
            let text =
                format!("the server does not offer {}", if known.len() > 1 { "PLAIN or LOGIN" } else { "XOAUTH2" });
            return Err(SendError::LoginRefused { text });
        }
        let credentials = Credentials::new(login.user.clone(), login.secret.expose().to_owned());
        self.heard.clear();
        let asked = timeout(self.deadlines.command, self.connection.auth(known, &credentials)).await;
        let mut reply = self.answer(Phase::Auth, asked)?;
        if reply.code == 334 {
            // A challenge that the library has no answer to. XOAUTH2 says in this way what is wrong with the token,
            // and wants an empty line before it refuses the login.
            reply = self.ask(Phase::Auth, Verbatim("\r\n")).await?;
        }
        self.judge(Phase::Auth, reply).map(drop)
    }

    /// `MAIL FROM`: the server has nothing of the mail yet.
    pub(super) async fn begin(&mut self, envelope: &Envelope, content: &[u8]) -> Result<(), SendError> {
        let from = envelope.from.as_deref().unwrap_or_default();
        if !from.is_empty() {
            check_address(from)?;
        }
        check_address(&envelope.to)?;

        let server = self.connection.server_info();
        let mut command = format!("MAIL FROM:<{from}>");
        if !from.is_ascii() || !envelope.to.is_ascii() {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::Unsendable("the server takes no addresses outside ASCII"));
            }
            command.push_str(" SMTPUTF8");
        }
        if !content.is_ascii() {
            if !server.supports_feature(Extension::EightBitMime) {
                return Err(SendError::Unsendable("the server takes no content outside ASCII"));
            }
            command.push_str(" BODY=8BITMIME");
        }
        command.push_str("\r\n");

        let reply = self.ask(Phase::Mail, Verbatim(&command)).await?;
        match self.judge(Phase::Mail, reply) {
            Err(SendError::Permanent { reply, .. }) if from.is_empty() => Err(SendError::NullSenderRefused { reply }),
            judged => judged.map(drop),
        }
    }

    /// The rest of the mail after [`Session::begin`].
    pub(super) async fn hand_over(&mut self, envelope: &Envelope, content: &[u8]) -> Result<Accepted, SendError> {
        if let Err(refused) = self.announce(envelope).await {
            // The server still holds the reverse-path, and would refuse the next MAIL (RFC 5321 §4.1.1.5).
            if self.is_in_step && !self.ask(Phase::Mail, Rset).await.is_ok_and(|reply| reply.code == 250) {
                self.is_in_step = false;
            }
            return Err(refused);
        }
        let reply = self.content(content).await?;
        Ok(Accepted { reply: self.judge(Phase::Content, reply)? })
    }

    async fn announce(&mut self, envelope: &Envelope) -> Result<(), SendError> {
        let reply = self.ask(Phase::Rcpt, Verbatim(&format!("RCPT TO:<{}>\r\n", envelope.to))).await?;
        self.judge(Phase::Rcpt, reply)?;
        let reply = self.ask(Phase::Data, Data).await?;
        self.judge(Phase::Data, reply).map(drop)
    }

    /// A yes to another question than ours means that the answers are out of step.
    fn judge(&mut self, phase: Phase, reply: Reply) -> Result<Reply, SendError> {
        let judged = judge(phase, reply);
        if let Err(SendError::Unreachable { .. } | SendError::Unknown { .. }) = judged {
            self.is_in_step = false;
        }
        judged
    }

    /// Sends the content and the final dot. From the moment the dot may be on its way, every end but an answer
    /// is [`SendError::Unknown`].
    async fn content(&mut self, content: &[u8]) -> Result<Reply, SendError> {
        self.heard.clear();
        let is_dot_sent = AtomicBool::new(false);
        let mut chunks = content.chunks(CHUNK_BYTES);
        // The library asks for the next chunk when it has written the last one, and for the chunk after the end
        // before it writes the dot.
        let counted = std::iter::from_fn(|| {
            let chunk = chunks.next();
            is_dot_sent.store(chunk.is_none(), Ordering::Release);
            chunk
        });
        let outcome = {
            let mut sending = pin!(self.connection.message_iter(counted));
            match timeout(self.deadlines.content, &mut sending).await {
                Err(_) if is_dot_sent.load(Ordering::Acquire) => timeout(self.deadlines.accept, &mut sending).await,
                outcome => outcome,
            }
        };
        if is_dot_sent.load(Ordering::Acquire) {
            return self.answer(Phase::Content, outcome);
        }
        // A server that will not read on may have said why before it closed the connection.
        self.is_in_step = false;
        if outcome.is_ok() && self.heard.replies().0.is_empty() {
            let early = timeout(self.deadlines.command, self.connection.read_response()).await;
            return self.early_answer(early);
        }
        self.early_answer(outcome)
    }

    /// An answer that came before the final dot: a refusal, or no answer at all.
    fn early_answer(&mut self, outcome: Result<Result<Response, Error>, Elapsed>) -> Result<Reply, SendError> {
        let unreachable = |cause| SendError::Unreachable { phase: Phase::Content, cause };
        match self.answer(Phase::Content, outcome) {
            Ok(reply) if reply.is_refusal() => Ok(reply),
            Ok(_) => Err(unreachable(Lost::Garbled)),
            Err(SendError::Unknown { cause }) => Err(unreachable(cause)),
            Err(error) => Err(error),
        }
    }

    async fn ask(&mut self, phase: Phase, command: impl Display) -> Result<Reply, SendError> {
        self.heard.clear();
        let asked = timeout(self.deadlines.command, self.connection.command(command)).await;
        self.answer(phase, asked)
    }

    /// The server's answer, whether or not the library made sense of it.
    fn answer(&mut self, phase: Phase, outcome: Result<Result<Response, Error>, Elapsed>) -> Result<Reply, SendError> {
        let (mut replies, has_rest) = self.heard.replies();
        // What the library read. If it has not made sense of it, it may not have read it to its end.
        let code = match &outcome {
            Ok(Ok(response)) => Some(u16::from(response.code())),
            Ok(Err(error)) => error.status().map(u16::from),
            Err(_) => None,
        };
        let is_library_lost = code.is_none() && !matches!(&outcome, Ok(Err(error)) if error.is_client());
        if is_library_lost || has_rest || self.connection.has_broken() || (replies.len() > 1 && phase != Phase::Auth) {
            self.is_in_step = false;
        }
        // A login has several answers, and when it fails the library says QUIT, which has one too.
        let at = if phase == Phase::Auth {
            replies.iter().rposition(|reply| code.is_none_or(|code| reply.code == code))
        } else {
            (!replies.is_empty()).then_some(0)
        };
        if let Some(at) = at {
            let reply = replies.swap_remove(at);
            if reply.ends_connection() {
                self.is_in_step = false;
            }
            return Ok(reply);
        }
        self.is_in_step = false;
        let cause = match outcome {
            Err(_) => Lost::Timeout,
            Ok(Err(error)) if !has_rest => lost(&error),
            Ok(_) => Lost::Garbled,
        };
        let is_unknown = phase == Phase::Content;
        Err(if is_unknown { SendError::Unknown { cause } } else { SendError::Unreachable { phase, cause } })
    }

    /// Whether another mail can be sent over it.
    pub(super) fn is_usable(&self) -> bool {
        self.is_in_step && !self.connection.has_broken()
    }

    /// Says `QUIT` and waits for the answer, but not long.
    pub(super) async fn quit(mut self) {
        // Every mail is settled, so nothing depends on how the server takes its leave.
        let _ = timeout(self.deadlines.quit, self.connection.quit()).await;
    }
}

/// A command as it is.
struct Verbatim<'a>(&'a str);

impl Display for Verbatim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Whether an address can stand in a command. Not whether it is valid: the server judges that, and there are
/// addresses in use that no grammar allows.
fn check_address(address: &str) -> Result<(), SendError> {
    let (local, domain) = address.rsplit_once('@').unwrap_or_default();
    let is_quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    let is_outside = |c: char| c.is_control() || (!is_quoted && matches!(c, ' ' | '<' | '>'));
    if local.is_empty() || domain.is_empty() || address.contains(is_outside) || domain.contains([' ', '<', '>', '"']) {
        return Err(SendError::Unsendable("an address of the envelope is not one"));
    }
    Ok(())
}

/// How the connection was lost, in our words.
fn lost(error: &Error) -> Lost {
    match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(source) => Lost::Io(io::Error::new(source.kind(), source.to_string())),
        // The library has no other way to say that the stream ended.
        None if error.is_response() => Lost::Closed,
        None => Lost::Garbled,
    }
}

/// Takes the login out of an error: servers that do not understand a command like to repeat it.
fn strike_out(error: SendError, login: &Login) -> SendError {
    let SendError::LoginRefused { mut text } = error else {
        return error;
    };
    let (user, secret) = (&login.user, login.secret.expose());
    let sent = [
        BASE64.encode(format!("\0{user}\0{secret}").as_bytes()),
        BASE64.encode(format!("user={user}\x01auth=Bearer {secret}\x01\x01").as_bytes()),
        BASE64.encode(secret.as_bytes()),
        secret.to_owned(),
    ];
    for words in sent.iter().filter(|words| !words.is_empty()) {
        text = text.replace(words, "***");
    }
    // A long token is cut where the text ends.
    let is_piece = |word: &&str| word.len() > PIECE_BYTES && sent.iter().any(|words| words.contains(*word));
    if let Some(piece) = text.split(|c: char| c.is_whitespace() || "\"'<>".contains(c)).next_back().filter(is_piece) {
        text.truncate(text.len() - piece.len());
        text.push_str("***");
    }
    SendError::LoginRefused { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Secret;

    #[test]
    fn an_address_that_would_end_the_command_is_not_sent() {
        let table = [
            ("plain", "ann@example.com", true),
            ("tag", "support+PR-1042.k7@example.com", true),
            ("two dots", "ann..b@docomo.example", true),
            ("quoted", "\"ann b\"@example.com", true),
            ("outside ASCII", "grün@exämple.com", true),
            ("literal", "ann@[192.0.2.1]", true),
            ("line break", "ann@example.com\r\nDATA", false),
            ("line break, quoted", "\"a\r\n\"@example.com", false),
            ("parameter", "ann@example.com> SIZE=1", false),
            ("no domain", "ann", false),
            ("empty", "", false),
        ];
        for (name, address, is_fine) in table {
            assert_eq!(check_address(address).is_ok(), is_fine, "{name}");
        }
    }

    #[test]
    fn a_login_that_the_server_repeats_is_struck_out() {
        let login = Login { user: "ann".into(), secret: Secret::new("hunter2"), mechanism: Mechanism::Password };
        let text = "500 AUTH PLAIN AGFubgBodW50ZXIy: hunter2 aHVudGVyMg==".to_owned();
        let struck = strike_out(SendError::LoginRefused { text }, &login);
        assert_eq!(struck.to_string(), "the SMTP server refused the login: 500 AUTH PLAIN ***: *** ***");
        let text = "500 unknown command AUTH PLAIN AGFubgBod".to_owned();
        let struck = strike_out(SendError::LoginRefused { text }, &login);
        assert_eq!(struck.to_string(), "the SMTP server refused the login: 500 unknown command AUTH PLAIN ***");
    }
}
