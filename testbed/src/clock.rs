//! A clock of a program's own, which can be set ahead and back while the program runs.
//!
//! A library of a few lines is compiled and preloaded into the program (`LD_PRELOAD`); how far its clock is off stands in a
//! file. What measures how time passes (`CLOCK_MONOTONIC`) is left alone, as when a machine's clock is set.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::process::run;

const SOURCE: &str = include_str!("clock.c");

/// A clock that can be set.
#[derive(Debug, Clone)]
pub struct ShiftedClock {
    library: PathBuf,
    shift: PathBuf,
}

impl ShiftedClock {
    /// Makes a clock that shows the machine's time. Its files are in `folder`, by `name`; who runs with it must be able to
    /// read them.
    pub fn make(folder: &Path, name: &str) -> Result<Self> {
        let (source, library) = (folder.join("clock.c"), folder.join(format!("{name}.so")));
        fs::write(&source, SOURCE)?;
        run(Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source))
            .context("cannot make a clock")?;
        let clock = Self { library, shift: folder.join(format!("{name}.shift")) };
        clock.shift(0)?;
        Ok(clock)
    }

    /// Has a program run by this clock, and whatever it starts.
    pub fn wind(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("CLOCK_SHIFT", &self.shift);
    }

    /// Sets it so many seconds ahead of the machine's, or behind.
    pub fn shift(&self, seconds: i64) -> Result<()> {
        use std::os::unix::fs::FileExt as _;
        // In place: the programs that run by it have the file mapped.
        let file = fs::File::options().create(true).truncate(false).write(true).open(&self.shift)?;
        file.write_all_at(&seconds.to_ne_bytes(), 0)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_goes_by_the_clock_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let clock = ShiftedClock::make(folder.path(), "one").unwrap();
        let year = || {
            let mut date = Command::new("date");
            clock.wind(date.args(["-u", "+%Y"]));
            String::from_utf8_lossy(&run(&mut date).unwrap().stdout).trim().parse::<i32>().unwrap()
        };
        let now = year();
        clock.shift(2 * 366 * 86_400).unwrap();
        assert!((now + 2..now + 4).contains(&year()));
        clock.shift(0).unwrap();
        assert!((now..now + 2).contains(&year()));
    }
}
