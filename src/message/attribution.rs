//! The lines with which mail programs introduce what they quote: `On Monday, Ann wrote:` in the languages that
//! customers write in, header blocks, `-----Original Message-----`.
//!
//! Every question here is about a line or a handful of lines, and is answered in time linear in their length.

/// Lines that one attribution may be wrapped over.
const MAX_WRAPPED_LINES: usize = 4;

/// Bytes of an attribution; longer paragraphs are somebody's words.
const MAX_ATTRIBUTION_BYTES: usize = 400;

/// Words that say "wrote", in lower case. With a colon at the end of the line, a name and a date they are an
/// attribution.
const WROTE: [&str; 44] = [
    "wrote",
    "writes",
    "said",
    "schrieb",
    "geschrieben",
    "a écrit",
    "a ecrit",
    "écrivait",
    "escribió",
    "escribio",
    "escribiu",
    "va escriure",
    "ha scritto",
    "scritto",
    "scrive",
    "schreef",
    "geschreven",
    "skrev",
    "skreiv",
    "escreveu",
    "napisał",
    "napisal",
    "napisała",
    "pisze",
    "napsal",
    "napísal",
    "kirjoitti",
    "написал",
    "пишет",
    "пише",
    "написав",
    "írta",
    "ezt írta",
    "a scris",
    "yazdı",
    "yazmış",
    "έγραψε",
    "đã viết",
    "menulis",
    "kirjutas",
    "のメール",
    "写道",
    "寫道",
    "작성",
];

/// How the first line of an attribution that is wrapped over several begins, in lower case.
const OPENINGS: [&str; 28] = [
    "on ",
    "am ",
    "le ",
    "el ",
    "op ",
    "il ",
    "den ",
    "em ",
    "a ",
    "w dniu",
    "dnia ",
    "dne ",
    "dňa ",
    "pe ",
    "vào ",
    "ti ",
    "στις ",
    "pada ",
    "fra ",
    "from ",
    "van ",
    "von ",
    "da ",
    "de ",
    "at ",
    "in ",
    "på ",
    "в ",
];

/// How much is needed below an attribution to believe it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// It has a date with a time or a year, or an address: no person writes such a line.
    Certain,
    /// `Ann wrote:` is an attribution only when something quoted follows.
    NeedsQuote,
}

/// Whether `lines` begin with an attribution: over how many lines it goes, and how sure that is.
pub(super) fn attribution(lines: &[&str]) -> Option<(usize, Strength)> {
    let first = lines.first()?.trim();
    let mut joined = String::new();
    for (count, line) in lines.iter().take(MAX_WRAPPED_LINES).enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('>') || joined.len() + line.len() > MAX_ATTRIBUTION_BYTES {
            return None;
        }
        // Most lines of most mails end the search here: they neither end as an attribution nor begin as one.
        let ends = ends_with_colon(line);
        if !ends && count == 0 && !may_open(first) {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        if ends {
            return strength(&joined, count > 0).map(|strength| (count + 1, strength));
        }
    }
    None
}

fn ends_with_colon(line: &str) -> bool {
    line.trim_end_matches(['*', '_', ' ', '\u{a0}']).ends_with([':', '：'])
}

fn may_open(line: &str) -> bool {
    let start = line.trim_start_matches(['*', '_']);
    start.starts_with(|c: char| c.is_ascii_digit())
        || begins_with_any(start, &OPENINGS)
        || line.contains('<') && line.contains('@')
}

/// Whether a text, were it in lower case, would begin with one of these phrases.
pub(super) fn begins_with_any(text: &str, phrases: &[&str]) -> bool {
    let lower = || text.chars().flat_map(char::to_lowercase);
    let first = lower().next();
    phrases.iter().any(|phrase| {
        phrase.chars().next() == first && {
            let mut letters = lower();
            phrase.chars().all(|letter| letters.next() == Some(letter))
        }
    })
}

fn strength(text: &str, is_wrapped: bool) -> Option<Strength> {
    let text = text.to_lowercase();
    let has_verb = WROTE.iter().any(|verb| contains_word(&text, verb));
    let has_address = text.contains('@');
    let is_dated = has_time_or_year(&text);
    if has_verb && (has_address || is_dated) {
        return Some(Strength::Certain);
    }
    // `2026-03-02 9:10 GMT+01:00 Ann <ann@example.com>:`, which needs no verb.
    if has_address && is_dated && text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(Strength::Certain);
    }
    let is_short = text.split_whitespace().count() <= 12;
    (has_verb && is_short && !is_wrapped).then_some(Strength::NeedsQuote)
}

