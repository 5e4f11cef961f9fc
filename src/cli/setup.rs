//! Reads what a desk is made of, configuration, rules and templates, and finds everything that is wrong with it.

use super::report::{self, Findings};
use crate::classify::{Names, RuleFile, RuleSet, compile_for};
use crate::compose::template::{TemplateFile, Templates};
use crate::config::Config;
use crate::finding::Finding;
use crate::serve::reload::read_folder;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What a desk is made of, without a fault but in what is only tried out.
#[derive(Debug)]
pub struct Setup {
    /// The configuration.
    pub config: Config,
    /// The rules.
    pub rules: RuleSet,
    /// The rules that are tried out as a whole, if there are any without a fault.
    pub shadow: Option<RuleSet>,
    /// What is wrong with those. They act on nothing, so a desk works without them.
    pub shadow_findings: Findings,
    /// How many rule files there are.
    pub rule_file_count: usize,
    /// The words of our mails.
    pub templates: Templates,
    /// How many of them are the desk's own.
    pub own_template_count: usize,
}

/// Reads it all.
///
/// # Errors
/// Everything that is wrong, in all files.
pub fn load(path: &Path) -> Result<Setup, Findings> {
    let mut findings = Findings::default();
    let config = config(path, &mut findings);
    let (rules_folder, template_folder) = match &config {
        Some(config) => (config.rules.clone(), config.templates.clone()),
        // Without a file there is no folder to look for anything in.
        None if !path.exists() => return Err(findings),
        None => Config::folders(path),
    };
    let templates = templates(template_folder.as_deref(), &mut findings);
    let names = config.as_ref().zip(templates.as_ref()).map(|(config, (templates, _))| names(config, templates));
    let rules = rules_of(&rules_folder, names.as_ref(), &mut findings);
    let shadow = config.as_ref().and_then(|config| config.rules_shadow.clone());
    let mut shadow_findings = Findings::default();
    let shadow = shadow.and_then(|folder| rules_of(&folder, names.as_ref(), &mut shadow_findings));
    let shadow = shadow.map(|(rules, _)| rules);
    match (config, rules, templates) {
        (Some(config), Some((rules, rule_file_count)), Some((templates, own_template_count)))
            if findings.is_empty() =>
        {
            Ok(Setup { config, rules, shadow, shadow_findings, rule_file_count, templates, own_template_count })
        }
        _ => {
            findings.append(shadow_findings);
            Err(findings)
        }
    }
}

/// Reads the configuration alone.
pub fn config(path: &Path, findings: &mut Findings) -> Option<Config> {
    match Config::load(path) {
        Ok(config) => Some(config),
        Err(found) => {
            // A file that cannot be read has no lines to show.
            let text = std::fs::read_to_string(path).unwrap_or_default();
            findings.add(&path.display().to_string(), &text, found);
            None
        }
    }
}

/// What a desk has that rules may name.
pub fn names(config: &Config, templates: &Templates) -> Names {
    config.policy.names(templates.acknowledgements())
}

/// The same for a configuration whose templates nobody has read yet; `None` where they cannot be.
pub fn names_of(config: &Config) -> Option<Names> {
    let (templates, _) = templates(config.templates.as_deref(), &mut Findings::default())?;
    Some(names(config, &templates))
}

fn rules_of(folder: &Path, names: Option<&Names>, findings: &mut Findings) -> Option<(RuleSet, usize)> {
    let shown = folder.display().to_string();
    let files = match read_folder(folder) {
        Ok(files) => files,
        Err(error) => {
            let finding = Finding::about(&shown, format!("cannot read the folder of rule files: {error}"));
            let hint = "write rules = \"…\" with the folder; `postroom init` writes the shipped ones".to_owned();
            findings.add(&shown, "", [finding.hint(hint)]);
            return None;
        }
    };
    if files.is_empty() {
        let finding = Finding::about(&shown, "there are no rule files (*.toml) in this folder");
        findings.add(&shown, "", [finding.hint("`postroom init DIR` writes the shipped ones".to_owned())]);
        return None;
    }
    match compile_for(&files, names) {
        Ok(rules) => Some((rules, files.len())),
        Err(errors) => {
            for error in errors {
                let text = files.iter().find(|file: &&RuleFile| file.path == error.path).map_or("", |file| &file.text);
                findings.add(&error.path.clone(), text, [report::of_rules(error)]);
            }
            None
        }
    }
}

pub(super) fn templates(folder: Option<&Path>, findings: &mut Findings) -> Option<(Templates, usize)> {
    let files = match folder.map(read_templates).transpose() {
        Ok(files) => files.unwrap_or_default(),
        Err((path, error)) => {
            let path = path.display().to_string();
            findings.add(&path, "", [Finding::about(&path, format!("cannot read the templates: {error}"))]);
            return None;
        }
    };
    let texts: BTreeMap<&str, &str> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let count = files.len();
    match Templates::compile(&files) {
        Ok(templates) => Some((templates, count)),
        Err(errors) => {
            for error in errors {
                let text = texts.get(error.path.as_str()).copied().unwrap_or_default();
                let finding = report::of_template(error, folder.unwrap_or(Path::new("")), text);
                findings.add(&finding.path.clone(), text, [finding]);
            }
            None
        }
    }
}

/// Every file below a folder, but for hidden ones and those that editors leave behind.
fn read_templates(folder: &Path) -> Result<Vec<TemplateFile>, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    read_below(folder, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_below(folder: &Path, prefix: &str, files: &mut Vec<TemplateFile>) -> Result<(), (PathBuf, io::Error)> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let shown = format!("{prefix}{name}");
        if path.is_dir() {
            read_below(&path, &format!("{shown}/"), files)?;
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).map_err(failed(&path))?).into_owned();
            files.push(TemplateFile { path: shown, text });
        }
    }
    Ok(())
}
