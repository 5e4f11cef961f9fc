//! How programs introduce a mail that they pass on, by language. All in lower case.

/// What a line of a header block within a text tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    From,
    To,
    Cc,
    Subject,
    Date,
    /// Something else that stands in such blocks.
    Other,
}

/// The words of lines that announce a forwarded mail, without the dashes around them and the colon behind them.
pub(super) const ANNOUNCEMENTS: [&str; 57] = [
    // Czech, Slovak
    "přeposlaná zpráva",
    "začátek přeposlané zprávy",
    "preposlaná správa",
    // Danish, Norwegian
    "videresendt besked",
    "start på videresendt besked",
    "videresendt meddelelse",
    "videresendt melding",
    "start på videresendt melding",
    // German
    "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail",
    "weitergeleitete mail",
    "weitergeleitete e-mail",
    // English
    "forwarded message",
    "begin forwarded message",
    "forwarded mail",
    "start of forwarded message",
    "forwarded by",
    // Spanish
    "mensaje reenviado",
    "inicio del mensaje reenviado",
    "forwarded message / mensaje reenviado",
    // Finnish
    "välitetty viesti",
    "välitetty viesti alkaa",
    // French
    "message transféré",
    "début du message transféré",
    "début du message réexpédié",
    "message réexpédié",
    "courriel transféré",
    // Hungarian
    "továbbított üzenet",
    "továbbított levél",
    "továbbított levél kezdete",
    // Italian
    "messaggio inoltrato",
    "inizio messaggio inoltrato",
    "messaggio inoltrato da",
    // Japanese
    "転送されたメッセージ",
    "転送メッセージ",
    "転送メール",
    // Korean
    "전달된 메시지",
    "전달된 메일",
    // Dutch
    "doorgestuurd bericht",
    "begin doorgestuurd bericht",
    // Polish
    "wiadomość przekazana",
    "przekazana wiadomość",
    "wiadomość przekazana dalej",
    "początek przekazywanej wiadomości",
    // Portuguese
    "mensagem encaminhada",
    "início da mensagem encaminhada",
    "mensagem reencaminhada",
    "início da mensagem reencaminhada",
    // Romanian
    "mesaj redirecționat",
    // Russian, Ukrainian
    "пересылаемое сообщение",
    "пересланное сообщение",
    "начало переадресованного сообщения",
    // Swedish
    "vidarebefordrat meddelande",
    // Turkish
    "yönlendirilmiş ileti",
    // Chinese
    "转发的邮件",
    "轉寄的郵件",
];

/// How subjects of forwarded mails begin, without the colon.
pub(super) const PREFIXES: [&str; 24] = [
    "doorst",
    "enc",
    "fs",
    "fw",
    "fwd",
    "i",
    "ilt",
    "inoltra",
    "pd",
    "rv",
    "továbbítás",
    "tr",
    "trs",
    "vb",
    "vd",
    "vl",
    "vs",
    "wg",
    "wl",
    "προώθ",
    "转发",
    "轉寄",
    "転送",
    "전달",
];

/// What the lines of a header block begin with, by language, without the colon. A word that two languages share stands
/// once.
pub(super) const LABELS: [(&str, Label); 104] = [
    // Czech, Slovak
    ("od", Label::From),
    ("komu", Label::To),
    ("kopie", Label::Cc),
    ("kópia", Label::Cc),
    ("předmět", Label::Subject),
    ("predmet", Label::Subject),
    ("odesláno", Label::Date),
    ("odoslané", Label::Date),
    ("datum", Label::Date),
    ("dátum", Label::Date),
    // Danish, Norwegian, Swedish
    ("fra", Label::From),
    ("från", Label::From),
    ("til", Label::To),
    ("till", Label::To),
    ("kopi", Label::Cc),
    ("kopia", Label::Cc),
    ("emne", Label::Subject),
    ("ämne", Label::Subject),
    ("sendt", Label::Date),
    ("skickat", Label::Date),
    ("dato", Label::Date),
    // German
    ("von", Label::From),
    ("an", Label::To),
    ("betreff", Label::Subject),
    ("gesendet", Label::Date),
    // Greek
    ("από", Label::From),
    ("προς", Label::To),
    ("θέμα", Label::Subject),
    ("στάλθηκε", Label::Date),
    ("ημερομηνία", Label::Date),
    // English
    ("from", Label::From),
    ("to", Label::To),
    ("cc", Label::Cc),
    ("subject", Label::Subject),
    ("sent", Label::Date),
    ("date", Label::Date),
    ("reply-to", Label::Other),
    ("bcc", Label::Other),
    ("attachments", Label::Other),
    ("importance", Label::Other),
    ("when", Label::Other),
    ("where", Label::Other),
    // Spanish, Portuguese
    ("de", Label::From),
    ("para", Label::To),
    ("asunto", Label::Subject),
    ("assunto", Label::Subject),
    ("enviado", Label::Date),
    ("enviado el", Label::Date),
    ("enviada em", Label::Date),
    ("enviado em", Label::Date),
    ("enviada", Label::Date),
    ("fecha", Label::Date),
    ("data", Label::Date),
    // Finnish
    ("lähettäjä", Label::From),
    ("vastaanottaja", Label::To),
    ("aihe", Label::Subject),
    ("lähetetty", Label::Date),
    ("päivämäärä", Label::Date),
    ("päiväys", Label::Date),
    // French
    ("à", Label::To),
    ("a", Label::To),
    ("objet", Label::Subject),
    ("sujet", Label::Subject),
    ("envoyé", Label::Date),
    ("répondre à", Label::Other),
    // Hungarian
    ("feladó", Label::From),
    ("címzett", Label::To),
    ("másolatot kap", Label::Cc),
    ("tárgy", Label::Subject),
    ("elküldve", Label::Date),
    // Italian
    ("da", Label::From),
    ("oggetto", Label::Subject),
    ("inviato", Label::Date),
    // Japanese
    ("差出人", Label::From),
    ("宛先", Label::To),
    ("件名", Label::Subject),
    ("送信日時", Label::Date),
    ("日時", Label::Date),
    ("日付", Label::Date),
    // Korean
    ("보낸 사람", Label::From),
    ("받는 사람", Label::To),
    ("참조", Label::Cc),
    ("제목", Label::Subject),
    ("보낸 날짜", Label::Date),
    // Dutch
    ("van", Label::From),
    ("aan", Label::To),
    ("onderwerp", Label::Subject),
    ("verzonden", Label::Date),
    // Polish
    ("do", Label::To),
    ("dw", Label::Cc),
    ("temat", Label::Subject),
    ("wysłano", Label::Date),
    ("wysłane", Label::Date),
    // Russian, Ukrainian
    ("от", Label::From),
    ("від", Label::From),
    ("кому", Label::To),
    ("копия", Label::Cc),
    ("тема", Label::Subject),
    ("отправлено", Label::Date),
    ("дата", Label::Date),
    // Turkish
    ("kimden", Label::From),
    ("kime", Label::To),
    ("konu", Label::Subject),
    ("gönderme tarihi", Label::Date),
];

/// The Chinese ones, whose colon may be a wide one; apart, because it has its own words for each.
pub(super) const CHINESE_LABELS: [(&str, Label); 11] = [
    ("发件人", Label::From),
    ("寄件者", Label::From),
    ("收件人", Label::To),
    ("收件者", Label::To),
    ("抄送", Label::Cc),
    ("副本", Label::Cc),
    ("主题", Label::Subject),
    ("主旨", Label::Subject),
    ("发送时间", Label::Date),
    ("日期", Label::Date),
    ("寄件日期", Label::Date),
];
