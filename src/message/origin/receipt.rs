//! Read receipts of programs that write them as plain words and not in the form of RFC 8098: Exchange through a gateway,
//! Lotus Notes, webmailers.
//!
//! The subject says that it is one and the text says what became of the mail. People write either, hardly both.

use super::{Marks, Speaks};
use crate::message::Message;
use crate::message::search::{Beginnings, Phrases};

/// Bytes of a text that says no more than that a mail was read; a person's words follow below what they quote.
pub(super) const MAX_RECEIPT_BYTES: usize = 1_000;

/// How the subjects of receipts begin, in lower case.
const SUBJECTS: &[&str] = &[
    "read: ",
    "not read: ",
    "read receipt",
    "return receipt",
    "gelesen: ",
    "ungelesen: ",
    "nicht gelesen: ",
    "lesebestätigung",
    "empfangsbestätigung",
    "lu : ",
    "lu: ",
    "non lu : ",
    "non lu: ",
    "accusé de réception",
    "accusé de lecture",
    "confirmation de lecture",
    "leído: ",
    "no leído: ",
    "confirmación de lectura",
    "acuse de recibo",
    "letto: ",
    "non letto: ",
    "conferma di lettura",
    "ricevuta di ritorno",
    "lida: ",
    "lido: ",
    "não lida: ",
    "confirmação de leitura",
    "gelezen: ",
    "niet gelezen: ",
    "leesbevestiging",
    "läst: ",
    "läskvitto",
    "lest: ",
    "lesebekreftelse",
    "læst: ",
    "læsekvittering",
    "luettu: ",
    "przeczytano: ",
    "potwierdzenie przeczytania",
    "přečteno: ",
    "potvrzení o přečtení",
    "прочтено: ",
    "прочитано: ",
    "уведомление о прочтении",
    "开封済み: ",
    "開封済み: ",
    "開封確認",
    "已读: ",
    "已读回执",
    "已讀: ",
];

/// What their texts say, in lower case.
const SAID: &[&str] = &[
    "was read on",
    "was read at",
    "was displayed on",
    "has been read",
    "has been displayed",
    "was deleted without being read",
    "is a return receipt for",
    "message was displayed",
    "gelesen.",
    "wurde gelesen",
    "gelesen am",
    "wurde empfangen von",
    "ungelesen gelöscht",
    "wurde angezeigt",
    "a été lu",
    "a été affiché",
    "a été supprimé sans",
    "ha sido leído",
    "fue leído",
    "se leyó",
    "se ha leído",
    "è stato letto",
    "è stata letta",
    "è stato visualizzato",
    "foi lida",
    "foi lido",
    "is gelezen",
    "werd gelezen",
    "har lästs",
    "lästes",
    "ble lest",
    "er lest",
    "blev læst",
    "er blevet læst",
    "on luettu",
    "została przeczytana",
    "został przeczytany",
    "byla přečtena",
    "было прочитано",
    "было прочтено",
    "прочитано",
    "開封されました",
    "表示されました",
    "已被阅读",
    "已阅读",
];

static IS_RECEIPT: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(SUBJECTS));
static SAYS_READ: Phrases = Phrases::new(|| Phrases::automaton(SAID));

/// Whether the words are those of a receipt and the only mark.
pub(super) fn look_at(message: &Message, marks: &mut Marks) -> bool {
    let text = message.body.text.trim();
    if !IS_RECEIPT.begin(message.subject.trim_start()) || text.len() > MAX_RECEIPT_BYTES {
        return false;
    }
    if text.contains('?') || !SAYS_READ.are_in(&text.to_lowercase()) {
        return false;
    }
    let is_only = marks.list.is_empty();
    marks.add(Speaks::Reply, format!("Subject: {}, a receipt", message.subject));
    is_only
}
