//! The signed tokens by which our own mails find their way back to their ticket.
//!
//! A token names a ticket, one party of it and the week it was made in, under a MAC (HMAC-SHA-256 cut to
//! 128 bits). It stands in our Message-IDs, `<pr.1042.3.ack.1-2bk.MAC@domain>`, in our reply addresses,
//! `support+1042.1-2bk.MAC@domain`, and in the last line of our mails, `Ref: PR-1042 · 1-2bk.MAC`.
//! The three are signed for different uses, so that none can be turned into another.

use crate::endpoint::Secret;
use crate::ticket::TicketId;
use crate::ticket::people::PartyId;
use crate::ticket::purpose::Purpose;
use data_encoding::{BASE32_NOPAD, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use memchr::memmem;
use sha2::Sha256;
use std::fmt;
use std::sync::LazyLock;
use subtle::ConstantTimeEq;

/// What stands before the token in the last line of our mails.
const MARKER: &str = "Ref: PR-";

/// What stands between the reference and the token in the marker line.
const MARKER_SEPARATOR: &str = " · ";

/// Octets of a MAC: HMAC-SHA-256 cut to 128 bits (RFC 2104 §5).
const MAC_BYTES: usize = 16;

/// Seconds of a week, the grain in which a token's age is kept.
const WEEK_SECONDS: i64 = 7 * 24 * 3600;

/// Markers looked at in one mail; a mail that quotes more has been quoted to death.
const MARKERS_READ: usize = 16;

/// Base 32 of RFC 4648 in lower case, for local parts that survive being folded.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = BASE32_NOPAD.specification();
    spec.symbols = spec.symbols.to_lowercase();
    spec.translate.from.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    spec.translate.to.push_str("abcdefghijklmnopqrstuvwxyz");
    spec.encoding().unwrap_or(BASE32_NOPAD)
});

/// The key that our tokens are signed with. Who has it can speak for every party.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(***)")
    }
}

/// Which ticket, which party of it, and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    /// The ticket.
    pub ticket: TicketId,
    /// The party it was made out to.
    pub party: PartyId,
    /// Weeks since 1970-01-01 in which it was made.
    pub week: u32,
}

/// What one of our Message-IDs says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnId {
    /// Ticket, party and week.
    pub token: Token,
    /// The number of the mail on its ticket.
    pub sequence: u32,
    /// Which mail it is.
    pub purpose: Purpose,
}

/// What looking for a token found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading<T> {
    /// Nothing that looks like one of ours.
    Foreign,
    /// It looks like ours, but the MAC is not.
    Forged,
    /// It is ours.
    Ours(T),
}

impl<T> Reading<T> {
    /// Whether it is ours.
    pub fn is_ours(&self) -> bool {
        matches!(self, Reading::Ours(_))
    }
}

impl Token {
    /// A token for a party, made at `now`.
    pub fn new(ticket: TicketId, party: PartyId, now: Timestamp) -> Self {
        let week = u32::try_from(now.as_second().div_euclid(WEEK_SECONDS)).unwrap_or(0);
        Self { ticket, party, week }
    }

    /// Whether it was made longer ago than `age`, counted in whole weeks and in favour of its holder.
    pub fn is_older_than(&self, age: jiff::SignedDuration, now: Timestamp) -> bool {
        let made_by = (i64::from(self.week) + 1) * WEEK_SECONDS;
        now.as_second() - made_by > age.as_secs()
    }

    /// Party and week as they stand in a token: `1-2bk`.
    fn party_text(&self) -> String {
        format!("{}-{}", self.party, base36(self.week))
    }

    /// Reads [`party_text`](Self::party_text).
    fn from_texts(ticket: &str, party: &str) -> Option<Self> {
        let (party, week) = party.split_once('-')?;
        Some(Self {
            ticket: TicketId(number(ticket)?),
            party: PartyId(number(party)?),
            week: u32::from_str_radix(week, 36).ok()?,
        })
    }
}

impl TokenKey {
    /// A key from a secret text.
    pub fn new(secret: Secret) -> Self {
        // Any length of key is allowed (RFC 2104 §3), so this cannot fail.
        let Ok(mac) = Hmac::new_from_slice(secret.expose().as_bytes()) else {
            unreachable!("HMAC takes a key of any length")
        };
        Self(mac)
    }

