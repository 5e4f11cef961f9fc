//! The stream below a session: plain or TLS, and a record of what the server said.
//!
//! The SMTP library reads replies strictly, and its errors do not say what it read. Judging a mail needs the words
//! themselves, so the wire keeps them.

use super::error::{Lost, Phase, SendError, TlsProblem};
use super::reply::{self, Reply};
use crate::endpoint::{Endpoint, Security};
use crate::tcp;
use crate::tls::{self, TlsError};
use lettre::transport::smtp::client::AsyncTokioStream;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// The most a server may say in one answer, in bytes.
const ANSWER_LIMIT_BYTES: usize = 64 * 1024;

/// A connection to the server, as far as it is the library's to talk over.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    /// What is to be read before the stream itself.
    ahead: Vec<u8>,
    heard: Heard,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What the server said since we last asked; shared by the wire and the session.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        // Whoever panicked with the lock held left bytes behind, and bytes cannot be inconsistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything, before a question.
    pub(super) fn clear(&self) {
        self.bytes().clear();
    }

    /// All replies that came, and whether there are bytes that are none.
    pub(super) fn replies(&self) -> (Vec<Reply>, bool) {
        let bytes = self.bytes();
        let (replies, rest) = reply::read(&bytes);
        (replies, !rest.is_empty())
    }
}

impl Wire {
    /// Connects to `endpoint` and secures the connection as it says, each within `connect`.
    pub(super) async fn open(
        endpoint: &Endpoint,
        hello_name: &str,
        connect: Duration,
        command: Duration,
    ) -> Result<(Self, Heard), SendError> {
        let lost = |phase| move |cause| SendError::Unreachable { phase, cause };
        let connecting = tcp::connect(&endpoint.host, endpoint.port);
        let mut tcp = within(connect, connecting).await.map_err(lost(Phase::Connect))?;

        let mut ahead = Vec::new();
        if endpoint.security == Security::StartTls {
            let started = timeout(command, start_tls(&mut tcp, hello_name)).await;
            ahead = started.unwrap_or(Err(lost(Phase::StartTls)(Lost::Timeout)))?;
        }
        let stream = match endpoint.security {
            Security::Plain => Stream::Plain(tcp),
            Security::Tls | Security::StartTls => match timeout(connect, tls::handshake(endpoint, tcp)).await {
                Ok(Ok(secured)) => Stream::Tls(Box::new(secured)),
                // What TLS itself objects to is `InvalidData`; all else is the network.
                Ok(Err(TlsError::Handshake(e))) if e.kind() != ErrorKind::InvalidData => {
                    return Err(lost(Phase::Tls)(e.into()));
                }
                Ok(Err(problem)) => return Err(SendError::Tls(problem.into())),
                Err(_) => return Err(lost(Phase::Tls)(Lost::Timeout)),
            },
        };
        let heard = Heard::default();
        Ok((Self { stream, ahead, heard: heard.clone() }, heard))
    }
}

async fn within<T>(limit: Duration, doing: impl Future<Output = io::Result<T>>) -> Result<T, Lost> {
    timeout(limit, doing).await.map_err(|_| Lost::Timeout)?.map_err(Lost::Io)
}

/// Greeting, `EHLO` and `STARTTLS` in plain text. Returns the greeting, which the library wants to read once the
/// connection is secured, and which comes only once (RFC 3207 §4.2).
///
/// Not left to the library, because it would take plain text that follows the answer to `STARTTLS` for a part of
/// what was said over TLS.
async fn start_tls(tcp: &mut TcpStream, hello_name: &str) -> Result<Vec<u8>, SendError> {
    let (greeting, is_alone) = plain_answer(tcp).await?;
    if !is_alone {
        return Err(SendError::Unreachable { phase: Phase::StartTls, cause: Lost::Garbled });
    }
    say(tcp, &format!("EHLO {hello_name}\r\n")).await?;
    let (offers, _) = plain_answer(tcp).await?;
    let mut keywords = offers.split(|&b| b == b'\n').map(|line| line.get(4..).unwrap_or_default().trim_ascii());
    if !keywords.any(|keyword| keyword.eq_ignore_ascii_case(b"STARTTLS")) {
        return Err(SendError::Tls(TlsProblem::NotOffered));
    }
    say(tcp, "STARTTLS\r\n").await?;
    let (_, is_alone) = plain_answer(tcp).await?;
    if is_alone { Ok(greeting) } else { Err(SendError::Tls(TlsProblem::Injected)) }
}

async fn say(tcp: &mut TcpStream, command: &str) -> Result<(), SendError> {
    let lost = |e: io::Error| SendError::Unreachable { phase: Phase::StartTls, cause: e.into() };
    tcp.write_all(command.as_bytes()).await.map_err(lost)
}

/// One positive answer as it was sent, and whether nothing came after it.
async fn plain_answer(tcp: &mut TcpStream) -> Result<(Vec<u8>, bool), SendError> {
    let lost = |cause| SendError::Unreachable { phase: Phase::StartTls, cause };
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if tcp.read_buf(&mut bytes).await.map_err(|e| lost(e.into()))? == 0 {
            return Err(lost(Lost::Closed));
        }
        if bytes.len() > ANSWER_LIMIT_BYTES {
            return Err(lost(Lost::Garbled));
        }
        let (mut replies, rest) = reply::read(&bytes);
        let is_alone = replies.len() == 1 && rest.is_empty();
        if !replies.is_empty() {
            super::error::judge(Phase::StartTls, replies.swap_remove(0))?;
            return Ok((bytes, is_alone));
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        if this.ahead.is_empty() {
            let polled = match &mut this.stream {
                Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
                Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
            };
            std::task::ready!(polled)?;
        } else {
            let count = this.ahead.len().min(buf.remaining());
            buf.put_slice(&this.ahead[..count]);
            this.ahead.drain(..count);
        }
        let new = &mut buf.filled_mut()[before..];
        let mut heard = this.heard.bytes();
        if heard.len() + new.len() > ANSWER_LIMIT_BYTES {
            return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, "the answer is too long")));
        }
        heard.extend_from_slice(new);
        // The library takes a reply in any other character set for a network error, even the one to the final dot.
        new.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(tcp) => tcp.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}
