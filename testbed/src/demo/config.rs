//! The configuration of the demonstration's Postroom.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::{MailBed, bed::DOMAIN, process};

/// Writes `postroom.toml`, the desk of the story on the bed's servers, and the password file it names.
pub fn write(bed: &MailBed, folder: &Path) -> Result<()> {
    let values = [
        ("domain", DOMAIN.to_owned()),
        ("imaps", bed.ports.imaps.to_string()),
        ("submission", bed.ports.submission.to_string()),
        ("ca", bed.ca_file().display().to_string()),
    ];
    let text = process::fill(include_str!("postroom.toml"), &values)?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    process::write(&folder.join("password"), &MailBed::password("support"), true)?;
    process::write(&folder.join("postroom.toml"), &text, false)
}