    /// The Message-ID of one of our mails, without angle brackets.
    pub fn message_id(&self, own: &OwnId, domain: &str) -> String {
        let head =
            format!("pr.{}.{}.{}.{}", own.token.ticket.0, own.sequence, own.purpose.code(), own.token.party_text());
        format!("{head}.{}@{domain}", self.mac("message-id", &head))
    }

    /// The address to which a party answers, made from the desk's own address.
    pub fn address(&self, token: &Token, support: &str) -> String {
        let (local, domain) = support.rsplit_once('@').unwrap_or((support, ""));
        let head = format!("{}.{}", token.ticket.0, token.party_text());
        format!("{local}+{head}.{}@{domain}", self.mac("address", &head))
    }

    /// The last line of a mail to a party.
    pub fn marker(&self, token: &Token) -> String {
        let head = token.party_text();
        let mac = self.mac("marker", &format!("{}.{head}", token.ticket.0));
        format!("{MARKER}{}{MARKER_SEPARATOR}{head}.{mac}", token.ticket.0)
    }

    /// Reads a Message-ID that may be one of ours.
    pub fn read_message_id(&self, id: &str) -> Reading<OwnId> {
        let Some(rest) = id.strip_prefix("pr.") else { return Reading::Foreign };
        let Some((left, _domain)) = rest.rsplit_once('@') else { return Reading::Foreign };
        let mut fields = left.split('.');
        let (Some(ticket), Some(sequence), Some(purpose), Some(party), Some(mac), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Reading::Foreign;
        };
        let (Some(token), Some(sequence), Some(purpose)) =
            (Token::from_texts(ticket, party), number(sequence), Purpose::from_code(purpose))
        else {
            return Reading::Foreign;
        };
        let head = format!("pr.{ticket}.{sequence}.{}.{party}", purpose.code());
        self.judge("message-id", &head, mac, OwnId { token, sequence, purpose })
    }

    /// Reads an address that may carry one of our tokens in its sub-address (RFC 5233).
    pub fn read_address(&self, address: &str) -> Reading<Token> {
        let Some((local, _domain)) = address.rsplit_once('@') else { return Reading::Foreign };
        let Some((_, detail)) = local.split_once('+') else { return Reading::Foreign };
        let detail = detail.to_ascii_lowercase();
        let Some((head, mac)) = detail.rsplit_once('.') else { return Reading::Foreign };
        let Some(token) = head.split_once('.').and_then(|(ticket, party)| Token::from_texts(ticket, party)) else {
            return Reading::Foreign;
        };
        self.judge("address", head, mac, token)
    }

    /// Finds the first marker line of ours in a text, whatever quotes it.
    pub fn find_marker(&self, text: &str) -> Reading<Token> {
        let mut forged = false;
        for at in memmem::find_iter(text.as_bytes(), MARKER).take(MARKERS_READ) {
            let Some((ticket, rest)) = text[at + MARKER.len()..].split_once(MARKER_SEPARATOR) else { continue };
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-')).unwrap_or(rest.len());
            let Some((party, mac)) = rest[..end].trim_end_matches('.').rsplit_once('.') else { continue };
            let Some(token) = Token::from_texts(ticket, party) else { continue };
            match self.judge("marker", &format!("{ticket}.{party}"), mac, token) {
                Reading::Ours(token) => return Reading::Ours(token),
                _ => forged = true,
            }
        }
        if forged { Reading::Forged } else { Reading::Foreign }
    }

    /// Whether a text holds one of our tokens in any form, ours or forged: whoever reads it could use it.
    pub fn occurs_in(&self, text: &str) -> bool {
        addresses_in(text).any(|word| self.read_address(word).is_ours() || self.read_message_id(word).is_ours())
            || self.find_marker(text).is_ours()
    }

    fn judge<T>(&self, what_for: &str, head: &str, mac: &str, value: T) -> Reading<T> {
        let Ok(given) = BASE32.decode(mac.as_bytes()) else { return Reading::Forged };
        if bool::from(given.ct_eq(&self.mac_bytes(what_for, head))) { Reading::Ours(value) } else { Reading::Forged }
    }

