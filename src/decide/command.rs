//! The commands at the top of an agent's mail: reads them, or says what is wrong and what to write instead.

mod line;

use super::draft::TranscriptLine;
use crate::finding::did_you_mean;
use crate::ticket::{Severity, Tier};
use line::{Line, below_text, command_words, name_and_rest, names};

/// Commands read from one mail; what comes after them is refused.
pub const COMMANDS_READ: usize = 20;

/// Mail programs break lines that are as long as this, or longer.
const BROKEN_LINE_CHARS: usize = 60;

/// The form an agent fills for `#resolve`.
pub const RESOLVE_FORM: &str =
    "#resolve\nRoot Cause: what caused it\nSolution: what was done\nVerification: how it was verified";

/// The commands there are, each with what it does, for `#help` and the README.
pub const COMMANDS: [(&str, &str); 7] = [
    ("#take", "the ticket is yours"),
    ("#note", "the text below is for agents only"),
    ("#severity critical|high|medium|low", "corrects the severity; the clocks follow"),
    ("#escalate [tier-2|tier-3] [reason]", "gives the ticket to the next tier, or to the one named"),
    ("#resolve", "sends the solution: write `Root Cause:`, `Solution:` and `Verification:` below it"),
    ("#close", "closes the ticket"),
    ("#help", "sends you this list"),
];

/// What an agent asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Take the ticket.
    Take,
    /// The text is for agents only.
    Note,
    /// Correct the severity.
    Severity(Severity),
    /// Give it to the next tier, or to the one named.
    Escalate {
        /// The tier named.
        tier: Option<Tier>,
        /// Why, in the agent's words; may be empty.
        reason: String,
    },
    /// Send the solution.
    Resolve,
    /// Close the ticket.
    Close,
    /// List the commands.
    Help,
}

/// An agent's mail taken apart: commands first, text below.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Orders {
    /// Each command as written, with what it asks for or what is wrong with it.
    pub lines: Vec<(String, Result<Command, String>)>,
    /// The text below the commands.
    pub text: String,
}

impl Orders {
    /// Reads the commands that stand before any other text. Reading stops at the first line that is no command.
    ///
    /// A line is a command when it starts with `#`, or with `/` and a word: a path such as `/var/log` is text. Where a
    /// line would be one of the commands there are but for what stands around it, it is refused rather than sent.
    pub fn read(reply: &str) -> Self {
        let mut orders = Orders::default();
        let mut rest = reply.trim_start_matches(['\n', '\r', ' ', '\t', '\u{feff}']);
        let mut is_directly_below = false;
        while !rest.is_empty() {
            let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
            match line::read(line) {
                Line::Blank => is_directly_below = false,
                Line::Text => break,
                Line::Command(command) => {
                    let read = match (orders.lines.len(), command_words(&command)) {
                        (0..COMMANDS_READ, Some(words)) => read_command(words),
                        _ => Err(format!("a mail may have {COMMANDS_READ} commands; send this one in another mail")),
                    };
                    orders.lines.push((command, read));
                    is_directly_below = true;
                }
                Line::Disguised(_) => {
                    let wrong = "write the command at the beginning of its line, with nothing around it".to_owned();
                    orders.lines.push((line.trim().to_owned(), Err(wrong)));
                }
            }
            rest = below;
            if orders.lines.len() > COMMANDS_READ {
                break;
            }
        }
        orders.text = rest.trim_matches(['\n', '\r', ' ', '\t']).to_owned();
        if is_directly_below {
            orders.refuse_broken_reason();
        }
        orders.refuse_commands_below();
        orders.check_together();
        orders
    }

    /// Whether this command is among them.
    pub fn has(&self, wanted: &Command) -> bool {
        self.lines.iter().any(|(_, read)| read.as_ref() == Ok(wanted))
    }

    /// The transcript of a mail of which nothing is carried out: what is wrong with each line, and what is not.
    pub fn refusals(&self) -> Option<Vec<TranscriptLine>> {
        self.lines.iter().any(|(_, read)| read.is_err()).then(|| {
            let line = |(command, read): &(String, Result<Command, String>)| TranscriptLine {
                command: command.clone(),
                result: read.as_ref().err().cloned().unwrap_or_else(|| "understood, not carried out".to_owned()),
                is_error: read.is_err(),
            };
            self.lines.iter().map(line).collect()
        })
    }

