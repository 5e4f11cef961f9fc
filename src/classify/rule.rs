//! Rules ready to run.

use super::correlation::Correlate;
use super::lint::LintKind;
use super::pattern::{Pattern, PatternId};
use super::pattern_set::PatternSet;
use super::quantity::{Comparison, Quantity};
use super::when::Fact;
use super::{Disposition, Intent, RuleId};
use crate::ticket::people::TeamId;
use crate::ticket::{Severity, Tier};
use std::fmt;
use std::ops::Range;

/// The category that a mail has when no rule names one; it exists in every rule set.
pub const GENERAL: &str = "general";
/// What customers see of it.
pub const GENERAL_TITLE: &str = "Your request";

/// A category and the title that customers see.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Category {
    /// Its name, `authentication/invalid-api-key`.
    pub name: String,
    /// What stands in mails to customers.
    pub title: String,
}

/// One rule: when it matches, and what follows from that.
pub struct Rule {
    /// Its name.
    pub name: RuleId,
    /// The path of its file.
    pub path: String,
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// The category it stands for.
    pub category: Option<String>,
    /// The least severity.
    pub severity: Option<Severity>,
    /// The greatest severity.
    pub severity_cap: Option<Severity>,
    /// What it counts towards its category.
    pub weight: f64,
    /// The tier it asks for.
    pub tier: Option<Tier>,
    /// The team of the configuration that a ticket belongs to.
    pub team: Option<TeamId>,
    /// Where it says that those on call are paged, if it does.
    pub(super) page: Option<Range<usize>>,
    /// Words it puts on a ticket.
    pub tags: Vec<String>,
    /// Articles of the knowledge base.
    pub articles: Vec<String>,
    /// Whether an acknowledgement may be sent.
    pub answer: bool,
    /// What becomes of the mail.
    pub disposition: Option<Disposition>,
    /// What an answer to a resolution means.
    pub intent: Option<Intent>,
    /// The acknowledgement that takes the place of the usual one.
    pub template: Option<String>,
    /// The calendar of the configuration in whose open hours promises run.
    pub calendar: Option<String>,
    /// Whether it tells the end of an alert.
    pub recovers: bool,
    /// Whether the rules that stand after it are not asked.
    pub stop: bool,
    /// Whether it is tried out: it is evaluated and recorded, and acts on nothing.
    pub is_shadow: bool,
    /// What `rules lint` may find in it.
    pub allow: Vec<LintKind>,
    /// Where its name stands in its file, in bytes.
    pub span: Range<usize>,
    /// How the key of its alerts is made.
    pub(super) correlate: Option<Correlate>,
    pub(super) when: Condition,
}

impl Rule {
    /// What follows from it, in few words: `severity high`, `category api (weight 2)`.
    pub fn says(&self) -> Vec<String> {
        let mut says = Vec::new();
        if let Some(category) = &self.category {
            says.push(format!("category {category} (weight {})", self.weight));
        }
        says.extend(self.severity.map(|severity| format!("severity {severity}")));
        says.extend(self.severity_cap.map(|cap| format!("severity at most {cap}")));
        says.extend(self.tier.map(|tier| format!("tier {tier}")));
        says.extend(self.team.iter().map(|team| format!("team {team}")));
        says.extend(self.page.is_some().then(|| "a page".to_owned()));
        says.extend(self.intent.map(|intent| format!("intent {intent}")));
        says.extend(self.disposition.map(|disposition| format!("disposition {disposition}")));
        says.extend(self.template.iter().map(|template| format!("template {template}")));
        says.extend(self.calendar.iter().map(|calendar| format!("calendar {calendar}")));
        says.extend(self.correlate.is_some().then(|| "an alert".to_owned()));
        says.extend(self.recovers.then(|| "the alert is over".to_owned()));
        says.extend((!self.answer).then(|| "no answer".to_owned()));
        says.extend(self.tags.iter().map(|tag| format!("tag {tag}")));
        says.extend(self.articles.iter().map(|article| format!("article {article}")));
        says.extend(self.stop.then(|| "stop".to_owned()));
        says
    }
}

/// A condition, and how it is written.
pub(super) struct Condition {
    pub test: Test,
    pub written: String,
    /// Where it stands in the file of its rule.
    pub span: Range<usize>,
    /// The line and column of that, counted from 1.
    pub place: (usize, usize),
}

/// What a condition asks.
pub(super) enum Test {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    None(Vec<Condition>),
    /// One of the patterns matches.
    Pattern(Vec<PatternId>),
    /// A number that one of the patterns captures passes.
    Value {
        patterns: Vec<PatternId>,
        comparison: Comparison,
        clears: Option<Clears>,
    },
    /// One attachment is like that in every respect.
    Attachment {
        name: Vec<Pattern>,
        media_type: Vec<Pattern>,
        larger: Option<Quantity>,
        smaller: Option<Quantity>,
    },
    HasAttachment(bool),
    Size(Comparison),
    Words {
        fact: Fact,
        words: Vec<String>,
    },
    Automatic(bool),
    /// One of these rules matched; by their places.
    Rule(Vec<usize>),
    /// One of these calendars was open when the mail came in, or none.
    Hours {
        calendars: Vec<String>,
        inside: bool,
    },
}

impl Condition {
    /// Whether there is a number in it that ends an alert.
    pub(super) fn clears(&self) -> bool {
        match &self.test {
            Test::All(inner) | Test::Any(inner) | Test::None(inner) => inner.iter().any(Self::clears),
            Test::Value { clears, .. } => clears.is_some(),
            _ => false,
        }
    }
}

/// When an alert ends that began above a threshold.
pub(super) struct Clears {
    /// Below this.
    pub below: Quantity,
    /// The rule whose alert it is, by its place.
    pub rule: usize,
}

/// The rules of a folder, compiled together. Share it by reference or in an `Arc`.
pub struct RuleSet {
    pub(super) rules: Vec<Rule>,
    pub(super) categories: Vec<Category>,
    pub(super) patterns: PatternSet,
    pub(super) version: String,
    /// For each rule its place in an order in which a composite comes after the rules it names.
    pub(super) rank: Vec<usize>,
    /// For each pattern the rules that cannot match unless it, or another one that names them, does.
    pub(super) awaiting: Vec<Vec<usize>>,
    /// The rules that may match whatever the patterns find.
    pub(super) always: Vec<usize>,
    /// The rules that make a key of an alert.
    pub(super) correlating: Vec<usize>,
    /// The rules whose alerts end below a number.
    pub(super) clearing: Vec<usize>,
}

impl RuleSet {
    /// A hash over the files: two sets with the same version give the same verdicts.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The rules in the order of the files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name.0 == name)
    }

    /// The categories, [`GENERAL`] first.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// What customers see of a category; [`GENERAL_TITLE`] for one that is named nowhere.
    pub fn category_title(&self, name: &str) -> &str {
        self.categories.iter().find(|category| category.name == name).map_or(GENERAL_TITLE, |c| c.title.as_str())
    }

    pub(super) fn patterns(&self) -> &PatternSet {
        &self.patterns
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleSet")
            .field("version", &self.version)
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule({} at {}:{})", self.name, self.path, self.line)
    }
}
