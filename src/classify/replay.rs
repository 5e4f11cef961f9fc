//! What other rules would have made of mails that were judged before: the differences, counted, and guards on the counts.

mod effect;
mod guard;

pub use effect::{Place, with_effect};
pub use guard::Guard;

use super::{Because, Disposition, RuleId, Verdict};
use crate::ticket::Severity;
use std::collections::BTreeMap;
use std::fmt;

crate::ticket::words! {
    /// A part of a verdict.
    Part {
        /// What the mail is about.
        Category = "category",
        /// How bad it is.
        Severity = "severity",
        /// Who works on it.
        Tier = "tier",
        /// Which team's it is.
        Team = "team",
        /// Whether those on call are paged.
        Page = "page",
        /// What becomes of the mail.
        Disposition = "disposition",
        /// Whether it is acknowledged.
        Answer = "answer",
        /// With which words.
        Template = "template",
        /// In which hours promises run.
        Calendar = "calendar",
        /// What an answer to a solution means.
        Intent = "intent",
        /// Which alert it is about.
        Correlation = "correlation",
        /// Whether the alert is over.
        Recovers = "recovers",
    }
}

/// A part of a verdict that other rules would have given otherwise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// The part.
    pub part: Part,
    /// What it was.
    pub from: String,
    /// What it would be.
    pub to: String,
    /// The rule that does it: one that says so now, or one that says so no more.
    pub by: Option<RuleId>,
    /// Whether the rule said so before and does not match any more.
    pub is_gone: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.part, self.from, self.to)?;
        match (&self.by, self.is_gone) {
            (Some(rule), false) => write!(f, " by {rule}"),
            (Some(rule), true) => write!(f, ", no longer by {rule}"),
            (None, _) => Ok(()),
        }
    }
}

/// In what two verdicts on one mail differ.
pub fn changes(before: &Verdict, after: &Verdict) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |part: Part, from: (String, Option<&RuleId>), to: (String, Option<&RuleId>)| {
        if from.0 == to.0 {
            return;
        }
        let matched = |verdict: &Verdict, rule: &RuleId| verdict.matched.iter().any(|matched| matched.rule == *rule);
        let gone = from.1.filter(|rule| !matched(after, rule));
        let (by, is_gone) = match (to.1, gone) {
            (Some(rule), Some(gone)) if matched(before, rule) => (Some(gone), true),
            (None, Some(gone)) => (Some(gone), true),
            (Some(rule), _) => (Some(rule), false),
            (None, None) => (None, false),
        };
        changes.push(Change { part, from: from.0, to: to.0, by: by.cloned(), is_gone });
    };
    for part in Part::ALL.iter().copied() {
        compare(part, said(before, part), said(after, part));
    }
    changes
}

/// What a verdict says of a part, and the rule that says so.
fn said(verdict: &Verdict, part: Part) -> (String, Option<&RuleId>) {
    fn of<T: ToString>(because: &Because<T>) -> (String, Option<&RuleId>) {
        (because.value.to_string(), because.rule.as_ref())
    }
    fn perhaps<T: ToString>(because: Option<&Because<T>>) -> (String, Option<&RuleId>) {
        because.map_or(("none".to_owned(), None), of)
    }
    match part {
        Part::Category => of(&verdict.category),
        Part::Severity => of(&verdict.severity),
        Part::Tier => perhaps(verdict.tier.as_ref()),
        Part::Team => perhaps(verdict.team.as_ref()),
        Part::Page => of(&verdict.page),
        Part::Disposition => of(&verdict.disposition),
        Part::Answer => of(&verdict.answer),
        Part::Template => perhaps(verdict.template.as_ref()),
        Part::Calendar => perhaps(verdict.calendar.as_ref()),
        Part::Intent => perhaps(verdict.intent.as_ref()),
        Part::Correlation => perhaps(verdict.correlation.as_ref()),
        Part::Recovers => of(&verdict.recovers),
    }
}

/// Where a change leads, seen from the severity that an agent gave the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// Closer to what the agent said.
    Towards,
    /// Further from it.
    Away,
}

