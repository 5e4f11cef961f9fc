//! Servers that tests talk to.
pub mod imap_server;
