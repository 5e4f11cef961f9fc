//! The mail that another one quotes, whose words are to be told from those of the answer.

use super::Working;
use crate::message::body::Unread;
use crate::message::{self, Message, Reader};
use crate::store::Quoted;
use crate::thread::ThreadKeys;
use crate::thread::token::{Reading, TokenKey};

/// The mails that a message may quote, by all that it says, the likeliest first.
pub(super) fn mails(message: &Message, keys: &ThreadKeys, tokens: &TokenKey) -> Vec<Quoted> {
    if message.body.quote.is_empty() {
        return Vec::new();
    }
    let id = message.in_reply_to.first().or(message.references.last());
    let by_id = id.map(|id| match tokens.read_message_id(&id.0) {
        Reading::Ours(own) => Quoted::Ours(own.token.ticket, id.clone()),
        Reading::Forged | Reading::Foreign => Quoted::Theirs(id.clone()),
    });
    // Relays change the ids of our mails; whom they were sent to stands in the answer all the same.
    let token = keys.marker.or(keys.address_tokens.first().copied());
    by_id.into_iter().chain(token.map(|token| Quoted::Last(token.ticket, token.party))).collect()
}

/// What nobody here has read of what a mail quotes.
pub(super) fn unread(
    message: &Message,
    quoted: &[Quoted],
    is_on_ticket: bool,
    working: &Working,
    reader: &Reader,
) -> Unread {
    let raws = quoted.iter().filter(|_| is_on_ticket).find_map(|quoted| working.quoted.get(quoted));
    let text_of = |raw: &Vec<u8>| message::parse(raw, message.received_at, reader).body.text;
    let text = raws.map(|raws| raws.iter().map(text_of).collect::<Vec<_>>().join("\n"));
    message.body.unread(text.as_deref())
}
