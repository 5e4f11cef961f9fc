//! A JSON Schema of rule files, so that editors complete and check them while they are written.
//!
//! It is made of the very keys and words that the reader knows. What a schema cannot say, that a pattern can be read or
//! that a rule of some name exists, is for `postroom rules check`.

use super::file::{CATEGORY_KEYS, MAX_NAME_BYTES};
use super::lint::LintKind;
use super::outcome::{MAX_WEIGHT, RULE_KEYS, SHADOW};
use super::quantity::{any_quantity, number_of_bytes};
use super::threshold::COMPARISON_KEYS;
use super::when::{ATTACHMENT_KEYS, CONDITION_KEYS, Fact, HOURS_KEYS, SEARCHED};
use super::{Disposition, Intent};
use crate::ticket::{Severity, Tier};
use serde_json::{Map, Value, json};

/// The schema, for draft 2020-12, which the common TOML language servers read.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postroom rules",
        "type": "object",
        "properties": {
            "category": { "type": "array", "items": { "$ref": "#/$defs/category" } },
            "rule": { "type": "array", "items": { "$ref": "#/$defs/rule" } },
        },
        "additionalProperties": false,
        "$defs": {
            "name": { "type": "string", "pattern": "^[-a-z0-9_./]+$", "maxLength": MAX_NAME_BYTES },
            "texts": one_or_many(&json!({ "type": "string" })),
            "quantity": {
                "description": "a number, or one with its unit: \"500 ms\", \"1 %\", \"10 MB\"",
                "anyOf": [{ "type": "number" }, { "type": "string", "pattern": any_quantity() }],
            },
            // Of a choice editors say that nothing fits, and of a pattern alone they repeat all of it.
            "bytes": {
                "description": "a number of bytes: \"10 MB\", \"500 kB\"",
                "anyOf": [{ "type": "string", "pattern": number_of_bytes() }],
            },
            "category": table(CATEGORY_KEYS, category_key, &["name", "title"]),
            "rule": with(
                table(RULE_KEYS, rule_key, &["name", "when"]),
                "dependentRequired",
                json!({ "weight": ["category"] }),
            ),
            "condition": condition(),
            "size": one_key(table(COMPARISON_KEYS, |key| compared(key, "bytes"), &[])),
        },
    })
}

/// A table with these keys and no others.
fn table(keys: &[&str], describe: fn(&str) -> Value, required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), describe(key))).collect();
    let mut table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

/// A condition: what stands beside a number or a phrase stands there only with one.
fn condition() -> Value {
    let beside = COMPARISON_KEYS.iter().chain(&["clears_below"]);
    let required: Map<String, Value> = beside.map(|key| ((*key).to_owned(), json!(["value"]))).collect();
    let compared: Vec<Value> = COMPARISON_KEYS.iter().map(|key| json!({ "required": [key] })).collect();
    let either = json!([{ "required": ["value"] }, { "required": ["phrase"] }]);
    let table = with(table(CONDITION_KEYS, condition_key, &[]), "minProperties", json!(1));
    let table = with(table, "dependentRequired", Value::Object(required));
    with(table, "dependentSchemas", json!({ "value": { "oneOf": compared }, "in": { "anyOf": either } }))
}

/// The same with one more thing said of it.
fn with(mut value: Value, key: &str, said: Value) -> Value {
    value[key] = said;
    value
}

/// A table that has exactly one of its keys.
fn one_key(table: Value) -> Value {
    with(with(table, "minProperties", json!(1)), "maxProperties", json!(1))
}

fn one_or_many(one: &Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
}

fn words<T: Copy>(all: &[T], as_str: fn(T) -> &'static str) -> Value {
    json!({ "enum": all.iter().map(|word| as_str(*word)).collect::<Vec<_>>() })
}

fn texts() -> Value {
    json!({ "$ref": "#/$defs/texts" })
}

/// Text of the description beside what the value may be.
fn described(mut value: Value, description: &str) -> Value {
    value["description"] = json!(description);
    value
}

fn category_key(key: &str) -> Value {
    match key {
        "name" => described(json!({ "$ref": "#/$defs/name" }), "its name, such as billing/invoice"),
        _ => described(json!({ "type": "string", "minLength": 1 }), "what customers see of it"),
    }
}

