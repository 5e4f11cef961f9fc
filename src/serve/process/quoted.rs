//! The mail that another one quotes, whose words are to be told from those of the answer.

use crate::message::body::Unread;
use crate::message::{self, Message, MessageId, Reader};
use crate::thread::ThreadKeys;
use crate::thread::token::{Reading, TokenKey};
use crate::ticket::TicketId;

/// A mail that is quoted without a mark on its lines.
#[derive(Debug, Clone)]
pub(super) struct Quoted {
    /// Its ticket, if it is ours.
    pub ticket: Option<TicketId>,
    /// Its Message-ID.
    pub id: MessageId,
}

impl Quoted {
    /// The mail that this one quotes, by all that its header says.
    pub fn by(message: &Message, tokens: &TokenKey) -> Option<Self> {
        if !message.body.quotes_unmarked_lines() {
            return None;
        }
        let id = message.in_reply_to.first().or(message.references.last())?;
        let ticket = match tokens.read_message_id(&id.0) {
            Reading::Ours(own) => Some(own.token.ticket),
            Reading::Forged | Reading::Foreign => None,
        };
        Some(Self { ticket, id: id.clone() })
    }

    pub fn into_key(self) -> (Option<TicketId>, MessageId) {
        (self.ticket, self.id)
    }
}

/// What nobody here has read of what a mail quotes. `quoted` is the mail that it quotes, as far as that is kept.
pub(super) fn unread(
    message: &Message,
    keys: &ThreadKeys,
    quoted: Option<&Vec<u8>>,
    is_on_ticket: bool,
    reader: &Reader,
) -> Unread {
    if !is_on_ticket {
        return message.body.unread(None);
    }
    match quoted {
        Some(raw) => {
            let quoted = message::parse(raw, message.received_at, reader);
            message.body.unread(Some(&quoted.body.text))
        }
        // What stands above our own last line is ours, whichever of our mails it is: relays change ids.
        None if keys.marker.is_some() || !message.body.quotes_unmarked_lines() => Unread::default(),
        None => message.body.unread(None),
    }
}
