//! Notes of absence of programs without manners, which answer a mail under its own subject and set no field.
//!
//! A person too may be away and say so. So every sentence has to be one of those that such notes are made of, and a mail
//! that says anything else is a person's. Whoever wrote nothing but such sentences has said nothing about a ticket.

use super::{Marks, Speaks};
use crate::message::Message;
use crate::message::body::is_closing;
use crate::message::search::{Beginnings, Phrases};

/// Bytes of such a note.
pub(super) const MAX_NOTE_BYTES: usize = 1_000;

/// Bytes of a line that ends where its writer ended it; longer ones may go on in the next.
const MAX_WHOLE_LINE_BYTES: usize = 50;

/// Words of a line that only greets.
const MAX_GREETING_WORDS: usize = 6;

/// That its writer is away, in lower case.
const AWAY: [&str; 57] = [
    // English
    "i am out of the office",
    "i'm out of the office",
    "i am currently out of",
    "i'm currently out of",
    "i will be out of the office",
    "i am out of office",
    "i am away from the office",
    "i am currently away",
    "i am on annual leave",
    "i am on leave",
    "i am on vacation",
    "i am currently on",
    "i am on holiday",
    "i am not in the office",
    "i am travelling",
    // German
    "nicht im büro",
    "nicht im hause",
    "außer haus",
    "ausser haus",
    "bin abwesend",
    "ich abwesend",
    "bin im urlaub",
    "ich im urlaub",
    "in elternzeit",
    "nicht erreichbar",
    // French
    "suis absent",
    "serai absent",
    "suis actuellement absent",
    "absent du bureau",
    "absente du bureau",
    "suis en congé",
    "en congés",
    "suis en vacances",
    // Spanish, Portuguese, Italian
    "fuera de la oficina",
    "estoy de vacaciones",
    "estaré ausente",
    "estou ausente",
    "estarei ausente",
    "fora do escritório",
    "estou de férias",
    "fuori ufficio",
    "sono in ferie",
    "sono assente",
    "sarò assente",
    // Dutch
    "niet op kantoor",
    "ben ik afwezig",
    "ik ben afwezig",
    "ik ben met vakantie",
    "ik ben op vakantie",
    // The languages of the north, Polish
    "inte på kontoret",
    "ikke på kontoret",
    "är på semester",
    "er på ferie",
    "jestem na urlopie",
    "jestem nieobecn",
    // Japanese
    "不在にして",
    "不在にいたし",
];

/// What else stands in such a note, in lower case.
const BESIDE: [&str; 64] = [
    // Thanks
    "for your message",
    "for your mail",
    "for your email",
    "for your e-mail",
    "for contacting",
    "für ihre nachricht",
    "für ihre mail",
    "für ihre e-mail",
    "für ihre email",
    "für deine nachricht",
    "für deine mail",
    "für deine e-mail",
    "pour votre message",
    "pour votre e-mail",
    "pour votre courriel",
    "por su mensaje",
    "por su correo",
    "pela sua mensagem",
    "pelo seu e-mail",
    "per il tuo messaggio",
    "per il suo messaggio",
    "per la sua e-mail",
    "voor uw bericht",
    "voor uw e-mail",
    "voor je bericht",
    "för ditt mejl",
    "for e-posten",
    "for din e-post",
    "for din mail",
    "za wiadomość",
    // What becomes of the mail
    "will reply",
    "will respond",
    "will get back to you",
    "will answer",
    "limited access",
    "no access to",
    "will be back",
    "will return",
    "back on ",
    "back in the office",
    "not be forwarded",
    "after my return",
    "when i return",
    "nach meiner rückkehr",
    "wird nicht weitergeleitet",
    "nicht weitergeleitet",
    "werden nicht gelesen",
    "wieder erreichbar",
    "wieder im büro",
    "à mon retour",
    "a mi regreso",
    "al mio rientro",
    "bij terugkomst",
    // Whom to ask instead
    "in urgent cases",
    "for urgent",
    "if it is urgent",
    "please contact",
    "in dringenden",
    "bei dringenden",
    "wenden sie sich",
    "en cas d'urgence",
    "veuillez contacter",
    "戻ります",
    "折り返しご連絡",
];

/// What a person says who is away and has something to say, in lower case.
const SAYS_MORE: [&str; 30] = [
    " but ",
    " though",
    "however",
    "still ",
    "aber ",
    "jedoch",
    "immer noch",
    "noch immer",
    "mais ",
    "toujours",
    "pero ",
    "però ",
    "maar ",
    "nog steeds",
    "men ",
    "ale ",
    "down",
    "broken",
    "wrong",
    "error",
    "fehler",
    "n't work",
    "not work",
    "works",
    "funktion",
    "geht nicht",
    "fonctionne",
    "funciona",
    "the ticket",
    "das ticket",
];

