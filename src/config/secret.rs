//! Where a password comes from: a file, the environment, or a command that prints it. Never the configuration itself
//! by default, never a process argument.

use super::section::Section;
use crate::endpoint::Secret;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// The longest a command may take that prints a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Where a secret is read from, each time it is needed, so that it can change while Postroom runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The first line of a file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// The first line that a program prints.
    Command(Vec<String>),
    /// The configuration file itself.
    Written(Secret),
}

/// Why a secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the password file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no such variable.
    #[error("the environment has no {0}; set it, or name a file in the configuration")]
    Env(String),
    /// The program could not be run.
    #[error("cannot run `{program}`, which should print the password")]
    Command {
        /// The program, without its arguments.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// The program said that it failed.
    #[error("`{program}`, which should print the password, ended with {status}")]
    Failed {
        /// The program, without its arguments.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// Nothing was there.
    #[error("the password from {0} is empty")]
    Empty(String),
}

impl SecretSource {
    /// Reads `key = "…"` or `key = { file = "…" | env = "…" | command = ["…"] }`. Paths are relative to `base`.
    pub(super) fn read_from(section: &Section<'_>, key: &'static str, base: &Path) -> Option<Self> {
        if !section.has(key) {
            return None;
        }
        if section.is_text(key) {
            let text = section.text(key)?;
            section.warn(
                text.span,
                format!("the {key} stands in the configuration itself, where whoever reads the file reads it"),
                format!(
                    "write {key} = {{ file = \"{key}.txt\" }}, {{ env = \"POSTROOM_{}\" }} or {{ command = [\"pass\", \
                     \"show\", \"mail\"] }}",
                    key.to_uppercase()
                ),
            );
            return Some(SecretSource::Written(Secret::new(text.value)));
        }
        let table = section.table(key);
        let file = table.text("file").map(|file| SecretSource::File(base.join(file.value)));
        let env = table.text("env").map(|name| SecretSource::Env(name.value));
        let words: Vec<String> = table.texts("command").into_iter().map(|word| word.value).collect();
        let command = (!words.is_empty()).then_some(SecretSource::Command(words));
        table.finish();
        let mut found: Vec<SecretSource> = [file, env, command].into_iter().flatten().collect();
        if found.len() != 1 {
            section.wrong(
                table.span(),
                format!("`{key}` must say where the secret is, in one way"),
                format!("write {key} = {{ file = \"…\" }}, {{ env = \"…\" }} or {{ command = [\"…\"] }}"),
            );
            return None;
        }
        found.pop()
    }

    /// Reads the secret itself.
    ///
    /// # Errors
    /// When it is not where it should be.
    pub async fn read(&self) -> Result<Secret, SecretError> {
        let (text, place) = match self {
            SecretSource::Written(secret) => return Ok(secret.clone()),
            SecretSource::File(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|source| SecretError::File { path: path.clone(), source })?;
                (text, path.display().to_string())
            }
            SecretSource::Env(name) => (variable(name)?, format!("the variable {name}")),
            SecretSource::Command(words) => {
                let program = words.first().cloned().unwrap_or_default();
                (run(&program, &words[1..]).await?, format!("`{program}`"))
            }
        };
        match text.lines().next().map(str::trim_end) {
            Some(line) if !line.is_empty() => Ok(Secret::new(line)),
            _ => Err(SecretError::Empty(place)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the configuration names the variable; nothing else reads it")]
fn variable(name: &str) -> Result<String, SecretError> {
    std::env::var(name).map_err(|_| SecretError::Env(name.to_owned()))
}

async fn run(program: &str, arguments: &[String]) -> Result<String, SecretError> {
    let failed = |source| SecretError::Command { program: program.to_owned(), source };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND_LIMIT, command.output())
        .await
        .map_err(|_| failed(std::io::Error::from(std::io::ErrorKind::TimedOut)))?
        .map_err(failed)?;
    if !output.status.success() {
        return Err(SecretError::Failed { program: program.to_owned(), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
