//! Guards on what a replay counts, so that it can stand in a pipeline.

use super::{Part, Tally};
use crate::classify::Disposition;
use crate::finding::did_you_mean;
use crate::ticket::Severity;
use std::collections::BTreeMap;
use std::fmt;

/// What must not be, for a replay to be all well: `critical lost > 0`, `changed > 5 %`.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    what: What,
    how: How,
    sign: Sign,
    limit: f64,
    is_percent: bool,
    written: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Severity(Severity),
    Category(String),
    /// What becomes of a mail.
    Disposition(Disposition),
    Part(Part),
    Corrections,
    Mails,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Lost,
    Gained,
    Changed,
    Raised,
    Lowered,
    Towards,
    Away,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Above,
    AtLeast,
    Below,
    AtMost,
    Is,
}

impl Guard {
    /// Reads a guard. `categories` are those that there are, in either set of rules.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn parse(text: &str, categories: &[&str]) -> Result<Self, String> {
        let form = "write it like \"critical lost > 0\" or \"changed > 5 %\"";
        let at = text.find(['<', '>', '=']).ok_or_else(|| format!("`{text}` compares with nothing; {form}"))?;
        let (subject, comparison) = text.split_at(at);
        let signs = [
            (">=", Sign::AtLeast),
            ("<=", Sign::AtMost),
            ("==", Sign::Is),
            (">", Sign::Above),
            ("<", Sign::Below),
            ("=", Sign::Is),
        ];
        let (sign, number) = signs
            .iter()
            .find_map(|(word, sign)| Some((*sign, comparison.strip_prefix(word)?.trim())))
            .ok_or_else(|| format!("`{comparison}` compares with nothing; {form}"))?;
        let (digits, is_percent) = number.strip_suffix('%').map_or((number, false), |digits| (digits.trim(), true));
        let limit: f64 = digits
            .parse()
            .ok()
            .filter(|limit: &f64| limit.is_finite())
            .ok_or_else(|| format!("`{number}` is no number; {form}"))?;
        let words: Vec<&str> = subject.split_whitespace().collect();
        let (what, how) = match words[..] {
            ["changed"] => (What::Mails, How::Changed),
            [what, how] => {
                let what = what_of(what, categories)?;
                let known = hows(&what);
                let found = known.iter().find(|(word, _)| *word == how).map(|(_, how)| *how);
                let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
                let found =
                    found.ok_or_else(|| format!("`{how}` is not counted of that; it may be {}", words.join(", ")))?;
                (what, found)
            }
            _ => return Err(format!("`{}` is nothing that is counted; {form}", subject.trim())),
        };
        Ok(Self { what, how, sign, limit, is_percent, written: text.trim().to_owned() })
    }

    /// What was counted, and whether that must not be.
    pub fn check(&self, tally: &Tally) -> (f64, bool) {
        let count = self.count(tally) as f64;
        let of = if self.what == What::Corrections { tally.corrected } else { tally.mails };
        let count = match (self.is_percent, of) {
            (false, _) => count,
            (true, 0) => 0.0,
            (true, of) => count * 100.0 / of as f64,
        };
        let is_broken = match self.sign {
            Sign::Above => count > self.limit,
            Sign::AtLeast => count >= self.limit,
            Sign::Below => count < self.limit,
            Sign::AtMost => count <= self.limit,
            Sign::Is => count == self.limit,
        };
        (count, is_broken)
    }

    fn count(&self, tally: &Tally) -> u64 {
        let moved = |is_counted: fn(Severity, Severity) -> bool| {
            tally.severities.iter().filter(|(from, to, _)| is_counted(*from, *to)).map(|(_, _, count)| count).sum()
        };
        let of = |counts: &BTreeMap<&str, u64>, part: Part| counts.get(part.as_str()).copied().unwrap_or_default();
        match (&self.what, self.how) {
            (What::Mails, _) => tally.changed,
            (What::Corrections, How::Towards) => tally.towards,
            (What::Corrections, _) => tally.away,
            (What::Part(Part::Severity), How::Raised) => moved(|from, to| to > from),
            (What::Part(Part::Severity), How::Lowered) => moved(|from, to| to < from),
            (What::Part(part), How::Gained) => of(&tally.gained, *part),
            (What::Part(part), How::Lost) => of(&tally.lost, *part),
            (What::Part(part), _) => of(&tally.parts, *part),
            (what, How::Gained) => pairs(tally, what).filter(|(was, is, _)| !was && *is).map(|(.., count)| count).sum(),
            (what, _) => pairs(tally, what).filter(|(was, is, _)| *was && !is).map(|(.., count)| count).sum(),
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// What there was, what there would be, and how often.
fn pairs(tally: &Tally, what: &What) -> impl Iterator<Item = (bool, bool, u64)> {
    let severities = tally.severities.iter().filter_map(|(from, to, count)| match what {
        What::Severity(severity) => Some((from == severity, to == severity, *count)),
        _ => None,
    });
    let categories = tally.categories.iter().filter_map(|(from, to, count)| match what {
        What::Category(category) => Some((from == category, to == category, *count)),
        _ => None,
    });
    let dispositions = tally.dispositions.iter().filter_map(|(from, to, count)| match what {
        What::Disposition(disposition) => Some((from == disposition, to == disposition, *count)),
        _ => None,
    });
    severities.chain(categories).chain(dispositions)
}

fn what_of(word: &str, categories: &[&str]) -> Result<What, String> {
    if let Some(severity) = Severity::from_word(word) {
        return Ok(What::Severity(severity));
    }
    if let Some(disposition) = Disposition::from_word(word) {
        return Ok(What::Disposition(disposition));
    }
    if let Some(part) = Part::from_word(word) {
        return Ok(What::Part(part));
    }
    if word == "corrections" {
        return Ok(What::Corrections);
    }
    if categories.contains(&word) {
        return Ok(What::Category(word.to_owned()));
    }
    let severities = Severity::ALL.iter().map(|severity| severity.as_str());
    let dispositions = Disposition::ALL.iter().map(|disposition| disposition.as_str());
    let known = severities.chain(dispositions).chain(Part::ALL.iter().map(|part| part.as_str())).chain(["corrections"]);
    let hint = did_you_mean(word, known.chain(categories.iter().copied()));
    let hint = hint.unwrap_or_else(|| {
        "it may be a severity, a category, a disposition, a part of a verdict, or corrections".to_owned()
    });
    Err(format!("`{word}` is nothing that is counted; {hint}"))
}

/// What is counted of it.
fn hows(what: &What) -> &'static [(&'static str, How)] {
    match what {
        What::Severity(_) | What::Category(_) | What::Disposition(_) => &[("lost", How::Lost), ("gained", How::Gained)],
        What::Part(Part::Severity) => &[("changed", How::Changed), ("raised", How::Raised), ("lowered", How::Lowered)],
        // What is there or is not.
        What::Part(part) if !matches!(part, Part::Category | Part::Disposition) => {
            &[("changed", How::Changed), ("lost", How::Lost), ("gained", How::Gained)]
        }
        What::Part(_) | What::Mails => &[("changed", How::Changed)],
        What::Corrections => &[("towards", How::Towards), ("away", How::Away)],
    }
}

