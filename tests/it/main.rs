//! The one test program: everything that needs more than a single function.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop right there")]

mod imap;
mod support;
mod tls;
