//! `postroom rules suggest`: phrases that agents' corrections speak for, as rules to be looked at. Nothing is applied.

use super::new::case;
use super::stored::{self, Kept, OfDesk, scattered};
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, load_with_files, print_json};
use crate::classify::suggest::{Candidate, Correction, Miner, phrases};
use crate::classify::{RuleFile, RuleSet, classify, compile};
use crate::cli::list::since;
use crate::cli::screen::Screen;
use crate::spoken::counted;
use crate::store::Store;
use crate::ticket::Severity;
use anyhow::Context as _;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

/// The most that is suggested at once.
const MOST: usize = 10;

/// The file that the patch makes, without its ending; where there is one already, it has a number behind it.
const FILE: &str = "95-suggested";

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules suggest
  postroom rules suggest --since 180d > suggested.patch
  patch -p1 < suggested.patch     where the folder of rules is
  postroom rules suggest --format json

Phrases are looked for in one half of the mails that opened tickets, and what a
rule with them would gain is measured on the other half, by the very engine.
Only those that gain something there stand in the patch.")]
pub(super) struct SuggestArgs {
    /// Only mails since then: a date, or a time ago such as 30d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

impl SuggestArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }
}

#[derive(serde::Serialize)]
struct Suggestion {
    rule: String,
    #[serde(flatten)]
    candidate: Candidate,
    /// Held-out mails whose severity would be right and is not.
    gained: u64,
    /// Held-out mails whose severity is right and would not be.
    lost: u64,
    /// Whether it stands in the patch: it gains something that the others there do not.
    is_worthy: bool,
    toml: String,
    case: String,
}

#[derive(Default, serde::Serialize)]
struct Report {
    /// Mails that opened tickets.
    mails: u64,
    /// Those among them whose severity an agent set.
    set: u64,
    /// Those among these to which the rules give another one.
    corrected: u64,
    /// How many of the mails were held out.
    held_out: u64,
    suggestions: Vec<Suggestion>,
}

pub(super) fn run(
    args: &SuggestArgs,
    desk: &Desk,
    store: &Store,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let Some((rules, files)) = load_with_files(&args.common, desk, out, styled)? else { return Ok(FINDINGS) };
    let from = args.since.as_deref().map(|text| since(text, &desk.screen)).transpose()?;
    let mut report = Report::default();
    let (candidates, corrected) = mine(desk, store, from, &rules, &mut report)?;
    for candidate in candidates.into_iter().take(MOST) {
        report.suggestions.extend(suggestion(candidate, &rules, &corrected, desk));
    }
    measure(desk, store, from, (&rules, &files), &mut report)?;
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => print(&report, args.common.folder(), &desk.screen, out)?,
    }
    Ok(WELL)
}

/// Whether a mail is among those that what was found is measured on.
fn is_held_out(kept: &Kept) -> bool {
    kept.name.parse().is_ok_and(|id: i64| scattered(id).is_multiple_of(2))
}

/// What an agent made of a mail that the rules gave this severity.
fn correction(kept: &Kept, severity: Severity) -> Option<Correction> {
    let to = kept.corrected.filter(|to| *to != severity)?;
    Some(Correction { to, is_raised: to > severity })
}

/// Looks for phrases in the mails that are not held out. Returns the corrected ones among these, too.
fn mine(
    desk: &Desk,
    store: &Store,
    from: Option<Timestamp>,
    rules: &RuleSet,
    report: &mut Report,
) -> anyhow::Result<(Vec<Candidate>, Vec<Kept>)> {
    let judge =
        |mail: &stored::Again| (classify(&mail.message, &mail.context, rules).severity.value, phrases(&mail.message));
    let (mut miner, mut corrected) = (Miner::default(), Vec::new());
    stored::each(&mut OfDesk::find(store, from, None)?, desk, judge, |kept, (severity, phrases)| {
        if !kept.is_first {
            return Ok(());
        }
        report.mails += 1;
        report.held_out += u64::from(is_held_out(kept));
        report.set += u64::from(kept.corrected.is_some());
        if correction(kept, severity).is_some() {
            report.corrected += 1;
            if !is_held_out(kept) {
                miner.propose(&phrases);
                corrected.push(kept.clone());
            }
        }
        Ok(())
    })?;
    if corrected.is_empty() {
        return Ok((Vec::new(), corrected));
    }
    stored::each(&mut OfDesk::find(store, from, None)?, desk, judge, |kept, (severity, phrases)| {
        if kept.is_first && !is_held_out(kept) {
            miner.count(&phrases, correction(kept, severity));
        }
        Ok(())
    })?;
    Ok((miner.candidates(), corrected))
}

