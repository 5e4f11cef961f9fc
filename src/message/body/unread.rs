//! What nobody here has read of what a mail quotes.
//!
//! Some programs quote a mail without a mark on its lines, and what people write between them looks like more of the
//! quote. Where the mail that is answered is at hand, its own lines can be told from others.

use super::marker::is_last_line_of_ours;
use super::quotes::is_quoted;
use super::{banner, signature};
use crate::message::attribution::{self, attribution, header_block, stacked_block};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// Where scripts begin that are written without blanks between words: each of their characters counts as a word.
const WITHOUT_BLANKS: char = '\u{2E80}';

/// Bytes that are shown of the line below which something stands.
const MAX_SHOWN_BYTES: usize = 300;

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
/// Programs wrap anew what they quote, and turn HTML into text each in its own way: so a line is known when its words stand
/// next to each other in the mail, too, and no other line has taken them.
pub(in crate::message) fn unread(quote: &str, answered: Option<&str>) -> Unread {
    let Some(answered) = answered else { return Unread { text: quote.to_owned(), ..Unread::default() } };
    let answered = answered.to_lowercase();
    let mut known = Known::of(&answered);
    let mut found = Found::default();
    let lines: Vec<&str> = quote.lines().collect();
    // Some programs mark an introduction as they do what it introduces.
    let bare: Vec<&str> = lines.iter().map(|line| line.trim_start_matches(['>', ' '])).collect();
    let mut at = 0;
    while at < lines.len() {
        let count = introduction(&bare[at..]);
        if count > 0 && !lines[at..at + count].iter().all(|line| known.has_all(line)) {
            found.introduction.extend(&lines[at..at + count]);
            at += count;
            continue;
        }
        let (line, words) = (lines[at], bare[at]);
        at += 1;
        if is_of_a_program(words) {
            continue;
        }
        match known.take(words) {
            Line::Empty => found.pass(line),
            Line::Known => found.know(line),
            // Programs let people write behind the marks, too.
            Line::Other { is_new } => found.add(line, is_new),
        }
    }
    found.finish()
}

/// What was found so far.
#[derive(Default)]
struct Found<'a> {
    unread: Unread,
    last_known: Option<&'a str>,
    /// Lines that introduce a mail, perhaps the one that is answered.
    introduction: Vec<&'a str>,
    /// Lines since the last one that is known.
    open: Vec<&'a str>,
    /// Whether they have a word that the mail has not.
    has_new_words: bool,
}

impl<'a> Found<'a> {
    fn add(&mut self, line: &'a str, is_new: bool) {
        self.has_new_words |= is_new;
        self.open.append(&mut self.introduction);
        self.open.push(line);
    }

    /// A line without words, which is nobody's.
    fn pass(&mut self, line: &'a str) {
        if line.contains(char::is_alphanumeric) {
            return;
        }
        if !self.introduction.is_empty() {
            self.introduction.push(line);
        } else if !self.open.is_empty() || line == "-- " {
            self.open.push(line);
        }
    }

    fn know(&mut self, line: &'a str) {
        self.forget_inner_introduction();
        if self.last_known.is_none() {
            self.introduction.clear();
        }
        self.open.append(&mut self.introduction);
        match self.last_known {
            Some(_) => self.unread.is_between |= self.has_new_words,
            // A server's warning stands above the first line, below the introduction.
            None if banner::is_one(self.open.get(introduction(&self.open)..).unwrap_or_default()) => self.open.clear(),
            None => {}
        }
        self.close();
        self.last_known = Some(line);
    }

    /// Forgets an introduction of a mail within the one that is answered, which it may have lost. It says when that was
    /// written or from which address, as people's own fields seldom do.
    fn forget_inner_introduction(&mut self) {
        let is_a_mails = |line: &&str| line.contains('@') || attribution::has_date_and_time(line);
        if self.last_known.is_some() && self.introduction.iter().any(is_a_mails) {
            self.introduction.clear();
        }
    }

    /// Whether somebody wrote some of the lines here, and not quoted all of them.
    fn has_words(&self) -> bool {
        self.open.iter().any(|line| !is_quoted(line) && line.contains(char::is_alphanumeric))
    }

