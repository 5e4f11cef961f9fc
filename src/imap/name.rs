//! Names of mailboxes as they go over the wire: quoted, and in the modified UTF-7 of RFC 3501 §5.1.3. Pure.

use data_encoding::BASE64_NOPAD;

/// A mailbox's name, ready for a command.
pub(super) fn quoted(name: &str) -> String {
    let mut wire = String::with_capacity(name.len() + 2);
    wire.push('"');
    let mut shifted: Vec<u8> = Vec::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            unshift(&mut wire, &mut shifted);
            match c {
                '&' => wire.push_str("&-"),
                '"' | '\\' => wire.extend(['\\', c]),
                _ => wire.push(c),
            }
        } else {
            // Control characters are shifted as well, so no name can end the line and begin a command.
            shifted.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    unshift(&mut wire, &mut shifted);
    wire.push('"');
    wire
}

fn unshift(wire: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        wire.push('&');
        wire.push_str(&BASE64_NOPAD.encode(shifted).replace('/', ","));
        wire.push('-');
        shifted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_over_the_wire_in_modified_utf_7() {
        let cases = [
            ("plain", "INBOX", r#""INBOX""#),
            ("ampersand", "Q&A", r#""Q&-A""#),
            ("quote and backslash", r#"a"b\c"#, r#""a\"b\\c""#),
            ("umlaut", "Geprüft", r#""Gepr&APw-ft""#),
            ("the example of RFC 3501 §5.1.3", "~peter/mail/台北/日本語", r#""~peter/mail/&U,BTFw-/&ZeVnLIqe-""#),
            ("outside the basic plane", "😀", r#""&2D3eAA-""#),
            ("a line break starts no command", "x\r\nA1 LOGOUT", r#""x&AA0ACg-A1 LOGOUT""#),
        ];
        for (name, mailbox, expected) in cases {
            assert_eq!(quoted(mailbox), expected, "{name}");
        }
    }
}
