//! Tables: fitted to a terminal's width, or plain aligned text in a pipe.

use super::screen::{Screen, Tone, visible};
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table as Layout, presets};

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// What becomes of it where the line is too short.
    pub width: Width,
}

/// What becomes of a column where the line is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// It keeps its width.
    Kept,
    /// It is cut.
    Cut,
    /// It is left out when those that are cut would not have enough left to say anything.
    LeftOut,
}

/// A column that keeps its width.
pub const fn fixed(title: &'static str) -> Column {
    Column { title, width: Width::Kept }
}

/// A column that is cut where the line is too short.
pub const fn flexible(title: &'static str) -> Column {
    Column { title, width: Width::Cut }
}

/// A column that is left out where the line is too short for all.
pub const fn optional(title: &'static str) -> Column {
    Column { title, width: Width::LeftOut }
}

/// A value in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Somebody's words, or ours; what could harm a terminal is escaped.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self { text: visible(text.as_ref()).into_owned(), tone: Tone::Plain }
    }

    /// In another tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// Shows rows under their titles; every line ends in a line feed.
pub fn render(columns: &[Column], rows: &[Vec<Cell>], screen: &Screen) -> String {
    // A person does not miss a column in which nothing stands; a program counts on it.
    let is_shown = |place: &usize| {
        !screen.is_terminal || rows.iter().any(|row| row.get(*place).is_some_and(|cell| !cell.text.is_empty()))
    };
    let mut shown: Vec<usize> = (0..columns.len()).filter(is_shown).collect();
    if let Some(width) = screen.width.filter(|_| screen.is_terminal) {
        leave_out(columns, rows, &mut shown, usize::from(width));
    }
    let mut layout = Layout::new();
    // Lines are cut where they end and not between words: nothing is in the text that this character is.
    layout.load_style(presets::NOTHING).set_truncation_indicator("…").set_delimiter('\u{2060}');
    let mut titles = Row::from(shown.iter().map(|place| columns[*place].title.to_uppercase()));
    titles.max_height(1);
    layout.set_header(titles);
    for row in rows {
        let cells = shown.iter().filter_map(|place| row.get(*place));
        let mut line = Row::from(cells.map(|cell| mark(&cell.text, cell.tone, screen.styled)));
        line.max_height(1);
        layout.add_row(line);
    }
    match screen.width {
        // The blanks behind the last column need no room.
        Some(width) => layout.set_content_arrangement(ContentArrangement::Dynamic).set_width(width + GAP),
        None => layout.set_content_arrangement(ContentArrangement::Disabled),
    };
    for (place, column) in layout.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        if shown.get(place).is_some_and(|place| columns[*place].width != Width::Cut) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = String::new();
    for (number, line) in layout.lines().enumerate() {
        let line = unmark(line.trim_end());
        text.push_str(&if number == 0 { screen.paint(Tone::Strong, &line) } else { line });
        text.push('\n');
    }
    text
}

/// Leaves columns out, the last ones first, until those that are cut say enough.
fn leave_out(columns: &[Column], rows: &[Vec<Cell>], shown: &mut Vec<usize>, width: usize) {
    let needed = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.text.chars().count());
        let whole = cells.chain([columns[place].title.len()]).max().unwrap_or_default();
        if columns[place].width == Width::Cut { whole.min(ENOUGH) } else { whole }
    };
    loop {
        let all: usize = shown.iter().map(|place| needed(*place) + usize::from(GAP)).sum();
        let last = shown.iter().rposition(|place| columns[*place].width == Width::LeftOut);
        match last {
            Some(last) if all > width + usize::from(GAP) => shown.remove(last),
            _ => return,
        };
    }
}

/// So many characters of a value that is cut still say something.
const ENOUGH: usize = 12;

/// Blanks between two columns.
const GAP: u16 = 2;

/// Tones that are marked in cells. The layout counts characters, and would count those of an escape sequence. So a
/// tone is marked by a character without width, of those that `visible` lets nobody else use, and replaced later.
const MARKED: [(Tone, char); 5] = [
    (Tone::Strong, '\u{206a}'),
    (Tone::Faint, '\u{206b}'),
    (Tone::Good, '\u{206c}'),
    (Tone::Notice, '\u{206d}'),
    (Tone::Bad, '\u{206e}'),
];
const END: char = '\u{206f}';

fn mark(text: &str, tone: Tone, styled: bool) -> String {
    match MARKED.iter().find(|(marked, _)| *marked == tone) {
        Some((_, mark)) if styled && !text.is_empty() => format!("{mark}{text}{END}"),
        _ => text.to_owned(),
    }
}

fn unmark(line: &str) -> String {
    let mut text = String::with_capacity(line.len() + 16);
    let mut is_open = false;
    for c in line.chars() {
        if let Some((tone, _)) = MARKED.iter().find(|(_, mark)| *mark == c) {
            text.push_str(&tone.style().render().to_string());
            is_open = true;
        } else if c == END {
            text.push_str(&anstyle::Reset.render().to_string());
            is_open = false;
        } else {
            text.push(c);
        }
    }
    // A cell that was cut has lost its end.
    if is_open {
        text.push_str(&anstyle::Reset.render().to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    const COLUMNS: [Column; 3] = [fixed("ticket"), fixed("severity"), flexible("subject")];

    fn screen(width: Option<u16>, styled: bool) -> Screen {
        Screen { styled, is_terminal: styled, width, zone: TimeZone::UTC, now: Timestamp::UNIX_EPOCH }
    }

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec![
                Cell::new("PR-1001"),
                Cell::new("critical").tone(Tone::Bad),
                Cell::new("Everything is down since ten"),
            ],
            vec![Cell::new("PR-1002"), Cell::new("low"), Cell::new("Gr\u{1b}[2Jüße")],
        ]
    }

    #[test]
    fn a_pipe_gets_whole_values_in_aligned_columns() {
        let expected = "TICKET   SEVERITY  SUBJECT\n\
                        PR-1001  critical  Everything is down since ten\n\
                        PR-1002  low       Gr\\u{1b}[2Jüße\n";
        assert_eq!(render(&COLUMNS, &rows(), &screen(None, false)), expected);
    }

    #[test]
    fn a_terminal_gets_lines_that_fit_and_colours() {
        let text = render(&COLUMNS, &rows(), &screen(Some(40), true));
        let expected = "\u{1b}[1mTICKET   SEVERITY  SUBJECT\u{1b}[0m\n\
                        PR-1001  \u{1b}[1m\u{1b}[31mcritical\u{1b}[0m  Everything is down s…\n\
                        PR-1002  low       Gr\\u{1b}[2Jüße\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_can_be_left_out_is_where_the_rest_would_say_nothing() {
        let columns = [fixed("ticket"), optional("assignee"), optional("opened"), flexible("subject")];
        let row = ["PR-1001", "bob", "3 min ago", "Everything is down since ten"].map(Cell::new).to_vec();
        let shown =
            |width| render(&columns, std::slice::from_ref(&row), &screen(Some(width), true)).replace("\u{1b}[1m", "");
        let first = |text: String| text.lines().next().unwrap_or_default().replace("\u{1b}[0m", "");
        assert_eq!(first(shown(80)), "TICKET   ASSIGNEE  OPENED     SUBJECT");
        assert_eq!(first(shown(42)), "TICKET   ASSIGNEE  OPENED     SUBJECT");
        assert_eq!(first(shown(41)), "TICKET   ASSIGNEE  SUBJECT");
        assert_eq!(first(shown(31)), "TICKET   ASSIGNEE  SUBJECT");
        assert_eq!(first(shown(30)), "TICKET   SUBJECT");
    }
}
