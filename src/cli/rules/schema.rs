//! `postroom rules schema`: a JSON Schema of rule files, for editors.

use super::{WELL, print_json};
use crate::classify::schema;
use std::io::Write;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  postroom rules schema > rules/schema.json

With `#:schema schema.json` as its first line, a rule file is completed and
checked by editors that speak with a TOML language server.")]
pub(super) struct SchemaArgs {
    /// How to print it: a JSON Schema is for programs alone
    #[arg(long, value_enum, default_value_t = SchemaFormat::Json)]
    format: SchemaFormat,
}

/// It takes the flag that all of these commands take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SchemaFormat {
    /// A JSON Schema
    Json,
}

pub(super) fn run(args: &SchemaArgs, out: &mut dyn Write) -> anyhow::Result<u8> {
    match args.format {
        SchemaFormat::Json => print_json(out, &schema())?,
    }
    Ok(WELL)
}
