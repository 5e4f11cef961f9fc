//! A small blocking IMAP client, for the people of a test and their mailboxes.
//!
//! It reads raw responses with their literals and understands of them what a test needs. It speaks plain text,
//! which is fine on loopback and nowhere else.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

mod response;
mod stored;

use response::Line;
pub use stored::StoredMail;

use crate::wait::wait_until;

/// The longest a server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What SELECT says about a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selected {
    /// How many mails there are.
    pub exists: u32,
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: u32,
    /// The UID the next mail will get.
    pub uid_next: u32,
}

/// One IMAP session.
#[derive(Debug)]
pub struct Imap {
    stream: BufReader<TcpStream>,
    tag: u32,
    user: String,
}

impl Imap {
    /// Connects and logs in.
    pub fn log_in(address: SocketAddr, user: &str, password: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to IMAP at {address}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut imap = Self { stream: BufReader::new(stream), tag: 0, user: user.to_owned() };
        let greeting = imap.read_line().context("waiting for the IMAP greeting")?;
        if !greeting.text.starts_with("* OK") {
            bail!("the IMAP server greets with {:?}", greeting.text);
        }
        imap.command(&format!("LOGIN {} {}", quoted(user), quoted(password)))?;
        Ok(imap)
    }

    /// Sends one command and returns the untagged lines of its answer; `NO` and `BAD` are errors.
    pub fn command(&mut self, command: &str) -> Result<Vec<String>> {
        Ok(self.exchange(command.as_bytes())?.into_iter().map(|line| line.text).collect())
    }

    fn exchange(&mut self, command: &[u8]) -> Result<Vec<Line>> {
        let tag = self.send(command)?;
        let shown = verb_of(command);
        self.read_until_tagged(&tag, &shown).with_context(|| format!("{shown} as {}", self.user))
    }

    fn send(&mut self, command: &[u8]) -> Result<String> {
        self.tag += 1;
        let tag = format!("a{}", self.tag);
        let stream = self.stream.get_mut();
        stream.write_all(&[tag.as_bytes(), b" ", command, b"\r\n"].concat())?;
        Ok(tag)
    }

