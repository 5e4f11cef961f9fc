//! An SMTP server on a loopback port that keeps what it gets, and that can be told to misbehave.
//!
//! ```ignore
//! let server = SmtpServer::start().await;
//! server.script(Fault::at(Step::Rcpt).replies("550 5.1.1 no such user").to("ann@example.com").always());
//! // ... let Postroom send over server.endpoint() ...
//! let mails = server.wait_for(2).await;
//! ```

mod conversation;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use postroom::endpoint::{Endpoint, Security};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use conversation::Conversation;

/// How long `wait_for` and `wait_until` wait before they fail the test.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server; it ends when this is dropped.
pub struct SmtpServer {
    shared: Arc<Shared>,
    port: u16,
    security: Security,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// One mail that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The reverse-path; `None` for the null reverse-path.
    pub from: Option<String>,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// What followed the address in `MAIL FROM`, for example `BODY=8BITMIME`.
    pub parameters: String,
    /// The content, with the doubled dots undone.
    pub bytes: Vec<u8>,
    /// Over which connection it came, from 1.
    pub connection: usize,
    /// Who was logged in.
    pub user: Option<String>,
    /// Whether it came over TLS.
    pub is_secured: bool,
}

/// A step of the conversation at which the server can misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// While the content is still coming.
    Content,
    /// After the final dot.
    Dot,
    Rset,
    Quit,
}

/// One thing that the server does wrong: what, at which step, for whom, and how often. Once, unless told otherwise.
#[derive(Debug, Clone)]
pub struct Fault {
    step: Step,
    deed: Deed,
    address: Option<String>,
    times: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    Reply(String),
    Hang,
    HangUp,
    KeepThenHang,
    KeepThenHangUp,
    Repeat,
}

impl Fault {
    pub fn at(step: Step) -> Self {
        Self { step, deed: Deed::HangUp, address: None, times: 1 }
    }

    /// Answers this line, or these lines, instead of the usual one. After a 421 it hangs up.
    pub fn replies(self, reply: &str) -> Self {
        Self { deed: Deed::Reply(reply.to_owned()), ..self }
    }

    /// Says nothing more, and keeps the connection open.
    pub fn hangs(self) -> Self {
        Self { deed: Deed::Hang, ..self }
    }

    /// Closes the connection without an answer. At `Dot` the mail is not kept.
    pub fn hangs_up(self) -> Self {
        Self { deed: Deed::HangUp, ..self }
    }

    /// At `Dot`: keeps the mail, and says nothing more.
    pub fn keeps_then_hangs(self) -> Self {
        Self { deed: Deed::KeepThenHang, ..self }
    }

    /// At `Dot`: keeps the mail, and closes the connection without an answer.
    pub fn keeps_then_hangs_up(self) -> Self {
        Self { deed: Deed::KeepThenHangUp, ..self }
    }

    /// Gives the usual answer twice.
    pub fn repeats_itself(self) -> Self {
        Self { deed: Deed::Repeat, ..self }
    }

    /// Only for this address: the reverse-path at `Mail`, a recipient from `Rcpt` on.
    pub fn to(self, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..self }
    }

    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }
}

struct Shared {
    mails: watch::Sender<Vec<Received>>,
    acceptor: Option<TlsAcceptor>,
    security: Security,
    says: Mutex<Says>,
}

/// What the tests have told the server to be, and what it has heard.
struct Says {
    faults: Vec<Fault>,
    extensions: Vec<String>,
    login: Option<(String, String)>,
    is_chopping: bool,
    connection_count: usize,
    commands: Vec<String>,
}

impl SmtpServer {
    /// A server in plain text that wants no login.
    pub async fn start() -> Self {
        Self::start_with(Security::Plain).await
    }

    /// A server with TLS from the first byte, or with `STARTTLS`; its certificate is for `localhost`.
    pub async fn start_with(security: Security) -> Self {
        // One to come back to when it was away.
        let port = postroom_testbed::free_ports(1).unwrap()[0];
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let extensions = ["SIZE 30000000", "8BITMIME", "SMTPUTF8"].map(str::to_owned).to_vec();
        let says = Says {
            faults: Vec::new(),
            extensions,
            login: None,
            is_chopping: false,
            connection_count: 0,
            commands: Vec::new(),
        };
        let acceptor = (security != Security::Plain).then(acceptor);
        let shared = Arc::new(Shared { mails: watch::Sender::default(), acceptor, security, says: Mutex::new(says) });
        let listening = Mutex::new(Some(tokio::spawn(listen(listener, Arc::clone(&shared)))));
        Self { shared, port, security, listening }
    }

