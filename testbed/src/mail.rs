//! Mails as people and machines write them: a few headers, a text, raw bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Zoned;

use crate::{bed::DOMAIN, imap::StoredMail};

/// One mail that is being written.
#[derive(Debug, Clone)]
pub struct MailText {
    /// The envelope's sender; empty for the null reverse-path.
    pub envelope_from: String,
    /// The envelope's recipient.
    pub envelope_to: String,
    /// The Message-ID, without brackets.
    pub message_id: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Counts the mails of this process, so that each gets an id of its own.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

impl MailText {
    /// A mail from one address to another; `from` may carry a display name.
    pub fn new(from: &str, to: &str, subject: &str, body: &str) -> Self {
        let now = now();
        let bare = bare_address(from);
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let domain = bare.rsplit_once('@').map_or(DOMAIN, |(_, domain)| domain);
        let message_id = format!("{}.{number}.{}@{domain}", now.timestamp().as_millisecond(), std::process::id());
        let headers = [
            ("Date", now.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()),
            ("From", from.to_owned()),
            ("To", to.to_owned()),
            ("Subject", subject.to_owned()),
            ("Message-ID", format!("<{message_id}>")),
            ("MIME-Version", "1.0".to_owned()),
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "8bit".to_owned()),
        ];
        Self {
            envelope_from: bare.to_owned(),
            envelope_to: bare_address(to).to_owned(),
            message_id,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: body.to_owned(),
        }
    }

    /// An answer to a mail, as a mail client writes it: to its Reply-To or From, on its thread, under its subject.
    pub fn reply(from: &str, to: &StoredMail, body: &str) -> Self {
        let address = to.address("Reply-To").or_else(|| to.address("From")).unwrap_or_default();
        let subject = to.subject();
        let subject = if subject.to_lowercase().starts_with("re:") { subject } else { format!("Re: {subject}") };
        let chain = to.header("References").unwrap_or_default();
        let id = format!("<{}>", to.message_id());
        Self::new(from, &address, &subject, body)
            .header("In-Reply-To", &id)
            .header("References", format!("{chain} {id}").trim_start())
    }

    /// Appends the mail that is answered, as clients quote it.
    pub fn quoting(mut self, mail: &StoredMail) -> Self {
        let from = mail.header("From").unwrap_or_default();
        self.body.push_str(&format!("\n\nOn {}, {from} wrote:\n", mail.header("Date").unwrap_or_default()));
        for line in mail.text().lines() {
            self.body.push_str(if line.is_empty() { ">" } else { "> " });
            self.body.push_str(line.trim_end());
            self.body.push('\n');
        }
        self
    }

    /// Sets a header, in the place of one of that name or after the others.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match self.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value.to_owned(),
            None => self.headers.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Adds what a receiving server writes on top of a mail whose sender it has authenticated (RFC 8601).
    pub fn authenticated(mut self) -> Self {
        let from = self.headers.iter().find(|(name, _)| name == "From").map_or("", |(_, value)| value);
        let domain = bare_address(from).rsplit_once('@').map_or(DOMAIN, |(_, domain)| domain);
        let value = format!("mx.{DOMAIN}; dmarc=pass header.from={domain}");
        self.headers.insert(0, ("Authentication-Results".to_owned(), value));
        self
    }

    /// Sends it with another envelope sender; empty for the null reverse-path.
    pub fn envelope_from(mut self, sender: &str) -> Self {
        self.envelope_from = sender.to_owned();
        self
    }

    /// The bytes to send, lines ended as RFC 5322 §2.1 wants.
    pub fn bytes(&self) -> Vec<u8> {
        let head: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {}\n", encoded(name, value))).collect();
        let text = format!("{head}\n{}", self.body);
        text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
    }
}

/// The address without display name and brackets.
pub fn bare_address(text: &str) -> &str {
    text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(text, |(address, _)| address).trim()
}

/// Writes a header's words outside ASCII as RFC 2047 wants them.
fn encoded(name: &str, value: &str) -> String {
    if value.is_ascii() || !name.eq_ignore_ascii_case("Subject") {
        return value.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in value.chars() {
        // An encoded word may have 75 characters (RFC 2047 §2).
        if word.len() + letter.len_utf8() > 42 {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let encode = |word: &String| format!("=?utf-8?B?{}?=", data_encoding::BASE64.encode(word.as_bytes()));
    words.iter().map(encode).collect::<Vec<_>>().join("\n ")
}

/// People write their mails now.
fn now() -> Zoned {
    Zoned::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(raw: &str) -> StoredMail {
        StoredMail { uid: 1, flags: Vec::new(), raw: raw.replace('\n', "\r\n").into_bytes() }
    }

    #[test]
    fn a_reply_goes_where_the_mail_says_and_stays_on_its_thread() {
        let notification = stored(
            "From: Desk <support@desk.test>\nReply-To: <support+k@desk.test>\nSubject: Down [PR-1001]\n\
             Message-ID: <b@x>\nReferences: <a@x>\nDate: today\n\nFirst line\n\nlast line\n",
        );
        let reply = MailText::reply("Tessa <tessa@desk.test>", &notification, "On it.").quoting(&notification);
        assert_eq!(reply.envelope_to, "support+k@desk.test");
        let text = String::from_utf8(reply.bytes()).unwrap();
        assert!(text.contains("\r\nSubject: Re: Down [PR-1001]\r\n"), "{text}");
        assert!(text.contains("\r\nIn-Reply-To: <b@x>\r\nReferences: <a@x> <b@x>\r\n"), "{text}");
        let quoted = "On it.\r\n\r\nOn today, Desk <support@desk.test> wrote:\r\n> First line\r\n>\r\n> last line\r\n";
        assert!(text.ends_with(quoted), "{text}");
    }

    #[test]
    fn an_authenticated_mail_says_so_in_its_first_line() {
        let mail = MailText::new("Ann <ann@desk.test>", "support@desk.test", "x", "y").authenticated();
        let expected = b"Authentication-Results: mx.desk.test; dmarc=pass header.from=desk.test\r\n";
        assert!(mail.bytes().starts_with(expected));
    }

    #[test]
    fn a_subject_in_any_language_comes_back_as_it_was() {
        let subject = "Größere Störung: über 900 Anfragen schlagen fehl – seit heute früh";
        let mail = MailText::new("ann@desk.test", "support@desk.test", subject, "y");
        assert!(mail.bytes().is_ascii());
        let back = StoredMail { uid: 1, flags: Vec::new(), raw: mail.bytes() };
        assert_eq!(back.subject(), subject);
    }
}