    fn read_until_tagged(&mut self, tag: &str, shown: &str) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        loop {
            let line = self.read_line()?;
            match line.text.strip_prefix(tag).map(str::trim_start) {
                Some(status) if status.starts_with("OK") => return Ok(lines),
                Some(status) => bail!("the IMAP server answers {shown} with {status}"),
                None => lines.push(line),
            }
        }
    }

    fn read_line(&mut self) -> Result<Line> {
        let mut line = Line::default();
        loop {
            let mut bytes = Vec::new();
            if self.stream.read_until(b'\n', &mut bytes)? == 0 {
                bail!("the IMAP server hung up");
            }
            let text = String::from_utf8_lossy(&bytes);
            line.text.push_str(text.trim_end_matches(['\r', '\n']));
            let Some(size) = line.announced_literal() else { return Ok(line) };
            let mut literal = vec![0; size];
            self.stream.read_exact(&mut literal)?;
            line.literals.push(literal);
        }
    }

    /// Opens a mailbox.
    pub fn select(&mut self, mailbox: &str) -> Result<Selected> {
        let lines = self.exchange(format!("SELECT {}", quoted(mailbox)).as_bytes())?;
        Ok(response::selected(&lines))
    }

    /// Finds mails and returns their UIDs.
    pub fn uid_search(&mut self, criteria: &str) -> Result<Vec<u32>> {
        let lines = self.exchange(format!("UID SEARCH {criteria}").as_bytes())?;
        Ok(response::search(&lines))
    }

    /// Fetches whole mails by UID set, without marking them as seen.
    pub fn uid_fetch(&mut self, set: &str) -> Result<Vec<StoredMail>> {
        let lines = self.exchange(format!("UID FETCH {set} (UID FLAGS BODY.PEEK[])").as_bytes())?;
        Ok(response::fetched(lines))
    }

    /// Every mail in the selected mailbox.
    pub fn all(&mut self) -> Result<Vec<StoredMail>> {
        self.uid_fetch("1:*")
    }

    /// Changes flags: `set` is a UID set, `change` is like `+FLAGS (\Deleted)`.
    pub fn uid_store(&mut self, set: &str, change: &str) -> Result<()> {
        self.exchange(format!("UID STORE {set} {change}").as_bytes()).map(drop)
    }

    /// Removes the mails flagged as deleted.
    pub fn expunge(&mut self) -> Result<()> {
        self.exchange(b"EXPUNGE").map(drop)
    }

    /// Creates a mailbox.
    pub fn create(&mut self, mailbox: &str) -> Result<()> {
        self.exchange(format!("CREATE {}", quoted(mailbox)).as_bytes()).map(drop)
    }

    /// Removes a mailbox and what is in it.
    pub fn delete(&mut self, mailbox: &str) -> Result<()> {
        self.exchange(format!("DELETE {}", quoted(mailbox)).as_bytes()).map(drop)
    }

    /// The names of all mailboxes.
    pub fn list(&mut self) -> Result<Vec<String>> {
        let lines = self.exchange(b"LIST \"\" \"*\"")?;
        Ok(response::listed(&lines))
    }

    /// Puts mails into a mailbox, in one command with literals that need no consent (RFC 3502, RFC 7888).
    pub fn append(&mut self, mailbox: &str, mails: &[&[u8]]) -> Result<()> {
        let mut command = format!("APPEND {}", quoted(mailbox)).into_bytes();
        for mail in mails {
            command.extend_from_slice(format!(" {{{}+}}\r\n", mail.len()).as_bytes());
            command.extend_from_slice(mail);
        }
        self.exchange(&command).map(drop)
    }

    /// Idles until the server tells of a mail that arrived (`EXISTS`), and says how long that took.
    pub fn idle_until_mail(&mut self, limit: Duration) -> Result<Duration> {
        let begun = Instant::now();
        let tag = self.send(b"IDLE")?;
        let outcome = self.idle_lines(begun + limit);
        self.stream.get_ref().set_read_timeout(Some(PATIENCE))?;
        let took = begun.elapsed();
        self.stream.get_mut().write_all(b"DONE\r\n")?;
        self.read_until_tagged(&tag, "IDLE")?;
        if !outcome? {
            bail!("waited {:.1} s in vain for new mail of {}", limit.as_secs_f64(), self.user);
        }
        Ok(took)
    }

    fn idle_lines(&mut self, end: Instant) -> Result<bool> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.stream.get_ref().set_read_timeout(Some(left))?;
            // The wait is for a whole line, so only one that has not begun may time out.
            match self.stream.fill_buf() {
                Ok([]) => bail!("the IMAP server hung up while idle"),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
            self.stream.get_ref().set_read_timeout(Some(PATIENCE))?;
            if self.read_line()?.text.ends_with(" EXISTS") {
                return Ok(true);
            }
        }
    }

    /// Waits for a mail in the selected mailbox that `is_it`; `what` says in the error what was waited for.
    pub fn wait_for_mail(
        &mut self,
        what: &str,
        limit: Duration,
        mut is_it: impl FnMut(&StoredMail) -> bool,
    ) -> Result<StoredMail> {
        let mut seen = 0;
        let user = self.user.clone();
        let outcome = wait_until(&format!("{what} in the mailbox of {user}"), limit, || {
            self.command("NOOP")?;
            // `n:*` names the last mail even when its UID is below n.
            let uids = self.uid_search(&format!("UID {}:*", seen + 1))?;
            let known = seen;
            for uid in uids.into_iter().filter(|&uid| uid > known) {
                seen = seen.max(uid);
                if let Some(mail) = self.uid_fetch(&uid.to_string())?.into_iter().find(|mail| is_it(mail)) {
                    return Ok(Some(mail));
                }
            }
            Ok(None)
        });
        outcome.with_context(|| match self.all() {
            Ok(mails) => {
                format!("{user} has: {}", mails.iter().map(StoredMail::subject).collect::<Vec<_>>().join(" | "))
            }
            Err(error) => format!("the mailbox of {user} cannot be listed: {error:#}"),
        })
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The command's first words, for error messages: never a password, never a mail.
fn verb_of(command: &[u8]) -> String {
    let text = String::from_utf8_lossy(&command[..command.len().min(60)]).into_owned();
    let words = if text.starts_with("UID ") { 2 } else { 1 };
    text.split_whitespace().take(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_and_passwords_never_shown() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
        assert_eq!(verb_of(b"LOGIN \"ann\" \"secret\""), "LOGIN");
        assert_eq!(verb_of(b"UID FETCH 1:* (BODY.PEEK[])"), "UID FETCH");
    }
}
