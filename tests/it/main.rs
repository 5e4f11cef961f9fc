//! The one test program: everything that needs more than a single function.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod architecture;
mod compose;
mod corpus;
mod imap;
mod journeys;
mod smtp;
mod store;
mod support;
mod tls;