/// Where a change of severity leads, if there is one and it leads anywhere.
pub fn movement(before: Severity, after: Severity, corrected: Severity) -> Option<Movement> {
    let distance = |severity: Severity| (severity as i8).abs_diff(corrected as i8);
    match distance(after).cmp(&distance(before)) {
        std::cmp::Ordering::Less => Some(Movement::Towards),
        std::cmp::Ordering::Greater => Some(Movement::Away),
        std::cmp::Ordering::Equal => None,
    }
}

/// All differences, counted.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Tally {
    /// Mails that were judged.
    pub mails: u64,
    /// Those among them that would be judged otherwise, so that something follows from it.
    pub changed: u64,
    /// Those that would be judged otherwise, and nothing follows from it.
    pub idle: u64,
    /// How many mails of each severity would have which: before, after, count.
    pub severities: Vec<(Severity, Severity, u64)>,
    /// The same for categories.
    pub categories: Vec<(String, String, u64)>,
    /// The same for what becomes of mails.
    pub dispositions: Vec<(Disposition, Disposition, u64)>,
    /// How often each part changed.
    pub parts: BTreeMap<&'static str, u64>,
    /// How often it would be there and was not: a page, a team.
    pub gained: BTreeMap<&'static str, u64>,
    /// How often it was there and would not be.
    pub lost: BTreeMap<&'static str, u64>,
    /// Tickets whose severity an agent corrected.
    pub corrected: u64,
    /// Those that would come closer to it.
    pub towards: u64,
    /// Those that would go further from it.
    pub away: u64,
    /// Tickets whose severity an agent corrected, and that had it right before; and after.
    pub right: (u64, u64),
}

impl Tally {
    /// Counts one mail; `changes` are those from which something follows.
    pub fn add(&mut self, before: &Verdict, after: &Verdict, changes: &[Change], corrected: Option<Severity>) {
        self.mails += 1;
        self.changed += u64::from(!changes.is_empty());
        for change in changes {
            let part = change.part.as_str();
            *self.parts.entry(part).or_default() += 1;
            let is_there = |said: &str| !matches!(said, "none" | "false");
            match (is_there(&change.from), is_there(&change.to)) {
                (false, true) => *self.gained.entry(part).or_default() += 1,
                (true, false) => *self.lost.entry(part).or_default() += 1,
                _ => {}
            }
        }
        // What changes and nothing follows from it is as it was.
        let counts = |part: Part| changes.iter().any(|change| change.part == part);
        let after = |part: Part| if counts(part) { after } else { before };
        let severities = (before.severity.value, after(Part::Severity).severity.value);
        match self.severities.iter_mut().find(|(from, to, _)| (*from, *to) == severities) {
            Some((_, _, count)) => *count += 1,
            None => self.severities.push((severities.0, severities.1, 1)),
        }
        let dispositions = (before.disposition.value, after(Part::Disposition).disposition.value);
        match self.dispositions.iter_mut().find(|(from, to, _)| (*from, *to) == dispositions) {
            Some((_, _, count)) => *count += 1,
            None => self.dispositions.push((dispositions.0, dispositions.1, 1)),
        }
        let categories = (&before.category.value, &after(Part::Category).category.value);
        match self.categories.iter_mut().find(|(from, to, _)| (from, to) == categories) {
            Some((_, _, count)) => *count += 1,
            None => self.categories.push((categories.0.clone(), categories.1.clone(), 1)),
        }
        let Some(corrected) = corrected else { return };
        self.corrected += 1;
        self.right.0 += u64::from(severities.0 == corrected);
        self.right.1 += u64::from(severities.1 == corrected);
        match movement(severities.0, severities.1, corrected) {
            Some(Movement::Towards) => self.towards += 1,
            Some(Movement::Away) => self.away += 1,
            None => {}
        }
    }

    /// Puts the pairs in order.
    pub fn sort(&mut self) {
        self.severities.sort();
        self.categories.sort();
        self.dispositions.sort();
    }

