//! The JSON Schema accepts what people write and refuses what the reader refuses.
//!
//! A small validator for the words that the schema uses, so that no validator crate has to be built.

use promise::document::{Node, Value as Yaml, parse_yaml};
use regex::Regex;
use serde_json::{Value, json};

use crate::load;

const EXAMPLE: &str = include_str!("../../../../../examples/card-payments.yaml");

/// A YAML node as an editor's plug-in sees it: plain scalars get the types of the YAML core schema.
fn as_json(node: &Node, text: &str) -> Value {
    match &node.value {
        Yaml::Null | Yaml::Unreadable => Value::Null,
        Yaml::List(items) => items.iter().map(|item| as_json(item, text)).collect(),
        Yaml::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, node)| (key.name.clone(), as_json(node, text)))
                .collect(),
        ),
        Yaml::Scalar(scalar) => match &text[node.span.clone()] {
            "true" => json!(true),
            "false" => json!(false),
            plain => plain
                .parse::<f64>()
                .map_or_else(|_| json!(scalar), |n| json!(n)),
        },
    }
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        other => panic!("the validator does not know the type {other}"),
    }
}

fn accepts(schema: &Value, value: &Value) -> bool {
    let any = |list: &Value| {
        list.as_array()
            .unwrap()
            .iter()
            .filter(|one| accepts(one, value))
            .count()
    };
    schema
        .as_object()
        .unwrap()
        .iter()
        .all(|(word, wanted)| match word.as_str() {
            "$schema" | "title" | "description" | "default" | "examples" => true,
            "type" => match wanted {
                Value::String(name) => is_type(value, name),
                names => names
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|name| is_type(value, name.as_str().unwrap())),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "pattern" => value
                .as_str()
                .is_none_or(|text| Regex::new(wanted.as_str().unwrap()).unwrap().is_match(text)),
            "items" => value
                .as_array()
                .is_none_or(|items| items.iter().all(|item| accepts(wanted, item))),
            "required" => wanted
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                wanted.as_object().unwrap().iter().all(|(name, schema)| {
                    value.get(name).is_none_or(|value| accepts(schema, value))
                })
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                let others = value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(name, _)| !known.is_some_and(|k| k.contains_key(*name)));
                others.into_iter().all(|(_, value)| {
                    if wanted.is_boolean() {
                        false
                    } else {
                        accepts(wanted, value)
                    }
                })
            }
            "propertyNames" => value
                .as_object()
                .is_none_or(|map| map.keys().all(|name| accepts(wanted, &json!(name)))),
            "oneOf" => any(wanted) == 1,
            "anyOf" => any(wanted) >= 1,
            other => panic!("the validator does not know `{other}`"),
        })
}

fn schema_accepts(text: &str) -> bool {
    let (node, mistakes) = parse_yaml(text);
    assert_eq!(mistakes, []);
    accepts(&spec::schema(), &as_json(&node.unwrap(), text))
}

#[test]
fn the_example_and_the_templates_are_valid() {
    assert!(schema_accepts(EXAMPLE));
    for lang in promise::Lang::ALL {
        assert!(schema_accepts(&spec::init::template(
            "Shop",
            "Asia/Tokyo",
            lang
        )));
    }
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_too() {
    let good = "service: { name: Shop, owner: sre }\npromises: { a: { kind: ratio, total: t, bad: b, at_least: 99 %, window: 5m } }\n";
    assert!(schema_accepts(good) && load(good).spec.is_some());
    for (from, to) in [
        ("owner: sre", "ownr: sre"),
        ("window: 5m", "window: 5"),
        ("at_least: 99 %", "at_least: 99"),
        ("kind: ratio", "kind: ratoi"),
        ("window: 5m", "window: 5m, colour: red"),
        ("service:", "servce:"),
    ] {
        let bad = good.replace(from, to);
        assert!(
            !schema_accepts(&bad) && load(&bad).spec.is_none(),
            "{from} -> {to}"
        );
    }
}

#[test]
fn ids_are_the_same_to_the_schema_and_to_the_rules() {
    let long = ["a".repeat(63), "a".repeat(64)];
    for id in [
        "paid",
        "2nd",
        "a-b_c",
        "_a",
        "-a",
        "Paid",
        "a.b",
        long[0].as_str(),
        long[1].as_str(),
    ] {
        let text = format!(
            "service: {{ name: S, owner: o }}\npromises: {{}}\nseverities: {{ {id}: {{ level: 1 }} }}\n"
        );
        assert_eq!(schema_accepts(&text), load(&text).spec.is_some(), "{id}");
    }
}

#[test]
fn every_property_is_described_in_both_languages() {
    fn walk(value: &Value, path: &str, bare: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (name, property) in map
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    let description = property["description"].as_str().unwrap_or_default();
                    let is_both = description
                        .split_once("\n\n")
                        .is_some_and(|(en, ja)| !en.is_empty() && !ja.is_empty());
                    if !is_both {
                        bare.push(format!("{path}.{name}"));
                    }
                }
                map.iter()
                    .for_each(|(name, value)| walk(value, &format!("{path}.{name}"), bare));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, path, bare)),
            _ => {}
        }
    }
    let mut bare = Vec::new();
    walk(&spec::schema(), "", &mut bare);
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

#[test]
fn the_reference_has_every_section_and_rule_in_both_languages() {
    for lang in promise::Lang::ALL {
        let page = spec::reference::page(lang);
        for section in spec::section::SECTIONS {
            assert!(page.contains(&format!("| `{section}` |")), "{section}");
        }
        for rule in spec::check::RULES {
            assert!(
                page.contains(&format!("### `{}`\n", rule.code)),
                "{}",
                rule.code
            );
        }
        assert!(!page.contains("ja:"), "no language leaks into the other");
    }
}
