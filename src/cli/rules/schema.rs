//! `postroom rules schema`: a JSON Schema of rule files, for editors.

use super::{WELL, print_json};
use crate::classify::schema;
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  postroom rules schema > rules/schema.json

With `#:schema schema.json` as its first line, a rule file is completed and
checked by editors that speak with a TOML language server.")]
pub(super) struct SchemaArgs {}

pub(super) fn run(out: &mut dyn Write) -> anyhow::Result<u8> {
    print_json(out, &schema())?;
    Ok(WELL)
}