/// A candidate as a rule, with the first mail that speaks for it as its case.
fn suggestion(candidate: Candidate, rules: &RuleSet, corrected: &[Kept], desk: &Desk) -> Option<Suggestion> {
    let slug: String = candidate.phrase.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = format!("suggested-{}-{}", candidate.correction.to, slug.trim_matches('-'));
    // An earlier suggestion may be in force, and not be enough.
    let rule = free(&name, |name| rules.rule(name).is_some());
    let key = if candidate.correction.is_raised { "severity" } else { "severity_cap" };
    let toml = format!(
        "[[rule]]\nname = \"{rule}\"\n{key} = \"{}\"\n\n[rule.when]\nphrase = [{}]\n",
        candidate.correction.to,
        toml::Value::String(candidate.phrase.clone()),
    );
    let case = corrected.iter().find_map(|kept| {
        let message = desk.read(&kept.raw, kept.received_at.unwrap_or(desk.now));
        phrases(&message).contains(&candidate.phrase).then(|| case(&rule, &message, &kept.known, desk))
    })?;
    Some(Suggestion { rule, candidate, gained: 0, lost: 0, is_worthy: false, toml, case })
}

/// The name, with a number behind it where it is taken.
fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// Judges the mails that were held out with and without each suggestion.
fn measure(
    desk: &Desk,
    store: &Store,
    from: Option<Timestamp>,
    (rules, files): (&RuleSet, &[RuleFile]),
    report: &mut Report,
) -> anyhow::Result<()> {
    if report.suggestions.is_empty() {
        return Ok(());
    }
    let with = |suggestion: &Suggestion| {
        let extra = RuleFile { path: format!("{FILE}.toml"), text: suggestion.toml.clone() };
        let files: Vec<RuleFile> = files.iter().cloned().chain([extra]).collect();
        let compiled = compile(&files).ok().context("a suggested rule does not fit with the others")?;
        Ok((suggestion.candidate.phrase.clone(), compiled))
    };
    let sets = report.suggestions.iter().map(with).collect::<anyhow::Result<Vec<_>>>()?;
    let judge = |mail: &stored::Again| {
        let found: BTreeSet<String> = phrases(&mail.message);
        let severity = |rules: &RuleSet| classify(&mail.message, &mail.context, rules).severity.value;
        let after: Vec<Option<Severity>> =
            sets.iter().map(|(phrase, rules)| found.contains(phrase).then(|| severity(rules))).collect();
        (severity(rules), after)
    };
    let mut tried: Vec<Vec<Tried>> = Vec::new();
    stored::each(&mut OfDesk::find(store, from, None)?, desk, judge, |kept, (before, after)| {
        if kept.is_first && is_held_out(kept) {
            let right = kept.corrected.unwrap_or(before);
            let tried_on = |after: Option<Severity>| match after.map(|after| (before == right, after == right)) {
                Some((false, true)) => Tried::Gained,
                Some((true, false)) => Tried::Lost,
                _ => Tried::Nothing,
            };
            tried.push(after.into_iter().map(tried_on).collect());
        }
        Ok(())
    })?;
    for (number, suggestion) in report.suggestions.iter_mut().enumerate() {
        let count = |wanted: Tried| tried.iter().filter(|mail| mail[number] == wanted).count() as u64;
        (suggestion.gained, suggestion.lost) = (count(Tried::Gained), count(Tried::Lost));
    }
    let worthy = worthy(&tried, report.suggestions.len());
    for (number, suggestion) in report.suggestions.iter_mut().enumerate() {
        suggestion.is_worthy = worthy.contains(&number);
    }
    Ok(())
}

/// What became of a mail by a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Nothing,
    Gained,
    Lost,
}

