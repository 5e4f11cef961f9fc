//! `postroom rules explain MAIL`: the whole trace of one mail, with what matched marked in its place.

mod marks;
mod page;

use super::stored::wait;
use super::{CommonArgs, Desk, FINDINGS, Format, WELL, load, no_mail, print_json, refuse};
use crate::classify::{Explanation, Given, explain};
use crate::store::{JudgedMail, Store};
use crate::ticket::{Severity, TicketId};
use anyhow::Context as _;
use page::Page;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

/// The largest mail that is read.
const MAX_MAIL_BYTES: u64 = 64 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom rules explain mail.eml
  postroom rules explain 17                        a stored mail, with what was
                                                   known when it was judged
  postroom rules explain - --given sender=monitor  from standard input
  postroom rules explain mail.eml --rules candidate --all

Exit codes: 0 explained, 1 the rules have errors or there is no such mail,
2 it could not be done.")]
pub(super) struct ExplainArgs {
    /// The mail's file, or the number of a stored mail; `-` reads standard input
    mail: PathBuf,
    /// What is known besides the mail: sender=…, thread=…, auth=…, customer=…, at=…, hours=…, open-alert=…
    #[arg(long, value_name = "KEY=VALUE")]
    given: Vec<String>,
    /// Show every line of the mail and every condition of every rule
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    common: CommonArgs,
}

impl ExplainArgs {
    pub(super) fn common(&mut self) -> &mut CommonArgs {
        &mut self.common
    }

    /// The number of the stored mail that is meant; a file of that name goes before it.
    pub(super) fn stored(&self) -> Option<i64> {
        stored_number(&self.mail)
    }
}

/// The number of a stored mail, where no file of that name is there.
pub(super) fn stored_number(mail: &Path) -> Option<i64> {
    let number = mail.to_str()?.parse().ok()?;
    (!mail.exists()).then_some(number)
}

pub(super) fn run(
    args: &ExplainArgs,
    desk: &Desk,
    store: Option<&Store>,
    out: &mut dyn Write,
    styled: bool,
) -> anyhow::Result<u8> {
    let given = Given::parse(args.given.iter().map(String::as_str), desk.names.as_ref());
    let given = given.map_err(|errors| anyhow::anyhow!("--given: {}", errors.join("; ")));
    let kept = match args.stored() {
        Some(id) => match find(id, store)? {
            Some(kept) => Some(kept),
            None => return refuse(args.common.format, out, &no_mail(id)),
        },
        None => None,
    };
    let raw = match &kept {
        Some(kept) => kept.raw.clone(),
        None => read_mail(&args.mail).with_context(|| format!("cannot read the mail {}", args.mail.display()))?,
    };
    let rules = load(&args.common, desk, out, styled)?;
    // What is wrong with the rules is told, too.
    let given = given?;
    let Some(rules) = rules else { return Ok(FINDINGS) };
    let received_at = kept.as_ref().map_or(desk.now, |kept| kept.received_at);
    let mut message = desk.read(&raw, received_at);
    given.apply(&mut message);
    // What is given counts more than what is known.
    let usual = match &kept {
        Some(kept) => {
            let known = Given::parse(kept.known.iter().map(String::as_str), None);
            let known = known
                .map_err(|errors| anyhow::anyhow!("what is kept of the mail cannot be read: {}", errors.join("; ")))?;
            known.context(&desk.usual)
        }
        None => desk.usual(&message),
    };
    let context = given.context(&usual);
    let explanation = explain(&message, &context, &rules);
    let ticket = kept.as_ref().and_then(|kept| kept.ticket);
    let corrected = match ticket.zip(store) {
        Some((ticket, store)) => wait(store.corrected_severities())?.remove(&ticket),
        None => None,
    };
    match args.common.format {
        Format::Json => print_json(out, &Report { ticket, corrected, explanation: &explanation })?,
        Format::Text => {
            let ticket = ticket.map(|ticket| match corrected {
                Some(severity) => format!("{ticket}, whose severity an agent set to {severity}"),
                None => ticket.to_string(),
            });
            let page = Page::new(&explanation, &message, &context, &rules, &desk.screen, args.all);
            page.print(ticket.as_deref(), out)?;
        }
    }
    Ok(WELL)
}

/// What is explained, and what an agent made of it.
#[derive(serde::Serialize)]
struct Report<'e> {
    /// The ticket that a stored mail is on.
    ticket: Option<TicketId>,
    /// The severity that an agent gave the ticket.
    corrected: Option<Severity>,
    #[serde(flatten)]
    explanation: &'e Explanation,
}

pub(super) fn find(id: i64, store: Option<&Store>) -> anyhow::Result<Option<JudgedMail>> {
    let store =
        store.with_context(|| format!("there is no file {id}, and no desk that could have a mail of that number"))?;
    Ok(wait(store.load_judged(&[id]))?.into_iter().next())
}

pub(super) fn read_mail(mail: &Path) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    if mail.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_MAIL_BYTES).read_to_end(&mut raw)?;
    } else {
        std::fs::File::open(mail)?.take(MAX_MAIL_BYTES).read_to_end(&mut raw)?;
    }
    Ok(raw)
}
