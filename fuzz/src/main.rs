//! Searches for inputs that break what a target promises: `FUZZ_TARGET=parse fuzz [libFuzzer's options] [folders]`.
//!
//! `make fuzz` builds it so that it counts which branches an input takes, and runs it for each target.

#![no_main]

use libfuzzer_sys::fuzz_target;
use postroom_fuzz::Target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    Target::named(&name).unwrap_or_else(|| {
        let known: Vec<_> = postroom_fuzz::TARGETS.iter().map(|target| target.name).collect();
        panic!("FUZZ_TARGET is `{name}`; it can be one of: {}", known.join(", "))
    })
});

fuzz_target!(|input: &[u8]| (TARGET.check)(input));
