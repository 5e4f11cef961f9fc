//! The layout of the sources, kept by a test because one package cannot have the compiler keep it: who may use
//! whom, what a pure module must not touch, where a library may be named, how long a file is and what it is called.

mod source;

use source::Source;

/// A source file longer than this is about more than one thing.
const MOST_LINES: usize = 500;

/// Fewer files than this mean that the check has lost its way.
const FEWEST_FILES: usize = 100;

/// The modules that turn plain values into plain values, and which others each may use.
///
/// `endpoint` is here for its `Secret`, which the key of our tokens is kept in so that nothing can print it.
/// `backoff`, `finding`, `size` and `spoken` are plain values for everyone.
const PURE: [(&str, &[&str]); 11] = [
    ("message", &[]),
    ("ticket", &["message"]),
    ("classify", &["message", "ticket", "finding"]),
    ("thread", &["message", "ticket", "endpoint"]),
    ("decide", &["message", "ticket", "classify", "thread", "finding", "size"]),
    ("compose", &["message", "ticket", "decide", "finding", "size"]),
    ("endpoint", &[]),
    ("finding", &[]),
    ("size", &[]),
    ("spoken", &[]),
    ("backoff", &[]),
];

/// The modules that talk to the world, and which others each may use. `imap`, `smtp` and `store` do not know of
/// each other: `serve` brings them together.
///
/// `config` may use `store` for the name that the store keeps for mail from no mailbox, so that no mailbox has it.
const SHELL: [(&str, &[&str]); 13] = [
    ("clock", &[]),
    ("log", &[]),
    ("tcp", &[]),
    ("tls", &["endpoint"]),
    ("imap", &["endpoint", "tcp", "tls", "backoff", "spoken"]),
    ("smtp", &["endpoint", "tcp", "tls", "backoff", "compose"]),
    ("store", &["message", "ticket", "classify", "thread", "decide", "compose", "endpoint", "backoff", "clock"]),
    (
        "config",
        &[
            "message", "ticket", "classify", "thread", "decide", "compose", "endpoint", "finding", "size", "spoken",
            "store",
        ],
    ),
    ("serve", &EVERYTHING_BELOW_THE_COMMAND_LINE),
    ("web", &["serve", "config"]),
    ("cli", &EVERYTHING),
    ("main", &EVERYTHING),
    ("lib", &EVERYTHING),
];

const EVERYTHING_BELOW_THE_COMMAND_LINE: [&str; 19] = [
    "message", "ticket", "classify", "thread", "decide", "compose", "endpoint", "finding", "backoff", "size", "spoken",
    "clock", "log", "tcp", "tls", "imap", "smtp", "store", "config",
];

const EVERYTHING: [&str; 21] = [
    "message", "ticket", "classify", "thread", "decide", "compose", "endpoint", "finding", "backoff", "size", "spoken",
    "clock", "log", "tcp", "tls", "imap", "smtp", "store", "config", "serve", "web",
];

/// What a pure module must not mention, and what it would be for.
const IMPURE: [(&str, &str); 20] = [
    ("async", "waits for something"),
    ("await", "waits for something"),
    ("tokio", "waits for something"),
    ("futures_util", "waits for something"),
    ("thread::spawn", "starts a thread"),
    ("thread::sleep", "waits for something"),
    ("sqlx", "is the database"),
    ("std::fs", "reads or writes files"),
    ("std::io", "reads or writes files"),
    ("std::net", "opens sockets"),
    ("std::process", "starts programs"),
    ("std::env", "asks the environment"),
    ("Instant", "asks for the time"),
    ("SystemTime", "asks for the time"),
    ("Timestamp::now", "asks for the time"),
    ("Zoned::now", "asks for the time"),
    ("getrandom", "is random"),
    ("tracing", "writes to the log"),
    ("println!", "prints"),
    ("eprintln!", "prints"),
];

