//! What must hold of every input, whoever wrote it. Each target takes any bytes and panics where it does not hold.
//!
//! `make fuzz` searches for such bytes; the tests here replay those that were kept.

mod address;
mod parse;
mod report;
mod token;
mod trim;

use jiff::Timestamp;
use postroom::message::{self, Message, Reader};

/// Something that takes bytes of strangers.
#[derive(Debug)]
pub struct Target {
    /// What it is called; also the name of the folder of its kept inputs.
    pub name: &'static str,
    /// Panics where what it promises does not hold of these bytes.
    pub check: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "parse", check: parse::check },
    Target { name: "trim", check: trim::check },
    Target { name: "report", check: report::check },
    Target { name: "token", check: token::check },
    Target { name: "address", check: address::check },
];

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|target| target.name == name)
    }
}

/// The reader of a made-up desk.
fn reader() -> Reader {
    Reader {
        authserv_ids: vec!["mx.desk.example".to_owned()],
        own_addresses: vec!["support@desk.example".to_owned()],
        instance: "desk-1".to_owned(),
    }
}

/// Reads a mail as the desk does, and checks that the reader did not fail on it.
fn read(raw: &[u8]) -> Message {
    let message = message::parse(raw, Timestamp::UNIX_EPOCH, &reader());
    let has_failed = message.defects.iter().any(|defect| defect.detail == "the reader failed on it");
    assert!(!has_failed, "the reader failed");
    message
}

/// A mail with these header fields and this body.
fn mail(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("From: Ann <ann@customer.example>\r\nMessage-ID: <m1@customer.example>\r\n{fields}\r\n");
    let mut raw = head.into_bytes();
    raw.extend_from_slice(body);
    raw
}

/// Takes the first byte away, for a choice among so many.
fn choice(input: &[u8], among: usize) -> (usize, &[u8]) {
    input.split_first().map_or((0, input), |(first, rest)| (usize::from(*first) % among, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_was_kept_holds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for target in TARGETS {
            let mut count = 0;
            for file in std::fs::read_dir(folder.join(target.name)).unwrap() {
                let path = file.unwrap().path();
                println!("{}", path.display());
                (target.check)(&std::fs::read(path).unwrap());
                count += 1;
            }
            assert!(count > 0, "nothing was kept for {}", target.name);
        }
    }

    #[test]
    fn each_target_has_a_name_of_its_own() {
        for target in TARGETS {
            assert_eq!(TARGETS.iter().filter(|other| other.name == target.name).count(), 1);
            assert!(Target::named(target.name).is_some());
        }
        assert!(Target::named("").is_none());
    }
}
