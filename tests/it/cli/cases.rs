//! What is wrong in the cases beside the rules, and in what a command line says is given.

use super::Desk;

const RULE: &str = "[[rule]]\nname = \"later\"\ntags = [\"later\"]\n[rule.when]\nphrase = \"later\"\n";
const MAIL: &str = "\nFrom: ann@example.com\nSubject: Later\n\nLater, please.\n";
const NAMES: &str =
    "[[calendar]]\nname = \"office\"\nhours = [\"mon-fri 08:00-16:00\"]\n[customers]\nvip = [\"@example.com\"]\n";

/// A desk with a calendar, a list of customers and this case.
fn with_case(head: &str) -> Desk {
    let desk = Desk::new();
    desk.append("postroom.toml", NAMES);
    desk.write("rules/90-own.toml", RULE);
    desk.write("rules/90-own.cases", format!("{head}\n{MAIL}"));
    desk
}

#[test]
fn what_a_case_says_is_given_must_be_in_the_configuration() {
    let desk = with_case("expect rule=later\ngiven hours=ofice\ngiven customer=vip,gold");
    for command in ["check", "test"] {
        let out = desk.run(&["rules", command]).ends(1);
        for part in [
            "error: there is no calendar `ofice` in the configuration\n --> rules/90-own.cases:2:7\n",
            "2 | given hours=ofice\n  |       ^^^^^^^^^^^\n",
            "= help: did you mean `office`?\n",
            "error: there is no list of customers `gold` in the configuration\n --> rules/90-own.cases:3:7\n",
        ] {
            assert!(out.contains(part), "{command}: {part:?} is not in:\n{out}");
        }
    }
    // Without a configuration nobody knows what there is.
    let elsewhere = desk.folder.path();
    let run = super::postroom(elsewhere).args(["rules", "check", "--rules", "desk/rules"]).output().unwrap();
    super::Ran::from(run).ends(0);
}

#[test]
fn what_is_wrong_in_cases_is_told_beside_what_is_wrong_in_rules() {
    let desk = with_case("expect page=true page=false\ngiven hours=ofice sender=robot");
    desk.append("rules/90-own.toml", "[[rule]]\nname = \"slip\"\nseverty = \"low\"\nwhen.customer = \"vpi\"\n");
    for command in ["check", "test"] {
        let out = desk.run(&["rules", command]).ends(1);
        for part in [
            "error: unknown key `severty` in a rule\n",
            "error: there is no list of customers `vpi` in the configuration\n",
            "error: `page=false` contradicts `page=true`\n --> rules/90-own.cases:1:18\n",
            "error: there is no calendar `ofice` in the configuration\n --> rules/90-own.cases:2:7\n",
            "error: sender cannot be `robot`\n --> rules/90-own.cases:2:19\n",
            "checked 11 files: 5 findings\n",
        ] {
            assert!(out.contains(part), "{command}: {part:?} is not in:\n{out}");
        }
        let report = desk.run(&["rules", command, "--format", "json"]).ends(1);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let finding = &report["findings"][2];
        assert_eq!((&finding["kind"], &finding["line"]), (&"case".into(), &1.into()), "{command}: {report}");
    }
}

#[test]
fn the_check_of_sound_rules_counts_them_beside_a_case_that_is_wrong() {
    let desk = with_case("expect rule=latr");
    let out = desk.run(&["rules", "check", "--format", "json"]).ends(1);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["rules"], 54, "{out}");
    assert_eq!(report["findings"][0]["hint"], "did you mean `later`?");
    desk.write("rules/90-own.cases", "expect rule=later mail=none.eml\n");
    let out = desk.run(&["rules", "check"]).ends(1);
    assert!(out.contains("error: cannot read none.eml: "), "{out}");
}

#[test]
fn what_explain_is_given_must_be_in_the_configuration() {
    let desk = with_case("expect rule=later");
    desk.write("mail.eml", MAIL.trim_start());
    desk.run(&["rules", "explain", "mail.eml", "--given", "hours=office", "--given", "customer=vip"]).ends(0);
    let given = ["rules", "explain", "mail.eml", "--given", "hours=ofice", "--given", "customer=gold"];
    let ran = desk.run(&given);
    let told = "postroom: --given: there is no calendar `ofice` in the configuration (did you mean `office`?); \
                there is no list of customers `gold` in the configuration ([customers] declares them)\n";
    assert_eq!(ran.err, told);
    ran.ends(2);
    // What is wrong with the rules is told all the same.
    desk.append("rules/90-own.toml", "severty = \"low\"\n");
    let ran = desk.run(&given);
    assert!(ran.out.contains("severty") && ran.err == told, "{}{}", ran.out, ran.err);
    ran.ends(2);
}

#[test]
fn each_tool_prints_json_with_the_same_keys_and_ends_with_the_codes_of_the_others() {
    let desk = with_case("expect rule=later");
    desk.write("mail.eml", MAIL.trim_start());
    desk.run(&["ingest", "mail.eml"]).ends(0);
    let version = desk.run(&["rules", "versions", "--format", "json"]).json()[0]["version"].clone();
    let keys_of = |arguments: &[&str], code: i32| {
        let out = desk.run(&[&["rules"], arguments, &["--format", "json"]].concat()).ends(code);
        let json: serde_json::Value =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"));
        let table = json.as_object().or_else(|| json[0].as_object()).unwrap_or_else(|| panic!("{arguments:?}: {json}"));
        table.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    for (arguments, code, keys) in [
        (vec!["check"], 0, "files findings rules version"),
        (vec!["lint", "--days", "0"], 0, "findings mails rules"),
        (vec!["test"], 0, "cases conditions conditions_not_reached errors failed files not_reached passed rules"),
        (vec!["explain", "mail.eml"], 0, "corrected rules severity sums ticket verdict"),
        (vec!["explain", "1"], 0, "corrected rules severity sums ticket verdict"),
        (
            vec!["replay", "--against", version.as_str().unwrap()],
            0,
            "after away before categories changed changes corrected dispositions gained guards idle lost mails parts right \
             severities towards",
        ),
        (vec!["stats"], 0, "corrected cost_micros cost_micros_together mails rules version"),
        (vec!["suggest"], 0, "corrected held_out mails set suggestions"),
        (vec!["versions"], 0, "first_at in_folder kept last_at loaded_at mails version"),
        (vec!["versions", version.as_str().unwrap()], 0, "name text"),
        (vec!["versions", version.as_str().unwrap(), "--write", "old"], 0, "files folder version"),
        (vec!["schema"], 0, "$defs $schema additionalProperties properties title type"),
        (vec!["fmt", "--check"], 1, "broken changed files"),
        (vec!["fmt"], 0, "broken changed files"),
        (vec!["new", "another", "--from", "mail.eml"], 0, "case cases rule rules"),
        (vec!["new", "another", "--from", "mail.eml"], 1, "error"),
        (vec!["new", "third", "--from", "99"], 1, "error"),
        (vec!["explain", "99"], 1, "error"),
        (vec!["versions", "ffff"], 1, "error"),
    ] {
        assert_eq!(keys_of(&arguments, code), keys, "{arguments:?}");
    }
    desk.append("rules/90-own.toml", "[[rule]]\nname = \"slip\"\n");
    for arguments in [
        vec!["check"],
        vec!["lint"],
        vec!["test"],
        vec!["explain", "mail.eml"],
        vec!["replay"],
        vec!["stats"],
        vec!["suggest"],
        vec!["new", "fourth", "--from", "mail.eml"],
    ] {
        assert_eq!(keys_of(&arguments, 1), "files findings rules version", "{arguments:?}");
    }
}
