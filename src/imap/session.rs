//! Connect, secure, log in: one session with an IMAP server, until it ends or fails.

use std::future::Future;
use std::time::Duration;

use async_imap::imap_proto::{Capability, Response, Status};
use async_imap::{Authenticator, Client};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::wire::{Buffered, Stream, Wire, buffered};
use super::{Deadlines, ImapError};
use crate::endpoint::{Endpoint, Login, Mechanism, Security};
use crate::{tcp, tls};

/// A logged-in session.
#[derive(Debug)]
pub struct Session {
    pub(super) wire: Wire,
    pub(super) deadlines: Deadlines,
    capabilities: Vec<String>,
}

impl Session {
    /// Connects, secures the connection as the endpoint demands, and logs in.
    pub async fn connect(endpoint: &Endpoint, login: &Login, deadlines: Deadlines) -> Result<Self, ImapError> {
        let client = within("connect", deadlines.connect, open(endpoint)).await?;
        let library = within("LOGIN", deadlines.command, log_in(client, login)).await?;
        let mut session = Self { wire: Wire::new(library), deadlines, capabilities: Vec::new() };
        // What a server can do often grows with the login, so it is asked afterwards.
        let mut capabilities = Vec::new();
        let take = |response: &Response<'_>| {
            if let Response::Capabilities(found) = response {
                capabilities.extend(found.iter().filter_map(|capability| match capability {
                    Capability::Atom(name) => Some(name.to_ascii_uppercase()),
                    _ => None,
                }));
            }
        };
        session.wire.run("CAPABILITY", "CAPABILITY", deadlines.command, take).await?.insist("CAPABILITY")?;
        session.capabilities = capabilities;
        Ok(session)
    }

    /// Whether the server can push news, so that polling is only a safeguard.
    pub fn has_idle(&self) -> bool {
        self.can("IDLE")
    }

    /// Whether new mail was announced since the last search, by whatever command.
    pub fn has_news(&self) -> bool {
        self.wire.has_news
    }

    /// Does nothing but hear the server's news.
    pub async fn noop(&mut self) -> Result<(), ImapError> {
        self.command("NOOP", "NOOP").await
    }

    /// Says goodbye.
    pub async fn logout(mut self) -> Result<(), ImapError> {
        match self.command("LOGOUT", "LOGOUT").await {
            // The server's own goodbye comes before its answer.
            Err(ImapError::Disconnected { .. }) => Ok(()),
            other => other,
        }
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    /// Runs a command whose untagged answers do not matter.
    pub(super) async fn command(&mut self, name: &'static str, line: &str) -> Result<(), ImapError> {
        self.command_with(name, line, |_| {}).await
    }

    /// Runs a command and shows `take` every untagged answer.
    pub(super) async fn command_with(
        &mut self,
        name: &'static str,
        line: &str,
        take: impl FnMut(&Response<'_>),
    ) -> Result<(), ImapError> {
        self.wire.run(name, line, self.deadlines.command, take).await?.insist(name)
    }
}

async fn within<T>(
    command: &'static str,
    after: Duration,
    work: impl Future<Output = Result<T, ImapError>>,
) -> Result<T, ImapError> {
    timeout(after, work).await.map_err(|_| ImapError::Timeout { command, after })?
}

/// Everything up to the point where our name and secret may be sent.
async fn open(endpoint: &Endpoint) -> Result<Client<Buffered>, ImapError> {
    let tcp = tcp::connect(&endpoint.host, endpoint.port)
        .await
        .map_err(|source| ImapError::Unreachable { endpoint: endpoint.to_string(), source })?;
    match endpoint.security {
        Security::Plain => greeted(Box::new(tcp)).await,
        Security::Tls => greeted(secure(endpoint, tcp).await?).await,
        Security::StartTls => {
            let mut plain = Client::new(tcp);
            greeting(&mut plain).await?;
            plain.run_command_and_check_ok("STARTTLS", None).await.map_err(|error| match error.into() {
                ImapError::LoginRefused { text } => ImapError::Refused { command: "STARTTLS", text },
                other => other,
            })?;
            // What came in clear after the answer is dropped here with the library's buffer: somebody in between
            // could have put it there, to be read as if it had come secured. There is no second greeting.
            Ok(Client::new(buffered(secure(endpoint, plain.into_inner()).await?)))
        }
    }
}

async fn secure(endpoint: &Endpoint, tcp: TcpStream) -> Result<Box<dyn Stream>, ImapError> {
    match tls::handshake(endpoint, tcp).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(source) => Err(ImapError::Tls { endpoint: endpoint.to_string(), source }),
    }
}

async fn greeted(stream: Box<dyn Stream>) -> Result<Client<Buffered>, ImapError> {
    let mut client = Client::new(buffered(stream));
    greeting(&mut client).await?;
    Ok(client)
}

/// The server speaks first, and may turn us away at once (RFC 3501 §7.1.5).
async fn greeting<T: Stream>(client: &mut Client<T>) -> Result<(), ImapError> {
    let first = client.read_response().await?;
    let first = first.ok_or_else(|| ImapError::lost("closed by the server before it greeted"))?;
    match first.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(()),
        Response::Data { status: Status::Bye, outcome } => {
            let words = outcome.information.as_deref().unwrap_or("goodbye");
            Err(ImapError::lost(format!("the server said: {words}")))
        }
        _ => Err(ImapError::protocol("a greeting that is none, or a login that nobody asked for")),
    }
}

async fn log_in(client: Client<Buffered>, login: &Login) -> Result<async_imap::Session<Buffered>, ImapError> {
    let session = match login.mechanism {
        Mechanism::Password => client.login(&login.user, login.secret.expose()).await,
        Mechanism::XOauth2 => client.authenticate("XOAUTH2", XOauth2 { login, has_answered: false }).await,
    };
    session.map_err(|(error, _client)| error.into())
}

struct XOauth2<'a> {
    login: &'a Login,
    has_answered: bool,
}

impl Authenticator for XOauth2<'_> {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        // The second challenge is the server's explanation of why it refuses, and wants an empty answer before the
        // refusal itself comes.
        if std::mem::replace(&mut self.has_answered, true) {
            return String::new();
        }
        format!("user={}\x01auth=Bearer {}\x01\x01", self.login.user, self.login.secret.expose())
    }
}