    /// Where it is and how it is secured, with its certificate as the file of trusted ones.
    pub fn endpoint(&self) -> Endpoint {
        let ca_file = (self.security != Security::Plain).then(|| certificate().0);
        Endpoint { host: "localhost".into(), port: self.port, security: self.security, ca_file }
    }

    /// Adds a fault. Where several fit, the one that was added first counts.
    pub fn script(&self, fault: Fault) {
        self.says().faults.push(fault);
    }

    /// From now on everything goes well, save for conversations that hang already.
    pub fn behave(&self) {
        self.says().faults.clear();
    }

    /// The lines after the first in the answer to `EHLO`; `STARTTLS` comes by itself.
    pub fn offer(&self, extensions: &[&str]) {
        self.says().extensions = extensions.iter().map(|&line| line.to_owned()).collect();
    }

    /// Takes mail only after a login by PLAIN, LOGIN or XOAUTH2, and offers these.
    pub fn require_login(&self, user: &str, secret: &str) {
        let mut says = self.says();
        says.login = Some((user.to_owned(), secret.to_owned()));
        says.extensions.push("AUTH PLAIN LOGIN XOAUTH2".to_owned());
    }

    /// Sends every reply byte by byte.
    pub fn chop_replies(&self) {
        self.says().is_chopping = true;
    }

    /// Refuses connections from now on. Those that are open stay so.
    pub async fn stop_listening(&self) {
        let listening = self.listening.lock().unwrap().take();
        if let Some(task) = listening {
            task.abort();
            // The task has been told to end, and that it did is all it can report.
            let _ = task.await;
        }
    }

    /// Accepts connections again, on the same port.
    pub async fn listen_again(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        *self.listening.lock().unwrap() = Some(tokio::spawn(listen(listener, Arc::clone(&self.shared))));
    }

    /// All mails it has taken, in order.
    pub fn mails(&self) -> Vec<Received> {
        self.shared.mails.borrow().clone()
    }

    /// How many connections there have been.
    pub fn connection_count(&self) -> usize {
        self.says().connection_count
    }

    /// Every command line it has heard, over all connections.
    pub fn commands(&self) -> Vec<String> {
        self.says().commands.clone()
    }

    /// Waits until it has taken `count` mails.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(&format!("{count} mails"), |mails| mails.len() >= count).await
    }

    /// Waits until its mails fulfil a condition; `what` says which in the failure message.
    pub async fn wait_until(&self, what: &str, condition: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let mut mails = self.shared.mails.subscribe();
        let waited = tokio::time::timeout(PATIENCE, mails.wait_for(|mails| condition(mails))).await;
        let found = waited.map(|mails| mails.unwrap().clone());
        found.unwrap_or_else(|_| panic!("waited for {what} at the SMTP server; it has {}", self.mails().len()))
    }

    fn says(&self) -> std::sync::MutexGuard<'_, Says> {
        self.shared.says.lock().unwrap()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        if let Some(task) = self.listening.lock().unwrap().take() {
            task.abort();
        }
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let number = {
            let mut says = shared.says.lock().unwrap();
            says.connection_count += 1;
            says.connection_count
        };
        let shared = Arc::clone(&shared);
        // How a conversation ends is for the client to notice.
        tokio::spawn(async move { Conversation::hold(tcp, shared, number).await });
    }
}

fn acceptor() -> TlsAcceptor {
    let (certificate, key) = certificate();
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A self-signed certificate for `localhost` and its key, made by `openssl` when there is none from earlier tests.
fn certificate() -> (PathBuf, PathBuf) {
    static MADE: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    let make = || {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (certificate, key) = (folder.join("localhost.pem"), folder.join("localhost.key"));
        if !certificate.exists() {
            let fresh = tempfile::tempdir_in(&folder).unwrap();
            let made = std::process::Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
                .args(["-days", "3650", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
                .args(["-keyout", "key", "-out", "certificate"])
                .current_dir(&fresh)
                .output()
                .expect("the TLS tests need `openssl`");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            std::fs::rename(fresh.path().join("key"), &key).unwrap();
            std::fs::rename(fresh.path().join("certificate"), &certificate).unwrap();
        }
        (certificate, key)
    };
    MADE.get_or_init(make).clone()
}
