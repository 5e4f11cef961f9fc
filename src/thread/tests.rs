//! Which ticket a mail belongs to: each kind of evidence, their order, and that nobody can make up any of it.

use super::token::Reading;
use super::*;
use crate::endpoint::Secret;
use crate::message::{Reader, parse};
use proptest::prelude::*;

const DESK: &str = "desk.example";
const SUPPORT: &str = "support@desk.example";

fn key() -> TokenKey {
    TokenKey::new(Secret::new("a key for tests"))
}

fn token(ticket: i64, party: u32) -> Token {
    Token { ticket: TicketId(ticket), party: PartyId(party), week: 2930 }
}

fn own(ticket: i64, party: u32, purpose: Purpose) -> OwnId {
    OwnId { token: token(ticket, party), sequence: 1, purpose }
}

fn id(ticket: i64, party: u32) -> String {
    key().message_id(&own(ticket, party, Purpose::Reply), DESK)
}

fn address(ticket: i64, party: u32) -> String {
    key().address(&token(ticket, party), SUPPORT)
}

fn marker(ticket: i64, party: u32) -> String {
    key().marker(&token(ticket, party))
}

/// The same text with another last character in front of the `@`, or at the end: a MAC that is not ours.
fn forged(text: &str) -> String {
    let end = text.find('@').unwrap_or(text.len());
    let other = if text[..end].ends_with('a') { "b" } else { "a" };
    // The last character of a MAC bears few bits, so the one before it is changed.
    format!("{}{other}{}", &text[..end - 2], &text[end - 1..])
}

fn message(fields: &str, body: &str) -> Message {
    let raw = format!("From: ann@example.com\nMessage-ID: <this@example.com>\n{fields}\n\n{body}\n");
    parse(raw.as_bytes(), "2026-03-02T09:00:00Z".parse().unwrap(), &Reader::default())
}

fn keys_of(fields: &str, body: &str) -> ThreadKeys {
    keys(&message(fields, body), &key(), &[SUPPORT.to_owned()])
}

/// Ticket 7 is known by a mail of somebody else's; Ann is a party to the ticket in the tag.
fn known() -> Known {
    Known {
        gone: Vec::new(),
        tickets_by_message: [(MessageId("old@example.com".to_owned()), TicketId(7))].into(),
        opened_by_answer: None,
        opened_by_claim: None,
        same_id: Vec::new(),
        is_party_to_tag: true,
    }
}

fn digest() -> Digest {
    Digest::of(b"this mail")
}

#[test]
fn each_evidence_leads_to_its_ticket() {
    use Evidence::*;
    let answered = |id: &str| format!("In-Reply-To: <{id}>");
    let cases = [
        ("our id", answered(&id(1, 3)), "", Some((1, OwnMessageId, Some(3)))),
        (
            "our id in References",
            format!("References: <{}> <x@example.com>", id(1, 3)),
            "",
            Some((1, OwnMessageId, Some(3))),
        ),
        ("our address", format!("To: {}", address(2, 1)), "", Some((2, Address, Some(1)))),
        ("our address in Cc", format!("Cc: bob@x.example, {}", address(2, 1)), "", Some((2, Address, Some(1)))),
        ("our address in Delivered-To", format!("Delivered-To: {}", address(2, 1)), "", Some((2, Address, Some(1)))),
        ("our marker, quoted", String::new(), &*format!("Yes.\n> {}", marker(3, 2)), Some((3, Marker, Some(2)))),
        ("an id of a mail on a ticket", answered("old@example.com"), "", Some((7, ForeignMessageId, None))),
        ("the tag of a party", "Subject: Re: x [PR-8]".to_owned(), "", Some((8, SubjectTag, None))),
        ("an id of nobody", answered("nobody@example.com"), "", None),
        ("the subject's words alone", "Subject: Re: PR-8 Printer".to_owned(), "", None),
        ("a forged id", answered(&forged(&id(1, 3))), "", None),
        ("a forged address", format!("To: {}", forged(&address(2, 1))), "", None),
        ("a forged marker", String::new(), &*forged(&marker(3, 2)), None),
    ];
    for (name, fields, body, expected) in cases {
        let thread = resolve(&keys_of(&fields, body), &digest(), &known());
        let got = match &thread {
            Thread::Ticket { ticket, evidence, holder, .. } => {
                Some((ticket.0, *evidence, holder.map(|token| token.party.0)))
            }
            _ => None,
        };
        assert_eq!(got, expected, "{name}: {thread:?}");
    }
}

