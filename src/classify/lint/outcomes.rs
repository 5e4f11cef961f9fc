//! What a rule says in vain: because another rule always has its way, or because nothing follows from it for the mails
//! that the rule asks for.

use super::required;
use crate::classify::Disposition;
use crate::classify::correlation::Part;
use crate::classify::rule::{Condition, Rule, Test};
use crate::classify::when::Fact;
use crate::ticket::Severity;

/// What only a mail that opens a ticket has a say in.
const OF_OPENING: &[&str] = &["category", "tier", "team", "tags", "template", "answer", "calendar"];

/// All that a rule may say of a mail that counts.
const ALL: &[&str] = &[
    "category",
    "severity",
    "severity_cap",
    "tier",
    "team",
    "page",
    "tags",
    "articles",
    "answer",
    "disposition",
    "intent",
    "template",
    "calendar",
];

/// What a rule says in vain, and why.
pub(super) struct Vain {
    /// The key of the outcome.
    pub key: &'static str,
    pub why: &'static str,
}

/// What hardly ever follows from the rule, unless an agent or another mail changes something.
pub(super) fn idle(rule: &Rule) -> Vec<Vain> {
    let mut vain: Vec<Vain> = Vec::new();
    let mut add = |keys: &[&'static str], why: &'static str| {
        for key in keys {
            if says(rule, key) && !vain.iter().any(|known| known.key == *key) {
                vain.push(Vain { key, why });
            }
        }
    };
    if rule.severity == Some(Severity::Critical) {
        add(&["calendar"], "the rule asks for critical, and what is critical runs around the clock");
    }
    let required = required(&rule.when);
    let only = |fact: Fact, words: &[&str]| required.iter().any(|condition| is_only(condition, fact, words));
    if only(Fact::Sender, &["monitor"]) {
        add(&["calendar"], "nothing is promised to a monitor");
        add(&["template", "answer"], "a monitor is never answered");
        add(&["intent"], "only a customer answers a solution");
    }
    if only(Fact::Origin, &["own", "delivery-report"]) {
        add(ALL, "a delivery report, or mail of our own, is never judged by rules");
    }
    if only(Fact::Sender, &["agent"]) && only(Fact::Thread, &["follow-up", "resolved", "closed"]) {
        add(ALL, "an agent's mail on a ticket is an answer or an order, and no rule has a say in it");
    }
    if only(Fact::Thread, &["follow-up", "resolved"]) {
        add(OF_OPENING, "it is said of a ticket by the mail that opens it, and the rule asks for a later one");
        if rule.severity == Some(Severity::Low) {
            add(&["severity"], "a later mail only raises the severity, and no ticket's is below low");
        }
    }
    if only(Fact::Thread, &["new", "follow-up"]) {
        add(&["intent"], "a ticket that is neither resolved nor closed has no solution to answer");
    }
    let is_automatic = required.iter().any(|condition| matches!(condition.test, Test::Automatic(true)));
    if is_automatic || only(Fact::Origin, &["automatic-reply", "delivery-report", "bulk", "own"]) {
        add(&["template", "answer"], "a mail that no person wrote is never answered");
    }
    vain
}

/// Whether the condition asks for one of these words, and nothing else will do.
fn is_only(condition: &Condition, fact: Fact, words: &[&str]) -> bool {
    match &condition.test {
        Test::Words { fact: of, words: wanted } => {
            *of == fact && wanted.iter().all(|word| words.contains(&word.as_str()))
        }
        _ => false,
    }
}

fn says(rule: &Rule, key: &str) -> bool {
    match key {
        "category" => rule.category.is_some(),
        "severity" => rule.severity.is_some(),
        "severity_cap" => rule.severity_cap.is_some(),
        "tier" => rule.tier.is_some(),
        "team" => rule.team.is_some(),
        "page" => rule.page.is_some(),
        "tags" => !rule.tags.is_empty(),
        "articles" => !rule.articles.is_empty(),
        "answer" => !rule.answer,
        "disposition" => rule.disposition.is_some(),
        "intent" => rule.intent.is_some(),
        "template" => rule.template.is_some(),
        "calendar" => rule.calendar.is_some(),
        _ => unreachable!("these are all keys that are asked for"),
    }
}

/// What the rule says in vain where `other` matches whenever it does: what the other one does, and what never counts.
///
/// `is_first` says that the other one stands before the rule.
pub(super) fn outdone(rule: &Rule, other: &Rule, is_first: bool) -> Vec<(String, String)> {
    if other.disposition == Some(Disposition::Discard)
        && rule.disposition != other.disposition
        && ALL.iter().any(|key| says(rule, key))
    {
        return vec![("discards the mail".to_owned(), "word on it".to_owned())];
    }
    let mut outdone = Vec::new();
    if let (Some(template), false) = (&rule.template, other.answer) {
        outdone.push(("lets nobody answer".to_owned(), format!("template `{template}`")));
    }
    // The greatest, or the least, has its way, wherever its rule stands.
    if let Some((asked, more)) = rule.severity.zip(other.severity).filter(|(asked, more)| more > asked) {
        outdone.push((format!("asks for {more}"), asked.to_string()));
    } else if let Some((asked, cap)) = rule.severity.zip(other.severity_cap).filter(|(asked, cap)| cap < asked) {
        outdone.push((format!("allows no more than {cap}"), asked.to_string()));
    }
    if let Some((cap, less)) = rule.severity_cap.zip(other.severity_cap).filter(|(cap, less)| less < cap) {
        outdone.push((format!("allows no more than {less}"), format!("cap of {cap}")));
    }
    if let Some((tier, higher)) = rule.tier.zip(other.tier).filter(|(tier, higher)| higher > tier) {
        outdone.push((format!("asks for {higher}"), tier.to_string()));
    }
    if let Some((mild, harsh)) = rule.disposition.zip(other.disposition).filter(|(mild, harsh)| harsh > mild) {
        outdone.push((format!("says {harsh}"), mild.to_string()));
    }
    if !is_first {
        return outdone;
    }
    // The first has its way.
    let name = |what: &str, first: String, later: String| {
        (first != later).then(|| (format!("names the {what} `{first}` before it"), format!("{what} `{later}`")))
    };
    let of = |later: &Option<String>, first: &Option<String>| later.clone().zip(first.clone());
    let team = rule.team.as_ref().zip(other.team.as_ref()).map(|(later, first)| (later.to_string(), first.to_string()));
    let intent = rule.intent.zip(other.intent).map(|(later, first)| (later.to_string(), first.to_string()));
    outdone.extend(team.and_then(|(later, first)| name("team", first, later)));
    outdone.extend(of(&rule.template, &other.template).and_then(|(later, first)| name("template", first, later)));
    outdone.extend(of(&rule.calendar, &other.calendar).and_then(|(later, first)| name("calendar", first, later)));
    outdone.extend(intent.and_then(|(later, first)| name("intent", first, later)));
    if let Some((later, first)) = rule.correlate.as_ref().zip(other.correlate.as_ref())
        && later != first
        // Else the first one may capture nothing where this one does.
        && first.parts.iter().all(|part| !matches!(part, Part::Name { .. }) || later.parts.contains(part))
    {
        outdone.push(("makes a key before it".to_owned(), "key of an alert".to_owned()));
    }
    outdone
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found_with, rules};
    use super::super::{Evidence, LintKind};

    /// What is found of outcomes in these rules, each with its words.
    fn told(bodies: &[&str]) -> Vec<String> {
        let lints = found_with(&rules(bodies), &Evidence::default());
        let of_outcomes = lints
            .iter()
            .filter(|lint| matches!(lint.lint, LintKind::Overlap | LintKind::IdleOutcome | LintKind::IdleCalendar));
        of_outcomes.map(|lint| format!("{}: {}", lint.rule, lint.finding.message)).collect()
    }

    #[test]
    fn what_another_rule_always_says_first_or_more_of_never_counts() {
        let whenever = "whenever the rule matches,";
        for (name, wide, narrow, expected) in [
            ("severity", "severity = 'high'", "severity = 'low'", "`a` asks for high: its low never counts"),
            (
                "severity below a cap",
                "severity_cap = 'medium'",
                "severity = 'high'",
                "`a` allows no more than medium: its high never counts",
            ),
            (
                "cap",
                "severity_cap = 'low'",
                "severity_cap = 'medium'",
                "`a` allows no more than low: its cap of medium never counts",
            ),
            ("tier", "tier = 'tier-3'", "tier = 'tier-2'", "`a` asks for tier-3: its tier-2 never counts"),
            (
                "disposition",
                "disposition = 'quarantine'",
                "disposition = 'accept'",
                "`a` says quarantine: its accept never counts",
            ),
            (
                "all of what is discarded",
                "disposition = 'discard'",
                "severity = 'high'",
                "`a` discards the mail: its word on it never counts",
            ),
            (
                "template of what is not answered",
                "answer = false",
                "template = 't'",
                "`a` lets nobody answer: its template `t` never counts",
            ),
            ("team", "team = 'ops'", "team = 'dev'", "`a` names the team `ops` before it: its team `dev` never counts"),
            (
                "template",
                "template = 'day'",
                "template = 'night'",
                "`a` names the template `day` before it: its template `night` never counts",
            ),
            (
                "calendar",
                "calendar = 'x'",
                "calendar = 'y'",
                "`a` names the calendar `x` before it: its calendar `y` never counts",
            ),
            (
                "intent",
                "intent = 'confirm'",
                "intent = 'thanks'",
                "`a` names the intent `confirm` before it: its intent `thanks` never counts",
            ),
        ] {
            let (wide, narrow) = (format!("{wide}\nwhen.text = ['xx', 'yy']"), format!("{narrow}\nwhen.text = 'xx'"));
            assert_eq!(told(&[&wide, &narrow]), [format!("b: {whenever} {expected}")], "{name}");
            // The other way round the narrow rule is an exception, but for what the greatest decides.
            let is_greatest = ["severity", "cap", "tier", "disposition", "all of", "template of"];
            let count = usize::from(is_greatest.iter().any(|greatest| name.starts_with(greatest)));
            assert_eq!(told(&[&narrow, &wide]).len(), count, "{name}, the other way round");
            let stops = format!("stop = true\n{narrow}");
            assert_eq!(told(&[&stops, &wide]).len(), 0, "{name}, of a rule that stops before the other");
        }
    }

    #[test]
    fn the_key_of_an_alert_never_counts_behind_one_that_is_always_there() {
        let rule = |key: &str, pattern: &str| {
            format!("correlate = '{key}'\nwhen = {{ sender = 'monitor', subject = '{pattern}' }}")
        };
        let same = "on (?<host>\\S+) (?<check>\\S+)";
        let vain = ["b: whenever the rule matches, `a` makes a key before it: its key of an alert never counts"];
        for (name, first, later, expected) in [
            ("a fixed key first", rule("x", same), rule("{host}", same), vain.as_slice()),
            ("the sender's first", rule("{from}", same), rule("{host}", same), &vain),
            ("what both capture first", rule("{host}", same), rule("{host}/{check}", same), &vain),
            ("what may not be there first", rule("{host}/{check}", same), rule("{host}", same), &[]),
            ("the same", rule("{host}", same), rule("{host}", same), &[]),
        ] {
            assert_eq!(told(&[&first, &later]), expected, "{name}");
        }
    }

    #[test]
    fn a_rule_that_stops_in_between_leaves_the_later_one_no_say() {
        let between = "stop = true\nwhen.subject = 'zz'";
        let (narrow, wide) = ("severity = 'low'\nwhen.text = 'xx'", "severity = 'high'\nwhen.text = ['xx', 'yy']");
        assert_eq!(told(&[narrow, between, wide]).len(), 0);
        assert_eq!(told(&[wide, between, narrow]).len(), 1, "whatever stops the first one stops the other, too");
    }

    #[test]
    fn what_follows_for_no_mail_that_a_rule_asks_for_is_told() {
        let later = "it is said of a ticket by the mail that opens it, and the rule asks for a later one";
        let robots = "a mail that no person wrote is never answered";
        let orders = "an agent's mail on a ticket is an answer or an order, and no rule has a say in it";
        for (says, when, expected) in [
            ("team = 'ops'", "thread = 'follow-up'", vec![("team", later)]),
            ("tier = 'tier-2'", "thread = ['follow-up', 'resolved']", vec![("tier", later)]),
            ("category = 'general'", "thread = 'resolved'", vec![("category", later)]),
            ("tags = ['t']", "thread = 'follow-up'", vec![("tags", later)]),
            ("answer = false", "thread = 'follow-up'", vec![("answer", later)]),
            ("template = 't'", "thread = 'follow-up'", vec![("template", later)]),
            // A ticket that was closed for long is not opened again: the mail opens another one.
            ("team = 'ops'", "thread = ['closed', 'resolved']", vec![]),
            ("team = 'ops'", "thread = ['new', 'follow-up']", vec![]),
            ("severity = 'high'", "thread = 'follow-up'", vec![]),
            ("severity_cap = 'low'", "thread = 'follow-up'", vec![]),
            ("page = true", "thread = 'follow-up'", vec![]),
            ("articles = ['a']", "thread = 'follow-up'", vec![]),
            (
                "severity = 'low'",
                "thread = 'follow-up'",
                vec![("severity", "a later mail only raises the severity, and no ticket's is below low")],
            ),
            ("intent = 'confirm'", "thread = ['resolved', 'closed']", vec![]),
            (
                "intent = 'confirm'",
                "thread = ['new', 'follow-up']",
                vec![("intent", "a ticket that is neither resolved nor closed has no solution to answer")],
            ),
            ("template = 't'", "sender = 'monitor'", vec![("template", "a monitor is never answered")]),
            ("answer = false", "sender = 'monitor'", vec![("answer", "a monitor is never answered")]),
            ("intent = 'thanks'", "sender = 'monitor'", vec![("intent", "only a customer answers a solution")]),
            ("template = 't'", "automatic = true", vec![("template", robots)]),
            ("answer = false", "origin = ['bulk', 'automatic-reply']", vec![("answer", robots)]),
            ("template = 't'", "origin = ['bulk', 'person']", vec![]),
            ("disposition = 'quarantine'", "sender = 'agent', thread = 'follow-up'", vec![("disposition", orders)]),
            ("severity = 'high'", "sender = 'agent', thread = 'closed'", vec![("severity", orders)]),
            ("severity = 'high'", "sender = 'agent', thread = 'new'", vec![]),
            (
                "tags = ['t']",
                "origin = 'delivery-report'",
                vec![("tags", "a delivery report, or mail of our own, is never judged by rules")],
            ),
        ] {
            let expected: Vec<String> = expected
                .into_iter()
                .map(|(key, why)| format!("a: what the rule says by `{key}` hardly ever counts: {why}"))
                .collect();
            let rule = format!("{says}\nwhen = {{ text = 'xx', {when} }}");
            assert_eq!(told(&[&rule]), expected, "{says}, {when}");
        }
    }
}
