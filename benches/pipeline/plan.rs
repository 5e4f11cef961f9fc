//! What is measured, and how often, as the command line says.

use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;

/// One subject, with a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Reading beside the MIME library alone; no servers are needed for it.
    Inspect,
    /// What each stage costs.
    Stages,
    /// What rules cost as they become many.
    Rules,
    /// The desk beside a bare ingest of the same mails.
    Rounds,
    /// Delivering beside a bare sender of the same mails.
    Sending,
    /// How soon one mail is acknowledged.
    Single,
    /// An empty database beside one with many tickets.
    Growth,
    /// The memory of the program.
    Memory,
    /// The desk by itself, for a profiler to look at; only when asked for.
    Desk,
}

impl Part {
    pub const ALL: [Self; 9] = [
        Self::Inspect,
        Self::Stages,
        Self::Rules,
        Self::Rounds,
        Self::Sending,
        Self::Single,
        Self::Growth,
        Self::Memory,
        Self::Desk,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Inspect => "inspect",
            Self::Stages => "stages",
            Self::Rules => "rules",
            Self::Rounds => "rounds",
            Self::Sending => "sending",
            Self::Single => "single",
            Self::Growth => "growth",
            Self::Memory => "memory",
            Self::Desk => "desk",
        }
    }
}

/// What is measured, and how often; 0 leaves it out.
#[derive(Debug, Clone)]
pub struct Plan {
    only: Option<Vec<Part>>,
    /// Whether PostgreSQL is left out.
    pub sqlite_only: bool,
    /// Rounds of the desk beside a bare ingest, and of an empty database beside a full one.
    pub rounds: usize,
    /// Mails in each of them.
    pub mails: usize,
    /// Rounds of delivering beside a bare sender.
    pub sendings: usize,
    /// Mails that come alone.
    pub singles: usize,
    /// Mails that are read beside the library, unless they come from a folder.
    pub inspected: usize,
    /// The folder they come from.
    pub folder: Option<PathBuf>,
    /// Mails that go through the stages.
    pub stages: usize,
    /// Mails that are read against many rules.
    pub rules: usize,
    /// Tickets in the full database.
    pub tickets: usize,
    /// Mails in the larger of the mailboxes that the program's memory is measured with.
    pub memory: usize,
}

impl Plan {
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut plan = Self {
            only: None,
            sqlite_only: false,
            rounds: 5,
            mails: 2_000,
            sendings: 3,
            singles: 100,
            inspected: 2_000,
            folder: None,
            stages: 2_000,
            rules: 200,
            tickets: 1_000_000,
            memory: 100_000,
        };
        while let Some(argument) = arguments.next() {
            // Cargo's own.
            if argument == "--bench" {
                continue;
            }
            let mut value = || arguments.next().with_context(|| format!("{argument} wants a value"));
            if argument == "--only" {
                plan.only = Some(value()?.split(',').map(part).collect::<Result<_>>()?);
                continue;
            }
            if argument == "--folder" {
                plan.folder = Some(value()?.into());
                continue;
            }
            if argument == "--sqlite-only" {
                plan.sqlite_only = true;
                continue;
            }
            let value = value()?;
            let count = match argument.as_str() {
                "--rounds" => &mut plan.rounds,
                "--mails" => &mut plan.mails,
                "--sendings" => &mut plan.sendings,
                "--singles" => &mut plan.singles,
                "--inspected" => &mut plan.inspected,
                "--stages" => &mut plan.stages,
                "--rules" => &mut plan.rules,
                "--tickets" => &mut plan.tickets,
                "--memory" => &mut plan.memory,
                other => bail!("unknown argument {other}"),
            };
            *count = value.parse().with_context(|| format!("{argument} wants a number, not {value}"))?;
        }
        Ok(plan)
    }

    /// Whether a part that needs mail servers is measured.
    pub fn needs_servers(&self) -> bool {
        Part::ALL.into_iter().any(|part| part != Part::Inspect && self.has(part))
    }

    pub fn has(&self, part: Part) -> bool {
        let count = match part {
            Part::Inspect => self.inspected,
            Part::Stages => self.stages,
            Part::Rules => self.rules,
            Part::Rounds => self.rounds,
            Part::Desk if self.only.is_none() => 0,
            Part::Desk => self.rounds,
            Part::Sending => self.sendings,
            Part::Single => self.singles,
            Part::Growth => self.tickets.min(self.rounds),
            Part::Memory => self.memory,
        };
        count > 0 && self.only.as_ref().is_none_or(|only| only.contains(&part))
    }
}

fn part(name: &str) -> Result<Part> {
    let names = || Part::ALL.map(Part::name).join(", ");
    Part::ALL
        .into_iter()
        .find(|part| part.name() == name)
        .with_context(|| format!("no part {name}; there are {}", names()))
}
