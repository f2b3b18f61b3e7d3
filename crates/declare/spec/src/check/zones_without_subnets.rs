//! More zones than subnets to stand in them.

use std::collections::{BTreeMap, BTreeSet};

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A network whose `zone_count` is larger than the number of its subnets of a kind that it has at all, or a database with `multi_az` whose subnets lie in fewer than two zones.
    /// ja: 種類ごとのサブネット数より `zone_count` が多いネットワーク、またはサブネットが 1 ゾーンにしかない `multi_az` のデータベース。
    /// # Why
    /// A subnet lies in one zone; where there is none, nothing of that kind can run.
    /// ja: サブネットは一つのゾーンに属するため、ないゾーンでは動かせません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `zone_count: 3` with two database subnets
    /// ja: `zone_count: 3` with two database subnets
    /// # Fix
    /// Add a subnet in each zone, or count fewer zones.
    /// ja: 各ゾーンにサブネットを加えるか、ゾーン数を減らします。
    "zones-without-subnets": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    for (name, network) in &infrastructure.networks {
        let Some(zones) = network.zone_count else { continue };
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for kind in network.subnets.values().filter_map(|it| it.kind.as_deref()) {
            *kinds.entry(kind).or_default() += 1;
        }
        for (kind, count) in kinds.into_iter().filter(|(_, count)| *count < zones) {
            found
                .note(sight.places.at(&["infrastructure", "networks", name, "zone_count"]), say!("{zones} zones, but {count} {kind} subnets", "{zones} ゾーンに対し、{kind} のサブネットは {count} 個です"))
                .also(sight.places.key(&["infrastructure", "networks", name, "subnets"]), say!("its subnets", "サブネット"));
        }
    }
    for (name, database) in infrastructure.databases.iter().filter(|(_, it)| it.multi_az == Some(true)) {
        let zone = |subnet: &String| infrastructure.networks.values().find_map(|it| it.subnets.get(subnet)?.zone.as_deref());
        let zones: Option<BTreeSet<&str>> = database.subnets.iter().map(zone).collect();
        if zones.is_some_and(|zones| zones.len() == 1) {
            found
                .note(sight.places.at(&["infrastructure", "databases", name, "multi_az"]), say!("all of its subnets lie in one zone", "サブネットがすべて同じゾーンにあります"))
                .also(sight.places.key(&["infrastructure", "databases", name, "subnets"]), say!("its subnets", "サブネット"));
        }
    }
}
