//! One line of an agent's mail: a command, something that was meant to be one, or text.
//!
//! People type commands into programs that make lists, bold words and quotation marks of what they type, and with
//! keyboards that have other signs. What follows a command may be for agents only. So a line that would be a command but
//! for what stands around it is read as one where that is beyond doubt, and otherwise is never taken for text.

use super::{COMMANDS, Command, read_command};
use crate::finding::did_you_mean;

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing that can be seen.
    Blank,
    /// Words for somebody to read.
    Text,
    /// A command, as it is to be read: `#take`.
    Command(String),
    /// A command, but for what stands before its sign.
    Disguised(String),
}

/// What begins an item of a list, also in the fonts that word processors draw it with.
const BULLETS: [char; 27] = [
    '-', '–', '—', '‐', '‑', '−', '+', '•', '·', '‣', '◦', '▪', '▫', '●', '○', '■', '□', '►', '▸', '➢', '➤', '⁃', '∙',
    '→', '\u{f0b7}', '\u{f0a7}', '§',
];

/// How many items of lists are looked into, one in the other.
const MAX_ITEMS: usize = 4;

/// Signs of a path, of a tag or of an address, behind which a `/` begins no command.
const OF_A_PATH: [char; 6] = ['.', '~', '<', ':', '/', '\\'];

/// Reads a line.
pub(super) fn read(line: &str) -> Line {
    let shown: String = line.chars().filter(|c| !is_invisible(*c)).collect();
    let shown = shown.trim();
    if shown.is_empty() {
        return Line::Blank;
    }
    let bare = shown.trim_start_matches(is_adornment);
    let item = item(bare);
    let (line, is_item) = (item.unwrap_or(bare), item.is_some());
    if line.starts_with(is_sign) {
        let command = undecorated(line);
        return match command_words(&command) {
            Some(words) if !is_item || is_meant(&command, words) => Line::Command(command),
            _ => Line::Text,
        };
    }
    disguised(shown).map_or(Line::Text, Line::Disguised)
}

/// What stands in an item of a list, or in the item of such an item.
fn item(line: &str) -> Option<&str> {
    let mut behind = None;
    for _ in 0..MAX_ITEMS {
        let line = behind.unwrap_or(line);
        let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = if number.len() == line.len() { line.strip_prefix(char::is_alphabetic) } else { Some(number) };
        let is_circle = line.strip_prefix('o').filter(|inside| inside.starts_with(char::is_whitespace));
        let Some(inside) = line
            .strip_prefix(BULLETS)
            .or(is_circle)
            .or_else(|| number.and_then(|number| number.strip_prefix(['.', ')'])))
        else {
            break;
        };
        behind = Some(inside.trim_start_matches(is_adornment));
    }
    behind
}

/// A line from its sign on, in the signs of ASCII and without the stars and underscores that stand for bold words.
fn undecorated(line: &str) -> String {
    let line: String = line.chars().filter(|c| *c != '*').map(folded).collect();
    line.trim_end_matches(is_adornment).to_owned()
}

/// The words of a command line, without its sign.
pub(super) fn command_words(line: &str) -> Option<&str> {
    if let Some(words) = line.strip_prefix('#') {
        return Some(words.trim_start());
    }
    let words = line.strip_prefix('/')?;
    let name = words.split_whitespace().next()?;
    (name.bytes().all(|b| b.is_ascii_alphabetic()) || is_order(words)).then_some(words)
}

/// The name of a command and what follows it: `note` and `: he asks for the second time`.
pub(super) fn name_and_rest(words: &str) -> (&str, &str) {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let name = words.split(|c| !is_of_name(c)).next().unwrap_or_default().trim_end_matches(['-', '_']);
    match name {
        "" => words.split_once(char::is_whitespace).unwrap_or((words, "")),
        _ => words.split_at(name.len()),
    }
}

/// Whether a line that may as well be text is meant as a command: it has a name of one, or nearly, and no other word.
fn is_meant(command: &str, words: &str) -> bool {
    let (name, rest) = name_and_rest(words);
    let is_alone = !rest.contains(char::is_alphanumeric);
    match is_known(name) {
        true => command.starts_with('#') || is_order(words),
        false => is_alone && command.starts_with('#') && is_close(name),
    }
}

fn is_known(name: &str) -> bool {
    names().any(|known| known[1..].eq_ignore_ascii_case(name))
}

fn is_close(name: &str) -> bool {
    did_you_mean(&format!("#{name}"), names()).is_some()
}

/// The names of all commands, with their signs.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().filter_map(|(form, _)| form.split_whitespace().next())
}

/// Whether the words are those of a command, complete, and hardly those of a sentence about a path: `/close`.
fn is_order(words: &str) -> bool {
    match read_command(words) {
        Ok(Command::Escalate { tier: None, reason }) => reason.is_empty(),
        read => read.is_ok(),
    }
}

/// The command that a line is but for what stands before its sign: `"#note"`, `[#note]`.
fn disguised(line: &str) -> Option<String> {
    let name_at = line.find(char::is_alphanumeric)?;
    let (before, _) = line.split_at(name_at);
    let (sign_at, sign) = before.char_indices().rfind(|(_, c)| !is_adornment(*c))?;
    let command = undecorated(&line[sign_at..]);
    let words = command_words(&command)?;
    let has_blank = before[sign_at..].contains(char::is_whitespace);
    let above = before[..sign_at].chars().next_back()?;
    let is_meant = match folded(sign) {
        // A heading of Markdown is text.
        '#' => !(has_blank && is_sign(above)) && is_meant(&command, words),
        '/' => !OF_A_PATH.contains(&folded(above)) && is_known(name_and_rest(words).0) && is_order(words),
        _ => false,
    };
    is_meant.then_some(command)
}