    /// Puts down the open lines below the one after which they stand.
    fn close(&mut self) {
        self.has_new_words = false;
        let mut lines = std::mem::take(&mut self.open);
        while lines.pop_if(|line| !line.contains(char::is_alphanumeric)).is_some() {}
        if lines.is_empty() {
            return;
        }
        let text = &mut self.unread.text;
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        if let Some(above) = self.last_known.filter(|line| !is_last_line_of_ours(line)) {
            let above = above.trim_start_matches(['>', ' ']).trim_end();
            text.extend(["> ", &above[..above.floor_char_boundary(MAX_SHOWN_BYTES)], "\n"]);
        }
        text.push_str(lines.join("\n").trim_end());
    }

    fn finish(mut self) -> Unread {
        self.unread.is_of_another = self.last_known.is_none() && self.has_words();
        self.forget_inner_introduction();
        self.open.append(&mut self.introduction);
        if self.last_known.is_some() {
            let end = signature::words_below(&self.open);
            self.open.truncate(end);
            let own: Vec<&str> = self.open.iter().filter(|line| !is_quoted(line)).copied().collect();
            self.unread.below = own.join("\n").trim_end().to_owned();
        }
        self.close();
        self.unread
    }
}

/// Lines that say whose mail is quoted and from when.
fn introduction(lines: &[&str]) -> usize {
    let Some(line) = lines.first() else { return 0 };
    if attribution::separator(line).is_some() || attribution::is_between_rules(line) {
        return 1;
    }
    let block = header_block(lines).or_else(|| stacked_block(lines));
    block.or_else(|| attribution(lines).map(|(count, _)| count)).unwrap_or(0)
}

/// What programs put into a text in the place of pictures and links.
pub(super) fn is_of_a_program(line: &str) -> bool {
    let line = line.trim();
    let is_link = line.starts_with('<') && line.ends_with('>') && line.contains(':');
    let is_picture = ["[cid:", "[image", "[http"].iter().any(|start| line.starts_with(start)) && line.ends_with(']');
    (is_link || is_picture) && !line.contains(char::is_whitespace)
}

/// The words of a text, and how often each, and each two next to each other, stand in it, as far as no line has taken
/// them. They are known by their hashes.
struct Known {
    hasher: BuildHasherDefault<DefaultHasher>,
    counts: HashMap<u64, u32>,
}

impl Known {
    fn of(lower: &str) -> Self {
        let mut known = Self { hasher: BuildHasherDefault::default(), counts: HashMap::new() };
        let words: Vec<&str> = words(lower).collect();
        for key in known.keys(&words).chain(known.pairs(&words)).collect::<Vec<_>>() {
            *known.counts.entry(key).or_default() += 1;
        }
        known
    }

    fn keys(&self, words: &[&str]) -> impl Iterator<Item = u64> {
        words.iter().map(|word| self.hasher.hash_one(word))
    }

    fn pairs(&self, words: &[&str]) -> impl Iterator<Item = u64> {
        words.windows(2).map(|pair| self.hasher.hash_one((pair[0], pair[1])))
    }

    /// What a line is, whose words are taken if it is one of the text.
    fn take(&mut self, line: &str) -> Line {
        let lower = line.to_lowercase();
        let words: Vec<&str> = words(&lower).collect();
        let (keys, pairs): (Vec<u64>, Vec<u64>) = (self.keys(&words).collect(), self.pairs(&words).collect());
        let is_left = |key: &&u64| self.counts.get(key).is_some_and(|count| *count > 0);
        let is_known = match &keys[..] {
            [] => return Line::Empty,
            [word] => is_left(&word),
            _ => {
                let other = pairs.iter().filter(|pair| !is_left(pair)).count();
                other <= pairs.len() / OTHERS && pairs.last().is_some_and(|last| is_left(&last))
            }
        };
        if !is_known {
            return Line::Other { is_new: keys.iter().any(|key| !is_left(&key)) };
        }
        for key in keys.iter().chain(&pairs) {
            if let Some(count) = self.counts.get_mut(key) {
                *count = count.saturating_sub(1);
            }
        }
        Line::Known
    }

    /// Whether the text has all words of a line.
    fn has_all(&self, line: &str) -> bool {
        words(&line.to_lowercase()).all(|word| self.counts.contains_key(&self.hasher.hash_one(word)))
    }
}

/// Pairs of words next to each other among which one may be new in a line that is known: programs change a sign here and
/// there. What is new at its end is an answer on the line of the question.
const OTHERS: usize = 8;

