//! What nobody here has read of what a mail quotes.
//!
//! Some programs quote a mail without a mark on its lines, and what people write between them looks like more of the
//! quote. Where the mail that is answered is at hand, its own lines can be told from others.

use super::quotes::is_quoted;
use crate::message::attribution::{self, attribution, header_block, stacked_block};
use std::collections::HashSet;

/// Where scripts begin that are written without blanks between words: each of their characters counts as a word.
const WITHOUT_BLANKS: char = '\u{2E80}';

/// Lines of a quote that stand in no mail that is known here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// The lines, those that follow upon one that is known below that one, marked with `>`. All that was quoted where
    /// the mail that it comes from is not known.
    pub text: String,
    /// Whether some of them stand between lines of the mail that is answered: somebody answers line by line.
    pub is_between: bool,
    /// Those of them that stand below all of that mail.
    pub below: String,
    /// Whether they are all that is quoted, and the mail that is answered is known: it is another one that they show.
    pub is_of_another: bool,
}

/// The lines of `quote` that stand neither in `answered`, the text of the mail that it quotes, nor in its introduction.
///
/// Lines that are marked with `>` are quoted beyond doubt. Programs wrap anew what they quote, and turn HTML into text
/// each in its own way: so a line is known when half of its words stand next to each other in the mail, too.
pub(in crate::message) fn unread(quote: &str, answered: Option<&str>) -> Unread {
    let Some(answered) = answered else { return Unread { text: quote.to_owned(), ..Unread::default() } };
    let answered = answered.to_lowercase();
    let known = Known::of(&answered);
    let lines: Vec<&str> = quote.lines().collect();
    let (mut text, mut open, mut is_between) = (String::new(), String::new(), false);
    let mut last_known = None;
    for at in unintroduced(&lines) {
        let line = lines[at];
        if is_of_a_program(line) {
            continue;
        }
        match if is_quoted(line) { Some(true) } else { known.has(line) } {
            None => {}
            Some(true) => {
                is_between |= !open.is_empty() && last_known.is_some();
                add(&mut text, last_known, &open);
                open.clear();
                last_known = Some(line);
            }
            Some(false) => open.extend([line.trim_end(), "\n"]),
        }
    }
    add(&mut text, last_known, &open);
    text.truncate(text.trim_end().len());
    let below = if last_known.is_some() { open.trim_end().to_owned() } else { String::new() };
    let is_of_another = last_known.is_none() && !text.is_empty();
    Unread { text, is_between, below, is_of_another }
}

/// Adds lines below the one after which they stand.
fn add(text: &mut String, above: Option<&str>, lines: &str) {
    if lines.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    if let Some(above) = above {
        text.extend(["> ", above.trim_start_matches(['>', ' ']).trim_end(), "\n"]);
    }
    text.push_str(lines);
}

/// Whether lines without a mark are quoted.
pub(super) fn has_unmarked_lines(quote: &str) -> bool {
    let lines: Vec<&str> = quote.lines().collect();
    unintroduced(&lines).any(|at| !is_quoted(lines[at]) && !lines[at].trim().is_empty())
}

/// The lines but for those that say whose mail is quoted and from when.
fn unintroduced(lines: &[&str]) -> impl Iterator<Item = usize> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let count = introduction(lines.get(at..).filter(|rest| !rest.is_empty())?);
            at += count.max(1);
            if count == 0 {
                return Some(at - 1);
            }
        }
    })
}

/// Lines that say whose mail is quoted and from when.
fn introduction(lines: &[&str]) -> usize {
    let line = lines[0];
    if attribution::separator(line).is_some() || attribution::is_between_rules(line) {
        return 1;
    }
    let block = header_block(lines).or_else(|| stacked_block(lines));
    block.or_else(|| attribution(lines).map(|(count, _)| count)).unwrap_or(0)
}

/// What programs put into a text in the place of pictures and links.
pub(super) fn is_of_a_program(line: &str) -> bool {
    let line = line.trim();
    let is_between = |open, close| line.starts_with(open) && line.ends_with(close);
    (is_between('<', '>') || is_between('[', ']')) && !line.contains(char::is_whitespace)
}

/// The words of a text, and which of them stand next to each other.
struct Known<'a> {
    words: HashSet<&'a str>,
    pairs: HashSet<(&'a str, &'a str)>,
}

impl<'a> Known<'a> {
    fn of(lower: &'a str) -> Self {
        let words: Vec<&str> = words(lower).collect();
        let pairs = words.windows(2).map(|pair| (pair[0], pair[1])).collect();
        Self { words: words.into_iter().collect(), pairs }
    }

    /// Whether a line is one of the text; nothing where it has no words.
    fn has(&self, line: &str) -> Option<bool> {
        let lower = line.to_lowercase();
        let words: Vec<&str> = words(&lower).collect();
        let next_to_each_other = words.windows(2).filter(|pair| self.pairs.contains(&(pair[0], pair[1]))).count();
        match words[..] {
            [] => None,
            [word] => Some(self.words.contains(word)),
            _ => Some(2 * next_to_each_other >= words.len() - 1),
        }
    }
}

