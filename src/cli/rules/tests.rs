//! Tests of the three commands.

mod folders;

use super::*;
use clap::Parser as _;
use jiff::tz::TimeZone;

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    rules: RulesArgs,
}

const RULES: &str = r#"
[[category]]
name  = "authentication/invalid-api-key"
title = "API key refused"

[[rule]]
name     = "invalid-api-key"
category = "authentication/invalid-api-key"
severity = "high"
[rule.when]
any  = [{ subject = 'invalid api key' }, { text = '\b401\b.{0,80}\bapi[ -]key' }]
none = [{ phrase = "how do i get" }]

[[rule]]
name         = "question"
severity_cap = "low"
when         = { text = '\?\s*$' }
"#;
const MAIL: &str = "From: Ann <ann@example.com>\r\nTo: support@example.com\r\nSubject: Key refused\r\n\r\nAll calls answer 401: invalid API key\r\n";
const CASES: &str = "expect rule=invalid-api-key severity=high\n\nFrom: ann@example.com\nSubject: Invalid API key\n\nHelp.\n---\nexpect not-rule=invalid-api-key severity=low\n\nFrom: ann@example.com\nSubject: Key\n\nHow do I get one?\n";

fn nobodys_desk() -> Desk {
    let (zone, now) = (TimeZone::UTC, Timestamp::UNIX_EPOCH);
    Desk::of_nobody(Screen { styled: false, is_terminal: false, width: None, zone, now })
}

/// A folder with these files, what the command printed, and its exit code.
fn run_in(files: &[(&str, &str)], args: &[&str]) -> (String, u8) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let at = |name: &str| folder.path().join(name).display().to_string();
    let args: Vec<String> = args
        .iter()
        .map(|arg| if files.iter().any(|(name, _)| name == arg) { at(arg) } else { arg.to_string() })
        .collect();
    let args = ["postroom".to_owned()].into_iter().chain(args).chain(["--rules".to_owned(), at("")]);
    let cli = Cli::try_parse_from(args).unwrap();
    let mut out = Vec::new();
    let code = run(&cli.rules, &nobodys_desk(), None, &mut out, false).unwrap();
    (String::from_utf8(out).unwrap().replace(&at(""), ""), code)
}

/// A command on the rules that ship.
fn run_on_shipped(args: &[&str]) -> (String, u8) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let args = ["postroom"].into_iter().chain(args.iter().copied()).chain(["--rules", folder]);
    let cli = Cli::try_parse_from(args).unwrap();
    let mut out = Vec::new();
    let code = run(&cli.rules, &nobodys_desk(), None, &mut out, false).unwrap();
    (String::from_utf8(out).unwrap(), code)
}

