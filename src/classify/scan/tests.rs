//! Scanning finds what every pattern alone finds, and in linear time.

mod random;

use super::*;
use crate::classify::matches::SHORT_MATCH_BYTES;
use crate::classify::tests::{mail, rules};
use crate::classify::{RuleFile, compile};
use proptest::prelude::*;
use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

const NASTY: &[&str] = &[
    "",
    "a*",
    "(?:foo|)",
    r"\b",
    r"\b\w+\b$",
    "^",
    "$",
    "(?m)^foo",
    "(?m)bar$",
    r"\Afoo|bar\z",
    r"\A\s*(?:hi|hello)\b",
    "(?s).*",
    "foo.*bar",
    "(?s)foo.*bar",
    "foo.*?bar",
    "(?:foo|foobar)",
    "(?:foobar|foo)",
    "(?U)fo+",
    r"\bfoo\b.{0,10}\bbar\b",
    r"\bkey\b",
    r"\bkeys?\b",
    r"\Bkey|\b(?:k|ſ)\b",
    r"(?-u:\b)straße",
    r"\b-foo\b",
    r"foo\b-",
    r"\bis\b",
    "(?-i:Foo)",
    "(?-i:ſ)",
    "straße",
    "STRASSE|ſt",
    "ΛΜΝ|σ+",
    "İstanbul|ıı",
    "\u{1e9e}x|ǆ",
    r"naïve\s+key",
    r"foo\s+bar",
    r"foo\s*bar|bar\s{2}foo",
    r"(?:foo\s){2,3}",
    r"(?:\b(?:foo|can.t)\b\s*)+log",
    "[kK]ey|[a-c]{3}",
    "['’]",
    r"[?¿]|\d{3,}",
    r"(?:(?:(?:a|b)c?)+d|foo){1,2}",
    r"\b(?:rate[ _-]limit|foo)(?s:.{0,200}?)bar",
    r"[^.?!]{0,20}\bbar",
    r"\pL\d|a.c",
];

const MEASURING: &[&str] = &[
    r"(?<value>[0-9.,]+)\s*(?<unit>ms|s)",
    r"\bfoo\D{0,10}(?<value>[0-9]+)(?: (?<unit>ms|s)\b)?",
    r"(?:foo|n(?<value>[0-9]*))",
    r"(?<value>[0-9]*)",
    r"\bkey (?<value>[0-9]+) key",
];

/// The shipped rules and the patterns above.
static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let nasty = NASTY.iter().map(|pattern| format!("when = {{ text = '''{pattern}''' }}"));
    let measuring =
        MEASURING.iter().map(|pattern| format!("when = {{ value = '{pattern}', above = '1 s', in = 'text' }}"));
    let rule = |(number, when)| format!("[[rule]]\nname = 'rule-{number}'\n{when}\n");
    let text = nasty.chain(measuring).enumerate().map(rule).collect();
    let mut files = shipped();
    files.push(RuleFile { path: "nasty.toml".into(), text });
    compile(&files).unwrap()
});

static ALONE: LazyLock<HashMap<&'static str, regex::Regex>> = LazyLock::new(|| {
    let all = (0..RULES.patterns().len()).map(|id| &RULES.patterns().pattern(PatternId(id as u32)).pattern);
    let alone = all.map(|pattern| {
        let regex = regex::RegexBuilder::new(&pattern.source).case_insensitive(true).build().unwrap();
        (pattern.source.as_str(), regex)
    });
    alone.collect()
});

/// Words that stand in the patterns, so that texts made of them nearly match.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let sources = ALONE.keys().flat_map(|source| source.split(|c: char| !c.is_alphanumeric() && c != '\''));
    let mut words: Vec<String> = sources.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    words
});

fn shipped() -> Vec<RuleFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let file = |path: std::path::PathBuf| RuleFile {
        path: path.display().to_string(),
        text: std::fs::read_to_string(&path).unwrap(),
    };
    paths.map(file).collect()
}

type Expected = (Range<usize>, Vec<(Range<usize>, String, Option<String>)>);

/// What the pattern finds when nothing helps it.
fn alone(regex: &regex::Regex, measures: bool, text: &str) -> Option<Expected> {
    let captured = regex.captures_iter(text).take(if measures { MAX_CAPTURED } else { 0 }).filter_map(|found| {
        let group = |name: &str| found.name(name).map(|group| group.as_str().to_owned());
        Some((found.get(0)?.range(), group("value")?, group("unit")))
    });
    let captured: Vec<_> = captured.collect();
    let range = captured.first().map(|(range, ..)| range.clone());
    range.or_else(|| regex.find(text).map(|found| found.range())).map(|range| (range, captured))
}

