//! The documentation says what is so: its rules compile, its cases hold, its configurations are accepted, its tables
//! are those of the code, and its links lead somewhere.

use clap::Parser as _;
use jiff::{SignedDuration, Timestamp};
use postroom::classify::{self, CaseMail, Context, RuleFile, RuleSet};
use postroom::cli::Cli;
use postroom::cli::rules::read_folder;
use postroom::config::Config;
use postroom::decide::Outcome;
use postroom::decide::command::COMMANDS;
use postroom::message::{self, Reader};
use postroom::ticket::sla::SlaTable;
use postroom::ticket::{Severity, Tier};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const README: &str = "README.md";
const RULES: &str = "docs/rules.md";

/// What a configuration must have, for examples that show a part of one.
const NEEDED: [(&str, &str); 3] = [
    ("[desk]", "[desk]\nname = 'Example Support'\naddress = 'support@example.com'\n"),
    ("[smtp]", "[smtp]\nhost = 'smtp.example.com'\n"),
    ("[[agent]]", "[[agent]]\nname = 'bob'\naddress = 'bob@example.com'\n"),
];

#[test]
fn rules_in_the_documentation_compile_and_their_cases_hold() {
    let mut case_count = 0;
    for (path, text) in documents() {
        let blocks = blocks(&text);
        let rules = rules_of(&path, &blocks);
        let has_cases =
            |block: &&Block| block.language != "console" && block.text.lines().any(|line| line.starts_with("expect "));
        for block in blocks.iter().filter(has_cases) {
            let place = format!("{path}:{}", block.line);
            let file = classify::read_cases(&place, &block.text);
            assert_eq!(file.errors, [], "{place}");
            case_count += file.cases.len();
            for case in &file.cases {
                let CaseMail::Inline(mail) = &case.mail else { panic!("{place}: the mail of a case is shown") };
                let mut message = message::parse(mail.as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default());
                case.given.apply(&mut message);
                let verdict = classify::classify(&message, &case.given.context(&Context::default()), &rules);
                assert_eq!(case.unknown_names(&place, &rules), [], "{place}");
                assert_eq!(case.failures(&verdict), [], "{place}, case on line {}", case.line);
            }
        }
    }
    assert!(case_count >= 4, "only {case_count} cases were found");
}

