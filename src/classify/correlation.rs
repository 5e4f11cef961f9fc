//! Which alert a mail is about: the key that a rule makes of the names its patterns capture, `{host}/{check}`.
//!
//! Mails with the same key are about the same thing, so that the desk keeps one ticket for all of them.

use super::pattern::PatternId;
use super::rule::{Rule, RuleSet};
use super::scan::{Scan, cut};
use crate::message::Message;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, HirKind};

/// The longest key, in characters; what is longer is cut.
pub const MAX_KEY_CHARS: usize = 200;

/// The name that stands for the sender's address.
pub(super) const FROM: &str = "from";

/// A key to be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Correlate {
    pub parts: Vec<Part>,
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// It stands there as it is.
    Text(String),
    /// What one of these patterns captures under this name; the first that does.
    Name { name: String, patterns: Vec<PatternId> },
    /// The sender's address.
    From,
}

/// A key as written: its texts, and its names in braces.
pub(super) fn parts(template: &str) -> Result<Vec<(bool, &str)>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, braced) = rest.split_at(at);
        let inside = braced.strip_prefix('{').ok_or("there is a `}` that closes nothing")?;
        let end = inside.find(['{', '}']).filter(|end| inside[*end..].starts_with('}'));
        let end = end.ok_or("there is a `{` that nothing closes")?;
        let name = &inside[..end];
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            return Err(format!("`{{{name}}}` is no name that a pattern could capture"));
        }
        parts.push((false, text));
        parts.push((true, name));
        rest = &inside[end + 1..];
    }
    parts.push((false, rest));
    parts.retain(|(is_name, text)| *is_name || !text.is_empty());
    if parts.is_empty() { Err("the key is empty".to_owned()) } else { Ok(parts) }
}

/// The names of the groups in a pattern.
pub(super) fn groups(hir: &Hir) -> Vec<&str> {
    match hir.kind() {
        HirKind::Capture(group) => group.name.as_deref().into_iter().chain(groups(&group.sub)).collect(),
        HirKind::Repetition(repetition) => groups(&repetition.sub),
        HirKind::Concat(inner) | HirKind::Alternation(inner) => inner.iter().flat_map(groups).collect(),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => Vec::new(),
    }
}

/// The key that this rule makes of a mail; `None` where something of it is not captured.
pub(super) fn key(rule: &Rule, scan: &Scan, message: &Message, rules: &RuleSet) -> Option<String> {
    let mut key = String::new();
    for part in &rule.correlate.as_ref()?.parts {
        match part {
            Part::Text(text) => key.push_str(text),
            Part::From => key.push_str(&message.author()?.key()),
            Part::Name { name, patterns } => {
                let found = patterns.iter().find_map(|pattern| captured(*pattern, name, scan, message, rules));
                key.push_str(&found?);
            }
        }
    }
    // One monitor writes Web-1 where another writes web-1; names of hosts know no case (RFC 4343).
    Some(key.to_lowercase().chars().take(MAX_KEY_CHARS).collect())
}

/// What a pattern captured under this name where it first matched, white space folded; `None` where that is nothing.
fn captured(pattern: PatternId, name: &str, scan: &Scan, message: &Message, rules: &RuleSet) -> Option<String> {
    let hit = scan.find(pattern)?;
    let values = hit.place.field.values(message);
    let text = cut(values.get(hit.place.nth)?);
    let regex = rules.patterns().pattern(pattern).pattern.regex()?;
    let mut captures = regex.create_captures();
    let input = Input::new(text).range(hit.place.range.clone()).anchored(Anchored::Yes);
    regex.search_captures(&input, &mut captures);
    let found = text.get(captures.get_group_by_name(name)?.range())?;
    let folded = found.split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then_some(folded)
}

/// The keys that a mail may have, whatever is known of its sender: the tickets of these have to be looked up before it
/// is judged. Most mails have none.
pub fn keys(scan: &Scan, message: &Message, rules: &RuleSet) -> Vec<String> {
    if !scan.is_of(rules) {
        return Vec::new();
    }
    let mut keys: Vec<String> =
        rules.correlating.iter().filter_map(|rule| key(&rules.rules[*rule], scan, message, rules)).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_its_names() {
        for (name, template, expected) in [
            ("two names", "{host}/{check}", Ok(vec![(true, "host"), (false, "/"), (true, "check")])),
            ("no name", "backup", Ok(vec![(false, "backup")])),
            ("empty", "", Err("the key is empty")),
            ("not closed", "{host", Err("there is a `{` that nothing closes")),
            ("one in the other", "{a{b}}", Err("there is a `{` that nothing closes")),
            ("not opened", "host}", Err("there is a `}` that closes nothing")),
            ("no name at all", "{the host}", Err("`{the host}` is no name that a pattern could capture")),
        ] {
            assert_eq!(parts(template), expected.map_err(str::to_owned), "{name}");
        }
    }
}
