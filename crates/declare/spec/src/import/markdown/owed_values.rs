//! Fenced blocks of objectives: each value is a name and what is owed, however deep it stands.

use promise::{
    document::{Node, Value},
    say,
};

use super::{
    Reader,
    bounds::share_within,
    figures::{Kind, figures},
    objectives::{Label, WINDOWS},
    tree::Data,
    words::{self, plain},
};
use crate::import::taking::{entries, text as scalar};

/// What is not counted.
const EXCEPT: [&str; 5] = ["exclu", "except", "除外", "対象外", "含まない"];
impl Reader<'_> {
    /// The values of a fenced block of objectives: each is a name and what is owed.
    pub(super) fn owed_values(&mut self, node: &Node, data: &Data<'_>, above: &str, path: &str) {
        for (key, below) in entries(node) {
            let name = format!("{above} {}", key.name.replace('_', " "));
            let (name, line) = (name.trim(), data.line(below));
            match scalar(below) {
                None if matches!(below.value, Value::Map(_)) => {
                    let own = plain(&key.name);
                    if !self.section(&own, &key.name, below, data, path) {
                        self.owed_values(below, data, name, path);
                    }
                }
                None => self.leaves(below, data, &format!("{path}.{}", plain(&key.name))),
                Some(text) => self.owed_value(name, text, &format!("{path}.{}", plain(name)), line),
            }
        }
    }

    fn owed_value(&mut self, name: &str, text: &str, path: &str, line: usize) {
        let key = plain(name.rsplit(' ').next().unwrap_or(name));
        let is_window = WINDOWS
            .iter()
            .any(|word| key == *word || name.ends_with(word));
        let has_figure = figures(text).iter().any(|it| it.kind != Kind::Count);
        if is_window || EXCEPT.iter().any(|word| name.to_lowercase().contains(word)) {
            let why = say!(
                "over which time, and without what, it is measured",
                "測定の期間と除外の条件です"
            );
            return self.draft.noted(line, &format!("{name}: {text}"), why);
        }
        if self.leaf(path, text, line) {
            return;
        }
        if share_within(text).is_some() || !has_figure {
            return self.prose_or_promise(name, text, has_figure, line);
        }
        self.owe(name, text, Label::Objective, false, line);
    }

    /// What is owed in words: `latency: 99 % within 60 s`, `matching: done by 08:00 every morning`.
    fn prose_or_promise(&mut self, name: &str, text: &str, has_figure: bool, line: usize) {
        let said = format!("{name}: {text}");
        if has_figure {
            return self.prose(&said, line);
        }
        let kind = words::measures(name).unwrap_or("promise");
        let id = self.draft.id("promises", &super::short(name, kind));
        let why = say!("nothing says how it is measured", "測り方が書かれていない");
        let at = |field| ["promises", id.as_str(), field];
        self.draft.guess(&at("kind"), "declared", line, why);
        self.draft.set(&at("text"), said, line);
    }
}
