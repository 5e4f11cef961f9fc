//! `postroom rules explain MAIL`: the whole trace of one mail, with what matched marked in its place.

use super::stored::wait;
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, load, print_json};
use crate::classify::{ConditionTrace, Context, Explanation, Field, Given, RuleId, RuleSet, RuleTrace, Seen, explain};
use crate::message::{self, Message};
use crate::spoken::counted;
use crate::store::{JudgedMail, Store};
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use std::io::{Read as _, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The largest mail that is read.
const MAX_MAIL_BYTES: u64 = 64 << 20;
const MARK: Style = AnsiColor::Yellow.on_default().bold().underline();
const TITLE: Style = Style::new().bold();

#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// The mail's file, or the number of a stored mail; `-` reads standard input
    mail: PathBuf,
    /// What is known besides the mail: sender=…, thread=…, auth=…, customer=…
    #[arg(long, value_name = "KEY=VALUE")]
    given: Vec<String>,
    /// Show the rules that did not match, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    common: CommonArgs,
}

impl ExplainArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }

    /// The number of the stored mail that is meant; a file of that name goes before it.
    pub(super) fn stored(&self) -> Option<i64> {
        stored_number(&self.mail)
    }
}

/// The number of a stored mail, where no file of that name is there.
pub(super) fn stored_number(mail: &Path) -> Option<i64> {
    let number = mail.to_str()?.parse().ok()?;
    (!mail.exists()).then_some(number)
}

pub(super) fn run(
    args: &ExplainArgs,
    desk: &Desk,
    store: Option<&Store>,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let given =
        Given::parse(args.given.iter().map(String::as_str)).map_err(|error| anyhow::anyhow!("--given: {error}"))?;
    let kept = match args.stored() {
        Some(id) => match find(id, store)? {
            Some(kept) => Some(kept),
            None => {
                writeln!(out, "there is no stored mail {id} that rules have judged and whose bytes are kept")?;
                return Ok(FINDINGS);
            }
        },
        None => None,
    };
    let raw = match &kept {
        Some(kept) => kept.raw.clone(),
        None => read_mail(&args.mail).with_context(|| format!("cannot read the mail {}", args.mail.display()))?,
    };
    let Some(rules) = load(&args.common, desk, out, styled)? else { return Ok(FINDINGS) };
    let received_at = kept.as_ref().map_or(desk.now, |kept| kept.received_at);
    let mut message = message::parse(&raw, received_at, &desk.reader);
    given.apply(&mut message);
    // What is given counts more than what is known.
    let usual = match &kept {
        Some(kept) => {
            let known = Given::parse(kept.known.iter().map(String::as_str));
            let known = known.map_err(|error| anyhow::anyhow!("what is kept of the mail cannot be read: {error}"))?;
            known.context(&desk.usual)
        }
        None => desk.usual(&message),
    };
    let context = given.context(&usual);
    let explanation = explain(&message, &context, &rules);
    match args.common.format {
        Format::Json => print_json(out, &explanation)?,
        Format::Text => {
            let page = Page { explanation: &explanation, message: &message, context: &context, rules: &rules, styled };
            page.print(args.all, out)?;
        }
    }
    Ok(WELL)
}

pub(super) fn find(id: i64, store: Option<&Store>) -> anyhow::Result<Option<JudgedMail>> {
    let store =
        store.with_context(|| format!("there is no file {id}, and no desk that could have a mail of that number"))?;
    Ok(wait(store.load_judged(&[id]))?.into_iter().next())
}

pub(super) fn read_mail(mail: &Path) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    if mail.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_MAIL_BYTES).read_to_end(&mut raw)?;
    } else {
        std::fs::File::open(mail)?.take(MAX_MAIL_BYTES).read_to_end(&mut raw)?;
    }
    Ok(raw)
}

struct Page<'a> {
    explanation: &'a Explanation,
    message: &'a Message,
    context: &'a Context,
    rules: &'a RuleSet,
    styled: bool,
}

