//! One connection to the server: commands in, answers out, faults where they were asked for.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use data_encoding::BASE64;
use jiff::tz::TimeZone;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::{Fault, PASSWORD, Shared, State, StoredMail, USER};

/// Why the conversation ended; a client that went away is no fault of the server.
enum End {
    Closed,
    Io,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        End::Io
    }
}

type Said<T = ()> = Result<T, End>;

pub async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Else each answer of several lines waits for the acknowledgement of its first.
    stream.set_nodelay(true).expect("a connection that stands");
    let (reader, writer) = stream.into_split();
    let (changes, mut kicks) = (shared.changes.subscribe(), shared.kicks.subscribe());
    let mut talk = Talk {
        shared,
        changes,
        reader: BufReader::new(reader),
        writer,
        is_logged_in: false,
        open: None,
        view: Vec::new(),
    };
    tokio::select! {
        _ = kicks.changed() => {}
        _ = talk.converse() => {}
    }
}

struct Talk {
    shared: Arc<Shared>,
    changes: watch::Receiver<u64>,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    is_logged_in: bool,
    /// The open mailbox, and the UIDs of which the client knows, by sequence number.
    open: Option<String>,
    view: Vec<u32>,
}

impl Talk {
    async fn converse(&mut self) -> Said {
        self.say("* OK ready").await?;
        loop {
            let line = self.hear().await?;
            let (tag, command) = line.split_once(' ').ok_or(End::Closed)?;
            self.shared.state().commands.push(command.to_owned());
            let words = words(command.strip_prefix("UID ").unwrap_or(command));
            let name = words[0].to_ascii_uppercase();
            let faults = self.shared.state().faults.clone();
            let is_ours = |fault: &Fault| match fault {
                Fault::Hang(at) | Fault::Bye(at) | Fault::Refuse(at) | Fault::RenumberAt(at) => *at == name,
                _ => false,
            };
            if faults.contains(&Fault::Noise) {
                self.noise().await?;
            }
            match faults.iter().find(|fault| is_ours(fault)) {
                Some(Fault::Hang(_)) => std::future::pending().await,
                Some(Fault::Bye(_)) => {
                    self.say("* BYE going down for maintenance").await?;
                    return Err(End::Closed);
                }
                Some(Fault::Refuse(_)) => {
                    self.say(&format!("{tag} NO not today")).await?;
                    continue;
                }
                Some(Fault::RenumberAt(_)) => {
                    let open = self.open.clone().unwrap_or_else(|| "INBOX".into());
                    self.shared.state().renumber(&open);
                    let now = self.shared.state().mailboxes[&open].uid_validity;
                    self.say(&format!("* OK [UIDVALIDITY {now}] renumbered")).await?;
                }
                _ => {}
            }
            let answer = self.answer(&name, &words[1..], &faults).await?;
            self.tell_changes().await?;
            self.say(&format!("{tag} {answer}")).await?;
            if name == "LOGOUT" {
                return Err(End::Closed);
            }
        }
    }

