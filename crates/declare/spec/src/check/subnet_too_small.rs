//! Subnets with fewer addresses than machines.

use promise::say;

use super::{Found, Sight, cidr::Cidr};

rule! {
    /// # Finds
    /// A group whose `instances_max` is more than the usable addresses of its `subnets`.
    /// ja: `instances_max` が `subnets` の使えるアドレス数を超える群。
    /// # Why
    /// The group stops growing when the addresses are used up.
    /// ja: アドレスが尽きると台数を増やせません。
    /// # Source
    /// The addresses of each range, less those that the provider keeps (table `limits`).
    /// ja: 各範囲のアドレス数から、提供者が予約する分(`limits` の表)を引きます。
    /// # Example
    /// `2 × (16 − 5) = 22 < 30`
    /// ja: `2 × (16 − 5) = 22 < 30`
    /// # Fix
    /// Use larger subnets.
    /// ja: サブネットを広くします。
    "subnet-too-small": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    let provider = infrastructure.provider.as_deref().unwrap_or_default();
    let fact = sight.facts().limit::<u64>(provider, "subnet_reserved");
    let kept = fact.map_or(2, |(kept, _)| kept);
    let size = |name: &String| infrastructure.networks.values().find_map(|it| Cidr::parse(&it.subnets.get(name)?.cidr).ok()).map(|it| it.size().saturating_sub(kept));
    for (name, it) in &infrastructure.compute {
        let sizes: Option<Vec<u64>> = it.subnets.iter().map(size).collect();
        let (Some(sizes), Some(most)) = (sizes.filter(|it| !it.is_empty()), it.instances_max) else { continue };
        let room: u64 = sizes.iter().sum();
        if most <= room {
            continue;
        }
        let count = sizes.len();
        let diagnostic = found.note(
            sight.places.at(&["infrastructure", "compute", name, "instances_max"]),
            say!("{most} machines, and its {count} subnets have {room} addresses to give ({kept} of each are kept by the provider)", "{most} 台ですが、{count} 個のサブネットで使えるアドレスは {room} 個です(各 {kept} 個は提供者が予約)"),
        );
        diagnostic.also(sight.places.key(&["infrastructure", "compute", name, "subnets"]), say!("its subnets", "サブネット"));
        if let Some((_, fact)) = fact {
            diagnostic.source(fact.source());
        }
    }
}
