//! `demo --postroom PROGRAM [--keep]` plays a short support day on real mail servers and checks all that comes of it.
//!
//! Exit code 0: everything happened; 1: something did not; 2: it could not be played.

use std::process::ExitCode;

use postroom_testbed::demo::{Settings, run};

const USAGE: &str = "usage: demo --postroom PROGRAM [--keep]";

fn main() -> ExitCode {
    if std::env::args().skip(1).any(|argument| matches!(argument.as_str(), "-h" | "--help")) {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let Some(settings) = read_arguments(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&settings) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Settings> {
    let (mut postroom, mut keep) = (None, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--postroom" => postroom = Some(arguments.next()?.into()),
            "--keep" => keep = true,
            _ => return None,
        }
    }
    Some(Settings { postroom: postroom?, keep })
}
