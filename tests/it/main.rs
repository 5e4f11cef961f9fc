//! The one test program: everything that needs more than a single function.

mod imap;
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod smtp;
mod support;
