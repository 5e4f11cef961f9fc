//! The words a person wrote: the text of a mail, taken apart into reply, quote and signature.
//!
//! Each line goes into exactly one of the three, so nothing is thrown away. Every step looks at a line and a bounded
//! number of its neighbours, so the work grows with the length of the text.

mod banner;
mod below;
mod flow;
mod marker;
mod notices;
mod phrases;
mod quotes;
mod sent_from;
mod shown;
mod signature;
mod unread;

pub(super) use flow::{Flow, push_plain};
pub use marker::ANSWER_ABOVE;
pub use unread::Unread;

use super::fields;
use super::regions::Region;
use super::search::Beginnings;
use quotes::Quotes;
use std::borrow::Cow;

/// The words of a mail, whole and taken apart. Nothing is thrown away: the parts hold all that `text` has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// The whole text body, HTML reduced to text where there is no plain part. Lines end in `\n`.
    pub text: String,
    /// What the sender newly wrote: without quotes, attribution lines and signature. Quoted lines between which
    /// answers stand are part of it; [`Body::own_words`] is without them.
    pub reply: String,
    /// What was cut as quoted.
    pub quote: String,
    /// What was cut as signature or footer.
    pub signature: String,
    /// Whether words stand between the quoted lines of a mail of ours, below the line above which agents write: those
    /// were cut with it.
    pub has_words_in_quoted_mail: bool,
    /// Whether quoted lines are part of the reply because answers stand between them.
    pub has_quotes_in_reply: bool,
    /// The line that seems to introduce another mail, between the sender's words and a mail of ours of that kind. What
    /// stands below it is part of the reply.
    pub mail_above_ours: Option<String>,
}

/// A closing is shorter; longer lines that begin like one are sentences.
const MAX_CLOSING_BYTES: usize = 60;

/// What else is known of a text than its words.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// What its HTML says about stretches of it, by bytes of the text.
    pub regions: Vec<Region>,
    /// The subject says that the mail passes another one on.
    pub is_forward: bool,
    /// It answers no mail, by all that its header says.
    pub answers_none: bool,
    /// It was HTML, or some of it.
    pub is_html: bool,
    /// The names of who wrote it, and what stands before the `@` of the address.
    pub sender: String,
}

impl Hints {
    /// Adds what is known of a text that was HTML and is appended at `start`.
    pub fn add(&mut self, regions: Vec<Region>, start: usize) {
        let shift = |region: Region| Region { start: region.start + start, end: region.end + start, ..region };
        self.is_html = true;
        self.regions.extend(regions.into_iter().map(shift));
    }
}

/// What a line of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reply,
    /// A line that is marked as quoted, and that may stand between answers.
    Quoted,
    /// An attribution above such lines.
    Introduction,
    /// What is quoted as a whole, below all that the sender wrote.
    Quote,
    Signature,
}

impl Kind {
    fn is_cut_as(self, other: Kind) -> bool {
        self == other || other == Kind::Quote && matches!(self, Kind::Quoted | Kind::Introduction)
    }
}