/// Whether a line that stands below other text is a command, so that it must not be sent as text.
pub(super) fn below_text(line: &str) -> Option<String> {
    match read(line) {
        Line::Command(command) => {
            let is_meant = command_words(&command).is_some_and(|words| is_meant(&command, words));
            is_meant.then_some(command)
        }
        Line::Disguised(command) => Some(command),
        Line::Blank | Line::Text => None,
    }
}

/// The command that stands among the words of another one.
pub(super) fn among(words: &str) -> Option<&str> {
    words.split_whitespace().find(|word| {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric() && !is_sign(c));
        word.strip_prefix(is_sign).is_some_and(|name| is_known(name_and_rest(name).0))
    })
}

fn is_sign(c: char) -> bool {
    matches!(folded(c), '#' | '/')
}

/// A sign of a keyboard of East Asia as its relative in ASCII.
fn folded(c: char) -> char {
    match c {
        '﹟' | '♯' => '#',
        '∕' | '⁄' => '/',
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// What mail programs put around a word that is bold, underlined or taken for Markdown.
fn is_adornment(c: char) -> bool {
    c.is_whitespace() || matches!(folded(c), '*' | '_' | '\\')
}

/// What nobody sees: characters without width, marks of direction, and those that choose how a sign is drawn.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{20e3}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
        || c.is_control() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_text_or_what_must_not_be_text() {
        let command = |command: &str| Line::Command(command.to_owned());
        let disguised = |command: &str| Line::Disguised(command.to_owned());
        let cases = [
            ("a command", "#note", command("#note")),
            ("a blank behind the sign", "# note", command("# note")),
            ("a full-width sign", "＃note", command("#note")),
            ("a full-width word", "＃ｎｏｔｅ", command("#note")),
            ("a small sign", "﹟note", command("#note")),
            ("a sharp", "♯note", command("#note")),
            ("a full-width slash", "／note", command("/note")),
            ("with a variation selector", "＃\u{fe0f}note", command("#note")),
            ("a sign of an emoji", "#\u{fe0f}\u{20e3}note", command("#note")),
            ("without width, inside", "#no\u{200b}te", command("#note")),
            ("in another direction", "\u{202b}#note\u{202c}", command("#note")),
            ("bold", "**#note**", command("#note")),
            ("bold in an item", "- **#note**", command("#note")),
            ("taken for Markdown", "\\#note", command("#note")),
            ("an item", "- #note", command("#note")),
            ("an item without a blank", "•#note", command("#note")),
            ("a numbered item", "1. #take", command("#take")),
            ("a lettered item", "a) #take", command("#take")),
            ("an item in items", "-- - - #take", command("#take")),
            ("an item in more of them", "----- #take", disguised("#take")),
            ("an item in an item", "- 1. #severity high", command("#severity high")),
            ("an item of a word processor", "\u{f0b7}   #note", command("#note")),
            ("an item in one of its items", "o   #note", command("#note")),
            ("an item that is nearly one", "- #noet", command("#noet")),
            ("an item with a slash", "- /close", command("/close")),
            ("an item with a path", "- /close is a path", Line::Text),
            ("an item with a number", "- #1 is done", Line::Text),
            ("an item with a channel", "- #help-desk is our channel", Line::Text),
            ("a path", "/var/log", Line::Text),
            ("in brackets", "[#note]", disguised("#note]")),
            ("in other brackets", "【＃note】", disguised("#note】")),
            ("in quotation marks", "\"#Note\"", disguised("#Note\"")),
            ("in angle brackets", "<#note>", disguised("#note>")),
            ("behind a bar", "| #note |", disguised("#note |")),
            ("behind a picture", "👉 #note", disguised("#note")),
            ("two signs", "“##note”", disguised("#note”")),
            ("a slash in quotation marks", "'/close'", disguised("/close'")),
            ("the end of a tag", "</note>", Line::Text),
            ("a path of one's own", "~/close", Line::Text),
            ("a fragment", "(#section-2)", Line::Text),
            ("a heading", "|## Note", Line::Text),
            ("a sentence", "Hello, #note", Line::Text),
            ("only signs", "- / -", Line::Text),
            ("nothing", " \u{200b}\u{a0}", Line::Blank),
        ];
        for (name, line, expected) in cases {
            assert_eq!(read(line), expected, "{name}: {line:?}");
        }
    }

    #[test]
    fn below_text_only_what_is_hardly_text_is_a_command() {
        let cases = [
            ("a command", "#note", true),
            ("with a colon", "#note: he is a pain", true),
            ("with words", "#note he is a pain", true),
            ("nearly one", "#notiz", true),
            ("in an item", "- #note", true),
            ("in brackets", "[#note]", true),
            ("with a slash", "/note", true),
            ("with a slash and a tier", "/escalate tier-2", true),
            ("a path in a sentence", "/escalate answers 404", false),
            ("a path of one's own", "/notes", false),
            ("a number", "#1 is done", false),
            ("another word", "#taken care of", false),
            ("a channel", "#help-desk", false),
            ("a heading", "## Note", false),
        ];
        for (name, line, expected) in cases {
            assert_eq!(below_text(line).is_some(), expected, "{name}: {line:?}");
        }
    }
}
