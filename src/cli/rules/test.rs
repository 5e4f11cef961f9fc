//! `postroom rules test`: runs the cases that stand beside the rules, and tells which rules no case reaches.

use super::cases::Cases;
use super::check::print_findings;
use super::trace::{Depth, Tracer};
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, folder, print_json};
use crate::classify::{Case, CaseError, Expectation, Failure, RuleId, RuleSet, RuleTrace, compile_for, explain};
use crate::cli::report::{snippet, word_at};
use crate::cli::screen::Tone;
use crate::message;
use crate::spoken::counted;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules test
  postroom rules test --coverage     also the conditions that no case exercises
  postroom rules test --format json  for an editor or a pipeline

Exit codes: 0 every case holds, 1 one does not or cannot be read, 2 it could
not be done.")]
pub(super) struct TestArgs {
    /// List the conditions that held in no case, too
    #[arg(long)]
    coverage: bool,
    #[command(flatten)]
    common: CommonArgs,
}

impl TestArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }
}

/// What came of all cases.
#[derive(Default, serde::Serialize)]
struct Report {
    files: usize,
    cases: usize,
    passed: usize,
    failed: Vec<FailedCase>,
    errors: Vec<CaseError>,
    rules: usize,
    /// The rules that matched in no case.
    not_reached: Vec<RuleId>,
    conditions: usize,
    /// The conditions that held in no case.
    conditions_not_reached: Vec<Unreached>,
    /// The texts of the files.
    #[serde(skip)]
    texts: BTreeMap<String, String>,
}

/// A condition that held in no case.
#[derive(serde::Serialize)]
struct Unreached {
    path: String,
    line: usize,
    column: usize,
    rule: RuleId,
    condition: String,
}

/// For each rule whether it counted in some case, and whether each of its conditions held in one.
#[derive(Default)]
struct Coverage(Vec<RuleCoverage>);

struct RuleCoverage {
    rule: RuleTrace,
    counted: bool,
    held: Vec<bool>,
}

impl Coverage {
    fn add(&mut self, rules: &[RuleTrace]) {
        if self.0.is_empty() {
            let fresh = |rule: &RuleTrace| RuleCoverage {
                held: vec![false; rule.condition.leaves().len()],
                rule: rule.clone(),
                counted: false,
            };
            self.0 = rules.iter().map(fresh).collect();
        }
        for (known, rule) in self.0.iter_mut().zip(rules) {
            // A shadow never counts; that it matches is all there is to it.
            known.counted |= rule.counts || (rule.shadow && rule.matched);
            for (held, leaf) in known.held.iter_mut().zip(rule.condition.leaves()) {
                *held |= leaf.holds;
            }
        }
    }

    fn tell(&self, report: &mut Report) {
        for RuleCoverage { rule, counted, held } in &self.0 {
            if !counted {
                report.not_reached.push(rule.rule.clone());
            }
            report.conditions += held.len();
            for (_, leaf) in held.iter().zip(rule.condition.leaves()).filter(|(held, _)| !**held) {
                report.conditions_not_reached.push(Unreached {
                    path: rule.path.clone(),
                    line: leaf.line,
                    column: leaf.column,
                    rule: rule.rule.clone(),
                    condition: leaf.condition.clone(),
                });
            }
        }
    }
}

#[derive(serde::Serialize)]
struct FailedCase {
    path: String,
    line: usize,
    failures: Vec<Failure>,
    /// The rules that the failed expectations are about; of what the verdict says, those that count.
    trace: Vec<RuleTrace>,
}

pub(super) fn run(args: &TestArgs, desk: &Desk, out: &mut dyn Write, styled: bool) -> anyhow::Result<u8> {
    let files = folder(args.common.folder())?;
    let rules = match compile_for(&files, desk.names.as_ref()) {
        Ok(rules) => rules,
        Err(errors) => {
            let cases = Cases::read(args.common.folder(), desk, None)?;
            print_findings(&files, Err(errors), &cases, args.common.format, out, styled)?;
            return Ok(FINDINGS);
        }
    };
    let report = report(&args.common, desk, &rules)?;
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => {
            let tracer = Tracer { screen: &desk.screen, rules: &rules, depth: Depth::Decisive };
            Printer { report: &report, tracer, coverage: args.coverage }.print(out)?;
        }
    }
    Ok(if report.failed.is_empty() && report.errors.is_empty() { WELL } else { FINDINGS })
}

/// The rules that count in some case.
pub(super) fn cases_reach(args: &CommonArgs, desk: &Desk, rules: &RuleSet) -> anyhow::Result<BTreeSet<RuleId>> {
    let missed = report(args, desk, rules)?.not_reached;
    let names = rules.rules().iter().map(|rule| &rule.name);
    Ok(names.filter(|name| !missed.contains(name)).cloned().collect())
}