/// Takes the text apart.
pub(super) fn split(text: String, hints: &Hints) -> Body {
    let lines = lines_of(&text);
    let hinted = quotes::hints_by_line(&text, &lines, &hints.regions);
    let marker = marker::find(&text, &lines);
    let mut kinds = vec![Kind::Reply; lines.len()];
    let found = quotes::mark(&lines, marker, &hinted, &mut kinds);
    // Signatures end where the next mail begins, whether that is quoted or shown.
    signature::mark(&lines, &hinted, marker.is_some(), hints, &mut kinds);
    let is_about_ours = || lines.iter().any(|line| marker::is_last_line_of_ours(line));
    if hints.answers_none && marker.is_none() && !is_about_ours() {
        quotes::keep_what_answers_nothing(&lines, &found, hints.is_forward, &mut kinds);
    }
    let has_quotes_in_reply = match marker {
        Some(at) => quotes::keep_below_words(&lines[..marker::quote_around(&lines, at)], &mut kinds),
        None => quotes::keep_between_answers(&lines, hints, &mut kinds),
    };
    let mut reply = gather(&lines, &kinds, Kind::Reply);
    if reply.is_empty() && marker.is_none() {
        // An empty answer to a mail of ours is empty; what looks like the header of another may be a form, or a letter.
        let may_show = |quotes: &Quotes| !quotes.is_below_headers || hints.is_forward || !is_about_ours();
        if let Some(start) = found.words_at.filter(|_| may_show(&found)) {
            show_from(start, &lines, &mut kinds);
            reply = gather(&lines, &kinds, Kind::Reply);
            if reply.is_empty() && found.is_below_headers {
                // A form of nothing but fields.
                show_from(0, &lines, &mut kinds);
                reply = gather(&lines, &kinds, Kind::Reply);
            }
        }
    }
    // What an agent signs an empty answer with is for nobody; nor is what stands below the sign of a signature that all
    // programs know, in an answer.
    let mut signs = lines.iter().zip(&kinds).filter(|(line, kind)| **kind == Kind::Signature && **line == "-- ");
    let is_signed = !hints.answers_none && signs.next().is_some();
    if reply.is_empty() && marker.is_none() && !is_signed && put_back(&lines, &mut kinds) {
        reply = gather(&lines, &kinds, Kind::Reply);
    }
    // Better the answers with what they answer than neither.
    if marker.is_none() && kinds.contains(&Kind::Quote) && below::says_answers_below(&reply) {
        kinds.iter_mut().filter(|kind| **kind == Kind::Quote).for_each(|kind| *kind = Kind::Reply);
        reply = gather(&lines, &kinds, Kind::Reply);
    }
    let quote = gather(&lines, &kinds, Kind::Quote);
    let signature = gather(&lines, &kinds, Kind::Signature);
    let has_words_in_quoted_mail = marker.is_some_and(|at| marker::has_words_between(&lines[at..]));
    let mail_above_ours = found.above_ours.map(|at| lines[at].trim().to_owned());
    Body { text, reply, quote, signature, has_words_in_quoted_mail, has_quotes_in_reply, mail_above_ours }
}

impl Body {
    /// The reply without the quoted lines between which it stands: what nobody but the sender wrote.
    pub fn own_words(&self) -> String {
        let is_own = |line: &&str| !quotes::is_quoted(line);
        let mut words = String::with_capacity(self.reply.len());
        for line in self.reply.lines().filter(is_own).skip_while(|line| line.trim().is_empty()) {
            words.push_str(line);
            words.push('\n');
        }
        words.truncate(words.trim_end().len());
        words
    }

    /// What rules judge: the reply without lines that somebody else wrote, where answers stand between those.
    pub fn judged(&self) -> Cow<'_, str> {
        if self.has_quotes_in_reply { Cow::Owned(self.own_words()) } else { Cow::Borrowed(&self.reply) }
    }

    /// What nobody here has read of what is quoted, given the text of the mail that it comes from, if that is known.
    pub fn unread(&self, answered: Option<&str>) -> Unread {
        unread::unread(&self.quote, answered)
    }

    /// Whether the reply has quoted lines between the sender's words, so that [`Body::own_words`] is not all of it.
    pub fn has_quotes_between_words(&self) -> bool {
        self.reply.lines().any(quotes::is_quoted) && !self.own_words().is_empty()
    }
}

static IS_CLOSING: Beginnings = Beginnings::new(|| Beginnings::by_first_byte(phrases::CLOSINGS));

/// Whether a line takes leave, as in `Best regards`.
pub fn is_closing(line: &str) -> bool {
    line.len() < MAX_CLOSING_BYTES && IS_CLOSING.begin(line.trim())
}

/// Whether a line is but that of a telephone or a program: `Sent from my phone`.
pub fn is_sent_from(line: &str) -> bool {
    sent_from::is_whole(line)
}

/// Bytes of words below a quoted mail; longer ones that ask nothing are a footer's.
const MAX_WORDS_BELOW_BYTES: usize = 120;

