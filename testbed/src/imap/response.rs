//! What a test understands of IMAP responses (RFC 3501 §7).

use super::{Selected, StoredMail};

/// One response: its text, and the literals that stood where the text says `{size}`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    pub literals: Vec<Vec<u8>>,
}

impl Line {
    /// The size of a literal that the text so far announces at its end.
    pub fn announced_literal(&self) -> Option<usize> {
        self.text.strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
    }
}

/// What SELECT told.
pub fn selected(lines: &[Line]) -> Selected {
    let mut selected = Selected::default();
    for line in lines {
        if let Some(count) = line.text.strip_prefix("* ").and_then(|rest| rest.strip_suffix(" EXISTS")) {
            selected.exists = count.parse().unwrap_or_default();
        }
        selected.uid_validity = code(&line.text, "[UIDVALIDITY ").unwrap_or(selected.uid_validity);
        selected.uid_next = code(&line.text, "[UIDNEXT ").unwrap_or(selected.uid_next);
    }
    selected
}

fn code(text: &str, name: &str) -> Option<u32> {
    text.split_once(name)?.1.split_once(']')?.0.parse().ok()
}

/// The numbers a SEARCH found.
pub fn search(lines: &[Line]) -> Vec<u32> {
    let found = lines.iter().filter_map(|line| line.text.strip_prefix("* SEARCH"));
    found.flat_map(str::split_whitespace).filter_map(|number| number.parse().ok()).collect()
}

/// The names a LIST returned.
pub fn listed(lines: &[Line]) -> Vec<String> {
    let replies = lines.iter().filter_map(|line| line.text.strip_prefix("* LIST "));
    // `(flags) "separator" name`, the name quoted or not.
    replies
        .filter_map(|reply| {
            let rest = reply.split_once(") ")?.1;
            let name = rest.split_once(' ')?.1;
            Some(name.trim_matches('"').replace("\\\"", "\"").replace("\\\\", "\\"))
        })
        .collect()
}

/// The mails a FETCH with UID, FLAGS and a body returned.
pub fn fetched(lines: Vec<Line>) -> Vec<StoredMail> {
    lines
        .into_iter()
        .filter_map(|mut line| {
            let raw = line.literals.pop()?;
            let uid = line.text.split_once("UID ")?.1;
            let uid = uid.split([' ', ')']).next()?.parse().ok()?;
            let flags = line.text.split_once("FLAGS (").and_then(|(_, rest)| rest.split_once(')'));
            let flags = flags.map_or("", |(flags, _)| flags).split_whitespace().map(str::to_owned).collect();
            Some(StoredMail { uid, flags, raw })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { text: text.to_owned(), literals: Vec::new() }
    }

    #[test]
    fn a_literal_is_announced_at_the_end_only() {
        let cases = [("* 1 FETCH (BODY[] {12}", Some(12)), ("* OK {12} there", None), ("* OK }", None), ("", None)];
        for (text, size) in cases {
            assert_eq!(line(text).announced_literal(), size, "{text:?}");
        }
    }

    #[test]
    fn select_search_and_list_are_read() {
        let lines =
            [line("* 3 EXISTS"), line("* OK [UIDVALIDITY 17] ok"), line("* OK [UIDNEXT 9] ok"), line("* 0 RECENT")];
        assert_eq!(selected(&lines), Selected { exists: 3, uid_validity: 17, uid_next: 9 });
        assert_eq!(search(&[line("* SEARCH 2 3 5"), line("* 4 EXISTS")]), [2, 3, 5]);
        assert_eq!(search(&[line("* SEARCH")]), Vec::<u32>::new());
        let lines = [line(r#"* LIST (\HasNoChildren \Sent) "/" Sent"#), line(r#"* LIST () "/" "Two words""#)];
        assert_eq!(listed(&lines), ["Sent", "Two words"]);
    }

    #[test]
    fn a_fetched_mail_has_its_uid_flags_and_bytes() {
        let mut fetch = line(r"* 2 FETCH (UID 7 FLAGS (\Seen custom) BODY[] {3})");
        fetch.literals.push(b"abc".to_vec());
        let mails = fetched(vec![line("* 4 EXISTS"), fetch]);
        let flags = vec!["\\Seen".to_owned(), "custom".to_owned()];
        assert_eq!(mails, [StoredMail { uid: 7, flags, raw: b"abc".to_vec() }]);
    }
}
