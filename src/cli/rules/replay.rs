//! `postroom rules replay`: what other rules would make of the mails there are, beside the rules in force.

use super::stored::{self, Files, Judged, Kept, OfDesk, wait};
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, folder, load, print_json};
use crate::classify::{
    self, Change, Guard, MailPlace, Movement, Names, Part, RuleFile, RuleSet, Tally, ThreadState, Verdict, changes,
    compile_for, movement, with_effect,
};
use crate::cli::list::since;
use crate::cli::screen::{Screen, Tone, one_line, visible};
use crate::spoken::counted;
use crate::store::Store;
use crate::ticket::people::Who;
use crate::ticket::{Severity, TicketId};
use anyhow::{Context as _, ensure};
use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;

/// How many changed mails are listed, unless all are asked for.
const LISTED: usize = 50;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules replay --rules candidate --since 30d
  postroom rules replay --against 3f2a       beside rules that were in force
  postroom rules replay --rules new --against rules mails/
                                             over a folder, with no database
  postroom rules replay --rules new --fail-if \"critical lost > 0\"

A guard names what is counted, and how much of it is too much:
  critical lost > 0            a severity or a category, lost or gained
  severity lowered >= 5        severity raised, lowered or changed
  quarantine gained > 0        what becomes of mails, lost or gained
  category changed > 0         any part of a verdict, changed
  page gained > 0              what is there or is not, lost or gained: a page,
                               answer, team, template, calendar, intent
  corrections away > 0         corrections of agents, towards or away
  changed > 5 %                all mails; a share of them in %

Exit codes: 0 done, 1 a guard broke, 2 it could not be done.")]
pub(super) struct ReplayArgs {
    /// Mails to judge: files, folders, mbox, Maildir [default: those of the desk]
    #[arg(value_name = "PATH")]
    mails: Vec<PathBuf>,
    /// The rules to compare with: a folder, or the version of rules that were in force [default: the configuration's
    /// folder, or the version before it]
    #[arg(long, value_name = "DIR|VERSION")]
    against: Option<String>,
    /// Judge by the shadow rules of the configuration, beside those in force
    #[arg(long, conflicts_with_all = ["against"])]
    shadow: bool,
    /// Only mails since then: a date, or a time ago such as 30d
    #[arg(long, value_name = "TIME", conflicts_with = "mails")]
    since: Option<String>,
    /// Only so many mails, picked at random but always the same
    #[arg(long, value_name = "NUMBER", conflicts_with = "mails")]
    sample: Option<NonZero<usize>>,
    /// End with exit code 1 if this is so
    #[arg(long, value_name = "GUARD")]
    fail_if: Vec<String>,
    /// List every mail that changes, not only the first 50
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    common: CommonArgs,
}

impl ReplayArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }

    /// Whether a desk's database is needed.
    pub(super) fn needs_store(&self) -> bool {
        self.mails.is_empty() || self.against_version().is_some()
    }

    fn against_version(&self) -> Option<&str> {
        let against = self.against.as_deref()?;
        (!PathBuf::from(against).is_dir()).then_some(against)
    }
}

/// A mail that would be judged otherwise.
#[derive(serde::Serialize)]
struct Changed {
    mail: String,
    ticket: Option<TicketId>,
    /// Whether an agent wrote it, so that its severity moves no ticket.
    by_agent: bool,
    subject: String,
    changes: Vec<Change>,
    /// The severity that an agent gave its ticket.
    corrected: Option<Severity>,
    movement: Option<Movement>,
}

#[derive(serde::Serialize)]
struct Broken {
    guard: String,
    count: f64,
    broken: bool,
}

#[derive(serde::Serialize)]
struct Report {
    before: String,
    after: String,
    #[serde(flatten)]
    tally: Tally,
    guards: Vec<Broken>,
    changes: Vec<Changed>,
}