/// Bytes of a number, or of what has one, that is all such words are: `4711`, `New password: abc123`.
const MAX_VALUE_BELOW_BYTES: usize = 40;

/// Digits of a number in such words; footers have those of telephones and registers.
const MAX_DIGITS_BELOW: usize = 6;

/// Whether lines below a quoted mail say something that no footer of a server does: they go on below a signature, ask, or
/// are short, finished, and lead nowhere.
pub fn says_more_below(text: &str) -> bool {
    let text = text.trim();
    let leads = ["://", "www.", "@", "©"].iter().any(|sign| text.contains(sign));
    let is_value = text.len() <= MAX_VALUE_BELOW_BYTES && text.contains(|c: char| c.is_ascii_digit());
    let is_finished = text.ends_with(['.', '!', ')', '。', '！']) || is_value;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_short = text.len() <= MAX_WORDS_BELOW_BYTES && is_finished && digits <= MAX_DIGITS_BELOW && !leads;
    is_short && !text.is_empty()
        || text.lines().any(|line| signature::is_postscript(line) || line.trim_end().ends_with(['?', '？']))
}

/// Makes what is quoted the reply of a mail that has no other words: it only passes another one on.
fn show_from(start: usize, lines: &[&str], kinds: &mut [Kind]) {
    let blank = lines[start..].iter().take_while(|line| line.trim_matches(['>', ' ', '\t']).is_empty()).count();
    let start = start + blank;
    for (kind, line) in kinds[start..].iter_mut().zip(&lines[start..]) {
        if *kind != Kind::Signature || line.trim().is_empty() {
            *kind = Kind::Reply;
        }
    }
}

/// Makes what looked like a signature the reply of a mail that has no other words, and says whether it did.
///
/// Below a quote the line of a telephone is left out: that mail was sent before anything was written.
fn put_back(lines: &[&str], kinds: &mut [Kind]) -> bool {
    let has_quote = kinds.iter().any(|kind| kind.is_cut_as(Kind::Quote));
    let mut cut = lines.iter().zip(&*kinds).filter(|(line, kind)| **kind == Kind::Signature && !line.trim().is_empty());
    if has_quote && cut.all(|(line, _)| sent_from::is_whole(line)) {
        return false;
    }
    kinds.iter_mut().filter(|kind| **kind == Kind::Signature).for_each(|kind| *kind = Kind::Reply);
    true
}

/// The lines of the text. One with an attribution behind words of the reply, or before words of the quote, is two.
fn lines_of(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::with_capacity(text.len() / 32);
    for line in fields::lines(text) {
        // The line above turns out to be glued only when what follows is quoted.
        if quotes::is_quoted(line)
            && let Some(above) =
                lines.iter().rposition(|line| !line.trim().is_empty()).filter(|at| lines.len() - at <= 2)
            && !quotes::is_quoted(lines[above])
            && let Some(at) = super::attribution::glued(lines[above])
        {
            let (words, introduction) = lines[above].split_at(at);
            lines[above] = words;
            lines.insert(above + 1, introduction);
        }
        if let Some(at) = super::attribution::run_on(line) {
            lines.extend([&line[..at], &line[at..]]);
        } else {
            lines.push(line);
        }
    }
    lines
}

/// The lines of one kind, without empty lines at either end, and with one where something else was cut out.
fn gather(lines: &[&str], kinds: &[Kind], kind: Kind) -> String {
    let of_kind = lines.iter().zip(kinds).filter(|(_, of)| of.is_cut_as(kind));
    let mut out = String::with_capacity(of_kind.map(|(line, _)| line.len() + 1).sum());
    let mut blank_count = 0;
    let mut is_cut = false;
    for (line, of) in lines.iter().zip(kinds) {
        if !of.is_cut_as(kind) {
            is_cut |= *of != Kind::Introduction;
        } else if line.trim().is_empty() {
            blank_count += 1;
        } else {
            if !out.is_empty() {
                let blank_count = if is_cut { 1 } else { blank_count };
                out.extend(std::iter::repeat_n('\n', blank_count + 1));
            }
            (blank_count, is_cut) = (0, false);
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests;
