//! The subjects of absence notes and of challenges, in the languages of customers.
//!
//! People write about absence notes, and some call a mail `Vacation`. So most of these words count only beside another
//! mark; those that programs alone begin a subject with count by themselves, and are then told apart from all others:
//! such a mail is not answered, but no person's words are to vanish because of its subject.

use super::{MarkOn, Marks, Speaks};
use crate::message::Message;
use crate::message::search::Beginnings;

/// What programs call an automatic answer, as they put it before the subject of the mail they answer, in lower case.
const AUTOMATIC: [&str; 82] = [
    // English
    "automatic reply",
    "automatic response",
    "automated reply",
    "automated response",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "auto-response",
    "autoresponse",
    "autoresponder",
    "autorespond",
    // German
    "automatische antwort",
    "automatische antwortmail",
    "automatische rückantwort",
    "autoantwort",
    // French
    "réponse automatique",
    "reponse automatique",
    // Spanish, Catalan, Portuguese
    "respuesta automática",
    "respuesta automatica",
    "autorespuesta",
    "resposta automàtica",
    "resposta automática",
    "resposta automatica",
    // Italian
    "risposta automatica",
    "risposta non al computer",
    // Dutch
    "automatisch antwoord",
    "automatische antwoord",
    "automatische reactie",
    // The languages of the north
    "automatiskt svar",
    "automatisk svar",
    "autosvar",
    "automaattinen vastaus",
    "sjálfvirkt svar",
    // Baltic
    "automaatvastus",
    "automātiskā atbilde",
    "automatinis atsakymas",
    // Slavic
    "odpowiedź automatyczna",
    "automatyczna odpowiedź",
    "autoodpowiedź",
    "automatická odpověď",
    "automatická odpoveď",
    "samodejni odgovor",
    "automatski odgovor",
    "автоматический ответ",
    "автоответ",
    "автоматична відповідь",
    "автоматичен отговор",
    // Others
    "automatikus válasz",
    "răspuns automat",
    "otomatik yanıt",
    "αυτόματη απάντηση",
    "trả lời tự động",
    "balasan otomatis",
    "自動応答",
    "自動返信",
    "自动答复",
    "自动回复",
    "自動回覆",
    "자동 회신",
    "자동 응답",
    "תשובה אוטומטית",
    "رد تلقائي",
    "resposta automática de ausência temporária",
    "resposta automática de ausência do escritório",
    "yahoo! auto response",
    "automatická odpověď mimo kancelář",
    "автоматски одговор",
    "automaattivastaus",
    "automatisk besvarelse",
    "自動回答",
    "自动应答",
    "thư trả lời tự động",
    "phản hồi tự động",
    "מענה אוטומטי",
    "ตอบกลับอัตโนมัติ",
    "การตอบกลับอัตโนมัติ",
    "پاسخ خودکار",
    "स्वचालित उत्तर",
    "автовідповідь",
    "balasan automatik",
    "resposta automática de ausência",
];

/// How people speak of an absence, and programs too, in lower case.
const AWAY: [&str; 53] = [
    "absence",
    "je suis absent",
    "nieobecność",
    "不在",
    "нет на месте",
    "ooo:",
    "ooo -",
    "vacation",
    "on vacation",
    "away from my mail",
    "away from the office",
    "away from",
    "i am away",
    "i am on vacation",
    "i am on holiday",
    "i am on leave",
    "i am out of",
    "on holiday",
    "on leave",
    "on annual leave",
    "holiday:",
    "leave:",
    "abwesenheit",
    "abwesend",
    "nicht im büro",
    "nicht erreichbar",
    "außer haus",
    "ausser haus",
    "urlaub:",
    "im urlaub",
    "en congé",
    "congés",
    "en vacances",
    "de vacaciones",
    "em férias",
    "in ferie",
    "fuera de oficina",
    "afwezig",
    "niet op kantoor",
    "niet aanwezig",
    "op vakantie",
    "met vakantie",
    "fravær",
    "urlop:",
    "отпуск:",
    "в отпуске",
    "maternity leave",
    "parental leave",
    "in elternzeit",
    "nicht im haus",
    "ich bin nicht im haus",
    "отсутствую",
    "vắng mặt",
];

