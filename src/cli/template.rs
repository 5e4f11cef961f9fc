//! `postroom template preview`: a mail as Postroom would write it, on a made-up ticket or on a real one.

use super::screen::{Tone, remark, visible_text};
use super::{CANNOT, DONE, Globals, facts, missing, open_store, setup};
use crate::compose;
use crate::compose::sample::Sample;
use crate::message::{self, Reader};
use crate::ticket::TicketId;
use crate::ticket::purpose::Purpose;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;

#[derive(Debug, clap::Args)]
pub(super) struct TemplateArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a mail as Postroom would write it
    #[command(after_help = "Examples:
  postroom template preview acknowledgement
  postroom template preview resolution --ticket PR-1042
  postroom template preview reply --html > reply.html")]
    Preview {
        /// Which mail
        #[arg(value_parser = PossibleValuesParser::new(Purpose::ALL.iter().map(|purpose| purpose.as_str())))]
        name: String,
        /// The ticket it is about; a made-up one when none is named
        #[arg(long, value_name = "PR-NUMBER")]
        ticket: Option<TicketId>,
        /// The HTML part instead of the plain text
        #[arg(long)]
        html: bool,
    },
}

pub(super) async fn run(args: &TemplateArgs, globals: &Globals) -> anyhow::Result<u8> {
    let Command::Preview { name, ticket, html } = &args.command;
    let purpose = Purpose::from_word(name).ok_or_else(|| anyhow::anyhow!("there is no mail named {name}"))?;
    let screen = globals.screen();
    let setup = match setup::load(&globals.config) {
        Ok(setup) => setup,
        Err(findings) => {
            remark(findings.render(&screen).trim_end());
            return Ok(CANNOT);
        }
    };
    let sample = match ticket {
        None => Sample::of(purpose),
        Some(id) => {
            let store = open_store(&setup.config).await?;
            let found = store.find_ticket(*id).await;
            store.close().await;
            match found? {
                Some(ticket) => Sample::on(purpose, ticket, screen.now),
                None => return Ok(missing(format!("there is no ticket {id}"))),
            }
        }
    };
    let mut policy = setup.config.policy.clone();
    policy.category_titles =
        setup.rules.categories().iter().map(|category| (category.name.clone(), category.title.clone())).collect();
    let desk = compose::Desk { policy: &policy, zone: &setup.config.zone, templates: &setup.templates };
    let sample = sample.at(&policy);
    let bodies = sample.bodies(&desk)?;
    if *html {
        screen.print(&format!("{}\n", visible_text(&bodies.html).trim_end()))?;
        return Ok(DONE);
    }
    let mail = message::parse(&sample.compose(&desk)?.bytes, sample.now, &Reader::default());
    let header = |name| (name, mail.header(name).next().unwrap_or_default().to_owned());
    let mut text = facts(&screen, &["From", "Reply-To", "To", "Subject", "Auto-Submitted"].map(header));
    let width = usize::from(screen.width.unwrap_or(72).min(72));
    text.push_str(&format!("{}\n", screen.paint(Tone::Faint, &"─".repeat(width))));
    text.push_str(&format!("{}\n", visible_text(&bodies.text).trim_end()));
    screen.print(&text)?;
    Ok(DONE)
}
