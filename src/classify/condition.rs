//! Does this condition hold for this message, and what did it see?

use super::Context;
use super::correlation;
use super::pattern::{Pattern, PatternId};
use super::quantity::{Comparison, Quantity};
use super::rule::{Clears, Condition, RuleSet, Test};
use super::scan::{Captured, Place, Scan};
use super::when::Fact;
use crate::message::{Attachment, Message, Origin};
use std::borrow::Cow;
use std::cell::OnceCell;

/// All that conditions ask about.
pub(super) struct Facts<'a> {
    pub scan: &'a Scan,
    pub message: &'a Message,
    pub context: &'a Context,
    /// For each rule whether it matched; final for all rules that come before this one in rank.
    pub matched: &'a [bool],
    /// The language, once a condition has asked for it: to guess it is dear.
    pub language: &'a OnceCell<Option<String>>,
    /// The rules that all of it is about.
    pub rules: &'a RuleSet,
}

/// Which numbers pass a condition with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Those beyond the threshold; while the rule's alert is open, those that do not end it.
    Alarming,
    /// Those that end the rule's alert.
    Clearing,
}

/// Something that a condition saw.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Seen {
    /// The text or value, shortened.
    pub text: String,
    /// The quantity, where the condition compares one.
    pub value: Option<String>,
    /// Where it stands in the mail; `None` for what is known from elsewhere.
    pub place: Option<Place>,
}

impl Seen {
    fn fact(text: impl Into<String>) -> Self {
        Self { text: text.into(), value: None, place: None }
    }
}

impl<'a> Facts<'a> {
    /// Whether the condition holds.
    pub(super) fn holds(&self, condition: &Condition) -> bool {
        self.holds_for(condition, Numbers::Alarming)
    }

    /// Whether the condition holds when these are the numbers that pass.
    pub(super) fn holds_for(&self, condition: &Condition, numbers: Numbers) -> bool {
        match &condition.test {
            Test::All(inner) => inner.iter().all(|inner| self.holds_for(inner, numbers)),
            Test::Any(inner) => inner.iter().any(|inner| self.holds_for(inner, numbers)),
            Test::None(inner) => !inner.iter().any(|inner| self.holds_for(inner, numbers)),
            Test::Pattern(patterns) => patterns.iter().any(|pattern| self.scan.find(*pattern).is_some()),
            Test::Value { patterns, comparison, clears } => match (numbers, clears) {
                (Numbers::Clearing, Some(clears)) => {
                    let mut found = self.quantities(patterns, &clears.below).peekable();
                    let ends = Comparison::Below(clears.below.clone());
                    found.peek().is_some() && found.all(|(_, quantity)| ends.holds(&quantity))
                }
                _ => {
                    let comparison = self.comparison(comparison, clears.as_ref());
                    self.quantities(patterns, comparison.threshold()).any(|(_, quantity)| comparison.holds(&quantity))
                }
            },
            Test::Attachment { .. } => {
                self.message.attachments.iter().any(|attachment| is_like(attachment, &condition.test))
            }
            Test::HasAttachment(wanted) => self.message.attachments.is_empty() != *wanted,
            Test::Size(comparison) => comparison.holds(&Quantity::bytes(self.message.size_bytes)),
            Test::Words { fact, words } => {
                self.words(*fact).iter().any(|word| words.iter().any(|wanted| wanted == word))
            }
            Test::Automatic(wanted) => (self.message.origin != Origin::Person) == *wanted,
            Test::Rule(named) => named.iter().any(|rule| self.matched[*rule]),
            Test::Hours { calendars, inside } => {
                self.context.open_calendars.iter().any(|open| calendars.contains(open)) == *inside
            }
        }
    }

