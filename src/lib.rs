//! Postroom: an email-driven support gateway.
//!
//! The modules stand in the order in which mail travels. The pure ones (`message`, `ticket`, `classify`,
//! `thread`, `decide`, `compose`) turn plain values into plain values; the others talk to the world.

pub mod message;

pub mod ticket;

pub mod classify;

pub mod thread;

pub mod decide;

pub mod compose;

// The shell.

pub mod config;

pub mod imap;

pub mod smtp;

pub mod store;

pub mod serve;

pub mod cli;

// For everyone, or for the shell alone.

pub mod backoff;
pub mod clock;
pub mod endpoint;
pub mod finding;
pub mod log;
pub mod tls;
