//! Log set-up, the list of field names, and what is never logged.
//!
//! Logs go to standard error. Never in them: addresses, subjects, bodies, tokens, passwords. The number of the row
//! is enough to find all of these.

use anyhow::Context as _;
use std::io::IsTerminal as _;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

/// The names of the fields that one may search logs for, each with its meaning.
pub const FIELDS: &[(&str, &str)] = &[
    ("inbox.id", "number of a received mail, as in `postroom inbox show`"),
    ("outbox.id", "number of a mail to send, as in `postroom outbox show`"),
    ("ticket.id", "a ticket's reference"),
    ("rule.id", "a rule's name"),
    ("mailbox", "a mailbox's name in the configuration"),
    ("outcome", "what became of a mail"),
    ("attempt", "which attempt it was, from 1"),
    ("code", "the SMTP server's reply code"),
    ("batch.size", "how many mails were taken on at once"),
    ("error", "what went wrong, with everything behind it"),
];

/// Libraries that may say a password when they say much.
const TALKATIVE: [&str; 2] = ["async_imap", "lettre"];

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// A line for people
    #[default]
    Plain,
    /// A JSON object on each line, for programs
    Json,
}

/// Starts logging. `filter` is a level, or levels by module, as in `info` or `warn,postroom::serve=debug`.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    // What the library says of it helps nobody.
    let wanted = EnvFilter::builder().with_regex(false).parse(filter).map_err(|_| {
        anyhow::anyhow!("cannot read the log level `{filter}`; write info, debug, or warn,postroom::serve=debug")
    })?;
    let filter = wanted.and(filter_fn(|metadata| may_be_logged(metadata.target(), *metadata.level())));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Plain => {
            let has_colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
                && std::io::stderr().is_terminal();
            lines.with_ansi(has_colours).with_target(false).with_filter(filter).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    // No bridge from the `log` crate: what libraries say there is not for our log.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
        .context("logging was started already")
}

/// Whether something said at this place may be logged, whatever the filter asks for.
fn may_be_logged(target: &str, level: tracing::Level) -> bool {
    let is_talkative = TALKATIVE
        .iter()
        .any(|name| target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")));
    !is_talkative || level <= LevelFilter::WARN
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn libraries_that_may_say_a_password_only_warn() {
        let cases = [
            ("our own debug", "postroom::serve", Level::TRACE, true),
            ("the library itself", "async_imap", Level::TRACE, false),
            ("a module of it", "async_imap::client", Level::DEBUG, false),
            ("its warnings", "async_imap::client", Level::WARN, true),
            ("the other one", "lettre::transport", Level::INFO, false),
            ("a name that only begins alike", "lettres", Level::DEBUG, true),
        ];
        for (name, target, level, expected) in cases {
            assert_eq!(may_be_logged(target, level), expected, "{name}");
        }
    }

    #[test]
    fn a_level_that_cannot_be_read_is_explained() {
        let error = start("postroom=loud", LogFormat::Plain).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot read the log level `postroom=loud`; write info"), "{error:#}");
    }
}
