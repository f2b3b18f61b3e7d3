//! Fenced maps that no name tells: what has ranges of addresses in it is a network, what names an engine a database,
//! what has a least and a most number of machines runs something.

use promise::{
    document::{Node, Value},
    say,
};
use serde_json::json;

use super::{
    Reader,
    fields::GROUPS,
    rows::{is_range, is_zone},
    sentence,
    tree::Data,
    words::{self, plain},
};
use crate::import::taking::{entries, items, text as scalar};

/// Keys of the range that a network has as a whole.
pub(super) const WHOLE: [&str; 12] = [
    "space",
    "address_prefix",
    "prefix",
    "cidr",
    "cidr_block",
    "vpc",
    "vpc_cidr",
    "vnet",
    "range",
    "address_space",
    "address_range",
    "アドレス範囲",
];

/// Words of a path that say what is within: they tell no subnet apart.
const CONTAINERS: [&str; 4] = ["subnets", "subnet", "サブネット", "ranges"];

/// Addresses that only a cluster knows.
const OVERLAYS: [&str; 6] = [
    "overlay",
    "pod",
    "service",
    "cluster_ip",
    "cluster_dns",
    "docker",
];

/// What ranges are called that are none of the network's subnets.
const MORE: [&str; 6] = ["secondary", "additional", "route", "peer", "追加", "拡張"];

/// Deeper than networks are nested.
const DEPTH_MAX: usize = 6;

/// A range that stands somewhere below, by the names above it.
struct Range<'n> {
    path: Vec<String>,
    node: &'n Node,
    cidr: &'n str,
    zone: Option<&'n str>,
}

impl Reader<'_> {
    /// Reads a map that has the shape of a part; `false` where it has none.
    pub(super) fn shaped(&mut self, name: &str, node: &Node, data: &Data<'_>) -> bool {
        if !matches!(node.value, Value::Map(_)) {
            return false;
        }
        if CONTAINERS.contains(&plain(name).as_str()) {
            let mut below = Vec::new();
            ranges(node, Vec::new(), &mut below);
            for it in &below {
                let named = it.path.join(" ");
                self.range(
                    &named,
                    &format!("{named} subnet"),
                    it.cidr,
                    it.zone,
                    data.line(it.node),
                );
            }
            return !below.is_empty();
        }
        if let Some((whole, cidr)) = whole_of(node) {
            let mut below = Vec::new();
            for (key, it) in entries(node).iter().filter(|(key, _)| key.name != whole) {
                ranges(it, vec![plain(&key.name)], &mut below);
            }
            if !below.is_empty() || words::part(&plain(whole)) == Some("networks") || is_net(name) {
                self.ranges_of(name, (whole, cidr), below, node, data);
                return true;
            }
        }
        match shape(name, node) {
            Some(section) => {
                self.one(section, name, node, data);
                self.headed(section, name, data.line(node));
            }
            None => return false,
        }
        true
    }

    /// What the heading names is the product of what stands below it, where it names none of its own.
    fn headed(&mut self, section: &'static str, name: &str, line: usize) {
        let above = self.parts.last().filter(|part| part.section == section);
        let id = crate::import::draft::id(name);
        let path = ["infrastructure", section, id.as_str(), "product"];
        if let Some(product) = above.and_then(|part| part.product)
            && self.draft.has(&path[..3])
            && !self.draft.has(&path)
        {
            let why = say!("the heading names it", "見出しに名前がある");
            self.draft.guess(&path, product, line, why);
        }
    }

    /// A network with its subnets, whatever they are nested under.
    fn ranges_of(
        &mut self,
        name: &str,
        (whole, cidr): (&str, &str),
        below: Vec<Range<'_>>,
        node: &Node,
        data: &Data<'_>,
    ) {
        // A summary names the network again.
        let known = self.draft.names(&["infrastructure", "networks"]);
        let is_known = known.iter().any(|id| {
            let said = self.draft.says(&["infrastructure", "networks", id, "cidr"]);
            said.and_then(serde_json::Value::as_str) == Some(cidr)
        });
        if is_known && below.is_empty() {
            let why = say!("it was said before", "前に書かれています");
            for (key, it) in entries(node) {
                match scalar(it) {
                    Some(_) if key.name == whole => {
                        self.draft.noted(data.line(it), cidr, why.clone());
                    }
                    _ => self.leaves(it, data, &plain(&key.name)),
                }
            }
            return;
        }
        let id = self.draft.id("networks", &super::short(name, "main"));
        let network = ["infrastructure", "networks", id.as_str()];
        for (key, it) in entries(node) {
            let (field, line) = (plain(&key.name), data.line(it));
            match (&it.value, scalar(it)) {
                (_, Some(_)) if key.name == whole => {
                    self.draft
                        .set(&[&network[..], &["cidr"]].concat(), cidr, line);
                }
                (_, Some(text)) if is_range(text) => {}
                (_, Some(text)) => match words::field("networks", &field) {
                    Some((field, form)) if super::place::value(form, text).is_some() => {
                        let value = super::place::value(form, text).unwrap_or_default();
                        self.draft
                            .set(&[&network[..], &[field]].concat(), value, line);
                    }
                    _ => self.leaves(it, data, &field),
                },
                (Value::List(zones), _) if words::field("networks", &field).is_some() => {
                    let count = [&network[..], &["zone_count"]].concat();
                    self.draft.set(&count, zones.len() as u64, line);
                }
                _ => {}
            }
        }
        for range in below {
            let named: Vec<&str> = range
                .path
                .iter()
                .map(String::as_str)
                .filter(|word| !CONTAINERS.contains(word))
                .collect();
            let all = named.join(" ");
            let subnet = self
                .draft
                .id(&format!("{id}.subnets"), &super::short(&all, "subnet"));
            let at = |field| [&network[..], &["subnets", subnet.as_str(), field]].concat();
            let line = data.line(range.node);
            self.draft.set(&at("cidr"), range.cidr, line);
            if let Some(zone) = range.zone {
                self.draft.set(&at("zone"), zone, line);
            }
            let kinds = [
                ("public", &["public", "パブリック", "公開"][..]),
                ("database", &["database", "data", "db", "データ"]),
                ("private", &["private", "プライベート", "app"]),
            ];
            let kind = kinds
                .into_iter()
                .find(|(_, words)| named.iter().any(|name| words.contains(name)));
            if let Some((kind, _)) = kind {
                self.draft.set(&at("kind"), json!(kind), line);
            }
        }
    }
}

