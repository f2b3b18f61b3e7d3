//! A draft as the text of a spec: each line ends with the place that it came from.

use promise::record::{Form, Read};
use serde_json::Value;

use super::draft::Part;
use crate::{init::quoted, section::Document};

/// Comments begin in this column where the value leaves room, so that a reader can pass over them.
const COMMENT_COLUMN: usize = 56;

/// Sections in the order in which the language knows them.
pub(super) fn text(root: &[(String, Part)]) -> String {
    let order: Vec<&str> = match Document::form() {
        Form::Record { fields, .. } => fields.iter().map(|field| field.name).collect(),
        _ => Vec::new(),
    };
    let rank = |name: &str| {
        order
            .iter()
            .position(|known| *known == name)
            .unwrap_or(order.len())
    };
    let mut sections: Vec<&(String, Part)> = root.iter().collect();
    sections.sort_by_key(|(name, _)| rank(name));
    let mut out = String::from(
        "# Made by `tegata import`. Each line ends with the place that it came from; lines marked \"guess\" are guesses.\n\
         # `tegata import` が作りました。各行の末尾は元の場所です。「guess」の行は推測なので、確かめてください。\n",
    );
    for (name, part) in sections {
        out.push('\n');
        entry(&mut out, name, part, 0);
    }
    out
}

fn entry(out: &mut String, name: &str, part: &Part, indent: usize) {
    let key = key(name);
    match part {
        Part::Leaf { .. } => line(out, &format!("{:indent$}{key}: ", ""), part),
        Part::Map(entries) if entries.is_empty() => {
            out.push_str(&format!("{:indent$}{key}: {{}}\n", ""))
        }
        Part::Map(entries) => {
            out.push_str(&format!("{:indent$}{key}:\n", ""));
            for (name, part) in entries {
                entry(out, name, part, indent + 2);
            }
        }
        Part::List(items) => {
            out.push_str(&format!("{:indent$}{key}:\n", ""));
            for item in items {
                line(out, &format!("{:indent$}  - ", ""), item);
            }
        }
    }
}

fn line(out: &mut String, before: &str, part: &Part) {
    let Part::Leaf {
        value,
        origin,
        guess,
    } = part
    else {
        return;
    };
    let start = out.len();
    out.push_str(before);
    out.push_str(&flow(value));
    let mut comment = origin.clone();
    if let Some(why) = guess {
        comment = format!("{comment} guess: {}", why.en);
    }
    // A comment ends with its line.
    let comment: String = comment
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if !comment.trim().is_empty() {
        let used = out[start..].chars().count();
        out.push_str(&" ".repeat(COMMENT_COLUMN.saturating_sub(used).max(2)));
        out.push_str("# ");
        out.push_str(comment.trim());
    }
    out.push('\n');
}

fn key(name: &str) -> String {
    match name {
        "" => "\"\"".to_owned(),
        name if name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            && !name.starts_with('-') =>
        {
            name.to_owned()
        }
        name => quoted(name),
    }
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(flow).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(entries) => {
            let all: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{}: {}", key(name), flow(value)))
                .collect();
            format!("{{ {} }}", all.join(", "))
        }
        other => other.to_string(),
    }
}

/// Without quotes where it reads back as the same text, within brackets too.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || " _-./%+".contains(c);
    let reads_as_text = text.starts_with(|c: char| c.is_alphanumeric() || c == '/')
        && text.chars().all(is_plain)
        && !text.ends_with([' ', '-'])
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if reads_as_text {
        text.to_owned()
    } else {
        quoted(text)
    }
}
