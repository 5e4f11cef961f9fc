//! The other side of our sockets: small real servers that can be told to misbehave; and the desk that tests run.

pub mod desk;
pub mod imap_server;
pub mod log;
pub mod service;
pub mod smtp_server;

use std::time::{Duration, Instant};

/// Waits until something is so, and says what it waited for when that never comes.
pub async fn wait_until(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
