//! `postroom rules test`: runs the cases that stand beside the rules, and tells which rules no case reaches.

use super::{CommonArgs, Desk, FINDINGS, Format, WELL, count, load, print_json, read_files};
use crate::classify::{Case, CaseError, CaseMail, Failure, RuleId, RuleSet, RuleTrace, explain, read_cases};
use crate::message;
use anyhow::Context as _;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
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
    let Some(rules) = load(&args.common, out, styled)? else { return Ok(FINDINGS) };
    let folder = args.common.folder();
    let files =
        read_files(folder, "cases").with_context(|| format!("cannot read the cases in {}", folder.display()))?;
    let mut report = Report { files: files.len(), rules: rules.rules().len(), ..Report::default() };
    let mut reached = BTreeSet::new();
    for file in files {
        let cases = read_cases(&file.path, &file.text);
        report.errors.extend(cases.errors);
        for case in &cases.cases {
            run_case(&file.path, case, desk, &rules, &mut report, &mut reached);
        }
    }
    let all = rules.rules().iter().map(|rule| rule.name.clone());
    report.not_reached = all.filter(|rule| !reached.contains(rule)).collect();
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => print(&report, out)?,
    }
    Ok(if report.failed.is_empty() && report.errors.is_empty() { WELL } else { FINDINGS })
}

fn run_case(
    path: &str,
    case: &Case,
    desk: &Desk,
    rules: &RuleSet,
    report: &mut Report,
    reached: &mut BTreeSet<RuleId>,
) {
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
    let explanation = explain(&message, &case.given.context(&desk.usual), rules);
    report.cases += 1;
    reached.extend(explanation.verdict.matched.iter().map(|matched| matched.rule.clone()));
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

fn print(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
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
    let cases = count(report.cases, "case");
    let failed =
        if report.failed.is_empty() { "all passed".to_owned() } else { format!("{} failed", report.failed.len()) };
    let errors = match report.errors.len() {
        0 => String::new(),
        errors => format!(", {}", count(errors, "error")),
    };
    writeln!(out, "{cases} in {}: {failed}{errors}", count(report.files, "file"))?;
    let reached = report.rules - report.not_reached.len();
    write!(out, "{} of {} matched in some case", reached, count(report.rules, "rule"))?;
    match report.not_reached.as_slice() {
        [] => writeln!(out)?,
        missed => {
            let names: Vec<&str> = missed.iter().map(|rule| rule.0.as_str()).collect();
            writeln!(out, "; none reaches {}", names.join(", "))?;
        }
    }
    Ok(())
}
