//! The JSON Schema of a spec, so that editors complete and underline while a person writes.
//!
//! Made from the same forms that read a spec, hence never out of step with it. It describes what is
//! *written* (`99.5 %`, `5m`), not what is meant; what contradicts what is for `check` to say.

use promise::record::{Doc, FieldForm, Form, Read};
use serde_json::{Map, Value, json};

use crate::{check::ID_PATTERN, section::Document};

/// The dialect, as editors look for it.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a whole spec.
#[must_use]
pub fn schema() -> Value {
    let mut schema = of(&Document::form());
    for path in [
        "promises",
        "severities",
        "receivers",
        "service/properties/tiers",
        "on_call/properties/people",
        "on_call/properties/schedules",
        "escalations",
    ] {
        if let Some(map) = schema.pointer_mut(&format!("/properties/{path}")) {
            map["propertyNames"] = json!({ "pattern": ID_PATTERN });
        }
    }
    let mut out = Map::new();
    out.insert("$schema".to_owned(), json!(DIALECT));
    out.insert("title".to_owned(), json!("Tegata spec"));
    if let Value::Object(rest) = schema.take() {
        out.extend(rest);
    }
    Value::Object(out)
}

fn of(form: &Form) -> Value {
    match form {
        Form::Scalar {
            name,
            example,
            pattern,
        } => scalar(name, example, *pattern),
        Form::OneOf(names) if *names == ["true", "false"] => json!({ "type": "boolean" }),
        Form::OneOf(names) => json!({ "enum": names }),
        // One value may stand where a list of one is meant.
        Form::List(item) => {
            let item = of(item);
            json!({ "anyOf": [{ "type": "array", "items": item }, item] })
        }
        Form::Map(value) => json!({ "type": "object", "additionalProperties": of(value) }),
        Form::Record { doc, fields, .. } => record(*doc, fields, None),
        Form::Tagged { tag, cases } => {
            let cases: Vec<Value> = cases
                .iter()
                .map(|(case, form)| match form {
                    Form::Record { doc, fields, .. } => record(*doc, fields, Some((tag, case))),
                    other => of(other),
                })
                .collect();
            json!({ "type": "object", "required": [tag], "oneOf": cases })
        }
        Form::Either(forms) => json!({ "anyOf": forms.iter().map(of).collect::<Vec<_>>() }),
    }
}

/// YAML reads `80` as a number and `true` as a truth value before any schema sees them, so a text accepts
/// them too; the pattern holds for what stays text.
fn scalar(name: &str, example: &str, pattern: Option<&str>) -> Value {
    let types = match name {
        "whole number" => json!(["integer", "string"]),
        "number" => json!(["number", "string"]),
        "text" => json!(["string", "number", "boolean"]),
        _ => json!("string"),
    };
    let mut out = json!({ "type": types, "examples": [example] });
    if let Some(pattern) = pattern {
        out["pattern"] = json!(pattern);
    }
    out
}

fn record(doc: Doc, fields: &[FieldForm], tag: Option<(&str, &str)>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if let Some((tag, case)) = tag {
        properties.insert(
            tag.to_owned(),
            json!({ "const": case, "description": description(doc) }),
        );
        required.push(json!(tag));
    }
    for field in fields {
        let mut property = json!({ "description": description(field.doc) });
        if let (Some(property), Value::Object(form)) = (property.as_object_mut(), of(&field.form)) {
            property.extend(form.into_iter().filter(|(key, _)| key != "description"));
            let default = field
                .default
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok());
            if let Some(default) = default.filter(|value: &Value| !value.is_null()) {
                property.insert("default".to_owned(), default);
            }
        }
        if field.required {
            required.push(json!(field.name));
        }
        properties.insert(field.name.to_owned(), property);
    }
    json!({
        "type": "object",
        "description": description(doc),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn description(doc: Doc) -> String {
    let say = doc.say();
    if say.ja.is_empty() {
        say.en
    } else {
        format!("{}\n\n{}", say.en, say.ja)
    }
}
