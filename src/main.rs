//! Arguments in, one subcommand run, its result turned into an exit code.

fn main() {}