/// What Lotus Notes puts before such a subject, and others before that of the mail they answer.
const AUTO: &str = "auto:";

/// What programs call a note of absence, and a person hardly a mail, in lower case.
const NOTES: [&str; 60] = [
    AUTO,
    "out of office",
    "out of the office",
    "out-of-office",
    "abwesenheitsnotiz",
    "abwesenheitsbenachrichtigung",
    "abwesenheitsnachricht",
    "abwesenheitsassistent",
    "absence du bureau",
    "absent du bureau",
    "absente du bureau",
    "absent(e) du bureau",
    "abwesenheit:",
    "notification d'absence",
    "message d'absence",
    "fuera de la oficina",
    "fuori sede",
    "fuori ufficio",
    "fora do escritório",
    "ausência do escritório",
    "afwezigheidsbericht",
    "frånvaro",
    "poissaoloilmoitus",
    "poza biurem",
    "házon kívül",
    "вне офиса",
    "不在通知",
    "respuesta de fuera de la oficina",
    "respuesta fuera de la oficina",
    "frånvaromeddelande",
    "fraværsmelding",
    "fraværsbesked",
    "fraværsassistent",
    "ikke til stede",
    "ikke på kontoret",
    "inte på kontoret",
    "poissa toimistosta",
    "mimo kancelář",
    "nie ma mnie w biurze",
    "нет на рабочем месте",
    "отсутствует на рабочем месте",
    "réponse d'absence",
    "avviso di assenza",
    "bericht van afwezigheid",
    "ofis dışında",
    "不在のお知らせ",
    "外出通知",
    "ausência temporária",
    "vắng mặt tại văn phòng",
    "không có mặt tại văn phòng",
    "מחוץ למשרד",
    "לא נמצא במשרד",
    "ไม่อยู่ที่สำนักงาน",
    "خارج المكتب",
    "поза офісом",
    "извън офиса",
    "izvan ureda",
    "εκτός γραφείου",
    "부재중",
    "不在办公室",
];

/// What is said of somebody within such a subject, in lower case: `Ann Smith is out of the office`.
const IS_AWAY: [&str; 8] = [
    "is out of the office",
    "is out of office",
    "is on vacation",
    "ist nicht im büro",
    "ist abwesend",
    "ist außer haus",
    "ist im urlaub",
    "est absent du bureau",
];

/// By which programs ask whether a mail was sent by a person, in lower case.
const CHALLENGES: [&str; 7] = [
    "your email requires verification",
    "your mail requires verification",
    "please confirm your message",
    "please confirm that you sent",
    "verification required for your",
    "confirm your email to",
    "bitte bestätigen sie ihre e-mail an",
];

/// What stands before the subject of a mail that is answered, and so behind what programs put before it, in lower case.
const OF_ANSWERS: [&str; 6] = ["re:", "aw:", "antw:", "sv:", "rv:", "odp:"];

/// Fields that speak for an automatic answer only beside another mark.
const WEAK_FIELDS: [&str; 3] = ["X-MS-Exchange-Inbox-Rules-Loop", "X-Auto-Response-Suppress", "Precedence"];

static IS_AUTOMATIC: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&AUTOMATIC));
static SAYS_AWAY: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&AWAY));
static IS_NOTE: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&NOTES));
static CHALLENGES_US: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&CHALLENGES));

