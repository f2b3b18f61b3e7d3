//! Fenced YAML and JSON: names with values, whatever they are called.

use std::borrow::Cow;

use promise::document::{Node, Value, parse_foreign_yaml};

use super::{Reader, Watched, no_home, topics::has_topics, words::plain};
use crate::import::taking::{entries, text as scalar, texts};

/// A fenced block while it is read.
pub(super) struct Data<'d> {
    pub(super) text: &'d str,
    pub(super) first: usize,
}

impl Data<'_> {
    pub(super) fn line(&self, node: &Node) -> usize {
        self.line_at(node.span.start)
    }

    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.first
            + self
                .text
                .get(..offset)
                .map_or(0, |before| before.matches('\n').count())
    }

    /// The remark at the end of a value's line.
    pub(super) fn remark(&self, node: &Node) -> &str {
        let rest = self.text.get(node.span.end..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        line.split_once('#').map_or("", |(_, remark)| remark.trim())
    }
}

/// `{rate: 1,200 req/s, for: 45 min}` as it is meant: a comma between digits parts thousands, not values.
fn whole_numbers(text: &str) -> Cow<'_, str> {
    let is_digit = |c: Option<&u8>| c.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let is_thousands = |at: usize| {
        let after = &bytes[at + 1..];
        bytes[at] == b','
            && at > 0
            && is_digit(bytes.get(at - 1))
            && (0..3).all(|n| is_digit(after.get(n)))
            && !is_digit(after.get(3))
            // A list of ports is one of bare numbers: `[443,8443]`.
            && matches!(after.get(3), Some(b' ' | b',')) && bytes.get(at + 5).is_none_or(|c| *c != b',')
    };
    if !(0..bytes.len()).any(is_thousands) {
        return text.into();
    }
    let mut in_braces = 0_u32;
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '{' => in_braces += 1,
            '}' => in_braces = in_braces.saturating_sub(1),
            _ => {}
        }
        if !(in_braces > 0 && is_thousands(at)) {
            out.push(c);
        }
    }
    out.into()
}

/// Deeper than any design nests its names.
const DEPTH_MAX: usize = 24;

impl Reader<'_> {
    pub(super) fn data(&mut self, text: &str, first: usize) {
        let text = &*whole_numbers(text);
        let data = Data { text, first };
        const NAMES: [&str; 5] = ["log_name", "stream", "index", "log", "name"];
        let (documents, mistakes) = parse_foreign_yaml(text);
        for mistake in mistakes {
            self.draft
                .lost(data.line_at(mistake.span.start), "", mistake.message);
        }
        for root in &documents {
            match &root.value {
                // One record of a log, by its fields.
                Value::Map(_)
                    if self.is_of_logs(
                        &entries(root)
                            .iter()
                            .map(|(key, _)| plain(&key.name))
                            .collect::<Vec<_>>()
                            .join("."),
                    ) && root
                        .get("fields")
                        .is_some_and(|it| matches!(it.value, Value::List(_))) =>
                {
                    let name = NAMES
                        .iter()
                        .find_map(|name| root.get(name).and_then(scalar));
                    self.stream(name.unwrap_or("logs"), root, &data);
                }
                Value::Map(_) => self.names_and_topics(root, &data),
                _ => self.leaves(root, &data, ""),
            }
        }
    }

    /// A block of another language than YAML, as the names and values that it sets.
    pub(super) fn tree(&mut self, root: &Node, text: &str, first: usize) {
        self.names(root, &Data { text, first }, "", 0);
    }

    /// The names of a map: each is a part, a section that is known by its name, or a step on the way to one.
    pub(super) fn names(&mut self, node: &Node, data: &Data<'_>, above: &str, depth: usize) {
        for (key, below) in entries(node) {
            self.named_node(&key.name, below, data, above, depth);
        }
    }

    fn named_node(&mut self, key: &str, below: &Node, data: &Data<'_>, above: &str, depth: usize) {
        let name = plain(key);
        let path = if above.is_empty() {
            name.clone()
        } else {
            format!("{above}.{name}")
        };
        if self.section(&name, key, below, data, &path) || self.shaped(key, below, data) {
            return;
        }
        if name == "scrape_interval"
            && let Some(every) = scalar(below)
        {
            self.once(&["monitoring", "interval"], every, data.line(below));
            return;
        }
        match &below.value {
            Value::Map(_) if depth < DEPTH_MAX => self.names(below, data, &path, depth + 1),
            _ => self.leaves(below, data, &path),
        }
    }

    /// A map of which some entries are topics, with what holds for all of these.
    fn names_and_topics(&mut self, root: &Node, data: &Data<'_>) {
        let all = entries(root).iter();
        let (topics, others): (Vec<_>, Vec<_>) = all.partition(|(_, below)| has_topics(below));
        if topics.is_empty() {
            return self.names(root, data, "", 0);
        }
        let topics = topics
            .into_iter()
            .map(|(key, below)| (key.name.as_str(), below));
        self.topics(topics, data);
        for (key, below) in others {
            self.named_node(&key.name, below, data, "", 0);
        }
    }

    /// Everything below that found no place.
    pub(super) fn leaves(&mut self, node: &Node, data: &Data<'_>, path: &str) {
        match &node.value {
            Value::Scalar(text) => {
                if self.leaf(path, text, data.line(node)) {
                    return;
                }
                self.draft
                    .lost(data.line(node), &format!("{path}: {text}"), no_home())
            }
            Value::List(list) => list.iter().for_each(|item| self.leaves(item, data, path)),
            Value::Map(below) => below.iter().for_each(|(key, it)| {
                self.leaves(it, data, &format!("{path}.{}", plain(&key.name)))
            }),
            Value::Null | Value::Unreadable => {}
        }
    }

    /// The id of a tier, which is remembered for what watches it.
    pub(super) fn tier(&mut self, name: &str, line: usize) -> String {
        let id = self.draft.id("tiers", &super::short(name, "tier"));
        if !name.is_ascii() {
            self.draft
                .set(&["service", "tiers", &id, "name"], name, line);
        }
        self.tiers.push((id.clone(), None));
        id
    }

    pub(super) fn scenario(&mut self, name: &str, line: usize) -> String {
        let id = self.draft.id("scenarios", &super::short(name, "scenario"));
        let lower = name.to_lowercase();
        let kinds = [
            ("spike", &["spike", "スパイク", "突発", "急増"][..]),
            ("peak", &["peak", "ピーク", "混雑", "繁忙", "busy"]),
            ("stress", &["stress", "限界"]),
            ("soak", &["soak", "耐久"]),
            ("normal", &["normal", "通常", "平常", "平時", "ordinary"]),
        ];
        if let Some((kind, _)) = kinds
            .into_iter()
            .find(|(_, words)| words.iter().any(|word| lower.contains(word)))
        {
            self.draft
                .set(&["load", "scenarios", &id, "kind"], kind, line);
        }
        id
    }

    pub(super) fn watch(&mut self, section: &'static str, id: &str, words: String, line: usize) {
        self.watched.push(Watched {
            section,
            id: id.to_owned(),
            words,
            line,
        });
    }

    /// The texts of a list, or of the lists by name below it, each with its line.
    pub(super) fn said(&self, node: &Node, data: &Data<'_>) -> Vec<(String, usize)> {
        match &node.value {
            Value::List(list) => list
                .iter()
                .filter_map(|item| Some((scalar(item)?.to_owned(), data.line(item))))
                .collect(),
            _ => texts(node)
                .into_iter()
                .map(|text| (text.to_owned(), data.line(node)))
                .collect(),
        }
    }
}
