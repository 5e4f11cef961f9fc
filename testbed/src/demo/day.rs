//! Plays the story: sends each mail, watches what comes of it, says so, and keeps what did not happen.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::{
    gateway::{Gateway, InboxRow},
    screen::{Screen, Tone},
    story::{Act, Then},
};
use crate::{Imap, MailBed, StoredMail, mail::bare_address, wait::wait_until};

/// How long each expected thing may take. All of them are matters of a second; a busy machine may need more.
const LIMIT: Duration = Duration::from_secs(20);
/// How long once so many things have not happened that the rest is only looked at.
const SHORT_LIMIT: Duration = Duration::from_secs(3);
/// How many that is.
const MANY_FAILURES: usize = 3;

/// A day that is being played.
pub struct Day<'a> {
    bed: &'a mut MailBed,
    gateway: &'a Gateway,
    screen: Screen,
    /// The mails that later ones refer to, sent and received, by the names the story gives them.
    mails: HashMap<&'static str, StoredMail>,
    /// One session for each mailbox that is watched.
    mailboxes: HashMap<&'static str, Imap>,
    /// Inbox rows, and mails in people's mailboxes, that earlier acts have used up.
    known_rows: HashSet<String>,
    known_mails: HashSet<(&'static str, u32)>,
    number: usize,
    failures: Vec<String>,
}

impl<'a> Day<'a> {
    /// A day at its beginning.
    pub fn new(bed: &'a mut MailBed, gateway: &'a Gateway, screen: Screen) -> Result<Self> {
        let day = Self {
            bed,
            gateway,
            screen,
            mails: HashMap::new(),
            mailboxes: HashMap::new(),
            known_rows: HashSet::new(),
            known_mails: HashSet::new(),
            number: 0,
            failures: Vec::new(),
        };
        // Before its first pass Postroom may still be making its database.
        wait_until("postroom to show its inbox", LIMIT, || {
            day.gateway.check_running(day.bed)?;
            Ok(day.gateway.inbox().ok())
        })?;
        Ok(day)
    }

    /// Plays one act. What does not happen is kept; only what makes going on pointless is an error.
    pub fn play(&mut self, act: &'static Act) -> Result<()> {
        self.number += 1;
        let before = self.failures.len();
        if let Err(error) = self.try_act(act) {
            self.failed(act, &format!("{error:#}"));
        }
        if self.failures.len() > before {
            self.gateway.check_running(self.bed)?;
        }
        Ok(())
    }

    fn try_act(&mut self, act: &'static Act) -> Result<()> {
        let mail = act.letter.write(|name| self.mails.get(name));
        let mail = mail.with_context(|| format!("{} {} cannot be played", act.who, act.title))?;
        let sent = StoredMail { uid: 0, flags: Vec::new(), raw: mail.bytes() };
        let subject = sent.subject();
        self.screen.mail(self.number, act.who, act.title, &subject);
        self.bed.send(&mail.envelope_from, &[&mail.envelope_to], &sent.raw)?;
        let sent_at = Instant::now();
        self.mails.insert(act.name, sent);

        let row = self.wait_for_row(&subject)?;
        let became = row.outcome.unwrap_or_default();
        let shown = format!(
            "became {} {} after {:.1} s",
            self.screen.paint(Tone::Strong, &became),
            row.ticket.as_deref().unwrap_or("(no ticket)"),
            sent_at.elapsed().as_secs_f64()
        );
        self.check(act, &shown, || {
            ensure!(became == act.outcome, "became {became}, and should have become {}", act.outcome);
            let on = row.ticket.as_deref();
            ensure!(act.ticket.is_none() || on == act.ticket, "is on {on:?}, and should be on {:?}", act.ticket);
            Ok(())
        });
        for then in act.then {
            match self.try_then(then) {
                Ok(text) => self.screen.happened(&text),
                Err(error) => self.failed(act, &format!("{error:#}")),
            }
        }
        Ok(())
    }

    fn try_then(&mut self, then: &'static Then) -> Result<String> {
        match *then {
            Then::Gets { who, name, says, hides, answers } => {
                let mail = self.wait_for_mail(who, name, says)?;
                let subject = mail.subject();
                let whole = format!("{} {}", String::from_utf8_lossy(&mail.raw), mail.text()).to_lowercase();
                for word in hides {
                    ensure!(!whole.contains(&word.to_lowercase()), "the {name} that {who} got has “{word}” in it");
                }
                if let Some(answered) = answers {
                    let expected = self.mails.get(answered).map(StoredMail::message_id).unwrap_or_default();
                    let found = mail.header("In-Reply-To").unwrap_or_default();
                    ensure!(
                        found.contains(&expected),
                        "the {name} that {who} got answers {found} and not the {answered} (<{expected}>)"
                    );
                }
                self.mails.insert(name, mail);
                Ok(format!("{} gets the {name}: “{subject}”", named(who)))
            }
            Then::GetsNothing { who } => {
                self.wait_for_quiet()?;
                let extra: Vec<_> = self.unknown_mails(who)?.iter().map(StoredMail::subject).collect();
                ensure!(extra.is_empty(), "{who} should have got nothing, and got: {}", extra.join(" | "));
                Ok(format!("{} gets no mail for it", named(who)))
            }
            Then::Ticket { ticket, field, is } => {
                let found = self.gateway.ticket_field(ticket, field)?;
                ensure!(found.eq_ignore_ascii_case(is), "{ticket} has the {field} {found}, and should have {is}");
                Ok(format!("{ticket} has the {field} {is}"))
            }
        }
    }