impl Page<'_> {
    fn print(&self, all: bool, out: &mut dyn Write) -> anyhow::Result<()> {
        self.print_mail(out)?;
        self.print_verdict(out)?;
        self.print_title("Rules that matched", out)?;
        let (matched, others): (Vec<&RuleTrace>, Vec<&RuleTrace>) =
            self.explanation.rules.iter().partition(|rule| rule.matched);
        for rule in &matched {
            print_rule(rule, out)?;
        }
        if matched.is_empty() {
            writeln!(out, "  none")?;
        }
        if all {
            self.print_title("Rules that did not", out)?;
            for rule in others {
                print_rule(rule, out)?;
            }
        } else if !others.is_empty() {
            self.print_near(&others, out)?;
            let did = if others.len() == 1 { "does" } else { "do" };
            writeln!(out, "\n{} {did} not match; --all shows why", counted(others.len(), "other rule"))?;
        }
        Ok(())
    }

    /// The rules that came nearest, each with what it lacked.
    fn print_near(&self, others: &[&RuleTrace], out: &mut dyn Write) -> anyhow::Result<()> {
        let near = nearest(others);
        if near.is_empty() {
            return Ok(());
        }
        self.print_title("Rules that nearly did", out)?;
        for (rule, lacking) in near {
            writeln!(out, "  {} at {}:{}", rule.rule, rule.path, rule.line)?;
            for condition in lacking {
                let sign = if condition.holds { "but for" } else { "lacks" };
                write!(out, "    {sign} {}", condition.condition)?;
                match condition.seen.first() {
                    Some(seen) => writeln!(out, "  saw {}", describe(seen))?,
                    None => writeln!(out)?,
                }
            }
        }
        Ok(())
    }

    fn print_title(&self, title: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        match self.styled {
            true => writeln!(out, "\n{TITLE}{title}{TITLE:#}")?,
            false => writeln!(out, "\n{title}")?,
        }
        Ok(())
    }

    fn print_mail(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let author = self.message.author().map_or("nobody".to_owned(), |author| visible(&author.to_string()));
        let (sender, auth) = (self.context.sender.as_str(), self.context.authentication.as_str());
        writeln!(out, "From:    {author} ({sender}, authentication {auth}, thread {})", self.context.thread)?;
        writeln!(out, "Subject: {}", self.marked(&Field::Subject, &self.message.subject))?;
        writeln!(out)?;
        for line in self.marked(&Field::Text, &self.message.body.reply).lines() {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    }

    /// The text with everything marked on which a rule matched.
    fn marked(&self, field: &Field, text: &str) -> String {
        let matched = self.explanation.rules.iter().filter(|rule| rule.counts);
        let places = matched.flat_map(|rule| rule.condition.evidence()).filter_map(|seen| seen.place.as_ref());
        let ranges = places.filter(|place| place.field == *field).map(|place| place.range.clone()).collect();
        let mut marked = String::new();
        let mut end = 0;
        for range in merged(ranges) {
            let (Some(before), Some(inside)) = (text.get(end..range.start), text.get(range.clone())) else { continue };
            marked.push_str(&visible(before));
            let inside = visible(inside);
            marked.push_str(&match self.styled {
                true => format!("{MARK}{inside}{MARK:#}"),
                false => format!("[[{inside}]]"),
            });
            end = range.end;
        }
        marked.push_str(&visible(text.get(end..).unwrap_or_default()));
        marked
    }

    fn print_verdict(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let verdict = &self.explanation.verdict;
        self.print_title("Verdict", out)?;
        let title = self.rules.category_title(&verdict.category.value);
        let by = by(verdict.category.rule.as_ref());
        writeln!(out, "  category     {} ({title:?}), {by}", verdict.category.value)?;
        for (place, sum) in self.explanation.sums.iter().enumerate() {
            let rules = names(sum.rules.iter());
            let sign = if place == 0 { "=" } else { " " };
            writeln!(out, "             {sign} {:>4} {} from {rules}", sum.sum, sum.category)?;
        }
        self.print_severity(out)?;
        if let Some(tier) = &verdict.tier {
            writeln!(out, "  tier         {}, {}", tier.value, self::by(tier.rule.as_ref()))?;
        }
        if let Some(intent) = &verdict.intent {
            writeln!(out, "  intent       {}, {}", intent.value, self::by(intent.rule.as_ref()))?;
        }
        if let Some(template) = &verdict.template {
            writeln!(out, "  template     {}, {}", template.value, self::by(template.rule.as_ref()))?;
        }
        if let Some(key) = &verdict.correlation {
            writeln!(out, "  alert        {}, {}", visible(&key.value), self::by(key.rule.as_ref()))?;
        }
        if verdict.recovers.value {
            writeln!(out, "  recovers     yes, {}", self::by(verdict.recovers.rule.as_ref()))?;
        }
        if !verdict.tags.is_empty() {
            writeln!(out, "  tags         {}", verdict.tags.join(", "))?;
        }
        if !verdict.articles.is_empty() {
            writeln!(out, "  articles     {}", verdict.articles.join(", "))?;
        }
        let answer = if verdict.answer.value { "acknowledged" } else { "never acknowledged" };
        writeln!(out, "  answer       {answer}, {}", self::by(verdict.answer.rule.as_ref()))?;
        writeln!(out, "  disposition  {}, {}", verdict.disposition.value, self::by(verdict.disposition.rule.as_ref()))?;
        writeln!(out, "  rule set     {}", verdict.version)?;
        Ok(())
    }

    fn print_severity(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let trace = &self.explanation.severity;
        writeln!(out, "  severity     {}, {}", trace.result, by(self.explanation.verdict.severity.rule.as_ref()))?;
        for (rule, severity) in &trace.asked {
            writeln!(out, "               at least {severity} by {rule}")?;
        }
        for (rule, cap) in &trace.caps {
            writeln!(out, "               at most {cap} by {rule}")?;
        }
        Ok(())
    }
}