    /// Does one command and returns its tagged answer.
    async fn answer(&mut self, name: &str, words: &[String], faults: &[Fault]) -> Said<String> {
        Ok(match name {
            "CAPABILITY" => {
                let lacking = self.shared.state().lacking.clone();
                let all = ["IDLE", "MOVE", "UIDPLUS", "AUTH=XOAUTH2"];
                let can: Vec<_> = all.into_iter().filter(|capability| !lacking.contains(capability)).collect();
                self.say(&format!("* CAPABILITY IMAP4rev1 {}", can.join(" "))).await?;
                "OK that is all".into()
            }
            "STARTTLS" => "NO there is no certificate".into(),
            "LOGIN" => {
                self.is_logged_in = words == [USER, PASSWORD];
                if self.is_logged_in { "OK welcome".into() } else { "NO [AUTHENTICATIONFAILED] who are you".into() }
            }
            "AUTHENTICATE" => self.xoauth2().await?,
            "NOOP" => "OK".into(),
            "LOGOUT" => {
                self.say("* BYE so long").await?;
                "OK done".into()
            }
            _ if !self.is_logged_in => "BAD log in first".into(),
            "SELECT" => self.select(&words[0]).await?,
            "CREATE" => {
                self.shared.state().create(&words[0]);
                "OK created".into()
            }
            "IDLE" => self.idle(faults).await?,
            "SEARCH" => {
                let found = self.named(&words[1]);
                self.say(&format!("* SEARCH{}", found.iter().map(|uid| format!(" {uid}")).collect::<String>())).await?;
                "OK searched".into()
            }
            "FETCH" if faults.contains(&Fault::MixFetches) => self.mix_fetches(&words[0], &words[1]).await?,
            "FETCH" => self.fetch(&words[0], &words[1], faults).await?,
            "STORE" => {
                let uids = self.named(&words[0]);
                let flag = words[2].trim_matches(['(', ')']).to_owned();
                self.on_mails(&uids, |mail| mail.flags.insert(flag.clone()));
                "OK stored".into()
            }
            "MOVE" | "COPY" => self.transfer(&words[0], &words[1], name == "MOVE"),
            "EXPUNGE" => {
                let uids = self.named(&words[0]);
                let mut state = self.shared.state();
                if let Some(mailbox) = self.open.as_ref().and_then(|open| state.mailboxes.get_mut(open)) {
                    mailbox.mails.retain(|mail| !uids.contains(&mail.uid) || !mail.flags.contains("\\Deleted"));
                }
                "OK expunged".into()
            }
            _ => "BAD no such command".into(),
        })
    }

