//! A draft as the text of a spec: each line ends with the place that it came from.

use promise::{
    Lang,
    record::{Form, Read},
    say,
};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::draft::Part;
use crate::{init::quoted, origin::guessed, section::Document};

/// Comments begin in this column where the value leaves room, so that a reader can pass over them.
const COMMENT_COLUMN: usize = 56;

/// Sections in the order in which the language knows them.
pub(super) fn text(root: &[(String, Part)], lang: Lang) -> String {
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
    let head = say!(
        "Made by `tegata import`. Each line ends with the place that it came from; see whether those marked \"guess\" hold.",
        "`tegata import` が作りました。各行の末尾は元の場所です。「推測」の行は推測なので、確かめてください。"
    );
    let mut page = Page {
        text: format!("# {}\n", head.get(lang)),
        lang,
    };
    for (name, part) in sections {
        page.text.push('\n');
        page.entry(name, part, 0);
    }
    page.text
}

struct Page {
    text: String,
    lang: Lang,
}

impl Page {
    fn entry(&mut self, name: &str, part: &Part, indent: usize) {
        let key = key(name);
        match part {
            Part::Leaf { .. } => self.line(&format!("{:indent$}{key}: ", ""), part),
            Part::Map(entries) if entries.is_empty() => {
                self.text.push_str(&format!("{:indent$}{key}: {{}}\n", ""));
            }
            Part::Map(entries) => {
                self.text.push_str(&format!("{:indent$}{key}:\n", ""));
                for (name, part) in entries {
                    self.entry(name, part, indent + 2);
                }
            }
            Part::List(items) => {
                self.text.push_str(&format!("{:indent$}{key}:\n", ""));
                for item in items {
                    self.line(&format!("{:indent$}  - ", ""), item);
                }
            }
        }
    }

    fn line(&mut self, before: &str, part: &Part) {
        let Part::Leaf {
            value,
            origin,
            guess,
        } = part
        else {
            return;
        };
        let said = format!("{before}{}", flow(value));
        self.text.push_str(&said);
        let comment = match guess {
            Some(why) => guessed(origin, why.get(self.lang))
                .get(self.lang)
                .to_owned(),
            None => origin.clone(),
        };
        // A comment ends with its line.
        let comment = comment.replace(|c: char| c.is_control(), " ");
        if !comment.trim().is_empty() {
            let room = COMMENT_COLUMN.saturating_sub(said.width()).max(2);
            self.text
                .push_str(&format!("{:room$}# {}", "", comment.trim()));
        }
        self.text.push('\n');
    }
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