/// The words of a text. Links are none: servers write others in their place.
fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split_whitespace().filter(|piece| !piece.contains("://") && !piece.contains("mailto:")).flat_map(words_in)
}

fn words_in(mut rest: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let first = rest.chars().next()?;
        let end = match first >= WITHOUT_BLANKS {
            true => first.len_utf8(),
            false => rest.find(|c: char| !c.is_alphanumeric() || c >= WITHOUT_BLANKS).unwrap_or(rest.len()),
        };
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERED: &str = "Hello Ann,\n\nwhich key do you use?\nAnd since when is it refused by the server?\n\
                            See https://desk.example/keys for more.\n\nKind regards\nThe support desk\n";

    fn of(quote: &str) -> (String, bool) {
        let Unread { text, is_between, .. } = unread(quote, Some(ANSWERED));
        (text, is_between)
    }

    #[test]
    fn what_the_answered_mail_has_not_is_unread() {
        let cases = [
            ("nothing but the mail", "Hello Ann,\nwhich key do you use?\n", "", false),
            (
                "between its lines",
                "From: Support\nSent: Monday, 2 March 2026 10:05\nTo: Ann\nSubject: Keys\n\nHello Ann,\n\n\
                 which key do you use?\n\nThe one that ends in 7f.\n\n\
                 And since when is it refused by the server?\nSince noon.\n\nKind regards\nThe support desk",
                "> which key do you use?\nThe one that ends in 7f.\n\n\
                 > And since when is it refused by the server?\nSince noon.",
                true,
            ),
            (
                "below it",
                "Hello Ann,\nwhich key do you use?\nThe support desk\n\nThe second one.\nIt is new.",
                "> The support desk\nThe second one.\nIt is new.",
                false,
            ),
            ("above it", "This mail comes from outside.\nHello Ann,", "This mail comes from outside.", false),
            (
                "wrapped anew",
                "Hello Ann, which key\ndo you use? And since when is it\nrefused by the server?",
                "",
                false,
            ),
            ("marked lines", "> Which plan do you have?\nHello Ann,", "", false),
            ("between marked lines", "> Hello Ann,\nNo.\n> which key?", "> Hello Ann,\nNo.", true),
            (
                "links and pictures",
                "Hello Ann,\n<https://desk.example>\n[cid:logo.png]\nwhich key do you use?",
                "",
                false,
            ),
            (
                "links that a server rewrote",
                "which key do you use?\nSee https://links.example/?url=desk.example%2Fkeys for more.\nKind regards",
                "",
                false,
            ),
            ("rules", "Hello Ann,\n__________\nwhich key do you use?", "", false),
            ("an introduction", "On 2 Mar 2026 at 10:05, Bob wrote:\nHello Ann,", "", false),
            ("one word of it", "server", "", false),
            ("one word", "Hello Ann,\nyes\nwhich key do you use?", "> Hello Ann,\nyes", true),
        ];
        for (name, quote, text, is_between) in cases {
            assert_eq!(of(quote), (text.to_owned(), is_between), "{name}");
        }
    }

    #[test]
    fn scripts_without_blanks_are_told_by_their_characters() {
        let answered = "请问您使用的是哪个密钥？从什么时候开始被拒绝？";
        assert_eq!(unread("请问您使用的是\n哪个密钥？从什么时候", Some(answered)), Unread::default());
        let between = unread("请问您使用的是哪个密钥？\n我们用的是第二个\n从什么时候开始被拒绝？", Some(answered));
        assert_eq!((between.text.as_str(), between.is_between), ("> 请问您使用的是哪个密钥？\n我们用的是第二个", true));
    }

    #[test]
    fn all_of_it_is_unread_where_the_mail_is_not_known() {
        let quote = "From: Bob\nSent: Monday\n\nIt burns.\n> Where?";
        assert_eq!(unread(quote, None), Unread { text: quote.to_owned(), ..Unread::default() });
    }

    #[test]
    fn what_stands_below_the_mail_is_told_apart() {
        let below = |quote: &str| unread(quote, Some(ANSWERED)).below;
        assert_eq!(below("Hello Ann,\nwhich key do you use?\n\nPS: and save.\nAlways."), "PS: and save.\nAlways.");
        assert_eq!(below("> Hello Ann,\n> which key do you use?\n\nPS: and save."), "PS: and save.");
        assert_eq!(below("This mail comes from outside.\nHello Ann,"), "", "above it");
        assert_eq!(below("This mail comes from outside."), "", "none of it");
        assert!(unread("It was delivered.", Some(ANSWERED)).is_of_another);
        assert!(!unread("Hello Ann,\nIt was delivered.", Some(ANSWERED)).is_of_another);
        assert!(!unread("It was delivered.", None).is_of_another);
    }
}
