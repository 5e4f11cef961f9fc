//! A rule file written evenly: `=` in columns, blank lines where tables begin, no blanks at line ends.
//!
//! Only the space around things changes. What is inside of a value over several lines stays as it is, comments keep
//! their column where they can, and a text that would not say the same afterwards is left alone.

use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The most blank lines in a row.
const MAX_BLANK: usize = 2;

/// A key with its value on a line: where in the text both stand.
struct Entry {
    key: Range<usize>,
    value: Range<usize>,
}

/// The text written evenly; `None` where it is no proper TOML or UTF-8, or would come to say something else.
pub fn format(text: &str) -> Option<String> {
    let (table, errors) = DeTable::parse_recoverable(text);
    // U+FFFD stands where a byte was that is no UTF-8; what it was must not be lost.
    if !errors.is_empty() || text.contains('\u{fffd}') {
        return None;
    }
    let mut entries = BTreeMap::new();
    collect(text, table.get_ref(), &mut entries);
    let formatted = write(text, &entries);
    // Whatever was thought of above, the last word has the reader.
    let said = |text: &str| text.parse::<toml::Table>().ok();
    let before = said(text);
    (before.is_some() && before == said(&formatted)).then_some(formatted)
}

/// The entries that stand at the beginning of a line, by the number of the line.
fn collect(text: &str, table: &DeTable<'_>, entries: &mut BTreeMap<usize, Entry>) {
    for (key, value) in table.iter() {
        let line_start = text[..key.span().start].rfind('\n').map_or(0, |at| at + 1);
        let lead = &text[line_start..key.span().start];
        let equals = text[key.span().end..].find(|c: char| !c.is_whitespace());
        let is_pair = equals.is_some_and(|at| text[key.span().end + at..].starts_with('='));
        // The key of a dotted one begins with the first of its parts.
        let is_key = lead.chars().all(|c| c.is_alphanumeric() || " \t._-\"'".contains(c));
        if is_pair && is_key {
            let first = lead.find(|c: char| !c.is_whitespace()).map_or(key.span().start, |at| line_start + at);
            let line = text[..line_start].matches('\n').count();
            entries.entry(line).or_insert(Entry { key: first..key.span().end, value: value.span() });
        }
        inside(text, value, entries);
    }
}

fn inside(text: &str, value: &Spanned<DeValue<'_>>, entries: &mut BTreeMap<usize, Entry>) {
    match value.get_ref() {
        DeValue::Table(table) => collect(text, table, entries),
        DeValue::Array(array) => array.iter().for_each(|element| inside(text, element, entries)),
        _ => {}
    }
}

fn write(text: &str, entries: &BTreeMap<usize, Entry>) -> String {
    let lines: Vec<&str> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let last_line = |entry: &Entry| text[..entry.value.end].matches('\n').count();
    // Lines that a value over several lines goes on in; what stands in an inline table there is the value's.
    let mut locked = vec![false; lines.len()];
    let mut shown: BTreeMap<usize, &Entry> = BTreeMap::new();
    for (line, entry) in entries {
        if !locked[*line] {
            shown.insert(*line, entry);
            locked[line + 1..=last_line(entry)].iter_mut().for_each(|locked| *locked = true);
        }
    }
    let widths = widths(&shown, &locked, last_line);
    let mut written: Vec<String> = Vec::new();
    let mut blank = 0;
    for (number, line) in lines.iter().enumerate() {
        if locked[number] {
            written.push((*line).to_owned());
            blank = 0;
            continue;
        }
        let line = match shown.get(&number) {
            Some(entry) => aligned(text, line, entry, widths[&number], last_line(entry) > number),
            None => line.trim_end().to_owned(),
        };
        if line.is_empty() {
            blank += 1;
            if blank > MAX_BLANK || written.is_empty() {
                continue;
            }
        } else {
            let is_head = line.trim_start().starts_with('[');
            let before = written.last().map_or("", String::as_str);
            if is_head && blank == 0 && !before.is_empty() && !before.trim_start().starts_with('#') {
                written.push(String::new());
            }
            blank = 0;
        }
        written.push(line);
    }
    while written.last().is_some_and(String::is_empty) {
        written.pop();
    }
    if written.is_empty() { String::new() } else { written.join("\n") + "\n" }
}

