//! A text of a mail as a compiler shows source: what rules matched on is underlined, and the rules stand there by name.

use crate::cli::screen::visible;
use anstyle::{AnsiColor, Style};
use std::ops::Range;
use unicode_width::UnicodeWidthChar as _;

/// Colours of rules, one after the other.
const COLOURS: [AnsiColor; 5] =
    [AnsiColor::Yellow, AnsiColor::Cyan, AnsiColor::Magenta, AnsiColor::Green, AnsiColor::Blue];
/// How many lines are shown around what is marked, where a text is too long to be shown whole.
const AROUND: usize = 2;
/// A text with more lines than this is not shown whole.
const WHOLE_LINES: usize = 40;
/// As many blanks a tab becomes.
const TAB: &str = "    ";

/// Something that a rule matched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where in the text, in bytes.
    pub range: Range<usize>,
    /// The rule, by its place among those that are named.
    pub rule: usize,
}

/// How marked texts are shown.
pub(super) struct Marker<'a> {
    /// The names of the rules.
    pub rules: Vec<&'a str>,
    /// How many columns there are, where that is known.
    pub width: Option<usize>,
    /// Whether colours are shown.
    pub styled: bool,
    /// Whether long texts are shown whole.
    pub whole: bool,
}

/// One line as it is shown: a line of the text, or a part of one that is too long.
struct Row {
    /// Its characters: where each begins in the text, and as what it is shown.
    cells: Vec<(usize, String)>,
    /// The line of the text it is of.
    line: usize,
}

/// Some columns of a row, and the rules that mark them.
struct Stretch {
    columns: Range<usize>,
    rules: Vec<usize>,
}