fn by(rule: Option<&RuleId>) -> String {
    rule.map_or("by default".to_owned(), |rule| format!("by {rule}"))
}

fn names<'r>(rules: impl Iterator<Item = &'r RuleId>) -> String {
    rules.map(|rule| rule.0.as_str()).collect::<Vec<_>>().join(", ")
}

/// The ranges in order, those that touch made one.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The text without control characters: a mail must not command the terminal that shows it.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// How many of the rules that came nearest are shown.
const NEAREST: usize = 5;

/// The rules that saw words of the mail and do not match for want of a condition or two, the nearest first.
fn nearest<'t>(rules: &[&'t RuleTrace]) -> Vec<(&'t RuleTrace, Vec<&'t ConditionTrace>)> {
    let mut near: Vec<_> = rules
        .iter()
        .filter(|rule| !rule.shadow)
        .filter_map(|rule| {
            let lacking = rule.condition.lacking();
            // Of a fact such as the sender that holds nobody would think the rule near.
            let has_words = rule.condition.has_words();
            (has_words && lacking.len() <= 2).then_some((*rule, lacking))
        })
        .collect();
    near.sort_by_key(|(_, lacking)| lacking.len());
    near.truncate(NEAREST);
    near
}

/// One rule with its conditions; `+` holds, `-` does not.
pub(super) fn print_rule(rule: &RuleTrace, out: &mut dyn Write) -> anyhow::Result<()> {
    let state = match (rule.counts, rule.matched) {
        (false, true) if rule.shadow => ", a shadow: it is recorded and does not count",
        (true, _) => "",
        (false, true) => ", matches but is not asked: a rule before it stops",
        (false, false) => ", does not match",
    };
    writeln!(out, "  {} at {}:{}{state}", rule.rule, rule.path, rule.line)?;
    print_condition(&rule.condition, 2, out)
}

fn print_condition(condition: &ConditionTrace, depth: usize, out: &mut dyn Write) -> anyhow::Result<()> {
    let sign = if condition.holds { '+' } else { '-' };
    write!(out, "{:indent$}{sign} {}", "", condition.condition, indent = depth * 2)?;
    match condition.seen.first() {
        Some(seen) => writeln!(out, "  saw {}", describe(seen))?,
        None => writeln!(out)?,
    }
    for inner in &condition.inner {
        print_condition(inner, depth + 1, out)?;
    }
    Ok(())
}

fn describe(seen: &Seen) -> String {
    let text = visible(&seen.text);
    let value = seen.value.as_ref().map_or(String::new(), |value| format!(" = {}", visible(value)));
    match &seen.place {
        Some(place) => format!("\"{text}\"{value} at {} {}..{}", place.field, place.range.start, place.range.end),
        None => format!("{text}{value}"),
    }
}
