//! A small blocking SMTP client: raw bytes, any envelope, no opinion.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use data_encoding::BASE64;

/// The longest a server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// One answer of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The text after them, lines joined by a line feed.
    pub text: String,
}

/// One SMTP session.
#[derive(Debug)]
pub struct Smtp {
    stream: BufReader<TcpStream>,
}

impl Smtp {
    /// Connects, reads the greeting and says EHLO.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to SMTP at {address}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut smtp = Self { stream: BufReader::new(stream) };
        let greeting = smtp.read_reply().context("waiting for the SMTP greeting")?;
        expect(&greeting, 220, "the greeting")?;
        let hello = smtp.command("EHLO client.test")?;
        expect(&hello, 250, "EHLO")?;
        Ok(smtp)
    }

    /// Logs in with AUTH PLAIN (RFC 4616).
    pub fn log_in(&mut self, user: &str, password: &str) -> Result<()> {
        let token = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
        let reply = self.command(&format!("AUTH PLAIN {token}"))?;
        expect(&reply, 235, "AUTH PLAIN")
    }

    /// Sends one mail; an empty `from` is the null reverse-path. A refusal at any step is an error that names it.
    pub fn send(&mut self, from: &str, to: &[&str], raw: &[u8]) -> Result<()> {
        let outcome = self.transaction(from, to, raw);
        if outcome.is_err() {
            // The session can be used for the next mail if the server still listens, and is of no use otherwise.
            let _ = self.command("RSET");
        }
        outcome
    }

    fn transaction(&mut self, from: &str, to: &[&str], raw: &[u8]) -> Result<()> {
        let reply = self.command(&format!("MAIL FROM:<{from}>"))?;
        expect(&reply, 250, &format!("MAIL FROM:<{from}>"))?;
        for recipient in to {
            let reply = self.command(&format!("RCPT TO:<{recipient}>"))?;
            expect(&reply, 250, &format!("RCPT TO:<{recipient}>"))?;
        }
        let reply = self.command("DATA")?;
        expect(&reply, 354, "DATA")?;
        self.stream.get_mut().write_all(&dot_stuffed(raw))?;
        let reply = self.read_reply().context("waiting for the answer to the mail's end")?;
        expect(&reply, 250, "the mail's end")
    }

    /// Sends one line and reads the answer, whatever it is.
    pub fn command(&mut self, line: &str) -> Result<Reply> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.read_reply().with_context(|| format!("waiting for the SMTP answer to {line}"))
    }

    fn read_reply(&mut self) -> Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                bail!("the SMTP server hung up");
            }
            let line = line.trim_end();
            let code = line.get(..3).and_then(|digits| digits.parse().ok());
            let code = code.with_context(|| format!("not an SMTP answer: {line:?}"))?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, text: lines.join("\n") });
            }
        }
    }
}

fn expect(reply: &Reply, code: u16, step: &str) -> Result<()> {
    if reply.code != code {
        bail!("the SMTP server answers {step} with {} {}", reply.code, reply.text);
    }
    Ok(())
}

/// The mail as it goes over the wire (RFC 5321 §4.5.2), with the final dot.
fn dot_stuffed(raw: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(raw.len() + 64);
    let mut at_line_start = true;
    for &byte in raw {
        if at_line_start && byte == b'.' {
            wire.push(b'.');
        }
        wire.push(byte);
        at_line_start = byte == b'\n';
    }
    if !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_at_line_starts_are_doubled_and_the_end_is_marked() {
        let cases: [(&str, &[u8], &[u8]); 4] = [
            ("plain", b"a\r\n", b"a\r\n.\r\n"),
            ("no line end", b"a", b"a\r\n.\r\n"),
            ("dots", b".a\r\n..\r\nb.c\r\n", b"..a\r\n...\r\nb.c\r\n.\r\n"),
            ("nothing", b"", b"\r\n.\r\n"),
        ];
        for (name, raw, wire) in cases {
            assert_eq!(dot_stuffed(raw), wire, "{name}");
        }
    }
}
