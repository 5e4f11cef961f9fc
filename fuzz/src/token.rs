//! Tokens: ours are read as what they say, and nothing that we did not sign is taken for ours.

use postroom::endpoint::Secret;
use postroom::thread::token::{OwnId, Reading, Token, TokenKey};
use postroom::ticket::TicketId;
use postroom::ticket::people::PartyId;
use postroom::ticket::purpose::Purpose;

pub(crate) fn check(input: &[u8]) {
    let key = TokenKey::new(Secret::new("the key of this desk"));
    let other = TokenKey::new(Secret::new("the key of another desk"));
    let text = String::from_utf8_lossy(input);
    nobody_else_signs(&key, &text);
    text.lines().for_each(|line| nobody_else_signs(&key, line));

    // Of the first bytes a token is made, the rest tells what is done to it.
    let Some((numbers, rest)) = input.split_first_chunk::<18>() else { return };
    let number = |at: usize| u32::from_le_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
    let token = Token {
        ticket: TicketId(i64::from(number(0)) << (number(4) % 31)),
        party: PartyId(number(4)),
        week: number(8),
    };
    let purpose = Purpose::ALL[usize::from(numbers[16]) % Purpose::ALL.len()];
    let own = OwnId { token, sequence: number(12), purpose };

    let id = key.message_id(&own, "desk.example");
    assert_eq!(key.read_message_id(&id), Reading::Ours(own));
    assert_eq!(other.read_message_id(&id), Reading::Forged);
    let address = key.address(&token, "support@desk.example");
    assert_eq!(key.read_address(&address), Reading::Ours(token));
    assert_eq!(key.read_address(&address.to_uppercase()), Reading::Ours(token), "local parts get folded");
    assert_eq!(other.read_address(&address), Reading::Forged);
    let marker = key.marker(&token);
    assert_eq!(key.find_marker(&format!("{text}\n> {marker}")).is_ours(), text.matches("Ref: PR-").count() < 16);
    assert!(!other.find_marker(&marker).is_ours());
    assert!(key.occurs_in(&address) && key.occurs_in(&id) && key.occurs_in(&marker));

    // One octet changed: it is no longer ours, or it says the same.
    let Some((at, with)) = rest.split_first_chunk::<2>().map(|(pair, _)| (usize::from(pair[0]), pair[1])) else {
        return;
    };
    let changed = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = with;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    if let Reading::Ours(read) = key.read_message_id(&changed(&id)) {
        assert_eq!(read, own);
    }
    if let Reading::Ours(read) = key.read_address(&changed(&address)) {
        assert_eq!(read, token);
    }
    if let Reading::Ours(read) = key.find_marker(&changed(&marker)) {
        assert_eq!(read, token);
    }
}

/// What is read as ours without our having made it must be what we would have made.
fn nobody_else_signs(key: &TokenKey, text: &str) {
    if let Reading::Ours(own) = key.read_message_id(text) {
        let head = |id: &str| id.rsplit_once('@').map(|(left, _)| left.to_lowercase());
        assert_eq!(head(text), head(&key.message_id(&own, "desk.example")), "a Message-ID that nobody signed");
    }
    if let Reading::Ours(token) = key.read_address(text) {
        let detail = |address: &str| address.split_once('+').map(|(_, rest)| rest.to_lowercase());
        let made = detail(&key.address(&token, "support@desk.example"));
        let is_made = detail(text).zip(made).is_some_and(|(read, made)| {
            read.rsplit_once('@').map(|(left, _)| left.to_owned())
                == made.rsplit_once('@').map(|(left, _)| left.to_owned())
        });
        assert!(is_made, "an address that nobody signed: {text:?}");
    }
    if let Reading::Ours(token) = key.find_marker(text) {
        assert!(text.to_lowercase().contains(&key.marker(&token).to_lowercase()), "a marker that nobody signed");
    }
}
