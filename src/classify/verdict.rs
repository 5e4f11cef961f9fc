//! From what each rule says to one [`Verdict`].

use super::condition::{Facts, Numbers};
use super::cost::Step;
use super::rule::{Rule, RuleSet};
use super::scan::{Scan, scan};
use super::{Because, Context, Disposition, MatchedRule, Verdict};
use crate::message::Message;
use std::cell::OnceCell;

/// Reads the message and judges it; [`scan`] and [`judge`] in one.
pub fn classify(message: &Message, context: &Context, rules: &RuleSet) -> Verdict {
    judge(&scan(message, rules), message, context, rules)
}

/// What the rules say of a message that was scanned. Pure and total.
///
/// A scan with other rules, as when they changed in between, is made anew.
pub fn judge(scan: &Scan, message: &Message, context: &Context, rules: &RuleSet) -> Verdict {
    if !scan.is_of(rules) {
        return classify(message, context, rules);
    }
    judge_watched(scan, message, context, rules, &mut |_| {})
}

/// The same for a scan with these very rules, while somebody is told of each step when it is done.
pub(super) fn judge_watched(
    scan: &Scan,
    message: &Message,
    context: &Context,
    rules: &RuleSet,
    watch: &mut impl FnMut(Step),
) -> Verdict {
    let language = OnceCell::new();
    let matched = matches(scan, message, context, &language, rules, watch);
    let facts = Facts { scan, message, context, matched: &matched, language: &language, rules };
    let verdict = verdict(&facts, &counted(&matched, rules), rules);
    watch(Step::Together);
    verdict
}

/// For each rule whether its condition holds, `stop` or no `stop`: composites see every rule.
pub(super) fn matches(
    scan: &Scan,
    message: &Message,
    context: &Context,
    language: &OnceCell<Option<String>>,
    rules: &RuleSet,
    watch: &mut impl FnMut(Step),
) -> Vec<bool> {
    let candidates = asked(scan, rules);
    let mut matched = vec![false; rules.rules.len()];
    watch(Step::Together);
    for rule in candidates {
        matched[rule] =
            Facts { scan, message, context, matched: &matched, language, rules }.holds(&rules.rules[rule].when);
        watch(Step::Rule(rule));
    }
    matched
}

/// The places of the rules whose conditions have to be worked out for this mail, in the order in which that is done.
pub fn asked(scan: &Scan, rules: &RuleSet) -> Vec<usize> {
    let awakened = scan.hits().iter().flat_map(|hit| &rules.awaiting[hit.pattern.0 as usize]);
    let mut asked: Vec<usize> = awakened.chain(&rules.always).copied().collect();
    asked.sort_unstable_by_key(|rule| rules.rank[*rule]);
    asked.dedup();
    asked
}

/// The places of the rules that count: those that match and are no shadows, up to the first of them that stops.
pub(super) fn counted(matched: &[bool], rules: &RuleSet) -> Vec<usize> {
    let mut counted = Vec::new();
    let acts = |(place, matched): &(usize, &bool)| **matched && !rules.rules[*place].is_shadow;
    for (place, _) in matched.iter().enumerate().filter(acts) {
        counted.push(place);
        if rules.rules[place].stop {
            break;
        }
    }
    counted
}

/// What the rules at these places ask for together.
pub(super) fn verdict(facts: &Facts<'_>, counted: &[usize], rules: &RuleSet) -> Verdict {
    let counting: Vec<&Rule> = counted.iter().map(|place| &rules.rules[*place]).collect();
    let context = facts.context;
    let mut tags: Vec<String> = counting.iter().flat_map(|rule| rule.tags.iter().cloned()).collect();
    tags.sort();
    tags.dedup();
    let mut articles: Vec<String> = Vec::new();
    for article in counting.iter().flat_map(|rule| &rule.articles) {
        if !articles.contains(article) {
            articles.push(article.clone());
        }
    }
    let quiet = counting.iter().find(|rule| !rule.answer);
    let disposition = first_greatest(&counting, |rule| rule.disposition);
    let shadows = rules.rules.iter().zip(facts.matched).filter(|(rule, matched)| **matched && rule.is_shadow);
    let (correlation, recovers) = alert(facts, counted);
    Verdict {
        category: category(&counting, &context.default_category),
        severity: severity(&counting, context),
        tier: first_greatest(&counting, |rule| rule.tier)
            .map(|(rule, tier)| Because { value: tier, rule: Some(rule.name.clone()) }),
        team: counting.iter().find_map(|rule| Some(by(rule, rule.team.clone()?))),
        page: counting
            .iter()
            .find(|rule| rule.page.is_some())
            .map_or(Because { value: false, rule: None }, |rule| by(rule, true)),
        tags,
        articles,
        answer: Because { value: quiet.is_none(), rule: quiet.map(|rule| rule.name.clone()) },
        disposition: disposition.map_or(Because { value: Disposition::Accept, rule: None }, |(rule, value)| Because {
            value,
            rule: Some(rule.name.clone()),
        }),
        intent: counting.iter().find_map(|rule| Some(by(rule, rule.intent?))),
        template: counting.iter().find_map(|rule| Some(by(rule, rule.template.clone()?))),
        calendar: counting.iter().find_map(|rule| Some(by(rule, rule.calendar.clone()?))),
        correlation,
        recovers,
        matched: counting.iter().map(|rule| evidence(facts, rule)).collect(),
        shadow: shadows.map(|(rule, _)| evidence(facts, rule)).collect(),
        version: rules.version.clone(),
    }
}

