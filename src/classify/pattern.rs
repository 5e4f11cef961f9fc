//! One pattern of a rule: where it looks, whether it is sound, and how it runs.
//!
//! Every pattern runs in time linear in the text, and every automaton has a limit to its size.

use super::automaton::most_bytes;
use crate::message::{Address, Message};
use regex_automata::meta::{self, Regex};
use regex_automata::{Anchored, Input};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, LookSet, Repetition, literal::Extractor};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The longest pattern.
pub const MAX_PATTERN_BYTES: usize = 4096;
/// The largest automaton of one pattern.
pub const MAX_COMPILED_BYTES: usize = 1 << 20;
/// How deep groups in a pattern may be nested.
const MAX_GROUP_DEPTH: u32 = 50;
/// How many phrases go into one automaton.
const PHRASES_IN_ONE: usize = 50;

/// A part of a mail that patterns search.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The subject.
    Subject,
    /// What the sender wrote.
    Text,
    /// The whole text, quotes and signature too.
    Body,
    /// The addresses in `From`, without display names: those are the sender's own words.
    From,
    /// Their domains.
    FromDomain,
    /// The addresses in `To`.
    To,
    /// The addresses in `Cc`.
    Cc,
    /// The values of a header field; its name in lower case.
    Header(String),
}

impl Field {
    /// The texts that it has in this message.
    pub fn values<'m>(&self, message: &'m Message) -> Vec<Cow<'m, str>> {
        let addresses = |list: &'m [Address]| list.iter().map(|a| Cow::Borrowed(a.address.as_str())).collect();
        match self {
            Field::Subject => vec![Cow::Borrowed(message.subject.as_str())],
            Field::Text => vec![message.body.judged()],
            Field::Body => vec![Cow::Borrowed(message.body.text.as_str())],
            Field::From => addresses(&message.from),
            Field::FromDomain => message.from.iter().map(|address| Cow::Owned(address.domain())).collect(),
            Field::To => addresses(&message.to),
            Field::Cc => addresses(&message.cc),
            Field::Header(name) => {
                let same = message.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
                same.map(|header| Cow::Borrowed(header.value.as_str())).collect()
            }
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Subject => f.write_str("subject"),
            Field::Text => f.write_str("text"),
            Field::Body => f.write_str("body"),
            Field::From => f.write_str("from"),
            Field::FromDomain => f.write_str("from_domain"),
            Field::To => f.write_str("to"),
            Field::Cc => f.write_str("cc"),
            Field::Header(name) => write!(f, "header.{name}"),
        }
    }
}

impl serde::Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The number of a pattern within its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PatternId(pub u32);

/// A pattern of some rule. Its automata are built when a text first asks for them: most patterns wait for words that
/// hardly any mail has, and building all of them would be most of a start.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// As written.
    pub source: String,
    /// The longest match; `None` where there is no limit.
    pub max_bytes: Option<usize>,
    automata: Arc<Automata>,
}

/// The structure that they are built from is read from the source again when it comes to that: kept, it would take more
/// memory than the automata that are ever built.
#[derive(Debug, Default)]
struct Automata {
    regex: OnceLock<Option<Regex>>,
    /// The pattern without its word boundaries, where it has some: it matches wherever the pattern does.
    loose: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Runs the pattern. [`check`] has made sure that it can be built; the limit, which it has judged by then, does not
    /// count any more, so that no pattern falls silent over a few bytes.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.automata.regex.get_or_init(|| build(&parse(&self.source).ok()?, None).ok()).as_ref()
    }

    /// Without it the pattern is only slower.
    fn loose(&self) -> Option<&Regex> {
        let build = || {
            let hir = parse(&self.source).ok()?;
            let has_boundary = hir.properties().look_set().contains_word_unicode();
            has_boundary.then(|| build(&without_boundaries(&hir), Some(MAX_COMPILED_BYTES)).ok()).flatten()
        };
        self.automata.loose.get_or_init(build).as_ref()
    }

    /// From where on to search for a match that begins at `from` or later; `None` where there is none for sure.
    ///
    /// The fast automaton cannot tell Unicode word boundaries in a text beyond ASCII, and the one that can is a
    /// hundred times slower. Nearly all texts that do not match are turned away without it, and of the others
    /// it need not read what stands before the first loose match.
    pub(super) fn begin(&self, text: &str, from: usize, is_ascii: bool) -> Option<usize> {
        match is_ascii {
            true => Some(from),
            false => match self.loose() {
                Some(loose) => loose.find(Input::new(text).range(from..)).map(|found| found.start()),
                None => Some(from),
            },
        }
    }

    /// What the groups `value` and `unit` capture in this match.
    pub(super) fn measured<'t>(&self, text: &'t str, found: Range<usize>) -> Option<(&'t str, Option<&'t str>)> {
        let regex = self.regex()?;
        let mut captures = regex.create_captures();
        let input = Input::new(text).range(found).anchored(Anchored::Yes);
        regex.search_captures(&input, &mut captures);
        let group = |name: &str| captures.get_group_by_name(name).map(|span| &text[span.range()]);
        Some((group("value")?, group("unit")))
    }
}

/// What is wrong with a pattern, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatternError {
    pub span: Option<Range<usize>>,
    pub message: String,
    pub hint: Option<&'static str>,
}

/// A pattern that was found sound.
pub(super) struct Checked {
    pattern: Pattern,
    hir: Hir,
}

