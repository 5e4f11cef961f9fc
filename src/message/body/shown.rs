//! What people set apart from their words by a line that they draw, which is no signature: steps, tables, logs, and more
//! words.

/// Rows with as many cells as each other that make a table; signatures have two of them, too.
const MIN_TABLE_ROWS: usize = 3;

/// Words behind the first one that no name, place or post has in small letters alone.
const MIN_PROSE_WORDS: usize = 3;

/// Digits of the number of a step.
const MAX_STEP_DIGITS: usize = 2;

/// Words that sentences have and signatures have not, in the languages of customers.
const SENTENCE_WORDS: [&str; 5] = [
    "i i'm i've we we're it it's is isn't are aren't was were has have need needs can cannot can't don't doesn't didn't \
     will would should not",
    "ich wir uns mir ist sind war hat habe haben wird werden kann können brauche brauchen nicht",
    "je j'ai nous est sont avons peux pouvons pas yo está están hay tengo tenemos necesito necesitamos puedo",
    "ho abbiamo sono è ik wij zijn hebben kan jag jeg vi är er har inte ikke estou estamos temos não",
    "jest są mam nie",
];

/// Words that a finished sentence below dashes has at the least.
const MIN_SENTENCE_WORDS: usize = 4;

/// Whether the lines below a rule go on with what the sender has to say.
///
/// Below `--` they seldom do: many programs forget the blank that belongs there. In an answer, and so in an agent's,
/// sentences below it are a signature's: `We are closed on Sundays.`
pub(super) fn goes_on(rule: &str, below: &[&str], answers_none: bool) -> bool {
    let is_sign = rule.trim() == "--";
    // Below underscores, as programs draw them, a motto may stand, too.
    let is_dashed = !rule.trim().starts_with('_') && !is_sign;
    let has_words = |line: &str| is_dashed && (is_prose(line) || is_finished(line) && has_enough_words(line));
    let says_more = |line: &str| is_sentence(line) && (!is_sign || answers_none);
    let is_more = |line: &&str| is_step(line) || is_logged(line) || says_more(line) || has_words(line);
    below.iter().any(is_more) || has_table(below)
}

/// `1. Open the page`, `2) click`.
fn is_step(line: &str) -> bool {
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let behind = line[digits..].strip_prefix(['.', ')']).and_then(|behind| behind.strip_prefix(' '));
    (1..=MAX_STEP_DIGITS).contains(&digits) && behind.is_some_and(|words| words.starts_with(char::is_alphabetic))
}

/// `2026-11-29 10:01 disk full`, `[10:01:17] disk full`.
fn is_logged(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '[', '(']);
    let has_shape = |shape: &str| {
        let fits = |(b, sign): (u8, u8)| if sign == b'0' { b.is_ascii_digit() } else { b == sign };
        line.len() >= shape.len() && line.bytes().zip(shape.bytes()).all(fits)
    };
    has_shape("0000-00-00") || has_shape("00:00:00")
}

/// A sentence with words that no signature has.
fn is_sentence(line: &str) -> bool {
    let is_of_sentence = |word: &str| SENTENCE_WORDS.iter().any(|row| row.split(' ').any(|known| known == word));
    is_finished(line) && {
        let lower = line.to_lowercase().replace('’', "'");
        lower.split(|c: char| !c.is_alphabetic() && c != '\'').any(is_of_sentence)
    }
}

/// A line that ends as sentences do, and is nobody's motto: those stand between quotes.
fn is_finished(line: &str) -> bool {
    let line = line.trim();
    line.ends_with(['.', '!', ':']) && !line.starts_with(['"', '“', '„', '«', '\'', '‘'])
}

fn has_enough_words(line: &str) -> bool {
    line.split_whitespace().filter(|word| word.starts_with(char::is_alphabetic)).count() >= MIN_SENTENCE_WORDS
}

/// Words behind the first of which none has a capital, as the words of names, places and posts have.
fn is_prose(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let is_word = |word: &str| word.starts_with(char::is_lowercase);
    let mut count = 0;
    let are_words = words.all(|word| {
        count += 1;
        is_word(word)
    });
    are_words && count >= MIN_PROSE_WORDS && first.starts_with(char::is_alphabetic)
}

/// Rows of cells below each other, of which none has an address.
fn has_table(lines: &[&str]) -> bool {
    let cells = |line: &str| line.matches(['|', '\t']).count();
    let (mut rows, mut last) = (0, 0);
    lines.iter().filter(|line| !line.trim().is_empty()).any(|line| {
        let count = if line.contains(['@', '+']) || line.contains("www.") { 0 } else { cells(line.trim()) };
        rows = if count > 0 && count == last { rows + 1 } else { usize::from(count > 0) };
        last = count;
        rows >= MIN_TABLE_ROWS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_below_a_rule_is_told_from_a_signature() {
        let cases = [
            ("steps", "Steps\n1. open the page\n2. click", true),
            ("steps with brackets", "1) öffnen", true),
            ("a late step", "12. open", true),
            ("a number", "123. open", false),
            ("a log", "[2026-11-29 10:01] disk full", true),
            ("a log of one day", "10:01:17 disk full", true),
            ("a table", "Order | Qty\nA | 2\nB | 3", true),
            ("a table of tabs", "Order\tQty\nA\t2\nB\t3", true),
            ("a sentence", "We need it tomorrow.", true),
            ("German", "Das brauchen wir morgen!", true),
            ("French", "Nous avons tout essayé.", true),
            ("Spanish", "No puedo entrar.", true),
            ("a demand", "Change your password today.", true),
            ("less of one", "Example Trading Ltd.", false),
            ("an announcement", "This is what it says:", true),
            ("a name", "Ann Example\nExample Ltd\n+44 20 7946 0000", false),
            ("a house number", "12 Harbour Road", false),
            ("numbers", "020-7946-0000\n2026.11.29", false),
            ("two rows", "Ann | Head of Tea\nExample | London", false),
            ("three rows with addresses", "Ann | Tea\nT: 1 | F: 2\nE: ann@example.com | W: www.example.com", false),
            ("a motto", "“It is never too late for tea.”", false),
            ("not finished", "Our Tea is the best", false),
            ("prose", "second question about coffee", true),
            ("an update", "UPDATE: works since noon", true),
            ("less", "UPDATE: works again", false),
            ("a post", "Head of the Department of Tea", false),
            ("of a list", "tea-users mailing list\ntea-users@lists.example\nhttps://lists.example/tea", false),
        ];
        for (name, below, expected) in cases {
            assert_eq!(goes_on("---", &below.lines().collect::<Vec<_>>(), false), expected, "{name}");
        }
    }
    #[test]
    fn mottos_stand_below_other_rules_than_dashes() {
        for (rule, expected) in [("---", true), ("————", true), ("____", false), ("--", false)] {
            assert_eq!(goes_on(rule, &["Ann Example", "Your partner in all things tea"], false), expected, "{rule}");
        }
    }
    #[test]
    fn sentences_below_the_sign_of_a_signature_are_words_in_a_mail_that_answers_none() {
        for (below, in_answer, in_another) in [
            (["Ann Example", "We are closed on Sundays."], false, true),
            (["Ann Example", "Example Ltd"], false, false),
            (["1. open the page", "2. click"], true, true),
        ] {
            assert_eq!(
                (goes_on("--", &below, false), goes_on("--", &below, true)),
                (in_answer, in_another),
                "{below:?}"
            );
        }
    }
}
