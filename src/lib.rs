//! Postroom: a support desk behind one e-mail address. Mail in, tickets kept, promises kept, mail out.
//!
//! The modules stand in the order in which mail travels. The pure ones turn plain values into plain values; they know
//! no files, no network, no database and no clock. The others talk to the world.
//!
//! | Stage | | What it makes |
//! |---|---|---|
//! | [`imap`] | | new mail in a mailbox → raw bytes, kept before anybody looks at them |
//! | [`message`] | pure | raw bytes → a [`Message`](message::Message); never fails |
//! | [`classify`] | pure | rules and a message → a [`Verdict`](classify::Verdict) with the rules behind it |
//! | [`thread`] | pure | a message → the [`Thread`](thread::Thread) it belongs to, and the evidence |
//! | [`decide`] | pure | all of that → a [`Decision`](decide::Decision): effects and reasons, nothing done yet |
//! | [`compose`] | pure | a draft → the bytes of a mail |
//! | [`smtp`] | | a mail → the server's reply |
//!
//! [`serve`] walks that way in four loops and is the place to begin reading. [`store`] remembers: one transaction keeps
//! a mail, a second one writes all that it causes, the mails to be sent included. [`ticket`] is what it is all about.

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

pub mod web;

pub mod cli;

// For everyone, or for the shell alone.

pub mod backoff;
pub mod clock;
pub mod endpoint;
pub mod finding;
pub mod log;
pub mod size;
pub mod spoken;
mod tcp;
pub mod tls;