pub(super) fn run(
    args: &ReplayArgs,
    desk: &Desk,
    store: Option<&Store>,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let Some(rules) = load(&args.common, desk, out, styled)? else { return Ok(FINDINGS) };
    let (before, after) = if args.shadow {
        let shadow = desk.rules_shadow.as_deref().context("the configuration has no `rules_shadow`")?;
        (rules, compiled(&folder(shadow)?, desk.names.as_ref(), &shadow.display().to_string())?)
    } else {
        (before(args, &rules, desk, store)?, rules)
    };
    let categories: Vec<&str> =
        before.categories().iter().chain(after.categories()).map(|category| category.name.as_str()).collect();
    let guards = args
        .fail_if
        .iter()
        .map(|guard| Guard::parse(guard, &categories).map_err(|error| anyhow::anyhow!("--fail-if: {error}")));
    let guards = guards.collect::<anyhow::Result<Vec<Guard>>>()?;
    let mut tally = Tally::default();
    let mut changed = Vec::new();
    let judge = |mail: &stored::Again| {
        let judged = |rules: &RuleSet| classify::classify(&mail.message, &mail.context, rules);
        let (sender, thread) = (mail.context.sender.clone(), mail.context.thread);
        (judged(&before), judged(&after), sender, thread, mail.message.subject.clone())
    };
    let mut count = |kept: &Kept, (old, new, sender, thread, subject): (Verdict, Verdict, Who, ThreadState, String)| {
        let all = changes(&old, &new);
        let is_otherwise = !all.is_empty();
        let place = MailPlace { sender, thread, is_later: kept.ticket.is_some() && !kept.is_first };
        let changes = with_effect(all, &old, &new, &place);
        tally.idle += u64::from(is_otherwise && changes.is_empty());
        tally.add(&old, &new, &changes, kept.corrected);
        if !changes.is_empty() {
            let moved = |corrected| movement(old.severity.value, new.severity.value, corrected);
            changed.push(Changed {
                mail: kept.name.clone(),
                ticket: kept.ticket,
                by_agent: kept.known.iter().any(|known| known == "sender=agent"),
                subject,
                movement: kept.corrected.and_then(moved),
                corrected: kept.corrected,
                changes,
            });
        }
        Ok(())
    };
    let mails: &mut dyn Judged = &mut *mails(args, desk, store)?;
    stored::each(mails, desk, judge, &mut count)?;
    // Else a folder in which there is nothing would pass for a proof.
    ensure!(tally.mails > 0 || guards.is_empty(), "there is no mail to judge, so --fail-if says nothing");
    tally.sort();
    let check = |guard: &Guard| {
        let (count, broken) = guard.check(&tally);
        Broken { guard: guard.to_string(), count, broken }
    };
    let guards: Vec<Broken> = guards.iter().map(check).collect();
    let is_broken = guards.iter().any(|guard| guard.broken);
    let (before, after) = (before.version().to_owned(), after.version().to_owned());
    let report = Report { before, after, tally, guards, changes: changed };
    match args.common.format {
        Format::Json => print_json(out, &report)?,
        Format::Text => print(&report, args.all, &desk.screen, out)?,
    }
    Ok(if is_broken { FINDINGS } else { WELL })
}

fn mails(args: &ReplayArgs, desk: &Desk, store: Option<&Store>) -> anyhow::Result<Box<dyn Judged>> {
    if !args.mails.is_empty() {
        return Ok(Box::new(Files::of(&args.mails)?));
    }
    let store = store.context("there is no desk here whose mail could be judged; name files or folders with mails")?;
    let from = args.since.as_deref().map(|text| since(text, &desk.screen)).transpose()?;
    Ok(Box::new(OfDesk::find(store, from, args.sample)?))
}

/// The rules to compare with.
fn before(args: &ReplayArgs, after: &RuleSet, desk: &Desk, store: Option<&Store>) -> anyhow::Result<RuleSet> {
    let in_force = desk.rules.as_deref().filter(|folder| *folder != args.common.folder());
    match (&args.against, in_force) {
        (Some(against), _) if args.against_version().is_none() => {
            compiled(&folder(&PathBuf::from(against))?, None, against)
        }
        (Some(version), _) => {
            let store =
                store.with_context(|| format!("there is no folder {version}, and no desk that has a version"))?;
            let (version, files) = wait(store.find_rules(version))?.with_context(|| {
                format!("no rules were in force by the version {version}; see `postroom rules versions`")
            })?;
            of_version(&version, files)
        }
        (None, Some(folder_in_force)) => {
            compiled(&folder(folder_in_force)?, None, &folder_in_force.display().to_string())
        }
        (None, None) => {
            let nothing = "there is nothing to compare with: name other rules with --rules, or with --against";
            let store = store.context(nothing)?;
            let sets = wait(store.rule_sets())?;
            let last = sets.iter().find(|set| set.loaded_at.is_some() && set.version != after.version());
            let last = last.context(nothing)?;
            let (version, files) = wait(store.find_rules(&last.version))?.context(nothing)?;
            of_version(&version, files)
        }
    }
}

fn of_version(version: &str, files: Vec<(String, String)>) -> anyhow::Result<RuleSet> {
    let files: Vec<RuleFile> = files.into_iter().map(|(path, text)| RuleFile { path, text }).collect();
    compiled(&files, None, version)
}

fn compiled(files: &[RuleFile], names: Option<&Names>, what: &str) -> anyhow::Result<RuleSet> {
    compile_for(files, names).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        anyhow::anyhow!("the rules {what} have errors: {first}")
    })
}