    /// How many mails of this severity would have which.
    pub fn severity(&self, from: Severity, to: Severity) -> u64 {
        self.severities.iter().find(|pair| (pair.0, pair.1) == (from, to)).map_or(0, |pair| pair.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Context, RuleFile, classify, compile, tests::mail};

    pub(super) fn verdict(rules: &str, text: &str) -> Verdict {
        let head = "[[category]]\nname = 'a'\ntitle = 'A'\n[[category]]\nname = 'b'\ntitle = 'B'\n";
        let rules = compile(&[RuleFile { path: "a".to_owned(), text: format!("{head}{rules}") }]).unwrap();
        classify(&mail("s", text), &Context::default(), &rules)
    }

    pub(super) const OLD: &str = "[[rule]]\nname = 'x'\ncategory = 'a'\nseverity = 'critical'\nwhen.text = 'xx'\n";

    #[test]
    fn a_change_names_the_rule_that_does_it() {
        let cases: [(&str, &str, &[&str]); 7] = [
            ("nothing", OLD, &[]),
            (
                "a rule that is new",
                "[[rule]]\nname = 'x'\ncategory = 'a'\nseverity = 'critical'\nwhen.text = 'xx'\n\
                 [[rule]]\nname = 'y'\ncategory = 'b'\nweight = 2\nanswer = false\nwhen.text = 'xx'\n",
                &["category a → b by y", "answer true → false by y"],
            ),
            (
                "a rule that gives it to a team and pages",
                "[[rule]]\nname = 'x'\ncategory = 'a'\nseverity = 'critical'\nteam = 'ops'\npage = true\nwhen.text = 'xx'\n",
                &["team none → ops by x", "page false → true by x"],
            ),
            (
                "a rule that names a calendar",
                "[[rule]]\nname = 'x'\ncategory = 'a'\nseverity = 'critical'\nwhen.text = 'xx'\n\
                 [[rule]]\nname = 'y'\ncalendar = 'office'\nwhen.text = 'xx'\n",
                &["calendar none → office by y"],
            ),
            (
                "a rule that is gone",
                "",
                &["category a → general, no longer by x", "severity critical → medium, no longer by x"],
            ),
            (
                "a rule that says another thing",
                "[[rule]]\nname = 'x'\ncategory = 'a'\nseverity = 'low'\nwhen.text = 'xx'\n",
                &["severity critical → low by x"],
            ),
            (
                "a rule that is gone, and another one that was there and now counts",
                "[[rule]]\nname = 'z'\ncategory = 'b'\nseverity = 'critical'\nwhen.text = 'xx'\n",
                &["category a → b by z"],
            ),
        ];
        for (name, new, expected) in cases {
            let found = changes(&verdict(OLD, "xx"), &verdict(new, "xx"));
            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{name}");
        }
    }

    pub(super) fn tally() -> Tally {
        let new = "[[rule]]\nname = 'x'\ncategory = 'b'\nseverity = 'high'\nwhen.text = 'xx'\n";
        let mut tally = Tally::default();
        for (text, corrected) in [("xx", Some(Severity::High)), ("xx", None), ("yy", Some(Severity::Low)), ("yy", None)]
        {
            let (before, after) = (verdict(OLD, text), verdict(new, text));
            tally.add(&before, &after, &changes(&before, &after), corrected);
        }
        tally.sort();
        tally
    }

    #[test]
    fn differences_are_counted() {
        let tally = tally();
        assert_eq!((tally.mails, tally.changed), (4, 2));
        assert_eq!(tally.severity(Severity::Critical, Severity::High), 2);
        assert_eq!(tally.severity(Severity::Medium, Severity::Medium), 2);
        let categories = [("a".to_owned(), "b".to_owned(), 2), ("general".to_owned(), "general".to_owned(), 2)];
        assert_eq!(tally.categories, categories);
        assert_eq!((tally.corrected, tally.towards, tally.away, tally.right), (2, 1, 0, (0, 1)));
    }

    #[test]
    fn movement_is_seen_from_what_the_agent_said() {
        use Severity::{Critical, High, Low, Medium};
        for (before, after, corrected, expected) in [
            (Critical, High, Low, Some(Movement::Towards)),
            (Low, Critical, Medium, Some(Movement::Away)),
            (Low, High, Medium, None),
            (High, High, Low, None),
        ] {
            assert_eq!(movement(before, after, corrected), expected, "{before} {after} {corrected}");
        }
    }
}