/// The suggestions that gain something on mails for which those before them do nothing yet; the best comes first.
fn worthy(tried: &[Vec<Tried>], count: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    loop {
        let gain = |number: usize| -> i64 {
            let open = tried.iter().filter(|mail| chosen.iter().all(|chosen| mail[*chosen] == Tried::Nothing));
            open.map(|mail| match mail[number] {
                Tried::Nothing => 0,
                Tried::Gained => 1,
                Tried::Lost => -1,
            })
            .sum()
        };
        // Of equal ones the first: the one that is least by chance.
        let best = (0..count).rev().map(|number| (gain(number), number)).max_by_key(|(gain, _)| *gain);
        match best {
            Some((gain, number)) if gain > 0 => chosen.push(number),
            _ => return chosen,
        }
    }
}

fn print(report: &Report, folder: &Path, screen: &Screen, out: &mut dyn Write) -> anyhow::Result<()> {
    let mails = counted(report.mails as usize, "mail");
    if report.corrected == 0 {
        let nothing = match report.set {
            0 => format!(
                "agents have corrected no severity of the {mails} that opened tickets: there is nothing to learn from"
            ),
            set => format!(
                "the rules agree with agents on each of the {set} whose severity they set: there is nothing to learn"
            ),
        };
        return Ok(writeln!(out, "{}", screen.wrapped(&nothing, 0))?);
    }
    // What goes into a patch must not disturb it.
    writeln!(out, "# {mails} opened tickets, {} corrected, {} held out", report.corrected, report.held_out)?;
    if report.suggestions.is_empty() {
        return Ok(writeln!(out, "# no phrase speaks for a correction more clearly than chance would have it")?);
    }
    let (good, others): (Vec<&Suggestion>, Vec<&Suggestion>) =
        report.suggestions.iter().partition(|found| found.is_worthy);
    for Suggestion { rule, candidate, gained, lost, .. } in &good {
        let Candidate { phrase, correction, support, mails, lift, chance } = candidate;
        let way = if correction.is_raised { "at least" } else { "at most" };
        writeln!(out, "#\n# {rule}: “{phrase}” means {way} {}", correction.to)?;
        writeln!(
            out,
            "#   in {support} of {mails} mails with it, {lift:.1} times as often as in all; chance {chance:.2e}"
        )?;
        writeln!(out, "#   held out: {gained} more right, {lost} less")?;
    }
    if !others.is_empty() {
        let phrases: Vec<String> = others.iter().map(|found| format!("“{}”", found.candidate.phrase)).collect();
        writeln!(out, "#\n# Not in the patch, for they gain nothing more: {}", phrases.join(", "))?;
    }
    if good.is_empty() {
        return Ok(writeln!(out, "#\n# no phrase gains anything on the mails that were held out")?);
    }
    let rules: Vec<&str> = good.iter().map(|found| found.toml.as_str()).collect();
    let cases: Vec<&str> = good.iter().map(|found| found.case.as_str()).collect();
    let name = folder.file_name().map_or("rules".into(), |name| name.to_string_lossy().into_owned());
    let file = free(FILE, |file| folder.join(format!("{file}.toml")).exists());
    writeln!(out, "#\n# As a patch, for `patch -p1` beside the folder {name}; then `postroom rules test` and")?;
    writeln!(out, "# `postroom rules replay` say what it does.")?;
    write!(out, "{}", patch(&format!("{name}/{file}.toml"), &rules.join("\n")))?;
    write!(out, "{}", patch(&format!("{name}/{file}.cases"), &cases.join("---\n")))?;
    Ok(())
}

/// A patch that makes a file.
fn patch(path: &str, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("+{line}\n")).collect();
    format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{} @@\n{}", lines.len(), lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_suggestions_that_gain_the_same_mails_one_is_enough() {
        use Tried::{Gained, Lost, Nothing};
        for (name, tried, expected) in [
            ("none", vec![vec![]], vec![]),
            ("the same mails", vec![vec![Gained, Gained], vec![Gained, Gained]], vec![0]),
            ("other mails", vec![vec![Gained, Nothing], vec![Nothing, Gained]], vec![0, 1]),
            ("the wider one first", vec![vec![Gained, Gained], vec![Nothing, Gained]], vec![1]),
            ("as much lost as gained", vec![vec![Gained], vec![Lost]], vec![]),
            ("lost beyond the first", vec![vec![Gained, Gained], vec![Nothing, Lost]], vec![0]),
        ] {
            assert_eq!(worthy(&tried, tried[0].len()), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        for (taken, expected) in [(&[][..], "a"), (&["a"], "a-2"), (&["a", "a-2"], "a-3")] {
            assert_eq!(free("a", |name| taken.contains(&name)), expected);
        }
    }
}
