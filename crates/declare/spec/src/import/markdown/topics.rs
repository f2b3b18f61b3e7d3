//! Topics of a log of messages, by the names that Kafka gives their settings, and how far back they are read again.
//!
//! Source: Apache Kafka, "Topic Configs": `retention.ms`, `min.insync.replicas`; `replication.factor` of its tools.

use std::time::Duration;

use promise::{
    document::{Key, Node},
    say,
    unit::Span,
};
use serde_json::json;

use super::{
    Reader, by_the_words,
    figures::{Kind, figures},
    tree::Data,
    words::plain,
};
use crate::import::taking::{entries, text as scalar};

const QUEUES: [&str; 2] = ["infrastructure", "queues"];

/// What only a topic is told.
const TELLTALES: [&str; 3] = [
    "retention_ms",
    "min_insync_replicas",
    "min_in_sync_replicas",
];

/// Names of what holds for all topics.
const DEFAULTS: [&str; 4] = ["defaults", "default", "topic_defaults", "common"];

const DEPTH_MAX: usize = 4;

/// A field of the spec, what is set, and the line that says so.
type Setting = (&'static str, serde_json::Value, usize);

impl Reader<'_> {
    /// What is named here and has topics in it, and what holds for all of them.
    pub(super) fn topics<'n>(
        &mut self,
        parts: impl Iterator<Item = (&'n str, &'n Node)>,
        data: &Data<'_>,
    ) {
        let (mut found, mut others) = (Vec::new(), Vec::new());
        parts.for_each(|(name, node)| collect(name, node, &mut found, &mut others));
        for (name, node) in others {
            self.leaves(node, data, &plain(name));
        }
        let (defaults, topics): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(name, _)| DEFAULTS.contains(&plain(name).as_str()));
        let common: Vec<Setting> = defaults
            .iter()
            .flat_map(|(_, node)| self.settings_of_topic(node, data))
            .collect();
        for (name, node) in topics {
            let own = self.settings_of_topic(node, data);
            let name = if name.is_empty() { "topics" } else { name };
            let id = self.draft.id("queues", &super::short(name, "topic"));
            let path = |field| [QUEUES[0], QUEUES[1], id.as_str(), field];
            for (field, value, line) in own.iter().chain(&common) {
                if !self.draft.has(&path(field)) {
                    self.draft.set(&path(field), value.clone(), *line);
                }
            }
        }
    }

    /// What one map says of a topic; the rest of it owes nobody anything.
    fn settings_of_topic(&mut self, node: &Node, data: &Data<'_>) -> Vec<Setting> {
        let mut out = Vec::new();
        for (key, it) in entries(node) {
            let (Some(said), line) = (scalar(it), data.line(it)) else {
                // `config:` of an operator's object.
                out.extend(self.settings_of_topic(it, data));
                continue;
            };
            let count = said.replace('_', "").parse::<u64>().ok();
            let setting = match (plain(&key.name).as_str(), count) {
                ("retention_ms", Some(millis)) => {
                    let kept = Span(Duration::from_millis(millis));
                    Some(("retention", json!(kept.to_string())))
                }
                ("replication_factor" | "replicas", Some(copies)) => {
                    Some(("copies", json!(copies)))
                }
                ("min_insync_replicas" | "min_in_sync_replicas", Some(least)) => {
                    Some(("copies_min", json!(least)))
                }
                _ => None,
            };
            match setting {
                Some((field, value)) => out.push((field, value, line)),
                None => {
                    let why = say!(
                        "a setting of the topic that owes nothing",
                        "約束に関わらないトピックの設定です"
                    );
                    self.draft
                        .noted(line, &format!("{}: {said}", key.name), why);
                }
            }
        }
        out
    }

    /// `claims.events lets us go back a full 7 days`: how far back a topic that is known must reach.
    pub(super) fn read_again(&mut self, text: &str, line: usize) -> bool {
        const AGAIN: [&str; 9] = [
            "replay",
            "go back",
            "rewind",
            "reprocess",
            "re-process",
            "再処理",
            "巻き戻",
            "リプレイ",
            "さかのぼ",
        ];
        let lower = text.to_lowercase();
        if !AGAIN.iter().any(|word| lower.contains(word)) {
            return false;
        }
        let times: Vec<_> = figures(text)
            .into_iter()
            .filter(|it| it.kind == Kind::Time)
            .collect();
        let known = self.draft.names(&QUEUES).into_iter();
        let said = plain(text);
        let named: Vec<String> = known.filter(|id| said.contains(&plain(id))).collect();
        let ([time], [id]) = (times.as_slice(), named.as_slice()) else {
            return false;
        };
        let path = [QUEUES[0], QUEUES[1], id.as_str(), "replayed_for"];
        if self.draft.has(&path) {
            return false;
        }
        let why = by_the_words();
        self.draft.guess(&path, time.text.as_str(), line, why);
        true
    }
}

/// Whether there is a topic here, or below.
pub(super) fn has_topics(node: &Node) -> bool {
    has_topics_within(node, DEPTH_MAX)
}

fn has_topics_within(node: &Node, depth: usize) -> bool {
    let is_below = |(_, it): &(Key, Node)| has_topics_within(it, depth - 1);
    is_topic(node) || (depth > 0 && entries(node).iter().any(is_below))
}

fn is_topic(node: &Node) -> bool {
    let is_telltale = |(key, _): &(Key, Node)| TELLTALES.contains(&plain(&key.name).as_str());
    entries(node).iter().any(is_telltale)
}

/// The topics below, by their names, and what else stands among them.
fn collect<'n>(
    name: &'n str,
    node: &'n Node,
    topics: &mut Vec<(&'n str, &'n Node)>,
    others: &mut Vec<(&'n str, &'n Node)>,
) {
    if is_topic(node) {
        topics.push((name, node));
    } else if has_topics(node) {
        let below = entries(node).iter();
        below.for_each(|(key, it)| collect(&key.name, it, topics, others));
    } else {
        others.push((name, node));
    }
}