    async fn xoauth2(&mut self) -> Said<String> {
        self.say("+ ").await?;
        let given = self.hear().await?;
        let wanted = format!("user={USER}\x01auth=Bearer {PASSWORD}\x01\x01");
        self.is_logged_in = BASE64.decode(given.as_bytes()) == Ok(wanted.into_bytes());
        if self.is_logged_in {
            return Ok("OK welcome".into());
        }
        self.say(&format!("+ {}", BASE64.encode(br#"{"status":"400"}"#))).await?;
        Ok(if self.hear().await?.is_empty() { "NO invalid token".into() } else { "BAD that was not empty".into() })
    }

    async fn select(&mut self, name: &str) -> Said<String> {
        let found = self.shared.state().mailboxes.get(name).map(|mailbox| {
            let uids: Vec<u32> = mailbox.mails.iter().map(|mail| mail.uid).collect();
            (uids, mailbox.uid_validity, mailbox.last_uid + 1)
        });
        let Some((uids, validity, next)) = found else { return Ok("NO no such mailbox".into()) };
        self.say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)").await?;
        self.say(&format!("* {} EXISTS\r\n* 0 RECENT", uids.len())).await?;
        self.say(&format!("* OK [UIDVALIDITY {validity}] valid\r\n* OK [UIDNEXT {next}] next")).await?;
        (self.open, self.view) = (Some(name.to_owned()), uids);
        Ok("OK [READ-WRITE] open".into())
    }

    async fn idle(&mut self, faults: &[Fault]) -> Said<String> {
        self.changes.mark_unchanged();
        self.tell_changes().await?;
        self.say("+ idling").await?;
        if faults.contains(&Fault::CutIdle) {
            return Err(End::Closed);
        }
        loop {
            let mut line = String::new();
            tokio::select! {
                heard = self.reader.read_line(&mut line) => {
                    let is_done = heard? > 0 && line.trim_end() == "DONE";
                    return if is_done { Ok("OK idled".into()) } else { Err(End::Closed) };
                }
                _ = self.changes.changed() => {}
            }
            self.tell_changes().await?;
        }
    }

    async fn fetch(&mut self, set: &str, items: &str, faults: &[Fault]) -> Said<String> {
        let uids = self.named(set);
        for fault in faults {
            match fault {
                Fault::RefuseMail(uid) if uids.contains(uid) => return Ok("NO that mail cannot be read".into()),
                Fault::RefuseBody(uid) if items.contains("BODY") && uids.contains(uid) => {
                    return Ok("NO that mail cannot be read".into());
                }
                Fault::RemoveBeforeFetch(uid) => self.on_open(|mails| mails.retain(|mail| mail.uid != *uid)),
                _ => {}
            }
        }
        let mails = self.stored(set);
        for (count, mail) in mails.iter().enumerate() {
            let is_end = items.contains("BODY") && faults.contains(&Fault::DieAtMail(mail.uid));
            if is_end || (items.contains("BODY") && faults.contains(&Fault::CutFetch(count))) {
                return Err(End::Closed);
            }
            if faults.contains(&Fault::Noise) {
                self.noise().await?;
            }
            self.hand_over(mail, items, faults).await?;
        }
        Ok("OK fetched".into())
    }

    async fn mix_fetches(&mut self, set: &str, items: &str) -> Said<String> {
        let line = self.hear().await?;
        let (tag, command) = line.split_once(' ').ok_or(End::Closed)?;
        let other = words(command.strip_prefix("UID FETCH ").ok_or(End::Closed)?);
        let (first, second) = (self.stored(set), self.stored(&other[0]));
        for place in 0..first.len().max(second.len()) {
            for mail in [second.get(place), first.get(place)].into_iter().flatten() {
                self.hand_over(mail, items, &[]).await?;
            }
        }
        self.say(&format!("{tag} OK fetched")).await?;
        Ok("OK fetched".into())
    }

    fn stored(&self, set: &str) -> Vec<StoredMail> {
        let uids = self.named(set);
        let state = self.shared.state();
        let open = self.open.as_ref().map(|open| &state.mailboxes[open].mails);
        open.into_iter().flatten().filter(|mail| uids.contains(&mail.uid)).cloned().collect()
    }

    async fn hand_over(&mut self, mail: &StoredMail, items: &str, faults: &[Fault]) -> Said {
        let number = self.view.iter().position(|uid| *uid == mail.uid).map_or(1, |place| place + 1);
        let mut answer = format!("* {number} FETCH (UID {}", mail.uid);
        if items.contains("RFC822.SIZE") {
            let claimed = faults.iter().find_map(|fault| match fault {
                Fault::ClaimSize(uid, size) if *uid == mail.uid => Some(*size as usize),
                _ => None,
            });
            answer += &format!(" RFC822.SIZE {}", claimed.unwrap_or(mail.raw.len()));
        }
        if items.contains("INTERNALDATE") {
            let at = mail.received_at.to_zoned(TimeZone::UTC);
            answer += &format!(" INTERNALDATE \"{}\"", at.strftime("%d-%b-%Y %H:%M:%S +0000"));
        }
        let mut literal: &[u8] = b"";
        if items.contains("BODY.PEEK[HEADER]") {
            let end = mail.raw.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(mail.raw.len(), |end| end + 4);
            let most = items.split_once("<0.").and_then(|(_, rest)| rest.trim_end_matches([')', '>']).parse().ok());
            literal = &mail.raw[..end.min(most.unwrap_or(end))];
            answer += &format!(" BODY[HEADER]<0> {{{}}}\r\n", literal.len());
        } else if items.contains("BODY.PEEK[]") {
            literal = &mail.raw;
            answer += &format!(" BODY[] {{{}}}\r\n", literal.len());
        }
        self.writer.write_all(answer.as_bytes()).await?;
        let cut = faults.iter().find(|fault| matches!(fault, Fault::CutLiteral(_)) && !literal.is_empty());
        if let Some(Fault::CutLiteral(after)) = cut {
            self.writer.write_all(&literal[..*after]).await?;
            return Err(End::Closed);
        }
        self.writer.write_all(literal).await?;
        self.say(")").await
    }

    fn transfer(&mut self, set: &str, target: &str, is_move: bool) -> String {
        let uids = self.named(set);
        let mut state = self.shared.state();
        let State { mailboxes, .. } = &mut *state;
        if !mailboxes.contains_key(target) {
            return "NO [TRYCREATE] no such mailbox".into();
        }
        let open = self.open.as_ref().and_then(|open| mailboxes.get_mut(open)).expect("a mailbox is open");
        let moved: Vec<StoredMail> = open.mails.iter().filter(|mail| uids.contains(&mail.uid)).cloned().collect();
        if is_move {
            open.mails.retain(|mail| !uids.contains(&mail.uid));
        }
        let target = mailboxes.get_mut(target).expect("looked up above");
        for mail in moved {
            target.keep(mail.raw, mail.received_at, mail.flags);
        }
        "OK done".into()
    }

    /// Tells the client what has gone and what has come in the open mailbox.
    async fn tell_changes(&mut self) -> Said {
        let Some(open) = &self.open else { return Ok(()) };
        let now: BTreeSet<u32> = self.shared.state().mailboxes[open].mails.iter().map(|mail| mail.uid).collect();
        let gone: Vec<usize> = (0..self.view.len()).filter(|&place| !now.contains(&self.view[place])).collect();
        for place in gone.into_iter().rev() {
            self.view.remove(place);
            self.say(&format!("* {} EXPUNGE", place + 1)).await?;
        }
        if now.len() > self.view.len() {
            self.view = now.into_iter().collect();
            self.say(&format!("* {} EXISTS", self.view.len())).await?;
        }
        Ok(())
    }

    async fn noise(&mut self) -> Said {
        self.say("* OK still here\r\n* 1 FETCH (FLAGS (\\Seen $Forwarded) UID 1 MODSEQ (77))\r\n* 0 RECENT").await
    }

    /// The UIDs of the open mailbox that a set names. `n:*` always names the last mail (RFC 3501 §6.4.8).
    fn named(&self, set: &str) -> BTreeSet<u32> {
        let state = self.shared.state();
        let Some(mailbox) = self.open.as_ref().map(|open| &state.mailboxes[open]) else { return BTreeSet::new() };
        let last = mailbox.mails.last().map_or(0, |mail| mail.uid);
        let number = |text: &str| if text == "*" { last } else { text.parse().unwrap_or(0) };
        let ranges = set.split(',').map(|member| member.split_once(':').unwrap_or((member, member)));
        let ranges: Vec<(u32, u32)> = ranges.map(|(a, b)| (number(a), number(b))).collect();
        let uids = mailbox.mails.iter().map(|mail| mail.uid);
        uids.filter(|uid| ranges.iter().any(|(a, b)| (a.min(b)..=a.max(b)).contains(&uid))).collect()
    }

    fn on_open(&mut self, change: impl FnOnce(&mut Vec<StoredMail>)) {
        let mut state = self.shared.state();
        if let Some(mailbox) = self.open.as_ref().and_then(|open| state.mailboxes.get_mut(open)) {
            change(&mut mailbox.mails);
        }
    }

    fn on_mails<T>(&mut self, uids: &BTreeSet<u32>, mut change: impl FnMut(&mut StoredMail) -> T) {
        self.on_open(|mails| {
            for mail in mails.iter_mut().filter(|mail| uids.contains(&mail.uid)) {
                change(mail);
            }
        });
    }

    async fn hear(&mut self) -> Said<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line).await? == 0 {
            return Err(End::Closed);
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    async fn say(&mut self, text: &str) -> Said {
        self.writer.write_all(format!("{text}\r\n").as_bytes()).await?;
        Ok(())
    }
}

/// The words of a command; what is quoted or in parentheses is one word.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut is_quoted, mut depth) = (false, 0);
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_quoted => word.extend(chars.next()),
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted && depth == 0 => words.push(std::mem::take(&mut word)),
            _ => {
                depth += i32::from(c == '(') - i32::from(c == ')');
                word.push(c);
            }
        }
    }
    words.push(word);
    words
}
