//! The one test program: everything that needs more than a single function.

mod imap;
mod support;
mod tls;
