//! One command and its answer, done strictly: our own tagged `OK`, in time, or an error.

use std::sync::Arc;
use std::time::Duration;

use async_imap::imap_proto::{MailboxDatum, RequestId, Response, ResponseCode, Status};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, BufStream};
use tokio::time::{Instant, timeout_at};

use super::ImapError;

/// A byte stream, secured or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for T {}

/// The library reads 4 KB at a time and writes a command in four pieces, so there is a buffer beneath it.
pub(super) type Buffered = BufStream<Box<dyn Stream>>;

const READ_BYTES: usize = 128 << 10;
const WRITE_BYTES: usize = 8 << 10;

/// Puts the buffer around a stream.
pub(super) fn buffered(stream: Box<dyn Stream>) -> Buffered {
    BufStream::with_capacity(READ_BYTES, WRITE_BYTES, stream)
}

/// Picks bytes out of an answer.
pub(super) type Part = for<'r> fn(&'r Response<'_>) -> &'r [u8];

/// An answer that is kept for some bytes of it.
struct Kept<W, V> {
    whole: Arc<W>,
    view: V,
}

impl<W, V: Fn(&W) -> &[u8]> AsRef<[u8]> for Kept<W, V> {
    fn as_ref(&self) -> &[u8] {
        (self.view)(&self.whole)
    }
}

fn kept<W: Send + Sync + 'static>(whole: Arc<W>, view: impl Fn(&W) -> &[u8] + Send + 'static) -> Bytes {
    Bytes::from_owner(Kept { whole, view })
}

/// One answer of the server to a command.
pub(super) enum Answer<T> {
    /// What was made of one that comes on the way.
    Untagged(T),
    /// The last one to the command with this tag.
    Ended(RequestId, Ending),
}

/// How a command ended.
#[derive(Debug)]
pub(super) enum Ending {
    Done { is_read_only: bool },
    Refused { text: String, may_create: bool },
}

impl Ending {
    /// An error unless the command was done.
    pub(super) fn insist(self, command: &'static str) -> Result<(), ImapError> {
        match self {
            Ending::Done { .. } => Ok(()),
            Ending::Refused { text, .. } => Err(ImapError::Refused { command, text }),
        }
    }
}

/// A logged-in connection, and what we must remember about it between commands.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) library: async_imap::Session<Buffered>,
    /// Commands whose tagged answer has not been read. None when a command starts, or we are out of step.
    unanswered: Vec<RequestId>,
    /// A command is being written. Still so when the next one starts if the future was dropped half-way.
    is_sending: bool,
    /// How many mails the server has told us of, and whether some of them are new since the last search.
    pub(super) exists: u32,
    pub(super) has_news: bool,
    pub(super) uid_validity: Option<u32>,
}

impl Wire {
    pub(super) fn new(library: async_imap::Session<Buffered>) -> Self {
        Self { library, unanswered: Vec::new(), is_sending: false, exists: 0, has_news: false, uid_validity: None }
    }

    /// Runs one command. `take` sees every untagged answer on the way.
    pub(super) async fn run(
        &mut self,
        command: &'static str,
        line: &str,
        deadline: Duration,
        mut take: impl FnMut(&Response<'_>),
    ) -> Result<Ending, ImapError> {
        self.in_step()?;
        let until = Instant::now() + deadline;
        let late = |_| ImapError::Timeout { command, after: deadline };
        timeout_at(until, self.send(line)).await.map_err(late)??;
        loop {
            if let Answer::Ended(_, ending) = timeout_at(until, self.answer(&mut take)).await.map_err(late)?? {
                return Ok(ending);
            }
        }
    }

    /// An error when an earlier command was cut short: its answer would be taken for that of the next.
    pub(super) fn in_step(&self) -> Result<(), ImapError> {
        if self.unanswered.is_empty() && !self.is_sending {
            return Ok(());
        }
        Err(ImapError::lost("an earlier command was cut short"))
    }

    /// Sends a command without waiting for its answer.
    pub(super) async fn send(&mut self, line: &str) -> Result<RequestId, ImapError> {
        self.is_sending = true;
        let tag = self.library.run_command(line).await?;
        self.unanswered.push(tag.clone());
        self.is_sending = false;
        Ok(tag)
    }

    /// Reads the next answer, and shows it to `take` unless it ends a command. With several commands on their way
    /// their answers may come mixed and in any order (RFC 3501 §5.5). May be dropped and called again without loss.
    pub(super) async fn answer<T>(&mut self, take: impl FnOnce(&Response<'_>) -> T) -> Result<Answer<T>, ImapError> {
        self.answer_to_keep(|response, _| take(response)).await
    }

    /// As [`answer`](Self::answer); with the answer comes a way to keep bytes of it by keeping all of it, without a copy.
    pub(super) async fn answer_to_keep<T>(
        &mut self,
        take: impl FnOnce(&Response<'_>, &dyn Fn(Part) -> Bytes) -> T,
    ) -> Result<Answer<T>, ImapError> {
        let whole = self.library.read_response().await?.ok_or_else(|| ImapError::lost("closed by the server"))?;
        let whole = Arc::new(whole);
        let response = whole.parsed();
        self.notice(response)?;
        let Response::Done { tag: theirs, status, outcome } = response else {
            let keep = |part: Part| kept(whole.clone(), move |whole| part(whole.parsed()));
            return Ok(Answer::Untagged(take(response, &keep)));
        };
        let Some(place) = self.unanswered.iter().position(|tag| tag == theirs) else {
            return Err(ImapError::protocol("an answer to a command that was never given"));
        };
        let tag = self.unanswered.remove(place);
        let ending = match status {
            Status::Ok => Ending::Done { is_read_only: outcome.code == Some(ResponseCode::ReadOnly) },
            _ => Ending::Refused {
                text: outcome.information.as_deref().unwrap_or("no reason given").to_owned(),
                may_create: outcome.code == Some(ResponseCode::TryCreate),
            },
        };
        Ok(Answer::Ended(tag, ending))
    }

    /// Keeps in mind what the server says without being asked (RFC 3501 §5.2).
    fn notice(&mut self, response: &Response<'_>) -> Result<(), ImapError> {
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                // Some servers repeat the same count with every command; only a higher one is news.
                self.has_news |= *count > self.exists;
                self.exists = *count;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            Response::Data { status: Status::Bye, outcome } => {
                let words = outcome.information.as_deref().unwrap_or("goodbye");
                return Err(ImapError::lost(format!("the server said: {words}")));
            }
            Response::Data { outcome, .. } => {
                if let (Some(ResponseCode::UidValidity(now)), Some(was)) = (&outcome.code, self.uid_validity)
                    && *now != was
                {
                    // Every UID that we hold has lost its meaning.
                    return Err(ImapError::lost("UIDVALIDITY changed while the mailbox was open"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
