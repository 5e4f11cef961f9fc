//! `postroom rules test`: runs the cases that stand beside the rules, and tells which rules no case reaches.

use super::{CommonArgs, Desk, FINDINGS, Format, WELL, load, print_json, read_files};
use crate::classify::{Case, CaseError, CaseMail, Failure, RuleId, RuleSet, RuleTrace, explain, read_cases};
use crate::message;
use crate::spoken::counted;
use anyhow::Context as _;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

#[derive(Debug, clap::Args)]
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
}

/// A condition that held in no case.
#[derive(serde::Serialize)]
struct Unreached {
    path: String,
    line: usize,
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
                    line: rule.line,
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
    /// The rules that the failed expectations are about, and those that matched.
    trace: Vec<RuleTrace>,
}

pub(super) fn run(args: &TestArgs, desk: &Desk, out: &mut dyn Write, styled: bool) -> anyhow::Result<u8> {
    let Some(rules) = load(&args.common, desk, out, styled)? else { return Ok(FINDINGS) };
    let report = report(&args.common, desk, &rules)?;
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => print(&report, args.coverage, out)?,
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
    let folder = args.folder();
    let files =
        read_files(folder, "cases").with_context(|| format!("cannot read the cases in {}", folder.display()))?;
    let mut report = Report { files: files.len(), rules: rules.rules().len(), ..Report::default() };
    let mut coverage = Coverage::default();
    for file in files {
        let cases = read_cases(&file.path, &file.text);
        report.errors.extend(cases.errors);
        for case in &cases.cases {
            run_case(&file.path, case, desk, rules, &mut report, &mut coverage);
        }
    }
    match report.cases {
        0 => report.not_reached = rules.rules().iter().map(|rule| rule.name.clone()).collect(),
        _ => coverage.tell(&mut report),
    }
    Ok(report)
}

fn run_case(path: &str, case: &Case, desk: &Desk, rules: &RuleSet, report: &mut Report, coverage: &mut Coverage) {
    let unknown = case.unknown_names(path, rules);
    if !unknown.is_empty() {
        report.errors.extend(unknown);
        return;
    }
    let raw = match &case.mail {
        CaseMail::Inline(text) => text.clone().into_bytes(),
        CaseMail::File(name) => match std::fs::read(Path::new(path).with_file_name(name)) {
            Ok(raw) => raw,
            Err(error) => {
                let message = format!("cannot read {name}: {error}");
                report.errors.push(CaseError {
                    path: path.to_owned(),
                    line: case.line,
                    column: 1,
                    message,
                    hint: None,
                });
                return;
            }
        },
    };
    // Cases have a clock of their own: a mail in them is the same on every day.
    let mut message = message::parse(&raw, Timestamp::UNIX_EPOCH, &desk.reader);
    case.given.apply(&mut message);
    let explanation = explain(&message, &case.given.context(&desk.at_time_of(&message)), rules);
    report.cases += 1;
    coverage.add(&explanation.rules);
    let failures = case.failures(&explanation.verdict);
    if failures.is_empty() {
        report.passed += 1;
        return;
    }
    let named = |rule: &RuleId| {
        case.expectations.iter().any(|expected| expected.key.ends_with("rule") && expected.value == rule.0)
    };
    let trace = explanation.rules.into_iter().filter(|trace| trace.counts || named(&trace.rule)).collect();
    report.failed.push(FailedCase { path: path.to_owned(), line: case.line, failures, trace });
}

fn print(report: &Report, coverage: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    for error in &report.errors {
        writeln!(out, "{error}")?;
    }
    for case in &report.failed {
        for failure in &case.failures {
            writeln!(out, "{}:{}:{}: {}", case.path, failure.line, failure.column, failure.message)?;
        }
        for rule in &case.trace {
            super::explain::print_rule(rule, out)?;
        }
        writeln!(out)?;
    }
    let cases = counted(report.cases, "case");
    let failed =
        if report.failed.is_empty() { "all passed".to_owned() } else { format!("{} failed", report.failed.len()) };
    let errors = match report.errors.len() {
        0 => String::new(),
        errors => format!(", {}", counted(errors, "error")),
    };
    writeln!(out, "{cases} in {}: {failed}{errors}", counted(report.files, "file"))?;
    let reached = report.rules - report.not_reached.len();
    write!(out, "{} of {} matched in some case", reached, counted(report.rules, "rule"))?;
    match report.not_reached.as_slice() {
        [] => writeln!(out)?,
        missed => {
            let names: Vec<&str> = missed.iter().map(|rule| rule.0.as_str()).collect();
            writeln!(out, "; none reaches {}", names.join(", "))?;
        }
    }
    if report.conditions > 0 {
        let (all, missed) = (report.conditions, report.conditions_not_reached.len());
        writeln!(out, "{} of {} held in some case", all - missed, counted(all, "condition"))?;
    }
    for missed in report.conditions_not_reached.iter().filter(|_| coverage) {
        writeln!(out, "{}:{}:1: {}: {}", missed.path, missed.line, missed.rule, missed.condition)?;
    }
    Ok(())
}
