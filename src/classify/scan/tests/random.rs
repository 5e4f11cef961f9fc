//! Patterns and texts put together at random: whatever they are, a set of patterns finds what each finds alone.

use super::*;

/// Edges, anchors, repetitions, and letters whose case folds strangely. One a line.
const PIECES: &str = r"
\b
\B
^
$
(?m:^)
(?m:$)
\A
\z
(?-u:\b)
\b{start}
\b{end}
\b{start-half}
\b{end-half}
foo
bar
key
rate limit
is the very long phrase of many letters
(?-i:Foo)
a
b
s
k
ß
é
Σ
ſ
İ
ǅ
(?i:ẞ)
ι
Ⓐ
-
_
1
[ ]
\s
\s+
\w
\w+
\d
.
.*
.{0,5}
(?s:.{0,30}?)
[a-c]
[^a]
['’]
[\s-]
\pL
\x{212a}
\x{300}
\x{345}";

const REPETITIONS: [&str; 10] = ["?", "*", "+", "??", "+?", "{2}", "{1,3}", "{2,}", "{0,2}", "{1}"];

/// What such patterns look for, and what folds to it. One a line, and some white space beside.
const WORDS: &str = "foo
FOO
bar
Key
\u{212a}ey
a
b
ab
s
ſ
k
ß
ẞ
É
é
σ
ς
Σ
-
_
1
12
\u{300}
’
'
rate limit
Rate\tlimit
is the very long phrase of many letters
IS THE VERY LONG PHRASE OF MANY LETTERſ
İ
i̇
ǆ
Ǆ
ǅ
x
zz
\u{345}
Ι
ⓐ
日本
\u{200d}
\u{0}";

const SPACES: [&str; 7] = [" ", " ", "  ", "\n", "\r\n", "\u{a0}", "\u{85}"];

fn pattern() -> impl Strategy<Value = String> {
    let pieces: Vec<String> = PIECES.trim_start().split('\n').map(str::to_owned).collect();
    prop::sample::select(pieces).prop_recursive(4, 24, 4, |inner| {
        let repeated = (inner.clone(), prop::sample::select(REPETITIONS.to_vec()));
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner, 1..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            2 => repeated.prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let words: Vec<&str> = WORDS.split('\n').chain(SPACES).collect();
    prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|words| words.concat())
}

fn folding(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(pattern).case_insensitive(true).build()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_finds_in_any_text_what_each_of_its_patterns_finds_alone(
        patterns in prop::collection::vec(pattern(), 6),
        texts in prop::collection::vec(text(), 6),
    ) {
        let sound = patterns.iter().filter(|pattern| folding(pattern).is_ok());
        let file: String = sound
            .enumerate()
            .map(|(n, pattern)| format!(
                "[[rule]]\nname = 'r{n}'\nwhen = {{ text = '''{pattern}''' }}\n\
                 [[rule]]\nname = 'm{n}'\nwhen = {{ value = '''(?<value>{pattern})''', above = '1 s', in = 'text' }}\n"
            ))
            .collect();
        // A pattern that only the compiler of rules refuses takes its five neighbours with it.
        let Ok(rules) = compile(&[RuleFile { path: "random.toml".into(), text: file }]) else { return Ok(()) };
        for text in &texts {
            let mut message = mail("x", "y");
            message.body.reply.clone_from(text);
            let scan = scan(&message, &rules);
            for set in rules.patterns().fields().iter().filter(|set| set.field == Field::Text) {
                for id in set.ids() {
                    let SetPattern { pattern, measures } = rules.patterns().pattern(*id);
                    let found = scan.find(*id).map(|hit| {
                        let captured = hit.captured.iter();
                        let captured = captured.map(|c| (c.place.range.clone(), c.number.clone(), c.unit.clone()));
                        (hit.place.range.clone(), captured.collect())
                    });
                    let expected = alone(&folding(&pattern.source).unwrap(), *measures, text);
                    prop_assert_eq!(found, expected, "{} on {:?}", pattern.source, text);
                }
            }
        }
    }
}