/// How a line begins that greets, in lower case.
const GREETINGS: [&str; 20] = [
    "hello",
    "hi",
    "dear",
    "good day",
    "hallo",
    "guten tag",
    "sehr geehrte",
    "liebe",
    "bonjour",
    "cher",
    "hola",
    "buenos días",
    "estimad",
    "olá",
    "ciao",
    "buongiorno",
    "gentile",
    "beste",
    "hei",
    "hej",
];

static SAYS_AWAY: Phrases = Phrases::new(|| AWAY.to_vec());
static SAYS_BESIDE: Phrases = Phrases::new(|| BESIDE.to_vec());
static IS_MORE: Phrases = Phrases::new(|| SAYS_MORE.to_vec());
static GREETS: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(&GREETINGS));

/// Whether the text is a note of absence and the only mark. Only an answer can be one.
pub(super) fn look_at(message: &Message, marks: &mut Marks) -> bool {
    let may_be_note = marks.list.is_empty()
        && !(message.in_reply_to.is_empty() && message.references.is_empty())
        && message.body.reply.len() <= MAX_NOTE_BYTES;
    if !may_be_note {
        return false;
    }
    let words = message.body.own_words().replace('’', "'");
    let name = message.author().and_then(|author| author.name.as_deref()).unwrap_or_default().to_lowercase();
    let is_note = is_note(&words.to_lowercase(), &name);
    if is_note {
        marks.add(Speaks::Reply, "text: says that its sender is away".to_string());
    }
    is_note
}

/// Whether a text in lower case says that somebody is away, and nothing else.
fn is_note(text: &str, name: &str) -> bool {
    if !SAYS_AWAY.are_in(text) || text.contains(['?', '？']) || IS_MORE.are_in(text) {
        return false;
    }
    sentences(text).iter().all(|sentence| {
        let is_name = *sentence == name;
        let is_greeting = sentence.split_whitespace().count() <= MAX_GREETING_WORDS && GREETS.begin(sentence);
        let has_words = sentence.contains(char::is_alphabetic);
        is_name
            || is_greeting
            || !has_words
            || is_closing(sentence)
            || SAYS_AWAY.are_in(sentence)
            || SAYS_BESIDE.are_in(sentence)
    })
}

/// The sentences of a text, also those that end with their line and nothing else.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for line in text.lines() {
        for word in line.split_whitespace() {
            let sentence = sentences.last_mut();
            let Some(sentence) = sentence else { break };
            if !sentence.is_empty() {
                sentence.push(' ');
            }
            // The full stops of dates and initials end nothing.
            let ends = word
                .strip_suffix(['.', '!', '。', '！'])
                .is_some_and(|word| word.chars().count() > 2 && word.ends_with(char::is_alphabetic));
            sentence.push_str(word.trim_end_matches(['.', '!', ',', '。']));
            if ends {
                sentences.push(String::new());
            }
        }
        if line.len() <= MAX_WHOLE_LINE_BYTES {
            sentences.push(String::new());
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_absence_says_nothing_else() {
        let cases = [
            ("one sentence", "I am out of the office until 7 December.", true),
            (
                "thanks before it",
                "Thank you for your message. I am on annual leave, with limited access to mail.",
                true,
            ),
            ("greetings around it", "Dear sender,\n\nI am on vacation.\n\nKind regards\nAnn Lee", true),
            ("a colleague", "I am on leave until Monday.\nIn urgent cases, ask Bob: bob@example.com", true),
            (
                "in German",
                "Vielen Dank für Ihre Nachricht. Ich bin bis zum 7. Dezember nicht im Büro und werde Ihre E-Mail nach \
                 meiner\nRückkehr beantworten.",
                true,
            ),
            ("in French", "Bonjour,\nje suis absent du bureau jusqu'au 7 décembre.", true),
            ("in Japanese", "只今不在にしております。12月7日に戻ります。", true),
            ("nobody is away", "Thank you for your message. I will reply tomorrow.", false),
            ("another sentence", "I am out of the office until Monday.\nProduction is down, please close.", false),
            ("another line", "I am out of the office until Monday\nPlease send it to the branch", false),
            ("more in the sentence", "I am on vacation, but nobody can log in.", false),
            ("a question", "I am on leave from Monday. Who takes over?", false),
            ("somebody else", "Our administrator is on vacation.", false),
        ];
        for (name, text, expected) in cases {
            assert_eq!(is_note(&text.to_lowercase(), "ann lee"), expected, "{name}");
        }
    }

    #[test]
    fn a_line_may_go_on_when_it_is_long() {
        let of = |bytes: usize| {
            let start = "i am on leave ";
            is_note(&format!("{start}{}\nthe parcel is lost", "x".repeat(bytes - start.len())), "")
        };
        assert!(!of(MAX_WHOLE_LINE_BYTES));
        assert!(of(MAX_WHOLE_LINE_BYTES + 1));
    }
}
