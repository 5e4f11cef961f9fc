//! A relay between the desk and a server, which notes when what passes by: the clock is read where the desk itself
//! hears the server's word.

use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What a relay notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// The IMAP server told of a new mail.
    Exists,
    /// The SMTP server took a mail to this address.
    Taken(String),
}

/// Which words a relay understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Imap,
    Smtp,
}

/// Starts a relay to a server; returns where it listens. It lives as long as the runtime.
pub async fn start(
    to: SocketAddr,
    protocol: Protocol,
    notes: Sender<(Instant, Passed)>,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(to).await else { continue };
            let is_set = client.set_nodelay(true).and(server.set_nodelay(true));
            if is_set.is_err() {
                continue;
            }
            let talk = Arc::new(Mutex::new(Talk { protocol, notes: notes.clone(), recipient: None, is_over: false }));
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(copy(from_client, to_server, talk.clone(), Talk::client_says));
            tokio::spawn(copy(from_server, to_client, talk, Talk::server_says));
        }
    });
    Ok(address)
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    talk: Arc<Mutex<Talk>>,
    note: fn(&mut Talk, &[u8], Instant),
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let at = Instant::now();
        if let Ok(mut talk) = talk.lock() {
            note(&mut talk, &buffer[..read], at);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
}

/// One connection, as far as its words were understood. A word that is cut by the end of a packet is missed, which
/// a measurement that waits for it would show.
struct Talk {
    protocol: Protocol,
    notes: Sender<(Instant, Passed)>,
    recipient: Option<String>,
    is_over: bool,
}

impl Talk {
    fn client_says(&mut self, bytes: &[u8], _at: Instant) {
        if self.protocol == Protocol::Imap {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        if let Some((_, rest)) = text.split_once("RCPT TO:<") {
            self.recipient = rest.split_once('>').map(|(address, _)| address.to_owned());
        }
        self.is_over |= bytes.ends_with(b"\r\n.\r\n") || bytes == b".\r\n";
    }

    fn server_says(&mut self, bytes: &[u8], at: Instant) {
        let text = String::from_utf8_lossy(bytes);
        let passed = match self.protocol {
            // What SELECT says stands among other lines; IDLE's word comes by itself.
            Protocol::Imap => (text.contains(" EXISTS\r\n") && !text.contains("FLAGS (")).then_some(Passed::Exists),
            Protocol::Smtp if std::mem::take(&mut self.is_over) && text.starts_with("250") => {
                self.recipient.take().map(Passed::Taken)
            }
            Protocol::Smtp => None,
        };
        if let Some(passed) = passed {
            // Nobody listens any more when the measurement is over.
            let _ = self.notes.send((at, passed));
        }
    }
}
