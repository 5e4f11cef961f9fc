//! Files that stand uuencoded in a plain text, as programs from before MIME send them.

use super::transfer::uuencoded_line;
use crate::message::limits::MAX_UUENCODED_FILES;

/// One file, and which bytes of the text it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::message) struct Uuencoded {
    pub name: Vec<u8>,
    pub bytes: Vec<u8>,
    /// From the `begin` line to behind the `end` line.
    pub range: std::ops::Range<usize>,
}

/// Finds all files in a text. `begin` in a sentence is none: three digits and a name follow it, and data in lines
/// whose first characters say how long they are.
pub(in crate::message) fn find(text: &[u8]) -> Vec<Uuencoded> {
    let mut found = Vec::new();
    let mut from = 0;
    while found.len() < MAX_UUENCODED_FILES {
        let Some(n) = memchr::memmem::find(&text[from..], b"begin ") else { break };
        let start = from + n;
        from = start + 6;
        let is_line_start = start == 0 || text[start - 1] == b'\n';
        if !is_line_start {
            continue;
        }
        if let Some(file) = file_at(text, start) {
            from = file.range.end;
            found.push(file);
        }
    }
    found
}

fn file_at(text: &[u8], start: usize) -> Option<Uuencoded> {
    let (line, mut at) = line_at(text, start);
    let rest = line.strip_prefix(b"begin ")?;
    let digits = rest.iter().take_while(|b| matches!(b, b'0'..=b'7')).count();
    let name = rest[digits..].strip_prefix(b" ")?.trim_ascii();
    if !(3..=4).contains(&digits) || name.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    let mut has_data = false;
    while at < text.len() {
        let (line, next) = line_at(text, at);
        if line == b"end" {
            // Without a line of data between them, both are words of a text.
            return has_data.then(|| Uuencoded { name: name.to_vec(), bytes, range: start..next });
        }
        if !is_data(line) {
            break;
        }
        has_data |= !line.is_empty();
        uuencoded_line(line, &mut bytes);
        at = next;
    }
    // It was cut off; what there is, is taken.
    (!bytes.is_empty()).then(|| Uuencoded { name: name.to_vec(), bytes, range: start..at })
}

fn line_at(text: &[u8], at: usize) -> (&[u8], usize) {
    let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n + 1);
    let line = text[at..end].strip_suffix(b"\n").unwrap_or(&text[at..end]);
    (line.strip_suffix(b"\r").unwrap_or(line), end)
}

/// Whether a line is as long as its first character says, give or take blanks that got lost and a checksum.
fn is_data(line: &[u8]) -> bool {
    let Some((first, digits)) = line.split_first() else { return true };
    if !line.iter().all(|b| matches!(b, b' '..=b'`')) {
        return false;
    }
    let count = usize::from(first.wrapping_sub(b' ') & 0x3f);
    let needed = count.div_ceil(3) * 4;
    digits.len() <= needed + 2 && digits.len() + 8 >= needed
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "begin 644 a b.txt\n%2&5L;&\\\n`\nend\n";

    #[test]
    fn files_are_found_between_the_words() {
        type Case = (&'static str, String, &'static [(&'static str, &'static str)]);
        let cases: [Case; 7] = [
            ("between words", format!("One\n{FILE}Two\n"), &[("a b.txt", "Hello")]),
            ("carriage returns", format!("One\n{FILE}Two\n").replace('\n', "\r\n"), &[("a b.txt", "Hello")]),
            ("two", format!("{FILE}\n{FILE}"), &[("a b.txt", "Hello"), ("a b.txt", "Hello")]),
            ("cut off", FILE.replace("`\nend\n", ""), &[("a b.txt", "Hello")]),
            ("words", "begin 2026 with joy\n\nend\n".into(), &[]),
            ("a sentence", "begin 644 times and\nstop\nend\n".into(), &[]),
            ("not at the start of a line", format!("> {FILE}"), &[]),
        ];
        for (name, text, expected) in cases {
            let found = find(text.as_bytes());
            let shown: Vec<_> = found
                .iter()
                .map(|file| (std::str::from_utf8(&file.name).unwrap(), std::str::from_utf8(&file.bytes).unwrap()))
                .collect();
            assert_eq!(shown, expected, "{name}");
        }
    }

    #[test]
    fn the_number_of_files_in_a_text_is_limited() {
        for (count, expected) in
            [(MAX_UUENCODED_FILES, MAX_UUENCODED_FILES), (MAX_UUENCODED_FILES + 1, MAX_UUENCODED_FILES)]
        {
            assert_eq!(find(FILE.repeat(count).as_bytes()).len(), expected, "{count}");
        }
    }

    #[test]
    fn beginnings_without_end_cost_no_more_than_their_length() {
        for piece in ["begin 644 a\n", "begin ", "begin 644 a\n%2&5L;&\\\n"] {
            assert!(find(piece.repeat(400_000 / piece.len()).as_bytes()).len() <= MAX_UUENCODED_FILES);
        }
    }
}
