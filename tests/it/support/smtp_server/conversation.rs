//! One conversation of the scripted server with a client (RFC 5321), with the faults that the test asked for.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use data_encoding::BASE64;
use postroom::endpoint::Security;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{Deed, Received, Shared, Step};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) struct Conversation {
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
    pub(super) async fn hold(tcp: TcpStream, shared: Arc<Shared>, number: usize) -> io::Result<()> {
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