fn is_net(name: &str) -> bool {
    plain(name)
        .split('_')
        .any(|word| words::part(word) == Some("networks"))
}

/// The key and range of the network as a whole.
fn whole_of(node: &Node) -> Option<(&str, &str)> {
    entries(node).iter().find_map(|(key, it)| {
        let cidr = scalar(it).filter(|text| is_range(text))?;
        WHOLE
            .contains(&plain(&key.name).as_str())
            .then_some((key.name.as_str(), cidr))
    })
}

/// Every range below a node.
fn ranges<'n>(node: &'n Node, path: Vec<String>, out: &mut Vec<Range<'n>>) {
    // Addresses of an overlay are none of the network's.
    let is_overlay = path
        .iter()
        .any(|name| OVERLAYS.iter().any(|word| name.contains(word)));
    // A second range of the network is no part of its first.
    let is_more = path
        .iter()
        .any(|name| MORE.iter().any(|word| name.contains(word)));
    if path.len() > DEPTH_MAX || is_overlay || is_more {
        return;
    }
    match &node.value {
        Value::Scalar(cidr) if is_range(cidr) && !cidr.ends_with("/0") => out.push(Range {
            zone: None,
            path,
            node,
            cidr,
        }),
        Value::List(list) => {
            for (at, item) in list.iter().enumerate() {
                let mut own = path.clone();
                own.push((at + 1).to_string());
                ranges(item, own, out);
            }
        }
        Value::Map(below) => {
            if let Some((_, cidr)) = whole_of(node) {
                let zone = below
                    .iter()
                    .find_map(|(_, it)| scalar(it).filter(|it| is_zone(it)));
                let name = node.get("name").and_then(scalar);
                let path = name.map_or(path, |name| vec![plain(name)]);
                out.push(Range {
                    path,
                    node,
                    cidr,
                    zone,
                });
                return;
            }
            for (key, it) in below {
                let mut own = path.clone();
                own.push(plain(&key.name));
                let before = out.len();
                ranges(it, own, out);
                if is_zone(&key.name) {
                    out[before..]
                        .iter_mut()
                        .for_each(|range| range.zone = Some(&key.name));
                }
            }
        }
        _ => {}
    }
}

/// What a map with fields of its own is, where its name does not tell.
fn shape(name: &str, node: &Node) -> Option<&'static str> {
    let direct = || {
        entries(node)
            .iter()
            .filter_map(|(key, it)| Some((plain(&key.name), scalar(it)?)))
    };
    const ENGINE: [&str; 8] = [
        "engine",
        "エンジン",
        "version",
        "バージョン",
        "product",
        "type",
        "種別",
        "製品",
    ];
    let engine = direct()
        .filter(|(key, _)| ENGINE.contains(&key.as_str()))
        .find_map(|(_, text)| sentence::engine_in(text));
    if engine.is_some() {
        return engine;
    }
    let is_queue = direct().any(|(key, _)| {
        words::field("queues", &key).is_some_and(|(field, _)| field == "visibility_timeout")
    });
    if is_queue {
        return Some("queues");
    }
    let is_bound = |key: &str| {
        words::field("compute", key)
            .is_some_and(|(field, _)| ["instances_min", "instances_max"].contains(&field))
    };
    let bounds = |it: &Node| {
        entries(it)
            .iter()
            .any(|(key, _)| is_bound(&plain(&key.name)))
    };
    // `scaling: { min, max }` is of what stands above it; where there is nothing but such maps, each is one of its own.
    let is_group = |key: &str| {
        let key = plain(key);
        GROUPS.iter().any(|word| key.contains(word))
    };
    let has_own = direct().next().is_some();
    let runs = bounds(node)
        || entries(node)
            .iter()
            .any(|(key, it)| bounds(it) && (has_own || is_group(&key.name)));
    let is_of_machines = direct().any(|(_, text)| {
        super::place::product_in(text).is_some_and(|(section, _)| section == "compute")
    });
    (runs || (is_of_machines && !name.is_empty() && items(node).is_empty())).then_some("compute")
}
