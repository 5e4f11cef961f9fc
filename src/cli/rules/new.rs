//! `postroom rules new NAME --from MAIL`: a rule to begin with, and its first case, made of a mail.

use super::explain::{find, read_mail, stored_number};
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, folder, load, no_mail, print_json, refuse};
use crate::classify::{Given, RuleSet, classify, compile_for, read_cases};
use crate::message::{self, Message};
use crate::store::Store;
use crate::thread::subject::base_subject;
use anyhow::Context as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file for rules of the desk's own, unless another one is named; it is read after those that ship.
const OWN: &str = "90-own";

/// How many words of a mail make a phrase.
const PHRASE_WORDS: usize = 6;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules new printer-on-fire --from mail.eml
  postroom rules new printer-on-fire --from 17 --into 25-printers

The rule looks for words of the mail's subject; make of it what you mean, and
write a mail that it must not match into the cases, too.")]
pub(super) struct NewArgs {
    /// The name of the rule
    name: String,
    /// The mail: a file, the number of a stored mail, or `-` for standard input
    #[arg(long, value_name = "MAIL")]
    from: PathBuf,
    /// The rule file, without its ending; made where there is none
    #[arg(long, value_name = "FILE", default_value = OWN)]
    into: String,
    #[command(flatten)]
    common: CommonArgs,
}

impl NewArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }

    /// The number of the stored mail that is meant.
    pub(super) fn stored(&self) -> Option<i64> {
        stored_number(&self.from)
    }
}

#[derive(serde::Serialize)]
struct Written<'w> {
    rules: &'w Path,
    cases: &'w Path,
    rule: &'w str,
    case: &'w str,
}

pub(super) fn run(
    args: &NewArgs,
    desk: &Desk,
    store: Option<&Store>,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let Some(rules) = load(&args.common, desk, out, styled)? else { return Ok(FINDINGS) };
    if let Some(known) = rules.rule(&args.name) {
        let why = format!("there is a rule {} already, at {}:{}", args.name, known.path, known.line);
        return refuse(args.common.format, out, &why);
    }
    anyhow::ensure!(
        !args.into.is_empty() && !args.into.contains(['/', '\\', '.']),
        "`{}` is no name of a file in the folder of rules; write one like {OWN}",
        args.into
    );
    let (raw, known) = match args.stored() {
        None => (read_mail(&args.from).with_context(|| format!("cannot read {}", args.from.display()))?, Vec::new()),
        Some(id) => match find(id, store)? {
            Some(kept) => (kept.raw, kept.known),
            None => return refuse(args.common.format, out, &no_mail(id)),
        },
    };
    let message = desk.read(&raw, desk.now);
    let Some(phrase) = phrase(&message) else {
        return refuse(args.common.format, out, "there are no words in this mail that a rule could look for");
    };
    let rule = rule(&args.name, &phrase, &message, &rules, desk, &known)?;
    let case = case(&args.name, &message, &known, desk);
    let path = |ending: &str| args.common.folder().join(format!("{}.{ending}", args.into));
    let (rules_path, cases_path) = (path("toml"), path("cases"));
    let before = [read(&rules_path)?, read(&cases_path)?];
    let cases = if before[1].trim().is_empty() { case.clone() } else { format!("---\n{case}") };
    append(&rules_path, &before[0], &rule)?;
    append(&cases_path, &before[1], &cases)?;
    // What does not hold is not left behind.
    if let Err(error) = holds(&args.name, &case, &args.common, desk) {
        restore(&rules_path, &before[0])?;
        restore(&cases_path, &before[1])?;
        return Err(error);
    }
    match args.common.format {
        Format::Json => {
            print_json(out, &Written { rules: &rules_path, cases: &cases_path, rule: &rule, case: &case })?;
        }
        Format::Text => {
            writeln!(out, "{}:\n\n{rule}", rules_path.display())?;
            writeln!(out, "{}:\n\n{case}", cases_path.display())?;
            let next = "Next: make of the rule what you mean, write a mail into the cases that it must not match, then \
                        `postroom rules test` and, on a desk with mail, `postroom rules replay`.";
            writeln!(out, "{}", desk.screen.wrapped(next, 0))?;
        }
    }
    Ok(WELL)
}

fn read(path: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("cannot read {}", path.display())),
    }
}