    fn limit(&self) -> Duration {
        if self.failures.len() < MANY_FAILURES { LIMIT } else { SHORT_LIMIT }
    }

    /// Waits until the inbox shows a mail of that subject that no earlier act has sent, and what became of it.
    fn wait_for_row(&mut self, subject: &str) -> Result<InboxRow> {
        let row = wait_until(&format!("“{subject}” to become something in the inbox"), self.limit(), || {
            self.gateway.check_running(self.bed)?;
            let rows = self.gateway.inbox()?;
            Ok(rows
                .into_iter()
                .find(|row| row.outcome.is_some() && row.subject == subject && !self.known_rows.contains(&row.id)))
        })?;
        self.known_rows.insert(row.id.clone());
        Ok(row)
    }

    /// Waits for a mail with all those words that no earlier step has used up.
    fn wait_for_mail(&mut self, who: &'static str, name: &str, says: &[&str]) -> Result<StoredMail> {
        let mut last = Vec::new();
        let found = wait_until(&format!("{who} to get the {name} with {says:?}"), self.limit(), || {
            last = self.unknown_mails(who)?;
            Ok(last.iter().find(|mail| has_words(mail, says)).cloned())
        });
        let mail = found.with_context(|| {
            let others: Vec<_> = last.iter().map(StoredMail::subject).collect();
            if others.is_empty() { format!("{who} got nothing") } else { format!("{who} got: {}", others.join(" | ")) }
        })?;
        self.known_mails.insert((who, mail.uid));
        Ok(mail)
    }

    fn unknown_mails(&mut self, who: &'static str) -> Result<Vec<StoredMail>> {
        if !self.mailboxes.contains_key(who) {
            self.mailboxes.insert(who, self.bed.mailbox(who)?);
        }
        let mailbox = self.mailboxes.get_mut(who).context("the mailbox was opened just now")?;
        mailbox.command("NOOP")?;
        let known = &self.known_mails;
        Ok(mailbox.all()?.into_iter().filter(|mail| !known.contains(&(who, mail.uid))).collect())
    }

    /// Waits until the outbox is empty, so that what was not sent by then will not be sent.
    fn wait_for_quiet(&mut self) -> Result<()> {
        wait_until("the outbox to be empty", self.limit(), || Ok((self.gateway.unsent_count()? == 0).then_some(())))
    }

    /// Expects exactly as many inbox rows as mails were sent: none lost, none twice.
    pub fn count_the_mails(&mut self, expected: usize) {
        let counted = self.gateway.inbox().map(|rows| rows.len());
        match counted {
            Ok(count) if count == expected => {
                println!();
                self.screen.happened(&format!("{expected} mails sent, {count} in the inbox: none lost, none twice"));
            }
            Ok(count) => self.failures.push(format!("{expected} mails were sent, and {count} are in the inbox")),
            Err(error) => self.failures.push(format!("the inbox cannot be counted: {error:#}")),
        }
    }

    /// A mail by the name the story gave it.
    pub fn mail(&self, name: &str) -> Option<&StoredMail> {
        self.mails.get(name)
    }

    /// What did not happen.
    pub fn failures(self) -> Vec<String> {
        self.failures
    }

    fn check(&mut self, act: &Act, shown: &str, check: impl FnOnce() -> Result<()>) {
        match check() {
            Ok(()) => self.screen.happened(shown),
            Err(error) => self.failed(act, &format!("{error:#}")),
        }
    }

    fn failed(&mut self, act: &Act, what: &str) {
        self.screen.did_not_happen(what);
        let number = self.number;
        self.failures.push(format!("{number}. {} ({}): {what}", act.name, bare_address(act.letter.from)));
    }
}

/// A user's name as people write it.
fn named(user: &str) -> String {
    let mut letters = user.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether subject and text have all the words, whatever the case of their letters and the breaks of their lines.
fn has_words(mail: &StoredMail, words: &[&str]) -> bool {
    let text = format!("{} {}", mail.subject(), mail.text()).to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_across_line_breaks_and_whatever_their_case() {
        let raw = b"Subject: Re: Down [PR-1001]\r\n\r\nmoving traffic\r\naway from it\r\n".to_vec();
        let mail = StoredMail { uid: 1, flags: Vec::new(), raw };
        let cases = [
            ("subject and text", vec!["pr-1001", "Moving"], true),
            ("across a break", vec!["traffic away"], true),
            ("one is missing", vec!["PR-1001", "towards"], false),
        ];
        for (name, words, expected) in cases {
            assert_eq!(has_words(&mail, &words), expected, "{name}");
        }
    }
}
