//! What the demonstration prints: colours on a terminal, plain lines in a pipe.

use std::{
    env,
    io::{IsTerminal as _, stdout},
};

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A heading.
    Strong,
    /// What one may skip.
    Faint,
    /// What went well.
    Good,
    /// What went wrong.
    Bad,
    /// A name to look for.
    Name,
}

/// Where the demonstration prints to.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    has_colour: bool,
}

impl Screen {
    /// Standard output, in colour when it is a terminal and `NO_COLOR` is not set.
    pub fn detect() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_colour: stdout().is_terminal() && !unwanted }
    }

    /// The text in that tone.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.has_colour {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Name => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A heading between the parts of the show.
    pub fn heading(&self, text: &str) {
        println!("\n{}", self.paint(Tone::Strong, text));
    }

    /// One line that is not worth much attention.
    pub fn aside(&self, text: &str) {
        println!("{}", self.paint(Tone::Faint, text));
    }

    /// A mail goes out to the desk.
    pub fn mail(&self, number: usize, who: &str, title: &str, subject: &str) {
        println!("\n{} {} {title}", self.paint(Tone::Strong, &format!("{number:>2}.")), self.paint(Tone::Name, who));
        println!("    {}", self.paint(Tone::Faint, &format!("“{subject}”")));
    }

    /// Something that was expected has happened.
    pub fn happened(&self, text: &str) {
        println!("    {} {text}", self.paint(Tone::Good, "✓"));
    }

    /// Something that was expected has not happened.
    pub fn did_not_happen(&self, text: &str) {
        println!("    {} {}", self.paint(Tone::Bad, "✗"), self.paint(Tone::Bad, text));
    }

    /// A text as somebody sees it, set off from the rest.
    pub fn page(&self, text: &str) {
        for line in text.trim_end().lines() {
            println!("  {}{}{line}", self.paint(Tone::Faint, "│"), if line.is_empty() { "" } else { " " });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_colour_only_where_it_is_wanted() {
        assert_eq!(Screen { has_colour: false }.paint(Tone::Bad, "no"), "no");
        assert_eq!(Screen { has_colour: true }.paint(Tone::Bad, "no"), "\x1b[1;31mno\x1b[0m");
    }
}
