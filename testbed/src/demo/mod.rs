//! The story that `make demo` tells: a short support day on real mail servers, checked step by step.
//!
//! [`story`] says what is sent and what must come of it, as data. [`day`] plays it: it sends by SMTP, watches the
//! mailboxes by IMAP, asks the `postroom` program what each mail became, prints it, and keeps what did not happen.

mod config;
mod day;
mod gateway;
mod letters;
mod screen;
mod story;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::{
    day::Day,
    gateway::Gateway,
    screen::{Screen, Tone},
};
use crate::{MailBed, Options, SmtpServer, process::tail};

/// What the demonstration is asked to do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `postroom` program.
    pub postroom: PathBuf,
    /// Leave everything running at the end.
    pub keep: bool,
}

/// Plays the story. `Ok(false)` means that something did not happen, which has been printed.
pub fn run(settings: &Settings) -> Result<bool> {
    let screen = Screen::detect();
    let options = Options::default();
    screen.heading("Postroom: a short support day");
    let mut bed = MailBed::start(&options).context("cannot start the mail system")?;
    let server = match bed.smtp_server {
        SmtpServer::Postfix => "Postfix",
        SmtpServer::Aiosmtpd => "aiosmtpd",
    };
    screen
        .aside(&format!("Dovecot and {server} on loopback, in {}. Nothing leaves this machine.", bed.folder.display()));

    let gateway = Gateway::start(&settings.postroom, &mut bed).context("cannot start postroom")?;
    screen.aside(&format!("{} runs with SQLite beside them.", settings.postroom.display()));

    let mut day = Day::new(&mut bed, &gateway, screen)?;
    for act in story::ACTS {
        day.play(act)?;
    }
    day.count_the_mails(story::ACTS.len());
    let acknowledgement = day.mail("acknowledgement").map(story::as_the_customer_sees_it);
    let mut failures = day.failures();

    screen.heading("All tickets");
    screen.page(&gateway.text(&["ticket", "list"])?);
    screen.heading("What happened on PR-1001");
    screen.page(&gateway.text(&["ticket", "timeline", "PR-1001"])?);
    if let Some(text) = acknowledgement {
        screen.heading("The first acknowledgement, as the customer sees it");
        screen.page(&text);
    }

    if settings.keep {
        leave_running(bed, &options, &settings.postroom, screen)?;
    } else {
        if let Err(error) = gateway.end(&mut bed) {
            failures.push(format!("{error:#}"));
        }
        if !failures.is_empty() {
            keep_the_log(&bed, screen);
        }
        bed.stop()?;
    }
    tell_the_end(&failures, screen);
    Ok(failures.is_empty())
}

fn tell_the_end(failures: &[String], screen: Screen) {
    if failures.is_empty() {
        screen.heading(&screen.paint(Tone::Good, "Everything happened as it should."));
        return;
    }
    screen.heading(&screen.paint(Tone::Bad, &format!("{} expected things did not happen:", failures.len())));
    for failure in failures {
        println!("  - {failure}");
    }
}

/// The bed's folder goes away, what Postroom said about the failure does not.
fn keep_the_log(bed: &MailBed, screen: Screen) {
    let log = bed.folder.join("postroom.log");
    screen.heading("The end of Postroom's log");
    screen.page(&tail(&log));
    let kept = std::env::temp_dir().join("postroom-demo.log");
    match std::fs::copy(log, &kept) {
        Ok(_) => screen.aside(&format!("all of it: {}", kept.display())),
        Err(error) => screen.aside(&format!("it could not be kept: {error}")),
    }
}

fn leave_running(bed: MailBed, options: &Options, postroom: &Path, screen: Screen) -> Result<()> {
    screen.heading("Everything stays up: connect a mail client");
    screen.page(&bed.how_to_connect(&options.users));
    let folder = bed.leave_running()?;
    let config = folder.join("desk/postroom.toml");
    screen.aside(&format!("look inside: {} --config {} ticket list", postroom.display(), config.display()));
    screen.aside(&format!("end it all:  cargo run -q -p postroom-testbed --bin bed stop {}", folder.display()));
    Ok(())
}
