//! Tests of the commands that compare rules, look for what was not meant, and begin a rule.

use super::*;
use std::path::Path;

/// A folder with these files below it, and what a command in it came to; `{}` in arguments is the folder.
fn run_below(files: &[(&str, &str)], args: &[&str]) -> anyhow::Result<(String, u8, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        std::fs::write(path, text)?;
    }
    let at = folder.path().display().to_string();
    let args = ["postroom".to_owned()].into_iter().chain(args.iter().map(|arg| arg.replace("{}", &at)));
    let cli = Cli::try_parse_from(args)?;
    let mut out = Vec::new();
    let code = run(&cli.rules, &nobodys_desk(), None, &mut out, false)?;
    Ok((String::from_utf8(out)?.replace(&at, "{}"), code, folder))
}

const OLD: &str = r#"
[[category]]
name  = "api"
title = "API"
[[rule]]
name     = "down"
category = "api"
severity = "critical"
when     = { text = '\bis down\b' }
"#;
const NEW: &str = r#"
[[category]]
name  = "api"
title = "API"
[[rule]]
name     = "down"
category = "api"
severity = "critical"
when     = { text = '\bis down\b', none = [{ text = '\bfor maintenance\b' }] }
[[rule]]
name     = "slow"
category = "api"
severity = "high"
when     = { text = '\bis slow\b' }
"#;

fn mail(text: &str) -> String {
    format!("From: ann@example.com\r\nSubject: The API\r\n\r\n{text}\r\n")
}

fn replay(args: &[&str]) -> (String, u8) {
    let mails = [mail("It is down."), mail("It is down for maintenance."), mail("It is slow."), mail("Hello.")];
    let files = [
        ("old/a.toml", OLD),
        ("new/a.toml", NEW),
        ("mails/1.eml", &mails[0]),
        ("mails/2.eml", &mails[1]),
        ("mails/3.eml", &mails[2]),
        ("mails/4.eml", &mails[3]),
    ];
    let all = [&["replay", "--rules", "{}/new", "--against", "{}/old", "{}/mails"], args].concat();
    let (out, code, _folder) = run_below(&files, &all).unwrap();
    (out, code)
}

#[test]
fn replay_shows_what_changes_and_which_rule_does_it() {
    let (out, code) = replay(&[]);
    assert_eq!(code, WELL);
    let (head, rest) = out.split_once('\n').unwrap();
    assert!(head.starts_with("4 mails judged, 2 otherwise (rules "), "{head}");
    let expected = "
Severity                   low    medium      high  critical  after
  low                        ·         ·         ·         ·
  medium                     ·         1         1         ·
  high                       ·         ·         ·         ·
  critical                   ·         1         ·         1
  before

Category
  api     → general  1
  general → api  1

Mails that change
  {}/mails/2.eml “The API”
      category api → general, no longer by down
      severity critical → medium, no longer by down
  {}/mails/3.eml “The API”
      category general → api by slow
      severity medium → high by slow
";
    assert_eq!(rest, expected);
}