    fn mac(&self, what_for: &str, head: &str) -> String {
        BASE32.encode(&self.mac_bytes(what_for, head))
    }

    fn mac_bytes(&self, what_for: &str, head: &str) -> Vec<u8> {
        let mut mac = self.0.clone();
        mac.update(what_for.as_bytes());
        mac.update(&[0]);
        mac.update(head.as_bytes());
        mac.finalize().into_bytes()[..MAC_BYTES].to_vec()
    }
}

/// The words of a text that have an `@`, as far as they consist of what our addresses and ids consist of.
fn addresses_in(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+' | b'@' | b'=');
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + memchr::memchr(b'@', &bytes[from..])?;
        let start = at - bytes[from..at].iter().rev().take_while(|b| is_part(b)).count();
        from = at + bytes[at..].iter().take_while(|b| is_part(b)).count();
        Some(text[start..from].trim_end_matches('.'))
    })
}

/// A number written in plain digits, without sign or leading zero, so that each has one spelling.
fn number<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|number| number.to_string() == text)
}

fn base36(mut number: u32) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut text = String::new();
    loop {
        text.insert(0, char::from(DIGITS[(number % 36) as usize]));
        number /= 36;
        if number == 0 {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> TokenKey {
        TokenKey::new(Secret::new("a key for tests"))
    }

    fn own() -> OwnId {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        OwnId { token: Token::new(TicketId(1042), PartyId(3), now), sequence: 7, purpose: Purpose::Acknowledgement }
    }

    #[test]
    fn each_form_of_a_token_is_read_back() {
        let (key, own) = (key(), own());
        let id = key.message_id(&own, "desk.example");
        assert_eq!(key.read_message_id(&id), Reading::Ours(own), "{id}");
        let address = key.address(&own.token, "support@desk.example");
        assert_eq!(key.read_address(&address), Reading::Ours(own.token), "{address}");
        assert_eq!(key.read_address(&address.to_uppercase()), Reading::Ours(own.token), "in upper case");
        let marker = key.marker(&own.token);
        assert_eq!(key.find_marker(&format!("Hello\n> > {marker}\n> bye")), Reading::Ours(own.token), "{marker}");
    }

    #[test]
    fn a_local_part_stays_within_64_octets() {
        let mut own = own();
        own.token.ticket = TicketId(999_999_999);
        own.token.party = PartyId(999);
        let address = key().address(&own.token, "support@desk.example");
        assert!(address.split('@').next().unwrap().len() <= 64, "{address}");
    }

    #[test]
    fn a_token_for_one_use_is_none_for_another() {
        let (key, own) = (key(), own());
        let marker = key.marker(&own.token);
        let mac = marker.rsplit('.').next().unwrap();
        let address = format!("support+1042.{}.{mac}@desk.example", own.token.party_text());
        assert_eq!(key.read_address(&address), Reading::Forged);
    }

    #[test]
    fn what_is_not_ours_is_told_apart() {
        let key = key();
        let id = key.message_id(&own(), "desk.example");
        let cases = [
            ("somebody's id", "CAF+abc@mail.example".to_owned(), false),
            ("another ticket under the same MAC", id.replace("1042", "1043"), true),
            ("a leading zero", id.replace("1042", "01042"), false),
            ("another purpose", id.replace(".ack.", ".rep."), true),
            ("no MAC at all", "pr.1042.7.ack.3-1.x@desk.example".to_owned(), true),
            ("too few fields", "pr.1042@desk.example".to_owned(), false),
        ];
        for (name, id, is_forged) in cases {
            let expected = if is_forged { Reading::Forged } else { Reading::Foreign };
            assert_eq!(key.read_message_id(&id), expected, "{name}: {id}");
        }
        let other = TokenKey::new(Secret::new("another key"));
        assert_eq!(other.read_message_id(&id), Reading::Forged);
    }

    #[test]
    fn a_token_ages_in_weeks() {
        let token = own().token;
        let month = jiff::SignedDuration::from_hours(30 * 24);
        assert!(!token.is_older_than(month, "2026-03-30T00:00:00Z".parse().unwrap()));
        assert!(token.is_older_than(month, "2026-04-30T00:00:00Z".parse().unwrap()));
    }
}
