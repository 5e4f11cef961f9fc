//! Whether a desk is ready to work, from what was found out about it: a plain function from plain values.

use crate::spoken::length;
use crate::store::Pulse;
use std::time::Duration;

/// A loop that has failed for less is not worth a word: it tries again.
const WORTH_A_WORD: Duration = Duration::from_secs(10);

/// A part of a desk that may fail while others work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A mailbox, by its name, is being watched.
    Mailbox(String),
    /// A loop, by its name, gets its work done.
    Loop(&'static str),
    /// The smarthost takes mail.
    Smarthost,
    /// The rule files, or those of the shadow rules, have no errors.
    Rules(&'static str),
}

/// How far a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// It has not begun: most often the database does not answer.
    #[default]
    Starting,
    /// It is at work.
    Open,
    /// It was told to stop.
    Stopping,
}

/// What was found out about a desk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// How far the worker is.
    pub stage: Stage,
    /// What the database says, if it answers.
    pub database: Option<Pulse>,
    /// Parts that do not do what they should, and for how long.
    pub failing: Vec<(Part, Duration)>,
}

/// Whether a desk is ready, and what else there is to be said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Why it is not; none when it is.
    pub reasons: Vec<String>,
    /// What is wrong and no reason: others could do no better.
    pub remarks: Vec<String>,
}

/// Decides whether a desk is ready.
pub fn readiness(found: &Found) -> Readiness {
    let mut readiness = Readiness::default();
    let Readiness { reasons, remarks } = &mut readiness;
    match found.stage {
        Stage::Starting => {
            reasons.push("not at work yet: the database has not answered, or is being opened".to_owned());
            return readiness;
        }
        Stage::Stopping => reasons.push("this worker is stopping".to_owned()),
        Stage::Open => {}
    }
    match &found.database {
        None => reasons.push("the database does not answer".to_owned()),
        Some(Pulse { tables, known, .. }) if tables != known => {
            reasons.push(format!("the tables have version {tables}, and this worker knows {known}"));
        }
        Some(_) => {}
    }
    let is_elsewhere = |name| found.database.as_ref().is_some_and(|pulse| pulse.read_by_others.contains(name));
    for (part, time) in &found.failing {
        match part {
            Part::Mailbox(name) if is_elsewhere(name) => {}
            Part::Mailbox(name) => reasons.push(format!("mailbox {name} is not watched, for {}", length(*time))),
            Part::Loop(name) if *time >= WORTH_A_WORD => reasons.push(format!("{name} fails, for {}", length(*time))),
            Part::Loop(_) => {}
            Part::Rules(which) => {
                remarks.push(format!(
                    "the {which} on the disk have errors, and the last good ones stay, for {}",
                    length(*time)
                ));
            }
            Part::Smarthost => remarks.push(format!("the SMTP server takes no mail, for {}", length(*time))),
        }
    }
    readiness
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_is_ready_when_nothing_stands_against_it() {
        let pulse = |tables| Some(Pulse { tables, known: 3, read_by_others: vec!["billing".to_owned()] });
        let open = |database, failing: &[(Part, u64)]| Found {
            stage: Stage::Open,
            database,
            failing: failing.iter().map(|(part, time)| (part.clone(), Duration::from_secs(*time))).collect(),
        };
        let mailbox = |name: &str| Part::Mailbox(name.to_owned());
        let cases: [(&str, Found, &[&str], &[&str]); 10] = [
            ("at work", open(pulse(3), &[]), &[], &[]),
            (
                "at the start",
                Found::default(),
                &["not at work yet: the database has not answered, or is being opened"],
                &[],
            ),
            (
                "told to stop",
                Found { stage: Stage::Stopping, ..open(pulse(3), &[]) },
                &["this worker is stopping"],
                &[],
            ),
            ("no database", open(None, &[]), &["the database does not answer"], &[]),
            ("newer tables", open(pulse(4), &[]), &["the tables have version 4, and this worker knows 3"], &[]),
            (
                "mailboxes that nobody watches",
                open(pulse(3), &[(mailbox("support"), 5), (mailbox("sales"), 300)]),
                &["mailbox support is not watched, for 5 s", "mailbox sales is not watched, for 5 min"],
                &[],
            ),
            ("a mailbox that another worker has", open(pulse(3), &[(mailbox("billing"), 300)]), &[], &[]),
            (
                "a loop that failed once, and one that does not get on",
                open(pulse(3), &[(Part::Loop("processing"), 9), (Part::Loop("delivering"), 8000)]),
                &["delivering fails, for 2 h 13 min"],
                &[],
            ),
            (
                "rules with errors",
                open(pulse(3), &[(Part::Rules("rules"), 60)]),
                &[],
                &["the rules on the disk have errors, and the last good ones stay, for 1 min"],
            ),
            (
                "no way to send",
                open(pulse(3), &[(Part::Smarthost, 60)]),
                &[],
                &["the SMTP server takes no mail, for 1 min"],
            ),
        ];
        for (name, found, reasons, remarks) in cases {
            let Readiness { reasons: why, remarks: said } = readiness(&found);
            assert_eq!((why.as_slice(), said.as_slice()), (&to_owned(reasons)[..], &to_owned(remarks)[..]), "{name}");
        }
    }

    fn to_owned(lines: &[&str]) -> Vec<String> {
        lines.iter().map(ToString::to_string).collect()
    }
}