    /// Marks the reason of an escalation whose end may be the line below it: it is for agents, and would be sent.
    fn refuse_broken_reason(&mut self) {
        if let Some((line, read)) = self.lines.last_mut()
            && matches!(read, Ok(Command::Escalate { reason, .. }) if !reason.is_empty())
            && line.chars().count() >= BROKEN_LINE_CHARS
            && !self.text.is_empty()
        {
            *read =
                Err("mail programs break long lines, so the reason may go on in the next one, which would be sent; \
                         put an empty line below the reason, or shorten it"
                    .to_owned());
        }
    }

    /// Marks commands that stand below other text: as text they would go to the customer, and notes with them.
    fn refuse_commands_below(&mut self) {
        let below: Vec<String> = self.text.lines().filter_map(below_text).take(COMMANDS_READ).collect();
        for line in below {
            let wrong = "commands stand before any other text; move it to the top, or write it without `#`".to_owned();
            self.lines.push((line, Err(wrong)));
        }
    }

    /// Marks what makes no sense together.
    fn check_together(&mut self) {
        let is_note = self.has(&Command::Note);
        let is_resolve = self.has(&Command::Resolve);
        let (mut severities, mut escalations) = (0, 0);
        for (_, read) in &mut self.lines {
            let wrong = match read {
                Ok(Command::Resolve) if is_note => {
                    Some("a mail is either a note or a resolution; send the note in another mail".to_owned())
                }
                Ok(Command::Close) if is_resolve => {
                    Some("leave out #close: the customer's confirmation closes a resolved ticket".to_owned())
                }
                Ok(Command::Resolve) => Resolution::read(&self.text).err(),
                Ok(Command::Note) if self.text.is_empty() => Some("write the note below the command".to_owned()),
                Ok(Command::Severity(_)) => {
                    severities += 1;
                    (severities > 1).then(|| "the severity is already named above".to_owned())
                }
                Ok(Command::Escalate { .. }) => {
                    escalations += 1;
                    (escalations > 1).then(|| "the ticket is escalated above already".to_owned())
                }
                _ => None,
            };
            if let Some(wrong) = wrong {
                *read = Err(wrong);
            }
        }
    }
}

/// The three parts of a resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// What caused it.
    pub root_cause: String,
    /// What was done.
    pub solution: String,
    /// How it was verified.
    pub verification: String,
}

impl Resolution {
    /// Reads `Root Cause:`, `Solution:` and `Verification:`, each of several lines if need be, in any order.
    ///
    /// # Errors
    /// Which of them are missing or empty, with the form to fill.
    pub fn read(text: &str) -> Result<Self, String> {
        const NAMES: [&str; 3] = ["Root Cause", "Solution", "Verification"];
        let mut parts = [String::new(), String::new(), String::new()];
        let mut current = None;
        for line in text.lines() {
            let heading = NAMES.iter().position(|name| heading_rest(line, name).is_some());
            let words = match heading {
                Some(part) => {
                    current = Some(part);
                    heading_rest(line, NAMES[part]).unwrap_or_default()
                }
                None => line,
            };
            if current.is_none() && !words.trim().is_empty() {
                return Err(format!(
                    "`{}` stands above the headings and would be lost; write it below one of them",
                    words.trim()
                ));
            }
            if let Some(part) = current {
                parts[part].push_str(words.trim_end());
                parts[part].push('\n');
            }
        }
        let parts = parts.map(|part| part.trim().to_owned());
        let missing: Vec<String> = NAMES
            .iter()
            .zip(&parts)
            .filter(|(_, part)| part.is_empty())
            .map(|(name, _)| format!("`{name}:`"))
            .collect();
        if !missing.is_empty() {
            return Err(format!("{} missing; write\n{RESOLVE_FORM}", missing.join(", ")));
        }
        let [root_cause, solution, verification] = parts;
        Ok(Self { root_cause, solution, verification })
    }
}

