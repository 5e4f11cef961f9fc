//! Challenges: mails in which a program asks the sender of another mail to prove that a person sent it.
//!
//! Each says two things: that a mail waits, and that its sender is to prove to be a person. Both must be said on
//! top. People pass such mails on and ask what they mean, so these words alone do not keep a mail from becoming a ticket.

use super::{MarkOn, Marks, Speaks};
use crate::message::Message;
use crate::message::search::Phrases;

/// Bytes of a text in which a challenge says what it is.
pub(super) const MAX_CHALLENGE_BYTES: usize = 1_000;

/// That a mail waits, in lower case.
const WAITS: [&str; 39] = [
    "being held",
    "been held",
    "will be held",
    "quarantined until",
    "be delivered once",
    "before it is delivered",
    "before it can be delivered",
    "will be delivered",
    "to be delivered",
    "not been delivered yet",
    "not yet been delivered",
    "has not been delivered",
    "pending delivery",
    "delivery is pending",
    "awaiting verification",
    "requires verification",
    "to reach me",
    "to reach my inbox",
    "wird zurückgehalten",
    "wurde zurückgehalten",
    "noch nicht zugestellt",
    "zugestellt werden",
    "a été retenu",
    "sera délivré",
    "sera remis",
    "ha sido retenido",
    "será entregado",
    "foi retida",
    "será entregue",
    "sarà consegnato",
    "was waitlisted",
    "to have your message delivered",
    "to deliver your message",
    "so i can receive your",
    "spam filter does not know you",
    "does not know you. please click",
    "message you sent requires that you",
    "i now allow incoming messages only from",
    "only accept messages from senders",
];

/// What its sender is to prove, or how, in lower case.
const PROVE: [&str; 38] = [
    "are human",
    "are a human",
    "a human being",
    "you're human",
    "are a real person",
    "sent by a person",
    "sent by a human",
    "not a spammer",
    "not a robot",
    "not a machine",
    "approved sender",
    "allowed sender",
    "my whitelist",
    "captcha",
    "verify yourself",
    "authenticate yourself",
    "confirm that you sent",
    "ein mensch sind",
    "von einem menschen",
    "vous authentifier",
    "être humain",
    "ser humano",
    "um humano",
    "essere umano",
    "add yourself to my",
    "just this once, please click",
    "you only have to do this once",
    "you only need to do this once",
    "you won't have to do this again",
    "you will not have to do this again",
    "live human being",
    "verify that you sent this message",
    "verify that you sent this e-mail",
    "verify that you sent this email",
    "to release your pending message",
    "your address was not recognized",
    "senders i have approved",
    "senders i have not approved",
];

/// How people speak of the challenge that they got, in lower case.
const GOT_ONE: [&str; 24] = [
    "my message will",
    "my message was",
    "my message has",
    "my mail will",
    "my mail was",
    "my mail has",
    "my e-mail will",
    "my e-mail was",
    "my e-mail has",
    "my email will",
    "my email was",
    "my email has",
    "i solved",
    "i have solved",
    "i've solved",
    "we solved",
    "we have solved",
    "meine nachricht wird",
    "meine e-mail wird",
    "mon message sera",
    "my message is",
    "my mail is",
    "my e-mail is",
    "my email is",
];

static SAYS_GOT_ONE: Phrases = Phrases::in_either_case(|| GOT_ONE.to_vec());
static SAYS_WAITS: Phrases = Phrases::in_either_case(|| WAITS.to_vec());
static SAYS_PROVE: Phrases = Phrases::in_either_case(|| PROVE.to_vec());

/// Looks whether the text is that of a challenge.
pub(super) fn look_at(message: &Message, marks: &mut Marks) {
    if marks.has(Speaks::Report) {
        return;
    }
    // What is quoted between answers is not said by whoever answers.
    if !says_so(&message.body.reply) || !says_so(&message.body.own_words()) {
        return;
    }
    let on = marks.words_on(MarkOn::Text);
    marks.add(Speaks::Reply, on, "text: asks for a proof that a person wrote".to_string());
}

fn says_so(text: &str) -> bool {
    let end = (0..=text.len().min(MAX_CHALLENGE_BYTES)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    // Either may be wrapped into the next line.
    let one_line = text[..end].replace('\n', " ");
    SAYS_WAITS.are_in(&one_line) && SAYS_PROVE.are_in(&one_line) && !SAYS_GOT_ONE.are_in(&one_line)
}
