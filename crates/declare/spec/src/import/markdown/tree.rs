//! Fenced YAML and JSON: names with values, whatever they are called.

use std::borrow::Cow;

use promise::{
    document::{Node, Value, parse_foreign_yaml},
    say,
};
use serde_json::json;

use super::{
    Reader, Watched,
    figures::{Kind, figures},
    no_home, place, sentence,
    words::{self, plain},
};
use crate::import::taking::{entries, items, text as scalar, texts};

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

/// The field that a key names, and the unit that the key ends with: `request_timeout_seconds`.
fn named(section: &'static str, key: &str) -> Option<(&'static str, words::Form, &'static str)> {
    const UNITS: [(&str, &str); 12] = [
        ("_milliseconds", "ms"),
        ("_millis", "ms"),
        ("_ms", "ms"),
        ("_seconds", "s"),
        ("_secs", "s"),
        ("_sec", "s"),
        ("_s", "s"),
        ("_minutes", "m"),
        ("_mins", "m"),
        ("_min", "m"),
        ("_hours", "h"),
        ("_days", "d"),
    ];
    if let Some((field, form)) = words::field(section, key) {
        return Some((field, form, ""));
    }
    let (bare, unit) = UNITS
        .iter()
        .find_map(|(end, unit)| Some((key.strip_suffix(end)?, *unit)))?;
    let (field, form) = words::field(section, bare)?;
    Some((field, form, unit))
}

/// Whether a map says how long a call waits, or how often it is tried again.
pub(super) fn is_call(node: &Node) -> bool {
    entries(node).iter().any(|(key, _)| {
        named("dependencies", &plain(&key.name))
            .is_some_and(|(field, ..)| ["timeout", "retries"].contains(&field))
    })
}

/// Parts whose fields people write in words, and the fields that such words tell.
const DESCRIBED: [&str; 3] = ["databases", "caches", "search"];
const SPOKEN: [&str; 3] = ["engine", "version", "instance"];

/// Names under which fields of a part are gathered.
pub(super) const GROUPS: [&str; 18] = [
    "replicas",
    "hpa",
    "param",
    "パラメータ",
    "構成",
    "scal",
    "スケール",
    "capacity",
    "台数",
    "config",
    "設定",
    "setting",
    "option",
    "flag",
    "pool",
    "プール",
    "resource",
    "タスク",
];

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

