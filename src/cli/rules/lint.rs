//! `postroom rules lint`: rules that are allowed and probably not what was meant.

use super::stored::{self, Judged};
use super::test::cases_reach;
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, load_with_files, print_json};
use crate::classify::{self, Evidence, FEWEST_MAILS, Lint, LintKind, RuleFile, Stored};
use crate::cli::report::lint_snippet;
use crate::cli::screen::Tone;
use crate::finding::Finding;
use crate::spoken::counted;
use std::io::Write;

/// With more rules than these that matched nothing lately, they are named together.
const ALIKE: usize = 3;

/// How far back stored mail is looked at, unless somebody says otherwise.
const DAYS: u32 = 30;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules lint
  postroom rules lint --days 90      also rules that no mail of 90 days matched
  postroom rules lint --format json  for an editor or a pipeline

Exit codes: 0 nothing found, 1 something found, 2 it could not be done.")]
pub(super) struct LintArgs {
    /// For how many days back stored mail is looked at; 0 looks at none
    #[arg(long, value_name = "NUMBER", default_value_t = DAYS)]
    days: u32,
    #[command(flatten)]
    common: CommonArgs,
}

impl LintArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }

    /// For how many days back stored mail is wanted, if any is.
    pub(super) fn days(&self) -> Option<u32> {
        (self.days > 0).then_some(self.days)
    }
}

#[derive(serde::Serialize)]
struct Report<'a> {
    rules: usize,
    /// How many stored mails were looked at; none where there is no desk.
    mails: Option<u64>,
    findings: &'a [Lint],
}

pub(super) fn run(
    args: &LintArgs,
    desk: &Desk,
    mails: Option<&mut dyn Judged>,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let Some((rules, files)) = load_with_files(&args.common, desk, out, styled)? else { return Ok(FINDINGS) };
    let stored = match mails {
        None => None,
        Some(mails) => {
            let mut stored = Stored { days: args.days, ..Stored::default() };
            stored::each(
                mails,
                desk,
                |mail| classify::classify(&mail.message, &mail.context, &rules),
                |_, verdict| {
                    stored.mails += 1;
                    for matched in verdict.matched.iter().chain(&verdict.shadow) {
                        *stored.matched.entry(matched.rule.clone()).or_default() += 1;
                    }
                    Ok(())
                },
            )?;
            Some(stored)
        }
    };
    let evidence = Evidence { reached: Some(cases_reach(&args.common, desk, &rules)?), stored };
    let findings = classify::lint(&rules, &files, &evidence);
    let mails = evidence.stored.as_ref().map(|stored| stored.mails);
    match args.common.format {
        Format::Json => print_json(out, &Report { rules: rules.rules().len(), mails, findings: &findings })?,
        Format::Text => {
            let (idle, shown): (Vec<&Lint>, Vec<&Lint>) =
                findings.iter().partition(|finding| finding.lint == LintKind::NoRecentMatch);
            // What is said of many rules alike is said once.
            let (idle, shown) =
                if idle.len() > ALIKE { (idle, shown) } else { (Vec::new(), findings.iter().collect()) };
            for finding in shown {
                writeln!(out, "{}\n", render(&files, finding, styled))?;
            }
            if let Some(first) = idle.first() {
                print_idle(first, &idle, desk, out)?;
            }
            let looked = match mails {
                None => "no stored mail was looked at".to_owned(),
                Some(count) => {
                    let of = counted(args.days as usize, "day");
                    let few = if count < FEWEST_MAILS { ", too few to say more" } else { "" };
                    format!("{} of {of} looked at{few}", counted(count as usize, "mail"))
                }
            };
            let rules = counted(rules.rules().len(), "rule");
            let (tone, count) = match findings.len() {
                0 => (Tone::Good, "no findings".to_owned()),
                count => (Tone::Notice, counted(count, "finding")),
            };
            writeln!(
                out,
                "{}: {}",
                desk.screen.wrapped(&format!("{rules}, {looked}"), 0),
                desk.screen.paint(tone, &count)
            )?;
        }
    }
    Ok(if findings.is_empty() { WELL } else { FINDINGS })
}

/// The rules that matched nothing lately, in one warning.
fn print_idle(first: &Lint, idle: &[&Lint], desk: &Desk, out: &mut dyn Write) -> anyhow::Result<()> {
    let screen = &desk.screen;
    let title = screen.paint(Tone::Notice, &format!("warning[{}]", first.lint));
    // "the rule matches none of …" of one is "… match none of …" of many.
    let what = first.finding.message.replace("the rule matches", "match");
    writeln!(out, "{title}: {} {what}", counted(idle.len(), "rule"))?;
    let names: Vec<&str> = idle.iter().map(|lint| lint.rule.0.as_str()).collect();
    writeln!(out, "  {}", screen.wrapped(&names.join(", "), 2))?;
    Ok(writeln!(out, "  = help: --format json has the place of each\n")?)
}

fn render(files: &[RuleFile], lint: &Lint, styled: bool) -> String {
    let Finding { path, span, message, hint, .. } = &lint.finding;
    let text = files.iter().find(|file| file.path == *path).map_or("", |file| file.text.as_str());
    let title = format!("{}: {message}", lint.rule);
    lint_snippet(path, text, span.clone(), lint.lint.as_str(), &title, hint.as_deref(), styled)
}
