//! Charsets of seven bits that shift between sets: bytes → what the decoder of their 8-bit relatives takes.

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
