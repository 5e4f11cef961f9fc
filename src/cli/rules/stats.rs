//! `postroom rules stats`: how the rules fare on stored mail, and against what agents made of its tickets.

use super::stored::{self, OfDesk};
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, load, print_json};
use crate::classify::{self, CostPart, Costs, RuleId, RuleSet, Watched};
use crate::cli::list::since;
use crate::cli::table::{Cell, Column, fixed, flexible, render};
use crate::spoken::counted;
use crate::store::Store;
use crate::ticket::Severity;
use std::io::Write;
use std::num::NonZero;
use std::time::{Duration, Instant};

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
    sample: Option<NonZero<usize>>,
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
    /// What it costs by itself: microseconds of a mail, on the average of all mails.
    cost_micros: f64,
    /// The same as a share of all that it takes to judge a mail.
    cost_share: f64,
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
    /// What it takes to judge a mail, in microseconds, on the average.
    cost_micros: f64,
    /// What of that is done for all rules together, however many there are.
    cost_micros_together: f64,
    rules: Vec<Row>,
}

const COLUMNS: [Column; 8] = [
    flexible("rule", 24),
    fixed("matches"),
    fixed("share"),
    fixed("asked").gives_way(1),
    fixed("cost"),
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
    let mut report = Report {
        version: rules.version().to_owned(),
        mails: 0,
        corrected: 0,
        cost_micros: 0.0,
        cost_micros_together: 0.0,
        rules: rows(&rules),
    };
    let mut of_severity = [0_u64; Severity::ALL.len()];
    let costs = Costs::of(&rules);
    let judge = |mail: &stored::Again| {
        // The first time a pattern runs it is built, which a desk that works has behind it.
        let _ = classify::classify(&mail.message, &mail.context, &rules);
        let mut stopwatch = Stopwatch::new();
        let Watched { verdict, asked } = costs.judge(&mail.message, &mail.context, |part| stopwatch.charge(part));
        let matched: Vec<RuleId> =
            verdict.matched.into_iter().chain(verdict.shadow).map(|matched| matched.rule).collect();
        (asked, matched, stopwatch)
    };
    stored::each(&mut mails, desk, judge, |kept, (asked, matched, cost)| {
        report.mails += 1;
        report.cost_micros_together += micros(cost.together);
        for (rule, spent) in cost.rules {
            report.rules[rule].cost_micros += micros(spent);
        }
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
    let mails = report.mails.max(1) as f64;
    report.cost_micros_together /= mails;
    report.rules.iter_mut().for_each(|row| row.cost_micros /= mails);
    report.cost_micros = report.cost_micros_together + report.rules.iter().map(|row| row.cost_micros).sum::<f64>();
    for (row, rule) in report.rules.iter_mut().zip(rules.rules()) {
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        row.share = share(row.matches, report.mails).unwrap_or_default();
        row.cost_share = if report.cost_micros > 0.0 { row.cost_micros / report.cost_micros } else { 0.0 };
        row.precision = share(row.right, row.corrected);
        row.recall = rule.severity.and_then(|severity| share(row.right, of_severity[severity as usize]));
    }
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => print(&report, desk, out)?,
    }
    Ok(WELL)
}

/// How long the steps of judging one mail took.
struct Stopwatch {
    last: Instant,
    together: Duration,
    /// The rules, by their places, and what each step of theirs took.
    rules: Vec<(usize, Duration)>,
}

impl Stopwatch {
    fn new() -> Self {
        Self { last: Instant::now(), together: Duration::ZERO, rules: Vec::new() }
    }

    /// Charges what passed since the last step. What is done for several rules at once they share.
    fn charge(&mut self, part: CostPart<'_>) {
        let spent = self.last.elapsed();
        match part {
            CostPart::Together => self.together += spent,
            CostPart::Rules(rules) => {
                let each = spent / u32::try_from(rules.len()).unwrap_or(u32::MAX).max(1);
                self.rules.extend(rules.iter().map(|rule| (*rule, each)));
            }
        }
        self.last = Instant::now();
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
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
    let (mut rows, idle): (Vec<&Row>, Vec<&Row>) = report.rules.iter().partition(|row| row.matches > 0);
    rows.sort_by_key(|row| std::cmp::Reverse(row.matches));
    // A program counts on every rule, a person does not want a screen of noughts.
    let is_short = desk.screen.is_terminal && !rows.is_empty();
    if !is_short {
        rows.extend(&idle);
    }
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let name = |row: &Row| if row.shadow { format!("{} (shadow)", row.rule) } else { row.rule.clone() };
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| {
            let corrected = if row.corrected > 0 { row.corrected.to_string() } else { String::new() };
            vec![
                Cell::new(name(row)),
                Cell::new(row.matches.to_string()),
                Cell::new(percent(row.share)),
                Cell::new(row.asked.to_string()),
                Cell::new(percent(row.cost_share)),
                Cell::new(corrected),
                Cell::new(row.precision.map(percent).unwrap_or_default()),
                Cell::new(row.recall.map(percent).unwrap_or_default()),
            ]
        })
        .collect();
    write!(out, "{}", render(&COLUMNS, &cells, &desk.screen))?;
    if is_short && !idle.is_empty() {
        let names: Vec<String> = idle.iter().map(|row| name(row)).collect();
        let count = counted(idle.len(), "rule");
        let verb = if idle.len() == 1 { "matches" } else { "match" };
        let cost = percent(idle.iter().map(|row| row.cost_share).sum());
        let text = format!("{count} {verb} none of them, and cost {cost}: {}", names.join(", "));
        writeln!(out, "\n{}", desk.screen.wrapped(&text, 2))?;
    }
    let mails = counted(report.mails as usize, "mail");
    writeln!(out, "\n{mails}, rules of version {}", report.version)?;
    let cost = format!(
        "to judge a mail takes {:.1} µs here, {:.1} µs of them for all rules together; cost is what a rule adds to that",
        report.cost_micros, report.cost_micros_together
    );
    writeln!(out, "{}", desk.screen.wrapped(&cost, 0))?;
    let corrections = match report.corrected {
        0 => "agents have corrected no severity, so nothing can be said of precision and recall".to_owned(),
        count => format!("agents have set the severity of {}", counted(count as usize, "ticket")),
    };
    writeln!(out, "{}", desk.screen.wrapped(&corrections, 0))?;
    Ok(())
}
