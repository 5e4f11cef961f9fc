//! Tables: fitted to a terminal's width, or plain aligned text in a pipe.

use super::screen::{Screen, Tone, visible};
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table as Layout, presets};
use unicode_width::UnicodeWidthStr;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub title: &'static str,
    width: Width,
    /// Where the line is too short, columns are left out in this order; those without a number stay.
    gives_way: Option<u8>,
}

/// How wide a column is where the line is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    /// As its longest value.
    Kept,
    /// It is cut, to no fewer characters than these while others can give way.
    Cut { least: usize },
}

impl Column {
    /// Leaves the column out where the line is too short for all; 1 is the first to go.
    pub const fn gives_way(self, order: u8) -> Self {
        Self { gives_way: Some(order), ..self }
    }
}

/// A column that keeps its width.
pub const fn fixed(title: &'static str) -> Column {
    Column { title, width: Width::Kept, gives_way: None }
}

/// A column that is cut where the line is too short; so many characters of it still say something.
pub const fn flexible(title: &'static str, least: usize) -> Column {
    Column { title, width: Width::Cut { least }, gives_way: None }
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
    let widths = match screen.width {
        Some(width) => fit(columns, rows, &mut shown, usize::from(width)),
        None => Vec::new(),
    };
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
    let arrangement = if widths.is_empty() { ContentArrangement::Disabled } else { ContentArrangement::Dynamic };
    layout.set_content_arrangement(arrangement);
    if let Some(width) = screen.width {
        // The blanks behind the last column need no room.
        layout.set_width(width + GAP);
    }
    for (place, column) in layout.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        if let Some(width) = widths.get(place) {
            column.set_constraint(ColumnConstraint::Absolute(comfy_table::Width::Fixed(width + GAP)));
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

/// Leaves columns out until those that are cut say enough, and says how wide each of the others is.
fn fit(columns: &[Column], rows: &[Vec<Cell>], shown: &mut Vec<usize>, width: usize) -> Vec<u16> {
    let gap = usize::from(GAP);
    let whole = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.text.as_str());
        cells.chain([columns[place].title]).map(UnicodeWidthStr::width).max().unwrap_or_default()
    };
    let least = |place: usize| match columns[place].width {
        Width::Kept => whole(place),
        Width::Cut { least } => whole(place).min(least),
    };
    let needed = |shown: &[usize]| shown.iter().map(|place| least(*place) + gap).sum::<usize>().saturating_sub(gap);
    while needed(shown) > width {
        let next = shown.iter().enumerate().filter_map(|(at, place)| Some((columns[*place].gives_way?, at))).min();
        let Some((_, at)) = next else { break };
        shown.remove(at);
    }
    let is_cut = |place: usize| columns[place].width != Width::Kept;
    let kept: usize = shown.iter().filter(|place| !is_cut(**place)).map(|place| whole(*place)).sum();
    let mut room = width.saturating_sub(kept + gap * shown.len().saturating_sub(1));
    // Those that want little get it; what they leave is for the others, and nobody gets less than says something.
    let mut cut: Vec<usize> = shown.iter().copied().filter(|place| is_cut(*place)).collect();
    cut.sort_by_key(|place| whole(*place));
    let mut widths: Vec<usize> = columns.iter().map(|_| 0).collect();
    for (at, place) in cut.iter().enumerate() {
        let later: usize = cut[at + 1..].iter().map(|place| least(*place)).sum();
        let share = room.saturating_sub(later).min((room / (cut.len() - at)).max(least(*place)));
        widths[*place] = whole(*place).min(share).max(1);
        room = room.saturating_sub(widths[*place]);
    }
    let width_of = |place: usize| if is_cut(place) { widths[place] } else { whole(place) };
    shown.iter().map(|place| u16::try_from(width_of(*place)).unwrap_or(u16::MAX)).collect()
}

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

    const COLUMNS: [Column; 3] = [fixed("ticket"), fixed("severity"), flexible("subject", 20)];

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
    fn columns_give_way_one_by_one_and_the_subject_says_enough() {
        let columns = [
            fixed("ticket"),
            fixed("severity").gives_way(3),
            fixed("opened").gives_way(1),
            flexible("requester", 12).gives_way(2),
            flexible("subject", 20),
        ];
        let subject = "Everything is down since ten o'clock in the morning";
        let row = ["PR-1001", "critical", "3 min ago", "ann.example@example.com", subject].map(Cell::new).to_vec();
        let plain = |width| Screen { styled: false, ..screen(Some(width), true) };
        for (width, expected) in [
            (
                106,
                "PR-1001  critical  3 min ago  ann.example@example.com  Everything is down since ten o'clock in the morning",
            ),
            (80, "PR-1001  critical  3 min ago  ann.example@example.com  Everything is down since…"),
            (64, "PR-1001  critical  3 min ago  ann.example…  Everything is down …"),
            (63, "PR-1001  critical  ann.example@example.…  Everything is down s…"),
            (51, "PR-1001  critical  Everything is down since ten o'…"),
            (38, "PR-1001  Everything is down since ten…"),
            (30, "PR-1001  Everything is down s…"),
            (20, "PR-1001  Everything…"),
        ] {
            let text = render(&columns, std::slice::from_ref(&row), &plain(width));
            assert_eq!(text.lines().nth(1), Some(expected), "{width}");
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{width}: {text}");
        }
    }
}
