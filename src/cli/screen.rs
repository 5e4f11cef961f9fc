//! Where commands print to: colours and width, times as people say them, and text that cannot harm the terminal.

use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Like all others.
    #[default]
    Plain,
    /// A heading, or what one looks for.
    Strong,
    /// What one may skip.
    Faint,
    /// All is well.
    Good,
    /// Worth a look.
    Notice,
    /// Something is wrong.
    Bad,
}

impl Tone {
    /// How a terminal shows it.
    pub fn style(self) -> Style {
        match self {
            Tone::Plain => Style::new(),
            Tone::Strong => Style::new().bold(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Notice => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// The narrowest line that anything is fitted to.
const NARROWEST: u16 = 20;

/// Standard output as it was found.
#[derive(Debug, Clone)]
pub struct Screen {
    /// Whether colours are shown and wanted.
    pub styled: bool,
    /// Whether a person is looking.
    pub is_terminal: bool,
    /// How many characters fit on a line, where that is known.
    pub width: Option<u16>,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// What time it is.
    pub now: Timestamp,
}

impl Screen {
    /// Looks at standard output. `columns` is what the environment says of its width.
    pub fn detect(columns: Option<u16>, now: Timestamp) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let styled = is_terminal && anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        let of_terminal = || terminal_size::terminal_size_of(&stdout).map(|(width, _)| width.0);
        let width = if is_terminal { of_terminal().or(columns).or(Some(80)) } else { columns };
        Self { styled, is_terminal, width: width.map(|width| width.max(NARROWEST)), zone: TimeZone::system(), now }
    }

    /// The text in that tone.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        let style = tone.style();
        if self.styled && tone != Tone::Plain { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// The text broken between words where a terminal's line ends, with blanks before all lines but the first.
    pub fn wrapped(&self, text: &str, indent: usize) -> String {
        let Some(width) = self.width.filter(|_| self.is_terminal).map(usize::from) else { return text.to_owned() };
        let room = width.saturating_sub(indent).max(20);
        let mut wrapped = String::with_capacity(text.len());
        let mut column = 0;
        for word in text.split(' ') {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > room {
                wrapped.push('\n');
                wrapped.extend(std::iter::repeat_n(' ', indent));
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += length;
        }
        wrapped
    }

    /// Prints a text.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Prints a value as JSON.
    pub fn json(&self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let mut safe = harmless_json(serde_json::to_string_pretty(value)?);
        safe.push('\n');
        Ok(self.print(&safe)?)
    }

    /// A value as JSON on one line.
    pub fn json_line(&self, value: &impl serde::Serialize) -> anyhow::Result<String> {
        Ok(harmless_json(serde_json::to_string(value)?))
    }

    /// Prints bytes as they are; on a terminal, as text that cannot harm it.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        if self.is_terminal {
            return self.print(&visible_text(&String::from_utf8_lossy(bytes).replace("\r\n", "\n")));
        }
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// An instant in the desk's zone, to the minute.
    pub fn minute(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// An instant in the desk's zone, to the second.
    pub fn second(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// An instant as it stands in lists: how long ago for a person, the time itself for a file.
    pub fn when(&self, at: Timestamp) -> String {
        if self.is_terminal { relative(at, self.now) } else { self.minute(at) }
    }

    /// An instant since which something is as it is: the time of today, or the day as well; for a file always both.
    pub fn since(&self, at: Timestamp) -> String {
        let day = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        let is_today = self.is_terminal && day(at) == day(self.now);
        if is_today { at.to_zoned(self.zone.clone()).strftime("%H:%M").to_string() } else { self.minute(at) }
    }

    /// An instant with both.
    pub fn when_exactly(&self, at: Timestamp) -> String {
        if self.is_terminal { format!("{} ({})", self.second(at), relative(at, self.now)) } else { self.second(at) }
    }
}

/// Says something to the person at the keyboard that is no part of the result.
pub fn remark(text: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

/// `3 min ago`, `in 2 h`.
fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    let length = length(distance.abs());
    match distance {
        _ if distance.abs() < SignedDuration::from_secs(5) => "now".to_owned(),
        _ if distance.is_negative() => format!("{length} ago"),
        _ => format!("in {length}"),
    }
}

fn length(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..36_000 if seconds / 60 % 60 >= 10 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Whether a character may command a terminal or change how what stands around it is read: controls, C1 controls
/// included, marks of writing direction, and invisible format characters.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// JSON in which nothing commands a terminal: outside of strings there is nothing of the kind, and inside an escape
/// means the same.
fn harmless_json(text: String) -> String {
    if !text.chars().any(|c| c != '\n' && is_harmful(c)) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        if c != '\n' && is_harmful(c) {
            safe.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// The text with its lines joined by blanks.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text on one line of at most so many characters.
pub fn shortened(text: &str, most: usize) -> String {
    // Of a text without end no more is looked at than is shown.
    let start: String = text.trim_start().chars().take(most.saturating_add(1)).collect();
    let line = one_line(&start);
    let is_whole = start.chars().count() <= most;
    if is_whole { line } else { line.chars().take(most.saturating_sub(1)).collect::<String>() + "…" }
}

/// Somebody else's words on one line.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) { Cow::Owned(escaped(text, |_| false)) } else { Cow::Borrowed(text) }
}

/// Somebody else's words, which may have several lines.
pub fn visible_text(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

fn escaped(text: &str, is_fine: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) && !is_fine(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_command_a_terminal_is_escaped() {
        let cases = [
            ("plain", "Grüße, 你好", "Grüße, 你好"),
            ("escape sequence", "a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("eight-bit escape", "a\u{9b}2J", "a\\u{9b}2J"),
            ("bell and delete", "\x07\x7f", "\\u{7}\\u{7f}"),
            ("another line", "a\r\nb", "a\\r\\nb"),
            ("right to left", "invoice\u{202e}fdp.exe", "invoice\\u{202e}fdp.exe"),
            ("line separator", "a\u{2028}b", "a\\u{2028}b"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(visible(text), expected, "{name}");
        }
        assert_eq!(visible_text("a\n\tb\x1b"), "a\n\tb\\u{1b}");
    }

    #[test]
    fn a_text_is_shortened_to_one_line() {
        let cases = [
            ("short", "short"),
            ("of\r\n lines", "of lines"),
            ("ten chars.", "ten chars."),
            ("eleven char", "eleven ch…"),
            ("ééééééééééé", "ééééééééé…"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(shortened(text, 10), expected, "{text}");
        }
        assert_eq!(shortened(&"x".repeat(100_000), 10), "xxxxxxxxx…");
    }

    #[test]
    fn long_lines_are_broken_on_a_terminal_only() {
        let zone = TimeZone::UTC;
        let mut screen = Screen { styled: false, is_terminal: true, width: Some(40), zone, now: Timestamp::UNIX_EPOCH };
        let text = "the sender is not authenticated and answers nobody";
        assert_eq!(
            screen.wrapped(text, 10),
            "the sender is not\n          authenticated and answers\n          nobody"
        );
        screen.is_terminal = false;
        assert_eq!(screen.wrapped(text, 10), text);
    }

    #[test]
    fn what_holds_since_another_day_has_its_date() {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let mut screen = Screen { styled: false, is_terminal: true, width: None, zone: TimeZone::UTC, now };
        assert_eq!(screen.since("2026-03-02T00:01:00Z".parse().unwrap()), "00:01");
        assert_eq!(screen.since("2026-03-01T23:59:00Z".parse().unwrap()), "2026-03-01 23:59");
        screen.is_terminal = false;
        assert_eq!(screen.since("2026-03-02T00:01:00Z".parse().unwrap()), "2026-03-02 00:01");
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let cases = [
            (-2, "now"),
            (-42, "42 s ago"),
            (-240, "4 min ago"),
            (-5400, "1 h 30 min ago"),
            (-3900, "1 h ago"),
            (-90_000, "25 h ago"),
            (-400_000, "4 days ago"),
            (1500, "in 25 min"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(relative(now + SignedDuration::from_secs(seconds), now), expected, "{seconds}");
        }
    }
}
