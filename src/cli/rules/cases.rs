//! The cases beside the rules, read for the commands that run them or look for what is wrong in them.

use super::{Desk, read_files};
use crate::classify::{Case, CaseError, CaseMail, RuleError, RuleErrorKind, RuleFile, RuleSet, read_cases};
use crate::cli::report::word_at;
use anyhow::Context as _;
use std::path::Path;

/// All cases of a folder.
#[derive(Default)]
pub(super) struct Cases {
    /// The files with their texts.
    pub files: Vec<RuleFile>,
    /// What can be run, by its file.
    pub cases: Vec<(String, Case, Vec<u8>)>,
    /// What is wrong with the others.
    pub errors: Vec<CaseError>,
}

impl Cases {
    /// Reads the cases of a folder. Without rules, which may have errors of their own, names of rules are not looked at.
    pub(super) fn read(folder: &Path, desk: &Desk, rules: Option<&RuleSet>) -> anyhow::Result<Self> {
        let files =
            read_files(folder, "cases").with_context(|| format!("cannot read the cases in {}", folder.display()))?;
        let mut all = Self::default();
        for file in files {
            let read = read_cases(&file.path, &file.text);
            all.errors.extend(read.errors);
            for case in read.broken {
                all.names(&file.path, &case, desk, rules);
            }
            for case in read.cases {
                all.take(&file.path, case, desk, rules);
            }
            all.files.push(file);
        }
        let order = |path: &str| all.files.iter().position(|file| file.path == path);
        all.errors.sort_by_key(|error| (order(&error.path), error.line, error.column));
        Ok(all)
    }

    /// Looks at what a case names.
    fn names(&mut self, path: &str, case: &Case, desk: &Desk, rules: Option<&RuleSet>) {
        self.errors.extend(rules.map(|rules| case.unknown_names(path, rules)).unwrap_or_default());
        self.errors.extend(desk.names.as_ref().map(|names| case.unknown_to_desk(path, names)).unwrap_or_default());
    }

    fn take(&mut self, path: &str, case: Case, desk: &Desk, rules: Option<&RuleSet>) {
        let before = self.errors.len();
        self.names(path, &case, desk, rules);
        let raw = match &case.mail {
            CaseMail::Inline(text) => Ok(text.clone().into_bytes()),
            CaseMail::File(name) => std::fs::read(Path::new(path).with_file_name(name)).map_err(|error| {
                let message = format!("cannot read {name}: {error}");
                CaseError { path: path.to_owned(), line: case.line, column: 1, message, hint: None }
            }),
        };
        match raw {
            Ok(raw) if self.errors.len() == before => self.cases.push((path.to_owned(), case, raw)),
            Ok(_) => {}
            Err(error) => self.errors.push(error),
        }
    }

    /// What is wrong, as it is told beside what is wrong in rules.
    pub(super) fn findings(&self) -> Vec<RuleError> {
        let finding = |error: &CaseError| {
            let CaseError { path, line, column, message, hint } = error.clone();
            let text = self.files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
            let span = word_at(text, line, column);
            RuleError { path, line, column, span, kind: RuleErrorKind::Case, message, hint }
        };
        self.errors.iter().map(finding).collect()
    }
}
