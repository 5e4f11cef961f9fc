//! The configuration of the demonstration's Postroom.

use std::path::Path;

use anyhow::Result;

use crate::{MailBed, bed::DOMAIN, process::fill};

/// The whole `postroom.toml`: the desk of the story, on the bed's servers.
pub fn write(bed: &MailBed, folder: &Path) -> Result<String> {
    let values = [
        ("folder", folder.display().to_string()),
        ("domain", DOMAIN.to_owned()),
        ("imap", bed.ports.imap.to_string()),
        ("smtp", bed.ports.smtp.to_string()),
        ("password", MailBed::password("support")),
    ];
    fill(include_str!("postroom.toml"), &values)
}