fn print(report: &Report, all: bool, screen: &Screen, out: &mut dyn Write) -> anyhow::Result<()> {
    let tally = &report.tally;
    let mails = counted(tally.mails as usize, "mail");
    writeln!(out, "{mails} judged, {} otherwise (rules {} → {})", tally.changed, report.before, report.after)?;
    if tally.idle > 0 {
        let other = counted(tally.idle as usize, "other mail");
        let idle = format!("{other} judged otherwise as well, and nothing would be done differently");
        writeln!(out, "{}", screen.wrapped(&idle, 0))?;
    }
    if tally.mails > 0 {
        print_severities(tally, screen, out)?;
        print_categories(tally, screen, out)?;
    }
    let parts: Vec<String> = tally
        .parts
        .iter()
        .filter(|(part, _)| **part != Part::Severity.as_str() && **part != Part::Category.as_str())
        .map(|(part, count)| format!("{part} {count}"))
        .collect();
    if !parts.is_empty() {
        writeln!(out, "\nOther parts of the verdict that change: {}", parts.join(", "))?;
    }
    if tally.corrected > 0 {
        let corrected = counted(tally.corrected as usize, "ticket");
        let (before, after) = tally.right;
        writeln!(out, "\nSeverity corrected by agents: {corrected}; right before {before}, after {after}")?;
        let closer = format!("{} closer to what the agent said", tally.towards);
        let closer = screen.paint(if tally.towards > 0 { Tone::Good } else { Tone::Plain }, &closer);
        let further = format!("{} further from it", tally.away);
        let further = screen.paint(if tally.away > 0 { Tone::Bad } else { Tone::Plain }, &further);
        writeln!(out, "  {closer}, {further}")?;
    }
    if !report.changes.is_empty() {
        writeln!(out, "\n{}", screen.paint(Tone::Strong, "Mails that change"))?;
    }
    let shown = if all { report.changes.len() } else { LISTED };
    for changed in report.changes.iter().take(shown) {
        let ticket = changed.ticket.map(|ticket| format!(" {ticket}")).unwrap_or_default();
        let by = if changed.by_agent { " by an agent" } else { "" };
        let mail = format!("{}{ticket}{by} “{}”", visible(&changed.mail), visible(&one_line(&changed.subject)));
        writeln!(out, "  {}", screen.wrapped(&mail, 4))?;
        for change in &changed.changes {
            let (tone, movement) = match changed.movement.filter(|_| change.part == Part::Severity) {
                Some(Movement::Towards) => (Tone::Good, ", towards what an agent said"),
                Some(Movement::Away) => (Tone::Bad, ", away from what an agent said"),
                None => (Tone::Plain, ""),
            };
            let said = changed.corrected.filter(|_| !movement.is_empty()).map(|said| format!(" ({said})"));
            let movement = format!("{movement}{}", said.unwrap_or_default());
            writeln!(out, "      {change}{}", screen.paint(tone, &movement))?;
        }
    }
    if report.changes.len() > shown {
        writeln!(out, "  and {} more; --all lists them", report.changes.len() - shown)?;
    }
    for guard in &report.guards {
        let count = if guard.count.fract() == 0.0 { format!("{}", guard.count) } else { format!("{:.1}", guard.count) };
        let (tone, word) = if guard.broken { (Tone::Bad, "BROKEN") } else { (Tone::Good, "holds") };
        let word = screen.paint(tone, word);
        writeln!(out, "\nguard “{}” {word}: {count}", guard.guard)?;
    }
    Ok(())
}

/// A row for each severity before, a column for each after.
fn print_severities(tally: &Tally, screen: &Screen, out: &mut dyn Write) -> anyhow::Result<()> {
    write!(out, "\n{}{:<12}", screen.paint(Tone::Strong, "Severity"), "")?;
    for severity in Severity::ALL {
        write!(out, "{:>10}", severity.as_str())?;
    }
    writeln!(out, "  after")?;
    for from in Severity::ALL {
        write!(out, "  {:<18}", from.as_str())?;
        for to in Severity::ALL {
            match tally.severity(*from, *to) {
                0 => write!(out, "{:>10}", "·")?,
                count if from == to => write!(out, "{count:>10}")?,
                // What is not on the diagonal changes.
                count => write!(out, "{}", screen.paint(Tone::Notice, &format!("{count:>10}")))?,
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "  before")?;
    Ok(())
}

/// Only what changes: there may be many categories.
fn print_categories(tally: &Tally, screen: &Screen, out: &mut dyn Write) -> anyhow::Result<()> {
    let changed: Vec<_> = tally.categories.iter().filter(|(from, to, _)| from != to).collect();
    if changed.is_empty() {
        return Ok(writeln!(out, "\nNo category changes")?);
    }
    writeln!(out, "\n{}", screen.paint(Tone::Strong, "Category"))?;
    let width = changed.iter().map(|(from, ..)| from.chars().count()).max().unwrap_or_default();
    for (from, to, count) in changed {
        writeln!(out, "  {from:<width$} → {to}  {count}")?;
    }
    Ok(())
}
