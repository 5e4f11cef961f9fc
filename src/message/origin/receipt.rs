//! Read receipts of programs that write them as plain words and not in the form of RFC 8098: Exchange through a gateway,
//! Lotus Notes, GroupWise, webmailers. And answers to invitations whose calendar (RFC 5546) was lost on the way.
//!
//! The subject of a receipt says that it is one and the text says what became of the mail. People write either, hardly
//! both. Of an answer to an invitation nothing is left but the subject; people write, or attach, something.

use super::{MarkOn, Marks, Speaks};
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
    "llegit: ",
    "läst: ",
    "læst: ",
    "lest: ",
    "luettu: ",
    "przeczytane: ",
    "przeczytano: ",
    "přečteno: ",
    "прочитано: ",
    "okundu: ",
    "已读: ",
    OF_GROUPWISE,
];

/// What GroupWise calls what became of a mail; its text is one sentence, which may say no time of day.
const OF_GROUPWISE: &str = "message status - ";

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
    "el seu missatge",
    "ditt meddelande",
    "din meddelelse",
    "meldingen din",
    "viestisi",
    "twoja wiadomość",
    "vaše zpráva",
    "ваше сообщение",
    "iletiniz",
    "您的邮件",
    // Lotus Notes
    "your document",
    "ihr dokument",
    "votre document",
    // GroupWise
    "mail to ",
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
    "s'ha llegit",
    "lästes",
    "blev läst",
    "blev læst",
    "ble lest",
    "luettiin",
    "została przeczytana",
    "byla přečtena",
    "было прочитано",
    "прочитано",
    "okundu",
    "阅读时间",
    "was received by",
    "wurde empfangen von",
    "a été reçu par",
    "was opened",
    "eliminado sin leer",
    "ungelesen gelöscht",
    "eliminato senza",
    "excluída sem",
];

/// How the subjects of answers to invitations begin, in lower case.
const ANSWERS: &[&str] = &[
    "accepted: ",
    "declined: ",
    "tentative: ",
    "tentatively accepted: ",
    "zugesagt: ",
    "akzeptiert: ",
    "angenommen: ",
    "abgelehnt: ",
    "mit vorbehalt: ",
    "accepté : ",
    "accepté: ",
    "refusé : ",
    "refusé: ",
    "provisoire : ",
    "provisoire: ",
    "aceptado: ",
    "aceptada: ",
    "rechazado: ",
    "rechazada: ",
    "provisional: ",
    "accettato: ",
    "rifiutato: ",
    "provvisorio: ",
    "aceite: ",
    "aceito: ",
    "recusado: ",
    "provisório: ",
    "geaccepteerd: ",
    "afgewezen: ",
    "geweigerd: ",
    "voorlopig: ",
    "accepterat: ",
    "avböjt: ",
    "accepteret: ",
    "afslået: ",
    "godtatt: ",
    "avslått: ",
    "zaakceptowane: ",
    "zaakceptowano: ",
    "odrzucone: ",
    "odrzucono: ",
    "принято: ",
    "отклонено: ",
];

static IS_RECEIPT: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(SUBJECTS));
static IS_ANSWER: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(ANSWERS));
static BEGINS_READ: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(SAID));
static OPENS_ONE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(OPENS));
static SAYS_READ: Phrases = Phrases::new(|| SAID.to_vec());

/// Looks whether the words are those of a receipt, or of what is left of an answer to an invitation.
pub(super) fn look_at(message: &Message, marks: &mut Marks) {
    let subject = message.subject.trim();
    let what = if is_subject(subject) && is_text(message.body.text.trim(), is_of_groupwise(subject)) {
        "a receipt"
    } else if IS_ANSWER.begin(subject) && says_nothing(message) {
        "an answer to an invitation"
    } else {
        return;
    };
    let on = marks.words_on(MarkOn::Text);
    marks.add(Speaks::Reply, on, format!("Subject: {}, {what}", message.subject));
}

/// Whether nothing but the subject is in it; what a calendar says is looked at elsewhere.
fn says_nothing(message: &Message) -> bool {
    message.body.text.trim().is_empty() && message.attachments.is_empty() && message.calendar.is_none()
}

fn is_of_groupwise(subject: &str) -> bool {
    subject.get(..OF_GROUPWISE.len()).is_some_and(|start| start.eq_ignore_ascii_case(OF_GROUPWISE))
}

fn is_subject(subject: &str) -> bool {
    IS_RECEIPT.begin(subject) || {
        let words = subject.split([':', '：']).next().unwrap_or_default().trim().to_lowercase();
        BARE.contains(&words.as_str())
    }
}

/// Whether a text says that a mail was read, and when, and nothing below that.
fn is_text(text: &str, is_of_groupwise: bool) -> bool {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    if text.len() > MAX_RECEIPT_BYTES || lines > MAX_RECEIPT_LINES || text.contains('?') {
        return false;
    }
    let text = text.replace('\r', "").to_lowercase();
    if text.starts_with(NOTE) {
        return true;
    }
    let text = without_title(&text);
    let last = text.rsplit("\n\n").next().unwrap_or_default();
    let is_end = last.len() <= MAX_SAID_BYTES && !has_two_sentences(last);
    // A sentence that goes on where the mail was described is a program's; it may say the day alone.
    let is_programs = is_of_groupwise || last.len() < text.len() && BEGINS_READ.begin(last);
    let says_when = has_date_and_time(last) || is_programs && last.contains(|c: char| c.is_ascii_digit());
    OPENS_ONE.begin(text) && is_end && SAYS_READ.are_in(last) && says_when
}

/// The text without the title that Lotus Notes puts above it.
fn without_title(text: &str) -> &str {
    match text.split_once('\n') {
        Some((title, below)) if BARE.contains(&title.trim()) => below.trim_start(),
        _ => text,
    }
}

/// Whether a word ends a sentence and another follows; the dots of dates stand behind digits.
fn has_two_sentences(text: &str) -> bool {
    let mut words = text.split_whitespace().rev().skip(1);
    words.any(|word| word.strip_suffix(['.', '!']).is_some_and(|word| word.ends_with(char::is_alphabetic)))
}
