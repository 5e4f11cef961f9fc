//! What a mail of the story looks like before it is sent: new, an answer, an automatic answer, a delivery report.

use anyhow::{Context as _, Result};

use crate::{MailText, StoredMail, mail::bare_address};

/// One mail of the story, as data.
#[derive(Debug, Clone, Copy)]
pub struct Letter {
    /// Its From.
    pub from: &'static str,
    /// Why it is written.
    pub occasion: Occasion,
    /// Whether the receiving server has authenticated its sender.
    pub is_authenticated: bool,
    /// What it says.
    pub text: &'static str,
}

/// Why a mail is written. A mail that is referred to goes by the name the story gave it.
#[derive(Debug, Clone, Copy)]
pub enum Occasion {
    /// Out of the blue.
    New { subject: &'static str },
    /// A person answers, with the mail quoted below.
    Answer { to: &'static str },
    /// A program answers that the person is away.
    OutOfOffice { to: &'static str },
    /// The recipient's server says that a mail cannot be delivered (RFC 3464).
    DeliveryReport { of: &'static str, reason: &'static str },
    /// Somebody else uses a name that is not theirs.
    Forged { envelope_from: &'static str, subject: &'static str },
}

/// Where customers write to.
pub const DESK: &str = "support@desk.test";

impl Letter {
    /// Writes the mail; `find` knows the mails that have names.
    pub fn write<'a>(&self, find: impl Fn(&str) -> Option<&'a StoredMail>) -> Result<MailText> {
        let named = |name: &str| find(name).with_context(|| format!("there is no “{name}” to refer to"));
        let mail = match self.occasion {
            Occasion::New { subject } => MailText::new(self.from, DESK, subject, self.text),
            Occasion::Answer { to } => {
                let mail = named(to)?;
                MailText::reply(self.from, mail, self.text).quoting(mail)
            }
            Occasion::OutOfOffice { to } => {
                let mail = named(to)?;
                MailText::reply(self.from, mail, self.text)
                    .header("Subject", &format!("Out of office: {}", mail.subject()))
                    .header("Auto-Submitted", "auto-replied")
                    .header("X-Auto-Response-Suppress", "All")
                    .envelope_from("")
            }
            Occasion::DeliveryReport { of, reason } => self.delivery_report(named(of)?, reason),
            Occasion::Forged { envelope_from, subject } => {
                MailText::new(self.from, DESK, subject, self.text).envelope_from(envelope_from)
            }
        };
        Ok(if self.is_authenticated { mail.authenticated() } else { mail })
    }

    fn delivery_report(&self, returned: &StoredMail, reason: &str) -> MailText {
        let recipient = returned.address("To").unwrap_or_default();
        // Servers report to the envelope's sender; who has none is not told in life, and is told here all the same.
        let sender = returned.address("Return-Path").filter(|path| !path.trim_matches(['<', '>']).is_empty());
        let sender = sender.or_else(|| returned.address("From")).unwrap_or_else(|| DESK.to_owned());
        let raw = String::from_utf8_lossy(&returned.raw);
        let head = raw.split("\r\n\r\n").next().unwrap_or_default();
        let body = format!(
            "--report\n\
             Content-Type: text/plain; charset=utf-8\n\n\
             {text}\n\n\
             <{recipient}>: {reason}\n\n\
             --report\n\
             Content-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; mx.carols.test\n\n\
             Final-Recipient: rfc822; {recipient}\n\
             Action: failed\n\
             Status: 5.1.1\n\
             Diagnostic-Code: smtp; {reason}\n\n\
             --report\n\
             Content-Type: text/rfc822-headers\n\n\
             {head}\n\n\
             --report--\n",
            text = self.text,
        );
        MailText::new(self.from, bare_address(&sender), "Undelivered Mail Returned to Sender", &body)
            .header("Content-Type", "multipart/report; report-type=delivery-status; boundary=\"report\"")
            .header("Auto-Submitted", "auto-replied")
            .envelope_from("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredMail {
        let raw = "Return-Path: <support+k@desk.test>\nFrom: Desk <support@desk.test>\nTo: Carol <carol@desk.test>\n\
                   Subject: Export [PR-1003]\nMessage-ID: <pr.1@desk.test>\n\nHello\n";
        StoredMail { uid: 1, flags: Vec::new(), raw: raw.replace('\n', "\r\n").into_bytes() }
    }

    fn letter(occasion: Occasion) -> Letter {
        Letter { from: "MAILER-DAEMON@mx.carols.test", occasion, is_authenticated: false, text: "Sorry." }
    }

    #[test]
    fn a_delivery_report_goes_to_the_return_path_and_returns_the_headers() {
        let mail = stored();
        let occasion = Occasion::DeliveryReport { of: "answer", reason: "550 5.1.1 no such user" };
        let report = letter(occasion).write(|_| Some(&mail)).unwrap();
        assert_eq!((report.envelope_from.as_str(), report.envelope_to.as_str()), ("", "support+k@desk.test"));
        let text = String::from_utf8(report.bytes()).unwrap();
        assert!(text.contains("\r\nFinal-Recipient: rfc822; carol@desk.test\r\nAction: failed\r\n"), "{text}");
        assert!(text.contains("\r\nMessage-ID: <pr.1@desk.test>\r\n\r\n--report--"), "{text}");
        assert!(text.starts_with("Date: ") && !text.contains("\r\n \r\n"), "{text}");
    }

    #[test]
    fn an_answer_to_a_mail_that_never_came_says_which() {
        let error = letter(Occasion::Answer { to: "the notice" }).write(|_| None).unwrap_err();
        assert_eq!(error.to_string(), "there is no “the notice” to refer to");
    }
}
