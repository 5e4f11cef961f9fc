//! Servers that tests talk to.
pub mod imap_server;
//! The other side of our sockets: small real servers that can be told to misbehave.

pub mod smtp_server;
