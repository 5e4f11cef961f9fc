//! `postroom check`: is everything in order? All that is wrong at once, each thing with its place and what to do.

mod advice;
mod connect;

use super::report::{self, Findings};
use super::screen::{Screen, Tone};
use super::setup::{self, Setup};
use super::{CANNOT, DONE, Format, FormatArgs, Globals, NO};
use crate::config::Config;
use crate::decide::policy::Policy;
use crate::finding::Finding;
use crate::spoken::counted;
use crate::ticket::people::AgentId;
use serde::Serialize;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom check                   the files
  postroom check --connect         the files, the database, and the logins
                                   to the mail servers
  postroom check --format json     for programs: ok, findings, warnings, checks")]
pub(super) struct CheckArgs {
    /// Also try the secrets, the database, and the logins to the mail servers
    #[arg(long)]
    connect: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Checked {
    /// What it is: `configuration`, `imap support`.
    what: String,
    /// Where it is: a path, a server.
    place: String,
    ok: bool,
    /// What was found, or what is wrong.
    detail: String,
    /// What to do about it.
    hint: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    findings: &'a [Finding],
    warnings: &'a [Finding],
    checks: &'a [Checked],
}

pub(super) async fn run(args: &CheckArgs, globals: &Globals) -> anyhow::Result<u8> {
    let screen = globals.screen();
    let (findings, mut checks, config) = match setup::load(&globals.config) {
        Ok(setup) => {
            let checks = of_files(&setup);
            (setup.shadow_findings, checks, Some(setup.config))
        }
        // What is wrong in the rules does not keep us from trying the servers.
        Err(findings) => (findings, Vec::new(), Config::load(&globals.config).ok()),
    };
    checks.extend(config.iter().flat_map(missing_files));
    match &config {
        Some(config) if args.connect => checks.extend(connect::all(config).await),
        _ => {}
    }
    let ok = findings.is_empty() && checks.iter().all(|check| check.ok);
    let of_config = |config: &Config| [config.warnings.clone(), config.calendars_in_doubt(screen.now)].concat();
    let warnings = config.as_ref().map(of_config).unwrap_or_default();
    match args.format.format {
        Format::Json => screen.json(&Report { ok, findings: &findings.all, warnings: &warnings, checks: &checks })?,
        Format::Text => {
            screen.print(&report::warnings(&warnings, &screen))?;
            print(&findings, &checks, config.is_none() && args.connect, &screen)?;
        }
    }
    Ok(match ok {
        true => DONE,
        // There was nothing to look at.
        false if !globals.config.exists() => CANNOT,
        false => NO,
    })
}

/// Files that the configuration names and that are not there; those of secrets are looked for with `--connect`.
fn missing_files(config: &Config) -> Vec<Checked> {
    let mailboxes = config.mailboxes.iter().map(|mailbox| &mailbox.endpoint);
    let named = mailboxes.chain([&config.smtp.endpoint]).filter_map(|endpoint| endpoint.ca_file.as_ref());
    let missing = named.filter(|path| !path.is_file()).map(|path| Checked {
        what: "ca_file".to_owned(),
        place: path.display().to_string(),
        ok: false,
        detail: "there is no such file".to_owned(),
        hint: Some("name a PEM file with the certificate of the server or of who signed it".to_owned()),
    });
    missing.collect()
}

fn of_files(setup: &Setup) -> Vec<Checked> {
    let Setup { config, rules, shadow, rule_file_count, own_template_count, .. } = setup;
    let ok = |what: &str, place: String, detail: String| Checked {
        what: what.to_owned(),
        place,
        ok: true,
        detail,
        hint: None,
    };
    let mailboxes = match config.mailboxes.len() {
        0 => "no mailbox, so mail comes by `postroom ingest` alone".to_owned(),
        1 => "1 mailbox".to_owned(),
        number => format!("{number} mailboxes"),
    };
    let templates = match own_template_count {
        0 => "those built in".to_owned(),
        number => counted(*number, "file"),
    };
    let place = config.templates.as_ref().map_or("built in".to_owned(), |folder| folder.display().to_string());
    let agents = people(&config.policy);
    let http = config.http.iter().map(|http| {
        let to_whom = if http.listen.ip().is_loopback() { "this machine alone" } else { "whoever reaches it" };
        ok("http", http.listen.to_string(), format!("/healthz and /readyz, for {to_whom}"))
    });
    let mut checks = vec![
        ok("configuration", config.path.display().to_string(), format!("{mailboxes}, {agents}")),
        ok(
            "rules",
            config.rules.display().to_string(),
            format!(
                "{} in {}, version {}",
                counted(rules.rules().len(), "rule"),
                counted(*rule_file_count, "file"),
                rules.version()
            ),
        ),
        ok("templates", place, templates),
    ];
    checks.extend(shadow.iter().zip(&config.rules_shadow).map(|(rules, folder)| {
        let rule_count = counted(rules.rules().len(), "rule");
        let detail = format!("{rule_count} on trial, version {}", rules.version());
        ok("shadow rules", folder.display().to_string(), detail)
    }));
    checks.extend(http);
    checks
}

/// The agents, the teams that they are in, and who of them is on call.
fn people(policy: &Policy) -> String {
    let names = |ids: &[AgentId]| ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", ");
    let teams = policy.teams.iter().map(|team| format!("team {} ({})", team.id, names(&team.members)));
    let on_call = (!policy.on_call.is_empty()).then(|| format!("on call {}", names(&policy.on_call)));
    let parts = std::iter::once(counted(policy.agents.len(), "agent")).chain(teams).chain(on_call);
    parts.collect::<Vec<_>>().join(", ")
}

fn print(findings: &Findings, checks: &[Checked], cannot_connect: bool, screen: &Screen) -> anyhow::Result<()> {
    let mut text = String::new();
    if !findings.is_empty() {
        text.push_str(&findings.render(screen));
    }
    if !checks.is_empty() && !text.is_empty() {
        text.push('\n');
    }
    let width = |of: fn(&Checked) -> &str| checks.iter().map(|check| of(check).chars().count()).max().unwrap_or(0);
    let (what, place) = (width(|check| &check.what), width(|check| &check.place));
    for check in checks {
        let (tone, word) = if check.ok { (Tone::Good, "ok    ") } else { (Tone::Bad, "failed") };
        let word = screen.paint(tone, word);
        let place_of = format!("{:place$}", check.place);
        // `failed`, two names and what stands between them.
        let indent = 6 + 2 + what + 2 + place + 2;
        let detail = screen.wrapped(&super::screen::visible(&check.detail), indent);
        text.push_str(&format!("{word}  {:what$}  {}  {detail}\n", check.what, screen.paint(Tone::Faint, &place_of)));
        if let Some(hint) = &check.hint {
            text.push_str(&format!("{:indent$}{}\n", "", screen.wrapped(hint, indent)));
        }
    }
    if cannot_connect {
        text.push_str("\nno connection was tried: the configuration comes first\n");
    }
    Ok(screen.print(&text)?)
}