/// What follows `Name:` on a line, whatever the case, and whatever stars or hashes a client puts around it.
fn heading_rest<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let line = line.trim_start_matches(['*', '#', '_', '-', ' ', '\t']);
    let head = line.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name))?;
    let rest = line[head.len()..].trim_start_matches(['*', '_', ' ']);
    rest.strip_prefix(':').map(|rest| rest.trim_start_matches(['*', '_']).trim_start())
}

fn read_command(words: &str) -> Result<Command, String> {
    let (name, rest) = name_and_rest(words);
    // A colon behind the name, or a full stop, is no argument.
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '=' | ',' | '.')).trim_end();
    if let Some(second) = line::among(rest) {
        return Err(format!("`{second}` is a command of its own; write it on another line"));
    }
    let alone = |command: Command| match rest.contains(char::is_alphanumeric) {
        false => Ok(command),
        true => Err(format!("write #{name} alone on its line; what follows goes below it")),
    };
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    match name.to_ascii_lowercase().as_str() {
        "take" => alone(Command::Take),
        "note" => alone(Command::Note),
        "resolve" => alone(Command::Resolve),
        "close" => alone(Command::Close),
        "help" => alone(Command::Help),
        "severity" => Severity::from_word(&plain(rest)).map(Command::Severity).ok_or_else(|| {
            format!(
                "write #severity {}{}",
                list(Severity::ALL.iter().rev().map(|s| s.as_str())),
                meant(rest, Severity::ALL.iter().map(|s| s.as_str()))
            )
        }),
        "escalate" => {
            let (first, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let first = plain(first);
            match Tier::from_word(&first) {
                Some(tier @ (Tier::Two | Tier::Three)) => {
                    Ok(Command::Escalate { tier: Some(tier), reason: reason.trim().to_owned() })
                }
                Some(_) => Err("a ticket can be escalated to tier-2 or tier-3".to_owned()),
                None if first.starts_with("tier-") => {
                    Err(format!("there is no {first}; write #escalate tier-2 or #escalate tier-3"))
                }
                None => Ok(Command::Escalate { tier: None, reason: rest.to_owned() }),
            }
        }
        _ => Err(format!("there is no command #{name}{}; #help lists them all", meant(&format!("#{name}"), names()))),
    }
}

fn list<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.collect::<Vec<_>>().join("|")
}

