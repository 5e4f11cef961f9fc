//! Mails out of files: single ones, mbox, Maildir, folders of those. A mail over the limit leaves only its header.

use crate::message::limits::MAX_HEADER_BYTES;
use anyhow::Context as _;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line that is read at once; a longer one is read in pieces.
const LINE_BYTES: u64 = 1 << 20;

/// A mail that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it was found: the path as it was named, with `#n` for the n-th mail of an mbox.
    pub path: String,
    /// Its bytes; only its header where it is over the limit.
    pub raw: Vec<u8>,
    /// Its full size, where it is over the limit.
    pub oversize_bytes: Option<u64>,
}

/// The mails of all files that were named, one after the other.
pub(super) struct Sources {
    limit: u64,
    files: VecDeque<PathBuf>,
    size_bytes: u64,
    mbox: Option<OpenMbox>,
}

/// An mbox file that is being read.
struct OpenMbox {
    path: PathBuf,
    mbox: Mbox<BufReader<File>>,
    /// Mails that were read of it.
    count: usize,
}

impl Sources {
    pub fn new(limit: u64) -> Self {
        Self { limit, files: VecDeque::new(), size_bytes: 0, mbox: None }
    }

    /// Adds a file, a Maildir or a folder; `-` is standard input.
    pub fn add(&mut self, path: &Path) -> anyhow::Result<()> {
        if path.as_os_str() == "-" {
            self.files.push_back(path.to_owned());
            return Ok(());
        }
        self.add_below(path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn add_below(&mut self, path: &Path) -> io::Result<()> {
        let about = std::fs::metadata(path)?;
        if !about.is_dir() {
            // To find out now that it may not be read, before anything is taken in.
            File::open(path)?;
            self.size_bytes += about.len();
            self.files.push_back(path.to_owned());
            return Ok(());
        }
        let is_maildir = path.join("cur").is_dir() && path.join("new").is_dir();
        let mut entries = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        for entry in entries {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Folders of a Maildir begin with a dot (Maildir++); `tmp` has mails that are still being written.
            let is_wanted = match (is_maildir, entry.is_dir()) {
                (true, true) => name == "cur" || name == "new" || entry.join("cur").is_dir(),
                (true, false) => false,
                (false, true) => !name.starts_with('.') || entry.join("cur").is_dir(),
                (false, false) => !name.starts_with('.'),
            };
            if is_wanted {
                self.add_below(&entry)?;
            }
        }
        Ok(())
    }

    /// The size of all files.
    pub fn size_kib(&self) -> u64 {
        self.size_bytes / 1024
    }

    /// The next mail; `None` after the last.
    pub fn next(&mut self) -> Option<anyhow::Result<Found>> {
        loop {
            if let Some(OpenMbox { path, mbox, count }) = &mut self.mbox {
                match mbox.next_mail(self.limit) {
                    Ok(Some(mail)) => {
                        *count += 1;
                        // A single mail that some server put a `From ` line before is no mbox.
                        let is_single = *count == 1 && mbox.is_at_end();
                        let number = if is_single { String::new() } else { format!("#{count}") };
                        return Some(Ok(mail.at(format!("{}{number}", path.display()))));
                    }
                    Ok(None) => self.mbox = None,
                    Err(error) => {
                        let error = anyhow::Error::new(error).context(format!("cannot read {}", path.display()));
                        self.mbox = None;
                        return Some(Err(error));
                    }
                }
                continue;
            }
            let path = self.files.pop_front()?;
            match self.open(&path).with_context(|| format!("cannot read {}", path.display())) {
                Ok(Some(found)) => return Some(Ok(found)),
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Reads a single mail, or begins an mbox file.
    fn open(&mut self, path: &Path) -> io::Result<Option<Found>> {
        if path.as_os_str() == "-" {
            let mail = read_mail(without_envelope(BufReader::new(io::stdin().lock()))?, self.limit)?;
            return Ok(Some(mail.at("-".to_owned())));
        }
        let mut reader = BufReader::new(File::open(path)?);
        if reader.fill_buf()?.starts_with(b"From ") {
            self.mbox = Some(OpenMbox { path: path.to_owned(), mbox: Mbox::new(reader), count: 0 });
            return Ok(None);
        }
        Ok(Some(read_mail(reader, self.limit)?.at(path.display().to_string())))
    }
}

/// Skips the line with the envelope that mail servers put before what they pipe (`From ann@example.com Mon Mar …`).
fn without_envelope<R: BufRead>(mut reader: R) -> io::Result<R> {
    if reader.fill_buf()?.starts_with(b"From ") {
        reader.skip_until(b'\n')?;
    }
    Ok(reader)
}

/// Reads one mail to its end, keeping no more than the limit allows.
fn read_mail(mut reader: impl BufRead, limit: u64) -> io::Result<Mail> {
    let mut mail = Growing::new(limit);
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(mail.finish());
        }
        mail.push(piece);
        let length = piece.len();
        reader.consume(length);
    }
}

/// A mail that was read, wherever it was found.
struct Mail {
    raw: Vec<u8>,
    oversize_bytes: Option<u64>,
}

impl Mail {
    fn at(self, path: String) -> Found {
        Found { path, raw: self.raw, oversize_bytes: self.oversize_bytes }
    }
}

/// A mail that grows until it is over the limit; from there on it is only counted.
struct Growing {
    limit: u64,
    raw: Vec<u8>,
    size_bytes: u64,
}

impl Growing {
    fn new(limit: u64) -> Self {
        Self { limit, raw: Vec::new(), size_bytes: 0 }
    }

    fn push(&mut self, piece: &[u8]) {
        let was_over = self.size_bytes > self.limit;
        self.size_bytes += piece.len() as u64;
        if was_over {
            return;
        }
        self.raw.extend_from_slice(piece);
        if self.size_bytes > self.limit {
            self.raw.truncate(header_end(&self.raw));
            self.raw.shrink_to_fit();
        }
    }

    fn finish(self) -> Mail {
        let oversize_bytes = (self.size_bytes > self.limit).then_some(self.size_bytes);
        Mail { raw: self.raw, oversize_bytes }
    }
}

/// Where the header ends, the empty line included; as much of it as is looked at where there is no end.
fn header_end(raw: &[u8]) -> usize {
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line == b"\n" || line == b"\r\n" || at > MAX_HEADER_BYTES {
            break;
        }
    }
    at.min(MAX_HEADER_BYTES)
}

/// An mbox file: mails under `From ` lines, lines of theirs that begin so quoted with `>` (mboxrd).
struct Mbox<R> {
    reader: R,
    /// Whether the `From ` line of the next mail was read already.
    has_begun: bool,
}

impl<R: BufRead> Mbox<R> {
    fn new(reader: R) -> Self {
        Self { reader, has_begun: false }
    }

    /// Whether there is no further mail, after one was read.
    fn is_at_end(&self) -> bool {
        !self.has_begun
    }

    fn next_mail(&mut self, limit: u64) -> io::Result<Option<Mail>> {
        let mut line = Vec::new();
        if !self.has_begun {
            if self.read_piece(&mut line)? == 0 {
                return Ok(None);
            }
            while !line.ends_with(b"\n") && self.read_piece(&mut line)? > 0 {}
        }
        self.has_begun = false;
        let mut mail = Growing::new(limit);
        // The empty line before the next `From ` line is the file's, not the mail's; so each is held back for once.
        let mut held: Vec<u8> = Vec::new();
        let mut is_line_start = true;
        loop {
            line.clear();
            if self.read_piece(&mut line)? == 0 {
                return Ok(Some(mail.finish()));
            }
            // The line has a date at its end, which sentences have not. Some writers leave out the empty line before it.
            if is_line_start && line.starts_with(b"From ") && has_year(&line) {
                while !line.ends_with(b"\n") && self.read_piece(&mut line)? > 0 {}
                self.has_begun = true;
                return Ok(Some(mail.finish()));
            }
            mail.push(&std::mem::take(&mut held));
            let is_quoted = is_line_start && {
                let quotes = line.iter().take_while(|byte| **byte == b'>').count();
                quotes > 0 && line[quotes..].starts_with(b"From ")
            };
            let text = if is_quoted { &line[1..] } else { &line[..] };
            if is_line_start && (text == b"\n" || text == b"\r\n") {
                held = text.to_vec();
            } else {
                mail.push(text);
            }
            is_line_start = line.ends_with(b"\n");
        }
    }

    fn read_piece(&mut self, line: &mut Vec<u8>) -> io::Result<usize> {
        (&mut self.reader).take(LINE_BYTES).read_until(b'\n', line)
    }
}

/// Whether a `From ` line ends in a year, perhaps with a zone behind it, as `asctime` writes dates.
fn has_year(line: &[u8]) -> bool {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.skip(6).any(|word| word.len() == 4 && (word.starts_with(b"19") || word.starts_with(b"20")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mails(mbox: &str, limit: u64) -> Vec<(String, Option<u64>)> {
        let mut mbox = Mbox::new(mbox.as_bytes());
        let mut mails = Vec::new();
        while let Some(found) = mbox.next_mail(limit).unwrap() {
            mails.push((String::from_utf8(found.raw).unwrap(), found.oversize_bytes));
        }
        mails
    }

    #[test]
    fn an_mbox_is_taken_apart_at_its_from_lines() {
        let from = "From ann@example.com Mon Mar  2 09:00:00 2026\n";
        let cases = [
            ("two mails", format!("{from}A: 1\n\nx\n\n{from}A: 2\n\ny\n\n"), vec!["A: 1\n\nx\n", "A: 2\n\ny\n"]),
            (
                "quoted lines",
                format!("{from}A: 1\n\n>From x\n>>From y\n> From z\n"),
                vec!["A: 1\n\nFrom x\n>From y\n> From z\n"],
            ),
            (
                "a sentence that begins so",
                format!("{from}A: 1\n\nhello\nFrom here on all is well\n"),
                vec!["A: 1\n\nhello\nFrom here on all is well\n"],
            ),
            (
                "no empty line between",
                format!("{from}A: 1\n\nx\n{from}A: 2\n\ny\n"),
                vec!["A: 1\n\nx\n", "A: 2\n\ny\n"],
            ),
            (
                "carriage returns",
                format!("{from}A: 1\r\n\r\nx\r\n\r\n{from}A: 2\r\n\r\ny\r\n"),
                vec!["A: 1\r\n\r\nx\r\n", "A: 2\r\n\r\ny\r\n"],
            ),
            ("an empty mail", format!("{from}\n{from}A: 2\n\ny\n"), vec!["", "A: 2\n\ny\n"]),
            ("nothing", String::new(), vec![]),
        ];
        for (name, mbox, expected) in cases {
            let found: Vec<String> = mails(&mbox, 1000).into_iter().map(|(raw, _)| raw).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_mail_over_the_limit_leaves_its_header() {
        let body = "x".repeat(100);
        let found = read_mail(format!("A: 1\r\nB: 2\r\n\r\n{body}").as_bytes(), 50).unwrap();
        assert_eq!((found.raw.as_slice(), found.oversize_bytes), (&b"A: 1\r\nB: 2\r\n\r\n"[..], Some(114)));
        let from = "From ann@example.com Mon Mar  2 09:00:00 2026\n";
        let found = mails(&format!("{from}A: 1\n\n{body}\n\n{from}A: 2\n\ny\n"), 50);
        assert_eq!(found, [("A: 1\n\n".to_owned(), Some(107)), ("A: 2\n\ny\n".to_owned(), None)]);
    }

    #[test]
    fn a_piped_mail_loses_its_envelope_line_and_nothing_else() {
        for (name, piped, expected) in [
            ("with", "From ann@example.com  Mon Mar  2 09:00:00 2026\nA: 1\n\nFrom here\n", "A: 1\n\nFrom here\n"),
            ("without", "A: 1\n\nx", "A: 1\n\nx"),
            ("nothing at all", "", ""),
        ] {
            let found = read_mail(without_envelope(piped.as_bytes()).unwrap(), 1000).unwrap();
            assert_eq!(String::from_utf8(found.raw).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn folders_are_walked_and_only_finished_mails_taken() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            "inbox/cur/1:2,S",
            "inbox/new/2",
            "inbox/tmp/3",
            "inbox/dovecot-uidlist",
            "inbox/.Sent/cur/4:2,",
            "inbox/.Sent/new/5",
            "more/a.eml",
            "more/.hidden",
        ];
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, format!("A: {file}\n\n")).unwrap();
        }
        let mut sources = Sources::new(1000);
        sources.add(folder.path()).unwrap();
        let mut found = Vec::new();
        while let Some(mail) = sources.next() {
            let mail = mail.unwrap();
            let words = String::from_utf8(mail.raw).unwrap().trim().replacen("A: ", "", 1);
            assert!(mail.path.ends_with(&words), "{} is found at {}", words, mail.path);
            found.push(words);
        }
        assert_eq!(
            found,
            ["inbox/.Sent/cur/4:2,", "inbox/.Sent/new/5", "inbox/cur/1:2,S", "inbox/new/2", "more/a.eml"]
        );
    }
}
