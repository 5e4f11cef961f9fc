//! `postroom run`: the service itself, until it is told to stop.

use super::screen::remark;
use super::{CANNOT, DONE, Globals, setup};
use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::config::Config;
use crate::serve::desk::Desk;
use crate::serve::health::Health;
use crate::serve::{self, Role};
use crate::store::{self, Store};
use crate::web::Web;
use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Exit code when a second signal cuts the end short, as shells give it for SIGTERM.
const CUT_SHORT: i32 = 143;

/// How long to wait for a database whose server does not answer: doubling from half a second up to ten.
const DATABASE_AWAY: Backoff = Backoff { first: Duration::from_millis(500), most: Duration::from_secs(10) };

/// How long connections to the database may take to be closed at the end.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// Which parts of the work to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  postroom run                           all of the work
  postroom run --only receive,process    sending and promises are for others

Any number of workers may share one PostgreSQL database; `postroom workers`
shows who does what.")]
pub(super) struct RunArgs {
    /// Do only these parts of the work
    #[arg(long, value_name = "PARTS", value_delimiter = ',', value_parser = role())]
    only: Vec<Role>,
}

fn role() -> impl TypedValueParser<Value = Role> {
    let of = |word: String| Role::ALL.into_iter().find(|role| role.word() == word).unwrap_or(Role::Receive);
    PossibleValuesParser::new(Role::ALL.map(Role::word)).map(of)
}

pub(super) async fn run(args: &RunArgs, globals: &Globals) -> anyhow::Result<u8> {
    let setup = match setup::load(&globals.config) {
        Ok(setup) => setup,
        Err(findings) => {
            remark(findings.render(&globals.screen()).trim_end());
            remark("nothing was started; `postroom check` says when all is well");
            return Ok(CANNOT);
        }
    };
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let health = Health::default();
    let web = match &setup.config.http {
        Some(http) => Some(Web::open(http, health.clone()).await?),
        None => None,
    };
    let Some(store) = open_when_it_answers(&setup.config, &stop).await? else { return Ok(DONE) };
    info!(
        "postroom {} starts: mailboxes {}, rules {} (version {}), database {}",
        env!("CARGO_PKG_VERSION"),
        setup.config.mailboxes.len(),
        setup.rules.rules().len(),
        setup.rules.version(),
        store::shown(&setup.config.database)
    );
    for warning in setup.config.warnings.iter().chain(&setup.config.calendars_in_doubt(store.clock().now())) {
        warn!("{warning}");
    }
    let mut desk = Desk::new(store.clone(), store.clock().clone(), &setup.config, setup.rules, setup.templates);
    if let Some(shadow) = setup.shadow {
        desk.put_in_shadow(shadow);
    }
    desk.health = health;
    let roles = if args.only.is_empty() { &Role::ALL[..] } else { &args.only[..] };
    let result = serve::run(desk, setup.config, roles, stop).await;
    // A connection to a server that is gone cannot be closed in order.
    let _ = timeout(CLOSE_WITHIN, store.close()).await;
    if let Some(web) = web {
        web.close().await;
    }
    result?;
    info!("postroom has stopped");
    Ok(DONE)
}

/// Opens the database, and waits for its server when that does not answer yet. `None` when told to stop meanwhile.
async fn open_when_it_answers(config: &Config, stop: &CancellationToken) -> anyhow::Result<Option<Store>> {
    let mut attempts = 0;
    loop {
        let opened = tokio::select! {
            () = stop.cancelled() => return Ok(None),
            opened = Store::open(&config.database) => opened,
        };
        match opened {
            Err(error) if error.is_away() => {
                attempts += 1;
                let shown = store::shown(&config.database);
                if attempts == 1 {
                    let error = anyhow::Error::new(error);
                    warn!("the database {shown} cannot be opened yet, trying again until it can: {error:#}");
                }
            }
            opened => {
                let shown = store::shown(&config.database);
                let store = opened.with_context(|| format!("cannot open the database {shown}"))?;
                if attempts > 0 {
                    info!("the database answers");
                }
                return Ok(Some(store));
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(DATABASE_AWAY.wait(attempts, Clock::System.fraction())) => {}
        }
    }
}

/// The first SIGTERM or SIGINT stops in order, the second at once.
fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::spawn(async move {
        for is_first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if is_first {
                info!("stopping when what is under way is done; a second signal stops at once");
                stop.cancel();
            }
        }
        warn!("stopped at once; what was under way is done again at the next start");
        std::process::exit(CUT_SHORT);
    });
    Ok(())
}