fn report(args: &CommonArgs, desk: &Desk, rules: &RuleSet) -> anyhow::Result<Report> {
    let Cases { files, cases, errors } = Cases::read(args.folder(), desk, Some(rules))?;
    let mut report = Report { files: files.len(), rules: rules.rules().len(), errors, ..Report::default() };
    let mut coverage = Coverage::default();
    for (path, case, raw) in &cases {
        run_case(path, case, raw, desk, rules, &mut report, &mut coverage);
    }
    report.texts = files.into_iter().map(|file| (file.path, file.text)).collect();
    match report.cases {
        0 => report.not_reached = rules.rules().iter().map(|rule| rule.name.clone()).collect(),
        _ => coverage.tell(&mut report),
    }
    Ok(report)
}

fn run_case(
    path: &str,
    case: &Case,
    raw: &[u8],
    desk: &Desk,
    rules: &RuleSet,
    report: &mut Report,
    coverage: &mut Coverage,
) {
    // Cases have a clock of their own: a mail in them is the same on every day.
    let mut message = message::parse(raw, Timestamp::UNIX_EPOCH, &desk.reader);
    case.given.apply(&mut message);
    let explanation = explain(&message, &case.given.context(&desk.at_time_of(&message)), rules);
    report.cases += 1;
    coverage.add(&explanation.rules);
    let failures = case.failures(&explanation.verdict);
    if failures.is_empty() {
        report.passed += 1;
        return;
    }
    let speaks_of_rule = |key: &str| key.ends_with("rule") || key.ends_with("shadow");
    let is_failed = |expected: &Expectation| {
        failures.iter().any(|failure| (failure.line, failure.column) == (expected.line, expected.column))
    };
    let failed: Vec<&Expectation> = case.expectations.iter().filter(|expected| is_failed(expected)).collect();
    let named = |rule: &RuleId| failed.iter().any(|expected| speaks_of_rule(&expected.key) && expected.value == rule.0);
    // Whatever the verdict says otherwise than expected, a rule that counts says it.
    let of_verdict = failed.iter().any(|expected| !speaks_of_rule(&expected.key));
    let is_traced = |trace: &RuleTrace| (of_verdict && trace.counts) || named(&trace.rule);
    let trace = explanation.rules.into_iter().filter(is_traced).collect();
    report.failed.push(FailedCase { path: path.to_owned(), line: case.line, failures, trace });
}

/// Prints what came of the cases.
struct Printer<'a> {
    report: &'a Report,
    tracer: Tracer<'a>,
    /// Whether the conditions that held in no case are listed.
    coverage: bool,
}

impl Printer<'_> {
    fn print(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        for CaseError { path, line, column, message, hint } in &self.report.errors {
            self.place(path, (*line, *column), message, hint.as_deref(), out)?;
        }
        for case in &self.report.failed {
            for Failure { line, column, message } in &case.failures {
                self.place(&case.path, (*line, *column), message, None, out)?;
            }
            for rule in &case.trace {
                let name = self.tracer.screen.paint(Tone::Strong, &rule.rule.0);
                self.tracer.rule(rule, &name, out)?;
            }
            writeln!(out)?;
        }
        self.print_sums(out)
    }

    /// What is wrong, with its line in the file of cases.
    fn place(
        &self,
        path: &str,
        (line, column): (usize, usize),
        message: &str,
        hint: Option<&str>,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let text = self.report.texts.get(path).map_or("", String::as_str);
        let span = word_at(text, line, column);
        Ok(writeln!(out, "{}\n", snippet(path, text, span, message, hint, self.tracer.screen.styled))?)
    }

    fn print_sums(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let report = self.report;
        let cases = format!("{} in {}", counted(report.cases, "case"), counted(report.files, "file"));
        let (tone, mut came) = match report.failed.len() {
            0 => (Tone::Good, "all passed".to_owned()),
            failed => (Tone::Bad, format!("{failed} failed")),
        };
        if !report.errors.is_empty() {
            came = format!("{came}, {}", counted(report.errors.len(), "error"));
        }
        let tone = if report.errors.is_empty() { tone } else { Tone::Bad };
        writeln!(out, "{cases}: {}", self.tracer.screen.paint(tone, &came))?;
        let reached = report.rules - report.not_reached.len();
        let mut rules = format!("{} of {} matched in some case", reached, counted(report.rules, "rule"));
        if !report.not_reached.is_empty() {
            let names: Vec<&str> = report.not_reached.iter().map(|rule| rule.0.as_str()).collect();
            rules = format!("{rules}; none reaches {}", names.join(", "));
        }
        writeln!(out, "{}", self.tracer.screen.wrapped(&rules, 2))?;
        if report.conditions > 0 {
            let (all, missed) = (report.conditions, report.conditions_not_reached.len());
            let more = if missed == 0 || self.coverage { "" } else { "; --coverage lists the others" };
            writeln!(out, "{} of {} held in some case{more}", all - missed, counted(all, "condition"))?;
        }
        for missed in report.conditions_not_reached.iter().filter(|_| self.coverage) {
            let line = format!("{}:{}:{}: {}: ", missed.path, missed.line, missed.column, missed.rule);
            writeln!(out, "{line}{}", missed.condition)?;
        }
        Ok(())
    }
}
