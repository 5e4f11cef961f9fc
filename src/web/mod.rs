//! What may be asked over HTTP: a listener with few places, and the routes behind it.
//!
//! Nobody logs in, so nothing is told here that a stranger must not know. Whoever comes has a short time and one of a
//! few places: a desk that is asked too much goes on working.

mod health;

use crate::config::HttpConfig;
use crate::serve::health::Health;
use anyhow::Context as _;
use axum::serve::Listener;
use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

/// Connections at once; more wait in the system's queue.
const PLACES: usize = 64;

/// How long a connection may last, whatever is said on it.
const VISIT: Duration = Duration::from_secs(15);

/// How long to wait after the system could not hand over a connection.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How long answers that are under way may take at the end.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// An open listener.
#[derive(Debug)]
pub struct Web {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

impl Web {
    /// Begins to answer.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn open(config: &HttpConfig, health: Health) -> anyhow::Result<Self> {
        let listen = config.listen;
        let tcp = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen} for HTTP"))?;
        let address = tcp.local_addr()?;
        let door = Door { tcp, places: Arc::new(Semaphore::new(PLACES)) };
        let stop = CancellationToken::new();
        let served = axum::serve(door, health::routes(health)).with_graceful_shutdown(stop.clone().cancelled_owned());
        let serving = tokio::spawn(async move { served.await });
        info!("/healthz and /readyz are answered on http://{address}");
        Ok(Self { address, stop, serving })
    }

    /// Ends, when what is being answered is answered, or soon after.
    pub async fn close(self) {
        self.stop.cancel();
        let end = self.serving.abort_handle();
        if timeout(CLOSE_WITHIN, self.serving).await.is_err() {
            end.abort();
        }
    }
}

/// Lets in as many as there are places.
struct Door {
    tcp: TcpListener,
    places: Arc<Semaphore>,
}

impl Listener for Door {
    type Io = Visit;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Visit, SocketAddr) {
        loop {
            // The places are never closed.
            let Ok(place) = self.places.clone().acquire_owned().await else { std::future::pending().await };
            match self.tcp.accept().await {
                Ok((tcp, from)) => return (Visit { tcp, over: Box::pin(sleep(VISIT)), _place: place }, from),
                Err(error) => {
                    debug!(error = %error, "a connection could not be taken");
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// A connection that ends when its time is over.
struct Visit {
    tcp: TcpStream,
    over: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Visit {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.tcp).poll_read(cx, into)
    }
}

impl AsyncWrite for Visit {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
