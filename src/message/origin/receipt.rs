//! Read receipts of programs that write them as plain words and not in the form of RFC 8098: Exchange through a gateway,
//! Lotus Notes, webmailers.
//!
//! The subject says that it is one and the text says what became of the mail. People write either, hardly both.

use super::{Marks, Speaks};
use crate::message::Message;
use crate::message::attribution::has_date_and_time;
use crate::message::search::{Beginnings, Phrases};

/// Bytes of a text that says no more than that a mail was read; a person's words follow below what they quote.
pub(super) const MAX_RECEIPT_BYTES: usize = 1_000;

/// Lines that have words in such a text, and bytes of the last of its paragraphs.
pub(super) const MAX_RECEIPT_LINES: usize = 8;
pub(super) const MAX_SAID_BYTES: usize = 160;

/// How the subjects of receipts begin, in lower case.
const SUBJECTS: &[&str] = &[
    "read: ",
    "not read: ",
    "return receipt (displayed)",
    "gelesen: ",
    "ungelesen: ",
    "nicht gelesen: ",
    "lu : ",
    "lu: ",
    "non lu : ",
    "non lu: ",
    "leído: ",
    "no leído: ",
    "letto: ",
    "non letto: ",
    "lida: ",
    "não lida: ",
    "gelezen: ",
    "niet gelezen: ",
];

/// What such a subject may be as a whole or up to its colon; people too begin with these words.
const BARE: &[&str] = &[
    "read receipt",
    "return receipt",
    "lesebestätigung",
    "empfangsbestätigung",
    "accusé de réception",
    "accusé de lecture",
    "confirmation de lecture",
    "confirmación de lectura",
    "acuse de recibo",
    "conferma di lettura",
    "ricevuta di ritorno",
    "confirmação de leitura",
    "leesbevestiging",
];

/// How their texts begin, in lower case.
const OPENS: &[&str] = &[
    "your message",
    "ihre nachricht",
    "votre message",
    "su mensaje",
    "el mensaje",
    "il messaggio",
    "a sua mensagem",
    "sua mensagem",
    "uw bericht",
];

/// The whole text of Lotus Notes and Thunderbird begins so, and says no time.
const NOTE: &str = "this is a return receipt for the mail";

/// What their last paragraphs say beside a date and a time, in lower case.
const SAID: &[&str] = &[
    "was read on",
    "was read at",
    "was displayed on",
    "was deleted without being read",
    "gelesen",
    "wurde angezeigt",
    "a été lu",
    "a été affiché",
    "a été supprimé sans",
    "ha sido leído",
    "fue leído",
    "se leyó",
    "se ha leído",
    "è stato letto",
    "è stato visualizzato",
    "foi lida",
    "is gelezen",
    "werd gelezen",
];

static IS_RECEIPT: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(SUBJECTS));
static OPENS_ONE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(OPENS));
static SAYS_READ: Phrases = Phrases::new(|| SAID.to_vec());

/// Whether the words are those of a receipt and the only mark.
pub(super) fn look_at(message: &Message, marks: &mut Marks) -> bool {
    if !is_subject(message.subject.trim()) || !is_text(message.body.text.trim()) {
        return false;
    }
    let is_only = marks.list.is_empty();
    marks.add(Speaks::Reply, format!("Subject: {}, a receipt", message.subject));
    is_only
}

fn is_subject(subject: &str) -> bool {
    IS_RECEIPT.begin(subject) || {
        let words = subject.split([':', '：']).next().unwrap_or_default().trim().to_lowercase();
        BARE.contains(&words.as_str())
    }
}

/// Whether a text says that a mail was read, and when, and nothing below that.
fn is_text(text: &str) -> bool {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    if text.len() > MAX_RECEIPT_BYTES || lines > MAX_RECEIPT_LINES || text.contains('?') {
        return false;
    }
    let text = text.replace('\r', "").to_lowercase();
    if text.starts_with(NOTE) {
        return true;
    }
    let last = text.rsplit("\n\n").next().unwrap_or_default();
    let is_end = last.len() <= MAX_SAID_BYTES && !has_two_sentences(last);
    OPENS_ONE.begin(&text) && is_end && SAYS_READ.are_in(last) && has_date_and_time(last)
}

/// Whether a word ends a sentence and another follows; the dots of dates stand behind digits.
fn has_two_sentences(text: &str) -> bool {
    let mut words = text.split_whitespace().rev().skip(1);
    words.any(|word| word.strip_suffix(['.', '!']).is_some_and(|word| word.ends_with(char::is_alphabetic)))
}
