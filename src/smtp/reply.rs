//! What a reply of an SMTP server means (pure): its code, its enhanced code, and whether to try again.
//!
//! In: the bytes that the server sent. Out: [`Reply`]s, and for each phase of a session the [`Meaning`] of one.

use super::Phase;
use std::fmt;

/// The longest text of a reply that is kept, in bytes.
const TEXT_LIMIT_BYTES: usize = 500;

/// One reply of the server, its lines joined.
///
/// `Display` shows the whole of it, which often includes addresses: for people, not for logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits (RFC 5321 §4.2).
    pub code: u16,
    /// The enhanced status code, if there is one that agrees with `code` (RFC 2034 §4).
    pub enhanced: Option<EnhancedCode>,
    /// The server's words on one line, without the codes, cut to a sensible length.
    pub text: String,
}

/// An enhanced status code, such as `5.1.1` (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnhancedCode {
    /// 2 success, 4 transient, 5 permanent.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The particular condition.
    pub detail: u16,
}

/// What a reply means for the mail, or for the session when there is no mail yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The step is done.
    Done,
    /// The server waits for more: the content after `DATA`, the next step of a login.
    GoOn,
    /// Not now (4yz).
    Transient,
    /// Not this mail, ever (5yz).
    Permanent,
    /// A login is missing or was refused: nothing that this mail could help.
    Login,
    /// The server will not have us at all: nothing that this mail could help.
    Unwelcome,
}

impl Reply {
    /// What this reply means as the answer to `phase`.
    ///
    /// The first digit decides (RFC 5321 §4.2.1). What stands before it are the replies that do not speak of
    /// the mail although they begin with a 5.
    pub(super) fn meaning(&self, phase: Phase) -> Meaning {
        let about_mail = matches!(phase, Phase::Mail | Phase::Rcpt | Phase::Data | Phase::Content);
        match (phase, self.code) {
            (_, 200..=299) => Meaning::Done,
            (_, 300..=399) => Meaning::GoOn,
            (_, 400..=499) => Meaning::Transient,
            (Phase::Auth, _) => Meaning::Login,
            (_, _) if !about_mail => Meaning::Unwelcome,
            // RFC 4954 §6: 530 authentication required, 534 and 538 mechanism too weak, 535 credentials invalid.
            (_, 530 | 534 | 535 | 538) => Meaning::Login,
            // A bad sequence of commands: the session is out of step, the mail is not to blame. Some servers also
            // ask for a login in this way.
            (_, 503) => Meaning::Transient,
            // RFC 5321 §4.5.3.1.10: some servers say 552 where 452, too many recipients, is meant. With an
            // enhanced code they have said which of the two it is: `5.2.2`, a full mailbox, is permanent.
            (Phase::Rcpt, 552) if self.enhanced.is_none_or(|e| (e.subject, e.detail) == (5, 3)) => Meaning::Transient,
            _ => Meaning::Permanent,
        }
    }

    /// Whether the server closes the connection after this reply (RFC 5321 §3.8), or it is of no more use.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self.code, 421 | 221 | 503)
    }

    /// Whether this is a 4yz or a 5yz.
    pub(super) fn is_refusal(&self) -> bool {
        self.code >= 400
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        if !self.text.is_empty() {
            write!(f, " {}", self.text)?;
        }
        Ok(())
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// All complete replies in `bytes`, in order, and the bytes after them, which are no complete reply.
///
/// More lenient than the grammar where servers are: a line may be the code alone, may end in a bare LF, and
/// may be in any character set.
pub(super) fn read(bytes: &[u8]) -> (Vec<Reply>, &[u8]) {
    let mut replies = Vec::new();
    let mut rest = bytes;
    while let Some((reply, after)) = read_one(rest) {
        replies.push(reply);
        rest = after;
    }
    (replies, rest)
}

fn read_one(bytes: &[u8]) -> Option<(Reply, &[u8])> {
    let mut lines: Vec<String> = Vec::new();
    let mut first_code = None;
    let mut rest = bytes;
    loop {
        let end = rest.iter().position(|&b| b == b'\n')?;
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];

        let (digits, words) = line.split_at_checked(3)?;
        let code: u16 = str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
        if !(200..600).contains(&code) || *first_code.get_or_insert(code) != code {
            return None;
        }
        let (mark, words) = words.split_at_checked(1).unwrap_or((b" ", b""));
        lines.push(String::from_utf8_lossy(words).into_owned());
        match mark {
            b"-" => continue,
            b" " => return Some((join(code, &lines), rest)),
            _ => return None,
        }
    }
}

fn join(code: u16, lines: &[String]) -> Reply {
    let first = lines.first().and_then(|line| line.split_whitespace().next()).unwrap_or_default();
    let enhanced = EnhancedCode::read(first).filter(|e| u16::from(e.class) == code / 100);
    let mut text = String::new();
    for line in lines {
        // Servers repeat the enhanced code on every line.
        let words = line.split_whitespace().enumerate();
        for (_, word) in words.filter(|(at, word)| *at > 0 || enhanced.is_none() || *word != first) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.extend(word.chars().filter(|c| !c.is_control()));
        }
    }
    text.truncate(text.floor_char_boundary(TEXT_LIMIT_BYTES));
    Reply { code, enhanced, text }
}