#[test]
fn a_mail_that_its_own_sender_has_answered_goes_where_the_answer_is() {
    let keys = keys_of("Subject: Printer [PR-8]", "It burns.");
    let by_claim = MessageId("this@example.com of ann@example.com".to_owned());
    let by_sender = MessageId("this@example.com of ann@example.com, proven".to_owned());
    assert_eq!(keys.overtaken, Some(Overtaken { by_sender, by_claim }));
    let cases = [
        ("proven", Some(9), None, true, (9, Evidence::Overtaken, Some(8))),
        ("proven, and claimed by another", Some(9), Some(10), true, (9, Evidence::Overtaken, Some(8))),
        ("claimed, and by its tag", None, Some(10), true, (8, Evidence::SubjectTag, Some(10))),
        ("claimed", None, Some(10), false, (10, Evidence::OvertakenByClaim, None)),
    ];
    for (name, by_answer, by_claim, is_party_to_tag, expected) in cases {
        let (opened_by_answer, opened_by_claim) = (by_answer.map(TicketId), by_claim.map(TicketId));
        let known = Known { opened_by_answer, opened_by_claim, is_party_to_tag, ..known() };
        let Thread::Ticket { ticket, evidence, also, .. } = resolve(&keys, &digest(), &known) else { unreachable!() };
        assert_eq!((ticket.0, evidence, also.map(|also| also.0)), expected, "{name}");
    }
}

#[test]
fn ids_of_others_who_run_this_program_are_ids_like_others() {
    let other = TokenKey::new(Secret::new("another desk's key"));
    let theirs = other.message_id(&own(9, 1, Purpose::Reply), "desk.other.example");
    let in_our_name = other.message_id(&own(9, 1, Purpose::Reply), DESK);
    let to_them = other.address(&token(9, 1), "support@desk.other.example");
    let to_us = other.address(&token(9, 1), SUPPORT);
    let cases = [
        ("their id", format!("References: <{theirs}>"), 0),
        ("their address", format!("To: {to_them}"), 0),
        ("an id that says it is ours", format!("References: <{in_our_name}>"), 1),
        ("an address that says it is ours", format!("Cc: {to_us}"), 1),
    ];
    for (name, fields, expected) in cases {
        assert_eq!(keys_of(&fields, "").forged_count, expected, "{name}");
    }
    assert_eq!(keys_of(&format!("In-Reply-To: <{theirs}>"), "").foreign_ids, [MessageId(theirs)]);
}

#[test]
fn stronger_evidence_goes_before_weaker() {
    let strongest_first = [
        (1, format!("In-Reply-To: <{}>", id(1, 1)), String::new()),
        (2, format!("To: {}", address(2, 1)), String::new()),
        (3, "X-Nothing: here".to_owned(), marker(3, 1)),
        (7, "References: <old@example.com>".to_owned(), String::new()),
        (8, "Subject: [PR-8]".to_owned(), String::new()),
    ];
    for from in 0..strongest_first.len() {
        let fields: Vec<&str> = strongest_first[from..].iter().map(|(_, fields, _)| fields.as_str()).collect();
        let body: Vec<&str> = strongest_first[from..].iter().map(|(.., body)| body.as_str()).collect();
        let thread = resolve(&keys_of(&fields.join("\n"), &body.join("\n")), &digest(), &known());
        let Thread::Ticket { ticket, also, .. } = thread else { panic!("from {from}: {thread:?}") };
        assert_eq!(ticket.0, strongest_first[from].0, "from {from}");
        assert_eq!(also.map(|other| other.0), strongest_first.get(from + 1).map(|next| next.0), "from {from}");
    }
}

