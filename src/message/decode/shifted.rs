//! Charsets of seven bits that shift between sets: bytes → what the decoder of their 8-bit relatives takes, or a text.

use super::transfer::base64;

const ESCAPE: u8 = 0x1b;

/// ISO-2022-JP with what its successors added: an escape that shifts to where we are, two escapes in a row, and
/// half-width letters. The decoder takes the first two for an attack.
pub(super) fn plain_japanese(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut pending: &[u8] = b"";
    let mut now: &[u8] = b"\x1b(B";
    let mut at = 0;
    while at < bytes.len() {
        let length = match &bytes[at..] {
            [ESCAPE, b'$', b'(', _, ..] => 4,
            [ESCAPE, b'$' | b'(' | b'&' | b'.', _, ..] => 3,
            _ => 0,
        };
        if length > 0 {
            let escape = &bytes[at..at + length];
            at += length;
            match escape {
                // Announces the revision of a set, or shifts a set we cannot read into the upper half.
                [_, b'&' | b'.', ..] => {}
                // The 2004 sets hold all of the older one in the same places.
                [_, b'$', b'(', b'O' | b'P' | b'Q' | b'@' | b'B', ..] => pending = b"\x1b$B",
                _ => pending = escape,
            }
            continue;
        }
        if !pending.is_empty() {
            if pending != now {
                out.extend_from_slice(pending);
                now = pending;
            }
            pending = b"";
        }
        // A line begins in ASCII.
        if bytes[at] == b'\n' && now != b"\x1b(B" {
            out.extend_from_slice(b"\x1b(B");
            now = b"\x1b(B";
        }
        out.push(bytes[at]);
        at += 1;
    }
    out
}

/// What stands between shift-out and shift-in gets its eighth bit; escapes go (RFC 1557, RFC 1922).
pub(super) fn by_shifts(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut is_shifted = false;
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [ESCAPE, b'$', b')' | b'*' | b'+', _, ..] => at += 3,
            [0x0e, ..] => is_shifted = true,
            [0x0f, ..] => is_shifted = false,
            [b'\n', ..] => {
                is_shifted = false;
                out.push(b'\n');
            }
            [byte, ..] if is_shifted && byte.is_ascii_graphic() => out.push(byte | 0x80),
            [byte, ..] => out.push(*byte),
            [] => {}
        }
        at += 1;
    }
    out
}

/// What stands between `~{` and `~}` gets its eighth bit (RFC 1843).
pub(super) fn by_tildes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut is_shifted = false;
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'~', b'{', ..] => {
                is_shifted = true;
                at += 1;
            }
            [b'~', b'}', ..] => {
                is_shifted = false;
                at += 1;
            }
            [b'~', b'~', ..] => {
                out.push(b'~');
                at += 1;
            }
            [b'~', b'\n', ..] => at += 1,
            [b'\n', ..] => {
                is_shifted = false;
                out.push(b'\n');
            }
            [byte, ..] if is_shifted && byte.is_ascii_graphic() => out.push(byte | 0x80),
            [byte, ..] => out.push(*byte),
            [] => {}
        }
        at += 1;
    }
    out
}

/// UTF-7 (RFC 2152 §3): what stands behind a `+` is base64 of UTF-16, up to the first other character, of which a `-` is
/// no part of the text.
pub(super) fn utf7(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'+' {
            out.push(char::from(*byte));
            continue;
        }
        if let Some(behind) = rest.strip_prefix(b"-") {
            out.push('+');
            rest = behind;
            continue;
        }
        let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
        let digits = &rest[..rest.iter().position(|b| !is_digit(b)).unwrap_or(rest.len())];
        // Less than one character: the plus sign of a text that is none of these.
        if digits.len() < MIN_SHIFTED_DIGITS {
            out.push('+');
            continue;
        }
        let units = base64(digits);
        let units = units.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        rest = &rest[digits.len()..];
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
    }
    out
}

/// Digits of base64 that one character takes.
const MIN_SHIFTED_DIGITS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_that_ends_a_shift_is_kept_unless_it_is_a_dash() {
        let cases = [
            ("nothing shifted", "It burns.", "It burns."),
            ("a blank", "5 +IKw fehlt", "5 € fehlt"),
            ("a dash and a blank", "5 +IKw- fehlt", "5 € fehlt"),
            ("a full stop", "+AOQ. x", "ä. x"),
            ("two dashes", "+AOQ--x", "ä-x"),
            ("a plus sign", "1 +- 1", "1 + 1"),
            ("a plus sign of a text that is none of these", "1+1=2, C++ x", "1+1=2, C++ x"),
            ("several characters", "Gr+APwA3w-e", "Grüße"),
            ("a pair of surrogates", "+2D3eAA-!", "😀!"),
            ("half a pair", "+2D0-!", "\u{fffd}!"),
            ("at the end", "+AOQ", "ä"),
        ];
        for (name, written, expected) in cases {
            assert_eq!(utf7(written.as_bytes()), expected, "{name}");
        }
    }
}
