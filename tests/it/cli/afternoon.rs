//! The afternoon in the documentation, played as it is told: the files are written, the commands are run, and what the
//! page shows is what they print.

use super::{Desk, Ran, postroom};
use std::path::Path;
use std::process::Command;

/// The mails that the page begins with.
const MAILS: [&str; 4] = [
    "From: Carol Client <carol@example.com>\r\nTo: support@desk.example\r\nSubject: Historical data missing in the export\r\n\
     Message-ID: <carol@example.com>\r\n\r\nHello,\r\n\r\nthe export of last month has no historical data before the 12th.\r\n\r\nCarol\r\n",
    "From: Dave <dave@example.com>\r\nTo: support@desk.example\r\nSubject: Our integration gets 401\r\n\
     Message-ID: <dave@example.com>\r\n\r\nSince this morning our calls answer 401: invalid API key.\r\n",
    "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\nFrom: bob@desk.example\r\n\
     To: support@desk.example\r\nSubject: Re: [PR-1001]\r\nMessage-ID: <high@desk.example>\r\n\r\n#severity high\r\n",
    "Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example\r\nFrom: bob@desk.example\r\n\
     To: support@desk.example\r\nSubject: Re: [PR-1002]\r\nMessage-ID: <low@desk.example>\r\n\r\n#severity low\r\n",
];

/// A command as it was typed, and the lines that it printed.
struct Step<'p> {
    typed: &'p str,
    printed: Vec<&'p str>,
}

/// The steps of the section with this heading.
fn steps<'p>(page: &'p str, heading: &str) -> Vec<Step<'p>> {
    let (_, section) = page.split_once(heading).unwrap_or_else(|| panic!("there is no {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let mut steps: Vec<Step<'p>> = Vec::new();
    let mut is_open = false;
    for line in section.lines() {
        match (line.strip_prefix("```"), line.strip_prefix("$ ")) {
            (Some(language), _) => is_open = language == "console",
            (None, Some(typed)) if is_open => steps.push(Step { typed, printed: Vec::new() }),
            (None, None) if is_open => steps.last_mut().expect("a command comes first").printed.push(line),
            _ => {}
        }
    }
    steps
}

/// Whether the lines are those that were shown: `…` stands for any part of a line, and on a line of its own for any lines.
fn is_shown(shown: &[&str], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        ["…", rest @ ..] => (0..=lines.len()).any(|skipped| is_shown(rest, &lines[skipped..])),
        [first, rest @ ..] => {
            let pattern = first.split('…').map(regex::escape).collect::<Vec<_>>().join(".*");
            let pattern = regex::Regex::new(&format!("^{pattern}$")).unwrap();
            lines.first().is_some_and(|line| pattern.is_match(line)) && is_shown(rest, &lines[1..])
        }
    }
}

fn type_in(folder: &Path, typed: &str) -> Ran {
    let mut words = shell_words(typed).into_iter();
    let program = words.next().unwrap();
    match program.as_str() {
        "postroom" => postroom(folder).args(words).output().unwrap().into(),
        "cp" => Command::new("cp").args(words).current_dir(folder).output().unwrap().into(),
        other => panic!("the page has nobody type {other}"),
    }
}

/// The words of a line; blanks between double quotes do not separate.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn the_afternoon_of_the_documentation_is_as_it_is_told() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md")).unwrap();
    let steps = steps(&page, "\n## An afternoon\n");
    let desk = Desk::with(&MAILS);
    for Step { typed, printed } in &steps {
        // What is shown of a file is what the admin has just written into it.
        if let Some(file) = typed.strip_prefix("cat ") {
            desk.write(file, format!("{}\n", printed.join("\n")));
            continue;
        }
        let (typed, is_asked) = typed.strip_suffix("; echo $?").map_or((*typed, false), |typed| (typed, true));
        let ran = type_in(&desk.path(), typed);
        assert_eq!(ran.err, "", "{typed}");
        let code = ran.code.to_string();
        let lines = ran.out.lines().chain(is_asked.then_some(code.as_str()));
        let lines: Vec<&str> = lines.collect();
        assert!(
            is_shown(printed, &lines),
            "$ {typed}\n{}\n\nand the page shows\n\n{}",
            lines.join("\n"),
            printed.join("\n")
        );
    }
    assert!(steps.len() >= 10, "only {} steps were found", steps.len());
}
