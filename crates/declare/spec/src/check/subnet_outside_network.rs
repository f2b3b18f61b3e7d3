//! Subnets that do not lie in their network.

use promise::say;

use super::{Found, Sight, cidr::Cidr};

rule! {
    /// # Finds
    /// A subnet whose range is not within the range of its network.
    /// ja: ネットワークの範囲に入っていないサブネット。
    /// # Why
    /// The provider refuses it.
    /// ja: 提供者に拒まれます。
    /// # Source
    /// RFC 4632.
    /// ja: RFC 4632。
    /// # Example
    /// `10.1.0.0/24` in `10.0.0.0/16`
    /// ja: `10.1.0.0/24` in `10.0.0.0/16`
    /// # Fix
    /// Choose a range within the network.
    /// ja: ネットワーク内の範囲を選びます。
    "subnet-outside-network": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, network) in &sight.spec.design.infrastructure.networks {
        let Some(whole) = network.cidr.as_deref().and_then(|cidr| Cidr::parse(cidr).ok()) else { continue };
        let further: Vec<Cidr> = network.further.iter().filter_map(|cidr| Cidr::parse(cidr).ok()).collect();
        for (subnet, it) in &network.subnets {
            let (cidr, of) = (&it.cidr, network.cidr.as_deref().unwrap_or_default());
            if Cidr::parse(cidr).is_ok_and(|range| !whole.holds(range) && !further.iter().any(|it| it.holds(range))) {
                found
                    .note(sight.places.at(&["infrastructure", "networks", name, "subnets", subnet, "cidr"]), say!("{cidr} is not within {of}", "{cidr} は {of} に入っていません"))
                    .also(sight.places.at(&["infrastructure", "networks", name, "cidr"]), say!("the network", "ネットワーク"));
            }
        }
    }
}
