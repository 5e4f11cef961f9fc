//! What a report's text says of one address: its reason, and what the servers said to one another.

use super::status;
use crate::message::limits::MAX_DIAGNOSTIC_CHARS;

/// Lines, at most, that belong to one address.
const LINES_OF_ONE: usize = 12;

/// Paragraphs, at most, that are looked at for a number where the nearest has none.
const PARAGRAPHS_OF_ONE: usize = 4;

/// What is said of the address in the line `at`: `rest` behind it, what stands below it, else the paragraph after it,
/// or what stands right above it. `starts` are the lines where others begin.
pub(super) fn of(lines: &[&str], starts: &[bool], at: usize, rest: &str) -> Option<String> {
    let sign = |c: char| c.is_whitespace() || matches!(c, '>' | ':' | ',' | '-' | '=' | '.' | '*' | '#' | ';' | '"');
    let rest = rest.trim_start_matches(sign).trim_end();
    let rest = rest.char_indices().nth(MAX_DIAGNOSTIC_CHARS).map_or(rest, |(cut, _)| &rest[..cut]);
    let mut words = if rest.contains(char::is_alphanumeric) { rest.to_string() } else { String::new() };
    let mut next = at.saturating_add(1);
    for _ in 0..PARAGRAPHS_OF_ONE {
        let paragraph;
        (paragraph, next) = self::paragraph(lines, starts, next);
        // Below the nearest words only a paragraph with the number that the other server gave is of use.
        if words.is_empty() || next == at + 1 + paragraph.len() || has_number(&paragraph.join(" ")) {
            for line in paragraph.iter().filter(|line| line.contains(char::is_alphanumeric)) {
                words.push_str(if words.is_empty() { "" } else { " " });
                words.push_str(line);
            }
        }
        if has_number(&words) || next >= lines.len() || starts[next] {
            break;
        }
        next = next.max(1) + lines[next..].iter().take_while(|line| line.trim().is_empty()).count();
    }
    let above = || {
        let above = at.checked_sub(1).and_then(|at| lines.get(at))?.trim();
        (above.contains(char::is_alphanumeric) && status::reason(above).is_some()).then(|| above.to_string())
    };
    let words = if words.is_empty() { above()? } else { words };
    Some(words.chars().take(MAX_DIAGNOSTIC_CHARS).collect())
}

/// The lines from `at` up to the next empty one, and where they end.
fn paragraph<'a>(lines: &[&'a str], starts: &[bool], at: usize) -> (Vec<&'a str>, usize) {
    let is_own = |at: &usize| *at < lines.len() && !starts[*at] && !lines[*at].trim().is_empty();
    let own: Vec<&str> = (at..).take_while(is_own).take(LINES_OF_ONE).map(|at| lines[at].trim()).collect();
    let end = at + own.len();
    (own, end)
}

fn has_number(text: &str) -> bool {
    status::enhanced(text).is_some() || status::reply_code(text).is_some()
}

/// What the protocol of the session says of an address: the lines with it, and the answer below each.
pub(super) fn in_session(lines: &[&str], address: &str) -> Option<String> {
    let lower = address.to_lowercase();
    let mut said: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if said.len() < LINES_OF_ONE && line.contains('@') && line.to_lowercase().contains(&lower) {
            let text = line.trim();
            if status::reply_code(text).is_some() {
                said.push(text);
            }
            let below = lines.get(at + 1).map(|line| line.trim()).filter(|line| status::reply_code(line).is_some());
            said.extend(below.filter(|_| lower_starts(text, ">>> rcpt") || lower_starts(text, "rcpt")));
        }
    }
    (!said.is_empty()).then(|| said.join(" ").chars().take(MAX_DIAGNOSTIC_CHARS).collect())
}

fn lower_starts(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_lines_and_paragraphs_hold() {
        let said = |text: &str| of(&text.lines().collect::<Vec<_>>(), &[false; 99], 0, "").unwrap_or_default();
        let line = |count: usize| said(&format!("a@b\n{}last", "x\n".repeat(count - 1))).contains("last");
        assert_eq!((line(LINES_OF_ONE), line(LINES_OF_ONE + 1)), (true, false));

        let paragraph = |count: usize| said(&format!("a@b\n{}550 no", "x\n\n".repeat(count - 1))).contains("550");
        assert_eq!((paragraph(PARAGRAPHS_OF_ONE), paragraph(PARAGRAPHS_OF_ONE + 1)), (true, false));

        let in_session = |count: usize| {
            let text = "550 ann@example.com no\n".repeat(count);
            in_session(&text.lines().collect::<Vec<_>>(), "ann@example.com").map(|said| said.matches("550").count())
        };
        assert_eq!((in_session(LINES_OF_ONE), in_session(LINES_OF_ONE + 1)), (Some(LINES_OF_ONE), Some(LINES_OF_ONE)));
    }
}