/// How the names begin under which a CDN says what it does.
const CDN: [&str; 6] = [
    "origin",
    "behavior",
    "cache_behavior",
    "invalidation",
    "cache",
    "path",
];

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
                Value::Map(_) => self.names(root, &data, "", 0),
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
            let name = plain(&key.name);
            let path = if above.is_empty() {
                name.clone()
            } else {
                format!("{above}.{name}")
            };
            if self.section(&name, &key.name, below, data, &path)
                || self.shaped(&key.name, below, data)
            {
                continue;
            }
            if name == "scrape_interval"
                && let Some(every) = scalar(below)
            {
                self.once(&["monitoring", "interval"], every, data.line(below));
                continue;
            }
            match &below.value {
                Value::Map(_) if depth < DEPTH_MAX => self.names(below, data, &path, depth + 1),
                _ => self.leaves(below, data, &path),
            }
        }
    }

    /// A part of the infrastructure: one, or several by name.
    pub(super) fn part(&mut self, section: &'static str, name: &str, node: &Node, data: &Data<'_>) {
        let below = entries(node);
        let is_group = !below.is_empty()
            && below
                .iter()
                .all(|(_, it)| matches!(it.value, Value::Map(_)));
        // What a CDN does with paths is gathered in maps, too.
        let is_own = |key: &str| {
            let key = plain(key);
            CDN.iter().any(|word| key.starts_with(word)) || key.starts_with('/')
        };
        if is_group && (section != "cdn" || !below.iter().any(|(key, _)| is_own(&key.name))) {
            for (key, it) in below {
                let product = place::product_in(name).filter(|(of, _)| *of == section);
                let id = self.one(section, &key.name, it, data);
                let path = ["infrastructure", section, id.as_str(), "product"];
                if let Some((_, product)) =
                    product.filter(|_| section == "cdn" && !self.draft.has(&path))
                {
                    self.draft.set(&path, product, data.line(it));
                }
            }
            return;
        }
        self.one(section, name, node, data);
    }

    pub(super) fn one(
        &mut self,
        section: &'static str,
        name: &str,
        node: &Node,
        data: &Data<'_>,
    ) -> String {
        let id = self.draft.id(section, name);
        let path = ["infrastructure", section, id.as_str()];
        let own = match place::product_in(name) {
            Some((of, product)) if of == section => Some(product),
            _ => None,
        };
        if let Some(product) = own.filter(|product| !["redis"].contains(product)) {
            self.draft.set(
                &[path[0], path[1], path[2], "product"],
                product,
                data.line(node),
            );
        } else if own == Some("redis") {
            self.draft.set(
                &[path[0], path[1], path[2], "engine"],
                "redis",
                data.line(node),
            );
        }
        self.fields(section, &path, node, data);
        id
    }

    /// The fields of one thing; `path` is where it stands in the spec.
    pub(super) fn fields(
        &mut self,
        section: &'static str,
        path: &[&str],
        node: &Node,
        data: &Data<'_>,
    ) {
        for (key, below) in entries(node) {
            let name = plain(&key.name);
            let at =
                |field: &'static str| path.iter().copied().chain([field]).collect::<Vec<&str>>();
            if self.special(section, path, &name, below, data) {
                continue;
            }
            // `retry: { max_retries: 3 }` of a call.
            if section == "dependencies" && matches!(below.value, Value::Map(_)) {
                // How long a breaker stays open is no wait for an answer.
                if ["circuit", "breaker"]
                    .iter()
                    .any(|word| name.contains(word))
                {
                    self.leaves(below, data, &name);
                    continue;
                }
                self.fields(section, path, below, data);
                continue;
            }
            let is_of_database = section == "databases"
                && ["backup", "バックアップ"]
                    .iter()
                    .any(|word| name.contains(word));
            if is_of_database && matches!(below.value, Value::Map(_)) {
                self.backed_up_by_itself(path, below, data);
                continue;
            }
            let is_group = GROUPS.iter().any(|word| name.contains(word));
            if is_group && matches!(below.value, Value::Map(_)) {
                self.fields(section, path, below, data);
                continue;
            }
            // `engine: aurora-postgresql 16.8`, `instances: 3 x db.r7g.2xlarge`
            if let Some(text) = scalar(below).filter(|_| DESCRIBED.contains(&section)) {
                let mut told = sentence::told(section, text);
                let known = named(section, &name).map(|(field, ..)| field);
                told.retain(|(field, _)| *field != "multi_az" && *field != "encrypted");
                // As people write it; in small letters it is what a provider is told.
                const PLAIN: [&str; 3] = ["PostgreSQL", "MySQL", "MariaDB"];
                let is_more =
                    told.iter().any(|(field, _)| *field != "engine") || PLAIN.contains(&text);
                if is_more && known.is_none_or(|field| SPOKEN.contains(&field)) {
                    for (field, value) in told {
                        if !self.draft.has(&at(field)) {
                            self.draft.set(&at(field), value, data.line(below));
                        }
                    }
                    continue;
                }
            }
            let Some((field, form, unit)) = named(section, &name) else {
                let path = format!("{}.{name}", path.last().unwrap_or(&section));
                match &below.value {
                    Value::Map(_) => self.names(below, data, &path, 1),
                    _ => self.leaves(below, data, &path),
                }
                continue;
            };
            let line = data.line(below);
            if let Value::List(list) = &below.value {
                // Of several pauses the first is that before the first repetition.
                if let (true, Some(text)) = (field == "backoff", list.first().and_then(scalar))
                    && let Some(pause) = place::value(form, &format!("{text}{unit}"))
                {
                    self.draft.set(&at(field), pause, line);
                    continue;
                }
                for item in list {
                    match scalar(item) {
                        Some(text) => self.draft.push(&at(field), text, data.line(item)),
                        None => self.leaves(item, data, &name),
                    }
                }
                continue;
            }
            let Some(text) = scalar(below) else {
                self.leaves(below, data, &name);
                continue;
            };
            let is_bare = !unit.is_empty() && text.parse::<f64>().is_ok();
            let with_unit = if is_bare {
                format!("{text}{unit}")
            } else {
                text.to_owned()
            };
            match place::value(form, &with_unit) {
                Some(value) => self.draft.set(&at(field), value, line),
                None => self.draft.lost(
                    line,
                    &format!("{name}: {text}"),
                    say!(
                        "it is not of the form that `{field}` has",
                        "`{field}` の形ではありません"
                    ),
                ),
            }
            if let ("instance", Some(product)) = (field, place::product_of(section, text)) {
                self.draft.guess(
                    &at("product"),
                    product,
                    line,
                    say!(
                        "such kinds of machine belong to it",
                        "この型はその製品のものです"
                    ),
                );
                if product == "opensearch_service" && text.ends_with(".elasticsearch") {
                    self.draft.guess(
                        &at("engine"),
                        "elasticsearch",
                        line,
                        say!("the kind of machine says so", "型の名前による"),
                    );
                }
            }
        }
    }

    /// `backups: { kept: 35, window: … }` of a database: what its provider does for it.
    fn backed_up_by_itself(&mut self, path: &[&str], node: &Node, data: &Data<'_>) {
        let mut rest = node.clone();
        for (key, below) in entries(node) {
            let name = plain(&key.name);
            let is_kept =
                words::field("backups", &name).is_some_and(|(field, _)| field == "retention");
            let kept = scalar(below).filter(|_| is_kept);
            let Some(kept) = kept.and_then(|text| place::value(words::Form::Days, text)) else {
                continue;
            };
            let at = [path, &["backup_retention"]].concat();
            self.draft.set(&at, kept, data.line(below));
            if let Value::Map(rest) = &mut rest.value {
                rest.retain(|(other, _)| other.name != key.name);
            }
        }
        self.fields("databases", path, &rest, data);
    }

    /// Fields that become more than one value.
    fn special(
        &mut self,
        section: &'static str,
        path: &[&str],
        name: &str,
        node: &Node,
        data: &Data<'_>,
    ) -> bool {
        match section {
            "networks" if name.ends_with("subnets") || name == "サブネット" => {
                let kind = ["public", "private", "database"].into_iter().find(|kind| {
                    name.starts_with(kind) || (*kind == "database" && name.starts_with("db"))
                });
                for (at, item) in items(node).iter().enumerate() {
                    let Some(cidr) = scalar(item) else { continue };
                    let subnet = format!("{}_{}", kind.unwrap_or("subnet"), at + 1);
                    let at = |field| [path[0], path[1], path[2], "subnets", subnet.as_str(), field];
                    self.draft.set(&at("cidr"), cidr, data.line(item));
                    if let Some(kind) = kind {
                        self.draft.set(&at("kind"), kind, data.line(item));
                    }
                }
                true
            }
            "cdn" if name == "origins" => {
                for item in items(node) {
                    let id = item
                        .get("path_pattern")
                        .or_else(|| item.get("domain"))
                        .and_then(scalar)
                        .unwrap_or("origin");
                    let id = self.draft.id("origins", id);
                    self.fields(
                        "origins",
                        &[path[0], path[1], path[2], "origins", &id],
                        item,
                        data,
                    );
                }
                true
            }
            "cdn" if ["behaviors", "cache_behaviors", "behavior"].contains(&name) => {
                for (key, it) in entries(node) {
                    self.behavior(path, &key.name, it, data);
                }
                true
            }
            "cdn" if name == "invalidation" => {
                self.fields(
                    "invalidation",
                    &[path[0], path[1], path[2], "invalidation"],
                    node,
                    data,
                );
                true
            }
            _ => false,
        }
    }

    /// `rota: 6 engineers`, `tool: PagerDuty` of those who are on call.
    pub(super) fn took_turns(&mut self, name: &str, path: &str, text: &str, line: usize) -> bool {
        const ON_CALL: [&str; 7] = [
            "on_call",
            "oncall",
            "pagerduty",
            "pager",
            "rota",
            "当番",
            "オンコール",
        ];
        const TEAM: [&str; 9] = [
            "rota",
            "people",
            "team",
            "members",
            "engineers",
            "size",
            "人数",
            "体制",
            "メンバー",
        ];
        const TOOL: [&str; 4] = ["tool", "kept_in", "ツール", "道具"];
        if !ON_CALL.iter().any(|word| path.contains(word)) {
            return false;
        }
        let count = figures(text).into_iter().find(|it| it.kind == Kind::Count);
        match count.and_then(|it| it.text.parse::<u64>().ok()) {
            Some(team) if TEAM.contains(&name) && !self.draft.has(&["on_call", "team"]) => {
                self.draft.set(&["on_call", "team"], team, line);
            }
            None if TOOL.contains(&name) => self.draft.set(&["on_call", "kept_in"], text, line),
            _ => return false,
        }
        true
    }

    /// `p1_ack_deadline: 15 min`, `sev1: [primary: must acknowledge within 15 min]`: then the next person is called.
    pub(super) fn acknowledged(&mut self, path: &str, text: &str, line: usize) -> bool {
        const ACKNOWLEDGED: [&str; 4] = ["acknowledg", "応答がな", "応答しな", "未応答"];
        let said = format!("{path} {text}").to_lowercase();
        // `backup_retention` acknowledges nothing.
        let is_ack = |text: &str| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|word| word == "ack")
        };
        let severity = words::severity(&path.replace('.', "_"));
        let time = figures(text).into_iter().find(|it| it.kind == Kind::Time);
        let (Some((severity, level)), Some(time)) = (severity, time) else {
            return false;
        };
        if !is_ack(&said) && !ACKNOWLEDGED.iter().any(|word| said.contains(word)) {
            return false;
        }
        let at = |field| ["severities", severity, field];
        if !self.draft.has(&at("level")) {
            self.draft.set(&at("level"), level, line);
        }
        if !self.draft.has(&at("escalate_after")) {
            self.draft.set(&at("escalate_after"), time.text, line);
            self.draft
                .push(&at("escalate_to"), json!("secondary"), line);
        }
        true
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
