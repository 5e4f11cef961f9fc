//! An IMAP server on loopback that keeps its mailboxes in memory and misbehaves when told to.
//!
//! A test delivers mail into it while clients are connected, takes mail away, and looks at flags and mailboxes
//! afterwards. What it says on the wire is in `talk`.

mod talk;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use postroom::endpoint::{Endpoint, Login, Mechanism, Secret, Security};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The name and the password that the server accepts; the password is also the OAuth 2 token.
pub const USER: &str = "support@desk.example";
pub const PASSWORD: &str = "correct horse \"battery\" staple";

/// A way to misbehave. It lasts until [`ImapServer::heal`]. Commands are named without `UID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers `NO` to the command.
    Refuse(&'static str),
    /// Never answers the command.
    Hang(&'static str),
    /// Says `BYE` instead of an answer, and closes.
    Bye(&'static str),
    /// Closes when this many bytes of the first mail of a fetch have been sent.
    CutLiteral(usize),
    /// Closes after this many mails of a fetch, each of them whole.
    CutFetch(usize),
    /// Answers `NO` to every fetch that asks for this UID.
    RefuseMail(u32),
    /// Answers `NO` to every fetch that asks for this UID's headers or body.
    RefuseBody(u32),
    /// Closes whenever it would hand over this UID's headers or body.
    DieAtMail(u32),
    /// Another client removes the mail just before a fetch is answered.
    RemoveBeforeFetch(u32),
    /// Waits for the client's next fetch and answers both at once, their mails mixed and the later command first.
    /// The client must send fetches in pairs.
    MixFetches,
    /// Says all kinds of things that nobody asked for, before every answer and between mails.
    Noise,
    /// Closes the connection when the client has begun to idle.
    CutIdle,
    /// Announces this size for the mail with this UID.
    ClaimSize(u32, u32),
    /// Changes UIDVALIDITY of the open mailbox and says so when the command comes.
    RenumberAt(&'static str),
}

/// A mail in a mailbox of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMail {
    pub uid: u32,
    pub raw: Vec<u8>,
    pub received_at: Timestamp,
    pub flags: BTreeSet<String>,
}

/// The server. It ends with this value.
pub struct ImapServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    state: Mutex<State>,
    /// Counts changes, so that idling connections look again.
    changes: watch::Sender<u64>,
    /// Counts the times that everybody was thrown out.
    kicks: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    mailboxes: BTreeMap<String, Mailbox>,
    validities: u32,
    faults: Vec<Fault>,
    lacking: Vec<&'static str>,
    commands: Vec<String>,
    connections: usize,
}

#[derive(Default)]
struct Mailbox {
    uid_validity: u32,
    last_uid: u32,
    mails: Vec<StoredMail>,
}

impl State {
    fn create(&mut self, name: &str) {
        self.validities += 1;
        let uid_validity = 1_000 + self.validities;
        self.mailboxes.insert(name.to_owned(), Mailbox { uid_validity, ..Mailbox::default() });
    }

    fn renumber(&mut self, name: &str) {
        self.validities += 1;
        let uid_validity = 1_000 + self.validities;
        let mailbox = self.mailboxes.get_mut(name).expect("the mailbox exists");
        mailbox.uid_validity = uid_validity;
        for (uid, mail) in (1..).zip(&mut mailbox.mails) {
            mail.uid = uid;
        }
        mailbox.last_uid = mailbox.mails.len() as u32;
    }
}

impl Mailbox {
    fn keep(&mut self, raw: Vec<u8>, received_at: Timestamp, flags: BTreeSet<String>) -> u32 {
        self.last_uid += 1;
        self.mails.push(StoredMail { uid: self.last_uid, raw, received_at, flags });
        self.last_uid
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the server's state")
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl ImapServer {
    /// Starts a server with an empty INBOX on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let address = listener.local_addr().expect("an address");
        let mut state = State::default();
        state.create("INBOX");
        let shared =
            Arc::new(Shared { state: Mutex::new(state), changes: watch::Sender::new(0), kicks: watch::Sender::new(0) });
        let mut tasks = JoinSet::new();
        let for_connections = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                for_connections.state().connections += 1;
                connections.spawn(talk::serve(stream, Arc::clone(&for_connections)));
            }
        });
        Self { address, shared, _tasks: tasks }
    }

    /// Where the server is, without TLS.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            host: self.address.ip().to_string(),
            port: self.address.port(),
            security: Security::Plain,
            ca_file: None,
        }
    }

    /// A login that the server accepts.
    pub fn login(&self) -> Login {
        Login { user: USER.into(), secret: Secret::new(PASSWORD), mechanism: Mechanism::Password }
    }

    /// Puts a mail into a mailbox, which is created if need be, and tells everybody who idles there.
    pub fn deliver(&self, mailbox: &str, raw: impl Into<Vec<u8>>, received_at: Timestamp) -> u32 {
        let mut state = self.shared.state();
        if !state.mailboxes.contains_key(mailbox) {
            state.create(mailbox);
        }
        let target = state.mailboxes.get_mut(mailbox).expect("just created");
        let uid = target.keep(raw.into(), received_at, BTreeSet::new());
        drop(state);
        self.shared.changed();
        uid
    }

    /// Removes a mail, as another client would.
    pub fn remove(&self, mailbox: &str, uid: u32) {
        if let Some(mailbox) = self.shared.state().mailboxes.get_mut(mailbox) {
            mailbox.mails.retain(|mail| mail.uid != uid);
        }
        self.shared.changed();
    }

    /// Gives the mailbox another UIDVALIDITY and its mails the UIDs from 1, as after a rebuilt index.
    pub fn renumber(&self, mailbox: &str) {
        self.shared.state().renumber(mailbox);
        self.kick();
    }

    /// Goes back to when there were so many mails, under the same UIDVALIDITY: the UIDs above are given again.
    pub fn restore(&self, mailbox: &str, mails: usize) {
        if let Some(mailbox) = self.shared.state().mailboxes.get_mut(mailbox) {
            mailbox.mails.truncate(mails);
            mailbox.last_uid = mailbox.mails.last().map_or(0, |mail| mail.uid);
        }
        self.kick();
    }

    /// Closes all connections.
    pub fn kick(&self) {
        self.shared.kicks.send_modify(|count| *count += 1);
    }

    /// Misbehaves from now on.
    pub fn fault(&self, fault: Fault) {
        self.shared.state().faults.push(fault);
    }

    /// Behaves again.
    pub fn heal(&self) {
        self.shared.state().faults.clear();
    }

    /// Does without a capability (`IDLE`, `MOVE`, `UIDPLUS`) from the next login on.
    pub fn without(&self, capability: &'static str) {
        self.shared.state().lacking.push(capability);
    }

    /// The mails in a mailbox; none when there is no such mailbox.
    pub fn mails(&self, mailbox: &str) -> Vec<StoredMail> {
        self.shared.state().mailboxes.get(mailbox).map(|mailbox| mailbox.mails.clone()).unwrap_or_default()
    }

    /// The flags of a mail in a mailbox, in alphabetical order.
    pub fn flags(&self, mailbox: &str, uid: u32) -> Vec<String> {
        let mails = self.mails(mailbox);
        mails.iter().filter(|mail| mail.uid == uid).flat_map(|mail| mail.flags.clone()).collect()
    }

    /// Every line that clients have sent, without tags.
    pub fn commands(&self) -> Vec<String> {
        self.shared.state().commands.clone()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }
}