impl Marker<'_> {
    /// How a rule's name and its marks are shown.
    pub(super) fn style(&self, rule: usize) -> Style {
        COLOURS[rule % COLOURS.len()].on_default().bold()
    }

    /// The text in lines with `indent` blanks before all but the first, which stands behind something as long.
    pub(super) fn show(&self, text: &str, marks: &[Mark], indent: usize) -> String {
        let room = self.width.map(|width| width.saturating_sub(indent).max(20));
        let rows = rows(text, room);
        let stretches: Vec<Vec<Stretch>> = rows.iter().map(|row| stretches(row, marks)).collect();
        let line_count = rows.last().map_or(0, |row| row.line + 1);
        let is_shown = |line: usize| {
            let mut near = rows.iter().zip(&stretches).filter(|(row, _)| row.line.abs_diff(line) <= AROUND);
            near.any(|(_, stretches)| !stretches.is_empty())
        };
        let shown: Vec<bool> = (0..line_count)
            .map(|line| self.whole || line_count <= WHOLE_LINES || line < AROUND || is_shown(line))
            .collect();
        let mut lines: Vec<String> = Vec::new();
        let mut hidden = 0;
        for (place, (row, stretches)) in rows.iter().zip(&stretches).enumerate() {
            let is_last_of_line = rows.get(place + 1).is_none_or(|next| next.line != row.line);
            if !shown[row.line] {
                hidden += usize::from(is_last_of_line);
                if is_last_of_line && shown.get(row.line + 1).is_none_or(|next| *next) {
                    lines.push(format!("… {}", crate::spoken::counted(hidden, "line")));
                    hidden = 0;
                }
                continue;
            }
            lines.push(self.painted(row, stretches));
            lines.extend(self.labels(stretches, room));
        }
        let blanks = " ".repeat(indent);
        let later = lines
            .iter()
            .skip(1)
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("\n{blanks}{line}") });
        lines.first().cloned().into_iter().chain(later).collect()
    }

    fn painted(&self, row: &Row, stretches: &[Stretch]) -> String {
        let mut painted = String::new();
        let mut column = 0;
        let mut open: Option<usize> = None;
        for (_, shown) in &row.cells {
            let rule = stretches.iter().find(|stretch| stretch.columns.contains(&column)).map(|found| found.rules[0]);
            if self.styled && rule != open {
                if open.is_some() {
                    painted.push_str(&anstyle::Reset.render().to_string());
                }
                if let Some(rule) = rule {
                    painted.push_str(&self.style(rule).render().to_string());
                }
            }
            open = rule;
            painted.push_str(shown);
            column += width(shown);
        }
        if self.styled && open.is_some() {
            painted.push_str(&anstyle::Reset.render().to_string());
        }
        painted.trim_end().to_owned()
    }

    /// The lines below a row: each stretch underlined, its rules beside it, as many on one line as do not meet.
    fn labels(&self, stretches: &[Stretch], room: Option<usize>) -> Vec<String> {
        let mut lines: Vec<(usize, String)> = Vec::new();
        for Stretch { columns, rules } in stretches {
            let names = rules.iter().map(|rule| self.rules[*rule]).collect::<Vec<_>>().join(", ");
            let sign = if self.styled { "━" } else { "^" };
            let line = sign.repeat(columns.len());
            let length = width(&names) + 1;
            let fits = room.is_none_or(|room| columns.end + length <= room);
            // Where there is no room behind the line, its names stand before it.
            let (start, label) = match columns.start.checked_sub(length) {
                Some(start) if !fits => (start, format!("{names} {line}")),
                _ => (columns.start, format!("{line} {names}")),
            };
            let end = start + columns.len() + length;
            let label = match self.styled {
                true => format!("{style}{label}{style:#}", style = self.style(rules[0])),
                false => label,
            };
            match lines.iter_mut().find(|(used, _)| *used == 0 || *used + 2 <= start) {
                Some((used, text)) => {
                    text.push_str(&" ".repeat(start - *used));
                    text.push_str(&label);
                    *used = end;
                }
                None => lines.push((end, format!("{}{label}", " ".repeat(start)))),
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

/// The columns of a row that are marked, in order; what several rules mark alike is one.
fn stretches(row: &Row, marks: &[Mark]) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    for Mark { range, rule } in marks {
        let mut column = 0;
        let mut columns: Option<Range<usize>> = None;
        for (at, shown) in &row.cells {
            let next = column + width(shown);
            if range.contains(at) && next > column {
                columns = Some(columns.map_or(column, |columns| columns.start)..next);
            }
            column = next;
        }
        let Some(columns) = columns else { continue };
        match found.iter_mut().find(|stretch| stretch.columns == columns) {
            Some(stretch) if stretch.rules.contains(rule) => {}
            Some(stretch) => stretch.rules.push(*rule),
            None => found.push(Stretch { columns, rules: vec![*rule] }),
        }
    }
    found.sort_by_key(|stretch| (stretch.columns.start, stretch.columns.end));
    found
}

/// The text in rows, broken between words where there is no more room.
fn rows(text: &str, room: Option<usize>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut start = 0;
    for (line, text) in text.split_inclusive('\n').enumerate() {
        let cells = text.trim_end_matches(['\r', '\n']).char_indices();
        let mut cells: Vec<(usize, String)> = cells
            .map(|(at, c)| match c {
                '\t' => (start + at, TAB.to_owned()),
                c => (start + at, visible(c.encode_utf8(&mut [0; 4])).into_owned()),
            })
            .collect();
        start += text.len();
        while let Some(end) = room.and_then(|room| break_at(&cells, room)) {
            let rest = cells.split_off(end);
            rows.push(Row { cells, line });
            cells = rest;
        }
        rows.push(Row { cells, line });
    }
    rows
}

/// How many cells go into a row of this room, where not all of them do.
fn break_at(cells: &[(usize, String)], room: usize) -> Option<usize> {
    let mut column = 0;
    let fit = cells.iter().take_while(|(_, shown)| {
        column += width(shown);
        column <= room
    });
    let fit = fit.count();
    if fit == cells.len() {
        return None;
    }
    let blank = cells[..fit].iter().rposition(|(_, shown)| shown == " ").map(|blank| blank + 1);
    Some(blank.filter(|blank| *blank > fit / 3).unwrap_or(fit).max(1))
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or_default()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, marks: &[(&str, usize)], width: Option<usize>) -> String {
        let marks: Vec<Mark> = marks
            .iter()
            .map(|(words, rule)| {
                let at = text.find(words).unwrap();
                Mark { range: at..at + words.len(), rule: *rule }
            })
            .collect();
        let marker = Marker { rules: vec!["outage", "deadline", "trouble"], width, styled: false, whole: false };
        marker.show(text, &marks, 2)
    }

    #[test]
    fn what_is_marked_is_underlined_and_names_its_rules() {
        let cases = [
            ("nothing", "Hello.", &[][..], "Hello."),
            ("one", "It is down.", &[("is down", 0)], "It is down.\n     ^^^^^^^ outage"),
            (
                "two beside each other",
                "down, and it is urgent",
                &[("down", 0), ("urgent", 1)],
                "down, and it is urgent\n  ^^^^ outage     ^^^^^^ deadline",
            ),
            ("two that meet", "down now", &[("down", 0), ("now", 1)], "down now\n  ^^^^ outage\n       ^^^ deadline"),
            (
                "one in another",
                "the API is down",
                &[("API is down", 0), ("down", 2)],
                "the API is down\n      ^^^^^^^^^^^ outage\n             ^^^^ trouble",
            ),
            ("two rules at one place", "down", &[("down", 0), ("down", 2)], "down\n  ^^^^ outage, trouble"),
            ("an empty line", "a\n\nb", &[], "a\n\n  b"),
            ("over two lines", "it is\ndown", &[("is\ndown", 0)], "it is\n     ^^ outage\n  down\n  ^^^^ outage"),
            (
                "wide and harmful characters",
                "日本\u{1b} down",
                &[("down", 0)],
                "日本\\u{1b} down\n             ^^^^ outage",
            ),
            ("a tab", "\tdown", &[("down", 0)], "    down\n      ^^^^ outage"),
        ];
        for (name, text, marks, expected) in cases {
            assert_eq!(show(text, marks, None), expected, "{name}");
        }
    }

    #[test]
    fn long_lines_are_broken_and_names_stay_on_the_screen() {
        let text = "we have seen since this morning that the API is down";
        let shown = show(text, &[("API is down", 0), ("morning", 1)], Some(32));
        let expected = "we have seen since this\n  morning that the API is down\n  ^^^^^^^ deadline\n            outage ^^^^^^^^^^^";
        assert_eq!(shown, expected);
        assert_eq!(show(&"x".repeat(45), &[], Some(22)), format!("{x}\n  {x}\n  xxxxx", x = "x".repeat(20)));
    }

    #[test]
    fn of_a_long_text_only_what_stands_around_marks_is_shown() {
        let lines: Vec<String> = (1..=60).map(|number| format!("line {number}.")).collect();
        let shown = show(&lines.join("\n"), &[("line 30.", 0)], None);
        let expected = "line 1.\n  line 2.\n  … 25 lines\n  line 28.\n  line 29.\n  line 30.\n  ^^^^^^^^ outage\n  line 31.\n  line 32.\n  … 28 lines";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_terminal_shows_each_rule_in_its_colour() {
        let marker = Marker { rules: vec!["outage"], width: None, styled: true, whole: false };
        let shown = marker.show("is down.", &[Mark { range: 3..7, rule: 0 }], 0);
        let (on, off) = ("\u{1b}[1m\u{1b}[33m", "\u{1b}[0m");
        assert_eq!(shown, format!("is {on}down{off}.\n   {on}━━━━ outage{off}"));
    }
}