impl EnhancedCode {
    /// Reads `5.1.1`.
    fn read(word: &str) -> Option<Self> {
        let mut parts = word.split('.');
        let mut number = || parts.next().filter(|p| matches!(p.len(), 1..=3)).and_then(|p| p.parse::<u16>().ok());
        let (class, subject, detail) = (number()?, number()?, number()?);
        let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        parts.next().is_none().then_some(Self { class, subject, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_means_one_thing_in_its_phase() {
        use Meaning::*;
        use Phase::*;
        let table = [
            ("accepted", Content, "250 2.0.0 Ok: queued as 4D2", Done),
            ("will forward", Rcpt, "251 will forward", Done),
            ("cannot verify but will try", Rcpt, "252 send some mail", Done),
            ("go ahead", Data, "354 end with <CRLF>.<CRLF>", GoOn),
            ("closing", Mail, "421 4.4.2 timeout", Transient),
            ("greeting: busy", Greeting, "421 too many connections", Transient),
            ("greylisted", Rcpt, "450 4.2.0 greylisted", Transient),
            ("local error", Content, "451 4.3.0 queue file write error", Transient),
            ("disk full", Mail, "452 4.3.1 insufficient system storage", Transient),
            ("login server down", Auth, "454 4.7.0 temporary authentication failure", Transient),
            ("out of step", Mail, "503 5.5.1 nested MAIL command", Transient),
            ("unknown user", Rcpt, "550 5.1.1 no such user", Permanent),
            ("code of a private kind", Rcpt, "571 5.7.1 delivery not authorized", Permanent),
            ("syntax", Rcpt, "501 5.1.3 bad recipient address syntax", Permanent),
            ("relaying", Rcpt, "554 5.7.1 relay access denied", Permanent),
            ("spam", Content, "554 5.7.1 message content rejected", Permanent),
            ("sender", Mail, "553 5.7.1 sender address rejected", Permanent),
            ("552 that means 452", Rcpt, "552 too many recipients", Transient),
            ("552 that means 452, enhanced", Rcpt, "552 5.5.3 too many recipients", Transient),
            ("mailbox full", Rcpt, "552 5.2.2 mailbox full", Permanent),
            ("too large", Content, "552 5.3.4 message too big", Permanent),
            ("too large, at once", Mail, "552 message size exceeds limit", Permanent),
            ("login needed", Mail, "530 5.7.0 authentication required", Login),
            ("login needed, later", Rcpt, "530 5.7.0 authentication required", Login),
            ("wrong password", Auth, "535 5.7.8 authentication failed", Login),
            ("mechanism", Auth, "504 5.5.4 unrecognized authentication type", Login),
            ("unwelcome", Greeting, "554 5.7.1 you are blocked", Unwelcome),
            ("no TLS", StartTls, "502 not implemented", Unwelcome),
        ];
        for (name, phase, line, expected) in table {
            let line = format!("{line}\r\n");
            let (replies, rest) = read(line.as_bytes());
            assert!(rest.is_empty(), "{name}");
            assert_eq!(replies[0].meaning(phase), expected, "{name}");
        }
    }

    #[test]
    fn replies_are_read_as_servers_write_them() {
        let table: [(&str, &[u8], &[&str]); 13] = [
            ("plain", b"250 ok\r\n", &["250 ok"]),
            ("enhanced", b"550 5.1.1 <x@y>: unknown\r\n", &["550 5.1.1 <x@y>: unknown"]),
            ("lines", b"550-5.7.25 no\r\n550-5.7.25 PTR\r\n550 5.7.25 record\r\n", &["550 5.7.25 no PTR record"]),
            ("code alone", b"250\r\n", &["250"]),
            ("bare LF", b"250 ok\n", &["250 ok"]),
            ("Latin-1", b"250 gr\xfcn\r\n", &["250 gr\u{fffd}n"]),
            ("two", b"250 one\r\n354 two\r\n", &["250 one", "354 two"]),
            ("unfinished", b"250-one\r\n250 tw", &[]),
            ("one and a half", b"250 one\r\n250 tw", &["250 one"]),
            ("enhanced code of another class is text", b"550 4.7.1 later\r\n", &["550 4.7.1 later"]),
            ("two codes in one reply", b"250-one\r\n550 two\r\n", &[]),
            ("another protocol", b"HTTP/1.1 400 Bad Request\r\n", &[]),
            ("control characters", b"250 o\x1b[2Jk\r\n", &["250 o[2Jk"]),
        ];
        for (name, bytes, expected) in table {
            let (replies, _) = read(bytes);
            let shown: Vec<String> = replies.iter().map(Reply::to_string).collect();
            assert_eq!(shown, expected, "{name}");
        }
    }

    #[test]
    fn an_enhanced_code_counts_only_if_it_agrees_with_the_reply_code() {
        let (replies, _) = read(b"550 4.7.1 later\r\n550 5.7.1 never\r\n550 5.7 short\r\n");
        assert_eq!(replies[0].enhanced, None);
        assert_eq!(replies[1].enhanced, Some(EnhancedCode { class: 5, subject: 7, detail: 1 }));
        assert_eq!(replies[2].enhanced, None);
    }

    #[test]
    fn a_long_text_is_cut() {
        let line = format!("250 {}\r\n", "ä".repeat(400));
        let (replies, _) = read(line.as_bytes());
        assert_eq!(replies[0].text.len(), TEXT_LIMIT_BYTES);
    }
}
