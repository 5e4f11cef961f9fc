//! `postroom run`: the service itself, until it is told to stop.

use super::screen::remark;
use super::{CANNOT, DONE, Globals, open_store, setup};
use crate::clock::Clock;
use crate::serve;
use crate::serve::desk::Desk;
use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Exit code when a second signal cuts the end short, as shells give it for SIGTERM.
const CUT_SHORT: i32 = 143;

pub(super) async fn run(globals: &Globals) -> anyhow::Result<u8> {
    let setup = match setup::load(&globals.config) {
        Ok(setup) => setup,
        Err(findings) => {
            remark(findings.render(&globals.screen()).trim_end());
            remark("nothing was started; `postroom check` says when all is well");
            return Ok(CANNOT);
        }
    };
    let store = open_store(&setup.config).await?;
    info!(
        "postroom {} starts: mailboxes {}, rules {} (version {}), database {}",
        env!("CARGO_PKG_VERSION"),
        setup.config.mailboxes.len(),
        setup.rules.rules().len(),
        setup.rules.version(),
        setup.config.database
    );
    for warning in &setup.config.warnings {
        warn!("{warning}");
    }
    let desk = Desk::new(store.clone(), Clock::System, &setup.config, setup.rules, setup.templates);
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    let result = serve::run(desk, setup.config, stop).await;
    store.close().await;
    result?;
    info!("postroom has stopped");
    Ok(DONE)
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
