//! The content as SMTP wants it (pure): every line ends in CRLF, and nothing but a line's end contains CR or LF.

use std::borrow::Cow;

/// Makes every CR, LF and CRLF a CRLF, and takes away the last one, which the final dot brings along.
///
/// A server that takes a bare CR or LF for the end of a line would see an end of the mail where we sent none, and
/// whatever a customer wrote after it as commands (RFC 5321 §2.3.8).
pub(super) fn normalise(content: &[u8]) -> Cow<'_, [u8]> {
    let is_clean = |(at, &byte): (usize, &u8)| match byte {
        b'\r' => content.get(at + 1) == Some(&b'\n'),
        b'\n' => at > 0 && content[at - 1] == b'\r',
        _ => true,
    };
    if content.iter().enumerate().all(is_clean) {
        return Cow::Borrowed(content.strip_suffix(b"\r\n").unwrap_or(content));
    }
    let mut clean = Vec::with_capacity(content.len() + content.len() / 32);
    let mut bytes = content.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                clean.extend_from_slice(b"\r\n");
            }
            b'\n' => clean.extend_from_slice(b"\r\n"),
            other => clean.push(other),
        }
    }
    if clean.ends_with(b"\r\n") {
        clean.truncate(clean.len() - 2);
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ends_in_crlf_and_the_last_one_is_left_to_the_dot() {
        let table: [(&str, &[u8], &[u8]); 10] = [
            ("clean", b"a\r\n\r\nb\r\n", b"a\r\n\r\nb"),
            ("no end", b"a\r\nb", b"a\r\nb"),
            ("bare LF", b"a\nb\n", b"a\r\nb"),
            ("bare CR", b"a\rb\r", b"a\r\nb"),
            ("mixed", b"a\n\r\n\rb", b"a\r\n\r\n\r\nb"),
            ("two CR", b"a\r\r\nb", b"a\r\n\r\nb"),
            ("smuggled end", b"a\n.\nMAIL FROM:<x>\r\n", b"a\r\n.\r\nMAIL FROM:<x>"),
            ("blank lines at the end stay but one", b"a\r\n\r\n", b"a\r\n"),
            ("empty", b"", b""),
            ("only an end", b"\r\n", b""),
        ];
        for (name, content, expected) in table {
            assert_eq!(normalise(content).escape_ascii().to_string(), expected.escape_ascii().to_string(), "{name}");
        }
    }

    #[test]
    fn clean_content_is_not_copied() {
        assert!(matches!(normalise(b"a\r\nb\r\n"), Cow::Borrowed(b"a\r\nb")));
    }
}
