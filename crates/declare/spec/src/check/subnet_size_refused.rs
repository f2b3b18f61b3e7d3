//! Subnets of a size that the provider does not make.

use promise::say;

use super::{Found, Sight, cidr::Cidr};

rule! {
    /// # Finds
    /// On AWS: a network or subnet with a prefix longer than /28 or shorter than /16.
    /// ja: AWS で、プレフィックスが /28 より長い、または /16 より短いネットワークやサブネット。
    /// # Why
    /// The call that creates it is refused.
    /// ja: 作成の呼び出しが拒否されます。
    /// # Source
    /// The provider's page, in the table `limits`.
    /// ja: 提供者の資料(`limits` の表)。
    /// # Example
    /// `cidr: 10.0.0.0/29`
    /// ja: `cidr: 10.0.0.0/29`
    /// # Fix
    /// Choose a range between /16 and /28.
    /// ja: /16 から /28 の範囲にします。
    "subnet-size-refused": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    let provider = infrastructure.provider.as_deref().unwrap_or_default();
    let (Some((longest, fact)), Some((shortest, _))) = (
        sight.facts().limit::<u64>(provider, "prefix_max"),
        sight.facts().limit::<u64>(provider, "prefix_min"),
    ) else {
        return;
    };
    for (name, network) in &infrastructure.networks {
        let own = network
            .cidr
            .iter()
            .map(|cidr| (vec!["infrastructure", "networks", name, "cidr"], cidr));
        let subnets = network.subnets.iter().map(|(subnet, it)| {
            (
                vec![
                    "infrastructure",
                    "networks",
                    name,
                    "subnets",
                    subnet.as_str(),
                    "cidr",
                ],
                &it.cidr,
            )
        });
        for (path, cidr) in own.chain(subnets) {
            let Some(prefix) = Cidr::parse(cidr)
                .ok()
                .and(cidr.rsplit_once('/'))
                .and_then(|(_, prefix)| prefix.parse::<u64>().ok())
            else {
                continue;
            };
            // Ranges of IPv6 have sizes of their own.
            if cidr.contains(':') || (shortest..=longest).contains(&prefix) {
                continue;
            }
            found
                .note(sight.places.at(&path), say!("{provider} makes ranges from /{shortest} to /{longest}, not /{prefix}", "{provider} で作れるのは /{shortest} から /{longest} までで、/{prefix} は作れません"))
                .source(fact.source());
        }
    }
}
