//! `postroom rules stats`: how the rules fare on stored mail, and against what agents made of its tickets.

use super::stored::{self, OfDesk};
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, load, print_json};
use crate::classify::{self, RuleId, RuleSet};
use crate::cli::list::since;
use crate::cli::table::{Cell, Column, fixed, flexible, render};
use crate::spoken::counted;
use crate::store::Store;
use crate::ticket::Severity;
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules stats --since 90d
  postroom rules stats --format json | jq '.rules[] | select(.matches == 0)'

A rule is right about a ticket when an agent gave it the severity that the rule
asks for, or, for a rule with a cap alone, no higher one. Only tickets whose
severity an agent has set say anything of that.")]
pub(super) struct StatsArgs {
    /// Only mails since then: a date, or a time ago such as 30d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only so many mails, picked at random but always the same
    #[arg(long, value_name = "NUMBER")]
    sample: Option<usize>,
    #[command(flatten)]
    common: CommonArgs,
}

impl StatsArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }
}

/// How one rule fares.
#[derive(Debug, Default, serde::Serialize)]
struct Row {
    rule: String,
    shadow: bool,
    /// Mails that it matched.
    matches: u64,
    /// The same as a share of all mails.
    share: f64,
    /// Mails on which its condition had to be worked out, because something in it was found or it waits for nothing.
    asked: u64,
    /// Tickets with a corrected severity whose first mail it matched.
    corrected: u64,
    /// How many of those it was right about.
    right: u64,
    /// Of the corrected tickets whose first mail it matched, the share that it was right about.
    precision: Option<f64>,
    /// Of the corrected tickets that have the severity it asks for, the share whose first mail it matched.
    recall: Option<f64>,
}

#[derive(serde::Serialize)]
struct Report {
    version: String,
    mails: u64,
    corrected: u64,
    rules: Vec<Row>,
}

const COLUMNS: [Column; 7] = [
    flexible("rule", 24),
    fixed("matches"),
    fixed("share"),
    fixed("asked").gives_way(1),
    fixed("corrected").gives_way(2),
    fixed("precision"),
    fixed("recall"),
];

pub(super) fn run(
    args: &StatsArgs,
    desk: &Desk,
    store: &Store,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let Some(rules) = load(&args.common, desk, out, styled)? else { return Ok(FINDINGS) };
    let from = args.since.as_deref().map(|text| since(text, &desk.screen)).transpose()?;
    let mut mails = OfDesk::find(store, from, args.sample)?;
    let mut report = Report { version: rules.version().to_owned(), mails: 0, corrected: 0, rules: rows(&rules) };
    let mut of_severity = [0_u64; Severity::ALL.len()];
    let judge = |mail: &stored::Again| {
        let scan = classify::scan(&mail.message, &rules);
        let verdict = classify::judge(&scan, &mail.message, &mail.context, &rules);
        let matched: Vec<RuleId> =
            verdict.matched.into_iter().chain(verdict.shadow).map(|matched| matched.rule).collect();
        (classify::asked(&scan, &rules), matched)
    };
    stored::each(&mut mails, desk, judge, |kept, (asked, matched)| {
        report.mails += 1;
        for place in asked {
            report.rules[place].asked += 1;
        }
        if let Some(corrected) = kept.corrected {
            report.corrected += 1;
            of_severity[corrected as usize] += 1;
        }
        for (row, rule) in report.rules.iter_mut().zip(rules.rules()).filter(|(_, rule)| matched.contains(&rule.name)) {
            row.matches += 1;
            if let (Some(corrected), Some(is_right)) = (kept.corrected, is_right(rule)) {
                row.corrected += 1;
                row.right += u64::from(is_right(corrected));
            }
        }
        Ok(())
    })?;
    for (row, rule) in report.rules.iter_mut().zip(rules.rules()) {
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        row.share = share(row.matches, report.mails).unwrap_or_default();
        row.precision = share(row.right, row.corrected);
        row.recall = rule.severity.and_then(|severity| share(row.right, of_severity[severity as usize]));
    }
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => print(&report, desk, out)?,
    }
    Ok(WELL)
}

fn rows(rules: &RuleSet) -> Vec<Row> {
    let row = |rule: &classify::Rule| Row { rule: rule.name.0.clone(), shadow: rule.is_shadow, ..Row::default() };
    rules.rules().iter().map(row).collect()
}

/// Whether the rule was right when an agent gave the ticket this severity; `None` for a rule that says nothing of it.
fn is_right(rule: &classify::Rule) -> Option<Box<dyn Fn(Severity) -> bool>> {
    match (rule.severity, rule.severity_cap) {
        (Some(asked), _) => Some(Box::new(move |severity| severity == asked)),
        (None, Some(cap)) => Some(Box::new(move |severity| severity <= cap)),
        (None, None) => None,
    }
}

fn print(report: &Report, desk: &Desk, out: &mut dyn Write) -> anyhow::Result<()> {
    if report.mails == 0 {
        return Ok(writeln!(out, "there is no stored mail that rules have judged")?);
    }
    let mut rows: Vec<&Row> = report.rules.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.matches));
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| {
            let name = if row.shadow { format!("{} (shadow)", row.rule) } else { row.rule.clone() };
            let corrected = if row.corrected > 0 { row.corrected.to_string() } else { String::new() };
            vec![
                Cell::new(name),
                Cell::new(row.matches.to_string()),
                Cell::new(percent(row.share)),
                Cell::new(row.asked.to_string()),
                Cell::new(corrected),
                Cell::new(row.precision.map(percent).unwrap_or_default()),
                Cell::new(row.recall.map(percent).unwrap_or_default()),
            ]
        })
        .collect();
    write!(out, "{}", render(&COLUMNS, &cells, &desk.screen))?;
    let mails = counted(report.mails as usize, "mail");
    writeln!(out, "\n{mails}, rules of version {}", report.version)?;
    match report.corrected {
        0 => writeln!(out, "agents have corrected no severity, so nothing can be said of precision and recall")?,
        count => writeln!(out, "agents have set the severity of {}", counted(count as usize, "ticket"))?,
    }
    Ok(())
}