#[test]
fn the_shipped_rules_hold_their_cases_and_are_clean_and_even() {
    let (out, code) = run_on_shipped(&["test", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, WELL, "{out}");
    assert!(report["cases"].as_u64().unwrap() >= 400, "there are {} cases", report["cases"]);
    for missed in ["not_reached", "conditions_not_reached"] {
        assert_eq!(report[missed], serde_json::json!([]), "{missed}");
    }
    for command in [["lint", "--days", "0"].as_slice(), &["fmt", "--check"]] {
        let (out, code) = run_on_shipped(command);
        assert_eq!(code, WELL, "{out}");
    }
}

#[test]
fn check_says_that_all_is_well() {
    let (out, code) = run_in(&[("10-a.toml", RULES), ("20-b.toml", "")], &["check"]);
    assert_eq!((out.as_str(), code), ("checked 2 files, 2 rules: no findings\n", WELL));
}

#[test]
fn check_shows_every_finding_with_its_source_line() {
    let wrong = "[[rule]]\nname = \"a\"\nseverty = \"high\"\nwhen = { subject = 'in(valid' }\n";
    let (out, code) = run_in(&[("a.toml", wrong)], &["check"]);
    assert_eq!(code, FINDINGS);
    for part in ["--> a.toml:3:1", "severty = \"high\"", "did you mean `severity`?", "--> a.toml:4:23", "2 findings"] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
}

#[test]
fn check_prints_json() {
    let (out, code) = run_in(&[("a.toml", "[[rule]]\nname = \"a\"\n")], &["check", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, FINDINGS);
    assert_eq!(report["findings"][0]["line"], 1);
    assert_eq!(report["findings"][0]["kind"], "missing");
}

#[test]
fn a_folder_without_rules_cannot_be_checked() {
    let folder = tempfile::tempdir().unwrap();
    let cli = Cli::try_parse_from(["postroom", "check", "--rules", folder.path().to_str().unwrap()]).unwrap();
    let error = run(&cli.rules, &nobodys_desk(), None, &mut Vec::new(), false).unwrap_err();
    assert!(error.to_string().starts_with("there are no rule files"), "{error}");
}

#[test]
fn cases_that_hold_pass_and_coverage_is_told() {
    let (out, code) = run_in(&[("a.toml", RULES), ("a.cases", CASES)], &["test"]);
    assert_eq!(
        out,
        "2 cases in 1 file: all passed\n2 of 2 rules matched in some case\n\
         3 of 4 conditions held in some case; --coverage lists the others\n"
    );
    assert_eq!(code, WELL);
    let (out, _) = run_in(&[("a.toml", RULES), ("a.cases", CASES)], &["test", "--coverage"]);
    assert!(out.ends_with("\na.toml:11:51: invalid-api-key: text = '\\b401\\b.{0,80}\\bapi[ -]key'\n"), "{out}");
}

#[test]
fn a_case_that_does_not_hold_is_shown_with_its_place_and_trace() {
    let cases =
        "expect rule=invalid-api-key\n\nFrom: ann@example.com\nSubject: Key\n\nHow do I get it, invalid api key\n";
    let (out, code) = run_in(&[("a.toml", RULES), ("a.cases", cases)], &["test"]);
    assert_eq!(code, FINDINGS);
    for part in [
        "error: expected rule invalid-api-key to match, and it does not\n --> a.cases:1:8\n",
        "1 | expect rule=invalid-api-key\n  |        ^^^^^^^^^^^^^^^^^^^^\n",
        "  invalid-api-key at a.toml:7, does not match\n",
        "    but for phrase = \"how do i get\"  saw \"How do I get\" in text\n",
        "1 case in 1 file: 1 failed\n",
        "none reaches invalid-api-key, question",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
}

#[test]
fn a_case_may_name_a_mail_beside_it_and_a_rule_must_exist() {
    let cases = "expect rule=invalid-api-key mail=one.eml\n---\nexpect rule=invalid-api-kee\nmail=one.eml\n";
    let (out, code) = run_in(&[("a.toml", RULES), ("a.cases", cases), ("one.eml", MAIL)], &["test"]);
    assert_eq!(code, FINDINGS);
    assert!(out.starts_with("error: there is no rule `invalid-api-kee`\n --> a.cases:3:8\n"), "{out}");
    assert!(out.contains("= help: did you mean `invalid-api-key`?\n"), "{out}");
    assert!(out.contains("1 case in 1 file: all passed, 1 error\n"), "{out}");
}

#[test]
fn explain_marks_what_matched_and_gives_the_sums() {
    let (out, code) =
        run_in(&[("a.toml", RULES), ("one.eml", MAIL)], &["explain", "one.eml", "--given", "sender=customer"]);
    assert_eq!(code, WELL);
    for part in [
        "From:    Ann <ann@example.com> (customer, authentication none, thread new)\n",
        "  All calls answer 401: invalid API key\n                   ^^^^^^^^^^^^^^^^^^^^ invalid-api-key\n",
        "  invalid-api-key at a.toml:7\n    category authentication/invalid-api-key (weight 1), severity high\n",
        "    + text = '\\b401\\b.{0,80}\\bapi[ -]key'  saw \"401: invalid API key\" in text\n    + not what must not be there\n",
        "  category     authentication/invalid-api-key (\"API key refused\"), by invalid-api-key\n",
        "             =    1 authentication/invalid-api-key from invalid-api-key\n",
        "  severity     high, by invalid-api-key\n",
        "1 other rule does not match; --all shows every condition\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
}

#[test]
fn explain_marks_other_parts_of_the_mail_and_what_rules_on_trial_saw() {
    let rules = "[[rule]]\nname = \"marked\"\nmode = \"shadow\"\nwhen.header.\"X-Spam\" = '^yes'\n\n\
                 [[rule]]\nname = \"quoted\"\nwhen.body = 'cheap watches'\n\n\
                 [[rule]]\nname = \"near\"\nwhen.text = 'buy'\nwhen.any = [{ text = 'red' }, { text = 'blue' }, { text = 'grey' }, { all = [{ text = 'will' }, { text = 'green' }] }]\n";
    let mail =
        "From: ann@example.com\r\nX-Spam: yes, very\r\nSubject: x\r\n\r\nI will not buy.\r\n\r\n> cheap watches\r\n";
    let (out, code) = run_in(&[("a.toml", rules), ("one.eml", mail)], &["explain", "one.eml"]);
    assert_eq!(code, WELL);
    for part in [
        "header.x-spam: yes, very\n               ^^^ marked\n",
        "The whole text, quotes and signature too\n  I will not buy.\n",
        "  > cheap watches\n    ^^^^^^^^^^^^^ quoted\n",
        "  marked at a.toml:2, a shadow: it is recorded and does not count\n",
        "    lacks any of\n      - text = 'green'\n      - text = 'red'\n      - text = 'blue'\n      … 1 more\n",
    ] {
        assert!(out.contains(part), "{part:?} is not in:\n{out}");
    }
}

#[test]
fn explain_prints_the_whole_trace_as_json() {
    let (out, _) = run_in(&[("a.toml", RULES), ("one.eml", MAIL)], &["explain", "one.eml", "--format", "json"]);
    let explanation: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(explanation["verdict"]["category"]["value"], "authentication/invalid-api-key");
    assert_eq!(explanation["rules"].as_array().unwrap().len(), 2);
    let seen = &explanation["rules"][0]["condition"]["inner"][0]["inner"][1]["seen"][0];
    assert_eq!(seen["place"]["field"], "text");
    assert_eq!(seen["place"]["range"]["start"], 17);
}
