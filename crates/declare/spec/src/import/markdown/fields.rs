//! The parts of fenced YAML, JSON and HCL: a key is a field by its name, in the form that the field has.

use promise::{
    document::{Node, Value},
    say,
};

use super::{
    Reader, place, sentence,
    tree::Data,
    words::{self, plain},
};
use crate::import::taking::{entries, items, text as scalar};

/// The field that a key names, and the unit that the key ends with: `request_timeout_seconds`.
pub(super) fn named(
    section: &'static str,
    key: &str,
) -> Option<(&'static str, words::Form, &'static str)> {
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

/// How the names begin under which a CDN says what it does.
const CDN: [&str; 6] = [
    "origin",
    "behavior",
    "cache_behavior",
    "invalidation",
    "cache",
    "path",
];

impl Reader<'_> {
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
                        if field == "instance" {
                            self.product_of_machine(section, path, text, data.line(below));
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
            if field == "instance" {
                self.product_of_machine(section, path, text, line);
            }
        }
    }

    /// A kind of machine belongs to one product.
    fn product_of_machine(&mut self, section: &str, path: &[&str], machine: &str, line: usize) {
        let Some(product) = place::product_of(section, machine) else {
            return;
        };
        let at = |field| [path, &[field]].concat();
        if !self.draft.has(&at("product")) {
            let why = say!(
                "such kinds of machine belong to it",
                "この型はその製品のものです"
            );
            self.draft.guess(&at("product"), product, line, why);
        }
        if product == "opensearch_service" && machine.ends_with(".elasticsearch") {
            let why = say!("the kind of machine says so", "型の名前による");
            self.draft.guess(&at("engine"), "elasticsearch", line, why);
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
}