/// What a line of a quote is.
enum Line {
    Empty,
    Known,
    Other {
        /// Whether it has a word that the mail has not, or not so often.
        is_new: bool,
    },
}

/// The words of a text. All links are one word: servers write others in their place. What programs put behind words to
/// tell where they lead, `<https://…>`, is none.
fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split_whitespace().flat_map(|piece| {
        let target = piece.find("<http").or_else(|| piece.find("<mailto:"));
        let piece = &piece[..target.unwrap_or(piece.len())];
        let (link, rest) = if piece.contains("://") { (Some("://"), "") } else { (None, piece) };
        link.into_iter().chain(words_in(rest))
    })
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
            ("above it", "I write it here.\nHello Ann,", "I write it here.", false),
            (
                "wrapped anew",
                "Hello Ann, which key\ndo you use? And since when is it\nrefused by the server?",
                "",
                false,
            ),
            ("marked lines", "> Hello Ann,\n> which key do you use?", "", false),
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
            (
                "an echo of the question",
                "which key do you use?\nthe key that you use\nAnd since when is it refused by the server?\nby the server",
                "> which key do you use?\nthe key that you use\n\n\
                 > And since when is it refused by the server?\nby the server",
                true,
            ),
            ("in brackets", "Hello Ann,\n[yes]\nwhich key do you use?", "> Hello Ann,\n[yes]", true),
            (
                "on the line of the question",
                "Hello Ann,\nwhich key do you use? The second, never the first.",
                "> Hello Ann,\nwhich key do you use? The second, never the first.",
                false,
            ),
            (
                "fields that introduce no mail of ours",
                "Von: Hamburg\nAn: Berlin\nDatum: 12.12.2026 09:00\nBetreff: Termin\n\nBitte absagen.\n\n\
                 From: Support\nSent: Monday, 2 March 2026 10:05\nTo: Ann\nSubject: Keys\n\nHello Ann,",
                "Von: Hamburg\nAn: Berlin\nDatum: 12.12.2026 09:00\nBetreff: Termin\n\nBitte absagen.",
                false,
            ),
            (
                "on the line of a long question",
                "And since when is it refused by the server? At noon.\nKind regards",
                "And since when is it refused by the server? At noon.",
                false,
            ),
            (
                "words with their links",
                "which key<mailto:key@desk.example> do you use<https://desk.example>?",
                "",
                false,
            ),
            ("a link", "Hello Ann,\nhttps://shop.example/cart\nwhich key do you use?", "", false),
            (
                "a link that the mail has not",
                "See https://desk.example/keys for more.\nhttps://shop.example/cart\nKind regards",
                "> See https://desk.example/keys for more.\nhttps://shop.example/cart",
                true,
            ),
            (
                "a marked introduction",
                "> On 29 Nov 2026, at 20:50, Support <support@desk.example> wrote:\n>\n> Hello Ann,\n>",
                "",
                false,
            ),
            (
                "an introduction within",
                "Hello Ann,\nOn Mon, 2 Mar 2026 at 09:00, Ann <ann@example.com> wrote:\n> which key do you use?",
                "",
                false,
            ),
            (
                "fields between",
                "Hello Ann,\nFrom: Friday\nTo: Sunday\nSubject: all calls\n\nwhich key do you use?",
                "> Hello Ann,\nFrom: Friday\nTo: Sunday\nSubject: all calls",
                false,
            ),
            (
                "behind a mark",
                "> Hello Ann,\n> The second.\n> which key do you use?",
                "> Hello Ann,\n> The second.",
                true,
            ),
            (
                "behind a marked line",
                "> Hello Ann,\n> which key do you use? The second.\n> Kind regards",
                "> Hello Ann,\n> which key do you use? The second.",
                true,
            ),
            (
                "marked lines of others",
                "Hello Ann,\nwhich key do you use?\n> error 500: gone",
                "> which key do you use?\n> error 500: gone",
                false,
            ),
            (
                "a server's warning",
                "From: Support\nSent: Monday, 2 March 2026 10:05\nTo: Ann\nSubject: Keys\n\n\
                 CAUTION: This email originated from outside of the organisation.\n\nHello Ann,",
                "",
                false,
            ),
            ("a footer", "Hello Ann,\n\nSent from my iPhone", "", false),
            ("a signature", "Hello Ann,\n\n-- \nAnn Example\nExample Ltd", "", false),
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
