//! A throw-away mail system on loopback: Dovecot for IMAP, an SMTP server in front of it, PostgreSQL beside them.
//!
//! [`MailBed::start`] puts all state into one short temporary folder and takes free ports, so that several beds
//! stand side by side and nothing of the machine's own mail is touched. [`imap`] and [`smtp`] are small blocking
//! clients for the people of a test; [`mail`] writes what they send. [`postgres`] is a database server,
//! [`cutter`] a proxy that cuts connections.
//! [`demo`] is the story that `make demo` tells.
//!
//! Nothing leaves the machine: recipients outside the bed's own domain are refused.

pub mod bed;
mod clock;
pub mod cutter;
pub mod demo;
mod disk;
mod dovecot;
mod front;
pub mod growth;
pub mod imap;
pub mod load;
pub mod mail;
mod ports;
pub mod postgres;
mod process;
mod restart;
pub mod smtp;
mod stop;
mod tls;
pub mod wait;

pub use bed::{MailBed, Options, Ports, SmtpServer, missing, skipped};
pub use clock::ShiftedClock;
pub use cutter::Cutter;
pub use disk::SmallDisk;
pub use imap::{Imap, StoredMail};
pub use mail::MailText;
pub use ports::free as free_ports;
pub use postgres::Postgres;
pub use restart::Server;
pub use smtp::Smtp;
pub use stop::stop_folder;
