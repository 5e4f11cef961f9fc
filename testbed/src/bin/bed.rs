//! `bed start` leaves a mail system running and prints where it is; `bed stop FOLDER` ends it.

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use postroom_testbed::{MailBed, Options, stop_folder};

const USAGE: &str =
    "usage: bed start [USER…]    start mail servers for these users, leave them running and say where they are
       bed stop FOLDER      end them";

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
        ["help" | "-h" | "--help", ..] | [_, "-h" | "--help", ..] => {
            println!("{USAGE}");
            Ok(())
        }
        ["start", users @ ..] => {
            // A user has an address; what begins like an option was meant as one.
            if let Some(option) = users.iter().find(|user| user.starts_with('-')) {
                bail!("there is no option {option}\n{USAGE}");
            }
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
        _ => bail!("{USAGE}"),
    }
}