/// Looks whether the subject is one that programs give their answers.
pub(super) fn look_at(message: &Message, marks: &mut Marks) {
    let (subject, is_tag) = without_tags(&message.subject);
    let is_automatic = IS_AUTOMATIC.begin(subject) || ends_with_tag(subject);
    let is_challenge = !is_automatic && CHALLENGES_US.begin(subject);
    let is_note = !is_automatic && IS_NOTE.begin(subject);
    let is_away = is_note || !is_automatic && (SAYS_AWAY.begin(subject) || says_away(subject));
    if !is_automatic && !is_away && !is_challenge {
        return;
    }
    let has_weak_field = WEAK_FIELDS.iter().any(|name| message.header(name).next().is_some());
    let has_other = has_weak_field || !marks.list.is_empty();
    // An automatic answer is not called `Re:`, as a person's is by every mail program.
    let is_before_other = || stands_alone(subject, &AWAY);
    let answers = !message.in_reply_to.is_empty() && (is_automatic || is_challenge || is_note || is_before_other());
    // A tag may also say what a person's question is about.
    let is_alone = !is_tag && (stands_alone(subject, &AUTOMATIC) || stands_alone(subject, &NOTES));
    if has_other || answers || is_alone {
        let on = match marks.list.is_empty() && has_weak_field {
            true => MarkOn::Program,
            false => marks.words_on(MarkOn::Subject),
        };
        marks.add(Speaks::Reply, on, format!("Subject: {}", message.subject));
    }
}

/// Whether a program put behind the subject of the mail it answers what it calls an answer: `Re: Printer [Auto-Reply]`.
fn ends_with_tag(subject: &str) -> bool {
    let inside = |(open, close): &(char, char)| Some(subject.trim_end().strip_suffix(*close)?.rsplit_once(*open)?.1);
    let mut tags = BRACKETS.iter().chain(&[('(', ')')]).filter_map(inside);
    tags.any(|tag| AUTOMATIC.contains(&tag.trim().to_lowercase().as_str()))
}

/// The subject without the `[tags]` that list programs and help desks put before it. One that is what programs call an
/// automatic answer is what there is to know, and told: `[Auto-Reply] Printer`.
fn without_tags(subject: &str) -> (&str, bool) {
    let mut rest = subject.trim_start();
    while let Some((tag, behind)) = tagged(rest) {
        let words = tag.trim().to_lowercase();
        if AUTOMATIC.contains(&words.as_str()) || NOTES.contains(&words.as_str()) {
            return (tag.trim_start(), true);
        }
        rest = behind.trim_start();
    }
    (rest, false)
}

/// The tag that a subject begins with, and what follows it.
fn tagged(subject: &str) -> Option<(&str, &str)> {
    BRACKETS.iter().find_map(|(open, close)| subject.strip_prefix(*open)?.split_once(*close))
}

/// Between what tags stand, also in Japan.
const BRACKETS: [(char, char); 2] = [('[', ']'), ('【', '】')];

fn says_away(subject: &str) -> bool {
    // Most subjects have no such word.
    (subject.contains(" is ") || subject.contains(" ist ") || subject.contains(" est ")) && {
        let lower = subject.to_lowercase();
        IS_AWAY.iter().any(|phrase| lower.contains(phrase))
    }
}

/// Whether the subject is one of these phrases, with nothing behind it but what a program puts there: the subject of
/// the mail it answers behind a colon, a name, a date in brackets. A person's sentence goes on.
fn stands_alone(subject: &str, phrases: &[&str]) -> bool {
    let lower = subject.to_lowercase();
    phrases.iter().any(|phrase| {
        lower.strip_prefix(phrase).is_some_and(|behind| {
            let behind = behind.trim_start();
            // `Auto:` is a car in other languages.
            phrase.ends_with(':') && (*phrase != AUTO || says_away(subject))
                || OF_ANSWERS.iter().any(|prefix| behind.starts_with(prefix))
                || behind.starts_with([':', '：', '-', '–', '—', '(', '['])
                || behind.chars().all(|c| !c.is_alphanumeric())
                || IS_AUTOMATIC.begin(behind)
                || IS_NOTE.begin(behind)
        })
    })
}
