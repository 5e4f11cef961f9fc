//! An SMTP server on a loopback port that keeps what it gets, and that can be told to misbehave.
//!
//! ```ignore
//! let server = SmtpServer::start().await;
//! server.script(Fault::at(Step::Rcpt).replies("550 5.1.1 no such user").to("ann@example.com").always());
//! // ... let Postroom send over server.endpoint() ...
//! let mails = server.wait_for(2).await;
//! ```

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use data_encoding::BASE64;
use postroom::endpoint::{Endpoint, Security};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
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

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Conversation {
    stream: BufReader<Box<dyn Stream>>,
    shared: Arc<Shared>,
    number: usize,
    is_secured: bool,
    user: Option<String>,
    from: Option<String>,
    parameters: String,
    to: Vec<String>,
}

impl Conversation {
    async fn hold(tcp: TcpStream, shared: Arc<Shared>, number: usize) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        let is_secured = shared.security == Security::Tls;
        let stream: Box<dyn Stream> = match &shared.acceptor {
            Some(acceptor) if is_secured => Box::new(acceptor.accept(tcp).await?),
            _ => Box::new(tcp),
        };
        let (from, parameters, to) = (None, String::new(), Vec::new());
        let stream = BufReader::new(stream);
        let mut conversation = Self { stream, shared, number, is_secured, user: None, from, parameters, to };
        conversation.answer(Step::Greeting, "220 scripted.example ESMTP").await?;
        loop {
            let line = conversation.line().await?;
            conversation = conversation.react(&line).await?;
        }
    }

    async fn react(mut self, line: &str) -> io::Result<Self> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                let mut lines = vec!["scripted.example".to_owned()];
                lines.extend(self.shared.says.lock().unwrap().extensions.iter().cloned());
                if self.shared.security == Security::StartTls && !self.is_secured {
                    lines.push("STARTTLS".to_owned());
                }
                let last = lines.pop().unwrap();
                let reply: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
                self.answer(Step::Ehlo, &format!("{reply}250 {last}")).await?;
            }
            "STARTTLS" if self.answer(Step::StartTls, "220 2.0.0 go ahead").await? => {
                let acceptor = self.shared.acceptor.clone().unwrap();
                self.stream = BufReader::new(Box::new(acceptor.accept(self.stream.into_inner()).await?));
                self.is_secured = true;
            }
            "STARTTLS" => {}
            "AUTH" => self.log_in(rest).await?,
            "MAIL" if self.user.is_none() && self.shared.says.lock().unwrap().login.is_some() => {
                self.say("530 5.7.0 authentication required").await?;
            }
            "MAIL" if self.from.is_some() => self.say("503 5.5.1 nested MAIL").await?,
            "MAIL" => {
                let (from, parameters) = path(rest);
                self.from = Some(from);
                self.parameters = parameters;
                if !self.answer(Step::Mail, "250 2.1.0 sender ok").await? {
                    self.forget();
                }
            }
            "RCPT" => {
                self.to.push(path(rest).0);
                if !self.answer(Step::Rcpt, "250 2.1.5 recipient ok").await? {
                    self.to.pop();
                }
            }
            "DATA" if self.to.is_empty() => self.say("503 5.5.1 no recipient").await?,
            "DATA" => {
                if self.answer(Step::Data, "354 end with <CRLF>.<CRLF>").await? {
                    self.take().await?;
                    self.forget();
                }
            }
            "RSET" => {
                self.forget();
                self.answer(Step::Rset, "250 2.0.0 reset").await?;
            }
            "NOOP" => self.say("250 2.0.0 ok").await?,
            "QUIT" => {
                self.answer(Step::Quit, "221 2.0.0 bye").await?;
                return Err(ErrorKind::ConnectionAborted.into());
            }
            _ => self.say("500 5.5.2 unknown command").await?,
        }
        Ok(self)
    }

    async fn take(&mut self) -> io::Result<()> {
        if let Some(deed) = self.fault(Step::Content) {
            self.stream.fill_buf().await?;
            self.misbehave(deed, "").await?;
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            if self.stream.read_until(b'\n', &mut bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if bytes[start..] == *b".\r\n" {
                bytes.truncate(start);
                break;
            }
            if bytes[start] == b'.' {
                bytes.remove(start);
            }
        }
        let mail = Received {
            from: self.from.clone().filter(|from| !from.is_empty()),
            to: self.to.clone(),
            parameters: self.parameters.trim().to_owned(),
            bytes,
            connection: self.number,
            user: self.user.clone(),
            is_secured: self.is_secured,
        };
        let deed = self.fault(Step::Dot);
        if matches!(deed, None | Some(Deed::KeepThenHang | Deed::KeepThenHangUp | Deed::Repeat)) {
            self.shared.mails.send_modify(|mails| mails.push(mail));
        }
        let usual = format!("250 2.0.0 kept as {}", self.shared.mails.borrow().len());
        match deed {
            Some(deed) => self.misbehave(deed, &usual).await.map(drop),
            None => self.say(&usual).await,
        }
    }

    fn forget(&mut self) {
        self.from = None;
        self.parameters.clear();
        self.to.clear();
    }

    async fn log_in(&mut self, rest: &str) -> io::Result<()> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let Some((user, secret)) = self.shared.says.lock().unwrap().login.clone() else {
            return self.say("503 5.5.1 no login wanted").await;
        };
        let decode = |line: &str| String::from_utf8(BASE64.decode(line.as_bytes()).unwrap()).unwrap();
        let is_right = match mechanism {
            "PLAIN" => decode(initial) == format!("\0{user}\0{secret}"),
            "LOGIN" => {
                self.say("334 VXNlcm5hbWU6").await?;
                let name = decode(&self.line().await?);
                self.say("334 UGFzc3dvcmQ6").await?;
                name == user && decode(&self.line().await?) == secret
            }
            "XOAUTH2" if decode(initial) == format!("user={user}\x01auth=Bearer {secret}\x01\x01") => true,
            "XOAUTH2" => {
                self.say(&format!("334 {}", BASE64.encode(br#"{"status":"401"}"#))).await?;
                !self.line().await?.is_empty()
            }
            _ => false,
        };
        if !is_right {
            return self.say("535 5.7.8 authentication failed").await;
        }
        if self.answer(Step::Auth, "235 2.7.0 welcome").await? {
            self.user = Some(user);
        }
        Ok(())
    }

    /// Gives the usual answer, or does what a fault says. Whether the client may go on.
    async fn answer(&mut self, step: Step, usual: &str) -> io::Result<bool> {
        match self.fault(step) {
            Some(deed) => self.misbehave(deed, usual).await,
            None => self.say(usual).await.map(|()| true),
        }
    }

    fn fault(&self, step: Step) -> Option<Deed> {
        let address = if step == Step::Mail { self.from.as_ref() } else { self.to.last() };
        let mut says = self.shared.says.lock().unwrap();
        let fault = says.faults.iter_mut().find(|fault| {
            fault.step == step && fault.times > 0 && (fault.address.is_none() || fault.address.as_ref() == address)
        })?;
        fault.times -= 1;
        Some(fault.deed.clone())
    }

    async fn misbehave(&mut self, deed: Deed, usual: &str) -> io::Result<bool> {
        match deed {
            Deed::Reply(reply) => {
                self.say(&reply).await?;
                let is_over = reply.starts_with("421");
                if is_over { Err(ErrorKind::ConnectionAborted.into()) } else { Ok(reply.starts_with(['2', '3'])) }
            }
            Deed::Hang | Deed::KeepThenHang => std::future::pending().await,
            Deed::HangUp | Deed::KeepThenHangUp => Err(ErrorKind::ConnectionAborted.into()),
            Deed::Repeat => self.say(&format!("{usual}\r\n{usual}")).await.map(|()| true),
        }
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        let bytes = format!("{reply}\r\n").into_bytes();
        let size = if self.shared.says.lock().unwrap().is_chopping { 1 } else { bytes.len() };
        for piece in bytes.chunks(size) {
            self.stream.write_all(piece).await?;
            self.stream.flush().await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        self.shared.says.lock().unwrap().commands.push(line.clone());
        Ok(line)
    }
}

/// The address and the parameters in `FROM:<address> PARAMETERS`.
fn path(rest: &str) -> (String, String) {
    let (address, parameters) = rest.split_once('<').unwrap().1.rsplit_once('>').unwrap();
    (address.to_owned(), parameters.to_owned())
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
