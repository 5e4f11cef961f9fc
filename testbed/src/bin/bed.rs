//! `bed start` leaves a mail system running and prints where it is; `bed stop FOLDER` ends it.

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use postroom_testbed::{MailBed, Options, stop_folder};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bed: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["start", users @ ..] => {
            let mut options = Options::default();
            if !users.is_empty() {
                options.users = users.iter().map(|user| (*user).to_owned()).collect();
            }
            let bed = MailBed::start(&options)?;
            print!("{}", bed.how_to_connect(&options.users));
            let folder = bed.leave_running()?;
            println!("end it:  cargo run -q -p postroom-testbed --bin bed stop {}", folder.display());
            Ok(())
        }
        ["stop", folder] => stop_folder(Path::new(folder)),
        _ => bail!("usage: bed start [USER…] | bed stop FOLDER"),
    }
}