/// Whether the word stands in the text with no letter before or behind it. Scripts without blanks have no such edges.
fn contains_word(text: &str, word: &str) -> bool {
    let has_edges = word.starts_with(|c: char| c < '\u{2000}');
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        !has_edges || !(before.is_some_and(char::is_alphabetic) || behind.is_some_and(char::is_alphabetic))
    })
}

fn has_time_or_year(text: &str) -> bool {
    let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '/' | '-' | '年')).any(|word| {
        let is_year = word.len() == 4 && digits(word) == 4 && (word.starts_with("19") || word.starts_with("20"));
        let is_time = word.len() >= 4 && digits(word) >= 3 && word.contains([':', 'h']);
        is_year || is_time
    })
}

/// The fields of a header block as mail programs show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    Sent,
    To,
    Cc,
    Subject,
}

/// What programs write for `From:` and the others, in lower case.
const LABELS: [(Label, &[&str]); 5] = [
    (
        Label::From,
        &[
            "from",
            "von",
            "de",
            "da",
            "van",
            "från",
            "fra",
            "od",
            "от",
            "від",
            "lähettäjä",
            "gönderen",
            "feladó",
            "de la",
            "από",
            "发件人",
            "寄件者",
            "差出人",
            "보낸 사람",
            "odesílatel",
        ],
    ),
    (
        Label::Sent,
        &[
            "sent",
            "date",
            "gesendet",
            "datum",
            "envoyé",
            "enviado",
            "enviado el",
            "fecha",
            "inviato",
            "data",
            "verzonden",
            "skickat",
            "sendt",
            "dato",
            "wysłano",
            "wysłane",
            "odesláno",
            "отправлено",
            "дата",
            "lähetetty",
            "päivämäärä",
            "gönderildi",
            "tarih",
            "küldve",
            "trimis",
            "ημερομηνία",
            "发送时间",
            "日期",
            "送信日時",
            "日付",
            "보낸 날짜",
            "enviada em",
            "envoyé le",
            "envoyée",
            "надіслано",
        ],
    ),
    (
        Label::To,
        &[
            "to",
            "an",
            "à",
            "para",
            "a",
            "aan",
            "till",
            "til",
            "do",
            "komu",
            "кому",
            "vastaanottaja",
            "kime",
            "címzett",
            "către",
            "προς",
            "收件人",
            "宛先",
            "받는 사람",
        ],
    ),
    (Label::Cc, &["cc", "kopie", "copie à", "kopia", "kopi", "dw", "копия", "抄送", "참조", "reply-to"]),
    (
        Label::Subject,
        &[
            "subject",
            "betreff",
            "objet",
            "asunto",
            "assunto",
            "oggetto",
            "onderwerp",
            "ämne",
            "emne",
            "temat",
            "předmět",
            "predmet",
            "тема",
            "aihe",
            "konu",
            "tárgy",
            "subiect",
            "θέμα",
            "主题",
            "主旨",
            "件名",
            "제목",
        ],
    ),
];

/// Characters in which a label and its colon must stand.
const MAX_LABEL_CHARS: usize = 24;

fn label(line: &str) -> Option<Label> {
    let line = line.trim_start_matches([' ', '\t', '*', '_', '>', '|']);
    // Most lines have nothing that is, or begins, a colon where a label would end.
    let start = &line.as_bytes()[..line.len().min(MAX_LABEL_CHARS * 4)];
    memchr::memchr2(b':', "：".as_bytes()[0], start)?;
    let at = line.char_indices().take(MAX_LABEL_CHARS).find(|(_, c)| matches!(c, ':' | '：')).map(|(at, _)| at)?;
    let word = line[..at].trim_end_matches([' ', '*', '_', '\u{a0}']).to_lowercase();
    LABELS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(label, _)| *label)
}

/// Lines in which a header block shows its fields; a list of recipients may be wrapped.
const MAX_BLOCK_LINES: usize = 12;