fn rule_key(key: &str) -> Value {
    match key {
        "name" => described(json!({ "$ref": "#/$defs/name" }), "unique among all rule files"),
        "category" => described(json!({ "type": "string" }), "what the mail is about; a [[category]], or general"),
        "weight" => described(
            json!({ "type": "number", "exclusiveMinimum": 0, "maximum": MAX_WEIGHT }),
            "how much the rule counts towards its category",
        ),
        "severity" => described(words(Severity::ALL, Severity::as_str), "at least this"),
        "severity_cap" => described(words(Severity::ALL, Severity::as_str), "at most this"),
        "tier" => described(words(Tier::ALL, Tier::as_str), "who works on it"),
        "team" => described(json!({ "$ref": "#/$defs/name" }), "the [[team]] of the configuration whose ticket it is"),
        "page" => described(json!({ "const": true }), "those in [on_call] of the configuration are told at once"),
        "disposition" => described(words(Disposition::ALL, Disposition::as_str), "what becomes of the mail"),
        "intent" => described(words(Intent::ALL, Intent::as_str), "what an answer to a solution means"),
        "tags" => described(texts(), "words for the ticket"),
        "articles" => described(texts(), "articles to suggest to the agent"),
        "answer" => described(json!({ "const": false }), "no acknowledgement"),
        "template" => described(json!({ "$ref": "#/$defs/name" }), "the acknowledgement in the place of the usual one"),
        "calendar" => described(
            json!({ "type": "string", "minLength": 1 }),
            "promises run in the open hours of this [[calendar]] of the configuration",
        ),
        "correlate" => described(
            json!({ "type": "string", "minLength": 1 }),
            "which alert it is about, of the names that patterns capture: {host}/{check}",
        ),
        "recovers" => described(json!({ "const": true }), "the alert is over"),
        "stop" => described(json!({ "const": true }), "rules that stand after this one do not count"),
        "mode" => described(json!({ "const": SHADOW }), "on trial: recorded, and acts on nothing"),
        "allow" => described(one_or_many(&words(LintKind::ALL, LintKind::as_str)), "what lint may find in it"),
        _ => described(json!({ "$ref": "#/$defs/condition" }), "all that stands here must hold"),
    }
}

fn condition_key(key: &str) -> Value {
    described(condition_value(key), condition_words(key))
}

/// What a condition asks.
fn condition_words(key: &str) -> &'static str {
    match key {
        "all" => "every one of these holds",
        "any" => "at least one of these holds",
        "none" => "not one of these holds",
        "subject" => "a pattern for the subject, or a list of which one must match",
        "text" => "a pattern for what the sender newly wrote, without quotes and signature, or a list of them",
        "body" => "a pattern for the whole text, quotes and signature included, or a list of them",
        "from" => "a pattern for the addresses in From, or a list of them",
        "from_domain" => "a pattern for the domains of the addresses in From, or a list of them",
        "to" => "a pattern for the addresses in To, or a list of them",
        "cc" => "a pattern for the addresses in Cc, or a list of them",
        "list_id" => "a pattern for the List-Id, or a list of them",
        "header" => "header.\"X-Name\": patterns for the values of a header field",
        "phrase" => "whole words, in the subject and the text, or where `in` says",
        "in" => "where `phrase` or `value` looks",
        "attachment" => "whether there is any; patterns for the name of one; or several things of one",
        "sender" => "who wrote",
        "customer" => "a list of [customers] in the configuration that the sender is on",
        "auth" => "what the desk's own mail server found out about the sender",
        "thread" => "what the mail belongs to",
        "origin" => "why the mail exists",
        "automatic" => "whether no person wrote it",
        "language" => "two-letter codes such as en",
        "size" => "of the whole mail",
        "rule" => "another rule matches",
        "hours" => "whether a [[calendar]] of the configuration was open when the mail came in",
        "value" => "a pattern with a group (?<value>…), and perhaps (?<unit>…)",
        "clears_below" => "where an alert that is open ends",
        "above" => "the number is more than this",
        "at_least" => "the number is this or more",
        "below" => "the number is less than this",
        "at_most" => "the number is this or less",
        _ => "the number is from the first to the second, both included",
    }
}