/// How wide the keys of each line's neighbours are: entries on lines that follow each other stand in one column.
fn widths(
    shown: &BTreeMap<usize, &Entry>,
    locked: &[bool],
    last_line: impl Fn(&Entry) -> usize,
) -> BTreeMap<usize, usize> {
    let mut widths = BTreeMap::new();
    let mut group: Vec<usize> = Vec::new();
    let mut close = |group: &mut Vec<usize>| {
        let width = group.iter().map(|line| shown[line].key.len()).max().unwrap_or_default();
        widths.extend(group.drain(..).map(|line| (line, width)));
    };
    for (line, entry) in shown {
        let follows = group.last().is_some_and(|last| last + 1 == *line) && !locked[*line];
        if !follows {
            close(&mut group);
        }
        group.push(*line);
        if last_line(entry) > *line {
            close(&mut group);
        }
    }
    close(&mut group);
    widths
}

/// One entry with its `=` in the column; a comment behind it stays where it was if there is room.
fn aligned(text: &str, line: &str, entry: &Entry, width: usize, goes_on: bool) -> String {
    let key = &text[entry.key.clone()];
    let indent = line.len() - line.trim_start().len();
    let head = format!("{}{key:<width$} = ", &line[..indent]);
    let line_start = text[..entry.key.start].rfind('\n').map_or(0, |at| at + 1);
    if goes_on {
        // What ends this line may be the beginning of a text.
        return head + &line[entry.value.start - line_start..];
    }
    let value_end = entry.value.end - line_start;
    let written = format!("{head}{}", &line[entry.value.start - line_start..value_end]);
    let behind = line[value_end..].trim();
    if behind.is_empty() {
        return written;
    }
    let column = line[..line.len() - line[value_end..].trim_start().len()].chars().count();
    let gap = column.saturating_sub(written.chars().count()).max(1);
    format!("{written}{}{behind}", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_evenly() {
        let cases = [
            ("columns", "name='a'\nseverity =  'low'\n", "name     = 'a'\nseverity = 'low'\n"),
            ("a comment between begins anew", "a = 1\n# x\nlonger = 2\n", "a = 1\n# x\nlonger = 2\n"),
            (
                "a comment behind keeps its column",
                "name = 'a'      # one\nseverity = 'low' # two\n",
                "name     = 'a'  # one\nseverity = 'low' # two\n",
            ),
            ("a comment that is in the way", "n = 1 # one\nlonger = 2\n", "n      = 1 # one\nlonger = 2\n"),
            (
                "a table begins after a blank line",
                "[[rule]]\nname = 'a'\n[rule.when]\ntext = 'x'\n",
                "[[rule]]\nname = 'a'\n\n[rule.when]\ntext = 'x'\n",
            ),
            ("with its comment before it", "a = 1\n# of b\n[b]\n", "a = 1\n# of b\n[b]\n"),
            ("blank lines", "\n\na = 1\n\n\n\n\nb = 2\n\n", "a = 1\n\n\nb = 2\n"),
            ("line ends", "a = 1  \r\nb = 2\t", "a = 1\nb = 2\n"),
            (
                "a list over lines",
                "phrase = [\n   'a',\n 'b' ]  \nin='text'\n",
                "phrase = [\n   'a',\n 'b' ]  \nin = 'text'\n",
            ),
            ("a text over lines", "a = '''  \n b='c'  \n'''\nlong = 1\n", "a = '''  \n b='c'  \n'''\nlong = 1\n"),
            ("an inline table", "when = { text='x',subject = 'y' }\n", "when = { text='x',subject = 'y' }\n"),
            ("dotted and quoted keys", "header.\"X-A\"='x'\nto = 'y'\n", "header.\"X-A\" = 'x'\nto           = 'y'\n"),
            ("nothing", "", ""),
        ];
        for (name, text, expected) in cases {
            let formatted = format(text);
            assert_eq!(formatted.as_deref(), Some(expected), "{name}");
            assert_eq!(format(expected).as_deref(), Some(expected), "{name}, once more");
        }
        assert_eq!(format("a = \n"), None);
    }
}
