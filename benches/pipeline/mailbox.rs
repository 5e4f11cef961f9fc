//! The mailbox that is watched: filled before a measurement, emptied after it.

use super::desk::USER;
use anyhow::Result;
use postroom_testbed::load::LoadMail;
use postroom_testbed::{Imap, MailBed};

/// Mails in one APPEND.
const APPENDED: usize = 500;

/// A mailbox with mails; emptied when it is told so.
pub struct Filled {
    imap: Imap,
    /// How many mails are in it.
    pub count: usize,
}

impl Filled {
    pub fn with(bed: &MailBed, mails: &[LoadMail]) -> Result<Self> {
        let mut imap = bed.mailbox(USER)?;
        append(&mut imap, mails)?;
        Ok(Self { imap, count: mails.len() })
    }

    /// Takes the flags away that the desk has set.
    pub fn reset(&mut self) -> Result<()> {
        self.imap.uid_store("1:*", "-FLAGS.SILENT (\\Seen)")
    }

    pub fn empty(mut self) -> Result<()> {
        self.imap.uid_store("1:*", "+FLAGS.SILENT (\\Deleted)")?;
        self.imap.expunge()
    }
}

pub fn append(imap: &mut Imap, mails: &[LoadMail]) -> Result<()> {
    for chunk in mails.chunks(APPENDED) {
        imap.append("INBOX", &chunk.iter().map(|mail| mail.raw.as_slice()).collect::<Vec<_>>())?;
    }
    Ok(())
}