fn by<T>(rule: &Rule, value: T) -> Because<T> {
    Because { value, rule: Some(rule.name.clone()) }
}

/// Which alert the mail is about, and whether it tells its end.
///
/// A number below the one that ends an alert ends it where no rule says that the alert goes on: two rules with two
/// thresholds may speak of the same one.
fn alert(facts: &Facts<'_>, counted: &[usize]) -> (Option<Because<String>>, Because<bool>) {
    let rules = &facts.rules.rules;
    let recovers = counted.iter().map(|place| &rules[*place]).find(|rule| rule.recovers);
    let recovers = recovers.map_or(Because { value: false, rule: None }, |rule| by(rule, true));
    let correlation = counted.iter().find_map(|place| Some(by(&rules[*place], facts.key(*place)?)));
    if correlation.is_some() {
        return (correlation, recovers);
    }
    let clears = |place: &&usize| {
        let rule = &rules[**place];
        !rule.is_shadow && facts.is_open(**place) && facts.holds_for(&rule.when, Numbers::Clearing)
    };
    match facts.rules.clearing.iter().find(clears) {
        Some(place) => (facts.key(*place).map(|key| by(&rules[*place], key)), by(&rules[*place], true)),
        None => (None, recovers),
    }
}

fn evidence(facts: &Facts<'_>, rule: &Rule) -> MatchedRule {
    let (text, value) = facts.evidence(&rule.when);
    MatchedRule { rule: rule.name.clone(), text: text.map(str::to_owned), value }
}

/// The greatest of what the rules ask for, and the first rule that asks for it.
fn first_greatest<'r, T: Ord>(rules: &[&'r Rule], ask: impl Fn(&Rule) -> Option<T>) -> Option<(&'r Rule, T)> {
    let mut greatest: Option<(&Rule, T)> = None;
    for rule in rules {
        if let Some(value) = ask(rule)
            && greatest.as_ref().is_none_or(|(_, so_far)| value > *so_far)
        {
            greatest = Some((rule, value));
        }
    }
    greatest
}

/// The weights that each category gathered, in the order of their first rules.
pub(super) fn sums<'r>(rules: &[&'r Rule]) -> Vec<(&'r str, f64, Vec<&'r Rule>)> {
    let mut sums: Vec<(&str, f64, Vec<&Rule>)> = Vec::new();
    for rule in rules {
        let Some(category) = rule.category.as_deref() else { continue };
        match sums.iter_mut().find(|(name, ..)| *name == category) {
            Some((_, sum, by)) => {
                *sum += rule.weight;
                by.push(rule);
            }
            None => sums.push((category, rule.weight, vec![rule])),
        }
    }
    sums
}

/// The category with the greatest sum; of equal ones the one whose rule stands first.
fn category(rules: &[&Rule], default: &str) -> Because<String> {
    let mut winner: Option<(&str, f64, Vec<&Rule>)> = None;
    for sum in sums(rules) {
        if winner.as_ref().is_none_or(|(_, greatest, _)| sum.1 > *greatest) {
            winner = Some(sum);
        }
    }
    let Some((name, _, by)) = winner else { return Because { value: default.to_owned(), rule: None } };
    let mut heaviest: Option<&Rule> = None;
    for rule in by {
        if heaviest.is_none_or(|so_far| rule.weight > so_far.weight) {
            heaviest = Some(rule);
        }
    }
    Because { value: name.to_owned(), rule: heaviest.map(|rule| rule.name.clone()) }
}

/// The highest severity asked for, or the default, no higher than the lowest cap.
fn severity(rules: &[&Rule], context: &Context) -> Because<crate::ticket::Severity> {
    let asked = first_greatest(rules, |rule| rule.severity);
    let (value, rule) = match asked {
        Some((rule, severity)) => (severity, Some(rule)),
        None => (context.default_severity, None),
    };
    let cap = first_greatest(rules, |rule| rule.severity_cap.map(std::cmp::Reverse));
    let (value, rule) = match cap {
        Some((capping, std::cmp::Reverse(cap))) if cap < value => (cap, Some(capping)),
        _ => (value, rule),
    };
    Because { value, rule: rule.map(|rule| rule.name.clone()) }
}