/// `, did you mean …?` for a word that is close to one there is.
fn meant<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> String {
    did_you_mean(word, words).map_or(String::new(), |hint| format!(", {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_at_the_top_and_end_at_the_first_other_line() {
        let orders = Orders::read("\n#take\n\n/severity HIGH\nHello Ann,\n#1 is done\n");
        assert_eq!(orders.lines.len(), 2);
        assert_eq!(orders.lines[0].1, Ok(Command::Take));
        assert_eq!(orders.lines[1].1, Ok(Command::Severity(Severity::High)));
        assert_eq!(orders.text, "Hello Ann,\n#1 is done");
    }

    #[test]
    fn what_only_looks_like_a_command_is_text() {
        for (name, text) in [
            ("a path", "/var/log/syslog is full"),
            ("no mark", "take care"),
            ("a hash further down", "Hello\n#taken care of"),
            ("nothing", ""),
        ] {
            let orders = Orders::read(text);
            assert!(orders.lines.is_empty(), "{name}: {orders:?}");
            assert_eq!(orders.text, text, "{name}");
        }
    }

    #[test]
    fn an_error_says_what_to_write_instead() {
        let cases = [
            ("unknown", "#tkae", "there is no command #tkae, did you mean `#take`?; #help lists them all"),
            ("far from all", "#frobnicate", "there is no command #frobnicate; #help lists them all"),
            ("severity", "#severity hihg", "write #severity critical|high|medium|low, did you mean `high`?"),
            ("tier", "#escalate tier-9", "there is no tier-9; write #escalate tier-2 or #escalate tier-3"),
            ("something behind it", "#take it", "write #take alone on its line; what follows goes below it"),
            ("two on a line", "#take #note", "`#note` is a command of its own; write it on another line"),
            ("in a reason", "#escalate he lies (/note)", "`(/note)` is a command of its own; write it on another line"),
            ("in brackets", "[#note]", "write the command at the beginning of its line, with nothing around it"),
            ("words behind a colon", "#note: he lies", "write #note alone on its line; what follows goes below it"),
            ("another language", "#notiz", "there is no command #notiz, did you mean `#note`?; #help lists them all"),
            ("empty note", "#note", "write the note below the command"),
            ("escalated twice", "#escalate\n#escalate", "the ticket is escalated above already"),
        ];
        for (name, text, expected) in cases {
            let orders = Orders::read(text);
            assert_eq!(orders.lines.last().unwrap().1, Err(expected.to_owned()), "{name}");
            assert!(orders.refusals().is_some(), "{name}");
        }
    }

    #[test]
    fn a_resolution_has_three_parts() {
        let text = "#resolve\n**Root Cause:** a full disk\nSolution: cleaned up\n and watched\nverification: 200 OK";
        let orders = Orders::read(text);
        assert_eq!(orders.lines[0].1, Ok(Command::Resolve));
        let resolution = Resolution::read(&orders.text).unwrap();
        assert_eq!(resolution.root_cause, "a full disk");
        assert_eq!(resolution.solution, "cleaned up\n and watched");
        assert_eq!(resolution.verification, "200 OK");
        let missing = Orders::read("#resolve\nSolution: x").lines[0].1.clone().unwrap_err();
        assert!(missing.starts_with("`Root Cause:`, `Verification:` missing; write\n#resolve"), "{missing}");
    }

    #[test]
    fn a_command_is_one_however_a_mail_program_writes_it() {
        for written in
            ["*#note*", "_#note_", "#*note*", "\u{a0}#note ", "＃note", "- #note", "#note:", "#Note.", "# note"]
        {
            let orders = Orders::read(&format!("{written}\ninternal"));
            assert_eq!(orders.lines[0].1, Ok(Command::Note), "{written:?}");
            assert_eq!(orders.text, "internal", "{written:?}");
        }
    }

    #[test]
    fn a_command_below_other_text_is_refused_and_never_sent() {
        for text in [
            "Hello Carl\n\n#note\nhe is a pain",
            "Hello Carl\n\n＃note: he is a pain",
            "Hello Carl\n\n/note\nhe is a pain",
            "#take\nthanks\n*#Close*",
            "Hi,\n#resolve\nRoot Cause: x",
        ] {
            assert!(Orders::read(text).refusals().is_some(), "{text:?}");
        }
    }

    #[test]
    fn what_is_asked_for_is_read_whatever_stands_around_it() {
        let escalate = |tier, reason: &str| Command::Escalate { tier, reason: reason.to_owned() };
        for (written, expected) in [
            ("#severity: High.", Command::Severity(Severity::High)),
            ("#severity=low", Command::Severity(Severity::Low)),
            ("#escalate: he waits", escalate(None, "he waits")),
            ("#escalate tier-2: he waits", escalate(Some(Tier::Two), "he waits")),
            ("#take!", Command::Take),
        ] {
            assert_eq!(Orders::read(written).lines[0].1, Ok(expected), "{written}");
        }
    }

    #[test]
    fn the_reason_of_an_escalation_never_goes_on_in_what_is_sent() {
        let of = |chars: usize, gap: &str| {
            let start = "#escalate ";
            Orders::read(&format!("{start}{}{gap}It works.", "x".repeat(chars - start.len()))).refusals().is_some()
        };
        assert!(of(BROKEN_LINE_CHARS, "\n"));
        assert!(!of(BROKEN_LINE_CHARS - 1, "\n"));
        assert!(!of(BROKEN_LINE_CHARS, "\n\n"));
    }

    #[test]
    fn commands_end_at_their_limit() {
        let at = "#take\n".repeat(COMMANDS_READ);
        assert!(Orders::read(&at).refusals().is_none());
        assert!(Orders::read(&format!("{at}#take\n")).refusals().is_some());
    }
}