fn append(path: &Path, before: &str, text: &str) -> anyhow::Result<()> {
    let gap = if before.is_empty() || path.extension().is_some_and(|kind| kind == "cases") { "" } else { "\n" };
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    std::fs::write(path, format!("{before}{end}{gap}{text}"))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn restore(path: &Path, before: &str) -> anyhow::Result<()> {
    let restored = if before.is_empty() { std::fs::remove_file(path) } else { std::fs::write(path, before) };
    restored.with_context(|| format!("cannot put {} back as it was", path.display()))
}

/// Words to look for: those of the subject, or those that the text begins with.
fn phrase(message: &Message) -> Option<String> {
    let subject = base_subject(&message.subject);
    let line = |text: &str| {
        text.lines().map(str::trim).find(|line| line.chars().any(char::is_alphanumeric)).map(str::to_owned)
    };
    let text = line(&subject).or_else(|| line(&message.body.reply))?;
    let is_word = |word: &&str| word.chars().any(char::is_alphanumeric);
    let words: Vec<&str> = text.split_whitespace().skip_while(|word| !is_word(word)).take(PHRASE_WORDS).collect();
    let end = words.iter().rposition(is_word)?;
    let phrase = words[..=end].join(" ");
    let is_edge = |c: char| !c.is_alphanumeric();
    Some(phrase.trim_matches(is_edge).to_lowercase())
}

fn rule(
    name: &str,
    phrase: &str,
    message: &Message,
    rules: &RuleSet,
    desk: &Desk,
    known: &[String],
) -> anyhow::Result<String> {
    let given = Given::parse(known.iter().map(String::as_str), None);
    let given =
        given.map_err(|errors| anyhow::anyhow!("what is kept of the mail cannot be read: {}", errors.join("; ")))?;
    let verdict = classify(message, &given.context(&desk.usual), rules);
    // A TOML string; what a phrase may hold of quotes and controls is escaped.
    let quoted = toml::Value::String(phrase.to_owned());
    Ok(format!(
        "[[rule]]\nname     = \"{name}\"\ncategory = \"{category}\"            # what it is today\nseverity = \"{severity}\"\n\n\
         [rule.when]\nphrase = [{quoted}]\n",
        category = verdict.category.value,
        severity = verdict.severity.value,
    ))
}

/// The mail as a case. Whose it was is nobody's business who reads the rules.
pub(super) fn case(name: &str, message: &Message, known: &[String], desk: &Desk) -> String {
    // A calendar or a list may be gone from the configuration since.
    let is_known = |word: &str| Given::parse([word], desk.names.as_ref()).is_ok();
    let is_plain = |word: &&String| {
        !word.starts_with("open-alert=") && *word != "auth=none" && *word != "thread=new" && is_known(word)
    };
    let quote = |word: &String| if word.contains(char::is_whitespace) { format!("\"{word}\"") } else { word.clone() };
    let given: Vec<String> = known.iter().filter(is_plain).map(quote).collect();
    let given = if given.is_empty() { String::new() } else { format!("given {}\n", given.join(" ")) };
    let subject = message.subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = String::new();
    for line in message.body.reply.trim().lines() {
        // A line of three dashes would end the case.
        text.push_str(if line.trim_end() == "---" { "- - -" } else { line.trim_end() });
        text.push('\n');
    }
    if text.is_empty() {
        text.push_str("(no text)\n");
    }
    format!("expect rule={name}\n{given}\nFrom: customer@example.com\nSubject: {subject}\n\n{text}")
}

/// Whether the rules check with the new one, and its case holds.
fn holds(name: &str, case: &str, common: &CommonArgs, desk: &Desk) -> anyhow::Result<()> {
    let files = folder(common.folder())?;
    let rules = compile_for(&files, desk.names.as_ref())
        .map_err(|errors| anyhow::anyhow!("{}", errors.first().map(ToString::to_string).unwrap_or_default()))?;
    let read = read_cases("the case", case);
    if let Some(error) = read.errors.first() {
        anyhow::bail!("{error}");
    }
    let [case] = read.cases.as_slice() else { anyhow::bail!("the mail cannot be written as a case") };
    let crate::classify::CaseMail::Inline(raw) = &case.mail else { anyhow::bail!("the case has no mail") };
    let mut message = message::parse(raw.as_bytes(), desk.now, &desk.reader);
    case.given.apply(&mut message);
    let verdict = classify(&message, &case.given.context(&desk.usual), &rules);
    anyhow::ensure!(case.failures(&verdict).is_empty(), "the rule {name} would not match its own mail");
    Ok(())
}
