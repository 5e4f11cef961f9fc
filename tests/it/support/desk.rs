//! The desk that tests run: its configuration, its people, its rules.

use crate::journeys::story::Own;
use postroom::classify::{RuleFile, RuleSet, compile};
use postroom::compose::template::Templates;
use postroom::config::Config;
use postroom::endpoint::{Endpoint, Secret};
use postroom::message::Reader;
use postroom::serve::apply::Signature;
use postroom::serve::desk::House;
use postroom::thread::token::TokenKey;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// The instance id of a desk without a database.
pub const INSTANCE: &str = "test-instance";

/// The configuration of the desk, with the servers where they are.
pub fn config(folder: &Path, imap: &Endpoint, smtp: &Endpoint) -> Config {
    config_with(folder, imap, smtp, &Own::default())
}

/// The same for a desk that has something of its own.
pub fn config_with(folder: &Path, imap: &Endpoint, smtp: &Endpoint, own: &Own) -> Config {
    let text = format!(
        r#"
database = "sqlite://desk.db"
monitors = ["alerts@monitor.example"]
[desk]
name = "Example Support"
address = "support@desk.example"
authserv_ids = ["mx.desk.example"]
[[mailbox]]
name = "support"
host = "{imap_host}"
port = {imap_port}
security = "plain"
user = {user:?}
password = {password:?}
[smtp]
host = "{smtp_host}"
port = {smtp_port}
security = "plain"
connections = 2
[[agent]]
name = "bob"
address = "Bob Builder <bob@desk.example>"
tier = "tier-1"
[[agent]]
name = "sue"
address = "Sue Senior <sue@desk.example>"
tier = "tier-2"
[[agent]]
name = "eve"
address = "Eve Engineer <eve@desk.example>"
tier = "tier-3"
{configuration}
"#,
        configuration = own.configuration,
        imap_host = imap.host,
        imap_port = imap.port,
        smtp_host = smtp.host,
        smtp_port = smtp.port,
        user = super::imap_server::USER,
        password = super::imap_server::PASSWORD,
    );
    let read = Config::read(&folder.join("postroom.toml"), &text);
    read.unwrap_or_else(|findings| panic!("{}", findings[0]))
}

/// A place that nobody connects to.
pub fn nowhere() -> Endpoint {
    Endpoint { host: "127.0.0.1".into(), port: 9, security: postroom::endpoint::Security::Plain, ca_file: None }
}

/// The rules that ship. Compiling them takes a while, so all tests share them.
pub fn rules() -> Arc<RuleSet> {
    static RULES: LazyLock<Arc<RuleSet>> = LazyLock::new(|| compiled(&shipped()));
    RULES.clone()
}

/// The rules that ship, and those of one desk.
pub fn rules_with(own: &Own) -> Arc<RuleSet> {
    if own.rules.is_empty() {
        return rules();
    }
    let mut files = shipped();
    files.push(RuleFile { path: "90-own.toml".to_owned(), text: own.rules.clone() });
    compiled(&files)
}

fn compiled(files: &[RuleFile]) -> Arc<RuleSet> {
    Arc::new(compile(files).unwrap_or_else(|errors| panic!("{}", errors[0])))
}

fn shipped() -> Vec<RuleFile> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: Vec<RuleFile> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| RuleFile {
            path: path.file_name().unwrap().to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// A desk that has no database.
pub fn house(instance: &str) -> House {
    house_with(instance, &Own::default())
}

/// The same for a desk that has something of its own.
pub fn house_with(instance: &str, own: &Own) -> House {
    let config = config_with(Path::new("/nowhere"), &nowhere(), &nowhere(), own);
    let rules = rules_with(own);
    let mut policy = config.policy.clone();
    policy.category_titles =
        rules.categories().iter().map(|category| (category.name.clone(), category.title.clone())).collect();
    let reader = Reader {
        authserv_ids: config.authserv_ids.clone(),
        own_addresses: policy.own_addresses.clone(),
        instance: instance.into(),
    };
    let signature = Signature { tokens: TokenKey::new(Secret::new("a key for tests")), instance: instance.into() };
    let templates = Arc::new(Templates::compile(&[]).unwrap());
    House { policy, rules, shadow: None, templates, zone: config.zone, reader, signature }
}

/// News in the order in which both tellers can have them: a ticket's last state is told once, at the end.
pub fn settled_news(news: Vec<String>) -> Vec<String> {
    let is_state = |line: &String| line.contains(" assignee=") && line.contains(" is ");
    let (states, mut told): (Vec<String>, Vec<String>) = news.into_iter().partition(is_state);
    let rank = |line: &String| match line.split(' ').next() {
        Some("outcome") => 0,
        Some("send") => 2,
        _ => 1,
    };
    told.sort_by_key(|line| {
        (rank(line), if rank(line) == 1 { line[..7.min(line.len())].to_owned() } else { String::new() })
    });
    let mut last: std::collections::BTreeMap<String, String> = Default::default();
    for state in states {
        last.insert(state.split(' ').next().unwrap().to_owned(), state);
    }
    told.extend(last.into_values());
    told
}

/// Two lists of lines side by side, as a person reads a difference.
pub fn difference(expected: &[String], told: &[String]) -> String {
    let mut text = String::new();
    for line in expected.iter().filter(|line| !told.contains(line)) {
        text.push_str(&format!("  - {line}\n"));
    }
    for line in told.iter().filter(|line| !expected.contains(line)) {
        text.push_str(&format!("  + {line}\n"));
    }
    if text.is_empty() {
        text.push_str("  the same lines in another order\n");
    }
    text
}
