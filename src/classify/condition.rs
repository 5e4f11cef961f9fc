//! Does this condition hold for this message, and what did it see?

use super::Context;
use super::pattern::{Pattern, PatternId};
use super::quantity::Quantity;
use super::rule::{Condition, Test};
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
        match &condition.test {
            Test::All(inner) => inner.iter().all(|inner| self.holds(inner)),
            Test::Any(inner) => inner.iter().any(|inner| self.holds(inner)),
            Test::None(inner) => !inner.iter().any(|inner| self.holds(inner)),
            Test::Pattern(patterns) => patterns.iter().any(|pattern| self.scan.find(*pattern).is_some()),
            Test::Value { patterns, comparison } => self.captured(patterns).any(|found| {
                quantity(found, comparison.threshold()).is_some_and(|quantity| comparison.holds(&quantity))
            }),
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
        }
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
            Test::Value { patterns, comparison } => {
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
            Test::Value { patterns, comparison } => {
                let decisive = self.captured(patterns).find_map(|found| {
                    let quantity = quantity(found, comparison.threshold())?;
                    comparison.holds(&quantity).then(|| (found.excerpt.as_str(), quantity.to_string()))
                });
                decisive.unzip()
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
