//! Our source files as the checks see them: line by line, without comments and texts, and what of it is a test.

use std::path::{Path, PathBuf};

/// One of our source files.
pub struct Source {
    /// Its path within the package, `src/decide/mod.rs`.
    pub path: String,
    /// Its lines as they stand in it.
    pub text: String,
    /// The same lines, with blanks in the place of comments and of what stands between quotes.
    code: String,
    /// The line, from 0, with which the tests at its end begin.
    tests_begin: usize,
}

impl Source {
    /// All Rust files below these folders of the package, in the order of their paths.
    pub fn all(folders: &[&str]) -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        folders.iter().for_each(|folder| collect(&root.join(folder), &mut files));
        files.sort();
        let read = |path: &PathBuf| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            Self::new(name, std::fs::read_to_string(path).unwrap())
        };
        files.iter().map(read).collect()
    }

    pub fn new(path: String, text: String) -> Self {
        let code = without_words(&text);
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/");
        let lines: Vec<&str> = code.lines().collect();
        let tests_begin = match is_test {
            true => 0,
            false => lines.iter().position(|line| line.starts_with("#[cfg(test)]")).unwrap_or(lines.len()),
        };
        Self { path, text, code, tests_begin }
    }

    /// The module of the library that it is part of: `decide` for `src/decide/mod.rs`.
    pub fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        Some(below.split('/').next()?.trim_end_matches(".rs"))
    }

    /// How many modules it is deep in the library: 1 for `src/decide/mod.rs`, 2 for `src/decide/mail.rs`.
    pub fn depth(&self) -> usize {
        self.path.trim_end_matches("/mod.rs").matches('/').count()
    }

    /// What is code and no test, each line with its number from 1.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().take(self.tests_begin).enumerate().map(|(at, line)| (at + 1, line))
    }

    /// The words in its code that are not part of a longer one, each with the number of its line; `::` joins words.
    pub fn paths(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '!';
        self.code().flat_map(move |(number, line)| {
            line.split(move |c| !is_part(c)).filter(|word| !word.is_empty()).map(move |word| (number, word))
        })
    }

    /// The modules of the library that its code names, each with the number of its line.
    pub fn uses(&self) -> Vec<(usize, String)> {
        let mut uses = Vec::new();
        let code: Vec<&str> = self.code.lines().take(self.tests_begin).collect();
        let code = code.join("\n");
        for (at, _) in code.match_indices("crate::") {
            let number = code[..at].matches('\n').count() + 1;
            let after = &code[at + "crate::".len()..];
            // `$crate::` stands in a macro and says the same.
            uses.extend(heads(after).into_iter().map(|head| (number, head)));
        }
        uses
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
}

/// The first names of a path, or of each path of a group: `ticket` of `ticket::Tier`, both of `{a::b, c}`.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut heads = Vec::new();
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(name(&group[begin..at]));
                begin = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// The text with blanks in the place of comments and of what stands between quotes; lines stay where they are.
fn without_words(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = word_length(rest, code.chars().last());
        match length {
            0 => {
                code.push(c);
                rest = &rest[c.len_utf8()..];
            }
            length => {
                code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
                rest = &rest[length..];
            }
        }
    }
    code
}

/// How many bytes of comment or quoted text the code begins with.
fn word_length(code: &str, before: Option<char>) -> usize {
    if code.starts_with("//") {
        return code.find('\n').unwrap_or(code.len());
    }
    if code.starts_with("/*") {
        return code.find("*/").map_or(code.len(), |end| end + 2);
    }
    let follows_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let marks = code.strip_prefix('r').map_or(0, |rest| rest.len() - rest.trim_start_matches('#').len());
    if !follows_name && code.starts_with('r') && code[1 + marks..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(marks));
        let begin = 2 + marks;
        return code[begin..].find(&end).map_or(code.len(), |at| begin + at + end.len());
    }
    let quote = if code.starts_with('"') { '"' } else { '\'' };
    if !code.starts_with(quote) {
        return 0;
    }
    let mut escaped = false;
    for (at, c) in code.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // A lifetime is no character: it has no quote right behind its first letter.
            _ if quote == '\'' && at > 1 && c != '\'' && !code[1..].starts_with('\\') => return 0,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn words_are_told_from_code() {
    let cases = [
        ("comment", "a // b\nc", "a     \nc"),
        ("block", "a /* b\n */ c", "a     \n    c"),
        ("text", r#"a("b \" c") d"#, r#"a(        ) d"#),
        ("raw text", r##"a(r#"b "c"#) d"##, "a(         ) d"),
        ("character", r"a('b') + '\'' + '\u{feff}'", "a(   ) +      +           "),
        ("lifetime", "fn a<'b>(c: &'b str)", "fn a<'b>(c: &'b str)"),
        ("slashes in a text", r#"a("//") b"#, "a(    ) b"),
    ];
    for (name, text, expected) in cases {
        assert_eq!(without_words(text), expected, "{name}");
    }
}

#[test]
fn the_modules_that_a_file_uses_are_found() {
    let text = "use crate::ticket::Tier;\nuse crate::{store, smtp::{a, b}};\nlet x = $crate::imap::y();\n\
                // crate::web\n#[cfg(test)]\nmod tests {\n use crate::cli;\n}\n";
    let source = Source::new("src/decide/mail.rs".to_owned(), text.to_owned());
    let uses: Vec<(usize, String)> = source.uses();
    let uses: Vec<(usize, &str)> = uses.iter().map(|(line, name)| (*line, name.as_str())).collect();
    assert_eq!(uses, [(1, "ticket"), (2, "store"), (2, "smtp"), (3, "imap")]);
    assert_eq!((source.module(), source.depth()), (Some("decide"), 2));
}
