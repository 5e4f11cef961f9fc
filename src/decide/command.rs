//! The commands at the top of an agent's mail: reads them, or says what is wrong and what to write instead.

use super::draft::TranscriptLine;
use crate::finding::did_you_mean;
use crate::ticket::{Severity, Tier};

/// Commands read from one mail; what comes after them is refused.
pub const COMMANDS_READ: usize = 20;

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
    /// A line is a command when it starts with `#`, or with `/` and a word: a path such as `/var/log` is text.
    pub fn read(reply: &str) -> Self {
        let mut orders = Orders::default();
        let mut rest = reply.trim_start_matches(['\n', '\r', ' ', '\t', '\u{feff}']);
        loop {
            let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
            let trimmed = unadorned(line);
            let trimmed = trimmed.as_str();
            if trimmed.is_empty() && !rest.is_empty() && !orders.lines.is_empty() {
                rest = below;
                continue;
            }
            let Some(words) = command_words(trimmed) else { break };
            let read = match orders.lines.len() {
                0..COMMANDS_READ => read_command(words),
                _ => Err(format!("a mail may have {COMMANDS_READ} commands; send this one in another mail")),
            };
            orders.lines.push((trimmed.to_owned(), read));
            if orders.lines.len() > COMMANDS_READ {
                break;
            }
            rest = below;
        }
        orders.text = rest.trim_matches(['\n', '\r', ' ', '\t']).to_owned();
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

    /// Marks commands that stand below other text: as text they would go to the customer, and notes with them.
    fn refuse_commands_below(&mut self) {
        let below: Vec<String> = self.text.lines().map(unadorned).filter(|line| is_known_command(line)).collect();
        for line in below.into_iter().take(COMMANDS_READ) {
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

/// A line without what mail programs put around a word that is bold or underlined, and without what cannot be seen.
fn unadorned(line: &str) -> String {
    let is_blank =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    let line = line.trim_matches(is_blank);
    let bare = line.trim_start_matches(|c| is_blank(c) || matches!(c, '*' | '_'));
    if !bare.starts_with(['#', '/']) {
        return line.to_owned();
    }
    bare.chars().filter(|c| *c != '*').collect::<String>().trim_end_matches(|c| is_blank(c) || c == '_').to_owned()
}

/// Whether a line begins with `#` and the name of a command there is.
fn is_known_command(line: &str) -> bool {
    let name = line.strip_prefix('#').and_then(|words| words.split_whitespace().next()).unwrap_or_default();
    COMMANDS
        .iter()
        .any(|(form, _)| form[1..].split_whitespace().next().is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// The words of a command line, without its mark.
fn command_words(line: &str) -> Option<&str> {
    if let Some(words) = line.strip_prefix('#') {
        return Some(words.trim_start());
    }
    let words = line.strip_prefix('/')?;
    let name = words.split_whitespace().next()?;
    name.bytes().all(|b| b.is_ascii_alphabetic()).then_some(words)
}

fn read_command(words: &str) -> Result<Command, String> {
    let (name, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let rest = rest.trim();
    let alone = |command: Command| match rest {
        "" => Ok(command),
        _ => Err(format!("write #{name} alone on its line; what follows goes below it")),
    };
    match name.to_ascii_lowercase().as_str() {
        "take" => alone(Command::Take),
        "note" => alone(Command::Note),
        "resolve" => alone(Command::Resolve),
        "close" => alone(Command::Close),
        "help" => alone(Command::Help),
        "severity" => Severity::from_word(&rest.to_ascii_lowercase()).map(Command::Severity).ok_or_else(|| {
            format!(
                "write #severity {}{}",
                list(Severity::ALL.iter().rev().map(|s| s.as_str())),
                meant(rest, Severity::ALL.iter().map(|s| s.as_str()))
            )
        }),
        "escalate" => {
            let (first, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            match Tier::from_word(&first.to_ascii_lowercase()) {
                Some(Tier::Two | Tier::Three) => Ok(Command::Escalate {
                    tier: Tier::from_word(&first.to_ascii_lowercase()),
                    reason: reason.trim().to_owned(),
                }),
                Some(_) => Err("a ticket can be escalated to tier-2 or tier-3".to_owned()),
                None if first.to_ascii_lowercase().starts_with("tier-") => {
                    Err(format!("there is no {first}; write #escalate tier-2 or #escalate tier-3"))
                }
                None => Ok(Command::Escalate { tier: None, reason: rest.to_owned() }),
            }
        }
        _ => {
            let names = COMMANDS.iter().filter_map(|(form, _)| form.split_whitespace().next());
            Err(format!("there is no command #{name}{}; #help lists them all", meant(&format!("#{name}"), names)))
        }
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
        for written in ["*#note*", "_#note_", "**#note**", "\u{200b}#note", "\u{a0}#note ", "#*note*"] {
            let orders = Orders::read(&format!("{written}\ninternal"));
            assert_eq!(orders.lines[0].1, Ok(Command::Note), "{written:?}");
            assert_eq!(orders.text, "internal", "{written:?}");
        }
    }

    #[test]
    fn a_command_below_other_text_is_refused_and_never_sent() {
        for text in ["Hello Carl\n\n#note\nhe is a pain", "#take\nthanks\n*#Close*", "Hi,\n#resolve\nRoot Cause: x"] {
            assert!(Orders::read(text).refusals().is_some(), "{text:?}");
        }
    }

    #[test]
    fn commands_end_at_their_limit() {
        let at = "#take\n".repeat(COMMANDS_READ);
        assert!(Orders::read(&at).refusals().is_none());
        assert!(Orders::read(&format!("{at}#take\n")).refusals().is_some());
    }
}