#[cfg(test)]
mod tests {
    use super::super::changes;
    use super::super::tests::verdict;
    use super::*;

    const OLD: &str = "[[rule]]\nname = 'x'\ncategory = 'a'\nseverity = 'critical'\nteam = 'ops'\ncalendar = 'day'\nwhen.text = 'xx'\n";
    const NEW: &str = "[[rule]]\nname = 'x'\ncategory = 'b'\nseverity = 'high'\ncalendar = 'night'\nanswer = false\nwhen.text = 'xx'\n\
                       [[rule]]\nname = 'y'\npage = true\nwhen.text = 'xx'\n\
                       [[rule]]\nname = 'z'\ndisposition = 'quarantine'\nwhen.text = 'xx'\n";

    /// Four mails, of which two change in all parts.
    fn of_many_parts() -> Tally {
        let mut tally = Tally::default();
        for (text, corrected) in [("xx", Some(Severity::High)), ("xx", None), ("yy", Some(Severity::Low)), ("yy", None)]
        {
            let (before, after) = (verdict(OLD, text), verdict(NEW, text));
            tally.add(&before, &after, &changes(&before, &after), corrected);
        }
        tally
    }

    #[test]
    fn a_guard_breaks_on_what_it_names() {
        let tally = of_many_parts();
        for (guard, count, is_broken) in [
            ("critical lost > 0", 2.0, true),
            ("critical gained > 0", 0.0, false),
            ("high gained >= 3", 2.0, false),
            ("a lost > 1", 2.0, true),
            ("b gained = 2", 2.0, true),
            ("severity lowered > 0", 2.0, true),
            ("severity raised > 0", 0.0, false),
            ("category changed <= 1", 2.0, false),
            ("tier changed > 0", 0.0, false),
            ("page gained > 0", 2.0, true),
            ("page lost > 0", 0.0, false),
            ("answer lost > 1", 2.0, true),
            ("answer gained > 0", 0.0, false),
            ("team lost > 0", 2.0, true),
            ("team gained > 0", 0.0, false),
            ("calendar changed > 0", 2.0, true),
            ("calendar lost > 0", 0.0, false),
            ("calendar gained > 0", 0.0, false),
            ("quarantine gained > 0", 2.0, true),
            ("accept lost > 2", 2.0, false),
            ("discard gained > 0", 0.0, false),
            ("disposition changed > 0", 2.0, true),
            ("changed > 40 %", 50.0, true),
            ("changed > 50%", 50.0, false),
            ("corrections towards < 1", 1.0, false),
            ("corrections away > 0", 0.0, false),
        ] {
            let read = Guard::parse(guard, &["a", "b"]).unwrap();
            assert_eq!(read.check(&tally), (count, is_broken), "{guard}");
        }
    }

    #[test]
    fn a_guard_that_cannot_be_read_says_what_to_write() {
        for (guard, expected) in [
            (
                "critical lost",
                "`critical lost` compares with nothing; write it like \"critical lost > 0\" or \"changed > 5 %\"",
            ),
            ("critical lost > some", "`some` is no number; write it like \"critical lost > 0\" or \"changed > 5 %\""),
            ("critcal lost > 0", "`critcal` is nothing that is counted; did you mean `critical`?"),
            ("page raised > 0", "`raised` is not counted of that; it may be changed, lost, gained"),
            ("disposition gained > 0", "`gained` is not counted of that; it may be changed"),
            ("quarntine gained > 0", "`quarntine` is nothing that is counted; did you mean `quarantine`?"),
            ("critical away > 0", "`away` is not counted of that; it may be lost, gained"),
            ("> 0", "`` is nothing that is counted; write it like \"critical lost > 0\" or \"changed > 5 %\""),
        ] {
            assert_eq!(Guard::parse(guard, &["a"]).unwrap_err(), expected, "{guard}");
        }
    }
}
