//! Stage 2: rules and a message → [`Verdict`]. Pure: same mail, same rules, same context, same verdict.
//!
//! Reading a mail's text against all patterns is the dear part and needs nothing but the mail: `scan` does it,
//! on any core. What the sender and the thread are is known later: `judge` joins both, and is cheap.

mod alternatives;
mod automaton;
mod case;
mod compile;
mod condition;
mod correlation;
mod cost;
mod diagnostic;
mod explain;
mod file;
mod fold;
mod format;
mod given;
mod implied;
mod lint;
mod literal;
mod matches;
mod names;
mod order;
mod outcome;
mod pattern;
mod pattern_set;
mod prefilter;
mod quantity;
mod replay;
mod rule;
mod scan;
mod schema;
pub mod suggest;
mod threshold;
mod verdict;
mod vocabulary;
mod when;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

pub use case::{Case, CaseError, CaseFile, CaseMail, Expectation, Failure, NO_NAME, read_cases};
pub use compile::{compile, compile_for, version};
pub use condition::Seen;
pub use correlation::keys;
pub use cost::{Costs, Part as CostPart, Watched};
pub use diagnostic::{RuleError, RuleErrorKind, RuleFile};
pub use explain::{CategorySum, ConditionTrace, Explanation, RuleTrace, SeverityTrace, explain};
pub use file::MAX_NAME_BYTES;
pub use format::format;
pub use given::Given;
pub use lint::{Evidence, FEWEST_MAILS, Lint, LintKind, Stored, lint};
pub use names::Names;
pub use pattern::Field;
pub use replay::{Change, Guard, Movement, Part, Place as MailPlace, Tally, changes, movement, with_effect};
pub use rule::{Category, GENERAL, GENERAL_TITLE, Rule, RuleSet};
pub use scan::{Place, Scan, scan};
pub use schema::schema;
pub use verdict::{asked, classify, judge};

use crate::message::Authentication;
use crate::ticket::people::{TeamId, Who};
use crate::ticket::{Severity, Tier};
use std::fmt;

/// The name of a rule, unique among all rule files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RuleId(pub String);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A decided value and the rule that decided it; `None` means the configuration's default.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Because<T> {
    /// The value.
    pub value: T,
    /// The rule.
    pub rule: Option<RuleId>,
}

/// What the rules say of one message, and which of them said it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Verdict {
    /// The category with the greatest sum of weights.
    pub category: Because<String>,
    /// The highest severity asked for, under the lowest cap.
    pub severity: Because<Severity>,
    /// The tier a matching rule asks for; the highest of them.
    pub tier: Option<Because<Tier>>,
    /// The team that a ticket belongs to which the mail opens; the first matching rule that names one.
    pub team: Option<Because<TeamId>>,
    /// Whether those on call are told at once; `true` when a matching rule says so.
    pub page: Because<bool>,
    /// Tags of all matching rules, sorted, each once.
    pub tags: Vec<String>,
    /// Articles of all matching rules, in the order of the rules, each once.
    pub articles: Vec<String>,
    /// Whether an acknowledgement may be sent; `false` when a matching rule says `answer = false`.
    pub answer: Because<bool>,
    /// What becomes of the mail: the most severe disposition of the matching rules.
    pub disposition: Because<Disposition>,
    /// What an answer to a resolution means; the first matching rule that says so.
    pub intent: Option<Because<Intent>>,
    /// The acknowledgement that takes the place of the usual one; the first matching rule that names one.
    pub template: Option<Because<String>>,
    /// The calendar in whose open hours the promises of a ticket run that the mail opens; the first matching rule that
    /// names one.
    pub calendar: Option<Because<String>>,
    /// Which alert the mail is about; the first matching rule whose key can be filled.
    pub correlation: Option<Because<String>>,
    /// Whether the mail tells the end of an alert.
    pub recovers: Because<bool>,
    /// Every rule that matched and counts, in the order of the files.
    pub matched: Vec<MatchedRule>,
    /// Every shadow rule that matched: they are recorded, and act on nothing.
    pub shadow: Vec<MatchedRule>,
    /// Version of the rule set: a hash over its files.
    pub version: String,
}

/// A rule that matched, and what it matched on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MatchedRule {
    /// The rule.
    pub rule: RuleId,
    /// The text that matched, shortened, where a pattern or phrase did.
    pub text: Option<String>,
    /// The quantity captured, `812 ms`, where the rule compares one.
    pub value: Option<String>,
}

crate::ticket::words! {
    /// What becomes of a mail. Ordered: the greatest wins.
    Disposition {
        /// It is processed.
        Accept = "accept",
        /// It is kept apart for a person to look at.
        Quarantine = "quarantine",
        /// It is recorded and nothing else.
        Discard = "discard",
    }
}

crate::ticket::words! {
    /// What an answer to a resolution means.
    Intent {
        /// It works again.
        Confirm = "confirm",
        /// It does not.
        Reject = "reject",
        /// Only politeness.
        Thanks = "thanks",
    }
}

/// What is known of a message besides its words: who sent it, and on which thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// Who the sender is (`sender`).
    pub sender: Who,
    /// How far the sender may be believed (`auth`).
    pub authentication: Authentication,
    /// Which thread it is on (`thread`).
    pub thread: ThreadState,
    /// The named customer lists that the sender's address is on (`customer`), such as `vip`.
    pub customer_lists: Vec<String>,
    /// The calendars of the configuration that were open when the mail came in (`hours`).
    pub open_calendars: Vec<String>,
    /// Keys of alerts that are open (`clears_below`).
    pub open_alerts: Vec<String>,
    /// The severity when no rule asks for one.
    pub default_severity: Severity,
    /// The category when no rule names one.
    pub default_category: String,
}

crate::ticket::words! {
    /// What the thread of a message is, for rules.
    ThreadState {
        /// It belongs to no ticket yet.
        New = "new",
        /// It belongs to a ticket that is being worked on.
        FollowUp = "follow-up",
        /// It belongs to a resolved ticket.
        Resolved = "resolved",
        /// It belongs to a closed ticket.
        Closed = "closed",
    }
}