/// Whether `lines` begin with a header block of a mail, as Outlook and others put it above what they quote; over how
/// many lines it goes. It begins with `From` (some begin with the date or the subject) and has two fields more.
pub(super) fn header_block(lines: &[&str]) -> Option<usize> {
    let first = label(lines.first()?)?;
    if !matches!(first, Label::From | Label::Sent | Label::Subject) {
        return None;
    }
    let mut seen = vec![first];
    let mut end = 1;
    for (at, line) in lines.iter().enumerate().take(MAX_BLOCK_LINES).skip(1) {
        match label(line) {
            Some(label) => {
                if !seen.contains(&label) {
                    seen.push(label);
                }
                end = at + 1;
            }
            // Some programs write the block with an empty line between its fields.
            None if line.trim().is_empty() && at == end && lines.get(at + 1).is_some_and(|l| label(l).is_some()) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    (seen.contains(&Label::From) && seen.len() >= 3).then_some(end)
}

/// What a line between rules says about the text below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// The mail that is answered.
    Original,
    /// A mail that is passed on, which is what the sender wants to show.
    Forward,
}

const ORIGINAL: [&str; 24] = [
    "original message",
    "reply message",
    "antwort nachricht",
    "original appointment",
    "original email",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "originalmeddelande",
    "ursprungligt meddelande",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "mensagem original",
    "oryginalna wiadomość",
    "wiadomość oryginalna",
    "исходное сообщение",
    "původní zpráva",
    "原始邮件",
    "원본 메시지",
];

const FORWARD: [&str; 16] = [
    "forwarded message",
    "forwarded by",
    "weitergeleitete nachricht",
    "weitergeleiteten nachricht",
    "message transféré",
    "message réexpédié",
    "mensaje reenviado",
    "mensagem encaminhada",
    "messaggio inoltrato",
    "doorgestuurd bericht",
    "vidarebefordrat",
    "videresendt",
    "przekazana wiadomość",
    "пересылаемое сообщение",
    "přeposlaná zpráva",
    "转发的邮件",
];

/// Whether this line separates a quoted mail from the text above it.
pub(super) fn separator(line: &str) -> Option<Separator> {
    let line = line.trim_matches(['*', ' ', '\t']);
    let is_ruled = line.len() > 6 && line.len() < 160 && line.starts_with("--");
    let is_begin = line.len() < 80 && ends_with_colon(line);
    if !is_ruled && !is_begin {
        return None;
    }
    let words = line.trim_matches(['-', ' ', ':']).to_lowercase();
    if FORWARD.iter().any(|phrase| words.contains(phrase)) {
        let begins = ["begin", "anfang", "début", "inicio", "inizio", "start"];
        return (is_ruled || begins.iter().any(|word| words.starts_with(word))).then_some(Separator::Forward);
    }
    // `---- Ann wrote ----`, which some telephones draw.
    let is_attribution = line.ends_with("--") && WROTE.iter().any(|verb| contains_word(&words, verb));
    let is_original = is_attribution || ORIGINAL.iter().any(|phrase| words.contains(phrase));
    (is_ruled && is_original).then_some(Separator::Original)
}

/// A line of underscores or dashes, as Outlook draws above a header block and list programs above a footer.
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 10 && (line.bytes().all(|b| b == b'_') || line.bytes().all(|b| b == b'-'))
}

const SENT_FROM: [&str; 27] = [
    "sent from ",
    "sent via ",
    "sent with ",
    "sent wirelessly ",
    "get outlook for ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "diese nachricht wurde von meinem ",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé sans fil ",
    "envoyé à partir ",
    "enviado desde ",
    "enviado do ",
    "enviado de ",
    "inviato da ",
    "verzonden vanaf ",
    "verstuurd vanaf ",
    "skickat från ",
    "sendt fra ",
    "wysłane z ",
    "wysłano z ",
    "odesláno z ",
    "отправлено с ",
    "отправлено из ",
    "lähetetty ",
];

/// Bytes of such a line; a longer one is a sentence.
const MAX_SENT_FROM_BYTES: usize = 100;

/// The line that telephones and programs put below a mail: `Sent from my iPhone`.
pub(super) fn is_sent_from(line: &str) -> bool {
    let line = line.trim_matches([' ', '\t', '*', '_', '-', '(', '[', '<']);
    line.len() <= MAX_SENT_FROM_BYTES && begins_with_any(line, &SENT_FROM)
}

#[cfg(test)]
mod tests;
