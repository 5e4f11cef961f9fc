//! What rules cost as they become many, beside the same patterns tried one by one.
//!
//! The rules are made up: reports as the shipped ones know them, about made-up products. Of their words about half
//! occur in the mails, so that a pattern cannot be dismissed by its first word alone.

use super::desk;
use super::figures::median;
use anyhow::{Result, anyhow};
use jiff::Timestamp;
use postroom::classify::{self, Context, RuleFile, RuleSet, ThreadState, compile};
use postroom::message::{self, Authentication, Message, Reader};
use postroom::ticket::Severity;
use postroom::ticket::people::Who;
use postroom_testbed::load;
use regex::RegexBuilder;
use std::time::Instant;

const SIZE_BYTES: usize = 4_000;
const SEED: u64 = 20_260_306;
const COUNTS: [usize; 5] = [0, 10, 100, 1_000, 10_000];
const PASSES: usize = 5;

/// Words of the mails, which patterns begin with.
const OCCURRING: [&str; 8] = ["request", "export", "policy", "key", "limit", "console", "response", "service"];
/// Words that no mail has.
const ABSENT: [&str; 8] = ["invoice", "printer", "licence", "telephone", "forklift", "parcel", "warehouse", "scanner"];
/// What goes wrong with them; the first four are said in the mails, though of other things.
const TROUBLES: [&str; 8] = ["fail", "time out", "refused", "exceeded", "crash", "vanish", "overheat", "jam"];

pub fn measure(count: usize) -> Result<()> {
    let mails = load::mails("r", "support@desk.test", count, SIZE_BYTES, SEED);
    let messages: Vec<Message> =
        mails.iter().map(|mail| message::parse(&mail.raw, Timestamp::UNIX_EPOCH, &Reader::default())).collect();
    let shipped = desk::rule_files()?;
    println!("{count} mails of {SIZE_BYTES} bytes; microseconds a mail on one core");
    println!("                       made-up rules alone                          beside the shipped ones");
    println!(
        "  rules     scan    judge     both  of 10 rules   one by one   times     both  of 10 rules   compiled in"
    );
    let mut lines = Vec::new();
    for rules in COUNTS {
        let made_up = made_up(rules);
        let file = RuleFile { path: "90-made-up.toml".to_owned(), text: made_up.text };
        let alone = set(std::slice::from_ref(&file))?;
        let (scan, judge) = cost(&messages, &alone);
        let one_by_one = one_by_one(&messages, &made_up.patterns)?;
        let begun = Instant::now();
        let all = set(&[shipped.clone(), vec![file]].concat())?;
        let compiled = begun.elapsed();
        let (scan_all, judge_all) = cost(&messages, &all);
        lines.push((rules, scan, judge, one_by_one, scan_all + judge_all, compiled));
    }
    let ten = lines.iter().find(|line| line.0 == 10);
    let of_ten = |value: f64, of: fn(&Line) -> f64| ten.map_or(1.0, |ten| value / of(ten));
    for line in &lines {
        let (rules, scan, judge, one_by_one, all, compiled) = line;
        let both = scan + judge;
        println!(
            "{rules:>7} {scan:8.1} {judge:8.1} {both:8.1}  {:11.2}   {one_by_one:10.1}  {:6.1}  {all:7.1}  {:11.2}   {:8.2} s",
            of_ten(both, |line| line.1 + line.2),
            one_by_one / both,
            of_ten(*all, |line| line.4),
            compiled.as_secs_f64()
        );
    }
    println!("(wanted: 1,000 rules under twice 10 rules)");
    Ok(())
}

/// Rules, scan, judge, one by one, all beside the shipped ones, time to compile these.
type Line = (usize, f64, f64, f64, f64, std::time::Duration);

fn set(files: &[RuleFile]) -> Result<RuleSet> {
    compile(files).map_err(|errors| anyhow!("{}", errors[0]))
}

/// What a mail costs to scan and to judge, in microseconds.
fn cost(messages: &[Message], rules: &RuleSet) -> (f64, f64) {
    let context = Context {
        sender: Who::Stranger,
        authentication: Authentication::None,
        thread: ThreadState::New,
        customer_lists: Vec::new(),
        default_severity: Severity::Medium,
        default_category: classify::GENERAL.to_owned(),
        ..Context::default()
    };
    let each = |at: Instant| at.elapsed().as_secs_f64() * 1e6 / messages.len() as f64;
    let (mut scans, mut judges) = (Vec::new(), Vec::new());
    // The first pass fills the caches of the patterns.
    for pass in 0..=PASSES {
        let mut at = Instant::now();
        let scanned: Vec<_> = messages.iter().map(|message| classify::scan(message, rules)).collect();
        let scan = each(at);
        at = Instant::now();
        for (message, scan) in messages.iter().zip(&scanned) {
            std::hint::black_box(classify::judge(scan, message, &context, rules));
        }
        if pass > 0 {
            scans.push(scan);
            judges.push(each(at));
        }
    }
    (median(scans), median(judges))
}

/// What a mail costs when each pattern is searched for by itself, in microseconds.
fn one_by_one(messages: &[Message], patterns: &[Pattern]) -> Result<f64> {
    let regex = |pattern: &Pattern| RegexBuilder::new(&pattern.regex).case_insensitive(true).build();
    let regexes = patterns.iter().map(regex).collect::<Result<Vec<_>, _>>()?;
    // Thousands of patterns take long, and some mails tell enough.
    let some = &messages[..messages.len().min(40_000 / patterns.len().max(1)).max(4)];
    let pass = || {
        let at = Instant::now();
        for message in some {
            for (regex, pattern) in regexes.iter().zip(patterns) {
                let text = if pattern.is_subject { &message.subject } else { &message.body.reply };
                std::hint::black_box(regex.is_match(text));
            }
        }
        at.elapsed().as_secs_f64() * 1e6 / some.len() as f64
    };
    pass();
    Ok(median((0..3).map(|_| pass())))
}

struct Pattern {
    regex: String,
    is_subject: bool,
}

struct MadeUp {
    text: String,
    patterns: Vec<Pattern>,
}

/// Rules, each with a pattern for the text and one for the subject, no two alike.
fn made_up(count: usize) -> MadeUp {
    let mut made = MadeUp { text: String::new(), patterns: Vec::new() };
    for at in 0..count {
        let words = if at % 2 == 0 { OCCURRING } else { ABSENT };
        let (word, trouble, other) = (words[at / 2 % 8], TROUBLES[at / 16 % 8], ABSENT[at / 128 % 8]);
        let text = format!(
            r"\b(?:{word}s?|{other} {at})\b[^.?!]{{0,40}}\b{trouble}(?:s|ed|ing)?\b[^.?!]{{0,20}}\b(?:line|room|unit) {at}\b"
        );
        let subject = format!(r"\b{word}[ -]{at}\b[^.?!]{{0,30}}\b{trouble}");
        made.text.push_str(&format!(
            "[[rule]]\nname = \"made-up-{at}\"\nseverity = \"high\"\ntags = [\"made-up\"]\n\
             [rule.when]\nany = [{{ text = '{text}' }}, {{ subject = '{subject}' }}]\n\n"
        ));
        made.patterns.push(Pattern { regex: text, is_subject: false });
        made.patterns.push(Pattern { regex: subject, is_subject: true });
    }
    made
}