fn texts() -> impl Strategy<Value = String> {
    let odd = "foo FOO Foo bar fooo foobar Straße ſtrasse STRAẞE \u{212a}ey \u{212a} keyſ KEYS ΛΜΝ ς Σσς İstanbul ıı \
               ẞx ǅ naïve NAÏVE é 900 ms 1,5 s 12 n7 ? ¿ ab c abcd a\u{300}c _foo foo_ foo1 can’t 200 % key";
    let odd = prop::sample::select(odd.split(' ').collect::<Vec<_>>());
    let known = (0..WORDS.len(), 0..4_u8).prop_map(|(at, kind)| match kind {
        0 => WORDS[at].to_uppercase(),
        1 => WORDS[at].chars().rev().skip(1).collect(),
        _ => WORDS[at].clone(),
    });
    let word = prop_oneof![1 => odd.prop_map(str::to_owned), 2 => known];
    let gap = prop::sample::select(vec![" ", " ", " ", " ", "  ", "\n", ". ", "-", "", "\u{a0}", " é", "\r\n"]);
    prop::collection::vec((word, gap), 0..40)
        .prop_map(|words| words.into_iter().map(|(word, gap)| word + gap).collect())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let mut message = mail("x", "y");
    message.subject = text.to_owned();
    message.body.reply = text.to_owned();
    let scan = scan(&message, &RULES);
    for set in RULES.patterns().fields().iter().filter(|set| [Field::Text, Field::Subject].contains(&set.field)) {
        for id in set.ids() {
            let SetPattern { pattern, measures } = RULES.patterns().pattern(*id);
            let expected = alone(&ALONE[pattern.source.as_str()], *measures, text);
            let found = scan.find(*id).map(|hit| {
                assert_eq!(hit.excerpt, excerpt(&text[hit.place.range.clone()]));
                let captured = hit.captured.iter();
                let captured = captured.map(|c| (c.place.range.clone(), c.number.clone(), c.unit.clone())).collect();
                (hit.place.range.clone(), captured)
            });
            prop_assert_eq!(found, expected, "{} on {:?}", pattern.source, text);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn scanning_finds_what_every_pattern_alone_finds(text in texts()) {
        check(&text)?;
    }

    #[test]
    fn so_it_does_in_any_text(text in "(?s).{0,100}") {
        check(&text)?;
    }
}

#[test]
fn scanning_finds_the_same_where_a_text_seems_to_match_everywhere() {
    for unit in ["foo ", "foo é ", "foo bar ", "rate limit ", "key 1 ", "does not ", "api ", "aaa", "σς", "ſ\u{212a}"]
    {
        let text = unit.repeat(200);
        check(&text).unwrap();
        check(&format!("{text}bar log 5 ms")).unwrap();
    }
}

#[test]
fn a_hostile_text_of_twice_the_size_takes_hardly_more_than_twice_the_work() {
    // A try reads no further than the longest match, and a search reads the text once.
    let work = |pattern: &Pattern, text: &str, starts: Option<&[usize]>| {
        let mut matches = Matches::new(pattern, text, text.is_ascii(), starts);
        let _first = matches.next();
        let reach = pattern.max_bytes.map_or(text.len(), |most| most.min(text.len()));
        (matches.tries * reach + text.len()) as f64
    };
    for unit in ["foo ", "rate limit ", "key 1 ", "does not ", "api key ", "request "] {
        let (text, twice) = (unit.repeat(4000), unit.repeat(8000));
        for set in RULES.patterns().fields().iter().filter(|set| set.field == Field::Text) {
            let starts_in_twice: HashMap<PatternId, _> = set.candidates(&twice).collect();
            for (id, starts) in set.candidates(&text) {
                let pattern = &RULES.patterns().pattern(id).pattern;
                let once = work(pattern, &text, starts.as_deref());
                let both = work(pattern, &twice, starts_in_twice[&id].as_deref());
                assert!(both <= 2.2 * once, "{} on {unit:?}: {once} → {both}", pattern.source);
                let most = (SHORT_MATCH_BYTES / 64 + 10) * text.len();
                assert!(once <= most as f64, "{} on {unit:?}: {once} of {}", pattern.source, text.len());
            }
        }
    }
}

#[test]
fn excerpts_fold_white_space_and_are_cut() {
    let long = "word ".repeat(40);
    for (text, expected) in [
        ("a  b\n c ", "a b c".to_owned()),
        ("", String::new()),
        (&"x".repeat(MAX_EXCERPT_CHARS), "x".repeat(MAX_EXCERPT_CHARS)),
        (&"x".repeat(MAX_EXCERPT_CHARS + 1), format!("{}…", "x".repeat(MAX_EXCERPT_CHARS - 1))),
        (&long, format!("{}…", &long[..MAX_EXCERPT_CHARS - 1])),
    ] {
        assert_eq!(excerpt(text), expected, "{text:?}");
    }
    let rules = rules("[[rule]]\nname = 'r'\nwhen = { text = 'a.*b' }\n");
    assert_eq!(scan(&mail("x", "a  b"), &rules).hits()[0].excerpt, "a b");
}
