//! The other side of our sockets: small real servers that can be told to misbehave.

pub mod imap_server;
pub mod smtp_server;
