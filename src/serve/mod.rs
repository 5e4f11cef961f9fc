//! The journey of a mail: receive → process → deliver, with the clock beside them. Read these files first.

pub mod apply;
pub mod deadlines;
pub mod deliver;
pub mod desk;
pub mod process;
pub mod working;
pub mod write;

/// Runs the desk until it is told to stop.
pub async fn run(
    _desk: desk::Desk,
    _config: crate::config::Config,
    stop: tokio_util::sync::CancellationToken,
) -> anyhow::Result<()> {
    stop.cancelled().await;
    Ok(())
}