#[test]
fn of_several_ids_the_mail_answered_goes_first_and_then_the_newest() {
    let references = format!("References: <{}> <{}>", id(1, 1), id(2, 1));
    let cases = [
        ("the last in References is the newest", references.clone(), 2, 1),
        ("the mail answered", format!("In-Reply-To: <{}>\n{references}", id(3, 1)), 3, 2),
    ];
    for (name, fields, ticket, also) in cases {
        match resolve(&keys_of(&fields, ""), &digest(), &known()) {
            Thread::Ticket { ticket: found, also: Some(other), .. } => {
                assert_eq!((found.0, other.0), (ticket, also), "{name}")
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_ticket_named_twice_is_no_second_ticket() {
    let fields = format!("In-Reply-To: <{}>\nTo: {}\nSubject: [PR-1]", id(1, 1), address(1, 1));
    let Thread::Ticket { also, .. } = resolve(&keys_of(&fields, ""), &digest(), &known()) else { panic!() };
    assert_eq!(also, None);
}

#[test]
fn which_mail_of_ours_is_answered_is_known_from_its_id_alone() {
    let notice = key().message_id(&own(1, 2, Purpose::SpoofNotice), DESK);
    let cases = [
        ("a spoof notice", format!("In-Reply-To: <{notice}>"), Some(Purpose::SpoofNotice)),
        (
            "a reply that refers to one",
            format!("In-Reply-To: <{}>\nReferences: <{notice}>", id(1, 2)),
            Some(Purpose::Reply),
        ),
        ("an address", format!("To: {}", address(1, 2)), None),
        ("nothing", "To: support@desk.example".to_owned(), None),
    ];
    for (name, fields, expected) in cases {
        assert_eq!(resolve(&keys_of(&fields, ""), &digest(), &known()).answers(), expected, "{name}");
    }
}

#[test]
fn a_tag_counts_for_a_party_only() {
    let keys = keys_of("Subject: Re: Printer [PR-8]", "");
    assert_eq!(keys.tag, Some(TicketId(8)));
    let known = Known { is_party_to_tag: false, ..known() };
    assert_eq!(resolve(&keys, &digest(), &known), Thread::New);
}

#[test]
fn what_is_forged_is_counted_and_is_no_evidence() {
    let fields = format!(
        "In-Reply-To: <{}>\nReferences: <{}> <{}>\nTo: {}, {SUPPORT}",
        forged(&id(1, 1)),
        forged(&id(2, 1)),
        id(3, 1),
        forged(&address(4, 1))
    );
    let keys = keys_of(&fields, &forged(&marker(5, 1)));
    assert_eq!(keys.forged_count, 4);
    assert_eq!(keys.own_ids, [own(3, 1, Purpose::Reply)]);
    assert_eq!((keys.address_tokens.len(), keys.marker), (0, None));
    assert_eq!(resolve(&keys, &digest(), &known()).ticket(), Some(TicketId(3)));
}

#[test]
fn the_same_id_is_a_duplicate_only_with_the_same_content() {
    let keys = keys_of(&format!("In-Reply-To: <{}>", id(1, 1)), "");
    let with = |same_id| Known { same_id, ..known() };
    let copy = |did| FirstCopy { inbox: 42, digest: digest(), is_vouched_for: false, did };
    let vouched = FirstCopy { is_vouched_for: true, ..copy(Did::Nothing) };
    let other = FirstCopy { inbox: 41, digest: Digest::of(b"another"), ..copy(Did::More) };
    let cases = [
        ("never seen", true, vec![], Some(1)),
        ("the same mail", true, vec![copy(Did::More)], None),
        ("another mail with its id", true, vec![other], Some(1)),
        ("the same mail behind another one with its id", true, vec![other, copy(Did::More)], None),
        ("two that nobody vouches for", false, vec![copy(Did::Nothing)], None),
        ("one that did nothing, and one that is vouched for", true, vec![copy(Did::Nothing)], Some(1)),
        ("two that are vouched for", true, vec![vouched], None),
        ("one that did nothing, one that did, and one more", true, vec![copy(Did::Nothing), copy(Did::More)], None),
        ("one that opened another ticket", true, vec![copy(Did::Opened(TicketId(2)))], Some(1)),
        ("one that opened this ticket", true, vec![copy(Did::Opened(TicketId(1)))], None),
    ];
    for (name, is_vouched_for, same_id, expected) in cases {
        let keys = ThreadKeys { is_vouched_for, ..keys.clone() };
        let thread = resolve(&keys, &digest(), &with(same_id));
        match expected {
            Some(ticket) => assert_eq!(thread.ticket(), Some(TicketId(ticket)), "{name}"),
            None => assert_eq!(thread, Thread::Duplicate(42), "{name}"),
        }
    }
}

#[test]
fn a_first_mail_keeps_the_ticket_that_it_opened_whoever_vouches_for_a_copy() {
    let first = FirstCopy { inbox: 42, digest: digest(), is_vouched_for: false, did: Did::Opened(TicketId(1)) };
    let known = Known { same_id: vec![first], ..Known::default() };
    let keys = ThreadKeys { is_vouched_for: true, ..ThreadKeys::default() };
    assert_eq!(resolve(&keys, &digest(), &known), Thread::Duplicate(42));
}

#[test]
fn a_token_for_a_ticket_that_is_gone_is_no_evidence() {
    let keys = keys_of(&format!("In-Reply-To: <{}>\nReferences: <{}>", id(1, 1), id(3, 1)), "");
    let gone = |gone: &[i64]| Known { gone: gone.iter().copied().map(TicketId).collect(), ..Known::default() };
    assert_eq!(resolve(&keys, &digest(), &gone(&[])).ticket(), Some(TicketId(1)));
    assert_eq!(resolve(&keys, &digest(), &gone(&[1])).ticket(), Some(TicketId(3)), "the next one");
    assert_eq!(resolve(&keys, &digest(), &gone(&[1, 3])), Thread::New);
    // What such a mail has opened it keeps.
    let first = FirstCopy { inbox: 42, digest: digest(), is_vouched_for: false, did: Did::Opened(TicketId(9)) };
    let known = Known { same_id: vec![first], ..gone(&[1, 3]) };
    let keys = ThreadKeys { is_vouched_for: true, ..keys };
    assert_eq!(resolve(&keys, &digest(), &known), Thread::Duplicate(42));
}

#[test]
fn our_own_mail_is_known_by_its_own_id() {
    let with_id = |id: &str| {
        let raw = format!("From: support@desk.example\nMessage-ID: <{id}>\n\nHello\n");
        keys(
            &parse(raw.as_bytes(), "2026-03-02T09:00:00Z".parse().unwrap(), &Reader::default()),
            &key(),
            &[SUPPORT.to_owned()],
        )
    };
    assert!(with_id(&id(1, 1)).is_own_mail);
    assert!(!with_id(&forged(&id(1, 1))).is_own_mail, "forged");
    assert!(!with_id("x@desk.example").is_own_mail, "of our domain only");
}

/// What reading a changed token may find: nothing, a forgery, or, where the change says nothing, the token itself.
fn is_no_other<T: PartialEq>(reading: Reading<T>, original: &T) -> bool {
    match reading {
        Reading::Ours(read) => read == *original,
        Reading::Forged | Reading::Foreign => true,
    }
}

/// The text with one of its characters exchanged.
fn flipped(text: &str, at: usize, with: char) -> String {
    let at = at % text.chars().count();
    text.chars().enumerate().map(|(here, c)| if here == at { with } else { c }).collect()
}

proptest! {
    #[test]
    fn what_somebody_makes_up_is_never_ours(
        ticket in 0i64..100_000, party in 0u32..20, week in "[0-9a-z]{1,4}", mac in "[a-z2-7]{26}",
        free in "[a-z0-9.+@·: -]{0,60}",
    ) {
        let key = key();
        let made_up = format!("pr.{ticket}.1.ack.{party}-{week}.{mac}@{DESK}");
        prop_assert!(!key.read_message_id(&made_up).is_ours(), "{}", made_up);
        let made_up = format!("support+{ticket}.{party}-{week}.{mac}@{DESK}");
        prop_assert!(!key.read_address(&made_up).is_ours(), "{}", made_up);
        let made_up = format!("Ref: PR-{ticket} · {party}-{week}.{mac}");
        prop_assert!(!key.find_marker(&made_up).is_ours(), "{}", made_up);
        let (id, address, marker) = (format!("pr.{free}"), format!("support+{free}@{DESK}"), format!("Ref: PR-{free}"));
        prop_assert!(!key.read_message_id(&id).is_ours(), "{}", id);
        prop_assert!(!key.read_address(&address).is_ours(), "{}", address);
        prop_assert!(!key.find_marker(&marker).is_ours(), "{}", marker);
    }

    #[test]
    fn a_token_with_one_character_changed_is_never_another(
        ticket in 1i64..100_000, party in 1u32..20, week in 0u32..10_000, at in 0usize..200, with in "[ -~]",
    ) {
        let key = key();
        let with = with.chars().next().unwrap();
        let token = Token { ticket: TicketId(ticket), party: PartyId(party), week };
        let own = OwnId { token, sequence: 3, purpose: Purpose::Notification };
        let id = flipped(&key.message_id(&own, DESK), at, with);
        prop_assert!(is_no_other(key.read_message_id(&id), &own), "{}", id);
        let address = flipped(&key.address(&token, SUPPORT), at, with);
        prop_assert!(is_no_other(key.read_address(&address), &token), "{}", address);
        let marker = flipped(&key.marker(&token), at, with);
        prop_assert!(is_no_other(key.find_marker(&marker), &token), "{}", marker);
    }
}