/// Reads one pattern, and makes sure that it can be built: case-insensitive, Unicode.
pub(super) fn check(source: &str) -> Result<Checked, PatternError> {
    let error = |span, message: String, hint| PatternError { span, message, hint };
    if source.len() > MAX_PATTERN_BYTES {
        return Err(error(None, format!("the pattern is longer than {MAX_PATTERN_BYTES} bytes"), None));
    }
    check_unlimited(source)
}

/// The same for a pattern made from phrases, which may be longer.
pub(super) fn check_unlimited(source: &str) -> Result<Checked, PatternError> {
    let located = |span: &regex_syntax::ast::Span, message: String| {
        let hint = (message.contains("look-around")).then_some("say what must not be there with `none = [ … ]`");
        PatternError { span: Some(span.start.offset..span.end.offset), message, hint }
    };
    let hir = parse(source).map_err(|error| match *error {
        regex_syntax::Error::Parse(error) => located(error.span(), error.kind().to_string()),
        regex_syntax::Error::Translate(error) => located(error.span(), error.kind().to_string()),
        error => PatternError { span: None, message: error.to_string(), hint: None },
    })?;
    let automata = Automata::default();
    // What surely fits is built when it is needed; of the rest only building tells.
    if most_bytes(&hir) > MAX_COMPILED_BYTES {
        let built = build(&hir, Some(MAX_COMPILED_BYTES)).map_err(|error| PatternError {
            span: None,
            message: match error.size_limit() {
                Some(_) => format!("the pattern needs more than {MAX_COMPILED_BYTES} bytes"),
                None => error.to_string(),
            },
            hint: Some("a repetition such as \\w{0,80} is dear; [a-z]{0,80} or .{0,80} is not"),
        })?;
        automata.regex.get_or_init(|| Some(built));
    }
    let max_bytes = hir.properties().maximum_len();
    let pattern = Pattern { source: source.to_owned(), max_bytes, automata: Arc::new(automata) };
    Ok(Checked { pattern, hir })
}

fn parse(source: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    ParserBuilder::new().case_insensitive(true).nest_limit(MAX_GROUP_DEPTH).build().parse(source).map_err(Box::new)
}

fn build(hir: &Hir, most_bytes: Option<usize>) -> Result<Regex, Box<meta::BuildError>> {
    let limited = meta::Config::new().nfa_size_limit(most_bytes);
    Regex::builder().configure(limited).build_from_hir(hir).map_err(Box::new)
}

/// The same pattern with every word boundary left out, so that it matches no less.
fn without_boundaries(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(look) if LookSet::singleton(*look).contains_word() => Hir::empty(),
        HirKind::Capture(group) => without_boundaries(&group.sub),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(without_boundaries(&repetition.sub));
            Hir::repetition(Repetition { sub, ..repetition.clone() })
        }
        HirKind::Concat(inner) => Hir::concat(inner.iter().map(without_boundaries).collect()),
        HirKind::Alternation(inner) => Hir::alternation(inner.iter().map(without_boundaries).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

impl Checked {
    /// The pattern, ready to run.
    pub(super) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Its structure, for the filter.
    pub(super) fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Whether the pattern has a group of this name.
    pub(super) fn has_group(&self, name: &str) -> bool {
        find_group(self.hir(), name).is_some()
    }

    /// Everything that the group `unit` can capture, as written, where that is a handful of words. `None` where
    /// there is no such group or it can capture anything.
    pub(super) fn units(&self) -> Option<Vec<String>> {
        // Read once more without its other cases, of which `s` has three.
        let hir = ParserBuilder::new().build().parse(&self.pattern.source).ok()?;
        let literals = Extractor::new().limit_total(250).extract(find_group(&hir, "unit")?);
        if !literals.is_exact() {
            return None;
        }
        let words = literals.literals()?.iter().map(|word| String::from_utf8_lossy(word.as_bytes()).into_owned());
        let mut words: Vec<String> = words.collect();
        words.sort();
        words.dedup();
        Some(words)
    }
}

fn find_group<'h>(hir: &'h Hir, name: &str) -> Option<&'h Hir> {
    match hir.kind() {
        HirKind::Capture(group) if group.name.as_deref() == Some(name) => Some(&group.sub),
        HirKind::Capture(group) => find_group(&group.sub, name),
        HirKind::Repetition(repetition) => find_group(&repetition.sub, name),
        HirKind::Concat(inner) | HirKind::Alternation(inner) => inner.iter().find_map(|hir| find_group(hir, name)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

/// Patterns that together find any of these phrases: whole words, any white space between them.
pub(super) fn phrase_patterns(phrases: &[&str]) -> Vec<String> {
    phrases
        .chunks(PHRASES_IN_ONE)
        .map(|chunk| chunk.iter().map(|p| phrase_pattern(p)).collect::<Vec<_>>().join("|"))
        .collect()
}

fn phrase_pattern(phrase: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<String> = phrase.split_whitespace().map(word_pattern).collect();
    let edge = |c: Option<char>| if c.is_some_and(is_word) { r"\b" } else { "" };
    let phrase = phrase.trim();
    format!("{}{}{}", edge(phrase.chars().next()), words.join(r"\s+"), edge(phrase.chars().next_back()))
}

/// Telephones write the apostrophe of "can't" as U+2019, keyboards as U+0027.
fn word_pattern(word: &str) -> String {
    regex::escape(word).replace(['\'', '’'], "['’]")
}