    /// What a number is compared with: an alert that is open lasts until its number falls below the one that ends it.
    fn comparison<'c>(&self, usual: &'c Comparison, clears: Option<&Clears>) -> Cow<'c, Comparison> {
        match clears.filter(|clears| self.is_open(clears.rule)) {
            Some(clears) => Cow::Owned(Comparison::AtLeast(clears.below.clone())),
            None => Cow::Borrowed(usual),
        }
    }

    /// Whether the alert that this rule sees in the mail is open.
    pub(super) fn is_open(&self, rule: usize) -> bool {
        let open = &self.context.open_alerts;
        !open.is_empty() && self.key(rule).is_some_and(|key| open.contains(&key))
    }

    /// The key that this rule gives the mail.
    pub(super) fn key(&self, rule: usize) -> Option<String> {
        correlation::key(&self.rules.rules[rule], self.scan, self.message, self.rules)
    }

    fn quantities<'p>(
        &self,
        patterns: &'p [PatternId],
        threshold: &'p Quantity,
    ) -> impl Iterator<Item = (&'a Captured, Quantity)> + use<'a, 'p> {
        self.captured(patterns).filter_map(move |found| Some((found, quantity(found, threshold)?)))
    }

    fn captured<'p>(&self, patterns: &'p [PatternId]) -> impl Iterator<Item = &'a Captured> + use<'a, 'p> {
        let scan = self.scan;
        patterns.iter().filter_map(|pattern| scan.find(*pattern)).flat_map(|hit| &hit.captured)
    }

    /// What is known of the mail in this respect.
    fn words(&self, fact: Fact) -> Vec<Cow<'_, str>> {
        match fact {
            Fact::Sender => vec![self.context.sender.as_str().into()],
            Fact::Customer => self.context.customer_lists.iter().map(|list| list.as_str().into()).collect(),
            Fact::Auth => vec![self.context.authentication.as_str().into()],
            Fact::Thread => vec![self.context.thread.as_str().into()],
            Fact::Language => {
                let language = self.language.get_or_init(|| self.message.language());
                language.iter().map(|language| language.to_ascii_lowercase().into()).collect()
            }
            Fact::Origin => vec![self.message.origin.as_str().into()],
        }
    }

    /// What the condition itself saw, whether it holds or not; nothing for the ones that join others.
    pub(super) fn seen(&self, condition: &Condition, rule_name: &dyn Fn(usize) -> String) -> Vec<Seen> {
        match &condition.test {
            Test::All(_) | Test::Any(_) | Test::None(_) => Vec::new(),
            Test::Pattern(patterns) => patterns
                .iter()
                .filter_map(|pattern| self.scan.find(*pattern))
                .map(|hit| Seen { text: hit.excerpt.clone(), value: None, place: Some(hit.place.clone()) })
                .collect(),
            Test::Value { patterns, comparison, clears } => {
                let comparison = self.comparison(comparison, clears.as_ref());
                let all = self.captured(patterns).map(|found| (found, quantity(found, comparison.threshold())));
                let mut all: Vec<_> = all.collect();
                // The one that decides stands first.
                all.sort_by_key(|(_, quantity)| !quantity.as_ref().is_some_and(|quantity| comparison.holds(quantity)));
                all.into_iter()
                    .map(|(found, quantity)| Seen {
                        text: found.excerpt.clone(),
                        value: quantity.map(|quantity| quantity.to_string()),
                        place: Some(found.place.clone()),
                    })
                    .collect()
            }
            Test::Attachment { .. } | Test::HasAttachment(_) => self
                .message
                .attachments
                .iter()
                .map(|attachment| {
                    let name = attachment.name.as_deref().unwrap_or("(no name)");
                    Seen::fact(format!("{name}, {}, {} bytes", attachment.media_type, attachment.size_bytes))
                })
                .collect(),
            Test::Size(_) => vec![Seen::fact(Quantity::bytes(self.message.size_bytes).to_string())],
            Test::Words { fact, .. } => self.words(*fact).into_iter().map(Seen::fact).collect(),
            Test::Automatic(_) => vec![Seen::fact(self.message.origin.as_str())],
            Test::Hours { .. } if self.context.open_calendars.is_empty() => vec![Seen::fact("no calendar open")],
            Test::Hours { .. } => self.context.open_calendars.iter().map(Seen::fact).collect(),
            Test::Rule(named) => {
                named.iter().filter(|rule| self.matched[**rule]).map(|rule| Seen::fact(rule_name(*rule))).collect()
            }
        }
    }

    /// The text and the quantity that made the condition hold, for a rule that matched.
    pub(super) fn evidence(&self, condition: &Condition) -> (Option<&'a str>, Option<String>) {
        match &condition.test {
            Test::All(inner) | Test::Any(inner) => {
                let held = inner.iter().filter(|inner| self.holds(inner)).map(|inner| self.evidence(inner));
                held.fold((None, None), |sum, next| (sum.0.or(next.0), sum.1.or(next.1)))
            }
            Test::Pattern(patterns) => {
                let hit = patterns.iter().find_map(|pattern| self.scan.find(*pattern));
                (hit.map(|hit| hit.excerpt.as_str()), None)
            }
            Test::Value { patterns, comparison, clears } => {
                let comparison = self.comparison(comparison, clears.as_ref());
                let mut found = self.quantities(patterns, comparison.threshold());
                let decisive = found.find(|(_, quantity)| comparison.holds(quantity));
                decisive.map(|(found, quantity)| (found.excerpt.as_str(), quantity.to_string())).unzip()
            }
            _ => (None, None),
        }
    }
}

fn quantity(found: &Captured, threshold: &Quantity) -> Option<Quantity> {
    Quantity::captured(&found.number, found.unit.as_deref(), threshold)
}

fn is_like(attachment: &Attachment, test: &Test) -> bool {
    let Test::Attachment { name, media_type, larger, smaller } = test else { return false };
    let found = |patterns: &[Pattern], text: &str| {
        let is_match = |pattern: &Pattern| pattern.regex().is_some_and(|regex| regex.is_match(super::scan::cut(text)));
        patterns.is_empty() || patterns.iter().any(is_match)
    };
    let size = attachment.size_bytes as f64;
    found(name, attachment.name.as_deref().unwrap_or_default())
        && found(media_type, &attachment.media_type)
        && larger.as_ref().is_none_or(|limit| size > limit.amount)
        && smaller.as_ref().is_none_or(|limit| size < limit.amount)
}
