//! The value of an address field: whoever can be written to is written to, and to nobody else.

use postroom::compose::sample::{Sample, policy};
use postroom::compose::template::Templates;
use postroom::compose::{Desk, is_usable_address};
use postroom::decide::policy::Policy;
use postroom::message::{Address, Message};
use postroom::ticket::purpose::Purpose;
use std::sync::LazyLock;

/// Addresses of one input that are written to; the rest is like them.
const WRITTEN_TO: usize = 3;

static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::compile(&[]).unwrap_or_else(|errors| panic!("the shipped templates: {errors:#?}")));
static POLICY: LazyLock<Policy> = LazyLock::new(policy);

pub(crate) fn check(input: &[u8]) {
    // The value ends where the field does; an empty line would begin the body.
    let value: Vec<u8> = input.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }).collect();
    let message = with_field("To", &value);
    crate::parse::is_within_limits(&message);
    for address in &message.to {
        assert!(!address.address.is_empty());
        assert_eq!(address.key(), Address::bare(address.key()).key(), "its key has a key of its own");
        assert!(address.is_same(&address.address));
        assert!(address.address.starts_with(address.local()));
    }
    for address in message.to.iter().filter(|address| is_usable_address(address)).take(WRITTEN_TO) {
        is_written(address);
    }
}

/// A mail with one more field.
fn with_field(name: &str, value: &[u8]) -> Message {
    let head = [b"Message-ID: <m1@customer.example>\r\n", name.as_bytes(), b": ", value, b"\r\n\r\nwords\r\n"];
    crate::read(&head.concat())
}

/// Checks that a mail to this address reads as one to it, and to nobody else.
fn is_written(address: &Address) {
    let mut sample = Sample::of(Purpose::Acknowledgement);
    sample.draft.to = address.clone();
    let zone = jiff::tz::TimeZone::UTC;
    let desk = Desk { policy: &POLICY, zone: &zone, templates: &TEMPLATES };
    let mail = sample.compose(&desk).unwrap_or_else(|error| panic!("to {address:?}: {error}"));
    let read = crate::read(&mail.bytes);
    assert_eq!(read.to.len(), 1, "{address:?} became {:?}", read.to);
    assert_eq!(read.to[0].address, address.address, "{address:?} became {:?}", read.to);
    assert!(read.cc.is_empty() && read.reply_to.len() <= 1);
    assert_eq!(read.from.len(), 1);
}
