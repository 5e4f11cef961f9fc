//! The files that are part of the program and that `init` writes.

use crate::compose::template::SHIPPED as TEMPLATES;

/// The whole configuration, commented.
pub(super) const CONFIG: &str = crate::config::EXAMPLE;

/// Declares the shipped rule files, each by its name in `rules/`.
macro_rules! rules {
    ($($name:literal),+ $(,)?) => {
        /// The shipped rules and their cases: name in the folder of rules, and text.
        pub(super) const RULES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../rules/", $name)))),+];
    };
}

rules![
    "00-categories.toml",
    "05-hygiene.cases",
    "05-hygiene.toml",
    "10-severity.cases",
    "10-severity.toml",
    "15-intents.cases",
    "15-intents.toml",
    "20-authentication.cases",
    "20-authentication.toml",
    "21-integration.cases",
    "21-integration.toml",
    "22-data.cases",
    "22-data.toml",
    "23-performance.cases",
    "23-performance.toml",
    "24-operational.cases",
    "24-operational.toml",
    "30-alerts.cases",
    "30-alerts.toml",
];

/// Every file of a new desk: its path below the desk's folder, and its text.
pub(super) fn files() -> impl Iterator<Item = (String, &'static str)> {
    let rules = RULES.iter().map(|(name, text)| (format!("rules/{name}"), *text));
    let templates = TEMPLATES.iter().map(|(path, text)| (format!("templates/{path}"), *text));
    std::iter::once(("postroom.toml".to_owned(), CONFIG)).chain(rules).chain(templates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_file_of_the_repository_is_shipped() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut found: Vec<String> = std::fs::read_dir(folder).unwrap().map(name).collect();
        found.sort();
        assert!(!found.is_empty());
        assert_eq!(RULES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), found);
    }
}
