//! The one test program: everything that needs more than a single function.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod architecture;
mod authority;
mod cli;
mod compose;
mod corpus;
mod crash;
mod docs;
mod faults;
mod growth;
mod imap;
mod journeys;

mod service;
mod smtp;
mod store;
mod support;
mod tls;
