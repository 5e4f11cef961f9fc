//! Addresses in the text and the fields of delivery reports, by hand and in one pass: a pattern engine on every line
//! of every report would cost more than all the rest.

use crate::message::limits::MAX_ADDRESS_BYTES;

/// An address in a line, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub address: String,
    pub start: usize,
    pub end: usize,
}

/// The addresses in a line, from left to right. No byte is looked at more than twice.
pub(super) fn all(line: &str) -> impl Iterator<Item = Found> + '_ {
    let bytes = line.as_bytes();
    let mut from = 0;
    memchr::memchr_iter(b'@', bytes).filter_map(move |at| {
        let left = bytes[from..at].iter().rev().take_while(|byte| is_local(**byte)).count();
        let right = bytes[at + 1..].iter().take_while(|byte| is_domain(**byte)).count();
        let mut start = at - left;
        let domain = line.get(at + 1..at + 1 + right)?.trim_end_matches(['.', '-', '_']);
        let end = at + 1 + domain.len();
        from = (at + 1).max(from);
        start += line.get(start..at)?.len() - without_prefix(line.get(start..at)?).len();
        let is_whole = start < at && domain.contains('.') && end - start <= MAX_ADDRESS_BYTES;
        is_whole.then(|| Found { address: line[start..end].to_string(), start, end })
    })
}

/// The first address in a line.
pub(super) fn first(line: &str) -> Option<Found> {
    all(line).next()
}

/// `SMTP=ann` and `'ann` without what is no part of the address.
fn without_prefix(local: &str) -> &str {
    let local = local.trim_start_matches(['\'', '`', '.', '*', '=', '|', '#', '{']);
    match local.split_once('=') {
        Some((before, rest))
            if ["smtp", "to", "from", "for", "rfc822", "addr"].contains(&before.to_ascii_lowercase().as_str()) =>
        {
            rest
        }
        _ => local,
    }
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// The address in the value of a recipient field (RFC 3464 §2.3.1): `rfc822; ann@example.com`, with or without the
/// type, in brackets, in the forms that gateways wrap addresses in.
pub(super) fn of_field(value: &str) -> String {
    let text = without_type(value);
    let bare = match text.split_once('<') {
        Some((_, inside)) if inside.contains('@') => inside.split('>').next().unwrap_or(inside),
        _ => text,
    };
    let bare = bare.trim_matches(['<', '>', '"', '\'', ' ', '(', ')', '[', ']', ':', ',', ';']);
    let cut = bare.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MAX_ADDRESS_BYTES).last();
    unwrapped(&bare[..cut.unwrap_or(0)])
}

/// Bytes of the type of an address.
const MAX_TYPE_BYTES: usize = 20;

/// `rfc822; ann@example.com` without the type.
pub(super) fn without_type(value: &str) -> &str {
    let is_type = |kind: &str| kind.len() <= MAX_TYPE_BYTES && !kind.contains('@') && !kind.trim().contains([' ', '<']);
    value.split_once(';').filter(|(kind, _)| is_type(kind)).map_or(value, |(_, text)| text).trim()
}

/// What is behind the forms in which systems that have no such addresses carry them: `IMCEASMTP-ann+40example.com@gate`
/// (Exchange) and the xtext of RFC 3461 §4, which belongs to SMTP commands and slips into reports.
fn unwrapped(address: &str) -> String {
    let is_wrapped = address.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("IMCEASMTP-"));
    if is_wrapped && let Some((inner, _)) = address[10..].rsplit_once('@') {
        return inner
            .replace("+40", "@")
            .replace("+2E", ".")
            .replace("+2B", "+")
            .replace("+5F", "_")
            .replace("+2D", "-");
    }
    if address.contains('@') {
        return address.replace("+2B", "+").replace("+3D", "=");
    }
    address.replacen("+40", "@", 1)
}

/// Whether it is an address that mail can be sent to, and not the name that a system gives it inside.
pub(super) fn is_of_mail(address: &str) -> bool {
    let is_inner = address.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("IMCEA"));
    address.contains('@') && !is_inner && !address.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_a_line() {
        let cases: [(&str, &str, &[&str]); 9] = [
            ("alone", "ann@example.com", &["ann@example.com"]),
            ("in brackets", "<ann@example.com>: 550", &["ann@example.com"]),
            ("end of a sentence", "to ann@example.com.", &["ann@example.com"]),
            ("two", "a@x.example, b@y.example", &["a@x.example", "b@y.example"]),
            ("with a prefix", "dda:SMTP=ann@example.com;", &["ann@example.com"]),
            ("a return path that holds one", "list-ann=example.com@x.example", &["list-ann=example.com@x.example"]),
            ("no domain", "ann@localhost", &[]),
            ("no local part", "@example.com", &[]),
            ("beside other scripts", "宛先ann@example.comへ", &["ann@example.com"]),
        ];
        for (name, line, expected) in cases {
            assert_eq!(all(line).map(|found| found.address).collect::<Vec<_>>(), expected, "{name}");
        }
    }

    #[test]
    fn recipient_fields_are_read_in_all_forms() {
        let cases = [
            ("rfc822; ann@example.com", "ann@example.com"),
            ("RFC822;<ann@example.com>", "ann@example.com"),
            ("ann@example.com", "ann@example.com"),
            ("<ann@example.com>", "ann@example.com"),
            ("rfc822; Ann <ann@example.com>", "ann@example.com"),
            ("rfc822; ann+2Bshop@example.com", "ann+shop@example.com"),
            ("rfc822; ann+40example.com", "ann@example.com"),
            ("rfc822; IMCEASMTP-ann+40example.com@gate.example", "ann@example.com"),
            ("X-LOCAL; ann", "ann"),
            ("", ""),
        ];
        for (value, expected) in cases {
            assert_eq!(of_field(value), expected, "{value}");
        }
        assert!(!is_of_mail("IMCEAEX-_O=ORG_CN=ANN@example.com"));
    }

    #[test]
    fn the_length_of_a_type_is_limited() {
        let of = |bytes: usize| without_type(&format!("{}; ann", "x".repeat(bytes))) == "ann";
        assert_eq!((of(MAX_TYPE_BYTES), of(MAX_TYPE_BYTES + 1)), (true, false));
    }

    #[test]
    fn the_length_of_an_address_is_limited() {
        let host = "@example.com";
        for (length, count) in [(MAX_ADDRESS_BYTES, 1), (MAX_ADDRESS_BYTES + 1, 0)] {
            let address = format!("{}{host}", "a".repeat(length - host.len()));
            assert_eq!(all(&address).count(), count, "{length}");
        }
    }
}
