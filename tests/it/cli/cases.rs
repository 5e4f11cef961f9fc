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
