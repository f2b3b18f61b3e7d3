//! Parts of the path of which there is one.

use std::collections::BTreeSet;

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A part of the service's path that stands once: a group of one machine, a cache of one node, a database whose `multi_az` is false, or one NAT gateway for several zones.
    /// ja: 経路上に一つしかない部品: 1 台の群、1 ノードのキャッシュ、`multi_az: false` のデータベース、複数ゾーンに一つの NAT ゲートウェイ。
    /// # Why
    /// When it stops, everything stops, however many there are of the rest.
    /// ja: ほかがいくつあっても、これが止まればすべて止まります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `instances_max: 1` on the path
    /// ja: `instances_max: 1` on the path
    /// # Fix
    /// Have two in different zones.
    /// ja: 別々のゾーンに二つ置きます。
    "single-point": Warning, needs ["service", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    let service = &sight.spec.service;
    let path: BTreeSet<&String> = service.path.iter().chain(service.tiers.values().flat_map(|it| &it.path)).collect();
    let mut one = |section: &str, name: &str, field: &str| {
        found.note(sight.places.at(&["infrastructure", section, name, field]), say!("`{name}` stands once: when it stops, the service does", "`{name}` は一つしかなく、止まるとサービスも止まります"));
    };
    for (name, it) in infrastructure.compute.iter().filter(|(name, _)| path.contains(name)) {
        let field = if it.instances_max == Some(1) { "instances_max" } else { "instances" };
        if it.instances_max == Some(1) || (it.instances == Some(1) && it.instances_max.is_none()) {
            one("compute", name, field);
        }
    }
    for (name, _) in infrastructure.caches.iter().filter(|(name, it)| path.contains(name) && it.nodes == Some(1)) {
        one("caches", name, "nodes");
    }
    for (name, _) in infrastructure.databases.iter().filter(|(name, it)| path.contains(name) && it.multi_az == Some(false) && it.replicas.values().all(|replica| replica.region.is_some() && replica.region != it.region)) {
        one("databases", name, "multi_az");
    }
    for (name, _) in infrastructure.networks.iter().filter(|(_, it)| it.nat_gateways == Some(1) && it.zone_count.is_some_and(|zones| zones > 1)) {
        one("networks", name, "nat_gateways");
    }
}