fn condition_value(key: &str) -> Value {
    let fact = |fact: Fact| match fact.words() {
        Some(words) => one_or_many(&json!({ "enum": words })),
        None => texts(),
    };
    match key {
        "all" | "any" | "none" => json!({ "type": "array", "items": { "$ref": "#/$defs/condition" }, "minItems": 1 }),
        "header" => json!({ "type": "object", "minProperties": 1, "additionalProperties": texts() }),
        "in" => one_or_many(&json!({ "enum": SEARCHED })),
        "attachment" => json!({ "anyOf": [
            { "type": "boolean" },
            texts(),
            with(table(ATTACHMENT_KEYS, attachment_key, &[]), "minProperties", json!(1)),
        ] }),
        "sender" => fact(Fact::Sender),
        "customer" => fact(Fact::Customer),
        "auth" => fact(Fact::Auth),
        "thread" => fact(Fact::Thread),
        "language" => one_or_many(&json!({ "type": "string", "pattern": "^[a-z]{2}$" })),
        "origin" => fact(Fact::Origin),
        "automatic" => json!({ "type": "boolean" }),
        "size" => json!({ "$ref": "#/$defs/size" }),
        "hours" => one_key(table(HOURS_KEYS, |_| texts(), &[])),
        "value" => json!({ "type": "string" }),
        "clears_below" => json!({ "$ref": "#/$defs/quantity" }),
        key if COMPARISON_KEYS.contains(&key) => compared(key, "quantity"),
        _ => texts(),
    }
}

/// What a number is compared with, of this kind.
fn compared(key: &str, kind: &str) -> Value {
    let quantity = json!({ "$ref": format!("#/$defs/{kind}") });
    if key == "between" {
        json!({ "type": "array", "items": quantity, "minItems": 2, "maxItems": 2 })
    } else {
        quantity
    }
}

fn attachment_key(key: &str) -> Value {
    if key == "larger" || key == "smaller" { json!({ "$ref": "#/$defs/bytes" }) } else { texts() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{RuleFile, compile};

    fn keys(value: &Value) -> Vec<&str> {
        let mut keys: Vec<&str> = value["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_schema_has_the_keys_and_words_of_the_reader() {
        let schema = schema();
        let sorted = |keys: &[&'static str]| {
            let mut keys = keys.to_vec();
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys(&schema["$defs"]["rule"]), sorted(RULE_KEYS));
        assert_eq!(keys(&schema["$defs"]["condition"]), sorted(CONDITION_KEYS));
        let severity = &schema["$defs"]["rule"]["properties"]["severity"]["enum"];
        assert_eq!(*severity, json!(["low", "medium", "high", "critical"]));
        let sender = &schema["$defs"]["condition"]["properties"]["sender"]["anyOf"][0]["enum"];
        assert_eq!(*sender, json!(["customer", "agent", "monitor", "stranger"]));
    }

    #[test]
    fn numbers_are_those_that_check_takes() {
        let schema = schema();
        let pattern = |path: &str| regex::Regex::new(schema.pointer(path).unwrap().as_str().unwrap()).unwrap();
        let (any, bytes) = (pattern("/$defs/quantity/anyOf/1/pattern"), pattern("/$defs/bytes/anyOf/0/pattern"));
        let is_taken = |when: &str| {
            let text = format!("[[rule]]\nname = 'r'\nwhen = {{ {when} }}\n");
            compile(&[RuleFile { path: "a.toml".to_owned(), text }]).is_ok()
        };
        for quantity in ["500 ms", "2", "1,5 %", "10 MB", "500 kB", "5 M", "500 parsecs", "much", "12 apples", "1 h"] {
            // A pattern without a unit takes the unit of what it is compared with.
            let value = format!("value = 'x (?<value>[0-9]+)', above = '{quantity}'");
            assert_eq!(any.is_match(quantity), is_taken(&value), "{value}");
            for size in [format!("size.above = '{quantity}'"), format!("attachment.larger = '{quantity}'")] {
                assert_eq!(bytes.is_match(quantity), is_taken(&size), "{size}");
            }
        }
    }

    #[test]
    fn every_key_of_a_condition_says_what_it_asks() {
        let said: Vec<&str> = CONDITION_KEYS.iter().map(|key| condition_words(key)).collect();
        for (place, words) in said.iter().enumerate() {
            assert!(!said[..place].contains(words), "{} says what another key says: {words}", CONDITION_KEYS[place]);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = schema();
        let text = schema.to_string();
        let references = text.split("\"#/$defs/").skip(1).map(|rest| rest.split('"').next().unwrap());
        let mut count = 0;
        for name in references {
            assert!(schema["$defs"][name].is_object(), "{name}");
            count += 1;
        }
        assert!(count > 20, "only {count} references were found");
    }
}