/// Libraries, and the only modules that may name each.
const LIBRARIES: [(&str, &[&str]); 7] = [
    ("sqlx", &["store"]),
    ("mail_parser", &["message", "compose"]),
    ("lettre", &["smtp", "compose"]),
    ("async_imap", &["imap"]),
    ("handlebars", &["compose"]),
    ("axum", &["web"]),
    // The log has words for its flag.
    ("clap", &["cli", "log", "main"]),
];

/// Names that say nothing about what is in a file.
const EMPTY_NAMES: [&str; 10] =
    ["util", "utils", "helper", "helpers", "common", "misc", "types", "core", "prelude", "shared"];

/// The sources of the library and the program.
fn ours() -> Vec<Source> {
    let sources = Source::all(&["src"]);
    assert!(sources.len() >= FEWEST_FILES, "only {} source files were found", sources.len());
    sources
}

fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_module_uses_only_those_that_it_may_use() {
    let mut wrong = Vec::new();
    for source in ours() {
        let Some(module) = source.module() else { continue };
        let Some((_, allowed)) = PURE.iter().chain(&SHELL).find(|(name, _)| *name == module) else {
            wrong.push(format!("{}:1: nothing says which modules `{module}` may use", source.path));
            continue;
        };
        for (line, used) in source.uses() {
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{}:{line}: `{module}` may not use `{used}`", source.path));
            }
        }
        // `super::super` would reach another module without naming it.
        for (line, path) in source.paths().filter(|_| module != "lib" && module != "main") {
            if path.matches("super::").count() >= source.depth() {
                wrong.push(format!("{}:{line}: `{path}` climbs out of `{module}`; begin with `crate::`", source.path));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn a_pure_module_touches_nothing_of_the_world() {
    let mut wrong = Vec::new();
    for source in ours() {
        let module = source.module().unwrap_or_default();
        if !PURE.iter().any(|(name, _)| *name == module) {
            continue;
        }
        for (line, path) in source.paths() {
            if let Some((word, why)) = IMPURE.iter().find(|(word, _)| names(path, word)) {
                wrong.push(format!("{}:{line}: `{word}` {why}, and `{module}` is pure", source.path));
            }
        }
        for (line, code) in source.code().filter(|(_, code)| is_global_state(code)) {
            wrong.push(format!("{}:{line}: `{}` is a state that all share", source.path, code.trim()));
        }
    }
    assert_none(wrong);
}

#[test]
fn a_library_is_named_only_where_it_is_used() {
    let mut wrong = Vec::new();
    for source in ours() {
        let module = source.module().unwrap_or_default();
        for (line, path) in source.paths() {
            for (library, allowed) in LIBRARIES {
                if path.split("::").next() == Some(library) && !allowed.contains(&module) {
                    wrong.push(format!(
                        "{}:{line}: `{library}` is named outside of {}",
                        source.path,
                        allowed.join(" and ")
                    ));
                }
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn a_file_is_about_one_thing_and_says_which() {
    let sources = Source::all(&["src", "tests", "testbed"]);
    assert!(sources.len() >= FEWEST_FILES, "only {} source files were found", sources.len());
    let mut wrong = Vec::new();
    for source in sources {
        let path = &source.path;
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!("{path}:{MOST_LINES}: it has {lines} lines; split it by what it is about"));
        }
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{path}:1: it does not begin with `//!` and what it is about"));
        }
        let names = path.trim_end_matches(".rs").split('/');
        for name in names.filter(|name| EMPTY_NAMES.contains(name)) {
            wrong.push(format!("{path}:1: `{name}` says nothing about what is in it"));
        }
    }
    assert_none(wrong);
}

/// Whether a path has this one in it, whole words only: `std::fs` is in `std::fs::File`, not in `std::fsync`.
fn names(path: &str, wanted: &str) -> bool {
    format!("::{path}::").contains(&format!("::{wanted}::"))
}

/// Whether a line declares something that changes and that everybody can reach. A compiled pattern is made once and
/// never changes.
fn is_global_state(code: &str) -> bool {
    let code = code.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
    let is_static = code.starts_with("static ") || code.starts_with("thread_local!");
    is_static && ["mut ", "Mutex", "RwLock", "Atomic", "Cell", "thread_local"].iter().any(|word| code.contains(word))
}
