//! A mail as it lies in a mailbox, and what a test asks about it.

use mail_parser::MessageParser;

/// One mail of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMail {
    /// Its UID.
    pub uid: u32,
    /// Its flags.
    pub flags: Vec<String>,
    /// Its bytes.
    pub raw: Vec<u8>,
}

impl StoredMail {
    /// The first header of that name, unfolded and as it stands otherwise.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.raw);
        let head = head.split("\r\n\r\n").next()?;
        let mut lines = head.split("\r\n").skip_while(|line| !is_header(line, name));
        let mut value = lines.next()?[name.len() + 1..].trim().to_owned();
        for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
            value.push(' ');
            value.push_str(line.trim());
        }
        Some(value)
    }

    /// The subject, decoded.
    pub fn subject(&self) -> String {
        let parsed = MessageParser::new().parse(&self.raw);
        parsed.and_then(|message| message.subject().map(str::to_owned)).unwrap_or_default()
    }

    /// The Message-ID, without its brackets.
    pub fn message_id(&self) -> String {
        self.header("Message-ID").unwrap_or_default().trim_matches(['<', '>']).to_owned()
    }

    /// The text, decoded; of an HTML mail, its words.
    pub fn text(&self) -> String {
        let parsed = MessageParser::new().parse(&self.raw);
        parsed.and_then(|message| message.body_text(0).map(|text| text.into_owned())).unwrap_or_default()
    }

    /// The bare address in the first header of that name.
    pub fn address(&self, name: &str) -> Option<String> {
        let value = self.header(name)?;
        let bare = value.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(address, _)| address);
        Some(bare.unwrap_or(&value).trim().to_owned())
    }
}

fn is_header(line: &str, name: &str) -> bool {
    line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_unfolded_and_texts_decoded() {
        let raw = b"Subject: =?utf-8?q?Caf=C3=A9?=\r\nReply-To: Desk\r\n <a+b@desk.test>\r\nmessage-id: <x@y>\r\n\
            Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nna=C3=AFve\r\n";
        let mail = StoredMail { uid: 1, flags: Vec::new(), raw: raw.to_vec() };
        assert_eq!(mail.subject(), "Café");
        assert_eq!(mail.header("reply-to").as_deref(), Some("Desk <a+b@desk.test>"));
        assert_eq!(mail.address("Reply-To").as_deref(), Some("a+b@desk.test"));
        assert_eq!(mail.message_id(), "x@y");
        assert_eq!(mail.text().trim(), "naïve");
        assert_eq!(mail.header("X-Absent"), None);
    }
}