#[test]
fn every_key_of_the_rule_language_has_an_example_that_is_run() {
    let page = read(RULES);
    let blocks = blocks(&page);
    let rules = rules_of(RULES, &blocks);
    let file = classify::read_cases("tests/docs/rules.cases", &read("tests/docs/rules.cases"));
    assert_eq!(file.errors, []);
    let mut idle: BTreeSet<String> = BTreeSet::new();
    let mut held: BTreeSet<String> = BTreeSet::new();
    for case in &file.cases {
        let place = format!("tests/docs/rules.cases:{}", case.line);
        assert_eq!(case.unknown_names(&place, &rules), [], "{place}");
        let CaseMail::Inline(mail) = &case.mail else { panic!("{place}: the mail stands in the file") };
        let mut message = message::parse(mail.as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default());
        case.given.apply(&mut message);
        let explained = classify::explain(&message, &case.given.context(&Context::default()), &rules);
        assert_eq!(case.failures(&explained.verdict), [], "{place}");
        for rule in &explained.rules {
            for condition in rule.condition.leaves() {
                let set = if condition.holds { &mut held } else { &mut idle };
                set.insert(format!("{}: {}", rule.rule, condition.condition));
            }
        }
    }
    let never: Vec<&String> = idle.difference(&held).collect();
    assert!(never.is_empty(), "no case exercises {never:#?}");
    // The schema has every key that the reader knows.
    let schema = classify::schema();
    let of =
        |table: &str| schema["$defs"][table]["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let examples: Vec<&str> =
        blocks.iter().filter(|block| is_rule(&block.text)).flat_map(|block| block.text.lines()).collect();
    let is_set = |key: &str| {
        let pattern = regex::Regex::new(&format!(r#"(?:^|[{{,]\s*|when\.){key}\s*(?:=|\.")"#)).unwrap();
        examples.iter().any(|line| pattern.is_match(line)) || examples.contains(&format!("[rule.{key}]").as_str())
    };
    for key in ["category", "rule", "condition"].into_iter().flat_map(of) {
        assert!(is_set(&key), "{RULES} has no example with {key}");
    }
}

#[test]
fn configurations_in_the_documentation_are_accepted() {
    let mut count = 0;
    for (path, text) in documents() {
        for block in blocks(&text).iter().filter(|block| block.language == "toml" && !is_rule(&block.text)) {
            // Keys without a table must come before all tables, so what is missing goes to the end.
            let missing = NEEDED.iter().filter(|(head, _)| !block.text.lines().any(|line| line.starts_with(head)));
            let whole = missing.fold(block.text.clone(), |whole, (_, text)| format!("{whole}\n{text}"));
            if let Err(findings) = Config::read(Path::new("postroom.toml"), &whole) {
                panic!("{path}:{}: {findings:#?}", block.line);
            }
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} configurations were found");
}

#[test]
fn the_configuration_in_the_readme_is_complete() {
    let readme = read(README);
    let blocks = blocks(&readme);
    let complete = |text: &str| NEEDED.iter().all(|(head, _)| text.contains(head));
    assert!(blocks.iter().any(|block| block.language == "toml" && complete(&block.text)));
}

#[test]
fn the_commented_configuration_is_accepted() {
    if let Err(findings) = Config::read(Path::new("postroom.example.toml"), &read("postroom.example.toml")) {
        panic!("{findings:#?}");
    }
}

#[test]
fn command_lines_in_the_documentation_are_understood() {
    let mut count = 0;
    for (path, text) in documents() {
        for block in blocks(&text) {
            let commands = block.text.lines().filter_map(command_of);
            for command in commands {
                let words = std::iter::once("postroom").chain(command.split_whitespace());
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("{path}:{}: postroom {command}\n{error}", block.line);
                }
                count += 1;
            }
        }
    }
    assert!(count >= 30, "only {count} command lines were found");
}

#[test]
fn the_table_of_commands_is_that_of_the_code() {
    let expected: Vec<Vec<String>> =
        COMMANDS.iter().map(|(form, what)| vec![format!("`{form}`"), (*what).to_owned()]).collect();
    assert_eq!(table(&read(README), "<!-- commands -->"), expected);
}

#[test]
fn the_table_of_outcomes_has_each_of_them() {
    let mut expected = Outcome::WORDS.map(|word| format!("`{word}`")).to_vec();
    let mut shown: Vec<String> =
        table(&read(README), "<!-- outcomes -->").into_iter().map(|row| row[0].clone()).collect();
    expected.sort();
    shown.sort();
    assert_eq!(shown, expected);
}

#[test]
fn the_promises_in_the_readme_are_the_defaults() {
    let sla = SlaTable::default();
    let time = |time: SignedDuration| match time.as_mins() {
        minutes if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    };
    let row = |severity: &Severity| {
        let pace = sla.pace(*severity, None);
        let tier = match sla.tier(*severity) {
            Tier::Everyone => "everyone".to_owned(),
            tier => tier.as_str().replace('-', " "),
        };
        vec![
            severity.as_str().to_owned(),
            time(pace.first_response()),
            format!("every {}", time(pace.update_every())),
            tier,
        ]
    };
    let expected: Vec<Vec<String>> = Severity::ALL.iter().rev().map(row).collect();
    assert_eq!(table(&read(README), "<!-- promises -->"), expected);
}

#[test]
fn the_readme_counts_the_shipped_rules() {
    let rules = classify::compile(&read_folder(&root().join("rules")).unwrap()).unwrap();
    let sentence = format!("{} come with Postroom", rules.rules().len());
    assert!(read(README).contains(&sentence), "the README does not say: {sentence}");
}

#[test]
fn links_in_the_documentation_lead_somewhere() {
    for (path, text) in documents() {
        let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
            let linked = if file.is_empty() { PathBuf::from(&path) } else { folder.join(file) };
            assert!(root().join(&linked).exists(), "{path} links to {target}, which is not there");
            if let Some(anchor) = anchor {
                let headings = read(&linked.display().to_string());
                let found = headings.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor);
                assert!(found, "{path} links to {target}, and there is no such heading");
            }
        }
    }
}

/// A piece of text between fences.
struct Block {
    /// The line on which the fence opens, counted from 1.
    line: usize,
    language: String,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in document.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(language)) => {
                open = Some(Block { line: number + 1, language: language.to_owned(), text: String::new() });
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

/// What stands behind `postroom` on a line that is typed, or that another program is told to run.
fn command_of(line: &str) -> Option<&str> {
    let is_typed = line.starts_with("$ ") || line.starts_with("# ");
    let begins =
        ["$ postroom ", "# postroom ", "# sudo -u postroom postroom "].into_iter().find(|b| line.starts_with(b));
    let command = match begins {
        Some(begins) => line.strip_prefix(begins)?,
        None if is_typed => return None,
        None => line.split_once("=/usr/local/bin/postroom ")?.1,
    };
    let command = command.split(" #").next().unwrap_or(command);
    Some(command.split(';').next().unwrap_or(command).trim())
}

fn is_rule(text: &str) -> bool {
    text.contains("[[rule]]") || text.contains("[[category]]")
}

/// The rules of one document, compiled together as files of one folder are.
fn rules_of(path: &str, blocks: &[Block]) -> RuleSet {
    let blocks = blocks.iter().filter(|block| block.language == "toml" && is_rule(&block.text));
    let file = |block: &Block| RuleFile { path: format!("{path}:{}", block.line), text: block.text.clone() };
    let files: Vec<RuleFile> = blocks.map(file).collect();
    classify::compile(&files).unwrap_or_else(|errors| panic!("{path}: {errors:#?}"))
}

/// The rows of the table behind a marker, without its head.
fn table(document: &str, marker: &str) -> Vec<Vec<String>> {
    let (_, rest) = document.split_once(marker).unwrap_or_else(|| panic!("there is no {marker}"));
    let rows = rest.trim_start().lines().take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| {
        let row = row.trim_matches('|').replace("\\|", "\u{0}");
        row.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
    };
    rows.map(cells).collect()
}

/// The anchor that a heading gets.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The README and everything beside it that people read.
fn documents() -> Vec<(String, String)> {
    let mut paths = vec![README.to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            paths.push(format!("docs/{name}"));
        }
    }
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