#[test]
fn a_guard_that_breaks_ends_with_one() {
    let (out, code) = replay(&["--fail-if", "critical lost > 0", "--fail-if", "changed > 50 %"]);
    assert_eq!(code, FINDINGS);
    assert!(out.ends_with("\nguard “critical lost > 0” BROKEN: 1\n\nguard “changed > 50 %” holds: 50\n"), "{out}");
    let (out, code) = replay(&["--fail-if", "critical lost > 1", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, WELL);
    assert_eq!(report["guards"][0]["broken"], false);
    assert_eq!(report["changed"], 2);
    assert_eq!(report["changes"][1]["changes"][0]["by"], "slow");
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let files = [("old/a.toml", OLD), ("bad/a.toml", "[[rule]]\nname = 'a'\n"), ("mails/1.eml", "x")];
    for (args, expected) in [
        (vec!["--rules", "{}/old", "{}/mails"], "there is nothing to compare with"),
        (vec!["--rules", "{}/old", "--against", "{}/none", "{}/mails"], "there is no folder"),
        (vec!["--rules", "{}/old", "--against", "{}/bad", "{}/mails"], "have errors"),
        (vec!["--rules", "{}/old", "--against", "{}/old"], "there is no desk here whose mail could be judged"),
        (
            vec!["--rules", "{}/old", "--against", "{}/old", "{}/mails", "--fail-if", "hgh lost > 0"],
            "did you mean `high`?",
        ),
        (vec!["--rules", "{}/old", "--shadow", "{}/mails"], "the configuration has no `rules_shadow`"),
        (vec!["--rules", "{}/old", "--against", "{}/old", "{}/none"], "cannot read"),
    ] {
        let error = run_below(&files, &[&["replay"], args.as_slice()].concat()).unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{args:?}: {error:#}");
    }
}

#[test]
fn lint_shows_the_rule_and_what_to_do() {
    let rules = "[[rule]]\nname = \"first\"\nstop = true\nwhen = { text = ['down', 'dead'] }\n\n[[rule]]\nname = \"second\"\nwhen = { text = 'down' }\n";
    let cases = "expect rule=first\n\nFrom: ann@example.com\nSubject: x\n\nIt is down.\n";
    let files = [("rules/a.toml", rules), ("rules/a.cases", cases)];
    let (out, code, _folder) = run_below(&files, &["lint", "--rules", "{}/rules"]).unwrap();
    assert_eq!(code, FINDINGS);
    for part in [
        "warning[shadowed]: second: whenever the rule matches, `first` has stopped before it",
        "--> {}/rules/a.toml:7:8",
        "help: at {}/rules/a.toml:2",
        "warning[no-case]: second: no case reaches the rule",
        "2 rules, no stored mail was looked at: 2 findings\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
    let (out, code, _folder) = run_below(&files, &["lint", "--rules", "{}/rules", "--format", "json"]).unwrap();
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, FINDINGS);
    assert_eq!(report["findings"][0]["lint"], "shadowed");
    assert_eq!(report["findings"][0]["line"], 7);
}

#[test]
fn explain_shows_the_rules_that_nearly_match_and_what_they_lack() {
    let files = [("rules/a.toml", NEW), ("1.eml", &mail("It is down for maintenance."))];
    let (out, code, _folder) = run_below(&files, &["explain", "--rules", "{}/rules", "{}/1.eml"]).unwrap();
    assert_eq!(code, WELL);
    let expected = "
Rules that nearly did
  down at {}/rules/a.toml:6
    but for text = '\\bfor maintenance\\b'  saw \"for maintenance\" in text
";
    assert!(out.contains(expected), "{out}");
}

#[test]
fn fmt_writes_files_evenly_and_can_only_look() {
    let files = [("rules/a.toml", "[[rule]]\nname='a'\nwhen.text  = 'x'\n"), ("rules/b.toml", "# fine\n")];
    let (out, code, folder) = run_below(&files, &["fmt", "--check", "--rules", "{}/rules"]).unwrap();
    assert_eq!(
        out,
        "{}/rules/a.toml: is not written evenly; `postroom rules fmt` does it\n2 files: 1 to be written anew\n"
    );
    assert_eq!(code, FINDINGS);
    let read = |folder: &tempfile::TempDir| std::fs::read_to_string(folder.path().join("rules/a.toml")).unwrap();
    assert_eq!(read(&folder), files[0].1);
    let (out, code, folder) = run_below(&files, &["fmt", "--rules", "{}/rules"]).unwrap();
    assert_eq!((out.as_str(), code), ("{}/rules/a.toml: written anew\n2 files: 1 written anew\n", WELL));
    assert_eq!(read(&folder), "[[rule]]\nname      = 'a'\nwhen.text = 'x'\n");
    let (out, code, _folder) = run_below(&[("rules/a.toml", "a =\n")], &["fmt", "--rules", "{}/rules"]).unwrap();
    assert!(code == FINDINGS && out.starts_with("{}/rules/a.toml: is no TOML"), "{out}");
    // What was there in another encoding must not be lost.
    let folder = tempfile::tempdir().unwrap();
    let latin = b"[[rule]]\nname='a'\nwhen.phrase  = 'f\xfcr'\n";
    std::fs::write(folder.path().join("a.toml"), latin).unwrap();
    let rules = folder.path().display().to_string();
    for (command, told) in [("fmt", "a.toml: is no TOML in UTF-8"), ("check", "this is no UTF-8")] {
        let cli = Cli::try_parse_from(["postroom", command, "--rules", &rules]).unwrap();
        let mut out = Vec::new();
        let code = run(&cli.rules, &nobodys_desk(), None, &mut out, false).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(code == FINDINGS && out.contains(told), "{command}: {out}");
    }
    assert_eq!(std::fs::read(folder.path().join("a.toml")).unwrap(), latin);
}

#[test]
fn a_new_rule_matches_the_mail_that_it_was_made_of() {
    let mail = "From: ann@example.com\r\nSubject: Re: The \"blue\" printer is on fire again today\r\n\r\nIt burns.\r\n---\r\nHelp.\r\n";
    let files = [("rules/a.toml", NEW), ("1.eml", mail)];
    let args = ["new", "fire", "--from", "{}/1.eml", "--rules", "{}/rules"];
    let (_, code, folder) = run_below(&files, &args).unwrap();
    assert_eq!(code, WELL);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("rules/90-own.toml").starts_with("[[rule]]\nname     = \"fire\"\n"));
    assert!(!read("rules/90-own.cases").contains("ann@example.com"));
    let rules = folder.path().join("rules").display().to_string();
    let again = |args: &[&str]| {
        let cli = Cli::try_parse_from(["postroom"].iter().chain(args).chain(&["--rules", &rules])).unwrap();
        let mut out = Vec::new();
        let code = run(&cli.rules, &nobodys_desk(), None, &mut out, false).unwrap();
        (String::from_utf8(out).unwrap(), code)
    };
    let (out, code) = again(&["test"]);
    assert!(code == WELL && out.starts_with("1 case in 1 file: all passed\n"), "{out}");
    let from = folder.path().join("1.eml").display().to_string();
    let (out, code) = again(&["new", "fire", "--from", &from]);
    assert!(code == FINDINGS && out.starts_with("there is a rule fire already"), "{out}");
    let (_, code) = again(&["new", "fire-two", "--from", &from]);
    assert_eq!(code, WELL);
    let (out, code) = again(&["test"]);
    assert!(code == WELL && out.starts_with("2 cases in 1 file: all passed\n"), "{out}");
}
