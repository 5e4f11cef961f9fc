//! The real `postroom` program: its folder, its running, and what its command line tells.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::config;
use crate::{MailBed, process::run};

/// A configured Postroom, running beside a bed.
#[derive(Debug)]
pub struct Gateway {
    program: PathBuf,
    config: PathBuf,
    log: PathBuf,
    pid: u32,
}

/// One line of `postroom inbox list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// The row's number.
    pub id: String,
    /// What became of the mail; `None` while nothing has.
    pub outcome: Option<String>,
    /// The ticket it is on.
    pub ticket: Option<String>,
    /// Its subject.
    pub subject: String,
}

impl Gateway {
    /// Makes a folder with a configuration, rules and templates, and runs Postroom on it.
    pub fn start(program: &Path, bed: &mut MailBed) -> Result<Self> {
        let program = fs::canonicalize(program).with_context(|| format!("there is no {}", program.display()))?;
        let folder = bed.folder.join("desk");
        run(Command::new(&program).arg("init").arg(&folder)).context("cannot make a configuration")?;
        let config = folder.join("postroom.toml");
        let text = config::write(bed, &folder)?;
        fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;

        let log = bed.folder.join("postroom.log");
        let mut command = Command::new(&program);
        command.arg("--config").arg(&config).arg("run").current_dir(&folder);
        let out = File::create(&log)?;
        command.stdout(out.try_clone()?).stderr(out);
        let pid = bed.spawn("postroom", command)?;
        Ok(Self { program, config, log, pid })
    }

    /// Fails when Postroom has ended, with the end of its log.
    pub fn check_running(&self, bed: &mut MailBed) -> Result<()> {
        bed.check_running(self.pid, "postroom", &self.log)
    }

    /// Asks Postroom to end, as a service manager does, and expects it to say that all is well.
    pub fn end(&self, bed: &mut MailBed) -> Result<()> {
        match bed.end(self.pid, Duration::from_secs(20))? {
            Some(0) => Ok(()),
            code => bail!("postroom ended with {code:?} after it was asked to: see {}", self.log.display()),
        }
    }

    /// What a subcommand prints.
    pub fn text(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config).args(arguments).env("NO_COLOR", "1").env("COLUMNS", "110");
        Ok(String::from_utf8_lossy(&run(&mut command)?.stdout).into_owned())
    }

    /// What a subcommand prints with `--format json`.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.text(&[arguments, &["--format", "json"]].concat())?;
        serde_json::from_str(&text).with_context(|| format!("postroom {} prints no JSON: {text}", arguments.join(" ")))
    }

    /// All rows of the inbox.
    pub fn inbox(&self) -> Result<Vec<InboxRow>> {
        Ok(rows(self.json(&["inbox", "list"])?).iter().map(inbox_row).collect())
    }

    /// How many mails of the outbox have neither been sent nor failed for good.
    pub fn unsent_count(&self) -> Result<usize> {
        let rows = rows(self.json(&["outbox", "list"])?);
        let is_over = |row: &&Value| {
            let state = ["state", "status"].iter().find_map(|key| row.get(key)?.as_str());
            !matches!(state, Some("sent" | "failed"))
        };
        Ok(rows.iter().filter(is_over).count())
    }

    /// One field of a ticket, as text.
    pub fn ticket_field(&self, ticket: &str, field: &str) -> Result<String> {
        let shown = self.json(&["ticket", "show", ticket])?;
        let value = shown.get(field).or_else(|| shown.get("ticket")?.get(field));
        let value = value.with_context(|| format!("{ticket} has no field {field}"))?;
        Ok(as_text(value))
    }
}

/// A list is printed as an array, or as one member of an object.
fn rows(value: Value) -> Vec<Value> {
    match value {
        Value::Array(rows) => rows,
        Value::Object(members) => {
            members.into_iter().find_map(|(_, member)| if let Value::Array(rows) = member { Some(rows) } else { None })
        }
        .unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn inbox_row(row: &Value) -> InboxRow {
    let text = |key: &str| row.get(key).filter(|value| !value.is_null()).map(as_text);
    let outcome = match (text("outcome"), text("cause")) {
        (Some(outcome), Some(cause)) if outcome == "quarantined" => Some(format!("quarantined({cause})")),
        (outcome, _) => outcome,
    };
    InboxRow {
        id: text("id").unwrap_or_default(),
        outcome,
        ticket: text("ticket"),
        subject: text("subject").unwrap_or_default(),
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inbox_rows_are_read_whether_the_cause_stands_beside_the_outcome_or_in_it() {
        let cases = [
            ("nothing yet", json!({"id": 1, "outcome": null, "ticket": null, "subject": "a"}), None),
            ("plain", json!({"id": "1", "outcome": "follow-up", "subject": "a"}), Some("follow-up")),
            ("beside", json!({"id": 1, "outcome": "quarantined", "cause": "oversize"}), Some("quarantined(oversize)")),
            ("in it", json!({"id": 1, "outcome": "quarantined(oversize)"}), Some("quarantined(oversize)")),
        ];
        for (name, row, outcome) in cases {
            let row = inbox_row(&row);
            assert_eq!((row.id.as_str(), row.outcome.as_deref()), ("1", outcome), "{name}");
        }
    }

    #[test]
    fn a_list_is_found_in_an_array_and_in_an_object() {
        assert_eq!(rows(json!([1, 2])).len(), 2);
        assert_eq!(rows(json!({"count": 2, "mails": [1, 2]})).len(), 2);
        assert_eq!(rows(json!("x")).len(), 0);
    }
}
